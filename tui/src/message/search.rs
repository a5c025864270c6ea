//! What is asked of a search, and what it answers. Its words are wiped when they are dropped.

use super::Secret;
use crate::notice::Notice;
use tacenda_shared::practice::search::{Found, Hit, Line, Match};

/// What the interface asks.
#[derive(Debug)]
pub enum Asked {
    /// What holds these words; answered as often as more has been looked through.
    For(Secret),
    /// The lines in which something was found: reading, which the trail says.
    Lines {
        /// For which words.
        words: Secret,
        /// Of which results.
        matches: Vec<Match>,
        /// How many results there are in all.
        total: usize,
    },
    /// Nothing any more.
    Nothing,
}

/// What the device answers, each with the words that it was asked for.
#[derive(Debug)]
pub enum Told {
    /// What was found so far.
    Found(Secret, Found),
    /// Lines, or why they cannot be shown.
    Lines(Secret, Result<Vec<(Hit, Line)>, Notice>),
}
