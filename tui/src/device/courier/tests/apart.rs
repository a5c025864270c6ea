//! Psychotherapy notes between devices: sealed for their author, and for them only after a step-up.

use super::*;
use crate::device::open::{Device, DeviceError};
use std::collections::BTreeSet;
use tacenda_shared::id::{CompartmentId, MemberId};
use tacenda_shared::journal::simulated::SimulatedFs;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::practice::Refusal;
use tacenda_shared::practice::change::Content;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::erasure::Scope;
use tacenda_shared::practice::psychotherapy::PsychotherapyView;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::SecretKey;

const WORDS: &str = "The lake again, and the silence.";
const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 20);

fn step_up(world: &mut World, at: usize) {
    let second = SecondSecret::from_secret(SecretKey::from_bytes(world.second));
    assert!(world.device(at).step_up_for(&second).unwrap());
}

fn step_down(world: &mut World, at: usize) -> usize {
    let now = world.now;
    world.device(at).step_down(now).unwrap()
}

fn begin(world: &mut World, at: usize, client: ClientId) -> ObjectId {
    let draft = ObjectId::random(&mut OsRandom);
    edit(world, at, Edit::Psychotherapy(PsychotherapyEdit::Begin { draft, client, date: DAY }));
    draft
}

fn signed(world: &mut World, at: usize, client: ClientId, text: &str) {
    let note = begin(world, at, client);
    write(world, at, client, note, text);
    edit(world, at, Edit::Sign { note, client, late_reason: None });
}

fn look(world: &mut World, at: usize, client: ClientId) -> Result<PsychotherapyView, DeviceError> {
    let now = world.now;
    let view = world.device(at).open(Subject::Psychotherapy(client), Purpose::Care, now)?;
    let View::Psychotherapy(list) = view else { panic!("a list was asked for") };
    Ok(list)
}

fn begins(world: &mut World, at: usize, client: ClientId) -> Vec<String> {
    look(world, at, client).unwrap().notes.into_iter().map(|row| row.begins).collect()
}

fn is_closed(world: &mut World, at: usize, client: ClientId) {
    let refused = look(world, at, client);
    assert!(matches!(refused, Err(DeviceError::Refused(Refusal::NotSteppedUp))), "{at}");
    let device = world.device(at);
    assert!(logs(device, client).iter().all(|id| !device.cabinet.slots.contains_key(id)));
    assert!(device.practice.psychotherapy_drafts().is_empty());
}

fn logs(device: &Device<SimulatedFs>, client: ClientId) -> Vec<CompartmentId> {
    let author = device.member();
    let name = CompartmentName::Psychotherapy { client, author };
    device.cabinet.store().locations().all_named(&name).collect()
}

#[test]
fn they_show_on_the_authors_other_device_after_a_step_up_and_nowhere_before() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    let before = world.device(1).index();
    step_up(&mut world, 0);
    signed(&mut world, 0, ada, WORDS);
    let draft = begin(&mut world, 0, ada);
    write(&mut world, 0, ada, draft, "Begun.");
    world.heal();

    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.device(1).index(), before);
    is_closed(&mut world, 1, ada);
    step_up(&mut world, 1);
    world.heal();
    assert_eq!(begins(&mut world, 1, ada), [WORDS]);
    assert_eq!(text(&mut world, 1, ada, draft), "Begun.");
    // Written on, there and here.
    write(&mut world, 1, ada, draft, "Also. ");
    world.heal();
    assert_eq!(text(&mut world, 0, ada, draft), "Also. Begun.");
    world.heal();
    assert_equal(&mut world);

    assert_eq!(step_down(&mut world, 1), 0);
    is_closed(&mut world, 1, ada);
    signed(&mut world, 0, ada, "Later.");
    world.heal();
    is_closed(&mut world, 1, ada);
    step_up(&mut world, 1);
    world.heal();
    assert_eq!(begins(&mut world, 1, ada).len(), 2);
    for at in 0..2 {
        world.lock(at);
        is_closed(&mut world, at, ada);
    }
    world.heal();
    step_up(&mut world, 0);
    assert_eq!(begins(&mut world, 0, ada).len(), 2);
    assert_eq!(world.notices, [""; 0]);
}

