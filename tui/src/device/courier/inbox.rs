//! From envelopes to content. What other devices made is opened, merged and stored as if it had
//! been made here; what cannot be opened yet is kept as it came and tried again.

use super::Courier;
use super::base::Unopened;
use super::frames::{Fate, MailFrame, Number};
use super::parcel;
use crate::device::cabinet::{Cabinet, Sealing};
use crate::device::chance::OsRandom;
use crate::device::frame::{Compartment, ContentKind, DeviceFrame, Origin};
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::device::store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::{Carried, ControlBody, Envelope, Kind, SealedBytes, Slot};
use tacenda_shared::id::{CompartmentId, ObjectId, Position, RecordId, SlotGeneration, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, SlotKey};
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::{Merged, is_fixed};
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;

/// Frames after which a batch goes to the disk.
const BATCH_FRAMES: usize = 256;
/// Bytes after which it does: far below what one group of the journal takes, with the next entry.
const BATCH_BYTES: usize = 4 << 20;

/// What has come in and is not yet on the disk.
#[derive(Default)]
pub(in crate::device) struct Batch {
    pub(in crate::device) frames: Vec<DeviceFrame>,
    pub(super) rows: Vec<RowChange>,
    /// Changes that were merged, for the practice to read.
    pub(super) pending: Vec<Change>,
    /// Changes that this device makes in consequence.
    pub(super) own: Vec<Change>,
    compartments: BTreeMap<CompartmentId, Compartment>,
    pub(super) commitments: BTreeMap<ObjectId, Hash>,
    numbers: BTreeMap<Number, RecordId>,
    touched: BTreeSet<CompartmentName>,
    /// Whether an entry is among the frames that waits for its key.
    waits: bool,
    /// Whether something builds on what is not here.
    pub(super) short: bool,
    pub(in crate::device) changed: bool,
}

impl Batch {
    /// Whether it is time to put this on the disk.
    fn is_full(&self) -> bool {
        let bytes: usize = self.frames.iter().map(parcel::weight).sum();
        self.frames.len() >= BATCH_FRAMES || bytes >= BATCH_BYTES
    }
}

/// What became of an entry.
pub(super) enum Outcome {
    Destroyed,
    Opened(Option<RecordId>),
    Quarantined,
    Waiting,
}

/// Which entry of which log a change came in.
#[derive(Clone, Copy)]
pub(super) struct Came {
    pub(super) log: CompartmentId,
    pub(super) number: Number,
    /// The content key under which it lay, and lies here: with it, all copies die.
    pub(super) under: SlotGeneration,
}

impl Came {
    pub(super) fn of(envelope: &Envelope) -> Self {
        let header = &envelope.header;
        let (log, under) = (header.compartment, header.slot_generation);
        Self { log, number: number_of(envelope), under }
    }
}

impl<F: FileSystem> Device<F> {
    /// Takes the next entry of a log, by another device.
    pub(super) fn arrive(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let log = envelope.header.compartment;
        // The entry's frame comes before its content's.
        let at = batch.frames.len();
        let outcome = self.take(courier, batch, envelope, now)?;
        let (fate, record) = match outcome {
            Outcome::Destroyed => (Fate::Destroyed, None),
            Outcome::Opened(record) => (Fate::Opened, record),
            Outcome::Quarantined => (Fate::Quarantined, None),
            Outcome::Waiting => (Fate::Waiting, None),
        };
        batch.waits |= fate == Fate::Waiting;
        let carried = Box::new(Carried::Whole(envelope.clone()));
        let frame = DeviceFrame::Mail(MailFrame::Entered { log, fate, record, carried });
        batch.frames.insert(at.min(batch.frames.len()), frame);
        self.carry_late(batch, now)?;
        self.flush_if_full(batch)
    }

    /// Puts what has come in on the disk once it is much.
    pub(super) fn flush_if_full(&mut self, batch: &mut Batch) -> Result<(), DeviceError> {
        if batch.is_full() { self.flush_mail(batch) } else { Ok(()) }
    }

