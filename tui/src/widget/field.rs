//! One-line inputs: a field that shows what is typed, and a passphrase field that shows nothing.
//!
//! A field never holds a line end and never draws a byte that a terminal would obey. The
//! passphrase field keeps its text in one buffer that never moves and is wiped.

use super::safe;
use crate::input::{Input, Key, KeyCode};
use crate::message::Secret;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;
use zeroize::{Zeroize, Zeroizing};

/// The longest text of a field. Bytes of UTF-8.
pub const FIELD_LIMIT: usize = 4096;

/// The longest passphrase. Bytes of UTF-8.
pub const PASSPHRASE_LIMIT: usize = 1024;

/// What an input did to a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// The text is another one.
    Changed,
    /// The text would be too long; nothing was taken.
    Full,
    /// The field has no use for the input: it is the screen's.
    Left,
    /// Only the caret has moved, or there was nothing to do.
    Taken,
}

/// A one-line input.
#[derive(Clone, Default)]
pub struct Field {
    text: String,
    /// In bytes; on the boundary of a grapheme cluster.
    caret: usize,
    /// Whether the text is only a suggestion, which the first letter typed replaces.
    suggested: bool,
    past: Vec<Step>,
    future: Vec<Step>,
    /// What the last change was, as changes of one kind in a row are undone together.
    run: Option<Run>,
}

/// A text and the caret in it.
type Step = (String, usize);

/// Changes that are one step of undo when they follow each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Run {
    Erasing,
    Typing,
}

/// How many steps can be undone in one field.
const STEPS: usize = 100;

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names are typed into fields.
        write!(f, "Field({} bytes)", self.text.len())
    }
}

