//! Planted words on their way between two devices: nowhere on the wire, on the server, in its
//! backup and its log, in temporary folders, or in the process table.

use rustix::process::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tacenda_tests::network::{Server, connect, pair};
use tacenda_tests::planted;
use tacenda_tests::pty::Pty;
use tacenda_tests::relay::Relay;
use tacenda_tests::scene::{PASSPHRASE, Scene};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const SERVER: &str = env!("CARGO_BIN_EXE_server-under-test");

const NAME: &str = "Quokkaferina";
const NOTE: &str = "zeppelinwarden";
const SIGNED: &str = "marzipancompass";
const QUICK: &str = "velvetorrery";
const SEARCH: &str = "quokkaferi";
const DEVICE: &str = "tangerinelaptop";
const WORDS: [&str; 7] = [NAME, NOTE, SIGNED, QUICK, SEARCH, DEVICE, PASSPHRASE];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wire").join(name)
}

/// Writes every planted word through the open window, and lets all of it reach the other device.
fn plant(laptop: &Scene, tablet: &Scene, window: &mut Pty) {
    laptop.run(&["client", "add", "--code", "QK-001"], &format!("{NAME} Testerin")).done();
    laptop.run(&["note", "append", "QK-001"], &format!("dreamt of a {SIGNED}")).done();
    laptop.run(&["note", "sign", "QK-001"], "").done();
    laptop.run(&["note", "append", "QK-001"], &format!("dreamt of a {NOTE}")).done();
    let sentence = format!("qk-001 fri 3pm 50m room {QUICK}");
    laptop.run(&["new", "--as-of", "2026-11-25"], &sentence).done();
    laptop.run(&["find"], SEARCH).done();
    window.keys("3").expect("QK-001");
    laptop.run(&["sync", "--until-idle"], "").done();
    tablet.run(&["sync", "--until-idle"], "").done();
    let shown = tablet.run(&["note", "show", "QK-001"], "").done();
    assert!(shown.contains(SIGNED), "nothing went over the wire: {shown}");
}

#[test]
fn planted_words_are_nowhere_between_two_devices_and_on_neither_afterwards() {
    let laptop = Scene::founded(PROGRAM, &folder("laptop"), |_, _| {});
    let tablet = Scene::empty(PROGRAM, &folder("tablet"));
    let room = folder("server");
    let _gone = fs::remove_dir_all(&room);
    let mut server = Server::new(SERVER, &room);
    let relay = Relay::to(server.address());
    let through = relay.address();
    connect(&laptop, &server, Some(&through));
    pair(&laptop, &tablet, DEVICE, &through);
    let (mut on_laptop, mut on_tablet) = (laptop.unlocked(), tablet.unlocked());

    plant(&laptop, &tablet, &mut on_laptop);
    let (processes, told) = planted::in_processes(&WORDS);
    assert!(processes >= 3, "{processes} processes were seen");
    assert_eq!(told, Vec::<String>::new());
    let backup = room.join("copy");
    let copied = server.run("backup", &["--to", &backup.to_string_lossy()]);
    assert!(copied.status.success(), "{copied:?}");

    // One is locked, the other and the server are killed.
    on_laptop.keys("\x0c").expect("(locked)").bytes_within(Duration::from_millis(100));
    on_tablet.kill(Signal::KILL).wait();
    server.kill();
    for pty in [&mut on_laptop, &mut on_tablet] {
        let raw = String::from_utf8_lossy(pty.raw()).into_owned();
        let titles: Vec<_> =
            raw.split("\x1b]").skip(1).filter_map(|s| s.split('\x07').next()).collect();
        assert!(titles.iter().all(|title| *title == "2;Tacenda"), "{titles:?}");
    }
    let datagrams = relay.heard();
    let heard: usize = datagrams.iter().map(Vec::len).sum();
    assert!(datagrams.len() > 50, "{} datagrams", datagrams.len());
    // Words may be cut in two by a datagram's end, so the wire is read as one text as well.
    assert_eq!(planted::disguised(&datagrams.concat(), &WORDS), Vec::<&str>::new());
    for place in [room.as_path(), backup.as_path()] {
        assert_eq!(planted::in_files(place, &WORDS), Vec::<String>::new());
    }
    // A device's own lock screen shows its name, and nothing else.
    let hidden: Vec<&str> = WORDS.into_iter().filter(|word| *word != DEVICE).collect();
    for scene in [&laptop, &tablet] {
        assert_eq!(planted::in_files(scene.root(), &hidden), Vec::<String>::new());
    }
    assert!(fs::metadata(server.log()).unwrap().len() > 0, "the server logged nothing");
    println!("{} words in {heard} bytes of {} datagrams: none", WORDS.len(), datagrams.len());
}
