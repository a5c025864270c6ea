//! A day at the keyboard (`domain.md` 5): each flow with its keys, counted, and what it ends in. Words
//! that somebody makes up are not counted; Enter is.

use super::*;
use crate::message::{Carried, Order, Plan};
use std::sync::Arc;
use tacenda_shared::id::DeviceId;
use tacenda_shared::practice::edit::{Modality, Whereabouts};
use tacenda_shared::practice::plan::Progress;
use tacenda_shared::practice::view::NoteState;

/// A driver that counts keys.
struct Counted {
    driver: Driver,
    keys: usize,
}

impl Counted {
    fn begin() -> Self {
        Self { driver: Driver::open(80, 24), keys: 0 }
    }

    fn with(sample: Sample) -> Self {
        let mut counted = Self::begin();
        counted.driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
        counted
    }

    /// Keys that count.
    fn keys(mut self, keys: &str) -> Self {
        self.keys += keys.chars().count();
        self.driver.keys(keys);
        self
    }

    /// A key that has no letter.
    fn code(mut self, code: KeyCode) -> Self {
        self.keys += 1;
        self.driver.code(code);
        self
    }

    fn shift_tab(mut self) -> Self {
        self.keys += 1;
        self.driver.key(Key::shift(KeyCode::Tab));
        self
    }

    /// Words that somebody makes up.
    fn words(mut self, words: &str) -> Self {
        self.driver.keys(words);
        self
    }

    fn answered(mut self) -> Self {
        self.driver.open_asked();
        self
    }

    /// The edits that it ended in, with no more keys than that.
    fn within(&self, limit: usize) -> Vec<&Edit> {
        assert!(self.keys <= limit, "{} keys, and {limit} are allowed", self.keys);
        self.driver.edits()
    }
}

#[test]
fn the_chart_of_the_next_session_is_one_key_away() {
    let day = Counted::begin().keys("⏎").answered();
    day.within(1);
    assert!(day.driver.screen().contains("Last plan:"), "{}", day.driver.screen());
}

#[test]
fn a_text_that_somebody_runs_late_is_logged() {
    let day = Counted::begin().keys("iT").words("running ten minutes late").keys("⏎");
    let [Edit::LogContact { contact, .. }] = day.within(5)[..] else { panic!() };
    assert_eq!((contact.channel, contact.direction), (Channel::Text, Direction::In));
}

#[test]
fn a_session_begins_and_ends() {
    let day = Counted::begin().keys("b");
    let [Edit::StampSession { change, .. }] = day.within(1)[..] else { panic!() };
    assert!(change.began.is_some() && change.ended.is_none());
    let mut sample = Sample::new();
    let before = sample::now().time.plus_millis(-3_000_000);
    sample.change(1, |row| row.stamps.began = Some(before));
    let day = Counted::with(sample).keys("b");
    let [Edit::StampSession { change, .. }] = day.within(2)[..] else { panic!() };
    assert_eq!(change.status, Some(Status::Held));
}

#[test]
fn somebody_does_not_come() {
    let day = Counted::begin().keys("sn");
    assert!(matches!(day.within(3)[..], [Edit::SetStatus { status: Status::NoShow, .. }]));
}

#[test]
fn a_series_is_moved_by_a_day_from_here_on() {
    let mut sample = Sample::new();
    let series = SeriesId::from_bytes([5; 16]);
    let of = Occurrence { series, date: date(2026, 11, 22), touched: false };
    sample.change(1, |row| row.occurrence = Some(of));
    let day = Counted::with(sample).keys("m").code(KeyCode::Right);
    let day = day.shift_tab().keys(" ⏎⏎");
    let [Edit::MoveFollowing { slot, .. }] = day.within(6)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(slot.start, date(2026, 11, 23).at(9, 0, 0, 0));
}

#[test]
fn a_time_that_came_free_is_given_to_who_waits() {
    let day = Counted::with(Sample::with_waiting()).keys("jW⏎⏎x");
    let [Edit::Book(_), Edit::Wait { waiting: None, .. }] = day.within(5)[..] else { panic!() };
}

