//! What lies inside a sealed envelope: `{format, compression, schema, length, body}`, padded.
//!
//! Padding (Padmé, Nikitin et al. 2019, with a floor for each kind) leaves at most the leading
//! bits of a length to see. Compression never mixes authors, or typed with imported text: that
//! is the caller's to keep apart. Reading never believes a length before it is bounded, and
//! takes no other padding than the one that writing makes.

use crate::codec::{CodecError, Reader, Writer};
use thiserror::Error;
use zeroize::Zeroizing;

/// What a plaintext is, which decides its floor and its cap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PlaintextKind {
    /// What one device has seen, said at intervals.
    Checkpoint,
    /// Changes of a document.
    Delta,
    /// Carets and presence: at most 1 KiB.
    Ephemeral,
    /// Several records in one compressed body.
    Pack,
    /// One signed record.
    Record,
    /// A whole document.
    Snapshot,
}

impl PlaintextKind {
    /// Returns the size below which none is told from another, in bytes.
    pub const fn floor(self) -> usize {
        match self {
            Self::Delta | Self::Ephemeral => 192,
            Self::Checkpoint | Self::Record => 512,
            Self::Pack | Self::Snapshot => 4 * KIB,
        }
    }

    /// Returns how long a body may be, in bytes. A constant of the protocol.
    pub const fn body_max(self) -> usize {
        match self {
            Self::Ephemeral => KIB,
            Self::Checkpoint | Self::Delta | Self::Record => MIB,
            Self::Pack | Self::Snapshot => 8 * MIB,
        }
    }
}

/// Why a body cannot be framed, or bytes hold none.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PlaintextError {
    /// The bytes are not what [`pack`] writes.
    #[error("the plaintext is malformed")]
    Malformed,
    /// The format, the compression or the dictionary belongs to a newer version.
    #[error("the plaintext was written by a newer version")]
    NewerVersion,
    /// The body is longer than its kind allows, or unfolds to more than its size can explain.
    #[error("the body is longer than its kind allows")]
    TooLong,
}

impl From<CodecError> for PlaintextError {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::TooLong => Self::TooLong,
            CodecError::Trailing | CodecError::Truncated | CodecError::Unknown => Self::Malformed,
        }
    }
}

/// Frames `body` and pads it. It is compressed when that makes the padded result smaller.
pub fn pack(
    kind: PlaintextKind,
    schema: u16,
    body: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
    if body.len() > kind.body_max() {
        return Err(PlaintextError::TooLong);
    }
    let (compression, stored) = match compressed(kind, body) {
        Some(frame) => (ZSTD, frame),
        None => (UNCOMPRESSED, Zeroizing::new(body.to_vec())),
    };
    let total = padded_length(kind, HEADER_LENGTH + stored.len());
    let mut writer = Writer::with_capacity(total);
    writer.u8(FORMAT_1).u8(compression).u16(schema).bytes(&stored);
    let mut packed = Zeroizing::new(writer.into_bytes());
    packed.resize(total, 0);
    Ok(packed)
}

/// Reads what [`pack`] wrote: the schema and the body.
pub fn unpack(
    kind: PlaintextKind,
    bytes: &[u8],
) -> Result<(u16, Zeroizing<Vec<u8>>), PlaintextError> {
    let mut reader = Reader::new(bytes);
    if reader.u8()? != FORMAT_1 {
        return Err(PlaintextError::NewerVersion);
    }
    let compression = reader.u8()?;
    let schema = reader.u16()?;
    let stored = reader.bytes(kind.body_max())?;
    let padding = reader.rest();
    if bytes.len() != padded_length(kind, HEADER_LENGTH + stored.len())
        || padding.iter().any(|byte| *byte != 0)
    {
        return Err(PlaintextError::Malformed);
    }
    let body = match compression {
        UNCOMPRESSED => Zeroizing::new(stored.to_vec()),
        ZSTD => decompressed(kind, stored)?,
        // 2 and above: zstd with the dictionary of number `compression - 1`. There is none yet.
        _ => return Err(PlaintextError::NewerVersion),
    };
    Ok((schema, body))
}

