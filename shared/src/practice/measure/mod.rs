//! Outcome measures: instruments as values, and what follows from answers to them.
//!
//! An instrument is a file: its wording, its answers, how it is scored, what a change is, each with its
//! source, and worked cases that show it. Those that may be shipped come with the product
//! ([`all`]); a practice may bring its own in the same form ([`read`]). Every file is checked by the
//! same rules, and its cases are run.

mod cases;
mod check;
mod file;
mod form;
mod library;
mod read;
mod score;

pub use form::{
    Algorithm, Asked, Band, Change, Choice, Count, CutOff, Form, ID_BYTES_MAX, ITEMS_MAX, Item,
    Much, Op, Remark, Risk, Rule, Scoring, Subscale, Way,
};
pub use library::{all, is_taken, named};
pub use read::{FILE_BYTES_MAX, FormError, read};
pub use score::{Answer, AnswerError, Quantity, Score, Screened, Turn};

#[cfg(test)]
mod tests;
