//! A record: what a person stands behind. Canonical bytes, signed by their author, never changed.
//!
//! The signature covers a commitment to the body and not the body, so that one body can be
//! destroyed for good while everything around it still verifies. It never covers a place in a
//! log or an envelope: the same bytes are the same record wherever they come from.

use super::change::Author;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{CompartmentId, DevInc, DeviceId, MemberId, PracticeId, RecordId, Timestamp};
use crate::suite::{self, Hash, Signature, VerifyingKey};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// The longest record, in bytes.
pub const RECORD_BYTES_MAX: usize = 6 << 20;
const VERSION: u8 = 1;
const ZONE_BYTES_MAX: usize = 64;
pub(super) const LABELS_MAX: usize = 64;
/// Most relations of one record.
pub(super) const RELATIONS_MAX: usize = 64;
const TAGS_MAX: usize = 1024;

/// Why bytes are not taken as a record.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RecordError {
    /// The body is not the one that the author signed.
    #[error("the body of a record is not the one that was signed")]
    Body,
    /// The bytes are no record.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The record names another author than the one who is proved, or another practice.
    #[error("a record names another author or practice")]
    Foreign,
    /// The signature is not its author's.
    #[error("the signature of a record does not hold")]
    Signature,
    /// The record was written in a form that only a newer version knows.
    #[error("a record was written by a newer version")]
    Version,
}

/// Writes an enum that is an open registry of numbers.
macro_rules! registry {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum $name {
            $($(#[$item])* $variant,)+
            /// A number from a newer version; kept as it is.
            Unknown(u16),
        }

        impl $name {
            /// Returns the number in the registry.
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Unknown(number) => number,
                }
            }

            /// Returns what a number of the registry stands for.
            pub const fn of(number: u16) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    _ => Self::Unknown(number),
                }
            }
        }
    };
}
pub(super) use registry;

registry! {
    /// What a record is.
    RecordKind {
        /// A signed note.
        Note = 1,
        /// Something added to a note later.
        Addendum = 2,
        /// A finished measure.
        Measure = 3,
        /// A charge for a session.
        Charge = 4,
        /// An entry of an audit trail.
        Audit = 5,
        /// A call, a mail, a text, a letter or a fax; or that such an entry is struck.
        ContactLog = 6,
        /// A version of a treatment plan.
        Plan = 7,
        /// An entry of a client's journal; or what is said of one later.
        Journal = 8,
        /// A file in a client's chart; or that it is struck.
        Attachment = 9,
        /// A part of such a file.
        AttachmentPart = 10,
        /// What a client has consented to; that it was taken back; or that such an entry is struck.
        Consent = 11,
        /// What is said later of the labels of a note: the whole list, in the header.
        Labels = 12,
        /// A risk form; or that one is struck.
        Risk = 13,
        /// A version of a safety plan; or that one is struck.
        SafetyPlan = 14,
        /// That a note is handed to a second person, is taken back, co-signed or returned.
        Supervision = 17,
        /// A psychotherapy note (45 CFR 164.501); or that one is struck.
        Psychotherapy = 15,
        /// That a note was entered in error: what stays where it was.
        InError = 18,
    }
}

registry! {
    /// How a record relates to what it names.
    RelationKind {
        /// It adds to a note.
        AddendumTo = 1,
        /// It corrects a record.
        Corrects = 2,
        /// It is a second signature under a record.
        CoSigns = 3,
        /// It hands a record back to its author.
        Returns = 4,
        /// It witnesses a record.
        Witnesses = 5,
        /// It is what a draft became.
        Signs = 6,
        /// It says which labels a note has.
        Labels = 7,
        /// It takes the place of an earlier consent; the one that it renews comes first.
        Renews = 8,
        /// It says that consents were taken back, or were not after all; of a renewal, which of that
        /// its writer knew.
        Revokes = 9,
        /// It hands a note to a second person, or takes it back.
        Submits = 15,
        /// It answers such a hand-over, or takes it back.
        Answers = 16,
        /// It says that a record was entered in error.
        EnteredInError = 17,
    }
}

/// One relation of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Relation {
    /// Of which kind.
    pub kind: RelationKind,
    /// The id of the other record, or of the draft.
    pub target: [u8; 16],
    /// The other record's [`Record::digest`], or zero for what has none.
    pub digest: Hash,
}

/// What stands in the clear part of a record, all of it signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Drawn at random.
    pub id: RecordId,
    /// What it is.
    pub kind: RecordKind,
    /// In which practice.
    pub practice: PracticeId,
    /// In which compartment's log.
    pub log: CompartmentId,
    /// Who stands behind it, on which device.
    pub author: Author,
    /// For whom, where that is somebody else.
    pub on_behalf_of: Option<MemberId>,
    /// When, as the author's clock claimed.
    pub time: Timestamp,
    /// The practice's zone at that time, an IANA id.
    pub zone: String,
    /// Sensitivity, third party, machine-written; numbers of an open registry.
    pub labels: Vec<u16>,
    /// What it relates to.
    pub relations: Vec<Relation>,
    /// Further fields of newer versions.
    pub further: Tags,
}

