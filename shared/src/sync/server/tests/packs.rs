//! Packs on the server: kept beside their log, given in place of what they hold.

use super::*;
use crate::envelope::Header;
use crate::log::LogHead;
use crate::suite::Hash;

/// A log of this many entries by the first device, and its heads by position.
fn filled(count: u8) -> (World, TestServer, Pen, Pen, Vec<LogHead>) {
    let (world, mut server, mut a, b) = begin();
    let mut envelopes = vec![a.genesis(&world, &caseload(&world))];
    envelopes.extend((1..count).map(|byte| a.delta(&world, byte)));
    server.push(a.device, &envelopes);
    let mut heads = vec![LogHead::EMPTY];
    for envelope in &envelopes {
        heads.push(heads[heads.len() - 1].after(LOG, envelope.hash()));
    }
    (world, server, a, b, heads)
}

fn pack(world: &World, pen: &Pen, after: u64, to: LogHead) -> Envelope {
    let mut pen = pen.clone();
    let mut header: Header = pen.header(world, Kind::Pack);
    (header.dev_seq, header.prev_own) = (DevSeq::ZERO, Hash::ZERO);
    header.object = ObjectKey::pack_after(Position::new(after));
    (header.seen_pos, header.seen_chain) = (to.position, to.chain);
    pen.sign(world, header, vec![1; 4112])
}

fn put(server: &mut TestServer, pen: &Pen, pack: &Envelope) -> Vec<Message> {
    server.ask(pen.device, Message::ObjectPut(pack.encode()))
}

fn code(answer: &[Message]) -> RefusalCode {
    match answer {
        [Message::Refused(refusal)] => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// What a pull gives: the positions after which each part begins, and whether it is a pack.
fn parts(answer: &[Message]) -> Vec<(u64, bool)> {
    let part = |message: &Message| match message {
        Message::Packed { after, .. } => (after.get(), true),
        Message::Entries(entries) => (entries.after.get(), false),
        other => panic!("{other:?}"),
    };
    answer.iter().map(part).collect()
}

#[test]
fn a_pull_gives_packs_in_place_of_what_they_hold_and_entries_between() {
    let (world, mut server, a, b, heads) = filled(60);
    assert_eq!(put(&mut server, &a, &pack(&world, &a, 1, heads[20])), [Message::Taken]);
    let second = pack(&world, &a, 30, heads[50]);
    assert_eq!(put(&mut server, &a, &second), [Message::Taken]);

    let pull = |after| Message::PullMany(vec![(LOG, Position::new(after))]);
    let answer = server.ask(b.device, pull(0));
    assert_eq!(parts(&answer), [(0, false), (1, true), (20, false), (30, true), (50, false)]);
    let Message::Packed { log, head, envelope, .. } = &answer[3] else { panic!() };
    assert_eq!((*log, *head, envelope), (LOG, heads[50], &second.encode()));
    // Who has some of it is given the rest.
    assert_eq!(parts(&server.ask(b.device, pull(10))), [(10, false), (30, true), (50, false)]);
    let entries = Message::PullEntries(vec![(LOG, Position::ZERO)]);
    assert_eq!(parts(&server.ask(b.device, entries)), [(0, false)]);
    // One that goes on further takes its place.
    assert_eq!(put(&mut server, &a, &pack(&world, &a, 30, heads[60])), [Message::Taken]);
    assert_eq!(parts(&server.ask(b.device, pull(20))), [(20, false), (30, true)]);
    // After a restart it is the same.
    let again = server.restarted(&world);
    assert_eq!(again.packs(LOG), server.practice.packs(LOG));
    assert_eq!(server.practice.packs(LOG).len(), 2);
}

#[test]
fn a_pack_that_does_not_stand_in_its_log_is_not_given() {
    let (world, mut server, a, b, heads) = filled(60);
    let elsewhere = LogHead { chain: Hash::from_bytes([9; 32]), ..heads[40] };
    assert_eq!(put(&mut server, &a, &pack(&world, &a, 1, elsewhere)), [Message::Taken]);
    let pull = Message::PullMany(vec![(LOG, Position::ZERO)]);
    let answer = server.ask(b.device, pull);
    assert!(parts(&answer).iter().all(|(_, packed)| !packed), "{answer:?}");
    let count: usize = answer
        .iter()
        .map(|message| match message {
            Message::Entries(entries) => entries.runs[0].envelopes.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(count, 60);
}

#[test]
fn no_more_packs_are_kept_than_a_log_is_worth() {
    let (world, mut server, a, _, heads) = filled(60);
    let small = pack(&world, &a, 1, heads[10]);
    assert_eq!(code(&put(&mut server, &a, &small)), RefusalCode::Malformed);
    let beyond = LogHead { position: Position::new(61), ..heads[60] };
    assert_eq!(code(&put(&mut server, &a, &pack(&world, &a, 1, beyond))), RefusalCode::Malformed);
    let mut unnamed = pack(&world, &a, 1, heads[60]);
    unnamed.header.object = ObjectId::from_bytes([7; 16]);
    let mut pen = a.clone();
    let unnamed = pen.sign(&world, unnamed.header, unnamed.body);
    assert_eq!(code(&put(&mut server, &a, &unnamed)), RefusalCode::Malformed);
    let mut old = a.clone();
    old.generation = crate::id::SlotGeneration::new(7);
    let old = pack(&world, &old, 1, heads[60]);
    assert_eq!(code(&put(&mut server, &a, &old)), RefusalCode::Stale);
    // Sixty entries are worth three.
    for after in 1..4 {
        let one = pack(&world, &a, after, heads[60]);
        assert_eq!(put(&mut server, &a, &one), [Message::Taken]);
    }
    let fourth = pack(&world, &a, 4, heads[60]);
    assert_eq!(code(&put(&mut server, &a, &fourth)), RefusalCode::TooLarge);
    assert_eq!(put(&mut server, &a, &pack(&world, &a, 3, heads[59])), [Message::Taken]);
    assert_eq!(server.practice.packs(LOG).len(), 3);
    let mut snapshot = pack(&world, &a, 1, heads[60]);
    snapshot.header.kind = Kind::Snapshot;
    let snapshot = pen.sign(&world, snapshot.header, snapshot.body);
    assert_eq!(code(&put(&mut server, &a, &snapshot)), RefusalCode::Unsupported);
}

#[test]
fn the_packs_of_an_erased_log_go_with_it() {
    let (world, mut server, mut a, _, heads) = filled(40);
    assert_eq!(put(&mut server, &a, &pack(&world, &a, 1, heads[40])), [Message::Taken]);
    a.seen = heads[40];
    let request = a.control(&world, &ControlBody::EraseRequest(Target::Compartment(1)));
    server.push(a.device, std::slice::from_ref(&request));
    let at = EntryRef { position: Position::new(41), hash: request.hash() };
    server.now = server.now.plus_millis(31 * DAY);
    let erase = a.control(&world, &ControlBody::Erase { request: at, since: None });
    placed(&server.push(a.device, &[erase])[0]);
    assert!(server.practice.packs(LOG).is_empty());
    assert!(server.restarted(&world).packs(LOG).is_empty());
    let late = put(&mut server, &a, &pack(&world, &a, 1, heads[40]));
    assert_eq!(code(&late), RefusalCode::Malformed);
}
