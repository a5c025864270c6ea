//! The rows of the table that are about how a note is written.

use super::keys::{c, f, row};
use super::{Context, Row, Verb, always, of_parts, with_last};

use Context as C;

/// What helps to write a note.
pub(super) static WRITING: &[Row] = &[
    row(
        Verb::FillTemplate,
        &[&[f(4)]],
        &[C::Note],
        ["template", "Fill the note with a template, or divide it in another way", "template"],
        of_parts,
    ),
    row(
        Verb::ShowLast,
        &[&[f(7)]],
        &[C::Note],
        ["last session", "Last plan and aims: a digit puts a line in; again hides", "last-session"],
        with_last,
    ),
    row(
        Verb::ChangeFormat,
        &[],
        &[C::Note],
        ["", "Format: divide the note as SOAP, DAP, BIRP and so on", "format"],
        of_parts,
    ),
    row(
        Verb::ShowPhrases,
        &[],
        &[],
        ["", "Snippets and templates: mine and the practice's", "snippets"],
        always,
    ),
    row(
        Verb::ShowRules,
        &[],
        &[],
        ["", "What a note must say before it is signed", "note-rules"],
        always,
    ),
    row(
        Verb::New,
        &[&[c('n')]],
        &[C::Phrases],
        ["new snippet", "New snippet", "new-snippet"],
        always,
    ),
    row(
        Verb::NewTemplate,
        &[&[c('t')]],
        &[C::Phrases],
        ["new template", "New template", "new-template"],
        always,
    ),
    row(
        Verb::Cancel,
        &[&[c('x')]],
        &[C::Phrases],
        ["strike", "Strike the snippet or template", "strike-snippet"],
        always,
    ),
];
