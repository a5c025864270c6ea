//! The interface on terminals of every kind and size, and under floods of text.

use super::*;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::unlock;
use tacenda_tests::wire;

fn letters(count: usize) -> String {
    (0..count).map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap())).collect()
}

/// Signs the one draft and returns its text, as it lies on the disk.
fn signed_text(scene: &Scene) -> String {
    scene.run(&["note", "sign", CODE], "").done();
    let note = scene.run(&["--json", "note", "show", CODE], "").json();
    note[0]["parts"][0]["text"].as_str().unwrap().to_owned()
}

/// Visits the screens that everybody sees.
fn look_around(pty: &mut Pty) {
    for (key, seen) in
        [("2", "Week"), ("3", CODE), ("4", "To finish"), ("7", "Sync"), ("1", "free")]
    {
        pty.keys(key).expect(seen);
    }
}

#[test]
fn too_little_memory_for_the_passphrase_is_said() {
    let scene = founded("little-memory");
    let mut refused = 0;
    for mebibytes in [72, 80, 88, 96, 104, 112, 128, 160] {
        let ran = scene.run_within(&["client", "list"], mebibytes << 20);
        assert!(matches!(ran.status, Some(0 | 1)), "{mebibytes}: {ran:?}");
        if ran.status == Some(1) {
            refused += 1;
            assert!(ran.err.contains("not enough free memory"), "{mebibytes}: {ran:?}");
        }
    }
    assert!(refused > 0, "no amount was too little for the passphrase alone");
    scene.run(&["client", "list"], "").done();
}

#[test]
fn a_storm_of_sizes_while_typing_keeps_every_character() {
    let scene = founded("storm");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    let text = letters(300);
    let mut state = 7_u32;
    for letter in text.chars() {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let rows = u16::try_from(state >> 16 & 63).unwrap() + 1;
        let columns = u16::try_from(state >> 24 & 127).unwrap() + 1;
        pty.resize(rows, columns).keys(&letter.to_string());
    }
    pty.resize(24, 80).expect("DRAFT").expect(&text[294..]).keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_eq!(signed_text(&scene), text);
}

#[test]
fn the_smallest_and_the_largest_terminal_lose_nothing() {
    let scene = founded("sizes");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    for (rows, columns) in [(1, 1), (200, 500), (1, 500), (200, 1), (15, 59), (24, 80)] {
        pty.resize(rows, columns).keys("word ");
    }
    pty.expect("word word word word word word").keys("\x1b").expect(CODE);
    for (rows, columns) in [(1, 1), (200, 500), (24, 80)] {
        pty.resize(rows, columns).keys("1234");
    }
    pty.expect("To finish").keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_eq!(signed_text(&scene).trim(), "word word word word word word");
}

#[test]
fn a_flood_of_pasted_text_is_refused_whole_where_it_does_not_fit() {
    let scene = founded("flood");
    let mut pty = scene.unlocked();
    let flood = "nothing to see here ".repeat(250_000);
    assert_eq!(flood.len(), 5_000_000);
    pty.keys("3").expect("N note").keys(&format!("\x1b[200~{flood}\x1b[201~"));
    pty.expect("Pasted text was ignored").expect("1 of 1");
    begin_note(&mut pty);
    pty.keys("before ").expect("before").keys(&format!("\x1b[200~{flood}\x1b[201~"));
    pty.expect("Nothing was put in: a part holds at most 1 MiB.");
    pty.keys("after").expect("before after").keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_eq!(signed_text(&scene), "before after");
}

#[test]
fn a_long_paste_is_taken_to_the_letter() {
    let scene = founded("long-paste");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    let lines: Vec<String> = (0..2_000).map(|n| format!("line {n} of a letter")).collect();
    let pasted = lines.join("\r\n");
    pty.keys(&format!("\x1b[200~{pasted}\x1b[201~")).expect("line 1999 of a letter").keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_eq!(signed_text(&scene), lines.join("\n"));
}

