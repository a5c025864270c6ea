//! Who may do what: the rules by which everybody, server and devices alike, replays the practice
//! log from genesis and comes to the same state. Nobody's word is taken for the outcome.

mod devices;
mod people;
mod practice;
mod rings;

use super::action::{Action, Cut, Roles};
use super::entry::{Entry, Signer};
use super::keys::{Recipient, Wrap};
use super::state::{Device, Member, Revocation, State, Trail};
use crate::id::{DeviceId, MemberId, PracticeId, PracticeSeq, RingId, Timestamp};
use crate::suite::{Hash, SUITE_1, Signature, SigningKey, VerifyingKey};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why an entry is not part of the practice log.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Invalid {
    /// It introduces an id that exists.
    #[error("an entry introduces an id that exists")]
    AlreadyExists,
    /// The signature does not hold.
    #[error("the signature of an entry does not hold")]
    BadSignature,
    /// A device that is touched has no cut, or a cut names a device that is not touched, or an
    /// incarnation that has not begun.
    #[error("an entry takes rights away without a cut for each device")]
    BadCuts,
    /// Its fields are not written in the one canonical way, or exceed a limit.
    #[error("an entry is not in canonical form")]
    Malformed,
    /// It leaves the practice without an owner, or a ring without a member.
    #[error("an entry leaves nobody behind who could go on")]
    LeavesNobody,
    /// It seals to a retired key, or lacks the new key that must come with it.
    #[error("an entry needs a new member key")]
    NeedsNewKey,
    /// Its signer may not do this.
    #[error("the signer of an entry may not do this")]
    NotAllowed,
    /// A cut would become shorter, or stay as it is.
    #[error("an entry does not lengthen the cut")]
    NotLonger,
    /// It does not follow the head of this log.
    #[error("an entry does not follow the head")]
    NotNext,
    /// No receipt of the practice's server supports it.
    #[error("no receipt supports the entry")]
    NotReceipted,
    /// The state that it announces is not the one that it leads to.
    #[error("an entry leads to another state than it says")]
    OtherState,
    /// Seven days have not passed, or a device is younger than thirty days.
    #[error("it is too early for the entry")]
    TooEarly,
    /// It names a member, device, ring or request that is not there or not active.
    #[error("an entry names what is not there")]
    Unknown,
    /// The signer is no active device or member.
    #[error("the signer of an entry is not active")]
    UnknownSigner,
    /// New keys come without a proof of possession.
    #[error("new keys come without a proof of possession")]
    Unproven,
    /// It was written by a newer version: replay stops, this version can only read.
    #[error("the practice needs a newer version of the program")]
    UpdateNeeded,
    /// A generation, epoch or incarnation is not one more than the last.
    #[error("a counter of an entry is not one more than the last")]
    WrongCounter,
    /// Its keys are wrapped to others than those who are entitled.
    #[error("keys are wrapped to others than those who are entitled")]
    WrongRecipients,
}

/// How far a replay came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replayed {
    /// The state after the last valid entry.
    pub state: State,
    /// The entry at which replay stopped, and why; `None` if it reached the end.
    pub stopped: Option<(PracticeSeq, Invalid)>,
}

/// What the rules need to know of an entry beside its action.
#[derive(Clone, Copy)]
struct Step {
    seq: PracticeSeq,
    signer: Signer,
    received: Timestamp,
}

impl State {
    /// Begins with a genesis entry, which the server received at `received`.
    pub fn begin(entry: &Entry, received: Timestamp) -> Result<Self, Invalid> {
        let first = entry.seq == PracticeSeq::ZERO && entry.prev == Hash::ZERO;
        if !first || entry.practice != PracticeId::from_bytes([0; 16]) {
            return Err(Invalid::NotNext);
        }
        let Action::Found { device, .. } = &entry.action else {
            return Err(Invalid::NotNext);
        };
        let step = Step { seq: entry.seq, signer: entry.signer, received };
        check_suite(entry, SUITE_1)?;
        if !entry.is_signed_by(&device.sig) {
            return Err(Invalid::BadSignature);
        }
        let mut state = Self::empty();
        state.found(&entry.action, step)?;
        state.seal(entry, received)?;
        state.practice = entry.founded_practice();
        Ok(state)
    }

    /// Replays from genesis. Fails only if there is no valid genesis.
    pub fn replay<'a>(
        entries: impl IntoIterator<Item = (&'a Entry, Timestamp)>,
    ) -> Result<Replayed, Invalid> {
        let mut entries = entries.into_iter();
        let (genesis, received) = entries.next().ok_or(Invalid::NotNext)?;
        let mut state = Self::begin(genesis, received)?;
        for (entry, received) in entries {
            match state.apply(entry, received) {
                Ok(next) => state = next,
                Err(why) => return Ok(Replayed { state, stopped: Some((entry.seq, why)) }),
            }
        }
        Ok(Replayed { state, stopped: None })
    }

