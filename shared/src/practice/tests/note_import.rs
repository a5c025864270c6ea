//! What a note says beside its text goes out and comes in: how and with whom a session took place, and
//! where the note comes from, however long it is; and nobody is named whom an export may not name.

use super::world::{World, appointment, context, member, slot};
use crate::id::{AppointmentId, ClientId, ObjectId};
use crate::practice::ShelfError;
use crate::practice::draft::PART_BYTES_MAX;
use crate::practice::edit::{Edit, NewAppointment, NoteFormat, Part, Stamp};
use crate::practice::erasure::Scope;
use crate::practice::group::{Belongs, GroupChange, GroupKind, subject_of};
use crate::practice::interchange::{Counts, ImportStep, Importer, export_lines};
use crate::practice::view::{NoteView, TimelineEntry};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const COUPLE: ObjectId = ObjectId::from_bytes([50; 16]);
const SESSION: AppointmentId = AppointmentId::from_bytes([9; 16]);

/// A couple, a session with it, and its signed note.
fn world() -> (World, ClientId, ClientId, ClientId) {
    let mut world = World::new(&[1]);
    let (one, two) = (world.client(0, 1), world.client(0, 2));
    let members = [one, two].map(|client| (client, Belongs::Now)).into();
    let change = GroupChange { name: None, code: Some("C-01".into()), members };
    world.act(0, Edit::NewGroup { group: COUPLE, kind: GroupKind::Couple, change }).unwrap();
    let couple = subject_of(COUPLE);
    let new = appointment(SESSION, one, slot(member(1), 9));
    world.act(0, Edit::Book(NewAppointment { clients: vec![couple], ..new })).unwrap();
    let note = world.begin(0, 22, couple, Some(SESSION), NoteFormat::Free);
    world.type_text(0, couple, note, "both spoke");
    world.sign(0, couple, note);
    (world, one, two, couple)
}

/// The lines of an export of everybody.
fn export(world: &mut World) -> Vec<String> {
    let desk = &mut world.desks[0];
    let index = desk.index();
    let mut items = Vec::new();
    for row in index.every_client() {
        items.extend(desk.practice.chart_items(row.id, context!(desk)).unwrap());
    }
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    export_lines(&index, &written, items).collect()
}

/// Takes lines into another practice, as a device does.
fn import(lines: &[String]) -> (World, Counts) {
    let mut other = World::new(&[1]);
    let mut importer = Importer::new(member(1), BTreeSet::new());
    other.import(&mut importer, lines);
    (other, importer.finish().unwrap())
}

fn note_of(world: &mut World, client: ClientId) -> NoteView {
    let index = world.desks[0].index();
    let record = index.timelines[&client].iter().find_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    });
    world.desks[0].note(client, record.unwrap())
}

/// Changes the line of the one note.
fn with_note(
    lines: &[String],
    change: impl Fn(&mut serde_json::Map<String, Value>),
) -> Vec<String> {
    let other = |line: &String| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        match value.as_object_mut() {
            Some(fields) if fields.get("type") == Some(&Value::from("note")) => change(fields),
            _ => return line.clone(),
        }
        value.to_string()
    };
    lines.iter().map(other).collect()
}

#[test]
fn how_and_with_whom_a_session_took_place_comes_in_with_its_note() {
    let (mut world, _, _, couple) = world();
    let before = note_of(&mut world, couple).times;
    assert_eq!(before.attendees.len(), 2);
    let lines = export(&mut world);
    let (mut other, counts) = import(&lines);
    let note = note_of(&mut other, couple);
    assert_eq!(note.times.attendees, before.attendees);
    assert_eq!(counts.not_carried.get("note.times.attendees"), None);
    let head = note.parts[0].1.lines().next().unwrap();
    assert!(head.ends_with(" The session was at the office."), "{head}");
}

