//! Sealing and opening a body, on devices only.
//!
//! The plaintext of every sealed body is one frame, padded by Padmé (Nikitin et al., "Reducing
//! Metadata Leakage from Encrypted Files and Communication with PURBs", 2019), so that a length
//! tells little:
//!
//! ```text
//! plaintext = format1 (= 1) compression1 (0 none, 1 zstd) dictionary2 schema2 length4 body zeros
//! ```

use super::{ControlBody, Envelope, Header, Kind, MAX_BODY, SIGN_LABEL, TAG_LENGTH, body_hash};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::SlotGeneration;
use crate::seal::{self, Hedge, SealError};
use crate::suite::{Signature, SigningKey};
use thiserror::Error;
use zeroize::Zeroizing;

const SEAL_LABEL: &str = "tac/env/seal/v1";
const FORMAT: u8 = 1;
const FRAME_LENGTH: usize = 10;

/// What lies in a sealed body. Decompressing, with its own bound, is left to who reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Content {
    /// 0 none, 1 zstd.
    pub compression: u8,
    /// The number of the zstd dictionary; 0 for none.
    pub dictionary: u16,
    /// Version of the body, also in the header.
    pub schema: u16,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Why a sealed body cannot be made or used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ContentError {
    /// What was opened is not framed as content is, or its padding is not zero.
    #[error("sealed content is not well formed: {0}")]
    Malformed(#[from] CodecError),
    /// It does not open under this key: another key, or altered bytes.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It is larger than an envelope may be.
    #[error("content is larger than an envelope may be")]
    TooLarge,
    /// The body is in clear, or is no envelope of this kind.
    #[error("this kind of envelope has another kind of body")]
    WrongKind,
}

/// Returns the length that `length` is padded to: Padmé, but at least the floor of the kind
/// (192 for deltas, 512 for records, 4 KiB for what is kept, snapshots and packs, 64 for the rest).
pub fn pad_length(kind: Kind, length: usize) -> usize {
    let floor = match kind {
        Kind::Delta => 192,
        Kind::Record => 512,
        Kind::Kept | Kind::Pack | Kind::Snapshot => 4096,
        _ => 64,
    };
    let length = length.max(floor);
    let exponent = length.ilog2();
    let kept = exponent.checked_ilog2().map_or(1, |bits| bits + 1);
    let mask = (1_usize << exponent.saturating_sub(kept)) - 1;
    (length + mask) & !mask
}

/// Seals and signs. `header` is complete but for salt, length and schema, which are set here;
/// `key` is the slot key, followed by the draft key if the header names a draft.
pub fn seal(
    mut header: Header,
    key: &[u8],
    content: &Content,
    signer: &SigningKey,
    hedge: &mut Hedge<'_>,
) -> Result<Envelope, ContentError> {
    if !header.kind.is_sealed() {
        return Err(ContentError::WrongKind);
    }
    let plaintext = frame(header.kind, content)?;
    header.schema = content.schema;
    header.length = u32::try_from(plaintext.len()).map_err(|_| ContentError::TooLarge)?;
    header.salt = [0; 24];
    header.salt = seal::salt_for(hedge, &header.encode(), &plaintext);
    let context = header.encode();
    // Nobody could read what its own author cannot.
    Header::decode(&context)?;
    let sealed = seal::seal_with_salt(key, SEAL_LABEL, &context, header.salt, &plaintext)?;
    Ok(sign(header, sealed.ciphertext, signer))
}

/// Opens a body with the key that [`seal()`] was given. Ask only after the envelope was checked.
pub fn open(envelope: &Envelope, key: &[u8]) -> Result<Content, ContentError> {
    let header = &envelope.header;
    if !header.kind.is_sealed() || envelope.body.len() < TAG_LENGTH {
        return Err(ContentError::WrongKind);
    }
    let plaintext = seal::open(key, SEAL_LABEL, &header.encode(), &header.salt, &envelope.body)?;
    unframe(&plaintext, header)
}

/// Returns the length that a header says of the sealed body with this content.
pub(crate) fn sealed_length(kind: Kind, content: &Content) -> u32 {
    let padded = pad_length(kind, FRAME_LENGTH.saturating_add(content.body.len())).min(MAX_BODY);
    u32::try_from(padded).unwrap_or(u32::MAX)
}

/// Seals what was sealed before once more, byte for byte: `header` is complete, and the salt in it
/// was drawn for this very content. Whether it is, the signature tells. `None` if the content is not
/// as long as the header says.
pub fn seal_again(
    header: Header,
    key: &[u8],
    content: &Content,
    signature: Signature,
) -> Option<Envelope> {
    let plaintext = frame(header.kind, content).ok()?;
    if u32::try_from(plaintext.len()) != Ok(header.length) || content.schema != header.schema {
        return None;
    }
    let context = header.encode();
    let sealed = seal::seal_with_salt(key, SEAL_LABEL, &context, header.salt, &plaintext).ok()?;
    Some(Envelope { header, body: sealed.ciphertext, signature })
}

/// Writes and signs a control entry. `header` is complete but for kind, salt, slot generation
/// and length, which are set here.
pub fn sign_control(
    mut header: Header,
    body: &ControlBody,
    signer: &SigningKey,
) -> Result<Envelope, ContentError> {
    let bytes = body.encode();
    if bytes.len() > MAX_BODY {
        return Err(ContentError::TooLarge);
    }
    header.kind = body.kind();
    header.slot_generation = SlotGeneration::ZERO;
    header.salt = [0; 24];
    header.length = u32::try_from(bytes.len()).map_err(|_| ContentError::TooLarge)?;
    // What does not read back (an unsorted list, an empty one) is not signed.
    Header::decode(&header.encode())?;
    ControlBody::decode(header.kind, &bytes)?;
    Ok(sign(header, bytes, signer))
}

fn sign(header: Header, body: Vec<u8>, signer: &SigningKey) -> Envelope {
    let hashes = (header.hash(), body_hash(&body));
    let signature: Signature = signer.sign(SIGN_LABEL, &[hashes.0.as_bytes(), hashes.1.as_bytes()]);
    Envelope { header, body, signature }
}

fn frame(kind: Kind, content: &Content) -> Result<Zeroizing<Vec<u8>>, ContentError> {
    if content.body.len() > MAX_BODY - FRAME_LENGTH {
        return Err(ContentError::TooLarge);
    }
    let padded = pad_length(kind, FRAME_LENGTH + content.body.len());
    // The very largest contents are padded to the limit instead of beyond it.
    let padded = padded.min(MAX_BODY);
    let mut w = Writer::new();
    w.u8(FORMAT).u8(content.compression).u16(content.dictionary).u16(content.schema);
    w.bytes(&content.body);
    let mut bytes = Zeroizing::new(w.into_bytes());
    bytes.resize(padded, 0);
    Ok(bytes)
}

fn unframe(plaintext: &[u8], header: &Header) -> Result<Content, ContentError> {
    let mut r = Reader::new(plaintext);
    if r.u8()? != FORMAT {
        return Err(CodecError::Unknown.into());
    }
    let content = Content {
        compression: r.u8()?,
        dictionary: r.u16()?,
        schema: r.u16()?,
        body: r.bytes(MAX_BODY)?.to_vec(),
    };
    let zeros = r.rest().iter().all(|byte| *byte == 0);
    if zeros && content.schema == header.schema {
        Ok(content)
    } else {
        Err(CodecError::Unknown.into())
    }
}
