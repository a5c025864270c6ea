//! A receipt without what the envelope that it is about says already.
//!
//! ```text
//! short receipt = form1 server_epoch4 [practice_seq4 practice_head32] [position8 chain32]
//!                 time8 signature64
//! ```
//!
//! Form bit 0: the practice head is the one that the envelope cites, and is left out. Bits 1 and
//! 2 say where the envelope stands: 0 at the place that follows, 1 right after what its author
//! had seen of the log, 2 nowhere. Practice, log, device and own head are always the envelope's.
//! What is left out is signed all the same: whoever puts back something else gets a signature
//! that does not hold.

use super::{LogHead, OwnHead, Placement, Receipt, ReceiptBody};
use crate::codec::{CodecError, Reader, Writer};
use crate::envelope::{Header, PracticeHead};
use crate::id::{Position, PracticeSeq, ServerEpoch, Timestamp};
use crate::suite::{Hash, Signature};

const CITED: u8 = 1;
const PLACE_SHIFT: u8 = 1;

/// Where the envelope stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    At(LogHead),
    AfterSeen,
    Nowhere,
}

/// The server's signed word about one envelope, for whoever has the envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShortReceipt {
    server_epoch: ServerEpoch,
    /// `None`: the one that the envelope cites.
    practice_head: Option<PracticeHead>,
    place: Place,
    time: Timestamp,
    signature: Signature,
}

/// The place right after what the author of an envelope had seen of its log.
fn after_seen(header: &Header, envelope: Hash) -> LogHead {
    let seen = LogHead { position: header.seen_pos, chain: header.seen_chain };
    seen.after(header.compartment, envelope)
}

impl ShortReceipt {
    /// Leaves out what the envelope with this header and hash says. Of a receipt about another
    /// one nothing is left that holds.
    pub fn of(receipt: &Receipt, header: &Header, envelope: Hash) -> Self {
        let body = receipt.body;
        let place = match body.placement {
            None => Place::Nowhere,
            Some(place) if place.head == after_seen(header, envelope) => Place::AfterSeen,
            Some(place) => Place::At(place.head),
        };
        Self {
            server_epoch: body.server_epoch,
            practice_head: Some(body.practice_head).filter(|head| *head != header.practice_head),
            place,
            time: body.time,
            signature: receipt.signature,
        }
    }

    /// Puts back what the envelope with this header and hash says.
    ///
    /// # Errors
    /// Something was written that is left out.
    pub fn restore(&self, header: &Header, envelope: Hash) -> Result<Receipt, CodecError> {
        let derived = after_seen(header, envelope);
        let head = match self.place {
            Place::At(head) if head == derived => return Err(CodecError::Unknown),
            Place::At(head) => Some(head),
            Place::AfterSeen => Some(derived),
            Place::Nowhere => None,
        };
        if self.practice_head == Some(header.practice_head) {
            return Err(CodecError::Unknown);
        }
        let body = ReceiptBody {
            practice: header.practice,
            server_epoch: self.server_epoch,
            practice_head: self.practice_head.unwrap_or(header.practice_head),
            placement: head.map(|head| Placement { log: header.compartment, head }),
            device: header.author,
            own: OwnHead::after(header, envelope),
            time: self.time,
        };
        Ok(Receipt { body, signature: self.signature })
    }

    /// Writes it.
    pub fn write(&self, w: &mut Writer) {
        let place = match self.place {
            Place::At(_) => 0,
            Place::AfterSeen => 1,
            Place::Nowhere => 2,
        };
        let cited = if self.practice_head.is_none() { CITED } else { 0 };
        w.u8(place << PLACE_SHIFT | cited).u32(self.server_epoch.get());
        if let Some(head) = self.practice_head {
            w.u32(head.seq.get()).fixed(head.hash.as_bytes());
        }
        if let Place::At(head) = self.place {
            w.u64(head.position.get()).fixed(head.chain.as_bytes());
        }
        w.i64(self.time.as_millis()).fixed(self.signature.as_bytes());
    }

