//! Measures of the first client: four times the PHQ-9, the last with an answer to be looked at, a GAD-7
//! that was not finished, and a score of a form that is not here.

use super::{Sample, client_id, moment};
use jiff::civil::{Date, date};
use std::sync::Arc;
use tacenda_shared::id::{ClientId, MemberId, RecordId};
use tacenda_shared::practice::edit::Stamp;
use tacenda_shared::practice::measure::{self, Answer, MeasureView, MeasuresView, Review, Taken};
use tacenda_shared::practice::view::{TimelineEntry, TimelineRow, View};

pub(crate) fn measure_id(number: u8) -> RecordId {
    RecordId::from_bytes([90 + number; 16])
}

fn answered(number: u8, on: Date, id: &str, answers: Vec<Answer>) -> MeasureView {
    let form = measure::named(id).unwrap();
    let score = form.score(&answers);
    let given = answers.iter().filter(|one| matches!(one, Answer::Choice(_))).count();
    let taken = Taken {
        instrument: id.to_owned(),
        total: score.total,
        answered: u16::try_from(given).unwrap(),
        items: u16::try_from(answers.len()).unwrap(),
        screened: score.screened,
        review: if form.needs_review(&answers) { Review::Due } else { Review::None },
        session: None,
        wording: Some(form.wording),
        scored: Some(form.scored),
        given: Default::default(),
    };
    let signed = Stamp { time: moment(on.at(9, 50, 0, 0)), zone: super::ZONE.to_owned() };
    MeasureView {
        record: measure_id(number),
        client: client_id(1),
        taken,
        answers,
        values: Vec::new(),
        version: form.version.clone(),
        wording: Some(form.wording),
        scored: Some(form.scored),
        range: None,
        possible: None,
        source: String::new(),
        author: MemberId::from_bytes([1; 16]),
        at: signed.clone(),
        signed,
        handed: None,
        struck: false,
        labels: Default::default(),
    }
}

fn all() -> Vec<MeasureView> {
    let phq = |places: [u8; 10]| measure::choices(&places);
    let mut part = measure::choices(&[1, 2, 1, 0, 0]);
    part.extend([Answer::NotAnswered, Answer::NotAnswered]);
    let mut score = answered(5, date(2026, 9, 20), "gad-2", measure::choices(&[1, 1]));
    score.taken = Taken {
        instrument: "OQ-45.2".to_owned(),
        total: Some(63),
        answered: 0,
        items: 0,
        wording: None,
        scored: None,
        ..score.taken
    };
    (score.answers, score.wording, score.version) = (Vec::new(), None, String::new());
    (score.range, score.source) = (Some((0, 180)), "on paper, by the hospital".to_owned());
    vec![
        answered(4, date(2026, 11, 15), "phq-9", phq([1, 1, 1, 2, 1, 1, 1, 1, 1, 1])),
        answered(6, date(2026, 11, 15), "gad-7", part),
        answered(3, date(2026, 11, 1), "phq-9", phq([2, 2, 2, 2, 2, 2, 1, 1, 0, 1])),
        answered(2, date(2026, 10, 4), "phq-9", phq([2, 3, 2, 3, 2, 2, 2, 2, 0, 2])),
        score,
        answered(1, date(2026, 9, 6), "phq-9", phq([3, 3, 3, 3, 2, 3, 2, 2, 0, 2])),
    ]
}

impl Sample {
    /// The measures of a client as their reader sees them.
    pub(crate) fn measures(&self, number: u8) -> View {
        let client = Arc::clone(&self.index.clients[&client_id(number)]);
        let measures = if number == 1 { all() } else { Vec::new() };
        View::Measures(MeasuresView { client, measures })
    }

    /// Puts them into the timeline, in place of what is there.
    pub(crate) fn with_measures(mut self) -> Self {
        let row = |one: MeasureView| TimelineRow {
            client: ClientId::from_bytes(*one.client.as_bytes()),
            time: one.signed.time,
            entry: TimelineEntry::Measure { record: one.record, taken: one.taken },
        };
        let rows = all().into_iter().map(row).collect();
        self.index.timelines.insert(client_id(1), Arc::new(rows));
        self
    }
}
