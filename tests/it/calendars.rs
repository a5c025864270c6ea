//! Calendars of others, against what an independent library finds in them.

use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::path::Path;
use tacenda_shared::practice::schedule::ical::{Busy, Calendar};

/// Beside the checkout; it is not part of it.
const CALENDARS: &str = "../../shared/data/calendars";

/// An occurrence as the expectations are written.
fn told(busy: &Busy) -> Value {
    let moment = |at: usize| {
        let (local, instant) = match at {
            0 => (busy.start, busy.instants.0),
            _ => (busy.end, busy.instants.1),
        };
        match busy.all_day {
            true => json!({"date": local.date().to_string()}),
            false => json!({"utc": instant.to_string(), "local": local.to_string()}),
        }
    };
    json!({"uid": busy.uid, "start": moment(0), "end": moment(1), "summary": busy.title})
}

fn sorted(all: Vec<Value>) -> Vec<String> {
    let mut all: Vec<String> = all.iter().map(Value::to_string).collect();
    all.sort();
    all
}

#[test]
fn calendars_of_others_have_the_occurrences_that_another_library_finds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(CALENDARS);
    if !folder.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs {CALENDARS}");
        return println!("NOT RUN: calendars of others ({CALENDARS} is not there)");
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for file in std::fs::read_dir(folder.join("expected")).expect("the expectations") {
        let text = std::fs::read(file.expect("a file").path()).expect("a file");
        let expected: Value = serde_json::from_slice(&text).expect("JSON");
        let name = expected["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(name)).expect("the calendar");
        let calendar = match Calendar::read(&bytes) {
            Ok(calendar) => calendar,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let window = (date(2015, 1, 1), date(2026, 1, 1));
        let busy = calendar.busy(window.0, window.1, &TimeZone::UTC).expect("not too much");
        count += 1;
        let all = expected["count"].as_u64().unwrap();
        if busy.len() as u64 != all {
            wrong.push(format!("{name}: {} occurrences instead of {all}", busy.len()));
        }
        let listed = expected["occurrences"].as_array().unwrap();
        let ours: Vec<Value> = busy.iter().map(told).collect();
        // Of a long list the first are written down.
        let (ours, theirs) = (sorted(ours), sorted(listed.clone()));
        let missing: Vec<_> = theirs.iter().filter(|one| !ours.contains(one)).collect();
        if let Some(first) = missing.first() {
            wrong.push(format!("{name}: {} are missing, such as {first}", missing.len()));
        }
    }
    println!("{count} calendars of others");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 40);
}
