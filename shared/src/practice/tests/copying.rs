//! Copying the link of a room: only where its member has allowed it, and never without an entry.

use super::world::{World, appointment, context, member, slot};
use crate::id::AppointmentId;
use crate::practice::Refusal;
use crate::practice::audit::{AuditEntry, AuditKind};
use crate::practice::change::{Change, Content};
use crate::practice::chart::tag;
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, Modality, NewAppointment, RemoteSetting};
use crate::practice::record::Record;
use crate::practice::release::{Release, Way};
use crate::practice::remote::{Copying, link};

const TEMPLATE: &str = "https://video.example.org/{room}?lang=en";

fn says(world: &mut World, desk: usize, setting: RemoteSetting, text: &str) {
    let member = member(1);
    world.act(desk, Edit::SetRemote { member, setting, text: text.into() }).unwrap();
}

/// Two devices of one member with an appointment by video, and one in the office.
fn world() -> (World, AppointmentId, AppointmentId) {
    let mut world = World::new(&[1, 1]);
    let client = world.client(0, 1);
    let ids = [11, 12].map(|byte| AppointmentId::from_bytes([byte; 16]));
    for (id, modality) in ids.into_iter().zip([Modality::Video, Modality::InOffice]) {
        let mut slot = slot(member(1), 10);
        (slot.modality, slot.room) = (modality, None);
        world
            .act(
                0,
                Edit::Book(NewAppointment { slot: slot.clone(), ..appointment(id, client, slot) }),
            )
            .unwrap();
    }
    says(&mut world, 0, RemoteSetting::Link, TEMPLATE);
    world.sync();
    (world, ids[0], ids[1])
}

fn copy(world: &mut World, desk: usize, id: AppointmentId) -> Result<Release, Refusal> {
    let desk = &mut world.desks[desk];
    desk.practice.copy_link(id, context!(desk))
}

#[test]
fn a_link_is_copied_only_where_its_member_allows_it_and_the_entry_does_not_hold_it() {
    let (mut world, video, office) = world();
    assert_eq!(
        copy(&mut world, 0, video).unwrap_err(),
        Refusal::CopyingIsOff,
        "until it is allowed"
    );
    for policy in ["ask", "always"] {
        says(&mut world, 0, RemoteSetting::Copying, policy);
        let release = copy(&mut world, 0, video).unwrap();
        let expected = link(TEMPLATE, video).unwrap();
        assert_eq!(release.released.bytes(), expected.as_bytes());
        assert_eq!((release.released.way(), release.left_out), (Way::Clipboard, 0));
        let [Change { compartment, content: Content::Record { bytes, .. } }] = &release.changes[..]
        else {
            panic!("one entry")
        };
        assert_eq!(*compartment, CompartmentName::Audit(member(1)));
        let record = Record::decode(bytes).unwrap();
        assert_eq!(AuditEntry::of(&record).unwrap().kind, AuditKind::Export);
        assert!(record.body().unwrap().fixed::<32>(tag::RELEASED).is_some());
        let room = expected.rsplit('/').next().unwrap().as_bytes();
        assert!(!bytes.windows(room.len()).any(|part| part == room));
        assert!(!bytes.windows(18).any(|part| part == &b"video.example.org/"[..]));
    }
    let unknown = AppointmentId::from_bytes([77; 16]);
    assert_eq!(copy(&mut world, 0, unknown).unwrap_err(), Refusal::UnknownAppointment);
    assert_eq!(copy(&mut world, 0, office).unwrap_err(), Refusal::InvalidLink, "no video");
    // What is no plain ASCII is not copied, and what says nothing at all is no policy.
    says(&mut world, 0, RemoteSetting::Link, "https://video.example.org/\u{202e}/{room}");
    assert_eq!(copy(&mut world, 0, video).unwrap_err(), Refusal::InvalidLink);
    says(&mut world, 0, RemoteSetting::Copying, "");
    assert_eq!(copy(&mut world, 0, video).unwrap_err(), Refusal::CopyingIsOff);
    let member = member(1);
    let odd = Edit::SetRemote { member, setting: RemoteSetting::Copying, text: "sometimes".into() };
    assert_eq!(world.act(0, odd).unwrap_err(), Refusal::InvalidCopying);
}

#[test]
fn what_two_devices_say_of_copying_at_once_is_one_of_the_two_on_both_and_undone_alone() {
    let (mut world, video, _) = world();
    says(&mut world, 0, RemoteSetting::Copying, "always");
    says(&mut world, 1, RemoteSetting::Copying, "ask");
    world.sync();
    let policy = |world: &World, desk: usize| Copying::of(&world.desks[desk].index(), member(1));
    let settled = policy(&world, 0);
    assert!(settled != Copying::Never && settled == policy(&world, 1));
    let rebuilt = world.desks[1].rebuilt();
    assert_eq!(Copying::of(&rebuilt.index(), member(1)), settled);
    assert_eq!(Copying::of(&rebuilt.index(), member(2)), Copying::Never, "each says their own");
    // From a segment, too.
    let practice = world.desks[1].practice.project(&CompartmentName::Practice).unwrap();
    let mut restored = crate::practice::Practice::new();
    assert_eq!(restored.restore_all(&[(CompartmentName::Practice, practice)]), []);
    assert_eq!(Copying::of(&restored.index(), member(1)), settled);

    let member = member(1);
    let off = Edit::SetRemote { member, setting: RemoteSetting::Copying, text: "never".into() };
    let (changes, inverse) = world.desks[0].apply(off).unwrap();
    world.send(0, changes);
    assert_eq!(copy(&mut world, 0, video).unwrap_err(), Refusal::CopyingIsOff);
    let (changes, again) = world.desks[0].undo(inverse.unwrap()).unwrap();
    world.send(0, changes);
    assert_eq!(policy(&world, 0), settled);
    // Another device has said something else since.
    world.sync();
    says(&mut world, 1, RemoteSetting::Copying, "ask");
    says(&mut world, 1, RemoteSetting::Copying, "never");
    world.sync();
    assert_eq!(world.desks[0].undo(again.unwrap()).unwrap_err(), Refusal::ChangedElsewhere);
}
