//! Adding a device, or a person's first one, through a code that is read from one screen and
//! typed at the other. Two halves without IO: messages in, messages out.
//!
//! ```text
//! inviter (has the keys)                          joiner (is told the code)
//! 1 Offer    SPAKE2 element           -->
//!                                     <--  2 Answer  element, nonce commitment, confirmation
//! 3 Accept   confirmation, nonce commitment,
//!            practice, member         -->
//!                                     <--  (More     a new member's keys)
//!                                     <--  4 Keys    public keys, facts, signatures, nonce
//! 5 Reveal   nonce                    -->
//!       both screens show the same check words; here: passphrase and yes
//! 6 Verdict  payload in HPKE PSK mode, or "refused"   -->
//! ```
//!
//! A wrong code is noticed with message 2 or 3 and uses the code up: whoever guesses has one try
//! in 2^33. Before the last question nothing leaves but the ids of practice, inviter and member;
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
pub use inviter::{Approved, Inviter, InviterStep, Review};
pub use joiner::{Joiner, JoinerStep};

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::PracticeHead;
use crate::id::{CompartmentId, DeviceId, LogMark, MemberId, PracticeId, PracticeSeq};
use crate::keys::safe::SecondSecret;
use crate::membership::DeviceKeys;
use crate::seal::SecretKey;
use crate::suite::{Hash, VerifyingKey};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// How long a message may be, in bytes: what the server's mailbox takes.
pub const MESSAGE_BYTES_MAX: usize = 4096;
/// How long the joiner's facts may be, as UTF-8.
pub const FACTS_BYTES_MAX: usize = 256;
/// How long the joiner's further bytes may be.
pub const JOINER_EXTRA_BYTES_MAX: usize = 3840;
/// How long checkpoint and further bytes of the payload may be, together.
pub const PAYLOAD_EXTRA_BYTES_MAX: usize = 2560;

/// How many logs a new device can be told to fetch before all others.
pub const FIRST_LOGS_MAX: usize = 120;

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

/// Where the new device is invited to, and by whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Invitation {
    /// The practice.
    pub practice: PracticeId,
    /// The device that invites.
    pub inviter: DeviceId,
    /// Whose device it becomes: the inviter's own member, or a new one whose id was just drawn.
    pub member: MemberId,
}

impl Invitation {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(self.practice.as_bytes()).fixed(self.inviter.as_bytes());
        writer.fixed(self.member.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            practice: PracticeId::from_bytes(reader.fixed()?),
            inviter: DeviceId::from_bytes(reader.fixed()?),
            member: MemberId::from_bytes(reader.fixed()?),
        })
    }
}

/// What the new device says about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// Its id and its public keys, as AddDevice or AddMember takes them; proved to be its own.
    pub keys: DeviceKeys,
    /// What the person sees: name and version, as it claims them.
    pub facts: String,
    /// Bytes of other parts, such as a new member's recovery and member keys.
    pub extra: Vec<u8>,
}

/// What the new device learns at the end. It accepts only a practice log that contains this head
/// and then its own AddDevice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PairingPayload {
    /// The hash of the genesis entry.
    pub genesis: Hash,
    /// The newest entry of the practice log.
    pub practice_head: PracticeHead,
    /// The key of the server.
    pub server: VerifyingKey,
    /// What the inviting device says of its rings, for the comparison after first sync.
    pub checkpoints: Vec<u8>,
    /// What else the new device is given.
    pub extra: PayloadExtra,
}

/// What a further device is given beside its place in the practice log: tagged values in the
/// order of their tags. Silent in `Debug`, wiped when dropped.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct PayloadExtra(Zeroizing<Vec<u8>>);

impl PayloadExtra {
    /// Gives the member's second secret, which the inviting device has at hand only after step-up,
    /// and the logs to fetch before all others, of which the first [`FIRST_LOGS_MAX`] are named.
    pub fn new(second: Option<&SecondSecret>, first: &[CompartmentId]) -> Self {
        let mut writer = Writer::with_capacity(PAYLOAD_EXTRA_BYTES_MAX);
        if let Some(second) = second {
            writer.u16(SECOND_TAG).bytes(second.secret().expose());
        }
        let named = first.iter().take(FIRST_LOGS_MAX).flat_map(|log| *log.as_bytes());
        let named: Vec<u8> = named.collect();
        if !named.is_empty() {
            writer.u16(FIRST_LOGS_TAG).bytes(&named);
        }
        Self(Zeroizing::new(writer.into_bytes()))
    }

