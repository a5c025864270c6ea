//! How a note is begun, divided and filled, and what is managed for it.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::edit::NoteFormat;
use tacenda_shared::practice::lint::{Element, Level};
use tacenda_shared::practice::phrase::{Phrase, PhraseKind, Saying};
use tacenda_shared::practice::view::TimelineEntry;

fn begun_with(sample: Sample) -> NoteFormat {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("N⏎");
    let formats: Vec<_> = driver
        .edits()
        .into_iter()
        .filter_map(|edit| match edit {
            Edit::BeginNote { format, .. } => Some(*format),
            _ => None,
        })
        .collect();
    let [format] = formats[..] else { panic!("{}", driver.screen()) };
    format
}

#[test]
fn a_note_begins_as_the_session_asks_or_as_the_last_one_was() {
    assert_eq!(begun_with(Sample::new()), NoteFormat::Soap);
    for (kind, format) in
        [(AppointmentKind::Intake, NoteFormat::Intake), (AppointmentKind::Group, NoteFormat::Group)]
    {
        let mut sample = Sample::new();
        sample.change(1, |row| row.kind = kind);
        assert_eq!(begun_with(sample), format);
    }
    let mut sample = Sample::new();
    let rows = sample.index.timelines.get_mut(&sample::client_id(1)).unwrap();
    let newest = Arc::make_mut(rows).iter_mut().find_map(|row| match &mut row.entry {
        TimelineEntry::Note { format, .. } => Some(format),
        _ => None,
    });
    *newest.unwrap() = NoteFormat::Birp;
    assert_eq!(begun_with(sample), NoteFormat::Birp);
}

fn in_a_note() -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.keys("N⏎").open_asked();
    driver
}

#[test]
fn f4_offers_templates_and_formats_and_says_that_no_word_is_lost() {
    let mut driver = in_a_note();
    driver.code(KeyCode::F(4));
    let screen = driver.screen();
    assert!(screen.contains("> Fill in: Follow-up, SOAP (SOAP)"), "{screen}");
    assert!(screen.contains("Every word is kept"), "{screen}");
    driver.keys("⏎");
    assert!(driver.screen().contains("Since the last session: ___"), "{}", driver.screen());
    let divides = |driver: &Driver| {
        driver.edits().iter().any(|edit| matches!(edit, Edit::DivideDraft { .. }))
    };
    assert!(!divides(&driver), "it is divided like the template already");
    driver.code(KeyCode::F(4));
    driver.code(KeyCode::Down).keys("⏎");
    assert!(divides(&driver), "{}", driver.screen());
}

#[test]
fn a_snippet_is_written_changed_and_struck_where_all_are_listed() {
    let mut driver = Driver::open(80, 24);
    driver.keys(":snippets⏎");
    let screen = driver.screen();
    assert!(screen.contains(";mse") && screen.contains("shipped"), "{screen}");
    driver.keys("nPlan X").keys("⇥⇥").keys("line one⏎line two");
    driver.code(KeyCode::F(8));
    assert!(driver.screen().contains("named by one word"), "{}", driver.screen());
    for _ in 0..6 {
        driver.code(KeyCode::Backspace);
    }
    driver.keys("planx");
    driver.code(KeyCode::F(8));
    let edits = driver.edits();
    let Some(Edit::SetPhrase { own: true, kind, name, saying }) = edits.last() else { panic!() };
    assert_eq!((*kind, name.as_str()), (PhraseKind::Snippet, "planx"));
    assert_eq!(*saying, Saying::Is(Phrase::Snippet("line one\nline two".into())));
    driver.keys("x");
    let edits = driver.edits();
    let last = edits.last();
    assert!(
        matches!(last, Some(Edit::SetPhrase { own: false, saying: Saying::Struck, .. })),
        "{last:?}"
    );
}

#[test]
fn the_practice_says_what_a_note_must_have() {
    let mut driver = Driver::open(80, 24);
    driver.keys(":note-rules⏎");
    let screen = driver.screen();
    assert!(screen.contains("> warns     start and stop time (Novitas)"), "{screen}");
    driver.keys("⏎");
    let edits = driver.edits();
    let last = edits.last();
    let expected = Edit::SetLevel { element: Element::StartStop, level: Level::Require };
    assert_eq!(last, Some(&&expected));
}

#[test]
fn screens_of_snippets_and_rules_fit_small_and_large_terminals() {
    for (columns, rows) in [(80, 23), (200, 50)] {
        for command in [":snippets⏎", ":snippets⏎n", ":snippets⏎t", ":note-rules⏎"] {
            let mut driver = Driver::open(columns, rows);
            driver.keys(command);
            let screen = driver.screen();
            assert!(screen.contains("Esc"), "{screen}");
            assert!(screen.lines().all(|line| line.chars().count() <= usize::from(columns)));
        }
    }
}
