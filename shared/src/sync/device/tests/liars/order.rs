//! In which order a device asks for what it lacks.

use super::*;

fn log(number: u8) -> CompartmentId {
    CompartmentId::from_bytes([number; 16])
}

/// The logs that were asked for since, request by request.
fn pulls(victim: &Victim, from: usize) -> Vec<Vec<CompartmentId>> {
    let sent = victim.sent.iter().skip(from);
    let pulls = sent.filter_map(|sent| match &sent.message {
        Message::PullMany(logs) => Some(logs.iter().map(|(log, _)| *log).collect()),
        _ => None,
    });
    pulls.collect()
}

#[test]
fn what_somebody_waits_for_is_asked_for_in_small_shares_and_before_the_rest() {
    let (_, _, mut victim) = begin();
    let first: Vec<_> = (200..210).rev().map(log).collect();
    for (log, priority) in first.iter().zip(0..) {
        victim.sync.set_priority(*log, priority);
    }
    let head = LogHead { position: Position::new(1), ..LogHead::EMPTY };
    let logs: Vec<_> = (20..220).map(|number| (log(number), head)).collect();
    victim.sync.look_again(victim.now);
    victim.drain();
    let (lane, before) = (victim.lane_of(18), victim.sent.len());

    victim.hear(lane, Message::Changed { g: Global::new(7), logs, more: false });
    victim.end(lane);
    for _ in 0..8 {
        let lane = victim.lane_of(20);
        victim.end(lane);
    }

    let asked = pulls(&victim, before);
    let in_front: Vec<_> = asked.iter().take_while(|logs| first.contains(&logs[0])).collect();
    assert_eq!(in_front.iter().copied().flatten().copied().collect::<Vec<_>>(), first);
    assert!(in_front.iter().all(|logs| logs.len() <= 2), "{in_front:?}");
    let rest: Vec<_> = asked.iter().skip(in_front.len()).flatten().collect();
    assert!(!rest.is_empty() && rest.iter().all(|log| !first.contains(log)), "{rest:?}");
}
