//! Crises, in keys.

use super::*;
use crate::message::{Carried, Order};
use crate::screen::parts::sample::crisis::crisis_id;
use std::sync::Arc;
use tacenda_shared::practice::crisis::{
    Asked, NewRisk, RiskLevel, RiskState, RiskWords, SafetyStep, Said,
};

fn crisis(columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    driver.keys("!").open_asked();
    driver
}

fn written(driver: &Driver) -> (RecordId, NewRisk) {
    match driver.edits().last() {
        Some(Edit::RecordRisk { client, record, risk }) => {
            assert_eq!(*client, sample::client_id(1));
            (*record, (**risk).clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_key_shows_whom_to_call_and_the_safety_plan_for_the_person_in_focus() {
    let driver = crisis(80, 23);
    let opened = Effect::Open(Subject::Crisis(sample::client_id(1)), crate::screen::CARE);
    let opened = format!("{opened:?}");
    assert!(driver.effects.iter().any(|effect| format!("{effect:?}") == opened));
    let screen = driver.screen();
    for words in [
        "JM-014",
        "open since 09:41",
        "Germany: Emergency 112 | TelefonSeelsorge 116 123",
        "moderate, 8 Nov 2026 14:10",
        "Sample Sister, 555 0142; Sample Neighbour, 555 0143",
        "the niece's first day at school",
    ] {
        assert!(screen.contains(words), "{words}\n{screen}");
    }
    assert!(!screen.contains("may know"), "whom to call is a name\n{screen}");
}

#[test]
fn where_the_client_is_by_video_comes_first() {
    let mut driver = Driver::open(80, 23);
    let mut sample = Sample::new();
    sample.change(2, |row| {
        row.whereabouts.place = "Reno, United States".to_owned();
        row.whereabouts.help = "Sample County, 555 0199".to_owned();
    });
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("j!").open_asked();
    let screen = driver.screen();
    let us = screen.find("US: Emergency 911 | Suicide & Crisis Lifeline 988");
    assert!(us.unwrap() < screen.find("Germany: ").unwrap(), "{screen}");
    assert!(screen.contains("Reno, United States; there: Sample County, 555 0199"), "{screen}");
}

#[test]
fn where_nobody_is_in_focus_it_asks_for_whom() {
    let mut driver = Driver::open(80, 23);
    driver.keys("jj!");
    assert!(driver.screen().contains("whom is it about?"), "{}", driver.screen());
    driver.keys("ak⏎").open_asked();
    assert!(driver.screen().contains("Crisis   AK-007"), "{}", driver.screen());
    // A name is not told by whether it is found while names are hidden.
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::with_couple().index)));
    driver.keys("3/j/a⏎!");
    assert!(driver.screen().contains("Crisis: whom is it about?"), "{}", driver.screen());
}

/// `!`, `n`, a digit for each question and for the level, a Tab between lines, Enter: 19 keys beside
/// what is said in words.
#[test]
fn a_full_risk_form_takes_nineteen_keys_and_its_words() {
    let mut driver = Driver::open(80, 23);
    let mut keys = 0;
    let mut press = |driver: &mut Driver, typed: &str| {
        keys += typed.chars().count();
        driver.keys(typed);
    };
    press(&mut driver, "!");
    driver.open_asked().wait(240_000);
    press(&mut driver, "n112000.10");
    driver.keys("at night, more than before");
    press(&mut driver, "⇥");
    driver.keys("the dog");
    press(&mut driver, "⇥2");
    driver.keys("sister stays tonight");
    press(&mut driver, "⇥");
    driver.keys("tablets are with her");
    press(&mut driver, "⇥");
    driver.keys("Dr. Also agrees");
    press(&mut driver, "⇥0");
    driver.keys("+2");
    press(&mut driver, "⏎");
    let (_, risk) = written(&driver);
    assert_eq!(keys, 19);
    let asked = [
        (Asked::WishToBeDead, Said::Yes),
        (Asked::Thoughts, Said::Yes),
        (Asked::Method, Said::Unclear),
        (Asked::Intent, Said::No),
        (Asked::Plan, Said::No),
        (Asked::MeansAtHand, Said::No),
        (Asked::SelfHarm, Said::Yes),
        (Asked::HarmToOthers, Said::No),
    ];
    assert_eq!(risk.asked, asked.into_iter().collect());
    assert_eq!((risk.level, risk.called), (Some(RiskLevel::Moderate), Some(false)));
    assert_eq!(risk.words[&RiskWords::Decided], "sister stays tonight");
    assert_eq!(risk.words.len(), 5);
    assert_eq!(risk.next, Some(date(2026, 11, 24)));
    assert_eq!(risk.opened, Some(sample::now().time), "since the key was pressed");
    assert_eq!((risk.state, risk.session), (RiskState::Whole, Some(sample::appointment(1))));
}

#[test]
fn nothing_is_signed_without_a_judgement_and_a_decision() {
    let mut driver = crisis(80, 23);
    driver.keys("n11⏎");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("Judge the level first."), "{}", driver.screen());
    driver.keys("9");
    assert!(driver.screen().contains("answers nothing here"), "{}", driver.screen());
    driver.keys("1⏎");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("What was decided?"), "{}", driver.screen());
    driver.keys("weekly from now on⏎");
    assert_eq!(written(&driver).1.level, Some(RiskLevel::Low));
}

