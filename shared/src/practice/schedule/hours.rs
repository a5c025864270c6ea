//! The hours in which a clinician sees clients: the usual week, and single dates on which it is
//! otherwise. Holidays and meetings are time off in the calendar.

use crate::id::MemberId;
use crate::practice::apply::{Done, Guard, Refusal};
use crate::practice::compartment::CompartmentName;
use crate::practice::contact::{CLINICIANS_MAX, Settings};
use crate::practice::document::{Document, Scalar};
use crate::practice::edit::Edit;
use crate::practice::{Context, Practice, document_of};
use jiff::civil::{Date, Weekday};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use thiserror::Error;

const FIELD: &str = "hours/";
/// The longest text that is read, in bytes.
pub(in crate::practice) const BYTES_MAX: usize = 4096;
const SPANS_MAX: usize = 8;
const DATES_MAX: usize = 100;
/// The longest pause between sessions, in minutes.
const BETWEEN_MAX: u16 = 120;
/// Until when a session can be called off, in hours before it: where nobody has said otherwise, and
/// at most.
const NOTICE: u16 = 24;
const NOTICE_MAX: u16 = 14 * 24;
const DAY: u16 = 24 * 60;
const ENGLISH: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const GERMAN: [&str; 7] =
    ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"];

/// A piece of a day: minutes since midnight, local time, without its end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// Where it begins.
    pub from: u16,
    /// Where it ends, up to 1440.
    pub to: u16,
}

/// The usual week of one clinician.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hours {
    /// Spans of each day from Monday on, in order, none touching the next.
    days: Box<[Vec<Span>; 7]>,
    /// Dates on which it is otherwise, likewise; without spans nobody is seen.
    dates: BTreeMap<Date, Vec<Span>>,
    /// Minutes that stay free between two appointments.
    between: u16,
    /// Hours before a session until when a client may call it off, if somebody has said so.
    notice: Option<u16>,
}

/// Why a text says no hours.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum HoursFault {
    /// Nothing is said of any day.
    #[error("no day is named")]
    Empty,
    /// A word is neither a day nor a time.
    #[error("'{0}' is neither a day nor a time")]
    Word(String),
    /// Times come before any day.
    #[error("'{0}' belongs to no day")]
    NoDay(String),
    /// A day without times.
    #[error("'{0}' has no times")]
    NoTimes(String),
    /// An end that is not after its beginning.
    #[error("'{0}' does not end after it begins")]
    Backwards(String),
    /// A time that comes after a later one, as in `8-12 1-5`: half a day may be meant.
    #[error("'{0}' comes after a later time; write 13-17 or 1pm-5pm for the afternoon")]
    Order(String),
    /// Longer than two hours.
    #[error("at most 120 minutes can stay free between appointments")]
    Between,
    /// Longer than two weeks.
    #[error("a session can be called off without a fee until at most 336 hours before")]
    Notice,
    /// More than eight spans in a day, or more text than anybody writes.
    #[error("that is more than can be kept")]
    TooMuch,
}

impl Default for Hours {
    /// What is taken where nobody has said anything: Monday to Friday, 8 to 18.
    fn default() -> Self {
        let days = std::array::from_fn(|day| match day {
            0..5 => vec![Span { from: 8 * 60, to: 18 * 60 }],
            _ => Vec::new(),
        });
        Self { days: Box::new(days), dates: BTreeMap::new(), between: 0, notice: None }
    }
}

