//! Where the motions of vim go. A line is what stands between two line ends, however many rows
//! of the screen it takes.

use crate::input::{Key, KeyCode};
use crate::widget::editor::layout::{Row, position_at};
use crate::widget::editor::motion::{first_letter, line_at, line_of};
use crate::widget::editor::{Editor, boundary};
use ropey::Rope;

/// A motion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Motion {
    BlockAfter,
    BlockBefore,
    Down,
    FirstLine,
    HalfDown,
    HalfUp,
    LastLine,
    Left,
    LineEnd,
    LineLetter,
    LineStart,
    NextLine,
    PreviousCharacter,
    PreviousLine,
    Right,
    RowDown,
    RowUp,
    Seek(Seek, char),
    /// The same by `;` or `,`, which a `t` that stands before its letter does not hold up.
    SeekAgain(Seek, char),
    SentenceAfter,
    SentenceBefore,
    Up,
    WordAfter {
        big: bool,
    },
    WordBefore {
        big: bool,
    },
    WordEnd {
        big: bool,
    },
}

/// Which way a letter is looked for in its line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Seek {
    pub(super) back: bool,
    /// Whether to stop short of it.
    pub(super) short: bool,
}

impl Seek {
    pub(super) const fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'f' => Self { back: false, short: false },
            'F' => Self { back: true, short: false },
            't' => Self { back: false, short: true },
            'T' => Self { back: true, short: true },
            _ => return None,
        })
    }

    pub(super) const fn letter(self) -> &'static str {
        match (self.back, self.short) {
            (false, false) => "f",
            (true, false) => "F",
            (false, true) => "t",
            (true, true) => "T",
        }
    }

    pub(super) const fn turned(self) -> Self {
        Self { back: !self.back, ..self }
    }
}

/// What an operator takes besides what lies between the caret and the place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reach {
    /// Not the later of the two.
    Exclusive,
    /// The later of the two as well.
    Inclusive,
    /// The lines of both.
    Lines,
}

/// Where a motion goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Target {
    pub(super) place: usize,
    pub(super) reach: Reach,
}

/// What an operator works on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether it is whole lines, `to` being the end of the last, before its line end.
    pub(super) lines: bool,
}

impl Motion {
    /// Returns the motion of a key that needs no other.
    pub(super) const fn of(key: Key) -> Option<Self> {
        if key.ctrl {
            return match key.code {
                KeyCode::Char('d') => Some(Self::HalfDown),
                KeyCode::Char('u') => Some(Self::HalfUp),
                KeyCode::Left => Some(Self::WordBefore { big: false }),
                KeyCode::Right => Some(Self::WordAfter { big: false }),
                KeyCode::Up => Some(Self::SentenceBefore),
                KeyCode::Down => Some(Self::SentenceAfter),
                KeyCode::Home => Some(Self::FirstLine),
                KeyCode::End => Some(Self::LastLine),
                _ => None,
            };
        }
        Some(match key.code {
            KeyCode::Char('h') | KeyCode::Left => Self::Left,
            KeyCode::Char('l' | ' ') | KeyCode::Right => Self::Right,
            KeyCode::Char('j') => Self::Down,
            KeyCode::Char('k') => Self::Up,
            KeyCode::Down => Self::RowDown,
            KeyCode::Up => Self::RowUp,
            KeyCode::Char('w') => Self::WordAfter { big: false },
            KeyCode::Char('W') => Self::WordAfter { big: true },
            KeyCode::Char('b') => Self::WordBefore { big: false },
            KeyCode::Char('B') => Self::WordBefore { big: true },
            KeyCode::Char('e') => Self::WordEnd { big: false },
            KeyCode::Char('E') => Self::WordEnd { big: true },
            KeyCode::Char('0') | KeyCode::Home => Self::LineStart,
            KeyCode::Char('^') => Self::LineLetter,
            KeyCode::Char('$') | KeyCode::End => Self::LineEnd,
            KeyCode::Char('G') => Self::LastLine,
            KeyCode::Char('(') => Self::SentenceBefore,
            KeyCode::Char(')') => Self::SentenceAfter,
            KeyCode::Char('{') => Self::BlockBefore,
            KeyCode::Char('}') => Self::BlockAfter,
            KeyCode::Char('+') | KeyCode::Enter => Self::NextLine,
            KeyCode::Char('-') => Self::PreviousLine,
            KeyCode::Backspace => Self::PreviousCharacter,
            KeyCode::PageDown => Self::HalfDown,
            KeyCode::PageUp => Self::HalfUp,
            _ => return None,
        })
    }

