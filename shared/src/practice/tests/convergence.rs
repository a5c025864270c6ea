//! Several devices at once: whatever the order, everybody ends with the same practice.

use super::world::{MONDAY, World, appointment, context, insert, member, slot};
use crate::id::{AppointmentId, ClientId, ObjectId};
use crate::practice::edit::{ContactChange, Edit, NoteFormat, Part, Splice, Status, Subject};
use crate::practice::view::View;
use proptest::prelude::*;

#[test]
fn moves_on_both_sides_are_shown_as_rivals_and_settled_by_a_move() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let moved = |hour| Edit::Move { appointment: session, slot: slot(member(1), hour) };
    world.act(0, moved(14)).unwrap();
    world.desks[1].now = MONDAY.plus_millis(5000);
    world.act(1, moved(16)).unwrap();
    world.sync();

    let index = world.desks[0].index();
    let row = &index.appointments[&session];
    let [rival] = row.rivals.as_slice() else { panic!("one rival") };
    let mut hours = [row.slot.start.hour(), rival.slot.start.hour()];
    hours.sort_unstable();
    assert_eq!(hours, [14, 16]);
    let of_rival = usize::from(rival.slot.start.hour() == 16);
    assert_eq!(rival.device, Some(world.desks[of_rival].quill.author.device));
    assert_eq!(*index, *world.desks[1].index());

    world.act(0, Edit::Move { appointment: session, slot: rival.slot.clone() }).unwrap();
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&session].clone();
        assert!(row.rivals.is_empty());
        assert_eq!(row.slot, rival.slot);
    }
}

#[test]
fn a_conflict_is_settled_for_the_value_that_is_shown() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let set = |status| Edit::SetStatus { appointment: session, status, reason: None };
    world.act(0, set(Status::Held)).unwrap();
    world.act(1, set(Status::NoShow)).unwrap();
    world.sync();
    let shown = world.desks[0].index().appointments[&session].status;
    world.act(0, set(shown)).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(world.desks[desk].index().appointments[&session].status, shown);
    }
}

#[test]
fn the_same_move_on_both_sides_is_no_conflict() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    for desk in 0..2 {
        world.act(desk, Edit::Move { appointment: session, slot: slot(member(1), 14) }).unwrap();
    }
    world.sync();
    assert!(world.desks[0].index().appointments[&session].rivals.is_empty());
}

#[test]
fn what_two_people_type_at_once_is_kept_and_the_caret_learns_of_it() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let note = world.begin(0, 9, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "middle");
    world.sync();
    let subject = Subject::Draft(client, note);
    world.desks[0].open(subject).unwrap();
    let typed = |at, text: &str| Edit::ChangeDraft {
        note,
        client,
        splices: vec![insert(Part::Text, at, text)],
    };
    world.act(0, typed(6, " end")).unwrap();
    world.act(1, typed(0, "start ")).unwrap();
    world.sync();

    let desk = &mut world.desks[0];
    let Some(View::Draft(view)) = desk.practice.refresh(subject, context!(desk)) else { panic!() };
    assert_eq!(view.parts[0].1, "start middle end");
    assert_eq!(view.remote, vec![insert(Part::Text, 0, "start ")]);
    let Some(View::Draft(view)) = desk.practice.refresh(subject, context!(desk)) else { panic!() };
    assert!(view.remote.is_empty());
    assert_eq!(world.desks[1].draft(client, note).parts[0].1, "start middle end");
}

