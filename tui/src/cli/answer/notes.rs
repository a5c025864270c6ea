//! Notes and drafts on the command line.

use super::{Refused, Say, client_named, local, refuse, say_line};
use crate::cli::request::Request;
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::screen::parts::corrected;
use crate::text;
use tacenda_shared::id::{ClientId, ObjectId, RecordId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Label, NoteFormat, Part, Purpose, Splice, Subject};
use tacenda_shared::practice::interchange::json;
use tacenda_shared::practice::view::{DraftRow, Index, NoteView, TimelineEntry, View};

/// What can be said where a format is asked for.
pub(super) const FORMATS: &str =
    "Formats: soap, dap, birp, girp, pie, intake, risk, group, supervision, discharge, free.";

fn open_drafts(index: &Index, client: ClientId) -> Vec<&DraftRow> {
    let theirs = |draft: &&DraftRow| index.kept(draft.client) == client && !draft.journal;
    index.drafts.iter().filter(theirs).collect()
}

/// Answers what is asked about notes.
pub(super) fn answer(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::NoteAppend { client, part, text } => {
            append(device, (&client, part.as_deref()), text, now)
        }
        Request::NoteMend(wish) => super::corrections::mend(device, &wish, now, say),
        Request::NoteNew { client, format } => begin(device, (&client, &format), now, say),
        Request::NoteList { client } => list(device, &client, say),
        Request::NoteShow { client, id } => show(device, &client, id.as_deref(), now, say),
        Request::NoteSign { client, late_reason } => sign(device, &client, late_reason, now),
        _ => Ok(false),
    }
}

/// Begins a draft.
fn begin(
    device: &mut Device,
    (code, format): (&str, &str),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    let Some(format) = NoteFormat::named(&format.to_lowercase()) else {
        return refuse("There is no such format.", FORMATS);
    };
    let note = ObjectId::random(&mut OsRandom);
    device.apply(Edit::BeginNote { note, client, session: None, format }, now)?;
    let index = device.index();
    if let Some(row) = index.drafts.iter().find(|row| row.note == note) {
        let words = format!("draft   {note}  {}", format.title());
        say_line(say, json::draft(&index, row).value(), &words);
    }
    Ok(true)
}