impl Field {
    /// Takes a text, as far as [`FIELD_LIMIT`] goes; the caret is at its end. Several lines are one,
    /// set apart by commas, so that none is lost when it is saved.
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        field.insert(&lines.collect::<Vec<_>>().join(", "));
        field.past.clear();
        field.run = None;
        field
    }

    /// Takes a text that was not asked for: the first letter typed replaces it, and any other key
    /// accepts it.
    pub fn suggestion(text: &str) -> Self {
        Self { suggested: true, ..Self::new(text) }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.text.zeroize();
        *self = Self::default();
    }

    /// Takes what the person did. Enter, Esc, Tab, Up, Down and unknown keys are left.
    pub fn input(&mut self, input: &Input) -> Answer {
        match input {
            Input::Key(key) => self.key(*key),
            Input::Paste(text) | Input::Burst(text) => self.insert(text),
            Input::Focus(_) | Input::Resize { .. } => Answer::Left,
        }
    }

    /// Draws the text into the first row of `area`, scrolled so that the caret is in it, and
    /// returns the cell for the terminal's cursor.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, style: Style) -> Option<Position> {
        let area = Rect { height: 1, ..area }.intersection(buffer.area);
        let room = usize::from(area.width.checked_sub(1)?);
        if area.height == 0 {
            return None;
        }
        let (before, _) = self.text.split_at(self.caret);
        let mut hidden = 0;
        let mut column = safe::columns(before);
        while column > room {
            let rest = self.text.get(hidden..)?;
            let cluster = rest.graphemes(true).next()?;
            hidden += cluster.len();
            column -= safe::columns(cluster);
        }
        let shown = safe::truncated(self.text.get(hidden..)?, usize::MAX, false);
        buffer.set_stringn(area.x, area.y, shown, usize::from(area.width), style);
        Some(Position { x: area.x + u16::try_from(column).ok()?, y: area.y })
    }

    fn key(&mut self, key: Key) -> Answer {
        if !matches!((key.code, key.ctrl), (KeyCode::Char(_), false)) {
            self.suggested = false;
        }
        match (key.code, key.ctrl) {
            (KeyCode::Char('z'), true) => return self.step(false),
            (KeyCode::Char('y'), true) => return self.step(true),
            (KeyCode::Char(letter), false) => return self.insert(letter.encode_utf8(&mut [0; 4])),
            (KeyCode::Char('c'), true) => return self.erase(0, self.text.len()),
            (KeyCode::Char('u'), true) => return self.erase(0, self.caret),
            (KeyCode::Char('w'), true) | (KeyCode::Backspace, true) => {
                return self.erase(self.word_before(), self.caret);
            }
            (KeyCode::Delete, true) => return self.erase(self.caret, self.word_after()),
            (KeyCode::Backspace, false) => return self.erase(self.before(), self.caret),
            (KeyCode::Delete, false) => return self.erase(self.caret, self.after()),
            (KeyCode::Char('a'), true) | (KeyCode::Home, _) => self.caret = 0,
            (KeyCode::Char('e'), true) | (KeyCode::End, _) => self.caret = self.text.len(),
            (KeyCode::Left, false) => self.caret = self.before(),
            (KeyCode::Left, true) => self.caret = self.word_before(),
            (KeyCode::Right, false) => self.caret = self.after(),
            (KeyCode::Right, true) => self.caret = self.word_after(),
            _ => return Answer::Left,
        }
        self.run = None;
        Answer::Taken
    }

    /// Goes back by one change, or forth again.
    fn step(&mut self, forth: bool) -> Answer {
        let (from, to) = if forth {
            (&mut self.future, &mut self.past)
        } else {
            (&mut self.past, &mut self.future)
        };
        let Some((text, caret)) = from.pop() else { return Answer::Taken };
        to.push((std::mem::replace(&mut self.text, text), self.caret));
        self.caret = caret;
        self.run = None;
        Answer::Changed
    }

    /// Remembers how it was before a change, unless the change goes on with the last one.
    fn remember(&mut self, run: Option<Run>) {
        if run.is_none() || run != self.run {
            self.past.push((self.text.clone(), self.caret));
            if self.past.len() > STEPS {
                self.past.remove(0);
            }
        }
        self.future.clear();
        self.run = run;
    }

    fn insert(&mut self, text: &str) -> Answer {
        let clean = one_line(text);
        if clean.is_empty() {
            return Answer::Taken;
        }
        if self.text.len() + clean.len() > FIELD_LIMIT {
            return Answer::Full;
        }
        // A word is one step.
        let is_letter = clean.graphemes(true).nth(1).is_none() && clean != " ";
        self.remember(is_letter.then_some(Run::Typing));
        if std::mem::take(&mut self.suggested) {
            self.text.clear();
            self.caret = 0;
        }
        self.text.insert_str(self.caret, &clean);
        self.settle(self.caret + clean.len());
        Answer::Changed
    }

    fn erase(&mut self, from: usize, to: usize) -> Answer {
        if from >= to {
            return Answer::Taken;
        }
        let is_one = self.text.get(from..to).is_some_and(|gone| gone.graphemes(true).count() == 1);
        self.remember(is_one.then_some(Run::Erasing));
        self.text.replace_range(from..to, "");
        self.settle(from);
        Answer::Changed
    }

    /// Puts the caret on the first boundary at or behind `place`.
    fn settle(&mut self, place: usize) {
        let end = self.edges().find(|edge| *edge >= place);
        self.caret = end.unwrap_or(self.text.len());
    }

    /// The ends of all clusters, and 0.
    fn edges(&self) -> impl Iterator<Item = usize> {
        let ends = self.text.grapheme_indices(true).map(|(place, cluster)| place + cluster.len());
        std::iter::once(0).chain(ends)
    }

    fn before(&self) -> usize {
        self.edges().take_while(|edge| *edge < self.caret).last().unwrap_or(0)
    }

    fn after(&self) -> usize {
        self.edges().find(|edge| *edge > self.caret).unwrap_or(self.text.len())
    }

    fn word_before(&self) -> usize {
        let words = self.text.unicode_word_indices().map(|(place, _)| place);
        words.take_while(|place| *place < self.caret).last().unwrap_or(0)
    }

    fn word_after(&self) -> usize {
        let mut ends = self.text.unicode_word_indices().map(|(place, word)| place + word.len());
        ends.find(|end| *end > self.caret).unwrap_or(self.text.len())
    }
}

/// A passphrase input. It echoes nothing, not even its length.
#[derive(Clone)]
pub struct PassphraseField {
    // On the heap so that moving the field does not leave a copy behind.
    bytes: Box<Zeroizing<[u8; PASSPHRASE_LIMIT]>>,
    length: usize,
}

