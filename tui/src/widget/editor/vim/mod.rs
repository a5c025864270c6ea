//! Keys in a text as vim has them: normal, insert and visual mode. Pure: keys go in, the editor
//! and the register change, and what the screen must do comes out as a [`Wish`].
//!
//! It keeps no text but what the last change inserted, for `.`, and that is wiped when another
//! takes its place or the vault locks.

mod change;
mod insert;
mod motion;
mod object;
#[cfg(test)]
mod tests;
mod visual;

use super::keys::Reply;
use super::{Editor, Register, boundary};
use crate::input::{Input, Key, KeyCode};
use change::{Aim, Change, Entry, Operator, Repeat};
use insert::Inserting;
use motion::{Motion, Seek};
use object::Object;
use std::fmt;
use tacenda_shared::id::Timestamp;

/// The largest count that is heard.
const COUNT_MAX: usize = 99_999;

/// What letters do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// They type.
    Insert,
    /// They are commands.
    #[default]
    Normal,
    /// They move the end of a selection, or do something with it.
    Visual,
    /// The same with whole lines.
    VisualLines,
}

/// What only the screen can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Ask for a command (`:`).
    Ask,
    /// Ask what to find (`/`).
    Find,
    /// Go to the next place of what was found last; with `up` to the one before.
    FindAgain {
        /// Whether backwards.
        up: bool,
    },
    /// Leave; the text is kept.
    Leave,
    /// Say this.
    Say(&'static str),
    /// Undo, or do again, so many acts.
    Travel {
        /// Whether back.
        undo: bool,
        /// How many.
        count: usize,
    },
}

/// What an input did.
#[derive(Debug, Default)]
pub struct Answer {
    /// What it did in the text.
    pub reply: Reply,
    /// What the screen is to do.
    pub wish: Option<Wish>,
}

/// What an input is done with.
#[derive(Debug)]
pub struct Hands<'a> {
    /// The part with the focus.
    pub editor: &'a mut Editor,
    /// What was cut or copied.
    pub register: &'a mut Register,
    /// When the input came.
    pub time: Timestamp,
    /// A number that no act of this note has yet.
    pub act: u64,
}

/// Where somebody is between two keys.
#[derive(Default)]
pub struct Vim {
    mode: Mode,
    pending: Pending,
    /// The column that `j` and `k` try to keep while the caret is where the last of them left it.
    goal: Option<(usize, usize)>,
    /// What `;` and `,` repeat.
    sought: Option<(Seek, char)>,
    inserting: Option<Inserting>,
    repeat: Option<Repeat>,
}

/// The beginning of a command.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Pending {
    count: Option<usize>,
    operator: Option<Operator>,
    /// The count behind the operator.
    inner: Option<usize>,
    prefix: Option<Prefix>,
}

/// A key that another must follow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Prefix {
    Go,
    Leave,
    Object { around: bool },
    Overwrite,
    Seek(Seek),
}

impl Pending {
    fn total(self) -> Option<usize> {
        match (self.count, self.inner) {
            (None, None) => None,
            (outer, inner) => {
                let product = outer.unwrap_or(1).saturating_mul(inner.unwrap_or(1));
                Some(product.min(COUNT_MAX))
            }
        }
    }
}

impl fmt::Debug for Vim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was inserted last is clinical.
        write!(f, "Vim({:?})", self.mode)
    }
}

impl Vim {
    /// Returns the mode.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the mode in words, with what was begun.
    pub fn words(&self) -> String {
        let mode = match self.mode {
            Mode::Insert => return "INSERT  [Esc] commands".to_owned(),
            Mode::Normal => "NORMAL",
            Mode::Visual => "VISUAL",
            Mode::VisualLines => "VISUAL LINES",
        };
        let number =
            |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
        let Pending { count, operator, inner, prefix } = self.pending;
        let operator = operator.map_or("", Operator::letter);
        let prefix = match prefix {
            None => "",
            Some(Prefix::Go) => "g",
            Some(Prefix::Leave) => "Z",
            Some(Prefix::Object { around: true }) => "a",
            Some(Prefix::Object { around: false }) => "i",
            Some(Prefix::Overwrite) => "r",
            Some(Prefix::Seek(seek)) => seek.letter(),
        };
        let begun = format!("{}{operator}{}{prefix}", number(count), number(inner));
        match (begun.is_empty(), self.mode) {
            (false, _) => format!("{mode}  {begun}"),
            (true, Mode::Normal) => format!("{mode}  [i] type  [:q] leave"),
            (true, _) => format!("{mode}  [Esc] end"),
        }
    }

