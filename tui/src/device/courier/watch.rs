//! The watch over the server: this device says now and then what it has seen, and compares what
//! the member's other devices say with what it was given itself.

use super::frames::MailFrame;
use super::grid;
use super::inbox::Batch;
use super::parcel::SCHEMA;
use super::{Courier, Errand};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::settings::Timing;
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::envelope::{self, Envelope, Kind};
use tacenda_shared::id::{
    CompartmentId, DeviceId, RingEpoch, RingId, ServerEpoch, SlotGeneration, Timestamp,
};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, RingKey};
use tacenda_shared::log::{Checkpoint, OwnHead};
use tacenda_shared::plaintext;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::device::{Checked, DeviceSync, Event, Noted, RING_WORDS_MAX, RingWord};

/// Between two checkpoints while the link stands. Milliseconds.
const PAUSE: i64 = 15 * 60 * 1_000;
/// More checkpoints than are ever kept in mind.
const NOTED_MAX: usize = 1 << 16;

/// How far the watch is, on the link that stands.
#[derive(Debug, Default)]
pub(super) struct Watch {
    asked: bool,
    /// What the others say has been read.
    read: bool,
    /// When this device says the next.
    due: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Watch {
    pub(super) fn forget_link(&mut self) {
        (self.asked, self.read, self.due) = (false, false, None);
    }

    /// What the others say is read once more.
    pub(super) fn look_again(&mut self) {
        self.asked = false;
    }

    /// Returns when it has something to do.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.filter(|_| self.read)
    }
}

/// What was noted of checkpoints: it outlives the program.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Notebook(BTreeMap<(RingId, DeviceId), Noted>);

impl Notebook {
    pub(super) fn add(&mut self, ring: RingId, device: DeviceId, noted: Noted) {
        self.0.insert((ring, device), noted);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (RingId, DeviceId, Noted)> + '_ {
        self.0.iter().map(|((ring, device), noted)| (*ring, *device, *noted))
    }

    pub(super) fn write(&self, w: &mut Writer) {
        let all: Vec<_> = self.iter().collect();
        w.list(&all, |w, (ring, device, noted)| write_noted(w, *ring, *device, noted));
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let all = r.list(NOTED_MAX, read_noted)?;
        Ok(Self(all.into_iter().map(|(ring, device, noted)| ((ring, device), noted)).collect()))
    }
}

pub(super) fn write_noted(w: &mut Writer, ring: RingId, device: DeviceId, noted: &Noted) {
    w.fixed(ring.as_bytes()).fixed(device.as_bytes()).u64(noted.counter);
    w.fixed(noted.hash.as_bytes()).u32(noted.server_epoch.get());
    noted.own.write(w);
}

pub(super) fn read_noted(r: &mut Reader<'_>) -> Result<(RingId, DeviceId, Noted), CodecError> {
    let (ring, device) = (RingId::from_bytes(r.fixed()?), DeviceId::from_bytes(r.fixed()?));
    let (counter, hash) = (r.u64()?, Hash::from_bytes(r.fixed()?));
    let (server_epoch, own) = (ServerEpoch::new(r.u32()?), OwnHead::read(r)?);
    Ok((ring, device, Noted { counter, hash, server_epoch, own }))
}

impl<F: FileSystem> Device<F> {
    /// Whether anything can be asked and said now.
    pub(super) fn may_watch(&self, courier: &Courier) -> bool {
        courier.current && courier.sync.may_push() && !self.cabinet.is_read_only()
    }

    /// Does what is due: reads what others say once everything is here, then says it in turn.
    pub(super) fn keep_watch(&self, courier: &mut Courier, batch: &mut Batch, now: Timestamp) {
        if !self.may_watch(courier) {
            return;
        }
        let again = courier.watch.read && courier.sync.wants_checkpoints();
        if !courier.watch.asked || again {
            courier.watch.asked = true;
            courier.sync.ask_checkpoints(&self.cabinet.watched(), now);
        }
        if courier.watch.due().is_some_and(|due| due <= now) {
            courier.watch.due = None;
            self.say_checkpoints(courier, batch, now);
        }
    }

    /// The checkpoints that this device owes: they are sent by the next turn, once they are noted.
    fn say_checkpoints(&self, courier: &mut Courier, batch: &mut Batch, now: Timestamp) {
        let on_its_way = |errand: &Errand| match errand {
            Errand::Checkpoint(checkpoint) => Some(checkpoint.ring),
            _ => None,
        };
        // Of two at once, the server might keep the older one.
        let busy: BTreeSet<RingId> = courier.errands.values().filter_map(on_its_way).collect();
        for ring in self.cabinet.watched().into_iter().filter(|ring| !busy.contains(ring)) {
            let Some(checkpoint) = courier.sync.next_checkpoint(ring, now) else { continue };
            let Some(envelope) = self.cabinet.seal_checkpoint(&courier.sync, &checkpoint) else {
                continue;
            };
            let noted = Noted {
                counter: checkpoint.counter,
                hash: envelope.hash(),
                server_epoch: checkpoint.server_epoch,
                own: checkpoint.own,
            };
            let device = self.cabinet.identity.author.device;
            courier.sync.take_noted(ring, device, noted);
            batch.frames.push(DeviceFrame::Mail(MailFrame::Noted { ring, device, noted }));
            courier.words.push((Box::new(checkpoint), envelope));
        }
        courier.watch.last = Some(now);
    }

