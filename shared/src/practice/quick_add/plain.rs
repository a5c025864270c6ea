//! Puts what people say in several words into the one form that the reader knows: ranges with
//! spaces, and hours that a part of the day goes with.

use super::{Locale, QuickAddContext, when, who};

/// A word in small letters, and as it was typed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Word {
    pub(super) small: String,
    pub(super) typed: String,
}

impl Word {
    fn of(typed: String) -> Self {
        Self { small: typed.to_lowercase(), typed }
    }
}

/// A part of the day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Before noon.
    Early,
    /// After noon.
    Late,
}

/// What stands for a part of the day that goes with a time which is said in several words.
const EARLY: &str = "\u{1}early";
const LATE: &str = "\u{1}late";

/// Returns the part of the day that a word stands for, if it has not gone into a time yet.
pub(super) fn unsaid_part(word: &str) -> Option<Part> {
    match word {
        EARLY => Some(Part::Early),
        LATE => Some(Part::Late),
        _ => None,
    }
}

fn part(word: &str, german: bool) -> Option<Part> {
    match word {
        "morning" | "mornings" => Some(Part::Early),
        "afternoon" | "evening" | "tonight" => Some(Part::Late),
        "früh" | "frueh" | "morgens" | "vormittag" | "vormittags" if german => Some(Part::Early),
        "nachmittag" | "nachmittags" | "abend" | "abends" if german => Some(Part::Late),
        _ => None,
    }
}

/// Returns the words in plain form.
pub(super) fn plain(typed: &[&str], context: &QuickAddContext<'_>) -> Vec<Word> {
    let apart = typed.iter().flat_map(|word| apart(word, context));
    let words = spelled_hours(apart.map(Word::of).collect());
    parts_of_the_day(ranges(between(words)), context.locale == Locale::De)
}

/// Takes apart what was written as one word: `(video)`, `@3`, `room2`, `AT/QS`, `mon/wed`,
/// `2026-11-26T15:00`.
fn apart(word: &str, context: &QuickAddContext<'_>) -> Vec<String> {
    if who::is_code_or_initials(word, context) {
        return vec![word.to_owned()];
    }
    let bare = word.trim_matches(['(', ')', '[', ']', '"', '„', '“', '”']);
    let word = if bare.is_empty() { word } else { bare };
    let parts = |first: &str, then: &str| vec![first.to_owned(), then.to_owned()];
    if let Some(time) = word.strip_prefix('@').filter(|time| when::is_clock(time)) {
        return parts("at", time);
    }
    if let Some((date, time)) = word.split_once(['T', 't'])
        && date.len() == 10
        && date.starts_with(|c: char| c.is_ascii_digit())
        && when::is_clock(time)
    {
        return parts(date, time);
    }
    let lower = word.to_lowercase();
    if lower == "rm" || lower == "rm." {
        return vec!["room".to_owned()];
    }
    for room in ["room", "rm", "raum", "zimmer"] {
        let number = lower.strip_prefix(room).filter(|rest| !rest.is_empty());
        if let Some(number) = number.filter(|rest| rest.bytes().all(|c| c.is_ascii_digit())) {
            return parts("room", number);
        }
    }
    for mark in ['/', '+', '&'] {
        let each: Vec<&str> = word.split(mark).filter(|part| !part.is_empty()).collect();
        let several = each.len() > 1;
        let people = each.iter().all(|part| who::is_code_or_initials(part, context));
        let day = |part: &&str| when::weekday(&part.to_lowercase(), context.locale).is_some();
        if several && (people || each.iter().all(day)) {
            return each.into_iter().map(str::to_owned).collect();
        }
    }
    vec![word.to_owned()]
}

/// Makes figures of hours that are spelled: `three pm`, `three thirty`; and `15 h` a time of day.
fn spelled_hours(words: Vec<Word>) -> Vec<Word> {
    let mut plain: Vec<Word> = Vec::new();
    let mut rest = words.into_iter().peekable();
    while let Some(word) = rest.next() {
        let next = rest.peek().map(|next| next.small.clone()).unwrap_or_default();
        let minute = match next.as_str() {
            "fifteen" | "fünfzehn" => Some("15"),
            "thirty" | "dreißig" => Some("30"),
            "forty-five" | "fünfundvierzig" => Some("45"),
            _ => None,
        };
        let marked = matches!(next.as_str(), "am" | "pm" | "a.m." | "p.m." | "uhr" | "o'clock");
        match (when::named_hour(&word.small), minute) {
            (Some(hour), Some(minute)) => {
                rest.next();
                plain.push(Word::of(format!("{hour}:{minute}")));
            }
            (Some(hour), None) if marked => plain.push(Word::of(hour.to_string())),
            _ => {
                // Nobody sits for so many hours.
                let hour = word.small.parse::<u8>().is_ok_and(|hour| (9..24).contains(&hour));
                let with_minutes = word.small.strip_suffix('h').filter(|time| time.contains(':'));
                plain.push(with_minutes.map_or_else(|| word.clone(), |t| Word::of(t.to_owned())));
                if hour && next == "h" {
                    rest.next();
                    plain.push(Word::of("uhr".to_owned()));
                }
            }
        }
    }
    plain
}

