//! Measures, in keys.

use super::*;
use crate::model::Look;
use crate::screen::parts::sample::measures::measure_id;
use crate::screen::{measure_form, parts};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;
use tacenda_shared::practice::measure::{self, Answer, MeasureMark, Screened, choices};

fn measures(columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_measures().index)));
    driver.keys("gm").open_asked();
    driver
}

fn entered(driver: &Driver) -> (String, Vec<Answer>) {
    match driver.edits().last() {
        Some(Edit::EnterMeasure { client, instrument, answers, .. }) => {
            assert_eq!(*client, sample::client_id(1));
            (instrument.clone(), answers.clone())
        }
        other => panic!("{other:?}"),
    }
}

/// `o`, the name, and a digit for each item: as few keys as the form has items, and three.
#[test]
fn a_form_is_answered_with_a_digit_for_each_item() {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎");
    assert!(driver.screen().contains("Little interest or pleasure"), "{}", driver.screen());
    driver.keys("1231000102");
    assert!(driver.edits().is_empty(), "nothing is kept before it was looked at");
    driver.keys("⏎");
    let expected = choices(&[1, 2, 3, 1, 0, 0, 0, 1, 0, 2]);
    assert_eq!(entered(&driver), ("phq-9".to_owned(), expected));
}

#[test]
fn no_score_shows_while_somebody_answers() {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("gad-7⏎3333333");
    let screen = driver.screen();
    assert!(!screen.contains("21") && !screen.contains("severe"), "{screen}");
}

#[test]
fn a_risk_answer_opens_the_risk_form_and_the_measure_is_on_its_way_before() {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎0000000011");
    let screen = driver.screen();
    assert!(
        screen.contains("better off dead") && screen.contains("raises the risk prompt"),
        "{screen}"
    );
    driver.keys("⏎");
    assert_eq!(entered(&driver).1[8], Answer::Choice(1), "whatever comes now, it is kept");
    let screen = driver.screen();
    assert!(screen.contains("Risk form") && screen.contains("PHQ-9, item 9"), "{screen}");
    // Without such an answer nothing is asked.
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎0000000001⏎");
    assert!(!driver.screen().contains("Risk form"), "{}", driver.screen());
}

#[test]
fn what_is_asked_follows_the_answers() {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("phq-9⏎000000000");
    driver.keys("⏎");
    let mut expected = choices(&[0; 9]);
    expected.push(Answer::NotAsked);
    assert_eq!(entered(&driver).1, expected);
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    // No to the first question: nothing else is asked. Then it is Yes after all.
    driver.keys("pc-ptsd⏎0").code(KeyCode::Backspace).keys("1s1101⏎");
    let given = [1, 1, 0, 1].map(|yes| Answer::Choice(1 - yes));
    let mut expected = vec![Answer::Choice(0), Answer::NotAnswered];
    expected.extend(given);
    assert_eq!(entered(&driver).1, expected);
}

#[test]
fn what_was_begun_is_kept_only_if_somebody_says_so() {
    let begun = || {
        let mut driver = Driver::open(80, 23);
        driver.keys("o").open_asked();
        driver.keys("gad-7⏎12⎋");
        assert!(driver.screen().contains("k keep it as it is"), "{}", driver.screen());
        driver
    };
    let mut driver = begun();
    driver.keys("⎋31111⏎");
    assert_eq!(entered(&driver).1, choices(&[1, 2, 3, 1, 1, 1, 1]));
    let mut driver = begun();
    driver.keys("d");
    assert!(driver.edits().is_empty());
    let mut driver = begun();
    driver.keys("k");
    let mut expected = choices(&[1, 2]);
    expected.extend([Answer::NotAnswered; 5]);
    assert_eq!(entered(&driver).1, expected);
    // Nothing to keep: Esc leads out at once.
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("gad-7⏎⎋");
    assert!(!driver.screen().contains("k keep"), "{}", driver.screen());
}

/// The ticket of the last edit.
fn ticket(driver: &Driver) -> u64 {
    let ticket = |effect: &Effect| match effect {
        Effect::Edit { ticket, .. } => Some(*ticket),
        _ => None,
    };
    driver.effects.iter().rev().find_map(ticket).unwrap()
}

