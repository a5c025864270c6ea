//! One link from Hello to its end: which requests are on their way, and what is still to fetch.

use super::check::AlarmKind;
use super::reseed::Refill;
use super::welcome::Welcome;
use super::{DeviceSync, Event, Lane, ProtocolError, Ticket, Transmit};
use crate::id::{CompartmentId, DeviceId, Global, Position, PracticeSeq, Timestamp};
use crate::log::{LogHead, OwnHead};
use crate::membership::Entry;
use crate::sync::refusal::{Refusal, RefusalCode};
use crate::sync::wire::{Message, VERSIONS};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long an answer may take before the link counts as dead.
pub const PATIENCE_MILLIS: i64 = 30_000;
/// Pulls on their way at once.
pub(super) const MAX_PULLS: usize = 4;

/// What a request was for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Request {
    /// Asked by the caller.
    Caller(Ticket),
    Changes,
    /// What devices have seen, by their own word.
    Checkpoints,
    /// A log from its beginning, to find where it parts from ours.
    Compare(CompartmentId),
    Fill(Vec<(CompartmentId, Position)>),
    FillHeads,
    FillPractice,
    FillRest,
    Full(CompartmentId),
    Heads,
    OwnChain {
        device: DeviceId,
        after: OwnHead,
        end: OwnHead,
    },
    PracticeAppend(Box<Entry>),
    /// With the newest entry that was known to be missing when it was asked.
    PracticePull(PracticeSeq),
    Pull,
    /// Entry by entry.
    PullEntries,
    Push(usize),
}

#[derive(Clone, Debug)]
struct Pending {
    request: Request,
    deadline: Timestamp,
    answered: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Phase {
    #[default]
    Closed,
    Greeting(Timestamp),
    Open,
    /// The practice log has named a new life of the server's files: what is still on its way was
    /// said in the old one.
    Over,
}

/// The state of one link; a new link begins anew.
#[derive(Debug, Default)]
pub(super) struct Link {
    phase: Phase,
    next_request: u64,
    requests: BTreeMap<u64, Pending>,
    /// Logs to pull, soonest first.
    pub(super) wanted: VecDeque<CompartmentId>,
    /// Logs of which something is missing, to be pulled after what is on its way.
    pub(super) dirty: BTreeSet<CompartmentId>,
    /// What was asked for last is what comes when all else is here.
    pulls_last: bool,
    /// The count up to which everything is being fetched.
    catching: Option<Global>,
    /// What there is must be asked once more after the answer that is on its way.
    again: bool,
    /// The first link to a refilled server: everything is compared before it is believed.
    pub(super) fresh: bool,
    /// Where the own chain of this device stands on a refilled server, if behind.
    pub(super) resend: Option<OwnHead>,
    /// Logs that are being forgotten up to where they part.
    pub(super) rewinding: BTreeSet<CompartmentId>,
    /// Logs that are to be compared from their beginning.
    pub(super) compares: BTreeSet<CompartmentId>,
    /// Logs that the server has.
    pub(super) listed: BTreeSet<CompartmentId>,
    /// What the server has said of itself, while the practice log that may explain it comes.
    pub(super) welcome: Option<Welcome>,
    /// What the server is still to be given.
    pub(super) refill: Option<Refill>,
    /// How many entries were missing when that began, and how many of them have come.
    pub(super) missing: u64,
    pub(super) come: u64,
    /// What admits the practice to a server that does not know it.
    founding: Option<(Vec<u8>, Vec<Vec<u8>>)>,
}

impl Link {
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// What there is may be asked: the server is whole, and this is the life that is known.
    pub(super) fn may_ask(&self) -> bool {
        self.is_open() && self.refill.is_none() && self.welcome.is_none()
    }

    /// Nothing is asked or heard any more until the next link.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Over;
    }

    /// The number of the request that is sent next.
    pub(super) const fn next_request(&self) -> u64 {
        self.next_request
    }

    pub(super) fn count(&self, which: impl Fn(&Request) -> bool) -> usize {
        self.requests.values().filter(|pending| which(&pending.request)).count()
    }

    pub(super) fn awaits(&self, which: impl Fn(&Request) -> bool) -> bool {
        self.count(which) > 0
    }
}

fn is_pull(request: &Request) -> bool {
    matches!(request, Request::Pull | Request::PullEntries)
}

