//! Several devices and one server; links break and programs end at any moment.

use super::*;
use crate::envelope::ControlBody;
use crate::membership::{Action, Cut, NewMemberKey, Recipient, Signer, SoloRing, Wrap};
use crate::sync::fixture::{LOG, Pen, TestServer};
use proptest::collection::vec;
use proptest::prelude::*;

const DEVICES: usize = 3;

/// One device, its link, its disk, and what it has shown.
struct End {
    device: DeviceId,
    sync: DeviceSync,
    up: VecDeque<Transmit>,
    down: VecDeque<(Lane, Option<Message>)>,
    /// Edits that are not sealed, by their number.
    todo: VecDeque<u32>,
    disk: Disk,
    shown: Vec<(Position, u32)>,
    acknowledged: Vec<u32>,
    alarms: Vec<Alarm>,
    heads: Option<BTreeMap<DeviceId, OwnHead>>,
    rekeying: bool,
    out: bool,
}

/// What a device would find after a restart.
struct Disk {
    entries: Vec<Carried>,
    queued: VecDeque<Queued>,
    settled: OwnHead,
    cursor: Global,
    state: State,
}

struct Net {
    world: World,
    server: TestServer,
    ends: Vec<End>,
    edits: u32,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Edit(usize),
    CarryUp(usize),
    CarryDown(usize),
    Cut(usize),
    Connect(usize),
    Rekey(usize),
    Restart(usize),
    /// The first device asks for the head of the last one, to revoke it there.
    Revoke,
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0..DEVICES;
    prop_oneof![
        4 => device.clone().prop_map(Step::Edit),
        8 => device.clone().prop_map(Step::CarryUp),
        8 => device.clone().prop_map(Step::CarryDown),
        1 => device.clone().prop_map(Step::Cut),
        3 => device.clone().prop_map(Step::Connect),
        1 => device.clone().prop_map(Step::Rekey),
        1 => device.prop_map(Step::Restart),
    ]
}

impl Net {
    fn new() -> Self {
        let mut world = World::found();
        let first = Signer::Device(world.first);
        let mut devices = vec![world.first];
        for _ in 1..DEVICES {
            devices.push(world.add_device(first, world.founder).unwrap());
        }
        let mut server = TestServer::new(&world);
        let mut pen = Pen::new(world.first);
        let begin = pen.genesis(&world, &[world.rings[&SoloRing::Caseload]]);
        server.push(world.first, &[begin]);
        server.live.clear();
        let end = |device: DeviceId| {
            let own = if device == world.first { pen.own } else { Pen::new(device).own };
            let state = world.state.clone();
            End {
                device,
                sync: DeviceSync::new(device, state.clone(), Global::ZERO, own),
                up: VecDeque::new(),
                down: VecDeque::new(),
                todo: VecDeque::new(),
                disk: Disk {
                    entries: Vec::new(),
                    queued: VecDeque::new(),
                    settled: own,
                    cursor: Global::ZERO,
                    state,
                },
                shown: Vec::new(),
                acknowledged: Vec::new(),
                alarms: Vec::new(),
                heads: None,
                rekeying: false,
                out: false,
            }
        };
        let ends = devices.into_iter().map(end).collect();
        Self { world, server, ends, edits: 0 }
    }

    fn take(&mut self, step: Step) {
        let now = self.server.now;
        match step {
            Step::Edit(index) => {
                self.ends[index].todo.push_back(self.edits);
                self.edits += 1;
            }
            Step::CarryUp(index) => self.carry_up(index),
            Step::CarryDown(index) => {
                let end = &mut self.ends[index];
                match end.down.pop_front() {
                    Some((lane, Some(message))) => {
                        end.sync.handle_message(lane, message, now).unwrap();
                    }
                    Some((lane, None)) => end.sync.handle_end(lane, now).unwrap(),
                    None => {}
                }
            }
            Step::Cut(index) => self.ends[index].cut(),
            Step::Connect(index) => {
                self.ends[index].cut();
                self.ends[index].sync.connected(now);
            }
            Step::Rekey(index) => self.rekey(index),
            Step::Revoke => {
                let last = self.ends[DEVICES - 1].device;
                let first = &mut self.ends[0];
                if first.sync.is_open() && first.sync.state().active_device(last).is_some() {
                    first.sync.ask_heads(vec![last], now);
                }
            }
            Step::Restart(index) => {
                self.ends[index].cut();
                self.ends[index].restart(now);
            }
        }
        for index in 0..self.ends.len() {
            self.ends[index].work(&self.world, now);
        }
        self.revoke_if_asked();
        let ring = self.world.rings[&SoloRing::Caseload];
        for index in 0..2 {
            // Whoever notices first re-keys; the other's entry is one too late.
            let sync = &self.ends[index].sync;
            if sync.is_open() && sync.state().stale(ring) && !self.ends[index].rekeying {
                self.ends[index].rekeying = true;
                self.rekey(index);
            }
            self.ends[index].work(&self.world, now);
        }
    }