/// The raw files, and every key but the second secret: what a device that has not stepped up holds.
#[test]
fn the_files_and_all_other_keys_give_nothing_of_them() {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    step_up(&mut world, 0);
    signed(&mut world, 0, ada, WORDS);
    let draft = begin(&mut world, 0, ada);
    let now = world.now;
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: WORDS.into() };
    world.device(0).type_keys(draft, ada, vec![splice], now);
    world.device(0).flush(now).unwrap();
    // A crash leaves keystrokes, a clean lock the sealed read model.
    for crash in [true, false] {
        if crash {
            world.restart(0);
        } else {
            world.lock(0);
        }
        let device = world.device(0);
        let locations = device.cabinet.store().locations();
        let [log] = logs(device, ada)[..] else { panic!("one log") };
        let name = locations.compartment(log).unwrap().name.clone();
        let says =
            |content: &Content| matches!(content, Content::Delta { .. } | Content::Record { .. });
        assert!(!device.cabinet.contents(&name).iter().any(says));
        assert!(device.cabinet.segment(log).is_none());
        assert!(device.cabinet.keystrokes(|_| true).iter().all(|left| left.compartment != log));
        assert!(locations.documents(log).count() > 0 && !locations.records(log).is_empty());
        for (_, bytes) in world.journal(0) {
            assert!(!bytes.windows(WORDS.len()).any(|window| window == WORDS.as_bytes()));
        }
        step_up(&mut world, 0);
        assert_eq!(text(&mut world, 0, ada, draft), WORDS, "after a crash too");
        assert_eq!(begins(&mut world, 0, ada), [WORDS]);
        step_down(&mut world, 0);
        // The read model lies there, sealed under a key that is gone again.
        let device = world.device(0);
        assert!(device.cabinet.store().locations().segment(log).is_some());
        assert!(device.cabinet.segment(log).is_none());
        step_up(&mut world, 0);
        let device = world.device(0);
        assert!(device.cabinet.segment(log).is_some());
    }
}

#[test]
fn what_is_closed_before_it_left_stops_nothing_and_leaves_with_the_next_step_up() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    step_up(&mut world, 0);
    let draft = begin(&mut world, 0, ada);
    write(&mut world, 0, ada, draft, "Begun.");
    world.heal();
    world.cut(0);
    write(&mut world, 0, ada, draft, "Also. ");
    signed(&mut world, 0, ada, WORDS);
    let now = world.now;
    let splice = Splice { part: Part::Text, position: 0, deleted: 0, inserted: "Last. ".into() };
    world.device(0).type_keys(draft, ada, vec![splice], now);
    assert!(step_down(&mut world, 0) > 0);
    let note = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Slept badly.");
    world.heal();
    assert_eq!(text(&mut world, 1, ada, note), "Slept badly.");
    world.heal();
    assert_equal(&mut world);
    assert!(world.device(0).is_current(), "nothing waits for what cannot leave");
    // Whether the device was locked meanwhile or not.
    world.lock(0);
    world.heal();
    world.heal();
    assert_equal(&mut world);

    step_up(&mut world, 0);
    step_up(&mut world, 1);
    world.heal();
    world.heal();
    assert_eq!(text(&mut world, 1, ada, draft), "Last. Also. Begun.");
    assert_eq!(begins(&mut world, 1, ada), [WORDS]);
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn keys_behind_that_are_opened_for_a_moment_close_no_notes_that_are_open() {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    let second = SecondSecret::from_secret(SecretKey::from_bytes(world.second));
    step_up(&mut world, 0);
    signed(&mut world, 0, ada, WORDS);
    world.device(0).open_behind(&second).unwrap();
    world.device(0).close_behind();
    assert_eq!(begins(&mut world, 0, ada), [WORDS]);
    step_down(&mut world, 0);
    // And such a moment opens none for a person.
    world.device(0).open_behind(&second).unwrap();
    world.device(0).close_behind();
    is_closed(&mut world, 0, ada);
    step_up(&mut world, 0);
    assert_eq!(begins(&mut world, 0, ada), [WORDS], "and loses none");
}

