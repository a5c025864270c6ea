//! Whether the server takes one envelope: the checks of the protocol, in their order. It asks
//! nothing of what is inside; it cannot open it.

use super::record::{Fate, Log, Record, Request};
use crate::envelope::{
    AccessRule, ControlBody, EntryRef, Envelope, Header, Kind, Rights, Slot, Target,
};
use crate::id::{DeviceId, ObjectId, RingId, SlotGeneration, Timestamp};
use crate::membership::{NotPermitted, State};
use crate::sync::refusal::RefusalCode;
use std::collections::{BTreeMap, BTreeSet};

/// What to do with an envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It is here already: answer as before.
    Known(Fate),
    /// Another one has its number: keep both, take nothing.
    Equivocation,
    /// Take it.
    Place,
    /// Do not take it, but its number is used up.
    Refuse(RefusalCode),
    /// Do not take it at all.
    Reject(RefusalCode),
}

impl Record {
    /// Judges one envelope.
    pub(super) fn judge(&self, envelope: &Envelope, now: Timestamp) -> Verdict {
        match self.try_judge(envelope, now) {
            Ok(verdict) => verdict,
            Err(code) => Verdict::Reject(code),
        }
    }

    fn try_judge(&self, envelope: &Envelope, now: Timestamp) -> Result<Verdict, RefusalCode> {
        let header = &envelope.header;
        let state = self.state.as_ref().ok_or(RefusalCode::UnknownPractice)?;
        if !header.kind.is_entry() {
            return Err(RefusalCode::Malformed);
        }
        let author = state.devices().get(&header.author).ok_or(RefusalCode::NotADevice)?;
        if !envelope.is_signed_by(&author.sig) {
            return Err(RefusalCode::BadSignature);
        }
        if let Some(number) = self.numbered(header) {
            let same = number.hash == envelope.hash();
            return Ok(if same { Verdict::Known(number.fate) } else { Verdict::Equivocation });
        }
        let body = envelope.control().map_err(|_| RefusalCode::Malformed)?;
        let refusal = match self.permitted(state, header, body.as_ref()) {
            Ok(()) => self.refusal(state, header, body.as_ref(), now),
            Err(Denied::Whole(code)) => return Err(code),
            Err(Denied::Number(code)) => Some(code),
        };
        let continuous = self.own_head(header.author, header.dev_inc).continues_with(header);
        if continuous && !self.fits(header, envelope.hash()) {
            return Ok(Verdict::Equivocation);
        }
        match (refusal, continuous) {
            (None, true) => Ok(Verdict::Place),
            (Some(code), true) => Ok(Verdict::Refuse(code)),
            (Some(code), false) => Err(code),
            (None, false) => Err(RefusalCode::Gap),
        }
    }

    fn permitted(
        &self,
        state: &State,
        header: &Header,
        body: Option<&ControlBody>,
    ) -> Result<(), Denied> {
        let known = self.logs.get(&header.compartment);
        let rules = match (known, body) {
            (Some(log), _) => &log.rules,
            (None, Some(ControlBody::Genesis { rules, .. })) => rules,
            // Its genesis was refused just before, and what follows it must not stop the rest.
            (None, _) => return Err(Denied::Number(RefusalCode::UnknownLog)),
        };
        // Whoever has lost the right by now is refused here too, whatever head is cited.
        let active = state.active_device(header.author).is_some();
        let standing = state.standing(header, rules).map(|_| ());
        match standing {
            Ok(()) if active => Ok(()),
            Ok(()) => Err(Denied::Whole(RefusalCode::NotADevice)),
            Err(NotPermitted::UnknownHead | NotPermitted::WrongHead) => {
                Err(Denied::Whole(RefusalCode::UnknownHead))
            }
            Err(NotPermitted::NoRight) => Err(Denied::Number(RefusalCode::NotPermitted)),
            Err(NotPermitted::NotADevice | NotPermitted::Revoked) => {
                Err(Denied::Whole(RefusalCode::NotADevice))
            }
            Err(_) => Err(Denied::Whole(RefusalCode::NotPermitted)),
        }
    }

