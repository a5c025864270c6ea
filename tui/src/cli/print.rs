//! The one place that writes to standard output and standard error: harmless text, and bytes that
//! were released through the gate.

use crate::notice::Notice;
use crate::widget::safe::harmless;
use std::io::{self, Write as _};

/// Prints one line. Returns whether somebody still listens.
pub fn line(text: &str) -> bool {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", harmless(text)).and_then(|()| out.flush()).is_ok()
}

/// Prints a notice on standard error, one sentence a line.
pub fn notice(notice: &Notice) {
    let mut out = io::stderr().lock();
    for sentence in [&notice.happened, &notice.safe, &notice.next] {
        // Nobody listens to standard error: there is no other place to say so.
        let _gone = writeln!(out, "{}", harmless(sentence));
    }
}

/// Prints what the parser of the arguments has to say: help, version, or an error of usage.
pub fn usage(error: &clap::Error) {
    // The text is ours and the arguments'; the parser's own printing would not be made harmless.
    let text = error.render().to_string();
    let text: Vec<_> = text.lines().map(|line| harmless(line).into_owned()).collect();
    let text = text.join("\n");
    let _gone = if error.use_stderr() {
        writeln!(io::stderr().lock(), "{text}")
    } else {
        writeln!(io::stdout().lock(), "{text}")
    };
}
