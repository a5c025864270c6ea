//! Progress reports on the command line: what one can hold, and one that leaves through the gate.

use super::{Refused, Say, client_named, local, refuse, say_line};
use crate::cli::report::{ReportAsked, ReportOut};
use crate::cli::request::Reply;
use crate::device::home::Home;
use crate::device::letting_out::ReportFor;
use crate::device::open::Device;
use crate::report::{self, Chosen, Item};
use crate::screen::report::consent_words;
use jiff::civil::Date;
use serde_json::json;
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, Timestamp};
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::{Label, Purpose, Subject};
use tacenda_shared::practice::view::View;

/// Answers what is asked about a report.
pub(super) fn answer(
    device: &mut Device,
    home: &Home,
    asked: &ReportAsked,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let client = client_named(&index, &asked.client)?.id;
    let (Ok(from), Ok(to)) = (asked.from.parse::<Date>(), asked.to.parse::<Date>()) else {
        return refuse("That is no date.", "Write dates as 2026-11-25.");
    };
    if to < from {
        return refuse("The period ends before it begins.", "Say the earlier day first.");
    }
    let mut chosen = Chosen::default();
    for word in &asked.items {
        match Item::named(word) {
            Some(item) => chosen.set(item, true),
            None => {
                return refuse(
                    "One of the words names nothing that a report can hold.",
                    "Run the command without --output: it lists them.",
                );
            }
        }
    }
    match &asked.out {
        None => list(device, client, (from, to), &chosen, (now, say)),
        Some(out) => let_out(device, home, (client, (from, to), chosen), out, (now, say)),
    }
}

/// Lists what a report can hold: a look into the chart, with its entry in the trail.
fn list(
    device: &mut Device,
    client: ClientId,
    (from, to): (Date, Date),
    chosen: &Chosen,
    (now, say): (Timestamp, Say<'_>),
) -> Result<bool, Refused> {
    let subject = Subject::Report(client, from, to);
    let View::Report(view) = device.open(subject, Purpose::Query, now)? else { return Ok(false) };
    for offer in report::offers(&view, &device.index()) {
        let word = offer.item.word();
        let is_chosen = chosen.has(offer.item);
        let labels: Vec<_> = offer.labels.iter().map(|label| label.word()).collect();
        let json = json!({"schema": 1, "type": "report-item", "item": word, "chosen": is_chosen,
            "says": offer.words, "labels": labels});
        let tick = if is_chosen { "x" } else { " " };
        let said = if offer.labels.is_empty() {
            String::new()
        } else {
            format!("  ({})", Label::list(&offer.labels))
        };
        say_line(say, json, &format!("[{tick}] {}{said}  {word}", offer.words));
    }
    Ok(false)
}

fn let_out(
    device: &mut Device,
    home: &Home,
    (client, period, chosen): (ClientId, (Date, Date), Chosen),
    out: &ReportOut,
    (now, say): (Timestamp, Say<'_>),
) -> Result<bool, Refused> {
    if chosen.count() == 0 {
        return refuse(
            "The report would hold nothing.",
            "Name what it needs with --item; without --output the command lists what there is.",
        );
    }
    let mut words = out.words.0.lines().map(str::trim);
    let recipient = words.next().unwrap_or_default().to_owned();
    let purpose = words.next().unwrap_or_default().to_owned();
    if recipient.is_empty() || purpose.is_empty() {
        return refuse(
            "It is not said for whom the report is, or what for.",
            "Give both on standard input, a line each.",
        );
    }
    let index = device.index();
    let offered = known(device, client, period, now)?;
    if !chosen.items().all(|item| offered.contains(item)) {
        return refuse(
            "Something that was named is not in this chart and period.",
            "Run the command without --output: it lists what there is.",
        );
    }
    let typed = Passphrase::from_text(&out.passphrase.0).unwrap_or_default();
    Device::check_passphrase(home, &typed, now)?;
    if let Some(words) = consent_words(&index, client, local(&index, now).date()) {
        let json = json!({"schema": 1, "type": "warning", "says": words});
        say_line(say, json, &words);
    }
    let asked = ReportFor { client, period, chosen: &chosen, recipient, purpose, html: out.html };
    let released = device.let_out_report(&asked, now)?;
    let text = String::from_utf8_lossy(released.bytes());
    let json = json!({"schema": 1, "type": "report", "text": text});
    // A command that has gone away has no use for it.
    let _gone = say(Reply::Line { json, text: String::new() });
    Ok(true)
}

fn known(
    device: &mut Device,
    client: ClientId,
    (from, to): (Date, Date),
    now: Timestamp,
) -> Result<BTreeSet<Item>, Refused> {
    let subject = Subject::Report(client, from, to);
    let View::Report(view) = device.open(subject, Purpose::Disclosure, now)? else {
        return Ok(BTreeSet::new());
    };
    Ok(report::offers(&view, &device.index()).into_iter().map(|offer| offer.item).collect())
}