/// Fields by number, in order of their numbers. Numbers that nobody knows are kept.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Tags(BTreeMap<u16, Vec<u8>>);

impl Tags {
    /// Starts without a field.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field.
    pub fn set(&mut self, tag: u16, value: impl Into<Vec<u8>>) -> &mut Self {
        self.0.insert(tag, value.into());
        self
    }

    /// Takes a field away.
    pub fn unset(&mut self, tag: u16) -> &mut Self {
        self.0.remove(&tag);
        self
    }

    /// Returns a field's bytes.
    pub fn bytes(&self, tag: u16) -> Option<&[u8]> {
        self.0.get(&tag).map(Vec::as_slice)
    }

    /// Returns a field as text.
    pub fn text(&self, tag: u16) -> Option<&str> {
        std::str::from_utf8(self.bytes(tag)?).ok()
    }

    /// Returns a field whose length is fixed.
    pub fn fixed<const N: usize>(&self, tag: u16) -> Option<[u8; N]> {
        self.bytes(tag)?.try_into().ok()
    }

    /// Returns the numbers that are not in `known`: fields written by a newer version.
    pub fn unknown(&self, known: &[u16]) -> Vec<u16> {
        self.0.keys().copied().filter(|tag| !known.contains(tag)).collect()
    }

    /// Returns the same without these fields.
    pub(super) fn without(&self, tags: &[u16]) -> Self {
        let kept = self.0.iter().filter(|(tag, _)| !tags.contains(tag));
        Self(kept.map(|(tag, value)| (*tag, value.clone())).collect())
    }

    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let fields: Vec<_> = self.0.iter().collect();
        writer.list(&fields, |writer, (tag, value)| {
            writer.u16(**tag).bytes(value);
        });
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let fields = reader.list(TAGS_MAX, |reader| {
            Ok((reader.u16()?, reader.bytes(RECORD_BYTES_MAX)?.to_vec()))
        })?;
        reader.finish()?;
        if !fields.is_sorted_by(|(earlier, _), (later, _)| earlier < later) {
            return Err(CodecError::Unknown);
        }
        Ok(Self(fields.into_iter().collect()))
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What people wrote must not get into a message; numbers and lengths may.
        f.debug_map().entries(self.0.iter().map(|(tag, value)| (tag, value.len()))).finish()
    }
}

/// A record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// What is in clear.
    pub header: Header,
    /// H(salt, body).
    commitment: Hash,
    signature: Signature,
    body: Option<([u8; 32], Tags)>,
}

impl Record {
    /// Makes a record: `sign` is the author's pen.
    pub fn new(
        header: Header,
        salt: [u8; 32],
        body: Tags,
        sign: impl FnOnce(&str, &[&[u8]]) -> Signature,
    ) -> Self {
        let commitment = commit(&salt, &body);
        let encoded = header.encode();
        let signature = sign(LABEL, &signed_fields(&header, &encoded, &commitment));
        Self { header, commitment, signature, body: Some((salt, body)) }
    }

    /// Returns the body, unless it was destroyed.
    pub fn body(&self) -> Option<&Tags> {
        self.body.as_ref().map(|(_, body)| body)
    }

    /// Returns the record without its body, and without the salt that the body could be guessed
    /// with. It still verifies.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.body = None;
        self
    }

    /// Returns what others name this record by: H(header, commitment). It outlives the body.
    pub fn digest(&self) -> Hash {
        let encoded = self.header.encode();
        suite::hash("tac/record/digest/v1", &[&encoded, self.commitment.as_bytes()])
    }

    /// Returns the relation of one kind, if there is one.
    pub fn relation(&self, kind: RelationKind) -> Option<&Relation> {
        self.header.relations.iter().find(|relation| relation.kind == kind)
    }

    /// Checks the author's signature.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), RecordError> {
        let encoded = self.header.encode();
        let fields = signed_fields(&self.header, &encoded, &self.commitment);
        if key.verify(LABEL, &fields, &self.signature) {
            Ok(())
        } else {
            Err(RecordError::Signature)
        }
    }

    /// Returns the canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION).bytes(&self.header.encode());
        writer.fixed(self.commitment.as_bytes()).fixed(self.signature.as_bytes());
        writer.option(self.body.as_ref(), |writer, (salt, body)| {
            writer.fixed(salt).bytes(&body.encode());
        });
        writer.into_bytes()
    }

    /// Reads canonical bytes and compares the body with its commitment. The signature is checked
    /// by [`Record::verify`], which needs the author's key.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(CodecError::TooLong.into());
        }
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(RecordError::Version);
        }
        let header = Header::decode(reader.bytes(RECORD_BYTES_MAX)?)?;
        let commitment = Hash::from_bytes(reader.fixed()?);
        let signature = Signature::from_bytes(reader.fixed()?);
        let body = reader.option(|reader| {
            Ok((reader.fixed()?, Tags::decode(reader.bytes(RECORD_BYTES_MAX)?)?))
        })?;
        reader.finish()?;
        if body.as_ref().is_some_and(|(salt, body)| commit(salt, body) != commitment) {
            return Err(RecordError::Body);
        }
        Ok(Self { header, commitment, signature, body })
    }
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(self.id.as_bytes()).u16(self.kind.number());
        writer.fixed(self.practice.as_bytes()).fixed(self.log.as_bytes());
        writer.fixed(self.author.member.as_bytes()).fixed(self.author.device.as_bytes());
        writer.u32(self.author.incarnation.get());
        writer.option(self.on_behalf_of, |writer, member| {
            writer.fixed(member.as_bytes());
        });
        writer.i64(self.time.as_millis()).text(&self.zone);
        writer.list(&self.labels, |writer, label| {
            writer.u16(*label);
        });
        writer.list(&self.relations, |writer, relation| {
            writer.u16(relation.kind.number());
            writer.fixed(&relation.target).fixed(relation.digest.as_bytes());
        });
        writer.fixed(&self.further.encode());
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        Ok(Self {
            id: RecordId::from_bytes(reader.fixed()?),
            kind: RecordKind::of(reader.u16()?),
            practice: PracticeId::from_bytes(reader.fixed()?),
            log: CompartmentId::from_bytes(reader.fixed()?),
            author: Author {
                member: MemberId::from_bytes(reader.fixed()?),
                device: DeviceId::from_bytes(reader.fixed()?),
                incarnation: DevInc::new(reader.u32()?),
            },
            on_behalf_of: reader.option(|r| r.fixed().map(MemberId::from_bytes))?,
            time: Timestamp::from_millis(reader.i64()?),
            zone: reader.text(ZONE_BYTES_MAX)?.to_owned(),
            labels: reader.list(LABELS_MAX, Reader::u16)?,
            relations: reader.list(RELATIONS_MAX, |reader| {
                Ok(Relation {
                    kind: RelationKind::of(reader.u16()?),
                    target: reader.fixed()?,
                    digest: Hash::from_bytes(reader.fixed()?),
                })
            })?,
            further: Tags::decode(reader.rest())?,
        })
    }
}

