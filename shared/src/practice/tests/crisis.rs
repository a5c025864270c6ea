//! Crises: risk forms, safety plans, emergency numbers, as people on several devices see them.

use super::measure_import::{export, import};
use super::world::{MONDAY, World};
use crate::id::{ClientId, RecordId, Timestamp};
use crate::practice::Refusal;
use crate::practice::crisis::{
    Asked, CrisisView, NewRisk, NewSafetyPlan, RiskLevel, RiskState, RiskWords, SafetyStep, Said,
    TEXT_BYTES_MAX,
};
use crate::practice::edit::{Edit, Purpose, Subject};
use crate::practice::identity::IdentityField;
use crate::practice::measure::{self, Answer, Handed, Manner, Review};
use crate::practice::record::{RecordKind, Relation, RelationKind, Tags};
use crate::practice::tests::world::context;
use crate::practice::view::{TimelineEntry, View};
use jiff::civil::date;
use std::collections::BTreeMap;

fn world() -> (World, ClientId) {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    world.sync();
    (world, client)
}

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

pub(super) fn risk() -> Box<NewRisk> {
    Box::new(NewRisk {
        asked: BTreeMap::from([
            (Asked::WishToBeDead, Said::Yes),
            (Asked::Thoughts, Said::Unclear),
            (Asked::Plan, Said::No),
        ]),
        words: BTreeMap::from([
            (RiskWords::Said, "not every day\nbut often".to_owned()),
            (RiskWords::Decided, "sees her sister tonight".to_owned()),
        ]),
        level: Some(RiskLevel::Moderate),
        called: Some(false),
        next: Some(date(2026, 11, 24)),
        opened: Some(MONDAY.plus_millis(-60_000)),
        ..NewRisk::default()
    })
}

fn plan(text: &str) -> Box<NewSafetyPlan> {
    let steps = BTreeMap::from([
        (SafetyStep::Signs, text.to_owned()),
        (SafetyStep::People, " Test Person\n\n 555 0100 ".to_owned()),
        (SafetyStep::Worth, "  ".to_owned()),
    ]);
    Box::new(NewSafetyPlan { steps, at: None })
}

fn write(world: &mut World, desk: usize, client: ClientId, (number, risk): (u8, Box<NewRisk>)) {
    world.act(desk, Edit::RecordRisk { client, record: id(number), risk }).unwrap();
}

fn view(world: &mut World, desk: usize, client: ClientId) -> CrisisView {
    match world.desks[desk].open(Subject::Crisis(client)).unwrap() {
        View::Crisis(view) => view,
        other => panic!("no crisis: {other:?}"),
    }
}

fn lines(world: &World, desk: usize, client: ClientId) -> Vec<TimelineEntry> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    rows.map(|row| row.entry.clone()).collect()
}

fn tasks(world: &World, desk: usize, client: ClientId) -> Vec<String> {
    let index = world.desks[desk].index();
    let tasks = index.clients[&client].tasks.iter();
    tasks.map(|task| format!("{} {:?}", task.text, task.due)).collect()
}

#[test]
fn a_risk_form_says_what_was_asked_judged_and_decided_and_since_when_it_was_open() {
    let (mut world, client) = world();
    write(&mut world, 0, client, (1, risk()));
    world.sync();
    let seen = view(&mut world, 1, client);
    let one = seen.last().unwrap();
    assert_eq!(one.said.asked, risk().asked);
    assert_eq!(one.said.words[&RiskWords::Said], "not every day, but often");
    assert_eq!((one.said.level, one.said.called), (Some(RiskLevel::Moderate), Some(false)));
    assert_eq!(one.said.opened, Some(MONDAY.plus_millis(-60_000)));
    assert_eq!((one.saved.time, one.saved.zone.as_str()), (MONDAY, "Europe/Vienna"));
    let entry = TimelineEntry::Risk {
        record: id(1),
        level: Some(RiskLevel::Moderate),
        state: RiskState::Whole,
        next: Some(date(2026, 11, 24)),
    };
    assert_eq!(lines(&world, 1, client), [entry]);
    assert_eq!(tasks(&world, 1, client), ["contact again Some(2026-11-24)"], "nothing of why");
    for desk in 0..2 {
        let rebuilt = world.desks[desk].rebuilt();
        assert_eq!(*rebuilt.index(), *world.desks[desk].index());
        let name = world.desks[desk].practice.chart_of(client);
        let segment = world.desks[desk].practice.project(&name).unwrap();
        let mut restored = crate::practice::Practice::new();
        restored.restore(&name, &segment).unwrap();
        assert_eq!(restored.project(&name).unwrap(), segment);
    }
}

