//! Sentences as people type them, in three locales, and sentences that nobody would.

use super::*;
use jiff::civil::{date, time};
use proptest::prelude::*;

const CLIENTS: &[(ClientId, &str, &str)] = &[
    (ClientId::from_bytes([1; 16]), "AT-001", "Ada Testerin"),
    (ClientId::from_bytes([2; 16]), "QS-002", "Quill Sampleton"),
    (ClientId::from_bytes([3; 16]), "ZF-003", "Zoë Fixturová"),
    (ClientId::from_bytes([4; 16]), "AS-007", "Alba Synthwell"),
    (ClientId::from_bytes([5; 16]), "SA-008", "Sol Ametski"),
    (ClientId::from_bytes([6; 16]), "AM-009", "Ada Mockridge"),
];

/// A Wednesday.
const TODAY: Date = date(2026, 11, 25);

fn context(locale: Locale) -> QuickAddContext<'static> {
    QuickAddContext {
        today: TODAY,
        now: time(11, 0, 0, 0),
        zone: match locale {
            Locale::De => "Europe/Berlin",
            Locale::EnGb => "Europe/London",
            Locale::EnUs => "America/Los_Angeles",
        },
        clients: CLIENTS,
        clinician: MemberId::from_bytes([9; 16]),
        locale,
        default_minutes: 50,
    }
}

const US: Locale = Locale::EnUs;
const GB: Locale = Locale::EnGb;
const DE: Locale = Locale::De;

