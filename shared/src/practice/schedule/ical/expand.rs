//! From events to occurrences: rules, dates that are added or left out, and occurrences that were
//! changed.

use super::event::{Event, Length, When};
use super::{BUSY_MAX, Calendar, IcalCause, IcalError};
use crate::practice::schedule::recur::{End, Rule};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use std::collections::{BTreeMap, BTreeSet};

/// What rules and occurrences of one file may cost to find: about a second of work.
const COST_MAX: u32 = 2_000_000;

/// One time at which somebody is busy.
#[derive(Clone, Debug, PartialEq)]
pub struct Busy {
    /// The event's own name for itself, and for this occurrence: stays when it is moved.
    pub uid: String,
    /// The local start by the rule, before anybody moved it.
    pub original: DateTime,
    /// Whether it takes whole days.
    pub all_day: bool,
    /// Where it begins, in local time of its zone.
    pub start: DateTime,
    /// Where it ends.
    pub end: DateTime,
    /// The same as instants.
    pub instants: (Timestamp, Timestamp),
    /// What it is called.
    pub title: String,
    /// Nobody is busy by it.
    pub free: bool,
    /// It was called off.
    pub cancelled: bool,
}

impl Calendar {
    /// Returns every occurrence that touches the days from `from` up to before `to`, by start.
    /// Times without a zone are meant in `zone`, unless the file says another.
    pub fn busy(&self, from: Date, to: Date, zone: &TimeZone) -> Result<Vec<Busy>, IcalError> {
        let zone = self.zone.as_ref().unwrap_or(zone);
        let begin = |date: Date| date.to_datetime(Time::midnight());
        let window = (begin(from), begin(to));
        let mut groups: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in &self.events {
            groups.entry(event.uid.as_str()).or_default().push(event);
        }
        let (mut all, mut left) = (Vec::new(), COST_MAX);
        for group in groups.values() {
            all.extend(Series::of(group, zone).occurrences(window, zone, &mut left));
            if all.len() > BUSY_MAX || left == 0 {
                return Err(IcalError { line: 1, cause: IcalCause::TooMany });
            }
        }
        all.sort_by(|one, other| {
            (one.instants, &one.uid, &one.title).cmp(&(other.instants, &other.uid, &other.title))
        });
        Ok(all)
    }
}

/// All that one file says under one UID.
struct Series<'e> {
    bases: Vec<&'e Event>,
    /// Changed occurrences by the moment that they change.
    changed: BTreeMap<Timestamp, &'e Event>,
    /// Changes of an occurrence and all that follow it, likewise.
    following: BTreeMap<Timestamp, &'e Event>,
    /// Moments that are left out.
    without: BTreeSet<Timestamp>,
    floating: &'e TimeZone,
}

