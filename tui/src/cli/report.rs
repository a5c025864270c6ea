//! Progress reports on the side of the command: what is asked, and where one is written.

use super::args::{Arguments, Progress};
use super::attachment::not_written;
use super::request::{Request, Typed};
use super::run::{Failed, carry_out};
use super::{print, prompt};
use crate::device::files;
use crate::device::home::Home;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The longest answer to whom and what for.
const WORDS_BYTES_MAX: usize = 2000;

/// A progress report that a command asks for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReportAsked {
    /// The client's code.
    pub client: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// What it is to hold, as the list says it.
    pub items: Vec<String>,
    /// Set if it is to leave.
    pub out: Option<ReportOut>,
}

/// How a report is to leave.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReportOut {
    /// For whom, and in a second line what for.
    pub words: Typed,
    /// Whether it is a page.
    pub html: bool,
    /// As typed.
    pub passphrase: Typed,
}

/// Whether the name of a file says that it is a page.
pub(crate) fn is_page(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|one| one.eq_ignore_ascii_case("html") || one.eq_ignore_ascii_case("htm"))
}

/// Returns what a command asks that only lists.
pub(super) fn listing(asked: &Progress) -> Request {
    Request::Report(Box::new(ReportAsked {
        client: asked.client.clone(),
        from: asked.from.to_string(),
        to: asked.to.to_string(),
        items: asked.item.clone(),
        out: None,
    }))
}

/// Lets a report out: to a new file of its owner's alone.
pub(super) fn write(asked: &Progress, home: &Home, arguments: &Arguments) -> Result<(), Failed> {
    let output = asked.output.as_deref().unwrap_or(Path::new(""));
    if output.symlink_metadata().is_ok() {
        // Said before an entry in the trail says that it left.
        return Err(not_written(&io::ErrorKind::AlreadyExists.into()).into());
    }
    let words = Typed(prompt::standard_input(WORDS_BYTES_MAX)?);
    let typed = prompt::passphrase(arguments.passphrase_fd, "Passphrase: ")?;
    let passphrase = Typed(typed.0.to_string());
    let Request::Report(mut report) = listing(asked) else { return Ok(()) };
    report.out = Some(ReportOut { words, html: is_page(output), passphrase });
    let mut text = None;
    carry_out(Request::Report(report), home, arguments, Some(&typed), &mut |json, line| {
        match json["text"].as_str() {
            Some(report) => text = Some(report.to_owned()),
            None => print::warning(line),
        }
        true
    })?;
    let text = text.ok_or_else(|| not_written(&io::ErrorKind::InvalidData.into()))?;
    files::write_new(output, text.as_bytes()).map_err(|error| not_written(&error).into())
}
