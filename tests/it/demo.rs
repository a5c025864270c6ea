//! The demo as a person meets it: a server, two devices, two terminals, and nothing left behind.

use std::fs;
use std::path::Path;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::Scene;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const F10: &str = "\x1b[21~";

#[test]
fn what_one_terminal_of_the_demo_does_the_other_shows_and_leaving_removes_all() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    let scene = Scene::empty(PROGRAM, &folder);
    let open = |words: &[&str]| {
        let mut pty = Pty::spawn(scene.command(words), 24, 80);
        pty.expect("1 Today");
        pty
    };
    let mut first = open(&["demo", "--small"]);
    first.expect("synced");
    let mut second = open(&["demo", "--join"]);
    second.expect("synced");

    second.keys("3").expect("Clients").keys("n").expect("New client");
    second.keys("Zoe Synthetica\r").expect("Added");
    first.keys("3").expect("Clients").keys("\x1b[20~").expect("Zoe Synthetica");

    second.keys(F10);
    assert_eq!(second.wait(), Ended::Status(0));
    first.keys(F10);
    assert_eq!(first.wait(), Ended::Status(0));
    let left: Vec<_> = fs::read_dir(folder.join("tmp")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn joining_without_a_demo_says_what_to_do() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo-alone");
    let scene = Scene::empty(PROGRAM, &folder);

    let output = scene.command(["demo", "--join"]).output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Start `tacenda demo` in another terminal first."), "{said}");
}
