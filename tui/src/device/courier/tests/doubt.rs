//! What a server says about a device, and what is believed of it: nothing that the device itself
//! has not signed.

use super::world::Lie;
use super::*;
use crate::device::courier::revoke::RevokeError;
use std::collections::BTreeSet;
use tacenda_shared::id::DevSeq;
use tacenda_shared::log::{OwnHead, Receipt};
use tacenda_shared::suite::Hash;
use tacenda_shared::sync::Message;

/// The server signs that a device has come further than it has.
fn invent(message: &mut Message, key: &SigningKey) {
    let Message::DeviceHeads(heads) = message else { return };
    for head in heads {
        let Receipt { body, .. } = &head.receipt;
        let mut body = *body;
        let dev_seq = DevSeq::new(body.own.dev_seq.get() + 1000);
        let own = Hash::from_bytes([9; 32]);
        body.own = OwnHead { dev_inc: body.own.dev_inc, dev_seq, own };
        head.receipt = body.sign(key);
    }
}

/// The server keeps what the device signed to itself.
fn withhold(message: &mut Message, _: &SigningKey) {
    if let Message::DeviceHeads(heads) = message {
        heads.iter_mut().for_each(|head| head.last = None);
    }
}

fn told_to_revoke(lie: Lie) -> (World, Result<(), RevokeError>) {
    let mut world = World::with_devices(2);
    client(&mut world, 1, "Ada Testerin");
    world.heal();
    world.lie = Some(lie);
    let lost = BTreeSet::from([world.device_id(1)]);
    let now = world.now;
    let plan = world.device(0).plan_revocation(&lost, &BTreeSet::new()).unwrap();
    world.device(0).revoke(plan, now).unwrap();
    world.heal();
    let outcome = world.device(0).poll_revocation().unwrap();
    (world, outcome)
}

#[test]
fn nothing_is_cut_where_the_device_itself_has_not_signed() {
    let lies: [Lie; 2] = [invent, withhold];
    for lie in lies {
        let (mut world, outcome) = told_to_revoke(lie);

        assert_eq!(outcome, Err(RevokeError::Unproven));
        let lost = world.device_id(1);
        let state = world.practice().state().unwrap();
        assert!(state.active_device(lost).is_some(), "nothing was signed");
        assert!(world.notices.iter().any(|notice| notice.contains("your server")));

        // Once the server is honest, the same order is carried out, and nothing is lost.
        world.lie = None;
        let plan = world.device(0).plan_revocation(&[lost].into(), &BTreeSet::new()).unwrap();
        let now = world.now;
        world.device(0).revoke(plan, now).unwrap();
        world.heal();
        assert_eq!(world.device(0).poll_revocation(), Some(Ok(())));
        assert_eq!(world.device(0).index().clients.len(), 1);
        assert!(world.device(0).late_edits().unwrap().is_empty());
    }
}
