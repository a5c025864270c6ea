//! An entry for the contact log: one letter for the way, a line of text, Enter. How the client may be
//! reached safely stands above it, before anybody calls.

use super::parts::field::Field;
use super::parts::{paint, when, who};
use super::{Act, Ask, Scene};
use crate::input::{Input, KeyCode};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::NewContact;
use tacenda_shared::practice::edit::{Channel, Direction, Edit};

/// The entry as it stands.
#[derive(Clone, Debug)]
pub struct State {
    /// With whom.
    pub client: ClientId,
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
        let labels = BTreeSet::new();
        let contact = NewContact { channel, direction, at: None, text, labels };
        let whose = who::client(scene.index, self.client, true);
        let says = format!("logged a {} with {whose}", channel.word());
        vec![Ask::Submit(Edit::LogContact { client: self.client, contact }, says)]
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
            (None, Some(KeyCode::Char(letter))) => self.choose(letter),
            (None, _) => self.take_at_once(input),
        }
    }

    /// Nobody reminds the practice, so that a reminder only goes out.
    fn choose(&mut self, letter: char) {
        let goes = |(_, direction): &(Channel, Direction)| {
            *direction == Direction::Out || self.reminder.is_none()
        };
        self.way = way(letter).filter(goes);
        self.missing = self.way.is_none();
    }

    /// Who types fast over a slow line sends the letter and the line in one piece.
    fn take_at_once(&mut self, input: &Input) {
        let Input::Burst(typed) = input else {
            // The first letter of what is pasted says nothing of the way.
            self.missing = matches!(input, Input::Paste(_));
            return;
        };
        let mut letters = typed.chars();
        letters.next().into_iter().for_each(|letter| self.choose(letter));
        if self.way.is_some() {
            self.text.update(&Input::Burst(letters.as_str().to_owned()));
        }
    }
}

/// What must be seen before anybody calls: that the client has died, and how the client may be
/// reached. What has no room is never left out without a word.
fn known_lines(
    state: &State,
    scene: &Scene<'_>,
    (width, room): (usize, usize),
) -> Vec<(String, Style)> {
    let alarm = scene.look.alarm();
    let row = scene.index.client(state.client);
    let died = row.and_then(|row| row.death());
    let died = died.map(|date| (format!("This client died: {}.", when::long(date)), alarm));
    // In the words of every entry that is this person.
    let safe = row.map(|row| row.safe_words()).filter(|safe| !safe.is_empty());
    let (safe, style) = safe.map_or_else(
        || {
            let none = "Nothing is noted about how to reach this client safely.";
            (none.to_owned(), Style::new())
        },
        |safe| (format!("Safe contact: {safe}"), alarm),
    );
    let folded = paint::folded(&safe, width);
    let mut lines: Vec<_> = died.into_iter().collect();
    lines.extend(folded.into_iter().map(|line| (line, style)));
    if lines.len() > room.max(1) {
        lines.truncate(room.max(1).saturating_sub(1));
        lines.push(("It goes on: Esc, then e shows all of it.".to_owned(), alarm));
    }
    lines
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

/// Columns of the box.
const COLUMNS: u16 = 66;
/// Rows of it besides what is known of the client, and besides the reminder.
const ROWS: u16 = 9;

/// Draws the entry.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let width = usize::from(COLUMNS.min(look.columns)).saturating_sub(6);
    let says = state.reminder.as_ref().map(|says| paint::folded(says, width));
    let rows = ROWS + says.as_ref().map_or(0, |says| paint::count(says.len()) + 1);
    // The last two rows of the screen are not covered.
    let left = look.rows.saturating_sub(2 + rows);
    let known = known_lines(state, scene, (width, left.into()));
    let title = match &says {
        None => "Log a contact",
        Some(_) => "Remind: send it yourself, then log how",
    };
    let size = (COLUMNS, rows + paint::count(known.len()));
    let inside = paint::popup(frame, look, size, (title, "Enter save  Esc back"));
    let whose = who::client(scene.index, state.client, scene.veil);
    paint::text(frame, inside, 0, &whose, look.title());
    let mut line = 1;
    for (words, style) in &known {
        paint::text(frame, inside, line, words, *style);
        line += 1;
    }
    line += 1;
    for words in says.iter().flatten() {
        paint::text(frame, inside, line, words, look.title());
        line += 1;
    }
    line += u16::from(says.is_some());
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
