//! Clients' journals: a compartment of its own, from the first letter to the erasure.

use super::world::{World, context, insert};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::change::{Change, Content};
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Came, Edit, JournalMark, NoteFormat, Part, Splice, Subject};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use crate::practice::record::{Record, RecordKind, Relation, RelationKind, Tags};
use crate::practice::view::{JournalHead, JournalView, TimelineEntry, View};
use crate::practice::{Practice, Refusal, zone};
use crate::suite::Hash;
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

const DRAFT: ObjectId = ObjectId::from_bytes([70; 16]);
const DAY: Date = date(2026, 11, 20);

fn said(shared: bool) -> JournalHead {
    JournalHead { date: DAY, came: Came::Imported, shared }
}

fn enter(world: &mut World, desk: usize, client: ClientId, text: &str) -> RecordId {
    let before = entries(world, desk, client);
    world
        .act(
            desk,
            Edit::EnterJournal {
                client,
                said: said(false),
                text: text.into(),
                labels: BTreeSet::new(),
            },
        )
        .unwrap();
    let after = entries(world, desk, client);
    after.into_iter().find(|record| !before.contains(record)).unwrap()
}

fn entries(world: &World, desk: usize, client: ClientId) -> Vec<RecordId> {
    let index = world.desks[desk].index();
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let of = |entry: &TimelineEntry| match entry {
        TimelineEntry::Journal { record, .. } => Some(*record),
        _ => None,
    };
    rows.filter_map(|row| of(&row.entry)).collect()
}

fn journal(world: &mut World, desk: usize, client: ClientId) -> JournalView {
    match world.desks[desk].open(Subject::Journal(client)) {
        Ok(View::Journal(journal)) => journal,
        other => panic!("no journal: {other:?}"),
    }
}

/// A draft in the journal on two devices, with a first word.
fn begun() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.act(0, Edit::BeginJournal { draft: DRAFT, client, date: DAY }).unwrap();
    world.type_text(0, client, DRAFT, "seen.");
    world.sync();
    (world, client)
}

#[test]
fn what_a_client_wrote_is_typed_signed_and_read_elsewhere_and_never_lies_in_the_chart() {
    let (mut world, client) = begun();
    let index = world.desks[1].index();
    let [row] = index.drafts.as_slice() else { panic!("{:?}", index.drafts) };
    assert!(row.journal && row.date == Some(DAY) && row.words == 1);
    assert_eq!(world.desks[1].draft(client, DRAFT).parts[0].1, "seen.");
    world.sign(0, client, DRAFT);
    world.sync();
    let [record] = entries(&world, 1, client)[..] else { panic!("one entry") };
    let view = world.desks[1].note(client, record);
    assert_eq!(view.parts, [(Part::Text, "seen.".to_owned())]);
    assert_eq!(view.journal, Some(JournalHead { came: Came::Typed, ..said(false) }));
    let view = journal(&mut world, 1, client);
    assert_eq!((view.entries[0].begins.as_str(), view.entries[0].words), ("seen.", 1));
    for desk in &mut world.desks {
        let chart = desk.memory.contents.get(&CompartmentName::Chart(client));
        assert!(chart.is_none(), "nothing of it lies in the chart");
        let billing = desk.memory.contents.get(&CompartmentName::Billing(client));
        assert!(billing.is_none(), "and nobody is charged for it");
        assert_eq!(desk.rebuilt().index().timelines, desk.index().timelines);
    }
}

