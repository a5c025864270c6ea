//! Names are hidden until somebody asks for them: on every screen that keys lead to.

use super::*;
use tacenda_shared::id::ObjectId;
use tacenda_shared::practice::edit::{NoteFormat, Part, Splice};
use tacenda_tests::pty::Pty;

const NAMES: [(&str, &str); 3] =
    [("TS-001", "Ada Testerin"), ("TS-002", "Bert Musterhaft"), ("TS-003", "Zoe Beispiel")];

/// A practice with everything that a list could show: a day, a draft, signed notes.
fn busy() -> Scene {
    let scene = Scene::founded(PROGRAM, &folder("veil"), |device, now| {
        for (code, name) in NAMES {
            let client = add_client(device, code, name, now);
            let random: &mut dyn Random = &mut OsRandom;
            let note = ObjectId::random(random);
            let format = NoteFormat::Free;
            let begun = Edit::BeginNote { note, client, session: None, format };
            device.apply(begun, now).expect("a draft");
            let inserted = "Slept well.".to_owned();
            let text = Splice { part: Part::Text, position: 0, deleted: 0, inserted };
            device.type_keys(note, client, vec![text], now);
            device.commit(note, client, now).expect("its text");
            if code != "TS-002" {
                let sign = Edit::Sign { note, client, late_reason: None };
                device.apply(sign, now).expect("a signature");
            }
        }
    });
    for (at, (code, _)) in NAMES.iter().enumerate() {
        scene.run(&["new"], &format!("{code} today {}pm 50m room 2", at + 1)).done();
    }
    scene
}

fn assert_no_name(pty: &mut Pty, after: &str) {
    for (_, name) in NAMES {
        for word in name.split(' ') {
            assert!(!pty.contents().contains(word), "{word:?} after {after:?}\n{}", pty.contents());
        }
    }
}

/// Puts the focus on the first row of the day. In the evening, when sessions wait for what came of
/// them, Today begins there instead.
fn begin_at_the_first_gap(pty: &mut Pty) {
    pty.expect("free 5 h").expect("TS-003").keys("\x1b[H");
    let chosen = |pty: &Pty| {
        let contents = pty.contents();
        contents.lines().find(|line| line.starts_with("> ")).map(str::to_owned)
    };
    pty.wait_for("a chosen row", |pty| chosen(pty).is_some());
    if !chosen(pty).is_some_and(|row| row.contains("free 5 h")) {
        pty.keys("\t\x1b[H");
    }
    pty.wait_for("the first gap", |pty| chosen(pty).is_some_and(|row| row.contains("free 5 h")));
}

/// Keys, and what the screen shows when they have been taken.
const WALK: &[(&str, &str)] = &[
    ("", "TS-001"),
    ("\x1b[B", "TS-002"),
    ("\t", "TS-002"),
    ("?", "Help"),
    ("\x1b", "names hidden"),
    (" ", "What can be done here"),
    ("\x1b", "names hidden"),
    (":", "Commands"),
    ("tes", "tes"),
    ("\x1b", "names hidden"),
    ("n", "New appointment"),
    ("TS", "TS-001"),
    ("\x1b", "New appointment"),
    ("\x1b", "To finish"),
    ("\t", "TS-002"),
    ("\x1b[B", "m move"),
    ("m", "Move"),
    ("\x1b", "names hidden"),
    ("s", "held"),
    ("\x1b", "names hidden"),
    ("2", "Week"),
    ("3", "3 of 3"),
    ("/", "3 of 3"),
    ("TS", "3 of 3"),
    ("\x1b", "3 of 3"),
    ("\r", "Timeline"),
    // The session of today stands above the note.
    ("z", "Timeline: notes"),
    ("\r", "Slept well."),
    ("\x1b", "Timeline: notes"),
    ("\x1b", "3 of 3"),
    ("e", "show names first"),
    ("N", "TS-001"),
    ("\x1b", "3 of 3"),
    ("gc", "Esc back"),
    ("\x1b", "Enter open"),
    ("4", "TS-002"),
    ("7", "laptop"),
    ("1", "TS-001"),
];

#[test]
fn no_name_is_on_any_screen_until_f9_shows_them() {
    let scene = busy();
    let mut pty = scene.unlocked();
    begin_at_the_first_gap(&mut pty);
    for (keys, seen) in WALK {
        let before = pty.contents();
        if !keys.is_empty() {
            pty.keys(keys);
        }
        if *keys == "\x1b" {
            // What follows an Esc that was not taken yet would be read as a key with Alt.
            pty.expect_screen("what Esc leads to", |screen| screen.contents() != before);
        }
        pty.expect(seen);
        // What comes a moment later must not tell either.
        pty.bytes_within(Duration::from_millis(60));
        assert_no_name(&mut pty, keys);
    }
    let raw = pty.take_raw();
    assert!(NAMES.iter().all(|(_, name)| !raw.contains(name)), "a name was sent");

    pty.keys(F9).expect("names shown").expect("Ada Testerin");
    pty.keys("3").expect("Bert Musterhaft");
    pty.keys(F9).expect("names hidden").expect_gone("Musterhaft");

    assert_no_name(&mut pty, F9);
}

#[test]
fn names_are_hidden_again_after_a_lock() {
    let scene = founded("veil-lock");
    let mut pty = scene.unlocked();
    pty.keys(F9).expect("names shown").keys("3").expect(NAME).keys(CTRL_L).expect("(locked)");
    pty.expect_not(NAME);

    tacenda_tests::scene::unlock(&mut pty);

    pty.keys("3").expect(CODE).expect("names hidden").expect_not(NAME);
}
