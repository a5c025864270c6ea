//! Suite 1: SHA-256, HKDF-SHA256, HMAC-SHA256 and strict Ed25519, each with a domain label.
//!
//! Only vetted crates compute here; this file fixes how their inputs are framed, so that no two
//! purposes can share an input. Sealing, which only devices do, is in `seal`.

use crate::random::Random;
use aws_lc_rs::{digest, hkdf, hmac};
use ed25519_dalek::Signer as _;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The number of this suite in every header and entry.
pub const SUITE_1: u8 = 1;

/// A SHA-256 value.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The value that stands where nothing came before.
    pub const ZERO: Self = Self([0; 32]);

    /// Takes the 32 bytes as they are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first 16 bytes, for ids that are derived.
    pub fn truncated(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        out
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Returns the SHA-256 of bytes as they are, as other programs compute it of a file. Where something
/// of ours is hashed it is [`hash`], which says for what.
pub fn sha256(bytes: &[u8]) -> Hash {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    Hash(out)
}

/// H(label, fields): SHA-256 over the label and each field, each behind its length in eight
/// bytes, so that no two lists of fields give the same input.
pub fn hash(label: &str, fields: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for field in std::iter::once(label.as_bytes()).chain(fields.iter().copied()) {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Hash(out)
}

/// HMAC-SHA256 over the label and the fields, framed as in [`hash`].
pub fn mac(key: &[u8; 32], label: &str, fields: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for field in std::iter::once(label.as_bytes()).chain(fields.iter().copied()) {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// HKDF-SHA256 (RFC 5869), extract and expand: 32 bytes from `key`, `salt`, and an info of the
/// label and the fields, framed as in [`hash`].
pub fn derive(key: &[u8], salt: &[u8], label: &str, fields: &[&[u8]]) -> [u8; 32] {
    let mut info = Vec::new();
    for field in std::iter::once(label.as_bytes()).chain(fields.iter().copied()) {
        info.extend_from_slice(&(field.len() as u64).to_be_bytes());
        info.extend_from_slice(field);
    }
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key);
    let mut out = [0; 32];
    let filled =
        secret.expand(&[&info], hkdf::HKDF_SHA256).and_then(|material| material.fill(&mut out));
    // HKDF-Expand fails only beyond 255 blocks; one is asked for.
    debug_assert!(filled.is_ok());
    out
}

/// Compares in time that does not depend on where the two differ.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// An Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Takes the 64 bytes as they are.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Returns the 64 bytes.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The public half of a signing key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Takes the 32 bytes as they are; a key that is no point of the curve verifies nothing.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns whether `signature` over the label and fields was made by this key. Strict: small
    /// order points and non-canonical encodings are refused, so everybody agrees on the answer.
    pub fn verify(&self, label: &str, fields: &[&[u8]], signature: &Signature) -> bool {
        let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(&self.0) else { return false };
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(hash(label, fields).as_bytes(), &signature).is_ok()
    }
}

/// The secret half. It is not `Clone`, shows nothing in `Debug`, and is wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SigningKey {
    seed: [u8; 32],
}

impl SigningKey {
    /// Draws a new key.
    pub fn random(random: &mut dyn Random) -> Self {
        Self { seed: random.bytes() }
    }

    /// Takes a seed of 32 bytes, as a vault keeps it.
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed }
    }

    /// Returns the seed, to be sealed and wiped.
    pub const fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Returns the public half.
    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey(ed25519_dalek::SigningKey::from_bytes(&self.seed).verifying_key().to_bytes())
    }

    /// Signs the hash of the label and the fields.
    pub fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature {
        let key = ed25519_dalek::SigningKey::from_bytes(&self.seed);
        Signature(key.sign(hash(label, fields).as_bytes()).to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn fields_cannot_be_moved_across_their_borders() {
        assert_ne!(hash("a", &[b"bc", b"d"]), hash("a", &[b"b", b"cd"]));
        assert_ne!(hash("a", &[b"b"]), hash("ab", &[]));
        assert_ne!(derive(b"k", b"s", "a", &[b"b"]), derive(b"k", b"s", "ab", &[]));
    }

    #[test]
    fn a_signature_holds_for_its_own_label_and_fields_only() {
        let key = SigningKey::random(&mut Seeded::new(7));
        let signature = key.sign("tac/test/v1", &[b"one", b"two"]);

        assert!(key.verifying().verify("tac/test/v1", &[b"one", b"two"], &signature));
        assert!(!key.verifying().verify("tac/test/v1", &[b"onet", b"wo"], &signature));
        assert!(!key.verifying().verify("tac/test/v2", &[b"one", b"two"], &signature));
    }

    #[test]
    fn the_small_order_key_that_accepts_anything_is_refused() {
        // The neutral point as key and R, with S = 0, passes plain verification of any message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        let key = VerifyingKey::from_bytes(neutral);
        assert!(!key.verify("tac/test/v1", &[b"anything"], &Signature::from_bytes(forged)));
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", SigningKey::from_seed([7; 32])), "SigningKey(redacted)");
    }
}
