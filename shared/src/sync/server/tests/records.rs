//! The erasure of one record, as the server judges it.

use super::*;
use crate::envelope::{Carried, Number};
use crate::id::SlotGeneration;

/// A log with a delta, a record and another delta, of which the record was asked for thirty days
/// ago; where the request stands, and the record's number.
fn asked() -> (World, TestServer, Pen, Pen, EntryRef, Number) {
    let (world, mut server, mut a, b) = begin();
    let rings = caseload(&world);
    let opening = [a.genesis(&world, &rings), a.delta(&world, 1)];
    server.push_with_rows(a.device, &opening, vec![slot_row(&rings, 1)]);
    let header = a.header(&world, Kind::Record);
    let record = a.sign(&world, header, vec![2; 528]);
    let number = (a.device, record.header.dev_inc, record.header.dev_seq);
    let request = ControlBody::EraseRequest(Target::Record(1, number));
    let last = [record, a.delta(&world, 3), a.control(&world, &request)];
    let outcomes = server.push(a.device, &last);
    let at = receipt_of(&outcomes[2], &last[2]).body.placement.unwrap().head;
    server.now = server.now.plus_millis(30 * DAY);
    let request = EntryRef { position: at.position, hash: last[2].hash() };
    (world, server, a, b, request, number)
}

fn slot_row(rings: &[crate::id::RingId], generation: u8) -> Row {
    let mut name = [0; 41];
    name[0] = 3;
    name[1..17].copy_from_slice(rings[0].as_bytes());
    name[20] = 1;
    name[21..37].copy_from_slice(LOG.as_bytes());
    name[40] = generation;
    Row { key: RowKey(name), bytes: vec![generation; 76] }
}

fn kept(pen: &mut Pen, world: &World) -> Envelope {
    let header = pen.header(world, Kind::Kept);
    pen.sign(world, header, vec![4; 4112])
}

fn renew(server: &mut TestServer, world: &World, pen: &mut Pen, generation: u32) {
    let body = ControlBody::Slot(slot(world, &caseload(world), generation));
    let next = pen.control(world, &body);
    let row = slot_row(&caseload(world), u8::try_from(generation).unwrap());
    placed(&server.push_with_rows(pen.device, &[next], vec![row])[0]);
}

fn order(pen: &mut Pen, world: &World, request: EntryRef, since: Option<u32>) -> Envelope {
    let since = since.map(SlotGeneration::new);
    pen.control(world, &ControlBody::Erase { request, since })
}

#[test]
fn an_order_needs_a_base_of_its_own_author_under_a_later_key() {
    let (world, mut server, mut a, mut b, request, _) = asked();
    let code = |server: &mut TestServer, pen: &Pen, one: Envelope| {
        refused(&server.push(pen.device, &[one]))
    };
    let whole = order(&mut a, &world, request, None);
    assert_eq!(code(&mut server, &a, whole), RefusalCode::Malformed, "it was asked for one record");
    let bare = order(&mut a, &world, request, Some(2));
    assert_eq!(code(&mut server, &a, bare), RefusalCode::Conflict);
    renew(&mut server, &world, &mut a, 2);
    (a.generation, b.generation) = (SlotGeneration::new(2), SlotGeneration::new(2));
    let empty = order(&mut a, &world, request, Some(2));
    assert_eq!(code(&mut server, &a, empty), RefusalCode::Conflict);

    let first = kept(&mut b, &world);
    placed(&server.push(b.device, &[first])[0]);
    let second = kept(&mut a, &world);
    assert_eq!(code(&mut server, &a, second), RefusalCode::Conflict, "one device makes it");
    let others = order(&mut a, &world, request, Some(2));
    assert_eq!(code(&mut server, &a, others), RefusalCode::Conflict);
    // Somebody begins anew: what was there counts no more.
    renew(&mut server, &world, &mut a, 3);
    a.generation = SlotGeneration::new(3);
    let anew = kept(&mut a, &world);
    placed(&server.push(a.device, &[anew])[0]);
    let outdated = order(&mut b, &world, request, Some(2));
    assert_eq!(code(&mut server, &b, outdated), RefusalCode::Conflict);
    let due = order(&mut a, &world, request, Some(3));
    placed(&server.push(a.device, &[due])[0]);
    let late = kept(&mut a, &world);
    assert_eq!(code(&mut server, &a, late), RefusalCode::Conflict, "it is ended");
    renew(&mut server, &world, &mut b, 4);
    b.generation = SlotGeneration::new(4);
    let lost = kept(&mut b, &world);
    assert_eq!(code(&mut server, &b, lost), RefusalCode::Conflict, "nothing is left to be done");
}

