//! What the words of a recovery sheet bring back: from the practice log and the key rows that a
//! server gives for them, the keys of the member, and the two entries with which a new device
//! takes the place of the old ones.
//!
//! Pure but for chance, and nothing is kept here: whoever stops half-way begins again with the
//! words, and what is still to be done follows from the practice log alone.

use super::enrol::EnrolError;
use crate::device::founding::{self, FoundingError};
use crate::device::held::{HeldRing, MemberKeys, Rings, new_member_key, purpose_of};
use crate::device::keyring::{self, Holders, KeyringError};
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{
    DeviceId, MemberId, MemberKeyGeneration, PracticeSeq, RingEpoch, RingId, Timestamp,
};
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::{
    self, Row as SafeRow, RowName, SafeName, SecondSecret, SheetName,
};
use tacenda_shared::keys::vault::DeviceSecrets;
use tacenda_shared::keys::wrap::{self, Wrap, WrapAction, WrapInfo};
use tacenda_shared::keys::{KemPublic, unwrap_ring_keys, unwrap_second_ring_keys};
use tacenda_shared::log::OwnHead;
use tacenda_shared::membership::{self, Action, Entry, Invalid, Recipient, Signer, State};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::device::Joined;
use tacenda_shared::sync::{HeadProof, Row, RowKey, SignedHead};
use thiserror::Error;

/// Why the words bring nothing back.
#[derive(Debug, Error)]
pub enum RecoverError {
    /// The practice log is not the one that the person said yes to.
    #[error("the server shows another practice log than the one that you said yes to")]
    AnotherLog,
    /// The practice log names another server than the one that gave it.
    #[error("the practice log names another server than the one that gave it")]
    AnotherServer,
    /// The words are of no member of the practice.
    #[error("the words belong to no member of this practice")]
    NotAMember,
    /// The practice log was not taken by its server as it stands here.
    #[error("the practice log does not hold together")]
    Log,
    /// The server does not show what a device has signed last; nothing is signed on its word alone.
    #[error("the server does not prove where a device ended")]
    Unproven,
    /// A key that must be there is missing, or is not the one that the practice log names.
    #[error("a key that must be on the server is missing")]
    Missing,
    /// The rules of the practice log.
    #[error(transparent)]
    Rule(#[from] Invalid),
    /// A new key.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The new device.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
}

impl From<FoundingError> for RecoverError {
    fn from(error: FoundingError) -> Self {
        Self::Enrol(error.into())
    }
}

/// A sheet with the practice log that a server gave for it.
pub struct Recovery {
    sheet: RecoverySheet,
    state: State,
    entries: Vec<Entry>,
    member: MemberId,
}

/// A place where a key may lie, and what it is.
enum Wanted {
    /// The member's key of this generation, to the sheet.
    Member(WrapInfo, membership::Wrap),
    /// A ring's key under one of the member's keys, or under the sheet while there is none.
    Ring(WrapInfo, membership::Wrap),
    /// A row of the safe, or the sheet's own.
    Row(RowName),
}

impl Recovery {
    /// Takes the log that `sync::device::Joining` has replayed. It must name the server which has
    /// proven `server` as its key, and that server, or one before it, must have signed when it
    /// took each entry.
    pub fn new(
        sheet: RecoverySheet,
        joined: &Joined,
        server: &VerifyingKey,
    ) -> Result<Self, RecoverError> {
        let state = joined.state.clone();
        let sig = sheet.sign().verifying();
        let mut members = state.members().iter();
        let member = members.find(|(_, m)| m.removed.is_none() && m.recovery.sig == sig);
        let (member, _) = member.ok_or(RecoverError::NotAMember)?;
        let member = *member;
        let named = state.server().ok_or(RecoverError::Log)?.key;
        if named != *server {
            return Err(RecoverError::AnotherServer);
        }
        let former = state.former_servers().iter().map(|former| former.server.key);
        let servers: Vec<_> = former.chain([named]).collect();
        let mut entries = Vec::new();
        for one in &joined.entries {
            let entry = Entry::decode(&one.entry).map_err(|_| RecoverError::Log)?;
            let signed = |key| one.receipt.is_signed_by(state.practice(), key);
            if one.receipt.head != entry.head() || !servers.iter().any(signed) {
                return Err(RecoverError::Log);
            }
            entries.push(entry);
        }
        Ok(Self { sheet, state, entries, member })
    }

    /// Returns the practice log's state.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Returns the member's devices that are in force.
    pub fn devices(&self) -> Vec<DeviceId> {
        self.state.devices_of(self.member).collect()
    }

