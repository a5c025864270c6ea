//! Corrections in the window: two keys in an open note, and the page on which one is signed.

use super::*;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::correction::changes::between;
use tacenda_shared::practice::correction::{Correcting, Version, Versions};
use tacenda_shared::practice::edit::{Misfiled, NoteFormat, Part, Stamp};
use tacenda_shared::practice::view::{DraftView, NoteView};

const OTHER: RecordId = RecordId::from_bytes([91; 16]);

fn version(from: &str, to: &str) -> Version {
    Version {
        record: OTHER,
        author: sample::clinician(),
        signed: Stamp { time: Timestamp::from_millis(1_795_176_000_000), zone: "UTC".to_owned() },
        because: "misheard at the telephone".to_owned(),
        changes: vec![(Part::Text, between(from, to))],
    }
}

/// A signed note in front, as it stands among its versions.
fn reader(author: MemberId, versions: Versions) -> (Driver, NoteView) {
    let mut driver = Driver::open(80, 23);
    driver.keys("⏎").open_asked().keys("jjj⏎");
    let View::Note(note) = Sample::new().note() else { panic!("a note") };
    let note = NoteView { author, versions: Some(Box::new(versions)), ..note };
    let subject = Subject::Note(note.client, note.record);
    let view = Box::new(View::Note(note.clone()));
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(view) });
    (driver, note)
}

/// Its draft is open.
fn correcting() -> Driver {
    let (mut driver, note) = reader(sample::clinician(), Versions::default());
    assert!(driver.screen().contains("e correct"), "{}", driver.screen());
    driver.keys("e");
    let [Edit::BeginCorrection(Correcting { draft, client, note: of, blank: None })] =
        driver.edits()[..]
    else {
        panic!("{:?}", driver.edits())
    };
    assert_eq!((*client, *of), (note.client, note.record));
    let (draft, client) = (*draft, *client);
    let mut row = Sample::new().index.drafts[0].clone();
    (row.note, row.client, row.session) = (draft, client, None);
    (row.corrects, row.format) = (Some(note.record), NoteFormat::Free);
    let view = View::Draft(DraftView::new(row, note.parts));
    let subject = Subject::Draft(client, draft);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
    assert!(driver.screen().contains("Correction"), "{}", driver.screen());
    assert!(driver.screen().contains("Slept better"), "{}", driver.screen());

    driver
}

fn reason(driver: &Driver) -> Option<String> {
    driver.edits().into_iter().find_map(|edit| match edit {
        Edit::Sign { late_reason, .. } => late_reason.clone(),
        _ => None,
    })
}

#[test]
fn a_key_corrects_a_signed_note_and_the_page_asks_why() {
    let mut driver = correcting();
    // The first letters say why.
    driver.key(Key::plain(KeyCode::F(8))).wait(1_000).keys("misheard⏎").wait(1_000).keys("ds⏎");
    assert_eq!(reason(&driver).as_deref(), Some("misheard"));
    // Once it is signed, what it replaces is left as well.
    let read = |driver: &Driver| {
        let desk = driver.model.desk().unwrap();
        desk.screens.iter().any(|screen| matches!(screen, Screen::Read(_)))
    };
    assert!(read(&driver));
    let ticket = driver.model.desk().unwrap().history.last_ticket;
    driver.device(DeviceEvent::Applied { ticket, outcome: Ok(None) });
    assert!(!read(&driver), "{}", driver.screen());
    assert!(driver.screen().contains("Corrected a note of"), "{}", driver.screen());

    let mut driver = correcting();
    driver.key(Key::plain(KeyCode::F(8))).wait(1_000).keys("⏎").wait(1_000).keys("ds⏎").wait(1_000);
    assert!(driver.screen().contains("please say why"), "{}", driver.screen());
    insta::assert_snapshot!("correction_without_a_reason_80x23", driver.screen());
    driver.keys("misheard⏎").wait(1_000).keys("⏎");
    assert_eq!(reason(&driver).as_deref(), Some("misheard"));
}

#[test]
fn a_note_in_the_wrong_chart_is_struck_by_its_author_with_the_code_and_the_initials() {
    let (mut driver, note) = reader(sample::clinician(), Versions::default());
    driver.keys("x");
    assert!(driver.screen().contains("why?"), "{}", driver.screen());
    driver.keys("⏎");
    assert!(driver.screen().contains("whose is it?"), "{}", driver.screen());
    driver.keys("zz-999⏎");
    assert!(driver.screen().contains("Nobody else has that code"), "{}", driver.screen());
    let index = Sample::new().index;
    let other = index.clients.values().find(|row| row.id != note.client).unwrap();
    for _ in 0..6 {
        driver.key(Key::plain(KeyCode::Backspace));
    }
    driver.keys(&other.code.to_lowercase()).keys("⏎");
    insta::assert_snapshot!("note_in_the_wrong_chart_80x23", driver.screen());
    driver.keys("zz⏎");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
    driver.key(Key::plain(KeyCode::Backspace)).key(Key::plain(KeyCode::Backspace)).keys("ds⏎");
    let [Edit::StrikeNote(Misfiled { client, note: of, to, .. })] = driver.edits()[..] else {
        panic!("{:?}\n{}", driver.edits(), driver.screen())
    };
    assert_eq!((*client, *of, *to), (note.client, note.record, other.id));

    let (mut driver, _) = reader(MemberId::from_bytes([99; 16]), Versions::default());
    driver.keys("x");
    assert!(driver.screen().contains("Who signed it strikes it"), "{}", driver.screen());
}

#[test]
fn who_corrects_the_note_of_somebody_else_is_told_whose_name_it_bears() {
    let (mut driver, _) = reader(MemberId::from_bytes([99; 16]), Versions::default());
    driver.keys("e");
    assert_eq!(driver.edits().len(), 1);
    assert!(driver.screen().contains("bear your name"), "{}", driver.screen());
}

#[test]
fn a_key_shows_what_stood_there_before_and_an_old_version_is_not_corrected() {
    let before = Some(version("Slept worse.", "Slept better."));
    let (mut driver, note) =
        reader(sample::clinician(), Versions { before, ..Versions::default() });
    assert!(driver.screen().contains("misheard at the telephone"), "{}", driver.screen());
    insta::assert_snapshot!("corrected_note_80x23", driver.screen());
    driver.keys("o");
    let opened = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(subject, _) => Some(*subject),
        _ => None,
    });
    assert_eq!(opened, Some(Subject::Note(note.client, OTHER)));

    let text = "Slept better. Went out twice.";
    let after = vec![version(text, "Slept better. Went out once, with a friend.")];
    let (mut driver, _) = reader(sample::clinician(), Versions { after, ..Versions::default() });
    insta::assert_snapshot!("replaced_note_80x23", driver.screen());
    assert!(driver.screen().contains("[-twice.-]{+once, with a friend.+}"), "{}", driver.screen());
    driver.keys("e");
    assert!(driver.edits().is_empty(), "{:?}", driver.edits());
    assert!(driver.screen().contains("corrected already"), "{}", driver.screen());
    driver.keys("o");
    assert!(driver.screen().contains("Nothing stood there before"), "{}", driver.screen());
}
