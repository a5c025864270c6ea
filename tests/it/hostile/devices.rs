//! What somebody does who has a device, a copy of one, or stands between two that pair.

use super::*;
use std::fs;
use tacenda_tests::pty::Ended;
use tacenda_tests::scene::PASSPHRASE;

const F10: &str = "\x1b[21~";
/// What whoever has a device reads that was shut out.
const REMOVED: &str = "This device was removed from your practice.";

fn id(scene: &Scene, name: &str) -> String {
    let rows = scene.run(&["--json", "device", "list"], "").json();
    let row = rows.iter().find(|row| row["name"] == name).expect("the device");
    row["id"].as_str().expect("an id").to_owned()
}

fn clients(scene: &Scene) -> String {
    scene.run(&["client", "list"], "").done()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&path, &to),
            kind if kind.is_file() => drop(fs::copy(&path, &to).unwrap()),
            _ => {}
        }
    }
}

#[test]
fn a_copy_of_a_device_works_beside_it_and_nobody_loses_a_word() {
    let mut stage = Stage::set("twin", 1);
    stage.on_laptop.keys(F10);
    assert_eq!(stage.on_laptop.wait(), Ended::Status(0));
    let twin = Scene::empty(PROGRAM, &folder("twin").join("copy"));
    copy(&stage.laptop.home(), &twin.home());

    // Both begin where the laptop ended, and each writes before it hears of the other.
    for (scene, code) in [(&twin, "BY-COPY"), (&stage.laptop, "BY-LAPTOP")] {
        scene.run(&["client", "add", "--code", code], "Somebody Made-Up\n").done();
    }
    for scene in [&twin, &stage.laptop, &twin, &stage.laptop, &stage.tablet] {
        // A link may end while a new incarnation begins; whoever tries again loses nothing.
        let tries = (0..4).map(|_| scene.run(&["sync", "--until-idle"], "").status);
        assert!(tries.take_while(|status| *status != Some(0)).count() < 4);
    }
    for scene in [&twin, &stage.laptop, &stage.tablet] {
        let clients = clients(scene);
        assert_eq!(clients.matches("BY-COPY").count(), 1, "{clients}");
        assert_eq!(clients.matches("BY-LAPTOP").count(), 1, "{clients}");
    }
    // A copy is no fault of the server, so there is nothing to read.
    let mut window = twin.unlocked();
    window.expect("synced").expect_not("Please read");
    stage.on_tablet.expect_not("Please read");
}

#[test]
fn whoever_has_a_lost_device_reads_that_it_was_removed_and_writes_to_nobody() {
    let mut stage = Stage::set("lost", 1);
    let chart = stage.chart(0);
    let lost = id(&stage.laptop, "tablet");
    let said = stage.laptop.run(&["device", "revoke", &lost, "--yes"], "").done();
    assert!(said.contains("Nothing that is written from now on opens on that device."), "{said}");

    stage.on_tablet.keys("7").expect(REMOVED);
    let before = stage.export();
    stage.write(&chart.code, "Written on a lost device.");
    stage.laptop.run(&["note", "append", &chart.code], "Written afterwards.").done();
    idle(&stage.laptop);
    let after = stage.export();
    assert!(before.iter().all(|line| !line.contains("lost device")));
    assert!(after.iter().all(|line| !line.contains("lost device")), "nothing of it is shown");
    let there = stage.tablet.run(&["export"], "").done();
    assert!(there.contains("Written on a lost device."), "what is there stays readable there");
    assert!(!there.contains("Written afterwards."), "{there}");
    stage.on_laptop.expect_not("Something is wrong with your server");
}

/// A new computer that types a code; returns what both sides come to read.
fn pairing(stage: &Stage, typed: impl Fn(&str) -> String, answer: &str) -> (Pty, String) {
    let newcomer = Scene::empty(PROGRAM, &stage.laptop.root().with_file_name("newcomer"));
    let mut pair = Pty::spawn(stage.laptop.command(["pair"]), 24, 80);
    pair.expect("Passphrase:").keys(PASSPHRASE).keys("\r");
    let line = "type this code there: ";
    let contents = pair.expect(line).contents();
    let code = contents.split_once(line).and_then(|(_, rest)| rest.split_whitespace().next());
    let code = typed(code.expect("the code"));
    let join = ["join", "--server", stage.server.address()];
    let join = newcomer.start(&join, &format!("{code}\nnewcomer\n"));
    if !answer.is_empty() {
        pair.expect("Do they match?").keys(answer);
    }
    let joined = join.wait_with_output().expect("its output");
    assert_eq!(joined.status.code(), Some(1));
    assert!(!newcomer.vault().join("vault").exists(), "nothing is left there");
    (pair, String::from_utf8(joined.stderr).expect("text"))
}