    /// Names logs to fetch after all others, the first of them as far as there is room beside so many
    /// bytes of checkpoints.
    #[must_use]
    pub fn and_last(mut self, last: &[CompartmentId], beside: usize) -> Self {
        /// Before a value stand its tag and its length.
        const FRAME: usize = 6;
        let taken = self.0.len().saturating_add(beside).saturating_add(FRAME);
        let room = PAYLOAD_EXTRA_BYTES_MAX.saturating_sub(taken) / LogMark::BYTES;
        let named = last.iter().take(room).flat_map(|log| *LogMark::of(*log).as_bytes());
        let named: Vec<u8> = named.collect();
        if !named.is_empty() {
            let mut writer = Writer::new();
            writer.u16(LAST_LOGS_TAG).bytes(&named);
            // There is room for it where the rest lies, so that this leaves no copy of that behind.
            self.0.extend_from_slice(writer.as_slice());
        }
        self
    }

    /// Returns the member's second secret; `None` if the inviting device had none.
    pub fn second(&self) -> Result<Option<SecondSecret>, CodecError> {
        let Some(value) = self.value(SECOND_TAG)? else { return Ok(None) };
        let secret = value.try_into().map_err(|_| CodecError::Unknown)?;
        Ok(Some(SecondSecret::from_secret(SecretKey::from_bytes(secret))))
    }

    /// Returns the logs to fetch before all others, soonest first: those that today's schedule is
    /// read from, among some that it is not.
    pub fn first_logs(&self) -> Result<Vec<CompartmentId>, CodecError> {
        let named = self.value(FIRST_LOGS_TAG)?.unwrap_or_default();
        let (ids, rest) = named.as_chunks();
        let whole = rest.is_empty() && ids.len() <= FIRST_LOGS_MAX;
        whole
            .then(|| ids.iter().copied().map(CompartmentId::from_bytes).collect())
            .ok_or(CodecError::Unknown)
    }

    /// Returns what tells the logs to fetch after all others: those of files.
    pub fn last_logs(&self) -> Result<Vec<LogMark>, CodecError> {
        let named = self.value(LAST_LOGS_TAG)?.unwrap_or_default();
        let (marks, rest) = named.as_chunks();
        let whole = rest.is_empty();
        whole
            .then(|| marks.iter().copied().map(LogMark::from_bytes).collect())
            .ok_or(CodecError::Unknown)
    }

    fn value(&self, wanted: u16) -> Result<Option<&[u8]>, CodecError> {
        let mut reader = Reader::new(&self.0);
        let mut found = None;
        while reader.remaining() > 0 {
            let (tag, value) = (reader.u16()?, reader.bytes(PAYLOAD_EXTRA_BYTES_MAX)?);
            if tag == wanted {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for PayloadExtra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayloadExtra(redacted)")
    }
}

const SECOND_TAG: u16 = 1;
const FIRST_LOGS_TAG: u16 = 2;
const LAST_LOGS_TAG: u16 = 3;

impl PairingPayload {
    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, PairingError> {
        if self.checkpoints.len().saturating_add(self.extra.0.len()) > PAYLOAD_EXTRA_BYTES_MAX {
            return Err(PairingError::TooLong);
        }
        let mut writer = Writer::with_capacity(MESSAGE_BYTES_MAX);
        let PracticeHead { seq, hash } = self.practice_head;
        writer.fixed(self.genesis.as_bytes()).u32(seq.get()).fixed(hash.as_bytes());
        writer.fixed(self.server.as_bytes()).bytes(&self.checkpoints).bytes(&self.extra.0);
        Ok(Zeroizing::new(writer.into_bytes()))
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let payload = Self {
            genesis: Hash::from_bytes(reader.fixed()?),
            practice_head: PracticeHead {
                seq: PracticeSeq::new(reader.u32()?),
                hash: Hash::from_bytes(reader.fixed()?),
            },
            server: VerifyingKey::from_bytes(reader.fixed()?),
            checkpoints: reader.bytes(PAYLOAD_EXTRA_BYTES_MAX)?.to_vec(),
            extra: PayloadExtra(Zeroizing::new(reader.bytes(PAYLOAD_EXTRA_BYTES_MAX)?.to_vec())),
        };
        reader.finish()?;
        Ok(payload)
    }
}
