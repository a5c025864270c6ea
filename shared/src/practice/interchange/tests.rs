//! What goes out comes in again, what does not is counted, and no file makes reading fail.

use super::*;
use crate::id::{AppointmentId, ClientId, MemberId, ObjectId, RecordId, Timestamp};
use crate::practice::edit::*;
use crate::practice::generate::desk::Desk;
use crate::practice::generate::{Size, generate};
use crate::practice::measure::{self, Answer, Manner, MeasureView, Review, Taken};
use crate::practice::schedule::waiting::{Waiting, Wish};
use crate::practice::times::Times;
use crate::practice::view::*;
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

const ZONE: &str = "America/Los_Angeles";

fn author() -> MemberId {
    MemberId::from_bytes([7; 16])
}

fn written() -> Stamp {
    Stamp { time: Timestamp::from_millis(1_795_600_000_123), zone: ZONE.to_owned() }
}

/// A practice as a reader of edits would see it: enough to export, and to compare.
fn world() -> (Index, Vec<ChartItem>) {
    let mut index = Index { zone: ZONE.to_owned(), ..Index::default() };
    index.clinicians.insert(author(), "Doc Demoray".to_owned());
    let mut items = Vec::new();
    let mut drafts: BTreeMap<ObjectId, DraftView> = BTreeMap::new();
    let history = generate(3, Size::SMALL, date(2026, 11, 25), author(), ZONE);
    for (number, dated) in history.enumerate() {
        let at = Stamp { time: dated.at, zone: ZONE.to_owned() };
        let mut bytes = [1; 16];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let record = RecordId::from_bytes(bytes);
        match dated.edit {
            Edit::NewClient { client, contact } => {
                index.clients.insert(client, Arc::new(row(client, contact, dated.at)));
            }
            Edit::Book(new) => {
                index.appointments.insert(new.id, Arc::new(booked(new)));
            }
            Edit::Move { appointment, slot } => {
                Arc::make_mut(index.appointments.get_mut(&appointment).unwrap()).slot = slot;
            }
            Edit::SetStatus { appointment, status, reason } => {
                let row = Arc::make_mut(index.appointments.get_mut(&appointment).unwrap());
                (row.status, row.reason) = (status, reason);
            }
            Edit::BeginNote { note, client, session, .. } => {
                drafts.insert(note, begun(note, client, session, dated.at));
            }
            Edit::ChangeDraft { note, splices, .. } => {
                let parts = splices.into_iter().map(|splice| (splice.part, splice.inserted));
                drafts.get_mut(&note).unwrap().parts = parts.collect();
            }
            Edit::Sign { note, late_reason, .. } => {
                let view = drafts.remove(&note).unwrap();
                items.push(ChartItem::Note(signed(view, record, at, late_reason)));
            }
            Edit::EnterMeasure { client, session, instrument, answers, .. } => {
                let of = (record, client, session);
                items.push(ChartItem::Measure(Box::new(measured(of, &instrument, answers, at))));
            }
            Edit::Archive { client, archived } => {
                Arc::make_mut(index.clients.get_mut(&client).unwrap()).archived = archived;
            }
            _ => {}
        }
    }
    items.push(with_a_contact(&mut index));
    items.extend(drafts.into_values().map(ChartItem::Draft));
    (index, items)
}

/// One client waits, and was called.
fn with_a_contact(index: &mut Index) -> ChartItem {
    let waits = index.clients.values_mut().next().unwrap();
    let wish = Wish::parse("mon/wed 9-12, video", &BTreeMap::new()).unwrap();
    let since = Timestamp::from_millis(1_700_000_000_123);
    Arc::make_mut(waits).waiting = Some(Waiting { since, wish });
    let client = *index.clients.keys().next().unwrap();
    ChartItem::Contact(export::ContactItem {
        record: RecordId::from_bytes([77; 16]),
        client,
        channel: Channel::Call,
        direction: Direction::Out,
        text: "left no message".into(),
        author: author(),
        at: written(),
        labels: Default::default(),
    })
}

