//! What a search would find in the made-up practice.

use super::{client_id, moment};
use jiff::civil::{Date, date};
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::search::{Found, Hit, Line, Match, Place};

/// The note that a search finds first.
pub(crate) const FOUND: RecordId = RecordId::from_bytes([8; 16]);

fn hit(client: ClientId, place: Place, on: Option<Date>, count: u32) -> Hit {
    let time = on.map(|date| moment(date.at(18, 0, 0, 0)));
    Hit { client: Some(client), place, time, count }
}

fn line(text: &str, words: &[&str]) -> Line {
    let mut marks: Vec<_> =
        words.iter().map(|word| text.find(word).map(|at| at..at + word.len()).unwrap()).collect();
    marks.sort_by_key(|mark| mark.start);
    Line { text: text.into(), marks, goes_before: true, goes_on: false }
}

/// Each result with the line in which it was found.
pub(crate) fn lines() -> Vec<(Hit, Line)> {
    let (first, second) = (client_id(1), client_id(2));
    let draft = Place::Draft(ObjectId::from_bytes([40; 16]));
    vec![
        (hit(first, Place::Plan, None, 1), line("Sleep 6 h on five nights", &["Sleep"])),
        (
            hit(first, draft, Some(date(2026, 11, 22)), 2),
            line(
                "Sleeping better; uses the evening routine and the sleep diary",
                &["Sleeping", "sleep"],
            ),
        ),
        (
            hit(second, Place::Contact(RecordId::from_bytes([7; 16])), Some(date(2026, 11, 20)), 1),
            line("Mustera asks whether the sleep clinic has called", &["sleep"]),
        ),
        (
            hit(first, Place::Note(FOUND), Some(date(2026, 11, 8)), 1),
            line(
                "went to bed at ten for the first time in weeks, and then Slept better.",
                &["Slept"],
            ),
        ),
        (
            hit(second, Place::Journal(RecordId::from_bytes([6; 16])), Some(date(2026, 10, 4)), 3),
            line("Testa Beispiel and I could not sleep", &["sleep"]),
        ),
    ]
}

/// What is found for these words: no client, and all of the lines.
pub(crate) fn found() -> Found {
    let matches: Vec<_> = lines().into_iter().map(|(hit, _)| Match::Text(hit)).collect();
    Found { total: matches.len(), matches, waiting: 0, partly: 0 }
}
