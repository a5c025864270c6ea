//! Looking at an open journal without changing it: for `verify`, backups and figures.

use super::append::Journal;
use super::disk::FileSystem;
use super::frame::{HEADER_BYTES, Header};
use super::open::read_segment;
use super::scan::scan;
use super::{Damage, DamageCause, Lsn};
use std::convert::Infallible;

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

    /// Reads everything again and returns where it is no longer what was written. Of an undamaged
    /// journal nothing may be wrong, at its end neither: nothing is ever half-written here.
    pub fn verify(&self) -> Vec<Damage> {
        self.segments().iter().flat_map(|segment| self.verify_segment(segment)).collect()
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
