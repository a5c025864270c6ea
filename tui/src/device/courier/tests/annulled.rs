//! What counted here of a device, until it was known to be out.

use super::lost::order;
use super::*;
use crate::device::courier::late::LateKind;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::server::ServerPractice;

/// Three devices, the last of which is lost with words that nobody has seen. The first shuts it
/// out; the server keeps that from the second, and takes the thief in as if nothing had happened.
struct Kept {
    world: World,
    client: ClientId,
    note: ObjectId,
    booked: NewAppointment,
    old: ServerPractice,
    /// What the server told of the thief.
    told: Vec<Message>,
}

const THIEF: usize = 2;

fn kept(write_late: fn(&mut World, ClientId, ObjectId, &NewAppointment)) -> Kept {
    let mut world = World::with_devices(3);
    let ada = client(&mut world, 0, "Ada Testerin");
    let booked = book(&mut world, 0, ada, 9);
    let note = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Shared. ");
    world.heal();
    world.lose(THIEF);
    write_late(&mut world, ada, note, &booked);
    let mut old = world.server_at(world.moment());
    order(&mut world, 0, THIEF).unwrap();
    while world.step(0) {}
    world.links_may_drop = true;
    let now = world.now;
    world.device(THIEF).attach(now).unwrap();
    world.device(THIEF).link_up(now).unwrap();
    let told = world.speak(THIEF, &mut old);
    told.iter().for_each(|message| world.hear_live(1, message.clone()));
    Kept { world, client: ada, note, booked, old, told }
}

fn late_words(world: &mut World, client: ClientId, note: ObjectId, booked: &NewAppointment) {
    write(world, THIEF, client, note, "Late words. ");
    let start = jiff::civil::date(2026, 11, 26).at(14, 0, 0, 0);
    let slot = Slot { start, ..booked.slot.clone() };
    edit(world, THIEF, Edit::Move { appointment: booked.id, slot });
}

#[test]
fn what_counted_before_a_device_was_known_to_be_out_is_kept_apart_and_taken_over_by_hand() {
    let Kept { mut world, client, note, booked, .. } = kept(late_words);
    assert!(text(&mut world, 1, client, note).contains("Late words."));
    let moved = world.device(1).index().appointments[&booked.id].slot.start;
    assert_ne!(moved, booked.slot.start);

    world.hear_practice_log(1);

    for round in 0..3 {
        assert_eq!(text(&mut world, 1, client, note), "Shared. ", "round {round}");
        let index = world.device(1).index();
        assert_eq!(index.appointments[&booked.id].slot.start, booked.slot.start);
        let late = world.device(1).late_edits().unwrap();
        let kinds: Vec<_> = late.iter().map(|one| (one.kind, one.adopted)).collect();
        assert!(kinds.contains(&(LateKind::Draft, false)), "{late:?}");
        assert!(kinds.contains(&(LateKind::Appointments, false)), "{late:?}");
        match round {
            0 => world.restart(1),
            _ => world.lock(1),
        }
    }
    let told = |notice: &&String| notice.contains("\"tablet 2\" was shut out");
    let told: Vec<_> = world.notices.iter().filter(told).collect();
    assert_eq!(told.len(), 1, "{:?}", world.notices);
    assert!(told[0].contains("the chart of a client (1)"), "{told:?}");

    let (now, count) = (world.now, world.device(1).late_edits().unwrap().len());
    for number in 0..count {
        assert!(world.device(1).adopt_late_edit(number, now).unwrap().changed);
    }
    assert_eq!(text(&mut world, 1, client, note), "Late words. Shared. ");
    assert_eq!(world.device(1).index().appointments[&booked.id].slot.start, moved);
}

#[test]
fn a_note_that_was_signed_too_late_is_a_draft_again_until_somebody_takes_it_over() {
    let Kept { mut world, client, note, .. } = kept(|world, client, note, _| {
        write(world, THIEF, client, note, "Late words. ");
        edit(world, THIEF, Edit::Sign { note, client, late_reason: None });
    });
    let signed = |world: &mut World| world.device(1).index().timelines.get(&client).cloned();
    let while_signed = signed(&mut world);

    world.hear_practice_log(1);

    for round in 0..2 {
        assert_eq!(text(&mut world, 1, client, note), "Shared. ", "round {round}");
        assert_ne!(signed(&mut world), while_signed);
        let late = world.device(1).late_edits().unwrap();
        assert!(late.iter().any(|one| one.kind == LateKind::Record && !one.adopted), "{late:?}");
        world.restart(1);
    }
}

#[test]
fn honest_words_that_build_on_late_ones_are_shown_everywhere() {
    let Kept { mut world, client, note, mut old, told, .. } = kept(late_words);
    // Whoever has seen the late words writes on, and knows of no revocation.
    write(&mut world, 1, client, note, "Honest words. ");
    let both = text(&mut world, 1, client, note);
    assert!(both.contains("Late words.") && both.contains("Honest words."));
    let moved = world.device(1).index().appointments.values().next().unwrap().slot.start;

    // The first device is told all of it, in order, and knew of the revocation all along.
    let honest = world.speak(1, &mut old);
    told.into_iter().chain(honest).for_each(|message| world.hear_live(0, message));
    world.hear_practice_log(1);

    for round in 0..2 {
        for at in [0, 1] {
            assert_eq!(text(&mut world, at, client, note), both, "{at} in round {round}");
            let late = world.device(at).late_edits().unwrap();
            let draft = late.iter().find(|one| one.kind == LateKind::Draft).unwrap();
            assert!(draft.adopted, "{late:?}");
            // Nothing builds on the appointment that was moved.
            let index = world.device(at).index();
            assert_ne!(index.appointments.values().next().unwrap().slot.start, moved);
            world.restart(at);
        }
    }
}
