//! Reads one sentence as an appointment: `AT thu 3pm 50m room 2`.
//!
//! Grammar: `who when [length] [where] [repeat]`, in any order. A client is named by code,
//! initials or the beginning of a name; the order of day and month is the locale's, and is never
//! guessed the other way round. What was understood is written out in full, so that a person
//! sees it before anything is booked. It books nothing, reads no clock, and no sentence makes
//! it fail: what it cannot read is a [`Problem`].

mod ahead;
mod plain;
mod read;
mod rhythm;
mod say;
mod when;
mod who;

pub use self::rhythm::{Repeat, Weekdays};
use super::edit::{AppointmentKind, Modality, NewAppointment, NewSeries, Slot};
use super::schedule::recur::{End, Rule};
use crate::id::{AppointmentId, ClientId, MemberId, SeriesId};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// What a sentence is read against.
#[derive(Clone, Copy, Debug)]
pub struct QuickAddContext<'a> {
    /// Today in the practice's zone.
    pub today: Date,
    /// The time of day there.
    pub now: Time,
    /// IANA id of the practice's zone.
    pub zone: &'a str,
    /// Whoever can be booked: id, code, name.
    pub clients: &'a [(ClientId, &'a str, &'a str)],
    /// Whose calendar it goes into.
    pub clinician: MemberId,
    /// Whose words and whose order of day and month.
    pub locale: Locale,
    /// Length when the sentence names none.
    pub default_minutes: u16,
}

/// Whose words and whose order of day and month.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Locale {
    /// German: `26.11.`, `Do`, `14 Uhr`. English words are understood as well.
    De,
    /// British English: `26/11`.
    EnGb,
    /// American English: `11/26`.
    EnUs,
}

impl Locale {
    /// Reads the name of a locale as an environment has it, for example `de_AT.UTF-8`. Whatever
    /// is not known is read as British English, whose dates most of the world writes.
    pub fn of_environment(name: &str) -> Self {
        match name.split(['.', '@']).next().unwrap_or_default() {
            "en_US" => Self::EnUs,
            name if name == "de" || name.starts_with("de_") => Self::De,
            _ => Self::EnGb,
        }
    }
}

/// What was understood, and what was not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QuickAdd {
    /// Who comes, in the order in which they were named.
    pub clients: Vec<ClientId>,
    /// On which day.
    pub date: Option<Date>,
    /// At which local time.
    pub start: Option<Time>,
    /// How long.
    pub minutes: u16,
    /// In which way.
    pub modality: Modality,
    /// In which room.
    pub room: Option<String>,
    /// What it is.
    pub kind: AppointmentKind,
    /// Whether a day was named: a time alone is read as today's.
    pub names_day: bool,
    /// How it repeats, if it does.
    pub repeat: Option<Repeat>,
    /// How far it repeats.
    pub repeat_end: End,
    /// What has to be, or should be, put right, in order of importance.
    pub problems: Vec<Problem>,
    /// What would be booked, in full: code, date, start, end, zone, way, room.
    pub resolved: String,
    /// With whom, and in which zone.
    owner: (MemberId, String),
}

/// Something that keeps a sentence from being booked, or that a person should look at.
///
/// The words in here were just typed by the reader; they go back to the screen and nowhere else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// Several clients fit.
    AmbiguousClient {
        /// What was typed.
        word: String,
        /// How many fit.
        candidates: usize,
    },
    /// What repeats would end before it begins.
    EndsBefore,
    /// The date is more than ten months away; a year may have been meant otherwise.
    FarAhead,
    /// There is no such date.
    ImpossibleDate {
        /// What was typed.
        word: String,
    },
    /// There is no such time of day.
    ImpossibleTime {
        /// What was typed.
        word: String,
    },
    /// The length is not between 1 and 1440 minutes.
    LengthOutOfRange,
    /// Two dates, two times or two lengths were named.
    NamedTwice {
        /// The second, as typed.
        word: String,
    },
    /// No client was named.
    NoClient,
    /// No date was named, and the time has passed today.
    NoDate,
    /// No time was named.
    NoTime,
    /// The moment has passed.
    Past,
    /// The sentence is longer than what is read; the rest was left out.
    TooLong,
    /// The clocks go forward over this time: it does not exist.
    TimeDoesNotExist {
        /// The local time that the same instant has when clocks have gone forward.
        resolved: DateTime,
    },
    /// The clocks go back over this time: it happens twice, and the first is meant.
    TimeHappensTwice,
    /// A word was not understood.
    UnknownWord {
        /// What was typed.
        word: String,
    },
    /// The zone is not known; UTC was used to check the time.
    UnknownZone,
    /// It is before 6:00 or after 22:00.
    UnusualHour,
}