    fn carry_up(&mut self, index: usize) {
        let Some(transmit) = self.ends[index].up.pop_front() else { return };
        let (device, lane) = (self.ends[index].device, transmit.lane);
        let answers = match transmit.message.clone() {
            Message::Hello { practice, device, versions } => {
                let tls = self.world.state.devices()[&device].tls;
                let now = self.server.now;
                let answer = self.server.practice.hello(practice, device, versions, &tls, now);
                vec![answer.unwrap_or_else(Message::Refused)]
            }
            request => self.server.ask(device, request),
        };
        if self.server.held.take().is_some() {
            // Its appends wait; time passes.
            self.server.now = self.server.now.plus_millis(500);
            self.ends[index].up.push_front(transmit);
            return;
        }
        let end = &mut self.ends[index];
        end.down.extend(answers.into_iter().map(|message| (lane, Some(message))));
        if lane != Lane::Control {
            end.down.push_back((lane, None));
        }
        for live in std::mem::take(&mut self.server.live) {
            for other in &mut self.ends {
                // Live messages come only on a link on which the server has said Welcome.
                if live.to.contains(&other.device) && other.sync.is_open() {
                    other.down.push_back((Lane::Live, Some(live.message.clone())));
                }
            }
        }
    }

    /// The first device, told how far the last has come, revokes it there.
    fn revoke_if_asked(&mut self) {
        let Some(heads) = self.ends[0].heads.take() else { return };
        let (out, cut) = heads.first_key_value().unwrap();
        let (out, cut) = (*out, *cut);
        let end = &mut self.ends[0];
        let state = end.sync.state();
        let member = self.world.founder;
        if state.active_device(out).is_none() {
            return;
        }
        let wrap = |recipient| Wrap { recipient, hash: Hash::ZERO };
        let remaining = state.devices_of(member).filter(|device| *device != out);
        let recipients = remaining.map(Recipient::Device).chain([Recipient::Recovery(member)]);
        let action = Action::RevokeDevice {
            member,
            cuts: vec![Cut { device: out, head: cut }],
            kept: vec![],
            suspect_since: None,
            member_key: Some(NewMemberKey {
                generation: state.members()[&member].key.generation.next(),
                kem: state.members()[&member].key.kem.clone(),
                wraps: recipients.map(wrap).collect(),
                safe: crate::suite::hash("tac/row/all/v1", &[]),
            }),
        };
        let signer = Signer::Device(end.device);
        let key = &self.world.keys[&end.device];
        let entry = state.propose(action, signer, self.server.now, key).unwrap();
        let _ = end.sync.append_entry(&entry, vec![], self.server.now);
    }

    /// A ring gets its next key, so that slots grow old while edits are on their way.
    fn rekey(&mut self, index: usize) {
        let end = &mut self.ends[index];
        let ring = self.world.rings[&SoloRing::Caseload];
        let state = end.sync.state();
        let wrap = |recipient| Wrap { recipient, hash: Hash::ZERO };
        let action = Action::Rekey {
            ring,
            epoch: state.current_epoch(ring).unwrap().next(),
            commitment: Hash::ZERO,
            wraps: state.recipients(ring).into_iter().map(wrap).collect(),
        };
        let key = &self.world.keys[&end.device];
        let signer = Signer::Device(end.device);
        let entry = state.propose(action, signer, self.server.now, key).unwrap();
        // Without a link nothing happens.
        let _ = end.sync.append_entry(&entry, vec![], self.server.now);
    }

    fn heal_and_settle(&mut self) {
        for index in 0..DEVICES {
            self.take(Step::Connect(index));
        }
        for _ in 0..100_000 {
            let busy = self.ends.iter().any(End::is_busy);
            if !busy {
                return;
            }
            for index in 0..DEVICES {
                self.take(Step::CarryUp(index));
                self.take(Step::CarryDown(index));
            }
        }
        panic!("the devices do not settle");
    }
}

impl End {
    fn is_busy(&self) -> bool {
        let waits = !self.todo.is_empty() || self.sync.queue_length() > 0;
        (waits && !self.out) || !self.up.is_empty() || !self.down.is_empty()
    }

