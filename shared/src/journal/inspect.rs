//! Looking at an open journal without changing it: for `verify`, backups and figures.

use super::append::{Journal, segment_name};
use super::disk::FileSystem;
use super::durable::read_up_to;
use super::frame::{HEADER_BYTES, Header};
use super::open::read_segment;
use super::scan::scan;
use super::{Damage, DamageCause, Lsn};
use std::convert::Infallible;
use std::io;

/// One segment of a journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// Its number.
    pub number: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// The first LSN that it answers for.
    pub first_lsn: Lsn,
    /// Whether it takes no more: then its bytes never change again, and a copy is a backup of it.
    pub is_sealed: bool,
}

impl<F: FileSystem> Journal<F> {
    /// Returns the segments, ordered by LSN.
    pub fn segments(&self) -> Vec<Segment> {
        let sealed = self.sealed.iter().map(|(number, sealed)| Segment {
            number: *number,
            bytes: sealed.bytes,
            first_lsn: sealed.first_lsn,
            is_sealed: true,
        });
        let active = self.active.iter().map(|active| Segment {
            number: active.header.number,
            bytes: active.bytes,
            first_lsn: active.header.first_lsn,
            is_sealed: false,
        });
        let mut segments: Vec<Segment> = sealed.chain(active).collect();
        segments.sort_by_key(|segment| segment.first_lsn);
        segments
    }

    /// Reads bytes of a segment as they lie on the disk, fewer only at its end. What was appended
    /// never changes, so all of them together are a copy of the segment.
    ///
    /// # Errors
    /// Whatever the operating system says; [`io::ErrorKind::NotFound`] for a segment that is not
    /// there.
    pub fn copy(&self, segment: u64, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let active = self.active.as_ref().filter(|active| active.header.number == segment);
        let end = match (active, self.sealed.get(&segment)) {
            (Some(active), _) => active.bytes,
            (None, Some(sealed)) => sealed.bytes,
            (None, None) => return Err(io::ErrorKind::NotFound.into()),
        };
        let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let file = self.fs.open(&segment_name(segment))?;
        read_up_to(&self.fs, &file, offset, length.min(left))
    }

    /// Reads everything again and returns where it is no longer what was written. Of an undamaged
    /// journal nothing may be wrong, at its end neither: nothing is ever half-written here.
    pub fn verify(&self) -> Vec<Damage> {
        self.segments().iter().flat_map(|segment| self.verify_segment(segment)).collect()
    }

    pub(super) fn verify_number(&self, number: u64) -> Vec<Damage> {
        let segments = self.segments().into_iter();
        let segment = segments.into_iter().find(|segment| segment.number == number);
        segment.map(|segment| self.verify_segment(&segment)).unwrap_or_default()
    }

    fn verify_segment(&self, segment: &Segment) -> Vec<Damage> {
        let number = segment.number;
        let harm = |offset, cause| vec![Damage { segment: number, offset, cause }];
        let Ok(mut bytes) = read_segment(&self.fs, number) else {
            return harm(0, DamageCause::Unreadable);
        };
        // A group that found no room may still stand behind the end.
        bytes.truncate(usize::try_from(segment.bytes).unwrap_or(usize::MAX));
        if (bytes.len() as u64) < segment.bytes {
            return harm(bytes.len() as u64, DamageCause::Frame);
        }
        let Some(header) = Header::parse(&bytes) else {
            return harm(0, DamageCause::Header);
        };
        let Ok(found) = scan::<Infallible>(&bytes, &header, !segment.is_sealed, &mut |_| Ok(()));
        if found.torn {
            return harm(found.end.max(HEADER_BYTES) as u64, DamageCause::Frame);
        }
        found.damage
    }
}
