//! What must hold of every history that the generator writes.

use super::*;
use crate::id::{AppointmentId, ClientId, ObjectId};
use crate::practice::edit::{AppointmentKind, Part, Slot, Status, Subject};
use crate::practice::group::subject_of;
use crate::practice::view::{AppointmentRow, NoteState, TimelineEntry, View};
use jiff::civil::{Weekday, date};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ZONE: &str = "America/Los_Angeles";

fn clinician() -> MemberId {
    MemberId::from_bytes([7; 16])
}

fn write(seed: u64, size: Size, today: Date) -> Vec<Dated> {
    generate(seed, size, today, clinician(), ZONE).collect()
}

/// What a reader of the edits knows in the end.
#[derive(Default)]
struct Ledger {
    clients: BTreeSet<ClientId>,
    groups: BTreeSet<ClientId>,
    slots: BTreeMap<AppointmentId, Slot>,
    statuses: BTreeMap<AppointmentId, Status>,
    drafts: BTreeMap<ObjectId, Option<AppointmentId>>,
    signed: BTreeSet<ObjectId>,
    texts: BTreeMap<ClientId, String>,
    measures: usize,
    late: usize,
}

impl Ledger {
    fn knows(&self, client: &ClientId) -> bool {
        self.clients.contains(client) || self.groups.contains(client)
    }
}

impl Ledger {
    fn is_missed(&self, appointment: AppointmentId) -> bool {
        let status = self.statuses.get(&appointment);
        matches!(status, Some(Status::NoShow | Status::LateCancel))
    }
}

/// Reads the edits in order and refuses what `Practice::apply` would refuse.
fn read(edits: &[Dated]) -> Ledger {
    let mut ledger = Ledger::default();
    assert!(edits.windows(2).all(|pair| pair[0].at <= pair[1].at), "not in order of time");
    for Dated { edit, .. } in edits {
        match edit {
            Edit::NewClient { client, .. } => assert!(ledger.clients.insert(*client)),
            Edit::NewGroup { group, change, .. } => {
                assert!(change.members.keys().all(|client| ledger.clients.contains(client)));
                ledger.groups.insert(subject_of(*group));
            }
            Edit::Book(new) => {
                assert!(new.clients.iter().all(|client| ledger.knows(client)));
                assert!(ledger.slots.insert(new.id, new.slot.clone()).is_none());
            }
            Edit::Move { appointment, slot } => {
                assert!(ledger.slots.insert(*appointment, slot.clone()).is_some());
            }
            Edit::SetStatus { appointment, status, .. } => {
                assert!(ledger.slots.contains_key(appointment));
                ledger.statuses.insert(*appointment, *status);
            }
            Edit::BeginNote { note, client, session, .. } => {
                assert!(ledger.knows(client));
                let held = session.map(|session| ledger.statuses.get(&session));
                assert_eq!(held, Some(Some(&Status::Held)));
                assert!(ledger.drafts.insert(*note, *session).is_none());
            }
            Edit::ChangeDraft { note, client, splices } => {
                assert!(ledger.drafts.contains_key(note) && !ledger.signed.contains(note));
                let text = ledger.texts.entry(*client).or_default();
                let length: usize = splices.iter().map(|s| s.inserted.chars().count()).sum();
                assert!((1_200..=2_800).contains(&length), "{length} characters");
                let parts: Vec<Part> = splices.iter().map(|s| s.part).collect();
                assert_eq!(parts, crate::practice::edit::NoteFormat::Soap.parts());
                for splice in splices {
                    text.push_str(&splice.inserted);
                    text.push('\n');
                }
            }
            Edit::Sign { note, late_reason, .. } => {
                assert!(ledger.drafts.contains_key(note) && ledger.signed.insert(*note));
                ledger.late += usize::from(late_reason.is_some());
            }
            Edit::EnterMeasure { client, session, .. } => {
                assert!(ledger.clients.contains(client) && session.is_some());
                ledger.measures += 1;
            }
            Edit::Archive { client, archived } => {
                assert!(ledger.clients.contains(client) && *archived);
            }
            Edit::SetFee { appointment, .. } => assert!(ledger.is_missed(*appointment)),
            Edit::Attach { .. }
            | Edit::ChangePlan { .. }
            | Edit::RecordConsent { .. }
            | Edit::SignPlan { .. }
            | Edit::StampSession { .. } => {}
            other => panic!("the generator does not make this: {other:?}"),
        }
    }
    ledger
}

fn overlaps(slots: &BTreeMap<AppointmentId, Slot>) -> usize {
    let mut times: Vec<_> = slots.values().map(|slot| (slot.start, slot.minutes)).collect();
    times.sort();
    let minute = |(start, minutes): (jiff::civil::DateTime, u16)| {
        start.saturating_add(jiff::Span::new().minutes(i64::from(minutes)))
    };
    times.windows(2).filter(|pair| minute(pair[0]) > pair[1].0).count()
}

