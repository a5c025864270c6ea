//! The keys that are held here: the member's, of every generation that was wrapped to this
//! device, and with them the rings', of every epoch. It opens what lies on this disk, asks nobody
//! for more and makes no key.

use super::founding::{FoundingError, decode_wrap};
use super::frame::DeviceFrame;
use super::rows::Rows;
use super::store::Store;
use std::collections::BTreeMap;
use tacenda_shared::id::{
    MemberId, MemberKeyGeneration, PracticeId, RingEpoch, RingId, SlotGeneration,
};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, RingKey, RowName, SafeName, SlotKey};
use tacenda_shared::keys::vault::DeviceSecrets;
use tacenda_shared::keys::wrap::{self, Wrap, WrapInfo};
use tacenda_shared::keys::{KemKey, KemPublic, unwrap_ring_keys};
use tacenda_shared::membership::{Action, Entry, NewMemberKey, Recipient, State};
use tacenda_shared::practice::change::Author;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::{self, SALT_LENGTH};

/// Under which names of rings are sealed.
pub(super) const NAME_LABEL: &str = "tac/ring-name/v1";

/// A ring of which a key is here.
#[derive(Debug)]
pub(super) struct HeldRing {
    /// Which.
    pub(super) id: RingId,
    /// The newest epoch of which the key is here.
    pub(super) epoch: RingEpoch,
    /// The key of that epoch.
    pub(super) key: RingKey,
    /// Keys of epochs before it.
    older: BTreeMap<RingEpoch, RingKey>,
}

impl HeldRing {
    /// A ring of which one key is here.
    pub(super) const fn new(id: RingId, epoch: RingEpoch, key: RingKey) -> Self {
        Self { id, epoch, key, older: BTreeMap::new() }
    }

    /// Takes the key of another epoch.
    pub(super) fn hold(&mut self, epoch: RingEpoch, key: RingKey) {
        if epoch > self.epoch {
            let before = std::mem::replace(&mut self.key, key);
            self.older.insert(self.epoch, before);
            self.epoch = epoch;
        } else if epoch < self.epoch {
            self.older.insert(epoch, key);
        }
    }

    /// Returns the key of one epoch.
    pub(super) fn key_of(&self, epoch: RingEpoch) -> Option<&RingKey> {
        if epoch == self.epoch { Some(&self.key) } else { self.older.get(&epoch) }
    }

    /// Returns every key, the newest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = (RingEpoch, &RingKey)> {
        let older = self.older.iter().rev().map(|(epoch, key)| (*epoch, key));
        std::iter::once((self.epoch, &self.key)).chain(older)
    }
}

/// The content keys of one compartment that are here, by generation; never empty.
#[derive(Debug)]
pub(super) struct HeldSlots(BTreeMap<SlotGeneration, SlotKey>);

impl HeldSlots {
    /// A compartment of which one key is here.
    pub(super) fn new(generation: SlotGeneration, key: SlotKey) -> Self {
        Self(BTreeMap::from([(generation, key)]))
    }

    /// Takes the key of another generation.
    pub(super) fn hold(&mut self, generation: SlotGeneration, key: SlotKey) {
        self.0.insert(generation, key);
    }

    /// Drops the keys before one generation.
    pub(super) fn forget_before(&mut self, since: SlotGeneration) {
        self.0.retain(|generation, _| *generation >= since);
    }

    /// Returns the key of one generation.
    pub(super) fn key_of(&self, generation: SlotGeneration) -> Option<&SlotKey> {
        self.0.get(&generation)
    }

    /// Returns every key, the newest first.
    pub(super) fn keys(&self) -> impl Iterator<Item = (SlotGeneration, &SlotKey)> {
        self.0.iter().rev().map(|(generation, key)| (*generation, key))
    }
}

/// Rings by what they are for.
pub(super) type Rings = BTreeMap<RingPurpose, HeldRing>;
/// The member's keys.
pub(super) type MemberKeys = BTreeMap<MemberKeyGeneration, KemKey>;

/// Returns the member key that an entry brings, if it brings one.
pub(super) fn new_member_key(action: &Action, of: MemberId) -> Option<&NewMemberKey> {
    match action {
        Action::Found { member, member_key, .. }
        | Action::AddMember { member, member_key, .. }
        | Action::RotateMemberKey { member, member_key } => (*member == of).then_some(member_key),
        Action::AddDevice { member, member_key, .. }
        | Action::ReplaceRecovery { member, member_key, .. }
        | Action::RevokeDevice { member, member_key, .. } => {
            member_key.as_ref().filter(|_| *member == of)
        }
        _ => None,
    }
}

/// Returns the entries of the practice log that lie here.
pub(super) fn entries<F: FileSystem>(store: &Store<F>) -> Result<Vec<Entry>, FoundingError> {
    let mut entries = Vec::new();
    for location in store.locations().entries() {
        let DeviceFrame::Entry(bytes) = store.read(*location)? else {
            return Err(FoundingError::Log);
        };
        entries.push(Entry::decode(&bytes)?);
    }
    Ok(entries)
}

/// Returns the wraps that lie here.
pub(super) fn wraps<F: FileSystem>(
    practice: PracticeId,
    store: &Store<F>,
) -> Result<Vec<(WrapInfo, Wrap)>, FoundingError> {
    let mut wraps = Vec::new();
    for location in store.locations().wraps() {
        let DeviceFrame::Wrap(bytes) = store.read(*location)? else {
            return Err(FoundingError::Log);
        };
        wraps.push(decode_wrap(practice, &bytes)?);
    }
    Ok(wraps)
}

