//! Shutting out a lost device: what it means in words, a yes that is typed, and the passphrase.
//! Undo cannot reverse it, so nothing here happens by one key.

use super::parts::field::Field;
use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::{Order, Plan};
use crate::notice::Notice;
use crate::widget::field::PassphraseField;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::DeviceId;

/// Where the question stands.
#[derive(Debug)]
pub struct State {
    device: DeviceId,
    name: String,
    plan: Plan,
    step: Step,
    refusal: Option<Notice>,
}

#[derive(Debug)]
enum Step {
    /// What it means; `yes` is being typed.
    Yes(Field),
    /// The passphrase is being typed.
    Passphrase(PassphraseField),
    /// It is being carried out.
    Working(String),
}

impl State {
    /// Asks whether this device is to be shut out.
    pub fn new(device: DeviceId, name: String, plan: Plan) -> Self {
        Self { device, name, plan, step: Step::Yes(Field::default()), refusal: None }
    }

    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        !matches!(self.step, Step::Working(_))
    }

    /// Says how far it is.
    pub fn progress(&mut self, words: String) {
        if let Step::Working(now) = &mut self.step {
            *now = words;
        }
    }

    /// It was not done: says why, and asks for the passphrase again.
    pub fn refuse(&mut self, notice: Notice) {
        self.step = Step::Passphrase(PassphraseField::default());
        self.refusal = Some(notice);
    }

    fn type_in(&mut self, input: &Input) {
        match &mut self.step {
            Step::Yes(field) => {
                field.update(input);
            }
            Step::Passphrase(field) => {
                field.input(input);
            }
            Step::Working(_) => {}
        }
    }

    fn confirm(&mut self) -> Vec<Ask> {
        match &mut self.step {
            Step::Yes(field) if field.trimmed().eq_ignore_ascii_case("yes") => {
                self.step = Step::Passphrase(PassphraseField::default());
                Vec::new()
            }
            Step::Yes(_) => vec![Ask::Say("Type yes, or Esc to leave it as it is.".to_owned())],
            Step::Passphrase(field) if field.is_empty() => Vec::new(),
            Step::Passphrase(field) => {
                let passphrase = field.take();
                self.refusal = None;
                self.step = Step::Working("Asking the server where the device ended.".to_owned());
                vec![Ask::Order(Order::Revoke { device: self.device, passphrase })]
            }
            // It goes on without being watched.
            Step::Working(_) => vec![Ask::Leave],
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

/// Draws the question.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let footer = match state.step {
        Step::Working(_) => "Esc close; it goes on until you lock",
        Step::Yes(_) | Step::Passphrase(_) => "Enter go on  Esc leave it",
    };
    let title = format!("Shut out {}?", state.name);
    let inside = paint::popup(frame, look, (72, 18), (&title, footer));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    } else {
        for words in meaning(state) {
            line = paint::paragraph(frame, inside, line, &words, Style::new());
        }
        line += 1;
    }
    let last = inside.height.saturating_sub(2);
    let line = line.min(last);
    let field = paint::lines(inside, line + 1, 1);
    match &state.step {
        Step::Yes(yes) => {
            paint::text(frame, inside, line, "Type yes to go on:", look.title());
            yes.view(frame, look, field, true);
        }
        Step::Passphrase(_) => {
            paint::text(frame, inside, line, "Your passphrase:", look.title());
            paint::fill(frame, field, look.field());
            frame.set_cursor_position(PassphraseField::cursor(field));
        }
        Step::Working(words) => {
            paint::paragraph(frame, inside, line, words, look.waiting());
            frame.set_cursor_position((inside.x, inside.y + line));
        }
    }
}

/// What it means, sentence by sentence.
fn meaning(state: &State) -> Vec<String> {
    let mut words = vec![
        "Nothing that is written from now on opens on it, even if the server helps whoever has \
         it."
        .to_owned(),
        "What was on it before may still be read by whoever unlocks it.".to_owned(),
        "What it wrote and had not sent is not lost: it is set aside as late edits.".to_owned(),
        "This cannot be undone. A device that turns up again is added anew.".to_owned(),
    ];
    if !state.plan.goes.is_empty() {
        let names = state.plan.goes.join(", ");
        words.push(format!("Added by it, and shut out with it: {names}."));
    }
    if !state.plan.stays.is_empty() {
        let names = state.plan.stays.join(", ");
        words.push(format!("Added by it, and staying: {names}."));
    }
    words
}