#[test]
fn words_that_come_too_late_become_an_addendum_draft_in_the_journal() {
    let (mut world, client) = begun();
    let splices = vec![insert(Part::Text, 5, " Unseen words.")];
    world.act(1, Edit::ChangeDraft { note: DRAFT, client, splices }).unwrap();
    world.sign(0, client, DRAFT);
    world.sync();
    let [record] = entries(&world, 0, client)[..] else { panic!("one entry") };
    for desk in 0..2 {
        let index = world.desks[desk].index();
        let [row] = index.drafts.as_slice() else { panic!("{:?}", index.drafts) };
        assert!(row.journal && row.addendum_to == Some(record));
        assert_eq!(world.desks[desk].draft(client, row.note).parts[0].1, "Unseen words.");
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    let late = world.desks[1].index().drafts[0].note;
    world.sign(1, client, late);
    world.sync();
    assert_eq!(world.desks[0].note(client, record).addenda[0].text, "Unseen words.");
    assert!(!world.desks[0].memory.contents.contains_key(&CompartmentName::Chart(client)));
    // Whoever types on where it is signed writes the next addition.
    let splices = vec![insert(Part::Text, 0, "More.")];
    world.act(0, Edit::ChangeDraft { note: DRAFT, client, splices }).unwrap();
    assert!(world.desks[0].index().drafts[0].journal);
}

#[test]
fn of_two_marks_the_newest_counts_everywhere_and_both_are_taken_back() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let record = enter(&mut world, 0, client, "A diary page.");
    world.sync();
    let mark = |mark| Edit::MarkJournal { client, record, mark };
    let shared = world.act(0, mark(JournalMark::Shared(true))).unwrap().unwrap();
    let index = world.desks[0].index();
    world.desks[1].now = world.desks[1].now.plus_millis(1_000);
    let struck = world.act(1, mark(JournalMark::Struck(true))).unwrap().unwrap();
    world.sync();
    assert!(entries(&world, 0, client).is_empty() && entries(&world, 1, client).is_empty());
    assert!(journal(&mut world, 0, client).entries.iter().all(|entry| entry.struck));
    world.desks[1].now = world.desks[1].now.plus_millis(1_000);
    let (changes, _) = world.desks[1].undo(struck).unwrap();
    world.send(1, changes);
    world.sync();
    for desk in 0..2 {
        assert_eq!(world.desks[desk].index().timelines, index.timelines);
        assert!(journal(&mut world, desk, client).entries[0].head.shared);
    }
    world.desks[0].now = world.desks[0].now.plus_millis(5_000);
    let (changes, _) = world.desks[0].undo(shared).unwrap();
    world.send(0, changes);
    world.sync();
    assert!(!journal(&mut world, 1, client).entries[0].head.shared);
    let unknown = RecordId::from_bytes([9; 16]);
    let edit = Edit::MarkJournal { client, record: unknown, mark: JournalMark::Struck(true) };
    assert_eq!(world.act(0, edit), Err(Refusal::UnknownNote));
}

#[test]
fn an_entry_has_a_text_of_at_most_a_mebibyte_and_a_client() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let enter = |client, text: String| Edit::EnterJournal {
        client,
        said: said(false),
        text,
        labels: BTreeSet::new(),
    };
    assert_eq!(world.act(0, enter(client, " \n".into())), Err(Refusal::EmptyText));
    assert_eq!(world.act(0, enter(client, "x".repeat((1 << 20) + 1))), Err(Refusal::TextTooLong));
    let stranger = ClientId::from_bytes([9; 16]);
    assert_eq!(world.act(0, enter(stranger, "x".into())), Err(Refusal::UnknownClient));
    let begin = Edit::BeginJournal { draft: DRAFT, client: stranger, date: DAY };
    assert_eq!(world.act(0, begin), Err(Refusal::UnknownClient));
    // One id is one draft, in whichever of both it lies.
    world.begin(0, 70, client, None, NoteFormat::Free);
    let begin = Edit::BeginJournal { draft: DRAFT, client, date: DAY };
    assert_eq!(world.act(0, begin), Err(Refusal::DraftExists));
}

#[test]
fn the_journal_is_a_segment_of_its_own_and_reads_back_without_the_chart() {
    let (mut world, client) = begun();
    let record = enter(&mut world, 0, client, "A diary page.");
    let mark = JournalMark::Shared(true);
    world.act(0, Edit::MarkJournal { client, record, mark }).unwrap();
    let name = CompartmentName::Journal(client);
    let segment = world.desks[0].practice.project(&name).unwrap();
    let mut practice = Practice::new();
    assert!(practice.restore_all(&[(name, segment)]).is_empty());
    let index = world.desks[0].index();
    assert_eq!(practice.index().timelines, index.timelines);
    assert_eq!(practice.index().drafts, index.drafts);
    assert!(world.desks[0].practice.project(&CompartmentName::Chart(client)).is_none());
}

