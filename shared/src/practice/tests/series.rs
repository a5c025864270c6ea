//! Series: what is agreed once and takes place again and again.

use super::world::{World, ZONE, appointment, member, slot};
use crate::id::{AppointmentId, ClientId, MemberId, SeriesId};
use crate::practice::Refusal;
use crate::practice::edit::{Edit, NewSeries, NoteFormat, Slot, Status, WhoChange};
use crate::practice::view::{AppointmentRow, NoteState};
use crate::practice::zone;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const SERIES: SeriesId = SeriesId::from_bytes([7; 16]);

fn series(client: ClientId, rule: &str, slot: Slot) -> Edit {
    let first = appointment(AppointmentId::from_bytes([0; 16]), client, slot);
    let rule = rule.parse().unwrap();
    Edit::BookSeries(Box::new(NewSeries { series: SERIES, first, rule }))
}

/// The dates on which anything takes place, in order.
fn dates(world: &World, desk: usize, count: usize) -> Vec<Date> {
    world.desks[desk].index().days.keys().copied().take(count).collect()
}

fn on(world: &World, desk: usize, day: Date) -> Vec<AppointmentRow> {
    let index = world.desks[desk].index();
    let ids = index.days.get(&day).into_iter().flatten();
    ids.map(|id| (*index.appointments[id]).clone()).collect()
}

fn begin(rule: &str) -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    world.act(0, series(client, rule, slot(member(1), 10))).unwrap();
    world.sync();
    (world, client)
}

#[test]
fn a_weekly_session_stands_in_every_week_for_a_year_ahead_on_every_device() {
    let (world, client) = begin("FREQ=WEEKLY");
    for desk in 0..2 {
        let expected = [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)];
        assert_eq!(dates(&world, desk, 3), expected);
        let index = world.desks[desk].index();
        assert_eq!(index.days.keys().next_back(), Some(&date(2027, 12, 27)));
        let [row] = &on(&world, desk, date(2026, 12, 7))[..] else { panic!("one") };
        assert_eq!(row.clients, [client]);
        assert_eq!((row.status, row.note), (Status::Booked, NoteState::Missing));
    }
}

#[test]
fn a_session_at_ten_stays_at_ten_when_the_clocks_change() {
    let (world, _) = begin("FREQ=WEEKLY");
    let hours = |day| {
        let [row] = &on(&world, 0, day)[..] else { panic!("one on {day}") };
        (row.slot.start.hour(), zone::local(row.starts, "UTC").hour())
    };
    // Vienna: one hour ahead of UTC in winter, two in summer.
    assert_eq!(hours(date(2027, 3, 22)), (10, 9));
    assert_eq!(hours(date(2027, 3, 29)), (10, 8));
    assert_eq!(hours(date(2027, 10, 25)), (10, 8));
    assert_eq!(hours(date(2027, 11, 1)), (10, 9));
    assert_eq!(ZONE, "Europe/Vienna");
}

#[test]
fn an_occurrence_that_is_moved_or_has_happened_is_itself_and_the_others_stay() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let [row] = &on(&world, 0, date(2026, 11, 30))[..] else { panic!("one") };
    let id = row.id;
    let mut later = row.slot.clone();
    later.start = date(2026, 12, 2).at(15, 0, 0, 0);
    let undo = world.act(0, Edit::Move { appointment: id, slot: later }).unwrap().unwrap();
    let [held] = &on(&world, 0, date(2026, 11, 23))[..] else { panic!("one") };
    let held = held.id;
    world
        .act(0, Edit::SetStatus { appointment: held, status: Status::Held, reason: None })
        .unwrap();
    let note = world.begin(0, 9, client, Some(held), NoteFormat::Free);
    world.sync();
    for desk in 0..2 {
        let expected = [date(2026, 11, 23), date(2026, 12, 2), date(2026, 12, 7)];
        assert_eq!(dates(&world, desk, 3), expected, "desk {desk}");
        let row = world.desks[desk].index().appointments[&held].clone();
        assert_eq!((row.status, row.note), (Status::Held, NoteState::Draft(note)));
        assert!(row.occurrence.is_some_and(|one| one.touched && one.date == date(2026, 11, 23)));
    }
    let (changes, _) = world.desks[0].undo(undo).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(dates(&world, 1, 2), [date(2026, 11, 23), date(2026, 11, 30)]);
}

#[test]
fn a_note_about_an_occurrence_makes_it_an_appointment_and_a_refused_one_does_not() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let [row] = &on(&world, 0, date(2026, 11, 30))[..] else { panic!("one") };
    let (id, before) = (row.id, world.desks[0].index());
    let stranger = ClientId::from_bytes([9; 16]);
    let note = crate::id::ObjectId::from_bytes([3; 16]);
    let begin =
        |client| Edit::BeginNote { note, client, session: Some(id), format: NoteFormat::Free };
    assert_eq!(world.act(0, begin(stranger)), Err(Refusal::UnknownClient));
    assert_eq!(*world.desks[0].index(), *before);
    world.act(0, begin(client)).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(world.desks[desk].index().appointments[&id].note, NoteState::Draft(note));
    }
}

