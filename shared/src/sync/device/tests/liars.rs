//! A server, or a member, that lies: what a device must notice, and what must go on all the same.

use super::*;
use crate::envelope::PracticeHead;
use crate::id::{PracticeSeq, ServerEpoch};
use crate::log::{Placement, ReceiptBody, ShortReceipt};
use crate::membership::{Action, NotPermitted, Signer, SoloRing};
use crate::suite::SigningKey;
use crate::sync::fixture::{LOG, Pen, genesis};
use crate::sync::runs_of;
use crate::sync::wire::{Entries, Limits, Outcome};

mod checkpoints;
mod heads;
mod order;

const OTHER: CompartmentId = CompartmentId::from_bytes([6; 16]);

/// A device with an open link, at whose other end the test sits.
struct Victim {
    sync: DeviceSync,
    now: Timestamp,
    sent: Vec<Transmit>,
    events: Vec<Event>,
    g: u64,
}

/// A log as the liar tells it.
#[derive(Clone, Copy)]
struct Told {
    log: CompartmentId,
    head: LogHead,
}

impl Told {
    fn new(log: CompartmentId) -> Self {
        Self { log, head: LogHead::EMPTY }
    }

    /// Entries with a chain that fits, whatever they are.
    fn tell(&mut self, world: &World, envelopes: &[&Envelope]) -> Message {
        let carried: Vec<Carried> =
            envelopes.iter().map(|envelope| Carried::Whole((*envelope).clone())).collect();
        let after = self.head.position;
        for one in &carried {
            self.head = self.head.after(self.log, one.hash());
        }
        let mut runs = runs_of(world.state.practice(), &carried);
        runs.iter_mut().for_each(|run| run.log = self.log);
        let g = Global::new(100 + self.head.position.get());
        Message::Entries(Entries { log: self.log, after, runs, head: self.head, g })
    }
}

impl Victim {
    fn new(world: &World, device: DeviceId) -> Self {
        let own = Pen::new(device).own;
        let sync = DeviceSync::new(device, world.state.clone(), Global::ZERO, own);
        let mut victim = Self { sync, now: world.now, sent: Vec::new(), events: Vec::new(), g: 0 };
        victim.connect(world);
        victim
    }

    fn connect(&mut self, world: &World) {
        self.sync.connected(self.now);
        self.drain();
        self.hear(Lane::Control, welcome(world, self.sync.device, self.g));
        let lane = self.lane_of(18);
        let g = Global::new(self.g);
        self.hear(lane, Message::Changed { g, logs: vec![], more: false });
        self.end(lane);
    }

    /// Has been on a link before: without a cursor, everything is compared from its beginning.
    fn caught_up_with(&mut self, world: &World, g: u64) {
        self.g = g;
        self.connect(world);
    }

    fn hear(&mut self, lane: Lane, message: Message) {
        let message = Message::decode(&message.encode()).unwrap();
        self.sync.handle_message(lane, message, self.now).unwrap();
        self.drain();
    }

    fn live(&mut self, message: Message) {
        self.hear(Lane::Live, message);
    }

    fn end(&mut self, lane: Lane) {
        self.sync.handle_end(lane, self.now).unwrap();
        self.drain();
    }

    /// Up to which count of the server's this device has everything, also after a restart.
    fn caught_up(&self) -> Option<Global> {
        let counts = self.events.iter().filter_map(|event| match event {
            Event::CaughtUp(count) => Some(*count),
            _ => None,
        });
        counts.max()
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.sync.poll_transmit() {
            self.sent.push(transmit);
        }
        while let Some(event) = self.sync.poll_event() {
            self.events.push(event);
        }
    }

    /// The lane of the last request of this type.
    fn lane_of(&self, number: u8) -> Lane {
        let request = self.sent.iter().rev().find(|sent| sent.message.number() == number);
        request.unwrap().lane
    }

    /// Answers the pending question for full forms.
    fn answer_full(&mut self, log: CompartmentId, full: &[(u64, &Envelope)]) {
        let lane = self.lane_of(22);
        let full = full.iter().map(|(position, envelope)| {
            (Position::new(*position), Carried::Whole((*envelope).clone()).encode())
        });
        self.hear(lane, Message::Full { log, entries: full.collect() });
        self.end(lane);
    }

    fn alarms(&self) -> Vec<AlarmKind> {
        let alarms = self.events.iter().filter_map(|event| match event {
            Event::Alarm(alarm) => Some(alarm.kind),
            _ => None,
        });
        alarms.collect()
    }

    fn received(&self) -> Vec<Hash> {
        let received = self.events.iter().filter_map(|event| match event {
            Event::Received { checked, .. } => Some(checked.envelope().hash()),
            _ => None,
        });
        received.collect()
    }

