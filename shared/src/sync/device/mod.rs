//! The device's half of sync: requests and live messages, checks, the outbox. No IO, no clock.
//!
//! Feed it with `connected`, `handle_message`, `handle_end`, `handle_timeout` and `disconnected`,
//! then drain `poll_transmit` and `poll_event` until both are empty, and come back at
//! `poll_timeout`. Nothing that has not passed every check is handed on in a form that opens, and
//! nothing that is queued is dropped without an event that carries it.

mod check;
mod checkpoints;
mod erasing;
mod join;
mod link;
mod logs;
mod order;
mod outbox;
mod pace;
mod practice_log;
mod replica;
mod reseed;
mod shelf;
mod welcome;

pub use check::{Alarm, AlarmKind, Checked, Quarantine};
pub use checkpoints::{Noted, RING_WORDS_MAX, RingWord};
pub use erasing::{Erasing, RecordErasure};
pub use join::{JoinError, Joined, Joining};
pub use link::PATIENCE_MILLIS;
pub use outbox::NotNext;
pub use practice_log::Offline;
pub use replica::{Draft, Ending, Replica};
pub use reseed::Wanted;
pub use shelf::Opened;

use super::refusal::{Refusal, RefusalCode};
use super::wire::{DeliveredEntry, Message, PracticeReceipt, RefillState, Row, Seen};
use crate::envelope::{Carried, EntryRef, Envelope, Header, Kind};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, LogMark, ObjectId, Position, PracticeId,
    SlotGeneration, Timestamp,
};
use crate::log::{LogHead, OwnHead, Receipt};
use crate::membership::State;
use crate::suite::{Hash, SUITE_1};
use check::Numbers;
use checkpoints::Checkpoints;
use link::Link;
use outbox::Outbox;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use thiserror::Error;

/// Where a message goes or comes from. The driver opens a stream for each new request, writes the
/// one message, and ends its side.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lane {
    /// The control stream, which the device opens first.
    Control,
    /// The stream from the server that never ends.
    Live,
    /// One request and its answers.
    Request(u64),
}

/// One message to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transmit {
    /// On which stream.
    pub lane: Lane,
    /// What.
    pub message: Message,
}

/// The name of a request that the caller made, for its answer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ticket(u64);

/// Why a link must be dropped. Nothing is lost: what was not receipted is sent again.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ProtocolError {
    /// A message came on a stream on which it has no place.
    #[error("message type {0} came where it has no place")]
    Misplaced(u8),
    /// An answer does not fit its request.
    #[error("an answer does not fit its request")]
    WrongAnswer,
}

/// What happened, for the caller to keep, show or act on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// Something does not fit, and no honest server does that.
    Alarm(Alarm),
    /// The answer to a request of the caller, one event for each message.
    Answer(Ticket, Box<Message>),
    /// Everything up to this count was handed on: after the caller's own sync the cursor may be
    /// kept.
    CaughtUp(Global),
    /// A peer's checkpoint, to be opened and compared: see [`DeviceSync::heed`].
    Checkpoint(Box<Checked>),
    /// All checkpoints that were asked for have been handed on: once they are heeded, see
    /// [`DeviceSync::compare_checkpoints`].
    CheckpointsRead,
    /// The server's files were lost or restored: it asks for what this device holds. The answer is
    /// [`DeviceSync::give_entries`], [`DeviceSync::give_stretches`] or [`DeviceSync::give_rest`].
    Give(Wanted),
    /// The practice log names a new life of the server's files, or another server: the cursor
    /// counts from the beginning, and the link must begin anew, where the log says.
    NewLife,
    /// This device has given all that it holds; so far is the server. Whoever finds nothing
    /// missing ends it with an entry `Reseed`.
    Refill(RefillState),
    /// The refilled server has not got what this device had sent after this number: it goes out
    /// again as it is. The answer is [`DeviceSync::resend`].
    Resend(OwnHead),
    /// The refilled server has another log than this device from after this position on. What was
    /// known of it is forgotten; give the entries up to the position again with
    /// [`DeviceSync::take_stored`], then say [`DeviceSync::rewound`].
    Rewind {
        /// The log.
        log: CompartmentId,
        /// The last entry that both have.
        position: Position,
    },
    /// The link is open.
    Connected {
        /// The server's clock.
        time: Timestamp,
    },
    /// Devices lost rights: documents they wrote in must be judged again, see [`Replica::late`].
    CutLearned(BTreeSet<DeviceId>),
    /// The answer to [`DeviceSync::ask_heads`]: of those of whom the server has shown what they
    /// signed last.
    Heads(BTreeMap<DeviceId, OwnHead>),
    /// The server knows numbers of this device that this device does not: its store was copied or
    /// rolled back, and it must begin a new incarnation.
    IncarnationDue(OwnHead),
    /// The server does not answer: drop the link.
    LinkDead,
    /// The server refused this device, or the whole link.
    LinkRefused(Refusal),
    /// The outbox waits until something is done about this.
    OutboxStopped(RefusalCode),
    /// Somebody's presence.
    Presence(Box<Checked>),
    /// The practice log has another entry.
    PracticeChanged(Box<DeliveredEntry>),
    /// The entry that this device proposed was not taken: look again, propose again.
    PracticeRefused(Refusal),
    /// The entry that this device proposed was taken.
    PracticeTaken(PracticeReceipt),
    /// What a device has sent up to this number is proven to be on the chain of its cut, or of the
    /// head that [`DeviceSync::prove_head`] named.
    Proven(DeviceId, OwnHead),
    /// An entry that is kept apart.
    Quarantined {
        /// The log.
        log: CompartmentId,
        /// Where.
        position: Position,
        /// Why.
        reason: Quarantine,
        /// What, as delivered.
        carried: Box<Carried>,
    },
    /// How many envelopes wait to be stored by the server.
    QueueLength(usize),
    /// The next entry of a log, checked. Own entries come too: they are marked as placed.
    Received {
        /// The log.
        log: CompartmentId,
        /// Where.
        position: Position,
        /// What.
        checked: Box<Checked>,
    },
    /// The server has stored an envelope of this device.
    Receipted(Box<Receipt>),
    /// The server did not take an envelope, and its number is used up: seal its content again.
    Refused {
        /// The envelope.
        envelope: Box<Envelope>,
        /// Why.
        code: RefusalCode,
        /// About the own chain.
        receipt: Box<Receipt>,
    },
    /// Another device has shown a log up to a head, by its own signature.
    SeenByPeer(Seen),
    /// Something of a log has come that is to be stored as it is and opened later: see
    /// [`DeviceSync::shelved`] and [`DeviceSync::open_shelved`].
    Shelved {
        /// The log.
        log: CompartmentId,
        /// Its last position.
        to: Position,
        /// `Packed` or `Entries`.
        message: Box<Message>,
    },
    /// An entry whose body was erased.
    Stub {
        /// The log.
        log: CompartmentId,
        /// Where.
        position: Position,
        /// What is left.
        carried: Box<Carried>,
    },
    /// A request of the caller was not answered before the link ended.
    Unanswered(Ticket),
}

