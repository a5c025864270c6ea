//! Where lines, paragraphs and sentences of a text begin and end, and the deeds that have a name:
//! what a person can choose from a list as well as by a key.

use super::history::Kind;
use super::keys::Reply;
use super::layout::{Row, paragraph_end};
use super::{Editor, Refusal, Register, boundary};
use ropey::Rope;
use tacenda_shared::id::Timestamp;

/// What can be done in a text by its name.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "each is what it says; the table of keys gives it its words")]
pub enum Deed {
    Copy,
    Cut,
    EraseSentence,
    EraseToPartEnd,
    EraseToPartStart,
    EraseToRowEnd,
    EraseToRowStart,
    EraseWord,
    NextParagraph,
    NextSentence,
    NextWord,
    PartEnd,
    PartStart,
    PreviousParagraph,
    PreviousSentence,
    PreviousWord,
    Put,
}

impl Editor {
    /// Does something by its name. What is cut or copied goes into the register.
    pub fn carry_out_deed(
        &mut self,
        deed: Deed,
        register: &mut Register,
        time: Timestamp,
    ) -> Reply {
        let (rope, caret) = (&self.rope, self.caret);
        let place = match deed {
            Deed::Copy | Deed::Cut => return self.take_selected(register, deed == Deed::Cut, time),
            Deed::Put => return self.put(register),
            Deed::EraseSentence => sentence_at(rope, caret).blanks,
            Deed::EraseToPartEnd | Deed::PartEnd => rope.len_chars(),
            Deed::EraseToPartStart | Deed::PartStart => 0,
            Deed::EraseToRowEnd => self.end(),
            Deed::EraseToRowStart => self.line_start(),
            Deed::EraseWord | Deed::PreviousWord => boundary::word_before(rope, caret),
            Deed::NextParagraph => paragraph_after(rope, caret),
            Deed::NextSentence => boundary::sentence_after(rope, caret),
            Deed::NextWord => boundary::word_after(rope, caret),
            Deed::PreviousParagraph => paragraph_before(rope, caret),
            Deed::PreviousSentence => boundary::sentence_before(rope, caret),
        };
        match deed {
            Deed::EraseSentence
            | Deed::EraseToPartEnd
            | Deed::EraseToPartStart
            | Deed::EraseToRowEnd
            | Deed::EraseToRowStart
            | Deed::EraseWord => self.erase(place.min(caret), place.max(caret), Kind::Single, time),
            _ => {
                self.go(place, false);
                Reply::taken()
            }
        }
    }

    fn take_selected(&mut self, register: &mut Register, cut: bool, time: Timestamp) -> Reply {
        let Some(text) = self.selected() else { return Reply::taken() };
        register.keep(text, false);
        if cut { self.erase(self.caret, self.caret, Kind::Single, time) } else { Reply::taken() }
    }

    fn put(&mut self, register: &Register) -> Reply {
        let end = if register.is_lines() { "\n" } else { "" };
        match self.insert(&format!("{}{end}", register.text())) {
            Ok(splice) => Reply::edited(splice),
            Err(refusal @ Refusal::TooLong { .. }) => Reply::refusal(refusal),
        }
    }
}

/// Returns the line of a position: what stands between two line ends, however many rows it takes.
pub(super) fn line_at(rope: &Rope, position: usize) -> Row {
    let line = rope.char_to_line(position.min(rope.len_chars()));
    line_of(rope, line)
}

/// Returns the line of a number, from 0; the last if there are fewer.
pub(super) fn line_of(rope: &Rope, line: usize) -> Row {
    let line = line.min(rope.len_lines().saturating_sub(1));
    let start = rope.line_to_char(line);
    Row { start, end: paragraph_end(rope, line, start), soft: false }
}

/// Returns the first letter of a line that is no blank, or its end.
pub(super) fn first_letter(rope: &Rope, line: Row) -> usize {
    let blanks = rope.slice(line.start..line.end).chars().take_while(|c| c.is_whitespace()).count();
    boundary::floor(rope, line.start + blanks)
}

/// Returns the start of the next line that is not empty, or the end of the text.
pub(super) fn paragraph_after(rope: &Rope, position: usize) -> usize {
    let here = rope.char_to_line(position.min(rope.len_chars()));
    let mut later = (here + 1..rope.len_lines()).map(|line| line_of(rope, line));
    later.find(|line| line.start < line.end).map_or(rope.len_chars(), |line| line.start)
}

/// Returns the start of this line, or of the one before that is not empty.
pub(super) fn paragraph_before(rope: &Rope, position: usize) -> usize {
    let here = rope.char_to_line(position.min(rope.len_chars()));
    let mut earlier = (0..=here).rev().map(|line| line_of(rope, line));
    let found = earlier.find(|line| line.start < position && line.start < line.end);
    found.map_or(0, |line| line.start)
}

/// A sentence: its first letter, where its words end, and where the blanks behind it end. It
/// never goes on beyond its line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sentence {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) blanks: usize,
}

/// Returns the sentence that a position is in, or that ends before the blanks it is in.
pub(super) fn sentence_at(rope: &Rope, position: usize) -> Sentence {
    let line = line_at(rope, position);
    let mut start = line.start;
    loop {
        let next = boundary::sentence_after(rope, start);
        if next <= start || next > position || next >= line.end {
            break;
        }
        start = next;
    }
    let blanks = boundary::sentence_after(rope, start).min(line.end).max(start);
    let text = rope.slice(start..blanks);
    let behind = text.chars_at(text.len_chars()).reversed();
    let end = blanks - behind.take_while(|letter| letter.is_whitespace()).count();
    Sentence { start, end, blanks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_with_its_line_and_keeps_its_blanks_apart() {
        let rope = Rope::from_str("One. Two two.  Three\nfour. Five");
        let at = |place| {
            let Sentence { start, end, blanks } = sentence_at(&rope, place);
            (start, end, blanks)
        };
        assert_eq!(at(0), (0, 4, 5));
        assert_eq!(at(4), (0, 4, 5));
        assert_eq!(at(7), (5, 13, 15));
        assert_eq!(at(19), (15, 20, 20));
        assert_eq!(at(20), (15, 20, 20), "the line end belongs to no sentence");
        assert_eq!(at(22), (21, 26, 27));
        assert_eq!(at(31), (27, 31, 31));
        assert_eq!(sentence_at(&Rope::new(), 0), Sentence { start: 0, end: 0, blanks: 0 });
    }

    #[test]
    fn paragraphs_are_walked_over_empty_lines() {
        let rope = Rope::from_str("one\n\ntwo\nthree");
        assert_eq!((paragraph_after(&rope, 1), paragraph_after(&rope, 6)), (5, 9));
        assert_eq!(paragraph_after(&rope, 10), 14);
        assert_eq!((paragraph_before(&rope, 12), paragraph_before(&rope, 9)), (9, 5));
        assert_eq!((paragraph_before(&rope, 5), paragraph_before(&rope, 0)), (0, 0));
    }
}
