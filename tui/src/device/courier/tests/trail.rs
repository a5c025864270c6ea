//! What is done to devices and to the sheet stands in the audit trail.

use super::lost::{order, revoke};
use super::*;
use tacenda_shared::practice::change::Content;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::Record;
use tacenda_shared::practice::{AuditEntry, AuditKind};

fn audited(world: &mut World, at: usize, kind: AuditKind) -> usize {
    let member = world.computers[at].general.member;
    let contents = world.device(at).cabinet.contents(&CompartmentName::Audit(member));
    let entry = |content: &Content| match content {
        Content::Record { bytes, .. } => AuditEntry::of(&Record::decode(bytes).unwrap()),
        _ => None,
    };
    contents.iter().filter_map(entry).filter(|entry| entry.kind == kind).count()
}

#[test]
fn who_comes_and_who_goes_stands_in_the_trail_once_and_on_every_device() {
    let mut world = World::with_devices(3);
    world.heal();
    assert_eq!(audited(&mut world, 0, AuditKind::Pair), 2);
    assert_eq!(audited(&mut world, 1, AuditKind::Pair), 2);

    assert_eq!(revoke(&mut world, 0, 2), Ok(()));
    world.heal();

    for round in 0..2 {
        for at in [0, 1] {
            assert_eq!(audited(&mut world, at, AuditKind::Revoke), 1, "{at} in round {round}");
            assert_eq!(audited(&mut world, at, AuditKind::Pair), 2, "{at} in round {round}");
            world.restart(at);
        }
        world.heal();
    }
}

#[test]
fn what_is_taken_over_from_a_lost_device_stands_in_the_trail() {
    let mut world = World::with_devices(3);
    let ada = client(&mut world, 0, "Ada Testerin");
    let note = begin_note(&mut world, 0, ada);
    write(&mut world, 0, ada, note, "Shared. ");
    world.heal();
    world.lose(2);
    write(&mut world, 2, ada, note, "Late words. ");
    let moment = world.moment();
    order(&mut world, 0, 2).unwrap();
    world.heal();
    world.take_late(2, moment, 0);
    assert_eq!(audited(&mut world, 0, AuditKind::LateTaken), 0);

    let now = world.now;
    assert!(world.device(0).adopt_late_edit(0, now).unwrap().changed);
    // A second time nothing is taken over, and nothing is written.
    assert!(!world.device(0).adopt_late_edit(0, now).unwrap().changed);

    assert_eq!(audited(&mut world, 0, AuditKind::LateTaken), 1);
}
