//! The bodies of control entries: the little that the server must understand to keep order.
//!
//! They hold ids, rights, counters, commitments and hashes in clear. Names and kinds of
//! compartments are sealed before they come here.

use super::Kind;
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{DevInc, DevSeq, DeviceId, ObjectId, Position, RingEpoch, RingId, SlotGeneration};
use crate::suite::Hash;
use std::collections::BTreeSet;

/// Rings on one access list at most.
pub const MAX_RULES: usize = 64;
/// Bytes of a sealed kind and subject at most.
const MAX_SEALED_NAME: usize = 512;

/// Between asking for an erasure and ordering it: time in which anybody can object, and in which a
/// mistake is noticed. Milliseconds, by the server's receipts.
pub const ERASE_DELAY: i64 = 30 * 24 * 60 * 60 * 1000;

/// What members of a ring may do in a compartment: a set of read, write, manage, erase.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Rights(u8);

impl Rights {
    /// To read.
    pub const READ: Self = Self(1);
    /// To append deltas, records, drafts and slots.
    pub const WRITE: Self = Self(2);
    /// To change the access list.
    pub const MANAGE: Self = Self(4);
    /// To ask for and order an erasure.
    pub const ERASE: Self = Self(8);
    /// All four.
    pub const ALL: Self = Self(15);

    /// Returns both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether everything in `other` is in here too.
    pub const fn include(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    fn from_bits(bits: u8) -> Result<Self, CodecError> {
        if bits == 0 || bits > Self::ALL.0 { Err(CodecError::Unknown) } else { Ok(Self(bits)) }
    }
}

/// One line of an access list.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct AccessRule {
    /// Who.
    pub ring: RingId,
    /// What they may do.
    pub rights: Rights,
}

/// A content key as signed: never the key, only what it must match and who it is sealed for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// Its generation; the first is 1.
    pub generation: SlotGeneration,
    /// Commitment to the 32 secret bytes.
    pub commitment: Hash,
    /// Under which epoch of each ring of the list it is sealed; in the order of ring ids.
    pub epochs: Vec<(RingId, RingEpoch)>,
}

/// Bytes that this crate's readers without keys only carry: a salt and a ciphertext.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealedBytes {
    /// The salt of the seal.
    pub salt: [u8; 24],
    /// Ciphertext and tag.
    pub ciphertext: Vec<u8>,
}

/// Another entry of the same log.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct EntryRef {
    /// Where it stands.
    pub position: Position,
    /// Its envelope hash.
    pub hash: Hash,
}

/// What is to be erased.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// The whole compartment, as it was asked for the n-th time.
    Compartment(u32),
    /// One record, as it was asked for the n-th time, by the number of an envelope that carries it:
    /// its place may change when a server is filled again.
    Record(u32, Number),
    /// The same of several, in so many envelopes that follow one another in their device's own chain:
    /// a file and its parts. From 2 to 256.
    Records(u32, Number, u16),
}

/// How many records one request may name.
const RUN_MAX: u16 = 256;

impl Target {
    /// Returns the requests that ask for the records in these envelopes, for the n-th time.
    pub fn of_records(times: u32, numbers: &BTreeSet<Number>) -> Vec<Self> {
        let mut runs: Vec<(Number, u16)> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some((first, count))
                    if *count < RUN_MAX && nth(*first, *count) == Some(*number) =>
                {
                    *count += 1;
                }
                _ => runs.push((*number, 1)),
            }
        }
        let target = |(first, count)| match count {
            1 => Self::Record(times, first),
            count => Self::Records(times, first, count),
        };
        runs.into_iter().map(target).collect()
    }

    /// Returns for which time it was asked for.
    pub const fn times(self) -> u32 {
        match self {
            Self::Compartment(times) | Self::Record(times, _) | Self::Records(times, ..) => times,
        }
    }

    /// Returns the numbers of the envelopes that carry the records; none of a whole compartment.
    pub fn numbers(self) -> impl Iterator<Item = Number> {
        let (first, count) = match self {
            Self::Compartment(_) => (None, 0),
            Self::Record(_, number) => (Some(number), 1),
            Self::Records(_, number, count) => (Some(number), count),
        };
        (0..count).filter_map(move |at| nth(first?, at))
    }
}

