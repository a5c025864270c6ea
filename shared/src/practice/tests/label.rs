//! Labels of notes and of other items: set on drafts and on what is signed, on several devices, and by one that lies.

use super::world::{World, ZONE, context, insert};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::change::{Change, Content};
use crate::practice::compartment::CompartmentName;
use crate::practice::consent::{ConsentHow, ConsentKind, NewConsent};
use crate::practice::edit::{
    Came, Channel, Direction, Edit, Label, Labelled, NoteFormat, Part, Stamp, Subject,
};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use crate::practice::reach::Reach;
use crate::practice::record::{Record, RecordKind, Relation, RelationKind, Tags};
use crate::practice::view::{JournalHead, TimelineEntry, View};
use crate::practice::{NewContact, Refusal};
use crate::suite::Hash;
use jiff::civil::date;
use std::collections::BTreeSet;

fn set(labels: &[Label]) -> BTreeSet<Label> {
    labels.iter().copied().collect()
}

fn label(client: ClientId, of: Labelled, labels: &[Label]) -> Edit {
    Edit::Label { client, of, labels: set(labels) }
}

fn later(world: &mut World) {
    world.desks.iter_mut().for_each(|desk| desk.now = desk.now.plus_millis(1_000));
}

/// A draft with some words that both desks have.
fn begun() -> (World, ClientId, ObjectId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sync();
    (world, client, note)
}

fn signed(labels: &[Label]) -> (World, ClientId, RecordId) {
    let (mut world, client, note) = begun();
    world.act(0, label(client, Labelled::Draft(note), labels)).unwrap();
    world.sync();
    world.sign(0, client, note);
    world.sync();
    later(&mut world);
    let record = record_of(&world, 0);
    (world, client, record)
}

/// The one note that is signed.
fn record_of(world: &World, desk: usize) -> RecordId {
    let records = &world.desks[desk].memory.records;
    let is_note = |bytes: &&Vec<u8>| {
        Record::decode(bytes).is_ok_and(|record| record.header.kind == RecordKind::Note)
    };
    let bytes = records.values().find(is_note).unwrap();
    Record::decode(bytes).unwrap().header.id
}

fn of_note(world: &mut World, desk: usize, client: ClientId, record: RecordId) -> BTreeSet<Label> {
    world.desks[desk].note(client, record).labels
}

#[test]
fn two_devices_label_one_draft_and_what_stands_is_signed_into_the_header() {
    let (mut world, client, note) = begun();
    let draft = Labelled::Draft(note);
    world.act(0, label(client, draft, &[Label::Hiv, Label::Violence])).unwrap();
    world.sync();
    // One takes a label away and adds one, the other adds a third, at once.
    world.act(0, label(client, draft, &[Label::Hiv, Label::Unknown(900)])).unwrap();
    world.act(1, label(client, draft, &[Label::Hiv, Label::Violence, Label::ThirdParty])).unwrap();
    world.sync();
    let stands = set(&[Label::Hiv, Label::ThirdParty, Label::Unknown(900)]);
    for desk in 0..2 {
        assert_eq!(world.desks[desk].draft(client, note).labels, stands);
    }
    world.sign(1, client, note);
    world.sync();
    let record = record_of(&world, 0);
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), stands);
        let refused = world.act(desk, label(client, draft, &[]));
        assert_eq!(refused, Err(Refusal::AlreadySigned));
    }
    let bytes = &world.desks[0].memory.records.values();
    let headers = bytes.clone().map(|bytes| Record::decode(bytes).unwrap().header);
    let of_note: Vec<_> = headers.filter(|one| one.id == record).map(|one| one.labels).collect();
    assert_eq!(of_note, [vec![4, 7, 900]]);
}

#[test]
fn a_label_that_was_set_while_another_signed_is_not_lost() {
    let (mut world, client, note) = begun();
    world.act(0, label(client, Labelled::Draft(note), &[Label::Hiv])).unwrap();
    world.sync();
    let labels = [Label::Hiv, Label::Violence];
    world.act(1, label(client, Labelled::Draft(note), &labels)).unwrap();
    later(&mut world);
    world.sign(0, client, note);
    later(&mut world);
    world.sync();
    let record = record_of(&world, 0);
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), set(&labels));
        assert!(world.desks[desk].index().drafts.is_empty(), "no word came late");
        let rebuilt = world.desks[desk].rebuilt();
        assert!(*rebuilt.index() == *world.desks[desk].index());
    }
    // Who takes it away later has the last word.
    later(&mut world);
    world.act(0, label(client, Labelled::Record(record), &[])).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(of_note(&mut world, desk, client, record).is_empty());
    }
}

