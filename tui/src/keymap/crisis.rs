//! The rows of the table that are about crises, and about handing the device over.

use super::keys::{c, k, row};
use super::{Context, Row, Verb};
use super::{always, on_person};
use crate::input::KeyCode;
use crate::screen::{Focused, Situation};

use Context as C;

/// What is done in a crisis.
pub(super) static CRISIS: &[Row] = &[
    row(
        Verb::ShowCrisis,
        &[&[c('!')]],
        &[C::Lists, C::Booking],
        ["", "Crisis: whom to call, safety plan, risk form", "crisis"],
        always,
    ),
    // While somebody types or chooses it is among the commands.
    row(
        Verb::ShowCrisis,
        &[],
        &[
            C::Choice,
            C::Entry,
            C::Finding,
            C::Form,
            C::MeasureForm,
            C::Note,
            C::Notice,
            C::Picker,
            C::Review,
            C::Ticks,
            C::Typing,
        ],
        ["", "Crisis: whom to call, safety plan, risk form", "crisis"],
        always,
    ),
    row(
        Verb::New,
        &[&[c('n')]],
        &[C::Crisis],
        ["risk form", "Risk form: what was asked, said and decided", "risk"],
        always,
    ),
    row(
        Verb::WriteSafetyPlan,
        &[&[c('p')]],
        &[C::Crisis],
        ["safety plan", "Safety plan: write it, or the next version", "safety-plan"],
        always,
    ),
    row(
        Verb::Open,
        &[&[k(KeyCode::Enter)]],
        &[C::Crisis],
        ["all it says", "All that the form or the plan says, or the plan again", "open"],
        on_crisis,
    ),
    row(
        Verb::AddToRisk,
        &[&[c('a')]],
        &[C::Crisis],
        ["add, correct", "A further form that adds to this one, or puts it right", "add-risk"],
        on_crisis,
    ),
    row(
        Verb::SaveSafetyPlan,
        &[&[c('E')]],
        &[C::Crisis],
        ["for the client", "Save the safety plan as a text for the client", "save-plan"],
        always,
    ),
    row(
        Verb::Cancel,
        &[&[c('x')]],
        &[C::Crisis],
        ["strike", "Strike a form or plan entered by mistake, or bring it back", "strike"],
        on_crisis,
    ),
    row(
        Verb::SetLabels,
        &[&[c('L')]],
        &[C::Crisis],
        ["", "Labels: what is especially sensitive in the entry", "labels"],
        on_crisis,
    ),
    row(
        Verb::NewTask,
        &[&[c('T')]],
        &[C::Crisis],
        ["", "Note something to be done about the client", "task"],
        always,
    ),
    row(
        Verb::LogContact,
        &[&[c('i')]],
        &[C::Crisis],
        ["", "Log a call, a mail, a text, a letter or a fax", "contact"],
        always,
    ),
    row(
        Verb::ShowMeasures,
        &[&[c('g'), c('m')]],
        &[C::Crisis],
        ["", "Screen: what the client has answered, and how it changed", "measures"],
        always,
    ),
    row(
        Verb::SetNumbers,
        &[&[c('g'), c('e')]],
        &[C::Calendar, C::Crisis],
        ["", "Emergency numbers of the practice", "emergency"],
        always,
    ),
    row(
        Verb::HandOver,
        &[&[c('H')]],
        &[C::Clients, C::Chart, C::Measures],
        ["", "Hand over: the client answers a form alone", "hand-over"],
        on_person,
    ),
    row(
        Verb::HandOver,
        &[&[c('H')]],
        &[C::Consents],
        ["", "Hand over: the client agrees alone, or not", "hand-over"],
        on_person,
    ),
    row(
        Verb::HandOver,
        &[&[c('H')]],
        &[C::Journal],
        ["", "Hand over: the client writes alone", "hand-over"],
        on_person,
    ),
];

impl Verb {
    /// Returns whether it is about a crisis, or hands the device over, wherever the focus is.
    pub const fn is_of_crisis(self) -> bool {
        matches!(
            self,
            Self::AddToRisk
                | Self::HandOver
                | Self::SaveSafetyPlan
                | Self::SetNumbers
                | Self::ShowCrisis
                | Self::WriteSafetyPlan
        )
    }
}

/// Possible where the focus is on a risk form, or on a version of a safety plan.
fn on_crisis(situation: &Situation<'_>) -> Option<&'static str> {
    match situation.focused {
        Focused::Crisis(..) => None,
        _ => Some("nothing is written down yet: n begins a risk form, p a safety plan"),
    }
}
