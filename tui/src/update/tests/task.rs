//! Tasks, in keys.

use super::*;
use std::sync::Arc;
use tacenda_shared::id::TaskId;
use tacenda_shared::practice::view::TaskRow;

#[test]
fn a_task_is_noted_with_its_date_listed_and_done() {
    let mut driver = Driver::open(80, 24);
    driver.keys("T").keys("call the school by 3 dec");
    assert!(driver.screen().contains("= by Thu 3 Dec 2026"), "{}", driver.screen());
    driver.keys("⏎");
    let [Edit::AddTask { client, task, text, due, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!((*client, text.as_str()), (sample::client_id(1), "call the school"));
    assert_eq!(*due, Some(date(2026, 12, 3)));
    let row = TaskRow {
        id: *task,
        text: text.clone(),
        due: Some(date(2026, 11, 25)),
        since: sample::now().time,
    };
    let far =
        TaskRow { id: TaskId::from_bytes([8; 16]), due: Some(date(2027, 3, 1)), ..row.clone() };
    let mut sample = Sample::new();
    let client = sample.index.clients.get_mut(&sample::client_id(1)).unwrap();
    Arc::make_mut(client).tasks = vec![row.clone(), far];
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("4G");
    let screen = driver.screen();
    assert!(screen.contains("25 Nov  JM-014           to do") && !screen.contains("school"));
    assert_eq!(screen.matches("to do").count(), 1, "what is far off is not listed: {screen}");
    driver.code(KeyCode::F(9));
    assert!(driver.screen().contains("to do: call the school"), "{}", driver.screen());
    driver.keys("x");
    let done = Edit::FinishTask { client: sample::client_id(1), task: row.id, done: true };
    assert_eq!(driver.edits().last(), Some(&&done));
}

#[test]
fn by_is_a_date_only_where_one_follows() {
    for (typed, text, due) in [
        ("stop by the office", "stop by the office", None),
        ("stop by the office by fri", "stop by the office", Some(date(2026, 11, 27))),
        ("ask her mother", "ask her mother", None),
    ] {
        let mut driver = Driver::open(80, 24);
        driver.keys("T").keys(typed).keys("⏎");
        let [Edit::AddTask { text: noted, due: by, .. }] = driver.edits()[..] else { panic!() };
        assert_eq!((noted.as_str(), *by), (text, due));
    }
    let mut driver = Driver::open(80, 24);
    driver.keys("T⏎");
    assert!(driver.edits().is_empty());
}

#[test]
fn that_a_client_died_is_noted_shown_and_taken_back() {
    let mut driver = Driver::open(80, 24);
    driver.keys("3gx").keys("tomorrow⏎");
    assert!(driver.screen().contains("no date that has been"), "{}", driver.screen());
    for _ in 0..8 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("2026-11-20⏎");
    let [Edit::NoteDeath { client, died }] = driver.edits()[..] else { panic!() };
    assert_eq!(*died, Some(date(2026, 11, 20)));
    let mut sample = Sample::new();
    Arc::make_mut(sample.index.clients.get_mut(client).unwrap()).died = *died;
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    assert!(driver.screen().contains("Call off what is booked?"), "{}", driver.screen());
    driver.code(KeyCode::Esc);
    assert!(driver.screen().contains("died"), "{}", driver.screen());
    driver.keys("gx");
    for _ in 0..10 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("⏎");
    assert!(matches!(driver.edits().last(), Some(Edit::NoteDeath { died: None, .. })));
}

/// What was typed is not lost with a refusal.
#[test]
fn a_line_that_is_refused_comes_back_to_be_put_right() {
    let long = Notice::new("That is too long.", "Nothing has been changed.", "Make it shorter.");
    for keys in ["T", "ic"] {
        let mut driver = Driver::open(80, 24);
        driver.keys(keys).keys("ask about the letter⏎");
        let ticket = driver.effects.iter().find_map(|effect| match effect {
            Effect::Edit { ticket, .. } => Some(*ticket),
            _ => None,
        });
        let outcome = Err(long.clone());
        driver.device(DeviceEvent::Applied { ticket: ticket.unwrap(), outcome });
        assert!(driver.screen().contains("That is too long."), "{}", driver.screen());
        driver.code(KeyCode::Esc);
        assert!(driver.screen().contains("ask about the letter"), "{}", driver.screen());
        driver.keys("⏎");
        assert_eq!(driver.edits().len(), 2);
        driver.device(DeviceEvent::Applied { ticket: ticket.unwrap() + 1, outcome: Ok(None) });
        assert!(!driver.screen().contains("ask about the letter"), "{}", driver.screen());
    }
}

/// A record that is out of sight stays so.
#[test]
fn a_refused_form_of_somebody_who_is_to_be_erased_meanwhile_does_not_come_back() {
    let mut driver = Driver::open(80, 24);
    driver.keys("ic").keys("left a message⏎");
    let mut sample = Sample::new();
    sample.index.clients.remove(&sample::client_id(1));
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    let notice = Notice::new("This is to be erased.", "Nothing has been changed.", "Nothing.");
    driver.device(DeviceEvent::Applied { ticket: 1, outcome: Err(notice) });
    driver.code(KeyCode::Esc);
    assert!(!driver.screen().contains("left a message"), "{}", driver.screen());
}