    /// Returns whether it tries to keep the column.
    pub(super) const fn is_vertical(self) -> bool {
        matches!(self, Self::Down | Self::Up)
    }

    /// Returns by how many rows of the screen it goes, and whether up, if it goes by such rows.
    pub(super) fn rows(self, editor: &Editor, count: Option<usize>) -> Option<(u16, bool)> {
        let count = u16::try_from(count.unwrap_or(1)).unwrap_or(u16::MAX);
        let half = (editor.rows / 2).max(1);
        Some(match self {
            Self::RowDown => (count, false),
            Self::RowUp => (count, true),
            Self::HalfDown => (half.saturating_mul(count), false),
            Self::HalfUp => (half.saturating_mul(count), true),
            _ => return None,
        })
    }

    /// Returns where it goes from the caret; `None` if it goes nowhere. `goal` is the column that
    /// a vertical motion tries to keep.
    pub(super) fn target(
        self,
        editor: &Editor,
        count: Option<usize>,
        goal: Option<usize>,
    ) -> Option<Target> {
        let (rope, caret) = (&editor.rope, editor.caret);
        let times = count.unwrap_or(1);
        let line = line_at(rope, caret);
        let repeated = |step: &dyn Fn(usize) -> usize| repeat(caret, times, step);
        let exclusive = |place| Target { place, reach: Reach::Exclusive };
        let inclusive = |place| Target { place, reach: Reach::Inclusive };
        let moves = |place: usize| (place != caret).then_some(exclusive(place));
        match self {
            Self::Left => moves(repeated(&|at| boundary::before(rope, at).max(line.start))),
            Self::Right => moves(repeated(&|at| boundary::after(rope, at).min(line.end))),
            Self::PreviousCharacter => moves(repeated(&|at| boundary::before(rope, at))),
            Self::WordAfter { big } => moves(repeated(&|at| word_after(rope, at, big))),
            Self::WordBefore { big } => moves(repeated(&|at| word_before(rope, at, big))),
            Self::WordEnd { big } => Some(inclusive(repeated(&|at| word_end(rope, at, big)))),
            Self::LineStart => Some(exclusive(line.start)),
            Self::LineLetter => Some(exclusive(first_letter(rope, line))),
            Self::LineEnd => {
                let last = line_of(rope, rope.char_to_line(caret).saturating_add(times - 1));
                Some(inclusive(last_letter(rope, last)))
            }
            Self::SentenceAfter => moves(repeated(&|at| boundary::sentence_after(rope, at))),
            Self::SentenceBefore => moves(repeated(&|at| boundary::sentence_before(rope, at))),
            Self::BlockAfter => moves(repeated(&|at| block_after(rope, at))),
            Self::BlockBefore => moves(repeated(&|at| block_before(rope, at))),
            Self::Seek(seek, letter) => sought(rope, caret, (seek, letter), times),
            Self::SeekAgain(seek, letter) => sought_again(rope, caret, (seek, letter), times),
            Self::Down
            | Self::FirstLine
            | Self::LastLine
            | Self::NextLine
            | Self::PreviousLine
            | Self::Up => self.line_target(rope, caret, count, goal),
            Self::HalfDown | Self::HalfUp | Self::RowDown | Self::RowUp => None,
        }
    }

