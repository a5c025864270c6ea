//! The device in a client's hands, in keys: what is seen, what is heard, and how it comes back.

use super::*;
use crate::message::{Carried, Order};
use std::sync::Arc;
use tacenda_shared::practice::consent::ConsentKind;
use tacenda_shared::practice::crisis::RiskState;
use tacenda_shared::practice::measure::{Answer, Handed, Manner};

/// A form in the hands of the first client.
fn handed(form: &str) -> Driver {
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_measures().index)));
    driver.keys("gm").open_asked();
    driver.keys(&format!("H{form}⏎"));
    driver
}

fn entered(driver: &Driver) -> (Vec<Answer>, Manner) {
    let found = driver.edits().into_iter().rev().find_map(|edit| match edit {
        Edit::EnterMeasure { client, answers, manner, .. } => {
            assert_eq!(*client, sample::client_id(1));
            Some((answers.clone(), *manner))
        }
        _ => None,
    });
    found.unwrap()
}

fn typed_passphrases(driver: &Driver) -> Vec<String> {
    let tried = driver.effects.iter().filter_map(|effect| match effect {
        Effect::Order(Order::Verify(typed)) => Some(typed.0.to_string()),
        _ => None,
    });
    tried.collect()
}

fn verified(driver: &mut Driver, right: bool) {
    let outcome = if right { Ok(()) } else { Err(crate::text::wrong_passphrase()) };
    driver.device(DeviceEvent::Carried(Carried::Verified(outcome)));
}

/// Nothing of the practice: no name, no code, no other screen, no score.
fn assert_nothing_else_is_seen(driver: &Driver) {
    let screen = driver.screen();
    let codes = ["JM-014", "AK-007", "LS-021", "DB-002"];
    let other = [
        "Today",
        "Clients",
        "To finish",
        "Sync",
        "names hidden",
        "saved",
        "commands",
        "Measures",
        "Over time",
        "total",
        "severe",
        "moderate",
        "risk",
        "Risk",
        "Dr. Sample",
    ];
    for word in NAMES.iter().chain(&codes).chain(&other) {
        assert!(!screen.contains(word), "{word}\n{screen}");
    }
}

#[test]
fn a_client_answers_alone_and_the_device_comes_back_with_the_passphrase() {
    let mut driver = handed("gad-7");
    assert!(driver.screen().contains("item 1 of 7"), "{}", driver.screen());
    assert_nothing_else_is_seen(&driver);
    driver.keys("3333333");
    assert_nothing_else_is_seen(&driver);
    driver.keys("⏎");
    assert!(driver.screen().contains("Please hand the device back."), "{}", driver.screen());
    assert_nothing_else_is_seen(&driver);
    let (answers, manner) = entered(&driver);
    assert_eq!((answers.len(), manner.handed), (7, Some(Handed::Whole)), "before it comes back");
    driver.keys("wrong⏎");
    assert!(driver.screen().contains("checking"), "{}", driver.screen());
    driver.keys("more⏎");
    verified(&mut driver, false);
    assert!(driver.screen().contains("does not open this practice"), "{}", driver.screen());
    assert_nothing_else_is_seen(&driver);
    assert!(!driver.screen().contains("wrong") && !driver.screen().contains("more"));
    driver.keys("right⏎");
    assert_eq!(typed_passphrases(&driver), ["wrong", "right"]);
    verified(&mut driver, true);
    assert!(driver.screen().contains("JM-014"), "{}", driver.screen());
    assert_eq!(driver.edits().len(), 1);
}

