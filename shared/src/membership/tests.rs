//! The rules of the practice log, as a founder, a colleague and a thief meet them.

use super::fixture::{World, day, head, kem, new_key, wraps};
use super::*;
use crate::envelope::PracticeHead;
use crate::id::{DeviceId, PracticeSeq, RingEpoch, ServerEpoch};
use crate::log::ReceiptBody;
use crate::suite::{Hash, SigningKey, VerifyingKey};
use proptest::prelude::*;

#[test]
fn a_practice_begins_with_its_founder_and_eight_rings() {
    let world = World::found();
    assert_eq!(world.state.rings_of(world.founder).count(), 8);
    assert_eq!(world.state.practice(), world.entries[0].0.founded_practice());
    for ring in world.rings.values() {
        assert_eq!(world.state.current_epoch(*ring), Some(RingEpoch::new(1)));
        assert!(!world.state.stale(*ring));
    }
}

#[test]
fn everybody_who_replays_comes_to_the_same_state() {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    world.revoke(Signer::Device(second), world.first, head(1, 4)).unwrap();
    let replayed =
        State::replay(world.entries.iter().map(|(entry, received)| (entry, *received))).unwrap();
    assert_eq!(replayed, Replayed { state: world.state, stopped: None });
}

#[test]
fn no_altered_byte_of_an_entry_is_taken() {
    let mut world = World::found();
    let before = world.state.clone();
    world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let bytes = world.entries[1].0.encode();
    for index in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        let taken =
            Entry::decode(&altered).is_ok_and(|entry| before.apply(&entry, world.now).is_ok());
        assert!(!taken, "byte {index}");
    }
}

#[test]
fn of_two_entries_on_one_head_only_the_first_is_taken() {
    let mut world = World::found();
    let rival = world.propose(Signer::Device(world.first), Action::SetMinimumWriter(1)).unwrap();
    world.add_device(Signer::Device(world.first), world.founder).unwrap();
    assert_eq!(world.state.apply(&rival, world.now), Err(Invalid::NotNext));
}

#[test]
fn an_entry_that_lies_about_its_outcome_is_not_taken() {
    let world = World::found();
    let signer = Signer::Device(world.first);
    let mut entry = world.propose(signer, Action::SetMinimumWriter(1)).unwrap();
    entry.state = Hash::ZERO;
    let entry = entry.signed(&world.keys[&world.first]);
    assert_eq!(world.state.apply(&entry, world.now), Err(Invalid::OtherState));
}

#[test]
fn an_action_of_a_newer_version_stops_replay_before_it() {
    let world = World::found();
    let signer = Signer::Device(world.first);
    let mut entry = world.propose(signer, Action::SetMinimumWriter(1)).unwrap();
    entry.action = Action::Newer { number: 77, body: vec![1, 2] };
    let entry = entry.signed(&world.keys[&world.first]);
    assert_eq!(Entry::decode(&entry.encode()), Ok(entry.clone()));
    let (genesis, _) = &world.entries[0];
    let replayed = State::replay([(genesis, day(0)), (&entry, day(1))]).unwrap();
    assert_eq!(replayed.stopped, Some((PracticeSeq::new(1), Invalid::UpdateNeeded)));
    assert_eq!(replayed.state, world.state);
}

#[test]
fn a_raised_floor_forbids_old_programs_to_write() {
    let mut world = World::found();
    assert!(world.state.may_write());
    world.by_first(Action::SetMinimumWriter(WRITER_VERSION + 1)).unwrap();
    assert!(!world.state.may_write());
    let lower = Action::SetMinimumWriter(1);
    assert_eq!(world.by_first(lower), Err(Invalid::WrongCounter));
}

#[test]
fn a_device_is_added_only_by_its_own_member_and_with_proof() {
    let mut world = World::found();
    let (colleague, theirs) = world.add_member(Roles::CLINICIAN).unwrap();
    let by_owner = world.add_device(Signer::Device(world.first), colleague);
    assert_eq!(by_owner, Err(Invalid::NotAllowed));
    assert!(world.add_device(Signer::Device(theirs), colleague).is_ok());
    assert!(world.add_device(Signer::Recovery(colleague), colleague).is_ok());

    let mut stolen = world.device_keys(world.founder);
    stolen.tls = VerifyingKey::from_bytes([1; 32]);
    let wraps = wraps([Recipient::Device(stolen.device)]);
    let action = Action::AddDevice {
        member: world.founder,
        device: stolen,
        device_info: vec![],
        wraps,
        member_key: None,
    };
    assert_eq!(world.by_first(action), Err(Invalid::Unproven));
}

