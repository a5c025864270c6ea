//! The operating system's random generator, the only source of chance in the shipped programs.

use tacenda_shared::random::Random;

/// Asks the operating system for every byte.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&mut self, out: &mut [u8]) {
        #[expect(clippy::expect_used, reason = "going on with bytes that can be guessed is worse")]
        getrandom::fill(out).expect("the operating system gives random bytes");
    }
}
