//! From content to envelopes. What this device made is numbered and sealed when it is about to be
//! pushed, in the order in which it was made; from then on it goes out byte for byte as it is.

use super::frames::{MailFrame, Source};
use super::freight::Load;
use super::grid::{self, Grid};
use super::parcel::{self, NO_OBJECT, SCHEMA};
use super::{Courier, QUEUE_ENVELOPES};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::{Compartment, ContentKind, DeviceFrame};
use crate::device::held::HeldRing;
use crate::device::locations::Place;
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::device::settings::Timing;
use crate::device::store::StoreError;
use std::collections::BTreeMap;
use tacenda_shared::envelope::{self, ControlBody, Envelope, Kind, Slot};
use tacenda_shared::id::{CompartmentId, ObjectId, RecordId, RingId, SlotGeneration, Timestamp};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::keys::safe::{self, DraftName, RowName, SlotKey, SlotName};
use tacenda_shared::log::OwnHead;
use tacenda_shared::membership::State;
use tacenda_shared::plaintext;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::device::{DeviceSync, Queued};
use tacenda_shared::sync::{MAX_GROUP, RefusalCode, Row, RowKey};

/// Envelopes that are sealed and journalled together at most.
const BATCH_ENVELOPES: usize = 128;

/// What was sealed together, in the order of the own chain.
#[derive(Default)]
pub(super) struct Packed {
    /// Each envelope with what it carries.
    pub(super) envelopes: Vec<(Envelope, Option<Source>)>,
    /// Content that never goes out, see [`MailFrame::Skipped`].
    pub(super) skipped: Vec<Location>,
    /// Rows that must be on the disk before any of it.
    pub(super) rows: Vec<RowChange>,
    bytes: usize,
}

impl Packed {
    pub(super) fn is_full(&self) -> bool {
        self.envelopes.len() >= BATCH_ENVELOPES || self.bytes >= MAX_GROUP
    }

    fn is_empty(&self) -> bool {
        self.envelopes.is_empty() && self.skipped.is_empty()
    }

    /// Returns where the own chain stands after all of it.
    pub(super) fn own_after(&self, own: OwnHead) -> OwnHead {
        let last = self.envelopes.last();
        last.map_or(own, |(last, _)| OwnHead::after(&last.header, last.hash()))
    }

    /// Returns the frames that put all of it on the disk.
    pub(super) fn frames(&self) -> Vec<DeviceFrame> {
        let sent = self.envelopes.iter().map(|(envelope, source)| {
            let envelope = Box::new(envelope.clone());
            DeviceFrame::Mail(MailFrame::Sent { source: *source, envelope })
        });
        let skipped = (!self.skipped.is_empty())
            .then(|| DeviceFrame::Mail(MailFrame::Skipped(self.skipped.clone())));
        sent.chain(skipped).collect()
    }
}

/// What is to be done with a piece of content now.
enum Turn {
    Seal(Kind, ObjectId, Vec<u8>),
    Control(ControlBody),
    Later,
    Never,
}

/// Whether anything can be sealed for a compartment now.
#[derive(Clone, Copy)]
pub(super) enum Ready {
    /// Under the content key of this generation.
    Under(SlotGeneration),
    /// A key is still to come, or to be made and to take its place in the log.
    Later,
}

