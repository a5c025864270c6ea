//! One signed entry of the practice log.

use super::action::Action;
use super::encoding::MAX_ACTION;
use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::PracticeHead;
use crate::id::{DeviceId, MemberId, PracticeId, PracticeSeq, Timestamp};
use crate::suite::{self, Hash, Signature, SigningKey, VerifyingKey};

/// The first four bytes of every entry.
pub const ENTRY_MAGIC: [u8; 4] = *b"TACP";
const ENTRY_VERSION: u8 = 1;
/// Bytes of an entry at most.
pub const MAX_ENTRY: usize = MAX_ACTION + 512;
const SIGN_LABEL: &str = "tac/practice/entry/sign/v1";

/// Who signs an entry.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Signer {
    /// A device.
    Device(DeviceId),
    /// A member's recovery sheet.
    Recovery(MemberId),
}

/// One entry. Its signature may be wrong until the state has taken it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The suite of the signature.
    pub suite: u8,
    /// The practice; 16 zero bytes in genesis, whose hash makes the id.
    pub practice: PracticeId,
    /// Its number; genesis is 0.
    pub seq: PracticeSeq,
    /// Hash of the entry before; zero in genesis.
    pub prev: Hash,
    /// What it does.
    pub action: Action,
    /// The signer's clock.
    pub time: Timestamp,
    /// Who signs.
    pub signer: Signer,
    /// Hash of the state after this entry, so that two implementations compare.
    pub state: Hash,
    /// The signer's.
    pub signature: Signature,
}

impl Entry {
    /// Signs: whatever `signature` held before is replaced.
    #[must_use]
    pub fn signed(mut self, key: &SigningKey) -> Self {
        self.signature = key.sign(SIGN_LABEL, &[&self.unsigned()]);
        self
    }

    /// Returns whether `key` signed exactly this entry.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verify(SIGN_LABEL, &[&self.unsigned()], &self.signature)
    }

    /// Returns the hash that the next entry cites: of all bytes, the signature included.
    pub fn hash(&self) -> Hash {
        suite::hash("tac/practice/entry/v1", &[&self.encode()])
    }

    /// Returns the head of the log that ends with this entry.
    pub fn head(&self) -> PracticeHead {
        PracticeHead { seq: self.seq, hash: self.hash() }
    }

    /// Returns the id of the practice that this genesis entry begins.
    pub fn founded_practice(&self) -> PracticeId {
        PracticeId::from_bytes(self.hash().truncated())
    }

    fn unsigned(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.fixed(&ENTRY_MAGIC).u8(ENTRY_VERSION).u8(self.suite);
        w.fixed(self.practice.as_bytes()).u32(self.seq.get()).fixed(self.prev.as_bytes());
        w.u16(self.action.number()).bytes(&self.action.encode());
        w.i64(self.time.as_millis());
        match &self.signer {
            Signer::Device(device) => w.u8(1).fixed(device.as_bytes()),
            Signer::Recovery(member) => w.u8(2).fixed(member.as_bytes()),
        };
        w.fixed(self.state.as_bytes());
        w.into_bytes()
    }

    /// Writes the entry.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.unsigned();
        bytes.extend_from_slice(self.signature.as_bytes());
        bytes
    }

    /// Reads exactly one entry.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.len() > MAX_ENTRY {
            return Err(CodecError::TooLong);
        }
        let mut r = Reader::new(bytes);
        if r.fixed()? != ENTRY_MAGIC || r.u8()? != ENTRY_VERSION {
            return Err(CodecError::Unknown);
        }
        let entry = Self {
            suite: r.u8()?,
            practice: PracticeId::from_bytes(r.fixed()?),
            seq: PracticeSeq::new(r.u32()?),
            prev: Hash::from_bytes(r.fixed()?),
            action: {
                let number = r.u16()?;
                Action::decode(number, r.bytes(MAX_ACTION)?)?
            },
            time: Timestamp::from_millis(r.i64()?),
            signer: match r.u8()? {
                1 => Signer::Device(DeviceId::from_bytes(r.fixed()?)),
                2 => Signer::Recovery(MemberId::from_bytes(r.fixed()?)),
                _ => return Err(CodecError::Unknown),
            },
            state: Hash::from_bytes(r.fixed()?),
            signature: Signature::from_bytes(r.fixed()?),
        };
        r.finish()?;
        Ok(entry)
    }
}
