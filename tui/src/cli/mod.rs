//! The command line: what `tacenda COMMAND` reads, asks and prints.

mod address;
pub mod answer;
pub mod appointment;
pub mod args;
pub(crate) mod attachment;
mod backup;
mod begin;
pub mod behind;
pub mod connect;
pub mod correction;
mod crisis;
#[cfg(feature = "demo")]
pub mod demo;
mod erase;
pub mod late;
pub mod measure;
mod online;
pub mod pair;
mod paper;
pub mod phrase;
pub mod print;
pub mod problems;
pub mod prompt;
pub mod recover;
pub(crate) mod report;
pub mod request;
pub mod revoke;
pub mod run;
pub(crate) mod setting;
pub mod sheet;
mod signing;
pub mod socket;
pub mod sync;
mod taking_in;

pub use run::run;
