//! The open journal: appending, reading, marking, rolling to the next segment.
//!
//! A group is acknowledged only after its sync. After a failed write or sync nothing more is
//! acknowledged until the journal is opened again; only a full disk is forgiven.

use super::disk::FileSystem;
use super::durable::{WriteFailure, is_full, read_up_to, sync_folder, write_durably};
use super::frame::{CHECK_BYTES, COMMIT_BYTES, FRAME_OVERHEAD, HEAD_BYTES, HEADER_BYTES};
use super::frame::{Footer, Form, Head, Header, SegmentId};
use super::frame::{read_frame, read_head, write_commit, write_frame};
use super::{Config, Frame, FrameKind, Location, Lsn};
use super::{FIRST_RESERVED_KIND, MAX_GROUP_BYTES, MAX_PAYLOAD_BYTES, MAX_SEGMENT_BYTES};
use crate::codec::Writer;
use crate::suite::hash;
use aws_lc_rs::digest;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// An open journal. There must be one per folder; its owner holds a lock.
pub struct Journal<F: FileSystem> {
    pub(super) fs: F,
    pub(super) config: Config,
    /// Segments that take no more.
    pub(super) sealed: BTreeMap<u64, Sealed>,
    pub(super) active: Option<Active<F::File>>,
    pub(super) next_lsn: Lsn,
    pub(super) next_group: u64,
    pub(super) next_number: u64,
    /// Ids of segments are derived from this, so that chance comes in once, when opening.
    pub(super) seed: [u8; 32],
    pub(super) state: State,
    pub(super) new_segment_first: bool,
    /// Replaced segments whose files could not be removed. Every later collection names them
    /// again: the one that replaced them may be replaced itself, and its manifest with it.
    pub(super) left: Vec<(u64, SegmentId)>,
    /// Whether a frame of a segment that was not checked when opening turned out to be damaged.
    pub(super) suspect: AtomicBool,
    /// The sealed segment that was read last, still open: who reads one frame reads its
    /// neighbours.
    pub(super) kept_open: Mutex<Option<(u64, F::File)>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Damaged,
    Poisoned,
    Writable,
}

/// What is known of a segment that takes no more.
#[derive(Clone, Copy)]
pub(super) struct Sealed {
    pub(super) id: SegmentId,
    pub(super) first_lsn: Lsn,
    pub(super) first_group: u64,
    pub(super) last_lsn: Lsn,
    pub(super) last_group: u64,
    pub(super) bytes: u64,
    /// Whether its bytes were found to be what was written since the journal was opened.
    pub(super) checked: bool,
}

/// The segment that groups are appended to.
pub(super) struct Active<File> {
    pub(super) file: File,
    pub(super) header: Header,
    /// Where the next group goes.
    pub(super) bytes: u64,
    pub(super) frames: u64,
    /// SHA-256 over `bytes`, so far.
    pub(super) digest: digest::Context,
    pub(super) marked: bool,
}

