//! A note in the wrong chart: it is signed anew where it belongs, and nothing of it stays in sight
//! where it was.

use super::world::*;
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId};
use crate::practice::Refusal;
use crate::practice::compartment::CompartmentName;
use crate::practice::correction::Correcting;
use crate::practice::edit::{
    Edit, Label, Labelled, Misfiled, NoteFormat, Part, Purpose, Stamp, Subject,
};
use crate::practice::erasure::{Scope, Stage};
use crate::practice::interchange::export_lines;
use crate::practice::note::charge_key;
use crate::practice::view::{NoteState, TimelineEntry};
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
    Edit::StrikeNote(Misfiled { client: there.wrong, note: there.note, to: there.right })
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
    let inverse = there.world.act(0, strike(&there)).unwrap();
    assert_eq!(inverse, None, "it cannot be undone");
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
    let same = Edit::StrikeNote(Misfiled { client, note, to: client });
    assert_eq!(there.world.act(0, same), Err(Refusal::SameAlready));
    let nobody = Edit::StrikeNote(Misfiled { client, note, to: ClientId::from_bytes([77; 16]) });
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
    let earlier = view.versions.unwrap().before.unwrap();
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
