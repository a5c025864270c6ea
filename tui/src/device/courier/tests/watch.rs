//! Devices tell each other what they have seen: how often, what, and what of it stays.

use super::*;
use std::collections::BTreeMap;
use tacenda_shared::log::{CHANGED, FULL};
use tacenda_shared::sync::server::ServerFrame;

const MINUTE: i64 = 60_000;

/// How many full and how many further checkpoints the server keeps of each device.
fn kept(world: &World) -> BTreeMap<DeviceId, (usize, usize)> {
    let mut kept = BTreeMap::new();
    for key in world.shelf.objects.keys() {
        let (full, changed) = kept.entry(key.device).or_default();
        match key.object {
            FULL => *full += 1,
            CHANGED => *changed += 1,
            other => panic!("{other:?}"),
        }
    }
    kept
}

fn pass(world: &mut World, minutes: i64) {
    world.now = world.now.plus_millis(minutes * MINUTE);
    world.heal();
}

fn puts(world: &World) -> usize {
    let is_object = |frame: &&ServerFrame| matches!(frame, ServerFrame::Object { .. });
    world.shelf.frames.iter().filter(is_object).count()
}

#[test]
fn every_device_says_what_it_has_seen_each_quarter_of_an_hour_if_it_has_seen_anything() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    pass(&mut world, 16);
    pass(&mut world, 16);
    let begun = kept(&world);
    assert_eq!(begun.len(), 2);
    // One of each ring whose key is always here.
    assert!(begun.values().all(|(full, _)| *full == 7), "{begun:?}");
    let before = puts(&world);
    pass(&mut world, 16);
    assert_eq!(puts(&world), before, "nothing has changed");

    for hour in 8..12 {
        book(&mut world, 0, ada, hour);
        pass(&mut world, 1);
    }
    pass(&mut world, 16);
    let more = puts(&world) - before;
    assert!((1..=8).contains(&more), "{more} for one calendar, from two devices");
    assert_eq!(world.notices, [""; 0]);
}

#[test]
fn what_was_noted_outlives_a_crash_and_a_lock() {
    let mut world = World::with_devices(2);
    client(&mut world, 0, "Ada Testerin");
    pass(&mut world, 16);
    pass(&mut world, 16);
    let noted = |world: &mut World| {
        let ledger = world.device(1).cabinet.store().locations().ledger();
        ledger.noted().iter().count()
    };
    let before = noted(&mut world);
    assert!(before >= 14, "{before}: of both devices, in every ring");
    world.restart(1);
    assert_eq!(noted(&mut world), before);
    world.lock(1);
    assert_eq!(noted(&mut world), before);
    world.heal();
    let devices = world.device(1).sync_status().devices;
    let heard = devices.iter().find(|row| !row.this).unwrap().seen;
    assert!(heard.is_some(), "when the other was last heard outlives a restart, too");

    // A server that keeps none of it any more is found out on the next link.
    world.shelf.objects.clear();
    world.shelf.frames.retain(|frame| !matches!(frame, ServerFrame::Object { .. }));
    world.restart_server();
    world.heal();
    assert!(world.notices.iter().any(|notice| notice.contains("put back to an older state")));
}
