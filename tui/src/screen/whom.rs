//! A crisis, and nobody is in focus: whom is it about?

use super::choice::Answer;
use super::parts::field::Field;
use super::parts::{list, paint, who};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;

/// What has been typed, and which of those that fit is in focus.
#[derive(Debug, Default)]
pub struct State {
    field: Field,
    focus: usize,
}

impl State {
    /// The clients that fit what was typed; who comes today stands first. By name only while names are
    /// shown.
    fn found(&self, scene: &Scene<'_>) -> Vec<ClientId> {
        let typed = self.field.trimmed().to_lowercase();
        let index = scene.index;
        let comes = index.days.get(&scene.today()).into_iter().flatten();
        let comes = comes.filter_map(|id| index.appointments.get(id));
        let today: Vec<ClientId> = comes.flat_map(|row| row.clients.iter().copied()).collect();
        let people = index.clients.values().filter(|row| !index.groups.contains_key(&row.id));
        let fits = people.filter(|row| {
            let rows = std::iter::once(*row).chain(&row.same);
            let mut texts = rows.flat_map(|row| [&row.code, &row.name]);
            texts.any(|text| text.to_lowercase().contains(&typed))
        });
        let mut found: Vec<_> =
            fits.map(|row| (!today.contains(&row.id), row.archived, &row.code, row.id)).collect();
        found.sort();
        found.into_iter().map(|(.., id)| id).collect()
    }
}

/// Types, or chooses.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let found = state.found(scene);
    match act {
        Act::Type(input) => {
            state.field.update(input);
            state.focus = 0;
        }
        Act::Verb(Verb::Confirm) => {
            if let Some(client) = found.get(state.focus) {
                return vec![Ask::Leave, Ask::Answer(Answer::Crisis(*client))];
            }
        }
        Act::Verb(verb) => drop(list::step(&mut state.focus, *verb, found.len(), 8)),
    }
    Vec::new()
}

/// Draws the question.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let inside = paint::popup(frame, look, (60, 14), ("Crisis: whom is it about?", "Enter  Esc"));
    state.field.view(frame, look, paint::lines(inside, 0, 1), true);
    let found = state.found(scene);
    let body = paint::lines(inside, 2, u16::MAX);
    if found.is_empty() {
        paint::text(frame, body, 0, "Nobody of that name or code.", Style::new());
    }
    let top = list::top(state.focus, found.len(), body.height.into());
    for (at, client) in found.iter().enumerate().skip(top).take(body.height.into()) {
        let words = who::client(scene.index, *client, scene.veil);
        let line = paint::count(at - top);
        let focused = at == state.focus;
        paint::row(frame, look, body, line, (&words, Style::new(), focused));
    }
    // The caret stays where one types.
    state.field.view(frame, look, paint::lines(inside, 0, 1), true);
}
