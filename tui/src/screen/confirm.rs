//! The passphrase once more, over whatever asks for it: a signature some time after it was typed last, or
//! psychotherapy notes. What it was asked for waits in here, and nothing is lost if it is not given.

use super::parts::paint;
use super::{Act, Ask, Scene};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::Order;
use crate::notice::Notice;
use crate::widget::field::PassphraseField;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Edit;

/// What waits for the passphrase.
#[derive(Debug)]
pub enum Held {
    /// Psychotherapy notes about a client; new ones are about this day.
    Apart(ClientId, Date),
    /// A signature.
    Sign {
        /// The ticket of the edit.
        ticket: u64,
        /// What signs.
        edit: Edit,
    },
}

/// Where it stands.
#[derive(Debug)]
pub struct State {
    held: Held,
    field: PassphraseField,
    /// It was typed, and is being tried.
    checking: bool,
    refusal: Option<Notice>,
}

impl State {
    /// Asks.
    pub fn new(held: Held) -> Self {
        Self { held, field: PassphraseField::default(), checking: false, refusal: None }
    }

    /// Whether a signature waits.
    pub const fn signs(&self) -> bool {
        matches!(self.held, Held::Sign { .. })
    }

    /// Returns the ticket of what is to be signed.
    pub const fn ticket(&self) -> Option<u64> {
        match self.held {
            Held::Sign { ticket, .. } => Some(ticket),
            Held::Apart(..) => None,
        }
    }

    /// Returns what waits.
    pub fn into_held(self) -> Held {
        self.held
    }

    /// Whether the passphrase that was typed is being tried.
    pub const fn is_checking(&self) -> bool {
        self.checking
    }

    /// It was not the passphrase: says why, and asks again.
    pub fn refuse(&mut self, notice: Notice) {
        self.checking = false;
        self.refusal = Some(notice);
    }

    fn type_in(&mut self, input: &Input) {
        if !self.checking {
            self.field.input(input);
        }
    }

    fn confirm(&mut self) -> Vec<Ask> {
        if self.checking || self.field.is_empty() {
            return Vec::new();
        }
        self.checking = true;
        self.refusal = None;
        let typed = self.field.take();
        vec![Ask::Order(match self.held {
            Held::Apart(..) => Order::StepUp(typed),
            Held::Sign { .. } => Order::Confirm(typed),
        })]
    }
}

/// Types, or goes on.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Type(input) => state.type_in(input),
        Act::Verb(Verb::Confirm) => return state.confirm(),
        Act::Verb(_) => {}
    }
    Vec::new()
}

const APART: &str = "Psychotherapy notes are kept apart from the record, behind your passphrase. They stay \
                     open for five minutes after the last key there, or until you close them (c).";
const SIGN: &str = "Some time has passed since your passphrase was typed. Type it once more to sign. \
                     Esc goes back: nothing is signed then, and nothing is lost.";

/// Draws the question.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let (title, keys, words) = match state.held {
        Held::Apart(..) => ("Psychotherapy notes", "Enter open  Esc back", APART),
        Held::Sign { .. } => ("Sign", "Enter sign  Esc back", SIGN),
    };
    let inside = paint::popup(frame, look, (64, 11), (title, keys));
    let mut line = 0;
    match &state.refusal {
        Some(notice) => line = paint::notice(frame, look, inside, line, notice) + 1,
        None => line = paint::paragraph(frame, inside, line, words, Style::new()) + 1,
    }
    if state.checking {
        paint::text(frame, inside, line, "Checking ...", look.waiting());
        frame.set_cursor_position((inside.x, inside.y + line));
        return;
    }
    paint::text(frame, inside, line, "Your passphrase:", look.title());
    let field = paint::lines(inside, line + 1, 1);
    paint::fill(frame, field, look.field());
    frame.set_cursor_position(PassphraseField::cursor(field));
}
