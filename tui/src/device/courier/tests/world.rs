//! A world of devices and one server, without a network: frames are carried by hand, and links
//! are cut where a test wants them cut.

use crate::device::chance::OsRandom;
use crate::device::courier::Delivered;
use crate::device::courier::enrol::Enrolment;
use crate::device::founding;
use crate::device::incarnation::Life;
use crate::device::looked::Looked;
use crate::device::open::Device;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tacenda_shared::envelope::{Carried, Envelope, PracticeHead};
use tacenda_shared::id::{
    ClientId, CompartmentId, DeviceId, MemberId, Position, PracticeSeq, ServerEpoch, Timestamp,
};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::KemKey;
use tacenda_shared::keys::vault::{DeviceSecrets, Extra, General};
use tacenda_shared::membership::Server;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::SecretKey;
use tacenda_shared::suite::{SigningKey, VerifyingKey};
use tacenda_shared::sync::device::{Joined, Joining, Lane, Transmit};
use tacenda_shared::sync::server::{ServerFrame, ServerPractice, Shelf, StoredEnvelope};
use tacenda_shared::sync::{
    DeliveredEntry, Message, ObjectKey, Recover, Refusal, RefusalCode, RowKey,
};

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// What the server's disk would hold.
#[derive(Default)]
pub(super) struct MemoryShelf {
    /// The journal, in its order.
    pub(super) frames: Vec<ServerFrame>,
    entries: Vec<DeliveredEntry>,
    pub(super) envelopes: BTreeMap<(CompartmentId, Position), StoredEnvelope>,
    pub(super) rows: BTreeMap<RowKey, Vec<u8>>,
    pub(super) objects: BTreeMap<ObjectKey, Envelope>,
    refused: Vec<Envelope>,
    evidence: usize,
}

