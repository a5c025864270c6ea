//! What the sequences of xterm, the Linux console, rxvt, the VT100 and kitty mean as keys.
//!
//! It knows no state: a whole sequence goes in, a meaning comes out, and what is not in the table
//! means nothing.

use crate::input::{Key, KeyCode};

/// What a sequence means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// Nothing that concerns us: a report, an answer, a key that we do not know.
    Nothing,
    /// A key; with `alt` it stands behind an Esc.
    Key { key: Key, alt: bool },
    /// Focus came or went.
    Focus(bool),
    /// The opening bracket of a paste.
    PasteBegins,
}

impl Meaning {
    const fn ctrl(code: KeyCode) -> Self {
        Self::Key { key: Key { code, ctrl: true, shift: false }, alt: false }
    }

    const fn shift(code: KeyCode) -> Self {
        Self::Key { key: Key::shift(code), alt: false }
    }
}

/// The key of a control character other than ESC.
pub(super) fn c0(byte: u8) -> Option<Key> {
    let key = match byte {
        0x08 | 0x7f => Key::plain(KeyCode::Backspace),
        b'\t' => Key::plain(KeyCode::Tab),
        b'\r' | b'\n' => Key::plain(KeyCode::Enter),
        0x00 => Key::ctrl(' '),
        0x01..=0x1a => Key::ctrl(char::from(byte + 0x60)),
        0x1c..=0x1f => Key::ctrl(char::from(byte + 0x40)),
        _ => return None,
    };
    Some(key)
}

/// The key of `ESC [ [ x`, which the Linux console sends for F1 to F5.
pub(super) fn console(byte: u8) -> Option<KeyCode> {
    (b'A'..=b'E').contains(&byte).then(|| KeyCode::F(byte - b'A' + 1))
}

/// Whether the parameters are one number and nothing else.
pub(super) fn is_one_number(parameters: &[u8]) -> bool {
    !parameters.is_empty() && parameters.iter().all(u8::is_ascii_digit)
}

/// What `ESC O parameters last` means.
pub(super) fn single(parameters: &[u8], last: u8) -> Meaning {
    // Old konsole and xterm put a modifier here: `ESC O 5 P`, `ESC O 1 ; 5 P`.
    let modifier = parameters.rsplit(|&byte| byte == b';').next().and_then(number).unwrap_or(1);
    let code = match last {
        b'A'..=b'D' | b'F' | b'H' | b'P'..=b'S' => match letter(last) {
            Some(code) => code,
            None => return Meaning::Nothing,
        },
        b'a'..=b'd' => {
            return letter(last.to_ascii_uppercase()).map_or(Meaning::Nothing, Meaning::ctrl);
        }
        b'M' => KeyCode::Enter,
        b'I' => KeyCode::Tab,
        b' ' => KeyCode::Char(' '),
        b'X' => KeyCode::Char('='),
        // The keypad in application mode: j is *, and so on up to y, which is 9.
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        _ => return Meaning::Nothing,
    };
    modified(code, modifier)
}

/// What `ESC [ parameters last` means.
pub(super) fn control(parameters: &[u8], last: u8) -> Meaning {
    // A private mark or an intermediate byte belongs to an answer or a mouse report.
    if !parameters.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')) {
        return Meaning::Nothing;
    }
    let mut fields = parameters.split(|&byte| byte == b';');
    let first = fields.next().unwrap_or_default();
    let second = fields.next().unwrap_or_default();
    let mut marks = second.split(|&byte| byte == b':');
    let modifier = marks.next().and_then(number).unwrap_or(1);
    if marks.next().and_then(number) == Some(3) {
        // Kitty's report that a key was let go.
        return Meaning::Nothing;
    }
    match last {
        b'~' => tilde(number(first), modifier, fields.next().and_then(number)),
        b'u' if !parameters.is_empty() => {
            coded(first.split(|&byte| byte == b':').next().and_then(number), modifier)
        }
        b'^' => tilde(number(first), 5, None),
        b'$' => tilde(number(first), 2, None),
        b'@' => tilde(number(first), 6, None),
        b'Z' => Meaning::shift(KeyCode::Tab),
        b'I' | b'O' if parameters.is_empty() => Meaning::Focus(last == b'I'),
        b'a'..=b'd' if parameters.is_empty() => {
            letter(last.to_ascii_uppercase()).map_or(Meaning::Nothing, Meaning::shift)
        }
        // With a number, R is where somebody's cursor is: an answer that came late.
        b'R' if !parameters.is_empty() => Meaning::Nothing,
        _ => match letter(last) {
            Some(code) if matches!(number(first), None | Some(1)) => modified(code, modifier),
            _ => Meaning::Nothing,
        },
    }
}

