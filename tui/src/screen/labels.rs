//! The labels of a note or another item, each with a tick: what is set here is one edit, made when it is left.

use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{Label, Labelled};

/// The labels as they stand, and what was ticked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    /// In whose record it lies.
    pub client: ClientId,
    /// Of what.
    pub of: Labelled,
    /// Each with whether it was set at first, and whether it is now.
    rows: Vec<(Label, bool, bool)>,
    focus: usize,
}

impl State {
    /// Offers the labels that a person may set, and those that are there besides.
    pub fn new(client: ClientId, of: Labelled, labels: &BTreeSet<Label>) -> Self {
        let others = labels.iter().filter(|label| !Label::OFFERED.contains(label));
        let all = Label::OFFERED.iter().chain(others);
        let rows = all.map(|label| (*label, labels.contains(label), labels.contains(label)));
        Self { client, of, rows: rows.collect(), focus: 0 }
    }

    /// Returns what the labels become, of those that stand by now; `None` if nothing was changed. What
    /// another device has set meanwhile stays.
    pub fn outcome(&self, standing: &BTreeSet<Label>) -> Option<BTreeSet<Label>> {
        let mut labels = standing.clone();
        for (label, before, now) in &self.rows {
            match (before, now) {
                (false, true) => drop(labels.insert(*label)),
                (true, false) => drop(labels.remove(label)),
                _ => {}
            }
        }
        (labels != *standing).then_some(labels)
    }
}

/// Moves the focus, or sets the label in focus or takes it away.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Verb(Verb::Confirm) => {
            if let Some((_, _, now)) = state.rows.get_mut(state.focus) {
                *now = !*now;
            }
        }
        Act::Verb(verb) => drop(list::step(&mut state.focus, *verb, state.rows.len(), 5)),
        Act::Type(_) => {}
    }
    Vec::new()
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let rows = (paint::count(state.rows.len()) + 6).min(scene.look.rows.saturating_sub(2));
    let inside = paint::popup(frame, scene.look, (60, rows), ("Labels", "Esc done"));
    let words = "What is especially sensitive in it. Shown where it is opened and in no list.";
    let line = paint::paragraph(frame, inside, 0, words, Style::new()) + 1;
    let body = paint::lines(inside, line, u16::MAX);
    let top = list::top(state.focus, state.rows.len(), body.height.into());
    let shown = state.rows.iter().enumerate().skip(top).take(body.height.into());
    for (at, (label, _, now)) in shown {
        let words = match label {
            Label::ThirdParty => "family history, or facts about somebody else".to_owned(),
            other => other.words(),
        };
        let words = format!("[{}] {words}", if *now { 'x' } else { ' ' });
        let place = paint::count(at - top);
        let focused = at == state.focus;
        paint::row(frame, scene.look, body, place, (&words, Style::new(), focused));
    }
}
