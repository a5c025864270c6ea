//! Where grapheme clusters, words and sentences begin, around one place of a rope.
//!
//! Never walks the whole text: each question looks at a window that begins at a place where a
//! boundary is certain.

use ropey::Rope;
use unicode_segmentation::UnicodeSegmentation;

/// How far to look for a certain boundary, in code points. Only a run of as many characters of
/// uncertain kind, for example 256 flags, can be cut in the wrong place.
const REACH: usize = 512;

/// Returns the last boundary before `position`, or 0.
pub(super) fn before(rope: &Rope, position: usize) -> usize {
    let Some(inside) = position.min(rope.len_chars()).checked_sub(1) else { return 0 };
    floor(rope, inside)
}

/// Returns the first boundary after `position`, or the end.
pub(super) fn after(rope: &Rope, position: usize) -> usize {
    let length = rope.len_chars();
    let start = certain(rope, position.min(length));
    let end = (position + REACH).min(length);
    let window = rope.slice(start..end).to_string();
    let mut place = start;
    for cluster in window.graphemes(true) {
        place += cluster.chars().count();
        if place > position {
            return place;
        }
    }
    length
}

/// Returns the last boundary at or before `position`.
pub(super) fn floor(rope: &Rope, position: usize) -> usize {
    let length = rope.len_chars();
    if position >= length {
        return length;
    }
    let start = certain(rope, position);
    let window = rope.slice(start..=position).to_string();
    let last = window.graphemes(true).next_back().map_or(0, |cluster| cluster.chars().count());
    position + 1 - last
}

/// Returns the first boundary at or after `position`.
pub(super) fn ceil(rope: &Rope, position: usize) -> usize {
    let low = floor(rope, position);
    if low >= position.min(rope.len_chars()) { low } else { after(rope, position) }
}

/// Returns the end of the word that `position` is in or before.
pub(super) fn word_after(rope: &Rope, position: usize) -> usize {
    let mut place = position;
    let mut within = false;
    for letter in rope.chars_at(position.min(rope.len_chars())) {
        if is_word(letter) {
            within = true;
        } else if within {
            break;
        }
        place += 1;
    }
    ceil(rope, place)
}

/// Returns the start of the word that `position` is in or behind.
pub(super) fn word_before(rope: &Rope, position: usize) -> usize {
    let mut place = position;
    let mut within = false;
    for letter in rope.chars_at(position.min(rope.len_chars())).reversed() {
        if is_word(letter) {
            within = true;
        } else if within {
            break;
        }
        place -= 1;
    }
    floor(rope, place)
}

/// Returns the start of the next sentence or paragraph.
pub(super) fn sentence_after(rope: &Rope, position: usize) -> usize {
    let mut place = position;
    let mut ended = false;
    let mut past = false;
    for letter in rope.chars_at(position.min(rope.len_chars())) {
        if past && !letter.is_whitespace() {
            break;
        }
        past |= letter == '\n' || (ended && letter.is_whitespace()) || is_wide_stop(letter);
        ended = is_stop(letter) || (ended && is_closing(letter));
        place += 1;
    }
    ceil(rope, place)
}

/// Returns the start of this sentence, or of the one before if `position` is at the start.
pub(super) fn sentence_before(rope: &Rope, position: usize) -> usize {
    let mut place = position;
    let mut start = position;
    let mut later_blank = false;
    for letter in rope.chars_at(position.min(rope.len_chars())).reversed() {
        let stops = letter == '\n' || is_wide_stop(letter) || (later_blank && is_stop(letter));
        if stops && start < position {
            return floor(rope, start);
        }
        later_blank = letter.is_whitespace() || (later_blank && is_closing(letter));
        place -= 1;
        if !letter.is_whitespace() && !is_stop(letter) && !is_closing(letter) {
            start = place;
        }
    }
    0
}

/// Returns a place at or before `position` at which a cluster certainly begins, or the furthest
/// that is looked at.
fn certain(rope: &Rope, position: usize) -> usize {
    let mut place = position;
    let mut later = rope.get_char(position);
    for letter in rope.chars_at(position).reversed().take(REACH) {
        if is_plain(letter) && later.is_some_and(is_plain) {
            return place;
        }
        place -= 1;
        later = Some(letter);
    }
    place
}

/// Returns whether a cluster boundary is certain between any two of these.
const fn is_plain(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{c0}'..='\u{24f}' | '\u{391}'..='\u{3ff}'
        | '\u{400}'..='\u{482}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

fn is_word(letter: char) -> bool {
    let mark = matches!(letter, '\u{2010}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}');
    match letter {
        '_' | '\'' | '\u{2019}' => true,
        _ => !letter.is_whitespace() && !letter.is_ascii_punctuation() && !mark,
    }
}

const fn is_stop(letter: char) -> bool {
    matches!(letter, '.' | '!' | '?' | '…')
}

const fn is_wide_stop(letter: char) -> bool {
    matches!(letter, '。' | '！' | '？')
}

const fn is_closing(letter: char) -> bool {
    matches!(letter, ')' | ']' | '"' | '\'' | '\u{201d}' | '\u{2019}' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_one_character_is_one() {
        for one in [
            "👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "🇩🇰",
            "e\u{301}",
            "\u{1112}\u{1161}\u{11ab}",
            "\r\n",
        ] {
            let rope = Rope::from_str(&format!("ab{one}cd"));
            let length = one.chars().count();
            assert_eq!(after(&rope, 2), 2 + length, "{one:?}");
            assert_eq!(before(&rope, 2 + length), 2, "{one:?}");
        }
    }

    #[test]
    fn words_and_sentences_are_found_in_both_directions() {
        let rope = Rope::from_str("He said \"no.\" She left. Then\nnothing, really.");
        let stops: Vec<usize> = std::iter::successors(Some(0), |place| {
            let next = sentence_after(&rope, *place);
            (next > *place).then_some(next)
        })
        .collect();
        assert_eq!(stops, [0, 14, 24, 29, 45]);
        let back: Vec<usize> = std::iter::successors(Some(45), |place| {
            let next = sentence_before(&rope, *place);
            (next < *place).then_some(next)
        })
        .collect();
        assert_eq!(back, [45, 29, 24, 14, 0]);
        assert_eq!(word_after(&rope, 0), 2);
        assert_eq!(word_after(&rope, 7), 11);
        assert_eq!(word_before(&rope, 11), 9);
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_the_whole_text(
            text in "([a-c \n]|\u{301}|\u{200d}|👩|🇩|🇰|\u{1112}|\u{1161}|\u{11ab}|한|字|\r|\u{600}){0,40}",
        ) {
            let rope = Rope::from_str(&text);
            let mut edges = vec![0];
            for cluster in text.graphemes(true) {
                edges.push(edges[edges.len() - 1] + cluster.chars().count());
            }
            for place in 0..=rope.len_chars() {
                let low = *edges.iter().rfind(|edge| **edge <= place).unwrap();
                prop_assert_eq!(floor(&rope, place), low);
                let below = edges.iter().rfind(|edge| **edge < place).copied().unwrap_or(0);
                prop_assert_eq!(before(&rope, place), below);
                let above = edges.iter().find(|edge| **edge > place).copied();
                prop_assert_eq!(after(&rope, place), above.unwrap_or(rope.len_chars()));
            }
        }
    }
}