    /// Returns whether a key would begin a command, and nothing is selected.
    pub fn is_idle(&self) -> bool {
        self.mode == Mode::Normal && self.pending == Pending::default()
    }

    /// Brings the caret to where this mode may have it, after something else has moved it or has
    /// changed the text.
    pub fn settle(&self, editor: &mut Editor) {
        match self.mode {
            Mode::Insert => {}
            Mode::Normal => {
                editor.anchor = None;
                editor.lines = false;
                clamp(editor);
            }
            Mode::Visual | Mode::VisualLines => clamp(editor),
        }
    }

    /// Goes to where the selection begins, as after a search. A selection that was held goes on to
    /// there: as in vim a search is a motion; if nothing was found, it is as it was.
    pub fn settle_on_found(&mut self, editor: &mut Editor, is_found: bool) {
        let found = editor.selection().map(|(from, _)| from);
        let held = editor.held.take();
        match self.mode {
            Mode::Normal => editor.caret = found.unwrap_or(editor.caret),
            // What was found is not selected: the next letter would take its place.
            Mode::Insert => {
                if let Some(inserting) = self.inserting.as_mut().filter(|_| found.is_some()) {
                    inserting.forget();
                }
                editor.caret = found.unwrap_or(editor.caret);
                editor.anchor = None;
            }
            Mode::Visual | Mode::VisualLines => {
                if let Some([start, caret]) = held {
                    editor.anchor = None;
                    self.span_visual(editor, start, found.filter(|_| is_found).unwrap_or(caret));
                    clamp(editor);
                    editor.follow_caret();
                }
            }
        }
        self.settle(editor);
    }

    /// Whether letters move the end of a selection.
    pub const fn selects(&self) -> bool {
        self.is_visual()
    }

    /// A search begins: what was begun is forgotten, and where a selection began is kept until the
    /// search has ended. The caret stays.
    pub fn begin_search(&mut self, editor: &mut Editor) {
        self.pending = Pending::default();
        if let Some(start) = self.start_of_visual(editor).filter(|_| editor.held.is_none()) {
            editor.held = Some([start, editor.caret]);
            editor.anchor = None;
            editor.lines = false;
        }
    }

    /// Ends whatever is going on in a part that is left, except that typing goes on in the next.
    pub fn leave_part(&mut self, editor: &mut Editor) {
        editor.set_act(None);
        editor.held = None;
        if self.is_visual() {
            self.end_visual(editor);
        }
        if let Some(inserting) = &mut self.inserting {
            inserting.forget();
        }
        self.pending = Pending::default();
        self.goal = None;
    }

    /// Takes what the person did. Tab, function keys and keys without a meaning are the screen's.
    pub fn input(&mut self, hands: &mut Hands<'_>, input: &Input) -> Answer {
        if self.mode == Mode::Insert {
            return self.insert_input(hands, input);
        }
        match input {
            Input::Key(key) => {
                hands.editor.set_act(Some(hands.act));
                let answer = self.key(hands, *key);
                if self.mode != Mode::Insert {
                    self.settle_caret(hands.editor);
                    hands.editor.set_act(None);
                }
                answer
            }
            // In brackets it is meant as text, whatever the mode.
            Input::Paste(text) => self.paste(hands, text),
            Input::Burst(_) => wish(Wish::Say(
                "That looked like a paste and was not taken as commands: press i, then paste.",
            )),
            Input::Focus(_) | Input::Resize { .. } => Answer::default(),
        }
    }

    const fn is_visual(&self) -> bool {
        matches!(self.mode, Mode::Visual | Mode::VisualLines)
    }

    fn settle_caret(&self, editor: &mut Editor) {
        clamp(editor);
        editor.follow_caret();
    }

    fn paste(&mut self, hands: &mut Hands<'_>, text: &str) -> Answer {
        self.pending = Pending::default();
        if self.is_visual() {
            self.end_visual(hands.editor);
        }
        hands.editor.anchor = None;
        let reply = match hands.editor.insert(text) {
            Ok(splice) => Reply::edited(splice),
            Err(refusal) => Reply::refusal(refusal),
        };
        self.settle_caret(hands.editor);
        Answer { reply, wish: None }
    }

