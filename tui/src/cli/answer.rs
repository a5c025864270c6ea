//! What a command is told: the open practice's answer to one request, line by line.
//!
//! Everything that is shown passes `harmless`; everything that leaves the vault passes the gate.

use super::problems;
use super::request::{Reply, Request};
use crate::device::open::{Device, DeviceError};
use crate::notice::Notice;
use crate::widget::safe::harmless;
use serde_json::{Value, json};
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, RecordId, Timestamp};
use tacenda_shared::practice::Match;
use tacenda_shared::practice::edit::{
    ContactChange, Edit, NoteFormat, Part, Purpose, Splice, Subject,
};
use tacenda_shared::practice::quick_add::{Locale, QuickAdd, QuickAddContext, parse};
use tacenda_shared::practice::view::{
    AppointmentRow, ClientRow, DraftRow, Index, NoteView, TimelineEntry, View,
};

/// Takes one line of an answer; returns whether somebody still listens.
pub type Say<'a> = &'a mut dyn FnMut(Reply) -> bool;

/// The version of every JSON line, described in docs/interchange.md.
const SCHEMA: u32 = 1;
const DEFAULT_MINUTES: u16 = 50;

/// Why a command is refused.
enum Refused {
    Device(DeviceError),
    Notice(Notice),
}

impl From<DeviceError> for Refused {
    fn from(error: DeviceError) -> Self {
        Self::Device(error)
    }
}

/// Answers a request. Returns whether the practice has changed.
pub fn answer(request: Request, device: &mut Device, now: Timestamp, say: Say<'_>) -> bool {
    let outcome = match request {
        Request::ClientAdd { code, name } => client_add(device, code, name, now),
        Request::ClientList => client_list(device, say),
        Request::Find { query } => find(device, &query, now, say),
        Request::New { sentence, dry_run, as_of, locale } => {
            book(device, &Sentence { sentence, dry_run, as_of, locale }, now, say)
        }
        Request::NoteAppend { client, text } => note_append(device, &client, text, now),
        Request::NoteList { client } => note_list(device, &client, say),
        Request::NoteShow { client, id } => note_show(device, &client, id.as_deref(), now, say),
        Request::NoteSign { client, late_reason } => note_sign(device, &client, late_reason, now),
        Request::Today { date } => today(device, date.as_deref(), now, say),
        // These are the keeper's.
        Request::Lock | Request::Watch => Ok(false),
    };
    match outcome {
        Ok(changed) => {
            say(Reply::Done);
            changed
        }
        Err(refused) => {
            let notice = match refused {
                Refused::Device(error) => Notice::from(&error),
                Refused::Notice(notice) => notice,
            };
            let notice = [notice.happened, notice.safe, notice.next];
            say(Reply::Refused { notice, locked: false });
            false
        }
    }
}

/// The line that `watch` prints when something has changed.
pub fn changed_line(now: Timestamp) -> Reply {
    let json = json!({"schema": SCHEMA, "event": "changed", "time": now.as_millis()});
    Reply::Line { json, text: "changed".into() }
}

fn say_line(say: Say<'_>, json: Value, text: &str) {
    // A command that has gone away ends by itself; the rest of the answer goes nowhere.
    let _gone = say(Reply::Line { json, text: harmless(text).into_owned() });
}

fn refuse<T>(happened: &str, next: &str) -> Result<T, Refused> {
    Err(Refused::Notice(Notice::new(happened, "Nothing has been changed.", next)))
}

fn client_named(index: &Index, code: &str) -> Result<Arc<ClientRow>, Refused> {
    let found = index.clients.values().find(|row| row.code.eq_ignore_ascii_case(code.trim()));
    match found {
        Some(row) => Ok(Arc::clone(row)),
        None => refuse("No client has that code.", "Run `tacenda client list`."),
    }
}

fn client_json(row: &ClientRow) -> Value {
    json!({
        "schema": SCHEMA, "type": "client", "id": row.id.to_string(), "code": row.code,
        "name": row.name, "archived": row.archived,
    })
}

fn client_add(
    device: &mut Device,
    code: String,
    name: String,
    now: Timestamp,
) -> Result<bool, Refused> {
    let name = name.trim().to_owned();
    let contact = ContactChange { name: Some(name), code: Some(code), ..ContactChange::default() };
    let client = ClientId::random(&mut crate::device::chance::OsRandom);
    device.apply(Edit::NewClient { client, contact }, now)?;
    Ok(true)
}

fn client_list(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let mut rows: Vec<_> = index.clients.values().collect();
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    for row in rows {
        let archived = if row.archived { "  archived" } else { "" };
        say_line(say, client_json(row), &format!("{:<10} {}{archived}", row.code, row.name));
    }
    Ok(false)
}

