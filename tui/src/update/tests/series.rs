//! What of a series changes, who comes, and what is called off in one act.

use crate::input::{Key, KeyCode};
use crate::message::{DeviceEvent, Effect};
use crate::screen::parts::sample::{self, Driver, Sample};
use jiff::civil::{Date, date};
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, SeriesId};
use tacenda_shared::practice::edit::{AppointmentKind, Edit, Status, WhoChange};
use tacenda_shared::practice::view::{Occurrence, SeriesRow};

const SERIES: SeriesId = SeriesId::from_bytes([4; 16]);

/// The second appointment of today, at ten, is one of a series with more dates.
fn with_series(rule: &str, dates: &[Date]) -> Driver {
    let mut driver = Driver::open(80, 24);
    driver.device(DeviceEvent::Changed(Arc::new(with_series_of(rule, dates).index)));
    driver
}

fn with_series_of(rule: &str, dates: &[Date]) -> Sample {
    let mut sample = Sample::new();
    let first = sample.index.appointments[&sample::appointment(2)].clone();
    for (number, date) in (100..).zip(dates) {
        let mut row = (*first).clone();
        row.id = AppointmentId::from_bytes([number; 16]);
        row.slot.start = date.to_datetime(first.slot.start.time());
        row.starts = crate::screen::parts::when::moment(row.slot.start, sample::ZONE);
        row.status = Status::Booked;
        row.occurrence = Some(Occurrence { series: SERIES, date: *date, touched: false });
        sample.index.days.entry(*date).or_default().push(row.id);
        sample.index.appointments.insert(row.id, Arc::new(row));
    }
    let one = Occurrence { series: SERIES, date: sample::today(), touched: false };
    sample.change(2, |row| row.occurrence = Some(one));
    let mut slot = first.slot.clone();
    slot.start = date(2026, 11, 1).to_datetime(slot.start.time());
    let row = SeriesRow {
        id: SERIES,
        clients: first.clients.clone(),
        kind: first.kind,
        slot,
        rule: rule.parse().unwrap(),
        last: None,
        skipped: Default::default(),
        parted: Vec::new(),
        ends_with: Default::default(),
        goes_on: Default::default(),
        memo: String::new(),
    };
    sample.index.series.insert(SERIES, Arc::new(row));
    sample
}

fn edit(driver: &Driver) -> Edit {
    let [edit] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    edit.clone()
}

#[test]
fn all_of_a_series_that_has_begun_is_all_that_is_to_come() {
    let weekly = [date(2026, 11, 15), date(2026, 11, 29), date(2026, 12, 6)];
    let mut driver = with_series("FREQ=WEEKLY", &weekly);
    // On a date of two weeks on: a day later, an hour later, all of it.
    driver.keys("gd6 dec⏎m").code(KeyCode::Right).keys("jjjj");
    driver.key(Key::shift(KeyCode::Tab)).keys("  ");
    let screen = driver.screen();
    assert!(screen.contains("Changes  < all to come >"), "{screen}");
    assert!(
        screen.contains("= all from Mon 23 Nov 11:00 on; what was before stays"),
        "the next is today's, in twenty minutes, and it goes to tomorrow: {screen}"
    );
    driver.keys("⏎⏎");
    let Edit::MoveFollowing { series, from, slot } = edit(&driver) else { panic!() };
    assert_eq!((series, from), (SERIES, sample::today()));
    assert_eq!(slot.start, date(2026, 11, 23).at(11, 0, 0, 0));
}

#[test]
fn all_to_come_begins_with_the_first_that_does_not_go_into_the_past() {
    let mut driver = with_series("FREQ=WEEKLY", &[date(2026, 11, 29), date(2026, 12, 6)]);
    driver.keys("gd6 dec⏎m").code(KeyCode::Left);
    driver.key(Key::shift(KeyCode::Tab)).keys("  ");
    let screen = driver.screen();
    assert!(
        screen.contains("= all from Sat 28 Nov 10:00 on"),
        "today's would go to yesterday: {screen}"
    );
    driver.keys("⏎⏎");
    let Edit::MoveFollowing { from, slot, .. } = edit(&driver) else { panic!() };
    assert_eq!((from, slot.start), (date(2026, 11, 29), date(2026, 11, 28).at(10, 0, 0, 0)));
}

