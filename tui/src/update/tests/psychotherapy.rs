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

/// Answers an edit as carried out; its undo is `inverse`.
fn carried_out(driver: &mut Driver, ticket: u64, inverse: Option<Edit>) {
    driver.device(DeviceEvent::Applied { ticket, outcome: Ok(inverse) });
}

fn last_ticket(driver: &Driver) -> u64 {
    let tickets = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Edit { ticket, .. } | Effect::Undo { ticket, .. } => Some(*ticket),
        _ => None,
    });
    tickets.max().unwrap()
}

#[test]
fn what_is_answered_once_they_are_closed_is_neither_said_nor_kept_for_undo() {
    let undo = |driver: &Driver| driver.model.desk().unwrap().history.undo.len();
    let client = sample::client_id(1);
    // Struck, and closed before the device has answered.
    let mut driver = opened(80, 23);
    driver.keys("x");
    let ticket = last_ticket(&driver);
    driver.keys("c");
    let record = sample::apart_id(1);
    let strike = PsychotherapyEdit::Strike { client, record, struck: false };
    carried_out(&mut driver, ticket, Some(Edit::Psychotherapy(strike.clone())));
    assert_eq!(undo(&driver), 0);
    let screen = driver.screen();
    assert!(screen.contains("are closed") && !screen.contains("truck a"), "{screen}");
    // Undone, and closed while that is on its way.
    let mut driver = opened(80, 23);
    driver.keys("x");
    let ticket = last_ticket(&driver);
    carried_out(&mut driver, ticket, Some(Edit::Psychotherapy(strike.clone())));
    assert_eq!(undo(&driver), 1);
    driver.keys("u");
    let ticket = last_ticket(&driver);
    driver.keys("c");
    carried_out(&mut driver, ticket, Some(Edit::Psychotherapy(strike)));
    let history = &driver.model.desk().unwrap().history;
    assert!(history.undo.is_empty() && history.redo.is_empty());
    assert!(!driver.screen().contains("Undid"), "{}", driver.screen());
    // Anything else that was done with them open stays, whatever its words are.
    let mut driver = opened(80, 23);
    driver.device(DeviceEvent::Commanded {
        says: "renamed a psychotherapy note pad".to_owned(),
        inverse: Edit::FinishTask {
            client,
            task: tacenda_shared::id::TaskId::from_bytes([9; 16]),
            done: false,
        },
    });
    driver.keys("c");
    assert_eq!(undo(&driver), 1);
}

#[test]
fn in_a_draft_of_one_no_key_is_offered_that_does_nothing_there() {
    let mut driver = opened(80, 23);
    let (client, note) = begun(&mut driver);
    let view = Sample::new().apart_draft(client, note, "Silence.");
    let subject = Subject::Draft(client, note);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
    let screen = driver.screen();
    for hint in ["F4", "F7", "template", "last session"] {
        assert!(!screen.contains(hint), "{hint}: {screen}");
    }
    driver.code(KeyCode::F(7));
    let screen = driver.screen();
    assert!(screen.contains("beside notes of sessions only"), "{screen}");
    assert!(!screen.contains("No plan of a session"), "{screen}");
    driver.code(KeyCode::F(4));
    assert!(driver.screen().contains("one text and stays so"), "{}", driver.screen());
    driver.key(Key::ctrl('k')).keys("template");
    assert!(driver.screen().contains("one text and stays so"), "{}", driver.screen());
}

#[test]
fn every_hint_among_them_does_something() {
    for keys in ["", "n", "⏎"] {
        let there = || {
            let mut driver = opened(80, 23);
            driver.keys(keys).open_asked();
            driver
        };
        let driver = there();
        let desk = driver.model.desk().unwrap();
        let situation = driver.model.situation(desk);
        // Where nobody has typed there is nothing to undo, and a short note goes on nowhere.
        let idle = [keymap::Verb::Undo, keymap::Verb::PageDown];
        let hints = keymap::hints(desk.contexts(), &situation).into_iter();
        for row in hints.filter(|row| !idle.contains(&row.verb)) {
            let mut driver = there();
            let (before, effects) = (driver.screen(), driver.effects.len());
            for key in row.keys[0] {
                driver.key(*key);
            }
            let changed = driver.screen() != before || driver.effects.len() > effects;
            assert!(changed, "{:?} after {keys:?} does nothing:\n{before}", row.verb);
            let said = driver.screen();
            assert!(!said.contains("has no labels") && !said.contains("stays so"), "{said}");
        }
    }
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
