//! The treatment plan is the one document of a chart that is no draft, whatever a device says of it.

use super::rebasing::records;
use super::*;
use tacenda_shared::envelope::ControlBody;
use tacenda_shared::id::{CompartmentId, PlanItemId, RecordId};
use tacenda_shared::practice::Pen;
use tacenda_shared::practice::change::{Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::erasure::Scope;
use tacenda_shared::practice::plan::{PlanChange, PlanKind};
use tacenda_shared::practice::record::Record;

/// What begins a goal.
fn goal(client: ClientId, text: &str) -> Edit {
    let change =
        PlanChange { kind: Some(PlanKind::Goal), text: Some(text.into()), ..PlanChange::default() };
    Edit::ChangePlan { client, item: PlanItemId::random(&mut OsRandom), change }
}

/// The goals of a client, as a device shows them: with the plan, and with the chart.
fn goals(world: &mut World, at: usize, client: ClientId) -> Vec<String> {
    let now = world.now;
    let device = world.device(at);
    let View::Plan(view) = device.open(Subject::Plan(client), Purpose::Care, now).unwrap() else {
        panic!("a plan was asked for")
    };
    let View::Chart(chart) = device.open(Subject::Chart(client), Purpose::Care, now).unwrap()
    else {
        panic!("a chart was asked for")
    };
    device.close_view(Subject::Plan(client), now);
    device.close_view(Subject::Chart(client), now);
    let texts = |plan: tacenda_shared::practice::plan::Plan| -> Vec<String> {
        plan.items.into_iter().map(|item| item.text).collect()
    };
    let shown = texts(view.plan);
    assert_eq!(texts(chart.plan), shown);
    shown
}

/// Asks for a record to be erased, lets the time go by, and orders.
pub(super) fn erase(world: &mut World, at: usize, client: ClientId, record: RecordId) {
    let scope = Scope::of_record(client, record);
    edit(world, at, Edit::AskErasure(scope));
    world.heal();
    (0..world.computers.len()).for_each(|number| world.cut(number));
    world.now = world.now.plus_millis(31 * 24 * 60 * 60 * 1000);
    world.heal();
    edit(world, at, Edit::OrderErasure(scope));
    world.heal();
    world.heal();
}

/// A draft has a key of its own, and dies when it is signed.
#[test]
fn a_device_that_calls_the_plan_a_draft_neither_writes_in_it_nor_locks_it() {
    for signs in [false, true] {
        let mut world = World::with_devices(3);
        let ada = client(&mut world, 0, "Ada Testerin");
        world.heal();
        let note = begin_note(&mut world, 2, ada);
        write(&mut world, 2, ada, note, "Slept badly.");
        edit(&mut world, 2, Edit::Sign { note, client: ada, late_reason: None });
        world.heal();
        let compartment = CompartmentName::Chart(ada);
        let is_record = |change: &Content| match change {
            Content::Record { record, .. } => Some(*record),
            _ => None,
        };
        let hostile = world.device(2);
        let record = hostile.cabinet.contents(&compartment).iter().find_map(is_record).unwrap();
        let now = world.now;
        let hostile = world.device(2);
        let written = hostile
            .with_pending(&[], now, |practice, cx| practice.apply(goal(ada, "Put in"), cx))
            .unwrap();
        let Content::Delta { document, bytes, .. } = written.changes[0].content.clone() else {
            panic!("{:?}", written.changes)
        };
        let mut contents =
            vec![Content::Draft { document }, Content::Delta { document, draft: true, bytes }];
        contents.extend(signs.then_some(Content::Close { document, record }));
        let changes = contents
            .into_iter()
            .map(|content| Change { compartment: compartment.clone(), content })
            .collect();
        hostile.keep(changes).unwrap();
        world.heal();
        edit(&mut world, 0, goal(ada, "Sleep through"));
        world.heal();
        world.heal();
        let mut world = world.joined_by("late");
        world.heal();
        for at in [0, 1, 3] {
            assert_eq!(goals(&mut world, at, ada), ["Sleep through"], "{at}");
            world.restart(at);
            world.heal();
            assert_eq!(goals(&mut world, at, ada), ["Sleep through"], "{at}");
            let locations = world.device(at).cabinet.store().locations();
            assert_eq!(locations.ledger().waiting().count(), 0, "{at}");
        }
        edit(&mut world, 1, goal(ada, "See friends"));
        world.heal();
        for at in [0, 1, 3] {
            assert_eq!(goals(&mut world, at, ada), ["Sleep through", "See friends"], "{at}");
        }
        // Nor does it stop the erasure of something else, but where it was done.
        world.lose(2);
        erases_something_else(&mut world, ada);
    }
}

fn erases_something_else(world: &mut World, client: ClientId) {
    let wrong = records(world, 0, client).into_iter().next().unwrap();
    erase(world, 0, client, wrong);
    let log = world.device(0).cabinet.log_of(&CompartmentName::Chart(client));
    for at in [0, 1, 3] {
        let locations = world.device(at).cabinet.store().locations();
        assert!(locations.rebased(log).is_some(), "{at}: {:?}", world.notices);
        assert!(locations.record(log, wrong).is_none(), "{at}");
        assert_eq!(goals(world, at, client), ["Sleep through", "See friends"], "{at}");
    }
    assert_eq!(world.notices, [""; 0]);
}

/// Signs a note that claims to be what the plan became, and says so in the log, with an announcement
/// of the plan as a draft. Returns the log, the plan and the note.
fn claim(world: &mut World, at: usize, client: ClientId) -> (CompartmentId, ObjectId, RecordId) {
    let compartment = CompartmentName::Chart(client);
    let contents = world.device(at).cabinet.contents(&compartment);
    let signed = contents.iter().find_map(|content| match content {
        Content::Record { bytes, .. } => Some(Record::decode(bytes).unwrap()),
        _ => None,
    });
    let plan = contents.iter().find_map(|content| match content {
        Content::Delta { document, draft: false, .. } => Some(*document),
        _ => None,
    });
    let (signed, document) = (signed.unwrap(), plan.unwrap());
    let hostile = world.device(at);
    let mut header = signed.header.clone();
    header.id = RecordId::random(&mut OsRandom);
    header.relations[0].target = *document.as_bytes();
    let (_, pen) = hostile.cabinet.desk(&[]);
    let body = signed.body().unwrap().clone();
    let record = Record::new(header, [7; 32], body, |label, fields| pen.sign(label, fields));
    let wrong = record.header.id;
    let claim = Content::Record { record: wrong, bytes: record.encode() };
    hostile.keep(vec![Change { compartment: compartment.clone(), content: claim }]).unwrap();
    let log = hostile.cabinet.log_of(&compartment);
    world.heal();
    let hostile = world.device(at);
    let ledger = hostile.cabinet.store().locations().ledger();
    let (_, dev_inc, dev_seq) = ledger.carriers(wrong).next().unwrap();
    let commitment = tacenda_shared::suite::Hash::ZERO;
    for body in [
        ControlBody::Draft { object: document, commitment },
        ControlBody::Close { object: document, dev_inc, dev_seq },
    ] {
        world.device(at).courier.as_mut().unwrap().erasing.owe(log, body);
        world.heal();
    }
    (log, document, wrong)
}

/// Whatever a note claims to sign, an erased one takes along its own draft alone.
#[test]
fn a_note_that_claims_to_be_what_the_plan_became_does_not_take_it_along() {
    let mut world = World::with_devices(2);
    let ada = client(&mut world, 0, "Ada Testerin");
    world.heal();
    edit(&mut world, 0, goal(ada, "Sleep through"));
    world.heal();
    let note = begin_note(&mut world, 1, ada);
    write(&mut world, 1, ada, note, "Slept badly.");
    edit(&mut world, 1, Edit::Sign { note, client: ada, late_reason: None });
    world.heal();
    let (log, document, wrong) = claim(&mut world, 1, ada);
    for at in 0..2 {
        let replica = world.device(at).courier.as_ref().unwrap().sync.replica(log).unwrap();
        assert!(replica.draft(document).is_some_and(|draft| draft.closed.is_some()), "{at}");
    }

    erase(&mut world, 0, ada, wrong);
    let locations = world.device(0).cabinet.store().locations();
    assert!(locations.rebased(log).is_some(), "{:?}", world.notices);
    assert!(locations.record(log, wrong).is_none());
    assert_eq!(goals(&mut world, 0, ada), ["Sleep through"]);
    edit(&mut world, 0, goal(ada, "See friends"));
    world.restart(0);
    world.heal();
    assert_eq!(goals(&mut world, 0, ada), ["Sleep through", "See friends"]);
    let mut world = world.joined_by("late");
    world.heal();
    assert_eq!(goals(&mut world, 2, ada), ["Sleep through", "See friends"]);
}
