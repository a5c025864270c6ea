//! The palette: every command of the program with its key and, if it cannot run here, why. What
//! is typed into it is forgotten when it closes; only which verbs were run is kept.

use super::Situation;
use super::parts::field::Field;
use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::keymap::{Context, Row, Verb, rows};
use ratatui::Frame;
use ratatui::style::Style;

/// Width and height, at most.
const SIZE: (u16, u16) = (60, 14);
/// How many verbs that were lately run come first.
const RECENT: usize = 5;

/// A verb as lists of verbs show it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its row of the table.
    pub row: &'static Row,
    /// Why it cannot be run here and now.
    pub reason: Option<&'static str>,
}

impl Entry {
    /// Returns the line of a list of `width` columns: words, then key or reason.
    pub fn words(&self, width: usize) -> String {
        let end = match self.reason {
            Some(reason) => format!("({reason})"),
            None => self.row.key_words(),
        };
        let end_width = crate::widget::safe::columns(&end);
        let words = paint::cell(self.row.help, width.saturating_sub(end_width + 1));
        format!("{words} {end}")
    }

    fn matches(&self, wanted: &str) -> bool {
        let help = self.row.help.to_lowercase();
        wanted.split_whitespace().all(|word| help.contains(word))
            || (!wanted.is_empty() && self.row.command.starts_with(wanted))
    }
}

/// Returns every verb for the palette, those lately run first, those that cannot be run last.
pub fn all(contexts: &[Context], situation: &Situation<'_>, recent: &[Verb]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for row in rows().filter(|row| row.is_listed()) {
        let here = row.contexts.is_empty() || row.holds_in(contexts);
        let reason = if here { (row.when)(situation) } else { Some(elsewhere(row)) };
        let entry = Entry { row, reason };
        match entries.iter_mut().find(|other| other.row.verb == row.verb) {
            // A verb that has a row for each kind of screen is listed once, by the one that holds.
            Some(other) if here && !other.row.holds_in(contexts) => *other = entry,
            Some(_) => {}
            None => entries.push(entry),
        }
    }
    let lately = |entry: &Entry| {
        let at = recent.iter().take(RECENT).position(|verb| *verb == entry.row.verb);
        at.unwrap_or(RECENT)
    };
    entries.sort_by_key(|entry| (entry.reason.is_some(), lately(entry)));
    entries
}

/// Says where a row holds that does not hold here.
fn elsewhere(row: &Row) -> &'static str {
    match row.contexts.first() {
        Some(Context::Appointments | Context::Calendar) => "on an appointment",
        Some(Context::Booking) => "while booking",
        Some(Context::Chart | Context::Clients) => "on a client",
        Some(Context::Entry | Context::Form) => "in a form",
        Some(Context::Note) => "in a note",
        Some(Context::MenuOnDraft) => "Space s on a draft",
        Some(Context::Identity) => "in the identity (I)",
        Some(Context::Plan) => "in a treatment plan (g p)",
        Some(Context::Sync) => "on Sync (7)",
        Some(Context::Week) => "on Week",
        _ => "not here",
    }
}

/// Returns the verbs that hold here and can be run now, for the menu and for help.
pub fn here(contexts: &[Context], situation: &Situation<'_>) -> Vec<Entry> {
    let rows = rows().filter(|row| row.is_listed() && row.holds_in(contexts));
    rows.map(|row| Entry { row, reason: (row.when)(situation) }).collect()
}

/// What has been typed, and what matches.
#[derive(Debug)]
pub struct State {
    entries: Vec<Entry>,
    filter: Field,
    focus: usize,
}

impl State {
    /// Opens over all verbs.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, filter: Field::default(), focus: 0 }
    }

    fn matching(&self) -> Vec<&Entry> {
        let wanted = self.filter.trimmed().to_lowercase();
        let mut entries: Vec<&Entry> =
            self.entries.iter().filter(|entry| entry.matches(&wanted)).collect();
        // What is typed in full, as in `:q`, comes first.
        entries.sort_by_key(|entry| entry.row.command != wanted || wanted.is_empty());
        entries
    }
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
            list::step(&mut state.focus, *verb, length, 8);
        }
    }
    Vec::new()
}

/// Draws the palette.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let footer = "Enter run  Esc";
    let inside = paint::popup(frame, scene.look, SIZE, ("Commands", footer));
    let matching = state.matching();
    let body = paint::lines(inside, 2, u16::MAX);
    let top = list::top(state.focus, matching.len(), body.height.into());
    for (at, entry) in matching.iter().enumerate().skip(top).take(body.height.into()) {
        let words = entry.words(usize::from(body.width).saturating_sub(2));
        let line = paint::count(at - top);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), at == state.focus));
    }
    if matching.is_empty() {
        paint::text(frame, body, 0, "  No command has these words.", Style::new());
    }
    paint::text(frame, inside, 0, ":", scene.look.title());
    let line = paint::lines(paint::inset(inside, 1), 0, 1);
    state.filter.view(frame, scene.look, line, true);
}
