//! What has come of a log and is kept unopened: packs, and the entries behind them. It is stored as
//! it came, which is quick, and opened later, log by log, each entry checked as if it had come alone.

use super::replica::Replica;
use super::{DeviceSync, Event};
use crate::envelope::{Carried, Envelope, Kind};
use crate::id::{CompartmentId, Global, Position, Timestamp};
use crate::log::LogHead;
use crate::suite::Hash;
use crate::sync::pack::MAX_PACKED;
use crate::sync::wire::{Entries, Message, ObjectKey};

/// What came of entries that lay unopened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opened {
    /// All of them are open.
    Whole,
    /// Some wait for the practice log; they still have to lie where they lay.
    Partly,
    /// They do not lead where they must: see [`DeviceSync::shelf_failed`].
    Worthless,
}

impl DeviceSync {
    /// Says up to where a log lies unopened in this device's own store.
    pub fn take_shelved(&mut self, log: CompartmentId, to: Position) {
        self.shelved.insert(log, to);
    }

    /// Returns the logs of which something lies unopened and can be opened now, those that were
    /// named by [`Self::set_priority`] first.
    pub fn shelved(&self) -> Vec<CompartmentId> {
        let can = |log: &CompartmentId| !self.waiting.contains_key(log);
        let mut logs: Vec<_> = self.shelved.keys().copied().filter(can).collect();
        logs.sort_by_key(|log| self.rank(log));
        logs
    }

    /// Returns whether a log was named by [`Self::set_priority`].
    pub fn is_first(&self, log: CompartmentId) -> bool {
        self.priorities.contains_key(&log)
    }

    /// Returns how many entries lie unopened.
    pub fn unopened(&self) -> u64 {
        self.shelved.iter().fold(0, |sum: u64, (log, to)| {
            sum.saturating_add(to.get().saturating_sub(self.position(*log).get()))
        })
    }

    /// Returns up to where a log is on this device, opened or not.
    pub(super) fn have(&self, log: CompartmentId) -> Position {
        self.position(log).max(self.shelved.get(&log).copied().unwrap_or(Position::ZERO))
    }

    /// Takes a pack that continues what is here; what it holds is told when it is opened.
    pub(super) fn take_pack(
        &mut self,
        log: CompartmentId,
        after: Position,
        head: LogHead,
        envelope: Vec<u8>,
    ) {
        let have = self.have(log);
        if self.stopped.contains(&log) {
            return;
        }
        let waits = self.waiting.contains_key(&log) || self.link.rewinding.contains(&log);
        if waits || after != have {
            // What is before it waits or has failed, or some of it is here.
            if head.position > have {
                self.link.dirty.insert(log);
            }
            return;
        }
        let to = Envelope::decode(&envelope);
        let to = to.ok().and_then(|pack| self.end_of_pack(log, after, &pack));
        match to.filter(|to| *to == head.position && !self.plain.contains(&log)) {
            Some(to) => self.shelve(log, to, Message::Packed { log, after, head, envelope }),
            // It is a cache: without it the entries come one by one.
            None => self.unpack_no_more(log),
        }
    }

    /// Where a pack ends, if it is one of this log, by a device of the practice.
    fn end_of_pack(
        &self,
        log: CompartmentId,
        after: Position,
        pack: &Envelope,
    ) -> Option<Position> {
        let header = &pack.header;
        let author = self.state.devices().get(&header.author)?;
        let count = header.seen_pos.get().checked_sub(after.get())?;
        let fits = header.kind == Kind::Pack
            && (header.practice, header.compartment) == (self.practice(), log)
            && ObjectKey::after_of_pack(header.object) == Some(after)
            && (1..=MAX_PACKED as u64).contains(&count);
        (fits && pack.is_signed_by(&author.sig)).then_some(header.seen_pos)
    }

    /// Keeps what has come as it is.
    pub(super) fn shelve(&mut self, log: CompartmentId, to: Position, message: Message) {
        let come = to.get().saturating_sub(self.have(log).get());
        self.link.come = self.link.come.saturating_add(come);
        self.shelved.insert(log, to);
        self.events.push_back(Event::Shelved { log, to, message: Box::new(message) });
    }

    /// Takes entries that lay unopened, if they lead where they must.
    pub fn open_shelved(
        &mut self,
        log: CompartmentId,
        after: Position,
        head: LogHead,
        carried: Vec<Carried>,
        now: Timestamp,
    ) -> Opened {
        let entries = Entries { log, after, runs: Vec::new(), head, g: Global::ZERO };
        if after > self.position(log) || self.stopped.contains(&log) {
            return Opened::Worthless;
        }
        let Some(arrived) = self.fit(&entries, carried) else { return Opened::Worthless };
        self.take_in_order(log, arrived, now);
        match self.position(log) >= head.position {
            true => Opened::Whole,
            false if self.waiting.contains_key(&log) => Opened::Partly,
            false => Opened::Worthless,
        }
    }

    /// Nothing of the log lies unopened any more.
    pub fn shelf_emptied(&mut self, log: CompartmentId, now: Timestamp) {
        let to = self.shelved.remove(&log);
        if to.is_some_and(|to| to > self.position(log)) {
            self.link.dirty.insert(log);
        }
        self.pull_next(now);
    }

    /// What lay unopened does not open: the log is fetched entry by entry.
    pub fn shelf_failed(&mut self, log: CompartmentId, now: Timestamp) {
        self.shelved.remove(&log);
        self.unpack_no_more(log);
        self.pull_next(now);
    }

    fn unpack_no_more(&mut self, log: CompartmentId) {
        self.plain.insert(log);
        self.link.dirty.insert(log);
    }

    /// The chain of a log as far as it is open here.
    pub fn chain_at(&self, log: CompartmentId, position: Position) -> Option<Hash> {
        match self.replicas.get(&log) {
            Some(replica) => replica.chain_at(position),
            None => (position == Position::ZERO).then_some(Hash::ZERO),
        }
    }

    /// The head of a log as far as it is open here.
    pub fn opened_head(&self, log: CompartmentId) -> LogHead {
        self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head)
    }
}
