//! Who comes, one weekday of several, and several acts as one.

use super::world::{World, appointment, member, slot};
use crate::id::{AppointmentId, ClientId, SeriesId};
use crate::practice::Refusal;
use crate::practice::edit::{
    AppointmentKind, Edit, NewSeries, NoteFormat, Slot, Stamp, Status, WhoChange,
};
use crate::practice::interchange::{ImportStep, Importer, export_lines};
use crate::practice::schedule::ical::{Calendar, TakeIn, plan};
use crate::practice::view::AppointmentRow;
use jiff::civil::{Date, Weekday, date};
use std::collections::BTreeSet;

const SERIES: SeriesId = SeriesId::from_bytes([7; 16]);

fn begin(rule: &str) -> (World, ClientId, ClientId) {
    let mut world = World::new(&[1, 1]);
    let (client, other) = (world.client(0, 1), world.client(0, 2));
    let first = appointment(AppointmentId::from_bytes([0; 16]), client, slot(member(1), 10));
    let rule = rule.parse().unwrap();
    world.act(0, Edit::BookSeries(Box::new(NewSeries { series: SERIES, first, rule }))).unwrap();
    world.sync();
    (world, client, other)
}

fn december(day: i8) -> Date {
    date(2026, 12, day)
}

fn at(day: Date, hour: i8) -> Slot {
    Slot { start: day.at(hour, 0, 0, 0), ..slot(member(1), hour) }
}

fn on(world: &World, desk: usize, day: Date) -> Vec<AppointmentRow> {
    let index = world.desks[desk].index();
    let ids = index.days.get(&day).into_iter().flatten();
    ids.map(|id| (*index.appointments[id]).clone()).collect()
}

fn one(world: &World, desk: usize, day: Date) -> AppointmentRow {
    let [row] = &on(world, desk, day)[..] else { panic!("one on {day}") };
    row.clone()
}

/// Each day of December with the hours at which something takes place.
fn hours(world: &World, desk: usize, days: std::ops::RangeInclusive<i8>) -> Vec<(i8, i8)> {
    let rows =
        days.flat_map(|day| on(world, desk, december(day)).into_iter().map(move |r| (day, r)));
    rows.map(|(day, row)| (day, row.slot.start.hour())).collect()
}

fn undo(world: &mut World, desk: usize, inverse: Edit) -> Option<Edit> {
    let (changes, redo) = world.desks[desk].undo(inverse).unwrap();
    world.send(desk, changes);
    redo
}

fn joins(client: ClientId) -> WhoChange {
    WhoChange { joins: vec![client], ..WhoChange::default() }
}

fn status(row: &AppointmentRow, status: Status) -> Edit {
    Edit::SetStatus { appointment: row.id, status, reason: None }
}

#[test]
fn a_partner_comes_to_one_session_of_a_series_and_to_no_other() {
    let (mut world, client, partner) = begin("FREQ=WEEKLY");
    let id = one(&world, 0, december(7)).id;
    let couple = Some(AppointmentKind::Couple);
    let who = WhoChange { kind: couple, ..joins(partner) };
    let inverse = world.act(0, Edit::ChangeWho { appointment: id, who }).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        let row = one(&world, desk, december(7));
        assert_eq!((row.clients, row.kind), (vec![client, partner], AppointmentKind::Couple));
        assert_eq!(one(&world, desk, december(14)).clients, [client]);
    }
    let redo = undo(&mut world, 0, inverse).unwrap();
    world.sync();
    let row = one(&world, 1, december(7));
    assert_eq!((row.clients, row.kind), (vec![client], AppointmentKind::Individual));
    assert!(row.occurrence.is_some_and(|one| !one.touched), "it goes with its series again");
    undo(&mut world, 0, redo);
    assert_eq!(one(&world, 0, december(7)).clients, [client, partner]);
}

#[test]
fn two_devices_that_add_different_people_at_once_add_both_and_undo_takes_back_one() {
    let (mut world, client, partner) = begin("FREQ=WEEKLY");
    let child = world.client(0, 3);
    world.sync();
    let id = one(&world, 0, december(7)).id;
    let change = |who| Edit::ChangeWho { appointment: id, who };
    let inverse = world.act(0, change(joins(partner))).unwrap().unwrap();
    world.act(1, change(joins(child))).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(one(&world, desk, december(7)).clients, [client, partner, child]);
    }
    undo(&mut world, 0, inverse);
    world.sync();
    for desk in 0..2 {
        assert_eq!(one(&world, desk, december(7)).clients, [client, child]);
    }
}

