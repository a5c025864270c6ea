use super::*;
use tacenda_shared::id::Global;

#[test]
fn every_order_reads_back_from_its_line() {
    let (x, y) = ("02".repeat(16), "03".repeat(16));
    let log = "a1".repeat(16);
    for line in [
        format!("flip to {x}"),
        "suite 0 to any".to_owned(),
        format!("withhold next from {x}"),
        format!("withhold {log} 7 from {x}"),
        format!("skip next from {x}"),
        format!("skip {log} 7 from any"),
        format!("swap {log} {y} to {x}"),
        format!("replay {log} 1 to {x}"),
        format!("again to {x}"),
        format!("invent {log} to {x}"),
        format!("fork {log} {x} with {y}"),
        format!("roll back 12 for {x}"),
        format!("hide practice 3 from {x}"),
        format!("old row 1 to {x}"),
        format!("hide rows 5 from {x}"),
        format!("receipt signature to {x}"),
        format!("receipt position to {x}"),
        format!("receipt own to {x}"),
        format!("receipt time to {x}"),
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