fn booked(new: NewAppointment) -> AppointmentRow {
    AppointmentRow {
        id: new.id,
        group: None,
        clients: new.clients,
        written: Vec::new(),
        kind: new.kind,
        slot: new.slot,
        starts: Timestamp::from_millis(1),
        rivals: Vec::new(),
        status: Status::Booked,
        reason: None,
        fee: None,
        stamps: Stamps::default(),
        whereabouts: Whereabouts::default(),
        memo: new.memo.unwrap_or_default(),
        note: NoteState::Missing,
        occurrence: None,
    }
}

fn begun(
    note: ObjectId,
    client: ClientId,
    session: Option<AppointmentId>,
    at: Timestamp,
) -> DraftView {
    let (format, begun) = (NoteFormat::Soap, at);
    let row = DraftRow {
        note,
        client,
        session,
        format,
        begun,
        words: 0,
        addendum_to: None,
        corrects: None,
        journal: false,
        psychotherapy: false,
        date: None,
    };
    DraftView::new(row, Vec::new())
}

fn row(id: ClientId, contact: ContactChange, since: Timestamp) -> ClientRow {
    ClientRow {
        id,
        name: contact.name.unwrap_or_default(),
        code: contact.code.unwrap_or_default(),
        pronouns: contact.pronouns.unwrap_or_default(),
        phone: contact.phone.unwrap_or_default(),
        email: contact.email.unwrap_or_default(),
        safe_contact: contact.safe_contact.unwrap_or_default(),
        archived: false,
        since,
        waiting: None,
        tasks: Vec::new(),
        died: None,
        same_as: None,
        same: Vec::new(),
    }
}

fn signed(
    view: DraftView,
    record: RecordId,
    signed: Stamp,
    late_reason: Option<String>,
) -> NoteView {
    let addendum = AddendumView {
        record: RecordId::from_bytes([9; 16]),
        text: "Added:\n\"later\"".to_owned(),
        author: author(),
        signed: signed.clone(),
    };
    NoteView {
        record,
        client: view.row.client,
        session: view.row.session,
        format: view.row.format,
        parts: view.parts,
        author: author(),
        signed,
        late_reason,
        remote: None,
        times: Times::default(),
        journal: None,
        psychotherapy: None,
        labels: Default::default(),
        supervision: None,
        versions: Default::default(),
        addenda: vec![addendum],
    }
}

fn importer() -> Importer {
    Importer::new(author(), BTreeSet::new())
}

fn import<'l>(lines: impl IntoIterator<Item = &'l str>) -> (Vec<ImportStep>, Counts) {
    let mut importer = importer();
    let mut steps = Vec::new();
    for line in lines {
        steps.extend(importer.import_line(line).unwrap());
    }
    (steps, importer.finish().unwrap())
}

/// Sees what the steps say, as `world` sees the edits.
fn replay(steps: Vec<ImportStep>) -> (BTreeMap<ClientId, ClientRow>, Vec<NewAppointment>) {
    let mut clients = BTreeMap::new();
    let mut appointments = Vec::new();
    for step in steps {
        match step {
            ImportStep::Edit(Edit::NewClient { client, contact }) => {
                clients.insert(client, row(client, contact, Timestamp::from_millis(0)));
            }
            ImportStep::Edit(Edit::Archive { client, archived }) => {
                clients.get_mut(&client).unwrap().archived = archived;
            }
            ImportStep::Edit(Edit::Wait { client, waiting }) => {
                clients.get_mut(&client).unwrap().waiting = waiting;
            }
            ImportStep::Edit(Edit::Book(new)) => appointments.push(new),
            _ => {}
        }
    }
    (clients, appointments)
}

/// Base64 is a third longer than a file, and what is sent to the window a little longer still.
#[test]
fn only_what_can_be_taken_in_again_is_written() {
    assert!(fits(b"{\"a\":1}\n", 8, 12));
    assert!(!fits(b"{\"a\":1}\n", 7, 12));
    assert!(!fits(b"{\"a\":1}\n", 8, 11));
    assert!(can_be_read(b"{}\n"));
    const { assert!(FILE_BYTES_MAX < ESCAPED_BYTES_MAX) };
}

