//! Adding a device: a code to be typed there, three words that both screens must show, and the
//! passphrase as the yes. A no, or Esc, ends it on both sides.

use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use crate::message::{Order, Secret};
use crate::notice::Notice;
use crate::widget::field::PassphraseField;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Where it stands.
#[derive(Debug, Default)]
pub struct State {
    step: Step,
    /// The words and the name of the new device, once they are known.
    words: Option<([String; 3], String)>,
    refusal: Option<Notice>,
}

#[derive(Debug, Default)]
enum Step {
    /// The server is being asked for a place where both can meet.
    #[default]
    Beginning,
    /// The code is shown.
    Code { code: Secret, address: String },
    /// The words are shown, and the passphrase is being typed.
    Words(PassphraseField),
    /// The yes is on its way.
    Working(String),
    /// It did not come to an end.
    Refused(Notice),
}

impl State {
    /// Returns whether letters type.
    pub const fn is_typing(&self) -> bool {
        matches!(self.step, Step::Words(_))
    }

    /// Returns whether the new device still waits for a word from here.
    pub const fn is_open(&self) -> bool {
        matches!(self.step, Step::Beginning | Step::Code { .. } | Step::Words(_))
    }

    /// Shows the code.
    pub fn show_code(&mut self, code: Secret, address: String) {
        self.step = Step::Code { code, address };
    }

    /// Shows the words, and asks.
    pub fn show_words(&mut self, words: [String; 3], name: String) {
        self.words = Some((words, name));
        self.step = Step::Words(PassphraseField::default());
    }

    /// That was not the passphrase.
    pub fn ask_again(&mut self, notice: Notice) {
        self.refusal = Some(notice);
        self.step = Step::Words(PassphraseField::default());
    }

    /// Says how far it is.
    pub fn progress(&mut self, words: String) {
        if let Step::Working(now) = &mut self.step {
            *now = words;
        }
    }

    /// It was not done.
    pub fn refuse(&mut self, notice: Notice) {
        self.step = Step::Refused(notice);
    }
}

/// Types, or answers.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match (act, &mut state.step) {
        (Act::Type(input), Step::Words(passphrase)) => {
            passphrase.input(input);
            Vec::new()
        }
        (Act::Verb(Verb::Confirm), Step::Words(passphrase)) => {
            if passphrase.is_empty() {
                return vec![Ask::Say("The passphrase is the yes; Esc is the no.".to_owned())];
            }
            let typed = passphrase.take();
            state.refusal = None;
            state.step = Step::Working("Adding the device ...".to_owned());
            vec![Ask::Order(Order::Approve(typed))]
        }
        (Act::Verb(Verb::Confirm), Step::Refused(_) | Step::Working(_)) => vec![Ask::Leave],
        _ => Vec::new(),
    }
}

/// Draws it.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let footer = match &state.step {
        Step::Words(_) => "Enter yes  Esc no, add nothing",
        Step::Beginning | Step::Code { .. } => "Esc add nothing",
        Step::Working(_) => "Esc close; it goes on until you lock",
        Step::Refused(_) => "Enter or Esc close",
    };
    let inside = paint::popup(frame, look, (72, 15), ("Add a device", footer));
    frame.set_cursor_position((inside.x, inside.y));
    match &state.step {
        Step::Beginning => {
            paint::text(
                frame,
                inside,
                1,
                "Asking the server for a place to meet ...",
                Style::new(),
            );
        }
        Step::Code { code, address } => show_code(code, address, scene, frame, inside),
        Step::Words(_) => ask(state, scene, frame, inside),
        Step::Working(words) => {
            paint::paragraph(frame, inside, 1, words, look.waiting());
        }
        Step::Refused(notice) => {
            paint::notice(frame, look, inside, 1, notice);
        }
    }
}

fn show_code(code: &Secret, address: &str, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    paint::text(frame, area, 0, "On the new device, run", Style::new());
    let command = format!("    tacenda join --server {address}");
    paint::text(frame, area, 2, &command, look.title());
    paint::text(frame, area, 4, "and type this code there:", Style::new());
    paint::text(frame, area, 6, &format!("    {}", *code.0), look.title());
    let words = "Never read the code to anyone. It is good for ten minutes and one try. When the \
                 new device has taken it, this screen asks you to compare three words.";
    paint::paragraph(frame, area, 8, words, Style::new());
}

fn ask(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let Some((words, name)) = &state.words else { return };
    let asks = format!("\"{name}\" wants to join. Both screens must show these words:");
    let line = paint::paragraph(frame, area, 0, &asks, Style::new()) + 1;
    paint::text(frame, area, line, &format!("    {}", words.join("  ")), look.title());
    let (words, style) = match &state.refusal {
        None => ("If they differ, somebody else is on the line: Esc.", Style::new()),
        Some(refusal) => (refusal.happened.as_str(), look.alarm()),
    };
    let line = paint::paragraph(frame, area, line + 2, words, style) + 1;
    paint::text(frame, area, line, "They match, and this is my passphrase:", look.title());
    let field = paint::lines(area, line + 1, 1);
    paint::fill(frame, field, look.field());
    frame.set_cursor_position(PassphraseField::cursor(field));
}
