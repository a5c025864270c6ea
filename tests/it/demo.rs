//! The demo as a person meets it: a server, three devices, two terminals, three acts, and nothing
//! left behind.

use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::Scene;
use tacenda_tui::device::home::Home;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const F3: &str = "\x1bOR";
const F5: &str = "\x1b[15~";
const F9: &str = "\x1b[20~";
const F10: &str = "\x1b[21~";

struct Demo {
    folder: PathBuf,
    scene: Scene,
}

impl Demo {
    fn at(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        Self { scene: Scene::empty(PROGRAM, &folder), folder }
    }

    fn open(&self, words: &[&str], rows: u16, columns: u16) -> Pty {
        let mut pty = Pty::spawn(self.scene.command(words), rows, columns);
        pty.expect("1 Today");
        pty
    }

    /// The first terminal, once everything is on the server and the other device works.
    fn begun(&self, rows: u16, columns: u16) -> Pty {
        let mut first = self.open(&["demo", "--small"], rows, columns);
        first.expect("works beside you").expect("synced");
        first
    }

    /// What lies in the temporary folder.
    fn left(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.join("tmp")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// The processes of this demo.
    fn processes(&self) -> Vec<String> {
        let folder = self.folder.join("tmp").display().to_string();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.contains(&folder)).collect()
    }

    /// Waits until no process of this demo is left.
    fn wait_alone(&self) {
        let begun = std::time::Instant::now();
        while !self.processes().is_empty() {
            assert!(begun.elapsed().as_secs() < 60, "{:?}", self.processes());
            std::thread::yield_now();
        }
    }

    fn leave(&self, mut first: Pty) {
        first.keys(F10);
        assert_eq!(first.wait(), Ended::Status(0));
        assert_eq!(self.processes(), [""; 0]);
        assert_eq!(self.left(), [""; 0].map(PathBuf::from));
    }
}

#[test]
fn what_one_terminal_of_the_demo_does_the_other_shows_and_leaving_removes_all() {
    let demo = Demo::at("demo");
    let mut first = demo.open(&["demo", "--small"], 24, 80);
    first.expect("synced");
    let mut second = demo.open(&["demo", "--join"], 24, 80);
    second.expect("synced");

    second.keys("3").expect("Clients").keys("n").expect("New client");
    second.keys("Zoe Synthetica\r").expect("Added");
    first.keys("3").expect("Clients").keys(F9).expect("Zoe Synthetica");

    second.keys(F10);
    assert_eq!(second.wait(), Ended::Status(0));
    demo.leave(first);
}

#[test]
fn a_folder_that_others_may_write_into_is_no_demo() {
    let demo = Demo::at("demo-planted");
    // Whoever may write into the temporary folder can lay this out.
    let planted = demo.folder.join("tmp/tacenda-demo-0000000000000000");
    let home = Home::contained_in(&planted);
    home.make().unwrap();
    fs::write(planted.join("passphrase-of-the-demo"), "theirs").unwrap();
    let _held = home.lock().unwrap();
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o770)).unwrap();

    let output = demo.scene.command(["demo", "--join"]).output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("No demo is running."), "{said}");
}

#[test]
fn joining_without_a_demo_says_what_to_do() {
    let demo = Demo::at("demo-alone");

    let output = demo.scene.command(["demo", "--join"]).output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Start `tacenda demo` in another terminal first."), "{said}");
}

#[test]
fn the_first_act_shows_beside_a_note_what_the_server_keeps_of_it() {
    let demo = Demo::at("demo-sees");
    let mut first = demo.begun(24, 80);
    first.expect("Demo: nobody in it is real").expect("F5  What the server sees");

    first.keys(F5).expect("What the server keeps").expect("> Note");
    first.keys("Slept well, walked far.").expect("Slept well, walked far.");
    first.expect("(this one)").expect("bytes").expect("log ");

    for (rows, columns) in [(23, 80), (50, 200)] {
        first.resize(rows, columns).expect("What the server keeps").expect("Slept well");
    }
    first.keys(F5).expect_gone("What the server keeps").expect("Slept well, walked far.");
    first.keys("\x1b").expect("Demo: nobody in it is real");
    demo.leave(first);
}

#[test]
fn the_second_act_keeps_what_is_written_while_the_cable_is_out() {
    let demo = Demo::at("demo-cable");
    let mut first = demo.begun(23, 80);
    let mut second = demo.open(&["demo", "--join"], 24, 80);
    second.expect("synced").keys("3").expect("Clients").keys(F9);

    first.expect("8 the cable").keys("8").expect("Cable OUT");
    first.keys("3").expect("Clients").keys("n").expect("New client");
    first.keys("Ada Offline\r").expect("Added");
    first.keys("1").expect("the other device did").expect_gone("queue 0");
    second.keys("n").expect("New client").keys("Zoe Online\r").expect("Added");
    second.expect_not("Ada Offline");

    first.keys("8");
    second.expect("Ada Offline");
    first.expect("synced").keys("3").keys(F9).expect("Zoe Online");
    second.keys(F10);
    assert_eq!(second.wait(), Ended::Status(0));
    demo.leave(first);
}

#[test]
fn the_third_act_catches_a_server_that_alters_and_withholds_and_nothing_is_lost() {
    let demo = Demo::at("demo-cheat");
    let mut first = demo.begun(50, 200);

    first.keys("9").expect("an entry is not by the device that it names");
    first.keys("\r").expect("CAUGHT altering").expect("How: each entry is signed");
    first.keys("9").expect("the server holds something back");
    first.keys("\r").expect("CAUGHT withholding").expect("How: the log is a chain");
    first.keys("9").expect("it is honest again").expect("synced");

    // What the other device wrote meanwhile stands here as it does on a device that the server
    // never cheated: the drafts have as many words.
    first.keys(F3).expect("stands still").expect("synced");
    let mut second = demo.open(&["demo", "--join"], 50, 200);
    second.expect("synced").keys("4").expect("note draft");
    first.keys("4").wait_for("the same drafts", |pty| drafts(pty) == drafts(&second));
    assert!(drafts(&first).len() >= 2, "{}", first.contents());
    second.keys(F10);
    assert_eq!(second.wait(), Ended::Status(0));
    demo.leave(first);
}

/// The drafts that a list shows, each with its count of words.
fn drafts(pty: &Pty) -> Vec<String> {
    let screen = pty.contents();
    let drafts = screen.lines().filter(|line| line.contains("note draft, "));
    drafts.map(|line| line.trim_start_matches(['>', ' ']).trim_end().to_owned()).collect()
}

#[test]
fn the_other_device_stops_with_one_key_and_goes_on_with_the_same() {
    let demo = Demo::at("demo-other");
    let mut first = demo.begun(24, 80);
    first.expect("1 sentence").keys(F3).expect("stands still");
    first.keys(F3).expect("works beside you");
    first.keys("0").expect_gone("nobody in it is real");
    first.keys("0").expect("nobody in it is real");
    demo.leave(first);
}

#[test]
fn a_demo_that_is_killed_leaves_no_process_and_the_next_one_removes_its_folder() {
    let demo = Demo::at("demo-killed");
    let mut first = demo.begun(24, 80);
    assert!(!demo.processes().is_empty());

    first.kill(Signal::KILL);
    assert_eq!(first.wait(), Ended::Signal(9));
    demo.wait_alone();
    let left = demo.left();
    assert_eq!(left.len(), 1, "{left:?}");

    let next = demo.open(&["demo", "--small"], 24, 80);
    assert!(!demo.left().contains(&left[0]));
    demo.leave(next);
}
