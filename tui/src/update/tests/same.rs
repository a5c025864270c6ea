//! Two entries that are one person, in keys.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::edit::ContactChange;

fn with_twin() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(Sample::with_twin().index)));
    driver
}

fn opened(driver: &Driver) -> Subject {
    let asked = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(subject, _) => Some(*subject),
        _ => None,
    });
    asked.unwrap()
}

#[test]
fn one_answer_merges_and_says_who_is_kept() {
    let (first, other) = (sample::client_id(2), sample::client_id(1));
    for (answer, kept, twin) in [("⏎", other, first), ("j⏎", first, other)] {
        let mut driver = Driver::open(80, 24);
        driver.keys("3gs").keys("jm");
        assert!(driver.edits().is_empty());
        driver.keys("⏎");
        let screen = driver.screen();
        assert!(screen.contains("Are they one person?") && screen.contains("AK-007"), "{screen}");
        assert!(!screen.contains(NAMES[0]), "names are hidden: {screen}");
        driver.keys(answer);
        let [Edit::SameAs { client, kept: Some(named) }] = driver.edits()[..] else {
            panic!("{:?}", driver.edits())
        };
        assert_eq!((*client, *named), (twin, kept));
    }
    let mut driver = Driver::open(80, 24);
    driver.keys("3gs").keys("jm⏎").keys("G⏎");
    assert!(driver.edits().is_empty(), "they are two people");
}

#[test]
fn what_the_one_who_is_kept_lacks_is_copied_only_where_that_is_chosen() {
    let mut sample = Sample::new();
    let row = sample.index.clients.get_mut(&sample::client_id(1)).unwrap();
    Arc::make_mut(row).phone.clear();
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("3gs").keys("jm⏎j");
    assert!(driver.screen().contains("and copy there: phone"), "{}", driver.screen());
    driver.keys("⏎");
    let contact = ContactChange { phone: Some("555 0102".into()), ..ContactChange::default() };
    let (kept, client) = (sample::client_id(1), sample::client_id(2));
    let copied = Edit::ChangeContact { client: kept, contact };
    assert_eq!(driver.edits(), [&copied, &Edit::SameAs { client, kept: Some(kept) }]);
}

#[test]
fn lists_show_one_who_is_found_by_either_code() {
    let mut driver = with_twin();
    driver.keys("3");
    let screen = driver.screen();
    assert!(screen.contains("was AK-007") && screen.matches("AK-007").count() == 1, "{screen}");
    driver.keys("/ak-⏎");
    assert_eq!(opened(&driver), Subject::Chart(sample::client_id(1)));
    // The other code books, too.
    let mut driver = with_twin();
    driver.keys("]nak⏎⏎");
    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(1)]);
    let mut driver = with_twin();
    driver.keys("]n").keys("ak thu 3pm⏎⏎");
    let [Edit::Book(booked)] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(1)]);
}

#[test]
fn a_session_of_the_duplicate_opens_what_was_begun_there_and_begins_in_the_kept_chart() {
    let (kept, twin) = (sample::client_id(1), sample::client_id(2));
    let mut driver = with_twin();
    // The session at 10:00 has a draft under the duplicate.
    driver.keys("j");
    assert!(driver.screen().contains("10:00   50m  JM-014"), "{}", driver.screen());
    driver.keys("N");
    assert_eq!(opened(&driver), Subject::Draft(twin, ObjectId::from_bytes([41; 16])));
    // One that was signed there.
    let mut sample = Sample::with_twin();
    let record = RecordId::from_bytes([50; 16]);
    let signed = tacenda_shared::practice::view::NoteState::Signed(record);
    sample.change(2, |row| row.note = signed);
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("jN");
    assert_eq!(opened(&driver), Subject::Note(twin, record));
    // One that nobody has written about.
    let mut sample = Sample::with_twin();
    sample.change(2, |row| row.note = tacenda_shared::practice::view::NoteState::Missing);
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("jN⏎");
    let [Edit::BeginNote { client, session, .. }] = driver.edits()[..] else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((*client, *session), (kept, Some(sample::appointment(2))));
}

