//! A note in the wrong chart: it is signed anew where it belongs, and nothing of it stays in sight
//! where it was.

use super::world::*;
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId};
use crate::practice::Refusal;
use crate::practice::change::Content;
use crate::practice::chart::Headline;
use crate::practice::compartment::CompartmentName;
use crate::practice::contact_log::NewContact;
use crate::practice::correction::Correcting;
use crate::practice::edit::{
    Copied, Edit, Label, Labelled, Misfiled, NoteFormat, Part, Purpose, Restored, Stamp, Subject,
};
use crate::practice::erasure::{Scope, Stage};
use crate::practice::interchange::export_lines;
use crate::practice::journal::Book;
use crate::practice::note::charge_key;
use crate::practice::record::{Record, RecordKind, Relation, RelationKind, Tags};
use crate::practice::supervision::{Step, Supervision};
use crate::practice::view::{NoteState, TimelineEntry};
use crate::practice::ways::{Channel, Direction};
use crate::suite::Hash;
use std::collections::BTreeSet;

const DAY: i64 = 24 * HOUR;

/// Two clients; a note that belongs to the second is signed in the chart of the first, about a session
/// of `about`.
struct There {
    world: World,
    wrong: ClientId,
    right: ClientId,
    session: AppointmentId,
    note: RecordId,
}

fn there(of_right: bool) -> There {
    let mut world = World::new(&[1, 1, 2]);
    let (wrong, right) = (world.client(0, 1), world.client(0, 2));
    let session = world.book(0, 1, if of_right { right } else { wrong });
    world.desks[0].now = MONDAY.plus_millis(2 * HOUR);
    let draft = world.begin(0, 9, wrong, Some(session), NoteFormat::Soap);
    let splices =
        vec![insert(Part::Subjective, 0, "Saw a kingfisher."), insert(Part::Plan, 0, "Osprey.")];
    world.act(0, Edit::ChangeDraft { note: draft, client: wrong, splices }).unwrap();
    world.sign(0, wrong, draft);
    let note = notes(&world, 0, wrong)[0];
    world.desks.iter_mut().for_each(|desk| desk.now = MONDAY.plus_millis(DAY));
    There { world, wrong, right, session, note }
}

fn entries(world: &World, desk: usize, client: ClientId) -> Vec<TimelineEntry> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).cloned().unwrap_or_default();
    rows.iter().map(|row| row.entry.clone()).collect()
}

fn notes(world: &World, desk: usize, client: ClientId) -> Vec<RecordId> {
    let note = |entry: TimelineEntry| match entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    };
    entries(world, desk, client).into_iter().filter_map(note).collect()
}

fn strike(there: &There) -> Edit {
    Edit::StrikeNote(Misfiled {
        client: there.wrong,
        note: there.note,
        to: there.right,
        session: None,
    })
}

fn is_charged(world: &World, client: ClientId, session: AppointmentId) -> bool {
    let billing = world.desks[0].practice.facts.billing.get(&client);
    billing.is_some_and(|billing| billing.has(&charge_key(session)))
}

fn exported(world: &mut World, client: ClientId) -> String {
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let index = desk.index();
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    export_lines(&index, &written, items).collect()
}

