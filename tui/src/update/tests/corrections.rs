//! Corrections in the window: two keys in an open note, and the page on which one is signed.

use super::*;
use crate::screen::Focused;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::correction::changes::between;
use tacenda_shared::practice::correction::{
    Changed, Correcting, Held, Meanwhile, Other, Version, Versions,
};
use tacenda_shared::practice::edit::{Misfiled, NoteFormat, Part, Stamp};
use tacenda_shared::practice::times::Times;
use tacenda_shared::practice::view::{Corrected, DraftView, NoteView, TimelineEntry};

const OTHER: RecordId = RecordId::from_bytes([91; 16]);

fn version(from: &str, to: &str) -> Version {
    Version {
        record: OTHER,
        author: sample::clinician(),
        signed: Stamp { time: Timestamp::from_millis(1_795_176_000_000), zone: "UTC".to_owned() },
        because: "misheard at the telephone".to_owned(),
        changes: Some(Changed { parts: vec![(Part::Text, between(from, to))], held: None }),
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
    correcting_meanwhile(|_| None)
}

fn correcting_meanwhile(meanwhile: impl Fn(RecordId) -> Option<Meanwhile>) -> Driver {
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
    let meanwhile = meanwhile(note.record).map(Box::new);
    let view = View::Draft(DraftView { meanwhile, ..DraftView::new(row, note.parts) });
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
fn who_signs_what_was_corrected_meanwhile_is_asked_what_becomes_of_that() {
    let signed = Timestamp::from_millis(1_795_176_000_000);
    let other = Other { record: OTHER, author: sample::clinician(), signed };
    let known = |is_replaced| {
        move |note| Some(Meanwhile { note, is_replaced, others: vec![other], held: None })
    };
    let signing = |is_replaced| {
        let mut driver = correcting_meanwhile(known(is_replaced));
        driver.key(Key::plain(KeyCode::F(8))).wait(1_000);
        assert!(driver.screen().contains("! "), "{}", driver.screen());
        driver.keys("misheard⏎").wait(1_000).keys("ds⏎").wait(1_000);
        assert_eq!(reason(&driver), None, "nothing is signed yet");
        driver
    };
    let over = |driver: &Driver| {
        driver.edits().into_iter().find_map(|edit| match edit {
            Edit::SignOver(sign) => Some((sign.because.clone(), sign.replaces.clone())),
            _ => None,
        })
    };
    let because = "misheard".to_owned();
    let mut driver = signing(true);
    insta::assert_snapshot!("corrected_meanwhile_80x23", driver.screen());
    driver.keys("j⏎");
    assert_eq!(over(&driver), Some((because.clone(), [OTHER].into())), "{}", driver.screen());
    let mut driver = signing(true);
    driver.keys("jj⏎");
    assert_eq!(over(&driver), Some((because.clone(), [].into())));

    let mut driver = signing(false);
    driver.keys("j⏎");
    let (_, replaced) = over(&driver).unwrap();
    assert_eq!(replaced.len(), 2, "both");
    // Looking at the other leads back to the page; so does the last answer.
    let mut driver = signing(false);
    driver.keys("jjj⏎");
    assert!(driver.screen().contains("Why corrected"), "{}", driver.screen());
    let mut driver = signing(false);
    driver.keys("⏎");
    let opened = driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(Subject::Note(_, record), _) => Some(*record),
        _ => None,
    });
    assert_eq!(opened, Some(OTHER));
    driver.key(Key::plain(KeyCode::Esc));
    assert!(driver.screen().contains("Why corrected"), "{}", driver.screen());
    assert_eq!(over(&driver), None);
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
    let before = vec![version("Slept worse.", "Slept better.")];
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

/// What a key of the reader opened last.
fn opened(driver: &Driver) -> Option<RecordId> {
    driver.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(Subject::Note(_, record), _) => Some(*record),
        _ => None,
    })
}

