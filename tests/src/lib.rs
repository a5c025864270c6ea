//! Harness of the tests: real terminals, real processes, a simulated world.

pub mod pty;
