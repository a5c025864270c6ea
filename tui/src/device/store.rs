//! Sealed frames on the disk, and the index over them in memory.
//!
//! The journal below keeps bytes; this seals each frame under the device's own key, bound to its
//! place in the order, so that frames can be neither read, nor moved, nor left out unseen.

use super::frame::DeviceFrame;
use super::locations::Locations;
use std::collections::BTreeSet;
use std::io;
use tacenda_shared::codec::CodecError;
use tacenda_shared::id::ObjectId;
use tacenda_shared::journal::{
    AppendError, CollectError, Config, Damage, FileSystem, FrameRef, Journal, Location, Lsn,
    MAX_PAYLOAD_BYTES, NewestFirst, OpenError, ReadError, Segment, Torn, Vouched, Wanted,
};
use tacenda_shared::random::Random;
use tacenda_shared::seal::{self, Hedge, SALT_LENGTH, SecretKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// Segments of this size are rolled; large enough to be few, small enough to be copied quickly.
const SEGMENT_BYTES: u64 = 16 << 20;
/// An index is cut into parts of this size.
const CHECKPOINT_PART_BYTES: usize = 1 << 20;
/// An index is written when so many frames came since the last: an unlock reads that many one by
/// one in a few milliseconds.
const CHECKPOINT_FRAMES: usize = 1_024;
/// Or when it is smaller than this for each of them. An index grows with the practice, and one for
/// each lock would soon be most of the folder.
const CHECKPOINT_BYTES_EACH: usize = 1 << 10;
/// Behind so much, an index begins a segment of its own.
const OWN_SEGMENT_BYTES: u64 = 256 << 10;
/// Frames that do not belong together go to the disk in groups of about this size.
const APART_BYTES: usize = 4 << 20;
/// More than sealing adds to a frame.
const SEAL_BYTES: usize = 256;
/// The one kind that the journal sees: what a frame is, is inside.
const SEALED_FRAME: u8 = 1;
const LABEL: &str = "tac/frame/v1";

/// The frames of one device.
pub struct Store<F: FileSystem> {
    journal: Journal<F>,
    seal: FrameSeal,
    locations: Locations,
    /// Segments of the journal in which the newest checkpoint lies.
    index_segments: BTreeSet<u64>,
    /// Frames since the last checkpoint, which an unlock would have to read one by one.
    since_checkpoint: usize,
    /// Whether the index knows what no frame tells.
    tells_more: bool,
    /// Frames that are whole and do not open or read.
    unreadable: usize,
}

/// What opening found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Opened {
    /// A tail that was never acknowledged and was cut.
    pub torn: Option<Torn>,
    /// Places where bytes are not what was written; the store is then read-only.
    pub damage: Vec<Damage>,
}

