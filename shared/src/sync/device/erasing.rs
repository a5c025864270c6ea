//! What a log says of its own erasure, and of that of records in it: who asked, who ordered it, and
//! which devices have carried it out. A function of the log alone.

use crate::envelope::{ControlBody, EntryRef, Header, Number, Target};
use crate::id::{DeviceId, Position, SlotGeneration};
use std::collections::BTreeSet;

/// How far the erasure of a log is, and of records in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Erasing {
    requests: Vec<(Target, EntryRef)>,
    order: Option<EntryRef>,
    done: BTreeSet<DeviceId>,
    records: Vec<RecordErasure>,
}

/// An order to erase one record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordErasure {
    /// The order.
    pub order: EntryRef,
    /// Whose order it is, who has also put together what stays.
    pub by: DeviceId,
    /// The envelope that carries the record.
    pub number: Number,
    /// The first content key that stays.
    pub since: SlotGeneration,
    /// The devices that have carried it out.
    pub done: BTreeSet<DeviceId>,
}

impl Erasing {
    pub(super) fn take(&mut self, header: &Header, at: EntryRef, body: Option<&ControlBody>) {
        match body {
            Some(ControlBody::EraseRequest(target)) => self.requests.push((*target, at)),
            Some(ControlBody::Erase { request, since }) => {
                // Positions may change when a server is filled again.
                let asked = self.requests.iter().find(|(_, asked)| asked.hash == request.hash);
                match (asked.map(|(target, _)| *target), *since) {
                    (Some(Target::Compartment(_)), None) => {
                        self.order.get_or_insert(at);
                    }
                    (Some(target), Some(since)) => {
                        let one = |number| {
                            let (by, done) = (header.author, BTreeSet::new());
                            RecordErasure { order: at, by, number, since, done }
                        };
                        self.records.extend(target.numbers().map(one));
                    }
                    _ => {}
                }
            }
            Some(ControlBody::Acknowledge(of)) => {
                if self.order.is_some_and(|order| order.hash == of.hash) {
                    self.done.insert(header.author);
                }
                for one in self.records.iter_mut().filter(|one| one.order.hash == of.hash) {
                    one.done.insert(header.author);
                }
            }
            _ => {}
        }
    }

    pub(super) fn annul(&mut self, late: &BTreeSet<Position>) {
        self.requests.retain(|(_, asked)| !late.contains(&asked.position));
        self.order = self.order.filter(|order| !late.contains(&order.position));
        self.records.retain(|one| !late.contains(&one.order.position));
    }

    /// Returns the first request for this: several devices may have put one there.
    pub fn request(&self, target: Target) -> Option<EntryRef> {
        self.requests.iter().find(|(asked, _)| *asked == target).map(|(_, request)| *request)
    }

    /// Returns the first request for the n-th time that names this envelope, and none that `may` not go.
    pub fn request_of(
        &self,
        (times, number): (u32, Number),
        may: impl Fn(Number) -> bool,
    ) -> Option<EntryRef> {
        let names = |target: Target| {
            let mut numbers = target.numbers().peekable();
            target.times() == times && numbers.peek().is_some() && {
                let all: BTreeSet<Number> = numbers.collect();
                all.contains(&number) && all.into_iter().all(&may)
            }
        };
        self.requests.iter().find(|(asked, _)| names(*asked)).map(|(_, request)| *request)
    }

    /// Returns the first order that counts to erase all of it: what it covers is to open nowhere.
    pub const fn order(&self) -> Option<EntryRef> {
        self.order
    }

    /// Returns the devices that have carried that order out.
    pub const fn done(&self) -> &BTreeSet<DeviceId> {
        &self.done
    }

    /// Returns the orders to erase single records.
    pub fn records(&self) -> &[RecordErasure] {
        &self.records
    }

    /// Returns the order that kills the most content keys, if one does.
    pub fn last_of_records(&self) -> Option<&RecordErasure> {
        self.records.iter().max_by_key(|one| one.since)
    }
}
