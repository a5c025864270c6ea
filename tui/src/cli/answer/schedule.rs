//! The schedule on the command line.

use super::{Refused, Say, codes, local, refuse, say_line};
use crate::cli::problems;
use crate::cli::request::{ShowDay, Span};
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::update::front_desk::WORDS;
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, MemberId, SeriesId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Status};
use tacenda_shared::practice::interchange::json;
use tacenda_shared::practice::quick_add::{Locale, QuickAdd, QuickAddContext, parse};
use tacenda_shared::practice::reach::Reach;
use tacenda_shared::practice::view::{AppointmentRow, Index};

const DEFAULT_MINUTES: u16 = 50;
/// How far the next appointment is looked for, in days.
const NEXT_DAYS: i64 = 365;

pub(super) fn today(
    device: &mut Device,
    asked: &ShowDay,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let mut index = device.index();
    let (date, front_desk) = (asked.date.as_deref(), asked.front_desk);
    let date = match date {
        Some(text) => match text.parse() {
            Ok(date) => date,
            Err(_) => return refuse("That is not a date.", "Write it as 2026-11-25."),
        },
        None => local(&index, now).date(),
    };
    device.audit_query(now)?;
    if front_desk {
        index = Arc::new(index.seen_with(Reach::FrontDesk));
        let json = serde_json::json!({"schema": 1, "type": "seen-as", "who": "front-desk"});
        say_line(say, json, WORDS);
    }
    let rows: Vec<&AppointmentRow> = match asked.span {
        Span::Day => on(&index, date, date).collect(),
        Span::Week => {
            let since_monday = i64::from(date.weekday().to_monday_zero_offset());
            let monday = date.saturating_sub(since_monday.days());
            on(&index, monday, monday.saturating_add(6.days())).collect()
        }
        Span::Next => {
            let ahead = on(&index, date, date.saturating_add(NEXT_DAYS.days()));
            ahead.filter(|row| is_ahead(row, now)).take(1).collect()
        }
    };
    for row in rows {
        let day = match asked.span {
            Span::Day => String::new(),
            Span::Week | Span::Next => format!("{}  ", row.slot.start.strftime("%a %Y-%m-%d")),
        };
        let text = format!("{day}{}", line(&index, row));
        say_line(say, json::appointment(&index, row).value(), &text);
    }
    Ok(false)
}

/// The appointments from one day to another, in order.
fn on(index: &Index, from: Date, to: Date) -> impl Iterator<Item = &AppointmentRow> {
    let ids = index.days.range(from..=to).flat_map(|(_, ids)| ids);
    ids.filter_map(|id| index.appointments.get(id)).map(AsRef::as_ref)
}

/// Whether somebody still comes: it is not over, and nobody has called it off.
fn is_ahead(row: &AppointmentRow, now: Timestamp) -> bool {
    let ends = row.starts.plus_millis(i64::from(row.slot.minutes) * 60_000);
    let off = row.status.frees_the_slot() || matches!(row.status, Status::Held | Status::NoShow);
    ends > now && !off && !row.clients.is_empty()
}

pub(super) fn line(index: &Index, row: &AppointmentRow) -> String {
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

/// What `new` was asked.
pub(super) struct Sentence {
    pub(super) sentence: String,
    pub(super) dry_run: bool,
    pub(super) as_of: Option<String>,
    pub(super) locale: String,
}

pub(super) fn book(
    device: &mut Device,
    asked: &Sentence,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let index = device.index();
    let read = read_sentence((&index, super::clinician(device)?), asked, now)?;
    let id = AppointmentId::random(&mut OsRandom);
    let problems: Vec<_> = read.problems.iter().map(problems::words).collect();
    let new = read.appointment(id);
    let booked = new.is_some() && !asked.dry_run;
    let json = json::sentence(&index, &read, booked, problems.clone()).value();
    // What does not keep it from being booked is said all the same: it is booked at once.
    let mut text = read.resolved.clone();
    let notes = read.problems.iter().filter(|problem| !problem.blocks());
    for note in notes.map(problems::words) {
        text.push_str(&format!(" ({note})"));
    }
    say_line(say, json, &text);
    let Some(new) = new else {
        let why = problems.first().map_or("The sentence is not an appointment.", String::as_str);
        let why = format!("Not booked: {why}.");
        return refuse(&why, "Say who and when, such as \"as-007 thu 3pm 50m room 2\".");
    };
    if asked.dry_run {
        return Ok(false);
    }
    let edit = match read.series(SeriesId::random(&mut OsRandom)) {
        Some(series) => Edit::BookSeries(Box::new(series)),
        None => Edit::Book(new),
    };
    device.apply(edit, now)?;
    Ok(true)
}

fn read_sentence(
    (index, clinician): (&Index, MemberId),
    asked: &Sentence,
    now: Timestamp,
) -> Result<QuickAdd, Refused> {
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
