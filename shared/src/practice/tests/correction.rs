//! Corrections: what stands in the place of a signed note, and that nothing is lost behind it.

use super::world::*;
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId};
use crate::practice::Refusal;
use crate::practice::change::Content;
use crate::practice::compartment::CompartmentName;
use crate::practice::correction::Correcting;
use crate::practice::correction::changes::Piece;
use crate::practice::edit::{Edit, Label, Labelled, NoteFormat, Part, Purpose, Stamp, Subject};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{Counts, Importer, export_lines};
use crate::practice::note::note_body;
use crate::practice::record::{RecordKind, Relation, RelationKind};
use crate::practice::supervision::{Step, Supervision};
use crate::practice::view::{Corrected, NoteState, TimelineEntry, View};
use crate::suite::Hash;
use jiff::civil::date;
use std::collections::BTreeSet;

const DAY: i64 = 24 * HOUR;

/// A signed note about a session, on two devices of two members.
struct There {
    world: World,
    client: ClientId,
    session: AppointmentId,
    note: RecordId,
}

fn there(text: &str) -> There {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let draft = world.begin(0, 9, client, Some(session), NoteFormat::Soap);
    let splices = vec![insert(Part::Subjective, 0, text), insert(Part::Plan, 0, "Diary.")];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    world.desks[0].now = MONDAY.plus_millis(2 * HOUR);
    world.sign(0, client, draft);
    world.sync();
    let note = heads(&world, 0, client)[0].0;
    There { world, client, session, note }
}

/// The notes of the timeline, newest first, each with how it was corrected.
fn heads(world: &World, desk: usize, client: ClientId) -> Vec<(RecordId, Option<Corrected>)> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).cloned().unwrap_or_default();
    let note = |row: &crate::practice::view::TimelineRow| match row.entry {
        TimelineEntry::Note { record, corrected, .. } => Some((record, corrected)),
        _ => None,
    };
    rows.iter().filter_map(note).collect()
}

fn begin(world: &mut World, desk: usize, number: u8, client: ClientId, note: RecordId) -> ObjectId {
    let draft = ObjectId::from_bytes([number; 16]);
    world
        .act(desk, Edit::BeginCorrection(Correcting { draft, client, note, blank: None }))
        .unwrap();
    draft
}

