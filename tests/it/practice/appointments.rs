//! Appointments from a script: moved, called off, and what came of them, alone and beside the window.

use super::*;
use serde_json::Value;
use tacenda_tests::scene::Ran;

/// A practice with one appointment ahead, and its day.
fn with_appointment(name: &str) -> (Scene, String) {
    let scene = founded(name);
    let day = ahead(8);
    scene.run(&["new", "--as-of", &day], "ts-001 today 9:00 50m room 2").done();
    (scene, day)
}

fn ahead(days: i64) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::ToSpan::days(days)).to_string()
}

fn on(scene: &Scene, day: &str) -> Vec<Value> {
    scene.run(&["--json", "today", "--date", day], "").json()
}

fn refused(ran: &Ran, words: &str) {
    assert!(ran.status == Some(1) && ran.err.contains(words), "{ran:?}");
    assert!(ran.err.contains("Nothing has been changed"), "{ran:?}");
}

#[test]
fn an_appointment_is_moved_by_code_and_day_or_by_its_id() {
    let (scene, day) = with_appointment("appointments-move");
    let there = format!("{}T15:30", ahead(9));
    let moved = scene.run(&["--json", "move", "ts-001", "--at", &day, "--to", &there], "").json();
    assert_eq!(moved[0]["type"], "appointment");
    assert_eq!(moved[0]["start"], format!("{there}:00"));
    assert_eq!(moved[0]["room"], "2", "what is not said stays");
    assert!(on(&scene, &day).is_empty());

    let id = moved[0]["id"].as_str().unwrap();
    let arguments = ["--json", "move", id, "--to", "16:00", "--no-room", "--modality", "video"];
    let again = scene.run(&arguments, "").json();
    let is = [&again[0]["start"], &again[0]["modality"], &again[0]["room"]];
    assert_eq!(is, [&Value::from(format!("{}T16:00:00", ahead(9))), &"video".into(), &Value::Null]);

    refused(&scene.run(&["move", id, "--to", "16:00"], ""), "there already");
    refused(&scene.run(&["move", id, "--to", "noon"], ""), "That is no time");
    refused(&scene.run(&["move", id, "--to", "9:00", "--scope", "all"], ""), "one of a series");
    refused(&scene.run(&["move", CODE, "--at", &day, "--to", "9:00"], ""), "Nothing is booked");
    refused(&scene.run(&["move", "TS-999", "--to", "9:00"], ""), "No client has that code");
}

#[test]
fn what_is_meant_by_two_is_asked_and_what_overlaps_is_said() {
    let (scene, day) = with_appointment("appointments-two");
    scene.run(&["new", "--as-of", &day], "ts-001 today 11:00 50m").done();
    let ran = scene.run(&["cancel", CODE, "--at", &day], "");
    refused(&ran, "Several are booked");
    assert!(ran.err.contains("09:00, 11:00"), "{ran:?}");
    let at = format!("{day}T11:00");
    let moved = scene.run(&["--json", "move", CODE, "--at", &at, "--to", "9:30"], "").json();
    assert_eq!(moved[0]["overlaps"].as_array().unwrap().len(), 1, "{moved:?}");
    let at = format!("{day}T09:30");
    let cancelled = scene.run(&["cancel", CODE, "--at", &at, "--late", "--reason"], "A cold.\n");
    assert!(cancelled.done().contains("late cancel"));
    // What was called off is not meant any more.
    scene.run(&["status", CODE, "confirmed", "--at", &day], "").done();
    let statuses: Vec<_> = on(&scene, &day).iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["confirmed", "late-cancel"]);
    assert_eq!(scene.run(&["status", CODE, "gone"], "").status, Some(2));
}

#[test]
fn of_a_series_only_what_is_said_changes() {
    let scene = founded("appointments-series");
    let day = ahead(8);
    scene.run(&["new", "--as-of", &day], "ts-001 today 9:00 50m weekly").done();
    let (second, third, fourth) = (ahead(15), ahead(22), ahead(29));
    let starts = |day: &str| -> Vec<String> {
        let rows = on(&scene, day).into_iter();
        rows.map(|row| format!("{} {}", &row["start"].as_str().unwrap()[11..16], row["status"]))
            .collect()
    };
    scene.run(&["move", CODE, "--at", &second, "--to", "10:00"], "").done();
    assert_eq!(starts(&second), ["10:00 \"booked\""]);
    assert_eq!(starts(&third), ["09:00 \"booked\""], "this one alone, unless more is said");

    let arguments = ["--json", "move", CODE, "--at", &third, "--to", "14:00", "--scope"];
    let moved = scene.run(&[&arguments[..], &["following"]].concat(), "").json();
    assert_eq!(moved[0]["start"], format!("{third}T14:00:00"));
    assert_eq!(starts(&day), ["09:00 \"booked\""]);
    assert_eq!(starts(&fourth), ["14:00 \"booked\""]);

    let ended = ["--json", "cancel", CODE, "--at", &fourth, "--scope", "following"];
    let ended = scene.run(&ended, "").json();
    assert_eq!(ended[0]["type"], "series-ended");
    assert!(ended[0]["gone"].as_u64() > Some(10), "{ended:?}");
    assert_eq!(starts(&third), ["14:00 \"booked\""]);
    assert!(starts(&fourth).is_empty() && starts(&ahead(36)).is_empty());
}

#[test]
fn what_a_command_did_is_said_in_the_window_and_undone_there() {
    let (scene, day) = with_appointment("appointments-undo");
    let mut pty = scene.unlocked();
    scene.run(&["cancel", CODE, "--at", &day], "").done();
    assert_eq!(on(&scene, &day)[0]["status"], "cancelled-by-client");
    pty.expect("By command: TS-001: cancelled by client").keys("u").expect("Undid: TS-001");
    assert_eq!(on(&scene, &day)[0]["status"], "booked");
    pty.keys("U").expect("Did again");
    assert_eq!(on(&scene, &day)[0]["status"], "cancelled-by-client");
    pty.keys(F10).wait();
}
