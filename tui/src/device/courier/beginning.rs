//! The first entries of a log: nobody else can begin it.

use super::outbox::{Packed, Ready};
use super::parcel;
use crate::device::cabinet::{Cabinet, FIRST_SLOT};
use crate::device::chance::OsRandom;
use crate::device::frame::Compartment;
use crate::device::store::StoreError;
use tacenda_shared::envelope::{AccessRule, ControlBody, MAX_RULES, Rights, Slot};
use tacenda_shared::id::{CompartmentId, SlotGeneration};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{RowName, SlotKey, SlotName};
use tacenda_shared::log::OwnHead;
use tacenda_shared::membership::State;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::DeviceSync;

impl<F: FileSystem> Cabinet<F> {
    /// The same for a log that has not begun: nobody else can begin it. A first key that may be
    /// known to who was shut out since is followed by another at once, with nothing under it.
    pub(super) fn begin(
        &self,
        sync: &DeviceSync,
        compartment: &Compartment,
        announced: SlotGeneration,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<Ready, StoreError> {
        let (id, state) = (compartment.id, sync.state());
        let first = Slot {
            generation: compartment.generation,
            commitment: compartment.commitment,
            epochs: Vec::new(),
        };
        let exposed = self.is_exposed(state, id, compartment.rings.iter().copied(), &first);
        let renewed = compartment.generation != FIRST_SLOT;
        let rebased = self.store.locations().rebased(id);
        let under = rebased.is_some_and(|rebased| rebased.since == compartment.generation);
        if announced != SlotGeneration::ZERO {
            // Its genesis is on its way, perhaps for those who were readers when it left.
            let exposed = exposed || renewed;
            let stale = compartment.rings.iter().any(|ring| state.stale(*ring));
            return Ok(if stale || exposed { Ready::Later } else { Ready::Under(announced) });
        }
        if renewed && !under {
            // What lies here is not all under that key yet.
            return Ok(Ready::Later);
        }
        // What no ring of the practice may read stays here.
        let made = match renewed {
            true => Some(self.new_key(id)),
            false => None,
        };
        let held = self.slot_key(id, compartment.generation);
        let Some(key) = made.as_ref().or(held) else { return Ok(Ready::Later) };
        let Some(genesis) = self.genesis(state, compartment, (key, renewed), packed)? else {
            return Ok(Ready::Later);
        };
        self.control(sync, id, &genesis, None, own, packed)?;
        if renewed {
            self.announce_renewed(sync, compartment, &genesis, own, packed)?;
            return Ok(Ready::Later);
        }
        if !exposed {
            return Ok(Ready::Under(compartment.generation));
        }
        if let ControlBody::Genesis { rules, slot, .. } = &genesis {
            let rings = rules.iter().map(|rule| rule.ring);
            if let Some(next) = self.next_slot(state, id, slot.generation, rings, packed)? {
                self.control(sync, id, &ControlBody::Slot(next), None, own, packed)?;
            }
        }
        Ok(Ready::Later)
    }

    /// A compartment from which a record was erased before it left this device has a later key than
    /// a log begins with: those before it are announced with nothing under them.
    fn announce_renewed(
        &self,
        sync: &DeviceSync,
        compartment: &Compartment,
        genesis: &ControlBody,
        own: &mut OwnHead,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let ControlBody::Genesis { slot, .. } = genesis else { return Ok(()) };
        let id = compartment.id;
        let mut generation = slot.generation;
        while generation < compartment.generation {
            generation = generation.next();
            let made;
            let key = match self.slot_key(id, generation) {
                Some(held) => held,
                None => {
                    made = self.new_key(id);
                    &made
                }
            };
            for (ring, _) in &slot.epochs {
                let held = self.rings.values().find(|held| held.id == *ring);
                let held = held.ok_or(StoreError::NoKey)?;
                self.seal_slot_row(id, generation, held, key, packed)?;
            }
            let (commitment, epochs) = (key.commitment(), slot.epochs.clone());
            let next = ControlBody::Slot(Slot { generation, commitment, epochs });
            self.control(sync, id, &next, None, own, packed)?;
        }
        Ok(())
    }

    pub(super) fn new_key(&self, id: CompartmentId) -> SlotKey {
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        SlotKey::generate(&mut hedge, id.as_bytes())
    }

    /// The first entry of a compartment: who may read and write it, its key, its name; `None`
    /// while a ring waits for a new key, or has one that is not here.
    fn genesis(
        &self,
        state: &State,
        compartment: &Compartment,
        (slot, new): (&SlotKey, bool),
        packed: &mut Packed,
    ) -> Result<Option<ControlBody>, StoreError> {
        let (id, generation) = (compartment.id, FIRST_SLOT);
        let held = self.rings.iter().filter(|(_, ring)| compartment.rings.contains(&ring.id));
        let mut held: Vec<_> = held.collect();
        held.sort_unstable_by_key(|(_, ring)| ring.id);
        let current = held.iter().all(|(_, ring)| {
            !state.stale(ring.id) && state.current_epoch(ring.id) == Some(ring.epoch)
        });
        if held.is_empty() || held.len() > MAX_RULES || !current {
            return Ok(None);
        }
        for (_, ring) in &held {
            let (ring_id, epoch) = (ring.id, ring.epoch);
            let name = SlotName { ring: ring_id, epoch, compartment: id, generation };
            if new || self.rows.row(&RowName::Slot(name)).is_none() {
                // Made before the ring had this key.
                self.seal_slot_row(id, generation, ring, slot, packed)?;
            }
        }
        let rules = held
            .iter()
            .map(|(purpose, ring)| AccessRule { ring: ring.id, rights: rights(**purpose) });
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let name = parcel::seal_name(slot, id, &compartment.name, &mut hedge)
            .map_err(|_| StoreError::Altered)?;
        Ok(Some(ControlBody::Genesis {
            rules: rules.collect(),
            slot: Slot {
                generation,
                commitment: slot.commitment(),
                epochs: held.iter().map(|(_, ring)| (ring.id, ring.epoch)).collect(),
            },
            name,
        }))
    }
}

/// Those who look over audit trails read and nothing else; who else has a ring has all of it.
const fn rights(purpose: RingPurpose) -> Rights {
    match purpose {
        RingPurpose::Auditors => Rights::READ,
        _ => Rights::ALL,
    }
}
