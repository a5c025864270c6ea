//! The command line: what `tacenda COMMAND` reads, asks and prints.

pub mod answer;
pub mod args;
mod backup;
pub mod connect;
#[cfg(feature = "demo")]
pub mod demo;
mod online;
pub mod pair;
pub mod print;
pub mod problems;
pub mod prompt;
pub mod request;
mod revoke;
pub mod run;
pub mod socket;
pub mod sync;

pub use run::run;
