//! What devices tell each other of what they have seen. A server that shows one of them less, or
//! something else, than another is found out by it.
//!
//! A device makes one for each ring, a full one a day and in between what has changed since; the
//! server keeps the newest of both. Whoever reads one asks for what it does not have itself; only
//! what does not come then is an alarm.

use super::check::{AlarmKind, Checker, Quarantine};
use super::link::Request;
use super::replica::Replica;
use super::{Checked, DeviceSync, Event};
use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Envelope, Kind};
use crate::id::{
    CompartmentId, DeviceId, ObjectId, Position, PracticeSeq, RingId, ServerEpoch, Timestamp,
};
use crate::log::{Checkpoint, LogHead, MAX_CHECKPOINT_HEADS, MAX_PEERS, OwnHead, ring_digest};
use crate::membership::NotPermitted;
use crate::suite::Hash;
use crate::sync::wire::Message;
use std::collections::{BTreeMap, BTreeSet};

/// How long a full one stands before the next. Milliseconds.
const FULL_MILLIS: i64 = 24 * 60 * 60 * 1_000;
/// A counter is a clock's at most, and no clock is this far ahead. Milliseconds: ten years.
const FAR_AHEAD_MILLIS: u64 = 10 * 366 * 24 * 60 * 60 * 1_000;
/// Bytes that may wait for the practice log at most; more is dropped, and asked for again.
const WAITING_BYTES: usize = 4 << 20;

/// What is known of the newest checkpoint of one device in one ring. It is to be kept: that the
/// server shows an older one is noticed by it, also after a restart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Noted {
    /// Its counter.
    pub counter: u64,
    /// The hash of its envelope.
    pub hash: Hash,
    /// The life of the server's files in which it was made.
    pub server_epoch: ServerEpoch,
    /// The end of the device's own chain then.
    pub own: OwnHead,
}

/// What a device says of one ring to another that it lets in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RingWord {
    /// The ring.
    pub ring: RingId,
    /// The counter of its newest checkpoint.
    pub counter: u64,
    /// How many compartments the ring has.
    pub count: u64,
    /// [`ring_digest`] of their ids.
    pub digest: Hash,
}

/// Rings of which one device says something to another that it lets in, at most.
pub const RING_WORDS_MAX: usize = 8;

impl RingWord {
    /// Writes several, one after the other: ring16 counter8 count8 digest32 each.
    pub fn encode_all(words: &[Self]) -> Vec<u8> {
        let mut w = Writer::new();
        w.list(words, |w, word| {
            w.fixed(word.ring.as_bytes()).u64(word.counter).u64(word.count);
            w.fixed(word.digest.as_bytes());
        });
        w.into_bytes()
    }

    /// Reads what [`RingWord::encode_all`] wrote; nothing at all is none.
    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>, CodecError> {
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        let mut r = Reader::new(bytes);
        let words = r.list(RING_WORDS_MAX, |r| {
            let (ring, counter) = (RingId::from_bytes(r.fixed()?), r.u64()?);
            let (count, digest) = (r.u64()?, Hash::from_bytes(r.fixed()?));
            Ok(Self { ring, counter, count, digest })
        })?;
        r.finish()?;
        Ok(words)
    }
}

/// One checkpoint that cites a practice entry which is not here.
#[derive(Debug)]
struct Waiting {
    cited: PracticeSeq,
    bytes: Vec<u8>,
}

/// This device's own two.
#[derive(Debug, Default)]
struct Own {
    full: Option<Checkpoint>,
    changed: Option<Checkpoint>,
}

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    noted: BTreeMap<(RingId, DeviceId), Noted>,
    /// Counters that others have seen, and in which life of the server's files.
    told: BTreeMap<(RingId, DeviceId), (ServerEpoch, u64)>,
    /// Counters of the newest full ones.
    fulls: BTreeMap<(RingId, DeviceId), u64>,
    /// Which full one the newest counts from.
    since: BTreeMap<(RingId, DeviceId), u64>,
    own: BTreeMap<RingId, Own>,
    waiting: BTreeMap<(CompartmentId, DeviceId, ObjectId), Waiting>,
    /// What the server must show by the end of the answer that is on its way.
    due: Option<BTreeMap<(RingId, DeviceId), u64>>,
    /// The highest counters that have come since that was asked.
    come: BTreeMap<(RingId, DeviceId), u64>,
    /// The rings that were asked for last.
    asked: BTreeSet<RingId>,
    /// What rings must have once everything has come, and whether that was asked for again.
    rings: BTreeMap<RingId, (RingWord, DeviceId, bool)>,
    /// A newer one exists than was shown here.
    wants: bool,
    /// How far devices have come, by their own word.
    ends: BTreeMap<DeviceId, OwnHead>,
}