    fn cut(&mut self) {
        self.sync.disconnected();
        self.up.clear();
        self.down.clear();
    }

    fn restart(&mut self, now: Timestamp) {
        let Disk { entries, queued, settled, cursor, state } = &self.disk;
        self.sync = DeviceSync::new(self.device, state.clone(), *cursor, *settled);
        for carried in entries {
            self.sync.take_stored(LOG, carried, true);
        }
        for one in queued {
            self.sync.queue(one.clone(), now).unwrap();
        }
    }

    /// Drains the machine, and seals what waits.
    fn work(&mut self, world: &World, now: Timestamp) {
        loop {
            while let Some(event) = self.sync.poll_event() {
                self.take(event);
            }
            while let Some(transmit) = self.sync.poll_transmit() {
                self.up.push_back(transmit);
            }
            let knows = self.sync.replica(LOG).is_some_and(|r| r.head().position.get() > 0);
            let stale = world.rings.get(&SoloRing::Caseload);
            let stale = stale.is_some_and(|ring| self.sync.state().stale(*ring));
            let idle = self.sync.queue_length() > 2 || self.todo.is_empty();
            if !knows || stale || idle || self.out {
                return;
            }
            let envelope = self.seal(world);
            self.disk.queued.push_back(Queued { envelope: envelope.clone(), rows: vec![] });
            self.sync.queue(Queued { envelope, rows: vec![] }, now).unwrap();
        }
    }

    fn seal(&mut self, world: &World) -> Envelope {
        let replica = self.sync.replica(LOG).unwrap();
        let header = self.sync.next_header(LOG, Kind::Delta, ObjectId::from_bytes([0; 16]), 1);
        let newest = replica.slot().unwrap();
        let renewed = header.slot_generation > newest.generation;
        if replica.needs_slot(self.sync.state()) && !renewed {
            let mut next = newest.clone();
            next.generation = next.generation.next();
            for (ring, epoch) in &mut next.epochs {
                *epoch = self.sync.state().current_epoch(*ring).unwrap();
            }
            let header = self.sync.next_header(LOG, Kind::Slot, header.object, 1);
            return sign(world, header, ControlBody::Slot(next).encode());
        }
        let mut body = vec![7; 208];
        body[..4].copy_from_slice(&self.todo.pop_front().unwrap().to_be_bytes());
        sign(world, header, body)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Received { log: LOG, position, checked } => {
                self.disk.entries.push(Carried::Whole(checked.envelope().clone()));
                let edit = edit_of(checked.envelope());
                self.shown.extend(edit.map(|edit| (position, edit)));
            }
            Event::Receipted(receipt) => {
                let queued = self.settle(*receipt);
                self.acknowledged.extend(edit_of(&queued.envelope));
            }
            Event::Refused { receipt, .. } => {
                let queued = self.settle(*receipt);
                self.todo.extend(edit_of(&queued.envelope));
            }
            Event::Heads(heads) => self.heads = Some(heads),
            Event::PracticeTaken(_) | Event::PracticeRefused(_) => self.rekeying = false,
            Event::LinkRefused(Refusal { code: RefusalCode::NotADevice, .. })
            | Event::OutboxStopped(RefusalCode::NotADevice) => self.out = true,
            Event::PracticeChanged(_) => self.disk.state = self.sync.state().clone(),
            Event::CaughtUp(cursor) => self.disk.cursor = cursor,
            Event::Alarm(alarm) => self.alarms.push(alarm),
            Event::Quarantined { reason, .. } => panic!("{reason}"),
            Event::OutboxStopped(code) => panic!("{code}"),
            Event::LinkDead | Event::LinkRefused(_) | Event::IncarnationDue(_) => panic!(),
            _ => {}
        }
    }

    fn settle(&mut self, receipt: Receipt) -> Queued {
        self.disk.settled = receipt.body.own;
        self.disk.queued.pop_front().unwrap()
    }

    /// The edits that count, in the order of the log.
    fn counting(&self) -> Vec<u32> {
        let Some(replica) = self.sync.replica(LOG) else { return Vec::new() };
        let late = replica.late(self.sync.state());
        let counting = self.shown.iter().filter(|(position, _)| !late.contains(position));
        counting.map(|(_, edit)| *edit).collect()
    }
}

