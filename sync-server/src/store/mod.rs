//! The one thread that owns journals and decisions. Requests come in by a queue; what came in
//! while a sync was running becomes one group; answers and live messages leave only after its
//! sync. After a failed sync nothing is acknowledged any more and the server ends.

mod disk;
mod door;
mod kept;
mod tampered;
#[cfg(test)]
mod tests;
mod upkeep;

pub(crate) use disk::{Disk, RealDisk};
pub(crate) use kept::{CommitError, JOURNAL, Kept, Unusable};

use crate::admission::Invites;
use crate::chance::now;
use crate::config::Limits;
use crate::log::{Event, Log};
use crate::outbox::Outbox;
use crate::queue::{Class, Queue, Taken};
use crate::tamper::Watch;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tacenda_shared::id::{DeviceId, PracticeId, Timestamp};
use tacenda_shared::journal::AppendError;
use tacenda_shared::journal::index::{Index, Origin};
use tacenda_shared::membership::Signer;
use tacenda_shared::suite::{SigningKey, VerifyingKey};
use tacenda_shared::sync::server::{Decision, Live, Mailboxes, Reply, ServerFrame};
use tacenda_shared::sync::{MAX_GROUP, Message, Refusal, RefusalCode};
use tampered::TamperedShelf;
use thiserror::Error;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// After this long without work a mark is written, so that harm to what was acknowledged can
/// never pass for a torn tail.
const IDLE: Duration = Duration::from_secs(1);
/// How long a deleted row may lie in the journal of a server that has an idle second.
const COLLECT_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Requests that wait for a hold at once.
const MAX_HELD: usize = 1024;

/// A message of an answer, and what is still to come; `None` if there is nothing to say.
pub(crate) type Answer = Option<(Message, Reply)>;

/// Who a link has proven to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Who {
    pub(crate) practice: PracticeId,
    /// A device, or the sheet of a member.
    pub(crate) by: Signer,
    /// The key of the sheet, if it is one: another may take its place while the link stands.
    pub(crate) sheet: Option<VerifyingKey>,
}

/// A request of a link that has said who it is.
pub(crate) struct Request {
    pub(crate) who: Who,
    pub(crate) message: Message,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// A link that says who it is.
pub(crate) struct Greeting {
    /// Hello or Recover.
    pub(crate) first: Message,
    /// What the link has proven.
    pub(crate) key: VerifyingKey,
    /// Names the link.
    pub(crate) link: u64,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) answer: oneshot::Sender<Result<(Who, Message), Refusal>>,
}

/// What the store is asked to do.
pub(crate) enum Job {
    /// Found, MailboxPut or MailboxGet of a link that has not said who it is.
    Anonymous { message: Message, answer: oneshot::Sender<Message> },
    /// A link is gone.
    Farewell { who: Who, link: u64 },
    /// Hello or Recover.
    Greet(Greeting),
    /// The next message of an answer.
    More { who: Who, reply: Reply, answer: oneshot::Sender<Answer> },
    /// A request.
    Ask(Request),
}

/// Why the store ended before it was asked to.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    /// A write or sync failed; what was not acknowledged may be lost, the rest is safe.
    #[error("the disk failed; nothing more is acknowledged")]
    Disk(#[source] AppendError),
}

/// Everything that the store works with.
pub(crate) struct Store<D: Disk> {
    disk: D,
    seed: Zeroizing<[u8; 32]>,
    limits: Limits,
    log: Arc<Log>,
    watch: Arc<Watch>,
    invites: Invites,
    index: Index,
    /// `None` for a practice that cannot be served.
    practices: BTreeMap<PracticeId, Option<Kept<D>>>,
    mailboxes: Mailboxes,
    held: Vec<(Timestamp, Request)>,
    was_full: bool,
    /// When deleted rows were last looked for.
    collected: Option<Timestamp>,
}

/// Whether a request may bring something to journal.
fn writes(message: &Message) -> bool {
    matches!(
        message,
        Message::Push { .. }
            | Message::PracticeAppend { .. }
            | Message::RowsPut(_)
            | Message::ObjectPut(_)
            | Message::Fill(_)
            | Message::FillPractice(_)
            | Message::FillRefused(_)
            | Message::Given(_)
            | Message::Bring { .. }
    )
}

/// How soon a request wants to be done. A first upload comes in large pushes.
pub(crate) fn class_of(message: &Message, bytes: usize) -> Class {
    let is_bulk = matches!(message, Message::ObjectPut(_)) || bytes > MAX_GROUP / 4;
    if is_bulk { Class::Bulk } else { Class::Live }
}

impl<D: Disk> Store<D> {
    /// Rebuilds everything from the journals of these practices.
    pub(crate) fn open(
        disk: D,
        practices: &[PracticeId],
        seed: &[u8; 32],
        limits: Limits,
        (index, origin): (Index, Origin),
        (invites, log, watch): (Invites, Arc<Log>, Arc<Watch>),
    ) -> Self {
        let mut store = Self {
            disk,
            seed: Zeroizing::new(*seed),
            limits,
            log,
            watch,
            invites,
            index,
            practices: practices.iter().map(|practice| (*practice, None)).collect(),
            mailboxes: Mailboxes::new(),
            held: Vec::new(),
            was_full: false,
            collected: None,
        };
        match origin {
            Origin::Rebuilt => store.log.note(Event::IndexRebuilt { cause: "moved_aside" }),
            Origin::Memory => store.log.note(Event::IndexRebuilt { cause: "in_memory" }),
            Origin::Created | Origin::Kept => {}
        }
        store.reopen_all();
        store
    }

