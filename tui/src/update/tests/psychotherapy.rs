//! Psychotherapy notes, in keys.

use super::*;
use crate::message::{Carried, Order};
use std::sync::Arc;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::PsychotherapyEdit;

const FIVE_MINUTES: i64 = 5 * 60_000;

fn orders(driver: &Driver, wanted: fn(&Order) -> bool) -> usize {
    let fits = |effect: &&Effect| matches!(effect, Effect::Order(order) if wanted(order));
    driver.effects.iter().filter(fits).count()
}

fn steps_up(driver: &Driver) -> usize {
    orders(driver, |order| matches!(order, Order::StepUp(_)))
}

fn steps_down(driver: &Driver) -> usize {
    orders(driver, |order| matches!(order, Order::StepDown))
}

fn yes(driver: &mut Driver) {
    driver.device(DeviceEvent::Carried(Carried::SteppedUp(Ok(()))));
}

/// The list about the first client, from Today.
fn opened(columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    driver.keys("popen sesame⏎");
    yes(&mut driver);
    driver.open_asked();
    driver
}

fn begun(driver: &mut Driver) -> (ClientId, ObjectId) {
    driver.keys("n").open_asked();
    let begun = driver.edits().into_iter().rev().find_map(|edit| match edit {
        Edit::Psychotherapy(PsychotherapyEdit::Begin { draft, client, .. }) => {
            Some((*client, *draft))
        }
        _ => None,
    });
    begun.unwrap()
}

