//! What goes into an envelope before it is framed, padded and sealed: a body, compressed if that
//! pays, and read back without believing a length before it is bounded.
//!
//! ```text
//! compression 0   body as it is
//! compression 1   length4 of the body, then one zstd frame (RFC 8878), dictionary 0 for none
//! ```
//!
//! Framing and padding are `envelope`'s. Compression never mixes authors, or typed with imported
//! text, because sizes then tell one of the other: keeping them apart is the caller's part.

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Content, Kind, MAX_BODY, MAX_EPHEMERAL, pad_length};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why a body does not go into an envelope, or does not come out of one.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PlaintextError {
    /// The content is not what [`pack`] writes.
    #[error("the content is malformed")]
    Malformed,
    /// The compression or its dictionary belongs to a newer version.
    #[error("the content was written by a newer version")]
    NewerVersion,
    /// The body is longer than its kind allows, or unfolds to more than its size can explain.
    #[error("the body is longer than its kind allows")]
    TooLong,
}

impl From<CodecError> for PlaintextError {
    fn from(_: CodecError) -> Self {
        Self::Malformed
    }
}

/// Returns how long a body of this kind may be once it is unfolded, in bytes. Constants of the
/// protocol; a kind of a newer version gets the least that any sealed entry has.
pub const fn body_max(kind: Kind) -> usize {
    match kind {
        Kind::Ephemeral => MAX_EPHEMERAL,
        Kind::Kept => 2 * MIB,
        Kind::Pack | Kind::Snapshot => 8 * MIB,
        _ => MIB,
    }
}

/// Makes the content of an envelope. The body is compressed when that makes the padded result
/// smaller.
pub fn pack(kind: Kind, schema: u16, body: &[u8]) -> Result<Content, PlaintextError> {
    if body.len() > body_max(kind) {
        return Err(PlaintextError::TooLong);
    }
    let (compression, body) = match compressed(kind, body) {
        Some(stored) => (ZSTD, stored),
        None => (UNCOMPRESSED, body.to_vec()),
    };
    if body.len() > MAX_BODY - FRAME_LENGTH {
        return Err(PlaintextError::TooLong);
    }
    Ok(Content { compression, dictionary: NO_DICTIONARY, schema, body })
}

/// Returns the body of an envelope's content.
pub fn unpack(kind: Kind, content: &Content) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
    match (content.compression, content.dictionary) {
        (UNCOMPRESSED, NO_DICTIONARY) if content.body.len() <= body_max(kind) => {
            Ok(Zeroizing::new(content.body.clone()))
        }
        (UNCOMPRESSED, NO_DICTIONARY) => Err(PlaintextError::TooLong),
        (ZSTD, NO_DICTIONARY) => decompressed(kind, &content.body),
        _ => Err(PlaintextError::NewerVersion),
    }
}

/// Returns one zstd frame of bytes of one author and one origin, for a pack: they are read together
/// or not at all, and no length tells what they are.
pub(crate) fn fold(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, PACK_LEVEL).ok()
}

/// Returns what [`fold`] folded, which must be `length` bytes; `None` if it is anything else.
pub(crate) fn unfold(frame: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    let mut decoder = zstd::bulk::Decompressor::new().ok()?;
    let written = decoder.decompress_to_buffer(frame, &mut *bytes).ok()?;
    (written == length && bytes.len() == length).then_some(bytes)
}

/// Returns the length of the body and its zstd frame, if that is worth it and [`unpack`] would
/// take it.
fn compressed(kind: Kind, body: &[u8]) -> Option<Vec<u8>> {
    let plain = pad_length(kind, FRAME_LENGTH + body.len());
    if plain == pad_length(kind, 0) {
        return None;
    }
    let frame = Zeroizing::new(zstd::bulk::compress(body, ZSTD_LEVEL).ok()?);
    let length = LENGTH_LENGTH + frame.len();
    if pad_length(kind, FRAME_LENGTH + length) >= plain || body.len() > unfolded_max(length) {
        return None;
    }
    let mut writer = Writer::with_capacity(length);
    writer.u32(u32::try_from(body.len()).ok()?).fixed(&frame);
    Some(writer.into_bytes())
}

fn decompressed(kind: Kind, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
    let mut reader = Reader::new(stored);
    let length = usize::try_from(reader.u32()?).map_err(|_| PlaintextError::TooLong)?;
    if length > body_max(kind) || length > unfolded_max(stored.len()) {
        return Err(PlaintextError::TooLong);
    }
    // The output buffer is all that the frame can fill, and in this mode it serves as the window
    // too: whatever the frame claims, no more memory is taken.
    let mut body = Zeroizing::new(Vec::with_capacity(length));
    let written = zstd::bulk::Decompressor::new()
        .and_then(|mut decoder| decoder.decompress_to_buffer(reader.rest(), &mut *body))
        .map_err(|_| PlaintextError::Malformed)?;
    if written == length && body.len() == length {
        Ok(body)
    } else {
        Err(PlaintextError::Malformed)
    }
}

/// How many bytes `stored` bytes may unfold to.
const fn unfolded_max(stored: usize) -> usize {
    stored.saturating_mul(UNFOLDING_MAX)
}

