//! The courier: carries what this device made to the others, and what they made to here.
//!
//! It stands between the open practice and `sync::device`, does no IO of the network itself, and
//! never acknowledges to anybody what is not on this disk. Messages come in by `link_message` and
//! go out by `poll_transmit`; after each call the caller drains what there is to send.

mod anew;
mod annul;
pub mod attach;
mod base;
mod beginning;
mod company;
mod deposit;
mod endings;
pub mod enrol;
mod erasing;
mod first;
pub mod frames;
mod freight;
mod grid;
mod inbox;
mod interest;
mod keys;
pub mod late;
pub mod ledger;
mod lives;
mod moving;
mod outbox;
mod packing;
mod parcel;
pub(super) mod presence;
mod rebasing;
pub mod recover;
mod reseed;
pub mod revoke;
mod rows_again;
mod rows_come;
pub mod sheet;
mod shelf;
mod status;
mod strays;
mod together;
mod told;
mod trail;
mod watch;

use super::founding;
use super::frame::DeviceFrame;
use super::incarnation::Incarnating;
use super::keyring::Kept;
use super::open::{Device, DeviceError};
use super::settings::Timing;
use super::store::StoreError;
use crate::notice::Notice;
pub(in crate::device) use base::ReadBase;
use endings::Endings;
pub use erasing::ErasureStatus;
use erasing::Erasures;
use frames::{Fate, MailFrame};
use grid::Grid;
pub(super) use inbox::Batch;
use inbox::Outcome;
use packing::Packing;
#[cfg(test)]
pub(in crate::device) use rebasing::Tamper;
pub use reseed::Refilling;
use revoke::{Order, RevokeError};
use rows_again::RowsAgain;
use shelf::Shelf;
pub use status::QueueEnd;
pub(super) use status::of_refusal;
use status::withheld;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tacenda_shared::envelope::Envelope;
use tacenda_shared::id::{CompartmentId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, RowName};
use tacenda_shared::keys::wrap::WrapInfo;
use tacenda_shared::log::Checkpoint;
use tacenda_shared::membership::{Action, Entry, Signer};
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::device::{DeviceSync, Event, Lane, Ticket, Transmit};
use tacenda_shared::sync::{Message, RefillState, RefusalCode, Row};
use watch::Watch;

/// Envelopes that wait for the server at most before more are sealed.
const QUEUE_ENVELOPES: usize = 256;

/// What a request of the courier is for.
#[derive(Clone, Debug)]
enum Errand {
    /// Something was said that nobody answers for.
    Company,
    /// Old envelopes, also of others, go to a refilled server.
    Bring,
    /// A pack of a log is given to the server.
    Pack,
    /// What this device has seen is told.
    Checkpoint(Box<Checkpoint>),
    /// Rows that every device of the member needs are put on the server.
    Deposit,
    /// Rows of keys are fetched.
    Rows(Vec<RowName>),
    /// Rows of keys are given to a server that began a new life.
    RowsAgain,
    /// A wrap is fetched: what it is bound to, and its hash.
    Wrap(WrapInfo, Hash),
}

/// Who has proposed an entry of the practice log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Proposer {
    /// Somebody who is told what came of it.
    Caller,
    /// The courier itself.
    Courier,
}

/// How far what comes in is taken before the caller goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Until {
    Shown,
    Stored,
}

