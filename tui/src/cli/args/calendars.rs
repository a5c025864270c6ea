//! What can be said about calendars of others on the command line.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What can be done with calendars of others.
#[derive(Debug, Subcommand)]
pub enum Calendars {
    /// Take in an iCalendar file (.ics) as busy times. The same file can be taken in again: only
    /// what has changed in it changes.
    Import(CalendarImport),
    /// Write when you are busy as an iCalendar file, for another program. Each entry says "Busy"
    /// and has an id drawn by chance. Asks for the passphrase and is recorded.
    Feed(CalendarFeed),
}

/// Options of `calendar feed`.
#[derive(Args, Debug)]
pub struct CalendarFeed {
    /// The file, which must not exist; without it, standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Say the initials of who comes.
    #[arg(long)]
    pub initials: bool,
    /// So many days from today on.
    #[arg(long, value_name = "N", default_value_t = 90)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3_650))]
    pub days: u16,
}

/// Options of `calendar import`.
#[derive(Args, Debug)]
pub struct CalendarImport {
    /// The file; without one, standard input.
    pub file: Option<PathBuf>,
    /// Only print what would come in.
    #[arg(long)]
    pub dry_run: bool,
    /// As appointments instead of busy times.
    #[arg(long)]
    pub appointments: bool,
    /// Keep the titles; without it each says "Busy".
    #[arg(long)]
    pub titles: bool,
    /// So many days from today on.
    #[arg(long, value_name = "N", default_value_t = 365)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=3_650))]
    pub days: u16,
    /// Take back what the same file has brought.
    #[arg(long)]
    pub undo: bool,
}
