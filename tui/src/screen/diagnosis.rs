//! The search for a diagnosis in ICD-10-CM as it is typed. A code that has others under it is too
//! coarse for a claim: Enter on it shows those.

use super::parts::field::Field;
use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, PlanItemId};
use tacenda_shared::practice::diagnosis::Diagnosis;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::plan::{PlanChange, PlanKind};

/// What has been typed, and what fits.
#[derive(Debug)]
pub struct State {
    client: ClientId,
    field: Field,
    found: Vec<Diagnosis>,
    focus: usize,
}

impl State {
    /// Begins a search, for a client's plan.
    pub fn new(client: ClientId) -> Self {
        Self { client, field: Field::default(), found: Vec::new(), focus: 0 }
    }

    fn search(&mut self) {
        self.found = Diagnosis::search(self.field.text());
        self.focus = 0;
    }

    fn choose(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let Some(chosen) = self.found.get(self.focus).copied() else {
            return vec![Ask::Say("Type a code, or words of its description.".to_owned())];
        };
        if !chosen.is_billable {
            self.field = Field::new(chosen.code);
            self.search();
            self.found.retain(|one| one.code != chosen.code);
            return Vec::new();
        }
        let change = PlanChange {
            kind: Some(PlanKind::Diagnosis),
            code: Some(chosen.code.to_owned()),
            text: Some(chosen.title.to_owned()),
            ..PlanChange::default()
        };
        let (client, item) = (self.client, PlanItemId::from_bytes(scene.fresh));
        let says = format!("added a diagnosis to the plan of {}", scene.code(client));
        vec![Ask::Submit(Edit::ChangePlan { client, item, change }, says)]
    }
}

/// Types, moves, or chooses.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    match act {
        Act::Type(input) => {
            state.field.update(input);
            state.search();
        }
        Act::Verb(Verb::Confirm) => return state.choose(scene),
        Act::Verb(verb) => {
            list::step(&mut state.focus, *verb, state.found.len(), 8);
        }
    }
    Vec::new()
}

/// Draws the search.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let title = "Diagnosis: code, or words (ICD-10-CM 2026)";
    let inside = paint::popup(frame, scene.look, (76, 16), (title, "Enter choose  Esc back"));
    let body = paint::lines(inside, 2, u16::MAX);
    let top = list::top(state.focus, state.found.len(), body.height.into());
    let width = usize::from(body.width).saturating_sub(2);
    for (at, one) in state.found.iter().enumerate().skip(top).take(body.height.into()) {
        let more = if one.is_billable { "" } else { "  ..." };
        let title = safe::truncated(one.title, width.saturating_sub(9 + more.len()), true);
        let words = format!("{:<8} {title}{more}", one.code);
        let line = paint::count(at - top);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), at == state.focus));
    }
    if state.found.is_empty() {
        let words = match state.field.trimmed() {
            "" => "  for example F43.10, ptsd, adjust anxiety",
            _ => "  No code has these words.",
        };
        paint::text(frame, body, 0, words, Style::new());
    }
    state.field.view(frame, scene.look, paint::lines(inside, 0, 1), true);
}
