//! Psychotherapy notes: apart from everything else, for their author alone, while they are open.

use super::world::{HOUR, World, context, insert, member};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::audit::AuditKind;
use crate::practice::change::{Author, Change, Content};
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, NoteFormat, Part, PsychotherapyEdit, Purpose, Subject};
use crate::practice::erasure::Scope;
use crate::practice::interchange::export_lines;
use crate::practice::psychotherapy::PsychotherapyView;
use crate::practice::record::{Record, RecordError, RecordKind, Relation, RelationKind, Tags};
use crate::practice::view::View;
use crate::practice::{MergeError, Refusal, zone};
use crate::suite::Hash;
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 11, 20);
const DRAFT: ObjectId = ObjectId::from_bytes([70; 16]);
const WORDS: &str = "The lake again, and the silence.";

fn begin(client: ClientId, draft: ObjectId) -> Edit {
    Edit::Psychotherapy(PsychotherapyEdit::Begin { draft, client, date: DAY })
}

fn strike(client: ClientId, record: RecordId, struck: bool) -> Edit {
    Edit::Psychotherapy(PsychotherapyEdit::Strike { client, record, struck })
}

/// Two devices of one member and one of another; the first has stepped up.
fn world() -> (World, ClientId) {
    let mut world = World::new(&[1, 1, 2]);
    let client = world.client(0, 1);
    world.sync();
    world.desks[0].practice.step_up();
    (world, client)
}

fn signed(world: &mut World, client: ClientId) -> RecordId {
    world.act(0, begin(client, DRAFT)).unwrap();
    world.type_text(0, client, DRAFT, WORDS);
    world.sign(0, client, DRAFT);
    list(world, 0, client).notes[0].record
}

fn list(world: &mut World, desk: usize, client: ClientId) -> PsychotherapyView {
    match world.desks[desk].open(Subject::Psychotherapy(client)) {
        Ok(View::Psychotherapy(list)) => list,
        other => panic!("no list: {other:?}"),
    }
}

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

#[test]
fn one_is_written_signed_read_and_added_to_and_shows_in_no_list_search_or_export() {
    let (mut world, client) = world();
    let before = world.desks[0].index();
    world.act(0, begin(client, DRAFT)).unwrap();
    world.type_text(0, client, DRAFT, WORDS);
    let drafts = list(&mut world, 0, client).drafts;
    assert!(drafts[0].psychotherapy && drafts[0].date == Some(DAY) && drafts[0].words == 6);
    assert_eq!(world.desks[0].index(), before, "nothing of a draft either");
    world.sign(0, client, DRAFT);
    let row = list(&mut world, 0, client).notes[0].clone();
    assert_eq!((row.date, row.words, row.begins.as_str()), (DAY, 6, WORDS));
    let view = world.desks[0].note(client, row.record);
    assert_eq!(view.parts, [(Part::Text, WORDS.to_owned())]);
    assert_eq!(view.psychotherapy, Some(DAY));
    world.act(0, Edit::Amend { note: row.record, client, text: "More.".into() }).unwrap();
    assert_eq!(world.desks[0].note(client, row.record).addenda[0].text, "More.");
    assert_eq!(list(&mut world, 0, client).notes[0].addenda, 1);

    assert_eq!(*world.desks[0].index(), *before);
    let desk = &mut world.desks[0];
    for words in ["lake", "silence", "psychotherapy"] {
        let (found, _) = desk.practice.find(words, Purpose::Care, context!(desk));
        assert!(found.matches.is_empty());
    }
    let index = desk.index();
    let written = zone::Stamp { time: desk.now, zone: index.zone.clone() };
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let lines: Vec<String> = export_lines(&index, &written, items).collect();
    assert!(lines.iter().all(|line| !line.contains("lake") && !line.contains("More.")));
    for name in [CompartmentName::Chart(client), CompartmentName::Billing(client)] {
        assert!(!world.desks[0].memory.contents.contains_key(&name), "{name:?}");
    }
    let rebuilt = world.desks[0].rebuilt();
    assert_eq!(*rebuilt.index(), *before);
}