/// Why frames cannot be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A frame does not open: it was altered, moved, or belongs to another device.
    #[error("a frame of the journal does not open")]
    Altered,
    /// The journal took nothing.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A frame opens but does not read: this version and the one that wrote it disagree.
    #[error("a frame of the journal does not read")]
    Malformed(#[from] CodecError),
    /// No ring of this device gives the key.
    #[error("this device has no key to it")]
    NoKey,
    /// The journal's folder does not open.
    #[error("the journal does not open")]
    Open(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The journal did not give the frame.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl<F: FileSystem> Store<F> {
    /// Opens the frames of class `class` under `key`, and rebuilds the index: from the newest
    /// checkpoint, and from what follows it frame by frame. What the checkpoint covers is not read
    /// now, unless something looks wrong; see [`Self::check_next`] and [`Vouched`].
    pub fn open(
        files: F,
        class: [u8; 8],
        key: SecretKey,
        vouched: &Vouched,
        random: &mut dyn Random,
    ) -> Result<(Self, Opened), StoreError> {
        let config = Config { segment_bytes: SEGMENT_BYTES, new_segment_on_open: true, class };
        let seal = FrameSeal { class, key };
        let mut found = Rebuild::default();
        let mut visit = |frame: FrameRef<'_>| {
            Ok::<_, CodecError>(found.take(frame.location, seal.open(frame.lsn, frame.payload)))
        };
        let opened = Journal::open_newest_first(files, config, random, vouched, &mut visit);
        let (journal, opened) = match opened.map_err(not_open)? {
            NewestFirst::Opened(journal, opened) => (*journal, opened),
            NewestFirst::Doubtful(files) => {
                found = Rebuild::default();
                read_everything(files, config, &seal, &mut found, random)?
            }
        };
        let report = Opened { torn: opened.torn, damage: opened.damage };
        let index_segments = std::mem::take(&mut found.index_segments);
        let (locations, since_checkpoint, unreadable) = found.finish();
        let store = Self {
            journal,
            seal,
            locations,
            index_segments,
            since_checkpoint,
            tells_more: false,
            unreadable,
        };
        Ok((store, report))
    }

    /// Returns whether something that is stored does not read; then nothing new is written.
    pub fn is_read_only(&self) -> bool {
        self.journal.is_read_only() || self.unreadable > 0
    }

    /// Returns whether older segments still have to be compared with what was written.
    pub fn has_unchecked(&self) -> bool {
        self.journal.has_unchecked()
    }

    /// Compares one more segment with what was written; returns whether it was sound, and nothing
    /// when all are checked. If it was not, nothing new is written from then on.
    pub fn check_next(&mut self) -> Option<bool> {
        self.journal.check_next().map(|damage| damage.is_empty())
    }

    /// Appends frames as one group: all of them are on the disk when this returns, or none.
    pub fn append(
        &mut self,
        frames: &[DeviceFrame],
        hedge: &mut Hedge<'_>,
    ) -> Result<(), StoreError> {
        if self.unreadable > 0 {
            return Err(AppendError::ReadOnly.into());
        }
        let mut lsn = self.journal.next_lsn();
        let mut payloads = Vec::with_capacity(frames.len());
        for frame in frames {
            let plain = Zeroizing::new(frame.encode());
            payloads.push(self.seal.seal(lsn, &plain, hedge)?);
            lsn = lsn.next();
        }
        let group: Vec<_> =
            payloads.iter().map(|payload| (SEALED_FRAME, payload.as_slice())).collect();
        let places = self.journal.append(&group)?;
        for (frame, location) in frames.iter().zip(places) {
            if let DeviceFrame::Checkpoint { part: 1, .. } = frame {
                self.index_segments.clear();
            }
            if let DeviceFrame::Checkpoint { .. } = frame {
                self.index_segments.insert(location.segment);
            }
            self.locations.add(frame, location);
        }
        self.since_checkpoint = self.since_checkpoint.saturating_add(frames.len());
        Ok(())
    }

    /// Appends frames that do not belong together, in as many groups as they need. What no group
    /// can hold is left out.
    pub fn append_apart(
        &mut self,
        frames: Vec<DeviceFrame>,
        hedge: &mut Hedge<'_>,
    ) -> Result<(), StoreError> {
        let all: usize = frames.iter().map(|frame| frame.encode().len()).sum();
        if all as u64 > OWN_SEGMENT_BYTES {
            // What is replaced together goes together, with the file that it lies in.
            self.journal.seal_active()?;
        }
        let mut group = Vec::new();
        let mut bytes = 0_usize;
        for frame in frames {
            let length = frame.encode().len();
            if length.saturating_add(SEAL_BYTES) > MAX_PAYLOAD_BYTES {
                continue;
            }
            if !group.is_empty() && bytes.saturating_add(length) > APART_BYTES {
                self.append(&group, hedge)?;
                group.clear();
                bytes = 0;
            }
            bytes = bytes.saturating_add(length);
            group.push(frame);
        }
        if group.is_empty() { Ok(()) } else { self.append(&group, hedge) }
    }

    /// Appends, as one group, frames that go all together before long: if they are large, into a file
    /// of their own.
    pub fn append_for_now(
        &mut self,
        frames: &[DeviceFrame],
        hedge: &mut Hedge<'_>,
    ) -> Result<(), StoreError> {
        let all: usize = frames.iter().map(|frame| frame.encode().len()).sum();
        let apart = all as u64 > OWN_SEGMENT_BYTES;
        if apart {
            self.journal.seal_active()?;
        }
        self.append(frames, hedge)?;
        if apart {
            self.journal.seal_active()?;
        }
        Ok(())
    }

    /// Forgets that keystrokes of a draft wait for a change.
    pub fn forget_keystrokes(&mut self, draft: ObjectId) {
        self.tells_more |= self.locations.forget_keystrokes(draft);
    }

    /// Reads and opens one frame.
    pub fn read(&self, location: Location) -> Result<DeviceFrame, StoreError> {
        let frame = self.journal.read(location)?;
        self.seal.open(frame.lsn, &frame.payload)
    }

    /// Writes the index as it stands, so that the next unlock need not read what came before;
    /// not while that is little.
    pub fn checkpoint(&mut self, hedge: &mut Hedge<'_>) -> Result<(), StoreError> {
        let whole = self.locations.encode();
        let small = whole.len() <= self.since_checkpoint.saturating_mul(CHECKPOINT_BYTES_EACH);
        if !small && self.since_checkpoint < CHECKPOINT_FRAMES && !self.tells_more {
            return Ok(());
        }
        let chunks: Vec<_> = whole.chunks(CHECKPOINT_PART_BYTES).collect();
        let parts = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let frames: Vec<_> = (1..)
            .zip(chunks)
            .map(|(part, bytes)| DeviceFrame::Checkpoint { part, parts, bytes: bytes.to_vec() })
            .collect();
        if self.journal.active_bytes() > OWN_SEGMENT_BYTES {
            // An unlock reads the whole segment in which it finds the index.
            self.journal.seal_active()?;
        }
        // A group has a limit, so a large index takes several.
        for group in frames.chunks(8) {
            self.append(group, hedge)?;
        }
        self.since_checkpoint = 0;
        self.tells_more = false;
        Ok(())
    }

    /// Returns the journal, for tests that collect as if much had been written.
    #[cfg(test)]
    pub(super) fn journal_mut(&mut self) -> &mut Journal<F> {
        &mut self.journal
    }

    /// Returns the journal's segments, for a backup.
    pub fn segments(&self) -> Vec<Segment> {
        self.journal.segments()
    }

    /// Reads bytes of a segment as they lie on the disk: sealed.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn copy(&self, segment: u64, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.journal.copy(segment, offset, length)
    }

    /// Returns the number that the next frame of the journal will have.
    pub fn next_lsn(&self) -> Lsn {
        self.journal.next_lsn()
    }

    /// Gives back the room of segments in which everything was replaced: old indexes and read
    /// models. To be called once an index is on the disk; nothing that is needed is moved.
    pub fn collect(&mut self) -> Result<(), StoreError> {
        if self.is_read_only() {
            return Ok(());
        }
        let mut needed = self.locations.needed_segments();
        needed.extend(&self.index_segments);
        match self.journal.retire_dead(&|number| !needed.contains(&number)) {
            // Without room for the little that takes their place, they stay for now.
            Ok(_) | Err(CollectError::Write(AppendError::Full)) => Ok(()),
            Err(error) => Err(StoreError::Open(Box::new(error))),
        }
    }

    /// Returns how many frames an unlock would have to read one by one.
    pub fn since_checkpoint(&self) -> usize {
        self.since_checkpoint
    }

    /// Closes the journal in order.
    pub fn close(self) -> Result<(), StoreError> {
        Ok(self.journal.close()?)
    }

    /// Returns where everything lies.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }
}

