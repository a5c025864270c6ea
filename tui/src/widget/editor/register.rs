//! What was cut or copied inside the program. It never reaches the terminal's clipboard.

use std::fmt;
use zeroize::Zeroizing;

/// A text that was cut or copied, wiped when another takes its place or the vault locks.
#[derive(Default)]
pub struct Register {
    text: Zeroizing<String>,
    lines: bool,
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is clinical.
        write!(f, "Register({} bytes)", self.text.len())
    }
}

impl Register {
    /// Keeps a text in the place of the one before. `lines` says that it is whole paragraphs,
    /// without the last line end.
    pub fn keep(&mut self, text: String, lines: bool) {
        self.text = Zeroizing::new(text);
        self.lines = lines;
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.lines
    }

    /// Returns whether it holds whole paragraphs.
    pub const fn is_lines(&self) -> bool {
        self.lines
    }
}
