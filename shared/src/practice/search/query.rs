//! What somebody looks for: words, all of which must be there, each as the beginning of a word; in
//! quotes as they stand, one behind the other.

use super::fold::{Form, each_word, forms};
use crate::practice::contact::within;
use std::ops::Range;

/// The longest query that is read, in bytes.
const QUERY_BYTES_MAX: usize = 1000;
/// So many words of it count: each is a bit.
const WORDS_MAX: usize = 24;

/// A query.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Query {
    words: Vec<Wanted>,
    /// Which words stand one behind the other; most are alone.
    terms: Vec<Range<usize>>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Wanted {
    form: Form,
    /// Whether it is a beginning.
    is_prefix: bool,
}

impl Wanted {
    fn fits(&self, written: &str) -> bool {
        let fits = |known: &str, wanted: &str| match self.is_prefix {
            true => known.starts_with(wanted),
            false => known == wanted,
        };
        let mut known = forms(written);
        let plain = known.next().unwrap_or_default();
        fits(plain, self.form.plain())
            || self.form.spelled().is_some_and(|spelled| fits(plain, spelled))
            || known.next().is_some_and(|spelled| fits(spelled, self.form.plain()))
    }
}

impl Query {
    /// Reads what was typed.
    pub(super) fn read(text: &str) -> Self {
        let mut query = Self::default();
        let mut pieces = within(text, QUERY_BYTES_MAX).split('"').peekable();
        let mut quoted = false;
        while let Some(piece) = pieces.next() {
            if quoted {
                // While the last quote is not typed, the last word is one that is being typed.
                query.add(piece, pieces.peek().is_none());
            } else {
                piece.split_whitespace().for_each(|word| query.add(word, true));
            }
            quoted = !quoted;
        }
        query
    }

    /// Adds words that stand one behind the other.
    fn add(&mut self, text: &str, ends_open: bool) {
        let first = self.words.len();
        each_word(text, |_, form| {
            let fits = self.words.len() < WORDS_MAX;
            if fits {
                self.words.push(Wanted { form: form.clone(), is_prefix: false });
            }
            fits
        });
        if self.words.len() > first {
            if let Some(last) = self.words.last_mut() {
                last.is_prefix = ends_open;
            }
            self.terms.push(first..self.words.len());
        }
    }

    /// Whether it says enough to look into texts: one letter stands in all of them.
    pub(super) fn looks_into_texts(&self) -> bool {
        let says = |wanted: &Wanted| {
            let plain = wanted.form.plain();
            plain.chars().nth(1).is_some() || !plain.is_ascii()
        };
        self.words.iter().any(says)
    }

    /// Returns a bit for each of its terms.
    pub(super) fn all(&self) -> u32 {
        self.terms.iter().enumerate().fold(0, |all, (term, _)| all | bit(term))
    }

    /// Returns which of its words a word is, a bit each.
    pub(super) fn class(&self, written: &str) -> u32 {
        let fitting = self.words.iter().enumerate().filter(|(_, wanted)| wanted.fits(written));
        fitting.fold(0, |class, (word, _)| class | bit(word))
    }

    /// Returns which terms words hold, by their classes, and how often any of them does.
    pub(super) fn count(&self, classes: impl Iterator<Item = u32> + Clone) -> (u32, u32) {
        let (mut seen, mut terms, mut count) = (0, 0, 0_u32);
        for class in classes.clone() {
            let (alone, times) = self.alone(class);
            seen |= class;
            terms |= alone;
            count = count.saturating_add(times);
        }
        let (more, times) = self.phrases(seen, classes);
        (terms | more, count.saturating_add(times))
    }

    /// Returns which terms of one word a class fits, and how many these are.
    pub(super) fn alone(&self, class: u32) -> (u32, u32) {
        let terms = self.terms.iter().enumerate();
        let fits = |words: &Range<usize>| words.len() == 1 && class & bit(words.start) != 0;
        let terms = terms.filter(|(_, words)| fits(words));
        let terms = terms.fold(0, |all, (term, _)| all | bit(term));
        (terms, terms.count_ones())
    }

    /// Returns which terms of several words a text holds that holds these words at all, and how often.
    pub(super) fn phrases(
        &self,
        seen: u32,
        classes: impl Iterator<Item = u32> + Clone,
    ) -> (u32, u32) {
        let (mut terms, mut count) = (0, 0_u32);
        for (term, words) in self.terms.iter().enumerate() {
            if words.len() < 2 || words.clone().any(|word| seen & bit(word) == 0) {
                continue;
            }
            let found = self.places(words.clone(), classes.clone()).count();
            if found > 0 {
                terms |= bit(term);
                count = count.saturating_add(u32::try_from(found).unwrap_or(u32::MAX));
            }
        }
        (terms, count)
    }

