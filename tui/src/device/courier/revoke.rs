//! A device is lost: it is shut out, and every key that it knew is replaced.
//!
//! The order is to cut where the server's signed word and this device's own logs say that the
//! lost device ended, with the member's next key in the same entry, and then to re-key every ring
//! that the entry has made stale. What is still to do is read from the practice log each time, so
//! that it is finished after a crash, a lost race or a cut link, and by any other device that
//! sees it.

use super::packing::Packing;
use super::{Courier, Proposer};
use crate::device::chance::OsRandom;
use crate::device::held;
use crate::device::keyring::{self, Holders, Kept, KeyringError};
use crate::device::open::{Device, DeviceError};
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{DeviceId, RingId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::wrap::WrapAction;
use tacenda_shared::log::OwnHead;
use tacenda_shared::membership::{Action, Entry, Invalid, Signer, State};
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::Alarm;
use tacenda_shared::sync::{Refusal, RefusalCode, Row};
use thiserror::Error;

/// How long another device is given to finish what it has begun.
pub(super) const REKEY_PATIENCE_MILLIS: i64 = 3_000;
/// How often an order is tried anew because something was acknowledged in between.
const TRIES_MAX: u8 = 8;

/// Why a device is not shut out.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RevokeError {
    /// It is no device of this member, or is out already.
    #[error("that is no other device of yours that is still in the practice")]
    Unknown,
    /// It is this very device.
    #[error("this very device cannot shut itself out")]
    Itself,
    /// There is no server, and so no other device.
    #[error("the practice has no server, and so no other device")]
    NoServer,
    /// There is no link now.
    #[error("there is no link to the server")]
    Offline,
    /// Another order is under way.
    #[error("another order is under way")]
    Busy,
    /// A key that belongs into the new safe is not here yet.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// The server does not show what the device itself has signed last, and nothing is signed on
    /// the server's word alone.
    #[error("the server does not prove where that device ended")]
    Unproven,
    /// A rule of the practice log.
    #[error(transparent)]
    Rule(#[from] Invalid),
    /// The server refuses.
    #[error("the server refused: {}", .0.cause())]
    Refused(RefusalCode),
}

/// Who goes and who stays: what a person says yes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Devices that are shut out, those among them that a lost one has added included.
    pub goes: BTreeSet<DeviceId>,
    /// Devices that a lost one has added and that stay.
    pub stays: BTreeSet<DeviceId>,
    /// Since when what the lost devices signed is disputed, by receipt time.
    pub suspect_since: Option<Timestamp>,
}

/// An order while it is carried out.
#[derive(Debug)]
pub(super) struct Order {
    revocation: Revocation,
    step: Step,
    tries: u8,
}

#[derive(Debug)]
enum Step {
    /// The heads are to be asked for.
    Ask,
    /// They were asked for.
    Asked,
    /// They are here; what lies before them is being fetched.
    Fetching(BTreeMap<DeviceId, OwnHead>),
    /// Everything up to the heads is here; whether they go on from there is being proven of these.
    Proving(BTreeMap<DeviceId, OwnHead>, BTreeSet<DeviceId>),
    /// The heads are where the devices themselves have ended.
    Cut(BTreeMap<DeviceId, OwnHead>),
    /// The entry is on its way.
    Proposed,
}

impl<F: FileSystem> Device<F> {
    /// Says which devices an order to shut out `lost` would touch: also those that a lost one has
    /// added, unless they are in `keep` or were added through this device.
    pub fn plan_revocation(
        &self,
        lost: &BTreeSet<DeviceId>,
        keep: &BTreeSet<DeviceId>,
    ) -> Result<Revocation, RevokeError> {
        let author = self.cabinet.identity.author;
        let state = &self.cabinet.state;
        state.server().ok_or(RevokeError::NoServer)?;
        if lost.contains(&author.device) {
            return Err(RevokeError::Itself);
        }
        let own: BTreeSet<_> = state.devices_of(author.member).collect();
        if lost.is_empty() || !lost.is_subset(&own) {
            return Err(RevokeError::Unknown);
        }
        let mut goes = lost.clone();
        let stays = |device: &DeviceId| *device == author.device || keep.contains(device);
        loop {
            let before = goes.len();
            let added = own.iter().filter(|device| {
                let by = state.devices().get(device).and_then(|known| known.added_by);
                !stays(device) && by.is_some_and(|by| goes.contains(&by))
            });
            let added: Vec<_> = added.copied().collect();
            goes.extend(added);
            if goes.len() == before {
                break;
            }
        }
        let stays = state.added_by(&goes);
        Ok(Revocation { goes, stays, suspect_since: None })
    }

