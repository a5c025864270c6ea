//! What comes in packs, or behind them: stored as it came, so that all of it is here soon, and
//! opened when somebody waits for it or nobody asks for anything else.

use super::frames::MailFrame;
use super::inbox::Batch;
use super::{Courier, Delivered};
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use std::collections::BTreeSet;
use tacenda_shared::envelope::{self, Carried, Envelope, Kind};
use tacenda_shared::id::{CompartmentId, Position, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe;
use tacenda_shared::log::LogHead;
use tacenda_shared::plaintext;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::pack::{Before, PackError, unpack};

/// What is being opened of what lies unopened.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Logs whose next pack waits for a key.
    waits: BTreeSet<CompartmentId>,
    /// How many entries lay unopened at most since all were opened.
    most: u64,
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
        self.courier.as_ref().is_some_and(|courier| self.next_shelved(courier).is_some())
    }

    /// Opens the next part of what lies unopened: for idle time, while [`Self::has_shelf`].
    pub fn open_shelf(&mut self, now: Timestamp) -> Result<Delivered, DeviceError> {
        let Some(mut courier) = self.courier.take() else { return Ok(Delivered::default()) };
        let mut batch = std::mem::take(&mut courier.unstored);
        let opened = match self.next_shelved(&courier) {
            Some(log) => self.open_one(&mut courier, &mut batch, log, now),
            None => Ok(()),
        };
        courier.unstored = batch;
        self.courier = Some(courier);
        opened?;
        self.dispatch(now)
    }

    /// Stores what has come as it is.
    pub(super) fn put_on_shelf(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        (log, to): (CompartmentId, Position),
        message: &Message,
    ) -> Result<(), DeviceError> {
        courier.shelf.count(courier.sync.unopened());
        let frame = MailFrame::Shelved { log, to, message: message.encode() };
        batch.frames.push(DeviceFrame::Mail(frame));
        if let Message::Packed { after, .. } = message {
            // Nobody needs to pack it once more.
            let frame = MailFrame::Packed { log, after: *after, to };
            batch.frames.push(DeviceFrame::Mail(frame));
        }
        self.flush_if_full(batch)
    }

    fn next_shelved(&self, courier: &Courier) -> Option<CompartmentId> {
        courier.sync.shelved().into_iter().find(|log| !courier.shelf.waits.contains(log))
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
        let ledger = self.cabinet.store().locations().ledger();
        let Some((location, to)) = ledger.first_shelved(log) else {
            courier.sync.shelf_emptied(log, now);
            return Ok(());
        };
        let DeviceFrame::Mail(MailFrame::Shelved { message, .. }) =
            self.cabinet.store().read(location)?
        else {
            return Err(crate::device::store::StoreError::Altered.into());
        };
        let taken = self.take_from_shelf(courier, log, &message);
        let opened = match taken {
            Err(Closed::Waits) => {
                courier.shelf.waits.insert(log);
                return Ok(());
            }
            Err(Closed::Worthless) => false,
            Ok(Taken { after, head, carried }) => {
                courier.sync.open_shelved(log, after, head, carried, now)
            }
        };
        self.take_events(courier, batch, now)?;
        let to = if opened { to } else { Position::new(u64::MAX) };
        batch.frames.push(DeviceFrame::Mail(MailFrame::Unshelved { log, to }));
        let is_last = ledger_is_done(self, log, to);
        if !opened {
            courier.sync.shelf_failed(log, now);
        } else if is_last {
            courier.sync.shelf_emptied(log, now);
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
            Message::Packed { after, envelope, .. } => {
                let pack = Envelope::decode(&envelope).map_err(|_| Closed::Worthless)?;
                self.unpack(courier, log, after, &pack)
            }
            Message::Entries(entries) => {
                let practice = courier.sync.practice();
                let runs = entries.runs.iter().filter(|run| run.log == log);
                let carried = runs.flat_map(|run| run.restore(practice)).collect::<Result<_, _>>();
                let carried = carried.map_err(|_| Closed::Worthless)?;
                Ok(Taken { after: entries.after, head: entries.head, carried })
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
    ) -> Result<Taken, Closed> {
        let header = &pack.header;
        let slot_key = |generation| {
            let slot = self.cabinet.slot_key(log, generation)?;
            Some(safe::envelope_key(slot, None))
        };
        let key = slot_key(header.slot_generation).ok_or(Closed::Waits)?;
        let content = envelope::open(pack, &key).map_err(|_| Closed::Worthless)?;
        let body = plaintext::unpack(Kind::Pack, &content).map_err(|_| Closed::Worthless)?;
        let chain_at = |position| courier.sync.chain_at(log, position);
        let chain = chain_at(after).ok_or(Closed::Worthless)?;
        let before = Before { head: LogHead { position: after, chain }, chain_at: &chain_at };
        let carried = unpack(courier.sync.practice(), log, &before, &body, &slot_key);
        let carried = carried.map_err(|why| match why {
            PackError::NoKey(_) => Closed::Waits,
            PackError::Malformed => Closed::Worthless,
        })?;
        let head = LogHead { position: header.seen_pos, chain: header.seen_chain };
        Ok(Taken { after, head, carried })
    }
}

/// Whether nothing of a log lies unopened behind this position.
fn ledger_is_done<F: FileSystem>(device: &Device<F>, log: CompartmentId, to: Position) -> bool {
    let ledger = device.cabinet.store().locations().ledger();
    let last = ledger.shelves().find(|(of, _)| *of == log);
    last.is_none_or(|(_, last)| last <= to)
}
