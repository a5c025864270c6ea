//! New keys: the member's next and a ring's next, each as the part of an entry that introduces
//! it, the rows that go to the server with the entry, and what is kept here once it was taken.
//!
//! Pure but for chance. It proposes nothing and writes nothing: a key that lost the race for the
//! head of the practice log must leave no trace.

use super::founding::encode_wrap;
use super::frame::DeviceFrame;
use super::held::{HeldRing, Rings, new_member_key, purpose_of};
use super::rows::RowChange;
use std::collections::BTreeMap;
use tacenda_shared::id::{DeviceId, MemberId, MemberKeyGeneration, PracticeId, RingEpoch, RingId};
use tacenda_shared::keys::safe::{self, RingKey, RowName, SafeName, SecondSecret};
use tacenda_shared::keys::wrap::{self, Wrap, WrapAction, WrapInfo};
use tacenda_shared::keys::{KemKey, KemPublic, wrap_ring_keys, wrap_second_ring_keys};
use tacenda_shared::membership::{
    self, Action, Entry, KemPublicKey, NewMemberKey, Recipient, State,
};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::{Row, RowKey};
use thiserror::Error;

/// Why no new key can be made.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeyringError {
    /// A key that belongs into the new safe is not here yet.
    #[error("a key that belongs into the safe is not here yet")]
    Missing,
    /// The practice log does not name the member or the ring.
    #[error("the practice log does not name the member or the ring")]
    Unknown,
    /// A key cannot be sealed to its recipient.
    #[error("a key cannot be sealed to its recipient")]
    Seal,
}

/// What is written here once the entry was taken, and not before.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Wraps.
    pub(super) frames: Vec<DeviceFrame>,
    /// Rows of the safe.
    pub(super) rows: Vec<RowChange>,
}

/// The member's next key.
#[derive(Debug)]
pub(super) struct NextMemberKey {
    /// For the entry that introduces it.
    pub(super) announced: NewMemberKey,
    /// For the server, with the entry.
    pub(super) rows: Vec<Row>,
    /// For here.
    pub(super) kept: Kept,
}

/// A ring's next key.
#[derive(Debug)]
pub(super) struct NextRingKey {
    /// The entry's action.
    pub(super) action: Action,
    /// For the server, with the entry.
    pub(super) rows: Vec<Row>,
    /// For here.
    pub(super) kept: Kept,
}

/// To whom the member's next key goes: the member's devices as they are after the entry, and the
/// sheet as it is then.
pub(super) struct Holders {
    /// The KEM key of each device.
    pub(super) devices: BTreeMap<DeviceId, KemPublicKey>,
    /// The KEM key of the sheet.
    pub(super) sheet: KemPublicKey,
}

impl Holders {
    /// The member's present holders.
    pub(super) fn of(state: &State, member: MemberId) -> Option<Self> {
        let kem = |device| Some((device, state.devices().get(&device)?.kem.clone()));
        Some(Self {
            devices: state.devices_of(member).filter_map(kem).collect(),
            sheet: state.active_member(member)?.recovery.kem.clone(),
        })
    }
}

/// What seals behind step-up; without it, rings behind the second secret stay as they are: their
/// rows under the old key, and their epoch.
pub(super) type StepUp<'a> = Option<(&'a SecondSecret, &'a [HeldRing])>;

/// Makes the member's next key: wrapped to every holder, and with the complete safe under it.
/// `action` is what the entry does that introduces it.
pub(super) fn next_member_key(
    state: &State,
    member: MemberId,
    action: WrapAction,
    holders: &Holders,
    rings: &Rings,
    step_up: StepUp<'_>,
    hedge: &mut Hedge<'_>,
) -> Result<NextMemberKey, KeyringError> {
    let known = state.active_member(member).ok_or(KeyringError::Unknown)?;
    let generation = known.key.generation.next();
    let key = KemKey::generate(hedge);
    let sealed = complete_safe(state, member, &key, generation, rings, step_up, hedge)?;
    let mut kept = Kept::default();
    let mut rows = Vec::new();
    for (name, row) in &sealed {
        rows.push(Row { key: RowKey(name.encode()), bytes: row.as_bytes().to_vec() });
        kept.rows.push(RowChange::Put(*name, *row));
    }
    let devices = holders.devices.iter().map(|(id, kem)| (Recipient::Device(*id), kem));
    let mut wraps = Vec::new();
    for (recipient, kem) in devices.chain([(Recipient::Recovery(member), &holders.sheet)]) {
        let (practice, subject) = (state.practice(), *member.as_bytes());
        let info = WrapInfo { practice, action, subject, version: generation.get(), recipient };
        let public = KemPublic::from_published(kem).map_err(|_| KeyringError::Seal)?;
        let wrapped = wrap::wrap_member_key(&public, &info, &key, hedge);
        let wrapped = wrapped.map_err(|_| KeyringError::Seal)?;
        wraps.push(membership::Wrap { recipient, hash: wrapped.hash() });
        take_wrap(&info, &wrapped, &mut rows, &mut kept);
    }
    let safe = safe::hash_rows(&sealed);
    let announced = NewMemberKey { generation, kem: key.public().published(), wraps, safe };
    Ok(NextMemberKey { announced, rows, kept })
}