#[test]
fn a_form_that_is_left_is_kept_unfinished_if_somebody_says_so_or_if_it_locks() {
    for way in ["lock", "quit", "k"] {
        let mut driver = crisis(80, 23);
        driver.keys("n11");
        match way {
            "lock" => driver.send(Msg::Leave),
            // The first waits for what is on its way to the disk, the second insists.
            "quit" => driver.code(KeyCode::F(10)).code(KeyCode::F(10)),
            _ => driver.keys("⎋k"),
        };
        let (_, risk) = written(&driver);
        assert_eq!((risk.state, risk.asked.len()), (RiskState::Unfinished, 2), "{way}");
        if way == "lock" {
            let screen = driver.screen();
            assert!(screen.contains("is kept, unfinished"), "{screen}");
        }
    }
    for typed in ["n⎋", "n11⎋d"] {
        let mut driver = crisis(80, 23);
        driver.keys(typed);
        assert!(driver.screen().contains("Written down before"), "{typed} {}", driver.screen());
        driver.send(Msg::Leave);
        assert!(driver.edits().is_empty(), "{typed}");
    }
    let mut driver = crisis(80, 23);
    driver.keys("n11⎋⎋1");
    assert!(driver.screen().contains("Risk form for JM-014, open since"), "{}", driver.screen());
}

/// Answers that raise a risk; the id of their measure.
fn raised(driver: &mut Driver) -> RecordId {
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎0000000011⏎");
    match driver.edits().last() {
        Some(Edit::EnterMeasure { manner, .. }) => manner.record.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_risk_answer_is_seen_to_or_put_off_with_a_reason() {
    let mut driver = Driver::open(80, 23);
    let measure = raised(&mut driver);
    driver.keys("⎋⏎");
    assert!(driver.screen().contains("Say why first"), "{}", driver.screen());
    driver.keys("⎋");
    assert!(driver.screen().contains("Thoughts of suicide"), "and back: {}", driver.screen());
    driver.keys("⎋the next client waits⏎");
    let (_, risk) = written(&driver);
    assert_eq!((risk.state, risk.measure), (RiskState::Deferred, Some(measure)));
    assert_eq!(risk.words[&RiskWords::Decided], "the next client waits");
    let mut driver = Driver::open(80, 23);
    let measure = raised(&mut driver);
    for _ in 0..11 {
        driver.code(KeyCode::Tab);
    }
    driver.keys("3seen to⏎");
    let (record, risk) = written(&driver);
    assert_eq!((risk.state, risk.measure), (RiskState::Whole, Some(measure)));
    assert_eq!(risk.level, Some(RiskLevel::High));
    assert_ne!(record, measure);
}

#[test]
fn a_risk_form_waits_until_the_measure_that_it_answers_is_signed() {
    let mut driver = Driver::open(80, 23);
    driver.model.confirmed = driver.model.now.time.plus_millis(-15 * 60_000);
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎0000000011⏎");
    let screen = driver.screen();
    assert!(screen.contains("Your passphrase:") && !screen.contains("Thoughts of suicide"));
    assert!(driver.edits().is_empty());
    driver.keys("secret⏎");
    driver.device(DeviceEvent::Carried(Carried::Confirmed(Ok(()))));
    let Some(Edit::EnterMeasure { .. }) = driver.edits().last() else {
        panic!("{:?}", driver.edits())
    };
    assert!(!driver.screen().contains("Thoughts of suicide"), "{}", driver.screen());
    let ticket = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Edit { ticket, .. } => Some(*ticket),
        _ => None,
    });
    driver.device(DeviceEvent::Applied { ticket: ticket.unwrap(), outcome: Ok(None) });
    assert!(driver.screen().contains("Thoughts of suicide"), "{}", driver.screen());
}

