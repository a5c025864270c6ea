//! A series as lines of an export. One of which a weekday went elsewhere is written as several, one
//! after the other, each with the weekdays that it still has then: so the lines say what takes place
//! without what led to it, and versions that know of no such weekdays read them.

use super::super::schedule::recur::{self, End, Rule};
use super::super::view::{Index, SeriesRow};
use super::super::zone;
use crate::id::SeriesId;
use crate::suite;
use jiff::civil::{Date, DateTime};
use std::collections::BTreeSet;

/// Returns what stands for one series: itself, or one part of its time after the other.
pub(super) fn parts(row: &SeriesRow, index: &Index) -> Vec<SeriesRow> {
    let begins: BTreeSet<Date> = row.parted.iter().map(|(_, from)| *from).collect();
    let mut parts = Vec::new();
    let mut from = None;
    for next in begins.iter().copied().map(Some).chain([None]) {
        parts.extend(part(row, (from, next), index));
        from = next;
    }
    parts
}

/// The part from one date on, until before another.
fn part(
    row: &SeriesRow,
    (from, next): (Option<Date>, Option<Date>),
    index: &Index,
) -> Option<SeriesRow> {
    let until = next.and_then(|next| next.yesterday().ok());
    let last = row.last.into_iter().chain(until).min();
    let Some(from) = from else {
        let ends = |date: &Date| last.is_none_or(|last| *date <= last);
        let skipped = row.skipped.iter().copied().filter(ends).collect();
        return Some(SeriesRow { last, skipped, parted: Vec::new(), ..row.clone() });
    };
    let gone = |weekday| row.parted.iter().any(|(of, since)| *of == weekday && *since <= from);
    let zone = zone::named(&row.slot.zone);
    let left = |far: DateTime| {
        let times = row.rule.occurrences(row.slot.start, far, &zone);
        times.filter(|time| time.date() >= from && !gone(time.weekday()))
    };
    let start = left(recur::horizon(from.at(0, 0, 0, 0))).next()?;
    if last.is_some_and(|last| last < start.date()) {
        return None;
    }
    let end = match row.rule.end {
        End::Count(_) => End::Count(u32::try_from(left(DateTime::MAX).count()).unwrap_or(u32::MAX)),
        end => end,
    };
    let days = row.rule.days.iter().filter(|day| !gone(day.weekday)).copied().collect();
    // What stands for itself is in a line of its own, and is not one of this part.
    let own = index.appointments.values().filter_map(|row| row.occurrence);
    let own = own.filter(|one| one.series == row.id && one.touched).map(|one| one.date);
    let skipped = row.skipped.iter().copied().chain(own);
    let within = |date: &Date| *date >= from && last.is_none_or(|last| *date <= last);
    Some(SeriesRow {
        id: part_of(row.id, from),
        slot: super::super::edit::Slot { start, ..row.slot.clone() },
        rule: Rule { end, days, ..row.rule.clone() },
        last,
        skipped: skipped.filter(within).collect(),
        parted: Vec::new(),
        ..row.clone()
    })
}

/// The id of the part that begins with a date: the same in each export.
fn part_of(series: SeriesId, from: Date) -> SeriesId {
    let date = from.to_string();
    let hash = suite::hash("tac/series/part", &[series.as_bytes(), date.as_bytes()]);
    SeriesId::from_bytes(hash.truncated())
}
