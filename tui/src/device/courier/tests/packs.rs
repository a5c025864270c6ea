//! Packs: who comes later has the same log in fewer bytes; a pack that is no good costs nothing but
//! the bytes.

use super::world::Lie;
use super::*;
use crate::device::courier::packing::Plan;
use crate::device::settings::Timing;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use tacenda_shared::envelope::{Carried, Content, Envelope, Kind, seal};
use tacenda_shared::id::{CompartmentId, Position};
use tacenda_shared::keys::safe::envelope_key;
use tacenda_shared::log::LogHead;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::seal::Hedge;
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::pack::{Before, Packable, pack, unpack};
use tacenda_shared::sync::{Message, ObjectKey};

const SESSIONS: usize = 80;

/// A practice with a chart and a calendar that are worth packing, and an open draft.
fn busy() -> (World, ClientId, ObjectId) {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Begun.");
    enter(&mut world, ada, SESSIONS);
    world.heal();
    (world, ada, note)
}

fn enter(world: &mut World, client: ClientId, count: usize) {
    for number in 0..count {
        let parts = vec![(Part::Text, format!("Session {number}: slept badly, walked every day."))];
        let (session, format, late_reason) = (None, NoteFormat::Free, None);
        edit(world, 0, Edit::EnterNote { client, session, format, parts, late_reason });
    }
}

fn packs(world: &World) -> Vec<ObjectKey> {
    world.shelf.objects.keys().filter(|key| key.kind == Kind::Pack).copied().collect()
}

fn chart(world: &mut World, at: usize, client: ClientId) -> CompartmentId {
    world.device(at).cabinet.log_of(&CompartmentName::Chart(client))
}

/// Every entry of every log as a device holds it.
fn holds(world: &mut World, at: usize) -> Vec<(CompartmentId, usize, Hash)> {
    let cabinet = &world.device(at).cabinet;
    let ledger = cabinet.store().locations().ledger();
    let logs = ledger.logs().flat_map(|(log, entries)| {
        entries.iter().enumerate().map(move |(at, entry)| (log, at, *entry))
    });
    logs.map(|(log, at, entry)| (log, at, cabinet.carried(&entry).unwrap().hash())).collect()
}

/// How many entries came alone, and how many packs, since this was set to nothing.
static ALONE: AtomicUsize = AtomicUsize::new(0);
static PACKS: AtomicUsize = AtomicUsize::new(0);

fn count(message: &mut Message, _: &SigningKey) {
    match message {
        Message::Entries(entries) => {
            let alone = entries.runs.iter().map(|run| run.envelopes.len()).sum();
            ALONE.fetch_add(alone, Ordering::Relaxed);
        }
        Message::Packed { .. } => {
            PACKS.fetch_add(1, Ordering::Relaxed);
        }
        _ => {}
    }
}

#[test]
fn who_comes_later_has_every_entry_byte_for_byte_and_few_of_them_came_alone() {
    let (mut world, ada, note) = busy();
    let chart = chart(&mut world, 0, ada);
    assert!(packs(&world).iter().any(|key| key.compartment == chart));
    world.lie = Some(count);
    let mut world = world.joined_by("tablet");

    assert_equal(&mut world);
    assert_eq!(holds(&mut world, 1), holds(&mut world, 0));
    assert!(PACKS.load(Ordering::Relaxed) > 0);
    let (alone, all) = (ALONE.load(Ordering::Relaxed), holds(&mut world, 0).len());
    assert!(alone * 2 < all, "{alone} of {all}");
    assert!(!world.device(1).has_shelf());
    assert!(world.device(1).is_current());
    assert_eq!(world.notices, [""; 0]);
    assert_eq!(text(&mut world, 1, ada, note), "Begun.");
    // Both go on writing in what came packed.
    let second = begin_note(&mut world, 1, ada);
    write(&mut world, 1, ada, second, "And on.");
    world.heal();
    assert_eq!(text(&mut world, 0, ada, second), "And on.");
}

#[test]
fn a_pack_grows_with_its_log_and_nobody_makes_it_twice() {
    let (mut world, ada, _) = busy();
    let mut world = {
        world.heal();
        world.joined_by("tablet")
    };
    let chart = chart(&mut world, 0, ada);
    let before: BTreeSet<_> = packs(&world).into_iter().collect();
    let put = |world: &World| {
        let is_pack = |envelope: &&Envelope| envelope.header.compartment == chart;
        world
            .shelf
            .objects
            .values()
            .filter(|e| e.header.kind == Kind::Pack)
            .filter(is_pack)
            .map(|envelope| (envelope.header.author, envelope.header.seen_pos))
            .collect::<Vec<_>>()
    };
    let (laptop, first) = (world.device_id(0), put(&world));
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].0, laptop);

    enter(&mut world, ada, SESSIONS);
    world.heal();
    let second = put(&world);
    assert_eq!(second.len(), 1, "the same pack, made anew");
    assert!(second[0].1 > first[0].1 && second[0].0 == laptop);
    assert_eq!(packs(&world).into_iter().collect::<BTreeSet<_>>(), before);
}