/// Whoever could have such a log taken for theirs would have them sealed for others.
#[test]
fn only_a_log_for_the_one_ring_behind_the_second_secret_is_taken_for_theirs() {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    step_up(&mut world, 0);
    let device = world.device(0);
    let (cabinet, me) = (&device.cabinet, device.member());
    let ring = |purpose| cabinet.rings.get(&purpose).unwrap().id;
    let (own, all) = (ring(RingPurpose::Psychotherapy(me)), ring(RingPurpose::Everyone));
    let name = |author| CompartmentName::Psychotherapy { client: ada, author };
    let may = |name: &CompartmentName, rings: &[_]| {
        cabinet.may_be_apart(name, rings.iter().copied().collect::<BTreeSet<_>>().into_iter())
    };
    assert!(may(&name(me), &[own]));
    assert!(!may(&name(me), &[all]) && !may(&name(me), &[own, all]) && !may(&name(me), &[]));
    assert!(!may(&name(MemberId::from_bytes([9; 16])), &[own]));
    assert!(may(&CompartmentName::Chart(ada), &[all]), "of others it says nothing");
}

#[test]
fn an_erasure_of_the_client_takes_them_along_open_or_not() {
    for open in [true, false] {
        let mut world = World::with_devices(2);
        let ada = client(&mut world, 0, "Ada Testerin");
        step_up(&mut world, 0);
        signed(&mut world, 0, ada, WORDS);
        world.heal();
        let [log] = logs(world.device(0), ada)[..] else { panic!("one log") };
        if !open {
            step_down(&mut world, 0);
        }
        edit(&mut world, 0, Edit::AskErasure(Scope::from(ada)));
        world.heal();
        (0..2).for_each(|number| world.cut(number));
        world.now = world.now.plus_millis(31 * 24 * 60 * 60 * 1000);
        world.heal();
        edit(&mut world, 0, Edit::OrderErasure(Scope::from(ada)));
        world.heal();
        world.heal();
        for at in 0..2 {
            let locations = world.device(at).cabinet.store().locations();
            assert!(locations.is_erased(log), "device {at}, open {open}");
            assert!(locations.records(log).is_empty());
        }
        world.lock(0);
        step_up(&mut world, 0);
        assert!(look(&mut world, 0, ada).is_err());
    }
}

#[test]
fn a_hold_keeps_them() {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    step_up(&mut world, 0);
    signed(&mut world, 0, ada, WORDS);
    edit(&mut world, 0, Edit::Hold { client: ada, held: true });
    let now = world.now;
    let refused = world.device(0).apply(Edit::AskErasure(Scope::from(ada)), now);
    assert!(matches!(refused, Err(DeviceError::Refused(Refusal::Held))));
    assert_eq!(begins(&mut world, 0, ada), [WORDS]);
}

#[test]
fn keys_of_a_closed_draft_die_once_every_device_has_seen_its_signature() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    (0..2).for_each(|at| step_up(&mut world, at));
    let note = begin(&mut world, 0, ada);
    write(&mut world, 0, ada, note, WORDS);
    world.heal();
    step_down(&mut world, 1);
    edit(&mut world, 0, Edit::Sign { note, client: ada, late_reason: None });
    step_down(&mut world, 0);
    // Something else goes on meanwhile.
    let other = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, other, "Slept badly.");
    edit(&mut world, 0, Edit::Sign { note: other, client: ada, late_reason: None });
    world.heal();
    world.heal();
    let has = |world: &mut World, at: usize, draft: ObjectId| {
        let rows = &world.device(at).cabinet.rows;
        rows.drafts().any(|name| name.draft == draft)
    };
    assert!(!has(&mut world, 0, other) && !has(&mut world, 1, other), "what is open has ended");
    assert!(has(&mut world, 1, note));
    (0..2).for_each(|at| step_up(&mut world, at));
    for _ in 0..4 {
        world.heal();
    }
    assert!(!has(&mut world, 0, note) && !has(&mut world, 1, note));
    assert_eq!(begins(&mut world, 1, ada), [WORDS]);
}
