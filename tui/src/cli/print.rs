//! The one place that writes to standard output and standard error: harmless text, and bytes that
//! were released through the gate.

use crate::notice::Notice;
use crate::widget::safe::{harmless, is_harmful};
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether something that was to be printed is lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints one line. Returns whether somebody still listens.
pub fn line(text: &str) -> bool {
    let mut out = io::stdout().lock();
    let printed = writeln!(out, "{}", harmless(text)).and_then(|()| out.flush());
    // Whoever has closed a pipe has read enough; on a full disk half a list would look whole.
    let lost = printed.as_ref().is_err_and(|cause| cause.kind() != io::ErrorKind::BrokenPipe);
    LOST.fetch_or(lost, Ordering::Relaxed);
    printed.is_ok()
}

/// Says so if not everything could be printed; returns whether that is so.
pub fn is_cut_short() -> bool {
    let lost = LOST.load(Ordering::Relaxed);
    if lost {
        notice(&Notice::new(
            "Not everything could be written to standard output: what is there is cut short.",
            "Your practice is as it was before, or as the command has changed it.",
            "Free some space, and ask again.",
        ));
    }
    lost
}

/// Returns JSON in which every character that could command a terminal is escaped, so that
/// nothing of the data changes and nothing of it is sent raw.
pub fn escaped(json: &serde_json::Value) -> String {
    let raw = json.to_string();
    let mut safe = String::with_capacity(raw.len());
    let mut units = [0; 2];
    for character in raw.chars() {
        if is_harmful(character) {
            // Such a character stands inside a string: JSON has none elsewhere.
            for unit in character.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Prints a notice on standard error, one sentence a line.
pub fn notice(notice: &Notice) {
    let mut out = io::stderr().lock();
    for sentence in [&notice.happened, &notice.safe, &notice.next] {
        // Nobody listens to standard error: there is no other place to say so.
        let _gone = writeln!(out, "{}", harmless(sentence));
    }
}

/// Prints a line on standard error.
pub fn warning(line: &str) {
    // As above.
    let _gone = writeln!(io::stderr().lock(), "{}", harmless(line));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_sent_without_a_character_that_commands_and_reads_back_whole() {
        let value = serde_json::json!({"name": "a\u{1b}[31m\u{202e}\u{9b}\u{200d}é日"});

        let sent = escaped(&value);

        assert!(!sent.chars().any(is_harmful), "{sent:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&sent).unwrap(), value);
    }
}