/// The laptop has no window, so that it can pair from a shell.
fn without_window(name: &str) -> Stage {
    let mut stage = Stage::set(name, 1);
    stage.on_laptop.keys(F10);
    assert_eq!(stage.on_laptop.wait(), Ended::Status(0));
    stage
}

#[test]
fn whoever_guesses_at_a_code_has_one_try_and_both_read_that_it_was_wrong() {
    let stage = without_window("guess");
    let wrong = |code: &str| {
        let (number, words) = code.split_once('-').expect("a number and words");
        let mut words: Vec<&str> = words.split('-').collect();
        words.reverse();
        format!("{number}-{}", words.join("-"))
    };
    let (mut pair, joined) = pairing(&stage, wrong, "");
    let nothing = "Nothing has been given away, and nothing has been changed.";
    assert!(joined.contains("The pairing ended: the code is wrong.") && joined.contains(nothing));
    pair.expect("The pairing ended: the code is wrong.").expect(nothing);
    assert_eq!(pair.wait(), Ended::Status(1));
    let devices = stage.tablet.run(&["--json", "device", "list"], "").json();
    assert_eq!(devices.len(), 2, "{devices:?}");
}

#[test]
fn a_new_device_that_is_refused_at_the_last_question_reads_it_and_has_nothing() {
    let stage = without_window("no");
    let (mut pair, joined) = pairing(&stage, str::to_owned, "no\r");
    assert!(joined.contains("The pairing ended: the other device refused."), "{joined}");
    pair.expect("refused");
    assert_eq!(pair.wait(), Ended::Status(1));
    let devices = stage.tablet.run(&["--json", "device", "list"], "").json();
    assert_eq!(devices.len(), 2, "{devices:?}");
    assert!(clients(&stage.laptop).contains("TS-000"), "the practice is as it was");
}

#[test]
fn the_sheet_wins_over_a_thief_who_shuts_the_honest_device_out() {
    let mut stage = Stage::set("thief", 1);
    let honest = id(&stage.tablet, "laptop");
    // The thief has the tablet, unlocked, and the passphrase.
    stage.tablet.run(&["device", "revoke", &honest, "--yes"], "").done();
    stage.shows("7", REMOVED);

    let new = Scene::empty(PROGRAM, &folder("thief").join("new"));
    let recover = ["join", "--recover", "--server", stage.server.address()];
    let input = format!("{}\nnew laptop\nyes\n", stage.laptop.sheet());
    let said = new.run(&recover, &input).done();
    assert!(said.contains("Everything is here: 1 clients"), "{said}");
    stage.on_tablet.keys("7").expect(REMOVED);
    new.run(&["client", "add", "--code", "AFTERWARDS"], "Somebody Made-Up\n").done();
    idle(&new);
    let devices = new.run(&["--json", "device", "list"], "").json();
    let active = devices.iter().filter(|device| device["revoked"] == false);
    assert_eq!(active.map(|device| &device["name"]).collect::<Vec<_>>(), ["new laptop"]);
    assert!(!clients(&stage.tablet).contains("AFTERWARDS"));
}

#[test]
fn an_older_or_an_empty_index_under_the_servers_journal_is_nothing_to_read() {
    let mut stage = Stage::set("index", 3);
    let index = stage.server.folder().join("index");
    stage.chart(0);
    stage.server.stop();
    let older = folder("index").join("older");
    copy(&index, &older);
    stage.server.start();
    stage.chart(1);
    for (case, code) in [("older", "TS-002"), ("empty", "TS-001")] {
        stage.server.stop();
        fs::remove_dir_all(&index).unwrap();
        if case == "older" {
            copy(&older, &index);
        }
        stage.server.start();
        let words = format!("With an index that is {case}.");
        stage.write(code, &words);
        stage.settle();
        let arrived = stage.export().iter().filter(|line| line.contains(&words)).count();
        assert_eq!(arrived, 1, "H46 {case}");
        stage.on_laptop.expect_not("Please read");
        stage.on_tablet.expect_not("Please read");
    }
    stage.server.stop();
    stage.server.verified();
}
