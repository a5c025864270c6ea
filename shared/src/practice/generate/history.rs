//! Turns plan and outcomes into dated edits. Text is written only when its edit is asked for.

use super::calendar::{CELLS, Plan};
use super::grammar::{Grammar, pick};
use super::outcome::{Documented, Outcome};
use super::people::Person;
use super::{Dated, consents, couple, files, measures, plans};
use crate::id::{AppointmentId, MemberId, ObjectId, Timestamp};
use crate::practice::edit::{
    AppointmentKind, Edit, Fee, Modality, NewAppointment, NoteFormat, Slot, Splice, StampChange,
    Status, Whereabouts,
};
use crate::practice::group::subject_of;
use crate::practice::measure;
use crate::random::Seeded;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, time};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Where and for whom the history is written.
pub(super) struct Place {
    /// Whose calendar it is.
    pub(super) clinician: MemberId,
    /// As it is written into slots.
    pub(super) zone: String,
    /// The same, to count with.
    pub(super) time_zone: TimeZone,
    /// The day on which the history ends.
    pub(super) today: Date,
    /// Whether clients have treatment plans.
    pub(super) plans: bool,
    /// Whether two of them are a couple.
    pub(super) couple: bool,
}

/// What happens, in short: the text of a note comes later.
enum Act {
    /// An edit that is small enough to keep.
    Ready(Box<Edit>),
    /// The text of a note.
    Write { person: usize, note: ObjectId, number: u32, ease: f64 },
}

/// All acts in order of time.
pub(super) struct History {
    acts: std::vec::IntoIter<(Timestamp, Act)>,
    people: Vec<Person>,
    grammar: Grammar,
}

/// How many sessions lie between two measures.
const SESSIONS_PER_MEASURE: u32 = 4;
/// How many days before an appointment it is usually booked.
const BOOKED_AHEAD_DAYS: i64 = 42;
/// A client whose last appointment is older than this is in the archive.
const ARCHIVED_AFTER_DAYS: i64 = 56;
/// How many days ago plans were signed.
const PLANNED_WITHIN: std::ops::Range<usize> = 5..79;
/// Where an appointment of the first cell was, before it was moved there. No cell is that late.
const MOVED_FROM: Time = time(18, 45, 0, 0);

impl Iterator for History {
    type Item = Dated;

    fn next(&mut self) -> Option<Dated> {
        let (at, act) = self.acts.next()?;
        let edit = match act {
            Act::Ready(edit) => *edit,
            Act::Write { person, note, number, ease } => {
                let person = self.people.get(person)?;
                let parts = person.voice.note(&self.grammar, number, ease);
                let splices = parts
                    .into_iter()
                    .map(|(part, inserted)| Splice { part, position: 0, deleted: 0, inserted })
                    .collect();
                Edit::ChangeDraft { note, client: person.id, splices }
            }
        };
        Some(Dated { at, edit })
    }
}

impl History {
    /// Lays out everything that happens.
    pub(super) fn new(
        people: Vec<Person>,
        plan: &Plan,
        outcomes: &BTreeMap<(Date, usize), Outcome>,
        place: Place,
        random: Seeded,
    ) -> Self {
        let mut writer = Writer { people: &people, place, random, acts: Vec::new() };
        let mut seen: BTreeMap<usize, Course> = BTreeMap::new();
        for client in plan.values().flatten() {
            seen.entry(*client).or_default().planned += 1;
        }
        for (at, client) in plan {
            let Some(outcome) = outcomes.get(at) else { continue };
            match client {
                Some(client) => {
                    writer.appointment(*at, *client, *outcome, seen.entry(*client).or_default());
                }
                None => writer.supervision(*at, *outcome),
            }
        }
        writer.archive(&seen);
        writer.plan_treatment(&seen);
        // Drawn last, so that nothing else depends on it.
        writer.couple(&seen);
        let mut acts = writer.acts;
        // Stable: what happens at one moment keeps the order in which it was laid out.
        acts.sort_by_key(|(at, _)| *at);
        Self { acts: acts.into_iter(), grammar: Grammar::new(), people }
    }
}

