//! An ordinary day on one device.

use super::world::{HOUR, MONDAY, World, appointment, context, insert, member, slot};
use crate::id::{AppointmentId, ClientId, ObjectId};
use crate::practice::change::Content;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{
    ContactChange, Edit, Fee, NoteFormat, Part, Purpose, Slot, Status, Subject,
};
use crate::practice::search::Match;
use crate::practice::view::{NoteState, TimelineEntry, View};
use crate::practice::{Practice, Refusal};
use crate::random::Seeded;

#[test]
fn an_appointment_shows_on_its_day_in_order_of_start() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let late = world.book(0, 1, client);
    let early = AppointmentId::from_bytes([2; 16]);
    world.act(0, Edit::Book(appointment(early, client, slot(member(1), 8)))).unwrap();

    let index = world.desks[0].index();
    assert_eq!(index.days[&jiff::civil::date(2026, 11, 23)], vec![early, late]);
    assert_eq!(index.appointments[&late].note, NoteState::Missing);

    let mut moved = slot(member(1), 9);
    moved.start = jiff::civil::date(2026, 12, 1).at(9, 0, 0, 0);
    world.act(0, Edit::Move { appointment: early, slot: moved }).unwrap();
    let index = world.desks[0].index();
    assert_eq!(index.days[&jiff::civil::date(2026, 11, 23)], vec![late]);
    assert_eq!(index.days[&jiff::civil::date(2026, 12, 1)], vec![early]);
}

#[test]
fn a_move_changes_a_hundred_bytes_or_two_and_not_the_calendar() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    for number in 1..50 {
        world.book(0, number, client);
    }
    let edit =
        Edit::Move { appointment: AppointmentId::from_bytes([7; 16]), slot: slot(member(1), 15) };
    let (changes, _) = world.desks[0].apply(edit).unwrap();

    let [change] = changes.as_slice() else { panic!("one change") };
    let Content::Delta { bytes, .. } = &change.content else { panic!("a delta") };
    assert!(bytes.len() < 300, "{} bytes", bytes.len());
}

#[test]
fn names_are_compared_in_one_form_and_must_not_be_empty() {
    let mut world = World::new(&[1]);
    let client = ClientId::from_bytes([1; 16]);
    let contact = |name: &str| ContactChange { name: Some(name.into()), ..Default::default() };
    let blank = Edit::NewClient { client, contact: contact("  ") };
    assert_eq!(world.act(0, blank), Err(Refusal::EmptyName));
    world.act(0, Edit::NewClient { client, contact: contact(" Zoe\u{308} Sample ") }).unwrap();
    assert_eq!(world.desks[0].index().clients[&client].name, "Zo\u{eb} Sample");

    let long = Edit::ChangeContact { client, contact: contact(&"x".repeat(201)) };
    assert_eq!(world.act(0, long), Err(Refusal::TextTooLong));
    let again = Edit::NewClient { client, contact: contact("Other") };
    assert_eq!(world.act(0, again), Err(Refusal::ClientExists));
}

#[test]
fn slots_that_cannot_be_are_refused() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let id = AppointmentId::from_bytes([1; 16]);
    let mut bad = Vec::new();
    for (minutes, zone) in [(0, "Europe/Vienna"), (1441, "Europe/Vienna"), (50, "Middle/Earth")] {
        let slot = slot(member(1), 8);
        bad.push(Slot { minutes, zone: zone.into(), ..slot });
    }
    for slot in bad {
        assert_eq!(
            world.act(0, Edit::Book(appointment(id, client, slot))),
            Err(Refusal::InvalidSlot)
        );
    }
    let stranger = ClientId::from_bytes([9; 16]);
    let unknown = Edit::Book(appointment(id, stranger, slot(member(1), 8)));
    assert_eq!(world.act(0, unknown), Err(Refusal::UnknownClient));
}

#[test]
fn a_day_from_booking_to_a_signed_note_and_its_charge() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let held = Edit::SetStatus { appointment: session, status: Status::Held, reason: None };
    world.act(0, held).unwrap();
    let note = world.begin(0, 9, client, Some(session), NoteFormat::Soap);
    assert_eq!(world.desks[0].index().appointments[&session].note, NoteState::Draft(note));
    let splices = vec![
        insert(Part::Subjective, 0, "slept better"),
        insert(Part::Plan, 0, "continue"),
        insert(Part::Plan, 8, " weekly"),
    ];
    world.act(0, Edit::ChangeDraft { note, client, splices }).unwrap();
    assert_eq!(world.desks[0].index().drafts[0].words, 4);

    world.desks[0].now = MONDAY.plus_millis(4 * HOUR);
    let edit = Edit::Sign { note, client, late_reason: Some("not late".into()) };
    let (changes, _) = world.desks[0].apply(edit).unwrap();

    let index = world.desks[0].index();
    assert!(index.drafts.is_empty());
    let NoteState::Signed(record) = index.appointments[&session].note else { panic!("signed") };
    let [row] = index.timelines[&client].as_slice() else { panic!("one row") };
    assert_eq!(
        row.entry,
        TimelineEntry::Note {
            record,
            format: NoteFormat::Soap,
            session: Some(session),
            words: 4,
            addenda: 0,
            late: false,
            corrected: None,
        }
    );
    let kinds: Vec<_> = changes.iter().map(|change| change.compartment.clone()).collect();
    assert_eq!(
        kinds,
        [
            CompartmentName::Chart(client),
            CompartmentName::Billing(client),
            CompartmentName::Chart(client),
            CompartmentName::Audit(member(1)),
        ]
    );
    assert!(matches!(changes[2].content, Content::Close { document, .. } if document == note));
    let view = world.desks[0].note(client, record);
    assert_eq!(view.parts[3], (Part::Plan, "continue weekly".into()));
    assert_eq!(view.late_reason, None);
    let Ok(View::Chart(chart)) = world.desks[0].open(Subject::Chart(client)) else { panic!() };
    assert_eq!(chart.last_plan, "continue weekly");
}