fn today(
    device: &mut Device,
    date: Option<&str>,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let date = match date {
        Some(text) => match text.parse() {
            Ok(date) => date,
            Err(_) => return refuse("That is not a date.", "Write it as 2026-11-25."),
        },
        None => local(&index, now).date(),
    };
    device.audit_query(now)?;
    for id in index.days.get(&date).into_iter().flatten() {
        if let Some(row) = index.appointments.get(id) {
            say_line(say, appointment_json(&index, row), &appointment_text(&index, row));
        }
    }
    Ok(false)
}

fn local(index: &Index, now: Timestamp) -> jiff::civil::DateTime {
    let zone = jiff::tz::TimeZone::get(&index.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    instant.to_zoned(zone).datetime()
}

fn codes(index: &Index, clients: &[ClientId]) -> Vec<String> {
    let code = |id| index.clients.get(id).map_or_else(|| "?".to_owned(), |row| row.code.clone());
    clients.iter().map(code).collect()
}

fn appointment_json(index: &Index, row: &AppointmentRow) -> Value {
    json!({
        "schema": SCHEMA, "type": "appointment", "id": row.id.to_string(),
        "start": row.slot.start.to_string(), "zone": row.slot.zone, "minutes": row.slot.minutes,
        "clients": codes(index, &row.clients), "kind": row.kind.word(),
        "modality": row.slot.modality.word(), "room": row.slot.room,
        "status": row.status.word(), "moved_twice": !row.rivals.is_empty(),
    })
}

fn appointment_text(index: &Index, row: &AppointmentRow) -> String {
    let start = row.slot.start;
    let place = row
        .slot
        .room
        .as_deref()
        .map_or_else(|| row.slot.modality.word().to_owned(), |room| format!("room {room}"));
    let twice = if row.rivals.is_empty() { "" } else { "  moved twice" };
    format!(
        "{:02}:{:02}  {:>3}m  {:<10} {:<12} {:<8} {}{twice}",
        start.hour(),
        start.minute(),
        row.slot.minutes,
        codes(index, &row.clients).join("/"),
        row.kind.word(),
        place,
        row.status.word(),
    )
}

fn find(device: &mut Device, query: &str, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let matches = device.find(query, now)?;
    let index = device.index();
    for found in matches {
        match found {
            Match::Client(id) => {
                if let Some(row) = index.clients.get(&id) {
                    say_line(say, client_json(row), &format!("{:<10} {}", row.code, row.name));
                }
            }
            Match::Appointment(id) => {
                if let Some(row) = index.appointments.get(&id) {
                    let text = appointment_text(&index, row);
                    let text = format!("{} {text}", row.slot.start.date());
                    say_line(say, appointment_json(&index, row), &text);
                }
            }
            Match::Record(client, record) => {
                let code = codes(&index, &[client]).concat();
                let json = json!({
                    "schema": SCHEMA, "type": "record", "id": record.to_string(), "client": code,
                });
                say_line(say, json, &format!("{code:<10} record {record}"));
            }
        }
    }
    Ok(false)
}

struct Sentence {
    sentence: String,
    dry_run: bool,
    as_of: Option<String>,
    locale: String,
}

fn book(
    device: &mut Device,
    asked: &Sentence,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let read = read_sentence(&index, asked, now)?;
    let id = AppointmentId::random(&mut crate::device::chance::OsRandom);
    let problems: Vec<_> = read.problems.iter().map(problems::words).collect();
    let new = read.appointment(id);
    let json = json!({
        "schema": SCHEMA, "type": "quick-add", "resolved": read.resolved, "problems": problems,
        "booked": new.is_some() && !asked.dry_run,
        "start": new.as_ref().map(|new| new.slot.start.to_string()),
        "minutes": read.minutes, "clients": codes(&index, &read.clients),
    });
    say_line(say, json, &read.resolved);
    let Some(new) = new else {
        let why = problems.first().map_or("The sentence is not an appointment.", String::as_str);
        let why = format!("Not booked: {why}.");
        return refuse(&why, "Say who and when, such as \"as-007 thu 3pm 50m room 2\".");
    };
    if asked.dry_run {
        return Ok(false);
    }
    device.apply(Edit::Book(new), now)?;
    Ok(true)
}

fn read_sentence(index: &Index, asked: &Sentence, now: Timestamp) -> Result<QuickAdd, Refused> {
    let locale = match asked.locale.to_ascii_lowercase().as_str() {
        "en-us" => Locale::EnUs,
        "en-gb" => Locale::EnGb,
        "de" => Locale::De,
        _ => return refuse("Tacenda does not know that language.", "Use en-US, en-GB or de."),
    };
    let local = local(index, now);
    let today = match asked.as_of.as_deref().map(str::parse) {
        Some(Ok(date)) => date,
        Some(Err(_)) => return refuse("That is not a date.", "Write it as 2026-11-25."),
        None => local.date(),
    };
    let Some(clinician) = index.clinicians.keys().next().copied() else {
        return refuse("Nobody in this practice sees clients.", "Set the practice up first.");
    };
    let clients: Vec<_> = index
        .clients
        .values()
        .filter(|row| !row.archived)
        .map(|row| (row.id, row.code.as_str(), row.name.as_str()))
        .collect();
    let context = QuickAddContext {
        today,
        now: local.time(),
        zone: &index.zone,
        clients: &clients,
        clinician,
        locale,
        default_minutes: DEFAULT_MINUTES,
    };
    Ok(parse(asked.sentence.trim(), &context))
}

fn open_drafts(index: &Index, client: ClientId) -> Vec<&DraftRow> {
    index.drafts.iter().filter(|draft| draft.client == client).collect()
}

fn note_append(
    device: &mut Device,
    code: &str,
    text: String,
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    if text.trim().is_empty() {
        return refuse("There is no text.", "Write it to standard input.");
    }
    let drafts = open_drafts(&index, client);
    let note = match drafts.as_slice() {
        [] => {
            let note = ObjectId::random(&mut crate::device::chance::OsRandom);
            let format = NoteFormat::Free;
            device.apply(Edit::BeginNote { note, client, session: None, format }, now)?;
            note
        }
        [.., newest] => newest.note,
    };
    let view = device.open(Subject::Draft(client, note), Purpose::Query, now)?;
    let View::Draft(draft) = view else {
        return refuse("There is no such draft any more.", "Run `tacenda note list`.");
    };
    let Some((part, before)) = draft.parts.last() else {
        return refuse("The draft has no parts.", "Open it in the interface.");
    };
    let splice = Splice {
        part: *part,
        position: before.chars().count(),
        deleted: 0,
        inserted: if before.is_empty() { text } else { format!("\n{text}") },
    };
    device.type_keys(note, client, vec![splice], now);
    device.commit(note, client, now)?;
    Ok(true)
}

fn note_list(device: &Device, code: &str, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    for draft in open_drafts(&index, client) {
        let json = json!({
            "schema": SCHEMA, "type": "draft", "id": draft.note.to_string(),
            "words": draft.words, "begun": draft.begun.as_millis(),
        });
        say_line(say, json, &format!("draft   {}  {} words", draft.note, draft.words));
    }
    for row in index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter()) {
        if let TimelineEntry::Note { record, words, addenda, late, .. } = row.entry {
            let json = json!({
                "schema": SCHEMA, "type": "note", "id": record.to_string(), "words": words,
                "addenda": addenda, "late": late, "signed": row.time.as_millis(),
            });
            let date = local(&index, row.time).date();
            say_line(say, json, &format!("signed  {record}  {date}  {words} words"));
        }
    }
    Ok(false)
}

