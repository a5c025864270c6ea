//! Letting a report out: for whom, what for, into which file, and the passphrase, since it leaves the
//! vault.

use super::parts::field::Field;
use super::parts::paint;
use super::report::consent_words;
use super::{Act, Ask, Scene};
use crate::input::Input;
use crate::keymap::Verb;
use crate::message::{Order, ReportOrder};
use crate::notice::Notice;
use crate::report::Chosen;
use crate::widget::field::PassphraseField;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;

/// Where it stands.
#[derive(Debug)]
pub struct State {
    client: ClientId,
    period: (Date, Date),
    chosen: Chosen,
    /// For whom, what for, and the file.
    fields: [Field; 3],
    at: usize,
    passphrase: Option<PassphraseField>,
    working: bool,
    refusal: Option<Notice>,
}

const QUESTIONS: [&str; 3] = [
    "For whom, as it is to stand in the report:",
    "What for:",
    "The new file, for example ~/report.html (or .txt):",
];

impl State {
    /// Asks for all of it.
    pub fn new(client: ClientId, period: (Date, Date), chosen: Chosen) -> Self {
        Self {
            client,
            period,
            chosen,
            fields: Default::default(),
            at: 0,
            passphrase: None,
            working: false,
            refusal: None,
        }
    }

    /// It was not saved: says why, and asks for the file again.
    pub fn refuse(&mut self, notice: Notice) {
        (self.at, self.passphrase, self.working) = (2, None, false);
        self.refusal = Some(notice);
    }

    /// Returns whose report it is.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    fn type_in(&mut self, input: &Input) {
        if self.working {
            return;
        }
        match (&mut self.passphrase, self.fields.get_mut(self.at)) {
            (Some(field), _) => drop(field.input(input)),
            (None, Some(field)) => drop(field.update(input)),
            (None, None) => {}
        }
    }

    fn confirm(&mut self) -> Vec<Ask> {
        if self.working {
            return vec![Ask::Leave];
        }
        if let Some(field) = &mut self.passphrase {
            if field.is_empty() {
                return Vec::new();
            }
            let passphrase = field.take();
            self.working = true;
            let [recipient, purpose, file] = &self.fields;
            return vec![Ask::Order(Order::SaveReport(Box::new(ReportOrder {
                client: self.client,
                period: self.period,
                chosen: self.chosen.clone(),
                recipient: recipient.trimmed().to_owned(),
                purpose: purpose.trimmed().to_owned(),
                file: file.trimmed().to_owned(),
                passphrase,
            })))];
        }
        if self.fields.get(self.at).is_some_and(|field| field.trimmed().is_empty()) {
            return vec![Ask::Say("Type an answer first.".to_owned())];
        }
        self.at += 1;
        if self.at == self.fields.len() {
            self.passphrase = Some(PassphraseField::default());
            self.refusal = None;
        }
        Vec::new()
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
    let inside =
        paint::popup(frame, look, (74, 20), ("Save the report", "Enter go on  Esc leave it"));
    let mut line = 0;
    if let Some(notice) = &state.refusal {
        line = paint::notice(frame, look, inside, line, notice) + 1;
    } else {
        let words = "It leaves the practice: outside, nothing seals it. That it left, about whom and \
                     when is recorded, and the hash of the file.";
        line = paint::paragraph(frame, inside, line, words, Style::new());
        if let Some(words) = consent_words(scene.index, state.client, scene.today()) {
            line = paint::paragraph(frame, inside, line, &words, look.alarm());
        }
        line += 1;
    }
    for (at, (question, field)) in QUESTIONS.iter().zip(&state.fields).enumerate() {
        if at > state.at {
            break;
        }
        paint::text(frame, inside, line, question, look.title());
        let area = paint::lines(inside, line + 1, 1);
        let with_caret = at == state.at && state.passphrase.is_none() && !state.working;
        field.view(frame, look, area, with_caret);
        line += 2;
    }
    if state.working {
        paint::text(frame, inside, line, "Writing ...", look.waiting());
        frame.set_cursor_position((inside.x, inside.y + line));
    } else if state.passphrase.is_some() {
        paint::text(frame, inside, line, "Your passphrase:", look.title());
        let field = paint::lines(inside, line + 1, 1);
        paint::fill(frame, field, look.field());
        frame.set_cursor_position(PassphraseField::cursor(field));
    }
}
