//! A passphrase while it is typed, how good it is, and how to make one.
//!
//! It lies in one buffer of fixed size that never moves and is wiped; nothing shows it. The rule
//! is NIST SP 800-63B-4, 3.1.1.2: at least 15 characters, a blocklist, no composition, no expiry.

use crate::keys::words;
use crate::random::Random;
use std::fmt;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};
use zxcvbn::feedback::Warning;

/// A passphrase, as typed.
pub struct Passphrase {
    bytes: Box<Zeroizing<[u8; PASSPHRASE_BYTES_MAX]>>,
    length: usize,
}

/// How long a passphrase may be, as UTF-8.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;
/// How many characters a passphrase has at least.
pub const PASSPHRASE_CHARACTERS_MIN: usize = 15;
/// How many words are generated: 66 bits.
pub const PASSPHRASE_WORDS: usize = 6;

/// There is no room for another character.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a passphrase has at most 1024 bytes")]
pub struct PassphraseFull;

impl Passphrase {
    /// Starts with nothing typed.
    pub fn new() -> Self {
        Self { bytes: Box::new(Zeroizing::new([0; PASSPHRASE_BYTES_MAX])), length: 0 }
    }

    /// Takes text that was pasted or read from a file descriptor.
    pub fn from_text(text: &str) -> Result<Self, PassphraseFull> {
        let mut passphrase = Self::new();
        text.chars().try_for_each(|character| passphrase.push(character))?;
        Ok(passphrase)
    }

    /// Adds what was typed.
    pub fn push(&mut self, character: char) -> Result<(), PassphraseFull> {
        let mut encoded = [0; 4];
        let bytes = character.encode_utf8(&mut encoded).as_bytes();
        let end = self.length + bytes.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(PassphraseFull)?;
        room.copy_from_slice(bytes);
        self.length = end;
        encoded.zeroize();
        Ok(())
    }

    /// Removes the last character, if there is one.
    pub fn pop(&mut self) {
        let last = self.text().chars().next_back().map_or(0, char::len_utf8);
        let start = self.length - last;
        if let Some(removed) = self.bytes.get_mut(start..self.length) {
            removed.zeroize();
        }
        self.length = start;
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.bytes.zeroize();
        self.length = 0;
    }

    /// Returns whether nothing has been typed.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns whether both read the same after normalization, as when one is typed twice.
    pub fn matches(&self, other: &Self) -> bool {
        crate::suite::equal(&self.normalized(), &other.normalized())
    }

    /// Returns what is hashed: the text in NFKC, so that it does not depend on the keyboard.
    pub(crate) fn normalized(&self) -> Zeroizing<Vec<u8>> {
        let room = self.length.saturating_mul(NFKC_GROWTH_MAX);
        let mut normalized = Zeroizing::new(Vec::with_capacity(room));
        let mut encoded = Zeroizing::new([0; 4]);
        for character in self.text().nfkc() {
            normalized.extend_from_slice(character.encode_utf8(&mut *encoded).as_bytes());
        }
        normalized
    }

    fn text(&self) -> &str {
        // Only whole characters are ever added or removed.
        self.bytes.get(..self.length).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("")
    }
}

impl Default for Passphrase {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

/// Why a passphrase is not good enough.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Weak {
    /// It can be guessed, for this reason if one stands out.
    #[error("the passphrase can be guessed")]
    Guessable(Option<Pattern>),
    /// It has fewer than [`PASSPHRASE_CHARACTERS_MIN`] characters.
    #[error("the passphrase is too short")]
    TooShort,
}

/// What makes a passphrase easy to guess.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// It is, or is like, one of those that are tried first.
    Common,
    /// A date or a year.
    Date,
    /// A row or a corner of the keyboard.
    Keyboard,
    /// A first name or a family name.
    Name,
    /// The same again and again.
    Repeat,
    /// Letters or digits in their order.
    Sequence,
    /// One word by itself.
    Word,
}

/// How hard a passphrase is to guess, for the meter at set-up.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Strength {
    /// Tried within seconds.
    Guessable,
    /// Falls to somebody who tries in earnest.
    Weak,
    /// Good enough.
    Good,
    /// Beyond the reach of anybody.
    Strong,
}

impl Strength {
    /// Returns the word that the screen shows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guessable => "guessable",
            Self::Weak => "weak",
            Self::Good => "good",
            Self::Strong => "strong",
        }
    }
}

/// Returns how hard `passphrase` is to guess for somebody who knows the words of `context`: the
/// names of the practice, the person, the device.
///
/// Slow enough to feel while typing on a small machine; and it copies the text into buffers of
/// zxcvbn that are not wiped. Made for set-up and change, never for unlocking.
pub fn strength(passphrase: &Passphrase, context: &[&str]) -> Strength {
    let guesses = zxcvbn::zxcvbn(passphrase.text(), context).guesses_log10();
    if guesses < 6.0 {
        Strength::Guessable
    } else if guesses < GUESSES_LOG10_MIN {
        Strength::Weak
    } else if guesses < 14.0 {
        Strength::Good
    } else {
        Strength::Strong
    }
}

/// Decides whether `passphrase` may protect a vault; `context` as in [`strength`].
pub fn check(passphrase: &Passphrase, context: &[&str]) -> Result<(), Weak> {
    if passphrase.text().nfkc().count() < PASSPHRASE_CHARACTERS_MIN {
        return Err(Weak::TooShort);
    }
    let estimate = zxcvbn::zxcvbn(passphrase.text(), context);
    if estimate.guesses_log10() < GUESSES_LOG10_MIN {
        let warning = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning);
        return Err(Weak::Guessable(warning.map(pattern)));
    }
    Ok(())
}