#[test]
fn an_erasure_hides_the_journal_with_the_record_and_an_entry_on_its_own() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let first = enter(&mut world, 0, client, "A diary page.");
    let second = enter(&mut world, 0, client, "Another page.");
    world.act(0, Edit::AskErasure(Scope::of_record(client, first))).unwrap();
    assert_eq!(entries(&world, 0, client), [second]);
    let open = world.desks[0].open(Subject::Note(client, first));
    assert_eq!(open.unwrap_err(), Refusal::ToBeErased);
    let mark = Edit::MarkJournal { client, record: first, mark: JournalMark::Shared(true) };
    assert_eq!(world.act(0, mark), Err(Refusal::ToBeErased));
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    assert!(entries(&world, 0, client).is_empty());
    for subject in [Subject::Journal(client), Subject::Note(client, second)] {
        assert_eq!(world.desks[0].open(subject).unwrap_err(), Refusal::ToBeErased);
    }
    let enter =
        Edit::EnterJournal { client, said: said(false), text: "x".into(), labels: BTreeSet::new() };
    assert_eq!(world.act(0, enter), Err(Refusal::ToBeErased));
    // What erases the record takes the compartment along.
    assert_eq!(CompartmentName::Journal(client).client(), Some(client));
}

/// A record as another device of the practice would sign it.
fn forged(world: &mut World, name: CompartmentName, kind: RecordKind, body: Tags) -> Change {
    forged_about(world, name, (kind, Vec::new()), body)
}

fn forged_about(
    world: &mut World,
    name: CompartmentName,
    (kind, relations): (RecordKind, Vec<Relation>),
    body: Tags,
) -> Change {
    let desk = &mut world.desks[1];
    desk.practice.write_record(&name, kind, relations, body, context!(desk)).1
}

#[test]
fn what_does_not_belong_in_a_journal_is_kept_as_unknown_and_harms_nothing_else() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let record = enter(&mut world, 0, client, "A diary page.");
    world.sync();
    let mut note = Tags::new();
    note.set(tag::FORMAT, [1]).set(tag::TEXT, "a note");
    let mut entry = Tags::new();
    entry.set(tag::ENTRY_DATE, "2026-11-20").set(tag::CAME, [1]).set(tag::TEXT, "an entry");
    let mut endless = entry.clone();
    endless.set(tag::ENTRY_DATE, "9".repeat(1 << 16));
    let mut letters = entry.clone();
    letters.set(tag::TEXT, [0xff_u8, 0xfe].repeat(99));
    let (journal, chart) = (CompartmentName::Journal(client), CompartmentName::Chart(client));
    let mut strike = Tags::new();
    strike.set(tag::STRUCK, [7]);
    let nobody = Relation { kind: RelationKind::Corrects, target: [9; 16], digest: Hash::ZERO };
    let changes = [
        forged(&mut world, journal.clone(), RecordKind::Note, note),
        forged(&mut world, chart, RecordKind::Journal, entry.clone()),
        forged(&mut world, journal.clone(), RecordKind::Journal, endless),
        forged(&mut world, journal.clone(), RecordKind::Journal, letters),
        forged(&mut world, journal.clone(), RecordKind::Journal, Tags::new()),
        forged_about(&mut world, journal, (RecordKind::Journal, vec![nobody]), strike),
    ];
    let author = world.desks[1].quill.author;
    let desk = &mut world.desks[0];
    for change in &changes {
        desk.merge(change, author).unwrap();
    }
    let unknown = desk.index().timelines[&client]
        .iter()
        .filter(|row| matches!(row.entry, TimelineEntry::Unknown { .. }))
        .count();
    assert_eq!(unknown, 5);
    assert_eq!(desk.note(client, record).parts[0].1, "A diary page.");
    assert_eq!(desk.rebuilt().index().timelines, desk.index().timelines);
    assert_eq!(entries(&world, 0, client), [record]);
    assert_eq!(self::journal(&mut world, 0, client).entries.len(), 1);
}

#[test]
fn a_destroyed_body_leaves_the_rest_of_the_journal() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    let gone = enter(&mut world, 0, client, "To be forgotten.");
    enter(&mut world, 0, client, "To be kept.");
    let stub = Record::decode(&world.desks[0].memory.records[&gone]).unwrap().without_body();
    let content = Content::Record { record: gone, bytes: stub.encode() };
    let name = CompartmentName::Journal(client);
    let author = world.desks[0].quill.author;
    world.desks[0].merge(&Change { compartment: name, content }, author).unwrap();
    let view = journal(&mut world, 0, client);
    assert_eq!(view.entries.len(), 1);
    assert_eq!(view.entries[0].begins, "To be kept.");
}

