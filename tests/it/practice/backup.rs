//! Backup and restore as a person does them: the real commands, alone and beside the open
//! interface, and what they read when something is wrong.

use super::*;
use serde_json::Value;
use std::fs;
use tacenda_tests::planted;
use tacenda_tests::pty::Ended;
use tacenda_tests::scene::{PASSPHRASE, Ran};

/// A new passphrase for what was restored.
const ANOTHER: &str = "walnut harbour lantern mosaic fjord";

fn backup(scene: &Scene, file: &Path) -> Value {
    scene.run(&["--json", "backup", file.to_str().unwrap()], "").json().remove(0)
}

fn number(line: &Value, field: &str) -> u64 {
    line[field].as_u64().unwrap_or_else(|| panic!("{field} of {line}"))
}

/// Restores onto an empty computer, with the words of a sheet.
fn restore(scene: &Scene, file: &Path, words: &str) -> Ran {
    let child = scene.start_with(&["restore", file.to_str().unwrap()], words, ANOTHER);
    Ran::from(child.wait_with_output().unwrap())
}

/// What a practice holds, line by line, but for the line that tells when it was exported.
fn exported(scene: &Scene, passphrase: &str) -> Vec<String> {
    let child = scene.start_with(&["export"], "", passphrase);
    let lines = Ran::from(child.wait_with_output().unwrap()).done();
    let lines: Vec<_> = lines.lines().skip(1).map(str::to_owned).collect();
    assert!(!lines.is_empty());
    lines
}

fn keys_of(file: &Path) -> PathBuf {
    file.with_extension("backup.keys")
}

fn write_a_note(scene: &Scene, text: &str) {
    scene.run(&["note", "append", CODE], text).done();
    scene.run(&["note", "sign", CODE], "").done();
}

#[test]
fn a_practice_comes_back_line_by_line_from_a_backup_that_grew() {
    let scene = founded("backup-round");
    let file = scene.root().join("my.backup");
    for count in 0..12 {
        write_a_note(&scene, &format!("Synthetic session {count}: slept {count} hours."));
    }
    let first = backup(&scene, &file);
    assert_eq!([number(&first, "run"), number(&first, "notes")], [1, 12]);
    let (bytes, keys) = (fs::metadata(&file).unwrap().len(), number(&first, "keys_bytes"));
    assert_eq!(number(&first, "bytes"), bytes);
    assert_eq!(keys, fs::metadata(keys_of(&file)).unwrap().len());

    write_a_note(&scene, "Synthetic session 12: slept well.");
    scene.run(&["note", "append", CODE], "A draft that nobody has signed.").done();
    let second = backup(&scene, &file);

    assert_eq!([number(&second, "run"), number(&second, "notes")], [2, 13]);
    let grown = fs::metadata(&file).unwrap().len() - bytes;
    assert_eq!(number(&second, "bytes"), bytes + grown);
    // Each command is an unlock, and each unlock writes a segment of its own.
    assert!(grown < bytes / 2, "{grown} of {bytes}");
    assert!(grown >= number(&second, "new_bytes"));
    assert!(grown < number(&second, "new_bytes") + 100 * 40, "{second}");
    let checked = scene.run(&["--json", "backup", "--check", file.to_str().unwrap()], "").json();
    assert_eq!([number(&checked[0], "run"), number(&checked[0], "unfinished")], [2, 0]);
    let before = exported(&scene, PASSPHRASE);

    let new = empty("backup-round-new");
    let restored = restore(&new, &file, scene.sheet()).done();
    assert!(restored.contains("13 signed notes"), "{restored}");
    assert_eq!(exported(&new, ANOTHER), before);
    let trail = new.start_with(&["client", "list"], "", PASSPHRASE);
    assert_eq!(Ran::from(trail.wait_with_output().unwrap()).status, Some(1));
}