#[test]
fn a_note_is_signed_anew_where_it_belongs_and_a_line_stays_where_it_was() {
    let mut there = there(false);
    there
        .world
        .act(0, Edit::Amend { note: there.note, client: there.wrong, text: "Phoned later.".into() })
        .unwrap();
    let labels = BTreeSet::from([Label::Hiv]);
    let of = Labelled::Record(there.note);
    there.world.act(0, Edit::Label { client: there.wrong, of, labels: labels.clone() }).unwrap();
    assert!(is_charged(&there.world, there.wrong, there.session));
    let before = there.world.desks[0].note(there.wrong, there.note);
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();

    let There { mut world, wrong, right, session, note } = there;
    for desk in 0..3 {
        let [copy] = notes(&world, desk, right)[..] else { panic!("one note") };
        let there = world.desks[desk].note(right, copy);
        assert_eq!(there.parts, before.parts);
        assert_eq!((there.author, there.session), (before.author, None));
        assert_eq!(there.labels, labels);
        assert_eq!(there.addenda[0].text, "Phoned later.");
        assert!(there.times.modality.is_none() && there.times.attendees.is_empty());
        let why = there.late_reason.unwrap();
        assert!(why.starts_with("moved here: it was written in another chart by mistake"), "{why}");
        assert!(!why.contains("SC-001") && !why.contains("Sample"), "{why}");

        let [TimelineEntry::InError { struck, by, .. }] = entries(&world, desk, wrong)[..] else {
            panic!("{:?}", entries(&world, desk, wrong))
        };
        assert_eq!((struck, by), (MONDAY.plus_millis(DAY), member(1)));
        let opened = world.desks[desk].open(Subject::Note(wrong, note));
        assert_eq!(opened.unwrap_err(), Refusal::ToBeErased);
        let index = world.desks[desk].index();
        assert_eq!(index.appointments[&session].note, NoteState::Missing);
        assert!(index.erasures.contains_key(&Scope::of_record(wrong, note)));
        let rebuilt = world.desks[desk].rebuilt();
        assert_eq!(rebuilt.index().timelines, index.timelines);
    }
    assert!(!is_charged(&world, wrong, session), "nobody pays for the session of somebody else");
    assert!(!is_charged(&world, right, session));
    let desk = &mut world.desks[0];
    let (found, _) = desk.practice.find("kingfisher", Purpose::Query, context!(desk));
    let whose: Vec<_> = found.matches.iter().map(|one| format!("{one:?}")).collect();
    assert_eq!(whose.len(), 1, "{whose:?}");
    let segment = desk.practice.project(&CompartmentName::Chart(wrong)).unwrap();
    assert!(!segment.windows(10).any(|bytes| bytes == b"kingfisher"));
    let here = exported(&mut world, wrong);
    assert!(!here.contains("kingfisher") && !here.contains("Phoned"), "{here}");
    assert!(here.contains("entered-in-error"), "{here}");
    assert!(exported(&mut world, right).contains("kingfisher"));
    // The words of the other chart stand in no record that stays here, and no name in the other.
    let name = CompartmentName::Chart(wrong);
    let family = world.desks[0].practice.family_of(wrong, note);
    assert!(world.desks[0].memory.contents[&name].len() > family.len());

    // The right note about the session is charged anew.
    let draft = world.begin(0, 20, wrong, Some(session), NoteFormat::Free);
    world.type_text(0, wrong, draft, "What was said.");
    world.sign(0, wrong, draft);
    assert!(is_charged(&world, wrong, session));
}

#[test]
fn of_a_session_of_the_right_client_the_copy_says_when_it_was() {
    let mut there = there(true);
    assert!(!is_charged(&there.world, there.wrong, there.session));
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();
    let There { mut world, wrong, right, session, .. } = there;
    let [copy] = notes(&world, 1, right)[..] else { panic!("one note") };
    let view = world.desks[1].note(right, copy);
    assert_eq!(view.session, Some(session));
    assert!(view.times.modality.is_some());
    assert_eq!(world.desks[1].index().appointments[&session].note, NoteState::Signed(copy));
    assert!(is_charged(&world, right, session) && !is_charged(&world, wrong, session));
}

#[test]
fn nobody_else_strikes_it_and_nothing_is_struck_that_would_not_be_carried_whole() {
    let mut there = there(false);
    there.world.sync();
    let edit = strike(&there);
    assert_eq!(there.world.act(2, edit.clone()), Err(Refusal::NotItsAuthor));
    let (client, note) = (there.wrong, there.note);
    let same = Edit::StrikeNote(Misfiled { client, note, to: client, session: None });
    assert_eq!(there.world.act(0, same), Err(Refusal::SameAlready));
    let to = ClientId::from_bytes([77; 16]);
    let nobody = Edit::StrikeNote(Misfiled { client, note, to, session: None });
    assert_eq!(there.world.act(0, nobody), Err(Refusal::UnknownClient));
    there.world.act(0, Edit::Hold { client, held: true }).unwrap();
    let before = there.world.desks[0].memory.contents.clone();
    assert_eq!(there.world.act(0, edit.clone()), Err(Refusal::Held));
    assert!(there.world.desks[0].memory.contents == before);
    assert!(notes(&there.world, 0, there.right).is_empty());
    there.world.act(0, Edit::Hold { client, held: false }).unwrap();

    let draft = ObjectId::from_bytes([40; 16]);
    there.world.act(0, Edit::BeginAddendum { draft, client, note }).unwrap();
    there.world.type_text(0, client, draft, "More");
    assert_eq!(there.world.act(0, edit.clone()), Err(Refusal::DraftBeside));
    there.world.act(0, Edit::DiscardDraft { note: draft, client, discarded: true }).unwrap();
    there.world.sync();
    there.world.act(2, Edit::Amend { note, client, text: "From me.".into() }).unwrap();
    there.world.sync();
    assert_eq!(there.world.act(0, edit), Err(Refusal::CannotMove));
    assert_eq!(notes(&there.world, 0, client), [note]);
}

