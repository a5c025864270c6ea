//! The demo's server: the real one, as a child process on loopback that ends with its parent. It
//! can be told to cheat, and tells what it keeps.

use crate::cli::print;
use crate::notice::Notice;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tacenda_shared::envelope::Carried;
use tacenda_shared::hex;
use tacenda_shared::id::{CompartmentId, DeviceId, Position, PracticeId};
use tacenda_shared::sync::server::ServerFrame;
use tacenda_shared::sync::{Invite, Message};
use tacenda_sync_server::mischief::Mischief;
use tacenda_sync_server::tamper::{Incoming, LiveStream, Outgoing, Peer, Tamper};
use tacenda_sync_server::{Conduct, run_with};

use crate::acts::Kept;

/// Bytes of a body that are told.
const FIRST_BYTES: usize = 32;

/// A server that serves until this is dropped.
pub(super) struct DemoServer {
    child: Child,
    orders: Option<ChildStdin>,
    answers: Option<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(super) address: String,
}

impl DemoServer {
    /// Starts a server over a new folder.
    pub(super) fn start(folder: &Path) -> Result<Self, Notice> {
        let started = || -> io::Result<Self> {
            let made = server(&["init"], folder, &["--address", "127.0.0.1:4440"])?.output()?;
            if !made.status.success() {
                return Err(io::ErrorKind::Other.into());
            }
            let serve = &["--listen", "127.0.0.1:0", "--while-input"];
            let mut child = server(&["serve"], folder, serve)?
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()?;
            let out = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
            let mut answers = BufReader::new(out);
            let mut line = String::new();
            answers.read_line(&mut line)?;
            let address = line.trim().strip_prefix("listening on ");
            let address = address.ok_or(io::ErrorKind::InvalidData)?.to_owned();
            let orders = child.stdin.take();
            Ok(Self { child, orders, answers: Some(answers), address })
        };
        started().map_err(|_| no_server())
    }

    /// Asks for an invite.
    pub(super) fn invite(&self, folder: &Path) -> Result<Invite, Notice> {
        let asked = server(&["invite"], folder, &["--address", &self.address])
            .and_then(|mut command| command.output())
            .map_err(|_| no_server())?;
        let text = String::from_utf8_lossy(&asked.stdout);
        Invite::parse(text.trim()).ok_or_else(no_server)
    }

    /// Gives away what it says.
    pub(super) fn take_answers(&mut self) -> Option<BufReader<ChildStdout>> {
        self.answers.take()
    }

    /// Says a line to it. A server that has ended hears nothing.
    pub(super) fn say(&mut self, line: &str) {
        if let Some(orders) = &mut self.orders {
            let _gone = writeln!(orders, "{line}").and_then(|()| orders.flush());
        }
    }

    /// Ends it at once: what it keeps is thrown away.
    pub(super) fn throw_away(&mut self) {
        let _ended = self.child.kill();
    }
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        // Its standard input ends, and with it the server.
        drop(self.orders.take());
        let _ended = self.child.wait();
    }
}

fn server(words: &[&str], folder: &Path, options: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("demo-server").args(words).arg(folder).args(options);
    Ok(command)
}

fn no_server() -> Notice {
    Notice::new(
        "The demo's server did not start.",
        "Nothing has been changed.",
        "Check that this machine lets programs use UDP on 127.0.0.1.",
    )
}

/// What the child process does.
pub(super) fn serve(arguments: Vec<OsString>) -> ExitCode {
    let name = OsString::from("tacenda-server");
    run_with(std::iter::once(name).chain(arguments), |key| {
        let tell = |told: tacenda_sync_server::mischief::Told| {
            print::line(&told.to_string());
        };
        let watched = Arc::new(Watched {
            mischief: Mischief::without_memory(key, tell),
            is_watched: AtomicBool::new(false),
        });
        let tamper = Arc::clone(&watched);
        Conduct { tamper, line: Box::new(move |line| watched.line(line)) }
    })
}

/// Cheats on order, and tells what is kept while somebody watches.
#[derive(Debug)]
struct Watched {
    mischief: Mischief,
    is_watched: AtomicBool,
}

impl Watched {
    fn line(&self, line: &str) -> String {
        match line {
            "watch" | "look away" => {
                self.is_watched.store(line == "watch", Ordering::Relaxed);
                "ok".to_owned()
            }
            order => match self.mischief.line(order) {
                Ok(answer) => answer,
                Err(why) => format!("refused: {why}"),
            },
        }
    }
}

impl Tamper for Watched {
    fn incoming(&self, peer: &Peer, message: Message) -> Incoming {
        self.mischief.incoming(peer, message)
    }

    fn outgoing(&self, peer: &Peer, message: Message) -> Outgoing {
        self.mischief.outgoing(peer, message)
    }

    fn listening(&self, peer: &Peer, live: LiveStream) {
        self.mischief.listening(peer, live);
    }

    fn kept(&self, practice: PracticeId, frame: &ServerFrame) {
        self.mischief.kept(practice, frame);
        if self.is_watched.load(Ordering::Relaxed)
            && let ServerFrame::Envelope(stored) = frame
            && let Carried::Whole(envelope) = &stored.carried
            && let Some(place) = stored.receipt.body.placement
        {
            let first = envelope.body.get(..FIRST_BYTES).unwrap_or(&envelope.body);
            print::line(&format!(
                "kept {} {} {} {} {}",
                place.log,
                place.head.position,
                envelope.header.author,
                envelope.body.len(),
                hex::encode(first),
            ));
        }
    }
}

/// Reads a line about something that is kept.
pub(super) fn read_kept(line: &str) -> Option<Kept> {
    let mut words = line.strip_prefix("kept ")?.split(' ');
    Some(Kept {
        log: CompartmentId::parse(words.next()?)?,
        position: Position::new(words.next()?.parse().ok()?),
        author: DeviceId::parse(words.next()?)?,
        bytes: words.next()?.parse().ok()?,
        first: words.next()?.to_owned(),
    })
}
