//! What an honest device may rely on, and what a dishonest one does not get.

mod packs;
mod records;

use super::*;
use crate::envelope::{AccessRule, ControlBody, EntryRef, Envelope, Kind, Rights, Target};
use crate::id::DevSeq;
use crate::log::{CHANGED, FULL, OwnHead, Receipt, ShortReceipt, proves};
use crate::membership::SoloRing;
use crate::membership::fixture::{DAY, World};
use crate::sync::HeadProof;
use crate::sync::fixture::{LOG, Pen, TestServer, genesis, rules, run_of, slot};
use crate::sync::wire::{ObjectKey, Outcome, Seen};

fn begin() -> (World, TestServer, Pen, Pen) {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let server = TestServer::new(&world);
    let (a, b) = (Pen::new(world.first), Pen::new(second));
    (world, server, a, b)
}

fn placed(outcome: &Outcome) -> ShortReceipt {
    match outcome {
        Outcome::Placed(receipt) => *receipt,
        other => panic!("{other:?}"),
    }
}

fn receipt_of(outcome: &Outcome, envelope: &Envelope) -> Receipt {
    placed(outcome).restore(&envelope.header, envelope.hash()).unwrap()
}

fn refused(outcomes: &[Outcome]) -> RefusalCode {
    match outcomes.last() {
        Some(Outcome::Refused { code, .. } | Outcome::Rejected { code, .. }) => *code,
        other => panic!("{other:?}"),
    }
}

fn caseload(world: &World) -> Vec<crate::id::RingId> {
    vec![world.rings[&SoloRing::Caseload]]
}

#[test]
fn what_is_pushed_gets_a_receipt_and_reaches_the_other_device() {
    let (world, mut server, mut a, b) = begin();
    let genesis = a.genesis(&world, &caseload(&world));
    let delta = a.delta(&world, 1);
    let outcomes = server.push(a.device, &[genesis.clone(), delta.clone()]);

    let receipt = receipt_of(&outcomes[1], &delta);
    assert!(receipt.is_signed_by(&world.server.verifying()));
    assert!(receipt.is_about(&delta.header, delta.hash()));
    assert_eq!(receipt.body.placement.unwrap().head.position, Position::new(2));
    let live = &server.live[0];
    assert_eq!(live.to, [b.device].into());
    let Message::Entries(entries) = &live.message else { panic!("{live:?}") };
    let hashes: Vec<_> = entries.runs[0]
        .restore(world.state.practice())
        .map(|restored| restored.unwrap().hash())
        .collect();
    assert_eq!(hashes, [genesis.hash(), delta.hash()]);
}

#[test]
fn the_same_envelope_again_gets_its_first_receipt() {
    let (world, mut server, mut a, _) = begin();
    let envelopes = [a.genesis(&world, &caseload(&world)), a.delta(&world, 1)];
    let first = server.push(a.device, &envelopes);
    server.now = server.now.plus_millis(DAY);
    let frames = server.shelf.frames.len();
    assert_eq!(server.push(a.device, &envelopes), first);
    assert_eq!(server.shelf.frames.len(), frames);
}

#[test]
fn another_envelope_under_a_used_number_is_kept_as_evidence_and_not_taken() {
    let (world, mut server, mut a, _) = begin();
    let genesis = a.genesis(&world, &caseload(&world));
    let mut clone = a.clone();
    let (one, other) = (a.delta(&world, 1), clone.delta(&world, 2));
    server.push(a.device, &[genesis, one]);
    let head = server.practice.log_head(LOG);
    assert_eq!(
        refused(&server.push(a.device, std::slice::from_ref(&other))),
        RefusalCode::Equivocation
    );
    assert_eq!(server.practice.log_head(LOG), head);
    let kept = server.shelf.frames.contains(&ServerFrame::Evidence(Box::new(other)));
    assert!(kept);
}

#[test]
fn an_envelope_before_which_others_are_missing_waits_for_them() {
    let (world, mut server, mut a, _) = begin();
    let genesis = a.genesis(&world, &caseload(&world));
    let (one, two) = (a.delta(&world, 1), a.delta(&world, 2));
    server.push(a.device, &[genesis]);
    let outcomes = server.push(a.device, std::slice::from_ref(&two));
    assert_eq!(refused(&outcomes), RefusalCode::Gap);
    let Outcome::Rejected { have, .. } = outcomes[0] else { panic!() };
    assert_eq!(have.dev_seq, DevSeq::new(1));
    let outcomes = server.push(a.device, &[one, two.clone()]);
    assert_eq!(receipt_of(&outcomes[1], &two).body.own, a.own);
}