    fn key(&mut self, hands: &mut Hands<'_>, key: Key) -> Answer {
        if is_escape(key) {
            return self.escape(hands);
        }
        if let Some(prefix) = self.pending.prefix.take() {
            return self.after_prefix(hands, prefix, key);
        }
        if let Some(digit) = digit(key) {
            let Pending { operator, count, inner, .. } = &mut self.pending;
            let counted = if operator.is_some() { inner } else { count };
            if digit > 0 || counted.is_some() {
                let number = counted.unwrap_or(0).saturating_mul(10).saturating_add(digit);
                *counted = Some(number.min(COUNT_MAX));
                return taken();
            }
        }
        if let Some(motion) = Motion::of(key) {
            return self.move_by(hands, motion);
        }
        match (key.code, key.ctrl) {
            (KeyCode::Char(letter), false) => self.letter(hands, letter),
            (KeyCode::Delete, false) => self.letter(hands, 'x'),
            (KeyCode::Insert, false) => self.letter(hands, 'i'),
            (KeyCode::Char('r'), true) => self.travel(false),
            (KeyCode::Char('z'), true) => self.travel(true),
            (KeyCode::Char('y'), true) => self.travel(false),
            _ => {
                self.pending = Pending::default();
                Answer::default()
            }
        }
    }

    fn travel(&mut self, undo: bool) -> Answer {
        let count = self.pending.total().unwrap_or(1);
        let free = self.pending.operator.is_none() && !self.is_visual();
        self.pending = Pending::default();
        // The column that up and down go for begins anew, also where there is nothing to undo.
        self.goal = None;
        if free { wish(Wish::Travel { undo, count }) } else { taken() }
    }

    fn escape(&mut self, hands: &mut Hands<'_>) -> Answer {
        let idle = self.is_idle();
        self.pending = Pending::default();
        if self.is_visual() {
            self.end_visual(hands.editor);
        }
        hands.editor.anchor = None;
        if idle {
            return wish(Wish::Say("Esc does nothing more here: :q leaves the note, i types."));
        }
        taken()
    }

    /// A key behind one that waits for another.
    fn after_prefix(&mut self, hands: &mut Hands<'_>, prefix: Prefix, key: Key) -> Answer {
        let typed = match (key.code, key.ctrl) {
            (KeyCode::Char(letter), false) => letter,
            (KeyCode::Enter, false) => '\n',
            _ => return self.cancel(),
        };
        match (prefix, typed) {
            (Prefix::Go, 'g') => self.move_by(hands, Motion::FirstLine),
            (Prefix::Go, 'j') => self.move_by(hands, Motion::RowDown),
            (Prefix::Go, 'k') => self.move_by(hands, Motion::RowUp),
            (Prefix::Leave, 'Z') => {
                self.pending = Pending::default();
                wish(Wish::Leave)
            }
            (Prefix::Object { around }, 'w' | 's') => {
                let object = Object { around, sentence: typed == 's' };
                self.object(hands, object)
            }
            (Prefix::Overwrite, letter) if self.is_visual() => self.visual_overwrite(hands, letter),
            (Prefix::Overwrite, letter) => self.change(hands, Change::Overwrite(letter)),
            (Prefix::Seek(seek), letter) => {
                self.sought = Some((seek, letter));
                self.move_by(hands, Motion::Seek(seek, letter))
            }
            _ => self.cancel(),
        }
    }

    fn cancel(&mut self) -> Answer {
        self.pending = Pending::default();
        taken()
    }

    fn object(&mut self, hands: &mut Hands<'_>, object: Object) -> Answer {
        if let Some(operator) = self.pending.operator {
            return self.change(hands, Change::Operate(operator, Aim::Object(object)));
        }
        let count = self.pending.total().unwrap_or(1);
        self.pending = Pending::default();
        let (from, to) = object.range(&hands.editor.rope, hands.editor.caret, count);
        self.select(hands.editor, from, to);
        taken()
    }

    fn letter(&mut self, hands: &mut Hands<'_>, letter: char) -> Answer {
        let operator = self.pending.operator;
        let prefix = match letter {
            'g' => Some(Prefix::Go),
            'f' | 'F' | 't' | 'T' => Seek::of(letter).map(Prefix::Seek),
            'i' | 'a' if operator.is_some() || self.is_visual() => {
                Some(Prefix::Object { around: letter == 'a' })
            }
            'r' if operator.is_none() => Some(Prefix::Overwrite),
            'Z' if self.is_idle() => Some(Prefix::Leave),
            _ => None,
        };
        if prefix.is_some() {
            self.pending.prefix = prefix;
            return taken();
        }
        if let ';' | ',' = letter {
            return match self.sought {
                Some((seek, wanted)) => {
                    let seek = if letter == ',' { seek.turned() } else { seek };
                    self.move_by(hands, Motion::SeekAgain(seek, wanted))
                }
                None => self.cancel(),
            };
        }
        if self.is_visual() {
            return self.visual_letter(hands, letter);
        }
        match (Operator::of(letter), operator) {
            (Some(new), None) => {
                self.pending.operator = Some(new);
                taken()
            }
            (Some(new), Some(old)) if new == old => {
                self.change(hands, Change::Operate(old, Aim::Lines))
            }
            (_, Some(_)) => self.cancel(),
            (None, None) => self.command(hands, letter),
        }
    }

