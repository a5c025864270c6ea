//! Consents on the command line.

use super::{Refused, Say, client_named, entries_with, local, refuse, say_line, whose};
use crate::cli::request::{AddConsent, ConsentWish};
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::screen::consents::kind_words;
use crate::screen::parts::consents::state_words;
use jiff::civil::Date;
use tacenda_shared::id::{ClientId, RecordId, Timestamp};
use tacenda_shared::practice::consent::{
    ConsentHow, ConsentKind, ConsentState, ConsentView, NewConsent,
};
use tacenda_shared::practice::edit::{Edit, Purpose, Subject};
use tacenda_shared::practice::view::View;

/// Answers what is asked about consents.
pub(super) fn answer(
    device: &mut Device,
    client: &str,
    wish: ConsentWish,
    (now, say): (Timestamp, Say<'_>),
) -> Result<bool, Refused> {
    match wish {
        ConsentWish::Add(new) => add(device, (client, &new), now, say),
        ConsentWish::List => list(device, client, now, say),
        ConsentWish::Revoke { id, on, reason } => {
            let (client, record) = named(device, client, &id)?;
            let today = local(&device.index(), now).date();
            let revoked = Some((date(on.as_ref())?.unwrap_or(today), reason.0.trim().to_owned()));
            device.apply(Edit::RevokeConsent { client, record, revoked }, now)?;
            Ok(true)
        }
        ConsentWish::Strike { id } => {
            let (client, record) = named(device, client, &id)?;
            device.apply(Edit::StrikeConsent { client, record, struck: true }, now)?;
            Ok(true)
        }
    }
}

fn named(device: &Device, code: &str, id: &str) -> Result<(ClientId, RecordId), Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    match RecordId::parse(id) {
        Some(record) => Ok((whose(&index, client, record), record)),
        None => refuse("That is no id of a consent.", "Run `tacenda consent list CODE`."),
    }
}

fn date(text: Option<&String>) -> Result<Option<Date>, Refused> {
    match text.map(|text| text.parse()) {
        None => Ok(None),
        Some(Ok(date)) => Ok(Some(date)),
        Some(Err(_)) => refuse("That is no date.", "Write it as 2026-11-25."),
    }
}

fn add(
    device: &mut Device,
    (code, new): (&str, &AddConsent),
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, code)?.id;
    let Some(kind) = ConsentKind::named(&new.kind) else {
        let kinds = ConsentKind::ALL.map(ConsentKind::word).join(", ");
        return refuse("There is no such kind of consent.", &format!("Choose one of: {kinds}."));
    };
    let Some(how) = ConsentHow::named(&new.how) else {
        let ways = ConsentHow::ALL.map(ConsentHow::word).join(", ");
        return refuse("A consent is not given in that way.", &format!("Choose one of: {ways}."));
    };
    let renews = new.renews.as_ref().map(|id| RecordId::parse(id));
    if renews == Some(None) {
        return refuse("That is no id of a consent.", "Run `tacenda consent list CODE`.");
    }
    let given = date(new.given.as_ref())?.unwrap_or(local(&index, now).date());
    let (until, renews) = (date(new.until.as_ref())?, renews.flatten());
    // One that is renewed lies beside the one that it renews.
    let client = renews.map_or(client, |record| whose(&index, client, record));
    let mut consent =
        NewConsent { until, refused: new.refused, renews, ..NewConsent::new(kind, given, how) };
    for line in new.text.0.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let field = match line.split_once(':').map(|(label, words)| (label, words.trim())) {
            Some(("to", words)) => (&mut consent.recipient, words),
            Some(("covers", words)) => (&mut consent.covers, words),
            Some(("said", words)) => (&mut consent.said, words),
            _ => {
                return refuse(
                    "A line does not say what it is.",
                    "Begin each line with `to: `, `covers: ` or `said: `.",
                );
            }
        };
        *field.0 = field.1.to_owned();
    }
    let record = RecordId::random(&mut OsRandom);
    device.apply(Edit::RecordConsent { client, record, consent: Box::new(consent) }, now)?;
    let json = serde_json::json!({
        "schema": 1, "type": "consent-added", "client": code, "id": record.to_string(),
    });
    say_line(say, json, &record.to_string());
    Ok(true)
}

fn list(device: &mut Device, code: &str, now: Timestamp, say: Say<'_>) -> Result<bool, Refused> {
    let index = device.index();
    let row = client_named(&index, code)?;
    let today = local(&index, now).date();
    for (client, code) in entries_with(&row, |one| index.consents.contains_key(&one)) {
        let subject = Subject::Consents(client);
        let View::Consents(view) = device.open(subject, Purpose::Query, now)? else {
            return refuse("There are no such consents.", "Run `tacenda client list`.");
        };
        device.close_view(subject, now);
        for one in &view.consents {
            say_line(say, json(&code, one, today), &line(one, today));
        }
    }
    Ok(true)
}

fn line(one: &ConsentView, today: Date) -> String {
    let row = &one.row;
    let state = match one.struck {
        true => "struck".to_owned(),
        false => state_words(row.state(today), today),
    };
    let until = row.until.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let words = [("covers", &one.covers), ("said", &one.said), ("because", &one.reason)];
    let words = words.iter().filter(|(_, text)| !text.is_empty());
    let words: String = words.map(|(label, text)| format!("  {label}: {text}")).collect();
    let how = one.how.title();
    let kind = kind_words(one, false);
    format!("{}  {kind:<20}  {}  {until:<10}  {how:<12}  {state}{words}", row.record, row.given)
}

fn json(client: &str, one: &ConsentView, today: Date) -> serde_json::Value {
    let row = &one.row;
    let state = match row.state(today) {
        _ if one.struck => "struck",
        ConsentState::Active => "active",
        ConsentState::Expires(_) => "expires",
        ConsentState::Expired(_) => "expired",
        ConsentState::Refused(_) => "refused",
        ConsentState::Renewed(_) => "renewed",
        ConsentState::Revoked(_) => "revoked",
    };
    let revoked = match row.state(today) {
        ConsentState::Revoked(date) => Some(date.to_string()),
        _ => None,
    };
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    serde_json::json!({
        "schema": 1, "type": "consent", "client": client, "id": row.record.to_string(),
        "kind": row.kind.word(), "to": text(&one.recipient), "covers": text(&one.covers),
        "given": row.given.to_string(), "until": row.until.map(|date| date.to_string()),
        "how": one.how.word(), "said": text(&one.said), "state": state, "revoked": revoked,
        "revoked_because": text(&one.reason),
        "renews": one.renews.map(|record| record.to_string()),
    })
}
