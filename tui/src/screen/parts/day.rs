//! A day as a list: appointments in order, and the free gaps between them.

use super::when;
use jiff::civil::{Date, DateTime, Time};
use tacenda_shared::id::{AppointmentId, MemberId};
use tacenda_shared::practice::schedule::hours::Span;
use tacenda_shared::practice::view::{AppointmentRow, Index};

/// Shortest gap that is offered, in minutes.
const LEAST_GAP: i64 = 30;
/// Between which minutes of the day gaps are offered while the clinician's hours are not known.
const OPEN: Span = Span { from: 8 * 60, to: 18 * 60 };

/// A line of a day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Line {
    /// An appointment.
    Appointment(AppointmentId),
    /// Time in which nothing is booked.
    Free {
        /// Local start, in the practice's zone.
        start: DateTime,
        /// Length.
        minutes: i64,
    },
}

/// Returns local start of an appointment in the practice's zone.
pub fn start(row: &AppointmentRow, index: &Index) -> DateTime {
    if row.slot.zone == index.zone { row.slot.start } else { when::local(row.starts, &index.zone) }
}

/// Returns the lines of a day: what is booked, and what is free of the hours of a clinician.
pub fn lines(index: &Index, clinician: Option<MemberId>, date: Date) -> Vec<Line> {
    let rows = index.days.get(&date).into_iter().flatten();
    let rows: Vec<_> = rows.filter_map(|id| index.appointments.get(id)).collect();
    let taken = rows.iter().filter(|row| !row.status.frees_the_slot());
    let taken: Vec<(DateTime, DateTime)> = taken
        .map(|row| (start(row, index), i64::from(row.slot.minutes)))
        .map(|(start, minutes)| (start, when::later(start, minutes)))
        .collect();
    let mut lines: Vec<Line> = rows.iter().map(|row| Line::Appointment(row.id)).collect();
    let hours = clinician.and_then(|member| index.hours.get(&member));
    for Span { from, to } in hours.map_or(&[OPEN][..], |hours| hours.on(date.weekday())) {
        let minute = |at: &u16| when::later(date.to_datetime(Time::midnight()), i64::from(*at));
        let (mut from, to) = (minute(from), minute(to));
        for (starts, ends) in &taken {
            lines.extend(gap(from, (*starts).min(to)));
            from = from.max(*ends);
        }
        lines.extend(gap(from, to));
    }
    // A cancelled appointment stands inside the gap that it left.
    lines.sort_by_key(|line| match line {
        Line::Appointment(id) => index.appointments.get(id).map(|row| start(row, index)),
        Line::Free { start, .. } => Some(*start),
    });
    lines
}

fn gap(from: DateTime, to: DateTime) -> Option<Line> {
    let minutes = from.duration_until(to).as_mins();
    (minutes >= LEAST_GAP).then_some(Line::Free { start: from, minutes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::parts::sample::{self, Sample};
    use tacenda_shared::practice::schedule::hours::Hours;

    fn free(index: &Index, date: Date) -> Vec<(String, i64)> {
        let lines = lines(index, Some(sample::clinician()), date);
        let free = lines.iter().filter_map(|line| match line {
            Line::Free { start, minutes } => Some((when::clock(start.time()), *minutes)),
            Line::Appointment(_) => None,
        });
        free.collect()
    }

    #[test]
    fn gaps_are_offered_within_the_hours_and_from_8_to_18_while_none_are_known() {
        let mut index = Sample::new().index;
        let empty = when::shifted(sample::today(), 300);
        assert_eq!(free(&index, empty), [("08:00".to_owned(), 600)]);
        let hours = Hours::parse("Mon-Sun 9-12 13:15-17, 10 min between").unwrap();
        index.hours.insert(sample::clinician(), hours);
        let whole = [("09:00".to_owned(), 180), ("13:15".to_owned(), 225)];
        assert_eq!(free(&index, empty), whole);
        // What is booked takes from both sides of the pause.
        let busy = free(&index, sample::today());
        let row = |id| index.appointments.get(id);
        for row in index.days[&sample::today()].iter().filter_map(row) {
            let (from, minutes) = (row.slot.start, i64::from(row.slot.minutes));
            let to = when::later(from, minutes);
            assert!(busy.iter().all(|(start, long)| {
                let time = when::read_time(start).unwrap();
                let start = sample::today().to_datetime(time);
                row.status.frees_the_slot() || start >= to || when::later(start, *long) <= from
            }));
        }
        assert_ne!(busy, whole);
    }
}
