//! Much to send: under what the server grants, and a note that is written meanwhile first.

use super::attachments::{attach, files, noise};
use super::*;
use tacenda_shared::practice::attachment::FILE_BYTES_MAX;
use tacenda_shared::practice::compartment::CompartmentName;

const DAY: i64 = 24 * 60 * 60_000;

/// A practice that its server knows for longer than a day.
fn practice() -> (World, ClientId) {
    let mut world = World::with_devices(1);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    world.now = world.now.plus_millis(DAY + 1);
    world.cut(0);
    world.heal();
    (world, ada)
}

/// Carries one thing, or waits until the device has something to do; false once all is sent.
fn go_on(world: &mut World) -> bool {
    if world.step(0) {
        return true;
    }
    if world.device(0).sync_status().queued == 0 {
        return false;
    }
    let due = world.device(0).link_due().expect("something is to be waited for");
    world.now = world.now.max(due);
    let now = world.now;
    let delivered = world.device(0).link_timeout(now).unwrap();
    assert!(!delivered.drop_link, "the link is cut");
    true
}

#[test]
fn sixty_mebibytes_of_files_go_up_without_a_cut_and_a_note_goes_before_them() {
    let (mut world, ada) = practice();
    let note = begin_note(&mut world, 0, ada);
    world.heal();
    for seed in 0..12 {
        attach(&mut world, 0, ada, &noise(seed, FILE_BYTES_MAX));
        world.now = world.now.plus_millis(1_000);
    }
    let whole = 12 * FILE_BYTES_MAX as u64;
    let (began, before) = (world.now, world.pushes.len());
    let (mut written, mut told, mut looked) = (Vec::new(), Vec::new(), 0);
    while go_on(&mut world) {
        let sent = world.pushes.len() - before;
        if std::mem::replace(&mut looked, sent) != sent {
            assert_eq!(world.device(0).sync_status().trouble, None);
        }
        if sent % 50 == 20 && written.len() <= sent / 50 {
            let files = world.device(0).sync_status().files.unwrap();
            assert!(files.sent < files.bytes && files.bytes <= whole, "{files:?}");
            told.push(files.count);
            write(&mut world, 0, ada, note, "She slept.");
            written.push(world.pushes.len());
        }
    }
    assert!(written.len() > 3, "{written:?}");
    assert!(told.windows(2).all(|two| two[0] >= two[1]) && told[0] == 12, "{told:?}");
    let chart = world.device(0).cabinet.log_of(&CompartmentName::Chart(ada));
    for at in written {
        let mut later = world.pushes[at..].iter();
        let first = later.position(|(logs, _)| logs.contains(&chart)).unwrap();
        assert!(first <= 1, "{first} groups of files went before a note");
    }
    assert_eq!(world.too_often, 0);
    let bytes: usize = world.pushes[before..].iter().map(|(_, bytes)| bytes).sum();
    assert!(bytes as u64 > whole);
    let minutes = world.now.millis_since(began) / 60_000;
    assert!((2..=5).contains(&minutes), "{minutes} minutes");
    let status = world.device(0).sync_status();
    assert_eq!((status.queued, status.files), (0, None));
    assert_eq!(files(&mut world, 0, ada).len(), 12);
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn a_device_that_has_forgotten_what_it_sent_waits_and_goes_on_by_itself() {
    let (mut world, ada) = practice();
    for (round, count) in [(0, 3), (1, 2)] {
        for seed in 0..count {
            attach(&mut world, 0, ada, &noise(10 * round + seed, FILE_BYTES_MAX));
        }
        let mut looked = 0;
        while go_on(&mut world) {
            if std::mem::replace(&mut looked, world.pushes.len()) != world.pushes.len() {
                assert_eq!(world.device(0).sync_status().trouble, None);
            }
        }
        world.restart(0);
        world.heal();
    }
    assert!(world.too_often > 0, "the server had enough");
    assert_eq!(world.device(0).sync_status().queued, 0);
    assert_eq!(files(&mut world, 0, ada).len(), 5);
    assert_eq!(world.notices, [""; 0]);
}
