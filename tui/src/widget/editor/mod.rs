//! The editor of one part of a note: text, caret, selection, undo.
//!
//! Every edit is a position, a count that goes and a text that comes; it is applied to the rope
//! and handed to the caller as a [`Splice`] in one function, so that the document can never hear
//! of something else than what is on the screen. The editor never asks a clock and never draws
//! a byte that a terminal would obey.

mod boundary;
mod draw;
mod find;
mod history;
mod keys;
mod layout;
mod motion;
mod register;
#[cfg(test)]
mod tests;
mod texts;
mod transform;
pub mod vim;

pub use find::Needle;
pub use keys::Reply;
pub use motion::Deed;
pub use register::Register;
pub use texts::Texts;
pub use transform::{moved_by, rebase};

use crate::widget::safe;
use history::{History, Kind, Made};
use layout::Walker;
use ropey::Rope;
use std::fmt;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::{Part, Splice};
use transform::{Op, ops};

/// The longest text of a part. Bytes of UTF-8.
pub const PART_LIMIT: usize = 1024 * 1024;

/// The widest row of text, however wide the terminal is. Columns.
pub const WRAP: usize = 100;

/// Why text was not taken. Nothing of it is in the part then, and what was there is untouched.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The part would be longer than [`PART_LIMIT`].
    #[error("the part would hold {bytes} bytes, {PART_LIMIT} are allowed")]
    TooLong {
        /// How long it would be.
        bytes: usize,
    },
}

/// The editor of one part.
#[derive(Clone)]
pub struct Editor {
    part: Part,
    rope: Rope,
    /// Where the caret is: always on the boundary of a grapheme cluster.
    caret: usize,
    /// The other end of the selection, if there is one.
    anchor: Option<usize>,
    /// Whether the selection is of whole lines.
    lines: bool,
    /// Where a selection that goes on when a search has ended began, and where the caret was.
    held: Option<[usize; 2]>,
    /// The column that Up and Down try to keep.
    goal: Option<usize>,
    /// A position in the first row that is shown.
    top: usize,
    /// Whether the text has changed since `top` was found.
    lagging: bool,
    columns: u16,
    rows: u16,
    history: History,
    marks: Vec<Mark>,
}

/// Where somebody else has the caret.
#[derive(Clone, Eq, PartialEq)]
pub struct Mark {
    /// A place in the text.
    pub position: usize,
    /// Who it is, in a word or two.
    pub name: String,
}

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is clinical.
        write!(f, "Editor({:?}, {} code points)", self.part, self.rope.len_chars())
    }
}

impl Editor {
    /// Takes the text of a part; the caret is at its end.
    pub fn new(part: Part, text: &str) -> Self {
        let rope = Rope::from_str(text);
        let caret = rope.len_chars();
        Self {
            part,
            rope,
            caret,
            anchor: None,
            lines: false,
            held: None,
            goal: None,
            top: 0,
            lagging: true,
            columns: 80,
            rows: 24,
            history: History::default(),
            marks: Vec::new(),
        }
    }

    /// Returns which part it is.
    pub const fn part(&self) -> Part {
        self.part
    }

    /// Returns the text as a rope; cloning it is cheap.
    pub const fn rope(&self) -> &Rope {
        &self.rope
    }

    /// Returns the text.
    pub fn text(&self) -> String {
        self.rope.to_string()
    }

    /// Returns whether there is nothing but blanks. Looks no further than the first letter.
    pub fn is_blank(&self) -> bool {
        self.rope.chars().all(char::is_whitespace)
    }

    /// Returns the number of words. Walks the whole text: for pauses, not for keys.
    pub fn words(&self) -> usize {
        let mut within = false;
        let mut words = 0;
        for letter in self.rope.chars() {
            let blank = letter.is_whitespace();
            words += usize::from(within && blank);
            within = !blank;
        }
        words + usize::from(within)
    }

    /// Returns where the caret is, in code points.
    pub const fn caret(&self) -> usize {
        self.caret
    }

