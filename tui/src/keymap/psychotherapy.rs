//! The rows of the table that are about psychotherapy notes.

use super::keys::{c, f, k, row};
use super::{Context, Row, Verb, always};
use super::{on_apart, on_client, on_draft, while_apart};
use crate::input::KeyCode;

use Context as C;

/// What is done with psychotherapy notes.
pub(super) static APART: &[Row] = &[
    row(
        Verb::ShowApart,
        &[&[c('p')]],
        &[C::Appointments, C::Clients, C::Chart, C::Waiting],
        ["", "Psychotherapy notes: your own, apart from the record", "psychotherapy"],
        on_client,
    ),
    row(
        Verb::Open,
        &[&[k(KeyCode::Enter)]],
        &[C::Psychotherapy],
        ["read", "Read the note, or go on with the draft", "open"],
        on_apart,
    ),
    row(
        Verb::New,
        &[&[c('n')]],
        &[C::Psychotherapy],
        ["new", "Begin a psychotherapy note", "new-psychotherapy"],
        always,
    ),
    row(
        Verb::SignDraft,
        &[&[c('S')], &[f(8)]],
        &[C::Psychotherapy],
        ["sign", "Look at the draft once more, and sign it", "sign-draft"],
        on_draft,
    ),
    row(
        Verb::Cancel,
        &[&[c('x')]],
        &[C::Psychotherapy],
        ["strike", "Strike the note, or bring it back; discard the draft", "strike"],
        on_apart,
    ),
    row(
        Verb::CloseApart,
        &[&[c('c')]],
        &[C::Psychotherapy],
        ["close them", "Close psychotherapy notes: their keys go", "close-psychotherapy"],
        while_apart,
    ),
    row(
        Verb::CloseApart,
        &[],
        &[],
        ["", "Close psychotherapy notes: their keys go", "close-psychotherapy"],
        while_apart,
    ),
];