#[test]
fn answers_that_are_refused_stand_there_again() {
    let full = || Notice::new("The disk is full.", "Nothing has been changed.", "Make room.");
    for typed in ["gad-7⏎1231111⏎", "zzz⏎OQ-45⇥50⇥0-60⏎"] {
        let mut driver = measures(80, 23);
        driver.keys("n").keys(typed);
        // Each try has an id of its own.
        let last = |driver: &Driver| match driver.edits().last().map(|edit| (*edit).clone()) {
            Some(Edit::EnterMeasure { instrument, answers, .. }) => {
                format!("{instrument} {answers:?}")
            }
            other => format!("{other:?}"),
        };
        let first = last(&driver);
        let ticket = ticket(&driver);
        driver.device(DeviceEvent::Applied { ticket, outcome: Err(full()) });
        assert!(driver.screen().contains("The disk is full."), "{}", driver.screen());
        driver.keys("⎋⏎");
        assert_eq!(driver.edits().len(), 2, "and go again with one key: {}", driver.screen());
        assert_eq!(last(&driver), first);
        // Left meanwhile, it has a screen of its own.
        let ticket = self::ticket(&driver);
        driver.keys("⎋⎋1");
        driver.device(DeviceEvent::Applied { ticket, outcome: Err(full()) });
        driver.keys("⎋⏎");
        assert_eq!(driver.edits().len(), 3, "{}", driver.screen());
        assert_eq!(last(&driver), first);
    }
}

/// A layer over a form takes nothing from it, and shows no earlier score.
#[test]
fn what_lies_over_a_form_leaves_it_at_its_item() {
    let mut driver = measures(200, 50);
    driver.keys("n").keys("gad-7⏎12");
    let before = driver.screen();
    assert!(before.contains("item 3 of 7"), "{before}");
    let shows_it = |driver: &Driver| {
        let screen = driver.screen();
        assert!(!screen.contains("Over time"), "{screen}");
    };
    driver.key(Key::ctrl('k'));
    shows_it(&driver);
    driver.code(KeyCode::Esc);
    assert_eq!(driver.screen(), before);
    let notice = Notice::new("The server is away.", "All is saved here.", "Go on.");
    driver.device(DeviceEvent::Alarm(notice));
    shows_it(&driver);
    driver.code(KeyCode::Esc);
    assert_eq!(driver.screen(), before);
    // No verb of the list reaches what is not shown, and none begins another form.
    for word in ["strike", "new measure"] {
        driver.key(Key::ctrl('k')).keys(word).keys("⏎");
        driver.code(KeyCode::Esc);
        assert!(driver.edits().is_empty(), "{word}");
    }
    assert!(driver.screen().contains("GAD-7"), "{}", driver.screen());
    for word in ["zzz⏎OQ-45⇥50", "gad"] {
        let mut driver = measures(80, 23);
        driver.keys("n").keys(word);
        let before = driver.screen();
        driver.key(Key::ctrl('k')).code(KeyCode::Esc);
        assert_eq!(driver.screen(), before);
    }
}

#[test]
fn what_was_answered_is_kept_however_the_form_is_left() {
    let begun = || {
        let mut driver = Driver::open(80, 23);
        driver.keys("o").open_asked();
        driver.keys("phq-9⏎12");
        driver
    };
    let kept = |driver: &Driver| {
        let mut expected = choices(&[1, 2]);
        expected.extend([Answer::NotAnswered; 8]);
        assert_eq!(entered(driver), ("phq-9".to_owned(), expected));
        // Before anything that locks or ends.
        let at = |wanted: &dyn Fn(&Effect) -> bool| driver.effects.iter().position(wanted);
        let edit = at(&|effect| matches!(effect, Effect::Edit { .. }));
        let end = at(&|effect| matches!(effect, Effect::Lock | Effect::Quit));
        assert!(end.is_none_or(|end| edit.unwrap() < end));
    };
    let mut driver = begun();
    driver.code(KeyCode::F(10));
    kept(&driver);
    let mut driver = begun();
    driver.send(Msg::Leave);
    kept(&driver);
    let screen = driver.screen();
    assert!(screen.contains("what was answered is kept"), "{screen}");
    assert!(!screen.contains("is gone"), "{screen}");
    // What the device locked by itself takes nothing more.
    let mut driver = begun();
    driver.device(DeviceEvent::Locked);
    let screen = driver.screen();
    assert!(screen.contains("is gone") && !screen.contains("answered is kept"), "{screen}");
    // Nothing was answered: nothing is kept. Nor is what is dropped on purpose.
    for typed in ["phq-9⏎", "phq-9⏎12⎋d"] {
        let mut driver = Driver::open(80, 23);
        driver.keys("o").open_asked();
        driver.keys(typed).send(Msg::Leave);
        assert!(driver.edits().is_empty(), "{typed}");
    }
}

