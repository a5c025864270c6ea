//! Small parts that screens are made of: drawn from values, deciding nothing.

pub mod apart;
pub mod aside;
pub mod consents;
pub mod corrected;
pub mod day;
pub mod digest;
pub mod elsewhere;
pub mod field;
pub mod grid;
pub mod list;
pub mod measures;
pub mod off;
pub mod paint;
#[cfg(test)]
pub(crate) mod sample;
pub mod sentence;
pub mod spark;
pub mod timeline;
pub mod trend;
pub mod when;
pub mod who;
pub mod whom;
pub mod written;
