//! Files in charts on the command line.

use super::{Refused, Say, client_named, entries_with, refuse, say_line};
use crate::cli::request::{AttachmentWish, Reply};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::text;
use serde_json::{Value, json};
use tacenda_shared::id::{ClientId, RecordId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::attachment::{Media, Stripped, strip};
use tacenda_shared::practice::edit::{Edit, Metadata, NewAttachment, Purpose, Subject};
use tacenda_shared::practice::interchange::base64;
use tacenda_shared::practice::view::{AttachmentRow, AttachmentView, Index, Inside, View};
use tacenda_shared::practice::zone;

/// Answers what is asked about files.
pub(super) fn answer(
    device: &mut Device,
    home: &Home,
    (code, wish): (&str, AttachmentWish),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match wish {
        AttachmentWish::Add { title, bytes, keep } => {
            let Some(bytes) = base64::decode(&bytes.0) else {
                return refuse("The file did not come whole.", "Try again.");
            };
            add(device, code, (title.0.clone(), bytes, keep), now, say)
        }
        AttachmentWish::List => list(device, code, now, say),
        AttachmentWish::Save { id, passphrase } => {
            let (client, record) = named(device, code, &id)?;
            let typed = Passphrase::from_text(&passphrase.0).unwrap_or_default();
            Device::check_passphrase(home, &typed, now)?;
            let released = device.let_out_attachment((client, record), now)?;
            let bytes = base64::encode(released.bytes());
            let json = json!({"schema": 1, "type": "attachment-bytes", "bytes": bytes});
            // A command that has gone away has no use for it.
            let _gone = say(Reply::Line { json, text: String::new() });
            Ok(true)
        }
        AttachmentWish::Show { id } => show(device, (code, &id), now, say),
        AttachmentWish::Strike { id, struck } => {
            let (client, record) = named(device, code, &id)?;
            device.apply(Edit::StrikeAttachment { client, record, struck }, now)?;
            Ok(true)
        }
    }
}

fn named(device: &Device, code: &str, id: &str) -> Result<(ClientId, RecordId), Refused> {
    let index = device.index();
    let client = client_named(&index, code)?;
    match RecordId::parse(id) {
        Some(record) => {
            // What was struck stands in no timeline, and is somebody's still.
            let has = |one| index.attachments.get(&one).is_some_and(|all| all.contains(&record));
            let whose = entries_with(&client, has).into_iter().next();
            Ok((whose.map_or(client.id, |(one, _)| one), record))
        }
        None => refuse("That is no id of a file.", "Run `tacenda attachment list CODE`."),
    }
}

fn add(
    device: &mut Device,
    code: &str,
    (title, bytes, keep): (String, Vec<u8>, bool),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let client = client_named(&device.index(), code)?.id;
    let stripped = strip(&bytes);
    if !keep && stripped == Stripped::Broken {
        return refuse(
            "This is not the picture that it begins as: nothing can be taken out of it.",
            "Check the file; or attach it as it is, with --keep-metadata.",
        );
    }
    let media = Media::of_file(&bytes);
    let words = match (keep, stripped) {
        (false, Stripped::Without(_)) => "metadata taken out",
        (false, _) if media.is_picture() => {
            "where and when it was taken stays in it; to take that out, make a JPEG of it first"
        }
        _ => "metadata as they came",
    };
    let metadata = if keep { Metadata::Keep } else { Metadata::Strip };
    let file = Box::new(NewAttachment {
        title,
        bytes: bytes.into(),
        metadata,
        labels: std::collections::BTreeSet::new(),
    });
    let inverse = device.apply(Edit::Attach { client, file }, now)?;
    if let Some(Edit::StrikeAttachment { record, .. }) = inverse {
        let json = json!({"schema": 1, "type": "attachment-added", "client": code.trim(),
            "id": record.to_string(), "stripped": words == "metadata taken out"});
        say_line(say, json, &format!("{record}  {words}"));
    }
    Ok(true)
}

fn list(device: &mut Device, code: &str, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?;
    let has = |one| index.attachments.contains_key(&one);
    for (one, code) in entries_with(&client, has) {
        let subject = Subject::Attachments(one);
        let View::Attachments(view) = device.open(subject, Purpose::Query, now)? else { continue };
        for row in &view.attachments {
            let (date, title) = (day(&index, row), &row.title);
            let struck = if row.struck { "  struck" } else { "" };
            let kind = match row.size {
                0 => "does not read".to_owned(),
                size => format!("{}, {}", row.media.title(), text::bytes(u64::from(size))),
            };
            let words = format!("{}  {date}  {kind}{struck}  {title}", row.record);
            say_line(say, as_json(&code, &index, row), &words);
        }
    }
    Ok(false)
}

fn day(index: &Index, row: &AttachmentRow) -> String {
    zone::date(row.signed.time, &index.zone).to_string()
}

fn as_json(code: &str, index: &Index, row: &AttachmentRow) -> Value {
    let author = row.author.and_then(|member| index.clinicians.get(&member));
    json!({"schema": 1, "type": "attachment", "client": code, "id": row.record.to_string(),
        "title": row.title, "media": row.media.word(), "size": row.size,
        "stripped": row.stripped, "struck": row.struck, "date": day(index, row),
        "author": author})
}

fn show(
    device: &mut Device,
    (code, id): (&str, &str),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let (client, record) = named(device, code, id)?;
    let subject = Subject::Attachment(client, record);
    let View::Attachment(view) = device.open(subject, Purpose::Query, now)? else {
        return refuse("There is no such file.", "Run `tacenda attachment list CODE`.");
    };
    let index = device.index();
    let AttachmentView { row, hash, inside, .. } = &view;
    let code = index.own_row(client).map_or("?", |row| row.code.as_str());
    let (shown, state) = match inside {
        Inside::Whole(shown) => (shown.as_deref(), "whole"),
        Inside::Incomplete => (None, "incomplete"),
        Inside::Altered => (None, "altered"),
    };
    let mut json = as_json(code, &index, row);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("sha256".to_owned(), json!(hash));
        fields.insert("state".to_owned(), json!(state));
        fields.insert("text".to_owned(), json!(shown));
    }
    let size = text::bytes(u64::from(row.size));
    let kind = row.media.title();
    let mut words = format!("{code}  {}  {}  {kind}, {size}", day(&index, row), row.title);
    words.push_str(match inside {
        Inside::Whole(Some(_)) => "",
        Inside::Whole(None) => {
            "\nNo text that is shown here. `tacenda attachment save` writes it to a file."
        }
        Inside::Incomplete => "\nParts of it have not come to this device yet.",
        Inside::Altered => "\nIt is not what was attached, and is not opened.",
    });
    if let Some(hash) = hash {
        words.push_str(&format!("\nSHA-256 {hash}"));
    }
    if let Some(shown) = shown {
        words.push_str(&format!("\n\n{shown}"));
    }
    say_line(say, json, &words);
    Ok(false)
}
