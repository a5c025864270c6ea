//! Rules of the schedule: which occurrences a series has, and what may be done to them. Pure but
//! for the documents that hold it.

mod arrange;
mod edits;
pub mod free;
pub mod hours;
pub mod ical;
mod kin;
mod occurrence;
pub mod recur;
mod series;
pub mod to_come;
pub mod waiting;

pub(super) use occurrence::Derived;
pub(super) use series::{Series, SeriesKey};
