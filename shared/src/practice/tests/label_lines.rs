//! Labels of lines of a plan and of files: set on two devices, signed, out and in again.

use super::world::{World, ZONE, context, member};
use crate::id::{ClientId, PlanItemId, RecordId};
use crate::practice::attachment::{Metadata, NewAttachment};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Label, Labelled, Stamp, Subject};
use crate::practice::erasure::Scope;
use crate::practice::interchange::{Importer, export_lines};
use crate::practice::plan::{PlanChange, PlanKind};
use crate::practice::reach::Reach;
use crate::practice::record::{Record, RecordKind};
use crate::practice::view::{PlanView, TimelineEntry, View};
use crate::practice::{Refusal, record::LABELS_MAX};
use std::collections::BTreeSet;

const LINE: PlanItemId = PlanItemId::from_bytes([1; 16]);

fn set(labels: &[Label]) -> BTreeSet<Label> {
    labels.iter().copied().collect()
}

fn on_line(client: ClientId, labels: &[Label]) -> Edit {
    Edit::Label { client, of: Labelled::PlanLine(LINE), labels: set(labels) }
}

fn plan(world: &mut World, desk: usize, client: ClientId) -> PlanView {
    match world.desks[desk].open(Subject::Plan(client)) {
        Ok(View::Plan(view)) => view,
        other => panic!("no plan: {other:?}"),
    }
}

fn of_line(world: &mut World, desk: usize, client: ClientId) -> BTreeSet<Label> {
    plan(world, desk, client).plan.item(LINE).unwrap().labels.clone()
}

/// A plan of two lines, on two devices.
fn planned() -> (World, ClientId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    for (number, text) in [(1, "Keeps appointments at the clinic"), (2, "Sleeps")] {
        let (kind, text) = (Some(PlanKind::Problem), Some(text.to_owned()));
        let change = PlanChange { kind, text, ..PlanChange::default() };
        let item = PlanItemId::from_bytes([number; 16]);
        world.act(0, Edit::ChangePlan { client, item, change }).unwrap();
    }
    world.sync();
    (world, client)
}

/// Takes everything of a client into another practice.
fn again(world: &mut World, client: ClientId) -> World {
    let desk = &mut world.desks[0];
    let mut items = desk.practice.chart_items(client, context!(desk)).unwrap();
    items.extend(desk.practice.attachment_items(client, context!(desk)).unwrap());
    let written = Stamp { time: desk.now, zone: ZONE.to_owned() };
    let mut importer = Importer::new(member(1), BTreeSet::new());
    let mut other = World::new(&[1]);
    other.import(&mut importer, export_lines(&desk.index(), &written, items));
    assert!(importer.finish().unwrap().unknown_fields.is_empty());
    other
}

#[test]
fn two_devices_label_one_line_and_a_signed_version_has_what_stands() {
    let (mut world, client) = planned();
    world.act(0, on_line(client, &[Label::Hiv, Label::Violence])).unwrap();
    world.sync();
    // One takes a label away, the other adds one, at once.
    world.act(0, on_line(client, &[Label::Hiv])).unwrap();
    world.act(1, on_line(client, &[Label::Hiv, Label::Violence, Label::ThirdParty])).unwrap();
    world.sync();
    let stands = set(&[Label::Hiv, Label::ThirdParty]);
    for desk in 0..2 {
        assert_eq!(of_line(&mut world, desk, client), stands);
    }
    world.act(0, Edit::SignPlan { client }).unwrap();
    world.sync();
    assert!(!plan(&mut world, 1, client).changed, "the version has the labels, too");
    let records = world.desks[1].memory.records.values();
    let mut headers = records.map(|bytes| Record::decode(bytes).unwrap().header);
    let version = headers.find(|header| header.kind == RecordKind::Plan).unwrap();
    assert_eq!(version.labels, [4, 7]);
    assert_eq!(world.desks[1].note(client, version.id).labels, stands);
    // Another label is another plan; nothing of it is in a list.
    world.act(1, on_line(client, &[])).unwrap();
    assert!(plan(&mut world, 1, client).changed);
    world.sync();
    assert_eq!(world.desks[0].note(client, version.id).labels, stands, "what is signed stays");
    for desk in 0..2 {
        assert!(*world.desks[desk].rebuilt().index() == *world.desks[desk].index());
    }
}