    /// Begins to shut devices out. What comes of it, [`Device::poll_revocation`] tells.
    pub fn revoke(&mut self, revocation: Revocation, now: Timestamp) -> Result<(), RevokeError> {
        let courier = self.courier.as_mut().ok_or(RevokeError::Offline)?;
        if !courier.connected {
            return Err(RevokeError::Offline);
        }
        if courier.order.is_some() {
            return Err(RevokeError::Busy);
        }
        courier.revoked = None;
        courier.order = Some(Order { revocation, step: Step::Ask, tries: 0 });
        courier.sync.refresh(now);
        Ok(())
    }

    /// Returns what came of the last order, once that is known: after `Ok` nothing that is written
    /// from then on opens for the lost devices.
    pub fn poll_revocation(&mut self) -> Option<Result<(), RevokeError>> {
        let courier = self.courier.as_mut()?;
        if matches!(courier.revoked, Some(Ok(()))) && !self.cabinet.unfinished().is_empty() {
            return None;
        }
        courier.revoked.take()
    }

    /// Returns whether keys that a lost device knows are still to be replaced.
    pub fn is_rekeying(&self) -> bool {
        !self.cabinet.unfinished().is_empty()
    }

    /// Carries on with what is to be done in the practice log, if it is this device's turn.
    pub(super) fn carry_on(
        &mut self,
        courier: &mut Courier,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        if !courier.sync.is_open() || !courier.level || courier.behind {
            return Ok(());
        }
        if courier.proposal.is_some() {
            return Ok(());
        }
        if courier.order.is_some() {
            return self.carry_on_order(courier, now);
        }
        if courier.rekey_stopped || courier.rekey_after.is_some_and(|after| now < after) {
            return Ok(());
        }
        self.rekey_next(courier, now)
    }

    fn carry_on_order(&mut self, courier: &mut Courier, now: Timestamp) -> Result<(), DeviceError> {
        let Some(mut order) = courier.order.take() else { return Ok(()) };
        let state = courier.sync.state();
        let active = |device: &DeviceId| state.active_device(*device).is_some();
        if !order.revocation.goes.iter().any(active) {
            // Taken, by whoever was first.
            courier.revoked = Some(Ok(()));
            courier.rekey_after = None;
            return Ok(());
        }
        match order.step {
            Step::Ask => {
                let devices = order.revocation.goes.iter().copied().filter(active).collect();
                courier.sync.ask_heads(devices, now);
                order.step = Step::Asked;
            }
            Step::Cut(heads) => {
                order.step = Step::Proposed;
                match self.propose_revocation(courier, &order.revocation, &heads, now) {
                    Ok(()) => {}
                    Err(Failed::Order(error)) => {
                        courier.revoked = Some(Err(error));
                        return Ok(());
                    }
                    Err(Failed::Device(error)) => return Err(error),
                }
            }
            Step::Asked | Step::Fetching(_) | Step::Proving(..) | Step::Proposed => {}
        }
        courier.order = Some(order);
        Ok(())
    }

