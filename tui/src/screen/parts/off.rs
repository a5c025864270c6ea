//! Many appointments called off in one act: a holiday, or a client who comes no more.

use super::when;
use crate::screen::Scene;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use tacenda_shared::id::{ClientId, MemberId, SeriesId};
use tacenda_shared::practice::edit::{AppointmentKind, Edit, Status};
use tacenda_shared::practice::view::{AppointmentRow, SeriesRow};

/// Days of a holiday at most.
const DAYS_MAX: i32 = 366;

/// What is called off.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Off {
    /// One act.
    pub edits: Vec<Edit>,
    /// How many appointments it calls off.
    pub count: usize,
    /// How many stay, since others come to them too.
    pub with_others: usize,
}

/// Reads two dates, `21 dec to 3 jan`, or one. The second is the next such date after the first.
pub fn read_dates(typed: &str, today: Date) -> Option<(Date, Date)> {
    let typed = typed.trim().trim_start_matches("from ");
    let parted = [" to ", " - ", " until ", "..", "\u{2013}"];
    let parted = parted.iter().find_map(|between| typed.split_once(between));
    let (from, to) = match parted {
        None => {
            let date = when::read_date(typed, today)?;
            (date, date)
        }
        Some((from, to)) => {
            let from = when::read_date(from, today)?;
            (from, when::read_date(to, from)?)
        }
    };
    let days = from.until(to).ok()?.get_days();
    (0..DAYS_MAX).contains(&days).then_some((from, to))
}

/// Calls off what this clinician has on these dates, with those who come if some are given. What is
/// still in its series is left out of it, and everything else is cancelled. What has been, what is
/// cancelled already, and time off stay as they are.
pub fn holiday(
    scene: &Scene<'_>,
    clinician: MemberId,
    (from, to): (Date, Date),
    who: Option<&[ClientId]>,
) -> Off {
    let reason = format!("Away from {} to {}", when::short(from), when::short(to));
    let ids = scene.index.days.range(from..=to).flat_map(|(_, ids)| ids);
    let rows = ids.filter_map(|id| scene.appointment(*id)).filter(|row| {
        is_to_come(row, scene)
            && row.slot.clinician == clinician
            && row.kind != AppointmentKind::TimeOff
            && who.is_none_or(|who| row.clients == who)
    });
    let edit = |row: &AppointmentRow| match row.occurrence {
        Some(one) if !one.touched => {
            Edit::SkipOccurrence { series: one.series, date: one.date, skipped: true }
        }
        _ => cancelled(row, &reason),
    };
    let edits: Vec<Edit> = rows.map(edit).collect();
    Off { count: edits.len(), edits, with_others: 0 }
}

/// Calls off everything to which this client was to come alone: series end before the next date.
pub fn all_of(scene: &Scene<'_>, client: ClientId) -> Off {
    let rows = scene.index.appointments.values().map(AsRef::as_ref);
    let rows = rows.filter(|row| row.clients.contains(&client) && is_to_come(row, scene));
    let mut off = Off::default();
    let mut series: BTreeMap<SeriesId, Date> = BTreeMap::new();
    for row in rows {
        if row.clients.len() > 1 {
            off.with_others += 1;
            continue;
        }
        off.count += 1;
        match row.occurrence {
            Some(one) if !one.touched => {
                let next = series.entry(one.series).or_insert(one.date);
                *next = one.date.min(*next);
            }
            _ => off.edits.push(cancelled(row, "The client has died")),
        }
    }
    // One whose next dates are all dealt with, or further ahead than is shown, goes on too.
    let today = scene.today();
    let is_alone = |row: &SeriesRow| {
        let kept = |one: &ClientId| scene.index.kept(*one) == client;
        !row.clients.is_empty() && row.clients.iter().all(kept)
    };
    let hidden = scene
        .index
        .series
        .values()
        .filter(|row| is_alone(row) && !series.contains_key(&row.id) && goes_on(row, today));
    let hidden: Vec<SeriesId> = hidden.map(|row| row.id).collect();
    series.extend(hidden.into_iter().filter_map(|id| Some((id, today.tomorrow().ok()?))));
    let ends = series.into_iter().map(|(series, next)| {
        let last = next.yesterday().ok();
        Edit::EndSeries { series, last }
    });
    off.edits.extend(ends);
    off
}

/// Whether a series has a date by its rule after today.
fn goes_on(row: &SeriesRow, today: Date) -> bool {
    let late = row.slot.start.date().max(today).saturating_add(10.years());
    let end = row.last.unwrap_or(late).min(late).to_datetime(Time::constant(23, 59, 59, 0));
    let zone = when::zones().get(&row.slot.zone).unwrap_or(TimeZone::UTC);
    row.rule.occurrences(row.slot.start, end, &zone).any(|time| time.date() > today)
}

fn is_to_come(row: &AppointmentRow, scene: &Scene<'_>) -> bool {
    row.starts > scene.now.time && matches!(row.status, Status::Booked | Status::Confirmed)
}

fn cancelled(row: &AppointmentRow, reason: &str) -> Edit {
    Edit::SetStatus {
        appointment: row.id,
        status: Status::CancelledByClinician,
        reason: Some(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::read_dates;
    use jiff::civil::date;

    #[test]
    fn two_dates_are_read_over_the_turn_of_the_year_and_one_alone() {
        let today = date(2026, 11, 22);
        let days = Some((date(2026, 12, 21), date(2027, 1, 3)));
        for typed in ["21 dec to 3 jan", "from 21 dec until 3 jan", "2026-12-21..2027-01-03"] {
            assert_eq!(read_dates(typed, today), days, "{typed}");
        }
        let one = date(2026, 12, 24);
        assert_eq!(read_dates("24 dec", today), Some((one, one)));
        for typed in ["", "21 dec to", "3 jan to 2 jan 2027", "1 dec to 1 dec 2028"] {
            assert_eq!(read_dates(typed, today), None, "{typed}");
        }
    }
}