#[test]
fn a_form_without_a_judgement_or_a_decision_is_none_but_one_that_was_interrupted_is_kept() {
    let (mut world, client) = world();
    let mut act = |risk: NewRisk, number| {
        let edit = Edit::RecordRisk { client, record: id(number), risk: Box::new(risk) };
        world.act(0, edit).map(drop)
    };
    let no_level = NewRisk { level: None, ..*risk() };
    assert_eq!(act(no_level.clone(), 1), Err(Refusal::RiskIncomplete));
    let mut undecided = *risk();
    undecided.words.remove(&RiskWords::Decided);
    assert_eq!(act(undecided.clone(), 1), Err(Refusal::RiskIncomplete));
    let deferred = NewRisk { state: RiskState::Deferred, ..undecided.clone() };
    assert_eq!(act(deferred, 1), Err(Refusal::RiskIncomplete), "why is to be said");
    let mut long = *risk();
    long.words.insert(RiskWords::Told, "x".repeat(TEXT_BYTES_MAX + 1));
    assert_eq!(act(long, 1), Err(Refusal::TextTooLong));
    assert_eq!(act(NewRisk { state: RiskState::Unfinished, ..NewRisk::default() }, 1), Ok(()));
    assert_eq!(act(*risk(), 1), Err(Refusal::CrisisExists));
    let seen = view(&mut world, 0, client);
    assert_eq!((seen.risks.len(), seen.last()), (1, None), "nobody has judged");
}

#[test]
fn what_was_entered_by_mistake_is_struck_with_its_task_and_comes_back_with_it() {
    let (mut world, client) = world();
    let edit = Edit::RecordRisk { client, record: id(1), risk: risk() };
    let inverse = world.act(0, edit).unwrap().unwrap();
    let (changes, redo) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!((lines(&world, 1, client).len(), tasks(&world, 1, client).len()), (0, 0));
    assert!(view(&mut world, 1, client).risks[0].struck, "it stays");
    let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!((lines(&world, 1, client).len(), tasks(&world, 1, client).len()), (1, 1));
    let strike = Edit::StrikeCrisis { client, record: id(9), struck: true };
    assert_eq!(world.act(0, strike).map(drop), Err(Refusal::UnknownCrisis));
}

#[test]
fn what_was_done_before_a_strike_is_not_to_be_done_again_when_the_strike_is_undone() {
    let (mut world, client) = world();
    world.act(0, Edit::RecordRisk { client, record: id(1), risk: risk() }).unwrap();
    let task = world.desks[0].index().clients[&client].tasks[0].id;
    let finish = |done| Edit::FinishTask { client, task, done };
    let strike = |struck| Edit::StrikeCrisis { client, record: id(1), struck };
    world.act(0, finish(true)).unwrap();
    let inverse = world.act(0, strike(true)).unwrap().unwrap();
    let (changes, _) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    assert_eq!(tasks(&world, 0, client).len(), 0, "she has called");
    // Two devices strike it at once: what one of them has closed comes back, but for what was done
    // since by somebody.
    world.act(0, finish(false)).unwrap();
    world.sync();
    world.act(0, strike(true)).unwrap();
    world.desks[1].now = world.desks[1].now.plus_millis(1000);
    world.act(1, strike(true)).unwrap();
    world.sync();
    world.act(0, strike(false)).unwrap();
    assert_eq!(tasks(&world, 0, client).len(), 1);
    world.act(0, strike(true)).unwrap();
    world.act(0, finish(false)).unwrap();
    world.desks[0].now = world.desks[0].now.plus_millis(1000);
    world.act(0, finish(true)).unwrap();
    world.act(0, strike(false)).unwrap();
    assert_eq!(tasks(&world, 0, client).len(), 0);
    assert_eq!(*world.desks[0].rebuilt().index(), *world.desks[0].index());
}

#[test]
fn an_undo_strikes_nothing_that_another_device_has_struck_or_brought_back_since() {
    let (mut world, client) = world();
    let edit = Edit::RecordRisk { client, record: id(1), risk: risk() };
    let inverse = world.act(0, edit).unwrap().unwrap();
    world.sync();
    for struck in [true, false] {
        world.act(1, Edit::StrikeCrisis { client, record: id(1), struck }).unwrap();
    }
    world.sync();
    let refused = world.desks[0].undo(inverse).map(drop);
    assert_eq!(refused, Err(Refusal::ChangedElsewhere));
    assert_eq!(lines(&world, 0, client).len(), 1);
}

