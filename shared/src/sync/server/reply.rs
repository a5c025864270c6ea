//! Answers, which leave only after the sync, and read from the disk only then.

use super::stored::Shelf;
use crate::envelope::{Carried, Header, Kind};
use crate::id::{CompartmentId, DeviceId, Global, Position, PracticeId, PracticeSeq};
use crate::log::LogHead;
use crate::sync::refusal::{Refusal, RefusalCode};
use crate::sync::run::runs_of;
use crate::sync::wire::{Entries, MAX_GROUP, MAX_ITEMS, Message, ObjectKey, Outcome, RowKey};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One log's part of a pull.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stretch {
    /// The log.
    pub(super) log: CompartmentId,
    /// What the device has.
    pub(super) after: Position,
    /// Where to stop.
    pub(super) to: Position,
    /// Packs on the way: the position before the first entry of each, and its last.
    pub(super) packs: BTreeMap<Position, Position>,
    /// Positions whose body is erased, though it may still lie on the disk.
    pub(super) erased: Erased,
}

/// Which sealed bodies of a log are erased.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Erased {
    /// All below this position.
    pub(super) below: Position,
    /// And these.
    pub(super) single: BTreeSet<Position>,
}

impl Erased {
    fn covers(&self, position: Position, header: &Header) -> bool {
        let sealed = header.kind.is_sealed();
        sealed && (position < self.below || self.single.contains(&position))
    }
}

/// What became of one pushed envelope: known now, or in a receipt that is on the disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Planned {
    /// Known now.
    Known(Box<Outcome>),
    /// It had been taken before; its first receipt answers.
    Original(CompartmentId, Position),
}

impl Planned {
    pub(super) fn known(outcome: Outcome) -> Self {
        Self::Known(Box::new(outcome))
    }
}

/// An answer: one message, or as many as a pull takes. Draw them with [`Reply::next_message`]
/// after the sync, until there is none; then the request's stream ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// Full forms of entries.
    Full(CompartmentId, Vec<Position>, Erased),
    /// One message as it is.
    Message(Box<Message>),
    /// Several messages as they are.
    Messages(VecDeque<Message>),
    /// Nothing, or no more.
    Nothing,
    /// Objects beside logs.
    Objects(VecDeque<ObjectKey>),
    /// The practice log from the first up to before the second.
    Practice(PracticeSeq, PracticeSeq),
    /// What became of a push.
    Pushed(Vec<Planned>),
    /// Entries of several logs, in this order.
    Pull(VecDeque<Stretch>),
    /// Rows, in as many messages as they need.
    Rows(VecDeque<RowKey>),
}

impl Reply {
    pub(super) fn message(message: Message) -> Self {
        Self::Message(Box::new(message))
    }

    pub(super) fn refused(code: RefusalCode) -> Self {
        Self::message(Message::Refused(Refusal::new(code)))
    }

    /// Returns the next message of the answer. Something on record that is not on the shelf ends
    /// the answer with `STORAGE`.
    pub fn next_message(&mut self, practice: PracticeId, shelf: &dyn Shelf) -> Option<Message> {
        let damaged = Message::Refused(Refusal::new(RefusalCode::Storage));
        match std::mem::replace(self, Self::Nothing) {
            Self::Nothing => None,
            Self::Message(message) => Some(*message),
            Self::Messages(mut messages) => {
                let next = messages.pop_front()?;
                *self = Self::Messages(messages);
                Some(next)
            }
            Self::Full(log, positions, erased) => {
                let full = |position: &Position| {
                    let stored = shelf.envelope(log, *position)?;
                    let carried = deliver(stored.carried, *position, &erased);
                    Some((*position, carried.encode()))
                };
                let entries: Vec<_> = positions.iter().filter_map(full).collect();
                Some(Message::Full { log, entries })
            }
            Self::Objects(keys) => Some(self.next_objects(keys, shelf)),
            Self::Practice(from, to) => Some(self.next_entries(from, to, shelf).unwrap_or(damaged)),
            Self::Pushed(planned) => {
                let outcome = |planned: Planned| match planned {
                    Planned::Known(outcome) => Some(*outcome),
                    Planned::Original(log, position) => {
                        shelf.envelope(log, position).map(|stored| stored.outcome())
                    }
                };
                let outcomes: Option<Vec<_>> = planned.into_iter().map(outcome).collect();
                Some(outcomes.map_or(damaged, Message::Pushed))
            }
            Self::Pull(stretches) => self.next_stretch(stretches, practice, shelf),
            Self::Rows(keys) => Some(self.next_rows(keys, shelf)),
        }
    }

