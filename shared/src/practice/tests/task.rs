//! Tasks, and that a client has died.

use super::world::*;
use crate::id::{ClientId, TaskId};
use crate::practice::Refusal;
use crate::practice::edit::Edit;
use crate::practice::edit::Stamp;
use crate::practice::erasure::Scope;
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

const fn id(number: u8) -> TaskId {
    TaskId::from_bytes([number; 16])
}

fn add(client: ClientId, number: u8, text: &str, due: Option<Date>) -> Edit {
    Edit::AddTask { client, task: id(number), text: text.to_owned(), due, since: None }
}

fn open(world: &World, desk: usize, client: ClientId) -> Vec<TaskId> {
    let index = world.desks[desk].index();
    index.clients[&client].tasks.iter().map(|task| task.id).collect()
}

#[test]
fn what_is_to_be_done_stands_in_order_of_its_dates_on_every_device_until_it_is_done() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.sync();
    world.act(0, add(client, 1, "some time", None)).unwrap();
    world.act(1, add(client, 2, "later", Some(date(2027, 2, 1)))).unwrap();
    world.act(1, add(client, 3, "  soon ", Some(date(2026, 12, 1)))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(open(&world, desk, client), [id(3), id(2), id(1)]);
        assert_eq!(world.desks[desk].rebuilt().index(), world.desks[desk].index());
    }
    assert_eq!(world.desks[0].index().clients[&client].tasks[0].text, "soon");

    let finish = Edit::FinishTask { client, task: id(2), done: true };
    let inverse = world.act(0, finish.clone()).unwrap().unwrap();
    world.sync();
    assert_eq!(open(&world, 1, client), [id(3), id(1)]);
    let (changes, _) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(open(&world, 1, client), [id(3), id(2), id(1)]);
    // The other says that it is done; this one takes its own word back.
    let inverse = world.act(0, finish).unwrap().unwrap();
    world.sync();
    world.act(1, Edit::FinishTask { client, task: id(2), done: false }).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
}

#[test]
fn a_task_is_undone_and_refused_like_anything_else() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let before = world.desks[0].index();
    let inverse = world.act(0, add(client, 1, "call", None)).unwrap().unwrap();
    let (_, redo) = world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.desks[0].index(), before);
    world.desks[0].undo(redo.unwrap()).unwrap();
    assert_eq!(open(&world, 0, client), [id(1)]);
    let unknown = ClientId::from_bytes([9; 16]);
    for (edit, refusal) in [
        (add(client, 2, " ", None), Refusal::EmptyText),
        (add(client, 2, &"x".repeat(301), None), Refusal::TextTooLong),
        (add(unknown, 2, "call", None), Refusal::UnknownClient),
        (Edit::FinishTask { client, task: id(7), done: true }, Refusal::UnknownTask),
    ] {
        assert_eq!(world.act(0, edit), Err(refusal));
    }
    world.act(0, Edit::AskErasure(Scope::from(client))).unwrap();
    assert_eq!(world.act(0, add(client, 3, "call", None)), Err(Refusal::ToBeErased));
}

#[test]
fn a_client_who_died_stays_with_the_record_and_waits_for_nothing() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let waiting = Some(crate::practice::schedule::waiting::Waiting {
        since: MONDAY,
        wish: crate::practice::schedule::waiting::Wish::default(),
    });
    world.act(0, Edit::Wait { client, waiting }).unwrap();
    let ranked = |world: &World| {
        crate::practice::schedule::waiting::ranked(&world.desks[1].index(), None).len()
    };
    world.sync();
    assert_eq!(ranked(&world), 1);
    let died = Some(date(2026, 11, 20));
    world.act(0, Edit::NoteDeath { client, died }).unwrap();
    world.sync();
    assert_eq!((ranked(&world), world.desks[1].index().clients[&client].died), (0, died));
    assert_eq!(world.desks[1].rebuilt().index(), world.desks[1].index());
    let ahead = Edit::NoteDeath { client, died: Some(date(2026, 11, 24)) };
    assert_eq!(world.act(0, ahead), Err(Refusal::InvalidDate));
}

/// Where a map stands, a change that puts another is taken by no other device.
#[test]
fn a_task_is_not_noted_twice_under_one_id_and_not_touched_in_what_is_to_be_erased() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.act(0, add(client, 1, "call", None)).unwrap();
    assert_eq!(world.act(0, add(client, 1, "write", None)), Err(Refusal::TaskExists));
    let finish = Edit::FinishTask { client, task: id(1), done: true };
    world.act(0, finish.clone()).unwrap();
    assert_eq!(world.act(0, add(client, 1, "write", None)), Err(Refusal::TaskExists));
    world.sync();
    assert_eq!(open(&world, 1, client), []);
    world.act(0, Edit::AskErasure(Scope::from(client))).unwrap();
    assert_eq!(world.act(0, finish), Err(Refusal::ToBeErased));
}

#[test]
fn since_when_a_task_stands_there_comes_in_as_it_went_out_and_a_death_to_come_as_one_of_today() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    world.act(0, add(client, 1, "call", None)).unwrap();
    let index = world.desks[0].index();
    let stamp = Stamp { time: MONDAY, zone: ZONE.into() };
    let lines: Vec<String> = export_lines(&index, &stamp, []).collect();
    let mut other = World::new(&[1]);
    other.desks[0].now = MONDAY.plus_millis(86_400_000);
    let importer = || Importer::new(member(1), BTreeSet::new());
    let mut reading = importer();
    for step in lines.iter().flat_map(|line| reading.import_line(line).unwrap()) {
        let ImportStep::Edit(edit) = step else { panic!("{step:?}") };
        other.act(0, edit).unwrap();
    }
    let since = |world: &World| world.desks[0].index().clients[&client].tasks[0].since;
    assert_eq!((since(&other), since(&world)), (MONDAY, MONDAY));
    // One that claims to come from a later time than now does not.
    let later = Some(MONDAY.plus_millis(99_000_000_000));
    let task = Edit::AddTask { client, task: id(2), text: "b".into(), due: None, since: later };
    other.act(0, task).unwrap();
    let tasks = &other.desks[0].index().clients[&client].tasks;
    assert!(tasks.iter().all(|task| task.since <= other.desks[0].now));

    let line = |died: &str| {
        let died = format!(r#"","died":"{died}","#);
        lines[1].replacen(r#"","#, &died, 1)
    };
    let read = |line: &str| {
        let mut importer = importer().on(date(2026, 11, 23));
        importer.import_line(&lines[0]).unwrap();
        let steps = importer.import_line(line).unwrap().into_iter();
        let died = |step| match step {
            ImportStep::Edit(Edit::NoteDeath { died, .. }) => died,
            _ => None,
        };
        let ahead = importer.counts().not_carried.get("client.died").copied();
        (steps.filter_map(died).collect::<Vec<_>>(), ahead)
    };
    let today = vec![date(2026, 11, 23)];
    assert_eq!(read(&line("2026-11-23")), (today.clone(), None));
    assert_eq!(read(&line("2026-11-24")), (today, Some(1)));
}
