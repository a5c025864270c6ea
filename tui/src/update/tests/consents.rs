//! Consents, in keys.

use super::*;
use crate::keymap::Verb;
use crate::screen::Focused;
use std::sync::Arc;
use tacenda_shared::practice::consent::{
    ConsentEnd, ConsentHow, ConsentKind, ConsentRow, NewConsent,
};
use tacenda_shared::practice::view::{TimelineEntry, TimelineRow};

/// The consents of the first client, one of which expires soon.
fn consents(columns: u16, rows: u16) -> Driver {
    let mut driver = expiring(columns, rows);
    driver.keys("c");
    let subject = Subject::Consents(sample::client_id(1));
    let view = Sample::with_expiring().consents(1);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
    driver
}

fn expiring(columns: u16, rows: u16) -> Driver {
    let mut driver = Driver::open(columns, rows);
    let index = Sample::with_expiring().index;
    driver.device(DeviceEvent::Changed(Arc::new(index)));
    driver
}

fn last(driver: &Driver) -> (RecordId, NewConsent) {
    match driver.edits().last() {
        Some(Edit::RecordConsent { client, record, consent }) => {
            assert_eq!(*client, sample::client_id(1));
            (*record, (**consent).clone())
        }
        other => panic!("{other:?}"),
    }
}

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