    /// Reads one from the front.
    ///
    /// # Errors
    /// The bytes are no short receipt.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let form = r.u8()?;
        let server_epoch = ServerEpoch::new(r.u32()?);
        let practice_head = match form & CITED {
            0 => Some(PracticeHead {
                seq: PracticeSeq::new(r.u32()?),
                hash: Hash::from_bytes(r.fixed()?),
            }),
            _ => None,
        };
        let place = match form >> PLACE_SHIFT {
            0 => Place::At(LogHead {
                position: Position::new(r.u64()?),
                chain: Hash::from_bytes(r.fixed()?),
            }),
            1 => Place::AfterSeen,
            2 => Place::Nowhere,
            _ => return Err(CodecError::Unknown),
        };
        if matches!(place, Place::At(head) if head.position == Position::ZERO) {
            return Err(CodecError::Unknown);
        }
        let time = Timestamp::from_millis(r.i64()?);
        let signature = Signature::from_bytes(r.fixed()?);
        Ok(Self { server_epoch, practice_head, place, time, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::Kind;
    use crate::id::{
        CompartmentId, DevInc, DevSeq, DeviceId, ObjectId, PracticeId, SlotGeneration,
    };
    use crate::suite::{SUITE_1, SigningKey};
    use proptest::prelude::*;

    const LOG: CompartmentId = CompartmentId::from_bytes([6; 16]);

    fn header(seen: u64) -> Header {
        Header {
            suite: SUITE_1,
            kind: Kind::Delta,
            flags: 0,
            practice: PracticeId::from_bytes([1; 16]),
            compartment: LOG,
            author: DeviceId::from_bytes([3; 16]),
            dev_inc: DevInc::new(1),
            dev_seq: DevSeq::new(9),
            prev_own: Hash::from_bytes([4; 32]),
            practice_head: head(5),
            slot_generation: SlotGeneration::new(1),
            object: ObjectId::from_bytes([0; 16]),
            schema: 1,
            seen_pos: Position::new(seen),
            seen_chain: Hash::from_bytes([7; 32]),
            salt: [8; 24],
            length: 192,
        }
    }

    fn head(seq: u32) -> PracticeHead {
        PracticeHead { seq: PracticeSeq::new(seq), hash: Hash::from_bytes([2; 32]) }
    }

    fn receipt(header: &Header, envelope: Hash, seq: u32, at: Option<LogHead>) -> Receipt {
        ReceiptBody {
            practice: header.practice,
            server_epoch: ServerEpoch::new(1),
            practice_head: head(seq),
            placement: at.map(|head| Placement { log: LOG, head }),
            device: header.author,
            own: OwnHead::after(header, envelope),
            time: Timestamp::from_millis(4),
        }
        .sign(&SigningKey::from_seed([5; 32]))
    }

    proptest! {
        #[test]
        fn a_receipt_about_an_envelope_comes_back_from_its_short_form(
            (seen, seq) in (1_u64..4, 5_u32..7),
            at in prop_oneof![Just(None), (1_u64..6).prop_map(Some)],
        ) {
            let (header, envelope) = (header(seen), Hash::from_bytes([9; 32]));
            let derived = after_seen(&header, envelope);
            let at = at.map(|position| match Position::new(position) {
                position if position == derived.position => derived,
                position => LogHead { position, chain: Hash::from_bytes([10; 32]) },
            });
            let receipt = receipt(&header, envelope, seq, at);
            let mut w = Writer::new();
            ShortReceipt::of(&receipt, &header, envelope).write(&mut w);
            let bytes = w.into_bytes();
            let mut r = Reader::new(&bytes);
            let short = ShortReceipt::read(&mut r).unwrap();
            r.finish().unwrap();
            let restored = short.restore(&header, envelope).unwrap();
            prop_assert_eq!(restored, receipt);
            prop_assert!(restored.is_signed_by(&SigningKey::from_seed([5; 32]).verifying()));
        }
    }

    #[test]
    fn the_receipt_of_a_sentence_is_77_bytes_and_holds_for_its_envelope_only() {
        let (header, envelope) = (header(3), Hash::from_bytes([9; 32]));
        let receipt = receipt(&header, envelope, 5, Some(after_seen(&header, envelope)));
        let short = ShortReceipt::of(&receipt, &header, envelope);
        let mut w = Writer::new();
        short.write(&mut w);
        assert_eq!(w.len(), 77);
        let server = SigningKey::from_seed([5; 32]).verifying();
        let other = short.restore(&header, Hash::from_bytes([10; 32])).unwrap();
        assert!(!other.is_signed_by(&server));
        let mut elsewhere = header;
        elsewhere.author = DeviceId::from_bytes([11; 16]);
        assert!(!short.restore(&elsewhere, envelope).unwrap().is_signed_by(&server));
    }

    #[test]
    fn what_is_left_out_cannot_be_written_out() {
        let (header, envelope) = (header(3), Hash::from_bytes([9; 32]));
        let derived = after_seen(&header, envelope);
        let receipt = receipt(&header, envelope, 5, Some(derived));
        let short = ShortReceipt::of(&receipt, &header, envelope);
        let placed = ShortReceipt { place: Place::At(derived), ..short };
        assert_eq!(placed.restore(&header, envelope), Err(CodecError::Unknown));
        let cited = ShortReceipt { practice_head: Some(head(5)), ..short };
        assert_eq!(cited.restore(&header, envelope), Err(CodecError::Unknown));
    }
}