#[test]
fn this_and_all_that_follow_go_elsewhere_and_undo_brings_them_back() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let mut tuesday = slot(member(1), 11);
    tuesday.start = date(2026, 12, 8).at(11, 0, 0, 0);
    let from = date(2026, 12, 7);
    let edit = Edit::MoveFollowing { series: SERIES, from, slot: tuesday };
    let undo = world.act(0, edit).unwrap().unwrap();
    world.sync();
    let moved = [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 8), date(2026, 12, 15)];
    for desk in 0..2 {
        assert_eq!(dates(&world, desk, 4), moved);
    }
    let (changes, redo) = world.desks[0].undo(undo).unwrap();
    world.send(0, changes);
    world.sync();
    let before = [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)];
    assert_eq!(dates(&world, 1, 4), before);
    let (changes, _) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    assert_eq!(dates(&world, 1, 4), moved, "and again");
}

#[test]
fn what_was_cancelled_or_left_out_before_does_not_come_back_when_the_rest_is_moved() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let [row] = &on(&world, 0, date(2026, 12, 14))[..] else { panic!("one") };
    let cancelled =
        Edit::SetStatus { appointment: row.id, status: Status::CancelledByClient, reason: None };
    world.act(0, cancelled).unwrap();
    let skip = Edit::SkipOccurrence { series: SERIES, date: date(2026, 12, 28), skipped: true };
    world.act(0, skip).unwrap();
    let mut tuesday = slot(member(1), 11);
    tuesday.start = date(2026, 12, 8).at(11, 0, 0, 0);
    let from = date(2026, 12, 7);
    world.act(0, Edit::MoveFollowing { series: SERIES, from, slot: tuesday }).unwrap();
    world.sync();
    for desk in 0..2 {
        let all = dates(&world, desk, 6);
        let december = |day| date(2026, 12, day);
        assert_eq!(all[2..], [december(8), december(14), december(22), date(2027, 1, 5)]);
        assert_eq!(on(&world, desk, december(14))[0].status, Status::CancelledByClient);
    }
}

#[test]
fn what_is_counted_keeps_its_count_when_the_rest_is_moved() {
    let (mut world, _) = begin("FREQ=WEEKLY;COUNT=5");
    let mut slot = slot(member(1), 8);
    slot.start = date(2026, 12, 7).at(8, 0, 0, 0);
    let edit = Edit::MoveFollowing { series: SERIES, from: date(2026, 12, 7), slot };
    world.act(0, edit).unwrap();
    let index = world.desks[0].index();
    assert_eq!(index.days.len(), 5);
    assert_eq!(index.days.keys().next_back(), Some(&date(2026, 12, 21)));
}

#[test]
fn a_series_ends_after_a_date_leaves_dates_out_and_goes_on_again() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let skip = Edit::SkipOccurrence { series: SERIES, date: date(2026, 11, 30), skipped: true };
    let unskip = world.act(0, skip).unwrap().unwrap();
    let end = Edit::EndSeries { series: SERIES, last: Some(date(2026, 12, 14)) };
    let go_on = world.act(1, end).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        let left = [date(2026, 11, 23), date(2026, 12, 7), date(2026, 12, 14)];
        assert_eq!(dates(&world, desk, 9), left);
    }
    for (desk, inverse) in [(0, unskip), (1, go_on)] {
        let (changes, _) = world.desks[desk].undo(inverse).unwrap();
        world.send(desk, changes);
    }
    world.sync();
    assert_eq!(dates(&world, 1, 60).len(), 58);
}

#[test]
fn two_devices_that_move_what_follows_from_one_date_at_once_are_asked_once() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let from = date(2026, 12, 7);
    let mut there = |desk: usize, hour: i8| {
        let mut slot = slot(member(1), hour);
        slot.start = from.at(hour, 0, 0, 0);
        world.act(desk, Edit::MoveFollowing { series: SERIES, from, slot }).unwrap();
    };
    there(0, 14);
    there(1, 16);
    world.sync();
    let [row] = &on(&world, 0, from)[..] else { panic!("one") };
    let (id, rival) = (row.id, row.rivals[0].slot.clone());
    assert!([14, 16].contains(&row.slot.start.hour()) && row.slot != rival);
    let [next] = &on(&world, 1, date(2026, 12, 14))[..] else { panic!("one") };
    assert!(next.rivals.is_empty(), "it is asked about at the first");
    // Settled for the one that is not shown: for all of them.
    world.act(1, Edit::Move { appointment: id, slot: rival.clone() }).unwrap();
    world.sync();
    for desk in 0..2 {
        let [next] = &on(&world, desk, date(2026, 12, 14))[..] else { panic!("one") };
        assert_eq!(next.slot.start.hour(), rival.start.hour());
        assert!(on(&world, desk, from)[0].rivals.is_empty());
    }
}

#[test]
fn two_devices_that_touch_one_occurrence_at_once_touch_the_same() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let [row] = &on(&world, 0, date(2026, 12, 7))[..] else { panic!("one") };
    let id = row.id;
    let mut other = row.slot.clone();
    other.start = date(2026, 12, 9).at(9, 0, 0, 0);
    world.act(0, Edit::Move { appointment: id, slot: other }).unwrap();
    let cancel =
        Edit::SetStatus { appointment: id, status: Status::CancelledByClient, reason: None };
    world.act(1, cancel).unwrap();
    world.sync();
    for desk in 0..2 {
        let row = world.desks[desk].index().appointments[&id].clone();
        assert_eq!(row.status, Status::CancelledByClient, "desk {desk}");
        let days = [row.slot.start.date()].into_iter();
        let days: Vec<Date> =
            days.chain(row.rivals.iter().map(|rival| rival.slot.start.date())).collect();
        assert!(days.contains(&date(2026, 12, 9)), "{days:?}");
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
}

