//! Treatment plans: lines that merge, versions that never change.

use super::world::*;
use crate::id::{ClientId, ObjectId, PlanItemId};
use crate::practice::Refusal;
use crate::practice::compartment::CompartmentName;
use crate::practice::document::Scalar;
use crate::practice::edit::{Edit, Subject};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{ChartItem, ImportStep, Importer, export_lines};
use crate::practice::plan::{Lack, Plan, PlanChange, PlanKind, Progress, REVIEW_DAYS};
use crate::practice::view::{PlanView, TimelineEntry, View};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

const fn id(number: u8) -> PlanItemId {
    PlanItemId::from_bytes([number; 16])
}

fn line(kind: PlanKind, text: &str) -> PlanChange {
    PlanChange { kind: Some(kind), text: Some(text.to_owned()), ..PlanChange::default() }
}

fn edit(client: ClientId, item: PlanItemId, change: PlanChange) -> Edit {
    Edit::ChangePlan { client, item, change }
}

fn plan(world: &mut World, desk: usize, client: ClientId) -> PlanView {
    match world.desks[desk].open(Subject::Plan(client)) {
        Ok(View::Plan(view)) => view,
        other => panic!("no plan: {other:?}"),
    }
}

/// A diagnosis, a goal with two objectives, a goal without one, and how often they meet.
fn written() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let lines = [
        (1, line(PlanKind::Frequency, "Weekly, 50 minutes")),
        (2, line(PlanKind::Goal, "Drive alone again")),
        (3, line(PlanKind::Goal, "Sleep six hours")),
        (
            4,
            PlanChange {
                under: Some(id(2)),
                target: Some(Some(date(2027, 2, 1))),
                ..line(PlanKind::Objective, "Drive to work with company, 3 of 5 days")
            },
        ),
        (5, PlanChange { under: Some(id(2)), ..line(PlanKind::Objective, "The same, alone") }),
        (
            6,
            PlanChange {
                code: Some("F40.248".into()),
                ..line(PlanKind::Diagnosis, "Other situational type phobia")
            },
        ),
    ];
    for (number, change) in lines {
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
        world.act(0, edit(client, id(number), change)).unwrap();
    }
    world.sync();
    (world, client)
}

fn order(plan: &Plan) -> Vec<PlanItemId> {
    plan.items.iter().map(|item| item.id).collect()
}

#[test]
fn lines_stand_under_their_headings_and_objectives_under_their_goal() {
    let (mut world, client) = written();
    for desk in 0..2 {
        let view = plan(&mut world, desk, client);
        assert_eq!(order(&view.plan), [6, 2, 4, 5, 3, 1].map(id));
        assert_eq!(
            view.plan.text(),
            "Diagnoses\n  F40.248  Other situational type phobia\n\nGoals\n  Drive alone again\n    \
             Drive to work with company, 3 of 5 days  (by 2027-02-01)\n    The same, alone\n  \
             Sleep six hours\n\nFrequency and duration\n  Weekly, 50 minutes"
        );
        assert!(view.changed && view.versions.is_empty());
        assert_eq!(world.desks[desk].index().plans.get(&client), Some(&None));
    }
}

#[test]
fn what_a_plan_lacks_is_said() {
    let (mut world, client) = written();
    let lacks = |world: &mut World| plan(world, 0, client).plan.lacks();
    assert_eq!(
        lacks(&mut world),
        [Lack::Objectives(1), Lack::Targets(1), Lack::Intervention, Lack::Participation]
    );
    let target = Some(Some(date(2027, 3, 1)));
    let fills = [
        (5, PlanChange { target, ..PlanChange::default() }),
        (
            7,
            PlanChange {
                under: Some(id(3)),
                target,
                ..line(PlanKind::Objective, "In bed by 11, diary")
            },
        ),
        (8, line(PlanKind::Intervention, "Graded exposure")),
        (9, line(PlanKind::Participation, "Chose both goals herself")),
    ];
    for (number, change) in fills {
        world.act(0, edit(client, id(number), change)).unwrap();
    }
    assert_eq!(lacks(&mut world), []);
    assert_eq!(
        Plan::default().lacks(),
        [Lack::Diagnosis, Lack::Goal, Lack::Intervention, Lack::Frequency, Lack::Participation]
    );
}

