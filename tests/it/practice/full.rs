//! A disk that is really full, under the open window and under the server: what a person reads,
//! that nothing that was acknowledged is lost, and that it goes on once there is room.

use super::*;
use std::path::Path;
use tacenda_tests::network::{Server, connect};
use tacenda_tests::pty::Ended;
use tacenda_tests::small_disk::SmallDisk;

const SERVER: &str = env!("CARGO_BIN_EXE_server-under-test");

/// A disk that has room for a practice and little more.
fn small(folder: &Path) -> Option<SmallDisk> {
    match SmallDisk::in_place_of(folder, 16 * 1024) {
        Ok(disk) => Some(disk),
        Err(why) => {
            println!("NOT RUN: a disk that is really full ({why})");
            None
        }
    }
}

#[test]
fn what_is_typed_while_the_disk_is_full_is_kept_once_there_is_room() {
    let scene = founded("full-typing");
    let Some(disk) = small(&scene.vault()) else { return };
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    pty.keys("Before. ").expect("Before.").expect("0 keys unsaved");

    disk.fill();
    // More than the room that the last page of a file still has.
    let meanwhile = letters(6_000);
    pty.keys(&format!("\x1b[200~{meanwhile}\x1b[201~"));
    pty.expect_screen("that the disk is full", |screen| screen.contents().contains("disk is full"));
    pty.keys("\r").expect_gone("Please read");
    let add = |number: u32| {
        let code = format!("FULL-{number}");
        scene.run(&["client", "add", "--code", &code], "Somebody Made-Up")
    };
    let refused = (0..40).find(|number| add(*number).status == Some(1));
    let refused = refused.expect("a client that has no room");
    assert!(add(refused).err.contains("disk is full"));

    disk.free();
    pty.keys("After.").expect("After.").expect(" 0 keys unsaved");
    add(refused + 1).done();
    pty.keys(F10);
    assert_eq!(pty.wait(), Ended::Status(0));
    scene.run(&["note", "sign", CODE], "").done();
    let shown = scene.run(&["note", "show", CODE], "").done();
    let shown: String = shown.split_whitespace().collect();
    assert!(shown.contains(&format!("Before.{meanwhile}After.")), "{} bytes", shown.len());
    let listed = scene.run(&["client", "list"], "").done();
    for number in 0..=refused + 1 {
        let there = listed.contains(&format!("FULL-{number} "));
        assert_eq!(there, number != refused, "FULL-{number} in {listed}");
    }
}

#[test]
fn a_lock_on_a_full_disk_keeps_what_was_typed_and_the_practice_opens_again() {
    let scene = founded("full-lock");
    let Some(disk) = small(&scene.vault()) else { return };
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    pty.keys("Before. ").expect("Before.").expect("0 keys unsaved");

    disk.fill();
    let meanwhile = letters(60_000);
    pty.keys(&format!("\x1b[200~{meanwhile}\x1b[201~"));
    pty.expect_screen("that the disk is full", |screen| screen.contents().contains("disk is full"));
    pty.keys("\r").expect_gone("Please read");
    pty.keys(CTRL_L).expect("(locked)");
    // There is no more room than before, and people need their records.
    tacenda_tests::scene::unlock(&mut pty);
    pty.keys("3").expect(CODE).keys(CTRL_L).expect("(locked)").keys(F10);
    assert_eq!(pty.wait(), Ended::Status(0));

    disk.free();
    scene.run(&["note", "sign", CODE], "").done();
    let shown = scene.run(&["note", "show", CODE], "").done();
    let shown: String = shown.split_whitespace().collect();
    assert!(shown.contains(&format!("Before.{meanwhile}")), "{} bytes", shown.len());
}

/// Letters without a pattern, so that nothing makes them shorter.
fn letters(count: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).unwrap())
    };
    (0..count).map(|_| letter()).collect()
}

#[test]
fn a_server_whose_disk_is_full_keeps_what_it_has_and_takes_the_rest_later() {
    let scene = founded("full-server");
    let mut server = Server::new(SERVER, scene.root());
    server.stop();
    let Some(disk) = small(&server.folder()) else { return };
    server.settings(|settings| settings.replace("reserve_bytes = 67108864", "reserve_bytes = 1"));
    server.start();
    connect(&scene, &server, None);
    let window = scene.unlocked();

    disk.fill();
    for number in 0..4 {
        let code = format!("FULL-{number}");
        scene.run(&["client", "add", "--code", &code], "Somebody Made-Up").done();
    }
    // The device has them; the server has said that it takes nothing.
    let mut log = String::new();
    for _ in 0..600 {
        log = std::fs::read_to_string(server.log()).unwrap();
        if log.contains("event=disk_full") {
            break;
        }
        scene.run(&["client", "list"], "").done();
    }
    assert!(log.contains("event=disk_full"), "{log}");
    let state = scene.run(&["--json", "sync"], "").json();
    assert!(state[0]["pending"].as_u64() > Some(0), "{state:?}");

    disk.free();
    scene.run(&["sync", "--until-idle"], "").done();
    drop(window);
    server.stop();
    server.verified();
}