#[test]
fn a_revocation_by_an_own_device_carries_the_next_key() {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let mut action = Action::RevokeDevice {
        member: world.founder,
        cuts: vec![Cut { device: second, head: head(1, 3) }],
        kept: vec![],
        suspect_since: None,
        member_key: None,
    };
    assert_eq!(world.by_first(action.clone()), Err(Invalid::NeedsNewKey));
    let next = world.next_key(world.founder, &[]);
    if let Action::RevokeDevice { member_key, .. } = &mut action {
        *member_key = Some(next);
    }
    // The next key would still go to the revoked device.
    assert_eq!(world.by_first(action), Err(Invalid::WrongRecipients));
    assert_eq!(world.revoke(Signer::Device(world.first), second, head(1, 3)), Ok(()));
    let key = &world.state.members()[&world.founder].key;
    assert_eq!((key.generation.get(), key.retired), (2, false));
}

#[test]
fn a_revocation_makes_every_ring_stale_until_it_is_re_keyed() {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    world.revoke(Signer::Device(world.first), second, head(1, 3)).unwrap();
    for ring in world.rings.values().copied().collect::<Vec<_>>() {
        assert!(world.state.stale(ring));
        world.rekey(Signer::Device(world.first), ring).unwrap();
        assert!(!world.state.stale(ring));
        assert_eq!(world.state.current_epoch(ring), Some(RingEpoch::new(2)));
    }
}

#[test]
fn nothing_is_wrapped_to_a_retired_member_key() {
    let mut world = World::found();
    let (colleague, theirs) = world.add_member(Roles::CLINICIAN).unwrap();
    let spare = world.add_device(Signer::Device(theirs), colleague).unwrap();
    let ring = world.rings[&SoloRing::Everyone];
    world.ring_add(ring, colleague).unwrap();
    let old = world.state.recipients_of(colleague);
    world.revoke(Signer::Device(world.first), spare, head(1, 0)).unwrap();

    assert_eq!(world.state.recipients_of(colleague), vec![Recipient::Device(theirs)]);
    let founder = world.state.recipients_of(world.founder);
    let action = Action::Rekey {
        ring,
        epoch: RingEpoch::new(2),
        commitment: Hash::ZERO,
        wraps: wraps(founder.into_iter().chain(old)),
    };
    assert_eq!(world.by_first(action), Err(Invalid::WrongRecipients));
    world.rekey(Signer::Device(world.first), ring).unwrap();
    // And the next device brings the next key.
    let bare = world.add_device(Signer::Device(theirs), colleague);
    assert_eq!(bare, Err(Invalid::NeedsNewKey));
}

#[test]
fn what_a_stolen_device_added_goes_with_it_unless_it_is_kept() {
    let mut world = World::found();
    let stolen = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let thiefs = world.add_device(Signer::Device(stolen), world.founder).unwrap();
    let mut action = Action::RevokeDevice {
        member: world.founder,
        cuts: vec![Cut { device: stolen, head: head(1, 3) }],
        kept: vec![],
        suspect_since: None,
        member_key: Some(world.next_key(world.founder, &[stolen])),
    };
    assert_eq!(world.by_first(action.clone()), Err(Invalid::BadCuts));
    let next = world.next_key(world.founder, &[stolen, thiefs]);
    if let Action::RevokeDevice { cuts, member_key, .. } = &mut action {
        cuts.push(Cut { device: thiefs, head: head(1, 0) });
        cuts.sort();
        *member_key = Some(next);
    }
    assert_eq!(world.by_first(action), Ok(()));
    assert!(world.state.active_device(thiefs).is_none());
}

