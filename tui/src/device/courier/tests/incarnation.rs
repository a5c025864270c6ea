//! One device twice: its files were copied, or older ones were put back. Whatever both write is
//! there once, and no number is given twice.

use super::*;
use crate::device::incarnation::Life;
use std::collections::BTreeMap;
use tacenda_shared::envelope::Envelope;

/// Nothing that the server holds has the number of another thing, and under no key is one salt
/// used for two texts. Fails also for what was refused and kept as evidence.
fn assert_honest(world: &World) {
    let mut numbers = BTreeMap::new();
    let mut salts = BTreeMap::new();
    for envelope in world.envelopes() {
        let Envelope { header, body, .. } = envelope;
        let number = (header.author, header.dev_inc, header.dev_seq);
        assert_eq!(numbers.insert(number, envelope.hash()), None, "{number:?} twice");
        if header.kind.is_sealed() {
            let nonce = (header.compartment, header.slot_generation, header.object, header.salt);
            let other = salts.insert(nonce, body.clone());
            assert!(other.is_none_or(|other| other == *body), "a nonce twice");
        }
    }
    assert_eq!(world.evidence(), 0);
}

/// Two lives of one device are never told of each other while both are online: a server takes them
/// for one. They hear when they come back.
fn meet_again(world: &mut World) {
    for _ in 0..3 {
        for at in 0..world.computers.len() {
            world.cut(at);
            world.heal();
        }
    }
    assert_equal(world);
}

fn names(world: &mut World, at: usize) -> Vec<String> {
    let index = world.device(at).index();
    let mut names: Vec<_> = index.clients.values().map(|client| client.name.clone()).collect();
    names.sort();
    names
}

#[test]
fn a_copied_home_and_its_original_both_edit_and_nothing_is_lost_or_numbered_twice() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Before. ");
    world.heal();
    let copy = world.copy(0, Life::elsewhere());
    for at in [0, copy] {
        world.cut(at);
    }
    client(&mut world, 0, "Original");
    write(&mut world, 0, ada, note, "By the original. ");
    client(&mut world, copy, "Copy");
    write(&mut world, copy, ada, note, "By the copy. ");
    book(&mut world, copy, ada, 9);

    world.heal();
    meet_again(&mut world);

    assert_eq!(names(&mut world, 1), ["Ada Testerin", "Copy", "Original"]);
    for at in 0..3 {
        let text = text(&mut world, at, ada, note);
        for words in ["Before. ", "By the original. ", "By the copy. "] {
            assert_eq!(text.matches(words).count(), 1, "{at}: {text}");
        }
    }
    assert_honest(&world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn what_waited_when_the_home_was_copied_arrives_once() {
    for first in [0, 2] {
        let mut world = World::with_devices(2);
        let ada = client(&mut world, 0, "Ada Testerin");
        let note = begin_note(&mut world, 0, ada);
        world.heal();
        world.cut(0);
        client(&mut world, 0, "Waited");
        write(&mut world, 0, ada, note, "Waited. ");
        let copy = world.copy(0, Life::elsewhere());
        write(&mut world, 0, ada, note, "Original. ");
        write(&mut world, copy, ada, note, "Copy. ");

        // Whichever of the two meets the server first.
        world.link(first);
        world.carry();
        world.heal();
        meet_again(&mut world);

        assert_eq!(names(&mut world, 1), ["Ada Testerin", "Waited"]);
        let text = text(&mut world, 1, ada, note);
        for words in ["Waited. ", "Original. ", "Copy. "] {
            assert_eq!(text.matches(words).count(), 1, "{text}");
        }
        assert_honest(&world);
    }
}

#[test]
fn an_older_copy_that_was_put_back_unnoticed_goes_on_and_loses_nothing() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    world.heal();
    world.cut(0);
    write(&mut world, 0, ada, note, "Waited. ");
    // Nothing tells the copy from the original but what the server knows.
    let older = world.copy(0, Life::default());
    write(&mut world, 0, ada, note, "Later. ");
    client(&mut world, 0, "Later");
    world.link(0);
    world.carry();
    world.forget(0);
    assert_eq!(older, 2);
    let older = 0;
    client(&mut world, older, "After the return");
    write(&mut world, older, ada, note, "Returned. ");

    world.heal();
    meet_again(&mut world);

    assert_eq!(names(&mut world, 1), ["Ada Testerin", "After the return", "Later"]);
    let text = text(&mut world, 1, ada, note);
    for words in ["Waited. ", "Later. ", "Returned. "] {
        assert_eq!(text.matches(words).count(), 1, "{text}");
    }
    assert_honest(&world);
}

#[test]
fn a_crash_at_any_step_of_a_new_life_is_in_nobodys_way() {
    for steps in (0..40).step_by(5) {
        let mut world = World::with_devices(2);
        let ada = client(&mut world, 0, "Ada Testerin");
        world.heal();
        let copy = world.copy(0, Life::elsewhere());
        assert_eq!(copy, 2);
        world.forget(0);
        let copy = 0;
        client(&mut world, copy, "Copy");
        book(&mut world, copy, ada, 9);
        world.link(copy);
        for _ in 0..steps {
            world.step(copy);
        }

        world.restart_as(copy, Life::elsewhere());
        client(&mut world, copy, "After the crash");
        world.heal();

        assert_equal_after(&mut world);
        assert_eq!(names(&mut world, 1), ["Ada Testerin", "After the crash", "Copy"]);
        assert_honest(&world);
    }
}

#[test]
fn a_new_life_that_the_server_refuses_is_asked_for_once_on_a_link_and_said() {
    for code in [RefusalCode::Conflict, RefusalCode::Quota] {
        let mut world = World::with_devices(2);
        client(&mut world, 0, "Ada Testerin");
        world.heal();
        world.links_may_drop = true;
        world.restart_as(0, Life::elsewhere());
        client(&mut world, 0, "Ben Beispiel");
        world.refuses = Some(code);

        world.link(0);
        for _ in 0..300 {
            world.step(0);
        }

        assert_eq!(world.refused, 1, "{code:?}");
        let trouble = world.device(0).sync_status().trouble.unwrap().to_string();
        assert!(trouble.contains(code.cause()), "{trouble}");
        // The next link asks again.
        world.refuses = None;
        world.cut(0);
        world.heal();
        assert_equal(&mut world);
        assert_eq!(names(&mut world, 1), ["Ada Testerin", "Ben Beispiel"]);
        assert_eq!(world.device(0).sync_status().trouble, None);
        assert_honest(&world);
    }
}