#[test]
fn the_passphrase_opens_them_once_and_a_border_and_words_say_what_they_are() {
    let mut driver = Driver::open(80, 23);
    driver.keys("p");
    insta::assert_snapshot!("psychotherapy_step_up", driver.screen());
    assert!(
        !driver.effects.iter().any(|one| matches!(one, Effect::Open(..))),
        "nothing is asked for"
    );
    driver.keys("open sesame⏎");
    assert_eq!(steps_up(&driver), 1);
    assert!(!format!("{:?}", driver.effects).contains("open sesame"));
    yes(&mut driver);
    driver.open_asked();
    let screen = driver.screen();
    assert!(screen.contains("PSYCHOTHERAPY NOTES"), "{screen}");
    assert!(!screen.contains("Fakey") && !screen.contains("lake"), "names are hidden: {screen}");
    driver.code(KeyCode::F(9));
    insta::assert_snapshot!("psychotherapy_list", driver.screen());
    // Until they are closed, no second passphrase.
    driver.keys("⎋p").open_asked();
    assert_eq!(steps_up(&driver), 1);
    assert!(driver.screen().contains("PSYCHOTHERAPY NOTES"));
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_says_so() {
    let mut driver = Driver::open(80, 23);
    driver.keys("pwrong⏎");
    let notice = Notice::new("That passphrase does not open this practice.", "Nothing.", "Again.");
    driver.device(DeviceEvent::Carried(Carried::SteppedUp(Err(notice))));
    let screen = driver.screen();
    assert!(screen.contains("does not open this practice"), "{screen}");
    driver.keys("⎋");
    assert!(!driver.screen().contains("PSYCHOTHERAPY"));
    // Who has gone back meanwhile does not leave them open.
    driver.keys("popen sesame⏎⎋");
    yes(&mut driver);
    assert_eq!(steps_down(&driver), 1);
    assert!(!driver.screen().contains("PSYCHOTHERAPY"));
}

#[test]
fn one_is_written_and_signed_about_the_day_of_the_session() {
    let mut driver = Driver::open(80, 23);
    // Another day than today.
    driver.keys("[[");
    let at = |driver: &Driver| driver.screen().lines().any(|line| line.starts_with("> 12:30"));
    for _ in 0..8 {
        if !at(&driver) {
            driver.keys("j");
        }
    }
    driver.keys("popen sesame⏎");
    yes(&mut driver);
    driver.open_asked().keys("n").open_asked();
    let day = driver.edits().into_iter().find_map(|edit| match edit {
        Edit::Psychotherapy(PsychotherapyEdit::Begin { date, .. }) => Some(*date),
        _ => None,
    });
    assert_eq!(day, Some(date(2026, 11, 20)));

    let mut driver = opened(80, 23);
    let (client, note) = begun(&mut driver);
    driver.keys("He brought the lake again.");
    let types = |effect: &&Effect| matches!(effect, Effect::Type { note: of, .. } if *of == note);
    assert!(driver.effects.iter().filter(types).count() > 0);
    insta::assert_snapshot!("psychotherapy_draft", driver.screen());
    driver.code(KeyCode::F(8)).wait(1_000).keys("ds⏎");
    let signs = Edit::Sign { note, client, late_reason: None };
    assert_eq!(driver.edits().last(), Some(&&signs));
}

#[test]
fn what_belongs_in_the_record_is_named_before_the_signature_and_stops_nothing() {
    let mut driver = opened(80, 23);
    driver.keys("n");
    let (client, note) = match driver.edits().last() {
        Some(Edit::Psychotherapy(PsychotherapyEdit::Begin { draft, client, .. })) => {
            (*client, *draft)
        }
        other => panic!("{other:?}"),
    };
    let text = "Silence.\nDx: recurrent depression.\nSertraline 50 mg.";
    let view = Sample::new().apart_draft(client, note, text);
    let subject = Subject::Draft(client, note);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
    driver.code(KeyCode::F(8)).wait(1_000);
    let screen = driver.screen();
    assert!(screen.contains("Belongs in the record, not here (45 CFR 164.501)"), "{screen}");
    assert!(screen.contains("a diagnosis, a medication"), "{screen}");
    insta::assert_snapshot!("psychotherapy_review", screen);
    driver.keys("ds⏎");
    assert!(matches!(driver.edits().last(), Some(Edit::Sign { .. })));
}

#[test]
fn they_are_read_added_to_and_struck_with_a_key_each() {
    let mut driver = opened(80, 23);
    driver.keys("⏎").open_asked();
    let screen = driver.screen();
    assert!(screen.contains("PSYCHOTHERAPY NOTES") && screen.contains("lake"), "{screen}");
    insta::assert_snapshot!("psychotherapy_note", screen);
    driver.keys("n");
    let adds = |edit: &&Edit| matches!(edit, Edit::BeginAddendum { note, .. } if *note == sample::apart_id(1));
    assert_eq!(driver.edits().last().map(adds), Some(true));

    let mut driver = opened(80, 23);
    driver.keys("x");
    let (client, record) = (sample::client_id(1), sample::apart_id(1));
    let strike =
        |record, struck| Edit::Psychotherapy(PsychotherapyEdit::Strike { client, record, struck });
    assert_eq!(driver.edits().last(), Some(&&strike(record, true)));
    driver.keys("jjx");
    assert_eq!(driver.edits().last(), Some(&&strike(sample::apart_id(3), false)));
}

#[test]
fn they_close_by_a_key_after_five_minutes_and_with_every_lock() {
    let mut driver = opened(80, 23);
    begun(&mut driver);
    driver.keys("Not yet commit");
    driver.effects.clear();
    driver.keys("⎋c");
    assert_eq!(steps_down(&driver), 1);
    let flushed = driver.effects.iter().position(|one| matches!(one, Effect::Commit { .. }));
    let closed =
        driver.effects.iter().position(|one| matches!(one, Effect::Order(Order::StepDown)));
    assert!(flushed < closed && flushed.is_some(), "{:?}", driver.effects);
    let screen = driver.screen();
    assert!(!screen.contains("PSYCHOTHERAPY") && screen.contains("are closed"), "{screen}");
    let desk = driver.model.desk().unwrap();
    assert!(desk.apart.is_none() && desk.history.undo.is_empty());
    driver.keys("p");
    assert!(driver.screen().contains("Your passphrase:"), "{}", driver.screen());

    // Keys elsewhere keep the vault open, and not these.
    let mut driver = opened(80, 23);
    driver.model.auto_lock = AutoLock::new(30).unwrap();
    driver.wait(FIVE_MINUTES - 60_000).keys("j");
    driver.wait(FIVE_MINUTES - 1_000);
    assert_eq!(steps_down(&driver), 0, "a key there counts");
    driver.keys("⎋").wait(FIVE_MINUTES - 1_000).keys("j").wait(2_000);
    assert_eq!(steps_down(&driver), 1);

    // One that is being written is closed too, and what was typed goes on its way first.
    let mut driver = opened(80, 23);
    driver.model.auto_lock = AutoLock::new(30).unwrap();
    driver.keys("j");
    begun(&mut driver);
    driver.keys("He brought").wait(FIVE_MINUTES);
    let screen = driver.screen();
    assert!(!screen.contains("He brought") && !screen.contains("PSYCHOTHERAPY"), "{screen}");

    let mut driver = opened(80, 23);
    driver.key(Key::ctrl('l'));
    assert!(driver.model.desk().is_none());
    driver.device(DeviceEvent::Unlocked(Arc::new(Sample::new().index)));
    driver.keys("p");
    assert!(driver.screen().contains("Your passphrase:"), "{}", driver.screen());
}

#[test]
fn with_a_couple_somebody_is_asked_about_whom() {
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::with_couple().index)));
    let at = |driver: &Driver| driver.screen().lines().any(|line| line.starts_with("> 11:30"));
    for _ in 0..12 {
        if at(&driver) {
            break;
        }
        driver.keys("j");
    }
    assert!(at(&driver), "{}", driver.screen());
    driver.keys("p");
    assert!(driver.screen().contains("about whom?"), "{}", driver.screen());
    driver.keys("j⏎");
    assert!(driver.screen().contains("Your passphrase:"), "{}", driver.screen());
}

#[test]
fn the_frame_is_there_on_a_large_terminal_and_without_colour_or_lines() {
    let mut driver = opened(200, 50);
    insta::assert_snapshot!("psychotherapy_list_200x50", driver.screen());
    begun(&mut driver);
    driver.keys("He brought the lake again.");
    insta::assert_snapshot!("psychotherapy_draft_200x50", driver.screen());
    driver.model.look.ascii = true;
    driver.model.look.colour = false;
    let screen = driver.screen();
    assert!(screen.contains("# PSYCHOTHERAPY NOTES ="), "{screen}");
}

#[test]
fn who_holds_no_key_to_charts_is_told_so() {
    let mut driver = Driver::open(80, 23);
    let index = Sample::new().index.seen_with(tacenda_shared::practice::reach::Reach::FrontDesk);
    driver.device(DeviceEvent::Changed(Arc::new(index)));
    driver.keys("p");
    assert!(!driver.screen().contains("Your passphrase:"), "{}", driver.screen());
}
