//! What the two programs of Tacenda must agree on and, with the feature `device`, everything
//! that a device decides.
//!
//! Nothing here does IO, reads a clock, or draws randomness, except [`journal`], which reaches
//! the disk through one small trait. Times and random bytes are arguments, so that every test
//! is exact and every failure has a seed.
//!
//! ```text
//! codec · hex · id · suite · random bytes, names, hashes, where chance comes in
//! envelope · log · membership      what is signed, in which order, and who may
//! sync                             frames, the server's half, the device's half
//! journal                          what was acknowledged survives
//! ------------------------------   from here on only with `device`
//! plaintext · seal · keys          from a passphrase to the key of one envelope
//! practice                         documents, records, rules: the one door
//! ```
#![forbid(unsafe_code)]

pub mod codec;
pub mod envelope;
pub mod hex;
pub mod id;
pub mod journal;
pub mod log;
pub mod membership;
pub mod random;
pub mod suite;
pub mod sync;

#[cfg(feature = "device")]
pub mod keys;
#[cfg(feature = "device")]
pub mod plaintext;
#[cfg(feature = "device")]
pub mod practice;
#[cfg(feature = "device")]
pub mod seal;
