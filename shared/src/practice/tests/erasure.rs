//! Erasing a record, and the hold before it, on two devices that do not agree.

use super::world::{World, insert, member, slot};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::Refusal;
use crate::practice::change::Content;
use crate::practice::compartment::CompartmentName;
use crate::practice::correction::Correcting;
use crate::practice::edit::{Edit, NoteFormat, Part, Status, Subject};
use crate::practice::erasure::{Scope, Stage, kept_until, last_service};
use crate::practice::view::NoteState;
use jiff::civil::date;
use std::collections::BTreeSet;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn asked() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.sync();
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    world.sync();
    (world, client)
}

fn stages(world: &World, client: ClientId) -> [Option<Stage>; 2] {
    let stage =
        |desk: usize| world.desks[desk].practice.erasure(client.into()).map(|known| known.stage);
    [stage(0), stage(1)]
}

#[test]
fn who_takes_it_back_wins_over_who_orders_it_at_the_same_time() {
    let (mut world, client) = asked();
    world.desks.iter_mut().for_each(|desk| desk.now = desk.now.plus_millis(30 * DAY));
    for (orders, withdraws) in [(0, 1), (1, 0)] {
        world.act(orders, Edit::OrderErasure(client.into())).unwrap();
        world.act(withdraws, Edit::WithdrawErasure(client.into())).unwrap();
        world.sync();
        assert_eq!(stages(&world, client), [Some(Stage::Withdrawn); 2]);
        assert!(world.desks.iter().all(|desk| desk.index().clients.contains_key(&client)));

        world.act(0, Edit::AskErasure(client.into())).unwrap();
        world.sync();
        assert_eq!(world.act(1, Edit::OrderErasure(client.into())), Err(Refusal::TooEarly));
        world.desks.iter_mut().for_each(|desk| desk.now = desk.now.plus_millis(30 * DAY));
    }
}

#[test]
fn a_hold_that_one_sets_and_another_takes_away_stands() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.act(0, Edit::Hold { client, held: true }).unwrap();
    world.sync();
    world.act(0, Edit::Hold { client, held: false }).unwrap();
    world.act(0, Edit::Hold { client, held: true }).unwrap();
    world.act(1, Edit::Hold { client, held: false }).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(world.act(desk, Edit::AskErasure(client.into())), Err(Refusal::Held));
    }
}

#[test]
fn in_a_hidden_record_nothing_new_begins_and_nothing_that_is_typed_is_lost() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.sync();
    world.act(1, Edit::AskErasure(client.into())).unwrap();
    world.sync();
    let new = super::world::appointment(
        crate::id::AppointmentId::from_bytes([9; 16]),
        client,
        slot(member(1), 11),
    );
    for edit in [
        Edit::Book(new),
        Edit::Archive { client, archived: true },
        Edit::AskErasure(client.into()),
        Edit::BeginNote {
            note: ObjectId::from_bytes([8; 16]),
            client,
            session: None,
            format: NoteFormat::Free,
        },
    ] {
        assert_eq!(world.act(0, edit), Err(Refusal::ToBeErased));
    }
    let opened = world.desks[0].open(Subject::Chart(client));
    assert_eq!(opened.unwrap_err(), Refusal::ToBeErased);
    // Somebody was in the middle of a sentence when the other device asked.
    let splices = vec![insert(Part::Text, 0, "to the end")];
    world.act(0, Edit::ChangeDraft { note, client, splices }).unwrap();
    world.act(0, Edit::WithdrawErasure(client.into())).unwrap();
    world.sync();
    assert_eq!(world.desks[1].draft(client, note).parts[0].1, "to the end");
}

