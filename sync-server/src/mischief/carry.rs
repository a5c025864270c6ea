//! How each misdeed changes a message.

use super::Standing;
use super::memory::Memory;
use super::order::{Direction, Misdeed, ReceiptFault};
use crate::tamper::{Incoming, Lane, Peer, Release};
use tacenda_shared::envelope::{Carried, Envelope};
use tacenda_shared::id::{CompartmentId, DeviceId, Global, Position};
use tacenda_shared::log::{LogHead, Receipt, ShortReceipt};
use tacenda_shared::suite::{Hash, Signature, SigningKey};
use tacenda_shared::sync::{Entries, Message, Outcome, Refusal, RefusalCode, Run, runs_of};

/// An entry's place.
pub(super) type Place = (CompartmentId, Position);

/// What a change is made with.
pub(super) struct Context<'a> {
    pub(super) key: &'a SigningKey,
    pub(super) memory: &'a Memory,
    pub(super) peer: &'a Peer,
    pub(super) device: DeviceId,
}

/// Bytes that are no message, with a true length in front.
pub(super) fn garbled() -> Vec<u8> {
    vec![0, 0, 0, 4, 0xff, 0, 0, 0]
}

/// Changes what a device sends; returns whether the misdeed is done with it.
pub(super) fn incoming(
    standing: &mut Standing,
    memory: &Memory,
    from: DeviceId,
    heard: &mut Incoming,
) -> bool {
    let is = |kind: u8, heard: &Incoming| heard.take.iter().any(|one| one.number() == kind);
    match standing.order.misdeed {
        Misdeed::Drop(kind, Direction::From) if is(kind, heard) => {
            heard.take.retain(|message| message.number() != kind);
            true
        }
        Misdeed::Twice(kind, Direction::From) if is(kind, heard) => {
            let again: Vec<Message> = heard.take.clone();
            heard.take.extend(again);
            true
        }
        Misdeed::Hold(kind, Direction::From) if is(kind, heard) => {
            heard.after = Some(standing.hold());
            true
        }
        Misdeed::Fork { .. } => {
            let Some(fork) = &standing.fork else { return false };
            heard.take.iter_mut().for_each(|one| fork.incoming(memory, from, one));
            false
        }
        _ => false,
    }
}

/// Changes what a device is sent; returns whether the misdeed is done with it.
pub(super) fn outgoing(
    standing: &mut Standing,
    context: &Context<'_>,
    messages: &mut Vec<Message>,
) -> bool {
    let mut done = false;
    let mut changed = Vec::with_capacity(messages.len());
    for message in messages.drain(..) {
        changed.extend(one(standing, context, message, &mut done));
    }
    *messages = changed;
    done
}

fn one(
    standing: &mut Standing,
    context: &Context<'_>,
    mut message: Message,
    done: &mut bool,
) -> Vec<Message> {
    let misdeed = standing.order.misdeed;
    match misdeed {
        Misdeed::Drop(kind, Direction::To) if message.number() == kind => {
            *done = true;
            return Vec::new();
        }
        Misdeed::Twice(kind, Direction::To) if message.number() == kind => {
            *done = true;
            return vec![message.clone(), message];
        }
        Misdeed::Hold(kind, Direction::To) if message.number() == kind => {
            standing.hold();
            *done = true;
        }
        Misdeed::Fork { .. } => {
            let Some(fork) = &standing.fork else { return vec![message] };
            let (left, hidden) =
                fork.outgoing(context.memory, context.key, context.device, message);
            *done |= hidden;
            return left.into_iter().collect();
        }
        Misdeed::Flip | Misdeed::FlipAt(..) | Misdeed::Suite(_) => {
            let change = |envelope: &mut Envelope| match misdeed {
                Misdeed::Suite(suite) => envelope.header.suite = suite,
                _ => flip(&mut envelope.body),
            };
            *done |= alter(standing, context, &mut message, change);
        }
        Misdeed::WithholdNext => {
            if let Some(place) = choose(standing, context, &message) {
                return withhold(context, message, place, done);
            }
        }
        Misdeed::Withhold(log, position) => {
            return withhold(context, message, (log, position), done);
        }
        Misdeed::Skip(log, position) => *done |= skip(context, &mut message, (log, position)),
        Misdeed::SkipNext => {
            if let Some(place) = choose(standing, context, &message) {
                *done |= skip(context, &mut message, place);
            }
        }
        Misdeed::Swap(one, other) => *done |= swap(&mut message, one, other),
        Misdeed::OldCheckpoints => return old_checkpoints(context, message, done),
        Misdeed::RollBack(count) => return roll_back(context, message, count, done),
        Misdeed::HidePractice(seq) => return hide_practice(context, message, seq, done),
        Misdeed::Epoch(_) | Misdeed::Greet(_) => *done |= greet(&mut message, misdeed),
        Misdeed::Receipt(fault) => *done |= wrong_receipt(context, &mut message, fault),
        Misdeed::Refuse(code) => *done |= refuse(context, &mut message, code),
        // Rows are changed where they are read, and the rest needs no occasion.
        _ => {}
    }
    vec![message]
}