impl Checkpoints {
    /// The link is gone, and with it what was on its way.
    pub(super) fn lose_touch(&mut self) {
        self.waiting.clear();
        self.due = None;
    }

    /// Places are meant in the life of the server's files that ends here.
    pub(super) fn begin_life(&mut self) {
        self.rings.clear();
        self.own.clear();
        self.ends.clear();
    }

    /// The newest entry of the practice log that something here cites.
    pub(super) fn missing_entry(&self) -> Option<PracticeSeq> {
        self.waiting.values().map(|waiting| waiting.cited).max()
    }

    pub(super) fn end_of(&self, device: DeviceId) -> Option<OwnHead> {
        self.ends.get(&device).copied()
    }

    /// The highest counter that is known, and in which life of the server's files.
    fn known(&self, key: (RingId, DeviceId)) -> Option<(ServerEpoch, u64)> {
        let noted = self.noted.get(&key).map(|noted| (noted.server_epoch, noted.counter));
        noted.into_iter().chain(self.told.get(&key).copied()).max()
    }

    /// Keeps one until the practice log has come; false if there is no room.
    fn waits(&mut self, envelope: &Envelope, bytes: &[u8]) -> bool {
        let header = &envelope.header;
        let key = (header.compartment, header.author, header.object);
        let cited = header.practice_head.seq;
        let held: usize = self.waiting.values().map(|waiting| waiting.bytes.len()).sum();
        let fits = held.saturating_add(bytes.len()) <= WAITING_BYTES;
        if fits {
            self.waiting.insert(key, Waiting { cited, bytes: bytes.to_vec() });
        }
        fits
    }
}

impl DeviceSync {
    /// Takes what was kept of a checkpoint, this device's own among them.
    pub fn take_noted(&mut self, ring: RingId, device: DeviceId, noted: Noted) {
        self.checkpoints.noted.insert((ring, device), noted);
        self.learn_end(device, noted.own, noted.server_epoch);
    }

    /// Asks for the newest checkpoints of these rings. They come as [`Event::Checkpoint`], and
    /// after them [`Event::CheckpointsRead`].
    pub fn ask_checkpoints(&mut self, rings: &[RingId], now: Timestamp) {
        if !self.link.may_ask() || self.link.awaits(|request| *request == Request::Checkpoints) {
            return;
        }
        let epoch = self.server_epoch();
        let keys: BTreeSet<_> =
            self.checkpoints.noted.keys().chain(self.checkpoints.told.keys()).copied().collect();
        // The last one of this device may not have reached the server.
        let of_others =
            |(ring, device): &(RingId, DeviceId)| rings.contains(ring) && *device != self.device;
        let due = keys.into_iter().filter(of_others).filter_map(|key| {
            let (of, counter) = self.checkpoints.known(key)?;
            // What was said in an earlier life of the server's files may be gone with them.
            (of == epoch).then_some((key, counter))
        });
        self.checkpoints.due = Some(due.collect());
        self.checkpoints.asked = rings.iter().copied().collect();
        self.checkpoints.come.clear();
        self.checkpoints.wants = false;
        let names = rings.iter().map(|ring| CompartmentId::from_bytes(*ring.as_bytes()));
        self.send(Request::Checkpoints, Message::ObjectsGet(names.collect()), now);
    }

    /// Returns whether a checkpoint exists that is newer than what the server has shown.
    pub fn wants_checkpoints(&self) -> bool {
        self.checkpoints.wants
    }

    /// Says that the key for a checkpoint is not here yet: it is not missed.
    pub fn pass_over(&mut self, checked: &Checked) {
        let key = (ring_of(checked), checked.device());
        self.checkpoints.come.insert(key, u64::MAX);
    }

