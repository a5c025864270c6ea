//! What a device writes into its journal, as bytes. Pure.
//!
//! Every frame is sealed as a whole before it reaches the disk, so that a stolen, locked laptop
//! shows neither ids nor counts nor times. What is of a client is sealed a second time inside,
//! under a key that dies with its compartment or its draft.

use super::courier::frames::{FIRST_NUMBER, LAST_NUMBER, MailFrame};
use super::locations::{read_location, write_location};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::{CompartmentId, ObjectId, RecordId, RingId, SlotGeneration};
use tacenda_shared::journal::Location;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::{SALT_LENGTH, Sealed};
use tacenda_shared::suite::Hash;

/// The longest field of a frame.
const FIELD_BYTES_MAX: usize = 4 << 20;
/// More rings than a compartment is ever readable through.
const RINGS_MAX: usize = 64;

/// One frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DeviceFrame {
    /// Part of the index over everything before it.
    Checkpoint {
        /// Number of this part, from 1.
        part: u32,
        /// How many parts there are.
        parts: u32,
        /// The part.
        bytes: Vec<u8>,
    },
    /// A compartment that came into being here or elsewhere.
    Compartment(Compartment),
    /// Content of a compartment, sealed under its slot or draft key.
    Content {
        /// Which compartment.
        compartment: CompartmentId,
        /// What it is.
        kind: ContentKind,
        /// Under the content key of which generation it is sealed.
        generation: SlotGeneration,
        /// The sealed bytes.
        sealed: Sealed,
        /// Where it was made.
        origin: Origin,
        /// The same content under an older content key, which dies: this stands in its place.
        instead_of: Option<Location>,
    },
    /// An entry of the practice log, as it was signed.
    Entry(Vec<u8>),
    /// Keystrokes of a draft, sealed under the draft's key. Worth nothing once they are committed.
    Keystrokes {
        /// Which compartment.
        compartment: CompartmentId,
        /// Which draft.
        draft: ObjectId,
        /// Under the content key of which generation they are sealed.
        generation: SlotGeneration,
        /// The sealed splices.
        sealed: Sealed,
    },
    /// What went out to others, and what came from them.
    Mail(MailFrame),
    /// The read model of a compartment, sealed under its slot key.
    Segment {
        /// Which compartment.
        compartment: CompartmentId,
        /// Under the content key of which generation it is sealed.
        generation: SlotGeneration,
        /// The sealed segment.
        sealed: Sealed,
    },
    /// A frame from a newer version; kept.
    Unknown {
        /// Its number.
        kind: u8,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// A key wrapped to this device or to the recovery sheet, as it was uploaded.
    Wrap(Vec<u8>),
}

/// Where content was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// By another device; it came with an envelope.
    Elsewhere,
    /// By this device; an envelope is to carry it to the others.
    Here,
}

/// What a compartment's genesis and one of its slots say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Compartment {
    /// Its id, which is also its log's.
    pub id: CompartmentId,
    /// What it holds.
    pub name: CompartmentName,
    /// The generation of the content key.
    pub generation: SlotGeneration,
    /// What the key commits to.
    pub commitment: Hash,
    /// The rings through which it can be read.
    pub rings: Vec<RingId>,
}

/// What a piece of content is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ContentKind {
    /// The draft ended as this record.
    Close {
        /// The draft.
        draft: ObjectId,
        /// What it became.
        record: RecordId,
    },
    /// Changes of a document.
    Delta(ObjectId),
    /// A draft began; the content is the commitment of its key.
    Draft(ObjectId),
    /// Changes of a draft.
    DraftDelta(ObjectId),
    /// A signed record.
    Record(RecordId),
    /// A document as a whole; what came before it for that document is history.
    Saved(ObjectId),
}

impl ContentKind {
    /// Returns the draft whose key seals this content, if it is not the slot key alone.
    pub const fn draft(self) -> Option<ObjectId> {
        match self {
            Self::DraftDelta(draft) => Some(draft),
            Self::Close { .. }
            | Self::Delta(_)
            | Self::Draft(_)
            | Self::Record(_)
            | Self::Saved(_) => None,
        }
    }

    /// Returns the document that it is of; of a record, an object that none has.
    pub(super) const fn document(self) -> ObjectId {
        match self {
            Self::Close { draft: document, .. }
            | Self::Delta(document)
            | Self::Draft(document)
            | Self::DraftDelta(document)
            | Self::Saved(document) => document,
            Self::Record(_) => ObjectId::from_bytes([0; 16]),
        }
    }

