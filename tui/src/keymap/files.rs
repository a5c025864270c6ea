//! The part of the table that is about files in charts.

use super::keys::{c, k, row};
use super::{Context, Row, Verb, always, on_attachment, on_person};
use crate::input::KeyCode;

use Context as C;

/// Acts on files.
pub(super) static FILES: &[Row] = &[
    row(
        Verb::Attach,
        &[&[c('a')]],
        &[C::Clients, C::Chart],
        ["", "Attach a file to the client's chart", "attach"],
        on_person,
    ),
    row(
        Verb::ShowAttachments,
        &[&[c('g'), c('a')]],
        &[C::Appointments, C::Clients, C::Chart, C::Waiting],
        ["", "Screen: attachments, files in the client's chart", "attachments"],
        on_person,
    ),
    row(
        Verb::Open,
        &[&[k(KeyCode::Enter)]],
        &[C::Attachments],
        ["open", "Open the file in memory", "open"],
        on_attachment,
    ),
    row(
        Verb::Attach,
        &[&[c('a')], &[c('n')]],
        &[C::Attachments],
        ["attach", "Attach a file", "attach"],
        always,
    ),
    row(
        Verb::Cancel,
        &[&[c('x')]],
        &[C::Attachments, C::Attachment],
        ["strike", "Strike the file, or bring it back", "strike-file"],
        on_attachment,
    ),
    row(
        Verb::SaveAttachment,
        &[&[c('E')]],
        &[C::Attachments, C::Attachment],
        ["save", "Save the file outside the practice", "save-file"],
        on_attachment,
    ),
];
