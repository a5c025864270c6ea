//! Outcome measures: instruments as values, and what follows from answers to them.
//!
//! An instrument is a file: its wording, its answers, how it is scored, what a change is, each with its
//! source, and worked cases that show it. Those that may be shipped come with the product
//! ([`all`]); a practice may bring its own in the same form ([`read()`]). Every file is checked by the
//! same rules, and its cases are run.

mod cases;
mod check;
pub(super) mod edits;
mod file;
mod form;
mod library;
mod read;
mod record;
mod score;
mod size;

pub use form::{
    Algorithm, Asked, Band, Change, Choice, Count, CutOff, Form, ID_BYTES_MAX, ITEMS_MAX, Item,
    Much, Op, Remark, Risk, Rule, Scored, Scoring, Subscale, Way,
};
pub use library::{all, is_taken, named};
pub use read::{FILE_BYTES_MAX, FormError, id_of, read};
pub use record::{
    Given, Handed, Manner, MeasureMark, MeasureView, MeasuresView, NewScore, Review,
    SCORE_TEXT_BYTES_MAX, Taken,
};
pub(super) use record::{answered_at, tag as record_tag};
pub use score::{Answer, AnswerError, Quantity, Score, Screened, Turn};

/// Returns answers by the places of their choices, from 0: of most forms these are their values.
pub fn choices(places: &[u8]) -> Vec<Answer> {
    places.iter().map(|place| Answer::Choice(*place)).collect()
}

#[cfg(test)]
pub(super) mod tests;
