//! Reads days and times of day. Arithmetic on dates is checked: what does not exist is an error,
//! never another date.

use super::read::Words;
use super::{Day, Locale, QuickAddContext, ahead};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};

/// A time of day, and the end when a range was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Clock {
    pub(super) start: Time,
    pub(super) end: Option<Time>,
}

/// The longest range in minutes of which no half of the day was said.
const LONG_RANGE: i32 = 8 * 60;

impl Clock {
    /// How long it is, overnight if it ends before it begins.
    fn minutes(&self) -> i32 {
        let minute = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
        self.end.map_or(0, |end| (minute(end) - minute(self.start)).rem_euclid(1_440))
    }
}

/// What was read, or that it does not exist, and the number of words that it took.
pub(super) type Reading<T> = Option<(Result<T, ()>, usize)>;

/// Returns whether a word could be a time of day, marked as one or not.
pub(super) fn is_clock(word: &str) -> bool {
    let inside = |numbers: Numbers| numbers.hour <= 24 && numbers.minute.is_none_or(|m| m < 60);
    Numbers::read(word).is_some_and(inside)
}

/// Returns a time of day as `15:00`, if the word is one to which a part of the day can be said.
pub(super) fn in_part(word: &str, late: bool) -> Option<String> {
    let numbers = Numbers::read(word)?;
    let minute = numbers.minute.unwrap_or(0);
    let hour = match numbers.half {
        Some(half) => on_24_hours(numbers.hour, Some(half)).ok()?,
        None if late && (1..12).contains(&numbers.hour) => numbers.hour + 12,
        None => numbers.hour,
    };
    time(hour, minute).ok()?;
    Some(format!("{hour}:{minute:02}"))
}

/// Returns the hour, 1 to 12, that a word names.
pub(super) fn named_hour(word: &str) -> Option<u8> {
    let names = [
        ["one", "eins"],
        ["two", "zwei"],
        ["three", "drei"],
        ["four", "vier"],
        ["five", "fünf"],
        ["six", "sechs"],
        ["seven", "sieben"],
        ["eight", "acht"],
        ["nine", "neun"],
        ["ten", "zehn"],
        ["eleven", "elf"],
        ["twelve", "zwölf"],
    ];
    let at = names.iter().position(|names| names.contains(&word))?;
    Some(u8::try_from(at).ok()?.saturating_add(1))
}

/// Returns the minutes that are said before `past` and `to`.
fn spoken_minutes(word: &str) -> Option<u32> {
    match word {
        "5" | "five" | "fünf" => Some(5),
        "10" | "ten" | "zehn" => Some(10),
        "20" | "twenty" | "zwanzig" => Some(20),
        "25" | "twenty-five" | "fünfundzwanzig" => Some(25),
        _ => None,
    }
}

/// Whether something that begins at the one time could end at the other within a working day.
pub(super) fn could_end(from: &str, to: &str) -> bool {
    let (Some(from), Some(to)) = (Numbers::read(from), Numbers::read(to)) else { return false };
    let minute = |numbers: &Numbers| numbers.hour * 60 + numbers.minute.unwrap_or(0);
    let begins = on_24_hours(from.hour, from.half).map_or(0, |hour| hour * 60);
    let begins = begins + from.minute.unwrap_or(0);
    let ends = [minute(&to), minute(&to) + 12 * 60];
    ends.iter().any(|end| *end > begins && *end < begins + LONG_RANGE.unsigned_abs())
}

/// An hour as it is spoken, with the half of the day that may be said with it.
fn spoken_hour(word: &str) -> Option<(u8, Option<Half>)> {
    if let Some(hour) = named_hour(word) {
        return Some((hour, None));
    }
    let numbers = Numbers::read(word).filter(|numbers| numbers.minute.is_none())?;
    Some((u8::try_from(numbers.hour).ok()?, numbers.half))
}

