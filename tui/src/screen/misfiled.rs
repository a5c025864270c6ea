//! A signed note that belongs to another client: to whom is found as it is typed; then what will happen
//! is said, and the initials do it. A signature cannot be undone, so nothing here happens by one key.

use super::parts::field::Field;
use super::parts::{list, paint, when, who};
use super::prompt::{initials, initials_are};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::envelope::ERASE_DELAY;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::{Edit, Misfiled};
use tacenda_shared::practice::view::ClientRow;

/// Columns of the box, and rows of the list of clients.
const COLUMNS: u16 = 74;
const ROWS: u16 = 10;

/// Which note it is, and how far the question has come.
#[derive(Debug)]
pub struct State {
    client: ClientId,
    note: RecordId,
    field: Field,
    focus: usize,
    to: Option<ClientId>,
}

impl State {
    /// Asks to whom a note belongs.
    pub fn new(client: ClientId, note: RecordId) -> Self {
        Self { client, note, field: Field::default(), focus: 0, to: None }
    }

    /// Whether initials are typed, and nobody is looked for any more.
    pub const fn is_signing(&self) -> bool {
        self.to.is_some()
    }

    /// Returns in whose chart the note is.
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// To whom it may belong.
    fn rows<'a>(&self, scene: &Scene<'a>) -> Vec<&'a ClientRow> {
        let wanted = self.field.trimmed().to_lowercase();
        let here = scene.index.kept(self.client);
        let named = |row: &ClientRow| {
            let name = !scene.veil && row.name.to_lowercase().contains(&wanted);
            name || row.code.to_lowercase().contains(&wanted)
        };
        let all = scene.index.clients.values().map(AsRef::as_ref);
        let mut rows: Vec<&ClientRow> = all.filter(|row| row.id != here && named(row)).collect();
        rows.sort_by_cached_key(|row| (row.archived, row.code.to_lowercase(), row.id));
        rows
    }

    fn confirm(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let Some(to) = self.to else {
            let Some(to) = self.rows(scene).get(self.focus).map(|row| row.id) else {
                return vec![Ask::Say("Nobody else has that code or name.".to_owned())];
            };
            (self.to, self.field) = (Some(to), Field::default());
            return Vec::new();
        };
        if !initials_are(self.field.trimmed(), scene) {
            return vec![Ask::Say("These are not your initials yet.".to_owned())];
        }
        let (from, code) = (scene.code(self.client), scene.code(to));
        let says =
            format!("struck in {from}, signed in {code}; erasure due {}", when::short(due(scene)));
        let edit = Edit::StrikeNote(Misfiled { client: self.client, note: self.note, to });
        // What is struck is read no more: its page closes, too.
        vec![Ask::Leave, Ask::Leave, Ask::Edit(edit, says)]
    }
}

/// The first day on which its bytes can be destroyed.
fn due(scene: &Scene<'_>) -> jiff::civil::Date {
    let due = scene.now.time.plus_millis(ERASE_DELAY);
    when::local(due, &scene.index.zone).date()
}

/// Types, moves, or answers.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.field.update(input);
            state.focus = 0;
        }
        Act::Verb(Verb::Confirm) => return state.confirm(scene),
        Act::Verb(verb) if !state.is_signing() => {
            let length = state.rows(scene).len();
            list::step(&mut state.focus, *verb, length, usize::from(ROWS));
        }
        Act::Verb(_) => {}
    }
    Vec::new()
}

/// Draws the list, or what will happen.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    match state.to {
        None => view_list(state, scene, frame),
        Some(to) => view_end(state, to, scene, frame),
    }
}

fn view_list(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let title = format!("A note in the chart of {}: whose is it?", scene.code(state.client));
    let size = (COLUMNS, ROWS + 5);
    let inside = paint::popup(frame, scene.look, size, (&title, "Enter choose  Esc back"));
    let rows = state.rows(scene);
    let body = paint::lines(inside, 2, ROWS);
    let top = list::top(state.focus, rows.len(), body.height.into());
    for (place, row) in rows.iter().enumerate().skip(top).take(body.height.into()) {
        let name = if scene.veil { &row.pronouns } else { &row.name };
        let archived = if row.archived { "  archived" } else { "" };
        let words = format!("{} {name}{archived}", paint::cell(who::code(row), 10));
        let line = paint::count(place - top);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), place == state.focus));
    }
    if rows.is_empty() {
        paint::text(frame, body, 0, "  Nobody else has that code or name.", Style::new());
    }
    state.field.view(frame, scene.look, paint::lines(inside, 0, 1), true);
}

fn view_end(state: &State, to: ClientId, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let (from, code) = (scene.code(state.client), scene.code(to));
    let title = format!("Strike the note of {from}: it belongs to {code}");
    let inside = paint::popup(frame, scene.look, (COLUMNS, 12), (&title, "Enter sign  Esc back"));
    let words = [
        format!("It is copied into the chart of {code}, and signed there by you, now."),
        format!(
            "In the chart of {from} it is in no list, search or export from now on; a line says that a \
             note was entered in error, and not whose it is."
        ),
        "What was charged for it there is taken back.".to_owned(),
        format!("From {} on its sealed bytes can be destroyed here.", when::long(due(scene))),
        "This cannot be undone.".to_owned(),
    ];
    let mut line = 0;
    for words in &words {
        line = paint::paragraph(frame, inside, line, words, Style::new());
    }
    let asked = match initials(scene).as_str() {
        "" => "Your initials:".to_owned(),
        initials => format!("Your initials ({initials}):"),
    };
    paint::text(frame, inside, line + 1, &asked, scene.look.title());
    state.field.view(frame, scene.look, paint::lines(inside, line + 2, 1), true);
}