/// Locale, sentence, what it says in full. None of these has a problem that blocks.
const SENTENCES: &[(Locale, &str, &str)] = &[
    (US, "AT thu 3pm", "AT-001 2026-11-26 15:00 50m office"),
    (US, "thu 3pm AT", "AT-001 2026-11-26 15:00 50m office"),
    (US, "at-001 tomorrow 9:00 50m", "AT-001 2026-11-26 09:00 50m office"),
    (US, "quill 11/26 3pm", "QS-002 2026-11-26 15:00 50m office"),
    (US, "quill sam 12/1/2026 noon", "QS-002 2026-12-01 12:00 50m office"),
    (US, "QS next tue 1.30p", "QS-002 2026-12-01 13:30 50m office"),
    (US, "QS tue 1.30p", "QS-002 2026-12-01 13:30 50m office"),
    (US, "QS in 2 weeks 10am", "QS-002 2026-12-09 10:00 50m office"),
    (US, "QS wed 10am", "QS-002 2026-12-02 10:00 50m office"),
    (US, "QS wed 11:30", "QS-002 2026-11-25 11:30 50m office"),
    (US, "QS 3pm", "QS-002 2026-11-25 15:00 50m office"),
    (US, "zoe fri 3 p.m. video", "ZF-003 2026-11-27 15:00 50m video"),
    (US, "Zoë Fixturová mon 930am 45 min phone", "ZF-003 2026-11-30 09:30 45m phone"),
    (US, "AT & QS thu 5pm 90m room 2", "AT-001+QS-002 2026-11-26 17:00 90m office room=2 couple"),
    (US, "alba nov 30 at 3 room Blue", "AS-007 2026-11-30 15:00 50m office room=Blue"),
    (US, "alba 30th of november half past 9", "AS-007 2026-11-30 09:30 50m office"),
    (US, "alba dec 1st 3-4pm", "AS-007 2026-12-01 15:00 60m office"),
    (US, "alba dec 1 2026 11-1pm", "AS-007 2026-12-01 11:00 120m office"),
    (
        US,
        "intake with alba day after tomorrow 4 pm 1.5h",
        "AS-007 2026-11-27 16:00 90m office intake",
    ),
    (US, "SA sat 10am", "SA-008 2026-11-28 10:00 50m office"),
    (US, "AT 1/5 9am", "AT-001 2027-01-05 09:00 50m office"),
    (US, "qs-0 fri 4:30pm", "QS-002 2026-11-27 16:30 50m office"),
    (US, "supervision fri 4pm 1h", " 2026-11-27 16:00 60m office supervision"),
    (US, "AT tue 3pm every week", "AT-001 2026-12-01 15:00 50m office weekly"),
    (US, "AT every other week thu 3pm", "AT-001 2026-11-26 15:00 50m office 2-weekly"),
    (US, "AT every tue 3pm", "AT-001 2026-12-01 15:00 50m office weekly"),
    (US, "AT 2026-12-24 15:00-15:50 in person", "AT-001 2026-12-24 15:00 50m office"),
    (GB, "quill 26/11 3pm", "QS-002 2026-11-26 15:00 50m office"),
    (GB, "quill 1/12 9.30", "QS-002 2026-12-01 09:30 50m office"),
    (GB, "quill 1.12.26 9.30", "QS-002 2026-12-01 09:30 50m office"),
    (GB, "AT thu next week 14:00 phone", "AT-001 2026-12-03 14:00 50m phone"),
    (GB, "AT this fri 14:00 fortnightly", "AT-001 2026-11-27 14:00 50m office 2-weekly"),
    (GB, "AT the 3rd at 11", "AT-001 2026-12-03 11:00 50m office"),
    (GB, "AT next week 12 o'clock online", "AT-001 2026-12-02 12:00 50m video"),
    (DE, "AT 26.11. 14 uhr", "AT-001 2026-11-26 14:00 50m office"),
    (DE, "AT do 15:30", "AT-001 2026-11-26 15:30 50m office"),
    (DE, "AT Do. 15.30", "AT-001 2026-11-26 15:30 50m office"),
    (DE, "AT 26.11 8.10", "AT-001 2026-11-26 08:10 50m office"),
    (DE, "AT heute 14 Uhr 30", "AT-001 2026-11-25 14:30 50m office"),
    (DE, "AT morgen um 9 Telefon", "AT-001 2026-11-26 09:00 50m phone"),
    (DE, "AT übermorgen 10:00 Raum 2 45 Minuten", "AT-001 2026-11-27 10:00 45m office room=2"),
    (DE, "AT morgen 14 uhr 50 min", "AT-001 2026-11-26 14:00 50m office"),
    (DE, "AT nächsten Di halb 4", "AT-001 2026-12-01 15:30 50m office"),
    (DE, "AT nächste woche mo 8 uhr 1 stunde", "AT-001 2026-11-30 08:00 60m office"),
    (DE, "AT in einer Woche 15h30 alle 2 Wochen", "AT-001 2026-12-02 15:30 50m office 2-weekly"),
    (
        DE,
        "Erstgespräch mit Sampleton am 1. Dezember 9-10 uhr",
        "QS-002 2026-12-01 09:00 60m office intake",
    ),
    (DE, "AT 24. 10 Uhr vor Ort", "AT-001 2026-12-24 10:00 50m office"),
    (DE, "AT 1.12.2026, 16:00, Video, wöchentlich", "AT-001 2026-12-01 16:00 50m video weekly"),
    (DE, "AT 1/12 16:00 Zimmer 3", "AT-001 2026-12-01 16:00 50m office room=3"),
    (US, "alba fri @ 2pm", "AS-007 2026-11-27 14:00 50m office"),
    (US, "fri 2pm w/ alba", "AS-007 2026-11-27 14:00 50m office"),
    (US, "alba 2pm-2:50pm fri video", "AS-007 2026-11-27 14:00 50m video"),
    (US, "alba next friday 8am", "AS-007 2026-12-04 08:00 50m office"),
    (US, "alba tonight 7pm", "AS-007 2026-11-25 19:00 50m office"),
    (US, "alba monday morning 9", "AS-007 2026-11-30 09:00 50m office"),
    (US, "alba 11/7/2027 1:30 am", "AS-007 2027-11-07 01:30 50m office"),
    (US, "alba wednesday, december 2nd at 10:15am", "AS-007 2026-12-02 10:15 50m office"),
    (US, "phone call with alba tmrw 9am", "AS-007 2026-11-26 09:00 50m phone"),
    (US, "group AT QS ZF thu 6pm 90min", "AT-001+QS-002+ZF-003 2026-11-26 18:00 90m office group"),
    (US, "alba thu 3pm monthly", "AS-007 2026-11-26 15:00 50m office repeats"),
    (US, "alba biweekly thu 3pm", "AS-007 2026-11-26 15:00 50m office 2-weekly"),
    (US, "alba dec 2 10am every 3 weeks", "AS-007 2026-12-02 10:00 50m office 3-weekly"),
    (US, "AT mon 10 to 11am", "AT-001 2026-11-30 10:00 60m office"),
    (US, "AT mon 10:00 - 10:50", "AT-001 2026-11-30 10:00 50m office"),
    (US, "AT thu at noon for an hour", "AT-001 2026-11-26 12:00 60m office"),
    (US, "AT thu 3pm for 45 minutes", "AT-001 2026-11-26 15:00 45m office"),
    (US, "AT thu 3pm telehealth", "AT-001 2026-11-26 15:00 50m video"),
    (US, "family AT QS thu 3pm", "AT-001+QS-002 2026-11-26 15:00 50m office family"),
    (US, "AT thu 3:15", "AT-001 2026-11-26 15:15 50m office"),
    (US, "AT thu 3pm until 4:30pm", "AT-001 2026-11-26 15:00 90m office"),
    (US, "AT thursday afternoon 3", "AT-001 2026-11-26 15:00 50m office"),
    (US, "AT thu 3pm weekly for 10 weeks", "AT-001 2026-11-26 15:00 50m office weekly x10"),
    (
        US,
        "AT thu 3pm weekly until 3/1",
        "AT-001 2026-11-26 15:00 50m office weekly until 2027-03-01",
    ),
    (US, "AT thu 3pm weekly x8", "AT-001 2026-11-26 15:00 50m office weekly x8"),
    (US, "AT thu 3pm every thursday", "AT-001 2026-11-26 15:00 50m office weekly"),
    (GB, "AT a week on tuesday 10am", "AT-001 2026-12-08 10:00 50m office"),
    (GB, "AT tuesday week 10am", "AT-001 2026-12-08 10:00 50m office"),
    (GB, "AT half eight thu", "AT-001 2026-11-26 08:30 50m office"),
    (GB, "AT quarter past 3 thu", "AT-001 2026-11-26 15:15 50m office"),
    (GB, "AT thu quarter to 4pm", "AT-001 2026-11-26 15:45 50m office"),
    (GB, "AT thu 15h", "AT-001 2026-11-26 15:00 50m office"),
    (GB, "AT 2 december at 9.30am for 50 mins", "AT-001 2026-12-02 09:30 50m office"),
    (GB, "AT in a fortnight 10am", "AT-001 2026-12-09 10:00 50m office"),
    (GB, "AT thurs 2pm", "AT-001 2026-11-26 14:00 50m office"),
    (GB, "AT tues 2pm", "AT-001 2026-12-01 14:00 50m office"),
    (GB, "AT weds 2pm", "AT-001 2026-11-25 14:00 50m office"),
    (DE, "AT Donnerstag viertel nach 3", "AT-001 2026-11-26 15:15 50m office"),
    (DE, "AT Do dreiviertel 4", "AT-001 2026-11-26 15:45 50m office"),
    (DE, "AT kommenden Montag 9 Uhr", "AT-001 2026-11-30 09:00 50m office"),
    (DE, "AT am 3.12. von 14 bis 15 Uhr", "AT-001 2026-12-03 14:00 60m office"),
    (DE, "AT jeden Montag 9 Uhr", "AT-001 2026-11-30 09:00 50m office weekly"),
    (DE, "AT 14-tägig Do 15 Uhr", "AT-001 2026-11-26 15:00 50m office 2-weekly"),
    (DE, "AT Do 15 Uhr monatlich", "AT-001 2026-11-26 15:00 50m office repeats"),
    (DE, "AT morgen früh 8 Uhr", "AT-001 2026-11-26 08:00 50m office"),
    (DE, "AT Mi 2.12. 10:15", "AT-001 2026-12-02 10:15 50m office"),
    (DE, "AT in 3 Tagen 9 Uhr", "AT-001 2026-11-28 09:00 50m office"),
    (DE, "AT und QS Paar Do 17 Uhr 90 Min", "AT-001+QS-002 2026-11-26 17:00 90m office couple"),
    (DE, "Supervision Fr 16 Uhr", " 2026-11-27 16:00 50m office supervision"),
    (DE, "AT nächsten Freitag 10 Uhr", "AT-001 2026-12-04 10:00 50m office"),
    (DE, "AT Do 15 Uhr per Video", "AT-001 2026-11-26 15:00 50m video"),
    (DE, "AT Do 15:00 Uhr, 50 Minuten", "AT-001 2026-11-26 15:00 50m office"),
    (DE, "AT Do viertel vor 3", "AT-001 2026-11-26 14:45 50m office"),
    (DE, "AT Do 15 Uhr jede Woche", "AT-001 2026-11-26 15:00 50m office weekly"),
    (DE, "AT Do 15 Uhr alle zwei Wochen", "AT-001 2026-11-26 15:00 50m office 2-weekly"),
    (DE, "AT heute Nachmittag 15 Uhr", "AT-001 2026-11-25 15:00 50m office"),
    (DE, "AT Do 15 Uhr eine Stunde", "AT-001 2026-11-26 15:00 60m office"),
    (DE, "AT Do 15 Uhr anderthalb Stunden", "AT-001 2026-11-26 15:00 90m office"),
    (US, "AT thu 3pm one hour", "AT-001 2026-11-26 15:00 60m office"),
    (US, "AT thu 3pm an hour and a half", "AT-001 2026-11-26 15:00 90m office"),
    (US, "AT thu 3pm 1h30", "AT-001 2026-11-26 15:00 90m office"),
    (US, "AT thu 3pm 1 hr 15 min", "AT-001 2026-11-26 15:00 75m office"),
    (DE, "AT 31.10.2027 2:30", "AT-001 2027-10-31 02:30 50m office"),
    (US, "AT 3/14/2027 3:30am", "AT-001 2027-03-14 03:30 50m office"),
    (US, "AT thu 3pm until 4", "AT-001 2026-11-26 15:00 60m office"),
    (US, "AT thu 11am to 1", "AT-001 2026-11-26 11:00 120m office"),
    (US, "AT thu 3:00-4:15", "AT-001 2026-11-26 15:00 75m office"),
    (GB, "AT thu 09:30 till 10:45", "AT-001 2026-11-26 09:30 75m office"),
    (GB, "AT thu 3 in the afternoon", "AT-001 2026-11-26 15:00 50m office"),
    (GB, "AT thu 2.15 weekly 6 times", "AT-001 2026-11-26 14:15 50m office weekly x6"),
    (
        DE,
        "AT Do 15 Uhr wöchentlich bis 1.3.",
        "AT-001 2026-11-26 15:00 50m office weekly until 2027-03-01",
    ),
    (DE, "AT Do 15 Uhr wöchentlich für 10 Wochen", "AT-001 2026-11-26 15:00 50m office weekly x10"),
    (DE, "AT Do 3 Uhr nachmittags", "AT-001 2026-11-26 15:00 50m office"),
    (DE, "AT Do 15 Uhr 1,5 Stunden", "AT-001 2026-11-26 15:00 90m office"),
    (DE, "AT Do 15 Uhr 1,5h", "AT-001 2026-11-26 15:00 90m office"),
    (US, "AT thu 12:00-1:00", "AT-001 2026-11-26 12:00 60m office"),
    (US, "AT thu 11:30-1:15", "AT-001 2026-11-26 11:30 105m office"),
    (US, "AT thu 10:00 to 1:00", "AT-001 2026-11-26 10:00 180m office"),
    (DE, "AT Do 22:00-6:00", "AT-001 2026-11-26 22:00 480m office"),
    (US, "AT from dec 1 every thursday 3pm", "AT-001 2026-12-03 15:00 50m office weekly"),
    (US, "AT every thursday from dec 1 3pm", "AT-001 2026-12-03 15:00 50m office weekly"),
    (DE, "AT ab 1.12. jeden Donnerstag 15 Uhr", "AT-001 2026-12-03 15:00 50m office weekly"),
    (DE, "AT Do Abend halb 8", "AT-001 2026-11-26 19:30 50m office"),
    (DE, "AT Do 8 Uhr 30 abends", "AT-001 2026-11-26 20:30 50m office"),
    (US, "AT thu evening 7:30-8:20", "AT-001 2026-11-26 19:30 50m office"),
    (US, "AT thu evening half past 7", "AT-001 2026-11-26 19:30 50m office"),
    (US, "AT thu morning quarter past 6", "AT-001 2026-11-26 06:15 50m office"),
    (
        US,
        "AT 1/5 9am weekly until 12/20",
        "AT-001 2027-01-05 09:00 50m office weekly until 2027-12-20",
    ),
    (US, "AT thu 3 o'clock", "AT-001 2026-11-26 15:00 50m office"),
    (US, "AT thu at 3 o'clock", "AT-001 2026-11-26 15:00 50m office"),
    (DE, "AT halb 4 am Donnerstag", "AT-001 2026-11-26 15:30 50m office"),
    (DE, "AT 12:30 am Donnerstag", "AT-001 2026-11-26 12:30 50m office"),
    (DE, "AT 15:30 am Donnerstag", "AT-001 2026-11-26 15:30 50m office"),
    (US, "AT thu quarter to 7", "AT-001 2026-11-26 18:45 50m office"),
    (US, "AT thu quarter to 1", "AT-001 2026-11-26 12:45 50m office"),
    (
        DE,
        "AT wöchentlich Do 15:00 bis 1.12",
        "AT-001 2026-11-26 15:00 50m office weekly until 2026-12-01",
    ),
    (
        GB,
        "AT weekly thu 3pm until 1.12",
        "AT-001 2026-11-26 15:00 50m office weekly until 2026-12-01",
    ),
    (US, "AT 12.1 3pm", "AT-001 2026-12-01 15:00 50m office"),
];