/// Seals every key of every ring of the member, all epochs. One that is not here is an error: a
/// device that opens an incomplete safe could not read what others can.
fn complete_safe(
    state: &State,
    member: MemberId,
    key: &KemKey,
    member_generation: MemberKeyGeneration,
    rings: &Rings,
    step_up: StepUp<'_>,
    hedge: &mut Hedge<'_>,
) -> Result<Vec<(RowName, safe::Row)>, KeyringError> {
    let everyone = rings.get(&RingPurpose::Everyone).ok_or(KeyringError::Missing)?;
    let mut sealed = Vec::new();
    for ring in state.rings_of(member) {
        let purpose = purpose_of(state, everyone, &ring).ok_or(KeyringError::Missing)?;
        let second = purpose.is_behind_second_secret();
        let held = match step_up {
            Some((_, behind)) if second => behind.iter().find(|held| held.id == ring),
            None if second => continue,
            _ => rings.get(&purpose),
        };
        let held = held.ok_or(KeyringError::Missing)?;
        for epoch in epochs(state, member, ring) {
            let ring_key = held.key_of(epoch).ok_or(KeyringError::Missing)?;
            let name = SafeName { member, member_generation, ring, epoch };
            sealed.push(match step_up {
                Some((secret, _)) if second => {
                    let row = safe::seal_second_ring(secret, key, &name, ring_key, hedge);
                    (RowName::SecondSafe(name), row.map_err(|_| KeyringError::Seal)?)
                }
                _ => {
                    let row = safe::seal_ring(key, &name, ring_key, hedge);
                    (RowName::Safe(name), row.map_err(|_| KeyringError::Seal)?)
                }
            });
        }
    }
    Ok(sealed)
}

/// Returns the epochs of a ring that the member may read.
pub(super) fn epochs(
    state: &State,
    member: MemberId,
    ring: RingId,
) -> impl Iterator<Item = RingEpoch> {
    let known = state.rings().get(&ring);
    let oldest = known.and_then(|known| known.stay(member)).map(|stay| stay.oldest_epoch.get());
    let newest = known.map_or(0, |known| known.epoch().get());
    (oldest.unwrap_or(u32::MAX)..=newest).map(RingEpoch::new)
}

/// Makes a ring's next key, to everybody who is in the ring now. `member_key` is the member's
/// present one, which seals the row of the safe; without it the wrap alone carries the key, as
/// while the member's key is retired. `behind` is the second secret for a ring that lies behind
/// it, and only for such a ring.
pub(super) fn next_ring_key(
    state: &State,
    member: MemberId,
    ring: RingId,
    member_key: Option<&KemKey>,
    behind: Option<&SecondSecret>,
    hedge: &mut Hedge<'_>,
) -> Result<NextRingKey, KeyringError> {
    let epoch = state.current_epoch(ring).ok_or(KeyringError::Unknown)?.next();
    let key = RingKey::generate(hedge, ring.as_bytes());
    let (mut rows, mut kept, mut wraps) = (Vec::new(), Kept::default(), Vec::new());
    for recipient in state.recipients(ring) {
        let public = public_of(state, recipient).ok_or(KeyringError::Unknown)?;
        let public = KemPublic::from_published(public).map_err(|_| KeyringError::Seal)?;
        let (practice, subject) = (state.practice(), *ring.as_bytes());
        let (action, version) = (WrapAction::Rekey, epoch.get());
        let info = WrapInfo { practice, action, subject, version, recipient };
        let keys = [(epoch, &key)];
        let wrapped = match behind {
            Some(second) => wrap_second_ring_keys(&public, second, &info, &keys, hedge),
            None => wrap_ring_keys(&public, &info, &keys, hedge),
        };
        let wrapped = wrapped.map_err(|_| KeyringError::Seal)?;
        wraps.push(membership::Wrap { recipient, hash: wrapped.hash() });
        take_wrap(&info, &wrapped, &mut rows, &mut kept);
    }
    let current = state.active_member(member).map(|known| &known.key);
    let current = current.filter(|known| !known.retired).ok_or(KeyringError::Unknown);
    if let (Some(member_key), Ok(current)) = (member_key, current)
        && member_key.public().published() == current.kem
    {
        let name = SafeName { member, member_generation: current.generation, ring, epoch };
        let (row, name) = match behind {
            Some(second) => (
                safe::seal_second_ring(second, member_key, &name, &key, hedge),
                RowName::SecondSafe(name),
            ),
            None => (safe::seal_ring(member_key, &name, &key, hedge), RowName::Safe(name)),
        };
        let row = row.map_err(|_| KeyringError::Seal)?;
        rows.push(Row { key: RowKey(name.encode()), bytes: row.as_bytes().to_vec() });
        kept.rows.push(RowChange::Put(name, row));
    }
    let action = Action::Rekey { ring, epoch, commitment: key.commitment(), wraps };
    Ok(NextRingKey { action, rows, kept })
}

