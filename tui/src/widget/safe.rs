//! Makes text that people wrote harmless to a terminal, and says how many columns it takes.
//!
//! Every string that is drawn from data goes through here or through the editor, which uses the
//! same rules. What a terminal would obey or hide is replaced by something that can be seen;
//! nothing is ever left out silently.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Stands for a character that would be invisible or would reorder its neighbours.
pub const SUBSTITUTE: char = '\u{2426}';

/// A grapheme cluster of more code points than this is drawn piece by piece; so that a heap of
/// combining marks cannot run over the rows above.
const CLUSTER_LIMIT: usize = 24;

/// Returns `text` with every character that a terminal would obey, hide or reorder by replaced by
/// a visible one. Line feeds and tabs stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        match cluster {
            "\n" | "\t" => out.push_str(cluster),
            _ => out.push_str(&shown(cluster)),
        }
    }
    Cow::Owned(out)
}

/// Returns how many columns `text` takes in one row when it is drawn harmless. A line feed and a
/// tab take one, as [`truncated`] makes them blanks.
pub fn columns(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.len();
    }
    text.graphemes(true).map(label_columns).sum()
}

/// Returns `text`, harmless and in one row, cut to `limit` columns. A cut shows as `…`, or as `~`
/// where the terminal has ASCII only.
pub fn truncated(text: &str, limit: usize, ascii: bool) -> String {
    if columns(text) <= limit {
        return text.graphemes(true).map(label).collect();
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        let width = label_columns(cluster);
        if used + width + 1 > limit {
            break;
        }
        out.push_str(&label(cluster));
        used += width;
    }
    if limit > 0 {
        out.push(if ascii { '~' } else { '…' });
    }
    out
}

/// Returns what is drawn for one grapheme cluster. Its width is [`shown_columns`].
pub fn shown(cluster: &str) -> Cow<'_, str> {
    if cluster.len() == 1 && cluster.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(cluster);
    }
    let whole = cluster.chars().take(CLUSTER_LIMIT + 1).count() <= CLUSTER_LIMIT;
    if whole && !has_harm(cluster) {
        return match cluster.width() {
            0 => Cow::Owned(beared(cluster)),
            _ => Cow::Borrowed(cluster),
        };
    }
    let mut out = String::new();
    for (kept, (index, letter)) in cluster.char_indices().enumerate() {
        if kept == CLUSTER_LIMIT {
            out.push(SUBSTITUTE);
            break;
        }
        let harm = is_harmful(letter) && !belongs_to_emoji(cluster, index, letter);
        out.push(if harm { substitute(letter) } else { letter });
    }
    if out.width() == 0 {
        return Cow::Owned(SUBSTITUTE.to_string());
    }
    // What a substitute has parted from its letter has nothing to stand on any more.
    let parts = out.graphemes(true).map(|part| match part.width() {
        0 => Cow::Owned(beared(part)),
        _ => Cow::Borrowed(part),
    });
    Cow::Owned(parts.collect())
}

