//! A progress report, in keys.

use super::*;
use crate::message::Order;
use crate::report::Item;
use tacenda_shared::practice::edit::Part;

fn begun() -> Driver {
    let mut driver = Driver::open(80, 23);
    driver.keys("⏎").open_asked().keys("E").open_asked();
    driver
}

fn order(driver: &Driver) -> Option<&crate::message::ReportOrder> {
    driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Order(Order::SaveReport(order)) => Some(&**order),
        _ => None,
    })
}

#[test]
fn it_begins_with_nothing_chosen_and_nothing_can_be_saved_then() {
    let mut driver = begun();
    let screen = driver.screen();
    assert!(screen.contains("Nothing is chosen") && !screen.contains("[x]"), "{screen}");
    driver.keys("E");
    assert!(driver.screen().contains("Nothing is chosen yet"), "{}", driver.screen());
    assert!(!driver.screen().contains("Save the report"));
}

#[test]
fn all_of_a_kind_leaves_out_what_has_labels() {
    let mut driver = begun();
    driver.code(KeyCode::End).code(KeyCode::Up).keys("*");
    let screen = driver.screen();
    assert!(screen.contains("HIV"), "{screen}");
    assert_eq!(screen.matches("[x]").count(), 1, "{screen}");
    // One by one it can be chosen.
    driver.code(KeyCode::End).keys(" ");
    assert_eq!(driver.screen().matches("[x]").count(), 2, "{}", driver.screen());
}

#[test]
fn a_report_is_saved_for_somebody_and_for_something_with_the_passphrase() {
    let mut driver = begun();
    driver.keys(" ").code(KeyCode::End).keys(" E");
    driver.keys("⏎");
    assert!(order(&driver).is_none());
    driver.keys("Dr. Example⏎further treatment⏎~/report.html⏎");
    driver.keys("correct horse⏎");
    let order = order(&driver).expect("an order");
    assert_eq!(
        (order.recipient.as_str(), order.purpose.as_str()),
        ("Dr. Example", "further treatment")
    );
    assert_eq!(
        (order.file.as_str(), &*order.passphrase.0),
        ("~/report.html", &"correct horse".to_owned())
    );
    assert_eq!(order.chosen.count(), 2);
    assert!(order.chosen.has(Item::Sessions));
    assert!(order.chosen.has(Item::Part(RecordId::from_bytes([9; 16]), Part::Text)));
    assert_eq!(order.client, sample::client_id(1));
}

#[test]
fn without_a_release_it_says_so_before_anything_leaves() {
    let mut driver = begun();
    assert!(driver.screen().contains("No release stands"), "{}", driver.screen());
    driver.keys(" E");
    assert!(driver.screen().contains("No release stands"), "{}", driver.screen());
}

#[test]
fn another_period_is_opened_anew_and_what_was_chosen_stays_as_far_as_it_is_there() {
    let mut driver = begun();
    driver.keys(" ");
    driver.effects.clear();
    driver.keys("[");
    let closed =
        driver.effects.iter().any(|effect| matches!(effect, Effect::Close(Subject::Report(..))));
    assert!(closed);
    driver.open_asked();
    assert!(driver.screen().contains("[x] Sessions"), "{}", driver.screen());
}

#[test]
fn a_preview_is_the_report_and_esc_leads_back_to_the_choice() {
    let mut driver = begun();
    driver.keys(" p");
    let screen = driver.screen();
    assert!(screen.contains("11 sessions attended") && screen.contains("JM-014"), "{screen}");
    assert!(!screen.contains("Testa"), "the veil holds here, too: {screen}");
    driver.keys("⎋");
    assert!(driver.screen().contains("[x] Sessions"), "{}", driver.screen());
    driver.keys("⎋");
    assert!(!driver.screen().contains("Progress report"), "{}", driver.screen());
}
