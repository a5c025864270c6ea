//! A front desk: a practice that was made of the compartments that it has keys to, and of no other.

use super::world::*;
use crate::id::{AppointmentId, ClientId, ObjectId, PlanItemId, SeriesId, TaskId, Timestamp};
use crate::practice::edit::{
    Channel, Direction, Edit, NewSeries, NoteFormat, Purpose, StampChange, Status, Subject,
    Whereabouts,
};
use crate::practice::group::{Belongs, GroupChange, GroupKind};
use crate::practice::identity::IdentityField;
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::reach::Reach;
use crate::practice::schedule::waiting::{Waiting, Wish};
use crate::practice::view::{NoteState, TimelineEntry};
use crate::practice::{NewContact, Practice, Refusal};
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};

/// Something in every compartment.
fn furnished() -> (World, ClientId, AppointmentId) {
    let mut world = World::new(&[1]);
    let (client, other, twin) = (world.client(0, 1), world.client(0, 2), world.client(0, 3));
    let session = world.book(0, 1, client);
    let held = |id| Edit::SetStatus { appointment: id, status: Status::Held, reason: None };
    let note = world.begin(0, 10, client, Some(session), NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sign(0, client, note);
    world.begin(0, 11, client, None, NoteFormat::Soap);
    let missing = world.book(0, 2, other);
    let series = SeriesId::from_bytes([30; 16]);
    let first = appointment(AppointmentId::from_bytes([31; 16]), twin, slot(member(1), 12));
    let rule = "FREQ=WEEKLY;COUNT=5".parse().unwrap();
    let members = BTreeMap::from([(client, Belongs::Now), (other, Belongs::Now)]);
    let change = GroupChange { name: None, code: Some("S/S-01".into()), members };
    let line = PlanChange {
        kind: Some(PlanKind::Goal),
        text: Some("sleep".into()),
        ..PlanChange::default()
    };
    let contact = NewContact {
        channel: Channel::Call,
        direction: Direction::In,
        at: None,
        text: "asks for a receipt".into(),
        labels: BTreeSet::new(),
    };
    let whereabouts = Some(Whereabouts { place: "Here".into(), help: "911".into() });
    let stamps = StampChange { whereabouts, ..StampChange::default() };
    let task = TaskId::from_bytes([5; 16]);
    let form = crate::practice::measure::named("phq-9").unwrap();
    let answers = crate::practice::measure::choices(&[1; 10]);
    for edit in [
        held(session),
        held(missing),
        Edit::BookSeries(Box::new(NewSeries { series, first, rule })),
        Edit::NewGroup { group: ObjectId::from_bytes([50; 16]), kind: GroupKind::Couple, change },
        Edit::ChangePlan { client, item: PlanItemId::from_bytes([33; 16]), change: line },
        Edit::ReviewPlan { client, review: Some(date(2026, 11, 30)) },
        Edit::answered(client, None, form, answers),
        Edit::ChangeIdentity { client, field: IdentityField::Address, value: "Here 1".into() },
        Edit::LogContact { client, contact },
        Edit::AddTask { client: twin, task, text: "call".into(), due: None, since: None },
        Edit::Wait { client, waiting: Some(Waiting { since: MONDAY, wish: Wish::default() }) },
        Edit::StampSession { appointment: session, change: stamps },
        Edit::SameAs { client: twin, kept: Some(other) },
        Edit::AskErasure(crate::practice::group::subject_of(ObjectId::from_bytes([50; 16])).into()),
    ] {
        world.act(0, edit).unwrap();
    }
    (world, client, session)
}

/// Only what opens for a front desk comes to it.
fn front_desk(world: &mut World) -> Practice {
    let desk = &mut world.desks[0];
    let opens: Vec<_> = desk
        .memory
        .contents
        .iter()
        .filter(|(name, _)| Reach::FrontDesk.opens(name))
        .map(|(name, contents)| (name.clone(), contents.clone()))
        .collect();
    assert!(opens.len() < desk.memory.contents.len());
    let mut front = Practice::new();
    front.limit_to(Reach::FrontDesk);
    for (name, contents) in opens {
        front.rebuild(&name, &contents, context!(desk)).unwrap();
    }
    front.look_ahead(desk.now);
    front
}

#[test]
fn what_a_front_desk_has_is_what_it_is_shown_to_have() {
    let (mut world, client, session) = furnished();
    let front = front_desk(&mut world);
    let index = front.index();
    let shown = world.desks[0].index().seen_with(Reach::FrontDesk);
    assert_eq!(*index, shown);
    // The same from segments.
    let desk = &mut world.desks[0];
    let names = desk.memory.contents.keys().filter(|name| Reach::FrontDesk.opens(name));
    let segments: Vec<_> =
        names.filter_map(|name| Some((name.clone(), desk.practice.project(name)?))).collect();
    let mut restored = Practice::new();
    restored.limit_to(Reach::FrontDesk);
    assert_eq!(restored.restore_all(&segments), []);
    restored.look_ahead(desk.now);
    assert_eq!(restored.index(), index);

    // Nothing of a chart, and nothing that says that something is missing there.
    assert!(index.drafts.is_empty() && index.plans.is_empty() && index.groups.is_empty());
    assert!(index.appointments.values().all(|row| row.note == NoteState::Unread));
    let contacts = |entry: &TimelineEntry| matches!(entry, TimelineEntry::Contact { .. });
    assert!(index.timelines.values().flat_map(|rows| rows.iter()).all(|row| contacts(&row.entry)));
    // What a front desk works with.
    assert_eq!(index.timelines[&client].len(), 1);
    assert!(index.clients[&client].waiting.is_some());
    assert_eq!(index.clients.values().flat_map(|row| row.every_task()).count(), 1);
    assert_eq!(index.appointments[&session].whereabouts.place, "Here");
    assert_eq!((index.merged.len(), index.series.len()), (1, 1));
    assert!(world.desks[0].index().seen_with(Reach::Everything) == *world.desks[0].index());
}

#[test]
fn a_front_desk_does_its_work_and_opens_no_chart() {
    let (mut world, client, session) = furnished();
    let mut front = front_desk(&mut world);
    std::mem::swap(&mut world.desks[0].practice, &mut front);
    let signed = *world.desks[0].memory.records.keys().next().unwrap();
    let draft = ObjectId::from_bytes([11; 16]);
    for subject in [
        Subject::Chart(client),
        Subject::Draft(client, draft),
        Subject::Note(client, signed),
        Subject::Plan(client),
        Subject::Identity(client),
    ] {
        assert_eq!(world.desks[0].open(subject), Err(Refusal::NoKey), "{subject:?}");
    }
    let note = ObjectId::from_bytes([70; 16]);
    let format = NoteFormat::Free;
    for edit in [
        Edit::BeginNote { note, client, session: Some(session), format },
        Edit::Sign { note: draft, client, late_reason: None },
        Edit::SignPlan { client },
        Edit::ChangeIdentity { client, field: IdentityField::Address, value: "There".into() },
    ] {
        assert_eq!(world.act(0, edit), Err(Refusal::NoKey));
    }
    let contact = NewContact {
        channel: Channel::Text,
        direction: Direction::Out,
        at: None,
        text: "sent".into(),
        labels: BTreeSet::new(),
    };
    let began = Some(Some(Timestamp::from_millis(9)));
    for edit in [
        Edit::LogContact { client, contact },
        Edit::AddTask {
            client,
            task: TaskId::from_bytes([6; 16]),
            text: "post".into(),
            due: None,
            since: None,
        },
        Edit::Wait { client, waiting: None },
        Edit::Move { appointment: session, slot: slot(member(1), 17) },
        Edit::StampSession {
            appointment: session,
            change: StampChange { began, ..StampChange::default() },
        },
        Edit::Book(appointment(AppointmentId::from_bytes([60; 16]), client, slot(member(1), 18))),
    ] {
        world.act(0, edit).unwrap();
    }
    let desk = &mut world.desks[0];
    let index = desk.index();
    assert_eq!(index.timelines[&client].len(), 2);
    assert!(index.appointments.values().all(|row| row.note == NoteState::Unread));
    let (found, _) = desk.practice.find("phq", Purpose::Query, context!(desk));
    assert!(found.matches.is_empty());
}
