//! What commands do beside an open window, and what the window does itself: shutting a device out,
//! another recovery sheet, a backup. Real processes over real QUIC.

use super::moving::{add_client, clients, idle, practice};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::path::Path;
use tacenda_tests::pty::Pty;
use tacenda_tests::scene::{PASSPHRASE, Scene};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");

/// The id by which commands know the device of this name.
fn id(scene: &Scene, name: &str) -> String {
    let rows = scene.run(&["--json", "device", "list"], "").json();
    let row = rows.iter().find(|row| row["name"] == name).expect("the device");
    row["id"].as_str().expect("an id").to_owned()
}

/// A device is lost, and shut out by a command, with or without a window that is open.
fn shut_out(laptop: &Scene, tablet: &Scene, is_open: bool) {
    let mut window = is_open.then(|| laptop.unlocked());
    let lost = id(laptop, "tablet");

    let refused = laptop.run(&["device", "revoke", "0000000000", "--yes"], "");
    assert!(refused.err.contains("No device has that id"), "{refused:?}");
    let said = laptop.run(&["device", "revoke", &lost, "--yes"], "").done();
    assert!(said.contains("This shuts out for good:") && said.contains(&lost), "{said}");
    assert!(said.contains("Nothing that is written from now on opens on that device."), "{said}");

    if let Some(window) = &mut window {
        window.keys("7").expect("revoked");
    }
    add_client(laptop, "AFTERWARDS");
    let removed = tablet.run(&["sync", "--until-idle"], "");
    assert_eq!(removed.status, Some(1), "{removed:?}");
    assert!(removed.err.contains("This device was removed from your practice."), "{removed:?}");
    assert!(!clients(tablet).contains("AFTERWARDS"));
    // Nothing came late, which is said, and there is nothing to take over.
    assert_eq!(laptop.run(&["device", "late"], "").done(), "Nothing came late.\n");
    assert_eq!(laptop.run(&["--json", "device", "late"], "").done(), "");
    let nothing = laptop.run(&["device", "late", "import", "1"], "");
    assert!(nothing.err.contains("There is no late edit of that number"), "{nothing:?}");
}

#[test]
fn a_command_shuts_a_lost_device_out_beside_the_open_window() {
    let (_server, laptop, tablet) = practice("shut-out-beside");
    shut_out(&laptop, &tablet, true);
}

#[test]
fn a_command_shuts_a_lost_device_out_where_no_window_is_open() {
    let (_server, laptop, tablet) = practice("shut-out-alone");
    shut_out(&laptop, &tablet, false);
}

#[test]
fn a_lock_before_a_lost_device_is_out_says_that_it_may_still_read() {
    let (server, laptop, _tablet) = practice("locked-before-out");
    let mut window = laptop.unlocked();
    window.expect("synced").keys("7").expect("Queue       empty").keys("j").keys("x");
    window.expect("Type yes to go on:").keys("yes\r").expect("Your passphrase:");
    // The server answers nothing from here on.
    let pid = i32::try_from(server.pid()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::STOP).expect("a running server");
    window.keys(PASSPHRASE).keys("\r").expect("it goes on until you lock");

    window.keys("\u{1b}").keys("\u{c}");
    window.expect("The lock came before a device was known to be shut out.");
    kill_process(pid, Signal::CONT).expect("a stopped server");
}

/// The numbered words that a screen shows.
fn numbered(contents: &str) -> BTreeMap<usize, String> {
    let words: Vec<&str> = contents.split_whitespace().collect();
    let pairs = words.windows(2).filter_map(|pair| {
        let number: usize = pair[0].trim_end_matches('.').parse().ok()?;
        // "These 24 words" are no 24th word.
        let is_word =
            pair[1] != "words" && pair[1].chars().all(|letter| letter.is_ascii_lowercase());
        (is_word && (1..=24).contains(&number)).then(|| (number, pair[1].to_owned()))
    });
    // What is asked for later stands below.
    pairs.fold(BTreeMap::new(), |mut words, (number, word)| {
        words.entry(number).or_insert(word);
        words
    })
}

/// The words in the box on the screen. What stands around it may hold a word of the sheet by chance.
fn inside(contents: &str) -> Vec<String> {
    let row = |line: &str| {
        let (_, rest) = line.split_once('│')?;
        rest.rsplit_once('│').map(|(row, _)| row.to_owned())
    };
    let rows: Vec<String> = contents.lines().filter_map(row).collect();
    rows.iter().flat_map(|row| row.split_whitespace()).map(str::to_owned).collect()
}

/// The place of the word that is asked for last.
fn asked(contents: &str) -> usize {
    let (_, rest) = contents.rsplit_once("Word ").expect("a question");
    let place = rest.split_whitespace().next().expect("a place");
    place.parse().expect("a number")
}

fn since(scene: &Scene) -> String {
    let standing = scene.run(&["--json", "sheet", "status"], "").json().remove(0);
    standing["since"].as_str().expect("a date").to_owned()
}