/// The number so many places behind another; `None` if there is none.
fn nth((device, dev_inc, dev_seq): Number, places: u16) -> Option<Number> {
    let dev_seq = dev_seq.get().checked_add(u64::from(places))?;
    Some((device, dev_inc, DevSeq::new(dev_seq)))
}

/// The number of an envelope: whose it is, in which incarnation, and its place in the incarnation's
/// own chain.
pub type Number = (DeviceId, DevInc, DevSeq);

/// The body of a control entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ControlBody {
    /// The access list from here on; with a new slot if it takes rights away.
    Access {
        /// The whole new list, in the order of ring ids.
        rules: Vec<AccessRule>,
        /// Generation + 1 if a ring loses a right.
        slot: Option<Slot>,
    },
    /// The author has done its part of what the cited Close or Erase asks.
    Acknowledge(EntryRef),
    /// A draft became a record; void unless that record is valid and by the same device.
    Close {
        /// The draft.
        object: ObjectId,
        /// The incarnation that signed the record.
        dev_inc: DevInc,
        /// The number of the record's envelope.
        dev_seq: DevSeq,
    },
    /// A draft with a key of its own begins.
    Draft {
        /// The draft.
        object: ObjectId,
        /// Commitment to its key.
        commitment: Hash,
    },
    /// An erasure is ordered.
    Erase {
        /// The request that it carries out.
        request: EntryRef,
        /// For one record: all content keys before this one die. What the author has put together
        /// under this one, the base, stands in for the rest.
        since: Option<SlotGeneration>,
    },
    /// An erasure is asked for.
    EraseRequest(Target),
    /// A compartment begins.
    Genesis {
        /// Who may do what, in the order of ring ids.
        rules: Vec<AccessRule>,
        /// Generation 1.
        slot: Slot,
        /// Kind and subject, sealed under the slot.
        name: SealedBytes,
    },
    /// A new content key.
    Slot(Slot),
}