#[test]
fn who_was_there_is_counted_where_the_session_does_not_say_it() {
    let (mut world, _, two, couple) = world();
    let lines = export(&mut world);
    // Without the session, or with one of whom the calendar says nothing.
    let alone = with_note(&lines, |note| drop(note.remove("session")));
    let more = with_note(&lines, |note| {
        note["times"]["attendees"] = Value::from(vec![two.to_string(), "ab".repeat(16)]);
    });
    for lines in [alone, more] {
        let (mut other, counts) = import(&lines);
        assert_eq!(counts.not_carried.get("note.times.attendees"), Some(&1));
        let text = note_of(&mut other, couple).parts[0].1.clone();
        assert!(text.contains(" The session was at the office."), "{text}");
    }
}

#[test]
fn a_note_names_nobody_whom_its_export_does_not_name() {
    let (mut world, one, two, _) = world();
    world.act(0, Edit::AskErasure(Scope::from(two))).unwrap();
    let lines = export(&mut world);
    let named = |client: ClientId| lines.iter().any(|line| line.contains(&client.to_string()));
    assert!(named(one), "who is in sight is named");
    assert!(!named(two), "{lines:?}");
    import(&lines);
}

/// What an import makes of a line about somebody: the texts of its draft by part, and what is added.
fn made_of(line: &Value) -> (BTreeMap<Part, String>, Vec<String>) {
    let mut importer = Importer::new(member(1), BTreeSet::new());
    importer.import_line(r#"{"tacenda":"export","version":1}"#).unwrap();
    let (mut texts, mut added) = (BTreeMap::<Part, String>::new(), Vec::new());
    for step in importer.import_line(&line.to_string()).unwrap() {
        match step {
            ImportStep::Edit(Edit::ChangeDraft { splices, .. }) => {
                for one in splices {
                    texts.entry(one.part).or_default().push_str(&one.inserted);
                }
            }
            ImportStep::AmendSigned { text, .. } => added.push(text),
            ImportStep::CorrectSigned { .. } | ImportStep::Edit(_) => {}
        }
    }
    (texts, added)
}

/// Where there is no room over a text that is as long as one may be, it is said elsewhere.
#[test]
fn where_a_note_comes_from_is_said_also_when_its_parts_are_full() {
    let (id, full) = ("0a".repeat(16), "x".repeat(PART_BYTES_MAX));
    let moment = json!({ "time": "2026-11-23T09:00:00+01:00", "zone": "Europe/Vienna" });
    for (format, filled) in
        [(NoteFormat::Free, 1), (NoteFormat::Soap, 0), (NoteFormat::Soap, 1), (NoteFormat::Soap, 4)]
    {
        let part = |part: &Part| {
            let word = Part::WORDS.iter().find(|(one, _)| one == part).unwrap().1;
            json!({ "part": word, "text": full })
        };
        let parts: Vec<_> = format.parts().iter().take(filled).map(part).collect();
        let word = if format == NoteFormat::Free { "free" } else { "soap" };
        let mut line = json!({
            "type": "note", "id": id, "client": id, "format": word, "parts": parts,
            "author": { "id": id, "name": "Clinician" }, "signed": moment,
        });
        for (kind, begins) in [("note", "Imported. Signed 202"), ("draft", "Imported. Begun 202")] {
            line["type"] = kind.into();
            line["begun"] = moment.clone();
            let (texts, added) = made_of(&line);
            let whole = texts.values().filter(|text| **text == full).count();
            assert_eq!(whole, filled, "no letter is lost");
            assert!(texts.values().all(|text| text.len() <= PART_BYTES_MAX));
            let mut said = texts.values().chain(&added);
            assert!(said.any(|text| text.starts_with(begins)), "{kind} {format:?} {filled}");
        }
    }
}

/// What an export cannot have is not all damaged: it may not have come, or its key may be gone.
#[test]
fn an_export_says_why_it_cannot_have_what_it_lacks() {
    let (mut world, .., couple) = world();
    let note = note_of(&mut world, couple).record;
    let desk = &mut world.desks[0];
    let bytes = desk.memory.records.remove(&note).unwrap();
    let items = desk.practice.chart_items(couple, context!(desk));
    assert_eq!(items.map(|_| ()), Err(ShelfError::Missing));
    desk.memory.records.insert(note, bytes[1..].to_vec());
    let items = desk.practice.chart_items(couple, context!(desk));
    assert_eq!(items.map(|_| ()), Err(ShelfError::Damaged));
}