#[test]
fn nobody_pushes_under_another_devices_name() {
    let (world, mut server, mut a, mut b) = begin();
    let genesis = a.genesis(&world, &caseload(&world));
    assert_eq!(
        refused(&server.push(b.device, std::slice::from_ref(&genesis))),
        RefusalCode::NotPermitted
    );
    server.push(a.device, &[genesis]);
    // Signed by A's key, but said to be B's.
    let mut forged = b.delta(&world, 1);
    forged.signature = a.delta(&world, 1).signature;
    assert_eq!(refused(&server.push(b.device, &[forged])), RefusalCode::BadSignature);
}

#[test]
fn a_stale_ring_takes_nothing_until_it_is_re_keyed_and_the_slot_renewed() {
    let (mut world, mut server, mut a, b) = begin();
    let ring = caseload(&world);
    server.push(a.device, &[a.genesis(&world, &ring)]);
    world.revoke(Signer::Device(a.device), b.device, b.own).unwrap();
    server.catch_up(a.device, &world);
    let old = a.delta(&world, 1);
    let outcomes = server.push(a.device, std::slice::from_ref(&old));
    assert_eq!(refused(&outcomes), RefusalCode::Stale);
    // Its number is used up: the own chain goes on, and a retry is answered alike.
    let Outcome::Refused { receipt, .. } = outcomes[0] else { panic!() };
    let receipt = receipt.restore(&old.header, old.hash()).unwrap();
    assert_eq!(receipt.body.own, a.own);
    assert_eq!(refused(&server.push(a.device, &[old])), RefusalCode::Stale);

    world.rekey(Signer::Device(a.device), ring[0]).unwrap();
    server.catch_up(a.device, &world);
    let sealed_under_the_old_slot = a.delta(&world, 1);
    assert_eq!(refused(&server.push(a.device, &[sealed_under_the_old_slot])), RefusalCode::OldSlot);
    let renewed = a.control(&world, &ControlBody::Slot(slot(&world, &ring, 2)));
    a.generation = a.generation.next();
    let delta = a.delta(&world, 1);
    placed(&server.push(a.device, &[renewed, delta])[1]);
}

#[test]
fn a_revoked_device_gets_nothing_more_and_gives_nothing_more() {
    let (mut world, mut server, mut a, mut b) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let at = world.state.head().seq;
    world.revoke(Signer::Device(a.device), b.device, b.own).unwrap();
    server.catch_up(a.device, &world);
    b.at = Some(at);
    let backdated = b.delta(&world, 1);
    let request = Message::Push { runs: run_of(&world, &backdated), rows: vec![] };
    let refusal = Message::Refused(Refusal::new(RefusalCode::NotADevice));
    assert_eq!(server.ask(b.device, request), std::slice::from_ref(&refusal));
    let pull = Message::PullMany(vec![(LOG, Position::ZERO)]);
    assert_eq!(server.ask(b.device, pull), [refusal]);
}

#[test]
fn appends_of_a_device_that_is_about_to_be_cut_wait_two_seconds() {
    let (world, mut server, mut a, mut b) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let answer = server.ask(a.device, Message::DeviceHead(vec![b.device]));
    let [Message::DeviceHeads(heads)] = answer.as_slice() else { panic!("{answer:?}") };
    assert_eq!(heads[0].proof(&world.state), HeadProof::Proven(b.own));

    let delta = b.delta(&world, 1);
    let request = Message::Push { runs: run_of(&world, &delta), rows: vec![] };
    assert_eq!(server.ask(b.device, request.clone()), []);
    assert_eq!(server.held, Some(server.now.plus_millis(HOLD_MILLIS)));
    server.now = server.now.plus_millis(HOLD_MILLIS);
    assert!(matches!(server.ask(b.device, request).as_slice(), [Message::Pushed(_)]));
    assert_eq!(server.held, None);
}

