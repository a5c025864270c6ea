//! Names, notes and pasted text that try to command the terminal or to turn a line around.

use super::*;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::wire;

/// Each sequence in the middle of words that must still be read.
const ATTACKS: [&str; 12] = [
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;b3duZWQ=\u{7}",
    "\u{1b}[2J\u{1b}[31m",
    "\u{1b}[6n",
    "\u{9b}2J\u{9d}0;owned\u{9c}",
    "\u{1b}P+q544e\u{1b}\\",
    "\u{202e}desrever\u{202c}",
    "\u{2066}isolated\u{2069}\u{200f}",
    "\u{7}\u{8}\u{7f}\u{0}\u{c}",
    "\u{e0041}\u{e0042}\u{e007f}",
    "\u{feff}\u{200b}\u{2028}\u{2029}",
    "\u{f8ff}\u{fff9}\u{61c}",
];

/// Presses Esc alone: what follows at once would be taken for a sequence.
fn esc(pty: &mut Pty) -> &mut Pty {
    pty.keys("\x1b").bytes_within(Duration::from_millis(100));
    pty
}

fn assert_harmless(pty: &mut Pty) {
    let violations = wire::violations(pty.raw());
    assert_eq!(violations, Vec::<String>::new());
}

#[test]
fn text_cannot_command_the_terminal() {
    let scene = founded("hostile");
    for (number, attack) in ATTACKS.iter().enumerate() {
        let code = format!("EV-{number:03}");
        scene.run(&["client", "add", "--code", &code], &format!("Eve{attack} Evil")).done();
    }
    let note = ATTACKS.map(|attack| format!("before {attack} after\n")).concat();
    scene.run(&["note", "append", "EV-000"], &note).done();
    scene.run(&["note", "sign", "EV-000"], "").done();
    scene.run(&["note", "append", "EV-000"], &note).done();
    // Never past, so that it is nothing to be finished.
    scene.run(&["new"], "ev-000 tomorrow 3pm 50m room \u{1b}[2J").done();

    let mut pty = scene.unlocked();
    pty.keys(F9).expect("names shown").keys("3").expect("13 of 13").expect("Eve");
    // The draft comes first, then what was signed.
    pty.keys("/").keys("ev-000").expect("1 of 13").keys("\r").expect("Note signed");
    pty.keys("z\x1b[B\r").expect("before").expect("Signed");
    esc(&mut pty).expect("Note signed");
    esc(&mut pty).expect("1 of 13").keys("e").expect("Pronouns").expect("Eve");
    esc(&mut pty)
        .expect_gone("Pronouns")
        .keys("4")
        .expect("oldest first")
        .expect("Eve")
        .keys("\r")
        .expect("DRAFT")
        .expect("before");
    pty.keys(F8).expect("Read it once more");
    esc(&mut pty).expect_gone("Read it once more");
    esc(&mut pty).expect("oldest first");
    pty.keys("\x0b").expect("Commands").keys("eve").expect("eve");
    esc(&mut pty).expect_gone("Commands");
    for (key, seen) in [("2", "Week"), ("4", "oldest first"), ("1", "Today")] {
        pty.keys(key).expect(seen);
    }
    pty.keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_harmless(&mut pty);
}

#[test]
fn pasted_text_cannot_command_the_terminal() {
    let scene = founded("hostile-paste");
    let mut pty = scene.unlocked();
    pty.keys(F9).expect("names shown").keys("3").expect(CODE);
    for (number, attack) in ATTACKS.iter().enumerate() {
        pty.keys("n").expect("Pronouns");
        pty.keys(&format!("\x1b[200~Mallory {attack} Pasted{number}\x1b[201~"));
        pty.expect(&format!("Pasted{number}")).keys("\r").expect_gone("Pronouns");
        pty.expect(&format!("{} of {}", number + 2, number + 2));
    }
    pty.keys("N").expect("New note").keys("\x1b[B\r").expect("DRAFT").expect("Began a note");
    for (number, attack) in ATTACKS.iter().enumerate() {
        pty.keys(&format!("\x1b[200~from {attack} to {number}\n\x1b[201~"));
    }
    pty.expect("to 11").keys(F8).expect("Read it once more").keys("\x1b").expect("to 11").keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_harmless(&mut pty);
}