#[test]
fn while_they_are_closed_nothing_of_them_is_known() {
    let (mut world, client) = world();
    let record = signed(&mut world, client);
    world.act(0, begin(client, ObjectId::from_bytes([71; 16]))).unwrap();
    let name = CompartmentName::Psychotherapy { client, author: member(1) };
    let practice = &mut world.desks[0].practice;
    let segment = practice.project(&name).unwrap();
    let drafts = practice.step_down();
    assert_eq!(drafts.len(), 2);
    assert!(practice.project(&name).is_none() && !practice.is_stepped_up());
    for subject in [
        Subject::Psychotherapy(client),
        Subject::Note(client, record),
        Subject::Draft(client, DRAFT),
    ] {
        assert!(world.desks[0].open(subject).is_err(), "{subject:?}");
    }
    assert_eq!(world.act(0, begin(client, DRAFT)), Err(Refusal::NotSteppedUp));
    assert_eq!(world.act(0, strike(client, record, true)), Err(Refusal::NotSteppedUp));

    let practice = &mut world.desks[0].practice;
    practice.step_up();
    practice.restore(&name, &segment).unwrap();
    let again = list(&mut world, 0, client);
    assert_eq!((again.notes[0].record, again.drafts.len()), (record, 1));
}

#[test]
fn the_other_device_of_their_author_shows_the_same_and_no_other_member_does() {
    let (mut world, client) = world();
    let record = signed(&mut world, client);
    world.desks[1].practice.step_up();
    world.desks[2].practice.step_up();
    world.sync();
    assert_eq!(list(&mut world, 1, client).notes, list(&mut world, 0, client).notes);
    // Even with all of it, as no key ring gives it to another member.
    let theirs = list(&mut world, 2, client);
    assert!(theirs.notes.is_empty() && theirs.drafts.is_empty());
    let now = world.desks[1].now.plus_millis(HOUR);
    world.desks[1].now = now;
    let inverse = world.act(1, strike(client, record, true)).unwrap().unwrap();
    world.sync();
    assert!(list(&mut world, 0, client).notes[0].struck);
    let (changes, _) = world.desks[1].undo(inverse).unwrap();
    world.send(1, changes);
    world.sync();
    assert!(!list(&mut world, 0, client).notes[0].struck);
    let unknown = RecordId::from_bytes([9; 16]);
    assert_eq!(world.act(0, strike(client, unknown, true)), Err(Refusal::UnknownNote));
}

#[test]
fn words_that_come_too_late_become_an_addendum_draft_there() {
    let (mut world, client) = world();
    world.desks[1].practice.step_up();
    world.act(0, begin(client, DRAFT)).unwrap();
    world.type_text(0, client, DRAFT, "seen.");
    world.sync();
    let splices = vec![insert(Part::Text, 5, " Unseen words.")];
    world.act(1, Edit::ChangeDraft { note: DRAFT, client, splices }).unwrap();
    world.sign(0, client, DRAFT);
    world.sync();
    for desk in 0..2 {
        let view = list(&mut world, desk, client);
        assert_eq!(view.drafts[0].addendum_to, Some(view.notes[0].record));
        assert_eq!(
            world.desks[desk].draft(client, view.drafts[0].note).parts[0].1,
            "Unseen words."
        );
        assert!(world.desks[desk].index().drafts.is_empty());
        let chart = world.desks[desk].memory.contents.get(&CompartmentName::Chart(client));
        assert!(chart.is_none(), "nothing of it lies in the chart");
    }
}

/// Who reads a trail learns with whom, and not which, how many, or a word.
#[test]
fn the_trail_says_with_whom_and_not_which() {
    let (mut world, client) = world();
    let record = signed(&mut world, client);
    world.desks[0].note(client, record);
    let trail = world.desks[0].memory.contents[&CompartmentName::Audit(member(1))].clone();
    let (mut opened, mut signed) = (0, 0);
    for content in trail {
        let Content::Record { bytes, .. } = content else { continue };
        for hidden in [record.as_bytes().as_slice(), DRAFT.as_bytes(), b"lake"] {
            assert!(!holds(&bytes, hidden));
        }
        let entry = Record::decode(&bytes).unwrap();
        let body = entry.body().unwrap();
        let Some(subject) = body.bytes(tag::SUBJECT) else { continue };
        let kind = AuditKind::of(u16::from_be_bytes(body.fixed(tag::EVENT).unwrap()));
        if subject[0] == 15 {
            assert_eq!(subject[1..], *client.as_bytes());
            opened += usize::from(kind == AuditKind::Open);
            signed += usize::from(kind == AuditKind::Sign);
        }
    }
    assert!(opened >= 2 && signed == 1, "{opened} {signed}");
}

