//! What a log says of its own erasure: who asked, who ordered it, and which devices have carried it
//! out. A function of the log alone.

use crate::envelope::{ControlBody, EntryRef, Header, Target};
use crate::id::{DeviceId, Position};
use std::collections::BTreeSet;

/// How far the erasure of a whole log is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Erasing {
    requests: Vec<(u32, EntryRef)>,
    order: Option<EntryRef>,
    done: BTreeSet<DeviceId>,
}

impl Erasing {
    pub(super) fn take(&mut self, header: &Header, at: EntryRef, body: Option<&ControlBody>) {
        match body {
            Some(ControlBody::EraseRequest(Target::Compartment(times))) => {
                self.requests.push((*times, at));
            }
            Some(ControlBody::Erase { request, base: None })
                // Positions may change when a server is filled again.
                if self.requests.iter().any(|(_, asked)| asked.hash == request.hash) =>
            {
                self.order.get_or_insert(at);
            }
            Some(ControlBody::Acknowledge(of))
                if self.order.is_some_and(|order| order.hash == of.hash) =>
            {
                self.done.insert(header.author);
            }
            _ => {}
        }
    }

    pub(super) fn annul(&mut self, late: &BTreeSet<Position>) {
        self.requests.retain(|(_, asked)| !late.contains(&asked.position));
        self.order = self.order.filter(|order| !late.contains(&order.position));
    }

    /// Returns the first request of the n-th asking: several devices may have put one there.
    pub fn request(&self, times: u32) -> Option<EntryRef> {
        let mut of = self.requests.iter().filter(|(asked, _)| *asked == times);
        of.next().map(|(_, request)| *request)
    }

    /// Returns the first order that counts: what it covers is to open nowhere.
    pub const fn order(&self) -> Option<EntryRef> {
        self.order
    }

    /// Returns the devices that have carried the order out.
    pub const fn done(&self) -> &BTreeSet<DeviceId> {
        &self.done
    }
}
