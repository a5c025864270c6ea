//! What comes in packs, or behind them: stored as it came, so that all of it is here soon, and
//! opened when somebody waits for it or nobody asks for anything else.

use super::frames::MailFrame;
use super::inbox::Batch;
use super::{Courier, Delivered};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{self, Carried, Envelope, Kind};
use tacenda_shared::id::{CompartmentId, Position, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe;
use tacenda_shared::log::LogHead;
use tacenda_shared::plaintext;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::device::Opened;
use tacenda_shared::sync::pack::{Before, PackError, unpack};

/// What was put aside goes to the disk in pieces of this size: files that go as a whole later.
const STORE_BYTES: usize = 3 << 20;

/// What is being opened of what lies unopened.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Logs whose next pack waits for a key.
    waits: BTreeSet<CompartmentId>,
    /// How many entries lay unopened at most since all were opened.
    most: u64,
    /// The next item is to be opened.
    opens: bool,
    /// What was put aside and is not on the disk yet. The server still has it.
    unstored: Vec<DeviceFrame>,
    bytes: usize,
}

impl Shelf {
    /// Keys have come: what waited for one is looked at again.
    pub(super) fn look_again(&mut self) {
        self.waits.clear();
    }

    /// How many of the entries that lay unopened are open, and how many they were.
    pub(super) fn progress(&self, unopened: u64) -> Option<(u64, u64)> {
        let most = self.most.max(unopened);
        (unopened > 0).then(|| (most.saturating_sub(unopened), most))
    }

    fn count(&mut self, unopened: u64) {
        self.most = if unopened == 0 { 0 } else { self.most.max(unopened) };
    }
}

/// Entries of a log as they were taken from the shelf.
struct Taken {
    after: Position,
    head: LogHead,
    carried: Vec<Carried>,
    packed: bool,
}

/// Why something on the shelf is not opened.
enum Closed {
    /// Its key is not here yet.
    Waits,
    /// It does not lead to what it says.
    Worthless,
}

impl<F: FileSystem> Device<F> {
    /// Returns whether something that has come lies unopened and can be opened now.
    pub fn has_shelf(&self) -> bool {
        self.courier.as_ref().is_some_and(|courier| self.next_stored(courier).is_some())
    }

    /// Opens the next part of what lies unopened: for idle time, while [`Self::has_shelf`].
    pub fn open_shelf(&mut self, now: Timestamp) -> Result<Delivered, DeviceError> {
        self.with_courier(now, |courier| courier.shelf.opens = true)
    }

    /// Opens one item, if that was asked for.
    pub(super) fn open_asked(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let next = self.next_stored(courier).filter(|_| courier.shelf.opens);
        courier.shelf.opens = false;
        match next {
            Some(log) => self.open_one(courier, batch, log, now),
            None => Ok(()),
        }
    }

    /// Puts what has come aside, as it is.
    pub(super) fn put_on_shelf(
        &mut self,
        courier: &mut Courier,
        (log, to): (CompartmentId, Position),
        message: &Message,
    ) -> Result<(), DeviceError> {
        courier.shelf.count(courier.sync.unopened());
        let message = message.encode();
        courier.shelf.bytes = courier.shelf.bytes.saturating_add(message.len());
        let frame = MailFrame::Shelved { log, to, message };
        courier.shelf.unstored.push(DeviceFrame::Mail(frame));
        if courier.shelf.bytes >= STORE_BYTES { self.store_shelf(courier) } else { Ok(()) }
    }

    /// Stores what was put aside, once nothing more of it is on its way.
    pub(super) fn settle_shelf(&mut self, courier: &mut Courier) -> Result<(), DeviceError> {
        if courier.sync.is_pulling() { Ok(()) } else { self.store_shelf(courier) }
    }

    fn store_shelf(&mut self, courier: &mut Courier) -> Result<(), DeviceError> {
        let frames = std::mem::take(&mut courier.shelf.unstored);
        courier.shelf.bytes = 0;
        if frames.is_empty() {
            return Ok(());
        }
        let mut random = OsRandom;
        let Cabinet { keys, store, .. } = &mut self.cabinet;
        let mut hedge = Hedge { key: &keys.hedge, random: &mut random };
        Ok(store.append_for_now(&frames, &mut hedge)?)
    }

    fn next_shelved(&self, courier: &Courier) -> Option<CompartmentId> {
        courier.sync.shelved().into_iter().find(|log| !courier.shelf.waits.contains(log))
    }

    /// The next in idle time: while more is on its way, only what is on the disk, which it goes to
    /// in large pieces.
    fn next_stored(&self, courier: &Courier) -> Option<CompartmentId> {
        let ledger = self.cabinet.store().locations().ledger();
        let here = |log: &CompartmentId| {
            !courier.sync.is_pulling() || ledger.first_shelved(*log).is_some()
        };
        let logs = courier.sync.shelved().into_iter();
        logs.filter(here).find(|log| !courier.shelf.waits.contains(log))
    }

    /// Opens at once what somebody waits for.
    pub(super) fn open_first(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        while let Some(log) = self.next_shelved(courier).filter(|log| courier.sync.is_first(*log)) {
            self.open_one(courier, batch, log, now)?;
        }
        Ok(())
    }

    /// Opens everything, as far as there are keys: what this device holds is to be given away.
    pub(super) fn open_all(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        while let Some(log) = self.next_shelved(courier) {
            self.open_one(courier, batch, log, now)?;
        }
        Ok(())
    }

