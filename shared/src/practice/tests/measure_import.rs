//! Measures that go out and come in again: in their order, and nothing of one's own is refused.

use super::measure::{enter, taken, views, world};
use super::world::{World, context, member};
use crate::id::ClientId;
use crate::practice::edit::{Edit, Stamp};
use crate::practice::interchange::{Counts, Importer, export_lines};
use crate::practice::measure::tests::OWN;
use crate::practice::measure::{Answer, NewScore, choices, named};

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
    other.import(&mut importer, lines);
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
        world
            .act(
                0,
                Edit::EnterScore {
                    client,
                    session: None,
                    score,
                    at: None,
                    labels: Default::default(),
                },
            )
            .unwrap();
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
    let Edit::EnterMeasure { instrument, wording, answers, manner, .. } =
        enter(client, "gad-2", choices(&[1, 1]))
    else {
        panic!("a measure")
    };
    let edit = Edit::EnterMeasure {
        client,
        session: None,
        instrument,
        wording,
        answers,
        at,
        labels: Default::default(),
        manner,
    };
    world.act(0, edit).unwrap();
    assert_eq!(views(&mut world, 0, client)[0].at.time, now);
}

/// What stands in a practice's own export is read back, whatever became of its forms since.
#[test]
fn nothing_of_an_export_of_ones_own_is_refused() {
    let (mut world, client) = world();
    let define = |text: Option<String>| Edit::DefineMeasure { id: "mood".into(), text };
    world.act(0, define(Some(OWN.into()))).unwrap();
    world.act(0, enter(client, "mood", choices(&[2, 1]))).unwrap();
    let begun = vec![Answer::Choice(1), Answer::NotAnswered];
    world.act(0, enter(client, "mood", begun)).unwrap();
    let mut screen = choices(&[1, 1, 1, 1]);
    screen.push(Answer::NotAsked);
    world.act(0, enter(client, "asq", screen)).unwrap();
    let wording = named("asq").unwrap().wording.to_string();
    // Redefined in other words, then withdrawn; and a screen in words of another version.
    for text in [Some(OWN.replace("\"Glad\"", "\"Happy\"")), None] {
        world.act(0, define(text)).unwrap();
        let lines = export(&mut world, client);
        let lines: Vec<_> =
            lines.iter().map(|line| line.replace(&wording, &"0".repeat(64))).collect();
        let (mut other, counts) = import(&lines);
        let known = views(&mut other, 0, client);
        assert_eq!(known.len(), 1, "{known:?}");
        assert_eq!((known[0].taken.total, known[0].range), (Some(3), Some((0, 4))));
        assert!(known[0].taken.instrument.ends_with(" (another wording)"), "{known:?}");
        assert_eq!(counts.not_carried.get("measure"), Some(&2));
        assert_eq!(counts.not_carried.get("measure.answers"), Some(&1));
    }
}
