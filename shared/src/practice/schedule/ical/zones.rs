//! Which zone a TZID means: its name in the time zone database, the name that Windows gives it, or
//! the rules that the file itself brings.

use super::line::Property;
use super::windows::windows;
use crate::practice::schedule::recur::Rule;
use crate::practice::zone;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Zones of one file at most; of more, the rest is unknown.
const ZONES_MAX: usize = 1_024;

/// The zones of one file.
#[derive(Debug, Default)]
pub(super) struct Zones {
    own: Vec<Own>,
    found: BTreeMap<String, Option<TimeZone>>,
    unknown: BTreeSet<String>,
    lived_in: Option<TimeZone>,
}

/// A zone as the file describes it.
#[derive(Clone, Debug, Default)]
struct Own {
    id: String,
    /// A name of the database that some programs add.
    location: Option<String>,
    standard: Option<Part>,
    daylight: Option<Part>,
    in_daylight: bool,
}

/// Standard time or summer time; of several the last one counts.
#[derive(Clone, Debug, Default)]
struct Part {
    offset: i32,
    name: Option<String>,
    rule: Option<Rule>,
    /// At which time of day it begins, `hh:mm:ss`.
    at: Option<String>,
}

impl Zones {
    pub(super) fn begin(&mut self) {
        if self.own.len() < ZONES_MAX {
            self.own.push(Own::default());
        }
    }

    pub(super) fn begin_part(&mut self, name: &str) {
        let Some(own) = self.own.last_mut() else { return };
        own.in_daylight = name == "DAYLIGHT";
        let part = if own.in_daylight { &mut own.daylight } else { &mut own.standard };
        *part = Some(Part::default());
    }

    pub(super) fn take(&mut self, within: Option<&str>, property: &Property<'_>) {
        let Some(own) = self.own.last_mut() else { return };
        let value = property.value.trim();
        if within.is_none() {
            match property.name.as_str() {
                "TZID" => value.clone_into(&mut own.id),
                "X-LIC-LOCATION" => own.location = Some(value.to_owned()),
                _ => {}
            }
            return;
        }
        let part = if own.in_daylight { &mut own.daylight } else { &mut own.standard };
        let Some(part) = part else { return };
        match property.name.as_str() {
            "TZOFFSETTO" => part.offset = offset(value).unwrap_or(part.offset),
            "TZNAME" => part.name = Some(value.to_owned()),
            "RRULE" => part.rule = value.parse().ok(),
            "DTSTART" => part.at = value.split_once('T').and_then(|(_, time)| clock(time)),
            _ => {}
        }
    }

    /// Returns the zone of a name.
    pub(super) fn named(&mut self, name: &str) -> Option<TimeZone> {
        if let Some(known) = self.found.get(name) {
            return known.clone();
        }
        let own = self.own.iter().rev().find(|own| own.id == name);
        // `EST` with a summer time of its own is not the `EST` of the database, which has none.
        let own_rules = own.filter(|own| own.has_both() && !name.contains('/'));
        // Nor is `Europe/lisbon`, where the file says what it is, quite `Europe/Lisbon`.
        let exactly = |zone: &TimeZone| zone.iana_name().is_some_and(|id| name.contains(id));
        let described = || own.filter(|own| own.has_both()).and_then(Own::zone);
        let found = own_rules
            .filter(|_| windows(name).is_none())
            .and_then(Own::zone)
            .or_else(|| of_database(name).filter(exactly))
            .or_else(described)
            .or_else(|| of_database(name))
            .or_else(|| of_database(own?.location.as_deref()?))
            .or_else(|| of_database(windows(name)?))
            .or_else(|| own?.zone());
        if found.is_none() {
            self.unknown.insert(name.to_owned());
        }
        if self.found.len() < ZONES_MAX {
            self.found.insert(name.to_owned(), found.clone());
        }
        found
    }

    /// Takes the zone that the calendar says it is lived in.
    pub(super) fn live_in(&mut self, name: &str) {
        self.lived_in = self.named(name);
    }

    pub(super) fn lived_in(&self) -> Option<TimeZone> {
        self.lived_in.clone()
    }

    pub(super) fn unknown(&self) -> usize {
        self.unknown.len()
    }
}

/// A name of the database, also behind what programs put before it: `/mozilla.org/2005/Europe/…`.
fn of_database(name: &str) -> Option<TimeZone> {
    let mut tail = name.trim_matches(['"', ' ']);
    loop {
        if zone::is_known(tail) {
            return Some(zone::named(tail));
        }
        tail = tail.split_once('/')?.1;
    }
}

impl Own {
    fn has_both(&self) -> bool {
        self.standard.is_some() && self.daylight.is_some()
    }

    /// The rules as POSIX writes them.
    fn zone(&self) -> Option<TimeZone> {
        let standard = self.standard.as_ref().or(self.daylight.as_ref())?;
        let name = |part: &Part, instead: &str| {
            let name = part.name.as_deref().unwrap_or_default();
            let plain = name.len() >= 3 && name.bytes().all(|byte| byte.is_ascii_alphabetic());
            if plain { name.to_owned() } else { instead.to_owned() }
        };
        let mut rules = format!("{}{}", name(standard, "STD"), posix_offset(standard.offset));
        if let Some(daylight) = self.daylight.as_ref().filter(|_| self.has_both()) {
            // Changes that follow no such rule would be read as none: it is unknown then.
            let (begins, ends) = (daylight.change()?, standard.change()?);
            let summer = name(daylight, "DST");
            rules.push_str(&format!("{summer}{},{begins},{ends}", posix_offset(daylight.offset)));
        }
        TimeZone::posix(&rules).ok()
    }
}

impl Part {
    /// The yearly day on which it begins: the n-th weekday of a month.
    fn change(&self) -> Option<String> {
        let rule = self.rule.as_ref()?;
        let ([month], [day]) = (rule.months.as_slice(), rule.days.as_slice()) else { return None };
        // Some write "the Sunday among the days 8 to 14" for the second.
        let among = rule.month_days.first().map(|first| (first - 1) / 7 + 1);
        let nth = match (day.nth, among) {
            (0, Some(nth)) => nth,
            (-1, _) => 5,
            (nth @ 1..=4, _) => nth,
            _ => return None,
        };
        let weekday = match day.weekday {
            Weekday::Sunday => 0,
            weekday => weekday.to_monday_one_offset(),
        };
        let at = self.at.as_deref().unwrap_or("02:00:00");
        Some(format!("M{month}.{nth}.{weekday}/{at}"))
    }
}

/// `+hhmm` or `-hhmmss`, in seconds east of Greenwich.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("-", digits) => (-1, digits),
        ("+", digits) => (1, digits),
        _ => (1, text),
    };
    let part = |from: usize| digits.get(from..from + 2).map_or(Some(0), |two| two.parse().ok());
    let (hours, minutes, seconds): (i32, i32, i32) = (part(0)?, part(2)?, part(4)?);
    let whole = hours * 3_600 + minutes * 60 + seconds;
    (whole < 86_400).then_some(sign * whole)
}

/// POSIX counts west of Greenwich.
fn posix_offset(east: i32) -> String {
    let sign = if east > 0 { "-" } else { "" };
    let east = east.unsigned_abs();
    format!("{sign}{}:{:02}:{:02}", east / 3_600, east / 60 % 60, east % 60)
}

fn clock(time: &str) -> Option<String> {
    let digits = time.trim_end_matches('Z');
    let plain = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let two = |from: usize| digits.get(from..from + 2);
    plain.then(|| Some(format!("{}:{}:{}", two(0)?, two(2)?, two(4)?)))?
}
