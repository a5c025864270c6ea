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

/// Files, for example: while a note is still on its way none is asked for.
#[test]
fn what_comes_last_is_asked_for_once_everything_else_has_come() {
    let (_, _, mut victim) = begin();
    let first: Vec<_> = (200..204).map(log).collect();
    for (log, priority) in first.iter().zip(0..) {
        victim.sync.set_priority(*log, priority);
    }
    // Nobody says twice when something is wanted.
    let last: Vec<_> = [30, 77, 140, 199, 200].map(log).to_vec();
    last.iter().for_each(|log| victim.sync.fetch_last(LogMark::of(*log)));
    let last = &last[..4];
    let head = LogHead { position: Position::new(1), ..LogHead::EMPTY };
    let logs: Vec<_> = (20..220).map(|number| (log(number), head)).collect();
    victim.sync.look_again(victim.now);
    victim.drain();
    let lane = victim.lane_of(18);
    victim.hear(lane, Message::Changed { g: Global::new(7), logs, more: false });
    victim.end(lane);

    // What is on its way, the oldest first, with whether it is of those.
    let mut under_way: VecDeque<(Lane, bool)> = VecDeque::new();
    let (mut asked, mut seen) = (Vec::new(), 0);
    loop {
        for sent in victim.sent.iter().skip(seen) {
            let Message::PullMany(logs) = &sent.message else { continue };
            let is_last = logs.iter().filter(|(log, _)| last.contains(log)).count();
            assert!(is_last == 0 || is_last == logs.len(), "never with others");
            asked.extend(logs.iter().map(|(log, _)| *log));
            under_way.push_back((sent.lane, is_last > 0));
        }
        seen = victim.sent.len();
        let files = under_way.iter().filter(|(_, is_last)| *is_last).count();
        assert!(files == 0 || files == under_way.len(), "nor beside others");
        let Some((lane, _)) = under_way.pop_front() else { break };
        victim.end(lane);
    }
    assert_eq!(asked.len(), 200);
    assert_eq!(asked[..4], first);
    assert_eq!(asked[196..], *last);
}
