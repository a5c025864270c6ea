//! Who can open what: the right holder, and nobody beside.

use super::*;
use crate::random::Seeded;
use proptest::prelude::*;

static HEDGE_KEY: SecretKey = SecretKey::from_bytes([1; 32]);

fn with_hedge<T>(work: impl FnOnce(&mut Hedge<'_>) -> T) -> T {
    work(&mut Hedge { key: &HEDGE_KEY, random: &mut Seeded::new(7) })
}

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes([byte; 32])
}

fn safe_name() -> SafeName {
    SafeName {
        member: MemberId::from_bytes([1; 16]),
        member_generation: MemberKeyGeneration::new(2),
        ring: RingId::from_bytes([3; 16]),
        epoch: RingEpoch::new(4),
    }
}

fn slot_name() -> SlotName {
    SlotName {
        ring: RingId::from_bytes([3; 16]),
        epoch: RingEpoch::new(4),
        compartment: CompartmentId::from_bytes([5; 16]),
        generation: SlotGeneration::new(6),
    }
}

fn draft_name() -> DraftName {
    DraftName {
        compartment: CompartmentId::from_bytes([5; 16]),
        generation: SlotGeneration::new(6),
        draft: ObjectId::from_bytes([7; 16]),
    }
}

#[test]
fn every_key_of_the_hierarchy_opens_the_next() {
    let member_key = KemKey::from_seed([9; 32]);
    let second = SecondSecret(secret(10));
    let (ring, slot, draft) = (RingKey(secret(11)), SlotKey(secret(12)), DraftKey(secret(13)));
    let safe = with_hedge(|h| seal_ring(&member_key, &safe_name(), &ring, h)).unwrap();
    let behind =
        with_hedge(|h| seal_second_ring(&second, &member_key, &safe_name(), &ring, h)).unwrap();
    let slot_row = with_hedge(|h| seal_slot(&ring, &slot_name(), &slot, h)).unwrap();
    let draft_row = with_hedge(|h| seal_draft(&slot, &draft_name(), &draft, h)).unwrap();

    let opened = open_ring(&member_key, &safe_name(), &ring.commitment(), &safe).unwrap();
    assert_eq!(opened.0.expose(), ring.0.expose());
    let commitment = ring.commitment();
    let stepped =
        open_second_ring(&second, &member_key, &safe_name(), &commitment, &behind).unwrap();
    assert_eq!(stepped.0.expose(), ring.0.expose());
    let opened = open_slot(&opened, &slot_name(), &slot.commitment(), &slot_row).unwrap();
    assert_eq!(opened.0.expose(), slot.0.expose());
    let opened = open_draft(&opened, &draft_name(), &draft.commitment(), &draft_row).unwrap();
    assert_eq!(opened.0.expose(), draft.0.expose());
}

#[test]
fn the_member_key_opens_nothing_that_step_up_protects() {
    let member_key = KemKey::from_seed([9; 32]);
    let second = SecondSecret(secret(9));
    let ring = RingKey(secret(11));
    let behind =
        with_hedge(|h| seal_second_ring(&second, &member_key, &safe_name(), &ring, h)).unwrap();

    // Even with equal bytes the two secrets open different rows.
    let refused = open_ring(&member_key, &safe_name(), &ring.commitment(), &behind).unwrap_err();
    assert_eq!(refused, RowError::DoesNotOpen);
}

#[test]
fn the_second_secret_opens_nothing_of_a_member_key_that_came_later() {
    let (old, new) = (KemKey::from_seed([9; 32]), KemKey::from_seed([8; 32]));
    let second = SecondSecret(secret(9));
    let ring = RingKey(secret(11));
    let name = safe_name();
    let behind = with_hedge(|h| seal_second_ring(&second, &new, &name, &ring, h)).unwrap();

    let refused = open_second_ring(&second, &old, &name, &ring.commitment(), &behind).unwrap_err();
    assert_eq!(refused, RowError::DoesNotOpen);
}

#[test]
fn a_row_under_another_name_does_not_open() {
    let (ring, slot) = (RingKey(secret(11)), SlotKey(secret(12)));
    let row = with_hedge(|h| seal_slot(&ring, &slot_name(), &slot, h)).unwrap();
    let open =
        |name: &SlotName| open_slot(&ring, name, &slot.commitment(), &row).map(|_| ()).unwrap_err();

    let other_ring = SlotName { ring: RingId::from_bytes([0; 16]), ..slot_name() };
    let other_place = SlotName { compartment: CompartmentId::from_bytes([0; 16]), ..slot_name() };
    let other_generation = SlotName { generation: SlotGeneration::new(7), ..slot_name() };
    for name in [other_ring, other_place, other_generation] {
        assert_eq!(open(&name), RowError::DoesNotOpen);
    }
    let other_epoch = SlotName { epoch: RingEpoch::new(5), ..slot_name() };
    assert_eq!(open(&other_epoch), RowError::OtherVersion);
}

