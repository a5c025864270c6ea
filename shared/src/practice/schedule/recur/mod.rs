//! Recurrence rules as RFC 5545, 3.3.10 defines them: which local times a series takes place at.
//!
//! A rule is expanded in the local time in which it was agreed, so that a session at nine stays at
//! nine on both sides of a change of the clocks; instants are derived from the zone afterwards. A
//! calendar library would bring a second time zone database with it; this needs none.

mod parse;
mod period;

pub use parse::{RuleError, RuleErrorKind};

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use period::Period;
use std::num::NonZeroU32;

/// Periods that are looked at for one rule at most: what has not come to an end by then is cut
/// off there. So many days are a hundred years; rules of seconds end within the day.
pub const PERIODS_MAX: u32 = 40_000;
/// Occurrences of one rule at most.
pub const OCCURRENCES_MAX: usize = 50_000;

/// How often.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Frequency {
    /// Every second; for calendars of others only.
    Secondly,
    /// Every minute; likewise.
    Minutely,
    /// Every hour; likewise.
    Hourly,
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

/// How far a rule goes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum End {
    /// Without end.
    #[default]
    Never,
    /// So many occurrences, those that are skipped included.
    Count(u32),
    /// Up to this local time, which is included.
    Until(DateTime),
    /// Up to this instant, which is included.
    UntilInstant(Timestamp),
}

/// A weekday, or the n-th one of a month or year: -1 is the last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Day {
    /// Which one; 0 for every one.
    pub nth: i16,
    /// The weekday.
    pub weekday: Weekday,
}

/// A recurrence rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// How often.
    pub frequency: Frequency,
    /// Every so many days, weeks, months or years.
    pub interval: NonZeroU32,
    /// How far.
    pub end: End,
    /// On which day weeks begin.
    pub week_start: Weekday,
    /// In these months only, 1 to 12.
    pub months: Vec<i16>,
    /// In these weeks of the year, -53 to 53.
    pub weeks: Vec<i16>,
    /// On these days of the year, -366 to 366.
    pub year_days: Vec<i16>,
    /// On these days of the month, -31 to 31.
    pub month_days: Vec<i16>,
    /// On these weekdays.
    pub days: Vec<Day>,
    /// At these hours, minutes and seconds.
    pub hours: Vec<i16>,
    /// See `hours`.
    pub minutes: Vec<i16>,
    /// See `hours`.
    pub seconds: Vec<i16>,
    /// Of what a period has, these: 1 is the first, -1 the last.
    pub positions: Vec<i16>,
}

impl Rule {
    /// A rule that names nothing but how often: everything else follows from the first occurrence.
    pub const fn every(interval: NonZeroU32, frequency: Frequency) -> Self {
        Self {
            frequency,
            interval,
            end: End::Never,
            week_start: Weekday::Monday,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            days: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        }
    }

    /// Whether it takes place on several weekdays of each week, and says nothing else of which days.
    pub fn is_of_several_weekdays(&self) -> bool {
        let more = [&self.months, &self.weeks, &self.year_days, &self.month_days, &self.positions];
        let plain = more.iter().all(|list| list.is_empty());
        let days = plain && self.days.iter().all(|day| day.nth == 0);
        let first = self.days.first().map(|day| day.weekday);
        let several = self.days.iter().any(|day| Some(day.weekday) != first);
        self.frequency == Frequency::Weekly && days && several
    }

    /// Returns the local times at which a series takes place that begins at `start`, in order, up
    /// to and including `horizon`. `start` itself is among them only if the rule has it.
    /// `zone` tells where an instant at which the rule ends lies in local time.
    pub fn occurrences(&self, start: DateTime, horizon: DateTime, zone: &TimeZone) -> Occurrences {
        let until = match self.end {
            End::Never | End::Count(_) => None,
            End::Until(until) => Some(until),
            End::UntilInstant(instant) => Some(zone.to_datetime(instant)),
        };
        let left = match self.end {
            End::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        Occurrences {
            rule: self.completed(start),
            start,
            horizon: until.map_or(horizon, |until| until.min(horizon)),
            period: Some(Period::first(self, start)),
            periods: 0,
            cost: 0,
            left: left.min(OCCURRENCES_MAX),
            ready: Vec::new(),
        }
    }

    /// The rule with what follows from the first occurrence.
    fn completed(&self, start: DateTime) -> Self {
        let mut rule = self.clone();
        let names_no_day = rule.weeks.is_empty()
            && rule.year_days.is_empty()
            && rule.month_days.is_empty()
            && rule.days.is_empty();
        let weekday = Day { nth: 0, weekday: start.weekday() };
        match rule.frequency {
            Frequency::Yearly if names_no_day => {
                if rule.months.is_empty() {
                    rule.months.push(i16::from(start.month()));
                }
                rule.month_days.push(i16::from(start.day()));
            }
            Frequency::Monthly if names_no_day => rule.month_days.push(i16::from(start.day())),
            Frequency::Weekly if names_no_day => rule.days.push(weekday),
            _ => {}
        }
        let fill = |list: &mut Vec<i16>, of_start: i8, above: Frequency| {
            if list.is_empty() && rule.frequency > above {
                list.push(i16::from(of_start));
            }
        };
        fill(&mut rule.hours, start.hour(), Frequency::Hourly);
        fill(&mut rule.minutes, start.minute(), Frequency::Minutely);
        fill(&mut rule.seconds, start.second(), Frequency::Secondly);
        rule
    }
}

/// The occurrences of a rule, in order.
#[derive(Clone, Debug)]
pub struct Occurrences {
    rule: Rule,
    start: DateTime,
    horizon: DateTime,
    /// The one that is looked at next.
    period: Option<Period>,
    periods: u32,
    cost: u32,
    left: usize,
    /// What the last period has, the latest first.
    ready: Vec<DateTime>,
}

impl Occurrences {
    /// Returns what looking for them has cost so far, in units of about a day that is compared with
    /// a short rule: a year costs more than a day, and long lists more than short ones.
    pub const fn cost(&self) -> u32 {
        self.cost
    }
}

impl Iterator for Occurrences {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        loop {
            if let Some(next) = self.ready.pop() {
                if next > self.horizon || self.left == 0 {
                    self.period = None;
                    self.ready.clear();
                    return None;
                }
                self.left -= 1;
                return Some(next);
            }
            let period = self.period.take()?;
            if period.begins() > self.horizon || self.periods == PERIODS_MAX {
                return None;
            }
            self.periods += 1;
            self.cost = self.cost.saturating_add(period.cost(&self.rule));
            self.ready = period.times(&self.rule);
            self.ready.retain(|time| *time >= self.start);
            self.ready.reverse();
            self.period = period.next(&self.rule);
        }
    }
}

/// Ten years on, which is as far as a series without end is looked at.
pub fn horizon(from: DateTime) -> DateTime {
    from.checked_add(10.years()).unwrap_or(DateTime::MAX)
}

#[cfg(test)]
mod tests;
