//! What a search would find in the made-up practice, and what a report of it could be made of.

use super::{Sample, appointment, client_id, moment, today};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::edit::{Label, Part};
use tacenda_shared::practice::report::{ReportNote, ReportPlan, ReportView, Sessions};
use tacenda_shared::practice::search::{Found, Hit, Line, Match, Place};
use tacenda_shared::practice::view::View;

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

impl Sample {
    /// What a report about a client could be made of.
    pub(crate) fn report(&self, number: u8, period: (Date, Date)) -> View {
        let View::Chart(chart) = self.chart(number) else { panic!("a chart") };
        let View::Note(note) = self.note() else { panic!("a note") };
        let View::Measures(measures) = self.measures(number) else { panic!("measures") };
        let mut labelled = note.clone();
        labelled.record = RecordId::from_bytes([9; 16]);
        labelled.labels = BTreeSet::from([Label::Hiv]);
        labelled.parts = vec![(Part::Text, "Spoke of the result.".to_owned())];
        labelled.session = Some(appointment(6));
        let mut measures = measures.measures;
        measures.sort_by_key(|one| (one.at.time, one.record));
        View::Report(Box::new(ReportView {
            client: Arc::clone(&chart.client),
            period,
            sessions: Sessions { held: 11, no_show: 1, late_cancel: 1, ..Sessions::default() },
            plan: Some(ReportPlan {
                plan: chart.plan,
                signed: Some((RecordId::from_bytes([5; 16]), moment(today().at(9, 0, 0, 0)))),
            }),
            measures,
            notes: vec![
                ReportNote { date: date(2026, 11, 8), note },
                ReportNote { date: date(2026, 11, 15), note: labelled },
            ],
            beyond: 0,
        }))
    }
}