#[test]
fn a_cut_below_what_was_acknowledged_is_refused() {
    let (mut world, mut server, mut a, mut b) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let short = b.own;
    server.push(b.device, &[b.delta(&world, 1)]);
    let conflict = Refusal { code: RefusalCode::Conflict, head: Some(world.state.head()) };
    let mut liar = World::found();
    std::mem::swap(&mut liar, &mut world);
    let before = (liar.state.clone(), liar.entries.len());
    liar.revoke(Signer::Device(a.device), b.device, short).unwrap();
    let entry = liar.entries.pop().unwrap().0.encode();
    let request = Message::PracticeAppend { entry, rows: vec![] };
    assert_eq!(server.ask(a.device, request), [Message::Refused(conflict)]);
    liar.state = before.0;
    assert_eq!(liar.entries.len(), before.1);
    liar.revoke(Signer::Device(a.device), b.device, b.own).unwrap();
    server.catch_up(a.device, &liar);
}

#[test]
fn a_device_that_pushes_too_much_in_a_minute_is_told_to_wait() {
    let (world, mut server, mut a, _) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let large = |pen: &mut Pen| {
        let header = pen.header(&world, Kind::Delta);
        pen.sign(&world, header, vec![1; 1_000_016])
    };
    // On the first day a practice is filled, as fast as that can be.
    assert!(server.practice.limits(server.now).bulk);
    for _ in 0..22 {
        server.push(a.device, &[large(&mut a)]);
    }
    server.now = server.now.plus_millis(24 * 60 * 60_000);
    assert!(!server.practice.limits(server.now).bulk);
    let mut refused = 0;
    for _ in 0..22 {
        let envelope = large(&mut a);
        let request = Message::Push { runs: run_of(&world, &envelope), rows: vec![] };
        let wait = Message::Refused(Refusal::new(RefusalCode::TooOften));
        if server.ask(a.device, request.clone()) == [wait] {
            refused += 1;
            server.now = server.now.plus_millis(60_000);
            assert!(matches!(server.ask(a.device, request)[..], [Message::Pushed(_)]));
        }
    }
    assert_eq!(refused, 1);
}

#[test]
fn the_second_of_two_entries_is_told_the_head() {
    let (mut world, mut server, a, b) = begin();
    let action = crate::membership::Action::SetMinimumWriter(1);
    let rival = world.propose(Signer::Device(b.device), action.clone()).unwrap();
    world.by_first(action).unwrap();
    server.catch_up(a.device, &world);
    let request = Message::PracticeAppend { entry: rival.encode(), rows: vec![] };
    let conflict = Refusal { code: RefusalCode::Conflict, head: Some(world.state.head()) };
    assert_eq!(server.ask(b.device, request), [Message::Refused(conflict)]);
    // Everybody else was told of the first.
    assert_eq!(server.live.last().unwrap().to, [b.device].into());
}

#[test]
fn a_row_is_written_once() {
    let (world, mut server, mut a, _) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let mut name = [0; 41];
    name[0] = 3;
    name[21..37].copy_from_slice(LOG.as_bytes());
    let row = |byte| Row { key: RowKey(name), bytes: vec![byte; 76] };
    assert_eq!(server.ask(a.device, Message::RowsPut(vec![row(1)])), [Message::Taken]);
    assert_eq!(server.ask(a.device, Message::RowsPut(vec![row(1)])), [Message::Taken]);
    let exists = Message::Refused(Refusal::new(RefusalCode::RowExists));
    assert_eq!(server.ask(a.device, Message::RowsPut(vec![row(2)])), [exists]);
    let read = server.ask(a.device, Message::RowsGet(vec![RowKey(name), RowKey([9; 41])]));
    assert_eq!(read, [Message::Rows(vec![Some(vec![1; 76]), None])]);
}