/// Puts a text in the place of what the subjective part says.
fn rewrite(world: &mut World, desk: usize, client: ClientId, draft: ObjectId, text: &str) {
    let before = world.desks[desk].draft(client, draft).parts[0].1.clone();
    let splices = vec![crate::practice::edit::Splice {
        part: Part::Subjective,
        position: 0,
        deleted: before.chars().count(),
        inserted: text.to_owned(),
    }];
    world.act(desk, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
}

fn sign(
    world: &mut World,
    desk: usize,
    client: ClientId,
    draft: ObjectId,
    why: Option<&str>,
) -> Result<(), Refusal> {
    let late_reason = why.map(str::to_owned);
    world.act(desk, Edit::Sign { note: draft, client, late_reason }).map(drop)
}

/// Corrects a note; returns what stands in its place.
fn correct(
    world: &mut World,
    desk: usize,
    number: u8,
    client: ClientId,
    note: RecordId,
    text: &str,
) -> RecordId {
    let known: BTreeSet<_> = world.desks[desk].memory.records.keys().copied().collect();
    let draft = begin(world, desk, number, client, note);
    rewrite(world, desk, client, draft, text);
    sign(world, desk, client, draft, Some("a slip")).unwrap();
    let new = heads(world, desk, client).into_iter().find(|(id, _)| !known.contains(id));
    new.unwrap().0
}

fn charges(world: &World) -> usize {
    let all = world.desks[0].memory.contents.iter();
    all.filter(|(name, _)| matches!(name, CompartmentName::Billing(_)))
        .map(|(_, contents)| {
            contents.iter().filter(|content| matches!(content, Content::Record { .. })).count()
        })
        .sum()
}

#[test]
fn a_correction_stands_in_the_place_of_the_note_which_stays_readable_with_what_changed() {
    let There { mut world, client, session, note } = there("Slept badly.");
    let first = world.desks[1].index().timelines[&client][0].time;
    let charged = charges(&world);
    assert_eq!(charged, 1);

    // Nine days later it is no late entry of the session.
    world.desks[0].now = MONDAY.plus_millis(9 * DAY);
    let draft = begin(&mut world, 0, 20, client, note);
    let view = world.desks[0].draft(client, draft);
    assert_eq!(view.parts[0], (Part::Subjective, "Slept badly.".to_owned()));
    assert_eq!((view.row.session, view.row.corrects), (Some(session), Some(note)));
    rewrite(&mut world, 0, client, draft, "Slept well.");
    assert_eq!(sign(&mut world, 0, client, draft, None), Err(Refusal::NoReason));
    assert_eq!(sign(&mut world, 0, client, draft, Some("  ")), Err(Refusal::NoReason));
    assert_eq!(heads(&world, 0, client), [(note, None)], "until it is signed nothing changes");
    sign(&mut world, 0, client, draft, Some("misheard")).unwrap();
    world.sync();

    for desk in 0..2 {
        let [(new, Some(corrected))] = heads(&world, desk, client)[..] else { panic!("one row") };
        assert_eq!((corrected.at, corrected.beside), (MONDAY.plus_millis(9 * DAY), 0));
        let index = world.desks[desk].index();
        let row = &index.timelines[&client][0];
        assert_eq!(row.time, first, "it stands where the note stood");
        assert!(matches!(row.entry, TimelineEntry::Note { late: false, .. }));
        assert_eq!(index.appointments[&session].note, NoteState::Signed(new));
        assert!(index.drafts.is_empty());

        let shown = world.desks[desk].note(client, new);
        assert_eq!(shown.parts[0].1, "Slept well.");
        assert_eq!((shown.session, shown.late_reason), (Some(session), None));
        let before = shown.versions.unwrap().before.unwrap();
        assert_eq!((before.record, before.because.as_str()), (note, "misheard"));
        let old = world.desks[desk].note(client, note);
        assert_eq!(old.parts[0].1, "Slept badly.");
        let after = old.versions.unwrap().after;
        assert_eq!((after.len(), after[0].record), (1, new));
        let changed = vec![
            Piece::Kept("Slept ".into()),
            Piece::Out("badly.".into()),
            Piece::In("well.".into()),
        ];
        assert_eq!(after[0].changes, [(Part::Subjective, changed)]);
        let rebuilt = world.desks[desk].rebuilt();
        assert_eq!(rebuilt.index().timelines, index.timelines);
    }
    assert_eq!(charges(&world), charged, "nobody is charged twice");
}

#[test]
fn a_correction_can_be_corrected_and_only_the_newest_is() {
    let There { mut world, client, note, .. } = there("one");
    let second = correct(&mut world, 0, 20, client, note, "two");
    world.desks[0].now = world.desks[0].now.plus_millis(HOUR);
    let third = correct(&mut world, 0, 21, client, second, "three");
    world.sync();
    assert_eq!(heads(&world, 1, client)[0].0, third);
    assert_eq!(heads(&world, 1, client).len(), 1);
    let shown = |world: &mut World, note| world.desks[1].note(client, note);
    let back =
        |world: &mut World, note| shown(world, note).versions.unwrap().before.map(|one| one.record);
    assert_eq!(back(&mut world, third), Some(second));
    assert_eq!(back(&mut world, second), Some(note));
    for old in [note, second] {
        let draft = ObjectId::from_bytes([22; 16]);
        let edit = Edit::BeginCorrection(Correcting { draft, client, note: old, blank: None });
        assert_eq!(world.act(0, edit), Err(Refusal::CorrectedSince));
    }
}

#[test]
fn two_corrections_at_once_are_both_there_and_it_is_said_and_an_addendum_stays() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    world.act(0, Edit::Amend { note, client, text: "Phoned later.".into() }).unwrap();
    world.sync();
    let one = correct(&mut world, 0, 20, client, note, "Slept well.");
    let other = correct(&mut world, 1, 21, client, note, "Slept long.");
    world.sync();
    for desk in 0..2 {
        let shown = heads(&world, desk, client);
        assert_eq!(shown.len(), 2);
        assert!(shown.iter().all(|(_, corrected)| corrected.unwrap().beside == 1));
        for note in [one, other] {
            let view = world.desks[desk].note(client, note);
            assert_eq!(view.versions.unwrap().beside, 1);
            assert_eq!(view.addenda.len(), 1, "what was added stays with both");
        }
        let index = world.desks[desk].index();
        let adds = index.timelines[&client].iter().filter_map(|row| match row.entry {
            TimelineEntry::Addendum { note, .. } => Some(note),
            _ => None,
        });
        let adds: Vec<_> = adds.collect();
        assert!(adds.len() == 1 && [one, other].contains(&adds[0]), "once, below what is shown");
        assert_eq!(world.desks[desk].note(client, note).versions.unwrap().after.len(), 2);
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
}

#[test]
fn what_was_added_before_and_after_stays_below_what_is_shown() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let adding = ObjectId::from_bytes([30; 16]);
    world.act(0, Edit::BeginAddendum { draft: adding, client, note }).unwrap();
    world.type_text(0, client, adding, "And then.");
    let new = correct(&mut world, 0, 20, client, note, "Slept well.");
    world.sign(0, client, adding);
    world.act(0, Edit::Amend { note: new, client, text: "More.".into() }).unwrap();
    world.sync();
    assert_eq!(world.desks[1].note(client, new).addenda.len(), 2);
    let rows = world.desks[1].index().timelines[&client].clone();
    let on_new = |row: &&crate::practice::view::TimelineRow| matches!(row.entry, TimelineEntry::Addendum { note, .. } if note == new);
    assert_eq!(rows.iter().filter(on_new).count(), 2);
    assert!(rows.iter().any(|row| matches!(row.entry, TimelineEntry::Note { addenda: 2, .. })));
}

