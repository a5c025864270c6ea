//! Harness of the tests: real terminals, real processes, a simulated world.

pub mod chance;
pub mod kept;
pub mod network;
pub mod planted;
pub mod pty;
pub mod relay;
pub mod scene;
pub mod small_disk;
pub mod wire;
