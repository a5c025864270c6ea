//! Bad days of the server, seen from a device: giving a server whose files were lost what this
//! device holds, and afterwards comparing everything with it once.
//!
//! While a server is being refilled nothing new goes to it. Each log is filled from the server's
//! head on, where the chains agree; the rest waits. When a signed `Reseed` has ended that, the
//! first link compares every log: where the two part, the device forgets its places from there
//! on, takes the server's, and sends again, byte for byte, what the server has not got. It never
//! forgets an envelope, only where it stood.

use super::check::AlarmKind;
use super::link::Request;
use super::replica::Replica;
use super::{DeviceSync, Event, NotNext, ProtocolError, Queued};
use crate::envelope::{Carried, Envelope, PracticeHead, Rights};
use crate::id::{CompartmentId, Global, Position, PracticeSeq, Timestamp};
use crate::log::{LogHead, OwnHead};
use crate::sync::run::runs_of;
use crate::sync::wire::{DeliveredEntry, Entries, MAX_GROUP, MAX_ITEMS, MAX_PLACES, Message, Row};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Logs of which stretches are asked for at once.
const STRETCHES: usize = 256;

/// What a server that is being refilled asks of this device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// The practice log from this entry on, with the server's receipts.
    Entries(PracticeSeq),
    /// What is held beside the logs: rows, refused envelopes, places.
    Rest,
    /// The entries of these logs after these positions; not all at once, see
    /// [`DeviceSync::give_stretches`].
    Stretches(Vec<(CompartmentId, Position)>),
}

/// What the server is still to be given on this link.
#[derive(Clone, Debug, Default)]
pub(super) struct Refill {
    /// The server's heads, while they come.
    heads: BTreeMap<CompartmentId, LogHead>,
    /// Logs of which this device has more, and where the server's end.
    todo: BTreeMap<CompartmentId, Position>,
    /// What goes after the logs, in order.
    rest: VecDeque<Message>,
    /// Whether all was given.
    given: bool,
}

impl DeviceSync {
    /// Returns whether new envelopes may go out: the link is open, and the server is whole.
    pub fn may_push(&self) -> bool {
        self.link.may_ask() && !self.link.fresh
    }

    /// Returns whether the server is being refilled.
    pub fn is_refilling(&self) -> bool {
        self.link.refill.is_some()
    }

    /// Returns whether this device has given all that it holds to a server that is being refilled.
    pub fn has_given(&self) -> bool {
        self.link.refill.as_ref().is_some_and(|refill| refill.given)
    }

    /// Logs are known and nothing of the server's count is: a new life of its files.
    pub(super) fn is_fresh(&self) -> bool {
        self.cursor == Global::ZERO && !self.replicas.is_empty()
    }

    /// The practice log names a new life: counts and places of the old one mean nothing there, nor
    /// does what is still on its way on this link.
    pub(super) fn begin_life(&mut self) {
        self.disconnected();
        self.link.end();
        self.cursor = Global::ZERO;
        self.early.clear();
        self.stopped.clear();
        self.expected.clear();
        self.checkpoints.begin_life();
        self.events.push_back(Event::NewLife);
    }

    pub(super) fn begin_refill(&mut self, theirs: PracticeHead, now: Timestamp) {
        self.link.refill = Some(Refill::default());
        let ours = self.state.head();
        match self.state.head_at(theirs.seq) {
            Some(known) if known != theirs => {
                self.alarm(AlarmKind::PracticeFork, None, None, None);
            }
            Some(_) if theirs.seq < ours.seq => {
                self.events.push_back(Event::Give(Wanted::Entries(theirs.seq.next())));
            }
            Some(_) => self.ask_heads_to_fill(now),
            None => self.pull_practice(now),
        }
    }

    /// Takes entries of the practice log that did not come over the link, as if they had.
    pub fn take_delivered(&mut self, entries: &[DeliveredEntry], now: Timestamp) {
        self.take_practice(entries, now);
    }