/// Shows the first checkpoints instead of the newest, and none as they come.
fn old_checkpoints(context: &Context<'_>, message: Message, done: &mut bool) -> Vec<Message> {
    let Message::Objects(newest) = message else { return vec![message] };
    if context.peer.lane == Lane::Live {
        return Vec::new();
    }
    let first = |bytes: &Vec<u8>| context.memory.first_checkpoint(bytes);
    let old: Vec<_> = newest.iter().map(|bytes| first(bytes).unwrap_or(bytes.clone())).collect();
    *done |= old != newest;
    vec![Message::Objects(old)]
}

/// Says something else than welcome.
fn greet(message: &mut Message, misdeed: Misdeed) -> bool {
    let Message::Welcome { server_epoch, .. } = message else { return false };
    match misdeed {
        Misdeed::Epoch(epoch) => *server_epoch = epoch,
        Misdeed::Greet(code) => *message = Message::Refused(Refusal::new(code)),
        _ => return false,
    }
    true
}

fn flip(body: &mut [u8]) {
    if let Some(byte) = body.first_mut() {
        *byte ^= 1;
    }
}

/// Settles on the next entry, and stays with it.
fn choose(standing: &mut Standing, context: &Context<'_>, message: &Message) -> Option<Place> {
    if let Misdeed::FlipAt(log, at) = standing.order.misdeed {
        standing.chosen = Some((log, at));
    }
    if standing.chosen.is_none() {
        standing.chosen = next_of_others(context, message);
    }
    standing.chosen
}

/// The first entry in a message that somebody else than its receiver wrote, if it came live.
fn next_of_others(context: &Context<'_>, message: &Message) -> Option<Place> {
    let Message::Entries(entries) = message else { return None };
    if context.peer.lane != Lane::Live {
        return None;
    }
    let practice = context.memory.practice()?;
    let mut position = entries.after;
    for carried in entries.runs.iter().flat_map(|run| run.restore(practice)).flatten() {
        position = position.next();
        if carried.header().author != context.device {
            return Some((entries.log, position));
        }
    }
    None
}

/// Changes one envelope, which is then the same wherever the device meets it.
fn alter(
    standing: &mut Standing,
    context: &Context<'_>,
    message: &mut Message,
    change: impl Fn(&mut Envelope),
) -> bool {
    let chosen = choose(standing, context, message);
    let (Some((log, at)), Some(practice)) = (chosen, context.memory.practice()) else {
        return false;
    };
    match message {
        Message::Entries(entries) if entries.log == log => {
            let (mut position, mut hit) = (entries.after, false);
            let mut all = Vec::new();
            for mut carried in entries.runs.iter().flat_map(|run| run.restore(practice)).flatten() {
                position = position.next();
                if let (true, Carried::Whole(envelope)) = (position == at, &mut carried) {
                    change(envelope);
                    hit = true;
                }
                all.push(carried);
            }
            entries.runs = runs_of(practice, &all);
            hit
        }
        Message::Full { log: of, entries } if *of == log => {
            let Some((_, bytes)) = entries.iter_mut().find(|(position, _)| *position == at) else {
                return false;
            };
            if let Ok(Carried::Whole(mut envelope)) = Carried::decode(bytes) {
                change(&mut envelope);
                *bytes = Carried::Whole(envelope).encode();
            }
            true
        }
        _ => false,
    }
}