fn following(world: &mut World, desk: usize, from: Date, to: Date, hour: i8) -> Option<Edit> {
    let mut slot = slot(member(1), hour);
    slot.start = to.at(hour, 0, 0, 0);
    world.act(desk, Edit::MoveFollowing { series: SERIES, from, slot }).unwrap()
}

fn undo(world: &mut World, desk: usize, inverse: Edit) -> Option<Edit> {
    let (changes, redo) = world.desks[desk].undo(inverse).unwrap();
    world.send(desk, changes);
    redo
}

fn status(world: &mut World, desk: usize, day: Date, status: Status) -> Edit {
    let [row] = &on(world, desk, day)[..] else { panic!("one on {day}") };
    let edit = Edit::SetStatus { appointment: row.id, status, reason: None };
    world.act(desk, edit).unwrap().unwrap()
}

fn december(day: i8) -> Date {
    date(2026, 12, day)
}

#[test]
fn what_one_decides_of_an_occurrence_stands_whatever_the_other_did_to_it_meanwhile() {
    for (decides, moves) in [(0, 1), (1, 0)] {
        let (mut world, client) = begin("FREQ=WEEKLY");
        let [row] = &on(&world, 0, december(7))[..] else { panic!("one") };
        let id = row.id;
        status(&mut world, decides, december(7), Status::Held);
        world.begin(moves, 9, client, Some(id), NoteFormat::Free);
        let mut slot = row.slot.clone();
        slot.start = december(9).at(9, 0, 0, 0);
        world.act(moves, Edit::Move { appointment: id, slot }).unwrap();
        world.sync();
        for desk in 0..2 {
            let row = world.desks[desk].index().appointments[&id].clone();
            assert_eq!((row.status, row.slot.start.date()), (Status::Held, december(9)));
            assert!(row.rivals.is_empty(), "it was moved once");
        }
    }
}

#[test]
fn a_month_s_weekday_that_is_moved_stays_one_of_each_month() {
    for (rule, from, to, next) in [
        ("FREQ=MONTHLY;BYDAY=4MO", december(28), december(29), date(2027, 1, 26)),
        ("FREQ=MONTHLY;BYDAY=-1MO", december(28), december(21), date(2027, 1, 18)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", december(31), december(30), date(2027, 1, 30)),
        ("FREQ=WEEKLY;BYDAY=MO,WE", december(7), december(8), december(9)),
    ] {
        let mut world = World::new(&[1, 1]);
        let client = world.client(0, 1);
        let first = match rule {
            "FREQ=MONTHLY;BYMONTHDAY=-1" => date(2026, 11, 30),
            "FREQ=MONTHLY;BYDAY=-1MO" => date(2026, 11, 30),
            _ => date(2026, 11, 23),
        };
        let mut begins = slot(member(1), 10);
        begins.start = first.at(10, 0, 0, 0);
        world.act(0, series(client, rule, begins)).unwrap();
        following(&mut world, 0, from, to, 10);
        let all = dates(&world, 0, 60);
        let at = all.iter().position(|day| *day == to);
        assert_eq!(at.and_then(|at| all.get(at + 1)), Some(&next), "{rule}: {all:?}");
        assert!(!all.contains(&from), "{rule}");
    }
}

#[test]
fn what_was_marked_and_taken_back_goes_with_its_series() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let moved = following(&mut world, 0, december(7), december(8), 11).unwrap();
    let unmark = status(&mut world, 0, december(15), Status::Confirmed);
    undo(&mut world, 0, unmark);
    let [row] = &on(&world, 0, december(22))[..] else { panic!("one") };
    let note = world.begin(0, 9, client, Some(row.id), NoteFormat::Free);
    world.act(0, Edit::DiscardDraft { note, client, discarded: true }).unwrap();
    undo(&mut world, 0, moved);
    world.sync();
    for desk in 0..2 {
        let all = dates(&world, desk, 6);
        assert_eq!(all[2..], [december(7), december(14), december(21), december(28)]);
    }
    following(&mut world, 0, december(14), december(16), 9);
    assert_eq!(dates(&world, 0, 5)[3..], [december(16), december(23)]);
}

#[test]
fn of_two_changes_from_different_dates_each_holds_until_the_next_and_is_asked_about_there() {
    for settle_for_the_later in [true, false] {
        let (mut world, _) = begin("FREQ=WEEKLY");
        following(&mut world, 0, december(7), december(8), 10);
        following(&mut world, 1, december(14), december(16), 10);
        world.sync();
        for desk in 0..2 {
            let all = dates(&world, desk, 6);
            let expected = [december(8), december(16), december(23), december(30)];
            assert_eq!(all[2..], expected, "desk {desk}: nothing twice");
        }
        let [row] = &on(&world, 1, december(16))[..] else { panic!("one") };
        let [rival] = &row.rivals[..] else { panic!("{:?}", row.rivals) };
        assert_eq!(rival.slot.start.date(), december(15));
        let (id, later, earlier) = (row.id, row.slot.clone(), rival.slot.clone());
        let slot = if settle_for_the_later { later } else { earlier };
        let next = slot.start.date().saturating_add(jiff::Span::new().weeks(1));
        let undone = world.act(1, Edit::Move { appointment: id, slot: slot.clone() }).unwrap();
        assert!(undone.is_some(), "the choice can be undone");
        world.sync();
        for desk in 0..2 {
            let all = dates(&world, desk, 5);
            assert_eq!(all[2..], [december(8), slot.start.date(), next], "desk {desk}");
            assert!(on(&world, desk, slot.start.date())[0].rivals.is_empty());
        }
    }
}

