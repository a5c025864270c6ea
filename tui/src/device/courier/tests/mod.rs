//! Devices of one member through a server: what one writes the others show.

mod annulled;
mod apart;
mod attachments;
mod doubt;
mod endings;
mod erasing;
mod incarnation;
mod journal;
mod live;
mod lost;
mod pacing;
mod packs;
mod plans;
mod rebasing;
mod recover;
mod reseed;
mod sheet;
mod strays;
mod trail;
mod twice;
mod watch;
mod world;

use super::enrol::{EnrolError, Enrolment};
use crate::device::chance::OsRandom;
use proptest::prelude::*;
use tacenda_shared::id::{AppointmentId, ClientId, DeviceId, ObjectId};
use tacenda_shared::practice::edit::*;
use tacenda_shared::practice::group::{Belongs, GroupChange, GroupKind, subject_of};
use tacenda_shared::practice::view::{DraftView, NoteState, View};
use tacenda_shared::suite::SigningKey;
use tacenda_shared::sync::device::Event;
use tacenda_shared::sync::{PracticeReceipt, RefusalCode};
use world::World;

fn client(world: &mut World, at: usize, name: &str) -> ClientId {
    let client = ClientId::random(&mut OsRandom);
    let contact = ContactChange {
        name: Some(name.into()),
        code: Some(format!("TS-{:03}", client.as_bytes()[0])),
        ..ContactChange::default()
    };
    edit(world, at, Edit::NewClient { client, contact });
    client
}

fn couple(world: &mut World, at: usize, clients: [ClientId; 2]) -> ClientId {
    let group = ObjectId::random(&mut OsRandom);
    let members = clients.map(|client| (client, Belongs::Now)).into_iter().collect();
    let change = GroupChange { name: None, code: Some("A/B-01".into()), members };
    edit(world, at, Edit::NewGroup { group, kind: GroupKind::Couple, change });
    subject_of(group)
}

fn edit(world: &mut World, at: usize, edit: Edit) {
    let now = world.now;
    world.device(at).apply(edit, now).unwrap();
}

fn book(world: &mut World, at: usize, client: ClientId, hour: i8) -> NewAppointment {
    let index = world.device(at).index();
    let new = NewAppointment {
        id: AppointmentId::random(&mut OsRandom),
        clients: vec![client],
        kind: AppointmentKind::Individual,
        slot: Slot {
            start: jiff::civil::date(2026, 11, 26).at(hour, 0, 0, 0),
            zone: "Europe/Berlin".into(),
            minutes: 50,
            clinician: *index.clinicians.keys().next().unwrap(),
            room: None,
            modality: Modality::InOffice,
        },
        memo: None,
    };
    edit(world, at, Edit::Book(new.clone()));
    new
}

fn begin_note(world: &mut World, at: usize, client: ClientId) -> ObjectId {
    let note = ObjectId::random(&mut OsRandom);
    edit(world, at, Edit::BeginNote { note, client, session: None, format: NoteFormat::Free });
    note
}

fn write(world: &mut World, at: usize, client: ClientId, note: ObjectId, text: &str) {
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: text.into() };
    edit(world, at, Edit::ChangeDraft { note, client, splices: vec![splice] });
}

fn draft(world: &mut World, at: usize, client: ClientId, note: ObjectId) -> DraftView {
    let now = world.now;
    let subject = Subject::Draft(client, note);
    let view = world.device(at).open(subject, Purpose::Care, now).unwrap();
    world.device(at).close_view(subject, now);
    let View::Draft(draft) = view else { panic!("a draft was asked for") };
    draft
}

fn text(world: &mut World, at: usize, client: ClientId, note: ObjectId) -> String {
    draft(world, at, client, note).parts.into_iter().map(|(_, text)| text).collect()
}

fn assert_equal(world: &mut World) {
    let first = world.device(0).index();
    for number in 1..world.computers.len() {
        assert_eq!(world.device(number).index(), first, "device {number}");
    }
    for number in 0..world.computers.len() {
        assert_eq!(world.device(number).sync_status().queued, 0, "device {number}");
    }
}

#[test]
fn a_second_device_shows_what_the_first_wrote_before_and_after_it_came() {
    let mut world = World::found();
    let before = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, before);
    write(&mut world, 0, before, note, "Slept badly.");
    world.heal();
    assert_eq!(world.device(0).sync_status().queued, 0);

    let mut world = world.joined_by("tablet");
    let after = client(&mut world, 0, "Ben Beispiel");
    let booked = book(&mut world, 1, before, 9);
    world.heal();

    assert_equal(&mut world);
    let index = world.device(1).index();
    assert!(index.clients.contains_key(&before) && index.clients.contains_key(&after));
    assert!(world.device(0).index().appointments.contains_key(&booked.id));
    assert_eq!(text(&mut world, 1, before, note), "Slept badly.");
    let status = world.device(1).sync_status();
    let names: Vec<_> = status.devices.iter().map(|row| (row.name.as_str(), row.this)).collect();
    assert_eq!(names, [("tablet", true), ("laptop", false)]);
    assert!(status.attached && status.connected && status.last.is_some());
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn what_was_done_offline_waits_and_then_arrives_once() {
    let mut world = World::with_devices(2);
    world.cut(1);
    let ada = client(&mut world, 1, "Ada Testerin");
    book(&mut world, 1, ada, 9);
    let queued = world.device(1).sync_status();
    assert!(queued.queued > 0 && !queued.connected);

    world.restart(1);
    assert!(world.device(1).sync_status().queued >= queued.queued);
    world.heal();

    assert_equal(&mut world);
    assert_eq!(world.device(0).index().appointments.len(), 1);
}