#[test]
fn a_risk_answer_is_seen_by_the_clinician_only_and_opens_the_risk_form() {
    let mut driver = handed("phq-9");
    driver.keys("0000000021");
    assert_nothing_else_is_seen(&driver);
    assert!(!driver.screen().contains("raises"), "{}", driver.screen());
    driver.keys("⏎");
    assert_nothing_else_is_seen(&driver);
    driver.keys("right⏎");
    verified(&mut driver, true);
    let screen = driver.screen();
    assert!(screen.contains("Risk form") && screen.contains("PHQ-9, item 9"), "{screen}");
    driver.keys("⎋first the next client⏎");
    let measure = entered(&driver).1.record;
    match driver.edits().last() {
        Some(Edit::RecordRisk { risk, .. }) => {
            assert_eq!((risk.measure, risk.state), (measure, RiskState::Deferred));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn stopped_before_the_end_it_is_kept_as_far_as_it_came_and_marked_so() {
    let mut driver = handed("phq-9");
    driver.keys("01⎋");
    assert!(driver.screen().contains("Stop here?"), "{}", driver.screen());
    assert_nothing_else_is_seen(&driver);
    driver.keys("⎋2");
    assert!(driver.screen().contains("item 4 of 10"), "and on: {}", driver.screen());
    driver.keys("⎋right⏎");
    assert!(driver.edits().is_empty());
    verified(&mut driver, true);
    let (answers, manner) = entered(&driver);
    assert_eq!(answers[..3], [Answer::Choice(0), Answer::Choice(1), Answer::Choice(2)]);
    assert_eq!((answers[3], manner.handed), (Answer::NotAnswered, Some(Handed::CutShort)));
    assert!(driver.screen().contains("Back before the end"), "{}", driver.screen());
    // Nothing was answered: nothing is kept.
    let mut driver = handed("phq-9");
    driver.keys("⎋right⏎");
    verified(&mut driver, true);
    assert!(driver.edits().is_empty());
}

#[test]
fn the_lock_stays_armed_and_keeps_what_was_answered() {
    for way in ["auto", "f12", "ctrl-l", "hup", "sleep"] {
        let mut driver = handed("phq-9");
        driver.keys("01");
        match way {
            "auto" => {
                driver.wait(280_000);
                assert!(driver.screen().contains("locks within 30 s"), "{}", driver.screen());
                assert_nothing_else_is_seen(&driver);
                driver.wait(30_000)
            }
            "f12" => driver.code(KeyCode::F(12)),
            "ctrl-l" => driver.key(Key::ctrl('l')),
            "hup" => driver.send(Msg::Leave),
            _ => driver.send(Msg::Back),
        };
        assert_eq!(entered(&driver).1.handed, Some(Handed::CutShort), "{way}");
        let screen = driver.screen();
        assert!(screen.contains("locked") && screen.contains("is kept, unfinished"), "{screen}");
        driver.device(DeviceEvent::Unlocked(Arc::new(Sample::new().index)));
        assert!(driver.screen().contains("To finish"), "{way}: the clinician decides");
    }
    // A key stays.
    let mut driver = handed("phq-9");
    driver.wait(280_000).keys("0").wait(280_000);
    assert!(driver.screen().contains("item 2 of 10"), "{}", driver.screen());
}

#[test]
fn nothing_that_another_device_does_is_seen() {
    for page in ["01", "0101010101⏎", "01⎋"] {
        let mut driver = handed("phq-9");
        driver.keys(page);
        let before = driver.screen();
        let notice = Notice::new("The server is away.", "All is saved here.", "Go on.");
        driver.device(DeviceEvent::Alarm(notice));
        assert_eq!(driver.screen(), before);
        driver.device(DeviceEvent::Changed(Arc::new(Sample::with_couple().index)));
        assert_eq!(driver.screen(), before);
        driver.queue(false, 3);
        assert_eq!(driver.screen(), before);
        driver.open_chart(1);
        assert_eq!(driver.screen(), before);
        let late = Err(Notice::new("The disk is full.", "Nothing is changed.", "Make room."));
        driver.device(DeviceEvent::Applied { ticket: 1, outcome: late });
        assert_eq!(driver.screen(), before);
        driver.resize(200, 50);
        assert_nothing_else_is_seen(&driver);
    }
}

/// What was refused stands there for the clinician once the device is back.
#[test]
fn answers_that_are_refused_are_there_when_the_device_is_back() {
    let mut driver = handed("gad-7");
    driver.keys("1231111⏎");
    let late = Err(Notice::new("The disk is full.", "Nothing is changed.", "Make room."));
    driver.device(DeviceEvent::Applied { ticket: 1, outcome: late });
    driver.keys("right⏎");
    verified(&mut driver, true);
    assert!(driver.screen().contains("The disk is full."), "{}", driver.screen());
    driver.keys("⎋⏎");
    assert_eq!(driver.edits().len(), 2, "{}", driver.screen());
}

#[test]
fn a_client_agrees_or_not_alone() {
    for (keys, refused, said) in
        [("1⏎", false, ""), ("2only by telephone⏎", true, "only by telephone")]
    {
        let mut driver = Driver::open(80, 23);
        driver.keys("c").open_asked();
        driver.keys("H");
        assert!(driver.screen().contains(", who answers it alone"), "{}", driver.screen());
        driver.keys("⇥Dr. Sampleton⇥dates of sessions⏎");
        let screen = driver.screen();
        assert!(screen.contains("Do you agree?") && screen.contains("Dr. Sampleton"), "{screen}");
        assert!(!screen.contains("JM-014") && !screen.contains("Today"), "{screen}");
        driver.keys("⏎xq");
        assert!(driver.edits().is_empty());
        driver.keys(keys).keys("right⏎");
        match driver.edits().last() {
            Some(Edit::RecordConsent { client, consent, .. }) => {
                assert_eq!(*client, sample::client_id(1));
                assert_eq!(consent.kind, ConsentKind::Release);
                assert_eq!((consent.refused, consent.said.as_str()), (refused, said));
                assert!(consent.handed);
            }
            other => panic!("{other:?}"),
        }
        verified(&mut driver, true);
        assert!(driver.screen().contains("JM-014"), "{}", driver.screen());
    }
    // Without an answer there is no consent.
    let mut driver = Driver::open(80, 23);
    driver.keys("c").open_asked();
    driver.keys("H⇥Dr. Sampleton⏎1");
    driver.send(Msg::Leave);
    assert!(driver.edits().is_empty());
}

#[test]
fn a_client_writes_alone_and_the_clinician_signs_later() {
    let mut driver = Driver::open(80, 23);
    driver.keys("gj").open_asked();
    driver.keys("HSlept badly.⏎Better now.");
    let screen = driver.screen();
    assert!(screen.contains("Slept badly.") && !screen.contains("JM-014"), "{screen}");
    driver.keys("⎋right⏎");
    verified(&mut driver, true);
    let mut text = String::new();
    let edits = driver.edits();
    assert!(matches!(edits[0], Edit::BeginJournal { .. }));
    for change in &edits[1..] {
        let Edit::ChangeDraft { splices, .. } = change else { panic!("{change:?}") };
        splices.iter().for_each(|splice| text.push_str(&splice.inserted));
    }
    assert_eq!(text, "Slept badly.\nBetter now.");
    // Nothing written: no draft is left behind.
    let mut driver = Driver::open(80, 23);
    driver.keys("gj").open_asked();
    driver.keys("H⎋right⏎");
    verified(&mut driver, true);
    assert!(matches!(driver.edits().last(), Some(Edit::DiscardDraft { .. })));
}

fn any_key() -> impl Strategy<Value = Key> {
    let code = prop_oneof![
        4 => any::<char>().prop_map(KeyCode::Char),
        4 => prop::char::range('!', '~').prop_map(KeyCode::Char),
        2 => (1_u8..=11).prop_map(KeyCode::F),
        3 => prop::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::Backspace,
            KeyCode::Delete,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Left,
            KeyCode::Right,
            KeyCode::Home,
            KeyCode::PageDown,
        ]),
    ];
    (code, any::<bool>(), any::<bool>()).prop_map(|(code, ctrl, shift)| {
        // Ctrl+L locks, and is tested alone.
        let ctrl = ctrl && code != KeyCode::Char('l');
        Key { code, ctrl, shift }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_pressed_nothing_else_is_seen_or_done(
        keys in prop::collection::vec(any_key(), 1..60),
        pasted in "[ -~]{0,40}",
        form in prop::sample::select(vec!["gad-7", "phq-9", "k6"]),
    ) {
        let mut driver = handed(form);
        let begun = driver.effects.len();
        for (at, key) in keys.into_iter().enumerate() {
            driver.key(key);
            if at % 7 == 3 {
                driver.send(Msg::Input(Input::Paste(pasted.clone())));
                driver.send(Msg::Input(Input::Burst(pasted.clone())));
            }
            assert_nothing_else_is_seen(&driver);
        }
        for effect in &driver.effects[begun..] {
            let fits = match effect {
                Effect::Edit { edit, .. } => matches!(edit, Edit::EnterMeasure { .. }),
                Effect::Order(order) => matches!(order, Order::Verify(_)),
                Effect::Wake(_) => true,
                _ => false,
            };
            prop_assert!(fits, "{effect:?}");
        }
        prop_assert!(driver.edits().len() <= 1, "it is kept once");
        prop_assert!(driver.model.desk().is_some_and(|desk| desk.handed.is_some()));
    }
}

#[test]
fn a_passphrase_that_comes_in_one_piece_is_typed_and_its_enter_too() {
    let mut driver = handed("phq-9");
    assert!(!driver.model.desk().unwrap().is_typing(), "digits answer");
    driver.code(KeyCode::Esc);
    assert!(driver.model.desk().unwrap().is_typing());
    driver.send(Msg::Input(Input::Burst("correct horse".to_owned())));
    driver.code(KeyCode::Enter);
    assert_eq!(typed_passphrases(&driver), ["correct horse"]);
}