#[test]
fn what_ends_with_a_series_and_what_goes_on_with_others_is_said() {
    let dates = [date(2026, 11, 29), date(2026, 12, 6), date(2026, 12, 13)];
    let (weekday, other) = (SeriesId::from_bytes([5; 16]), SeriesId::from_bytes([6; 16]));
    let mut sample = with_series_of("FREQ=WEEKLY", &dates);
    for (number, series) in [(101, weekday), (102, other)] {
        let id = AppointmentId::from_bytes([number; 16]);
        let row = Arc::make_mut(sample.index.appointments.get_mut(&id).unwrap());
        row.occurrence = row.occurrence.map(|one| Occurrence { series, ..one });
        if series == other {
            row.clients = vec![sample::client_id(3)];
        }
    }
    let row = Arc::make_mut(sample.index.series.get_mut(&SERIES).unwrap());
    (row.ends_with, row.goes_on) = ([weekday].into(), [other].into());
    let mut driver = Driver::open(120, 24);
    driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
    driver.keys("jse");
    let Some(Effect::Edit { ticket, .. }) = driver.effects.last() else { panic!() };
    let ticket = *ticket;
    driver.device(DeviceEvent::Applied { ticket, outcome: Ok(None) });
    let screen = driver.screen();
    let words = "AK-007: the series ends before Sun 22 Nov, also that of Sun 6 Dec; \
                 LS-021 goes on";
    assert!(screen.contains(words), "{screen}");
}

#[test]
fn of_several_weekdays_the_form_says_which_one_goes() {
    // Sundays and Wednesdays; the Sunday in focus goes to Tuesday.
    let mut driver = with_series("FREQ=WEEKLY;BYDAY=SU,WE", &[date(2026, 11, 25)]);
    driver.keys("jm").code(KeyCode::Right).code(KeyCode::Right);
    driver.key(Key::shift(KeyCode::Tab)).keys(" ");
    let screen = driver.screen();
    let words = "= only each Sun, from Tue 24 Nov 10:00 on; the other days stay";
    assert!(screen.contains(words), "{screen}");
    driver.keys(" ");
    assert!(driver.screen().contains(words), "all of them are all Sundays: {}", driver.screen());
    driver.code(KeyCode::Esc).keys("hh").key(Key::shift(KeyCode::Tab));
    let screen = driver.screen();
    assert!(screen.contains("= all from Sun 22 Nov 10:00 on"), "{screen}");
}

#[test]
fn somebody_is_added_to_one_and_from_here_on_and_taken_out_by_the_same_key() {
    let mut driver = with_series("FREQ=WEEKLY", &[]);
    driver.keys("jmc");
    let screen = driver.screen();
    assert!(screen.contains("A code adds somebody, or takes them out"), "{screen}");
    driver.keys("ls");
    assert!(driver.screen().contains("Enter adds LS-021"), "{}", driver.screen());
    driver.keys("⏎");
    let screen = driver.screen();
    assert!(screen.contains("AK-007 / LS-021") && screen.contains("< couple >"), "{screen}");
    driver.keys("⏎");
    let joins = WhoChange {
        joins: vec![sample::client_id(3)],
        leaves: Vec::new(),
        kind: Some(AppointmentKind::Couple),
    };
    let appointment = sample::appointment(2);
    assert_eq!(edit(&driver), Edit::ChangeWho { appointment, who: joins.clone() });

    // Moved, too: one act.
    let mut driver = with_series("FREQ=WEEKLY", &[]);
    driver.keys("jmcls⏎l⏎");
    let Edit::Together(edits) = edit(&driver) else { panic!() };
    assert!(matches!(edits[..], [Edit::Move { .. }, Edit::ChangeWho { .. }]), "{edits:?}");

    let mut driver = with_series("FREQ=WEEKLY", &[]);
    driver.keys("jmcls⏎").key(Key::shift(KeyCode::Tab)).keys(" ⏎⏎");
    let Edit::ChangeFollowing { from, who, .. } = edit(&driver) else { panic!() };
    assert_eq!((from, who), (sample::today(), joins));

    let mut driver = with_series("FREQ=WEEKLY", &[]);
    driver.keys("jmcak");
    assert!(driver.screen().contains("Enter takes AK-007 out"), "{}", driver.screen());
    driver.keys("⏎⏎");
    assert!(driver.edits().is_empty());
    assert!(driver.screen().contains("Nobody would come"), "{}", driver.screen());
}