#[test]
fn the_sheet_wins_against_a_thief_with_an_unlocked_laptop() {
    let mut world = World::found();
    let founder = world.founder;
    let honest = world.add_device(Signer::Device(world.first), founder).unwrap();
    let stolen = Signer::Device(world.first);
    world.now = day(40);
    let thiefs = world.add_device(stolen, founder).unwrap();
    let new_sheet = SigningKey::random(&mut world.random);
    let practice = world.state.practice();
    let recovery = RecoveryKeys::prove(practice, founder, &new_sheet, kem(6), Hash::ZERO);
    world.act(stolen, Action::RequestRecovery { member: founder, recovery }).unwrap();
    world.revoke(stolen, honest, head(1, 0)).unwrap();
    world.now = day(48);
    let request = world.state.members()[&founder].request.as_ref().unwrap().seq;
    let completion = Action::CompleteRecovery { member: founder, request, wraps: vec![] };
    assert_eq!(world.act(Signer::Device(thiefs), completion), Err(Invalid::TooEarly));

    let first = world.first;
    let mut cuts: Vec<Cut> =
        [first, thiefs].map(|device| Cut { device, head: head(1, 0) }).to_vec();
    cuts.sort();
    let action = Action::RevokeDevice {
        member: founder,
        cuts,
        kept: vec![],
        suspect_since: Some(day(40)),
        member_key: None,
    };
    world.act(Signer::Recovery(founder), action).unwrap();

    assert_eq!(world.state.devices_of(founder).count(), 0);
    assert!(world.state.members()[&founder].request.is_none());
    let disputed = world.state.disputed();
    assert_eq!(disputed, [2, 3, 4].map(PracticeSeq::new));
    // A new device comes in by the sheet, with the next member key.
    let device = world.device_keys(founder);
    let id = device.device;
    let key = new_key(3, [Recipient::Device(id), Recipient::Recovery(founder)]);
    let action = Action::AddDevice {
        member: founder,
        device,
        device_info: vec![],
        wraps: vec![],
        member_key: Some(key),
    };
    world.act(Signer::Recovery(founder), action).unwrap();
    let ring = world.rings[&SoloRing::Psychotherapy];
    world.rekey(Signer::Device(id), ring).unwrap();
}

#[test]
fn a_sheet_is_replaced_without_the_old_one_only_slowly_and_by_two_old_devices() {
    let mut world = World::found();
    let founder = world.founder;
    let unrelated = world.add_device(Signer::Recovery(founder), founder).unwrap();
    let child = world.add_device(Signer::Device(world.first), founder).unwrap();
    let new_sheet = SigningKey::random(&mut world.random);
    let practice = world.state.practice();
    let recovery = RecoveryKeys::prove(practice, founder, &new_sheet, kem(6), Hash::ZERO);
    let request = Action::RequestRecovery { member: founder, recovery };
    world.now = day(20);
    assert_eq!(world.by_first(request.clone()), Err(Invalid::TooEarly));
    world.now = day(40);
    world.by_first(request.clone()).unwrap();
    let seq = world.state.head().seq;
    let complete = Action::CompleteRecovery {
        member: founder,
        request: seq,
        wraps: wraps([Recipient::Recovery(founder)]),
    };

    world.now = day(46);
    assert_eq!(world.act(Signer::Device(unrelated), complete.clone()), Err(Invalid::TooEarly));
    world.now = day(47);
    assert_eq!(world.by_first(complete.clone()), Err(Invalid::NotAllowed));
    assert_eq!(world.act(Signer::Device(child), complete.clone()), Err(Invalid::NotAllowed));

    let veto = Action::VetoRecovery { member: founder, request: seq };
    world.act(Signer::Device(child), veto).unwrap();
    assert_eq!(world.act(Signer::Device(unrelated), complete), Err(Invalid::Unknown));
    world.by_first(request).unwrap();
    let complete = Action::CompleteRecovery {
        member: founder,
        request: world.state.head().seq,
        wraps: wraps([Recipient::Recovery(founder)]),
    };
    world.now = day(54);
    world.act(Signer::Device(unrelated), complete).unwrap();
    let held = world.state.members()[&founder].recovery.sig;
    assert_eq!(held, new_sheet.verifying());
}

#[test]
fn only_the_old_sheet_replaces_a_sheet_at_once() {
    let mut world = World::found();
    let founder = world.founder;
    let new_sheet = SigningKey::random(&mut world.random);
    let practice = world.state.practice();
    let recovery = RecoveryKeys::prove(practice, founder, &new_sheet, kem(6), Hash::ZERO);
    let action = Action::ReplaceRecovery {
        member: founder,
        recovery,
        wraps: wraps([Recipient::Recovery(founder)]),
        member_key: None,
    };
    assert_eq!(world.by_first(action.clone()), Err(Invalid::NotAllowed));
    assert_eq!(world.act(Signer::Recovery(founder), action.clone()), Ok(()));
    // The replaced sheet is nobody.
    assert_eq!(world.act(Signer::Recovery(founder), action), Err(Invalid::BadSignature));
}

