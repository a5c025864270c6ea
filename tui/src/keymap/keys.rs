//! Short names for keys and rows, for the table.

use super::{Context, Row, Verb};
use crate::input::{Key, KeyCode};
use crate::screen::Situation;

type When = fn(&Situation<'_>) -> Option<&'static str>;

pub(super) const fn c(letter: char) -> Key {
    Key::char(letter)
}
pub(super) const fn ctrl(letter: char) -> Key {
    Key::ctrl(letter)
}
pub(super) const fn f(number: u8) -> Key {
    Key::plain(KeyCode::F(number))
}
pub(super) const fn k(code: KeyCode) -> Key {
    Key::plain(code)
}
pub(super) const fn shift(code: KeyCode) -> Key {
    Key::shift(code)
}

/// A row with hint, help and command.
pub(super) const fn row(
    verb: Verb,
    keys: &'static [&'static [Key]],
    contexts: &'static [Context],
    [hint, help, command]: [&'static str; 3],
    when: When,
) -> Row {
    Row { verb, keys, contexts, hint, help, command, when }
}
