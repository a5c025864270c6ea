//! Words as a search compares them: without case, and without marks on letters.
//!
//! A letter with an umlaut counts as the plain letter and as the two that are typed in its place, so
//! that both `muller` and `mueller` find Müller; `ß` is `ss`.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest form of a word that is compared, in bytes; of a longer one its beginning is.
const FORM_BYTES_MAX: usize = 64;
/// What stands between both forms of a word. No word holds it.
pub(super) const BETWEEN: char = '\0';

/// A word in the forms in which it is compared.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Form {
    plain: String,
    spelled: String,
    differs: bool,
}

impl Form {
    fn clear(&mut self) {
        self.plain.clear();
        self.spelled.clear();
        self.differs = false;
    }

    /// Returns it without marks.
    pub(super) fn plain(&self) -> &str {
        &self.plain
    }

    /// Returns it with umlauts as two letters, where that is another form.
    pub(super) fn spelled(&self) -> Option<&str> {
        self.differs.then_some(self.spelled.as_str())
    }

    /// Writes both forms into one text, from which [`forms`] reads them.
    pub(super) fn write(&self, out: &mut String) {
        out.clear();
        out.push_str(&self.plain);
        if self.differs {
            out.push(BETWEEN);
            out.push_str(&self.spelled);
        }
    }

    fn push(&mut self, plain: &str, spelled: &str) {
        if self.plain.len() + plain.len() <= FORM_BYTES_MAX {
            self.plain.push_str(plain);
        }
        if self.spelled.len() + spelled.len() <= FORM_BYTES_MAX {
            self.spelled.push_str(spelled);
        }
        self.differs |= plain != spelled;
    }

    fn take(&mut self, letter: char) {
        if letter.is_ascii() {
            let mut bytes = [0; 4];
            let low = &*letter.to_ascii_lowercase().encode_utf8(&mut bytes);
            return self.push(low, low);
        }
        for part in std::iter::once(letter).nfkd() {
            match part {
                // A diaeresis: of German letters it is what an `e` stands for.
                '\u{308}' if self.plain.ends_with(['a', 'o', 'u']) => self.push("", "e"),
                '\u{30a}' if self.plain.ends_with('a') => self.push("", "a"),
                part if is_combining_mark(part) => {}
                part => part.to_lowercase().for_each(|low| self.take_low(low)),
            }
        }
    }

    fn take_low(&mut self, low: char) {
        match low {
            'ß' => self.push("ss", "ss"),
            'æ' => self.push("ae", "ae"),
            'œ' => self.push("oe", "oe"),
            'ø' => self.push("o", "oe"),
            'ł' => self.push("l", "l"),
            'đ' | 'ð' => self.push("d", "d"),
            'ı' => self.push("i", "i"),
            'þ' => self.push("th", "th"),
            low if low.is_alphanumeric() => {
                let mut bytes = [0; 4];
                let low = &*low.encode_utf8(&mut bytes);
                self.push(low, low);
            }
            _ => {}
        }
    }
}

/// Returns the forms that [`Form::write`] has put into one text.
pub(super) fn forms(written: &str) -> impl Iterator<Item = &str> {
    written.split(BETWEEN)
}

/// Gives each word of a text, with where it stands in bytes, until `take` says that it is enough.
pub(super) fn each_word(text: &str, mut take: impl FnMut(Range<usize>, &Form) -> bool) {
    let mut form = Form::default();
    let mut letters = text.char_indices().peekable();
    while let Some((start, first)) = letters.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        form.clear();
        form.take(first);
        let mut end = start + first.len_utf8();
        while !stands_alone(first) {
            let Some((at, next)) = letters.peek().copied() else { break };
            let goes_on = next.is_alphanumeric() && !stands_alone(next);
            if !goes_on && !is_combining_mark(next) && !is_apostrophe_within(text, at, next) {
                break;
            }
            form.take(if is_apostrophe(next) { '\u{301}' } else { next });
            end = at + next.len_utf8();
            letters.next();
        }
        if !form.plain.is_empty() && !take(start..end, &form) {
            return;
        }
    }
}

/// Whether a letter is a word by itself: no spaces stand between those of Chinese and Japanese.
pub(super) const fn stands_alone(letter: char) -> bool {
    matches!(
        letter,
        '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3fffd}'
    )
}

pub(super) const fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

/// Whether an apostrophe stands within a word, which goes on behind it: `don't` is one.
fn is_apostrophe_within(text: &str, at: usize, letter: char) -> bool {
    let behind = text.get(at + letter.len_utf8()..).and_then(|rest| rest.chars().next());
    is_apostrophe(letter) && behind.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_word(text, |_, form| {
            let mut both = form.plain().to_owned();
            if let Some(spelled) = form.spelled() {
                both = format!("{both}/{spelled}");
            }
            all.push(both);
            true
        });
        all
    }

    #[test]
    fn case_and_marks_count_for_nothing_and_an_umlaut_is_found_both_ways() {
        assert_eq!(words("Müller, GROẞ und Straße"), ["muller/mueller", "gross", "und", "strasse"]);
        // The same letter in one code point and in two.
        assert_eq!(words("Zoe\u{308} Zo\u{eb} u\u{308}ber"), ["zoe", "zoe", "uber/ueber"]);
        assert_eq!(
            words("Łukasz Ørsted Ångström"),
            ["lukasz", "orsted/oersted", "angstrom/aangstroem"]
        );
        assert_eq!(words("don't “don’t” 'quoted'"), ["dont", "dont", "quoted"]);
        assert_eq!(words("PHQ-9: 14"), ["phq", "9", "14"]);
        assert_eq!(words("山田 ab"), ["山", "田", "ab"]);
        assert_eq!(words("ﬁnal ① …"), ["final", "1"]);
    }

    proptest! {
        #[test]
        fn any_text_has_words_that_stand_where_they_are_said_to_be(text in any::<String>()) {
            let mut before = 0;
            each_word(&text, |place, form| {
                assert!(place.start >= before && place.end <= text.len());
                assert!(text.get(place.clone()).is_some());
                assert!(form.plain().len() <= FORM_BYTES_MAX);
                before = place.end;
                true
            });
        }
    }
}