#[test]
fn a_journal_goes_out_with_the_whole_practice_and_comes_in_word_for_word() {
    let (mut world, client) = begun();
    let record = enter(&mut world, 0, client, "A diary page.\n\n  With a verse.");
    let mark = JournalMark::Shared(true);
    world.act(0, Edit::MarkJournal { client, record, mark }).unwrap();
    world.act(0, Edit::Amend { note: record, client, text: "One line more.".into() }).unwrap();
    let struck = enter(&mut world, 0, client, "Not this.");
    let mark = JournalMark::Struck(true);
    world.act(0, Edit::MarkJournal { client, record: struck, mark }).unwrap();
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let index = desk.index();
    let written = zone::Stamp { time: desk.now, zone: index.zone.clone() };
    let lines: Vec<_> = export_lines(&index, &written, items).collect();
    assert!(!lines.iter().any(|line| line.contains("Not this.")));

    let mut other = World::new(&[1]);
    let member = other.desks[0].quill.author.member;
    let mut importer = Importer::new(member, [member].into());
    for line in &lines {
        for step in importer.import_line(line).unwrap() {
            let ImportStep::Edit(edit) = step else { panic!("{step:?}") };
            other.act(0, edit).unwrap();
        }
    }
    let counts = importer.finish().unwrap();
    assert_eq!(counts.read.get("journal"), Some(&1));
    let [record] = entries(&other, 0, client)[..] else { panic!("one entry") };
    let view = other.desks[0].note(client, record);
    assert_eq!(view.journal, Some(said(true)));
    let text = &view.parts[0].1;
    assert!(text.starts_with("A diary page.\n\n  With a verse.\n\nImported. Added 2026"), "{text}");
    assert!(text.ends_with("by Clinician 1.\n\nOne line more."), "{text}");
    let drafts = &other.desks[0].index().drafts;
    assert!(matches!(drafts.as_slice(), [row] if row.journal && row.date == Some(DAY)));
    assert_eq!(other.desks[0].draft(client, DRAFT).parts[0].1, "seen.");
}

#[test]
fn a_journal_draft_is_discarded_and_comes_back_and_may_not_change_its_day() {
    let (mut world, client) = begun();
    let discard = Edit::DiscardDraft { note: DRAFT, client, discarded: true };
    let inverse = world.act(0, discard).unwrap().unwrap();
    assert!(world.desks[0].index().drafts.is_empty());
    world.desks[0].undo(inverse).unwrap();
    assert_eq!(world.desks[0].draft(client, DRAFT).parts[0].1, "seen.");
    let strike = Splice { part: Part::Text, position: 0, deleted: 5, inserted: String::new() };
    world.act(0, Edit::ChangeDraft { note: DRAFT, client, splices: vec![strike] }).unwrap();
    let sign = Edit::Sign { note: DRAFT, client, late_reason: None };
    assert_eq!(world.act(0, sign), Err(Refusal::NothingToSign));
}

#[test]
fn what_was_struck_stays_in_the_journal_and_comes_back_also_without_an_undo() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let record = enter(&mut world, 0, client, "Slept.");
    let strike = |struck| Edit::MarkJournal { client, record, mark: JournalMark::Struck(struck) };
    world.act(0, strike(true)).unwrap();
    world.sync();
    let view = journal(&mut world, 1, client);
    assert!(view.entries[0].struck && view.entries[0].begins.is_empty(), "{view:?}");
    assert!(entries(&world, 1, client).is_empty());
    world.desks[1].now = world.desks[1].now.plus_millis(1000);
    world.act(1, strike(false)).unwrap();
    assert_eq!(entries(&world, 1, client), [record]);
    assert!(!journal(&mut world, 1, client).entries[0].struck);
}