/// One device's side of the traffic with the server.
pub struct Courier {
    pub(super) sync: DeviceSync,
    errands: BTreeMap<Ticket, Errand>,
    wanted: BTreeSet<RowName>,
    asked_rows: BTreeSet<RowName>,
    /// Rows of drafts' keys that this link's server has not got.
    absent: BTreeSet<RowName>,
    /// Rows that gave another key than was announced, on this link.
    refused_rows: BTreeSet<RowName>,
    fetched: BTreeMap<RowName, safe::Row>,
    alarms: Vec<Notice>,
    /// Answers to what others asked through this courier.
    answers: VecDeque<(Ticket, Option<Message>)>,
    /// The entry of the practice log that is on its way, and what is kept once it was taken.
    proposal: Option<(Proposer, Kept)>,
    /// Keys that are to be kept, before others are looked for.
    kept: Kept,
    /// The practice log has changed, or keys have come: what is missing must be looked for.
    keys_due: bool,
    asked_wraps: BTreeSet<Hash>,
    /// Devices that are being shut out.
    order: Option<Order>,
    /// What came of the last order.
    revoked: Option<Result<(), RevokeError>>,
    /// How many logs were known when they were looked at last.
    known_logs: Option<usize>,
    /// Since the link stands, everything that the server had then has come.
    level: bool,
    /// The server has an entry of the practice log that is not here yet.
    behind: bool,
    /// Until then another device is given time to finish what it began.
    rekey_after: Option<Timestamp>,
    /// The server does not take a ring's next key; not tried again on this link.
    rekey_stopped: bool,
    /// What came of the last entry that was proposed.
    proposed: Option<Result<(), RefusalCode>>,
    grid: Grid,
    endings: Endings,
    erasing: Erasures,
    watch: Watch,
    /// Checkpoints that leave once they are noted on the disk.
    words: Vec<(Box<Checkpoint>, Envelope)>,
    /// What came in and was shown, and is not on the disk yet.
    unstored: Batch,
    deposited: bool,
    packing: Packing,
    shelf: Shelf,
    rows_again: RowsAgain,
    /// How far the server is with being refilled, once this device has given all.
    refill: Option<RefillState>,
    /// Whether old envelopes of others were brought on this link.
    brought: bool,
    /// The entry with which a new incarnation of this device is to begin.
    pub(super) incarnating: Option<Incarnating>,
    /// Another life of this device is known of.
    pub(super) outlived: bool,
    /// Nothing is sealed until the practice log has moved.
    parked: bool,
    connected: bool,
    /// The server has given all that it had; keys for it may still be on their way.
    caught_up: bool,
    /// Everything that the server had is here and shown.
    pub(super) current: bool,
    last: Option<Timestamp>,
    pub(super) trouble: Option<Notice>,
    drop_link: bool,
    /// Whether `trouble` says why the link that stands is dropped.
    said_why: bool,
}

/// What a call has led to.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Whether the practice has changed.
    pub changed: bool,
    /// What must be said.
    pub notices: Vec<Notice>,
    /// Whether the link must be dropped.
    pub drop_link: bool,
}

impl<F: FileSystem> Device<F> {
    /// Returns whether the practice has a server.
    pub fn is_attached(&self) -> bool {
        self.cabinet.state.server().is_some()
    }

    /// Returns the practice log, entry by entry, as a server that is to keep it is given it.
    pub fn practice_log(&self) -> Result<Vec<Vec<u8>>, DeviceError> {
        let mut entries = Vec::new();
        for location in self.cabinet.store().locations().entries() {
            let DeviceFrame::Entry(bytes) = self.cabinet.store().read(*location)? else {
                return Err(StoreError::Altered.into());
            };
            entries.push(bytes);
        }
        Ok(entries)
    }

    /// A link stands, and its other end has proven the server's key.
    pub fn link_up(&mut self, now: Timestamp) -> Result<Delivered, DeviceError> {
        self.attach(now)?;
        self.with_courier(now, |courier| courier.sync.connected(now))
    }

    /// The link is gone.
    pub fn link_down(
        &mut self,
        trouble: Option<Notice>,
        now: Timestamp,
    ) -> Result<Delivered, DeviceError> {
        self.presence.lose_touch();
        self.with_courier(now, |courier| {
            courier.sync.disconnected();
            (courier.connected, courier.current) = (false, false);
            courier.forget_link();
            // A link that was dropped from here ended for a reason that is told already.
            let said = std::mem::take(&mut courier.said_why);
            courier.trouble = match courier.trouble.take() {
                Some(known) if said => Some(known),
                known => trouble.or(known),
            };
        })
    }

    /// Takes one message.
    pub fn link_message(
        &mut self,
        lane: Lane,
        message: Message,
        now: Timestamp,
    ) -> Result<Delivered, DeviceError> {
        self.with_courier(now, |courier| {
            let taken = courier.sync.handle_message(lane, message, now);
            courier.check(taken);
        })
    }

    /// Takes a message as [`Device::link_message`] does, but leaves it to the next call to put it
    /// on the disk. Until then the server is told nothing, and still has it if this one crashes.
    pub fn link_message_shown_first(
        &mut self,
        lane: Lane,
        message: Message,
        now: Timestamp,
    ) -> Result<Delivered, DeviceError> {
        self.with_courier_until(Until::Shown, now, |courier| {
            let taken = courier.sync.handle_message(lane, message, now);
            courier.check(taken);
        })
    }

