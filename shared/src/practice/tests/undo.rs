//! Undo: what was done comes back, unless somebody else has touched it since.

use super::world::{World, insert, member, slot};
use crate::id::{AppointmentId, ClientId, DeviceId, Timestamp};
use crate::practice::Refusal;
use crate::practice::edit::{ContactChange, Edit, NoteFormat, Part, StampChange, Status};
use crate::practice::schedule::hours::Hours;
use crate::practice::schedule::waiting::{Waiting, Wish};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn prepared() -> (World, ClientId, AppointmentId) {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    (world, client, session)
}

fn edits(client: ClientId, session: AppointmentId) -> Vec<Edit> {
    let contact = ContactChange {
        phone: Some("+43 1 555 0100".into()),
        pronouns: Some("they/them".into()),
        ..Default::default()
    };
    let note = crate::id::ObjectId::from_bytes([7; 16]);
    vec![
        Edit::Archive { client, archived: true },
        Edit::ChangeContact { client, contact },
        Edit::Move { appointment: session, slot: slot(member(1), 17) },
        Edit::Move { appointment: session, slot: slot(member(2), 17) },
        Edit::SetStatus {
            appointment: session,
            status: Status::LateCancel,
            reason: Some("ill".into()),
        },
        Edit::BeginNote { note, client, session: Some(session), format: NoteFormat::Soap },
        Edit::RenameDevice { device: DeviceId::from_bytes([3; 16]), name: "Praxis".into() },
        Edit::StampSession {
            appointment: session,
            change: StampChange {
                began: Some(Some(Timestamp::from_millis(9))),
                ended: None,
                status: Some(Status::Arrived),
            },
        },
        Edit::NoteDeath { client, died: Some(jiff::civil::date(2026, 11, 20)) },
        Edit::AskErasure(client.into()),
        Edit::Hold { client, held: true },
        Edit::SetHours { member: member(1), hours: Hours::parse("Mon-Thu 9-17").ok() },
        Edit::Wait {
            client,
            waiting: Some(Waiting {
                since: Timestamp::from_millis(7),
                wish: Wish::parse("mon 9-12, video", &BTreeMap::new()).unwrap_or_default(),
            }),
        },
    ]
}

#[test]
fn undo_brings_back_an_equal_index() {
    for number in 0..13 {
        let (mut world, client, session) = prepared();
        let before = world.desks[0].index();
        let edit = edits(client, session).remove(number);
        let inverse = world.act(0, edit).unwrap().unwrap();
        assert_ne!(*world.desks[0].index(), *before);

        let (changes, redo) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
        assert_eq!(*world.desks[0].index(), *before);
        assert!(redo.is_some());
        world.sync();
        assert_eq!(*world.desks[1].index(), *before);
    }
}

#[test]
fn a_device_has_the_name_that_it_was_given_last_and_no_other_undoes_it() {
    let (mut world, _, _) = prepared();
    let device = DeviceId::from_bytes([3; 16]);
    let rename = |name: &str| Edit::RenameDevice { device, name: name.into() };
    let inverse = world.act(0, rename("  front desk ")).unwrap().unwrap();
    world.sync();
    assert_eq!(world.desks[1].index().devices.get(&device).map(String::as_str), Some("front desk"));

    world.act(1, rename("tablet")).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    assert_eq!(world.act(0, rename(&"x".repeat(300))).unwrap_err(), Refusal::TextTooLong);

    world.act(0, rename("")).unwrap();
    world.sync();
    assert_eq!(world.desks[1].index().devices.get(&device), None);
}

#[test]
fn a_discarded_draft_comes_back_with_its_text() {
    let (mut world, client, _) = prepared();
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "kept");
    let before = world.desks[0].index();
    let discard = Edit::DiscardDraft { note, client, discarded: true };
    let inverse = world.act(0, discard).unwrap().unwrap();
    assert!(world.desks[0].index().drafts.is_empty());
    assert_eq!(
        world.act(0, Edit::Sign { note, client, late_reason: None }),
        Err(Refusal::NotADraft)
    );

    world.desks[0].undo(inverse).unwrap();
    assert_eq!(*world.desks[0].index(), *before);
    assert_eq!(world.desks[0].draft(client, note).parts[0].1, "kept");
}