impl Problem {
    /// Returns whether nothing can be booked until this is put right.
    pub const fn blocks(&self) -> bool {
        match self {
            Self::AmbiguousClient { .. }
            | Self::EndsBefore
            | Self::ImpossibleDate { .. }
            | Self::ImpossibleTime { .. }
            | Self::LengthOutOfRange
            | Self::NamedTwice { .. }
            | Self::NoClient
            | Self::NoDate
            | Self::NoTime
            | Self::TooLong
            | Self::TimeDoesNotExist { .. }
            | Self::UnknownWord { .. }
            | Self::UnknownZone => true,
            Self::FarAhead | Self::Past | Self::TimeHappensTwice | Self::UnusualHour => false,
        }
    }
}

impl QuickAdd {
    /// Returns the zone in which its times are.
    pub fn zone(&self) -> &str {
        &self.owner.1
    }

    /// Returns the local end, as far as it is known: so much later by the clock on the wall there.
    pub fn ends(&self) -> Option<DateTime> {
        let start = self.date?.to_datetime(self.start?);
        let length = i64::from(self.minutes).minutes();
        let zone = TimeZone::get(&self.owner.1).unwrap_or(TimeZone::UTC);
        let starts = zone.to_ambiguous_zoned(start).compatible().ok()?;
        Some(starts.checked_add(length).ok()?.datetime())
    }

    /// Returns the rule by which it repeats, if it does and its first date is known.
    pub fn rule(&self) -> Option<Rule> {
        Some(Rule { end: self.repeat_end, ..self.repeat?.rule(self.date?) })
    }

    /// Returns the series, if it repeats and no problem is left that blocks it.
    pub fn series(&self, series: SeriesId) -> Option<NewSeries> {
        // The id of the first counts for nothing.
        let first = self.appointment(AppointmentId::from_bytes([0; 16]))?;
        Some(NewSeries { series, first, rule: self.rule()? })
    }

    /// Returns the appointment, or nothing while a problem is left that blocks it.
    pub fn appointment(&self, id: AppointmentId) -> Option<NewAppointment> {
        if self.problems.iter().any(Problem::blocks) {
            return None;
        }
        let (clinician, zone) = self.owner.clone();
        Some(NewAppointment {
            id,
            clients: self.clients.clone(),
            kind: self.kind,
            slot: Slot {
                start: self.date?.to_datetime(self.start?),
                zone,
                minutes: self.minutes,
                clinician,
                room: self.room.clone(),
                modality: self.modality,
            },
            memo: None,
        })
    }
}

/// Most characters and words that are read.
const CHARACTERS_MAX: usize = 400;
const WORDS_MAX: usize = 40;
/// A date further away than this is pointed out.
const FAR_AHEAD_DAYS: i32 = 300;
/// Longest appointment, as in [`Slot`].
const MINUTES_MAX: u32 = 1_440;

/// A day as it was named.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Day {
    /// This date.
    Fixed(Date),
    /// The next such weekday, today when the time is still ahead.
    Weekday(Weekday),
}

/// Everything that the words of a sentence said.
#[derive(Debug, Default)]
struct Said {
    clients: Vec<ClientId>,
    /// Those who were named by less than a code or initials, each with the words.
    loosely: Vec<(ClientId, String)>,
    /// Something says that several come: `and`, a comma, `couple`.
    several: bool,
    day: Option<Day>,
    /// The day is only said to be in another week.
    only_a_week: bool,
    /// A day was said from which on it repeats.
    begins: bool,
    /// So many weeks, or so many times a week, with the words.
    for_weeks: Option<u32>,
    times_a_week: Option<(u32, String)>,
    start: Option<Time>,
    end: Option<Time>,
    minutes: Option<u32>,
    modality: Option<Modality>,
    room: Option<String>,
    kind: Option<AppointmentKind>,
    repeat: Option<Repeat>,
    repeat_end: End,
    /// What the end of the rhythm was said with.
    end_typed: String,
    /// A day was said by its place in the month.
    in_month: bool,
    /// Several weekdays, and how they were said.
    weekdays: Weekdays,
    weekdays_typed: String,
    /// The end of the rhythm was said with its year.
    until_is_whole: bool,
    /// A part of the day that no number stood beside.
    part: Option<plain::Part>,
    problems: Vec<Problem>,
}