#[test]
fn a_sheet_that_somebody_saw_takes_the_keys_of_all_rings_with_it() {
    let mut world = World::found();
    let founder = world.founder;
    let new_sheet = SigningKey::random(&mut world.random);
    let practice = world.state.practice();
    let recovery = RecoveryKeys::prove(practice, founder, &new_sheet, kem(6), Hash::ZERO);
    let member_key = Some(world.next_key(founder, &[]));
    let action = Action::ReplaceRecovery { member: founder, recovery, wraps: vec![], member_key };
    world.act(Signer::Recovery(founder), action).unwrap();

    // What is still to be done can be read from the log, whatever stopped whoever began it.
    let rings: Vec<_> = world.state.rings_of(founder).collect();
    assert!(rings.iter().all(|ring| world.state.stale(*ring)));
    for ring in rings {
        world.rekey(Signer::Device(world.first), ring).unwrap();
        assert!(!world.state.stale(ring));
    }
}

#[test]
fn owners_alone_decide_about_people() {
    let mut world = World::found();
    let (colleague, theirs) = world.add_member(Roles::CLINICIAN).unwrap();
    let promote = Action::SetRoles { member: colleague, roles: Roles::OWNER };
    assert_eq!(world.act(Signer::Device(theirs), promote), Err(Invalid::NotAllowed));
    let abdicate = Action::SetRoles { member: world.founder, roles: Roles::CLINICIAN };
    assert_eq!(world.by_first(abdicate), Err(Invalid::LeavesNobody));
    let remove = Action::RemoveMember { member: colleague, cuts: vec![] };
    assert_eq!(world.by_first(remove), Err(Invalid::BadCuts));
    let cuts = vec![Cut { device: theirs, head: head(1, 2) }];
    world.by_first(Action::RemoveMember { member: colleague, cuts }).unwrap();
    assert!(world.state.active_device(theirs).is_none());
}

#[test]
fn not_even_an_owner_gets_into_a_ring_of_one_member() {
    let mut world = World::found();
    let (colleague, theirs) = world.add_member(Roles::CLINICIAN.and(Roles::OWNER)).unwrap();
    let ring = world.rings[&SoloRing::Psychotherapy];
    assert_eq!(world.ring_add(ring, colleague), Err(Invalid::NotAllowed));
    let rekey = world.rekey(Signer::Device(theirs), ring);
    assert_eq!(rekey, Err(Invalid::NotAllowed));
    // In any other ring an owner acts as manager, visibly.
    let office = world.rings[&SoloRing::Office];
    assert_eq!(world.rekey(Signer::Device(theirs), office), Ok(()));
}

#[test]
fn history_from_here_on_needs_a_new_key_first() {
    let mut world = World::found();
    let (colleague, _) = world.add_member(Roles::OFFICE).unwrap();
    let ring = world.rings[&SoloRing::Office];
    let add = |world: &World, epoch| Action::RingAdd {
        ring,
        member: RingMember { member: colleague, manager: false },
        history: History::From(RingEpoch::new(epoch)),
        wraps: wraps(world.state.recipients_of(colleague)),
    };
    let now = add(&world, 1);
    assert_eq!(world.by_first(now), Err(Invalid::WrongCounter));
    world.rekey(Signer::Device(world.first), ring).unwrap();
    let later = add(&world, 2);
    assert_eq!(world.by_first(later), Ok(()));
    let rewrap = |epochs: &[u32], world: &World| Action::Rewrap {
        ring,
        epochs: epochs.iter().map(|epoch| RingEpoch::new(*epoch)).collect(),
        wraps: wraps(world.state.recipients_of(colleague)),
    };
    let too_much = rewrap(&[1, 2], &world);
    assert_eq!(world.by_first(too_much), Err(Invalid::WrongRecipients));
    let due = rewrap(&[2], &world);
    assert_eq!(world.by_first(due), Ok(()));
}