    fn next_objects(&mut self, mut keys: VecDeque<ObjectKey>, shelf: &dyn Shelf) -> Message {
        let (mut envelopes, mut size) = (Vec::new(), 0);
        while let Some(key) = keys.pop_front() {
            // One that was replaced meanwhile is there under the same key.
            let Some(envelope) = shelf.object(&key) else { continue };
            let bytes = envelope.encode();
            if size > 0 && size + bytes.len() > MAX_GROUP {
                keys.push_front(key);
                break;
            }
            size += bytes.len();
            envelopes.push(bytes);
        }
        if !keys.is_empty() {
            *self = Self::Objects(keys);
        }
        Message::Objects(envelopes)
    }

    fn next_rows(&mut self, mut keys: VecDeque<RowKey>, shelf: &dyn Shelf) -> Message {
        let (mut rows, mut size) = (Vec::new(), 0);
        while let Some(key) = keys.pop_front() {
            let row = shelf.row(&key);
            size += row.as_ref().map_or(1, |bytes| bytes.len() + 5);
            if !rows.is_empty() && size > MAX_GROUP {
                keys.push_front(key);
                break;
            }
            rows.push(row);
        }
        if !keys.is_empty() {
            *self = Self::Rows(keys);
        }
        Message::Rows(rows)
    }

    fn next_entries(
        &mut self,
        from: PracticeSeq,
        to: PracticeSeq,
        shelf: &dyn Shelf,
    ) -> Option<Message> {
        let mut entries = Vec::new();
        let (mut seq, mut size) = (from, 0);
        while seq < to && entries.len() < MAX_ITEMS {
            let delivered = shelf.entry(seq)?;
            size += delivered.entry.len();
            if !entries.is_empty() && size > MAX_GROUP {
                break;
            }
            entries.push(delivered);
            seq = seq.next();
        }
        let more = seq < to;
        if more {
            *self = Self::Practice(seq, to);
        }
        Some(Message::PracticeEntries { entries, more })
    }

    fn next_stretch(
        &mut self,
        mut stretches: VecDeque<Stretch>,
        practice: PracticeId,
        shelf: &dyn Shelf,
    ) -> Option<Message> {
        while let Some(mut stretch) = stretches.pop_front() {
            if stretch.after >= stretch.to {
                continue;
            }
            if let Some((message, to)) = read_pack(&mut stretch, shelf) {
                stretch.after = to;
                stretches.push_front(stretch);
                *self = Self::Pull(stretches);
                return Some(message);
            }
            let Some((entries, last)) = read_stretch(&stretch, practice, shelf) else {
                return Some(Message::Refused(Refusal::new(RefusalCode::Storage)));
            };
            stretch.after = last;
            stretches.push_front(stretch);
            *self = Self::Pull(stretches);
            return Some(Message::Entries(entries));
        }
        None
    }
}

/// The pack that begins where a stretch has come to.
fn read_pack(stretch: &mut Stretch, shelf: &dyn Shelf) -> Option<(Message, Position)> {
    let (log, after) = (stretch.log, stretch.after);
    stretch.packs.remove(&after)?;
    let object = ObjectKey::pack_after(after);
    let device = DeviceId::from_bytes([0; 16]);
    // It may have been replaced meanwhile by one that goes on further, and is a cache after all.
    let envelope =
        shelf.object(&ObjectKey { compartment: log, kind: Kind::Pack, object, device })?;
    let to = envelope.header.seen_pos;
    let head = shelf.envelope(log, to)?.receipt.body.placement?.head;
    // Whoever made it may say what it likes; it is given for what stands here.
    let true_to_the_log = to > after && envelope.header.seen_chain == head.chain;
    let message = Message::Packed { log, after, head, envelope: envelope.encode() };
    true_to_the_log.then_some((message, to))
}

fn read_stretch(
    stretch: &Stretch,
    practice: PracticeId,
    shelf: &dyn Shelf,
) -> Option<(Entries, Position)> {
    let mut carried = Vec::new();
    let mut size = 0;
    let mut last: Option<(LogHead, Global)> = None;
    let mut position = stretch.after.next();
    let next_pack = stretch.packs.range(stretch.after.next()..).next();
    let to = next_pack.map_or(stretch.to, |(after, _)| stretch.to.min(*after));
    while position <= to && carried.len() < MAX_ITEMS {
        let stored = shelf.envelope(stretch.log, position)?;
        let delivered = deliver(stored.carried, position, &stretch.erased);
        size += match &delivered {
            Carried::Whole(envelope) => envelope.body.len() + 400,
            Carried::Stub(_) => 400,
        };
        if !carried.is_empty() && size > MAX_GROUP {
            break;
        }
        last = Some((stored.receipt.body.placement?.head, stored.g));
        carried.push(delivered);
        position = position.next();
    }
    let (head, g) = last?;
    let runs = runs_of(practice, &carried);
    Some((Entries { log: stretch.log, after: stretch.after, runs, head, g }, head.position))
}

fn deliver(carried: Carried, position: Position, erased: &Erased) -> Carried {
    match carried {
        Carried::Whole(envelope) if erased.covers(position, &envelope.header) => {
            Carried::Stub(envelope.to_stub())
        }
        carried => carried,
    }
}