    /// Returns the selection, first end first, if it is not empty.
    pub fn selection(&self) -> Option<(usize, usize)> {
        let anchor = self.anchor?;
        let (from, to) = (anchor.min(self.caret), anchor.max(self.caret));
        if self.lines {
            let (first, last) =
                (motion::line_at(&self.rope, from), motion::line_at(&self.rope, to));
            return Some((first.start, last.end));
        }
        (from < to).then_some((from, to))
    }

    /// Returns the text that is selected.
    pub fn selected(&self) -> Option<String> {
        let (from, to) = self.selection()?;
        Some(self.rope.slice(from..to).to_string())
    }

    /// Puts the caret on a position, or on the boundary before it; ends the selection.
    pub fn place_caret(&mut self, position: usize) {
        self.caret = boundary::floor(&self.rope, position);
        self.anchor = None;
        self.goal = None;
        self.history.seal();
        self.follow_caret();
    }

    /// Selects from one position to another, at which the caret is then.
    pub fn select(&mut self, from: usize, to: usize) {
        self.place_caret(to);
        self.anchor = Some(boundary::floor(&self.rope, from));
    }

    /// Goes to the first letter of a line, from 1; to the last line if there are fewer.
    pub fn go_to_line(&mut self, line: usize) {
        let line = motion::line_of(&self.rope, line.saturating_sub(1));
        self.place_caret(motion::first_letter(&self.rope, line));
    }

    /// Returns whether the caret is in the first line, or the last, however many rows it takes.
    pub fn at_last_line(&self, up: bool) -> bool {
        let line = motion::line_at(&self.rope, self.caret);
        if up { line.start == 0 } else { line.end == self.rope.len_chars() }
    }

    /// Shows where others have their carets.
    pub fn set_marks(&mut self, marks: Vec<Mark>) {
        self.marks = marks;
    }

    /// Returns who has a caret in this text.
    pub fn names_here(&self) -> impl Iterator<Item = &str> {
        self.marks.iter().map(|mark| mark.name.as_str())
    }

    /// Replaces `deleted` code points at `position` by `inserted`, by the letter, as one step of
    /// undo, and puts the caret behind. What lies beyond the end is cut off. Returns what has
    /// changed, or `None` if nothing has. What is shown follows at the next input or resize.
    pub fn replace(&mut self, position: usize, deleted: usize, inserted: &str) -> Option<Splice> {
        self.edit(position, deleted, inserted, Kind::Single, Timestamp::from_millis(0))
    }

    /// Types or pastes a text over the selection. Line ends become line feeds and other controls
    /// become their pictures; whatever is taken is one step of undo.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLong`] if the part would be longer than [`PART_LIMIT`].
    pub fn insert(&mut self, text: &str) -> Result<Option<Splice>, Refusal> {
        self.insert_as(text, Kind::Single, Timestamp::from_millis(0))
    }

    /// Undoes the last own step, or all steps of one act. Returns what has changed.
    pub fn undo(&mut self) -> Vec<Splice> {
        self.travel(true)
    }

    /// Does again what was undone last. Returns what has changed.
    pub fn redo(&mut self) -> Vec<Splice> {
        self.travel(false)
    }

    /// Lets the edits that follow be one step of undo, until the next call. Parts in which edits
    /// have the same number belong to one act.
    pub const fn set_act(&mut self, act: Option<u64>) {
        self.history.set_act(act);
    }

    /// Returns the act of the step that would be undone next, or done again.
    pub fn act_of(&self, undo: bool) -> Option<u64> {
        self.history.act_of(undo)
    }

    fn travel(&mut self, undo: bool) -> Vec<Splice> {
        let act = self.history.act_of(undo);
        let Some(mut ops) = self.history.take(undo) else { return Vec::new() };
        let (mut splices, mut inverse) = (Vec::new(), Vec::new());
        loop {
            let (made, reverts) = self.carry_out(ops);
            splices.extend(made);
            inverse.splice(0..0, reverts);
            if act.is_none() || self.history.act_of(undo) != act {
                break;
            }
            ops = match self.history.take(undo) {
                Some(ops) => ops,
                None => break,
            };
        }
        self.history.taken(undo, inverse, act);
        splices
    }

