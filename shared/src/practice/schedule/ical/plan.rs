//! What taking in a calendar does to the schedule: only what is new or was changed, so that the
//! same file can be taken in again, and taken back.

use super::Calendar;
use super::expand::Busy;
use crate::id::{AppointmentId, MemberId};
use crate::practice::book::UNDONE;
use crate::practice::contact::{normal, within};
use crate::practice::edit::{AppointmentKind, Edit, Modality, NewAppointment, Slot, Status};
use crate::practice::view::Index;
use crate::practice::zone;
use crate::suite;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Appointments that one file brings at most.
pub const BROUGHT_MAX: usize = 2_000;
/// Days of busy times that are looked at, each day of each: far more than are brought.
const PIECES_MAX: usize = 50_000;
/// The longest appointment, in minutes.
const DAY: i64 = 1_440;
/// Characters and bytes of a title that are kept.
const TITLE_MAX: usize = 100;
const TITLE_BYTES_MAX: usize = 400;
/// Why an appointment was cancelled that the file calls off: what a person cancels has another
/// reason, and stays cancelled.
const CALLED_OFF: &str = "No longer in the calendar that it came from";

/// How a calendar is taken in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TakeIn {
    /// Whose time it is.
    pub clinician: MemberId,
    /// As what: [`AppointmentKind::TimeOff`] for busy times, or appointments.
    pub kind: AppointmentKind,
    /// Whether titles come along; without them it says "Busy".
    pub titles: bool,
    /// Takes back what the same file has brought.
    pub undo: bool,
}

/// What taking it in comes to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// In order of start; the whole of it is one import.
    pub edits: Vec<Edit>,
    /// What is booked anew.
    pub new: Vec<NewAppointment>,
    /// How many are moved, because the file says another time than before.
    pub moved: usize,
    /// How many are called off: by the file, or because it is taken back.
    pub cancelled: usize,
    /// How many are there already.
    pub same: usize,
    /// How many times nobody is busy: marked as free, or without length.
    pub free: usize,
}

/// More than [`BROUGHT_MAX`] appointments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooMuch;

/// Plans it.
///
/// `busy` is what `calendar` has in `window`, which goes up to before the second date: what an event
/// of the file brought before and does not name any more is called off there.
pub fn plan(
    (calendar, busy): (&Calendar, &[Busy]),
    how: &TakeIn,
    window: (Date, Date),
    index: &Index,
) -> Result<Plan, TooMuch> {
    let mut plan = Plan::default();
    let mut named: BTreeSet<AppointmentId> = BTreeSet::new();
    let mut nth: BTreeMap<(&str, Date), u32> = BTreeMap::new();
    for one in busy {
        let of_day = nth.entry((&one.uid, one.original.date())).or_default();
        *of_day += 1;
        let of_day = *of_day;
        if one.free || is_empty(one) {
            plan.free += 1;
            continue;
        }
        for (number, start, minutes) in pieces(one, &index.zone, window) {
            let slot = Slot {
                start,
                zone: index.zone.clone(),
                minutes,
                clinician: how.clinician,
                room: None,
                modality: Modality::InOffice,
            };
            let id = id_of(one, of_day, number);
            named.insert(id);
            plan.take(id, slot, one, how, index);
        }
        if plan.edits.len() > BROUGHT_MAX || named.len() > PIECES_MAX {
            return Err(TooMuch);
        }
    }
    let events: BTreeSet<[u8; 8]> = calendar.names().map(event_of).collect();
    plan.call_off(&events, &named, window, index);
    Ok(plan)
}

impl Plan {
    /// Calls off what these events brought before, and do not name now.
    fn call_off(
        &mut self,
        events: &BTreeSet<[u8; 8]>,
        named: &BTreeSet<AppointmentId>,
        (from, to): (Date, Date),
        index: &Index,
    ) {
        for row in index.appointments.values() {
            let [event, _] = row.id.as_bytes().as_chunks::<8>().0 else { continue };
            let date = zone::date(row.starts, &index.zone);
            // What took place, or what the other side said, is no longer the calendar's to say.
            let open = matches!(row.status, Status::Booked | Status::Confirmed);
            let stands = open && (from..to).contains(&date);
            if stands && events.contains(event) && !named.contains(&row.id) {
                self.cancelled += 1;
                self.edits.push(called_off(row.id));
            }
        }
    }

