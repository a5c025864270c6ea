//! Plans who comes when: weekly rhythms, holidays, a full today, and as many appointments as asked.
//!
//! Places are a grid of [`CELLS`] starts a day, an hour apart, so that nothing can overlap.

use super::Size;
use super::grammar::index;
use crate::random::Seeded;
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, time};
use std::collections::BTreeMap;

/// Starts of sessions. There is a gap at noon.
pub(super) const CELLS: [Time; 8] = [
    time(9, 0, 0, 0),
    time(10, 0, 0, 0),
    time(11, 0, 0, 0),
    time(13, 30, 0, 0),
    time(14, 30, 0, 0),
    time(15, 30, 0, 0),
    time(16, 30, 0, 0),
    time(17, 30, 0, 0),
];

/// The cells that are taken today; those at 14:30 and 17:30 stay free.
pub(super) const TODAY: [usize; 6] = [0, 1, 2, 3, 5, 6];

/// The cell of supervision, every fourth Friday.
const SUPERVISION: usize = 7;

/// Who comes when. `None` is supervision.
pub(super) type Plan = BTreeMap<(Date, usize), Option<usize>>;

/// A client's rhythm.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    client: usize,
    from: u16,
    to: u16,
    every: u16,
    weekday: i8,
    cell: usize,
}

/// Plans everything from `size.weeks_back` weeks before `today` on.
pub(super) fn plan(size: &Size, today: Date, random: &mut Seeded) -> Plan {
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let first = monday.saturating_sub(i64::from(size.weeks_back).weeks());
    let rhythms = rhythms(size, random);
    let mut plan = Plan::new();
    for rhythm in &rhythms {
        for week in (rhythm.from..=rhythm.to).step_by(usize::from(rhythm.every)) {
            let offset = i64::from(week) * 7 + i64::from(rhythm.weekday);
            let date = first.saturating_add(offset.days());
            if !is_free(date) {
                plan.insert((date, rhythm.cell), Some(rhythm.client));
            }
        }
    }
    supervision(size, first, &mut plan);
    fill_today(today, &rhythms, &mut plan);
    trim(size, today, random, &mut plan);
    fill(size, first, today, &rhythms, random, &mut plan);
    plan
}

/// Returns whether nobody works: weekends, and the weeks and days that the practice is closed.
pub(super) fn is_free(date: Date) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    let (month, day) = (date.month(), date.day());
    let closed = matches!(
        (month, day),
        (12, 24..=31) | (1, 1..=2) | (8, 3..=16) | (5, 1) | (7, 4) | (11, 11) | (3, 29..=31)
    );
    weekend || closed
}

/// Lets clients begin and end so that every week is about equally full.
fn rhythms(size: &Size, random: &mut Seeded) -> Vec<Rhythm> {
    let weeks = u64::from(size.weeks_back + size.weeks_ahead);
    // Holidays take about a tenth; what they take has to be made up for.
    let load = (size.appointments as u64).div_ceil(weeks * 9 / 10);
    let waiting = (size.clients as u64).saturating_sub(load).max(1);
    let stay = weeks * load / waiting;
    let mut rhythms: Vec<Rhythm> = Vec::new();
    for week in 0..size.weeks_back + size.weeks_ahead {
        let ends = size.weeks_back.saturating_sub(1);
        while rhythms.len() < size.clients {
            let present = rhythms.iter().filter(|rhythm| rhythm.to >= week).count() as u64;
            let remaining = size.clients - rhythms.len();
            // Whoever has not begun by now begins this week.
            let late = week >= ends && remaining > 0;
            if present >= load && !late {
                break;
            }
            let drawn = if week == 0 {
                4 + random.below(stay * 8 / 5)
            } else {
                stay * 2 / 5 + random.below(stay * 6 / 5)
            };
            let to = week.saturating_add(u16::try_from(drawn.max(6)).unwrap_or(u16::MAX));
            let every = if random.below(7) == 0 { 2 } else { 1 };
            let last = size.weeks_back + size.weeks_ahead - 1;
            let rhythm = Rhythm {
                client: rhythms.len(),
                from: week,
                to: to.min(last),
                every,
                weekday: 0,
                cell: 0,
            };
            rhythms.push(place(rhythm, &rhythms, random));
        }
    }
    rhythms
}

