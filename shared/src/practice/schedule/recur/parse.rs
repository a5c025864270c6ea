//! A rule as text: the value of an RRULE property.

use super::{Day, End, Frequency, Rule};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use thiserror::Error;

/// Items of one list in a rule at most: all seconds of a year's worth of minutes are fewer.
const LIST_MAX: usize = 366;
/// Bytes of a rule at most.
const BYTES_MAX: usize = 4_096;

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RuleErrorKind {
    /// A part stands twice.
    #[error("stands twice")]
    Twice,
    /// A value is missing or outside what it may be.
    #[error("has a value that it cannot have")]
    Value,
    /// The text is not NAME=VALUE;NAME=VALUE.
    #[error("is not a rule")]
    Malformed,
    /// How often is not said.
    #[error("is missing")]
    Missing,
    /// COUNT and UNTIL cannot both be.
    #[error("contradicts COUNT")]
    Both,
}

/// Why a text is no rule.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{part} {kind}")]
pub struct RuleError {
    /// Which part; a name of RFC 5545, or `RRULE`.
    pub part: &'static str,
    /// What is wrong.
    pub kind: RuleErrorKind,
}

const PARTS: [&str; 14] = [
    "FREQ",
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];

const FREQUENCIES: [(&str, Frequency); 7] = [
    ("SECONDLY", Frequency::Secondly),
    ("MINUTELY", Frequency::Minutely),
    ("HOURLY", Frequency::Hourly),
    ("DAILY", Frequency::Daily),
    ("WEEKLY", Frequency::Weekly),
    ("MONTHLY", Frequency::Monthly),
    ("YEARLY", Frequency::Yearly),
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

impl FromStr for Rule {
    type Err = RuleError;

    /// Reads the value of an RRULE. Names of other standards (X-…) are passed over, as are empty
    /// parts, which many programs write at the end.
    fn from_str(text: &str) -> Result<Self, RuleError> {
        let whole = |kind| RuleError { part: "RRULE", kind };
        if text.len() > BYTES_MAX {
            return Err(whole(RuleErrorKind::Malformed));
        }
        let mut values: [Option<&str>; PARTS.len()] = [None; PARTS.len()];
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) =
                part.split_once('=').ok_or_else(|| whole(RuleErrorKind::Malformed))?;
            let known = PARTS.iter().zip(&mut values);
            let Some((part, place)) =
                known.into_iter().find(|(of, _)| name.eq_ignore_ascii_case(of))
            else {
                continue;
            };
            if place.replace(value.trim()).is_some() {
                return Err(RuleError { part, kind: RuleErrorKind::Twice });
            }
        }
        let [freq, until, count, interval, second, minute, hour, day, rest @ ..] = values;
        let [month_day, year_day, week, month, position, week_start] = rest;
        let frequency = freq.ok_or(RuleError { part: "FREQ", kind: RuleErrorKind::Missing })?;
        let interval = interval.map_or(Ok(NonZeroU32::MIN), |n| number("INTERVAL", n))?;
        let mut rule = Self::every(interval, named("FREQ", frequency, &FREQUENCIES)?);
        rule.end = match (count, until) {
            (None, None) => End::Never,
            (Some(count), None) => End::Count(number("COUNT", count)?),
            (None, Some(until)) => end_at(until)?,
            (Some(_), Some(_)) => {
                return Err(RuleError { part: "UNTIL", kind: RuleErrorKind::Both });
            }
        };
        rule.seconds = list("BYSECOND", second, 0, 60)?;
        rule.minutes = list("BYMINUTE", minute, 0, 59)?;
        rule.hours = list("BYHOUR", hour, 0, 23)?;
        rule.month_days = signed("BYMONTHDAY", month_day, 31)?;
        rule.year_days = signed("BYYEARDAY", year_day, 366)?;
        rule.weeks = signed("BYWEEKNO", week, 53)?;
        rule.months = list("BYMONTH", month, 1, 12)?;
        rule.positions = signed("BYSETPOS", position, 366)?;
        rule.days = items(day).map(weekday).collect::<Result<_, _>>()?;
        if let Some(start) = week_start {
            rule.week_start = named("WKST", start, &WEEKDAYS)?;
        }
        Ok(rule)
    }
}

fn wrong(part: &'static str) -> RuleError {
    RuleError { part, kind: RuleErrorKind::Value }
}

fn named<T: Copy>(part: &'static str, name: &str, of: &[(&str, T)]) -> Result<T, RuleError> {
    let found = of.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| *value).ok_or_else(|| wrong(part))
}

fn number<N: FromStr>(part: &'static str, text: &str) -> Result<N, RuleError> {
    text.parse().map_err(|_| wrong(part))
}