impl Day {
    /// Whether the other way of saying it is the same day.
    fn is_also(self, other: Self) -> bool {
        match (self, other) {
            (Self::Fixed(date), Self::Weekday(weekday))
            | (Self::Weekday(weekday), Self::Fixed(date)) => date.weekday() == weekday,
            (one, other) => one == other,
        }
    }

    /// The one of two ways that says more.
    fn sharper(self, other: Self) -> Self {
        if matches!(self, Self::Fixed(_)) { self } else { other }
    }
}

/// Reads `sentence`.
pub fn parse(sentence: &str, context: &QuickAddContext<'_>) -> QuickAdd {
    let said = read::read(sentence, context);
    finish(said, context)
}

fn finish(mut said: Said, context: &QuickAddContext<'_>) -> QuickAdd {
    rhythm::settle(&mut said);
    strangers(&mut said);
    if said.kind == Some(AppointmentKind::TimeOff) && said.only_a_week {
        // Which of its days is not said.
        said.day = None;
    }
    let mut problems = std::mem::take(&mut said.problems);
    in_its_part(&mut said);
    let whole_day = is_whole_day(&mut said);
    let minutes = length(&said, context, &mut problems);
    let date = date(&said, context);
    let kind = said.kind.unwrap_or(match said.clients.len() {
        0 | 1 => AppointmentKind::Individual,
        2 => AppointmentKind::Couple,
        _ => AppointmentKind::Group,
    });
    let alone = matches!(kind, AppointmentKind::Supervision | AppointmentKind::TimeOff);
    let named = |problem: &Problem| {
        matches!(problem, Problem::AmbiguousClient { .. } | Problem::UnknownWord { .. })
    };
    if said.clients.is_empty() && !alone && !problems.iter().any(named) {
        problems.push(Problem::NoClient);
    }
    let impossible = |problem: &Problem| matches!(problem, Problem::ImpossibleDate { .. });
    if said.start.is_none() {
        let impossible = |problem: &Problem| matches!(problem, Problem::ImpossibleTime { .. });
        if !problems.iter().any(impossible) {
            problems.push(Problem::NoTime);
        }
    }
    if date.is_none() && !problems.iter().any(impossible) {
        problems.push(Problem::NoDate);
    }
    check_days(&mut said, (date, whole_day), context, &mut problems);
    problems.sort_by_key(|problem| !problem.blocks());
    let modality = said.modality.unwrap_or(Modality::InOffice);
    let mut quick_add = QuickAdd {
        clients: said.clients,
        date,
        start: said.start,
        minutes,
        modality,
        room: said.room,
        kind,
        names_day: said.day.is_some() || matches!(said.repeat, Some(Repeat::WeeksOn(..))),
        repeat: said.repeat,
        repeat_end: said.repeat_end,
        problems,
        resolved: String::new(),
        owner: (context.clinician, context.zone.to_owned()),
    };
    quick_add.resolved = say::resolved(&quick_add, context);
    quick_add
}

/// `AT fri 3pm max 50m` is no couple: beside somebody, only a code or initials name another, unless
/// something says that several come.
fn strangers(said: &mut Said) {
    let group = matches!(
        said.kind,
        Some(AppointmentKind::Couple | AppointmentKind::Family | AppointmentKind::Group)
    );
    if said.several || group || said.clients.len() < 2 {
        return;
    }
    let sure =
        |said: &Said| said.clients.iter().any(|id| said.loosely.iter().all(|one| one.0 != *id));
    // Of those that are named alike the first is meant.
    let skipped = usize::from(!sure(said));
    for (id, word) in std::mem::take(&mut said.loosely).into_iter().skip(skipped) {
        said.clients.retain(|client| *client != id);
        said.problems.push(Problem::UnknownWord { word });
    }
}

