//! Signatures: exactly what was there, on every device, and nothing typed is lost.

use super::world::{HOUR, MONDAY, World, context, insert};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::change::{Author, Change, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::draft::addendum_id;
use crate::practice::edit::{Edit, NoteFormat, Part, Splice, Subject};
use crate::practice::record::Record;
use crate::practice::view::{NoteState, TimelineEntry, View};
use crate::practice::{AuditEntry, AuditKind, Refusal};
use crate::suite::Hash;
use proptest::prelude::*;

fn draft_on_two(format: NoteFormat) -> (World, ClientId, ObjectId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let note = world.begin(0, 9, client, Some(session), format);
    world.sync();
    (world, client, note)
}

pub(super) fn only_note(world: &World, desk: usize, client: ClientId) -> RecordId {
    let index = world.desks[desk].index();
    let notes: Vec<_> = index.timelines[&client]
        .iter()
        .filter_map(|row| match row.entry {
            TimelineEntry::Note { record, .. } => Some(record),
            _ => None,
        })
        .collect();
    assert_eq!(notes.len(), 1);
    notes[0]
}

#[test]
fn a_signed_note_is_what_the_draft_said_and_the_same_on_every_device() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "Exactly this, e\u{301} and \u{1f600}.\n");
    world.sync();
    let shown = world.desks[1].draft(client, note).parts[0].1.clone();
    world.sign(0, client, note);
    world.sync();

    let record = only_note(&world, 1, client);
    assert_eq!(world.desks[0].memory.records[&record], world.desks[1].memory.records[&record]);
    for desk in 0..2 {
        assert_eq!(world.desks[desk].note(client, record).parts[0].1, shown);
        assert!(world.desks[desk].index().drafts.is_empty());
    }
    let stored = Record::decode(&world.desks[1].memory.records[&record]).unwrap();
    let key = world.desks[0].quill.key.verifying();
    assert_eq!(stored.verify(&key), Ok(()));
}

#[test]
fn a_note_signed_after_72_hours_is_marked_late_with_its_reason() {
    for (hours, late) in [(73, false), (74, true)] {
        let (mut world, client, note) = draft_on_two(NoteFormat::Free);
        world.type_text(0, client, note, "said");
        // The session starts at 10:00 in Vienna, 09:00 UTC, an hour after `MONDAY`.
        world.desks[0].now = MONDAY.plus_millis(hours * HOUR);
        world.act(0, Edit::Sign { note, client, late_reason: Some("ill".into()) }).unwrap();
        world.sync();
        let record = only_note(&world, 1, client);
        let view = world.desks[1].note(client, record);
        assert_eq!(view.late_reason.as_deref(), late.then_some("ill"));
        let index = world.desks[1].index();
        let row = &index.timelines[&client][0].entry;
        assert!(matches!(row, TimelineEntry::Note { late: marked, .. } if *marked == late));
    }
}

#[test]
fn a_note_that_was_written_elsewhere_is_signed_as_it_is_and_charged_once() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    let enter = |part, text: &str| Edit::EnterNote {
        client,
        session: Some(session),
        format: NoteFormat::Soap,
        parts: vec![(part, text.to_owned())],
        late_reason: None,
    };
    let refused = |world: &mut World, edit| world.desks[0].apply(edit).err();
    let wrong = refused(&mut world, enter(Part::Text, "no such part"));
    assert_eq!(wrong, Some(Refusal::InvalidSplice));
    assert_eq!(refused(&mut world, enter(Part::Plan, "  ")), Some(Refusal::NothingToSign));
    world.act(0, enter(Part::Plan, "As it was.")).unwrap();
    world.sync();

    let record = only_note(&world, 1, client);
    let note = world.desks[1].note(client, record);
    assert_eq!(note.parts.len(), 4);
    assert!(note.parts.contains(&(Part::Plan, "As it was.".to_owned())));
    let index = world.desks[1].index();
    assert_eq!(index.appointments[&session].note, NoteState::Signed(record));
    assert!(index.drafts.is_empty());
}

