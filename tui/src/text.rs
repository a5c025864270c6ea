//! The words that people read, where they are more than the name of a thing. It decides nothing.

use crate::notice::Notice;
use std::fmt::Display;
use tacenda_shared::practice::edit::{NoteFormat, Status};

/// Says that a passphrase did not open the vault: the same words whatever the cause.
pub fn wrong_passphrase() -> Notice {
    Notice::new(
        "That passphrase does not open this practice.",
        "Nothing has been changed.",
        "Check Caps Lock and the keyboard layout, and try again.",
    )
}

/// Says that what was typed or pasted is no passphrase, before it is tried.
pub fn passphrase_too_long() -> Notice {
    Notice::new(
        "That is longer than a passphrase can be, so what did not fit was left out.",
        "Nothing has been changed.",
        "Press Esc to empty the field, and type it again.",
    )
}

/// Says that no clinician is known.
pub fn no_clinician() -> Notice {
    Notice::new(
        "This practice has no clinician yet, so nobody can be booked.",
        "Nothing has been changed.",
        "Wait until this device has synced, and try again.",
    )
}

/// Says that two passphrases differ.
pub fn passphrases_differ() -> Notice {
    Notice::new(
        "The two passphrases are not the same.",
        "Nothing has been set up yet.",
        "Type it twice again, slowly.",
    )
}

/// What a paste or a burst of keys does where no caret is shown.
pub const PASTE_IGNORED: &str = "Pasted text was ignored: no caret is shown here.";
/// What the first Ctrl+C says.
pub const INTERRUPT: &str = "Press Ctrl+C again to quit; all is saved. q steps back.";
/// The warning before the auto-lock.
pub const LOCKS_SOON: &str = "Locks within 30 s. Any key stays.";
/// What is said when a sequence of keys has no meaning.
pub const NO_SUCH_KEY: &str = "That key does nothing here. ? shows what does.";

/// Says why a key does nothing.
pub fn not_now(reason: &str) -> String {
    format!("{NOT_NOW}{reason}.")
}

const NOT_NOW: &str = "Not now: ";

/// Returns whether a line says only that a key did nothing.
pub fn is_refusal(line: &str) -> bool {
    line.starts_with(NOT_NOW) || [NO_SUCH_KEY, PASTE_IGNORED].contains(&line)
}

/// Returns the word for a status in a list, at most 14 columns.
pub const fn status(status: Status) -> &'static str {
    match status {
        Status::CancelledByClient => "cancelled",
        Status::CancelledByClinician => "we cancelled",
        other => other.word(),
    }
}

/// Returns the word for the format of a note.
pub const fn format(format: NoteFormat) -> &'static str {
    format.title()
}

/// Returns a room as people say it: `2` is `room 2`, and a room with a name has its name.
pub fn room(name: &str) -> String {
    let is_label = name.chars().count() <= 3 && !name.is_empty();
    if is_label { format!("room {name}") } else { name.to_owned() }
}

/// Returns `1 word` or `n words`.
pub fn counted<N: Display + From<u8> + PartialEq>(count: N, one: &str, many: &str) -> String {
    if count == N::from(1) { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Returns how long a file is: `812 bytes`, `1.5 KiB`, `4.0 MiB`.
pub fn bytes(count: u64) -> String {
    let tenths = |unit: u64| (count.saturating_mul(10) + unit / 2) / unit;
    let words = |tenths: u64, unit: &str| format!("{}.{} {unit}", tenths / 10, tenths % 10);
    match count {
        0..1024 => counted(count, "byte", "bytes"),
        1024..0x10_0000 if tenths(1 << 10) < 10_240 => words(tenths(1 << 10), "KiB"),
        _ => words(tenths(1 << 20), "MiB"),
    }
}

/// Returns the name of an instrument as it is written: `phq-9` is `PHQ-9`.
pub fn instrument(id: &str) -> String {
    let form = tacenda_shared::practice::measure::named(id);
    form.map_or_else(
        || if id.chars().any(char::is_uppercase) { id.to_owned() } else { id.to_uppercase() },
        |form| form.abbreviation.clone(),
    )
}

/// Returns words with a capital in front.
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