    /// Returns the rows to ask the server for.
    pub fn rows(&self) -> Vec<RowKey> {
        self.wanted().iter().map(Wanted::key).collect()
    }

    fn wanted(&self) -> Vec<Wanted> {
        let (member, state) = (self.member, &self.state);
        let mut wanted = Vec::new();
        for entry in &self.entries {
            wanted.extend(self.wraps_of(entry));
        }
        let newest = state.members().get(&member).map_or(0, |m| m.key.generation.get());
        for ring in state.rings_of(member) {
            for epoch in keyring::epochs(state, member, ring) {
                let under = |generation| {
                    let member_generation = MemberKeyGeneration::new(generation);
                    SafeName { member, member_generation, ring, epoch }
                };
                // Without step-up a safe is sealed anew without what lies behind it.
                wanted.push(Wanted::Row(RowName::Safe(under(newest))));
                let behind = (1..=newest).map(|g| Wanted::Row(RowName::SecondSafe(under(g))));
                wanted.extend(behind);
            }
        }
        let sheet = SheetName::of(member, &self.sheet.sign().verifying());
        wanted.push(Wanted::Row(RowName::Sheet(sheet)));
        wanted
    }

    /// The wraps of one entry that this sheet, or a key that it brings back, may open.
    fn wraps_of(&self, entry: &Entry) -> Vec<Wanted> {
        let action = &entry.action;
        let Some(number) = u8::try_from(action.number()).ok().and_then(keyring::wrap_action) else {
            return Vec::new();
        };
        let practice = keyring::practice_of(number, self.state.practice());
        let info = |subject, version, recipient| WrapInfo {
            practice,
            action: number,
            subject,
            version,
            recipient,
        };
        let mine = |wrap: &&membership::Wrap| match wrap.recipient {
            Recipient::Recovery(member) | Recipient::MemberKey { member, .. } => {
                member == self.member
            }
            Recipient::Device(_) | Recipient::Custodian(_) => false,
        };
        let ring = |ring: &RingId, epoch: RingEpoch, wraps: &[membership::Wrap]| {
            let subject = *ring.as_bytes();
            let wraps = wraps.iter().filter(mine);
            let ring =
                |w: &membership::Wrap| Wanted::Ring(info(subject, epoch.get(), w.recipient), *w);
            wraps.map(ring).collect::<Vec<_>>()
        };
        let first = RingEpoch::new(1);
        let mut wanted = match action {
            Action::Found { rings, .. } => {
                rings.iter().flat_map(|new| ring(&new.ring, first, &new.wraps)).collect()
            }
            Action::RingCreate(new) => ring(&new.ring, first, &new.wraps),
            Action::Rekey { ring: id, epoch, wraps, .. } => ring(id, *epoch, wraps),
            Action::Rewrap { ring: id, epochs, wraps } => {
                epochs.last().map_or_else(Vec::new, |newest| ring(id, *newest, wraps))
            }
            _ => Vec::new(),
        };
        let subject = *self.member.as_bytes();
        let handed = match action {
            Action::ReplaceRecovery { member, wraps, .. }
            | Action::CompleteRecovery { member, wraps, .. }
                if *member == self.member =>
            {
                wraps.as_slice()
            }
            _ => &[],
        };
        let at = self.generation_before(entry.seq);
        let handed = handed.iter().filter(mine).map(|wrap| (at.get(), *wrap));
        let new = new_member_key(action, self.member);
        let new = new.into_iter().flat_map(|key| {
            key.wraps.iter().filter(mine).map(|wrap| (key.generation.get(), *wrap))
        });
        for (version, wrap) in handed.chain(new) {
            wanted.push(Wanted::Member(info(subject, version, wrap.recipient), wrap));
        }
        wanted
    }

    /// The generation of the member's key that was in force before an entry.
    fn generation_before(&self, seq: PracticeSeq) -> MemberKeyGeneration {
        let before = self.entries.iter().take_while(|entry| entry.seq < seq);
        let keys = before.filter_map(|entry| new_member_key(&entry.action, self.member));
        keys.last().map_or(MemberKeyGeneration::ZERO, |key| key.generation)
    }