/// A bit of what is sealed in a pack is not what it was.
fn flip(message: &mut Message, _: &SigningKey) {
    if let Message::Packed { envelope, .. } = message {
        let middle = envelope.len() / 2;
        envelope[middle] ^= 1;
    }
}

/// A pack says that it leads further than it does, under a signature of nobody.
fn stretch(message: &mut Message, key: &SigningKey) {
    if let Message::Packed { envelope, .. } = message {
        let mut pack = Envelope::decode(envelope).unwrap();
        pack.header.seen_pos = pack.header.seen_pos.next();
        pack.signature = key.sign("tac/env/v1", &[&pack.header.encode()]);
        *envelope = pack.encode();
    }
}

/// It is no pack at all.
fn junk(message: &mut Message, _: &SigningKey) {
    if let Message::Packed { envelope, .. } = message {
        *envelope = vec![7; 300];
    }
}

#[test]
fn a_pack_that_is_no_good_is_a_cache_that_failed() {
    let lies: [Lie; 3] = [flip, stretch, junk];
    for lie in lies {
        let (mut world, ..) = busy();
        world.lie = Some(lie);
        let mut world = world.joined_by("tablet");
        assert_equal(&mut world);
        assert_eq!(holds(&mut world, 1), holds(&mut world, 0));
        assert!(world.device(1).is_current());
        assert_eq!(world.notices, [""; 0]);
    }
}

/// Gives worthless packs, also to who asks for entries.
fn insist(message: &mut Message, key: &SigningKey) {
    flip(message, key);
    if let Message::Entries(entries) = message
        && entries.after >= Position::new(1)
    {
        let (log, after, head) = (entries.log, entries.after, entries.head);
        *message = Message::Packed { log, after, head, envelope: vec![7; 300] };
    }
}

#[test]
fn a_server_that_gives_nothing_but_worthless_packs_is_found_out() {
    let (mut world, ..) = busy();
    world.lie = Some(insist);
    let world = world.joined_by("tablet");
    assert!(world.notices.iter().any(|notice| notice.contains("holds")), "{:?}", world.notices);
}

/// A pack by a device of the practice that opens and reads, and in which one entry is left out. No
/// honest program makes it, and no server can.
fn left_out(world: &World, key: ObjectKey, without: usize, honest_head: bool) -> Envelope {
    let device = world.computers[0].device.as_ref().unwrap();
    let sync = &device.courier.as_ref().unwrap().sync;
    let (log, true_pack) = (key.compartment, &world.shelf.objects[&key]);
    let after = ObjectKey::after_of_pack(key.object).unwrap();
    let to = true_pack.header.seen_pos;
    let replica = sync.replica(log).unwrap();
    let chain_at = |position| replica.chain_at(position);
    let before = Before {
        head: LogHead { position: after, chain: chain_at(after).unwrap() },
        chain_at: &chain_at,
    };
    let positions = after.get() + 1..=to.get();
    let mut entries: Vec<_> = positions
        .map(|at| {
            let carried = world.shelf.envelopes[&(log, Position::new(at))].carried.clone();
            let content = device.cabinet.packable(log, &carried);
            Packable { carried, content }
        })
        .collect();
    // The one after it stands there twice, so that the count is right.
    entries[without] = entries[without + 1].clone();
    let false_head =
        entries.iter().fold(before.head, |head, one| head.after(log, one.carried.hash()));
    let body = pack(log, &before, &entries).unwrap();
    let plan = Plan { after, known: after, to };
    let sealed = device.cabinet.seal_pack(sync, replica, log, plan, body).unwrap();
    let mut envelope = Envelope::decode(&sealed).unwrap();
    if !honest_head {
        // The seal is bound to the head that it names, so it is made anew for the false one.
        envelope.header.seen_chain = false_head.chain;
        let slot = device.cabinet.slot_key(log, envelope.header.slot_generation).unwrap();
        let body = pack(log, &before, &entries).unwrap();
        let content = Content { compression: 0, dictionary: 0, schema: 1, body };
        let mut random = OsRandom;
        let hedge_key = &device.cabinet.keys.hedge;
        let mut hedge = Hedge { key: hedge_key, random: &mut random };
        let (key, sign) = (envelope_key(slot, None), &device.cabinet.keys.sign);
        envelope = seal(envelope.header, &key, &content, sign, &mut hedge).unwrap();
    }
    envelope
}

