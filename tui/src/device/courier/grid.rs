//! Quiet timing: when what belongs to charts and to the audit trail may leave. Pure.
//!
//! The moments are the same for everybody, whole minutes, and a delay is drawn for each, so that
//! the server learns neither when somebody writes nor, from the delay, who it is.

use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::Location;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::random::Random;

/// From one moment to the next. Milliseconds.
const GRID: i64 = 60_000;
/// The longest delay after a moment. Milliseconds.
const DELAY_MAX: u64 = 30_000;

/// The gate of quiet timing.
#[derive(Debug, Default)]
pub(super) struct Grid {
    opens: Option<Timestamp>,
    /// What was made up to here may leave.
    released: Option<Location>,
    /// Words that nothing was made for may leave: acknowledgements.
    words: bool,
}

impl Grid {
    /// Opens if it is time. `newest` is the newest that waits behind the gate; `words` says whether
    /// acknowledgements do.
    pub(super) fn turn(
        &mut self,
        newest: Option<Location>,
        words: bool,
        now: Timestamp,
        random: &mut dyn Random,
    ) {
        self.words &= words;
        let waits = newest.filter(|newest| self.released.is_none_or(|released| released < *newest));
        match (self.opens, waits) {
            (None, waits) if waits.is_some() || words && !self.words => {
                self.opens = Some(next(now, random));
            }
            (Some(opens), _) if opens <= now => {
                self.opens = None;
                self.words = words;
                self.released = newest.max(self.released);
            }
            (None | Some(_), _) => {}
        }
    }

    /// Returns whether a piece of content must stay for now.
    pub(super) fn holds(&self, name: &CompartmentName, made: Location) -> bool {
        is_quiet(name) && self.released.is_none_or(|released| released < made)
    }

    /// Returns whether acknowledgements may leave now.
    pub(super) const fn lets_words_out(&self) -> bool {
        self.words
    }

    /// Returns when it opens next, if something waits.
    pub(super) const fn opens(&self) -> Option<Timestamp> {
        self.opens
    }
}

/// Whether a compartment's log is kept quiet: who sees whom, and when, is told by these.
pub(super) const fn is_quiet(name: &CompartmentName) -> bool {
    matches!(
        name,
        CompartmentName::Chart(_)
            | CompartmentName::Group(_)
            | CompartmentName::Psychotherapy { .. }
            | CompartmentName::SubstanceUse(_)
            | CompartmentName::Journal(_)
            | CompartmentName::Attachments(_)
            | CompartmentName::Audit(_)
    )
}

/// Returns a time soon after the next moment, drawn by chance.
pub(super) fn next(now: Timestamp, random: &mut dyn Random) -> Timestamp {
    let moment = (now.as_millis().div_euclid(GRID) + 1) * GRID;
    let mut drawn = [0; 8];
    random.fill(&mut drawn);
    // Far more values than moments: that some come once more often shows in nothing.
    let delay = u64::from_be_bytes(drawn) % DELAY_MAX;
    Timestamp::from_millis(moment).plus_millis(i64::try_from(delay).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::random::Seeded;

    #[test]
    fn typing_for_an_hour_opens_the_gate_once_a_minute_and_never_when_it_is_typed() {
        let mut grid = Grid::default();
        let mut random = Seeded::new(1);
        let mut left = Vec::new();
        for second in 0..3_600_i64 {
            let now = Timestamp::from_millis(second * 1_000);
            let made = Location { segment: 1, offset: u64::try_from(second).unwrap() };
            let before = grid.released;
            grid.turn(Some(made), false, now, &mut random);
            if grid.released != before {
                left.push(second);
                assert_eq!(grid.released, Some(made), "all that waits leaves together");
            }
        }
        assert!((55..=60).contains(&left.len()), "{}", left.len());
        let delays: std::collections::BTreeSet<_> = left.iter().map(|second| second % 60).collect();
        assert!(delays.len() > 10, "{delays:?}");
        assert!(delays.iter().all(|delay| *delay <= 30), "{delays:?}");
    }
}