#[test]
fn an_empty_draft_and_a_signed_one_are_not_signed() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Soap);
    let sign = Edit::Sign { note, client, late_reason: None };
    assert_eq!(world.act(0, sign.clone()), Err(Refusal::NothingToSign));
    let splices = vec![insert(Part::Plan, 0, "x")];
    world.act(0, Edit::ChangeDraft { note, client, splices: splices.clone() }).unwrap();
    world.act(0, sign.clone()).unwrap();
    assert_eq!(world.act(0, sign), Err(Refusal::AlreadySigned));
    let strike = Splice { part: Part::Plan, position: 0, deleted: 1, inserted: String::new() };
    let change = Edit::ChangeDraft { note, client, splices: vec![strike] };
    assert_eq!(world.act(0, change), Err(Refusal::AlreadySigned));
}

#[test]
fn what_is_typed_after_somebody_else_signed_goes_into_an_addendum_draft() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "said.");
    world.sync();
    world.sign(0, client, note);
    world.sync();
    let signed = only_note(&world, 1, client);
    world.type_text(1, client, note, "Still typing, ");
    world.type_text(1, client, note, "and more.");
    world.sync();

    let late = addendum_id(note, world.desks[1].quill.author.device);
    for desk in 0..2 {
        assert_eq!(world.desks[desk].index().drafts[0].addendum_to, Some(signed));
        let text = world.desks[desk].draft(client, late).parts[0].1.clone();
        assert_eq!(text, "Still typing, and more.");
        assert_eq!(world.desks[desk].note(client, signed).parts[0].1, "said.");
    }
}

#[test]
fn an_addendum_stands_under_its_note_and_changes_nothing_in_it() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    let record = only_note(&world, 0, client);
    let before = world.desks[0].memory.records[&record].clone();
    let amend = |text: &str| Edit::Amend { note: record, client, text: text.into() };
    assert_eq!(world.act(0, amend(" ")), Err(Refusal::EmptyText));
    world.act(0, amend("and also this")).unwrap();
    world.sync();

    let view = world.desks[1].note(client, record);
    assert_eq!(view.addenda.len(), 1);
    assert_eq!(view.addenda[0].text, "and also this");
    assert_eq!(world.desks[1].memory.records[&record], before);
    let missing = RecordId::from_bytes([9; 16]);
    let unknown = Edit::Amend { note: missing, client, text: "x".into() };
    assert_eq!(world.act(0, unknown), Err(Refusal::UnknownNote));
}

#[test]
fn a_draft_that_was_begun_as_an_addendum_is_signed_as_one_on_any_device() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    let record = only_note(&world, 0, client);
    let draft = ObjectId::from_bytes([8; 16]);
    let begin = |note| Edit::BeginAddendum { draft, client, note };
    let missing = RecordId::from_bytes([9; 16]);
    assert_eq!(world.act(0, begin(missing)), Err(Refusal::UnknownNote));
    world.act(0, begin(record)).unwrap();
    assert_eq!(world.act(0, begin(record)), Err(Refusal::DraftExists));
    world.type_text(0, client, draft, "and also ");
    world.sync();
    world.type_text(1, client, draft, "this, ");
    world.sign(1, client, draft);
    world.sync();

    for desk in 0..2 {
        let view = world.desks[desk].note(client, record);
        assert_eq!(view.parts[0].1, "said");
        assert_eq!(view.addenda.len(), 1);
        assert_eq!(view.addenda[0].text, "this, and also ");
        assert!(world.desks[desk].index().drafts.is_empty());
    }
}

#[test]
fn words_that_the_signer_had_not_seen_become_an_addendum_draft_of_their_writer() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "seen.");
    world.sync();
    let splices = vec![insert(Part::Text, 5, " Unseen words.")];
    world.act(1, Edit::ChangeDraft { note, client, splices }).unwrap();
    world.sign(0, client, note);
    let signed = only_note(&world, 0, client);
    world.sync();

    let late = addendum_id(note, world.desks[1].quill.author.device);
    for desk in 0..2 {
        let index = world.desks[desk].index();
        let [row] = index.drafts.as_slice() else { panic!("one draft: {:?}", index.drafts) };
        assert_eq!((row.note, row.addendum_to), (late, Some(signed)));
        assert_eq!(world.desks[desk].draft(client, late).parts[0].1, "Unseen words.");
        assert_eq!(world.desks[desk].note(client, signed).parts[0].1, "seen.");
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());

    world.sign(1, client, late);
    world.sync();
    let view = world.desks[0].note(client, signed);
    assert_eq!(view.addenda[0].text, "Unseen words.");
    assert!(world.desks[0].index().drafts.is_empty());
}

