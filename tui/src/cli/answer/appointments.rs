//! One appointment on the command line: moved, called off, and what came of it.

use super::schedule::line;
use super::{Refused, Say, client_named, local, refuse, say_line};
use crate::cli::appointment::{AppointmentAct, AppointmentWish, Reach};
use crate::device::open::Device;
use crate::screen::parts::{when, who};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, Timestamp};
use tacenda_shared::practice::edit::{Edit, Slot, Status};
use tacenda_shared::practice::interchange::json;
use tacenda_shared::practice::schedule::free::clashes;
use tacenda_shared::practice::schedule::to_come::first_to_come;
use tacenda_shared::practice::view::{AppointmentRow, Index, Occurrence};

/// What can be taken back in the window: what was done, and what undoes it.
type Undo = Option<(String, Edit)>;

/// What is to be done, and what is printed once it is.
struct Act {
    edit: Edit,
    /// For the window, in codes.
    says: String,
    after: After,
}

enum After {
    /// The appointment as it stands then.
    One(AppointmentId),
    /// The first of those that were moved: where it is then.
    First(Slot),
    /// What is gone of a series, and what stays of it.
    Ended(Occurrence),
}

/// Carries out what is asked about an appointment.
pub(super) fn answer(
    device: &mut Device,
    asked: &AppointmentWish,
    now: Timestamp,
    say: Say<'_>,
) -> Result<Undo, Refused> {
    let before = device.index();
    let row = named(&before, asked, now)?;
    let act = match &asked.act {
        AppointmentAct::Status { status } => outcome(&before, &row, status)?,
        AppointmentAct::Cancel { status, reason } => {
            let reason = reason.as_ref().map(|typed| typed.0.trim().to_owned());
            let status = (status_named(status)?, reason);
            cancelled(&before, &row, status, (asked.scope, now))?
        }
        AppointmentAct::Move { .. } => moved(&before, &row, asked, now)?,
    };
    let inverse = device.apply(act.edit, now)?;
    let after = device.index();
    match act.after {
        After::One(id) => after.appointments.get(&id).into_iter().for_each(|row| {
            print(&after, row, say);
        }),
        After::First(slot) => {
            let ids = after.days.get(&slot.start.date()).into_iter().flatten();
            let mut rows = ids.filter_map(|id| after.appointments.get(id));
            let first = rows.find(|found| found.slot == slot && found.clients == row.clients);
            first.into_iter().for_each(|row| print(&after, row, say));
        }
        After::Ended(one) => ended((&before, &after), &row, one, say),
    }
    Ok(inverse.map(|inverse| (act.says, inverse)))
}

/// Finds the one appointment that is meant.
fn named(
    index: &Index,
    asked: &AppointmentWish,
    now: Timestamp,
) -> Result<Arc<AppointmentRow>, Refused> {
    if let Some(id) = AppointmentId::parse(asked.which.trim()) {
        let row = index.appointments.get(&id).map(Arc::clone);
        return row.map_or_else(
            || refuse("No appointment has that id.", "Run `tacenda --json today --date DATE`."),
            Ok,
        );
    }
    let client = client_named(index, &asked.which)?.id;
    let (date, time) = match &asked.at {
        None => (local(index, now).date(), None),
        Some(text) => match (with_two_digits(text).parse::<DateTime>(), text.parse::<Date>()) {
            // A date reads as its midnight, too.
            (Ok(at), _) if text.contains(['T', 't', ' ']) => (at.date(), Some(at.time())),
            (_, Ok(date)) => (date, None),
            _ => {
                return refuse("That is no time.", "Write it as 2026-11-30T10:00 or 2026-11-30.");
            }
        },
    };
    // Days are those of the practice's zone; what was agreed in another may lie on the next.
    let near = date.yesterday().unwrap_or(date)..=date.tomorrow().unwrap_or(date);
    let ids = index.days.range(near).flat_map(|(_, ids)| ids);
    let rows = ids.filter_map(|id| index.appointments.get(id));
    let mut found: Vec<_> = rows
        .filter(|row| row.clients.contains(&client) || row.group == Some(client))
        .filter(|row| row.slot.start.date() == date)
        .filter(|row| time.is_none_or(|time| row.slot.start.time() == time))
        .map(Arc::clone)
        .collect();
    // What was called off is meant only where nothing else is there.
    if found.iter().any(|row| !row.status.frees_the_slot()) {
        found.retain(|row| !row.status.frees_the_slot());
    }
    match found.as_slice() {
        [row] => Ok(Arc::clone(row)),
        [] => refuse(
            &format!("Nothing is booked for that code {}.", at_words(date, time)),
            "Give --at DATE or --at DATEThh:mm; `tacenda week` lists what is booked.",
        ),
        several => {
            let times = several.iter().map(|row| when::clock(row.slot.start.time()));
            let times = times.collect::<Vec<_>>().join(", ");
            refuse(
                &format!("Several are booked for that code {}: {times}.", at_words(date, time)),
                "Give --at DATEThh:mm, or the id that `tacenda --json today` prints.",
            )
        }
    }
}

