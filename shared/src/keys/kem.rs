//! X-Wing keys (ML-KEM-768 with X25519, draft-connolly-cfrg-xwing-kem; HPKE KEM 0x647a), which
//! members, devices and recovery sheets are sealed to. What is sealed to them is in `wrap`.

use crate::keys::label;
use crate::membership::{KEM_PUBLIC_LENGTH, KemPublicKey};
use crate::seal::{Hedge, SecretKey};
use hpke::kem::XWing;
use hpke::{Deserializable as _, Kem as _, Serializable as _};
use std::fmt;
use thiserror::Error;

/// The secret half: its seed. Not `Clone`, silent in `Debug`, wiped when dropped.
pub struct KemKey(SecretKey);

impl KemKey {
    /// Draws a new key.
    pub fn generate(hedge: &mut Hedge<'_>) -> Self {
        Self(hedge.secret(label::KEM_SEED, &[]))
    }

    /// Takes a seed of 32 bytes, as a vault or a wrap keeps it.
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        Self(SecretKey::from_bytes(seed))
    }

    /// Returns the seed, to be sealed or derived from.
    pub const fn seed(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Returns the public half.
    pub fn public(&self) -> KemPublic {
        let public = XWing::sk_to_pk(&self.private());
        let mut bytes = Box::new([0; KEM_PUBLIC_LENGTH]);
        public.write_exact(bytes.as_mut_slice());
        KemPublic(bytes)
    }

    pub(crate) fn derive(&self, label: &str) -> SecretKey {
        self.0.derive(label, &[])
    }

    #[expect(clippy::expect_used, reason = "every 32 bytes are a seed, and the array has 32")]
    pub(crate) fn private(&self) -> <XWing as hpke::Kem>::PrivateKey {
        <XWing as hpke::Kem>::PrivateKey::from_bytes(self.seed()).expect("a seed has 32 bytes")
    }
}

impl fmt::Debug for KemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemKey(redacted)")
    }
}

/// The public half: bytes that are known to be a key.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct KemPublic(Box<[u8; KEM_PUBLIC_LENGTH]>);

/// The bytes are no X-Wing key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the bytes are no key to seal to")]
pub struct KemError;

impl KemPublic {
    /// Reads a public key; ML-KEM's check of the modulus included.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KemError> {
        <XWing as hpke::Kem>::PublicKey::from_bytes(bytes).map_err(|_| KemError)?;
        let mut own = Box::new([0; KEM_PUBLIC_LENGTH]);
        own.copy_from_slice(bytes);
        Ok(Self(own))
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8; KEM_PUBLIC_LENGTH] {
        &self.0
    }

    /// Checks a key that a signed entry names.
    pub fn from_published(key: &KemPublicKey) -> Result<Self, KemError> {
        Self::from_bytes(key.as_bytes())
    }

    /// Returns the key as signed entries name it.
    pub fn published(&self) -> KemPublicKey {
        KemPublicKey::from_bytes(*self.0)
    }

    pub(crate) fn parsed(&self) -> Result<<XWing as hpke::Kem>::PublicKey, KemError> {
        <XWing as hpke::Kem>::PublicKey::from_bytes(self.0.as_slice()).map_err(|_| KemError)
    }
}

impl fmt::Debug for KemPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = *self.0;
        write!(f, "KemPublic({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite;
    use hpke::rand_core::{TryCryptoRng, TryRng};
    use std::convert::Infallible;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Hands out the coins of a vector.
    struct Coins(Vec<u8>);
    impl TryRng for Coins {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(0)
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(0)
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
            let rest = self.0.split_off(out.len());
            out.copy_from_slice(&std::mem::replace(&mut self.0, rest));
            Ok(())
        }
    }
    impl TryCryptoRng for Coins {}

    #[test]
    fn keys_and_shared_secrets_are_those_of_the_draft() {
        // draft-connolly-cfrg-xwing-kem, appendix C, first vector; long values by their hash.
        let key = KemKey::from_seed(VECTOR_SEED);
        let public = key.public();
        assert_eq!(hex(&public.as_bytes()[..16]), VECTOR_PUBLIC_START);
        assert_eq!(suite::hash("", &[public.as_bytes()]).to_string(), VECTOR_PUBLIC_HASH);

        let mut coins = Coins(VECTOR_COINS.to_vec());
        let (sent, capsule) =
            XWing::encap_with_rng(&public.parsed().unwrap(), None, &mut coins).unwrap();
        let received = XWing::decap(&key.private(), None, &capsule).unwrap();
        assert_eq!(hex(&sent.0), VECTOR_SHARED);
        assert_eq!(hex(&received.0), VECTOR_SHARED);
        assert_eq!(capsule.to_bytes().len(), 1120);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let public = KemKey::from_seed([3; 32]).public();
        assert_eq!(KemPublic::from_bytes(public.as_bytes()), Ok(public.clone()));
        assert_eq!(KemPublic::from_published(&public.published()), Ok(public.clone()));

        assert_eq!(KemPublic::from_bytes(&public.as_bytes()[1..]), Err(KemError));
        // A coefficient of 0xfff is beyond ML-KEM's modulus.
        assert_eq!(KemPublic::from_bytes(&[0xff; KEM_PUBLIC_LENGTH]), Err(KemError));
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let key = KemKey::from_seed([3; 32]);
        assert_eq!(format!("{key:?}"), "KemKey(redacted)");
        assert!(format!("{:?}", key.public()).len() < 30);
    }

    const VECTOR_SEED: [u8; 32] = [
        0x7f, 0x9c, 0x2b, 0xa4, 0xe8, 0x8f, 0x82, 0x7d, 0x61, 0x60, 0x45, 0x50, 0x76, 0x05, 0x85,
        0x3e, 0xd7, 0x3b, 0x80, 0x93, 0xf6, 0xef, 0xbc, 0x88, 0xeb, 0x1a, 0x6e, 0xac, 0xfa, 0x66,
        0xef, 0x26,
    ];
    const VECTOR_COINS: [u8; 64] = [
        0x3c, 0xb1, 0xee, 0xa9, 0x88, 0x00, 0x4b, 0x93, 0x10, 0x3c, 0xfb, 0x0a, 0xee, 0xfd, 0x2a,
        0x68, 0x6e, 0x01, 0xfa, 0x4a, 0x58, 0xe8, 0xa3, 0x63, 0x9c, 0xa8, 0xa1, 0xe3, 0xf9, 0xae,
        0x57, 0xe2, 0x35, 0xb8, 0xcc, 0x87, 0x3c, 0x23, 0xdc, 0x62, 0xb8, 0xd2, 0x60, 0x16, 0x9a,
        0xfa, 0x2f, 0x75, 0xab, 0x91, 0x6a, 0x58, 0xd9, 0x74, 0x91, 0x88, 0x35, 0xd2, 0x5e, 0x6a,
        0x43, 0x50, 0x85, 0xb2,
    ];
    const VECTOR_PUBLIC_START: &str = "e2236b35a8c24b39b10aa1323a96a919";
    const VECTOR_PUBLIC_HASH: &str =
        "4044a1c8b703efb147c4f6e3f8b87302cb69aa515986014a816961be8ee1a8ef";
    const VECTOR_SHARED: &str = "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384";
}