    fn quarantined(&self) -> Vec<Quarantine> {
        let quarantined = self.events.iter().filter_map(|event| match event {
            Event::Quarantined { reason, .. } => Some(*reason),
            _ => None,
        });
        quarantined.collect()
    }
}

fn welcome(world: &World, device: DeviceId, g: u64) -> Message {
    Message::Welcome {
        version: 1,
        server_epoch: ServerEpoch::new(1),
        g: Global::new(g),
        practice_head: world.state.head(),
        own: Pen::new(device).own,
        limits: Limits { group_bytes: 1, bytes_per_minute: 20 << 20, bulk: false },
        refilling: false,
        time: world.now,
    }
}

fn begin() -> (World, Pen, Victim) {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let victim = Victim::new(&world, second);
    let pen = Pen::new(world.first);
    (world, pen, victim)
}

fn ring(world: &World) -> [crate::id::RingId; 1] {
    [world.rings[&SoloRing::Caseload]]
}

/// The first envelopes of a log: its genesis and three deltas.
fn opening(world: &World, pen: &mut Pen) -> [Envelope; 4] {
    [
        pen.genesis(world, &ring(world)),
        pen.delta(world, 1),
        pen.delta(world, 2),
        pen.delta(world, 3),
    ]
}

/// The same in another log.
fn other_opening(world: &World, pen: &mut Pen) -> Envelope {
    let body = genesis(world, &ring(world));
    let mut header = pen.header(world, body.kind());
    header.compartment = OTHER;
    pen.sign(world, header, body.encode())
}

#[test]
fn what_an_honest_server_tells_is_handed_on_checked() {
    let (world, mut pen, mut victim) = begin();
    let envelopes = opening(&world, &mut pen);
    victim.live(Told::new(LOG).tell(&world, &envelopes.iter().collect::<Vec<_>>()));
    assert_eq!(victim.received(), envelopes.iter().map(Envelope::hash).collect::<Vec<_>>());
    assert_eq!(victim.alarms(), []);
    assert_eq!(victim.sync.cursor(), Global::new(104));
}

#[test]
fn a_live_entry_before_the_answer_does_not_hide_what_was_missed() {
    let (world, mut pen, mut victim) = begin();
    let other = other_opening(&world, &mut pen);
    victim.sync.connected(victim.now);
    victim.drain();
    victim.hear(Lane::Control, welcome(&world, victim.sync.device, victim.g));
    // Live entries have a stream of their own, and may overtake the answer about what was missed.
    victim.live(Told::new(OTHER).tell(&world, &[&other]));
    assert_eq!(victim.received(), [other.hash()]);
    assert_eq!(victim.sync.cursor(), Global::ZERO);
    // The link ends here: the next one must ask for everything since.
    victim.sync.connected(victim.now);
    victim.hear(Lane::Control, welcome(&world, victim.sync.device, victim.g));
    let asked = victim.sent.last().map(|sent| sent.message.clone());
    assert_eq!(asked, Some(Message::Changes { since: Global::ZERO }));
}

#[test]
fn looking_again_says_so_when_the_answer_is_here() {
    let (_, _, mut victim) = begin();
    victim.events.clear();
    victim.sync.look_again(victim.now);
    victim.drain();
    assert!(!victim.events.iter().any(|event| matches!(event, Event::CaughtUp(_))));
    let lane = victim.lane_of(18);
    victim.hear(lane, Message::Changed { g: Global::new(7), logs: vec![], more: false });
    victim.end(lane);
    let caught_up = |event: &Event| matches!(event, Event::CaughtUp(g) if *g == Global::new(7));
    assert!(victim.events.iter().any(caught_up));
}

#[test]
fn a_word_that_something_was_left_out_is_heeded_while_an_older_answer_is_on_its_way() {
    let (_, _, mut victim) = begin();
    let asked = |victim: &Victim| {
        let changes = |sent: &&Transmit| matches!(sent.message, Message::Changes { .. });
        victim.sent.iter().filter(changes).count()
    };
    let before = asked(&victim);
    for _ in 0..3 {
        victim.live(Message::Behind);
    }
    assert_eq!(asked(&victim), before + 1);
    let lane = victim.lane_of(18);
    victim.hear(lane, Message::Changed { g: Global::new(7), logs: vec![], more: false });
    victim.end(lane);
    assert_eq!(asked(&victim), before + 2);
}

#[test]
fn an_entry_that_is_left_out_is_missed_and_nothing_after_it_is_shown() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, three] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    let mut honest = told;
    victim.live(told.tell(&world, &[&first, &one]));
    honest.tell(&world, &[&first, &one, &two, &three]);
    // The server leaves out the third, under the head that all of them have.
    let mut lie = told.tell(&world, &[&three]);
    if let Message::Entries(entries) = &mut lie {
        entries.head = honest.head;
    }
    victim.live(lie);
    assert_eq!(victim.received().len(), 2);
    victim.answer_full(LOG, &[(3, &three), (4, &three)]);
    assert_eq!(victim.alarms(), [AlarmKind::Fork]);
    assert_eq!(victim.received().len(), 2);
}