#[test]
fn a_corrected_note_goes_with_what_stood_there_before() {
    let mut there = there(false);
    let (client, note) = (there.wrong, there.note);
    let draft = ObjectId::from_bytes([40; 16]);
    let begin = Correcting { draft, client, note, blank: None };
    there.world.act(0, Edit::BeginCorrection(begin)).unwrap();
    there
        .world
        .act(
            0,
            Edit::ChangeDraft {
                note: draft,
                client,
                splices: vec![insert(Part::Subjective, 0, "Today: ")],
            },
        )
        .unwrap();
    let late_reason = Some("a slip".to_owned());
    there.world.act(0, Edit::Sign { note: draft, client, late_reason }).unwrap();
    assert_eq!(there.world.act(0, strike(&there)), Err(Refusal::CorrectedSince));
    there.note = notes(&there.world, 0, client)[0];
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();
    let [copy] = notes(&there.world, 1, there.right)[..] else { panic!("one, corrected") };
    let view = there.world.desks[1].note(there.right, copy);
    assert!(view.parts[0].1.starts_with("Today: "));
    let earlier = view.versions.unwrap().before.remove(0);
    assert_eq!(earlier.because, "a slip");
    assert!(notes(&there.world, 1, client).is_empty());
    for record in [note, there.note] {
        assert!(there.world.desks[1].open(Subject::Note(client, record)).is_err());
    }
}

#[test]
fn it_does_not_come_back_whoever_asks_and_dies_when_its_time_has_come() {
    let mut there = there(false);
    there.world.sync();
    there.world.act(0, strike(&there)).unwrap();
    let scope = Scope::of_record(there.wrong, there.note);
    assert_eq!(there.world.act(0, Edit::WithdrawErasure(scope)), Err(Refusal::Moved));
    let lines = entries(&there.world, 0, there.wrong);
    let [TimelineEntry::InError { record: line, .. }] = lines[..] else { panic!("{lines:?}") };
    let line = Edit::AskErasure(Scope::of_record(there.wrong, line));
    assert_eq!(there.world.act(0, line), Err(Refusal::UnknownNote), "the line stays");
    // Another device has asked and taken it back, and had not heard of the strike.
    there.world.act(1, Edit::AskErasure(scope)).unwrap();
    there.world.act(1, Edit::WithdrawErasure(scope)).unwrap();
    there.world.sync();
    for desk in 0..3 {
        assert!(notes(&there.world, desk, there.wrong).is_empty(), "{desk}");
    }
    let stage = there.world.desks[0].practice.erasure(scope).unwrap().stage;
    if stage == Stage::Withdrawn {
        there.world.act(0, Edit::AskErasure(scope)).unwrap();
    }
    assert_eq!(there.world.act(0, Edit::OrderErasure(scope)), Err(Refusal::TooEarly));
    there.world.desks[0].now = MONDAY.plus_millis(31 * DAY);
    there.world.act(0, Edit::OrderErasure(scope)).unwrap();
    let all = there.world.desks[0].practice.family_of(there.wrong, there.note);
    assert_eq!(all, BTreeSet::from([there.note]), "and the line stays");
    assert_eq!(there.world.act(0, strike(&there)), Err(Refusal::ToBeErased));
}

#[test]
fn devices_agree_in_whichever_order_they_hear_of_it() {
    for last_first in [false, true] {
        let mut there = there(false);
        there.world.act(0, strike(&there)).unwrap();
        let choice = if last_first { usize::MAX } else { 0 };
        while there.world.give(2, choice) {
            let seen = notes(&there.world, 2, there.right).len();
            let here = notes(&there.world, 2, there.wrong).len();
            assert!(seen + here <= 2);
        }
        there.world.sync();
        let (one, two) = (there.world.desks[0].index(), there.world.desks[2].index());
        assert_eq!(one.timelines, two.timelines, "{last_first}");
        assert!(notes(&there.world, 2, there.wrong).is_empty());
    }
}