/// What every frame is sealed with, bound to its number in the order.
struct FrameSeal {
    class: [u8; 8],
    key: SecretKey,
}

impl FrameSeal {
    fn seal(&self, lsn: Lsn, plain: &[u8], hedge: &mut Hedge<'_>) -> Result<Vec<u8>, StoreError> {
        let sealed = seal::seal(self.key.expose(), LABEL, &self.context(lsn), plain, hedge)
            .map_err(|_| StoreError::Altered)?;
        let mut payload = sealed.salt.to_vec();
        payload.extend_from_slice(&sealed.ciphertext);
        Ok(payload)
    }

    fn open(&self, lsn: Lsn, payload: &[u8]) -> Result<DeviceFrame, StoreError> {
        let (salt, ciphertext) =
            payload.split_first_chunk::<SALT_LENGTH>().ok_or(StoreError::Altered)?;
        let plain = seal::open(self.key.expose(), LABEL, &self.context(lsn), salt, ciphertext)
            .map_err(|_| StoreError::Altered)?;
        Ok(DeviceFrame::decode(&plain)?)
    }

    fn context(&self, lsn: Lsn) -> Vec<u8> {
        let mut context = self.class.to_vec();
        context.extend_from_slice(&lsn.get().to_be_bytes());
        context
    }
}

