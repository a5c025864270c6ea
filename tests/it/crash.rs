//! Server and device killed together, again and again on the same folders, with a second device
//! beside them: nothing that was acknowledged is missing anywhere, and all agree in the end.
//!
//! `TACENDA_CRASH_ROUNDS` says how often (10), `TACENDA_SEED` repeats a run.

use rustix::process::Signal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{ContactChange, Edit};
use tacenda_tests::chance::{Chance, number};
use tacenda_tests::kept::Sent;
use tacenda_tests::network::{Server, connect, pair};
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::{PASSPHRASE, Scene};
use tacenda_tui::device::chance::OsRandom;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tacenda-under-test");
const SERVER: &str = env!("CARGO_BIN_EXE_server-under-test");

/// The client of all notes and appointments.
const CODE: &str = "TS-001";
/// The day of all appointments, and a day on which it is still to come.
const DAYS: [&str; 2] = ["2026-11-27", "2026-11-25"];
/// The most that passes between the first acknowledged write of a round and the kill.
const LONGEST_MILLIS: u64 = 250;
/// So often the other device is asked what it has, while the first is dead.
const LOOK_EVERY: u64 = 5;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash").join(name)
}

/// What was written: notes, clients, appointments.
const KINDS: [&str; 3] = ["text", "client", "appointment"];

/// What a writer knows.
#[derive(Default)]
struct Written {
    sent: [Sent; 3],
    /// How many acknowledged words of each kind were on the server as well, for certain.
    on_server: [usize; 3],
}

/// Writes one word; returns whether it was acknowledged.
fn write(scene: &Scene, kind: usize, word: &str) -> bool {
    let done = |arguments: &[&str], input: &str| scene.run(arguments, input).status == Some(0);
    match kind {
        0 => done(&["note", "append", CODE], word),
        1 => done(&["client", "add", "--code", word], "Somebody Made-Up"),
        _ => {
            let sentence = format!("ts-001 fri 3pm 50m room {word}");
            done(&["new", "--as-of", DAYS[1]], &sentence)
        }
    }
}

/// Writes one thing after another through the open window until that is gone.
fn write_until(scene: &Scene, round: u64, gone: &AtomicBool, written: &Mutex<Written>) {
    for number in 0_u64.. {
        if gone.load(Ordering::SeqCst) {
            break;
        }
        let kind = usize::try_from((round + number) % 3).unwrap();
        let word = format!("w{round:04}x{number:03}z");
        let acknowledged = write(scene, kind, &word);
        written.lock().unwrap().sent[kind].add(word, acknowledged);
    }
}

/// Opens the window on what a kill has left.
fn reopened(scene: &Scene) -> Pty {
    let mut pty = scene.open();
    pty.expect("Enter unlock").keys(PASSPHRASE).keys("\r").expect_gone("Enter unlock");
    let stopped = "The computer stopped while something was being saved";
    pty.expect_screen("Today", |screen| {
        screen.contents().contains("q quit") || screen.contents().contains(stopped)
    });
    if pty.contents().contains(stopped) {
        pty.keys("\r").expect("q quit");
    }
    pty
}

fn counts(written: &Mutex<Written>) -> (usize, usize) {
    let written = written.lock().unwrap();
    let count = |of: fn(&Sent) -> usize| written.sent.iter().map(of).sum();
    (count(|sent| sent.acknowledged.len()), count(|sent| sent.unanswered.len()))
}

/// Everything that is killed, and what stays.
struct Table {
    laptop: Scene,
    tablet: Scene,
    server: Server,
    on_tablet: Pty,
}

impl Table {
    fn laid() -> Self {
        let laptop = Scene::founded(PROGRAM, &folder("laptop"), |device, now| {
            let client = ClientId::random(&mut OsRandom);
            let contact = ContactChange {
                name: Some("Ada Testerin".into()),
                code: Some(CODE.into()),
                ..ContactChange::default()
            };
            device.apply(Edit::NewClient { client, contact }, now).unwrap();
        });
        let tablet = Scene::empty(PROGRAM, &folder("tablet"));
        let server = Server::new(SERVER, laptop.root());
        connect(&laptop, &server, None);
        pair(&laptop, &tablet, "tablet", server.address());
        let on_tablet = tablet.unlocked();
        Self { laptop, tablet, server, on_tablet }
    }