    /// Gives old entries of the practice log, in order.
    pub fn give_entries(&mut self, entries: Vec<DeliveredEntry>, now: Timestamp) {
        let Some(refill) = &mut self.link.refill else { return };
        for part in entries.chunks(MAX_ITEMS.min(16)) {
            refill.rest.push_back(Message::FillPractice(part.to_vec()));
        }
        match refill.rest.pop_front() {
            Some(first) => self.send(Request::FillPractice, first, now),
            None => self.ask_heads_to_fill(now),
        }
    }

    pub(super) fn ask_heads_to_fill(&mut self, now: Timestamp) {
        let asked = self.link.awaits(|request| *request == Request::FillHeads);
        if self.is_open() && !asked {
            self.send(Request::FillHeads, Message::Changes { since: Global::ZERO }, now);
        }
    }

    /// Gives entries of logs, each from right after the position that was asked for on. As much
    /// as a push holds is enough: what is left is asked for again.
    pub fn give_stretches(
        &mut self,
        stretches: Vec<(CompartmentId, Vec<Carried>)>,
        now: Timestamp,
    ) {
        let practice = self.practice();
        let Some(refill) = &mut self.link.refill else { return };
        let (mut parts, mut asked) = (Vec::new(), Vec::new());
        for (log, carried) in stretches {
            let Some(after) = refill.todo.get(&log).copied() else { continue };
            let chain = self.replicas.get(&log).and_then(|replica| replica.chain_at(after));
            let Some(chain) = chain.filter(|_| !carried.is_empty()) else {
                refill.todo.remove(&log);
                continue;
            };
            let start = LogHead { position: after, chain };
            let head = carried.iter().fold(start, |head, one| head.after(log, one.hash()));
            let runs = runs_of(practice, &carried);
            parts.push(Entries { log, after, runs, head, g: Global::ZERO });
            asked.push((log, after));
        }
        if parts.is_empty() {
            self.fill_next();
        } else {
            self.send(Request::Fill(asked), Message::Fill(parts), now);
        }
    }

    /// Gives what is held beside the logs: rows; own envelopes that were refused, in the order of
    /// their numbers; places of envelopes that are held or known of beyond the logs.
    pub fn give_rest(
        &mut self,
        rows: &[Row],
        refused: &[Envelope],
        places: &[(CompartmentId, Position)],
        now: Timestamp,
    ) {
        let known = self.early.keys().chain(places).copied();
        let unopened = self.shelved.iter().map(|(log, to)| (*log, *to));
        let expected = self.expected.iter().map(|(log, (position, _))| (*log, *position));
        let expected = expected.chain(unopened);
        let beyond = |(log, position): &(CompartmentId, Position)| {
            let head = self.replicas.get(log).map_or(LogHead::EMPTY, Replica::head);
            *position > head.position
        };
        let places: BTreeSet<_> = known.chain(expected).filter(beyond).collect();
        let places = places.into_iter().take(MAX_PLACES).collect();
        let Some(refill) = &mut self.link.refill else { return };
        let row_bytes = |row: &Row| row.bytes.len() + 64;
        for part in parts_of(rows, row_bytes) {
            refill.rest.push_back(Message::RowsPut(part));
        }
        for part in parts_of(refused, |envelope| envelope.body.len() + 400) {
            let part = part.iter().map(Envelope::encode).collect();
            refill.rest.push_back(Message::FillRefused(part));
        }
        refill.rest.push_back(Message::Given(places));
        self.send_rest(now);
    }

    fn send_rest(&mut self, now: Timestamp) {
        let next = self.link.refill.as_mut().and_then(|refill| refill.rest.pop_front());
        if let Some(message) = next {
            self.send(Request::FillRest, message, now);
        }
    }