/// Opens the member's keys that were wrapped to this device. A key that is not the one which the
/// practice log names is none.
pub(super) fn member_keys(
    keys: &DeviceSecrets,
    author: &Author,
    entries: &[Entry],
    wraps: &[(WrapInfo, Wrap)],
) -> MemberKeys {
    let named = entries.iter().filter_map(|entry| new_member_key(&entry.action, author.member));
    let named: BTreeMap<_, _> = named.map(|key| (key.generation, &key.kem)).collect();
    let mine = wraps.iter().filter(|(info, _)| {
        info.recipient == Recipient::Device(author.device)
            && info.subject == *author.member.as_bytes()
    });
    let open = |(info, wrapped): &(WrapInfo, Wrap)| {
        let generation = MemberKeyGeneration::new(info.version);
        let public = KemPublic::from_published(named.get(&generation)?).ok()?;
        let key = wrap::unwrap_member_key(&keys.kem, info, wrapped, &public).ok()?;
        Some((generation, key))
    };
    mine.filter_map(open).collect()
}

/// Opens every key of every ring of this member that lies here, but for those that only step-up
/// opens.
pub(super) fn rings<F: FileSystem>(
    keys: &DeviceSecrets,
    author: &Author,
    state: &State,
    member_keys: &MemberKeys,
    wraps: &[(WrapInfo, Wrap)],
    rows: &Rows<F>,
) -> Result<Rings, FoundingError> {
    let mut held: BTreeMap<RingId, HeldRing> = BTreeMap::new();
    for ring in state.rings_of(author.member) {
        let newest = state.current_epoch(ring).map_or(0, RingEpoch::get);
        for epoch in (1..=newest).map(RingEpoch::new) {
            let Some(commitment) = state.commitment(ring, epoch) else { continue };
            let safe = in_safe(author.member, ring, epoch, &commitment, member_keys, rows);
            let by_wrap = || in_wrap(keys, author, state, (ring, epoch), member_keys, wraps);
            let Some(key) = safe.or_else(by_wrap) else { continue };
            match held.get_mut(&ring) {
                Some(ring) => ring.hold(epoch, key),
                None => drop(held.insert(ring, HeldRing::new(ring, epoch, key))),
            }
        }
    }
    Ok(named(state, held))
}

/// Looks for the key in the safes, newest first. A row that does not open is none: it must not
/// keep away what an older safe or a wrap gives.
fn in_safe<F: FileSystem>(
    member: MemberId,
    ring: RingId,
    epoch: RingEpoch,
    commitment: &tacenda_shared::suite::Hash,
    member_keys: &MemberKeys,
    rows: &Rows<F>,
) -> Option<RingKey> {
    member_keys.iter().rev().find_map(|(generation, member_key)| {
        let name = SafeName { member, member_generation: *generation, ring, epoch };
        let row = rows.row(&RowName::Safe(name))?;
        safe::open_ring(member_key, &name, commitment, row).ok()
    })
}

/// Looks for the key among the wraps: while the member's key is retired there is no safe for it.
fn in_wrap(
    keys: &DeviceSecrets,
    author: &Author,
    state: &State,
    (ring, epoch): (RingId, RingEpoch),
    member_keys: &MemberKeys,
    wraps: &[(WrapInfo, Wrap)],
) -> Option<RingKey> {
    let about = |info: &WrapInfo| info.subject == *ring.as_bytes() && info.version >= epoch.get();
    for (info, wrapped) in wraps.iter().filter(|(info, _)| about(info)) {
        let key = match info.recipient {
            Recipient::Device(device) if device == author.device => &keys.kem,
            Recipient::MemberKey { member, generation } if member == author.member => {
                let Some(key) = member_keys.get(&generation) else { continue };
                key
            }
            _ => continue,
        };
        let opened = unwrap_ring_keys(key, info, wrapped, |epoch| state.commitment(ring, epoch));
        let found = opened.ok().and_then(|all| all.into_iter().find(|(of, _)| *of == epoch));
        if let Some((_, key)) = found {
            return Some(key);
        }
    }
    None
}

/// Finds out what each ring is for: its name is sealed under `everyone`, so that ring is the one
/// whose key opens its own name.
fn named(state: &State, held: BTreeMap<RingId, HeldRing>) -> Rings {
    let everyone =
        held.values().find(|ring| purpose_of(state, ring, &ring.id) == Some(RingPurpose::Everyone));
    let Some(everyone) = everyone else { return Rings::new() };
    let named: BTreeMap<RingId, RingPurpose> = held
        .keys()
        .filter_map(|id| Some((*id, purpose_of(state, everyone, id)?)))
        .filter(|(_, purpose)| !purpose.is_behind_second_secret())
        .collect();
    held.into_iter().filter_map(|(id, ring)| Some((*named.get(&id)?, ring))).collect()
}

/// Returns what a ring is for.
pub(super) fn purpose_of(state: &State, everyone: &HeldRing, ring: &RingId) -> Option<RingPurpose> {
    let sealed = &state.rings().get(ring)?.name;
    let (salt, ciphertext) = sealed.split_first_chunk::<SALT_LENGTH>()?;
    everyone.keys().find_map(|(_, key)| {
        let secret = key.secret().expose();
        let opened = seal::open(secret, NAME_LABEL, ring.as_bytes(), salt, ciphertext).ok()?;
        RingPurpose::decode(&opened).ok()
    })
}