#[test]
fn one_note_is_hidden_with_what_was_added_to_it_and_everything_else_stays() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let mut notes = Vec::new();
    for (number, about) in [(7, Some(session)), (8, None)] {
        let draft = world.begin(0, number, client, about, NoteFormat::Free);
        world.type_text(0, client, draft, "Words.");
        world.sign(0, client, draft);
        notes.push(world.desks[0].index().timelines[&client][0].entry.record());
        world.desks[0].now = world.desks[0].now.plus_millis(1000);
    }
    let (wrong, right) = (notes[0], notes[1]);
    let more = |note, text: &str| Edit::Amend { note, client, text: text.to_owned() };
    world.act(0, more(wrong, "More.")).unwrap();
    world.sync();
    let shown = |world: &World, desk: usize| -> BTreeSet<RecordId> {
        let timeline = &world.desks[desk].index().timelines[&client];
        timeline.iter().map(|row| row.entry.record()).collect()
    };
    let all = shown(&world, 1);
    assert_eq!(all.len(), 3);
    assert!(matches!(world.desks[1].index().appointments[&session].note, NoteState::Signed(_)));
    assert_eq!(world.desks[1].practice.family_of(client, wrong).len(), 2);

    // Somebody was adding to it when the other device asked.
    let adding = ObjectId::from_bytes([9; 16]);
    world.act(0, Edit::BeginAddendum { draft: adding, client, note: wrong }).unwrap();
    world.type_text(0, client, adding, "And then");
    let scope = Scope::of_record(client, wrong);
    world.act(1, Edit::AskErasure(scope)).unwrap();
    world.sync();
    let sign = Edit::Sign { note: adding, client, late_reason: None };
    assert_eq!(world.act(0, sign), Err(Refusal::ToBeErased));
    world.act(0, Edit::DiscardDraft { note: adding, client, discarded: true }).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(shown(&world, desk), BTreeSet::from([right]));
        let index = world.desks[desk].index();
        assert_eq!(index.appointments[&session].note, NoteState::Missing);
        assert!(index.drafts.is_empty(), "what it was signed from does not come back");
        let opened = world.desks[desk].open(Subject::Note(client, wrong));
        assert_eq!(opened.unwrap_err(), Refusal::ToBeErased);
        assert!(world.desks[desk].open(Subject::Note(client, right)).is_ok());
        let addendum = all.iter().find(|id| ![wrong, right].contains(id)).unwrap();
        for (record, hidden) in [(wrong, true), (*addendum, true), (right, false)] {
            assert_eq!(world.desks[desk].practice.hides(Subject::Note(client, record)), hidden);
        }
        for edit in [
            more(wrong, "Even more."),
            Edit::AskErasure(scope),
            Edit::AskErasure(Scope::of_record(client, *addendum)),
        ] {
            assert_eq!(world.act(desk, edit), Err(Refusal::ToBeErased));
        }
        assert_eq!(world.act(desk, Edit::OrderErasure(scope)), Err(Refusal::TooEarly));
    }
    let unknown = Scope::of_record(client, RecordId::from_bytes([1; 16]));
    assert_eq!(world.act(0, Edit::AskErasure(unknown)), Err(Refusal::UnknownNote));
    world.act(0, Edit::WithdrawErasure(scope)).unwrap();
    world.sync();
    assert_eq!((shown(&world, 0), shown(&world, 1)), (all.clone(), all));
}

#[test]
fn a_record_is_kept_for_seven_years_after_the_last_session_that_took_place() {
    assert_eq!(kept_until(date(2019, 11, 20)), date(2026, 11, 20));
    assert_eq!(kept_until(date(2020, 2, 29)), date(2027, 2, 28));

    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let day = slot(member(1), 9).start.date();
    let desk = &mut world.desks[0];
    let index = desk.index();
    let before = desk.now;
    let after = index.appointments[&session].starts.plus_millis(DAY);
    assert_eq!(last_service(&index, client, before.min(after.plus_millis(-2 * DAY))), None);
    assert_eq!(last_service(&index, client, after), Some(day));
    let status = Status::CancelledByClient;
    world.act(0, Edit::SetStatus { appointment: session, status, reason: None }).unwrap();
    assert_eq!(last_service(&world.desks[0].index(), client, after), None);
}

/// Destroys on a desk whatever is out of sight of a client, as a device does that carries an erasure out;
/// what is left is read anew.
fn destroy(world: &mut World, desk: usize, client: ClientId) {
    let desk = &mut world.desks[desk];
    let dead = desk.practice.hidden_records(client);
    let name = CompartmentName::Chart(client);
    desk.memory.contents.get_mut(&name).unwrap().retain(|content| match content {
        Content::Record { record, .. } => !dead.contains(record),
        Content::Delta { draft, .. } => !draft,
        Content::Close { .. } | Content::Draft { .. } => false,
    });
    desk.memory.records.retain(|record, _| !dead.contains(record));
    desk.practice = desk.rebuilt();
}

/// Gives these desks all that was sent so far.
fn meet(world: &mut World, desks: &[usize]) {
    while desks.iter().any(|desk| world.give(*desk, 0)) {}
}

fn rows(world: &World, desk: usize, client: ClientId) -> BTreeSet<RecordId> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    rows.map(|row| row.entry.record()).collect()
}

/// A note that both devices of its author know, and a third does, too.
fn signed_note(world: &mut World, client: ClientId, number: u8, text: &str) -> RecordId {
    let before = rows(world, 0, client);
    let draft = world.begin(0, number, client, None, NoteFormat::Free);
    world.type_text(0, client, draft, text);
    world.sign(0, client, draft);
    world.sync();
    *rows(world, 0, client).difference(&before).next().unwrap()
}

