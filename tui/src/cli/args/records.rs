//! What can be done with a client's journal.

use clap::{Args, Subcommand};

/// What can be done with what a client wrote.
#[derive(Debug, Subcommand)]
pub enum Journals {
    /// Put what a client wrote into their journal; it comes from standard input.
    Add(NewEntry),
    /// List the entries of a client's journal: dates and numbers of words.
    List {
        /// The client's code.
        client: String,
    },
    /// Show an entry.
    Show {
        /// The client's code.
        client: String,
        /// The id that `journal list` prints.
        id: String,
    },
}

/// An entry of a journal.
#[derive(Args, Debug)]
pub struct NewEntry {
    /// The client's code.
    pub client: String,
    /// The day that the client gives it, as 2026-11-25 [default: today].
    #[arg(long, value_name = "DATE")]
    pub date: Option<jiff::civil::Date>,
    /// The client has agreed that it may be shared.
    #[arg(long)]
    pub shared: bool,
}