#[test]
fn a_score_of_another_instrument_says_its_name_and_its_range() {
    let mut driver = Driver::open(80, 23);
    driver.keys("o").open_asked();
    driver.keys("zzz⏎OQ-45⇥63⇥0-60⏎");
    assert!(driver.edits().is_empty(), "{}", driver.screen());
    driver.code(KeyCode::Backspace).code(KeyCode::Backspace).keys("50⏎");
    match driver.edits().last() {
        Some(Edit::EnterScore { score, .. }) => {
            assert_eq!((score.name.as_str(), score.total, score.range), ("OQ-45", 50, (0, 60)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_measure_is_reviewed_struck_and_brought_back() {
    let mut driver = measures(80, 23);
    driver.keys("r");
    let record = measure_id(4);
    let mark = |mark| Edit::MarkMeasure { client: sample::client_id(1), record, mark };
    assert_eq!(driver.edits().last(), Some(&&mark(MeasureMark::Reviewed(true))));
    driver.keys("x");
    assert_eq!(driver.edits().last(), Some(&&mark(MeasureMark::Struck(true))));
}

#[test]
fn an_answer_to_be_looked_at_is_on_to_finish_and_opens_from_there() {
    let mut driver = Driver::open(80, 23);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_measures().index)));
    driver.keys("4");
    assert!(driver.screen().contains("review risk answer"), "{}", driver.screen());
}

#[test]
fn an_unfinished_screen_says_how_far_it_is_and_that_an_answer_is_positive() {
    let form = measure::named("asq").unwrap();
    let of = |item: usize, value| {
        let choice = form.items[item].of_value(value).unwrap();
        Answer::Choice(u8::try_from(choice).unwrap())
    };
    let none = Answer::NotAnswered;
    let ended = |answers: &[Answer]| parts::measures::ended(form, answers).unwrap();
    let left = ended(&[of(0, 1), none, none, none, of(4, 0)]);
    assert_eq!(left, "2 of 5 answered: an answer is positive");
    let left = ended(&[of(0, 1), of(1, 0), of(2, 0), of(3, 0), none]);
    assert_eq!(left, "4 of 5 answered: an answer is positive");
    let acute = ended(&[of(0, 1), none, none, none, of(4, 1)]);
    assert_eq!(acute, format!("2 of 5 answered: {}", form.screened_words(Screened::Acute)));
    let whole = ended(&[of(0, 1), of(1, 0), of(2, 0), of(3, 0), of(4, 0)]);
    assert_eq!(whole, form.screened_words(Screened::NonAcute));
}

/// Folded as on the screen, every word of every item stands there.
#[test]
fn every_item_of_every_form_shows_whole_on_a_small_screen() {
    let look = Look { columns: 80, rows: 23, ascii: false, colour: true, clipboard: false };
    for form in measure::all() {
        let mut state = measure_form::State::new(Arc::clone(form));
        for (place, item) in form.items.iter().enumerate() {
            let mut terminal = Terminal::new(TestBackend::new(80, 19)).unwrap();
            terminal
                .draw(|frame| measure_form::view(&state, "AK-007", &look, frame, frame.area()))
                .unwrap();
            let shown: Vec<String> = terminal
                .backend()
                .buffer()
                .content()
                .chunks(80)
                .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>())
                .collect();
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let screen = words(&shown.join(" "));
            let mut texts = vec![&item.text];
            texts.extend(item.choices.iter().map(|choice| &choice.label));
            texts.extend(form.stem.iter().filter(|_| item.number > 0));
            texts.extend(form.instruction.iter().filter(|_| place == 0));
            for text in texts {
                assert!(
                    screen.contains(&words(text)),
                    "{} {}: {text}\n{}",
                    form.id,
                    item.number,
                    shown.join("\n")
                );
            }
            assert!(screen.contains("So far"), "{} {}", form.id, item.number);
            // Whatever makes every item come up.
            let yes = item.digit(item.choices.len() - 1).filter(|_| item.choices.len() > 2);
            let digit = yes.or_else(|| item.digit(0)).unwrap();
            let key = Key::char(char::from(b'0' + digit));
            state.update(&Input::Key(key));
        }
    }
}
