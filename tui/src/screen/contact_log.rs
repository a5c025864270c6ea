//! An entry for the contact log: one letter for the way, a line of text, Enter. How the client may be
//! reached safely stands above it, before anybody calls.

use super::parts::field::Field;
use super::parts::{paint, who};
use super::{Act, Ask, Scene};
use crate::input::{Input, KeyCode};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::NewContact;
use tacenda_shared::practice::edit::{Channel, Direction, Edit};

/// The entry as it stands.
#[derive(Clone, Debug)]
pub struct State {
    client: ClientId,
    way: Option<(Channel, Direction)>,
    text: Field,
    missing: bool,
    /// What is to be sent by whoever sits here; nothing is sent by the program.
    reminder: Option<String>,
}

/// A small letter is somebody of the practice who calls, a capital the client.
const LETTERS: &str = "c call   m mail   t text   l letter   f fax";

impl State {
    /// Starts an entry.
    pub fn new(client: ClientId) -> Self {
        Self { client, way: None, text: Field::default(), missing: false, reminder: None }
    }

    /// Starts the entry of a reminder, with what it says and about what it is.
    pub fn reminding(client: ClientId, says: String, about: &str) -> Self {
        let text = Field::new(format!("Reminder for {about}"));
        Self { text, reminder: Some(says), ..Self::new(client) }
    }

    fn save(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let Some((channel, direction)) = self.way else {
            self.missing = true;
            return Vec::new();
        };
        let text = self.text.trimmed().to_owned();
        let contact = NewContact { channel, direction, at: None, text };
        let whose = who::client(scene.index, self.client, true);
        let says = format!("logged a {} with {whose}", channel.word());
        vec![Ask::Leave, Ask::Edit(Edit::LogContact { client: self.client, contact }, says)]
    }

    fn take(&mut self, input: &Input) {
        self.missing = false;
        let key = match input {
            Input::Key(key) if !key.ctrl => Some(key.code),
            _ => None,
        };
        match (self.way, key) {
            (Some(_), Some(KeyCode::Backspace)) if self.text.text().is_empty() => self.way = None,
            (Some(_), _) => drop(self.text.update(input)),
            (None, Some(KeyCode::Char(letter))) => {
                self.way = way(letter);
                self.missing = self.way.is_none();
            }
            (None, _) => self.take_at_once(input),
        }
    }

    /// Who types fast over a slow line sends the letter and the line in one piece.
    fn take_at_once(&mut self, input: &Input) {
        let (Input::Burst(typed) | Input::Paste(typed)) = input else { return };
        let mut letters = typed.chars();
        self.way = letters.next().and_then(way);
        self.missing = self.way.is_none();
        if self.way.is_some() {
            self.text.update(&Input::Burst(letters.as_str().to_owned()));
        }
    }
}

fn way(letter: char) -> Option<(Channel, Direction)> {
    let first = |channel: &Channel| channel.word().starts_with(letter.to_ascii_lowercase());
    let channel = Channel::ALL.into_iter().find(first)?;
    let direction = if letter.is_ascii_uppercase() { Direction::In } else { Direction::Out };
    Some((channel, direction))
}

/// Chooses the way, types, or saves.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => state.take(input),
        Act::Verb(Verb::Confirm) => return state.save(scene),
        Act::Verb(_) => {}
    }
    Vec::new()
}

/// Draws the entry.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let (title, rows) = match &state.reminder {
        None => ("Log a contact", 11),
        Some(_) => ("Remind: send it yourself, then log how", 15),
    };
    let inside = paint::popup(frame, look, (66, rows), (title, "Enter save  Esc back"));
    let whose = who::client(scene.index, state.client, scene.veil);
    paint::text(frame, inside, 0, &whose, look.title());
    let row = scene.index.clients.get(&state.client);
    let safe = row.map(|row| row.safe_contact.as_str()).filter(|safe| !safe.is_empty());
    let safe = safe.map_or_else(
        || "Nothing is noted about how to reach this client safely.".to_owned(),
        |safe| format!("Safe contact: {safe}"),
    );
    let style = if row.is_some_and(|row| !row.safe_contact.is_empty()) {
        look.alarm()
    } else {
        Style::new()
    };
    let mut line = paint::paragraph(frame, paint::lines(inside, 1, 3), 0, &safe, style) + 2;
    if let Some(says) = &state.reminder {
        line += paint::paragraph(frame, inside, line, says, look.title()).saturating_sub(line) + 1;
    }
    let Some((channel, direction)) = state.way else {
        paint::text(frame, inside, line, LETTERS, Style::new());
        let words = "A capital letter if it came from the client.";
        let style = if state.missing { look.alarm() } else { Style::new() };
        paint::text(frame, inside, line + 1, words, style);
        frame.set_cursor_position((inside.x, inside.y + line));
        return;
    };
    let words = match direction {
        Direction::In => format!("A {} from the client", channel.word()),
        Direction::Out if state.reminder.is_some() => format!("A {} was sent", channel.word()),
        Direction::Out => format!("A {} to the client", channel.word()),
    };
    paint::text(frame, inside, line, &words, Style::new());
    paint::text(
        frame,
        inside,
        line + 3,
        "In a line, nothing clinical; may stay empty.",
        Style::new(),
    );
    state.text.view(frame, look, paint::lines(inside, line + 1, 1), true);
}