/// The index as it is put together, from the newest frame back to the newest whole checkpoint.
/// What is passed on the way is kept, so that no frame is opened twice.
#[derive(Default)]
struct Rebuild {
    after: Vec<(DeviceFrame, Location)>,
    /// Parts of the checkpoint that is being read, the last one first.
    parts: Vec<Vec<u8>>,
    missing: u32,
    index_segments: BTreeSet<u64>,
    locations: Locations,
    unreadable: usize,
}

impl Rebuild {
    /// Takes the frame before the last one that was given.
    fn take(&mut self, location: Location, frame: Result<DeviceFrame, StoreError>) -> Wanted {
        match frame {
            Ok(DeviceFrame::Checkpoint { part, parts, bytes }) => {
                if part == parts {
                    self.parts.clear();
                    self.index_segments.clear();
                    self.missing = parts;
                }
                // Parts of one that was cut off have no last part, and are passed over.
                if part == self.missing && self.missing > 0 {
                    self.index_segments.insert(location.segment);
                    self.parts.push(bytes);
                    self.missing -= 1;
                    if self.missing == 0 && self.take_checkpoint() {
                        return Wanted::Enough;
                    }
                }
            }
            Ok(frame) => self.after.push((frame, location)),
            // The rest of the practice does not depend on it.
            Err(_) => self.unreadable += 1,
        }
        Wanted::Older
    }

    /// Takes the index from the parts of a checkpoint. One that does not read is passed over: the
    /// frames before it say the same.
    fn take_checkpoint(&mut self) -> bool {
        let whole: Vec<u8> = self.parts.drain(..).rev().flatten().collect();
        match Locations::decode(&whole) {
            Ok(locations) => {
                self.locations = locations;
                true
            }
            Err(_) => false,
        }
    }

    fn finish(mut self) -> (Locations, usize, usize) {
        for (frame, location) in self.after.iter().rev() {
            self.locations.add(frame, *location);
        }
        (self.locations, self.after.len(), self.unreadable)
    }
}

/// Opens a journal in which something is not as it should be: all of it is read and checked.
fn read_everything<F: FileSystem>(
    files: F,
    config: Config,
    seal: &FrameSeal,
    found: &mut Rebuild,
    random: &mut dyn Random,
) -> Result<(Journal<F>, tacenda_shared::journal::Opened), StoreError> {
    let mut places: Vec<Location> = Vec::new();
    let mut visit = |frame: FrameRef<'_>| {
        places.push(frame.location);
        Ok::<(), CodecError>(())
    };
    let (journal, opened) = Journal::open(files, config, random, &mut visit).map_err(not_open)?;
    for location in places.into_iter().rev() {
        let frame = journal.read(location).map_err(StoreError::from);
        let frame = frame.and_then(|frame| seal.open(frame.lsn, &frame.payload));
        if found.take(location, frame) == Wanted::Enough {
            break;
        }
    }
    Ok((journal, opened))
}

