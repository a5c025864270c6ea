//! What a device gets from a pack is what it would have got entry by entry, or nothing.

use super::*;
use crate::envelope::{ControlBody, open, seal};
use crate::membership::fixture::World;
use crate::membership::{Signer, SoloRing};
use crate::random::{Random, Seeded};
use crate::seal::{Hedge, SecretKey};
use crate::sync::fixture::{LOG, Pen};
use proptest::prelude::*;

const SLOT: [u8; 32] = [7; 32];
const DRAFT: [u8; 16] = [9; 16];

struct Written {
    world: World,
    heads: Vec<LogHead>,
    entries: Vec<Packable>,
}

impl Written {
    fn practice(&self) -> PracticeId {
        self.world.state.practice()
    }

    fn pack(&self, after: usize) -> Vec<u8> {
        let chains: Vec<_> = self.heads.iter().map(|head| head.chain).collect();
        let chain_at = chain_at(&chains);
        let before = Before { head: self.heads[after], chain_at: &chain_at };
        pack(LOG, &before, &self.entries[after..]).unwrap()
    }

    fn unpack(&self, after: usize, bytes: &[u8]) -> Result<Vec<Carried>, PackError> {
        let chains: Vec<_> = self.heads.iter().map(|head| head.chain).collect();
        let chain_at = chain_at(&chains[..=after]);
        let before = Before { head: self.heads[after], chain_at: &chain_at };
        unpack(self.practice(), LOG, &before, bytes, &|_| Some(Zeroizing::new(SLOT.to_vec())))
    }
}

fn chain_at(chains: &[Hash]) -> impl Fn(Position) -> Option<Hash> {
    move |position| chains.get(usize::try_from(position.get()).unwrap()).copied()
}

/// A log by two devices of one practice: notes, changes, drafts, stubs; now and then one of the
/// devices writes elsewhere, or has not seen the newest.
fn written(seed: u64, count: usize) -> Written {
    let mut random = Seeded::new(seed);
    let mut world = World::found();
    let second = world.add_device(Signer::Device(world.first), world.founder).unwrap();
    let mut pens = [world.first, second].map(Pen::new);
    let hedge_key = SecretKey::from_bytes([3; 32]);
    let first = pens[0].genesis(&world, &[world.rings[&SoloRing::Caseload]]);
    let mut heads = vec![LogHead::EMPTY, LogHead::EMPTY.after(LOG, first.hash())];
    let mut entries = vec![Packable { carried: Carried::Whole(first), content: None }];
    for number in 1..count {
        let dice: &mut dyn Random = &mut random;
        let [which, form, back, length] = dice.bytes::<4>();
        let pen = &mut pens[usize::from(which % 2)];
        if form % 5 == 0 {
            // Something in another log.
            let _elsewhere = pen.delta(&world, form);
        }
        pen.seen = heads[number - usize::from(back % 3).min(number - 1)];
        let mut hedge = Hedge { key: &hedge_key, random: &mut random };
        let (envelope, content) = match form % 4 {
            0 => {
                let body = ControlBody::Draft {
                    object: ObjectId::from_bytes([form; 16]),
                    commitment: Hash::from_bytes([1; 32]),
                };
                (pen.control(&world, &body), None)
            }
            kind => {
                let in_draft = kind == 1;
                let kind = if kind == 3 { Kind::Record } else { Kind::Delta };
                let mut header = pen.header(&world, kind);
                let mut key = SLOT.to_vec();
                if in_draft {
                    header.object = ObjectId::from_bytes(DRAFT);
                    key.extend([1; 32]);
                }
                let text = "slept badly, walked, wrote the diary; ".repeat(1 + usize::from(length));
                let content = plaintext::pack(kind, 1, text.as_bytes()).unwrap();
                let signer = &world.keys[&pen.device];
                let envelope = seal(header, &key, &content, signer, &mut hedge).unwrap();
                pen.own = OwnHead::after(&envelope.header, envelope.hash());
                (envelope, (!in_draft).then_some(content))
            }
        };
        heads.push(heads[number].after(LOG, envelope.hash()));
        let carried = match back {
            0..=25 => Carried::Stub(envelope.to_stub()),
            _ => Carried::Whole(envelope),
        };
        let content = content.filter(|_| matches!(carried, Carried::Whole(_)));
        entries.push(Packable { carried, content });
    }
    Written { world, heads, entries }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn entries_come_out_byte_for_byte(seed in any::<u64>(), count in 2_usize..40, cut in 0_usize..40) {
        let written = written(seed, count);
        let after = cut % count;
        let bytes = written.pack(after);
        let carried: Vec<_> =
            written.entries[after..].iter().map(|entry| entry.carried.clone()).collect();
        prop_assert_eq!(written.unpack(after, &bytes), Ok(carried));
    }

    #[test]
    fn no_byte_of_a_pack_can_be_changed_without_the_chain_showing_it(
        seed in any::<u64>(), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let written = written(seed, 12);
        let mut bytes = written.pack(1);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(entries) = written.unpack(1, &bytes) {
            let hashes = entries.iter().map(Carried::hash);
            let head = hashes.fold(written.heads[1], |head, hash| head.after(LOG, hash));
            let honest: Vec<_> =
                written.entries[1..].iter().map(|entry| entry.carried.clone()).collect();
            // Bits that the unfolding itself passes over change nothing.
            prop_assert!(entries == honest || Some(&head) != written.heads.last());
        }
    }

    #[test]
    fn whatever_comes_as_a_pack_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let written = written(1, 2);
        let _read = written.unpack(1, &bytes);
        let mut framed = vec![FORMAT, 0, 0, 0, 1];
        framed.extend(bytes);
        let _read = written.unpack(1, &framed);
    }
}

