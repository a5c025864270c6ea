//! Files that do not read, and what is made of those that do.

use super::*;
use jiff::civil::date;
use proptest::prelude::*;

fn calendar(inside: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inside}END:VCALENDAR\r\n")
}

fn event(inside: &str) -> String {
    calendar(&format!("BEGIN:VEVENT\r\nUID:1\r\n{inside}END:VEVENT\r\n"))
}

fn cause(text: &str) -> (usize, IcalCause) {
    let error = Calendar::read(text.as_bytes()).unwrap_err();
    (error.line, error.cause)
}

fn starts(text: &str, zone: &str) -> Vec<String> {
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    let zone = TimeZone::get(zone).unwrap();
    let busy = calendar.busy(date(2026, 1, 1), date(2028, 1, 1), &zone).unwrap();
    busy.iter().map(|one| one.start.strftime("%Y-%m-%d %H:%M").to_string()).collect()
}

#[test]
fn what_does_not_read_is_refused_as_a_whole_with_its_line() {
    assert_eq!(cause(""), (1, IcalCause::NotACalendar));
    assert_eq!(cause("Dear Sir or Madam:\r\nplease"), (1, IcalCause::Malformed));
    assert_eq!(cause("BEGIN:VEVENT\r\nEND:VEVENT\r\n"), (1, IcalCause::NotACalendar));
    assert_eq!(cause("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"), (2, IcalCause::Unbalanced));
    assert_eq!(cause("BEGIN:VCALENDAR\nEND:VEVENT\n"), (2, IcalCause::Unbalanced));
    assert_eq!(cause(&event("")), (3, IcalCause::When("DTSTART")));
    assert_eq!(cause(&event("DTSTART:20261340T990000\r\n")), (5, IcalCause::When("DTSTART")));
    assert_eq!(
        cause(&event("DTSTART:20260101T000000\r\nDURATION:soon\r\n")).1,
        IcalCause::Duration
    );
    let (line, cause) = cause(&event("DTSTART:20260101T000000\r\nRRULE:FREQ=OFTEN\r\n"));
    assert_eq!(line, 6);
    assert!(matches!(cause, IcalCause::Rule(_)), "{cause}");
    assert_eq!(Calendar::read(&[0xff, 0xfe]).unwrap_err().cause, IcalCause::NotText);
    let large = vec![b' '; BYTES_MAX + 1];
    assert_eq!(Calendar::read(&large).unwrap_err().cause, IcalCause::TooLarge);
}

#[test]
fn a_folded_line_is_one_and_a_colon_in_quotes_is_no_end() {
    let text = event(
        "DTSTART;X-A=\"1:2;3\";TZID=\"Europe/Berlin\":202612\r\n 01T090000\r\nSUMMARY:a\\, b\\n\r\n c\r\n",
    );
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    let busy = calendar.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC).unwrap();
    assert_eq!(busy[0].title, "a, b\nc");
    assert_eq!(busy[0].instants.0.to_string(), "2026-12-01T08:00:00Z");
}

#[test]
fn a_zone_that_the_file_describes_itself_changes_its_clocks() {
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:16011104T020000\r\n\
                TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\n\
                RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
                DTSTART:16010311T020000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\n\
                RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";
    let one = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Ours:20260302T090000\r\n\
               RRULE:FREQ=WEEKLY;COUNT=2\r\nEND:VEVENT\r\n";
    let text = calendar(&format!("{zone}{one}"));
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    assert_eq!(calendar.doubts().unknown_zones, 0);
    let busy = calendar.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC).unwrap();
    let instants: Vec<String> = busy.iter().map(|one| one.instants.0.to_string()).collect();
    assert_eq!(instants, ["2026-03-02T14:00:00Z", "2026-03-09T13:00:00Z"]);
}

#[test]
fn a_zone_that_nobody_knows_is_counted_and_read_as_local_time() {
    let text = event("DTSTART;TZID=Mars/Olympus:20261201T090000\r\n");
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    assert_eq!(calendar.doubts().unknown_zones, 1);
    assert_eq!(starts(&text, "Europe/Berlin"), ["2026-12-01 09:00"]);
}