/// The keys that end in a letter, alike after `ESC [` and `ESC O`.
fn letter(last: u8) -> Option<KeyCode> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    };
    Some(code)
}

/// The keys that end in `~`: a number says which.
fn tilde(which: Option<u32>, modifier: u32, third: Option<u32>) -> Meaning {
    let code = match which {
        Some(1 | 7) => KeyCode::Home,
        Some(2) => KeyCode::Insert,
        Some(3) => KeyCode::Delete,
        Some(4 | 8) => KeyCode::End,
        Some(5) => KeyCode::PageUp,
        Some(6) => KeyCode::PageDown,
        Some(n @ 11..=15) => function(n - 10),
        Some(n @ 17..=21) => function(n - 11),
        Some(n @ 23..=24) => function(n - 12),
        // F13 to F20 of the consoles are Shift with F1 to F8.
        Some(n @ 25..=26) => return Meaning::shift(function(n - 24)),
        Some(n @ 28..=29) => return Meaning::shift(function(n - 25)),
        Some(n @ 31..=34) => return Meaning::shift(function(n - 26)),
        // modifyOtherKeys: 27 ; modifier ; code ~.
        Some(27) => return coded(third, modifier),
        Some(200) => return Meaning::PasteBegins,
        _ => return Meaning::Nothing,
    };
    modified(code, modifier)
}

fn function(number: u32) -> KeyCode {
    KeyCode::F(u8::try_from(number).unwrap_or(u8::MAX))
}

/// A key that is told by the code point that it would type (kitty, modifyOtherKeys).
fn coded(code: Option<u32>, modifier: u32) -> Meaning {
    let code = match code {
        Some(27) => KeyCode::Esc,
        Some(13) => KeyCode::Enter,
        Some(9) => KeyCode::Tab,
        Some(8 | 127) => KeyCode::Backspace,
        // Kitty's keys that type nothing live in the private use area.
        Some(0xe000..=0xf8ff) | None => return Meaning::Nothing,
        Some(point) => match char::from_u32(point).filter(|letter| !letter.is_control()) {
            Some(letter) => KeyCode::Char(letter),
            None => return Meaning::Nothing,
        },
    };
    modified(code, modifier)
}

/// Adds xterm's modifier: one more than the bits 1 Shift, 2 Alt, 4 Ctrl; 8 and above are ignored.
///
/// With an arrow, Delete or Backspace, Alt means what Ctrl means: terminals differ in which of the
/// two they send for a step by words, and nobody means to step out by it.
fn modified(code: KeyCode, modifier: u32) -> Meaning {
    let bits = modifier.saturating_sub(1);
    let (shift, mut alt, mut ctrl) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
    if alt && by_words(code) {
        (alt, ctrl) = (false, true);
    }
    let key = match code {
        KeyCode::Char(letter) if ctrl => {
            Key { code: KeyCode::Char(letter.to_ascii_lowercase()), ctrl, shift: false }
        }
        KeyCode::Char(letter) if shift => {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(single), None) => Key::char(single),
                _ => Key::char(letter),
            }
        }
        KeyCode::Char(letter) => Key::char(letter),
        code => Key { code, ctrl, shift },
    };
    Meaning::Key { key, alt }
}

/// Whether the key goes or erases by words when Ctrl is held.
const fn by_words(code: KeyCode) -> bool {
    matches!(
        code,
        KeyCode::Backspace
            | KeyCode::Delete
            | KeyCode::Down
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Up
    )
}

/// The number that the digits make, up to seven of them (a code point has at most that many).
fn number(digits: &[u8]) -> Option<u32> {
    if !is_one_number(digits) || digits.len() > 7 {
        return None;
    }
    Some(digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}