#[test]
fn a_weekday_is_no_part_of_a_name_that_begins_like_it() {
    let clients = [
        (ClientId::from_bytes([1; 16]), "AF-1", "Anna Friedman"),
        (ClientId::from_bytes([2; 16]), "KS-2", "Kim Sunderland"),
        (ClientId::from_bytes([3; 16]), "TM-3", "Tom Mitchell"),
        (ClientId::from_bytes([4; 16]), "JM-4", "June May"),
    ];
    for (locale, sentence, client, day) in [
        (US, "anna fri 3pm", 1, date(2026, 11, 27)),
        (US, "anna friedman fri 3pm", 1, date(2026, 11, 27)),
        (US, "kim sun 3pm", 2, date(2026, 11, 29)),
        (DE, "tom mi 15 uhr", 3, date(2026, 11, 25)),
        (US, "june may fri 3pm", 4, date(2026, 11, 27)),
    ] {
        let quick_add = parse(sentence, &QuickAddContext { clients: &clients, ..context(locale) });
        assert_eq!(quick_add.clients, [ClientId::from_bytes([client; 16])], "{sentence}");
        assert_eq!(quick_add.date, Some(day), "{sentence}");
    }
}

#[test]
fn a_month_s_weekday_is_meant_where_one_was_named() {
    let repeat = |sentence| parse(sentence, &context(US)).repeat;
    assert_eq!(repeat("AT thu 3pm monthly"), Some(Repeat::MonthsByWeekday(1)));
    assert_eq!(repeat("AT dec 2 3pm monthly"), Some(Repeat::Months(1)));
}