    /// Compares what a peer has seen with what this device was given, and asks for what is not
    /// here. Returns what must be kept, if it is newer than what was known.
    pub fn heed(
        &mut self,
        checked: &Checked,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Option<Noted> {
        let (ring, device) = (ring_of(checked), checked.device());
        let header = checked.header();
        let fits = checkpoint.ring == ring
            && checkpoint.object() == header.object
            && checkpoint.practice_head == header.practice_head;
        if !fits {
            return None;
        }
        let key = (ring, device);
        let come = self.checkpoints.come.entry(key).or_default();
        *come = (*come).max(checkpoint.counter);
        if checkpoint.is_full() {
            let full = self.checkpoints.fulls.entry(key).or_default();
            *full = (*full).max(checkpoint.counter);
        }
        if device == self.device {
            self.take_own_checkpoint(checkpoint);
        }
        let hash = checked.envelope().hash();
        let known = self.checkpoints.noted.get(&key).copied();
        let before = known.map_or(0, |known| known.counter);
        if known.is_some_and(|k| k.counter == checkpoint.counter && k.hash != hash) {
            // One number, two words: the device, or a copy of it.
            self.alarm(AlarmKind::Equivocation, None, None, Some(device));
            return None;
        }
        if checkpoint.counter < before && !checkpoint.is_full() {
            // Judged by what else the answer brings.
            return None;
        }
        if checkpoint.counter >= before {
            self.checkpoints.since.insert(key, checkpoint.since);
            let full = self.checkpoints.fulls.get(&key).copied().unwrap_or(0);
            // Of an answer, the full one may come next.
            self.checkpoints.wants |= full < checkpoint.since && self.checkpoints.due.is_none();
        }
        if device != self.device {
            self.compare_with(device, checkpoint, now);
        }
        let server_epoch = checkpoint.server_epoch;
        let noted = Noted { counter: checkpoint.counter, hash, server_epoch, own: checkpoint.own };
        if checkpoint.counter <= before {
            return None;
        }
        self.checkpoints.noted.insert(key, noted);
        Some(noted)
    }

    fn compare_with(&mut self, device: DeviceId, checkpoint: &Checkpoint, now: Timestamp) {
        let ring = checkpoint.ring;
        let far = u64::try_from(now.as_millis()).unwrap_or(0).saturating_add(FAR_AHEAD_MILLIS);
        for (peer, counter) in &checkpoint.peers {
            let key = (ring, *peer);
            // A lost device may name anybody, and any number.
            if *counter > far || !self.state.devices().contains_key(peer) {
                continue;
            }
            let newer = self
                .checkpoints
                .known(key)
                .is_none_or(|(epoch, known)| (epoch, known) < (checkpoint.server_epoch, *counter));
            if newer {
                let told = (checkpoint.server_epoch, *counter);
                self.checkpoints.told.insert(key, told);
                self.checkpoints.wants |= checkpoint.server_epoch == self.server_epoch();
            }
        }
        let own = checkpoint.own;
        let seen = self.numbers.get(&(device, own.dev_inc, own.dev_seq));
        if seen.is_some_and(|seen| *seen != own.own) {
            self.alarm(AlarmKind::Equivocation, None, None, Some(device));
        } else {
            self.learn_end(device, own, checkpoint.server_epoch);
        }
        // Places are meant in the life of the server's files in which they were seen; while a
        // refilled server is compared, what is here may be of the one before.
        let other_life = checkpoint.server_epoch != self.server_epoch() || self.link.fresh;
        if other_life || !self.link.may_ask() {
            return;
        }
        for (log, head) in &checkpoint.heads {
            let chain = match self.replicas.get(log) {
                Some(replica) => replica.chain_at(head.position),
                None => (head.position == Position::ZERO).then_some(Hash::ZERO),
            };
            match chain {
                Some(chain) if chain == head.chain => {}
                Some(_) => {
                    self.alarm(AlarmKind::Fork, Some(*log), Some(head.position), Some(device));
                }
                None => {
                    let known = self.expected.get(log).map_or(Position::ZERO, |known| known.0);
                    if known < head.position {
                        self.expected.insert(*log, (head.position, device));
                    }
                    self.link.dirty.insert(*log);
                }
            }
        }
        let word = RingWord {
            ring,
            counter: checkpoint.counter,
            count: checkpoint.ring_count,
            digest: checkpoint.ring_digest,
        };
        self.expect_ring(word, device);
        self.pull_next(now);
    }

    /// Takes what the device that let this one in has said of a ring, to be compared once
    /// everything has come.
    pub fn expect_ring(&mut self, word: RingWord, from: DeviceId) {
        let known = self.checkpoints.rings.get(&word.ring).map_or(0, |(known, ..)| known.count);
        if known <= word.count {
            self.checkpoints.rings.insert(word.ring, (word, from, false));
        }
        let key = (word.ring, from);
        let told = (self.server_epoch(), word.counter);
        if word.counter > 0 && self.checkpoints.known(key).is_none_or(|known| known < told) {
            self.checkpoints.told.insert(key, told);
        }
    }

    /// Everything that was missing has been asked for: compares which logs there are. What is not
    /// here may be on its way, so it is asked for once more before it is an alarm.
    pub(super) fn judge_rings(&mut self, now: Timestamp) {
        if self.checkpoints.due.is_some() || self.link.fresh || !self.link.may_ask() {
            return;
        }
        for (ring, (word, device, again)) in std::mem::take(&mut self.checkpoints.rings) {
            let logs: BTreeSet<_> = self.logs_of(ring).map(|(log, _)| *log).collect();
            let count = u64::try_from(logs.len()).unwrap_or(u64::MAX);
            let hidden = match count.cmp(&word.count) {
                std::cmp::Ordering::Less => true,
                std::cmp::Ordering::Equal => ring_digest(&logs) != word.digest,
                std::cmp::Ordering::Greater => false,
            };
            if hidden && again {
                self.alarm(AlarmKind::Withheld, None, None, Some(device));
            } else if hidden {
                self.checkpoints.rings.insert(ring, (word, device, true));
                self.look_again(now);
            }
        }
    }

    /// After the answer to [`DeviceSync::ask_checkpoints`] was heeded: what the server must have
    /// and has not shown is an alarm.
    pub fn compare_checkpoints(&mut self, now: Timestamp) {
        let Some(due) = self.checkpoints.due.take() else { return };
        for (key, counter) in &due {
            let come = self.checkpoints.come.get(key).copied().unwrap_or(0);
            if come < *counter && self.writes_in(key.1, key.0) {
                self.alarm(AlarmKind::Rollback, None, None, Some(key.1));
            }
        }
        let (epoch, told) = (self.server_epoch(), &self.checkpoints.told);
        self.checkpoints.wants = told.iter().any(|(key, (of, counter))| {
            let come = self.checkpoints.come.get(key).copied().unwrap_or(0);
            // What was learned from this very answer may be newer than the rest of it.
            let asked = due.get(key).copied().unwrap_or(0);
            let of_these = self.checkpoints.asked.contains(&key.0);
            of_these && *of == epoch && key.1 != self.device && come.max(asked) < *counter
        });
        let came: Vec<_> = self.checkpoints.come.iter().map(|(key, come)| (*key, *come)).collect();
        for (key, come) in came.into_iter().filter(|(_, come)| *come < u64::MAX) {
            let since = self.checkpoints.since.get(&key).copied().unwrap_or(0);
            let full = self.checkpoints.fulls.get(&key).copied().unwrap_or(0);
            let noted = self.checkpoints.noted.get(&key).map_or(0, |noted| noted.counter);
            if come == noted && full < since && self.writes_in(key.1, key.0) {
                // The newest counts from a full one that is not shown.
                self.alarm(AlarmKind::Withheld, None, None, Some(key.1));
            }
        }
        self.pull_next(now);
    }

    /// Returns this device's next checkpoint of a ring; `None` if nothing has changed since the
    /// last. Once it is kept, and the server has it, see [`DeviceSync::checkpoint_made`].
    pub fn next_checkpoint(&self, ring: RingId, now: Timestamp) -> Option<Checkpoint> {
        let ids: BTreeSet<_> = self.logs_of(ring).map(|(log, _)| *log).collect();
        let heads = self.logs_of(ring).map(|(log, replica)| (*log, replica.head()));
        let heads: BTreeMap<_, _> = heads.take(MAX_CHECKPOINT_HEADS).collect();
        let key = (ring, self.device);
        let known = self.checkpoints.known(key).map_or(0, |(_, counter)| counter);
        // Also a device that was put back to an older state goes on above what it has said.
        let counter = known.saturating_add(1).max(u64::try_from(now.as_millis()).unwrap_or(0));
        let epoch = self.server_epoch();
        let own = self.checkpoints.own.get(&ring);
        let full = own.and_then(|own| own.full.as_ref()).filter(|full| full.server_epoch == epoch);
        let changed = own.and_then(|own| own.changed.as_ref());
        let changed = changed.filter(|last| full.is_some_and(|full| full.counter == last.since));
        let said: BTreeMap<_, _> =
            full.into_iter().chain(changed).flat_map(|last| last.heads.iter().copied()).collect();
        let practice_head = self.state.head();
        let newest = changed.or(full);
        if heads == said && newest.is_some_and(|newest| newest.practice_head == practice_head) {
            return None;
        }
        let age = |full: &Checkpoint| now.as_millis().saturating_sub(full.time.as_millis());
        let full = full.filter(|full| (0..FULL_MILLIS).contains(&age(full)));
        let of_full: BTreeMap<_, _> = full.iter().flat_map(|f| f.heads.iter().copied()).collect();
        let differs = |(log, head): &(CompartmentId, LogHead)| of_full.get(log) != Some(head);
        let named: Vec<_> = heads.iter().map(|(log, head)| (*log, *head)).collect();
        let new: Vec<_> = named.iter().copied().filter(differs).collect();
        // What names half of them anyway may as well be the next to count from.
        let full = full.filter(|_| new.len() < named.len().div_ceil(2));
        let heads = if full.is_some() { new } else { named };
        // What was seen in an earlier life of the server's files may be gone with them.
        let of_ring = |((of, _), noted): &(&(RingId, DeviceId), &Noted)| {
            *of == ring && noted.server_epoch == epoch
        };
        let noted = self.checkpoints.noted.iter().filter(of_ring);
        let peers = noted.map(|((_, device), noted)| (*device, noted.counter));
        let mut peers: Vec<_> = peers.filter(|(device, _)| *device != self.device).collect();
        peers.truncate(MAX_PEERS);
        Some(Checkpoint {
            counter,
            time: now,
            own: self.outbox.settled(),
            practice_head,
            server_epoch: epoch,
            peers,
            heads,
            since: full.map_or(counter, |full| full.counter),
            ring,
            ring_count: u64::try_from(ids.len()).unwrap_or(u64::MAX),
            ring_digest: ring_digest(&ids),
        })
    }

    /// Returns when this device made its newest one, as far as the server has shown.
    pub fn last_checkpoint(&self) -> Option<Timestamp> {
        let own = self.checkpoints.own.values();
        own.flat_map(|own| own.full.iter().chain(&own.changed)).map(|one| one.time).max()
    }

    /// The server has this device's checkpoint.
    pub fn checkpoint_made(&mut self, checkpoint: &Checkpoint) {
        self.take_own_checkpoint(checkpoint);
    }

    /// Returns what this device says of a ring to another that it lets in.
    pub fn ring_word(&self, ring: RingId) -> RingWord {
        let ids: BTreeSet<_> = self.logs_of(ring).map(|(log, _)| *log).collect();
        let own = self.checkpoints.own.get(&ring);
        let own = own.into_iter().flat_map(|own| own.full.iter().chain(&own.changed));
        RingWord {
            ring,
            counter: own.map(|own| own.counter).max().unwrap_or(0),
            count: u64::try_from(ids.len()).unwrap_or(u64::MAX),
            digest: ring_digest(&ids),
        }
    }

    fn take_own_checkpoint(&mut self, checkpoint: &Checkpoint) {
        let own = self.checkpoints.own.entry(checkpoint.ring).or_default();
        let place = if checkpoint.is_full() { &mut own.full } else { &mut own.changed };
        if place.as_ref().is_none_or(|known| known.counter < checkpoint.counter) {
            *place = Some(checkpoint.clone());
        }
    }

    /// The logs that a ring's checkpoints name. What belongs to one member alone is named
    /// together: that member's devices have all of it, also where a second key is asked for.
    fn logs_of(&self, ring: RingId) -> impl Iterator<Item = (&CompartmentId, &Replica)> {
        let rings = self.state.rings();
        let member = |ring: RingId| {
            let found = rings.get(&ring).filter(|found| found.sole);
            found.and_then(|found| found.stays.keys().next().copied())
        };
        let alone = member(ring);
        let of: BTreeSet<RingId> = match alone {
            None => BTreeSet::from([ring]),
            Some(_) => rings.keys().copied().filter(|other| member(*other) == alone).collect(),
        };
        self.replicas.iter().filter(move |(_, replica)| replica.was_ever_of(&of))
    }

    fn writes_in(&self, device: DeviceId, ring: RingId) -> bool {
        let member = self.state.active_device(device).map(|known| known.member);
        let ring = self.state.rings().get(&ring);
        member.zip(ring).is_some_and(|(member, ring)| ring.stay(member).is_some())
    }

    fn server_epoch(&self) -> ServerEpoch {
        self.state.server().map_or(ServerEpoch::ZERO, |server| server.server_epoch)
    }

    fn learn_end(&mut self, device: DeviceId, own: OwnHead, server_epoch: ServerEpoch) {
        if server_epoch != self.server_epoch() {
            return;
        }
        let number = |own: &OwnHead| (own.dev_inc, own.dev_seq);
        let known = self.checkpoints.ends.get(&device);
        if device != self.device && known.is_none_or(|known| number(known) < number(&own)) {
            self.checkpoints.ends.insert(device, own);
        }
    }

    /// Takes something that has no place in a log.
    pub(super) fn take_beside(&mut self, bytes: &[u8], now: Timestamp) {
        let Ok(envelope) = Envelope::decode(bytes) else { return };
        let log = envelope.header.compartment;
        let checkpoint = envelope.header.kind == Kind::Checkpoint;
        let device = Some(envelope.header.author);
        let rules = self.replicas.get(&log).map(Replica::rules);
        match Checker::check_beside(&self.state, rules, &envelope) {
            Ok(member) => {
                let checked = Box::new(Checked::new(envelope, member, false));
                self.events.push_back(match checkpoint {
                    true => Event::Checkpoint(checked),
                    false => Event::Presence(checked),
                });
            }
            Err(Quarantine::BadSignature) => {
                self.alarm(AlarmKind::Forged, Some(log), None, device);
            }
            Err(Quarantine::NotPermitted(NotPermitted::WrongHead)) => {
                self.alarm(AlarmKind::PracticeFork, None, None, device);
            }
            Err(_) if checkpoint && envelope.header.practice_head.seq > self.state.head().seq => {
                // Its author may be somebody whom only that entry lets in.
                let author = envelope.header.author;
                let kept = self.checkpoints.waits(&envelope, bytes);
                if kept && self.state.devices().contains_key(&author) {
                    let ring = RingId::from_bytes(*log.as_bytes());
                    self.checkpoints.come.insert((ring, author), u64::MAX);
                }
                self.checkpoints.wants |= !kept;
                self.pull_practice(now);
            }
            // A peer with another practice head: its next one will fit.
            Err(_) => {}
        }
    }

    /// The practice log has grown: takes what waited for it.
    pub(super) fn retry_beside(&mut self, now: Timestamp) {
        let head = self.state.head().seq;
        let waiting = std::mem::take(&mut self.checkpoints.waiting);
        let (due, rest) = waiting.into_iter().partition(|(_, waiting)| waiting.cited <= head);
        self.checkpoints.waiting = rest;
        due.into_values().for_each(|one: Waiting| self.take_beside(&one.bytes, now));
    }

    /// The server has given its whole practice log, up to an entry that was known of: whatever
    /// cites it and still waits shows that it is held back.
    pub(super) fn practice_withheld_beside(&mut self, asked: PracticeSeq) {
        let waiting = std::mem::take(&mut self.checkpoints.waiting);
        let (without, rest): (BTreeMap<_, _>, _) =
            waiting.into_iter().partition(|(_, waiting)| waiting.cited <= asked);
        self.checkpoints.waiting = rest;
        let devices: BTreeSet<_> = without.into_keys().map(|(_, device, _)| device).collect();
        for device in devices {
            self.alarm(AlarmKind::Withheld, None, None, Some(device));
        }
    }
}

fn ring_of(checked: &Checked) -> RingId {
    RingId::from_bytes(*checked.header().compartment.as_bytes())
}
