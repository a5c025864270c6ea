//! Messages: one form each, and nothing but an error for anything else.

use super::*;
use crate::envelope::{Header, Kind, PracticeHead};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, ObjectId, Position, PracticeId, PracticeSeq,
    ServerEpoch, SlotGeneration, Timestamp,
};
use crate::log::{LogHead, OwnHead, ReceiptBody, ShortReceipt};
use crate::suite::{Hash, SUITE_1, SigningKey};
use proptest::prelude::*;

/// Of the envelope that receipts are about.
fn header() -> Header {
    Header {
        suite: SUITE_1,
        kind: Kind::Delta,
        flags: 0,
        practice: PracticeId::from_bytes([2; 16]),
        compartment: CompartmentId::from_bytes([3; 16]),
        author: DeviceId::from_bytes([1; 16]),
        dev_inc: DevInc::new(1),
        dev_seq: DevSeq::new(6),
        prev_own: Hash::from_bytes([4; 32]),
        practice_head: PracticeHead { seq: PracticeSeq::new(4), hash: Hash::from_bytes([4; 32]) },
        slot_generation: SlotGeneration::new(1),
        object: ObjectId::from_bytes([0; 16]),
        schema: 1,
        seen_pos: Position::ZERO,
        seen_chain: Hash::ZERO,
        salt: [5; 24],
        length: 192,
    }
}

#[expect(clippy::too_many_lines, reason = "one example of each message")]
fn messages() -> Vec<Message> {
    let device = DeviceId::from_bytes([1; 16]);
    let practice = PracticeId::from_bytes([2; 16]);
    let log = CompartmentId::from_bytes([3; 16]);
    let hash = Hash::from_bytes([4; 32]);
    let practice_head = PracticeHead { seq: PracticeSeq::new(5), hash };
    let own = OwnHead { dev_inc: DevInc::new(1), dev_seq: DevSeq::new(6), own: hash };
    let head = LogHead { position: Position::new(7), chain: hash };
    let key = SigningKey::from_seed([8; 32]);
    let time = Timestamp::from_millis(9);
    let receipt = ReceiptBody {
        practice,
        server_epoch: ServerEpoch::new(1),
        practice_head,
        placement: None,
        device,
        own,
        time,
    }
    .sign(&key);
    let short = ShortReceipt::of(&receipt, &header(), hash);
    let practice_receipt = PracticeReceipt::sign(practice, practice_head, time, &key);
    let row = Row { key: RowKey::of_wrap(hash), bytes: vec![1; 76] };
    let run = Run { log, author: device, envelopes: vec![vec![1, 2], vec![3]] };
    let limits = Limits { group_bytes: 1, bytes_per_minute: 2, bulk: true };
    let delivered = DeliveredEntry { entry: vec![1], receipt: practice_receipt };
    let entries =
        Entries { log, after: Position::new(6), runs: vec![run.clone()], head, g: Global::new(3) };
    let code = RefusalCode::Gap;
    vec![
        Message::Hello { practice, device, versions: VERSIONS },
        Message::Welcome {
            version: 1,
            server_epoch: ServerEpoch::new(1),
            g: Global::new(2),
            practice_head,
            own,
            limits,
            refilling: false,
            time,
        },
        Message::Found { token: vec![1], entries: vec![vec![2], vec![3]] },
        Message::Taken,
        Message::Refused(Refusal { code, head: Some(practice_head) }),
        Message::Recover(Recover::sign(&key, &key.verifying(), &key.verifying(), time)),
        Message::Push { runs: vec![run], rows: vec![row.clone()] },
        Message::Pushed(vec![
            Outcome::Placed(short),
            Outcome::Refused { code, receipt: short },
            Outcome::Rejected { code, have: own },
        ]),
        Message::PracticeAppend { entry: vec![1], rows: vec![row.clone()] },
        Message::PracticeAppended(practice_receipt),
        Message::PracticePull { from: PracticeSeq::new(1) },
        Message::PracticeEntries { entries: vec![delivered], more: true },
        Message::DeviceHead(vec![device]),
        Message::DeviceHeads(vec![
            SignedHead { receipt, last: None },
            SignedHead { receipt, last: Some(vec![4; 323]) },
        ]),
        Message::Changes { since: Global::new(1) },
        Message::Changed { g: Global::new(1), logs: vec![(log, head)], more: false },
        Message::PullMany(vec![(log, Position::new(1))]),
        Message::PullEntries(vec![(log, Position::new(1))]),
        Message::Packed {
            log,
            after: Position::new(1),
            head: LogHead::EMPTY,
            envelope: vec![1, 2],
        },
        Message::Entries(entries),
        Message::WantFull { log, positions: vec![Position::new(1)] },
        Message::Full { log, entries: vec![(Position::new(1), vec![2])] },
        Message::OwnChain { device, after: own, to: DevSeq::new(7) },
        Message::OwnHashes(vec![hash]),
        Message::RowsPut(vec![row.clone()]),
        Message::RowsGet(vec![row.key]),
        Message::Rows(vec![Some(vec![1]), None]),
        Message::ObjectPut(vec![1]),
        Message::ObjectsGet(vec![log]),
        Message::Objects(vec![vec![1]]),
        Message::MailboxPut { mailbox: 1, number: 2, mail: vec![3] },
        Message::MailboxGet { mailbox: 1, from: 2 },
        Message::Mail(vec![vec![1], vec![]]),
        Message::Ephemeral(vec![1]),
        Message::Seen(Seen::sign(device, log, head, time, &key)),
        Message::Behind,
    ]
}