    /// Returns the state after one more entry, which the server received at `received`.
    pub fn apply(&self, entry: &Entry, received: Timestamp) -> Result<Self, Invalid> {
        let head = self.head();
        let next = entry.prev == head.hash && entry.seq == head.seq.next();
        if !next || entry.practice != self.practice {
            return Err(Invalid::NotNext);
        }
        check_suite(entry, self.suite)?;
        if !entry.is_signed_by(&self.key_of(entry.signer)?) {
            return Err(Invalid::BadSignature);
        }
        let mut state = self.clone();
        state.act(&entry.action, Step { seq: entry.seq, signer: entry.signer, received })?;
        state.seal(entry, received)?;
        Ok(state)
    }

    /// Makes the next entry, if the rules allow it now.
    pub fn propose(
        &self,
        action: Action,
        signer: Signer,
        time: Timestamp,
        key: &SigningKey,
    ) -> Result<Entry, Invalid> {
        let head = self.head();
        let seq = head.seq.next();
        if self.key_of(signer)? != key.verifying() {
            return Err(Invalid::BadSignature);
        }
        let mut next = self.clone();
        next.act(&action, Step { seq, signer, received: time })?;
        let entry = Entry {
            suite: SUITE_1,
            practice: self.practice,
            seq,
            prev: head.hash,
            action,
            time,
            signer,
            state: next.hash(),
            signature: Signature::from_bytes([0; 64]),
        };
        canonical(entry.signed(key))
    }

    /// Makes the genesis entry of a practice.
    pub fn propose_genesis(
        action: Action,
        time: Timestamp,
        key: &SigningKey,
    ) -> Result<Entry, Invalid> {
        let Action::Found { device, .. } = &action else { return Err(Invalid::NotAllowed) };
        let signer = Signer::Device(device.device);
        if device.sig != key.verifying() {
            return Err(Invalid::BadSignature);
        }
        let mut state = Self::empty();
        state.found(&action, Step { seq: PracticeSeq::ZERO, signer, received: time })?;
        let entry = Entry {
            suite: SUITE_1,
            practice: PracticeId::from_bytes([0; 16]),
            seq: PracticeSeq::ZERO,
            prev: Hash::ZERO,
            action,
            time,
            signer,
            state: state.hash(),
            signature: Signature::from_bytes([0; 64]),
        };
        canonical(entry.signed(key))
    }

    fn empty() -> Self {
        Self {
            practice: PracticeId::from_bytes([0; 16]),
            trail: Vec::new(),
            suite: SUITE_1,
            minimum_writer: 0,
            server: None,
            former_servers: Vec::new(),
            life_since: None,
            members: std::collections::BTreeMap::new(),
            devices: std::collections::BTreeMap::new(),
            rings: std::collections::BTreeMap::new(),
        }
    }

    fn seal(&mut self, entry: &Entry, received: Timestamp) -> Result<(), Invalid> {
        if entry.state != self.hash() {
            return Err(Invalid::OtherState);
        }
        self.trail.push(Trail { hash: entry.hash(), signer: entry.signer, received });
        Ok(())
    }

    fn act(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        match action {
            Action::Newer { .. } => Err(Invalid::UpdateNeeded),
            Action::Found { .. } => Err(Invalid::NotNext),
            Action::AddMember { .. } | Action::SetRoles { .. } | Action::RemoveMember { .. } => {
                self.act_on_people(action, step)
            }
            Action::AddDevice { .. }
            | Action::RotateMemberKey { .. }
            | Action::ReplaceRecovery { .. }
            | Action::RequestRecovery { .. }
            | Action::CompleteRecovery { .. }
            | Action::VetoRecovery { .. }
            | Action::RevokeDevice { .. }
            | Action::Incarnate { .. } => self.act_on_devices(action, step),
            Action::RingCreate(_)
            | Action::RingAdd { .. }
            | Action::RingRemove { .. }
            | Action::Rekey { .. }
            | Action::Rewrap { .. } => self.act_on_rings(action, step),
            Action::SetServer { .. }
            | Action::SetSuite(_)
            | Action::SetMinimumWriter(_)
            | Action::ExtendCut { .. }
            | Action::Reseed { .. }
            | Action::Abandon { .. }
            | Action::BreakGlass(_) => self.act_on_practice(action, step),
        }
    }

    fn key_of(&self, signer: Signer) -> Result<VerifyingKey, Invalid> {
        match signer {
            Signer::Device(device) => self.active_device(device).map(|known| known.sig),
            Signer::Recovery(member) => self.active_member(member).map(|known| known.recovery.sig),
        }
        .ok_or(Invalid::UnknownSigner)
    }

    /// The signer's member, if a device signs.
    fn device_member(&self, step: Step) -> Result<(DeviceId, MemberId), Invalid> {
        match step.signer {
            Signer::Recovery(_) => Err(Invalid::NotAllowed),
            Signer::Device(device) => {
                let known = self.active_device(device).ok_or(Invalid::UnknownSigner)?;
                Ok((device, known.member))
            }
        }
    }