/// Two devices label a draft that a third signs meanwhile.
fn labelled_by_two_while_a_third_signs() -> (World, ClientId) {
    let mut world = World::new(&[1, 1, 1]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.act(0, label(client, Labelled::Draft(note), &[Label::Hiv])).unwrap();
    world.sync();
    let draft = Labelled::Draft(note);
    world.act(1, label(client, draft, &[Label::Hiv, Label::ThirdParty])).unwrap();
    world.act(2, label(client, draft, &[Label::Hiv, Label::Violence])).unwrap();
    world.sign(0, client, note);
    later(&mut world);
    (world, client)
}

#[test]
fn what_two_devices_set_while_a_third_signed_counts_together_in_whichever_order_it_comes() {
    for seed in 0..24_usize {
        let (mut world, client) = labelled_by_two_while_a_third_signs();
        let (mut turn, mut idle) = (seed, 0);
        while idle < 3 {
            turn += 1;
            idle = if world.give(turn % 3, turn.wrapping_mul(seed + 7)) { 0 } else { idle + 1 };
        }
        let record = record_of(&world, 0);
        let all = set(&[Label::Hiv, Label::ThirdParty, Label::Violence]);
        for desk in 0..3 {
            assert_eq!(of_note(&mut world, desk, client, record), all, "{seed}, {desk}");
            let rebuilt = world.desks[desk].rebuilt();
            assert!(*rebuilt.index() == *world.desks[desk].index());
        }
        // Who knows of them and takes one away has the last word, and takes it back.
        later(&mut world);
        let fewer = [Label::Hiv, Label::Violence];
        let undo = world.act(1, label(client, Labelled::Record(record), &fewer)).unwrap().unwrap();
        world.sync();
        for desk in 0..3 {
            assert_eq!(of_note(&mut world, desk, client, record), set(&fewer));
        }
        later(&mut world);
        let (changes, _) = world.desks[1].undo(undo).unwrap();
        world.send(1, changes);
        world.sync();
        for desk in 0..3 {
            assert_eq!(of_note(&mut world, desk, client, record), all);
        }
    }
}

#[test]
fn who_lists_labels_without_knowing_of_a_late_one_does_not_take_it_away() {
    let (mut world, client) = labelled_by_two_while_a_third_signs();
    let record = record_of(&world, 0);
    let list = label(client, Labelled::Record(record), &[Label::Psychiatry]);
    let undo = world.act(0, list).unwrap().unwrap();
    later(&mut world);
    world.sync();
    for desk in 0..3 {
        let all = set(&[Label::Psychiatry, Label::ThirdParty, Label::Violence]);
        assert_eq!(of_note(&mut world, desk, client, record), all);
        let rebuilt = world.desks[desk].rebuilt();
        assert!(*rebuilt.index() == *world.desks[desk].index());
    }
    assert_eq!(world.desks[0].undo(undo).unwrap_err(), Refusal::ChangedElsewhere);
}

#[test]
fn late_words_are_stored_also_where_their_labels_cannot_be_said_yet() {
    let (mut world, client) = labelled_by_two_while_a_third_signs();
    let note = ObjectId::from_bytes([7; 16]);
    world.type_text(1, client, note, "late ");
    while world.give(2, 0) {}
    // What the third desk said of the labels comes to the second, where it cannot be read.
    let added = world.desks[2].memory.records.values().map(|one| Record::decode(one).unwrap());
    let added: Vec<_> = added.filter(|one| one.header.kind == RecordKind::Labels).collect();
    let [added] = added.as_slice() else { panic!("one list: {}", added.len()) };
    let at = world.sent.iter().position(|sent| {
        matches!(&sent.change.content, Content::Record { record, .. } if *record == added.header.id)
    });
    let sent = world.sent[at.unwrap()].clone();
    world.desks[1].merge(&sent.change, sent.author).unwrap();
    world.desks[1].memory.records.remove(&added.header.id);
    let signed = world.sent.iter().filter(|sent| {
        sent.author.device == world.desks[0].quill.author.device
            && matches!(sent.change.content, Content::Record { .. } | Content::Close { .. })
    });
    for sent in signed.cloned().collect::<Vec<_>>() {
        let merged = world.desks[1].merge(&sent.change, sent.author).unwrap();
        world.send(1, merged.changes);
    }
    let index = world.desks[1].index();
    let [draft] = index.drafts.as_slice() else { panic!("the late words") };
    let stored = &world.desks[1].memory.documents;
    assert!(stored.contains_key(&draft.note), "what stands there is on the disk");
    // Once it can be read, the labels are said too, and the words stand there once.
    world.desks[1].memory.records.insert(added.header.id, added.encode());
    let mut practice = crate::practice::Practice::new();
    let desk = &mut world.desks[1];
    let mut made = Vec::new();
    for (name, contents) in desk.memory.contents.clone() {
        made.extend(practice.rebuild(&name, &contents, context!(desk)).unwrap().changes);
    }
    assert_eq!(practice.index().drafts, index.drafts);
    world.send(1, made);
    while world.give(0, 0) {}
    assert_eq!(world.desks[0].index().drafts, index.drafts);
    let record = record_of(&world, 0);
    let all = set(&[Label::Hiv, Label::ThirdParty, Label::Violence]);
    assert_eq!(of_note(&mut world, 0, client, record), all);
}

#[test]
fn a_label_of_a_draft_is_taken_back_unless_another_has_changed_it_since() {
    let (mut world, client, note) = begun();
    let draft = Labelled::Draft(note);
    let inverse = world.act(0, label(client, draft, &[Label::Hiv])).unwrap().unwrap();
    let (changes, redo) = world.desks[0].undo(inverse.clone()).unwrap();
    world.send(0, changes);
    world.sync();
    assert!(world.desks[1].draft(client, note).labels.is_empty());
    let (changes, again) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(world.desks[1].draft(client, note).labels, set(&[Label::Hiv]));
    world.act(1, label(client, draft, &[])).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(again.unwrap()).unwrap_err(), Refusal::ChangedElsewhere);
}