#[test]
fn a_search_finds_names_and_codes_and_the_trail_does_not_say_for_what() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    world.client(0, 2);
    let desk = &mut world.desks[0];
    let (found, shown) = desk.practice.find("sc-001", Purpose::Query, context!(desk));

    assert_eq!(found.matches, vec![Match::Client(client)]);
    let Content::Record { bytes, .. } = &shown.changes[0].content else { panic!("a record") };
    assert!(!bytes.windows(6).any(|window| window.eq_ignore_ascii_case(b"sc-001")));
}

#[test]
fn today_comes_back_from_its_segments_without_any_document() {
    let mut world = World::new(&[1]);
    for number in 1..6 {
        let client = world.client(0, number);
        let session = world.book(0, number, client);
        let note = world.begin(0, number + 50, client, Some(session), NoteFormat::Free);
        world.type_text(0, client, note, "said");
        if number % 2 == 0 {
            world.sign(0, client, note);
        }
    }
    let desk = &mut world.desks[0];
    let names: Vec<_> = desk.memory.contents.keys().cloned().collect();
    let mut restored = Practice::new();
    for name in names.iter().rev() {
        let segment = desk.practice.project(name).unwrap();
        restored.restore(name, &segment).unwrap();
        assert_eq!(restored.project(name).unwrap(), segment);
    }
    let mut segments: Vec<_> =
        names.iter().map(|name| (name.clone(), desk.practice.project(name).unwrap())).collect();
    let mut at_once = Practice::new();
    assert_eq!(at_once.restore_all(&segments), Vec::new());
    segments[1].1[1] = 200;
    let mut but_one = Practice::new();
    assert_eq!(but_one.restore_all(&segments), [segments[1].0.clone()]);

    assert_eq!(*restored.index(), *desk.index());
    assert_eq!(*at_once.index(), *desk.index());
    assert_ne!(*but_one.index(), *desk.index());
    assert_eq!(*desk.rebuilt().index(), *desk.index());
}

#[test]
fn a_damaged_or_newer_segment_is_refused_and_changes_nothing() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let desk = &mut world.desks[0];
    let name = CompartmentName::Contact(client);
    let segment = desk.practice.project(&name).unwrap();
    let before = desk.index();
    for cut in 0..segment.len() {
        assert!(desk.practice.restore(&name, &segment[..cut]).is_err());
    }
    let mut newer = segment;
    newer[1] = 200;
    assert!(desk.practice.restore(&name, &newer).is_err());
    assert_eq!(*desk.index(), *before);
}

#[test]
fn a_splice_beyond_the_text_is_refused_and_nothing_is_typed() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let note = world.begin(0, 1, client, None, NoteFormat::Free);
    let splices = vec![insert(Part::Text, 0, "good"), insert(Part::Text, 9, "bad")];
    let refused = world.act(0, Edit::ChangeDraft { note, client, splices });
    assert_eq!(refused, Err(Refusal::InvalidSplice));
    // An addendum has one text and no other.
    let wrong_part = vec![insert(Part::Plan, 1, "x")];
    let refused = world.act(0, Edit::ChangeDraft { note, client, splices: wrong_part });
    assert_eq!(refused, Err(Refusal::InvalidSplice));

    assert_eq!(world.desks[0].draft(client, note).parts, vec![(Part::Text, String::new())]);
    world.type_text(0, client, note, "e\u{301}\u{1f600}");
    let splices = vec![insert(Part::Text, 3, "!")];
    world.act(0, Edit::ChangeDraft { note, client, splices }).unwrap();
    assert_eq!(world.desks[0].draft(client, note).parts[0].1, "e\u{301}\u{1f600}!");
}

#[test]
fn a_document_in_one_piece_stands_for_its_changes() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    for number in 1..20 {
        world.book(0, number, client);
    }
    let desk = &mut world.desks[0];
    let object = *desk.memory.documents.iter().max_by_key(|(_, blobs)| blobs.len()).unwrap().0;
    let name = desk
        .memory
        .contents
        .keys()
        .find(|name| matches!(name, CompartmentName::Calendar { .. }))
        .unwrap()
        .clone();
    let snapshot = desk.practice.snapshot(&name, object, context!(desk)).unwrap();
    desk.memory.documents.insert(object, vec![snapshot]);
    desk.practice = desk.rebuilt();
    world.book(0, 30, client);
    assert_eq!(world.desks[0].practice.unreadable(), 0);
    assert_eq!(world.desks[0].index().appointments.len(), 20);
}