#[test]
fn a_whole_practice_comes_in_as_it_went_out() {
    let (index, items) = world();
    let lines: Vec<String> = export_lines(&index, &written(), items.clone()).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')));
    let (steps, counts) = import(lines.iter().map(String::as_str));

    let (clients, appointments) = replay(steps.clone());
    for (id, row) in &index.clients {
        let expected = ClientRow { since: Timestamp::from_millis(0), ..row.as_ref().clone() };
        assert_eq!(clients.get(id), Some(&expected));
    }
    assert_eq!(appointments.len(), index.appointments.len());
    for new in &appointments {
        let row = &index.appointments[&new.id];
        assert_eq!((&new.slot, &new.clients, new.kind), (&row.slot, &row.clients, row.kind));
        assert_eq!(new.memo.as_deref().unwrap_or_default(), row.memo);
    }
    for item in items {
        match item {
            ChartItem::Contact(item) => {
                assert!(steps.iter().any(|step| logs(step, &item)), "{item:?}");
            }
            ChartItem::Note(view) => note_came_in(&view, &steps),
            ChartItem::Attachment(..)
            | ChartItem::Consents(_)
            | ChartItem::Identity(_)
            | ChartItem::InError(..)
            | ChartItem::Plan(_)
            | ChartItem::Risk(_)
            | ChartItem::Safety(_) => {
                panic!("none was made")
            }
            ChartItem::Measure(item) => {
                let edit = Edit::EnterMeasure {
                    client: item.client,
                    session: item.taken.session,
                    instrument: item.taken.instrument,
                    wording: item.wording.unwrap(),
                    answers: item.answers,
                    at: Some(item.at.time),
                    labels: item.labels,
                    manner: Manner { record: Some(crisis::measure_of(item.record)), handed: None },
                };
                assert!(steps.contains(&ImportStep::Edit(edit)));
            }
            ChartItem::Draft(view) => {
                let row = view.row;
                let (note, client) = (row.note, row.client);
                assert!(!steps.iter().any(|step| signs(step, note)));
                let (session, format) = (row.session, row.format);
                let begun = Edit::BeginNote { note, client, session, format };
                assert!(steps.contains(&ImportStep::Edit(begun)));
            }
        }
    }
    assert_eq!(counts.read["note"], 40);
    assert_eq!(counts.unknown_fields, BTreeMap::new());
    assert_eq!(counts.unknown_types, BTreeMap::new());
    assert_eq!(counts.reassigned, 0);
}

fn logs(step: &ImportStep, item: &export::ContactItem) -> bool {
    let ImportStep::Edit(Edit::LogContact { client, contact }) = step else { return false };
    let way = (contact.channel, contact.direction, contact.at);
    *client == item.client
        && way == (item.channel, item.direction, Some(item.at.time))
        && contact.text == item.text
}

fn signs(step: &ImportStep, draft: ObjectId) -> bool {
    matches!(step, ImportStep::Edit(Edit::SignImported { note, .. }) if *note == draft)
}

fn note_came_in(view: &NoteView, steps: &[ImportStep]) {
    let draft = ObjectId::from_bytes(*view.record.as_bytes());
    let text = steps.iter().find_map(|step| match step {
        ImportStep::Edit(Edit::ChangeDraft { note, splices, .. }) if *note == draft => {
            Some(splices)
        }
        _ => None,
    });
    let splices = text.unwrap();
    for (splice, (part, text)) in splices.iter().zip(&view.parts) {
        assert_eq!(splice.part, *part);
        assert!(splice.inserted.ends_with(text.as_str()));
    }
    assert!(splices[0].inserted.starts_with("Imported. Signed 202"));
    assert!(splices[0].inserted.contains("[America/Los_Angeles] by Doc Demoray."));
    let late_reason = Some("imported".to_owned());
    let sign = Edit::SignImported { note: draft, client: view.client, late_reason };
    assert!(steps.contains(&ImportStep::Edit(sign)));
    let amends = |step: &ImportStep| match step {
        ImportStep::AmendSigned { draft: of, text, .. } => {
            *of == draft && text.ends_with("Added:\n\"later\"")
        }
        ImportStep::CorrectSigned { .. } | ImportStep::Edit(_) => false,
    };
    assert_eq!(steps.iter().filter(|step| amends(step)).count(), view.addenda.len());
}

