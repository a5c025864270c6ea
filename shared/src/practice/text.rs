//! Makes text harmless before it reaches a terminal, a file or a title: what people wrote may
//! hold escape sequences, reversed reading order or letters that nobody sees.
//!
//! It never changes what is stored; only what is shown. `\n` and `\t` stay, everything else that
//! steers instead of being read is shown as a visible substitute (Trojan Source, CVE-2021-42574).

use std::borrow::Cow;
use std::fmt;

/// Text that no sink can be steered with. The only way to get one is [`Safe::new`].
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Safe(String);

impl Safe {
    /// Makes `text` harmless.
    pub fn new(text: &str) -> Self {
        Self(harmless(text).into_owned())
    }

    /// Returns the harmless text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the harmless text on one line: breaks and tabs become spaces.
    #[must_use]
    pub fn one_line(&self) -> Self {
        Self(self.0.replace(['\n', '\t'], " "))
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Returns `text` with every character that could steer a terminal or a reader replaced. Applied
/// twice it gives the same; text that is harmless already is not copied.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(substitute).collect())
}

/// Returns whether `character` is of the kinds that no sink may get.
fn steers(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        // C0, DEL, C1: escape sequences begin with these.
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => true,
        // Soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul and Khmer fillers,
        // Mongolian separators: no width of their own.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' => true,
        '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' => true,
        // Zero-width characters and directional marks. The joiners U+200C and U+200D too: an
        // emoji that falls apart is better than a name with a letter that nobody sees.
        '\u{200b}'..='\u{200f}' => true,
        // Line and paragraph separators, bidirectional embeddings and overrides.
        '\u{2028}'..='\u{202e}' => true,
        // Word joiner, invisible operators, bidirectional isolates, deprecated controls.
        '\u{2060}'..='\u{206f}' => true,
        // Byte order mark, interlinear annotation, variation selectors beyond emoji.
        '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' => true,
        // Tags and variation selectors supplement.
        '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

fn substitute(character: char) -> char {
    if !steers(character) {
        return character;
    }
    match character {
        // The control pictures block has one for each C0 control, and for DEL.
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{2028}' | '\u{2029}' => '\u{23ce}',
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => '\u{b7}',
        _ => '\u{fffd}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_escape_sequence_arrives_as_pictures() {
        assert_eq!(harmless("a\x1b[31mb\x07"), "a\u{241b}[31mb\u{2407}");
        assert_eq!(harmless("\r\n\tok"), "\u{240d}\n\tok");
        assert_eq!(harmless("\u{9b}2J"), "\u{fffd}2J");
    }

    #[test]
    fn hidden_letters_and_reversed_order_become_visible() {
        for hidden in ["\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{e0041}", "\u{2028}"] {
            let shown = harmless(hidden).into_owned();
            assert_ne!(shown, hidden);
            assert_eq!(shown.chars().count(), 1);
        }
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        let text = "Zoë, Łukasz, 山田, e\u{301}, שלום\n\t— fine";
        assert!(matches!(harmless(text), Cow::Borrowed(same) if same == text));
    }

    proptest! {
        #[test]
        fn harmless_text_is_harmless_and_stays_as_it_is(text in any::<String>()) {
            let once = harmless(&text).into_owned();
            prop_assert!(!once.chars().any(steers));
            prop_assert_eq!(harmless(&once).into_owned(), once.clone());
            prop_assert_eq!(once.chars().count(), text.chars().count());
        }
    }
}