#[test]
fn a_base_is_not_taken_before_a_request_is_due() {
    let (world, mut server, mut a, ..) = asked();
    server.now = server.now.plus_millis(-1);
    renew(&mut server, &world, &mut a, 2);
    a.generation = SlotGeneration::new(2);
    let early = kept(&mut a, &world);
    assert_eq!(refused(&server.push(a.device, &[early])), RefusalCode::NotPermitted);
    server.now = server.now.plus_millis(1);
    placed(&server.push(a.device, &[kept(&mut a, &world)])[0]);
}

#[test]
fn the_older_keys_die_and_the_one_record_is_served_as_a_stub() {
    let (world, mut server, mut a, b, request, number) = asked();
    let rings = caseload(&world);
    renew(&mut server, &world, &mut a, 2);
    a.generation = SlotGeneration::new(2);
    let parts = [kept(&mut a, &world), order(&mut a, &world, request, Some(2))];
    server.push(a.device, &parts);

    let rows = [slot_row(&rings, 1), slot_row(&rings, 2)];
    let known = Message::RowsGet(rows.iter().map(|row| row.key).collect());
    let left = Message::Rows(vec![None, Some(rows[1].bytes.clone())]);
    assert_eq!(server.ask(b.device, known), [left]);
    // Nor does a key come that the server never had: that of a draft, under the older.
    let mut name = [0; 41];
    name[0] = 4;
    name[1..17].copy_from_slice(LOG.as_bytes());
    name[20] = 1;
    name[21] = 9;
    for row in [rows[0].clone(), Row { key: RowKey(name), bytes: vec![1; 76] }] {
        let erased = Message::Refused(Refusal::new(RefusalCode::RowErased));
        assert_eq!(server.ask(b.device, Message::RowsPut(vec![row])), [erased]);
    }
    let answer = server.ask(b.device, Message::PullMany(vec![(LOG, Position::ZERO)]));
    let [Message::Entries(entries)] = answer.as_slice() else { panic!("{answer:?}") };
    for restored in entries.runs.iter().flat_map(|run| run.restore(world.state.practice())) {
        let carried = restored.unwrap();
        let header = carried.header();
        let is_it = (header.author, header.dev_inc, header.dev_seq) == number;
        assert_eq!(matches!(carried, Carried::Stub(_)), is_it, "{:?}", header.kind);
    }
    // It goes on, and is as it was after a restart.
    placed(&server.push(a.device, &[a.delta(&world, 5)])[0]);
    assert_eq!(server.restarted(&world).log_head(LOG), server.practice.log_head(LOG));
    let again = kept(&mut a, &world);
    let mut restarted = server.restarted(&world);
    let push = Message::Push { runs: run_of(&world, &again), rows: vec![] };
    let decided = restarted.handle(a.device, push, server.now);
    assert!(matches!(decided.frames.as_slice(), [ServerFrame::Refused { .. }]), "{decided:?}");
}

