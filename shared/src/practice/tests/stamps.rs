//! When sessions began and ended.

use super::world::*;
use crate::practice::Refusal;
use crate::practice::edit::{Edit, StampChange, Stamps, Status};

#[test]
fn one_device_says_when_it_began_and_another_when_it_ended() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let (began, ended) = (Some(MONDAY), Some(MONDAY.plus_millis(HOUR)));
    let stamp = |began: Option<_>, ended: Option<_>, status| Edit::StampSession {
        appointment: session,
        change: StampChange { began: began.map(Some), ended: ended.map(Some), status },
    };
    // The second has not heard of the first when it says that it is over.
    world.act(0, stamp(began, None, Some(Status::Arrived))).unwrap();
    world.act(1, stamp(None, ended, Some(Status::Held))).unwrap();
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&session].clone();
        assert_eq!(row.stamps, Stamps { began, ended });
        assert_eq!(row.status, Status::Held, "what has ended was held");
        let rebuilt = world.desks[desk].rebuilt().index();
        assert_eq!(rebuilt.appointments[&session], row);
    }

    let before = world.desks[0].index();
    let backwards = stamp(ended, began, None);
    assert_eq!(world.act(0, backwards), Err(Refusal::InvalidDate));
    let none = StampChange { ended: Some(None), ..StampChange::default() };
    let takes_back = Edit::StampSession { appointment: session, change: none };
    let inverse = world.act(0, takes_back).unwrap().unwrap();
    assert_eq!(world.desks[0].index().appointments[&session].stamps.ended, None);
    let (_, redo) = world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.desks[0].index(), before);
    assert!(redo.is_some());
}

/// An undo takes back what was said there, and not what another device has said since.
#[test]
fn taking_back_a_beginning_leaves_the_end_that_another_device_has_said() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let arrived = Edit::SetStatus { appointment: session, status: Status::Arrived, reason: None };
    world.act(0, arrived).unwrap();
    world.sync();
    let begins = StampChange {
        began: Some(Some(MONDAY)),
        status: Some(Status::Arrived),
        ..StampChange::default()
    };
    let begins = Edit::StampSession { appointment: session, change: begins };
    let inverse = world.act(0, begins).unwrap().unwrap();
    world.sync();
    let ended = Some(MONDAY.plus_millis(HOUR));
    let ends =
        StampChange { ended: Some(ended), status: Some(Status::Held), ..StampChange::default() };
    world.act(1, Edit::StampSession { appointment: session, change: ends }).unwrap();
    world.sync();
    let (changes, _) = world.desks[0].undo(inverse).unwrap();
    world.send(0, changes);
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&session].clone();
        assert_eq!((row.stamps, row.status), (Stamps { began: None, ended }, Status::Held));
    }
}

#[test]
fn an_hour_that_was_moved_to_another_clinician_keeps_its_stamps() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let stamps = Stamps { began: Some(MONDAY), ended: None };
    let change = StampChange {
        began: Some(Some(MONDAY)),
        status: Some(Status::Arrived),
        ..StampChange::default()
    };
    world.act(0, Edit::StampSession { appointment: session, change }).unwrap();
    world.act(0, Edit::Move { appointment: session, slot: slot(member(2), 11) }).unwrap();
    world.sync();
    let index = world.desks[1].index();
    let row = index.appointments.values().find(|row| row.slot.clinician == member(2)).unwrap();
    assert_eq!((row.stamps, row.status), (stamps, Status::Arrived));
}