    /// Before the link ends: says what this device has seen, if it may and has not. Returns whether
    /// something is on its way, and what must be told.
    pub fn say_farewell(&mut self, now: Timestamp) -> Result<(bool, Vec<Notice>), DeviceError> {
        let stands = self.courier.as_ref().is_some_and(|courier| courier.watch.read);
        if stands && let Some(courier) = &mut self.courier {
            courier.watch.due = Some(now);
        }
        let notices = self.dispatch(now)?.notices;
        let mut errands = self.courier.iter().flat_map(|courier| courier.errands.values());
        Ok((errands.any(|errand| matches!(errand, Errand::Checkpoint(_))), notices))
    }

    /// Takes what the other devices say.
    pub(super) fn watched(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        event: Event,
        now: Timestamp,
    ) {
        match event {
            Event::Checkpoint(checked) => self.heed(courier, batch, &checked, now),
            _ => self.checkpoints_read(courier, now),
        }
    }

    /// Takes the word of another device, or of this one from before.
    fn heed(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        checked: &Checked,
        now: Timestamp,
    ) {
        let Some(checkpoint) = self.cabinet.open_checkpoint(checked) else {
            courier.sync.pass_over(checked);
            return;
        };
        let (ring, device) = (checkpoint.ring, checked.device());
        // A clock that is ahead says nothing of tomorrow.
        self.presence.hear(device, checkpoint.time.min(now));
        if let Some(noted) = courier.sync.heed(checked, &checkpoint, now) {
            batch.frames.push(DeviceFrame::Mail(MailFrame::Noted { ring, device, noted }));
        }
    }

    /// What the others say has been read: what is due of it is compared, and this device's turn
    /// comes.
    fn checkpoints_read(&self, courier: &mut Courier, now: Timestamp) {
        courier.sync.compare_checkpoints(now);
        if !courier.watch.read {
            courier.watch.read = true;
            // A clock that was ahead does not silence this device.
            let last = courier.sync.last_checkpoint().filter(|last| *last <= now);
            courier.watch.last = courier.watch.last.max(last);
            self.stir_watch(courier, now);
        }
    }

    /// There is something new that a checkpoint would tell.
    pub(super) fn stir_watch(&self, courier: &mut Courier, now: Timestamp) {
        if courier.watch.due.is_some() || !courier.watch.read {
            return;
        }
        let free = courier.watch.last.map(|last| last.plus_millis(PAUSE)).filter(|at| *at > now);
        courier.watch.due = Some(match (free, self.timing) {
            (Some(free), Timing::Quiet) => grid::next(free, &mut OsRandom),
            (None, Timing::Quiet) => grid::next(now, &mut OsRandom),
            (free, Timing::Live) => free.unwrap_or(now),
        });
    }

    /// Returns what this device says of its rings to another that it lets in.
    pub(super) fn ring_words(&self) -> Vec<RingWord> {
        let Some(courier) = &self.courier else { return Vec::new() };
        let rings = self.cabinet.watched().into_iter().take(RING_WORDS_MAX);
        rings.map(|ring| courier.sync.ring_word(ring)).collect()
    }

    /// Takes what the device said that let this one in.
    pub(crate) fn expect_rings(
        &mut self,
        words: &[RingWord],
        from: DeviceId,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.attach(now)?;
        if let Some(courier) = &mut self.courier {
            words.iter().for_each(|word| courier.sync.expect_ring(*word, from));
        }
        Ok(())
    }
}

impl Courier {
    /// Sends the checkpoints that are noted on the disk.
    pub(super) fn send_words(&mut self, now: Timestamp) {
        for (checkpoint, envelope) in std::mem::take(&mut self.words) {
            let ticket = self.sync.request(Message::ObjectPut(envelope.encode()), now);
            self.errands.insert(ticket, Errand::Checkpoint(checkpoint));
        }
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// The rings whose keys are here all the time.
    fn watched(&self) -> Vec<RingId> {
        let held = self.rings.iter().filter(|(purpose, _)| !purpose.is_behind_second_secret());
        held.map(|(_, held)| held.id).collect()
    }

    fn ring_key(&self, ring: RingId, epoch: RingEpoch) -> Option<&RingKey> {
        self.rings.values().find(|held| held.id == ring)?.key_of(epoch)
    }

    /// Seals a checkpoint under the ring's newest key.
    fn seal_checkpoint(&self, sync: &DeviceSync, checkpoint: &Checkpoint) -> Option<Envelope> {
        let epoch = sync.state().current_epoch(checkpoint.ring)?;
        let key = safe::checkpoint_key(self.ring_key(checkpoint.ring, epoch)?);
        let log = CompartmentId::from_bytes(*checkpoint.ring.as_bytes());
        let mut header = sync.next_header(log, Kind::Checkpoint, checkpoint.object(), SCHEMA);
        header.slot_generation = SlotGeneration::new(epoch.get());
        let content = plaintext::pack(Kind::Checkpoint, SCHEMA, &checkpoint.encode()).ok()?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        envelope::seal(header, key.expose(), &content, &self.keys.sign, &mut hedge).ok()
    }

    fn open_checkpoint(&self, checked: &Checked) -> Option<Checkpoint> {
        let header = checked.header();
        let ring = RingId::from_bytes(*header.compartment.as_bytes());
        let epoch = RingEpoch::new(header.slot_generation.get());
        let key = safe::checkpoint_key(self.ring_key(ring, epoch)?);
        let content = checked.open(key.expose()).ok()?;
        let body = plaintext::unpack(Kind::Checkpoint, &content).ok()?;
        Checkpoint::decode(&body).ok()
    }
}
