//! Where a device is said to end: what its own signature proves, and what the server's does not.

use super::*;
use crate::sync::{HeadProof, SignedHead};

/// The server's word that a device ends at `own`, with what stands there.
pub(super) fn word(
    world: &World,
    device: DeviceId,
    own: OwnHead,
    last: Option<&Envelope>,
) -> SignedHead {
    let body = ReceiptBody {
        practice: world.state.practice(),
        server_epoch: ServerEpoch::new(1),
        practice_head: world.state.head(),
        placement: None,
        device,
        own,
        time: world.now,
    };
    let last = last.map(|last| Carried::Stub(last.to_stub()).encode());
    SignedHead { receipt: body.sign(&world.server), last }
}

#[test]
fn only_what_the_device_itself_has_signed_proves_where_it_ends() {
    let (world, mut pen, victim) = begin();
    let [.., before, last] = opening(&world, &mut pen);
    let (device, own) = (pen.device, pen.own);
    let proof = |word: &SignedHead| word.proof(&world.state);
    let good = word(&world, device, own, Some(&last));
    assert_eq!(proof(&good), HeadProof::Proven(own));

    // A higher number, another chain, an older envelope, another device, another key.
    let ahead = OwnHead { dev_seq: own.dev_seq.next(), ..own };
    let other = OwnHead { own: Hash::from_bytes([7; 32]), ..own };
    let mut by_other = last.clone();
    by_other.header.author = victim.sync.device;
    let mut unsigned = last.clone();
    unsigned.signature = before.signature;
    let forged = OwnHead::after(&unsigned.header, unsigned.hash());
    for word in [
        word(&world, device, ahead, Some(&last)),
        word(&world, device, other, Some(&last)),
        word(&world, device, own, Some(&before)),
        word(&world, device, forged, Some(&unsigned)),
        word(&world, victim.sync.device, own, Some(&last)),
        word(&world, device, OwnHead::after(&by_other.header, by_other.hash()), Some(&by_other)),
        SignedHead { last: Some(Carried::Whole(last.clone()).encode()), ..good.clone() },
        SignedHead { last: Some(vec![0; 9]), ..good.clone() },
    ] {
        assert_eq!(proof(&word), HeadProof::Forged);
    }
    assert_eq!(proof(&word(&world, device, own, None)), HeadProof::Withheld);
    let mut another = good;
    another.receipt.body.time = another.receipt.body.time.plus_millis(1);
    assert_eq!(proof(&another), HeadProof::BadReceipt);

    // Who has written nothing has nothing to show, but no life that nobody knows of.
    let second = victim.sync.device;
    let start = OwnHead::start(DevInc::new(1));
    assert_eq!(proof(&word(&world, second, start, None)), HeadProof::Proven(start));
    let invented = OwnHead::start(DevInc::new(9));
    assert_eq!(proof(&word(&world, second, invented, None)), HeadProof::Forged);
}

#[test]
fn a_head_that_is_not_proven_is_an_alarm_and_no_head() {
    let (world, mut pen, mut victim) = begin();
    let [.., last] = opening(&world, &mut pen);
    let ahead = OwnHead { dev_seq: pen.own.dev_seq.next(), ..pen.own };
    victim.sync.ask_heads(vec![pen.device], victim.now);
    victim.drain();
    let lane = victim.lane_of(16);
    let heads = vec![word(&world, pen.device, ahead, Some(&last))];
    victim.hear(lane, Message::DeviceHeads(heads));
    assert_eq!(victim.alarms(), [AlarmKind::Forged]);
    assert!(victim.events.contains(&Event::Heads(BTreeMap::new())));
}

#[test]
fn a_life_of_this_device_that_no_entry_began_is_an_alarm_and_no_life() {
    let (world, pen, mut victim) = begin();
    victim.sync.disconnected();
    victim.drain();
    victim.sync.connected(victim.now);
    victim.drain();
    let mut forged = welcome(&world, victim.sync.device, 0);
    if let Message::Welcome { own, .. } = &mut forged {
        *own = OwnHead { dev_inc: DevInc::new(9), dev_seq: DevSeq::new(1), ..pen.own };
    }
    victim.hear(Lane::Control, forged);
    assert_eq!(victim.alarms(), [AlarmKind::Forged]);
    assert!(!victim.events.iter().any(|event| matches!(event, Event::IncarnationDue(_))));
}

#[test]
fn a_head_counts_only_if_it_goes_on_from_what_was_seen_of_the_device() {
    let (world, mut pen, mut victim) = begin();
    let shown = opening(&world, &mut pen);
    let mut told = Told::new(LOG);
    victim.live(told.tell(&world, &shown.iter().collect::<Vec<_>>()));
    let seen = pen.own;
    // Two more that stand in no log, as the server has refused them; and one that goes another
    // way, from before what was seen.
    let mut astray = Pen { own: OwnHead::start(DevInc::new(1)), ..pen.clone() };
    let (one, two) = (pen.delta(&world, 8), pen.delta(&world, 9));
    for byte in 20..30 {
        astray.delta(&world, byte);
    }

    victim.sync.prove_head(pen.device, pen.own, victim.now);
    victim.drain();
    let lane = victim.lane_of(24);
    victim.hear(lane, Message::OwnHashes(vec![one.hash(), two.hash()]));
    victim.end(lane);
    assert!(victim.events.contains(&Event::Proven(pen.device, seen)));
    assert_eq!(victim.alarms(), []);

    victim.sync.prove_head(pen.device, astray.own, victim.now);
    victim.drain();
    let lane = victim.lane_of(24);
    victim.hear(lane, Message::OwnHashes(vec![one.hash(), two.hash()]));
    victim.end(lane);
    assert_eq!(victim.alarms(), [AlarmKind::NotOnChain]);
    let other = OwnHead { own: Hash::from_bytes([7; 32]), ..seen };
    victim.sync.prove_head(pen.device, other, victim.now);
    victim.drain();
    assert_eq!(victim.alarms(), [AlarmKind::NotOnChain; 2]);
}
