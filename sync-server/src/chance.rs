//! Randomness and time of the operating system, for everything that takes them as arguments.

use std::time::{SystemTime, UNIX_EPOCH};
use tacenda_shared::id::Timestamp;
use tacenda_shared::random::Random;

/// The operating system's generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, out: &mut [u8]) {
        if getrandom::fill(out).is_err() {
            // Nothing may go on with bytes that somebody could guess.
            std::process::abort();
        }
    }
}

/// Returns the moment by the machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