impl ControlBody {
    /// Returns the kind of envelope that carries this body.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Access { .. } => Kind::Access,
            Self::Acknowledge(_) => Kind::Acknowledge,
            Self::Close { .. } => Kind::Close,
            Self::Draft { .. } => Kind::Draft,
            Self::Erase { .. } => Kind::Erase,
            Self::EraseRequest(_) => Kind::EraseRequest,
            Self::Genesis { .. } => Kind::Genesis,
            Self::Slot(_) => Kind::Slot,
        }
    }

    /// Writes the body:
    ///
    /// ```text
    /// genesis       rules slot salt24 bytes
    /// access        rules option(slot)
    /// slot          slot
    /// draft         object16 commitment32
    /// close         object16 dev_inc4 dev_seq8
    /// acknowledge   position8 hash32
    /// erase request u8 (0 compartment: times4 | 1 record: times4 device16 dev_inc4 dev_seq8 |
    ///               2 records: times4 device16 dev_inc4 dev_seq8 count2, from 2 to 256)
    /// erase         position8 hash32 option(generation4)
    ///
    /// rules = count4 (ring16 rights1)*       ascending by ring, none twice
    /// slot  = generation4 commitment32 count4 (ring16 epoch4)*    ascending, none twice
    /// bytes = length4 ...      option(x) = 0 | 1 x
    /// ```
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Access { rules, slot } => {
                write_rules(&mut w, rules);
                w.option(slot.as_ref(), write_slot);
            }
            Self::Acknowledge(entry) => write_ref(&mut w, entry),
            Self::Close { object, dev_inc, dev_seq } => {
                w.fixed(object.as_bytes()).u32(dev_inc.get()).u64(dev_seq.get());
            }
            Self::Draft { object, commitment } => {
                w.fixed(object.as_bytes()).fixed(commitment.as_bytes());
            }
            Self::Erase { request, since } => {
                write_ref(&mut w, request);
                w.option(*since, |w, since| {
                    w.u32(since.get());
                });
            }
            Self::EraseRequest(Target::Compartment(times)) => {
                w.u8(0).u32(*times);
            }
            Self::EraseRequest(Target::Record(times, number)) => {
                write_number(w.u8(1).u32(*times), *number);
            }
            Self::EraseRequest(Target::Records(times, number, count)) => {
                write_number(w.u8(2).u32(*times), *number);
                w.u16(*count);
            }
            Self::Genesis { rules, slot, name } => {
                write_rules(&mut w, rules);
                write_slot(&mut w, slot);
                w.fixed(&name.salt).bytes(&name.ciphertext);
            }
            Self::Slot(slot) => write_slot(&mut w, slot),
        }
        w.into_bytes()
    }

    /// Reads the body of `kind`; `None` if the kind is of a newer version.
    pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Option<Self>, CodecError> {
        let mut r = Reader::new(bytes);
        let body = match kind {
            Kind::Access => Self::Access { rules: read_rules(&mut r)?, slot: r.option(read_slot)? },
            Kind::Acknowledge => Self::Acknowledge(read_ref(&mut r)?),
            Kind::Close => Self::Close {
                object: read_draft(&mut r)?,
                dev_inc: DevInc::new(r.u32()?),
                dev_seq: DevSeq::new(r.u64()?),
            },
            Kind::Draft => Self::Draft {
                object: read_draft(&mut r)?,
                commitment: Hash::from_bytes(r.fixed()?),
            },
            Kind::Erase => Self::Erase {
                request: read_ref(&mut r)?,
                since: r.option(|r| r.u32().map(SlotGeneration::new))?,
            },
            Kind::EraseRequest => Self::EraseRequest(match r.u8()? {
                0 => Target::Compartment(r.u32()?),
                1 => Target::Record(r.u32()?, read_number(&mut r)?),
                2 => read_run(&mut r)?,
                _ => return Err(CodecError::Unknown),
            }),
            Kind::Genesis => Self::Genesis {
                rules: read_rules(&mut r)?,
                slot: read_slot(&mut r)?,
                name: SealedBytes {
                    salt: r.fixed()?,
                    ciphertext: r.bytes(MAX_SEALED_NAME)?.to_vec(),
                },
            },
            Kind::Slot => Self::Slot(read_slot(&mut r)?),
            _ => return Ok(None),
        };
        r.finish()?;
        Ok(Some(body))
    }
}

/// The zero id stands for what is no draft, in the header of everything else.
fn read_draft(r: &mut Reader<'_>) -> Result<ObjectId, CodecError> {
    match r.fixed()? {
        id if id == [0; 16] => Err(CodecError::Unknown),
        id => Ok(ObjectId::from_bytes(id)),
    }
}

fn write_rules(w: &mut Writer, rules: &[AccessRule]) {
    w.list(rules, |w, rule| {
        w.fixed(rule.ring.as_bytes()).u8(rule.rights.bits());
    });
}

fn read_rules(r: &mut Reader<'_>) -> Result<Vec<AccessRule>, CodecError> {
    let rules = r.list(MAX_RULES, |r| {
        let ring = RingId::from_bytes(r.fixed()?);
        Ok(AccessRule { ring, rights: Rights::from_bits(r.u8()?)? })
    })?;
    // A list that nobody is on could never be changed again.
    let ascending = rules.iter().zip(rules.iter().skip(1)).all(|(a, b)| a.ring < b.ring);
    if ascending && !rules.is_empty() { Ok(rules) } else { Err(CodecError::Unknown) }
}

fn write_slot(w: &mut Writer, slot: &Slot) {
    w.u32(slot.generation.get()).fixed(slot.commitment.as_bytes());
    w.list(&slot.epochs, |w, (ring, epoch)| {
        w.fixed(ring.as_bytes()).u32(epoch.get());
    });
}