#[test]
fn what_others_have_signed_stays_in_sight_whoever_strikes_what_stands_in_its_place() {
    let mut there = there(false);
    there.world.sync();
    let (client, note) = (there.wrong, there.note);
    // Somebody else corrects it, and strikes the correction.
    let draft = ObjectId::from_bytes([41; 16]);
    there
        .world
        .act(2, Edit::BeginCorrection(Correcting { draft, client, note, blank: None }))
        .unwrap();
    let splices = vec![insert(Part::Subjective, 0, "No. ")];
    there.world.act(2, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    let late_reason = Some("so".to_owned());
    there.world.act(2, Edit::Sign { note: draft, client, late_reason }).unwrap();
    let name = CompartmentName::Chart(client);
    let correction = notes(&there.world, 2, client)[0];
    let desk = &mut there.world.desks[2];
    let mut body = Tags::new();
    body.set(251, [1]);
    let relation = |target: RecordId| Relation {
        kind: RelationKind::EnteredInError,
        target: *target.as_bytes(),
        digest: Hash::ZERO,
    };
    // What it says of the note of somebody else, too, counts for nothing.
    let relations = vec![relation(correction), relation(note)];
    let written = (RecordKind::InError, relations);
    let (_, change) = desk.practice.write_record(&name, written.0, written.1, body, context!(desk));
    desk.memory.store(&change);
    desk.practice.publish(&name);
    there.world.send(2, vec![change]);
    there.world.sync();
    for desk in 0..3 {
        assert_eq!(notes(&there.world, desk, client), [note], "{desk}");
        assert!(there.world.desks[desk].open(Subject::Note(client, note)).is_ok());
        let rebuilt = there.world.desks[desk].rebuilt();
        assert_eq!(rebuilt.index().timelines, there.world.desks[desk].index().timelines);
    }
}

#[test]
fn what_came_from_elsewhere_meanwhile_stays_in_sight_and_its_author_is_told() {
    let mut there = there(false);
    there.world.sync();
    let (client, note) = (there.wrong, there.note);
    // The other device of the author has not heard of the strike, and a colleague neither.
    there.world.act(1, Edit::Amend { note, client, text: "Rang again.".into() }).unwrap();
    there.world.act(2, Edit::Amend { note, client, text: "From me.".into() }).unwrap();
    let draft = ObjectId::from_bytes([42; 16]);
    there.world.act(1, Edit::BeginAddendum { draft, client, note }).unwrap();
    there.world.type_text(1, client, draft, "Half a kestrel");
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();
    let scope = Scope::of_record(client, note);
    for desk in 0..3 {
        let added: Vec<_> = entries(&there.world, desk, client)
            .into_iter()
            .filter_map(|entry| match entry {
                TimelineEntry::Addendum { record, note: to, .. } => Some((record, to)),
                _ => None,
            })
            .collect();
        assert_eq!(added.len(), 2, "{desk}");
        for (record, to) in added {
            assert_eq!(record, to, "it stands on its own");
            let view = there.world.desks[desk].note(client, record);
            assert!(["Rang again.", "From me."].contains(&view.parts[0].1.as_str()));
            // It is not destroyed with the note.
            let family = there.world.desks[desk].practice.family_of(client, note);
            assert!(!family.contains(&record));
        }
        let strays = there.world.desks[desk].index().strays.clone();
        assert_eq!(
            strays.iter().map(|row| (row.client, row.by)).collect::<Vec<_>>(),
            [(client, member(1))]
        );
        assert_eq!(there.world.desks[desk].rebuilt().index().strays, strays);
    }
    // The words about somebody else are found in no search and in no export.
    let (found, _) = {
        let desk = &mut there.world.desks[1];
        desk.practice.find("kestrel", Purpose::Query, context!(desk))
    };
    assert!(found.matches.is_empty(), "{found:?}");
    assert!(!exported(&mut there.world, client).contains("kestrel"));
    assert!(there.world.desks[0].practice.erasure(scope).is_some());
}

#[test]
fn it_is_taken_back_by_its_author_with_what_was_signed_elsewhere() {
    for of_right in [false, true] {
        let mut there = there(of_right);
        there.world.sync();
        let (wrong, right, note) = (there.wrong, there.right, there.note);
        let inverse = there.world.act(0, strike(&there)).unwrap().expect("a way back");
        there.world.sync();
        let [copy] = notes(&there.world, 0, right)[..] else { panic!("one note") };
        // Nobody else takes it back.
        assert!(there.world.act(2, inverse.clone()).is_err());
        for desk in &mut there.world.desks {
            desk.now = desk.now.plus_millis(HOUR);
        }
        let again = there.world.act(0, inverse).unwrap().expect("a way there again");
        there.world.sync();
        for desk in 0..3 {
            assert_eq!(notes(&there.world, desk, wrong), [note], "{desk}");
            assert!(notes(&there.world, desk, right).is_empty(), "{desk}");
            let lines = entries(&there.world, desk, wrong);
            assert_eq!(lines.len(), 1, "no line is left where it was: {lines:?}");
            assert!(there.world.desks[desk].open(Subject::Note(right, copy)).is_err());
            let index = there.world.desks[desk].index();
            assert_eq!(there.world.desks[desk].rebuilt().index().timelines, index.timelines);
            assert!(index.strays.is_empty());
            assert!(!index.erasures.contains_key(&Scope::of_record(wrong, note)));
            assert!(index.erasures.contains_key(&Scope::of_record(right, copy)));
        }
        // Whose session it is pays for it, and for no other.
        assert_eq!(is_charged(&there.world, wrong, there.session), !of_right);
        assert_eq!(is_charged(&there.world, right, there.session), of_right);
        there.world.act(0, again).unwrap();
        assert_eq!(notes(&there.world, 0, right).len(), 1);
        assert!(notes(&there.world, 0, wrong).is_empty());
        assert_eq!(is_charged(&there.world, right, there.session), of_right);
    }
}

#[test]
fn it_is_about_the_session_of_the_right_client_that_is_chosen() {
    let mut there = there(false);
    let (wrong, right, note) = (there.wrong, there.right, there.note);
    let theirs = there.world.book(0, 2, right);
    let edit = |session| Edit::StrikeNote(Misfiled { client: wrong, note, to: right, session });
    let own = there.session;
    assert_eq!(there.world.act(0, edit(Some(own))), Err(Refusal::SessionOfAnother));
    assert_eq!(
        there.world.act(0, edit(Some(AppointmentId::from_bytes([99; 16])))),
        Err(Refusal::UnknownAppointment)
    );
    there.world.act(0, edit(Some(theirs))).unwrap();
    let [copy] = notes(&there.world, 0, right)[..] else { panic!("one note") };
    assert_eq!(there.world.desks[0].note(right, copy).session, Some(theirs));
    assert_eq!(there.world.desks[0].index().appointments[&theirs].note, NoteState::Signed(copy));
    assert!(is_charged(&there.world, right, theirs) && !is_charged(&there.world, wrong, own));
}

#[test]
fn what_is_old_does_not_count_as_the_last_session_of_the_right_client() {
    let mut there = there(false);
    let right = there.right;
    there.world.desks[0].now = MONDAY.plus_millis(7 * DAY);
    let draft = world_note(&mut there.world, right, 30, "Heron.");
    there.world.desks[0].now = MONDAY.plus_millis(8 * DAY);
    there.world.act(0, strike(&there)).unwrap();
    let chart = there.world.desks[0].practice.facts.book(right, Book::Chart).unwrap();
    let (_, newest) = chart.newest_with(Part::Plan).unwrap();
    assert_eq!(newest, draft);
    let moved = entries(&there.world, 0, right);
    assert_eq!(moved.len(), 2);
    assert!(matches!(moved[0], TimelineEntry::Note { record, .. } if record == draft), "{moved:?}");
}

/// Signs a note with a plan.
fn world_note(world: &mut World, client: ClientId, number: u8, plan: &str) -> RecordId {
    let draft = world.begin(0, number, client, None, NoteFormat::Soap);
    let splices = vec![insert(Part::Plan, 0, plan)];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    world.sign(0, client, draft);
    notes(world, 0, client)[0]
}

#[test]
fn an_addition_that_is_to_be_erased_does_not_rise_again_in_the_other_chart() {
    let mut there = there(false);
    let (client, note) = (there.wrong, there.note);
    there.world.act(0, Edit::Amend { note, client, text: "Of a third.".into() }).unwrap();
    let added = entries(&there.world, 0, client).into_iter().find_map(|entry| match entry {
        TimelineEntry::Addendum { record, .. } => Some(record),
        _ => None,
    });
    let scope = Scope::of_record(client, added.unwrap());
    there.world.act(0, Edit::AskErasure(scope)).unwrap();
    assert_eq!(there.world.act(0, strike(&there)), Err(Refusal::ToBeErased));
}

#[test]
fn under_a_legal_hold_that_came_from_elsewhere_it_is_in_sight() {
    let mut there = there(false);
    there.world.sync();
    there.world.act(1, Edit::Hold { client: there.wrong, held: true }).unwrap();
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();
    for desk in 0..3 {
        assert_eq!(notes(&there.world, desk, there.wrong), [there.note], "{desk}");
        let subject = Subject::Note(there.wrong, there.note);
        assert!(there.world.desks[desk].open(subject).is_ok(), "{desk}");
        let rebuilt = there.world.desks[desk].rebuilt();
        assert_eq!(rebuilt.index().timelines, there.world.desks[desk].index().timelines);
    }
    there.world.act(1, Edit::Hold { client: there.wrong, held: false }).unwrap();
    there.world.sync();
    assert!(notes(&there.world, 0, there.wrong).is_empty());
}

#[test]
fn what_was_said_about_a_note_in_supervision_goes_with_it_and_the_copy_waits_anew() {
    let mut there = there(false);
    there.world.sync();
    let (client, note) = (there.wrong, there.note);
    there.world.act(0, Edit::Supervise { client, note, step: Step::Submit }).unwrap();
    there.world.sync();
    for desk in &mut there.world.desks {
        desk.now = desk.now.plus_millis(HOUR);
    }
    let step = Step::Return("She says her brother drinks.".into());
    there.world.act(2, Edit::Supervise { client, note, step }).unwrap();
    there.world.sync();
    let family = there.world.desks[0].practice.family_of(client, note);
    assert_eq!(family.len(), 3, "the hand-over and the comment go with any erasure of it");
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();
    assert_eq!(there.world.desks[0].practice.family_of(client, note), family);
    let index = there.world.desks[2].index();
    let [copy] = notes(&there.world, 2, there.right)[..] else { panic!("one note") };
    let rows: Vec<_> = index.supervision.iter().map(|row| (row.note, row.state)).collect();
    assert_eq!(rows, [(copy, Supervision::Waiting)]);
}

#[test]
fn nobody_says_of_the_record_of_somebody_else_that_its_words_are_gone() {
    let mut there = there(false);
    there.world.sync();
    let name = CompartmentName::Chart(there.wrong);
    let (note, client) = (there.note, there.wrong);
    let desk = &mut there.world.desks[2];
    let written = (RecordKind::Note, Vec::new());
    let change = desk.practice.write_record_as(note, &name, written, Tags::new(), context!(desk));
    let Content::Record { bytes, .. } = &change.content else { panic!("a record") };
    let bare = Record::decode(bytes).unwrap().without_body();
    let facts = &mut there.world.desks[0].practice.facts;
    facts.learn_record(&name, &bare);
    let known = &facts.charts[&client].records[&note];
    assert!(matches!(known.headline, Headline::Note(_)), "{known:?}");
}

#[test]
fn its_author_brings_it_back_also_where_nothing_is_known_of_what_was_signed_elsewhere() {
    let mut there = there(false);
    there.world.sync();
    let (client, note) = (there.wrong, there.note);
    there.world.act(0, strike(&there)).unwrap();
    there.world.sync();
    let edit = Edit::RestoreNote(Restored { client, note, copy: None });
    assert_eq!(there.world.act(2, edit.clone()), Err(Refusal::UnknownNote), "nobody else does");
    // The other device of its author does.
    there.world.act(1, edit.clone()).unwrap();
    there.world.sync();
    for desk in 0..3 {
        assert_eq!(notes(&there.world, desk, client), [note], "{desk}");
    }
    assert!(is_charged(&there.world, client, there.session));
    assert_eq!(there.world.act(0, edit), Err(Refusal::UnknownNote), "it was not struck");
}

#[test]
fn only_what_was_signed_in_its_place_is_struck_with_a_way_back_and_nothing_that_was_built_upon() {
    let mut there = there(false);
    there.world.sync();
    let (client, note, to) = (there.wrong, there.note, there.right);
    let other = world_note(&mut there.world, to, 30, "Heron.");
    let inverse = there.world.act(0, strike(&there)).unwrap().unwrap();
    let Edit::RestoreNote(Restored { copy: Some(copy), .. }) = inverse else { panic!() };
    let wrong = Copied { note: other, ..copy };
    let edit = Edit::RestoreNote(Restored { client, note, copy: Some(wrong) });
    assert_eq!(there.world.act(0, edit), Err(Refusal::UnknownNote));
    let added = Edit::Amend { note: copy.note, client: to, text: "More.".into() };
    there.world.act(0, added).unwrap();
    let edit = Edit::RestoreNote(Restored { client, note, copy: Some(copy) });
    assert_eq!(there.world.act(0, edit), Err(Refusal::ChangedElsewhere));
    let alone = Edit::RestoreNote(Restored { client, note, copy: None });
    there.world.act(0, alone).unwrap();
    assert_eq!(notes(&there.world, 0, client), [note]);
    assert_eq!(notes(&there.world, 0, to).len(), 2, "what is there stays");
}

#[test]
fn a_line_that_names_a_call_does_not_bring_it_back_from_its_erasure() {
    let mut there = there(false);
    there.world.sync();
    let client = there.wrong;
    let contact = NewContact {
        channel: Channel::Call,
        direction: Direction::In,
        at: None,
        text: "Rang about a kingfisher.".into(),
        labels: BTreeSet::new(),
    };
    there.world.act(0, Edit::LogContact { client, contact }).unwrap();
    there.world.sync();
    let call = entries(&there.world, 0, client)
        .into_iter()
        .find_map(|entry| match entry {
            TimelineEntry::Contact { record, .. } => Some(record),
            _ => None,
        })
        .unwrap();
    let shown = |world: &World, desk: usize| {
        entries(world, desk, client).iter().any(|entry| entry.record() == call)
    };
    there.world.act(0, Edit::AskErasure(Scope::of_record(client, call))).unwrap();
    there.world.sync();
    assert!(!shown(&there.world, 1));
    let desk = &mut there.world.desks[2];
    let mut body = Tags::new();
    body.set(251, [1]);
    let (kind, target) = (RelationKind::EnteredInError, *call.as_bytes());
    let relations = vec![Relation { kind, target, digest: Hash::ZERO }];
    let name = CompartmentName::Chart(client);
    let kind = RecordKind::InError;
    let (_, change) = desk.practice.write_record(&name, kind, relations, body, context!(desk));
    desk.memory.store(&change);
    there.world.send(2, vec![change]);
    there.world.sync();
    for desk in 0..2 {
        assert!(!shown(&there.world, desk), "{desk}");
        assert!(there.world.desks[desk].practice.family_of(client, call).contains(&call));
    }
}

#[test]
fn a_correction_of_a_note_that_was_moved_was_not_signed_in_the_other_chart() {
    let mut there = there(false);
    there.world.act(0, strike(&there)).unwrap();
    let client = there.right;
    let copy = notes(&there.world, 0, client)[0];
    let draft = ObjectId::from_bytes([40; 16]);
    let begin = Correcting { draft, client, note: copy, blank: None };
    there.world.act(0, Edit::BeginCorrection(begin)).unwrap();
    let splices = vec![insert(Part::Subjective, 0, "Today: ")];
    there.world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    let late_reason = Some("a slip".to_owned());
    there.world.act(0, Edit::Sign { note: draft, client, late_reason }).unwrap();
    let correction = notes(&there.world, 0, client)[0];
    let moved = |record| match &there.world.desks[0].practice.facts.charts[&client].records[&record]
        .headline
    {
        Headline::Note(fact) => fact.moved,
        other => panic!("{other:?}"),
    };
    assert!(moved(copy).is_some());
    assert_eq!(moved(correction), None);
}