impl Default for PassphraseField {
    fn default() -> Self {
        Self { bytes: Box::new(Zeroizing::new([0; PASSPHRASE_LIMIT])), length: 0 }
    }
}

impl fmt::Debug for PassphraseField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassphraseField(redacted)")
    }
}

impl PassphraseField {
    /// Returns whether nothing was typed.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Takes what the person did. Ctrl+C, Ctrl+U and Ctrl+W empty the field, as nobody can see
    /// how far a word goes. Enter, Esc and Tab are left.
    pub fn input(&mut self, input: &Input) -> Answer {
        match input {
            Input::Key(Key { code: KeyCode::Char(letter), ctrl: false, .. }) => {
                let mut bytes = [0; 4];
                let answer = self.push(letter.encode_utf8(&mut bytes));
                bytes.zeroize();
                answer
            }
            Input::Key(Key { code: KeyCode::Char('c' | 'u' | 'w'), ctrl: true, .. }) => {
                self.clear();
                Answer::Changed
            }
            Input::Key(Key { code: KeyCode::Backspace, ctrl, .. }) => {
                if *ctrl {
                    self.clear();
                } else {
                    self.pop();
                }
                Answer::Changed
            }
            Input::Paste(text) | Input::Burst(text) => {
                self.push(text.lines().next().unwrap_or_default())
            }
            Input::Key(_) | Input::Focus(_) | Input::Resize { .. } => Answer::Left,
        }
    }

    /// Wipes what was typed.
    pub fn clear(&mut self) {
        self.bytes.zeroize();
        self.length = 0;
    }

    /// Hands over what was typed and wipes the field.
    pub fn take(&mut self) -> Secret {
        let mut text = Zeroizing::new(String::with_capacity(PASSPHRASE_LIMIT));
        text.push_str(self.typed());
        self.clear();
        Secret(text)
    }

    /// Returns the cell for the terminal's cursor, which never moves.
    pub fn cursor(area: Rect) -> Position {
        area.as_position()
    }