fn brief(quick_add: &QuickAdd) -> String {
    let code = |id: &ClientId| CLIENTS.iter().find(|c| c.0 == *id).map(|c| c.1).unwrap();
    let codes: Vec<&str> = quick_add.clients.iter().map(code).collect();
    let mut text = format!(
        "{} {} {} {}m {}",
        codes.join("+"),
        quick_add.date.map(|date| date.to_string()).unwrap_or_default(),
        quick_add.start.map(|time| time.strftime("%H:%M").to_string()).unwrap_or_default(),
        quick_add.minutes,
        quick_add.modality.word(),
    );
    if let Some(room) = &quick_add.room {
        text.push_str(&format!(" room={room}"));
    }
    if quick_add.kind != AppointmentKind::Individual {
        text.push_str(&format!(" {}", quick_add.kind.word()));
    }
    match quick_add.repeat {
        Some(Repeat::Weeks(1)) => text.push_str(" weekly"),
        Some(Repeat::Weeks(weeks)) => text.push_str(&format!(" {weeks}-weekly")),
        Some(Repeat::Days(_) | Repeat::Months(_) | Repeat::MonthsByWeekday(_)) => {
            text.push_str(" repeats");
        }
        None => {}
    }
    match quick_add.repeat_end {
        End::Count(count) => text.push_str(&format!(" x{count}")),
        End::Until(until) => text.push_str(&format!(" until {}", until.date())),
        _ => {}
    }
    text
}