impl<F: FileSystem> Device<F> {
    /// Seals, journals and queues the next pieces of content; false if there is nothing to do.
    pub(super) fn send_next(
        &mut self,
        courier: &mut Courier,
        now: Timestamp,
    ) -> Result<bool, DeviceError> {
        let full = courier.sync.queue_length() >= QUEUE_ENVELOPES;
        if courier.parked || self.life.is_due() || full || !courier.sync.may_push() {
            return Ok(false);
        }
        let gate = (self.timing == Timing::Quiet).then(|| {
            let newest = self.cabinet.newest_quiet();
            let owed = courier.endings.is_owed() || courier.erasing.is_owed();
            courier.grid.turn(newest, owed, now, &mut OsRandom);
            &courier.grid
        });
        let mut packed = self.cabinet.pack(&courier.sync, gate, Load::Light)?;
        if gate.is_none_or(Grid::lets_words_out) {
            self.cabinet.pack_acknowledgements(courier, &mut packed)?;
            self.cabinet.pack_erasures(courier, &mut packed, now)?;
        }
        if packed.is_empty() && self.cabinet.has_freight() && courier.takes_freight(now) {
            let gate = (self.timing == Timing::Quiet).then_some(&courier.grid);
            packed = self.cabinet.pack(&courier.sync, gate, Load::Freight)?;
        }
        let frames = packed.frames();
        if frames.is_empty() {
            return Ok(false);
        }
        let mut random = OsRandom;
        let Cabinet { keys, rows, store, .. } = &mut self.cabinet;
        let mut hedge = Hedge { key: &keys.hedge, random: &mut random };
        rows.change(&packed.rows, &mut hedge)?;
        store.append(&frames, &mut hedge)?;
        for (envelope, _) in packed.envelopes {
            let rows = self.cabinet.rows_for(&envelope);
            let queued = courier.sync.queue(Queued { envelope, rows }, now);
            queued.map_err(|_| StoreError::Altered)?;
        }
        Ok(true)
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Seals the next pieces of content of one kind of load, each once, after what is queued already.
    pub(super) fn pack(
        &self,
        sync: &DeviceSync,
        gate: Option<&Grid>,
        load: Load,
    ) -> Result<Packed, StoreError> {
        let locations = self.store.locations();
        let mut packed = Packed::default();
        let mut ready: BTreeMap<CompartmentId, Ready> = BTreeMap::new();
        let mut own = sync.own();
        for source in locations.ledger().unsent() {
            if packed.is_full() {
                break;
            }
            let Some(compartment) = locations.compartment(source.compartment) else { continue };
            if Load::of(&compartment.name) != load {
                continue;
            }
            if self.newest_slot(compartment.id).is_none() {
                // It is closed: it leaves once somebody steps up.
                continue;
            }
            if gate.is_some_and(|gate| gate.holds(&compartment.name, source.location)) {
                continue;
            }
            let turn = self.turn(source)?;
            match turn {
                Turn::Later => continue,
                Turn::Never => {
                    packed.skipped.push(source.location);
                    continue;
                }
                Turn::Control(_) | Turn::Seal(..) => {}
            }
            let now = match ready.get(&compartment.id) {
                Some(now) => *now,
                None => self.make_ready(sync, compartment, &mut own, &mut packed)?,
            };
            ready.insert(compartment.id, now);
            let Ready::Under(generation) = now else { continue };
            match turn {
                Turn::Control(body) => {
                    if let ControlBody::Draft { object, .. } = &body {
                        self.reseal_draft(compartment.id, generation, *object, &mut packed)?;
                    }
                    self.control(sync, compartment.id, &body, Some(source), &mut own, &mut packed)?;
                }
                Turn::Seal(kind, object, body) => {
                    let parcel = (kind, object, body.as_slice());
                    let place = (compartment.id, generation);
                    self.sealed(sync, place, parcel, Some(source), &mut own, &mut packed)?;
                }
                Turn::Later | Turn::Never => {}
            }
        }
        Ok(packed)
    }

    /// Returns the newest piece of content that quiet timing holds back for a while.
    pub(super) fn newest_quiet(&self) -> Option<Location> {
        let locations = self.store.locations();
        let quiet = locations.ledger().unsent().filter(|source| {
            locations.compartment(source.compartment).is_some_and(|c| grid::is_quiet(&c.name))
        });
        quiet.map(|source| source.location).max()
    }

    /// Makes sure that a log may take what is sealed: that it has begun, that nobody has lost the
    /// right to its rings since they have their keys, and that its content key is as new as they.
    fn make_ready(
        &self,
        sync: &DeviceSync,
        compartment: &Compartment,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<Ready, StoreError> {
        let (id, state) = (compartment.id, sync.state());
        let announced = sync.next_header(id, Kind::Delta, NO_OBJECT, 0).slot_generation;
        let Some(replica) = sync.replica(id) else {
            return self.begin(sync, compartment, announced, own, packed);
        };
        let Some(slot) = replica.slot() else { return Ok(Ready::Later) };
        if replica.erasing().order().is_some() {
            // The server takes nothing of it any more; what a hold keeps here stays here.
            return Ok(Ready::Later);
        }
        let stale = replica.rules().iter().any(|rule| state.stale(rule.ring));
        if stale || announced != slot.generation {
            // Of two slots of one generation one is refused, so nothing is sealed under one that
            // does not stand in the log yet.
            return Ok(Ready::Later);
        }
        let rings = || replica.rules().iter().map(|rule| rule.ring);
        if replica.needs_slot(state) || self.is_exposed(state, id, rings(), slot) {
            if let Some(next) = self.next_slot(state, id, slot.generation, rings(), packed)? {
                self.control(sync, id, &ControlBody::Slot(next), None, own, packed)?;
            }
            return Ok(Ready::Later);
        }
        let held = self.slot_key(id, slot.generation);
        let matches = held.is_some_and(|key| key.commitment() == slot.commitment);
        Ok(if matches { Ready::Under(slot.generation) } else { Ready::Later })
    }

    /// Whether a content key was sealed to a key that a ring has no more: its row may have gone
    /// out, and whoever was shut out since opens it.
    pub(super) fn is_exposed(
        &self,
        state: &State,
        compartment: CompartmentId,
        mut rings: impl Iterator<Item = RingId>,
        slot: &Slot,
    ) -> bool {
        let generation = slot.generation;
        rings.any(|ring| {
            let held = self.rings.values().filter(|held| held.id == ring);
            let mut keys = held.flat_map(HeldRing::keys);
            keys.any(|(epoch, key)| {
                let name = SlotName { ring, epoch, compartment, generation };
                let old = state.current_epoch(ring) != Some(epoch);
                let row = self.rows.row(&RowName::Slot(name)).filter(|_| old);
                row.is_some_and(|row| safe::open_slot(key, &name, &slot.commitment, row).is_ok())
            })
        })
    }

    /// The compartment's next content key, for every ring of its list; `None` while a ring's
    /// newest key is not here.
    pub(super) fn next_slot(
        &self,
        state: &State,
        id: CompartmentId,
        before: SlotGeneration,
        rings: impl Iterator<Item = RingId>,
        packed: &mut Packed,
    ) -> Result<Option<Slot>, StoreError> {
        let generation = before.next();
        let mut held = Vec::new();
        for ring in rings {
            let ring = self.rings.values().find(|held| held.id == ring);
            let current = ring.filter(|held| state.current_epoch(held.id) == Some(held.epoch));
            let Some(ring) = current else { return Ok(None) };
            held.push(ring);
        }
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let key = SlotKey::generate(&mut hedge, id.as_bytes());
        let mut epochs = Vec::new();
        for ring in held {
            self.seal_slot_row(id, generation, ring, &key, packed)?;
            epochs.push((ring.id, ring.epoch));
        }
        epochs.sort_unstable_by_key(|(ring, _)| *ring);
        Ok(Some(Slot { generation, commitment: key.commitment(), epochs }))
    }

    /// Puts the row of a content key for one ring in the place of what a try that was refused has
    /// left under its name.
    pub(super) fn seal_slot_row(
        &self,
        compartment: CompartmentId,
        generation: SlotGeneration,
        ring: &HeldRing,
        key: &SlotKey,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let name = SlotName { ring: ring.id, epoch: ring.epoch, compartment, generation };
        let row = safe::seal_slot(&ring.key, &name, key, &mut hedge);
        let row = row.map_err(|_| StoreError::Altered)?;
        let name = RowName::Slot(name);
        packed.rows.extend(self.rows.row(&name).map(|_| RowChange::Delete(name)));
        packed.rows.push(RowChange::Put(name, row));
        Ok(())
    }

    /// Puts the key of a draft that nobody else knows yet under the content key that it is
    /// announced with.
    pub(super) fn reseal_draft(
        &self,
        compartment: CompartmentId,
        generation: SlotGeneration,
        draft: ObjectId,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let name = DraftName { compartment, generation, draft };
        let slot = self.slot_key(compartment, generation).ok_or(StoreError::NoKey)?;
        let put = |change: &RowChange| matches!(change, RowChange::Put(RowName::Draft(known), _) if *known == name);
        if self.rows.row(&RowName::Draft(name)).is_some() || packed.rows.iter().any(put) {
            return Ok(());
        }
        let opened;
        let key = match self.drafts.get(&draft) {
            Some(key) => key,
            None => {
                opened = self.open_draft(compartment, draft)?;
                &opened
            }
        };
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let row = safe::seal_draft(slot, &name, key, &mut hedge);
        let row = row.map_err(|_| StoreError::Altered)?;
        packed.rows.push(RowChange::Put(RowName::Draft(name), row));
        Ok(())
    }

    fn turn(&self, source: Source) -> Result<Turn, StoreError> {
        let (id, kind) = (source.compartment, source.kind);
        if let ContentKind::Close { draft, record } = kind {
            return Ok(self.ending(id, draft, record));
        }
        if let ContentKind::Draft(draft) | ContentKind::DraftDelta(draft) = kind
            && !self.has_draft_key(id, draft)
        {
            return Ok(Turn::Never);
        }
        let place = Place { kind, location: source.location };
        let bytes = self.open_content(id, place)?;
        Ok(match (kind, parcel::parcel(kind, &bytes)) {
            (ContentKind::Draft(object), _) => {
                let commitment = bytes.as_slice().try_into().map_err(|_| StoreError::Altered)?;
                Turn::Control(ControlBody::Draft {
                    object,
                    commitment: Hash::from_bytes(commitment),
                })
            }
            (_, Some((kind, object, body))) => Turn::Seal(kind, object, body),
            (_, None) => Turn::Never,
        })
    }

    fn has_draft_key(&self, id: CompartmentId, draft: ObjectId) -> bool {
        self.drafts.contains_key(&draft) || self.has_draft_row(id, draft)
    }

    /// A Close names the record by the number of its envelope, which must have been taken.
    fn ending(&self, id: CompartmentId, object: ObjectId, record: RecordId) -> Turn {
        let ledger = self.store.locations().ledger();
        if !ledger.knows_draft(object) {
            return if self.has_draft_key(id, object) { Turn::Later } else { Turn::Never };
        }
        match ledger.number_of(self.identity.author.device, record) {
            Some((_, dev_inc, dev_seq)) if !ledger.is_unanswered(dev_inc, dev_seq) => {
                Turn::Control(ControlBody::Close { object, dev_inc, dev_seq })
            }
            _ => Turn::Later,
        }
    }

    pub(super) fn control(
        &self,
        sync: &DeviceSync,
        compartment: CompartmentId,
        body: &ControlBody,
        source: Option<Source>,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut header = sync.next_header(compartment, body.kind(), NO_OBJECT, 0);
        (header.dev_seq, header.prev_own) = (own.dev_seq.next(), own.own);
        let envelope = envelope::sign_control(header, body, &self.keys.sign)
            .map_err(|_| StoreError::Altered)?;
        packed.take(envelope, source, own);
        Ok(())
    }

    pub(super) fn sealed(
        &self,
        sync: &DeviceSync,
        (compartment, generation): (CompartmentId, SlotGeneration),
        (kind, object, body): (Kind, ObjectId, &[u8]),
        source: Option<Source>,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut header = sync.next_header(compartment, kind, object, SCHEMA);
        (header.dev_seq, header.prev_own) = (own.dev_seq.next(), own.own);
        header.slot_generation = generation;
        let content = plaintext::pack(kind, SCHEMA, body).map_err(|_| StoreError::Altered)?;
        let slot = self.slot_key(compartment, generation).ok_or(StoreError::NoKey)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let envelope = if object == NO_OBJECT {
            let key = safe::envelope_key(slot, None);
            envelope::seal(header, &key, &content, &self.keys.sign, &mut hedge)
        } else {
            let opened;
            let draft = match self.drafts.get(&object) {
                Some(draft) => draft,
                None => {
                    opened = self.open_draft(compartment, object)?;
                    &opened
                }
            };
            let key = safe::envelope_key(slot, Some(draft));
            envelope::seal(header, &key, &content, &self.keys.sign, &mut hedge)
        };
        packed.take(envelope.map_err(|_| StoreError::Altered)?, source, own);
        Ok(())
    }

    /// Returns the rows of the keys that an envelope announces, as they go to the server with it.
    pub(super) fn rows_for(&self, envelope: &Envelope) -> Vec<Row> {
        let id = envelope.header.compartment;
        let names: Vec<RowName> = match envelope.control() {
            Ok(Some(ControlBody::Genesis { slot, .. } | ControlBody::Slot(slot))) => slot
                .epochs
                .iter()
                .map(|(ring, epoch)| {
                    let (ring, epoch, generation) = (*ring, *epoch, slot.generation);
                    RowName::Slot(SlotName { ring, epoch, compartment: id, generation })
                })
                .collect(),
            Ok(None) if envelope.header.kind == Kind::Kept => {
                let (generation, draft) = (envelope.header.slot_generation, envelope.header.object);
                vec![RowName::Draft(DraftName { compartment: id, generation, draft })]
            }
            Ok(Some(ControlBody::Draft { object, .. })) => {
                let names = self.draft_names(id, object).map(|(name, _)| RowName::Draft(name));
                names.filter(|name| self.rows.row(name).is_some()).take(1).collect()
            }
            _ => Vec::new(),
        };
        let row = |name: &RowName| {
            let bytes = self.rows.row(name)?.as_bytes().to_vec();
            Some(Row { key: RowKey(name.encode()), bytes })
        };
        names.iter().filter_map(row).collect()
    }
}

impl Packed {
    fn take(&mut self, envelope: Envelope, source: Option<Source>, own: &mut OwnHead) {
        *own = OwnHead::after(&envelope.header, envelope.hash());
        self.bytes = self.bytes.saturating_add(envelope.body.len());
        self.envelopes.push((envelope, source));
    }
}

/// Whether what a refused envelope carried goes out again under another number: the log was to
/// have another key first, or has not begun because of that.
pub(super) const fn goes_again(code: RefusalCode) -> bool {
    matches!(code, RefusalCode::Stale | RefusalCode::OldSlot | RefusalCode::UnknownLog)
}

/// Whether what is known by now says that an envelope could not be taken as it was sealed.
pub(super) fn is_outdated(sync: &DeviceSync, envelope: &Envelope) -> bool {
    let state = sync.state();
    let Some(replica) = sync.replica(envelope.header.compartment) else {
        let Ok(Some(ControlBody::Genesis { slot, .. })) = envelope.control() else { return true };
        let outdated =
            |(ring, epoch)| state.stale(ring) || state.current_epoch(ring) != Some(epoch);
        return slot.epochs.into_iter().any(outdated);
    };
    let newer = |slot: &Slot| {
        let sealed = envelope.header.kind.is_sealed();
        sealed && slot.generation > envelope.header.slot_generation
    };
    let stale = replica.rules().iter().any(|rule| state.stale(rule.ring));
    let header = &envelope.header;
    let draft = match header.kind {
        Kind::Draft => header.seen_pos < replica.keyed_since(),
        // The beginning of the draft was refused, and comes again before it.
        Kind::Delta => header.object != NO_OBJECT && replica.draft(header.object).is_none(),
        _ => false,
    };
    stale || draft || replica.needs_slot(state) || replica.slot().is_some_and(newer)
}