#[test]
fn nobody_calls_without_having_read_the_words_of_both() {
    let mut driver = with_twin();
    driver.keys("jr");
    for keys in ["", "⎋i"] {
        let screen = driver.keys(keys).screen();
        // Wherever the lines are folded.
        let inside =
            |line: &str| Some(line.split_once('│')?.1.split_once('│')?.0.trim().to_owned());
        let words: Vec<String> = screen.lines().filter_map(inside).collect();
        let words = words.join(" ");
        assert!(words.contains("no voicemail; text before 18:00"), "{screen}");
        assert!(words.contains("never call the office (AK-007)"), "{screen}");
    }
}

#[test]
fn a_task_of_the_duplicate_is_listed_and_done_where_it_lies() {
    let mut driver = with_twin();
    driver.code(KeyCode::F(9));
    driver.keys("4G");
    let screen = driver.screen();
    assert!(screen.contains("to do: send the form"), "{screen}");
    driver.keys("x");
    let Some(Edit::FinishTask { client, .. }) = driver.edits().last() else { panic!() };
    assert_eq!(*client, sample::client_id(2));
}

#[test]
fn what_was_written_under_the_duplicate_opens_there_and_says_so() {
    let mut driver = with_twin();
    let sample = Sample::with_twin();
    driver.keys("⏎");
    let outcome = Ok(Box::new(sample.chart(1)));
    driver.device(DeviceEvent::Opened { subject: Subject::Chart(sample::client_id(1)), outcome });
    assert!(driver.screen().contains("under AK-007"), "{}", driver.screen());
    // Two drafts, a task and three sessions stand above it.
    driver.keys("ggjjjjjj⏎");
    let subject = Subject::Note(sample::client_id(2), RecordId::from_bytes([50; 16]));
    assert_eq!(opened(&driver), subject);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(sample.note())) });
    let screen = driver.screen();
    assert!(screen.contains("JM-014 (written under AK-007)"), "{screen}");
}

#[test]
fn one_key_parts_them_again_and_a_chart_that_is_open_follows() {
    let mut driver = with_twin();
    driver.keys("3jgs⏎");
    let parted = Edit::SameAs { client: sample::client_id(2), kept: None };
    assert_eq!(driver.edits(), [&parted]);
    let mut driver = Driver::open(80, 24);
    driver.keys("j⏎");
    assert_eq!(opened(&driver), Subject::Chart(sample::client_id(2)));
    driver.device(DeviceEvent::Changed(Arc::new(Sample::with_twin().index)));
    assert_eq!(opened(&driver), Subject::Chart(sample::client_id(1)));
    let closed = |effect: &Effect| matches!(effect, Effect::Close(subject) if *subject == Subject::Chart(sample::client_id(2)));
    assert!(driver.effects.iter().any(closed));
}

#[test]
fn somebody_out_of_sight_who_is_held_to_be_the_same_person_is_parted_in_the_window() {
    use tacenda_shared::practice::erasure::{Erasure, Stage};
    use tacenda_shared::practice::view::ErasureRow;
    let (kept, twin) = (sample::client_id(2), tacenda_shared::id::ClientId::from_bytes([0x61; 16]));
    for (code, shown) in [("TC-099", "TC-099"), ("", "somebody")] {
        let mut sample = Sample::new();
        let erasure = Erasure { times: 1, stage: Stage::Asked, asked: sample::now().time };
        let (code, same_as) = (code.to_owned(), Some(kept));
        let row = ErasureRow { code, same_as, of_group: false, erasure, family: 0 };
        sample.index.erasures.insert(twin.into(), row);
        for (columns, rows) in [(80, 24), (200, 50)] {
            let mut driver = Driver::open(columns, rows);
            driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone())));
            driver.keys("3gs");
            let screen = driver.screen();
            let words = format!("Part {shown}, out of sight: it is somebody else");
            assert!(screen.contains(&words), "{screen}");
            driver.keys("⏎");
            assert_eq!(driver.edits(), [&Edit::SameAs { client: twin, kept: None }]);
        }
    }
}