/// Reads `half past 9`, `halb 4`, `half eight`, `quarter to 4pm`, `viertel nach 3`, `dreiviertel 4`.
fn spoken(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Time> {
    let german = context.locale == Locale::De;
    let british = context.locale == Locale::EnGb;
    let (hour, before, minute, taken) = match (words.at(0), words.at(1), words.at(2)) {
        ("halb", hour, _) if german => (hour, true, 30, 2),
        ("dreiviertel", hour, _) if german => (hour, true, 45, 2),
        ("half", "past", hour) => (hour, false, 30, 3),
        ("half", hour, _) if british => (hour, false, 30, 2),
        ("quarter", "past" | "after", hour) => (hour, false, 15, 3),
        ("quarter", "to" | "before" | "of", hour) => (hour, true, 45, 3),
        ("viertel", "nach", hour) if german => (hour, false, 15, 3),
        ("viertel", "vor", hour) if german => (hour, true, 45, 3),
        (minutes, "past" | "after", hour) => (hour, false, spoken_minutes(minutes)?, 3),
        (minutes, "to" | "before", hour) => (hour, true, 60 - spoken_minutes(minutes)?, 3),
        (minutes, "nach", hour) if german => (hour, false, spoken_minutes(minutes)?, 3),
        (minutes, "vor", hour) if german => (hour, true, 60 - spoken_minutes(minutes)?, 3),
        _ => return None,
    };
    let (hour, half) = spoken_hour(hour)?;
    let said = half_after(words.at(taken), context.locale);
    let after = taken + usize::from(said.is_some() || words.at(taken) == "uhr");
    let hour = match half.or(said) {
        Some(half) => {
            let hour = on_24_hours(u32::from(hour), Some(half));
            hour.and_then(|hour| if before { hour.checked_sub(1).ok_or(()) } else { Ok(hour) })
        }
        None => {
            let hour = match (before, hour) {
                (true, 1) => 12,
                (true, hour) => hour.saturating_sub(1),
                (false, hour) => hour,
            };
            // `quarter to 7` is said of the evening, as `6:45` is.
            Ok(u32::from(if (1..=6).contains(&hour) { hour + 12 } else { hour }))
        }
    };
    Some((hour.and_then(|hour| time(hour, minute)), after))
}

/// Reads a time of day that begins here. `has_day` says whether a day was named before, which
/// settles what `8.10` means in German.
pub(super) fn clock(
    words: &Words<'_>,
    context: &QuickAddContext<'_>,
    has_day: bool,
) -> Reading<Clock> {
    let german = context.locale == Locale::De;
    let one = |time: Time| Clock { start: time, end: None };
    let named = match words.at(0) {
        "noon" | "midday" => Time::new(12, 0, 0, 0).ok(),
        "mittag" | "mittags" if german => Time::new(12, 0, 0, 0).ok(),
        _ => None,
    };
    if let Some(time) = named {
        return Some((Ok(one(time)), 1));
    }
    if let Some((time, taken)) = spoken(words, context) {
        return Some((time.map(one), taken));
    }
    if let ("at" | "@" | "um", hour, next) = (words.at(0), words.at(1), words.at(2))
        && half_after(next, context.locale).is_none()
        && next != "uhr"
        && let Some(hour) = hour.parse().ok().or_else(|| named_hour(hour))
    {
        return Some((in_practice_hours(hour, 0).map(one), 2 + usize::from(next == "o'clock")));
    }
    written(words, context, has_day)
}

/// `at 3` is said of the afternoon: from 1 to 6, twelve hours are added.
fn in_practice_hours(hour: u8, minute: i8) -> Result<Time, ()> {
    let hour = if (1..=6).contains(&hour) { hour + 12 } else { hour };
    time(u32::from(hour), u32::from(minute.unsigned_abs()))
}

/// Reads `3pm`, `3 pm`, `15:30`, `1.30p`, `14 uhr`, `14 uhr 30`, `15:00-15:50`, `3-4pm`.
fn written(words: &Words<'_>, context: &QuickAddContext<'_>, has_day: bool) -> Reading<Clock> {
    let next = words.at(1);
    let half_said = half_after(next, context.locale);
    let exact = half_said.is_some() || next == "uhr";
    let marked = exact || next == "o'clock";
    let mut taken = if marked { 2 } else { 1 };
    let word = words.at(0);
    if let Some((from, to)) = word.split_once(['-', '–']) {
        let (mut begins, mut ends) = (Numbers::read(from)?, Numbers::read(to)?);
        let unmarked = !exact && ends.half.is_none() && begins.half.is_none();
        if !exact && ends.half.is_none() {
            begins.hour = begins.in_practice(context.locale, from);
            let of = |numbers: &Numbers| numbers.hour * 60 + numbers.minute.unwrap_or(0);
            let later = of(&ends) + 12 * 60 > of(&begins);
            let before = of(&ends) <= of(&begins) && ends.hour < 12;
            ends.hour = if before && later && unmarked { ends.hour + 12 } else { ends.hour };
        }
        let (from, to) = (begins, ends);
        let clear = [&from, &to].iter().any(|side| side.half.is_some() || side.uhr || side.colon);
        // `9-5` is no date in any order.
        let plain = from.minute.is_none() && to.minute.is_none();
        if !clear && !marked && !plain {
            return None;
        }
        let range = range(&from, &to, half_said);
        // Nobody means so long; one of the two was meant in another half of the day.
        let doubtful =
            unmarked || (from.half.is_some() != to.half.is_some() && half_said.is_none());
        let too_long = |clock: &Clock| doubtful && clock.minutes() > LONG_RANGE;
        return Some((
            range.and_then(|clock| if too_long(&clock) { Err(()) } else { Ok(clock) }),
            taken,
        ));
    }
    let mut numbers = Numbers::read(word)?;
    if !exact {
        numbers.hour = numbers.in_practice(context.locale, word);
    }
    let clear = marked || numbers.half.is_some() || numbers.uhr || numbers.colon;
    if !clear && !numbers.is_time_with_a_dot(context.locale, has_day) {
        return None;
    }
    let mut minute = numbers.minute;
    // `14 uhr 30`
    if next == "uhr"
        && minute.is_none()
        && let Some(said) = two_digits(words.at(2)).filter(|said| *said < 60)
        && half_after(words.at(3), context.locale).is_none()
        && !super::read::is_length_unit(words.at(3))
    {
        minute = Some(said);
        taken = 3;
    }
    let half = numbers.half.or(half_said);
    let start = on_24_hours(numbers.hour, half).and_then(|hour| time(hour, minute.unwrap_or(0)));
    Some((start.map(|start| Clock { start, end: None }), taken))
}

fn range(from: &Numbers, to: &Numbers, half_after: Option<Half>) -> Result<Clock, ()> {
    // `3pm until 4`, `11am to 1`: the end is the next such hour.
    let of = |numbers: &Numbers| (numbers.hour % 12, numbers.minute.unwrap_or(0));
    let next = |half: Half| match (half, of(to) > of(from)) {
        (half, true) => half,
        (Half::Am, false) => Half::Pm,
        (Half::Pm, false) => Half::Am,
    };
    let twelve = to.hour <= 12 && !to.uhr;
    let half = to.half.or(half_after).or(from.half.filter(|_| twelve).map(next));
    let end = time(on_24_hours(to.hour, half)?, to.minute.unwrap_or(0))?;
    // `11-1pm` begins in the morning, `3-4pm` does not.
    let start_half = from.half.or(match half {
        Some(Half::Pm) if from.hour % 12 > to.hour % 12 => Some(Half::Am),
        half => half,
    });
    let start = time(on_24_hours(from.hour, start_half)?, from.minute.unwrap_or(0))?;
    Ok(Clock { start, end: Some(end) })
}

/// Before or after noon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Half {
    Am,
    Pm,
}