impl Hours {
    /// Reads hours as people write them: `Mon-Thu 9-12 13-18, Fri 9-13:30, 10 min between`. Days
    /// are English or German, whole or cut to two letters or more; `Mon/Wed` names two. A date has
    /// hours of its own, `2026-12-05 10-14`, or none, `2026-12-24 off`. `48 h notice` says until when
    /// a client may call a session off.
    ///
    /// # Errors
    /// [`HoursFault`] names the word that was not understood. Nothing is guessed.
    pub fn parse(text: &str) -> Result<Self, HoursFault> {
        if text.len() > BYTES_MAX {
            return Err(HoursFault::TooMuch);
        }
        let mut hours =
            Self { days: Default::default(), dates: BTreeMap::new(), between: 0, notice: None };
        for part in text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            if let Some(hours_before) = notice(part) {
                if hours_before > NOTICE_MAX {
                    return Err(HoursFault::Notice);
                }
                hours.notice = Some(hours_before);
                continue;
            }
            match between(part) {
                Some(minutes) if minutes <= BETWEEN_MAX => hours.between = minutes,
                Some(_) => return Err(HoursFault::Between),
                None => hours.take(part)?,
            }
        }
        for spans in hours.days.iter_mut().chain(hours.dates.values_mut()) {
            *spans = joined(spans);
            if spans.len() > SPANS_MAX {
                return Err(HoursFault::TooMuch);
            }
        }
        if hours.dates.len() > DATES_MAX {
            return Err(HoursFault::TooMuch);
        }
        let none = hours.days.iter().all(Vec::is_empty) && hours.dates.is_empty();
        if none { Err(HoursFault::Empty) } else { Ok(hours) }
    }

    /// Takes `Mon-Thu 9-12 13-18` or `2026-12-05 10-14`.
    fn take(&mut self, part: &str) -> Result<(), HoursFault> {
        let mut words = part.split_whitespace();
        let first = words.next().unwrap_or_default();
        if let Some(date) = date(first) {
            if words.clone().eq(["off"]) {
                self.dates.insert(date, Vec::new());
            } else {
                let spans = spans(first, words)?;
                self.dates.entry(date).or_default().extend(spans);
            }
            return Ok(());
        }
        let days = match days(first) {
            Some(days) => days,
            None if span(first).is_some() => return Err(HoursFault::NoDay(first.to_owned())),
            None => return Err(HoursFault::Word(first.to_owned())),
        };
        let spans = spans(first, words)?;
        for (all, _) in self.days.iter_mut().zip(days).filter(|(_, named)| *named) {
            all.extend(&spans);
        }
        Ok(())
    }

    /// Returns the spans of a date, in order.
    pub fn on(&self, date: Date) -> &[Span] {
        let usual = || self.usually(date.weekday());
        self.dates.get(&date).map_or_else(usual, Vec::as_slice)
    }

    /// Returns the spans of a weekday in the usual week, in order.
    pub fn usually(&self, day: Weekday) -> &[Span] {
        let number = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
        self.days.get(number).map_or(&[], Vec::as_slice)
    }

    /// Returns how many minutes stay free between two appointments.
    pub const fn between(&self) -> u16 {
        self.between
    }

    /// Returns until how many hours before a session a client may call it off: 24 where nobody has
    /// said otherwise.
    pub fn notice(&self) -> u16 {
        self.notice.unwrap_or(NOTICE)
    }
}

/// Reads the times of one day, which is named in errors.
fn spans<'w>(of: &str, words: impl Iterator<Item = &'w str>) -> Result<Vec<Span>, HoursFault> {
    let mut spans = Vec::new();
    for word in words {
        let span = span(word).ok_or_else(|| HoursFault::Word(word.to_owned()))?;
        if span.from >= span.to {
            return Err(HoursFault::Backwards(word.to_owned()));
        }
        if spans.last().is_some_and(|last: &Span| last.from > span.from) {
            return Err(HoursFault::Order(word.to_owned()));
        }
        spans.push(span);
    }
    if spans.is_empty() {
        return Err(HoursFault::NoTimes(of.to_owned()));
    }
    Ok(spans)
}

impl fmt::Display for Hours {
    /// Writes them so that [`Hours::parse`] reads the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = String::new();
        let mut from = 0;
        while let Some(spans) = self.days.get(from) {
            let same = self.days.iter().skip(from).take_while(|other| *other == spans).count();
            if !spans.is_empty() {
                let comma = if written.is_empty() { "" } else { ", " };
                write!(written, "{comma}{}", name(from))?;
                if same > 1 {
                    write!(written, "-{}", name(from + same - 1))?;
                }
                for Span { from, to } in spans {
                    write!(written, " {}-{}", clock(*from), clock(*to))?;
                }
            }
            from += same;
        }
        for (date, spans) in &self.dates {
            let comma = if written.is_empty() { "" } else { ", " };
            write!(written, "{comma}{date}")?;
            if spans.is_empty() {
                written.push_str(" off");
            }
            for Span { from, to } in spans {
                write!(written, " {}-{}", clock(*from), clock(*to))?;
            }
        }
        if self.between > 0 {
            write!(written, ", {} min between", self.between)?;
        }
        if let Some(notice) = self.notice {
            write!(written, ", {notice} h notice")?;
        }
        f.write_str(&written)
    }
}