    fn propose_revocation(
        &self,
        courier: &mut Courier,
        revocation: &Revocation,
        heads: &BTreeMap<DeviceId, OwnHead>,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let cabinet = &self.cabinet;
        let author = cabinet.identity.author;
        let state = courier.sync.state();
        let goes = revocation.goes.iter().copied();
        let goes: BTreeSet<_> = goes.filter(|gone| state.active_device(*gone).is_some()).collect();
        // A cut below what was seen here would annul what the server has acknowledged.
        let cut = |device: &DeviceId| {
            let head = heads.get(device).copied();
            let seen = courier.sync.newest_own(*device);
            let number = |own: &OwnHead| (own.dev_inc, own.dev_seq);
            let newest = head.into_iter().chain(seen).max_by_key(number)?;
            Some((*device, newest))
        };
        let heads: BTreeMap<_, _> = goes.iter().filter_map(cut).collect();
        let cuts = state.cuts_at(goes.iter().copied(), &heads).ok_or(RevokeError::Offline)?;
        let mut holders = Holders::of(state, author.member).ok_or(RevokeError::Unknown)?;
        holders.devices.retain(|device, _| !goes.contains(device));
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
        let next = keyring::next_member_key(
            state,
            author.member,
            WrapAction::RevokeDevice,
            &holders,
            &cabinet.rings,
            None,
            &mut hedge,
        )
        .map_err(RevokeError::from)?;
        let action = Action::RevokeDevice {
            member: author.member,
            cuts,
            kept: state.added_by(&goes).into_iter().collect(),
            suspect_since: revocation.suspect_since,
            member_key: Some(next.announced),
        };
        self.propose_own(courier, action, next.rows, next.kept, now)
    }

    /// Signs an entry and proposes it; `kept` is written once it was taken.
    fn propose_own(
        &self,
        courier: &mut Courier,
        action: Action,
        rows: Vec<Row>,
        kept: Kept,
        now: Timestamp,
    ) -> Result<(), Failed> {
        let signer = Signer::Device(self.cabinet.identity.author.device);
        let key = &self.cabinet.keys.sign;
        let entry = courier.sync.state().propose(action, signer, now, key);
        let entry = entry.map_err(RevokeError::from)?;
        courier.propose(&entry, rows, Proposer::Courier, kept, now);
        Ok(())
    }

    /// Re-keys the next ring that somebody lost the right to.
    fn rekey_next(&mut self, courier: &mut Courier, now: Timestamp) -> Result<(), DeviceError> {
        let author = self.cabinet.identity.author;
        let Some(ring) = self.cabinet.unfinished().first().copied() else { return Ok(()) };
        let state = courier.sync.state();
        let known = state.active_member(author.member).map(|known| &known.key);
        let Some(known) = known.filter(|_| state.active_device(author.device).is_some()) else {
            return Ok(());
        };
        let (mut member_keys, _) = self.cabinet.member_keys()?;
        let member_key = member_keys.remove(&known.generation);
        if member_key.is_none() && !known.retired {
            // It is on its way; a ring's key without its row in the safe would be no use.
            return Ok(());
        }
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.cabinet.keys.hedge, random: &mut random };
        let (member, member_key) = (author.member, member_key.as_ref());
        let next = keyring::next_ring_key(state, member, ring, member_key, None, &mut hedge);
        let proposed = next
            .map_err(|error| Failed::Order(error.into()))
            .and_then(|next| self.propose_own(courier, next.action, next.rows, next.kept, now));
        match proposed {
            Ok(()) => Ok(()),
            Err(Failed::Device(error)) => Err(error),
            Err(Failed::Order(_)) => {
                courier.rekey_stopped = true;
                Ok(())
            }
        }
    }
}

/// Why a step was not taken.
enum Failed {
    Device(DeviceError),
    Order(RevokeError),
}

impl From<RevokeError> for Failed {
    fn from(error: RevokeError) -> Self {
        Self::Order(error)
    }
}

impl From<DeviceError> for Failed {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

impl<F: FileSystem> crate::device::cabinet::Cabinet<F> {
    /// The rings of this member that wait for a new key, but for those that only step-up opens:
    /// nobody writes through these until it is there.
    pub(super) fn unfinished(&self) -> Vec<RingId> {
        let state: &State = &self.state;
        let everyone = self.rings.get(&RingPurpose::Everyone);
        let stale = state.rings_of(self.identity.author.member).filter(|ring| state.stale(*ring));
        let open = |ring: &RingId| {
            let purpose = everyone.and_then(|held| held::purpose_of(state, held, ring));
            purpose.is_some_and(|purpose| !purpose.is_behind_second_secret())
        };
        stale.filter(open).collect()
    }
}

impl Courier {
    /// Proposes an entry; one at a time is on its way.
    pub(super) fn propose(
        &mut self,
        entry: &Entry,
        rows: Vec<Row>,
        by: Proposer,
        kept: Kept,
        now: Timestamp,
    ) -> bool {
        if self.proposal.is_some() || self.sync.append_entry(entry, rows, now).is_err() {
            return false;
        }
        self.proposal = Some((by, kept));
        true
    }