#[test]
fn every_kind_of_terminal_gets_only_what_it_knows() {
    let scene = founded("kinds");
    for (term, unknown) in [
        ("vt100", &["\x1b[?1049", "\x1b[?25", "\x1b[?2004", "\x1b[?1004", "\x1b]"][..]),
        ("linux", &["\x1b[?1049", "\x1b[?2004", "\x1b[?1004", "\x1b]"]),
        ("xterm", &[]),
        ("somethingnew-2040", &[]),
        ("screen", &["\x1b]"]),
        ("xterm-256color", &[]),
    ] {
        let mut pty = scene.open_with(|command| {
            command.env("TERM", term);
        });
        unlock(&mut pty);
        look_around(&mut pty);
        pty.keys(F10);
        assert_eq!(pty.wait(), Ended::Status(0), "{term}");
        let raw = pty.take_raw();
        for sequence in unknown {
            assert!(!raw.contains(sequence), "{sequence:?} was sent to {term}");
        }
        assert_eq!(wire::violations(raw.as_bytes()), Vec::<String>::new(), "{term}");
        let many = |number: &u32| matches!(number, 38 | 48 | 90..=107);
        match term {
            "vt100" => assert_eq!(colours(&raw), Vec::<u32>::new()),
            "xterm-256color" => {}
            _ => assert!(!colours(&raw).iter().any(many), "more than 8 colours for {term}"),
        }
    }
}

#[test]
fn a_terminal_without_a_cursor_is_told_and_nothing_is_touched() {
    let scene = founded("dumb");
    let before = scene.files();
    for term in ["dumb", ""] {
        let mut pty = scene.open_with(|command| {
            command.env("TERM", term);
        });
        assert_eq!(pty.wait(), Ended::Status(2), "{term:?}");
        let raw = pty.take_raw();
        assert!(raw.contains("Tacenda did not start") && !raw.contains('\x1b'), "{raw:?}");
    }
    assert_eq!(scene.files(), before);
}

#[test]
fn without_a_locale_the_chrome_keeps_to_ascii() {
    let scene = founded("ascii");
    let mut pty = scene.open_with(|command| {
        command.env("LC_ALL", "C");
    });
    unlock(&mut pty);
    look_around(&mut pty);
    pty.keys("?").expect("Help").keys("\x1b").expect_gone("Help").keys(F10);

    assert_eq!(pty.wait(), Ended::Status(0));
    let raw = pty.take_raw();
    assert!(raw.is_ascii(), "{:?}", raw.chars().find(|letter| !letter.is_ascii()));
}

#[test]
fn no_color_sends_no_colour() {
    let scene = founded("no-color");
    let mut pty = scene.open_with(|command| {
        command.env("NO_COLOR", "1");
    });
    unlock(&mut pty);
    look_around(&mut pty);
    pty.keys(F10).wait();

    let raw = pty.take_raw();
    assert_eq!(colours(&raw), Vec::<u32>::new());
    assert!(raw.contains("\x1b[1m"), "nothing was bold either: was anything drawn?");
}

/// Returns the numbers of colours in everything that sets attributes.
fn colours(raw: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for piece in raw.split("\x1b[").skip(1) {
        let body: String = piece.chars().take_while(|c| !c.is_ascii_alphabetic()).collect();
        if piece[body.len()..].starts_with('m') {
            let numbers = body.split(';').filter_map(|number| number.parse::<u32>().ok());
            found.extend(numbers.filter(|number| matches!(number, 30..=49 | 90..=107)));
        }
    }
    found
}

#[test]
fn without_a_home_it_says_what_is_missing() {
    let scene = founded("homeless");
    let mut pty = scene.open_with(|command| {
        command.env_remove("HOME");
    });
    assert_eq!(pty.wait(), Ended::Status(1));
    let raw = pty.take_raw();
    assert!(raw.contains("neither HOME nor"), "{raw:?}");
    assert!(raw.contains("Name a folder with --dir."), "{raw:?}");

    let mut pty = scene.open_with(|command| {
        command.env_remove("HOME").arg("--dir").arg(scene.root().join("named"));
    });
    pty.expect("first run").keys(F10);
    assert_eq!(pty.wait(), Ended::Status(0));
}

#[test]
fn without_a_terminal_it_says_so_and_ends_with_2() {
    let scene = founded("no-terminal");
    let output = scene.command::<&str>([]).stdin(std::process::Stdio::null()).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("for scripts there are commands"));
    assert!(output.stdout.is_empty());
}
