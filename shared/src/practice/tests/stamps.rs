//! When sessions began and ended.

use super::world::*;
use crate::practice::Refusal;
use crate::practice::edit::{Edit, Stamps, Status};

#[test]
fn one_device_says_when_it_began_and_another_when_it_ended() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let (began, ended) = (Some(MONDAY), Some(MONDAY.plus_millis(HOUR)));
    let stamp = |began, ended, status| Edit::StampSession {
        appointment: session,
        stamps: Stamps { began, ended },
        status,
    };
    // The second has not heard of the first when it says that it is over.
    world.act(0, stamp(began, None, Status::Arrived)).unwrap();
    world.act(1, stamp(None, ended, Status::Held)).unwrap();
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&session].clone();
        assert_eq!(row.stamps, Stamps { began, ended });
        let rebuilt = world.desks[desk].rebuilt().index();
        assert_eq!(rebuilt.appointments[&session], row);
    }

    let before = world.desks[0].index();
    assert_eq!(world.act(0, stamp(ended, began, Status::Held)), Err(Refusal::InvalidDate));
    let inverse = world.act(0, stamp(began, None, Status::Held)).unwrap().unwrap();
    assert_eq!(world.desks[0].index().appointments[&session].stamps.ended, None);
    let (_, redo) = world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.desks[0].index(), before);
    assert!(redo.is_some());
}

#[test]
fn an_hour_that_was_moved_to_another_clinician_keeps_its_stamps() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let stamps = Stamps { began: Some(MONDAY), ended: None };
    let stamp = Edit::StampSession { appointment: session, stamps, status: Status::Arrived };
    world.act(0, stamp).unwrap();
    world.act(0, Edit::Move { appointment: session, slot: slot(member(2), 11) }).unwrap();
    world.sync();
    let index = world.desks[1].index();
    let row = index.appointments.values().find(|row| row.slot.clinician == member(2)).unwrap();
    assert_eq!((row.stamps, row.status), (stamps, Status::Arrived));
}