/// `time off fri` is off the whole day.
fn is_whole_day(said: &mut Said) -> bool {
    let off = said.kind == Some(AppointmentKind::TimeOff) && said.clients.is_empty();
    let whole = off && said.start.is_none() && said.minutes.is_none() && said.part.is_none();
    let whole = whole && said.day.is_some();
    if whole {
        (said.start, said.minutes) = (Some(Time::midnight()), Some(MINUTES_MAX));
    }
    whole
}

/// Puts times into the part of the day that was said apart from them.
fn in_its_part(said: &mut Said) {
    let Some(part) = said.part else { return };
    let there = |time: Time| match (part, time.hour()) {
        (plain::Part::Late, 1..=11) => time.wrapping_add(12.hours()),
        (plain::Part::Early, 13..=18) => time.wrapping_sub(12.hours()),
        _ => time,
    };
    let moved = said.start.is_some_and(|start| there(start) != start);
    said.start = said.start.map(there);
    if moved {
        said.end = said.end.map(there);
    }
}

fn length(said: &Said, context: &QuickAddContext<'_>, problems: &mut Vec<Problem>) -> u16 {
    let span = match (said.start, said.end) {
        (Some(start), Some(end)) => {
            let minute = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
            // An end before the start lies on the next day.
            Some(u32::try_from((minute(end) - minute(start)).rem_euclid(1_440)).unwrap_or(0))
        }
        _ => None,
    };
    let minutes = said.minutes.or(span).unwrap_or(u32::from(context.default_minutes));
    if !(1..=MINUTES_MAX).contains(&minutes) {
        problems.push(Problem::LengthOutOfRange);
    }
    u16::try_from(minutes.clamp(1, MINUTES_MAX)).unwrap_or(context.default_minutes)
}

fn date(said: &Said, context: &QuickAddContext<'_>) -> Option<Date> {
    let ahead = said.start.is_none_or(|start| start > context.now);
    if let Some(first) = rhythm::first_day(said, context.today, ahead) {
        return Some(first);
    }
    match said.day {
        Some(Day::Fixed(date)) => Some(date),
        Some(Day::Weekday(weekday)) => {
            let distance = context.today.weekday().until(weekday);
            let days = if distance == 0 && !ahead { 7 } else { distance };
            context.today.checked_add(i64::from(days).days()).ok()
        }
        None if said.start.is_some() && ahead => Some(context.today),
        None => None,
    }
}

/// Checks when it is, and that what repeats does not end before.
fn check_days(
    said: &mut Said,
    (date, whole_day): (Option<Date>, bool),
    context: &QuickAddContext<'_>,
    problems: &mut Vec<Problem>,
) {
    let Some(date) = date else { return };
    if !rhythm::ends_after(said, date) {
        problems.push(Problem::EndsBefore);
    }
    if let Some(start) = said.start {
        check_moment(date, start, context, problems);
    }
    if whole_day {
        let hours = |problem: &Problem| matches!(problem, Problem::Past | Problem::UnusualHour);
        problems.retain(|problem| !hours(problem));
    }
}

fn check_moment(
    date: Date,
    start: Time,
    context: &QuickAddContext<'_>,
    problems: &mut Vec<Problem>,
) {
    let moment = date.to_datetime(start);
    if moment < context.today.to_datetime(context.now) {
        problems.push(Problem::Past);
    }
    let days = context.today.until(date).map_or(0, |span| span.get_days());
    if days > FAR_AHEAD_DAYS {
        problems.push(Problem::FarAhead);
    }
    if start.hour() < 6 || start.hour() >= 22 {
        problems.push(Problem::UnusualHour);
    }
    let zone = TimeZone::get(context.zone).unwrap_or_else(|_| {
        problems.push(Problem::UnknownZone);
        TimeZone::UTC
    });
    let zoned = zone.to_ambiguous_zoned(moment);
    match zoned.offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Fold { .. } => problems.push(Problem::TimeHappensTwice),
        AmbiguousOffset::Gap { .. } => {
            let resolved = zoned.compatible().map_or(moment, |zoned| zoned.datetime());
            problems.push(Problem::TimeDoesNotExist { resolved });
        }
    }
}

#[cfg(test)]
mod tests;
