//! Files in charts on the command line: in from a pipe or a file, out through the gate only.

use super::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

/// A JPEG of nothing, with a place in it.
fn photo() -> Vec<u8> {
    let exif = b"\xff\xe1\0\x18Exif\0\0GPS 48.2 N, here";
    let frame = b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0";
    let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0abc\xff\xd9";
    [&b"\xff\xd8"[..], exif, frame, scan].concat()
}

fn refused(scene: &Scene, arguments: &[&str], input: &str, why: &str) {
    let ran = scene.run(arguments, input);
    let ended = ran.status != Some(0) && ran.err.contains(why);
    assert!(ended, "{arguments:?}: {:?} {}", ran.status, ran.err);
}

/// The id of the newest file.
fn newest(scene: &Scene) -> String {
    listed(scene).swap_remove(0)
}

fn listed(scene: &Scene) -> Vec<String> {
    let listed = scene.run(&["--json", "attachment", "list", CODE], "").json();
    listed.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_comes_in_is_listed_and_shown_and_leaves_only_with_the_passphrase_and_over_nothing() {
    let scene = founded("attachments");
    let at = |name: &str| scene.root().join(name).to_str().unwrap().to_owned();
    fs::write(at("letter.txt"), "Dear colleague,\nthank you\u{1b}[2J for seeing her.\n").unwrap();
    let added = scene
        .run(&["--json", "attachment", "add", CODE, "--input", &at("letter.txt")], "A letter\n")
        .json();
    assert_eq!(
        (added[0]["type"].as_str(), added[0]["stripped"].as_bool()),
        (Some("attachment-added"), Some(false))
    );
    let listed = scene.run(&["--json", "attachment", "list", CODE], "").json();
    assert_eq!([&listed[0]["title"], &listed[0]["media"]], ["A letter", "text"]);
    assert_eq!((&listed[0]["id"], listed[0]["size"].as_u64()), (&added[0]["id"], Some(46)));
    let id = newest(&scene);
    let shown = scene.run(&["attachment", "show", CODE, &id], "").done();
    assert!(shown.contains("Dear colleague,") && !shown.contains('\u{1b}'), "{shown}");
    let shown = scene.run(&["--json", "attachment", "show", CODE, &id], "").json();
    assert_eq!([&shown[0]["state"], &shown[0]["media"]], ["whole", "text"]);

    let save =
        |output: &str| ["attachment", "save", CODE, &id, "--output", output].map(str::to_owned);
    let saved = save(&at("out.txt"));
    let saved: Vec<_> = saved.iter().map(String::as_str).collect();
    scene.run(&saved, "").done();
    assert_eq!(fs::read(at("out.txt")).unwrap(), fs::read(at("letter.txt")).unwrap());
    assert_eq!(fs::metadata(at("out.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    refused(&scene, &saved, "", "something of that name already");
    symlink(at("elsewhere"), at("link")).unwrap();
    let through = save(&at("link"));
    let through: Vec<_> = through.iter().map(String::as_str).collect();
    refused(&scene, &through, "", "something of that name already");
    assert!(!fs::exists(at("elsewhere")).unwrap());
    let wrong = save(&at("other.txt"));
    let wrong: Vec<_> = wrong.iter().map(String::as_str).collect();
    let ran = scene.start_with(&wrong, "", "not it").wait_with_output().unwrap();
    assert!(!ran.status.success() && !fs::exists(at("other.txt")).unwrap());

    scene.run(&["attachment", "strike", CODE, &id], "").done();
    let listed = scene.run(&["--json", "attachment", "list", CODE], "").json();
    assert_eq!(listed[0]["struck"], true);
    scene.run(&["attachment", "strike", CODE, &id, "--undo"], "").done();
    assert_eq!(scene.run(&["--json", "attachment", "list", CODE], "").json()[0]["struck"], false);
}

#[test]
fn a_photo_loses_its_place_unless_that_is_to_stay_and_what_is_no_file_stays_out() {
    let scene = founded("attachments-photo");
    let at = |name: &str| scene.root().join(name).to_str().unwrap().to_owned();
    fs::write(at("photo.jpg"), photo()).unwrap();
    let add = |options: &[&str]| {
        let photo = at("photo.jpg");
        let arguments = [&["attachment", "add", CODE, "--input", &photo], options].concat();
        // Two may come within one tick of the clock.
        let before = listed(&scene);
        scene.run(&arguments, "A drawing").done();
        let id = listed(&scene).into_iter().find(|id| !before.contains(id)).unwrap();
        let output = at(&format!("out{}", options.len()));
        scene.run(&["attachment", "save", CODE, &id, "--output", &output], "").done();
        fs::read(output).unwrap()
    };
    let without = add(&[]);
    assert!(without.len() < photo().len() && !without.windows(3).any(|bytes| bytes == b"GPS"));
    assert_eq!(add(&["--keep-metadata"]), photo());

    let add = ["attachment", "add", CODE, "--input"];
    let refuse = |file: &str, title: &str, why: &str| {
        refused(&scene, &[&add[..], &[&at(file)]].concat(), title, why);
    };
    fs::write(at("there.heic"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    let heic = scene.run(&[&add[..], &[&at("there.heic")]].concat(), "A scan").done();
    assert!(heic.contains("make a JPEG of it first"), "{heic}");
    fs::write(at("cut.jpg"), &photo()[..30]).unwrap();
    refuse("cut.jpg", "x", "not the picture that it begins as");
    fs::write(at("empty"), b"").unwrap();
    refuse("empty", "x", "The file is empty.");
    refuse("photo.jpg", " \n", "has no title");
    fs::write(at("long"), vec![1; (5 << 20) + 1]).unwrap();
    refuse("long", "x", "longer than 5242880 bytes");
    symlink(at("photo.jpg"), at("link.jpg")).unwrap();
    refuse("link.jpg", "x", "could not read");
    fs::create_dir(at("folder")).unwrap();
    refuse("folder", "x", "could not read");
    refused(&scene, &["attachment", "add", CODE], "bytes without a title", "no title");
    refused(&scene, &["attachment", "show", CODE, "ffff"], "", "no id of a file");
    let none = "f".repeat(32);
    refused(&scene, &["attachment", "show", CODE, &none], "", "There is no such file.");
    assert_eq!(scene.run(&["--json", "attachment", "list", CODE], "").json().len(), 3);
}

#[test]
fn a_struck_file_under_a_duplicate_is_listed_and_brought_back_by_either_code() {
    let scene = founded("attachments-same");
    scene.run(&["client", "add", "--code", "TS-002"], "Bert Musterhaft\n").done();
    let at = scene.root().join("letter.txt");
    fs::write(&at, "A letter.").unwrap();
    let add = ["attachment", "add", "TS-002", "--input", at.to_str().unwrap()];
    scene.run(&add, "A letter").done();
    scene.run(&["client", "merge", "TS-002", CODE], "").done();
    let id = newest(&scene);
    scene.run(&["attachment", "strike", CODE, &id], "").done();
    for (code, undo) in [(CODE, true), ("TS-002", false)] {
        let listed = scene.run(&["--json", "attachment", "list", code], "").json();
        assert_eq!(listed[0]["client"], "TS-002", "{listed:?}");
        assert_eq!(listed[0]["struck"], true);
        if undo {
            scene.run(&["attachment", "strike", code, &id, "--undo"], "").done();
            let listed = scene.run(&["--json", "attachment", "list", code], "").json();
            assert_eq!(listed[0]["struck"], false);
            scene.run(&["attachment", "strike", code, &id], "").done();
        }
    }
}

#[test]
fn an_export_takes_files_along_or_leaves_them_out_and_says_which() {
    let scene = founded("attachments-export");
    let at = |name: &str| scene.root().join(name).to_str().unwrap().to_owned();
    let bytes: Vec<u8> =
        (0..900_000_u32).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1]).collect();
    fs::write(at("scan.bin"), &bytes).unwrap();
    scene.run(&["attachment", "add", CODE, "--input", &at("scan.bin")], "A scan").done();
    let without = scene.run(&["export", "--without-attachments"], "").done();
    assert!(!without.contains("\"type\":\"attachment\"") && !without.contains("A scan"));
    assert!(without.lines().next().unwrap().contains("\"attachments\""), "it says so");
    scene.run(&["export", "--output", &at("practice.jsonl")], "").done();
    let other = Scene::founded(PROGRAM, &folder("attachments-import"), |_, _| {});
    other.run(&["import", &at("practice.jsonl")], "").done();
    let id = newest(&other);
    let out = other.root().join("out.bin");
    let save = ["attachment", "save", CODE, &id, "--output", out.to_str().unwrap()];
    other.run(&save, "").done();
    assert!(fs::read(out).unwrap() == bytes);
}
