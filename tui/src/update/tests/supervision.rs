//! Supervision in the window: one key in an open note, and what is asked.

use super::*;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::Stamp;
use tacenda_shared::practice::supervision::{Step, Supervision, SupervisionView};

/// A signed note in front, written by this member and in this state.
fn reader(author: MemberId, state: Option<Supervision>) -> Driver {
    let mut driver = Driver::open(80, 23);
    driver.keys("⏎").open_asked().keys("jjj⏎");
    let View::Note(mut note) = Sample::new().note() else { panic!("a note") };
    note.author = author;
    note.supervision = state.map(|state| SupervisionView {
        state,
        by: author,
        at: Stamp { time: Timestamp::from_millis(0), zone: "UTC".to_owned() },
        comment: String::new(),
        not_covered: 0,
    });
    let subject = Subject::Note(note.client, note.record);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(View::Note(note))) });
    driver
}

fn steps(driver: &Driver) -> Vec<Step> {
    let step = |edit: &Edit| match edit {
        Edit::Supervise { step, .. } => Some(step.clone()),
        _ => None,
    };
    driver.edits().into_iter().filter_map(step).collect()
}

#[test]
fn two_keys_hand_a_note_of_ones_own_over_or_take_it_back() {
    let mut driver = reader(sample::clinician(), None);
    driver.keys("v");
    assert!(driver.screen().contains("hand it to a second person"), "{}", driver.screen());
    driver.keys("⏎");
    let waiting = reader(sample::clinician(), Some(Supervision::Waiting));
    assert_eq!(steps(&driver)[0], Step::Submit);
    let mut driver = waiting;
    driver.keys("v⏎");
    assert_eq!(steps(&driver)[0], Step::TakeBack);
}

#[test]
fn two_keys_co_sign_and_three_and_a_reason_return_the_note_of_somebody_else() {
    let other = MemberId::from_bytes([99; 16]);
    let mut driver = reader(other, Some(Supervision::Waiting));
    driver.keys("v⏎");
    assert_eq!(steps(&driver)[0], Step::CoSign);
    let mut driver = reader(other, Some(Supervision::Waiting));
    driver.keys("vj⏎");
    driver.keys("⏎");
    assert!(steps(&driver).is_empty(), "not without a reason");
    driver.keys("Say more.⏎");
    assert_eq!(steps(&driver)[0], Step::Return("Say more.".to_owned()));
}

#[test]
fn nobody_answers_what_was_not_handed_over() {
    let mut driver = reader(MemberId::from_bytes([99; 16]), None);
    driver.keys("v⏎");
    assert!(steps(&driver).is_empty());
    assert!(driver.screen().contains("its author does"), "{}", driver.screen());
}