#[test]
fn a_rule_without_end_is_looked_at_as_far_as_the_window() {
    let text = event("DTSTART:20260105T090000\r\nRRULE:FREQ=WEEKLY\r\n");
    assert_eq!(starts(&text, "Europe/Berlin").len(), 104);
    let bomb = event("DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n");
    let bomb = Calendar::read(bomb.as_bytes()).unwrap();
    let busy = bomb.busy(date(2026, 1, 1), date(2028, 1, 1), &TimeZone::UTC);
    assert!(busy.map_or(0, |busy| busy.len()) <= BUSY_MAX);
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _read = Calendar::read(&bytes);
    }

    #[test]
    fn no_lines_make_it_fall_over(lines in proptest::collection::vec(
        prop_oneof![
            Just("BEGIN:VEVENT".to_owned()), Just("END:VEVENT".to_owned()),
            Just("BEGIN:VTIMEZONE".to_owned()), Just("BEGIN:STANDARD".to_owned()),
            "(DTSTART|DTEND|RDATE|EXDATE|RECURRENCE-ID)(;VALUE=DATE)?:[0-9TZ,/]{0,20}",
            "RRULE:FREQ=(DAILY|YEARLY|HOURLY);BY(DAY|MONTH|SETPOS|WEEKNO)=[-0-9MOTU,]{1,8}",
            "TZOFFSETTO:[-+0-9é]{0,8}", "DURATION:[-+PTWDHMS0-9]{0,12}",
        ], 0..30)) {
        let text = calendar(&lines.iter().map(|line| format!("{line}\r\n")).collect::<String>());
        if let Ok(calendar) = Calendar::read(text.as_bytes()) {
            let _busy = calendar.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC);
        }
    }
}

#[test]
fn a_file_that_would_cost_too_much_is_refused_in_a_moment_and_makes_nothing_fall() {
    assert_eq!(
        cause(&event("DTSTART:20261201T090000\r\nDURATION:P999999W999999D\r\n")).1,
        IcalCause::Duration
    );
    let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let minutes: Vec<String> = (0..60).map(|minute| minute.to_string()).collect();
    let each_minute =
        format!("RRULE:FREQ=DAILY;BYHOUR={};BYMINUTE={}\r\n", hours.join(","), minutes.join(","));
    let days: Vec<String> = (1..=366).map(|day| day.to_string()).collect();
    let each_day = format!("RRULE:FREQ=YEARLY;BYYEARDAY={};BYSETPOS=-1\r\n", days.join(","));
    let each_second = "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n".to_owned();
    for (rule, begun) in
        [(each_minute, "20260101"), (each_day, "00010101"), (each_second, "20260101")]
    {
        for distinct in [true, false] {
            let one = |number: usize| {
                let uid = if distinct { number } else { 0 };
                format!(
                    "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:{begun}T000000\r\n{rule}END:VEVENT\r\n"
                )
            };
            let text = calendar(&(0..1_000).map(one).collect::<String>());
            let calendar = Calendar::read(text.as_bytes()).unwrap();
            let busy = calendar.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC);
            assert_eq!(busy.unwrap_err().cause, IcalCause::TooMany, "{rule}");
        }
    }
}

#[test]
fn a_change_of_all_that_follow_goes_by_the_clock_on_the_wall() {
    let whole = "DTSTART;TZID=Europe/Berlin:20260321T090000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n";
    let text = calendar(&format!(
        "BEGIN:VEVENT\r\nUID:1\r\n{whole}END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\n\
         RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260328T090000\r\n\
         DTSTART;TZID=Europe/Berlin:20260329T090000\r\nEND:VEVENT\r\n"
    ));
    // The clocks go forward in the night between.
    let expected = ["2026-03-21 09:00", "2026-03-29 09:00", "2026-04-05 09:00"];
    assert_eq!(starts(&text, "Europe/Berlin"), expected);
}