#[test]
fn from_one_date_on_somebody_else_comes_whoever_moved_the_rest_meanwhile() {
    let (mut world, client, partner) = begin("FREQ=WEEKLY");
    let from = december(14);
    let who = WhoChange { joins: vec![partner], leaves: vec![client], kind: None };
    let slot = at(from, 10);
    let edit = Edit::ChangeFollowing { series: SERIES, from, slot, who };
    let inverse = world.act(0, edit).unwrap().unwrap();
    world.act(1, Edit::MoveFollowing { series: SERIES, from, slot: at(from, 15) }).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(one(&world, desk, december(7)).clients, [client]);
        assert_eq!(one(&world, desk, december(21)).clients, [partner], "desk {desk}");
        assert_eq!(one(&world, desk, from).rivals.len(), 1, "which hour is asked");
    }
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    // What the other device decided of the same dates is not taken back unseen.
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
}

#[test]
fn who_comes_from_one_date_on_is_taken_back_and_done_again() {
    let (mut world, client, partner) = begin("FREQ=WEEKLY");
    let before = world.desks[0].index();
    let (from, who) = (december(14), joins(partner));
    let edit = Edit::ChangeFollowing { series: SERIES, from, slot: at(from, 10), who };
    let inverse = world.act(0, edit).unwrap().unwrap();
    let redo = undo(&mut world, 0, inverse).unwrap();
    assert_eq!(world.desks[0].index().appointments, before.appointments);
    // The same date, and then nobody but the first: whom it had once does not come back.
    let inverse = world
        .act(0, Edit::MoveFollowing { series: SERIES, from, slot: at(from, 11) })
        .unwrap()
        .unwrap();
    assert_eq!(one(&world, 0, december(21)).clients, [client]);
    undo(&mut world, 0, inverse);
    undo(&mut world, 0, redo);
    world.sync();
    assert_eq!(one(&world, 1, december(21)).clients, [client, partner]);
}

#[test]
fn nobody_is_taken_out_of_a_session_that_a_note_in_their_chart_is_about() {
    let (mut world, client, partner) = begin("FREQ=WEEKLY");
    let id = one(&world, 0, december(7)).id;
    world.begin(0, 9, client, Some(id), NoteFormat::Free);
    let who = WhoChange { leaves: vec![client], ..joins(partner) };
    let refused = world.act(0, Edit::ChangeWho { appointment: id, who });
    assert_eq!(refused, Err(Refusal::Noted));
    let (before, stranger) = (world.desks[0].index(), ClientId::from_bytes([9; 16]));
    let untouched = one(&world, 0, december(14)).id;
    let refused = world.act(0, Edit::ChangeWho { appointment: untouched, who: joins(stranger) });
    assert_eq!(refused, Err(Refusal::UnknownClient));
    assert_eq!(*world.desks[0].index(), *before, "what is refused touches nothing");
}

#[test]
fn a_calendar_whose_taking_in_was_undone_can_be_taken_in_again_and_what_a_person_cancels_stays() {
    let mut world = World::new(&[1]);
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T090000\r\n\
                DTEND:20261201T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let calendar = Calendar::read(text.as_bytes()).unwrap();
    let window = (december(1), december(31));
    let here = jiff::tz::TimeZone::get("Europe/Vienna").unwrap();
    let busy = calendar.busy(window.0, window.1, &here).unwrap();
    let kind = AppointmentKind::TimeOff;
    let how = TakeIn { clinician: member(1), kind, titles: false, undo: false };
    let planned =
        |world: &World| plan((&calendar, &busy), &how, window, &world.desks[0].index()).unwrap();
    let edits = planned(&world).edits;
    let inverse = world.act(0, Edit::Together(edits)).unwrap().unwrap();
    undo(&mut world, 0, inverse);
    let again = planned(&world).edits;
    assert_eq!(again.len(), 1, "it comes back");
    world.act(0, Edit::Together(again)).unwrap();
    let row = one(&world, 0, december(1));
    assert_eq!((row.status, &row.reason), (Status::Booked, &None));
    world.act(0, status(&row, Status::CancelledByClinician)).unwrap();
    let left = planned(&world);
    assert_eq!((left.edits.len(), left.same), (0, 1), "a person has cancelled it");
}