#[test]
fn a_key_that_is_not_the_committed_one_is_never_returned() {
    let (ring, slot, other) = (RingKey(secret(11)), SlotKey(secret(12)), SlotKey(secret(14)));
    let row = with_hedge(|h| seal_slot(&ring, &slot_name(), &slot, h)).unwrap();
    let refused = open_slot(&ring, &slot_name(), &other.commitment(), &row).unwrap_err();
    assert_eq!(refused, RowError::DoesNotOpen);

    // A member of the ring who seals another key under the signed commitment.
    let name = RowName::Slot(slot_name());
    let context = row_context(&name, &slot.commitment());
    let sealed =
        with_hedge(|h| seal::seal(ring.0.expose(), name.label(), &context, other.0.expose(), h))
            .unwrap();
    let mut forged = row;
    forged.0[4..28].copy_from_slice(&sealed.salt);
    forged.0[28..].copy_from_slice(&sealed.ciphertext);
    let refused = open_slot(&ring, &slot_name(), &slot.commitment(), &forged).unwrap_err();
    assert_eq!(refused, RowError::WrongCommitment);
}

#[test]
fn all_rows_have_one_size_and_every_name_reads_back() {
    assert_eq!(ROW_LENGTH, 76);
    let names = [
        RowName::Safe(safe_name()),
        RowName::SecondSafe(safe_name()),
        RowName::Slot(slot_name()),
        RowName::Draft(draft_name()),
    ];
    for name in names {
        assert_eq!(RowName::decode(&name.encode()), Ok(name));
    }
    let mut unknown = names[0].encode();
    unknown[0] = 9;
    assert_eq!(RowName::decode(&unknown), Err(CodecError::Unknown));
    assert!(RowName::decode(&names[0].encode()[1..]).is_err());
}

#[test]
fn the_hash_of_a_safe_depends_on_its_rows_and_not_on_their_order() {
    let member_key = KemKey::from_seed([9; 32]);
    let rows: Vec<_> = (0..3)
        .map(|epoch| {
            let name = SafeName { epoch: RingEpoch::new(epoch), ..safe_name() };
            let ring = RingKey(secret(20));
            let row = with_hedge(|h| seal_ring(&member_key, &name, &ring, h)).unwrap();
            (RowName::Safe(name), row)
        })
        .collect();
    let reversed: Vec<_> = rows.iter().rev().copied().collect();

    assert_eq!(hash_rows(&rows), hash_rows(&reversed));
    assert_ne!(hash_rows(&rows), hash_rows(&rows[1..]));
}

/// The kinds of compartments, each under a ring of its own.
const KINDS: [&str; 13] = [
    "practice",
    "calendar",
    "series",
    "contact",
    "identity",
    "chart",
    "psychotherapy",
    "substance use",
    "journal",
    "billing",
    "group",
    "audit",
    "personal",
];

