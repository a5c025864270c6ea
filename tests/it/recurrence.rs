//! Recurrence rules that others wrote, with the number of occurrences that they have.

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::path::Path;
use tacenda_shared::practice::schedule::recur::Rule;

/// Beside the checkout; it is not part of it.
const RULES: &str = "../../shared/data/recurrence/recur.txt";

/// One event of the file: its properties, in order, with the parameters in their names.
fn properties(event: &str) -> Vec<(&str, String)> {
    let mut properties: Vec<(&str, String)> = Vec::new();
    for line in event.lines().filter(|line| !line.starts_with(';')) {
        match (line.strip_prefix(' '), properties.last_mut()) {
            (Some(more), Some((_, value))) => value.push_str(more),
            (None, _) => match line.split_once(':') {
                Some((name, value)) => properties.push((name, format!(":{value}"))),
                None => properties.push((line, String::new())),
            },
            _ => {}
        }
    }
    properties
}

fn local(value: &str, zone: &TimeZone) -> DateTime {
    let stamp = value.rsplit(':').next().unwrap_or_default();
    match stamp.strip_suffix('Z') {
        None => DateTime::strptime("%Y%m%dT%H%M%S", stamp).expect("a local time"),
        Some(utc) => {
            let utc = DateTime::strptime("%Y%m%dT%H%M%S", utc).expect("an instant");
            zone.to_datetime(utc.to_zoned(TimeZone::UTC).expect("an instant").timestamp())
        }
    }
}

#[test]
fn rules_of_others_have_as_many_occurrences_as_they_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(RULES);
    if !path.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs {RULES}");
        return println!("NOT RUN: rules of others ({RULES} is not there)");
    }
    let text = std::fs::read_to_string(&path).expect("the file");
    let mut wrong = Vec::new();
    let mut count = 0;
    for event in text.split("BEGIN:VEVENT").skip(1) {
        let properties = properties(event);
        let all = |name| properties.iter().filter(move |(of, _)| *of == name).map(|(_, v)| v);
        let Some(expected) = all("X-EXPECT-NUMEVENTS").next() else { continue };
        let expected: usize = expected.trim_start_matches(':').trim().parse().expect("a number");
        let begins = all("DTSTART").next().expect("a start");
        let zone = match begins.strip_prefix(";TZID=").and_then(|rest| rest.split_once(':')) {
            Some((name, _)) => TimeZone::get(name).expect("a zone"),
            None => TimeZone::UTC,
        };
        let start = local(begins, &zone);
        let occurrences = |text: &String| -> BTreeSet<DateTime> {
            let rule: Rule = text.trim_start_matches(':').trim().parse().expect(text);
            let far = start.checked_add(50.years()).expect("a date");
            rule.occurrences(start, far, &zone).collect()
        };
        let mut set: BTreeSet<DateTime> = all("RRULE").flat_map(occurrences).collect();
        for gone in all("EXRULE").flat_map(occurrences) {
            set.remove(&gone);
        }
        for gone in all("EXDATE") {
            set.remove(&local(gone, &zone));
        }
        if set.len() != expected {
            let rule = all("RRULE").next();
            wrong.push(format!("{rule:?} from {start}: {} instead of {expected}", set.len()));
        }
        count += 1;
    }
    println!("{count} recurrence rules of others");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 50);
}
