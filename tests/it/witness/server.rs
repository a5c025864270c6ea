//! A server without a network: the library's own decisions, and a journal on a simulated disk.

use std::collections::{BTreeMap, VecDeque};
use tacenda_shared::envelope::Envelope;
use tacenda_shared::id::{
    CompartmentId, DeviceId, Position, PracticeId, PracticeSeq, ServerEpoch, Timestamp,
};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::journal::{Config, Journal};
use tacenda_shared::membership;
use tacenda_shared::random::Seeded;
use tacenda_shared::suite::{SigningKey, VerifyingKey};
use tacenda_shared::sync::device::Lane;
use tacenda_shared::sync::server::{ServerFrame, ServerPractice, Shelf, StoredEnvelope};
use tacenda_shared::sync::{DeliveredEntry, Message, ObjectKey, RowKey};
use tacenda_tui::device::open::Device;

/// The class of a server's journal.
const CLASS: [u8; 8] = *b"tacsrvlg";

/// What lies on the server's disk, as it is asked for again.
#[derive(Default)]
struct Kept {
    entries: Vec<DeliveredEntry>,
    envelopes: BTreeMap<(CompartmentId, Position), StoredEnvelope>,
    rows: BTreeMap<RowKey, Vec<u8>>,
}

impl Shelf for Kept {
    fn entry(&self, seq: PracticeSeq) -> Option<DeliveredEntry> {
        self.entries.get(usize::try_from(seq.get()).ok()?).cloned()
    }
    fn envelope(&self, log: CompartmentId, position: Position) -> Option<StoredEnvelope> {
        self.envelopes.get(&(log, position)).cloned()
    }
    fn row(&self, key: &RowKey) -> Option<Vec<u8>> {
        self.rows.get(key).cloned()
    }
    fn object(&self, _key: &ObjectKey) -> Option<Envelope> {
        None
    }
}

/// The server of one practice.
pub(super) struct Server {
    key: SigningKey,
    files: SimulatedFs,
    journal: Journal<SimulatedFs>,
    kept: Kept,
    practice: Option<ServerPractice>,
}

impl Server {
    /// A server that knows no practice yet.
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Seeded::new(seed);
        let files = SimulatedFs::new(seed);
        let config = Config { segment_bytes: 1 << 20, new_segment_on_open: false, class: CLASS };
        let mut visit = |_: tacenda_shared::journal::FrameRef<'_>| Ok::<(), ()>(());
        let opened = Journal::open(files.clone(), config, &mut random, &mut visit);
        let Ok((journal, _)) = opened else { panic!("an empty journal opens") };
        let key = SigningKey::random(&mut random);
        Self { key, files, journal, kept: Kept::default(), practice: None }
    }

    /// How a practice names it.
    pub(super) fn named(&self) -> membership::Server {
        membership::Server {
            addresses: vec!["localhost:4440".to_owned()],
            key: self.key.verifying(),
            server_epoch: ServerEpoch::new(1),
        }
    }

    pub(super) fn key(&self) -> VerifyingKey {
        self.key.verifying()
    }

    /// Its journal's segments.
    pub(super) fn segments(&self) -> Vec<Vec<u8>> {
        self.files.names().iter().filter_map(|name| self.files.contents(name)).collect()
    }

    /// Links the device, and carries every message until neither side has more to say.
    pub(super) fn meet(
        &mut self,
        device: &mut Device,
        who: (DeviceId, VerifyingKey),
        now: Timestamp,
    ) {
        assert!(device.attach(now).unwrap());
        if self.practice.is_none() {
            let entries = device.practice_log().unwrap();
            self.found(Message::Found { token: b"token".to_vec(), entries }, now);
        }
        device.link_up(now).unwrap();
        let mut incoming: VecDeque<(Lane, Option<Message>)> = VecDeque::new();
        loop {
            device.dispatch(now).unwrap();
            if let Some(transmit) = device.poll_transmit() {
                let message = Message::decode(&transmit.message.encode()).unwrap();
                let answers = self.answer(who, message, now);
                let ends = transmit.lane != Lane::Control;
                let answers = answers.into_iter().map(|answer| (transmit.lane, Some(answer)));
                incoming.extend(answers);
                incoming.extend(ends.then_some((transmit.lane, None)));
                continue;
            }
            let delivered = match incoming.pop_front() {
                Some((lane, Some(message))) => device.link_message(lane, message, now).unwrap(),
                Some((lane, None)) => device.link_end(lane, now).unwrap(),
                None => return,
            };
            assert!(!delivered.drop_link, "device and server disagree");
        }
    }

    fn answer(
        &mut self,
        (device, tls): (DeviceId, VerifyingKey),
        message: Message,
        now: Timestamp,
    ) -> Vec<Message> {
        let Some(practice) = &mut self.practice else {
            return vec![self.found(message, now)];
        };
        if let Message::Hello { practice: id, device, versions } = message {
            return vec![practice.hello(id, device, versions, &tls, now).unwrap()];
        }
        let id: PracticeId = practice.practice();
        let decision = practice.handle(device, message, now);
        self.keep(decision.frames);
        let mut reply = decision.reply;
        std::iter::from_fn(|| reply.next_message(id, &self.kept)).collect()
    }

    fn found(&mut self, message: Message, now: Timestamp) -> Message {
        let Message::Found { entries, .. } = message else {
            let code = tacenda_shared::sync::RefusalCode::UnknownPractice;
            return Message::Refused(tacenda_shared::sync::Refusal::new(code));
        };
        let key = SigningKey::from_seed(*self.key.seed());
        let (practice, frames) = ServerPractice::found(&entries, key, now).unwrap();
        self.practice = Some(practice);
        self.keep(frames);
        Message::Taken
    }

    /// Puts one group on the disk.
    fn keep(&mut self, frames: Vec<ServerFrame>) {
        let payloads: Vec<(u8, Vec<u8>)> =
            frames.iter().map(|frame| (frame.kind(), frame.encode())).collect();
        let group: Vec<(u8, &[u8])> =
            payloads.iter().map(|(kind, payload)| (*kind, payload.as_slice())).collect();
        if !group.is_empty() {
            self.journal.append(&group).unwrap();
        }
        for frame in frames {
            match frame {
                ServerFrame::Practice { delivered, .. } => self.kept.entries.push(delivered),
                ServerFrame::Envelope(stored) => {
                    let place = stored.receipt.body.placement.unwrap();
                    self.kept.envelopes.insert((place.log, place.head.position), *stored);
                }
                ServerFrame::Row(row) => {
                    self.kept.rows.insert(row.key, row.bytes);
                }
                _ => {}
            }
        }
    }
}
