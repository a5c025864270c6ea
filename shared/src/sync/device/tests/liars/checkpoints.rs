//! What a peer has seen shows what the server holds back, and nothing else does.

use super::*;
use crate::id::RingId;
use crate::log::{CHANGED, Checkpoint, FULL, ring_digest};

/// A peer that says what it has seen.
struct Peer<'a> {
    world: &'a World,
    pen: Pen,
    logs: BTreeSet<CompartmentId>,
}

impl<'a> Peer<'a> {
    fn new(world: &'a World, pen: &Pen) -> Self {
        Self { world, pen: pen.clone(), logs: BTreeSet::from([LOG]) }
    }

    fn says(&self, counter: u64, since: u64, heads: &[LogHead]) -> Checkpoint {
        Checkpoint {
            counter,
            time: self.world.now,
            own: OwnHead::start(self.pen.own.dev_inc),
            practice_head: self.world.state.head(),
            server_epoch: ServerEpoch::new(1),
            peers: vec![],
            heads: heads.iter().map(|head| (LOG, *head)).collect(),
            since,
            ring: self.ring(),
            ring_count: u64::try_from(self.logs.len()).unwrap(),
            ring_digest: ring_digest(&self.logs),
        }
    }

    fn ring(&self) -> RingId {
        self.world.rings[&SoloRing::Caseload]
    }

    fn envelope(&self, checkpoint: &Checkpoint, salt: u8) -> Envelope {
        let mut pen = self.pen.clone();
        let mut header = pen.header(self.world, Kind::Checkpoint);
        header.compartment = CompartmentId::from_bytes(*checkpoint.ring.as_bytes());
        header.object = checkpoint.object();
        header.practice_head = checkpoint.practice_head;
        (header.dev_seq, header.prev_own) = (DevSeq::ZERO, Hash::ZERO);
        let counter = checkpoint.counter.to_be_bytes();
        pen.sign(self.world, header, [&counter[..], &[salt; 200]].concat())
    }
}

impl Victim {
    /// Opens and heeds what has come; `known` is what the sealed bodies say.
    fn heed(&mut self, known: &[&Checkpoint]) -> Vec<Noted> {
        let mut noted = Vec::new();
        for event in std::mem::take(&mut self.events) {
            match event {
                Event::Checkpoint(checked) => {
                    let counter: [u8; 8] = checked.envelope().body[..8].try_into().unwrap();
                    let is = |one: &&&Checkpoint| one.counter == u64::from_be_bytes(counter);
                    let checkpoint = known.iter().find(is).unwrap();
                    noted.extend(self.sync.heed(&checked, checkpoint, self.now));
                    self.drain();
                }
                Event::CheckpointsRead => {
                    self.sync.compare_checkpoints(self.now);
                    self.drain();
                }
                other => self.events.push(other),
            }
        }
        noted
    }

    /// The server relays this at once.
    fn told(&mut self, peer: &Peer<'_>, checkpoint: &Checkpoint) -> Vec<Noted> {
        let bytes = peer.envelope(checkpoint, 0).encode();
        self.live(Message::Objects(vec![bytes]));
        self.heed(&[checkpoint])
    }

    /// Asks, and is shown these.
    fn asks(&mut self, peer: &Peer<'_>, shown: &[&Checkpoint]) {
        self.sync.ask_checkpoints(&[peer.ring()], self.now);
        self.drain();
        let lane = self.lane_of(30);
        let objects = shown.iter().map(|one| peer.envelope(one, 0).encode()).collect();
        self.hear(lane, Message::Objects(objects));
        self.end(lane);
        self.heed(shown);
    }

    /// Answers what is being asked for with nothing.
    fn gets_nothing(&mut self) {
        let lane = self.lane_of(20);
        self.end(lane);
    }
}