const MIB: usize = 1024 * 1024;
const UNCOMPRESSED: u8 = 0;
const ZSTD: u8 = 1;
const NO_DICTIONARY: u16 = 0;
const ZSTD_LEVEL: i32 = 3;
/// A pack is made once, in idle time, and fetched by every device that comes.
const PACK_LEVEL: i32 = 9;
/// What `envelope` puts before the body.
const FRAME_LENGTH: usize = 10;
const LENGTH_LENGTH: usize = 4;
const UNFOLDING_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Random as _, Seeded};
    use proptest::prelude::*;

    const KINDS: [Kind; 7] = [
        Kind::Checkpoint,
        Kind::Delta,
        Kind::Ephemeral,
        Kind::Kept,
        Kind::Pack,
        Kind::Record,
        Kind::Snapshot,
    ];

    fn content(compression: u8, body: &[u8]) -> Content {
        Content { compression, dictionary: 0, schema: 1, body: body.to_vec() }
    }

    fn folded(claimed: usize, frame: &[u8]) -> Content {
        let claimed = u32::try_from(claimed).unwrap();
        content(ZSTD, &[&claimed.to_be_bytes(), frame].concat())
    }

    #[test]
    fn repeated_text_becomes_smaller_and_short_text_is_left_alone() {
        let body = b"the same words, ".repeat(80);

        let packed = pack(Kind::Record, 3, &body).unwrap();
        assert_eq!(packed.compression, ZSTD);
        assert!(packed.body.len() < 100);
        assert_eq!(unpack(Kind::Record, &packed).unwrap().as_slice(), body);

        let short = pack(Kind::Delta, 3, &[b'a'; 180]).unwrap();
        assert_eq!((short.compression, short.schema, short.body.len()), (0, 3, 180));
    }

    #[test]
    fn what_looks_like_a_bomb_is_not_compressed_in_the_first_place() {
        let body = vec![0; MIB - 1024];

        let packed = pack(Kind::Delta, 1, &body).unwrap();

        assert_eq!(packed.compression, UNCOMPRESSED);
        assert_eq!(unpack(Kind::Delta, &packed).unwrap().len(), body.len());
    }

    #[test]
    fn a_bomb_is_refused_before_its_memory_is_taken() {
        let bomb = zstd::bulk::compress(&vec![0; 64 * MIB], 19).unwrap();
        let unpacked = |claimed| unpack(Kind::Delta, &folded(claimed, &bomb)).unwrap_err();

        assert_eq!(unpacked(64 * MIB), PlaintextError::TooLong);
        assert_eq!(unpacked(2 * MIB), PlaintextError::TooLong);
        assert_eq!(unpacked(1000), PlaintextError::Malformed);
        let tiny = zstd::bulk::compress(&vec![0; MIB / 2], 19).unwrap();
        let refused = unpack(Kind::Delta, &folded(MIB / 2, &tiny)).unwrap_err();
        assert_eq!(refused, PlaintextError::TooLong);
    }

    #[test]
    fn a_frame_of_another_length_than_it_claims_is_refused() {
        let frame = zstd::bulk::compress(&[7; 100], 3).unwrap();

        for claimed in [0, 99, 101] {
            let refused = unpack(Kind::Delta, &folded(claimed, &frame));
            assert_eq!(refused, Err(PlaintextError::Malformed));
        }
        assert!(unpack(Kind::Delta, &folded(100, &frame)).is_ok());
        assert_eq!(unpack(Kind::Delta, &content(ZSTD, &[0])), Err(PlaintextError::Malformed));
    }

    #[test]
    fn what_a_newer_version_wrote_is_named_so() {
        let dictionary = Content { dictionary: 1, ..content(ZSTD, b"x") };
        let dictionary_for_nothing = Content { dictionary: 1, ..content(UNCOMPRESSED, b"x") };
        for newer in [content(2, b"x"), dictionary, dictionary_for_nothing] {
            assert_eq!(unpack(Kind::Delta, &newer), Err(PlaintextError::NewerVersion));
        }
    }

    #[test]
    fn a_body_over_the_cap_is_refused_on_both_sides() {
        let long = vec![1; MAX_EPHEMERAL + 1];
        assert_eq!(pack(Kind::Ephemeral, 1, &long), Err(PlaintextError::TooLong));
        let unpacked = unpack(Kind::Ephemeral, &content(UNCOMPRESSED, &long));
        assert_eq!(unpacked, Err(PlaintextError::TooLong));

        // Within the cap of its kind, and yet too long for an envelope.
        let mut noise = vec![0; 2 * MIB];
        Seeded::new(1).fill(&mut noise);
        assert_eq!(pack(Kind::Snapshot, 1, &noise), Err(PlaintextError::TooLong));
    }

    #[test]
    fn the_form_of_a_body_never_changes() {
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x19, 0x00, 0x00, b'a', b'b', b'c'];
        let read = unpack(Kind::Delta, &folded(3, &frame)).unwrap();
        assert_eq!(read.as_slice(), b"abc");
    }

    proptest! {
        #[test]
        fn every_body_reads_back(
            body in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..900),
            kind in 0..KINDS.len(),
            schema: u16,
        ) {
            let packed = pack(KINDS[kind], schema, &body).unwrap();
            prop_assert_eq!(packed.schema, schema);
            let read = unpack(KINDS[kind], &packed).unwrap();
            prop_assert_eq!(read.as_slice(), body.as_slice());
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            compression in 0..3_u8,
            kind in 0..KINDS.len(),
        ) {
            if let Ok(body) = unpack(KINDS[kind], &content(compression, &bytes)) {
                prop_assert!(body.len() <= body_max(KINDS[kind]));
            }
        }
    }
}