fn corrected(
    world: &mut World,
    desk: usize,
    number: u8,
    (client, note): (ClientId, RecordId),
) -> RecordId {
    let before = rows(world, desk, client);
    let draft = ObjectId::from_bytes([number; 16]);
    let begin = Correcting { draft, client, note, blank: None };
    world.act(desk, Edit::BeginCorrection(begin)).unwrap();
    world.type_text(desk, client, draft, "Rather: ");
    let late_reason = Some("a slip".to_owned());
    world.act(desk, Edit::Sign { note: draft, client, late_reason }).unwrap();
    *rows(world, desk, client).difference(&before).next().unwrap()
}

/// A note is corrected and erased while a third device is away, which corrects the note as it was, adds to
/// it, and adds to its correction. All of it is out of sight wherever it comes, and goes, whatever comes first
/// and also where what came before it is gone by then.
#[test]
fn what_comes_late_to_an_erased_note_goes_like_the_note_itself_in_whatever_order() {
    for choice in [0, 1, 2, usize::MAX] {
        let mut world = World::new(&[1, 1, 2]);
        let client = world.client(0, 1);
        let right = signed_note(&mut world, client, 7, "This stays.");
        let note = signed_note(&mut world, client, 8, "About somebody else.");
        let newest = corrected(&mut world, 0, 9, (client, note));
        world.act(0, Edit::AskErasure(Scope::of_record(client, newest))).unwrap();
        meet(&mut world, &[0, 1]);
        for desk in 0..2 {
            assert_eq!(rows(&world, desk, client), BTreeSet::from([right]));
            destroy(&mut world, desk, client);
            assert_eq!(rows(&world, desk, client), BTreeSet::from([right]));
        }
        let late = corrected(&mut world, 2, 10, (client, note));
        for note in [note, late] {
            let text = "About somebody else, too.".to_owned();
            world.act(2, Edit::Amend { note, client, text }).unwrap();
        }
        assert_eq!(rows(&world, 2, client).len(), 4);
        while world.give(0, choice) {
            destroy(&mut world, 0, client);
        }
        assert_eq!(rows(&world, 0, client), BTreeSet::from([right]), "{choice}");
        world.sync();
        for desk in 0..3 {
            assert_eq!(rows(&world, desk, client), BTreeSet::from([right]), "{choice} {desk}");
            destroy(&mut world, desk, client);
            assert_eq!(rows(&world, desk, client), BTreeSet::from([right]), "{choice} {desk}");
        }
        world.sync();
        let scope = Scope::of_record(client, newest);
        let known =
            |desk: usize| world.desks[desk].practice.family_of(client, scope.record.unwrap());
        assert!(known(0).is_superset(&BTreeSet::from([note, newest, late])));
        assert_eq!((known(0), known(0)), (known(1), known(2)));
        // What comes back shows whole, as far as it is not destroyed: nothing else was taken along.
        assert!(world.desks[0].open(Subject::Note(client, right)).is_ok());
    }
}

/// Two devices sign one draft without knowing of each other; the one that counts is erased before the
/// other comes.
#[test]
fn a_second_signature_that_comes_after_the_first_was_erased_goes_with_it() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let draft = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, draft, "About somebody else.");
    world.sync();
    world.sign(0, client, draft);
    let note = *rows(&world, 0, client).first().unwrap();
    world.act(0, Edit::AskErasure(Scope::of_record(client, note))).unwrap();
    destroy(&mut world, 0, client);
    world.desks[1].now = world.desks[1].now.plus_millis(1000);
    world.sign(1, client, draft);
    world.sync();
    for desk in 0..2 {
        assert_eq!(rows(&world, desk, client), BTreeSet::new(), "{desk}");
    }
}

#[test]
fn what_a_newer_version_keeps_of_a_family_stays_and_stops_nothing() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let note = signed_note(&mut world, client, 7, "Words.");
    let field = format!("erasure-family/{client}/{note}");
    let desk = &mut world.desks[1];
    let (name, value) =
        (CompartmentName::Practice, crate::practice::document::Scalar::Bytes(vec![9]));
    let object = crate::practice::document_of(&name);
    let change = desk.practice.change(&name, object, super::world::context!(desk), |document| {
        document.put(None, &field, value.clone());
    });
    let change = change.unwrap().unwrap();
    desk.memory.store(&change);
    world.send(1, vec![change]);
    world.sync();
    let newest = corrected(&mut world, 0, 9, (client, note));
    world.act(0, Edit::AskErasure(Scope::of_record(client, note))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(rows(&world, desk, client), BTreeSet::new());
        let desk = &mut world.desks[desk];
        assert!(desk.practice.hides(Subject::Note(client, newest)));
        let document = desk.practice.document(&name, object, super::world::context!(desk)).unwrap();
        let kept: Vec<_> = document.values(None, &field).into_iter().map(|(one, _)| one).collect();
        assert_eq!(kept, std::slice::from_ref(&value));
    }
}
