//! Insert mode: what is typed goes into the text, and is kept until the next change, for `.` and
//! for counts.

use super::change::{Change, Entry, Repeat, join};
use super::{Answer, Hands, Mode, Vim, is_escape, taken};
use crate::input::{Input, Key, KeyCode};
use crate::widget::editor::history::Kind;
use crate::widget::editor::keys::Reply;
use crate::widget::editor::motion::{first_letter, line_at};
use crate::widget::editor::{Editor, PART_LIMIT, Refusal, boundary, clean};
use tacenda_shared::id::Timestamp;
use zeroize::Zeroizing;

/// How often something that also erases is typed again for a count.
const ERASING_ROUNDS: usize = 1_000;

/// Keys that erase, as they are kept among what was typed; the text itself holds no controls.
const BACKSPACE: char = '\u{8}';
const ERASE_ROW: char = '\u{15}';
const ERASE_WORD: char = '\u{17}';
const DELETE: char = '\u{7f}';

/// What is going on in insert mode.
pub(super) struct Inserting {
    change: Change,
    count: Option<usize>,
    /// How often it is typed in all.
    times: usize,
    act: u64,
    /// What was typed, with the keys that erase.
    typed: Zeroizing<String>,
}

impl Inserting {
    /// What was typed before a motion is not typed again.
    pub(super) fn forget(&mut self) {
        self.typed = Zeroizing::default();
        self.times = 1;
    }
}

impl Vim {
    /// Goes to where typing begins.
    pub(super) fn begin_insert(
        &mut self,
        hands: &mut Hands<'_>,
        entry: Entry,
        times: usize,
    ) -> Reply {
        let editor = &mut *hands.editor;
        let line = line_at(&editor.rope, editor.caret);
        let place = match entry {
            Entry::Above => line.start,
            Entry::Behind => boundary::after(&editor.rope, editor.caret).min(line.end),
            Entry::Below | Entry::LineEnd => line.end,
            Entry::Here => editor.caret,
            Entry::LineLetter => first_letter(&editor.rope, line),
        };
        editor.go(place.max(line.start), false);
        let mut splice = None;
        if matches!(entry, Entry::Above | Entry::Below) {
            splice = editor.edit(editor.caret, 0, "\n", Kind::Single, hands.time);
        }
        if entry == Entry::Above {
            editor.go(line.start, false);
        }
        editor.follow_caret();
        self.typing_begins(hands.act, Change::Insert(entry), times);
        Reply::edited(splice)
    }

    pub(super) fn typing_begins(&mut self, act: u64, change: Change, times: usize) {
        self.mode = Mode::Insert;
        self.goal = None;
        let typed = Zeroizing::default();
        self.inserting = Some(Inserting { change, count: None, times, act, typed });
    }

    pub(super) const fn is_inserting(&self) -> bool {
        self.inserting.is_some()
    }

    /// Keeps the count with which typing began, for `.`.
    pub(super) const fn count_typing(&mut self, count: Option<usize>) {
        if let Some(inserting) = &mut self.inserting {
            inserting.count = count;
        }
    }

    /// Takes over what `.` types again.
    pub(super) fn keep_typed(&mut self, typed: &str) {
        if let Some(inserting) = &mut self.inserting {
            inserting.typed = Zeroizing::new(typed.to_owned());
        }
    }

    pub(super) fn insert_input(&mut self, hands: &mut Hands<'_>, input: &Input) -> Answer {
        if let Input::Key(key) = input
            && is_escape(*key)
        {
            return Answer { reply: self.end_insert(hands), wish: None };
        }
        let act = self.inserting.as_ref().map_or(hands.act, |inserting| inserting.act);
        hands.editor.set_act(Some(act));
        match input {
            Input::Key(key) if *key == Key::ctrl('r') => {
                let text = hands.register.text().to_owned();
                self.typed_here(&text);
                Answer { reply: inserted(hands.editor, &text), wish: None }
            }
            // Undo of half a word is not what somebody wants who undoes by acts.
            Input::Key(key) if *key == Key::ctrl('z') || *key == Key::ctrl('y') => {
                let reply = self.end_insert(hands);
                let undo = *key == Key::ctrl('z');
                Answer { reply, wish: Some(super::Wish::Travel { undo, count: 1 }) }
            }
            Input::Key(key) => {
                self.note_key(*key);
                Answer { reply: hands.editor.input(input, hands.time), wish: None }
            }
            Input::Paste(text) | Input::Burst(text) => {
                self.typed_here(&clean(text));
                Answer { reply: hands.editor.input(input, hands.time), wish: None }
            }
            Input::Focus(_) | Input::Resize { .. } => Answer::default(),
        }
    }

