//! What an envelope's bytes promise, with fixed vectors for a second implementation.

use super::*;
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, ObjectId, Position, PracticeId, PracticeSeq,
    RingEpoch, RingId, SlotGeneration,
};
use crate::suite::SigningKey;
use proptest::prelude::*;

fn header(kind: Kind, dev_seq: u64, length: u32) -> Header {
    let sealed = kind.is_sealed();
    Header {
        suite: SUITE_1,
        kind,
        flags: 0,
        practice: PracticeId::from_bytes([1; 16]),
        compartment: CompartmentId::from_bytes([2; 16]),
        author: DeviceId::from_bytes([3; 16]),
        dev_inc: DevInc::new(4),
        dev_seq: DevSeq::new(dev_seq),
        prev_own: if dev_seq < 2 { Hash::ZERO } else { Hash::from_bytes([6; 32]) },
        practice_head: PracticeHead { seq: PracticeSeq::new(7), hash: Hash::from_bytes([8; 32]) },
        slot_generation: SlotGeneration::new(if sealed { 9 } else { 0 }),
        object: ObjectId::from_bytes([0; 16]),
        schema: 10,
        seen_pos: Position::new(11),
        seen_chain: Hash::from_bytes([12; 32]),
        salt: if sealed { [13; 24] } else { [0; 24] },
        length,
    }
}

fn signed(header: Header, body: Vec<u8>) -> Envelope {
    let key = SigningKey::from_seed([5; 32]);
    let fields = (header.hash(), body_hash(&body));
    let signature = key.sign(SIGN_LABEL, &[fields.0.as_bytes(), fields.1.as_bytes()]);
    Envelope { header, body, signature }
}

fn delta(dev_seq: u64) -> Envelope {
    signed(header(Kind::Delta, dev_seq, 4), vec![7; 20])
}

fn bodies() -> Vec<ControlBody> {
    let ring = RingId::from_bytes([1; 16]);
    let other = RingId::from_bytes([2; 16]);
    let rules = vec![
        AccessRule { ring, rights: Rights::ALL },
        AccessRule { ring: other, rights: Rights::READ.and(Rights::WRITE) },
    ];
    let slot = Slot {
        generation: SlotGeneration::new(1),
        commitment: Hash::from_bytes([3; 32]),
        epochs: vec![(ring, RingEpoch::new(1)), (other, RingEpoch::new(4))],
    };
    let entry = EntryRef { position: Position::new(5), hash: Hash::from_bytes([6; 32]) };
    let object = ObjectId::from_bytes([7; 16]);
    let number = (DeviceId::from_bytes([8; 16]), DevInc::new(1), DevSeq::new(9));
    vec![
        ControlBody::Genesis {
            rules: rules.clone(),
            slot: slot.clone(),
            name: SealedBytes { salt: [9; 24], ciphertext: vec![1, 2, 3] },
        },
        ControlBody::Access { rules: rules.clone(), slot: None },
        ControlBody::Access { rules, slot: Some(slot.clone()) },
        ControlBody::Slot(slot),
        ControlBody::Draft { object, commitment: Hash::ZERO },
        ControlBody::Close { object, dev_inc: DevInc::new(1), dev_seq: DevSeq::new(2) },
        ControlBody::Acknowledge(entry),
        ControlBody::EraseRequest(Target::Compartment(2)),
        ControlBody::EraseRequest(Target::Record(3, number)),
        ControlBody::EraseRequest(Target::Records(3, number, 256)),
        ControlBody::Erase { request: entry, since: None },
        ControlBody::Erase { request: entry, since: Some(SlotGeneration::new(2)) },
    ]
}

#[test]
fn every_kind_keeps_its_number_and_its_class() {
    for number in 0..=255 {
        match Kind::from_number(number) {
            Some(kind) => {
                assert_eq!(kind.number(), number);
                assert_eq!(kind.is_entry(), number < 32);
                assert_eq!(kind.is_sealed(), number > 15);
            }
            None => assert!(number == 0 || number > 63),
        }
    }
}

#[test]
fn every_control_body_reads_back_and_nothing_longer_or_shorter_does() {
    for body in bodies() {
        let bytes = body.encode();
        assert_eq!(ControlBody::decode(body.kind(), &bytes), Ok(Some(body.clone())));
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(ControlBody::decode(body.kind(), &longer).is_err());
        let shorter = &bytes[..bytes.len() - 1];
        assert!(ControlBody::decode(body.kind(), shorter).is_err());
    }
}