#[test]
fn a_holiday_is_left_out_in_one_act_of_one_client_or_of_everybody() {
    let dates = [date(2026, 12, 20), date(2026, 12, 27), date(2027, 1, 3), date(2027, 1, 10)];
    let begin = || {
        let mut driver = with_series("FREQ=WEEKLY", &dates);
        driver.keys("jsD21 dec to 3 jan");
        driver
    };
    let mut driver = begin();
    let screen = driver.screen();
    assert!(screen.contains("= Mon 21 Dec 2026 to Sun 3 Jan 2027"), "{screen}");
    driver.keys("⏎");
    let screen = driver.screen();
    assert!(screen.contains("2 appointments of AK-007"), "{screen}");
    assert!(screen.contains("2 appointments of everybody"), "{screen}");
    assert!(driver.edits().is_empty(), "nothing yet");
    driver.keys("⏎");
    let skip = |date| Edit::SkipOccurrence { series: SERIES, date, skipped: true };
    assert_eq!(edit(&driver), Edit::Together(vec![skip(dates[1]), skip(dates[2])]));

    // Today, and what is over: only what is to come, whoever it is; what stands alone is cancelled.
    let mut driver = Driver::open(80, 24);
    driver.keys("jjsDtoday⏎⏎");
    let Edit::Together(edits) = edit(&driver) else { panic!() };
    let cancelled =
        |edit: &Edit| matches!(edit, Edit::SetStatus { status: Status::CancelledByClinician, .. });
    assert!(edits.len() > 1 && edits.iter().all(cancelled), "{edits:?}");
    let gone = Edit::SetStatus {
        appointment: sample::appointment(1),
        status: Status::CancelledByClinician,
        reason: Some("Away from 22 Nov to 22 Nov".into()),
    };
    assert!(!edits.contains(&gone), "that one has begun");
}

#[test]
fn of_a_client_who_died_everything_is_called_off_in_one_act_if_that_is_wanted() {
    let dates = [date(2026, 11, 29), date(2026, 12, 6)];
    let mut driver = with_series("FREQ=WEEKLY", &dates);
    driver.keys("/ak⏎gx").code(KeyCode::Backspace).keys("today⏎");
    let screen = driver.screen();
    assert!(screen.contains("AK-007 still has 3 appointments to come"), "{screen}");
    let [Edit::NoteDeath { .. }] = driver.edits()[..] else { panic!("{:?}", driver.edits()) };
    driver.keys("j⏎");
    let Some(Effect::Edit { edit: Edit::Together(edits), .. }) = driver.effects.last() else {
        panic!("{:?}", driver.effects)
    };
    let last = sample::today().yesterday().ok();
    assert_eq!(edits[..], [Edit::EndSeries { series: SERIES, last }]);
    let mut driver = with_series("FREQ=WEEKLY", &dates);
    driver.keys("/ak⏎gx").code(KeyCode::Backspace).keys("today⏎⏎");
    assert_eq!(driver.edits().len(), 1, "they stay");
}

#[test]
fn the_form_warns_before_somebody_is_booked_who_died_or_is_in_the_archive() {
    for (died, archived, words) in [
        (Some(date(2026, 11, 20)), false, "AK-007 DIED 20 Nov"),
        (None, true, "AK-007 is in the ARCHIVE"),
    ] {
        let mut sample = Sample::new();
        let row = sample.index.clients.get_mut(&sample::client_id(2)).unwrap();
        let row = Arc::make_mut(row);
        (row.died, row.archived) = (died, archived);
        let mut driver = Driver::open(80, 24);
        driver.device(DeviceEvent::Changed(Arc::new(sample.index)));
        driver.keys("jm");
        assert!(driver.screen().contains(words), "{}", driver.screen());
        driver.keys("⏎");
        assert_eq!(driver.edits().len(), 1, "it is possible");
    }
}

#[test]
fn several_weekdays_are_booked_by_a_sentence_and_move_along_with_the_first() {
    let mut driver = Driver::open(80, 24);
    driver.keys("jjnak every mon and thu 3pm");
    let screen = driver.screen();
    assert!(screen.contains("Repeats  < weekly Mon/Thu >"), "{screen}");
    driver.keys("⏎").code(KeyCode::Right).keys("⏎");
    let Edit::BookSeries(new) = edit(&driver) else { panic!("{:?}", driver.edits()) };
    assert_eq!(new.first.slot.start.date(), date(2026, 11, 24));
    assert_eq!(new.rule.to_string(), "FREQ=WEEKLY;BYDAY=TU,FR");
}