#[test]
fn an_envelope_counts_up_to_the_cut_and_not_beyond() {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let before = world.state.head().seq;
    assert_eq!(world.permits(second, head(1, 9), before), Ok(()));
    world.revoke(Signer::Device(world.first), second, head(1, 5)).unwrap();

    assert_eq!(world.permits(second, head(1, 5), before), Ok(()));
    assert_eq!(world.permits(second, head(1, 6), before), Err(NotPermitted::BeyondCut));
    assert_eq!(world.permits(second, head(2, 1), before), Err(NotPermitted::IncarnationUnknown));
    let after = world.state.head().seq;
    assert_eq!(world.permits(second, head(1, 5), after), Err(NotPermitted::Revoked));
    let header = world.header(second, head(1, 4), before);
    let standing = world.state.standing(&header, &world.rules(SoloRing::Caseload));
    assert_eq!(standing, Ok(Standing::WithinCut { since: after, end: head(1, 5) }));
    assert_eq!(world.state.bound(&header), Some(head(1, 5)));
}

#[test]
fn a_head_of_another_branch_is_no_anchor() {
    let world = World::found();
    let mut header = world.header(world.first, head(1, 1), PracticeSeq::ZERO);
    header.practice_head = PracticeHead { seq: PracticeSeq::ZERO, hash: Hash::ZERO };
    let rules = world.rules(SoloRing::Office);
    assert_eq!(world.state.permits(&header, &rules), Err(NotPermitted::WrongHead));
    header.practice_head.seq = PracticeSeq::new(1);
    assert_eq!(world.state.permits(&header, &rules), Err(NotPermitted::UnknownHead));
    let mut stranger = world.header(world.first, head(1, 1), PracticeSeq::ZERO);
    stranger.author = DeviceId::from_bytes([9; 16]);
    assert_eq!(world.state.permits(&stranger, &rules), Err(NotPermitted::NotADevice));
}

#[test]
fn an_incarnation_ends_where_the_next_says() {
    let mut world = World::found();
    world.by_first(Action::Incarnate { end: head(1, 7) }).unwrap();
    let now = world.state.head().seq;
    assert_eq!(world.permits(world.first, head(1, 7), PracticeSeq::ZERO), Ok(()));
    let late = world.permits(world.first, head(1, 8), PracticeSeq::ZERO);
    assert_eq!(late, Err(NotPermitted::IncarnationEnded));
    let early = world.permits(world.first, head(2, 1), PracticeSeq::ZERO);
    assert_eq!(early, Err(NotPermitted::IncarnationUnknown));
    assert_eq!(world.permits(world.first, head(2, 1), now), Ok(()));
    let skip = Action::Incarnate { end: head(1, 7) };
    assert_eq!(world.by_first(skip), Err(Invalid::WrongCounter));
}

#[test]
fn who_leaves_a_ring_and_comes_back_counts_again_from_there() {
    let mut world = World::found();
    let (colleague, theirs) = world.add_member(Roles::CLINICIAN).unwrap();
    let ring = world.rings[&SoloRing::Caseload];
    assert_eq!(
        world.permits(theirs, head(1, 1), world.state.head().seq),
        Err(NotPermitted::NoRight)
    );
    world.ring_add(ring, colleague).unwrap();
    let inside = world.state.head().seq;
    let cuts = vec![Cut { device: theirs, head: head(1, 2) }];
    world.by_first(Action::RingRemove { ring, member: colleague, cuts }).unwrap();
    let outside = world.state.head().seq;
    assert!(world.state.stale(ring));
    assert_eq!(world.permits(theirs, head(1, 2), inside), Ok(()));
    assert_eq!(world.permits(theirs, head(1, 3), inside), Err(NotPermitted::BeyondCut));
    assert_eq!(world.permits(theirs, head(1, 3), outside), Err(NotPermitted::NoRight));
    world.ring_add(ring, colleague).unwrap();
    assert_eq!(world.permits(theirs, head(1, 3), world.state.head().seq), Ok(()));
    assert_eq!(world.permits(theirs, head(1, 3), inside), Err(NotPermitted::BeyondCut));
}

#[test]
fn a_cut_that_was_too_short_is_lengthened_by_a_receipt_only() {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let before = world.state.head();
    world.revoke(Signer::Device(world.first), second, head(1, 2)).unwrap();
    let receipt = |own, key: &SigningKey| {
        ReceiptBody {
            practice: world.state.practice(),
            server_epoch: ServerEpoch::new(1),
            practice_head: before,
            placement: None,
            device: second,
            own,
            time: day(1),
        }
        .sign(key)
    };
    let stranger = SigningKey::from_seed([3; 32]);
    let extend = |own, key: &SigningKey| Action::ExtendCut {
        cut: Cut { device: second, head: head(1, 5) },
        receipts: vec![receipt(own, key)],
    };
    let forged = extend(head(1, 5), &stranger);
    let other = extend(head(1, 4), &world.server);
    let honest = extend(head(1, 5), &world.server);
    assert_eq!(world.by_first(forged), Err(Invalid::NotReceipted));
    assert_eq!(world.by_first(other), Err(Invalid::NotReceipted));
    assert_eq!(world.by_first(honest.clone()), Ok(()));
    assert_eq!(world.permits(second, head(1, 5), before.seq), Ok(()));
    assert_eq!(world.by_first(honest), Err(Invalid::NotLonger));
}

