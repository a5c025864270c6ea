//! What can be said of crises on the command line.

use clap::Subcommand;

/// What can be seen and kept for a crisis.
#[derive(Clone, Debug, Subcommand)]
pub enum Crises {
    /// List the emergency numbers of each place.
    Numbers,
    /// Set the emergency numbers of a place, from standard input: `Nevada: Emergency 911; County line
    /// 555 0100`. Nothing after the colon takes the practice's own back.
    SetNumbers,
    /// Show a client's safety plan and risk forms.
    Show {
        /// The client's code.
        client: String,
    },
}