#[test]
fn who_waits_for_the_queue_does_not_wait_for_what_is_written_meanwhile() {
    let mut world = World::with_devices(1);
    world.heal();
    world.cut(0);
    let ada = client(&mut world, 0, "Ada Testerin");
    book(&mut world, 0, ada, 9);
    let (end, queued) = (world.device(0).queue_end(), world.device(0).sync_status().queued);
    let before = world.envelopes().count();
    assert!(queued >= 2, "{queued}");
    assert!(!world.device(0).is_current_up_to(end), "there is no link");
    world.link(0);
    let mut steps: u64 = 0;
    while !world.device(0).is_current_up_to(end) {
        assert!(steps < 1_000, "never");
        assert!(!world.device(0).is_current(), "something is written all the time");
        book(&mut world, 0, ada, 10);
        world.step(0);
        steps += 1;
    }
    let sent = u64::try_from(world.envelopes().count() - before).unwrap();
    assert!(sent >= queued, "{sent} of {queued} are on the server");
    assert!(world.device(0).sync_status().queued > 0);
    world.heal();
    assert!(world.device(0).is_current());
}

#[test]
fn a_locked_device_goes_on_where_it_was() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    world.cut(0);
    book(&mut world, 0, ada, 9);
    for at in [0, 1] {
        world.lock(at);
    }
    book(&mut world, 1, ada, 11);
    world.heal();

    assert_equal(&mut world);
    assert_eq!(world.device(0).index().appointments.len(), 2);
}

#[test]
fn a_server_that_takes_no_more_for_now_is_tried_again_and_another_refusal_is_not() {
    let mut world = World::with_devices(1);
    for (code, again) in [(RefusalCode::TooOften, true), (RefusalCode::Equivocation, false)] {
        let courier = world.device(0).courier.as_mut().unwrap();
        courier.note(Event::OutboxStopped(code));
        assert!(courier.trouble.is_some());
        let now = world.now;
        assert_eq!(world.device(0).dispatch(now).unwrap().drop_link, again, "{code:?}");
    }
}

#[test]
fn an_appointment_moved_on_both_shows_both_slots_on_both() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let booked = book(&mut world, 0, ada, 9);
    world.heal();
    world.cut(0);
    world.cut(1);
    for (at, hour) in [(0, 11), (1, 14)] {
        let start = jiff::civil::date(2026, 11, 26).at(hour, 0, 0, 0);
        let slot = Slot { start, ..booked.slot.clone() };
        edit(&mut world, at, Edit::Move { appointment: booked.id, slot });
    }
    world.heal();

    assert_equal(&mut world);
    assert_eq!(world.device(1).index().appointments[&booked.id].rivals.len(), 1);
}

#[test]
fn two_who_type_into_one_draft_keep_both_texts() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    world.heal();
    world.cut(0);
    world.cut(1);
    write(&mut world, 0, ada, note, "from the laptop. ");
    // Typed and not yet a change when the other's text arrives.
    let now = world.now;
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "here. ".into() };
    world.device(1).type_keys(note, ada, vec![splice], now);
    world.heal();
    world.device(1).commit(note, ada, now).unwrap();
    world.heal();

    let texts = [text(&mut world, 0, ada, note), text(&mut world, 1, ada, note)];
    assert_eq!(texts[0], texts[1]);
    assert!(texts[0].contains("from the laptop.") && texts[0].contains("here."), "{texts:?}");
    assert_equal_after(&mut world);
}

/// Looking into a draft writes into the audit trail, which must go out before all are equal.
fn assert_equal_after(world: &mut World) {
    world.heal();
    assert_equal(world);
}

#[test]
fn words_typed_while_another_device_signed_become_an_addendum_draft() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let booked = book(&mut world, 0, ada, 9);
    let note = ObjectId::random(&mut OsRandom);
    let session = Some(booked.id);
    edit(&mut world, 0, Edit::BeginNote { note, client: ada, session, format: NoteFormat::Free });
    write(&mut world, 0, ada, note, "Signed words. ");
    world.heal();
    world.cut(1);
    edit(&mut world, 0, Edit::Sign { note, client: ada, late_reason: None });
    write(&mut world, 1, ada, note, "Late words. ");
    world.heal();

    assert_equal(&mut world);
    let index = world.device(0).index();
    assert!(matches!(index.appointments[&booked.id].note, NoteState::Signed(_)));
    let late: Vec<_> = index.drafts.iter().map(|row| row.note).collect();
    assert_eq!(late.len(), 1, "{:?}", index.drafts);
    for at in [0, 1] {
        assert!(text(&mut world, at, ada, late[0]).contains("Late words."));
    }
}