#[test]
fn without_the_key_it_says_which_one_is_missing() {
    let written = written(4, 30);
    let bytes = written.pack(1);
    let chains: Vec<_> = written.heads.iter().map(|head| head.chain).collect();
    let chain_at = chain_at(&chains[..2]);
    let before = Before { head: written.heads[1], chain_at: &chain_at };
    let read = unpack(written.practice(), LOG, &before, &bytes, &|_| None);
    assert_eq!(read, Err(PackError::NoKey(SlotGeneration::new(1))));
}

#[test]
fn a_wrong_key_or_place_leads_to_another_chain() {
    let written = written(5, 30);
    let bytes = written.pack(1);
    let chains: Vec<_> = written.heads.iter().map(|head| head.chain).collect();
    let chain_at = chain_at(&chains[..2]);
    let before = Before { head: written.heads[1], chain_at: &chain_at };
    let wrong = |_| Some(Zeroizing::new(vec![8; 32]));
    let entries = unpack(written.practice(), LOG, &before, &bytes, &wrong).unwrap();
    let head = entries.iter().fold(written.heads[1], |head, one| head.after(LOG, one.hash()));
    assert_ne!(Some(&head), written.heads.last());
}

#[test]
fn what_a_drafts_key_seals_stays_sealed() {
    let written = written(6, 40);
    let in_draft =
        |entry: &&Packable| entry.carried.header().object != ObjectId::from_bytes([0; 16]);
    let of_draft: Vec<_> = written.entries.iter().filter(in_draft).collect();
    assert!(!of_draft.is_empty());
    for entry in of_draft {
        assert!(entry.content.is_none());
        if let Carried::Whole(envelope) = &entry.carried {
            assert!(envelope.header.kind != Kind::Delta || open(envelope, &SLOT).is_err());
        }
    }
}

#[test]
fn prose_comes_in_far_fewer_bytes() {
    let written = written(7, 200);
    let whole: usize = written.entries.iter().map(|entry| entry.carried.encode().len()).sum();
    let packed = written.pack(1).len();
    assert!(packed * 2 < whole, "{packed} of {whole}");
}
