//! What wrong passphrases cost whoever tries them: a count that outlives the program, and a wait
//! that grows. Pure. It slows hands at the keyboard; a copy of the vault is guessed at elsewhere,
//! and against that stands the cost of the passphrase itself.

use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::Timestamp;

/// Wrong passphrases since the last right one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the newest was tried, in Unix milliseconds.
    last: i64,
}

/// So many are slips of the hand.
const FREE: u32 = 5;
/// The longest wait in seconds: somebody whose client sits in the room must still get in.
const WAIT_SECONDS_MAX: i64 = 30;

impl Failures {
    /// Counts one more.
    #[must_use]
    pub fn and_one(self, now: Timestamp) -> Self {
        Self { count: self.count.saturating_add(1), last: now.as_millis() }
    }

    /// Returns for how many seconds no passphrase is tried yet. A clock that was set back asks for
    /// none.
    pub fn wait_seconds(self, now: Timestamp) -> Option<i64> {
        let doublings = self.count.checked_sub(FREE)?.min(5);
        let wait = (2_i64 << doublings).min(WAIT_SECONDS_MAX).saturating_mul(1_000);
        let passed = now.as_millis().saturating_sub(self.last);
        let left = wait.saturating_sub(passed);
        (passed >= 0 && left > 0).then(|| left.saturating_add(999) / 1_000)
    }

    /// Returns the canonical bytes.
    pub fn encode(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u32(self.count).u64(self.last.cast_unsigned());
        writer.into_bytes()
    }

    /// Reads the canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let failures = Self { count: reader.u32()?, last: reader.u64()?.cast_signed() };
        reader.finish()?;
        Ok(failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    #[test]
    fn the_wait_begins_after_slips_grows_and_stays_bearable() {
        let mut failures = Failures::default();
        let mut waits = Vec::new();
        for _ in 0..11 {
            waits.push(failures.wait_seconds(NOW).unwrap_or(0));
            failures = failures.and_one(NOW);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16, 30, 30]);
        let many = Failures { count: u32::MAX, ..failures };
        assert_eq!(many.and_one(NOW).wait_seconds(NOW), Some(30));
        assert_eq!(many.wait_seconds(NOW.plus_millis(30_000)), None);
        assert_eq!(many.wait_seconds(NOW.plus_millis(29_001)), Some(1));
        assert_eq!(many.wait_seconds(NOW.plus_millis(-1)), None, "the clock was set back");
    }

    #[test]
    fn failures_read_back_and_nothing_else_does() {
        let failures = Failures::default().and_one(NOW).and_one(NOW);
        assert_eq!(Failures::decode(&failures.encode()), Ok(failures));
        assert!(Failures::decode(&[0; 11]).is_err());
        assert!(Failures::decode(&[0; 13]).is_err());
    }
}