#[test]
fn an_end_a_gap_and_a_session_of_its_own_hold_for_what_was_moved_meanwhile() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    following(&mut world, 0, december(7), december(8), 11);
    let end = Edit::EndSeries { series: SERIES, last: Some(december(28)) };
    world.act(1, end).unwrap();
    let skip = Edit::SkipOccurrence { series: SERIES, date: december(14), skipped: true };
    world.act(1, skip).unwrap();
    status(&mut world, 1, december(21), Status::CancelledByClient);
    world.sync();
    for desk in 0..2 {
        let all = dates(&world, desk, 60);
        assert_eq!(all[2..], [december(8), december(21), december(29)], "desk {desk}");
        assert_eq!(on(&world, desk, december(21))[0].status, Status::CancelledByClient);
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
}

#[test]
fn what_another_has_done_since_is_not_undone() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let moved = following(&mut world, 0, december(7), december(8), 11).unwrap();
    world.sync();
    let heir = world.desks[1].index().series.keys().copied().find(|id| *id != SERIES).unwrap();
    let end = Edit::EndSeries { series: heir, last: Some(december(15)) };
    let go_on = world.act(1, end).unwrap().unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(moved.clone()).unwrap_err(), Refusal::ChangedElsewhere);
    undo(&mut world, 1, go_on);
    world.act(1, Edit::SkipOccurrence { series: heir, date: december(15), skipped: true }).unwrap();
    world.sync();
    assert_eq!(world.act(0, moved), Err(Refusal::ChangedElsewhere));
    assert_eq!(dates(&world, 0, 4)[2..], [december(8), december(22)]);
}

#[test]
fn what_has_ended_meanwhile_is_not_moved_and_what_ends_keeps_its_number() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    world.act(1, Edit::EndSeries { series: SERIES, last: Some(december(13)) }).unwrap();
    world.sync();
    let mut there = slot(member(1), 11);
    there.start = december(22).at(11, 0, 0, 0);
    let late = Edit::MoveFollowing { series: SERIES, from: december(21), slot: there };
    assert_eq!(world.act(0, late), Err(Refusal::UnknownAppointment));

    let (mut world, _) = begin("FREQ=WEEKLY");
    world.act(0, Edit::EndSeries { series: SERIES, last: Some(december(20)) }).unwrap();
    following(&mut world, 0, december(7), december(4), 11);
    assert_eq!(dates(&world, 0, 60)[2..], [december(4), december(11)]);
    let (mut world, _) = begin("FREQ=WEEKLY;UNTIL=20261214T100000");
    following(&mut world, 0, december(7), december(8), 11);
    assert_eq!(dates(&world, 0, 60)[2..], [december(8), december(15)]);
}

#[test]
fn an_occurrence_that_is_handed_over_is_there_with_the_other_and_comes_back() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    world.act(0, series(client, "FREQ=WEEKLY", slot(member(1), 10))).unwrap();
    world.sync();
    status(&mut world, 0, december(7), Status::Confirmed);
    let [row] = &on(&world, 0, december(7))[..] else { panic!("one") };
    let there = Slot { clinician: member(2), ..row.slot.clone() };
    let back = world.act(0, Edit::Move { appointment: row.id, slot: there }).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        let [row] = &on(&world, desk, december(7))[..] else { panic!("one") };
        assert_eq!((row.slot.clinician, row.status), (member(2), Status::Confirmed));
    }
    undo(&mut world, 0, back);
    world.sync();
    let [row] = &on(&world, 1, december(7))[..] else { panic!("one") };
    assert_eq!((row.slot.clinician, row.status), (member(1), Status::Confirmed));
}

#[test]
fn an_end_before_what_was_moved_meanwhile_ends_that_too() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    world.act(1, Edit::EndSeries { series: SERIES, last: Some(december(6)) }).unwrap();
    following(&mut world, 0, december(14), december(15), 11);
    world.sync();
    for desk in 0..2 {
        assert_eq!(dates(&world, desk, 60), [date(2026, 11, 23), date(2026, 11, 30)]);
    }
}

#[test]
fn an_undo_while_another_moves_the_rest_once_more_doubles_nothing() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let moved = following(&mut world, 0, december(7), december(8), 11).unwrap();
    world.sync();
    let heir = world.desks[1].index().series.keys().copied().find(|id| *id != SERIES).unwrap();
    let mut there = slot(member(1), 12);
    there.start = december(16).at(12, 0, 0, 0);
    let again = Edit::MoveFollowing { series: heir, from: december(15), slot: there };
    world.act(1, again).unwrap();
    undo(&mut world, 0, moved);
    world.sync();
    for desk in 0..2 {
        let all = dates(&world, desk, 60);
        let week = |day: &Date| day.iso_week_date().week();
        assert!(all.windows(2).all(|two| week(&two[0]) != week(&two[1])), "{all:?}");
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
}

#[test]
fn a_question_goes_on_to_the_next_and_is_settled_and_asked_again_after_undo() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    following(&mut world, 0, december(7), december(8), 10);
    following(&mut world, 1, december(14), december(16), 10);
    world.sync();
    status(&mut world, 0, december(16), Status::Held);
    world.sync();
    let [row] = &on(&world, 0, december(23))[..] else { panic!("one") };
    assert_eq!(row.rivals.len(), 1, "the first has been dealt with");
    let keep = Edit::Move { appointment: row.id, slot: row.slot.clone() };
    let back = world.act(0, keep).unwrap().unwrap();
    world.sync();
    assert!(on(&world, 1, december(23))[0].rivals.is_empty());
    undo(&mut world, 0, back);
    world.sync();
    assert_eq!(on(&world, 1, december(23))[0].rivals.len(), 1, "undone, it is asked again");
}