#[test]
fn a_practice_takes_an_import_and_its_notes_say_where_they_come_from() {
    let (index, items) = world();
    let lines: Vec<String> = export_lines(&index, &written(), items).collect();
    let (steps, _) = import(lines.iter().map(String::as_str));
    let mut desk = Desk::new(author(), ZONE);
    let now = written().time;
    for step in steps {
        match step {
            ImportStep::Edit(edit) => desk.apply(now, edit).unwrap(),
            ImportStep::CorrectSigned { .. } => panic!("nothing was corrected"),
            ImportStep::AmendSigned { client, text, .. } => {
                // The note that was signed last is the one that this follows.
                let timeline = desk.practice().index().timelines[&client].clone();
                let newest = timeline.iter().rev().find_map(|row| match row.entry {
                    TimelineEntry::Note { record, addenda: 0, .. } => Some(record),
                    _ => None,
                });
                let note = newest.unwrap();
                desk.apply(now, Edit::Amend { note, client, text }).unwrap();
            }
        }
    }

    let after = desk.practice().index();
    assert_eq!(after.clients.len(), index.clients.len());
    let slots = |index: &Index| -> Vec<Slot> {
        index.appointments.values().map(|row| row.slot.clone()).collect()
    };
    assert_eq!(slots(&after), slots(&index));
    assert_eq!(after.drafts.len(), 2);
    let (client, timeline) = after.timelines.iter().next().unwrap();
    let record = timeline.iter().find_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    });
    let View::Note(note) = desk.open(Subject::Note(*client, record.unwrap())) else { panic!() };
    assert!(note.parts[0].1.starts_with("Imported. Signed 202"));
    assert_eq!(note.late_reason.as_deref(), Some("imported"));
}

#[test]
fn a_very_long_text_comes_in_by_several_edits() {
    let text = "é".repeat(300_000);
    let index = Index { zone: ZONE.to_owned(), ..Index::default() };
    let items = [ChartItem::Note(one_note(&text, NoteFormat::Free))];
    let lines: Vec<String> = export_lines(&index, &written(), items).collect();
    let (steps, _) = import(lines.iter().map(String::as_str));

    let mut whole = String::new();
    for step in &steps {
        if let ImportStep::Edit(Edit::ChangeDraft { splices, .. }) = step {
            let inserted: usize = splices.iter().map(|s| s.inserted.chars().count()).sum();
            assert!(inserted <= 1 << 17);
            for splice in splices {
                assert_eq!(splice.position, whole.chars().count());
                whole.push_str(&splice.inserted);
            }
        }
    }
    assert!(whole.ends_with(&text));
}