    /// Opens the next item of one log.
    fn open_one(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        // Its frame may not be on the disk yet, nor keys that have come with what is before it.
        self.flush_mail(batch)?;
        if self.cabinet.store().locations().ledger().first_shelved(log).is_none() {
            self.store_shelf(courier)?;
        }
        let ledger = self.cabinet.store().locations().ledger();
        let Some((location, to)) = ledger.first_shelved(log) else {
            // Its log is dead here: what comes of it comes entry by entry.
            courier.sync.shelf_failed(log, now);
            return self.take_events(courier, batch, now);
        };
        let end = ledger.shelves().find(|(of, _)| *of == log).map(|(_, end)| end);
        let is_last = end == Some(to) && !courier.shelf.unstored.iter().any(|one| is_of(one, log));
        let DeviceFrame::Mail(MailFrame::Shelved { message, .. }) =
            self.cabinet.store().read(location)?
        else {
            return Err(StoreError::Altered.into());
        };
        let pack = match self.take_from_shelf(courier, log, &message) {
            // Its key is on its way, or was not asked for yet.
            Err(Closed::Waits) if !courier.connected || courier.may_get_keys() => {
                courier.shelf.waits.insert(log);
                return Ok(());
            }
            Err(Closed::Waits | Closed::Worthless) => None,
            Ok(Taken { after, head, carried, packed }) => {
                match courier.sync.open_shelved(log, after, head, carried, now) {
                    Opened::Whole => Some(packed.then_some(after)),
                    Opened::Partly => return self.take_events_together(courier, batch, now),
                    Opened::Worthless => None,
                }
            }
        };
        self.take_events_together(courier, batch, now)?;
        let opened_to = if pack.is_some() { to } else { Position::new(u64::MAX) };
        batch.frames.push(DeviceFrame::Mail(MailFrame::Unshelved { log, to: opened_to }));
        match pack {
            None => {
                courier.shelf.unstored.retain(|one| !is_of(one, log));
                courier.sync.shelf_failed(log, now);
            }
            Some(after) => {
                if let Some(after) = after {
                    // Nobody needs to pack it once more.
                    let frame = MailFrame::Packed { log, after, to };
                    batch.frames.push(DeviceFrame::Mail(frame));
                }
                if is_last {
                    courier.sync.shelf_emptied(log, now);
                }
            }
        }
        courier.shelf.count(courier.sync.unopened());
        self.take_events(courier, batch, now)
    }

    fn take_from_shelf(
        &self,
        courier: &Courier,
        log: CompartmentId,
        bytes: &[u8],
    ) -> Result<Taken, Closed> {
        match Message::decode(bytes).map_err(|_| Closed::Worthless)? {
            Message::Packed { after, head, envelope, .. } => {
                let pack = Envelope::decode(&envelope).map_err(|_| Closed::Worthless)?;
                let carried = self.unpack(courier, log, after, &pack)?;
                Ok(Taken { after, head, carried, packed: true })
            }
            Message::Entries(entries) => {
                let practice = courier.sync.practice();
                let runs = entries.runs.iter().filter(|run| run.log == log);
                let carried = runs.flat_map(|run| run.restore(practice)).collect::<Result<_, _>>();
                let carried = carried.map_err(|_| Closed::Worthless)?;
                Ok(Taken { after: entries.after, head: entries.head, carried, packed: false })
            }
            _ => Err(Closed::Worthless),
        }
    }

    fn unpack(
        &self,
        courier: &Courier,
        log: CompartmentId,
        after: Position,
        pack: &Envelope,
    ) -> Result<Vec<Carried>, Closed> {
        let header = &pack.header;
        let slot_key = |generation| {
            let slot = self.cabinet.slot_key(log, generation)?;
            Some(safe::envelope_key(slot, None))
        };
        // A key that the log has not announced so far never comes.
        let closed = |generation| {
            let replica = courier.sync.replica(log);
            match replica.and_then(|replica| replica.slot_of(generation)) {
                Some(_) => Closed::Waits,
                None => Closed::Worthless,
            }
        };
        let key = slot_key(header.slot_generation).ok_or_else(|| closed(header.slot_generation))?;
        let content = envelope::open(pack, &key).map_err(|_| Closed::Worthless)?;
        let body = plaintext::unpack(Kind::Pack, &content).map_err(|_| Closed::Worthless)?;
        let chain_at = |position| courier.sync.chain_at(log, position);
        let chain = chain_at(after).ok_or(Closed::Worthless)?;
        let before = Before { head: LogHead { position: after, chain }, chain_at: &chain_at };
        unpack(courier.sync.practice(), log, &before, &body, &slot_key).map_err(|why| match why {
            PackError::NoKey(generation) => closed(generation),
            PackError::Malformed => Closed::Worthless,
        })
    }
}

/// Whether a frame holds something unopened of a log.
fn is_of(frame: &DeviceFrame, log: CompartmentId) -> bool {
    matches!(frame, DeviceFrame::Mail(MailFrame::Shelved { log: of, .. }) if *of == log)
}

impl Courier {
    /// Whether keys may still come: rows, or what they are sealed under; a server that is being
    /// refilled withholds nothing that it has not got.
    fn may_get_keys(&self) -> bool {
        self.awaits_rows()
            || self.keys_due
            || !self.asked_wraps.is_empty()
            || self.sync.is_refilling()
    }
}
