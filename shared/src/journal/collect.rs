//! Collection: giving back the room of frames that are no longer needed.
//!
//! Live frames are copied, never changed. At every step the folder holds the old segments or the
//! new one, whole. Which frames are live is the caller's to say.

use super::append::{AppendError, Journal, Sealed, segment_name};
use super::disk::FileSystem;
use super::durable::{WriteFailure, sync_folder, write_durably};
use super::frame::{
    COMMIT_BYTES, FRAME_OVERHEAD, Footer, Form, HEADER_BYTES, Header, MAX_RETIRED, Manifest,
};
use super::frame::{SegmentId, write_commit, write_frame};
use super::open::{PART_SUFFIX, read_segment};
use super::scan::scan;
use super::{Frame, FrameKind, FrameRef, Location, Lsn, MAX_SEGMENT_BYTES};
use crate::codec::Writer;
use aws_lc_rs::digest;
use std::convert::Infallible;
use std::io;
use thiserror::Error;

/// What a collection did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Collected {
    /// Frames that lie elsewhere now: from, to.
    pub moved: Vec<(Location, Location)>,
    /// How many bytes the folder became smaller. 0 with nothing moved: there was nothing to do.
    pub freed: u64,
    /// How many replaced files could not be removed yet; the next collection or opening does.
    pub left: usize,
}

/// What is to become of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It goes when its segment is collected, whenever that is worth it.
    Dead,
    /// It has to go now: its segment is collected, however much of it is live.
    Erased,
    /// It stays.
    Live,
}

impl From<bool> for Fate {
    /// Reads `true` as live.
    fn from(is_live: bool) -> Self {
        if is_live { Self::Live } else { Self::Dead }
    }
}