fn at_words(date: Date, time: Option<Time>) -> String {
    match time {
        None => format!("on {date}"),
        Some(time) => format!("on {date} at {}", when::clock(time)),
    }
}

fn status_named(word: &str) -> Result<Status, Refused> {
    match json::status_named(word) {
        Some(status) => Ok(status),
        None => refuse("That is no status.", "Run `tacenda status --help`."),
    }
}

fn outcome(index: &Index, row: &AppointmentRow, word: &str) -> Result<Act, Refused> {
    let status = status_named(word)?;
    if row.stamps.ended.is_some() && status == Status::Arrived {
        return refuse("It has ended, so it was held.", "Say `held`.");
    }
    let says = format!("{}: {}", who::comes(index, row, true), status.word());
    let edit = Edit::SetStatus { appointment: row.id, status, reason: None };
    Ok(Act { edit, says, after: After::One(row.id) })
}

fn cancelled(
    index: &Index,
    row: &AppointmentRow,
    (status, reason): (Status, Option<String>),
    (scope, now): (Reach, Timestamp),
) -> Result<Act, Refused> {
    let whose = who::comes(index, row, true);
    let says_more = reason.is_some() || status != Status::CancelledByClient;
    let this = Edit::SetStatus { appointment: row.id, status, reason };
    let from = match scope {
        Reach::This => {
            let says = format!("{whose}: {}", status.word());
            return Ok(Act { edit: this, says, after: After::One(row.id) });
        }
        Reach::Following => of_series(row)?,
        Reach::All => to_come(index, row, (of_series(row)?, &row.slot), now)?.0,
    };
    let ends = Edit::EndSeries { series: from.series, last: from.date.yesterday().ok() };
    // What was changed by itself stands by itself: it is called off by itself, too.
    let is_ahead = scope == Reach::Following || row.starts > now;
    let stands = from.touched && is_ahead && !row.status.frees_the_slot();
    if says_more && !stands {
        return refuse(
            "What follows is taken out of the calendar: nothing is left that could say who called it \
             off, how late, or why.",
            "Cancel the one by itself first, then those that follow.",
        );
    }
    let edit = if stands { Edit::Together(vec![ends, this]) } else { ends };
    let says = format!("{whose}: the series ends before {}", when::day_and_date(from.date));
    Ok(Act { edit, says, after: After::Ended(from) })
}

fn of_series(row: &AppointmentRow) -> Result<Occurrence, Refused> {
    match row.occurrence {
        Some(one) => Ok(one),
        None => refuse("It is not one of a series.", "Leave --scope out."),
    }
}

/// The first of a series that is still to come, and where it goes if the one that was named goes
/// to `slot`.
fn to_come(
    index: &Index,
    row: &AppointmentRow,
    (one, slot): (Occurrence, &Slot),
    now: Timestamp,
) -> Result<(Occurrence, Slot), Refused> {
    match first_to_come(index, (one, row.slot.start.date()), slot, now) {
        Some((date, slot)) => Ok((Occurrence { date, ..one }, slot)),
        None => refuse(
            "Nothing of the series is still to come but what was changed by itself.",
            "Leave --scope out.",
        ),
    }
}

fn moved(
    index: &Index,
    row: &AppointmentRow,
    asked: &AppointmentWish,
    now: Timestamp,
) -> Result<Act, Refused> {
    let slot = wanted(row, &asked.act)?;
    if slot == row.slot && row.rivals.is_empty() {
        return refuse("It is there already.", "Give --to, --minutes, --room or --modality.");
    }
    let whose = who::comes(index, row, true);
    let (edit, slot, rest, after) = match asked.scope {
        Reach::This => {
            let edit = Edit::Move { appointment: row.id, slot: slot.clone() };
            (edit, slot, "", After::One(row.id))
        }
        Reach::Following | Reach::All => {
            let one = of_series(row)?;
            let all = asked.scope == Reach::All;
            let (one, slot) =
                if all { to_come(index, row, (one, &slot), now)? } else { (one, slot) };
            let (series, from) = (one.series, one.date);
            let edit = Edit::MoveFollowing { series, from, slot: slot.clone() };
            (edit, slot.clone(), " and all that follow", After::First(slot))
        }
    };
    let start = slot.start;
    let at = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
    Ok(Act { edit, says: format!("moved {whose}{rest} to {at}"), after })
}

