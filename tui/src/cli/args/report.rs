//! What reports can be made.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::path::PathBuf;

/// What reports can be made.
#[derive(Debug, Subcommand)]
pub enum Reports {
    /// A progress report of a period. Without --output, lists what it can hold, each with a word for
    /// --item. For whom and what for come from standard input, a line each. Asks for the passphrase and
    /// is recorded.
    Progress(Progress),
}

/// A progress report.
#[derive(Args, Debug)]
pub struct Progress {
    /// The client's code.
    pub client: String,
    /// The first day, as 2026-09-01.
    #[arg(long, value_name = "DATE")]
    pub from: Date,
    /// The last day.
    #[arg(long, value_name = "DATE")]
    pub to: Date,
    /// What it is to hold; may be given several times. Nothing else is in it.
    #[arg(long, value_name = "WORD")]
    pub item: Vec<String>,
    /// The new file: a page if its name ends in .html, else plain text.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