#[test]
fn the_same_seed_writes_the_same_history() {
    let today = date(2026, 11, 25);
    assert_eq!(write(5, Size::SMALL, today), write(5, Size::SMALL, today));
    assert_ne!(write(5, Size::SMALL, today), write(6, Size::SMALL, today));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn at_any_hour_nothing_has_come_of_a_session_that_lies_ahead(
        seed in any::<u64>(),
        minute in 0..24 * 60_i64,
    ) {
        let today = date(2026, 11, 25);
        let now = today.at(0, 0, 0, 0).saturating_add(jiff::Span::new().minutes(minute));
        let latest = now.in_tz(ZONE).unwrap().timestamp().as_millisecond();
        let latest = Timestamp::from_millis(latest);
        let history = generate(seed, Size::SMALL, today, clinician(), ZONE);
        let edits: Vec<Dated> = history.filter_map(|dated| dated.by(latest)).collect();
        let ledger = read(&edits);

        prop_assert!(edits.iter().all(|dated| dated.at <= latest));
        prop_assert_eq!(ledger.slots.len(), 62);
        for (id, slot) in &ledger.slots {
            let status = ledger.statuses.get(id);
            let over = slot.start.saturating_add(jiff::Span::new().minutes(50)) <= now;
            prop_assert!(over || status != Some(&Status::Held), "{} at {now}", slot.start);
            prop_assert!(slot.start <= now || status != Some(&Status::NoShow));
            let drafted = ledger.drafts.values().any(|session| *session == Some(*id));
            prop_assert!(over || !drafted, "a note of {} at {now}", slot.start);
        }
    }
}

#[test]
fn an_early_morning_sees_no_edit_from_its_own_future_and_the_order_stays() {
    let today = date(2026, 11, 25);
    let morning = today.at(6, 0, 0, 0).in_tz(ZONE).unwrap().timestamp().as_millisecond();
    let morning = Timestamp::from_millis(morning);
    let history = generate(4, Size::SMALL, today, clinician(), ZONE);
    let edits: Vec<Dated> = history.filter_map(|dated| dated.by(morning)).collect();
    assert_eq!(read(&edits).slots.len(), 62);
    assert!(edits.last().is_some_and(|dated| dated.at <= morning));
}

#[test]
fn the_practice_takes_every_edit_and_shows_today_with_one_of_each() {
    let today = date(2026, 11, 25);
    let mut desk = desk::Desk::new(clinician(), ZONE);
    for (number, Dated { at, edit }) in
        generate(4, Size::SMALL, today, clinician(), ZONE).enumerate()
    {
        let done = desk.apply(at, edit.clone());
        assert!(done.is_ok(), "edit {number}, {edit:?}: {done:?}");
    }

    let index = desk.practice().index();
    assert_eq!((index.clients.len(), index.appointments.len()), (5, 62));
    let rows: Vec<_> = index.days[&today].iter().map(|id| &index.appointments[id]).collect();
    let state = |at: usize| (rows[at].status, rows[at].note);
    assert!(matches!(state(0), (Status::Held, NoteState::Signed(_))));
    assert!(matches!(state(1), (Status::Held, NoteState::Draft(_))));
    assert!(matches!(state(2), (Status::NoShow, NoteState::Missing)));
    assert!(matches!(state(3), (Status::Arrived, NoteState::Missing)));
    assert!(matches!(state(4), (Status::Confirmed, NoteState::Missing)));
    assert_eq!(index.drafts.len(), 2);
    let past = index.days.range(..today).flat_map(|(_, ids)| ids);
    let missing = past
        .map(|id| &index.appointments[id])
        .filter(|row| row.status == Status::Held && row.note == NoteState::Missing);
    assert_eq!(missing.count(), 1);
    let late = index
        .timelines
        .values()
        .flat_map(|rows| rows.iter())
        .filter(|row| matches!(row.entry, TimelineEntry::Note { late: true, .. }));
    assert!(late.count() <= 10);
    let plans = index.plans.clone();
    for (client, review) in &plans {
        assert!(review.is_some_and(|review| review > today), "signed, and due again");
        let View::Plan(view) = desk.open(Subject::Plan(*client)) else { panic!("a plan") };
        assert_eq!((view.plan.lacks(), view.changed, view.versions.len()), (vec![], false, 1));
    }
    assert!(plans.len() >= 3, "{plans:?}");
}

#[test]
fn the_demo_has_the_size_that_it_promises() {
    let today = date(2026, 11, 25);
    let ledger = read(&write(1, Size::DEMO, today));

    assert_eq!(ledger.clients.len(), 41);
    assert_eq!(ledger.groups.len(), 1);
    assert_eq!(ledger.slots.len(), 3_102, "two of a couple");
    assert_eq!(ledger.signed.len(), 2_401, "one of a couple");
    assert_eq!(ledger.drafts.len() - ledger.signed.len(), 4, "three and one of today");
    assert!(ledger.measures > 400 && ledger.late > 40);
    let missing = ledger.statuses.iter().filter(|(_, status)| **status == Status::Held).count();
    let supervision = 27;
    let noted = ledger.drafts.len() + 1;
    assert!((noted..noted + supervision).contains(&missing), "{missing} held");

    let first = ledger.slots.values().map(|slot| slot.start.date()).min().unwrap();
    let last = ledger.slots.values().map(|slot| slot.start.date()).max().unwrap();
    assert!(first < date(2024, 12, 15) && last > date(2026, 12, 15), "{first} to {last}");
    let tomorrow = ledger.slots.values().filter(|s| s.start.date() == date(2026, 11, 27)).count();
    assert!(tomorrow >= 3, "{tomorrow} the day after tomorrow");
}