    pub(super) fn take_fill_answer(
        &mut self,
        request: Request,
        answer: Message,
        now: Timestamp,
    ) -> Result<(), ProtocolError> {
        match (request, answer) {
            (Request::FillHeads, Message::Changed { logs, more, .. }) => {
                let Some(refill) = &mut self.link.refill else { return Ok(()) };
                refill.heads.extend(logs);
                if !more {
                    self.plan_fill();
                    self.fill_next();
                }
            }
            (Request::FillPractice, Message::Taken) => {
                let next = self.link.refill.as_mut().and_then(|refill| refill.rest.pop_front());
                match next {
                    Some(message) => self.send(Request::FillPractice, message, now),
                    None => self.ask_heads_to_fill(now),
                }
            }
            (Request::Fill(asked), Message::Filled(heads)) => {
                self.take_filled(&asked, &heads);
                self.fill_next();
            }
            (Request::FillRest, Message::Refill(state)) => {
                if let Some(refill) = &mut self.link.refill {
                    refill.given = true;
                }
                self.events.push_back(Event::Refill(state));
            }
            // A row or a number that does not fit keeps nothing else back.
            (Request::FillRest, Message::Taken | Message::Refused(_)) => self.send_rest(now),
            (_, Message::Refused(refusal)) => self.events.push_back(Event::LinkRefused(refusal)),
            _ => return Err(ProtocolError::WrongAnswer),
        }
        Ok(())
    }

    /// Finds what this device has and the server has not, where the chains agree.
    fn plan_fill(&mut self) {
        let Some(refill) = &mut self.link.refill else { return };
        for (log, replica) in &self.replicas {
            let theirs = refill.heads.get(log).copied().unwrap_or(LogHead::EMPTY);
            let agrees = replica.chain_at(theirs.position) == Some(theirs.chain);
            if agrees && replica.head().position > theirs.position {
                refill.todo.insert(*log, theirs.position);
            }
        }
        refill.heads.clear();
    }

    fn take_filled(
        &mut self,
        asked: &[(CompartmentId, Position)],
        heads: &[(CompartmentId, LogHead)],
    ) {
        let Some(refill) = &mut self.link.refill else { return };
        for ((log, before), (of, head)) in asked.iter().zip(heads) {
            refill.todo.remove(log);
            let Some(replica) = self.replicas.get(log).filter(|_| log == of) else { continue };
            let agrees = replica.chain_at(head.position) == Some(head.chain);
            // What the server does not take goes to it when it is whole again.
            if agrees && head.position > *before && head.position < replica.head().position {
                refill.todo.insert(*log, head.position);
            }
        }
    }

    fn fill_next(&mut self) {
        let Some(refill) = &self.link.refill else { return };
        let todo: Vec<_> =
            refill.todo.iter().take(STRETCHES).map(|(log, at)| (*log, *at)).collect();
        let wanted = if todo.is_empty() { Wanted::Rest } else { Wanted::Stretches(todo) };
        self.events.push_back(Event::Give(wanted));
    }

    /// Whether a refilled server has less of this device's own chain than it had confirmed.
    pub(super) fn is_behind(&self, own: OwnHead) -> bool {
        let settled = self.outbox.settled();
        let known = self.numbers.get(&(self.device, own.dev_inc, own.dev_seq));
        own.dev_inc == settled.dev_inc
            && own.dev_seq < settled.dev_seq
            && known.is_none_or(|known| *known == own.own)
    }

    /// Compares what a refilled server says of a log with what is here.
    pub(super) fn compare_head(&mut self, log: CompartmentId, theirs: LogHead) {
        self.link.listed.insert(log);
        let replica = self.replicas.get(&log);
        let ours = replica.map_or(LogHead::EMPTY, Replica::head);
        let agrees = |at: Position| match replica {
            Some(replica) => replica.chain_at(at),
            None => (at == Position::ZERO).then_some(LogHead::EMPTY.chain),
        };
        if theirs.position > ours.position {
            self.link.wanted.push_back(log);
        } else if agrees(theirs.position) != Some(theirs.chain) {
            self.link.compares.insert(log);
        } else if theirs.position < ours.position {
            self.start_rewind(log, theirs.position);
        }
    }

    /// What the server pulls from its beginning shows where a log parts from ours.
    pub(super) fn compare(&mut self, log: CompartmentId, now: Timestamp) {
        self.link.compares.insert(log);
        self.send_compares(now);
    }

    pub(super) fn send_compares(&mut self, now: Timestamp) {
        let busy = self.link.count(|request| matches!(request, Request::Compare(_))) > 0;
        if !self.is_open() || busy {
            return;
        }
        if let Some(log) = self.link.compares.pop_first() {
            // A pack says what it leads to, and not where that parts from ours.
            let message = Message::PullEntries(vec![(log, Position::ZERO)]);
            self.send(Request::Compare(log), message, now);
        }
    }