#[test]
fn sentences_of_three_locales_mean_what_they_say() {
    assert!(SENTENCES.len() >= 140);
    for (locale, sentence, expected) in SENTENCES {
        let quick_add = parse(sentence, &context(*locale));
        assert_eq!(brief(&quick_add), *expected, "{locale:?} {sentence}: {:?}", quick_add.problems);
        let blocking: Vec<_> = quick_add.problems.iter().filter(|p| p.blocks()).collect();
        assert!(blocking.is_empty(), "{sentence}: {blocking:?}");
        assert!(quick_add.appointment(AppointmentId::from_bytes([0; 16])).is_some());
    }
}

/// Locale, sentence, the first problem.
fn problems() -> Vec<(Locale, &'static str, Problem)> {
    let word = |word: &str| word.to_owned();
    vec![
        (US, "ada thu 3pm", Problem::AmbiguousClient { word: word("ada"), candidates: 2 }),
        (US, "A thu 3pm", Problem::AmbiguousClient { word: word("A"), candidates: 4 }),
        (US, "xyzzy thu 3pm", Problem::UnknownWord { word: word("xyzzy") }),
        (US, "AT 13/26 3pm", Problem::ImpossibleDate { word: word("13/26") }),
        (GB, "AT 11/26 3pm", Problem::ImpossibleDate { word: word("11/26") }),
        (DE, "AT 31.11. 14 uhr", Problem::ImpossibleDate { word: word("31.11.") }),
        (US, "AT thu 25:00", Problem::ImpossibleTime { word: word("25:00") }),
        (US, "AT thu 13pm", Problem::ImpossibleTime { word: word("13pm") }),
        (US, "AT thu 3pm 4pm", Problem::NamedTwice { word: word("4pm") }),
        (US, "AT thu fri 3pm", Problem::NamedTwice { word: word("fri") }),
        (US, "thu 3pm", Problem::NoClient),
        (US, "AT 3pm 0m", Problem::LengthOutOfRange),
        (US, "AT thu", Problem::NoTime),
        (US, "AT 10am", Problem::NoDate),
        (US, "AT today 10am", Problem::Past),
        (US, "AT 11/24 10am", Problem::FarAhead),
        (US, "AT thu 11pm", Problem::UnusualHour),
        (US, "AT thu 9:00-8:00", Problem::ImpossibleTime { word: word("9:00-8:00") }),
        (US, "AT tue 3pm every thursday", Problem::NamedTwice { word: word("every thursday") }),
        (US, "AT 1/5 9am weekly until 12/20/2026", Problem::EndsBefore),
    ]
}

