//! An envelope: one signed thing in a log, or beside it. The server orders and keeps envelopes
//! and opens none.
//!
//! ```text
//! envelope   = header[226] body signature[64]          at most 1 MiB in all
//!
//! header, big-endian           offset  width
//!   magic "TACE"                    0      4
//!   version = 1                     4      1
//!   suite = 1                       5      1
//!   kind                            6      1    see Kind
//!   flags = 0                       7      1
//!   practice                        8     16
//!   compartment = log              24     16    checkpoint: the ring
//!   author device                  40     16
//!   dev_inc                        56      4
//!   dev_seq                        60      8    from 1; 0 beside the log
//!   prev_own                       68     32    0 for the first and beside the log
//!   practice seq                  100      4
//!   practice head                 104     32
//!   slot generation               136      4    0 in control entries
//!   object                        140     16    draft or 0
//!   schema                        156      2
//!   seen position                 158      8
//!   seen chain                    166     32    0 if the position is 0
//!   salt                          198     24    0 in control entries
//!   length                        222      4    of the body, without its tag
//!
//! body       control: `length` bytes in clear, see ControlBody
//!            else:    `length` bytes of ciphertext and a tag of 16
//! signature  Ed25519 of H("tac/env/v1", H(header), H(body))
//!              H(header) = H("tac/env/header/v1", header)
//!              H(body)   = H("tac/env/body/v1", body)
//! hash       H("tac/env/hash/v1", H(header), H(body), signature)
//! seal       label "tac/env/seal/v1", context = the 226 bytes of the header
//! ```
//!
//! A **stub** is what is left of an erased envelope: header, H(body), signature. Its hash and its
//! signature are those of the envelope, so every chain still recomputes.

mod carriage;
mod control;
mod header;
#[cfg(feature = "device")]
mod sealed;

pub use carriage::{Carried, Context, restore, shorten};
pub use control::{
    AccessRule, ControlBody, ERASE_DELAY, EntryRef, MAX_RULES, Number, Rights, SealedBytes, Slot,
    Target, read_number, write_number,
};
pub use header::{Class, HEADER_LENGTH, Header, Kind, MAGIC, NewerKind, PracticeHead, VERSION};
#[cfg(feature = "device")]
pub(crate) use sealed::sealed_length;
#[cfg(feature = "device")]
pub use sealed::{Content, ContentError, open, pad_length, seal, seal_again, sign_control};

use crate::codec::{CodecError, Reader, Writer};
use crate::suite::{self, Hash, SUITE_1, Signature, VerifyingKey};
use thiserror::Error;

/// Bytes of one whole envelope at most.
pub const MAX_ENVELOPE: usize = 1 << 20;
/// Bytes that the seal adds.
pub const TAG_LENGTH: usize = 16;
/// Bytes of a signature.
pub const SIGNATURE_LENGTH: usize = 64;
/// Bytes of a body, without its tag, at most.
pub const MAX_BODY: usize = MAX_ENVELOPE - HEADER_LENGTH - SIGNATURE_LENGTH - TAG_LENGTH;
/// Bytes of an ephemeral envelope's body at most.
pub const MAX_EPHEMERAL: usize = 1024;

/// Why bytes are no envelope.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum EnvelopeError {
    /// The bytes are not laid out as an envelope is.
    #[error("an envelope is not well formed: {0}")]
    Malformed(#[from] CodecError),
    /// It is larger than any envelope may be.
    #[error("an envelope is larger than its limit")]
    TooLarge,
    /// It was made under a suite that this version does not know.
    #[error("an envelope uses an unknown suite")]
    UnknownSuite,
}

/// A header, the body that it announces, and the author's signature, which may be wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// What is in clear.
    pub header: Header,
    /// A control body, or ciphertext and tag.
    pub body: Vec<u8>,
    /// The author's.
    pub signature: Signature,
}

impl Envelope {
    /// Writes header, body, signature.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(&self.header.encode()).fixed(&self.body).fixed(self.signature.as_bytes());
        writer.into_bytes()
    }

    /// Reads exactly one envelope, and believes no length before it is bounded.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        let envelope = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(envelope)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, EnvelopeError> {
        let header = Header::read(reader)?;
        let length = check_caps(&header)?;
        let body = reader.slice(length)?.to_vec();
        let signature = Signature::from_bytes(reader.fixed()?);
        Ok(Self { header, body, signature })
    }

    /// Returns the envelope's hash, which chains, receipts and references use.
    pub fn hash(&self) -> Hash {
        hash_of_parts(&self.header, body_hash(&self.body), &self.signature)
    }

    /// Returns whether `key` signed exactly this header and body.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        signed_by(key, &self.header, body_hash(&self.body), &self.signature)
    }

    /// Reads the body of a control entry; `None` for a control entry of a newer version.
    pub fn control(&self) -> Result<Option<ControlBody>, CodecError> {
        ControlBody::decode(self.header.kind, &self.body)
    }

    /// Returns what is to stay when the body is erased.
    pub fn to_stub(&self) -> Stub {
        Stub {
            header: self.header.clone(),
            body_hash: body_hash(&self.body),
            signature: self.signature,
        }
    }
}

/// An envelope whose body is erased: enough to verify it and every chain it stands in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stub {
    /// The header.
    pub header: Header,
    /// H(body).
    pub body_hash: Hash,
    /// The author's.
    pub signature: Signature,
}

impl Stub {
    /// Returns the hash of the envelope that this was.
    pub fn hash(&self) -> Hash {
        hash_of_parts(&self.header, self.body_hash, &self.signature)
    }

    /// Returns whether `key` signed the envelope that this was.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        signed_by(key, &self.header, self.body_hash, &self.signature)
    }
}

/// H(body).
pub fn body_hash(body: &[u8]) -> Hash {
    suite::hash("tac/env/body/v1", &[body])
}

/// The label that envelopes are signed under; the fields are H(header) and H(body).
pub const SIGN_LABEL: &str = "tac/env/v1";

fn hash_of_parts(header: &Header, body: Hash, signature: &Signature) -> Hash {
    let header = header.hash();
    suite::hash(
        "tac/env/hash/v1",
        &[header.as_bytes(), body.as_bytes(), signature.as_bytes().as_slice()],
    )
}

fn signed_by(key: &VerifyingKey, header: &Header, body: Hash, signature: &Signature) -> bool {
    key.verify(SIGN_LABEL, &[header.hash().as_bytes(), body.as_bytes()], signature)
}

/// Checks a header that was put together from parts as one that is read would be, and returns the
/// body's length on the wire.
#[cfg(feature = "device")]
pub(crate) fn check_header(header: &Header) -> Result<usize, EnvelopeError> {
    header.check_shape()?;
    check_caps(header)
}

/// Checks what can be known from a header alone and returns the body's length on the wire.
fn check_caps(header: &Header) -> Result<usize, EnvelopeError> {
    if header.suite != SUITE_1 {
        return Err(EnvelopeError::UnknownSuite);
    }
    let length = header.body_length()?;
    if header.kind == Kind::Ephemeral && length > MAX_EPHEMERAL + TAG_LENGTH {
        return Err(EnvelopeError::TooLarge);
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