#[test]
fn a_pack_that_leads_elsewhere_is_not_followed() {
    for honest_head in [true, false] {
        let (mut world, ada, _) = busy();
        let chart = chart(&mut world, 0, ada);
        let of_chart = packs(&world).into_iter().find(|key| key.compartment == chart).unwrap();
        let forged = left_out(&world, of_chart, 20, honest_head);
        world.shelf.objects.insert(of_chart, forged);
        let mut world = world.joined_by("tablet");
        assert_equal(&mut world);
        assert_eq!(holds(&mut world, 1), holds(&mut world, 0), "{honest_head}");
        assert!(world.device(1).is_current());
        assert_eq!(world.notices, [""; 0]);
    }
}

/// Of every pack but the last of a log, a bit is not what it was.
fn flip_the_first(message: &mut Message, key: &SigningKey) {
    if matches!(message, Message::Packed { after, .. } if *after < Position::new(200)) {
        flip(message, key);
    }
}

#[test]
fn whatever_is_opened_when_a_log_in_several_packs_comes_whole() {
    let lies: [Option<Lie>; 2] = [None, Some(flip_the_first)];
    for (lie, eager) in lies.into_iter().flat_map(|lie| [(lie, false), (lie, true)]) {
        let (mut world, ada, _) = busy();
        enter(&mut world, ada, 700);
        world.heal();
        let chart = chart(&mut world, 0, ada);
        let of_chart = packs(&world).into_iter().filter(|key| key.compartment == chart).count();
        assert!(of_chart > 1, "{of_chart}");
        (world.lie, world.eager) = (lie, eager);
        let mut world = world.joined_by("tablet");
        assert_equal(&mut world);
        assert_eq!(holds(&mut world, 1), holds(&mut world, 0), "eager {eager}");
        assert!(world.device(1).is_current());
        assert_eq!(world.notices, [""; 0], "eager {eager}");
    }
}

#[test]
fn quiet_timing_holds_no_pack_back() {
    let mut world = World::with_devices(1);
    world.device(0).set_timing(Timing::Quiet);
    let ada = client(&mut world, 0, "Ada Testerin");
    enter(&mut world, ada, SESSIONS);
    for _ in 0..4 {
        world.heal();
        world.now = world.now.plus_millis(60_000);
    }
    world.heal();
    let chart = chart(&mut world, 0, ada);
    assert!(packs(&world).iter().any(|key| key.compartment == chart));
    assert!(!world.device(0).is_packing());
}

/// Carries until something lies unopened on the last computer.
fn until_shelved(world: &mut World) -> usize {
    let last = world.computers.len() - 1;
    world.links_may_drop = true;
    world.link(last);
    for _ in 0..10_000 {
        if world.device(last).has_shelf() {
            return last;
        }
        world.step(last);
    }
    panic!("nothing was put aside");
}

fn newcomer(world: World) -> World {
    let mut world = world;
    world.add_device("tablet");
    world
}

#[test]
fn what_lies_unopened_survives_a_crash_and_needs_no_server() {
    let (world, ada, _) = busy();
    let mut world = newcomer(world);
    let last = until_shelved(&mut world);
    world.carry_packed(last);
    world.restart(last);
    let now = world.now;
    world.device(last).attach(now).unwrap();
    assert!(world.device(last).has_shelf());
    while world.device(last).has_shelf() {
        world.device(last).open_shelf(now).unwrap();
    }
    let chart = chart(&mut world, last, ada);
    let ledger = world.device(last).cabinet.store().locations().ledger();
    assert!(ledger.entries_after(chart, 0).len() > SESSIONS);
    // Opened once, it lies there no more, also after the next crash.
    world.restart(last);
    world.device(last).attach(now).unwrap();
    assert!(!world.device(last).has_shelf());
    world.heal();
    assert_equal(&mut world);
    assert_eq!(holds(&mut world, last), holds(&mut world, 0));
}

#[test]
fn a_lost_server_is_given_what_lay_unopened_too() {
    let (world, ..) = busy();
    let mut world = newcomer(world);
    let whole = holds(&mut world, 0).len();
    let last = until_shelved(&mut world);
    // Only what has come so far exists anywhere now.
    world.carry_packed(last);
    world.lose_server();
    world.lose(0);
    world.connect(last);
    world.carry();
    let given = world.shelf.envelopes.len();
    assert!(given > SESSIONS && given <= whole, "{given} of {whole}");
    assert!(!world.device(last).has_shelf());
}

