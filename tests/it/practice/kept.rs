//! What has been typed and what has been confirmed is there again, however the program ends.

use super::*;
use rustix::process::Signal;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::unlock;

/// Opens the draft that was begun.
fn reopen_draft(scene: &Scene) -> Pty {
    let mut pty = scene.unlocked();
    pty.keys("4").expect("draft").keys("\r").expect("DRAFT");
    pty
}

/// Letters that show at once which of them is missing.
fn letters(count: usize) -> String {
    (0..count).map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap())).collect()
}

#[test]
fn a_signal_to_end_keeps_every_character_and_restores_the_terminal() {
    for (signal, status) in [(Signal::HUP, 129), (Signal::TERM, 143)] {
        let scene = founded("signal");
        let mut pty = scene.unlocked();
        begin_note(&mut pty);
        let text = letters(70);
        for letter in text.chars() {
            pty.keys(&letter.to_string());
        }
        pty.expect(&text).kill(signal);

        assert_eq!(pty.wait(), Ended::Status(status));
        assert!(pty.is_sane());
        assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
        reopen_draft(&scene).expect(&text);
    }
}

#[test]
fn a_kill_while_typing_loses_at_most_the_last_second() {
    let scene = founded("kill-typing");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    let first = letters(40);
    pty.keys(&first).expect(&first);
    // A second later all of it is on the disk, whatever is typed in between.
    pty.bytes_within(Duration::from_millis(1_000));
    let second = "0123456789";
    pty.keys(second).expect(second).kill(Signal::KILL);

    assert_eq!(pty.wait(), Ended::Signal(9));
    let mut pty = reopen_draft(&scene);
    pty.expect(&first);
    let contents = pty.contents();
    let row = contents.lines().find(|row| row.contains(&first)).unwrap();
    let rest = row.trim_end().strip_prefix(first.as_str()).unwrap();
    assert!(second.starts_with(rest), "{rest:?} was never typed");
}

/// All places replaced, a paste of 100 KB and what `.` does again: a second later they are on the
/// disk as anything else that was typed.
#[test]
fn a_kill_a_second_after_a_large_change_loses_nothing_of_it() {
    let scene = founded("kill-large");
    let tail = |pty: &mut Pty, words: &str| {
        pty.keys("\x1b[1;5F").expect(words);
    };
    let killed = |mut pty: Pty| {
        pty.bytes_within(Duration::from_millis(1_500));
        pty.kill(Signal::KILL);
        assert_eq!(pty.wait(), Ended::Signal(9));
        reopen_draft(&scene)
    };
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    let line = "She was anxious, and nothing else was new in that week.\n";
    let lines = 100_000 / line.len();
    let text = line.repeat(lines);
    pty.keys(&format!("\x1b[200~{text}the end of it\x1b[201~"));
    pty.expect("the end of it");
    let mut pty = killed(pty);
    tail(&mut pty, "the end of it");

    pty.keys("\x06")
        .keys("anxious")
        .expect(&format!("of {lines}"))
        .keys("\t")
        .keys("tense")
        .keys("\r");
    pty.expect("Replace \"anxious\"").keys("a").expect("in this note.");
    let mut pty = killed(pty);
    pty.expect("She was tense,").expect_not("anxious");
    tail(&mut pty, "the end of it");

    pty.keys("\x0b").keys("keys-vim").keys("\r").expect("NORMAL");
    pty.keys("G0cwThe").keys("\x1b").expect("NORMAL").expect("The end of it");
    let copies = |screen: &str| screen.matches("The end of it").count();
    pty.keys("yyp").keys("4.");
    pty.expect_screen("six of them", |screen| copies(&screen.contents()) == 6);
    let mut pty = killed(pty);
    pty.expect("NORMAL").keys("G");
    pty.expect_screen("six of them", |screen| copies(&screen.contents()) == 6);
}

#[test]
fn an_addendum_survives_a_kill_is_found_again_and_signed() {
    let scene = founded("kill-addendum");
    scene.run(&["note", "append", CODE], "Slept six hours.").done();
    scene.run(&["note", "sign", CODE], "").done();
    let read = |pty: &mut Pty, down: &str| {
        pty.keys("3").expect(CODE).keys("\r").expect("Timeline").keys(down).keys("\r");
        pty.expect("SIGNED");
    };
    let mut pty = scene.unlocked();
    read(&mut pty, "");
    let words = letters(40);
    pty.keys("n").expect("Addendum  ").keys(&words).expect(&words);
    pty.bytes_within(Duration::from_millis(1_500));
    pty.kill(Signal::KILL);
    assert_eq!(pty.wait(), Ended::Signal(9));

    let mut pty = scene.unlocked();
    pty.keys("4").expect("addendum draft").keys("1");
    // What is not signed stands above it.
    read(&mut pty, "j");
    // The same key goes on with what was begun.
    pty.keys("n").expect("Addendum  ").expect(&words).keys("\x1b[19~").expect("sign");
    pty.keys("QS").expect("after initials").bytes_within(Duration::from_millis(400));
    pty.keys("\r").expect("1 addendum").expect(&words).keys("\x1b").expect("Timeline");
    let shown = scene.run(&["note", "show", CODE], "").done();
    assert!(shown.contains("Slept six hours.") && shown.contains(&words), "{shown}");
}

#[test]
fn a_program_that_is_stopped_is_locked_and_keeps_every_character() {
    let scene = founded("stopped");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    let text = letters(60);
    pty.keys(&text).expect(&text).kill(Signal::TSTP);
    pty.expect("(locked)").expect_not(&text);
    pty.kill(Signal::STOP).wait_stopped();
    pty.kill(Signal::CONT);

    unlock(&mut pty);
    pty.keys("4").expect("draft").keys("\r").expect(&text);
}

#[test]
fn a_closed_terminal_keeps_every_character() {
    let scene = founded("hang-up");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    let text = letters(60);
    pty.keys(&text).expect(&text).hang_up();

    assert!(matches!(pty.wait(), Ended::Status(_)));
    reopen_draft(&scene).expect(&text);
}

#[test]
fn locking_keeps_the_draft_and_shows_nothing_of_it() {
    let scene = founded("lock-draft");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    pty.keys("Cannot sleep").expect("Cannot sleep").keys(CTRL_L).expect("(locked)");
    pty.expect_not("Cannot sleep").expect_not(NAME).expect("drafts are kept");

    unlock(&mut pty);

    pty.keys("4").expect("draft").keys("\r").expect("Cannot sleep");
}