#[test]
fn a_new_client_is_taken_in_with_how_to_reach_them_safely() {
    let day = Counted::begin()
        .keys("3n")
        .words("Nova Probeklient")
        .keys("⇥⇥⇥")
        .words("+1 555 0100")
        .keys("⇥⇥")
        .words("no voicemail")
        .keys("⏎");
    let [Edit::NewClient { contact, .. }] = day.within(15)[..] else { panic!() };
    assert_eq!(contact.phone.as_deref(), Some("+1 555 0100"));
    assert_eq!(contact.safe_contact.as_deref(), Some("no voicemail"));
}

#[test]
fn a_plan_is_reviewed_rated_and_signed() {
    let mut sample = Sample::new();
    sample.index.plans.insert(sample::client_id(1), Some(date(2026, 11, 1)));
    let day = Counted::with(sample).keys("4⏎").answered().keys("+S").words("DS").keys("⏎");
    let [Edit::ChangePlan { change, .. }, Edit::SignPlan { .. }] = day.within(10)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(change.progress, Some(Some(Progress::Most)), "the first objective is in focus");
}

#[test]
fn what_two_devices_moved_at_once_is_settled_where_it_stands() {
    // The session at 15:00.
    let mut day = Counted::begin();
    // To come there is the scan of the day, a key a row.
    day.driver.keys("jjjj");
    let day = day.keys("⏎j⏎");
    assert!(matches!(day.within(3)[..], [Edit::Move { .. }]), "{}", day.driver.screen());
}

#[test]
fn an_unsigned_note_is_signed_in_the_sweep() {
    let mut day = Counted::begin().keys("4S").answered();
    day.driver.wait(1_000);
    let day = day.words("ds").keys("⏎");
    assert!(day.keys <= 3, "{} keys a note", day.keys);
    assert!(day.driver.screen().contains("72 hours") || !day.driver.edits().is_empty());
}

#[test]
fn the_practice_opens_on_today() {
    let mut day = Counted { driver: Driver::locked(80, 24), keys: 0 };
    day = day.words("correct horse battery staple").keys("⏎");
    assert!(day.keys <= 2);
    assert!(day.driver.effects.iter().any(|effect| matches!(effect, Effect::Unlock(_))));
    day.driver.device(DeviceEvent::Unlocked(Arc::new(Sample::new().index)));
    assert!(day.driver.screen().contains("Sun 22 Nov 2026"), "{}", day.driver.screen());
}

#[test]
fn the_day_is_scanned_with_a_key_a_row() {
    let mut day = Counted::begin();
    for words in ["AK-007", "-- free", "LS-021", "DB-002"] {
        day = day.keys("j");
        let screen = day.driver.screen();
        let row = screen.lines().find(|line| line.starts_with("> ")).unwrap_or_default();
        assert!(row.contains(words), "{screen}");
    }
    day.within(4);
}

#[test]
fn a_session_by_video_begins_where_the_client_was_the_last_time() {
    let mut sample = Sample::new();
    let before = Whereabouts { place: "Sampleton, CA".into(), help: "911".into() };
    sample.change(5, |row| {
        row.slot.modality = Modality::Video;
        row.whereabouts = before.clone();
    });
    sample.change(1, |row| row.slot.modality = Modality::Video);
    let day = Counted::with(sample).keys("b⏎");
    let [Edit::StampSession { change, .. }] = day.within(2)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(change.whereabouts, Some(before));
    assert!(change.began.is_some());
}

#[test]
fn a_note_is_written_and_signed() {
    let mut day = Counted::begin().keys("N⏎").answered();
    for part in ["slept better", "on time", "improving", "go on"] {
        day = day.words(part).keys("⇥");
    }
    let mut day = day.code(KeyCode::F(8));
    day.driver.wait(1_000);
    let day = day.words("ds").keys("⏎");
    let edits = day.within(12);
    assert!(matches!(edits[0], Edit::BeginNote { session: Some(_), .. }), "{edits:?}");
    assert!(matches!(edits.last(), Some(Edit::Sign { .. })), "{edits:?} {}", day.driver.screen());
}

