//! What of a series is still to come, for an act on all of it.

use crate::id::Timestamp;
use crate::practice::edit::Slot;
use crate::practice::view::{Index, Occurrence};
use crate::practice::zone;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// Returns whether only the weekday of one occurrence goes elsewhere with it, of a series that has
/// several.
pub fn parts(index: &Index, one: Occurrence, slot: &Slot) -> bool {
    let series = index.series.get(&one.series);
    series.is_some_and(|row| row.rule.is_of_several_weekdays())
        && one.date.weekday() != slot.start.weekday()
}

/// Returns the first of a series that is still to come and that nobody has dealt with, and where it
/// goes when all are changed as one of them is, that was on the date `was` and goes to `slot`: as
/// many days on, at the same hour. `None` if nothing is left that could go.
pub fn first_to_come(
    index: &Index,
    (one, was): (Occurrence, Date),
    slot: &Slot,
    now: Timestamp,
) -> Option<(Date, Slot)> {
    let parts = parts(index, one, slot);
    let rows = index.appointments.values().filter(|row| row.starts > now);
    let dates = rows.filter_map(|row| row.occurrence);
    let dates = dates.filter(|other| other.series == one.series && !other.touched);
    let dates = dates.map(|other| other.date);
    let dates = dates.filter(|date| !parts || date.weekday() == one.date.weekday());
    let days = was.until(slot.start.date()).map_or(0, |span| i64::from(span.get_days()));
    let shifted = |date: Date| date.saturating_add(days.days()).to_datetime(slot.start.time());
    // Nothing goes where its time has passed.
    let to_come = |date: &Date| zone::instant(shifted(*date), &slot.zone) > now;
    let first = dates.filter(to_come).min()?;
    Some((first, Slot { start: shifted(first), ..slot.clone() }))
}
