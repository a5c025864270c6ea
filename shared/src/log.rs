//! Order: where an entry stands in its log, what a device's own chain has come to, and what the
//! server signs about both.
//!
//! ```text
//! chain_0 = 0     chain_i = H("tac/log/chain/v1", chain_{i-1}, log16, i8, envelope hash_i)
//! own_0   = 0     own_i   = H("tac/log/own/v1", own_{i-1}, envelope hash_i)
//!
//! receipt[245] = practice16 server_epoch4 practice_seq4 practice_head32     offsets 0 16 20 24
//!                log16 position8 chain32                                    56 72 80
//!                device16 dev_inc4 dev_seq8 own32                           112 128 132 140
//!                time8 accepted1 signature64                                172 180 181..245
//! ```
//!
//! A receipt whose `accepted` is 0 says only how far a device's own chain has come (log,
//! position and chain are zero): the server gives it for an envelope that it refused but
//! journalled, and as a signed head.

mod short;

pub use short::ShortReceipt;

use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Header, PracticeHead};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, ObjectId, Position, PracticeId, PracticeSeq, RingId,
    ServerEpoch, Timestamp,
};
use crate::suite::{self, Hash, Signature, SigningKey, VerifyingKey};

/// Compartments that one checkpoint names at most; of more, the others are not compared.
pub const MAX_CHECKPOINT_HEADS: usize = 16_384;
/// Peers whose counters one checkpoint names at most.
pub(crate) const MAX_PEERS: usize = 1024;
const RECEIPT_LABEL: &str = "tac/log/receipt/v1";

/// How far a log has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LogHead {
    /// The last position; 0 for an empty log.
    pub position: Position,
    /// The chain there.
    pub chain: Hash,
}

impl LogHead {
    /// The head of a log with nothing in it.
    pub const EMPTY: Self = Self { position: Position::ZERO, chain: Hash::ZERO };

    /// Returns the head after one more envelope.
    #[must_use]
    pub fn after(self, log: CompartmentId, envelope: Hash) -> Self {
        let position = self.position.next();
        let chain = suite::hash(
            "tac/log/chain/v1",
            &[
                self.chain.as_bytes(),
                log.as_bytes(),
                &position.get().to_be_bytes(),
                envelope.as_bytes(),
            ],
        );
        Self { position, chain }
    }
}

/// How far one incarnation of a device has come, in all compartments together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct OwnHead {
    /// The incarnation.
    pub dev_inc: DevInc,
    /// The last number; 0 before the first.
    pub dev_seq: DevSeq,
    /// The own chain there.
    pub own: Hash,
}

impl OwnHead {
    /// The head of an incarnation that has made nothing.
    pub const fn start(dev_inc: DevInc) -> Self {
        Self { dev_inc, dev_seq: DevSeq::ZERO, own: Hash::ZERO }
    }

    /// Returns the head after the envelope with this header and hash, as its own `prev_own` says.
    pub fn after(header: &Header, envelope: Hash) -> Self {
        Self {
            dev_inc: header.dev_inc,
            dev_seq: header.dev_seq,
            own: own_after(header.prev_own, envelope),
        }
    }

    /// Returns the head after one more envelope of this incarnation.
    #[must_use]
    pub fn extend(self, envelope: Hash) -> Self {
        Self {
            dev_inc: self.dev_inc,
            dev_seq: self.dev_seq.next(),
            own: own_after(self.own, envelope),
        }
    }

    /// Returns whether `header` is the very next envelope after this head.
    pub fn continues_with(&self, header: &Header) -> bool {
        (header.dev_inc, header.dev_seq, header.prev_own)
            == (self.dev_inc, self.dev_seq.next(), self.own)
    }

    /// Writes dev_inc4 dev_seq8 own32.
    pub fn write(&self, w: &mut Writer) {
        w.u32(self.dev_inc.get()).u64(self.dev_seq.get()).fixed(self.own.as_bytes());
    }

    /// Reads what [`OwnHead::write`] wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            dev_inc: DevInc::new(r.u32()?),
            dev_seq: DevSeq::new(r.u64()?),
            own: Hash::from_bytes(r.fixed()?),
        })
    }
}

fn own_after(previous: Hash, envelope: Hash) -> Hash {
    suite::hash("tac/log/own/v1", &[previous.as_bytes(), envelope.as_bytes()])
}

