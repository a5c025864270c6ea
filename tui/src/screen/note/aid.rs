//! What helps to write: the plan of the last session and the aims of the treatment plan, in a pane below
//! the text. F7 goes there, a digit puts a line into the note, and whoever types goes on typing.

use super::{Look, Outcome, State, line, rule};
use crate::input::{Input, Key, KeyCode};
use crate::keymap::NO_LAST;
use crate::message::Now;
use crate::screen::parts::when;
use crate::text;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use tacenda_shared::practice::plan::PlanKind;

/// Lines that a digit stands for.
const CHIPS_MAX: usize = 9;
/// Of these so many come from the last session.
const LAST_MAX: usize = 4;

/// Whether the pane is there, and who has the keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Pane {
    #[default]
    Hidden,
    /// It is read, and letters type.
    Shown,
    /// A digit puts a line into the note.
    Picking,
}

/// A line that can be put into a note.
struct Chip {
    /// Where it comes from, and what it says.
    shown: String,
    /// What is put in.
    text: String,
}

impl State {
    /// The lines that can be put in, in the order of their digits.
    fn chips(&self) -> Vec<Chip> {
        let Some(aid) = &self.aid else { return Vec::new() };
        let last = aid.last.as_ref().map(|(.., text)| text.as_str()).unwrap_or_default();
        let lines = last.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines = lines
            .take(LAST_MAX)
            .map(|line| Chip { shown: format!("Last plan: {line}"), text: line.to_owned() });
        let aims = aid.of_plan.aims.iter().map(|(kind, words)| {
            let name = if *kind == PlanKind::Goal { "Goal" } else { "Objective" };
            let text = format!("{name}: {}", words.trim());
            Chip { shown: text.clone(), text }
        });
        lines.chain(aims).take(CHIPS_MAX).collect()
    }

    /// Rows that the pane takes of the text.
    pub(super) fn pane_rows(&self) -> u16 {
        if self.pane == Pane::Hidden || self.review.is_some() {
            return 0;
        }
        let lines = u16::try_from(self.chips().len().max(1)).unwrap_or(1);
        (lines + 1).min(self.rows / 2)
    }

    /// Shows the pane and gives it the digits; a second time puts it away.
    pub(super) fn toggle_pane(&mut self) -> Outcome {
        if self.is_one_text {
            return self.said(text::capital(&format!("{NO_LAST}.")));
        }
        self.pane = match self.pane {
            Pane::Hidden | Pane::Shown if !self.chips().is_empty() => Pane::Picking,
            Pane::Hidden => Pane::Shown,
            Pane::Shown | Pane::Picking => Pane::Hidden,
        };
        self.arrange();
        self.taken()
    }

    /// Takes an input while the pane has the digits; `None` gives it to the text.
    pub(super) fn pick(&mut self, input: &Input, now: &Now) -> Option<Outcome> {
        if self.pane != Pane::Picking {
            return None;
        }
        let Input::Key(key @ Key { code, .. }) = input else {
            self.pane = Pane::Shown;
            return None;
        };
        match code {
            KeyCode::F(7) => None,
            KeyCode::Esc => {
                self.pane = Pane::Shown;
                Some(self.taken())
            }
            KeyCode::Char(digit @ '1'..='9') if !key.ctrl => {
                let number = digit.to_digit(10).and_then(|number| usize::try_from(number).ok());
                let at = number.unwrap_or(1).saturating_sub(1);
                let Some(chip) = self.chips().into_iter().nth(at) else {
                    return Some(self.said(format!("There is no line {digit}.")));
                };
                self.pane = Pane::Shown;
                Some(self.put_in(&chip, now))
            }
            _ => {
                self.pane = Pane::Shown;
                None
            }
        }
    }

    /// Puts a line where the caret is, on a line of its own.
    fn put_in(&mut self, chip: &Chip, now: &Now) -> Outcome {
        let Some(editor) = self.editors.get_mut(self.focus) else { return self.taken() };
        let caret = editor.caret();
        let before = caret.checked_sub(1).and_then(|at| editor.rope().get_char(at));
        let new_line = if before.is_none_or(|letter| letter == '\n') { "" } else { "\n" };
        let behind = editor.rope().get_char(caret);
        let line_end = if behind == Some('\n') { "" } else { "\n" };
        let title = editor.part().title();
        let splice = editor.insert(&format!("{new_line}{}{line_end}", chip.text));
        let mut effects = Vec::new();
        match splice {
            Ok(Some(splice)) => self.send(vec![splice], now, &mut effects),
            Ok(None) => {}
            Err(_) => {
                return self.said("Nothing was put in: a part holds at most 1 MiB.".to_owned());
            }
        }
        self.arrange();
        let say = Some(format!("Put into {title}."));
        Outcome { say, taken: true, ..self.outcome(effects) }
    }

    /// Draws the pane over the last rows; returns where the cursor stands while it has the digits.
    pub(super) fn draw_pane(
        &self,
        area: Rect,
        buffer: &mut Buffer,
        look: Look,
    ) -> Option<Position> {
        let rows = self.pane_rows().min(area.height);
        if rows == 0 {
            return None;
        }
        let area = Rect { y: area.y + area.height - rows, height: rows, ..area };
        let blank = " ".repeat(usize::from(area.width));
        for row in 0..rows {
            line(buffer, area, row, &blank, Style::new(), look);
        }
        let date = self.aid.as_ref().and_then(|aid| aid.last.as_ref());
        let zone = self.circumstances.zone.as_str();
        let date = date.map(|(_, _, time, _)| when::short(when::local(*time, zone).date()));
        let from = date.map(|date| format!(", signed {date}")).unwrap_or_default();
        let picking = self.pane == Pane::Picking;
        let keys = if picking { "a digit puts it in, F7 hides" } else { "F7, then a digit" };
        rule(buffer, area, 0, &format!("Last session{from}, and aims: {keys}"), look);
        let chips = self.chips();
        if chips.is_empty() {
            let words = "No plan of a session is signed yet, and the treatment plan has no aims.";
            line(buffer, area, 1, words, Style::new(), look);
        }
        let style = if picking { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
        for (row, (number, chip)) in (1..rows).zip(chips.iter().enumerate()) {
            line(buffer, area, row, &format!("{}  {}", number + 1, chip.shown), style, look);
        }
        picking.then_some(Position { x: area.x, y: area.y + 1 })
    }
}
