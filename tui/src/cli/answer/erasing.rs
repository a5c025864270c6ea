//! `erase`: what is asked and ordered, what is due, and who has not carried it out.

use super::{Refused, Say, client_named, entry_named, refuse, say_line, whose};
use crate::cli::request::{EraseWish, Request};
use crate::device::courier::ErasureStatus;
use crate::device::home::Home;
use crate::device::open::Device;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tacenda_shared::id::{ClientId, DeviceId, RecordId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::erasure::{KEPT_YEARS, Scope, Stage, kept_until, last_service};
use tacenda_shared::practice::view::Index;

/// Answers what is asked about erasures.
pub(super) fn answer(
    device: &mut Device,
    home: &Home,
    request: Request,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    match request {
        Request::Erase { client, record, wish } => {
            carry_out(device, home, (&client, record.as_deref(), wish), now, say)
        }
        _ => list(device, now, say),
    }
}

fn carry_out(
    device: &mut Device,
    home: &Home,
    (code, record, wish): (&str, Option<&str>, EraseWish),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    match wish {
        EraseWish::Ask { before_retention } => {
            let shown = client_named(&index, code)?.id;
            let record = record.map(named).transpose()?;
            let client = match record {
                Some(record) => whose(&index, shown, record),
                None => entry_named(&index, code)?.id,
            };
            let scope = Scope { client, record };
            if !before_retention {
                check_retention(&index, shown, now)?;
            }
            device.apply(Edit::AskErasure(scope), now)?;
            told(device, scope, now, say);
            shared(&index, scope, say);
        }
        EraseWish::Withdraw => {
            let scope = hidden(&index, code, record)?;
            device.apply(Edit::WithdrawErasure(scope), now)?;
        }
        EraseWish::CarryOut { passphrase } => {
            let scope = hidden(&index, code, record)?;
            let typed = Passphrase::from_text(&passphrase.0).unwrap_or_default();
            Device::check_passphrase(home, &typed, now)?;
            device.apply(Edit::OrderErasure(scope), now)?;
            device.erase_unsent(now)?;
            told(device, scope, now, say);
            shared(&index, scope, say);
        }
        EraseWish::Hold | EraseWish::LetGo => {
            let shown = || entry_named(&index, code).map(|row| row.id);
            let client =
                hidden(&index, code, None).map(|scope| scope.client).or_else(|_| shown())?;
            let held = matches!(wish, EraseWish::Hold);
            device.apply(Edit::Hold { client, held }, now)?;
        }
    }
    Ok(true)
}

/// Lists what was asked for and what a legal hold keeps.
fn list(device: &mut Device, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    if device.is_attached() && !index.erasures.is_empty() {
        // Who has carried it out stands in the logs.
        device.attach(now)?;
    }
    for status in device.erasures() {
        line(device, &status, now, say);
    }
    for client in
        index.holds.iter().filter(|client| !index.erasures.contains_key(&(**client).into()))
    {
        let code = index.own_row(*client).map_or("?", |row| row.code.as_str());
        let json = serde_json::json!({"schema": 1, "type": "hold", "client": code});
        say_line(say, json, &format!("{code:<10} a legal hold keeps this record"));
    }
    Ok(false)
}

/// Says what is shared about a client and stays: a couple's record is its own.
fn shared(index: &Index, scope: Scope, say: Say<'_>) {
    let theirs = index.groups.values().filter(|group| group.members.contains_key(&scope.client));
    for group in theirs.filter(|_| scope.record.is_none()) {
        let (code, kind) = (&group.code, group.kind.word());
        let json = serde_json::json!({
            "schema": 1, "type": "shared", "client": code, "kind": kind,
        });
        let words = format!(
            "{code:<10} the record that this {kind} shares stays: tacenda note list {code} shows it, \
             tacenda erase ask {code} hides it"
        );
        say_line(say, json, &words);
    }
}

fn told(device: &Device, scope: Scope, now: Timestamp, say: Say<'_>) {
    let all = device.erasures();
    if let Some(status) = all.iter().find(|status| status.scope == scope) {
        line(device, status, now, say);
    }
}

fn line(device: &Device, status: &ErasureStatus, now: Timestamp, say: Say<'_>) {
    let index = device.index();
    let day = |time| date(&index, time);
    let due = status.erasure.due();
    // After its name has died, a record has only the id that calendars still know.
    let short = status.scope.client.to_string().chars().take(8).collect::<String>();
    let code = if status.code.is_empty() { short } else { status.code.clone() };
    let record = status.scope.record.map(|record| record.to_string());
    // A practice without a server has one device.
    let missing = status.missing.clone().or((!device.is_attached()).then(Vec::new));
    let names: Option<Vec<String>> =
        missing.map(|ids| ids.into_iter().map(|id| name_of(device, id)).collect());
    let waits: Vec<String> = status.waits.iter().map(|id| name_of(device, *id)).collect();
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
        (Stage::Ordered(at), false) if !waits.is_empty() => {
            let (at, names) = (day(at), waits.join(", "));
            let words = format!(
                "ordered {at}; waits until {names} has made a draft of words that came too late into a \
                 signed note: let it sync, or revoke it if it is lost"
            );
            ("ordered", words)
        }
        (Stage::Ordered(at), false) => {
            ("ordered", format!("ordered {}; not carried out here yet: let it sync", day(at)))
        }
        (Stage::Asked, _) if status.held => ("held", "hidden; a legal hold keeps it".to_owned()),
        (Stage::Asked, _) if now < due => {
            ("asked", format!("hidden on every device; can be erased from {} on", day(due)))
        }
        (Stage::Asked, _) => {
            let of = record.as_ref().map(|id| format!(" --record {id}")).unwrap_or_default();
            ("due", format!("hidden; can be erased: tacenda erase carry-out {code}{of}"))
        }
    };
    let json = serde_json::json!({
        "schema": 1, "type": "erasure", "client": code, "record": record,
        "stage": stage, "asked": day(status.erasure.asked).to_string(), "due": day(due).to_string(),
        "missing": names, "waits": waits,
    });
    let of = record.map(|id| format!("note {id}  ")).unwrap_or_default();
    say_line(say, json, &format!("{code:<10} {of}{text}"));
}

fn name_of(device: &Device, id: DeviceId) -> String {
    let rows = device.sync_status().devices;
    rows.into_iter().find(|row| row.id == id).map_or_else(|| "?".to_owned(), |row| row.name)
}

/// Reads the id of a record.
fn named(id: &str) -> Result<RecordId, Refused> {
    match RecordId::parse(id.trim()) {
        Some(record) => Ok(record),
        None => refuse("That is no id of a record.", "Run `tacenda note list CODE`."),
    }
}

/// Finds what is to be erased, by the client's code or by how the client's id begins.
fn hidden(index: &Index, code: &str, record: Option<&str>) -> Result<Scope, Refused> {
    let code = code.trim();
    let record = record.map(named).transpose()?;
    let fits = |(scope, code_of): (&Scope, &str)| {
        let by_id = || code.len() >= 8 && scope.client.to_string().starts_with(code);
        // A part of a record is named by any code of the person, as when it was asked for.
        let of_person = || index.client(scope.client).is_some_and(|row| row.has_code(code));
        let client = code_of.eq_ignore_ascii_case(code)
            || (code_of.is_empty() && by_id())
            || (record.is_some() && of_person());
        client && scope.record == record
    };
    let all = index.erasures.iter().map(|(scope, row)| (scope, row.code.as_str()));
    let mut found = all.filter(|one| fits(*one));
    match (found.next(), found.next()) {
        (Some((scope, _)), None) => Ok(*scope),
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
