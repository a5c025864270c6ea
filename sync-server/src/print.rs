//! The one place that writes to standard output and standard error for whoever typed a command.
//! It is given whole lines and knows nothing of what they say.

use std::io::{self, Write as _};

/// Writes one line to standard output. A reader that has gone away is no error of ours.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _gone = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes one line to standard error.
pub(crate) fn complaint(text: &str) {
    let mut out = io::stderr().lock();
    let _gone = writeln!(out, "{text}");
}