/// Returns the length that `length` bytes are padded to.
pub const fn padded_length(kind: PlaintextKind, length: usize) -> usize {
    let length = if length < kind.floor() { kind.floor() } else { length };
    let exponent = length.ilog2();
    let kept_bits = exponent.ilog2() + 1;
    let mask = (1_usize << exponent.saturating_sub(kept_bits)) - 1;
    (length + mask) & !mask
}

/// Returns the length of the body and its zstd frame, if that is worth it and [`unpack`] would
/// take it.
fn compressed(kind: PlaintextKind, body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let plain = padded_length(kind, HEADER_LENGTH + body.len());
    if plain == kind.floor() {
        return None;
    }
    let frame = Zeroizing::new(zstd::bulk::compress(body, ZSTD_LEVEL).ok()?);
    let stored_length = LENGTH_LENGTH + frame.len();
    let smaller = padded_length(kind, HEADER_LENGTH + stored_length) < plain;
    if !smaller || body.len() > ratio_bound(stored_length) {
        return None;
    }
    let mut writer = Writer::with_capacity(stored_length);
    writer.u32(u32::try_from(body.len()).ok()?).fixed(&frame);
    Some(Zeroizing::new(writer.into_bytes()))
}

fn decompressed(kind: PlaintextKind, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
    let mut reader = Reader::new(stored);
    let length = usize::try_from(reader.u32()?).map_err(|_| PlaintextError::TooLong)?;
    if length > kind.body_max() || length > ratio_bound(stored.len()) {
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
const fn ratio_bound(stored: usize) -> usize {
    stored.saturating_mul(RATIO_MAX)
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const FORMAT_1: u8 = 1;
const UNCOMPRESSED: u8 = 0;
const ZSTD: u8 = 1;
const ZSTD_LEVEL: i32 = 3;
const HEADER_LENGTH: usize = 8;
const LENGTH_LENGTH: usize = 4;
const RATIO_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [PlaintextKind; 6] = [
        PlaintextKind::Checkpoint,
        PlaintextKind::Delta,
        PlaintextKind::Ephemeral,
        PlaintextKind::Pack,
        PlaintextKind::Record,
        PlaintextKind::Snapshot,
    ];

    fn framed(compression: u8, stored: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(FORMAT_1).u8(compression).u16(1).bytes(stored);
        let mut bytes = writer.into_bytes();
        bytes.resize(padded_length(PlaintextKind::Delta, bytes.len()), 0);
        bytes
    }

    fn zstd_body(claimed: usize, body: &[u8]) -> Vec<u8> {
        let mut stored = u32::try_from(claimed).unwrap().to_be_bytes().to_vec();
        stored.extend(zstd::bulk::compress(body, 3).unwrap());
        stored
    }

    #[test]
    fn short_texts_of_one_kind_all_look_alike() {
        let one = pack(PlaintextKind::Delta, 1, b"a").unwrap();
        let other = pack(PlaintextKind::Delta, 1, &[b'b'; 180]).unwrap();

        assert_eq!(one.len(), 192);
        assert_eq!(other.len(), 192);
        assert_eq!(pack(PlaintextKind::Record, 1, b"").unwrap().len(), 512);
        assert_eq!(pack(PlaintextKind::Snapshot, 1, b"").unwrap().len(), 4096);
    }

    #[test]
    fn repeated_text_becomes_smaller() {
        let body = b"the same words, ".repeat(80);

        let packed = pack(PlaintextKind::Record, 3, &body).unwrap();

        assert_eq!(packed.len(), 512);
        let (schema, read) = unpack(PlaintextKind::Record, &packed).unwrap();
        assert_eq!((schema, read.as_slice()), (3, body.as_slice()));
    }

    #[test]
    fn a_body_that_would_look_like_a_bomb_is_not_compressed() {
        let body = vec![0; MIB];

        let packed = pack(PlaintextKind::Delta, 1, &body).unwrap();

        assert!(packed.len() > MIB);
        assert_eq!(unpack(PlaintextKind::Delta, &packed).unwrap().1.len(), MIB);
    }

    #[test]
    fn a_bomb_is_refused_before_its_memory_is_taken() {
        let bomb = zstd::bulk::compress(&vec![0; 64 * MIB], 19).unwrap();
        let stored = |claimed: u32| [&claimed.to_be_bytes(), bomb.as_slice()].concat();
        let unpacked = |claimed| unpack(PlaintextKind::Delta, &framed(ZSTD, &stored(claimed)));

        assert_eq!(unpacked(64 << 20).unwrap_err(), PlaintextError::TooLong);
        assert_eq!(unpacked(1 << 20).unwrap_err(), PlaintextError::TooLong);
        assert_eq!(unpacked(1000).unwrap_err(), PlaintextError::Malformed);
    }

    #[test]
    fn a_frame_of_another_length_than_it_claims_is_refused() {
        for claimed in [0, 99, 101] {
            let bytes = framed(ZSTD, &zstd_body(claimed, &[7; 100]));
            assert_eq!(unpack(PlaintextKind::Delta, &bytes), Err(PlaintextError::Malformed));
        }
        assert!(unpack(PlaintextKind::Delta, &framed(ZSTD, &zstd_body(100, &[7; 100]))).is_ok());
    }

    #[test]
    fn what_a_newer_version_wrote_is_named_so() {
        let mut newer_format = framed(UNCOMPRESSED, b"x");
        newer_format[0] = 2;
        let dictionary = framed(2, b"x");

        for bytes in [newer_format, dictionary] {
            assert_eq!(unpack(PlaintextKind::Delta, &bytes), Err(PlaintextError::NewerVersion));
        }
    }

    #[test]
    fn padding_can_carry_nothing_and_has_one_length() {
        let mut marked = framed(UNCOMPRESSED, b"x");
        *marked.last_mut().unwrap() = 1;
        let mut longer = framed(UNCOMPRESSED, b"x");
        longer.extend([0; 8]);

        assert_eq!(unpack(PlaintextKind::Delta, &marked), Err(PlaintextError::Malformed));
        assert_eq!(unpack(PlaintextKind::Delta, &longer), Err(PlaintextError::Malformed));
    }

    #[test]
    fn a_body_over_the_cap_is_refused_on_both_sides() {
        let body = vec![1; KIB + 1];
        assert_eq!(pack(PlaintextKind::Ephemeral, 1, &body), Err(PlaintextError::TooLong));

        let as_delta = pack(PlaintextKind::Delta, 1, &vec![1; 3 * KIB / 2]).unwrap();
        assert!(unpack(PlaintextKind::Ephemeral, &as_delta).is_err());
    }

    #[test]
    fn the_format_of_a_plaintext_never_changes() {
        let packed = pack(PlaintextKind::Delta, 0x0203, b"abc").unwrap();

        assert_eq!(packed[..11], [1, 0, 2, 3, 0, 0, 0, 3, b'a', b'b', b'c']);
        assert!(packed[11..].iter().all(|byte| *byte == 0));
    }

    proptest! {
        #[test]
        fn every_body_reads_back(
            body in proptest::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..900),
            kind in 0..KINDS.len(),
            schema: u16,
        ) {
            let packed = pack(KINDS[kind], schema, &body).unwrap();
            let (read_schema, read) = unpack(KINDS[kind], &packed).unwrap();
            prop_assert_eq!(read_schema, schema);
            prop_assert_eq!(read.as_slice(), body.as_slice());
        }

        #[test]
        fn padding_costs_at_most_an_eighth(length in 192..8_000_000_usize) {
            let padded = padded_length(PlaintextKind::Delta, length);
            prop_assert!(padded >= length && padded <= length + length / 8);
            prop_assert_eq!(padded_length(PlaintextKind::Delta, padded), padded);
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in 0..KINDS.len(),
        ) {
            if let Ok((_, body)) = unpack(KINDS[kind], &bytes) {
                prop_assert!(body.len() <= KINDS[kind].body_max());
            }
        }
    }
}
