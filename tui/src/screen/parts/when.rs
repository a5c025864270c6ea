//! Dates and times as people write and read them. It asks no clock and no system database.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};
use std::sync::OnceLock;
use tacenda_shared::id::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Returns the bundled zones: a constant, the same on every machine.
pub fn zones() -> &'static TimeZoneDatabase {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    ZONES.get_or_init(TimeZoneDatabase::bundled)
}

/// Returns local date and time of a moment in a zone; UTC where the zone is not known.
pub fn local(moment: Timestamp, zone: &str) -> DateTime {
    let zone = zones().get(zone).unwrap_or(TimeZone::UTC);
    let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default();
    zone.to_datetime(moment)
}

/// Returns the moment of a local time; a time that a clock change leaves out is taken as the one
/// after it.
pub fn moment(local: DateTime, zone: &str) -> Timestamp {
    let zone = zones().get(zone).unwrap_or(TimeZone::UTC);
    let moment = zone.to_ambiguous_timestamp(local).compatible().unwrap_or_default();
    Timestamp::from_millis(moment.as_millisecond())
}

/// Returns `8 Nov`.
pub fn short(date: Date) -> String {
    format!("{} {}", date.day(), month(date))
}

/// Returns ` 8 Nov`, as wide as `22 Nov`.
pub fn aligned(date: Date) -> String {
    format!("{:2} {}", date.day(), month(date))
}

/// Returns `Sun 22 Nov 2026`.
pub fn long(date: Date) -> String {
    format!("{} {} {} {}", day(date), date.day(), month(date), date.year())
}

/// Returns `Sun 22 Nov`.
pub fn day_and_date(date: Date) -> String {
    format!("{} {} {}", day(date), date.day(), month(date))
}

/// Returns `09:00`.
pub fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// Returns `Mon`.
pub fn day(date: Date) -> &'static str {
    let at = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    DAYS.get(at).copied().unwrap_or_default()
}

/// Returns `Nov`.
pub fn month(date: Date) -> &'static str {
    let at = usize::try_from(date.month() - 1).unwrap_or(0);
    MONTHS.get(at).copied().unwrap_or_default()
}

/// Returns how long something is: `40 min`, `1 h`, `1 h 40 min`.
pub fn length(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Returns the Monday of the week in which `date` lies.
pub fn monday(date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset());
    shifted(date, -back)
}

/// Returns the date `days` later, held at the ends of the calendar.
pub fn shifted(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}

/// Returns the moment `minutes` later on the same wall clock, held at the ends of the calendar.
pub fn later(local: DateTime, minutes: i64) -> DateTime {
    local.saturating_add(Span::new().minutes(minutes))
}

/// Returns how long ago something was: `now`, `4 min ago`, `2 h ago`, `3 d ago`.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.millis_since(then).max(0) / 60_000 {
        0 => "just now".to_owned(),
        minutes @ 1..=59 => format!("{minutes} min ago"),
        minutes @ 60..=2879 => format!("{} h ago", minutes / 60),
        minutes => format!("{} d ago", minutes / 1440),
    }
}

/// Returns how far ahead something is: `now`, `in 19 min`, `in 2 h 5 min`.
pub fn ahead(then: Timestamp, now: Timestamp) -> String {
    match then.millis_since(now).max(0).div_euclid(60_000) {
        0 => "now".to_owned(),
        minutes @ 1..=59 => format!("in {minutes} min"),
        minutes @ 60..=1439 => match minutes % 60 {
            0 => format!("in {} h", minutes / 60),
            rest => format!("in {} h {rest} min", minutes / 60),
        },
        minutes => format!("in {} d", minutes / 1440),
    }
}

/// Reads a date: `2026-11-22`, `22.11.`, `22 nov`, `22 nov 2026`, `22`, `thu`, `today`, `+7`.
///
/// A date without a year is the next one that is not in the past.
pub fn read_date(text: &str, today: Date) -> Option<Date> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "today" => return Some(today),
        "tomorrow" => return today.tomorrow().ok(),
        "" => return None,
        _ => {}
    }
    if let Ok(date) = text.parse::<Date>() {
        return Some(date);
    }
    if text.starts_with(['+', '-']) {
        let days: i64 = text.parse().ok()?;
        return (days.abs() < 10_000).then(|| shifted(today, days));
    }
    if let Some(weekday) = weekday(&text) {
        return today.nth_weekday(1, weekday).ok();
    }
    let parts: Vec<&str> =
        text.split([' ', '.', '/', ',']).filter(|part| !part.is_empty()).collect();
    // `Sun 22 Nov 2026` is what we write ourselves, so it must read back.
    let parts = match parts.as_slice() {
        [first, rest @ ..] if weekday(first).is_some() => rest,
        all => all,
    };
    match parts {
        [day] => {
            let day = day.parse().ok()?;
            next_from(today, |month| Date::new(month.year(), month.month(), day).ok())
        }
        [day, month] => {
            let (day, month) = day_and_month(day, month)?;
            let this = Date::new(today.year(), month, day).ok();
            let next = Date::new(today.year() + 1, month, day).ok();
            this.filter(|date| *date >= today).or(next)
        }
        [day, month, year] => {
            let (day, month) = day_and_month(day, month)?;
            let year: i16 = year.parse().ok()?;
            Date::new(if year < 100 { year + 2000 } else { year }, month, day).ok()
        }
        _ => None,
    }
}