    /// Opens the member's keys, the rings' and the second secret. `rows` are the answers to
    /// [`Recovery::rows`], in its order.
    pub fn open(self, rows: Vec<Option<Vec<u8>>>) -> Result<Opened, RecoverError> {
        let wanted = self.wanted();
        let found: Vec<_> = wanted.into_iter().zip(rows).collect();
        let member_keys = self.member_keys(&found);
        let current = self.state.active_member(self.member).ok_or(RecoverError::NotAMember)?;
        if !member_keys.contains_key(&current.key.generation) {
            return Err(RecoverError::Missing);
        }
        let second = found.iter().find_map(|(wanted, row)| match (wanted, row) {
            (Wanted::Row(RowName::Sheet(_)), Some(row)) => {
                self.sheet.open_second(self.member, &sized(row)?).ok()
            }
            _ => None,
        });
        let (rings, behind) = self.ring_keys(&found, &member_keys, second.as_ref())?;
        Ok(Opened { recovery: self, member_keys, rings, behind, second })
    }

    fn member_keys(&self, found: &[(Wanted, Option<Vec<u8>>)]) -> MemberKeys {
        let named = self.entries.iter().filter_map(|e| new_member_key(&e.action, self.member));
        let named: BTreeMap<_, _> = named.map(|key| (key.generation, &key.kem)).collect();
        let kem = self.sheet.kem();
        let open = |(wanted, row): &(Wanted, Option<Vec<u8>>)| {
            let (Wanted::Member(info, announced), Some(row)) = (wanted, row) else { return None };
            let wrapped = Wrap::from_bytes(row.clone()).ok()?;
            let generation = MemberKeyGeneration::new(info.version);
            let public = KemPublic::from_published(named.get(&generation)?).ok()?;
            (wrapped.hash() == announced.hash).then_some(())?;
            let key = wrap::unwrap_member_key(&kem, info, &wrapped, &public).ok()?;
            Some((generation, key))
        };
        found.iter().filter_map(open).collect()
    }

    fn ring_keys(
        &self,
        found: &[(Wanted, Option<Vec<u8>>)],
        member_keys: &MemberKeys,
        second: Option<&SecondSecret>,
    ) -> Result<(Rings, Vec<HeldRing>), RecoverError> {
        let mut held: BTreeMap<RingId, HeldRing> = BTreeMap::new();
        let mut hold = |ring, epoch, key| match held.get_mut(&ring) {
            Some(ring) => ring.hold(epoch, key),
            None => drop(held.insert(ring, HeldRing::new(ring, epoch, key))),
        };
        for (wanted, row) in found {
            let Some(row) = row else { continue };
            let opened = match wanted {
                Wanted::Row(name) => self.in_safe(name, row, member_keys, second),
                Wanted::Ring(info, wrap) => self.in_wrap(info, wrap, row, member_keys, second),
                Wanted::Member(..) => Vec::new(),
            };
            for (ring, epoch, key) in opened {
                hold(ring, epoch, key);
            }
        }
        self.named(held).ok_or(RecoverError::Missing)
    }

    /// Finds out what each ring is for, and sets those apart that lie behind step-up.
    fn named(&self, held: BTreeMap<RingId, HeldRing>) -> Option<(Rings, Vec<HeldRing>)> {
        let purpose = |with: &HeldRing, id: &RingId| purpose_of(&self.state, with, id);
        let mut all = held.values();
        let everyone = all.find(|ring| purpose(ring, &ring.id) == Some(RingPurpose::Everyone))?;
        let known = |id: &RingId| Some((*id, purpose(everyone, id)?));
        let purposes: BTreeMap<_, _> = held.keys().filter_map(known).collect();
        let (mut rings, mut behind) = (Rings::new(), Vec::new());
        for (id, ring) in held {
            match purposes.get(&id) {
                Some(purpose) if purpose.is_behind_second_secret() => behind.push(ring),
                Some(purpose) => drop(rings.insert(*purpose, ring)),
                None => {}
            }
        }
        Some((rings, behind))
    }

    fn in_safe(
        &self,
        name: &RowName,
        row: &[u8],
        member_keys: &MemberKeys,
        second: Option<&SecondSecret>,
    ) -> Vec<(RingId, RingEpoch, safe::RingKey)> {
        let opened = || {
            let (RowName::Safe(at) | RowName::SecondSafe(at)) = name else { return None };
            let key = member_keys.get(&at.member_generation)?;
            let commitment = self.state.commitment(at.ring, at.epoch)?;
            let row = sized(row)?;
            let opened = match name {
                RowName::Safe(_) => safe::open_ring(key, at, &commitment, &row),
                _ => safe::open_second_ring(second?, key, at, &commitment, &row),
            };
            Some((at.ring, at.epoch, opened.ok()?))
        };
        opened().into_iter().collect()
    }

