//! A score alone, of an instrument whose form is not here.

use crate::keymap::Verb;
use crate::screen::parts::field::Field;
use crate::screen::parts::paint;
use crate::screen::{Act, Scene};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::practice::measure::NewScore;

const LABELS: [&str; 4] = ["Instrument", "Score", "Range", "From"];

/// A score of an instrument that is not here: its name, the score, the range, where it is from.
#[derive(Debug, Default)]
pub(super) struct ScoreForm {
    pub(super) fields: [Field; 4],
    focus: usize,
    missing: &'static str,
}

impl ScoreForm {
    pub(super) fn update(&mut self, act: &Act) -> Option<NewScore> {
        match act {
            Act::Type(input) => {
                self.missing = "";
                if let Some(field) = self.fields.get_mut(self.focus) {
                    field.update(input);
                }
            }
            Act::Verb(Verb::NextField | Verb::Down) => self.focus = (self.focus + 1) % LABELS.len(),
            Act::Verb(Verb::PreviousField | Verb::Up) => {
                self.focus = (self.focus + LABELS.len() - 1) % LABELS.len();
            }
            Act::Verb(Verb::Confirm) => return self.score(),
            Act::Verb(_) => {}
        }
        None
    }

    fn score(&mut self) -> Option<NewScore> {
        let [name, total, range, source] = self.fields.each_ref().map(Field::trimmed);
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let ends =
            range.split_once('-').and_then(|(low, high)| Some((number(low)?, number(high)?)));
        let (focus, missing) = match (name, number(total), ends) {
            ("", ..) => (0, "Which instrument, and which edition?"),
            (_, None, _) => (1, "A whole number."),
            (_, _, None) => (2, "From the lowest to the highest score, as 0-63."),
            (_, Some(total), Some((low, high)))
                if !(low..=high).contains(&total) || low == high =>
            {
                (1, "The score lies outside the range.")
            }
            (_, Some(total), Some(range)) => {
                let (name, source) = (name.to_owned(), source.to_owned());
                return Some(NewScore { name, total, range, source });
            }
        };
        (self.focus, self.missing) = (focus, missing);
        None
    }

    /// Returns what was typed, in lines.
    pub(super) fn words(&self) -> String {
        let typed = LABELS.iter().zip(&self.fields);
        let typed = typed.filter(|(_, field)| !field.trimmed().is_empty());
        let lines = typed.map(|(label, field)| format!("{label}: {}", field.trimmed()));
        let head = "A score that was not finished when the practice was locked:".to_owned();
        std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn view(&self, whose: &str, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
        let look = scene.look;
        let title = format!("A score for {whose}, of an instrument that is not here");
        paint::rule(frame, look, area, 0, (&title, "Enter signs"));
        let inside = paint::inset(area, 1);
        for (at, (label, field)) in LABELS.iter().zip(&self.fields).enumerate() {
            let line = 2 + paint::count(at);
            paint::text(frame, inside, line, label, Style::new());
            let row = paint::lines(inside, line, 1);
            let row = Rect { x: row.x + 13, width: row.width.saturating_sub(13), ..row };
            field.view(frame, look, row, at == self.focus);
        }
        let help = match (self.missing, self.focus) {
            ("", 0) => "The name under which its scores stand, for example OQ-45.2.",
            ("", 1) => "The total, as it was scored on paper or elsewhere.",
            ("", 2) => "From the lowest to the highest score that there is, as 0-180.",
            ("", _) => "Where the score comes from; may stay empty. Its items are not kept here.",
            (missing, _) => missing,
        };
        paint::text(frame, inside, 7, help, Style::new());
    }
}