    /// Ends typing; with a count it is typed so many times.
    pub(super) fn end_insert(&mut self, hands: &mut Hands<'_>) -> Reply {
        self.mode = Mode::Normal;
        let Some(inserting) = self.inserting.take() else { return taken().reply };
        let editor = &mut *hands.editor;
        editor.set_act(Some(inserting.act));
        editor.anchor = None;
        let mut reply = Reply::taken();
        if inserting.times > 1 && !inserting.typed.is_empty() {
            join(&mut reply, type_again(editor, &inserting, hands.time));
        }
        let line = line_at(&editor.rope, editor.caret);
        let place = boundary::before(&editor.rope, editor.caret).max(line.start);
        editor.go(place, false);
        editor.set_act(None);
        let Inserting { change, count, typed, .. } = inserting;
        self.repeat = Some(Repeat { change, count, typed });
        reply
    }

    fn typed_here(&mut self, text: &str) {
        if let Some(inserting) = &mut self.inserting {
            inserting.typed.push_str(text);
        }
    }

    fn note_key(&mut self, key: Key) {
        let Some(inserting) = &mut self.inserting else { return };
        let letter = match (key.code, key.ctrl) {
            (KeyCode::Char('u'), true) => ERASE_ROW,
            (KeyCode::Char('w'), true) | (KeyCode::Backspace, true) => ERASE_WORD,
            (KeyCode::Char(letter), false) => letter,
            (KeyCode::Enter, false) => '\n',
            (KeyCode::Backspace, false) => BACKSPACE,
            (KeyCode::Delete, false) => DELETE,
            _ => return inserting.forget(),
        };
        inserting.typed.push(letter);
    }
}

/// Types for the second time and on, at once where nothing is erased.
fn type_again(editor: &mut Editor, inserting: &Inserting, time: Timestamp) -> Reply {
    let line = match inserting.change {
        Change::Insert(Entry::Above | Entry::Below) => "\n",
        _ => "",
    };
    let round = Zeroizing::new(format!("{line}{}", inserting.typed.as_str()));
    let rounds = inserting.times - 1;
    if round.chars().any(erases) {
        let mut reply = Reply::taken();
        for _ in 0..rounds.min(ERASING_ROUNDS) {
            join(&mut reply, replay(editor, &round, time));
        }
        return reply;
    }
    let bytes = round.len().saturating_mul(rounds).saturating_add(editor.rope.len_bytes());
    if bytes > PART_LIMIT {
        return Reply::refusal(Refusal::TooLong { bytes });
    }
    inserted(editor, &round.repeat(rounds))
}

const fn erases(letter: char) -> bool {
    matches!(letter, BACKSPACE | ERASE_ROW | ERASE_WORD | DELETE)
}

/// Types what was typed before, with the keys that erase.
pub(super) fn replay(editor: &mut Editor, typed: &str, time: Timestamp) -> Reply {
    let mut reply = Reply::taken();
    for piece in typed.split_inclusive(erases) {
        let text = piece.trim_end_matches(erases);
        if !text.is_empty() {
            join(&mut reply, inserted(editor, text));
        }
        let key = match piece.chars().next_back() {
            Some(BACKSPACE) => Key::plain(KeyCode::Backspace),
            Some(ERASE_ROW) => Key::ctrl('u'),
            Some(ERASE_WORD) => Key::ctrl('w'),
            Some(DELETE) => Key::plain(KeyCode::Delete),
            _ => continue,
        };
        join(&mut reply, editor.input(&Input::Key(key), time));
    }
    reply
}

fn inserted(editor: &mut Editor, text: &str) -> Reply {
    match editor.insert(text) {
        Ok(splice) => Reply::edited(splice),
        Err(refusal) => Reply::refusal(refusal),
    }
}