#[test]
fn only_a_signed_note_is_corrected_and_its_draft_is_struck_like_any() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    world.act(0, Edit::Amend { note, client, text: "Phoned later.".into() }).unwrap();
    let added = world.desks[0].note(client, note).addenda[0].record;
    let begin = |note| {
        Edit::BeginCorrection(Correcting {
            draft: ObjectId::from_bytes([20; 16]),
            client,
            note,
            blank: None,
        })
    };
    assert_eq!(world.act(0, begin(added)), Err(Refusal::NoCorrection));
    let unknown = RecordId::from_bytes([77; 16]);
    assert_eq!(world.act(0, begin(unknown)), Err(Refusal::UnknownNote));
    let inverse = world.act(0, begin(note)).unwrap().unwrap();
    assert_eq!(world.desks[0].index().drafts.len(), 1);
    world.desks[0].undo(inverse).unwrap();
    assert!(world.desks[0].index().drafts.is_empty());
    assert_eq!(heads(&world, 0, client), [(note, None)]);
}

#[test]
fn the_labels_follow_also_those_that_are_said_of_the_note_meanwhile() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let set = |labels: &[Label]| labels.iter().copied().collect::<BTreeSet<_>>();
    let label = |of, labels| Edit::Label { client, of, labels };
    world.act(0, label(Labelled::Record(note), set(&[Label::Hiv, Label::Violence]))).unwrap();
    world.sync();
    let draft = begin(&mut world, 0, 20, client, note);
    assert_eq!(world.desks[0].draft(client, draft).labels, set(&[Label::Hiv, Label::Violence]));
    // Another device says more of the note, which the signer does not know yet.
    world.desks[1].now = world.desks[1].now.plus_millis(HOUR);
    let more = set(&[Label::Hiv, Label::Violence, Label::Sexuality]);
    world.act(1, label(Labelled::Record(note), more)).unwrap();
    sign(&mut world, 0, client, draft, Some("a slip")).unwrap();
    world.sync();
    for desk in 0..2 {
        let new = heads(&world, desk, client)[0].0;
        let labels = world.desks[desk].note(client, new).labels;
        assert!(labels.is_superset(&set(&[Label::Hiv, Label::Violence, Label::Sexuality])));
    }
}

#[test]
fn a_label_that_the_signer_of_a_correction_took_away_is_gone() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let set = |labels: &[Label]| labels.iter().copied().collect::<BTreeSet<_>>();
    let label = |of, labels| Edit::Label { client, of, labels };
    world.act(0, label(Labelled::Record(note), set(&[Label::Hiv, Label::Violence]))).unwrap();
    let draft = begin(&mut world, 0, 20, client, note);
    world.act(0, label(Labelled::Draft(draft), set(&[Label::Violence]))).unwrap();
    sign(&mut world, 0, client, draft, Some("a slip")).unwrap();
    world.sync();
    for desk in 0..2 {
        let new = heads(&world, desk, client)[0].0;
        assert_eq!(world.desks[desk].note(client, new).labels, set(&[Label::Violence]));
        assert_eq!(
            world.desks[desk].note(client, note).labels,
            set(&[Label::Hiv, Label::Violence]),
            "the old one keeps what was said of it"
        );
    }
}

fn queue(world: &World, desk: usize) -> Vec<(RecordId, Supervision)> {
    let index = world.desks[desk].index();
    index.supervision.iter().map(|row| (row.note, row.state)).collect()
}