#[test]
fn one_of_several_weekdays_goes_elsewhere_and_the_others_stay() {
    // Also where it is moved across the other weekday, in both directions.
    for (from, to, expected) in [
        (9, 10, [(7, 10), (10, 15), (14, 10), (17, 15)]),
        (7, 10, [(9, 10), (10, 15), (16, 10), (17, 15)]),
        (9, 6, [(6, 15), (7, 10), (13, 15), (14, 10)]),
    ] {
        let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
        let before = world.desks[0].index();
        let (from, slot) = (december(from), at(december(to), 15));
        let edit = Edit::MoveFollowing { series: SERIES, from, slot };
        let inverse = world.act(0, edit).unwrap().unwrap();
        world.sync();
        for desk in 0..2 {
            assert_eq!(hours(&world, desk, 6..=17), expected, "{from} to {to}, desk {desk}");
        }
        let redo = undo(&mut world, 0, inverse).unwrap();
        assert_eq!(world.desks[0].index().appointments, before.appointments);
        undo(&mut world, 0, redo);
        world.sync();
        assert_eq!(hours(&world, 1, 6..=17), expected);
    }
}

#[test]
fn at_one_weekday_s_new_hour_the_clocks_change_and_the_count_stays() {
    let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=60");
    let count = |world: &World| world.desks[0].index().appointments.len();
    assert_eq!(count(&world), 60);
    let (from, slot) = (december(9), at(december(10), 2));
    world.act(0, Edit::MoveFollowing { series: SERIES, from, slot }).unwrap();
    assert_eq!(count(&world), 60);
    for day in [date(2027, 3, 25), date(2027, 4, 1)] {
        let row = one(&world, 0, day);
        assert_eq!(row.slot.start, day.at(2, 0, 0, 0));
    }
}

#[test]
fn what_was_left_out_or_dealt_with_goes_with_its_weekday() {
    let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
    let skip = |day| Edit::SkipOccurrence { series: SERIES, date: day, skipped: true };
    world.act(0, skip(december(23))).unwrap();
    world.act(0, skip(december(21))).unwrap();
    let confirmed = one(&world, 0, december(16));
    world.act(0, status(&confirmed, Status::Confirmed)).unwrap();
    let (from, slot) = (december(9), at(december(11), 15));
    world.act(0, Edit::MoveFollowing { series: SERIES, from, slot }).unwrap();
    world.sync();
    for desk in 0..2 {
        let expected = [(7, 10), (11, 15), (14, 10), (16, 10), (28, 10)];
        assert_eq!(hours(&world, desk, 6..=31), expected, "desk {desk}");
    }
}

#[test]
fn two_devices_that_move_two_weekdays_at_once_are_asked_nothing() {
    let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
    let edit = |from, to, hour| {
        let slot = at(december(to), hour);
        Edit::MoveFollowing { series: SERIES, from: december(from), slot }
    };
    world.act(0, edit(9, 10, 15)).unwrap();
    world.act(1, edit(14, 15, 8)).unwrap();
    world.sync();
    for desk in 0..2 {
        let expected = [(7, 10), (10, 15), (15, 8), (17, 15), (22, 8), (24, 15)];
        assert_eq!(hours(&world, desk, 6..=25), expected, "desk {desk}");
        let index = world.desks[desk].index();
        assert!(index.appointments.values().all(|row| row.rivals.is_empty()));
    }
}

#[test]
fn one_moves_a_weekday_while_the_other_moves_the_hour_of_all_that_follow() {
    for from in [7, 14] {
        let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
        let all = Edit::MoveFollowing {
            series: SERIES,
            from: december(from),
            slot: at(december(from), 12),
        };
        world.act(1, all).unwrap();
        let (wednesday, slot) = (december(9), at(december(10), 15));
        world.act(0, Edit::MoveFollowing { series: SERIES, from: wednesday, slot }).unwrap();
        world.sync();
        for desk in 0..2 {
            let monday = if from == 7 { (7, 12) } else { (7, 10) };
            let expected = [monday, (10, 15), (14, 12), (17, 15), (21, 12), (24, 15)];
            assert_eq!(hours(&world, desk, 6..=25), expected, "desk {desk}, from {from}");
        }
    }
}