#[test]
fn what_is_touched_again_begins_where_its_series_is_now() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let moved = following(&mut world, 0, december(7), december(7), 11).unwrap();
    let unmark = status(&mut world, 0, december(14), Status::Confirmed);
    undo(&mut world, 0, unmark);
    undo(&mut world, 0, moved);
    following(&mut world, 0, december(7), december(7), 16);
    status(&mut world, 0, december(14), Status::Held);
    world.sync();
    for desk in 0..2 {
        let [row] = &on(&world, desk, december(14))[..] else { panic!("one") };
        assert_eq!((row.slot.start.hour(), row.status), (16, Status::Held));
    }
}

#[test]
fn what_is_touched_again_is_with_whom_its_series_is_now() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let other = world.client(0, 2);
    let moved = following(&mut world, 0, december(7), december(7), 11).unwrap();
    let unmark = status(&mut world, 0, december(14), Status::Confirmed);
    undo(&mut world, 0, unmark);
    undo(&mut world, 0, moved);
    let slot = Slot { start: december(7).at(16, 0, 0, 0), ..slot(member(1), 16) };
    let who = WhoChange { joins: vec![other], leaves: vec![client], kind: None };
    let from = december(7);
    world.act(0, Edit::ChangeFollowing { series: SERIES, from, slot, who }).unwrap();
    status(&mut world, 0, december(14), Status::Held);
    world.sync();
    for desk in 0..2 {
        let [row] = &on(&world, desk, december(14))[..] else { panic!("one") };
        assert_eq!((&row.clients, row.slot.start.hour()), (&vec![other], 16), "desk {desk}");
    }
}

#[test]
fn what_was_touched_and_taken_back_comes_with_whom_its_series_comes_to_be() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let (other, third) = (world.client(0, 2), world.client(0, 3));
    let at = |hour: i8| Slot { start: december(7).at(hour, 0, 0, 0), ..slot(member(1), hour) };
    let give = |world: &mut World, hour, joins: ClientId| {
        let who = WhoChange { joins: vec![joins], leaves: vec![client], kind: None };
        let (from, slot) = (december(7), at(hour));
        world.act(0, Edit::ChangeFollowing { series: SERIES, from, slot, who }).unwrap().unwrap()
    };
    let who = |world: &World, desk| on(world, desk, december(14))[0].clients.clone();
    // Somebody comes once, and does not after all; then another comes to all.
    let [row] = &on(&world, 0, december(14))[..] else { panic!("one") };
    let once = WhoChange { joins: vec![third], leaves: vec![client], kind: None };
    let once = Edit::ChangeWho { appointment: row.id, who: once };
    let not = world.act(0, once).unwrap().unwrap();
    assert_eq!(who(&world, 0), [third]);
    undo(&mut world, 0, not);
    let given = give(&mut world, 11, other);
    assert_eq!(who(&world, 0), [other]);
    let held = status(&mut world, 0, december(14), Status::Held);
    undo(&mut world, 0, held);
    undo(&mut world, 0, given);
    // What is made again with somebody else is touched there and taken back.
    let given = give(&mut world, 11, third);
    assert_eq!(who(&world, 0), [third]);
    let held = status(&mut world, 0, december(14), Status::Held);
    assert_eq!(who(&world, 0), [third]);
    undo(&mut world, 0, held);
    undo(&mut world, 0, given);
    world.sync();
    for desk in 0..2 {
        assert_eq!(who(&world, desk), [client], "desk {desk}");
    }
    let given = give(&mut world, 11, other);
    world.sync();
    // Two devices touch it at once, of which one adds somebody.
    let [row] = &on(&world, 1, december(14))[..] else { panic!("one") };
    let more = WhoChange { joins: vec![third], ..WhoChange::default() };
    let more = Edit::ChangeWho { appointment: row.id, who: more };
    let less = world.act(1, more).unwrap().unwrap();
    let held = status(&mut world, 0, december(14), Status::Held);
    world.sync();
    for desk in 0..2 {
        assert_eq!(who(&world, desk), [other, third], "desk {desk}");
    }
    undo(&mut world, 0, held);
    undo(&mut world, 1, less);
    world.sync();
    undo(&mut world, 0, given);
    world.sync();
    for desk in 0..2 {
        assert_eq!(who(&world, desk), [client], "desk {desk}");
        let mut rebuilt = world.desks[desk].rebuilt();
        rebuilt.look_ahead(world.desks[desk].now);
        assert!(*rebuilt.index() == *world.desks[desk].index());
    }
}