fn note_show(
    device: &mut Device,
    code: &str,
    id: Option<&str>,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?;
    let newest = index.timelines.get(&client.id).and_then(|rows| {
        rows.iter().find_map(|row| match row.entry {
            TimelineEntry::Note { record, .. } => Some(record),
            TimelineEntry::Addendum { .. }
            | TimelineEntry::Measure { .. }
            | TimelineEntry::Unknown { .. } => None,
        })
    });
    let Some(record) = id.map_or(newest, RecordId::parse) else {
        return refuse("There is no such signed note.", "Run `tacenda note list CODE`.");
    };
    let subject = Subject::Note(client.id, record);
    let View::Note(note) = device.open(subject, Purpose::Query, now)? else {
        return refuse("There is no such signed note.", "Run `tacenda note list CODE`.");
    };
    say_line(say, note_json(&client.code, &note), &note_text(&client.code, &note));
    Ok(false)
}

fn note_json(code: &str, note: &NoteView) -> Value {
    let parts: Vec<_> =
        note.parts.iter().map(|(part, text)| json!({"part": part.title(), "text": text})).collect();
    let addenda: Vec<_> = note
        .addenda
        .iter()
        .map(|addendum| json!({"text": addendum.text, "signed": addendum.signed.time.as_millis()}))
        .collect();
    json!({
        "schema": SCHEMA, "type": "note", "id": note.record.to_string(), "client": code,
        "parts": parts, "signed": note.signed.time.as_millis(), "zone": note.signed.zone,
        "late_reason": note.late_reason, "addenda": addenda,
    })
}

fn note_text(code: &str, note: &NoteView) -> String {
    let mut text = format!("{code}  note {}", note.record);
    for (part, body) in &note.parts {
        if *part != Part::Text {
            text.push_str("\n\n");
            text.push_str(part.title());
        }
        text.push('\n');
        text.push_str(body);
    }
    for addendum in &note.addenda {
        text.push_str("\n\nAddendum\n");
        text.push_str(&addendum.text);
    }
    text
}

fn note_sign(
    device: &mut Device,
    code: &str,
    late_reason: Option<String>,
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    let note = match open_drafts(&index, client).as_slice() {
        [] => return refuse("There is no open draft.", "Run `tacenda note append CODE` first."),
        [draft] => draft.note,
        [_, _, ..] => {
            return refuse("There is more than one open draft.", "Sign them in the interface.");
        }
    };
    device.apply(Edit::Sign { note, client, late_reason }, now)?;
    Ok(true)
}
