//! Charges: what lies in the log of somebody who has nothing to do with a session says nothing of it.

use super::world::{World, context};
use crate::id::{AppointmentId, ClientId};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::{Edit, NoteFormat};
use crate::practice::note;
use crate::practice::record::RecordKind;

/// Writes into the log of a client that a session was charged for others, as any device may.
fn lie(
    world: &mut World,
    desk: usize,
    whose: ClientId,
    (id, stands_for): (AppointmentId, &[ClientId]),
) {
    let desk_of = &mut world.desks[desk];
    let row = desk_of.practice.index.appointments[&id].clone();
    let body = note::charge_body(&row, stands_for, &desk_of.practice.index.zone.clone());
    let name = CompartmentName::Billing(whose);
    let (_, change) = desk_of.practice.write_record(
        &name,
        RecordKind::Charge,
        Vec::new(),
        body,
        context!(desk_of),
    );
    desk_of.memory.store(&change);
    world.send(desk, vec![change]);
    world.sync();
}

fn sign(world: &mut World, number: u8, client: ClientId, session: AppointmentId) {
    let draft = world.begin(0, number, client, Some(session), NoteFormat::Free);
    world.type_text(0, client, draft, "said");
    world.sign(0, client, draft);
    world.sync();
}

fn charges(world: &World, client: ClientId) -> usize {
    let name = CompartmentName::Billing(client);
    world.desks[0].memory.contents.get(&name).map_or(0, Vec::len)
}

#[test]
fn nobody_is_left_uncharged_because_the_log_of_a_stranger_says_so() {
    let mut world = World::new(&[1, 1]);
    let (client, stranger) = (world.client(0, 1), world.client(0, 2));
    let session = world.book(0, 1, client);
    world.sync();
    lie(&mut world, 1, stranger, (session, &[client]));
    sign(&mut world, 30, client, session);
    assert_eq!(charges(&world, client), 1);
    sign(&mut world, 31, client, session);
    assert_eq!(charges(&world, client), 1, "and once only");
}

#[test]
fn what_lies_under_a_duplicate_counts_whichever_was_known_first() {
    for merged_first in [false, true] {
        let mut world = World::new(&[1, 1]);
        let (client, twin) = (world.client(0, 1), world.client(0, 2));
        let session = world.book(0, 1, twin);
        world.sync();
        let merge = Edit::SameAs { client: twin, kept: Some(client) };
        if merged_first {
            world.act(1, merge.clone()).unwrap();
            world.sync();
        }
        lie(&mut world, 1, client, (session, &[twin]));
        if !merged_first {
            world.act(1, merge).unwrap();
            world.sync();
        }
        sign(&mut world, 30, twin, session);
        assert_eq!((charges(&world, client), charges(&world, twin)), (1, 0), "{merged_first}");
    }
}
