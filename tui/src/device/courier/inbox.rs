//! From envelopes to content. What other devices made is opened, merged and stored as if it had
//! been made here; what cannot be opened yet is kept as it came and tried again.

use super::frames::{Fate, MailFrame, Number};
use super::parcel;
use super::{Courier, Errand};
use crate::device::cabinet::{Cabinet, seal_content};
use crate::device::chance::OsRandom;
use crate::device::frame::{Compartment, ContentKind, DeviceFrame, Origin};
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::device::store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::{self, Carried, ControlBody, Envelope, SealedBytes, Slot};
use tacenda_shared::id::{CompartmentId, ObjectId, Position, RecordId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, DraftName, RowName, SlotKey, SlotName};
use tacenda_shared::plaintext;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::{MAX_ITEMS, Message, RowKey};

/// Frames after which a batch goes to the disk.
const BATCH_FRAMES: usize = 256;

/// What has come in and is not yet on the disk.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) frames: Vec<DeviceFrame>,
    rows: Vec<RowChange>,
    /// Changes that were merged, for the practice to read.
    pending: Vec<Change>,
    /// Changes that this device makes in consequence.
    own: Vec<Change>,
    compartments: BTreeMap<CompartmentId, Compartment>,
    commitments: BTreeMap<ObjectId, Hash>,
    numbers: BTreeMap<Number, RecordId>,
    touched: BTreeSet<CompartmentName>,
    pub(super) changed: bool,
}

