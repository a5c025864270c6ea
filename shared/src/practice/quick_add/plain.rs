//! Puts what people say in several words into the one form that the reader knows: ranges with
//! spaces, and hours that a part of the day goes with.

use super::when;

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
pub(super) fn plain(typed: &[&str], german: bool) -> Vec<Word> {
    let words: Vec<Word> = typed.iter().map(|word| Word::of((*word).to_owned())).collect();
    parts_of_the_day(ranges(words), german)
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
        if !joins || !follows || ends {
            plain.push(word);
            continue;
        }
        // `3 pm to …`: what stands apart goes back to its number.
        let marks =
            |word: &Word| matches!(word.small.as_str(), "am" | "pm" | "a.m." | "p.m." | "uhr");
        let mark = plain.pop_if(|last| marks(last));
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

fn is_rhythm(word: &str) -> bool {
    let english = ["weekly", "biweekly", "fortnightly", "monthly", "daily", "every"];
    let german = ["wöchentlich", "zweiwöchentlich", "monatlich", "jede", "jeden", "alle"];
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