#[test]
fn a_row_comes_with_the_entry_that_announces_it_or_not_at_all() {
    let (world, mut server, mut a, mut b) = begin();
    let of = |generation: u8, byte| {
        let mut name = [0; 41];
        name[0] = 3;
        name[1..17].copy_from_slice(caseload(&world)[0].as_bytes());
        name[20] = 1;
        name[21..37].copy_from_slice(LOG.as_bytes());
        name[40] = generation;
        Row { key: RowKey(name), bytes: vec![byte; 76] }
    };
    let held = |server: &mut TestServer, row: &Row| {
        let answers = server.ask(world.first, Message::RowsGet(vec![row.key]));
        let [Message::Rows(rows)] = answers.as_slice() else { panic!("{answers:?}") };
        rows[0].clone()
    };
    let next = ControlBody::Slot(slot(&world, &caseload(&world), 2));
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    // Junk that somebody with a device has put under the name that comes next.
    server.ask(b.device, Message::RowsPut(vec![of(2, 9)]));

    let first = a.control(&world, &next);
    let again = std::slice::from_ref(&first);
    let outcomes = server.push_with_rows(a.device, again, vec![of(2, 1), of(3, 1)]);
    placed(&outcomes[0]);
    assert_eq!(held(&mut server, &of(2, 1)), Some(vec![1; 76]));
    // Its author changes it no more.
    placed(&server.push_with_rows(a.device, again, vec![of(2, 7)])[0]);
    assert_eq!(held(&mut server, &of(2, 1)), Some(vec![1; 76]));
    assert_eq!(held(&mut server, &of(3, 1)), None);

    let second = b.control(&world, &next);
    let outcomes = server.push_with_rows(b.device, &[second], vec![of(2, 2)]);
    assert_eq!(refused(&outcomes), RefusalCode::Conflict);
    assert_eq!(held(&mut server, &of(2, 1)), Some(vec![1; 76]));
}

/// The safe of a member holds all that a new device begins with.
#[test]
fn nothing_that_is_pushed_changes_a_row_of_the_safe() {
    let (world, mut server, mut a, mut b) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let mut name = [0; 41];
    name[0] = 1;
    name[1..17].copy_from_slice(world.founder.as_bytes());
    let row = |byte| Row { key: RowKey(name), bytes: vec![byte; 76] };
    assert_eq!(server.ask(a.device, Message::RowsPut(vec![row(1)])), [Message::Taken]);
    let push = Message::Push { runs: run_of(&world, &b.delta(&world, 1)), rows: vec![row(2)] };
    let exists = Message::Refused(Refusal::new(RefusalCode::RowExists));
    assert_eq!(server.ask(b.device, push), [exists]);
    let read = server.ask(a.device, Message::RowsGet(vec![RowKey(name)]));
    assert_eq!(read, [Message::Rows(vec![Some(vec![1; 76])])]);
}

#[test]
fn a_closed_draft_takes_no_more_and_its_key_goes_when_all_have_acknowledged() {
    let (world, mut server, mut a, mut b) = begin();
    let object = ObjectId::from_bytes([8; 16]);
    let draft = ControlBody::Draft { object, commitment: crate::suite::Hash::ZERO };
    let mut name = [0; 41];
    name[0] = 4;
    name[1..17].copy_from_slice(LOG.as_bytes());
    name[20] = 1;
    name[21..37].copy_from_slice(object.as_bytes());
    let row = Row { key: RowKey(name), bytes: vec![1; 76] };
    let opening = [a.genesis(&world, &caseload(&world)), a.control(&world, &draft)];
    server.push_with_rows(a.device, &opening, vec![row.clone()]);
    let close = a.control(
        &world,
        &ControlBody::Close { object, dev_inc: a.own.dev_inc, dev_seq: DevSeq::new(2) },
    );
    let outcomes = server.push(a.device, std::slice::from_ref(&close));
    let at = receipt_of(&outcomes[0], &close).body.placement.unwrap();

    let mut header = b.header(&world, Kind::Delta);
    header.object = object;
    let late = b.sign(&world, header, vec![1; 208]);
    assert_eq!(refused(&server.push(b.device, &[late])), RefusalCode::Closed);

    let known = Message::RowsGet(vec![row.key]);
    assert_eq!(server.ask(a.device, known.clone()), [Message::Rows(vec![Some(vec![1; 76])])]);
    let entry = EntryRef { position: at.head.position, hash: close.hash() };
    let acknowledge = b.control(&world, &ControlBody::Acknowledge(entry));
    placed(&server.push(b.device, &[acknowledge])[0]);
    assert_eq!(server.ask(a.device, known), [Message::Rows(vec![None])]);
    let erased = Message::Refused(Refusal::new(RefusalCode::RowErased));
    assert_eq!(server.ask(a.device, Message::RowsPut(vec![row])), [erased]);
}

