//! One question that is answered with one line of text: a reason, a date. Also how a notice is
//! shown.

use super::parts::field::Field;
use super::parts::{paint, when};
use super::{Act, Ask, Place, Scene};
use crate::keymap::Verb;
use crate::notice::Notice;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::AppointmentId;
use tacenda_shared::practice::edit::{Edit, Status};

/// The question and what has been typed.
#[derive(Debug)]
pub struct State {
    question: Question,
    field: Field,
}

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Question {
    /// Why an appointment is cancelled; the words say whose and when.
    Reason(AppointmentId, Status, String),
    /// Which date to go to.
    Date,
}

impl State {
    /// Asks.
    pub fn new(question: Question) -> Self {
        Self { question, field: Field::default() }
    }

    fn confirm(&self, scene: &Scene<'_>) -> Vec<Ask> {
        match &self.question {
            Question::Date => match when::read_date(self.field.text(), scene.today()) {
                Some(date) => vec![Ask::Leave, Ask::Go(Place::Date(date))],
                None => vec![Ask::Say("That is not a date yet.".to_owned())],
            },
            Question::Reason(appointment, status, words) => {
                let reason = self.field.trimmed();
                let reason = (!reason.is_empty()).then(|| reason.to_owned());
                let edit = Edit::SetStatus { appointment: *appointment, status: *status, reason };
                vec![Ask::Leave, Ask::Edit(edit, format!("{words}: {}", status.word()))]
            }
        }
    }
}

/// Types, or answers.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.field.update(input);
            Vec::new()
        }
        Act::Verb(Verb::Confirm) => state.confirm(scene),
        Act::Verb(_) => Vec::new(),
    }
}

/// Draws the question.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let (title, words) = match &state.question {
        Question::Date => {
            let words = match when::read_date(state.field.text(), scene.today()) {
                Some(date) => format!("= {}", when::long(date)),
                None if state.field.trimmed().is_empty() => {
                    "for example 22 nov, thu, +7, 2026-12-01".to_owned()
                }
                None => "not a date that exists".to_owned(),
            };
            ("Go to date", words)
        }
        Question::Reason(_, status, whose) => {
            let words = format!("{whose} will be: {}. A reason may be left out.", status.word());
            ("Cancel: why?", words)
        }
    };
    let inside = paint::popup(frame, scene.look, (66, 7), (title, "Enter go on  Esc back"));
    let area = paint::lines(inside, 1, 1);
    paint::paragraph(frame, inside, 3, &words, Style::new());
    state.field.view(frame, scene.look, area, true);
}

/// Draws a notice.
pub fn view_notice(notice: &Notice, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let inside = paint::popup(frame, scene.look, (66, 11), ("Please read", "Enter or Esc close"));
    let line = paint::notice(frame, scene.look, inside, 1, notice);
    frame.set_cursor_position((inside.x, inside.y + line.min(inside.height.saturating_sub(1))));
}
