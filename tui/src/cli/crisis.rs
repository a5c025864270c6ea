//! What a command about a crisis asks for.

use super::args::Crises;
use super::prompt::{self, PromptError};
use super::request::{Request, Typed};
use serde::{Deserialize, Serialize};

/// The longest line of numbers.
const TEXT_BYTES_MAX: usize = 1 << 12;

/// What is seen or kept for a crisis.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CrisisWish {
    /// List the emergency numbers.
    Numbers,
    /// Set those of a place.
    SetNumbers {
        /// The place, a colon, and the numbers.
        text: Typed,
    },
    /// Show the safety plan and the risk forms of a client.
    Show {
        /// The client's code.
        client: String,
    },
}

/// Reads what a command says, and its standard input.
pub(super) fn request(command: &Crises) -> Result<Request, PromptError> {
    Ok(Request::Crisis(match command {
        Crises::Numbers => CrisisWish::Numbers,
        Crises::SetNumbers => {
            CrisisWish::SetNumbers { text: Typed(prompt::standard_input(TEXT_BYTES_MAX)?) }
        }
        Crises::Show { client } => CrisisWish::Show { client: client.clone() },
    }))
}
