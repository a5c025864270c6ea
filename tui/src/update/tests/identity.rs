//! Who a client is in law, in keys.

use super::*;
use tacenda_shared::practice::identity::IdentityField;

fn open() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.keys("I").open_asked();
    driver
}

fn last(driver: &Driver) -> (IdentityField, String) {
    match driver.edits().last() {
        Some(Edit::ChangeIdentity { client, field, value }) => {
            assert_eq!(*client, sample::client_id(1));
            (*field, value.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn while_names_are_hidden_so_is_all_of_it_and_nothing_can_be_changed() {
    let mut driver = open();
    let screen = driver.screen();
    assert!(!screen.contains("Jamie") && !screen.contains("1985"), "{screen}");
    assert_eq!(screen.matches("hidden (F9 shows)").count(), 3, "{screen}");
    driver.keys("⏎x");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("show names first"), "{}", driver.screen());
}

#[test]
fn a_field_is_changed_with_why_it_is_asked_and_a_birthday_is_read_back() {
    let mut driver = open();
    driver.code(KeyCode::F(9)).keys("jjj⏎");
    assert!(driver.screen().contains("Who consents for somebody"), "{}", driver.screen());
    driver.keys("Her mother⏎");
    assert_eq!(last(&driver), (IdentityField::Guardians, "Her mother".to_owned()));
    driver.keys("kk⏎");
    for _ in 0..12 {
        driver.code(KeyCode::Backspace);
    }
    // Two digits of a year are never one that is yet to come.
    for (typed, shown) in [("3.4.61", "= 3 Apr 1961, 65 years old"), ("2 mar", "for example")] {
        driver.keys(typed);
        assert!(driver.screen().contains(shown), "{}", driver.screen());
        for _ in 0..typed.len() {
            driver.code(KeyCode::Backspace);
        }
    }
    driver.keys("tomorrow⏎");
    assert!(driver.screen().contains("no date of birth yet"), "{}", driver.screen());
    for _ in 0..8 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("2012-02-29⏎");
    assert_eq!(last(&driver), (IdentityField::Born, "2012-02-29".to_owned()));
    driver.keys("x");
    assert_eq!(last(&driver), (IdentityField::Born, String::new()));
}

/// A record that does not open shows no field, and nothing there is about the waiting list.
#[test]
fn x_on_what_does_not_open_takes_nobody_off_the_waiting_list() {
    let mut sample = Sample::with_waiting();
    let waits = sample.index.clients[&sample::client_id(2)].waiting.clone();
    let row = sample.index.clients.get_mut(&sample::client_id(1)).unwrap();
    std::sync::Arc::make_mut(row).waiting = waits;
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver.code(KeyCode::F(9)).keys("Ix");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
}