/// Returns whether `hashes`, the envelope hashes after `from`, lead to `to`: the proof that what
/// lies between two own heads is what it is said to be.
pub fn proves(from: OwnHead, hashes: &[Hash], to: OwnHead) -> bool {
    hashes.iter().fold(from, |head, hash| head.extend(*hash)) == to
}

/// What the server vouches for about one envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Placement {
    /// The log.
    pub log: CompartmentId,
    /// Its head with this envelope.
    pub head: LogHead,
}

/// What a receipt says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReceiptBody {
    /// The practice.
    pub practice: PracticeId,
    /// The life of the server's files.
    pub server_epoch: ServerEpoch,
    /// The practice log as the server held it then.
    pub practice_head: PracticeHead,
    /// Where the envelope stands; `None` if it was refused, or for a mere head.
    pub placement: Option<Placement>,
    /// Whose envelope.
    pub device: DeviceId,
    /// The device's own head with this envelope.
    pub own: OwnHead,
    /// The server's clock.
    pub time: Timestamp,
}

/// The server's signed word about one envelope. Given only after the envelope is on its disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// What it says.
    pub body: ReceiptBody,
    /// The server's signature over all of it.
    pub signature: Signature,
}

impl ReceiptBody {
    fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.fixed(self.practice.as_bytes()).u32(self.server_epoch.get());
        w.u32(self.practice_head.seq.get()).fixed(self.practice_head.hash.as_bytes());
        let (log, head) = self
            .placement
            .map_or(([0; 16], LogHead::EMPTY), |place| (*place.log.as_bytes(), place.head));
        w.fixed(&log).u64(head.position.get()).fixed(head.chain.as_bytes());
        w.fixed(self.device.as_bytes());
        self.own.write(&mut w);
        w.i64(self.time.as_millis()).u8(u8::from(self.placement.is_some()));
        w.into_bytes()
    }

    /// Signs it with the server's key.
    pub fn sign(self, key: &SigningKey) -> Receipt {
        Receipt { body: self, signature: key.sign(RECEIPT_LABEL, &[&self.encode()]) }
    }
}

impl Receipt {
    /// Returns whether the server with this key signed it.
    pub fn is_signed_by(&self, server: &VerifyingKey) -> bool {
        server.verify(RECEIPT_LABEL, &[&self.body.encode()], &self.signature)
    }

    /// Returns whether it is about this envelope of this author, as numbered and chained there.
    pub fn is_about(&self, header: &Header, envelope: Hash) -> bool {
        let here = self.body.placement.is_none_or(|place| place.log == header.compartment);
        here && self.body.practice == header.practice
            && self.body.device == header.author
            && self.body.own == OwnHead::after(header, envelope)
    }

    /// Writes the body, then the signature.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.fixed(&self.body.encode()).fixed(self.signature.as_bytes());
        w.into_bytes()
    }

    /// Reads a receipt from the front.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let practice = PracticeId::from_bytes(r.fixed()?);
        let server_epoch = ServerEpoch::new(r.u32()?);
        let practice_head =
            PracticeHead { seq: PracticeSeq::new(r.u32()?), hash: Hash::from_bytes(r.fixed()?) };
        let log = CompartmentId::from_bytes(r.fixed()?);
        let head =
            LogHead { position: Position::new(r.u64()?), chain: Hash::from_bytes(r.fixed()?) };
        let device = DeviceId::from_bytes(r.fixed()?);
        let own = OwnHead::read(r)?;
        let time = Timestamp::from_millis(r.i64()?);
        let placed = head.position != Position::ZERO;
        let placement = match r.u8()? {
            1 if placed => Some(Placement { log, head }),
            0 if head == LogHead::EMPTY && log.as_bytes() == &[0; 16] => None,
            _ => return Err(CodecError::Unknown),
        };
        let body =
            ReceiptBody { practice, server_epoch, practice_head, placement, device, own, time };
        Ok(Self { body, signature: Signature::from_bytes(r.fixed()?) })
    }
}

