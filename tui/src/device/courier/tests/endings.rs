//! The end of drafts: after it, what was deleted while drafting opens nowhere.

use super::lost::revoke;
use super::*;
use tacenda_shared::envelope::Kind;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::view::TimelineEntry;
use tacenda_shared::sync::RowKey;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn sign(world: &mut World, at: usize, client: ClientId, note: ObjectId) {
    edit(world, at, Edit::Sign { note, client, late_reason: None });
}

/// A note in which a sentence was deleted before it was signed, all over the practice.
fn signed(world: &mut World, at: usize) -> (ClientId, ObjectId) {
    let (ada, note) = drafted(world, at);
    sign(world, at, ada, note);
    world.heal();
    (ada, note)
}

fn drafted(world: &mut World, at: usize) -> (ClientId, ObjectId) {
    let ada = client(world, at, "Ada Testerin");
    let note = begin_note(world, at, ada);
    write(world, at, ada, note, "Better left out. ");
    write(world, at, ada, note, "Walks every day. ");
    let (position, deleted) = ("Walks every day. ".len(), "Better left out. ".len());
    let splice = Splice { part: Part::Text, position, deleted, inserted: String::new() };
    edit(world, at, Edit::ChangeDraft { note, client: ada, splices: vec![splice] });
    world.heal();
    (ada, note)
}

/// Who still has the key of a draft: the devices, by number, and the server.
fn holders(world: &mut World, draft: ObjectId) -> (Vec<usize>, bool) {
    let of_draft = |key: &RowKey| {
        key.0[0] == 4 && key.parts().is_ok_and(|parts| parts.id == *draft.as_bytes())
    };
    let server = world.shelf.rows.keys().any(of_draft);
    let mut devices = Vec::new();
    for number in 0..world.computers.len() {
        let cabinet = &world.device(number).cabinet;
        let in_memory = cabinet.drafts.contains_key(&draft);
        if in_memory || cabinet.rows.drafts().any(|name| name.draft == draft) {
            devices.push(number);
        }
    }
    (devices, server)
}

fn notes(world: &mut World, at: usize, client: ClientId) -> Vec<String> {
    let now = world.now;
    let View::Chart(chart) =
        world.device(at).open(Subject::Chart(client), Purpose::Care, now).unwrap()
    else {
        panic!("a chart was asked for")
    };
    let mut texts = Vec::new();
    for row in chart.timeline.iter() {
        let TimelineEntry::Note { record, .. } = row.entry else { continue };
        let subject = Subject::Note(client, record);
        let View::Note(note) = world.device(at).open(subject, Purpose::Care, now).unwrap() else {
            panic!("a note was asked for")
        };
        texts.push(note.parts.iter().map(|(_, text)| text.as_str()).collect());
    }
    texts
}

fn acknowledgements(world: &World) -> usize {
    world.envelopes().filter(|one| one.header.kind == Kind::Acknowledge).count()
}

fn waiting(world: &mut World, at: usize) -> usize {
    world.device(at).cabinet.store().locations().ledger().waiting().count()
}

#[test]
fn the_key_of_a_signed_draft_dies_everywhere_once_every_device_has_acknowledged() {
    let mut world = World::with_devices(2);
    let (ada, note) = signed(&mut world, 0);

    assert_eq!(holders(&mut world, note), (vec![], false));
    for number in 0..2 {
        world.lock(number);
        assert_eq!(world.device(number).cabinet.rows.deleted(), 0, "none lies in the files");
        assert_eq!(notes(&mut world, number, ada), ["Walks every day. "]);
    }
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_device_that_is_away_is_waited_for_and_one_that_is_shut_out_is_not() {
    let mut world = World::with_devices(3);
    let (ada, note) = drafted(&mut world, 0);
    world.lose(2);
    sign(&mut world, 0, ada, note);
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![0, 1, 2], true));

    revoke(&mut world, 1, 2).unwrap();
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![2], false));
    assert_eq!(notes(&mut world, 1, ada), ["Walks every day. "]);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn who_is_not_heard_of_for_thirty_days_is_waited_for_no_longer() {
    let mut world = World::with_devices(3);
    let (ada, note) = drafted(&mut world, 0);
    world.lose(2);
    sign(&mut world, 0, ada, note);
    world.heal();
    let pass = |world: &mut World, millis: i64| {
        (0..2).for_each(|number| world.cut(number));
        world.now = world.now.plus_millis(millis);
        world.heal();
    };
    pass(&mut world, 30 * DAY - 60_000);
    assert_eq!(holders(&mut world, note), (vec![0, 1, 2], true));
    // Also after a restart from the index.
    world.lock(0);
    pass(&mut world, 61_000);
    assert_eq!(holders(&mut world, note), (vec![2], false));

    // Then it comes back, and has nothing of it either.
    world.computers[2].away = false;
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![], false));
    assert_eq!(notes(&mut world, 2, ada), ["Walks every day. "]);
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_clock_that_is_wrong_by_a_year_ends_nothing() {
    let mut world = World::with_devices(3);
    let (ada, note) = drafted(&mut world, 0);
    world.lose(2);
    sign(&mut world, 0, ada, note);
    world.heal();
    let before = world.now;
    let year = Timestamp::from_millis(before.as_millis() + 365 * DAY);
    world.device(0).dispatch(year).unwrap();
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![0, 1, 2], true));
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn words_written_while_another_device_signed_outlive_the_draft_as_an_addendum() {
    let mut world = World::with_devices(2);
    let (ada, note) = drafted(&mut world, 0);
    world.lose(1);
    write(&mut world, 1, ada, note, "Sleeps badly. ");
    sign(&mut world, 0, ada, note);
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![0, 1], true));

    world.computers[1].away = false;
    world.heal();
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![], false));
    assert_equal(&mut world);
    for number in 0..2 {
        let index = world.device(number).index();
        let drafts: Vec<_> = index.drafts.iter().map(|row| row.note).collect();
        assert_eq!(drafts.len(), 1, "the addendum");
        assert_eq!(text(&mut world, number, ada, drafts[0]), "Sleeps badly.");
    }
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_device_that_comes_later_finds_the_note_and_misses_no_key() {
    let mut world = World::with_devices(2);
    let (ada, note) = signed(&mut world, 1);
    let said = acknowledgements(&world);

    let mut world = world.joined_by("late");
    world.heal();
    assert_eq!(notes(&mut world, 2, ada), ["Walks every day. "]);
    assert_eq!(holders(&mut world, note), (vec![], false));
    assert_eq!(waiting(&mut world, 2), 0, "nothing waits for a key that is dead");
    assert_eq!(acknowledgements(&world), said, "nobody has to say anything for its sake");
    world.restart(2);
    world.heal();
    assert_equal(&mut world);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_server_that_is_filled_again_takes_no_dead_key() {
    let mut world = World::with_devices(2);
    let (ada, note) = drafted(&mut world, 0);
    world.lose(1);
    let moment = world.shelf.frames.len();
    sign(&mut world, 0, ada, note);
    world.heal();
    world.computers[1].away = false;
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![], false));

    // The files of before the signature, with the key in them.
    world.put_back(moment);
    world.renew();
    world.heal();
    world.heal();
    assert_eq!(holders(&mut world, note), (vec![], false));
    assert_equal(&mut world);
}
