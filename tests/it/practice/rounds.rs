//! Kill after kill on the same folder: nothing that was acknowledged is missing, and it opens.
//!
//! `TACENDA_KILL_ROUNDS` says how often (40), `TACENDA_SEED` repeats a run.

use super::*;
use rustix::process::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use tacenda_tests::chance::{Chance, number};
use tacenda_tests::kept::Sent;
use tacenda_tests::pty::Ended;
use tacenda_tests::scene::PASSPHRASE;

/// The most that passes between the first write of a round and the kill. Milliseconds.
const LONGEST: u64 = 250;

/// Writes one thing after another through the open interface until that is gone.
fn write_until(scene: &Scene, round: u64, gone: &AtomicBool) -> [Sent; 3] {
    let [mut notes, mut clients, mut sessions] = <[Sent; 3]>::default();
    for number in 0.. {
        if gone.load(Ordering::SeqCst) {
            break;
        }
        let word = format!("w{round:04}x{number:03}z");
        let done = |arguments: &[&str], input: &str| scene.run(arguments, input).status == Some(0);
        match number % 3 {
            0 => {
                let acknowledged = done(&["note", "append", CODE], &word);
                notes.add(word, acknowledged);
            }
            1 => {
                let acknowledged = done(&["client", "add", "--code", &word], "Somebody Made-Up");
                clients.add(word, acknowledged);
            }
            _ => {
                let sentence = format!("ts-001 fri 3pm 50m room {word}");
                let acknowledged = done(&["new", "--as-of", "2026-11-25"], &sentence);
                sessions.add(word, acknowledged);
            }
        }
    }
    [notes, clients, sessions]
}

#[test]
fn nothing_acknowledged_is_missing_after_kill_upon_kill() {
    let rounds = number("TACENDA_KILL_ROUNDS").unwrap_or(40);
    let mut chance = Chance::printed();
    let scene = founded("kill-rounds");
    let mut sent = <[Sent; 3]>::default();
    for round in 0..rounds {
        let mut pty = scene.open();
        pty.expect("Enter unlock").keys(PASSPHRASE).keys("\r");
        // Every fifth is killed while it opens.
        if round % 5 == 4 {
            pty.bytes_within(Duration::from_millis(chance.below(400)));
        } else {
            pty.expect("q quit");
        }
        let gone = AtomicBool::new(false);
        let wait = Duration::from_millis(chance.below(LONGEST));
        let written = std::thread::scope(|threads| {
            let writer = threads.spawn(|| write_until(&scene, round, &gone));
            pty.bytes_within(wait);
            pty.kill(Signal::KILL);
            assert_eq!(pty.wait(), Ended::Signal(9));
            gone.store(true, Ordering::SeqCst);
            writer.join().expect("a writer without a fault")
        });
        for (all, new) in sent.iter_mut().zip(written) {
            all.extend(new);
        }
    }
    scene.run(&["note", "sign", CODE], "").done();
    let found = [
        scene.run(&["note", "show", CODE], "").done(),
        scene.run(&["client", "list"], "").done(),
        scene.run(&["today", "--date", "2026-11-27"], "").done(),
    ];
    for ((sent, found), what) in sent.iter().zip(&found).zip(["text", "client", "appointment"]) {
        sent.check(what, found);
        println!(
            "{rounds} kills, {what}: {} acknowledged and there, {} unanswered",
            sent.acknowledged.len(),
            sent.unanswered.len()
        );
        assert!(!sent.acknowledged.is_empty(), "no {what} was acknowledged: nothing was proved");
    }
}