/// Somebody who learns the id of a draft, as a server can, makes a chart know it, and then says that it
/// was signed there: its words must not become late words in the chart, nor be typed there.
#[test]
fn a_chart_that_claims_the_draft_gets_none_of_its_words() {
    for closed_first in [false, true] {
        let (mut world, client) = world();
        let name = CompartmentName::Psychotherapy { client, author: member(1) };
        world.act(0, begin(client, DRAFT)).unwrap();
        world.type_text(0, client, DRAFT, WORDS);
        let segment = world.desks[0].practice.project(&name).unwrap();
        if closed_first {
            world.desks[0].practice.step_down();
        }
        let claim =
            Edit::BeginNote { note: DRAFT, client, session: None, format: NoteFormat::Free };
        world.desks[2].practice.step_down();
        let (claimed, _) = world.desks[2].apply(claim).unwrap();
        let author = world.desks[2].quill.author;
        for change in &claimed {
            world.desks[0].merge(change, author).unwrap();
        }
        if closed_first {
            world.desks[0].practice.step_up();
            world.desks[0].practice.restore(&name, &segment).unwrap();
        }
        // It is on the screen, and so in memory.
        world.desks[0].draft(client, DRAFT);
        let kind = RelationKind::Signs;
        let relation = Relation { kind, target: *DRAFT.as_bytes(), digest: Hash::ZERO };
        let mut body = Tags::new();
        body.set(tag::FORMAT, [1]).set(tag::TEXT, "mine").set(tag::HEADS, Vec::new());
        let chart = CompartmentName::Chart(client);
        let desk = &mut world.desks[2];
        let written = (RecordKind::Note, vec![relation]);
        let (_, change) =
            desk.practice.write_record(&chart, written.0, written.1, body, context!(desk));
        let merged = world.desks[0].merge(&change, author).unwrap();
        assert!(merged.changes.is_empty(), "nothing was made of its words");

        let splices = vec![insert(Part::Text, 0, "More. ")];
        let typed = Edit::ChangeDraft { note: DRAFT, client, splices };
        let (changes, _) = world.desks[0].apply(typed).unwrap();
        assert!(changes.iter().all(|change| change.compartment == name), "closed {closed_first}");
        let late = world.desks[0].index();
        assert!(late.drafts.iter().all(|row| row.note == DRAFT), "{:?}", late.drafts);
    }
}

#[test]
fn what_another_member_signs_or_types_there_is_refused() {
    let (mut world, client) = world();
    let name = CompartmentName::Psychotherapy { client, author: member(1) };
    let desk = &mut world.desks[2];
    let mut body = Tags::new();
    body.set(tag::TEXT, "Not hers.").set(tag::ABOUT_DATE, DAY.to_string());
    let (_, change) = desk.practice.write_record(
        &name,
        RecordKind::Psychotherapy,
        Vec::new(),
        body,
        context!(desk),
    );
    let author: Author = desk.quill.author;
    let refused = world.desks[0].merge(&change, author);
    assert!(matches!(refused, Err(MergeError::Record(RecordError::Foreign))));
    world.desks[1].practice.step_up();
    world.act(1, begin(client, DRAFT)).unwrap();
    let sent = world.sent.clone();
    let delta = sent.iter().find(
        |sent| matches!(sent.change.content, Content::Delta { document, .. } if document == DRAFT),
    );
    let Change { compartment, content } = delta.unwrap().change.clone();
    let merged = world.desks[0].merge(&Change { compartment, content }, author).unwrap();
    assert!(merged.unread);
    assert!(list(&mut world, 0, client).drafts.is_empty());
}

#[test]
fn a_group_has_none_and_one_alone_is_not_erased_and_a_hidden_client_begins_none() {
    let (mut world, client) = world();
    let record = signed(&mut world, client);
    let scope = Scope::of_record(client, record);
    // What is asked stands where every member reads it.
    assert_eq!(world.act(0, Edit::AskErasure(scope)), Err(Refusal::UnknownNote));
    let group = crate::practice::group::subject_of(ObjectId::from_bytes([5; 16]));
    assert_eq!(world.act(0, begin(group, DRAFT)), Err(Refusal::OfGroup));
    let nobody = ClientId::from_bytes([8; 16]);
    assert_eq!(world.act(0, begin(nobody, DRAFT)), Err(Refusal::UnknownClient));
    world.act(0, Edit::AskErasure(client.into())).unwrap();
    let other = ObjectId::from_bytes([72; 16]);
    assert_eq!(world.act(0, begin(client, other)), Err(Refusal::ToBeErased));
    assert!(world.desks[0].open(Subject::Psychotherapy(client)).is_err());
    assert_eq!(CompartmentName::Psychotherapy { client, author: member(1) }.client(), Some(client));
}
