//! The contact log: entries that stay, strikes that undo them, two devices at once.

use super::world::World;
use crate::id::ClientId;
use crate::practice::edit::{Channel, Direction, Edit, Subject};
use crate::practice::view::{TimelineEntry, View};
use crate::practice::{NewContact, Refusal};
use std::collections::BTreeSet;

fn contact(channel: Channel, text: &str) -> NewContact {
    NewContact {
        channel,
        direction: Direction::In,
        at: None,
        text: text.into(),
        labels: BTreeSet::new(),
    }
}

fn log(world: &mut World, desk: usize, client: ClientId, text: &str) -> Edit {
    let contact = contact(Channel::Text, text);
    world.act(desk, Edit::LogContact { client, contact }).unwrap().unwrap()
}

fn texts(world: &World, desk: usize, client: ClientId) -> Vec<String> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let text = |entry: &TimelineEntry| match entry {
        TimelineEntry::Contact { text, .. } => Some(text.clone()),
        _ => None,
    };
    rows.filter_map(|row| text(&row.entry)).collect()
}

#[test]
fn what_one_device_logs_the_other_shows_and_a_strike_undoes_it_everywhere() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let strike = log(&mut world, 0, client, "  running late ");
    world.desks[1].now = world.desks[1].now.plus_millis(1_000);
    world.sync();
    log(&mut world, 1, client, "left a message");
    world.sync();
    for desk in 0..2 {
        assert_eq!(texts(&world, desk, client), ["left a message", "running late"]);
        let View::Chart(chart) = world.desks[desk].open(Subject::Chart(client)).unwrap() else {
            panic!("a chart")
        };
        assert_eq!(chart.timeline.len(), 2);
    }
    let (changes, redo) = world.desks[0].undo(strike).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(texts(&world, 1, client), ["left a message"]);
    world.desks[0].now = world.desks[0].now.plus_millis(1_000);
    let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(texts(&world, 1, client).len(), 2, "and again");
    let again = world.desks[1].rebuilt();
    assert_eq!(again.index().timelines, world.desks[1].index().timelines);
}

#[test]
fn who_undoes_a_strike_takes_back_none_that_another_device_made() {
    // Whoever's clock is ahead.
    for ahead in [0, 1] {
        let mut world = World::new(&[1, 1]);
        let client = world.client(0, 1);
        let undo = log(&mut world, 0, client, "running late");
        world.sync();
        let Edit::StrikeContact { record, .. } = undo else { panic!("{undo:?}") };
        let strike = |struck| Edit::StrikeContact { client, record, struck };
        world.desks[ahead].now = world.desks[ahead].now.plus_millis(5_000);
        let inverse = world.act(0, strike(true)).unwrap().unwrap();
        world.act(1, strike(true)).unwrap();
        // Before the other is heard of it is undone, and the other still counts if it is newer.
        world.desks[0].now = world.desks[0].now.plus_millis(1_000);
        let (changes, redo) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
        assert_eq!(texts(&world, 0, client).len(), 1);
        world.sync();
        let stands = usize::from(ahead == 0);
        for desk in 0..2 {
            assert_eq!(texts(&world, desk, client).len(), stands, "{ahead} {desk}");
        }
        assert_eq!(world.desks[0].undo(redo.unwrap()).unwrap_err(), Refusal::ChangedElsewhere);

        // And after it was heard of nothing is undone: not the strike, and not the entry itself.
        world.desks[0].now = world.desks[0].now.plus_millis(1_000);
        let inverse = world.act(0, strike(true)).unwrap().unwrap();
        world.act(1, strike(true)).unwrap();
        world.sync();
        assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
        assert_eq!(world.desks[0].undo(undo).unwrap_err(), Refusal::ChangedElsewhere);
        for desk in 0..2 {
            assert!(texts(&world, desk, client).is_empty(), "{ahead} {desk}");
            let rebuilt = world.desks[desk].rebuilt();
            assert_eq!(rebuilt.index().timelines, world.desks[desk].index().timelines);
        }
        // The read model says the same.
        let name = crate::practice::compartment::CompartmentName::Contact(client);
        let segment = world.desks[0].practice.project(&name).unwrap();
        let mut restored = crate::practice::Practice::new();
        restored.restore(&name, &segment).unwrap();
        assert_eq!(restored.project(&name), Some(segment));
    }
}

#[test]
fn an_entry_stands_where_it_happened_and_has_room_for_a_line() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    log(&mut world, 0, client, "today");
    let yesterday = world.desks[0].now.plus_millis(-86_400_000);
    let late = NewContact { at: Some(yesterday), ..contact(Channel::Call, "yesterday") };
    world.act(0, Edit::LogContact { client, contact: late }).unwrap();
    assert_eq!(texts(&world, 0, client), ["today", "yesterday"]);
    let long = contact(Channel::Letter, &"x".repeat(1_001));
    let edit = Edit::LogContact { client, contact: long };
    assert_eq!(world.act(0, edit), Err(Refusal::TextTooLong));
    let stranger = ClientId::from_bytes([9; 16]);
    let edit = Edit::LogContact { client: stranger, contact: contact(Channel::Fax, "") };
    assert_eq!(world.act(0, edit), Err(Refusal::UnknownClient));
}

#[test]
fn a_front_desk_without_the_chart_sees_the_log() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    log(&mut world, 0, client, "moved to Tuesday");
    let name = crate::practice::compartment::CompartmentName::Contact(client);
    let segment = world.desks[0].practice.project(&name).unwrap();
    let mut desk = crate::practice::Practice::new();
    assert!(desk.restore_all(&[(name, segment)]).is_empty());
    assert_eq!(desk.index().timelines[&client].len(), 1);
}

#[test]
fn who_brings_back_what_a_fast_clock_struck_has_the_last_word_everywhere() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let undo = log(&mut world, 0, client, "running late");
    world.sync();
    let Edit::StrikeContact { record, .. } = undo else { panic!("{undo:?}") };
    let strike = |struck| Edit::StrikeContact { client, record, struck };
    world.desks[0].now = world.desks[0].now.plus_millis(3_600_000);
    for struck in [true, false, true] {
        world.act(0, strike(struck)).unwrap();
        world.sync();
        let inverse = world.act(1, strike(!struck)).unwrap().unwrap();
        world.sync();
        for desk in 0..2 {
            assert_eq!(texts(&world, desk, client).is_empty(), !struck, "{desk}");
        }
        // Undo and redo count as well.
        let (changes, redo) = world.desks[1].undo(inverse).unwrap();
        world.send(1, changes);
        world.sync();
        assert_eq!(texts(&world, 0, client).is_empty(), struck);
        let (changes, _) = world.desks[1].undo(redo.unwrap()).unwrap();
        world.send(1, changes);
        world.sync();
        assert_eq!(texts(&world, 0, client).is_empty(), !struck);
    }
}
