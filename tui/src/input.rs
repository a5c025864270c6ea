//! What a person did at the terminal, after the bytes have been understood.

use std::fmt;

/// One event from the terminal.
#[derive(Clone, Eq, PartialEq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// Text that was pasted in brackets, as it came: harmful characters are still in it.
    Paste(String),
    /// More than 12 printable characters in one read without brackets, while no caret was shown
    /// or not: whoever has a text field types them, a list ignores them with a notice.
    Burst(String),
    /// The terminal gained (`true`) or lost focus.
    Focus(bool),
    /// The terminal has a new size.
    Resize {
        /// In cells.
        columns: u16,
        /// In cells.
        rows: u16,
    },
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is typed may be clinical or a passphrase; only its kind is shown.
        match self {
            Self::Key(key) if key.code.is_printable() => f.write_str("Key(printable)"),
            Self::Key(key) => write!(f, "Key({key:?})"),
            Self::Paste(text) => write!(f, "Paste({} bytes)", text.len()),
            Self::Burst(text) => write!(f, "Burst({} bytes)", text.len()),
            Self::Focus(gained) => write!(f, "Focus({gained})"),
            Self::Resize { columns, rows } => write!(f, "Resize({columns}x{rows})"),
        }
    }
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Whether Ctrl was held. Ctrl+letter carries the letter in lower case.
    pub ctrl: bool,
    /// Whether Shift was held, for keys that are not characters (Shift+Tab, Shift+Left).
    pub shift: bool,
}

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, shift: false }
    }

    /// A character without modifiers.
    pub const fn char(letter: char) -> Self {
        Self::plain(KeyCode::Char(letter))
    }

    /// A letter with Ctrl.
    pub const fn ctrl(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), ctrl: true, shift: false }
    }

    /// A key with Shift.
    pub const fn shift(code: KeyCode) -> Self {
        Self { code, ctrl: false, shift: true }
    }
}

/// The keys that Tacenda knows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyCode {
    /// A character, as the keyboard layout made it.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab; Shift+Tab is this with `shift`.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F12.
    F(u8),
}

impl KeyCode {
    /// Returns whether the key types a character.
    pub const fn is_printable(self) -> bool {
        matches!(self, Self::Char(_))
    }
}