#[test]
fn what_a_newer_version_wrote_is_counted_and_not_lost_in_silence() {
    let header = r#"{"tacenda":"export","version":1,"colour":"blue"}"#;
    let id = "01".repeat(16);
    let client = format!(r#"{{"type":"client","id":"{id}","name":"Ada Testerin","mood":1,"x":2}}"#);
    let strange = r#"{"type":"sand-tray","id":"00"}"#;
    let end = r#"{"type":"end","lines":4}"#;
    let (steps, counts) = import([header, &client, "", strange, strange, end]);

    assert_eq!(steps.len(), 1);
    assert_eq!(counts.unknown_types["sand-tray"], 2);
    let fields: Vec<_> = counts.unknown_fields.keys().map(String::as_str).collect();
    assert_eq!(fields, ["client.mood", "client.x", "header.colour"]);
}

#[test]
fn a_file_that_is_cut_off_or_foreign_or_newer_is_refused() {
    let header = r#"{"tacenda":"export","version":1}"#;
    let first = |line: &str| importer().import_line(line).unwrap_err().cause;
    assert_eq!(first(r#"{"type":"client"}"#), Cause::NotAnExport);
    assert_eq!(first("BEGIN:VCALENDAR"), Cause::NotAnExport);
    assert_eq!(first(r#"{"tacenda":"export","version":2}"#), Cause::UnknownVersion(2));
    assert_eq!(first(&" ".repeat(LINE_BYTES_MAX + 1)), Cause::TooLong);
    assert_eq!(importer().finish().unwrap_err().cause, Cause::NotAnExport);

    let mut cut = importer();
    cut.import_line(header).unwrap();
    assert_eq!(cut.finish().unwrap_err(), ImportError { line: 1, cause: Cause::Truncated });

    let mut short = importer();
    short.import_line(header).unwrap();
    let error = short.import_line(r#"{"type":"end","lines":3}"#).unwrap_err();
    assert_eq!(error.cause, Cause::Incomplete { written: 3, read: 1 });
}

#[test]
fn an_error_names_the_place_and_never_what_stands_there() {
    let mut importer = importer();
    importer.import_line(r#"{"tacenda":"export","version":1}"#).unwrap();
    let lines = [
        r#"{"type":"client","id":"Ada Testerin","name":"Ada Testerin"}"#,
        r#"{"type":"client","id":7,"name":"Ada Testerin"}"#,
        r#"{"type":"client","archived":"Ada Testerin"}"#,
        r#"{"type":"note","id":"00","Ada Testerin":1}"#,
        r#"{"type":"client" Ada Testerin"#,
    ];
    for (number, line) in lines.into_iter().enumerate() {
        let error = importer.import_line(line).unwrap_err();
        assert_eq!(error.line, number as u64 + 2);
        assert!(!format!("{error} {error:?}").contains("Ada"), "{error}");
    }
}

#[test]
fn the_slots_of_a_stranger_go_to_whoever_imports_and_are_counted() {
    let (index, _) = world();
    let lines: Vec<String> = export_lines(&index, &written(), Vec::new()).collect();
    let other = MemberId::from_bytes([8; 16]);
    let mut importer = Importer::new(other, BTreeSet::new());
    for line in &lines {
        for step in importer.import_line(line).unwrap() {
            if let ImportStep::Edit(Edit::Book(new)) = step {
                assert_eq!(new.slot.clinician, other);
            }
        }
    }
    assert_eq!(importer.finish().unwrap().reassigned, 62);
}

#[test]
fn commands_print_lines_that_name_themselves() {
    let (index, items) = world();
    let held = |row: &&Arc<AppointmentRow>| row.status == Status::Held;
    let row = index.appointments.values().find(held).unwrap();
    let line = json::appointment(&index, row).value();
    assert_eq!((&line["schema"], &line["type"]), (&1.into(), &"appointment".into()));
    assert_eq!(line["status"], "held");
    assert_eq!(line["clients"][0], index.clients[&row.clients[0]].code);
    assert!(!line.to_string().contains(&index.clients[&row.clients[0]].name));

    let view = items.iter().find_map(|item| match item {
        ChartItem::Note(view) => Some(view),
        ChartItem::Attachment(..)
        | ChartItem::Consents(_)
        | ChartItem::Contact(_)
        | ChartItem::Draft(_)
        | ChartItem::Identity(_)
        | ChartItem::InError(..)
        | ChartItem::Measure(_)
        | ChartItem::Plan(_)
        | ChartItem::Risk(_)
        | ChartItem::Safety(_) => None,
    });
    let line = json::note(&index, view.unwrap()).value();
    assert_eq!(line["type"], "note");
    assert_eq!(line["parts"][0]["part"], "subjective");
    assert_eq!(line["author"], "Doc Demoray");
    assert_eq!(line["addenda"][0]["text"], "Added:\n\"later\"");

    let line = json::changed(&index, Timestamp::from_millis(0)).value().to_string();
    assert!(line.contains("\"time\":\"1969-12-31T16:00:00-08:00\""), "{line}");
}

fn measured(
    (record, client, session): (RecordId, ClientId, Option<AppointmentId>),
    instrument: &str,
    answers: Vec<Answer>,
    signed: Stamp,
) -> MeasureView {
    let form = measure::named(instrument).unwrap();
    let value = |(item, answer): (usize, &Answer)| match answer {
        Answer::Choice(_) => i16::from(form.value(&answers, item).unwrap()),
        Answer::NotAnswered => -1,
        Answer::NotAsked => -2,
    };
    let values: Vec<i16> = answers.iter().enumerate().map(value).collect();
    let many = |least: i16| values.iter().filter(|value| **value >= least).count();
    let taken = Taken {
        instrument: instrument.to_owned(),
        total: form.score(&answers).total,
        answered: u16::try_from(many(0)).unwrap(),
        items: u16::try_from(many(-2)).unwrap(),
        screened: None,
        review: Review::None,
        session,
        wording: Some(form.wording),
        scored: Some(form.scored),
        given: Default::default(),
    };
    MeasureView {
        record,
        client,
        taken,
        version: form.version.clone(),
        wording: Some(form.wording),
        scored: Some(form.scored),
        range: None,
        possible: None,
        source: String::new(),
        author: author(),
        at: signed.clone(),
        signed,
        handed: None,
        struck: false,
        labels: Default::default(),
        answers,
        values,
    }
}

fn one_note(text: &str, format: NoteFormat) -> NoteView {
    NoteView {
        record: RecordId::from_bytes([3; 16]),
        client: ClientId::from_bytes([4; 16]),
        session: None,
        format,
        parts: format.parts().iter().map(|part| (*part, text.to_owned())).collect(),
        author: author(),
        signed: written(),
        late_reason: None,
        remote: None,
        times: Times::default(),
        journal: None,
        psychotherapy: None,
        labels: Default::default(),
        supervision: None,
        versions: Default::default(),
        addenda: Vec::new(),
    }
}

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let (index, items) = world();
    export_lines(&index, &written(), items.into_iter().take(60)).collect()
});

proptest! {
    #[test]
    fn any_text_comes_in_as_it_went_out(
        text in any::<String>(),
        format in prop::sample::select(NoteFormat::ALL),
    ) {
        let index = Index { zone: ZONE.to_owned(), ..Index::default() };
        let view = one_note(&text, format);
        let items = [ChartItem::Note(view.clone())];
        let lines: Vec<String> = export_lines(&index, &written(), items).collect();
        let (steps, _) = import(lines.iter().map(String::as_str));
        note_text_is_whole(&view, &steps)?;
    }

    #[test]
    fn no_line_makes_reading_fail(
        line in any::<String>(),
        cut in 0..4_000_usize,
        from in 0..120_usize,
    ) {
        let lines = &*LINES;
        let mut importer = importer();
        importer.import_line(&lines[0]).unwrap();
        let _ = importer.import_line(&line);
        let whole = &lines[from % lines.len()];
        let end = whole.char_indices().map(|(at, _)| at).take(cut + 1).last().unwrap_or(0);
        let damaged = format!("{}{line}{}", &whole[..end], &whole[end..]);
        let _ = importer.import_line(&whole[..end]);
        let _ = importer.import_line(&damaged);
        prop_assert!(importer.counts().unknown_fields.len() < 10);
    }
}

fn note_text_is_whole(view: &NoteView, steps: &[ImportStep]) -> Result<(), TestCaseError> {
    let Some(ImportStep::Edit(Edit::ChangeDraft { splices, .. })) = steps.get(1) else {
        return Err(TestCaseError::fail("the second step is the text"));
    };
    for (number, (part, text)) in view.parts.iter().enumerate() {
        let own = splices.iter().filter(|splice| splice.part == *part);
        let whole: String = own.map(|splice| splice.inserted.as_str()).collect();
        let head = if number == 0 { whole.split("\n\n").next().unwrap_or_default() } else { "" };
        let body = whole[head.len()..].strip_prefix("\n\n").unwrap_or(&whole[head.len()..]);
        // A text that begins with an empty line keeps it: only one break follows the head.
        prop_assert_eq!(if number == 0 { body } else { whole.as_str() }, text);
    }
    Ok(())
}