#[test]
fn a_new_server_life_is_named_by_a_device_if_nothing_is_lost_else_by_an_owner() {
    let mut world = World::found();
    let (_, theirs) = world.add_member(Roles::CLINICIAN).unwrap();
    let reseed = |old: u32, missing: Vec<DeviceId>| Action::Reseed {
        old: ServerEpoch::new(old),
        new: ServerEpoch::new(old + 1),
        bases: vec![],
        lost: vec![],
        missing,
    };
    let with_loss = reseed(1, vec![theirs]);
    assert_eq!(world.act(Signer::Device(theirs), with_loss.clone()), Err(Invalid::NotAllowed));
    assert_eq!(world.act(Signer::Device(theirs), reseed(1, vec![])), Ok(()));
    assert_eq!(world.by_first(with_loss), Err(Invalid::WrongCounter));
    assert_eq!(world.by_first(reseed(2, vec![theirs])), Ok(()));
}

#[test]
fn an_owner_ends_a_branch_and_keeps_its_revocations() {
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let abandon = |revoked| Action::Abandon {
        from: PracticeSeq::new(1),
        head: Hash::from_bytes([4; 32]),
        revoked,
        removed: vec![],
    };
    let own = abandon(vec![Cut { device: second, head: head(1, 1) }]);
    assert_eq!(world.act(Signer::Device(second), own.clone()), Err(Invalid::NotAllowed));
    world.by_first(own).unwrap();
    assert!(world.state.active_device(second).is_none());
    assert!(world.state.stale(world.rings[&SoloRing::Everyone]));
}

#[test]
fn custodians_do_not_exist_yet() {
    let mut world = World::found();
    assert_eq!(world.by_first(Action::BreakGlass(vec![1])), Err(Invalid::NotAllowed));
}

#[test]
fn membership_vectors_stand() {
    let world = World::found();
    let genesis = &world.entries[0].0;
    assert_eq!(genesis.encode().len(), 5366);
    assert_eq!(
        genesis.state.to_string(),
        "fe560c737555c238e7d307b500af13b0d978fcb9b4deb9c131b4f39fdfead5c6"
    );
    assert_eq!(
        genesis.hash().to_string(),
        "c51ee0dbbbfd098bff493f5abdbe1a8993b97e5cb39d85c381812fd8732a993e"
    );
    let next = world
        .state
        .propose(
            Action::Incarnate { end: head(1, 3) },
            Signer::Device(world.first),
            day(1),
            &world.keys[&world.first],
        )
        .unwrap();
    let hex: String = next.encode().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "544143500101c51ee0dbbbfd098bff493f5abdbe1a8900000001c51ee0dbbbfd\
             098bff493f5abdbe1a8993b97e5cb39d85c381812fd8732a993e000f0000002c\
             0000000100000000000000030303030303030303030303030303030303030303\
             0303030303030303030303030000000005265c00016d129b6e30be56a3f06d2e\
             2799622e81edec567aabdc6e7fb2df9d49fa1ca501709ed10812d799585de5b5\
             68b15c33f8d04a979c7119e584689e29aeb8fb06cc122374c5b790fd642f1b64\
             8d515561a8149e2f38345743aff4a3ca0094510416b22c7159ad21f4e23ca21c\
             778d5ff80b"
    );
}

