//! Taking in a calendar of others: what it comes to is told first, or only.

use super::{Refused, Say, refuse, say_line};
use crate::cli::request::{TakeInCalendar, WriteFeed};
use crate::device::home::Home;
use crate::device::open::Device;
use crate::notice::Notice;
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::edit::{AppointmentKind, NewAppointment};
use tacenda_shared::practice::schedule::ical::{
    BROUGHT_MAX, Busy, Calendar, Doubts, IcalError, Plan, Says, TakeIn, plan,
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
    if how.listed {
        list(device, text, how, now, say)?;
        return Ok(false);
    }
    let (plan, doubts) = planned(device, text, how, now)?;
    report(&plan, doubts, how.dry_run, say);
    if how.dry_run || plan.edits.is_empty() {
        return Ok(false);
    }
    device.apply_all(plan.edits.into_iter().map(|edit| (now, edit)))?;
    Ok(true)
}

/// A calendar that reads, the days that are looked at, and when somebody is busy in them.
type Read = (Calendar, (Date, Date), Vec<Busy>);

fn read(
    device: &Device,
    text: &str,
    how: &TakeInCalendar,
    now: Timestamp,
) -> Result<Read, Refused> {
    let index = device.index();
    let calendar = Calendar::read(text.as_bytes()).map_err(|error| unreadable(&error))?;
    let date = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Date>().ok());
    let from = date(&how.from).unwrap_or_else(|| super::local(&index, now).date());
    let to = date(&how.to).unwrap_or_else(|| from.saturating_add(i64::from(how.days).days()));
    if to <= from {
        return refuse("The last day comes before the first.", "Give --from DATE and --to DATE.");
    }
    let zone = TimeZone::get(&index.zone).unwrap_or(TimeZone::UTC);
    let busy = calendar.busy(from, to, &zone).map_err(|error| unreadable(&error))?;
    Ok((calendar, (from, to), busy))
}

/// Lists when somebody is busy by a calendar: one object, or a line for each.
fn list(
    device: &Device,
    text: &str,
    how: &TakeInCalendar,
    now: Timestamp,
    say: Say<'_>,
) -> Result<(), Refused> {
    let (calendar, (from, to), busy) = read(device, text, how, now)?;
    let moment = |busy: &Busy, local: DateTime, instant: jiff::Timestamp| match busy.all_day {
        true => serde_json::json!({"date": local.date().to_string()}),
        false => serde_json::json!({"utc": instant.to_string(), "local": local.to_string()}),
    };
    let occurrence = |busy: &Busy| {
        serde_json::json!({
            "uid": busy.uid,
            "start": moment(busy, busy.start, busy.instants.0),
            "end": moment(busy, busy.end, busy.instants.1),
            "summary": busy.title,
        })
    };
    let doubts = calendar.doubts();
    let json = serde_json::json!({
        "schema": 1, "type": "calendar", "from": from.to_string(), "to": to.to_string(),
        "count": busy.len(), "occurrences": busy.iter().map(occurrence).collect::<Vec<_>>(),
        "unknown_zones": doubts.unknown_zones, "broken_lines": doubts.broken_lines,
    });
    let times = busy.iter().take(SHOWN).map(|busy| {
        let until = busy.end.strftime("%H:%M");
        let when = if busy.all_day { "all day".to_owned() } else { format!("to {until}") };
        format!("{}  {when}  {}\n", busy.start.strftime("%a %Y-%m-%d %H:%M"), busy.title)
    });
    let mut text: String = times.collect();
    if let more @ 1.. = busy.len().saturating_sub(SHOWN) {
        text.push_str(&format!("and {more} more\n"));
    }
    text.push_str(&format!("{} from {from} until before {to}", busy.len()));
    for (count, words) in in_doubt(doubts) {
        if count > 0 {
            text.push_str(&format!("\n{count} {words}"));
        }
    }
    say_line(say, json, &text);
    Ok(())
}

/// Reads a calendar and returns what taking it in comes to, and what of it was not understood.
pub(crate) fn planned(
    device: &Device,
    text: &str,
    how: &TakeInCalendar,
    now: Timestamp,
) -> Result<(Plan, Doubts), Refused> {
    let index = device.index();
    let clinician = super::clinician(device)?;
    let (calendar, window, busy) = read(device, text, how, now)?;
    let kind =
        if how.appointments { AppointmentKind::Consultation } else { AppointmentKind::TimeOff };
    let take_in = TakeIn { clinician, kind, titles: how.titles, undo: how.undo };
    let Ok(plan) = plan((&calendar, &busy), &take_in, window, &index) else {
        let happened = format!("The calendar has more than {BROUGHT_MAX} busy times in that time.");
        return refuse(&happened, "Take fewer days: --days N, or --from and --to.");
    };
    Ok((plan, calendar.doubts()))
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

/// What of a file was not understood, in words.
const fn in_doubt(doubts: Doubts) -> [(usize, &'static str); 2] {
    let Doubts { unknown_zones, broken_lines } = doubts;
    [
        (unknown_zones, "zones that nobody knows, read as local time"),
        (broken_lines, "lines that cannot be read, passed over"),
    ]
}

fn report(plan: &Plan, doubts: Doubts, dry_run: bool, say: Say<'_>) {
    let shown = if dry_run { SHOWN } else { 0 };
    for new in plan.new.iter().take(shown) {
        say_line(say, as_json(new), &as_text(new));
    }
    if dry_run && plan.new.len() > SHOWN {
        let more = plan.new.len() - SHOWN;
        let json = serde_json::json!({"schema": 1, "type": "more", "count": more});
        say_line(say, json, &format!("and {more} more"));
    }
    let [zones, lines] = in_doubt(doubts).map(|(count, words)| (words, count));
    let counts = [
        ("new", plan.new.len()),
        ("moved", plan.moved),
        ("cancelled", plan.cancelled),
        ("unchanged", plan.same),
        ("not busy", plan.free),
        zones,
        lines,
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