    /// Returns where words stand one behind the other: the place of the first of them.
    fn places(
        &self,
        words: Range<usize>,
        classes: impl Iterator<Item = u32>,
    ) -> impl Iterator<Item = usize> {
        // Bit n says that the first n + 1 of them end here: one pass, however often they repeat.
        let (mut ends, last) = (0_u32, words.len() - 1);
        classes.enumerate().filter_map(move |(at, class)| {
            let here = class >> words.start;
            ends = (ends << 1 | 1) & here;
            (ends & bit(last) != 0).then(|| at - last)
        })
    }

    /// Returns where a text holds its terms: from where to where, in bytes, and which. Of a long text
    /// the beginning is looked at.
    pub(super) fn find(&self, text: &str, words_max: usize) -> Vec<(Range<usize>, usize)> {
        let (mut stands, mut classes, mut written) = (Vec::new(), Vec::new(), String::new());
        each_word(text, |place, form| {
            form.write(&mut written);
            classes.push(self.class(&written));
            stands.push(place);
            stands.len() < words_max
        });
        let mut found = Vec::new();
        for (term, words) in self.terms.iter().enumerate() {
            let length = words.len();
            for first in self.places(words.clone(), classes.iter().copied()) {
                if let (Some(start), Some(end)) =
                    (stands.get(first), stands.get(first + length - 1))
                {
                    found.push((start.start..end.end, term));
                }
            }
        }
        found.sort_unstable_by_key(|(place, term)| (place.start, place.end, *term));
        found
    }

    /// Returns which of its terms a short text holds, and how often.
    pub(super) fn count_in(&self, text: &str, words_max: usize) -> (u32, u32) {
        let (mut classes, mut written) = (Vec::new(), String::new());
        each_word(text, |_, form| {
            form.write(&mut written);
            classes.push(self.class(&written));
            classes.len() < words_max
        });
        self.count(classes.iter().copied())
    }
}

const fn bit(number: usize) -> u32 {
    1 << number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, text: &str) -> Vec<String> {
        let query = Query::read(query);
        let places = query.find(text, 1000).into_iter();
        places.map(|(place, _)| text[place].to_owned()).collect()
    }

    fn holds(query: &str, text: &str) -> bool {
        let query = Query::read(query);
        query.count_in(text, 1000).0 == query.all()
    }

    #[test]
    fn each_word_is_a_beginning_and_all_of_them_must_be_there() {
        let text = "Sleeping better; still sleepy by day.";
        assert_eq!(found("sleep", text), ["Sleeping", "sleepy"]);
        assert!(holds("day sleep", text));
        assert!(!holds("sleep night", text));
        assert!(!holds("leep", text));
    }

    #[test]
    fn words_in_quotes_stand_one_behind_the_other_as_they_are() {
        let text = "no thoughts of self-harm; of harm, no thought";
        assert_eq!(found("\"no thoughts\"", text), ["no thoughts"]);
        assert_eq!(found("\"no thought\"", text), ["no thought"]);
        // Still being typed.
        assert_eq!(found("\"no though", text), ["no thoughts", "no thought"]);
        assert_eq!(found("self-harm", text), ["self-harm"]);
        assert!(!holds("\"harm self\"", text));
    }

    #[test]
    fn words_that_repeat_are_found_wherever_they_begin() {
        let query = Query::read("\"a a b\"");
        assert_eq!(query.find("a a a b a a b", 100).len(), 2);
        assert_eq!(query.find("a a a b a a b", 100)[0].0, 2..7);
    }

    #[test]
    fn an_umlaut_is_found_however_it_is_typed() {
        for query in ["muller", "mueller", "müller", "MÜLL", "Mu\u{308}ller"] {
            assert!(holds(query, "Frau Müller kam"), "{query}");
        }
        assert!(holds("müller", "Frau Mueller kam"));
        assert!(holds("gross", "große Angst"));
        // Two letters that stand for themselves are no umlaut.
        assert!(!holds("neue", "neural"));
        assert!(!holds("true", "trust"));
    }

    #[test]
    fn a_query_that_is_much_too_long_is_read_in_part() {
        let query = Query::read(&"a b ".repeat(100_000));
        assert_eq!(query.words.len(), WORDS_MAX);
        assert_eq!(Query::read("\"\" \" \"").all(), 0);
        assert!(!Query::read("a").looks_into_texts());
        assert!(Query::read("ab").looks_into_texts() && Query::read("山").looks_into_texts());
    }
}