#[test]
fn a_refusal_about_what_was_touched_before_leaves_it_as_it_is_stored() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let moved = following(&mut world, 0, december(7), december(7), 11).unwrap();
    let unmark = status(&mut world, 0, december(14), Status::Confirmed);
    undo(&mut world, 0, unmark);
    undo(&mut world, 0, moved);
    following(&mut world, 0, december(7), december(7), 16);
    world.sync();
    let [row] = &on(&world, 0, december(14))[..] else { panic!("one") };
    let unknown = ClientId::from_bytes([0x77; 16]);
    let note = crate::id::ObjectId::from_bytes([0x78; 16]);
    let (session, format) = (Some(row.id), NoteFormat::Free);
    let begin = Edit::BeginNote { note, client: unknown, session, format };
    assert!(world.act(0, begin).is_err());
    assert_eq!(world.desks[0].index(), world.desks[1].index());

    // What both do to it at once still lies in one appointment.
    let begin = Edit::BeginNote { note, client, session, format };
    world.act(0, begin).unwrap();
    status(&mut world, 1, december(14), Status::Held);
    world.sync();
    for desk in 0..2 {
        let [row] = &on(&world, desk, december(14))[..] else { panic!("one") };
        assert_eq!((row.slot.start.hour(), row.status), (16, Status::Held), "desk {desk}");
    }
}

#[test]
fn what_is_left_out_because_of_a_parent_is_left_out_of_an_export_too() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let skip = Edit::SkipOccurrence { series: SERIES, date: december(28), skipped: true };
    world.act(0, skip).unwrap();
    status(&mut world, 0, december(14), Status::CancelledByClient);
    following(&mut world, 0, december(7), december(8), 11);
    let index = world.desks[0].index();
    let heir = index.series.values().find(|row| row.id != SERIES).unwrap();
    assert!(heir.skipped.contains(&december(29)) && heir.skipped.contains(&december(15)));
}

/// A series goes on from a date with another instead of the client.
fn given_to(world: &mut World, from: Date, (leaves, joins): (ClientId, ClientId)) -> SeriesId {
    let before: Vec<_> = world.desks[0].index().series.keys().copied().collect();
    let slot = Slot { start: from.at(10, 0, 0, 0), ..slot(member(1), 10) };
    let who = WhoChange { joins: vec![joins], leaves: vec![leaves], kind: None };
    world.act(0, Edit::ChangeFollowing { series: SERIES, from, slot, who }).unwrap();
    let index = world.desks[0].index();
    index.series.keys().copied().find(|id| !before.contains(id)).unwrap()
}

#[test]
fn what_another_took_over_goes_on_when_the_series_before_it_ends() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let other = world.client(0, 2);
    let heir = given_to(&mut world, december(14), (client, other));
    let row = world.desks[0].index().series[&SERIES].clone();
    assert_eq!((row.ends_with.len(), row.goes_on.clone()), (0, [heir].into()));
    let end = Edit::EndSeries { series: SERIES, last: Some(december(6)) };
    let inverse = world.act(0, end).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        let all = dates(&world, desk, 4);
        assert_eq!(all[2..], [december(14), december(21)], "desk {desk}");
        assert_eq!(on(&world, desk, december(14))[0].clients, [other]);
    }
    undo(&mut world, 0, inverse);
    world.sync();
    assert_eq!(dates(&world, 1, 5)[2..], [december(7), december(14), december(21)]);
    // The heir's own end is its own.
    world.act(0, Edit::EndSeries { series: heir, last: Some(december(20)) }).unwrap();
    assert_eq!(dates(&world, 0, 60)[2..], [december(7), december(14)]);
}

#[test]
fn what_was_left_out_or_called_off_holds_while_somebody_still_comes_and_not_for_others() {
    // Whoever acts first, and whether each knows of the other.
    for (giver, known) in [(0, false), (1, false), (0, true)] {
        for partner in [false, true] {
            let (mut world, client) = begin("FREQ=WEEKLY");
            let other = world.client(0, 2);
            world.sync();
            let leaver = 1 - giver;
            let skip = Edit::SkipOccurrence { series: SERIES, date: december(28), skipped: true };
            world.act(leaver, skip).unwrap();
            status(&mut world, leaver, december(21), Status::CancelledByClient);
            if known {
                world.sync();
            }
            let slot = Slot { start: december(14).at(10, 0, 0, 0), ..slot(member(1), 10) };
            let leaves = if partner { Vec::new() } else { vec![client] };
            let who = WhoChange { joins: vec![other], leaves, kind: None };
            let from = december(14);
            world.act(giver, Edit::ChangeFollowing { series: SERIES, from, slot, who }).unwrap();
            world.sync();
            let with = |world: &World, desk, day| {
                let rows = on(world, desk, december(day)).into_iter();
                let mut with: Vec<_> = rows.map(|row| (row.clients.clone(), row.status)).collect();
                with.sort();
                with
            };
            let cancelled = (vec![client], Status::CancelledByClient);
            let booked = (vec![other], Status::Booked);
            for desk in 0..2 {
                let expected = if partner { vec![] } else { vec![booked.clone()] };
                assert_eq!(with(&world, desk, 28), expected, "{giver} {known} {partner} {desk}");
                let expected = [vec![cancelled.clone()], expected].concat();
                assert_eq!(with(&world, desk, 21), expected, "{giver} {known} {partner} {desk}");
                let mut rebuilt = world.desks[desk].rebuilt();
                rebuilt.look_ahead(world.desks[desk].now);
                assert!(*rebuilt.index() == *world.desks[desk].index());
            }
        }
    }
}

