//! A calendar of others is taken in, once more, and taken back.

use super::*;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

fn tomorrow() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(2.days())
}

/// Two sessions a week of supervision, a day off, and a time that is free; `hour` is when.
fn calendar(hour: u8) -> String {
    let (day, off) = (tomorrow().strftime("%Y%m%d"), tomorrow().saturating_add(1.day()));
    let (off, after) = (off.strftime("%Y%m%d"), off.saturating_add(1.day()).strftime("%Y%m%d"));
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:{day}T{hour:02}0000Z\r\n\
         DURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nSUMMARY:Planted Title\r\nEND:VEVENT\r\n\
         BEGIN:VEVENT\r\nUID:b\r\nDTSTART;VALUE=DATE:{off}\r\nDTEND;VALUE=DATE:{after}\r\n\
         SUMMARY:Off\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:c\r\nDTSTART:{day}T200000Z\r\n\
         DURATION:PT1H\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn counts(lines: &[Value]) -> Vec<(&str, u64)> {
    let of = |line: &'_ Value| line["type"] == "calendar";
    let counted = lines.iter().filter(|line| of(line));
    counted.map(|line| (line["of"].as_str().unwrap(), line["count"].as_u64().unwrap())).collect()
}

fn busy_on(scene: &Scene, day: Date) -> Vec<Value> {
    scene.run(&["--json", "today", "--date", &day.to_string()], "").json()
}

#[test]
fn a_calendar_is_shown_first_taken_in_again_without_doubling_and_taken_back() {
    let scene = founded("calendar-import");
    let import = |options: &[&str], text: &str| {
        let words = [&["--json", "calendar", "import"][..], options].concat();
        scene.run(&words, text).json()
    };
    let tried = import(&["--dry-run"], &calendar(9));
    assert_eq!(counts(&tried), [("new", 4), ("not busy", 1)]);
    assert!(busy_on(&scene, tomorrow()).is_empty(), "a dry run changes nothing");

    assert_eq!(counts(&import(&[], &calendar(9))), [("new", 4), ("not busy", 1)]);
    let day = busy_on(&scene, tomorrow());
    assert_eq!(day.len(), 1);
    assert_eq!((&day[0]["kind"], &day[0]["minutes"]), (&"time-off".into(), &60.into()));
    let all = scene.run(&["export"], "").done();
    assert!(!all.contains("Planted Title"), "a title stays out unless it is asked for");

    assert_eq!(counts(&import(&[], &calendar(9))), [("unchanged", 4), ("not busy", 1)]);
    assert_eq!(
        counts(&import(&[], &calendar(11))),
        [("moved", 3), ("unchanged", 1), ("not busy", 1)]
    );
    assert_eq!(busy_on(&scene, tomorrow()).len(), 1);

    assert_eq!(counts(&import(&["--undo"], &calendar(11))), [("cancelled", 4), ("not busy", 1)]);
    let day = busy_on(&scene, tomorrow());
    assert!(day.iter().all(|one| one["status"] == "cancelled-by-clinician"), "{day:?}");
    assert_eq!(counts(&import(&["--titles"], &calendar(11))), [("unchanged", 4), ("not busy", 1)]);
}

#[test]
fn a_calendar_that_does_not_read_says_where_and_changes_nothing() {
    let scene = founded("calendar-broken");
    let broken = calendar(9).replace("FREQ=WEEKLY", "FREQ=OFTEN");
    let ran = scene.run(&["calendar", "import"], &broken);
    assert_eq!(ran.status, Some(1));
    let said = "The calendar cannot be taken in, line 7: the rule does not read";
    assert!(ran.err.contains(said) && ran.err.contains("Nothing has been changed."), "{}", ran.err);
    assert!(busy_on(&scene, tomorrow()).is_empty());
    for text in ["", "Dear Sir or Madam", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"] {
        assert_eq!(scene.run(&["calendar", "import"], text).status, Some(1), "{text:?}");
    }
}

#[test]
fn a_feed_says_when_somebody_is_busy_and_nothing_of_who_comes() {
    let scene = founded("calendar-feed");
    let day = tomorrow().to_string();
    let new = |sentence: &str| scene.run(&["new", "--as-of", &day], sentence).done();
    new("ts-001 today 9:00 50m weekly");
    new("ts-001 today 15:00 50m");
    let feed = |options: &[&str]| {
        let words = [&["calendar", "feed", "--days", "20"][..], options].concat();
        scene.run(&words, "").done()
    };
    let first = feed(&[]);
    assert_eq!(first.matches("SUMMARY:Busy").count(), 4, "{first}");
    for secret in ["TS-001", "Ada", "Testerin", "room", "individual"] {
        assert!(!first.contains(secret), "{secret}:\n{first}");
    }
    let ids = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect()
    };
    let second = feed(&["--initials"]);
    assert!(ids(&first).iter().all(|id| !ids(&second).contains(id)), "ids are by chance");
    assert_eq!(second.matches("SUMMARY:AT").count(), 4, "{second}");

    // What it writes another practice can take in.
    let file = scene.root().join("busy.ics");
    feed(&["--output", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    let tried = scene.run(&["--json", "calendar", "import", "--dry-run"], &text).json();
    assert_eq!(counts(&tried), [("new", 4)]);
    let again = scene.run(&["calendar", "feed", "--output", file.to_str().unwrap()], "");
    assert_eq!(again.status, Some(1), "a file that is there stays as it is");
}

#[test]
fn a_calendar_is_listed_between_two_days_and_nothing_comes_in() {
    let scene = founded("calendar-list");
    let list = |options: &[&str]| {
        let words = [&["--json", "import", "--dry-run"][..], options].concat();
        scene.run(&words, &calendar(9)).json()
    };
    let (from, to) = (tomorrow().to_string(), tomorrow().saturating_add(9.days()).to_string());
    let [all] = &list(&["--from", &from, "--to", &to])[..] else { panic!("one object") };
    assert_eq!(all["count"], 4, "two of the series, the day off, and what is free: {all}");
    let uids: Vec<_> =
        all["occurrences"].as_array().unwrap().iter().map(|one| &one["uid"]).collect();
    assert_eq!(uids, ["a", "c", "b", "a"]);
    let first = &all["occurrences"][0];
    assert_eq!(first["start"]["utc"], format!("{from}T09:00:00Z"));
    assert_eq!(first["end"]["utc"], format!("{from}T10:00:00Z"));
    assert!(busy_on(&scene, tomorrow()).is_empty(), "nothing came in");

    let lines =
        scene.run(&["import", "--dry-run", "--from", &from, "--to", &to], &calendar(9)).done();
    assert!(lines.contains("Planted Title") && lines.contains("4 from"), "{lines}");
    let backwards = scene.run(&["import", "--dry-run", "--from", &to, "--to", &from], &calendar(9));
    assert_eq!(backwards.status, Some(1));
    assert!(backwards.err.contains("comes before"), "{}", backwards.err);

    // Without the dry run it comes in as busy times, as by `calendar import`.
    let came = scene.run(&["--json", "import"], &calendar(9)).json();
    assert_eq!(counts(&came), [("new", 4), ("not busy", 1)]);
}
