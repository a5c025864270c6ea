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
    /// Brings back one that was struck by mistake.
    Restore(RestoreNote),
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
    /// The session of theirs that it is about, by the id that `appt` prints.
    pub session: Option<String>,
}

/// To bring back a note that was struck by mistake.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RestoreNote {
    /// The client's code in whose chart it was.
    pub client: String,
    /// The record.
    pub id: String,
    /// What was signed anew, and the code of the client in whose chart, if that is to be struck there.
    pub copy: Option<(String, String)>,
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
