//! The public keys that entries of the practice log introduce, each with a proof that its owner
//! holds the secret half, and the wraps that carry a key to somebody.
//!
//! KEM keys are 1216 opaque bytes here (X-Wing); only devices compute with them.

use crate::codec::{CodecError, Reader, Writer};
use crate::id::{DeviceId, MemberId, MemberKeyGeneration, PracticeId};
use crate::suite::{self, Hash, Signature, SigningKey, VerifyingKey};
use std::fmt;
use std::sync::Arc;

/// Bytes of a KEM public key.
pub const KEM_PUBLIC_LENGTH: usize = 1216;
/// Wraps in one entry at most.
pub const MAX_WRAPS: usize = 1024;

/// An X-Wing public key, as bytes.
#[derive(Clone, Eq, PartialEq)]
pub struct KemPublicKey(Arc<[u8; KEM_PUBLIC_LENGTH]>);

impl KemPublicKey {
    /// Takes the bytes as they are.
    pub fn from_bytes(bytes: [u8; KEM_PUBLIC_LENGTH]) -> Self {
        Self(Arc::new(bytes))
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; KEM_PUBLIC_LENGTH] {
        &self.0
    }

    /// Returns the hash that stands for the key in possession proofs and in the state.
    pub fn hash(&self) -> Hash {
        suite::hash("tac/kem/public/v1", &[self.0.as_slice()])
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        r.fixed().map(Self::from_bytes)
    }
}

impl fmt::Debug for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemPublicKey({})", self.hash())
    }
}

/// The public keys of a device, signed by the device for this practice and member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceKeys {
    /// The device's id.
    pub device: DeviceId,
    /// Signs envelopes and entries.
    pub sig: VerifyingKey,
    /// Receives wraps.
    pub kem: KemPublicKey,
    /// Authenticates the link.
    pub tls: VerifyingKey,
    /// Made with the secret half of `sig`.
    pub possession: Signature,
}

impl DeviceKeys {
    /// Proves possession, for `practice` (16 zero bytes when founding, whose id is not yet known)
    /// and `member`.
    pub fn prove(
        practice: PracticeId,
        member: MemberId,
        device: DeviceId,
        signer: &SigningKey,
        kem: KemPublicKey,
        tls: VerifyingKey,
    ) -> Self {
        let sig = signer.verifying();
        let possession = Signature::from_bytes([0; 64]);
        let mut keys = Self { device, sig, kem, tls, possession };
        let digest = keys.digest(practice, member);
        keys.possession = signer.sign("tac/device/possession/v1", &[digest.as_bytes()]);
        keys
    }

    /// Returns whether the device has signed that these are its keys here.
    pub fn proven(&self, practice: PracticeId, member: MemberId) -> bool {
        let digest = self.digest(practice, member);
        self.sig.verify("tac/device/possession/v1", &[digest.as_bytes()], &self.possession)
    }

    /// H("tac/device/keys/v1", practice, member, device, sig, H(kem), tls).
    pub fn digest(&self, practice: PracticeId, member: MemberId) -> Hash {
        suite::hash(
            "tac/device/keys/v1",
            &[
                practice.as_bytes(),
                member.as_bytes(),
                self.device.as_bytes(),
                self.sig.as_bytes(),
                self.kem.hash().as_bytes(),
                self.tls.as_bytes(),
            ],
        )
    }

    /// Writes device16 sig32 kem1216 tls32 possession64.
    pub fn write(&self, w: &mut Writer) {
        w.fixed(self.device.as_bytes()).fixed(self.sig.as_bytes()).fixed(self.kem.as_bytes());
        w.fixed(self.tls.as_bytes()).fixed(self.possession.as_bytes());
    }

    /// Reads what [`DeviceKeys::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            device: DeviceId::from_bytes(r.fixed()?),
            sig: VerifyingKey::from_bytes(r.fixed()?),
            kem: KemPublicKey::read(r)?,
            tls: VerifyingKey::from_bytes(r.fixed()?),
            possession: Signature::from_bytes(r.fixed()?),
        })
    }
}

/// The public keys of a member's recovery sheet, signed by the sheet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecoveryKeys {
    /// Signs what only the sheet may.
    pub sig: VerifyingKey,
    /// Receives wraps.
    pub kem: KemPublicKey,
    /// Made with the secret half of `sig`.
    pub possession: Signature,
}

impl RecoveryKeys {
    /// Proves possession. `first_device` is the [`DeviceKeys::digest`] that the sheet vouches for
    /// when a member begins, and zero when a sheet is replaced.
    pub fn prove(
        practice: PracticeId,
        member: MemberId,
        signer: &SigningKey,
        kem: KemPublicKey,
        first_device: Hash,
    ) -> Self {
        let mut keys =
            Self { sig: signer.verifying(), kem, possession: Signature::from_bytes([0; 64]) };
        let digest = keys.digest(practice, member, first_device);
        keys.possession = signer.sign("tac/recovery/possession/v1", &[digest.as_bytes()]);
        keys
    }