#[test]
fn what_cannot_be_booked_is_said_and_not_guessed() {
    for (locale, sentence, expected) in problems() {
        let quick_add = parse(sentence, &context(locale));
        assert_eq!(quick_add.problems.first(), Some(&expected), "{sentence}");
        let booked = quick_add.appointment(AppointmentId::from_bytes([0; 16])).is_some();
        assert_eq!(booked, !expected.blocks(), "{sentence}");
    }
}

#[test]
fn a_time_that_the_clocks_leap_over_is_shown_as_the_instant_that_it_would_be() {
    let gap = parse("AT 3/14/2027 2:30am", &context(US));
    let resolved = date(2027, 3, 14).at(3, 30, 0, 0);
    assert_eq!(gap.problems.first(), Some(&Problem::TimeDoesNotExist { resolved }));
    assert!(gap.resolved.contains("= Sun Mar 14 2027, 3:30 am"), "{}", gap.resolved);

    let twice = parse("AT 31.10.2027 2:30", &context(DE));
    assert!(twice.problems.contains(&Problem::TimeHappensTwice));
    assert!(twice.problems.iter().all(|problem| !problem.blocks()));

    let other_zone = parse("AT 14/3/2027 2:30", &context(GB));
    assert!(!other_zone.problems.iter().any(|p| matches!(p, Problem::TimeDoesNotExist { .. })));
}