/// One queued envelope with the rows that must come with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Queued {
    /// The envelope, numbered and chained after the one before.
    pub envelope: Envelope,
    /// Rows of the slot or draft that it begins.
    pub rows: Vec<Row>,
}

/// The device's half of sync for one practice.
#[derive(Debug)]
pub struct DeviceSync {
    device: DeviceId,
    state: State,
    replicas: BTreeMap<CompartmentId, Replica>,
    numbers: Numbers,
    cursor: Global,
    outbox: Outbox,
    pace: pace::Pace,
    /// Lower first; logs that are not named come last.
    priorities: BTreeMap<CompartmentId, u8>,
    /// What tells the logs that come behind even those.
    last: BTreeSet<LogMark>,
    link: Link,
    /// Entries that wait for the practice log, by log.
    waiting: BTreeMap<CompartmentId, logs::Waiting>,
    /// Own envelopes that are stored beyond what this device has of their log.
    early: BTreeMap<(CompartmentId, Position), (Envelope, Receipt)>,
    /// Logs of which something lies unopened in the caller's store, and up to where.
    shelved: BTreeMap<CompartmentId, Position>,
    /// Logs that are fetched entry by entry, since a pack of them did not lead there.
    plain: BTreeSet<CompartmentId>,
    /// Logs whose chain cannot be followed any more.
    stopped: BTreeSet<CompartmentId>,
    /// How far peers have seen logs.
    expected: BTreeMap<CompartmentId, (Position, DeviceId)>,
    /// What devices have said of what they have seen.
    checkpoints: Checkpoints,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl DeviceSync {
    /// Begins with the verified practice log, the cursor, and where this device's own chain
    /// stands: after the last envelope that was receipted.
    pub fn new(device: DeviceId, state: State, cursor: Global, own: OwnHead) -> Self {
        Self {
            device,
            state,
            replicas: BTreeMap::new(),
            numbers: Numbers::new(),
            cursor,
            outbox: Outbox::new(own),
            pace: pace::Pace::default(),
            priorities: BTreeMap::new(),
            last: BTreeSet::new(),
            link: Link::default(),
            waiting: BTreeMap::new(),
            early: BTreeMap::new(),
            shelved: BTreeMap::new(),
            plain: BTreeSet::new(),
            stopped: BTreeSet::new(),
            expected: BTreeMap::new(),
            checkpoints: Checkpoints::default(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Takes the next entry of a log from this device's own store, which has been checked before:
    /// `valid` is false for those that were quarantined.
    pub fn take_stored(&mut self, log: CompartmentId, carried: &Carried, valid: bool) {
        let body = match carried {
            Carried::Whole(envelope) => envelope.control().ok().flatten(),
            Carried::Stub(_) => None,
        };
        if valid {
            self.remember_number(carried);
        }
        let replica = self.replicas.entry(log).or_insert_with(|| Replica::new(log));
        replica.take(carried.header(), carried.hash(), body.as_ref(), valid);
    }

    /// Entries that came before a cut was learned count no more: see [`Replica::late`].
    pub fn annul(&mut self, log: CompartmentId, late: &BTreeSet<Position>) {
        if let Some(replica) = self.replicas.get_mut(&log) {
            replica.annul(late);
        }
    }

    /// Returns the practice's id.
    pub fn practice(&self) -> PracticeId {
        self.state.practice()
    }

    /// Returns the device whose half this is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Returns the practice log's state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns what is known of a log.
    pub fn replica(&self, log: CompartmentId) -> Option<&Replica> {
        self.replicas.get(&log)
    }

    /// Returns how far the end of a draft is that was signed; `None` while it is open.
    pub fn ending(&self, log: CompartmentId, object: ObjectId) -> Option<Ending> {
        self.replicas.get(&log)?.ending(object, &self.state, self.device)
    }

    /// Returns whether this device's acknowledgement of an entry waits for the server.
    pub fn is_acknowledging(&self, close: EntryRef) -> bool {
        self.outbox.acknowledges(close)
    }

    /// Returns whether an envelope of a log waits for the server.
    pub fn is_queued(&self, log: CompartmentId) -> bool {
        self.outbox.holds(log)
    }

    /// Returns every log that is known.
    pub fn replicas(&self) -> &BTreeMap<CompartmentId, Replica> {
        &self.replicas
    }

    /// Returns the head of every log.
    pub fn heads(&self) -> impl Iterator<Item = (CompartmentId, LogHead)> + '_ {
        self.replicas.iter().map(|(log, replica)| (*log, replica.head()))
    }

    /// Returns how far everything was handed on.
    pub fn cursor(&self) -> Global {
        self.cursor
    }

    /// Returns how many of the entries that the server has more have come, and how many they are;
    /// `None` while nothing is being fetched.
    pub fn progress(&self) -> Option<(u64, u64)> {
        let Link { missing, come, .. } = self.link;
        (missing > 0).then_some((come.min(missing), missing))
    }

    fn position(&self, log: CompartmentId) -> Position {
        self.replicas.get(&log).map_or(Position::ZERO, |replica| replica.head().position)
    }

    /// Looks whether an answer is overdue.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if self.answer_due().is_some_and(|due| due <= now) {
            self.disconnected();
            self.events.push_back(Event::LinkDead);
        }
        self.pace.look_again(now);
        self.pump(now);
    }

    /// Returns whether the link is open.
    pub fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// Returns how many envelopes are not receipted yet.
    pub fn queue_length(&self) -> usize {
        self.outbox.len()
    }

    /// Returns where the own chain stands after everything that is queued.
    pub fn own(&self) -> OwnHead {
        self.outbox.own()
    }

    /// Says which log is wanted before others; lower is sooner.
    pub fn set_priority(&mut self, log: CompartmentId, priority: u8) {
        self.priorities.insert(log, priority);
    }

    /// Says which log is wanted only when all others have come.
    pub fn fetch_last(&mut self, log: LogMark) {
        self.last.insert(log);
    }

    /// Returns the header of this device's next envelope, complete but for what sealing sets.
    /// The caller seals, then queues it before it asks for the next.
    pub fn next_header(
        &self,
        log: CompartmentId,
        kind: Kind,
        object: ObjectId,
        schema: u16,
    ) -> Header {
        let seen = self.replicas.get(&log).map_or(LogHead::EMPTY, Replica::head);
        let slot = self.replicas.get(&log).and_then(Replica::slot);
        let queued = self.outbox.newest_slot(log);
        let own = self.outbox.own();
        let (dev_seq, prev_own) = if kind.is_entry() {
            (own.dev_seq.next(), own.own)
        } else {
            (DevSeq::ZERO, Hash::ZERO)
        };
        let generation = slot.map(|slot| slot.generation).max(queued);
        let sealed = kind.is_sealed();
        Header {
            suite: SUITE_1,
            kind,
            flags: 0,
            practice: self.practice(),
            compartment: log,
            author: self.device,
            dev_inc: own.dev_inc,
            dev_seq,
            prev_own,
            practice_head: self.state.head(),
            slot_generation: generation.filter(|_| sealed).unwrap_or(SlotGeneration::ZERO),
            object,
            schema,
            seen_pos: seen.position,
            seen_chain: seen.chain,
            salt: [0; 24],
            length: 0,
        }
    }

    /// Begins the next incarnation, once the practice log names it; what is still queued comes
    /// back to be rebased.
    pub fn incarnate(&mut self, dev_inc: DevInc) -> Vec<Queued> {
        self.outbox.begin(OwnHead::start(dev_inc))
    }

    /// Returns the next message to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn alarm(
        &mut self,
        kind: AlarmKind,
        log: Option<CompartmentId>,
        position: Option<Position>,
        device: Option<DeviceId>,
    ) {
        self.events.push_back(Event::Alarm(Alarm { kind, log, position, device }));
    }

    fn remember_number(&mut self, carried: &Carried) {
        let header = carried.header();
        let own = OwnHead::after(header, carried.hash());
        let number = (header.author, header.dev_inc, header.dev_seq);
        self.numbers.entry(number).or_insert(own.own);
    }
}

#[cfg(test)]
mod tests;