#[test]
fn an_access_list_is_written_in_one_order_only() {
    let rule = |byte| AccessRule { ring: RingId::from_bytes([byte; 16]), rights: Rights::READ };
    for rules in [vec![rule(2), rule(1)], vec![rule(1), rule(1)], vec![]] {
        let body = ControlBody::Access { rules, slot: None };
        assert_eq!(ControlBody::decode(Kind::Access, &body.encode()), Err(CodecError::Unknown));
    }
}

#[test]
fn an_envelope_reads_back_and_no_altered_byte_passes() {
    let key = SigningKey::from_seed([5; 32]).verifying();
    let envelope = delta(5);
    let bytes = envelope.encode();
    assert_eq!(Envelope::decode(&bytes), Ok(envelope));
    for index in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        let passes = Envelope::decode(&altered).is_ok_and(|read| read.is_signed_by(&key));
        assert!(!passes, "byte {index}");
    }
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_it_is_believed() {
    let mut large = header(Kind::Delta, 1, u32::MAX).encode();
    large.extend([0; 100]);
    assert_eq!(Envelope::decode(&large), Err(EnvelopeError::TooLarge));
    let presence = signed(header(Kind::Record, 1, 1025), vec![0; 1041]);
    let mut presence = presence;
    presence.header.kind = Kind::Ephemeral;
    presence.header.dev_seq = DevSeq::ZERO;
    assert_eq!(Envelope::decode(&presence.encode()), Err(EnvelopeError::TooLarge));
}

#[test]
fn a_kind_of_a_newer_version_is_read_checked_and_kept() {
    let newer = Kind::from_number(20).unwrap();
    let envelope = signed(header(newer, 1, 4), vec![7; 20]);
    let read = Envelope::decode(&envelope.encode()).unwrap();
    assert!(read.is_signed_by(&SigningKey::from_seed([5; 32]).verifying()));
    let control = Kind::from_number(9).unwrap();
    let envelope = signed(header(control, 1, 3), vec![1, 2, 3]);
    assert_eq!(Envelope::decode(&envelope.encode()).unwrap().control(), Ok(None));
}

#[test]
fn a_stub_keeps_hash_and_signature_of_the_envelope_that_it_was() {
    let envelope = delta(5);
    let stub = envelope.to_stub();
    assert_eq!(stub.hash(), envelope.hash());
    assert!(stub.is_signed_by(&SigningKey::from_seed([5; 32]).verifying()));
    for carried in [Carried::Stub(stub), Carried::Whole(envelope)] {
        assert_eq!(Carried::decode(&carried.encode()), Ok(carried));
    }
}

#[test]
fn what_the_run_does_not_know_cannot_be_left_out() {
    let envelope = delta(5);
    let mut context =
        Context::new(envelope.header.practice, envelope.header.compartment, envelope.header.author);
    let short = shorten(&mut context.clone(), &Carried::Whole(envelope.clone())).unwrap();
    let mut claims_known = short.clone();
    claims_known[0] |= 1;
    assert!(restore(&mut context.clone(), &claims_known).is_err());
    context.log = CompartmentId::from_bytes([99; 16]);
    assert_eq!(shorten(&mut context, &Carried::Whole(envelope)), None);
}

proptest! {
    /// Whatever the gaps in an author's numbers and whatever was erased, the receiver gets back
    /// exactly what was signed, and the short form is as short as it can be.
    #[test]
    fn a_run_restores_to_what_was_shortened(
        gaps in prop::collection::vec((1_u64..3, any::<bool>(), any::<bool>()), 1..20)
    ) {
        let first = delta(1).header;
        let context = Context::new(first.practice, first.compartment, first.author);
        let (mut sender, mut receiver) = (context.clone(), context);
        let mut last: Option<crate::log::OwnHead> = None;
        let mut number = 0;
        for (step, erase, control) in gaps {
            number += step;
            let kind = if control { Kind::Draft } else { Kind::Delta };
            let mut header = header(kind, number, 48);
            header.prev_own = match last {
                None if number == 1 => Hash::ZERO,
                Some(own) if step == 1 => own.own,
                _ => Hash::from_bytes([77; 32]),
            };
            let body = vec![1; if control { 48 } else { 64 }];
            let envelope = signed(header, body);
            last = Some(crate::log::OwnHead::after(&envelope.header, envelope.hash()));
            let carried = match erase {
                true => Carried::Stub(envelope.to_stub()),
                false => Carried::Whole(envelope),
            };
            let short = shorten(&mut sender, &carried).unwrap();
            prop_assert_eq!(restore(&mut receiver, &short).unwrap(), carried);
        }
    }

    /// Bytes of a stranger never do more than fail.
    #[test]
    fn strange_bytes_are_refused_or_read_back_the_same(
        bytes in prop::collection::vec(any::<u8>(), 0..400)
    ) {
        let mut framed = header(Kind::Delta, 1, 4).encode();
        framed.truncate(bytes.first().map_or(0, |byte| usize::from(*byte)));
        framed.extend(&bytes);
        if let Ok(read) = Envelope::decode(&framed) {
            prop_assert_eq!(read.encode(), framed);
        }
    }
}

