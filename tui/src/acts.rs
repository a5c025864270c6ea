//! The acts of the demo as values: what the interface asks of whoever stages them, and what it is
//! told. A practice that is no demo never sees any of it.

use crate::message::DeviceEvent;
use std::sync::mpsc::{Sender, channel};
use tacenda_shared::id::{CompartmentId, DeviceId, Position};
use tokio::sync::mpsc::UnboundedSender;

/// What is to be done on the stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cue {
    /// The cable between this device and the server: `true` puts it in, `false` pulls it.
    Cable(bool),
    /// How the server is to behave.
    Cheat(Cheat),
    /// Whether the device beside this one works.
    OtherDevice(bool),
    /// Whether to tell what the server keeps.
    Watch(bool),
}

/// How the server behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cheat {
    /// It changes the next entry on its way to this device.
    Alter,
    /// As it should.
    Honest,
    /// It names the next entry, and does not hand it over to this device.
    Withhold,
}

/// What happened on the stage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Report {
    /// This is a demo, and this is the device at whose screen it is shown.
    Began(DeviceId),
    /// The server has cheated.
    Cheated(Cheat),
    /// The server has something on its disk.
    Kept(Kept),
    /// What the other device has done so far.
    OtherDevice(OtherDevice),
}

/// An entry as the server has it: all that it knows of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// In which log.
    pub log: CompartmentId,
    /// Where in it.
    pub position: Position,
    /// Which device wrote it.
    pub author: DeviceId,
    /// Length of the body, in bytes.
    pub bytes: u64,
    /// How the body begins, in hexadecimal digits.
    pub first: String,
}

/// What the other device has done since it began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct OtherDevice {
    /// Whether it works.
    pub works: bool,
    /// Appointments that it booked.
    pub booked: u32,
    /// Appointments that it moved.
    pub moved: u32,
    /// Sentences that it wrote.
    pub written: u32,
}

impl OtherDevice {
    /// Returns everything that it has done.
    pub fn all(&self) -> u32 {
        self.booked.saturating_add(self.moved).saturating_add(self.written)
    }
}

/// What whoever stages a demo hears.
#[derive(Debug)]
pub enum Heard {
    /// The interface is there; this is how it is told.
    Begin(UnboundedSender<DeviceEvent>),
    /// Something is to be done.
    Cue(Cue),
    /// The interface is gone.
    End,
    /// A line of the other device; `None` when there will be no more.
    OtherDevice(Option<String>),
    /// A line of the server.
    Server(String),
}

/// The interface's way to whoever stages its demo. With it ends the demo.
#[derive(Debug)]
pub struct Prompter(Sender<Heard>);

impl Prompter {
    /// Makes both ends; the first is for whoever stages.
    pub fn pair() -> (std::sync::mpsc::Receiver<Heard>, Sender<Heard>, Self) {
        let (sender, heard) = channel();
        (heard, sender.clone(), Self(sender))
    }

    /// Says how the interface is told.
    pub fn begin(&self, events: UnboundedSender<DeviceEvent>) {
        let _gone = self.0.send(Heard::Begin(events));
    }

    /// Passes a cue on.
    pub fn cue(&self, cue: Cue) {
        let _gone = self.0.send(Heard::Cue(cue));
    }
}

impl Drop for Prompter {
    fn drop(&mut self) {
        let _gone = self.0.send(Heard::End);
    }
}
