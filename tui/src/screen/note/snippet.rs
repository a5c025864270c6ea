//! Words that stand for texts: `;word` shows what fits, Tab puts it in, Esc leaves what was typed. And
//! templates, which fill the parts of a note.

use super::{Circumstances, Look, Outcome, State, line};
use crate::input::{Input, Key, KeyCode};
use crate::message::{Effect, Now};
use crate::widget::editor::{Editor, clean};
use crate::widget::safe;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use tacenda_shared::practice::edit::{NoteFormat, Part};
use tacenda_shared::practice::phrase::{Fill, Known, WORD_BYTES_MAX};

/// Rows of the list.
const ROWS_MAX: usize = 6;
/// Columns of the list, with its border.
const COLUMNS: u16 = 56;

/// What can be put into a note, and what its places are filled with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Phrasebook {
    /// By name.
    pub snippets: Vec<Known>,
    /// What the screen shows beside the note.
    pub fill: Fill,
}

/// The list below the caret.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Popup {
    focus: usize,
    /// Where a word begins of which nothing more is to be shown.
    left: Option<usize>,
}

impl State {
    /// Takes what is known by now of the session and of the practice, and what can be put in.
    pub fn know(&mut self, circumstances: Circumstances, book: Phrasebook) {
        (self.circumstances, self.book) = (circumstances, book);
    }

    /// The word before the caret that may stand for a text: where its `;` is, and what comes after.
    fn word(&self) -> Option<(usize, String)> {
        let editor = self.editors.get(self.focus)?;
        if editor.selection().is_some() {
            return None;
        }
        let caret = editor.caret();
        let mut word = String::new();
        for at in (caret.saturating_sub(WORD_BYTES_MAX + 1)..caret).rev() {
            let letter = editor.rope().get_char(at)?;
            if letter == ';' {
                let before = at.checked_sub(1).and_then(|at| editor.rope().get_char(at));
                let begins = before.is_none_or(|letter| letter.is_whitespace() || letter == '(');
                return begins.then(|| (at, word.chars().rev().collect()));
            }
            if !(letter.is_alphanumeric() || letter == '-') {
                return None;
            }
            word.extend(letter.to_lowercase());
        }
        None
    }

    /// What fits the word before the caret.
    fn offered(&self) -> Option<(usize, String, Vec<&Known>)> {
        let (at, word) = self.word().filter(|(at, _)| self.popup.left != Some(*at))?;
        let fitting = self.book.snippets.iter().filter(|one| one.name.starts_with(&word));
        let fitting: Vec<_> = fitting.collect();
        (!fitting.is_empty()).then_some((at, word, fitting))
    }

    /// Takes an input that is for the list; `None` gives it to the text.
    pub(super) fn complete(&mut self, input: &Input, now: &Now) -> Option<Outcome> {
        let Some((at, _, fitting)) = self.offered() else {
            if self.word().is_none() {
                self.popup = Popup::default();
            }
            return None;
        };
        let Input::Key(Key { code, ctrl: false, shift: false }) = input else { return None };
        let (count, focus) = (fitting.len(), self.popup.focus.min(fitting.len() - 1));
        match code {
            KeyCode::Up => self.popup.focus = (focus + count - 1) % count,
            KeyCode::Down => self.popup.focus = (focus + 1) % count,
            KeyCode::Esc => self.popup = Popup { focus: 0, left: Some(at) },
            KeyCode::Tab => {
                let text = fitting.get(focus).map(|one| one.phrase.text()).unwrap_or_default();
                return Some(self.put_snippet(at, &text, now));
            }
            _ => {
                self.popup.focus = 0;
                return None;
            }
        }
        Some(self.taken())
    }

    fn put_snippet(&mut self, at: usize, text: &str, now: &Now) -> Outcome {
        let text = clean(&self.book.fill.fill(text));
        self.popup = Popup::default();
        let mut effects = Vec::new();
        if let Some(editor) = self.editors.get_mut(self.focus) {
            let typed = editor.caret().saturating_sub(at);
            let full = editor.rope().len_bytes() + text.len() > crate::widget::editor::PART_LIMIT;
            let splice = if full { None } else { editor.replace(at, typed, &text) };
            self.send(splice.into_iter().collect(), now, &mut effects);
            self.arrange();
        }
        Outcome { taken: true, ..self.outcome(effects) }
    }

