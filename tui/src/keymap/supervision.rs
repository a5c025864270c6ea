//! The rows of the table that are about supervision.

use super::keys::{c, row};
use super::{Context, Row, Verb, always};

use Context as C;

/// What is done with notes that a second person signs too.
pub(super) static SUPERVISION: &[Row] = &[
    row(
        Verb::Supervise,
        &[&[c('v')]],
        &[C::Reader],
        ["", "Supervision: hand the note over, co-sign it or return it", "supervise"],
        always,
    ),
    row(
        Verb::SetSupervised,
        &[],
        &[C::Calendar],
        ["", "Say whether your notes go to a second person", "supervision"],
        always,
    ),
];