    fn line_target(
        self,
        rope: &Rope,
        caret: usize,
        count: Option<usize>,
        goal: Option<usize>,
    ) -> Option<Target> {
        let here = rope.char_to_line(caret);
        let last = last_line(rope);
        let times = count.unwrap_or(1);
        let line = match self {
            Self::FirstLine => count.unwrap_or(1).saturating_sub(1).min(last),
            Self::LastLine => count.map_or(last, |line| line.saturating_sub(1).min(last)),
            Self::Up | Self::PreviousLine if here == 0 => return None,
            Self::Up | Self::PreviousLine => here.saturating_sub(times),
            _ if here >= last => return None,
            _ => here.saturating_add(times).min(last),
        };
        let line = line_of(rope, line);
        let place = match goal {
            Some(column) if self.is_vertical() => {
                position_at(rope, line, column).min(last_letter(rope, line))
            }
            _ if self.is_vertical() => line.start,
            _ => first_letter(rope, line).min(last_letter(rope, line)),
        };
        Some(Target { place, reach: Reach::Lines })
    }
}

/// Returns the number of the last line. The empty one behind a last line end counts, since the
/// caret can be there.
fn last_line(rope: &Rope) -> usize {
    rope.len_lines().saturating_sub(1)
}

/// Returns the last place of a line at which the caret can be.
pub(super) fn last_letter(rope: &Rope, line: Row) -> usize {
    boundary::before(rope, line.end).max(line.start)
}

/// Takes a step so many times, or until it leads nowhere.
fn repeat(from: usize, times: usize, step: &dyn Fn(usize) -> usize) -> usize {
    let mut place = from;
    for _ in 0..times {
        let next = step(place);
        if next == place {
            break;
        }
        place = next;
    }
    place
}

/// What kind of letter stands at a position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Class {
    Blank,
    Mark,
    Word,
}

/// Returns the class of what stands at a position; beyond the end there is a blank.
pub(super) fn class(rope: &Rope, position: usize, big: bool) -> Class {
    match rope.get_char(position) {
        None => Class::Blank,
        Some(letter) if letter.is_whitespace() => Class::Blank,
        Some(_) if big => Class::Word,
        Some(letter) if letter.is_alphanumeric() || letter == '_' => Class::Word,
        Some(_) => Class::Mark,
    }
}

fn is_empty_line(rope: &Rope, position: usize) -> bool {
    let line = line_at(rope, position);
    line.start == position && line.end == position
}

fn word_after(rope: &Rope, from: usize, big: bool) -> usize {
    let length = rope.len_chars();
    let kind = class(rope, from, big);
    let mut place = from;
    while kind != Class::Blank && place < length && class(rope, place, big) == kind {
        place = boundary::after(rope, place);
    }
    while place < length && class(rope, place, big) == Class::Blank {
        if place > from && is_empty_line(rope, place) {
            break;
        }
        place = boundary::after(rope, place);
    }
    place
}

fn word_before(rope: &Rope, from: usize, big: bool) -> usize {
    let mut place = from;
    loop {
        if place == 0 {
            return 0;
        }
        place = boundary::before(rope, place);
        if class(rope, place, big) != Class::Blank {
            break;
        }
        if is_empty_line(rope, place) {
            return place;
        }
    }
    let kind = class(rope, place, big);
    while place > 0 {
        let before = boundary::before(rope, place);
        if class(rope, before, big) != kind {
            break;
        }
        place = before;
    }
    place
}

/// The last letter of the next word that does not end here.
fn word_end(rope: &Rope, from: usize, big: bool) -> usize {
    let length = rope.len_chars();
    let mut place = boundary::after(rope, from);
    while place < length && class(rope, place, big) == Class::Blank {
        place = boundary::after(rope, place);
    }
    if place >= length {
        return boundary::before(rope, length).max(from);
    }
    run_end(rope, place, big)
}

/// The last letter of the run of one class that a position is in.
fn run_end(rope: &Rope, from: usize, big: bool) -> usize {
    let (length, kind) = (rope.len_chars(), class(rope, from, big));
    let mut place = from;
    loop {
        let next = boundary::after(rope, place);
        if next >= length || class(rope, next, big) != kind {
            return place;
        }
        place = next;
    }
}