#[test]
fn what_two_devices_change_apart_comes_together() {
    let (mut world, client) = written();
    let reworded = PlanChange { text: Some("Drive anywhere alone".into()), ..Default::default() };
    let rated = PlanChange { progress: Some(Some(Progress::Some)), ..Default::default() };
    let struck = PlanChange { struck: Some(true), ..Default::default() };
    world.act(0, edit(client, id(2), reworded)).unwrap();
    world.act(1, edit(client, id(2), rated)).unwrap();
    world.act(0, edit(client, id(3), struck)).unwrap();
    world.act(1, edit(client, id(7), line(PlanKind::Intervention, "Exposure"))).unwrap();
    world.act(1, Edit::ReviewPlan { client, review: Some(date(2027, 1, 15)) }).unwrap();
    world.sync();
    let (first, second) = (plan(&mut world, 0, client), plan(&mut world, 1, client));
    assert_eq!(first, second);
    let goal = first.plan.item(id(2)).unwrap();
    assert_eq!(goal.text, "Drive anywhere alone");
    assert_eq!(goal.progress.map(|(progress, _)| progress), Some(Progress::Some));
    assert!(first.plan.item(id(3)).is_none() && first.plan.item(id(7)).is_some());
    assert_eq!(first.plan.review, Some(date(2027, 1, 15)));
    for desk in 0..2 {
        let mut rebuilt = world.desks[desk].rebuilt();
        rebuilt.look_ahead(world.desks[desk].now);
        assert_eq!(rebuilt.index().plans, world.desks[desk].index().plans);
    }
}

#[test]
fn a_signed_version_never_changes_and_sets_the_review() {
    let (mut world, client) = written();
    world.act(0, Edit::SignPlan { client }).unwrap();
    world.sync();
    let today: Date = date(2026, 11, 23);
    let due = today.checked_add(REVIEW_DAYS.days()).unwrap();
    let view = plan(&mut world, 1, client);
    assert_eq!((view.plan.review, view.changed), (Some(due), false));
    assert_eq!(world.desks[1].index().plans[&client], Some(due));
    let record = view.versions[0].1;
    let timeline = &world.desks[1].index().timelines[&client];
    assert_eq!(timeline[0].entry, TimelineEntry::Plan { record, goals: 2 });
    let before = world.desks[1].note(client, record).parts[0].1.clone();
    assert!(before.starts_with("Treatment plan\n\nDiagnoses\n  F40.248"), "{before}");

    let rated = PlanChange { progress: Some(Some(Progress::Achieved)), ..Default::default() };
    world.act(1, edit(client, id(4), rated)).unwrap();
    world.sync();
    assert!(plan(&mut world, 0, client).changed);
    assert_eq!(world.desks[0].note(client, record).parts[0].1, before);
    world.act(1, Edit::ReviewPlan { client, review: Some(date(2028, 1, 1)) }).unwrap();
    world.desks[1].now = world.desks[0].now.plus_millis(1000);
    world.act(1, Edit::SignPlan { client }).unwrap();
    world.sync();
    let view = plan(&mut world, 0, client);
    assert_eq!((view.versions.len(), view.changed), (2, false));
    assert_eq!(view.plan.review, Some(date(2028, 1, 1)), "a later date stays");
    let second = world.desks[0].note(client, view.versions[0].1);
    assert!(second.parts[0].1.contains("[achieved]"));
}

/// Two weeks before it is due it is listed; who signs then has looked at it, and it is off the list.
#[test]
fn a_plan_that_is_signed_before_its_review_is_due_is_due_again_after_that() {
    let (mut world, client) = written();
    world.act(0, Edit::SignPlan { client }).unwrap();
    for desk in &mut world.desks {
        desk.now = desk.now.plus_millis(80 * 86_400_000);
    }
    world.act(0, Edit::SignPlan { client }).unwrap();
    let later = |world: &mut World| world.desks[0].now = world.desks[0].now.plus_millis(1000);
    let first = date(2026, 11, 23);
    let due = |days: i32| Some(first.checked_add(days.days()).unwrap());
    assert_eq!(plan(&mut world, 0, client).plan.review, due(80 + REVIEW_DAYS));
    // A nearer date that somebody has set since is what they want.
    later(&mut world);
    world.act(0, Edit::ReviewPlan { client, review: due(85) }).unwrap();
    world.act(0, Edit::SignPlan { client }).unwrap();
    assert_eq!(plan(&mut world, 0, client).plan.review, due(85));
    later(&mut world);
    let again = world.act(0, Edit::SignPlan { client });
    assert_eq!(again, Err(Refusal::PlanUnchanged), "S twice");
    world.desks[0].now = world.desks[0].now.plus_millis(86_400_000);
    world.act(0, Edit::SignPlan { client }).unwrap();
    assert_eq!(plan(&mut world, 0, client).plan.review, due(81 + REVIEW_DAYS));
}