    /// Returns the bytes that bind a sealed text to its place.
    pub fn context(self, compartment: CompartmentId) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(compartment.as_bytes());
        self.write(&mut writer);
        writer.into_bytes()
    }

    pub(super) fn write(self, writer: &mut Writer) {
        match self {
            Self::Delta(document) => writer.u8(1).fixed(document.as_bytes()),
            Self::Draft(draft) => writer.u8(2).fixed(draft.as_bytes()),
            Self::DraftDelta(draft) => writer.u8(3).fixed(draft.as_bytes()),
            Self::Close { draft, record } => {
                writer.u8(4).fixed(draft.as_bytes()).fixed(record.as_bytes())
            }
            Self::Record(record) => writer.u8(5).fixed(record.as_bytes()),
            Self::Saved(document) => writer.u8(6).fixed(document.as_bytes()),
        };
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let kind = reader.u8()?;
        let object = reader.fixed()?;
        match kind {
            1 => Ok(Self::Delta(ObjectId::from_bytes(object))),
            2 => Ok(Self::Draft(ObjectId::from_bytes(object))),
            3 => Ok(Self::DraftDelta(ObjectId::from_bytes(object))),
            4 => Ok(Self::Close {
                draft: ObjectId::from_bytes(object),
                record: RecordId::from_bytes(reader.fixed()?),
            }),
            5 => Ok(Self::Record(RecordId::from_bytes(object))),
            6 => Ok(Self::Saved(ObjectId::from_bytes(object))),
            _ => Err(CodecError::Unknown),
        }
    }
}

impl Compartment {
    /// Writes the canonical bytes.
    pub fn write(&self, writer: &mut Writer) {
        writer.fixed(self.id.as_bytes()).bytes(&self.name.encode());
        writer.u32(self.generation.get()).fixed(self.commitment.as_bytes());
        writer.list(&self.rings, |writer, ring| {
            writer.fixed(ring.as_bytes());
        });
    }

    /// Reads the canonical bytes.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: CompartmentId::from_bytes(reader.fixed()?),
            name: CompartmentName::decode(reader.bytes(FIELD_BYTES_MAX)?)?,
            generation: SlotGeneration::new(reader.u32()?),
            commitment: Hash::from_bytes(reader.fixed()?),
            rings: reader.list(RINGS_MAX, |reader| reader.fixed().map(RingId::from_bytes))?,
        })
    }
}

impl DeviceFrame {
    /// Returns whether a later frame takes its place, so that it may go then: without it, what the
    /// practice holds can still be put together from what is left.
    pub const fn is_replaced(&self) -> bool {
        matches!(
            self,
            Self::Checkpoint { .. }
                | Self::Keystrokes { .. }
                | Self::Mail(MailFrame::Shelved { .. })
                | Self::Segment { .. }
        )
    }