#[test]
fn what_is_said_later_counts_everywhere_is_taken_back_and_never_changes_the_note() {
    let (mut world, client, record) = signed(&[Label::Hiv]);
    let before = world.desks[0].index();
    let inverse =
        world.act(0, label(client, Labelled::Record(record), &[Label::SubstanceUse])).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), set(&[Label::SubstanceUse]));
        // Lists know of nothing: not that there is a label, nor that it was set.
        assert!(*world.desks[desk].index() == *before);
    }
    later(&mut world);
    let (changes, _) = world.desks[0].undo(inverse.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), set(&[Label::Hiv]));
        let rebuilt = world.desks[desk].rebuilt();
        assert!(*rebuilt.index() == *world.desks[desk].index());
    }
}

#[test]
fn who_undoes_a_label_takes_back_none_that_another_device_or_an_addendum_gave_since() {
    let (mut world, client, record) = signed(&[]);
    let of = Labelled::Record(record);
    // Several acts of one's own are undone one after the other.
    let first = world.act(0, label(client, of, &[Label::Hiv])).unwrap().unwrap();
    later(&mut world);
    let both = [Label::Hiv, Label::SubstanceUse];
    let second = world.act(0, label(client, of, &both)).unwrap().unwrap();
    for inverse in [second, first] {
        later(&mut world);
        let (changes, _) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
    }
    assert!(of_note(&mut world, 0, client, record).is_empty());

    later(&mut world);
    let inverse = world.act(0, label(client, of, &[Label::Hiv])).unwrap().unwrap();
    world.sync();
    later(&mut world);
    let both = [Label::Hiv, Label::Violence];
    world.act(1, label(client, of, &both)).unwrap();
    world.sync();
    later(&mut world);
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    let inverse = world.act(0, label(client, of, &[])).unwrap().unwrap();
    later(&mut world);
    let draft = ObjectId::from_bytes([60; 16]);
    world.act(0, Edit::BeginAddendum { draft, client, note: record }).unwrap();
    let splices = vec![insert(Part::Text, 0, "more")];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    world.act(0, label(client, Labelled::Draft(draft), &[Label::ThirdParty])).unwrap();
    world.sign(0, client, draft);
    later(&mut world);
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    world.sync();
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), set(&[Label::ThirdParty]));
    }
}