#[test]
fn a_backup_is_made_while_somebody_types_and_no_letter_is_lost() {
    let scene = founded("backup-typing");
    let file = scene.root().join("my.backup");
    let mut pty = scene.unlocked();
    begin_note(&mut pty);
    pty.keys("before the backup ").expect("before the backup");

    let written = backup(&scene, &file);

    assert_eq!(number(&written, "run"), 1);
    pty.keys("and after it").expect("before the backup and after it").keys(CTRL_L);
    pty.expect("(locked)").keys(F10);
    assert_eq!(pty.wait(), Ended::Status(0));
    let second = backup(&scene, &file);
    assert_eq!(number(&second, "run"), 2);
    let new = empty("backup-typing-new");
    restore(&new, &file, scene.sheet()).done();
    let mut pty = new.open();
    pty.expect("Enter unlock").keys(ANOTHER).keys("\r").expect_gone("Enter unlock");
    pty.keys("4").expect("draft").keys("\r").expect("before the backup and after it");
}

#[test]
fn what_is_wrong_with_a_restore_is_told_and_leaves_an_empty_home() {
    let scene = founded("backup-wrong");
    let other = founded("backup-wrong-other");
    let file = scene.root().join("my.backup");
    backup(&scene, &file);
    let whole = fs::read(&file).unwrap();
    let new = empty("backup-wrong-new");
    let refuses = |words: &str, happened: &str| {
        let ran = restore(&new, &file, words);
        assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.err.contains(happened), "{ran:?}");
        // One word alone may stand in any sentence by chance.
        let words: Vec<&str> = words.split(' ').collect();
        for pair in words.windows(2) {
            assert!(!ran.err.contains(&pair.join(" ")), "words of the sheet are told");
        }
        assert!(!ran.err.contains("xyzzy"), "what was typed is told");
        let left: Vec<_> = new.files().into_iter().map(|(path, _)| path).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    let sheet = scene.sheet().to_owned();

    refuses(other.sheet(), "not the one of this backup");
    refuses("zoo zoo zoo", "A recovery sheet has 24 words");
    let (first, rest) = sheet.split_once(' ').unwrap();
    refuses(&format!("{rest} {first}"), "they are no recovery sheet");
    refuses(&format!("xyzzy {rest}"), "Word 1 is not a word of recovery sheets");
    let harmed = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 4;
        fs::write(&file, bytes).unwrap();
    };
    for place in [60, 700, whole.len() / 2, whole.len() - 1] {
        harmed(place);
        refuses(&sheet, "The backup is damaged");
    }
    harmed(7);
    refuses(&sheet, "written by a newer Tacenda");
    harmed(0);
    refuses(&sheet, "not a backup of Tacenda");
    fs::write(&file, &whole[..whole.len() - 30]).unwrap();
    refuses(&sheet, "The backup is damaged");
    fs::write(&file, &whole).unwrap();
    let keys = fs::read(keys_of(&file)).unwrap();
    fs::remove_file(keys_of(&file)).unwrap();
    refuses(&sheet, "The keys that belong to this backup are not beside it");
    fs::write(keys_of(&file), keys).unwrap();

    restore(&new, &file, &sheet).done();
    let occupied = restore(&new, &file, &sheet);
    assert!(occupied.err.contains("There is a practice in this folder already."), "{occupied:?}");
}

#[test]
fn a_backup_asks_for_the_passphrase_touches_nothing_else_and_shows_no_name() {
    let scene = founded("backup-asks");
    let file = scene.root().join("my.backup");
    let path = file.to_str().unwrap();
    let child = scene.start_with(&["backup", path], "", "not it at all, no");
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let mut pty = scene.unlocked();
    let child = scene.start_with(&["backup", path], "", "not it at all, no");
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert!(ran.err.contains("That passphrase does not open this practice."), "{ran:?}");
    assert!(!file.exists() && !keys_of(&file).exists());
    pty.keys(F10).wait();

    let letter = scene.root().join("letter");
    fs::write(&letter, "Dear colleague").unwrap();
    let ran = scene.run(&["backup", letter.to_str().unwrap()], "");
    assert!(ran.err.contains("not a backup of Tacenda"), "{ran:?}");
    assert_eq!(fs::read_to_string(&letter).unwrap(), "Dear colleague");
    let nowhere = scene.root().join("nowhere").join("my.backup");
    let ran = scene.run(&["backup", nowhere.to_str().unwrap()], "");
    assert!(ran.err.contains("could not be read or written"), "{ran:?}");

    backup(&scene, &file);
    for path in [&file, &keys_of(&file)] {
        let bytes = fs::read(path).unwrap();
        assert_eq!(planted::count(&bytes, NAME), 0);
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap());
        assert_eq!(mode & 0o777, 0o600);
    }
}