/// Killed at any moment after its last answer, a measure is on the disk or on its way there.
#[test]
fn a_measure_that_raised_a_risk_is_never_lost_to_the_form_that_it_opens() {
    for way in ["lock", "quit", "auto"] {
        let mut driver = Driver::open(80, 23);
        raised(&mut driver);
        assert_eq!(driver.edits().len(), 1);
        match way {
            "lock" => driver.key(Key::ctrl('l')),
            // The first waits for what is on its way to the disk, the second insists.
            "quit" => driver.code(KeyCode::F(10)).code(KeyCode::F(10)),
            _ => driver.wait(300_000),
        };
        let at = |wanted: &dyn Fn(&Effect) -> bool| driver.effects.iter().position(wanted);
        let edit = at(&|effect| matches!(effect, Effect::Edit { .. })).unwrap();
        let end = at(&|effect| matches!(effect, Effect::Lock | Effect::Quit)).unwrap();
        assert!(edit < end, "{way}");
    }
}

#[test]
fn an_answer_on_to_finish_is_answered_by_a_form_from_there() {
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_measures().index)));
    driver.keys("4");
    while !driver.screen().contains("> 15 Nov  JM-014           review risk answer") {
        driver.keys("j");
    }
    driver.keys("!").open_asked();
    driver.keys("n");
    assert!(driver.screen().contains("PHQ-9: an answer to be reviewed"), "{}", driver.screen());
    for _ in 0..11 {
        driver.code(KeyCode::Tab);
    }
    driver.keys("1seen to⏎");
    let measure = sample::measures::measure_id(4);
    assert_eq!(written(&driver).1.measure, Some(measure));
}

#[test]
fn a_further_form_adds_to_one_or_puts_it_right_and_a_mistake_is_struck() {
    let mut driver = crisis(80, 23);
    // The plan that holds was written in the same minute, and has the greater id.
    driver.keys("ja");
    assert!(driver.screen().contains("at night, when nobody answers"), "{}", driver.screen());
    driver.keys("⏎");
    let (_, risk) = written(&driver);
    assert_eq!((risk.adds_to, risk.level), (Some(crisis_id(1)), Some(RiskLevel::Moderate)));
    let mut driver = crisis(80, 23);
    driver.keys("jx");
    let strike =
        |record, struck| Edit::StrikeCrisis { client: sample::client_id(1), record, struck };
    assert_eq!(driver.edits().last(), Some(&&strike(crisis_id(1), true)));
    driver.keys("Gx");
    assert_eq!(driver.edits().last(), Some(&&strike(crisis_id(3), false)));
}

#[test]
fn a_safety_plan_is_written_step_by_step_and_begins_with_the_one_that_holds() {
    let mut driver = Driver::open(80, 23);
    driver.keys("j!").open_asked();
    driver.keys("pcannot sleep; cannot eat⇥walk⏎");
    let Some(Edit::SignSafetyPlan { plan, .. }) = driver.edits().last() else { panic!() };
    assert_eq!(plan.steps[&SafetyStep::Signs], "cannot sleep\ncannot eat");
    assert_eq!(plan.steps[&SafetyStep::Alone], "walk");
    assert_eq!(plan.steps.len(), 2);
    let mut driver = crisis(80, 23);
    driver.keys("p; cannot eat⏎");
    let Some(Edit::SignSafetyPlan { plan, .. }) = driver.edits().last() else { panic!() };
    let signs = "cannot sleep\nstops answering the telephone\ncannot eat";
    assert_eq!(plan.steps[&SafetyStep::Signs], signs);
    assert_eq!(plan.steps.len(), 7);
    let mut driver = Driver::open(80, 23);
    driver.keys("j!").open_asked();
    driver.keys("p⏎");
    assert!(driver.screen().contains("at least one step"), "{}", driver.screen());
}

