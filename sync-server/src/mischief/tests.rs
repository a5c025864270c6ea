use super::*;
use tacenda_shared::envelope::{Carried, Envelope, Header, Kind, PracticeHead};
use tacenda_shared::id::{
    CompartmentId, DevInc, DevSeq, Global, ObjectId, Position, PracticeSeq, ServerEpoch,
    SlotGeneration, Timestamp,
};
use tacenda_shared::log::{LogHead, OwnHead, Placement, ReceiptBody};
use tacenda_shared::suite::{Hash, Signature};
use tacenda_shared::sync::server::StoredEnvelope;
use tacenda_shared::sync::{Entries, Outcome, runs_of};

#[test]
fn every_order_reads_back_from_its_line() {
    let (x, y) = ("02".repeat(16), "03".repeat(16));
    let log = "a1".repeat(16);
    for line in [
        format!("flip to {x}"),
        format!("flip {log} 7 to {x}"),
        "suite 0 to any".to_owned(),
        format!("withhold next from {x}"),
        format!("withhold {log} 7 from {x}"),
        format!("skip next from {x}"),
        format!("skip {log} 7 from any"),
        format!("swap {log} {y} to {x}"),
        format!("replay {log} 1 to {x}"),
        format!("again to {x}"),
        format!("invent {log} to {x}"),
        format!("invent practice to {x}"),
        format!("fork {log} {x} with {y}"),
        format!("roll back 12 for {x}"),
        format!("hide practice 3 from {x}"),
        format!("old checkpoints to {x}"),
        format!("old row 1 to {x}"),
        format!("hide rows 5 from {x}"),
        format!("receipt signature to {x}"),
        format!("receipt position to {x}"),
        format!("receipt own to {x}"),
        format!("receipt time to {x}"),
        format!("greet VERSION to {x}"),
        format!("refuse STALE to {x}"),
        format!("epoch 9 to {x}"),
        format!("drop 21 to {x}"),
        format!("drop 10 from {x}"),
        format!("twice 10 from {x}"),
        format!("hold 11 to {x}"),
        format!("garble to {x}"),
    ] {
        let order: Result<Order, OrderError> = line.parse();
        assert_eq!(order.map(|order| order.to_string()), Ok(line));
    }
}

#[test]
fn what_is_no_order_is_refused() {
    for (line, why) in [
        ("", OrderError::Unknown),
        ("flip", OrderError::Unknown),
        ("flip to me", OrderError::Id),
        ("suite 300 to any", OrderError::Number),
        ("refuse POLITELY to any", OrderError::Unknown),
        ("flip from any", OrderError::Unknown),
    ] {
        assert_eq!(line.parse::<Order>(), Err(why), "{line}");
    }
}

fn mischief() -> Mischief {
    Mischief::new(SigningKey::from_seed([7; 32]), |_| {})
}

fn peer(device: u8) -> Peer {
    let by = Signer::Device(DeviceId::from_bytes([device; 16]));
    Peer { who: Some((PracticeId::from_bytes([1; 16]), by)), lane: crate::tamper::Lane::Live }
}

#[test]
fn a_message_is_dropped_once_and_only_for_whom_it_was_ordered() {
    let mischief = mischief();
    let whom = DeviceId::from_bytes([2; 16]);
    assert_eq!(mischief.line(&format!("drop 62 to {whom}")), Ok("ordered 1".to_owned()));

    let sent = |device| mischief.outgoing(&peer(device), Message::Behind).frames.len();
    assert_eq!((sent(3), sent(2), sent(2)), (1, 0, 1));
}

#[test]
fn what_is_held_is_let_go_when_the_order_ends() {
    let mischief = mischief();
    assert_eq!(mischief.line("hold 62 to any"), Ok("ordered 1".to_owned()));

    let held = mischief.outgoing(&peer(2), Message::Behind);
    assert_eq!((held.frames.len(), held.after.is_some()), (1, true));
    assert_eq!(mischief.line("end 1"), Ok("ended 1".to_owned()));
    assert!(mischief.outgoing(&peer(2), Message::Behind).after.is_none());
    assert_eq!(mischief.line("end 1"), Err(OrderError::Number));
}

#[test]
fn a_lost_request_is_neither_worked_on_nor_answered() {
    let mischief = mischief();
    assert_eq!(mischief.line("drop 18 from any"), Ok("ordered 1".to_owned()));

    let asked = Message::Changes { since: Global::ZERO };
    let heard = mischief.incoming(&peer(2), asked.clone());
    assert!(heard.take.is_empty() && heard.answer.is_empty());
    assert_eq!(mischief.incoming(&peer(2), asked.clone()).take, vec![asked]);
}

const LOG: CompartmentId = CompartmentId::from_bytes([0xa1; 16]);
const PRACTICE: PracticeId = PracticeId::from_bytes([1; 16]);

fn envelope(author: u8, number: u64) -> Envelope {
    let header = Header {
        suite: 1,
        kind: Kind::Delta,
        flags: 0,
        practice: PRACTICE,
        compartment: LOG,
        author: DeviceId::from_bytes([author; 16]),
        dev_inc: DevInc::new(1),
        dev_seq: DevSeq::new(number),
        prev_own: Hash::ZERO,
        practice_head: PracticeHead { seq: PracticeSeq::ZERO, hash: Hash::ZERO },
        slot_generation: SlotGeneration::new(1),
        object: ObjectId::from_bytes([0; 16]),
        schema: 1,
        seen_pos: Position::ZERO,
        seen_chain: Hash::ZERO,
        salt: [0; 24],
        length: 192,
    };
    let body = vec![author; 208];
    Envelope { header, body, signature: Signature::from_bytes([author; 64]) }
}