    /// Returns the canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Entry(bytes) => {
                writer.u8(1).bytes(bytes);
            }
            Self::Wrap(bytes) => {
                writer.u8(2).bytes(bytes);
            }
            Self::Compartment(compartment) => {
                writer.u8(3);
                compartment.write(&mut writer);
            }
            Self::Content { compartment, kind, generation, sealed, origin, instead_of } => {
                let number = match (origin, instead_of) {
                    (Origin::Here, None) => 4,
                    (Origin::Elsewhere, None) => 8,
                    (Origin::Here, Some(_)) => 29,
                    (Origin::Elsewhere, Some(_)) => 30,
                };
                writer.u8(number).fixed(compartment.as_bytes());
                kind.write(&mut writer);
                writer.u32(generation.get());
                write_sealed(&mut writer, sealed);
                if let Some(location) = instead_of {
                    write_location(&mut writer, *location);
                }
            }
            Self::Keystrokes { compartment, draft, generation, sealed } => {
                writer.u8(5).fixed(compartment.as_bytes()).fixed(draft.as_bytes());
                writer.u32(generation.get());
                write_sealed(&mut writer, sealed);
            }
            Self::Mail(frame) => frame.write(&mut writer),
            Self::Segment { compartment, generation, sealed } => {
                writer.u8(6).fixed(compartment.as_bytes()).u32(generation.get());
                write_sealed(&mut writer, sealed);
            }
            Self::Checkpoint { part, parts, bytes } => {
                writer.u8(7).u32(*part).u32(*parts).bytes(bytes);
            }
            Self::Unknown { kind, bytes } => {
                writer.u8(*kind).fixed(bytes);
            }
        }
        writer.into_bytes()
    }

    /// Reads canonical bytes; a kind that is not known here is kept as it is.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let frame = match reader.u8()? {
            1 => Self::Entry(reader.bytes(FIELD_BYTES_MAX)?.to_vec()),
            2 => Self::Wrap(reader.bytes(FIELD_BYTES_MAX)?.to_vec()),
            3 => Self::Compartment(Compartment::read(&mut reader)?),
            number @ (4 | 8 | 29 | 30) => Self::Content {
                compartment: CompartmentId::from_bytes(reader.fixed()?),
                kind: ContentKind::read(&mut reader)?,
                generation: SlotGeneration::new(reader.u32()?),
                sealed: read_sealed(&mut reader)?,
                origin: if matches!(number, 4 | 29) { Origin::Here } else { Origin::Elsewhere },
                instead_of: match number {
                    29 | 30 => Some(read_location(&mut reader)?),
                    _ => None,
                },
            },
            5 => Self::Keystrokes {
                compartment: CompartmentId::from_bytes(reader.fixed()?),
                draft: ObjectId::from_bytes(reader.fixed()?),
                generation: SlotGeneration::new(reader.u32()?),
                sealed: read_sealed(&mut reader)?,
            },
            6 => Self::Segment {
                compartment: CompartmentId::from_bytes(reader.fixed()?),
                generation: SlotGeneration::new(reader.u32()?),
                sealed: read_sealed(&mut reader)?,
            },
            7 => Self::Checkpoint {
                part: reader.u32()?,
                parts: reader.u32()?,
                bytes: reader.bytes(FIELD_BYTES_MAX)?.to_vec(),
            },
            number @ FIRST_NUMBER..=LAST_NUMBER => {
                Self::Mail(MailFrame::read(number, &mut reader)?)
            }
            kind => Self::Unknown { kind, bytes: reader.rest().to_vec() },
        };
        reader.finish()?;
        Ok(frame)
    }
}

fn write_sealed(writer: &mut Writer, sealed: &Sealed) {
    writer.fixed(&sealed.salt).bytes(&sealed.ciphertext);
}

fn read_sealed(reader: &mut Reader<'_>) -> Result<Sealed, CodecError> {
    Ok(Sealed {
        salt: reader.fixed::<SALT_LENGTH>()?,
        ciphertext: reader.bytes(FIELD_BYTES_MAX)?.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::id::ClientId;

    #[test]
    fn every_frame_reads_back_and_a_newer_kind_is_kept() {
        let compartment = CompartmentId::from_bytes([1; 16]);
        let draft = ObjectId::from_bytes([2; 16]);
        let record = RecordId::from_bytes([3; 16]);
        let sealed = Sealed { salt: [4; SALT_LENGTH], ciphertext: vec![5, 6] };
        let generation = SlotGeneration::new(3);
        let kinds = [
            ContentKind::Close { draft, record },
            ContentKind::Delta(draft),
            ContentKind::Draft(draft),
            ContentKind::DraftDelta(draft),
            ContentKind::Record(record),
            ContentKind::Saved(draft),
        ];
        let mut frames: Vec<DeviceFrame> = kinds
            .into_iter()
            .flat_map(|kind| [Origin::Here, Origin::Elsewhere].map(|origin| (kind, origin)))
            .flat_map(|one| [None, Some(Location { segment: 3, offset: 64 })].map(|at| (one, at)))
            .map(|((kind, origin), instead_of)| {
                let sealed = sealed.clone();
                DeviceFrame::Content { compartment, kind, generation, sealed, origin, instead_of }
            })
            .collect();
        frames.extend([
            DeviceFrame::Checkpoint { part: 1, parts: 2, bytes: vec![1] },
            DeviceFrame::Compartment(Compartment {
                id: compartment,
                name: CompartmentName::Chart(ClientId::from_bytes([7; 16])),
                generation: SlotGeneration::new(2),
                commitment: Hash::from_bytes([8; 32]),
                rings: vec![RingId::from_bytes([9; 16])],
            }),
            DeviceFrame::Entry(vec![1, 2]),
            DeviceFrame::Keystrokes { compartment, draft, generation, sealed: sealed.clone() },
            DeviceFrame::Segment { compartment, generation, sealed },
            DeviceFrame::Unknown { kind: 200, bytes: vec![1, 2, 3] },
            DeviceFrame::Wrap(vec![3]),
        ]);
        for frame in frames {
            assert_eq!(DeviceFrame::decode(&frame.encode()), Ok(frame));
        }
    }
}
