//! A day as a list: appointments in order, and the free gaps between them. Also which
//! appointments a slot would clash with.

use super::when;
use jiff::civil::{Date, DateTime, time};
use tacenda_shared::id::{AppointmentId, ClientId, Timestamp};
use tacenda_shared::practice::edit::Slot;
use tacenda_shared::practice::view::{AppointmentRow, Index};

/// Shortest gap that is offered, in minutes.
const LEAST_GAP: i64 = 30;
/// Hours between which a day offers gaps.
const OPENS: jiff::civil::Time = time(8, 0, 0, 0);
const CLOSES: jiff::civil::Time = time(18, 0, 0, 0);
/// How far two appointments on neighbouring local dates can reach into each other, in days.
const REACH: i64 = 2;

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

/// Returns the lines of a day.
pub fn lines(index: &Index, date: Date) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut free_from = date.to_datetime(OPENS);
    let rows = index.days.get(&date).into_iter().flatten();
    for row in rows.filter_map(|id| index.appointments.get(id)) {
        let start = start(row, index);
        if !row.status.frees_the_slot() {
            lines.extend(gap(free_from, start));
            free_from = free_from.max(when::later(start, i64::from(row.slot.minutes)));
        }
        lines.push(Line::Appointment(row.id));
    }
    lines.extend(gap(free_from, date.to_datetime(CLOSES)));
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

/// Returns the appointments that a slot would overlap: same clinician, same room or same client.
pub fn clashes<'a>(
    index: &'a Index,
    (slot, clients): (&Slot, &[ClientId]),
    except: Option<AppointmentId>,
) -> Vec<&'a AppointmentRow> {
    let starts = when::moment(slot.start, &slot.zone);
    let ends = end(starts, slot.minutes);
    let near = when::local(starts, &index.zone).date();
    let range = when::shifted(near, -REACH)..=when::shifted(near, REACH);
    let rows = index.days.range(range).flat_map(|(_, ids)| ids);
    rows.filter_map(|id| index.appointments.get(id))
        .filter(|row| Some(row.id) != except && !row.status.frees_the_slot())
        .filter(|row| row.starts < ends && end(row.starts, row.slot.minutes) > starts)
        .filter(|row| {
            let room = row.slot.room.is_some() && row.slot.room == slot.room;
            let client = row.clients.iter().any(|client| clients.contains(client));
            room || client || row.slot.clinician == slot.clinician
        })
        .map(AsRef::as_ref)
        .collect()
}

fn end(starts: Timestamp, minutes: u16) -> Timestamp {
    starts.plus_millis(i64::from(minutes) * 60_000)
}
