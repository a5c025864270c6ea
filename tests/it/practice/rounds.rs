//! Kill after kill on the same folder: nothing that was acknowledged is missing, and it opens.
//!
//! `TACENDA_KILL_ROUNDS` says how often (40), `TACENDA_SEED` repeats a run.

use super::*;
use rustix::process::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use tacenda_tests::pty::Ended;
use tacenda_tests::scene::PASSPHRASE;

/// The most that passes between the first write of a round and the kill. Milliseconds.
const LONGEST: u64 = 250;

/// A generator that repeats itself from a printed seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Words that went out: which were acknowledged, and which may or may not be there.
#[derive(Default)]
struct Sent {
    acknowledged: Vec<String>,
    unanswered: Vec<String>,
}

impl Sent {
    fn add(&mut self, word: String, acknowledged: bool) {
        let list = if acknowledged { &mut self.acknowledged } else { &mut self.unanswered };
        list.push(word);
    }

    /// Fails unless each acknowledged word is there once and each other one at most once.
    fn check(&self, what: &str, found: &str) {
        let times = |word: &String| found.matches(word.as_str()).count();
        for word in &self.acknowledged {
            assert_eq!(times(word), 1, "the acknowledged {what} {word}");
        }
        for word in &self.unanswered {
            assert!(times(word) <= 1, "the {what} {word} is there more than once");
        }
    }
}

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
    let fresh: [u8; 8] = {
        let random: &mut dyn Random = &mut OsRandom;
        random.bytes()
    };
    let seed = number("TACENDA_SEED").unwrap_or(u64::from_le_bytes(fresh)) | 1;
    println!("TACENDA_SEED={seed}");
    let mut chance = Chance(seed);
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
            all.acknowledged.extend(new.acknowledged);
            all.unanswered.extend(new.unanswered);
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