#[test]
fn nobody_orders_the_end_of_a_draft_before_its_time() {
    let (world, mut server, mut a, mut b) = begin();
    let object = ObjectId::from_bytes([8; 16]);
    let draft = ControlBody::Draft { object, commitment: crate::suite::Hash::ZERO };
    let mut name = [0; 41];
    name[0] = 4;
    name[1..17].copy_from_slice(LOG.as_bytes());
    name[20] = 1;
    name[21..37].copy_from_slice(object.as_bytes());
    let row = Row { key: RowKey(name), bytes: vec![1; 76] };
    // Both have written, so both are waited for.
    let opening = [a.genesis(&world, &caseload(&world)), a.control(&world, &draft)];
    server.push_with_rows(a.device, &opening, vec![row.clone()]);
    let delta = b.delta(&world, 1);
    server.push(b.device, &[delta]);
    let dev_inc = a.own.dev_inc;
    let close = a.control(&world, &ControlBody::Close { object, dev_inc, dev_seq: DevSeq::new(2) });
    placed(&server.push(a.device, std::slice::from_ref(&close))[0]);
    let position = server.practice.log_head(LOG).unwrap().position;
    let entry = EntryRef { position, hash: close.hash() };

    server.now = server.now.plus_millis(crate::sync::END_AFTER - 1_000);
    let early = a.control(&world, &ControlBody::Acknowledge(entry));
    assert_eq!(refused(&server.push(a.device, &[early])), RefusalCode::NotPermitted);
    let known = Message::RowsGet(vec![row.key]);
    assert_eq!(server.ask(a.device, known.clone()), [Message::Rows(vec![Some(vec![1; 76])])]);

    server.now = server.now.plus_millis(1_000);
    let order = a.control(&world, &ControlBody::Acknowledge(entry));
    placed(&server.push(a.device, &[order])[0]);
    assert_eq!(server.ask(a.device, known), [Message::Rows(vec![None])]);
    // After a restart it is known as well, also if the deletion itself was lost.
    let again = Message::RowsPut(vec![row]);
    let erased = Message::Refused(Refusal::new(RefusalCode::RowErased));
    assert_eq!(server.ask(a.device, again), [erased]);
}

#[test]
fn an_erasure_waits_thirty_days_and_then_only_stubs_are_served() {
    let (world, mut server, mut a, b) = begin();
    let ask = ControlBody::EraseRequest(Target::Compartment(1));
    let envelopes =
        [a.genesis(&world, &caseload(&world)), a.delta(&world, 1), a.control(&world, &ask)];
    let outcomes = server.push(a.device, &envelopes);
    let at = receipt_of(&outcomes[2], &envelopes[2]).body.placement.unwrap().head;
    let request = EntryRef { position: at.position, hash: envelopes[2].hash() };
    let order = ControlBody::Erase { request, since: None };
    let early = a.control(&world, &order);
    assert_eq!(refused(&server.push(a.device, &[early])), RefusalCode::NotPermitted);
    server.now = server.now.plus_millis(30 * DAY);
    let due = a.control(&world, &order);
    placed(&server.push(a.device, &[due])[0]);

    let answer = server.ask(b.device, Message::PullMany(vec![(LOG, Position::ZERO)]));
    let [Message::Entries(entries)] = answer.as_slice() else { panic!("{answer:?}") };
    let carried: Vec<_> =
        entries.runs[0].restore(world.state.practice()).map(|restored| restored.unwrap()).collect();
    assert!(matches!(carried[1], crate::envelope::Carried::Stub(_)));
    assert_eq!(carried[1].hash(), envelopes[1].hash());
    // Whoever was away still seals under the key that is dead now.
    let late = a.delta(&world, 2);
    assert_eq!(refused(&server.push(a.device, &[late])), RefusalCode::Closed);
    let again = a.control(&world, &ControlBody::Slot(slot(&world, &caseload(&world), 2)));
    assert_eq!(refused(&server.push(a.device, &[again])), RefusalCode::Closed);
}

#[test]
fn an_order_to_erase_that_somebody_brings_waits_like_any_other() {
    let (world, mut server, mut a, _) = begin();
    let ask = ControlBody::EraseRequest(Target::Compartment(1));
    let envelopes =
        [a.genesis(&world, &caseload(&world)), a.delta(&world, 1), a.control(&world, &ask)];
    let outcomes = server.push(a.device, &envelopes);
    let at = receipt_of(&outcomes[2], &envelopes[2]).body.placement.unwrap().head;
    let request = EntryRef { position: at.position, hash: envelopes[2].hash() };
    let order = a.control(&world, &ControlBody::Erase { request, since: None });
    let brought = crate::envelope::Carried::Whole(order);
    let runs = crate::sync::run::runs_of(world.state.practice(), &[brought]);
    let bring = Message::Bring { runs, rows: vec![] };
    assert_eq!(server.ask(a.device, bring.clone()), [Message::Taken]);
    assert_eq!(server.practice.log_head(LOG).unwrap().position, at.position, "not taken");
    server.now = server.now.plus_millis(30 * DAY);
    assert_eq!(server.ask(a.device, bring), [Message::Taken]);
    assert_eq!(server.practice.log_head(LOG).unwrap().position, at.position.next());
}