#[test]
fn the_newest_version_of_a_safety_plan_that_stands_is_the_one_that_holds() {
    let (mut world, client) = world();
    for (number, text) in [(1, "cannot sleep"), (2, "cannot eat")] {
        let edit = Edit::SignSafetyPlan { client, record: id(number), plan: plan(text) };
        world.act(0, edit).unwrap();
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
    }
    let seen = view(&mut world, 0, client);
    assert_eq!(seen.plan().unwrap().steps[&SafetyStep::Signs], "cannot eat");
    assert_eq!(seen.plan().unwrap().steps[&SafetyStep::People], "Test Person\n555 0100");
    assert_eq!(seen.plans.len(), 2);
    world.act(0, Edit::StrikeCrisis { client, record: id(2), struck: true }).unwrap();
    let seen = view(&mut world, 0, client);
    assert_eq!(seen.plan().unwrap().steps[&SafetyStep::Signs], "cannot sleep");
    let nothing = Box::new(NewSafetyPlan::default());
    let empty = Edit::SignSafetyPlan { client, record: id(3), plan: nothing };
    assert_eq!(world.act(0, empty).map(drop), Err(Refusal::EmptyText));
    let text = seen.plan().unwrap().print(&["Emergency 112".to_owned()]);
    let expected = "MY SAFETY PLAN\n\nHow I notice that it is getting bad\n  - cannot sleep\n\n\
                    People I can ask for help\n  - Test Person\n  - 555 0100\n\n\
                    Professionals, and help at any hour\n  - Emergency 112\n";
    assert_eq!(text, expected);
}

/// What somebody answered that raises a risk.
fn answered(world: &mut World, client: ClientId, number: u8) {
    let form = measure::named("phq-9").unwrap();
    let mut answers = vec![Answer::NotAnswered; 10];
    answers[8] = Answer::Choice(1);
    let Edit::EnterMeasure { session, instrument, wording, answers, at, labels, .. } =
        Edit::answered(client, None, form, answers)
    else {
        panic!("a measure")
    };
    let manner = Manner { record: Some(id(number)), handed: Some(Handed::CutShort) };
    let edit =
        Edit::EnterMeasure { client, session, instrument, wording, answers, at, labels, manner };
    world.act(0, edit).unwrap();
}

fn review(world: &World, client: ClientId) -> Review {
    let review = lines(world, 0, client).into_iter().find_map(|entry| match entry {
        TimelineEntry::Measure { taken, .. } => Some(taken.review),
        _ => None,
    });
    review.unwrap()
}

#[test]
fn a_form_answers_to_the_measure_that_raised_it_for_as_long_as_it_stands() {
    let (mut world, client) = world();
    answered(&mut world, client, 1);
    assert_eq!(review(&world, client), Review::Due);
    let put_off = NewRisk {
        measure: Some(id(1)),
        state: RiskState::Deferred,
        level: None,
        next: None,
        ..*risk()
    };
    write(&mut world, 0, client, (2, Box::new(put_off)));
    assert_eq!(review(&world, client), Review::Due, "put off, and still to be done");
    let judged = NewRisk { measure: Some(id(1)), ..*risk() };
    write(&mut world, 0, client, (3, Box::new(judged)));
    assert_eq!(review(&world, client), Review::Done);
    assert_eq!(*world.desks[0].rebuilt().index(), *world.desks[0].index());
    world.act(0, Edit::StrikeCrisis { client, record: id(3), struck: true }).unwrap();
    assert_eq!(review(&world, client), Review::Due);
}

#[test]
fn an_export_brings_forms_and_plans_and_what_they_answer_to() {
    let (mut world, client) = world();
    answered(&mut world, client, 1);
    world.desks[0].now = MONDAY.plus_millis(60_000);
    write(&mut world, 0, client, (2, Box::new(NewRisk { measure: Some(id(1)), ..*risk() })));
    let more = NewRisk { adds_to: Some(id(2)), next: None, ..*risk() };
    world.desks[0].now = MONDAY.plus_millis(120_000);
    write(&mut world, 0, client, (3, Box::new(more)));
    let edit = Edit::SignSafetyPlan { client, record: id(4), plan: plan("cannot sleep") };
    world.act(0, edit).unwrap();
    let lines_of = export(&mut world, client);
    let (mut other, counts) = import(&lines_of);
    assert_eq!(counts.read.get("risk"), Some(&2));
    assert_eq!(counts.read.get("safety-plan"), Some(&1));
    let (before, after) = (view(&mut world, 0, client), view(&mut other, 0, client));
    for (one, again) in before.risks.iter().zip(&after.risks) {
        assert_eq!(
            (one.said.clone().words, one.saved.time),
            (again.said.clone().words, again.saved.time)
        );
        assert_eq!(one.said.adds_to.is_some(), again.said.adds_to.is_some());
    }
    assert_eq!(after.risks[1].said.opened, before.risks[1].said.opened);
    assert_eq!(after.plan().unwrap().steps, before.plan().unwrap().steps);
    assert_eq!(review(&other, client), Review::Done);
    assert_eq!(tasks(&other, 0, client).len(), 1, "once, as the client's line has it");
    let Ok(View::Measures(measures)) = other.desks[0].open(Subject::Measures(client)) else {
        panic!("no measures")
    };
    assert_eq!(measures.measures[0].handed, Some(Handed::CutShort));
}

