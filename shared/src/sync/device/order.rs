//! In which order logs are fetched: what somebody waits for first, files last.

use super::DeviceSync;
use super::link::MAX_PULLS;
use crate::id::{CompartmentId, LogMark};
use crate::sync::wire::MAX_ITEMS;

impl DeviceSync {
    /// In which order logs are fetched and opened.
    pub(super) fn rank(&self, log: &CompartmentId) -> (u16, CompartmentId) {
        let first = self.priorities.get(log).copied().map(u16::from);
        let rest = u16::MAX - u16::from(!self.last.contains(&LogMark::of(*log)));
        (first.unwrap_or(rest), *log)
    }

    /// Whether a log is wanted only when all others have come.
    pub(super) fn is_last(&self, log: &CompartmentId) -> bool {
        self.rank(log).0 == u16::MAX
    }

    /// Puts what is wanted in that order.
    pub(super) fn put_in_order(&mut self) {
        let mut wanted = std::mem::take(&mut self.link.wanted);
        wanted.make_contiguous().sort_by_key(|log| self.rank(log));
        self.link.wanted = wanted;
    }

    /// How many of the logs that are wanted one stream asks for. What somebody waits for comes in
    /// small shares and before the rest; of the rest each stream takes its part, so that all keep
    /// their turn, and once that is here of what comes last.
    pub(super) fn next_share(&self) -> usize {
        let wanted = &self.link.wanted;
        let is_first = |log: &&CompartmentId| self.priorities.contains_key(*log);
        let first = wanted.iter().take_while(is_first).count();
        let rest = match wanted.iter().filter(|log| !self.is_last(log)).count() {
            0 => wanted.len(),
            rest => rest,
        };
        match first {
            0 => rest.div_ceil(MAX_PULLS).clamp(1, MAX_ITEMS),
            first => first.div_ceil(2 * MAX_PULLS),
        }
    }
}