    /// The server has ended its side of a stream.
    pub fn link_end(&mut self, lane: Lane, now: Timestamp) -> Result<Delivered, DeviceError> {
        self.with_courier(now, |courier| {
            let taken = courier.sync.handle_end(lane, now);
            courier.check(taken);
        })
    }

    /// Looks whether an answer is overdue.
    pub fn link_timeout(&mut self, now: Timestamp) -> Result<Delivered, DeviceError> {
        self.with_courier(now, |courier| courier.sync.handle_timeout(now))
    }

    /// Sends what was made since, if the link is open.
    pub fn dispatch(&mut self, now: Timestamp) -> Result<Delivered, DeviceError> {
        self.with_courier(now, |_| {})
    }

    /// Asks the server once more what there is; [`Device::is_current`] says when all is here.
    pub fn look_again(&mut self, now: Timestamp) {
        if let Some(courier) = self.courier.as_mut().filter(|courier| courier.connected) {
            (courier.caught_up, courier.current) = (false, false);
            courier.sync.look_again(now);
        }
    }

    /// Asks the server something; see [`Device::poll_answer`].
    pub fn ask(&mut self, message: Message, now: Timestamp) -> Option<Ticket> {
        self.courier.as_mut().map(|courier| courier.sync.request(message, now))
    }

    /// Proposes the next entry of the practice log, with its rows; false without a link. What
    /// came of it, [`Device::poll_proposed`] tells.
    pub fn propose(&mut self, entry: &Entry, rows: Vec<Row>, now: Timestamp) -> bool {
        let courier = self.courier.as_mut();
        let by = Proposer::Caller;
        courier.is_some_and(|courier| courier.propose(entry, rows, by, Kept::default(), now))
    }

    /// Proposes an entry that brings new keys, which are kept here once it was taken.
    pub(in crate::device) fn propose_keys(
        &mut self,
        entry: &Entry,
        rows: Vec<Row>,
        kept: Kept,
        now: Timestamp,
    ) -> bool {
        let courier = self.courier.as_mut();
        courier.is_some_and(|courier| courier.propose(entry, rows, Proposer::Caller, kept, now))
    }

    /// Returns whether the entry that was proposed was taken, once that is known.
    pub fn poll_proposed(&mut self) -> Option<Result<(), RefusalCode>> {
        self.courier.as_mut()?.proposed.take()
    }

    /// Returns the next answer to what [`Device::ask`] asked; `None` inside if none will come.
    pub fn poll_answer(&mut self) -> Option<(Ticket, Option<Message>)> {
        self.courier.as_mut()?.answers.pop_front()
    }