#[test]
fn two_that_move_one_weekday_at_once_are_asked_where_the_later_begins() {
    let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
    let edit = |from, to, hour| {
        let slot = at(december(to), hour);
        Edit::MoveFollowing { series: SERIES, from: december(from), slot }
    };
    world.act(0, edit(9, 10, 15)).unwrap();
    world.act(1, edit(16, 18, 8)).unwrap();
    world.sync();
    for desk in 0..2 {
        let expected = [(7, 10), (10, 15), (14, 10), (18, 8), (21, 10), (25, 8)];
        assert_eq!(hours(&world, desk, 6..=25), expected, "desk {desk}");
        let rivals = one(&world, desk, december(18)).rivals;
        assert_eq!(rivals[0].slot.start, december(17).at(15, 0, 0, 0));
    }
    let row = one(&world, 0, december(18));
    let slot = row.rivals[0].slot.clone();
    world.act(0, Edit::Move { appointment: row.id, slot }).unwrap();
    world.sync();
    let expected = [(7, 10), (10, 15), (14, 10), (17, 15), (21, 10), (24, 15)];
    assert_eq!(hours(&world, 1, 6..=25), expected);
}

#[test]
fn an_end_of_the_series_ends_the_weekday_that_went_elsewhere() {
    let (mut world, ..) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
    let (from, slot) = (december(9), at(december(10), 15));
    world.act(0, Edit::MoveFollowing { series: SERIES, from, slot }).unwrap();
    world.act(1, Edit::EndSeries { series: SERIES, last: Some(december(18)) }).unwrap();
    world.sync();
    for desk in 0..2 {
        let expected = [(7, 10), (10, 15), (14, 10), (17, 15)];
        assert_eq!(hours(&world, desk, 6..=31), expected, "desk {desk}");
    }
    let row = world.desks[0].index().series[&SERIES].clone();
    assert_eq!(row.parted, [(Weekday::Wednesday, from)]);
}

#[test]
fn a_holiday_is_one_act_with_one_undo() {
    let (mut world, client, _) = begin("FREQ=WEEKLY");
    let single = AppointmentId::from_bytes([9; 16]);
    world.act(0, Edit::Book(appointment(single, client, at(december(22), 9)))).unwrap();
    let confirmed = one(&world, 0, december(28));
    world.act(0, status(&confirmed, Status::Confirmed)).unwrap();
    world.sync();
    let before = world.desks[0].index();
    let skip = |day| Edit::SkipOccurrence { series: SERIES, date: day, skipped: true };
    let holiday = Edit::Together(vec![
        skip(december(21)),
        status(&one(&world, 0, december(22)), Status::CancelledByClinician),
        status(&one(&world, 0, december(28)), Status::CancelledByClinician),
    ]);
    let inverse = world.act(0, holiday).unwrap().unwrap();
    world.sync();
    for desk in 0..2 {
        assert!(on(&world, desk, december(21)).is_empty());
        assert!(one(&world, desk, december(22)).status.frees_the_slot());
        assert!(one(&world, desk, december(28)).status.frees_the_slot());
    }
    let redo = undo(&mut world, 0, inverse).unwrap();
    world.sync();
    for desk in 0..2 {
        assert_eq!(*world.desks[desk].index(), *before, "desk {desk}");
    }
    let inverse = undo(&mut world, 0, redo).unwrap();
    world.sync();
    world.act(1, status(&one(&world, 1, december(22)), Status::Confirmed)).unwrap();
    world.sync();
    let before = world.desks[0].index();
    assert_eq!(world.desks[0].undo(inverse).unwrap_err(), Refusal::ChangedElsewhere);
    assert_eq!(*world.desks[0].index(), *before, "none of it is undone");
}