#[test]
fn a_list_that_takes_rights_away_comes_at_the_head_and_with_a_new_slot() {
    let (world, mut server, mut a, _) = begin();
    let office = world.rings[&SoloRing::Office];
    let both = [caseload(&world)[0], office];
    let first = a.genesis(&world, &both);
    let outcomes = server.push(a.device, std::slice::from_ref(&first));
    let head = receipt_of(&outcomes[0], &first).body.placement.unwrap().head;
    let narrower = |slot| ControlBody::Access { rules: rules(&caseload(&world)), slot };
    let blind = a.control(&world, &narrower(Some(slot(&world, &caseload(&world), 2))));
    assert_eq!(refused(&server.push(a.device, &[blind])), RefusalCode::Conflict);
    a.seen = head;
    let bare = a.control(&world, &narrower(None));
    assert_eq!(refused(&server.push(a.device, &[bare])), RefusalCode::Malformed);
    let sound = a.control(&world, &narrower(Some(slot(&world, &caseload(&world), 2))));
    placed(&server.push(a.device, &[sound])[0]);
}

#[test]
fn a_compartment_begins_once_and_nowhere_else() {
    let (world, mut server, mut a, mut b) = begin();
    let lost = b.delta(&world, 1);
    assert_eq!(refused(&server.push(b.device, &[lost])), RefusalCode::UnknownLog);
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    // Its number is used up, so that what follows it is not held up.
    let again = b.control(&world, &genesis(&world, &caseload(&world)));
    assert_eq!(refused(&server.push(b.device, &[again])), RefusalCode::Conflict);
}

#[test]
fn who_is_in_no_ring_of_a_log_neither_reads_nor_hears_of_it() {
    let (world, mut server, mut a, _) = begin();
    let mut stranger =
        vec![AccessRule { ring: crate::id::RingId::from_bytes([7; 16]), rights: Rights::ALL }];
    stranger.extend(rules(&caseload(&world)));
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let unknown = Message::PullMany(vec![(CompartmentId::from_bytes([6; 16]), Position::ZERO)]);
    let refusal = Message::Refused(Refusal::new(RefusalCode::UnknownLog));
    assert_eq!(server.ask(a.device, unknown), [refusal]);
}

#[test]
fn changes_are_told_since_a_count() {
    let (world, mut server, mut a, b) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world)), a.delta(&world, 1)]);
    let g = server.practice.g();
    let head = server.practice.log_head(LOG).unwrap();
    let all = Message::Changed { g, logs: vec![(LOG, head)], more: false };
    let since_start = Message::Changes { since: Global::ZERO };
    assert_eq!(server.ask(b.device, since_start), [all]);
    let none = Message::Changed { g, logs: vec![], more: false };
    assert_eq!(server.ask(b.device, Message::Changes { since: g }), [none]);
}

#[test]
fn an_own_chain_is_proven_by_its_hashes() {
    let (world, mut server, mut a, b) = begin();
    let start = a.own;
    let envelopes = [a.genesis(&world, &caseload(&world)), a.delta(&world, 1), a.delta(&world, 2)];
    server.push(a.device, &envelopes);
    let request = Message::OwnChain { device: a.device, after: start, to: DevSeq::new(3) };
    let answer = server.ask(b.device, request);
    let [Message::OwnHashes(hashes)] = answer.as_slice() else { panic!("{answer:?}") };
    assert!(proves(start, hashes, a.own));
}

#[test]
fn a_restart_forgets_nothing() {
    let (mut world, mut server, mut a, mut b) = begin();
    let ring = caseload(&world);
    server.push(a.device, &[a.genesis(&world, &ring), a.delta(&world, 1)]);
    server.push(b.device, &[b.delta(&world, 2)]);
    world.revoke(Signer::Device(a.device), b.device, b.own).unwrap();
    server.catch_up(a.device, &world);
    server.push(a.device, &[a.delta(&world, 3)]);
    let restarted = server.restarted(&world);
    assert_eq!(restarted.record, server.practice.record);
}

