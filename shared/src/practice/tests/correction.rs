//! Corrections: what stands in the place of a signed note, and that nothing is lost behind it.

use super::world::*;
use crate::id::{AppointmentId, ClientId, ObjectId, RecordId};
use crate::practice::Refusal;
use crate::practice::audit::{AuditEntry, AuditKind};
use crate::practice::change::Content;
use crate::practice::chart::{Chart, Headline, NoteFact, RecordFact, steps, tag};
use crate::practice::compartment::CompartmentName;
use crate::practice::correction::changes::Piece;
use crate::practice::correction::{Correcting, Other, REASON_BYTES_MAX, SignOver};
use crate::practice::edit::{
    Edit, Label, Labelled, NoteFormat, Part, Purpose, Stamp, StampChange, Status, Subject,
};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{Counts, Importer, export_lines};
use crate::practice::note::note_body;
use crate::practice::record::{Record, RecordKind, Relation, RelationKind};
use crate::practice::supervision::{Step, Supervision};
use crate::practice::view::{Corrected, NoteState, TimelineEntry, View};
use crate::suite::Hash;
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};

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
        let before = shown.versions.unwrap().before.remove(0);
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
        assert_eq!(after[0].changes.as_ref().unwrap().parts, [(Part::Subjective, changed)]);
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
    let back = |world: &mut World, note| {
        shown(world, note).versions.unwrap().before.first().map(|one| one.record)
    };
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

/// The notes that the trail says were opened.
fn opened(world: &World, desk: usize) -> Vec<RecordId> {
    let name = CompartmentName::Audit(world.desks[desk].quill.author.member);
    let entries = world.desks[desk].memory.contents[&name].iter().filter_map(|content| {
        let Content::Record { bytes, .. } = content else { return None };
        let entry = Record::decode(bytes).ok()?;
        let subject = entry.body()?.bytes(tag::SUBJECT)?.last_chunk().copied()?;
        let kind = AuditEntry::of(&entry)?.kind;
        (kind == AuditKind::Open).then_some(RecordId::from_bytes(subject))
    });
    entries.collect()
}

/// Who opens a note that was replaced reads words of its corrections as well.
#[test]
fn the_trail_names_every_version_of_which_words_are_shown() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let one = correct(&mut world, 0, 20, client, note, "Slept well.");
    let other = correct(&mut world, 1, 21, client, note, "Slept long.");
    world.sync();
    let of = |record| Subject::Note(client, record);
    let before = opened(&world, 1).len();
    let shown = world.desks[1].note(client, note);
    assert!(shown.versions.unwrap().after.iter().all(|one| one.changes.is_some()));
    let entries: BTreeSet<_> = opened(&world, 1)[before..].iter().copied().collect();
    assert_eq!(entries, BTreeSet::from([note, one, other]));
    // The newest says why it is there, and nothing of what stood there before.
    let before = opened(&world, 1).len();
    let shown = world.desks[1].note(client, one);
    assert!(shown.versions.unwrap().before.iter().all(|one| one.changes.is_none()));
    assert_eq!(opened(&world, 1)[before..], [one]);

    // What comes while it is open is told, and its words only when it is opened again.
    let third = correct(&mut world, 0, 22, client, one, "Slept.");
    world.sync();
    let desk = &mut world.desks[1];
    let Some(View::Note(shown)) = desk.practice.refresh(of(one), context!(desk)) else {
        panic!("it is open")
    };
    let after = shown.versions.unwrap().after;
    assert_eq!((after[0].record, &after[0].changes), (third, &None));
    let before = opened(&world, 1).len();
    let shown = world.desks[1].note(client, one);
    assert!(shown.versions.unwrap().after[0].changes.is_some());
    let entries: BTreeSet<_> = opened(&world, 1)[before..].iter().copied().collect();
    assert_eq!(entries, BTreeSet::from([one, third]));
}

