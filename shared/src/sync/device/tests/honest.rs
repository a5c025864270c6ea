//! Several devices and one server; links break and programs end at any moment.

use super::*;
use crate::envelope::ControlBody;
use crate::membership::{Action, Signer, SoloRing, Wrap};
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
    shown: Vec<u32>,
    alarms: Vec<Alarm>,
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
                alarms: Vec::new(),
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
            Step::Restart(index) => {
                self.ends[index].cut();
                self.ends[index].restart(now);
            }
        }
        for index in 0..self.ends.len() {
            self.ends[index].work(&self.world, now);
        }
    }

    fn carry_up(&mut self, index: usize) {
        let Some(transmit) = self.ends[index].up.pop_front() else { return };
        let (device, lane) = (self.ends[index].device, transmit.lane);
        let answers = match transmit.message {
            Message::Hello { practice, device, versions } => {
                let tls = self.world.state.devices()[&device].tls;
                let now = self.server.now;
                vec![self.server.practice.hello(practice, device, versions, &tls, now).unwrap()]
            }
            request => self.server.ask(device, request),
        };
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
        end.sync.append_entry(&entry, vec![], self.server.now);
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
        waits || !self.up.is_empty() || !self.down.is_empty()
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
            if !knows || self.sync.queue_length() > 2 || self.todo.is_empty() {
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
            Event::Received { log: LOG, checked, .. } => {
                self.disk.entries.push(Carried::Whole(checked.envelope().clone()));
                self.shown.extend(edit_of(checked.envelope()));
            }
            Event::Receipted(receipt) => self.settle(*receipt),
            Event::Refused { envelope, receipt, .. } => {
                self.settle(*receipt);
                self.todo.extend(edit_of(&envelope));
            }
            Event::PracticeChanged(_) => self.disk.state = self.sync.state().clone(),
            Event::CaughtUp(cursor) => self.disk.cursor = cursor,
            Event::Alarm(alarm) => self.alarms.push(alarm),
            Event::Quarantined { reason, .. } => panic!("{reason}"),
            Event::OutboxStopped(code) => panic!("{code}"),
            Event::LinkDead | Event::LinkRefused(_) | Event::IncarnationDue(_) => panic!(),
            _ => {}
        }
    }

    fn settle(&mut self, receipt: Receipt) {
        self.disk.settled = receipt.body.own;
        self.disk.queued.pop_front();
    }
}

fn edit_of(envelope: &Envelope) -> Option<u32> {
    let number = envelope.body.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes));
    number.filter(|_| envelope.header.kind == Kind::Delta)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
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
            prop_assert_eq!(&end.shown, &net.ends[0].shown);
            prop_assert_eq!(&end.alarms, &vec![]);
            prop_assert_eq!(end.sync.state().hash(), net.ends[0].sync.state().hash());
        }
        let mut shown = net.ends[0].shown.clone();
        shown.sort_unstable();
        prop_assert_eq!(shown, (0..net.edits).collect::<Vec<_>>());
        let again = net.server.restarted(&net.world);
        prop_assert_eq!(again.log_head(LOG), Some(head));
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
    assert_eq!(net.ends[1].shown, [0]);
    assert_eq!(net.ends[0].sync.queue_length(), 0);
    assert_eq!(net.ends[0].shown, [0]);
}
