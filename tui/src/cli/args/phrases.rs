//! What can be said of snippets and templates on the command line.

use clap::Subcommand;

/// What can be done with snippets: texts that a word stands for.
#[derive(Debug, Subcommand)]
pub enum Snippets {
    /// List those that you can use, with their texts.
    List,
    /// Save one; its text comes from standard input.
    Set {
        /// The word that stands for it.
        name: String,
        /// For everybody in the practice.
        #[arg(long)]
        practice: bool,
    },
    /// Strike one.
    Remove {
        /// The word that stands for it.
        name: String,
        /// The practice's, not your own.
        #[arg(long)]
        practice: bool,
    },
}

/// What can be done with templates: the parts of a note, filled.
#[derive(Debug, Subcommand)]
pub enum Templates {
    /// List those that you can use, with their texts.
    List,
    /// Save one; its text comes from standard input, each part under a line with its name in brackets.
    Set {
        /// Its name.
        name: String,
        /// How it is divided: soap, dap, birp and so on.
        #[arg(long)]
        format: String,
        /// For everybody in the practice.
        #[arg(long)]
        practice: bool,
    },
    /// Strike one.
    Remove {
        /// Its name.
        name: String,
        /// The practice's, not your own.
        #[arg(long)]
        practice: bool,
    },
}