#[test]
fn a_journal_with_a_frame_missing_or_changed_places_is_not_believed() {
    let (world, mut server, mut a, _) = begin();
    server.push(
        a.device,
        &[a.genesis(&world, &caseload(&world)), a.delta(&world, 1), a.delta(&world, 2)],
    );
    let frames = &server.shelf.frames;
    for missing in 0..frames.len() - 1 {
        let rest = frames.iter().enumerate().filter(|(index, _)| *index != missing);
        let key = SigningKey::from_seed(*world.server.seed());
        assert!(ServerPractice::rebuild(rest.map(|(_, frame)| frame), key).is_err());
    }
}

#[test]
fn only_the_key_of_the_device_opens_the_link() {
    let (world, server, a, b) = begin();
    let tls = |device| world.state.devices()[&device].tls;
    let hello = |device, tls: &VerifyingKey, versions| {
        server.practice.hello(world.state.practice(), device, versions, tls, world.now)
    };
    let welcome = hello(a.device, &tls(a.device), (1, 1)).unwrap();
    let Message::Welcome { own, practice_head, .. } = welcome else { panic!() };
    assert_eq!((own, practice_head), (a.own, world.state.head()));
    let code = |answer: Result<Message, Refusal>| answer.unwrap_err().code;
    assert_eq!(code(hello(a.device, &tls(b.device), (1, 1))), RefusalCode::NotADevice);
    assert_eq!(code(hello(a.device, &tls(a.device), (2, 3))), RefusalCode::Version);
    assert_eq!(server.practice.device_with(&tls(b.device)), Some(b.device));
}

#[test]
fn presence_and_seen_reach_the_others_and_are_never_stored() {
    let (world, mut server, mut a, b) = begin();
    server.push(a.device, &[a.genesis(&world, &caseload(&world))]);
    let frames = server.shelf.frames.len();
    let mut header = a.header(&world, Kind::Ephemeral);
    header.dev_seq = DevSeq::ZERO;
    header.prev_own = crate::suite::Hash::ZERO;
    let mut pen = a.clone();
    let presence = pen.sign(&world, header, vec![1; 80]).encode();
    assert_eq!(server.ask(a.device, Message::Ephemeral(presence.clone())), [Message::Taken]);
    let relayed = Live { to: [b.device].into(), message: Message::Ephemeral(presence) };
    assert_eq!(server.live.last(), Some(&relayed));

    let head = server.practice.log_head(LOG).unwrap();
    let seen = Seen::sign(b.device, LOG, head, world.now, &world.keys[&b.device]);
    assert_eq!(server.ask(b.device, Message::Seen(seen)), [Message::Taken]);
    assert_eq!(server.live.last().unwrap().to, [a.device].into());
    let forged = Message::Refused(Refusal::new(RefusalCode::NotPermitted));
    assert_eq!(server.ask(a.device, Message::Seen(seen)), [forged]);
    assert_eq!(server.shelf.frames.len(), frames);
}

#[test]
fn the_newest_checkpoint_of_each_device_is_kept_and_told() {
    let (world, mut server, a, b) = begin();
    let ring = world.rings[&SoloRing::Everyone];
    let checkpoint = |byte, object| {
        let mut pen = a.clone();
        let mut header = pen.header(&world, Kind::Checkpoint);
        header.object = object;
        header.compartment = CompartmentId::from_bytes(*ring.as_bytes());
        header.dev_seq = DevSeq::ZERO;
        header.prev_own = crate::suite::Hash::ZERO;
        pen.sign(&world, header, vec![byte; 208])
    };
    for (byte, object) in [(1, FULL), (2, CHANGED), (3, CHANGED)] {
        let put = Message::ObjectPut(checkpoint(byte, object).encode());
        assert_eq!(server.ask(a.device, put), [Message::Taken]);
    }
    // One of each, not as many as a device likes.
    let put = Message::ObjectPut(checkpoint(4, ObjectId::from_bytes([9; 16])).encode());
    let refused = Message::Refused(Refusal::new(RefusalCode::Malformed));
    assert_eq!(server.ask(a.device, put), [refused]);
    assert_eq!(server.live.last().unwrap().to, [b.device].into());
    let key = CompartmentId::from_bytes(*ring.as_bytes());
    let read = server.ask(b.device, Message::ObjectsGet(vec![key]));
    let newest = [checkpoint(3, CHANGED), checkpoint(1, FULL)].map(|one| one.encode());
    assert_eq!(read, [Message::Objects(newest.to_vec())]);
    let kept = |object| {
        let (compartment, kind) = (key, Kind::Checkpoint);
        ObjectKey { compartment, kind, object, device: a.device }
    };
    let keys: Vec<_> = server.practice.record.objects.keys().copied().collect();
    assert_eq!(keys, [kept(CHANGED), kept(FULL)]);
}