#[test]
fn every_message_reads_back_and_nothing_longer_or_shorter_does() {
    let mut numbers = std::collections::BTreeSet::new();
    for message in messages() {
        let bytes = message.encode();
        assert_eq!(Message::decode(&bytes).as_ref(), Ok(&message));
        assert!(numbers.insert(message.number()));
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(Message::decode(&longer).is_err(), "{message:?}");
        assert!(Message::decode(&bytes[..bytes.len() - 1]).is_err(), "{message:?}");
    }
    assert_eq!(numbers.len(), 36);
}

#[test]
fn unknown_types_and_those_kept_for_blobs_are_errors() {
    let known: Vec<u8> = messages().iter().map(Message::number).collect();
    for number in (0..=255).filter(|number| !known.contains(number)) {
        assert!(Message::decode(&[number]).is_err());
    }
    assert!(BLOB_TYPES.iter().all(|number| !known.contains(number)));
}

#[test]
fn every_refusal_has_a_cause_and_an_action_of_one_line() {
    for code in RefusalCode::ALL {
        assert_eq!(RefusalCode::from_number(code.number()), Some(*code));
        for text in [code.cause(), code.action()] {
            assert!(!text.is_empty() && !text.contains('\n') && !text.ends_with('.'));
        }
    }
    let refusal = Refusal::new(RefusalCode::Gap).to_string();
    let expected = "GAP: envelopes before this one are missing here; send those first";
    assert_eq!(refusal, expected);
}

#[test]
fn a_stream_gives_the_same_messages_however_it_is_cut() {
    let stream: Vec<u8> = messages().iter().flat_map(Message::frame).collect();
    for step in [1, 3, 64, stream.len()] {
        let mut buffer = FrameBuffer::new(MAX_MESSAGE);
        let mut read = Vec::new();
        for chunk in stream.chunks(step) {
            buffer.push(chunk);
            while let Some(message) = buffer.next_message().unwrap() {
                read.push(message);
            }
        }
        assert_eq!(read, messages());
        assert!(buffer.is_empty());
    }
}

#[test]
fn a_stream_that_announces_too_much_is_refused_at_once() {
    let mut buffer = FrameBuffer::new(MAX_MESSAGE_BEFORE_HELLO);
    buffer.push(&[0, 1, 0, 0]);
    assert_eq!(buffer.next_message(), Err(crate::codec::CodecError::TooLong));
}

proptest! {
    /// A member's device can send what it likes: the server does not fall over, and what it has
    /// journalled makes the same practice again.
    #[test]
    fn no_message_of_a_member_breaks_the_server(
        chosen in prop::collection::vec((0_usize..34, 0_usize..400, any::<u8>()), 0..40)
    ) {
        let world = crate::membership::fixture::World::found();
        let mut server = fixture::TestServer::new(&world);
        let mut pen = fixture::Pen::new(world.first);
        let ring = [world.rings[&crate::membership::SoloRing::Office]];
        let genesis = pen.genesis(&world, &ring);
        server.push(world.first, std::slice::from_ref(&genesis));
        let mut examples = messages();
        examples.push(Message::Push { runs: fixture::run_of(&world, &genesis), rows: vec![] });
        examples.push(Message::ObjectPut(genesis.encode()));
        examples.push(Message::PullMany(vec![(fixture::LOG, Position::ZERO)]));
        for (index, at, byte) in chosen {
            let example = examples.len() - 1 - index;
            let mut bytes = examples[example].encode();
            if let Some(altered) = bytes.get_mut(at) {
                *altered ^= byte;
            }
            if let Ok(message) = Message::decode(&bytes) {
                server.ask(world.first, message);
            }
        }
        let again = server.restarted(&world);
        prop_assert_eq!(again.g(), server.practice.g());
        prop_assert_eq!(again.log_head(fixture::LOG), server.practice.log_head(fixture::LOG));
    }

    /// Bytes of a stranger never do more than fail, and what reads is written in one way.
    #[test]
    fn strange_messages_are_refused_or_read_back_the_same(
        number in 0_u8..64, bytes in prop::collection::vec(0_u8..4, 0..120)
    ) {
        let mut framed = vec![number];
        framed.extend(bytes);
        if let Ok(message) = Message::decode(&framed) {
            prop_assert_eq!(message.encode(), framed);
        }
    }
}
