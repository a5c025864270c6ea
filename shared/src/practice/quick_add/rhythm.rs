//! Rhythms: how an appointment repeats, how far, and how people say so.

use super::read::Words;
use super::when;
use super::{Day, Locale, Problem, QuickAddContext, Said, plain};
use crate::practice::schedule::recur::{self, End, Frequency, Rule};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use std::num::{NonZeroU8, NonZeroU32};

/// A rhythm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repeat {
    /// Every so many days.
    Days(u8),
    /// Every so many months, on the same date.
    Months(u8),
    /// Every so many months, on the same weekday of the month.
    MonthsByWeekday(u8),
    /// Every so many weeks.
    Weeks(u8),
    /// Every so many weeks, on several weekdays.
    WeeksOn(u8, Weekdays),
}

/// Some days of the week.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Weekdays(u8);

impl Weekdays {
    const WORKING: Self = Self(0b1_1111);

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset().unsigned_abs()
    }

    /// Returns whether the day is among them.
    pub fn has(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    fn with(self, day: Weekday) -> Self {
        Self(self.0 | Self::bit(day))
    }

    fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Returns them, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::Monday.cycle_forward().take(7).filter(move |day| self.has(*day))
    }

    /// Returns the same days, so many days later.
    fn moved(self, days: i64) -> Self {
        let later = |day: Weekday| day.wrapping_add(days.rem_euclid(7));
        self.iter().fold(Self::default(), |days, day| days.with(later(day)))
    }

    fn words(self, german: bool) -> String {
        if self == Self::WORKING {
            return if german { "Mo-Fr" } else { "Mon-Fri" }.to_owned();
        }
        let name = |day| match (day, german) {
            (Weekday::Monday, false) => "Mon",
            (Weekday::Tuesday, false) => "Tue",
            (Weekday::Wednesday, false) => "Wed",
            (Weekday::Thursday, false) => "Thu",
            (Weekday::Friday, false) => "Fri",
            (Weekday::Saturday, false) => "Sat",
            (Weekday::Sunday, false) => "Sun",
            (Weekday::Monday, true) => "Mo",
            (Weekday::Tuesday, true) => "Di",
            (Weekday::Wednesday, true) => "Mi",
            (Weekday::Thursday, true) => "Do",
            (Weekday::Friday, true) => "Fr",
            (Weekday::Saturday, true) => "Sa",
            (Weekday::Sunday, true) => "So",
        };
        self.iter().map(name).collect::<Vec<_>>().join("/")
    }
}

impl Repeat {
    /// Returns the rule of a series that begins on this date, which is always one of its days.
    pub fn rule(self, begins: Date) -> Rule {
        let every = |count: u8, frequency| {
            let count = NonZeroU32::new(count.into()).unwrap_or(NonZeroU32::MIN);
            Rule::every(count, frequency)
        };
        match self {
            Self::Days(days) => every(days, Frequency::Daily),
            Self::Months(months) => every(months, Frequency::Monthly),
            Self::MonthsByWeekday(months) => {
                let nth = (i16::from(begins.day()) - 1) / 7 + 1;
                // The fifth of its kind is the last: not every month has five.
                let nth = if nth == 5 { -1 } else { nth };
                let mut rule = every(months, Frequency::Monthly);
                rule.days.push(recur::Day { nth, weekday: begins.weekday() });
                rule
            }
            Self::Weeks(weeks) => every(weeks, Frequency::Weekly),
            Self::WeeksOn(weeks, days) => {
                let mut rule = every(weeks, Frequency::Weekly);
                let days = days.with(begins.weekday());
                rule.days.extend(days.iter().map(|weekday| recur::Day { nth: 0, weekday }));
                rule
            }
        }
    }

    /// Returns the rhythm of the same appointment, moved by so many days.
    #[must_use]
    pub fn moved(self, days: i64) -> Self {
        match self {
            Self::WeeksOn(weeks, on) => Self::WeeksOn(weeks, on.moved(days)),
            other => other,
        }
    }

    /// Returns it in English words.
    pub fn words(self) -> String {
        match self {
            Self::Days(1) => "daily".to_owned(),
            Self::Days(days) => format!("every {days} days"),
            Self::Months(1) => "monthly".to_owned(),
            Self::Months(months) => format!("every {months} months"),
            Self::MonthsByWeekday(1) => "monthly, weekday".to_owned(),
            Self::MonthsByWeekday(months) => format!("every {months} months, weekday"),
            Self::Weeks(1) => "weekly".to_owned(),
            Self::Weeks(weeks) => format!("every {weeks} weeks"),
            Self::WeeksOn(weeks, days) => {
                format!("{} {}", Self::Weeks(weeks).words(), days.words(false))
            }
        }
    }