#[test]
fn who_takes_over_what_was_known_to_end_takes_it_over_until_then() {
    for known in [true, false] {
        for ender in [0, 1] {
            let (mut world, client) = begin("FREQ=WEEKLY");
            let other = world.client(0, 2);
            following(&mut world, 0, december(7), december(7), 11);
            world.sync();
            let index = world.desks[0].index();
            let heir = index.series.keys().copied().find(|id| *id != SERIES).unwrap();
            let end = Edit::EndSeries { series: SERIES, last: Some(december(27)) };
            world.act(ender, end).unwrap();
            if known {
                world.sync();
            }
            let slot = Slot { start: december(14).at(11, 0, 0, 0), ..slot(member(1), 11) };
            let who = WhoChange { joins: vec![other], leaves: vec![client], kind: None };
            let from = december(14);
            let give = Edit::ChangeFollowing { series: heir, from, slot, who };
            world.act(1 - ender, give).unwrap();
            world.sync();
            for desk in 0..2 {
                let days = dates(&world, desk, 6);
                assert_eq!(days[2..5], [december(7), december(14), december(21)]);
                // What another took over without knowing of the end goes on.
                assert_eq!(days.get(5), (!known).then_some(&december(28)), "{ender} {desk}");
            }
        }
    }
}

#[test]
fn an_end_on_the_day_of_a_change_that_was_taken_back_ends_what_follows_later() {
    let (mut world, _) = begin("FREQ=WEEKLY");
    let moved = following(&mut world, 0, december(14), december(15), 11).unwrap();
    undo(&mut world, 0, moved);
    following(&mut world, 0, december(21), december(22), 11);
    world.act(0, Edit::EndSeries { series: SERIES, last: Some(december(13)) }).unwrap();
    assert_eq!(dates(&world, 0, 60)[2..], [december(7)]);
}

#[test]
fn the_weekday_that_was_moved_out_of_a_series_ends_with_what_the_rest_came_to() {
    let begin = || {
        let (mut world, client) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
        following(&mut world, 0, december(9), december(10), 10);
        let ids: Vec<_> = world.desks[0].index().series.keys().copied().collect();
        following(&mut world, 0, december(14), december(14), 11);
        let index = world.desks[0].index();
        let rest = index.series.keys().copied().find(|id| !ids.contains(id)).unwrap();
        let weekday = ids.into_iter().find(|id| *id != SERIES).unwrap();
        (world, client, (rest, weekday))
    };
    let (mut world, _, (rest, weekday)) = begin();
    let thursdays = [december(10), december(14), december(17), december(21), december(24)];
    assert_eq!(dates(&world, 0, 60)[5..10], thursdays);
    assert_eq!(world.desks[0].index().series[&rest].ends_with, [weekday].into());
    assert!(world.desks[0].index().series[&weekday].ends_with.is_empty());
    let end = Edit::EndSeries { series: rest, last: Some(december(20)) };
    let inverse = world.act(0, end).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(dates(&world, desk, 60)[5..], thursdays[..3], "desk {desk}");
    }
    undo(&mut world, 0, inverse);
    assert_eq!(dates(&world, 0, 60)[5..10], thursdays, "and all of it comes back");
    world.act(0, Edit::EndSeries { series: rest, last: Some(december(13)) }).unwrap();
    assert_eq!(dates(&world, 0, 60)[5..], thursdays[..1], "before its first date too");

    // One weekday with somebody else goes on.
    let (mut world, client, (rest, weekday)) = begin();
    let other = world.client(0, 2);
    let slot = Slot { start: december(17).at(10, 0, 0, 0), ..slot(member(1), 10) };
    let who = WhoChange { joins: vec![other], leaves: vec![client], kind: None };
    let from = december(17);
    world.act(0, Edit::ChangeFollowing { series: weekday, from, slot, who }).unwrap();
    assert_eq!(world.desks[0].index().series[&rest].goes_on.len(), 1);
    world.act(0, Edit::EndSeries { series: rest, last: Some(december(13)) }).unwrap();
    assert_eq!(dates(&world, 0, 8)[5..], [december(10), december(17), december(24)]);
}

#[test]
fn a_series_that_would_never_take_place_is_not_booked() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    for rule in ["FREQ=WEEKLY;UNTIL=20261110T000000", "FREQ=WEEKLY;BYDAY=TU"] {
        let edit = series(client, rule, slot(member(1), 10));
        assert_eq!(world.act(0, edit), Err(Refusal::EmptySeries), "{rule}");
    }
}

#[test]
fn a_daily_series_is_shown_ahead_however_long_it_has_been_going_on() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let mut begun = slot(member(1), 10);
    begun.start = date(2021, 1, 1).at(10, 0, 0, 0);
    world.act(0, series(client, "FREQ=DAILY", begun)).unwrap();
    let index = world.desks[0].index();
    assert_eq!(index.days.keys().next_back(), Some(&date(2027, 12, 31)));
}

#[test]
fn what_a_series_needs_must_be_there() {
    let (mut world, client) = begin("FREQ=WEEKLY");
    let again = series(client, "FREQ=DAILY", slot(member(1), 8));
    assert_eq!(world.act(0, again), Err(Refusal::AppointmentExists));
    let other = SeriesId::from_bytes([8; 16]);
    let end = Edit::EndSeries { series: other, last: None };
    assert_eq!(world.act(0, end), Err(Refusal::UnknownSeries));
}