#[test]
fn an_entry_left_out_under_a_fitting_chain_shows_by_its_author() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, _, three] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first, &one, &three]));
    assert_eq!(victim.alarms(), []);
    // The author saw four entries, and says so with its next envelope.
    let mut honest = Told::new(LOG);
    let mut pen_again = Pen::new(world.first);
    let all = opening(&world, &mut pen_again);
    honest.tell(&world, &all.iter().collect::<Vec<_>>());
    pen.seen = honest.head;
    let next = pen.delta(&world, 4);
    victim.live(told.tell(&world, &[&next]));
    assert_eq!(victim.quarantined(), [Quarantine::SeesAhead]);
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);
}

#[test]
fn entries_in_another_order_are_a_fork_for_whoever_saw_the_first() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    let mut seen = Told::new(LOG);
    seen.tell(&world, &[&first, &one, &two]);
    victim.live(told.tell(&world, &[&first, &two, &one]));
    // The author's numbers are out of order, which alone is no proof; its view is.
    pen.seen = seen.head;
    let next = pen.delta(&world, 4);
    victim.live(told.tell(&world, &[&next]));
    assert_eq!(victim.quarantined(), [Quarantine::ForkedView]);
    assert_eq!(victim.alarms(), [AlarmKind::Fork]);
}

#[test]
fn an_entry_served_twice_is_shown_once() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    victim.caught_up_with(&world, 1);
    victim.live(Told::new(LOG).tell(&world, &[&first, &one, &one, &two]));
    assert_eq!(victim.received(), [first.hash(), one.hash()]);
    assert_eq!(victim.alarms(), [AlarmKind::Replay]);
    // It has no place here, so that the true log goes on with an honest server.
    victim.connect(&world);
    let lane = victim.lane_of(20);
    victim.hear(lane, Told::new(LOG).tell(&world, &[&first, &one, &two]));
    assert_eq!(victim.received(), [first.hash(), one.hash(), two.hash()]);
    assert_eq!(victim.alarms(), [AlarmKind::Replay]);
}

#[test]
fn the_first_entry_served_again_stops_a_log_only_until_the_next_link() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    victim.caught_up_with(&world, 1);
    victim.live(Told::new(LOG).tell(&world, &[&first, &one, &first]));
    assert_eq!(victim.alarms(), [AlarmKind::Replay]);

    victim.connect(&world);
    let lane = victim.lane_of(20);
    victim.hear(lane, Told::new(LOG).tell(&world, &[&first, &one, &two]));
    assert_eq!(victim.received(), [first.hash(), one.hash(), two.hash()]);
    assert_eq!(victim.alarms(), [AlarmKind::Replay]);
}

#[test]
fn what_a_stopped_log_lacks_is_asked_for_again_after_a_restart() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, ..] = opening(&world, &mut pen);
    let mut forged = one.clone();
    forged.signature = SigningKey::from_seed([1; 32]).sign("tac/env/v1", &[]);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first]));
    let before = victim.caught_up();
    victim.live(told.tell(&world, &[&forged]));
    victim.answer_full(LOG, &[(2, &forged)]);
    assert_eq!(victim.alarms(), [AlarmKind::Forged]);

    // Another log goes on, and the server counts both.
    let other = other_opening(&world, &mut pen);
    let mut beside = Told::new(OTHER);
    let Message::Entries(entries) = beside.tell(&world, &[&other]) else { panic!() };
    victim.live(Message::Entries(Entries { g: Global::new(200), ..entries }));

    assert_eq!(victim.received(), [first.hash(), other.hash()]);
    assert_eq!(victim.caught_up(), before);
}

#[test]
fn an_old_live_message_again_changes_nothing() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, ..] = opening(&world, &mut pen);
    let message = Told::new(LOG).tell(&world, &[&first, &one]);
    victim.live(message.clone());
    victim.live(message);
    assert_eq!(victim.received().len(), 2);
    assert_eq!(victim.alarms(), []);
}

