//! Rules by their occurrences. Those that others wrote are in `tests/it/recurrence.rs`.

use super::*;
use jiff::civil::date;

fn first(rule: &str, start: DateTime, count: usize) -> Vec<String> {
    let rule: Rule = rule.parse().expect(rule);
    let found = rule.occurrences(start, horizon(start), &TimeZone::UTC).take(count);
    found.map(|time| time.strftime("%Y-%m-%d %H:%M").to_string()).collect()
}

#[test]
fn what_practices_agree_on_comes_out_as_it_was_meant() {
    let monday = date(2026, 11, 30).at(9, 0, 0, 0);
    for (rule, expected) in [
        ("FREQ=WEEKLY", ["2026-11-30 09:00", "2026-12-07 09:00", "2026-12-14 09:00"]),
        ("FREQ=WEEKLY;INTERVAL=2", ["2026-11-30 09:00", "2026-12-14 09:00", "2026-12-28 09:00"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH", ["2026-11-30 09:00", "2026-12-03 09:00", "2026-12-07 09:00"]),
        ("FREQ=MONTHLY", ["2026-11-30 09:00", "2026-12-30 09:00", "2027-01-30 09:00"]),
        ("FREQ=MONTHLY;BYDAY=-1MO", ["2026-11-30 09:00", "2026-12-28 09:00", "2027-01-25 09:00"]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            ["2026-11-30 09:00", "2026-12-31 09:00", "2027-01-31 09:00"],
        ),
        ("FREQ=DAILY;INTERVAL=10", ["2026-11-30 09:00", "2026-12-10 09:00", "2026-12-20 09:00"]),
        ("FREQ=YEARLY", ["2026-11-30 09:00", "2027-11-30 09:00", "2028-11-30 09:00"]),
    ] {
        assert_eq!(first(rule, monday, 3), expected, "{rule}");
    }
}

#[test]
fn a_day_that_a_month_does_not_have_is_left_out_and_never_moved() {
    let start = date(2027, 1, 31).at(10, 0, 0, 0);
    let expected = ["2027-01-31 10:00", "2027-03-31 10:00", "2027-05-31 10:00"];
    assert_eq!(first("FREQ=MONTHLY", start, 3), expected);
    let leap = date(2024, 2, 29).at(10, 0, 0, 0);
    assert_eq!(first("FREQ=YEARLY", leap, 2), ["2024-02-29 10:00", "2028-02-29 10:00"]);
}

#[test]
fn the_end_is_included_and_an_instant_is_meant_in_the_zone() {
    let start = date(2026, 12, 1).at(9, 0, 0, 0);
    assert_eq!(first("FREQ=DAILY;UNTIL=20261203T090000", start, 9).len(), 3);
    assert_eq!(first("FREQ=DAILY;UNTIL=20261203T085959", start, 9).len(), 2);
    // A date alone is where that day begins.
    assert_eq!(first("FREQ=DAILY;UNTIL=20261203", start, 9).len(), 2);
    assert_eq!(first("FREQ=DAILY;COUNT=4", start, 9).len(), 4);
    let rule: Rule = "FREQ=DAILY;UNTIL=20261203T080000Z".parse().unwrap();
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(rule.occurrences(start, horizon(start), &berlin).count(), 3);
    assert_eq!(rule.occurrences(start, horizon(start), &TimeZone::UTC).count(), 2);
}

#[test]
fn a_rule_that_never_comes_true_ends_and_one_of_seconds_is_cut_off() {
    let start = date(2026, 12, 1).at(9, 0, 0, 0);
    assert!(first("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", start, 9).is_empty());
    let rule: Rule = "FREQ=SECONDLY".parse().unwrap();
    let found = rule.occurrences(start, horizon(start), &TimeZone::UTC).count();
    assert_eq!(u32::try_from(found), Ok(PERIODS_MAX));
    let all = |of: std::ops::Range<u8>| of.map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let (hours, sixty) = (all(0..24), all(0..60));
    let bomb = format!("FREQ=YEARLY;BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty};BYDAY=MO,TU");
    let bomb: Rule = bomb.parse().unwrap();
    assert!(bomb.occurrences(start, horizon(start), &TimeZone::UTC).count() <= OCCURRENCES_MAX);
    let rule: Rule = "FREQ=SECONDLY;BYMONTH=1;BYYEARDAY=200".parse().unwrap();
    assert_eq!(rule.occurrences(start, horizon(start), &TimeZone::UTC).count(), 0);
}

#[test]
fn a_rule_reads_back_and_what_is_none_says_why() {
    for text in [
        "FREQ=WEEKLY;INTERVAL=2;COUNT=10;BYDAY=MO,WE",
        "FREQ=MONTHLY;UNTIL=20270101T000000Z;BYSETPOS=-2;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=YEARLY;BYMONTH=1,2;BYDAY=1SU,-1MO;WKST=SU",
    ] {
        let rule: Rule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
    }
    for (text, part, kind) in [
        ("", "FREQ", RuleErrorKind::Missing),
        ("FREQ=SOMETIMES", "FREQ", RuleErrorKind::Value),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ", RuleErrorKind::Twice),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "UNTIL", RuleErrorKind::Both),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL", RuleErrorKind::Value),
        ("FREQ=YEARLY;BYMONTH=0", "BYMONTH", RuleErrorKind::Value),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", RuleErrorKind::Value),
        ("FREQ=WEEKLY;BYDAY=\u{e4}", "BYDAY", RuleErrorKind::Value),
        ("FREQ=WEEKLY;BYDAY=99MO", "BYDAY", RuleErrorKind::Value),
        ("FREQ=DAILY;UNTIL=20261341", "UNTIL", RuleErrorKind::Value),
        ("weekly", "RRULE", RuleErrorKind::Malformed),
    ] {
        assert_eq!(text.parse::<Rule>(), Err(RuleError { part, kind }), "{text}");
    }
}