    /// Returns the next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.courier.as_mut()?.sync.poll_transmit()
    }

    /// Returns when to call [`Device::link_timeout`].
    pub fn link_due(&self) -> Option<Timestamp> {
        let courier = self.courier.as_ref()?;
        let rekeys = courier.connected && !courier.rekey_stopped && courier.proposal.is_none();
        let finish = courier.rekey_after.filter(|_| rekeys && self.is_rekeying());
        let watch = courier.watch.due().filter(|_| self.may_watch(courier));
        let pack = courier.packing.due().filter(|_| self.may_pack(courier));
        let due = [courier.sync.poll_timeout(), finish, watch, pack];
        due.into_iter().flatten().min()
    }

    /// Returns when what waits behind the gate of quiet timing may leave.
    pub fn grid_due(&self) -> Option<Timestamp> {
        self.courier.as_ref().filter(|courier| courier.sync.is_open())?.grid.opens()
    }

    /// Sets how soon what is written leaves this device.
    pub fn set_timing(&mut self, timing: Timing) {
        self.timing = timing;
    }

    fn with_courier(
        &mut self,
        now: Timestamp,
        act: impl FnOnce(&mut Courier),
    ) -> Result<Delivered, DeviceError> {
        self.with_courier_until(Until::Stored, now, act)
    }

    fn with_courier_until(
        &mut self,
        until: Until,
        now: Timestamp,
        act: impl FnOnce(&mut Courier),
    ) -> Result<Delivered, DeviceError> {
        let Some(mut courier) = self.courier.take() else { return Ok(Delivered::default()) };
        act(&mut courier);
        let mut batch = std::mem::take(&mut courier.unstored);
        let mut outcome = self.take_events(&mut courier, &mut batch, now);
        let now_or_never = until == Until::Stored || courier.outlived;
        if outcome.is_ok() && (now_or_never || !batch.changed) {
            outcome = self.work(&mut courier, &mut batch, now);
        }
        let notices = std::mem::take(&mut courier.alarms);
        let drop_link = std::mem::take(&mut courier.drop_link);
        courier.said_why |= drop_link && courier.trouble.is_some();
        match outcome {
            Ok(()) if courier.outlived => {
                // What is queued under old numbers goes with the courier, and not out.
                self.set_work_aside(now)?;
                Ok(Delivered { changed: true, notices, drop_link: true })
            }
            Ok(()) => {
                let changed = std::mem::take(&mut batch.changed);
                courier.endings.late |= changed;
                courier.unstored = batch;
                self.courier = Some(courier);
                Ok(Delivered { changed, notices, drop_link })
            }
            // What it knows may be ahead of the disk: the next link begins from what is stored.
            Err(error) => {
                if let Ok(stored) = founding::stored_log(&self.cabinet.store) {
                    self.cabinet.state = stored.state;
                }
                Err(error)
            }
        }
    }

    /// Works until there is nothing to be done: events first, then what is to be sent.
    fn work(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        loop {
            self.take_events(courier, batch, now)?;
            self.flush_mail(batch)?;
            if courier.outlived {
                return Ok(());
            }
            self.look_for_keys(courier, batch, now)?;
            self.flush_mail(batch)?;
            self.look_at_known_logs(courier, batch, now)?;
            courier.ask_rows(now);
            courier.look_whether_current(now);
            self.forget_withheld(courier);
            self.incarnate(courier, now);
            self.resume_work(courier, batch, now)?;
            self.carry_on(courier, now)?;
            self.take_over_late(courier, batch, now)?;
            self.end_drafts(courier)?;
            self.erase_due(courier, batch, now)?;
            courier.ask_rows(now);
            self.keep_watch(courier, batch, now);
            self.flush_mail(batch)?;
            courier.send_words(now);
            self.open_first(courier, batch, now)?;
            self.open_asked(courier, batch, now)?;
            self.flush_mail(batch)?;
            self.settle_shelf(courier)?;
            if !self.send_next(courier, now)? {
                return self.pack_next(courier, now);
            }
        }
    }

    fn take_events(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        // What comes after another life is known of comes again on the next link.
        while let Some(event) = courier.sync.poll_event().filter(|_| !courier.outlived) {
            courier.endings.note(&event);
            courier.erasing.note(&event);
            self.happened(courier, batch, event, now)?;
        }
        Ok(())
    }

    /// A log goes on.
    fn received(&self, courier: &mut Courier, log: CompartmentId, now: Timestamp) {
        courier.parked = false;
        courier.packing.note(log);
        self.stir_watch(courier, now);
    }

    fn happened(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        event: Event,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let mail = |frame| DeviceFrame::Mail(frame);
        match event {
            Event::Received { log, checked, .. } => {
                self.received(courier, log, now);
                self.entered(courier, batch, (log, &checked), now)?;
            }
            Event::Shelved { log, to, message } => {
                self.put_on_shelf(courier, (log, to), &message)?;
            }
            Event::Receipted(receipt) => {
                batch.frames.push(mail(MailFrame::Settled { again: false, receipt }));
            }
            Event::Refused { code, receipt, envelope } => {
                let again = outbox::goes_again(code);
                courier.refused(code, &envelope, now);
                batch.frames.push(mail(MailFrame::Settled { again, receipt }));
            }
            Event::Quarantined { log, carried, .. } => {
                let (fate, record) = (Fate::Quarantined, None);
                batch.frames.push(mail(MailFrame::Entered { log, fate, record, carried }));
            }
            Event::Stub { log, carried, .. } => {
                let (fate, record) = (Fate::Opened, None);
                batch.frames.push(mail(MailFrame::Entered { log, fate, record, carried }));
            }
            Event::CaughtUp(cursor) => {
                self.retry(courier, None, batch, now)?;
                batch.frames.extend(self.give_rows(courier, cursor, now));
                self.bring(courier, batch, now)?;
                courier.caught_up = true;
                courier.fetched_all(now);
            }
            Event::PracticeChanged(delivered) => {
                self.practice_changed(courier, batch, *delivered, now)?;
            }
            Event::CutLearned(_) => self.judge_again(courier, batch, now)?,
            Event::Answer(ticket, message) => {
                self.answered(courier, batch, ticket, *message, now)?;
            }
            Event::IncarnationDue(server) => self.part(courier, server.dev_inc),
            Event::Heads(heads) if self.end_last(courier, &heads, now) => {}
            Event::PracticeTaken(_) if Self::is_answer(courier) => {}
            Event::PracticeRefused(refusal) if Self::is_refused(courier, &refusal) => {}
            Event::Heads(heads) => courier.heads_known(heads, now),
            Event::Connected { .. } => self.greeted(courier, batch, now)?,
            Event::Presence(checked) => self.attend(&checked, now),
            Event::SeenByPeer(seen) => self.attend_seen(&seen, now),
            Event::Checkpoint(_) | Event::CheckpointsRead => {
                self.watched(courier, batch, event, now);
            }
            Event::Give(_)
            | Event::NewLife
            | Event::Refill(_)
            | Event::Resend(_)
            | Event::Rewind { .. } => self.reseed(courier, batch, event, now)?,
            other => courier.note(other),
        }
        Ok(())
    }

    fn answered(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        ticket: Ticket,
        message: Message,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        match (courier.errands.remove(&ticket), message) {
            (Some(Errand::Rows(mut names)), Message::Rows(rows)) => {
                // The answer comes in as many messages as it needs.
                let later = names.split_off(rows.len().min(names.len()));
                if !later.is_empty() {
                    courier.errands.insert(ticket, Errand::Rows(later));
                }
                courier.shelf.look_again();
                let logs = courier.take_rows(&self.cabinet, names, rows);
                self.take_safe_rows(courier)?;
                self.retry(courier, Some(&logs), batch, now)?;
                self.flush_mail(batch)?;
                courier.fetched.clear();
            }
            (Some(Errand::Rows(names)), _) => {
                courier.shelf.look_again();
                courier.rows_unanswered(&names);
            }
            (Some(Errand::Wrap(info, hash)), Message::Rows(rows)) => {
                self.take_wrap(courier, &info, hash, rows.into_iter().next().flatten());
            }
            (Some(Errand::Wrap(_, hash)), _) => {
                courier.asked_wraps.remove(&hash);
            }
            (Some(Errand::Checkpoint(made)), Message::Taken) => courier.sync.checkpoint_made(&made),
            (Some(Errand::Deposit), Message::Taken) => courier.deposited = true,
            (Some(Errand::Pack), message) => {
                self.packed(courier, batch, &message, now);
            }
            (Some(Errand::RowsAgain), message) => {
                let cursor = courier.rows_again.answered(message == Message::Taken);
                let cursor = cursor.map(MailFrame::Cursor).map(DeviceFrame::Mail);
                batch.frames.extend(cursor);
            }
            (
                Some(Errand::Bring | Errand::Checkpoint(_) | Errand::Company | Errand::Deposit),
                _,
            ) => {}
            (None, message) => courier.answers.push_back((ticket, Some(message))),
        }
        Ok(())
    }

    /// The practice log has another entry.
    fn entry_arrived(&mut self, courier: &mut Courier, entry: &[u8], now: Timestamp) {
        self.cabinet.state = courier.sync.state().clone();
        (courier.parked, courier.behind, courier.keys_due) = (false, false, true);
        Self::ask_again(courier);
        courier.shelf.look_again();
        // Somebody may have come, or keys that open what could not be read.
        courier.watch.look_again();
        let author = self.cabinet.identity.author.device;
        let entry = Entry::decode(entry);
        let asked = |entry: &Entry| matches!(entry.action, Action::RequestRecovery { .. });
        if entry.as_ref().is_ok_and(asked) {
            self.warnings.extend(self.sheet_warning());
        }
        let by = entry.map(|entry| entry.signer);
        if courier.level && by != Ok(Signer::Device(author)) {
            courier.rekey_after = Some(now.plus_millis(revoke::REKEY_PATIENCE_MILLIS));
        }
    }
}

#[cfg(test)]
mod tests;
