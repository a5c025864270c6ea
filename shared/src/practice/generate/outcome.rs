//! Decides what came of each planned appointment, and what became of its note.

use super::Size;
use super::calendar::{Plan, TODAY};
use super::grammar::index;
use crate::random::Seeded;
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What came of an appointment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    /// The client is in the waiting room.
    Arrived,
    /// Cancelled by the client in time.
    CancelledByClient,
    /// Cancelled by the clinician, who was ill.
    CancelledByClinician,
    /// It took place.
    Held(Documented),
    /// Cancelled too late.
    LateCancel,
    /// Nobody came.
    NoShow,
    /// Yet to come.
    Upcoming {
        /// Whether the client has confirmed.
        confirmed: bool,
    },
}

/// What became of the note of a session that took place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Documented {
    /// Begun and not signed.
    Draft,
    /// Signed more than three days later.
    Late,
    /// Not begun.
    Missing,
    /// Signed on the next day.
    NextDay,
    /// No note is written: supervision.
    NotNeeded,
    /// Signed on the same day.
    SameDay,
}

/// One place in the plan.
type At = (Date, usize);

/// Decides for all of `plan`.
pub(super) fn decide(
    size: &Size,
    plan: &Plan,
    today: Date,
    random: &mut Seeded,
) -> BTreeMap<At, Outcome> {
    let past: Vec<At> = plan
        .range(..(today, 0))
        .filter(|(_, client)| client.is_some())
        .map(|(at, _)| *at)
        .collect();
    // One note is signed today.
    let documented = size.notes.saturating_sub(1) + size.drafts + size.missing;
    let surplus = past.len().saturating_sub(documented);
    let absent = absences(&past, surplus, random);
    let unfinished = unfinished(size, &past, &absent);
    let mut outcomes = BTreeMap::new();
    for (at, client) in plan {
        let (date, cell) = *at;
        let outcome = match client {
            _ if date == today => of_today(cell),
            _ if date > today => Outcome::Upcoming {
                confirmed: (date - today).get_days() <= 2 && random.below(2) == 0,
            },
            None => Outcome::Held(Documented::NotNeeded),
            Some(_) => match (absent.get(at), unfinished.get(at)) {
                (Some(absence), _) => *absence,
                (_, Some(state)) => Outcome::Held(*state),
                _ => Outcome::Held(signed(date, today, random)),
            },
        };
        outcomes.insert(*at, outcome);
    }
    outcomes
}

/// Chooses `count` appointments that did not take place.
fn absences(past: &[At], count: usize, random: &mut Seeded) -> BTreeMap<At, Outcome> {
    let mut absent = BTreeMap::new();
    let dates: Vec<Date> =
        past.iter().map(|at| at.0).collect::<BTreeSet<_>>().into_iter().collect();
    // A fifth because the clinician was ill, whole days at a time.
    for _ in 0..dates.len() {
        if absent.len() >= count / 5 {
            break;
        }
        let Some(ill) = dates.get(index(random, dates.len())) else { break };
        let day = past.iter().filter(|at| at.0 == *ill);
        absent.extend(day.map(|at| (*at, Outcome::CancelledByClinician)));
    }
    let mut rest: Vec<At> = past.iter().filter(|at| !absent.contains_key(*at)).copied().collect();
    while absent.len() < count && !rest.is_empty() {
        let at = rest.swap_remove(index(random, rest.len()));
        let absence = match random.below(10) {
            0..=5 => Outcome::CancelledByClient,
            6..=7 => Outcome::LateCancel,
            _ => Outcome::NoShow,
        };
        absent.insert(at, absence);
    }
    absent
}

/// Of the newest sessions that took place, leaves one without a note and a few as drafts.
fn unfinished(
    size: &Size,
    past: &[At],
    absent: &BTreeMap<At, Outcome>,
) -> BTreeMap<At, Documented> {
    let held = past.iter().rev().filter(|at| !absent.contains_key(*at));
    // Two thirds of the newest are signed, so that the list to finish is no row of yesterdays.
    let newest = held.step_by(3).take(size.missing + size.drafts);
    newest
        .enumerate()
        .map(|(number, at)| {
            (*at, if number < size.missing { Documented::Missing } else { Documented::Draft })
        })
        .collect()
}

/// Today shows one of each.
fn of_today(cell: usize) -> Outcome {
    match TODAY.iter().position(|own| *own == cell) {
        Some(0) => Outcome::Held(Documented::SameDay),
        Some(1) => Outcome::Held(Documented::Draft),
        Some(2) => Outcome::NoShow,
        Some(3) => Outcome::Arrived,
        Some(4) => Outcome::Upcoming { confirmed: true },
        _ => Outcome::Upcoming { confirmed: false },
    }
}

fn signed(date: Date, today: Date, random: &mut Seeded) -> Documented {
    let settled = date < today.saturating_sub(8.days());
    match random.below(100) {
        0..=3 if settled => Documented::Late,
        4..=11 if settled => Documented::NextDay,
        _ => Documented::SameDay,
    }
}
