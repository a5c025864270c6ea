//! `note correct` and `note strike`: what is asked of the process that has the vault open.

use super::request::Typed;
use serde::{Deserialize, Serialize};

/// What is done about a signed note that is not right.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mend {
    /// Begins to correct it, or goes on.
    Correct(CorrectNote),
    /// Strikes it: it lies in the wrong chart.
    Strike(StrikeNote),
}

/// To strike a note that lies in the wrong chart.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct StrikeNote {
    /// The client's code in whose chart it is.
    pub client: String,
    /// The record.
    pub id: String,
    /// The code of the client to whom it belongs.
    pub to: String,
}

/// To correct a signed note, or to go on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CorrectNote {
    /// The client's code.
    pub client: String,
    /// The record.
    pub id: String,
    /// Which part.
    pub part: Option<String>,
    /// What stands there from now on.
    pub text: Typed,
}