#[test]
fn the_plan_is_saved_for_the_client_with_the_numbers_after_the_passphrase() {
    let mut driver = crisis(80, 23);
    driver.keys("E~/plan.txt⏎secret⏎");
    let order = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Order(Order::SaveSafetyPlan { record, numbers, file, passphrase, .. }) => {
            Some((*record, numbers.clone(), file.clone(), passphrase.0.to_string()))
        }
        _ => None,
    });
    let (record, numbers, file, passphrase) = order.unwrap();
    assert_eq!(
        (record, file.as_str(), passphrase.as_str()),
        (crisis_id(4), "~/plan.txt", "secret")
    );
    assert_eq!(numbers[0], "Emergency: 112");
}

#[test]
fn an_unfinished_form_is_on_to_finish_and_the_last_level_on_the_card() {
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_crisis().index)));
    assert!(!driver.screen().contains("risk form to be finished"));
    let mut driver = Driver::open(200, 50);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_crisis().index)));
    let screen = driver.screen();
    assert!(screen.contains("moderate (9 Nov)   safety plan 9 Nov"), "{screen}");
    let mut sample = Sample::new().with_crisis();
    let rows = Arc::make_mut(sample.index.timelines.get_mut(&sample::client_id(1)).unwrap());
    let mut left = rows[0].clone();
    left.time = left.time.plus_millis(60_000);
    if let tacenda_shared::practice::view::TimelineEntry::Risk { record, level, state, .. } =
        &mut left.entry
    {
        (*record, *level, *state) = (crisis_id(9), Some(RiskLevel::Low), RiskState::Unfinished);
    }
    rows.insert(0, left);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    let screen = driver.screen();
    assert!(screen.contains("risk form to be finished"), "{screen}");
    assert!(screen.contains("moderate (9 Nov)"), "nobody has judged since\n{screen}");
}

#[test]
fn a_form_that_was_open_waits_below_and_comes_back() {
    let mut driver = Driver::open(80, 23);
    driver.keys("c").open_asked();
    driver.keys("n⇥in the office");
    let before = driver.screen();
    driver.key(Key::ctrl('k')).keys("crisis: whom⏎").open_asked();
    let screen = driver.screen();
    assert!(screen.contains("Safety plan") && !screen.contains("in the office"), "{screen}");
    driver.keys("⎋");
    assert_eq!(driver.screen(), before);
}

#[test]
fn who_has_no_key_to_charts_sees_the_numbers_and_nothing_else() {
    let mut driver = Driver::open(80, 23);
    driver.keys(":front desk⏎!");
    let screen = driver.screen();
    assert!(screen.contains("Germany: Emergency 112"), "{screen}");
    let opened =
        driver.effects.iter().any(|effect| matches!(effect, Effect::Open(Subject::Crisis(_), _)));
    assert!(!opened);
}

#[test]
fn the_numbers_of_a_place_are_typed_in_a_line_and_come_off_again() {
    let mut driver = Driver::open(80, 23);
    driver.keys("ge");
    assert!(driver.screen().contains("US: Emergency 911"), "{}", driver.screen());
    driver.keys("G⏎Nevada: Emergency 911; Sample County 555 0199⏎");
    let set = |place: &str, numbers: Option<&str>| Edit::SetEmergency {
        place: place.to_owned(),
        numbers: numbers.map(str::to_owned),
    };
    let nevada = set("Nevada", Some("Emergency 911; Sample County 555 0199"));
    assert_eq!(driver.edits().last(), Some(&&nevada));
    driver.keys("geG⏎Nowhere⏎");
    assert!(driver.screen().contains("Begin with the place"), "{}", driver.screen());
    driver.keys(": no number⏎");
    assert_eq!(driver.edits().len(), 1, "{}", driver.screen());
    let mut driver = Driver::open(80, 23);
    driver.keys("geG⏎Nevada:⏎");
    assert_eq!(driver.edits().last(), Some(&&set("Nevada", None)));
}
