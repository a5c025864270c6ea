//! The timeline of a chart: its kinds, what can be done from it, and how much of it is drawn.

use super::*;
use crate::screen::parts::timeline::LAID;
use std::sync::Arc;
use tacenda_shared::id::{TaskId, Timestamp};
use tacenda_shared::practice::edit::NoteFormat;
use tacenda_shared::practice::view::{NoteState, TaskRow, TimelineEntry, TimelineRow};

fn chart(sample: &Sample, columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone()))).keys("⏎");
    show(&mut driver, sample);
    driver
}

fn show(driver: &mut Driver, sample: &Sample) {
    driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone())));
    let subject = Subject::Chart(sample::client_id(1));
    let outcome = Ok(Box::new(sample.chart(1)));
    driver.device(DeviceEvent::Opened { subject, outcome });
}

#[test]
fn one_key_goes_round_the_kinds_and_what_is_shown_stays_while_the_chart_is_open() {
    let mut driver = chart(&Sample::new(), 80, 23);
    assert!(driver.screen().contains("Timeline (z: by kind)"), "{}", driver.screen());
    let screen = driver.keys("z").screen();
    assert!(screen.contains("Timeline: notes (z: next)"), "{screen}");
    assert!(screen.contains("3 of 8 entries") && !screen.contains("Held"), "{screen}");
    let screen = driver.keys("z").screen();
    assert!(screen.contains("Timeline: sessions") && screen.contains("2 of 8"), "{screen}");
    assert!(screen.contains("Next") && !screen.contains("Note"), "{screen}");
    // Of plans, consents, contacts and tasks there is nothing: they are passed over.
    let screen = driver.keys("z").screen();
    assert!(screen.contains("Timeline: measures"), "{screen}");
    // What comes from elsewhere, and a screen over it, leave it so.
    let mut more = Sample::new();
    more.change(5, |row| row.status = Status::NoShow);
    show(&mut driver, &more);
    driver.keys("gp⎋");
    assert!(driver.screen().contains("Timeline: measures"), "{}", driver.screen());
    assert!(driver.keys("z").screen().contains("Timeline (z"), "{}", driver.screen());
    assert!(driver.keys("Z").screen().contains("Timeline: measures"), "{}", driver.screen());
    // Opened anew, it shows everything.
    driver.keys("⎋⏎");
    show(&mut driver, &more);
    assert!(driver.screen().contains("Timeline (z"), "{}", driver.screen());
}

#[test]
fn the_focus_stays_on_what_it_is_on_as_kinds_change() {
    let mut driver = chart(&Sample::new(), 80, 24);
    // The note of 1 November.
    driver.keys("jjjjj");
    assert!(driver.screen().contains(">  1 Nov 2026   Note signed"), "{}", driver.screen());
    driver.keys("z");
    assert!(driver.screen().contains(">  1 Nov 2026   Note signed"), "{}", driver.screen());
    driver.keys("Z");
    assert!(driver.screen().contains(">  1 Nov 2026   Note signed"), "{}", driver.screen());
    // The last of a kind goes: nothing is in focus that is not there.
    let mut sample = Sample::new();
    driver.keys("zzz");
    sample.index.timelines.clear();
    show(&mut driver, &sample);
    assert!(driver.screen().contains("Timeline: measures"), "{}", driver.screen());
    assert!(driver.screen().contains("0 of "), "{}", driver.screen());
    driver.keys("⏎x");
    assert!(driver.edits().is_empty());
    assert!(driver.keys("z").screen().contains("Timeline (z"), "{}", driver.screen());
}

#[test]
fn a_session_without_its_note_is_written_or_settled_where_it_stands() {
    let mut sample = Sample::new();
    sample.index.drafts.clear();
    sample.change(5, |row| row.note = NoteState::Missing);
    let mut driver = chart(&sample, 80, 24);
    assert!(driver.screen().contains("Held          09:00"), "{}", driver.screen());
    assert!(driver.screen().contains("note missing"), "{}", driver.screen());
    driver.keys("jN⏎");
    let [Edit::BeginNote { session, .. }] = driver.edits()[..] else { panic!() };
    assert_eq!(*session, Some(sample::appointment(5)));
    // The next one at the top takes a status and moves; Enter shows its day.
    let mut driver = chart(&sample, 80, 24);
    driver.keys("sn");
    let missed = Edit::SetStatus {
        appointment: sample::appointment(1),
        status: Status::NoShow,
        reason: None,
    };
    assert_eq!(driver.edits(), [&missed]);
    let mut driver = chart(&sample, 80, 24);
    let screen = driver.keys("j⏎").screen();
    assert!(screen.contains("Sun 15 Nov 2026") && screen.contains("> 09:00"), "{screen}");
    // Esc leads back to the chart, and `n` there books what is to come.
    let screen = driver.keys("⎋").screen();
    assert!(screen.contains("Timeline (z"), "{screen}");
    assert!(driver.keys("n").screen().contains("22 Nov"), "{}", driver.screen());
}

#[test]
fn what_names_people_is_hidden_with_names_and_a_task_is_done_from_the_chart() {
    let mut sample = Sample::new();
    let task = TaskId::from_bytes([9; 16]);
    let row = sample.index.clients.get_mut(&sample::client_id(1)).unwrap();
    Arc::make_mut(row).tasks.push(TaskRow {
        id: task,
        text: "call Testa's sister".to_owned(),
        due: None,
        since: sample::now().time,
    });
    sample.change(5, |row| {
        row.status = Status::CancelledByClient;
        row.reason = Some("Testa is ill".to_owned());
    });
    let mut driver = chart(&sample, 80, 24);
    assert!(!driver.screen().contains("Testa"), "{}", driver.screen());
    driver.code(KeyCode::F(9));
    let screen = driver.screen();
    assert!(screen.contains("call Testa's sister") && screen.contains("Testa is ill"), "{screen}");
    driver.keys("jx");
    let done = Edit::FinishTask { client: sample::client_id(1), task, done: true };
    assert_eq!(driver.edits(), [&done]);
    driver.keys("j⏎");
}

/// Ten years, with a thousand entries.
fn ten_years() -> Sample {
    let mut sample = Sample::new();
    let day = 86_400_000_i64;
    let row = |at: i64| TimelineRow {
        time: Timestamp::from_millis(sample::now().time.as_millis() - at * 3 * day),
        client: sample::client_id(1),
        entry: TimelineEntry::Note {
            record: RecordId::from_bytes(
                [&[7_u8; 8][..], &at.to_be_bytes()[..]].concat().try_into().unwrap(),
            ),
            format: NoteFormat::Free,
            session: None,
            words: 300,
            addenda: 0,
            late: false,
            corrected: None,
        },
    };
    sample.index.timelines.insert(sample::client_id(1), Arc::new((0..1_000).map(row).collect()));
    sample
}

#[test]
fn of_ten_years_only_what_is_in_sight_is_put_into_words() {
    for (columns, rows) in [(80, 24), (80, 23), (200, 50)] {
        let mut driver = chart(&ten_years(), columns, rows);
        for keys in ["", "G", "k", "zG", "gg"] {
            driver.keys(keys);
            LAID.set(0);
            let screen = driver.screen();
            assert!(screen.contains("1004 entries"), "{screen}");
            assert!(LAID.get() <= usize::from(rows), "{} lines for {rows} rows", LAID.get());
        }
    }
}