#[test]
fn a_couple_comes_this_week_and_shares_a_note_whatever_day_it_is() {
    let size = Size { couple: true, weeks_back: 20, appointments: 110, ..Size::SMALL };
    for days in 0..9 {
        let today = date(2026, 11, 19).saturating_add(jiff::Span::new().days(days));
        let mut desk = desk::Desk::new(clinician(), ZONE);
        let edits = write(4, size, today);
        assert_eq!(edits, write(4, size, today));
        let plain = write(4, Size { couple: false, ..size }, today);
        assert_eq!(
            edits.iter().filter(|edit| !plain.contains(edit)).count(),
            edits.len() - plain.len()
        );
        assert_eq!(overlaps(&read(&edits).slots), 0, "{today}");
        for Dated { at, edit } in edits {
            desk.apply(at, edit).unwrap();
        }
        let index = desk.practice().index();
        let [(couple, row)] = &index.groups.iter().collect::<Vec<_>>()[..] else { panic!("one") };
        assert_eq!(row.present().count(), 2);
        let with = index.appointments.values().filter(|row| index.group_of(row) == Some(**couple));
        let with: Vec<_> = with.filter(|row| row.kind == AppointmentKind::Couple).collect();
        let of_week = |date: Date| date.iso_week_date().week();
        let this_week =
            |row: &&&Arc<AppointmentRow>| of_week(row.slot.start.date()) == of_week(today);
        assert_eq!((with.len(), with.iter().filter(this_week).count()), (2, 1), "{today}");
        let shared = index.timelines[*couple].iter();
        let notes = shared.filter(|row| matches!(row.entry, TimelineEntry::Note { .. })).count();
        assert!((1..=2).contains(&notes), "{today}: {notes}");
        assert!(
            with.iter().all(
                |row| row.slot.start.date() > today || matches!(row.note, NoteState::Signed(_))
            )
        );
    }
}

#[test]
fn the_large_practice_has_the_size_that_it_promises() {
    // The text is left out: only what is decided before it is looked at.
    let edits = generate(2, Size::LARGE, date(2026, 11, 25), clinician(), ZONE);
    let (mut appointments, mut signed, mut clients) = (0, 0, 0);
    for Dated { edit, .. } in edits {
        appointments += usize::from(matches!(edit, Edit::Book(_)));
        signed += usize::from(matches!(edit, Edit::Sign { .. }));
        clients += usize::from(matches!(edit, Edit::NewClient { .. }));
    }
    assert_eq!((clients, appointments, signed), (200, 15_000, 12_000));
}

#[test]
fn notes_are_as_hard_to_compress_as_what_people_write() {
    let ledger = read(&write(1, Size::DEMO, date(2026, 11, 25)));
    let ratio = |text: &str| {
        let packed = zstd::bulk::compress(text.as_bytes(), 3).unwrap();
        text.len() as f64 / packed.len() as f64
    };
    let mut ratios: Vec<f64> = ledger.texts.values().map(|text| ratio(text)).collect();
    ratios.sort_by(f64::total_cmp);
    let all: String = ledger.texts.values().map(String::as_str).collect();
    let (lowest, highest) = (ratios[0], ratios[ratios.len() - 1]);
    let together = ratio(&all);
    println!(
        "zstd -3: per client {lowest:.2} to {highest:.2}, together {together:.2} ({} bytes)",
        all.len()
    );
    assert!(highest <= 3.2, "{highest:.2} for one client");
    assert!(together <= 3.8, "{together:.2} for all");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_day_it_is_today_has_its_sessions_and_nothing_overlaps(
        seed in any::<u64>(),
        days in 0..2_000_i64,
    ) {
        let today = date(2024, 1, 1).saturating_add(jiff::Span::new().days(days));
        let edits = write(seed, Size::SMALL, today);
        let ledger = read(&edits);

        prop_assert_eq!(ledger.clients.len(), 5);
        prop_assert_eq!(ledger.slots.len(), 62);
        prop_assert_eq!(ledger.signed.len(), 40);
        prop_assert_eq!(overlaps(&ledger.slots), 0);
        let end = today.at(13, 25, 0, 0).in_tz(ZONE).unwrap().timestamp().as_millisecond();
        prop_assert!(edits.iter().all(|dated| dated.at.as_millis() <= end), "after the end");
        let now = ledger.slots.values().filter(|slot| slot.start.date() == today).count();
        prop_assert!((5..=7).contains(&now), "{} today", now);
        let other = ledger.slots.values().filter(|slot| slot.start.date() != today);
        for slot in other {
            prop_assert_ne!(slot.start.date().weekday(), Weekday::Sunday);
        }
    }
}
