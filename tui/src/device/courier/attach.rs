//! Making the courier ready from what lies in the journal, a little at a time: a practice of many
//! years has tens of thousands of envelopes, and whoever has just unlocked wants to see Today.

use super::frames::{Fate, MailFrame};
use super::ledger::Placed;
use super::{Batch, Courier};
use crate::device::cabinet::Cabinet;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use std::collections::BTreeMap;
use tacenda_shared::envelope::{Carried, Envelope};
use tacenda_shared::id::{CompartmentId, DevSeq, Global, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::log::OwnHead;
use tacenda_shared::sync::device::{DeviceSync, Queued};

/// Entries that are read in one go: a few milliseconds.
const ENTRIES_EACH: usize = 256;

/// What is ready so far.
pub struct Attaching {
    sync: DeviceSync,
    /// Logs whose entries are not all read, and the log and place to go on with.
    left: Vec<CompartmentId>,
    at: usize,
    /// Own envelopes that stand in their logs here, and of which the server's answer was not heard.
    unheard: BTreeMap<DevSeq, Envelope>,
}

impl Attaching {
    /// Keeps an own envelope that came back with its log before the answer to it: it goes out again
    /// with those after it, and the server answers as it has.
    fn hear_of(&mut self, carried: Carried) {
        let own = self.sync.own();
        let Carried::Whole(envelope) = carried else { return };
        let header = &envelope.header;
        let is_own = header.author == self.sync.device() && header.dev_inc == own.dev_inc;
        if is_own && header.dev_seq > own.dev_seq {
            self.unheard.insert(header.dev_seq, envelope);
        }
    }
}

impl<F: FileSystem> Device<F> {
    /// Makes the courier ready from what lies in the journal, if the practice has a server.
    pub fn attach(&mut self, now: Timestamp) -> Result<bool, DeviceError> {
        while !self.attach_some(now)? {}
        Ok(self.courier.is_some())
    }

    /// Returns whether the courier is being made ready and [`Self::attach_some`] is to be called
    /// again.
    pub fn is_attaching(&self) -> bool {
        self.attaching.is_some()
    }

    /// Does a part of what [`Self::attach`] does; true when nothing is left to do.
    pub fn attach_some(&mut self, now: Timestamp) -> Result<bool, DeviceError> {
        if self.courier.is_some() || !self.is_attached() {
            self.attaching = None;
            return Ok(true);
        }
        let begun = self.attaching.take();
        // What came into the practice log meanwhile counts from the first entry on.
        let begun = begun.filter(|begun| begun.sync.state().head() == self.cabinet.state.head());
        let mut attaching = begun.unwrap_or_else(|| self.begin_attaching());
        let mut room = ENTRIES_EACH;
        while let Some(log) = attaching.left.last().copied() {
            let ledger = self.cabinet.store().locations().ledger();
            let entries = ledger.entries_after(log, attaching.at);
            let part = entries.get(..room.min(entries.len())).unwrap_or_default();
            let is_whole = part.len() == entries.len();
            for entry in part {
                let carried = self.cabinet.carried(entry)?;
                let apart = matches!(entry.fate, Fate::Quarantined | Fate::Adopted);
                attaching.sync.take_stored(log, &carried, !apart);
                attaching.hear_of(carried);
            }
            room -= part.len();
            if !is_whole {
                attaching.at += part.len();
                self.attaching = Some(attaching);
                return Ok(false);
            }
            attaching.left.pop();
            attaching.at = 0;
        }
        self.finish_attaching(attaching, now)?;
        Ok(true)
    }

    fn begin_attaching(&self) -> Attaching {
        let author = self.cabinet.identity.author;
        let ledger = self.cabinet.store().locations().ledger();
        let incarnation = self.life.own();
        let own = ledger.settled().filter(|own| own.dev_inc == incarnation);
        let own = own.unwrap_or(OwnHead::start(incarnation));
        let state = self.cabinet.state.clone();
        let mut sync = DeviceSync::new(author.device, state, ledger.cursor(), own);
        for (ring, device, noted) in ledger.noted().iter() {
            sync.take_noted(ring, device, noted);
        }
        ledger.shelves().for_each(|(log, to)| sync.take_shelved(log, to));
        let left = ledger.logs().map(|(log, _)| log).collect();
        Attaching { sync, left, at: 0, unheard: BTreeMap::new() }
    }

    /// The server has said welcome.
    pub(super) fn greeted(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        (courier.connected, courier.caught_up, courier.current) = (true, false, false);
        courier.forget_link();
        (courier.trouble, courier.parked, courier.keys_due) = (None, false, true);
        (courier.refill, courier.brought, courier.incarnating) = (None, false, None);
        if courier.sync.is_refilling() {
            // It is to be given what this device holds.
            self.open_all(courier, batch, now)?;
        }
        self.deposit(courier, now)?;
        self.judge_again(courier, batch, now)?;
        // What waited for a key asks for it again.
        self.retry(courier, None, batch, now)
    }

    fn finish_attaching(
        &mut self,
        Attaching { mut sync, unheard: mut queue, .. }: Attaching,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        for sent in self.cabinet.store().locations().ledger().sent() {
            let frame = self.cabinet.store().read(sent.location)?;
            let DeviceFrame::Mail(MailFrame::Sent { envelope, .. }) = frame else {
                return Err(StoreError::Altered.into());
            };
            queue.insert(envelope.header.dev_seq, *envelope);
        }
        // Of a life that ends, nothing more goes out under its numbers.
        for envelope in queue.into_values().filter(|_| !self.life.is_due()) {
            let rows = self.cabinet.rows_for(&envelope);
            sync.queue(Queued { envelope, rows }, now).map_err(|_| StoreError::Altered)?;
        }
        let mut courier = Courier::new(sync);
        let ledger = self.cabinet.store().locations().ledger();
        if ledger.cursor() == Global::ZERO && ledger.logs().next().is_some() {
            courier.rows_again.owe();
        }
        self.courier = Some(courier);
        Ok(())
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Reads an entry of a log as it was sealed or delivered.
    pub(super) fn carried(&self, entry: &Placed) -> Result<Carried, StoreError> {
        match self.store().read(entry.location)? {
            DeviceFrame::Mail(MailFrame::Entered { carried, .. }) => Ok(*carried),
            DeviceFrame::Mail(MailFrame::Sent { envelope, .. }) => Ok(Carried::Whole(*envelope)),
            _ => Err(StoreError::Altered),
        }
    }
}