    /// The entry that was on its way was taken.
    pub(super) fn entry_taken(&mut self) {
        let Some((by, kept)) = self.proposal.take() else { return };
        self.kept.frames.extend(kept.frames);
        self.kept.rows.extend(kept.rows);
        self.keys_due = true;
        if by == Proposer::Caller {
            self.proposed = Some(Ok(()));
        }
    }

    /// The entry that was on its way was not taken.
    pub(super) fn entry_refused(&mut self, refusal: Refusal) {
        let Some((by, _)) = self.proposal.take() else { return };
        if by == Proposer::Caller {
            self.proposed = Some(Err(refusal.code));
            return;
        }
        let behind = refusal.head.is_some_and(|head| head != self.sync.state().head());
        if refusal.code == RefusalCode::Conflict && behind {
            // Somebody was first: decided anew once that is here.
            self.behind = true;
        }
        match &mut self.order {
            Some(order) => {
                order.tries = order.tries.saturating_add(1);
                order.step = Step::Ask;
                if refusal.code != RefusalCode::Conflict || order.tries > TRIES_MAX {
                    self.order = None;
                    self.revoked = Some(Err(RevokeError::Refused(refusal.code)));
                }
            }
            None => self.rekey_stopped = refusal.code != RefusalCode::Conflict,
        }
    }

    /// Where devices stand, as far as the server has shown what they signed last.
    pub(super) fn heads_known(&mut self, heads: BTreeMap<DeviceId, OwnHead>, now: Timestamp) {
        let state = self.sync.state();
        let Some(order) = self.order.as_mut().filter(|order| matches!(order.step, Step::Asked))
        else {
            return;
        };
        let mut goes = order.revocation.goes.iter();
        if goes.all(|gone| heads.contains_key(gone) || state.active_device(*gone).is_none()) {
            order.step = Step::Fetching(heads);
            self.sync.refresh(now);
        } else {
            (self.order, self.revoked) = (None, Some(Err(RevokeError::Unproven)));
        }
    }

    /// Everything that the server had is here.
    pub(super) fn fetched_all(&mut self, now: Timestamp) {
        self.level = true;
        if let Some(order) = &mut self.order
            && let Step::Fetching(heads) = &mut order.step
        {
            let heads = std::mem::take(heads);
            order.step = Step::Proving(heads.clone(), heads.keys().copied().collect());
            heads.iter().for_each(|(device, end)| self.sync.prove_head(*device, *end, now));
        }
    }

    /// The head at which a device is to be cut goes on from what is here of it.
    pub(super) fn head_proven(&mut self, device: DeviceId) {
        if let Some(order) = &mut self.order
            && let Step::Proving(heads, open) = &mut order.step
        {
            open.remove(&device);
            if open.is_empty() {
                order.step = Step::Cut(std::mem::take(heads));
            }
        }
    }

    /// Something does not fit: nothing is signed about a device of which that is so.
    pub(super) fn head_doubted(&mut self, alarm: &Alarm) {
        let step = self.order.as_ref().map(|order| &order.step);
        let open = |device| matches!(step, Some(Step::Proving(_, open)) if open.contains(&device));
        if alarm.device.is_some_and(open) {
            (self.order, self.revoked) = (None, Some(Err(RevokeError::Unproven)));
        }
    }

    /// A link has ended: what was on its way is asked for again on the next.
    pub(super) fn forget_link(&mut self) {
        self.absent.clear();
        self.refused_rows.clear();
        (self.level, self.behind) = (false, false);
        (self.rekey_stopped, self.rekey_after) = (false, None);
        if let Some((Proposer::Caller, _)) = self.proposal.take() {
            self.proposed = None;
        }
        self.asked_wraps.clear();
        self.rows_again.forget_link();
        self.packing = Packing::default();
        self.shelf.look_again();
        self.watch.forget_link();
        if let Some(order) = &mut self.order {
            order.step = Step::Ask;
        }
    }
}
