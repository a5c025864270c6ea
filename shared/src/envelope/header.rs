//! The fixed header of an envelope: who wrote what kind of thing where, after having seen what.
//!
//! Every byte of it is signed, is the associated data of the seal, and is in clear for the
//! server; it therefore holds ids, counters, hashes and one padded length, and nothing else.

use super::EnvelopeError;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, ObjectId, Position, PracticeId, PracticeSeq,
    SlotGeneration,
};
use crate::suite::{self, Hash};

/// The first four bytes of every envelope.
pub const MAGIC: [u8; 4] = *b"TACE";
/// The only layout so far.
pub const VERSION: u8 = 1;
/// Bytes of a header.
pub const HEADER_LENGTH: usize = 226;

/// What an envelope is. Numbers 1 to 15 are control entries (body in clear), 16 to 31 sealed
/// entries, 32 to 63 sealed objects beside the log; the class of a number never changes, so that
/// a kind of a newer version is checked, ordered and passed on by an older one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// 1: a compartment begins.
    Genesis,
    /// 2: another access list.
    Access,
    /// 3: a new content key.
    Slot,
    /// 4: a draft begins.
    Draft,
    /// 5: a draft was signed.
    Close,
    /// 6: a device has carried out what a Close or an Erase asks.
    Acknowledge,
    /// 7: somebody asks for an erasure.
    EraseRequest,
    /// 8: an erasure is ordered.
    Erase,
    /// 16: changes of a document.
    Delta,
    /// 17: a signed record.
    Record,
    /// 18: what is kept of entries whose content key is to die, for an erasure of one record.
    Kept,
    /// 32: a document as saved at a position.
    Snapshot,
    /// 33: records of a range of positions.
    Pack,
    /// 34: what a device has seen, for its peers.
    Checkpoint,
    /// 35: presence; never stored.
    Ephemeral,
    /// A kind of a newer version, in one of the three ranges.
    Newer(NewerKind),
}

/// The number of a kind that this version does not know.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NewerKind(u8);

/// The three ranges of kinds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// Takes a position and a number; its body is in clear.
    Control,
    /// Takes a position and a number; its body is sealed.
    Sealed,
    /// Signed and sealed, but takes no position and no number.
    Beside,
}

const KNOWN: [(u8, Kind); 15] = [
    (1, Kind::Genesis),
    (2, Kind::Access),
    (3, Kind::Slot),
    (4, Kind::Draft),
    (5, Kind::Close),
    (6, Kind::Acknowledge),
    (7, Kind::EraseRequest),
    (8, Kind::Erase),
    (16, Kind::Delta),
    (17, Kind::Record),
    (18, Kind::Kept),
    (32, Kind::Snapshot),
    (33, Kind::Pack),
    (34, Kind::Checkpoint),
    (35, Kind::Ephemeral),
];

impl Kind {
    /// Reads a kind's number; `None` outside the three ranges.
    pub fn from_number(number: u8) -> Option<Self> {
        let known = KNOWN.iter().find(|(known, _)| *known == number).map(|(_, kind)| *kind);
        known.or_else(|| (1..=63).contains(&number).then_some(Self::Newer(NewerKind(number))))
    }

    /// Returns the kind's number.
    pub fn number(self) -> u8 {
        match self {
            Self::Newer(NewerKind(number)) => number,
            known => KNOWN.iter().find(|(_, kind)| *kind == known).map_or(0, |(number, _)| *number),
        }
    }

    /// Returns the range that the kind's number lies in.
    pub fn class(self) -> Class {
        match self.number() {
            0..=15 => Class::Control,
            16..=31 => Class::Sealed,
            _ => Class::Beside,
        }
    }

    /// Returns whether the body is sealed, and so longer than the header says by a tag.
    pub fn is_sealed(self) -> bool {
        self.class() != Class::Control
    }

    /// Returns whether it takes a position in a log and a number of its device.
    pub fn is_entry(self) -> bool {
        self.class() != Class::Beside
    }
}

/// A place in the practice log: an entry's number and its hash.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PracticeHead {
    /// The number of the entry; genesis is 0.
    pub seq: PracticeSeq,
    /// The hash of the entry.
    pub hash: Hash,
}