const LABEL: &str = "tac/record/v1";

fn commit(salt: &[u8; 32], body: &Tags) -> Hash {
    suite::hash("tac/record/body/v1", &[salt, &body.encode()])
}

fn signed_fields<'a>(header: &'a Header, encoded: &'a [u8], commitment: &'a Hash) -> [&'a [u8]; 6] {
    [
        encoded,
        header.id.as_bytes(),
        commitment.as_bytes(),
        header.practice.as_bytes(),
        header.log.as_bytes(),
        header.author.device.as_bytes(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;
    use crate::suite::SigningKey;
    use proptest::prelude::*;

    fn sample(key: &SigningKey) -> Record {
        let header = Header {
            id: RecordId::from_bytes([1; 16]),
            kind: RecordKind::Note,
            practice: PracticeId::from_bytes([2; 16]),
            log: CompartmentId::from_bytes([3; 16]),
            author: Author {
                member: MemberId::from_bytes([4; 16]),
                device: DeviceId::from_bytes([5; 16]),
                incarnation: DevInc::new(6),
            },
            on_behalf_of: Some(MemberId::from_bytes([7; 16])),
            time: Timestamp::from_millis(1_764_000_000_000),
            zone: "Europe/Vienna".into(),
            labels: vec![1, 900],
            relations: vec![Relation {
                kind: RelationKind::AddendumTo,
                target: [8; 16],
                digest: Hash::ZERO,
            }],
            further: Tags::new(),
        };
        let mut body = Tags::new();
        body.set(10, "said in the session").set(900, [1, 2, 3]);
        Record::new(header, [9; 32], body, |label, fields| key.sign(label, fields))
    }

    #[test]
    fn a_record_reads_back_verifies_and_keeps_the_fields_of_newer_versions() {
        let key = SigningKey::random(&mut Seeded::new(1));
        let record = sample(&key);
        let read = Record::decode(&record.encode()).unwrap();

        assert_eq!(read, record);
        assert_eq!(read.verify(&key.verifying()), Ok(()));
        assert_eq!(read.body().unwrap().unknown(&[10]), vec![900]);
        assert_eq!(read.encode(), record.encode());
    }

    #[test]
    fn a_record_whose_body_was_destroyed_still_verifies_and_keeps_its_digest() {
        let key = SigningKey::random(&mut Seeded::new(1));
        let record = sample(&key);
        let digest = record.digest();
        let stub = Record::decode(&record.without_body().encode()).unwrap();

        assert!(stub.body().is_none());
        assert_eq!(stub.verify(&key.verifying()), Ok(()));
        assert_eq!(stub.digest(), digest);
    }

    #[test]
    fn the_body_does_not_show_itself_in_debug() {
        let key = SigningKey::random(&mut Seeded::new(1));
        assert!(!format!("{:?}", sample(&key)).contains("session"));
    }

    proptest! {
        #[test]
        fn a_record_with_any_byte_changed_is_refused(at in any::<prop::sample::Index>(), bit in 0..8) {
            let key = SigningKey::random(&mut Seeded::new(1));
            let mut bytes = sample(&key).encode();
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            let outcome = Record::decode(&bytes).and_then(|record| record.verify(&key.verifying()));
            prop_assert!(outcome.is_err());
        }
    }
}
