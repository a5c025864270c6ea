//! To finish: what waits for somebody, oldest first: drafts without a signature, sessions
//! without a note, sessions of which nobody has said what came of them.

use super::parts::{list, paint};
use super::{Act, Ask, Focused, Scene, today};
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Which row is in focus.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct State {
    focus: usize,
    anchor: Option<Focused>,
}

impl State {
    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        at_row(scene, self.at(scene))
    }

    fn at(&self, scene: &Scene<'_>) -> usize {
        let entries = &scene.digest.unfinished;
        let anchored = self.anchor.and_then(|anchor| {
            entries.iter().position(|entry| today::unfinished(&entry.what) == anchor)
        });
        anchored.unwrap_or_else(|| self.focus.min(entries.len().saturating_sub(1)))
    }
}

fn at_row(scene: &Scene<'_>, at: usize) -> Focused {
    let entry = scene.digest.unfinished.get(at);
    entry.map_or(Focused::Nothing, |entry| today::unfinished(&entry.what))
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let mut at = state.at(scene);
        let page = usize::from(scene.look.rows / 2);
        if list::step(&mut at, *verb, scene.digest.unfinished.len(), page) {
            state.focus = at;
            state.anchor = Some(at_row(scene, at));
        }
    }
    Vec::new()
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let entries = &scene.digest.unfinished;
    let count = text::counted(entries.len(), "thing", "things");
    paint::rule(frame, scene.look, area, 0, ("To finish, oldest first", &count));
    let body = paint::lines(area, 1, u16::MAX);
    if entries.is_empty() {
        let words = if scene.index.reach.charts() {
            "  All notes are signed, and every session has a status."
        } else {
            "  Every session has a status."
        };
        paint::text(frame, body, 1, words, Style::new());
        frame.set_cursor_position((body.x, body.y + 1));
    }
    let at = state.at(scene);
    let top = list::top(at, entries.len(), body.height.into());
    for (row, entry) in entries.iter().enumerate().skip(top).take(body.height.into()) {
        let words = today::unfinished_words(entry, scene);
        let line = paint::count(row - top);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), row == at));
    }
}