fn edit_of(envelope: &Envelope) -> Option<u32> {
    let number = envelope.body.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
    number.filter(|_| envelope.header.kind == Kind::Delta)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever the order of edits, frames, new keys, dead links and restarts: once every link
    /// works again, every device has shown each edit exactly once, all in one order.
    #[test]
    fn devices_converge_once_links_heal(steps in vec(step(), 0..200)) {
        let mut net = Net::new();
        for step in steps {
            net.take(step);
        }

        net.heal_and_settle();

        let head = net.server.practice.log_head(LOG).unwrap();
        for end in &net.ends {
            prop_assert_eq!(end.sync.replica(LOG).unwrap().head(), head);
            prop_assert_eq!(&end.counting(), &net.ends[0].counting());
            prop_assert_eq!(&end.alarms, &vec![]);
            prop_assert_eq!(end.sync.state().hash(), net.ends[0].sync.state().hash());
        }
        let mut shown = net.ends[0].counting();
        shown.sort_unstable();
        prop_assert_eq!(shown, (0..net.edits).collect::<Vec<_>>());
        let again = net.server.restarted(&net.world);
        prop_assert_eq!(again.log_head(LOG), Some(head));
    }

    /// Whenever a device is revoked, with edits on their way in every direction: the others come
    /// to one order, everything that was acknowledged to anybody counts for everybody, and what
    /// the others edit counts once.
    #[test]
    fn a_revocation_annuls_nothing_that_was_acknowledged(
        before in vec(step(), 0..80), after in vec(step(), 0..80)
    ) {
        let mut net = Net::new();
        for step in before {
            net.take(step);
        }
        net.take(Step::Connect(0));
        for step in after {
            net.take(Step::Revoke);
            net.take(step);
        }
        net.take(Step::Connect(0));
        for _ in 0..400 {
            net.take(Step::CarryUp(0));
            net.take(Step::CarryDown(0));
            net.take(Step::Revoke);
        }
        prop_assert!(net.ends[0].sync.state().active_device(net.ends[2].device).is_none());

        net.heal_and_settle();

        let counting = net.ends[0].counting();
        prop_assert_eq!(&net.ends[1].counting(), &counting);
        prop_assert_eq!(net.ends[0].sync.state().hash(), net.ends[1].sync.state().hash());
        for end in &net.ends {
            prop_assert_eq!(&end.alarms, &vec![]);
            for edit in &end.acknowledged {
                let count = counting.iter().filter(|shown| *shown == edit).count();
                prop_assert_eq!(count, 1);
            }
        }
        let lost: Vec<_> = (0..net.edits).filter(|edit| !counting.contains(edit)).collect();
        let last = &net.ends[2];
        for edit in lost {
            // Still with the device that was revoked, to be handed over.
            let queued = last.disk.queued.iter().any(|q| edit_of(&q.envelope) == Some(edit));
            prop_assert!(queued || last.todo.contains(&edit));
        }
    }
}

#[test]
fn an_edit_reaches_the_other_device_while_both_are_online() {
    let mut net = Net::new();
    net.heal_and_settle();
    net.take(Step::Edit(0));
    for _ in 0..4 {
        net.take(Step::CarryUp(0));
        net.take(Step::CarryDown(0));
        net.take(Step::CarryDown(1));
    }
    assert_eq!(net.ends[1].counting(), [0]);
    assert_eq!(net.ends[0].sync.queue_length(), 0);
    assert_eq!(net.ends[0].counting(), [0]);
}

#[test]
fn who_comes_late_hears_how_much_there_is_and_how_much_of_it_has_come() {
    let mut net = Net::new();
    net.heal_and_settle();
    net.take(Step::Cut(1));
    for _ in 0..40 {
        net.take(Step::Edit(0));
        net.take(Step::CarryUp(0));
        net.take(Step::CarryDown(0));
    }
    while net.ends[0].is_busy() {
        net.take(Step::CarryUp(0));
        net.take(Step::CarryDown(0));
    }
    assert_eq!(net.ends[1].sync.progress(), None);
    net.take(Step::Connect(1));

    let mut heard = Vec::new();
    while net.ends[1].is_busy() {
        net.take(Step::CarryUp(1));
        net.take(Step::CarryDown(1));
        heard.extend(net.ends[1].sync.progress());
    }

    assert!(heard.iter().all(|(come, all)| *all == 40 && come <= all), "{heard:?}");
    assert!(heard.is_sorted(), "{heard:?}");
    assert_eq!(heard.first(), Some(&(0, 40)));
    assert_eq!(net.ends[1].counting().len(), 40);
    assert_eq!(net.ends[1].sync.progress(), None);
}
