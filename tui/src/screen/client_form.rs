//! The form for a new client, or for a client's contact. A form that is left keeps what was
//! typed until the vault is locked.

use super::parts::field::Field;
use super::parts::{paint, who};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{ContactChange, Edit};
use tacenda_shared::practice::same;
use tacenda_shared::practice::view::ClientRow;

const LABELS: [(&str, &str); 6] = [
    ("Name", "the name that the client goes by"),
    ("Code", "stands for the name while names are hidden"),
    ("Pronouns", "for example she/her"),
    ("Phone", ""),
    ("Email", ""),
    ("Safe contact", "how to reach the client safely: no voicemail, alias, hours"),
];

/// The form as it stands.
#[derive(Clone, Debug)]
pub struct State {
    fields: [Field; 6],
    focus: usize,
    /// Whose contact it is; `None` for a new client.
    client: Option<Box<ClientRow>>,
    missing: Option<&'static str>,
    /// Whether it was said that the code gives the name away.
    warned: bool,
}

/// Said once when a code holds a part of the name; a second Enter saves.
const GIVES_AWAY: &str = "The code holds a part of the name, and the code is what is shown while \
                          names are hidden. Enter saves it all the same.";

impl State {
    /// Starts a form for a new client, with a code that nobody has yet.
    pub fn new(scene: &Scene<'_>) -> Self {
        let mut fields: [Field; 6] = Default::default();
        let [_, code, ..] = &mut fields;
        *code = Field::suggestion(free_code(scene));
        Self { fields, focus: 0, client: None, missing: None, warned: false }
    }

    /// Starts a form with a client's contact.
    pub fn edit(row: &ClientRow) -> Self {
        let fields = row_fields(row).map(Field::new);
        let client = Some(Box::new(row.clone()));
        Self { fields, focus: 0, client, missing: None, warned: false }
    }

    /// Returns whose contact it is; `None` for a new client.
    pub fn whose(&self) -> Option<ClientId> {
        self.client.as_ref().map(|row| row.id)
    }

    /// Returns whether it is for a new client.
    pub fn is_new(&self) -> bool {
        self.client.is_none()
    }

    /// Under the veil the contact of somebody in the vault stays hidden even here.
    fn is_hidden(&self, scene: &Scene<'_>) -> bool {
        scene.veil && self.client.is_some()
    }

    /// Says of somebody who is to be added that they may be there already, and of a client what the
    /// entries say that were found to be the same person's.
    fn alike(&self, scene: &Scene<'_>) -> Option<String> {
        let [name, _, _, phone, ..] = &self.fields;
        let Some(own) = &self.client else {
            let row = same::likely(scene.index, name.trimmed(), phone.trimmed())?;
            let archived = if row.archived { ", in the archive" } else { "" };
            return Some(format!(
                "Looks like {}{archived}: Esc, then look there. Enter adds a new client all the same.",
                who::code(row)
            ));
        };
        let row = scene.index.clients.get(&own.id).filter(|_| !scene.veil)?;
        let twin = |twin: &Arc<ClientRow>| {
            let says = [&twin.phone, &twin.email, &twin.safe_contact];
            let says: Vec<&str> =
                says.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
            (!says.is_empty()).then(|| format!("{} says: {}", who::code(twin), says.join("; ")))
        };
        let said: Vec<String> = row.same.iter().filter_map(twin).collect();
        (!said.is_empty()).then(|| said.join(". "))
    }

    fn save(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let [name, code, ..] = &self.fields;
        if name.trimmed().is_empty() || code.trimmed().is_empty() {
            self.missing = Some("Name and code are needed.");
            return Vec::new();
        }
        let taken = scene.index.every_client().any(|row| {
            row.code.eq_ignore_ascii_case(code.trimmed())
                && self.client.as_ref().is_none_or(|client| client.id != row.id)
        });
        if taken {
            self.missing = Some("Another client has that code.");
            return Vec::new();
        }
        if !self.warned && gives_away(code.trimmed(), name.trimmed()) {
            self.missing = Some(GIVES_AWAY);
            self.warned = true;
            return Vec::new();
        }
        let says = code.trimmed().to_owned();
        let edit = match &self.client {
            Some(row) => (
                Edit::ChangeContact { client: row.id, contact: self.changes(&row_fields(row)) },
                format!("changed the contact of {says}"),
            ),
            None => (
                Edit::NewClient {
                    client: ClientId::from_bytes(scene.fresh),
                    contact: self.changes(&Default::default()),
                },
                format!("added {says}"),
            ),
        };
        vec![Ask::Submit(edit.0, edit.1)]
    }

