//! Another client, found by code or name as somebody types. Under the veil a name finds, too, as in the
//! list of clients, and is not shown.

use super::field::Field;
use super::{list, paint, who};
use crate::input::Input;
use crate::keymap::Verb;
use crate::screen::Scene;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::view::ClientRow;

/// What is said where nobody is found.
pub const NOBODY: &str = "Nobody else has that code or name.";

/// What is typed, and which row is in focus.
#[derive(Debug, Default)]
pub struct State {
    field: Field,
    focus: usize,
}

impl State {
    /// Returns who may be meant of those who `may`, by code, those who come `first` before the others
    /// and whoever is in the archive last.
    pub fn rows<'a>(
        &self,
        scene: &Scene<'a>,
        may: impl Fn(&ClientRow) -> bool,
        first: impl Fn(&ClientRow) -> bool,
    ) -> Vec<&'a ClientRow> {
        let wanted = self.field.trimmed().to_lowercase();
        let named = |row: &ClientRow| {
            row.code.to_lowercase().contains(&wanted) || row.name.to_lowercase().contains(&wanted)
        };
        let all = scene.index.clients.values().map(AsRef::as_ref);
        let mut rows: Vec<&ClientRow> = all.filter(|row| may(row) && named(row)).collect();
        rows.sort_by_cached_key(|row| (!first(row), row.archived, row.code.to_lowercase(), row.id));
        rows
    }

    /// Types.
    pub fn update(&mut self, input: &Input) {
        self.field.update(input);
        self.focus = 0;
    }

    /// Moves among so many rows of which so many are in sight.
    pub fn step(&mut self, verb: Verb, length: usize, height: u16) {
        list::step(&mut self.focus, verb, length, usize::from(height));
    }

    /// Returns who is in focus.
    pub fn chosen(&self, rows: &[&ClientRow]) -> Option<ClientId> {
        rows.get(self.focus).map(|row| row.id)
    }

    /// Draws what is typed and the list, in a box with so many columns and rows of the list.
    pub fn view(
        &self,
        rows: &[&ClientRow],
        (title, columns, height): (&str, u16, u16),
        scene: &Scene<'_>,
        frame: &mut Frame<'_>,
    ) {
        let size = (columns, height + 5);
        let inside = paint::popup(frame, scene.look, size, (title, "Enter choose  Esc back"));
        let body = paint::lines(inside, 2, height);
        let top = list::top(self.focus, rows.len(), body.height.into());
        for (place, row) in rows.iter().enumerate().skip(top).take(body.height.into()) {
            let name = if scene.veil { &row.pronouns } else { &row.name };
            let archived = if row.archived { "  archived" } else { "" };
            let words = format!("{} {name}{archived}", paint::cell(who::code(row), 10));
            let line = paint::count(place - top);
            let focused = place == self.focus;
            paint::row(frame, scene.look, body, line, (&words, Style::new(), focused));
        }
        if rows.is_empty() {
            paint::text(frame, body, 0, &format!("  {NOBODY}"), Style::new());
        }
        self.field.view(frame, scene.look, paint::lines(inside, 0, 1), true);
    }
}
