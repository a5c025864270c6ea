//! Whatever stands in a practice's own documents, its own export is taken in again.

use super::world::{HOUR, World, appointment, context, member, slot};
use crate::id::{AppointmentId, ClientId, ObjectId, PlanItemId, SeriesId, TaskId};
use crate::practice::calendar;
use crate::practice::change::Change;
use crate::practice::compartment::{CompartmentName, Quarter};
use crate::practice::document::Scalar;
use crate::practice::document_of;
use crate::practice::edit::{Edit, NewSeries, Stamp, Status};
use crate::practice::erasure::Scope;
use crate::practice::group::{Belongs, GroupChange, GroupKind};
use crate::practice::interchange::{Importer, export_lines};
use crate::practice::plan::{PlanChange, PlanKind};
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::BTreeSet;

const TASK: TaskId = TaskId::from_bytes([5; 16]);
const LINE: PlanItemId = PlanItemId::from_bytes([6; 16]);
const GROUP: ObjectId = ObjectId::from_bytes([7; 16]);
const SERIES: SeriesId = SeriesId::from_bytes([8; 16]);

/// A client with one of everything that is a document, on two devices.
fn world() -> (World, ClientId, AppointmentId) {
    let mut world = World::new(&[1, 1]);
    let (client, other) = (world.client(0, 1), world.client(0, 2));
    let session = world.book(0, 1, client);
    let change = PlanChange {
        kind: Some(PlanKind::Goal),
        text: Some("Sleeps".into()),
        ..PlanChange::default()
    };
    let group = GroupChange {
        name: Some("Pair".into()),
        code: Some("P-1".into()),
        members: [(client, Belongs::Now), (other, Belongs::Now)].into(),
    };
    let first = appointment(AppointmentId::from_bytes([9; 16]), client, slot(member(1), 14));
    let rule = "FREQ=WEEKLY;COUNT=5".parse().unwrap();
    for edit in [
        Edit::AddTask { client, task: TASK, text: "call".into(), due: None, since: None },
        Edit::ChangePlan { client, item: LINE, change },
        Edit::NewGroup { group: GROUP, kind: GroupKind::Couple, change: group },
        Edit::BookSeries(Box::new(NewSeries { series: SERIES, first, rule })),
        Edit::SetStatus {
            appointment: session,
            status: Status::LateCancel,
            reason: Some("ill".into()),
        },
    ] {
        world.act(0, edit).unwrap();
    }
    world.sync();
    (world, client, session)
}

/// Writes as another device may, past every check of this version.
fn write(world: &mut World, name: &CompartmentName, fields: &[(Option<String>, &str, Scalar)]) {
    let desk = &mut world.desks[1];
    let author = desk.quill.author;
    let change: Option<Change> = desk
        .practice
        .change(name, document_of(name), context!(desk), |document| {
            for (place, field, value) in fields {
                document.put(place.as_deref(), field, value.clone());
            }
        })
        .unwrap();
    if let Some(change) = change {
        world.desks[0].merge(&change, author).unwrap();
    }
}

/// Takes the whole export of the first device into another practice.
fn again(world: &mut World) -> World {
    let desk = &mut world.desks[0];
    let index = desk.index();
    let mut items = Vec::new();
    for row in index.every_client() {
        items.extend(desk.practice.chart_items(row.id, context!(desk)).unwrap());
    }
    let written = Stamp { time: desk.now, zone: index.zone.clone() };
    let mut importer = Importer::new(member(1), BTreeSet::new()).on(date(2027, 1, 1));
    let mut other = World::new(&[1]);
    other.import(&mut importer, export_lines(&index, &written, items));
    importer.finish().unwrap();
    other
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("\u{85}\u{2028}".to_owned()),
        // One letter that is two in the form in which texts are kept.
        Just("\u{958}".to_owned()),
        Just("\u{0}\u{1b}".to_owned()),
        Just(",\n".to_owned()),
        "[a-z]{1,8}",
        Just("é".to_owned()),
    ];
    let many =
        (prop::collection::vec(piece, 0..8), prop_oneof![Just(1_usize), Just(40), Just(400)]);
    many.prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_device_wrote_into_documents_the_practices_own_export_is_read(
        texts in prop::collection::vec(text(), 24),
    ) {
        let (mut world, client, session) = world();
        let text = |at: usize| Scalar::Text(texts[at].clone());
        let contact = ["name", "code", "pronouns", "phone", "email", "safe_contact"];
        let mut fields: Vec<_> =
            contact.iter().enumerate().map(|(at, field)| (None, *field, text(at))).collect();
        fields.push((Some(TASK.to_string()), "text", text(6)));
        write(&mut world, &CompartmentName::Contact(client), &fields);
        let quarter = Quarter::of(crate::practice::zone::date(world.desks[0].now, "UTC"));
        let name = CompartmentName::Calendar { clinician: member(1), quarter };
        let place = Some(session.to_string());
        let reason = calendar::status_scalar(Status::LateCancel, Some(&texts[7]));
        write(&mut world, &name, &[
            (place.clone(), "memo", text(8)),
            (place.clone(), "status", reason),
            (place.clone(), "client_place", text(9)),
            (place.clone(), "client_help", text(10)),
            (place.clone(), "began", Scalar::Number(HOUR)),
            (place, "ended", Scalar::Number(1)),
        ]);
        write(&mut world, &CompartmentName::Series(member(1)), &[
            (Some(SERIES.to_string()), "memo", text(11)),
        ]);
        let place = Some(LINE.to_string());
        write(&mut world, &CompartmentName::Chart(client), &[
            (place.clone(), "text", text(12)),
            (place, "code", text(13)),
        ]);
        write(&mut world, &CompartmentName::Group(GROUP), &[
            (None, "name", text(14)),
            (None, "code", text(15)),
        ]);
        let identity = ["legal_name", "born", "address", "guardians", "jurisdiction", "emergency"];
        let fields: Vec<_> =
            identity.iter().enumerate().map(|(at, field)| (None, *field, text(16 + at))).collect();
        write(&mut world, &CompartmentName::Identity(client), &fields);

        let other = again(&mut world);
        prop_assert!(other.desks[0].index().clients.contains_key(&client), "nobody is lost");
    }
}

/// Booked times of whom nobody sees any more stay in the calendar, without a name.
#[test]
fn an_export_without_a_client_who_is_to_be_erased_is_taken_in() {
    let (mut world, client, session) = world();
    world.act(0, Edit::AskErasure(Scope::from(client))).unwrap();
    let other = again(&mut world);
    let index = other.desks[0].index();
    assert!(!index.clients.contains_key(&client));
    assert!(index.appointments[&session].clients.is_empty());
}