fn name(day: usize) -> String {
    let short = ENGLISH.get(day).and_then(|name| name.get(..3)).unwrap_or_default();
    short
        .chars()
        .enumerate()
        .map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c })
        .collect()
}

fn clock(minutes: u16) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

/// Reads `Mon`, `Mon-Thu`, `Sat-Mon` or `Mon/Wed` as which of the seven days are named.
fn days(word: &str) -> Option<[bool; 7]> {
    let mut named = [false; 7];
    for piece in word.split('/') {
        let (from, to) = match piece.split_once(['-', '–']) {
            Some((from, to)) => (day(from)?, day(to)?),
            None => (day(piece)?, day(piece)?),
        };
        let count = (to + 7 - from) % 7;
        for step in 0..=count {
            *named.get_mut((from + step) % 7)? = true;
        }
    }
    Some(named)
}

/// Reads `2026-12-05`.
fn date(word: &str) -> Option<Date> {
    let plain = word.len() == 10 && word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain.then(|| word.parse().ok())?
}

fn day(word: &str) -> Option<usize> {
    let word = word.to_lowercase();
    let fits = |names: &[&str; 7]| names.iter().position(|name| name.starts_with(&word));
    (word.len() >= 2).then(|| fits(&ENGLISH).or_else(|| fits(&GERMAN)))?
}

/// Reads `9-12`, `9:30-12:00`, `9am-1pm`, `1-5pm` or `13-24`; which is later is not asked.
fn span(word: &str) -> Option<Span> {
    let (first, last) = word.split_once(['-', '–'])?;
    let (from, to) = (minute(first)?, minute(last)?);
    // `1-5pm` begins in the afternoon, `9-5pm` and `11-1pm` do not.
    let bare = !first.ends_with(['m', 'M']) && last.to_ascii_lowercase().ends_with("pm");
    let half = DAY / 2;
    let from = if bare && from < half && from + half < to { from + half } else { from };
    Some(Span { from, to })
}

fn minute(word: &str) -> Option<u16> {
    let word = word.to_ascii_lowercase();
    let (digits, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (word.as_str(), None),
    };
    let (hour, minutes) = digits.split_once([':', '.']).unwrap_or((digits, "00"));
    if minutes.len() != 2 {
        return None;
    }
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
    let (hour, minutes): (u16, u16) = (number(hour)?, number(minutes)?);
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let whole = hour.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && whole <= DAY).then_some(whole)
}

/// Reads `48 h notice`, in hours.
fn notice(part: &str) -> Option<u16> {
    let rest = part.strip_suffix("notice")?.trim();
    let at = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, unit) = rest.split_at_checked(at)?;
    let number: u16 = digits.parse().ok()?;
    match unit.trim() {
        "" | "h" | "hour" | "hours" => Some(number),
        "d" | "day" | "days" => number.checked_mul(24),
        _ => None,
    }
}

/// Reads `10 min between`.
fn between(part: &str) -> Option<u16> {
    let rest = part.strip_suffix("between")?.trim();
    let at = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, unit) = rest.split_at_checked(at)?;
    let minutes: u16 = digits.parse().ok()?;
    match unit.trim() {
        "" | "m" | "min" | "mins" | "minute" | "minutes" => Some(minutes),
        "h" | "hour" | "hours" => minutes.checked_mul(60),
        _ => None,
    }
}

/// Returns spans in order, those that touch as one.
fn joined(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in sorted {
        match joined.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => joined.push(span),
        }
    }
    joined
}

