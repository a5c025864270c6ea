//! One period of a rule (a year, a month, a week, a day, …) and the times in it.

use super::{Day, Frequency, Rule};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{SignedDuration, Span, ToSpan as _};

/// Times of a day that are looked at: one each minute.
const TIMES_OF_DAY_MAX: usize = 1_440;
/// Times of a period that are looked at.
const TIMES_MAX: usize = 20_000;

/// A period, by the time at which it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period(DateTime);

impl Period {
    /// The period in which a series begins.
    pub(super) fn first(rule: &Rule, start: DateTime) -> Self {
        let date = start.date();
        let midnight = |date: Date| date.to_datetime(Time::midnight());
        Self(match rule.frequency {
            Frequency::Yearly => midnight(date.first_of_year()),
            Frequency::Monthly => midnight(date.first_of_month()),
            Frequency::Weekly => midnight(week_of(date, rule.week_start)),
            Frequency::Daily => midnight(date),
            Frequency::Hourly => date.at(start.hour(), 0, 0, 0),
            Frequency::Minutely => date.at(start.hour(), start.minute(), 0, 0),
            Frequency::Secondly => start,
        })
    }

    pub(super) fn begins(self) -> DateTime {
        self.0
    }

    /// The next one; `None` beyond the end of the calendar.
    pub(super) fn next(self, rule: &Rule) -> Option<Self> {
        let count = i64::from(rule.interval.get());
        let by_date = |span: Result<Span, jiff::Error>| self.0.checked_add(span.ok()?).ok();
        let by_clock = |seconds: i64| {
            let seconds = count.checked_mul(seconds)?;
            self.0.checked_add(SignedDuration::from_secs(seconds)).ok()
        };
        let next = match rule.frequency {
            Frequency::Yearly => by_date(Span::new().try_years(count)),
            Frequency::Monthly => by_date(Span::new().try_months(count)),
            Frequency::Weekly => by_date(Span::new().try_weeks(count)),
            Frequency::Daily => by_date(Span::new().try_days(count)),
            Frequency::Hourly => by_clock(3_600),
            Frequency::Minutely => by_clock(60),
            Frequency::Secondly => by_clock(1),
        };
        next.map(Self)
    }

    /// What it costs to look at, see [`super::Occurrences::cost`].
    pub(super) fn cost(self, rule: &Rule) -> u32 {
        let lists = [&rule.months, &rule.weeks, &rule.year_days, &rule.month_days];
        let compared: usize = lists.iter().map(|list| list.len()).sum();
        let compared = 1 + (compared + rule.days.len()) / 8;
        let clock = [&rule.hours, &rule.minutes, &rule.seconds];
        let times = clock.iter().map(|list| list.len().max(1)).product::<usize>();
        let times = times.min(TIMES_OF_DAY_MAX) / 16;
        u32::try_from(1 + self.days(rule) * compared / 4 + times).unwrap_or(u32::MAX)
    }

    fn days(self, rule: &Rule) -> usize {
        let first = self.0.date();
        match rule.frequency {
            Frequency::Yearly => first.days_in_year().unsigned_abs().into(),
            Frequency::Monthly => first.days_in_month().unsigned_abs().into(),
            Frequency::Weekly => 7,
            _ => 1,
        }
    }

    /// Everything in it that the rule has, in order.
    pub(super) fn times(self, rule: &Rule) -> Vec<DateTime> {
        let first = self.0.date();
        let dates = (0_i64..).take(self.days(rule));
        let dates = dates.filter_map(|day| first.checked_add(day.days()).ok());
        let dates: Vec<Date> = dates.filter(|date| has_date(rule, *date)).collect();
        if dates.is_empty() {
            return Vec::new();
        }
        let times = match rule.frequency < Frequency::Daily {
            true => clock_times(rule, self.0),
            false => day_times(rule),
        };
        let all = dates
            .into_iter()
            .flat_map(|date| times.iter().map(move |time| date.to_datetime(*time)));
        let all: Vec<DateTime> = all.take(TIMES_MAX).collect();
        if rule.positions.is_empty() { all } else { positioned(&all, &rule.positions) }
    }
}

fn week_of(date: Date, week_start: Weekday) -> Date {
    let into = i32::from(week_start.until(date.weekday()));
    date.checked_sub(into.days()).unwrap_or(date)
}