/// Cuts a log before a place, consistently.
fn withhold(
    context: &Context<'_>,
    message: Message,
    (log, at): Place,
    done: &mut bool,
) -> Vec<Message> {
    let last = Position::new(at.get().saturating_sub(1));
    let head = context.memory.head(log, last);
    let cut = |entries| cut(context, entries, last, head);
    match message {
        Message::Entries(entries) if entries.log == log && entries.head.position >= at => {
            *done = true;
            cut(entries).map(Message::Entries).into_iter().collect()
        }
        Message::Changed { g, mut logs, more } => {
            for (_, theirs) in logs.iter_mut().filter(|(id, _)| *id == log) {
                if let (true, Some(head)) = (theirs.position >= at, head) {
                    *theirs = head;
                    *done = true;
                }
            }
            vec![Message::Changed { g, logs, more }]
        }
        Message::Full { log: of, mut entries } if of == log => {
            entries.retain(|(position, _)| *position < at);
            vec![Message::Full { log, entries }]
        }
        other => vec![other],
    }
}

fn cut(
    context: &Context<'_>,
    entries: Entries,
    last: Position,
    head: Option<LogHead>,
) -> Option<Entries> {
    let (practice, head) = (context.memory.practice()?, head?);
    let keep = last.get().checked_sub(entries.after.get()).filter(|keep| *keep > 0)?;
    let carried: Vec<Carried> =
        entries.runs.iter().flat_map(|run| run.restore(practice)).flatten().collect();
    let keep = usize::try_from(keep).ok()?;
    let runs = runs_of(practice, carried.iter().take(keep));
    Some(Entries { runs, head, ..entries })
}

/// Leaves one entry out and says nothing of it.
fn skip(context: &Context<'_>, message: &mut Message, (log, at): Place) -> bool {
    let Some(practice) = context.memory.practice() else { return false };
    match message {
        Message::Entries(entries) if entries.log == log => {
            let index = at.get().checked_sub(entries.after.get() + 1);
            let mut carried: Vec<Carried> =
                entries.runs.iter().flat_map(|run| run.restore(practice)).flatten().collect();
            let index = index.and_then(|index| usize::try_from(index).ok());
            let Some(index) = index.filter(|index| *index < carried.len()) else { return false };
            carried.remove(index);
            entries.runs = runs_of(practice, &carried);
            true
        }
        Message::Full { log: of, entries } if *of == log => {
            let before = entries.len();
            entries.retain(|(position, _)| *position != at);
            before != entries.len()
        }
        _ => false,
    }
}

fn swap(message: &mut Message, one: CompartmentId, other: CompartmentId) -> bool {
    let swapped = |log: CompartmentId| match log {
        log if log == one => other,
        log if log == other => one,
        log => log,
    };
    match message {
        Message::Entries(entries) => {
            let log = swapped(entries.log);
            let hit = log != entries.log;
            entries.log = log;
            for Run { log: of, .. } in &mut entries.runs {
                *of = swapped(*of);
            }
            hit
        }
        // Asked for the full form, it has none under the false name.
        _ => false,
    }
}

