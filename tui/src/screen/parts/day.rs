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
    let hours = clinician.and_then(|member| index.hours.get(&member));
    let pause = hours.map_or(0, |hours| i64::from(hours.between()));
    // What began the day before may go on.
    let rows = index.days.range(when::shifted(date, -1)..=date).flat_map(|(_, ids)| ids);
    let rows = rows.filter_map(|id| index.appointments.get(id));
    let taken: Vec<(DateTime, DateTime)> = rows
        .filter(|row| !row.status.frees_the_slot())
        .filter(|row| clinician.is_none_or(|member| row.slot.clinician == member))
        .map(|row| (start(row, index), i64::from(row.slot.minutes)))
        .map(|(from, long)| (when::later(from, -pause), when::later(from, long + pause)))
        .collect();
    let booked = index.days.get(&date).into_iter().flatten();
    let mut lines: Vec<Line> = booked.map(|id| Line::Appointment(*id)).collect();
    for Span { from, to } in hours.map_or(&[OPEN][..], |hours| hours.on(date)) {
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
    use tacenda_shared::practice::edit::{Slot, Status};
    use tacenda_shared::practice::schedule::hours::Hours;

    fn free_of(index: &Index, date: Date) -> Vec<(String, i64)> {
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
        assert_eq!(free_of(&index, empty), [("08:00".to_owned(), 600)]);
        let hours = Hours::parse("Mon-Sun 9-12 13:15-17, 10 min between").unwrap();
        index.hours.insert(sample::clinician(), hours);
        let whole = [("09:00".to_owned(), 180), ("13:15".to_owned(), 225)];
        assert_eq!(free_of(&index, empty), whole);
        // What is booked takes its time, and that of the pause on both sides.
        let busy = free_of(&index, sample::today());
        let row = |id| index.appointments.get(id);
        for row in index.days[&sample::today()].iter().filter_map(row) {
            let (start, minutes) = (row.slot.start, i64::from(row.slot.minutes));
            let (from, to) = (when::later(start, -10), when::later(start, minutes + 10));
            assert!(busy.iter().all(|(start, long)| {
                let time = when::read_time(start).unwrap();
                let start = sample::today().to_datetime(time);
                row.status.frees_the_slot() || start >= to || when::later(start, *long) <= from
            }));
        }
        assert_ne!(busy, whole);
        // A colleague's day is not this one's, and what runs over midnight is.
        let others = lines(&index, Some(MemberId::from_bytes([98; 16])), sample::today());
        let free = others.iter().filter(|line| matches!(line, Line::Free { .. })).count();
        assert_eq!(free, 1);
        let mut sample = Sample::new();
        let slot = sample.index.appointments[&sample::appointment(4)].slot.clone();
        let start = when::shifted(empty, -1).at(20, 0, 0, 0);
        sample.add(40, 1, Slot { start, minutes: 14 * 60, ..slot }, Status::Booked);
        assert_eq!(free_of(&sample.index, empty), [("10:00".to_owned(), 480)]);
    }
}