#[test]
fn a_note_that_was_co_signed_is_co_signed_anew_after_a_correction() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let step = |world: &mut World, desk: usize, note, step| {
        world.desks[desk].now = world.desks[desk].now.plus_millis(1000);
        let done = world.act(desk, Edit::Supervise { client, note, step });
        world.sync();
        done
    };
    step(&mut world, 0, note, Step::Submit).unwrap();
    step(&mut world, 1, note, Step::CoSign).unwrap();
    assert_eq!(queue(&world, 1), []);
    world.desks[0].now = world.desks[0].now.plus_millis(HOUR);
    let signed = world.desks[0].now;
    let new = correct(&mut world, 0, 20, client, note, "Slept well.");
    world.sync();
    assert_eq!(queue(&world, 1), [(new, Supervision::Waiting)]);
    assert_eq!(world.desks[1].index().supervision[0].since, signed);
    let old = world.desks[1].note(client, note).supervision.unwrap();
    assert_eq!(old.state, Supervision::CoSigned, "the old one says what it was");
    let view = world.desks[1].note(client, new).supervision.unwrap();
    assert_eq!((view.state, view.at.time), (Supervision::Waiting, signed));
    assert_eq!(step(&mut world, 1, note, Step::CoSign), Err(Refusal::CorrectedSince));
    step(&mut world, 1, new, Step::CoSign).unwrap();
    for desk in 0..2 {
        assert_eq!(queue(&world, desk), []);
        let view = world.desks[desk].note(client, new).supervision.unwrap();
        assert_eq!(view.state, Supervision::CoSigned);
    }
}

#[test]
fn a_hand_over_at_the_same_time_as_a_correction_is_in_the_queue() {
    // One device hands over what another corrects; both are the author's.
    let mut world = World::new(&[1, 1, 2]);
    let client = world.client(0, 1);
    let draft = world.begin(0, 9, client, None, NoteFormat::Soap);
    let splices = vec![insert(Part::Subjective, 0, "Slept badly.")];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    world.sign(0, client, draft);
    world.sync();
    let first = heads(&world, 0, client)[0].0;
    world.act(1, Edit::Supervise { client, note: first, step: Step::Submit }).unwrap();
    let new = correct(&mut world, 0, 20, client, first, "Slept well.");
    world.sync();
    for desk in 0..3 {
        assert_eq!(queue(&world, desk), [(new, Supervision::Waiting)]);
    }
    world.act(2, Edit::Supervise { client, note: new, step: Step::CoSign }).unwrap();
    world.sync();
    for desk in 0..3 {
        assert_eq!(queue(&world, desk), []);
    }
}

#[test]
fn search_and_the_last_plan_know_the_newest_only() {
    let There { mut world, client, note, .. } = there("a kingfisher");
    let found = |world: &mut World, words: &str| {
        let desk = &mut world.desks[0];
        let (found, _) = desk.practice.find(words, Purpose::Query, context!(desk));
        found.matches.len()
    };
    assert_eq!(found(&mut world, "kingfisher"), 1);
    correct(&mut world, 0, 20, client, note, "a heron");
    assert_eq!(found(&mut world, "kingfisher"), 0);
    assert_eq!(found(&mut world, "heron"), 1);
    let period = (date(2026, 1, 1), date(2027, 12, 31));
    let View::Report(report) =
        world.desks[0].open(Subject::Report(client, period.0, period.1)).unwrap()
    else {
        panic!("a report")
    };
    assert_eq!(report.notes.len(), 1);
    assert_eq!(report.notes[0].note.parts[0].1, "a heron");
}

/// Writes a note that says that it corrects another, as only a device that lies writes it.
fn lie(world: &mut World, client: ClientId, id: RecordId, corrects: RecordId) {
    let desk = &mut world.desks[1];
    let name = desk.practice.chart_of(client);
    let body = note_body(NoteFormat::Free, &[(Part::Text, "Mine.".into())], &[], None, None);
    let target = *corrects.as_bytes();
    let relations = vec![Relation { kind: RelationKind::Corrects, target, digest: Hash::ZERO }];
    let written = (RecordKind::Note, relations);
    let change = desk.practice.write_record_as(id, &name, written, body, context!(desk));
    desk.memory.store(&change);
    world.send(1, vec![change]);
}

#[test]
fn notes_that_correct_each_other_in_a_circle_or_something_else_hide_nothing() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let id = |byte: u8| RecordId::from_bytes([byte; 16]);
    world.act(0, Edit::Amend { note, client, text: "Phoned later.".into() }).unwrap();
    let added = world.desks[0].note(client, note).addenda[0].record;
    world.sync();
    for (one, other) in
        [(1, id(2)), (2, id(3)), (3, id(1)), (4, id(2)), (5, id(5)), (6, id(99)), (7, added)]
    {
        lie(&mut world, client, id(one), other);
    }
    world.sync();
    let shown: BTreeSet<_> = heads(&world, 0, client).into_iter().map(|(id, _)| id).collect();
    // The fourth corrects one of the circle, which stays readable behind it.
    let expected = [note, id(1), id(3), id(4), id(5), id(6), id(7)];
    assert_eq!(shown, BTreeSet::from(expected));
    for record in expected.into_iter().chain([id(2)]) {
        assert!(world.desks[0].open(Subject::Note(client, record)).is_ok());
    }
    assert_eq!(world.desks[0].rebuilt().index().timelines, world.desks[0].index().timelines);
}

