//! When sessions began and ended.

use super::world::*;
use crate::id::AppointmentId;
use crate::practice::Refusal;
use crate::practice::edit::{
    Edit, Modality, NoteFormat, Slot, StampChange, Stamps, Status, Whereabouts,
};

#[test]
fn one_device_says_when_it_began_and_another_when_it_ended() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let (began, ended) = (Some(MONDAY), Some(MONDAY.plus_millis(HOUR)));
    let stamp = |began: Option<_>, ended: Option<_>, status| Edit::StampSession {
        appointment: session,
        change: StampChange {
            began: began.map(Some),
            ended: ended.map(Some),
            status,
            whereabouts: None,
        },
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

/// Domain 1, S04: where the client was during the session, and whom to call there.
#[test]
fn a_note_by_video_is_signed_once_it_is_said_where_the_client_was_and_says_it() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let id = AppointmentId::from_bytes([5; 16]);
    let remote = Slot { modality: Modality::Video, ..slot(member(1), 10) };
    world.act(0, Edit::Book(appointment(id, client, remote))).unwrap();
    let note = world.begin(0, 7, client, Some(id), NoteFormat::Free);
    world.type_text(0, client, note, "said");
    let sign = Edit::Sign { note, client, late_reason: None };
    assert_eq!(world.act(0, sign.clone()), Err(Refusal::WhereaboutsMissing));
    let said = |place: &str, help: &str| {
        let said = Whereabouts { place: place.into(), help: help.into() };
        let change = StampChange { whereabouts: Some(said), ..StampChange::default() };
        Edit::StampSession { appointment: id, change }
    };
    world.act(0, said("Sampleton", " ")).unwrap();
    assert_eq!(world.act(0, sign.clone()), Err(Refusal::WhereaboutsMissing), "half of it");
    assert_eq!(world.act(0, said(&"x".repeat(301), "911")), Err(Refusal::TextTooLong));
    let inverse = world.act(0, said(" Sampleton,\nCA", "911")).unwrap().unwrap();
    world.sync();
    let whole = Whereabouts { place: "Sampleton, CA".into(), help: "911".into() };
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&id].clone();
        assert_eq!(row.whereabouts, whole);
        assert_eq!(world.desks[desk].rebuilt().index().appointments[&id], row);
    }
    let (_, redo) = world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.act(0, sign.clone()), Err(Refusal::WhereaboutsMissing));
    world.desks[0].undo(redo.unwrap()).unwrap();
    world.act(0, sign).unwrap();
    world.sync();
    let record = world.desks[0].index().timelines[&client][0].entry.record();
    let note = world.desks[0].note(client, record);
    assert_eq!(note.remote, Some((Modality::Video, whole)));
}

#[test]
fn a_note_at_the_office_and_one_from_another_practice_need_no_place() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let note = world.begin(0, 7, client, Some(session), NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.act(0, Edit::Sign { note, client, late_reason: None }).unwrap();
    let id = AppointmentId::from_bytes([5; 16]);
    let remote = Slot { modality: Modality::Phone, ..slot(member(1), 12) };
    world.act(0, Edit::Book(appointment(id, client, remote))).unwrap();
    let note = world.begin(0, 8, client, Some(id), NoteFormat::Free);
    world.type_text(0, client, note, "said elsewhere");
    world.act(0, Edit::SignImported { note, client, late_reason: None }).unwrap();
}

/// Handed back, it says what is said now, not what it said before.
#[test]
fn what_was_taken_back_at_another_clinician_does_not_come_back_with_the_hour() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let id = AppointmentId::from_bytes([5; 16]);
    let remote = Slot { modality: Modality::Video, ..slot(member(1), 10) };
    world.act(0, Edit::Book(appointment(id, client, remote.clone()))).unwrap();
    let said = |appointment, place: &str, began| {
        let said = Whereabouts { place: place.into(), help: "911".into() };
        let change =
            StampChange { began: Some(began), whereabouts: Some(said), ..StampChange::default() };
        Edit::StampSession { appointment, change }
    };
    world.act(0, said(id, "Wrong", Some(MONDAY))).unwrap();
    let there = Slot { clinician: member(2), ..remote.clone() };
    world.act(0, Edit::Move { appointment: id, slot: there }).unwrap();
    let living = |world: &World| {
        let index = world.desks[0].index();
        let mut rows = index.appointments.values();
        rows.find(|row| !row.status.frees_the_slot()).unwrap().as_ref().clone()
    };
    let heir = living(&world).id;
    assert_ne!(heir, id);
    world.act(0, said(heir, "Right", None)).unwrap();
    world.act(0, Edit::Move { appointment: heir, slot: remote }).unwrap();
    let row = living(&world);
    assert_eq!((row.stamps.began, row.whereabouts.place.as_str()), (None, "Right"));
}

/// Nothing is begun for an edit that is refused: what follows would build on what nobody has.
#[test]
fn a_place_that_is_too_long_leaves_an_occurrence_as_it_was() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let first = Slot { modality: Modality::Video, ..slot(member(1), 10) };
    let first = appointment(AppointmentId::from_bytes([0; 16]), client, first);
    let rule = "FREQ=WEEKLY;COUNT=3".parse().unwrap();
    let series = crate::id::SeriesId::from_bytes([7; 16]);
    let new = crate::practice::edit::NewSeries { series, first, rule };
    world.act(0, Edit::BookSeries(Box::new(new))).unwrap();
    world.sync();
    let second = jiff::civil::date(2026, 11, 30);
    let id = world.desks[0].index().days[&second][0];
    let said = |place: &str| {
        let said = Whereabouts { place: place.into(), help: "911".into() };
        let change = StampChange {
            began: Some(Some(MONDAY)),
            whereabouts: Some(said),
            ..StampChange::default()
        };
        Edit::StampSession { appointment: id, change }
    };
    assert_eq!(world.act(0, said(&"x".repeat(301))), Err(Refusal::TextTooLong));
    world.act(0, said("Sampleton, CA")).unwrap();
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&id].clone();
        assert_eq!(row.whereabouts.place, "Sampleton, CA", "{desk}");
        let mut rebuilt = world.desks[desk].rebuilt();
        rebuilt.look_ahead(world.desks[desk].now);
        assert_eq!(rebuilt.index().appointments[&id].whereabouts, row.whereabouts, "{desk}");
    }
}

/// Nobody was anywhere.
#[test]
fn a_note_about_a_session_that_did_not_take_place_needs_no_place() {
    for status in [Status::NoShow, Status::LateCancel] {
        let mut world = World::new(&[1]);
        let client = world.client(0, 1);
        let id = AppointmentId::from_bytes([5; 16]);
        let remote = Slot { modality: Modality::Video, ..slot(member(1), 10) };
        world.act(0, Edit::Book(appointment(id, client, remote))).unwrap();
        world.act(0, Edit::SetStatus { appointment: id, status, reason: None }).unwrap();
        let note = world.begin(0, 7, client, Some(id), NoteFormat::Free);
        world.type_text(0, client, note, "did not come");
        world.act(0, Edit::Sign { note, client, late_reason: None }).unwrap();
        let record = world.desks[0].index().timelines[&client][0].entry.record();
        assert_eq!(world.desks[0].note(client, record).remote, None);
    }
}