/// What became of an entry.
enum Outcome {
    Opened(Option<RecordId>),
    Quarantined,
    Waiting,
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
            Outcome::Opened(record) => (Fate::Opened, record),
            Outcome::Quarantined => (Fate::Quarantined, None),
            Outcome::Waiting => (Fate::Waiting, None),
        };
        let carried = Box::new(Carried::Whole(envelope.clone()));
        let frame = DeviceFrame::Mail(MailFrame::Entered { log, fate, record, carried });
        batch.frames.insert(at.min(batch.frames.len()), frame);
        if batch.frames.len() >= BATCH_FRAMES { self.flush_mail(batch) } else { Ok(()) }
    }

    /// Tries the entries again that wait for a key, of these logs.
    pub(super) fn retry(
        &mut self,
        courier: &mut Courier,
        logs: Option<&BTreeSet<CompartmentId>>,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
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
                Outcome::Opened(record) => (Fate::Opened, record),
                Outcome::Quarantined => (Fate::Quarantined, None),
            };
            let number = record.map(|record| (number_of(&envelope), record));
            let frame = MailFrame::Judged { log, position, fate, number };
            batch.frames.push(DeviceFrame::Mail(frame));
            if batch.frames.len() >= BATCH_FRAMES {
                self.flush_mail(batch)?;
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<Outcome, DeviceError> {
        match envelope.control() {
            Ok(Some(body)) => self.take_control(courier, batch, envelope, body),
            Ok(None) if envelope.header.kind.is_sealed() => {
                self.take_sealed(courier, batch, envelope, now)
            }
            // Of a newer version: kept and passed on.
            Ok(None) => Ok(Outcome::Waiting),
            Err(_) => Ok(Outcome::Quarantined),
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
                let Some(generation) = self.generation(batch, log) else {
                    return Ok(Outcome::Waiting);
                };
                batch.commitments.insert(object, commitment);
                let name = DraftName { compartment: log, generation, draft: object };
                courier.want(&RowName::Draft(name), self.cabinet.rows.row(&RowName::Draft(name)));
                let content = Content::Draft { document: object };
                self.store_content(batch, log, &content, Some(commitment))?;
                Ok(Outcome::Opened(None))
            }
            ControlBody::Close { object, dev_inc, dev_seq } => {
                if self.generation(batch, log).is_none() {
                    return Ok(Outcome::Waiting);
                }
                let number = (envelope.header.author, dev_inc, dev_seq);
                let ledger = self.cabinet.store().locations().ledger();
                let record = batch.numbers.get(&number).copied();
                let Some(record) = record.or_else(|| ledger.record(number)) else {
                    return Ok(Outcome::Waiting);
                };
                let content = Content::Close { document: object, record };
                self.store_content(batch, log, &content, None)?;
                Ok(Outcome::Opened(None))
            }
            ControlBody::Acknowledge(_) => Ok(Outcome::Opened(None)),
            ControlBody::Access { .. }
            | ControlBody::Erase { .. }
            | ControlBody::EraseRequest(_)
            | ControlBody::Slot(_) => Ok(Outcome::Waiting),
        }
    }

    /// The generation of the compartment's key, if the key is here.
    fn generation(
        &self,
        batch: &Batch,
        log: CompartmentId,
    ) -> Option<tacenda_shared::id::SlotGeneration> {
        let known = self.compartment(batch, log)?;
        self.cabinet.slots.contains_key(&log).then_some(known.generation)
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
        let compartment = Compartment {
            id: log,
            name,
            generation: slot.generation,
            commitment: slot.commitment,
            rings: slot.epochs.iter().map(|(ring, _)| *ring).collect(),
        };
        self.cabinet.slots.insert(log, key);
        batch.compartments.insert(log, compartment.clone());
        batch.frames.push(DeviceFrame::Compartment(compartment));
        Outcome::Opened(None)
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
        let Some(known) = self.compartment(batch, log).cloned() else {
            return Ok(Outcome::Waiting);
        };
        if known.generation != header.slot_generation {
            return Ok(Outcome::Waiting);
        }
        if header.object != parcel::NO_OBJECT
            && !self.cabinet.fetch_draft(courier, batch, &known, header.object)?
        {
            return Ok(Outcome::Waiting);
        }
        let draft = self.cabinet.drafts.get(&header.object);
        let Some(slot) = self.cabinet.slots.get(&log) else { return Ok(Outcome::Waiting) };
        let key = safe::envelope_key(slot, draft);
        let opened = envelope::open(envelope, &key).ok();
        let body = opened.and_then(|content| plaintext::unpack(header.kind, &content).ok());
        let Some(body) = body else { return Ok(Outcome::Quarantined) };
        let content = match parcel::unparcel(header, &body) {
            Ok(Some(content)) => content,
            Ok(None) => return Ok(Outcome::Waiting),
            Err(_) => return Ok(Outcome::Quarantined),
        };
        let Some(member) = self.cabinet.state.devices().get(&header.author) else {
            return Ok(Outcome::Quarantined);
        };
        let author =
            Author { member: member.member, device: header.author, incarnation: header.dev_inc };
        let change = Change { compartment: known.name, content };
        self.merge(batch, log, number_of(envelope), change, &author, now)
    }

    fn merge(
        &mut self,
        batch: &mut Batch,
        log: CompartmentId,
        number: Number,
        mut change: Change,
        author: &Author,
        now: Timestamp,
    ) -> Result<Outcome, DeviceError> {
        if let (CompartmentName::Chart(client), Content::Delta { document, draft: true, .. }) =
            (&change.compartment, &change.content)
            && self.typed.get(document).is_some_and(|typed| !typed.uncommitted().is_empty())
        {
            // What was typed here was typed before this was seen.
            self.flush_mail(batch)?;
            match self.commit(*document, *client, now) {
                // It stays typed, and must not keep back what others wrote.
                Ok(()) | Err(DeviceError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let merged = self
            .with_pending(&batch.pending, now, |practice, cx| practice.merge(&change, author, cx));
        let Ok(merged) = merged else { return Ok(Outcome::Quarantined) };
        if let (Some(kept), Content::Delta { bytes, .. }) = (merged.kept, &mut change.content) {
            *bytes = kept;
        }
        self.store_content(batch, log, &change.content, None)?;
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
        log: CompartmentId,
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
        let slot = self.cabinet.slots.get(&log).ok_or(StoreError::NoKey)?;
        let draft = kind.draft().map(|draft| self.cabinet.drafts.get(&draft));
        let key = match draft {
            None => safe::local_key(slot, None),
            Some(draft) => safe::local_key(slot, Some(draft.ok_or(StoreError::NoKey)?)),
        };
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.cabinet.keys.hedge, random: &mut random };
        batch.frames.push(seal_content(&key, log, kind, bytes, Origin::Elsewhere, &mut hedge)?);
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

impl<F: FileSystem> Cabinet<F> {
    /// Returns the key of a new compartment, from the row of a ring that is held here. A row that
    /// does not give the announced key is not kept.
    fn fetched_slot(
        &self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
        slot: &Slot,
    ) -> Option<SlotKey> {
        for (ring, epoch) in &slot.epochs {
            let held = self.rings.values().find(|held| held.id == *ring && held.epoch == *epoch);
            let Some(held) = held else { continue };
            let (ring, epoch, generation) = (*ring, *epoch, slot.generation);
            let slot_name = SlotName { ring, epoch, compartment: log, generation };
            let name = RowName::Slot(slot_name);
            let row = courier.want(&name, self.rows.row(&name))?;
            match safe::open_slot(&held.key, &slot_name, &slot.commitment, &row) {
                Ok(key) => {
                    batch.rows.push(RowChange::Put(name, row));
                    return Some(key);
                }
                Err(_) => courier.refuse_row(name),
            }
        }
        None
    }

    /// Makes sure that the key of a draft is at hand.
    fn fetch_draft(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        compartment: &Compartment,
        draft: ObjectId,
    ) -> Result<bool, StoreError> {
        if self.drafts.contains_key(&draft) {
            return Ok(true);
        }
        let Some(slot) = self.slots.get(&compartment.id) else { return Ok(false) };
        let (id, generation) = (compartment.id, compartment.generation);
        let draft_name = DraftName { compartment: id, generation, draft };
        let name = RowName::Draft(draft_name);
        let Some(row) = courier.want(&name, self.rows.row(&name)) else { return Ok(false) };
        let commitment = match batch.commitments.get(&draft) {
            Some(commitment) => Some(*commitment),
            None => self.draft_commitment(id, draft)?,
        };
        let Some(commitment) = commitment else { return Ok(false) };
        match safe::open_draft(slot, &draft_name, &commitment, &row) {
            Ok(key) => {
                batch.rows.push(RowChange::Put(name, row));
                self.drafts.insert(draft, key);
                Ok(true)
            }
            Err(_) => {
                courier.refuse_row(name);
                Ok(false)
            }
        }
    }
}

impl Courier {
    /// Returns a row that is here or was fetched; otherwise it will be asked for.
    fn want(&mut self, name: &RowName, stored: Option<&safe::Row>) -> Option<safe::Row> {
        let row = stored.or_else(|| self.fetched.get(name)).copied();
        if row.is_none() && !self.asked_rows.contains(name) {
            self.wanted.insert(*name);
        }
        row
    }

    /// The server gave a key that is not the announced one.
    fn refuse_row(&mut self, name: RowName) {
        self.fetched.remove(&name);
        self.alarms.push(super::withheld());
    }

    /// Asks for the rows that are wanted.
    pub(super) fn ask_rows(&mut self, now: Timestamp) {
        while self.sync.is_open() && !self.wanted.is_empty() {
            let names: Vec<RowName> = self.wanted.iter().take(MAX_ITEMS).copied().collect();
            names.iter().for_each(|name| {
                self.wanted.remove(name);
            });
            self.asked_rows.extend(&names);
            let keys = names.iter().map(|name| RowKey(name.encode())).collect();
            let ticket = self.sync.request(Message::RowsGet(keys), now);
            self.errands.insert(ticket, Errand::Rows(names));
        }
    }

    /// Takes rows; returns the logs that they are for.
    pub(super) fn take_rows(
        &mut self,
        names: Vec<RowName>,
        rows: Vec<Option<Vec<u8>>>,
    ) -> BTreeSet<CompartmentId> {
        let mut logs = BTreeSet::new();
        for (name, row) in names.into_iter().zip(rows) {
            self.asked_rows.remove(&name);
            let (RowName::Slot(SlotName { compartment: log, .. })
            | RowName::Draft(DraftName { compartment: log, .. })) = name
            else {
                continue;
            };
            let sized = row.and_then(|row| <[u8; safe::ROW_LENGTH]>::try_from(row).ok());
            match (sized, name) {
                (Some(bytes), _) => {
                    self.fetched.insert(name, safe::Row::from_bytes(bytes));
                    logs.insert(log);
                }
                // The row of a draft dies with the draft; the row of a slot does not.
                (None, RowName::Slot(_)) => self.alarms.push(super::withheld()),
                (None, _) => {}
            }
        }
        logs
    }
}

fn number_of(envelope: &Envelope) -> Number {
    let header = &envelope.header;
    (header.author, header.dev_inc, header.dev_seq)
}