/// Returns how many columns [`shown`] takes.
pub fn shown_columns(cluster: &str) -> usize {
    if cluster.len() == 1 {
        // ASCII: itself, or one substitute.
        return 1;
    }
    shown(cluster).graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Returns whether the terminal would obey, hide, or reorder by this character when it is drawn
/// raw. Line feeds and tabs are harmful here: whoever lays out text places them itself.
pub const fn is_harmful(letter: char) -> bool {
    matches!(letter,
        // C0, DEL and C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Invisible: soft hyphen, joiners, fillers, selectors, marks of direction, interlinear.
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        // Private use: nobody knows what a font shows. Planes 14 to 16: tags, selectors, private.
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

fn label(cluster: &str) -> Cow<'_, str> {
    match cluster {
        "\n" | "\t" | "\r\n" => Cow::Borrowed(" "),
        _ => shown(cluster),
    }
}

fn label_columns(cluster: &str) -> usize {
    match cluster {
        "\n" | "\t" | "\r\n" => 1,
        _ => shown_columns(cluster),
    }
}

/// Gives a mark that has nothing to stand on a dotted circle.
fn beared(cluster: &str) -> String {
    let beared = format!("\u{25cc}{cluster}");
    if beared.graphemes(true).count() == 1 { beared } else { SUBSTITUTE.to_string() }
}

fn has_harm(cluster: &str) -> bool {
    cluster
        .char_indices()
        .any(|(index, letter)| is_harmful(letter) && !belongs_to_emoji(cluster, index, letter))
}

/// A joiner between two pictures, or a selector after one, is part of the picture.
fn belongs_to_emoji(cluster: &str, index: usize, letter: char) -> bool {
    let (before, after) = cluster.split_at(index);
    let mut before = before.chars().rev();
    match letter {
        '\u{200d}' => {
            let joined = after.chars().nth(1).is_some_and(is_picture);
            let base = before.find(|c| !matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'));
            joined && base.is_some_and(is_picture)
        }
        '\u{fe0e}' | '\u{fe0f}' => {
            before.next().is_some_and(|c| is_picture(c) || matches!(c, '0'..='9' | '#' | '*'))
        }
        _ => false,
    }
}

/// Returns whether the character can be an emoji. Wider than the standard's list on purpose: it
/// only decides whether a joiner or a selector beside it is kept.
const fn is_picture(letter: char) -> bool {
    matches!(letter,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}'
        | '\u{2934}' | '\u{2935}' | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}'
        | '\u{3297}' | '\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Returns the picture of a control character, or the general substitute.
fn substitute(letter: char) -> char {
    match letter {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or(SUBSTITUTE),
        '\u{7f}' => '\u{2421}',
        _ => SUBSTITUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_seen_instead() {
        assert_eq!(harmless("a\u{1b}[2Jb"), "a␛[2Jb");
        assert_eq!(harmless("pay \u{202e}100\u{202c}"), "pay ␦100␦");
        assert_eq!(harmless("a\u{200b}b\u{feff}c\u{e0041}"), "a␦b␦c␦");
        assert_eq!(harmless("x\u{85}y\u{9b}31m\u{7f}"), "x␦y␦31m␡");
        assert_eq!(harmless("a\u{2028}b\u{e000}"), "a␦b␦");
        assert_eq!(harmless("one\n\ttwo"), "one\n\ttwo");
    }

    #[test]
    fn emoji_keep_their_joiners_and_letters_do_not() {
        let family = "👨\u{200d}👩\u{200d}👧";
        assert_eq!(harmless(family), family);
        assert_eq!(columns(family), 2);
        assert_eq!(harmless("❤\u{fe0f}"), "❤\u{fe0f}");
        assert_eq!(harmless("1\u{fe0f}\u{20e3}"), "1\u{fe0f}\u{20e3}");
        assert_eq!(harmless("a\u{200d}b"), "a␦b");
        assert_eq!(harmless("a\u{fe0f}"), "a␦");
    }

    #[test]
    fn a_mark_without_a_letter_and_a_heap_of_marks_are_held() {
        assert_eq!(harmless("\u{301}"), "\u{25cc}\u{301}");
        let heap = format!("a{}", "\u{301}".repeat(1000));
        assert!(harmless(&heap).chars().count() <= CLUSTER_LIMIT + 1);
    }

    #[test]
    fn a_mark_that_a_substitute_parts_from_its_letter_is_as_wide_as_it_is_drawn() {
        for text in ["\u{cd5}\u{e0100}0", "a\u{200b}\u{301}", "\u{e0100}\u{301}b"] {
            let once = harmless(text);
            assert_eq!(harmless(&once), once);
            assert_eq!(columns(&once), columns(text), "{text:?}");
            assert!(columns(&truncated(text, 2, false)) <= 2, "{text:?}");
        }
    }

    #[test]
    fn text_is_cut_by_columns_and_never_inside_a_character() {
        assert_eq!(truncated("Jamie Sample", 12, false), "Jamie Sample");
        assert_eq!(truncated("Jamie Sample", 7, false), "Jamie …");
        assert_eq!(truncated("Jamie Sample", 7, true), "Jamie ~");
        assert_eq!(truncated("漢字漢字", 4, false), "漢…");
        assert_eq!(truncated("漢字漢字", 0, false), "");
        assert_eq!(truncated("a\nb\tc", 9, false), "a b c");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left_and_nothing_disappears(text in ".{0,40}") {
            let safe = harmless(&text);
            for cluster in safe.graphemes(true) {
                prop_assert!(matches!(cluster, "\n" | "\t") || !has_harm(cluster), "{cluster:?}");
            }
            prop_assert!(safe.chars().count() >= text.graphemes(true).count());
            prop_assert_eq!(harmless(&safe), safe.as_ref());
        }

        #[test]
        fn a_cut_fits(text in "\\PC{0,40}", limit in 0_usize..20) {
            let cut = truncated(&text, limit, false);
            prop_assert!(columns(&cut) <= limit, "{} > {limit}", columns(&cut));
        }
    }
}