/// A log of which the server keeps these authors' entries, in this order.
fn kept(mischief: &Mischief, authors: &[u8]) -> Vec<StoredEnvelope> {
    let key = SigningKey::from_seed([7; 32]);
    let mut head = LogHead::EMPTY;
    let mut all = Vec::new();
    for (author, number) in authors.iter().zip(1_u64..) {
        let envelope = envelope(*author, number);
        head = head.after(LOG, envelope.hash());
        let receipt = ReceiptBody {
            practice: PRACTICE,
            server_epoch: ServerEpoch::new(1),
            practice_head: envelope.header.practice_head,
            placement: Some(Placement { log: LOG, head }),
            device: envelope.header.author,
            own: OwnHead::after(&envelope.header, envelope.hash()),
            time: Timestamp::from_millis(0),
        };
        let receipt = receipt.sign(&key);
        let g = Global::new(10 + number);
        all.push(StoredEnvelope { g, receipt, carried: Carried::Whole(envelope) });
    }
    for stored in &all {
        mischief.kept(PRACTICE, &ServerFrame::Envelope(Box::new(stored.clone())));
    }
    all
}

fn entries(stored: &[StoredEnvelope], after: u64) -> Message {
    let carried: Vec<Carried> = stored.iter().map(|one| one.carried.clone()).collect();
    let last = stored.last().unwrap();
    let head = last.receipt.body.placement.unwrap().head;
    let (after, runs) = (Position::new(after), runs_of(PRACTICE, &carried));
    Message::Entries(Entries { log: LOG, after, runs, head, g: last.g })
}

fn shown(mischief: &Mischief, device: u8, message: Message) -> Option<Entries> {
    let frames = mischief.outgoing(&peer(device), message).frames;
    let message = frames.first().map(|frame| Message::decode(&frame[4..]).unwrap())?;
    match message {
        Message::Entries(entries) => Some(entries),
        other => panic!("{other:?}"),
    }
}

#[test]
fn after_a_fork_each_of_two_devices_is_shown_a_whole_log_without_the_other() {
    let mischief = mischief();
    let (x, y) = (DeviceId::from_bytes([2; 16]), DeviceId::from_bytes([3; 16]));
    let first = kept(&mischief, &[2]);
    mischief.line(&format!("fork {LOG} {x} with {y}")).unwrap();
    let all = kept(&mischief, &[2, 2, 3, 2]);
    let base = first[0].receipt.body.placement.unwrap().head;
    let head = |stored: &StoredEnvelope, before: LogHead| before.after(LOG, stored.carried.hash());

    let to_y = shown(&mischief, 3, entries(&all[1..], 1)).unwrap();
    assert_eq!((to_y.after, to_y.head), (Position::new(1), head(&all[2], base)));
    assert_eq!(to_y.runs, runs_of(PRACTICE, [&all[2].carried]));
    let to_x = shown(&mischief, 2, entries(&all[1..], 1)).unwrap();
    assert_eq!(to_x.head, head(&all[3], head(&all[1], base)));
    assert_eq!(shown(&mischief, 3, entries(&all[3..], 3)), None);

    // What the device is told of its own, and what it asks for, fits what it was shown.
    let told = Message::Pushed(vec![all[3].outcome()]);
    let frames = mischief.outgoing(&peer(2), told).frames;
    let Ok(Message::Pushed(outcomes)) = Message::decode(&frames[0][4..]) else { panic!() };
    let [Outcome::Placed(short)] = outcomes[..] else { panic!("{outcomes:?}") };
    let receipt = short.restore(all[3].carried.header(), all[3].carried.hash()).unwrap();
    assert_eq!(receipt.body.placement.unwrap().head, to_x.head);
    assert!(receipt.is_signed_by(&SigningKey::from_seed([7; 32]).verifying()));
    let asked = Message::PullMany(vec![(LOG, Position::new(3))]);
    let meant = Message::PullEntries(vec![(LOG, Position::new(4))]);
    assert_eq!(mischief.incoming(&peer(2), asked).take, [meant]);
}

#[test]
fn a_log_that_is_rolled_back_ends_consistently_where_it_ended_then() {
    let mischief = mischief();
    let all = kept(&mischief, &[2, 3, 2]);
    mischief.line("roll back 12 for any").unwrap();

    let cut = shown(&mischief, 3, entries(&all, 0)).unwrap();
    assert_eq!(cut.head, all[1].receipt.body.placement.unwrap().head);
    assert_eq!(cut.runs, runs_of(PRACTICE, all[..2].iter().map(|one| &one.carried)));
    assert_eq!(shown(&mischief, 3, entries(&all[2..], 2)), None);
}

#[test]
fn an_entry_that_is_flipped_or_skipped_is_so_however_the_device_asks_for_it() {
    for (order, left) in [("flip to any", 1), ("skip next from any", 0)] {
        let mischief = mischief();
        let all = kept(&mischief, &[2, 3]);
        mischief.line(order).unwrap();

        let live = shown(&mischief, 2, entries(&all[1..], 1)).unwrap();
        assert_ne!(live.runs, runs_of(PRACTICE, [&all[1].carried]), "{order}");
        let full = vec![(Position::new(2), all[1].carried.encode())];
        let full = Message::Full { log: LOG, entries: full };
        let frames = mischief.outgoing(&peer(2), full.clone()).frames;
        let told = Message::decode(&frames[0][4..]).unwrap();
        assert_ne!(told, full, "{order}");
        let Message::Full { entries, .. } = told else { panic!() };
        assert_eq!(entries.len(), left, "{order}");
    }
}