fn roll_back(
    context: &Context<'_>,
    mut message: Message,
    count: Global,
    done: &mut bool,
) -> Vec<Message> {
    let memory = context.memory;
    match message {
        Message::Entries(entries) if entries.g > count => {
            *done = true;
            let head = memory.head_when(entries.log, count);
            let last = head.map_or(Position::ZERO, |head| head.position);
            let cut = cut(context, entries, last, head);
            let cut = cut.map(|entries| Entries { g: entries.g.min(count), ..entries });
            cut.map(Message::Entries).into_iter().collect()
        }
        Message::Changed { g, logs, more } => {
            *done |= g > count;
            let older = |(log, head): (CompartmentId, LogHead)| {
                let then = memory.head_when(log, count)?;
                Some((log, if then.position < head.position { then } else { head }))
            };
            let logs = logs.into_iter().filter_map(older).collect();
            vec![Message::Changed { g: g.min(count), logs, more }]
        }
        Message::Welcome { ref mut g, practice_head: ref mut head, .. } => {
            *done |= *g > count;
            *head = memory.practice_when(count).unwrap_or(*head);
            *g = (*g).min(count);
            vec![message]
        }
        Message::PracticeEntries { mut entries, more } => {
            let last = memory.practice_when(count).map(|head| head.seq);
            entries.retain(|one| last.is_none_or(|last| one.receipt.head.seq <= last));
            vec![Message::PracticeEntries { entries, more }]
        }
        other => vec![other],
    }
}

fn hide_practice(
    context: &Context<'_>,
    mut message: Message,
    from: tacenda_shared::id::PracticeSeq,
    done: &mut bool,
) -> Vec<Message> {
    match message {
        Message::Welcome { practice_head: ref mut head, .. } => {
            let hidden = head.seq >= from;
            let older = context.memory.practice_before(from).filter(|_| hidden);
            *done |= older.is_some();
            *head = older.unwrap_or(*head);
            vec![message]
        }
        Message::PracticeEntries { mut entries, more } => {
            let before = entries.len();
            entries.retain(|one| one.receipt.head.seq < from);
            *done |= entries.len() != before;
            if entries.is_empty() && context.peer.lane == Lane::Live {
                return Vec::new();
            }
            vec![Message::PracticeEntries { entries, more }]
        }
        other => vec![other],
    }
}

fn wrong_receipt(context: &Context<'_>, message: &mut Message, fault: ReceiptFault) -> bool {
    let wrong = |receipt: &mut Receipt| {
        let mut body = receipt.body;
        match fault {
            ReceiptFault::Own => body.own.own = Hash::from_bytes([0x5a; 32]),
            ReceiptFault::Position => {
                if let Some(place) = &mut body.placement {
                    place.head.position = place.head.position.next();
                }
            }
            ReceiptFault::Time => body.time = body.time.plus_millis(-1_000_000_000_000),
            ReceiptFault::Signature => {
                receipt.signature = Signature::from_bytes([0x5a; 64]);
                return;
            }
        }
        *receipt = body.sign(context.key);
    };
    match message {
        Message::Pushed(outcomes) => {
            let mut found = outcomes.iter_mut().filter_map(|outcome| {
                let stored = context.memory.answered(outcome)?.clone();
                Some((outcome, stored))
            });
            let Some((outcome, mut stored)) = found.next() else { return false };
            wrong(&mut stored.receipt);
            *outcome = stored.outcome();
            true
        }
        Message::DeviceHeads(heads) => {
            heads.first_mut().map(|head| wrong(&mut head.receipt)).is_some()
        }
        _ => false,
    }
}

/// Says of what was kept that it was refused, with a true signature.
fn refuse(context: &Context<'_>, message: &mut Message, code: RefusalCode) -> bool {
    let Message::Pushed(outcomes) = message else { return false };
    let mut done = false;
    for outcome in outcomes {
        if let Some(stored) = context.memory.answered(outcome) {
            let mut body = stored.receipt.body;
            body.placement = None;
            let (header, hash) = (stored.carried.header(), stored.carried.hash());
            let receipt = ShortReceipt::of(&body.sign(context.key), header, hash);
            *outcome = Outcome::Refused { code, receipt };
            done = true;
        }
    }
    done
}

impl Standing {
    /// Holds back until the order is ended.
    fn hold(&mut self) -> Release {
        self.release.get_or_insert_with(Release::new).clone()
    }
}
