//! Taking in a calendar of others: what it comes to is told first, or only.

use super::{Refused, Say, refuse, say_line};
use crate::cli::request::{TakeInCalendar, WriteFeed};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::{AppointmentKind, NewAppointment};
use tacenda_shared::practice::schedule::ical::{
    BROUGHT_MAX, Calendar, IcalError, Plan, Says, TakeIn, plan,
};

/// Appointments that are printed one by one.
const SHOWN: usize = 20;

/// Takes in a file, or only says what would come in.
pub(super) fn import(
    device: &mut Device,
    text: &str,
    how: &TakeInCalendar,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let (plan, unknown_zones) = planned(device, text, how, now)?;
    report(&plan, unknown_zones, how.dry_run, say);
    if how.dry_run || plan.edits.is_empty() {
        return Ok(false);
    }
    device.apply_all(plan.edits.into_iter().map(|edit| (now, edit)))?;
    Ok(true)
}

/// Reads a calendar and returns what taking it in comes to, and how many of its zones nobody knows.
pub(crate) fn planned(
    device: &Device,
    text: &str,
    how: &TakeInCalendar,
    now: Timestamp,
) -> Result<(Plan, usize), Refused> {
    let index = device.index();
    let clinician = super::clinician(device)?;
    let calendar = Calendar::read(text.as_bytes()).map_err(|error| unreadable(&error))?;
    let today = super::local(&index, now).date();
    let until = today.saturating_add(i64::from(how.days).days());
    let zone = TimeZone::get(&index.zone).unwrap_or(TimeZone::UTC);
    let busy = calendar.busy(today, until, &zone).map_err(|error| unreadable(&error))?;
    let kind =
        if how.appointments { AppointmentKind::Consultation } else { AppointmentKind::TimeOff };
    let take_in = TakeIn { clinician, kind, titles: how.titles, undo: how.undo };
    let Ok(plan) = plan((&calendar, &busy), &take_in, (today, until), &index) else {
        let happened = format!("The calendar has more than {BROUGHT_MAX} busy times in that time.");
        return refuse(&happened, "Take fewer days: --days N.");
    };
    Ok((plan, calendar.unknown_zones()))
}

/// Prints when somebody is busy, once the passphrase was typed again and the entry is written.
pub(super) fn feed(
    device: &mut Device,
    home: &Home,
    asked: &WriteFeed,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let typed = Passphrase::from_text(&asked.passphrase.0).unwrap_or_default();
    Device::check_passphrase(home, &typed, now)?;
    let today = super::local(&device.index(), now).date();
    let until = today.saturating_add(i64::from(asked.days).days());
    let says = if asked.initials { Says::Initials } else { Says::Busy };
    let released = device.feed((today, until), says, now)?;
    for line in String::from_utf8_lossy(released.bytes()).lines() {
        let json = serde_json::json!({"schema": 1, "type": "line", "line": line});
        say_line(say, json, line);
    }
    Ok(true)
}

fn report(plan: &Plan, unknown_zones: usize, dry_run: bool, say: Say<'_>) {
    let shown = if dry_run { SHOWN } else { 0 };
    for new in plan.new.iter().take(shown) {
        say_line(say, as_json(new), &as_text(new));
    }
    if dry_run && plan.new.len() > SHOWN {
        let more = plan.new.len() - SHOWN;
        let json = serde_json::json!({"schema": 1, "type": "more", "count": more});
        say_line(say, json, &format!("and {more} more"));
    }
    let counts = [
        ("new", plan.new.len()),
        ("moved", plan.moved),
        ("cancelled", plan.cancelled),
        ("unchanged", plan.same),
        ("not busy", plan.free),
        ("zones that nobody knows, read as local time", unknown_zones),
    ];
    let verb = if dry_run { "would be" } else { "are" };
    for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        let json = serde_json::json!({"schema": 1, "type": "calendar", "of": what, "count": count});
        say_line(say, json, &format!("{count} {verb} {what}"));
    }
    if counts.iter().all(|(_, count)| *count == 0) {
        let json = serde_json::json!({"schema": 1, "type": "calendar", "of": "new", "count": 0});
        say_line(say, json, "nothing in that time");
    }
}

fn as_json(new: &NewAppointment) -> serde_json::Value {
    serde_json::json!({
        "schema": 1, "type": "busy", "start": new.slot.start.to_string(),
        "zone": new.slot.zone, "minutes": new.slot.minutes, "memo": new.memo,
    })
}

/// Says when somebody is busy, in a line.
pub(crate) fn as_text(new: &NewAppointment) -> String {
    let memo = new.memo.as_deref().unwrap_or_default();
    format!("{}  {:>4}m  {memo}", new.slot.start.strftime("%a %Y-%m-%d %H:%M"), new.slot.minutes)
}

fn unreadable(error: &IcalError) -> Refused {
    Refused::Notice(Notice::new(
        format!("The calendar cannot be taken in, line {}: {}.", error.line, error.cause),
        "Nothing has been changed.",
        "Export it once more from the program that it comes from, as iCalendar (.ics).",
    ))
}