/// A victim that has the genesis and one entry of the log, and the head of all four entries.
fn begin_log() -> (World, Pen, Victim, LogHead, LogHead) {
    let (world, mut pen, mut victim) = begin();
    let envelopes = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    let first = told.tell(&world, &[&envelopes[0], &envelopes[1]]);
    victim.live(first);
    let mut all = Told::new(LOG);
    all.tell(&world, &envelopes.iter().collect::<Vec<_>>());
    (world, pen, victim, told.head, all.head)
}

#[test]
fn a_peers_checkpoint_shows_what_the_server_holds_back() {
    let (world, pen, mut victim, told, all) = begin_log();
    let peer = Peer::new(&world, &pen);
    let word = peer.says(5, 5, &[all]);
    assert_eq!(victim.told(&peer, &word).len(), 1);
    assert_eq!(victim.alarms(), []);
    // It is asked first, and gives nothing. An older word of the peer takes nothing back.
    let older = peer.says(4, 4, &[told]);
    victim.told(&peer, &older);
    victim.gets_nothing();
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);

    let forked = LogHead { position: Position::new(2), ..all };
    victim.told(&peer, &peer.says(6, 5, &[forked]));
    assert_eq!(victim.alarms()[1..], [AlarmKind::Fork]);
}

#[test]
fn what_comes_when_it_is_asked_for_is_no_alarm() {
    let (world, mut pen, mut victim) = begin();
    let envelopes = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &[&envelopes[0], &envelopes[1]]));
    let peer = Peer::new(&world, &pen);
    let rest = told.tell(&world, &[&envelopes[2], &envelopes[3]]);
    victim.told(&peer, &peer.says(5, 5, &[told.head]));
    let lane = victim.lane_of(20);
    victim.hear(lane, rest);
    victim.end(lane);
    assert_eq!(victim.alarms(), []);
    assert_eq!(victim.received().len(), 4);
}

#[test]
fn a_log_that_is_hidden_as_a_whole_shows() {
    let (world, pen, mut victim, told, _) = begin_log();
    let mut peer = Peer::new(&world, &pen);
    let mut word = peer.says(5, 5, &[told]);
    word.heads.push((OTHER, told));
    victim.told(&peer, &word);
    victim.gets_nothing();
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);

    // Also where only the ids are compared, as a new device does.
    peer.logs.insert(OTHER);
    let says = peer.says(9, 9, &[]);
    let (ring, counter) = (says.ring, says.counter);
    let word = RingWord { ring, counter, count: says.ring_count, digest: says.ring_digest };
    victim.sync.expect_ring(word, world.first);
    victim.sync.connected(victim.now);
    victim.events.clear();
    victim.caught_up_with(&world, 200);
    assert_eq!(victim.alarms(), [], "it is asked for once more");
    let lane = victim.lane_of(18);
    victim.hear(lane, Message::Changed { g: Global::new(200), logs: vec![], more: false });
    victim.end(lane);
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);
}

#[test]
fn an_older_checkpoint_of_a_peer_is_a_rollback_once_it_was_asked_for() {
    let (world, pen, mut victim, told, _) = begin_log();
    let peer = Peer::new(&world, &pen);
    let (first, second) = (peer.says(5, 5, &[told]), peer.says(6, 5, &[told]));
    let noted = victim.told(&peer, &second);
    victim.asks(&peer, &[&second, &first]);
    assert_eq!(victim.alarms(), []);
    victim.asks(&peer, &[&first]);
    assert_eq!(victim.alarms(), [AlarmKind::Rollback]);
    victim.asks(&peer, &[]);
    assert_eq!(victim.alarms().len(), 2);

    // Also after a restart, from what was kept.
    let mut again = Victim::new(&world, victim.sync.device);
    again.sync.take_noted(peer.ring(), world.first, noted[0]);
    again.asks(&peer, &[&first]);
    assert_eq!(again.alarms()[..1], [AlarmKind::Rollback]);
    // In another life of the server's files they are gone with them.
    let mut noted = noted[0];
    noted.server_epoch = ServerEpoch::new(0);
    let mut after = Victim::new(&world, victim.sync.device);
    after.sync.take_noted(peer.ring(), world.first, noted);
    after.asks(&peer, &[]);
    assert_eq!(after.alarms(), []);
}

