//! Argon2id v1.3 (RFC 9106): what a passphrase costs somebody who guesses, in memory and time.

use crate::keys::passphrase::Passphrase;
use crate::keys::vault::VaultError;
use crate::seal::SecretKey;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroize as _;

/// The cost of one try. A value below the floor or beyond the cap cannot be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KdfCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl KdfCost {
    /// The least that is taken: 64 MiB, three passes, one lane.
    pub const FLOOR: Self = Self { memory_kib: MEMORY_MIN_KIB, passes: PASSES_MIN, lanes: 1 };

    /// Takes memory in KiB, passes and lanes. Below 64 MiB or three passes a passphrase is too
    /// cheap to guess; beyond 1 GiB, 16 passes or 16 lanes a forged file could stop the machine.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, VaultError> {
        if memory_kib < MEMORY_MIN_KIB
            || memory_kib > MEMORY_MAX_KIB
            || passes < PASSES_MIN
            || passes > PASSES_MAX
            || lanes < 1
            || lanes > LANES_MAX
        {
            return Err(VaultError::KdfOutOfRange);
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// Returns the cost for a machine that has this much memory to spare, in bytes.
    pub fn for_available(available_bytes: u64) -> Self {
        Self { memory_kib: kdf_memory(available_bytes), ..Self::FLOOR }
    }

    /// Returns the memory in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Returns the number of passes.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Returns the number of lanes.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }
}

/// Returns the memory to use at set-up in KiB: the least of 256 MiB and a quarter of what is
/// available (limits of the control group counted by the caller), never under 64 MiB.
pub fn kdf_memory(available_bytes: u64) -> u32 {
    let quarter = u32::try_from(available_bytes / 1024 / 4).unwrap_or(u32::MAX);
    quarter.clamp(MEMORY_MIN_KIB, MEMORY_DEFAULT_MAX_KIB)
}

/// Stretches the passphrase. The working memory is wiped and given back before this returns.
pub(super) fn stretch(
    passphrase: &Passphrase,
    salt: &[u8; 16],
    cost: KdfCost,
) -> Result<SecretKey, VaultError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32))
        .map_err(|_| VaultError::KdfOutOfRange)?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| VaultError::OutOfMemory)?;
    memory.resize(params.block_count(), Block::new());
    let mut out = [0; 32];
    let result = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(&passphrase.normalized(), salt, &mut out, &mut memory)
        .map_err(|_| VaultError::KdfOutOfRange);
    memory.zeroize();
    let stretched = SecretKey::from_bytes(out);
    out.zeroize();
    result.map(|()| stretched)
}

const MEMORY_MIN_KIB: u32 = 64 * 1024;
const MEMORY_DEFAULT_MAX_KIB: u32 = 256 * 1024;
const MEMORY_MAX_KIB: u32 = 1024 * 1024;
const PASSES_MIN: u32 = 3;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_quarter_of_what_is_there_between_its_bounds() {
        const MIB: u64 = 1024 * 1024;
        assert_eq!(kdf_memory(0), 64 * 1024);
        assert_eq!(kdf_memory(200 * MIB), 64 * 1024);
        assert_eq!(kdf_memory(512 * MIB), 128 * 1024);
        assert_eq!(kdf_memory(16 * 1024 * MIB), 256 * 1024);
        assert_eq!(kdf_memory(u64::MAX), 256 * 1024);
        assert_eq!(KdfCost::for_available(0), KdfCost::FLOOR);
    }

    #[test]
    fn a_cost_below_the_floor_or_beyond_the_cap_cannot_be_built() {
        let floor = (64 * 1024, 3, 1);
        assert_eq!(KdfCost::new(floor.0, floor.1, floor.2), Ok(KdfCost::FLOOR));
        for (memory, passes, lanes) in [
            (floor.0 - 1, 3, 1),
            (floor.0, 2, 1),
            (floor.0, 3, 0),
            (1024 * 1024 + 1, 3, 1),
            (floor.0, 17, 1),
            (floor.0, 3, 17),
        ] {
            assert_eq!(KdfCost::new(memory, passes, lanes), Err(VaultError::KdfOutOfRange));
        }
    }
}