#[test]
fn whole_days_end_on_the_date_that_is_written_whatever_the_zone() {
    let text = event("DTSTART;VALUE=DATE:20261201\r\nRRULE:FREQ=DAILY;UNTIL=20261203T000000Z\r\n");
    assert_eq!(starts(&text, "America/Los_Angeles").len(), 3);
}

#[test]
fn a_zone_whose_clocks_follow_no_rule_is_unknown_and_an_abbreviation_means_its_own() {
    let zone = |id: &str, rule: &str| {
        format!(
            "BEGIN:VTIMEZONE\r\nTZID:{id}\r\nBEGIN:STANDARD\r\nDTSTART:16011104T020000\r\n\
             TZOFFSETTO:-0500\r\n{}END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010311T020000\r\n\
             TZOFFSETTO:-0400\r\n{}END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\n\
             DTSTART;TZID={id}:20260701T090000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n",
            rule.replace("?", "1SU;BYMONTH=11"),
            rule.replace("?", "2SU;BYMONTH=3")
        )
    };
    let read = |text: &str| Calendar::read(calendar(text).as_bytes()).unwrap();
    assert_eq!(read(&zone("Ours", "RDATE:20260308T020000\r\n")).doubts().unknown_zones, 1);
    let own = read(&zone("EST", "RRULE:FREQ=YEARLY;BYDAY=?\r\n"));
    let busy = own.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC).unwrap();
    assert_eq!(busy[0].instants.0.to_string(), "2026-07-01T13:00:00Z");
}

#[test]
fn an_hourly_rule_has_every_time_of_its_first_hour_and_its_last() {
    let text = event(
        "DTSTART:20261201T093000\r\nDURATION:PT5M\r\n\
         RRULE:FREQ=HOURLY;BYMINUTE=0,30;UNTIL=20261201T120000\r\n",
    );
    let all = starts(&text, "UTC");
    assert_eq!((all.len(), all.last().map(String::as_str)), (6, Some("2026-12-01 12:00")));
}

#[test]
fn every_zone_that_windows_names_is_in_the_database() {
    for (windows, zone) in windows::WINDOWS {
        assert!(crate::practice::zone::is_known(zone), "{windows}: {zone}");
    }
}

#[test]
fn an_event_that_ends_before_it_begins_is_read_the_other_way_round() {
    let text = event("DTSTART:20261201T234500\r\nDTEND:20261201T233000\r\n");
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    let busy = calendar.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC).unwrap();
    let times: Vec<String> =
        busy.iter().flat_map(|one| [one.start, one.end]).map(|at| at.time().to_string()).collect();
    assert_eq!(times, ["23:30:00", "23:45:00"]);
}

#[test]
fn a_broken_line_is_passed_over_and_counted_only_where_nothing_is_read() {
    let text =
        event("DTSTART:20261201T090000\r\nORGANIZER without a colon\r\nl Latham;CUTYPE=X\r\n");
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    assert_eq!(calendar.doubts().broken_lines, 2);
    assert_eq!(starts(&text, "UTC"), ["2026-12-01 09:00"]);
    for broken in ["RRULE FREQ=WEEKLY\r\n", "dtend=20261201T100000\r\n", "END VEVENT\r\n"] {
        let text = event(&format!("DTSTART:20261201T090000\r\n{broken}"));
        let error = Calendar::read(text.as_bytes()).unwrap_err();
        assert_eq!(error.cause, IcalCause::Malformed, "{broken}");
    }
}

#[test]
fn a_zone_that_only_looks_like_one_of_the_database_means_what_the_file_says() {
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/lisbon\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\n\
                TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
                BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETTO:+0200\r\n\
                RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n\
                BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/lisbon:20260110T150000\r\nEND:VEVENT\r\n";
    let read = Calendar::read(calendar(zone).as_bytes()).unwrap();
    let busy = read.busy(date(2026, 1, 1), date(2027, 1, 1), &TimeZone::UTC).unwrap();
    assert_eq!(busy[0].instants.0.to_string(), "2026-01-10T14:00:00Z");
}