fn items(value: Option<&str>) -> impl Iterator<Item = &str> {
    value.into_iter().flat_map(|value| value.split(',')).map(str::trim).take(LIST_MAX)
}

fn list(
    part: &'static str,
    value: Option<&str>,
    least: i16,
    most: i16,
) -> Result<Vec<i16>, RuleError> {
    let one = |text| {
        let n: i16 = number(part, text)?;
        if (least..=most).contains(&n) { Ok(n) } else { Err(wrong(part)) }
    };
    items(value).map(one).collect()
}

fn signed(part: &'static str, value: Option<&str>, most: i16) -> Result<Vec<i16>, RuleError> {
    let all = list(part, value, -most, most)?;
    if all.contains(&0) { Err(wrong(part)) } else { Ok(all) }
}

fn weekday(text: &str) -> Result<Day, RuleError> {
    let at = text.len().checked_sub(2).filter(|at| text.is_char_boundary(*at));
    let (nth, name) = text.split_at(at.ok_or_else(|| wrong("BYDAY"))?);
    let weekday = named("BYDAY", name, &WEEKDAYS)?;
    let nth = if nth.is_empty() { 0 } else { number("BYDAY", nth)? };
    if (-53..=53).contains(&nth) { Ok(Day { nth, weekday }) } else { Err(wrong("BYDAY")) }
}

fn end_at(text: &str) -> Result<End, RuleError> {
    let utc = text.strip_suffix(['Z', 'z']);
    let local = stamp(utc.unwrap_or(text)).ok_or_else(|| wrong("UNTIL"))?;
    match utc {
        None => Ok(End::Until(local)),
        Some(_) => {
            let instant = local.to_zoned(TimeZone::UTC).map_err(|_| wrong("UNTIL"))?;
            Ok(End::UntilInstant(instant.timestamp()))
        }
    }
}

/// A date is the moment at which it begins, as calendar programs read it: the last of a series of
/// whole days, and before the sessions of that day.
fn stamp(text: &str) -> Option<DateTime> {
    let part = |text: &str, from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let (date, time) = text.split_once(['T', 't']).map_or((text, None), |(d, t)| (d, Some(t)));
    let small = |n: i16| i8::try_from(n).ok();
    if date.len() != 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let day = Date::new(part(date, 0, 4)?, small(part(date, 4, 6)?)?, small(part(date, 6, 8)?)?);
    let time = match time {
        None => Time::new(0, 0, 0, 0),
        Some(time) if time.len() == 6 && time.bytes().all(|byte| byte.is_ascii_digit()) => {
            let [hour, minute, second] =
                [part(time, 0, 2)?, part(time, 2, 4)?, part(time, 4, 6)?.min(59)];
            Time::new(small(hour)?, small(minute)?, small(second)?, 0)
        }
        Some(_) => return None,
    };
    Some(day.ok()?.to_datetime(time.ok()?))
}

impl fmt::Display for Rule {
    /// Writes what [`Rule::from_str`] reads, in one order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name =
            |of: Weekday| WEEKDAYS.iter().find(|(_, day)| *day == of).map_or("", |one| one.0);
        let frequency = FREQUENCIES.iter().find(|(_, one)| *one == self.frequency);
        write!(f, "FREQ={}", frequency.map_or("", |one| one.0))?;
        if self.interval > NonZeroU32::MIN {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        match self.end {
            End::Never => {}
            End::Count(count) => write!(f, ";COUNT={count}")?,
            End::Until(until) => write!(f, ";UNTIL={}", until.strftime("%Y%m%dT%H%M%S"))?,
            End::UntilInstant(instant) => {
                write!(f, ";UNTIL={}", instant.strftime("%Y%m%dT%H%M%SZ"))?;
            }
        }
        let lists = [
            ("BYMONTH", &self.months),
            ("BYWEEKNO", &self.weeks),
            ("BYYEARDAY", &self.year_days),
            ("BYMONTHDAY", &self.month_days),
            ("BYHOUR", &self.hours),
            ("BYMINUTE", &self.minutes),
            ("BYSECOND", &self.seconds),
            ("BYSETPOS", &self.positions),
        ];
        for (part, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            write!(f, ";{part}={}", list.join(","))?;
        }
        for (number, day) in self.days.iter().enumerate() {
            f.write_str(if number == 0 { ";BYDAY=" } else { "," })?;
            if day.nth != 0 {
                write!(f, "{}", day.nth)?;
            }
            f.write_str(name(day.weekday))?;
        }
        if self.week_start != Weekday::Monday {
            f.write_str(";WKST=")?;
            f.write_str(name(self.week_start))?;
        }
        Ok(())
    }
}