#[test]
fn of_several_acts_in_one_nothing_is_left_when_one_of_them_is_refused() {
    let (mut world, client, _) = begin("FREQ=WEEKLY");
    let before = world.desks[0].index();
    let skip = Edit::SkipOccurrence { series: SERIES, date: december(21), skipped: true };
    let new =
        Edit::Book(appointment(AppointmentId::from_bytes([9; 16]), client, at(december(8), 9)));
    let held = status(&one(&world, 0, december(14)), Status::Held);
    let nobody = Edit::SetStatus {
        appointment: AppointmentId::from_bytes([8; 16]),
        status: Status::Held,
        reason: None,
    };
    let edits = vec![skip.clone(), new.clone(), held.clone(), nobody];
    assert_eq!(world.act(0, Edit::Together(edits)), Err(Refusal::UnknownAppointment));
    assert_eq!(*world.desks[0].index(), *before);
    // Nothing of it goes out with what comes later, and each of them can still be done.
    world.act(0, Edit::Together(vec![held, new])).unwrap();
    world.sync();
    assert_eq!(*world.desks[0].index(), *world.desks[1].index());
    assert!(!on(&world, 1, december(21)).is_empty());
    let nested = Edit::Together(vec![Edit::Together(vec![skip])]);
    assert_eq!(world.act(0, nested), Err(Refusal::NotTogether));
    let sign = Edit::Archive { client, archived: true };
    assert_eq!(world.act(0, Edit::Together(vec![sign])), Err(Refusal::NotTogether));
}

#[test]
fn what_was_changed_of_who_comes_and_of_weekdays_is_read_again_from_what_is_stored() {
    let (mut world, client, partner) = begin("FREQ=WEEKLY;BYDAY=MO,WE");
    let appointment = one(&world, 0, december(2)).id;
    world.act(0, Edit::ChangeWho { appointment, who: joins(partner) }).unwrap();
    let (from, slot) = (december(9), at(december(10), 15));
    let who = WhoChange { leaves: vec![client], ..joins(partner) };
    world.act(0, Edit::ChangeFollowing { series: SERIES, from, slot, who }).unwrap();
    let now = world.desks[0].now;
    let shown = world.desks[0].index();
    let mut again = world.desks[0].rebuilt();
    again.look_ahead(now);
    assert_eq!(again.index().appointments, shown.appointments);
    assert_eq!(again.index().series, shown.series);
    let practice = &world.desks[0].practice;
    let names: Vec<_> = world.desks[0].memory.contents.keys().cloned().collect();
    let segments: Vec<_> =
        names.iter().filter_map(|name| Some((name.clone(), practice.project(name)?))).collect();
    let mut restored = crate::practice::Practice::new();
    assert!(restored.restore_all(&segments).is_empty());
    restored.look_ahead(now);
    assert_eq!(restored.index().appointments, shown.appointments);
}

#[test]
fn a_series_of_which_a_weekday_went_elsewhere_comes_in_as_it_went_out() {
    for rule in ["FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=40"] {
        let (mut world, ..) = begin(rule);
        let (from, slot) = (december(9), at(december(10), 15));
        world.act(0, Edit::MoveFollowing { series: SERIES, from, slot }).unwrap();
        let skip = |date| Edit::SkipOccurrence { series: SERIES, date, skipped: true };
        world.act(0, skip(december(21))).unwrap();
        let confirmed = one(&world, 0, december(28));
        world.act(0, status(&confirmed, Status::Confirmed)).unwrap();
        let (monday, slot) = (date(2027, 1, 11), at(date(2027, 1, 12), 9));
        world.act(0, Edit::MoveFollowing { series: SERIES, from: monday, slot }).unwrap();
        let index = world.desks[0].index();
        let stamp = Stamp { time: world.desks[0].now, zone: super::world::ZONE.into() };
        let lines: Vec<String> = export_lines(&index, &stamp, []).collect();
        let mut other = World::new(&[1]);
        let mut importer = Importer::new(member(1), BTreeSet::new());
        for line in &lines {
            for step in importer.import_line(line).unwrap() {
                let ImportStep::Edit(edit) = step else { panic!("{step:?}") };
                other.act(0, edit).unwrap();
            }
        }
        importer.finish().unwrap();
        let shown = |world: &World| -> BTreeSet<_> {
            let index = world.desks[0].index();
            let rows = index.appointments.values();
            rows.map(|row| (row.slot.start, row.clients.clone(), row.status.word())).collect()
        };
        assert_eq!(shown(&other), shown(&world), "{rule}");
    }
}
