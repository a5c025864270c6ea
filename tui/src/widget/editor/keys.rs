//! What the keys do in a text.

use super::history::Kind;
use super::layout::{Walker, column_of, position_at};
use super::{Editor, Refusal, boundary, motion};
use crate::input::{Input, Key, KeyCode};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::Splice;

/// What an input did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// Whether the editor has a use for the input. If not, it is the screen's.
    pub taken: bool,
    /// What has changed in the text, in order.
    pub splices: Vec<Splice>,
    /// Why a text was not taken.
    pub refusal: Option<Refusal>,
}

impl Reply {
    pub(super) fn edited(splices: impl IntoIterator<Item = Splice>) -> Self {
        Self { taken: true, splices: splices.into_iter().collect(), refusal: None }
    }

    /// Says that a text was not taken.
    pub fn refusal(refusal: Refusal) -> Self {
        Self { taken: true, splices: Vec::new(), refusal: Some(refusal) }
    }

    pub(super) fn taken() -> Self {
        Self { taken: true, ..Self::default() }
    }
}

impl Editor {
    /// Takes what the person did. Tab, Esc, function keys and unknown keys are left to the screen.
    pub fn input(&mut self, input: &Input, time: Timestamp) -> Reply {
        match input {
            Input::Key(key) => self.key(*key, time),
            Input::Paste(text) | Input::Burst(text) => self.typed(text, Kind::Single, time),
            Input::Focus(_) | Input::Resize { .. } => Reply::default(),
        }
    }

    fn key(&mut self, key: Key, time: Timestamp) -> Reply {
        match key.code {
            KeyCode::Char(letter) if key.ctrl => self.control(letter, time),
            KeyCode::Char(letter) => self.typed(letter.encode_utf8(&mut [0; 4]), Kind::Type, time),
            KeyCode::Enter => self.typed("\n", Kind::Type, time),
            KeyCode::Backspace => self.erase_left(key.ctrl, time),
            KeyCode::Delete => self.erase_right(key.ctrl, time),
            _ => match self.target(key) {
                Some(place) => {
                    self.go(place, key.shift);
                    Reply::taken()
                }
                None => self.vertical(key),
            },
        }
    }

    fn control(&mut self, letter: char, time: Timestamp) -> Reply {
        match letter {
            'a' => self.go(self.home(), false),
            'e' => self.go(self.end(), false),
            'u' => return self.erase(self.line_start(), self.caret, Kind::Single, time),
            'w' => return self.erase_left(true, time),
            'y' => return Reply::edited(self.redo()),
            'z' => return Reply::edited(self.undo()),
            _ => return Reply::default(),
        }
        Reply::taken()
    }

    fn typed(&mut self, text: &str, kind: Kind, time: Timestamp) -> Reply {
        match self.insert_as(text, kind, time) {
            Ok(splice) => Reply::edited(splice),
            Err(refusal) => Reply::refusal(refusal),
        }
    }

    fn erase_left(&mut self, word: bool, time: Timestamp) -> Reply {
        if word {
            let start = boundary::word_before(&self.rope, self.caret);
            self.erase(start, self.caret, Kind::Single, time)
        } else {
            let start = boundary::before(&self.rope, self.caret);
            self.erase(start, self.caret, Kind::Backspace, time)
        }
    }

    fn erase_right(&mut self, word: bool, time: Timestamp) -> Reply {
        if word {
            let end = boundary::word_after(&self.rope, self.caret);
            self.erase(self.caret, end, Kind::Single, time)
        } else {
            let end = boundary::after(&self.rope, self.caret);
            self.erase(self.caret, end, Kind::Delete, time)
        }
    }

    /// Erases the selection if there is one, else the range.
    pub(super) fn erase(&mut self, from: usize, to: usize, kind: Kind, time: Timestamp) -> Reply {
        let (from, to, kind) = match self.selection() {
            Some((from, to)) => (from, to, Kind::Single),
            None => (from, to, kind),
        };
        let splice = self.edit(from, to.saturating_sub(from), "", kind, time);
        self.follow_caret();
        Reply::edited(splice)
    }

