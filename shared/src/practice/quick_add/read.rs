//! Goes through the words of a sentence once, and asks at each what it could be.

use super::rhythm::small_number;
use super::when::{self, Clock};
use super::who::{self, Who};
use super::{CHARACTERS_MAX, Day, Locale, Problem, QuickAddContext, Said, WORDS_MAX};
use super::{plain, rhythm};
use crate::practice::edit::{AppointmentKind, Modality};

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

    /// Returns the words from `offset` on.
    pub(super) fn after(&self, offset: usize) -> Self {
        Words {
            small: self.small.get(offset..).unwrap_or_default(),
            typed: self.typed.get(offset..).unwrap_or_default(),
        }
    }

    pub(super) fn typed(&self, count: usize) -> String {
        self.typed.get(..count).unwrap_or(self.typed).join(" ")
    }
}

/// Reads everything that `sentence` says.
pub(super) fn read(sentence: &str, context: &QuickAddContext<'_>) -> Said {
    let mut said = Said { several: sentence.contains([',', '&', '+', '/']), ..Said::default() };
    let short: String = sentence.chars().take(CHARACTERS_MAX).collect();
    let typed = split(&short);
    if short.len() < sentence.len() || typed.len() > WORDS_MAX {
        said.problems.push(Problem::TooLong);
    }
    let typed = typed.get(..WORDS_MAX).unwrap_or(&typed);
    let words = plain::plain(typed, context);
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
    let taken = rhythm::repeat(words, context, said);
    let taken = taken.or_else(|| rhythm::how_often(words, context, said));
    let taken = taken.or_else(|| length(words, said));
    let taken = taken.or_else(|| place(words, context, said));
    let taken = taken.or_else(|| moment(words, context, said));
    let taken = taken.or_else(|| kind(words, context, said));
    let taken = taken.or_else(|| bare_minutes(words, said));
    taken.unwrap_or_else(|| {
        if is_filler(words.at(0)) {
            filler(words, context, said);
            1
        } else {
            client(words, context, said)
        }
    })
}

/// What words say that say nothing by themselves.
fn filler(words: &Words<'_>, context: &QuickAddContext<'_>, said: &mut Said) {
    match words.at(0) {
        "and" | "und" => said.several = true,
        "from" | "ab" | "starting" | "beginning" => said.begins = true,
        // `Die 14 Uhr` may be Tuesday's, `Mit 13 Uhr` Wednesday's.
        "die" | "mit" if when::clock(&words.after(1), context, false).is_some() => {
            said.problems.push(Problem::UnknownWord { word: words.typed(1) });
        }
        _ => {}
    }
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
                    let sure = count == 1 && who::is_code_or_initials(&words.typed(1), context);
                    let loosely = (id, words.typed(count));
                    said.loosely.extend((!sure).then_some(loosely));
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
            // `12 Uhr mittags`
            Ok(Clock { start, end: None }) if said.start == Some(start) => {}
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
        Ok(day) => {
            said.day = Some(day);
            said.only_a_week = taken == 2 && matches!(words.at(1), "week" | "woche");
        }
        Err(()) => said.problems.push(Problem::ImpossibleDate { word: words.typed(taken) }),
    }
    Some(taken)
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

/// Reads a number alone as minutes, once the time is known: `thu 3pm 90`.
fn bare_minutes(words: &Words<'_>, said: &mut Said) -> Option<usize> {
    let minutes = number_of(words.at(0)).filter(|minutes| (15..=240).contains(minutes))?;
    if minutes % 5 != 0 || said.start.is_none() || said.end.is_some() || said.minutes.is_some() {
        return None;
    }
    said.minutes = Some(minutes);
    Some(1)
}

/// Lengths that have words of their own.
fn spoken_length(words: &Words<'_>) -> Option<(u32, usize)> {
    if let ("a" | "eine" | "einer", "half" | "halbe" | "halben" | "dreiviertel") =
        (words.at(0), words.at(1))
    {
        return spoken_length(&words.after(1)).map(|(minutes, taken)| (minutes, taken + 1));
    }
    let at = |offset| words.at(offset);
    Some(match (at(0), at(1), at(2), at(3), at(4)) {
        ("an" | "one" | "1", "hour", "and", "a", "half") => (90, 5),
        ("half", "an", "hour", ..) => (30, 3),
        ("half" | "halbe" | "halben", "hour" | "stunde", ..) => (30, 2),
        ("dreiviertel", "stunde", ..) => (45, 2),
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
        ("video" | "online" | "telehealth" | "zoom" | "teams", _) => (Modality::Video, 1),
        ("videosprechstunde" | "videocall", _) if german => (Modality::Video, 1),
        ("phone" | "telephone" | "call", _) => (Modality::Phone, 1),
        ("telefon" | "telefonisch" | "tel" | "tel.", _) if german => (Modality::Phone, 1),
        ("office" | "in-person", _) => (Modality::InOffice, 1),
        ("praxis", _) if german => (Modality::InOffice, 1),
        ("in", "person" | "office") => (Modality::InOffice, 2),
        ("vor", "ort") if german => (Modality::InOffice, 2),
        ("room", room) | ("raum" | "zimmer", room) if !room.is_empty() => {
            // As typed: rooms have names too.
            said.room = words.typed.get(1).map(|room| (*room).to_owned());
            (said.modality.unwrap_or(Modality::InOffice), 2)
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
        ("time" | "day", "off") | ("annual", "leave") => (AppointmentKind::TimeOff, 2),
        ("off" | "vacation" | "holiday" | "leave" | "pto", _) => (AppointmentKind::TimeOff, 1),
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
            | "session"
            | "sitzung"
            | "appt"
            | "appointment"
            | "schedule"
            | "by"
            | "over"
            | "add"
            | "starting"
            | "beginning"
            | "zum"
            | "immer"
            | "please"
            | "bitte"
    )
}
