//! The waiting list, in keys.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::schedule::waiting::{Waiting, Wish};

fn with_waiting() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::with_waiting().index)));
    driver
}

/// `domain.md` 5: at most five keys from a slot that has come free to the next client in it.
#[test]
fn a_time_that_came_free_is_given_to_whom_it_suits_best_in_three_keys() {
    let mut driver = with_waiting();
    // The session at 10:00 on a Sunday. First who may come at any time and has waited longer.
    driver.keys("j").keys("W");
    let screen = driver.screen();
    assert!(screen.contains("Waiting list for Sun 22 Nov 10:00, 50 min"), "{screen}");
    let order: Vec<usize> =
        ["AK-007", "LS-021", "DB-002"].iter().map(|code| screen.find(code).unwrap()).collect();
    assert!(order.is_sorted(), "{screen}");
    driver.keys("⏎⏎");
    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(2)]);
    assert_eq!(booked.slot.start, date(2026, 11, 22).at(10, 0, 0, 0));
    // Back on the list, one key takes the client off.
    driver.keys("x");
    let off = Edit::Wait { client: sample::client_id(2), waiting: None };
    assert_eq!(driver.edits().last(), Some(&&off));
}

#[test]
fn what_a_client_waits_for_is_said_in_a_line_that_is_read_back_and_keeps_their_place() {
    let mut driver = with_waiting();
    driver.keys("3jjW").keys("mo/mi 9-12, video");
    let screen = driver.screen();
    assert!(screen.contains("= Mon 9:00-12:00, Wed 9:00-12:00, video"), "{screen}");
    driver.keys("⏎");
    let [Edit::Wait { client, waiting: Some(waiting) }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((waiting.since, *client), (sample::now().time, sample::client_id(1)));
}

#[test]
fn a_line_that_is_not_understood_is_named_and_saves_nothing() {
    let mut driver = with_waiting();
    driver.keys("3W").keys("mondays at nine⏎");
    let screen = driver.screen();
    assert!(screen.contains("not yet: 'mondays' is neither a day nor a time"), "{screen}");
    assert!(driver.edits().is_empty());
}

#[test]
fn a_month_is_two_keys_away_and_enter_opens_a_day_of_it() {
    let mut driver = Driver::open(80, 24);
    driver.keys("v");
    let screen = driver.screen();
    assert!(screen.contains("Nov 2026") && screen.contains("3 booked"), "{screen}");
    driver.keys("jl⏎");
    assert!(driver.screen().contains("Mon 30 Nov 2026"), "{}", driver.screen());
    driver.keys("v[nak⏎⏎");
    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.slot.start, date(2026, 10, 30).at(9, 0, 0, 0));
}

#[test]
fn who_waits_already_is_asked_with_what_they_said() {
    let mut driver = Driver::open(80, 24);
    let mut sample = Sample::new();
    let wish = Wish::parse("Tue 9-12", &sample.index.clinicians).unwrap();
    let since = sample::now().time.plus_millis(-86_400_000);
    for row in sample.index.clients.values_mut() {
        Arc::make_mut(row).waiting = Some(Waiting { since, wish: wish.clone() });
    }
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("3W");
    assert!(driver.screen().contains("Tue 9:00-12:00"), "{}", driver.screen());
    driver.keys(", phone⏎");
    let [Edit::Wait { waiting: Some(waiting), .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(waiting.since, since, "the place on the list stays");
    assert_eq!(waiting.wish.words(&std::collections::BTreeMap::new()), "Tue 9:00-12:00, phone");
}
