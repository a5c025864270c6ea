//! What a slot would overlap, and where the next one is free.

use super::hours::{Hours, Span};
use crate::id::{AppointmentId, ClientId, Timestamp};
use crate::practice::edit::Slot;
use crate::practice::view::{AppointmentRow, Index};
use crate::practice::zone;
use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};

/// How far two appointments on neighbouring local dates can reach into each other, in days.
const REACH: i32 = 2;
/// Free slots begin on this grid, in minutes from midnight.
const GRID: u16 = 15;

/// Returns the appointments that a slot would overlap: same clinician, same room or same client.
pub fn clashes<'a>(
    index: &'a Index,
    (slot, clients): (&Slot, &[ClientId]),
    except: Option<AppointmentId>,
) -> Vec<&'a AppointmentRow> {
    let clients = index.people(clients);
    let starts = zone::instant(slot.start, &slot.zone);
    let ends = end(starts, i64::from(slot.minutes));
    let near = zone::date(starts, &index.zone);
    let reach = REACH.days();
    let range = near.saturating_sub(reach)..=near.saturating_add(reach);
    let rows = index.days.range(range).flat_map(|(_, ids)| ids);
    rows.filter_map(|id| index.appointments.get(id))
        .filter(|row| Some(row.id) != except && !row.status.frees_the_slot())
        .filter(|row| row.starts < ends && end(row.starts, i64::from(row.slot.minutes)) > starts)
        .filter(|row| {
            let room = row.slot.room.is_some() && row.slot.room == slot.room;
            let client = row.clients.iter().any(|client| clients.contains(client));
            room || client || row.slot.clinician == slot.clinician
        })
        .map(AsRef::as_ref)
        .collect()
}

fn end(starts: Timestamp, minutes: i64) -> Timestamp {
    starts.plus_millis(minutes * 60_000)
}

/// Returns when a slot like this one is free, in the practice's local time and in order: within
/// the hours of its clinician, later than `after`, on so many days from that day on. The pause
/// between sessions is kept on both sides; room and clients need none.
pub fn free_starts(
    index: &Index,
    (slot, clients): (&Slot, &[ClientId]),
    except: Option<AppointmentId>,
    (after, days): (DateTime, u16),
) -> impl Iterator<Item = DateTime> {
    let hours = index.hours.get(&slot.clinician).cloned().unwrap_or_default();
    let (between, minutes) = (hours.between(), slot.minutes);
    let dates = (0..i64::from(days)).map(move |ahead| after.date().saturating_add(ahead.days()));
    let starts = dates.flat_map(move |date| grid(&hours, date, minutes));
    let wanted = Slot { zone: index.zone.clone(), ..slot.clone() };
    starts.filter(move |start| {
        let at = Slot { start: *start, ..wanted.clone() };
        *start > after
            && clashes(index, (&at, clients), except).is_empty()
            && clashes(index, (&widened(at, between), &[]), except).is_empty()
    })
}

/// The same slot with a pause on both sides, for its clinician alone.
fn widened(slot: Slot, between: u16) -> Slot {
    Slot {
        start: slot.start.saturating_sub(i64::from(between).minutes()),
        minutes: slot.minutes.saturating_add(between.saturating_mul(2)),
        room: None,
        ..slot
    }
}

/// The beginnings within the hours of a day at which so many minutes have room.
fn grid(hours: &Hours, date: Date, minutes: u16) -> Vec<DateTime> {
    let starts = hours.on(date).iter().flat_map(|Span { from, to }| {
        let last = to.saturating_sub(minutes);
        let fits = *to >= minutes;
        let on_grid = (from.div_ceil(GRID) * GRID..=last).step_by(usize::from(GRID));
        // Hours that begin off the grid offer their first minute, too.
        let first = (*from <= last && !from.is_multiple_of(GRID)).then_some(*from);
        first.into_iter().chain(on_grid).filter(move |_| fits)
    });
    starts.filter_map(|minute| Some(date.to_datetime(time(minute)?))).collect()
}

fn time(minute: u16) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}

/// Beginnings that follow each other on the grid, as one window from the first to the end of the
/// last: what can be read out to a client.
pub fn windows(starts: impl Iterator<Item = DateTime>, minutes: u16) -> Vec<(DateTime, DateTime)> {
    let mut windows: Vec<(DateTime, DateTime)> = Vec::new();
    for start in starts {
        let ends = start.saturating_add(i64::from(minutes).minutes());
        match windows.last_mut() {
            // What begins before the window ends is one with it.
            Some((from, to)) if from.date() == start.date() && start <= *to => *to = ends,
            _ => windows.push((start, ends)),
        }
    }
    windows
}
