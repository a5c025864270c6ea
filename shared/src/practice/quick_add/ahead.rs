//! Days that are said by how far ahead they are: `tomorrow`, `next thu`, `in 2 weeks`,
//! `a fortnight on thursday`, `Do in einer Woche`.

use super::read::Words;
use super::rhythm::{Unit, small_number, unit_of};
use super::when::{Reading, weekday};
use super::{Locale, QuickAddContext};
use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Reads such a day that begins here.
pub(super) fn ahead(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Date> {
    after_a_day(words, context)
        .or_else(|| from_a_day(words, context))
        .or_else(|| in_week(words, context))
        .or_else(|| alone(words, context))
}

/// Reads a day to count from: today, tomorrow, or the next such weekday.
fn counted_from(words: &Words<'_>, context: &QuickAddContext<'_>) -> Option<(Date, usize)> {
    if let Some((days, taken)) = near(words, context) {
        return Some((context.today.checked_add(days.days()).ok()?, taken));
    }
    let weekday = weekday(words.at(0), context.locale)?;
    let days = i64::from(context.today.weekday().until(weekday));
    Some((context.today.checked_add(days.days()).ok()?, 1))
}

/// Days that have a word of their own.
fn near(words: &Words<'_>, context: &QuickAddContext<'_>) -> Option<(i64, usize)> {
    let german = context.locale == Locale::De;
    Some(match (words.at(0), words.at(1), words.at(2)) {
        ("today", ..) => (0, 1),
        ("tomorrow" | "tmrw", ..) => (1, 1),
        ("day", "after", "tomorrow") => (2, 3),
        ("heute", ..) if german => (0, 1),
        ("morgen", ..) if german => (1, 1),
        ("übermorgen" | "uebermorgen", ..) if german => (2, 1),
        _ => return None,
    })
}

/// Reads `2 weeks`, `a fortnight`, `14 tagen`.
fn stretch(words: &Words<'_>) -> Option<(Span, usize)> {
    if let ("a", "fortnight") = (words.at(0), words.at(1)) {
        return Some((2.weeks(), 2));
    }
    let number = i64::from(small_number(words.at(0))?);
    let span = match unit_of(words.at(1))? {
        Unit::Days => number.days(),
        Unit::Weeks => number.weeks(),
        Unit::Months => number.months(),
    };
    Some((span, 2))
}

/// Reads `today`, `in 2 weeks`.
fn alone(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Date> {
    let (span, taken) = match near(words, context) {
        Some((days, taken)) => (days.days(), taken),
        None if words.at(0) == "in" => {
            let (span, taken) = stretch(&words.after(1))?;
            (span, taken + 1)
        }
        None => return None,
    };
    Some((context.today.checked_add(span).map_err(|_| ()), taken))
}

/// Reads `tuesday week`, `tomorrow week`, `thursday fortnight`, `thursday in two weeks`.
fn after_a_day(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Date> {
    let (from, taken) = counted_from(words, context)?;
    let said = words.at(taken);
    let (span, taken) = match said {
        "week" => (later(words, 1, context), taken + 1),
        "fortnight" => (later(words, 2, context), taken + 1),
        "in" => {
            let (span, more) = stretch(&words.after(taken + 1))?;
            (span, taken + 1 + more)
        }
        _ => return None,
    };
    Some((from.checked_add(span).map_err(|_| ()), taken))
}

/// Reads `a week on tuesday`, `two weeks from today`, `a fortnight on thursday`.
fn from_a_day(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Date> {
    let (span, taken) = stretch(words)?;
    if !matches!(words.at(taken), "on" | "from") {
        return None;
    }
    let rest = words.after(taken + 1);
    let (from, more) = counted_from(&rest, context)?;
    let today = near(&rest, context).is_none() && from == context.today;
    // `a week on wednesday`, said on a Wednesday, counts from the next one.
    let from = if today { from.checked_add(1.week()).ok()? } else { from };
    Some((from.checked_add(span).map_err(|_| ()), taken + 1 + more))
}

/// So many weeks after a day; of a weekday that is today, after the next one.
fn later(words: &Words<'_>, weeks: i64, context: &QuickAddContext<'_>) -> Span {
    let today = weekday(words.at(0), context.locale) == Some(context.today.weekday());
    (weeks + i64::from(today)).weeks()
}

/// Reads `this thu`, `next thu`, `next week`, `next week thu`, `thu next week`.
///
/// Weeks begin on Monday; `next thu` is the one of the next week, also on a Monday.
fn in_week(words: &Words<'_>, context: &QuickAddContext<'_>) -> Reading<Date> {
    let german = context.locale == Locale::De;
    let ahead = |word: &str| match word {
        "this" => Some(0),
        "next" => Some(1),
        "diese" | "diesen" | "dieser" if german => Some(0),
        "nächste" | "nächsten" | "nächster" if german => Some(1),
        "übernächste" | "übernächsten" | "übernächster" if german => Some(2),
        _ => None,
    };
    let is_week = |word: &str| word == "week" || (german && word == "woche");
    let of = |word: &str| weekday(word, context.locale);
    let (first, second, third) = (words.at(0), words.at(1), words.at(2));
    let same = context.today.weekday();
    let (weeks, weekday, taken) = match ahead(first) {
        Some(0) if is_week(second) => (0, of(third)?, 3),
        Some(weeks) if is_week(second) => {
            of(third).map_or((weeks, same, 2), |weekday| (weeks, weekday, 3))
        }
        // `übernächsten Donnerstag` is said of two different days.
        Some(weeks @ 0..=1) => (weeks, of(second)?, 2),
        Some(_) => return None,
        None if is_week(third) => (ahead(second)?, of(first)?, 3),
        None => return None,
    };
    let since_monday = i64::from(same.to_monday_zero_offset());
    let days = weeks * 7 + i64::from(weekday.to_monday_zero_offset()) - since_monday;
    Some((context.today.checked_add(days.days()).map_err(|_| ()), taken))
}
