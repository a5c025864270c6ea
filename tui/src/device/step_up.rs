//! Asking for the passphrase again, for what undo cannot reverse and for what lies behind step-up:
//! psychotherapy rings. The second secret is handed out and never kept by the open practice; the
//! rings that it opened can be closed again.

use super::cabinet::Cabinet;
use super::chance::OsRandom;
use super::courier::sheet::SheetError;
use super::founding::FoundingError;
use super::held::{self, HeldRing};
use super::home::Home;
use super::keyring::{self, KeyringError};
use super::open::{Device, DeviceError, try_passphrase};
use super::rows::RowChange;
use tacenda_shared::id::{RingEpoch, RingId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::keys::safe::{self, RingKey, Row as SafeRow, RowName, SafeName, SecondSecret};
use tacenda_shared::keys::unwrap_second_ring_keys;
use tacenda_shared::keys::vault::{Vault, VaultError};
use tacenda_shared::keys::wrap::{Wrap, WrapInfo};
use tacenda_shared::membership::{Invalid, Recipient, Signer};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::{Row, RowKey};

impl Device {
    /// Checks the passphrase again, for what undo cannot reverse.
    pub fn check_passphrase(
        home: &Home,
        passphrase: &Passphrase,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        try_passphrase(home, passphrase, now, Vault::open).map(drop)
    }

    /// Checks the passphrase again and opens what lies behind step-up: the member's second
    /// secret; `None` if this vault was never given one.
    pub fn step_up(
        home: &Home,
        passphrase: &Passphrase,
        now: Timestamp,
    ) -> Result<Option<SecondSecret>, DeviceError> {
        match try_passphrase(home, passphrase, now, Vault::open_second_secret) {
            Ok(secret) => Ok(Some(SecondSecret::from_secret(secret))),
            Err(DeviceError::Vault(VaultError::MissingSection)) => {
                Self::check_passphrase(home, passphrase, now).map(|()| None)
            }
            Err(error) => Err(error),
        }
    }
}

/// What is still to be done for the rings behind step-up.
#[derive(Debug)]
pub enum Behind {
    /// Nothing.
    Settled,
    /// An entry is on its way; see [`Device::poll_proposed`].
    Proposed,
    /// These rows are on the server and not here; see [`Device::give_behind`].
    Wants(Vec<RowName>),
}

impl<F: FileSystem> Device<F> {
    /// Opens the rings that lie behind step-up, until [`Device::close_behind`] or a lock. Returns
    /// whether there are any.
    pub fn open_behind(&mut self, second: &SecondSecret) -> Result<bool, DeviceError> {
        let rings = self.cabinet.rings_behind(second)?;
        let any = !rings.is_empty();
        self.cabinet.rings.extend(rings);
        self.open_slots_behind()?;
        if let Some(courier) = &mut self.courier {
            // What came for these rings waits for them.
            courier.look_again();
        }
        Ok(any)
    }

    /// Closes the rings behind step-up, unless the person at the keyboard has them open: their keys are
    /// dropped, and those of what they open, and what was known of it.
    pub fn close_behind(&mut self) {
        if !self.apart.stepped_up {
            self.drop_behind();
        }
    }

    /// Brings the rings behind step-up up to date: their keys into the safe under the member's
    /// present key, so that every device and the sheet find them there, and a new key for a ring
    /// whose old one a lost device may know. To be called until it is settled.
    pub fn settle_behind(
        &mut self,
        second: &SecondSecret,
        now: Timestamp,
    ) -> Result<Behind, SheetError> {
        self.open_behind(second)?;
        let missing = self.cabinet.missing_behind();
        if !missing.is_empty() && self.is_attached() {
            return Ok(Behind::Wants(missing));
        }
        self.reseal_behind(second, now)?;
        self.rekey_behind(second, now)
    }

    /// The same without what the server was asked for and did not have.
    pub fn settle_behind_with_what_is_here(
        &mut self,
        second: &SecondSecret,
        now: Timestamp,
    ) -> Result<Behind, SheetError> {
        self.open_behind(second)?;
        self.reseal_behind(second, now)?;
        self.rekey_behind(second, now)
    }

    /// Takes rows that [`Behind::Wants`] named, each only if it opens to the key that the practice
    /// log names.
    pub fn give_behind(
        &mut self,
        second: &SecondSecret,
        rows: Vec<(RowName, Option<Vec<u8>>)>,
    ) -> Result<(), DeviceError> {
        let (member_keys, _) = self.cabinet.member_keys()?;
        let mut changes = Vec::new();
        for (name, bytes) in rows {
            let RowName::SecondSafe(at) = name else { continue };
            let sized = bytes.and_then(|b| <[u8; safe::ROW_LENGTH]>::try_from(b).ok());
            let commitment = self.cabinet.state.commitment(at.ring, at.epoch);
            let key = member_keys.get(&at.member_generation);
            let (Some(bytes), Some(commitment), Some(key)) = (sized, commitment, key) else {
                continue;
            };
            let row = SafeRow::from_bytes(bytes);
            let lies_here = self.cabinet.rows.row(&name).is_some();
            if safe::open_second_ring(second, key, &at, &commitment, &row).is_ok() {
                // What lies there does not open, or it would not be missed.
                changes.extend(lies_here.then_some(RowChange::Delete(name)));
                changes.push(RowChange::Put(name, row));
            }
        }
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.cabinet.keys.hedge, random: &mut random };
        Ok(self.cabinet.rows.change(&changes, &mut hedge)?)
    }

    fn reseal_behind(&mut self, second: &SecondSecret, now: Timestamp) -> Result<(), SheetError> {
        let cabinet = &mut self.cabinet;
        let author = cabinet.identity.author;
        let known = cabinet.state.active_member(author.member).ok_or(Invalid::Unknown)?;
        let (member, member_generation) = (author.member, known.key.generation);
        let (member_keys, _) = cabinet.member_keys()?;
        let Some(key) = member_keys.get(&member_generation) else { return Ok(()) };
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
        let (mut rows, mut changes) = (Vec::new(), Vec::new());
        let behind = cabinet.rings.iter().filter(|(p, _)| p.is_behind_second_secret());
        for (_, ring) in behind {
            for (epoch, ring_key) in ring.keys() {
                let at = SafeName { member, member_generation, ring: ring.id, epoch };
                let name = RowName::SecondSafe(at);
                if cabinet.rows.row(&name).is_none() {
                    let row = safe::seal_second_ring(second, key, &at, ring_key, &mut hedge);
                    let row = row.map_err(|_| KeyringError::Seal)?;
                    let bytes = row.as_bytes().to_vec();
                    rows.push(Row { key: RowKey(name.encode()), bytes });
                    changes.push(RowChange::Put(name, row));
                }
            }
        }
        cabinet.rows.change(&changes, &mut hedge).map_err(DeviceError::from)?;
        if let Some(courier) = self.courier.as_mut().filter(|_| !rows.is_empty()) {
            courier.put_rows(rows, now);
        }
        Ok(())
    }

    fn rekey_behind(
        &mut self,
        second: &SecondSecret,
        now: Timestamp,
    ) -> Result<Behind, SheetError> {
        while let Some(ring) = self.cabinet.stale_behind() {
            let cabinet = &self.cabinet;
            let author = cabinet.identity.author;
            let state = &cabinet.state;
            let known = state.active_member(author.member).ok_or(Invalid::Unknown)?;
            let (mut member_keys, _) = cabinet.member_keys()?;
            let key = member_keys.remove(&known.key.generation).ok_or(KeyringError::Missing)?;
            let mut random = OsRandom;
            let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
            let (member, key) = (author.member, Some(&key));
            let next = keyring::next_ring_key(state, member, ring, key, Some(second), &mut hedge)?;
            let signer = Signer::Device(author.device);
            let entry = state.propose(next.action, signer, now, &cabinet.keys.sign)?;
            if self.is_attached() {
                let sent = self.propose_keys(&entry, next.rows, next.kept, now);
                return if sent { Ok(Behind::Proposed) } else { Err(SheetError::Offline) };
            }
            self.enter_here(&entry, next.kept)?;
            self.open_behind(second)?;
        }
        Ok(Behind::Settled)
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Opens every key of every ring behind step-up that lies here.
    pub(super) fn rings_behind(
        &self,
        second: &SecondSecret,
    ) -> Result<Vec<(RingPurpose, HeldRing)>, FoundingError> {
        let (member_keys, wraps) = self.member_keys()?;
        let mut rings = Vec::new();
        for (purpose, ring) in self.all_behind() {
            let mut held: Option<HeldRing> = None;
            for epoch in keyring::epochs(&self.state, self.identity.author.member, ring) {
                let at = (ring, epoch);
                let key = self.key_behind(second, at, &member_keys, &wraps);
                match (key, &mut held) {
                    (None, _) => {}
                    (Some(key), None) => held = Some(HeldRing::new(ring, epoch, key)),
                    (Some(key), Some(held)) => held.hold(epoch, key),
                }
            }
            rings.extend(held.map(|held| (purpose, held)));
        }
        Ok(rings)
    }

    fn key_behind(
        &self,
        second: &SecondSecret,
        (ring, epoch): (RingId, RingEpoch),
        member_keys: &held::MemberKeys,
        wraps: &[(WrapInfo, Wrap)],
    ) -> Option<RingKey> {
        let member = self.identity.author.member;
        let commitment = self.state.commitment(ring, epoch)?;
        let in_safe = member_keys.iter().rev().find_map(|(generation, key)| {
            let at = SafeName { member, member_generation: *generation, ring, epoch };
            let row = self.rows.row(&RowName::SecondSafe(at))?;
            safe::open_second_ring(second, key, &at, &commitment, row).ok()
        });
        let about = |info: &WrapInfo| info.subject == *ring.as_bytes();
        let by_wrap = || {
            wraps.iter().filter(|(info, _)| about(info)).find_map(|(info, wrapped)| {
                let Recipient::MemberKey { member: to, generation } = info.recipient else {
                    return None;
                };
                let key = member_keys.get(&generation).filter(|_| to == member)?;
                let signed = |epoch| self.state.commitment(ring, epoch);
                let keys = unwrap_second_ring_keys(key, second, info, wrapped, signed).ok()?;
                keys.into_iter().find(|(of, _)| *of == epoch).map(|(_, key)| key)
            })
        };
        in_safe.or_else(by_wrap)
    }

    /// The rings behind step-up, open or not.
    fn all_behind(&self) -> Vec<(RingPurpose, RingId)> {
        let Some(everyone) = self.rings.get(&RingPurpose::Everyone) else { return Vec::new() };
        let rings = self.state.rings_of(self.identity.author.member);
        let named = rings.filter_map(|id| {
            let purpose = held::purpose_of(&self.state, everyone, &id)?;
            purpose.is_behind_second_secret().then_some((purpose, id))
        });
        named.collect()
    }

    /// The rows of keys behind step-up that do not lie here.
    fn missing_behind(&self) -> Vec<RowName> {
        let member = self.identity.author.member;
        let generation = self.state.members().get(&member).map(|known| known.key.generation);
        let Some(member_generation) = generation else { return Vec::new() };
        let mut missing = Vec::new();
        for (purpose, ring) in self.all_behind() {
            let held = self.rings.get(&purpose);
            for epoch in keyring::epochs(&self.state, member, ring) {
                if held.is_none_or(|held| held.key_of(epoch).is_none()) {
                    let at = SafeName { member, member_generation, ring, epoch };
                    missing.push(RowName::SecondSafe(at));
                }
            }
        }
        missing
    }

    fn stale_behind(&self) -> Option<RingId> {
        let mut behind = self.all_behind().into_iter().map(|(_, ring)| ring);
        behind.find(|ring| self.state.stale(*ring))
    }
}
