//! Everything between a passphrase and the key of one envelope.
//!
//! ```text
//! passphrase + device secret --Argon2id--> vault sections       passphrase, vault
//!     general: device keys {sign, kem, tls}, hedge, local       psychotherapy: second secret
//! device kem, recovery kem <--HPKE-- member key                 kem, wrap, recovery
//!     member key --> safe: every ring key, all epochs           safe
//!     member key + second secret --> psychotherapy ring keys    safe, grant
//!     recovery sheet --> second secret                          recovery
//!     ring key (epoch) --> slot key (compartment, generation)
//!     slot key --> draft key (one for each draft)
//! slot key (+ draft key) --> one key for each envelope, and     safe
//!     one for what this device keeps of it
//! a new device learns all of it through a code                  pairing
//! ```
//!
//! Nothing here does IO, reads a clock, or draws chance of its own. No secret is `Clone` or shows
//! itself in `Debug`, and a key that does not match its commitment is never returned.

mod grant;
mod kem;
pub mod label;
pub mod pairing;
pub mod passphrase;
pub mod recovery;
pub mod safe;
pub mod vault;
pub mod words;
pub mod wrap;

pub use grant::{
    GRANT_EPOCHS_MAX, unwrap_ring_keys, unwrap_second_ring_keys, wrap_ring_keys,
    wrap_second_ring_keys,
};
pub use kem::{KemError, KemKey, KemPublic};