    /// Applies what others have changed, in order. Splices of other parts are passed over. The
    /// caret stays behind the character that was at its left; a selection holds nothing that
    /// comes before its first.
    pub fn apply_remote(&mut self, splices: &[Splice]) {
        let part = self.part;
        for splice in splices.iter().filter(|splice| splice.part == part) {
            let position = splice.position.min(self.rope.len_chars());
            let deleted = splice.deleted.min(self.rope.len_chars() - position);
            for op in ops(position, deleted, &splice.inserted) {
                self.history.remote(&op);
            }
            let first = self.selection().filter(|(from, _)| *from == position && !self.lines);
            self.change(position, deleted, &splice.inserted);
            if first.is_some() {
                self.begin_selection_at(position + splice.inserted.chars().count());
            }
        }
        self.settle();
        self.follow_caret();
    }

    /// Moves the first end of the selection, but not beyond the other.
    fn begin_selection_at(&mut self, position: usize) {
        let Some(anchor) = &mut self.anchor else { return };
        let first = if *anchor <= self.caret { anchor } else { &mut self.caret };
        *first = position;
    }

    /// Tells how large the area is. What was at the caret stays in it.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        if (self.columns, self.rows) != (columns, rows) {
            (self.columns, self.rows) = (columns, rows);
            self.goal = None;
            self.follow_caret();
            self.fill_screen();
        } else if self.lagging {
            self.follow_caret();
        }
    }

    /// Returns the columns and rows that [`Self::resize`] was told last.
    pub const fn size(&self) -> (u16, u16) {
        (self.columns, self.rows)
    }

    /// Scrolls by rows without moving the caret: for a text that is only read. Stops where the
    /// last row is at the bottom of the area. Returns whether anything moved.
    pub fn scroll(&mut self, rows: u16, up: bool) -> bool {
        let before = self.top;
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        for _ in 0..rows {
            if !(if up { walker.up() } else { walker.down() }) {
                break;
            }
        }
        self.top = walker.row().start;
        self.fill_screen();
        self.top != before
    }

    /// Returns whether there are rows above and below what is shown.
    pub fn hidden(&self) -> (bool, bool) {
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        let above = walker.clone().up();
        let below = (0..self.rows).all(|_| walker.down());
        (above, below)
    }

    /// Returns whether Up, or Down, would leave the text.
    pub fn at_edge(&self, up: bool) -> bool {
        let mut walker = Walker::at(&self.rope, self.caret, self.wrap());
        !(if up { walker.up() } else { walker.down() })
    }

    /// Returns how many rows the text takes in `columns`, but counts no further than `limit`.
    pub fn rows_needed(&self, columns: u16, limit: u16) -> u16 {
        let mut walker = Walker::at(&self.rope, 0, wrap(columns));
        let mut rows = 1;
        while rows < limit && walker.down() {
            rows += 1;
        }
        rows
    }

    fn insert_as(
        &mut self,
        text: &str,
        kind: Kind,
        time: Timestamp,
    ) -> Result<Option<Splice>, Refusal> {
        let text = clean(text);
        let (from, to) = self.selection().unwrap_or((self.caret, self.caret));
        let gone = self.rope.char_to_byte(to) - self.rope.char_to_byte(from);
        let bytes = self.rope.len_bytes() - gone + text.len();
        if bytes > PART_LIMIT && text.len() > gone {
            return Err(Refusal::TooLong { bytes });
        }
        let splice = self.edit(from, to - from, &text, kind, time);
        self.follow_caret();
        Ok(splice)
    }

    /// The one way in which an own edit reaches the text.
    fn edit(
        &mut self,
        position: usize,
        deleted: usize,
        inserted: &str,
        kind: Kind,
        time: Timestamp,
    ) -> Option<Splice> {
        let position = position.min(self.rope.len_chars());
        let deleted = deleted.min(self.rope.len_chars() - position);
        if deleted == 0 && inserted.is_empty() {
            return None;
        }
        let removed = self.change(position, deleted, inserted);
        let inserted = inserted.to_owned();
        let made = Made { position, removed, inserted, kind, time };
        self.history.record(&made);
        self.caret = position + made.inserted.chars().count();
        self.anchor = None;
        self.settle();
        Some(Splice { part: self.part, position, deleted, inserted: made.inserted })
    }

    /// Carries out an undo or a redo. Returns the splices and what reverts them.
    fn carry_out(&mut self, todo: Vec<Op>) -> (Vec<Splice>, Vec<Op>) {
        let mut splices = Vec::with_capacity(todo.len());
        let mut inverse = Vec::with_capacity(todo.len());
        for op in todo {
            let splice = op.into_splice(self.part);
            let removed = self.change(splice.position, splice.deleted, &splice.inserted);
            let count = splice.inserted.chars().count();
            self.caret = splice.position + count;
            inverse.splice(0..0, ops(splice.position, count, &removed));
            splices.push(splice);
        }
        self.anchor = None;
        self.settle();
        self.follow_caret();
        (splices, inverse)
    }

    /// Changes the rope and moves everything that points into it. Returns the text that went.
    fn change(&mut self, position: usize, deleted: usize, inserted: &str) -> String {
        let end = position + deleted;
        let removed = self.rope.slice(position..end).to_string();
        self.rope.remove(position..end);
        self.rope.insert(position, inserted);
        let count = inserted.chars().count();
        let places = [&mut self.caret, &mut self.top];
        let marks = self.marks.iter_mut().map(|mark| &mut mark.position);
        let ends = self.anchor.iter_mut().chain(self.held.iter_mut().flatten());
        for place in places.into_iter().chain(ends).chain(marks) {
            *place = transform::moved(*place, position, deleted, count);
        }
        removed
    }

    /// Brings caret and selection back onto boundaries after the text has changed.
    fn settle(&mut self) {
        self.caret = boundary::ceil(&self.rope, self.caret);
        self.anchor = self.anchor.map(|anchor| boundary::ceil(&self.rope, anchor));
        self.held = self.held.map(|held| held.map(|place| boundary::ceil(&self.rope, place)));
        self.goal = None;
        self.lagging = true;
    }

    fn wrap(&self) -> usize {
        wrap(self.columns)
    }

    /// Scrolls by half a page if the caret is outside: one redraw in many lines, not each line.
    fn follow_caret(&mut self) {
        self.lagging = false;
        if self.rows == 0 {
            return;
        }
        let mut caret = Walker::at(&self.rope, self.caret, self.wrap());
        let wanted = caret.row().start;
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        self.top = walker.row().start;
        if wanted >= self.top {
            for _ in 0..self.rows {
                if walker.row().start == wanted {
                    return;
                }
                if !walker.down() {
                    break;
                }
            }
        }
        for _ in 0..self.rows / 2 {
            if !caret.up() {
                break;
            }
        }
        self.top = caret.row().start;
    }

    /// Shows more of the text above when the area has grown beyond its end.
    fn fill_screen(&mut self) {
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        let mut below = 1;
        while below < self.rows && walker.down() {
            below += 1;
        }
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        while below < self.rows && walker.up() {
            below += 1;
        }
        self.top = walker.row().start;
    }
}

/// The last column is left for the caret behind a full row.
fn wrap(columns: u16) -> usize {
    usize::from(columns).saturating_sub(1).clamp(1, WRAP)
}

/// Makes what comes from a keyboard or a clipboard fit to be kept: one kind of line end, and no
/// character that a terminal would obey if some other program showed the text.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                out.push('\n');
            }
            '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\n' | '\t' => out.push(letter),
            _ if letter.is_control() => {
                out.push_str(&safe::shown(letter.encode_utf8(&mut [0; 4])));
            }
            _ => out.push(letter),
        }
    }
    out
}
