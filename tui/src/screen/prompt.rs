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
use tacenda_shared::id::{AppointmentId, ClientId, DeviceId};
use tacenda_shared::practice::edit::{Edit, Status};
use tacenda_shared::practice::schedule::waiting::{Waiting, Wish};
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
    /// What a client waits for, and since when if they do already.
    Wait(ClientId, Option<Waiting>),
}

impl State {
    /// Asks.
    pub fn new(question: Question) -> Self {
        let field = match &question {
            Question::Name(_, name) => Field::suggestion(name),
            Question::Date | Question::Invite | Question::Reason(..) | Question::Wait(..) => {
                Field::default()
            }
        };
        Self { question, field }
    }

    /// Asks, with an answer that is there already.
    pub fn answered(question: Question, answer: String) -> Self {
        Self { question, field: Field::new(answer) }
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
            Question::Wait(client, known) => {
                let wish = Wish::parse(self.field.text(), &scene.index.clinicians);
                let Ok(wish) = wish else {
                    return vec![Ask::Say("That is no time or way yet.".to_owned())];
                };
                let since = known.as_ref().map_or(scene.now.time, |known| known.since);
                let waiting = Some(Waiting { since, wish });
                let says = format!("{} is on the waiting list", scene.code(*client));
                vec![Ask::Leave, Ask::Edit(Edit::Wait { client: *client, waiting }, says)]
            }
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
        Question::Wait(..) => {
            let words = match Wish::parse(state.field.text(), &scene.index.clinicians) {
                Ok(_) if state.field.trimmed().is_empty() => {
                    "for example Mon-Wed 9-12, Fri, video; empty: any time".to_owned()
                }
                Ok(wish) => format!("= {}", wish.words(&scene.index.clinicians)),
                Err(fault) => format!("not yet: {fault}"),
            };
            ("Waiting list: when could they come?", words)
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