#[test]
fn a_rotation_needs_its_whole_safe() {
    let (mut world, mut server, a, b) = begin();
    world.revoke(Signer::Device(a.device), b.device, OwnHead::start(a.own.dev_inc)).unwrap();
    let (entry, _) = world.entries.last().unwrap();
    let mut bytes = entry.clone();
    if let crate::membership::Action::RevokeDevice { member_key: Some(key), .. } = &mut bytes.action
    {
        key.safe = crate::suite::Hash::from_bytes([1; 32]);
    }
    let signer = Signer::Device(a.device);
    let before = server.practice.state().unwrap().clone();
    let entry = before.propose(bytes.action, signer, world.now, &world.keys[&a.device]).unwrap();
    let request = Message::PracticeAppend { entry: entry.encode(), rows: vec![] };
    let missing = Message::Refused(Refusal::new(RefusalCode::MissingRows));
    assert_eq!(server.ask(a.device, request), [missing]);
}

#[test]
fn junk_under_the_name_of_a_coming_key_keeps_no_lost_device_in() {
    let (mut world, mut server, a, b) = begin();
    let (member, ring) = (world.founder, caseload(&world)[0]);
    let row = |generation: u8, byte| {
        let mut name = [0; 41];
        name[0] = 1;
        name[1..17].copy_from_slice(member.as_bytes());
        name[20] = generation;
        name[21..37].copy_from_slice(ring.as_bytes());
        name[40] = 1;
        Row { key: RowKey(name), bytes: vec![byte; 76] }
    };
    let not_yet = Message::Refused(Refusal::new(RefusalCode::NotPermitted));
    assert_eq!(server.ask(b.device, Message::RowsPut(vec![row(2, 9)])), [not_yet]);
    // Also where such a row lies there already, the entry's own is the one that is kept.
    let junk = ServerFrame::Row(row(2, 9));
    server.practice.take_frame(&junk).unwrap();

    world.revoke(Signer::Device(a.device), b.device, OwnHead::start(a.own.dev_inc)).unwrap();
    let (entry, _) = world.entries.last().unwrap();
    let mut action = entry.action.clone();
    if let crate::membership::Action::RevokeDevice { member_key: Some(key), .. } = &mut action {
        let bytes = vec![1; 76];
        let rows = BTreeMap::from([(row(2, 1).key, bytes.as_slice())]);
        key.safe = entries::hash_rows(rows.iter());
    }
    let before = server.practice.state().unwrap().clone();
    let signer = Signer::Device(a.device);
    let entry = before.propose(action, signer, world.now, &world.keys[&a.device]).unwrap();
    let request = Message::PracticeAppend { entry: entry.encode(), rows: vec![row(2, 1)] };
    let answers = server.ask(a.device, request);
    assert!(matches!(answers.as_slice(), [Message::PracticeAppended(_)]), "{answers:?}");
    let answers = server.ask(a.device, Message::RowsGet(vec![row(2, 1).key]));
    assert_eq!(answers, [Message::Rows(vec![Some(vec![1; 76])])]);
}

#[test]
fn many_rows_come_in_several_messages_and_in_order() {
    let (_, mut server, a, _) = begin();
    let wraps: Vec<Row> = (0..500_u16)
        .map(|number| {
            let mut bytes = vec![7; 1300];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            Row { key: RowKey::of_wrap(Wrap::hash_of(&bytes)), bytes }
        })
        .collect();
    assert_eq!(server.ask(a.device, Message::RowsPut(wraps.clone())), [Message::Taken]);
    let keys = wraps.iter().map(|row| row.key).collect();
    let answers = server.ask(a.device, Message::RowsGet(keys));
    assert_eq!(answers.len(), 3);
    let read: Vec<_> = answers
        .into_iter()
        .flat_map(|answer| match answer {
            Message::Rows(rows) => rows,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(read, wraps.into_iter().map(|row| Some(row.bytes)).collect::<Vec<_>>());
}