/// The next empty line behind one that is not, or the end of the text.
fn block_after(rope: &Rope, from: usize) -> usize {
    let here = rope.char_to_line(from);
    let mut within = false;
    for number in here..rope.len_lines() {
        let line = line_of(rope, number);
        let empty = line.start == line.end;
        if empty && within {
            return line.start;
        }
        within |= !empty;
    }
    rope.len_chars()
}

/// The empty line before one that is not, or the start of the text.
fn block_before(rope: &Rope, from: usize) -> usize {
    let mut within = false;
    for number in (0..=rope.char_to_line(from)).rev() {
        let line = line_of(rope, number);
        let empty = line.start == line.end;
        if empty && within {
            return line.start;
        }
        within |= !empty && line.start < from;
    }
    0
}

fn sought(rope: &Rope, caret: usize, (seek, letter): (Seek, char), times: usize) -> Option<Target> {
    let line = line_at(rope, caret);
    let mut place = caret;
    let mut left = times;
    while left > 0 {
        let next =
            if seek.back { boundary::before(rope, place) } else { boundary::after(rope, place) };
        if next == place || next < line.start || next >= line.end {
            return None;
        }
        place = next;
        left -= usize::from(rope.get_char(place) == Some(letter));
    }
    let place = match (seek.short, seek.back) {
        (false, _) => place,
        (true, false) => boundary::before(rope, place),
        (true, true) => boundary::after(rope, place),
    };
    let reach = if seek.back { Reach::Exclusive } else { Reach::Inclusive };
    Some(Target { place, reach })
}

fn sought_again(rope: &Rope, caret: usize, what: (Seek, char), times: usize) -> Option<Target> {
    let found = sought(rope, caret, what, times)?;
    // A `t` that stands before its letter goes on to the one behind.
    if found.place == caret && times == 1 { sought(rope, caret, what, 2) } else { Some(found) }
}

/// Returns what an operator takes between the caret and the place that a motion goes to.
pub(super) fn span(rope: &Rope, caret: usize, target: Target) -> Span {
    let (from, to) = (caret.min(target.place), caret.max(target.place));
    let (first, last) = (line_at(rope, from), line_at(rope, to));
    match target.reach {
        Reach::Lines => Span { from: first.start, to: last.end, lines: true },
        Reach::Inclusive => {
            let to = boundary::after(rope, to).min(last.end).max(from);
            Span { from, to, lines: false }
        }
        // What ends at the start of a line ends at the end of the one before; and if it began
        // before the first letter of its own, it is whole lines (vim, `:help exclusive`).
        Reach::Exclusive if to == last.start && first.start < last.start => {
            let last = line_of(rope, rope.char_to_line(to).saturating_sub(1));
            if from <= first_letter(rope, first) {
                Span { from: first.start, to: last.end, lines: true }
            } else {
                Span { from, to: last.end.max(from), lines: false }
            }
        }
        Reach::Exclusive => Span { from, to, lines: false },
    }
}

/// Returns what `dw`, `cw` or `yw` takes: never the line end behind the last word, and `cw` not
/// the blanks behind it either.
pub(super) fn word_span(rope: &Rope, caret: usize, times: usize, big: bool, ends: bool) -> Span {
    let mut place = caret;
    if ends && class(rope, caret, big) != Class::Blank {
        place = run_end(rope, place, big);
        place = repeat(place, times.saturating_sub(1), &|at| word_end(rope, at, big));
        let to = boundary::after(rope, place).min(line_at(rope, place).end);
        return Span { from: caret, to, lines: false };
    }
    let mut before = caret;
    for _ in 0..times {
        let next = word_after(rope, place, big);
        if next == place {
            break;
        }
        (before, place) = (place, next);
    }
    let end = line_at(rope, before).end;
    let to = if place > end { end } else { place };
    Span { from: caret, to: to.max(caret), lines: false }
}
