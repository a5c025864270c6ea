//! The English list of BIP-39: 2048 common words, told apart by their first four letters. Used
//! for passphrases, the recovery sheet, pairing codes and check words.

use crate::random::Random;
use bip39::Language;

/// Returns the word of this number; numbers beyond the list begin again.
pub(crate) fn word(index: u16) -> &'static str {
    let list = Language::English.word_list();
    // The list has 2048 words, so the remainder is always inside.
    list.get(usize::from(index % LIST_LENGTH)).copied().unwrap_or_default()
}

/// Draws the number of a word, each as likely as the others.
pub(crate) fn draw(random: &mut dyn Random) -> u16 {
    u16::from_be_bytes(random.bytes()) % LIST_LENGTH
}

/// Reads a typed word: case does not count, and four letters are enough.
pub(crate) fn find(typed: &str) -> Option<u16> {
    let typed = typed.to_lowercase();
    let exact = Language::English.find_word(&typed);
    if exact.is_some() || typed.len() < UNIQUE_LETTERS {
        return exact;
    }
    Language::English
        .words_by_prefix_iter(&typed)
        .next()
        .and_then(|found| Language::English.find_word(found))
}

/// Returns the words that somebody who typed `typed` may have meant, the nearest first: those
/// that begin so, else those that one slip of the finger makes of it.
pub fn suggestions(typed: &str) -> Vec<&'static str> {
    let typed = typed.to_lowercase();
    let begins: Vec<_> =
        Language::English.words_by_prefix_iter(&typed).take(SUGGESTIONS_MAX).collect();
    if !begins.is_empty() || typed.chars().count() > LONGEST_TYPED {
        return begins;
    }
    let list = Language::English.word_list().iter();
    list.copied().filter(|word| one_slip(word, &typed)).take(SUGGESTIONS_MAX).collect()
}

/// Whether one letter more, less, or changed, or two swapped neighbours, make one of the other.
fn one_slip(word: &str, typed: &str) -> bool {
    let (word, typed): (Vec<char>, Vec<char>) = (word.chars().collect(), typed.chars().collect());
    let start = word.iter().zip(&typed).take_while(|(a, b)| a == b).count();
    let (word, typed) = (word.get(start..).unwrap_or(&[]), typed.get(start..).unwrap_or(&[]));
    let end = word.iter().rev().zip(typed.iter().rev()).take_while(|(a, b)| a == b).count();
    let word = word.get(..word.len() - end).unwrap_or(&[]);
    let typed = typed.get(..typed.len() - end).unwrap_or(&[]);
    match (word, typed) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

pub(crate) const LIST_LENGTH: u16 = 2048;
const UNIQUE_LETTERS: usize = 4;
const SUGGESTIONS_MAX: usize = 5;
const LONGEST_TYPED: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_letters_find_every_word() {
        for index in 0..LIST_LENGTH {
            let full = word(index);
            assert_eq!(find(full), Some(index));
            assert_eq!(find(&full.to_uppercase()), Some(index));
            if full.len() > 4 {
                assert_eq!(find(&full[..4]), Some(index));
            }
        }
        assert_eq!(find("xyzzy"), None);
        assert_eq!(find("aba"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(suggestions("abandn"), ["abandon"]);
        assert_eq!(suggestions("lemno"), ["lemon"]);
        assert!(suggestions("walmut").contains(&"walnut"));
        assert_eq!(suggestions("lemo"), ["lemon"]);
        assert!(suggestions("qqqqqq").is_empty());
        assert!(suggestions(&"x".repeat(5000)).is_empty());
    }
}