proptest! {
    /// Bytes of a stranger never do more than fail, and what reads is written in one way.
    #[test]
    fn strange_actions_are_refused_or_read_back_the_same(
        number in 0_u16..30, bytes in prop::collection::vec(0_u8..4, 0..200)
    ) {
        if let Ok(action) = Action::decode(number, &bytes) {
            prop_assert_eq!(action.encode(), bytes);
            prop_assert_eq!(action.number(), number);
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Move {
    AddDevice(usize),
    AddMember,
    Incarnate(usize),
    Rekey(usize, usize),
    Revoke(usize, usize),
    RevokeBySheet(usize),
    RingAdd(usize, usize),
    SetRoles(usize, u16),
}

fn moves() -> impl Strategy<Value = Move> {
    let n = 0_usize..12;
    prop_oneof![
        n.clone().prop_map(Move::AddDevice),
        Just(Move::AddMember),
        n.clone().prop_map(Move::Incarnate),
        (n.clone(), n.clone()).prop_map(|(by, ring)| Move::Rekey(by, ring)),
        (n.clone(), n.clone()).prop_map(|(by, device)| Move::Revoke(by, device)),
        n.clone().prop_map(Move::RevokeBySheet),
        (n.clone(), n.clone()).prop_map(|(ring, member)| Move::RingAdd(ring, member)),
        (n, 0_u16..64).prop_map(|(member, roles)| Move::SetRoles(member, roles)),
    ]
}

/// Tries one move with whoever is there; the rules may refuse it.
fn try_move(world: &mut World, step: Move) -> Result<(), Invalid> {
    let pick = |from: Vec<DeviceId>, index: usize| from[index % from.len()];
    let devices: Vec<DeviceId> = world.state.devices().keys().copied().collect();
    let members: Vec<_> = world.state.members().keys().copied().collect();
    let rings: Vec<_> = world.state.rings().keys().copied().collect();
    match step {
        Move::AddDevice(by) => {
            let by = pick(devices, by);
            let member = world.state.devices()[&by].member;
            world.add_device(Signer::Device(by), member).map(|_| ())
        }
        Move::AddMember => world.add_member(Roles::CLINICIAN).map(|_| ()),
        Move::Incarnate(by) => {
            let by = pick(devices, by);
            let dev_inc = world.state.devices()[&by].dev_inc();
            world.act(Signer::Device(by), Action::Incarnate { end: head(dev_inc.get(), 1) })
        }
        Move::Rekey(by, ring) => {
            world.rekey(Signer::Device(pick(devices, by)), rings[ring % rings.len()])
        }
        Move::Revoke(by, device) => {
            let (by, device) = (pick(devices.clone(), by), pick(devices, device));
            world.revoke(Signer::Device(by), device, head(1, 1))
        }
        Move::RevokeBySheet(device) => {
            let device = pick(devices, device);
            let member = world.state.devices()[&device].member;
            world.revoke(Signer::Recovery(member), device, head(1, 1))
        }
        Move::RingAdd(ring, member) => {
            let (ring, member) = (rings[ring % rings.len()], members[member % members.len()]);
            world.ring_add(ring, member)
        }
        Move::SetRoles(member, roles) => {
            let member = members[member % members.len()];
            world.by_first(Action::SetRoles { member, roles: Roles::from_bits(roles) })
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever is tried in whatever order: what the rules let pass replays to the same state,
    /// somebody always owns the practice, nobody who is out signs, no member of a ring of one is
    /// joined, and no key is due to anybody who is out.
    #[test]
    fn the_rules_hold_whatever_is_tried(steps in prop::collection::vec(moves(), 0..60)) {
        let mut world = World::found();
        for step in steps {
            let _ = try_move(&mut world, step);
        }
        let state = &world.state;
        let replayed = State::replay(world.entries.iter().map(|(entry, at)| (entry, *at))).unwrap();
        prop_assert_eq!(replayed.stopped, None);
        prop_assert_eq!(&replayed.state, state);
        let owners = state.members().values().filter(|member| {
            member.removed.is_none() && member.roles.include(Roles::OWNER)
        });
        prop_assert!(owners.count() > 0);
        for (entry, _) in &world.entries {
            if let Signer::Device(device) = entry.signer {
                let known = &state.devices()[&device];
                let out = known.revoked.map(|revoked| revoked.seq);
                prop_assert!(out.is_none_or(|seq| entry.seq <= seq));
            }
        }
        for (id, ring) in state.rings() {
            prop_assert!(!ring.sole || ring.members().count() <= 1);
            for recipient in state.recipients(*id) {
                let active = match recipient {
                    Recipient::Device(device) => state.active_device(device).is_some(),
                    Recipient::MemberKey { member, generation } => {
                        let key = &state.members()[&member].key;
                        !key.retired && key.generation == generation
                    }
                    Recipient::Recovery(member) => state.active_member(member).is_some(),
                    Recipient::Custodian(_) => false,
                };
                prop_assert!(active);
            }
        }
    }
}
