//! Saving a file from a chart: where to, and the passphrase, since it leaves the vault.

use super::parts::field::Field;
use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::Order;
use crate::notice::Notice;
use crate::widget::field::PassphraseField;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, RecordId};

/// Where it stands.
#[derive(Debug)]
pub struct State {
    client: ClientId,
    what: What,
    file: Field,
    step: Step,
    refusal: Option<Notice>,
}

/// What is saved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// A file of the chart.
    Attachment(RecordId),
    /// A version of the safety plan as a text for the client, with these numbers in it.
    SafetyPlan(RecordId, Vec<String>),
}

#[derive(Debug)]
enum Step {
    /// The name of the new file is being typed. Nothing is suggested: what is in a chart names no file.
    File,
    /// The passphrase is being typed.
    Passphrase(PassphraseField),
    /// It is being written.
    Working,
}

impl State {
    /// Asks where to.
    pub fn new(client: ClientId, what: What) -> Self {
        Self { client, what, file: Field::default(), step: Step::File, refusal: None }
    }

    /// It was not saved: says why, and asks again from the start.
    pub fn refuse(&mut self, notice: Notice) {
        self.step = Step::File;
        self.refusal = Some(notice);
    }

    fn type_in(&mut self, input: &Input) {
        match &mut self.step {
            Step::File => {
                self.file.update(input);
            }
            Step::Passphrase(field) => {
                field.input(input);
            }
            Step::Working => {}
        }
    }

    fn confirm(&mut self) -> Vec<Ask> {
        match &mut self.step {
            Step::File if self.file.trimmed().is_empty() => {
                vec![Ask::Say("Type the name of a new file first.".to_owned())]
            }
            Step::File => {
                self.step = Step::Passphrase(PassphraseField::default());
                self.refusal = None;
                Vec::new()
            }
            Step::Passphrase(field) if field.is_empty() => Vec::new(),
            Step::Passphrase(field) => {
                let passphrase = field.take();
                self.step = Step::Working;
                let (client, file) = (self.client, self.file.trimmed().to_owned());
                vec![Ask::Order(match self.what.clone() {
                    What::Attachment(record) => {
                        Order::SaveAttachment { client, record, file, passphrase }
                    }
                    What::SafetyPlan(record, numbers) => {
                        Order::SaveSafetyPlan { client, record, numbers, file, passphrase }
                    }
                })]
            }
            Step::Working => vec![Ask::Leave],
        }
    }
}

/// Types, or goes on.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.type_in(input);
            Vec::new()
        }
        Act::Verb(Verb::Confirm) => state.confirm(),
        Act::Verb(_) => Vec::new(),
    }
}

/// Draws the questions.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let (title, example) = match state.what {
        What::Attachment(_) => ("Save a file", "The new file, for example ~/referral.pdf:"),
        What::SafetyPlan(..) => {
            ("Save the safety plan for the client", "The new file, for example ~/plan.txt:")
        }
    };
    let inside = paint::popup(frame, look, (72, 14), (title, "Enter go on  Esc leave it"));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    } else {
        let words = "It leaves the practice: outside, nothing seals it, and nobody is told when it \
                     is opened. That you saved it is recorded.";
        line = paint::paragraph(frame, inside, line, words, Style::new()) + 1;
    }
    paint::text(frame, inside, line, example, look.title());
    let field = paint::lines(inside, line + 1, 1);
    state.file.view(frame, look, field, matches!(state.step, Step::File));
    match &state.step {
        Step::File => {}
        Step::Passphrase(_) => {
            paint::text(frame, inside, line + 3, "Your passphrase:", look.title());
            let field = paint::lines(inside, line + 4, 1);
            paint::fill(frame, field, look.field());
            frame.set_cursor_position(PassphraseField::cursor(field));
        }
        Step::Working => {
            paint::text(frame, inside, line + 3, "Writing ...", look.waiting());
            frame.set_cursor_position((inside.x, inside.y + line + 3));
        }
    }
}