#[test]
fn no_altered_byte_is_ever_shown() {
    let (world, mut pen, _) = begin();
    let [first, one, ..] = opening(&world, &mut pen);
    let bytes = one.encode();
    // Every seventh byte is enough for every field; all of them take minutes in debug builds.
    for index in (0..bytes.len()).step_by(7) {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        let Ok(altered) = Envelope::decode(&altered) else { continue };
        let second = world.state.devices().keys().find(|d| **d != world.first).unwrap();
        let mut victim = Victim::new(&world, *second);
        let mut told = Told::new(LOG);
        victim.live(told.tell(&world, &[&first]));
        victim.live(told.tell(&world, &[&altered]));
        if victim.sent.iter().any(|sent| sent.message.number() == 22) {
            victim.answer_full(LOG, &[(2, &altered)]);
        }
        assert_eq!(victim.received(), [first.hash()], "byte {index}");
    }
}

#[test]
fn an_entry_of_another_log_is_never_shown_and_other_logs_go_on() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    let other = other_opening(&world, &mut pen);
    let (mut told, mut lie) = (Told::new(LOG), Told::new(OTHER));
    victim.live(told.tell(&world, &[&first]));
    victim.live(lie.tell(&world, &[&other]));
    victim.live(lie.tell(&world, &[&one]));
    victim.answer_full(OTHER, &[(2, &one)]);
    assert_eq!(victim.alarms(), [AlarmKind::Replay]);
    victim.live(told.tell(&world, &[&one, &two]));
    assert_eq!(victim.received(), [first.hash(), other.hash(), one.hash(), two.hash()]);
}

#[test]
fn an_entry_by_nobody_is_a_forgery_and_the_true_one_is_taken_on_the_next_link() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    let mut forged = one.clone();
    forged.signature = SigningKey::from_seed([1; 32]).sign("tac/env/v1", &[]);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first, &forged, &two]));
    victim.answer_full(LOG, &[(1, &first), (2, &forged), (3, &two)]);
    assert_eq!(victim.alarms(), [AlarmKind::Forged]);
    assert_eq!(victim.received(), []);

    victim.connect(&world);
    let lane = victim.lane_of(20);
    victim.hear(lane, Told::new(LOG).tell(&world, &[&first, &one, &two]));
    assert_eq!(victim.received(), [first.hash(), one.hash(), two.hash()]);
    assert_eq!(victim.alarms(), [AlarmKind::Forged]);
}

#[test]
fn a_server_that_hands_over_less_than_it_names_holds_back() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    let (mut told, mut honest) = (Told::new(LOG), Told::new(LOG));
    victim.live(told.tell(&world, &[&first]));
    honest.tell(&world, &[&first, &one]);
    let mut lie = told.tell(&world, &[]);
    if let Message::Entries(entries) = &mut lie {
        entries.head = honest.head;
    }
    victim.live(lie);
    victim.answer_full(LOG, &[]);
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);

    victim.connect(&world);
    let lane = victim.lane_of(20);
    let mut rest = Told { log: LOG, head: LogHead::EMPTY.after(LOG, first.hash()) };
    victim.hear(lane, rest.tell(&world, &[&one, &two]));
    assert_eq!(victim.received(), [first.hash(), one.hash(), two.hash()]);
}

#[test]
fn damage_on_the_way_is_no_alarm_if_the_full_form_is_sound() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, ..] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    let mut message = told.tell(&world, &[&first, &one]);
    if let Message::Entries(entries) = &mut message {
        entries.runs[0].envelopes[1][100] ^= 1;
    }
    victim.live(message);
    assert_eq!(victim.received(), []);
    victim.answer_full(LOG, &[(1, &first), (2, &one)]);
    assert_eq!(victim.received(), [first.hash(), one.hash()]);
    assert_eq!(victim.alarms(), []);
}

#[test]
fn two_envelopes_under_one_number_are_kept_apart_and_named() {
    let (world, mut pen, mut victim) = begin();
    let first = pen.genesis(&world, &ring(&world));
    let mut clone = pen.clone();
    let (one, rival) = (pen.delta(&world, 1), clone.delta(&world, 2));
    victim.live(Told::new(LOG).tell(&world, &[&first, &one, &rival]));
    assert_eq!(victim.received(), [first.hash(), one.hash()]);
    assert_eq!(victim.quarantined(), [Quarantine::Equivocation]);
    assert_eq!(victim.alarms(), [AlarmKind::Equivocation]);
}

#[test]
fn a_server_that_has_less_than_before_is_a_rollback() {
    let (world, mut pen, mut victim) = begin();
    let envelopes = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&envelopes[0], &envelopes[1]]));
    let earlier = told.head;
    victim.live(told.tell(&world, &[&envelopes[2], &envelopes[3]]));
    victim.sync.connected(victim.now);
    victim.drain();
    victim.hear(Lane::Control, welcome(&world, victim.sync.device, 50));
    let lane = victim.lane_of(18);
    let logs = vec![(LOG, earlier)];
    victim.hear(lane, Message::Changed { g: Global::new(50), logs, more: false });
    // The count, and then the log itself.
    assert_eq!(victim.alarms(), [AlarmKind::Rollback, AlarmKind::Rollback]);
    assert_eq!(victim.sync.replica(LOG).unwrap().head(), told.head);
}