/// The half of the day that stands as a word of its own; `am` is a preposition in German.
fn half_after(word: &str, locale: Locale) -> Option<Half> {
    half_of(word).filter(|_| locale != Locale::De || word != "am")
}

fn half_of(word: &str) -> Option<Half> {
    match word {
        "am" | "a.m." | "a.m" => Some(Half::Am),
        "pm" | "p.m." | "p.m" => Some(Half::Pm),
        _ => None,
    }
}

/// The numbers of a time of day as they were written.
struct Numbers {
    hour: u32,
    minute: Option<u32>,
    half: Option<Half>,
    colon: bool,
    uhr: bool,
}

impl Numbers {
    fn read(word: &str) -> Option<Self> {
        let mut half = None;
        let mut digits = word;
        let endings = [("p.m.", Half::Pm), ("a.m.", Half::Am), ("pm", Half::Pm), ("am", Half::Am)];
        for (ending, meaning) in endings.into_iter().chain([("p", Half::Pm), ("a", Half::Am)]) {
            if half.is_none()
                && let Some(rest) = digits.strip_suffix(ending)
            {
                (half, digits) = (Some(meaning), rest);
            }
        }
        let (digits, uhr) = match digits.strip_suffix("uhr") {
            Some(rest) => (rest, true),
            None => (digits, false),
        };
        let parted = digits.split_once([':', '.', 'h']);
        let (hour, minute) = match parted {
            Some((hour, "")) if digits.ends_with('h') => (hour, None),
            Some((hour, minute)) => (hour, Some(two_digits(minute)?)),
            // `930am`, `1530`
            None if half.is_some() && digits.len() == 3 || is_four_digits(digits) => {
                let (hour, minute) = digits.split_at_checked(digits.len() - 2)?;
                (hour, Some(two_digits(minute)?))
            }
            None => (digits, None),
        };
        // `15h`
        let (hour, minute, hours) = match (digits.strip_suffix('h'), half) {
            (Some(hour), None) => (hour, None, true),
            _ => (hour, minute, false),
        };
        let hour = (hour.len() <= 2).then(|| number(hour)).flatten()?;
        let colon = hours || digits.contains([':', 'h']) || is_four_digits(digits);
        Some(Self { hour, minute, half, colon, uhr })
    }