fn not_open(error: OpenError<CodecError>) -> StoreError {
    StoreError::Open(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::chance::OsRandom;
    use tacenda_shared::id::{CompartmentId, SlotGeneration};
    use tacenda_shared::journal::simulated::SimulatedFs;
    use tacenda_shared::seal::Sealed;

    fn open(disk: &SimulatedFs) -> Store<SimulatedFs> {
        let key = SecretKey::from_bytes([7; 32]);
        Store::open(disk.clone(), *b"tac-test", key, &Vouched::default(), &mut OsRandom).unwrap().0
    }

    fn entries(count: usize) -> Vec<DeviceFrame> {
        (0..count).map(|_| DeviceFrame::Entry(vec![1; 40])).collect()
    }

    fn append(store: &mut Store<SimulatedFs>, count: usize) {
        let key = SecretKey::from_bytes([8; 32]);
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &key, random: &mut random };
        store.append(&entries(count), &mut hedge).unwrap();
        store.checkpoint(&mut hedge).unwrap();
    }

    #[test]
    fn what_many_frames_made_is_not_written_again_for_a_few() {
        let disk = SimulatedFs::new(1);
        let mut store = open(&disk);
        append(&mut store, 3_000);
        assert_eq!(store.since_checkpoint(), 0);
        let index = store.locations().encode().len() as u64;
        store.close().unwrap();

        for round in 1..=5 {
            let mut store = open(&disk);
            assert_eq!(store.since_checkpoint(), (round - 1) * 3);
            let before = disk.used();
            append(&mut store, 3);
            assert!(disk.used() - before < index / 10, "round {round}");
            assert_eq!(store.locations().entries().len(), 3_000 + round * 3);
            store.close().unwrap();
        }
    }

    #[test]
    fn what_was_replaced_does_not_pile_up_over_many_visits() {
        let disk = SimulatedFs::new(1);
        let compartment = CompartmentId::from_bytes([9; 16]);
        let model = |round: usize| DeviceFrame::Segment {
            compartment,
            generation: SlotGeneration::ZERO,
            sealed: Sealed {
                salt: [0; SALT_LENGTH],
                ciphertext: vec![u8::try_from(round).unwrap_or(u8::MAX); 300 << 10],
            },
        };
        append(&mut open(&disk), 6_000);
        let mut sizes = Vec::new();
        for round in 0..200 {
            let mut store = open(&disk);
            let key = SecretKey::from_bytes([8; 32]);
            let mut random = OsRandom;
            let mut hedge = Hedge { key: &key, random: &mut random };
            store.append(&entries(1), &mut hedge).unwrap();
            store.append_apart(vec![model(round)], &mut hedge).unwrap();
            if round % 10 == 0 {
                store.append(&entries(100), &mut hedge).unwrap();
            }
            store.checkpoint(&mut hedge).unwrap();
            store.collect().unwrap();
            let kept = store.read(store.locations().segment(compartment).unwrap()).unwrap();
            assert_eq!(kept, model(round));
            assert_eq!(store.locations().entries().len(), 6_001 + round + (round / 10 + 1) * 100);
            store.close().unwrap();
            sizes.push(disk.used());
        }

        let most = sizes.iter().max().unwrap();
        // Sixty megabytes of models alone were written.
        assert!(*most < 12 << 20, "{most} bytes");
    }

    #[test]
    fn small_visits_are_summed_up_once_they_outweigh_the_index() {
        let disk = SimulatedFs::new(1);
        let mut store = open(&disk);
        append(&mut store, 20_000);
        append(&mut store, 200);
        assert_eq!(store.since_checkpoint(), 200);
        append(&mut store, 200);
        assert_eq!(store.since_checkpoint(), 0);
        store.close().unwrap();

        assert_eq!(open(&disk).locations().entries().len(), 20_400);
    }
}