impl<'e> Series<'e> {
    fn of(group: &[&'e Event], floating: &'e TimeZone) -> Self {
        let (mut changed, mut following) = (BTreeMap::new(), BTreeMap::new());
        let whole = |event: &&&Event| event.instance.is_none();
        let mut bases: Vec<&Event> = group.iter().filter(whole).copied().collect();
        // Of two that call themselves the same, the later version counts.
        if let Some(newest) = bases.iter().map(|event| event.sequence).max() {
            bases.retain(|event| event.sequence == newest);
        }
        let like = bases.first().map(|base| &base.start);
        for event in group {
            let Some((of, all_later)) = &event.instance else { continue };
            let of = like.map_or_else(|| of.clone(), |like| of.like(like, floating));
            let place = if *all_later { &mut following } else { &mut changed };
            let at = of.instant(floating);
            let known: Option<&&Event> = place.get(&at);
            if known.is_none_or(|known| known.sequence <= event.sequence) {
                place.insert(at, *event);
            }
        }
        let gone = |base: &&Event| {
            let like = base.start.clone();
            let of = base.without.iter();
            of.map(|when| when.like(&like, floating).instant(floating)).collect::<Vec<_>>()
        };
        let without = bases.iter().flat_map(gone).collect();
        Self { bases, changed, following, without, floating }
    }

    fn occurrences(
        &self,
        window: (DateTime, DateTime),
        zone: &TimeZone,
        left: &mut u32,
    ) -> Vec<Busy> {
        let mut all = Vec::new();
        let mut shown = BTreeSet::new();
        for base in &self.bases {
            if all.len() > BUSY_MAX {
                // More than a file may come to; who asked says so.
                *left = 0;
                break;
            }
            for (time, length) in self.times(base, window, left) {
                let at = time.instant(self.floating);
                if let Some(changed) = self.changed.get(&at) {
                    if shown.insert(at) {
                        all.push(busy(changed, &changed.start, changed.length, &time, zone));
                    }
                    continue;
                }
                let later =
                    self.following.range(..=at).next_back().map(|(from, event)| (*from, *event));
                match later {
                    None => all.push(busy(base, &time, length, &time, zone)),
                    Some((from, event)) => {
                        let moved = shifted(&time, from, &event.start, self.floating);
                        all.push(busy(event, &moved, event.length, &time, zone));
                    }
                }
            }
        }
        // What changes an occurrence that the rules do not have stands for itself.
        for (at, event) in self.changed.iter().chain(&self.following) {
            let left_out = self.without.contains(at);
            // A version of before the whole was changed says nothing any more.
            let outdated = self.bases.iter().any(|base| base.sequence > event.sequence);
            let alone = self.bases.is_empty() || !self.following.contains_key(at) && !outdated;
            if !shown.contains(at) && !left_out && alone {
                all.push(busy(event, &event.start, event.length, &event.start, zone));
            }
        }
        all.retain(|one| touches(one, window, zone));
        all
    }

    /// Whether an occurrence is of no account here: it ends before the window, and nothing is said
    /// about it.
    fn is_past(&self, at: Timestamp, when: &When, length: Length, from: DateTime) -> bool {
        let length = match length {
            Length::Days(days) => SignedDuration::from_hours(days.saturating_mul(24)),
            Length::Exact(time) => time,
        };
        let end = when.local().saturating_add(length).saturating_add(2.days());
        let follows = self.following.range(..=at).next_back().is_some();
        end < from && !follows && !self.changed.contains_key(&at)
    }

    /// The moments that an event has by its rules and dates, as far as they may touch the window.
    fn times(
        &self,
        base: &Event,
        window: (DateTime, DateTime),
        left: &mut u32,
    ) -> Vec<(When, Option<Length>)> {
        let like = |local: DateTime| match &base.start {
            When::Day(_) => When::Day(local.date()),
            When::At(_, zone) => When::At(local, zone.clone()),
        };
        let mut times: BTreeMap<Timestamp, (When, Option<Length>)> = BTreeMap::new();
        let mut add = |when: When, length: Option<Length>| {
            let at = when.instant(self.floating);
            if !self.is_past(at, &when, length.unwrap_or(base.length), window.0) {
                times.entry(at).or_insert((when, length));
            }
        };
        for rule in &base.rules {
            self.each(base, rule, window.1, left, &mut |time| add(like(time), None));
        }
        if base.rules.is_empty() {
            add(base.start.clone(), None);
        }
        for (when, length) in &base.more {
            add(when.like(&base.start, self.floating), *length);
        }
        for rule in &base.without_rules {
            self.each(base, rule, window.1, left, &mut |time| {
                times.remove(&like(time).instant(self.floating));
            });
        }
        times.retain(|at, _| !self.without.contains(at));
        times.into_values().collect()
    }

    /// Goes through what a rule has up to the end of the window, as long as the file may cost more.
    fn each(
        &self,
        base: &Event,
        rule: &Rule,
        end: DateTime,
        left: &mut u32,
        take: &mut dyn FnMut(DateTime),
    ) {
        let zone = match &base.start {
            When::At(_, Some(zone)) => zone,
            _ => self.floating,
        };
        let mut rule = rule.clone();
        if let (When::Day(_), End::UntilInstant(until)) = (&base.start, rule.end) {
            // Whole days know no instants: the date that is written there is meant.
            let last = TimeZone::UTC.to_datetime(until).date();
            rule.end = End::Until(last.to_datetime(Time::constant(23, 59, 59, 0)));
        }
        let horizon = end.saturating_add(2.days());
        let mut occurrences = rule.occurrences(base.start.local(), horizon, zone);
        let mut paid = 0;
        while *left > 0 {
            let next = occurrences.next();
            let cost = occurrences.cost();
            *left = left.saturating_sub(cost - paid + 1);
            paid = cost;
            match next {
                Some(time) => take(time),
                None => break,
            }
        }
    }
}

/// Where an occurrence goes when the one at `from` goes to `to`: as far by the calendar and the clock
/// on the wall.
fn shifted(time: &When, from: Timestamp, to: &When, floating: &TimeZone) -> When {
    match (time, to) {
        (When::At(..), When::At(there, zone)) => {
            let zone_of = zone.as_ref().unwrap_or(floating);
            let by = there.duration_since(zone_of.to_datetime(from));
            let local = zone_of.to_datetime(time.instant(floating));
            When::At(local.saturating_add(by), zone.clone())
        }
        (When::Day(date), _) => {
            let by = to.local().date().duration_since(floating.to_datetime(from).date());
            let days = by.as_hours() / 24;
            When::Day(date.saturating_add(SignedDuration::from_hours(days.saturating_mul(24))))
        }
        (When::At(..), When::Day(_)) => time.clone(),
    }
}

fn busy(
    event: &Event,
    start: &When,
    length: impl Into<Option<Length>>,
    original: &When,
    floating: &TimeZone,
) -> Busy {
    let length = length.into().unwrap_or(event.length);
    let zone = match start {
        When::At(_, Some(zone)) => zone,
        _ => floating,
    };
    let begins = start.instant(floating);
    let local = start.local();
    let (end, ends) = match length {
        Length::Days(days) => {
            let time = SignedDuration::from_hours(days.saturating_mul(24));
            let end = local.saturating_add(time);
            let ends = zone.to_ambiguous_timestamp(end).compatible();
            (end, ends.unwrap_or(Timestamp::MAX))
        }
        Length::Exact(time) => {
            let ends = begins.checked_add(time).unwrap_or(Timestamp::MAX);
            (zone.to_datetime(ends), ends)
        }
    };
    Busy {
        uid: event.uid.clone(),
        original: original.local(),
        all_day: start.is_day(),
        start: local,
        end,
        instants: (begins, ends),
        title: event.title.clone(),
        free: event.free,
        cancelled: event.cancelled,
    }
}

/// Whether it takes place within the window; what takes no time counts where it begins.
fn touches(one: &Busy, (from, to): (DateTime, DateTime), zone: &TimeZone) -> bool {
    let (begins, ends) = match one.all_day {
        true => (one.start, one.end),
        false => (zone.to_datetime(one.instants.0), zone.to_datetime(one.instants.1)),
    };
    begins < to && (ends > from || begins >= from)
}