    /// A letter that is a command by itself.
    fn command(&mut self, hands: &mut Hands<'_>, letter: char) -> Answer {
        use Operator as O;
        let by = |operator, motion| Change::Operate(operator, Aim::Motion(motion));
        let change = match letter {
            'x' => by(O::Delete, Motion::Right),
            'X' => by(O::Delete, Motion::Left),
            'D' => by(O::Delete, Motion::LineEnd),
            's' => by(O::Change, Motion::Right),
            'C' => by(O::Change, Motion::LineEnd),
            'S' => Change::Operate(O::Change, Aim::Lines),
            'Y' => Change::Operate(O::Yank, Aim::Lines),
            'p' | 'P' => Change::Put { before: letter == 'P' },
            '~' => Change::SwapCase,
            'J' => Change::Join,
            'i' => Change::Insert(Entry::Here),
            'a' => Change::Insert(Entry::Behind),
            'I' => Change::Insert(Entry::LineLetter),
            'A' => Change::Insert(Entry::LineEnd),
            'o' => Change::Insert(Entry::Below),
            'O' => Change::Insert(Entry::Above),
            '.' => return self.again(hands),
            'u' => return self.travel(true),
            'v' | 'V' => {
                self.pending = Pending::default();
                self.begin_visual(hands.editor, letter == 'V');
                return taken();
            }
            ':' | '/' | 'n' | 'N' => {
                self.pending = Pending::default();
                return wish(match letter {
                    ':' => Wish::Ask,
                    '/' => Wish::Find,
                    _ => Wish::FindAgain { up: letter == 'N' },
                });
            }
            _ => return self.cancel(),
        };
        self.change(hands, change)
    }

    /// Moves, or does to what lies between what the operator says.
    fn move_by(&mut self, hands: &mut Hands<'_>, motion: Motion) -> Answer {
        if let Some(operator) = self.pending.operator {
            return self.change(hands, Change::Operate(operator, Aim::Motion(motion)));
        }
        let count = self.pending.total();
        self.pending = Pending::default();
        if let Some((rows, up)) = motion.rows(hands.editor, count) {
            self.climb(hands.editor, rows, up);
            return taken();
        }
        let editor = &mut *hands.editor;
        let goal = motion.is_vertical().then(|| self.goal(editor));
        if let Some(target) = motion.target(editor, count, goal) {
            self.go(editor, target.place);
            let goal = if motion == Motion::LineEnd { Some(usize::MAX) } else { goal };
            self.goal = goal.map(|column| (editor.caret, column));
        }
        taken()
    }

    /// The column that a vertical motion tries to keep.
    fn goal(&self, editor: &Editor) -> usize {
        let line = super::motion::line_at(&editor.rope, editor.caret);
        let kept = self.goal.filter(|(place, _)| *place == editor.caret);
        let here = || super::layout::column_of(&editor.rope, line, editor.caret);
        kept.map_or_else(here, |(_, column)| column)
    }

    fn climb(&mut self, editor: &mut Editor, rows: u16, up: bool) {
        let start = self.start_of_visual(editor);
        editor.climb(rows, up, false);
        let (place, goal) = (editor.caret, editor.goal);
        clamp(editor);
        if let Some(start) = start {
            self.span_visual(editor, start, place);
        }
        // What was clamped keeps its column all the same.
        editor.goal = goal;
        self.goal = None;
    }

    /// Moves the caret, and with it one end of the selection.
    fn go(&mut self, editor: &mut Editor, place: usize) {
        let start = self.start_of_visual(editor);
        editor.go(place, false);
        clamp(editor);
        if let Some(start) = start {
            let place = editor.caret;
            self.span_visual(editor, start, place);
        }
        editor.follow_caret();
    }
}

/// Puts the caret on a letter: behind the last of a line there is no place for it.
fn clamp(editor: &mut Editor) {
    let line = super::motion::line_at(&editor.rope, editor.caret);
    if editor.caret >= line.end && line.end > line.start {
        editor.caret = boundary::before(&editor.rope, line.end).max(line.start);
    }
}

fn is_escape(key: Key) -> bool {
    key.code == KeyCode::Esc || key == Key::ctrl('c')
}

fn digit(key: Key) -> Option<usize> {
    match (key.code, key.ctrl) {
        (KeyCode::Char(letter), false) => {
            letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok())
        }
        _ => None,
    }
}

fn taken() -> Answer {
    Answer { reply: Reply::taken(), wish: None }
}

fn wish(wish: Wish) -> Answer {
    Answer { wish: Some(wish), ..taken() }
}
