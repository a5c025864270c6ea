//! Search: looks through texts a part at a time, and shows lines once the trail says so.

use super::open::{Device, DeviceError};
use std::convert::Infallible;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::edit::Purpose;
use tacenda_shared::practice::search::{Found, Hit, Line, Match, Shown, Sitting};

impl<F: FileSystem> Device<F> {
    /// Looks through so many texts that are new since somebody searched last; returns whether none is
    /// left. A part of the practice that cannot be read is left out, and [`Found::partly`] says so.
    pub fn prepare_search(&mut self, most: usize, now: Timestamp) -> bool {
        let Ok(is_whole) = self.with_context(now, |practice, cx| {
            // It cannot fail: no answer is made up here for a question that was not asked.
            Ok::<_, Infallible>(practice.prepare_search(most, cx))
        });
        is_whole
    }

    /// Searches what has been looked through; shows no text.
    pub fn search(&self, words: &str) -> Found {
        self.practice.search(words)
    }

    /// Returns how many texts are in memory for searching, and about how many bytes they take.
    pub fn search_size(&self) -> (usize, usize) {
        self.practice.search_size()
    }

    /// Returns the lines in which something was found. The entries are on the disk before.
    pub fn show_found(
        &mut self,
        words: &str,
        found: (&[Match], usize),
        sitting: &mut Sitting,
        now: Timestamp,
    ) -> Result<Vec<(Hit, Line)>, DeviceError> {
        let shown = self.with_context(now, |practice, cx| {
            let shown = practice.show_found(words, found, Purpose::Care, sitting, cx);
            Ok::<_, DeviceError>(shown)
        })?;
        self.keep(shown.changes)?;
        let lines = found.0.iter().zip(shown.lines);
        Ok(lines.filter_map(|(found, line)| of_text(found).zip(line)).collect())
    }

    /// Searches everything at once, for a command; the entries are on the disk before it returns.
    pub fn find(&mut self, words: &str, now: Timestamp) -> Result<(Found, Shown), DeviceError> {
        let (found, mut shown) = self.with_context(now, |practice, cx| {
            Ok::<_, DeviceError>(practice.find(words, Purpose::Query, cx))
        })?;
        self.keep(std::mem::take(&mut shown.changes))?;
        Ok((found, shown))
    }
}

const fn of_text(found: &Match) -> Option<Hit> {
    match found {
        Match::Client(_) => None,
        Match::Text(hit) => Some(*hit),
    }
}