/// Makes `3 - 4` of `between 3 and 4`.
fn between(mut words: Vec<Word>) -> Vec<Word> {
    for at in 0..words.len() {
        let begins = matches!(small(&words, at), "between" | "zwischen");
        if begins
            && when::is_clock(small(&words, at + 1))
            && matches!(small(&words, at + 2), "and" | "und")
            && when::is_clock(small(&words, at + 3))
            && let Some(and) = words.get_mut(at + 2)
        {
            *and = Word::of("-".to_owned());
        }
    }
    words
}

/// Makes one word of `10 - 11am`, `10 to 11am`, `3 pm until 4 pm`, `14 bis 15`.
fn ranges(words: Vec<Word>) -> Vec<Word> {
    let mut plain: Vec<Word> = Vec::new();
    let mut rest = words.into_iter().peekable();
    let mut repeats = false;
    while let Some(word) = rest.next() {
        repeats |= is_rhythm(&word.small);
        let joins = matches!(word.small.as_str(), "-" | "–" | "to" | "until" | "till" | "bis");
        let follows = rest.peek().is_some_and(|next| when::is_clock(&next.small));
        // `weekly until 1.12.`: what repeats ends on a day.
        let ends = repeats
            && matches!(word.small.as_str(), "until" | "till" | "bis")
            && rest.peek().is_some_and(|next| when::can_be_a_date(&next.small));
        let begins = plain.iter().rev().find(|last| !is_mark(last)).filter(|_| ends);
        let also_a_time = begins.is_some_and(|from| {
            rest.peek().is_some_and(|to| when::could_end(&from.small, &to.small))
        });
        if also_a_time && let Some(end) = rest.next() {
            // `weekly 3pm until 4.30`: a time or a date, and nobody guesses which.
            plain.push(Word {
                small: "\u{1}".to_owned(),
                typed: format!("{} {}", word.typed, end.typed),
            });
            continue;
        }
        // `20 to 4` is a quarter to four or so, and no range.
        let spoken = word.small == "to"
            && plain.last().is_some_and(|last| matches!(last.small.as_str(), "20" | "25"));
        if !joins || !follows || ends || spoken {
            plain.push(word);
            continue;
        }
        // `3 pm to …`: what stands apart goes back to its number.
        let mark = plain.pop_if(|last| is_mark(last));
        let from = plain.pop_if(|last| when::is_clock(&last.small) && !last.small.contains('-'));
        match (from, rest.next()) {
            (Some(from), Some(to)) => {
                let mark =
                    mark.map(|mark| mark.typed).filter(|mark| !mark.eq_ignore_ascii_case("uhr"));
                let mark = mark.unwrap_or_default();
                plain.push(Word::of(format!("{}{mark}-{}", from.typed, to.typed)));
            }
            (from, to) => {
                plain.extend(from.into_iter().chain(mark));
                plain.push(word);
                plain.extend(to);
            }
        }
    }
    plain
}

fn is_mark(word: &Word) -> bool {
    matches!(word.small.as_str(), "am" | "pm" | "a.m." | "p.m." | "uhr")
}

/// Whether a word says by itself that something repeats.
pub(super) fn is_rhythm(word: &str) -> bool {
    let english =
        ["weekly", "biweekly", "bi-weekly", "fortnightly", "monthly", "daily", "weekdays", "every"];
    let german = [
        "wöchentlich",
        "zweiwöchentlich",
        "monatlich",
        "täglich",
        "werktags",
        "jede",
        "jeden",
        "alle",
    ];
    english.contains(&word) || german.contains(&word) || word.ends_with("-tägig")
}

/// `morning 9` is `9:00`, `3 in the afternoon` is `15:00`, `tonight` is today and late.
fn parts_of_the_day(words: Vec<Word>, german: bool) -> Vec<Word> {
    let mut plain: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let Some(part) = part(&word.small, german) else {
            plain.push(word.clone());
            continue;
        };
        if word.small == "tonight" {
            plain.push(Word::of("today".to_owned()));
        }
        if plain.last().is_some_and(|last| last.small == "this") {
            // `this afternoon` is today's.
            plain.pop();
            plain.push(Word::of("today".to_owned()));
        }
        let skipped = usize::from(matches!(small(&words, at), "at" | "um" | "@"));
        let clock = when::in_part(small(&words, at + skipped), part == Part::Late);
        if let Some(clock) = clock {
            at += skipped + 1;
            at += usize::from(matches!(small(&words, at), "uhr" | "o'clock"));
            plain.push(Word::of(clock));
            continue;
        }
        // `3 in the afternoon`: the number stands before.
        let before = plain.len();
        while plain.last().is_some_and(|last| {
            matches!(last.small.as_str(), "in" | "the" | "am" | "uhr" | "o'clock")
        }) {
            plain.pop();
        }
        let number = plain.last().and_then(|last| when::in_part(&last.small, part == Part::Late));
        match number {
            Some(clock) => {
                plain.pop();
                plain.push(Word::of(clock));
            }
            None => {
                let missing = before - plain.len();
                // No number to go with: what was looked over stays, and the part goes with the
                // time that is said elsewhere.
                let again = words.get(at - 1 - missing..at - 1).unwrap_or_default();
                plain.extend(again.iter().cloned());
                let small = if part == Part::Late { LATE } else { EARLY };
                plain.push(Word { small: small.to_owned(), typed: word.typed.clone() });
            }
        }
    }
    plain
}

fn small(words: &[Word], at: usize) -> &str {
    words.get(at).map_or("", |word| word.small.as_str())
}
