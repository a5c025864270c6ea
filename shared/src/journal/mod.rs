//! What was acknowledged survives: append-only segment files with group commit, recovery and
//! collection, for the server and for a device.
//!
//! This is the only room of `shared` that touches the disk, through [`FileSystem`]. It knows
//! nothing of what it keeps; on a device the caller seals every payload first. It never retries a
//! sync, never cuts anything but a tail that cannot have been acknowledged, and never hands out
//! bytes whose check fails.
//!
//! # On disk
//!
//! One folder (mode 0700) of segment files (0600), named by their number in 16 lower-case
//! hexadecimal digits and `.seg`. All numbers are big-endian. CRC-32 is that of IEEE 802.3
//! (zlib's `crc32`).
//!
//! **Segment**: a header of 64 bytes, then frames.
//!
//! | offset | bytes | header |
//! |---|---|---|
//! | 0 | 8 | `TACJRNL1` |
//! | 8 | 8 | class: whose journal it is; another class is refused |
//! | 16 | 8 | number of the segment, as in its name |
//! | 24 | 8 | first LSN that it answers for |
//! | 32 | 8 | first group that it answers for |
//! | 40 | 1 | form: 0 appended, 1 collected |
//! | 41 | 3 | zero |
//! | 44 | 16 | random id, which never leaves the machine |
//! | 60 | 4 | CRC-32 over bytes 0 to 60 |
//!
//! **Frame**: 29 bytes and the payload of n bytes (at most 4 MiB).
//!
//! | offset | bytes | frame |
//! |---|---|---|
//! | 0 | 8 | LSN |
//! | 8 | 8 | group |
//! | 16 | 1 | kind: 0x00 to 0xef are the user's, 0xf0 to 0xff the journal's own |
//! | 17 | 4 | n |
//! | 21 | 4 | CRC-32 over the segment's id and bytes 0 to 21 |
//! | 25 | n | payload |
//! | 25 + n | 4 | CRC-32 over the segment's id and bytes 0 to 25 + n |
//!
//! The user's frames are numbered from LSN 1 without gaps, groups likewise from 1; no group spans
//! two segments. A frame of the journal's own carries the LSN and group of the last user's frame
//! before it:
//!
//! | kind | name | meaning | payload |
//! |---|---|---|---|
//! | 0xf0 | commit | ends a group; without it the group is not there | 8 bytes |
//! | 0xf1 | mark | everything before it is known to be synced | none |
//! | 0xf2 | footer | the segment takes no more | 48 bytes |
//! | 0xf3 | manifest | first frame of a collected segment: what it replaces | 4 + 24 m |
//!
//! - commit: count of the group's frames (4), CRC-32 over the segment's id and all bytes of those
//!   frames (4)
//! - footer: count of the user's frames in the segment (8), last LSN that it answers for (8),
//!   SHA-256 of all bytes before the footer (32)
//! - manifest: m (4), then for each replaced segment its number (8) and id (16)
//!
//! Kinds 0xf4 to 0xff are kept and handed on, as members of their group.
//!
//! **Order.** Segments are ordered by first LSN. Each answers for the LSNs from its header's to
//! its footer's; the ranges join without a gap. All but the last have a footer; only the last may
//! be torn. A file of at most 64 bytes without a valid header holds nothing and is removed, and so
//! is an appended one of exactly 64 bytes that is not the last.
//!
//! **Torn or damaged.** A bad frame in group G of the last segment is a torn tail if no head of a
//! later group, no mark and no footer follows it anywhere: then the file is cut where G began.
//! Anything else is damage: nothing is changed, the journal is read-only.
//!
//! **Collection.** Live frames of neighbouring segments are copied with LSN, group, kind and
//! payload as they are into `<number>.part` (form 1, manifest first, footer last: its LSN and
//! group are the last that the replaced segments answered for), which is synced and renamed to
//! `.seg`. The rename is the commit; then the retired files are removed. A file that could not be
//! removed is named again by every later manifest. On open a `.part` is
//! removed, and a retired file that is still there (same number *and* id) too, if the segment
//! that replaces it is sound.
//!
//! **Newest first.** Whoever keeps an index in the journal reads from the newest frame backwards to
//! it ([`Journal::open_newest_first`]). Of segments that are older, only header, length and footer
//! are read then; their bytes are compared with the footer's SHA-256 beforehand ([`Vouched`], which
//! needs no key) or afterwards ([`Journal::check_next`]). Where anything is not as it should be,
//! everything is read, as by [`Journal::open`].
//!
//! **After an error.** What a failed sync left behind may be readable from the page cache and
//! not be on the disk. Therefore opening first writes the last item (group, mark, footer or
//! header) of the last segment again, in place, sets the length again, and syncs: only then is
//! anything built upon it.

mod append;
mod collect;
mod disk;
mod durable;
mod frame;
#[cfg(feature = "sled")]
pub mod index;
mod inspect;
mod newest;
mod open;
mod scan;
pub mod simulated;
#[cfg(test)]
mod tests;

