//! When a session began and ended, in one key each; and a reminder of one that is to come.

use super::*;
use tacenda_shared::practice::edit::Stamps;

/// `domain.md` 5: one key at the start, one at the end.
#[test]
fn a_session_begins_and_ends_in_one_key_each() {
    let mut driver = Driver::open(80, 24);
    let now = sample::now().time;
    driver.keys("b");
    let begins = Edit::StampSession {
        appointment: sample::appointment(1),
        stamps: Stamps { began: Some(now), ended: None },
        status: Status::Arrived,
    };
    assert_eq!(driver.edits(), [&begins]);
    let mut sample = Sample::new();
    sample.change(1, |row| {
        (row.stamps.began, row.status) = (Some(now.plus_millis(-600_000)), Status::Arrived);
    });
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    assert!(driver.screen().contains("since 09:31"), "{}", driver.screen());
    driver.keys("b");
    let ends = Edit::StampSession {
        appointment: sample::appointment(1),
        stamps: Stamps { began: Some(now.plus_millis(-600_000)), ended: Some(now) },
        status: Status::Held,
    };
    assert_eq!(driver.edits().last(), Some(&&ends));
}

#[test]
fn what_is_over_or_cancelled_or_of_another_day_is_not_stamped() {
    let stamped = Stamps { began: Some(sample::now().time), ended: Some(sample::now().time) };
    for (change, says) in [
        ((Status::CancelledByClient, Stamps::default()), "takes place first"),
        ((Status::NoShow, Stamps::default()), "takes place first"),
        ((Status::Held, Stamps::default()), "it was held already"),
        ((Status::Held, stamped), "it was from 09:41 to 09:41"),
    ] {
        let mut driver = Driver::open(80, 24);
        let mut sample = Sample::new();
        sample.change(1, |row| (row.status, row.stamps) = change);
        driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
        driver.keys("ggj").keys("b");
        assert!(driver.edits().is_empty());
        assert!(driver.screen().contains(says), "{says}: {}", driver.screen());
    }
    let mut driver = Driver::open(80, 24);
    driver.keys("[[[[[[[").keys("b");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
}

#[test]
fn a_reminder_is_prepared_and_its_sending_logged_and_nothing_is_sent() {
    let mut driver = Driver::open(80, 24);
    // The session at 10:00, by video.
    driver.keys("jr");
    let screen = driver.screen();
    assert!(screen.contains("your appointment: Sun 22 Nov 2026 at 10:00, by"), "{screen}");
    assert!(screen.contains("Safe contact: no voicemail"), "{screen}");
    assert!(!screen.contains("Anna"), "names are hidden: {screen}");
    driver.keys("t⏎");
    let [Edit::LogContact { client, contact }] = driver.edits()[..] else { panic!("{screen}") };
    assert_eq!(*client, sample::client_id(2));
    assert_eq!((contact.channel, contact.direction), (Channel::Text, Direction::Out));
    assert_eq!(contact.text, "Reminder for Sun 22 Nov 10:00");
    // What has begun is nothing to be reminded of.
    driver.keys("kr");
    assert!(driver.screen().contains("nothing to be reminded of"), "{}", driver.screen());
}

#[test]
fn the_usual_week_is_said_in_a_line_that_is_read_back_and_goes_on_from_what_was_said() {
    let mut driver = Driver::open(80, 24);
    driver.keys("gh").keys("mo-do 9-12");
    assert!(driver.screen().contains("= Mon-Thu 9:00-12:00"), "{}", driver.screen());
    driver.keys("⏎");
    let [Edit::SetHours { member, hours: Some(hours) }] = driver.edits()[..] else { panic!() };
    assert_eq!((*member, hours.to_string().as_str()), (sample::clinician(), "Mon-Thu 9:00-12:00"));
    let mut sample = Sample::new();
    sample.index.hours.insert(*member, hours.clone());
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(sample.index)));
    driver.keys("gh").keys(" nonsense⏎");
    assert!(driver.screen().contains("'nonsense'"), "{}", driver.screen());
    assert_eq!(driver.edits().len(), 1);
    for _ in 0..9 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys(", fr 9-11⏎");
    let Some(Edit::SetHours { hours: Some(hours), .. }) = driver.edits().last() else { panic!() };
    assert_eq!(hours.to_string(), "Mon-Thu 9:00-12:00, Fri 9:00-11:00");
}