/// A header, field by field in the order of its bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Which suite signs and seals.
    pub suite: u8,
    /// What it is.
    pub kind: Kind,
    /// Reserved; zero in what this version writes, and kept as read.
    pub flags: u8,
    /// The practice.
    pub practice: PracticeId,
    /// The compartment, and so the log. For a checkpoint: the ring's id.
    pub compartment: CompartmentId,
    /// Who signs.
    pub author: DeviceId,
    /// The author's incarnation.
    pub dev_inc: DevInc,
    /// The author's number; zero beside the log.
    pub dev_seq: DevSeq,
    /// The author's own chain before this envelope; zero beside the log.
    pub prev_own: Hash,
    /// The practice log as the author knew it.
    pub practice_head: PracticeHead,
    /// The content key's generation; zero in control entries.
    pub slot_generation: SlotGeneration,
    /// The draft whose key seals too, or zero.
    pub object: ObjectId,
    /// Version of what is inside.
    pub schema: u16,
    /// How much of this log the author had seen.
    pub seen_pos: Position,
    /// The log's chain there.
    pub seen_chain: Hash,
    /// Salt of the seal; zero in control entries.
    pub salt: [u8; 24],
    /// Length of the body before its tag.
    pub length: u32,
}

impl Header {
    /// Writes the 226 bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(&MAGIC).u8(VERSION).u8(self.suite).u8(self.kind.number()).u8(self.flags);
        writer.fixed(self.practice.as_bytes()).fixed(self.compartment.as_bytes());
        writer.fixed(self.author.as_bytes());
        writer.u32(self.dev_inc.get()).u64(self.dev_seq.get()).fixed(self.prev_own.as_bytes());
        writer.u32(self.practice_head.seq.get()).fixed(self.practice_head.hash.as_bytes());
        writer.u32(self.slot_generation.get()).fixed(self.object.as_bytes()).u16(self.schema);
        writer.u64(self.seen_pos.get()).fixed(self.seen_chain.as_bytes());
        writer.fixed(&self.salt).u32(self.length);
        writer.into_bytes()
    }

    /// Reads a header from the front.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.fixed()? != MAGIC || reader.u8()? != VERSION {
            return Err(CodecError::Unknown);
        }
        let header = Self {
            suite: reader.u8()?,
            kind: Kind::from_number(reader.u8()?).ok_or(CodecError::Unknown)?,
            flags: reader.u8()?,
            practice: PracticeId::from_bytes(reader.fixed()?),
            compartment: CompartmentId::from_bytes(reader.fixed()?),
            author: DeviceId::from_bytes(reader.fixed()?),
            dev_inc: DevInc::new(reader.u32()?),
            dev_seq: DevSeq::new(reader.u64()?),
            prev_own: Hash::from_bytes(reader.fixed()?),
            practice_head: PracticeHead {
                seq: PracticeSeq::new(reader.u32()?),
                hash: Hash::from_bytes(reader.fixed()?),
            },
            slot_generation: SlotGeneration::new(reader.u32()?),
            object: ObjectId::from_bytes(reader.fixed()?),
            schema: reader.u16()?,
            seen_pos: Position::new(reader.u64()?),
            seen_chain: Hash::from_bytes(reader.fixed()?),
            salt: reader.fixed()?,
            length: reader.u32()?,
        };
        header.check_shape()?;
        Ok(header)
    }

    /// Reads exactly one header.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let header = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(header)
    }

    /// H(header), as signatures and envelope hashes use it.
    pub fn hash(&self) -> Hash {
        suite::hash("tac/env/header/v1", &[&self.encode()])
    }

    /// How many bytes follow the header before the signature.
    pub fn body_length(&self) -> Result<usize, EnvelopeError> {
        let tag = if self.kind.is_sealed() { super::TAG_LENGTH } else { 0 };
        let length = usize::try_from(self.length).map_err(|_| EnvelopeError::TooLarge)?;
        if length > super::MAX_BODY {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(length + tag)
    }

    /// Fields that a kind does not use are zero, so that there is one way to write a header.
    pub(super) fn check_shape(&self) -> Result<(), CodecError> {
        let unsealed = self.slot_generation == SlotGeneration::ZERO && self.salt == [0; 24];
        let unnumbered = self.dev_seq == DevSeq::ZERO && self.prev_own == Hash::ZERO;
        let sound = match self.kind.class() {
            Class::Control => unsealed && self.dev_seq != DevSeq::ZERO,
            Class::Sealed => {
                self.slot_generation != SlotGeneration::ZERO && self.dev_seq != DevSeq::ZERO
            }
            Class::Beside => unnumbered,
        };
        let first = self.dev_seq != DevSeq::new(1) || self.prev_own == Hash::ZERO;
        let unseen = self.seen_pos != Position::ZERO || self.seen_chain == Hash::ZERO;
        if sound && first && unseen { Ok(()) } else { Err(CodecError::Unknown) }
    }
}
