//! Signatures some time after the passphrase was typed, in keys.

use super::*;
use crate::device::settings::SignAfter;
use crate::message::{Carried, Order};
use std::sync::Arc;

/// Opened a quarter of an hour ago.
fn late(mut driver: Driver) -> Driver {
    driver.model.confirmed = driver.model.now.time.plus_millis(-15 * 60_000);
    driver
}

fn draft() -> Driver {
    let mut driver = late(Driver::open(80, 23));
    driver.keys("N⏎").open_asked().keys("slept better").code(KeyCode::F(8)).wait(1_000);
    driver.keys("ds⏎");
    driver
}

fn signed(driver: &Driver) -> bool {
    driver.edits().iter().any(|edit| edit.signs())
}

/// How often the passphrase was handed over, and that it is in no text.
fn tried(driver: &Driver) -> usize {
    let tried = |effect: &&Effect| matches!(effect, Effect::Order(Order::Confirm(_)));
    assert!(!format!("{:?}", driver.effects).contains("open sesame"));
    driver.effects.iter().filter(tried).count()
}

fn answer(driver: &mut Driver, outcome: Result<(), Notice>) {
    driver.device(DeviceEvent::Carried(Carried::Confirmed(outcome)));
}

fn wrong() -> Notice {
    Notice::new("That passphrase does not open this practice.", "Nothing has changed.", "Again.")
}

#[test]
fn within_a_quarter_of_an_hour_nobody_is_asked() {
    let mut driver = Driver::open(80, 23);
    driver.model.confirmed = driver.model.now.time.plus_millis(-14 * 60_000);
    driver.keys("N⏎").open_asked().keys("slept better").code(KeyCode::F(8)).wait(1_000);
    driver.keys("ds⏎");
    assert!(signed(&driver), "{}", driver.screen());
}

#[test]
fn later_the_passphrase_is_asked_for_over_the_page_and_one_enter_more_signs() {
    let mut driver = draft();
    assert!(!signed(&driver));
    let screen = driver.screen();
    assert!(screen.contains("Your passphrase:") && screen.contains("slept better"), "{screen}");
    insta::assert_snapshot!("a_signature_that_asks_for_the_passphrase", screen);
    driver.keys("⏎");
    assert_eq!(tried(&driver), 0, "nothing was typed");
    driver.keys("open sesame⏎⏎");
    assert_eq!(tried(&driver), 1);
    assert!(!signed(&driver), "not before it was right");
    answer(&mut driver, Ok(()));
    assert!(signed(&driver));
    let ticket = driver.model.desk().unwrap().history.last_ticket;
    driver.device(DeviceEvent::Applied { ticket, outcome: Ok(None) });
    assert!(driver.screen().contains("Signed a note of JM-014"), "{}", driver.screen());
    // It was typed just now: the next one is not asked for.
    driver.keys("N⏎").open_asked().keys("more").code(KeyCode::F(8)).wait(1_000);
    let before = driver.edits().len();
    driver.keys("ds⏎");
    assert_eq!(driver.edits().len(), before + 1, "{}", driver.screen());
}

#[test]
fn a_wrong_passphrase_says_so_and_keeps_the_page_and_esc_goes_back_to_it() {
    let mut driver = draft();
    driver.keys("wrong⏎");
    answer(&mut driver, Err(wrong()));
    assert!(driver.screen().contains("does not open this practice"), "{}", driver.screen());
    assert!(!signed(&driver));
    driver.keys("⎋");
    let screen = driver.screen();
    assert!(screen.contains("[ Sign ]") && screen.contains("slept better"), "{screen}");
    // The initials still stand there, and the text can be typed on.
    driver.wait(1_000).keys("⏎");
    assert!(driver.screen().contains("Your passphrase:"), "{}", driver.screen());
    driver.keys("⎋⎋").keys("!");
    assert!(driver.screen().contains("DRAFT"), "{}", driver.screen());
    // What comes when nobody waits any more signs nothing.
    answer(&mut driver, Ok(()));
    assert!(!signed(&driver));
}

#[test]
fn plans_measures_and_consents_ask_at_the_same_place_and_come_back_as_they_were() {
    let mut driver = late(Driver::open(80, 23));
    driver.keys("jjjc").open_asked().keys("n⏎");
    assert!(!signed(&driver) && driver.screen().contains("Your passphrase:"));
    driver.keys("⎋");
    assert!(driver.screen().contains("Client's words"), "the form is back: {}", driver.screen());
    driver.keys("⏎open sesame⏎");
    answer(&mut driver, Ok(()));
    assert!(signed(&driver));

    let mut driver = late(Driver::open(80, 23));
    driver.keys("o").open_asked().keys("gad-7⏎11111112⏎");
    assert!(
        !signed(&driver) && driver.screen().contains("Your passphrase:"),
        "{}",
        driver.screen()
    );
    driver.keys("⎋");
    assert!(!signed(&driver) && !driver.screen().contains("Your passphrase:"));
    driver.keys("⏎open sesame⏎");
    answer(&mut driver, Ok(()));
    assert!(signed(&driver), "{}", driver.screen());

    let mut sample = Sample::new();
    sample.index.plans.insert(sample::client_id(1), Some(date(2026, 11, 1)));
    let mut driver = late(Driver::open(80, 23));
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("4⏎").open_asked().keys("S").keys("DS⏎");
    assert!(
        !signed(&driver) && driver.screen().contains("Your passphrase:"),
        "{}",
        driver.screen()
    );
    driver.keys("open sesame⏎");
    answer(&mut driver, Ok(()));
    assert!(signed(&driver));
}

#[test]
fn a_lock_meanwhile_signs_nothing_and_keeps_what_was_answered() {
    let mut driver = late(Driver::open(80, 23));
    driver.keys("o").open_asked().keys("gad-7⏎11111112⏎").keys("open");
    driver.key(Key::ctrl('l'));
    // As at every lock, what was answered is kept.
    assert!(matches!(driver.edits()[..], [Edit::EnterMeasure { .. }]), "{:?}", driver.edits());
    let mut driver = draft();
    driver.key(Key::ctrl('l'));
    assert!(!signed(&driver));
    assert!(driver.effects.iter().any(|effect| matches!(effect, Effect::Lock)));
}

#[test]
fn a_setting_of_nothing_asks_each_time_and_what_is_no_signature_never_asks() {
    let mut driver = Driver::open(80, 23);
    driver.model.sign_after = SignAfter::new(0).unwrap();
    driver.keys("sn");
    assert!(matches!(driver.edits()[..], [Edit::SetStatus { .. }]));
    driver.keys("N⏎").open_asked().keys("slept better").code(KeyCode::F(8)).wait(1_000);
    driver.keys("ds⏎");
    assert!(!signed(&driver) && driver.screen().contains("Your passphrase:"));
}