#[test]
fn a_correction_takes_over_when_the_session_was_as_the_schedule_says_it_by_then() {
    let There { mut world, client, session, note } = there("Slept badly.");
    let minutes = |minutes: i64| MONDAY.plus_millis(HOUR + minutes * 60_000);
    let stamp = |world: &mut World, to: i64, status| {
        let (began, ended) = (Some(Some(minutes(0))), Some(Some(minutes(to))));
        let change = StampChange { began, ended, status, whereabouts: None };
        world.act(0, Edit::StampSession { appointment: session, change }).unwrap();
        world.sync();
    };
    let charged = charges(&world);
    let held = |world: &mut World, note| world.desks[1].note(client, note).times.held();
    assert_eq!(held(&mut world, note), None);
    let mut newest = note;
    for (number, to) in [(20, 45), (21, 50)] {
        world.desks[0].now = world.desks[0].now.plus_millis(HOUR);
        stamp(&mut world, to, Some(Status::Held));
        let draft = begin(&mut world, 0, number, client, newest);
        let known = world.desks[0].draft(client, draft).meanwhile.unwrap().held.unwrap();
        let was = if number == 20 { None } else { Some((minutes(0), minutes(45))) };
        assert_eq!((known.was.held(), known.now), (was, (minutes(0), minutes(to))));
        let before = newest;
        sign(&mut world, 0, client, draft, Some("the clock")).unwrap();
        world.sync();
        newest = heads(&world, 0, client)[0].0;
        assert_eq!(held(&mut world, newest), Some((minutes(0), minutes(to))));
        let after = world.desks[1].note(client, before).versions.unwrap().after.remove(0);
        let changes = after.changes.unwrap();
        assert_eq!((changes.parts.len(), changes.held), (0, Some(known)));
    }
    assert_eq!(held(&mut world, note), None, "what was signed first stays as it was");
    assert_eq!(charges(&world), charged, "nobody is charged twice");
    // Of a session that did not take place after all the note keeps what it says.
    let status = Status::NoShow;
    world.act(0, Edit::SetStatus { appointment: session, status, reason: None }).unwrap();
    let draft = begin(&mut world, 0, 22, client, newest);
    assert_eq!(world.desks[0].draft(client, draft).meanwhile.unwrap().held, None);
    sign(&mut world, 0, client, draft, Some("a slip")).unwrap();
    let last = heads(&world, 0, client)[0].0;
    assert_eq!(world.desks[0].note(client, last).times.held(), Some((minutes(0), minutes(50))));
}

#[test]
fn a_reason_is_as_long_in_a_file_as_under_a_signature() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let draft = begin(&mut world, 0, 20, client, note);
    let reason = |bytes: usize| "x".repeat(bytes);
    let sign = |world: &mut World, bytes| sign(world, 0, client, draft, Some(&reason(bytes)));
    assert_eq!(sign(&mut world, REASON_BYTES_MAX + 1), Err(Refusal::TextTooLong));
    sign(&mut world, REASON_BYTES_MAX).unwrap();
    let desk = &mut world.desks[0];
    let index = desk.index();
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    let lines: Vec<String> = export_lines(&index, &written, items).collect();
    for (bytes, taken) in [(REASON_BYTES_MAX, true), (REASON_BYTES_MAX + 1, false)] {
        let mut importer = Importer::new(member(1), BTreeSet::new()).on(date(2027, 1, 1));
        let lines =
            lines.iter().map(|line| line.replace(&reason(REASON_BYTES_MAX), &reason(bytes)));
        let read = lines.map(|line| importer.import_line(&line).is_ok()).collect::<Vec<_>>();
        assert_eq!(read.iter().all(|read| *read), taken, "{bytes}: {read:?}");
    }
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

/// Signs the draft of a correction where others stand; returns what stands there then.
fn settle(
    world: &mut World,
    desk: usize,
    (client, draft): (ClientId, ObjectId),
    replaces: &[RecordId],
) -> Result<RecordId, Refusal> {
    let known: BTreeSet<_> = world.desks[desk].memory.records.keys().copied().collect();
    let (because, replaces) = ("a slip".to_owned(), replaces.iter().copied().collect());
    world.act(desk, Edit::SignOver(SignOver { draft, client, because, replaces }))?;
    let new = heads(world, desk, client).into_iter().find(|(id, _)| !known.contains(id));
    Ok(new.unwrap().0)
}

#[test]
fn what_was_corrected_meanwhile_is_corrected_again_only_by_who_was_asked_about_that() {
    for beside in [false, true] {
        let There { mut world, client, note, .. } = there("Slept badly.");
        let draft = begin(&mut world, 0, 20, client, note);
        rewrite(&mut world, 0, client, draft, "Slept well.");
        assert_eq!(world.desks[0].draft(client, draft).meanwhile.unwrap().others, []);
        world.desks[1].now = MONDAY.plus_millis(3 * HOUR);
        let theirs = correct(&mut world, 1, 21, client, note, "Slept long.");
        world.sync();
        let refused = sign(&mut world, 0, client, draft, Some("misheard"));
        assert_eq!(refused, Err(Refusal::CorrectedSince));
        assert_eq!(world.desks[0].draft(client, draft).parts[0].1, "Slept well.", "it is kept");
        let known = world.desks[0].draft(client, draft).meanwhile.unwrap();
        let signed = MONDAY.plus_millis(3 * HOUR);
        let other = Other { record: theirs, author: member(2), signed };
        assert_eq!((known.is_replaced, known.others.as_slice()), (true, &[other][..]));
        assert_eq!(known.standing(), BTreeSet::from([theirs]));

        let charged = charges(&world);
        world.desks[0].now = MONDAY.plus_millis(4 * HOUR);
        let over = if beside { &[][..] } else { &[theirs][..] };
        let new = settle(&mut world, 0, (client, draft), over).unwrap();
        world.sync();
        for desk in 0..2 {
            let shown: BTreeMap<_, _> = heads(&world, desk, client).into_iter().collect();
            let row = |id, at: i64, beside| {
                (id, Some(Corrected { at: MONDAY.plus_millis(at * HOUR), beside, first: note }))
            };
            let expected = match beside {
                true => BTreeMap::from([row(new, 4, 1), row(theirs, 3, 1)]),
                false => BTreeMap::from([row(new, 4, 0)]),
            };
            assert_eq!(shown, expected, "{beside}");
            let before = world.desks[desk].note(client, new).versions.unwrap().before.remove(0);
            assert_eq!(before.record, if beside { note } else { theirs });
        }
        assert_eq!(charges(&world), charged);
    }
}

