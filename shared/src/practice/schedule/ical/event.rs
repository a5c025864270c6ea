//! One VEVENT, resolved: its times have zones, its rules read.

use super::IcalCause;
use super::line::Property;
use super::zones::Zones;
use crate::practice::schedule::recur::Rule;
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Dates of one event that are named one by one, at most.
const DATES_MAX: usize = 20_000;
/// Rules of one event at most.
const RULES_MAX: usize = 16;
/// Characters of a title that are kept.
const TITLE_MAX: usize = 200;

/// A moment as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum When {
    /// A whole day.
    Day(Date),
    /// A local time in a zone; without one it is local wherever it is read.
    At(DateTime, Option<TimeZone>),
}

impl When {
    /// Returns the local time; a day begins at midnight.
    pub(super) fn local(&self) -> DateTime {
        match self {
            Self::Day(date) => date.to_datetime(Time::midnight()),
            Self::At(local, _) => *local,
        }
    }

    /// Returns the instant; `floating` is the zone of what has none.
    pub(super) fn instant(&self, floating: &TimeZone) -> jiff::Timestamp {
        let (local, zone) = match self {
            Self::Day(_) => (self.local(), floating),
            Self::At(local, zone) => (*local, zone.as_ref().unwrap_or(floating)),
        };
        let instant = zone.to_ambiguous_timestamp(local).compatible();
        instant.unwrap_or(jiff::Timestamp::MAX)
    }

    /// The same moment, written as times of `like` are.
    pub(super) fn like(&self, like: &Self, floating: &TimeZone) -> Self {
        match (self, like) {
            (Self::Day(date), Self::Day(_)) => Self::Day(*date),
            (Self::At(local, _), Self::Day(_)) => Self::Day(local.date()),
            (Self::Day(date), Self::At(time, zone)) => {
                Self::At(date.to_datetime(time.time()), zone.clone())
            }
            (Self::At(..), Self::At(_, zone)) => {
                let there = zone.as_ref().unwrap_or(floating);
                Self::At(there.to_datetime(self.instant(floating)), zone.clone())
            }
        }
    }

    pub(super) fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }
}

/// How long something takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Length {
    /// So many days by the calendar.
    Days(i64),
    /// So much time by the clock.
    Exact(SignedDuration),
}

/// An event, or one changed occurrence of it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) uid: String,
    pub(super) sequence: i64,
    pub(super) start: When,
    pub(super) length: Length,
    pub(super) rules: Vec<Rule>,
    /// Named one by one, with a length where one is given.
    pub(super) more: Vec<(When, Option<Length>)>,
    pub(super) without: Vec<When>,
    pub(super) without_rules: Vec<Rule>,
    /// Which occurrence it changes, and whether all that follow, too.
    pub(super) instance: Option<(When, bool)>,
    pub(super) title: String,
    /// Nobody is busy by it.
    pub(super) free: bool,
    pub(super) cancelled: bool,
}

/// The properties of an event that matter here, as they came.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) line: usize,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    line: usize,
    name: String,
    value: String,
    zone: Option<String>,
    kind: Option<String>,
    range: bool,
}

/// The longest duration in days: a hundred years.
const DAYS_MAX: i64 = 36_525;
/// Properties of one event that are kept.
const KEPT_MAX: usize = 10_000;

const NAMES: [&str; 13] = [
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "EXRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "UID",
    "SEQUENCE",
    "SUMMARY",
    "STATUS",
    "TRANSP",
];

/// Whether a property of this name is read.
pub(super) fn is_read(name: &str) -> bool {
    NAMES.contains(&name)
}

impl Raw {
    pub(super) fn new(line: usize) -> Self {
        Self { line, kept: Vec::new() }
    }

