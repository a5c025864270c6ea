//! The one way to seal anything: envelopes, table rows, journal frames, files.
//!
//! `salt = HMAC(hedge key, 32 random bytes, H(context), H(plaintext))[..24]`;
//! `k = HKDF(key, salt, label, H(context))`; AES-256-GCM under `k` with a zero nonce and the
//! context as associated data. An equal (key, nonce) can come only from an equal message, also
//! on a cloned machine whose random generator repeats itself.

use crate::random::Random;
use crate::suite;
use aws_lc_rs::aead;
use std::fmt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Length of the salt that stands beside every sealed text.
pub const SALT_LENGTH: usize = 24;
/// How much longer than its plaintext a ciphertext is.
pub const TAG_LENGTH: usize = 16;

/// A secret of 32 bytes that seals or derives. Not `Clone`, silent in `Debug`, wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Takes 32 secret bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the secret bytes, to derive from or to seal.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives a key of another purpose: HKDF(self, empty salt, label, fields).
    pub fn derive(&self, label: &str, fields: &[&[u8]]) -> Self {
        Self(suite::derive(&self.0, &[], label, fields))
    }

    /// Returns the public value that signed entries carry, so that a key cannot be exchanged:
    /// H("tac/commit/v1", HKDF(self)). It tells nothing of the key.
    pub fn commitment(&self) -> suite::Hash {
        let derived = self.derive("tac/commit/v1", &[]);
        suite::hash("tac/commit/v1", &[&derived.0])
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

/// Makes fresh secrets and salts from chance *and* a key that only this device has, so that
/// neither a weak generator nor a cloned one is enough to repeat or guess them.
pub struct Hedge<'a> {
    /// The device's hedge key.
    pub key: &'a SecretKey,
    /// The system's generator.
    pub random: &'a mut dyn Random,
}

impl Hedge<'_> {
    /// Draws a fresh secret: HMAC(hedge key, random, label, H(context)).
    pub fn secret(&mut self, label: &str, context: &[u8]) -> SecretKey {
        let drawn = Zeroizing::new(self.random.bytes::<32>());
        let context = suite::hash("tac/hedge/context/v1", &[context]);
        SecretKey(suite::mac(
            self.key.expose(),
            "tac/hedge/secret/v1",
            &[drawn.as_slice(), label.as_bytes(), context.as_bytes()],
        ))
    }

    fn salt(&mut self, context: &suite::Hash, plaintext: &[u8]) -> [u8; SALT_LENGTH] {
        let drawn = self.random.bytes::<32>();
        let plaintext = suite::hash("tac/hedge/plaintext/v1", &[plaintext]);
        let full = suite::mac(
            self.key.expose(),
            "tac/hedge/salt/v1",
            &[&drawn, context.as_bytes(), plaintext.as_bytes()],
        );
        let mut salt = [0; SALT_LENGTH];
        salt.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        salt
    }
}

/// A sealed text and the salt that its key was derived with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sealed {
    /// Public, different for every message.
    pub salt: [u8; SALT_LENGTH],
    /// [`TAG_LENGTH`] bytes longer than the plaintext.
    pub ciphertext: Vec<u8>,
}

/// The text does not open: another key, another context, or altered bytes. Which, nobody can say.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("sealed bytes do not open")]
pub struct SealError;

/// Draws the salt for `plaintext` in `context`. Apart from [`seal_with_salt`] because an
/// envelope's header carries the salt and is itself part of what is authenticated.
pub fn salt_for(hedge: &mut Hedge<'_>, context: &[u8], plaintext: &[u8]) -> [u8; SALT_LENGTH] {
    hedge.salt(&suite::hash("tac/seal/context/v1", &[context]), plaintext)
}

/// Seals under a salt that [`salt_for`] drew for this very plaintext.
pub fn seal_with_salt(
    key: &[u8],
    label: &str,
    context: &[u8],
    salt: [u8; SALT_LENGTH],
    plaintext: &[u8],
) -> Result<Sealed, SealError> {
    let mut ciphertext = plaintext.to_vec();
    cipher(key, label, context, &salt)?
        .seal_in_place_append_tag(nonce(), aead::Aad::from(context), &mut ciphertext)
        .map_err(|_| SealError)?;
    Ok(Sealed { salt, ciphertext })
}

/// Seals `plaintext`, bound to `label` and `context`. It fails only beyond the cipher's 64 GiB.
pub fn seal(
    key: &[u8],
    label: &str,
    context: &[u8],
    plaintext: &[u8],
    hedge: &mut Hedge<'_>,
) -> Result<Sealed, SealError> {
    let salt = salt_for(hedge, context, plaintext);
    seal_with_salt(key, label, context, salt, plaintext)
}

/// Opens what [`seal`] made with the same key, label and context.
pub fn open(
    key: &[u8],
    label: &str,
    context: &[u8],
    salt: &[u8; SALT_LENGTH],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let length = cipher(key, label, context, salt)?
        .open_in_place(nonce(), aead::Aad::from(context), &mut buffer)
        .map_err(|_| SealError)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

fn cipher(
    key: &[u8],
    label: &str,
    context: &[u8],
    salt: &[u8; SALT_LENGTH],
) -> Result<aead::LessSafeKey, SealError> {
    let context = suite::hash("tac/seal/context/v1", &[context]);
    let derived = Zeroizing::new(suite::derive(key, salt, label, &[context.as_bytes()]));
    let unbound =
        aead::UnboundKey::new(&aead::AES_256_GCM, derived.as_slice()).map_err(|_| SealError)?;
    Ok(aead::LessSafeKey::new(unbound))
}

fn nonce() -> aead::Nonce {
    // Constant on purpose: the key itself belongs to one message.
    aead::Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    struct Frozen;
    impl Random for Frozen {
        fn fill(&mut self, out: &mut [u8]) {
            out.fill(0);
        }
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_label_and_context_only() {
        let hedge_key = SecretKey::from_bytes([1; 32]);
        let mut random = Seeded::new(3);
        let mut hedge = Hedge { key: &hedge_key, random: &mut random };
        let sealed = seal(b"key", "l", b"context", b"text", &mut hedge).unwrap();

        let opened = |key: &[u8], label, context: &[u8]| {
            open(key, label, context, &sealed.salt, &sealed.ciphertext).map(|text| text.to_vec())
        };
        assert_eq!(opened(b"key", "l", b"context"), Ok(b"text".to_vec()));
        assert_eq!(opened(b"kez", "l", b"context"), Err(SealError));
        assert_eq!(opened(b"key", "m", b"context"), Err(SealError));
        assert_eq!(opened(b"key", "l", b"contexu"), Err(SealError));
    }

    #[test]
    fn a_frozen_generator_repeats_a_salt_only_for_the_same_message() {
        let hedge_key = SecretKey::from_bytes([1; 32]);
        let salt = |context: &[u8], text: &[u8]| {
            let mut frozen = Frozen;
            salt_for(&mut Hedge { key: &hedge_key, random: &mut frozen }, context, text)
        };
        assert_ne!(salt(b"c", b"one"), salt(b"c", b"two"));
        assert_ne!(salt(b"c", b"one"), salt(b"d", b"one"));
        assert_eq!(salt(b"c", b"one"), salt(b"c", b"one"));
    }
}
