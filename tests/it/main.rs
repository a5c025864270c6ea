//! One binary for all tests that cross crates.

mod another_server;
mod beside;
mod calendars;
mod crash;
mod demo;
mod hostile;
mod idle;
mod moving;
mod practice;
mod promises;
mod recurrence;
mod reseed;
mod server;
mod sync;
mod terminal;
mod traces;
mod wire;
mod witness;
