//! What benchmarks of two devices share: a server and two computers of one person, enrolled by
//! hand as a person does it, and a wire between them that counts. It judges nothing.

#![allow(dead_code, reason = "each of the programs that include this file uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use tacenda_shared::id::Timestamp;
use tacenda_shared::sync::Invite;
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::{PASSPHRASE, Scene, files_below};
use tacenda_tui::device::open::Device;

use crate::table::shipped;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
/// The server that people run; the one under test remembers all that it has, so as to be able to
/// cheat.
fn server() -> &'static str {
    shipped("tacenda-server").unwrap_or(env!("CARGO_BIN_EXE_server-under-test"))
}

/// A wire on which nothing has moved for so long is idle. Below the links' keep-alive.
const IDLE: Duration = Duration::from_millis(1_500);

/// A server and two computers.
pub(crate) struct Pair {
    pub(crate) laptop: Scene,
    pub(crate) tablet: Scene,
    pub(crate) wire: Option<Wire>,
    /// Where devices find the server.
    pub(crate) address: String,
    server: Child,
    folder: PathBuf,
}

impl Pair {
    /// Makes all of it in a folder, with a practice that `fill` has written to. With `counted`
    /// both devices speak to the server through a [`Wire`].
    pub(crate) fn new(
        folder: &Path,
        counted: bool,
        fill: impl FnOnce(&mut Device, Timestamp),
    ) -> Self {
        let pair = Self::apart(PROGRAM, folder, counted, fill);
        pair.attach();
        let (mut showing, code) = pair.showing();
        let join =
            pair.tablet.start(&["join", "--server", &pair.address], &format!("{code}\ntablet\n"));
        approve(&mut showing);
        showing.expect("belongs to your practice now.");
        assert!(join.wait_with_output().expect("an end").status.success());
        pair
    }

    /// Makes the same, with a practice that knows no server yet, and a second computer with
    /// nothing on it.
    pub(crate) fn apart(
        program: &'static str,
        folder: &Path,
        counted: bool,
        fill: impl FnOnce(&mut Device, Timestamp),
    ) -> Self {
        let laptop = Scene::founded(program, &folder.join("laptop"), fill);
        let tablet = Scene::empty(program, &folder.join("tablet"));
        let kept = folder.join("server");
        let _before = fs::remove_dir_all(&kept);
        let made = command().arg("init").arg(&kept).args(["--address", "127.0.0.1:4440"]).output();
        assert!(made.expect("a server").status.success());
        let (server, address) = serve(&kept);
        let wire = counted.then(|| Wire::to(&address));
        let address = wire.as_ref().map_or(address, |wire| wire.address.to_string());
        Self { laptop, tablet, wire, address, server, folder: folder.to_owned() }
    }

    /// Attaches the practice to the server, until everything is there.
    pub(crate) fn attach(&self) {
        let printed = command().arg("invite").arg(self.folder.join("server")).output();
        let text = String::from_utf8(printed.expect("an invite").stdout).expect("text");
        let invite = Invite::parse(&text).expect("an invite");
        let invite = Invite { addresses: vec![self.address.clone()], ..invite };
        self.laptop.run(&["connect"], &invite.to_string()).done();
    }

    /// Shows a code for a second device; returns the terminal with it.
    pub(crate) fn showing(&self) -> (Pty, String) {
        let mut showing = Pty::spawn(self.laptop.command(["pair"]), 24, 80);
        showing.expect("Passphrase:").keys(PASSPHRASE).keys("\r");
        let line = "type this code there: ";
        showing.expect(line);
        let contents = showing.contents();
        let code = contents.split_once(line).expect("a code").1;
        let code = code.split_whitespace().next().expect("a code").to_owned();
        (showing, code)
    }

    /// Returns the process of the server.
    pub(crate) fn server(&self) -> i32 {
        i32::try_from(self.server.id()).expect("a process")
    }

    /// Opens both interfaces, unlocked and linked.
    pub(crate) fn open(&self) -> [Pty; 2] {
        let mut both = [self.laptop.unlocked(), self.tablet.unlocked()];
        for pty in &mut both {
            pty.expect("synced");
        }
        both
    }

    /// Returns how many bytes the server's journals take.
    pub(crate) fn kept(&self) -> u64 {
        let mut files = Vec::new();
        files_below(&self.folder.join("server"), &mut files);
        let journals = files.iter().filter(|(path, _)| !path.iter().any(|part| part == "index"));
        journals.map(|(_, bytes)| bytes.len() as u64).sum()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ended = self.server.kill();
        let _ended = self.server.wait();
    }
}

/// Says yes to a device that the terminal shows.
pub(crate) fn approve(showing: &mut Pty) {
    showing.expect("Do they match?").keys("yes\r");
    showing.expect("Your passphrase:").keys(PASSPHRASE).keys("\r");
}

fn command() -> Command {
    let mut command = Command::new(server());
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn serve(folder: &Path) -> (Child, String) {
    let mut child = command()
        .arg("serve")
        .arg(folder)
        .args(["--listen", "127.0.0.1:0", "--while-input"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a server");
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    output.read_line(&mut line).expect("its address");
    let address = line.trim().strip_prefix("listening on ").expect("its address").to_owned();
    // Whatever else it says is read, so that it can say it.
    thread::spawn(move || while output.read_line(&mut String::new()).is_ok_and(|read| read > 0) {});
    (child, address)
}

/// Carries datagrams between devices and a server, and counts what is in them.
pub(crate) struct Wire {
    address: SocketAddr,
    /// The payload of each datagram, in the order in which they come by.
    lengths: Receiver<usize>,
}

impl Wire {
    fn to(server: &str) -> Self {
        let server: SocketAddr = server.parse().expect("an address");
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let address = front.local_addr().expect("its address");
        let (counts, lengths) = channel();
        thread::spawn(move || {
            let mut ways: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
            let mut buffer = [0; 65536];
            while let Ok((length, from)) = front.recv_from(&mut buffer) {
                let _nobody_counts = counts.send(length);
                let way = ways.entry(from).or_insert_with(|| back(server, from, &front, &counts));
                // A server that is down is noticed by those who wait for it.
                let _lost = way.send(&buffer[..length]);
            }
        });
        Self { address, lengths }
    }

    /// Waits until nothing moves any more; returns the lengths since the last time, both ways
    /// over both legs.
    pub(crate) fn idle(&self) -> Vec<usize> {
        std::iter::from_fn(|| self.lengths.recv_timeout(IDLE).ok()).collect()
    }
}

/// The way from the server back to one device.
fn back(
    server: SocketAddr,
    device: SocketAddr,
    front: &Arc<UdpSocket>,
    counts: &Sender<usize>,
) -> Arc<UdpSocket> {
    let way = Arc::new(UdpSocket::bind("127.0.0.1:0").expect("a socket"));
    way.connect(server).expect("a way");
    let (own, front, counts) = (Arc::clone(&way), Arc::clone(front), counts.clone());
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(length) = own.recv(&mut buffer) {
            let _nobody_counts = counts.send(length);
            let _gone = front.send_to(&buffer[..length], device);
        }
    });
    way
}