#[test]
fn a_log_with_another_chain_is_a_fork() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first, &one]));
    let mut branch = Told::new(LOG);
    branch.tell(&world, &[&first, &two]);
    victim.sync.connected(victim.now);
    victim.drain();
    victim.hear(Lane::Control, welcome(&world, victim.sync.device, 200));
    let lane = victim.lane_of(18);
    let logs = vec![(LOG, branch.head)];
    victim.hear(lane, Message::Changed { g: Global::new(200), logs, more: false });
    assert_eq!(victim.alarms(), [AlarmKind::Fork]);
}

#[test]
fn an_entry_that_cites_a_hidden_practice_entry_waits_and_the_hiding_shows() {
    let (mut world, mut pen, mut victim) = begin();
    let first = pen.genesis(&world, &ring(&world));
    world.by_first(Action::SetMinimumWriter(1)).unwrap();
    let one = pen.delta(&world, 1);
    let other = other_opening(&world, &mut Pen { own: pen.own, ..pen.clone() });
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first, &one]));
    assert_eq!(victim.received(), [first.hash()]);
    let lane = victim.lane_of(14);
    victim.hear(lane, Message::PracticeEntries { entries: vec![], more: false });
    victim.end(lane);
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);
    drop(other);

    // Once it comes, what waited is shown.
    let (entry, received) = world.entries.last().unwrap();
    let receipt =
        PracticeReceipt::sign(world.state.practice(), entry.head(), *received, &world.server);
    let delivered = DeliveredEntry { entry: entry.encode(), receipt };
    victim.live(Message::PracticeEntries { entries: vec![delivered], more: false });
    assert_eq!(victim.received(), [first.hash(), one.hash()]);
}

#[test]
fn an_entry_that_no_member_signed_changes_nothing() {
    let (mut world, _, mut victim) = begin();
    let before = victim.sync.state().clone();
    let action = Action::SetMinimumWriter(1);
    let mut entry = world.propose(Signer::Device(world.first), action).unwrap();
    entry = entry.signed(&SigningKey::from_seed([3; 32]));
    let sign = |key: &SigningKey| {
        PracticeReceipt::sign(world.state.practice(), entry.head(), world.now, key)
    };
    let delivered = DeliveredEntry { entry: entry.encode(), receipt: sign(&world.server) };
    victim.live(Message::PracticeEntries { entries: vec![delivered], more: false });
    assert_eq!(victim.alarms(), [AlarmKind::PracticeInvalid]);
    assert_eq!(victim.sync.state(), &before);

    let action = Action::SetMinimumWriter(1);
    world.by_first(action).unwrap();
    let (entry, _) = world.entries.last().unwrap();
    let stranger = SigningKey::from_seed([3; 32]);
    let receipt = PracticeReceipt::sign(world.state.practice(), entry.head(), world.now, &stranger);
    let delivered = DeliveredEntry { entry: entry.encode(), receipt };
    victim.live(Message::PracticeEntries { entries: vec![delivered], more: false });
    assert_eq!(victim.alarms()[1..], [AlarmKind::BadReceipt]);
    assert_eq!(victim.sync.state(), &before);
}

#[test]
fn two_practice_logs_are_a_fork() {
    let (mut world, _, mut victim) = begin();
    let rival = world.propose(Signer::Device(world.first), Action::SetMinimumWriter(1)).unwrap();
    world.by_first(Action::SetSuite(2)).unwrap();
    let practice = world.state.practice();
    let deliver = |entry: &crate::membership::Entry| DeliveredEntry {
        entry: entry.encode(),
        receipt: PracticeReceipt::sign(practice, entry.head(), world.now, &world.server),
    };
    let entries = vec![deliver(&world.entries.last().unwrap().0), deliver(&rival)];
    victim.live(Message::PracticeEntries { entries, more: false });
    assert_eq!(victim.alarms(), [AlarmKind::PracticeFork]);
    assert_eq!(victim.sync.state(), &world.state);
}

