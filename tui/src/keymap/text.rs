//! The rows of the table that are about the text of a note: what is found and replaced, and what
//! is done to words, sentences and what is selected.

use super::always;
use super::keys::{c, ctrl, k, row, shift};
use super::{Context, Row, Verb};
use crate::device::settings::Preset;
use crate::input::{Key, KeyCode};
use crate::widget::editor::Deed;

use Context as C;

/// What can be done with the places that were found.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "the table gives each its words")]
pub enum Places {
    Previous,
    Replace,
    ReplaceAll,
    ReplaceInPart,
    ReplaceThis,
    Skip,
}

const fn with_ctrl(code: KeyCode) -> Key {
    Key { code, ctrl: true, shift: false }
}

/// Something that is done in the text of a note.
const fn deed(
    deed: Deed,
    keys: &'static [&'static [Key]],
    help: &'static str,
    command: &'static str,
) -> Row {
    row(Verb::InText(deed), keys, &[C::Note], ["", help, command], always)
}

/// What is done with the text of a note.
pub(super) static TEXT: &[Row] = &[
    row(
        Verb::NextField,
        &[&[k(KeyCode::Tab)]],
        &[C::Finding],
        ["replace", "Say what takes its place", ""],
        always,
    ),
    row(
        Verb::Places(Places::Previous),
        &[&[k(KeyCode::Up)]],
        &[C::Finding],
        ["before", "Find the place before", ""],
        always,
    ),
    row(
        Verb::Places(Places::Previous),
        &[&[shift(KeyCode::F(3))]],
        &[C::Note],
        ["", "Find the place before", "find-previous"],
        always,
    ),
    row(
        Verb::Places(Places::Replace),
        &[],
        &[C::Note],
        ["", "Replace in this note: one by one, or all", "replace"],
        always,
    ),
    row(
        Verb::Confirm,
        &[&[k(KeyCode::Enter)]],
        &[C::Replacing],
        ["go through the places", "Go to the first place and ask", ""],
        always,
    ),
    row(
        Verb::PreviousField,
        &[&[k(KeyCode::Tab)]],
        &[C::Replacing],
        ["what to find", "Back to what is to be found", ""],
        always,
    ),
    row(
        Verb::Places(Places::ReplaceThis),
        &[&[c('y')], &[k(KeyCode::Enter)]],
        &[C::Asking],
        ["replace", "Replace this one", ""],
        always,
    ),
    row(
        Verb::Places(Places::Skip),
        &[&[c('n')]],
        &[C::Asking],
        ["leave", "Leave this one", ""],
        always,
    ),
    row(
        Verb::Places(Places::ReplaceInPart),
        &[&[c('p')]],
        &[C::Asking],
        ["all in part", "Replace all in this part", ""],
        always,
    ),
    row(
        Verb::Places(Places::ReplaceAll),
        &[&[c('a')]],
        &[C::Asking],
        ["all in note", "Replace all in this note", ""],
        always,
    ),
    deed(
        Deed::Cut,
        &[&[ctrl('x')]],
        "Cut what is selected; for notes only, never the clipboard",
        "cut",
    ),
    deed(
        Deed::Copy,
        &[&[ctrl('c')]],
        "Copy what is selected; for notes only, never the clipboard",
        "copy-text",
    ),
    deed(Deed::Put, &[&[ctrl('r')]], "Put in what was cut or copied", "put"),
    deed(Deed::EraseSentence, &[&[ctrl('d')]], "Erase the rest of the sentence", "erase-sentence"),
    deed(Deed::EraseWord, &[&[ctrl('w')]], "Erase the word before", "erase-word"),
    deed(Deed::EraseToRowStart, &[&[ctrl('u')]], "Erase to the start of the row", "erase-to-row"),
    deed(Deed::EraseToRowEnd, &[], "Erase to the end of the row", "erase-row-end"),
    deed(Deed::EraseToPartStart, &[], "Erase to the start of the part", "erase-to-start"),
    deed(Deed::EraseToPartEnd, &[], "Erase to the end of the part", "erase-to-end"),
    deed(Deed::NextWord, &[&[with_ctrl(KeyCode::Right)]], "To the end of the word", "next-word"),
    deed(
        Deed::PreviousWord,
        &[&[with_ctrl(KeyCode::Left)]],
        "To the start of the word",
        "previous-word",
    ),
    deed(
        Deed::NextSentence,
        &[&[with_ctrl(KeyCode::Down)]],
        "To the next sentence",
        "next-sentence",
    ),
    deed(
        Deed::PreviousSentence,
        &[&[with_ctrl(KeyCode::Up)]],
        "To the sentence before",
        "previous-sentence",
    ),
    deed(
        Deed::NextParagraph,
        &[&[with_ctrl(KeyCode::PageDown)]],
        "To the next paragraph",
        "next-paragraph",
    ),
    deed(
        Deed::PreviousParagraph,
        &[&[with_ctrl(KeyCode::PageUp)]],
        "To the paragraph before",
        "previous-paragraph",
    ),
    deed(Deed::PartStart, &[&[with_ctrl(KeyCode::Home)]], "To the start of the part", "part-start"),
    deed(Deed::PartEnd, &[&[with_ctrl(KeyCode::End)]], "To the end of the part", "part-end"),
    row(
        Verb::UseKeys(Preset::Vim),
        &[],
        &[],
        ["", "Keys in notes on this device: as in vim", "keys-vim"],
        always,
    ),
    row(
        Verb::UseKeys(Preset::Default),
        &[],
        &[],
        ["", "Keys in notes on this device: letters type, always", "keys-default"],
        always,
    ),
];