/// What a device has seen, sealed to one ring; its peers compare it with what they were given.
///
/// ```text
/// counter8 time8 device_end(dev_inc4 dev_seq8 own32) practice_seq4 practice_head32
/// server_epoch4 count4 (device16 counter8)* count4 (log16 position8 chain32)* since8
/// ring16 ring_count8 ring_digest32
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// Grows with each checkpoint of the device in this ring.
    pub counter: u64,
    /// The device's clock.
    pub time: Timestamp,
    /// How far the device itself has come, as the server has signed.
    pub own: OwnHead,
    /// The practice log as it knows it: the entry that the envelope cites.
    pub practice_head: PracticeHead,
    /// The server epoch in which the positions are meant.
    pub server_epoch: ServerEpoch,
    /// The highest counter that it has seen of each peer, ascending by device.
    pub peers: Vec<(DeviceId, u64)>,
    /// Heads of the ring's compartments that changed since the last full one, ascending.
    pub heads: Vec<(CompartmentId, LogHead)>,
    /// The counter of that full one; its own if this is one, which names every compartment.
    pub since: u64,
    /// The ring that it is sealed to.
    pub ring: RingId,
    /// How many compartments the ring has.
    pub ring_count: u64,
    /// [`ring_digest`] of their ids.
    pub ring_digest: Hash,
}

/// Returns the digest by which two devices compare which compartments a ring has: the hash of
/// the ids, ascending.
pub fn ring_digest(ids: &std::collections::BTreeSet<CompartmentId>) -> Hash {
    let fields: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    suite::hash("tac/log/ring/v1", &fields)
}

/// The object of a checkpoint's envelope that says what has changed since the last full one.
pub const CHANGED: ObjectId = ObjectId::from_bytes([0; 16]);
/// The object of a full checkpoint's envelope: both are kept, one of each device and ring.
pub const FULL: ObjectId = ObjectId::from_bytes([1; 16]);

impl Checkpoint {
    /// Returns whether it names every compartment of the ring.
    pub const fn is_full(&self) -> bool {
        self.since == self.counter
    }

    /// Returns the object that its envelope's header names.
    pub const fn object(&self) -> ObjectId {
        if self.is_full() { FULL } else { CHANGED }
    }