    /// `3:15` is said of the afternoon where the day has twice twelve hours; `03:15` is not.
    fn in_practice(&self, locale: Locale, word: &str) -> u32 {
        let said = self.half.is_some() || self.uhr || word.starts_with('0') || word.ends_with('h');
        let afternoon = locale != Locale::De && !said && (1..=6).contains(&self.hour);
        if afternoon { self.hour + 12 } else { self.hour }
    }

    /// `9.30` is a time in English; in German only when it cannot be a date, or a day is known.
    fn is_time_with_a_dot(&self, locale: Locale, has_day: bool) -> bool {
        let Some(minute) = self.minute else { return false };
        let can_be_a_date = (1..=12).contains(&minute) && (1..=31).contains(&self.hour);
        let german_date = locale == Locale::De && can_be_a_date && !has_day;
        // Nobody is asked to come at twelve minutes past.
        let odd = locale == Locale::EnGb && can_be_a_date && minute % 5 != 0;
        self.hour <= 23 && minute < 60 && !german_date && !odd
    }
}

/// Whether it is a time of day without a colon, and no year.
fn is_four_digits(digits: &str) -> bool {
    let number = number(digits).filter(|_| digits.len() == 4);
    number.is_some_and(|number| number % 5 == 0 && !(2_000..2_100).contains(&number))
}

