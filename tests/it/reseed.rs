//! Bad days of the server, over real QUIC: its disk is gone, a backup was restored, a folder was
//! copied back by hand. What the devices hold comes back, and the operator's tools agree.

use super::sync::{World, client, found, now, paired, server, settle};
use std::fs;
use std::path::Path;
use std::process::Output;
use tacenda_tui::cli::connect::{Driven, connect, connect_or_move};
use tacenda_tui::device::open::Device;

/// A laptop and a tablet that share a practice of two clients.
fn two_devices(world: &World) -> (Device, Device) {
    let mut laptop = found(&world.home("laptop"));
    client(&mut laptop, "Ada Testerin");
    connect(&mut laptop, &world.invite(), now()).unwrap();
    settle(&mut laptop);
    let (paired, tablet) = paired(world, &mut laptop, true);
    paired.unwrap();
    let mut tablet = tablet.unwrap();
    client(&mut tablet, "Ben Beispiel");
    settle(&mut tablet);
    settle(&mut laptop);
    (laptop, tablet)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn operator(arguments: &[&str]) -> Output {
    let output = server().args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    output
}

/// Works until the server lacks nothing that this device holds.
pub(super) fn give(device: &mut Device) {
    let mut driven = Driven::start(device, now).unwrap();
    let given = |device: &mut Device| device.refilling().is_some_and(|state| state.given);
    driven.until(&mut |_| {}, |device| device.is_current() || given(device)).unwrap();
}

/// The practice is whole on both devices and on the server, whose tools say so.
fn assert_whole(world: &mut World, (laptop, tablet): (&mut Device, &mut Device), clients: usize) {
    for _ in 0..2 {
        settle(laptop);
        settle(tablet);
    }
    assert_eq!(laptop.index(), tablet.index());
    assert_eq!(laptop.index().clients.len(), clients);
    world.stop();
    let verified = operator(&["verify", text(&world.folder.join("server"))]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(said.contains("everything holds"), "{said}");
}

#[test]
fn a_server_whose_disk_is_gone_is_filled_again_from_two_devices_of_unlike_age() {
    let mut world = World::new();
    let (mut laptop, mut tablet) = two_devices(&world);
    client(&mut tablet, "Cora Probe");
    settle(&mut tablet);
    world.stop();
    let folder = world.folder.join("server");
    fs::remove_dir_all(&folder).unwrap();
    operator(&["init", text(&folder), "--address", "127.0.0.1:4440"]);
    world.start();

    let refused = connect(&mut laptop, &world.invite(), now()).unwrap_err();
    assert!(refused.happened.contains("another server already"), "{refused}");
    connect_or_move(&mut laptop, &world.invite(), &mut || true, now()).unwrap();
    give(&mut laptop);
    assert_eq!(laptop.refilling().map(|state| state.missing), None, "the link has ended");
    connect_or_move(&mut tablet, &world.invite(), &mut || panic!("it follows"), now()).unwrap();
    settle(&mut tablet);
    client(&mut laptop, "Dora Muster");

    assert_whole(&mut world, (&mut laptop, &mut tablet), 4);
}

#[test]
fn a_restored_backup_begins_a_new_life_and_gets_what_it_lacks() {
    let mut world = World::new();
    let (mut laptop, mut tablet) = two_devices(&world);
    let (folder, backup) = (world.folder.join("server"), world.folder.join("backup"));
    operator(&["backup", text(&folder), "--to", text(&backup)]);
    client(&mut laptop, "Cora Probe");
    settle(&mut laptop);
    settle(&mut tablet);
    client(&mut tablet, "Dora Muster");
    settle(&mut tablet);
    world.stop();
    fs::remove_dir_all(&folder).unwrap();

    let restored = operator(&["restore", text(&backup), text(&folder)]);
    let said = String::from_utf8_lossy(&restored.stdout).into_owned();
    assert!(said.contains("life 2 begins"), "{said}");
    world.start();
    give(&mut laptop);
    settle(&mut tablet);

    assert_whole(&mut world, (&mut laptop, &mut tablet), 4);
}

#[test]
fn a_folder_that_was_copied_back_by_hand_is_noticed_and_renewed() {
    let mut world = World::new();
    let (mut laptop, mut tablet) = two_devices(&world);
    let (folder, backup) = (world.folder.join("server"), world.folder.join("backup"));
    operator(&["backup", text(&folder), "--to", text(&backup)]);
    client(&mut laptop, "Cora Probe");
    settle(&mut laptop);
    world.stop();
    fs::remove_dir_all(&folder).unwrap();
    fs::rename(&backup, &folder).unwrap();
    world.start();

    let mut driven = Driven::start(&mut laptop, now).unwrap();
    let noticed = driven.until_current(&mut |_| {}).unwrap_err();
    drop(driven);
    assert!(noticed.happened.contains("put back to an older state"), "{noticed}");
    assert_eq!(laptop.index().clients.len(), 3);

    world.stop();
    operator(&["renew", text(&folder)]);
    world.start();
    give(&mut laptop);
    settle(&mut tablet);
    assert_whole(&mut world, (&mut laptop, &mut tablet), 3);
}