    /// Returns the practices whose files were lost or restored and wait for their devices.
    pub(crate) fn refilling(&self) -> Vec<PracticeId> {
        let all = self.practices.iter();
        let refilling =
            all.filter(|(_, kept)| kept.as_ref().is_some_and(|kept| kept.decisions.is_refilling()));
        refilling.map(|(practice, _)| *practice).collect()
    }

    /// Returns how many practices can be served.
    pub(crate) fn served(&self) -> usize {
        self.practices.values().flatten().count()
    }

    /// Works until the queue is closed and empty, then closes the journals.
    pub(crate) fn run(mut self, queue: &Queue<Job>) -> Result<(), StoreError> {
        loop {
            match queue.take(MAX_GROUP, self.patience(now())) {
                Taken::Group(jobs) => self.work(jobs, now())?,
                Taken::Idle => {
                    self.mark()?;
                    self.collect(now())?;
                }
                Taken::Closed => break,
            }
            self.retry_held(now())?;
        }
        self.mark()?;
        self.index.flush();
        Ok(())
    }

    /// Does a group of jobs: first what writes, with one sync for each practice, then the rest.
    fn work(&mut self, jobs: Vec<Job>, now: Timestamp) -> Result<(), StoreError> {
        let mut others = Vec::new();
        let mut writing = Vec::new();
        for job in jobs {
            match job {
                Job::Ask(request) if writes(&request.message) => writing.push(request),
                other => others.push(other),
            }
        }
        self.group(writing, now)?;
        for job in others {
            match job {
                Job::Anonymous { message, answer } => {
                    let message = self.anonymous(message, now)?;
                    let _gone = answer.send(message);
                }
                Job::Ask(request) => self.group(vec![request], now)?,
                Job::Farewell { who, link } => self.farewell(who, link),
                Job::Greet(greeting) => self.greet(greeting, now),
                Job::More { who, reply, answer } => {
                    let _gone = answer.send(self.draw(who, reply));
                }
            }
        }
        Ok(())
    }

    /// Decides about requests in order, journals what follows as one group for each practice, and
    /// answers after the sync.
    fn group(&mut self, requests: Vec<Request>, now: Timestamp) -> Result<(), StoreError> {
        let mut decided: BTreeMap<PracticeId, Vec<(Decision, Request)>> = BTreeMap::new();
        for request in requests {
            if let Err(code) = self.check(&request) {
                let _gone = request.answer.send(refused(code));
                continue;
            }
            let Who { practice, by, sheet } = request.who;
            let Some(Some(kept)) = self.practices.get_mut(&practice) else { continue };
            let message = request.message.clone();
            let decision = match by {
                Signer::Device(device) => kept.decisions.handle(device, message, now),
                Signer::Recovery(member) => {
                    let Some(sheet) = sheet else { continue };
                    kept.decisions.handle_sheet((member, &sheet), message, now)
                }
            };
            decided.entry(practice).or_default().push((decision, request));
        }
        for (practice, decisions) in decided {
            self.settle(practice, decisions)?;
        }
        Ok(())
    }

    /// Returns why a request is not even looked at.
    fn check(&mut self, request: &Request) -> Result<(), RefusalCode> {
        let kept = match self.practices.get(&request.who.practice) {
            Some(Some(kept)) => kept,
            Some(None) => return Err(RefusalCode::Storage),
            None => return Err(RefusalCode::UnknownPractice),
        };
        // Whatever the disk is like: an entry may revoke a lost laptop.
        if !writes(&request.message) || matches!(request.message, Message::PracticeAppend { .. }) {
            return Ok(());
        }
        if kept.journal.bytes() >= self.limits.bytes_per_practice {
            return Err(RefusalCode::Quota);
        }
        if self.has_room() { Ok(()) } else { Err(RefusalCode::Storage) }
    }

    fn has_room(&mut self) -> bool {
        let has_room = self.disk.has_room(self.limits.reserve_bytes, self.was_full);
        self.note_room(has_room);
        has_room
    }

    fn note_room(&mut self, has_room: bool) {
        if has_room == self.was_full {
            self.log.note(if has_room { Event::DiskHasRoom } else { Event::DiskFull });
        }
        self.was_full = !has_room;
    }

