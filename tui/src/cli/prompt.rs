//! What a command asks for: text on standard input, a passphrase without echo.

use crate::message::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use thiserror::Error;
use zeroize::Zeroizing;

/// The longest passphrase line that is read.
const PASSPHRASE_BYTES_MAX: u64 = 1024;

/// Why something that was asked for did not come.
#[derive(Debug, Error)]
pub enum PromptError {
    /// There is nobody to ask, and no file descriptor was named.
    #[error("there is no terminal to ask for the passphrase; use --passphrase-fd")]
    NoTerminal,
    /// A file comes on standard input, and nothing says what it is called.
    #[error("the file has no title; use --title-fd, or --input and type the title")]
    NoTitle,
    /// Reading failed.
    #[error("could not read what was asked for")]
    Read(#[from] io::Error),
    /// More came than is taken.
    #[error("what came in is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads all of standard input as text of at most `limit` bytes.
pub fn standard_input(limit: usize) -> Result<String, PromptError> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    io::stdin().lock().take(most).read_to_string(&mut text)?;
    if text.len() > limit {
        return Err(PromptError::TooLong(limit));
    }
    Ok(text)
}

/// Reads a file as text of at most `limit` bytes.
pub fn file(path: &Path, limit: usize) -> Result<String, PromptError> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = String::new();
    File::open(path)?.take(most).read_to_string(&mut text)?;
    if text.len() > limit {
        return Err(PromptError::TooLong(limit));
    }
    Ok(text)
}

/// Reads all of an open file descriptor as text of at most `limit` bytes.
pub fn descriptor(number: i32, limit: usize) -> Result<String, PromptError> {
    file(Path::new(&format!("/dev/fd/{number}")), limit)
}

/// Reads the passphrase from the file descriptor that was named, or asks the terminal for it.
pub fn passphrase(descriptor: Option<i32>, question: &str) -> Result<Secret, PromptError> {
    match descriptor {
        Some(number) => {
            // Through /dev/fd, so that a number that is not open is an error and not a panic.
            let file = File::open(format!("/dev/fd/{number}"))?;
            line(file)
        }
        None => ask_terminal(question, false),
    }
}

/// Asks the terminal for one line, with echo.
pub fn ask(question: &str) -> Result<String, PromptError> {
    ask_terminal(question, true).map(|secret| secret.0.to_string())
}

/// Asks the terminal for one line of a recovery sheet, with echo: 24 words cannot be typed blind.
/// What comes is wiped when it is dropped.
pub fn words(question: &str) -> Result<Secret, PromptError> {
    ask_terminal(question, true)
}

fn ask_terminal(question: &str, echo: bool) -> Result<Secret, PromptError> {
    let mut terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|_| PromptError::NoTerminal)?;
    if echo {
        terminal.write_all(question.as_bytes())?;
        return line(terminal);
    }
    // Whoever types as soon as the question stands there must not be echoed.
    let before = rustix::termios::tcgetattr(&terminal).map_err(io::Error::from)?;
    let silent = EchoOff::new(&terminal, before)?;
    (&terminal).write_all(question.as_bytes())?;
    let answer = line(terminal.try_clone()?);
    drop(silent);
    terminal.write_all(b"\n")?;
    answer
}

/// Turns the echo off until it is dropped.
struct EchoOff<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> EchoOff<'a> {
    fn new(terminal: &'a File, before: Termios) -> io::Result<Self> {
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        rustix::termios::tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for EchoOff<'_> {
    fn drop(&mut self) {
        // Nothing can be done about a terminal that has gone away.
        let _gone = rustix::termios::tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

fn line(file: File) -> Result<Secret, PromptError> {
    // One allocation that is never outgrown, so that no copy of a passphrase stays behind.
    let capacity = usize::try_from(PASSPHRASE_BYTES_MAX).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    BufReader::with_capacity(1, file).take(PASSPHRASE_BYTES_MAX).read_line(&mut text)?;
    while text.ends_with(['\n', '\r']) {
        text.pop();
    }
    Ok(Secret(text))
}