    /// Tries the entries again that wait for a key, of these logs.
    pub(super) fn retry(
        &mut self,
        courier: &mut Courier,
        logs: Option<&BTreeSet<CompartmentId>>,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.begin_from_bases(courier, batch, logs)?;
        self.cabinet.keep_drafts(courier, batch, logs)?;
        let known = self.cabinet.store().locations().ledger().waiting().next();
        if known.is_none() && !batch.waits {
            return Ok(());
        }
        self.flush_mail(batch)?;
        let ledger = self.cabinet.store().locations().ledger();
        let waiting: Vec<(CompartmentId, Position)> = ledger
            .waiting()
            .filter(|(log, _)| logs.is_none_or(|logs| logs.contains(log)))
            .collect();
        for (log, position) in waiting {
            let ledger = self.cabinet.store().locations().ledger();
            let Some(entry) = ledger.entry(log, position) else { continue };
            let frame = self.cabinet.store().read(entry.location)?;
            let DeviceFrame::Mail(MailFrame::Entered { carried, .. }) = frame else { continue };
            let Carried::Whole(envelope) = *carried else { continue };
            let (fate, record) = match self.take(courier, batch, &envelope, now)? {
                Outcome::Waiting => continue,
                Outcome::Destroyed => (Fate::Destroyed, None),
                Outcome::Opened(record) => (Fate::Opened, record),
                Outcome::Quarantined => (Fate::Quarantined, None),
            };
            courier.erasing.look_again();
            let number = record.map(|record| (number_of(&envelope), record));
            let frame = MailFrame::Judged { log, position, fate, number };
            batch.frames.push(DeviceFrame::Mail(frame));
            if batch.is_full() {
                self.flush_mail(batch)?;
            }
        }
        self.carry_late(batch, now)
    }