/// Neither is in any list, and neither is erased before they are parted.
#[test]
fn two_who_are_both_out_of_sight_are_parted_in_the_window() {
    use tacenda_shared::practice::erasure::{Erasure, Stage};
    use tacenda_shared::practice::view::ErasureRow;
    let hidden = |number: u8| tacenda_shared::id::ClientId::from_bytes([number; 16]);
    let (kept, twin) = (hidden(0x61), hidden(0x62));
    let mut sample = Sample::new();
    let erasure = Erasure { times: 1, stage: Stage::Asked, asked: sample::now().time };
    for (one, code, same_as) in [(kept, "TC-098", None), (twin, "TC-099", Some(kept))] {
        let code = code.to_owned();
        let row = ErasureRow { code, same_as, of_group: false, erasure, family: 0 };
        sample.index.erasures.insert(one.into(), row);
    }
    for (columns, rows) in [(80, 23), (200, 50)] {
        let mut driver = Driver::open(columns, rows);
        driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone())));
        driver.keys("3gs");
        let screen = driver.screen();
        assert!(screen.contains("Part TC-099 from TC-098, both out of sight"), "{screen}");
        driver.keys("j⏎");
        assert_eq!(driver.edits(), [&Edit::SameAs { client: twin, kept: None }]);
        // The client in focus is merged as ever.
        driver.keys("gs⏎");
        assert!(driver.screen().contains("is the same person as"), "{}", driver.screen());
    }
}

#[test]
fn a_plan_of_each_is_asked_for() {
    let mut sample = Sample::with_twin();
    let (kept, twin) = (sample::client_id(1), sample::client_id(2));
    sample.index.plans.insert(twin, None);
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone()))).keys("3jgp");
    assert_eq!(opened(&driver), Subject::Plan(twin), "the only one that there is");
    sample.index.plans.insert(kept, None);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("3jgpj⏎");
    assert_eq!(opened(&driver), Subject::Plan(twin));
    driver.keys("⎋I⏎");
    assert_eq!(opened(&driver), Subject::Identity(kept));
}

#[test]
fn who_may_be_there_already_is_named_before_a_client_is_added() {
    let mut driver = Driver::open(80, 24);
    driver.keys("3n").keys(&NAMES[1].to_uppercase());
    assert!(driver.screen().contains("Looks like AK-007"), "{}", driver.screen());
    driver.keys("x");
    assert!(!driver.screen().contains("Looks like"), "{}", driver.screen());
    driver.keys("⇥⇥⇥").keys("(0) 55501-02");
    assert!(driver.screen().contains("Looks like AK-007"), "{}", driver.screen());
}

#[test]
fn a_wish_and_a_death_of_the_other_entry_are_shown_where_they_count() {
    let mut sample = Sample::with_twin();
    let kept = sample::client_id(1);
    let row = Arc::make_mut(sample.index.clients.get_mut(&kept).unwrap());
    let since = sample::now().time;
    let wish = tacenda_shared::practice::schedule::waiting::Wish::default();
    Arc::make_mut(&mut row.same[0]).waiting =
        Some(tacenda_shared::practice::schedule::waiting::Waiting { since, wish });
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone()))).keys("W");
    let screen = driver.screen();
    let shown = |line: &str| line.contains("JM-014") && line.contains("any time");
    assert!(screen.lines().any(shown), "{screen}");

    let row = Arc::make_mut(sample.index.clients.get_mut(&kept).unwrap());
    Arc::make_mut(&mut row.same[0]).died = Some(date(2026, 11, 1));
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index))).keys("]njm");
    let screen = driver.screen();
    assert!(screen.contains("DIED"), "{screen}");
}