    /// Writes the content of a checkpoint envelope.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        w.u64(self.counter).i64(self.time.as_millis());
        self.own.write(&mut w);
        w.u32(self.practice_head.seq.get()).fixed(self.practice_head.hash.as_bytes());
        w.u32(self.server_epoch.get());
        w.list(&self.peers, |w, (device, counter)| {
            w.fixed(device.as_bytes()).u64(*counter);
        });
        w.list(&self.heads, |w, (log, head)| {
            w.fixed(log.as_bytes()).u64(head.position.get()).fixed(head.chain.as_bytes());
        });
        w.u64(self.since).fixed(self.ring.as_bytes());
        w.u64(self.ring_count).fixed(self.ring_digest.as_bytes());
        w.into_bytes()
    }

    /// Reads exactly one checkpoint.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut r = Reader::new(bytes);
        let checkpoint = Self {
            counter: r.u64()?,
            time: Timestamp::from_millis(r.i64()?),
            own: OwnHead::read(&mut r)?,
            practice_head: PracticeHead {
                seq: PracticeSeq::new(r.u32()?),
                hash: Hash::from_bytes(r.fixed()?),
            },
            server_epoch: ServerEpoch::new(r.u32()?),
            peers: r.list(MAX_PEERS, |r| Ok((DeviceId::from_bytes(r.fixed()?), r.u64()?)))?,
            heads: r.list(MAX_CHECKPOINT_HEADS, |r| {
                let log = CompartmentId::from_bytes(r.fixed()?);
                let position = Position::new(r.u64()?);
                Ok((log, LogHead { position, chain: Hash::from_bytes(r.fixed()?) }))
            })?,
            since: r.u64()?,
            ring: RingId::from_bytes(r.fixed()?),
            ring_count: r.u64()?,
            ring_digest: Hash::from_bytes(r.fixed()?),
        };
        r.finish()?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    fn receipt(placement: Option<Placement>) -> Receipt {
        let own = OwnHead { dev_inc: DevInc::new(1), dev_seq: DevSeq::new(9), own: Hash::ZERO };
        ReceiptBody {
            practice: PracticeId::from_bytes([1; 16]),
            server_epoch: ServerEpoch::new(1),
            practice_head: PracticeHead { seq: PracticeSeq::new(2), hash: Hash::ZERO },
            placement,
            device: DeviceId::from_bytes([3; 16]),
            own,
            time: Timestamp::from_millis(4),
        }
        .sign(&SigningKey::from_seed([5; 32]))
    }

    #[test]
    fn a_receipt_reads_back_and_only_its_server_has_signed_it() {
        let log = CompartmentId::from_bytes([6; 16]);
        let head = LogHead::EMPTY.after(log, Hash::from_bytes([7; 32]));
        for receipt in [receipt(None), receipt(Some(Placement { log, head }))] {
            let bytes = receipt.encode();
            assert_eq!(bytes.len(), 245);
            let read = Receipt::read(&mut Reader::new(&bytes)).unwrap();
            assert_eq!(read, receipt);
            assert!(read.is_signed_by(&SigningKey::from_seed([5; 32]).verifying()));
            assert!(!read.is_signed_by(&SigningKey::from_seed([8; 32]).verifying()));
        }
    }

    #[test]
    fn no_altered_byte_of_a_receipt_passes() {
        let log = CompartmentId::from_bytes([6; 16]);
        let head = LogHead::EMPTY.after(log, Hash::from_bytes([7; 32]));
        let bytes = receipt(Some(Placement { log, head })).encode();
        let key = SigningKey::from_seed([5; 32]).verifying();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 0x10;
            let passes = Receipt::read(&mut Reader::new(&altered))
                .is_ok_and(|receipt| receipt.is_signed_by(&key));
            assert!(!passes, "byte {index}");
        }
    }

    #[test]
    fn a_chain_depends_on_the_log_the_order_and_every_envelope() {
        let (a, b) = (Hash::from_bytes([1; 32]), Hash::from_bytes([2; 32]));
        let log = CompartmentId::from_bytes([6; 16]);
        let other = CompartmentId::from_bytes([7; 16]);
        let ab = LogHead::EMPTY.after(log, a).after(log, b);
        assert_ne!(ab, LogHead::EMPTY.after(log, b).after(log, a));
        assert_ne!(ab, LogHead::EMPTY.after(other, a).after(other, b));
        assert_ne!(ab.chain, LogHead::EMPTY.after(log, b).chain);
    }

    #[test]
    fn a_chain_proof_holds_for_all_the_hashes_in_order_only() {
        let start = OwnHead::start(DevInc::new(1));
        let hashes: Vec<Hash> = (0..5).map(|byte| Hash::from_bytes([byte; 32])).collect();
        let end = hashes.iter().fold(start, |head, hash| head.extend(*hash));
        assert!(proves(start, &hashes, end));
        assert!(!proves(start, &hashes[1..], end));
        let mut swapped = hashes.clone();
        swapped.swap(0, 1);
        assert!(!proves(start, &swapped, end));
    }

    #[test]
    fn a_checkpoint_reads_back() {
        let mut random = Seeded::new(1);
        let checkpoint = Checkpoint {
            counter: 3,
            time: Timestamp::from_millis(-1),
            own: OwnHead::start(DevInc::new(2)).extend(Hash::ZERO),
            practice_head: PracticeHead { seq: PracticeSeq::new(1), hash: Hash::ZERO },
            server_epoch: ServerEpoch::new(1),
            peers: vec![(DeviceId::random(&mut random), 4)],
            heads: vec![(CompartmentId::random(&mut random), LogHead::EMPTY)],
            since: 3,
            ring: RingId::random(&mut random),
            ring_count: 1,
            ring_digest: Hash::ZERO,
        };
        assert_eq!(Checkpoint::decode(&checkpoint.encode()), Ok(checkpoint));
    }

    #[test]
    fn log_vectors_stand() {
        let log = CompartmentId::from_bytes([6; 16]);
        let chain = LogHead::EMPTY.after(log, Hash::from_bytes([7; 32])).chain;
        let own = OwnHead::start(DevInc::new(1)).extend(Hash::from_bytes([7; 32])).own;
        let head = LogHead::EMPTY.after(log, Hash::from_bytes([7; 32]));
        let signed = receipt(Some(Placement { log, head }));
        assert_eq!(
            chain.to_string(),
            "8feec32f08142d312f3a50977834652c9e11f4785a0d8b51e8e404b920ed8b73"
        );
        assert_eq!(
            own.to_string(),
            "d3e73680961d0298e84fdea132c66bd5f9f51e4e4744822fc2e09f573562ba25"
        );
        assert_eq!(
            suite::hash("vector", &[&signed.encode()]).to_string(),
            "e3d302ad6bef0710785d4ce6bdd10fad4421e482d2503d8ffbaaa68b3a26cdfe"
        );
    }
}
