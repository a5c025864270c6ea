//! A server in memory, and pens that write what a test wants written.

use super::server::{Decision, Live, ServerFrame, ServerPractice, Shelf, StoredEnvelope};
use super::wire::{DeliveredEntry, Message, ObjectKey, Outcome, Row, RowKey};
use super::{Run, runs_of};
use crate::envelope::{
    AccessRule, Carried, ControlBody, Envelope, Header, Kind, Rights, SIGN_LABEL, SealedBytes,
    Slot, body_hash,
};
#[cfg(feature = "device")]
use crate::id::MemberId;
use crate::id::{
    CompartmentId, DevInc, DeviceId, Position, PracticeSeq, RingId, SlotGeneration, Timestamp,
};
use crate::log::{LogHead, OwnHead};
use crate::membership::fixture::World;
use crate::suite::{Hash, SigningKey};
use std::collections::BTreeMap;

/// What a disk would hold.
#[derive(Debug, Default)]
pub(crate) struct MemoryShelf {
    pub(crate) frames: Vec<ServerFrame>,
    entries: Vec<DeliveredEntry>,
    envelopes: BTreeMap<(CompartmentId, Position), StoredEnvelope>,
    rows: BTreeMap<RowKey, Vec<u8>>,
    objects: BTreeMap<ObjectKey, Envelope>,
}

impl MemoryShelf {
    pub(crate) fn take(&mut self, frame: ServerFrame) {
        match &frame {
            ServerFrame::Practice { delivered, .. } => self.entries.push(delivered.clone()),
            ServerFrame::Envelope(stored) => {
                let place = stored.receipt.body.placement.unwrap();
                self.envelopes.insert((place.log, place.head.position), (**stored).clone());
            }
            ServerFrame::Row(row) => {
                self.rows.insert(row.key, row.bytes.clone());
            }
            ServerFrame::RowGone(key) => {
                self.rows.remove(key);
            }
            ServerFrame::Object { key, envelope, .. } => {
                self.objects.insert(*key, (**envelope).clone());
            }
            _ => {}
        }
        // What is journalled is what is read back.
        let again = ServerFrame::decode(frame.kind(), &frame.encode());
        assert_eq!(again.as_ref(), Ok(&frame));
        self.frames.push(frame);
    }
}

impl Shelf for MemoryShelf {
    fn entry(&self, seq: PracticeSeq) -> Option<DeliveredEntry> {
        self.entries.get(usize::try_from(seq.get()).ok()?).cloned()
    }
    fn envelope(&self, log: CompartmentId, position: Position) -> Option<StoredEnvelope> {
        self.envelopes.get(&(log, position)).cloned()
    }
    fn row(&self, key: &RowKey) -> Option<Vec<u8>> {
        self.rows.get(key).cloned()
    }
    fn object(&self, key: &ObjectKey) -> Option<Envelope> {
        self.objects.get(key).cloned()
    }
}

/// A server with one practice.
#[derive(Debug)]
pub(crate) struct TestServer {
    pub(crate) practice: ServerPractice,
    pub(crate) shelf: MemoryShelf,
    pub(crate) live: Vec<Live>,
    pub(crate) now: Timestamp,
    pub(crate) held: Option<Timestamp>,
}

impl TestServer {
    pub(crate) fn new(world: &World) -> Self {
        let entries: Vec<Vec<u8>> = world.entries.iter().map(|(entry, _)| entry.encode()).collect();
        let key = SigningKey::from_seed(*world.server.seed());
        let (practice, frames) = ServerPractice::found(&entries, key, world.now).unwrap();
        let mut shelf = MemoryShelf::default();
        frames.into_iter().for_each(|frame| shelf.take(frame));
        Self { practice, shelf, live: Vec::new(), now: world.now, held: None }
    }

    /// Hands in a request as it comes over the wire, and syncs at once.
    pub(crate) fn ask(&mut self, device: DeviceId, request: Message) -> Vec<Message> {
        let request = Message::decode(&request.encode()).unwrap();
        let decision = self.practice.handle(device, request, self.now);
        self.carry_out(decision)
    }

    /// The same for a sheet.
    #[cfg(feature = "device")]
    pub(crate) fn ask_sheet(&mut self, member: MemberId, request: Message) -> Vec<Message> {
        let request = Message::decode(&request.encode()).unwrap();
        let sheet = self.practice.state().unwrap().members()[&member].recovery.sig;
        let decision = self.practice.handle_sheet((member, &sheet), request, self.now);
        self.carry_out(decision)
    }

    fn carry_out(&mut self, decision: Decision) -> Vec<Message> {
        let Decision { frames, mut reply, live, hold_until } = decision;
        frames.into_iter().for_each(|frame| self.shelf.take(frame));
        self.live.extend(live);
        self.held = hold_until;
        let mut messages = Vec::new();
        while let Some(message) = reply.next_message(self.practice.practice(), &self.shelf) {
            messages.push(Message::decode(&message.encode()).unwrap());
        }
        messages
    }

