//! One binary for all tests that cross crates.

mod terminal;
