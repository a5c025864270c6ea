//! What one cell shows: the last line of defence against text that would steer the terminal.
//!
//! No control, direction, zero-width, tag or private-use character gets past it, whatever the
//! widgets let through.

use ratatui::buffer::CellWidth as _;
use std::fmt;
use unicode_width::UnicodeWidthStr as _;
use zeroize::Zeroize as _;

/// The visible part of one cell.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Glyph {
    /// One character.
    Char(char),
    /// A character with its marks.
    Cluster(Box<str>),
    /// Covered by the wide glyph to the left.
    Covered,
}

/// A glyph and the columns that it takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Measured {
    /// What is written.
    pub(super) glyph: Glyph,
    /// The columns that it fills, at most `width`.
    pub(super) own: u16,
    /// The columns that the widgets laid out for it.
    pub(super) width: u16,
}

/// Most characters of one cluster that are written; further marks are left off.
const CLUSTER_LIMIT: usize = 8;

impl Glyph {
    /// Whether nothing is to be seen.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Self::Char(' '))
    }

    /// Whether all terminals agree on how many columns it takes.
    ///
    /// After any other, the place of the cursor is not relied on.
    pub(super) fn is_certain(&self) -> bool {
        let Self::Char(character) = self else { return false };
        matches!(u32::from(*character),
            0x20..=0x7e | 0xa0..=0xac | 0xae..=0x2ff | 0x370..=0x482 | 0x48a..=0x58f
            | 0x1e00..=0x1fff | 0x2010..=0x2027 | 0x20a0..=0x20bf | 0x2190..=0x21ff
            | 0x2500..=0x259f | 0x3001..=0x3029 | 0x3041..=0x3096 | 0x30a1..=0x30ff
            | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7a3)
    }

    /// Leaves nothing of it in memory.
    pub(super) fn wipe(&mut self) {
        match self {
            Self::Char(character) => character.zeroize(),
            Self::Cluster(text) => text.zeroize(),
            Self::Covered => {}
        }
    }

    /// Its bytes if it is one ASCII character.
    pub(super) fn ascii(&self) -> Option<u8> {
        match self {
            Self::Char(character) => u8::try_from(*character).ok().filter(u8::is_ascii),
            _ => None,
        }
    }
}

impl fmt::Display for Glyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(character) => fmt::Write::write_char(f, *character),
            Self::Cluster(text) => f.write_str(text),
            Self::Covered => Ok(()),
        }
    }
}

/// What is shown of a cell's symbol, and in how many columns.
///
/// The width is that of the symbol as the widgets laid it out, also where less is shown.
pub(super) fn measure(symbol: &str, ascii: bool) -> Measured {
    let mut characters = symbol.chars();
    if let (Some(character @ ' '..='~'), None) = (characters.next(), characters.next()) {
        return Measured { glyph: Glyph::Char(character), own: 1, width: 1 };
    }
    if symbol.len() < 2 {
        let shown = if symbol.is_empty() { ' ' } else { '?' };
        return Measured { glyph: Glyph::Char(shown), own: 1, width: 1 };
    }
    let (glyph, width) = (visible(symbol, ascii), symbol.cell_width().max(1));
    let own = glyph.to_string().cell_width().max(1);
    if own > width {
        return Measured { glyph: Glyph::Char('?'), own: 1, width };
    }
    Measured { glyph, own, width }
}

fn visible(symbol: &str, ascii: bool) -> Glyph {
    let mut kept = String::new();
    for (count, character) in symbol.chars().enumerate() {
        if count > 0 && is_joint(character) {
            // Joiners and variation selectors: what comes before them shows without.
            if character == '\u{200d}' && !kept.chars().any(is_joining_script) {
                // An emoji glued from several: the first stands for all.
                break;
            }
            continue;
        }
        if is_harmful(character) || (count == 0 && stands_on_nothing(character)) {
            return Glyph::Char('?');
        }
        if count < CLUSTER_LIMIT {
            kept.push(if ascii { plain_line(character) } else { character });
        }
    }
    let mut characters = kept.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Glyph::Char(' '),
        (Some(single), None) => Glyph::Char(single),
        _ => Glyph::Cluster(kept.into_boxed_str()),
    }
}