fn read_slot(r: &mut Reader<'_>) -> Result<Slot, CodecError> {
    let slot = Slot {
        generation: SlotGeneration::new(r.u32()?),
        commitment: Hash::from_bytes(r.fixed()?),
        epochs: r
            .list(MAX_RULES, |r| Ok((RingId::from_bytes(r.fixed()?), RingEpoch::new(r.u32()?))))?,
    };
    let ascending = slot.epochs.iter().zip(slot.epochs.iter().skip(1)).all(|(a, b)| a.0 < b.0);
    let sound = ascending && !slot.epochs.is_empty() && slot.generation != SlotGeneration::ZERO;
    if sound { Ok(slot) } else { Err(CodecError::Unknown) }
}

fn write_ref(w: &mut Writer, entry: &EntryRef) {
    w.u64(entry.position.get()).fixed(entry.hash.as_bytes());
}

fn read_ref(r: &mut Reader<'_>) -> Result<EntryRef, CodecError> {
    Ok(EntryRef { position: Position::new(r.u64()?), hash: Hash::from_bytes(r.fixed()?) })
}

fn read_run(r: &mut Reader<'_>) -> Result<Target, CodecError> {
    let (times, first, count) = (r.u32()?, read_number(r)?, r.u16()?);
    let sound = (2..=RUN_MAX).contains(&count) && nth(first, count).is_some();
    if sound { Ok(Target::Records(times, first, count)) } else { Err(CodecError::Unknown) }
}

/// Writes the number of an envelope: device16 dev_inc4 dev_seq8.
pub fn write_number(w: &mut Writer, (device, dev_inc, dev_seq): Number) {
    w.fixed(device.as_bytes()).u32(dev_inc.get()).u64(dev_seq.get());
}

/// Reads the number of an envelope.
pub fn read_number(r: &mut Reader<'_>) -> Result<Number, CodecError> {
    let device = DeviceId::from_bytes(r.fixed()?);
    Ok((device, DevInc::new(r.u32()?), DevSeq::new(r.u64()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(device: u8, dev_seq: u64) -> Number {
        (DeviceId::from_bytes([device; 16]), DevInc::new(1), DevSeq::new(dev_seq))
    }

    proptest! {
        #[test]
        fn requests_name_each_record_once_and_none_beside(
            numbers in proptest::collection::btree_set((0..3_u8, 0..400_u64), 0..600),
        ) {
            let numbers: BTreeSet<_> =
                numbers.into_iter().map(|(device, at)| number(device, at)).collect();
            let targets = Target::of_records(7, &numbers);
            let named: Vec<_> = targets.iter().flat_map(|target| target.numbers()).collect();
            prop_assert_eq!(named, numbers.into_iter().collect::<Vec<_>>());
            for target in targets {
                prop_assert_eq!(target.times(), 7);
                let body = ControlBody::EraseRequest(target);
                let read = ControlBody::decode(Kind::EraseRequest, &body.encode());
                prop_assert_eq!(read, Ok(Some(body)));
            }
        }
    }

    #[test]
    fn a_run_has_two_at_least_and_no_more_than_there_may_be() {
        let read = |first, count| {
            let body = ControlBody::EraseRequest(Target::Records(1, first, count));
            ControlBody::decode(Kind::EraseRequest, &body.encode())
        };
        for count in [0, 1, 257, u16::MAX] {
            assert_eq!(read(number(1, 5), count), Err(CodecError::Unknown), "{count}");
        }
        assert_eq!(read(number(1, u64::MAX - 1), 2), Err(CodecError::Unknown));
        assert!(read(number(1, 5), 256).is_ok());
        let many = (0..257).map(|at| number(1, at)).collect();
        let counts: Vec<_> =
            Target::of_records(1, &many).iter().map(|target| target.numbers().count()).collect();
        assert_eq!(counts, [256, 1]);
    }
}
