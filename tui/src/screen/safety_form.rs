//! The safety plan as it is written, step by step, in the client's words.

use super::parts::field::Field;
use super::parts::{list, paint, who};
use super::{Act, Ask, Scene};
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::crisis::{NewSafetyPlan, SafetyStep, SafetyView};
use tacenda_shared::practice::edit::Edit;

/// What is being written.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    steps: [Field; 7],
    focus: usize,
    says: &'static str,
}

impl State {
    /// Begins with what the plan that holds says.
    pub fn new(client: ClientId, earlier: Option<&SafetyView>) -> Self {
        let text = |step: SafetyStep| {
            let known = earlier.and_then(|plan| plan.steps.get(&step));
            let lines = known.map(|text| text.lines().collect::<Vec<_>>().join("; "));
            Field::new(lines.unwrap_or_default())
        };
        Self { client, steps: SafetyStep::ALL.map(text), focus: 0, says: "" }
    }

    fn save(&mut self, scene: &Scene<'_>) -> Vec<Ask> {
        let steps = SafetyStep::ALL.into_iter().zip(&self.steps);
        // What a semicolon sets apart stands in a line of its own.
        let lines = |field: &Field| {
            let lines = field.trimmed().split(';').map(str::trim).filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join("\n")
        };
        let steps = steps.map(|(step, field)| (step, lines(field)));
        let steps: std::collections::BTreeMap<_, _> =
            steps.filter(|(_, text)| !text.is_empty()).collect();
        if steps.is_empty() {
            self.says = "Write at least one step first.";
            return Vec::new();
        }
        let (client, record) = (self.client, RecordId::from_bytes(scene.fresh));
        let plan = Box::new(NewSafetyPlan { steps, at: None });
        let says = format!("safety plan of {}", scene.code(client));
        vec![Ask::Submit(Edit::SignSafetyPlan { client, record, plan }, says)]
    }
}

/// Types, moves between steps, or signs.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let steps = state.steps.len();
    match act {
        Act::Type(input) => {
            state.says = "";
            if let Some(field) = state.steps.get_mut(state.focus) {
                field.update(input);
            }
        }
        Act::Verb(Verb::NextField) => state.focus = (state.focus + 1) % steps,
        Act::Verb(Verb::PreviousField) => state.focus = (state.focus + steps - 1) % steps,
        Act::Verb(Verb::Confirm) => return state.save(scene),
        Act::Verb(_) => {}
    }
    Vec::new()
}

/// What belongs in a step.
const fn help(step: SafetyStep) -> &'static str {
    match step {
        SafetyStep::Signs => "Thoughts, moods, places, what others notice.",
        SafetyStep::Alone => "What has helped before, without anybody else.",
        SafetyStep::Elsewhere => "Where there are people; whom it is good to be with.",
        SafetyStep::People => "Who may know how bad it is, and the telephone number.",
        SafetyStep::Professionals => {
            "Therapist, doctor, clinic. Emergency numbers are added in print."
        }
        SafetyStep::Surroundings => "What is locked away, given away, by whom.",
        SafetyStep::Worth => "People, animals, places, what is still to come.",
        SafetyStep::Unknown(_) => "",
    }
}

/// Draws the form: each step is its title and a line.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let look = scene.look;
    let footer = "Enter signs  Tab next  Esc back";
    let whose = who::client(scene.index, state.client, scene.veil);
    let title = format!("Safety plan of {whose}");
    let inside = paint::popup(frame, look, (76, 18), (&title, footer));
    let foot = inside.height.saturating_sub(1);
    let room = usize::from(foot / 2);
    let top = list::top(state.focus, state.steps.len(), room);
    let steps = SafetyStep::ALL.iter().zip(&state.steps).enumerate();
    for (at, (step, field)) in steps.skip(top).take(room) {
        let line = paint::count(at - top) * 2;
        let style = if at == state.focus { look.title() } else { Style::new() };
        paint::text(frame, inside, line, &format!("{}  {}", at + 1, step.title()), style);
        let area = paint::inset(paint::lines(inside, line + 1, 1), 1);
        field.view(frame, look, area, at == state.focus);
    }
    let step = SafetyStep::ALL.get(state.focus).copied().unwrap_or(SafetyStep::Signs);
    let words = format!("{} Several: set apart by ;", help(step));
    match state.says {
        "" => paint::text(frame, inside, foot, &words, Style::new()),
        says => paint::text(frame, inside, foot, says, look.alarm()),
    }
}