#[test]
fn a_booking_is_undone_by_a_cancellation_and_a_new_client_by_the_archive() {
    let (mut world, client, session) = prepared();
    let (_, inverse) = {
        let desk = &mut world.desks[0];
        let id = AppointmentId::from_bytes([9; 16]);
        let new = super::world::appointment(id, client, slot(member(1), 11));
        desk.apply(Edit::Book(new)).unwrap()
    };
    world.desks[0].undo(inverse.unwrap()).unwrap();
    let index = world.desks[0].index();
    assert!(index.appointments[&AppointmentId::from_bytes([9; 16])].status.frees_the_slot());
    assert!(!index.appointments[&session].status.frees_the_slot());
}

#[test]
fn undo_is_refused_when_another_device_has_changed_the_same_field_since() {
    for number in 0..5 {
        let (mut world, client, session) = prepared();
        let inverse = world.act(0, edits(client, session).remove(number)).unwrap().unwrap();
        world.sync();
        // The other device does the same again, each in its own words.
        let again = match edits(client, session).remove(number) {
            Edit::Archive { client, .. } => Edit::Archive { client, archived: false },
            Edit::ChangeContact { client, .. } => Edit::ChangeContact {
                client,
                contact: ContactChange { phone: Some("other".into()), ..Default::default() },
            },
            Edit::SetStatus { appointment, .. } => {
                Edit::SetStatus { appointment, status: Status::Confirmed, reason: None }
            }
            Edit::Move { .. } => {
                let index = world.desks[1].index();
                let row = index.appointments.values().next().unwrap();
                Edit::Move { appointment: row.id, slot: slot(row.slot.clinician, 19) }
            }
            other => other,
        };
        world.act(1, again).unwrap();
        world.sync();
        let before = world.desks[0].index();
        let refused = world.desks[0].undo(inverse).map(|_| ());
        assert_eq!(refused, Err(Refusal::ChangedElsewhere), "edit {number}");
        assert_eq!(*world.desks[0].index(), *before);
    }
}

#[test]
fn a_signature_and_typing_have_no_inverse_here() {
    let (mut world, client, _) = prepared();
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    let splices = vec![insert(Part::Text, 0, "said")];
    assert_eq!(world.act(0, Edit::ChangeDraft { note, client, splices }), Ok(None));
    assert_eq!(world.act(0, Edit::Sign { note, client, late_reason: None }), Ok(None));
    let discard = Edit::DiscardDraft { note, client, discarded: true };
    assert_eq!(world.act(0, discard), Err(Refusal::AlreadySigned));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_run_of_edits_is_undone_in_reverse(choices in prop::collection::vec(0_usize..5, 1..12)) {
        let (mut world, client, session) = prepared();
        let before = world.desks[0].index();
        let mut inverses = Vec::new();
        for choice in choices {
            let edit = match edits(client, session).remove(choice) {
                Edit::Move { slot, .. } => {
                    let index = world.desks[0].index();
                    let living = *index.appointments.keys().next().unwrap();
                    Edit::Move { appointment: living, slot }
                }
                Edit::SetStatus { status, reason, .. } => {
                    let index = world.desks[0].index();
                    let living = *index.appointments.keys().next().unwrap();
                    Edit::SetStatus { appointment: living, status, reason }
                }
                other => other,
            };
            inverses.extend(world.act(0, edit).unwrap());
        }
        for inverse in inverses.into_iter().rev() {
            let outcome = world.desks[0].undo(inverse);
            prop_assert!(outcome.is_ok(), "{:?}", outcome.err());
        }
        prop_assert_eq!(&*world.desks[0].index(), &*before);
    }
}
