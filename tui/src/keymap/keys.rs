//! Short names for keys, for the table.

use crate::input::{Key, KeyCode};

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