    fn typed(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    fn push(&mut self, text: &str) -> Answer {
        let end = self.length + text.len();
        let Some(room) = self.bytes.get_mut(self.length..end) else { return Answer::Full };
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Answer::Changed
    }

    fn pop(&mut self) {
        let last = self.typed().graphemes(true).next_back().map_or(0, str::len);
        let start = self.length - last;
        if let Some(gone) = self.bytes.get_mut(start..self.length) {
            gone.zeroize();
        }
        self.length = start;
    }
}

/// What is pasted into one line: line ends and tabs become blanks, other controls are dropped.
fn one_line(text: &str) -> String {
    let trimmed = text.trim_end_matches(['\r', '\n']);
    let blanks =
        trimmed.replace("\r\n", " ").replace(['\r', '\n', '\t', '\u{2028}', '\u{2029}'], " ");
    blanks.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(field: &mut Field, key: Key) -> Answer {
        field.input(&Input::Key(key))
    }

    fn row(field: &Field, width: u16) -> (String, u16) {
        let area = Rect::new(0, 0, width, 1);
        let mut buffer = Buffer::empty(area);
        let cursor = field.draw(area, &mut buffer, Style::default()).unwrap();
        let row = (0..width).map(|x| buffer[(x, 0)].symbol()).collect::<String>();
        (row, cursor.x)
    }

    #[test]
    fn readline_keys_work_and_ctrl_c_clears() {
        let mut field = Field::new("Jamie Sample 14");
        press(&mut field, Key::ctrl('w'));
        assert_eq!(field.text(), "Jamie Sample ");
        press(&mut field, Key::ctrl('a'));
        press(&mut field, Key::plain(KeyCode::Delete));
        assert_eq!(field.text(), "amie Sample ");
        press(&mut field, Key::ctrl('e'));
        press(&mut field, Key::char('x'));
        assert_eq!(field.text(), "amie Sample x");
        assert_eq!(press(&mut field, Key::ctrl('c')), Answer::Changed);
        assert!(field.is_empty());
        assert_eq!(press(&mut field, Key::plain(KeyCode::Enter)), Answer::Left);
    }

    #[test]
    fn what_was_typed_is_undone_word_by_word_and_comes_back() {
        let mut field = Field::new("Jamie");
        for letter in " Sample".chars() {
            press(&mut field, Key::char(letter));
        }
        press(&mut field, Key::ctrl('u'));
        assert!(field.is_empty());
        press(&mut field, Key::ctrl('z'));
        assert_eq!(field.text(), "Jamie Sample");
        press(&mut field, Key::ctrl('z'));
        assert_eq!(field.text(), "Jamie ");
        press(&mut field, Key::ctrl('z'));
        press(&mut field, Key::ctrl('z'));
        assert_eq!(field.text(), "Jamie");
        press(&mut field, Key::ctrl('y'));
        press(&mut field, Key::ctrl('y'));
        assert_eq!(field.text(), "Jamie Sample");
        press(&mut field, Key::char('s'));
        assert_eq!(press(&mut field, Key::ctrl('y')), Answer::Taken);
        assert_eq!(field.text(), "Jamie Samples");
    }

    #[test]
    fn a_suggestion_gives_way_to_what_is_typed_and_stays_if_it_is_accepted() {
        let mut field = Field::suggestion("C-001");
        press(&mut field, Key::char('J'));
        press(&mut field, Key::char('M'));
        assert_eq!(field.text(), "JM");
        press(&mut field, Key::ctrl('z'));
        assert_eq!(field.text(), "C-001");

        let mut field = Field::suggestion("C-001");
        press(&mut field, Key::plain(KeyCode::End));
        press(&mut field, Key::char('b'));
        assert_eq!(field.text(), "C-001b");
    }

    #[test]
    fn a_long_text_scrolls_and_its_harm_is_shown() {
        let field = Field::new("漢字漢字ab\u{202e}");
        assert_eq!(row(&field, 20), ("漢 字 漢 字 ab␦         ".to_owned(), 11));
        let (text, cursor) = row(&field, 6);
        assert_eq!((text.as_str(), cursor), ("字 ab␦ ", 5));
    }

    #[test]
    fn a_paste_becomes_one_line() {
        let mut field = Field::default();
        field.input(&Input::Paste("Jamie\r\nSample\t\u{7}\n".to_owned()));
        assert_eq!(field.text(), "Jamie Sample ");
        assert_eq!(field.input(&Input::Paste("x".repeat(FIELD_LIMIT))), Answer::Full);
        assert_eq!(field.text(), "Jamie Sample ");
    }

    #[test]
    fn a_passphrase_is_handed_over_once_and_leaves_nothing() {
        let mut field = PassphraseField::default();
        let place = field.bytes.as_ptr();
        field.input(&Input::Paste("correct horse\n".to_owned()));
        field.input(&Input::Key(Key::char('é')));
        field.input(&Input::Key(Key::char('x')));
        field.input(&Input::Key(Key::plain(KeyCode::Backspace)));
        assert_eq!(field.bytes.as_ptr(), place);
        assert_eq!(format!("{field:?}"), "PassphraseField(redacted)");

        let secret = field.take();

        assert_eq!(secret.0.as_str(), "correct horseé");
        assert!(field.is_empty());
        assert!(field.bytes.iter().all(|byte| *byte == 0));
        assert_eq!(field.input(&Input::Paste("x".repeat(PASSPHRASE_LIMIT + 1))), Answer::Full);
    }

    proptest! {
        #[test]
        fn the_caret_stays_between_characters_and_in_the_field(
            keys in proptest::collection::vec(
                prop_oneof![
                    prop::sample::select("a 漢\u{301}\u{200d}👩🇩\u{1b}".chars().collect::<Vec<_>>())
                        .prop_map(Key::char),
                    prop::sample::select(vec![
                        KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End,
                        KeyCode::Backspace, KeyCode::Delete,
                    ]).prop_map(Key::plain),
                    prop::sample::select(vec!['a', 'e', 'u', 'w', 'y', 'z']).prop_map(Key::ctrl),
                ],
                0..40,
            ),
            width in 3_u16..12,
        ) {
            let mut field = Field::default();
            for key in keys {
                press(&mut field, key);
                prop_assert!(field.edges().any(|edge| edge == field.caret));
                prop_assert!(row(&field, width).1 < width);
            }
        }
    }
}