/// The times of a day that the rule names.
fn day_times(rule: &Rule) -> Vec<Time> {
    let hours = rule.hours.iter();
    let minutes = hours.flat_map(|hour| rule.minutes.iter().map(move |minute| (*hour, *minute)));
    let all = minutes.flat_map(|(hour, minute)| {
        rule.seconds.iter().filter_map(move |second| time(hour, minute, *second))
    });
    let mut times: Vec<Time> = all.take(TIMES_OF_DAY_MAX).collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// The times in a period that is shorter than a day.
fn clock_times(rule: &Rule, at: DateTime) -> Vec<Time> {
    let has = |list: &[i16], value: i8| list.is_empty() || list.contains(&i16::from(value));
    let one = |value: i8| vec![i16::from(value)];
    let hours = if has(&rule.hours, at.hour()) { one(at.hour()) } else { Vec::new() };
    let of_minute = rule.frequency < Frequency::Hourly;
    let minutes = match of_minute {
        true if has(&rule.minutes, at.minute()) => one(at.minute()),
        true => Vec::new(),
        false => rule.minutes.clone(),
    };
    let seconds = match rule.frequency {
        Frequency::Secondly if has(&rule.seconds, at.second()) => one(at.second()),
        Frequency::Secondly => Vec::new(),
        _ => rule.seconds.clone(),
    };
    day_times(&Rule { hours, minutes, seconds, ..rule.clone() })
}

/// A leap second is the last one of its minute.
fn time(hour: i16, minute: i16, second: i16) -> Option<Time> {
    let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
    Time::new(hour, minute, i8::try_from(second.min(59)).ok()?, 0).ok()
}

fn positioned(all: &[DateTime], positions: &[i16]) -> Vec<DateTime> {
    let length = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let mut chosen: Vec<DateTime> = positions
        .iter()
        .filter_map(|position| {
            let position = i64::from(*position);
            let index = if position > 0 { position - 1 } else { length + position };
            all.get(usize::try_from(index).ok()?).copied()
        })
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn has_date(rule: &Rule, date: Date) -> bool {
    let counted = |list: &[i16], forward: i16, length: i16| {
        list.is_empty() || list.iter().any(|n| *n == forward || *n == forward - length - 1)
    };
    let (month_day, month_length) = (i16::from(date.day()), i16::from(date.days_in_month()));
    (rule.months.is_empty() || rule.months.contains(&i16::from(date.month())))
        && counted(&rule.month_days, month_day, month_length)
        && counted(&rule.year_days, date.day_of_year(), date.days_in_year())
        && (rule.weeks.is_empty() || has_week(rule, date))
        && (rule.days.is_empty() || rule.days.iter().any(|day| is_day(rule, *day, date)))
}

/// Whether a date is such a weekday, or the n-th one of its month or year.
fn is_day(rule: &Rule, day: Day, date: Date) -> bool {
    if day.weekday != date.weekday() {
        return false;
    }
    let by_month = rule.frequency == Frequency::Monthly || !rule.months.is_empty();
    let (at, length) = match rule.frequency {
        _ if day.nth == 0 => return true,
        Frequency::Monthly | Frequency::Yearly if by_month => {
            (i16::from(date.day()), i16::from(date.days_in_month()))
        }
        // In a year of numbered weeks a weekday is there once.
        Frequency::Yearly if rule.weeks.is_empty() => (date.day_of_year(), date.days_in_year()),
        _ => return true,
    };
    if day.nth > 0 { (at - 1) / 7 + 1 == day.nth } else { (length - at) / 7 + 1 == -day.nth }
}

/// Whether a date lies in one of the rule's weeks. The first week of a year is the first with four
/// days in it.
fn has_week(rule: &Rule, date: Date) -> bool {
    let begins = week_of(date, rule.week_start);
    // The year in which the week has most of its days.
    let middle = begins.checked_add(3.days()).unwrap_or(begins);
    let number = (middle.day_of_year() - 1) / 7 + 1;
    let last_of_year = middle.last_of_year();
    let last_week = week_of(last_of_year, rule.week_start);
    let middle_of_last = last_week.checked_add(3.days()).unwrap_or(last_week);
    let weeks = if middle_of_last.year() == middle.year() {
        (middle_of_last.day_of_year() - 1) / 7 + 1
    } else {
        let before = middle_of_last.checked_sub(7.days()).unwrap_or(middle_of_last);
        (before.day_of_year() - 1) / 7 + 1
    };
    rule.weeks.iter().any(|week| *week == number || *week == number - weeks - 1)
}