/// Everything of one compartment that anybody can store or send.
struct Stored {
    ring: RingKey,
    slot: SlotKey,
    draft: DraftKey,
    slot_row: Row,
    draft_row: Row,
    texts: Vec<(Vec<u8>, &'static str, Sealed)>,
}

fn keys_of(slot: &SlotKey, draft: &DraftKey) -> [(Vec<u8>, &'static str); 5] {
    [
        (envelope_key(slot, None).to_vec(), "test/envelope"),
        (envelope_key(slot, Some(draft)).to_vec(), "test/draft"),
        (local_key(slot, None).expose().to_vec(), "test/local"),
        (local_key(slot, Some(draft)).expose().to_vec(), "test/keystrokes"),
        (projection_key(slot).expose().to_vec(), "test/projection"),
    ]
}

fn stored(kind: usize) -> Stored {
    let hedge = &mut Hedge { key: &HEDGE_KEY, random: &mut Seeded::new(kind as u64) };
    let context = KINDS[kind].as_bytes();
    let ring = RingKey::generate(hedge, context);
    let slot = SlotKey::generate(hedge, context);
    let draft = DraftKey::generate(hedge, context);
    let slot_row = seal_slot(&ring, &slot_name(), &slot, hedge).unwrap();
    let draft_row = seal_draft(&slot, &draft_name(), &draft, hedge).unwrap();
    let texts = keys_of(&slot, &draft)
        .into_iter()
        .map(|(key, label)| {
            let sealed = seal::seal(&key, label, b"the same header", b"text", hedge).unwrap();
            (key, label, sealed)
        })
        .collect();
    Stored { ring, slot, draft, slot_row, draft_row, texts }
}

#[test]
fn holding_every_key_of_one_kind_opens_no_byte_of_any_other() {
    let all: Vec<_> = (0..KINDS.len()).map(stored).collect();
    for (mine, holder) in all.iter().enumerate() {
        for (theirs, other) in all.iter().enumerate() {
            let slot =
                open_slot(&holder.ring, &slot_name(), &other.slot.commitment(), &other.slot_row);
            let draft = open_draft(
                &holder.slot,
                &draft_name(),
                &other.draft.commitment(),
                &other.draft_row,
            );
            assert_eq!(slot.is_ok(), mine == theirs, "{} {}", KINDS[mine], KINDS[theirs]);
            assert_eq!(draft.is_ok(), mine == theirs, "{} {}", KINDS[mine], KINDS[theirs]);
            for (own, (key, ..)) in holder.texts.iter().enumerate() {
                for (at, (_, label, sealed)) in other.texts.iter().enumerate() {
                    let opened = seal::open(
                        key,
                        label,
                        b"the same header",
                        &sealed.salt,
                        &sealed.ciphertext,
                    );
                    assert_eq!(opened.is_ok(), mine == theirs && own == at);
                }
            }
        }
    }
}

#[test]
fn a_draft_does_not_open_without_its_own_key() {
    let one = stored(5);
    let (_, label, sealed) = &one.texts[1];
    let slot_only = envelope_key(&one.slot, None);
    let with_draft = envelope_key(&one.slot, Some(&one.draft));
    let open = |key: &[u8]| {
        seal::open(key, label, b"the same header", &sealed.salt, &sealed.ciphertext).is_ok()
    };

    assert!(open(&with_draft));
    assert!(!open(&slot_only));
}

#[test]
fn each_segment_has_a_key_of_its_own() {
    let local = secret(30);
    let one = segment_key(&local, &[1; 16]);
    assert_eq!(one.expose(), segment_key(&local, &[1; 16]).expose());
    assert_ne!(one.expose(), segment_key(&local, &[2; 16]).expose());
}

#[test]
fn the_server_names_the_row_of_a_sheet_as_devices_do() {
    let member = MemberId::from_bytes([1; 16]);
    let sig = suite::SigningKey::from_seed([2; 32]).verifying();
    let name = RowName::Sheet(SheetName::of(member, &sig));
    assert_eq!(name.encode(), crate::sync::RowKey::of_sheet(member, &sig).0);
    assert_eq!(RowName::decode(&name.encode()), Ok(name));
}

#[test]
fn no_key_shows_itself() {
    assert_eq!(format!("{:?}", RingKey(secret(1))), "RingKey(SecretKey(redacted))");
    assert_eq!(format!("{:?}", SlotKey(secret(1))), "SlotKey(SecretKey(redacted))");
    assert_eq!(format!("{:?}", DraftKey(secret(1))), "DraftKey(SecretKey(redacted))");
    assert_eq!(format!("{:?}", SecondSecret(secret(1))), "SecondSecret(SecretKey(redacted))");
}

#[test]
fn the_format_of_a_row_never_changes() {
    let row =
        with_hedge(|h| seal_slot(&RingKey(secret(11)), &slot_name(), &SlotKey(secret(12)), h));
    let shown: String = row.unwrap().0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown, ROW_VECTOR);
}

proptest! {
    #[test]
    fn an_altered_row_gives_no_key(place in 0..ROW_LENGTH, bit in 0..8_u8) {
        let (ring, slot) = (RingKey(secret(11)), SlotKey(secret(12)));
        let mut row = with_hedge(|h| seal_slot(&ring, &slot_name(), &slot, h)).unwrap();
        row.0[place] ^= 1 << bit;
        prop_assert!(open_slot(&ring, &slot_name(), &slot.commitment(), &row).is_err());
    }
}

const ROW_VECTOR: &str = "0000000447208dc2522524d3ff67791282ec42ab5d7f1d89cfac8e36c6d87024\
    b8a6c42ad885225581c83d924e4c124ef5a4c166edde2d367793964b6b7e03607f1246127a015ea42c842ab8";
