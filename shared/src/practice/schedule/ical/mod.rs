//! Calendars of others: what an iCalendar file (RFC 5545) says of when somebody is busy.
//!
//! It reads events and nothing else: alarms, to-dos, journals, attendees and attachments are passed
//! over, nothing is fetched, and nothing that is written in there is carried out. A file that does
//! not read is refused as a whole, with the line.

mod event;
mod expand;
mod feed;
mod line;
mod plan;
mod windows;
mod zones;

pub use expand::Busy;
pub use feed::{Says, feed};
pub use plan::{BROUGHT_MAX, Plan, TakeIn, TooMuch, plan};

use crate::practice::schedule::recur::RuleError;
use event::Event;
use jiff::tz::TimeZone;
use line::Lines;
use thiserror::Error;
use zones::Zones;

/// Bytes of a file at most.
pub const BYTES_MAX: usize = 10 << 20;
/// Events in a file at most.
pub const EVENTS_MAX: usize = 50_000;
/// Occurrences that a file may come to in the time that is looked at.
pub const BUSY_MAX: usize = 50_000;
/// How deep components lie in each other at most.
const DEPTH_MAX: usize = 8;

/// Why a file is not taken. Nothing of it was.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {cause}")]
pub struct IcalError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: IcalCause,
}

/// What is wrong.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum IcalCause {
    /// The file is larger than [`BYTES_MAX`].
    #[error("the file is too large")]
    TooLarge,
    /// It is not text.
    #[error("the file is no text")]
    NotText,
    /// It does not begin as a calendar.
    #[error("the file does not begin as a calendar")]
    NotACalendar,
    /// Something ends that has not begun, or does not end.
    #[error("something ends that has not begun, or does not end")]
    Unbalanced,
    /// A line is no property.
    #[error("the line is no property")]
    Malformed,
    /// A date or time is none.
    #[error("{0} is no date or time")]
    When(&'static str),
    /// A length of time is none.
    #[error("the duration is none")]
    Duration,
    /// A recurrence rule is none.
    #[error("the rule does not read: {0}")]
    Rule(#[from] RuleError),
    /// More events than [`EVENTS_MAX`], or more occurrences than [`BUSY_MAX`].
    #[error("there is too much in it")]
    TooMany,
}

/// What of a file was not understood, and does not keep the rest from being read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Doubts {
    /// Zones that are named and that nobody knows: what is in them is read as local time.
    pub unknown_zones: usize,
    /// Lines that are no properties, of what is passed over in any case.
    pub broken_lines: usize,
}

/// Returns whether a text means to be a calendar.
pub fn is_calendar(text: &str) -> bool {
    let begins = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    begins.get(..15).is_some_and(|begins| begins.eq_ignore_ascii_case("BEGIN:VCALENDAR"))
}

/// A calendar that reads.
#[derive(Clone, Debug)]
pub struct Calendar {
    events: Vec<Event>,
    doubts: Doubts,
    /// The zone that times without one are meant in, if the file says so.
    zone: Option<TimeZone>,
}

impl Calendar {
    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<Self, IcalError> {
        let whole = |cause| IcalError { line: 1, cause };
        if bytes.len() > BYTES_MAX {
            return Err(whole(IcalCause::TooLarge));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| whole(IcalCause::NotText))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reading = Reading::default();
        for property in Lines::new(text) {
            let property = match property {
                Ok(property) => property,
                Err(broken) => {
                    reading.pass_over(broken)?;
                    continue;
                }
            };
            let line = property.line;
            reading.take(property).map_err(|cause| IcalError { line, cause })?;
        }
        let ended = reading.open.is_empty() && reading.begun;
        let cause = if reading.begun { IcalCause::Unbalanced } else { IcalCause::NotACalendar };
        if !ended {
            return Err(IcalError { line: text.lines().count().max(1), cause });
        }
        let Reading { events, mut zones, zone, broken_lines, .. } = reading;
        if let Some(zone) = &zone {
            zones.live_in(zone);
        }
        let resolve = |raw: event::Raw| {
            let line = raw.line;
            Event::of(&raw, &mut zones)
                .map_err(|(at, cause)| IcalError { line: at.unwrap_or(line), cause })
        };
        let events = events.into_iter().map(resolve).collect::<Result<Vec<_>, _>>()?;
        let doubts = Doubts { unknown_zones: zones.unknown(), broken_lines };
        Ok(Self { events, doubts, zone: zones.lived_in() })
    }

    /// Returns how many events it has, changed occurrences included.
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Returns the names that its events have for themselves.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.events.iter().map(|event| event.uid.as_str())
    }

    /// Returns what of it was not understood.
    pub const fn doubts(&self) -> Doubts {
        self.doubts
    }
}

/// A file on its way through the reader.
#[derive(Debug, Default)]
struct Reading {
    /// The components that are open, the outermost first.
    open: Vec<String>,
    begun: bool,
    events: Vec<event::Raw>,
    zones: Zones,
    zone: Option<String>,
    broken_lines: usize,
}

impl Reading {
    /// Passes a line over that is no property, if it could not have said anything that is read.
    fn pass_over(&mut self, broken: line::Broken) -> Result<(), IcalError> {
        let line::Broken { line, word } = broken;
        let in_zone = self.open.get(1).is_some_and(|name| name == "VTIMEZONE");
        let read = ["BEGIN", "END", "X-WR-TIMEZONE"].contains(&word.as_str());
        if self.open.is_empty() || in_zone || read || event::is_read(&word) {
            return Err(IcalError { line, cause: IcalCause::Malformed });
        }
        self.broken_lines += 1;
        Ok(())
    }

    fn take(&mut self, property: line::Property<'_>) -> Result<(), IcalCause> {
        match property.name.as_str() {
            "BEGIN" => self.begin(&property),
            "END" => self.end(&property.value),
            _ if self.open.is_empty() => Err(IcalCause::NotACalendar),
            name => {
                let names: Vec<&str> = self.open.iter().map(String::as_str).collect();
                match names[..] {
                    ["VCALENDAR"] if name == "X-WR-TIMEZONE" => {
                        self.zone = Some(property.value.trim().to_owned());
                    }
                    ["VCALENDAR", "VEVENT"] => {
                        if let Some(event) = self.events.last_mut() {
                            return event.take(property);
                        }
                    }
                    ["VCALENDAR", "VTIMEZONE", ref inner @ ..] => {
                        self.zones.take(inner.first().copied(), &property);
                    }
                    _ => {}
                }
                Ok(())
            }
        }
    }

    fn begin(&mut self, property: &line::Property<'_>) -> Result<(), IcalCause> {
        let name = property.value.trim().to_ascii_uppercase();
        if self.open.is_empty() && name != "VCALENDAR" {
            return Err(IcalCause::NotACalendar);
        }
        if self.open.len() == DEPTH_MAX {
            return Err(IcalCause::Unbalanced);
        }
        self.begun = true;
        match (self.open.len(), name.as_str()) {
            (1, "VEVENT") => {
                if self.events.len() == EVENTS_MAX {
                    return Err(IcalCause::TooMany);
                }
                self.events.push(event::Raw::new(property.line));
            }
            (1, "VTIMEZONE") => self.zones.begin(),
            (2, "STANDARD" | "DAYLIGHT") => self.zones.begin_part(&name),
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn end(&mut self, name: &str) -> Result<(), IcalCause> {
        let open = self.open.pop().ok_or(IcalCause::Unbalanced)?;
        if open.eq_ignore_ascii_case(name.trim()) { Ok(()) } else { Err(IcalCause::Unbalanced) }
    }
}

#[cfg(test)]
mod tests;
