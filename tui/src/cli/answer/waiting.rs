//! The waiting list on the command line.

use super::{Refused, Say, client_named, clinician, local, refuse, say_line};
use crate::cli::request::Request;
use crate::device::open::Device;
use jiff::civil::DateTime;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::schedule::waiting::{Opening, Waiting, Wish, ranked};

/// Answers what is asked about the waiting list.
pub(super) fn answer(
    device: &mut Device,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::Wait { client, wish } => wait(device, &client, wish, now),
        Request::Waiting { at, minutes } => list(device, (at.as_deref(), minutes), now, say),
        _ => Ok(false),
    }
}

/// Puts a client on the list, changes what they would take, or takes them off.
fn wait(
    device: &mut Device,
    code: &str,
    wish: Option<String>,
    now: Timestamp,
) -> Result<bool, Refused> {
    let index = device.index();
    let row = client_named(&index, code)?;
    let client = row.id;
    let waiting = match wish.map(|text| Wish::parse(&text, &index.clinicians)) {
        None => None,
        Some(Ok(wish)) => {
            let since = row.waits().map_or(now, |known| known.since);
            Some(Waiting { since, wish })
        }
        Some(Err(fault)) => {
            let happened = format!("That is no time or way: {fault}.");
            return refuse(&happened, "Write it like this: \"Mon-Wed 9-12, Fri, video\".");
        }
    };
    device.apply(Edit::Wait { client, waiting }, now)?;
    Ok(true)
}

/// Lists who waits, whom a time suits best first.
fn list(
    device: &mut Device,
    (at, minutes): (Option<&str>, u16),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let opening = match at.map(str::parse::<DateTime>) {
        None => None,
        Some(Ok(start)) => {
            Some(Opening { clinician: clinician(device)?, start, minutes, modality: None })
        }
        Some(Err(_)) => return refuse("That is no time.", "Write it as 2026-11-30T10:00."),
    };
    device.audit_query(now)?;
    for (row, fit) in ranked(&index, opening.as_ref()) {
        let Some(waiting) = row.waits() else { continue };
        let since = local(&index, waiting.since).date();
        let wish = waiting.wish.words(&index.clinicians);
        let suits = fit.map(|fit| fit.suits());
        let json = serde_json::json!({
            "schema": 1, "type": "waiting", "client": row.code, "since": since.to_string(),
            "wish": wish, "suits": suits,
        });
        let mark = match suits {
            Some(true) => "  suits",
            _ => "",
        };
        let wish = if wish.is_empty() { "any time" } else { &wish };
        say_line(say, json, &format!("{:<10} since {since}  {wish}{mark}", row.code));
    }
    Ok(false)
}
