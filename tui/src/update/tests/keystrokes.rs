//! A day at the keyboard (`domain.md` 5): each flow with its keys, counted, and what it ends in. Words
//! that somebody makes up are not counted; Enter is.

use super::*;
use std::sync::Arc;
use tacenda_shared::practice::plan::Progress;

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
    let mut day = Counted::with(sample).keys("m");
    day.driver.code(KeyCode::Right);
    day.keys += 1;
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
