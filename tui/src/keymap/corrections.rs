//! The rows of the table that are about corrections of signed notes.

use super::keys::{c, row};
use super::{Context, Row, Verb, on_signed_note};

use Context as C;

/// What is done with notes that were signed and are not right.
pub(super) static CORRECTIONS: &[Row] = &[
    row(
        Verb::CorrectNote,
        &[&[c('e')]],
        &[C::Reader],
        ["correct", "Correct the signed note: a draft that holds its text", "correct"],
        on_signed_note,
    ),
    row(
        Verb::StrikeNote,
        &[&[c('x')]],
        &[C::Reader],
        ["strike", "Strike the signed note: it belongs to another client", "strike-note"],
        on_signed_note,
    ),
    row(
        Verb::EarlierVersion,
        &[&[c('o')]],
        &[C::Reader],
        ["", "What stood there before it was corrected, and what changed", "earlier-version"],
        on_signed_note,
    ),
];
