//! `note correct`: what is asked of the process that has the vault open.

use super::request::Typed;
use serde::{Deserialize, Serialize};

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
