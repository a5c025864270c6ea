//! Adding a device, or a person's first one, through a code that is read from one screen and
//! typed at the other. Two halves without IO: messages in, messages out.
//!
//! ```text
//! inviter (has the keys)                          joiner (is told the code)
//! 1 Offer    SPAKE2 element           -->
//!                                     <--  2 Answer  element, nonce commitment, confirmation
//! 3 Accept   confirmation, practice,
//!            nonce commitment         -->
//!                                     <--  4 Keys    public keys, facts, signature, nonce
//! 5 Reveal   nonce                    -->
//!       both screens show the same check words; here: passphrase and yes
//! 6 Verdict  payload in HPKE PSK mode, or "refused"   -->
//! ```
//!
//! A wrong code is noticed with message 2 or 3 and uses the code up: whoever guesses has one try
//! in 2^33. Before the last question nothing but the practice's id and the inviter's own leaves;
//! the payload is not even an input until then. Whoever overheard the code and stands between
//! the two is shown by the check words, which nobody can steer (SPAKE2 here is the crate's own,
//! with its own parameters and hash, not RFC 9382).

mod channel;
mod code;
mod inviter;
mod joiner;
#[cfg(test)]
mod tests;

pub use code::{CodeError, PairingCode};
pub use inviter::{Approved, Inviter, InviterIds, InviterStep, Review};
pub use joiner::{AboutJoiner, Joiner, JoinerStep};

use crate::codec::{CodecError, Reader, Writer};
use crate::id::{DeviceId, MemberId, PracticeSeq};
use crate::keys::kem::{KEM_PUBLIC_LENGTH, KemPublic};
use crate::suite::{Hash, VerifyingKey};
use thiserror::Error;
use zeroize::Zeroizing;

/// How long a message may be, in bytes: what the server's mailbox takes.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// How long the joiner's facts may be, as UTF-8.
pub const FACTS_BYTES_MAX: usize = 256;
/// How long the joiner's further bytes may be.
pub const JOINER_EXTRA_BYTES_MAX: usize = 2048;
/// How long checkpoint and further bytes of the payload may be, together.
pub const PAYLOAD_EXTRA_BYTES_MAX: usize = 2560;

/// What is added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Purpose {
    /// Another device of the same member.
    Device = 1,
    /// The first device of a new member.
    Member = 2,
}

/// Why a pairing ended. Each of them uses the code up.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PairingError {
    /// It had ended before.
    #[error("the code has been used up")]
    Burned,
    /// The ten minutes are over, or the clock was turned back.
    #[error("the code is too old")]
    Expired,
    /// A message is not what belongs at this place, or was altered.
    #[error("a message of the other device is malformed")]
    Malformed,
    /// The other device has a newer version.
    #[error("the other device has a newer version")]
    NewerVersion,
    /// Somebody said no on the other device.
    #[error("the other device refused")]
    Refused,
    /// A message, the facts or the payload are too long.
    #[error("too long for a message")]
    TooLong,
    /// The two codes differ.
    #[error("the code is wrong")]
    WrongCode,
}

/// Three words that both screens show. They are no secret; equal words mean that nobody stands
/// between the two devices.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CheckWords([&'static str; 3]);

impl CheckWords {
    /// Returns the words, in their order.
    pub const fn words(&self) -> [&'static str; 3] {
        self.0
    }
}

/// What the new device says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// The id that it drew.
    pub device: DeviceId,
    /// Verifies its signatures.
    pub sign: VerifyingKey,
    /// What is sealed to it.
    pub kem: KemPublic,
    /// Its key in TLS.
    pub tls: VerifyingKey,
    /// What the person sees: name and version, as it claims them.
    pub facts: String,
    /// Bytes of other parts, such as a new member's public key; signed with the rest.
    pub extra: Vec<u8>,
}

impl Candidate {
    fn encode(&self) -> Result<Vec<u8>, PairingError> {
        if self.facts.len() > FACTS_BYTES_MAX || self.extra.len() > JOINER_EXTRA_BYTES_MAX {
            return Err(PairingError::TooLong);
        }
        let mut writer = Writer::new();
        writer.fixed(self.device.as_bytes()).fixed(self.sign.as_bytes());
        writer.fixed(self.kem.as_bytes()).fixed(self.tls.as_bytes());
        writer.text(&self.facts).bytes(&self.extra);
        Ok(writer.into_bytes())
    }

    fn decode(bytes: &[u8]) -> Result<Self, PairingError> {
        let mut reader = Reader::new(bytes);
        let candidate = Self {
            device: DeviceId::from_bytes(reader.fixed()?),
            sign: VerifyingKey::from_bytes(reader.fixed()?),
            kem: KemPublic::from_bytes(reader.slice(KEM_PUBLIC_LENGTH)?)
                .map_err(|_| PairingError::Malformed)?,
            tls: VerifyingKey::from_bytes(reader.fixed()?),
            facts: reader.text(FACTS_BYTES_MAX)?.to_owned(),
            extra: reader.bytes(JOINER_EXTRA_BYTES_MAX)?.to_vec(),
        };
        reader.finish()?;
        Ok(candidate)
    }
}

/// What the new device learns at the end. It accepts only a practice log that contains this head
/// and then its own AddDevice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PairingPayload {
    /// The hash of the genesis entry.
    pub genesis: Hash,
    /// The number of the practice log's newest entry.
    pub practice_seq: PracticeSeq,
    /// Its hash.
    pub practice_head: Hash,
    /// The key of the server.
    pub server: VerifyingKey,
    /// Whose device it becomes.
    pub member: MemberId,
    /// The inviting device's own checkpoints, for the comparison after first sync.
    pub checkpoints: Vec<u8>,
    /// Bytes of other parts.
    pub extra: Vec<u8>,
}

impl PairingPayload {
    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, PairingError> {
        if self.checkpoints.len().saturating_add(self.extra.len()) > PAYLOAD_EXTRA_BYTES_MAX {
            return Err(PairingError::TooLong);
        }
        let mut writer = Writer::with_capacity(MESSAGE_BYTES_MAX);
        writer.fixed(self.genesis.as_bytes()).u32(self.practice_seq.get());
        writer.fixed(self.practice_head.as_bytes()).fixed(self.server.as_bytes());
        writer.fixed(self.member.as_bytes()).bytes(&self.checkpoints).bytes(&self.extra);
        Ok(Zeroizing::new(writer.into_bytes()))
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let payload = Self {
            genesis: Hash::from_bytes(reader.fixed()?),
            practice_seq: PracticeSeq::new(reader.u32()?),
            practice_head: Hash::from_bytes(reader.fixed()?),
            server: VerifyingKey::from_bytes(reader.fixed()?),
            member: MemberId::from_bytes(reader.fixed()?),
            checkpoints: reader.bytes(PAYLOAD_EXTRA_BYTES_MAX)?.to_vec(),
            extra: reader.bytes(PAYLOAD_EXTRA_BYTES_MAX)?.to_vec(),
        };
        reader.finish()?;
        Ok(payload)
    }
}