#[test]
fn the_full_one_cannot_be_left_out() {
    let (world, pen, mut victim, told, _) = begin_log();
    let peer = Peer::new(&world, &pen);
    let (full, changed) = (peer.says(5, 5, &[told]), peer.says(6, 5, &[]));
    assert_eq!((full.object(), changed.object()), (FULL, CHANGED));
    victim.asks(&peer, &[&changed]);
    assert_eq!(victim.alarms(), [AlarmKind::Withheld]);
    victim.asks(&peer, &[&changed, &full]);
    assert_eq!(victim.alarms().len(), 1);
}

#[test]
fn what_a_third_device_has_seen_of_a_peer_must_be_shown_too() {
    let (mut world, pen, _) = begin();
    let third = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let mut victim = Victim::new(&world, *world.state.devices().keys().next().unwrap());
    let me = victim.sync.device;
    let others: Vec<_> = world.state.devices().keys().copied().filter(|id| *id != me).collect();
    let [one, two] = others[..] else { panic!("three devices") };
    assert!(world.state.devices().contains_key(&third) && pen.device == world.first);
    let peer = Peer::new(&world, &Pen::new(one));
    let mut word = peer.says(5, 5, &[]);
    (word.ring_count, word.ring_digest) = (0, ring_digest(&BTreeSet::new()));
    word.peers = vec![(two, 9), (me, 4)];
    victim.told(&peer, &word);
    assert!(victim.sync.wants_checkpoints());
    victim.asks(&peer, &[&word]);
    assert_eq!(victim.alarms(), [AlarmKind::Rollback]);
    assert!(!victim.sync.wants_checkpoints(), "it asks once");
    // This device goes on above what others have seen of it.
    let early = Timestamp::from_millis(1);
    assert_eq!(victim.sync.next_checkpoint(peer.ring(), early).unwrap().counter, 5);
}

#[test]
fn two_checkpoints_with_one_counter_are_the_device_s_doing() {
    let (world, pen, mut victim, told, _) = begin_log();
    let peer = Peer::new(&world, &pen);
    let word = peer.says(5, 5, &[told]);
    victim.told(&peer, &word);
    victim.told(&peer, &word);
    assert_eq!(victim.alarms(), []);
    victim.live(Message::Objects(vec![peer.envelope(&word, 1).encode()]));
    victim.heed(&[&word]);
    assert_eq!(victim.alarms(), [AlarmKind::Equivocation]);
}

#[test]
fn a_checkpoint_waits_for_the_practice_entry_that_it_cites() {
    let (mut world, pen, mut victim) = begin();
    world.by_first(Action::SetMinimumWriter(1)).unwrap();
    let mut peer = Peer::new(&world, &pen);
    peer.logs.clear();
    let word = peer.says(5, 5, &[]);
    assert!(victim.told(&peer, &word).is_empty());
    let lane = victim.lane_of(14);
    victim.hear(lane, Message::PracticeEntries { entries: vec![], more: false });
    victim.end(lane);
    assert_eq!(victim.alarms(), [AlarmKind::Withheld], "its hiding shows");

    victim.told(&peer, &word);
    let (entry, received) = world.entries.last().unwrap();
    let receipt =
        PracticeReceipt::sign(world.state.practice(), entry.head(), *received, &world.server);
    let delivered = DeliveredEntry { entry: entry.encode(), receipt };
    victim.live(Message::PracticeEntries { entries: vec![delivered], more: false });
    assert_eq!(victim.heed(&[&word]).len(), 1);
    assert_eq!(victim.alarms().len(), 1);
}

