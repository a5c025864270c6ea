//! Measures of a practice's own: more than there is room for, and one that is scored in another way.

use super::measure::{taken, views, world};
use super::measure_import::{export, import};
use super::world::World;
use crate::practice::Refusal;
use crate::practice::edit::Edit;
use crate::practice::measure::choices;
use crate::practice::measure::tests::OWN;
use std::collections::BTreeSet;

fn define(id: &str, text: Option<String>) -> Edit {
    Edit::DefineMeasure { id: id.to_owned(), text }
}

fn named(id: &str) -> Option<String> {
    Some(OWN.replace("id = \"mood\"", &format!("id = \"{id}\"")))
}

/// Two devices that take in measures at once have more than there is room for: each is listed, and each
/// can be withdrawn.
#[test]
fn what_is_one_too_many_is_listed_and_can_be_withdrawn() {
    let (mut world, _) = world();
    for number in 0..20 {
        for desk in 0..2 {
            let id = format!("mood{desk}{number:02}");
            world.act(desk, define(&id, named(&id))).unwrap();
        }
    }
    world.sync();
    let counts = |world: &World, desk: usize| {
        let index = world.desks[desk].index();
        (index.measure_files.len(), index.measures_unread.len())
    };
    assert_eq!([counts(&world, 0), counts(&world, 1)], [(24, 16); 2]);
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    let unread: BTreeSet<String> = world.desks[0].index().measures_unread.clone();
    assert_eq!(world.act(0, define("more", named("more"))), Err(Refusal::TooManyMeasures));
    for id in unread.iter().take(15) {
        world.act(0, define(id, None)).unwrap();
    }
    assert_eq!(counts(&world, 0), (24, 1));
    // Where there is room again, what was one too many is read.
    let undo = world.act(1, define("mood000", None)).unwrap().unwrap();
    world.sync();
    assert_eq!([counts(&world, 0), counts(&world, 1)], [(24, 0); 2]);
    assert_eq!(world.desks[1].undo(undo).unwrap_err(), Refusal::TooManyMeasures);
    for desk in 0..2 {
        assert!(*world.desks[desk].rebuilt().index() == *world.desks[desk].index());
    }
    assert_eq!(world.act(0, define("nothing", None)), Err(Refusal::UnknownMeasure));
}

#[test]
fn what_was_answered_is_not_scored_by_another_scoring_in_the_same_words() {
    let (mut world, client) = world();
    world.act(0, define("mood", Some(OWN.into()))).unwrap();
    let form = world.desks[0].index().measures["mood"].clone();
    world.act(0, Edit::answered(client, None, &form, choices(&[1, 1]))).unwrap();
    world.sync();
    let follows = |world: &World, desk: usize| {
        let index = world.desks[desk].index();
        taken(world, desk, client)[0].1.follows_from(&index.measures["mood"])
    };
    assert!(follows(&world, 0) && follows(&world, 1));
    // The same total, and another name for it.
    let other = OWN.replacen("to = 1\nlabel", "to = 2\nlabel", 1);
    let other = other.replacen("\nfrom = 2", "\nfrom = 3", 1);
    world.act(1, define("mood", Some(other))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(!follows(&world, desk), "{desk}");
        let view = &views(&mut world, desk, client)[0];
        assert_eq!((view.taken.total, view.answers.len()), (Some(2), 2), "what was said stays");
    }
    assert!(*world.desks[0].rebuilt().index() == *world.desks[0].index());
    // So it goes out, and comes in as a score.
    let lines = export(&mut world, client);
    let (other, counts) = import(&lines);
    assert_eq!(counts.not_carried.get("measure.answers"), Some(&1));
    assert_eq!(taken(&other, 0, client)[0].1.items, 0);
    // What was signed before a scoring was named is read as ever.
    let before: Vec<String> = lines.iter().map(|line| without_scored(line)).collect();
    let (other, counts) = import(&before);
    assert_eq!(counts.not_carried.get("measure.answers"), None);
    assert_eq!(taken(&other, 0, client)[0].1.items, 2);
}

/// Cut-offs and bands in words that are mended, and in another order, count as before.
#[test]
fn a_typo_mended_in_what_is_said_of_a_score_parts_no_history_and_another_number_does() {
    let cut = |id: &str, value: u8, label: &str| {
        format!(
            "[[cut_offs]]\nid = \"{id}\"\nof = \"total\"\nop = \">=\"\nvalue = {value}\n\
             label = \"{label}\"\nsource = \"ours\"\n\n"
        )
    };
    let file = |cuts: &[String]| {
        let text = OWN.replacen("[risk]", &format!("{}[risk]", cuts.concat()), 1);
        let out = "bands = { mood = \"bad\" }\n";
        text.replacen(out, &format!("{out}cut_offs = {{ low = true, high = true }}\n"), 1)
    };
    let (low, high) = (cut("low", 2, "to be loked at"), cut("high", 3, "a lot"));
    let first = file(&[low, high.clone()]);
    let low = cut("low", 2, "to be looked at");
    let mended = file(&[high.clone(), low.clone()]);
    let mended = mended.replace("label = \"bad\"", "label = \"worse\"");
    let mended = mended.replace("mood = \"bad\"", "mood = \"worse\"");
    let moved = file(&[cut("high", 4, "a lot"), low]);
    for (then, follows) in [(mended, true), (moved, false)] {
        let (mut world, client) = world();
        world.act(0, define("mood", Some(first.clone()))).unwrap();
        let form = world.desks[0].index().measures["mood"].clone();
        world.act(0, Edit::answered(client, None, &form, choices(&[2, 1]))).unwrap();
        world.sync();
        let lines = export(&mut world, client);
        world.act(1, define("mood", Some(then.clone()))).unwrap();
        world.sync();
        let index = world.desks[0].index();
        let answered = taken(&world, 0, client)[0].1.clone();
        assert_eq!(answered.follows_from(&index.measures["mood"]), follows);
        // And so for what was let out before, also by an earlier version: that knows no mended word.
        let text = serde_json::Value::from(then).to_string();
        let known = serde_json::Value::from(first.clone()).to_string();
        let lines: Vec<_> = lines.iter().map(|line| line.replace(&known, &text)).collect();
        let (other, counts) = import(&lines);
        assert_eq!(!counts.not_carried.contains_key("measure.answers"), follows);
        let name = &taken(&other, 0, client)[0].1.instrument;
        assert_eq!(name.ends_with(" (another scoring)"), !follows, "{name}");
        let early: Vec<_> = lines.iter().map(|line| without(line, "\"numbers\":")).collect();
        assert_eq!(import(&early).1.not_carried.get("measure.answers"), Some(&1));
        let own: Vec<_> = early.iter().map(|line| line.replace(&text, &known)).collect();
        assert_eq!(import(&own).1.not_carried.get("measure.answers"), None);
    }
}

fn without_scored(line: &str) -> String {
    without(&without(line, "\"scored\":"), "\"numbers\":")
}

fn without(line: &str, field: &str) -> String {
    let Some(at) = line.find(field) else { return line.to_owned() };
    let end = at + line[at..].find(',').unwrap() + 1;
    format!("{}{}", &line[..at], &line[end..])
}
