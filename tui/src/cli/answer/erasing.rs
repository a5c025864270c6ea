//! `erase`: what is asked and ordered, what is due, and who has not carried it out.

use super::{Refused, Say, client_named, refuse, say_line};
use crate::cli::request::EraseWish;
use crate::device::courier::ErasureStatus;
use crate::device::home::Home;
use crate::device::open::Device;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tacenda_shared::id::{ClientId, DeviceId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::erasure::{KEPT_YEARS, Stage, kept_until, last_service};
use tacenda_shared::practice::view::Index;

pub(super) fn carry_out(
    device: &mut Device,
    home: &Home,
    (code, wish): (&str, EraseWish),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    match wish {
        EraseWish::Ask { before_retention } => {
            let client = client_named(&index, code)?.id;
            if !before_retention {
                check_retention(&index, client, now)?;
            }
            device.apply(Edit::AskErasure { client }, now)?;
            told(device, client, now, say);
        }
        EraseWish::Withdraw => {
            let client = hidden(&index, code)?;
            device.apply(Edit::WithdrawErasure { client }, now)?;
        }
        EraseWish::CarryOut { passphrase } => {
            let client = hidden(&index, code)?;
            let typed = Passphrase::from_text(&passphrase.0).unwrap_or_default();
            Device::check_passphrase(home, &typed, now)?;
            device.apply(Edit::OrderErasure { client }, now)?;
            device.erase_unsent()?;
            told(device, client, now, say);
        }
        EraseWish::Hold | EraseWish::LetGo => {
            let shown = || client_named(&index, code).map(|row| row.id);
            let client = hidden(&index, code).or_else(|_| shown())?;
            let held = matches!(wish, EraseWish::Hold);
            device.apply(Edit::Hold { client, held }, now)?;
        }
    }
    Ok(true)
}

/// Lists what was asked for and what a legal hold keeps.
pub(super) fn list(device: &mut Device, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    if device.is_attached() && !index.erasures.is_empty() {
        // Who has carried it out stands in the logs.
        device.attach(now)?;
    }
    for status in device.erasures() {
        line(device, &status, now, say);
    }
    for client in index.holds.iter().filter(|client| !index.erasures.contains_key(*client)) {
        let code = index.clients.get(client).map_or("?", |row| row.code.as_str());
        let json = serde_json::json!({"schema": 1, "type": "hold", "client": code});
        say_line(say, json, &format!("{code:<10} a legal hold keeps this record"));
    }
    Ok(false)
}

fn told(device: &Device, client: ClientId, now: Timestamp, say: Say<'_>) {
    let all = device.erasures();
    if let Some(status) = all.iter().find(|status| status.client == client) {
        line(device, status, now, say);
    }
}

fn line(device: &Device, status: &ErasureStatus, now: Timestamp, say: Say<'_>) {
    let index = device.index();
    let day = |time| date(&index, time);
    let due = status.erasure.due();
    // After its name has died, a record has only the id that calendars still know.
    let short = status.client.to_string().chars().take(8).collect::<String>();
    let code = if status.code.is_empty() { short } else { status.code.clone() };
    // A practice without a server has one device.
    let missing = status.missing.clone().or((!device.is_attached()).then(Vec::new));
    let names: Option<Vec<String>> =
        missing.map(|ids| ids.into_iter().map(|id| name_of(device, id)).collect());
    let (stage, text) = match (status.erasure.stage, status.gone) {
        (Stage::Withdrawn, _) => return,
        (Stage::Ordered(at), true) => match &names {
            Some(names) if names.is_empty() => {
                ("erased", format!("ordered {}; its keys are dead on every device", day(at)))
            }
            Some(names) => (
                "erasing",
                format!("ordered {}; dead here, not yet on {}", day(at), names.join(", ")),
            ),
            None => (
                "erasing",
                format!("ordered {}; nothing of it is here, others are not known of", day(at)),
            ),
        },
        (Stage::Ordered(at), false) if status.held => {
            ("held", format!("ordered {}; a legal hold keeps it here", day(at)))
        }
        (Stage::Ordered(at), false) => {
            ("ordered", format!("ordered {}; it dies with the next sync", day(at)))
        }
        (Stage::Asked, _) if status.held => ("held", "hidden; a legal hold keeps it".to_owned()),
        (Stage::Asked, _) if now < due => {
            ("asked", format!("hidden on every device; can be erased from {} on", day(due)))
        }
        (Stage::Asked, _) => {
            ("due", format!("hidden; can be erased: tacenda erase carry-out {code}"))
        }
    };
    let json = serde_json::json!({
        "schema": 1, "type": "erasure", "client": code, "stage": stage,
        "asked": day(status.erasure.asked).to_string(), "due": day(due).to_string(),
        "missing": names,
    });
    say_line(say, json, &format!("{code:<10} {text}"));
}

fn name_of(device: &Device, id: DeviceId) -> String {
    let rows = device.sync_status().devices;
    rows.into_iter().find(|row| row.id == id).map_or_else(|| "?".to_owned(), |row| row.name)
}

/// Finds a record that is to be erased, by its code or by how its id begins.
fn hidden(index: &Index, code: &str) -> Result<ClientId, Refused> {
    let code = code.trim();
    let fits = |(client, code_of): (&ClientId, &str)| {
        code_of.eq_ignore_ascii_case(code)
            || (code_of.is_empty() && code.len() >= 8 && client.to_string().starts_with(code))
    };
    let all = index.erasures.iter().map(|(client, row)| (client, row.code.as_str()));
    let mut found = all.filter(|one| fits(*one));
    match (found.next(), found.next()) {
        (Some((client, _)), None) => Ok(*client),
        _ => refuse("No record with that code is to be erased.", "Run `tacenda erase list`."),
    }
}

fn check_retention(index: &Index, client: ClientId, now: Timestamp) -> Result<(), Refused> {
    let Some(last) = last_service(index, client, now) else { return Ok(()) };
    let until = kept_until(last);
    if until < date(index, now) {
        return Ok(());
    }
    let happened = format!(
        "The last session was on {last}. Records are usually kept for {KEPT_YEARS} years after it, \
         here until {until}; for a minor it can be longer."
    );
    refuse(
        &happened,
        "Look up what the law asks of you. If it lets you erase the record now, say so: \
         --before-retention. If not, tell the client why and until when.",
    )
}

fn date(index: &Index, time: Timestamp) -> Date {
    let zone = TimeZone::get(&index.zone).unwrap_or(TimeZone::UTC);
    let instant = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap_or_default();
    instant.to_zoned(zone).date()
}
