//! One binary for all tests that cross crates.

mod practice;
mod server;
mod terminal;
mod witness;
