//! The keys that the practice log promises to this device and that are not here yet: looked for
//! after every entry that changes keys, asked for, checked against what was signed, kept. What the
//! server does not give waits and is asked for again with the next link.

use super::inbox::Batch;
use super::{Courier, Errand};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::founding::{FoundingError, encode_wrap};
use crate::device::frame::DeviceFrame;
use crate::device::held;
use crate::device::keyring::{self, Kept};
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::id::{RingEpoch, RingId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, RowName, SafeName};
use tacenda_shared::keys::wrap::{Wrap, WrapInfo};
use tacenda_shared::membership::{Recipient, State};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::{Message, Row, RowKey};

impl<F: FileSystem> Device<F> {
    /// Opens what keys there are after the practice log has changed, and asks for those that are
    /// missing.
    pub(super) fn look_for_keys(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        if courier.sync.is_refilling() || !std::mem::take(&mut courier.keys_due) {
            return Ok(());
        }
        self.keep_keys(std::mem::take(&mut courier.kept))?;
        self.cabinet.reopen()?;
        let missing = self.cabinet.missing_keys()?;
        for (info, hash) in missing.wraps {
            if courier.asked_wraps.insert(hash) {
                let keys = vec![RowKey::of_wrap(hash)];
                let ticket = courier.sync.request(Message::RowsGet(keys), now);
                courier.errands.insert(ticket, Errand::Wrap(info, hash));
            }
        }
        missing.rows.into_iter().for_each(|name| courier.want(name));
        // What waited for a ring's key may open now.
        self.retry(courier, None, batch, now)
    }

    /// Keeps keys of an entry that was taken: wraps before the rows that they open.
    fn keep_keys(&mut self, kept: Kept) -> Result<(), DeviceError> {
        let mut random = OsRandom;
        let Cabinet { keys, rows, store, .. } = &mut self.cabinet;
        let mut hedge = Hedge { key: &keys.hedge, random: &mut random };
        if !kept.frames.is_empty() {
            store.append(&kept.frames, &mut hedge)?;
        }
        rows.change(&kept.rows, &mut hedge)?;
        Ok(())
    }

    /// Takes a wrap that was asked for.
    pub(super) fn take_wrap(
        &mut self,
        courier: &mut Courier,
        info: &WrapInfo,
        hash: Hash,
        row: Option<Vec<u8>>,
    ) {
        courier.asked_wraps.remove(&hash);
        let wrapped = row.and_then(|bytes| Wrap::from_bytes(bytes).ok());
        match wrapped.filter(|wrapped| wrapped.hash() == hash) {
            Some(wrapped) => {
                courier.kept.frames.push(DeviceFrame::Wrap(encode_wrap(info, &wrapped)));
                courier.keys_due = true;
            }
            None => courier.raise(super::withheld()),
        }
    }

    /// Takes rows of the member's safe that have come, each only if it opens to the key that the
    /// practice log names.
    pub(super) fn take_safe_rows(&mut self, courier: &mut Courier) -> Result<(), DeviceError> {
        let is_safe = |name: &RowName| matches!(name, RowName::Safe(_));
        if !courier.fetched.keys().any(is_safe) {
            return Ok(());
        }
        let (member_keys, _) = self.cabinet.member_keys()?;
        let fetched: Vec<_> = courier.fetched.iter().map(|(name, row)| (*name, *row)).collect();
        for (name, row) in fetched {
            let RowName::Safe(safe_name) = name else { continue };
            let commitment = self.cabinet.state.commitment(safe_name.ring, safe_name.epoch);
            let key = member_keys.get(&safe_name.member_generation);
            let Some((key, commitment)) = key.zip(commitment) else { continue };
            if safe::open_ring(key, &safe_name, &commitment, &row).is_ok() {
                courier.kept.rows.push(RowChange::Put(name, row));
                courier.keys_due = true;
            } else {
                courier.refuse_row(name);
            }
        }
        Ok(())
    }
}

impl Courier {
    /// Keys have come from elsewhere than the server: what waits for them is tried again.
    pub(in crate::device) fn look_again(&mut self) {
        self.keys_due = true;
        self.shelf.look_again();
        self.endings.look_again();
        self.erasing.look_again();
    }

