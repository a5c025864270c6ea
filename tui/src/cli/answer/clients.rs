//! Clients on the command line.

use super::{Refused, Say, client_named, refuse, say_line};
use crate::cli::request::Request;
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::screen::parts::who;
use crate::text;
use std::sync::Arc;
use tacenda_shared::id::{ClientId, Timestamp};
use tacenda_shared::practice::edit::{ContactChange, Edit, Purpose, Subject};
use tacenda_shared::practice::interchange::json;
use tacenda_shared::practice::timeline::{self, Kind};
use tacenda_shared::practice::view::ClientRow;

/// Answers what is asked about clients.
pub(super) fn answer(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::ClientAdd { code, name } => add(device, code, &name, now),
        Request::ClientList => list(device, say),
        Request::ClientMerge { client, kept } => merge(device, (&client, &kept), now),
        Request::ClientPart { client } => part(device, &client, now),
        Request::ClientShow { client, kind } => show(device, &client, kind.as_deref(), (now, say)),
        _ => Ok(false),
    }
}

fn add(device: &mut Device, code: String, name: &str, now: Timestamp) -> Result<bool, Refused> {
    let name = name.trim().to_owned();
    let contact = ContactChange { name: Some(name), code: Some(code), ..ContactChange::default() };
    let client = ClientId::random(&mut OsRandom);
    device.apply(Edit::NewClient { client, contact }, now)?;
    Ok(true)
}

fn list(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    // A couple, a family or a group is no client; `group list` says them.
    let person = |row: &&Arc<ClientRow>| !index.groups.contains_key(&row.id);
    let mut rows: Vec<_> = index.clients.values().filter(person).collect();
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    for row in rows {
        let archived = if row.archived { "  archived" } else { "" };
        let was = who::was(row);
        let was = if was.is_empty() { was } else { format!("  {was}") };
        say_line(
            say,
            json::client(row).value(),
            &format!("{:<10} {}{was}{archived}", row.code, row.name),
        );
    }
    Ok(false)
}

/// Says that two are one person: the first stands under the second from then on.
fn merge(
    device: &mut Device,
    (client, kept): (&str, &str),
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let (client, kept) = (client_named(&index, client)?.id, client_named(&index, kept)?.id);
    device.apply(Edit::SameAs { client, kept: Some(kept) }, now)?;
    Ok(true)
}

/// Says that one is somebody else; it is named by the code that it has of its own.
fn part(device: &mut Device, code: &str, now: Timestamp) -> Result<bool, Refused> {
    let index = device.index();
    let own = |client: &ClientId| {
        index.own_row(*client).is_some_and(|row| row.code.eq_ignore_ascii_case(code.trim()))
    };
    // One whose record is out of sight by now is named still.
    let named = |row: &&Arc<ClientRow>| row.same_as.is_some() && own(&row.id);
    let twin = index.merged.keys().copied().find(own);
    let hidden = || {
        let mut hidden = index.erasures.iter().filter(|(scope, _)| scope.record.is_none());
        let (scope, _) = hidden.find(|(_, row)| row.code.eq_ignore_ascii_case(code.trim()))?;
        Some(scope.client)
    };
    let shown = twin.or_else(|| index.clients.values().find(named).map(|row| row.id));
    let client = shown.or_else(hidden);
    let Some(client) = client else {
        return refuse(
            "That code is not of a client who stands under another.",
            "`tacenda client list` shows whom a client was.",
        );
    };
    device.apply(Edit::SameAs { client, kept: None }, now)?;
    Ok(true)
}

/// Lists the timeline, or what in it is of one kind: a look into the chart, with its entry in the trail.
fn show(
    device: &mut Device,
    code: &str,
    kind: Option<&str>,
    (now, say): (Timestamp, Say<'_>),
) -> Result<bool, Refused> {
    let kind = match kind.map(Kind::named) {
        None => None,
        Some(Some(kind)) => Some(kind),
        Some(None) => {
            let words = Kind::ALL.map(Kind::word).join(", ");
            return refuse("There is no such kind.", &format!("Kinds are {words}."));
        }
    };
    let client = client_named(&device.index(), code)?.id;
    device.open(Subject::Chart(client), Purpose::Query, now)?;
    let index = device.index();
    let fits = |line: &timeline::Line| kind.is_none() || line.kind() == kind;
    for line in timeline::of(&index, client, now).iter().filter(|line| fits(line)) {
        let entry = json::entry(&index, client, line);
        let text = entry_text(&entry.body);
        say_line(say, entry.value(), &text);
    }
    Ok(false)
}

/// A line for people: the day, what it is, and what can be said of it without anybody's words.
fn entry_text(entry: &json::Entry) -> String {
    let day = entry.time.get(..16).unwrap_or(&entry.time).replace('T', " ");
    let below = if entry.added { "+ " } else { "" };
    let says = [
        entry.status.map(str::to_owned),
        // Before it took place, nothing is missing.
        entry.note.filter(|_| entry.status == Some("held")).map(|note| format!("note {note}")),
        entry.instrument.clone(),
        entry.total.map(|total| total.to_string()),
        entry.words.map(|words| text::counted(words, "word", "words")),
        entry.of.clone(),
    ];
    let says = says.into_iter().flatten().collect::<Vec<_>>().join("  ");
    let id = entry.id.as_deref().unwrap_or("");
    format!("{day}  {below}{:<12} {says}  {id}", entry.what).trim_end().to_owned()
}