#[test]
fn a_checkpoint_of_another_practice_log_is_a_fork() {
    let (world, pen, mut victim) = begin();
    let peer = Peer::new(&world, &pen);
    let mut word = peer.says(5, 5, &[]);
    word.practice_head.hash = Hash::from_bytes([7; 32]);
    victim.told(&peer, &word);
    assert_eq!(victim.alarms(), [AlarmKind::PracticeFork]);
}

#[test]
fn a_server_that_shows_less_of_a_device_than_the_device_says_is_noticed_and_makes_no_cut() {
    let (world, mut pen, mut victim) = begin();
    let envelopes = opening(&world, &mut pen);
    let third = &envelopes[2];
    let before = OwnHead::after(&third.header, third.hash());
    let mut peer = Peer::new(&world, &pen);
    peer.logs.clear();
    let mut word = peer.says(5, 5, &[]);
    word.own = pen.own;
    victim.told(&peer, &word);
    assert_eq!(victim.sync.newest_own(world.first), None, "a thief could say as much");

    victim.sync.ask_heads(vec![world.first], victim.now);
    victim.drain();
    let lane = victim.lane_of(16);
    let shown = heads::word(&world, world.first, before, Some(third));
    victim.hear(lane, Message::DeviceHeads(vec![shown]));
    assert_eq!(victim.alarms(), [AlarmKind::Rollback]);
    let heads = BTreeMap::from([(world.first, before)]);
    assert!(victim.events.contains(&Event::Heads(heads)));
}

#[test]
fn what_a_peer_says_of_nobody_or_of_the_far_future_counts_for_nothing() {
    let (world, pen, mut victim) = begin();
    let mut peer = Peer::new(&world, &pen);
    peer.logs.clear();
    let mut word = peer.says(5, 5, &[]);
    let me = victim.sync.device;
    word.peers = vec![(DeviceId::from_bytes([0x77; 16]), 9), (me, u64::MAX)];
    victim.told(&peer, &word);
    assert!(!victim.sync.wants_checkpoints());
    victim.asks(&peer, &[&word]);
    assert_eq!(victim.alarms(), []);
    let own = victim.sync.next_checkpoint(peer.ring(), victim.now).unwrap();
    assert!(own.counter < u64::MAX / 2, "{}", own.counter);
}

#[test]
fn a_day_of_checkpoints_names_what_has_changed_and_each_is_above_the_last() {
    let (world, mut pen, mut victim) = begin();
    let ring = world.rings[&SoloRing::Caseload];
    let mut told = Told::new(LOG);
    let envelopes = opening(&world, &mut pen);
    for byte in 0..8 {
        let log = CompartmentId::from_bytes([20 + byte; 16]);
        let mut header = pen.header(&world, Kind::Genesis);
        header.compartment = log;
        let body = genesis(&world, &[ring]).encode();
        let first = pen.sign(&world, header, body);
        victim.live(Told::new(log).tell(&world, &[&first]));
    }
    let hour = 3_600_000;
    let at = |hours: i64| world.now.plus_millis(hours * hour);
    let full = victim.sync.next_checkpoint(ring, at(0)).unwrap();
    assert!(full.is_full() && full.heads.len() == 8, "{full:?}");
    victim.sync.checkpoint_made(&full);
    assert_eq!(victim.sync.next_checkpoint(ring, at(1)), None, "nothing has changed");

    victim.live(told.tell(&world, &[&envelopes[0]]));
    let changed = victim.sync.next_checkpoint(ring, at(1)).unwrap();
    assert_eq!(changed.heads, [(LOG, told.head)]);
    assert_eq!((changed.since, changed.ring_count), (full.counter, 9));
    assert!(changed.counter > full.counter);
    victim.sync.checkpoint_made(&changed);
    assert_eq!(victim.sync.next_checkpoint(ring, at(2)), None);

    victim.live(told.tell(&world, &[&envelopes[1]]));
    let next_day = victim.sync.next_checkpoint(ring, at(24)).unwrap();
    assert!(next_day.is_full() && next_day.heads.len() == 9);
}
