//! What can be done here, at once: a list of the verbs that hold, run by their own letter or with
//! the arrows and Enter. Nothing is typed into it.

use super::palette::Entry;
use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;

/// The verbs and which is in focus.
#[derive(Debug)]
pub struct State {
    entries: Vec<Entry>,
    focus: usize,
    on_draft: bool,
}

impl State {
    /// Lists verbs that can be run now; `on_draft` says that a draft is in focus.
    pub fn new(entries: Vec<Entry>, on_draft: bool) -> Self {
        Self { entries, focus: 0, on_draft }
    }

    /// Returns whether a draft is in focus below.
    pub fn is_on_draft(&self) -> bool {
        self.on_draft
    }
}

/// Moves the focus, or runs.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Verb(Verb::Confirm) => match state.entries.get(state.focus) {
            Some(entry) => vec![Ask::Run(entry.row.verb)],
            None => vec![Ask::Leave],
        },
        Act::Verb(verb) => {
            list::step(&mut state.focus, *verb, state.entries.len(), 8);
            Vec::new()
        }
        Act::Type(_) => Vec::new(),
    }
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let rows = (paint::count(state.entries.len()) + 2).min(18);
    let footer = "letter or Enter runs  Esc";
    let inside = paint::popup(frame, scene.look, (60, rows), ("What can be done here", footer));
    let top = list::top(state.focus, state.entries.len(), inside.height.into());
    let rows = state.entries.iter().enumerate().skip(top).take(inside.height.into());
    for (at, entry) in rows {
        let words = entry.words(usize::from(inside.width).saturating_sub(2));
        let line = paint::count(at - top);
        let focused = at == state.focus;
        paint::row(frame, scene.look, inside, line, (&words, Style::new(), focused));
    }
}