    /// Returns it in German words.
    pub(super) fn words_in_german(self) -> String {
        match self {
            Self::Days(1) => "täglich".to_owned(),
            Self::Days(days) => format!("alle {days} Tage"),
            Self::Months(1) => "monatlich".to_owned(),
            Self::Months(months) => format!("alle {months} Monate"),
            Self::MonthsByWeekday(1) => "monatlich am Wochentag".to_owned(),
            Self::MonthsByWeekday(months) => format!("alle {months} Monate am Wochentag"),
            Self::Weeks(1) => "wöchentlich".to_owned(),
            Self::Weeks(weeks) => format!("alle {weeks} Wochen"),
            Self::WeeksOn(weeks, days) => {
                format!("{} {}", Self::Weeks(weeks).words_in_german(), days.words(true))
            }
        }
    }
}

/// Reads a rhythm that begins here, with the days that it names.
pub(super) fn repeat(
    words: &Words<'_>,
    context: &QuickAddContext<'_>,
    said: &mut Said,
) -> Option<usize> {
    let german = context.locale == Locale::De;
    if let Some((repeat, taken)) = one_word(words.at(0), german) {
        // `thursdays biweekly`: the days stay.
        said.repeat = Some(repeat);
        return Some(taken);
    }
    if let Some(taken) = on_weekdays(words, context, said) {
        return Some(taken);
    }
    let (repeat, taken) = match (words.at(0), words.at(1), words.at(2)) {
        ("once" | "einmal", "a" | "per" | "every" | "pro" | "die" | "im", unit) => {
            (every("1", unit)?, 3)
        }
        ("einmal", "in", "der") if words.at(3) == "woche" => (Repeat::Weeks(1), 4),
        (each, "fortnight", _) if is_each(each, german) => (Repeat::Weeks(2), 2),
        (each, "weekday" | "werktag", _) if is_each(each, german) => {
            (Repeat::WeeksOn(1, Weekdays::WORKING), 2)
        }
        (each, unit, _) if is_each(each, german) && unit_of(unit).is_some() => {
            (every("1", unit)?, 2)
        }
        (each, other, unit) if is_each(each, german) && is_other(other, german) => {
            (every("2", unit)?, 3)
        }
        (each, number, unit) if is_each(each, german) && unit_of(unit).is_some() => {
            (every(number, unit)?, 3)
        }
        _ => return None,
    };
    said.repeat = Some(repeat);
    Some(taken)
}

fn one_word(word: &str, german: bool) -> Option<(Repeat, usize)> {
    let repeat = match word {
        "weekly" => Repeat::Weeks(1),
        "biweekly" | "bi-weekly" | "fortnightly" => Repeat::Weeks(2),
        "monthly" => Repeat::Months(1),
        "daily" => Repeat::Days(1),
        "weekdays" => Repeat::WeeksOn(1, Weekdays::WORKING),
        "wöchentlich" if german => Repeat::Weeks(1),
        "14-tägig" | "vierzehntägig" | "zweiwöchentlich" | "14-täglich" if german => {
            Repeat::Weeks(2)
        }
        "monatlich" if german => Repeat::Months(1),
        "täglich" if german => Repeat::Days(1),
        "werktags" | "werktäglich" if german => Repeat::WeeksOn(1, Weekdays::WORKING),
        _ => return None,
    };
    Some((repeat, 1))
}

fn is_each(word: &str, german: bool) -> bool {
    matches!(word, "every" | "each")
        || (german && matches!(word, "jede" | "jeden" | "jeder" | "jedes" | "alle"))
}

fn is_other(word: &str, german: bool) -> bool {
    matches!(word, "other" | "second" | "2nd")
        || (german && matches!(word, "zweite" | "zweiten" | "zweites" | "2."))
}