#[test]
fn the_label_of_an_addendum_is_one_of_its_note_until_somebody_says_otherwise() {
    let (mut world, client, record) = signed(&[Label::Hiv]);
    let draft = ObjectId::from_bytes([60; 16]);
    world.act(0, Edit::BeginAddendum { draft, client, note: record }).unwrap();
    let splices = vec![insert(Part::Text, 0, "more")];
    world.act(0, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    world.act(0, label(client, Labelled::Draft(draft), &[Label::Violence])).unwrap();
    world.sign(0, client, draft);
    world.sync();
    assert_eq!(of_note(&mut world, 1, client, record), set(&[Label::Hiv, Label::Violence]));
    later(&mut world);
    world.act(1, label(client, Labelled::Record(record), &[Label::Hiv])).unwrap();
    world.sync();
    assert_eq!(of_note(&mut world, 0, client, record), set(&[Label::Hiv]));
}

#[test]
fn an_erasure_takes_what_was_said_of_the_labels_along() {
    let (mut world, client, record) = signed(&[Label::Hiv]);
    for labels in [&[Label::Violence][..], &[]] {
        world.act(0, label(client, Labelled::Record(record), labels)).unwrap();
        later(&mut world);
    }
    world.sync();
    assert_eq!(world.desks[1].practice.family_of(client, record).len(), 3);
    world.act(1, Edit::AskErasure(Scope::of_record(client, record))).unwrap();
    world.sync();
    let more = label(client, Labelled::Record(record), &[Label::Hiv]);
    assert_eq!(world.act(0, more), Err(Refusal::ToBeErased));
}

#[test]
fn labels_leave_with_their_notes_and_drafts_and_come_in_again() {
    let all = [Label::Sexuality, Label::ThirdParty, Label::MachineWritten, Label::Unknown(900)];
    let (mut world, client, _) = signed(&all);
    let draft = world.begin(0, 8, client, None, NoteFormat::Soap);
    world.act(0, label(client, Labelled::Draft(draft), &[Label::Psychiatry])).unwrap();
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let index = desk.index();
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&index, &written, items).collect();
    let words = r#""labels":["sexuality","third-party","machine-written","label-900"]"#;
    assert!(lines.iter().any(|line| line.contains(words)), "{lines:?}");
    let mut importer = Importer::new(desk.quill.author.member, BTreeSet::new());
    let steps = lines.iter().flat_map(|line| importer.import_line(line).unwrap());
    let steps: Vec<ImportStep> = steps.collect();
    let counts = importer.finish().unwrap();
    assert!(counts.unknown_fields.is_empty());

    let mut other = World::new(&[1]);
    for step in steps {
        let ImportStep::Edit(edit) = step else { panic!("an edit") };
        other.act(0, edit).unwrap();
    }
    let came = record_of(&other, 0);
    assert_eq!(of_note(&mut other, 0, client, came), set(&all));
    let row = other.desks[0].index().drafts[0].clone();
    assert_eq!(other.desks[0].draft(client, row.note).labels, set(&[Label::Psychiatry]));

    let line = lines.iter().find(|line| line.contains(words)).unwrap();
    let mut importer = Importer::new(world.desks[0].quill.author.member, BTreeSet::new());
    importer.import_line(&lines[0]).unwrap();
    for wrong in ["psychic", "label-", "label-99999", "label--1"] {
        assert!(importer.import_line(&line.replace("third-party", wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn every_label_has_one_word_and_is_found_by_it() {
    for number in (0..=9).chain([900, u16::MAX]) {
        let label = Label::of(number);
        assert_eq!((label.number(), Label::named(&label.word())), (number, Some(label)));
    }
    let labels = set(&[Label::SubstanceUse, Label::ThirdParty, Label::Unknown(9)]);
    let words = "family history; substance use; label 9 (newer version)";
    assert_eq!(Label::list(&labels), words);
    assert_eq!(Label::named("label-4"), Some(Label::Hiv), "a number is a number");
}

/// Writes a record of labels as no honest device would, and sends it.
fn lie(world: &mut World, client: ClientId, number: u8, about: &[RecordId], labels: &[Label]) {
    let of = |target: &RecordId| Relation {
        kind: RelationKind::Labels,
        target: *target.as_bytes(),
        digest: Hash::ZERO,
    };
    let labels = set(labels);
    let written = (RecordKind::Labels, about.iter().map(of).collect(), &labels);
    let desk = &mut world.desks[0];
    let (id, name) = (RecordId::from_bytes([number; 16]), CompartmentName::Chart(client));
    let change = desk.practice.write_labelled(id, &name, written, Tags::new(), context!(desk));
    desk.memory.store(&change);
    world.send(0, vec![change]);
}

#[test]
fn a_device_that_lies_about_labels_hides_nothing_and_stops_nothing() {
    let (mut world, client, record) = signed(&[Label::Hiv]);
    let form = crate::practice::measure::named("phq-9").unwrap();
    let answers = crate::practice::measure::choices(&[1; 10]);
    let measure = Edit::answered(client, None, form, answers);
    world.act(0, measure).unwrap();
    let before = world.desks[0].index();
    let id = |number: u8| RecordId::from_bytes([number; 16]);
    // Of nothing, of itself, of each other.
    lie(&mut world, client, 70, &[id(200)], &[Label::Violence]);
    lie(&mut world, client, 71, &[id(71)], &[Label::Violence]);
    lie(&mut world, client, 72, &[id(73)], &[Label::Violence]);
    lie(&mut world, client, 73, &[id(72)], &[Label::Violence]);
    world.sync();
    assert_eq!(of_note(&mut world, 1, client, record), set(&[Label::Hiv]));
    assert!(*world.desks[1].index() == *before);
    assert_eq!(world.desks[1].practice.family_of(client, id(72)).len(), 2);
    for one in [id(70), id(72), id(200)] {
        let of_it = label(client, Labelled::Record(one), &[Label::Hiv]);
        assert_eq!(world.act(1, of_it), Err(Refusal::UnknownNote));
        assert!(world.desks[1].open(Subject::Note(client, one)).is_err());
    }
    // One without a target is shown as what is not known.
    lie(&mut world, client, 74, &[], &[Label::Violence]);
    // More labels than a header may have are no record; nor may an edit ask for them.
    let many: Vec<Label> = (1000..1065).map(Label::of).collect();
    let of_note = Labelled::Record(record);
    assert_eq!(world.act(1, label(client, of_note, &many)), Err(Refusal::TextTooLong));
    let desk = &mut world.desks[0];
    let (name, too_many) = (CompartmentName::Chart(client), set(&many));
    let written = (RecordKind::Labels, Vec::new(), &too_many);
    let change = desk.practice.write_labelled(id(75), &name, written, Tags::new(), context!(desk));
    let Change { content: Content::Record { bytes, .. }, .. } = &change else { panic!() };
    assert!(Record::decode(bytes).is_err());
    world.sync();
    assert_eq!(self::of_note(&mut world, 1, client, record), set(&[Label::Hiv]));
}

/// One of each that is no note: a measure, a consent, a contact, an entry of the journal.
fn items() -> (World, ClientId, [RecordId; 4]) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let consent = RecordId::from_bytes([31; 16]);
    let contact = NewContact {
        channel: Channel::Call,
        direction: Direction::In,
        at: None,
        text: "asks for a receipt".into(),
        labels: BTreeSet::new(),
    };
    let said = JournalHead { date: date(2026, 11, 20), came: Came::Typed, shared: false };
    let given = NewConsent::new(ConsentKind::Treatment, date(2026, 11, 1), ConsentHow::SignedForm);
    let form = crate::practice::measure::named("phq-9").unwrap();
    for edit in [
        Edit::answered(client, None, form, crate::practice::measure::choices(&[1; 10])),
        Edit::RecordConsent { client, record: consent, consent: Box::new(given) },
        Edit::LogContact { client, contact },
        Edit::EnterJournal { client, said, text: "Mum was kind.".into(), labels: BTreeSet::new() },
    ] {
        world.act(0, edit).unwrap();
        later(&mut world);
    }
    world.sync();
    let index = world.desks[0].index();
    let find = |is: &dyn Fn(&TimelineEntry) -> bool| {
        index.timelines[&client].iter().find(|row| is(&row.entry)).unwrap().entry.record()
    };
    let all = [
        find(&|entry| matches!(entry, TimelineEntry::Measure { .. })),
        find(&|entry| matches!(entry, TimelineEntry::Consent { .. })),
        find(&|entry| matches!(entry, TimelineEntry::Contact { .. })),
        find(&|entry| matches!(entry, TimelineEntry::Journal { .. })),
    ];
    assert_eq!(all[1], consent);
    (world, client, all)
}

/// The labels of each item as opening gives them.
fn of_items(
    world: &mut World,
    desk: usize,
    client: ClientId,
    items: [RecordId; 4],
) -> [BTreeSet<Label>; 4] {
    let Ok(View::Chart(chart)) = world.desks[desk].open(Subject::Chart(client)) else { panic!() };
    let in_chart = |record: RecordId| chart.labels.get(&record).cloned().unwrap_or_default();
    let Ok(View::Consents(view)) = world.desks[desk].open(Subject::Consents(client)) else {
        panic!()
    };
    let consent = view.consents.iter().find(|one| one.row.record == items[1]);
    assert_eq!(consent.map(|one| one.labels.clone()).unwrap_or_default(), in_chart(items[1]));
    let journal = world.desks[desk].note(client, items[3]).labels;
    [in_chart(items[0]), in_chart(items[1]), in_chart(items[2]), journal]
}

#[test]
fn every_item_has_labels_that_no_list_and_no_front_desk_knows_of() {
    let (mut world, client, all) = items();
    let before = world.desks[0].index();
    let each = [Label::Psychiatry, Label::Hiv, Label::Violence, Label::ThirdParty];
    let mut undo = Vec::new();
    for (record, one) in all.into_iter().zip(each) {
        undo.extend(world.act(0, label(client, Labelled::Record(record), &[one])).unwrap());
    }
    world.sync();
    for desk in 0..2 {
        assert_eq!(of_items(&mut world, desk, client, all), each.map(|one| set(&[one])));
        assert!(*world.desks[desk].index() == *before, "lists know of nothing");
        let rebuilt = world.desks[desk].rebuilt();
        assert!(*rebuilt.index() == *world.desks[desk].index());
    }
    // What is said of a contact lies in the chart; of an entry of the journal, in the journal.
    let contents = &world.desks[1].memory.contents;
    let labels_in = |name: &CompartmentName| {
        let records =
            contents.get(name).into_iter().flatten().filter_map(|content| match content {
                Content::Record { bytes, .. } => Record::decode(bytes).ok(),
                _ => None,
            });
        records.filter(|record| record.header.kind == RecordKind::Labels).count()
    };
    assert_eq!(labels_in(&CompartmentName::Contact(client)), 0);
    assert_eq!(labels_in(&CompartmentName::Chart(client)), 3);
    assert_eq!(labels_in(&CompartmentName::Journal(client)), 1);
    // A device with the keys of a front desk has none of it, and may say none.
    let desk = &mut world.desks[1];
    desk.practice.limit_to(Reach::FrontDesk);
    let refused =
        desk.practice.apply(label(client, Labelled::Record(all[2]), &[Label::Hiv]), context!(desk));
    assert_eq!(refused.map(|_| ()), Err(Refusal::NoKey));
    assert_eq!(desk.open(Subject::Chart(client)).unwrap_err(), Refusal::NoKey);
    desk.practice.limit_to(Reach::Everything);
    // Taken back, and set again.
    later(&mut world);
    for inverse in undo {
        let (changes, redo) = world.desks[0].undo(inverse).unwrap();
        world.send(0, changes);
        assert!(redo.is_some());
    }
    world.sync();
    assert_eq!(of_items(&mut world, 1, client, all), [set(&[]), set(&[]), set(&[]), set(&[])]);
}

#[test]
fn labels_of_items_that_two_devices_set_at_once_come_to_the_same_and_undo_leaves_those_of_others() {
    let (mut world, client, all) = items();
    for record in all {
        let of = Labelled::Record(record);
        world.act(0, label(client, of, &[Label::Hiv])).unwrap();
        later(&mut world);
        world.act(1, label(client, of, &[Label::Violence])).unwrap();
    }
    world.sync();
    let expected = [
        set(&[Label::Violence]),
        set(&[Label::Violence]),
        set(&[Label::Violence]),
        set(&[Label::Violence]),
    ];
    for desk in 0..2 {
        assert_eq!(of_items(&mut world, desk, client, all), expected);
    }
    for record in all {
        later(&mut world);
        let of = Labelled::Record(record);
        let inverse = world.act(0, label(client, of, &[Label::Hiv])).unwrap().unwrap();
        world.sync();
        later(&mut world);
        world.act(1, label(client, of, &[Label::Hiv, Label::Sexuality])).unwrap();
        world.sync();
        later(&mut world);
        assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    }
}

/// How far the clock of a device is ahead that nobody has set.
const AHEAD: i64 = 3_600_000;

#[test]
fn who_knew_what_a_fast_clock_said_of_labels_has_the_last_word_everywhere() {
    let (mut world, client, record) = signed(&[]);
    let of = Labelled::Record(record);
    world.desks[0].now = world.desks[0].now.plus_millis(AHEAD);
    world.act(0, label(client, of, &[Label::Psychiatry])).unwrap();
    world.sync();
    let both = [Label::Psychiatry, Label::Hiv];
    let undo = world.act(1, label(client, of, &both)).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), set(&both));
    }
    // Also what is taken back, and taken back again.
    let (changes, redo) = world.desks[1].undo(undo).unwrap();
    world.send(1, changes);
    world.sync();
    assert_eq!(of_note(&mut world, 0, client, record), set(&[Label::Psychiatry]));
    let (changes, _) = world.desks[1].undo(redo.unwrap()).unwrap();
    world.send(1, changes);
    world.sync();
    let name = CompartmentName::Chart(client);
    for desk in 0..2 {
        assert_eq!(of_note(&mut world, desk, client, record), set(&both));
        let rebuilt = world.desks[desk].rebuilt();
        assert_eq!(rebuilt.project(&name), world.desks[desk].practice.project(&name));
        let segment = rebuilt.project(&name).unwrap();
        let mut restored = crate::practice::Practice::new();
        restored.restore(&name, &segment).unwrap();
        assert_eq!(restored.project(&name), Some(segment));
    }

    let (mut world, client, all) = items();
    world.desks[0].now = world.desks[0].now.plus_millis(AHEAD);
    for record in all {
        let of = Labelled::Record(record);
        world.act(0, label(client, of, &[Label::Hiv])).unwrap();
        world.sync();
        world.act(1, label(client, of, &[])).unwrap();
    }
    world.sync();
    let none = [set(&[]), set(&[]), set(&[]), set(&[])];
    assert_eq!(of_items(&mut world, 0, client, all), none);
}

#[test]
fn a_label_that_was_signed_on_a_fast_clock_is_taken_away_by_who_knew_of_it_alone() {
    let (mut world, client, note) = begun();
    world.act(0, label(client, Labelled::Draft(note), &[Label::Hiv])).unwrap();
    world.desks[0].now = world.desks[0].now.plus_millis(AHEAD);
    world.sign(0, client, note);
    world.sync();
    let record = record_of(&world, 0);
    world.act(1, label(client, Labelled::Record(record), &[])).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(of_note(&mut world, desk, client, record).is_empty());
    }
    // An addendum that a slow clock signed at once with a list was not known to who wrote that.
    let draft = ObjectId::from_bytes([60; 16]);
    world.act(1, Edit::BeginAddendum { draft, client, note: record }).unwrap();
    let splices = vec![insert(Part::Text, 0, "more")];
    world.act(1, Edit::ChangeDraft { note: draft, client, splices }).unwrap();
    world.act(1, label(client, Labelled::Draft(draft), &[Label::Violence])).unwrap();
    world.sign(1, client, draft);
    world.act(0, label(client, Labelled::Record(record), &[Label::Sexuality])).unwrap();
    world.sync();
    for desk in 0..2 {
        let all = set(&[Label::Sexuality, Label::Violence]);
        assert_eq!(of_note(&mut world, desk, client, record), all);
    }
    world.act(1, label(client, Labelled::Record(record), &[])).unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(of_note(&mut world, desk, client, record).is_empty());
    }
}