    /// One round: writes, kills, starts the server again. Returns whether an acknowledged and an
    /// unacknowledged write were on their way.
    fn round(&mut self, round: u64, written: &Mutex<Written>, chance: &mut Chance) -> bool {
        let Self { laptop, tablet, server, on_tablet } = self;
        let mut on_laptop = reopened(laptop);
        let before = counts(written);
        let wait = Duration::from_millis(chance.below(LONGEST_MILLIS));
        let asks = chance.below(3) == 0;
        let server_first = chance.below(2) == 0;
        let gone = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| write_until(laptop, round, &gone, written));
            let mut looks = 0;
            while counts(written).0 == before.0 {
                on_laptop.bytes_within(Duration::from_millis(5));
                looks += 1;
                assert!(looks < 20_000, "nothing is acknowledged any more");
            }
            if asks {
                // What is acknowledged by now is on the server, if this says so.
                let until: Vec<_> = {
                    let sent = &written.lock().unwrap().sent;
                    sent.iter().map(|sent| sent.acknowledged.len()).collect()
                };
                laptop.run(&["sync", "--until-idle"], "").done();
                written.lock().unwrap().on_server.copy_from_slice(&until);
            }
            on_laptop.bytes_within(wait);
            if server_first {
                server.kill();
            }
            on_laptop.kill(Signal::KILL);
            server.kill();
            assert_eq!(on_laptop.wait(), Ended::Signal(9));
            gone.store(true, Ordering::SeqCst);
        });
        // Every now and then the power is gone in the whole house.
        if chance.below(8) == 0 {
            on_tablet.kill(Signal::KILL);
            assert_eq!(on_tablet.wait(), Ended::Signal(9));
            *on_tablet = reopened(tablet);
        }
        server.start();
        let after = counts(written);
        after.0 > before.0 && after.1 > before.1
    }

    /// What the server acknowledged is on the other device, while the first is dead.
    fn look_at_the_other(&self, written: &Written) {
        self.tablet.run(&["sync", "--until-idle"], "").done();
        let clients = self.tablet.run(&["client", "list"], "").done();
        let sessions = self.tablet.run(&["today", "--date", DAYS[0]], "").done();
        for (kind, found) in [(1, clients), (2, sessions)] {
            for word in &written.sent[kind].acknowledged[..written.on_server[kind]] {
                assert!(found.contains(word.as_str()), "{} {word} is missing there", KINDS[kind]);
            }
        }
    }

    /// Everybody meets once more, and all have the same.
    fn settle(mut self, written: &Written) {
        self.on_tablet.kill(Signal::KILL).wait();
        for scene in [&self.laptop, &self.tablet, &self.laptop, &self.tablet] {
            scene.run(&["sync", "--until-idle"], "").done();
        }
        let exports = [&self.laptop, &self.tablet].map(|scene| {
            let exported = scene.run(&["export"], "").done();
            // The first line says when, the last how many.
            let lines: Vec<_> = exported.lines().skip(1).map(str::to_owned).collect();
            lines
        });
        for lines in &exports {
            let exported = lines.join("\n");
            for (sent, kind) in written.sent.iter().zip(KINDS) {
                sent.check(kind, &exported);
            }
        }
        let [mut first, mut second] = exports;
        first.sort();
        second.sort();
        assert_eq!(first, second, "the two devices differ");
        self.server.stop();
        println!("{}", self.server.verified().trim());
    }
}

#[test]
fn nothing_acknowledged_is_missing_after_server_and_device_were_killed_together() {
    let rounds = number("TACENDA_CRASH_ROUNDS").unwrap_or(10);
    let mut chance = Chance::printed();
    let mut table = Table::laid();
    let written = Mutex::new(Written::default());
    // A round counts only with an acknowledged and an unacknowledged write on their way.
    let (mut round, mut counted) = (0, 0);
    while counted < rounds {
        counted += u64::from(table.round(round, &written, &mut chance));
        round += 1;
        if round % LOOK_EVERY == 0 {
            table.look_at_the_other(&written.lock().unwrap());
        }
    }
    let written = written.into_inner().unwrap();
    table.settle(&written);
    for ((sent, on_server), kind) in written.sent.iter().zip(written.on_server).zip(KINDS) {
        println!(
            "{rounds} kills of both, {kind}: {} acknowledged (of {on_server} the server as well) \
             and on both devices, {} unanswered",
            sent.acknowledged.len(),
            sent.unanswered.len()
        );
        assert!(!sent.acknowledged.is_empty(), "no {kind} was acknowledged: nothing was proved");
    }
}
