//! Sentences as people type them, in three locales, and sentences that nobody would.

mod sentences;

use self::sentences::SENTENCES;
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
        Some(Repeat::WeeksOn(..)) => {
            text.push_str(&format!(" {}", quick_add.repeat.map(Repeat::words).unwrap_or_default()));
        }
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
    assert!(SENTENCES.len() >= 290);
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
        (US, "AT thu fri 3pm", Problem::NamedTwice { word: word("thu fri") }),
        (US, "AT mon/wed 3pm", Problem::NamedTwice { word: word("mon wed") }),
        (US, "AT thu 3pm x8", Problem::UnknownWord { word: word("x8") }),
        // Nobody is guessed into a session.
        (US, "AT fri 3pm sol 50m", Problem::UnknownWord { word: word("sol") }),
        (US, "quill thu 3pm al", Problem::UnknownWord { word: word("al") }),
        (US, "al QS thu 3pm", Problem::UnknownWord { word: word("al") }),
        (DE, "AT Die 14 Uhr", Problem::UnknownWord { word: word("Die") }),
        (DE, "AT Mit 13 Uhr", Problem::UnknownWord { word: word("Mit") }),
        (US, "time off fri morning", Problem::NoTime),
        (US, "time off next week", Problem::NoTime),
        (DE, "Urlaub nächste Woche", Problem::NoTime),
        (
            US,
            "AT 1st and 3rd thu of every month 3pm",
            Problem::NamedTwice { word: word("3rd thu of every month") },
        ),
        (US, "AT the 3rd thursday 3pm", Problem::UnknownWord { word: word("3rd") }),
        (US, "AT 2x weekly thu 3pm", Problem::UnknownWord { word: word("2x") }),
        (GB, "AT every thu 9.30 until 10.10", Problem::UnknownWord { word: word("until 10.10") }),
        (DE, "AT jeden Do 8.10 bis 9.10", Problem::UnknownWord { word: word("bis 9.10") }),
        (US, "AT thu 5 to 3pm", Problem::ImpossibleTime { word: word("5-3pm") }),
        (US, "AT thu 3pm every week until june", Problem::UnknownWord { word: word("until") }),
        (
            DE,
            "AT übernächsten Donnerstag 15 Uhr",
            Problem::UnknownWord { word: word("übernächsten") },
        ),
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