impl DeviceSync {
    /// A link stands and its other end has proven the server's key.
    pub fn connected(&mut self, now: Timestamp) {
        self.disconnected();
        // A server that has been put right is believed again, entry by entry.
        self.link.dirty = std::mem::take(&mut self.stopped);
        self.link.dirty.extend(&self.plain);
        self.link.phase = Phase::Greeting(now.plus_millis(PATIENCE_MILLIS));
        self.greet();
    }

    fn greet(&mut self) {
        let practice = self.practice();
        let message = Message::Hello { practice, device: self.device, versions: VERSIONS };
        self.transmits.push_back(Transmit { lane: Lane::Control, message });
    }

    /// Lets the practice begin on a server that does not know it yet, with the token that admits
    /// it and the practice log so far.
    pub fn found(&mut self, token: Vec<u8>, entries: Vec<Vec<u8>>) {
        self.link.founding = Some((token, entries));
    }

    /// The link is gone. What was on its way is sent again on the next.
    pub fn disconnected(&mut self) {
        let founding = self.link.founding.take();
        let next_request = self.link.next_request;
        for pending in std::mem::take(&mut self.link.requests).into_values() {
            if let Request::Caller(ticket) = pending.request {
                self.events.push_back(Event::Unanswered(ticket));
            }
        }
        self.link = Link { founding, next_request, ..Link::default() };
        self.transmits.clear();
        self.waiting.clear();
        self.checkpoints.lose_touch();
        self.outbox.unsend();
    }