/// Why a group was not acknowledged.
#[derive(Debug, Error)]
pub enum AppendError {
    /// A group holds at least one frame.
    #[error("the group is empty")]
    Empty,
    /// A write or sync failed; whether the group is on the disk is known after opening again.
    #[error("a write or sync failed")]
    Failed(#[source] io::Error),
    /// There is no room. Nothing of the group stays; appending works again once there is.
    #[error("the disk is full")]
    Full,
    /// The payloads together are longer than [`MAX_GROUP_BYTES`].
    #[error("the group is longer than 16 MiB")]
    GroupTooLong,
    /// A payload is longer than [`MAX_PAYLOAD_BYTES`].
    #[error("a payload is longer than 4 MiB")]
    PayloadTooLong,
    /// An earlier write or sync failed.
    #[error("an earlier write or sync failed; the journal has to be opened again")]
    Poisoned,
    /// The journal is damaged and was opened for reading only.
    #[error("the journal is damaged and can only be read")]
    ReadOnly,
    /// The kind is one of the journal's own.
    #[error("the kind of a frame is reserved")]
    ReservedKind,
}

/// Why a frame was not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The bytes there are not a frame of the user's, or are no longer what was written.
    #[error("no unharmed frame is at offset {offset} of segment {segment}")]
    Damaged {
        /// Number of the segment.
        segment: u64,
        /// Offset in the segment.
        offset: u64,
    },
    /// The disk does not give the bytes.
    #[error("the disk did not give the frame")]
    Disk(#[from] io::Error),
    /// There is no such segment, or it ends earlier.
    #[error("nothing is at that place of the journal")]
    Nowhere,
}

impl<F: FileSystem> Journal<F> {
    /// Appends a group of (kind, payload). When this returns `Ok`, all of the group survives a
    /// power cut; otherwise all or nothing of it may be there after opening again.
    ///
    /// # Errors
    /// See [`AppendError`]; after `Failed` every later append is `Poisoned`.
    pub fn append(&mut self, group: &[(u8, &[u8])]) -> Result<Vec<Location>, AppendError> {
        self.check_writable()?;
        check_limits(group)?;
        self.make_room(encoded_length(group))?;
        let (lsn, number) = (self.next_lsn, self.next_group);
        let active = self.active.as_ref().ok_or(AppendError::Poisoned)?;
        let id = active.header.id;
        let mut out = Writer::new();
        let mut locations = Vec::with_capacity(group.len());
        let mut next = lsn;
        let mut last = lsn;
        for (kind, payload) in group {
            let offset = active.bytes.saturating_add(out.len() as u64);
            locations.push(Location { segment: active.header.number, offset });
            write_frame(&mut out, id, (next, number), FrameKind::any(*kind), payload);
            last = next;
            next = next.next();
        }
        write_commit(&mut out, id, (last, number), group.len());
        self.write_item(out.as_slice())?;
        if let Some(active) = &mut self.active {
            active.frames = active.frames.saturating_add(group.len() as u64);
            active.marked = false;
        }
        self.next_lsn = next;
        self.next_group = number.saturating_add(1);
        Ok(locations)
    }

    /// Writes down that everything so far is synced, unless that is already written: from then on
    /// no harm to it can pass for a torn tail. Due in the first idle second after an append.
    ///
    /// # Errors
    /// As for [`Self::append`].
    pub fn mark(&mut self) -> Result<(), AppendError> {
        self.check_writable()?;
        let (lsn, group) = self.last();
        let Some(active) = self.active.as_ref().filter(|active| !active.marked) else {
            return Ok(());
        };
        let mut out = Writer::new();
        write_frame(&mut out, active.header.id, (lsn, group), FrameKind::MARK, &[]);
        self.write_item(out.as_slice())?;
        if let Some(active) = &mut self.active {
            active.marked = true;
        }
        Ok(())
    }

    /// Ends the active segment, so that the collector can reach what is in it.
    ///
    /// # Errors
    /// As for [`Self::append`].
    pub fn seal_active(&mut self) -> Result<(), AppendError> {
        self.check_writable()?;
        match &self.active {
            Some(active) if active.frames > 0 => self.seal(),
            Some(_) | None => Ok(()),
        }
    }

    /// Marks and closes. Dropping the journal instead loses nothing that was acknowledged.
    ///
    /// # Errors
    /// As for [`Self::append`].
    pub fn close(mut self) -> Result<(), AppendError> {
        if self.is_read_only() { Ok(()) } else { self.mark() }
    }