/// Why a collection was not done. The journal is as it was.
#[derive(Debug, Error)]
pub enum CollectError {
    /// A segment is damaged; it is left alone.
    #[error("segment {segment} is damaged")]
    Damaged {
        /// Number of the segment.
        segment: u64,
    },
    /// The disk did not give a segment.
    #[error("the disk did not give a segment")]
    Disk(#[source] io::Error),
    /// The copy was not written.
    #[error("the collected segment was not written")]
    Write(#[from] AppendError),
}

impl<F: FileSystem> Journal<F> {
    /// Replaces one run of neighbouring sealed segments by one that holds only what is live.
    ///
    /// A segment takes part if less than half of it is live, if something in it is erased, or if
    /// it is small and has a neighbour that takes part. Call it again until nothing is moved and
    /// nothing freed. `judge` is asked about the frames of sealed segments only; to reach what is
    /// in the active one, call [`Self::seal_active`] first.
    ///
    /// # Errors
    /// See [`CollectError`]. After a failed sync the journal is poisoned.
    pub fn collect<V: Into<Fate>>(
        &mut self,
        judge: &mut dyn FnMut(&FrameRef<'_>) -> V,
    ) -> Result<Collected, CollectError> {
        self.check_writable()?;
        let Some(run) = self.next_run(&mut |frame| judge(frame).into())? else {
            return Ok(Collected::default());
        };
        let (number, id) = self.draw_segment();
        let members = run.members.iter().map(|member| (member.number, member.sealed.id));
        let retired: Vec<_> = members.chain(self.left.iter().copied()).collect();
        let copy = Copy::of(&run, &retired, (number, id), self.config.class);
        self.commit(&run, &copy)?;
        Ok(self.retire(&run, retired, copy))
    }

    /// Replaces every run of neighbouring sealed segments that hold nothing live by one that holds
    /// nothing, without reading any; returns how many bytes the folder became smaller. `is_dead`
    /// is asked, by number, about segments that were found to be sound.
    ///
    /// # Errors
    /// See [`CollectError`]. After a failed sync the journal is poisoned.
    pub fn retire_dead(&mut self, is_dead: &dyn Fn(u64) -> bool) -> Result<u64, CollectError> {
        let mut freed = 0_u64;
        loop {
            self.check_writable()?;
            let Some(run) = self.next_dead_run(is_dead) else { return Ok(freed) };
            let (number, id) = self.draw_segment();
            let members = run.members.iter().map(|member| (member.number, member.sealed.id));
            let retired: Vec<_> = members.chain(self.left.iter().copied()).collect();
            let copy = Copy::of(&run, &retired, (number, id), self.config.class);
            self.commit(&run, &copy)?;
            freed = freed.saturating_add(self.retire(&run, retired, copy).freed);
        }
    }

    fn next_dead_run(&self, is_dead: &dyn Fn(u64) -> bool) -> Option<Run> {
        let mut order: Vec<(u64, Sealed)> = self.sealed.iter().map(|(n, s)| (*n, *s)).collect();
        order.sort_by_key(|(_, sealed)| sealed.first_lsn);
        let worth = |run: &Run| {
            let bytes = run.members.iter().fold(0_u64, |sum, m| sum.saturating_add(m.sealed.bytes));
            bytes >= DEAD_BYTES || run.members.len() >= DEAD_SEGMENTS
        };
        let mut run = Run::default();
        for (number, sealed) in order {
            let fits = run.members.len().saturating_add(self.left.len()) < MAX_RETIRED;
            if sealed.checked && fits && is_dead(number) {
                let frames = Vec::new();
                run.push(Member { number, sealed, frames, live_bytes: 0, is_urgent: false });
                continue;
            }
            if worth(&run) {
                break;
            }
            run = Run::default();
        }
        worth(&run).then_some(run)
    }

    /// Finds the first run worth replacing, with its live frames.
    fn next_run(
        &self,
        judge: &mut dyn FnMut(&FrameRef<'_>) -> Fate,
    ) -> Result<Option<Run>, CollectError> {
        let mut order: Vec<(u64, Sealed)> = self.sealed.iter().map(|(n, s)| (*n, *s)).collect();
        order.sort_by_key(|(_, sealed)| sealed.first_lsn);
        let limit = self.config.segment_bytes.min(MAX_SEGMENT_BYTES / 2);
        let mut run = Run::default();
        for (number, sealed) in order {
            let member = self.weigh(number, sealed, judge)?;
            let is_small = sealed.bytes.saturating_mul(SMALL) < limit;
            let takes_part = member.is_worth_it() || is_small;
            let fits = run.live_bytes.saturating_add(member.live_bytes) <= limit
                && run.members.len().saturating_add(self.left.len()) < MAX_RETIRED;
            if takes_part && fits {
                run.push(member);
                continue;
            }
            if run.is_worth_it() {
                break;
            }
            run = Run::default();
            if takes_part {
                run.push(member);
            }
        }
        Ok(run.is_worth_it().then_some(run))
    }

    fn weigh(
        &self,
        number: u64,
        sealed: Sealed,
        judge: &mut dyn FnMut(&FrameRef<'_>) -> Fate,
    ) -> Result<Member, CollectError> {
        let bytes = read_segment(&self.fs, number).map_err(CollectError::Disk)?;
        let damaged = CollectError::Damaged { segment: number };
        let Some(header) = Header::parse(&bytes).filter(|header| header.id == sealed.id) else {
            return Err(damaged);
        };
        let mut member =
            Member { number, sealed, frames: Vec::new(), live_bytes: 0, is_urgent: false };
        let Ok(found) = scan::<Infallible>(&bytes, &header, false, &mut |frame| {
            let fate = judge(&frame);
            member.is_urgent |= fate == Fate::Erased;
            if fate == Fate::Live {
                let mut length = FRAME_OVERHEAD + frame.payload.len();
                if member.frames.last().is_none_or(|last| last.group != frame.group) {
                    length += FRAME_OVERHEAD + COMMIT_BYTES;
                }
                member.live_bytes = member.live_bytes.saturating_add(length as u64);
                member.frames.push(frame.to_frame());
            }
            Ok(())
        });
        if found.damage.is_empty() { Ok(member) } else { Err(damaged) }
    }

    /// Writes the copy beside the originals; the rename makes it count.
    fn commit(&mut self, run: &Run, copy: &Copy) -> Result<(), CollectError> {
        let part = format!("{:016x}{PART_SUFFIX}", copy.number);
        let written = self.fs.create_new(&part).map_err(WriteFailure::from);
        let written = written.and_then(|file| write_durably(&self.fs, &file, 0, &copy.bytes));
        match written {
            Ok(()) => {}
            Err(failure) => {
                // If even this fails, the next opening removes it.
                let _left = self.fs.remove(&part);
                return Err(match failure {
                    WriteFailure::Full => AppendError::Full.into(),
                    WriteFailure::Unknown(error) => self.poison(error).into(),
                });
            }
        }
        let renamed = self.fs.rename(&part, &segment_name(copy.number));
        renamed.map_err(|error| self.poison(error))?;
        sync_folder(&self.fs).map_err(|error| self.poison(error))?;
        let (Some(first), Some(last)) = (run.members.first(), run.members.last()) else {
            return Ok(());
        };
        let sealed = Sealed {
            id: copy.id,
            first_lsn: first.sealed.first_lsn,
            first_group: first.sealed.first_group,
            last_lsn: last.sealed.last_lsn,
            last_group: last.sealed.last_group,
            bytes: copy.bytes.len() as u64,
            checked: true,
        };
        self.sealed.insert(copy.number, sealed);
        Ok(())
    }

    /// Removes what the committed copy replaces. Nothing here can lose anything any more.
    fn retire(&mut self, run: &Run, retired: Vec<(u64, SegmentId)>, copy: Copy) -> Collected {
        let mut before = 0_u64;
        for member in &run.members {
            before = before.saturating_add(member.sealed.bytes);
            self.sealed.remove(&member.number);
        }
        self.left = retired;
        let fs = &self.fs;
        self.left.retain(|(number, _)| match fs.remove(&segment_name(*number)) {
            Ok(()) => false,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        });
        if let Err(error) = sync_folder(&self.fs) {
            self.poison(error);
        }
        let freed = before.saturating_sub(copy.bytes.len() as u64);
        Collected { moved: copy.moved, freed, left: self.left.len() }
    }
}

/// A sealed segment and what is live in it.
struct Member {
    number: u64,
    sealed: Sealed,
    frames: Vec<Frame>,
    live_bytes: u64,
    /// Whether something in it is erased.
    is_urgent: bool,
}

impl Member {
    fn is_worth_it(&self) -> bool {
        // Measured by what would be left of it, so that what was just collected is not again.
        self.is_urgent
            || self.live_bytes.saturating_add(EMPTY_BYTES).saturating_mul(2) < self.sealed.bytes
    }
}

/// Neighbouring segments that one will replace.
#[derive(Default)]
struct Run {
    members: Vec<Member>,
    live_bytes: u64,
}

impl Run {
    fn push(&mut self, member: Member) {
        self.live_bytes = self.live_bytes.saturating_add(member.live_bytes);
        self.members.push(member);
    }

    fn is_worth_it(&self) -> bool {
        self.members.len() > 1 || self.members.iter().any(Member::is_worth_it)
    }
}

/// The bytes of a collected segment.
struct Copy {
    number: u64,
    id: SegmentId,
    bytes: Vec<u8>,
    moved: Vec<(Location, Location)>,
}

impl Copy {
    fn of(
        run: &Run,
        retired: &[(u64, SegmentId)],
        (number, id): (u64, SegmentId),
        class: [u8; 8],
    ) -> Self {
        let first = run.members.first().map(|member| member.sealed);
        let last = run.members.last().map(|member| member.sealed);
        let (first_lsn, first_group) =
            first.map_or((Lsn::new(1), 1), |sealed| (sealed.first_lsn, sealed.first_group));
        let (last_lsn, last_group) =
            last.map_or((first_lsn, first_group), |sealed| (sealed.last_lsn, sealed.last_group));
        let form = Form::Collected;
        let header = Header { class, number, first_lsn, first_group, form, id };
        let mut out = Writer::new();
        out.fixed(&header.to_bytes());
        let manifest = Manifest { retired: retired.to_vec() }.to_bytes();
        write_frame(&mut out, id, (first_lsn, first_group), FrameKind::MANIFEST, &manifest);

        let frames: Vec<&Frame> = run.members.iter().flat_map(|member| &member.frames).collect();
        let mut moved = Vec::with_capacity(frames.len());
        for group in frames.chunk_by(|one, next| one.group == next.group) {
            let mut item = Writer::new();
            let mut last = (first_lsn, first_group);
            for frame in group {
                let offset = out.len().saturating_add(item.len()) as u64;
                moved.push((frame.location, Location { segment: number, offset }));
                last = (frame.lsn, frame.group);
                write_frame(&mut item, id, last, frame.kind, &frame.payload);
            }
            write_commit(&mut item, id, last, group.len());
            out.fixed(item.as_slice());
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest::digest(&digest::SHA256, out.as_slice()).as_ref());
        let footer = Footer { frames: frames.len() as u64, last_lsn, sha256 }.to_bytes();
        write_frame(&mut out, id, (last_lsn, last_group), FrameKind::FOOTER, &footer);
        Self { number, id, bytes: out.into_bytes(), moved }
    }
}

/// Dead neighbours are replaced from this size on, far above what replaces them,
const DEAD_BYTES: u64 = 32 << 10;
/// or from this number on, since each is a file.
const DEAD_SEGMENTS: usize = 8;
/// A segment is small below one part in this many of the configured size.
const SMALL: u64 = 4;
/// Length of a collected segment that replaces one and holds nothing: header, manifest of one
/// entry, footer.
const EMPTY_BYTES: u64 = (HEADER_BYTES + FRAME_OVERHEAD + 28 + FRAME_OVERHEAD + 48) as u64;