#[test]
fn lists_that_lie_about_what_they_knew_leave_labels_that_can_be_set_and_taken_away() {
    let (mut world, client, record) = signed(&[Label::Hiv]);
    let [one, other] = [81, 82].map(|byte| RecordId::from_bytes([byte; 16]));
    // Two name each other and one itself, and more are at odds than one can name.
    lie(&mut world, client, 81, &[record, other, one], &[Label::Violence]);
    lie(&mut world, client, 82, &[record, one], &[Label::Sexuality]);
    world.sync();
    let seen = of_note(&mut world, 0, client, record);
    assert_eq!(seen, of_note(&mut world, 1, client, record));
    assert_eq!(seen.len(), 1);
    for byte in 100..240 {
        lie(&mut world, client, byte, &[record], &[Label::Psychiatry]);
    }
    world.sync();
    for labels in [vec![Label::Hiv], vec![]] {
        world.act(1, label(client, Labelled::Record(record), &labels)).unwrap();
        later(&mut world);
        world.sync();
        for desk in 0..2 {
            assert_eq!(of_note(&mut world, desk, client, record), set(&labels));
        }
    }
}

#[test]
fn an_erasure_of_an_item_takes_its_labels_along_wherever_they_lie() {
    let (mut world, client, all) = items();
    for record in all {
        world.act(0, label(client, Labelled::Record(record), &[Label::Hiv])).unwrap();
    }
    world.sync();
    for record in all {
        assert_eq!(world.desks[1].practice.family_of(client, record).len(), 2);
        world.act(1, Edit::AskErasure(Scope::of_record(client, record))).unwrap();
        world.sync();
        let more = label(client, Labelled::Record(record), &[Label::Hiv]);
        assert_eq!(world.act(0, more), Err(Refusal::ToBeErased));
    }
    let Ok(View::Chart(chart)) = world.desks[0].open(Subject::Chart(client)) else { panic!() };
    assert!(chart.labels.is_empty(), "{:?}", chart.labels);
    assert!(chart.timeline.is_empty());
}