/// How far a client's treatment has come.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    /// All appointments.
    planned: u32,
    /// Those that were laid out.
    passed: u32,
    /// Those that took place.
    held: u32,
    /// The newest.
    last: Option<Date>,
    /// When the client was added.
    since: Option<DateTime>,
}

struct Writer<'p> {
    people: &'p [Person],
    place: Place,
    random: Seeded,
    acts: Vec<(Timestamp, Act)>,
}

impl Writer<'_> {
    fn appointment(
        &mut self,
        at: (Date, usize),
        client: usize,
        outcome: Outcome,
        course: &mut Course,
    ) {
        let Some(person) = self.people.get(client) else { return };
        let first = course.passed == 0;
        let share = f64::from(course.passed) / f64::from(course.planned.max(1));
        let ease = person.ease_at_start + (person.ease_at_end - person.ease_at_start) * share;
        course.passed += 1;
        course.last = Some(at.0);

        let id = AppointmentId::random(&mut self.random);
        let slot = self.slot(at, person.modality);
        let start = slot.start;
        let kind = if first { AppointmentKind::Intake } else { person.kind };
        let since = course.since.unwrap_or_else(|| {
            let made = start.saturating_sub(9.days()).saturating_sub(13.minutes());
            made.min(self.place.today.to_datetime(time(7, 30, 0, 0)))
        });
        if first {
            let contact = person.contact.clone();
            self.act(since, Edit::NewClient { client: person.id, contact });
        }
        course.since = Some(since);
        self.book(id, vec![person.id], kind, slot.clone(), since);
        self.status(id, start, outcome);
        if matches!(outcome, Outcome::Held(_)) && slot.modality.is_remote() && self.place.plans {
            let said = Whereabouts { place: person.place.to_owned(), help: "911".to_owned() };
            let change = StampChange { whereabouts: Some(said), ..StampChange::default() };
            let edit = Edit::StampSession { appointment: id, change };
            self.act(start.saturating_add(1.minutes()), edit);
        }
        if let Outcome::Held(documented) = outcome {
            if course.held.is_multiple_of(SESSIONS_PER_MEASURE) {
                let instrument = person.voice.instrument();
                let answers = measures::answers(instrument, ease, &mut self.random);
                // Every instrument of a voice comes with the product.
                if let Some(form) = measure::named(instrument) {
                    let edit = Edit::answered(person.id, Some(id), form, answers);
                    self.act(start.saturating_add(6.minutes()), edit);
                }
            }
            self.note(client, id, &slot, documented, course.held, ease);
            course.held += 1;
        }
    }

    fn supervision(&mut self, at: (Date, usize), outcome: Outcome) {
        let id = AppointmentId::random(&mut self.random);
        let slot = self.slot(at, Modality::InOffice);
        let start = slot.start;
        self.book(id, Vec::new(), AppointmentKind::Supervision, slot, DateTime::MIN);
        self.status(id, start, outcome);
    }

    fn slot(&mut self, at: (Date, usize), modality: Modality) -> Slot {
        let (date, cell) = at;
        let start = CELLS.get(cell).copied().unwrap_or(Time::midnight());
        // Now and then a session is by video that usually is not.
        let modality = if self.random.below(12) == 0 { Modality::Video } else { modality };
        Slot {
            start: date.to_datetime(start),
            zone: self.place.zone.clone(),
            minutes: 50,
            clinician: self.place.clinician,
            room: (modality == Modality::InOffice).then(|| "1".to_owned()),
            modality,
        }
    }

    fn book(
        &mut self,
        id: AppointmentId,
        clients: Vec<crate::id::ClientId>,
        kind: AppointmentKind,
        slot: Slot,
        since: DateTime,
    ) {
        let made = slot.start.saturating_sub(BOOKED_AHEAD_DAYS.days()).saturating_sub(8.minutes());
        let made = made.max(since.saturating_add(4.minutes()));
        let memo = (kind == AppointmentKind::Supervision).then(|| "Supervision".to_owned());
        // Only the first place of a day can have been the last: there is one of each.
        let first_cell = CELLS.first().is_some_and(|cell| *cell == slot.start.time());
        let moved = slot.start.saturating_sub(4.days()).saturating_add(3.minutes());
        let movable = first_cell && made < moved && moved.date() < self.place.today;
        if movable && self.random.below(6) == 0 {
            let before = Slot { start: slot.start.date().to_datetime(MOVED_FROM), ..slot.clone() };
            self.act(made, Edit::Book(NewAppointment { id, clients, kind, slot: before, memo }));
            self.act(moved, Edit::Move { appointment: id, slot });
        } else {
            self.act(made, Edit::Book(NewAppointment { id, clients, kind, slot, memo }));
        }
    }

    fn status(&mut self, id: AppointmentId, start: DateTime, outcome: Outcome) {
        let because = |random: &mut Seeded| Some(pick(REASONS, random).to_owned());
        let hours = i64::try_from(self.random.below(20)).unwrap_or_default();
        let (when, status, reason) = match outcome {
            Outcome::Arrived => (start.saturating_sub(5.minutes()), Status::Arrived, None),
            Outcome::CancelledByClient => (
                start.saturating_sub((30 + hours).hours()),
                Status::CancelledByClient,
                because(&mut self.random),
            ),
            Outcome::CancelledByClinician => (
                start.date().to_datetime(time(7, 20, 0, 0)),
                Status::CancelledByClinician,
                Some("clinician ill".to_owned()),
            ),
            Outcome::Held(_) => (start.saturating_add(50.minutes()), Status::Held, None),
            Outcome::LateCancel => (
                start.date().to_datetime(time(8, 5, 0, 0)),
                Status::LateCancel,
                because(&mut self.random),
            ),
            Outcome::NoShow => (start.saturating_add(20.minutes()), Status::NoShow, None),
            Outcome::Upcoming { confirmed: true } => {
                let eve = self.place.today.to_datetime(time(7, 45, 0, 0));
                (eve.saturating_sub((hours + 1).hours()), Status::Confirmed, None)
            }
            Outcome::Upcoming { confirmed: false } => return,
        };
        self.act(when, Edit::SetStatus { appointment: id, status, reason });
        // Who pays for what was missed is settled within the week.
        let missed = matches!(status, Status::NoShow | Status::LateCancel);
        let settled = start.saturating_add(7.days());
        if missed && settled.date() < self.place.today {
            let fee = if start.day() % 3 == 0 { Fee::Waived } else { Fee::Charged };
            self.act(settled, Edit::SetFee { appointment: id, fee: Some(fee) });
        }
    }

    fn note(
        &mut self,
        person: usize,
        session: AppointmentId,
        slot: &Slot,
        documented: Documented,
        number: u32,
        ease: f64,
    ) {
        let Some(client) = self.people.get(person).map(|person| person.id) else { return };
        if matches!(documented, Documented::Missing | Documented::NotNeeded) {
            return;
        }
        let note = ObjectId::random(&mut self.random);
        let end = slot.start.saturating_add(i64::from(slot.minutes).minutes());
        let written =
            end.saturating_add(i64::try_from(3 + self.random.below(4)).unwrap_or(3).minutes());
        let begin =
            Edit::BeginNote { note, client, session: Some(session), format: NoteFormat::Soap };
        self.act(end, begin);
        self.push(written, Act::Write { person, note, number, ease });
        let (signed, late_reason) = match documented {
            Documented::SameDay => (written.saturating_add(1.minute()), None),
            Documented::NextDay => (evening(end, 1), None),
            Documented::Late => {
                let days = 4 + i64::try_from(self.random.below(3)).unwrap_or_default();
                (evening(end, days), Some(pick(LATE, &mut self.random).to_owned()))
            }
            Documented::Draft | Documented::Missing | Documented::NotNeeded => return,
        };
        self.act(signed, Edit::Sign { note, client, late_reason });
    }

    fn archive(&mut self, courses: &BTreeMap<usize, Course>) {
        for (person, course) in courses {
            let (Some(person), Some(last)) = (self.people.get(*person), course.last) else {
                continue;
            };
            let filed = last.saturating_add(ARCHIVED_AFTER_DAYS.days());
            if filed < self.place.today {
                let at = filed.to_datetime(time(18, 30, 0, 0));
                self.act(at, Edit::Archive { client: person.id, archived: true });
            }
        }
    }

    /// Everybody who still comes and is not new has a plan, each signed on another day: some are to
    /// be looked at again within two weeks.
    fn plan_treatment(&mut self, courses: &BTreeMap<usize, Course>) {
        if !self.place.plans {
            return;
        }
        for (number, course) in courses {
            let Some(person) = self.people.get(*number) else { continue };
            let days = PLANNED_WITHIN.start + (number * 13) % PLANNED_WITHIN.len();
            let days = i64::try_from(days).unwrap_or_default();
            let planned = self.place.today.saturating_sub(days.days());
            let at = planned.to_datetime(time(18, 40, 0, 0));
            let comes = course.last.is_some_and(|last| last > self.place.today);
            if comes && course.since.is_some_and(|since| since < at) {
                let target = planned.saturating_add(120.days());
                for edit in plans::edits(person, target) {
                    self.act(at, edit);
                }
                let given = consents::edits(*number, person, planned, self.place.today);
                given.into_iter().for_each(|edit| self.act(at, edit));
                let files = files::edits(*number, person);
                files.into_iter().for_each(|edit| self.act(at, edit));
            }
        }
    }

    /// Two who have come for a while and still do also come together: last week, with a note that they
    /// share, and this week.
    fn couple(&mut self, courses: &BTreeMap<usize, Course>) {
        let today = self.place.today;
        let Some(day) = couple::day(today).filter(|_| self.place.couple) else { return };
        let before = day.saturating_sub(7.days());
        let begun = before.saturating_sub(7.days()).to_datetime(time(18, 30, 0, 0));
        let comes = |course: &Course| {
            let since = course.since.is_some_and(|since| since < begun);
            since && course.last.is_some_and(|last| last > today)
        };
        let two = courses.iter().filter(|(_, course)| comes(course));
        let two = two.filter_map(|(number, _)| self.people.get(*number).map(|person| person.id));
        let Ok(members) = <[_; 2]>::try_from(two.take(2).collect::<Vec<_>>()) else { return };
        let (group, made) = couple::made(members, &mut self.random);
        self.act(begun, made);
        let client = subject_of(group);
        for date in [before, day] {
            let id = AppointmentId::random(&mut self.random);
            let slot = Slot {
                start: date.to_datetime(couple::AT),
                zone: self.place.zone.clone(),
                minutes: 50,
                clinician: self.place.clinician,
                room: Some("1".to_owned()),
                modality: Modality::InOffice,
            };
            let end = slot.start.saturating_add(50.minutes());
            let (clients, kind) = (vec![client], AppointmentKind::Couple);
            let booked = NewAppointment { id, clients, kind, slot, memo: None };
            self.act(begun.saturating_add(2.minutes()), Edit::Book(booked));
            if date < today {
                let (status, reason) = (Status::Held, None);
                self.act(end, Edit::SetStatus { appointment: id, status, reason });
                for (at, edit) in couple::note(client, id, end, &mut self.random) {
                    self.act(at, edit);
                }
            }
        }
    }

    fn act(&mut self, at: DateTime, edit: Edit) {
        self.push(at, Act::Ready(Box::new(edit)));
    }

    fn push(&mut self, at: DateTime, act: Act) {
        // No time of the grid lies in a gap of a zone that changes its clocks at night.
        let zoned = self.place.time_zone.to_ambiguous_zoned(at).compatible();
        let millis = zoned.map_or(0, |zoned| zoned.timestamp().as_millisecond());
        self.acts.push((Timestamp::from_millis(millis), act));
    }
}

fn evening(end: DateTime, days: i64) -> DateTime {
    end.date().saturating_add(days.days()).to_datetime(time(18, 50, 0, 0))
}

/// Reasons for a cancellation, as a calendar may hold them: never clinical.
const REASONS: &[&str] = &[
    "travel",
    "childcare",
    "work",
    "a cold",
    "car trouble",
    "train strike",
    "family visit",
    "asked for another day",
    "no reason given",
    "school event",
    "moving house",
    "dentist",
];

/// Reasons for signing late.
const LATE: &[&str] = &[
    "was ill",
    "power cut at the office",
    "waited for the measure",
    "training days",
    "emergency with another client",
    "on leave",
    "draft was overlooked",
];