/// What the first desk has signed without some words of the second, which came to it afterwards.
struct Unseen {
    world: World,
    client: ClientId,
    note: ObjectId,
    author: Author,
    late: Vec<Change>,
}

fn unseen() -> Unseen {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "seen.");
    world.sync();
    let splices = vec![insert(Part::Text, 5, " Unseen words.")];
    let (late, _) = world.desks[1].apply(Edit::ChangeDraft { note, client, splices }).unwrap();
    world.sign(0, client, note);
    let author = world.desks[1].quill.author;
    for change in &late {
        world.desks[0].merge(change, author).unwrap();
    }
    Unseen { world, client, note, author, late }
}

#[test]
fn late_words_can_be_read_before_their_writer_has_made_a_draft_of_them() {
    let Unseen { mut world, client, note, author, .. } = unseen();

    let id = addendum_id(note, author.device);
    assert_eq!(world.desks[0].index().drafts[0].note, id);
    assert_eq!(world.desks[0].draft(client, id).parts[0].1, "Unseen words.");
    let sign = Edit::Sign { note: id, client, late_reason: None };
    assert_eq!(world.act(0, sign), Err(Refusal::WrittenElsewhere));
}

/// A device that was shut out makes no draft any more.
#[test]
fn late_words_that_somebody_takes_over_are_a_draft_everywhere_and_wait_for_nobody() {
    let Unseen { mut world, client, note, author, late } = unseen();
    let waiting = addendum_id(note, author.device);
    let desk = &mut world.desks[0];
    assert_eq!(desk.practice.late_writers(), [(client, waiting, author.device)]);
    let changes = desk.practice.take_over_late(client, waiting, context!(desk)).unwrap();
    changes.iter().for_each(|change| desk.memory.store(change));
    world.send(0, changes);

    let mut rebuilt = world.desks[0].rebuilt();
    rebuilt.look_ahead(world.desks[0].now);
    assert_eq!(rebuilt.index().drafts, world.desks[0].index().drafts);
    let desk = &mut world.desks[0];
    assert_eq!(desk.practice.late_writers(), []);
    assert!(!desk.practice.waits_for_late_words(note));
    let index = desk.index();
    let [row] = index.drafts.as_slice() else { panic!("{:?}", index.drafts) };
    assert_eq!(row.note, addendum_id(waiting, desk.quill.author.device));
    let (taken, signed) = (row.note, row.addendum_to.unwrap());
    assert_eq!(desk.draft(client, taken).parts[0].1, "Unseen words.");
    // What comes of it later again brings it back nowhere.
    for change in &late {
        world.desks[0].merge(change, author).unwrap();
    }
    assert_eq!(world.desks[0].index().drafts.len(), 1);
    world.sign(0, client, taken);
    assert_eq!(world.desks[0].note(client, signed).addenda[0].text, "Unseen words.");
    assert!(world.desks[0].index().drafts.is_empty());
}

#[test]
fn what_the_late_writer_deleted_is_told_as_well() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "denies any thought of harm");
    world.sync();
    let strike = Splice { part: Part::Text, position: 0, deleted: 7, inserted: "admits ".into() };
    world.act(1, Edit::ChangeDraft { note, client, splices: vec![strike] }).unwrap();
    world.sign(0, client, note);
    world.sync();

    let row = world.desks[0].index().drafts[0].clone();
    let text = world.desks[0].draft(client, row.note).parts[0].1.clone();
    assert!(text.contains("[struck: denies]") && text.contains("admits"), "{text}");
}

