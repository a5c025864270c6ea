//! Couples, families and groups, in keys.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::group::{Belongs, GroupKind, subject_of};

fn couple() -> tacenda_shared::id::ClientId {
    subject_of(ObjectId::from_bytes([90; 16]))
}

fn with_couple(columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::with_couple().index)));
    driver
}

#[test]
fn a_couple_is_begun_from_one_of_the_two_in_few_keys() {
    let mut driver = Driver::open(80, 24);
    driver.keys("3").keys("gr").keys("⏎");
    assert!(driver.screen().contains("New couple"), "{}", driver.screen());
    driver.keys("xy");
    assert!(driver.screen().contains("No client has xy"), "{}", driver.screen());
    driver.keys("⏎");
    assert!(driver.edits().is_empty());
    driver.code(KeyCode::Backspace).code(KeyCode::Backspace).keys("jm").keys("⏎");
    let [Edit::NewGroup { kind, change, .. }] = driver.edits()[..] else {
        panic!("{:?} {}", driver.edits(), driver.screen())
    };
    assert_eq!(*kind, GroupKind::Couple);
    let members: Vec<_> = change.members.keys().copied().collect();
    assert_eq!(members.len(), 2);
    assert!(change.members.values().all(|belongs| *belongs == Belongs::Now));
    assert_eq!(change.code.as_deref(), Some("A/J-01"));
}

#[test]
fn today_and_the_list_show_the_couple_and_who_belongs_to_it() {
    let mut driver = with_couple(80, 24);
    insta::assert_snapshot!("today_with_a_couple", driver.keys("jjj").screen());
    insta::assert_snapshot!("a_note_about_whom", driver.keys("N").screen());
    driver.keys("⎋3");
    assert!(driver.screen().contains("J/A-01"), "{}", driver.screen());
    let mut wide = with_couple(200, 50);
    wide.keys("jjj⏎");
    let mut chart = Sample::with_couple().chart(1);
    if let View::Chart(chart) = &mut chart {
        chart.client = Arc::clone(&Sample::with_couple().index.clients[&couple()]);
        chart.timeline = Arc::default();
        chart.drafts.clear();
        chart.last_plan.clear();
        chart.plan = tacenda_shared::practice::plan::Plan::default();
    }
    let subject = Subject::Chart(couple());
    wide.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(chart)) });
    insta::assert_snapshot!("chart_of_a_couple_wide", wide.screen());
}

#[test]
fn a_note_of_a_couples_session_is_what_they_share_or_about_one_of_them() {
    let mut driver = with_couple(80, 24);
    driver.keys("jjjN⏎⏎");
    let [Edit::BeginNote { client, session: Some(_), .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(*client, couple());

    let mut driver = with_couple(80, 24);
    driver.keys("jjjNj⏎⏎");
    let [Edit::BeginNote { client, session: Some(_), .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!(*client, sample::client_id(1));
}

#[test]
fn who_has_left_is_taken_out_and_what_is_said_of_one_person_says_why_not() {
    let mut driver = with_couple(80, 24);
    driver.keys("jjjgr⏎");
    assert!(driver.screen().contains("JM-014, AK-007"), "{}", driver.screen());
    for _ in 0.."AK-007".len() {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("⏎");
    let [Edit::ChangeGroup { group, change }] = driver.edits()[..] else {
        panic!("{:?} {}", driver.edits(), driver.screen())
    };
    assert_eq!((*group, change.members.len()), (couple(), 1));
    assert_eq!(change.members.get(&sample::client_id(2)), Some(&Belongs::Before));
    assert_eq!((&change.name, &change.code), (&None, &None));

    let mut driver = with_couple(80, 24);
    driver.keys("jjjT");
    assert!(driver.screen().contains("g r shows each of them"), "{}", driver.screen());
    driver.keys("i");
    assert!(driver.screen().contains("A contact with whom?"), "{}", driver.screen());
}

/// One of the couple was found to be a client who is none of them.
fn with_a_twin_in_the_couple() -> Driver {
    let mut sample = Sample::with_couple();
    let (kept, twin) = (sample::client_id(3), sample::client_id(2));
    let row = sample.index.clients.remove(&twin).unwrap();
    Arc::make_mut(sample.index.clients.get_mut(&kept).unwrap()).same.push(row);
    sample.index.merged.insert(twin, kept);
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("jjjgr⏎");
    driver
}

#[test]
fn who_belongs_to_it_under_a_duplicate_is_named_as_kept_and_stays_or_leaves_as_written() {
    let mut driver = with_a_twin_in_the_couple();
    let screen = driver.screen();
    assert!(screen.contains("JM-014, LS-021"), "{screen}");
    // Typed again, it is the same person.
    driver.keys(" ⏎");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());

    let mut driver = with_a_twin_in_the_couple();
    for _ in 0.."LS-021".len() {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("⏎");
    let [Edit::ChangeGroup { change, .. }] = driver.edits()[..] else {
        panic!("{:?} {}", driver.edits(), driver.screen())
    };
    let left: Vec<_> = change.members.iter().collect();
    assert_eq!(left, [(&sample::client_id(2), &Belongs::Before)]);
}
