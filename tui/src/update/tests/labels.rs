//! Labels of notes and of other items, in keys.

use super::*;
use std::collections::BTreeSet;
use tacenda_shared::practice::edit::{Label, Labelled};

fn set(labels: &[Label]) -> BTreeSet<Label> {
    labels.iter().copied().collect()
}

/// Answers the note or draft in front as the device would once its labels are these.
fn labelled(driver: &mut Driver, labels: &[Label]) {
    let asked = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(subject, _) => Some(*subject),
        _ => None,
    });
    let (subject, sample) = (asked.unwrap(), Sample::new());
    let mut view = match subject {
        Subject::Draft(_, note) => sample.draft(note),
        _ => sample.note(),
    };
    match &mut view {
        View::Draft(draft) => draft.labels = set(labels),
        View::Note(note) => note.labels = set(labels),
        other => panic!("{other:?}"),
    }
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
}

fn labels(driver: &Driver) -> Vec<(Labelled, BTreeSet<Label>)> {
    let edits = driver.edits().into_iter().filter_map(|edit| match edit {
        Edit::Label { of, labels, .. } => Some((*of, labels.clone())),
        _ => None,
    });
    edits.collect()
}

/// A signed note of the first client, in the reader.
fn reader() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.keys("⏎").open_asked().keys("jjj⏎").open_asked();
    driver
}

#[test]
fn in_the_reader_one_key_ticks_labels_and_leaving_is_one_edit() {
    let mut driver = reader();
    driver.keys("L");
    insta::assert_snapshot!(driver.screen());
    driver.keys(" jj⏎j ");
    assert!(labels(&driver).is_empty(), "nothing before it is left");
    driver.keys(" ⎋");
    let wanted = set(&[Label::ThirdParty, Label::SubstanceUse]);
    let [(of, got)] = &labels(&driver)[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(got, &wanted);
    assert!(matches!(of, Labelled::Record(_)));
    let line = driver.screen();
    assert!(!line.contains("family history"), "the line of what was done names none: {line}");

    labelled(&mut driver, &[Label::ThirdParty, Label::SubstanceUse]);
    let screen = driver.screen();
    assert!(screen.contains("Labels: family history; substance use"), "{screen}");
    // What was not changed is no edit, and what came meanwhile stays.
    driver.keys("L⎋");
    assert_eq!(labels(&driver).len(), 1);
    driver.keys("L ");
    labelled(&mut driver, &[Label::ThirdParty, Label::SubstanceUse, Label::Unknown(9)]);
    driver.keys("⎋");
    assert_eq!(labels(&driver)[1].1, set(&[Label::SubstanceUse, Label::Unknown(9)]));
    labelled(&mut driver, &[Label::Unknown(9)]);
    driver.keys("L");
    assert!(driver.screen().contains("[x] label 9 (newer version)"), "{}", driver.screen());
}

#[test]
fn while_writing_they_are_in_the_palette_the_header_and_before_the_initials() {
    let mut driver = Driver::open(80, 24);
    driver.keys("⇥⏎").open_asked().keys("L");
    assert!(labels(&driver).is_empty() && !driver.screen().contains("─ Labels ─"));
    driver.key(Key::ctrl('k')).keys("labels⏎");
    assert!(driver.screen().contains("[ ] family history"), "{}", driver.screen());
    driver.keys(" jjjj ⎋");
    let [(Labelled::Draft(_), got)] = &labels(&driver)[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(got, &set(&[Label::ThirdParty, Label::Hiv]));

    labelled(&mut driver, &[Label::ThirdParty, Label::Hiv]);
    let header = driver.screen().lines().take(2).collect::<Vec<_>>().join("\n");
    assert!(header.contains("family history; HIV"), "{header}");
    driver.code(KeyCode::F(8)).wait(1_000);
    let screen = driver.screen();
    assert!(screen.contains("Labels: family history; HIV"), "{screen}");
    // Another device takes one away: the page is read again.
    driver.keys("dd");
    labelled(&mut driver, &[Label::Hiv]);
    let screen = driver.screen();
    assert!(screen.contains("Labels: HIV") && screen.contains("just changed on another"));
    insta::assert_snapshot!(screen);
}

#[test]
fn no_list_says_that_a_note_has_a_label() {
    let mut driver = reader();
    labelled(&mut driver, &[Label::Hiv]);
    driver.keys("⎋");
    for keys in ["", "⎋", "4", "3", "2", "1"] {
        driver.keys(keys);
        let screen = driver.screen();
        assert!(!screen.contains("HIV") && !screen.contains("Label"), "{screen}");
    }
    driver.keys("⏎").open_asked().keys("L");
    assert!(labels(&driver).is_empty());
}

/// The chart of the first client, on its newest measure, which has these labels.
fn on_a_measure(driver: &mut Driver, labels: &[Label]) {
    let View::Chart(mut chart) = Sample::new().chart(1) else { panic!("a chart") };
    let measure = RecordId::from_bytes([68; 16]);
    chart.labels.insert(measure, set(labels));
    let subject = Subject::Chart(sample::client_id(1));
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(View::Chart(chart))) });
}

#[test]
fn in_a_chart_one_key_shows_and_ticks_the_labels_of_the_entry_in_focus() {
    let mut driver = Driver::open(80, 23);
    driver.keys("⏎");
    on_a_measure(&mut driver, &[Label::Violence]);
    // A note is opened first: its labels are not read for a list.
    driver.keys("jjjL");
    assert!(driver.screen().contains("Enter opens it, then L sets"), "{}", driver.screen());
    driver.keys("jL");
    let screen = driver.screen();
    assert!(screen.contains("─ Labels ─") && screen.contains("[x] violence"), "{screen}");
    driver.keys(" ⎋");
    let [(of, got)] = &labels(&driver)[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(*of, Labelled::Record(RecordId::from_bytes([68; 16])));
    assert_eq!(got, &set(&[Label::ThirdParty, Label::Violence]));
    assert!(!driver.screen().contains("violence"), "in no list: {}", driver.screen());
    // What another device says of it while the ticks are shown stays.
    driver.keys("L ");
    on_a_measure(&mut driver, &[Label::Violence, Label::Hiv]);
    driver.keys("⎋");
    let wanted = set(&[Label::ThirdParty, Label::Violence, Label::Hiv]);
    assert_eq!(labels(&driver)[1].1, wanted);
}

#[test]
fn a_consent_shows_its_labels_where_it_is_read() {
    let mut driver = Driver::open(80, 24);
    driver.keys("c");
    let View::Consents(mut view) = Sample::new().consents(1) else { panic!("consents") };
    let record = view.consents[0].row.record;
    view.consents[0].labels = set(&[Label::SubstanceUse]);
    let subject = Subject::Consents(sample::client_id(1));
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(View::Consents(view))) });
    assert!(driver.screen().contains("Labels           substance use"), "{}", driver.screen());
    driver.keys("L ⎋");
    let [(of, got)] = &labels(&driver)[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(*of, Labelled::Record(record));
    assert_eq!(got, &set(&[Label::ThirdParty, Label::SubstanceUse]));
}