#[test]
fn a_label_of_a_line_is_undone_unless_another_device_has_set_it_since() {
    let (mut world, client) = planned();
    let undo = world.act(0, on_line(client, &[Label::Hiv])).unwrap().unwrap();
    let (changes, redo) = world.desks[0].undo(undo).unwrap();
    world.send(0, changes);
    assert!(of_line(&mut world, 0, client).is_empty());
    let (changes, undo) = world.desks[0].undo(redo.unwrap()).unwrap();
    world.send(0, changes);
    world.sync();
    world.act(1, on_line(client, &[])).unwrap();
    world.sync();
    assert_eq!(world.desks[0].undo(undo.unwrap()).unwrap_err(), Refusal::ChangedElsewhere);
    let many: Vec<_> = (0..=LABELS_MAX).map(|n| Label::of(u16::try_from(n).unwrap())).collect();
    assert_eq!(world.act(0, on_line(client, &many)), Err(Refusal::TextTooLong));
    let gone = Edit::Label {
        client,
        of: Labelled::PlanLine(PlanItemId::from_bytes([9; 16])),
        labels: set(&[Label::Hiv]),
    };
    assert_eq!(world.act(0, gone), Err(Refusal::UnknownPlanItem));
}

#[test]
fn labels_of_lines_leave_with_the_plan_and_come_in_again() {
    let (mut world, client) = planned();
    world.act(0, on_line(client, &[Label::SubstanceUse, Label::Unknown(900)])).unwrap();
    let mut other = again(&mut world, client);
    assert_eq!(plan(&mut other, 0, client).plan, plan(&mut world, 0, client).plan);
    assert_eq!(of_line(&mut other, 0, client).len(), 2);
}

/// A file with a label from the start.
fn filed() -> (World, ClientId, RecordId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let bytes = "to whom it may concern".as_bytes().to_vec().into();
    let (title, metadata, labels) = ("letter".to_owned(), Metadata::Keep, set(&[Label::Hiv]));
    let file = Box::new(NewAttachment { title, bytes, metadata, labels });
    world.act(0, Edit::Attach { client, file }).unwrap();
    world.sync();
    let index = world.desks[0].index();
    let record = index.timelines[&client].iter().find_map(|row| match row.entry {
        TimelineEntry::Attachment { record, .. } => Some(record),
        _ => None,
    });
    (world, client, record.unwrap())
}

fn of_file(world: &mut World, desk: usize, client: ClientId, record: RecordId) -> BTreeSet<Label> {
    let Ok(View::Attachments(list)) = world.desks[desk].open(Subject::Attachments(client)) else {
        panic!("a list")
    };
    let Ok(View::Attachment(view)) = world.desks[desk].open(Subject::Attachment(client, record))
    else {
        panic!("a file")
    };
    assert_eq!(list.labels.get(&record).cloned().unwrap_or_default(), view.labels);
    view.labels
}

#[test]
fn a_file_is_labelled_where_charts_are_read_and_its_labels_go_with_it() {
    let (mut world, client, record) = filed();
    assert_eq!(of_file(&mut world, 1, client, record), set(&[Label::Hiv]));
    let label = |labels: &[Label]| Edit::Label {
        client,
        of: Labelled::Record(record),
        labels: set(labels),
    };
    world.desks[1].now = world.desks[1].now.plus_millis(1);
    let undo = world.act(1, label(&[Label::Hiv, Label::ThirdParty])).unwrap().unwrap();
    world.sync();
    assert_eq!(of_file(&mut world, 0, client, record), set(&[Label::Hiv, Label::ThirdParty]));
    world.desks[1].now = world.desks[1].now.plus_millis(1);
    let (changes, _) = world.desks[1].undo(undo).unwrap();
    world.send(1, changes);
    world.sync();
    assert_eq!(of_file(&mut world, 0, client, record), set(&[Label::Hiv]));
    // They lie in the chart, and die with the file.
    let family = world.desks[1].practice.family_of(client, record);
    let labels = |world: &World| {
        let records = world.desks[0].memory.records.values();
        let headers = records.map(|bytes| Record::decode(bytes).unwrap().header);
        headers.filter(|one| one.kind == RecordKind::Labels).map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(labels(&world).len(), 3);
    assert!(labels(&world).iter().all(|id| family.contains(id)), "{family:?}");
    world.act(0, Edit::AskErasure(Scope { client, record: Some(record) })).unwrap();
    world.sync();
    let Ok(View::Chart(chart)) = world.desks[1].open(Subject::Chart(client)) else { panic!() };
    assert!(chart.labels.is_empty() && !world.desks[1].index().timelines.contains_key(&client));
    for desk in 0..2 {
        assert!(*world.desks[desk].rebuilt().index() == *world.desks[desk].index());
    }
}

#[test]
fn labels_of_files_leave_with_them_come_in_again_and_lie_in_no_list() {
    let (mut world, client, _) = filed();
    let chart = world.desks[0].memory.contents[&CompartmentName::Chart(client)].len();
    assert_eq!(chart, 1, "the labels, and nothing else");
    let mut other = again(&mut world, client);
    let index = other.desks[0].index();
    let TimelineEntry::Attachment { record: there, .. } = index.timelines[&client][0].entry else {
        panic!("a file")
    };
    assert_eq!(of_file(&mut other, 0, client, there), set(&[Label::Hiv]));
    other.desks[0].practice.limit_to(Reach::FrontDesk);
    assert!(other.desks[0].open(Subject::Attachments(client)).is_err());
}