#[test]
fn the_line_under_the_field_says_everything_in_the_order_of_the_locale() {
    let line = |locale, sentence| parse(sentence, &context(locale)).resolved;
    assert_eq!(
        line(US, "AT thu 3pm room 2"),
        "AT-001 · Thu Nov 26 2026, 3:00 pm to 3:50 pm (America/Los_Angeles) · office, room 2 · \
         individual"
    );
    assert_eq!(
        line(GB, "AT thu 11pm 2h"),
        "AT-001 · Thu 26 Nov 2026, 23:00 to Fri 27 Nov 2026 01:00 (Europe/London) · office · \
         individual"
    );
    assert_eq!(
        line(DE, "AT do 15 uhr telefon"),
        "AT-001 · Do 26.11.2026, 15:00 bis 15:50 (Europe/Berlin) · Telefon · individual"
    );
    assert_eq!(line(US, ""), "… · …, … · office · individual");
}

fn piece() -> impl Strategy<Value = String> {
    let words = SENTENCES.iter().flat_map(|(_, sentence, _)| sentence.split(' '));
    let words: Vec<String> = words.map(str::to_owned).collect();
    prop_oneof![
        3 => proptest::sample::select(words),
        1 => "[0-9]{1,6}[.:/h-]?[0-9]{0,6}[.:/apm-]{0,3}",
        1 => "\\PC{0,6}",
    ]
}

proptest! {
    #[test]
    fn no_sentence_makes_it_fail(sentence in "\\PC{0,80}", locale in 0..3_u8) {
        let locale = [US, GB, DE][usize::from(locale)];
        let quick_add = parse(&sentence, &context(locale));
        prop_assert!((1..=1_440).contains(&quick_add.minutes));
    }

    #[test]
    fn whatever_is_booked_has_client_date_and_time(
        pieces in proptest::collection::vec(piece(), 0..9),
        locale in 0..3_u8,
    ) {
        let locale = [US, GB, DE][usize::from(locale)];
        let quick_add = parse(&pieces.join(" "), &context(locale));
        let booked = quick_add.appointment(AppointmentId::from_bytes([0; 16]));
        let complete = quick_add.date.is_some() && quick_add.start.is_some();
        prop_assert_eq!(booked.is_some(), !quick_add.problems.iter().any(Problem::blocks));
        prop_assert!(booked.is_none() || complete);
        // A word that is not understood is named, whatever stands behind it.
        let strange = parse(&format!("xyzzy {}", pieces.join(" ")), &context(locale));
        let named = Problem::UnknownWord { word: "xyzzy".to_owned() };
        prop_assert!(strange.problems.contains(&named));
        prop_assert!(strange.appointment(AppointmentId::from_bytes([0; 16])).is_none());
    }
}

#[test]
fn the_environment_names_the_order_of_day_and_month() {
    for (name, locale) in [("en_US.UTF-8", US), ("de_AT@euro", DE), ("de", DE), ("C", GB), ("", GB)]
    {
        assert_eq!(Locale::of_environment(name), locale, "{name}");
    }
    assert_eq!(Locale::of_environment("den_CA"), GB);
}