/// Zero-width characters that have an honest use inside a cluster.
fn is_joint(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Scripts in which a joiner shapes letters: from Arabic to Sinhala, and Mongolian.
fn is_joining_script(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{dff}' | '\u{1800}'..='\u{18af}')
}

/// A mark that has no letter under it.
fn stands_on_nothing(character: char) -> bool {
    let mut buffer = [0; 4];
    character.encode_utf8(&mut buffer).width() == 0
}

/// Characters that steer, hide, or mean whatever a font says.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// The ASCII character that stands for a line or a mark of the interface.
fn plain_line(character: char) -> char {
    match character {
        '─' | '━' | '┄' | '┅' | '┈' | '┉' | '╌' | '╍' | '═' | '╴' | '╶' | '╸' | '╺' | '–' | '—' => {
            '-'
        }
        '│' | '┃' | '┆' | '┇' | '┊' | '┋' | '╎' | '╏' | '║' | '╵' | '╷' | '╹' | '╻' | '▏' | '▕' => {
            '|'
        }
        '\u{2500}'..='\u{257f}' => '+',
        '░' | '▒' => ':',
        '\u{2580}'..='\u{259f}' | '■' | '●' => '#',
        '←' | '◀' | '◂' | '‹' => '<',
        '→' | '▶' | '▸' | '›' => '>',
        '↑' | '▲' | '▴' => '^',
        '↓' | '▼' | '▾' => 'v',
        '•' | '∙' | '·' | '…' | '○' => '.',
        '✓' | '✔' => 'v',
        '✗' | '✘' | '×' => 'x',
        '\u{a0}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(symbol: &str) -> (String, u16) {
        let measured = measure(symbol, false);
        (measured.glyph.to_string(), measured.width)
    }

    #[test]
    fn letters_marks_and_wide_characters_are_shown_as_they_are() {
        assert_eq!(shown("a"), ("a".into(), 1));
        assert_eq!(shown("e\u{301}"), ("e\u{301}".into(), 1));
        assert_eq!(shown("漢"), ("漢".into(), 2));
        assert_eq!(shown("─"), ("─".into(), 1));
    }

    #[test]
    fn what_steers_or_hides_becomes_a_question_mark() {
        for harmful in [
            "\u{1b}",
            "\u{7f}",
            "\u{9b}",
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
            "\u{feff}",
            "\u{e000}",
            "\u{f0000}",
            "\u{e0041}",
            "a\u{202e}",
            "a\u{e0041}",
            "\u{301}",
            "\u{ad}",
        ] {
            assert_eq!(measure(harmful, false).glyph, Glyph::Char('?'), "{harmful:?}");
        }
    }

    #[test]
    fn joiners_and_selectors_are_left_off_and_the_columns_stay() {
        assert_eq!(shown("\u{2764}\u{fe0f}"), ("\u{2764}".into(), 2));
        assert_eq!(shown("👩\u{200d}👧"), ("👩".into(), 2));
        assert_eq!(shown("می\u{200c}").0, "می");
    }

    #[test]
    fn without_a_locale_lines_are_ascii_and_names_are_not() {
        assert_eq!(measure("┼", true).glyph, Glyph::Char('+'));
        assert_eq!(measure("…", true).glyph, Glyph::Char('.'));
        assert_eq!(measure("é", true).glyph, Glyph::Char('é'));
    }

    proptest! {
        #[test]
        fn no_symbol_lets_a_harmful_character_through(symbol in any::<String>()) {
            let measured = measure(&symbol, false);
            prop_assert!(measured.own >= 1 && measured.own <= measured.width);
            prop_assert!(!measured.glyph.to_string().chars().any(|c| is_harmful(c) || is_joint(c)));
        }
    }
}