    fn take(&mut self, id: AppointmentId, slot: Slot, one: &Busy, how: &TakeIn, index: &Index) {
        let off = one.cancelled || how.undo;
        let Some(known) = index.appointments.get(&id) else {
            if !off {
                let memo = if how.titles { title(&one.title) } else { "Busy".to_owned() };
                let (clients, kind) = (Vec::new(), how.kind);
                let new = NewAppointment { id, clients, kind, slot, memo: Some(memo) };
                self.new.push(new.clone());
                self.edits.push(Edit::Book(new));
            }
            return;
        };
        let was_off = known.status == Status::CancelledByClinician;
        // Whoever undid a booking did not say that it does not take place.
        let by_file = matches!(known.reason.as_deref(), Some(CALLED_OFF | UNDONE));
        if off {
            if matches!(known.status, Status::Booked | Status::Confirmed) {
                self.cancelled += 1;
                self.edits.push(called_off(id));
            }
            return;
        }
        if was_off && !by_file {
            // A person has cancelled it here.
            self.same += 1;
            return;
        }
        if was_off {
            let (appointment, status) = (id, Status::Booked);
            self.edits.push(Edit::SetStatus { appointment, status, reason: None });
        }
        if known.slot.start == slot.start && known.slot.minutes == slot.minutes {
            self.same += 1;
        } else {
            self.moved += 1;
            let slot = Slot { room: known.slot.room.clone(), ..slot };
            self.edits.push(Edit::Move { appointment: id, slot });
        }
    }
}

fn called_off(appointment: AppointmentId) -> Edit {
    let (status, reason) = (Status::CancelledByClinician, Some(CALLED_OFF.to_owned()));
    Edit::SetStatus { appointment, status, reason }
}

/// Whether it takes no time.
fn is_empty(one: &Busy) -> bool {
    if one.all_day { one.end <= one.start } else { one.instants.1 <= one.instants.0 }
}

/// The days of it that lie in the window, counted from its beginning: starts and lengths in the
/// practice's zone, none longer than a day.
fn pieces(one: &Busy, zone: &str, (from, to): (Date, Date)) -> Vec<(usize, DateTime, u16)> {
    let there = zone::named(zone);
    let (start, minutes) = if one.all_day {
        let days = one.start.date().until(one.end.date()).map_or(0, |span| span.get_days());
        (one.start, i64::from(days) * DAY)
    } else {
        let seconds = one.instants.1.duration_since(one.instants.0).as_secs();
        (there.to_datetime(one.instants.0), seconds.max(0).saturating_add(59) / 60)
    };
    let whole = Time::constant(start.hour(), start.minute(), 0, 0);
    let start = start.date().to_datetime(whole);
    let count = (minutes + DAY - 1) / DAY;
    let until = |date: Date| {
        start.date().until(date).map_or(0, |span| i64::from(span.get_days())).clamp(0, count)
    };
    let piece = |number: i64| {
        let left = (minutes - number * DAY).min(DAY);
        let begins = start.checked_add(SignedDuration::from_hours(number * 24)).ok()?;
        Some((usize::try_from(number).ok()?, begins, u16::try_from(left).ok()?))
    };
    // The day before begins outside and may reach into the window.
    ((until(from) - 1).max(0)..until(to)).filter_map(piece).collect()
}

/// Half of H(the event's own name): what one event has brought is known by it.
fn event_of(uid: &str) -> [u8; 8] {
    half("tac/calendar/event", &[uid.as_bytes()])
}

/// The event, and half of H(the date that it had by its rule, which one of that date, which piece).
fn id_of(one: &Busy, of_day: u32, number: usize) -> AppointmentId {
    let date = one.original.date().to_string();
    let number = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let fields: [&[u8]; 3] = [date.as_bytes(), &of_day.to_be_bytes(), &number];
    let mut id = [0; 16];
    let (event, occurrence) = id.split_at_mut(8);
    event.copy_from_slice(&event_of(&one.uid));
    occurrence.copy_from_slice(&half("tac/calendar/occurrence", &fields));
    AppointmentId::from_bytes(id)
}

fn half(label: &str, fields: &[&[u8]]) -> [u8; 8] {
    let whole: [u8; 16] = suite::hash(label, fields).truncated();
    let [half, _] = *whole.as_chunks::<8>().0 else { return [0; 8] };
    half
}

fn title(title: &str) -> String {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(TITLE_MAX).collect();
    // What is composed of several characters may grow when it is brought into one form.
    let short = within(&normal(&short), TITLE_BYTES_MAX).to_owned();
    if short.is_empty() { "Busy".to_owned() } else { short }
}