#[test]
fn a_session_is_cancelled_with_the_reason() {
    let day = Counted::begin().keys("sx").words("ill").keys("⏎");
    let [Edit::SetStatus { status, reason, .. }] = day.within(3)[..] else { panic!() };
    assert_eq!((*status, reason.as_deref()), (Status::CancelledByClient, Some("ill")));
}

#[test]
fn free_time_is_booked_by_a_code() {
    let mut day = Counted::begin();
    // To come there is the scan of the day.
    day.driver.keys("jj");
    let day = day.keys("nak⏎⏎");
    let [Edit::Book(booked)] = day.within(6)[..] else { panic!("{:?}", day.driver.edits()) };
    assert_eq!(booked.clients, [sample::client_id(2)]);
}

#[test]
fn a_sentence_books_a_series() {
    let day = Counted::begin().keys("n").words("ak thu 3pm weekly").keys("⏎⏎");
    let [Edit::BookSeries(series)] = day.within(4)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(series.first.slot.start, date(2026, 11, 26).at(15, 0, 0, 0));
}

#[test]
fn a_session_is_moved_by_an_hour() {
    let mut day = Counted::begin().keys("m");
    for _ in 0..4 {
        day = day.code(KeyCode::Down);
    }
    let day = day.keys("⏎");
    let [Edit::Move { slot, .. }] = day.within(6)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(slot.start.hour(), 10);
}

#[test]
fn a_call_is_logged() {
    let day = Counted::begin().keys("ic").words("asked for a receipt").keys("⏎");
    let [Edit::LogContact { contact, .. }] = day.within(6)[..] else { panic!() };
    assert_eq!((contact.channel, contact.direction), (Channel::Call, Direction::Out));
}

#[test]
fn a_client_is_found_and_the_chart_opened() {
    let day = Counted::begin().keys("/").words("ls-").keys("⏎").answered();
    day.within(2);
    assert!(day.driver.screen().contains("LS-021"), "{}", day.driver.screen());
    assert!(day.driver.screen().contains("Timeline"), "{}", day.driver.screen());
}

#[test]
fn a_client_who_waits_is_put_on_the_list() {
    let day = Counted::begin().keys("3W").words("Mon 9-12").keys("⏎");
    let [Edit::Wait { waiting: Some(waiting), .. }] = day.within(3)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(waiting.since, sample::now().time);
}

#[test]
fn a_note_that_is_missing_is_written_from_the_chart() {
    let mut sample = Sample::new();
    sample.index.drafts.clear();
    sample.change(5, |row| row.note = NoteState::Missing);
    let day = Counted::with(sample).keys("⏎").answered().keys("jN⏎");
    let [Edit::BeginNote { session, .. }] = day.within(4)[..] else {
        panic!("{:?} {}", day.driver.edits(), day.driver.screen())
    };
    assert_eq!(*session, Some(sample::appointment(5)));
}

#[test]
fn a_consent_that_ends_is_renewed() {
    let mut day = Counted::with(Sample::with_expiring()).keys("c");
    let subject = Subject::Consents(sample::client_id(1));
    let outcome = Ok(Box::new(Sample::with_expiring().consents(1)));
    day.driver.device(DeviceEvent::Opened { subject, outcome });
    let day = day.keys("jr⏎");
    assert!(matches!(day.within(4)[..], [Edit::RecordConsent { .. }]), "{}", day.driver.screen());
}

#[test]
fn a_lost_device_is_shut_out() {
    let mut day = Counted::begin().keys("7jjx");
    let plan = Plan { goes: vec!["laptop-2".to_owned()], stays: Vec::new() };
    let told = Carried::Plan(DeviceId::from_bytes([0; 16]), Ok(plan));
    day.driver.device(DeviceEvent::Carried(told));
    let day = day.words("yes").keys("⏎").words("passphrase").keys("⏎");
    day.within(6);
    let revokes = |effect: &Effect| matches!(effect, Effect::Order(Order::Revoke { .. }));
    assert!(day.driver.effects.iter().any(revokes), "{}", day.driver.screen());
}
