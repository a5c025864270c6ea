//! What a client wrote, in keys.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::edit::JournalMark;

/// The journal of the first client, from Today.
fn journal() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_journal().index)));
    driver.keys("gj").open_asked();
    driver
}

#[test]
fn two_keys_and_enter_lead_from_today_to_the_first_letter() {
    let mut driver = journal();
    driver.keys("n");
    assert!(driver.screen().contains("= Sun 22 Nov 2026"), "{}", driver.screen());
    driver.keys("⏎");
    let [Edit::BeginJournal { draft, client, date: day }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((*client, *day), (sample::client_id(1), date(2026, 11, 22)));
    let subject = Subject::Draft(*client, *draft);
    let opens = |effect: &Effect| matches!(effect, Effect::Open(one, _) if *one == subject);
    assert!(driver.effects.iter().any(opens));
}

#[test]
fn the_day_of_an_entry_is_one_that_has_been() {
    for (typed, day) in [
        ("20 nov", Some(date(2026, 11, 20))),
        ("thu", Some(date(2026, 11, 19))),
        ("23", Some(date(2026, 10, 23))),
        ("24 dec", Some(date(2025, 12, 24))),
        ("-3", Some(date(2026, 11, 19))),
        ("2024-02-29", Some(date(2024, 2, 29))),
        ("tomorrow", None),
        ("+2", None),
        ("2027-01-01", None),
        ("soon", None),
    ] {
        let mut driver = journal();
        driver.keys("n").keys(typed).keys("⏎");
        let begun = driver.edits().into_iter().find_map(|edit| match edit {
            Edit::BeginJournal { date, .. } => Some(*date),
            _ => None,
        });
        assert_eq!(begun, day, "{typed}");
    }
}

#[test]
fn an_entry_is_shared_struck_and_read_with_a_key_each() {
    let mut driver = journal();
    assert!(!driver.screen().contains("Mum"), "a name may stand in it");
    driver.code(KeyCode::F(9));
    assert!(driver.screen().contains("Mum was kind."), "{}", driver.screen());
    let (client, record) = (sample::client_id(1), sample::entry_id(20));
    driver.keys("s");
    let shared = Edit::MarkJournal { client, record, mark: JournalMark::Shared(true) };
    assert_eq!(driver.edits().last(), Some(&&shared));
    driver.keys("js");
    let record = sample::entry_id(13);
    let not = Edit::MarkJournal { client, record, mark: JournalMark::Shared(false) };
    assert_eq!(driver.edits().last(), Some(&&not));
    driver.keys("x");
    let struck = Edit::MarkJournal { client, record, mark: JournalMark::Struck(true) };
    assert_eq!(driver.edits().last(), Some(&&struck));
    driver.keys("⏎");
    let subject = Subject::Note(client, record);
    let opened = driver
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Open(one, _) if *one == subject));
    assert!(opened);
}

#[test]
fn what_was_struck_is_listed_as_such_and_the_same_key_brings_it_back() {
    let mut driver = journal();
    let mut sample = Sample::new().with_journal();
    let (client, record) = (sample::client_id(1), sample::entry_id(13));
    let View::Journal(mut view) = sample.journal(1) else { panic!("a journal") };
    view.entries[1].struck = true;
    let rows = Arc::make_mut(sample.index.timelines.get_mut(&client).unwrap());
    rows.retain(|row| row.entry.record() != record);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    let outcome = Ok(Box::new(View::Journal(view)));
    driver.device(DeviceEvent::Opened { subject: Subject::Journal(client), outcome });
    let screen = driver.screen();
    assert!(screen.contains("1 entry") && screen.contains("struck"), "{screen}");
    driver.keys("Gx");
    let back = Edit::MarkJournal { client, record, mark: JournalMark::Struck(false) };
    assert_eq!(driver.edits().last(), Some(&&back));
}

#[test]
fn the_chart_says_that_there_is_an_entry_and_opens_or_strikes_it() {
    let mut driver = Driver::open(80, 24);
    let sample = Sample::new().with_journal();
    driver.device(DeviceEvent::Changed(Arc::new(Sample::new().with_journal().index)));
    let outcome = Ok(Box::new(sample.chart(1)));
    driver.keys("⏎");
    driver.device(DeviceEvent::Opened { subject: Subject::Chart(sample::client_id(1)), outcome });
    let screen = driver.screen();
    assert!(screen.contains("Journal entry, 120 words   of 20 Nov"), "{screen}");
    assert!(screen.contains("of 13 Nov   may be shared"), "{screen}");
    driver.keys("jj⏎");
    let subject = Subject::Note(sample::client_id(1), sample::entry_id(20));
    let opened = driver
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Open(one, _) if *one == subject));
    assert!(opened);
}