#[test]
fn what_a_revoked_device_writes_on_is_kept_apart_however_it_is_dated() {
    let (mut world, mut pen, _) = begin();
    let second = *world.state.devices().keys().find(|d| **d != world.first).unwrap();
    let mut thief = Pen { at: Some(world.state.head().seq), ..Pen::new(second) };
    let first = pen.genesis(&world, &ring(&world));
    let within = thief.delta(&world, 1);
    let cut = thief.own;
    let beyond = thief.delta(&world, 2);
    world.revoke(Signer::Device(world.first), second, cut).unwrap();
    pen.at = None;
    let after = pen.delta(&world, 3);
    let third = world.add_device(Signer::Device(world.first), world.founder).unwrap();

    // Within the cut, before anybody wrote on who knew: it counts. Beyond: never.
    let mut victim = Victim::new(&world, third);
    victim.live(Told::new(LOG).tell(&world, &[&first, &within, &beyond]));
    assert_eq!(victim.received(), [first.hash(), within.hash()]);
    let reason = Quarantine::NotPermitted(NotPermitted::BeyondCut);
    assert_eq!(victim.quarantined(), [reason]);

    // Placed only after others knew, it is a late edit, whatever its number.
    let mut victim = Victim::new(&world, third);
    victim.live(Told::new(LOG).tell(&world, &[&first, &after, &within]));
    assert_eq!(victim.quarantined(), [Quarantine::Late]);
}

#[test]
fn a_cut_that_is_learned_later_is_applied_to_what_was_shown() {
    let (mut world, mut pen, mut victim) = begin();
    let third = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    deliver_last(&world, &mut victim);
    let mut thief = Pen { at: Some(world.state.head().seq), ..Pen::new(third) };
    let first = pen.genesis(&world, &ring(&world));
    let within = thief.delta(&world, 1);
    let cut = thief.own;
    let beyond = thief.delta(&world, 2);
    victim.live(Told::new(LOG).tell(&world, &[&first, &within, &beyond]));
    assert_eq!(victim.received().len(), 3);

    world.revoke(Signer::Device(world.first), third, cut).unwrap();
    deliver_last(&world, &mut victim);
    assert!(victim.events.contains(&Event::CutLearned([third].into())));
    let late = victim.sync.replica(LOG).unwrap().late(victim.sync.state());
    assert_eq!(late, [Position::new(3)].into());
    assert!(victim.events.contains(&Event::Proven(third, cut)));
}

#[test]
fn an_envelope_that_is_not_on_the_chain_of_the_cut_is_an_alarm() {
    let (mut world, mut pen, mut victim) = begin();
    let third = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    deliver_last(&world, &mut victim);
    let mut thief = Pen { at: Some(world.state.head().seq), ..Pen::new(third) };
    let mut honest = thief.clone();
    let first = pen.genesis(&world, &ring(&world));
    let forged_later = thief.delta(&world, 1);
    let (one, two) = (honest.delta(&world, 7), honest.delta(&world, 8));
    world.revoke(Signer::Device(world.first), third, honest.own).unwrap();
    deliver_last(&world, &mut victim);
    victim.live(Told::new(LOG).tell(&world, &[&first, &forged_later]));
    let unproven = victim.events.iter().any(|event| match event {
        Event::Received { checked, .. } => checked.unproven(),
        _ => false,
    });
    assert!(unproven);
    let lane = victim.lane_of(24);
    victim.hear(lane, Message::OwnHashes(vec![two.hash()]));
    assert_eq!(victim.alarms(), [AlarmKind::NotOnChain]);
    drop(one);
}

fn deliver_last(world: &World, victim: &mut Victim) {
    let (entry, received) = world.entries.last().unwrap();
    let receipt =
        PracticeReceipt::sign(world.state.practice(), entry.head(), *received, &world.server);
    let delivered = DeliveredEntry { entry: entry.encode(), receipt };
    victim.live(Message::PracticeEntries { entries: vec![delivered], more: false });
}

#[test]
fn a_receipt_that_the_server_did_not_sign_settles_nothing() {
    let (world, mut pen, mut victim) = begin();
    let first = pen.genesis(&world, &ring(&world));
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first]));
    let object = ObjectId::from_bytes([0; 16]);
    let header = victim.sync.next_header(LOG, Kind::Delta, object, 1);
    let envelope = sign(&world, header, vec![1; 208]);
    let queued = Queued { envelope: envelope.clone(), rows: vec![] };
    victim.sync.queue(queued, victim.now).unwrap();
    victim.drain();
    let lane = victim.lane_of(10);
    let own = OwnHead::after(&envelope.header, envelope.hash());
    let head = told.head.after(LOG, envelope.hash());
    let receipt = ReceiptBody {
        practice: world.state.practice(),
        server_epoch: ServerEpoch::new(1),
        practice_head: world.state.head(),
        placement: Some(Placement { log: LOG, head }),
        device: victim.sync.device,
        own,
        time: world.now,
    }
    .sign(&SigningKey::from_seed([4; 32]));
    let receipt = ShortReceipt::of(&receipt, &envelope.header, envelope.hash());
    victim.hear(lane, Message::Pushed(vec![Outcome::Placed(receipt)]));
    assert_eq!(victim.alarms(), [AlarmKind::BadReceipt]);
    assert_eq!(victim.sync.queue_length(), 1);
}

