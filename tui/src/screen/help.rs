//! Help for the screen below: what each key does there, searchable; Enter runs it.

use super::palette::Entry;
use super::parts::field::Field;
use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::keymap::{Verb, strokes_words};
use ratatui::Frame;
use ratatui::style::Style;

/// The keys of a screen, and what is looked for among them.
#[derive(Debug)]
pub struct State {
    entries: Vec<Entry>,
    filter: Field,
    focus: usize,
}

impl State {
    /// Explains these verbs.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, filter: Field::default(), focus: 0 }
    }

    fn matching(&self) -> Vec<&Entry> {
        let wanted = self.filter.trimmed().to_lowercase();
        let entries = self.entries.iter();
        entries.filter(|entry| words(entry).to_lowercase().contains(&wanted)).collect()
    }
}

fn words(entry: &Entry) -> String {
    let keys: Vec<String> = entry.row.keys.iter().map(|keys| strokes_words(keys)).collect();
    let keys = keys.join(" or ");
    let reason = entry.reason.map(|reason| format!("   ({reason})")).unwrap_or_default();
    format!("{} {}{reason}", paint::cell(&keys, 18), entry.row.help)
}

/// Types, moves, or runs.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.filter.update(input);
            state.focus = 0;
        }
        Act::Verb(Verb::Confirm) => {
            return match state.matching().get(state.focus) {
                Some(Entry { row, reason: None }) => vec![Ask::Run(row.verb)],
                Some(Entry { reason: Some(reason), .. }) => vec![Ask::Say((*reason).to_owned())],
                None => Vec::new(),
            };
        }
        Act::Verb(verb) => {
            let length = state.matching().len();
            list::step(&mut state.focus, *verb, length, 10);
        }
    }
    Vec::new()
}

/// Draws the help.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let rows = scene.look.rows.saturating_sub(4).min(40);
    let footer = "type to search  Enter runs  Esc";
    let inside = paint::popup(frame, scene.look, (76, rows), ("Help", footer));
    let rule = "A caret: you are typing. Esc steps out. Nothing is lost.";
    paint::text(frame, inside, 0, rule, scene.look.title());
    let body = paint::lines(inside, 3, u16::MAX);
    let matching = state.matching();
    let top = list::top(state.focus, matching.len(), body.height.into());
    for (at, entry) in matching.iter().enumerate().skip(top).take(body.height.into()) {
        let line = paint::count(at - top);
        let words = words(entry);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), at == state.focus));
    }
    if matching.is_empty() {
        paint::text(frame, body, 0, "  No key has these words.", Style::new());
    }
    paint::text(frame, inside, 1, "/", scene.look.title());
    let line = paint::lines(paint::inset(inside, 1), 1, 1);
    state.filter.view(frame, scene.look, line, true);
}