    /// Puts rows on the server, which keeps each once.
    pub(in crate::device) fn put_rows(&mut self, rows: Vec<Row>, now: Timestamp) {
        let ticket = self.sync.request(Message::RowsPut(rows), now);
        self.errands.insert(ticket, Errand::Deposit);
    }
}

/// Whether the server must have this row: the newest key of a ring under the member's present key.
pub(super) fn is_in_force(state: &State, name: &SafeName) -> bool {
    let key = state.active_member(name.member).map(|known| &known.key);
    let present = key.filter(|key| !key.retired && key.generation == name.member_generation);
    present.is_some() && state.current_epoch(name.ring) == Some(name.epoch)
}

/// What the practice log promises and is not here.
#[derive(Default)]
pub(super) struct Missing {
    /// Wraps, each with what it is bound to.
    wraps: Vec<(WrapInfo, Hash)>,
    /// Rows of the safe.
    rows: Vec<RowName>,
}

impl<F: FileSystem> Cabinet<F> {
    fn missing_keys(&mut self) -> Result<Missing, DeviceError> {
        let author = self.identity.author;
        let mut missing = Missing::default();
        let Some(known) = self.state.active_member(author.member) else { return Ok(missing) };
        if self.state.active_device(author.device).is_none() {
            return Ok(missing);
        }
        let (generation, retired) = (known.key.generation, known.key.retired);
        let (member_keys, _) = self.member_keys()?;
        let entries = held::entries(&self.store)?;
        let here = Recipient::Device(author.device);
        if !member_keys.contains_key(&generation) {
            let practice = self.identity.practice;
            missing.wraps.extend(keyring::wrap_for(&entries, practice, author.member, here));
        }
        for (ring, epoch) in self.readable_rings() {
            let name = RowName::Safe(SafeName {
                member: author.member,
                member_generation: generation,
                ring,
                epoch,
            });
            let held = self.rings.values().find(|held| held.id == ring);
            let open = held.is_some_and(|held| held.key_of(epoch).is_some());
            if retired && !open {
                // While the member's key is retired there is no safe: the wrap alone has it.
                let practice = self.identity.practice;
                missing.wraps.extend(keyring::ring_wrap(&entries, practice, (ring, epoch), here));
            } else if !retired && self.rows.row(&name).is_none() {
                missing.rows.push(name);
            }
        }
        if !member_keys.contains_key(&generation) {
            // Without that key none of the rows would open.
            missing.rows.clear();
        } else if missing.rows.is_empty() && !retired {
            self.forget_replaced_safes()?;
        }
        Ok(missing)
    }

    /// Returns the rings and epochs that this device may read without step-up.
    fn readable_rings(&self) -> Vec<(RingId, RingEpoch)> {
        let member = self.identity.author.member;
        let everyone = self.rings.get(&RingPurpose::Everyone);
        let behind = |ring: &RingId| {
            let purpose = everyone.and_then(|held| held::purpose_of(&self.state, held, ring));
            purpose.is_some_and(RingPurpose::is_behind_second_secret)
        };
        let rings = self.state.rings_of(member).filter(|ring| !behind(ring));
        let epochs = |ring| keyring::epochs(&self.state, member, ring).map(move |e| (ring, e));
        rings.flat_map(epochs).collect()
    }

    /// Deletes the rows of safes under former keys of the member for which there is one under the
    /// present key. The server has done so when it took the present one.
    fn forget_replaced_safes(&mut self) -> Result<(), StoreError> {
        let member = self.identity.author.member;
        let generation = self.state.members().get(&member).map(|known| known.key.generation);
        let Some(generation) = generation else { return Ok(()) };
        let names: BTreeSet<_> =
            self.rows.safe().filter_map(|(name, _)| RowName::decode(name).ok()).collect();
        let replaced = names.iter().filter(|name| match name {
            RowName::Safe(old) => {
                let present = SafeName { member_generation: generation, ..*old };
                old.member_generation < generation && names.contains(&RowName::Safe(present))
            }
            _ => false,
        });
        let gone: Vec<_> = replaced.map(|name| RowChange::Delete(*name)).collect();
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&gone, &mut hedge)
    }
}

impl From<FoundingError> for StoreError {
    fn from(error: FoundingError) -> Self {
        match error {
            FoundingError::Store(error) => error,
            _ => Self::Altered,
        }
    }
}
