//! Entries as they arrive: in order, chained, checked one by one; whatever fails is kept apart
//! with its reason, and never holds up another log.

use super::check::{AlarmKind, Checked, Checker, Quarantine, Verdict};
use super::link::Request;
use super::replica::Replica;
use super::{DeviceSync, Event};
use crate::envelope::{Carried, Envelope};
use crate::id::{CompartmentId, Position, PracticeSeq, Timestamp};
use crate::log::{LogHead, Receipt};
use crate::sync::wire::{Entries, Message, Seen};
use std::collections::BTreeSet;

/// So many signatures are worth a thread.
const APART: usize = 16;

/// An entry that came, and whether it is known already that its author has signed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Arrived {
    carried: Carried,
    signed: bool,
}

/// Entries of one log that cannot be judged yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Waiting {
    /// From the replica's head on.
    arrived: Vec<Arrived>,
    /// For what.
    cause: Cause,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    /// For the practice log up to this entry.
    Practice(PracticeSeq),
    /// For the full forms, up to this head.
    Full(LogHead),
}

impl DeviceSync {
    /// Takes entries of one log; false if some of it must be fetched or waits.
    pub(super) fn take_entries(&mut self, entries: &Entries, live: bool, now: Timestamp) -> bool {
        let log = entries.log;
        if self.stopped.contains(&log) {
            return true;
        }
        // A refilled server is compared first; what it tells meanwhile is fetched then.
        let compares = live && self.link.fresh || self.link.rewinding.contains(&log);
        if compares || self.waiting.contains_key(&log) {
            self.link.dirty.insert(log);
            return false;
        }
        let head = self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head);
        let have = self.have(log);
        if !live && entries.after > head.position {
            if entries.after > have && self.link.dirty.contains(&log) {
                // Something before these has failed, or waits: they come again.
                return false;
            }
            if entries.after < have {
                // They are here, unopened, as far as they are.
                if entries.head.position > have {
                    self.link.dirty.insert(log);
                }
                return true;
            }
            let count: usize = entries.runs.iter().map(|run| run.envelopes.len()).sum();
            let to = Position::new(entries.after.get().saturating_add(count as u64));
            if entries.after == have && entries.head.position == to {
                // Behind what lies unopened: their turn comes after that.
                self.shelve(log, to, Message::Entries(entries.clone()));
                return true;
            }
        }
        if entries.after > head.position {
            // A pull gives what was asked for; only the live stream may be ahead of it.
            if !live {
                let position = Some(head.position.next());
                self.alarm(AlarmKind::Withheld, Some(log), position, None);
                self.stopped.insert(log);
                return true;
            }
            self.link.dirty.insert(log);
            return false;
        }
        let practice = self.practice();
        let restored: Option<Vec<Carried>> = entries
            .runs
            .iter()
            .filter(|run| run.log == log)
            .flat_map(|run| run.restore(practice))
            .map(Result::ok)
            .collect();
        let arrived = restored.and_then(|carried| self.fit(entries, carried));
        match arrived {
            Some(arrived) => self.take_in_order(log, arrived, now),
            None if self.link.fresh => {
                self.compare(log, now);
                false
            }
            None => {
                self.ask_full(entries, now);
                false
            }
        }
    }

    /// Returns the entries that are new, if all of them lead from our chain to the head that the
    /// server names and bear their authors' signatures.
    pub(super) fn fit(&self, entries: &Entries, carried: Vec<Carried>) -> Option<Vec<Arrived>> {
        let replica = self.replicas.get(&entries.log);
        let chain = match replica {
            Some(replica) => replica.chain_at(entries.after)?,
            None => LogHead::EMPTY.chain,
        };
        let mut head = LogHead { position: entries.after, chain };
        let ours = replica.map_or(LogHead::EMPTY, Replica::head);
        let mut new = Vec::new();
        for carried in carried {
            head = head.after(entries.log, carried.hash());
            if head.position > ours.position {
                let signed = carried.header().practice_head.seq <= self.state.head().seq;
                new.push(Arrived { carried, signed });
            } else if replica.and_then(|replica| replica.chain_at(head.position))
                != Some(head.chain)
            {
                return None;
            }
        }
        (head == entries.head && self.are_signed(&new)).then_some(new)
    }

    /// Whether all of them bear the signatures that they must bear. Of many it is looked at on more
    /// than one core: it is what takes longest.
    fn are_signed(&self, arrived: &[Arrived]) -> bool {
        let all = |part: &[Arrived]| {
            let mut due = part.iter().filter(|one| one.signed);
            due.all(|one| Checker::is_signed(&self.state, &one.carried))
        };
        let (front, back) = arrived.split_at(arrived.len() / 2);
        if back.len() < APART {
            return all(arrived);
        }
        std::thread::scope(|scope| {
            let beside = std::thread::Builder::new().spawn_scoped(scope, || all(back));
            let front = all(front);
            match beside {
                Ok(beside) => beside.join().unwrap_or(false) && front,
                // No thread is to be had.
                Err(_) => front && all(back),
            }
        })
    }

    fn ask_full(&mut self, entries: &Entries, now: Timestamp) {
        let log = entries.log;
        let ours = self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head);
        let first = ours.position.next().get();
        let last = entries.head.position.get();
        let limit = u64::try_from(crate::sync::wire::MAX_ITEMS).unwrap_or(u64::MAX);
        // What the server calls the head of a known stretch differs from ours: no full form helps.
        if last < first || last - first >= limit {
            let position = Some(entries.head.position);
            self.alarm(AlarmKind::Fork, Some(log), position, None);
            self.stopped.insert(log);
            return;
        }
        let positions = (first..=last).map(Position::new).collect();
        let cause = Cause::Full(entries.head);
        self.waiting.insert(log, Waiting { arrived: Vec::new(), cause });
        self.send(Request::Full(log), Message::WantFull { log, positions }, now);
    }

    /// Full forms end all doubt: now a failure is the server's or an author's doing.
    pub(super) fn take_full(
        &mut self,
        log: CompartmentId,
        entries: Vec<(Position, Vec<u8>)>,
        now: Timestamp,
    ) {
        let Some(Waiting { cause: Cause::Full(claimed), .. }) = self.waiting.remove(&log) else {
            return;
        };
        let mut head = self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head);
        let mut arrived = Vec::new();
        for (position, bytes) in entries {
            let Ok(one) = Carried::decode(&bytes) else {
                self.halt(AlarmKind::Damaged, log, position);
                return;
            };
            let header = one.header();
            let elsewhere = header.compartment != log || header.practice != self.practice();
            if elsewhere {
                // A true envelope at a false place, or none at all.
                let signed = Checker::is_signed(&self.state, &one);
                let kind = if signed { AlarmKind::Replay } else { AlarmKind::Forged };
                self.halt(kind, log, position);
                return;
            }
            head = head.after(log, one.hash());
            if head.position != position {
                self.halt(AlarmKind::Withheld, log, position);
                return;
            }
            let known = header.practice_head.seq <= self.state.head().seq;
            if known && !Checker::is_signed(&self.state, &one) {
                // No honest server takes it, so it is not given a place that it would keep.
                self.halt(AlarmKind::Forged, log, position);
                return;
            }
            arrived.push(Arrived { carried: one, signed: known });
        }
        if head.position < claimed.position {
            // It names more than it hands over.
            self.halt(AlarmKind::Withheld, log, head.position.next());
            return;
        }
        if head != claimed {
            self.halt(AlarmKind::Fork, log, claimed.position);
            return;
        }
        self.take_in_order(log, arrived, now);
        self.pull_next(now);
    }

    /// Stops one log, with the reason.
    pub(super) fn halt(&mut self, kind: AlarmKind, log: CompartmentId, position: Position) {
        self.alarm(kind, Some(log), Some(position), None);
        self.stopped.insert(log);
    }

    /// Takes entries that continue our chain; false if some wait for the practice log.
    pub(super) fn take_in_order(
        &mut self,
        log: CompartmentId,
        arrived: Vec<Arrived>,
        now: Timestamp,
    ) -> bool {
        let mut rest = arrived.into_iter();
        while let Some(one) = rest.next() {
            if let Some(seq) = self.take_one(log, &one, now) {
                let arrived = std::iter::once(one).chain(rest).collect();
                self.waiting.insert(log, Waiting { arrived, cause: Cause::Practice(seq) });
                self.pull_practice(now);
                return false;
            }
            if self.stopped.contains(&log) {
                return true;
            }
        }
        self.take_early(log, now);
        true
    }

    /// Takes the entry after our head; returns the practice entry that it has to wait for.
    fn take_one(
        &mut self,
        log: CompartmentId,
        Arrived { carried, signed }: &Arrived,
        now: Timestamp,
    ) -> Option<PracticeSeq> {
        let replica = self.replicas.entry(log).or_insert_with(|| Replica::new(log));
        let checker = Checker { state: &self.state, numbers: &self.numbers, replica };
        let verdict = checker.check(carried, *signed);
        let position = replica.head().position.next();
        let (hash, header) = (carried.hash(), carried.header());
        match verdict {
            Verdict::Pending(seq) => {
                if replica.head().position == Position::ZERO {
                    self.replicas.remove(&log);
                }
                return Some(seq);
            }
            Verdict::Valid { member, body, unproven } => {
                replica.take(header, hash, body.as_deref(), true);
                self.remember_number(carried);
                if let Some(after) = unproven
                    && let Some(end) = self.state.bound(header)
                {
                    self.ask_proof(header.author, after, end, now);
                }
                self.hand_on(log, position, carried, member, unproven.is_some());
            }
            Verdict::Quarantined(Quarantine::Replayed) => {
                // No honest server does it, so it is not given a place that it would keep: the
                // true log goes on with the next link.
                self.halt(AlarmKind::Replay, log, position);
            }
            Verdict::Quarantined(reason) => {
                replica.take(header, hash, None, false);
                let signed = reason != Quarantine::BadSignature;
                if signed && reason != Quarantine::Equivocation {
                    self.remember_number(carried);
                }
                let author = Some(header.author);
                if let Some(kind) = AlarmKind::of(reason) {
                    self.alarm(kind, Some(log), Some(position), author);
                }
                let carried = Box::new(carried.clone());
                self.events.push_back(Event::Quarantined { log, position, reason, carried });
            }
        }
        None
    }

    fn hand_on(
        &mut self,
        log: CompartmentId,
        position: Position,
        carried: &Carried,
        member: crate::id::MemberId,
        unproven: bool,
    ) {
        self.events.push_back(match carried {
            Carried::Whole(envelope) => {
                let checked = Box::new(Checked::new(envelope.clone(), member, unproven));
                Event::Received { log, position, checked }
            }
            Carried::Stub(_) => Event::Stub { log, position, carried: Box::new(carried.clone()) },
        });
    }

    /// An own envelope was stored: it takes its place now, or when what lies before has come.
    pub(super) fn place_own(&mut self, envelope: Envelope, receipt: Receipt) {
        let Some(place) = receipt.body.placement else { return };
        let (key, hash) = ((place.log, place.head.position), envelope.hash());
        let before = self.early.insert(key, (envelope, receipt));
        if before.is_some_and(|(other, _)| other.hash() != hash) {
            // The server has signed one place twice: nothing it hands out there fits both.
            self.early.remove(&key);
            self.halt(AlarmKind::Fork, key.0, key.1);
            return;
        }
        let now = receipt.body.time;
        self.take_early(place.log, now);
        let head = self.replicas.get(&place.log).map_or(LogHead::EMPTY, Replica::head);
        if head.position < place.head.position {
            self.link.dirty.insert(place.log);
        }
    }

    /// Takes own envelopes whose turn has come, and compares those that came with a pull.
    fn take_early(&mut self, log: CompartmentId, now: Timestamp) {
        loop {
            let first = (log, Position::ZERO);
            let last = (log, Position::new(u64::MAX));
            let next = self.early.range(first..=last).next().map(|(key, _)| *key);
            let Some(key) = next else { return };
            let head = self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head);
            if key.1 > head.position.next() || self.waiting.contains_key(&log) {
                return;
            }
            let Some((envelope, receipt)) = self.early.remove(&key) else { return };
            let promised = receipt.body.placement.map(|place| place.head.chain);
            // Its signature is this device's own.
            let own = Arrived { carried: Carried::Whole(envelope), signed: true };
            let chain = if key.1 == head.position.next() {
                Some(head.after(log, own.carried.hash()).chain)
            } else {
                self.replicas.get(&log).and_then(|replica| replica.chain_at(key.1))
            };
            if chain != promised {
                // The server has signed another order than the one it hands out.
                self.halt(AlarmKind::Fork, log, key.1);
                return;
            }
            if key.1 == head.position.next() && self.take_one(log, &own, now).is_some() {
                return;
            }
        }
    }

    /// The practice log has grown: judges again what waited for it.
    pub(super) fn retry_waiting(&mut self, now: Timestamp) {
        let head = self.state.head().seq;
        let due: BTreeSet<CompartmentId> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| matches!(waiting.cause, Cause::Practice(seq) if seq <= head))
            .map(|(log, _)| *log)
            .collect();
        for log in due {
            if let Some(waiting) = self.waiting.remove(&log) {
                self.take_in_order(log, waiting.arrived, now);
            }
        }
        self.retry_beside(now);
        self.pull_next(now);
    }

    /// The newest entry of the practice log that something here waits for.
    pub(super) fn missing_entry(&self) -> Option<PracticeSeq> {
        let causes = self.waiting.values().map(|waiting| waiting.cause);
        let missing = causes.filter_map(|cause| match cause {
            Cause::Practice(seq) => Some(seq),
            Cause::Full(_) => None,
        });
        missing.max().max(self.checkpoints.missing_entry())
    }

    /// The server has given its whole practice log. If what was known to be missing when it was
    /// asked has not come, it holds back; for what is missed since, it is asked again.
    pub(super) fn practice_withheld(&mut self, asked: PracticeSeq, now: Timestamp) {
        let mut without = Vec::new();
        for (log, waiting) in &self.waiting {
            if matches!(waiting.cause, Cause::Practice(seq) if seq <= asked) {
                let author = waiting.arrived.first().map(|one| one.carried.header().author);
                without.push((*log, author));
            }
        }
        if without.is_empty() && self.missing_entry().is_some() {
            self.pull_practice(now);
        }
        for (log, author) in without {
            let head = self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head);
            let position = Some(head.position.next());
            self.alarm(AlarmKind::Withheld, Some(log), position, author);
        }
    }

    /// A peer has shown a log up to a head, which must be ours.
    pub(super) fn take_seen(&mut self, seen: Seen) {
        let Some(device) = self.state.active_device(seen.device) else { return };
        if !seen.is_signed_by(&device.sig) {
            self.alarm(AlarmKind::Forged, Some(seen.log), None, Some(seen.device));
            return;
        }
        let ours = self.replicas.get(&seen.log).and_then(|r| r.chain_at(seen.head.position));
        match ours {
            Some(chain) if chain != seen.head.chain => {
                let position = Some(seen.head.position);
                self.alarm(AlarmKind::Fork, Some(seen.log), position, Some(seen.device));
            }
            _ => self.events.push_back(Event::SeenByPeer(seen)),
        }
    }
}