#[test]
fn ids_that_are_drawn_twice_are_refused() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let note = ObjectId::random(&mut Seeded::new(4));
    let begin = Edit::BeginNote { note, client, session: Some(session), format: NoteFormat::Free };
    world.act(0, begin.clone()).unwrap();
    assert_eq!(world.act(0, begin), Err(Refusal::DraftExists));
    let again = Edit::Book(appointment(session, client, slot(member(1), 8)));
    assert_eq!(world.act(0, again), Err(Refusal::AppointmentExists));
}

#[test]
fn what_was_decided_about_the_fee_of_one_miss_says_nothing_about_another() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let status = |status| Edit::SetStatus { appointment: session, status, reason: None };
    let fee = |fee| Edit::SetFee { appointment: session, fee };
    let told = |world: &World, desk: usize| {
        let row = world.desks[desk].index().appointments[&session].clone();
        (row.fee, row.asks_for_fee())
    };
    let mut inverses = Vec::new();
    for edit in [status(Status::LateCancel), fee(Some(Fee::Waived)), status(Status::Booked)] {
        inverses.push(world.act(0, edit).unwrap().unwrap());
    }
    inverses.push(world.act(0, status(Status::NoShow)).unwrap().unwrap());
    world.sync();
    for desk in 0..2 {
        assert_eq!(told(&world, desk), (None, true), "{desk}");
    }
    inverses.push(world.act(0, fee(Some(Fee::Charged))).unwrap().unwrap());
    world.sync();
    assert_eq!(told(&world, 1), (Some(Fee::Charged), false));
    // Each act is taken back whole, with what had been decided before.
    let expected =
        [(None, true), (None, false), (Some(Fee::Waived), false), (None, true), (None, false)];
    let mut again = Vec::new();
    for expected in expected {
        let (changes, redo) = world.desks[0].undo(inverses.pop().unwrap()).unwrap();
        world.send(0, changes);
        world.sync();
        assert_eq!([told(&world, 0), told(&world, 1)], [expected; 2]);
        again.push(redo.unwrap());
    }
    for redo in again.into_iter().rev() {
        let (changes, _) = world.desks[0].undo(redo).unwrap();
        world.send(0, changes);
    }
    world.sync();
    assert_eq!(told(&world, 1), (Some(Fee::Charged), false));
    // A decision about what is another miss meanwhile is not taken back.
    let undo = world.act(0, fee(None)).unwrap().unwrap();
    world.sync();
    world.act(1, status(Status::LateCancel)).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(undo).unwrap_err(), Refusal::ChangedElsewhere);
    for desk in 0..2 {
        assert_eq!(told(&world, desk), (Some(Fee::Waived), false));
        assert!(*world.desks[desk].rebuilt().index() == *world.desks[desk].index());
    }
}

#[test]
fn what_was_decided_about_a_miss_says_nothing_about_one_on_the_day_it_is_moved_to() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let at = world.desks[0].index().appointments[&session].slot.clone();
    let moved = |days: i64| {
        let start = at.start.saturating_add(jiff::Span::new().days(days));
        Edit::Move { appointment: session, slot: Slot { start, ..at.clone() } }
    };
    let missed = Edit::SetStatus { appointment: session, status: Status::NoShow, reason: None };
    let booked = Edit::SetStatus { appointment: session, status: Status::Booked, reason: None };
    let fee = |fee| Edit::SetFee { appointment: session, fee };
    let told = |world: &World, desk: usize| {
        let row = world.desks[desk].index().appointments[&session].clone();
        (row.fee, row.asks_for_fee())
    };
    world.act(0, missed.clone()).unwrap();
    let undo = world.act(0, fee(Some(Fee::Waived))).unwrap().unwrap();
    world.act(0, booked).unwrap();
    world.act(0, moved(3)).unwrap();
    world.act(0, missed).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(told(&world, desk), (None, true), "the second miss asks, {desk}");
    }
    // What was decided about the first day is not taken back where it is about another.
    assert_eq!(world.desks[0].undo(undo).unwrap_err(), Refusal::ChangedElsewhere);
    world.act(1, fee(Some(Fee::Charged))).unwrap();
    world.sync();
    assert_eq!(told(&world, 0), (Some(Fee::Charged), false));
    // An hour later on the same day it is the same miss; on the first day it is the first.
    let later = at.start.saturating_add(jiff::Span::new().days(3).hours(1));
    let slot = Slot { start: later, ..at.clone() };
    world.act(0, Edit::Move { appointment: session, slot }).unwrap();
    assert_eq!(told(&world, 0), (Some(Fee::Charged), false));
    world.act(0, moved(0)).unwrap();
    assert_eq!(told(&world, 0), (Some(Fee::Waived), false));
    world.sync();
    for desk in 0..2 {
        assert!(*world.desks[desk].rebuilt().index() == *world.desks[desk].index());
    }
}
