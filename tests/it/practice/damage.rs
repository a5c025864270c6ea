//! What somebody reads whose passphrase is wrong or whose practice is damaged, and that reading
//! it changes nothing on the disk.

use super::*;
use std::fs;
use tacenda_shared::suite;
use tacenda_tests::pty::{Ended, Pty};
use tacenda_tests::scene::{PASSPHRASE, unlock};

const WRONG: &str = "That passphrase does not open this practice.";
const DAMAGED: &str = "The file with the keys of your practice is damaged.";
const KEPT: &str = "Your records are there";

/// Opens the interface, reads the notice, quits; nothing may have changed.
fn reads(scene: &Scene, notice: &[&str]) {
    let before = scene.files();
    let mut pty = scene.open();
    for sentence in notice {
        expect_words(&mut pty, sentence);
    }
    // Keys of a person who does not read do nothing either.
    pty.keys("n").keys(PASSPHRASE).keys("\r").keys(F10);
    assert_eq!(pty.wait(), Ended::Status(0));
    assert_eq!(scene.files(), before);
    let ran = scene.run(&["client", "list"], "");
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.contains(notice[0]), "{ran:?}");
    assert_eq!(scene.files(), before);
}

/// Tries to unlock; the practice must not open, and nothing may have changed.
fn refuses_to_unlock(scene: &Scene, notice: &[&str]) {
    let before = scene.files();
    let mut pty = try_to_unlock(scene);
    for sentence in notice {
        expect_words(&mut pty, sentence);
    }
    pty.expect("(locked)").keys(F10);
    assert_eq!(pty.wait(), Ended::Status(0));
    assert_eq!(scene.files(), before);
    let ran = scene.run(&["client", "list"], "");
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.err.contains(notice[0]), "{ran:?}");
    assert_eq!(scene.files(), before);
}

/// Returns the words of a screen without its lines and frames.
fn words(contents: &str) -> String {
    contents.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// Waits for a sentence that may be broken into lines.
fn expect_words(pty: &mut Pty, sentence: &str) {
    pty.expect_screen(sentence, |screen| words(&screen.contents()).contains(sentence));
}

fn try_to_unlock(scene: &Scene) -> Pty {
    let mut pty = scene.open();
    pty.expect("Enter unlock").keys(PASSPHRASE).keys("\r");
    pty
}

#[test]
fn a_wrong_passphrase_is_told_in_constant_words_and_keys_meanwhile_are_dropped() {
    let scene = founded("wrong");
    let before = scene.files();
    for wrong in ["not it at all, no", "lock screens take long sentences too", "x"] {
        let mut pty = scene.open();
        // The second Enter and what follows come while the first is being checked.
        pty.expect("Enter unlock").keys(&format!("{wrong}\r\rxyz"));
        pty.expect(WRONG).expect("Nothing has been changed.").expect("Check Caps Lock");
        pty.expect_not(wrong.trim());
        assert_eq!(scene.files(), before, "a failed unlock wrote something");
        if wrong == "x" {
            unlock(&mut pty);
            pty.keys("3").expect(CODE);
        }
    }
}

#[test]
fn a_vault_file_that_is_cut_says_so_and_nothing_changes() {
    let scene = founded("vault-cut");
    let path = scene.vault().join("vault");
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 1, whole.len() / 2, 20, 9, 3] {
        fs::write(&path, &whole[..length]).unwrap();
        reads(&scene, &[DAMAGED, KEPT, "Put the file `vault` back from a backup"]);
    }
}

#[test]
fn an_empty_vault_file_says_so_and_nothing_changes() {
    let scene = founded("vault-empty");
    let path = scene.vault().join("vault");
    for bytes in [vec![], vec![0; 602]] {
        fs::write(&path, bytes).unwrap();
        reads(&scene, &["The file with the keys of your practice is empty.", KEPT]);
    }
}