/// Reads digits only: `parse` would take a sign.
fn number(digits: &str) -> Option<u32> {
    let plain =
        !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|c| c.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

fn two_digits(digits: &str) -> Option<u32> {
    (digits.len() == 2).then(|| number(digits)).flatten()
}

fn on_24_hours(hour: u32, half: Option<Half>) -> Result<u32, ()> {
    match half {
        None => Ok(hour),
        Some(_) if !(1..=12).contains(&hour) => Err(()),
        Some(Half::Am) => Ok(hour % 12),
        Some(Half::Pm) => Ok(hour % 12 + 12),
    }
}

fn time(hour: u32, minute: u32) -> Result<Time, ()> {
    let hour = i8::try_from(hour).map_err(|_| ())?;
    let minute = i8::try_from(minute).map_err(|_| ())?;
    Time::new(hour, minute, 0, 0).map_err(|_| ())
}

/// Reads a day that begins here.
pub(super) fn day(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Day> {
    ahead::ahead(words, context)
        .or_else(|| numeric(words.at(0), context).map(|date| (date, 1)))
        .or_else(|| with_month_name(words, context))
        .or_else(|| day_of_month(words, context).map(|date| (date, 1)))
        .map(|(date, taken)| (date.map(Day::Fixed), taken))
        .or_else(|| {
            let weekday = weekday(words.at(0), context.locale)?;
            Some((Ok(Day::Weekday(weekday)), 1))
        })
}

/// Reads `11/26`, `26/11/2026`, `26.11.`, `26.11.26`, `2026-11-26`.
fn numeric(word: &str, context: &QuickAddContext<'_>) -> Option<Result<Date, ()>> {
    let separator = word.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
    let word = if separator == '.' { word.strip_suffix('.').unwrap_or(word) } else { word };
    let parts: Vec<u32> = word.split(separator).map(number).collect::<Option<_>>()?;
    let (day, month, year) = match (separator, parts.as_slice(), context.locale) {
        ('-', [year, month, day], _) if *year > 31 => (*day, *month, Some(*year)),
        ('-', [month, day, year], Locale::EnUs) if *year > 31 => (*day, *month, Some(*year)),
        ('-', [day, month, year], _) if *year > 31 => (*day, *month, Some(*year)),
        ('/', [month, day], Locale::EnUs) => (*day, *month, None),
        ('/', [month, day, year], Locale::EnUs) => (*day, *month, Some(*year)),
        ('.', [month, day], Locale::EnUs) => (*day, *month, None),
        ('.', [month, day, year], Locale::EnUs) => (*day, *month, Some(*year)),
        ('/' | '.', [day, month], _) => (*day, *month, None),
        ('/' | '.', [day, month, year], _) => (*day, *month, Some(*year)),
        _ => return None,
    };
    Some(dated(day, month, year, context))
}

/// Reads `26 nov`, `26th of november 2026`, `26. november`, `nov 26`, `november 26th`.
fn with_month_name(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Date> {
    let of = usize::from(words.at(1) == "of");
    let (day, month, mut taken) = if let Some(month) = month(words.at(1 + of), context.locale) {
        (ordinal(words.at(0)).or_else(|| number(words.at(0)))?, month, 2 + of)
    } else {
        let month = month(words.at(0), context.locale)?;
        (ordinal(words.at(1)).or_else(|| number(words.at(1)))?, month, 2)
    };
    let year = words.at(taken);
    let year = (year.len() == 4).then(|| number(year)).flatten();
    // `nov 26 1530` is no year of this practice.
    let year = year.filter(|year| (2_000..2_100).contains(year));
    taken += usize::from(year.is_some());
    Some((dated(day, month, year, context), taken))
}

/// Reads `26th` and, in German, `26.`: the next such day of a month.
fn day_of_month(words: &Words<'_>, context: &QuickAddContext<'_>) -> Option<Result<Date, ()>> {
    let word = words.at(0);
    // `the 3rd thursday` is no third of the month.
    let of_its_kind = ordinal(word).is_some_and(|day| day <= 5);
    if of_its_kind && weekday(words.at(1), context.locale).is_some() {
        return None;
    }
    let english = !word.ends_with('.');
    let day = ordinal(word).filter(|_| english || context.locale == Locale::De)?;
    let Ok(day) = i8::try_from(day) else { return Some(Err(())) };
    let first = context.today.first_of_month();
    let months = (0..=12_i64).filter_map(|ahead| first.checked_add(ahead.months()).ok());
    let mut dates = months.filter_map(|month| Date::new(month.year(), month.month(), day).ok());
    Some(dates.find(|date| *date >= context.today).ok_or(()))
}

fn ordinal(word: &str) -> Option<u32> {
    ["st", "nd", "rd", "th", "."].iter().find_map(|ending| number(word.strip_suffix(ending)?))
}

/// The date, in the next year when this year's has passed and no year was named.
fn dated(
    day: u32,
    month: u32,
    year: Option<u32>,
    context: &QuickAddContext<'_>,
) -> Result<Date, ()> {
    let day = i8::try_from(day).map_err(|_| ())?;
    let month = i8::try_from(month).map_err(|_| ())?;
    let this_year = context.today.year();
    if let Some(year) = year {
        let year = if year < 100 { year + 2_000 } else { year };
        let year = i16::try_from(year).map_err(|_| ())?;
        return Date::new(year, month, day).map_err(|_| ());
    }
    let years = [this_year, this_year.saturating_add(1)];
    let mut dates = years.into_iter().filter_map(|year| Date::new(year, month, day).ok());
    dates.find(|date| *date >= context.today).ok_or(())
}

/// Whether a word could be a date in numbers, without a year or with one.
pub(super) fn can_be_a_date(word: &str) -> bool {
    let parts: Option<Vec<u32>> =
        word.trim_end_matches('.').split(['.', '/']).map(number).collect();
    match parts.as_deref() {
        Some([one, other] | [one, other, _]) => {
            let (small, large) = (one.min(other), one.max(other));
            (1..=12).contains(small) && (1..=31).contains(large)
        }
        _ => false,
    }
}

/// Whether a word names a day by itself, or a month.
pub(super) fn names_a_day(word: &str, locale: Locale) -> bool {
    let relative = ["today", "tomorrow", "tmrw", "tonight", "next", "this", "noon", "midday", "at"];
    let german = ["heute", "morgen", "übermorgen", "nächsten", "nächste", "diesen", "mittag", "um"];
    weekday(word, locale).is_some()
        || month(word, locale).is_some()
        || relative.contains(&word)
        || (locale == Locale::De && german.contains(&word))
}

/// The first such weekday from a date on.
pub(super) fn first_from(weekday: Weekday, date: Date) -> Option<Date> {
    date.checked_add(i64::from(date.weekday().until(weekday)).days()).ok()
}

/// Returns the weekday that `word` names.
pub(super) fn weekday(word: &str, locale: Locale) -> Option<Weekday> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let german = match word {
        "mo" | "montag" => Some(Weekday::Monday),
        "di" | "dienstag" => Some(Weekday::Tuesday),
        "mi" | "mittwoch" => Some(Weekday::Wednesday),
        "do" | "donnerstag" => Some(Weekday::Thursday),
        "fr" | "freitag" => Some(Weekday::Friday),
        "sa" | "samstag" | "sonnabend" => Some(Weekday::Saturday),
        "so" | "sonntag" => Some(Weekday::Sunday),
        _ => None,
    };
    let english = match word {
        "mon" | "monday" => Some(Weekday::Monday),
        "tue" | "tues" | "tuesday" => Some(Weekday::Tuesday),
        "wed" | "weds" | "wednesday" => Some(Weekday::Wednesday),
        "thu" | "thur" | "thurs" | "thursday" => Some(Weekday::Thursday),
        "fri" | "friday" => Some(Weekday::Friday),
        "sat" | "saturday" => Some(Weekday::Saturday),
        "sun" | "sunday" => Some(Weekday::Sunday),
        _ => None,
    };
    english.or_else(|| german.filter(|_| locale == Locale::De))
}

pub(super) fn month(word: &str, locale: Locale) -> Option<u32> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let german = match word {
        "januar" | "jänner" => Some(1),
        "februar" => Some(2),
        "märz" | "mär" | "maerz" | "mrz" => Some(3),
        "mai" => Some(5),
        "juni" => Some(6),
        "juli" => Some(7),
        "okt" | "oktober" => Some(10),
        "dez" | "dezember" => Some(12),
        _ => None,
    };
    let english = match word {
        "jan" | "january" => Some(1),
        "feb" | "february" => Some(2),
        "mar" | "march" => Some(3),
        "apr" | "april" => Some(4),
        "may" => Some(5),
        "jun" | "june" => Some(6),
        "jul" | "july" => Some(7),
        "aug" | "august" => Some(8),
        "sep" | "sept" | "september" => Some(9),
        "oct" | "october" => Some(10),
        "nov" | "november" => Some(11),
        "dec" | "december" => Some(12),
        _ => None,
    };
    english.or_else(|| german.filter(|_| locale == Locale::De))
}
