//! Forward search in one part.

use super::{Editor, boundary};

impl Editor {
    /// Selects the next place behind the caret where `needle` stands, without regard to case, and
    /// goes on at the start when the end is reached. Returns whether there is one.
    pub fn find_next(&mut self, needle: &str) -> bool {
        self.find_from(needle, self.caret)
    }

    /// As [`Self::find_next`], but does not go on at the start.
    pub fn find_below(&mut self, needle: &str) -> bool {
        let needle = folded(needle.chars());
        let found = if needle.is_empty() { None } else { self.search(&needle, self.caret) };
        self.select_found(found, needle.len())
    }

    /// As [`Self::find_next`], but a match may begin where the selection begins: for search while
    /// the needle is being typed.
    pub fn find_here(&mut self, needle: &str) -> bool {
        let from = self.selection().map_or(self.caret, |(from, _)| from);
        self.find_from(needle, from)
    }

    /// Returns whether `needle` stands anywhere.
    pub fn contains(&self, needle: &str) -> bool {
        let needle = folded(needle.chars());
        !needle.is_empty() && self.search(&needle, 0).is_some()
    }

    fn find_from(&mut self, needle: &str, from: usize) -> bool {
        let needle = folded(needle.chars());
        if needle.is_empty() {
            return false;
        }
        let found = self.search(&needle, from).or_else(|| self.search(&needle, 0));
        self.select_found(found, needle.len())
    }

    fn select_found(&mut self, found: Option<usize>, length: usize) -> bool {
        let Some(place) = found else { return false };
        let from = boundary::floor(&self.rope, place);
        self.place_caret(from);
        self.anchor = Some(from);
        self.caret = boundary::ceil(&self.rope, place + length);
        self.follow_caret();
        true
    }

    fn search(&self, needle: &[char], from: usize) -> Option<usize> {
        let text = folded(self.rope.chars_at(from.min(self.rope.len_chars())));
        text.windows(needle.len()).position(|window| window == needle).map(|place| from + place)
    }
}

/// Lower case, one code point for one, so that positions stay what they are.
fn folded(letters: impl Iterator<Item = char>) -> Vec<char> {
    letters.map(|letter| letter.to_lowercase().next().unwrap_or(letter)).collect()
}