#[test]
fn a_note_is_hidden_and_goes_with_its_corrections_and_the_draft_of_one() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    world.act(0, Edit::Amend { note, client, text: "Phoned later.".into() }).unwrap();
    let new = correct(&mut world, 0, 20, client, note, "Slept well.");
    let draft = begin(&mut world, 0, 21, client, new);
    world.sync();
    for scope in [note, new] {
        assert_eq!(world.desks[1].practice.family_of(client, scope).len(), 3);
    }
    let both = BTreeSet::from([new, note]);
    let going = world.desks[1].practice.drafts_of_versions(client, &both);
    assert!(going.contains(&draft), "it says what the note says");
    world.act(0, Edit::AskErasure(Scope::of_record(client, new))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(heads(&world, desk, client), []);
        assert!(world.desks[desk].index().drafts.is_empty());
        for record in [note, new] {
            let opened = world.desks[desk].open(Subject::Note(client, record));
            assert_eq!(opened.unwrap_err(), Refusal::ToBeErased);
        }
        let refused = sign(&mut world, desk, client, draft, Some("a slip"));
        assert_eq!(refused, Err(Refusal::ToBeErased));
    }
}

/// What another practice makes of the export of one, and what it counts.
fn taken_over(world: &mut World) -> (World, Counts) {
    let desk = &mut world.desks[0];
    let index = desk.index();
    let mut items = Vec::new();
    for row in index.every_client() {
        items.extend(desk.practice.chart_items(row.id, context!(desk)).unwrap());
    }
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    let mut importer = Importer::new(member(1), BTreeSet::new()).on(date(2027, 1, 1));
    let mut other = World::new(&[1]);
    other.import(&mut importer, export_lines(&index, &written, items));
    (other, importer.finish().unwrap())
}

#[test]
fn the_practices_own_export_takes_corrections_back_with_what_they_correct() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    world.act(0, Edit::Amend { note, client, text: "Phoned later.".into() }).unwrap();
    world.act(0, Edit::Amend { note, client, text: "Phoned again.".into() }).unwrap();
    let one = correct(&mut world, 0, 20, client, note, "Slept well.");
    let _ = correct(&mut world, 0, 21, client, one, "Slept long.");
    let (mut other, _) = taken_over(&mut world);
    let [(last, Some(_))] = heads(&other, 0, client)[..] else { panic!("one note, corrected") };
    let desk = &mut other.desks[0];
    let shown = desk.note(client, last);
    assert!(shown.parts[0].1.ends_with("Slept long."), "{:?}", shown.parts);
    assert_eq!(shown.addenda.len(), 2);
    let middle = shown.versions.unwrap().before.unwrap();
    assert_eq!(middle.because, "a slip");
    let first = desk.note(client, middle.record).versions.unwrap().before.unwrap();
    let first = desk.note(client, first.record);
    assert!(first.parts[0].1.ends_with("Slept badly."));
    assert!(first.versions.unwrap().before.is_none());
}

/// Two corrections at once both go along; a draft that was to be one is a draft of its own, about no
/// session, and is counted.
#[test]
fn what_stands_beside_each_other_and_what_is_not_signed_yet_is_taken_over_too() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let mine = correct(&mut world, 0, 20, client, note, "Slept well.");
    correct(&mut world, 1, 21, client, note, "Slept long.");
    world.sync();
    let draft = begin(&mut world, 0, 22, client, mine);
    rewrite(&mut world, 0, client, draft, "Slept in.");
    let (mut other, counts) = taken_over(&mut world);
    let both = heads(&other, 0, client);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both.iter().all(|(_, corrected)| corrected.is_some()), "{both:?}");
    let [row] = &other.desks[0].index().drafts[..] else { panic!("one draft") };
    let row = row.clone();
    assert_eq!((row.session, row.corrects), (None, None));
    assert!(other.desks[0].draft(client, row.note).parts[0].1.contains("Slept in."));
    assert_eq!(counts.not_carried.get("draft.corrects"), Some(&1), "{counts:?}");
}
