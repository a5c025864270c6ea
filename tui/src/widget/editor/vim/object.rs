//! Text objects: a word or a sentence, with or without the blanks beside it.

use super::motion::{Class, class};
use crate::widget::editor::boundary;
use crate::widget::editor::layout::Row;
use crate::widget::editor::motion::{line_at, sentence_at};
use ropey::Rope;

/// `iw`, `aw`, `is` or `as`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Object {
    /// With the blanks beside it.
    pub(super) around: bool,
    /// A sentence, and not a word.
    pub(super) sentence: bool,
}

impl Object {
    /// Returns what it is at a position, within its line; with a count so many that follow.
    pub(super) fn range(self, rope: &Rope, position: usize, count: usize) -> (usize, usize) {
        match self.sentence {
            true => self.sentences(rope, position, count),
            false => self.words(rope, position, count),
        }
    }

    fn words(self, rope: &Rope, position: usize, count: usize) -> (usize, usize) {
        let line = line_at(rope, position);
        let start = run_start(rope, line, position);
        let mut end = run_end(rope, line, position);
        if !self.around {
            for _ in 1..count {
                end = run_end(rope, line, end);
            }
            return (start, end);
        }
        let on_blank = class(rope, position, false) == Class::Blank;
        let mut blanks = on_blank;
        for round in 0..count {
            // A word and the blanks behind it, or blanks and the word behind them.
            if round > 0 {
                end = run_end(rope, line, end);
            }
            if end < line.end && (class(rope, end, false) == Class::Blank) != on_blank {
                end = run_end(rope, line, end);
                blanks = true;
            }
            if end >= line.end {
                break;
            }
        }
        // At the end of a line the blanks before the word go with it.
        let before = boundary::before(rope, start);
        let alone = !blanks && start > line.start && class(rope, before, false) == Class::Blank;
        (if alone { run_start(rope, line, before) } else { start }, end)
    }

    fn sentences(self, rope: &Rope, position: usize, count: usize) -> (usize, usize) {
        let line = line_at(rope, position);
        let first = sentence_at(rope, position);
        let mut last = first;
        for _ in 1..count {
            if last.blanks >= line.end {
                break;
            }
            last = sentence_at(rope, last.blanks);
        }
        if !self.around {
            return (first.start, last.end);
        }
        if last.blanks > last.end {
            return (first.start, last.blanks);
        }
        let behind = rope.slice(line.start..first.start);
        let blanks = behind.chars_at(behind.len_chars()).reversed();
        let blanks = blanks.take_while(|letter| letter.is_whitespace()).count();
        (first.start - blanks, last.end)
    }
}

fn run_start(rope: &Rope, line: Row, position: usize) -> usize {
    let kind = class(rope, position, false);
    let mut place = position.min(line.end);
    while place > line.start {
        let before = boundary::before(rope, place);
        if class(rope, before, false) != kind {
            break;
        }
        place = before;
    }
    place
}

fn run_end(rope: &Rope, line: Row, position: usize) -> usize {
    let kind = class(rope, position, false);
    let mut place = position;
    while place < line.end && class(rope, place, false) == kind {
        place = boundary::after(rope, place).min(line.end);
    }
    place
}