/// Reads `every tue`, `every other thursday`, `every mon and wed`, `thursdays`, `mon and wed`,
/// `every first monday of the month`, `the last friday of the month`.
fn on_weekdays(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    let german = context.locale == Locale::De;
    let mut at = usize::from(is_each(words.at(0), german));
    let each = at == 1;
    if let Some(taken) = in_the_month(&words.after(at), each, context, said) {
        return Some(at + taken);
    }
    let other = each && is_other(words.at(1), german);
    at += usize::from(other);
    let (mut days, mut plural, mut more) = (Vec::new(), false, at);
    while let Some((day, is_plural)) = weekday(words.at(more), context.locale) {
        days.push(day);
        plural |= is_plural;
        at = more + 1;
        more = at + usize::from(matches!(words.at(at), "and" | "und" | "&" | "+"));
    }
    let first = *days.first()?;
    let alone = days.len() == 1;
    if !each && !plural && alone {
        return None;
    }
    let weeks = if other { 2 } else { 1 };
    if each || plural && said.repeat.is_none() {
        said.repeat = Some(Repeat::Weeks(weeks));
    }
    if alone {
        one_weekday(first, said, || words.typed(at));
    } else {
        said.weekdays = days.into_iter().fold(said.weekdays, Weekdays::with);
        said.weekdays_typed = words.typed(at);
    }
    Some(at)
}

/// Takes the weekday of a rhythm.
fn one_weekday(weekday: Weekday, said: &mut Said, typed: impl Fn() -> String) {
    match said.day {
        None => said.day = Some(Day::Weekday(weekday)),
        Some(Day::Fixed(date)) => said.day = when::first_from(weekday, date).map(Day::Fixed),
        Some(Day::Weekday(other)) if other == weekday => {}
        Some(Day::Weekday(_)) => said.problems.push(Problem::NamedTwice { word: typed() }),
    }
}

/// A weekday, and whether it is said of all of them: `thursdays`, `donnerstags`.
fn weekday(word: &str, locale: Locale) -> Option<(Weekday, bool)> {
    let plural = word.strip_suffix('s').filter(|one| one.len() > 5);
    let plural = plural.and_then(|one| when::weekday(one, locale));
    when::weekday(word, locale).map(|day| (day, false)).or(plural.map(|day| (day, true)))
}

/// Reads `first monday of the month`; without the month only after `every` or `monthly`.
fn in_the_month(
    words: &Words<'_>,
    each: bool,
    context: &QuickAddContext<'_>,
    said: &mut Said,
) -> Option<usize> {
    let nth: i8 = match words.at(0) {
        "first" | "1st" | "ersten" | "erster" | "1." => 1,
        "second" | "2nd" | "zweiten" | "zweiter" | "2." => 2,
        "third" | "3rd" | "dritten" | "dritter" | "3." => 3,
        "fourth" | "4th" | "vierten" | "vierter" | "4." => 4,
        "last" | "letzten" | "letzter" => -1,
        _ => return None,
    };
    let weekday = when::weekday(words.at(1), context.locale)?;
    let another = said.in_month || (matches!(said.day, Some(Day::Fixed(_))) && !said.begins);
    let months = match (words.at(2), words.at(3), words.at(4)) {
        ("of" | "in", "the" | "each" | "every", "month") => 3,
        ("of" | "in", "month", _) | ("im" | "jeden", "monat", _) => 2,
        _ => 0,
    };
    let monthly = matches!(said.repeat, Some(Repeat::Months(_)));
    // `every second thursday` is every other one.
    if months == 0 && !monthly && (!each || nth == 2) {
        return None;
    }
    if another {
        said.problems.push(Problem::NamedTwice { word: words.typed(2 + months) });
        return Some(2 + months);
    }
    let from = match said.day {
        Some(Day::Fixed(date)) => date,
        _ => context.today,
    };
    let first = from.first_of_month();
    let months_ahead = (0..=14_i64).filter_map(|ahead| first.checked_add(ahead.months()).ok());
    let mut dates = months_ahead.filter_map(|date| date.nth_weekday_of_month(nth, weekday).ok());
    said.day = dates.find(|date| *date >= from).map(Day::Fixed);
    said.in_month = true;
    if each || matches!(words.at(3), "each" | "every") || words.at(2) == "jeden" {
        said.repeat = Some(Repeat::MonthsByWeekday(1));
    }
    Some(2 + months)
}

