//! One binary for all tests that cross crates.

mod practice;
mod server;
mod sync;
mod terminal;
mod witness;