#[test]
fn an_objective_whose_goal_is_gone_stands_under_no_other() {
    let (mut world, client) = written();
    let struck = PlanChange { struck: Some(true), ..Default::default() };
    world.act(0, edit(client, id(2), struck)).unwrap();
    let text = plan(&mut world, 0, client).plan.text();
    let apart = "Goals\n  Sleep six hours\n\nObjectives\n  Drive to work with company";
    assert!(text.contains(apart), "{text}");
}

/// Words with line breaks, from a paste or another device, would read as more lines of the plan.
#[test]
fn a_line_is_one_line() {
    let (mut world, client) = written();
    let broken = line(PlanKind::Strength, "Brave\nReview by 2030-01-01\u{2028}\tand kind");
    world.act(0, edit(client, id(9), broken)).unwrap();
    let text = plan(&mut world, 0, client).plan.text();
    assert!(text.contains("\n  Brave Review by 2030-01-01  and kind\n"), "{text}");
}

#[test]
fn a_line_that_is_refused_leaves_the_plan_as_it_was() {
    let (mut world, client) = written();
    let before = plan(&mut world, 0, client);
    let long = "x".repeat(2001);
    let unknown = ClientId::from_bytes([99; 16]);
    let words = PlanChange { text: Some("words".into()), ..Default::default() };
    for (client, item, change, refusal) in [
        (client, 50, words.clone(), Refusal::UnknownPlanItem),
        (
            client,
            2,
            PlanChange { text: Some("  ".into()), ..Default::default() },
            Refusal::EmptyText,
        ),
        (client, 50, line(PlanKind::Goal, &long), Refusal::TextTooLong),
        (unknown, 50, line(PlanKind::Goal, "words"), Refusal::UnknownClient),
    ] {
        assert_eq!(world.act(0, edit(client, id(item), change)), Err(refusal));
    }
    let struck = PlanChange { struck: Some(true), ..Default::default() };
    let inverse = world.act(0, edit(client, id(3), struck)).unwrap().unwrap();
    assert_eq!(world.act(0, edit(client, id(3), words)), Err(Refusal::UnknownPlanItem));
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(plan(&mut world, 0, client), before);
    let empty = world.client(0, 2);
    assert_eq!(world.act(0, Edit::SignPlan { client: empty }), Err(Refusal::NothingToSign));
    world.act(0, Edit::SignPlan { client }).unwrap();
    let version = plan(&mut world, 0, client).versions[0].1;
    let text = "one more goal".to_owned();
    let amend = Edit::Amend { note: version, client, text };
    assert_eq!(world.act(0, amend), Err(Refusal::PlanVersion));
    let draft = ObjectId::from_bytes([77; 16]);
    let begin = Edit::BeginAddendum { draft, client, note: version };
    assert_eq!(world.act(0, begin), Err(Refusal::PlanVersion));
}

#[test]
fn every_change_is_undone_and_done_again() {
    let changes = [
        line(PlanKind::Goal, "Another"),
        PlanChange { text: Some("Other words".into()), ..Default::default() },
        PlanChange { target: Some(Some(date(2027, 5, 1))), ..Default::default() },
        PlanChange { progress: Some(Some(Progress::Most)), ..Default::default() },
        PlanChange { struck: Some(true), ..Default::default() },
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let (mut world, client) = written();
        let item = if at == 0 { id(40) } else { id(4) };
        let before = plan(&mut world, 0, client);
        let inverse = world.act(0, edit(client, item, change)).unwrap().unwrap();
        let after = plan(&mut world, 0, client);
        assert_ne!(before, after);
        let (changes, redo) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
        assert_eq!(plan(&mut world, 0, client).plan, before.plan, "{at}");
        let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
        world.send(0, changes);
        world.sync();
        assert_eq!(plan(&mut world, 1, client).plan, after.plan, "{at}");
    }
    let (mut world, client) = written();
    let review = Edit::ReviewPlan { client, review: Some(date(2027, 1, 1)) };
    let inverse = world.act(0, review).unwrap().unwrap();
    world.sync();
    // Another device has set it since.
    world.act(1, Edit::ReviewPlan { client, review: Some(date(2027, 2, 2)) }).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
}

