//! Who pays for a session that a client missed, or called off too late.

use crate::message::DeviceEvent;
use crate::screen::parts::sample::{self, Driver, Sample};
use std::sync::Arc;
use tacenda_shared::practice::edit::{Edit, Fee, Status};
use tacenda_shared::practice::schedule::hours::Hours;

#[test]
fn a_missed_session_asks_who_pays_until_somebody_says() {
    let mut sample = Sample::new();
    sample.change(1, |row| row.status = Status::NoShow);
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone())));
    assert!(driver.screen().contains("fee?"), "{}", driver.screen());
    driver.keys("f⏎");
    let [Edit::SetFee { appointment, fee: Some(Fee::Charged) }] = driver.edits()[..] else {
        panic!("{:?} {}", driver.edits(), driver.screen())
    };
    assert_eq!(*appointment, sample::appointment(1));

    for (number, words) in [(1, "fee charged"), (3, "fee waived")] {
        let fee = if number == 1 { Fee::Charged } else { Fee::Waived };
        sample.change(number, |row| row.fee = Some(fee));
        driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone())));
        assert!(driver.screen().contains(words), "{}", driver.screen());
    }
    assert!(!driver.screen().contains("fee?"), "{}", driver.screen());
    // Who paid does not matter for what took place after all.
    sample.change(1, |row| row.status = Status::Held);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    assert!(!driver.screen().contains("fee charged"), "{}", driver.screen());
    driver.keys("f");
    assert!(driver.screen().contains("did not come"), "says why not: {}", driver.screen());
}

#[test]
fn a_client_who_calls_off_within_the_notice_is_told_to_be_late() {
    let mut driver = Driver::open(80, 24);
    driver.keys("jsx");
    let screen = driver.screen();
    let words = screen.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert!(words.contains("begins in 19 min, 24 h were agreed: s l calls it late"), "{screen}");
    driver.keys("⏎");
    let [Edit::SetStatus { status: Status::CancelledByClient, .. }] = driver.edits()[..] else {
        panic!("what was pressed counts: {:?}", driver.edits())
    };

    let mut sample = Sample::new();
    let hours = Hours::parse("Mon-Sun 8-18, 0 notice").unwrap();
    sample.index.hours.insert(sample::clinician(), hours);
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("jsx");
    assert!(!driver.screen().contains("begins in"), "{}", driver.screen());
}
