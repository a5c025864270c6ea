//! One log with everything in it that a log can hold, by two devices, with the server's receipts.

use super::cases::hex;
use super::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tacenda_shared::codec;
use tacenda_shared::envelope::{
    AccessRule, Carried, Context, ControlBody, EntryRef, Envelope, Header, Kind, PracticeHead,
    Rights, SealedBytes, Slot, Target, open, seal, shorten, sign_control,
};
use tacenda_shared::id::{
    ClientId, CompartmentId, DevInc, DeviceId, Global, ObjectId, Position, PracticeId, RecordId,
    RingEpoch, RingId, ServerEpoch, SlotGeneration, Timestamp,
};
use tacenda_shared::journal::Location;
use tacenda_shared::keys::safe::{DraftKey, RingKey, SlotKey, checkpoint_key, envelope_key};
use tacenda_shared::log::{
    Checkpoint, LogHead, OwnHead, Placement, Receipt, ReceiptBody, ShortReceipt, ring_digest,
};
use tacenda_shared::plaintext::pack;
use tacenda_shared::practice::change::Author;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::{self, Record, RecordKind, Relation, RelationKind, Tags};
use tacenda_shared::random::{Random, Seeded};
use tacenda_shared::seal::{Hedge, SecretKey};
use tacenda_shared::suite::{Hash, SUITE_1, SigningKey};
use tacenda_shared::sync::device::Noted;
use tacenda_shared::sync::{Kept, PracticeReceipt};
use tacenda_tui::device::courier::frames::{Fate, MailFrame, Rebased, Source};
use tacenda_tui::device::frame::ContentKind;

const NAME_LABEL: &str = "tac/compartment-name/v1";
const NONE: ObjectId = ObjectId::from_bytes([0; 16]);

/// What went through the log, in order.
pub(super) struct Traffic {
    pub(super) carried: Vec<Carried>,
    pub(super) receipts: Vec<Receipt>,
    /// What a device's journal keeps of it: one frame of each kind.
    pub(super) mail: Vec<MailFrame>,
}

struct Writer {
    device: DeviceId,
    sign: SigningKey,
    own: OwnHead,
}

struct Log<'w> {
    practice: PracticeId,
    practice_head: PracticeHead,
    log: CompartmentId,
    head: LogHead,
    slot: SlotKey,
    ring_key: RingKey,
    generation: SlotGeneration,
    draft: ObjectId,
    draft_key: DraftKey,
    writers: Vec<Writer>,
    server: &'w SigningKey,
    hedge_key: SecretKey,
    random: Seeded,
    now: Timestamp,
    /// Envelopes of each writer with their short forms' source, in order.
    carried: Vec<Carried>,
    receipts: Vec<Receipt>,
    entries: Vec<Value>,
    cases: Vec<Value>,
}

/// The log as one case, and each envelope, record and content in it as cases of their own.
///
/// Also returns what went through it.
pub(super) fn cases(world: &mut World) -> (Vec<Value>, Traffic) {
    let mut random = world.random.clone();
    let hedge_key = SecretKey::from_bytes(*world.general.keys.hedge.expose());
    let mut hedge = Hedge { key: &hedge_key, random: &mut random };
    let slot = SlotKey::generate(&mut hedge, b"slot");
    let draft_key = DraftKey::generate(&mut hedge, b"draft");
    let ring_key = RingKey::generate(&mut hedge, b"ring");
    let first = SigningKey::from_seed(*world.general.keys.sign.seed());
    let second = SigningKey::from_seed(*world.second.sign.seed());
    let start = OwnHead::start(DevInc::new(1));
    let mut log = Log {
        practice: world.state.practice(),
        practice_head: world.state.head(),
        log: CompartmentId::random(&mut random),
        head: LogHead::EMPTY,
        slot,
        ring_key,
        generation: SlotGeneration::new(1),
        draft: ObjectId::random(&mut random),
        draft_key,
        writers: vec![
            Writer { device: world.general.device, sign: first, own: start },
            Writer { device: world.second.device, sign: second, own: start },
        ],
        server: &world.server,
        hedge_key,
        random,
        now: world.now(),
        carried: Vec::new(),
        receipts: Vec::new(),
        entries: Vec::new(),
        cases: Vec::new(),
    };
    let rings: Vec<RingId> = world.state.rings().keys().copied().collect();
    let member = world.general.member;
    log.live(&rings, |device| Author { member, device, incarnation: DevInc::new(1) });
    log.beside(rings[0]);
    let whole = log.whole();
    let runs = log.runs();
    let mail = log.mail();
    let Log { mut cases, random, carried, receipts, .. } = log;
    world.random = random;
    cases.push(whole);
    cases.extend(runs);
    (cases, Traffic { carried, receipts, mail })
}