#[test]
fn under_a_new_key_another_pack_begins_and_both_are_read() {
    let (world, ada, _) = busy();
    let mut world = world.joined_by("old phone");
    let lost = BTreeSet::from([world.device_id(1)]);
    let now = world.now;
    let plan = world.device(0).plan_revocation(&lost, &BTreeSet::new()).unwrap();
    world.device(0).revoke(plan, now).unwrap();
    world.heal();
    world.forget(1);
    enter(&mut world, ada, SESSIONS);
    world.heal();
    let chart = chart(&mut world, 0, ada);
    let of_chart = world
        .shelf
        .objects
        .iter()
        .filter(|(key, _)| key.kind == Kind::Pack && key.compartment == chart);
    let generations: BTreeSet<_> =
        of_chart.map(|(_, envelope)| envelope.header.slot_generation).collect();
    assert_eq!(generations.len(), 2);
    let mut world = world.joined_by("tablet");
    assert_equal(&mut world);
    assert_eq!(holds(&mut world, 1), holds(&mut world, 0));
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn with_a_record_its_packs_go() {
    let (mut world, ada, _) = busy();
    let chart = chart(&mut world, 0, ada);
    edit(&mut world, 0, Edit::AskErasure(ada.into()));
    world.heal();
    for _ in 0..2 {
        world.cut(0);
        world.now = world.now.plus_millis(31 * 24 * 60 * 60 * 1000);
        world.heal();
    }
    edit(&mut world, 0, Edit::OrderErasure(ada.into()));
    world.heal();
    let practice = world.practice();
    let names = practice.packs(chart).len();
    assert_eq!(names, 0);
    let is_stub = world.shelf.envelopes.values().any(|one| matches!(one.carried, Carried::Stub(_)));
    assert!(!is_stub, "collecting is the disk's");
}

#[test]
fn what_was_typed_in_a_draft_lies_in_no_pack() {
    let (mut world, ada, note) = busy();
    for number in 0..60 {
        write(&mut world, 0, ada, note, &format!("Typed {number}. "));
    }
    world.heal();
    let chart = chart(&mut world, 0, ada);
    let key = world.device(0).cabinet.newest_slot(chart).map(|(_, slot)| envelope_key(slot, None));
    let mut seen = 0;
    for envelope in world
        .shelf
        .objects
        .values()
        .filter(|one| one.header.kind == Kind::Pack && one.header.compartment == chart)
    {
        let content = tacenda_shared::envelope::open(envelope, key.as_ref().unwrap()).unwrap();
        // The streams are folded; the entries are read back and looked through.
        let device = &world.computers[0].device.as_ref().unwrap();
        let sync = &device.courier.as_ref().unwrap().sync;
        let after = ObjectKey::after_of_pack(envelope.header.object).unwrap();
        let chain_at = |position| sync.chain_at(chart, position);
        let head = LogHead { position: after, chain: chain_at(after).unwrap() };
        let before = Before { head, chain_at: &chain_at };
        let nothing = |_| Some(zeroize::Zeroizing::new(vec![0; 32]));
        let entries = unpack(sync.practice(), chart, &before, &content.body, &nothing);
        let drafts = entries
            .unwrap()
            .into_iter()
            .filter(|one| one.header().kind == Kind::Delta && one.header().object == note);
        // Under whatever key the rest is sealed again: these are as their author sealed them.
        for one in drafts {
            let Carried::Whole(one) = one else { panic!("nothing was erased") };
            let is_it = |stored: &&tacenda_shared::sync::server::StoredEnvelope| matches!(&stored.carried, Carried::Whole(known) if known.body == one.body);
            assert!(world.shelf.envelopes.values().any(|stored| is_it(&stored)));
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn what_lay_unopened_takes_no_room_once_it_is_open() {
    let (mut world, ada, _) = busy();
    // Words that no compression makes small.
    for number in 0..200_u64 {
        let noise: String = (0..400).map(|at| format!("{:x} ", hash_of(number, at))).collect();
        let parts = vec![(Part::Text, noise)];
        let (session, format, late_reason) = (None, NoteFormat::Free, None);
        let client = ada;
        edit(&mut world, 0, Edit::EnterNote { client, session, format, parts, late_reason });
    }
    world.heal();
    let mut world = newcomer(world);
    let last = until_shelved(&mut world);
    world.carry_packed(last);
    let files = |world: &World| {
        let disk = &world.computers[last].disks.0;
        disk.names().iter().map(|name| disk.contents(name).unwrap().len()).sum::<usize>()
    };
    let ledger = world.device(last).cabinet.store().locations().ledger();
    let segments: BTreeSet<_> = ledger.shelved().map(|location| location.segment).collect();
    assert!(!segments.is_empty());
    world.heal();
    let before = files(&world);
    world.lock(last);
    let left: BTreeSet<_> =
        world.device(last).cabinet.store().segments().iter().map(|one| one.number).collect();
    assert!(segments.is_disjoint(&left), "{segments:?} of {left:?}; {before} bytes");
    world.heal();
    assert_equal(&mut world);
}

fn hash_of(number: u64, at: u64) -> u64 {
    let words = [number.to_be_bytes(), at.to_be_bytes()].concat();
    let hash = tacenda_shared::envelope::body_hash(&words);
    u64::from_be_bytes(hash.as_bytes()[..8].try_into().unwrap())
}