    pub(crate) fn push(&mut self, device: DeviceId, envelopes: &[Envelope]) -> Vec<Outcome> {
        self.push_with_rows(device, envelopes, vec![])
    }

    pub(crate) fn push_with_rows(
        &mut self,
        device: DeviceId,
        envelopes: &[Envelope],
        rows: Vec<Row>,
    ) -> Vec<Outcome> {
        let carried: Vec<Carried> = envelopes.iter().cloned().map(Carried::Whole).collect();
        let runs = runs_of(self.practice.practice(), &carried);
        match self.ask(device, Message::Push { runs, rows }).pop() {
            Some(Message::Pushed(outcomes)) => outcomes,
            other => panic!("{other:?}"),
        }
    }

    /// Appends what the world has and the server has not.
    pub(crate) fn catch_up(&mut self, by: DeviceId, world: &World) {
        let known = self.practice.state().unwrap().head().seq;
        for (entry, _) in world.entries.iter().filter(|(entry, _)| entry.seq > known) {
            let request = Message::PracticeAppend { entry: entry.encode(), rows: vec![] };
            let answer = self.ask(by, request);
            assert!(matches!(answer.first(), Some(Message::PracticeAppended(_))), "{answer:?}");
        }
    }

    /// What the server would be after losing its memory.
    pub(crate) fn restarted(&self, world: &World) -> ServerPractice {
        let key = SigningKey::from_seed(*world.server.seed());
        ServerPractice::rebuild(&self.shelf.frames, key).unwrap()
    }
}

/// Writes envelopes of one device, rightly or wrongly.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    pub(crate) device: DeviceId,
    pub(crate) own: OwnHead,
    pub(crate) seen: LogHead,
    pub(crate) generation: SlotGeneration,
    pub(crate) at: Option<PracticeSeq>,
}

pub(crate) const LOG: CompartmentId = CompartmentId::from_bytes([5; 16]);

impl Pen {
    pub(crate) fn new(device: DeviceId) -> Self {
        Self {
            device,
            own: OwnHead::start(DevInc::new(1)),
            seen: LogHead::EMPTY,
            generation: SlotGeneration::new(1),
            at: None,
        }
    }

    pub(crate) fn header(&self, world: &World, kind: Kind) -> Header {
        let at = self.at.unwrap_or(world.state.head().seq);
        let mut header = world.header(self.device, self.own, at);
        header.kind = kind;
        header.dev_seq = self.own.dev_seq.next();
        header.prev_own = self.own.own;
        header.seen_pos = self.seen.position;
        header.seen_chain = self.seen.chain;
        let sealed = kind.is_sealed();
        header.slot_generation = if sealed { self.generation } else { SlotGeneration::ZERO };
        header
    }

    pub(crate) fn sign(&mut self, world: &World, mut header: Header, body: Vec<u8>) -> Envelope {
        let tag = if header.kind.is_sealed() { 16 } else { 0 };
        header.length = u32::try_from(body.len() - tag).unwrap();
        let hashes = (header.hash(), body_hash(&body));
        let key = &world.keys[&self.device];
        let fields: [&[u8]; 2] = [hashes.0.as_bytes(), hashes.1.as_bytes()];
        let envelope = Envelope { signature: key.sign(SIGN_LABEL, &fields), header, body };
        self.own = OwnHead::after(&envelope.header, envelope.hash());
        envelope
    }

    pub(crate) fn delta(&mut self, world: &World, byte: u8) -> Envelope {
        let header = self.header(world, Kind::Delta);
        self.sign(world, header, vec![byte; 208])
    }

    pub(crate) fn control(&mut self, world: &World, body: &ControlBody) -> Envelope {
        let header = self.header(world, body.kind());
        self.sign(world, header, body.encode())
    }

    pub(crate) fn genesis(&mut self, world: &World, rings: &[RingId]) -> Envelope {
        self.control(world, &genesis(world, rings))
    }
}

pub(crate) fn rules(rings: &[RingId]) -> Vec<AccessRule> {
    let mut rules: Vec<_> =
        rings.iter().map(|ring| AccessRule { ring: *ring, rights: Rights::ALL }).collect();
    rules.sort();
    rules
}

pub(crate) fn slot(world: &World, rings: &[RingId], generation: u32) -> Slot {
    let mut epochs: Vec<_> =
        rings.iter().map(|ring| (*ring, world.state.current_epoch(*ring).unwrap())).collect();
    epochs.sort();
    let generation = SlotGeneration::new(generation);
    Slot { generation, commitment: Hash::from_bytes([1; 32]), epochs }
}

pub(crate) fn genesis(world: &World, rings: &[RingId]) -> ControlBody {
    ControlBody::Genesis {
        rules: rules(rings),
        slot: slot(world, rings, 1),
        name: SealedBytes { salt: [0; 24], ciphertext: vec![1; 32] },
    }
}

/// The run that one envelope makes.
pub(crate) fn run_of(world: &World, envelope: &Envelope) -> Vec<Run> {
    runs_of(world.state.practice(), [&Carried::Whole(envelope.clone())])
}