fn public_of(state: &State, recipient: Recipient) -> Option<&KemPublicKey> {
    match recipient {
        Recipient::Device(device) => state.devices().get(&device).map(|known| &known.kem),
        Recipient::MemberKey { member, .. } => {
            state.members().get(&member).map(|known| &known.key.kem)
        }
        Recipient::Recovery(member) => {
            state.members().get(&member).map(|known| &known.recovery.kem)
        }
        Recipient::Custodian(_) => None,
    }
}

fn take_wrap(info: &WrapInfo, wrapped: &Wrap, rows: &mut Vec<Row>, kept: &mut Kept) {
    let bytes = wrapped.as_bytes().to_vec();
    rows.push(Row { key: RowKey::of_wrap(wrapped.hash()), bytes });
    kept.frames.push(DeviceFrame::Wrap(encode_wrap(info, wrapped)));
}

/// Finds the wrap in which a practice log gives the member's newest key to `recipient`: what it is
/// bound to, and its hash. `None` if the newest key was not given to it.
pub(super) fn wrap_for(
    entries: &[Entry],
    practice: PracticeId,
    member: MemberId,
    recipient: Recipient,
) -> Option<(WrapInfo, Hash)> {
    let mut generation = MemberKeyGeneration::ZERO;
    let mut found = None;
    for entry in entries {
        let action = &entry.action;
        let wraps = match (new_member_key(action, member), action) {
            (Some(key), _) => {
                generation = key.generation;
                found = None;
                &key.wraps
            }
            (
                None,
                Action::AddDevice { member: of, wraps, .. }
                | Action::ReplaceRecovery { member: of, wraps, .. }
                | Action::CompleteRecovery { member: of, wraps, .. },
            ) if *of == member => wraps,
            _ => continue,
        };
        let to = wraps.iter().find(|wrap| wrap.recipient == recipient);
        let number = u8::try_from(action.number()).ok().and_then(wrap_action);
        if let (Some(wrap), Some(action)) = (to, number) {
            let practice = practice_of(action, practice);
            let (subject, version) = (*member.as_bytes(), generation.get());
            found = Some((WrapInfo { practice, action, subject, version, recipient }, wrap.hash));
        }
    }
    found
}

/// Finds the wrap in which a practice log gives the key of a ring's epoch to `recipient`.
pub(super) fn ring_wrap(
    entries: &[Entry],
    practice: PracticeId,
    (wanted, of_epoch): (RingId, RingEpoch),
    recipient: Recipient,
) -> Option<(WrapInfo, Hash)> {
    entries.iter().find_map(|entry| match &entry.action {
        Action::Rekey { ring, epoch, wraps, .. } if (*ring, *epoch) == (wanted, of_epoch) => {
            let wrap = wraps.iter().find(|wrap| wrap.recipient == recipient)?;
            let (action, subject, version) = (WrapAction::Rekey, *ring.as_bytes(), epoch.get());
            Some((WrapInfo { practice, action, subject, version, recipient }, wrap.hash))
        }
        _ => None,
    })
}

/// In genesis, and so in the wraps that it names, the practice has no id yet.
pub(super) const fn practice_of(action: WrapAction, practice: PracticeId) -> PracticeId {
    match action {
        WrapAction::Found => PracticeId::from_bytes([0; 16]),
        _ => practice,
    }
}

/// Returns what a kept wrap was made for, by the number of the action.
pub(super) const fn wrap_action(number: u8) -> Option<WrapAction> {
    Some(match number {
        1 => WrapAction::Found,
        2 => WrapAction::AddMember,
        8 => WrapAction::AddDevice,
        9 => WrapAction::RotateMemberKey,
        10 => WrapAction::ReplaceRecovery,
        12 => WrapAction::CompleteRecovery,
        14 => WrapAction::RevokeDevice,
        16 => WrapAction::RingCreate,
        17 => WrapAction::RingAdd,
        19 => WrapAction::Rekey,
        20 => WrapAction::Rewrap,
        _ => return None,
    })
}