    fn refusal(
        &self,
        state: &State,
        header: &Header,
        body: Option<&ControlBody>,
        now: Timestamp,
    ) -> Option<RefusalCode> {
        let log = self.logs.get(&header.compartment);
        let rules = match (log, body) {
            (_, Some(ControlBody::Genesis { rules, .. } | ControlBody::Access { rules, .. })) => {
                rules
            }
            (Some(log), _) => &log.rules,
            (None, _) => return Some(RefusalCode::UnknownLog),
        };
        if rules.iter().any(|rule| state.stale(rule.ring)) {
            return Some(RefusalCode::Stale);
        }
        let acknowledges = matches!(body, Some(ControlBody::Acknowledge(_)));
        if log.is_some_and(Log::is_erased) && !acknowledges {
            // Whoever was away seals under a key that is dead.
            return Some(RefusalCode::Closed);
        }
        let checked = match (log, body) {
            (None, Some(ControlBody::Genesis { slot, .. })) => {
                check_slot(state, rules, slot, SlotGeneration::new(1))
            }
            (None, _) => Err(RefusalCode::UnknownLog),
            (Some(log), Some(body)) => self.check_control(state, log, header, body, now),
            (Some(log), None) if header.kind.is_sealed() => check_sealed(state, log, header, now),
            (Some(_), None) => Ok(()),
        };
        checked.err()
    }

    fn check_control(
        &self,
        state: &State,
        log: &Log,
        header: &Header,
        body: &ControlBody,
        now: Timestamp,
    ) -> Result<(), RefusalCode> {
        let next = log.slot.generation.next();
        match body {
            ControlBody::Genesis { .. } => Err(RefusalCode::Conflict),
            ControlBody::Slot(slot) => check_slot(state, &log.rules, slot, next),
            ControlBody::Access { rules, slot } => {
                let at_head =
                    (header.seen_pos, header.seen_chain) == (log.head.position, log.head.chain);
                match slot {
                    Some(slot) if at_head => check_slot(state, rules, slot, next),
                    None if at_head && !needs_slot(&log.rules, rules) => Ok(()),
                    None if at_head => Err(RefusalCode::Malformed),
                    _ => Err(RefusalCode::Conflict),
                }
            }
            ControlBody::Draft { object, .. } => check_draft(log, header, *object),
            ControlBody::Close { object, .. } => check_open(log, *object),
            ControlBody::Acknowledge(of) => check_acknowledge(log, of, header.author, now),
            ControlBody::EraseRequest(target) => {
                let here = |number| self.place_of(header.compartment, number).is_some();
                if target.numbers().all(here) { Ok(()) } else { Err(RefusalCode::Malformed) }
            }
            ControlBody::Erase { request, since } => {
                let member = self.member_of(header.author).ok_or(RefusalCode::NotADevice)?;
                check_erase(state, log, request, member, *since, now)?;
                let whole = since.is_none_or(|since| log.bases.is_whole(since, header.author));
                if whole { Ok(()) } else { Err(RefusalCode::Conflict) }
            }
        }
    }
}

enum Denied {
    /// Nothing of it is taken.
    Whole(RefusalCode),
    /// Its number is used up.
    Number(RefusalCode),
}

/// Every ring of the list, each in its current epoch, one generation on.
fn check_slot(
    state: &State,
    rules: &[AccessRule],
    slot: &Slot,
    generation: SlotGeneration,
) -> Result<(), RefusalCode> {
    if slot.generation != generation {
        return Err(RefusalCode::Conflict);
    }
    let rings: BTreeSet<RingId> = rules.iter().map(|rule| rule.ring).collect();
    let sealed: BTreeSet<RingId> = slot.epochs.iter().map(|(ring, _)| *ring).collect();
    if rings != sealed {
        return Err(RefusalCode::Malformed);
    }
    if is_current(state, slot) { Ok(()) } else { Err(RefusalCode::OldSlot) }
}