    fn take(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<Outcome, DeviceError> {
        if self.cabinet.store().locations().is_erased(envelope.header.compartment) {
            return Ok(Outcome::Destroyed);
        }
        match envelope.control() {
            Ok(Some(body)) if self.is_of_the_dead(courier, envelope, &body) => {
                Ok(Outcome::Destroyed)
            }
            // An order to erase says what it is for.
            Ok(None) if envelope.header.kind == Kind::Kept => {
                courier.comes_with(envelope);
                Ok(Outcome::Opened(None))
            }
            Ok(Some(body)) => self.take_control(courier, batch, envelope, body),
            Ok(None) if envelope.header.kind.is_sealed() => {
                self.take_sealed(courier, batch, envelope, now)
            }
            // Of a newer version: kept and passed on.
            Ok(None) => Ok(Outcome::Waiting),
            Err(_) => Ok(Outcome::Quarantined),
        }
    }

    /// Whether a control entry is about keys that are dead, or about a record that was erased.
    fn is_of_the_dead(&self, courier: &Courier, envelope: &Envelope, body: &ControlBody) -> bool {
        let (log, author) = (envelope.header.compartment, envelope.header.author);
        let locations = self.cabinet.store().locations();
        if locations.rebased(log).is_none() {
            return false;
        }
        let Some(replica) = courier.sync.replica(log) else { return false };
        let erased = |number: Number| {
            let place = replica.place_of(number);
            let entry = place.and_then(|at| locations.ledger().entry(log, at));
            entry.is_some_and(|entry| entry.fate == Fate::Destroyed)
                || replica.erasing().records().iter().any(|order| order.number == number)
        };
        match body {
            ControlBody::Genesis { slot, .. }
            | ControlBody::Slot(slot)
            | ControlBody::Access { slot: Some(slot), .. } => {
                locations.is_dead(log, slot.generation)
            }
            ControlBody::Close { dev_inc, dev_seq, .. } => erased((author, *dev_inc, *dev_seq)),
            ControlBody::Draft { object, .. } => {
                let became = replica.draft(*object).and_then(|draft| draft.became);
                became.is_some_and(erased) || self.cabinet.is_left_out(replica, log, *object)
            }
            _ => false,
        }
    }

    fn take_control(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        envelope: &Envelope,
        body: ControlBody,
    ) -> Result<Outcome, DeviceError> {
        let log = envelope.header.compartment;
        match body {
            ControlBody::Genesis { slot, name, .. } => {
                Ok(self.take_genesis(courier, batch, log, &slot, &name))
            }
            ControlBody::Draft { object, commitment } => {
                if !self.is_open_here(batch, log) {
                    return Ok(Outcome::Waiting);
                }
                if self.is_fixed(batch, log, object) {
                    return Ok(Outcome::Quarantined);
                }
                batch.commitments.insert(object, commitment);
                self.cabinet.want_draft(courier, log, object);
                let content = Content::Draft { document: object };
                self.store_content(batch, (log, None), &content, Some(commitment))?;
                Ok(Outcome::Opened(None))
            }
            ControlBody::Close { object, dev_inc, dev_seq } => {
                if !self.is_open_here(batch, log) {
                    return Ok(Outcome::Waiting);
                }
                if self.is_fixed(batch, log, object) {
                    return Ok(Outcome::Quarantined);
                }
                let number = (envelope.header.author, dev_inc, dev_seq);
                let ledger = self.cabinet.store().locations().ledger();
                let record = batch.numbers.get(&number).copied();
                let Some(record) = record.or_else(|| ledger.record(number)) else {
                    return Ok(Outcome::Waiting);
                };
                let content = Content::Close { document: object, record };
                self.store_content(batch, (log, None), &content, None)?;
                Ok(Outcome::Opened(None))
            }
            ControlBody::Slot(slot) | ControlBody::Access { slot: Some(slot), .. } => {
                Ok(self.take_slot(courier, batch, log, &slot))
            }
            // The list itself is read from the log.
            ControlBody::Access { slot: None, .. } | ControlBody::Acknowledge(_) => {
                Ok(Outcome::Opened(None))
            }
            // They are read from the log, too.
            ControlBody::Erase { .. } | ControlBody::EraseRequest(_) => Ok(Outcome::Opened(None)),
        }
    }

    /// Takes over the key that an envelope of this device has announced, once it stands in its
    /// log.
    pub(super) fn arrive_own(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        envelope: &Envelope,
    ) {
        let log = envelope.header.compartment;
        if let Ok(Some(ControlBody::Slot(slot) | ControlBody::Access { slot: Some(slot), .. })) =
            envelope.control()
        {
            // Its rows lie here since before it was sent.
            let _here = self.take_slot(courier, batch, log, &slot);
        }
    }

    /// Whether the compartment is known and a key of it is here.
    fn is_open_here(&self, batch: &Batch, log: CompartmentId) -> bool {
        self.compartment(batch, log).is_some() && self.cabinet.newest_slot(log).is_some()
    }

    /// Whether somebody says of the one document of a compartment that it is a draft.
    fn is_fixed(&self, batch: &Batch, log: CompartmentId, object: ObjectId) -> bool {
        self.compartment(batch, log).is_some_and(|known| is_fixed(&known.name, object))
    }

    fn compartment<'a>(&'a self, batch: &'a Batch, log: CompartmentId) -> Option<&'a Compartment> {
        let stored = || self.cabinet.store().locations().compartment(log);
        batch.compartments.get(&log).or_else(stored)
    }

    fn take_genesis(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
        slot: &Slot,
        sealed: &SealedBytes,
    ) -> Outcome {
        let Some(key) = self.cabinet.fetched_slot(courier, batch, log, slot) else {
            return Outcome::Waiting;
        };
        let Some(name) = parcel::open_name(&key, log, sealed) else {
            return Outcome::Quarantined;
        };
        let rings = slot.epochs.iter().map(|(ring, _)| *ring);
        if !self.cabinet.may_be_apart(&name, rings) {
            return Outcome::Quarantined;
        }
        let compartment = Compartment {
            id: log,
            name,
            generation: slot.generation,
            commitment: slot.commitment,
            rings: slot.epochs.iter().map(|(ring, _)| *ring).collect(),
        };
        self.hold(batch, compartment, key);
        Outcome::Opened(None)
    }

    /// A compartment has another content key.
    fn take_slot(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
        slot: &Slot,
    ) -> Outcome {
        let Some(known) = self.compartment(batch, log) else { return Outcome::Waiting };
        let name = known.name.clone();
        let Some(key) = self.cabinet.fetched_slot(courier, batch, log, slot) else {
            return Outcome::Waiting;
        };
        let compartment = Compartment {
            id: log,
            name,
            generation: slot.generation,
            commitment: slot.commitment,
            rings: slot.epochs.iter().map(|(ring, _)| *ring).collect(),
        };
        self.hold(batch, compartment, key);
        Outcome::Opened(None)
    }

    fn hold(&mut self, batch: &mut Batch, compartment: Compartment, key: SlotKey) {
        let (log, generation) = (compartment.id, compartment.generation);
        self.cabinet.hold_slot(log, generation, key);
        let newest = batch.compartments.get(&log).map(|known| known.generation);
        if newest.is_none_or(|newest| newest < generation) {
            batch.compartments.insert(log, compartment.clone());
        }
        batch.frames.push(DeviceFrame::Compartment(compartment));
    }

    fn take_sealed(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<Outcome, DeviceError> {
        let header = &envelope.header;
        let log = header.compartment;
        let dead = self.cabinet.store().locations().is_dead(log, header.slot_generation);
        let key = self.cabinet.slot_key(log, header.slot_generation);
        if self.compartment(batch, log).is_none() || (key.is_none() && !dead) {
            return Ok(Outcome::Waiting);
        }
        if self.is_fixed(batch, log, header.object) {
            return Ok(Outcome::Quarantined);
        }
        let left_out = |replica| self.cabinet.is_left_out(replica, log, header.object);
        if dead
            && header.object != parcel::NO_OBJECT
            && (courier.is_closed(log, header.object)
                || courier.sync.replica(log).is_some_and(left_out))
        {
            // Nobody has kept what was deleted while drafting, or the draft of what was erased.
            return Ok(Outcome::Destroyed);
        }
        if header.object != parcel::NO_OBJECT
            && !self.cabinet.fetch_draft(courier, batch, log, header.object)?
        {
            let over = courier.is_over(log, header.object);
            return Ok(if over { Outcome::Destroyed } else { Outcome::Waiting });
        }
        match self.open_sealed(batch, envelope) {
            Ok((change, author)) => self.merge(batch, Came::of(envelope), change, &author, now),
            Err(outcome) => Ok(outcome),
        }
    }

    /// Opens an entry whose keys are here, or says what becomes of it.
    pub(super) fn open_sealed(
        &self,
        batch: &Batch,
        envelope: &Envelope,
    ) -> Result<(Change, Author), Outcome> {
        let header = &envelope.header;
        let log = header.compartment;
        let known = self.compartment(batch, log).ok_or(Outcome::Waiting)?;
        let body = self.cabinet.body_of(envelope).map_err(|why| match why {
            Unopened::Damaged => Outcome::Quarantined,
            Unopened::Erased => Outcome::Destroyed,
            Unopened::NoKey => Outcome::Waiting,
        })?;
        let content = match parcel::unparcel(header, &body) {
            Ok(Some(content)) => content,
            Ok(None) => return Err(Outcome::Waiting),
            Err(_) => return Err(Outcome::Quarantined),
        };
        let member = self.cabinet.state.devices().get(&header.author);
        let member = member.ok_or(Outcome::Quarantined)?.member;
        let author = Author { member, device: header.author, incarnation: header.dev_inc };
        Ok((Change { compartment: known.name.clone(), content }, author))
    }

    pub(super) fn merge(
        &mut self,
        batch: &mut Batch,
        came: Came,
        change: Change,
        author: &Author,
        now: Timestamp,
    ) -> Result<Outcome, DeviceError> {
        if let (Some(client), Content::Delta { document, draft: true, .. }) =
            (change.compartment.whose_drafts(), &change.content)
            && self.typed.get(document).is_some_and(|typed| !typed.uncommitted().is_empty())
        {
            // What was typed here was typed before this was seen.
            self.flush_mail(batch)?;
            match self.commit(*document, client, now) {
                // It stays typed, and must not keep back what others wrote.
                Ok(()) | Err(DeviceError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let merged = self
            .with_pending(&batch.pending, now, |practice, cx| practice.merge(&change, author, cx));
        match merged {
            Ok(merged) => self.merged(batch, came, change, merged),
            Err(_) => Ok(Outcome::Quarantined),
        }
    }

    /// Puts down what merging a change has led to.
    pub(super) fn merged(
        &self,
        batch: &mut Batch,
        Came { log, number, under }: Came,
        mut change: Change,
        merged: Merged,
    ) -> Result<Outcome, DeviceError> {
        batch.short |= merged.missing > 0;
        if let (Some(kept), Content::Delta { bytes, .. }) = (merged.kept, &mut change.content) {
            *bytes = kept;
        }
        self.store_content(batch, (log, Some(under)), &change.content, None)?;
        batch.touched.extend(merged.touched);
        batch.changed = true;
        let record = match &change.content {
            Content::Record { record, .. } => Some(*record),
            _ => None,
        };
        if let Some(record) = record {
            batch.numbers.insert(number, record);
        }
        batch.pending.push(change);
        batch.pending.extend(merged.changes.iter().cloned());
        batch.own.extend(merged.changes);
        Ok(Outcome::Opened(record))
    }

    fn store_content(
        &self,
        batch: &mut Batch,
        (log, under): (CompartmentId, Option<SlotGeneration>),
        content: &Content,
        commitment: Option<Hash>,
    ) -> Result<(), DeviceError> {
        let none: &[u8] = &[];
        let commitment = commitment.map(|hash| *hash.as_bytes());
        let (kind, bytes) = match content {
            Content::Close { document, record } => {
                (ContentKind::Close { draft: *document, record: *record }, none)
            }
            Content::Delta { document, draft: false, bytes } => {
                (ContentKind::Delta(*document), bytes.as_slice())
            }
            Content::Delta { document, draft: true, bytes } => {
                (ContentKind::DraftDelta(*document), bytes.as_slice())
            }
            Content::Draft { document } => {
                (ContentKind::Draft(*document), commitment.as_ref().map_or(none, |hash| hash))
            }
            Content::Record { record, bytes } => (ContentKind::Record(*record), bytes.as_slice()),
        };
        let own = under.filter(|under| !self.cabinet.store().locations().is_dead(log, *under));
        let own = own.and_then(|under| Some((under, self.cabinet.slot_key(log, under)?)));
        let newest = own.or_else(|| self.cabinet.newest_slot(log));
        let (generation, slot) = newest.ok_or(StoreError::NoKey)?;
        let draft = kind.draft().map(|draft| self.cabinet.drafts.get(&draft));
        let key = match draft {
            None => safe::local_key(slot, None),
            Some(draft) => safe::local_key(slot, Some(draft.ok_or(StoreError::NoKey)?)),
        };
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.cabinet.keys.hedge, random: &mut random };
        let origin = Origin::Elsewhere;
        let seal = Sealing { compartment: log, generation, origin, instead_of: None };
        batch.frames.push(seal.content(&key, kind, bytes, &mut hedge)?);
        Ok(())
    }

    /// Puts what has come in on the disk, and after it what this device makes of it.
    pub(super) fn flush_mail(&mut self, batch: &mut Batch) -> Result<(), DeviceError> {
        let Batch { frames, rows, own, touched, changed, .. } = std::mem::take(batch);
        batch.changed = changed;
        let mut random = OsRandom;
        let stored = {
            let Cabinet { keys, rows: tables, store, .. } = &mut self.cabinet;
            let mut hedge = Hedge { key: &keys.hedge, random: &mut random };
            let tables = tables.change(&rows, &mut hedge);
            tables.and_then(|()| match frames.is_empty() {
                true => Ok(()),
                false => store.append(&frames, &mut hedge),
            })
        };
        if let Err(error) = stored {
            self.start_over()?;
            return Err(error.into());
        }
        self.touched.extend(touched);
        self.keep(own)
    }
}

pub(super) fn number_of(envelope: &Envelope) -> Number {
    let header = &envelope.header;
    (header.author, header.dev_inc, header.dev_seq)
}
