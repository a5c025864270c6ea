//! Sealing anew: the parts of a base for others, and this device's own content under the key that
//! stays, before the older ones die.

use super::Courier;
use super::outbox::Packed;
use super::parcel::{NO_OBJECT, weight};
use crate::device::cabinet::{Cabinet, Sealing};
use crate::device::chance::OsRandom;
use crate::device::frame::{Compartment, ContentKind, DeviceFrame};
use crate::device::locations::Place;
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{ControlBody, Kind};
use tacenda_shared::id::{CompartmentId, ObjectId, SlotGeneration, Timestamp};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::log::OwnHead;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::{DeviceSync, Replica};

/// Bytes of content that are sealed anew in one group.
const GROUP_BYTES: usize = 2 << 20;

impl<F: FileSystem> Cabinet<F> {
    /// Seals the content keys and the parts of bases that are owed.
    pub(super) fn pack_bases(
        &self,
        courier: &mut Courier,
        own: &mut OwnHead,
        packed: &mut Packed,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for log in std::mem::take(&mut courier.erasing.rebasing.slots) {
            let (sync, state) = (&courier.sync, courier.sync.state());
            let Some(replica) = sync.replica(log) else { continue };
            let Some(slot) = replica.slot().filter(|slot| is_settled(sync, log, slot.generation))
            else {
                continue;
            };
            let rings = replica.rules().iter().map(|rule| rule.ring);
            if let Some(next) = self.next_slot(state, log, slot.generation, rings, packed)? {
                courier.erasing.rebasing.made.insert((log, next.generation));
                self.control(sync, log, &ControlBody::Slot(next), None, own, packed)?;
            }
        }
        // A base is as long as everything that stays of a log: whoever writes goes first.
        let takes_parts = courier.erasing.rebasing.parts.is_empty() || courier.takes_freight(now);
        while let Some(part) = courier.erasing.rebasing.parts.front().filter(|_| takes_parts) {
            if packed.is_full() {
                break;
            }
            let (log, generation, object) = (part.log, part.generation, part.object);
            let matching = courier.sync.replica(log).and_then(Replica::slot).is_some_and(|slot| {
                let key = self.slot_key(log, generation);
                slot.generation == generation
                    && key.is_some_and(|key| key.commitment() == slot.commitment)
            });
            if matching && is_settled(&courier.sync, log, generation) {
                let place = (log, generation);
                let parcel = (Kind::Kept, object, part.body.as_slice());
                let key = match object {
                    NO_OBJECT => Ok(()),
                    draft => self.reseal_draft(log, generation, draft, packed),
                };
                let sealed =
                    key.and_then(|()| self.sealed(&courier.sync, place, parcel, None, own, packed));
                if sealed.is_err() {
                    // Too large for an envelope, or without its key: nothing of this base is of use.
                    courier.erasing.rebasing.parts.retain(|part| part.log != log);
                    continue;
                }
            }
            courier.erasing.rebasing.parts.pop_front();
        }
        Ok(())
    }

    /// Puts the keys of drafts that stay under the content key that stays.
    pub(super) fn reseal_drafts(
        &mut self,
        log: CompartmentId,
        since: SlotGeneration,
        signed: &BTreeSet<ObjectId>,
    ) -> Result<(), StoreError> {
        let drafts: BTreeSet<ObjectId> = self
            .rows
            .drafts()
            .filter(|name| name.compartment == log)
            .map(|name| name.draft)
            .collect();
        let mut packed = Packed::default();
        for draft in drafts.difference(signed) {
            match self.reseal_draft(log, since, *draft, &mut packed) {
                // Of a draft that never came, or no key of its: nothing was read by it.
                Err(StoreError::NoKey | StoreError::Altered) => {}
                sealed => sealed?,
            }
        }
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&packed.rows, &mut hedge)
    }

    /// Seals the content of a log that stays under its newest key, in the order in which it lies;
    /// returns where lies what does not stay.
    pub(super) fn seal_anew(
        &mut self,
        log: CompartmentId,
        generation: SlotGeneration,
        stays: impl Fn(ContentKind) -> bool,
    ) -> Result<Vec<Location>, StoreError> {
        let locations = self.store.locations();
        let documents = locations.documents(log);
        let mut places: Vec<Place> =
            documents.flat_map(|document| locations.document(log, document)).copied().collect();
        places.extend(
            locations
                .records(log)
                .into_iter()
                .map(|(record, location)| Place { kind: ContentKind::Record(record), location }),
        );
        places.sort_by_key(|place| place.location);
        let (mut gone, mut frames, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut random = OsRandom;
        for place in places {
            // A Close says nothing under its key.
            if matches!(place.kind, ContentKind::Close { .. }) {
                continue;
            }
            let sealed = match stays(place.kind) {
                true => self.sealed_anew(log, generation, place),
                false => Err(StoreError::NoKey),
            };
            match sealed {
                Ok(frame) => {
                    bytes += weight(&frame);
                    frames.push(frame);
                }
                Err(StoreError::NoKey) => gone.push(place.location),
                Err(error) => return Err(error),
            }
            if bytes >= GROUP_BYTES {
                let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
                self.store.append(&std::mem::take(&mut frames), &mut hedge)?;
                bytes = 0;
            }
        }
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        if !frames.is_empty() {
            self.store.append(&frames, &mut hedge)?;
        }
        Ok(gone)
    }

    fn sealed_anew(
        &self,
        compartment: CompartmentId,
        generation: SlotGeneration,
        place: Place,
    ) -> Result<DeviceFrame, StoreError> {
        let DeviceFrame::Content { origin, .. } = self.store.read(place.location)? else {
            return Err(StoreError::Altered);
        };
        let bytes = self.open_content(compartment, place)?;
        let key = self.content_key(compartment, generation, place.kind.draft())?;
        let instead_of = Some(place.location);
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let seal = Sealing { compartment, generation, origin, instead_of };
        seal.content(&key, place.kind, &bytes, &mut hedge)
    }

    /// Gives a compartment that never left this device another content key; returns which.
    pub(super) fn renew_unsent(
        &mut self,
        known: Compartment,
    ) -> Result<SlotGeneration, StoreError> {
        let (id, generation) = (known.id, known.generation.next());
        let mut packed = Packed::default();
        let key = self.new_key(id);
        for ring in self.rings.values().filter(|ring| known.rings.contains(&ring.id)) {
            self.seal_slot_row(id, generation, ring, &key, &mut packed)?;
        }
        if packed.rows.is_empty() {
            return Err(StoreError::NoKey);
        }
        let commitment = key.commitment();
        let renewed = DeviceFrame::Compartment(Compartment { generation, commitment, ..known });
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&packed.rows, &mut hedge)?;
        self.store.append(&[renewed], &mut hedge)?;
        self.hold_slot(id, generation, key);
        Ok(generation)
    }

    /// Forgets the content keys of a log before the first that stays.
    pub(super) fn forget_dead_slots(&mut self) {
        let locations = self.store.locations();
        let logs: Vec<CompartmentId> = self.slots.keys().copied().collect();
        for log in logs {
            let since = locations.rebased(log).map(|rebased| rebased.since);
            if let (Some(since), Some(held)) = (since, self.slots.get_mut(&log)) {
                held.forget_before(since);
            }
        }
        self.base.replace(None);
    }
}

/// Whether no other content key of a log is on its way.
fn is_settled(sync: &DeviceSync, log: CompartmentId, generation: SlotGeneration) -> bool {
    sync.next_header(log, Kind::Delta, NO_OBJECT, 0).slot_generation == generation
}