/// Back from version to version, and from the first to the newest; what lies open below is not opened twice.
#[test]
fn a_key_leads_from_the_newest_to_the_first_and_back_to_the_newest() {
    let before = vec![version("Slept worse.", "Slept better.")];
    let (mut driver, note) =
        reader(sample::clinician(), Versions { before, ..Versions::default() });
    driver.keys("o");
    let old = NoteView {
        record: OTHER,
        versions: Some(Box::new(Versions {
            after: vec![version("Slept worse.", "Slept better.")],
            newest: Some(note.record),
            ..Versions::default()
        })),
        ..note.clone()
    };
    let subject = Subject::Note(note.client, OTHER);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(View::Note(old.clone()))) });
    let depth = |driver: &Driver| driver.model.desk().unwrap().screens.len();
    let (deep, effects) = (depth(&driver), driver.effects.len());
    driver.keys("o");
    assert_eq!(depth(&driver), deep - 1);
    let again = driver.effects[effects..].iter().any(|effect| matches!(effect, Effect::Open(..)));
    assert!(!again && driver.screen().contains("SIGNED, corrected"), "{}", driver.screen());

    // Whoever comes from elsewhere, as from a link in a search, gets to the newest as well.
    let newest = RecordId::from_bytes([92; 16]);
    let versions = Versions { newest: Some(newest), ..*old.versions.unwrap() };
    let (mut driver, _) = reader(sample::clinician(), versions);
    driver.keys("o");
    assert_eq!(opened(&driver), Some(newest));

    // Of two that it settled one is chosen.
    let mut second = version("Slept long.", "Slept better.");
    second.record = newest;
    let before = vec![version("Slept worse.", "Slept better."), second];
    let (mut driver, _) = reader(sample::clinician(), Versions { before, ..Versions::default() });
    driver.keys("o");
    assert!(driver.screen().contains("What stood there before?"), "{}", driver.screen());
    driver.keys("j⏎");
    assert_eq!(opened(&driver), Some(newest));
}

#[test]
fn the_page_says_from_when_to_when_the_session_was_and_what_was_signed_of_that() {
    let at = |minutes: i64| Timestamp::from_millis(1_795_176_000_000 + minutes * 60_000);
    let was = Times { began: Some(at(0)), ended: Some(at(45)), ..Times::default() };
    let held = Some(Held { was, now: (at(0), at(50)) });
    let known = move |note| {
        let held = held.clone();
        Some(Meanwhile { note, is_replaced: false, others: Vec::new(), held })
    };
    let mut driver = correcting_meanwhile(known);
    driver.key(Key::plain(KeyCode::F(8))).wait(1_000);
    let says = "Held 13:00 to 13:50, was 13:00 to 13:45";
    assert!(driver.screen().contains(says), "{}", driver.screen());
    insta::assert_snapshot!("correction_with_times_80x23", driver.screen());
}

#[test]
fn the_focus_of_a_chart_follows_a_note_to_what_stands_in_its_place() {
    let mut driver = Driver::open(80, 23);
    driver.keys("⏎").open_asked().keys("jjj");
    let focused = |driver: &Driver| {
        let desk = driver.model.desk().unwrap();
        driver.model.situation(desk).focused
    };
    let Focused::Record(client, note) = focused(&driver) else { panic!("{}", driver.screen()) };
    // A draft comes above it, and then the correction in its place.
    let sample = Sample::new();
    let mut index = sample.index.clone();
    let rows = std::sync::Arc::make_mut(index.timelines.get_mut(&client).unwrap());
    for row in rows.iter_mut() {
        if let TimelineEntry::Note { record, corrected, .. } = &mut row.entry
            && *record == note
        {
            let at = row.time;
            (*record, *corrected) = (OTHER, Some(Corrected { at, beside: 0, first: note }));
        }
    }
    let draft = DraftRow { note: ObjectId::from_bytes([41; 16]), ..index.drafts[0].clone() };
    index.drafts.insert(0, DraftRow { client, ..draft });
    driver.device(DeviceEvent::Changed(std::sync::Arc::new(index)));
    let View::Chart(chart) = sample.chart(1) else { panic!("a chart") };
    let (subject, view) = (Subject::Chart(client), Box::new(View::Chart(chart)));
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(view) });
    assert_eq!(focused(&driver), Focused::Record(client, OTHER), "{}", driver.screen());
}