#[test]
fn compartments_of_one_name_made_apart_are_shown_as_one() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    world.cut(0);
    world.cut(1);
    // Neither has a calendar of this quarter yet, nor a chart of this client.
    book(&mut world, 0, ada, 9);
    book(&mut world, 1, ada, 11);
    let notes = [begin_note(&mut world, 0, ada), begin_note(&mut world, 1, ada)];
    world.heal();

    assert_equal(&mut world);
    assert_eq!(world.device(0).index().appointments.len(), 2);
    for at in [0, 1] {
        world.restart(at);
        for note in notes {
            write(&mut world, at, ada, note, "more. ");
        }
    }
    world.heal();
    assert_equal(&mut world);
    for note in notes {
        assert_eq!(text(&mut world, 0, ada, note), text(&mut world, 1, ada, note));
        assert_eq!(text(&mut world, 0, ada, note), "more. more. ");
    }
}

#[test]
fn a_device_begins_only_with_a_log_that_names_it_and_that_the_server_signed() {
    let world = World::with_devices(2);
    let stranger = DeviceId::random(&mut OsRandom);
    let refused = Enrolment::new(world.joined(), stranger).unwrap_err();
    assert!(matches!(refused, EnrolError::NotAdded), "{refused:?}");

    let second = world.device_id(1);
    assert!(Enrolment::new(world.joined(), second).is_ok());
    let mut joined = world.joined();
    let receipt = &mut joined.entries.last_mut().unwrap().receipt;
    let forger = SigningKey::random(&mut OsRandom);
    let practice = joined.state.practice();
    *receipt = PracticeReceipt::sign(practice, receipt.head, receipt.received, &forger);
    let refused = Enrolment::new(joined, second).unwrap_err();
    assert!(matches!(refused, EnrolError::Log), "{refused:?}");
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Book(usize),
    Client(usize),
    Cut(usize),
    Link(usize),
    Lock(usize),
    Move(usize),
    Restart(usize),
    Sign(usize),
    Step(usize),
    Write(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0..17_u8, 0..2_usize).prop_map(|(kind, at)| match kind {
        0 => Act::Book(at),
        1 => Act::Client(at),
        2 => Act::Cut(at),
        3 => Act::Link(at),
        4 => Act::Move(at),
        5 => Act::Restart(at),
        6 => Act::Sign(at),
        7..=9 => Act::Write(at),
        16 => Act::Lock(at),
        _ => Act::Step(at),
    });
    proptest::collection::vec(act, 1..40)
}

fn perform(world: &mut World, act: Act) {
    match act {
        Act::Book(at) => {
            let client = world.device(at).index().clients.keys().next().copied();
            if let Some(client) = client {
                book(world, at, client, 9);
            }
        }
        Act::Client(at) => {
            client(world, at, "Cora Probe");
        }
        Act::Cut(at) => world.cut(at),
        Act::Link(at) => world.link(at),
        Act::Lock(at) => world.lock(at),
        Act::Move(at) => {
            let index = world.device(at).index();
            if let Some(row) = index.appointments.values().next() {
                let slot = Slot { minutes: 20 + row.slot.minutes % 30, ..row.slot.clone() };
                edit(world, at, Edit::Move { appointment: row.id, slot });
            }
        }
        Act::Restart(at) => world.restart(at),
        Act::Sign(at) => {
            let index = world.device(at).index();
            if let Some(row) = index.drafts.first() {
                let (note, client) = (row.note, row.client);
                let now = world.now;
                // A draft without a word is not signed.
                let _refused =
                    world.device(at).apply(Edit::Sign { note, client, late_reason: None }, now);
            }
        }
        Act::Step(at) => {
            world.step(at);
        }
        Act::Write(at) => {
            let index = world.device(at).index();
            let client = index.clients.keys().next().copied();
            let open = index.drafts.first().map(|row| (row.note, row.client));
            match (open, client) {
                (Some((note, client)), _) => write(world, at, client, note, "word "),
                (None, Some(client)) => {
                    begin_note(world, at, client);
                }
                (None, None) => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_links_do_all_devices_come_to_show_the_same(acts in acts()) {
        let mut world = World::with_devices(2);
        client(&mut world, 0, "Ada Testerin");
        world.heal();
        for act in acts {
            perform(&mut world, act);
        }
        world.heal();
        assert_equal(&mut world);
        world.restart(0);
        world.restart(1);
        world.heal();
        assert_equal(&mut world);
        prop_assert_eq!(&world.notices, &Vec::<String>::new());
    }
}