#[test]
fn one_flipped_bit_anywhere_in_the_vault_file_is_found() {
    let scene = founded("vault-flip");
    let path = scene.vault().join("vault");
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(13) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        let ran = scene.run(&["client", "list"], "");
        assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "byte {at}: {ran:?}");
        assert!(ran.err.contains(DAMAGED), "byte {at}: {ran:?}");
        assert_eq!(fs::read(&path).unwrap(), flipped, "byte {at}");
    }
    reads(&scene, &[DAMAGED, KEPT]);
}

#[test]
fn a_vault_of_a_newer_version_says_so_and_nothing_changes() {
    let scene = founded("vault-newer");
    let path = scene.vault().join("vault");
    let mut newer = fs::read(&path).unwrap();
    newer[9] = 2;
    let crc = crc32(&newer[..14]);
    newer[14..18].copy_from_slice(&crc.to_be_bytes());
    let end = newer.len() - 32;
    let checksum = suite::hash("tac/vault/checksum/v1", &[&newer[..end]]);
    newer[end..].copy_from_slice(checksum.as_bytes());
    fs::write(&path, newer).unwrap();

    reads(&scene, &["This practice was written by a newer Tacenda.", "Nothing has been changed."]);
}

/// CRC-32 of ISO 3309, bit by bit: a second opinion on the program's own.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[test]
fn a_copied_folder_does_not_open_without_the_device_secret() {
    let scene = founded("no-secret");
    fs::remove_dir_all(scene.secrets()).unwrap();

    refuses_to_unlock(&scene, &["The device secret of this practice is not on this computer."]);
}

#[test]
fn a_journal_that_is_gone_is_not_begun_anew() {
    let scene = founded("journal-gone");
    fs::remove_dir_all(scene.vault().join("journal")).unwrap();

    refuses_to_unlock(
        &scene,
        &["The list of members and devices of this practice does not hold together."],
    );
}

#[test]
fn one_flipped_bit_in_the_middle_of_a_journal_is_told_and_nothing_is_deleted() {
    for name in ["journal", "rows"] {
        let scene = founded("journal-flip");
        let path = scene.vault().join(name).join("0000000000000001.seg");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(&path, bytes).unwrap();
        let before = scene.files();

        let mut pty = try_to_unlock(&scene);

        // It opens for reading if what is left can be read, and says which of the two it is.
        pty.expect_screen("the damage", |screen| {
            let contents = words(&screen.contents());
            contents.contains("journal does not read as it was written.")
                || contents.contains("journal is damaged.")
        });
        expect_words(&mut pty, "Nothing has been deleted");
        expect_words(&mut pty, "Copy the folder of your practice to another disk");
        pty.keys(F10);
        assert_eq!(pty.wait(), Ended::Status(0));
        assert_eq!(scene.files(), before, "{name}");
        let ran = scene.run(&["client", "list"], "");
        assert!(ran.err.contains("Nothing has been deleted"), "{ran:?}");
        assert_eq!(scene.files(), before, "{name}");
    }
}

#[test]
fn a_file_that_does_not_belong_into_the_journal_is_left_alone() {
    let scene = founded("journal-garbage");
    let garbage = scene.vault().join("journal").join("holiday.txt");
    fs::write(&garbage, "not a segment").unwrap();

    let mut pty = scene.unlocked();

    pty.keys("3").expect(CODE).keys(F10).wait();
    assert_eq!(fs::read(&garbage).unwrap(), b"not a segment");
}

#[test]
fn a_torn_tail_is_told_and_everything_before_it_is_there() {
    let scene = founded("journal-torn");
    let path = scene.vault().join("journal").join("0000000000000001.seg");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();

    let mut pty = try_to_unlock(&scene);

    expect_words(&mut pty, "The computer stopped while something was being saved.");
    expect_words(&mut pty, "Everything that was confirmed is here.");
    pty.keys("\r").expect("q quit");
    pty.keys("3").expect(CODE);
}