/// Finds a weekday and a cell that nobody else has in the same weeks.
fn place(rhythm: Rhythm, others: &[Rhythm], random: &mut Seeded) -> Rhythm {
    let places = 5 * CELLS.len();
    let start = index(random, places);
    let mut candidate = rhythm;
    for step in 0..places {
        let place = (start + step * 7) % places;
        candidate.weekday = i8::try_from(place / CELLS.len()).unwrap_or_default();
        candidate.cell = place % CELLS.len();
        let supervision = candidate.weekday == 4 && candidate.cell == SUPERVISION;
        let taken = others.iter().any(|other| {
            (other.weekday, other.cell) == (candidate.weekday, candidate.cell)
                && other.to >= candidate.from
                && candidate.to >= other.from
        });
        if !taken && !supervision {
            break;
        }
    }
    candidate
}

fn supervision(size: &Size, first: Date, plan: &mut Plan) {
    for week in (3..size.weeks_back + size.weeks_ahead).step_by(4) {
        let friday = first.saturating_add((i64::from(week) * 7 + 4).days());
        if size.supervision && !is_free(friday) {
            plan.insert((friday, SUPERVISION), None);
        }
    }
}

/// Gives today its sessions, whatever day it is: a demo on a Sunday must show a working day.
fn fill_today(today: Date, rhythms: &[Rhythm], plan: &mut Plan) {
    let here: Vec<usize> =
        (0..CELLS.len()).filter_map(|cell| plan.remove(&(today, cell)).flatten()).collect();
    let near = |date: Date| (date - today).get_days().abs() <= 3;
    let week_back = today.saturating_sub(28.days());
    // Who was here lately and has no other session today; today's own first.
    let mut lately: Vec<usize> = here.clone();
    for ((_, _), client) in plan.range((week_back, 0)..(today, 0)) {
        lately.extend(*client);
    }
    lately.extend(rhythms.iter().map(|rhythm| rhythm.client));
    let mut chosen: Vec<usize> = Vec::new();
    for client in lately {
        if chosen.len() < TODAY.len() && !chosen.contains(&client) {
            chosen.push(client);
        }
    }
    plan.retain(|(date, _), client| !(near(*date) && client.is_some_and(|c| chosen.contains(&c))));
    for (cell, client) in TODAY.iter().zip(chosen) {
        plan.insert((today, *cell), Some(client));
    }
}

/// Takes out what is too much, from the past only.
fn trim(size: &Size, today: Date, random: &mut Seeded, plan: &mut Plan) {
    let limit = today.saturating_sub(10.days());
    let mut past: Vec<(Date, usize)> = plan
        .range(..(limit, 0))
        .filter(|(_, client)| client.is_some())
        .map(|(at, _)| *at)
        .collect();
    while plan.len() > size.appointments && !past.is_empty() {
        let at = past.swap_remove(index(random, past.len()));
        plan.remove(&at);
    }
}

/// Adds extra sessions where there is room until there are enough.
fn fill(
    size: &Size,
    first: Date,
    today: Date,
    rhythms: &[Rhythm],
    random: &mut Seeded,
    plan: &mut Plan,
) {
    let attempts = size.appointments * 200;
    for _ in 0..attempts {
        if plan.len() >= size.appointments {
            return;
        }
        let Some(rhythm) = rhythms.get(index(random, rhythms.len())) else { return };
        let weeks = u64::from(rhythm.to.saturating_sub(rhythm.from)) + 1;
        let week = i64::from(rhythm.from) + i64::try_from(random.below(weeks)).unwrap_or_default();
        let weekday = i64::try_from(random.below(5)).unwrap_or_default();
        let date = first.saturating_add((week * 7 + weekday).days());
        let cell = index(random, CELLS.len());
        let reserved = cell == SUPERVISION && weekday == 4;
        let close = plan
            .range((date.saturating_sub(1.day()), 0)..=(date.saturating_add(1.day()), CELLS.len()))
            .any(|(_, client)| *client == Some(rhythm.client));
        if date < today.saturating_sub(10.days())
            && !is_free(date)
            && !reserved
            && !close
            && !plan.contains_key(&(date, cell))
        {
            plan.insert((date, cell), Some(rhythm.client));
        }
    }
}