    /// Where a horizontal key goes.
    fn target(&self, key: Key) -> Option<usize> {
        let edges = self.selection().filter(|_| !key.shift && !key.ctrl);
        Some(match (key.code, key.ctrl) {
            (KeyCode::Left, false) => match edges {
                Some((from, _)) => from,
                None => boundary::before(&self.rope, self.caret),
            },
            (KeyCode::Right, false) => match edges {
                Some((_, to)) => to,
                None => boundary::after(&self.rope, self.caret),
            },
            (KeyCode::Left, true) => boundary::word_before(&self.rope, self.caret),
            (KeyCode::Right, true) => boundary::word_after(&self.rope, self.caret),
            (KeyCode::Up, true) => boundary::sentence_before(&self.rope, self.caret),
            (KeyCode::Down, true) => boundary::sentence_after(&self.rope, self.caret),
            (KeyCode::Home, false) => self.home(),
            (KeyCode::End, false) => self.end(),
            (KeyCode::PageUp, true) => motion::paragraph_before(&self.rope, self.caret),
            (KeyCode::PageDown, true) => motion::paragraph_after(&self.rope, self.caret),
            (KeyCode::Home, true) => 0,
            (KeyCode::End, true) => self.rope.len_chars(),
            _ => return None,
        })
    }

    fn vertical(&mut self, key: Key) -> Reply {
        let half = (self.rows / 2).max(1);
        match key.code {
            KeyCode::Up => self.climb(1, true, key.shift),
            KeyCode::Down => self.climb(1, false, key.shift),
            KeyCode::PageUp => self.climb(half, true, key.shift),
            KeyCode::PageDown => self.climb(half, false, key.shift),
            _ => return Reply::default(),
        }
        Reply::taken()
    }

    /// Moves the caret and, with `select`, leaves the other end of the selection where it was.
    pub(super) fn go(&mut self, place: usize, select: bool) {
        self.anchor = select.then(|| self.anchor.unwrap_or(self.caret));
        self.caret = boundary::floor(&self.rope, place);
        self.goal = None;
        self.history.seal();
        self.follow_caret();
    }

    /// Moves by rows as they are on the screen, and keeps the column where the text allows it.
    pub(super) fn climb(&mut self, rows: u16, up: bool, select: bool) {
        let mut walker = Walker::at(&self.rope, self.caret, self.wrap());
        let goal = self.goal.unwrap_or_else(|| column_of(&self.rope, walker.row(), self.caret));
        let mut moved = false;
        for _ in 0..rows {
            if !(if up { walker.up() } else { walker.down() }) {
                break;
            }
            moved = true;
        }
        let place = match (moved, up) {
            (true, _) => position_at(&self.rope, walker.row(), goal),
            (false, true) => 0,
            (false, false) => self.rope.len_chars(),
        };
        self.go(place, select);
        self.goal = moved.then_some(goal);
    }

    /// Start of the row; of the paragraph if the caret is there already.
    pub(super) fn home(&self) -> usize {
        let row = Walker::at(&self.rope, self.caret, self.wrap()).row();
        if self.caret > row.start { row.start } else { self.paragraph_start() }
    }

    /// Last place in the row; end of the paragraph if the caret is there already.
    pub(super) fn end(&self) -> usize {
        let mut walker = Walker::at(&self.rope, self.caret, self.wrap());
        let last = position_at(&self.rope, walker.row(), usize::MAX);
        if self.caret < last {
            return last;
        }
        while walker.row().soft && walker.down() {}
        walker.row().end
    }

    /// What Ctrl+U erases from: the row's start; if the caret is there, the row above of the
    /// same paragraph.
    pub(super) fn line_start(&self) -> usize {
        let mut walker = Walker::at(&self.rope, self.caret, self.wrap());
        let row = walker.row();
        if self.caret > row.start || row.start == self.paragraph_start() {
            return row.start;
        }
        walker.up();
        walker.row().start
    }

    fn paragraph_start(&self) -> usize {
        self.rope.line_to_char(self.rope.char_to_line(self.caret))
    }
}