    fn in_wrap(
        &self,
        info: &WrapInfo,
        announced: &membership::Wrap,
        row: &[u8],
        member_keys: &MemberKeys,
        second: Option<&SecondSecret>,
    ) -> Vec<(RingId, RingEpoch, safe::RingKey)> {
        let ring = RingId::from_bytes(info.subject);
        let sheet = self.sheet.kem();
        let key = match info.recipient {
            Recipient::MemberKey { generation, .. } => member_keys.get(&generation),
            Recipient::Recovery(_) => Some(&sheet),
            Recipient::Device(_) | Recipient::Custodian(_) => None,
        };
        let wrapped = Wrap::from_bytes(row.to_vec()).ok();
        let wrapped = wrapped.filter(|wrapped| wrapped.hash() == announced.hash);
        let (Some(key), Some(wrapped)) = (key, wrapped) else { return Vec::new() };
        let signed = |epoch| self.state.commitment(ring, epoch);
        let opened = unwrap_ring_keys(key, info, &wrapped, signed).ok();
        let behind = || unwrap_second_ring_keys(key, second?, info, &wrapped, signed).ok();
        let opened = opened.or_else(behind).unwrap_or_default();
        opened.into_iter().map(|(epoch, key)| (ring, epoch, key)).collect()
    }
}

impl Wanted {
    fn key(&self) -> RowKey {
        match self {
            Self::Member(_, wrap) | Self::Ring(_, wrap) => RowKey::of_wrap(wrap.hash),
            Self::Row(name) => RowKey(name.encode()),
        }
    }
}

fn sized(row: &[u8]) -> Option<SafeRow> {
    <[u8; safe::ROW_LENGTH]>::try_from(row).ok().map(SafeRow::from_bytes)
}

/// What the words have opened.
pub struct Opened {
    recovery: Recovery,
    member_keys: MemberKeys,
    rings: Rings,
    behind: Vec<HeldRing>,
    second: Option<SecondSecret>,
}

/// What a person is shown before anything is changed. It has no other device to compare with, so
/// a server that gives an old copy of everything looks like this too: only the person knows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// The member's name.
    pub name: String,
    /// When the practice began.
    pub founded: Timestamp,
    /// The newest date that anything in the practice log bears.
    pub newest: Timestamp,
    /// How many people the practice has.
    pub members: usize,
    /// The member's devices that are in force, oldest first.
    pub devices: Vec<FoundDevice>,
    /// Whether what lies behind step-up comes back too.
    pub step_up: bool,
}

/// A device that the practice log names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FoundDevice {
    /// Which.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// When it was added.
    pub added: Timestamp,
    /// Whether a recovery sheet added it: this one, in an earlier try.
    pub by_sheet: bool,
    /// How many envelopes of it the server has.
    pub envelopes: u64,
}

/// An entry, with the rows that go to the server with it.
pub type Proposed = (Entry, Vec<Row>);

impl Opened {
    /// Returns the practice log's state.
    pub const fn state(&self) -> &State {
        &self.recovery.state
    }

    /// Returns whose sheet it is.
    pub const fn member(&self) -> MemberId {
        self.recovery.member
    }

    /// Returns what lies behind step-up; `None` if nobody ever put it there for this sheet.
    pub const fn second(&self) -> Option<&SecondSecret> {
        self.second.as_ref()
    }

    /// Takes the server's signed word on how far each device has come; a word that is not its own,
    /// or that the device itself has not signed, is none.
    pub fn heads(&self, heads: &[SignedHead]) -> BTreeMap<DeviceId, OwnHead> {
        let proven = heads.iter().filter_map(|head| match head.proof(&self.recovery.state) {
            HeadProof::Proven(own) => Some((head.receipt.body.device, own)),
            HeadProof::BadReceipt | HeadProof::Forged | HeadProof::Withheld => None,
        });
        proven.collect()
    }

    /// Returns what a person is shown.
    pub fn found(&self, heads: &BTreeMap<DeviceId, OwnHead>) -> Found {
        let Recovery { state, entries, member, .. } = &self.recovery;
        let open = |sealed: &[u8]| {
            let everyone = self.rings.get(&RingPurpose::Everyone)?;
            everyone.keys().find_map(|(_, key)| founding::open_name(key, sealed))
        };
        let profile = state.members().get(member).and_then(|known| open(&known.profile));
        let mut devices: Vec<_> = state
            .devices()
            .iter()
            .filter(|(_, known)| known.member == *member && known.revoked.is_none())
            .map(|(id, known)| FoundDevice {
                id: *id,
                name: open(&known.info).unwrap_or_else(|| id.to_string()),
                added: known.added_at,
                by_sheet: known.added_by.is_none() && known.added > PracticeSeq::ZERO,
                envelopes: heads.get(id).map_or(0, |head| head.dev_seq.get()),
            })
            .collect();
        devices.sort_by_key(|device| device.added);
        let times = entries.iter().flat_map(|entry| {
            [Some(entry.time), state.trail_at(entry.seq).map(|trail| trail.received)]
        });
        let active = state.members().values().filter(|known| known.removed.is_none());
        Found {
            name: profile.unwrap_or_default(),
            founded: entries.first().map_or(Timestamp::from_millis(0), |entry| entry.time),
            newest: times.flatten().max().unwrap_or(Timestamp::from_millis(0)),
            members: active.count(),
            devices,
            step_up: self.second.is_some(),
        }
    }