    /// Reads one frame back and checks it.
    ///
    /// # Errors
    /// See [`ReadError`]. Bytes whose check fails are never returned.
    pub fn read(&self, location: Location) -> Result<Frame, ReadError> {
        let Location { segment, offset } = location;
        if let Some(active) = self.active.as_ref().filter(|a| a.header.number == segment) {
            return self.read_from(&active.file, active.header.id, active.bytes, location);
        }
        let sealed = self.sealed.get(&segment).ok_or(ReadError::Nowhere)?;
        if offset >= sealed.bytes {
            return Err(ReadError::Nowhere);
        }
        // Whoever panicked while holding the file has left it as it was.
        let mut kept = self.kept_open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match kept.take() {
            Some((number, file)) if number == segment => file,
            _ => self.fs.open(&segment_name(segment))?,
        };
        let outcome = self.read_from(&file, sealed.id, sealed.bytes, location);
        *kept = Some((segment, file));
        if !sealed.checked && matches!(outcome, Err(ReadError::Damaged { .. })) {
            // Had it been read when opening, the journal would have been read-only from then on.
            self.suspect.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// Returns whether the journal was found damaged and takes nothing.
    pub fn is_read_only(&self) -> bool {
        self.state == State::Damaged || self.suspect.load(Ordering::Relaxed)
    }

    /// Returns whether a failed write or sync ended all appending until it is opened again.
    pub fn is_poisoned(&self) -> bool {
        self.state == State::Poisoned
    }

    /// Returns how many bytes all segments take.
    pub fn bytes(&self) -> u64 {
        let active = self.active.as_ref().map_or(0, |active| active.bytes);
        self.sealed.values().fold(active, |sum, sealed| sum.saturating_add(sealed.bytes))
    }

    /// Returns how many bytes the segment that takes frames has; 0 if none does.
    pub fn active_bytes(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| active.bytes)
    }

    /// Returns the LSN that the next frame will have.
    pub fn next_lsn(&self) -> Lsn {
        self.next_lsn
    }

    pub(super) fn check_writable(&self) -> Result<(), AppendError> {
        match self.state {
            State::Writable if self.suspect.load(Ordering::Relaxed) => Err(AppendError::ReadOnly),
            State::Damaged => Err(AppendError::ReadOnly),
            State::Poisoned => Err(AppendError::Poisoned),
            State::Writable => Ok(()),
        }
    }

    /// Ends appending; whoever opens the journal again finds out what is on the disk.
    pub(super) fn poison(&mut self, error: io::Error) -> AppendError {
        self.state = State::Poisoned;
        AppendError::Failed(error)
    }

    /// Draws the number and id of a new segment. A number is never used twice.
    pub(super) fn draw_segment(&mut self) -> (u64, SegmentId) {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        let id = hash("tac/journal-segment", &[&self.seed, &number.to_be_bytes()]).truncated();
        (number, SegmentId(id))
    }

    fn last(&self) -> (Lsn, u64) {
        (Lsn::new(self.next_lsn.get().saturating_sub(1)), self.next_group.saturating_sub(1))
    }

    /// Writes one item behind the last and makes it durable. A full disk leaves nothing of it.
    fn write_item(&mut self, bytes: &[u8]) -> Result<(), AppendError> {
        let active = self.active.as_mut().ok_or(AppendError::Poisoned)?;
        match write_durably(&self.fs, &active.file, active.bytes, bytes) {
            Ok(()) => {
                active.digest.update(bytes);
                active.bytes = active.bytes.saturating_add(bytes.len() as u64);
                Ok(())
            }
            Err(WriteFailure::Full) => Err(AppendError::Full),
            Err(WriteFailure::Unknown(error)) => Err(self.poison(error)),
        }
    }

    /// Sees to it that there is an active segment with room for `length` bytes.
    fn make_room(&mut self, length: u64) -> Result<(), AppendError> {
        let limit = self.config.segment_bytes.min(MAX_SEGMENT_BYTES / 2);
        if let Some(active) = &self.active {
            let is_full = active.bytes.saturating_add(length) > limit;
            match (active.frames > 0, self.new_segment_first) {
                (true, true) => self.seal()?,
                (true, false) if is_full => self.seal()?,
                // Nothing was ever kept in it, so it is not sealed but given up.
                (false, true) => {
                    let removed = self.fs.remove(&segment_name(active.header.number));
                    removed.map_err(|error| self.poison(error))?;
                    self.active = None;
                }
                (true | false, false) => {}
            }
        }
        if self.active.is_none() {
            self.create_segment()?;
        }
        self.new_segment_first = false;
        Ok(())
    }

    /// Ends the active segment with a footer.
    fn seal(&mut self) -> Result<(), AppendError> {
        let (last_lsn, last_group) = self.last();
        let Some(active) = &self.active else {
            return Ok(());
        };
        let header = active.header;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(active.digest.clone().finish().as_ref());
        let footer = Footer { frames: active.frames, last_lsn, sha256 }.to_bytes();
        let mut out = Writer::new();
        write_frame(&mut out, header.id, (last_lsn, last_group), FrameKind::FOOTER, &footer);
        self.write_item(out.as_slice())?;
        if let Some(Active { bytes, .. }) = self.active.take() {
            let Header { id, first_lsn, first_group, .. } = header;
            let sealed =
                Sealed { id, first_lsn, first_group, last_lsn, last_group, bytes, checked: true };
            self.sealed.insert(header.number, sealed);
        }
        Ok(())
    }

    fn create_segment(&mut self) -> Result<(), AppendError> {
        let (number, id) = self.draw_segment();
        let header = Header {
            class: self.config.class,
            number,
            first_lsn: self.next_lsn,
            first_group: self.next_group,
            form: Form::Appended,
            id,
        };
        let name = segment_name(number);
        let file = match self.fs.create_new(&name) {
            Ok(file) => file,
            Err(error) if is_full(&error) => return Err(AppendError::Full),
            Err(error) => return Err(self.poison(error)),
        };
        let bytes = header.to_bytes();
        match write_durably(&self.fs, &file, 0, &bytes) {
            Ok(()) => {}
            Err(WriteFailure::Full) => {
                // If even this fails, an empty file stays, which the next opening removes.
                let _left = self.fs.remove(&name);
                return Err(AppendError::Full);
            }
            Err(WriteFailure::Unknown(error)) => return Err(self.poison(error)),
        }
        sync_folder(&self.fs).map_err(|error| self.poison(error))?;
        let mut digest = digest::Context::new(&digest::SHA256);
        digest.update(&bytes);
        let bytes = bytes.len() as u64;
        self.active = Some(Active { file, header, bytes, frames: 0, digest, marked: true });
        Ok(())
    }

    fn read_from(
        &self,
        file: &F::File,
        id: SegmentId,
        end: u64,
        location: Location,
    ) -> Result<Frame, ReadError> {
        let Location { segment, offset } = location;
        let damaged = ReadError::Damaged { segment, offset };
        if offset >= end || offset < HEADER_BYTES as u64 {
            return Err(ReadError::Nowhere);
        }
        let available = usize::try_from(end - offset).unwrap_or(usize::MAX);
        // Most frames are read whole by the first try.
        let mut bytes = read_up_to(&self.fs, file, offset, available.min(FIRST_READ_BYTES))?;
        let Some(head) = read_head(&bytes, id) else {
            return Err(damaged);
        };
        let length = HEAD_BYTES + head.length + CHECK_BYTES;
        if head.kind.is_journal_own() || offset.saturating_add(length as u64) > end {
            return Err(damaged);
        }
        if length > bytes.len() {
            bytes = read_up_to(&self.fs, file, offset, length)?;
        }
        let Some((head, payload)) = read_frame(&bytes, id) else {
            return Err(damaged);
        };
        let Head { lsn, group, kind, .. } = head;
        Ok(Frame { lsn, group, kind, payload: payload.to_vec(), location })
    }
}

/// Returns the name of a segment's file.
pub(super) fn segment_name(number: u64) -> String {
    format!("{number:016x}{SEGMENT_SUFFIX}")
}

fn encoded_length(group: &[(u8, &[u8])]) -> u64 {
    group.iter().fold((FRAME_OVERHEAD + COMMIT_BYTES) as u64, |sum, (_, payload)| {
        sum.saturating_add((FRAME_OVERHEAD + payload.len()) as u64)
    })
}

fn check_limits(group: &[(u8, &[u8])]) -> Result<(), AppendError> {
    if group.is_empty() {
        return Err(AppendError::Empty);
    }
    if group.iter().any(|(kind, _)| *kind >= FIRST_RESERVED_KIND) {
        return Err(AppendError::ReservedKind);
    }
    if group.iter().any(|(_, payload)| payload.len() > MAX_PAYLOAD_BYTES) {
        return Err(AppendError::PayloadTooLong);
    }
    if encoded_length(group) > MAX_GROUP_BYTES as u64 {
        return Err(AppendError::GroupTooLong);
    }
    Ok(())
}

/// So many bytes are read before the length of a frame is known.
const FIRST_READ_BYTES: usize = 2048;
/// What follows the number in the name of a segment.
pub(super) const SEGMENT_SUFFIX: &str = ".seg";
