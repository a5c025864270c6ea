//! Scores over time in one line.

use crate::text;
use tacenda_shared::practice::measure::Taken;
use tacenda_shared::practice::view::{TimelineEntry, TimelineRow};

/// How many scores of one instrument a line shows.
const SHOWN: usize = 12;
/// From the lowest to the highest.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LETTERS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// Returns a line for each instrument of a timeline, the one that was used last first: its scores
/// from the oldest to the newest as a row of blocks from zero to the highest of them, the newest, and
/// the first of those that are shown. In letters where the terminal has no blocks. What does not
/// count is left out.
pub fn scores(
    timeline: &[TimelineRow],
    counts: impl Fn(&Taken) -> bool,
    ascii: bool,
) -> Vec<String> {
    let mut known: Vec<((&str, bool), Vec<u32>)> = Vec::new();
    for row in timeline {
        let TimelineEntry::Measure { taken, .. } = &row.entry else { continue };
        let (Some(total), true) = (taken.total, counts(taken)) else { continue };
        // What was only scored is no answer to a form of the same name.
        let instrument = (taken.instrument.as_str(), taken.items == 0);
        match known.iter_mut().find(|(known, _)| *known == instrument) {
            Some((_, totals)) if totals.len() < SHOWN => totals.push(total),
            Some(_) => {}
            None => known.push((instrument, vec![total])),
        }
    }
    known.into_iter().map(|((instrument, _), totals)| line(instrument, &totals, ascii)).collect()
}

/// One line, of scores that are given from the newest to the oldest.
fn line(instrument: &str, totals: &[u32], ascii: bool) -> String {
    let name = text::instrument(instrument);
    match totals {
        [] => name,
        [only] => format!("{name}  {only}"),
        [newest, .., oldest] => {
            let highest = totals.iter().copied().max().unwrap_or_default().max(1);
            let row: String =
                totals.iter().rev().map(|score| block(*score, highest, ascii)).collect();
            format!("{name}  {row}  {newest}, from {oldest}")
        }
    }
}

fn block(score: u32, highest: u32, ascii: bool) -> char {
    let blocks = if ascii { LETTERS } else { BLOCKS };
    let last = blocks.len().saturating_sub(1);
    let at = u64::from(score) * u64::try_from(last).unwrap_or(0) / u64::from(highest);
    let at = usize::try_from(at).unwrap_or(last).min(last);
    blocks.get(at).copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::id::{RecordId, Timestamp};
    use tacenda_shared::practice::measure::Review;

    fn row(day: i64, instrument: &str, total: u32) -> TimelineRow {
        let client = tacenda_shared::id::ClientId::from_bytes([1; 16]);
        let record = RecordId::from_bytes([7; 16]);
        let taken = Taken {
            instrument: instrument.to_owned(),
            total: Some(total),
            answered: 1,
            items: 1,
            screened: None,
            review: Review::None,
            session: None,
            wording: None,
            scored: None,
            given: Default::default(),
        };
        let entry = TimelineEntry::Measure { record, taken };
        TimelineRow { time: Timestamp::from_millis(day), client, entry }
    }

    #[test]
    fn scores_stand_from_the_oldest_to_the_newest_each_instrument_on_its_own() {
        // A timeline has the newest first.
        let timeline = [
            row(9, "phq-9", 0),
            row(8, "gad-7", 15),
            row(7, "phq-9", 14),
            row(6, "phq-9", 7),
            row(5, "phq-9", 13),
        ];
        let expected = ["PHQ-9  ▇▄█▁  0, from 13", "GAD-7  15"];
        assert_eq!(scores(&timeline, |_| true, false), expected);
        assert_eq!(scores(&timeline, |_| true, true)[0], "PHQ-9  *-#_  0, from 13");
        assert_eq!(scores(&[], |_| true, false), [""; 0]);
        let zero = [row(2, "k6", 0), row(1, "k6", 0)];
        assert_eq!(scores(&zero, |_| true, false), ["K6  ▁▁  0, from 0"]);
        let many: Vec<_> = (0..40).map(|day| row(40 - day, "k6", u32::MAX)).collect();
        assert_eq!(scores(&many, |_| true, false)[0].matches('█').count(), SHOWN);
    }
}