/// Reads a date that has been, or today: the same words, but without a year the last such day counts
/// and not the next.
pub fn read_past(text: &str, today: Date) -> Option<Date> {
    let next = read_date(text, today)?;
    if next <= today {
        return Some(next);
    }
    let text = text.trim().to_lowercase();
    if text == "tomorrow" || text.starts_with('+') {
        return None;
    }
    let steps = [Span::new().days(7), Span::new().months(1), Span::new().years(1)];
    let earlier = steps.into_iter().filter_map(|step| next.checked_sub(step).ok());
    let mut earlier = earlier.filter(|date| *date <= today);
    // Whoever had typed it the day before would have meant that day.
    earlier.find(|date| read_date(&text, shifted(*date, -1)) == Some(*date))
}

fn next_from(today: Date, make: impl Fn(Date) -> Option<Date>) -> Option<Date> {
    let first = today.first_of_month();
    let months = (0..12).map(|months: i64| first.saturating_add(Span::new().months(months)));
    months.filter_map(make).find(|date| *date >= today)
}

fn day_and_month(day: &str, month: &str) -> Option<(i8, i8)> {
    let (day, month) =
        if day.chars().all(|c| c.is_ascii_digit()) { (day, month) } else { (month, day) };
    let day = day.trim_end_matches(['t', 'h', 's', 'n', 'd', 'r']).parse().ok()?;
    let number = month.parse().ok().or_else(|| {
        let at = MONTHS
            .iter()
            .position(|name| month.len() >= 3 && month.starts_with(&name.to_lowercase()))?;
        i8::try_from(at + 1).ok()
    })?;
    Some((day, number))
}

fn weekday(text: &str) -> Option<Weekday> {
    if !text.chars().all(char::is_alphabetic) {
        return None;
    }
    let at = DAYS.iter().position(|name| {
        text.len() >= 2 && {
            let name = name.to_lowercase();
            text.starts_with(&name) || name.starts_with(text)
        }
    })?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// Reads a time of day: `9`, `9:30`, `0930`, `9.30`, `1.30p`, `3pm`.
pub fn read_time(text: &str) -> Option<Time> {
    let text = text.trim().to_lowercase().replace(' ', "");
    let (digits, afternoon) = match text.trim_end_matches('m') {
        rest if rest.ends_with('p') => (rest.trim_end_matches('p'), Some(true)),
        rest if rest.ends_with('a') => (rest.trim_end_matches('a'), Some(false)),
        _ => (text.as_str(), None),
    };
    let (hour, minute): (i8, i8) = match digits.split_once([':', '.']) {
        Some((hour, minute)) => (hour.parse().ok()?, minute.parse().ok()?),
        None if digits.len() > 2 => {
            let (hour, minute) = digits.split_at_checked(digits.len() - 2)?;
            (hour.parse().ok()?, minute.parse().ok()?)
        }
        None => (digits.parse().ok()?, 0),
    };
    let hour = match (hour, afternoon) {
        (1..=11, Some(true)) => hour + 12,
        (12, Some(false)) => 0,
        (1..=12, Some(_)) | (_, None) => hour,
        _ => return None,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn dates_read_as_people_write_them() {
        let today = date(2026, 11, 25);
        let cases = [
            ("2026-12-01", Some(date(2026, 12, 1))),
            ("1.12.", Some(date(2026, 12, 1))),
            ("1 dec", Some(date(2026, 12, 1))),
            ("dec 1", Some(date(2026, 12, 1))),
            ("24 nov", Some(date(2027, 11, 24))),
            ("24 nov 2026", Some(date(2026, 11, 24))),
            ("Sun 22 Nov 2026", Some(date(2026, 11, 22))),
            ("26", Some(date(2026, 11, 26))),
            ("3", Some(date(2026, 12, 3))),
            ("thu", Some(date(2026, 11, 26))),
            ("+7", Some(date(2026, 12, 2))),
            ("tomorrow", Some(date(2026, 11, 26))),
            ("31 feb", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_date(text, today), expected, "{text}");
        }
    }

    #[test]
    fn what_has_been_is_in_the_past_where_no_year_is_said() {
        let today = date(2026, 11, 25);
        let cases = [
            ("1 nov", Some(date(2026, 11, 1))),
            ("24.11.", Some(date(2026, 11, 24))),
            ("30 nov", Some(date(2025, 11, 30))),
            ("thu", Some(date(2026, 11, 19))),
            ("3", Some(date(2026, 11, 3))),
            ("today", Some(today)),
            ("-3", Some(date(2026, 11, 22))),
            ("1 dec 2026", None),
            ("tomorrow", None),
            ("+2", None),
            ("soon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_past(text, today), expected, "{text}");
        }
    }

    #[test]
    fn times_read_as_people_write_them() {
        let cases = [
            ("9", Some(time(9, 0, 0, 0))),
            ("9:30", Some(time(9, 30, 0, 0))),
            ("0930", Some(time(9, 30, 0, 0))),
            ("1.30p", Some(time(13, 30, 0, 0))),
            ("3pm", Some(time(15, 0, 0, 0))),
            ("12am", Some(time(0, 0, 0, 0))),
            ("25", None),
            ("9:75", None),
            ("noon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read_time(text), expected, "{text}");
        }
    }

    #[test]
    fn every_date_that_is_written_reads_back() {
        let today = date(2026, 11, 25);
        for offset in -400..400 {
            let day = shifted(today, offset);
            assert_eq!(read_date(&long(day), today), Some(day));
        }
    }

    #[test]
    fn a_local_time_survives_the_way_to_a_moment_and_back() {
        let at = date(2026, 11, 25).at(9, 0, 0, 0);
        assert_eq!(local(moment(at, "Europe/Berlin"), "Europe/Berlin"), at);
    }
}
