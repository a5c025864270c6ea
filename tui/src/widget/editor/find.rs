//! Search in one part, and what replaces what was found.
//!
//! A needle without capitals is found however it is written; one with a capital only as it is.
//! What is found begins and ends between characters: the `e` of a decomposed `é` is no `e`.

use super::{Editor, PART_LIMIT, Refusal, boundary, clean};
use std::fmt;
use tacenda_shared::practice::edit::Splice;

/// So many splices at most come of one replacement of all places; what lies between places that
/// are near each other is then written again.
const SPLICES: usize = 1_000;

/// What is looked for.
#[derive(Clone, Default)]
pub struct Needle {
    letters: Vec<char>,
    /// Whether capitals count.
    exact: bool,
}

impl fmt::Debug for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What somebody looks for in a note is clinical.
        write!(f, "Needle({} code points)", self.letters.len())
    }
}

impl Needle {
    /// Takes what was typed.
    pub fn new(text: &str) -> Self {
        let exact = text.chars().any(char::is_uppercase);
        let letters = text.chars().map(|letter| if exact { letter } else { folded(letter) });
        Self { letters: letters.collect(), exact }
    }

    /// Returns whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    fn fold(&self, letter: char) -> char {
        if self.exact { letter } else { folded(letter) }
    }
}

/// Lower case, one code point for one, so that positions stay what they are.
fn folded(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    letter.to_lowercase().next().unwrap_or(letter)
}

impl Editor {
    /// Selects the first place at or behind `from` where the needle stands, or with `up` the last
    /// before it. Does not go on at the other end of the part.
    pub fn find_beyond(&mut self, needle: &Needle, from: usize, up: bool) -> bool {
        let found = if up {
            self.places(needle).into_iter().take_while(|place| *place < from).last()
        } else {
            self.search(needle, from)
        };
        self.select_found(found, needle.letters.len())
    }

    /// Selects the first place at or behind the start of the selection, or behind it the first of
    /// all: for search while the needle is being typed. Returns whether there is one.
    pub fn find_here(&mut self, needle: &Needle) -> bool {
        let from = self.selection().map_or(self.caret, |(from, _)| from);
        let found = self.search(needle, from).or_else(|| self.search(needle, 0));
        self.select_found(found, needle.letters.len())
    }

    /// Returns how many places there are. Places do not overlap.
    pub fn count_places(&self, needle: &Needle) -> usize {
        self.places(needle).len()
    }

    /// Returns how many places begin before the selection, if the selection is one itself.
    pub fn places_before(&self, needle: &Needle) -> Option<usize> {
        let (from, to) = self.selection()?;
        let places = self.places(needle);
        let number = places.iter().position(|place| *place == from)?;
        (from + needle.letters.len() == to).then_some(number)
    }

    /// Replaces what is selected, if the needle stands there, by a text as it is. Returns `None`
    /// if something else is selected.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLong`] if the part would be longer than it may be.
    pub fn replace_found(
        &mut self,
        needle: &Needle,
        text: &str,
    ) -> Result<Option<Splice>, Refusal> {
        if self.places_before(needle).is_none() { Ok(None) } else { self.insert(text) }
    }

    /// Replaces every place. The edits belong to the act that [`Editor::set_act`] has begun.
    /// Returns how many places there were, and what has changed.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLong`] if the part would be longer than it may be; then nothing is replaced.
    pub fn replace_all(
        &mut self,
        needle: &Needle,
        text: &str,
    ) -> Result<(usize, Vec<Splice>), Refusal> {
        self.takes_all(needle, text)?;
        let (places, text) = (self.places(needle), clean(text));
        let length = needle.letters.len();
        let group = places.len().div_ceil(SPLICES).max(1);
        // From the end, so that no place is moved by what was done before.
        let mut splices = Vec::new();
        for near in places.chunks(group).rev() {
            let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
            let mut new = String::new();
            let mut end = *first;
            for place in near {
                new.extend(self.rope.slice(end..*place).chunks());
                new.push_str(&text);
                end = place + length;
            }
            splices.extend(self.replace(*first, last + length - first, &new));
        }
        self.follow_caret();
        Ok((places.len(), splices))
    }

    /// Asks whether [`Editor::replace_all`] would be refused.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLong`] if the part would be longer than it may be.
    pub fn takes_all(&self, needle: &Needle, text: &str) -> Result<(), Refusal> {
        let (places, before) = (self.places(needle), self.rope.len_bytes());
        let gone = |place: &usize| {
            let end = place + needle.letters.len();
            self.rope.char_to_byte(end) - self.rope.char_to_byte(*place)
        };
        let gone: usize = places.iter().map(gone).sum();
        let comes = places.len().saturating_mul(clean(text).len());
        let bytes = (before - gone).saturating_add(comes);
        if bytes > PART_LIMIT && bytes > before { Err(Refusal::TooLong { bytes }) } else { Ok(()) }
    }

    fn select_found(&mut self, found: Option<usize>, length: usize) -> bool {
        let Some(place) = found else { return false };
        self.place_caret(place);
        self.anchor = Some(place);
        self.caret = place + length;
        self.follow_caret();
        true
    }

    /// Returns where the needle stands, from the start of the text; places do not overlap.
    fn places(&self, needle: &Needle) -> Vec<usize> {
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(place) = self.search(needle, from) {
            places.push(place);
            from = place + needle.letters.len();
        }
        places
    }

    /// Returns the first place at or behind `from`. Walks the text once, letter by letter.
    fn search(&self, needle: &Needle, from: usize) -> Option<usize> {
        let (first, rest) = needle.letters.split_first()?;
        let from = from.min(self.rope.len_chars());
        let mut letters = self.rope.chars_at(from);
        let mut place = from;
        while let Some(letter) = letters.next() {
            if needle.fold(letter) == *first {
                let mut next = letters.clone();
                let same = rest
                    .iter()
                    .all(|wanted| next.next().is_some_and(|letter| needle.fold(letter) == *wanted));
                if same && self.is_whole(place, place + needle.letters.len()) {
                    return Some(place);
                }
            }
            place += 1;
        }
        None
    }

    /// Returns whether no character is cut at either end.
    fn is_whole(&self, from: usize, to: usize) -> bool {
        boundary::floor(&self.rope, from) == from && boundary::floor(&self.rope, to) == to
    }
}