fn is_current(state: &State, slot: &Slot) -> bool {
    slot.epochs.iter().all(|(ring, epoch)| state.current_epoch(*ring) == Some(*epoch))
}

fn check_sealed(
    state: &State,
    log: &Log,
    header: &Header,
    now: Timestamp,
) -> Result<(), RefusalCode> {
    if header.slot_generation != log.slot.generation || !is_current(state, &log.slot) {
        return Err(RefusalCode::OldSlot);
    }
    if header.kind == Kind::Kept {
        if !log.bases.takes(header) {
            return Err(RefusalCode::Conflict);
        }
        let is_undone =
            |asked: &&Request| asked.records.iter().any(|at| !log.erased.single.contains(at));
        let mut undone = log.requests.values().filter(is_undone).peekable();
        if undone.peek().is_none() {
            // Another device has carried it out meanwhile.
            return Err(RefusalCode::Conflict);
        }
        // Whoever begins too early would put together in vain.
        if !undone.any(|asked| asked.has_waited(now)) {
            return Err(RefusalCode::NotPermitted);
        }
    }
    let draft = header.object != ObjectId::from_bytes([0; 16]);
    if draft && matches!(header.kind, Kind::Delta | Kind::Kept) {
        return check_open(log, header.object);
    }
    Ok(())
}

/// The key of a draft lies under a content key that its author knew. If that is not the newest, its
/// row could die before others have it.
fn check_draft(log: &Log, header: &Header, object: ObjectId) -> Result<(), RefusalCode> {
    let (at, by) = log.slot_from;
    if log.drafts.contains_key(&object) {
        return Err(RefusalCode::Conflict);
    }
    if header.seen_pos < at && header.author != by {
        return Err(RefusalCode::OldSlot);
    }
    Ok(())
}

fn check_open(log: &Log, object: ObjectId) -> Result<(), RefusalCode> {
    match log.drafts.get(&object) {
        Some(false) => Ok(()),
        Some(true) => Err(RefusalCode::Closed),
        // It was refused, because a content key had come that its author did not know: both come
        // again.
        None => Err(RefusalCode::OldSlot),
    }
}

/// Whether the set of rings changes, or one loses a right.
fn needs_slot(old: &[AccessRule], new: &[AccessRule]) -> bool {
    let new: BTreeMap<RingId, Rights> = new.iter().map(|rule| (rule.ring, rule.rights)).collect();
    let kept = |rule: &AccessRule| new.get(&rule.ring).is_some_and(|to| to.include(rule.rights));
    new.len() != old.len() || !old.iter().all(kept)
}

/// A request of another member where there are two, at least thirty days old.
pub(super) fn check_erase(
    state: &State,
    log: &Log,
    request: &EntryRef,
    member: crate::id::MemberId,
    since: Option<SlotGeneration>,
    now: Timestamp,
) -> Result<(), RefusalCode> {
    let asked = log.requests.get(&request.position).filter(|asked| asked.hash == request.hash);
    let asked = asked.ok_or(RefusalCode::Malformed)?;
    let erasers: BTreeSet<_> = log
        .rules
        .iter()
        .filter(|rule| rule.rights.include(Rights::ERASE))
        .filter_map(|rule| state.rings().get(&rule.ring))
        .flat_map(crate::membership::Ring::members)
        .collect();
    let alone = erasers.len() < 2;
    let waited = asked.has_waited(now);
    let of_record = !matches!(asked.target, Target::Compartment(_));
    if of_record != since.is_some() {
        return Err(RefusalCode::Malformed);
    }
    if waited && (alone || asked.by != member) { Ok(()) } else { Err(RefusalCode::NotPermitted) }
}

/// Who acknowledges again orders the end, which has its time.
fn check_acknowledge(
    log: &Log,
    of: &EntryRef,
    author: DeviceId,
    now: Timestamp,
) -> Result<(), RefusalCode> {
    let early = log
        .closings
        .cited(of)
        .is_some_and(|(_, closing)| closing.is_done_by(author) && !closing.is_due(now));
    if early { Err(RefusalCode::NotPermitted) } else { Ok(()) }
}
