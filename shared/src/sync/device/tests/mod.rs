//! Devices that converge whatever the links do, and a liar at the other end.

mod honest;
mod liars;

use super::*;
use crate::envelope::{SIGN_LABEL, body_hash};
use crate::membership::fixture::World;

/// Signs what a device has made.
fn sign(world: &World, mut header: Header, body: Vec<u8>) -> Envelope {
    let tag = if header.kind.is_sealed() { 16 } else { 0 };
    header.length = u32::try_from(body.len() - tag).unwrap();
    let hashes = (header.hash(), body_hash(&body));
    let fields: [&[u8]; 2] = [hashes.0.as_bytes(), hashes.1.as_bytes()];
    let signature = world.keys[&header.author].sign(SIGN_LABEL, &fields);
    Envelope { header, body, signature }
}
