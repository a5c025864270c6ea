//! A crisis of the first client: two risk forms, one of them put off, and two versions of a safety plan.

use super::{Sample, ZONE, client_id, clinician, moment};
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tacenda_shared::id::RecordId;
use tacenda_shared::practice::crisis::{
    Asked, CrisisView, NewRisk, RiskLevel, RiskState, RiskView, RiskWords, SafetyStep, SafetyView,
    Said,
};
use tacenda_shared::practice::edit::Stamp;
use tacenda_shared::practice::view::{TimelineEntry, TimelineRow, View};

pub(crate) fn crisis_id(number: u8) -> RecordId {
    RecordId::from_bytes([120 + number; 16])
}

fn stamp(on: Date) -> Stamp {
    Stamp { time: moment(on.at(14, 10, 0, 0)), zone: ZONE.to_owned() }
}

fn risk(number: u8, on: Date, said: NewRisk) -> RiskView {
    RiskView {
        record: crisis_id(number),
        client: client_id(1),
        said,
        author: clinician(),
        saved: stamp(on),
        struck: false,
        labels: BTreeSet::new(),
        says_more: false,
    }
}

fn plan(number: u8, on: Date, signs: &str) -> SafetyView {
    let steps = [
        (SafetyStep::Signs, signs),
        (SafetyStep::Alone, "the long playlist\nwalk to the river and back"),
        (SafetyStep::Elsewhere, "the library; swimming with M."),
        (SafetyStep::People, "Sample Sister, 555 0142\nSample Neighbour, 555 0143"),
        (SafetyStep::Professionals, "Dr. Sample, 555 0100; the clinic in Anytown, day and night"),
        (SafetyStep::Surroundings, "tablets are with the sister; the garage key, too"),
        (SafetyStep::Worth, "the dog; the niece's first day at school"),
    ];
    SafetyView {
        record: crisis_id(number),
        client: client_id(1),
        steps: steps.into_iter().map(|(step, text)| (step, text.to_owned())).collect(),
        author: clinician(),
        signed: stamp(on),
        struck: false,
        labels: BTreeSet::new(),
        says_more: false,
    }
}

fn judged() -> NewRisk {
    NewRisk {
        asked: BTreeMap::from([
            (Asked::WishToBeDead, Said::Yes),
            (Asked::Thoughts, Said::Yes),
            (Asked::Method, Said::Unclear),
            (Asked::Intent, Said::No),
            (Asked::Plan, Said::No),
        ]),
        words: BTreeMap::from([
            (RiskWords::Said, "at night, when nobody answers".to_owned()),
            (RiskWords::Protects, "the dog; promised the sister".to_owned()),
            (RiskWords::Decided, "sister stays over; again on Tuesday; no ward today".to_owned()),
            (RiskWords::Told, "Dr. Also, by telephone at 14:00: agrees".to_owned()),
        ]),
        level: Some(RiskLevel::Moderate),
        called: Some(false),
        next: Some(date(2026, 11, 10)),
        opened: Some(moment(date(2026, 11, 8).at(13, 50, 0, 0))),
        ..NewRisk::default()
    }
}

impl Sample {
    /// What a crisis of a client needs.
    pub(crate) fn crisis(&self, number: u8) -> View {
        let client = Arc::clone(&self.index.clients[&client_id(number)]);
        let put_off = NewRisk {
            words: BTreeMap::from([(RiskWords::Decided, "the next client waits".to_owned())]),
            state: RiskState::Deferred,
            ..NewRisk::default()
        };
        let mut struck = plan(3, date(2026, 9, 1), "typed for somebody else");
        struck.struck = true;
        let (risks, plans) = match number {
            1 => (
                vec![risk(1, date(2026, 11, 8), judged()), risk(2, date(2026, 11, 1), put_off)],
                vec![
                    plan(4, date(2026, 11, 8), "cannot sleep; stops answering the telephone"),
                    plan(5, date(2026, 10, 4), "cannot sleep"),
                    struck,
                ],
            ),
            _ => (Vec::new(), Vec::new()),
        };
        View::Crisis(CrisisView {
            client,
            risks,
            plans,
            older: 0,
            home: Vec::new(),
            emergency_contact: "Sample Sister, 555 0142; may know".to_owned(),
        })
    }

    /// Puts them into the timeline.
    pub(crate) fn with_crisis(mut self) -> Self {
        let row = |on: Date, entry| TimelineRow {
            client: client_id(1),
            time: moment(on.at(14, 10, 0, 0)),
            entry,
        };
        let rows = self.index.timelines.get_mut(&client_id(1)).unwrap();
        let rows = Arc::make_mut(rows);
        rows.insert(
            0,
            row(
                date(2026, 11, 9),
                TimelineEntry::Risk {
                    record: crisis_id(1),
                    level: Some(RiskLevel::Moderate),
                    state: RiskState::Whole,
                    next: Some(date(2026, 11, 10)),
                },
            ),
        );
        rows.insert(
            1,
            row(date(2026, 11, 9), TimelineEntry::SafetyPlan { record: crisis_id(4), steps: 7 }),
        );
        self
    }
}
