//! What a therapist reads when something did not go as wished: what happened, whether records
//! are safe, what to do next. One cause has the same words everywhere.

use std::fmt;

/// Three whole sentences.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// What happened.
    pub happened: String,
    /// Whether records are safe.
    pub safe: String,
    /// What to do next.
    pub next: String,
}

impl Notice {
    /// Takes the three sentences.
    pub fn new(
        happened: impl Into<String>,
        safe: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { happened: happened.into(), safe: safe.into(), next: next.into() }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.happened, self.safe, self.next)
    }
}
