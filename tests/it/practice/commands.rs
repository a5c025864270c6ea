//! The command line, alone and beside the open interface: what scripts read and how it ends.

use super::*;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use tacenda_tests::planted;
use tacenda_tests::pty::Ended;
use tacenda_tests::scene::{PASSPHRASE, Ran, unlock};
use tacenda_tests::wire;

fn types(lines: &[Value]) -> Vec<&str> {
    assert!(lines.iter().all(|line| line["schema"] == 1), "{lines:?}");
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

/// Everything that a script can do, in the order of a day.
fn a_day(scene: &Scene) {
    scene.run(&["client", "add", "--code", "TS-002"], "Bert Musterhaft\n").done();
    let clients = scene.run(&["--json", "client", "list"], "").json();
    assert_eq!(types(&clients), ["client", "client"]);
    assert_eq!([&clients[0]["code"], &clients[1]["name"]], ["TS-001", "Bert Musterhaft"]);

    let sentence = "ts-002 fri 3pm 50m room 2";
    let options = ["--json", "new", "--as-of", "2026-11-25", "--dry-run"];
    let tried = scene.run(&options, sentence).json();
    assert_eq!(types(&tried), ["quick-add"]);
    assert_eq!(tried[0]["booked"], false);
    assert!(scene.run(&["today", "--date", "2026-11-27"], "").done().is_empty());
    let booked = scene.run(&options[..4], sentence).json();
    assert!(booked[0]["booked"] == true && booked[0]["clients"][0] == "TS-002", "{booked:?}");
    let day = scene.run(&["--json", "today", "--date", "2026-11-27"], "").json();
    assert_eq!(types(&day), ["appointment"]);
    assert_eq!([&day[0]["start"], &day[0]["room"]], ["2026-11-27T15:00:00", "2"]);
    assert!(scene.run(&["today", "--date", "2026-11-27"], "").done().starts_with("15:00"));

    scene.run(&["note", "append", "TS-002"], "Slept six hours.").done();
    scene.run(&["note", "append", "TS-002"], "Walks daily.").done();
    let notes = scene.run(&["--json", "note", "list", "TS-002"], "").json();
    assert_eq!(types(&notes), ["draft"]);
    scene.run(&["note", "sign", "TS-002"], "").done();
    let note = scene.run(&["--json", "note", "show", "TS-002"], "").json();
    assert_eq!(types(&note), ["note"]);
    assert_eq!(note[0]["parts"][0]["text"], "Slept six hours.\nWalks daily.");
    let notes = scene.run(&["--json", "note", "list", "TS-002"], "").json();
    assert_eq!((types(&notes), &notes[0]["id"]), (vec!["note"], &note[0]["id"]));

    scene.run(&["group", "new", "couple", "TS-C1", "TS-001", "TS-002"], "").done();
    let groups = scene.run(&["--json", "group", "list"], "").json();
    let members = groups[0]["members"].to_string();
    assert!(types(&groups) == ["group"] && members.contains("TS-002"), "{groups:?}");
    scene.run(&["new", "--as-of", "2026-11-25"], "ts-c1 fri 5pm 80m room 2").done();
    let day = scene.run(&["--json", "today", "--date", "2026-11-27"], "").json();
    let clients = day[1]["clients"].to_string();
    assert!(day[1]["kind"] == "couple" && clients.contains("TS-001"), "{day:?}");
    scene.run(&["note", "append", "TS-C1"], "Both spoke.").done();
    scene.run(&["note", "sign", "TS-C1"], "").done();
    let notes = |code: &str| scene.run(&["--json", "note", "list", code], "").json().len();
    assert_eq!((notes("TS-C1"), notes("TS-001"), notes("TS-002")), (1, 0, 1));
    scene.run(&["group", "leave", "TS-C1", "TS-002"], "").done();
    let groups = scene.run(&["group", "list"], "").done();
    assert!(groups.contains("TS-C1") && !groups.contains("TS-002"), "{groups}");
    assert_eq!(types(&scene.run(&["--json", "client", "list"], "").json()), ["client"; 2]);

    let found = scene.run(&["--json", "find"], "musterhaft").json();
    assert!(types(&found).contains(&"client"), "{found:?}");
}

#[test]
fn the_auto_lock_is_between_one_and_thirty_minutes_and_is_kept() {
    let scene = founded("commands-auto-lock");
    assert_eq!(scene.run(&["auto-lock"], "").done(), "lock.after.minutes = 5\n");
    scene.run(&["auto-lock", "12"], "").done();
    scene.run(&["timing", "quiet"], "").done();
    assert_eq!(scene.run(&["auto-lock"], "").done(), "lock.after.minutes = 12\n");
    for minutes in ["0", "31", "off"] {
        assert_eq!(scene.run(&["auto-lock", minutes], "").status, Some(2), "{minutes}");
    }
}

#[test]
fn hours_are_said_once_and_what_is_free_of_them_is_listed() {
    let scene = founded("commands-hours");
    assert!(scene.run(&["hours"], "").done().contains("not set"));
    let hours = "Mon-Sun 8-12 13-18, 10 min between";
    let told = scene.run(&["--json", "hours", hours], "").json();
    assert_eq!(types(&told), ["hours"]);
    let kept = "Mon-Sun 8:00-12:00 13:00-18:00, 10 min between";
    assert_eq!([&told[0]["hours"], &told[0]["set"]], [&Value::from(kept), &Value::from(true)]);
    let wrong = scene.run(&["hours", "Mon 9-5"], "");
    assert!(wrong.status == Some(1) && wrong.err.contains("'9-5' does not end"), "{wrong:?}");
    assert_eq!(scene.run(&["hours"], "").done(), format!("{kept}\n"));

    scene.run(&["new"], "ts-001 tomorrow 3pm 50m room 2").done();
    let free = scene.run(&["--json", "free", "--days", "3"], "").json();
    assert!(types(&free).iter().all(|kind| *kind == "free"));
    let tomorrow = |lines: &[Value]| lines[lines.len() - 2]["windows"].clone();
    let windows = serde_json::json!(["08:00-11:50", "13:00-14:50", "16:00-17:50"]);
    assert_eq!(tomorrow(&free), windows, "{free:?}");
    let long = scene.run(&["--json", "free", "--days", "3", "--minutes", "120"], "").json();
    assert_eq!(tomorrow(&long), serde_json::json!(["08:00-12:00", "16:00-18:00"]));
    assert_eq!(scene.run(&["free", "--client", "XX-001"], "").status, Some(1));
    assert!(scene.run(&["hours", "--clear"], "").done().contains("not set"));
}

#[test]
fn what_does_not_fit_where_it_is_printed_is_no_success() {
    let scene = founded("commands-cut-short");
    for words in [&["client", "list"][..], &["--json", "client", "list"], &["export"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ran = scene.run_into(words, "", full);
        assert_eq!(ran.status, Some(1), "{words:?}: {ran:?}");
        assert!(ran.err.contains("cut short"), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_day_by_commands_alone() {
    a_day(&founded("day-alone"));
}

#[test]
fn a_day_by_commands_beside_the_open_interface_is_seen_in_it() {
    let scene = founded("day-beside");
    let mut pty = scene.unlocked();
    let mut watch = scene.start(&["--json", "watch"], "");

    a_day(&scene);

    pty.keys("3").expect("3 of 3").expect("TS-002").keys(F9).expect("Bert Musterhaft");
    pty.keys(F10).wait();
    let watched = watch.wait().unwrap();
    let mut lines = String::new();
    std::io::Read::read_to_string(&mut watch.stdout.take().unwrap(), &mut lines).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty(), "nothing was seen to change");
    assert!(types(&lines).iter().all(|kind| *kind == "changed"), "{lines:?}");
    assert!(watched.code().is_some());
}

#[test]
fn a_day_by_commands_beside_the_open_interface_works_without_a_runtime_folder() {
    // The path of a socket has room for 108 bytes.
    let folder = std::env::temp_dir().join(format!("tacenda-{}", std::process::id()));
    let scene = founded_in(&folder).without_runtime();
    let mut pty = scene.unlocked();

    a_day(&scene);

    pty.keys("3").expect("3 of 3").expect("TS-002");
    let run = scene.vault().join("run");
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&run), mode(&run.join("socket"))), (0o700, 0o600));
    pty.keys(F10).wait();
    assert!(!run.join("socket").exists());
    scene.run(&["client", "list"], "").done();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_second_window_says_that_the_practice_is_open_and_changes_nothing() {
    let scene = founded("two-windows");
    let mut first = scene.unlocked();
    first.expect("saved");
    let before = scene.files();

    let mut second = scene.open();
    second.expect("This practice is already open in another Tacenda.");
    second.expect("Nothing has been changed.").keys(PASSPHRASE).keys("\r").keys(F10);

    assert_eq!(second.wait(), Ended::Status(0));
    assert_eq!(scene.files(), before);
    first.keys("3").expect(CODE);
}

#[test]
fn a_locked_practice_answers_commands_with_3() {
    let scene = founded("locked");
    let mut pty = scene.open();
    pty.expect("Enter unlock");
    let ran = scene.run(&["today"], "");
    assert_eq!((ran.status, ran.out.as_str()), (Some(3), ""));
    assert!(ran.err.contains("The practice is locked in another window."), "{ran:?}");

    unlock(&mut pty);
    scene.run(&["client", "list"], "").done();
    scene.run(&["lock"], "").done();
    pty.expect("(locked)").expect_not(NAME);

    assert_eq!(scene.run(&["client", "list"], "").status, Some(3));
}

#[test]
fn a_record_that_is_to_be_erased_is_out_of_sight_until_it_is_taken_back() {
    let scene = founded("commands-erase");
    scene.run(&["client", "add", "--code", "TS-002"], "Bert Musterhaft\n").done();
    let listed = || scene.run(&["client", "list"], "").done();
    let asked = scene.run(&["erase", "ask", "ts-002"], "").done();
    assert!(asked.contains("can be erased from 20"), "{asked}");
    assert!(!listed().contains("TS-002"));
    let notes = scene.run(&["note", "append", "TS-002"], "text");
    assert_eq!(notes.status, Some(1), "{notes:?}");
    let lines = scene.run(&["--json", "erase", "list"], "").json();
    assert_eq!((types(&lines), &lines[0]["stage"]), (vec!["erasure"], &"asked".into()));

    let early = scene.run(&["erase", "carry-out", "TS-002", "--yes"], "");
    assert!(early.status == Some(1) && early.err.contains("thirty days"), "{early:?}");
    scene.run(&["erase", "withdraw", "TS-002"], "").done();
    assert!(listed().contains("TS-002"));
    scene.run(&["erase", "hold", "TS-002"], "").done();
    let held = scene.run(&["erase", "ask", "TS-002"], "");
    assert!(held.status == Some(1) && held.err.contains("legal hold"), "{held:?}");
    let lines = scene.run(&["--json", "erase", "list"], "").json();
    assert_eq!(types(&lines), ["hold"]);
    scene.run(&["erase", "hold", "--off", "TS-002"], "").done();
    assert!(scene.run(&["erase", "list"], "").done().is_empty());
}

#[test]
fn who_waits_is_listed_in_the_order_in_which_a_time_is_to_be_offered() {
    let scene = founded("commands-waiting");
    for (code, wish) in [("TS-002", "Tue 9-12"), ("TS-003", "mo 9-12, video"), ("TS-004", "")] {
        scene.run(&["client", "add", "--code", code], "Bert Musterhaft\n").done();
        let wish = if wish.is_empty() { vec![] } else { vec![wish] };
        scene.run(&[&["wait", code][..], &wish].concat(), "").done();
    }
    let listed = |more: &[&str]| {
        let lines = scene.run(&[&["--json", "waiting"][..], more].concat(), "").json();
        let code = |line: &serde_json::Value| line["client"].as_str().unwrap().to_owned();
        lines.iter().map(code).collect::<Vec<_>>()
    };
    // Monday, 30 November 2026.
    let at = ["--at", "2026-11-30T10:00"];
    assert_eq!(listed(&at), ["TS-003", "TS-004", "TS-002"]);
    assert_eq!(listed(&[]), ["TS-002", "TS-003", "TS-004"], "longest first");
    let said = scene.run(&["waiting", "--at", "2026-11-30T10:00"], "").done();
    assert!(said.contains("Mon 9:00-12:00, video  suits") && !said.contains("Bert"), "{said}");
    let fault = scene.run(&["wait", "TS-002", "mondays"], "");
    assert!(fault.status == Some(1) && fault.err.contains("'mondays'"), "{fault:?}");
    scene.run(&["wait", "TS-003", "--off"], "").done();
    assert_eq!(listed(&at), ["TS-004", "TS-002"]);
}

#[test]
fn one_note_is_erased_and_the_others_stay() {
    let scene = founded("commands-erase-note");
    scene.run(&["client", "add", "--code", "TS-002"], "Bert Musterhaft\n").done();
    let mut ids = Vec::new();
    for words in ["About somebody else.", "About Bert."] {
        scene.run(&["note", "append", "TS-002"], words).done();
        scene.run(&["note", "sign", "TS-002"], "").done();
        let lines = scene.run(&["--json", "note", "list", "TS-002"], "").json();
        let id = |line: &serde_json::Value| line["id"].as_str().unwrap().to_owned();
        let new: Vec<_> = lines.iter().map(id).filter(|id| !ids.contains(id)).collect();
        ids.extend(new);
    }
    let wrong = ids[0].as_str();
    let shown = |id: &str| scene.run(&["note", "show", "TS-002", "--id", id], "");
    let of_wrong = |verb: &[&str]| {
        let all: Vec<&str> =
            ["erase"].iter().chain(verb).copied().chain(["TS-002", "--record", wrong]).collect();
        scene.run(&all, "")
    };
    let asked = of_wrong(&["ask"]).done();
    assert!(asked.contains(wrong) && asked.contains("can be erased from 20"), "{asked}");
    assert_eq!(shown(wrong).status, Some(1));
    assert!(shown(&ids[1]).done().contains("About Bert."));
    assert_eq!(scene.run(&["--json", "note", "list", "TS-002"], "").json().len(), 1);
    let lines = scene.run(&["--json", "erase", "list"], "").json();
    assert_eq!((&lines[0]["record"], &lines[0]["stage"]), (&wrong.into(), &"asked".into()));
    let early = of_wrong(&["carry-out", "--yes"]);
    assert!(early.status == Some(1) && early.err.contains("thirty days"), "{early:?}");
    of_wrong(&["withdraw"]).done();
    assert!(shown(wrong).done().contains("About somebody else."));
    let none = scene.run(&["erase", "ask", "TS-002", "--record", "nothing"], "");
    assert!(none.status == Some(1) && none.err.contains("note list"), "{none:?}");
}

#[test]
fn what_is_refused_says_why_and_ends_with_1() {
    let scene = founded("refused");
    for (arguments, input, happened) in [
        (&["note", "append", "ZZ-9"][..], "text", "No client has that code."),
        (&["note", "append", CODE], " \n", "There is no text."),
        (&["note", "sign", CODE], "", "There is no open draft."),
        (&["note", "show", CODE], "", "There is no such signed note."),
        (&["new"], "nobody at any time", "Not booked"),
        (&["new", "--locale", "xx"], "ts-001 fri 3pm", "does not know that language"),
        (&["client", "add", "--code", "TS-003"], "  ", "A client needs a name,"),
        (&["watch"], "", "Nobody has this practice open"),
    ] {
        let ran = scene.run(arguments, input);
        assert_eq!(ran.status, Some(1), "{arguments:?} {ran:?}");
        assert!(ran.err.contains(happened), "{arguments:?} {ran:?}");
        assert!(ran.err.contains("Nothing has been changed."), "{ran:?}");
    }
}

#[test]
fn a_wrong_passphrase_on_the_descriptor_ends_with_1() {
    let scene = founded("wrong-on-descriptor");
    let before = scene.files();

    let child = scene.start_with(&["client", "list"], "", "not it at all, no");

    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("That passphrase does not open this practice."), "{ran:?}");
    assert_eq!(scene.files(), before);
}

#[test]
fn arguments_that_make_no_sense_end_with_2() {
    let scene = founded("usage");
    for arguments in [
        &["frobnicate"][..],
        &["today", "--date", "someday"],
        &["client", "add"],
        &["note", "append"],
        &["client", "add", "--code", "TS-009", "A Name"],
    ] {
        let ran = scene.run(arguments, "");
        assert_eq!((ran.status, ran.out.as_str()), (Some(2), ""), "{arguments:?} {ran:?}");
        assert!(!ran.err.is_empty());
    }
    let mut alone = scene.command(["today"]);
    alone.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    in_own_session(&mut alone);
    assert_eq!(alone.output().unwrap().status.code(), Some(2), "nobody to ask for the passphrase");
    assert_eq!(scene.run(&["--help"], "").status, Some(0));
    assert_eq!(scene.run(&["--version"], "").status, Some(0));
}

/// Takes the terminal of whoever runs the tests away.
fn in_own_session(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    let begin = || Ok(rustix::process::setsid().map(|_| ())?);
    // SAFETY: one system call between fork and exec, which neither allocates nor locks.
    unsafe {
        command.pre_exec(begin);
    }
}

#[test]
fn a_command_that_fails_on_its_way_tells_no_name_in_arguments_or_environment() {
    let scene = founded("argv");
    let name = "Quarantinus Planted";
    let mut child = scene.start(&["client", "add", "--code", "TS-077"], name);
    // The arguments can be read while it runs; its end is waited for afterwards.
    let proc = Path::new("/proc").join(child.id().to_string());
    for file in ["cmdline", "environ"] {
        let bytes = std::fs::read(proc.join(file)).unwrap_or_default();
        assert_eq!(planted::count(&bytes, name), 0, "{file}");
        assert_eq!(planted::count(&bytes, PASSPHRASE), 0, "{file}");
    }
    assert!(child.wait().unwrap().success());
    assert!(scene.run(&["client", "list"], "").done().contains(name));
}

#[test]
fn every_line_that_a_command_prints_is_harmless() {
    let scene = founded("harmless");
    let attack = "Eve\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gnirts\u{9b}31m\u{2066}\u{e0041}end";
    scene.run(&["client", "add", "--code", "EV-001"], attack).done();
    scene.run(&["note", "append", "EV-001"], attack).done();
    scene.run(&["note", "sign", "EV-001"], "").done();
    for arguments in [
        &["client", "list"][..],
        &["--json", "client", "list"],
        &["note", "list", "EV-001"],
        &["note", "show", "EV-001"],
        &["--json", "note", "show", "EV-001"],
        &["note", "show", "\u{1b}[2J"],
        &["\u{1b}]0;x\u{7}"],
        &["--dir", "\u{1b}[2J", "today"],
    ] {
        let ran = scene.run(arguments, "");
        for text in [&ran.out, &ran.err] {
            assert_eq!(wire::violations(text.as_bytes()), Vec::<String>::new(), "{arguments:?}");
            assert!(!text.contains('\u{1b}'), "{arguments:?}");
        }
    }
    let shown = scene.run(&["note", "show", "EV-001"], "").done();
    assert!(shown.contains("end"), "{shown}");
    let found = scene.run(&["find"], "Eve\u{1b}[2J").out;
    assert_eq!(wire::violations(found.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_plan_is_written_shown_signed_and_read_back_from_a_script() {
    let scene = founded("commands-plan");
    let add =
        |more: &[&str], text: &str| scene.run(&[&["plan", "add", CODE][..], more].concat(), text);
    add(&["--kind", "diagnosis"], "f4310\n").done();
    add(&["--kind", "goal"], "Drive alone again\n").done();
    let shown = scene.run(&["--json", "plan", "show", CODE], "").json();
    assert_eq!(shown[0]["code"], "F43.10");
    assert_eq!(shown[0]["text"], "Post-traumatic stress disorder, unspecified");
    let [diagnosis, goal] = [0, 1].map(|line| shown[line]["id"].as_str().unwrap());
    add(&["--kind", "diagnosis"], "Something that is told in words alone").done();
    add(&["--kind", "diagnosis"], "F51.01 since the accident").done();
    let codes = scene.run(&["--json", "plan", "show", CODE], "").json();
    let codes: Vec<_> = codes.iter().filter_map(|line| line["code"].as_str()).collect();
    assert_eq!(codes, ["F43.10", "F51.01"]);
    add(&["--kind", "objective", "--under", goal, "--by", "2027-02-01"], "To work, alone").done();
    for (arguments, text, says) in [
        (&["--kind", "wish"][..], "x", "Choose one of: diagnosis, problem"),
        (&["--kind", "diagnosis"], "F43.1 as it was said", "finer ones under it"),
        (&["--kind", "diagnosis"], "F99.99", "There is no such code"),
        (&["--kind", "objective", "--under", "goal"], "x", "no id of a goal"),
        (&["--kind", "objective", "--under", diagnosis], "x", "no id of a goal"),
        (&["--kind", "goal"], "  ", "There is no text"),
    ] {
        let refused = add(arguments, text);
        assert!(refused.status == Some(1) && refused.err.contains(says), "{refused:?}");
    }
    scene.run(&["plan", "sign", CODE], "").done();
    let shown = scene.run(&["plan", "show", CODE], "").done();
    assert!(shown.contains("To work, alone  (by 2027-02-01)"), "{shown}");
    assert!(shown.contains("review by 20") && shown.contains("; lacks what is done"), "{shown}");
    assert!(!shown.contains("changed since"), "{shown}");
    let last = scene.run(&["--json", "plan", "show", CODE], "").json().pop().unwrap();
    assert_eq!((last["type"].as_str(), last["lines"].as_u64()), (Some("plan"), Some(5)));
    let exported = scene.run(&["export"], "").done();
    let lines = exported.lines().filter(|line| line.contains("\"type\":\"plan\""));
    assert_eq!(lines.count(), 1);
    assert!(exported.contains("Treatment plan\\n\\nDiagnoses"), "its version, as a note");
}

#[test]
fn what_a_client_wrote_is_brought_in_listed_shown_and_lies_in_no_chart() {
    let scene = founded("commands-journal");
    let attack = "A diary page.\n\nWoke at four\u{1b}[2J, \u{202e}made tea.\n";
    scene.run(&["journal", "add", CODE, "--date", "2025-11-20"], attack).done();
    scene.run(&["journal", "add", CODE, "--shared"], "Another page.").done();
    let listed = scene.run(&["--json", "journal", "list", CODE], "").json();
    assert_eq!(types(&listed), ["journal-entry", "journal-entry"]);
    assert_eq!(listed[1]["date"], "2025-11-20");
    assert_eq!([&listed[0]["shared"], &listed[1]["shared"]], [true, false]);
    assert!(listed.iter().all(|line| line.get("text").is_none()));
    let id = listed[1]["id"].as_str().unwrap();
    let shown = scene.run(&["--json", "journal", "show", CODE, id], "").json();
    assert!(shown[0]["text"].as_str().unwrap().starts_with("A diary page.\n\nWoke at four"));
    assert_eq!(shown[0]["came"], "imported");
    let text = scene.run(&["journal", "show", CODE, id], "").done();
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.contains("made tea."), "{text}");
    assert!(scene.run(&["note", "list", CODE], "").done().is_empty());

    let refused = |arguments: &[&str], text: &str, why: &str| {
        let ran = scene.run(arguments, text);
        assert!(ran.status == Some(1) && ran.err.contains(why), "{arguments:?}: {}", ran.err);
    };
    refused(&["journal", "add", CODE], " \n", "There is no text.");
    refused(&["journal", "add", CODE, "--date", "2999-01-01"], "x", "no date that has been");
    refused(&["journal", "show", CODE, "ffff"], "", "There is no such entry.");
    refused(&["journal", "list", "ZZ-999"], "", "No client has that code.");
    let exported = scene.run(&["export"], "").done();
    assert_eq!(exported.matches("\"type\":\"journal\"").count(), 2);
}

#[test]
fn a_window_that_dies_while_it_is_asked_is_not_taken_for_done() {
    let scene = founded("dies-while-asked");
    let lock = std::fs::File::create(scene.vault().join("lock")).unwrap();
    lock.lock().unwrap();
    let path = scene.vault().into_os_string().into_encoded_bytes();
    let hash = tacenda_shared::suite::hash("tac/socket/v1", &[&path]).to_string();
    let socket = scene.root().join("run").join(format!("tacenda-{}", &hash[..16]));
    let listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
    // More than a socket takes at once, so that the command is still writing when it breaks.
    let text = "words ".repeat(150_000);
    let child = scene.start(&["note", "append", CODE], &text);
    drop(listener.accept().unwrap());

    let ran = Ran::from(child.wait_with_output().unwrap());

    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.err.contains("gave no answer"), "{ran:?}");
}

#[test]
fn what_lies_under_a_duplicate_is_found_by_either_code() {
    let scene = founded("commands-same");
    scene.run(&["client", "add", "--code", "TS-002"], "Bert Musterhaft\n").done();
    scene.run(&["journal", "add", "TS-002"], "Slept badly.").done();
    scene.run(&["plan", "add", "TS-002", "--kind", "goal"], "Sleep").done();
    for code in ["TS-001", "TS-002"] {
        scene.run(&["consent", "add", code, "--kind", "telehealth"], "").done();
    }
    scene.run(&["client", "merge", "TS-002", "TS-001"], "").done();
    for code in ["TS-001", "TS-002"] {
        let entries = scene.run(&["--json", "journal", "list", code], "").json();
        let id = entries[0]["id"].as_str().unwrap();
        let shown = scene.run(&["--json", "journal", "show", code, id], "").json();
        assert_eq!([&shown[0]["text"], &shown[0]["client"]], ["Slept badly.", "TS-002"]);
        let plan = scene.run(&["--json", "plan", "show", code], "").json();
        assert_eq!([&plan[0]["text"], &plan[0]["client"]], ["Sleep", "TS-002"]);
        let consents = scene.run(&["--json", "consent", "list", code], "").json();
        assert_eq!([&consents[0]["client"], &consents[1]["client"]], ["TS-001", "TS-002"]);
    }
    let plan = scene.run(&["--json", "plan", "show", "TS-001"], "").json();
    let goal = plan[0]["id"].as_str().unwrap();
    let objective = ["plan", "add", "TS-001", "--kind", "objective", "--under", goal];
    scene.run(&objective, "Up at seven").done();
    scene.run(&["plan", "sign", "TS-001"], "").done();
    let consents = scene.run(&["--json", "consent", "list", "TS-001"], "").json();
    let id = consents[1]["id"].as_str().unwrap();
    scene.run(&["consent", "revoke", "TS-001", id], "asked on the phone").done();
    scene.run(&["consent", "strike", "TS-001", id], "").done();
    let consents = scene.run(&["--json", "consent", "list", "TS-001"], "").json();
    assert_eq!(consents.len(), 1, "what was struck is not listed: {consents:?}");
    assert_eq!([&consents[0]["client"], &consents[0]["state"]], ["TS-001", "active"]);

    // A record is asked for by the code under which it is seen, and brought back by it.
    let entry = scene.run(&["--json", "journal", "list", "TS-001"], "").json();
    let id = entry[0]["id"].as_str().unwrap();
    scene.run(&["erase", "ask", "TS-001", "--record", id], "").done();
    assert!(scene.run(&["journal", "list", "TS-001"], "").done().is_empty());
    scene.run(&["erase", "withdraw", "TS-001", "--record", id], "").done();
    assert!(!scene.run(&["journal", "list", "TS-001"], "").done().is_empty());

    // A hold stands in the entry whose code was typed, and is taken away there.
    scene.run(&["erase", "hold", "TS-002"], "").done();
    scene.run(&["client", "part", "TS-002"], "").done();
    let held = scene.run(&["--json", "erase", "list"], "").json();
    assert_eq!((held.len(), &held[0]["client"]), (1, &Value::from("TS-002")));
    scene.run(&["erase", "hold", "TS-002", "--off"], "").done();
    assert!(scene.run(&["erase", "list"], "").done().is_empty());
}

#[test]
fn consents_are_written_down_listed_renewed_revoked_and_struck_from_a_script() {
    let scene = founded("commands-consent");
    let run = |more: &[&str], text: &str| scene.run(&[&["--json", "consent"], more].concat(), text);
    let words = "to: Dr. Sampleton\ncovers: dates only\nsaid: not my brother\n";
    let add = ["add", CODE, "--kind", "release", "--given", "2025-02-01", "--until", "2025-08-01"];
    let first = run(&add, words).json();
    assert_eq!(types(&first), ["consent-added"]);
    let first = first[0]["id"].as_str().unwrap().to_owned();
    let renewal = ["add", CODE, "--kind", "release", "--renews", &first, "--how", "telephone"];
    let second = run(&renewal, words).json();
    let second = second[0]["id"].as_str().unwrap().to_owned();
    run(&["add", CODE, "--kind", "recording", "--refused"], "").done();
    let listed = run(&["list", CODE], "").json();
    assert_eq!(types(&listed), ["consent"; 3]);
    let states: Vec<_> = listed.iter().map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["active", "refused", "renewed"]);
    assert_eq!(listed[0]["to"], "Dr. Sampleton");
    assert_eq!(
        (&listed[0]["covers"], &listed[0]["how"]),
        (&"dates only".into(), &"telephone".into())
    );
    assert_eq!(listed[0]["said"], "not my brother");
    run(&["revoke", CODE, &second], "sees nobody any more\n").done();
    let listed = run(&["list", CODE], "").json();
    let gone = listed.iter().find(|line| line["id"] == second.as_str()).unwrap();
    assert_eq!(
        (&gone["state"], &gone["revoked_because"]),
        (&"revoked".into(), &"sees nobody any more".into())
    );
    run(&["strike", CODE, &first], "").done();
    let shown = scene.run(&["consent", "list", CODE], "").done();
    assert!(
        shown.lines().any(|line| line.starts_with(&first) && line.contains("struck")),
        "{shown}"
    );
    for (arguments, text) in [
        (&["add", CODE, "--kind", "release"][..], ""),
        (&["add", CODE, "--kind", "nonsense"], ""),
        (&["add", CODE, "--kind", "treatment"], "what is this"),
        (
            &["add", CODE, "--kind", "treatment", "--given", "2027-01-01", "--until", "2026-01-01"],
            "",
        ),
        (&["revoke", CODE, "12"], ""),
    ] {
        let ran = run(arguments, text);
        assert_eq!(ran.status, Some(1), "{arguments:?} {}", ran.err);
    }
    assert_eq!(run(&["list", CODE], "").json().len(), 3, "what is refused leaves nothing");
}

#[test]
fn a_timeline_tells_of_everything_in_codes_and_without_anybodys_words() {
    let scene = founded("commands-client-show");
    let name = "Bert Musterhaft";
    scene.run(&["client", "add", "--code", "TS-002"], &format!("{name}\n")).done();
    scene.run(&["new"], "ts-002 fri 3pm 50m").done();
    scene.run(&["note", "append", "TS-002"], "A sentence that nobody else reads.").done();
    scene.run(&["note", "sign", "TS-002"], "").done();
    let lines = scene.run(&["--json", "client", "show", "TS-002"], "").json();
    assert!(lines.iter().all(|line| line["type"] == "entry" && line["client"] == "TS-002"));
    let what: Vec<_> = lines.iter().map(|line| line["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["next", "note", "added"], "{lines:?}");
    let notes = scene.run(&["--json", "client", "show", "TS-002", "--kind", "notes"], "").json();
    assert_eq!((notes.len(), &notes[0]["words"]), (1, &6.into()));
    let shown = scene.run(&["client", "show", "ts-002"], "").done();
    assert!(shown.contains("booked") && shown.contains("6 words"), "{shown}");
    assert!(!shown.contains("sentence") && !shown.contains(name), "{shown}");
    let wrong = scene.run(&["client", "show", "TS-002", "--kind", "letters"], "");
    assert!(wrong.status == Some(1) && wrong.err.contains("sessions"), "{wrong:?}");
    assert_eq!(scene.run(&["client", "show", "ZZ-9"], "").status, Some(1));
}

#[test]
fn measures_are_answered_scored_shown_reviewed_and_struck_from_a_script() {
    let scene = founded("commands-measure");
    let run = |more: &[&str], text: &str| scene.run(&[&["--json", "measure"], more].concat(), text);
    let forms = run(&["forms"], "").json();
    assert_eq!(forms.len(), 16);
    let form = scene.run(&["measure", "forms", "gad-7"], "").done();
    assert!(form.contains("Feeling nervous, anxious or on edge") && form.contains("Pfizer"));
    let added = run(&["add", CODE, "--form", "gad-7"], "1 2 3 0 0 0 1").json();
    assert_eq!((&added[0]["total"], &added[0]["complete"]), (&7.into(), &true.into()));
    // What raises a risk is read first.
    let risky = ["add", CODE, "--form", "phq-9"];
    let refused = run(&risky, "0000000011");
    assert_eq!(refused.status, Some(1), "{refused:?}");
    let risky = ["add", CODE, "--form", "phq-9", "--acknowledged"];
    assert_eq!(run(&risky, "0000000011").json()[0]["flags"][0], "risk-item-9");
    run(&["score", CODE], "name: OQ-45\nscore: 63\nrange: 0-180\n").done();
    let listed = run(&["list", CODE], "").json();
    assert_eq!(types(&listed), ["measure"; 3]);
    let due = listed.iter().find(|line| line["review"] == "due").unwrap();
    let id = due["id"].as_str().unwrap().to_owned();
    run(&["review", CODE, &id], "").done();
    let shown = scene.run(&["measure", "show", CODE, &id], "").done();
    assert!(
        shown.contains("better off dead or of hurting yourself in some way: Several days"),
        "{shown}"
    );
    run(&["strike", CODE, &id], "").done();
    let struck = run(&["list", CODE], "").json();
    assert!(struck.iter().any(|line| line["id"] == id.as_str() && line["struck"] == true));
    for (arguments, text) in [
        (&["add", CODE, "--form", "gad-7"][..], "11111111"),
        (&["add", CODE, "--form", "gad-7"], "4444444"),
        (&["add", CODE, "--form", "gad-7"], "......."),
        (&["add", CODE, "--form", "cage"], "1111"),
        (&["score", CODE], "name: OQ-45\nscore: 200\nrange: 0-180\n"),
        (&["define"], "id = \"mood\"\n"),
        (&["withdraw", "mood"], ""),
    ] {
        assert_eq!(run(arguments, text).status, Some(1), "{arguments:?}");
    }
}

#[test]
fn a_week_and_what_is_next_are_shown_from_a_script() {
    let scene = founded("commands-week");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let ahead = |days: i64| today.saturating_add(jiff::ToSpan::days(days)).to_string();
    for (day, time) in [(ahead(8), "9:00"), (ahead(9), "10:00"), (ahead(20), "9:00")] {
        scene.run(&["new", "--as-of", &day], &format!("{CODE} today {time} 50m")).done();
    }
    let next = scene.run(&["--json", "next"], "").json();
    assert_eq!(next.len(), 1);
    assert!(next[0]["start"].to_string().contains(&ahead(8)), "{next:?}");
    assert!(scene.run(&["next"], "").done().contains(&ahead(8)));
    let week = scene.run(&["--json", "week", "--date", &ahead(20)], "").json();
    assert_eq!(types(&week), ["appointment"]);
    let monday = scene.run(&["week", "--date", &ahead(8)], "").done();
    assert!(monday.contains(&ahead(8)) && !monday.contains(&ahead(20)), "{monday}");
}
