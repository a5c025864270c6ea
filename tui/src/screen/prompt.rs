//! One question that is answered with one line of text: a reason, a date. Also how a notice is
//! shown.

use super::parts::field::Field;
use super::parts::{paint, when};
use super::{Act, Ask, Place, Scene};
use crate::keymap::Verb;
use crate::message::{Order, Secret};
use crate::notice::Notice;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, DeviceId};
use tacenda_shared::practice::edit::{Edit, Status};
use zeroize::Zeroizing;

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
    /// The invite of a server.
    Invite,
    /// Another name for a device, which has this one now.
    Name(DeviceId, String),
}

impl State {
    /// Asks.
    pub fn new(question: Question) -> Self {
        let field = match &question {
            Question::Name(_, name) => Field::suggestion(name),
            Question::Date | Question::Invite | Question::Reason(..) => Field::default(),
        };
        Self { question, field }
    }

    fn confirm(&self, scene: &Scene<'_>) -> Vec<Ask> {
        match &self.question {
            Question::Date => match when::read_date(self.field.text(), scene.today()) {
                Some(date) => vec![Ask::Leave, Ask::Go(Place::Date(date))],
                None => vec![Ask::Say("That is not a date yet.".to_owned())],
            },
            Question::Invite => match self.field.trimmed() {
                "" => vec![Ask::Say("Paste the invite first.".to_owned())],
                invite => {
                    let invite = Secret(Zeroizing::new(invite.to_owned()));
                    let words = "Asking the server ...".to_owned();
                    vec![Ask::Leave, Ask::Say(words), Ask::Order(Order::Connect(invite))]
                }
            },
            Question::Name(device, old) => match self.field.trimmed() {
                name if name == old => vec![Ask::Leave],
                name => {
                    let says = match name {
                        "" => format!("took back the name {old}"),
                        _ => format!("renamed {old} to {name}"),
                    };
                    let edit = Edit::RenameDevice { device: *device, name: name.to_owned() };
                    vec![Ask::Leave, Ask::Edit(edit, says)]
                }
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
        Question::Invite => {
            let words = "The line that begins with tacenda1, as `tacenda-server invite` prints \
                         it. The server never learns what it keeps for you.";
            ("Connect to a server: paste its invite", words.to_owned())
        }
        Question::Name(..) => {
            let words =
                "Only your own devices can read it. Empty: the name that it was added with.";
            ("What is this device called?", words.to_owned())
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