/// Reads the hours of every member; what this version does not understand counts as not said.
pub(in crate::practice) fn read(document: &Document) -> BTreeMap<MemberId, Hours> {
    let keys = document.keys();
    let known = keys.iter().filter_map(|key| {
        let member = MemberId::parse(key.strip_prefix(FIELD)?)?;
        match document.value(None, key)? {
            Scalar::Text(text) => Some((member, Hours::parse(&text).ok()?)),
            _ => None,
        }
    });
    known.take(CLINICIANS_MAX).collect()
}

impl Practice {
    /// Sets the usual week of a member, or takes it back.
    pub(in crate::practice) fn set_hours(
        &mut self,
        (member, hours): (MemberId, Option<Hours>),
        cx: &mut Context<'_>,
    ) -> Result<Done, Refusal> {
        let name = CompartmentName::Practice;
        let object = document_of(&name);
        let before = self.facts.settings.hours.get(&member).cloned();
        let field = format!("{FIELD}{member}");
        let known = self.document(&name, object, cx)?.value(None, &field);
        // What a newer version has written here cannot be brought back.
        let unread = before.is_none() && matches!(known, Some(Scalar::Text(_)));
        let value = hours.map_or(Scalar::Nothing, |hours| Scalar::Text(hours.to_string()));
        let change = self.change(&name, object, cx, |document| {
            document.put(None, &field, value.clone());
        })?;
        self.facts.settings = Settings::read(self.document(&name, object, cx)?);
        let inverse = (!unread).then_some(Edit::SetHours { member, hours: before });
        let guards = vec![Guard { name, object, place: None, field, value }];
        Ok(Done { changes: change.into_iter().collect(), inverse, guards })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> Result<String, HoursFault> {
        Hours::parse(text).map(|hours| hours.to_string())
    }

    #[test]
    fn hours_are_read_as_they_are_written() {
        for (text, meant) in [
            ("Mon-Thu 9-12 13-18, Fri 9-13:30", "Mon-Thu 9:00-12:00 13:00-18:00, Fri 9:00-13:30"),
            ("mo-fr 8-18", "Mon-Fri 8:00-18:00"),
            (
                "mo/mi/fr 9-12; 10m between",
                "Mon 9:00-12:00, Wed 9:00-12:00, Fri 9:00-12:00, 10 min between",
            ),
            ("Di 14.30-20", "Tue 14:30-20:00"),
            ("sat-sun 9am-1pm", "Sat-Sun 9:00-13:00"),
            ("sat-mon 10-11", "Mon 10:00-11:00, Sat-Sun 10:00-11:00"),
            ("Mon 9-12 11-14, Mon 14-15", "Mon 9:00-15:00"),
            ("thu 20-24", "Thu 20:00-24:00"),
            ("tue 12pm-1pm", "Tue 12:00-13:00"),
            ("Mon-Fri 9-12 1-5pm", "Mon-Fri 9:00-12:00 13:00-17:00"),
            ("Mon 9-5pm, Tue 11-1pm", "Mon 9:00-17:00, Tue 11:00-13:00"),
            ("Mon 9-17, 1 h between", "Mon 9:00-17:00, 60 min between"),
            ("tue 12am-1am", "Tue 0:00-1:00"),
            (
                "Mon 9-17, 2026-12-24 off, 2026-12-05 10-12 14-16, 2026-12-05 16-17; 5m between",
                "Mon 9:00-17:00, 2026-12-05 10:00-12:00 14:00-17:00, 2026-12-24 off, 5 min between",
            ),
            ("Mon 9-17, 2 days notice, 5m between", "Mon 9:00-17:00, 5 min between, 48 h notice"),
            ("Mon 9-17, 0 notice", "Mon 9:00-17:00, 0 h notice"),
            ("2026-12-05 10-14", "2026-12-05 10:00-14:00"),
        ] {
            assert_eq!(said(text).as_deref(), Ok(meant), "{text}");
            assert_eq!(said(meant).as_deref(), Ok(meant));
        }
    }

    #[test]
    fn what_is_not_understood_is_named_and_nothing_is_guessed() {
        let fault = |text: &str| said(text).unwrap_err();
        assert_eq!(fault(""), HoursFault::Empty);
        assert_eq!(fault("10 min between"), HoursFault::Empty);
        assert_eq!(fault("Mon-Thx 9-12"), HoursFault::Word("Mon-Thx".into()));
        assert_eq!(fault("Mon nine"), HoursFault::Word("nine".into()));
        assert_eq!(fault("Mon 9-25"), HoursFault::Word("9-25".into()));
        assert_eq!(fault("Mon 9-12:75"), HoursFault::Word("9-12:75".into()));
        assert_eq!(fault("Mon 13pm-15pm"), HoursFault::Word("13pm-15pm".into()));
        assert_eq!(fault("Mon 8-12 1-5"), HoursFault::Order("1-5".into()));
        assert_eq!(fault("Mon 9.5-12"), HoursFault::Word("9.5-12".into()));
        assert_eq!(fault("Mon 9-12, 30 s between"), HoursFault::Word("30".into()));
        assert_eq!(fault("9-12"), HoursFault::NoDay("9-12".into()));
        assert_eq!(fault("Mon"), HoursFault::NoTimes("Mon".into()));
        assert_eq!(fault("Mon 9-5"), HoursFault::Backwards("9-5".into()));
        assert_eq!(fault("Mon 9-9"), HoursFault::Backwards("9-9".into()));
        assert_eq!(fault("Mon 9-12, 121 min between"), HoursFault::Between);
        assert_eq!(fault("Mon 9-12, 15 days notice"), HoursFault::Notice);
        assert_eq!(fault("Mon 9-12, 2026-12-32 off"), HoursFault::Word("2026-12-32".into()));
        assert_eq!(fault("2026-12-05"), HoursFault::NoTimes("2026-12-05".into()));
        assert_eq!(fault("2026-12-05 off 9-10"), HoursFault::Word("off".into()));
        assert_eq!(fault(&"Mon 9-12,".repeat(500)), HoursFault::TooMuch);
        let dates = |year: i16| {
            (1..=60).map(move |day| {
                let date = jiff::civil::date(year, 1, 1).saturating_add(jiff::ToSpan::days(day));
                format!("{date} off,")
            })
        };
        let dates: String = dates(2026).chain(dates(2027)).collect();
        assert_eq!(fault(&dates), HoursFault::TooMuch);
        let many: Vec<String> = (0..9).map(|at| format!("{}-{}:30", at * 2, at * 2)).collect();
        assert_eq!(fault(&format!("Mon {}", many.join(" "))), HoursFault::TooMuch);
    }

    proptest! {
        #[test]
        fn any_hours_are_read_back_as_the_same(
            raw in prop::array::uniform7(prop::collection::vec((0..DAY, 1..DAY), 0..5)),
            dates in prop::collection::vec((0..4_000_i32, 0..DAY, 0..DAY), 0..5),
            between in 0..=BETWEEN_MAX,
            notice in prop::option::of(0..=NOTICE_MAX),
        ) {
            let of = |spans: Vec<(u16, u16)>| {
                let end = |from: u16, long: u16| from.saturating_add(long).min(DAY);
                let spans: Vec<Span> =
                    spans.into_iter().map(|(from, long)| Span { from, to: end(from, long) }).collect();
                joined(&spans)
            };
            let first = jiff::civil::date(2020, 1, 1);
            let dates = dates.into_iter().map(|(day, from, long)| {
                let spans = if long == 0 { Vec::new() } else { of(vec![(from, long)]) };
                (first.saturating_add(jiff::ToSpan::days(day)), spans)
            });
            let hours = Hours { days: Box::new(raw.map(of)), dates: dates.collect(), between, notice };
            let said = hours.days.iter().any(|spans| !spans.is_empty()) || !hours.dates.is_empty();
            prop_assume!(said);
            prop_assert_eq!(Hours::parse(&hours.to_string()), Ok(hours));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Ok(hours) = Hours::parse(&text) {
                prop_assert_eq!(Hours::parse(&hours.to_string()), Ok(hours));
            }
        }
    }
}
