//! Envelopes that the server has not yet stored, in the order of the own chain. An envelope
//! leaves only with a receipt, or with an event that carries it.

use super::{DeviceSync, Event, Queued};
use crate::envelope::{Carried, ControlBody, EntryRef, Kind};
use crate::id::{CompartmentId, SlotGeneration, Timestamp};
use crate::log::{OwnHead, Receipt, ShortReceipt};
use crate::sync::device::check::AlarmKind;
use crate::sync::device::link::Request;
use crate::sync::refusal::{Refusal, RefusalCode};
use crate::sync::run::runs_of;
use crate::sync::wire::{MAX_ENVELOPES, MAX_GROUP, MAX_ITEMS, Message, Outcome};
use std::collections::{BTreeMap, VecDeque};
use thiserror::Error;

/// What waits for the server.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Queued>,
    /// After the last receipted.
    settled: OwnHead,
    /// After the last queued.
    own: OwnHead,
    /// How many of the front are on their way.
    sent: usize,
    stopped: Option<RefusalCode>,
}

/// An envelope that does not continue the own chain is not queued.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an envelope does not continue the own chain")]
pub struct NotNext;

impl Outbox {
    pub(super) fn new(own: OwnHead) -> Self {
        Self { queue: VecDeque::new(), settled: own, own, sent: 0, stopped: None }
    }

    pub(super) fn begin(&mut self, own: OwnHead) -> Vec<Queued> {
        let queued = std::mem::take(&mut self.queue);
        *self = Self::new(own);
        queued.into()
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn own(&self) -> OwnHead {
        self.own
    }

    /// After everything that the server has confirmed.
    pub(super) fn settled(&self) -> OwnHead {
        self.settled
    }

    /// The newest slot of a log that is queued and not yet placed.
    pub(super) fn newest_slot(&self, log: CompartmentId) -> Option<SlotGeneration> {
        let of_log = self.queue.iter().filter(|queued| queued.envelope.header.compartment == log);
        let slots = of_log.filter_map(|queued| match queued.envelope.control() {
            Ok(Some(
                ControlBody::Genesis { slot, .. }
                | ControlBody::Slot(slot)
                | ControlBody::Access { slot: Some(slot), .. },
            )) => Some(slot.generation),
            _ => None,
        });
        slots.max()
    }

    pub(super) fn holds(&self, log: CompartmentId) -> bool {
        self.queue.iter().any(|queued| queued.envelope.header.compartment == log)
    }

    pub(super) fn acknowledges(&self, close: EntryRef) -> bool {
        let acknowledge = ControlBody::Acknowledge(close);
        let mut queued =
            self.queue.iter().filter(|one| one.envelope.header.kind == Kind::Acknowledge);
        queued.any(|one| one.envelope.control() == Ok(Some(acknowledge.clone())))
    }

    /// A dead link has taken nothing for certain.
    pub(super) fn unsend(&mut self) {
        self.sent = 0;
        self.stopped = None;
    }
}

impl DeviceSync {
    /// Queues the next envelope of the own chain.
    pub fn queue(&mut self, queued: Queued, now: Timestamp) -> Result<(), NotNext> {
        let header = &queued.envelope.header;
        if header.author != self.device || !self.outbox.own.continues_with(header) {
            return Err(NotNext);
        }
        self.outbox.own = OwnHead::after(header, queued.envelope.hash());
        self.outbox.queue.push_back(queued);
        self.events.push_back(Event::QueueLength(self.outbox.len()));
        self.pump(now);
        Ok(())
    }

    /// Goes on after [`Event::OutboxStopped`], once its cause is gone.
    pub fn resume(&mut self, now: Timestamp) {
        self.outbox.stopped = None;
        self.pump(now);
    }