    /// Journals what was decided for one practice, and answers.
    fn settle(
        &mut self,
        practice: PracticeId,
        mut decisions: Vec<(Decision, Request)>,
    ) -> Result<(), StoreError> {
        let frames: Vec<ServerFrame> = decisions
            .iter_mut()
            .flat_map(|(decision, _)| std::mem::take(&mut decision.frames))
            .collect();
        let is_kept = frames.is_empty() || self.commit(practice, &frames)?;
        let took_entry = frames.iter().any(|frame| matches!(frame, ServerFrame::Practice { .. }));
        for (decision, request) in decisions {
            match (is_kept, decision.hold_until) {
                (true, Some(until)) => self.hold(until, request),
                (true, None) => {
                    let answer = self.draw(request.who, decision.reply);
                    let _gone = request.answer.send(answer);
                    self.tell(practice, decision.live);
                }
                (false, _) => {
                    let _gone = request.answer.send(refused(RefusalCode::Storage));
                }
            }
        }
        if is_kept && took_entry {
            if let Some(Some(kept)) = self.practices.get_mut(&practice) {
                kept.drop_the_revoked();
            }
            let waits = self.held.iter_mut().filter(|(_, held)| held.who.practice == practice);
            waits.for_each(|(until, _)| *until = Timestamp::from_millis(i64::MIN));
        }
        Ok(())
    }

    /// Makes a group durable. `false`: the disk is full, nothing of it was taken, and what is in
    /// memory is what is on the disk again.
    fn commit(&mut self, practice: PracticeId, frames: &[ServerFrame]) -> Result<bool, StoreError> {
        let Some(Some(kept)) = self.practices.get_mut(&practice) else { return Ok(false) };
        let committed = kept.commit(frames, &mut self.index);
        if matches!(committed, Ok(()) | Err(CommitError::Index(_))) {
            tampered::show(&self.watch, practice, frames);
        }
        match committed {
            Ok(()) => Ok(true),
            Err(CommitError::Index(_)) => {
                self.refill_index();
                Ok(true)
            }
            Err(CommitError::Append(AppendError::Full)) => {
                self.note_room(false);
                self.reopen(practice);
                Ok(false)
            }
            Err(CommitError::Append(error)) => {
                self.log.note(Event::DiskFailed);
                Err(StoreError::Disk(error))
            }
        }
    }

    fn hold(&mut self, until: Timestamp, request: Request) {
        if self.held.len() >= MAX_HELD {
            let _gone = request.answer.send(refused(RefusalCode::TooOften));
            return;
        }
        self.held.push((until, request));
    }

    fn retry_held(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let held = std::mem::take(&mut self.held);
        let (due, waiting): (Vec<_>, Vec<_>) =
            held.into_iter().partition(|(until, _)| *until <= now);
        self.held = waiting;
        let due: Vec<Request> = due.into_iter().map(|(_, request)| request).collect();
        if due.is_empty() { Ok(()) } else { self.group(due, now) }
    }

    /// How long the queue may be waited for.
    fn patience(&self, now: Timestamp) -> Option<Duration> {
        let next = self.held.iter().map(|(until, _)| until.millis_since(now)).min();
        let next = next.map(|millis| Duration::from_millis(millis.max(1).unsigned_abs()));
        let is_marked = self.practices.values().flatten().all(|kept| kept.is_marked);
        let idle = (!is_marked).then_some(IDLE);
        next.into_iter().chain(idle).min()
    }

    /// Draws the next message of an answer. An index that has lost something is filled again
    /// from the journal, once, in memory.
    fn draw(&mut self, who: Who, reply: Reply) -> Answer {
        let asks_index = matches!(reply, Reply::Pull(_) | Reply::Full(..) | Reply::Pushed(_));
        let again = asks_index.then(|| reply.clone());
        let (answer, has_missed) = self.try_draw(who, reply);
        match again {
            Some(reply) if has_missed && !self.index.is_in_memory() => {
                self.index = Index::in_memory();
                self.refill_index();
                self.try_draw(who, reply).0
            }
            _ => answer,
        }
    }

    fn try_draw(&self, who: Who, mut reply: Reply) -> (Answer, bool) {
        let Who { practice, by, .. } = who;
        let Some(Some(kept)) = self.practices.get(&practice) else {
            return (refused(RefusalCode::Storage), false);
        };
        let shelf = kept.shelf(&self.index);
        let message = match self.watch.tamper() {
            None => reply.next_message(practice, &shelf),
            Some(tamper) => {
                let shelf = TamperedShelf { shelf: &shelf, tamper, practice, reader: by };
                reply.next_message(practice, &shelf)
            }
        };
        (message.map(|message| (message, reply)), shelf.has_missed())
    }

    fn tell(&self, practice: PracticeId, live: Vec<Live>) {
        let Some(Some(kept)) = self.practices.get(&practice) else { return };
        for Live { to, message } in live {
            let to: BTreeSet<DeviceId> =
                to.into_iter().filter(|device| kept.subscribers.contains_key(device)).collect();
            if !to.is_empty() {
                let fleeting = matches!(message, Message::Ephemeral(_));
                kept.tell(&to, &Arc::new(message.frame()), fleeting);
            }
        }
    }

    fn key(&self) -> SigningKey {
        SigningKey::from_seed(*self.seed)
    }
}

fn refusal(code: RefusalCode) -> Message {
    Message::Refused(Refusal::new(code))
}

fn refused(code: RefusalCode) -> Answer {
    Some((refusal(code), Reply::Nothing))
}
