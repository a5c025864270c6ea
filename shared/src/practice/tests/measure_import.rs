//! Measures that go out and come in again: in their order, and nothing of one's own is refused.

use super::measure::{enter, taken, views, world};
use super::world::{World, context, member};
use crate::id::ClientId;
use crate::practice::edit::{Edit, Stamp};
use crate::practice::interchange::{Counts, ImportStep, Importer, export_lines};
use crate::practice::measure::{NewScore, choices};

/// Returns the lines of an export of one client.
pub(super) fn export(world: &mut World, client: ClientId) -> Vec<String> {
    let desk = &mut world.desks[0];
    let index = desk.index();
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    export_lines(&index, &written, items).collect()
}

/// Takes lines into another practice at one moment, as an import does.
pub(super) fn import(lines: &[String]) -> (World, Counts) {
    let mut other = World::new(&[1]);
    other.desks[0].now = other.desks[0].now.plus_millis(1_000_000);
    let mut importer = Importer::new(member(1), std::collections::BTreeSet::new());
    for line in lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("an edit") };
            other.act(0, edit).unwrap();
        }
    }
    (other, importer.finish().unwrap())
}

#[test]
fn what_comes_in_stands_in_the_order_in_which_it_was_answered() {
    let (mut world, client) = world();
    for points in [3, 1, 2, 0, 3, 2, 1, 0] {
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
        world.act(0, enter(client, "gad-2", choices(&[points, 3]))).unwrap();
        let total = u32::from(points);
        let score = NewScore { name: "OQ".into(), total, range: (0, 9), source: String::new() };
        let score = Box::new(score);
        world.act(0, Edit::EnterScore { client, session: None, score, at: None }).unwrap();
    }
    let rows = |world: &World| -> Vec<_> {
        let all = taken(world, 0, client).into_iter();
        let all = all.map(|(_, taken)| (taken.instrument, taken.total));
        let (forms, scores) = all.partition::<Vec<_>, _>(|(name, _)| name == "gad-2");
        vec![forms, scores]
    };
    let times = |world: &mut World| -> Vec<_> {
        views(world, 0, client).into_iter().map(|one| one.at.time).collect()
    };
    let (mut other, counts) = import(&export(&mut world, client));
    assert_eq!(rows(&other), rows(&world));
    assert_eq!(times(&mut other), times(&mut world));
    assert_eq!(counts.not_carried.get("measure.signed"), None);
    // And out of there once more: who signed when is another matter then.
    let again = export(&mut other, client);
    assert!(again.iter().any(|line| line.contains("\"answered\"")), "{again:?}");
    let (mut third, counts) = import(&again);
    assert_eq!(times(&mut third), times(&mut world));
    assert_eq!(counts.not_carried.get("measure.signed"), Some(&16));
}

#[test]
fn nothing_was_answered_later_than_now() {
    let (mut world, client) = world();
    let now = world.desks[0].now;
    let at = Some(now.plus_millis(5000));
    let Edit::EnterMeasure { instrument, answers, .. } = enter(client, "gad-2", choices(&[1, 1]))
    else {
        panic!("a measure")
    };
    let edit = Edit::EnterMeasure { client, session: None, instrument, answers, at };
    world.act(0, edit).unwrap();
    assert_eq!(views(&mut world, 0, client)[0].at.time, now);
}
