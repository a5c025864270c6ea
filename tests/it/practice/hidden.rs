//! Planted words are found nowhere: not on the disk, not in the memory of a locked program, not
//! in what it tells the window or the process table.

use super::*;
use rustix::process::Signal;
use std::fs;
use tacenda_tests::planted;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::{PASSPHRASE, unlock};

const PLANTED_NAME: &str = "Quokkaferina";
const PLANTED_NOTE: &str = "dreamt of a zeppelinwarden";
const PLANTED_DELETED: &str = "regrets the obsidianlarder";
const PLANTED_SEARCH: &str = "quokkaferi";
const WORDS: [&str; 5] =
    [PLANTED_NAME, "zeppelinwarden", "obsidianlarder", PLANTED_SEARCH, PASSPHRASE];

/// Types all planted words into the practice, and deletes one sentence again.
fn plant(scene: &Scene, pty: &mut Pty) {
    let name = format!("{PLANTED_NAME} Testerin");
    scene.run(&["client", "add", "--code", "QK-001"], &name).done();
    pty.keys(F9).expect("names shown").keys("3").expect(PLANTED_NAME);
    pty.keys("/").keys(PLANTED_SEARCH).expect(PLANTED_SEARCH).keys("\r");
    pty.expect("N note").keys("N").expect("New note").keys("\x1b[B\r").expect("DRAFT");
    pty.expect("Began a note").keys(PLANTED_NOTE).expect(PLANTED_NOTE);
    pty.keys(PLANTED_DELETED).expect(PLANTED_DELETED);
    for _ in PLANTED_DELETED.chars() {
        pty.keys("\x7f");
    }
    pty.expect_gone(PLANTED_DELETED).expect(PLANTED_NOTE);
    // All of it goes to the disk.
    pty.bytes_within(Duration::from_millis(1_000));
}

fn assert_nowhere_on_the_disk(scene: &Scene) {
    assert_eq!(planted::in_files(scene.root(), &WORDS), Vec::<String>::new());
}

fn assert_not_told(pty: &mut Pty) {
    let raw = pty.raw().to_vec();
    let raw = String::from_utf8_lossy(&raw).into_owned();
    let told: Vec<_> = raw.split("\x1b]").skip(1).filter_map(|s| s.split('\x07').next()).collect();
    assert!(told.iter().all(|told| *told == "2;Tacenda"), "{told:?}");
}

fn assert_not_in_the_process_table(pty: &Pty) {
    let proc = Path::new("/proc").join(pty.pid().as_raw_nonzero().to_string());
    for file in ["environ", "cmdline", "comm", "status"] {
        let bytes = fs::read(proc.join(file)).unwrap();
        for word in WORDS {
            assert_eq!(planted::count(&bytes, word), 0, "{word:?} in {file}");
        }
    }
}

#[test]
fn planted_words_are_nowhere_in_the_folder() {
    for ending in ["lock", "quit", "kill"] {
        let scene = founded("planted");
        let mut pty = scene.unlocked();
        plant(&scene, &mut pty);
        assert_not_in_the_process_table(&pty);
        assert_nowhere_on_the_disk(&scene);
        match ending {
            "lock" => {
                pty.keys(CTRL_L).expect("(locked)");
                assert_nowhere_on_the_disk(&scene);
                assert_not_in_the_process_table(&pty);
            }
            "quit" => {
                pty.keys(F10);
                assert_eq!(pty.wait(), Ended::Status(0));
            }
            _ => {
                pty.kill(Signal::KILL).wait();
            }
        }
        assert_not_told(&mut pty);
        assert_nowhere_on_the_disk(&scene);
    }
}

#[test]
fn the_search_for_planted_words_finds_what_is_there() {
    let scene = empty("planted-found");
    let wide: Vec<u8> = PLANTED_NAME.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(scene.home().join("narrow"), format!("--{PLANTED_NAME}--")).unwrap();
    fs::write(scene.home().join("wide"), wide).unwrap();
    fs::write(scene.home().join(PLANTED_NAME), "by name").unwrap();

    assert_eq!(planted::in_files(scene.root(), &WORDS).len(), 3);
}

#[test]
fn planted_words_are_nowhere_in_memory_after_lock() {
    let scene = founded("planted-memory");
    let mut pty = scene.unlocked();
    let pid = pty.pid().as_raw_nonzero().get();
    plant(&scene, &mut pty);
    let mut wanted = planted::wanted(&WORDS);
    match planted::in_memory(pid, &wanted) {
        Err(error) => return println!("NOT RUN: memory scan ({error}; only root may read it)"),
        Ok((places, _)) => assert!(!places.is_empty(), "the scan does not see an open practice"),
    }
    for (path, secret) in scene.files() {
        if path.starts_with(scene.secrets()) {
            wanted.push(("the device secret".into(), secret));
        }
    }

    pty.keys(CTRL_L).expect("(locked)").expect("drafts are kept");

    let (places, searched) = planted::left_in_memory(&mut pty, &wanted);
    println!("searched {searched} bytes of memory after lock for {} spellings", wanted.len());
    assert!(places.is_empty(), "{places:?}");
    unlock(&mut pty);
}

#[test]
fn no_network_connection_is_opened() {
    let scene = founded("no-network");
    let mut pty = scene.unlocked();
    plant(&scene, &mut pty);
    let proc = Path::new("/proc").join(pty.pid().as_raw_nonzero().to_string());

    let mut listening = 0;
    for entry in fs::read_dir(proc.join("fd")).unwrap() {
        let target = fs::read_link(entry.unwrap().path()).unwrap_or_default();
        let target = target.to_string_lossy().into_owned();
        let Some(number) = target.strip_prefix("socket:[").and_then(|t| t.strip_suffix(']')) else {
            continue;
        };
        for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
            let table = fs::read_to_string(proc.join("net").join(table)).unwrap_or_default();
            assert!(!table.split_whitespace().any(|word| word == number), "{target} is a network");
        }
        let local = fs::read_to_string(proc.join("net/unix")).unwrap();
        listening += usize::from(local.split_whitespace().any(|word| word == number));
    }
    assert!(listening > 0, "not even the socket for commands was seen");
}