#[test]
fn labels_that_come_after_what_they_are_of_is_gone_go_with_it() {
    let (mut world, client, all) = items();
    world.act(0, Edit::AskErasure(Scope::of_record(client, all[3]))).unwrap();
    // The other has not heard of it.
    world.act(1, label(client, Labelled::Record(all[3]), &[Label::Hiv])).unwrap();
    let name = CompartmentName::Journal(client);
    let desk = &mut world.desks[0];
    let is_it = |one: &Content| matches!(one, Content::Record { record, .. } if *record == all[3]);
    let left: Vec<_> =
        desk.memory.contents[&name].iter().filter(|one| !is_it(one)).cloned().collect();
    desk.practice.rebuild(&name, &left, context!(desk)).unwrap();
    desk.memory.contents.insert(name, left);
    world.sync();
    assert_eq!(world.desks[0].practice.family_of(client, all[3]).len(), 2);
}

#[test]
fn labels_of_items_leave_with_them_and_come_in_again() {
    let (mut world, client, all) = items();
    for record in all {
        world.act(0, label(client, Labelled::Record(record), &[Label::Sexuality])).unwrap();
    }
    let desk = &mut world.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let index = desk.index();
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let lines: Vec<String> = export_lines(&index, &written, items).collect();
    let labelled = lines.iter().filter(|line| line.contains(r#""labels":["sexuality"]"#));
    assert_eq!(labelled.count(), 4, "{lines:?}");
    let mut importer = Importer::new(desk.quill.author.member, BTreeSet::new());
    let steps: Vec<ImportStep> =
        lines.iter().flat_map(|line| importer.import_line(line).unwrap()).collect();
    let counts = importer.finish().unwrap();
    assert!(counts.unknown_fields.is_empty());
    for field in ["measure.labels", "consent.labels", "contact.labels", "journal.labels"] {
        assert!(!counts.not_carried.contains_key(field), "{field} {:?}", counts.not_carried);
    }
    let mut other = World::new(&[1]);
    for step in steps {
        let ImportStep::Edit(edit) = step else { panic!("an edit") };
        other.act(0, edit).unwrap();
    }
    let Ok(View::Consents(view)) = other.desks[0].open(Subject::Consents(client)) else { panic!() };
    assert_eq!(view.consents[0].labels, set(&[Label::Sexuality]));
    // What came in goes out again with its labels.
    let desk = &mut other.desks[0];
    let items = desk.practice.chart_items(client, context!(desk)).unwrap();
    let lines: Vec<String> = export_lines(&desk.index(), &written, items).collect();
    for kind in ["contact", "journal", "consent", "measure"] {
        let of = |line: &&String| line.contains(&format!(r#""type":"{kind}""#));
        let line = lines.iter().find(of).unwrap();
        assert!(line.contains(r#""labels":["sexuality"]"#), "{line}");
    }
    // None of it lies where a front desk reads, who may not say any.
    let name = CompartmentName::Contact(client);
    let is_labels = |one: &Content| match one {
        Content::Record { bytes, .. } => {
            let header = Record::decode(bytes).unwrap().header;
            header.kind == RecordKind::Labels || !header.labels.is_empty()
        }
        _ => false,
    };
    assert!(!desk.memory.contents[&name].iter().any(is_labels));
    desk.practice.limit_to(Reach::FrontDesk);
    let contact = |labels: &[Label]| Edit::LogContact {
        client,
        contact: NewContact {
            channel: Channel::Call,
            direction: Direction::In,
            at: None,
            text: String::new(),
            labels: set(labels),
        },
    };
    assert_eq!(other.act(0, contact(&[Label::Hiv])), Err(Refusal::NoKey));
    other.act(0, contact(&[])).unwrap();
}

#[test]
fn a_device_that_lies_about_the_labels_of_items_hides_nothing_and_stops_nothing() {
    let (mut world, client, all) = items();
    let before = world.desks[1].index();
    // Of an entry of the journal, in the chart; of what is no item; of what there is not.
    lie(&mut world, client, 80, &[all[3]], &[Label::Violence]);
    lie(&mut world, client, 81, &[RecordId::from_bytes([80; 16])], &[Label::Violence]);
    lie(&mut world, client, 82, &[RecordId::from_bytes([200; 16])], &[Label::Violence]);
    world.sync();
    assert_eq!(of_items(&mut world, 1, client, all), [set(&[]), set(&[]), set(&[]), set(&[])]);
    let Ok(View::Chart(chart)) = world.desks[1].open(Subject::Chart(client)) else { panic!() };
    assert!(chart.labels.is_empty());
    assert!(*world.desks[1].index() == *before);
    // A strike, or what was said of a consent, bears no labels.
    let struck = Edit::StrikeContact { client, record: all[2], struck: true };
    world.act(1, struck).unwrap();
    let act = world.desks[1].memory.records.values().find_map(|bytes| {
        let record = Record::decode(bytes).unwrap();
        let corrects = record.relation(RelationKind::Corrects).is_some();
        corrects.then_some(record.header.id)
    });
    let of_it = label(client, Labelled::Record(act.unwrap()), &[Label::Hiv]);
    assert_eq!(world.act(1, of_it), Err(Refusal::UnknownNote));
}