#[test]
fn two_corrections_at_once_are_settled_by_one_that_takes_the_place_of_both() {
    let There { mut world, client, session, note } = there("Slept badly.");
    let one = correct(&mut world, 0, 20, client, note, "Slept well.");
    let other = correct(&mut world, 1, 21, client, note, "Slept long.");
    // The other is corrected once more, and something is added to it; it has a label, too.
    let last = correct(&mut world, 1, 22, client, other, "Slept very long.");
    let more = Edit::Amend { note: other, client, text: "Phoned later.".into() };
    world.act(1, more).unwrap();
    let labels = BTreeSet::from([Label::Hiv]);
    world
        .act(1, Edit::Label { client, of: Labelled::Record(last), labels: labels.clone() })
        .unwrap();
    world.sync();
    let draft = begin(&mut world, 0, 23, client, one);
    rewrite(&mut world, 0, client, draft, "Slept well and long.");
    let known = world.desks[0].draft(client, draft).meanwhile.unwrap();
    assert_eq!((known.is_replaced, known.others.len()), (false, 1));
    assert_eq!(known.standing(), BTreeSet::from([one, last]));

    for wrong in [RecordId::from_bytes([77; 16]), other] {
        let refused = settle(&mut world, 0, (client, draft), &[one, wrong]);
        let why = if wrong == other { Refusal::CorrectedSince } else { Refusal::UnknownNote };
        assert_eq!(refused, Err(why));
    }
    world.desks[0].now = MONDAY.plus_millis(4 * HOUR);
    let new = settle(&mut world, 0, (client, draft), &[one, last]).unwrap();
    world.sync();
    for desk in 0..2 {
        let [(shown, Some(corrected))] = heads(&world, desk, client)[..] else { panic!("one") };
        assert_eq!((shown, corrected.beside), (new, 0));
        let index = world.desks[desk].index();
        assert_eq!(index.appointments[&session].note, NoteState::Signed(new));
        let view = world.desks[desk].note(client, new);
        assert_eq!((view.addenda.len(), &view.labels), (1, &labels));
        let versions = view.versions.unwrap();
        let before: Vec<_> = versions.before.iter().map(|one| one.record).collect();
        assert_eq!((before, versions.beside), (vec![last, one], 0));
        let rows = index.timelines[&client].iter();
        let notes = rows.filter(|row| matches!(row.entry, TimelineEntry::Note { addenda: 1, .. }));
        assert_eq!(notes.count(), 1);
        for old in [one, other, last] {
            let old = world.desks[desk].note(client, old).versions.unwrap();
            assert_eq!(old.newest, Some(new));
        }
        assert_eq!(world.desks[desk].rebuilt().index().timelines, index.timelines);
        let name = CompartmentName::Chart(client);
        let segment = world.desks[desk].practice.project(&name).unwrap();
        let mut restored = world.desks[desk].rebuilt();
        restored.restore(&name, &segment).unwrap();
        assert_eq!(restored.index().timelines, index.timelines);
        assert_eq!(world.desks[desk].practice.family_of(client, one).len(), 7);
    }
    // Of what it settled each can be read, and the newest is corrected like any.
    let third = correct(&mut world, 1, 24, client, new, "Slept.");
    world.sync();
    assert_eq!(heads(&world, 0, client)[0].0, third);
}