#[test]
fn two_hand_overs_at_once_make_one_appointment_with_both_slots() {
    let mut world = World::new(&[1, 2, 3]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    world.act(0, Edit::Move { appointment: session, slot: slot(member(2), 14) }).unwrap();
    world.act(2, Edit::Move { appointment: session, slot: slot(member(2), 16) }).unwrap();
    world.sync();

    let index = world.desks[1].index();
    assert_eq!(index.appointments.len(), 1);
    let row = index.appointments.values().next().unwrap().clone();
    assert_eq!(row.slot.clinician, member(2));
    assert_eq!(row.rivals.len(), 1);
    world.act(1, Edit::Move { appointment: row.id, slot: slot(member(2), 15) }).unwrap();
    world.sync();
    let row = world.desks[0].index().appointments.values().next().unwrap().clone();
    assert!(row.rivals.is_empty());
    assert_eq!(row.slot.start.hour(), 15);
}

#[test]
fn an_appointment_handed_to_two_people_at_once_stays_one_and_is_settled() {
    let mut world = World::new(&[1, 2, 3]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    world.act(0, Edit::Move { appointment: session, slot: slot(member(2), 14) }).unwrap();
    world.act(2, Edit::Move { appointment: session, slot: slot(member(3), 16) }).unwrap();
    world.sync();

    let index = world.desks[1].index();
    assert_eq!(index.appointments.len(), 1);
    let row = index.appointments.values().next().unwrap().clone();
    let [rival] = row.rivals.as_slice() else { panic!("one rival") };
    assert_ne!(rival.slot.clinician, row.slot.clinician);
    assert!(rival.device.is_some());

    world.act(1, Edit::Move { appointment: row.id, slot: rival.slot.clone() }).unwrap();
    world.sync();
    for desk in 0..3 {
        let index = world.desks[desk].index();
        assert_eq!(index.appointments.len(), 1);
        let settled = index.appointments.values().next().unwrap();
        assert!(settled.rivals.is_empty());
        assert_eq!(settled.slot, rival.slot);
    }
}

/// One step of somebody's day.
#[derive(Clone, Debug)]
enum Step {
    Act { desk: usize, what: u8, number: u8, hour: i8 },
    Give { desk: usize, choice: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let act = (0..3_usize, 0..11_u8, 1..4_u8, 8..18_i8)
        .prop_map(|(desk, what, number, hour)| Step::Act { desk, what, number, hour });
    let give = (0..3_usize, any::<usize>()).prop_map(|(desk, choice)| Step::Give { desk, choice });
    prop::collection::vec(prop_oneof![act, give], 1..60)
}

/// Does something if it can be done there; refusals are part of the day.
fn act(world: &mut World, desk: usize, what: u8, number: u8, hour: i8) -> bool {
    let client = ClientId::from_bytes([1; 16]);
    let index = world.desks[desk].index();
    let pick = |n: usize| index.appointments.keys().nth(n % index.appointments.len().max(1));
    let appointment_id = pick(usize::from(number)).copied();
    let drafts = &index.drafts;
    let draft = drafts.get(usize::from(number) % drafts.len().max(1)).map(|row| row.note);
    let fresh = [number * 16 + u8::try_from(desk).unwrap() + what; 16];
    let clinician = member(1 + u8::try_from(desk).unwrap());
    let unknown = AppointmentId::from_bytes([0; 16]);
    let note = draft.unwrap_or(ObjectId::from_bytes([0; 16]));
    world.desks[desk].now = world.desks[desk].now.plus_millis(i64::from(number) * 60_000);
    let edit = match what {
        0 => {
            Edit::Book(appointment(AppointmentId::from_bytes(fresh), client, slot(clinician, hour)))
        }
        1 | 2 => Edit::Move {
            appointment: appointment_id.unwrap_or(unknown),
            slot: slot(
                appointment_id.map_or(clinician, |id| index.appointments[&id].slot.clinician),
                hour,
            ),
        },
        3 => Edit::Move {
            appointment: appointment_id.unwrap_or(unknown),
            slot: slot(clinician, hour),
        },
        4 => Edit::SetStatus {
            appointment: appointment_id.unwrap_or(unknown),
            status: if hour > 12 { Status::Held } else { Status::NoShow },
            reason: None,
        },
        5 => Edit::ChangeContact {
            client,
            contact: ContactChange { phone: Some(format!("{hour}")), ..Default::default() },
        },
        6 => Edit::BeginNote {
            note: ObjectId::from_bytes(fresh),
            client,
            session: appointment_id,
            format: NoteFormat::Free,
        },
        7 | 8 => Edit::ChangeDraft { note, client, splices: vec![insert(Part::Text, 0, "word ")] },
        9 => Edit::ChangeDraft {
            note,
            client,
            splices: vec![Splice {
                part: Part::Text,
                position: 0,
                deleted: 2,
                inserted: String::new(),
            }],
        },
        _ => Edit::Sign { note, client, late_reason: None },
    };
    world.act(desk, edit).is_ok()
}

#[test]
fn a_move_over_moves_that_crossed_is_one_that_every_device_takes() {
    let mut world = World::new(&[1, 2, 3]);
    world.client(0, 1);
    world.sync();
    assert!(act(&mut world, 1, 0, 1, 8));
    world.give(0, 0);
    world.give(2, 0);
    // Two give the session to themselves, unseen by each other, and a third moves it within its
    // day: one of them puts nothing in the place of where it went.
    assert!(act(&mut world, 0, 3, 1, 8));
    world.give(1, 9_469_635_533_872_866_307);
    assert!(act(&mut world, 1, 1, 1, 8));
    world.give(1, 0);
    assert!(act(&mut world, 2, 3, 1, 8));
    world.give(1, 535_469_158_429_182_715);
    assert!(act(&mut world, 1, 2, 1, 14));

    while world.give(0, 0) || world.give(2, 0) {}
    world.sync();
    let first = world.desks[0].index();
    assert!((1..3).all(|desk| world.desks[desk].index().appointments == first.appointments));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_order_every_device_ends_with_the_same_practice(
        steps in steps(),
        order in prop::collection::vec(any::<usize>(), 24),
    ) {
        let mut world = World::new(&[1, 2, 3]);
        world.client(0, 1);
        world.sync();
        let mut booked = 0;
        for step in steps {
            match step {
                Step::Act { desk, what, number, hour } => {
                    let done = act(&mut world, desk, what, number, hour);
                    booked += usize::from(done && what == 0);
                }
                Step::Give { desk, choice } => {
                    world.give(desk, choice);
                }
            }
        }
        // Out of order first, then whatever is left.
        for (at, choice) in order.into_iter().enumerate() {
            world.give(at % 3, choice);
        }
        world.sync();

        let client = ClientId::from_bytes([1; 16]);
        let first = world.desks[0].index();
        prop_assert_eq!(first.appointments.len(), booked);
        let drafts: Vec<_> = first.drafts.iter().map(|row| row.note).collect();
        let chart = world.desks[0].open(Subject::Chart(client)).unwrap();
        for desk in 1..3 {
            let index = world.desks[desk].index();
            prop_assert_eq!(&index.drafts, &first.drafts);
            prop_assert_eq!(&index.timelines, &first.timelines);
            prop_assert_eq!(&index.appointments, &first.appointments);
            prop_assert_eq!(&*index, &*first);
            prop_assert_eq!(&world.desks[desk].open(Subject::Chart(client)).unwrap(), &chart);
            for note in &drafts {
                let here = world.desks[desk].draft(client, *note);
                prop_assert_eq!(here.parts, world.desks[0].draft(client, *note).parts);
            }
        }
        for desk in 0..3 {
            let again = world.desks[desk].rebuilt();
            prop_assert_eq!(&again.index().drafts, &first.drafts);
            prop_assert_eq!(&*again.index(), &*first);
        }
    }
}