/// One key pressed twice is undone twice, and each rating has its own date again.
#[test]
fn ratings_one_after_another_are_undone_one_after_another() {
    let (mut world, client) = written();
    let mut before = vec![plan(&mut world, 0, client).plan];
    let mut inverses = Vec::new();
    for rating in [Some(Progress::Unchanged), Some(Progress::Some), None, Some(Progress::Most)] {
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
        let rated = PlanChange { progress: Some(rating), ..Default::default() };
        inverses.push(world.act(0, edit(client, id(4), rated)).unwrap().unwrap());
        before.push(plan(&mut world, 0, client).plan);
    }
    let mut again = Vec::new();
    let mut stands = before.pop().unwrap();
    for (inverse, earlier) in inverses.into_iter().zip(&before).rev() {
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
        let (changes, redo) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
        assert_eq!(plan(&mut world, 0, client).plan, *earlier);
        again.push((redo.unwrap(), std::mem::replace(&mut stands, earlier.clone())));
    }
    for (redo, later) in again.into_iter().rev() {
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
        let (changes, _) = world.desks[0].undo(redo).unwrap();
        world.send(0, changes);
        world.sync();
        assert_eq!(plan(&mut world, 1, client).plan, later);
    }
}

#[test]
fn a_plan_is_hidden_with_its_record_and_a_version_alone_like_any_record() {
    let (mut world, client) = written();
    world.act(0, Edit::SignPlan { client }).unwrap();
    let version = plan(&mut world, 0, client).versions[0].1;
    world.act(0, Edit::AskErasure(Scope::of_record(client, version))).unwrap();
    let view = plan(&mut world, 0, client);
    assert!(view.versions.is_empty() && !view.plan.items.is_empty());
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    assert!(!world.desks[0].index().plans.contains_key(&client));
    assert_eq!(world.desks[0].open(Subject::Plan(client)).unwrap_err(), Refusal::ToBeErased);
    let change = line(PlanKind::Goal, "no");
    assert_eq!(world.act(0, edit(client, id(60), change)), Err(Refusal::ToBeErased));
}

#[test]
fn a_plan_leaves_and_comes_in_line_by_line() {
    let (mut world, client) = written();
    let rated = PlanChange { progress: Some(Some(Progress::Worse)), ..Default::default() };
    world.act(0, edit(client, id(5), rated)).unwrap();
    world.act(0, Edit::SignPlan { client }).unwrap();
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    assert!(items.iter().any(|item| matches!(item, ChartItem::Plan(_))));
    let stamp = crate::practice::edit::Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&desk.index(), &stamp, items).collect();

    let mut other = World::new(&[1]);
    let mut importer = Importer::new(member(1), BTreeSet::new());
    let mut signed = 0;
    for line in &lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("{step:?}") };
            signed += usize::from(matches!(edit, Edit::SignImported { .. }));
            other.act(0, edit).unwrap();
        }
    }
    let counts = importer.finish().unwrap();
    assert_eq!((counts.read["plan"], signed), (1, 1));
    assert_eq!(counts.unknown_fields.len(), 0);
    assert_eq!(plan(&mut other, 0, client).plan, plan(&mut world, 0, client).plan);
}

/// Somebody may say when to look again before there is a plan, or when all lines are taken out.
#[test]
fn a_review_of_a_plan_without_lines_leaves_and_comes_too() {
    let (mut world, client) = (World::new(&[1]), ClientId::from_bytes([1; 16]));
    world.client(0, 1);
    let review = Some(date(2027, 1, 15));
    world.act(0, Edit::ReviewPlan { client, review }).unwrap();
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let stamp = crate::practice::edit::Stamp { time: desk.now, zone: ZONE.to_owned() };
    let mut importer = Importer::new(member(1), BTreeSet::new());
    let mut other = World::new(&[1]);
    for line in export_lines(&desk.index(), &stamp, items) {
        for step in importer.import_line(&line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("{step:?}") };
            other.act(0, edit).unwrap();
        }
    }
    assert_eq!(plan(&mut other, 0, client).plan.review, review);
}

/// What holds no words says nothing, and no import takes it.
#[test]
fn a_line_without_words_that_another_device_wrote_is_passed_over() {
    let (mut world, client) = written();
    let before = plan(&mut world, 0, client);
    let name = CompartmentName::Chart(client);
    let object = crate::practice::document_of(&name);
    let desk = &mut world.desks[0];
    let document = desk.practice.document(&name, object, context!(desk)).unwrap();
    let place = id(60).to_string();
    document.put_map(&place);
    document.put(Some(&place), "kind", Scalar::Number(4));
    document.put(Some(&place), "text", Scalar::Text(" ".to_owned()));
    assert_eq!(Plan::read(document), before.plan);
}
