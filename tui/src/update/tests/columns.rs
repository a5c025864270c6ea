//! The day by clinician: what keys do in it.

use crate::input::{Key, KeyCode};
use crate::message::DeviceEvent;
use crate::screen::parts::sample::{self, Driver, Sample};
use jiff::civil::date;
use std::sync::Arc;
use tacenda_shared::practice::edit::Edit;
use tacenda_shared::practice::schedule::hours::Hours;

fn with_a_colleague() -> Driver {
    let mut sample = Sample::with_a_colleague();
    sample.index.hours.insert(sample::colleague(), Hours::parse("Mon-Sun 10-16").unwrap());
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver
}

#[test]
fn a_free_time_of_a_colleague_is_booked_for_the_colleague() {
    let mut driver = with_a_colleague();
    // From 09:00 of the list to the column of the colleague, who is the first by name.
    driver.keys("Vhgg");
    let screen = driver.screen();
    assert!(screen.contains("by clinician") && screen.contains("Dr. Also"), "{screen}");
    assert!(screen.contains("free 1 h"), "{screen}");
    assert!(screen.contains("free 2 h 10 min"), "after what ends within a row: {screen}");
    driver.keys("jjjjjjjjjjnak");
    let screen = driver.screen();
    assert!(screen.contains("New appointment with Dr. Also"), "{screen}");
    driver.keys("⏎⏎");
    let [Edit::Book(new)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(new.slot.clinician, sample::colleague());
    assert_eq!(new.slot.start, date(2026, 11, 22).at(13, 0, 0, 0));
}

#[test]
fn an_appointment_moves_with_the_arrows_and_the_focus_goes_along() {
    let mut driver = with_a_colleague();
    driver.keys("Vhggjjjjjjjjjjjj");
    driver.key(Key::shift(KeyCode::Down));
    let [Edit::Move { appointment, slot }] = driver.edits()[..] else {
        panic!("{:?} {}", driver.edits(), driver.screen())
    };
    assert_eq!(*appointment, sample::appointment(62));
    assert_eq!(slot.start, date(2026, 11, 22).at(14, 30, 0, 0));
    assert_eq!(slot.clinician, sample::colleague());
    assert!(driver.screen().contains(">"), "{}", driver.screen());
}

#[test]
fn what_overlaps_is_counted_and_a_colleague_s_day_is_not_mine() {
    let mut driver = with_a_colleague();
    driver.keys("V");
    let screen = driver.screen();
    assert!(screen.contains("LS-021 +1"), "{screen}");
    driver.keys("]");
    assert!(driver.screen().contains("Mon 23 Nov 2026 by clinician"), "{}", driver.screen());
    driver.keys("t1V");
    assert!(driver.screen().contains("Sun 22 Nov 2026 by clinician"), "{}", driver.screen());
}