/// A usual consent is written down with three keys: consents, new, Enter.
#[test]
fn what_the_client_lacks_most_is_written_down_with_three_keys() {
    let mut driver = Driver::open(80, 24);
    // Nobody has said what the third client consents to.
    driver.keys("jjjc").open_asked();
    assert!(driver.screen().contains("Nothing is written down yet: n"), "{}", driver.screen());
    driver.keys("n⏎");
    match driver.edits().last() {
        Some(Edit::RecordConsent { client, consent, .. }) => {
            assert_eq!(*client, sample::client_id(3));
            let usual =
                NewConsent::new(ConsentKind::Treatment, date(2026, 11, 22), ConsentHow::InSession);
            assert_eq!(**consent, usual);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_release_says_to_whom_what_is_covered_since_when_and_until_when() {
    let mut driver = consents(80, 24);
    driver.keys("n");
    let screen = driver.screen();
    assert!(screen.contains("< release >"), "nothing else is lacking: {screen}");
    driver.keys("⏎");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("To whom may something be told?"));
    driver.keys("Dr. Sampleton⇥diagnosis and dates⇥⇥1 nov");
    assert!(driver.screen().contains("= Sun 1 Nov 2026"), "{}", driver.screen());
    driver.keys("⇥1 feb 2027⇥s⇥only him⏎");
    let (_, consent) = last(&driver);
    assert_eq!(consent.kind, ConsentKind::Release);
    assert_eq!(consent.recipient, "Dr. Sampleton");
    assert_eq!(consent.covers, "diagnosis and dates");
    assert_eq!(consent.given, date(2026, 11, 1));
    assert_eq!(consent.until, Some(date(2027, 2, 1)));
    assert_eq!(consent.how, ConsentHow::SignedForm);
    assert_eq!((consent.said.as_str(), consent.refused), ("only him", false));
}

#[test]
fn what_is_refused_has_no_end_and_what_cannot_be_is_not_saved() {
    let mut driver = consents(80, 24);
    // For a recording; covers; answer: refused.
    driver.keys("nr⇥⇥r");
    let screen = driver.screen();
    assert!(screen.contains("< refused >") && !screen.contains("Until"), "{screen}");
    driver.keys("⏎");
    let (_, consent) = last(&driver);
    assert_eq!(consent.kind, ConsentKind::Recording);
    assert!(consent.refused && consent.until.is_none());

    let mut driver = consents(80, 24);
    driver.keys("nt⇥⇥⇥tomorrow⏎");
    assert!(driver.screen().contains("That is no day that has been."), "{}", driver.screen());
    driver.keys("⎋nt⇥⇥⇥⇥1 nov 2026⏎");
    assert!(driver.screen().contains("It ends before it begins."), "{}", driver.screen());
    assert!(driver.edits().is_empty());
}

#[test]
fn one_that_expires_is_renewed_for_as_long_again_with_two_keys() {
    let mut driver = consents(80, 24);
    driver.keys("jr");
    assert!(driver.screen().contains(": renew telehealth"), "{}", driver.screen());
    driver.keys("⏎");
    let (record, consent) = last(&driver);
    assert_eq!(consent.kind, ConsentKind::Telehealth);
    assert_eq!(consent.renews, Some(id(82)));
    assert_eq!(consent.given, date(2026, 11, 22));
    assert_eq!(consent.until, Some(date(2027, 11, 25)));
    assert_eq!(consent.covers, "sessions by video; nothing is recorded");
    assert_eq!(consent.said, "", "what was said then was not said now");
    assert_ne!(record, id(82));
}

/// Taking back takes as many keys as giving (GDPR 7(3)).
#[test]
fn a_consent_is_revoked_with_two_keys_or_with_the_reason_and_the_day() {
    let mut driver = consents(80, 24);
    driver.keys("jx⏎");
    let revoke = |day, why: &str| Edit::RevokeConsent {
        client: sample::client_id(1),
        record: id(82),
        revoked: Some((day, why.to_owned())),
    };
    assert_eq!(driver.edits(), [&revoke(date(2026, 11, 22), "")]);
    driver.keys("x");
    driver.keys("moved on to others on 3 nov");
    assert!(driver.screen().contains("= revoked on Tue 3 Nov 2026"), "{}", driver.screen());
    driver.keys("⏎");
    assert_eq!(driver.edits()[1], &revoke(date(2026, 11, 3), "moved on to others"));
    // What is no day stays a part of the reason.
    driver.keys("x").keys("would rather go on foot⏎");
    assert_eq!(driver.edits()[2], &revoke(date(2026, 11, 22), "would rather go on foot"));
}

#[test]
fn what_was_a_mistake_is_struck_or_brought_back_and_a_refusal_is_never_revoked() {
    let mut driver = consents(80, 24);
    driver.keys("jX");
    let strike = |number, struck| Edit::StrikeConsent {
        client: sample::client_id(1),
        record: id(number),
        struck,
    };
    assert_eq!(driver.edits(), [&strike(82, true)]);
    driver.keys("jx");
    assert!(driver.screen().contains("It was refused, and never given."), "{}", driver.screen());
    driver.keys("jx⏎");
    let not = Edit::RevokeConsent { client: sample::client_id(1), record: id(84), revoked: None };
    assert_eq!(driver.edits()[1], &not);
    driver.keys("jx");
    assert!(driver.screen().contains("It was struck as a mistake"), "{}", driver.screen());
    driver.keys("r");
    assert!(driver.screen().contains("It was struck as a mistake"), "{}", driver.screen());
    driver.keys("X");
    assert_eq!(driver.edits()[2], &strike(85, false));
}

#[test]
fn who_comes_by_video_without_consent_is_marked_and_the_session_begins_all_the_same() {
    let driver = Driver::open(80, 24);
    assert!(!driver.screen().contains("consent?"), "all of the sample have consented");
    let mut driver = expiring(80, 24);
    let screen = driver.screen();
    let of = |code: &str| screen.lines().find(|line| line.contains(code)).unwrap().to_owned();
    assert!(of("AK-007").contains("consent?"), "{screen}");
    assert!(!of("JM-014").contains("consent?"), "in the office");
    assert!(!of("DB-002").contains("consent?"), "moved twice is said first: {screen}");
    let status = driver.model.sync.clone();
    let arriving = Some((3, 10));
    driver.device(DeviceEvent::Sync(crate::message::SyncStatus { arriving, ..status.clone() }));
    assert!(!driver.screen().contains("consent?"), "nobody knows while charts are on their way");
    driver.device(DeviceEvent::Sync(status));
    // Its card, then the session.
    driver.keys("j");
    assert!(driver.screen().contains("Consent     none to telehealth"), "{}", driver.screen());
    driver.keys("b");
    let screen = driver.screen();
    assert!(screen.contains("NO CONSENT TO TELEHEALTH on file: AK-007."), "{screen}");
    driver.keys("Sampleton; 911⏎");
    assert!(matches!(driver.edits().last(), Some(Edit::StampSession { .. })), "no wall");
}

#[test]
fn what_expires_stands_under_to_finish_and_leads_to_the_consents() {
    let mut driver = expiring(80, 24);
    driver.keys("4G");
    let screen = driver.screen();
    let line = screen.lines().find(|line| line.contains("consent to")).unwrap_or_default();
    assert!(line.contains("25 Nov") && line.contains("JM-014"), "{screen}");
    assert!(line.contains("consent to telehealth expires"), "{screen}");
    driver.keys("⏎");
    let subject = Subject::Consents(sample::client_id(1));
    let asked = driver
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Open(asked, _) if *asked == subject));
    assert!(asked);
    let view = Sample::with_expiring().consents(1);
    driver.device(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
    driver.keys("r⏎");
    assert_eq!(last(&driver).1.renews, Some(id(82)), "it is in focus");
}

/// To whom something is told is a name.
#[test]
fn a_recipient_is_hidden_while_names_are() {
    let mut driver = consents(80, 24);
    driver.keys("jjj");
    assert!(!driver.screen().contains("Sampleton"), "{}", driver.screen());
    driver.keys("r");
    assert!(driver.screen().contains(": renew release: hidden"), "{}", driver.screen());
    driver.keys("⎋kk");
    let hidden = driver.screen();
    assert!(hidden.contains("What is covered  hidden (F9 shows)"), "{hidden}");
    driver.code(KeyCode::F(9));
    assert!(!driver.screen().contains("hidden (F9 shows)"), "{}", driver.screen());
    driver.keys("jj");
    assert!(driver.screen().contains("release: Dr. Sample~"), "{}", driver.screen());
}

/// The first client and a duplicate, under whom a consent stands.
fn with_twin() -> (Driver, Sample) {
    let mut sample = Sample::with_twin();
    let (kept, twin) = (sample::client_id(1), sample::client_id(2));
    let (kind, until, end) = (ConsentKind::Telehealth, None, None);
    let row = ConsentRow { record: id(91), kind, given: date(2026, 11, 2), until, end };
    sample.index.consents.insert(twin, Arc::new(vec![row]));
    let rows = Arc::make_mut(sample.index.timelines.get_mut(&kept).unwrap());
    let entry = TimelineEntry::Consent { record: id(91), kind, until, end };
    rows.insert(0, TimelineRow { time: rows[0].time, client: twin, entry });
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index.clone())));
    (driver, sample)
}