    /// Returns whether the sheet has signed that these are its keys here.
    pub fn proven(&self, practice: PracticeId, member: MemberId, first_device: Hash) -> bool {
        let digest = self.digest(practice, member, first_device);
        self.sig.verify("tac/recovery/possession/v1", &[digest.as_bytes()], &self.possession)
    }

    fn digest(&self, practice: PracticeId, member: MemberId, first_device: Hash) -> Hash {
        suite::hash(
            "tac/recovery/keys/v1",
            &[
                practice.as_bytes(),
                member.as_bytes(),
                self.sig.as_bytes(),
                self.kem.hash().as_bytes(),
                first_device.as_bytes(),
            ],
        )
    }

    /// Writes sig32 kem1216 possession64.
    pub fn write(&self, w: &mut Writer) {
        w.fixed(self.sig.as_bytes()).fixed(self.kem.as_bytes());
        w.fixed(self.possession.as_bytes());
    }

    /// Reads what [`RecoveryKeys::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            sig: VerifyingKey::from_bytes(r.fixed()?),
            kem: KemPublicKey::read(r)?,
            possession: Signature::from_bytes(r.fixed()?),
        })
    }
}

/// Whose public key a wrap is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Recipient {
    /// One device's own KEM key.
    Device(DeviceId),
    /// A member's key of one generation.
    MemberKey {
        /// The member.
        member: MemberId,
        /// Which of the member's keys.
        generation: MemberKeyGeneration,
    },
    /// A member's recovery sheet.
    Recovery(MemberId),
    /// A custodian of emergency access.
    Custodian([u8; 16]),
}

impl Recipient {
    /// Writes type1 id16 generation4 (zero but for member keys).
    pub fn write(&self, w: &mut Writer) {
        let (kind, id, generation) = match self {
            Self::Device(device) => (1, device.as_bytes(), 0),
            Self::MemberKey { member, generation } => (2, member.as_bytes(), generation.get()),
            Self::Recovery(member) => (3, member.as_bytes(), 0),
            Self::Custodian(id) => (4, id, 0),
        };
        w.u8(kind).fixed(id).u32(generation);
    }

    /// Reads what [`Recipient::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let (kind, id, generation) = (r.u8()?, r.fixed()?, r.u32()?);
        match (kind, generation) {
            (1, 0) => Ok(Self::Device(DeviceId::from_bytes(id))),
            (2, 1..) => Ok(Self::MemberKey {
                member: MemberId::from_bytes(id),
                generation: MemberKeyGeneration::new(generation),
            }),
            (3, 0) => Ok(Self::Recovery(MemberId::from_bytes(id))),
            (4, 0) => Ok(Self::Custodian(id)),
            _ => Err(CodecError::Unknown),
        }
    }
}

/// A wrap, which lies outside the entry as a row, bound to the entry by its hash.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Wrap {
    /// Who can open it.
    pub recipient: Recipient,
    /// [`Wrap::hash_of`] its bytes. A wrap with another hash is never opened.
    pub hash: Hash,
}

impl Wrap {
    /// H("tac/wrap/hash/v1", bytes).
    pub fn hash_of(bytes: &[u8]) -> Hash {
        suite::hash("tac/wrap/hash/v1", &[bytes])
    }
}

/// Writes count4 (recipient21 hash32)*.
pub(super) fn write_wraps(w: &mut Writer, wraps: &[Wrap]) {
    w.list(wraps, |w, wrap| {
        wrap.recipient.write(w);
        w.fixed(wrap.hash.as_bytes());
    });
}

/// Reads wraps, ascending by recipient, none twice.
pub(super) fn read_wraps(r: &mut Reader<'_>) -> Result<Vec<Wrap>, CodecError> {
    let wraps = r.list(MAX_WRAPS, |r| {
        Ok(Wrap { recipient: Recipient::read(r)?, hash: Hash::from_bytes(r.fixed()?) })
    })?;
    let pairs = wraps.iter().zip(wraps.iter().skip(1));
    let ascending = pairs.into_iter().all(|(a, b)| a.recipient < b.recipient);
    if ascending { Ok(wraps) } else { Err(CodecError::Unknown) }
}

/// A member's next key: its public half, for whom the secret half is wrapped, and the complete
/// new safe, which the server must hold before it takes the entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewMemberKey {
    /// One more than the last; the first is 1.
    pub generation: MemberKeyGeneration,
    /// The public half.
    pub kem: KemPublicKey,
    /// To every active device of the member and to the recovery sheet, ascending.
    pub wraps: Vec<Wrap>,
    /// Hash of the complete safe sealed under this key.
    pub safe: Hash,
}

impl NewMemberKey {
    /// Writes generation4 kem1216 wraps safe32.
    pub fn write(&self, w: &mut Writer) {
        w.u32(self.generation.get()).fixed(self.kem.as_bytes());
        write_wraps(w, &self.wraps);
        w.fixed(self.safe.as_bytes());
    }

    /// Reads what [`NewMemberKey::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            generation: MemberKeyGeneration::new(r.u32()?),
            kem: KemPublicKey::read(r)?,
            wraps: read_wraps(r)?,
            safe: Hash::from_bytes(r.fixed()?),
        })
    }
}
