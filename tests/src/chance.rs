//! Chance that repeats itself: every run prints its seed, and `TACENDA_SEED` runs it again.

/// A generator that repeats itself from a printed seed.
pub struct Chance(u64);

impl Chance {
    /// Draws a seed, or takes the one that was asked for, and prints it.
    pub fn printed() -> Self {
        let mut fresh = [0; 8];
        getrandom::fill(&mut fresh).expect("chance");
        let seed = number("TACENDA_SEED").unwrap_or(u64::from_le_bytes(fresh)) | 1;
        println!("TACENDA_SEED={seed}");
        Self(seed)
    }

    /// Returns a number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Returns the number in an environment variable, if there is one.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}