impl MemoryShelf {
    fn take(&mut self, frame: ServerFrame) {
        self.frames.push(frame.clone());
        match frame {
            ServerFrame::Practice { delivered, .. } => self.entries.push(delivered),
            ServerFrame::Envelope(stored) => {
                let place = stored.receipt.body.placement.unwrap();
                self.envelopes.insert((place.log, place.head.position), *stored);
            }
            ServerFrame::Row(row) => {
                self.rows.insert(row.key, row.bytes);
            }
            ServerFrame::RowGone(key) => {
                self.rows.remove(&key);
            }
            ServerFrame::Object { key, envelope, .. } => {
                self.objects.insert(key, *envelope);
            }
            ServerFrame::Refused { envelope, .. } => self.refused.push(*envelope),
            ServerFrame::Evidence(_) => self.evidence += 1,
            _ => {}
        }
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

/// One computer.
pub(super) struct Computer {
    pub(super) device: Option<Device<SimulatedFs>>,
    pub(super) general: General,
    pub(super) disks: (SimulatedFs, SimulatedFs),
    /// Whether a link stands.
    pub(super) linked: bool,
    /// It is somewhere without a link.
    pub(super) away: bool,
    /// The server does not know it any more.
    pub(super) shut_out: bool,
    /// Requests that the server holds back for a moment.
    held: Vec<Transmit>,
    /// Whether the server has turned it away since everybody was linked.
    turned_away: bool,
    incoming: VecDeque<Incoming>,
}

enum Incoming {
    Message(Lane, Message),
    End(Lane),
}

pub(super) struct World {
    pub(super) computers: Vec<Computer>,
    server: SigningKey,
    pub(super) practice: Option<ServerPractice>,
    pub(super) shelf: MemoryShelf,
    /// Everything that the server has written.
    frames: Vec<ServerFrame>,
    pub(super) now: Timestamp,
    /// What the computers were told.
    pub(super) notices: Vec<String>,
    /// The recovery sheet, as it was written down.
    pub(super) paper: String,
    /// What lies behind step-up in every vault.
    pub(super) second: [u8; 32],
    /// Whether links may be given up, and come again.
    pub(super) links_may_drop: bool,
    /// The server refuses every entry of the practice log, for this.
    pub(super) refuses: Option<RefusalCode>,
    /// How often it has.
    pub(super) refused: usize,
    /// What it makes of its answers before they leave.
    pub(super) lie: Option<Lie>,
    /// The logs of what was pushed, push by push, and how many bytes it had.
    pub(super) pushes: Vec<(BTreeSet<CompartmentId>, usize)>,
    /// How often the server has had enough for now.
    pub(super) too_often: usize,
    /// Answers to pushes stay on their way.
    pub(super) mute: bool,
    /// What has come is opened between one message and the next.
    pub(super) eager: bool,
}

/// What a server that lies makes of an answer, with its key.
pub(super) type Lie = fn(&mut Message, &SigningKey);

pub(super) fn copied(general: &General) -> General {
    let keys = &general.keys;
    General {
        practice: general.practice,
        member: general.member,
        device: general.device,
        dev_inc: general.dev_inc,
        keys: DeviceSecrets {
            sign: SigningKey::from_seed(*keys.sign.seed()),
            kem: KemKey::from_seed(*keys.kem.seed()),
            tls: SigningKey::from_seed(*keys.tls.seed()),
            hedge: SecretKey::from_bytes(*keys.hedge.expose()),
            local: SecretKey::from_bytes(*keys.local.expose()),
        },
        extra: Extra::default(),
    }
}

impl World {
    /// A solo practice that has named a server and not yet met it.
    pub(super) fn found() -> Self {
        let founded = founding::found("laptop", "Dr. Sample", NOW, &mut OsRandom).unwrap();
        let general = copied(&founded.general);
        let paper = founded.sheet.words().join(" ");
        let second = *founded.second_secret.secret().expose();
        let disks = (SimulatedFs::new(1), SimulatedFs::new(2));
        let who = ("Europe/Berlin", "Dr. Sample");
        let mut device = Device::begin(founded, "laptop".into(), who, disks.clone(), NOW).unwrap();
        let server = SigningKey::random(&mut OsRandom);
        let named = Server {
            addresses: vec!["localhost:4440".into()],
            key: server.verifying(),
            server_epoch: ServerEpoch::new(1),
        };
        device.set_server(named, NOW).unwrap();
        let linked = false;
        let incoming = VecDeque::new();
        let first = Computer {
            device: Some(device),
            general,
            disks,
            linked,
            away: false,
            shut_out: false,
            turned_away: false,
            held: Vec::new(),
            incoming,
        };
        let shelf = MemoryShelf::default();
        Self {
            computers: vec![first],
            server,
            practice: None,
            shelf,
            frames: Vec::new(),
            now: NOW,
            notices: Vec::new(),
            paper,
            second,
            links_may_drop: false,
            refuses: None,
            refused: 0,
            lie: None,
            mute: false,
            pushes: Vec::new(),
            too_often: 0,
            eager: false,
        }
    }

    /// The same with `count` devices, all up to date.
    pub(super) fn with_devices(count: usize) -> Self {
        let mut world = Self::found();
        world.heal();
        for number in 1..count {
            world.add_device(&format!("tablet {number}"));
        }
        world.heal();
        world
    }

    /// The last step of pairing.
    pub(super) fn add_device(&mut self, name: &str) {
        let keys = DeviceSecrets::generate(&mut OsRandom);
        let first = &self.computers[0].general;
        let general = General {
            practice: first.practice,
            member: first.member,
            device: DeviceId::random(&mut OsRandom),
            dev_inc: first.dev_inc,
            keys,
            extra: Extra::default(),
        };
        let joining = general.keys.prove(general.practice, general.member, general.device);
        let now = self.now;
        let (entry, rows) = self.device(0).add_device(joining, name, now).unwrap();
        let vouched = self.practice.as_ref().unwrap().state().unwrap().head();
        assert!(self.device(0).propose(&entry, rows, now));
        self.heal();
        assert_eq!(self.device(0).poll_proposed(), Some(Ok(())));
        let joined = self.join(&general, vouched);
        self.enrol(joined, general, name);
    }

    /// Puts a device that the practice log has onto disks of its own; returns its number.
    pub(super) fn enrol(&mut self, joined: Joined, general: General, name: &str) -> usize {
        let now = self.now;
        let enrolment = Enrolment::new(joined, general.device).unwrap();
        let rows = enrolment.rows(&general);
        let rows = rows.iter().map(|key| self.shelf.rows.get(key).cloned()).collect();
        let seed = u64::try_from(self.computers.len()).unwrap() * 10;
        let disks = (SimulatedFs::new(seed), SimulatedFs::new(seed + 1));
        let own = copied(&general);
        let device = Device::enrol(&enrolment, own, name.into(), rows, disks.clone(), now).unwrap();
        let incoming = VecDeque::new();
        let computer = Computer {
            device: Some(device),
            general,
            disks,
            linked: false,
            away: false,
            shut_out: false,
            turned_away: false,
            held: Vec::new(),
            incoming,
        };
        self.computers.push(computer);
        self.computers.len() - 1
    }

    /// Returns the key that the server proves on every link.
    pub(super) fn server_key(&self) -> VerifyingKey {
        self.server.verifying()
    }

    /// Answers whoever begins a link with the words of a sheet.
    pub(super) fn greet_sheet(
        &self,
        word: &Recover,
        tls: &VerifyingKey,
    ) -> Result<(MemberId, Message), Refusal> {
        self.practice.as_ref().unwrap().recover(word, tls, self.now)
    }

    /// Answers a sheet.
    pub(super) fn ask_sheet(&mut self, member: MemberId, message: &Message) -> Vec<Message> {
        let message = Message::decode(&message.encode()).unwrap();
        let practice = self.practice.as_mut().unwrap();
        let sheet = practice.state().unwrap().members()[&member].recovery.sig;
        let decision = practice.handle_sheet((member, &sheet), message, self.now);
        assert!(decision.hold_until.is_none());
        let id = practice.practice();
        decision.frames.into_iter().for_each(|frame| self.shelf.take(frame));
        let mut reply = decision.reply;
        let answers = std::iter::from_fn(|| reply.next_message(id, &self.shelf)).collect();
        for live in decision.live {
            self.tell_live(&live.to, &live.message);
        }
        answers
    }

    /// What a new device does before it has anything: it fetches and replays the practice log.
    fn join(&mut self, general: &General, vouched: PracticeHead) -> Joined {
        let mut joining = Joining::paired(general.practice, general.device, vouched);
        let practice = self.practice.as_mut().unwrap();
        let tls = general.keys.tls.verifying();
        while let Some(Transmit { lane, message }) = joining.poll_transmit() {
            let answers = match message {
                Message::Hello { practice: id, device, versions } => {
                    vec![practice.hello(id, device, versions, &tls, self.now).unwrap()]
                }
                request => {
                    let mut reply = practice.handle(general.device, request, self.now).reply;
                    let id = practice.practice();
                    std::iter::from_fn(|| reply.next_message(id, &self.shelf)).collect()
                }
            };
            for answer in answers {
                if let Some(joined) = joining.handle_message(lane, answer).unwrap() {
                    return joined;
                }
            }
        }
        panic!("the practice log did not come");
    }

    /// The practice log as a device is given it.
    pub(super) fn joined(&self) -> Joined {
        let state = self.practice.as_ref().unwrap().state().unwrap().clone();
        Joined { state, entries: self.shelf.entries.clone() }
    }

    pub(super) fn device(&mut self, number: usize) -> &mut Device<SimulatedFs> {
        self.computers[number].device.as_mut().unwrap()
    }

    /// A crash: what is in memory is gone, the disk stays.
    pub(super) fn restart(&mut self, number: usize) {
        self.cut(number);
        drop(self.computers[number].device.take());
        self.stand(number);
    }

    /// Locked in order, and unlocked again.
    pub(super) fn lock(&mut self, number: usize) {
        self.cut(number);
        let now = self.now;
        self.computers[number].device.take().unwrap().lock(now).unwrap();
        self.stand(number);
    }

    /// A crash of a device that is then found elsewhere, or not.
    pub(super) fn restart_as(&mut self, number: usize, life: Life) {
        self.cut(number);
        drop(self.computers[number].device.take());
        self.stand_as(number, life);
    }

    /// The files of a computer's journal as they are now.
    pub(super) fn journal(&self, number: usize) -> Vec<(String, Vec<u8>)> {
        let disk = &self.computers[number].disks.0;
        let names = disk.names().into_iter();
        names.map(|name| (name.clone(), disk.contents(&name).unwrap())).collect()
    }

    /// Copies the files of a computer to another one, but for its journal, which is this one, and
    /// starts it.
    pub(super) fn copy_with(&mut self, number: usize, journal: &[(String, Vec<u8>)]) -> usize {
        let copy = self.copy(number, Life::default());
        let disk = self.computers[copy].disks.0.clone();
        disk.names().iter().for_each(|name| disk.lose(name));
        journal.iter().for_each(|(name, bytes)| disk.put(name, bytes));
        self.restart(copy);
        copy
    }

    /// Copies the files of a computer to another one.
    pub(super) fn copy(&mut self, number: usize, life: Life) -> usize {
        self.links_may_drop = true;
        let original = &self.computers[number];
        let disk = |from: &SimulatedFs, seed| {
            let to = SimulatedFs::new(seed);
            from.names().iter().for_each(|name| to.put(name, &from.contents(name).unwrap()));
            to
        };
        let disks = (disk(&original.disks.0, 91), disk(&original.disks.1, 92));
        let general = copied(&original.general);
        let incoming = VecDeque::new();
        let computer = Computer {
            device: None,
            general,
            disks,
            linked: false,
            incoming,
            away: false,
            shut_out: false,
            turned_away: false,
            held: Vec::new(),
        };
        self.computers.push(computer);
        let copy = self.computers.len() - 1;
        self.stand_as(copy, life);
        copy
    }

    /// A computer is gone for good; the last one takes its number.
    pub(super) fn forget(&mut self, number: usize) {
        self.computers.swap_remove(number);
    }

    /// Returns every envelope that the server has taken, or refused and kept.
    pub(super) fn envelopes(&self) -> impl Iterator<Item = &Envelope> {
        let taken = self.shelf.envelopes.values().filter_map(|stored| match &stored.carried {
            Carried::Whole(envelope) => Some(envelope),
            Carried::Stub(_) => None,
        });
        taken.chain(&self.shelf.refused)
    }

    /// Returns how often the server has seen one number on two envelopes.
    pub(super) fn evidence(&self) -> usize {
        self.shelf.evidence
    }

    fn stand(&mut self, number: usize) {
        self.stand_as(number, Life::default());
    }

    fn stand_as(&mut self, number: usize, life: Life) {
        let now = self.now;
        let computer = &mut self.computers[number];
        let (journal, rows) = computer.disks.clone();
        let general = copied(&computer.general);
        let disks = (journal, rows);
        let found = (&Looked::nothing(), life);
        let device = Device::stand_looked(general, "again".into(), disks, found, now).unwrap();
        computer.device = Some(device);
    }

    /// Everything on its way to and from this computer is lost.
    pub(super) fn cut(&mut self, number: usize) {
        let now = self.now;
        let computer = &mut self.computers[number];
        computer.linked = false;
        computer.incoming.clear();
        computer.held.clear();
        if let Some(device) = &mut computer.device {
            device.link_down(None, now).unwrap();
        }
    }

    /// It is out of reach from now on.
    pub(super) fn lose(&mut self, number: usize) {
        self.cut(number);
        self.computers[number].away = true;
    }

    pub(super) fn link(&mut self, number: usize) {
        let now = self.now;
        let target = self.device(number).cabinet.state.server().map(|server| server.key);
        let elsewhere = target != Some(self.server.verifying());
        let computer = &self.computers[number];
        if computer.linked || computer.shut_out || computer.away || elsewhere {
            return;
        }
        self.computers[number].linked = true;
        if self.practice.is_none() {
            let entries = self.device(number).practice_log().unwrap();
            let key = SigningKey::from_seed(*self.server.seed());
            let (practice, frames) = ServerPractice::found(&entries, key, now).unwrap();
            self.frames.clone_from(&frames);
            frames.into_iter().for_each(|frame| self.shelf.take(frame));
            self.practice = Some(practice);
        }
        let device = self.device(number);
        device.attach(now).unwrap();
        device.link_up(now).unwrap();
    }

    /// Carries one message each way; false if there was none.
    pub(super) fn step(&mut self, number: usize) -> bool {
        if !self.computers[number].linked {
            return false;
        }
        self.now = self.now.plus_millis(1);
        let now = self.now;
        let delivered = self.device(number).dispatch(now).unwrap();
        if !self.heard(number, delivered) {
            return true;
        }
        let held = std::mem::take(&mut self.computers[number].held);
        let mut moved = !held.is_empty();
        held.into_iter().for_each(|transmit| self.answer(number, transmit));
        if let Some(transmit) = self.device(number).poll_transmit() {
            self.answer(number, transmit);
            moved = true;
        }
        if let Some(incoming) = self.computers[number].incoming.pop_front() {
            let device = self.device(number);
            let delivered = match incoming {
                Incoming::Message(lane, message) => device.link_message(lane, message, now),
                Incoming::End(lane) => device.link_end(lane, now),
            };
            self.heard(number, delivered.unwrap());
            moved = true;
        }
        if (!moved || self.eager) && self.device(number).has_shelf() {
            let delivered = self.device(number).open_shelf(now).unwrap();
            self.heard(number, delivered);
            moved = true;
        }
        let packs = self.device(number).courier.as_ref().and_then(|courier| courier.packing.due());
        if let Some(due) = packs.filter(|_| !moved) {
            // Nothing else is to be done until then.
            self.now = self.now.max(due);
            let now = self.now;
            let delivered = self.device(number).dispatch(now).unwrap();
            moved = self.heard(number, delivered) && self.device(number).is_packing();
        }
        moved
    }

    /// Carries what is on its way to this computer, and opens nothing of it.
    pub(super) fn carry_packed(&mut self, number: usize) {
        for _ in 0..10_000 {
            let now = self.now;
            self.device(number).dispatch(now).unwrap();
            let asked = self.device(number).poll_transmit();
            let incoming = self.computers[number].incoming.pop_front();
            if asked.is_none() && incoming.is_none() {
                return;
            }
            asked.into_iter().for_each(|transmit| self.answer(number, transmit));
            if let Some(incoming) = incoming {
                let device = self.device(number);
                let delivered = match incoming {
                    Incoming::Message(lane, message) => device.link_message(lane, message, now),
                    Incoming::End(lane) => device.link_end(lane, now),
                };
                self.heard(number, delivered.unwrap());
            }
        }
        panic!("it does not come to rest");
    }

    /// Carries messages from `from` until the first that changes something at `number`, which is
    /// shown there and not stored. False if there was none.
    pub(super) fn carry_until_shown(&mut self, number: usize, from: usize) -> bool {
        while self.step(from) {}
        self.now = self.now.plus_millis(1);
        let now = self.now;
        while let Some(incoming) = self.computers[number].incoming.pop_front() {
            let device = self.device(number);
            let delivered = match incoming {
                Incoming::Message(lane, message) => {
                    device.link_message_shown_first(lane, message, now).unwrap()
                }
                Incoming::End(lane) => device.link_end(lane, now).unwrap(),
            };
            if delivered.changed {
                return true;
            }
        }
        false
    }

    /// Returns how many entries of a client's chart a computer has stored.
    pub(super) fn stored_entries(&mut self, number: usize, client: ClientId) -> usize {
        let cabinet = &self.device(number).cabinet;
        let chart = cabinet.log_of(&CompartmentName::Chart(client));
        cabinet.store().locations().ledger().entries_after(chart, 0).len()
    }

    /// What a call has led to; false if its link is gone.
    fn heard(&mut self, number: usize, delivered: Delivered) -> bool {
        self.notices.extend(delivered.notices.iter().map(ToString::to_string));
        if delivered.drop_link {
            let trouble = self.device(number).sync_status().trouble;
            let device = self.device_id(number);
            let state = self.practice.as_ref().unwrap().state().unwrap();
            let shut_out = state.active_device(device).is_none();
            assert!(self.links_may_drop || shut_out, "{trouble:?}");
            self.cut(number);
            self.computers[number].shut_out = shut_out && !self.links_may_drop;
            if self.links_may_drop && !self.computers[number].turned_away {
                self.link(number);
            }
        }
        !delivered.drop_link
    }

    /// Links everybody and carries everything.
    pub(super) fn heal(&mut self) {
        for number in 0..self.computers.len() {
            self.computers[number].turned_away = false;
            self.link(number);
        }
        self.carry();
    }

    /// Carries everything between those who are linked.
    pub(super) fn carry(&mut self) {
        let mut rounds = 0;
        loop {
            let moved: Vec<bool> = (0..self.computers.len()).map(|n| self.step(n)).collect();
            if !moved.contains(&true) {
                return;
            }
            rounds += 1;
            assert!(rounds < 100_000, "the world does not come to rest");
        }
    }

    fn answer(&mut self, number: usize, transmit: Transmit) {
        let Transmit { lane, message } = transmit;
        let message = Message::decode(&message.encode()).unwrap();
        let general = &self.computers[number].general;
        let (device, tls) = (general.device, general.keys.tls.verifying());
        match message {
            Message::Hello { practice, device, versions } => {
                let known = self.practice.as_ref().unwrap();
                let welcome = known.hello(practice, device, versions, &tls, self.now);
                self.computers[number].turned_away = welcome.is_err();
                let reply = welcome.unwrap_or_else(Message::Refused);
                self.tell(number, Incoming::Message(lane, reply));
            }
            Message::PracticeAppend { .. } if self.refuses.is_some() => {
                let refusal = Refusal::new(self.refuses.unwrap());
                self.refused += 1;
                self.tell(number, Incoming::Message(lane, Message::Refused(refusal)));
                self.tell(number, Incoming::End(lane));
            }
            request => {
                if let Message::Push { runs, .. } = &request {
                    let bytes = runs.iter().flat_map(|run| &run.envelopes).map(Vec::len).sum();
                    self.pushes.push((runs.iter().map(|run| run.log).collect(), bytes));
                }
                let practice = self.practice.as_mut().unwrap();
                let decision = practice.handle(device, request.clone(), self.now);
                if decision.hold_until.is_some() {
                    self.computers[number].held.push(Transmit { lane, message: request });
                    return;
                }
                let id = practice.practice();
                self.frames.extend(decision.frames.iter().cloned());
                decision.frames.into_iter().for_each(|frame| self.shelf.take(frame));
                let mut reply = decision.reply;
                let is_late = self.mute && matches!(request, Message::Push { .. });
                while let Some(mut message) = reply.next_message(id, &self.shelf) {
                    if is_late {
                        continue;
                    }
                    let enough = Message::Refused(Refusal::new(RefusalCode::TooOften));
                    self.too_often += usize::from(message == enough);
                    if let Some(lie) = self.lie {
                        lie(&mut message, &self.server);
                    }
                    let message = Message::decode(&message.encode()).unwrap();
                    self.tell(number, Incoming::Message(lane, message));
                }
                if !is_late {
                    self.tell(number, Incoming::End(lane));
                }
                for live in decision.live {
                    self.tell_live(&live.to, &live.message);
                }
            }
        }
    }

    /// What this computer sends now stays unanswered; a server that lies has its rows already.
    pub(super) fn withhold(&mut self, number: usize) -> Vec<Transmit> {
        let now = self.now;
        self.device(number).dispatch(now).unwrap();
        let device = self.computers[number].device.as_mut().unwrap();
        let withheld: Vec<Transmit> = std::iter::from_fn(|| device.poll_transmit()).collect();
        for transmit in &withheld {
            let Message::Push { rows, .. } = &transmit.message else { continue };
            self.shelf.rows.extend(rows.iter().map(|row| (row.key, row.bytes.clone())));
        }
        withheld
    }

    /// What was withheld is handled as if it came now.
    pub(super) fn release(&mut self, number: usize, withheld: Vec<Transmit>) {
        withheld.into_iter().for_each(|transmit| self.answer(number, transmit));
    }

    fn tell(&mut self, number: usize, incoming: Incoming) {
        self.computers[number].incoming.push_back(incoming);
    }

    fn tell_live(&mut self, to: &BTreeSet<DeviceId>, message: &Message) {
        for computer in &mut self.computers {
            // A device that has not said Hello has no live stream.
            let open = computer.device.as_ref().is_some_and(|d| d.sync_status().connected);
            if computer.linked && open && to.contains(&computer.general.device) {
                computer.incoming.push_back(Incoming::Message(Lane::Live, message.clone()));
            }
        }
    }

    /// The server's disk is gone, and another server stands in its place, empty.
    pub(super) fn lose_server(&mut self) {
        (0..self.computers.len()).for_each(|number| self.cut(number));
        self.server = SigningKey::random(&mut OsRandom);
        (self.practice, self.shelf) = (None, MemoryShelf::default());
        self.links_may_drop = true;
    }

    /// What `tacenda connect` does on this computer: the practice follows to the server, or is
    /// brought there.
    pub(super) fn connect(&mut self, number: usize) {
        let now = self.now;
        if self.practice.is_none() {
            self.name_server(number);
        } else {
            let from = usize::try_from(self.device(number).practice_head().next().get()).unwrap();
            let entries = self.shelf.entries[from..].to_vec();
            self.device(number).take_practice_log(&entries, now).unwrap();
        }
        self.link(number);
    }

    /// This computer's practice names the server, whoever else has.
    pub(super) fn name_server(&mut self, number: usize) {
        let (now, key) = (self.now, self.server.verifying());
        let server_epoch = self.device(number).next_server_epoch();
        let addresses = vec![format!("localhost:{}", 4441 + number)];
        self.device(number).set_server(Server { addresses, key, server_epoch }, now).unwrap();
    }

    /// The server's folder is an older copy of itself: the first `frames` of its journal.
    pub(super) fn put_back(&mut self, frames: usize) {
        (0..self.computers.len()).for_each(|number| self.cut(number));
        let kept: Vec<ServerFrame> = self.shelf.frames[..frames].to_vec();
        let key = SigningKey::from_seed(*self.server.seed());
        self.practice = Some(ServerPractice::rebuild(&kept, key).unwrap());
        self.shelf = MemoryShelf::default();
        kept.into_iter().for_each(|frame| self.shelf.take(frame));
        self.links_may_drop = true;
    }

    /// What `tacenda-server renew` does.
    pub(super) fn renew(&mut self) {
        let now = self.now;
        let frame = self.practice.as_mut().unwrap().begin_again(now);
        self.shelf.take(frame);
    }

    /// The server ends and starts again from its journal.
    pub(super) fn restart_server(&mut self) {
        let frames = self.shelf.frames.len();
        self.put_back(frames);
    }

    /// Whether a server keeps the practice.
    pub(super) fn has_practice(&self) -> bool {
        self.practice.is_some()
    }

    /// How many frames of the journal are its first group.
    pub(super) fn first_frames(&self) -> usize {
        let first = |frame: &&ServerFrame| {
            matches!(frame, ServerFrame::Life { .. } | ServerFrame::Practice { .. })
        };
        self.shelf.frames.iter().take_while(first).count()
    }

    /// A person opens the practice here, and connects it where that is needed.
    pub(super) fn come(&mut self, number: usize) {
        let named = self.device(number).cabinet.state.server().map(|server| server.key);
        if named == Some(self.server.verifying()) {
            self.computers[number].turned_away = false;
            self.link(number);
        } else {
            self.connect(number);
        }
    }

    /// Returns the server's half.
    pub(super) fn practice(&self) -> &ServerPractice {
        self.practice.as_ref().unwrap()
    }

    /// How much the server has written.
    pub(super) fn moment(&self) -> usize {
        self.frames.len()
    }

    /// A server that lies takes what a device has as if it were still the moment `moment`, and
    /// tells it to another.
    pub(super) fn take_late(&mut self, from: usize, moment: usize, to: usize) {
        let mut old = self.server_at(moment);
        let now = self.now;
        self.device(from).attach(now).unwrap();
        self.device(from).link_up(now).unwrap();
        for message in self.speak(from, &mut old) {
            self.hear_live(to, message);
        }
    }

    /// The server as it was at that moment, for one that lies.
    pub(super) fn server_at(&self, moment: usize) -> ServerPractice {
        let key = SigningKey::from_seed(*self.server.seed());
        ServerPractice::rebuild(&self.frames[..moment], key).unwrap()
    }

    /// Hands what a device sends now to that server; returns what the server tells others of it.
    pub(super) fn speak(&mut self, from: usize, old: &mut ServerPractice) -> Vec<Message> {
        let (now, id) = (self.now, old.practice());
        let (device, tls) =
            (self.device_id(from), self.computers[from].general.keys.tls.verifying());
        self.device(from).dispatch(now).unwrap();
        let mut told = Vec::new();
        while let Some(Transmit { lane, message }) = self.device(from).poll_transmit() {
            let answers = match message {
                Message::Hello { practice, device, versions } => {
                    vec![old.hello(practice, device, versions, &tls, now).unwrap()]
                }
                request => {
                    let decision = old.handle(device, request, now);
                    told.extend(decision.live.into_iter().map(|live| live.message));
                    let mut reply = decision.reply;
                    std::iter::from_fn(|| reply.next_message(id, &self.shelf)).collect()
                }
            };
            for answer in answers {
                self.device(from).link_message(lane, answer, now).unwrap();
            }
            self.device(from).link_end(lane, now).unwrap();
        }
        told
    }

    /// A device hears something that nobody has asked for.
    pub(super) fn hear_live(&mut self, number: usize, message: Message) {
        let now = self.now;
        let delivered = self.device(number).link_message(Lane::Live, message, now).unwrap();
        self.notices.extend(delivered.notices.iter().map(ToString::to_string));
    }

    /// A device hears of everything in the practice log.
    pub(super) fn hear_practice_log(&mut self, number: usize) {
        let entries = self.shelf.entries.clone();
        self.hear_live(number, Message::PracticeEntries { entries, more: false });
    }

    pub(super) fn joined_by(mut self, name: &str) -> Self {
        self.add_device(name);
        self.heal();
        self
    }

    pub(super) fn device_id(&self, number: usize) -> DeviceId {
        self.computers[number].general.device
    }
}