#[test]
fn whom_to_call_is_there_and_that_it_was_seen_is_in_the_trail() {
    let (mut world, client) = world();
    let fields = [
        (IdentityField::Jurisdiction, "Austria"),
        (IdentityField::Emergency, "Test Sister, 555 0101"),
    ];
    for (field, value) in fields {
        world.act(0, Edit::ChangeIdentity { client, field, value: value.into() }).unwrap();
    }
    let desk = &mut world.desks[0];
    let opened =
        desk.practice.open(Subject::Crisis(client), Purpose::Care, context!(desk)).unwrap();
    assert_eq!(opened.changes.len(), 2, "the crisis, and who the client is in law");
    let View::Crisis(view) = opened.view else { panic!("no crisis") };
    assert_eq!(
        (view.home, view.emergency_contact.as_str()),
        (vec!["Austria".to_owned()], "Test Sister, 555 0101")
    );
}

#[test]
fn emergency_numbers_are_the_practices_own_on_every_device_and_come_off_again() {
    let (mut world, _) = world();
    let set = |place: &str, numbers: Option<&str>| Edit::SetEmergency {
        place: place.to_owned(),
        numbers: numbers.map(str::to_owned),
    };
    let inverse = world.act(0, set(" austria ", Some("Krisendienst  01 313 30"))).unwrap();
    world.sync();
    let numbers = crate::practice::crisis::numbers::fitting(&world.desks[1].index(), &[]);
    assert_eq!((numbers[0].place.as_str(), numbers[0].own), ("Austria", true));
    assert_eq!(numbers[0].lines[0].number, "01 313 30");
    for (place, numbers) in [("", "Line 1"), ("A:B", "Line 1"), ("Here", "no number")] {
        let refused = world.act(0, set(place, Some(numbers))).map(drop);
        assert_eq!(refused, Err(Refusal::InvalidNumbers), "{place} {numbers}");
    }
    let rebuilt = world.desks[1].rebuilt();
    assert_eq!(rebuilt.index().emergency, world.desks[1].index().emergency);
    world.desks[0].undo(inverse.unwrap()).unwrap();
    assert!(world.desks[0].index().emergency.is_empty());
    for number in 0..64 {
        world.act(0, set(&format!("Place {number}"), Some("Line 1"))).unwrap();
    }
    let full = world.act(0, set("One more", Some("Line 1"))).map(drop);
    assert_eq!(full, Err(Refusal::TooManyPlaces));
}

#[test]
fn what_a_newer_or_a_hostile_device_writes_hides_no_form_and_judges_nothing() {
    let (mut world, client) = world();
    write(&mut world, 0, client, (1, risk()));
    let name = world.desks[0].practice.chart_of(client);
    let mut level = Tags::new();
    level.set(111, 900_u16.to_be_bytes()).set(121, [9]).set(3_900, "more");
    let mut broken = Tags::new();
    broken.set(110, [0xff; 9]).set(111, [1]).set(118, "no date").set(112, vec![0xff; 5_000]);
    let mut long = Tags::new();
    long.set(122, vec![0xff; 4_000]);
    let far = Timestamp::from_millis(i64::MAX);
    for (kind, body) in [
        (RecordKind::Risk, level),
        (RecordKind::Risk, broken),
        (RecordKind::SafetyPlan, long),
        (RecordKind::SafetyPlan, Tags::new()),
    ] {
        let desk = &mut world.desks[0];
        desk.now = far;
        let cx = context!(desk);
        let (_, change) = desk.practice.write_record(&name, kind, Vec::new(), body, cx);
        desk.memory.store(&change);
        world.send(0, vec![change]);
    }
    // A strike of what is not there, too.
    let desk = &mut world.desks[0];
    let relation = Relation {
        kind: RelationKind::Corrects,
        target: [8; 16],
        digest: crate::suite::Hash::ZERO,
    };
    let written = (RecordKind::Risk, vec![relation]);
    let (_, change) =
        desk.practice.write_record(&name, written.0, written.1, Tags::new(), context!(desk));
    desk.memory.store(&change);
    world.send(0, vec![change]);
    world.sync();
    let seen = view(&mut world, 1, client);
    assert!(seen.risks.iter().any(|one| one.record == id(1)));
    assert!(seen.risks.iter().any(|one| one.says_more));
    assert_eq!(seen.last().unwrap().record, id(1), "of what is not whole nothing is judged");
    assert!(seen.plan().is_none());
    assert_eq!(*world.desks[1].rebuilt().index(), *world.desks[1].index());
}