    /// Fills the parts with a template, behind what stands there; where the note is divided in another
    /// way, as soon as it is divided like the template.
    pub fn fill(
        &mut self,
        (format, parts): (NoteFormat, Vec<(Part, String)>),
        now: &Now,
    ) -> Outcome {
        self.template = Some((format, parts));
        let mut effects = Vec::new();
        let say = self.fill_parts(now, &mut effects);
        Outcome { say, taken: true, ..self.outcome(effects) }
    }

    /// Puts in the template that waits, if the note is divided like it.
    pub(super) fn fill_parts(&mut self, now: &Now, effects: &mut Vec<Effect>) -> Option<String> {
        let (_, parts) = self.template.take_if(|(format, _)| *format == self.format)?;
        for (part, text) in parts {
            let text = clean(&self.book.fill.fill(&text));
            let fits = |editor: &&mut Editor| editor.part() == part;
            let Some(editor) = self.editors.iter_mut().find(fits) else { continue };
            if editor.rope().len_bytes() + text.len() >= crate::widget::editor::PART_LIMIT {
                continue;
            }
            let end = editor.rope().len_chars();
            let (at, gone, between) = if editor.is_blank() { (0, end, "") } else { (end, 0, "\n") };
            let splice = editor.replace(at, gone, &format!("{between}{text}"));
            self.send(splice.into_iter().collect(), now, effects);
        }
        self.arrange();
        Some(
            "The template is filled in; what stood there stays. ___ is a gap to be filled."
                .to_owned(),
        )
    }

    /// Draws the list at the caret.
    pub(super) fn draw_popup(
        &self,
        caret: Option<Position>,
        area: Rect,
        buffer: &mut Buffer,
        look: Look,
    ) {
        let (Some(caret), Some((_, word, fitting))) = (caret, self.offered()) else { return };
        let rows = fitting.len().min(ROWS_MAX);
        let height = u16::try_from(rows).unwrap_or(1) + 2;
        let width = COLUMNS.min(area.width);
        let below = caret.y + 1 + height <= area.y + area.height;
        let y = if below { caret.y + 1 } else { caret.y.saturating_sub(height).max(area.y) };
        let x = caret.x.saturating_sub(2).min(area.x + area.width - width);
        let place = Rect { x, y, width, height }.intersection(area);
        let (top_corners, corners, dash, side) = match look.ascii {
            true => (["+", "+"], ["+", "+"], "-", "|"),
            false => (["┌", "┐"], ["└", "┘"], "─", "│"),
        };
        let across = |[begin, end]: [&str; 2], left: &str, right: &str| {
            let used = safe::columns(left) + safe::columns(right) + 4;
            let rest = usize::from(width).saturating_sub(used);
            format!("{begin}{dash}{left}{}{right}{dash}{end}", dash.repeat(rest))
        };
        let count = crate::text::counted(fitting.len(), "snippet", "snippets");
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let (word, count) = (format!(" ;{word} "), format!(" {count} "));
        line(buffer, place, 0, &across(top_corners, &word, &count), bold, look);
        let focus = self.popup.focus.min(fitting.len() - 1);
        let top = focus.saturating_sub(rows - 1);
        let inner = usize::from(width).saturating_sub(4);
        for (row, (at, one)) in (1..).zip(fitting.iter().enumerate().skip(top).take(rows)) {
            let first = one.phrase.text();
            let first = first.lines().next().unwrap_or_default();
            let mark = if at == focus { '>' } else { ' ' };
            let words = format!("{mark} ;{:<12} {first}", one.name);
            let words = safe::truncated(&words, inner, look.ascii);
            let pad = " ".repeat(inner.saturating_sub(safe::columns(&words)));
            let style =
                if at == focus { bold.add_modifier(Modifier::REVERSED) } else { Style::new() };
            line(buffer, place, row, &format!("{side} {words}{pad} {side}"), style, look);
        }
        let last = across(corners, "", " Tab inserts  Up/Down  Esc ");
        line(buffer, place, height - 1, &last, bold, look);
    }
}