/// The server's signed word that an envelope ends the log at this head.
fn placed(world: &World, envelope: &Envelope, head: LogHead) -> Message {
    let header = &envelope.header;
    let receipt = ReceiptBody {
        practice: world.state.practice(),
        server_epoch: ServerEpoch::new(1),
        practice_head: world.state.head(),
        placement: Some(Placement { log: LOG, head }),
        device: header.author,
        own: OwnHead::after(header, envelope.hash()),
        time: world.now,
    };
    let receipt = receipt.sign(&world.server);
    let short = ShortReceipt::of(&receipt, header, envelope.hash());
    Message::Pushed(vec![Outcome::Placed(short)])
}

#[test]
fn a_receipt_for_another_order_than_the_one_handed_out_is_a_fork() {
    let (world, mut pen, mut victim) = begin();
    let [first, one, two, _] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first]));
    let object = ObjectId::from_bytes([0; 16]);
    let header = victim.sync.next_header(LOG, Kind::Delta, object, 1);
    let envelope = sign(&world, header, vec![1; 208]);
    let queued = Queued { envelope: envelope.clone(), rows: vec![] };
    victim.sync.queue(queued, victim.now).unwrap();
    victim.drain();
    // The receipt places it after one entry, the live stream tells of another there.
    let head = told.head.after(LOG, one.hash()).after(LOG, envelope.hash());
    let lane = victim.lane_of(10);
    victim.hear(lane, placed(&world, &envelope, head));
    assert_eq!(victim.alarms(), []);
    victim.live(told.tell(&world, &[&two]));
    assert_eq!(victim.alarms(), [AlarmKind::Fork]);
}

#[test]
fn two_receipts_for_one_place_are_a_fork() {
    let (world, mut pen, mut victim) = begin();
    let [first, ..] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first]));
    let mut outcomes = Vec::new();
    for number in 0..2 {
        let header = victim.sync.next_header(LOG, Kind::Delta, ObjectId::from_bytes([0; 16]), 1);
        let envelope = sign(&world, header, vec![number; 208]);
        let queued = Queued { envelope: envelope.clone(), rows: vec![] };
        victim.sync.queue(queued, victim.now).unwrap();
        // Of the first the server says that it stands where the second does.
        let mut head = told.head.after(LOG, envelope.hash());
        head.position = told.head.position.next().next();
        outcomes.push(placed(&world, &envelope, head));
    }
    for outcome in outcomes {
        victim.drain();
        let lane = victim.lane_of(10);
        victim.hear(lane, outcome);
        victim.end(lane);
    }

    assert_eq!(victim.alarms(), [AlarmKind::Fork]);
}

#[test]
fn a_server_that_knows_numbers_we_do_not_asks_for_a_new_incarnation() {
    let (world, _, mut victim) = begin();
    victim.sync.connected(victim.now);
    victim.drain();
    let mut message = welcome(&world, victim.sync.device, 0);
    let ahead = crate::membership::fixture::head(1, 5);
    if let Message::Welcome { own, .. } = &mut message {
        *own = ahead;
    }
    victim.hear(Lane::Control, message);
    assert!(victim.events.contains(&Event::IncarnationDue(ahead)));
}

#[test]
fn another_practice_head_at_welcome_is_a_fork() {
    let (world, _, mut victim) = begin();
    victim.sync.connected(victim.now);
    victim.drain();
    let mut message = welcome(&world, victim.sync.device, 0);
    if let Message::Welcome { practice_head, .. } = &mut message {
        *practice_head = PracticeHead { seq: PracticeSeq::ZERO, hash: Hash::ZERO };
    }
    victim.hear(Lane::Control, message);
    assert_eq!(victim.alarms(), [AlarmKind::PracticeFork]);
}

#[test]
fn a_silent_server_ends_the_link_and_nothing_is_lost() {
    let (world, mut pen, mut victim) = begin();
    let first = pen.genesis(&world, &ring(&world));
    victim.live(Told::new(LOG).tell(&world, &[&first]));
    let object = ObjectId::from_bytes([0; 16]);
    let header = victim.sync.next_header(LOG, Kind::Delta, object, 1);
    let queued = Queued { envelope: sign(&world, header, vec![1; 208]), rows: vec![] };
    victim.sync.queue(queued, victim.now).unwrap();
    victim.drain();
    let due = victim.sync.poll_timeout().unwrap();
    assert_eq!(due.millis_since(victim.now), PATIENCE_MILLIS);
    victim.sync.handle_timeout(due);
    victim.drain();
    assert!(victim.events.contains(&Event::LinkDead));
    assert_eq!(victim.sync.queue_length(), 1);
    assert_eq!(victim.sync.poll_timeout(), None);
    // The next link carries the very same bytes.
    let pushes = |victim: &Victim| {
        let pushes = victim.sent.iter().filter(|sent| sent.message.number() == 10);
        pushes.map(|sent| sent.message.clone()).collect::<Vec<_>>()
    };
    victim.connect(&world);
    let pushed = pushes(&victim);
    assert_eq!(pushed.len(), 2);
    assert_eq!(pushed[0], pushed[1]);
}

