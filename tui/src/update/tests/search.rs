//! Search in notes and records, in keys.

use super::*;
use crate::message::{Asked, Told};
use crate::screen::parts::sample::found::{FOUND, found, lines};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;
use tacenda_shared::practice::search::{Found, Match};

fn words(text: &str) -> Secret {
    Secret(Zeroizing::new(text.to_owned()))
}

fn told(text: &str, found: Found) -> DeviceEvent {
    DeviceEvent::Found(Told::Found(words(text), found))
}

/// What was asked of the search, in short.
fn asked(driver: &Driver) -> Vec<String> {
    let asked = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Search(Asked::For(words)) => Some(format!("for {}", *words.0)),
        Effect::Search(Asked::Lines { words, matches, total }) => {
            Some(format!("{} of {total} lines for {}", matches.len(), *words.0))
        }
        Effect::Search(Asked::Nothing) => Some("nothing".to_owned()),
        _ => None,
    });
    asked.collect()
}

fn looked() -> Driver {
    let mut driver = Driver::open(80, 23);
    driver.keys("/sle").device(told("sle", found())).wait(500);
    driver.device(DeviceEvent::Found(Told::Lines(words("sle"), Ok(lines()))));
    driver
}

#[test]
fn each_letter_searches_and_lines_are_opened_once_somebody_stops_typing() {
    let mut driver = Driver::open(80, 23);
    driver.keys("/sle").device(told("sle", found()));
    driver.wait(100).keys("e").device(told("slee", found()));
    assert_eq!(asked(&driver), ["for s", "for sl", "for sle", "for slee"]);
    assert!(driver.model.armed.is_some(), "it wants to be woken");
    driver.wait(399);
    assert_eq!(asked(&driver).len(), 4);
    driver.wait(1);
    assert_eq!(asked(&driver)[4..], ["5 of 5 lines for slee"]);
    // The same lines are not opened twice, and another search opens them anew.
    driver.wait(5_000).code(KeyCode::Down).wait(500);
    assert_eq!(asked(&driver).len(), 5);
    driver.keys("⎋⎋");
    assert_eq!(asked(&driver).last().map(String::as_str), Some("nothing"));
}

#[test]
fn an_answer_for_other_words_is_not_shown() {
    let mut driver = Driver::open(80, 23);
    driver.keys("/sle").device(told("sl", found()));
    assert!(!driver.screen().contains("journal"), "{}", driver.screen());
    driver.device(DeviceEvent::Found(Told::Lines(words("sl"), Ok(lines()))));
    driver.device(told("sle", found()));
    assert!(!driver.screen().contains("routine"), "{}", driver.screen());
}

#[test]
fn what_was_found_stands_out_without_a_colour() {
    let driver = looked();
    let mut terminal = Terminal::new(TestBackend::new(80, 23)).unwrap();
    terminal.draw(|frame| crate::view::view(&driver.model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let cells: Vec<_> = buffer
        .content
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::BOLD | Modifier::UNDERLINED))
        .map(ratatui::buffer::Cell::symbol)
        .collect();
    let marked = cells.concat();
    assert!(marked.contains("Sleeping") && marked.contains("Slept"), "{marked}");
}

#[test]
fn under_the_veil_a_line_names_nobody() {
    let mut driver = looked();
    let screen = driver.screen();
    assert!(screen.contains("could not sleep"), "{screen}");
    for name in NAMES.iter().flat_map(|name| name.split(' ')) {
        assert!(!screen.contains(name), "{name} in {screen}");
    }
    driver.code(KeyCode::F(9));
    assert!(driver.screen().contains("Testa Beispiel and I"), "{}", driver.screen());
}

#[test]
fn enter_opens_the_note_at_the_place_and_leads_back_to_the_list() {
    let mut driver = looked();
    driver.code(KeyCode::Tab);
    for _ in 0..3 {
        driver.code(KeyCode::Down);
    }
    driver.keys("⏎");
    let opened = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(subject, _) => Some(*subject),
        _ => None,
    });
    assert_eq!(opened, Some(Subject::Note(sample::client_id(1), FOUND)));
    driver.open_asked();
    let mut terminal = Terminal::new(TestBackend::new(80, 23)).unwrap();
    terminal.draw(|frame| crate::view::view(&driver.model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let reversed = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
    let reversed: String = reversed.map(ratatui::buffer::Cell::symbol).collect();
    assert_eq!(reversed, "Slept");
    driver.keys("⎋");
    assert!(driver.screen().contains("In notes and records"), "{}", driver.screen());
}

#[test]
fn at_a_lock_nothing_of_a_search_is_left() {
    let mut driver = looked();
    driver.key(Key::ctrl('l'));
    driver.device(DeviceEvent::Locked);
    let screen = driver.screen();
    for word in ["sle", "routine", "Slept", "notes and records"] {
        assert!(!screen.contains(word), "{word} in {screen}");
    }
    assert!(!format!("{:?}", driver.model).contains("routine"));
    // What the device found meanwhile is not taken any more.
    driver.device(told("sle", found()));
    assert!(!format!("{:?}", driver.model).contains("Sleeping"));
}

#[test]
fn who_looks_as_the_front_desk_does_searches_no_text() {
    let mut driver = Driver::open(80, 23);
    driver.keys(":front-desk⏎");
    driver.effects.clear();
    driver.keys("/sle").device(told("sle", found()));
    assert!(asked(&driver).is_empty());
    assert!(!driver.screen().contains("In notes and records"), "{}", driver.screen());
}

#[test]
fn what_is_still_to_be_looked_through_is_said_and_nothing_is_opened_before() {
    let mut driver = Driver::open(80, 23);
    driver.keys("/sle").device(told("sle", Found { waiting: 12, ..found() })).wait(5_000);
    assert!(driver.screen().contains("12 charts to go"), "{}", driver.screen());
    assert_eq!(asked(&driver).len(), 3);
    driver.device(told("sle", Found { partly: 1, ..found() })).wait(500);
    assert!(driver.screen().contains("1 text not searched in whole"), "{}", driver.screen());
    assert_eq!(asked(&driver).len(), 4);
}

#[test]
fn a_search_is_made_again_when_something_has_changed() {
    let mut driver = looked();
    driver.effects.clear();
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(Sample::new().index)));
    assert_eq!(asked(&driver), ["for sle"]);
    let none = Found { matches: vec![Match::Client(sample::client_id(1))], total: 1, ..found() };
    driver.device(told("sle", none));
    assert!(driver.screen().contains("nothing found"), "{}", driver.screen());
}