/// Settles what the days that were named mean for the rhythm. Several days without one, or a
/// number of times without one, are not guessed.
pub(super) fn settle(said: &mut Said) {
    if let (Some(Repeat::Months(months)), Some(Day::Weekday(_)), _)
    | (Some(Repeat::Months(months)), _, true) = (said.repeat, said.day, said.in_month)
    {
        // `thu 3pm monthly` is on a Thursday each time.
        said.repeat = Some(Repeat::MonthsByWeekday(months));
    }
    if said.weekdays.len() > 1 {
        match (said.repeat, said.day) {
            (Some(Repeat::Weeks(weeks)), Some(Day::Weekday(day))) => {
                said.repeat = Some(Repeat::WeeksOn(weeks, said.weekdays.with(day)));
                said.day = None;
            }
            (Some(Repeat::Weeks(weeks)), _) => {
                said.repeat = Some(Repeat::WeeksOn(weeks, said.weekdays));
            }
            _ => {
                let word = std::mem::take(&mut said.weekdays_typed);
                said.problems.push(Problem::NamedTwice { word });
            }
        }
    }
    if let Some(weeks) = said.for_weeks {
        let (every, days) = match said.repeat {
            Some(Repeat::Weeks(every)) => (every, 1),
            Some(Repeat::WeeksOn(every, days)) => (every, days.len()),
            _ => (1, 1),
        };
        let times = weeks.div_ceil(u32::from(every.max(1))).saturating_mul(days);
        said.repeat_end = End::Count(times);
    }
    if let Some((times, word)) = said.times_a_week.take() {
        let days = match said.repeat {
            Some(Repeat::WeeksOn(_, days)) => days.len(),
            _ => 1,
        };
        if days != times {
            said.problems.push(Problem::UnknownWord { word });
        }
    }
    if said.repeat.is_none() && said.repeat_end != End::Never {
        let word = std::mem::take(&mut said.end_typed);
        said.problems.push(Problem::UnknownWord { word });
    }
}

/// Returns the first date of a rhythm of several days, or of every day, that names no day itself.
pub(super) fn first_day(said: &Said, today: Date, ahead: bool) -> Option<Date> {
    let from = match said.day {
        Some(Day::Fixed(date)) => date,
        Some(Day::Weekday(_)) => return None,
        None if ahead => today,
        None => today.tomorrow().ok()?,
    };
    match said.repeat? {
        Repeat::Days(_) => Some(from),
        Repeat::WeeksOn(_, days) => {
            let mut dates = (0..7_i64).filter_map(|day| from.checked_add(day.days()).ok());
            dates.find(|date| days.has(date.weekday()))
        }
        _ => None,
    }
}

/// Returns whether a rhythm that begins on this date ends after it. An end that was said without a
/// year is the first such day after the beginning.
pub(super) fn ends_after(said: &mut Said, begins: Date) -> bool {
    let End::Until(until) = said.repeat_end else { return true };
    if until.date() >= begins {
        return true;
    }
    let next = until.checked_add(1.year()).ok().filter(|_| !said.until_is_whole);
    let Some(next) = next.filter(|next| next.date() >= begins) else { return false };
    said.repeat_end = End::Until(next);
    true
}

/// Reads how far a rhythm goes: `for 10 weeks`, `8 times`, `x8`, `until 3/1`, `until end of march`.
pub(super) fn how_often(
    words: &Words<'_>,
    context: &QuickAddContext<'_>,
    said: &mut Said,
) -> Option<usize> {
    if said.repeat_end != End::Never {
        return None;
    }
    let taken = count(words, said)
        .or_else(|| for_so_long(words, said))
        .or_else(|| until(words, context, said))?;
    said.end_typed = words.typed(taken);
    Some(taken)
}

fn count(words: &Words<'_>, said: &mut Said) -> Option<usize> {
    let word = words.at(0);
    let joined = word.strip_prefix('x').or_else(|| word.strip_suffix('x'));
    let joined = joined.or_else(|| word.strip_suffix("-mal")).or_else(|| word.strip_suffix("mal"));
    if let Some(count) = joined.and_then(|count| count.parse().ok()) {
        let times = u32::from(NonZeroU8::get(count));
        // `2x weekly` is twice a week, `10x weekly` ten weeks.
        if (2..=5).contains(&times) && matches!(words.at(1), "weekly" | "wöchentlich") {
            said.times_a_week = Some((times, words.typed(1)));
            return Some(1);
        }
        said.repeat_end = End::Count(u32::from(NonZeroU8::get(count)));
        return Some(1);
    }
    let first = usize::from(matches!(word, "for" | "für"));
    if !matches!(words.at(first + 1), "times" | "sessions" | "mal" | "sitzungen") {
        return None;
    }
    said.repeat_end = End::Count(u32::from(small_number(words.at(first))?));
    Some(first + 2)
}

