//! Clients' journals on the command line.

use super::{Refused, Say, client_named, local, refuse, say_line};
use crate::cli::request::{AddToJournal, Request};
use crate::device::open::Device;
use crate::text;
use std::collections::BTreeSet;
use tacenda_shared::id::{RecordId, Timestamp};
use tacenda_shared::practice::edit::{Came, Edit, Purpose, Subject};
use tacenda_shared::practice::view::{JournalHead, NoteView, TimelineEntry, View};

/// Answers what is asked about journals.
pub(super) fn answer(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::JournalAdd(entry) => add(device, &entry, now),
        Request::JournalList { client } => list(device, &client, say),
        Request::JournalShow { client, id } => show(device, (&client, &id), now, say),
        _ => Ok(false),
    }
}

fn add(device: &mut Device, entry: &AddToJournal, now: Timestamp) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, &entry.client)?.id;
    let today = local(&index, now).date();
    let date = match entry.date.as_ref().map(|date| date.parse()) {
        None => today,
        Some(Ok(date)) if date <= today => date,
        Some(_) => return refuse("That is no date that has been.", "Write it as 2026-11-25."),
    };
    let text = entry.text.0.trim_end().to_owned();
    if text.is_empty() {
        return refuse("There is no text.", "Write it to standard input.");
    }
    let said = JournalHead { date, came: Came::Imported, shared: entry.shared };
    let labels = BTreeSet::new();
    device.apply(Edit::EnterJournal { client, said, text, labels }, now)?;
    Ok(true)
}

fn list(device: &Device, code: &str, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?;
    let rows = index.timelines.get(&client.id).into_iter().flat_map(|rows| rows.iter());
    let mut entries: Vec<_> = rows
        .filter_map(|row| match row.entry {
            TimelineEntry::Journal { record, date, words, shared, addenda } => {
                Some((date, row.time, record, words, shared, addenda))
            }
            _ => None,
        })
        .collect();
    entries.sort_by_key(|(date, time, record, ..)| std::cmp::Reverse((*date, *time, *record)));
    for (date, _, record, words, shared, addenda) in entries {
        let json = serde_json::json!({
            "schema": 1, "type": "journal-entry", "client": client.code,
            "id": record.to_string(), "date": date.to_string(), "words": words,
            "shared": shared, "addenda": addenda,
        });
        let shared = if shared { "  may be shared" } else { "" };
        let words = text::counted(words, "word", "words");
        say_line(say, json, &format!("{record}  {date}  {words}{shared}"));
    }
    Ok(false)
}

fn show(
    device: &mut Device,
    (code, id): (&str, &str),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?;
    let no_such = || refuse("There is no such entry.", "Run `tacenda journal list CODE`.");
    let Some(record) = RecordId::parse(id) else { return no_such() };
    let rows = index.timelines.get(&client.id).into_iter().flat_map(|rows| rows.iter());
    let is_entry = |entry: &TimelineEntry| matches!(entry, TimelineEntry::Journal { record: one, .. } if *one == record);
    // Looked for before it is opened: what lies in the chart is not opened by this way.
    // It opens from the record in which it was written.
    let mut rows = rows.filter(|row| is_entry(&row.entry));
    let Some(whose) = rows.next().map(|row| row.client) else { return no_such() };
    let code = index.own_row(whose).map_or("?", |row| row.code.as_str());
    let subject = Subject::Note(whose, record);
    let View::Note(view) = device.open(subject, Purpose::Query, now)? else { return no_such() };
    let NoteView { parts, addenda, journal: Some(head), .. } = &view else { return no_such() };
    let text: String = parts.iter().map(|(_, text)| text.as_str()).collect();
    let additions: Vec<_> = addenda.iter().map(|addendum| addendum.text.as_str()).collect();
    let json = serde_json::json!({
        "schema": 1, "type": "journal-entry", "client": code,
        "id": record.to_string(), "date": head.date.to_string(), "came": head.came.word(),
        "shared": head.shared, "text": text, "additions": additions,
    });
    let mut words = format!("{}  journal {record}  {}\n{text}", code, head.date);
    for addition in additions {
        words.push_str(&format!("\n\nAddendum\n{addition}"));
    }
    say_line(say, json, &words);
    Ok(false)
}
