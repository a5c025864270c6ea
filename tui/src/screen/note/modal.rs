//! The vim-like preset in a note: hands keys to [`Vim`], and does what only the screen can do.
//! In the default preset there is none of this.

use super::{Mode, Outcome, State, Vim};
use crate::device::settings::Preset;
use crate::input::{Input, Key, KeyCode};
use crate::keymap;
use crate::keymap::Context;
use crate::message::Now;
use crate::widget::editor::Register;
use crate::widget::editor::vim::{Hands, Wish};
use crate::widget::field::Field;
use tacenda_shared::practice::edit::Splice;

impl State {
    /// Takes over which keys are used.
    pub fn use_keys(&mut self, preset: Preset) {
        let wanted = preset == Preset::Vim;
        if wanted == self.vim.is_some() {
            return;
        }
        self.leave_part();
        self.vim = wanted.then(Vim::default);
        self.settle();
    }

    /// Lends what was cut or copied elsewhere, or takes it back: call it before and after an input.
    pub fn lend(&mut self, register: &mut Register) {
        std::mem::swap(&mut self.register, register);
    }

    /// Returns what the status row says of the mode, if there are any.
    pub fn mode_words(&self) -> Option<String> {
        let shown = self.review.is_none() && self.finding.is_none() && self.asking.is_none();
        self.vim.as_ref().filter(|_| shown).map(Vim::words)
    }

    /// Whether Esc does something else here than to leave.
    pub const fn has_modes(&self) -> bool {
        self.vim.is_some()
    }

    /// Returns whether a key may be part of a command that is not complete, or moves a selection.
    pub(super) fn is_commanded(&self) -> bool {
        let free = |vim: &Vim| vim.is_idle() || vim.mode() == Mode::Insert;
        self.vim.as_ref().is_some_and(|vim| !free(vim))
    }

    /// Brings the caret to where the mode may have it.
    pub(super) fn settle(&mut self) {
        // While something is looked for, what is found is selected in every mode.
        if self.finding.is_some() {
            return;
        }
        if let Some((vim, editor)) = self.vim.as_ref().zip(self.editors.get_mut(self.focus)) {
            vim.settle(editor);
        }
    }

    /// Ends what is going on in the part that is about to lose the focus.
    pub(super) fn leave_part(&mut self) {
        if let Some((vim, editor)) = self.vim.as_mut().zip(self.editors.get_mut(self.focus)) {
            vim.leave_part(editor);
        }
    }

    /// Puts the caret where an undo has changed something, as vim does.
    pub(super) fn go_to_change(&mut self, splices: &[Splice]) {
        let Some((vim, editor)) = self.vim.as_ref().zip(self.editors.get_mut(self.focus)) else {
            return;
        };
        let of_part = splices.iter().filter(|splice| splice.part == editor.part());
        if let Some(first) = of_part.map(|splice| splice.position).min() {
            editor.place_caret(first);
        }
        vim.settle(editor);
    }

    pub(super) fn next_act(&mut self) -> u64 {
        self.acts += 1;
        self.acts
    }

    pub(super) fn vim_input(&mut self, input: &Input, now: &Now) -> Outcome {
        let act = self.next_act();
        let Some((vim, editor)) = self.vim.as_mut().zip(self.editors.get_mut(self.focus)) else {
            return Outcome::default();
        };
        let mut hands = Hands { editor, register: &mut self.register, time: now.time, act };
        let answer = vim.input(&mut hands, input);
        let done = self.replied(answer.reply, now);
        let Some(wish) = answer.wish else { return done };
        let further = self.grant(wish, now);
        let effects = done.effects.into_iter().chain(further.effects).collect();
        Outcome { effects, say: further.say.or(done.say), ..further }
    }

    fn grant(&mut self, wish: Wish, now: &Now) -> Outcome {
        match wish {
            Wish::Ask => {
                self.asking = Some(Field::default());
                self.arrange();
            }
            Wish::Find => self.begin_finding(),
            Wish::FindAgain { up } => return self.find_again(up),
            Wish::Leave => return self.left(),
            Wish::Say(words) => return self.said(words.to_owned()),
            Wish::Travel { undo, count } => return self.travel(undo, count, now),
        }
        self.taken()
    }

    pub(super) fn ask_input(&mut self, input: &Input) -> Outcome {
        let Some(field) = &mut self.asking else { return Outcome::default() };
        match input {
            Input::Key(Key { code: KeyCode::Enter, .. }) => {
                let asked = field.text().trim().to_owned();
                self.asking = None;
                self.arrange();
                return self.obey(&asked);
            }
            Input::Key(Key { code: KeyCode::Backspace, .. }) if field.is_empty() => {
                self.asking = None;
            }
            Input::Key(Key { code: KeyCode::Esc, .. }) => self.asking = None,
            _ => {
                field.input(input);
            }
        }
        self.arrange();
        self.taken()
    }

    /// Does what was typed behind `:`.
    fn obey(&mut self, asked: &str) -> Outcome {
        match asked {
            "" => self.taken(),
            "w" | "write" => {
                let effects = self.flush();
                let say = "All of it is saved, as always within a second. :q leaves.".to_owned();
                Outcome { say: Some(say), taken: true, ..self.outcome(effects) }
            }
            "q" | "quit" | "wq" | "x" | "xit" => self.left(),
            "q!" | "quit!" => self.said(
                "Nothing is thrown away here: :q leaves and keeps the draft, u undoes.".to_owned(),
            ),
            _ if asked.bytes().all(|byte| byte.is_ascii_digit()) => {
                let line = asked.parse::<usize>().unwrap_or(usize::MAX);
                if let Some(editor) = self.editors.get_mut(self.focus) {
                    editor.go_to_line(line);
                }
                self.settle();
                self.taken()
            }
            _ => self.other_command(asked),
        }
    }

    /// A command of the palette, where it can be run from a note.
    fn other_command(&self, asked: &str) -> Outcome {
        let here = [Context::Note, Context::Everywhere];
        let named = |row: &&keymap::Row| {
            !row.command.is_empty()
                && row.command == asked
                && (row.contexts.is_empty() || row.holds_in(&here))
        };
        let verb = keymap::rows().find(named).map(|row| row.verb);
        match verb {
            Some(_) => Outcome { run: verb, ..self.taken() },
            None => self.said(
                "No such command in a note: :w :q :wq :x, or Ctrl+K for all others.".to_owned(),
            ),
        }
    }
}
