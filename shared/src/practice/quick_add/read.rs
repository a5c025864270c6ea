//! Goes through the words of a sentence once, and asks at each what it could be.

use super::plain;
use super::when::{self, Clock};
use super::who::{self, Who};
use super::{CHARACTERS_MAX, Day, Locale, Problem, QuickAddContext, Repeat, Said, WORDS_MAX};
use crate::practice::edit::{AppointmentKind, Modality};
use crate::practice::schedule::recur::End;
use jiff::civil::Time;
use std::num::NonZeroU8;

/// The words from some place on, in small letters, with the word as typed.
pub(super) struct Words<'s> {
    pub(super) small: &'s [String],
    pub(super) typed: &'s [&'s str],
}

impl<'s> Words<'s> {
    /// Returns the word at `offset`, or an empty one behind the end.
    pub(super) fn at(&self, offset: usize) -> &'s str {
        self.small.get(offset).map(String::as_str).unwrap_or_default()
    }

    fn typed(&self, count: usize) -> String {
        self.typed.get(..count).unwrap_or(self.typed).join(" ")
    }
}

/// Reads everything that `sentence` says.
pub(super) fn read(sentence: &str, context: &QuickAddContext<'_>) -> Said {
    let mut said = Said::default();
    let short: String = sentence.chars().take(CHARACTERS_MAX).collect();
    let typed = split(&short);
    if short.len() < sentence.len() || typed.len() > WORDS_MAX {
        said.problems.push(Problem::TooLong);
    }
    let typed = typed.get(..WORDS_MAX).unwrap_or(&typed);
    let words = plain::plain(typed, context.locale == Locale::De);
    let small: Vec<String> = words.iter().map(|word| word.small.clone()).collect();
    let typed: Vec<&str> = words.iter().map(|word| word.typed.as_str()).collect();
    let mut at = 0;
    while at < small.len() {
        let words = Words {
            small: small.get(at..).unwrap_or_default(),
            typed: typed.get(at..).unwrap_or_default(),
        };
        at += step(&words, context, &mut said).max(1);
    }
    said
}

/// Splits at blanks and commas; the comma of `1,5 Stunden` stays.
fn split(sentence: &str) -> Vec<&str> {
    let decimal = |at: usize| {
        let (before, after) = sentence.split_at(at);
        let mut after = after.chars().skip(1).map(|c| c.is_ascii_digit());
        let digits = (after.next() == Some(true), after.next() == Some(true));
        before.ends_with(|c: char| c.is_ascii_digit()) && digits == (true, false)
    };
    let mut words = Vec::new();
    let mut from = 0;
    for (at, mark) in sentence.match_indices([' ', '\t', '\n', ',', ';', '\u{a0}']) {
        if mark == "," && decimal(at) {
            continue;
        }
        words.extend(sentence.get(from..at));
        from = at + mark.len();
    }
    words.extend(sentence.get(from..));
    words.retain(|word| !word.is_empty());
    words
}