const fn pattern(warning: Warning) -> Pattern {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess
        | Warning::ShortKeyboardPatternsAreEasyToGuess => Pattern::Keyboard,
        Warning::RepeatsLikeAaaAreEasyToGuess
        | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => Pattern::Repeat,
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Pattern::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => Pattern::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Pattern::Date,
        Warning::AWordByItselfIsEasyToGuess => Pattern::Word,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => Pattern::Name,
    }
}

/// Six words that chance has chosen, to be shown once.
pub struct GeneratedWords(Zeroizing<[u16; PASSPHRASE_WORDS]>);

/// Draws a passphrase of six words.
pub fn generate_words(random: &mut dyn Random) -> GeneratedWords {
    GeneratedWords(Zeroizing::new(std::array::from_fn(|_| words::draw(random))))
}

impl GeneratedWords {
    /// Returns the words.
    pub fn words(&self) -> [&'static str; PASSPHRASE_WORDS] {
        self.0.map(words::word)
    }

    /// Returns the passphrase that they make: the words with one space between them.
    pub fn passphrase(&self) -> Passphrase {
        let mut passphrase = Passphrase::new();
        for (index, word) in self.words().into_iter().enumerate() {
            let space = (index > 0).then_some(' ');
            for character in space.into_iter().chain(word.chars()) {
                // Six words of at most eight letters always fit.
                let pushed = passphrase.push(character);
                debug_assert!(pushed.is_ok());
            }
        }
        passphrase
    }
}

impl fmt::Debug for GeneratedWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneratedWords(redacted)")
    }
}

/// At a second each on one core, ten thousand cores need eleven days; zxcvbn's own best mark.
const GUESSES_LOG10_MIN: f64 = 10.0;
/// The most that NFKC lengthens UTF-8 (UAX #15, table 6).
const NFKC_GROWTH_MAX: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;
    use proptest::prelude::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::from_text(text).unwrap()
    }

    #[test]
    fn generated_words_are_always_good_enough() {
        for seed in 0..40 {
            let words = generate_words(&mut Seeded::new(seed));
            assert_eq!(check(&words.passphrase(), &[]), Ok(()), "{:?}", words.words());
            assert_eq!(words.passphrase().text(), words.words().join(" "));
        }
    }

    #[test]
    fn a_short_passphrase_is_refused_whatever_is_in_it() {
        assert_eq!(check(&passphrase("k9$Vz!q2Lx7#Wp"), &[]), Err(Weak::TooShort));
        assert_eq!(check(&passphrase("k9$Vz!q2Lx7#WpR"), &[]), Ok(()));
    }

    #[test]
    fn a_long_passphrase_that_everybody_tries_is_refused() {
        let guessed = |text: &str| check(&passphrase(text), &["Harbor Street Therapy"]);

        assert!(matches!(guessed("aaaaaaaaaaaaaaaaaaaa"), Err(Weak::Guessable(_))));
        assert!(matches!(guessed("passwordpassword"), Err(Weak::Guessable(_))));
        assert!(matches!(guessed("1234567890123456789"), Err(Weak::Guessable(_))));
        assert!(matches!(guessed("abandon abandon abandon abandon"), Err(Weak::Guessable(_))));
        assert!(matches!(guessed("harbor street therapy"), Err(Weak::Guessable(_))));
        assert_eq!(guessed("aaaaaaaaaaaaaaaaaaaa"), Err(Weak::Guessable(Some(Pattern::Repeat))));
    }

    #[test]
    fn the_meter_rises_with_the_passphrase() {
        let words = generate_words(&mut Seeded::new(4)).passphrase();
        assert_eq!(strength(&passphrase(""), &[]), Strength::Guessable);
        assert_eq!(strength(&passphrase("monkey"), &[]), Strength::Guessable);
        assert_eq!(strength(&words, &[]), Strength::Strong);
        assert_eq!(Strength::Strong.word(), "strong");
    }

    #[test]
    fn one_passphrase_typed_on_two_keyboards_is_one_passphrase() {
        let composed = passphrase("caf\u{e9} \u{fb01}ve");
        let decomposed = passphrase("cafe\u{301} five");

        assert!(composed.matches(&decomposed));
        assert!(!composed.matches(&passphrase("cafe five")));
    }

    #[test]
    fn what_was_typed_can_be_taken_back_and_leaves_nothing() {
        let mut typed = passphrase("ab\u{1f511}");
        typed.pop();
        typed.pop();
        assert_eq!(typed.text(), "a");
        assert!(typed.bytes[1..].iter().all(|byte| *byte == 0));

        typed.clear();
        typed.pop();
        assert!(typed.is_empty() && typed.bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn the_buffer_is_never_left_for_a_larger_one() {
        let mut typed = Passphrase::new();
        let place = typed.bytes.as_ptr();
        while typed.push('\u{e9}').is_ok() {}

        assert_eq!(typed.length, PASSPHRASE_BYTES_MAX);
        assert_eq!(typed.bytes.as_ptr(), place);
        assert!(Passphrase::from_text(&"x".repeat(1025)).is_err());
    }

    #[test]
    fn a_passphrase_does_not_show_itself() {
        assert_eq!(format!("{:?}", passphrase("visible")), "Passphrase(redacted)");
        let words = generate_words(&mut Seeded::new(1));
        assert_eq!(format!("{words:?}"), "GeneratedWords(redacted)");
    }

    proptest! {
        #[test]
        fn normalizing_never_needs_a_larger_buffer(text in "\\PC{0,60}") {
            let typed = passphrase(&text);
            let normalized = typed.normalized();
            prop_assert!(normalized.len() <= typed.length * NFKC_GROWTH_MAX);
        }
    }
}
