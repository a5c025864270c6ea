//! What is done with a treatment plan.

use super::verbs::{code, edit};
use super::{lay, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::plan::{self, Place};
use crate::screen::prompt::{self, Question};
use crate::screen::{Overlay, Screen, diagnosis};
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::plan::{Plan, PlanChange, PlanItem, PlanKind, Progress};

/// Shows a client's plan.
pub(super) fn show_plan(model: &mut Model, client: Option<ClientId>) -> Vec<Effect> {
    match client {
        Some(client) => show(model, Screen::Plan(plan::State::new(client))),
        None => Vec::new(),
    }
}

/// Does with what is in focus what a verb says; `None` if that verb has no meaning in a plan.
pub(super) fn run(
    model: &mut Model,
    verb: Verb,
    (client, place): (ClientId, Place),
) -> Option<Vec<Effect>> {
    match verb {
        Verb::New => begin(model, client, place),
        Verb::Open => open(model, client, place),
        Verb::SetTarget => target(model, client, place),
        Verb::ProgressUp | Verb::ProgressDown => {
            return Some(rate(model, client, place, verb == Verb::ProgressUp));
        }
        Verb::Cancel => return Some(strike(model, client, place)),
        Verb::SignDraft => ask_to_sign(model, client),
        _ => return None,
    }
    Some(Vec::new())
}

pub(super) fn plan_of(model: &Model) -> Option<&Plan> {
    match model.desk()?.screens.last()? {
        Screen::Plan(state) => state.plan(),
        _ => None,
    }
}

fn item(model: &Model, place: Place) -> Option<PlanItem> {
    let Place::Item(id) = place else { return None };
    plan_of(model)?.item(id).cloned()
}

/// A line of the kind of what is in focus; on a goal or an objective, an objective.
fn begin(model: &mut Model, client: ClientId, place: Place) {
    let focused = item(model, place);
    let (kind, under) = match (place, focused) {
        (Place::Heading(kind), _) => (kind, None),
        (_, Some(item)) if item.kind == PlanKind::Goal => (PlanKind::Objective, Some(item.id)),
        (_, Some(item)) => (item.kind, item.under),
        (Place::Review, None) => return target(model, client, place),
        (Place::Item(_), None) => return,
    };
    if kind == PlanKind::Diagnosis {
        return lay(model, Overlay::Diagnosis(diagnosis::State::new(client)));
    }
    let question = Question::PlanLine { client, item: None, kind, under };
    lay(model, Overlay::Prompt(prompt::State::new(question)));
}

fn open(model: &mut Model, client: ClientId, place: Place) {
    match item(model, place) {
        None => begin(model, client, place),
        Some(PlanItem { id, kind, under, text, .. }) => {
            let question = Question::PlanLine { client, item: Some(id), kind, under };
            lay(model, Overlay::Prompt(prompt::State::answered(question, text)));
        }
    }
}

/// Asks until when something is to be reached, or when the plan is looked at again.
fn target(model: &mut Model, client: ClientId, place: Place) {
    let (item, known) = match (place, item(model, place)) {
        (_, Some(item)) => (Some(item.id), item.target),
        (Place::Item(_), None) => return,
        (Place::Heading(_) | Place::Review, None) => {
            (None, plan_of(model).and_then(|plan| plan.review))
        }
    };
    let question = Question::PlanDate { client, item };
    let known = known.map(|date| date.to_string()).unwrap_or_default();
    lay(model, Overlay::Prompt(prompt::State::suggesting(question, known)));
}

fn rate(model: &mut Model, client: ClientId, place: Place, up: bool) -> Vec<Effect> {
    let rated = item(model, place).filter(|item| item.kind.is_rated());
    let Some(PlanItem { id, progress, kind, .. }) = rated else {
        super::say(model, "Goals and objectives are rated: put the focus on one.");
        return Vec::new();
    };
    let before = progress.map(|(progress, _)| progress);
    let Some(rating) = Progress::step(before, up) else { return Vec::new() };
    let change = PlanChange { progress: Some(Some(rating)), ..PlanChange::default() };
    let says = format!("{}: {} of {}", rating.word(), kind.word(), code(model, client));
    edit(model, Edit::ChangePlan { client, item: id, change }, says, Way::Fresh)
}

fn strike(model: &mut Model, client: ClientId, place: Place) -> Vec<Effect> {
    let Some(item) = item(model, place) else { return Vec::new() };
    let change = PlanChange { struck: Some(true), ..PlanChange::default() };
    let says = format!("took a {} out of the plan of {}", item.kind.word(), code(model, client));
    edit(model, Edit::ChangePlan { client, item: item.id, change }, says, Way::Fresh)
}

/// Asks for the initials once more when the plan that they were to stand under has changed: nobody
/// signs what they have not seen. `before` is the plan as it was shown.
pub(super) fn look_once_more(model: &mut Model, client: ClientId, before: Option<&Plan>) {
    if plan_of(model) == before {
        return;
    }
    let Some(desk) = model.desk_mut() else { return };
    let asks = |overlay: &Overlay| matches!(overlay, Overlay::Prompt(state) if state.signs_plan_of(client));
    let asked = desk.overlays.len();
    desk.overlays.retain(|overlay| !asks(overlay));
    if desk.overlays.len() < asked {
        super::say(model, "The plan has changed: look at it, then sign (S).");
    }
}

/// A signature cannot be undone: it is asked for, with what the plan lacks.
fn ask_to_sign(model: &mut Model, client: ClientId) {
    let Some(plan) = plan_of(model) else { return };
    if plan.items.is_empty() {
        return super::say(model, "There is nothing to sign yet.");
    }
    let lacks = plan::lack_words(&plan.lacks());
    let question = Question::SignPlan(client, lacks);
    lay(model, Overlay::Prompt(prompt::State::new(question)));
}
