//! A fork: two devices are shown logs that part at one place, each well formed and with receipts
//! that the server has signed. This is the strongest that a server can do, so the whole of the
//! log beyond that place is made anew for each of the two.

use super::memory::Memory;
use super::order::Whom;
use tacenda_shared::envelope::Carried;
use tacenda_shared::id::{CompartmentId, DeviceId, Position};
use tacenda_shared::log::{LogHead, Placement};
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::server::StoredEnvelope;
use tacenda_shared::sync::{Entries, Message, Outcome, runs_of};

/// Where two views part.
pub(super) struct Fork {
    log: CompartmentId,
    one: Whom,
    other: DeviceId,
    base: Position,
}

/// The log as one of the two is to see it: the true positions beyond the base, in order, each
/// with the head that the device is shown.
type Shown = Vec<(Position, LogHead)>;

impl Fork {
    pub(super) fn new(log: CompartmentId, (one, other): (Whom, DeviceId), base: Position) -> Self {
        Self { log, one, other, base }
    }

    fn concerns(&self, device: DeviceId) -> bool {
        device == self.other || self.one.includes(device)
    }

    fn hides(&self, author: DeviceId, from: DeviceId) -> bool {
        if from == self.other {
            author != self.other && self.one.includes(author)
        } else {
            author == self.other
        }
    }

    fn shown(&self, memory: &Memory, to: DeviceId) -> Shown {
        let mut head = memory.head(self.log, self.base).unwrap_or(LogHead::EMPTY);
        let mut shown = Vec::new();
        for stored in memory.entries(self.log) {
            let Some(place) = stored.receipt.body.placement else { continue };
            let author = stored.carried.header().author;
            if place.head.position > self.base && !self.hides(author, to) {
                head = head.after(self.log, stored.carried.hash());
                shown.push((place.head.position, head));
            }
        }
        shown
    }

    /// The true position before which a device has seen everything that it is to see.
    fn true_position(&self, memory: &Memory, to: DeviceId, shown_as: Position) -> Position {
        if shown_as <= self.base {
            return shown_as;
        }
        let shown = self.shown(memory, to);
        let found = shown.iter().find(|(_, head)| head.position == shown_as);
        found.map_or(shown_as, |(position, _)| *position)
    }

    /// Changes what a device asks for to what it means.
    pub(super) fn incoming(&self, memory: &Memory, from: DeviceId, message: &mut Message) {
        if !self.concerns(from) {
            return;
        }
        match message {
            Message::PullMany(wanted) | Message::PullEntries(wanted) => {
                for (_, after) in wanted.iter_mut().filter(|(log, _)| *log == self.log) {
                    *after = self.true_position(memory, from, *after);
                }
            }
            Message::WantFull { log, positions } if *log == self.log => {
                for position in positions {
                    *position = self.true_position(memory, from, *position);
                }
            }
            _ => {}
        }
    }

    /// Changes what a device is told; returns whether anything was hidden. `None`: nothing of
    /// the message is left.
    pub(super) fn outgoing(
        &self,
        memory: &Memory,
        key: &SigningKey,
        to: DeviceId,
        message: Message,
    ) -> (Option<Message>, bool) {
        if !self.concerns(to) {
            return (Some(message), false);
        }
        match message {
            Message::Entries(entries) if entries.log == self.log => {
                self.entries(memory, to, entries)
            }
            Message::Changed { g, mut logs, more } => {
                let shown = self.shown(memory, to);
                for (log, head) in logs.iter_mut().filter(|(log, _)| *log == self.log) {
                    let last = shown.last().map(|(_, head)| *head);
                    let base = memory.head(*log, self.base.min(head.position));
                    *head = last.or(base).unwrap_or(*head);
                }
                (Some(Message::Changed { g, logs, more }), false)
            }
            Message::Full { log, entries } if log == self.log => {
                let shown = self.shown(memory, to);
                let renamed = |position| {
                    let found = shown.iter().find(|(real, _)| *real == position);
                    found.map_or(position, |(_, head)| head.position)
                };
                let entries = entries.into_iter().map(|(at, bytes)| (renamed(at), bytes));
                (Some(Message::Full { log, entries: entries.collect() }), false)
            }
            Message::Pushed(outcomes) => {
                let shown = self.shown(memory, to);
                let again = |outcome| self.outcome(memory, &shown, key, outcome);
                (Some(Message::Pushed(outcomes.into_iter().map(again).collect())), false)
            }
            other => (Some(other), false),
        }
    }

    fn entries(&self, memory: &Memory, to: DeviceId, entries: Entries) -> (Option<Message>, bool) {
        let shown = self.shown(memory, to);
        let Some(practice) = memory.practice() else {
            return (Some(Message::Entries(entries)), false);
        };
        let (first, last) = (entries.after, entries.head.position);
        let carried: Vec<Carried> = memory
            .entries(self.log)
            .filter(|stored| {
                stored.receipt.body.placement.is_some_and(|place| {
                    let at = place.head.position;
                    let visible = at <= self.base || shown.iter().any(|(real, _)| *real == at);
                    at > first && at <= last && visible
                })
            })
            .map(|stored| stored.carried.clone())
            .collect();
        let hidden = carried.len() as u64 != last.get().saturating_sub(first.get());
        let before = shown.iter().rev().find(|(real, _)| *real <= first);
        let after = before.map_or(first.min(self.base), |(_, head)| head.position);
        let newest = shown.iter().rev().find(|(real, _)| *real <= last);
        let head = newest.map(|(_, head)| *head);
        let head = head.or_else(|| memory.head(self.log, self.base.min(last)));
        let (false, Some(head)) = (carried.is_empty(), head) else { return (None, hidden) };
        let runs = runs_of(practice, &carried);
        (Some(Message::Entries(Entries { log: self.log, after, runs, head, g: entries.g })), hidden)
    }

    fn outcome(
        &self,
        memory: &Memory,
        shown: &Shown,
        key: &SigningKey,
        outcome: Outcome,
    ) -> Outcome {
        let Some(stored) = memory.answered(&outcome) else { return outcome };
        let receipt = stored.receipt;
        let Some(place) = receipt.body.placement.filter(|place| place.log == self.log) else {
            return outcome;
        };
        let found = shown.iter().find(|(real, _)| *real == place.head.position);
        let Some((_, head)) = found else { return outcome };
        let mut body = receipt.body;
        body.placement = Some(Placement { log: self.log, head: *head });
        StoredEnvelope { receipt: body.sign(key), ..stored.clone() }.outcome()
    }
}