#[test]
fn a_command_replaces_the_sheet_beside_the_open_window_and_the_old_one_is_void() {
    let (_server, laptop, tablet) = practice("sheet-beside");
    let mut window = laptop.unlocked();
    window.expect("synced");
    since(&laptop);

    let mut command = Pty::spawn(laptop.command(["sheet", "replace", "--compromised"]), 60, 80);
    command.expect("From word 1:").keys(laptop.sheet()).keys("\r");
    command.expect("24. ").expect("of the new sheet:");
    let words = numbered(&command.contents());
    assert_eq!(words.len(), 24, "{words:?}");
    let mut place = 0;
    for _ in 0..3 {
        command.wait_for("another word", |pty| asked(&pty.contents()) != place);
        place = asked(&command.contents());
        command.keys(&words[&place]).keys("\r");
    }
    command.expect("Passphrase:").keys(PASSPHRASE).keys("\r");
    command.expect("The new sheet is in force.").expect("does not open.");

    let mut old = Pty::spawn(laptop.command(["sheet", "replace"]), 60, 80);
    old.expect("From word 1:").keys(laptop.sheet()).keys("\r");
    old.expect("not the words of the sheet that is in force");
    // No sheet is drawn where its words would go into a pipe.
    let piped = laptop.run(&["sheet", "replace"], laptop.sheet());
    assert_eq!((piped.status, piped.out.as_str()), (Some(1), ""), "{piped:?}");
    assert!(piped.err.contains("on a terminal only"), "{piped:?}");
    let nothing = laptop.run(&["sheet", "veto"], "");
    assert!(nothing.err.contains("nobody has asked for a new sheet"), "{nothing:?}");
    // Both devices work on under the new keys.
    add_client(&tablet, "ON-TABLET");
    idle(&laptop);
    assert!(clients(&laptop).contains("ON-TABLET"));
}

#[test]
fn the_window_replaces_the_sheet_and_writes_a_backup_that_the_new_one_opens() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside");
    let laptop = Scene::founded(PROGRAM, &root.join("laptop"), |_, _| {});
    let mut window = laptop.unlocked();
    window.keys("7").expect("Sync").keys("P").expect("Somebody may have read it").keys("\r");
    window.expect("0 of 24").keys(laptop.sheet()).expect("24 of 24").keys("\r");
    window.expect("They are shown once.");
    let words = numbered(&window.contents());
    assert_eq!(words.len(), 24, "{}", window.contents());
    window.keys("\r");
    let mut place = 0;
    for _ in 0..3 {
        window.expect("from your paper:");
        window.wait_for("another word", |pty| asked(&pty.contents()) != place);
        place = asked(&window.contents());
        let shown = inside(&window.contents());
        assert!(!shown.contains(&words[&place]), "{}", window.contents());
        window.keys(&words[&place]).keys("\r");
    }
    window.expect("Your passphrase:").keys(PASSPHRASE).keys("\r");
    window.expect("The new sheet is in force, and the old one is void.");

    let file = root.join("practice.backup");
    for left in [file.clone(), root.join("practice.backup.keys")] {
        if left.exists() {
            std::fs::remove_file(left).unwrap();
        }
    }
    window.keys("B").expect("Back up the practice").keys(file.to_str().unwrap()).keys("\r");
    window.expect("Your passphrase:").keys("not the passphrase at all\r");
    window.expect("That passphrase does not open").keys("\r");
    window.expect("Your passphrase:").keys(PASSPHRASE).keys("\r").expect("Backed up: ");

    let other = Scene::empty(PROGRAM, &root.join("other"));
    let refused = other.run(&["restore", file.to_str().unwrap()], laptop.sheet());
    assert_eq!(refused.status, Some(1), "{refused:?}");
    let new: Vec<String> = words.into_values().collect();
    let restored = other.run(&["restore", file.to_str().unwrap()], &new.join(" ")).done();
    assert!(restored.contains("Restored as of"), "{restored}");
}

/// The id of the one signed note of a client.
fn note(scene: &Scene, code: &str) -> Option<String> {
    let listed = scene.run(&["note", "list", code], "").done();
    let mut signed = listed.lines().filter_map(|line| line.strip_prefix("signed  "));
    let id = signed.next()?.split_whitespace().next()?.to_owned();
    assert!(signed.next().is_none(), "{listed}");
    Some(id)
}

#[test]
fn a_note_in_the_wrong_chart_is_struck_and_taken_back_by_commands_beside_the_open_window() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("misfiled");
    let laptop = Scene::founded(PROGRAM, &root.join("laptop"), |_, _| {});
    let mut window = laptop.unlocked();
    for code in ["WR-001", "RI-002"] {
        laptop.run(&["client", "add", "--code", code], "Somebody Made-Up\n").done();
    }
    laptop.run(&["note", "append", "WR-001"], "dreamt of a kingfisher").done();
    laptop.run(&["note", "sign", "WR-001"], "").done();
    let old = note(&laptop, "WR-001").expect("a note");

    let refused = laptop.run(&["note", "strike", "WR-001", &old, "--wrong-client", "WR-001"], "");
    assert_eq!(refused.status, Some(1), "{refused:?}");
    let struck = ["--json", "note", "strike", "WR-001", &old, "--wrong-client", "RI-002"];
    let said = laptop.run(&struck, "").json();
    let copy = said[0]["copy"].as_str().expect("an id").to_owned();
    assert_eq!(note(&laptop, "WR-001"), None);
    assert_eq!(note(&laptop, "RI-002").as_ref(), Some(&copy));
    assert!(laptop.run(&["note", "show", "RI-002"], "").done().contains("kingfisher"));
    assert_eq!(laptop.run(&["note", "show", "WR-001", "--id", &old], "").status, Some(1));
    window.keys("3/WR-001\r").expect("Entered in error (another client's)");

    let restore = ["note", "restore", "WR-001", &old, "--from", "RI-002", "--copy", &copy];
    laptop.run(&restore, "").done();
    assert_eq!(note(&laptop, "WR-001").as_ref(), Some(&old));
    assert_eq!(note(&laptop, "RI-002"), None);
    let again = laptop.run(&restore, "");
    assert_eq!(again.status, Some(1), "{again:?}");
}