fn for_so_long(words: &Words<'_>, said: &mut Said) -> Option<usize> {
    let repeat = said.repeat.filter(|_| matches!(words.at(0), "for" | "für"))?;
    let number = u32::from(small_number(words.at(1))?);
    let unit = unit_of(words.at(2))?;
    let times = match (repeat, unit) {
        (Repeat::Days(every), Unit::Days)
        | (Repeat::Months(every) | Repeat::MonthsByWeekday(every), Unit::Months) => {
            number.div_ceil(u32::from(every.max(1)))
        }
        // How many days there are in a week may be said after it.
        (Repeat::Weeks(_) | Repeat::WeeksOn(..), Unit::Weeks) => {
            said.for_weeks = Some(number);
            number
        }
        _ => return None,
    };
    said.repeat_end = End::Count(times);
    Some(3)
}

fn until(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    let begins = matches!(words.at(0), "until" | "till" | "through" | "bis" | "ending");
    // A rhythm may be said after its end.
    let repeats = said.repeat.is_some() || words.small.iter().any(|word| plain::is_rhythm(word));
    if !begins || !repeats {
        return None;
    }
    let rest = words.after(1);
    let (date, taken, whole) = match end_of(&rest, context) {
        Some((date, taken)) => (date, taken, false),
        None => {
            let (day, taken) = when::day(&rest, context)?;
            let Ok(Day::Fixed(date)) = day else { return None };
            let with_year = |word: &String| {
                let parts = word.split(['/', '.', '-']).filter(|part| !part.is_empty()).count();
                parts == 3 || word.len() == 4 && word.bytes().all(|c| c.is_ascii_digit())
            };
            (date, taken, rest.small.iter().take(taken).any(with_year))
        }
    };
    said.repeat_end = End::Until(date.to_datetime(Time::constant(23, 59, 59, 0)));
    said.until_is_whole = whole;
    Some(1 + taken)
}

/// Reads `the end of march`, `end of year`, `ende märz`, `jahresende`: the last day of it.
fn end_of(words: &Words<'_>, context: &QuickAddContext<'_>) -> Option<(Date, usize)> {
    let mut at = usize::from(matches!(words.at(0), "the" | "zum"));
    if matches!(words.at(at), "jahresende" | "monatsende") {
        let year = words.at(at) == "jahresende";
        let last = if year { context.today.last_of_year() } else { context.today.last_of_month() };
        return Some((last, at + 1));
    }
    if !matches!(words.at(at), "end" | "ende") {
        return None;
    }
    at += 1;
    while matches!(words.at(at), "of" | "the" | "this" | "des") {
        at += 1;
    }
    let last = match words.at(at) {
        "year" | "jahres" => context.today.last_of_year(),
        "month" | "monats" => context.today.last_of_month(),
        name => {
            let month = i8::try_from(when::month(name, context.locale)?).ok()?;
            let years = [context.today.year(), context.today.year().saturating_add(1)];
            let months = years.into_iter().filter_map(|year| Date::new(year, month, 1).ok());
            months.map(Date::last_of_month).find(|last| *last >= context.today)?
        }
    };
    Some((last, at + 1))
}

/// What a word counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unit {
    Days,
    Weeks,
    Months,
}

/// Returns what `word` counts, in either language.
pub(super) fn unit_of(word: &str) -> Option<Unit> {
    match word {
        "day" | "days" | "tag" | "tage" | "tagen" => Some(Unit::Days),
        "week" | "weeks" | "wk" | "wks" | "woche" | "wochen" => Some(Unit::Weeks),
        "month" | "months" | "monat" | "monate" | "monaten" => Some(Unit::Months),
        _ => None,
    }
}

/// Returns a small number in digits or as a word.
pub(super) fn small_number(word: &str) -> Option<u8> {
    let named = match word {
        "a" | "an" | "one" | "ein" | "eine" | "einer" | "einem" => 1,
        "two" | "zwei" => 2,
        "three" | "drei" => 3,
        "four" | "vier" => 4,
        "five" | "fünf" => 5,
        "six" | "sechs" => 6,
        "eight" | "acht" => 8,
        "ten" | "zehn" => 10,
        "twelve" | "zwölf" => 12,
        _ => return word.parse().ok().filter(|number| *number > 0),
    };
    Some(named)
}

fn every(number: &str, unit: &str) -> Option<Repeat> {
    let number = small_number(number)?;
    Some(match unit_of(unit)? {
        Unit::Days => Repeat::Days(number),
        Unit::Weeks => Repeat::Weeks(number),
        Unit::Months => Repeat::Months(number),
    })
}
