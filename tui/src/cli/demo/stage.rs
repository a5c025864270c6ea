//! The stage of the demo: it has the server, the cable and the other device in its hands, does
//! what the interface asks, and tells it what happened.

use super::relay::Cable;
use super::server::{DemoServer, read_kept};
use crate::acts::{Cheat, Cue, Heard, OtherDevice, Report};
use crate::message::{DeviceEvent, Secret};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;
use tacenda_shared::id::DeviceId;
use tokio::sync::mpsc::UnboundedSender;

/// How often the other device is asked to write something for the server to cheat with.
const AGAIN: Duration = Duration::from_secs(3);

/// Everything that plays.
pub(super) struct Stage {
    pub(super) server: DemoServer,
    pub(super) cable: Cable,
    /// Where the other device lies, and what opens it.
    pub(super) other: (PathBuf, Secret),
    /// This device.
    pub(super) device: DeviceId,
    /// Whether what the others wrote is kept when all is over.
    pub(super) is_kept: bool,
}

/// What is going on.
struct Play {
    stage: Stage,
    asks: Sender<Heard>,
    events: Option<UnboundedSender<DeviceEvent>>,
    other: Option<Other>,
    cheat: Option<Cheating>,
}

/// The other device's process.
struct Other {
    child: Child,
    orders: Option<ChildStdin>,
}

/// A cheating that was ordered.
struct Cheating {
    which: Cheat,
    /// The server's number for the order, once it has said so.
    number: Option<u64>,
    is_done: bool,
}

impl Stage {
    /// Plays until the interface is gone. Both children have ended when the thread has.
    pub(super) fn play(
        mut self,
        heard: Receiver<Heard>,
        asks: Sender<Heard>,
    ) -> io::Result<thread::JoinHandle<()>> {
        if let Some(answers) = self.server.take_answers() {
            let asks = asks.clone();
            listen("server-says", answers, move |line| {
                line.is_none_or(|line| asks.send(Heard::Server(line)).is_ok())
            })?;
        }
        thread::Builder::new().name("stage".into()).spawn(move || {
            let mut play = Play { stage: self, asks, events: None, other: None, cheat: None };
            play.run(&heard);
        })
    }
}

impl Play {
    fn run(&mut self, heard: &Receiver<Heard>) {
        loop {
            let waits = self.cheat.as_ref().is_some_and(|cheat| !cheat.is_done);
            let next = match waits {
                true => heard.recv_timeout(AGAIN),
                false => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(Heard::Begin(events)) => self.begin(events),
                Ok(Heard::Cue(cue)) => self.cue(cue),
                Ok(Heard::OtherDevice(line)) => self.other_says(line.as_deref()),
                Ok(Heard::Server(line)) => self.server_says(&line),
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.order_other("now"),
            }
        }
        self.end();
    }

    fn begin(&mut self, events: UnboundedSender<DeviceEvent>) {
        self.events = Some(events);
        self.tell(Report::Began(self.stage.device));
        // Without it the rest of the demo still works, and the card says that it stands still.
        match self.start_other() {
            Ok(other) => self.other = Some(other),
            Err(_) => self.tell(Report::OtherDevice(OtherDevice::default())),
        }
    }

    fn start_other(&self) -> io::Result<Other> {
        let (folder, passphrase) = &self.stage.other;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("other-device")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut orders = child.stdin.take();
        if let Some(orders) = &mut orders {
            writeln!(orders, "{}", passphrase.0.as_str())?;
        }
        if let Some(says) = child.stdout.take() {
            let asks = self.asks.clone();
            let told = move |line| asks.send(Heard::OtherDevice(line)).is_ok();
            listen("other-says", BufReader::new(says), told)?;
        }
        Ok(Other { child, orders })
    }

    fn cue(&mut self, cue: Cue) {
        match cue {
            Cue::Cable(is_in) => self.stage.cable.set(is_in),
            Cue::Cheat(cheat) => self.cheat(cheat),
            Cue::OtherDevice(works) => self.order_other(if works { "work" } else { "rest" }),
            Cue::Watch(watches) => {
                self.stage.server.say(if watches { "watch" } else { "look away" });
            }
        }
    }

    fn cheat(&mut self, which: Cheat) {
        let server = &mut self.stage.server;
        let me = self.stage.device;
        if let Some(Cheating { number: Some(number), .. }) = self.cheat.take() {
            server.say(&format!("end {number}"));
            // On the next link the device asks for what it did not get.
            server.say(&format!("hang up {me}"));
        }
        match which {
            Cheat::Honest => return,
            Cheat::Alter => server.say(&format!("flip to {me}")),
            Cheat::Withhold => server.say(&format!("skip next from {me}")),
        }
        self.cheat = Some(Cheating { which, number: None, is_done: false });
        self.order_other("now");
    }

    fn server_says(&mut self, line: &str) {
        if let Some(kept) = read_kept(line) {
            return self.tell(Report::Kept(kept));
        }
        let words: Vec<&str> = line.split(' ').collect();
        let Some(cheat) = &mut self.cheat else { return };
        match words.as_slice() {
            ["ordered", number] => cheat.number = number.parse().ok(),
            ["done", number, ..] if number.parse().ok() == cheat.number && !cheat.is_done => {
                cheat.is_done = true;
                let which = cheat.which;
                self.tell(Report::Cheated(which));
            }
            _ => {}
        }
    }

    fn other_says(&mut self, line: Option<&str>) {
        let other = match line {
            Some(line) => super::other::read_report(line),
            None => Some(OtherDevice::default()),
        };
        if let Some(other) = other {
            self.tell(Report::OtherDevice(other));
        }
    }

    fn order_other(&mut self, line: &str) {
        if let Some(Other { orders: Some(orders), .. }) = &mut self.other {
            let _gone = writeln!(orders, "{line}").and_then(|()| orders.flush());
        }
    }

    fn tell(&self, report: Report) {
        if let Some(events) = &self.events {
            let _gone = events.send(DeviceEvent::Demo(report));
        }
    }

    fn end(&mut self) {
        // The interface ends when nobody can tell it anything any more.
        self.events = None;
        if !self.stage.is_kept {
            self.stage.server.throw_away();
        }
        if let Some(Other { mut child, orders }) = self.other.take() {
            drop(orders);
            if !self.stage.is_kept {
                let _ended = child.kill();
            }
            let _ended = child.wait();
        }
    }
}

/// Hands on each line that a child says, and at last that there are no more.
fn listen(
    name: &str,
    says: BufReader<impl Read + Send + 'static>,
    told: impl Fn(Option<String>) -> bool + Send + 'static,
) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(move || {
        for line in says.lines().map_while(Result::ok) {
            if !told(Some(line)) {
                return;
            }
        }
        let _gone = told(None);
    })?;
    Ok(())
}