    /// Only what differs is set, so that two devices that change different fields both win.
    fn changes(&self, before: &[String; 6]) -> ContactChange {
        let mut changed = self.fields.iter().zip(before).map(|(field, before)| {
            let text = field.trimmed();
            // What stood on several lines is one in the form, and is not changed by that.
            (text != Field::new(before).trimmed()).then(|| text.to_owned())
        });
        let mut next = || changed.next().flatten();
        ContactChange {
            name: next(),
            code: next(),
            pronouns: next(),
            phone: next(),
            email: next(),
            safe_contact: next(),
        }
    }
}

fn row_fields(row: &ClientRow) -> [String; 6] {
    [&row.name, &row.code, &row.pronouns, &row.phone, &row.email, &row.safe_contact]
        .map(Clone::clone)
}

/// Whether a code holds a word of the name. Initials are what codes are usually made of.
fn gives_away(code: &str, name: &str) -> bool {
    let (code, name) = (code.to_lowercase(), name.to_lowercase());
    let mut words = name.split(|letter: char| !letter.is_alphanumeric());
    // In scripts other than Latin one or two letters are a whole name.
    words.any(|word| {
        let is_word = word.chars().count() >= 3 || (!word.is_ascii() && !word.is_empty());
        is_word && code.contains(word)
    })
}

fn free_code(scene: &Scene<'_>) -> String {
    let number = |code: &str| code.rsplit('-').next().and_then(|digits| digits.parse::<u32>().ok());
    let highest = scene.index.every_client().filter_map(|row| number(&row.code)).max();
    format!("C-{:03}", highest.unwrap_or(0).saturating_add(1))
}

/// Types, moves between fields, or saves.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) if !state.is_hidden(scene) => {
            if let Some(field) = state.fields.get_mut(state.focus) {
                field.update(input);
                state.missing = None;
                state.warned = false;
            }
        }
        Act::Verb(Verb::NextField) => state.focus = (state.focus + 1) % LABELS.len(),
        Act::Verb(Verb::PreviousField) => {
            state.focus = state.focus.checked_sub(1).unwrap_or(LABELS.len() - 1);
        }
        Act::Verb(Verb::Confirm) => return state.save(scene),
        Act::Type(_) | Act::Verb(_) => {}
    }
    Vec::new()
}

/// Draws the form.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let title = if state.is_new() { "New client" } else { "Contact" };
    let inside =
        paint::popup(frame, scene.look, (66, 13), (title, "Enter save  Tab next  Esc keep"));
    let alike = state.alike(scene).filter(|_| state.missing.is_none());
    if let Some(words) = &alike {
        paint::paragraph(frame, paint::lines(inside, 8, u16::MAX), 0, words, scene.look.alarm());
    }
    let labels = LABELS.iter().zip(&state.fields).enumerate();
    for (at, ((label, words), field)) in labels {
        let line = paint::count(at) + 1;
        paint::text(frame, inside, line, label, scene.look.title());
        let area = paint::lines(inside, line, 1);
        let area = Rect { x: area.x + 14, width: area.width.saturating_sub(14), ..area };
        if state.is_hidden(scene) {
            Field::new("hidden (F9 shows)").view(frame, scene.look, area, at == state.focus);
        } else {
            field.view(frame, scene.look, area, at == state.focus);
        }
        if at == state.focus && state.missing.is_none() && alike.is_none() {
            paint::text(frame, inside, 8, words, Style::new());
        }
    }
    if let Some(missing) = state.missing {
        let below = paint::lines(inside, 8, u16::MAX);
        paint::paragraph(frame, below, 0, missing, scene.look.alarm());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::parts::sample;

    #[test]
    fn a_code_that_holds_a_word_of_the_name_gives_it_away() {
        assert!(gives_away("sample-3", "Jamie Sample"));
        assert!(gives_away("C-李", "李 四"));
        assert!(!gives_away("JS-003", "Jamie Sample"));
        assert!(!gives_away("AL-1", "Al Example"));
    }

    #[test]
    fn only_what_was_changed_is_set() {
        let sample = sample::Sample::new();
        let row = sample.client("AK-007");
        let mut state = State::edit(&row);
        state.fields[3] = Field::new("0000 111");
        assert_eq!(
            state.changes(&row_fields(&row)),
            ContactChange { phone: Some("0000 111".to_owned()), ..ContactChange::default() }
        );
    }
}
