//! One binary for all tests that cross crates.

mod server;
mod terminal;
mod witness;
