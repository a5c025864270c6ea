//! What can be said of consents on the command line.

use clap::{Args, Subcommand};

/// What can be done with consents.
#[derive(Debug, Subcommand)]
pub enum Consents {
    /// Write down a consent, or that it was refused. Its words come from standard input: a line each
    /// `to: ` (a release), `covers: `, `said: ` (the client's words).
    Add(NewConsent),
    /// List a client's consents.
    List {
        /// The client's code.
        client: String,
    },
    /// Say that the client has taken one back; why comes from standard input, and may be empty.
    Revoke {
        /// The client's code.
        client: String,
        /// The id that `consent list` prints.
        id: String,
        /// When, as 2026-11-25, if not today.
        #[arg(long, value_name = "DATE")]
        on: Option<jiff::civil::Date>,
    },
    /// Strike one that was entered by mistake. It stays in the list, as struck.
    Strike {
        /// The client's code.
        client: String,
        /// The id that `consent list` prints.
        id: String,
    },
}

/// Options of `consent add`.
#[derive(Args, Debug)]
pub struct NewConsent {
    /// The client's code.
    pub client: String,
    /// What for: treatment, telehealth, release, ai, recording or other.
    #[arg(long)]
    pub kind: String,
    /// Since when, as 2026-11-25, if not today.
    #[arg(long, value_name = "DATE")]
    pub given: Option<jiff::civil::Date>,
    /// The last day on which it holds, as 2027-11-25. Left out: it has no end.
    #[arg(long, value_name = "DATE")]
    pub until: Option<jiff::civil::Date>,
    /// How it was given: in-session, signed-form or telephone.
    #[arg(long, default_value = "in-session")]
    pub how: String,
    /// It was refused.
    #[arg(long, conflicts_with_all = ["until", "renews"])]
    pub refused: bool,
    /// The consent that it renews, by the id that `consent list` prints.
    #[arg(long, value_name = "ID")]
    pub renews: Option<String>,
}