    /// Sends the next group, if the link is open and none is on its way.
    pub(super) fn pump(&mut self, now: Timestamp) {
        let idle = self.outbox.sent == 0 && self.outbox.stopped.is_none();
        if !self.may_push() || !idle || self.outbox.queue.is_empty() {
            return;
        }
        let (mut bytes, mut count, mut row_count) = (0, 0, 0);
        for queued in self.outbox.queue.iter().take(MAX_ENVELOPES) {
            bytes += queued.envelope.body.len() + 400;
            bytes += queued.rows.iter().map(|row| row.bytes.len() + 48).sum::<usize>();
            row_count += queued.rows.len();
            if count > 0 && (bytes > MAX_GROUP || row_count > MAX_ITEMS) {
                break;
            }
            count += 1;
        }
        if !self.pace.allows(bytes, now) {
            return;
        }
        self.pace.note(self.link.next_request(), bytes, now);
        let group: Vec<&Queued> = self.outbox.queue.iter().take(count).collect();
        let carried: Vec<Carried> =
            group.iter().map(|queued| Carried::Whole(queued.envelope.clone())).collect();
        // Several parts of a base name the key of one draft.
        let rows: BTreeMap<_, _> =
            group.iter().flat_map(|queued| &queued.rows).map(|row| (row.key, row)).collect();
        let rows = rows.into_values().cloned().collect();
        let runs = runs_of(self.practice(), &carried);
        self.outbox.sent = count;
        self.send(Request::Push(count), Message::Push { runs, rows }, now);
    }

    /// Takes what became of a group.
    pub(super) fn pushed(&mut self, sent: usize, outcomes: Vec<Outcome>, now: Timestamp) {
        self.outbox.sent = 0;
        self.pace.taken();
        let whole = outcomes.len() == sent;
        for outcome in outcomes.into_iter().take(sent) {
            let (code, short) = match outcome {
                Outcome::Placed(receipt) => (None, receipt),
                Outcome::Refused { code, receipt } => (Some(code), receipt),
                Outcome::Rejected { code, have } => {
                    self.rejected(code, have);
                    break;
                }
            };
            let Some(receipt) = self.settles(&short) else {
                self.alarm(AlarmKind::BadReceipt, None, None, Some(self.device));
                self.stop(RefusalCode::BadSignature);
                break;
            };
            let Some(queued) = self.settle(&receipt) else { break };
            if let Some(code) = code {
                let (envelope, receipt) = (Box::new(queued.envelope), Box::new(receipt));
                self.events.push_back(Event::Refused { envelope, code, receipt });
            } else {
                self.events.push_back(Event::Receipted(Box::new(receipt)));
                self.place_own(queued.envelope, receipt);
            }
        }
        if !whole && self.outbox.stopped.is_none() {
            self.stop(RefusalCode::Malformed);
        }
        self.events.push_back(Event::QueueLength(self.outbox.len()));
        self.pull_next(now);
        self.pump(now);
    }

    /// A group was not looked at. If it was too much for now, it is sent again a little later.
    pub(super) fn push_refused(&mut self, refusal: Refusal, now: Timestamp) {
        if refusal.code != RefusalCode::TooOften {
            return self.stop(refusal.code);
        }
        self.outbox.sent = 0;
        self.pace.refused(now);
        self.pump(now);
    }

    /// Stops sending and says why.
    pub(super) fn stop(&mut self, code: RefusalCode) {
        self.outbox.sent = 0;
        self.outbox.stopped = Some(code);
        self.events.push_back(Event::OutboxStopped(code));
    }

    /// Returns the receipt in full, if it is the server's word about the oldest envelope of the
    /// outbox.
    fn settles(&self, short: &ShortReceipt) -> Option<Receipt> {
        let oldest = &self.outbox.queue.front()?.envelope;
        let receipt = short.restore(&oldest.header, oldest.hash()).ok()?;
        receipt.is_signed_by(&self.state.server()?.key).then_some(receipt)
    }

    fn settle(&mut self, receipt: &Receipt) -> Option<Queued> {
        let queued = self.outbox.queue.pop_front()?;
        self.outbox.settled = receipt.body.own;
        Some(queued)
    }

    fn rejected(&mut self, code: RefusalCode, have: OwnHead) {
        let settled = self.outbox.settled;
        let same = have.dev_inc == settled.dev_inc;
        match code {
            // The server has forgotten what it had confirmed.
            RefusalCode::Gap if same && have.dev_seq < settled.dev_seq => {
                self.alarm(AlarmKind::Rollback, None, None, Some(self.device));
            }
            RefusalCode::Gap | RefusalCode::Equivocation => {
                self.events.push_back(Event::IncarnationDue(have));
            }
            _ => {}
        }
        self.stop(code);
    }
}