/// Reads what begins here and returns how many words it took.
fn step(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> usize {
    let first = words.typed.first().copied().unwrap_or_default();
    if let Some(part) = plain::unsaid_part(words.at(0)) {
        said.part = Some(part);
        return 1;
    }
    // `SA` is Saturday to some and a client to others; in capitals, and if there is one, a client.
    if who::is_code_or_initials(first, context) {
        return client(words, context, said);
    }
    let taken = repeat(words, context, said);
    let taken = taken.or_else(|| how_often(words, context, said));
    let taken = taken.or_else(|| length(words, said));
    let taken = taken.or_else(|| place(words, context, said));
    let taken = taken.or_else(|| moment(words, context, said));
    let taken = taken.or_else(|| kind(words, context, said));
    taken.unwrap_or_else(|| if is_filler(words.at(0)) { 1 } else { client(words, context, said) })
}

fn client(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> usize {
    // The longest run of words that names somebody wins; one alone may name several.
    for count in (1..=who::NAME_WORDS_MAX.min(words.small.len())).rev() {
        let run = words.small.get(..count).unwrap_or_default();
        // `anna fri` is Anna on Friday, also where there is an Anna Friedman.
        let others = run.get(1..).unwrap_or_default();
        let mut means_time = others.iter().filter(|word| is_of_time(word, context));
        match who::find(run, context) {
            Who::One(id) if means_time.any(|word| !who::has_word(id, word, context)) => {}
            Who::Several(_) if others.iter().any(|word| is_of_time(word, context)) => {}
            Who::One(id) => {
                if !said.clients.contains(&id) {
                    said.clients.push(id);
                }
                return count;
            }
            Who::Several(candidates) => {
                let word = words.typed(count);
                said.problems.push(Problem::AmbiguousClient { word, candidates });
                return count;
            }
            Who::Nobody => {}
        }
    }
    said.problems.push(Problem::UnknownWord { word: words.typed(1) });
    1
}

/// Whether a word says something about when by itself.
fn is_of_time(word: &str, context: &QuickAddContext<'_>) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        || is_filler(word)
        || when::names_a_day(word, context.locale)
        || plain::unsaid_part(word).is_some()
}

fn moment(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    if let Some((clock, taken)) = when::clock(words, context, said.day.is_some()) {
        match clock {
            Ok(Clock { .. }) if said.start.is_some() => {
                said.problems.push(Problem::NamedTwice { word: words.typed(taken) });
            }
            Ok(Clock { start, end }) => (said.start, said.end) = (Some(start), end),
            Err(()) => said.problems.push(Problem::ImpossibleTime { word: words.typed(taken) }),
        }
        return Some(taken);
    }
    let (day, taken) = when::day(words, context)?;
    match day {
        // `wednesday, december 2nd` says one day in two ways.
        Ok(day) if said.day.is_some_and(|before| before.is_also(day)) => {
            said.day = said.day.map(|before| before.sharper(day));
        }
        // `every thursday from december 1st`: the first Thursday from then on.
        Ok(Day::Fixed(date))
            if let (Some(Day::Weekday(weekday)), Some(_)) = (said.day, said.repeat) =>
        {
            said.day = when::first_from(weekday, date).map(Day::Fixed);
        }
        Ok(_) if said.day.is_some() => {
            said.problems.push(Problem::NamedTwice { word: words.typed(taken) });
        }
        Ok(day) => said.day = Some(day),
        Err(()) => said.problems.push(Problem::ImpossibleDate { word: words.typed(taken) }),
    }
    Some(taken)
}

fn repeat(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    let german = context.locale == Locale::De;
    let (repeat, taken) = match (words.at(0), words.at(1), words.at(2)) {
        ("weekly", ..) => (Repeat::Weeks(1), 1),
        ("biweekly" | "fortnightly", ..) => (Repeat::Weeks(2), 1),
        ("monthly", ..) => (Repeat::Months(1), 1),
        ("daily", ..) => (Repeat::Days(1), 1),
        ("every", "week", _) => (Repeat::Weeks(1), 2),
        ("every", "other" | "second", "week") => (Repeat::Weeks(2), 3),
        ("every", "fortnight", _) => (Repeat::Weeks(2), 2),
        ("every", "month", _) => (Repeat::Months(1), 2),
        ("every", "day", _) => (Repeat::Days(1), 2),
        ("every", number, unit) if unit_of(unit).is_some() => (every(number, unit)?, 3),
        ("wöchentlich", ..) if german => (Repeat::Weeks(1), 1),
        ("14-tägig" | "vierzehntägig" | "zweiwöchentlich", ..) if german => {
            (Repeat::Weeks(2), 1)
        }
        ("monatlich", ..) if german => (Repeat::Months(1), 1),
        ("jede", "woche", _) if german => (Repeat::Weeks(1), 2),
        ("jede", "zweite", "woche") if german => (Repeat::Weeks(2), 3),
        ("alle", number, unit) if german && unit_of(unit).is_some() => (every(number, unit)?, 3),
        ("every" | "jeden" | "jede", weekday, _) => {
            let weekday = when::weekday(weekday, context.locale)?;
            match said.day {
                None => said.day = Some(Day::Weekday(weekday)),
                Some(Day::Fixed(date)) => {
                    said.day = when::first_from(weekday, date).map(Day::Fixed);
                }
                Some(Day::Weekday(other)) if other == weekday => {}
                Some(Day::Weekday(_)) => {
                    said.problems.push(Problem::NamedTwice { word: words.typed(2) });
                }
            }
            (Repeat::Weeks(1), 2)
        }
        _ => return None,
    };
    said.repeat = Some(repeat);
    Some(taken)
}

/// Reads how far a rhythm goes that was said before: `for 10 weeks`, `8 times`, `x8`, `until 3/1`.
fn how_often(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    let repeat = said.repeat.filter(|_| said.repeat_end == End::Never)?;
    let is_count = |word: &str| matches!(word, "times" | "sessions" | "mal" | "sitzungen");
    let (first, skipped) = match words.at(0) {
        "for" | "für" => (1, 1),
        _ => (0, 0),
    };
    let (number, unit) = (words.at(first), words.at(first + 1));
    if let Some(count) = words.at(0).strip_prefix('x').and_then(|count| count.parse().ok()) {
        said.repeat_end = End::Count(u32::from(NonZeroU8::get(count)));
        return Some(1);
    }
    if is_count(unit) {
        said.repeat_end = End::Count(u32::from(small_number(number)?));
        return Some(2 + skipped);
    }
    if skipped == 1
        && let Some(unit) = unit_of(unit)
    {
        let number = u32::from(small_number(number)?);
        let ((Repeat::Days(every), Unit::Days)
        | (Repeat::Weeks(every), Unit::Weeks)
        | (Repeat::Months(every) | Repeat::MonthsByWeekday(every), Unit::Months)) = (repeat, unit)
        else {
            return None;
        };
        said.repeat_end = End::Count(number.div_ceil(u32::from(every.max(1))));
        return Some(3);
    }
    if matches!(words.at(0), "until" | "till" | "through" | "bis") {
        let rest = Words {
            small: words.small.get(1..).unwrap_or_default(),
            typed: words.typed.get(1..).unwrap_or_default(),
        };
        let (day, taken) = when::day(&rest, context)?;
        let Ok(Day::Fixed(date)) = day else { return None };
        said.repeat_end = End::Until(date.to_datetime(Time::constant(23, 59, 59, 0)));
        let with_year = |word: &String| {
            let parts = word.split(['/', '.', '-']).filter(|part| !part.is_empty()).count();
            parts == 3 || word.len() == 4 && word.bytes().all(|c| c.is_ascii_digit())
        };
        said.until_is_whole = rest.small.iter().take(taken).any(with_year);
        return Some(1 + taken);
    }
    None
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
        "six" | "sechs" => 6,
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

fn length(words: &Words<'_>, said: &mut Said) -> Option<usize> {
    let spoken = spoken_length(words);
    let one = || one_word_length(words.at(0)).map(|minutes| (minutes, 1));
    let (minutes, taken) = spoken.or_else(one).or_else(|| {
        let number = words.at(0).replace(',', ".");
        let per_unit = minutes_per(words.at(1))?;
        let whole = tenths(&number).or_else(|| small_number(&number).map(|n| u32::from(n) * 10))?;
        let minutes = whole.checked_mul(per_unit)? / 10;
        // `1 hr 15 min`
        let and = usize::from(matches!(words.at(2), "and" | "und"));
        let more = number_of(words.at(2 + and)).filter(|more| *more < 60);
        match more.filter(|_| per_unit == 60 && minutes_per(words.at(3 + and)) == Some(1)) {
            Some(more) => Some((minutes + more, 4 + and)),
            None => Some((minutes, 2)),
        }
    })?;
    if said.minutes.is_some() {
        said.problems.push(Problem::NamedTwice { word: words.typed(taken) });
    } else {
        said.minutes = Some(minutes);
    }
    Some(taken)
}

/// Lengths that have words of their own.
fn spoken_length(words: &Words<'_>) -> Option<(u32, usize)> {
    let at = |offset| words.at(offset);
    Some(match (at(0), at(1), at(2), at(3), at(4)) {
        ("an" | "one" | "1", "hour", "and", "a", "half") => (90, 5),
        ("half", "an", "hour", ..) => (30, 3),
        ("half" | "halbe", "hour" | "stunde", ..) => (30, 2),
        ("anderthalb" | "eineinhalb" | "1½", "stunden" | "hours", ..) => (90, 2),
        ("dreiviertelstunde", ..) => (45, 1),
        ("doppelstunde", ..) => (100, 1),
        _ => return None,
    })
}

fn number_of(word: &str) -> Option<u32> {
    word.parse().ok()
}

fn minutes_per(unit: &str) -> Option<u32> {
    match unit {
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" | "'" => Some(1),
        "h" | "hour" | "hours" | "hr" | "hrs" | "std" | "stunde" | "stunden" => Some(60),
        _ => None,
    }
}

/// Returns whether `word` is a unit in which lengths are named.
pub(super) fn is_length_unit(word: &str) -> bool {
    minutes_per(word).is_some()
}

/// Longest length in hours that is written `5h`; from here on `15h` is a time of day.
const HOURS_MAX: u32 = 8;

/// Reads `50m`, `50min`, `50'`, `1h`, `1.5h`, `1h30`.
fn one_word_length(word: &str) -> Option<u32> {
    for unit in ["minutes", "minuten", "mins", "min", "m", "'", "′"] {
        if let Some(number) = word.strip_suffix(unit) {
            return number.parse().ok();
        }
    }
    let (hours, rest) = word.split_once('h')?;
    let hours = tenths(&hours.replace(',', ".")).filter(|tenths| *tenths <= HOURS_MAX * 10)?;
    let minutes = match rest.trim_end_matches(['m', 'i', 'n']) {
        "" | "r" | "rs" => 0,
        digits => digits.parse::<u32>().ok().filter(|minutes| *minutes < 60)?,
    };
    Some(hours * 6 + minutes)
}

/// Reads `3` or `1.5` as tenths.
fn tenths(number: &str) -> Option<u32> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let part = part.parse::<u32>().ok().filter(|part| *part < 10)?;
    whole.parse::<u32>().ok()?.checked_mul(10)?.checked_add(part)
}

fn place(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    let german = context.locale == Locale::De;
    let (modality, taken) = match (words.at(0), words.at(1)) {
        ("video" | "online" | "telehealth", _) => (Modality::Video, 1),
        ("phone" | "telephone" | "call", _) => (Modality::Phone, 1),
        ("telefon" | "telefonisch" | "tel" | "tel.", _) if german => (Modality::Phone, 1),
        ("office", _) => (Modality::InOffice, 1),
        ("praxis", _) if german => (Modality::InOffice, 1),
        ("in", "person" | "office") => (Modality::InOffice, 2),
        ("vor", "ort") if german => (Modality::InOffice, 2),
        ("room", room) | ("raum" | "zimmer", room) if !room.is_empty() => {
            // As typed: rooms have names too.
            said.room = words.typed.get(1).map(|room| (*room).to_owned());
            (Modality::InOffice, 2)
        }
        _ => return None,
    };
    said.modality = Some(modality);
    Some(taken)
}

fn kind(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) -> Option<usize> {
    let german = context.locale == Locale::De;
    let (kind, taken) = match (words.at(0), words.at(1)) {
        ("intake", _) => (AppointmentKind::Intake, 1),
        ("couple" | "couples", _) => (AppointmentKind::Couple, 1),
        ("family", _) => (AppointmentKind::Family, 1),
        ("group", _) => (AppointmentKind::Group, 1),
        ("consultation" | "consult", _) => (AppointmentKind::Consultation, 1),
        ("supervision", _) => (AppointmentKind::Supervision, 1),
        ("time", "off") => (AppointmentKind::TimeOff, 2),
        ("erstgespräch", _) if german => (AppointmentKind::Intake, 1),
        ("paar" | "paargespräch", _) if german => (AppointmentKind::Couple, 1),
        ("familie" | "familiengespräch", _) if german => (AppointmentKind::Family, 1),
        ("gruppe", _) if german => (AppointmentKind::Group, 1),
        ("beratung", _) if german => (AppointmentKind::Consultation, 1),
        ("frei" | "urlaub", _) if german => (AppointmentKind::TimeOff, 1),
        _ => return None,
    };
    said.kind = Some(kind);
    Some(taken)
}

fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "with"
            | "w/"
            | "at"
            | "@"
            | "on"
            | "for"
            | "the"
            | "in"
            | "and"
            | "&"
            | "+"
            | "of"
            | "mit"
            | "um"
            | "am"
            | "für"
            | "im"
            | "und"
            | "bei"
            | "der"
            | "die"
            | "den"
            | "dem"
            | "-"
            | "–"
            | "book"
            | "new"
            | "termin"
            | "from"
            | "von"
            | "between"
            | "per"
            | "ab"
            | "via"
            | "kommenden"
            | "kommende"
            | "kommender"
            | "coming"
            | "please"
            | "bitte"
    )
}
