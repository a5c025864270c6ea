//! The practice log on a device: every entry is replayed here, whatever the server says of it.

use super::check::AlarmKind;
use super::link::Request;
use super::{DeviceSync, Event, ProtocolError};
use crate::id::{DevSeq, DeviceId, Timestamp};
use crate::log::{OwnHead, proves};
use crate::membership::{Entry, Invalid};
use crate::suite::Hash;
use crate::sync::head::{HeadProof, SignedHead};
use crate::sync::refusal::{Refusal, RefusalCode};
use crate::sync::wire::{DeliveredEntry, Message, PracticeReceipt, Row};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Membership changes only while the server is there to order it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("there is no link to the server")]
pub struct Offline;

impl DeviceSync {
    /// Proposes an entry that this device has made on the present head. [`Event::PracticeTaken`]
    /// or [`Event::PracticeRefused`] follows; if the link ends before, neither: then the practice
    /// log on the next link tells.
    pub fn append_entry(
        &mut self,
        entry: &Entry,
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Result<(), Offline> {
        if !self.is_open() {
            return Err(Offline);
        }
        let message = Message::PracticeAppend { entry: entry.encode(), rows };
        self.send(Request::PracticeAppend(Box::new(entry.clone())), message, now);
        Ok(())
    }

    /// Asks for what follows our head.
    pub(super) fn pull_practice(&mut self, now: Timestamp) {
        let asking = self.link.awaits(|request| matches!(request, Request::PracticePull(_)));
        if self.is_open() && !asking {
            let from = self.state.head().seq.next();
            let missing = self.missing_entry().unwrap_or_default();
            self.send(Request::PracticePull(missing), Message::PracticePull { from }, now);
        }
    }

    /// Takes entries in order; those that are known must be the same.
    pub(super) fn take_practice(&mut self, delivered: &[DeliveredEntry], now: Timestamp) {
        let before = self.state.cut_devices();
        let mut grown = false;
        for one in delivered {
            match self.take_practice_entry(one) {
                Some(true) => grown = true,
                Some(false) => {}
                None => {
                    self.pull_practice(now);
                    break;
                }
            }
        }
        if !grown {
            return;
        }
        let after = self.state.cut_devices();
        let cut: BTreeSet<DeviceId> = after.difference(&before).copied().collect();
        if !cut.is_empty() {
            cut.iter().for_each(|device| self.demand_proof(*device, now));
            self.events.push_back(Event::CutLearned(cut));
        }
        self.retry_waiting(now);
    }

    /// `Some(true)` if the log grew, `None` if entries before this one are missing.
    fn take_practice_entry(&mut self, one: &DeliveredEntry) -> Option<bool> {
        let Ok(entry) = Entry::decode(&one.entry) else {
            self.alarm(AlarmKind::Damaged, None, None, None);
            return Some(false);
        };
        let head = self.state.head();
        if let Some(ours) = self.state.head_at(entry.seq) {
            if ours != entry.head() {
                self.alarm(AlarmKind::PracticeFork, None, None, None);
            }
            return Some(false);
        }
        if entry.seq != head.seq.next() {
            return None;
        }
        // The server's key may be the one that this very entry names.
        let applied = self.state.apply(&entry, one.receipt.received);
        let next = match applied {
            Ok(next) => next,
            Err(Invalid::NotNext) => {
                self.alarm(AlarmKind::PracticeFork, None, None, None);
                return Some(false);
            }
            Err(_) => {
                self.alarm(AlarmKind::PracticeInvalid, None, None, None);
                return Some(false);
            }
        };
        let servers = next.server().map(|server| server.key);
        let former = next.former_servers().iter().map(|former| former.server.key);
        let signed = servers.into_iter().chain(former).any(|key| {
            one.receipt.head == entry.head() && one.receipt.is_signed_by(next.practice(), &key)
        });
        if !signed {
            self.alarm(AlarmKind::BadReceipt, None, None, None);
            return Some(false);
        }
        let begins = next.life_since() != self.state.life_since();
        self.state = next;
        self.events.push_back(Event::PracticeChanged(Box::new(one.clone())));
        if begins {
            self.begin_life();
        }
        Some(true)
    }

    pub(super) fn take_append_answer(
        &mut self,
        proposed: &Entry,
        answer: Message,
        now: Timestamp,
    ) -> Result<(), ProtocolError> {
        match answer {
            Message::PracticeAppended(receipt) => {
                if proposed.head() != receipt.head {
                    return Err(ProtocolError::WrongAnswer);
                }
                let entry = proposed.encode();
                self.take_practice(&[DeliveredEntry { entry, receipt }], now);
                self.settle_proposal(proposed, Some(receipt), now);
            }
            // It had been taken before, and its answer was lost.
            Message::PracticeEntries { entries, .. } => {
                self.take_practice(&entries, now);
                let ours = entries.iter().find(|one| one.receipt.head == proposed.head());
                self.settle_proposal(proposed, ours.map(|one| one.receipt), now);
            }
            Message::Refused(refusal) => {
                self.pull_practice(now);
                self.events.push_back(Event::PracticeRefused(refusal));
            }
            _ => return Err(ProtocolError::WrongAnswer),
        }
        Ok(())
    }

    /// Only what stands in the practice log here was taken, whatever the server says.
    fn settle_proposal(
        &mut self,
        proposed: &Entry,
        receipt: Option<PracticeReceipt>,
        now: Timestamp,
    ) {
        let stands = self.state.head_at(proposed.seq) == Some(proposed.head());
        match receipt.filter(|_| stands) {
            Some(receipt) => self.events.push_back(Event::PracticeTaken(receipt)),
            None => {
                self.pull_practice(now);
                let refusal = Refusal::new(RefusalCode::Conflict);
                self.events.push_back(Event::PracticeRefused(refusal));
            }
        }
    }

    /// The newest envelope within the cut that was seen must lie on the chain that the cut ends.
    fn demand_proof(&mut self, device: DeviceId, now: Timestamp) {
        let revoked = self.state.devices().get(&device).and_then(|known| known.revoked);
        let Some(end) = revoked.map(|revoked| revoked.cut) else { return };
        let first = (device, end.dev_inc, DevSeq::ZERO);
        let last = (device, end.dev_inc, end.dev_seq);
        let newest = self.numbers.range(first..=last).next_back();
        let Some(((_, dev_inc, dev_seq), own)) = newest else { return };
        let seen = OwnHead { dev_inc: *dev_inc, dev_seq: *dev_seq, own: *own };
        self.ask_proof(device, seen, end, now);
    }

    /// Asks for the proof that a head at which a device is to be cut continues what was seen of it
    /// here. [`Event::Proven`] follows, or an alarm about the device.
    pub fn prove_head(&mut self, device: DeviceId, end: OwnHead, now: Timestamp) {
        match self.numbers.get(&(device, end.dev_inc, end.dev_seq)) {
            Some(own) if *own == end.own => self.events.push_back(Event::Proven(device, end)),
            Some(_) => self.alarm(AlarmKind::NotOnChain, None, None, Some(device)),
            None => {
                let first = (device, end.dev_inc, DevSeq::ZERO);
                let last = (device, end.dev_inc, end.dev_seq);
                let seen = self.numbers.range(first..=last).next_back();
                let seen = seen.map_or(OwnHead::start(end.dev_inc), |((_, dev_inc, seq), own)| {
                    OwnHead { dev_inc: *dev_inc, dev_seq: *seq, own: *own }
                });
                self.ask_proof(device, seen, end, now);
            }
        }
    }

    /// Asks for the envelope hashes between an own head and a cut.
    pub(super) fn ask_proof(
        &mut self,
        device: DeviceId,
        after: OwnHead,
        end: OwnHead,
        now: Timestamp,
    ) {
        if after == end {
            self.events.push_back(Event::Proven(device, after));
        } else if after.dev_seq >= end.dev_seq {
            self.alarm(AlarmKind::NotOnChain, None, None, Some(device));
        } else if self.is_open() {
            let request = Request::OwnChain { device, after, end };
            let message = Message::OwnChain { device, after, to: end.dev_seq };
            self.send(request, message, now);
        }
    }

    pub(super) fn take_proof(
        &mut self,
        device: DeviceId,
        after: OwnHead,
        hashes: &[Hash],
        end: OwnHead,
    ) {
        if proves(after, hashes, end) {
            self.events.push_back(Event::Proven(device, after));
        } else {
            self.alarm(AlarmKind::NotOnChain, None, None, Some(device));
        }
    }

    /// Takes the signed heads of devices that are about to be cut.
    pub(super) fn take_heads(&mut self, heads: &[SignedHead]) {
        let mut proven = BTreeMap::new();
        for head in heads {
            let device = head.receipt.body.device;
            let doubt = match head.proof(&self.state) {
                HeadProof::Proven(own) => {
                    // A cut below what was seen would annul work that the server acknowledged.
                    let number = |own: &OwnHead| (own.dev_inc, own.dev_seq);
                    // What the device says of itself only shows a server that says less of it; a
                    // lost one may say anything, and no cut is made by it.
                    let said = self.checkpoints.end_of(device);
                    let seen = self.newest_own(device).into_iter().chain(said).max_by_key(number);
                    proven.insert(device, own);
                    let behind = seen.is_some_and(|seen| number(&seen) > number(&own));
                    behind.then_some(AlarmKind::Rollback)
                }
                HeadProof::BadReceipt => Some(AlarmKind::BadReceipt),
                HeadProof::Forged => Some(AlarmKind::Forged),
                HeadProof::Withheld => Some(AlarmKind::Withheld),
            };
            if let Some(kind) = doubt {
                self.alarm(kind, None, None, Some(device));
            }
        }
        self.events.push_back(Event::Heads(proven));
    }
}