/// Only what leads back to the same note, and is nearer to it, is believed.
#[test]
fn a_correction_that_says_it_replaces_more_than_makes_sense_hides_nothing_else() {
    let There { mut world, client, note, .. } = there("Slept badly.");
    let draft = world.begin(0, 30, client, None, NoteFormat::Free);
    world.type_text(0, client, draft, "Another one.");
    world.sign(0, client, draft);
    world.sync();
    let notes: BTreeSet<_> = heads(&world, 0, client).into_iter().map(|(id, _)| id).collect();
    let another = *notes.iter().find(|id| **id != note).unwrap();
    let id = |byte: u8| RecordId::from_bytes([byte; 16]);
    lie_of(&mut world, client, id(1), &[note, another]);
    lie_of(&mut world, client, id(2), &[note, id(3)]);
    lie_of(&mut world, client, id(3), &[note, id(2), id(1), id(98), id(4)]);
    lie_of(&mut world, client, id(4), &[id(3), id(1), id(4)]);
    world.sync();
    let shown: BTreeSet<_> = heads(&world, 0, client).into_iter().map(|(id, _)| id).collect();
    assert_eq!(shown, BTreeSet::from([another, id(2), id(4)]));
    for record in [note, another, id(1), id(2), id(3), id(4)] {
        assert!(world.desks[0].open(Subject::Note(client, record)).is_ok());
    }
    assert_eq!(world.desks[0].rebuilt().index().timelines, world.desks[0].index().timelines);
}

/// Writes a note that says that it corrects another, as only a device that lies writes it.
fn lie(world: &mut World, client: ClientId, id: RecordId, corrects: RecordId) {
    lie_of(world, client, id, &[corrects]);
}

fn lie_of(world: &mut World, client: ClientId, id: RecordId, corrects: &[RecordId]) {
    let desk = &mut world.desks[1];
    let name = desk.practice.chart_of(client);
    let body = note_body(NoteFormat::Free, &[(Part::Text, "Mine.".into())], &[], None, None);
    let kind = RelationKind::Corrects;
    let named = corrects.iter().map(|one| *one.as_bytes());
    let relations = named.map(|target| Relation { kind, target, digest: Hash::ZERO }).collect();
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
    let middle = shown.versions.unwrap().before.remove(0);
    assert_eq!(middle.because, "a slip");
    let first = desk.note(client, middle.record).versions.unwrap().before.remove(0);
    let first = desk.note(client, first.record);
    assert!(first.parts[0].1.ends_with("Slept badly."));
    assert!(first.versions.unwrap().before.is_empty());
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

/// A chart with so many corrections of one note: the first `row` of them one after the other, the others side by
/// side in the place of the last of these; something was added to each.
fn with_corrections(row: u32, beside: u32) -> (Chart, RecordId) {
    let id = |kind: u8, number: u32| {
        let mut bytes = [kind; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        RecordId::from_bytes(bytes)
    };
    let mut chart = Chart::default();
    for number in 0..=row + beside {
        let time = MONDAY.plus_millis(number.into());
        let fact = |headline| RecordFact { time, author: member(1), headline };
        let corrects = number.checked_sub(1).map(|before| id(1, before.min(row)));
        let note = NoteFact {
            author: member(1),
            draft: None,
            format: NoteFormat::Soap,
            session: Some(AppointmentId::from_bytes([1; 16])),
            words: 1,
            late: false,
            corrects: corrects.into_iter().collect(),
            moved: None,
        };
        chart.records.insert(id(1, number), fact(Headline::Note(note)));
        let added = Headline::Addendum { note: id(1, number), draft: None, words: 1 };
        chart.records.insert(id(2, number), fact(added));
    }
    (chart, id(1, 0))
}

#[test]
fn what_is_asked_of_many_corrections_of_one_note_takes_steps_in_proportion_to_them() {
    let client = ClientId::from_bytes([1; 16]);
    let taken = |row: u32, beside: u32| {
        let (chart, note) = with_corrections(row, beside);
        let all = steps::of(|| {
            assert_eq!(chart.timeline(client).len(), (row + beside + 1 + beside.max(1)) as usize);
            chart.sessions();
            chart.newest_with(Part::Plan);
            chart.supervision(client);
            assert_eq!(chart.addenda(note).len(), 1);
            chart.labels_known(note);
        });
        let mut practice = crate::practice::Practice::new();
        practice.facts.charts.insert(client, chart);
        let going = steps::of(|| {
            assert_eq!(practice.family_of(client, note).len(), 2 * (row + beside + 1) as usize);
        });
        (all, going)
    };
    for (row, beside) in [(0, 2), (2, 0), (1, 1)] {
        let (few, many) = (taken(100 * row, 100 * beside), taken(1000 * row, 1000 * beside));
        assert!(few.0 > 200 && few.1 > 200, "{few:?}: they are counted");
        assert!(many.0 < 12 * few.0, "{row} {beside}: {few:?} {many:?}");
        assert!(many.1 < 12 * few.1, "{row} {beside}: {few:?} {many:?}");
    }
}