#[test]
fn a_draft_of_the_journal_cannot_be_drawn_into_the_chart_by_its_id() {
    let (mut world, client) = begun();
    let sent = world.sent.iter().rev().find_map(|sent| match &sent.change.content {
        Content::Delta { document: DRAFT, draft: true, .. } => Some(sent.clone()),
        _ => None,
    });
    let mut forged = sent.unwrap();
    forged.change.compartment = CompartmentName::Chart(client);
    let merged = world.desks[1].merge(&forged.change, forged.author).unwrap();
    assert!(merged.unread);
    world.type_text(1, client, DRAFT, "Still here: ");
    world.sync();
    let chart = world.desks[1].memory.contents.get(&CompartmentName::Chart(client));
    let chart = chart.map(Vec::len).unwrap_or_default();
    assert_eq!(chart, 1, "nothing but what was put aside");
    assert_eq!(world.desks[0].draft(client, DRAFT).parts[0].1, "Still here: seen.");
}

#[test]
fn a_mark_that_another_device_has_set_since_is_not_undone() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let record = enter(&mut world, 0, client, "A page.");
    world.sync();
    let mark = |shared| {
        let mark = JournalMark::Shared(shared);
        Edit::MarkJournal { client, record, mark }
    };
    let later = |world: &mut World, desk: usize| {
        world.desks[desk].now = world.desks[desk].now.plus_millis(1_000);
    };
    later(&mut world, 0);
    let inverse = world.act(0, mark(false)).unwrap().unwrap();
    let (_, again) = world.desks[0].undo(inverse).unwrap();
    assert!(again.is_some(), "what only this device said is undone");
    let inverse = world.act(0, mark(true)).unwrap().unwrap();
    world.desks[1].now = world.desks[0].now.plus_millis(5_000);
    world.act(1, mark(false)).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    assert!(!journal(&mut world, 0, client).entries[0].head.shared);
}

/// Whose clock is behind said it since all the same.
#[test]
fn a_mark_that_another_device_has_set_since_by_a_slow_clock_is_not_undone() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let record = enter(&mut world, 0, client, "A page.");
    world.sync();
    let strike = Edit::MarkJournal { client, record, mark: JournalMark::Struck(true) };
    world.desks[0].now = world.desks[0].now.plus_millis(5_000);
    let inverse = world.act(0, strike.clone()).unwrap().unwrap();
    world.act(1, strike).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    assert!(journal(&mut world, 0, client).entries[0].struck, "the other struck it, too");
}

#[test]
fn an_entry_of_a_day_that_is_yet_to_come_comes_in_as_of_today_and_is_counted() {
    let mut world = World::new(&[1]);
    let client = world.client(0, 1);
    enter(&mut world, 0, client, "A page.");
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let written = crate::practice::edit::Stamp { time: desk.now, zone: super::world::ZONE.into() };
    let lines: Vec<String> = export_lines(&desk.index(), &written, items).collect();
    let member = desk.quill.author.member;
    for (today, ahead) in [(DAY, None), (DAY.yesterday().unwrap(), Some(1))] {
        let mut importer = Importer::new(member, [member].into()).on(today);
        let steps = lines.iter().flat_map(|line| importer.import_line(line).unwrap());
        let entered = |step| match step {
            ImportStep::Edit(Edit::EnterJournal { said, .. }) => Some(said.date),
            _ => None,
        };
        assert_eq!(steps.filter_map(entered).collect::<Vec<_>>(), [today]);
        assert_eq!(importer.counts().not_carried.get("journal.date").copied(), ahead);
    }
}

#[test]
fn a_mark_of_who_knew_what_a_fast_clock_said_counts_everywhere() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let record = enter(&mut world, 0, client, "slept badly");
    world.sync();
    let mark = |mark| Edit::MarkJournal { client, record, mark };
    world.desks[0].now = world.desks[0].now.plus_millis(3_600_000);
    world.act(0, mark(JournalMark::Shared(true))).unwrap();
    world.act(0, mark(JournalMark::Struck(true))).unwrap();
    world.sync();
    world.act(1, mark(JournalMark::Struck(false))).unwrap();
    world.act(1, mark(JournalMark::Shared(false))).unwrap();
    world.sync();
    for desk in 0..2 {
        let view = journal(&mut world, desk, client);
        assert!(!view.entries[0].struck && !view.entries[0].head.shared, "{desk}");
    }
}
