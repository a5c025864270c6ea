//! What can be said about couples, families and groups on the command line.

use clap::{Subcommand, ValueEnum};

/// Couples, families and groups.
#[derive(Clone, Debug, Subcommand)]
pub enum Groups {
    /// List them, and who belongs to each.
    List,
    /// Begin one with these clients.
    New {
        /// What kind of people belong together.
        kind: Kind,
        /// The code that is to stand for them.
        code: String,
        /// Codes of two or more clients.
        #[arg(required = true, num_args = 2..=64)]
        clients: Vec<String>,
    },
    /// Take a client in.
    Join {
        /// The group's code.
        group: String,
        /// The client's code.
        client: String,
    },
    /// Say that a client has left. What was written then stays.
    Leave {
        /// The group's code.
        group: String,
        /// The client's code.
        client: String,
    },
}

/// What kind of people belong together.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Kind {
    /// Two partners.
    Couple,
    /// A family.
    Family,
    /// A therapy group.
    Group,
}

impl Kind {
    /// Returns the word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Couple => "couple",
            Self::Family => "family",
            Self::Group => "group",
        }
    }
}
