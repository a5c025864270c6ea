//! Names another address of the practice's server, or takes one back: one entry of the practice
//! log, which every other device follows. The server stays the same, known by its key.

use super::open::Device;
use crate::cli::pair;
use crate::cli::sync::no_server;
use crate::device::courier::enrol::EnrolError;
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::membership::{Action, Entry, Server, Signer};
use tacenda_shared::sync::{MAX_ADDRESSES, RefusalCode, is_address};

/// How often somebody else may be first.
const TRIES: usize = 5;
const NOTHING_CHANGED: &str = "Nothing has been changed.";

/// What is to be done with an address, `host:port`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// The server can be reached there, too.
    Add(String),
    /// It cannot any more.
    Remove(String),
}

/// A change on its way to the server.
#[derive(Debug)]
pub struct Naming {
    change: Change,
    proposed: bool,
    tries: usize,
}

impl Naming {
    /// Begins, unless it can be seen here that nothing could come of it.
    pub fn begin(device: &Device, change: Change) -> Result<Self, Notice> {
        let known = device.target().ok_or_else(no_server)?.addresses;
        let refused = match &change {
            Change::Add(address) if !is_address(address) => Some((
                "That is not an address.",
                "An address is a host and a port: box.example.org:4440",
            )),
            Change::Add(address) if known.contains(address) => {
                Some(("The server has that address already.", "Look: tacenda server list"))
            }
            Change::Add(_) if known.len() >= MAX_ADDRESSES => Some((
                "The server has as many addresses as it can have.",
                "Take one back first: tacenda server remove",
            )),
            Change::Remove(address) if !known.contains(address) => {
                Some(("The server has no such address.", "Look: tacenda server list"))
            }
            Change::Remove(_) if known.len() == 1 => Some((
                "It is the only address of the server, and nobody would find it any more.",
                "Add the other one first: tacenda server add",
            )),
            Change::Add(_) | Change::Remove(_) => None,
        };
        match refused {
            Some((happened, next)) => Err(Notice::new(happened, NOTHING_CHANGED, next)),
            None => Ok(Self { change, proposed: false, tries: 0 }),
        }
    }

    /// Returns an address at which the server may be besides those that it is known by.
    pub fn also(&self) -> Option<&str> {
        match &self.change {
            Change::Add(address) => Some(address),
            Change::Remove(_) => None,
        }
    }

    /// Goes on as far as it can. Returns what came of it, once that is known; until then it is to
    /// be called again when something has arrived.
    pub fn work(&mut self, device: &mut Device, now: Timestamp) -> Option<Result<(), Notice>> {
        if !device.sync_status().connected {
            self.proposed = false;
            return None;
        }
        if self.proposed {
            let outcome = device.poll_proposed()?;
            self.proposed = false;
            match outcome {
                Ok(()) => return Some(Ok(())),
                Err(RefusalCode::Conflict) if self.tries < TRIES => {}
                Err(code) => return Some(Err(pair::refused(code))),
            }
        }
        if !device.is_current() {
            return None;
        }
        let known = device.target()?.addresses;
        let addresses = self.changed(known.clone());
        if addresses == known {
            // Another device was first, or this one on a link that broke.
            return Some(Ok(()));
        }
        match device.name_addresses(addresses, now) {
            Ok(entry) => {
                self.proposed = device.propose(&entry, Vec::new(), now);
                self.tries += usize::from(self.proposed);
                None
            }
            Err(EnrolError::Device(error)) => Some(Err(Notice::from(&error))),
            Err(_) => Some(Err(Notice::new(
                "Only an owner of the practice can say where its server is.",
                NOTHING_CHANGED,
                "Ask an owner to do it.",
            ))),
        }
    }

    fn changed(&self, mut addresses: Vec<String>) -> Vec<String> {
        match &self.change {
            Change::Add(address) if !addresses.contains(address) => addresses.push(address.clone()),
            Change::Add(_) => {}
            // The last one stays, whoever took the others back meanwhile.
            Change::Remove(_) if addresses.len() == 1 => {}
            Change::Remove(address) => addresses.retain(|known| known != address),
        }
        addresses
    }
}

impl Device {
    /// Makes the entry that says where the server is now.
    fn name_addresses(&self, addresses: Vec<String>, now: Timestamp) -> Result<Entry, EnrolError> {
        let cabinet = &self.cabinet;
        let state = self.courier.as_ref().map_or(&cabinet.state, |courier| courier.sync.state());
        let known = state.server().ok_or(EnrolError::Log)?.clone();
        let server = Server { addresses, ..known };
        let action = Action::SetServer { server, old_key_compromised_since: None };
        let signer = Signer::Device(cabinet.identity.author.device);
        Ok(state.propose(action, signer, now, &cabinet.keys.sign)?)
    }
}