#[test]
fn two_signatures_of_one_draft_are_one_note_one_addendum_and_one_charge() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "both");
    world.sync();
    world.desks[1].now = MONDAY.plus_millis(1000);
    world.sign(0, client, note);
    world.sign(1, client, note);
    world.sync();

    let first = only_note(&world, 0, client);
    let index = world.desks[1].index();
    assert!(matches!(index.timelines[&client][0].entry,
        TimelineEntry::Addendum { note, .. } if note == first));
    assert_eq!(world.desks[1].note(client, first).addenda[0].text, "both");
    assert_eq!(*index, *world.desks[0].index());
    assert!(index.drafts.is_empty());
    let session = *index.appointments.keys().next().unwrap();
    assert_eq!(index.appointments[&session].note, NoteState::Signed(first));
}

#[test]
fn every_look_is_an_entry_that_names_the_one_before_it() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.desks[0].open(Subject::Chart(client)).unwrap();
    world.desks[0].open(Subject::Draft(client, note)).unwrap();
    world.sign(0, client, note);

    let desk = &world.desks[0];
    let name = CompartmentName::Audit(desk.quill.author.member);
    let mut previous = Hash::ZERO;
    let mut kinds = Vec::new();
    for (number, content) in desk.memory.contents[&name].iter().enumerate() {
        let Content::Record { bytes, .. } = content else { panic!("a record") };
        let record = Record::decode(bytes).unwrap();
        let entry = AuditEntry::of(&record).unwrap();
        assert_eq!((entry.number, entry.previous), (number as u64 + 1, previous));
        previous = record.digest();
        kinds.push(entry.kind);
    }
    assert_eq!(kinds, [AuditKind::Open, AuditKind::Open, AuditKind::Sign]);
}

#[test]
fn a_signed_draft_is_no_longer_there_to_refresh() {
    let (mut world, client, note) = draft_on_two(NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sync();
    let subject = Subject::Draft(client, note);
    world.desks[1].open(subject).unwrap();
    world.sign(0, client, note);
    world.sync();
    let desk = &mut world.desks[1];
    assert_eq!(desk.practice.refresh(subject, context!(desk)), None);
    let chart = desk.practice.refresh(Subject::Chart(client), context!(desk));
    assert!(matches!(chart, Some(View::Chart(_))));
}

/// Everything that can be read of a client on one desk: notes, addenda, drafts.
fn everything(world: &mut World, desk: usize, client: ClientId) -> String {
    let index = world.desks[desk].index();
    let mut all = String::new();
    for row in index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter()) {
        if let TimelineEntry::Note { record, .. } = row.entry {
            let note = world.desks[desk].note(client, record);
            note.parts.iter().for_each(|(_, text)| all.push_str(text));
            note.addenda.iter().for_each(|addendum| all.push_str(&addendum.text));
        }
    }
    for row in &index.drafts {
        let draft = world.desks[desk].draft(client, row.note);
        draft.parts.iter().for_each(|(_, text)| all.push_str(text));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_word_is_lost_whoever_types_and_signs_in_whatever_order(
        steps in prop::collection::vec((0..3_usize, 0..8_u8, any::<usize>()), 1..40),
    ) {
        let mut world = World::new(&[1, 1, 2]);
        let client = world.client(0, 1);
        let note = world.begin(0, 9, client, None, NoteFormat::Free);
        world.sync();
        let mut typed = Vec::new();
        for (number, (desk, what, choice)) in steps.into_iter().enumerate() {
            world.desks[desk].now = world.desks[desk].now.plus_millis(1000);
            match what {
                0..=2 => {
                    let word = format!("<{number}>");
                    let splices = vec![insert(Part::Text, 0, &word)];
                    if world.act(desk, Edit::ChangeDraft { note, client, splices }).is_ok() {
                        typed.push(word);
                    }
                }
                3 => {
                    let _ = world.act(desk, Edit::Sign { note, client, late_reason: None });
                }
                4 => {
                    let late = addendum_id(note, world.desks[desk].quill.author.device);
                    let _ = world.act(desk, Edit::Sign { note: late, client, late_reason: None });
                }
                _ => {
                    world.give(desk, choice);
                }
            }
        }
        world.sync();

        for desk in 0..3 {
            let all = everything(&mut world, desk, client);
            for word in &typed {
                prop_assert!(all.contains(word), "{word} is missing from {all}");
            }
        }
        prop_assert_eq!(&*world.desks[0].index(), &*world.desks[1].index());
        prop_assert_eq!(&*world.desks[0].index(), &*world.desks[2].index());
    }
}