#[test]
fn a_message_in_the_wrong_place_ends_the_link() {
    let (_, _, mut victim) = begin();
    let wrong = victim.sync.handle_message(Lane::Live, Message::Taken, victim.now);
    assert_eq!(wrong, Err(ProtocolError::Misplaced(4)));
    let unasked = victim.sync.handle_message(Lane::Request(99), Message::Taken, victim.now);
    assert_eq!(unasked, Err(ProtocolError::Misplaced(4)));
}

/// The newest entry of the practice log, as the server hands it out.
fn newest_entry(world: &World) -> DeliveredEntry {
    let (entry, received) = world.entries.last().unwrap();
    let receipt =
        PracticeReceipt::sign(world.state.practice(), entry.head(), *received, &world.server);
    DeliveredEntry { entry: entry.encode(), receipt }
}

/// The practice log of a server whose files began another life.
fn reseed(world: &mut World) {
    let old = ServerEpoch::new(1);
    let new = old.next();
    let (bases, lost, missing) = (vec![], vec![], vec![]);
    world.by_first(Action::Reseed { old, new, bases, lost, missing }).unwrap();
}

#[test]
fn what_was_on_its_way_when_a_new_life_began_changes_nothing() {
    let (mut world, mut pen, mut victim) = begin();
    let [first, one, two, three] = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&first]));
    victim.sync.look_again(victim.now);
    victim.drain();
    let changes = victim.lane_of(18);
    let (pulled, live) = (told.tell(&world, &[&one, &two]), told.tell(&world, &[&three]));
    let logs = vec![(LOG, told.head)];
    victim.hear(changes, Message::Changed { g: Global::new(200), logs, more: false });
    victim.end(changes);
    let pull = victim.lane_of(20);
    victim.sync.look_again(victim.now);
    victim.drain();
    let again = victim.lane_of(18);
    let received = victim.received();

    reseed(&mut world);
    let entries = vec![newest_entry(&world)];
    victim.live(Message::PracticeEntries { entries, more: false });
    assert!(victim.events.contains(&Event::NewLife));
    victim.sent.clear();
    victim.hear(pull, pulled);
    victim.end(pull);
    victim.hear(again, Message::Changed { g: Global::new(201), logs: vec![], more: false });
    victim.end(again);
    victim.live(live);
    victim.live(Message::Behind);

    assert_eq!(victim.sync.cursor(), Global::ZERO);
    assert_eq!(victim.received(), received);
    assert_eq!(victim.alarms(), []);
    assert_eq!(victim.sent, []);
    assert_eq!(victim.sync.poll_timeout(), None);
    // So the next link compares everything before it believes it.
    victim.sync.connected(victim.now);
    assert!(victim.sync.is_fresh());
}

#[test]
fn a_life_that_the_practice_log_names_is_no_alarm_and_one_that_it_does_not_name_is() {
    for named in [true, false] {
        let (mut world, mut pen, mut victim) = begin();
        let [first, one, two, _] = opening(&world, &mut pen);
        victim.live(Told::new(LOG).tell(&world, &[&first, &one]));
        match named {
            true => reseed(&mut world),
            false => world.by_first(Action::SetMinimumWriter(1)).unwrap(),
        }
        victim.sync.connected(victim.now);
        let mut word = welcome(&world, victim.sync.device, 1);
        if let Message::Welcome { server_epoch, .. } = &mut word {
            *server_epoch = ServerEpoch::new(2);
        }
        victim.sent.clear();
        victim.hear(Lane::Control, word);
        victim.live(Told::new(LOG).tell(&world, &[&first, &two, &one]));
        victim.sync.look_again(victim.now);
        victim.drain();
        let asks = |victim: &Victim| {
            victim.sent.iter().any(|sent| matches!(sent.message, Message::Changes { .. }))
        };
        assert_eq!(victim.alarms(), []);
        assert!(!asks(&victim));

        let lane = victim.lane_of(14);
        let entries = vec![newest_entry(&world)];
        victim.hear(lane, Message::PracticeEntries { entries, more: false });
        victim.end(lane);

        assert_eq!(victim.events.contains(&Event::NewLife), named);
        let alarms = [AlarmKind::ServerEpoch, AlarmKind::Rollback];
        assert_eq!(victim.alarms(), if named { &[][..] } else { &alarms[..] });
        assert_eq!(asks(&victim), !named);
    }
}