    pub(super) fn take(&mut self, property: Property<'_>) -> Result<(), IcalCause> {
        if !is_read(&property.name) {
            return Ok(());
        }
        if self.kept.len() == KEPT_MAX {
            return Err(IcalCause::TooMany);
        }
        let value = match property.name.as_str() {
            "SUMMARY" => property.text().chars().take(TITLE_MAX).collect(),
            "UID" => property.text(),
            _ => property.value.trim().to_owned(),
        };
        let own = |name| property.parameter(name).map(str::to_owned);
        let range = own("RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
        self.kept.push(Kept {
            line: property.line,
            value,
            zone: own("TZID"),
            kind: own("VALUE").map(|kind| kind.to_ascii_uppercase()),
            range,
            name: property.name,
        });
        Ok(())
    }

    fn all<'r>(&'r self, name: &'static str) -> impl Iterator<Item = &'r Kept> {
        self.kept.iter().filter(move |kept| kept.name == name)
    }

    fn one(&self, name: &'static str) -> Option<&Kept> {
        self.all(name).next()
    }

    fn text(&self, name: &'static str) -> &str {
        self.one(name).map_or("", |kept| kept.value.as_str())
    }
}

/// What is wrong, and in which line if it is not where the event begins.
type Wrong = (Option<usize>, IcalCause);

impl Event {
    pub(super) fn of(raw: &Raw, zones: &mut Zones) -> Result<Self, Wrong> {
        let begins = raw.one("DTSTART").ok_or((None, IcalCause::When("DTSTART")))?;
        let mut start = when(begins, &begins.value, zones, "DTSTART")?;
        if let (When::Day(date), Some(kept)) = (&start, raw.one("DTEND"))
            && let When::At(_, zone) = when(kept, &kept.value, zones, "DTEND")?
        {
            // What ends at a time begins at one.
            start = When::At(date.to_datetime(Time::midnight()), zone);
        }
        if let Some(kept) = raw.one("DTEND") {
            let end = when(kept, &kept.value, zones, "DTEND")?;
            let utc = TimeZone::UTC;
            let backwards =
                end.is_day() == start.is_day() && end.instant(&utc) < start.instant(&utc);
            if backwards && raw.one("RRULE").is_none() {
                // Some programs write the end first.
                let length = between(&end, &start);
                return Self::with(raw, end, length, zones);
            }
        }
        let length = length(raw, &start, zones)?;
        Self::with(raw, start, length, zones)
    }

