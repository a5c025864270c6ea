//! Leaving the practice with something unfinished: what is kept, what is asked, and what is told.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::edit::NoteFormat;

fn quits(driver: &Driver) -> bool {
    driver.effects.iter().any(|effect| matches!(effect, Effect::Quit))
}

fn refused() -> Notice {
    Notice::new("The disk is full.", "What was saved before is safe.", "Make room.")
}

fn ticket(driver: &Driver) -> u64 {
    let mut tickets = driver.effects.iter().rev().filter_map(|effect| match effect {
        Effect::Edit { ticket, .. } => Some(*ticket),
        _ => None,
    });
    tickets.next().unwrap()
}

/// The screen without the ends of its lines.
fn in_one_line(driver: &Driver) -> String {
    driver.screen().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn half_a_score() -> Driver {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("zzz⏎OQ-45⇥63");
    driver
}

#[test]
fn a_form_that_is_not_saved_is_said_before_the_window_closes() {
    let begun: [fn(&mut Driver); 4] = [
        |driver| {
            driver.keys("3n").keys("Ada");
        },
        |driver| {
            driver.keys("]nak");
        },
        |driver| {
            driver.keys("i").keys("called");
        },
        |driver| {
            driver.keys("3a").keys("Referral");
        },
    ];
    for begin in begun {
        let mut driver = Driver::open(80, 23);
        begin(&mut driver);
        driver.code(KeyCode::F(10));
        assert!(!quits(&driver) && driver.screen().contains("A form is not saved"));
        // What was typed is still there, and a second key is believed.
        driver.wait(2_000).code(KeyCode::F(10));
        assert!(quits(&driver));
        let mut driver = Driver::open(80, 23);
        begin(&mut driver);
        driver.code(KeyCode::F(10)).wait(11_000).code(KeyCode::F(10));
        assert!(!quits(&driver), "that was long ago");
    }
    let mut driver = half_a_score();
    driver.code(KeyCode::F(10));
    assert!(!quits(&driver));
}

#[test]
fn what_is_refused_as_the_window_closes_keeps_it_open_with_what_was_typed() {
    let mut driver = Driver::open(80, 23);
    driver.keys("]nak⏎⏎").code(KeyCode::F(10));
    assert!(!quits(&driver), "it is not on the disk yet");
    let ticket = ticket(&driver);
    driver.device(DeviceEvent::Applied { ticket, outcome: Err(refused()) });
    assert!(!quits(&driver) && driver.screen().contains("The disk is full."));
    driver.keys("⎋");
    assert!(driver.screen().contains("AK-007"), "{}", driver.screen());
    // Once it is saved, it ends by itself.
    driver.keys("⏎").code(KeyCode::F(10));
    let ticket = self::ticket(&driver);
    assert!(!quits(&driver));
    driver.device(DeviceEvent::Applied { ticket, outcome: Ok(None) });
    assert!(quits(&driver));
}

#[test]
fn answers_that_are_refused_at_the_end_come_back() {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎12").code(KeyCode::F(10));
    let ticket = ticket(&driver);
    assert!(!quits(&driver));
    driver.device(DeviceEvent::Applied { ticket, outcome: Err(refused()) });
    driver.keys("⎋");
    let screen = driver.screen();
    assert!(!quits(&driver) && screen.contains("3 of 10"), "{screen}");
    // Whoever insists leaves.
    driver.code(KeyCode::F(10)).code(KeyCode::F(10));
    assert!(quits(&driver));
}

#[test]
fn what_is_refused_at_a_lock_is_told_there_and_after_it() {
    let mut driver = Driver::open(80, 23);
    driver.keys("]nak⏎⏎").key(Key::ctrl('l'));
    let ticket = ticket(&driver);
    driver.device(DeviceEvent::Applied { ticket, outcome: Err(refused()) });
    let screen = in_one_line(&driver);
    assert!(screen.contains("Not saved") && screen.contains("The disk is full."), "{screen}");
    assert!(!screen.contains("AK-007"), "{screen}");
    driver.key(Key::ctrl('c'));
    assert!(driver.screen().contains("Not saved"), "{}", driver.screen());
    driver.device(DeviceEvent::Unlocked(Arc::new(Sample::new().index)));
    let screen = driver.screen();
    assert!(screen.contains("enter it once more"), "{screen}");
    driver.keys("⎋");
    assert!(!driver.screen().contains("The disk is full."), "told once");
}

#[test]
fn a_score_that_was_not_finished_is_a_draft_after_a_lock() {
    let mut driver = half_a_score();
    driver.send(Msg::Leave);
    let [
        Edit::BeginNote { note, client, session: None, format: NoteFormat::Free },
        Edit::ChangeDraft { note: same, splices, .. },
    ] = driver.edits()[..]
    else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((note, *client), (same, sample::client_id(1)));
    let text = &splices[0].inserted;
    assert!(text.contains("Instrument: OQ-45") && text.contains("Score: 63"), "{text}");
    assert!(!text.contains("Range"), "what was not typed is not there");
    let screen = in_one_line(&driver);
    assert!(screen.contains("not finished is kept as a draft"), "{screen}");
    assert!(!screen.contains("OQ-45") && !screen.contains("is gone"), "{screen}");
    // What the device locked by itself takes nothing more.
    let mut driver = half_a_score();
    driver.device(DeviceEvent::Locked);
    assert!(driver.screen().contains("is gone"), "{}", driver.screen());
    // Nothing was typed: nothing is kept.
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("zzz⏎").send(Msg::Leave);
    assert!(driver.edits().is_empty());
}

#[test]
fn what_a_command_did_is_said_and_undone_in_the_window() {
    let mut driver = Driver::open(80, 23);
    let inverse = Edit::Archive { client: sample::client_id(1), archived: true };
    let says = "JM-014: held".to_owned();
    driver.device(DeviceEvent::Commanded { says, inverse: inverse.clone() });
    assert!(driver.screen().contains("By command: JM-014: held  [u] undo"), "{}", driver.screen());
    driver.keys("u");
    assert_eq!(driver.edits(), [&inverse]);
}

#[test]
fn a_form_laid_aside_for_a_crisis_is_told_and_a_risk_form_there_is_kept() {
    let mut driver = Driver::open(80, 23);
    driver.keys("i").keys("called").key(Key::ctrl('k')).keys("crisis⏎");
    driver.code(KeyCode::F(10));
    assert!(!quits(&driver), "{}", driver.screen());
    driver.key(Key::ctrl('l'));
    assert!(in_one_line(&driver).contains("is gone"), "{}", driver.screen());
}
