//! A record that was signed for one chart and is put into another: it shows there until it is known
//! whose log it names, and no longer, on every device.

use super::*;
use tacenda_shared::practice::change::{Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::{Record, RecordKind};

fn sign_note(world: &mut World, at: usize, client: ClientId, text: &str) {
    let note = begin_note(world, at, client);
    write(world, at, client, note, text);
    edit(world, at, Edit::Sign { note, client, late_reason: None });
}

fn rows(world: &mut World, at: usize, client: ClientId) -> usize {
    world.device(at).index().timelines.get(&client).map_or(0, |rows| rows.len())
}

#[test]
fn a_note_in_the_wrong_chart_goes_from_every_device_once_its_own_chart_is_known_there() {
    let mut world = World::with_devices(3);
    let bea = client(&mut world, 0, "Bea Testerin");
    sign_note(&mut world, 0, bea, "Of Bea.");
    world.heal();

    // Nobody but the second device knows the chart of Ada.
    world.lose(1);
    let ada = client(&mut world, 1, "Ada Testerin");
    sign_note(&mut world, 1, ada, "Of Ada.");
    let contents = world.device(1).cabinet.contents(&CompartmentName::Chart(ada));
    let is_note = |content: &&Content| match content {
        Content::Record { bytes, .. } => {
            Record::decode(bytes).unwrap().header.kind == RecordKind::Note
        }
        _ => false,
    };
    let stray = contents.iter().find(is_note).unwrap().clone();

    // The third does what it likes, and has got hold of the note.
    let change = Change { compartment: CompartmentName::Chart(bea), content: stray };
    world.device(2).keep(vec![change]).unwrap();
    world.heal();
    assert_eq!(rows(&mut world, 0, bea), 2, "nothing says yet whose it is");
    world.restart(0);
    world.heal();
    assert_eq!(rows(&mut world, 0, bea), 2);

    world.computers[1].away = false;
    world.heal();
    for at in 0..3 {
        let counts = (rows(&mut world, at, ada), rows(&mut world, at, bea));
        assert_eq!(counts, (1, 1), "device {at}");
        world.restart(at);
        world.heal();
        let counts = (rows(&mut world, at, ada), rows(&mut world, at, bea));
        assert_eq!(counts, (1, 1), "device {at}, opened again");
    }
    assert_equal(&mut world);
}

/// It is enough to look when another log has become known: what comes in between costs nothing.
#[test]
fn a_stray_that_comes_when_its_own_chart_is_known_never_shows() {
    let mut world = World::with_devices(3);
    let bea = client(&mut world, 0, "Bea Testerin");
    sign_note(&mut world, 0, bea, "Of Bea.");
    let ada = client(&mut world, 1, "Ada Testerin");
    sign_note(&mut world, 1, ada, "Of Ada.");
    world.heal();
    let contents = world.device(2).cabinet.contents(&CompartmentName::Chart(ada));
    let is_record = |content: &&Content| matches!(content, Content::Record { .. });
    let stray = contents.iter().rfind(is_record).unwrap().clone();
    let change = Change { compartment: CompartmentName::Chart(bea), content: stray };
    world.device(2).keep(vec![change]).unwrap();
    world.heal();
    for at in 0..2 {
        assert_eq!(rows(&mut world, at, bea), 1, "device {at}");
    }
}