    fn require_owner(&self, step: Step) -> Result<(), Invalid> {
        let (_, member) = self.device_member(step)?;
        if self.is_owner(member) { Ok(()) } else { Err(Invalid::NotAllowed) }
    }

    fn is_owner(&self, member: MemberId) -> bool {
        self.active_member(member).is_some_and(|known| known.roles.include(Roles::OWNER))
    }

    /// The member's own device, or the member's sheet.
    fn require_self(&self, member: MemberId, step: Step) -> Result<(), Invalid> {
        let own = match step.signer {
            Signer::Recovery(signer) => signer == member,
            Signer::Device(_) => self.device_member(step)?.1 == member,
        };
        if own { Ok(()) } else { Err(Invalid::NotAllowed) }
    }

    fn member_mut(&mut self, member: MemberId) -> Result<&mut Member, Invalid> {
        let known = self.members.get_mut(&member).filter(|known| known.removed.is_none());
        known.ok_or(Invalid::Unknown)
    }

    /// Checks one cut against the device that it names, which must be active and of `member`.
    fn check_cut(&self, member: MemberId, cut: &Cut) -> Result<(), Invalid> {
        let known = self.devices.get(&cut.device).ok_or(Invalid::Unknown)?;
        let active = known.member == member && known.revoked.is_none();
        let begun = known.incarnation(cut.head.dev_inc).is_some();
        if active && begun { Ok(()) } else { Err(Invalid::BadCuts) }
    }

    /// Checks that there is a cut for each active device of the member, and no other.
    fn check_all_cut(&self, member: MemberId, cuts: &[Cut]) -> Result<(), Invalid> {
        cuts.iter().try_for_each(|cut| self.check_cut(member, cut))?;
        let named: BTreeSet<_> = cuts.iter().map(|cut| cut.device).collect();
        let touched: BTreeSet<_> = self.devices_of(member).collect();
        if named == touched && named.len() == cuts.len() { Ok(()) } else { Err(Invalid::BadCuts) }
    }

    fn revoke(&mut self, cut: &Cut, seq: PracticeSeq, suspect_since: Option<Timestamp>) {
        if let Some(device) = self.devices.get_mut(&cut.device) {
            device.revoked = Some(Revocation { seq, cut: cut.head, suspect_since });
        }
        for member in self.members.values_mut() {
            if member.request.as_ref().is_some_and(|request| request.by == cut.device) {
                member.request = None;
            }
        }
    }

    /// Every ring whose key the member's lost devices may hold needs a new one.
    fn make_stale(&mut self, member: MemberId) {
        let rings: Vec<RingId> = self.rings_of(member).collect();
        for ring in rings {
            if let Some(known) = self.rings.get_mut(&ring) {
                known.stale = true;
            }
        }
    }

    fn has_owner(&self) -> bool {
        self.members.keys().any(|member| self.is_owner(*member))
    }

    fn new_device(
        &self,
        keys: &super::keys::DeviceKeys,
        info: &[u8],
        member: MemberId,
        step: Step,
        added_by: Option<DeviceId>,
    ) -> Result<Device, Invalid> {
        if self.devices.contains_key(&keys.device) {
            return Err(Invalid::AlreadyExists);
        }
        if !keys.proven(self.practice, member) {
            return Err(Invalid::Unproven);
        }
        Ok(Device {
            member,
            sig: keys.sig,
            kem: keys.kem.clone(),
            tls: keys.tls,
            info: info.to_vec(),
            added: step.seq,
            added_at: step.received,
            added_by,
            incarnations: vec![super::state::Incarnation { since: step.seq, end: None }],
            revoked: None,
        })
    }
}

/// Floors only rise; a suite that this version cannot check stops the replay.
fn check_suite(entry: &Entry, floor: u8) -> Result<(), Invalid> {
    if entry.suite != SUITE_1 {
        return Err(Invalid::UpdateNeeded);
    }
    if entry.suite < floor { Err(Invalid::NotAllowed) } else { Ok(()) }
}

/// What its own author could not read again is never signed.
fn canonical(entry: Entry) -> Result<Entry, Invalid> {
    if Entry::decode(&entry.encode()).as_ref() == Ok(&entry) {
        Ok(entry)
    } else {
        Err(Invalid::Malformed)
    }
}

/// Checks that `wraps` are exactly for `recipients`, ascending.
fn check_recipients(
    wraps: &[Wrap],
    recipients: impl IntoIterator<Item = Recipient>,
) -> Result<(), Invalid> {
    let expected: BTreeSet<Recipient> = recipients.into_iter().collect();
    let exact = wraps.len() == expected.len()
        && wraps.iter().zip(&expected).all(|(wrap, recipient)| wrap.recipient == *recipient);
    if exact { Ok(()) } else { Err(Invalid::WrongRecipients) }
}