#[derive(Clone, Debug)]
enum Act {
    Cancel(usize),
    End(u8),
    Following(u8, i8),
    Give(usize),
    Move(usize, i8),
    Skip(u8),
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let act = prop_oneof![
        (0..8_usize).prop_map(Act::Cancel),
        (0..8_u8).prop_map(Act::End),
        (0..8_u8, 7..18_i8).prop_map(|(week, hour)| Act::Following(week, hour)),
        (0..9_usize).prop_map(Act::Give),
        (0..8_usize, 7..18_i8).prop_map(|(at, hour)| Act::Move(at, hour)),
        (0..8_u8).prop_map(Act::Skip),
    ];
    proptest::collection::vec((0..2_usize, act), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn whatever_two_devices_do_to_a_series_both_end_with_the_same(acts in acts()) {
        let (mut world, _) = begin("FREQ=WEEKLY;COUNT=12");
        let week = |week: u8| date(2026, 11, 23).saturating_add(jiff::Span::new().weeks(week));
        for (desk, act) in acts {
            let shown: Vec<_> = world.desks[desk].index().days.values().flatten().copied().collect();
            let at = |at: usize| shown.get(at % shown.len().max(1)).copied();
            let edit = match act {
                Act::Give(choice) => {
                    world.give(desk, choice);
                    continue;
                }
                Act::Cancel(one) => at(one).map(|appointment| Edit::SetStatus {
                    appointment, status: Status::CancelledByClient, reason: None,
                }),
                Act::End(weeks) => Some(Edit::EndSeries { series: SERIES, last: Some(week(weeks)) }),
                Act::Following(weeks, hour) => {
                    let mut slot = slot(member(1), hour);
                    slot.start = week(weeks).at(hour, 0, 0, 0);
                    Some(Edit::MoveFollowing { series: SERIES, from: week(weeks), slot })
                }
                Act::Move(one, hour) => at(one).map(|appointment| {
                    let mut slot = world.desks[desk].index().appointments[&appointment].slot.clone();
                    slot.start = slot.start.date().at(hour, 0, 0, 0);
                    Edit::Move { appointment, slot }
                }),
                Act::Skip(weeks) => {
                    Some(Edit::SkipOccurrence { series: SERIES, date: week(weeks), skipped: true })
                }
            };
            match edit.map(|edit| world.act(desk, edit)) {
                // What was to move may have ended.
                None | Some(Ok(_) | Err(Refusal::UnknownAppointment)) => {}
                Some(Err(other)) => panic!("{other}"),
            }
        }
        world.sync();
        prop_assert_eq!(&*world.desks[0].index(), &*world.desks[1].index());
        let index = world.desks[0].index();
        // All of it is on Mondays, whatever was done: what nobody touched is there once, and not
        // beside what somebody did.
        for ids in index.days.values() {
            let plain = |id: &&AppointmentId| {
                index.appointments[*id].occurrence.is_some_and(|one| !one.touched)
            };
            let untouched = ids.iter().filter(plain).count();
            prop_assert!(untouched == 0 || ids.len() == 1, "{:?}", index.days);
        }
        let mut again = world.desks[0].rebuilt();
        again.look_ahead(world.desks[0].now);
        prop_assert_eq!(&*again.index(), &*world.desks[0].index());
    }
}

/// Says of a series that so many others follow it, each from a later date on, as devices make them that
/// do not know of each other.
fn followed(world: &mut World, by: std::ops::Range<u16>) -> Vec<(MemberId, SeriesId)> {
    let parent = (member(1), SERIES);
    let facts = &mut world.desks[0].practice.facts;
    let known = facts.series_of(parent).unwrap().clone();
    let mut heirs = Vec::new();
    for number in by {
        let [high, low] = number.to_be_bytes();
        let mut id = [9; 16];
        id[..2].copy_from_slice(&[high, low]);
        let mut heir = known.clone();
        let from = date(2026, 11, 24).checked_add((i64::from(number) / 2).days()).unwrap();
        heir.first.slot.start = from.at(11, 0, 0, 0);
        heir.after = Some((parent, from));
        let key = (member(1), SeriesId::from_bytes(id));
        facts.learn_series(key, heir);
        heirs.push(key);
    }
    heirs
}

#[test]
fn the_ends_of_heirs_are_found_once_for_each() {
    let steps = |heirs: u16| {
        let (mut world, _) = begin("FREQ=DAILY");
        followed(&mut world, 0..heirs);
        world.desks[0].practice.steps_of_kin((member(1), SERIES))
    };
    let (few, many) = (steps(20), steps(80));
    assert!(few > 0 && many <= 4 * few + 80, "{few} {many}");
}

#[test]
fn of_more_kin_than_is_read_each_stands_for_itself_in_whichever_order_it_comes() {
    let (mut world, _) = begin("FREQ=MONTHLY");
    let (mut other, _) = begin("FREQ=MONTHLY");
    let parent = (member(1), SERIES);
    followed(&mut world, 0..250);
    let last = |world: &World| world.desks[0].index().series[&SERIES].last;
    world.desks[0].practice.publish_series(parent);
    assert_eq!(last(&world), Some(date(2026, 11, 23)), "cut where the first goes on");
    for number in 250..262 {
        let heirs = followed(&mut world, number..number + 1);
        world.desks[0].practice.publish_series(heirs[0]);
    }
    let heirs = followed(&mut other, 0..262);
    other.desks[0].practice.publish_series(heirs[100]);
    assert_eq!(last(&other), None);
    assert!(*world.desks[0].index() == *other.desks[0].index());
    // And an act brings up to date what it is about.
    assert_eq!(other.desks[0].practice.publish_series(heirs[7]), [heirs[7]]);
    // Series that follow each other in a circle stand for themselves, too.
    let facts = &mut other.desks[0].practice.facts;
    let mut known = facts.series_of(parent).unwrap().clone();
    known.after = Some((heirs[0], date(2027, 1, 1)));
    facts.learn_series(parent, known);
    other.desks[0].practice.publish_series(parent);
    assert_eq!(last(&other), None);
}