#[test]
fn a_draft_begins_under_the_newest_key_that_its_author_has_seen() {
    let (world, mut server, mut a, mut b, ..) = asked();
    renew(&mut server, &world, &mut a, 2);
    let begin = |byte| ControlBody::Draft {
        object: ObjectId::from_bytes([byte; 16]),
        commitment: crate::suite::Hash::ZERO,
    };
    let blind = b.control(&world, &begin(1));
    assert_eq!(refused(&server.push(b.device, &[blind])), RefusalCode::OldSlot);
    // What was written into it comes again, too.
    b.generation = SlotGeneration::new(2);
    let mut header = b.header(&world, Kind::Delta);
    header.object = ObjectId::from_bytes([1; 16]);
    let words = b.sign(&world, header, vec![1; 208]);
    assert_eq!(refused(&server.push(b.device, &[words])), RefusalCode::OldSlot);
    placed(&server.push(a.device, &[a.control(&world, &begin(2))])[0]);
    b.seen = server.practice.log_head(LOG).unwrap();
    placed(&server.push(b.device, &[b.control(&world, &begin(1))])[0]);
}

#[test]
fn only_an_envelope_of_the_log_can_be_asked_for() {
    let (world, mut server, mut a, _, _, (device, dev_inc, _)) = asked();
    for number in [(device, dev_inc, DevSeq::new(99)), (a.device, dev_inc, DevSeq::ZERO)] {
        let ask = a.control(&world, &ControlBody::EraseRequest(Target::Record(1, number)));
        assert_eq!(refused(&server.push(a.device, &[ask])), RefusalCode::Malformed);
    }
}

/// A file and its parts: one entry asks for all of them, and one orders it.
#[test]
fn several_records_are_asked_for_and_erased_by_one_entry_each() {
    let (world, mut server, mut a, b) = begin();
    let rings = caseload(&world);
    let opening = [a.genesis(&world, &rings), a.delta(&world, 1)];
    server.push_with_rows(a.device, &opening, vec![slot_row(&rings, 1)]);
    let records = [2, 3, 4].map(|byte| {
        let header = a.header(&world, Kind::Record);
        a.sign(&world, header, vec![byte; 528])
    });
    let number =
        |record: &Envelope| (record.header.author, record.header.dev_inc, record.header.dev_seq);
    let numbers: BTreeSet<Number> = records.iter().map(number).collect();
    let targets = Target::of_records(1, &numbers);
    assert_eq!(targets, [Target::Records(1, number(&records[0]), 3)]);
    server.push(a.device, &records);
    // One that reaches beyond what is there asks for nothing.
    let wide = ControlBody::EraseRequest(Target::Records(1, number(&records[1]), 9));
    let wide = a.control(&world, &wide);
    assert_eq!(refused(&server.push(a.device, &[wide])), RefusalCode::Malformed);
    let ask = a.control(&world, &ControlBody::EraseRequest(targets[0]));
    let outcomes = server.push(a.device, std::slice::from_ref(&ask));
    let at = receipt_of(&outcomes[0], &ask).body.placement.unwrap().head;
    let request = EntryRef { position: at.position, hash: ask.hash() };
    server.now = server.now.plus_millis(30 * DAY);
    renew(&mut server, &world, &mut a, 2);
    a.generation = SlotGeneration::new(2);
    let parts = [kept(&mut a, &world), order(&mut a, &world, request, Some(2))];
    for outcome in server.push(a.device, &parts) {
        placed(&outcome);
    }

    let answer = server.ask(b.device, Message::PullMany(vec![(LOG, Position::ZERO)]));
    let [Message::Entries(entries)] = answer.as_slice() else { panic!("{answer:?}") };
    let mut stubs = 0;
    for restored in entries.runs.iter().flat_map(|run| run.restore(world.state.practice())) {
        let carried = restored.unwrap();
        let header = carried.header();
        let goes = numbers.contains(&(header.author, header.dev_inc, header.dev_seq));
        assert_eq!(matches!(carried, Carried::Stub(_)), goes, "{:?}", header.kind);
        stubs += usize::from(goes);
    }
    assert_eq!(stubs, 3);
    assert_eq!(server.restarted(&world).log_head(LOG), server.practice.log_head(LOG));
}