    fn with(raw: &Raw, start: When, length: Length, zones: &mut Zones) -> Result<Self, Wrong> {
        let rules = |name| {
            // Some programs write a rule without anything in it.
            let rules = raw.all(name).filter(|kept| !kept.value.is_empty()).take(RULES_MAX);
            let read = |kept: &Kept| {
                let rule = mended(&kept.value).parse::<Rule>();
                rule.map_err(|error| (Some(kept.line), error.into()))
            };
            rules.map(read).collect::<Result<Vec<_>, Wrong>>()
        };
        let (own_rules, without_rules) = (rules("RRULE")?, rules("EXRULE")?);
        let mut more = Vec::new();
        for kept in raw.all("RDATE") {
            for text in kept.value.split(',').filter(|text| !text.is_empty()) {
                more.push(period(kept, text, zones)?);
            }
        }
        let mut without = Vec::new();
        for kept in raw.all("EXDATE") {
            for text in kept.value.split(',').filter(|text| !text.is_empty()) {
                without.push(when(kept, text, zones, "EXDATE")?);
            }
        }
        if more.len() > DATES_MAX || without.len() > DATES_MAX {
            return Err((None, IcalCause::TooMany));
        }
        let instance = raw.one("RECURRENCE-ID").map(|kept| {
            let of = when(kept, &kept.value, zones, "RECURRENCE-ID")?;
            Ok((of, kept.range))
        });
        Ok(Self {
            uid: raw.text("UID").to_owned(),
            sequence: raw.text("SEQUENCE").parse().unwrap_or(0),
            start,
            length,
            rules: own_rules,
            more,
            without,
            without_rules,
            instance: instance.transpose()?,
            title: raw.text("SUMMARY").to_owned(),
            free: raw.text("TRANSP").eq_ignore_ascii_case("TRANSPARENT"),
            cancelled: raw.text("STATUS").eq_ignore_ascii_case("CANCELLED"),
        })
    }
}

/// A rule that says both how often and until when, which no rule may, goes on until then.
fn mended(rule: &str) -> String {
    let named = |part: &&str, name: &str| {
        part.split_once('=').is_some_and(|(of, _)| of.trim().eq_ignore_ascii_case(name))
    };
    let has_end = rule.split(';').any(|part| named(&part, "UNTIL"));
    let parts = rule.split(';').filter(|part| !(has_end && named(part, "COUNT")));
    parts.collect::<Vec<_>>().join(";")
}

fn length(raw: &Raw, start: &When, zones: &mut Zones) -> Result<Length, Wrong> {
    if let Some(kept) = raw.one("DTEND") {
        let end = when(kept, &kept.value, zones, "DTEND")?;
        return Ok(between(start, &end));
    }
    if let Some(kept) = raw.one("DURATION") {
        return duration(&kept.value).ok_or((Some(kept.line), IcalCause::Duration));
    }
    Ok(if start.is_day() { Length::Days(1) } else { Length::Exact(SignedDuration::ZERO) })
}

/// From one moment to the other; what ends before it begins takes no time.
fn between(start: &When, end: &When) -> Length {
    if start.is_day() && end.is_day() {
        let days = start.local().date().until(end.local().date());
        return Length::Days(days.map_or(0, |span| i64::from(span.get_days())).max(0));
    }
    let utc = TimeZone::UTC;
    let from = start.instant(&utc);
    let span = end.like(start, &utc).instant(&utc).duration_since(from);
    Length::Exact(span.max(SignedDuration::ZERO))
}

fn period(kept: &Kept, text: &str, zones: &mut Zones) -> Result<(When, Option<Length>), Wrong> {
    let Some((start, end)) = text.split_once('/') else {
        return Ok((when(kept, text, zones, "RDATE")?, None));
    };
    let start = when(kept, start, zones, "RDATE")?;
    let length = match duration(end) {
        Some(length) => length,
        None => between(&start, &when(kept, end, zones, "RDATE")?),
    };
    Ok((start, Some(length)))
}

fn when(kept: &Kept, text: &str, zones: &mut Zones, of: &'static str) -> Result<When, Wrong> {
    let wrong = || (Some(kept.line), IcalCause::When(of));
    let text = text.trim();
    let (date, time) = text.split_once(['T', 't']).map_or((text, None), |(d, t)| (d, Some(t)));
    let date = read_date(date).ok_or_else(wrong)?;
    let Some(time) = time.filter(|_| kept.kind.as_deref() != Some("DATE")) else {
        return Ok(When::Day(date));
    };
    let utc = time.strip_suffix(['Z', 'z']);
    let local = date.to_datetime(read_time(utc.unwrap_or(time)).ok_or_else(wrong)?);
    let zone = match (utc, &kept.zone) {
        // A calendar that says in which zone it is lived means its times there.
        (Some(_), _) => match zones.lived_in() {
            Some(zone) => {
                let at = When::At(local, Some(TimeZone::UTC)).instant(&TimeZone::UTC);
                return Ok(When::At(zone.to_datetime(at), Some(zone)));
            }
            None => Some(TimeZone::UTC),
        },
        (None, Some(name)) => zones.named(name),
        (None, None) => None,
    };
    Ok(When::At(local, zone))
}

fn digits<const N: usize>(text: &str, lengths: [usize; N]) -> Option<[i16; N]> {
    if text.len() != lengths.iter().sum::<usize>() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut from = 0;
    let mut parts = [0; N];
    for (part, length) in parts.iter_mut().zip(lengths) {
        *part = text.get(from..from + length)?.parse().ok()?;
        from += length;
    }
    Some(parts)
}

fn read_date(text: &str) -> Option<Date> {
    let [year, month, day] = digits(text, [4, 2, 2])?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn read_time(text: &str) -> Option<Time> {
    let [hour, minute, second] = digits(text, [2, 2, 2])?;
    let small = |n: i16| i8::try_from(n).ok();
    // A leap second is the last of its minute.
    Time::new(small(hour)?, small(minute)?, small(second.min(59))?, 0).ok()
}

/// `P1D`, `PT1H30M`, `P2W` (RFC 5545, 3.3.6); what counts backwards takes no time.
fn duration(text: &str) -> Option<Length> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut rest = text.strip_prefix(['P', 'p'])?;
    let (mut days, mut seconds, mut timed, mut any) = (0_i64, 0_i64, false, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(['T', 't']) {
            (rest, timed) = (time, true);
            continue;
        }
        let at = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: i64 = rest.get(..at)?.parse().ok().filter(|number| *number < 1_000_000)?;
        let unit = rest.get(at..at + 1)?.to_ascii_uppercase();
        match (unit.as_str(), timed) {
            ("W", false) => days += number * 7,
            ("D", false) => days += number,
            ("H", true) => seconds += number * 3_600,
            ("M", true) => seconds += number * 60,
            ("S", true) => seconds += number,
            _ => return None,
        }
        (rest, any) = (rest.get(at + 1..)?, true);
    }
    if !any {
        return None;
    }
    if days > DAYS_MAX || seconds > DAYS_MAX * 86_400 {
        return None;
    }
    Some(match (negative, seconds) {
        (true, _) => Length::Exact(SignedDuration::ZERO),
        (false, 0) => Length::Days(days),
        (false, _) => Length::Exact(SignedDuration::from_secs(days * 86_400 + seconds)),
    })
}