/// Adds text to the newest draft of a client, or begins one.
fn append(
    device: &mut Device,
    (code, named): (&str, Option<&str>),
    text: String,
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    if text.trim().is_empty() {
        return refuse("There is no text.", "Write it to standard input.");
    }
    let mut drafts = open_drafts(&index, client);
    // What stands in the place of a signed note is named as such.
    drafts.retain(|draft| draft.corrects.is_none());
    let (client, note) = match drafts.as_slice() {
        [] => {
            let note = ObjectId::random(&mut OsRandom);
            let format = NoteFormat::Free;
            device.apply(Edit::BeginNote { note, client, session: None, format }, now)?;
            (client, note)
        }
        [.., newest] => (newest.client, newest.note),
    };
    let view = device.open(Subject::Draft(client, note), Purpose::Query, now)?;
    let View::Draft(draft) = view else {
        return refuse("There is no such draft any more.", "Run `tacenda note list`.");
    };
    // What has no part of its own in the format stands behind its parts, and is not meant.
    let own = draft.row.format.parts().len();
    let place = match named {
        Some(word) => Part::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .and_then(|(part, _)| draft.parts.iter().position(|(known, _)| known == part)),
        None => Some(own.saturating_sub(1)),
    };
    let Some((part, before)) = place.and_then(|place| draft.parts.get(place)) else {
        let format = draft.row.format;
        let words = format.parts().iter().filter_map(|part| {
            Part::WORDS.iter().find(|(known, _)| known == part).map(|(_, word)| *word)
        });
        let words = words.collect::<Vec<_>>().join(", ");
        return refuse("The draft has no such part.", &format!("It has: {words}."));
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

/// Lists drafts and signed notes.
fn list(device: &Device, code: &str, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    for draft in open_drafts(&index, client) {
        let json = json::draft(&index, draft).value();
        say_line(
            say,
            json,
            &format!(
                "{}   {}  {}",
                if draft.corrects.is_some() { "correction draft" } else { "draft" },
                draft.note,
                text::counted(draft.words, "word", "words")
            ),
        );
    }
    for row in index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter()) {
        let Some(json) = json::note_row(&index, client, row) else { continue };
        if let TimelineEntry::Note { record, words, corrected, .. } = row.entry {
            let json = json.value();
            let date = local(&index, row.time).date();
            let corrected = corrected::beside(corrected, &index.zone);
            say_line(say, json, &format!("signed  {record}  {date}  {words} words{corrected}"));
        }
    }
    Ok(false)
}

/// Shows a signed note.
fn show(
    device: &mut Device,
    code: &str,
    id: Option<&str>,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?;
    let rows = index.timelines.get(&client.id).into_iter().flat_map(|rows| rows.iter());
    let newest = rows.clone().find_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        TimelineEntry::Addendum { .. }
        | TimelineEntry::Attachment { .. }
        | TimelineEntry::Consent { .. }
        | TimelineEntry::Contact { .. }
        | TimelineEntry::InError { .. }
        | TimelineEntry::Journal { .. }
        | TimelineEntry::Measure { .. }
        | TimelineEntry::Plan { .. }
        | TimelineEntry::Risk { .. }
        | TimelineEntry::SafetyPlan { .. }
        | TimelineEntry::Unknown { .. } => None,
    });
    let Some(record) = id.map_or(newest, RecordId::parse) else {
        return refuse("There is no such signed note.", "Run `tacenda note list CODE`.");
    };
    // It opens from the record in which it was written.
    let mut whose = rows.filter(|row| row.entry.record() == record).map(|row| row.client);
    let whose = whose.next().unwrap_or(client.id);
    let subject = Subject::Note(whose, record);
    let View::Note(note) = device.open(subject, Purpose::Query, now)? else {
        return refuse("There is no such signed note.", "Run `tacenda note list CODE`.");
    };
    say_line(
        say,
        json::note(&index, &note).value(),
        &note_text(index.own_row(whose).map_or("?", |row| row.code.as_str()), &note, &index.zone),
    );
    Ok(false)
}

fn note_text(code: &str, note: &NoteView, zone: &str) -> String {
    let mut text = format!("{code}  note {}", note.record);
    for (part, body) in &note.parts {
        if *part != Part::Text {
            text.push_str("\n\n");
            text.push_str(part.title());
        }
        text.push('\n');
        text.push_str(body);
    }
    if let Some(minutes) = note.times.minutes() {
        text.push_str(&format!("\n\nSession: {minutes} minutes, {}", note.times.way()));
    }
    if let Some((modality, said)) = &note.remote {
        text.push_str("\n\n");
        text.push_str(&said.words(*modality));
    }
    if !note.labels.is_empty() {
        text.push_str("\n\nLabels: ");
        text.push_str(&Label::list(&note.labels));
    }
    for addendum in &note.addenda {
        text.push_str("\n\nAddendum\n");
        text.push_str(&addendum.text);
    }
    text.push_str(&super::corrections::versions_text(note, zone));
    text
}

/// Signs the one open draft.
fn sign(
    device: &mut Device,
    code: &str,
    late_reason: Option<String>,
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    let (client, note) = match open_drafts(&index, client).as_slice() {
        [] => return refuse("There is no open draft.", "Run `tacenda note append CODE` first."),
        [draft] => (draft.client, draft.note),
        [_, _, ..] => {
            return refuse("There is more than one open draft.", "Sign them in the interface.");
        }
    };
    device.apply(Edit::Sign { note, client, late_reason }, now)?;
    Ok(true)
}