#[test]
fn what_stands_under_a_duplicate_is_revoked_there_from_the_chart_that_shows_both() {
    let (mut driver, sample) = with_twin();
    let (kept, client) = (sample::client_id(1), sample::client_id(2));
    driver.keys("⏎");
    let outcome = Ok(Box::new(sample.chart(1)));
    driver.device(DeviceEvent::Opened { subject: Subject::Chart(kept), outcome });
    // Two drafts, a task and three sessions stand above it.
    driver.keys("ggjjjjjjx⏎");
    let revoked = Some((date(2026, 11, 22), String::new()));
    let revoke = Edit::RevokeConsent { client, record: id(91), revoked };
    assert_eq!(driver.edits(), [&revoke], "{}", driver.screen());
    driver.keys("⏎");
    let shows =
        |one: &Effect| matches!(one, Effect::Open(Subject::Consents(of), _) if *of == client);
    assert!(driver.effects.iter().any(shows), "{}", driver.screen());
}

/// Whoever of both the list names.
#[test]
fn a_consent_is_found_under_whichever_entry_of_the_person_it_stands() {
    let (kept, client) = (sample::client_id(1), sample::client_id(2));
    let run = |driver: &mut Driver, verb| {
        let focused = Focused::Consent(kept, id(91));
        crate::update::consents::run(&mut driver.model, verb, focused).unwrap()
    };
    let (mut driver, _) = with_twin();
    run(&mut driver, Verb::Cancel);
    driver.keys("⏎");
    let revoked = Some((date(2026, 11, 22), String::new()));
    assert_eq!(driver.edits(), [&Edit::RevokeConsent { client, record: id(91), revoked }]);
    let (mut driver, _) = with_twin();
    let effects = run(&mut driver, Verb::Strike);
    let strike = Edit::StrikeConsent { client, record: id(91), struck: true };
    assert!(effects.iter().any(|one| matches!(one, Effect::Edit { edit, .. } if *edit == strike)));
    let (mut driver, mut sample) = with_twin();
    let rows = Arc::make_mut(sample.index.consents.get_mut(&client).unwrap());
    rows[0].end = Some(ConsentEnd::Revoked(date(2026, 11, 20)));
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    run(&mut driver, Verb::Cancel);
    driver.keys("⏎");
    assert_eq!(driver.edits(), [&Edit::RevokeConsent { client, record: id(91), revoked: None }]);
    let shown = crate::update::consents::open(&mut driver.model, kept, Some(id(91)));
    let subject = Subject::Consents(client);
    assert!(shown.iter().any(|effect| matches!(effect, Effect::Open(of, _) if *of == subject)));
}