    /// Makes the entry that revokes every device of the member but those in `keep`, with the
    /// member's next key; `None` if there is nothing to revoke and the key is in force.
    pub fn revocation(
        &self,
        keep: &BTreeSet<DeviceId>,
        heads: &BTreeMap<DeviceId, OwnHead>,
        hedge: &mut Hedge<'_>,
        now: Timestamp,
    ) -> Result<Option<Proposed>, RecoverError> {
        let Recovery { state, member, .. } = &self.recovery;
        let member = *member;
        let out: BTreeSet<_> = state.devices_of(member).filter(|id| !keep.contains(id)).collect();
        let retired = state.active_member(member).is_some_and(|known| known.key.retired);
        if out.is_empty() && !retired {
            return Ok(None);
        }
        let mut holders = Holders::of(state, member).ok_or(RecoverError::NotAMember)?;
        holders.devices.retain(|id, _| !out.contains(id));
        let step_up = self.second.as_ref().map(|second| (second, self.behind.as_slice()));
        let number =
            if out.is_empty() { WrapAction::RotateMemberKey } else { WrapAction::RevokeDevice };
        let rings = &self.rings;
        let next =
            keyring::next_member_key(state, member, number, &holders, rings, step_up, hedge)?;
        let announced = next.announced;
        let action = if out.is_empty() {
            Action::RotateMemberKey { member, member_key: announced }
        } else {
            let cuts = state.cuts_at(out.iter().copied(), heads);
            let cuts = cuts.ok_or(RecoverError::Unproven)?;
            // What a thief has added goes with the thief's device, unless the person knows it.
            let kept = state.added_by(&out).into_iter().collect();
            let member_key = Some(announced);
            Action::RevokeDevice { member, cuts, kept, suspect_since: None, member_key }
        };
        Ok(Some((self.sign(action, now)?, next.rows)))
    }

    /// Makes the entry that adds the new device, with the member's key for it.
    pub fn admission(
        &self,
        keys: &DeviceSecrets,
        (device, name): (DeviceId, &str),
        hedge: &mut Hedge<'_>,
        now: Timestamp,
    ) -> Result<Proposed, RecoverError> {
        let Recovery { state, member, .. } = &self.recovery;
        let known = state.active_member(*member).ok_or(RecoverError::NotAMember)?;
        let generation = known.key.generation;
        let key = self.member_keys.get(&generation).ok_or(RecoverError::Missing)?;
        let practice = state.practice();
        let info = founding::added_info(practice, *member, generation.get(), device);
        let public = keys.kem.public();
        let wrapped = wrap::wrap_member_key(&public, &info, key, hedge);
        let wrapped = wrapped.map_err(|_| KeyringError::Seal)?;
        let everyone = self.rings.get(&RingPurpose::Everyone).ok_or(RecoverError::Missing)?;
        let recipient = Recipient::Device(device);
        let action = Action::AddDevice {
            member: *member,
            device: keys.prove(practice, *member, device),
            device_info: founding::seal_name(&everyone.key, name, hedge)?,
            wraps: vec![membership::Wrap { recipient, hash: wrapped.hash() }],
            member_key: None,
        };
        let bytes = wrapped.as_bytes().to_vec();
        let row = Row { key: RowKey::of_wrap(wrapped.hash()), bytes };
        Ok((self.sign(action, now)?, vec![row]))
    }

    fn sign(&self, action: Action, now: Timestamp) -> Result<Entry, RecoverError> {
        let Recovery { state, member, sheet, .. } = &self.recovery;
        Ok(state.propose(action, Signer::Recovery(*member), now, &sheet.sign())?)
    }

    /// Gives the sheet back, for another look at the practice log.
    pub fn into_sheet(self) -> RecoverySheet {
        self.recovery.sheet
    }
}
