//! Free slots: what is offered is free, what is free is offered, in the hours of the week.

use super::world::{World, appointment, member, slot};
use crate::id::AppointmentId;
use crate::practice::edit::{Edit, Slot, Status};
use crate::practice::schedule::free::{clashes, free_starts, windows};
use crate::practice::schedule::hours::Hours;
use crate::practice::view::Index;
use jiff::civil::{DateTime, date};
use proptest::prelude::*;

fn monday(hour: i8, minute: i8) -> DateTime {
    date(2026, 11, 23).at(hour, minute, 0, 0)
}

fn found(index: &Index, minutes: u16, days: u16) -> Vec<String> {
    let wanted = Slot { minutes, ..slot(member(1), 0) };
    let starts = free_starts(index, (&wanted, &[]), None, (monday(0, 0), days));
    let windows = windows(starts, minutes);
    windows
        .iter()
        .map(|(from, to)| {
            format!(
                "{} {}-{}",
                from.date().weekday().to_monday_one_offset(),
                from.time(),
                to.time()
            )
        })
        .collect()
}

fn said(world: &mut World, hours: &str) {
    let hours = Some(Hours::parse(hours).unwrap());
    world.act(0, Edit::SetHours { member: member(1), hours }).unwrap();
}

#[test]
fn a_week_is_offered_in_windows_between_what_is_booked() {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    assert_eq!(found(&world.desks[0].index(), 50, 8).len(), 6, "Monday to Friday, and Monday");
    said(&mut world, "Mon 9-13 14:10-16, Wed 9-9:40, Sat 10-11");
    let booked = world.book(0, 1, client);
    let free = [
        "1 09:00:00-09:50:00",
        "1 11:00:00-12:50:00",
        "1 14:10:00-15:50:00",
        "6 10:00:00-10:50:00",
    ];
    assert_eq!(found(&world.desks[0].index(), 50, 7), free);
    // What is cancelled is free again, and a pause keeps its distance from what is not.
    said(&mut world, "Mon 9-13, 10 min between");
    assert_eq!(
        found(&world.desks[0].index(), 50, 7),
        ["1 09:00:00-09:50:00", "1 11:00:00-12:50:00"]
    );
    said(&mut world, "Mon 9-13, 15 min between");
    assert_eq!(found(&world.desks[0].index(), 50, 7), ["1 11:15:00-12:50:00"]);
    let reason = None;
    world
        .act(0, Edit::SetStatus { appointment: booked, status: Status::CancelledByClient, reason })
        .unwrap();
    assert_eq!(found(&world.desks[0].index(), 50, 7), ["1 09:00:00-12:50:00"]);
    assert_eq!(found(&world.desks[0].index(), 241, 7), Vec::<String>::new());
    // The other device has the same hours.
    world.sync();
    assert_eq!(found(&world.desks[1].index(), 50, 7), ["1 09:00:00-12:50:00"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_offered_is_free_and_what_is_free_is_offered(
        booked in prop::collection::vec((8_i8..18, 0_i8..60, 5_u16..150, 1_u8..3), 0..12),
        minutes in 5_u16..120,
        between in prop::sample::select(vec![0_u16, 5, 10, 30]),
    ) {
        let mut world = World::new(&[1]);
        let client = world.client(0, 1);
        said(&mut world, &format!("Mon 8-12 13-18:30, {between} min between"));
        for (number, (hour, minute, minutes, clinician)) in (1..).zip(booked) {
            let room = Some("2".to_owned());
            let at = Slot { start: monday(hour, minute), minutes, room, ..slot(member(clinician), 0) };
            let id = AppointmentId::from_bytes([number; 16]);
            world.act(0, Edit::Book(appointment(id, client, at))).unwrap();
        }
        let index = world.desks[0].index();
        let wanted = Slot { minutes, ..slot(member(1), 0) };
        let starts: Vec<_> = free_starts(&index, (&wanted, &[]), None, (monday(0, 0), 1)).collect();
        for quarter in 0..96 {
            let start = monday(0, 0).saturating_add(jiff::Span::new().minutes(quarter * 15));
            let at = Slot { start, ..wanted.clone() };
            let ends = start.saturating_add(jiff::Span::new().minutes(minutes));
            let open = (start >= monday(8, 0) && ends <= monday(12, 0))
                || (start >= monday(13, 0) && ends <= monday(18, 30));
            let pause = |by: i64| Slot { start: start.saturating_add(jiff::Span::new().minutes(by)), ..wanted.clone() };
            let apart = (0..=between).all(|by| {
                let by = i64::from(by);
                clashes(&index, (&pause(by), &[]), None).is_empty()
                    && clashes(&index, (&pause(-by), &[]), None).is_empty()
            });
            let free = open && apart && clashes(&index, (&at, &[]), None).is_empty();
            prop_assert_eq!(starts.contains(&start), free, "{}", start);
        }
    }
}