pub use append::{AppendError, Journal, ReadError};
pub use collect::{CollectError, Collected, Fate};
pub use disk::{DiskFs, FileSystem};
pub use inspect::Segment;
pub use newest::{NewestFirst, Vouched, Wanted};
pub use open::{OpenError, Opened};

use std::fmt;

/// How a journal is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// A segment takes no group that would make it longer than this, unless it is the first.
    pub segment_bytes: u64,
    /// Whether the first append after opening goes to a new segment, as on a device: then no two
    /// unlocks write to one file.
    pub new_segment_on_open: bool,
    /// Whose journal it is. A journal of another class is refused.
    pub class: [u8; 8],
}

/// Log sequence number: counts the user's frames, from 1.
///
/// The LSN of a frame that was never acknowledged is given again after a crash, to another frame:
/// no nonce may be derived from it alone.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Lsn(u64);

impl Lsn {
    /// Takes the number as it is.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// Returns the number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a frame is to its user. The journal does not know; it hands on what it does not know.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FrameKind(u8);

impl FrameKind {
    pub(crate) const COMMIT: Self = Self(0xf0);
    pub(crate) const MARK: Self = Self(0xf1);
    pub(crate) const FOOTER: Self = Self(0xf2);
    pub(crate) const MANIFEST: Self = Self(0xf3);

    /// Takes a kind of the user's, below [`FIRST_RESERVED_KIND`].
    pub const fn new(kind: u8) -> Option<Self> {
        if kind < FIRST_RESERVED_KIND { Some(Self(kind)) } else { None }
    }

    /// Returns the number.
    pub const fn get(self) -> u8 {
        self.0
    }

    pub(super) const fn any(kind: u8) -> Self {
        Self(kind)
    }

    /// Whether the journal itself reads the frame.
    pub(super) const fn is_journal_own(self) -> bool {
        matches!(self, Self::COMMIT | Self::MARK | Self::FOOTER | Self::MANIFEST)
    }
}

/// Where a frame lies. It moves only when the collector says so.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Location {
    /// Number of the segment.
    pub segment: u64,
    /// Offset of the frame's first byte in the segment.
    pub offset: u64,
}

/// One frame of the user's, lent while a segment is read.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct FrameRef<'a> {
    /// Its number.
    pub lsn: Lsn,
    /// The number of the group that it was appended in.
    pub group: u64,
    /// What it is to its user.
    pub kind: FrameKind,
    /// What the user gave to keep.
    pub payload: &'a [u8],
    /// Where it lies.
    pub location: Location,
}

impl FrameRef<'_> {
    /// Copies the frame.
    pub fn to_frame(self) -> Frame {
        let Self { lsn, group, kind, payload, location } = self;
        Frame { lsn, group, kind, payload: payload.to_vec(), location }
    }
}

/// One frame of the user's.
#[derive(Clone, Eq, PartialEq)]
pub struct Frame {
    /// Its number.
    pub lsn: Lsn,
    /// The number of the group that it was appended in.
    pub group: u64,
    /// What it is to its user.
    pub kind: FrameKind,
    /// What the user gave to keep.
    pub payload: Vec<u8>,
    /// Where it lies.
    pub location: Location,
}

// Payloads stay out of every log and report.
impl fmt::Debug for FrameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}, {:?}, {} bytes)", self.lsn, self.kind, self.payload.len())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({}, {:?}, {} bytes)", self.lsn, self.kind, self.payload.len())
    }
}

/// A tail that was never acknowledged, and that opening has cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Torn {
    /// Number of the segment.
    pub segment: u64,
    /// Where it was cut; 0 if the file itself was removed because its header was torn.
    pub offset: u64,
    /// How many bytes were cut.
    pub bytes: u64,
}

/// A place where bytes are not what was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Damage {
    /// Number of the segment.
    pub segment: u64,
    /// Where the damage begins in the segment.
    pub offset: u64,
    /// What is wrong there.
    pub cause: DamageCause,
}

/// What is wrong with a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DamageCause {
    /// A segment that should end in a footer does not.
    Footer,
    /// Frames do not read, or stand where they cannot stand.
    Frame,
    /// The header does not read.
    Header,
    /// What should come before this segment is missing, or is there twice.
    Sequence,
    /// The disk does not give the bytes.
    Unreadable,
}

/// The longest payload: 4 MiB.
pub const MAX_PAYLOAD_BYTES: usize = 4 << 20;
/// The most that the payloads of one group may take together: 16 MiB.
pub const MAX_GROUP_BYTES: usize = 16 << 20;
/// The longest segment that is read: 1 GiB.
pub const MAX_SEGMENT_BYTES: u64 = 1 << 30;
/// Kinds from here on are the journal's own.
pub const FIRST_RESERVED_KIND: u8 = 0xf0;