    /// Returns when to call [`DeviceSync::handle_timeout`]; `None` while nothing is awaited.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        let paced = self.pace.due().filter(|_| self.link.is_open());
        self.answer_due().into_iter().chain(paced).min()
    }

    /// By when the server has to answer.
    pub(super) fn answer_due(&self) -> Option<Timestamp> {
        let greeting = match self.link.phase {
            Phase::Greeting(until) => Some(until),
            Phase::Closed | Phase::Open | Phase::Over => None,
        };
        let requests = self.link.requests.values().map(|pending| pending.deadline);
        requests.chain(greeting).min()
    }

    /// Asks the server something; the answers come as events with this ticket.
    pub fn request(&mut self, message: Message, now: Timestamp) -> Ticket {
        let ticket = Ticket(self.link.next_request);
        if self.is_open() {
            self.send(Request::Caller(ticket), message, now);
        } else {
            self.link.next_request = self.link.next_request.saturating_add(1);
            self.events.push_back(Event::Unanswered(ticket));
        }
        ticket
    }

    /// Asks once more what there is, on a link that stands: [`Event::CaughtUp`] says when all of
    /// it is here.
    pub fn look_again(&mut self, now: Timestamp) {
        if self.link.awaits(|request| *request == Request::Changes) {
            // That answer may have been made before what is asked for now.
            self.link.again = true;
        } else if self.link.may_ask() {
            self.send(Request::Changes, Message::Changes { since: self.cursor }, now);
        }
    }

    /// Asks for the signed heads of devices that are about to be cut, whose appends then wait.
    pub fn ask_heads(&mut self, devices: Vec<DeviceId>, now: Timestamp) {
        self.send(Request::Heads, Message::DeviceHead(devices), now);
    }

    /// Asks what has changed since; [`Event::CaughtUp`] follows once all of that was handed on.
    pub fn refresh(&mut self, now: Timestamp) {
        if self.link.may_ask() && !self.link.awaits(|request| *request == Request::Changes) {
            self.send(Request::Changes, Message::Changes { since: self.cursor }, now);
        }
    }

    /// Returns the end of a device's own chain as far as envelopes of it were seen here.
    pub fn newest_own(&self, device: DeviceId) -> Option<OwnHead> {
        use crate::id::{DevInc, DevSeq};
        let first = (device, DevInc::ZERO, DevSeq::ZERO);
        let last = (device, DevInc::new(u32::MAX), DevSeq::new(u64::MAX));
        let newest = self.numbers.range(first..=last).next_back();
        newest.map(|((_, dev_inc, dev_seq), own)| OwnHead {
            dev_inc: *dev_inc,
            dev_seq: *dev_seq,
            own: *own,
        })
    }

    pub(super) fn send(&mut self, request: Request, message: Message, now: Timestamp) {
        if self.link.phase == Phase::Over {
            return;
        }
        let number = self.link.next_request;
        self.link.next_request = number.saturating_add(1);
        let deadline = now.plus_millis(PATIENCE_MILLIS);
        let pending = Pending { request, deadline, answered: false };
        if let Message::ObjectPut(bytes) = &message {
            self.pace.note(number, bytes.len(), now);
        }
        self.link.requests.insert(number, pending);
        self.transmits.push_back(Transmit { lane: Lane::Request(number), message });
    }

    /// Takes one message. After an error the link must be dropped.
    pub fn handle_message(
        &mut self,
        lane: Lane,
        message: Message,
        now: Timestamp,
    ) -> Result<(), ProtocolError> {
        if self.link.phase == Phase::Over {
            return Ok(());
        }
        match lane {
            Lane::Control => self.handle_control(message, now),
            Lane::Live => self.handle_live(message, now),
            Lane::Request(number) => {
                let pending = self.link.requests.get_mut(&number);
                let pending = pending.ok_or(ProtocolError::Misplaced(message.number()))?;
                pending.answered = true;
                pending.deadline = now.plus_millis(PATIENCE_MILLIS);
                let request = pending.request.clone();
                self.handle_answer(request, message, now)
            }
        }
    }

    /// The server has ended its side of a stream.
    pub fn handle_end(&mut self, lane: Lane, now: Timestamp) -> Result<(), ProtocolError> {
        let Lane::Request(number) = lane else { return Ok(()) };
        let Some(pending) = self.link.requests.remove(&number) else { return Ok(()) };
        self.pace.answered(number, now);
        match pending.request {
            Request::Pull | Request::PullEntries | Request::Compare(_) => self.pull_next(now),
            _ if !pending.answered => return Err(ProtocolError::WrongAnswer),
            Request::Changes if std::mem::take(&mut self.link.again) => self.look_again(now),
            Request::Changes => self.pull_next(now),
            Request::Checkpoints => self.events.push_back(Event::CheckpointsRead),
            Request::PracticePull(_) if self.link.refill.is_some() => self.ask_heads_to_fill(now),
            Request::PracticePull(asked) => {
                self.doubt_welcome(now);
                self.practice_withheld_beside(asked);
                self.practice_withheld(asked, now);
                self.pull_next(now);
            }
            _ => {}
        }
        self.pump(now);
        Ok(())
    }

    fn handle_control(&mut self, message: Message, now: Timestamp) -> Result<(), ProtocolError> {
        match (self.link.phase, message) {
            (
                Phase::Greeting(_),
                Message::Welcome {
                    server_epoch,
                    g,
                    practice_head,
                    own,
                    refilling,
                    limits,
                    time,
                    ..
                },
            ) => {
                self.link.phase = Phase::Open;
                self.pace.learn(limits);
                self.events.push_back(Event::Connected { time });
                if refilling {
                    self.begin_refill(practice_head, now);
                } else {
                    self.take_welcome(Welcome { server_epoch, g, practice_head, own }, now);
                }
                Ok(())
            }
            (Phase::Greeting(_), Message::Taken) => {
                self.link.founding = None;
                self.greet();
                Ok(())
            }
            (Phase::Greeting(_), Message::Refused(refusal)) => {
                let unknown = refusal.code == RefusalCode::UnknownPractice;
                match self.link.founding.clone().filter(|_| unknown) {
                    Some((token, entries)) => {
                        let message = Message::Found { token, entries };
                        self.transmits.push_back(Transmit { lane: Lane::Control, message });
                    }
                    None => {
                        self.link.phase = Phase::Closed;
                        self.events.push_back(Event::LinkRefused(refusal));
                    }
                }
                Ok(())
            }
            (Phase::Open, Message::Refused(refusal)) => {
                self.events.push_back(Event::LinkRefused(refusal));
                Ok(())
            }
            (_, message) => Err(ProtocolError::Misplaced(message.number())),
        }
    }

    fn handle_live(&mut self, message: Message, now: Timestamp) -> Result<(), ProtocolError> {
        if !self.is_open() {
            return Err(ProtocolError::Misplaced(message.number()));
        }
        match message {
            // In a new life it means nothing; in the old one it is asked for again.
            Message::Entries(_) | Message::Objects(_) | Message::Seen(_) | Message::Behind
                if self.link.welcome.is_some() => {}
            Message::Entries(entries) => {
                let g = entries.g;
                let clean = self.take_entries(&entries, true, now);
                // An answer about what was missed may come later than what is new.
                let asked = self.link.awaits(|request| *request == Request::Changes);
                let catching = asked || self.link.catching.is_some();
                let fetching = self.is_pulling() || !self.link.wanted.is_empty();
                let here = self.shelved.is_empty() && self.stopped.is_empty();
                let idle = !catching && !fetching && here && self.link.dirty.is_empty();
                if clean && idle && self.waiting.is_empty() && g > self.cursor {
                    self.cursor = g;
                    self.events.push_back(Event::CaughtUp(g));
                }
                self.pull_next(now);
            }
            Message::PracticeEntries { entries, .. } => self.take_practice(&entries, now),
            Message::Objects(objects) => {
                objects.iter().for_each(|bytes| self.take_beside(bytes, now));
            }
            Message::Ephemeral(bytes) => self.take_beside(&bytes, now),
            Message::Seen(seen) => self.take_seen(seen),
            Message::Behind => self.look_again(now),
            message => return Err(ProtocolError::Misplaced(message.number())),
        }
        Ok(())
    }

    fn handle_answer(
        &mut self,
        request: Request,
        message: Message,
        now: Timestamp,
    ) -> Result<(), ProtocolError> {
        match (request, message) {
            (Request::Caller(ticket), message) => {
                self.events.push_back(Event::Answer(ticket, Box::new(message)));
            }
            (Request::Changes, Message::Changed { g, logs, more }) => {
                self.take_changed(&logs);
                if !more {
                    self.link.catching = Some(g);
                    self.find_absent();
                }
            }
            (Request::Checkpoints, Message::Objects(objects)) => {
                objects.iter().for_each(|bytes| self.take_beside(bytes, now));
            }
            (Request::Compare(log), Message::Entries(entries)) if entries.log == log => {
                self.take_compared(&entries);
            }
            (
                request @ (Request::Fill(_)
                | Request::FillHeads
                | Request::FillPractice
                | Request::FillRest),
                answer,
            ) => self.take_fill_answer(request, answer, now)?,
            (
                request @ (Request::Pull | Request::PullEntries),
                answer @ (Message::Packed { .. } | Message::Entries(_)),
            ) => self.take_pulled(&request, answer, now),
            (Request::Full(log), Message::Full { log: of, entries }) if log == of => {
                self.take_full(log, entries, now);
            }
            (Request::Push(sent), Message::Pushed(outcomes)) => self.pushed(sent, outcomes, now),
            (Request::Push(_), Message::Refused(refusal)) => self.push_refused(refusal, now),
            (Request::PracticeAppend(entry), answer) => {
                self.take_append_answer(&entry, answer, now)?;
            }
            (Request::PracticePull(_), Message::PracticeEntries { entries, .. }) => {
                self.take_practice(&entries, now);
            }
            (Request::Heads, Message::DeviceHeads(heads)) => self.take_heads(&heads),
            (Request::OwnChain { device, after, end }, Message::OwnHashes(hashes)) => {
                self.take_proof(device, after, &hashes, end);
            }
            (Request::OwnChain { device, .. }, Message::Refused(_)) => {
                self.alarm(AlarmKind::Withheld, None, None, Some(device));
            }
            (
                Request::Pull | Request::PullEntries | Request::Changes,
                Message::Refused(refusal),
            ) => {
                self.pull_refused(refusal);
            }
            (_, Message::Refused(refusal)) => {
                self.events.push_back(Event::LinkRefused(refusal));
            }
            _ => return Err(ProtocolError::WrongAnswer),
        }
        Ok(())
    }

    /// Takes a part of what was pulled.
    fn take_pulled(&mut self, request: &Request, answer: Message, now: Timestamp) {
        match answer {
            Message::Packed { log, .. } if *request == Request::PullEntries => {
                // It was asked for entries, and gives a pack.
                let position = self.have(log).next();
                self.halt(AlarmKind::Withheld, log, position);
            }
            Message::Packed { log, after, head, envelope } => {
                self.take_pack(log, after, head, envelope);
            }
            Message::Entries(entries) => {
                let before = self.position(entries.log);
                self.take_entries(&entries, false, now);
                let come = self.position(entries.log).get().saturating_sub(before.get());
                self.link.come = self.link.come.saturating_add(come);
            }
            _ => {}
        }
    }

    /// Returns whether entries are on their way that were asked for.
    pub fn is_pulling(&self) -> bool {
        self.link.awaits(is_pull)
    }

    fn pull_refused(&mut self, refusal: Refusal) {
        // What this device may not read any more is no news to it.
        if refusal.code != RefusalCode::UnknownLog {
            self.events.push_back(Event::LinkRefused(refusal));
        }
    }

    /// Compares heads with ours, and notes what to pull.
    fn take_changed(&mut self, logs: &[(CompartmentId, LogHead)]) {
        for (log, theirs) in logs {
            if self.link.fresh {
                self.compare_head(*log, *theirs);
                continue;
            }
            let ours = self.replicas.get(log);
            let head = ours.map_or(LogHead::EMPTY, super::Replica::head);
            if theirs.position > head.position {
                if theirs.position > self.have(*log) && !self.link.wanted.contains(log) {
                    self.link.wanted.push_back(*log);
                }
                let more = theirs.position.get().saturating_sub(head.position.get());
                self.link.missing = self.link.missing.saturating_add(more);
                continue;
            }
            let chain = ours.and_then(|replica| replica.chain_at(theirs.position));
            if chain != Some(theirs.chain) {
                self.alarm(AlarmKind::Fork, Some(*log), Some(theirs.position), None);
                self.stopped.insert(*log);
            } else if theirs.position < head.position {
                self.alarm(AlarmKind::Rollback, Some(*log), Some(theirs.position), None);
            }
        }
        self.put_in_order();
    }

    /// Sends the next pulls, or says that everything is here.
    pub(super) fn pull_next(&mut self, now: Timestamp) {
        let asked = self.link.awaits(|request| *request == Request::Changes);
        if !self.link.may_ask() || asked {
            return;
        }
        if self.link.wanted.is_empty() && !self.is_pulling() {
            let dirty = std::mem::take(&mut self.link.dirty);
            // What waits is asked for once it does not any more.
            let (later, now): (BTreeSet<_>, BTreeSet<_>) =
                dirty.into_iter().partition(|log| self.waiting.contains_key(log));
            self.link.dirty = later;
            self.link.wanted.extend(now.into_iter().filter(|log| !self.stopped.contains(log)));
            self.put_in_order();
        }
        while let Some(next) = self.link.wanted.front()
            && self.link.count(is_pull) < MAX_PULLS
        {
            let is_last = self.is_last(next);
            if is_last && self.is_pulling() && !self.link.pulls_last {
                break;
            }
            self.link.pulls_last = is_last;
            let share = self.next_share();
            let part: Vec<_> = self.link.wanted.drain(..share).collect();
            let places: Vec<_> = part.into_iter().map(|log| (log, self.have(log))).collect();
            let (plain, packed): (Vec<_>, Vec<_>) =
                places.into_iter().partition(|(log, _)| self.plain.contains(log));
            if !packed.is_empty() {
                self.send(Request::Pull, Message::PullMany(packed), now);
            }
            if !plain.is_empty() {
                self.send(Request::PullEntries, Message::PullEntries(plain), now);
            }
        }
        self.send_compares(now);
        let pulling = self.is_pulling();
        let comparing = self.link.count(|request| matches!(request, Request::Compare(_))) > 0;
        let settled =
            self.waiting.is_empty() && self.link.rewinding.is_empty() && self.shelved.is_empty();
        if !pulling && !comparing && settled {
            self.finish_catching(now);
        }
    }

    fn finish_catching(&mut self, now: Timestamp) {
        (self.link.missing, self.link.come) = (0, 0);
        let expected = std::mem::take(&mut self.expected);
        for (log, (position, device)) in expected {
            let have = self.replicas.get(&log).map_or(Position::ZERO, |r| r.head().position);
            if have < position {
                self.alarm(AlarmKind::Withheld, Some(log), Some(position), Some(device));
            }
        }
        self.judge_rings(now);
        if let Some(g) = self.link.catching.take() {
            self.end_comparing(now);
            // What a stopped log lacks is asked for again, also after a restart.
            if self.stopped.is_empty() {
                self.cursor = self.cursor.max(g);
                self.plain.clear();
            }
            self.events.push_back(Event::CaughtUp(self.cursor));
        }
    }
}