/// Returns the slot with what was said of it.
fn wanted(row: &AppointmentRow, act: &AppointmentAct) -> Result<Slot, Refused> {
    let AppointmentAct::Move { to, minutes, room, modality } = act else {
        return Ok(row.slot.clone());
    };
    let mut slot = row.slot.clone();
    if let Some(text) = to {
        slot.start = start(text, slot.start)?;
        let zone = TimeZone::get(&slot.zone).unwrap_or(TimeZone::UTC);
        if matches!(zone.to_ambiguous_timestamp(slot.start).offset(), AmbiguousOffset::Gap { .. }) {
            return refuse("The clocks go forward over that time.", "Give another time.");
        }
    }
    slot.minutes = minutes.unwrap_or(slot.minutes);
    if let Some(room) = room {
        slot.room = Some(room.trim().to_owned()).filter(|room| !room.is_empty());
    }
    if let Some(word) = modality {
        slot.modality = match json::modality_named(word) {
            Some(modality) => modality,
            None => return refuse("That is no way to meet.", "Say office, video or phone."),
        };
    }
    Ok(slot)
}

/// Writes an hour of one digit as people mean it: `9:00` is 09:00.
fn with_two_digits(text: &str) -> String {
    let at = text.rfind(['T', 't', ' ']).map_or(0, |at| at + 1);
    let (day, time) = (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default());
    let short = time.find(':') == Some(1);
    format!("{day}{}{time}", if short { "0" } else { "" })
}

/// Reads a day, a time or both; what is not said stays.
fn start(text: &str, before: DateTime) -> Result<DateTime, Refused> {
    let text = &with_two_digits(text.trim());
    if text.contains(['T', 't', ' ']) {
        if let Ok(start) = text.parse::<DateTime>() {
            return Ok(start);
        }
    } else if let Ok(date) = text.parse::<Date>() {
        return Ok(date.to_datetime(before.time()));
    } else if let Ok(time) = text.parse::<Time>() {
        return Ok(before.date().to_datetime(time));
    }
    refuse("That is no time.", "Write it as 2026-12-01T15:00, 2026-12-01 or 15:00.")
}

/// Prints an appointment as it stands, and what it overlaps.
fn print(index: &Index, row: &AppointmentRow, say: Say<'_>) {
    let mut json = json::appointment(index, row).value();
    let mut text = format!("{}  {}", row.slot.start.strftime("%a %Y-%m-%d"), line(index, row));
    if !row.status.frees_the_slot() {
        let others = clashes(index, (&row.slot, &row.clients), Some(row.id));
        if let Some(other) = others.first() {
            let whose = who::comes(index, other, true);
            let at = when::clock(other.slot.start.time());
            text.push_str(&format!(" (overlaps {at} {whose})"));
        }
        let ids: Vec<_> = others.iter().map(|other| other.id.to_string()).collect();
        if let Some(json) = json.as_object_mut() {
            json.insert("overlaps".into(), ids.into());
        }
    }
    say_line(say, json, &text);
}

/// Prints how many are gone since a series ends, and which of it stay.
fn ended((before, after): (&Index, &Index), row: &AppointmentRow, one: Occurrence, say: Say<'_>) {
    let gone = before.appointments.keys().filter(|id| !after.appointments.contains_key(id));
    let gone = gone.count();
    let whose = who::comes(after, row, true);
    let json = serde_json::json!({
        "schema": 1, "type": "series-ended", "before": one.date.to_string(), "gone": gone,
    });
    let times = if gone == 1 { "1 appointment is".to_owned() } else { format!("{gone} are") };
    let text = format!("{whose}: the series ends before {}; {times} gone", one.date);
    say_line(say, json, &text);
    let mut stays: Vec<_> = after.appointments.values().collect();
    stays.retain(|row| {
        row.occurrence.is_some_and(|other| other.series == one.series && other.date >= one.date)
    });
    stays.sort_by_key(|row| row.starts);
    stays.into_iter().for_each(|row| print(after, row, say));
}
