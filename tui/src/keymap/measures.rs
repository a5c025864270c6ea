//! The rows of the table that are about measures.

use super::keys::{c, k, row};
use super::{Context, Row, Verb};
use super::{always, on_measure, on_person};
use crate::input::KeyCode;

use Context as C;

/// What is done with measures.
pub(super) static MEASURES: &[Row] = &[
    row(
        Verb::ShowMeasures,
        &[&[c('g'), c('m')]],
        &[C::Appointments, C::Clients, C::Chart, C::Waiting],
        ["", "Screen: what the client has answered, and how it changed", "measures"],
        on_person,
    ),
    row(
        Verb::TakeMeasure,
        &[&[c('o')]],
        &[C::Appointments, C::Clients, C::Chart, C::Waiting],
        ["", "Outcome measure: choose a form and answer it", "measure"],
        on_person,
    ),
    row(
        Verb::New,
        &[&[c('n')], &[c('o')]],
        &[C::Measures],
        ["new", "Choose a form and answer it, or enter a score", "new-measure"],
        always,
    ),
    row(
        Verb::Open,
        &[&[k(KeyCode::Enter)]],
        &[C::Measures],
        ["all it says", "All that the measure says, or its scores over time again", "open"],
        on_measure,
    ),
    row(
        Verb::MarkReviewed,
        &[&[c('r')]],
        &[C::Measures],
        ["reviewed", "The answer that raised a risk was reviewed, or not yet", "reviewed"],
        on_measure,
    ),
    row(
        Verb::Cancel,
        &[&[c('x')]],
        &[C::Measures],
        ["strike", "Strike a measure entered by mistake, or bring it back", "strike-measure"],
        on_measure,
    ),
    row(
        Verb::Confirm,
        &[&[k(KeyCode::Enter)]],
        &[C::MeasureForm],
        ["answer, sign", "Give the answer in focus; at the end, sign", ""],
        always,
    ),
];