impl Log<'_> {
    fn live(&mut self, rings: &[RingId], author: impl Fn(DeviceId) -> Author) {
        let rules = |rings: &[RingId], rights| -> Vec<AccessRule> {
            rings.iter().map(|ring| AccessRule { ring: *ring, rights }).collect()
        };
        let (name, slot) = (self.name(), self.slot_of(rings));
        self.control(0, &ControlBody::Genesis { rules: rules(rings, Rights::ALL), slot, name });
        self.sealed(0, Kind::Delta, NONE, b"sixteen bytes id changes of a document");
        self.sealed(1, Kind::Delta, NONE, &[b'a'; 3000]);
        let (object, commitment) = (self.draft, self.draft_key.commitment());
        self.control(1, &ControlBody::Draft { object, commitment });
        self.sealed(1, Kind::Delta, object, b"changes of a draft");
        let record = self.record(author(self.writers[1].device), true);
        self.sealed(1, Kind::Record, NONE, &record);
        let (dev_inc, dev_seq) = (self.writers[1].own.dev_inc, self.writers[1].own.dev_seq);
        let close = ControlBody::Close { object, dev_inc, dev_seq };
        let closed = self.control(1, &close);
        self.control(0, &ControlBody::Acknowledge(closed));
        self.refused(0);
        self.generation = self.generation.next();
        let slot = self.slot_of(rings);
        self.control(0, &ControlBody::Slot(slot));
        let record = self.record(author(self.writers[0].device), false);
        self.sealed(0, Kind::Record, NONE, &record);
        let number = (self.writers[0].device, self.writers[0].own.dev_inc, dev_seq);
        self.control(0, &ControlBody::EraseRequest(Target::Compartment(1)));
        let request = self.control(1, &ControlBody::EraseRequest(Target::Record(1, number)));
        let kept = [Kept { number, body: b"what stays of it".to_vec() }];
        self.sealed(1, Kind::Kept, NONE, &Kept::parts(&kept)[0]);
        let since = Some(self.generation);
        self.control(1, &ControlBody::Erase { request, since });
        let some = rules(&rings[..2], Rights::READ.and(Rights::WRITE));
        let slot = Some(self.slot_of(&rings[..2]));
        self.control(0, &ControlBody::Access { rules: some, slot });
    }

    fn beside(&mut self, ring: RingId) {
        self.sealed(0, Kind::Snapshot, NONE, b"a document as a whole");
        let ids = BTreeSet::from([self.log, CompartmentId::random(&mut self.random)]);
        let checkpoint = Checkpoint {
            counter: 7,
            time: self.now,
            own: self.writers[0].own,
            practice_head: self.practice_head,
            server_epoch: ServerEpoch::new(1),
            peers: vec![(self.writers[1].device, 3)],
            heads: vec![(self.log, self.head)],
            since: 7,
            ring,
            ring_count: 2,
            ring_digest: ring_digest(&ids),
        };
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let bytes = checkpoint.encode();
        self.cases.push(json!({"check": "checkpoint", "bytes": hex(&bytes), "counter": 7,
            "ids": ids}));
        let (key, out) = (self.ring_key.secret(), checkpoint_key(&self.ring_key));
        self.cases.push(json!({"check": "primitive", "op": "derive",
            "label": "tac/checkpoint/v1", "key": hex(key.expose()), "salt": "", "fields": [],
            "out": hex(out.expose())}));
        self.sealed(0, Kind::Checkpoint, checkpoint.object(), &bytes);
    }

    /// The compartment's name, as its genesis carries it.
    fn name(&mut self) -> SealedBytes {
        let name = CompartmentName::Chart(ClientId::random(&mut self.random)).encode();
        let mut hedge = Hedge { key: &self.hedge_key, random: &mut self.random };
        let key = self.slot.secret().expose();
        let context = self.log.as_bytes();
        let sealed =
            tacenda_shared::seal::seal(key, NAME_LABEL, context, &name, &mut hedge).unwrap();
        self.cases.push(json!({"check": "primitive", "op": "open", "label": NAME_LABEL,
            "key": hex(key), "salt": hex(&sealed.salt),
            "fields": [hex(context), hex(&sealed.ciphertext)], "out": hex(&name)}));
        SealedBytes { salt: sealed.salt, ciphertext: sealed.ciphertext }
    }

    /// One frame of each kind that the courier writes.
    fn mail(&self) -> Vec<MailFrame> {
        let carried = |index: usize| self.carried[index].clone();
        let Carried::Whole(envelope) = carried(1) else { panic!("it was not erased") };
        let location = Location { segment: 1, offset: 64 };
        let kind = ContentKind::Delta(self.draft);
        let source = Some(Source { compartment: self.log, kind, location });
        let record = Some(RecordId::from_bytes([9; 16]));
        let log = self.log;
        let Writer { device, own, .. } = self.writers[1];
        let number = ((device, own.dev_inc, own.dev_seq), RecordId::from_bytes([9; 16]));
        let position = self.head.position;
        let receipt = Box::new(self.receipts[1]);
        let server_epoch = ServerEpoch::new(1);
        let noted = Noted { counter: 7, hash: envelope.hash(), server_epoch, own };
        let entry = PracticeReceipt::sign(self.practice, self.practice_head, self.now, self.server);
        let opened = Fate::Opened;
        let client = ClientId::from_bytes([4; 16]);
        let rebased = Rebased {
            since: self.generation,
            records: BTreeSet::from([RecordId::from_bytes([9; 16])]),
            parts: vec![location, Location { segment: 2, offset: 64 }],
        };
        vec![
            MailFrame::EntryReceipt(entry),
            MailFrame::Sent { source, envelope: Box::new(envelope) },
            MailFrame::Settled { again: false, receipt },
            MailFrame::EnteredOwn { log, dev_inc: own.dev_inc, dev_seq: own.dev_seq },
            MailFrame::Entered { log, fate: opened, record, carried: Box::new(carried(2)) },
            MailFrame::Judged { log, position, fate: Fate::Quarantined, number: Some(number) },
            MailFrame::Skipped(vec![location]),
            MailFrame::Annulled(source.into_iter().collect()),
            MailFrame::Cursor(Global::new(17)),
            MailFrame::EnteredAgain { log, number: number.0 },
            MailFrame::Resumed { own, sent: vec![(own.dev_seq, location, source)] },
            MailFrame::Rewound { log, position, numbers: vec![number.0] },
            MailFrame::Erased { log, name: Some(CompartmentName::Chart(client)) },
            MailFrame::Rebased { log, rebased, gone: vec![location] },
            MailFrame::Noted { ring: RingId::from_bytes([8; 16]), device, noted },
        ]
    }

    fn slot_of(&self, rings: &[RingId]) -> Slot {
        let epochs = rings.iter().map(|ring| (*ring, RingEpoch::new(1))).collect();
        Slot { generation: self.generation, commitment: self.slot.commitment(), epochs }
    }

    fn header(&self, who: usize, kind: Kind, object: ObjectId) -> Header {
        let writer = &self.writers[who];
        let numbered = kind.is_entry();
        let own = if numbered { writer.own } else { OwnHead::start(DevInc::new(1)) };
        let dev_seq = if numbered { own.dev_seq.next() } else { own.dev_seq };
        Header {
            suite: SUITE_1,
            kind,
            flags: 0,
            practice: self.practice,
            compartment: self.log,
            author: writer.device,
            dev_inc: own.dev_inc,
            dev_seq,
            prev_own: own.own,
            practice_head: self.practice_head,
            slot_generation: self.generation,
            object,
            schema: 1,
            seen_pos: self.head.position,
            seen_chain: self.head.chain,
            salt: [0; 24],
            length: 0,
        }
    }

    fn control(&mut self, who: usize, body: &ControlBody) -> EntryRef {
        let header = self.header(who, body.kind(), NONE);
        let envelope = sign_control(header, body, &self.writers[who].sign).unwrap();
        let case = json!({"check": "envelope", "bytes": hex(&envelope.encode()),
            "author_key": self.key_of(who), "hash": envelope.hash().to_string()});
        self.cases.push(case);
        self.place(who, envelope, false)
    }

    fn sealed(&mut self, who: usize, kind: Kind, object: ObjectId, body: &[u8]) {
        let envelope = self.seal(who, kind, object, body);
        // One of them is erased later: what is left of it must chain as before.
        let erase = kind == Kind::Delta && object == NONE && who == 1;
        if kind.is_entry() {
            self.place(who, envelope, erase);
        }
    }

    fn seal(&mut self, who: usize, kind: Kind, object: ObjectId, body: &[u8]) -> Envelope {
        let header = self.header(who, kind, object);
        let content = pack(kind, 1, body).unwrap();
        let draft = (object != NONE).then_some(&self.draft_key);
        let key = match kind {
            Kind::Checkpoint => checkpoint_key(&self.ring_key).expose().to_vec(),
            _ => envelope_key(&self.slot, draft).to_vec(),
        };
        let mut hedge = Hedge { key: &self.hedge_key, random: &mut self.random };
        let signer = &self.writers[who].sign;
        let envelope = seal(header, &key, &content, signer, &mut hedge).unwrap();
        assert_eq!(open(&envelope, &key).unwrap(), content);
        let case = json!({"check": "envelope", "bytes": hex(&envelope.encode()),
            "author_key": self.key_of(who), "key": hex(&key),
            "hash": envelope.hash().to_string(), "compression": content.compression,
            "body": hex(&content.body)});
        self.cases.push(case);
        let plaintext = tacenda_shared::seal::open(
            &key,
            "tac/env/seal/v1",
            &envelope.header.encode(),
            &envelope.header.salt,
            &envelope.body,
        );
        self.cases.push(json!({"check": "content", "kind": kind.number(),
            "plaintext": hex(&plaintext.unwrap()), "compression": content.compression,
            "schema": 1, "body": hex(&content.body)}));
        envelope
    }

    /// Takes the next position, as the server would.
    fn place(&mut self, who: usize, envelope: Envelope, erase: bool) -> EntryRef {
        let hash = envelope.hash();
        self.head = self.head.after(self.log, hash);
        self.writers[who].own = OwnHead::after(&envelope.header, hash);
        let placement = Some(Placement { log: self.log, head: self.head });
        let carried =
            if erase { Carried::Stub(envelope.to_stub()) } else { Carried::Whole(envelope) };
        self.receipt(who, carried, placement);
        EntryRef { position: self.head.position, hash }
    }

    /// An envelope that the server refuses: its number is used up, and the own chain goes on.
    fn refused(&mut self, who: usize) {
        let envelope = self.seal(who, Kind::Delta, NONE, b"too late");
        self.writers[who].own = OwnHead::after(&envelope.header, envelope.hash());
        self.receipt(who, Carried::Whole(envelope), None);
    }

    fn receipt(&mut self, who: usize, carried: Carried, placement: Option<Placement>) {
        let Writer { device, own, .. } = self.writers[who];
        let receipt = ReceiptBody {
            practice: self.practice,
            server_epoch: ServerEpoch::new(1),
            practice_head: self.practice_head,
            placement,
            device,
            own,
            time: self.now,
        }
        .sign(self.server);
        let mut short = codec::Writer::new();
        ShortReceipt::of(&receipt, carried.header(), carried.hash()).write(&mut short);
        self.entries.push(json!({"carried": hex(&carried.encode()),
            "receipt": hex(&receipt.encode()), "short": hex(short.as_slice()),
            "placed": placement.is_some()}));
        self.carried.push(carried);
        self.receipts.push(receipt);
    }

    /// What an envelope carries of a record: its id, then its bytes.
    fn record(&mut self, author: Author, whole: bool) -> Vec<u8> {
        let mut further = Tags::new();
        further.set(900, b"of a newer version".as_slice());
        let relation = Relation {
            kind: RelationKind::Signs,
            target: *self.draft.as_bytes(),
            digest: Hash::ZERO,
        };
        let header = record::Header {
            id: RecordId::random(&mut self.random),
            kind: RecordKind::Note,
            practice: self.practice,
            log: self.log,
            author,
            on_behalf_of: whole.then_some(author.member),
            time: self.now,
            zone: "Europe/Berlin".to_owned(),
            labels: vec![1, 3],
            relations: vec![relation],
            further,
        };
        let mut body = Tags::new();
        body.set(1, [1]).set(10, b"Synthetic text of a made-up note.".as_slice());
        let who = usize::from(self.writers[1].device == author.device);
        let sign = &self.writers[who].sign;
        let random: &mut dyn Random = &mut self.random;
        let salt = random.bytes();
        let record = Record::new(header, salt, body, |label, fields| sign.sign(label, fields));
        let record = if whole { record } else { record.without_body() };
        let bytes = record.encode();
        let mut body = record.header.id.as_bytes().to_vec();
        body.extend_from_slice(&bytes);
        self.cases.push(json!({"check": "record", "bytes": hex(&bytes),
            "author_key": self.key_of(who), "digest": record.digest().to_string(),
            "kind": record.header.kind.number(), "has_body": whole}));
        body
    }

    fn key_of(&self, who: usize) -> String {
        hex(self.writers[who].sign.verifying().as_bytes())
    }

    fn whole(&self) -> Value {
        let authors: serde_json::Map<String, Value> = (0..self.writers.len())
            .map(|who| (self.writers[who].device.to_string(), json!(self.key_of(who))))
            .collect();
        json!({"check": "log", "practice": self.practice.to_string(),
            "log": self.log.to_string(), "server_key": hex(self.server.verifying().as_bytes()),
            "authors": authors, "entries": self.entries,
            "head": [self.head.position.get(), self.head.chain.to_string()]})
    }

    /// Each author's envelopes as one run of short forms.
    fn runs(&self) -> Vec<Value> {
        let run = |who: usize| {
            let author = self.writers[who].device;
            let mut context = Context::new(self.practice, self.log, author);
            let mine = self.carried.iter().filter(|one| one.header().author == author);
            let mine: Vec<&Carried> = mine.collect();
            let short: Vec<String> =
                mine.iter().map(|one| hex(&shorten(&mut context, one).unwrap())).collect();
            let full: Vec<String> = mine.iter().map(|one| hex(&one.encode())).collect();
            json!({"check": "run", "practice": self.practice.to_string(),
                "log": self.log.to_string(), "author": author.to_string(),
                "author_key": self.key_of(who), "short": short, "full": full})
        };
        assert!(self.head.position > Position::new(10));
        (0..self.writers.len()).map(run).collect()
    }
}