    pub(super) fn take_compared(&mut self, entries: &Entries) {
        let log = entries.log;
        let Some(replica) = self.replicas.get(&log) else { return };
        let Some(chain) = replica.chain_at(entries.after) else { return };
        let mut head = LogHead { position: entries.after, chain };
        let practice = self.practice();
        let mut parts_at = None;
        for restored in entries.runs.iter().flat_map(|run| run.restore(practice)) {
            let Ok(one) = restored else {
                self.halt(AlarmKind::Damaged, log, head.position.next());
                return;
            };
            let next = head.after(log, one.hash());
            match replica.chain_at(next.position) {
                Some(chain) if chain == next.chain => head = next,
                other => {
                    parts_at = Some(other.is_some());
                    break;
                }
            }
        }
        match parts_at {
            Some(true) => self.start_rewind(log, head.position),
            // Ours is the beginning of theirs.
            Some(false) => {
                self.link.dirty.insert(log);
            }
            None => {}
        }
    }

    /// Logs that this device may read and the server does not have at all.
    pub(super) fn find_absent(&mut self) {
        if !self.link.fresh {
            return;
        }
        let absent: Vec<CompartmentId> = self
            .replicas
            .iter()
            .filter(|(log, replica)| !self.link.listed.contains(log) && self.reads(replica))
            .map(|(log, _)| *log)
            .collect();
        absent.into_iter().for_each(|log| self.start_rewind(log, Position::ZERO));
    }

    fn reads(&self, replica: &Replica) -> bool {
        let member = self.state.devices().get(&self.device).map(|known| known.member);
        let rules = replica.rules().iter().filter(|rule| rule.rights.include(Rights::READ));
        rules
            .filter_map(|rule| self.state.rings().get(&rule.ring))
            .any(|ring| member.is_some_and(|member| ring.stay(member).is_some()))
    }

    fn start_rewind(&mut self, log: CompartmentId, position: Position) {
        let Some(replica) = self.replicas.remove(&log) else { return };
        for number in replica.numbers_after(position) {
            self.numbers.remove(&number);
        }
        self.link.rewinding.insert(log);
        self.events.push_back(Event::Rewind { log, position });
    }

    /// Goes on with a log after [`Event::Rewind`].
    pub fn rewound(&mut self, log: CompartmentId, now: Timestamp) {
        self.link.rewinding.remove(&log);
        if self.link.listed.contains(&log) {
            self.link.dirty.insert(log);
        }
        self.pull_next(now);
    }

    /// All was compared: now what the server has not got may go out again.
    pub(super) fn end_comparing(&mut self, now: Timestamp) {
        if !std::mem::take(&mut self.link.fresh) {
            return;
        }
        match self.link.resend.take() {
            Some(own) => self.events.push_back(Event::Resend(own)),
            None => self.pump(now),
        }
    }

    /// Sends again, as they are, the own envelopes after this head, in order, and whatever waits
    /// behind them. A hole is a fault of the caller's store: nothing that follows it is queued.
    pub fn resend(
        &mut self,
        own: OwnHead,
        queued: Vec<Queued>,
        now: Timestamp,
    ) -> Result<(), NotNext> {
        self.outbox.begin(own);
        queued.into_iter().try_for_each(|one| self.queue(one, now))
    }

    /// Asks again how far the refilling is; [`Event::Refill`] follows.
    pub fn ask_refill(&mut self) {
        if self.has_given() && self.is_open() {
            self.events.push_back(Event::Give(Wanted::Rest));
        }
    }
}

/// Parts of what is given at once, by size and count.
fn parts_of<T: Clone>(all: &[T], bytes: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = Vec::new();
    let mut size = usize::MAX;
    for one in all {
        let own = bytes(one);
        let full = parts.last().is_none_or(|part| part.len() >= MAX_ITEMS);
        if full || size.saturating_add(own) > MAX_GROUP {
            parts.push(Vec::new());
            size = 0;
        }
        size = size.saturating_add(own);
        if let Some(part) = parts.last_mut() {
            part.push(one.clone());
        }
    }
    parts
}
