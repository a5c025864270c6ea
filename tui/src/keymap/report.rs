//! The rows of the table that are about progress reports.

use super::keys::{c, row};
use super::{Context, Row, Verb};
use super::{always, on_person};

use Context as C;

/// What is done with progress reports.
pub(super) static REPORT: &[Row] = &[
    row(
        Verb::ShowReport,
        &[&[c('E')]],
        &[C::Chart, C::Clients],
        ["", "Progress report: choose what it holds", "report"],
        on_person,
    ),
    row(
        Verb::PreviewReport,
        &[&[c('p')]],
        &[C::Report],
        ["preview", "The report as it would leave, or the choice again", "preview"],
        always,
    ),
    row(
        Verb::ChooseAlike,
        &[&[c('*')]],
        &[C::Report],
        ["all like it", "Choose all of its kind that have no label, or none", "choose-alike"],
        always,
    ),
    row(
        Verb::Earlier,
        &[&[c('[')]],
        &[C::Report],
        ["or ] period", "Begin the period a month earlier", "longer-period"],
        always,
    ),
    row(
        Verb::Later,
        &[&[c(']')]],
        &[C::Report],
        ["", "Begin the period a month later", "shorter-period"],
        always,
    ),
    row(
        Verb::SaveReport,
        &[&[c('E')]],
        &[C::Report],
        ["save", "Save the report to a file outside the practice", "save-report"],
        always,
    ),
];
