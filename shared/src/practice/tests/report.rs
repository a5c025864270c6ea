//! What a progress report can be made of.

use super::world::*;
use crate::id::{ClientId, PlanItemId};
use crate::practice::change::Content;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Label, Labelled, NoteFormat, Part, Purpose, Status, Subject};
use crate::practice::journal::Came;
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::reach::Reach;
use crate::practice::record::{RecordKind, Tags};
use crate::practice::report::{ReportView, Sessions};
use crate::practice::view::{JournalHead, TimelineEntry, View};
use crate::practice::{AuditEntry, AuditKind, Refusal};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

const PERIOD: (Date, Date) = (date(2026, 11, 1), date(2026, 11, 30));

fn report(world: &mut World, desk: usize, client: ClientId, period: (Date, Date)) -> ReportView {
    match world.desks[desk].open(Subject::Report(client, period.0, period.1)) {
        Ok(View::Report(view)) => *view,
        other => panic!("no report: {other:?}"),
    }
}

fn furnished() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let (held, missed) = (world.book(0, 1, client), world.book(0, 2, client));
    let note = world.begin(0, 10, client, Some(held), NoteFormat::Free);
    world.type_text(0, client, note, "a kingfisher");
    let line = |kind, text: &str| PlanChange {
        kind: Some(kind),
        text: Some(text.into()),
        ..PlanChange::default()
    };
    let form = crate::practice::measure::named("phq-9").unwrap();
    let answers = crate::practice::measure::choices(&[1; 10]);
    let item = |number| PlanItemId::from_bytes([number; 16]);
    for edit in [
        Edit::SetStatus { appointment: held, status: Status::Held, reason: None },
        Edit::SetStatus { appointment: missed, status: Status::NoShow, reason: None },
        Edit::Sign { note, client, late_reason: None },
        Edit::ChangePlan { client, item: item(1), change: line(PlanKind::Goal, "sleep") },
        Edit::SignPlan { client },
        Edit::ChangePlan { client, item: item(2), change: line(PlanKind::Goal, "after it") },
        Edit::answered(client, None, form, answers),
    ] {
        world.desks[0].now = world.desks[0].now.plus_millis(HOUR);
        world.act(0, edit).unwrap();
    }
    world.desks[0].now = world.desks[0].now.plus_millis(24 * HOUR);
    world.sync();
    world.desks[1].now = world.desks[0].now;
    (world, client)
}

#[test]
fn a_period_offers_signed_notes_measures_the_signed_plan_and_how_sessions_went() {
    let (mut world, client) = furnished();
    for desk in 0..2 {
        let view = report(&mut world, desk, client, PERIOD);
        assert_eq!(view.sessions, Sessions { held: 1, no_show: 1, ..Sessions::default() });
        let [note] = view.notes.as_slice() else { panic!("{:?}", view.notes) };
        assert_eq!(note.note.parts, [(Part::Text, "a kingfisher".to_owned())]);
        assert_eq!((note.date, view.measures.len(), view.beyond), (date(2026, 11, 23), 1, 0));
        let plan = view.plan.unwrap();
        // What was changed after it was signed is not what was signed.
        assert_eq!(plan.plan.items.len(), 1);
        assert!(plan.signed.is_some());
        let before = report(&mut world, desk, client, (date(2026, 9, 1), date(2026, 9, 30)));
        assert!(before.notes.is_empty() && before.measures.is_empty());
        assert_eq!(before.sessions, Sessions::default());
        // No version had been signed by then: the plan as it stands is offered as what it is.
        assert!(before.plan.is_some_and(|plan| plan.signed.is_none()));
    }
}

#[test]
fn nothing_of_psychotherapy_notes_journals_or_drafts_can_get_into_a_report() {
    let (mut world, client) = furnished();
    let draft = world.begin(0, 20, client, None, NoteFormat::Free);
    world.type_text(0, client, draft, "only a heron yet");
    let said = JournalHead { date: date(2026, 11, 20), came: Came::Imported, shared: true };
    let text = "the client's own grebe".to_owned();
    world.act(0, Edit::EnterJournal { client, said, text, labels: BTreeSet::new() }).unwrap();
    let desk = &mut world.desks[0];
    let name = CompartmentName::Psychotherapy { client, author: member(1) };
    let mut body = Tags::new();
    body.set(crate::practice::chart::tag::FORMAT, [1]);
    body.set(crate::practice::chart::tag::TEXT, b"a private bittern".to_vec());
    let kind = RecordKind::Note;
    let (_, change) = desk.practice.write_record(&name, kind, Vec::new(), body, context!(desk));
    desk.memory.store(&change);
    world.send(0, vec![change]);
    world.sync();
    for desk in 0..2 {
        let seen = format!("{:?}", report(&mut world, desk, client, PERIOD));
        assert!(seen.contains("kingfisher"));
        for word in ["heron", "grebe", "bittern"] {
            assert!(!seen.contains(word), "{word}");
        }
    }
}

#[test]
fn the_labels_that_stand_come_with_what_they_are_about() {
    let (mut world, client) = furnished();
    let index = world.desks[0].index();
    let note = index.timelines[&client].iter().find_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    });
    let labels = BTreeSet::from([Label::Hiv]);
    let of = Labelled::Record(note.unwrap());
    world.act(0, Edit::Label { client, of, labels: labels.clone() }).unwrap();
    world.sync();
    assert_eq!(report(&mut world, 1, client, PERIOD).notes[0].note.labels, labels);
}

#[test]
fn to_look_at_it_is_written_down_and_needs_the_key_of_the_chart() {
    let (mut world, client) = furnished();
    let subject = Subject::Report(client, PERIOD.0, PERIOD.1);
    let desk = &mut world.desks[0];
    let opened = desk.practice.open(subject, Purpose::Disclosure, context!(desk)).unwrap();
    let [change] = opened.changes.as_slice() else { panic!("one entry") };
    let Content::Record { bytes, .. } = &change.content else { panic!("a record") };
    let entry = AuditEntry::of(&crate::practice::record::Record::decode(bytes).unwrap());
    assert_eq!(entry.unwrap().kind, AuditKind::Open);
    desk.practice.limit_to(Reach::FrontDesk);
    assert_eq!(desk.open(subject), Err(Refusal::NoKey));
    // Whoever makes one of it is told the same.
    assert_eq!(desk.practice.look(subject, context!(desk)), Err(Refusal::NoKey));
    desk.practice.limit_to(Reach::Everything);
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    assert_eq!(world.desks[0].open(subject), Err(Refusal::ToBeErased));
}