#[test]
fn envelope_vectors_stand() {
    let envelope = delta(5);
    assert_eq!(
        hex(&envelope.header.encode()),
        "5441434501011000010101010101010101010101010101010202020202020202\
             0202020202020202030303030303030303030303030303030000000400000000\
             0000000506060606060606060606060606060606060606060606060606060606\
             0606060600000007080808080808080808080808080808080808080808080808\
             08080808080808080000000900000000000000000000000000000000000a0000\
             00000000000b0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c\
             0c0c0c0c0c0c0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0000\
             0004"
    );
    assert_eq!(
        envelope.header.hash().to_string(),
        "dcc0e60621eeb01762e76d32c339cf54e2cd73ffa35244d9bcb5bf0de2207794"
    );
    assert_eq!(
        envelope.hash().to_string(),
        "904eadb30c711c39cf41ca3aa0cfda168b472101d0340bc895450cc6765b39cd"
    );
    assert_eq!(
        hex(envelope.signature.as_bytes()),
        "ef133dacb650c09c146ad21f29db71b0d48adc66c6f7f9db846b41533feb6e31\
             fa0c758f7737605e3f7873c42bb55b6b9fa602f925ab3fffec53672ff2c14e03"
    );
    let mut context =
        Context::new(envelope.header.practice, envelope.header.compartment, envelope.header.author);
    let short = shorten(&mut context, &Carried::Whole(envelope)).unwrap();
    assert_eq!(
        suite::hash("vector", &[&short]).to_string(),
        "11f30cd9188dc958b533078b12467189783bbb22d4acc022160e5d7ee42d6819"
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The header of everything that is no draft has the zero id in the place of one.
#[test]
fn nothing_is_announced_or_ended_as_the_draft_of_no_id() {
    let none = ObjectId::from_bytes([0; 16]);
    for body in [
        ControlBody::Draft { object: none, commitment: Hash::ZERO },
        ControlBody::Close { object: none, dev_inc: DevInc::new(1), dev_seq: DevSeq::new(1) },
    ] {
        assert!(ControlBody::decode(body.kind(), &body.encode()).is_err(), "{body:?}");
    }
}

#[cfg(feature = "device")]
mod sealing {
    use super::*;
    use crate::random::Seeded;
    use crate::seal::{Hedge, SecretKey};

    fn content(bytes: &[u8]) -> Content {
        Content { compression: 0, dictionary: 0, schema: 10, body: bytes.to_vec() }
    }

    fn sealed(bytes: &[u8]) -> Envelope {
        let (hedge_key, mut random) = (SecretKey::from_bytes([1; 32]), Seeded::new(2));
        let mut hedge = Hedge { key: &hedge_key, random: &mut random };
        let signer = SigningKey::from_seed([5; 32]);
        seal(header(Kind::Delta, 1, 0), b"slot key", &content(bytes), &signer, &mut hedge).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_its_header_only() {
        let envelope = Envelope::decode(&sealed(b"text").encode()).unwrap();
        assert_eq!(open(&envelope, b"slot key"), Ok(content(b"text")));
        assert!(open(&envelope, b"slot kez").is_err());
        let mut moved = envelope;
        moved.header.compartment = CompartmentId::from_bytes([99; 16]);
        assert!(open(&moved, b"slot key").is_err());
    }

    #[test]
    fn short_texts_of_all_lengths_look_alike() {
        let lengths: std::collections::BTreeSet<usize> =
            (0..180).map(|length| sealed(&vec![b'x'; length]).body.len()).collect();
        assert_eq!(lengths.len(), 1);
    }

    #[test]
    fn padding_costs_at_most_an_eighth_and_never_shrinks() {
        for length in 1..20_000 {
            let padded = pad_length(Kind::Delta, length);
            assert!(padded >= length && (length < 192 || padded <= length + length / 8));
            assert_eq!(pad_length(Kind::Delta, padded), padded);
        }
    }

    #[test]
    fn every_control_body_can_be_signed_and_read_again() {
        let signer = SigningKey::from_seed([5; 32]);
        for body in bodies() {
            let envelope = sign_control(header(Kind::Draft, 1, 0), &body, &signer).unwrap();
            let read = Envelope::decode(&envelope.encode()).unwrap();
            assert!(read.is_signed_by(&signer.verifying()));
            assert_eq!(read.control(), Ok(Some(body)));
        }
    }
}
