//! A member's device that lies: what it may never achieve.

use super::world::{World, context, insert, member, slot};
use crate::id::{ClientId, DevInc, ObjectId};
use crate::practice::change::{Author, Change, Content};
use crate::practice::chunk::ChunkError;
use crate::practice::compartment::CompartmentName;
use crate::practice::document::{Actor, Document, DocumentError, Scalar};
use crate::practice::edit::{Edit, NoteFormat, Part, Splice};
use crate::practice::record::RecordError;
use crate::practice::{MergeError, Pen};
use proptest::prelude::*;

fn delta(change: &Change) -> (ObjectId, bool, Vec<u8>) {
    match &change.content {
        Content::Delta { document, draft, bytes } => (*document, *draft, bytes.clone()),
        _ => panic!("no delta"),
    }
}

fn with_bytes(change: &Change, bytes: Vec<u8>) -> Change {
    let (document, draft, _) = delta(change);
    let content = Content::Delta { document, draft, bytes };
    Change { compartment: change.compartment.clone(), content }
}

#[test]
fn nobody_can_write_in_the_name_of_another_device() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let session = world.book(0, 1, client);
    world.sync();
    let edit = Edit::Move { appointment: session, slot: slot(member(1), 15) };
    let (changes, _) = world.desks[0].apply(edit).unwrap();
    let liar = world.desks[1].quill.author;

    let refused = world.desks[1].merge(&changes[0], liar).unwrap_err();
    assert_eq!(refused, MergeError::Document(DocumentError::ForeignAuthor));
    // Of an author's own incarnations only earlier ones may have made what it hands on.
    let other = Author { incarnation: DevInc::ZERO, ..world.desks[0].quill.author };
    let refused = world.desks[1].merge(&changes[0], other).unwrap_err();
    assert_eq!(refused, MergeError::Document(DocumentError::ForeignAuthor));
    assert_eq!(world.desks[1].index().appointments[&session].slot, slot(member(1), 10));
}

#[test]
fn a_good_change_survives_beside_a_forged_one_and_only_it_is_kept() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    world.sync();
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.sync();
    let splices = |text: &str| vec![insert(Part::Text, 0, text)];
    let typed = |world: &mut World, desk: usize, text: &str| {
        let edit = Edit::ChangeDraft { note, client, splices: splices(text) };
        world.desks[desk].apply(edit).unwrap().0.remove(0)
    };
    let good = typed(&mut world, 0, "good ");
    let foreign = typed(&mut world, 1, "forged ");
    let mixed = [delta(&foreign).2, delta(&good).2].concat();
    let author = world.desks[0].quill.author;

    let mut reader = World::new(&[1, 2]);
    reader.sent = world.sent.clone();
    let desk = &mut reader.desks[1];
    for sent in &world.sent {
        desk.merge(&sent.change, sent.author).unwrap();
    }
    let merged = desk.merge(&with_bytes(&good, mixed), author).unwrap();
    assert_eq!(merged.refused, [DocumentError::ForeignAuthor]);
    assert_eq!(merged.kept, Some(delta(&good).2));
    assert_eq!(desk.draft(client, note).parts[0].1, "good ");
}

#[test]
fn two_changes_of_one_number_are_refused_without_harm() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.sync();
    let author = world.desks[0].quill.author;
    let edit =
        |text: &str| Edit::ChangeDraft { note, client, splices: vec![insert(Part::Text, 0, text)] };
    let (first, _) = world.desks[0].apply(edit("one")).unwrap();
    // The same device, as if its store had been rolled back, writes again under the same number.
    let memory = &mut world.desks[0].memory;
    memory.documents.get_mut(&note).unwrap().pop();
    let (second, _) = world.desks[0].apply(edit("two")).unwrap();

    world.desks[1].merge(&first[0], author).unwrap();
    let refused = world.desks[1].merge(&second[0], author).unwrap_err();
    assert_eq!(refused, MergeError::Document(DocumentError::Contradiction));
    assert_eq!(world.desks[1].draft(client, note).parts[0].1, "one");
}

#[test]
fn a_change_that_came_too_early_waits_and_is_not_lost() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.sync();
    let author = world.desks[0].quill.author;
    let mut typed = Vec::new();
    for (at, text) in [(0, "one "), (4, "two "), (8, "three")] {
        let splices = vec![insert(Part::Text, at, text)];
        typed.extend(world.desks[0].apply(Edit::ChangeDraft { note, client, splices }).unwrap().0);
    }

    for (at, missing) in [(2, 1), (1, 1), (0, 0)] {
        assert_eq!(world.desks[1].merge(&typed[at], author).unwrap().missing, missing);
    }
    assert_eq!(world.desks[1].draft(client, note).parts[0].1, "one two three");
}

#[test]
fn a_bomb_of_a_megabyte_is_refused_before_anything_is_loaded() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    let (changes, _) = {
        let splices = vec![insert(Part::Text, 0, "x")];
        world.desks[0].apply(Edit::ChangeDraft { note, client, splices }).unwrap()
    };
    world.sync();
    let author = world.desks[0].quill.author;
    let mut compressed = delta(&changes[0]).2;
    compressed[8] = 2;
    let long = vec![0; (1 << 20) + 1];
    let frame = [0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
    for (bytes, cause) in [
        (compressed, ChunkError::Compressed),
        (long, ChunkError::TooLong),
        (b"no document".to_vec(), ChunkError::Malformed),
        (frame.to_vec(), ChunkError::UnexpectedKind),
    ] {
        let refused = world.desks[1].merge(&with_bytes(&changes[0], bytes), author).unwrap_err();
        assert_eq!(refused, MergeError::Document(DocumentError::Chunk(cause)));
    }
}

#[test]
fn a_change_with_any_bit_flipped_is_refused_or_taken_whole() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.sync();
    let author = world.desks[0].quill.author;
    let splices = vec![insert(Part::Text, 0, "quite ordinary")];
    let (changes, _) = world.desks[0].apply(Edit::ChangeDraft { note, client, splices }).unwrap();
    let good = delta(&changes[0]).2;
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        let _ = world.desks[1].merge(&with_bytes(&changes[0], bad), author);
        assert_eq!(world.desks[1].draft(client, note).parts[0].1, "");
    }
    world.desks[1].merge(&changes[0], author).unwrap();
    assert_eq!(world.desks[1].draft(client, note).parts[0].1, "quite ordinary");
}

#[test]
fn a_record_that_somebody_else_altered_or_relabelled_is_refused() {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "said");
    world.sync();
    let sign = Edit::Sign { note, client, late_reason: None };
    let (changes, _) = world.desks[0].apply(sign).unwrap();
    let author = world.desks[0].quill.author;
    let Content::Record { record, bytes } = changes[0].content.clone() else { panic!("record") };
    let remake = |bytes: Vec<u8>| Change {
        compartment: changes[0].compartment.clone(),
        content: Content::Record { record, bytes },
    };

    let mut altered = bytes.clone();
    let at = altered.windows(4).position(|window| window == b"said").unwrap();
    altered[at] = b'p';
    let refused = world.desks[1].merge(&remake(altered), author).unwrap_err();
    assert_eq!(refused, MergeError::Record(RecordError::Body));
    // Another member's device passes the true bytes on: they are still the author's.
    let carrier = world.desks[1].quill.author;
    world.desks[1].merge(&remake(bytes.clone()), carrier).unwrap();
    // Without the author's key only the author's own device is believed.
    world.desks[1].quill.keys.clear();
    let refused = world.desks[1].merge(&remake(bytes), carrier).unwrap_err();
    assert_eq!(refused, MergeError::Record(RecordError::Foreign));
}

#[test]
fn nobody_writes_into_the_trail_of_another_member() {
    let mut world = World::new(&[1, 2]);
    let event = crate::practice::AuditEvent::new(crate::practice::AuditKind::Unlock);
    let desk = &mut world.desks[1];
    let mut entry = desk.practice.audit(&event, context!(desk)).remove(0);
    let author = desk.quill.author();
    entry.compartment = CompartmentName::Audit(member(1));
    let refused = world.desks[0].merge(&entry, author).unwrap_err();
    assert_eq!(refused, MergeError::Record(RecordError::Foreign));
}

#[test]
fn a_member_cannot_take_a_draft_out_of_sight() {
    let (mut world, _, (client, note)) = typed_on_one();
    let author = world.desks[1].quill.author;
    let name = CompartmentName::Chart(client);
    let acts: [fn(&mut Document); 4] = [
        |document| document.put(None, "text", Scalar::Text("gone".into())),
        |document| document.put(None, "client", Scalar::Bytes(vec![0; 16])),
        |document| document.put(None, "begun", Scalar::Nothing),
        |document| document.put_text("text"),
    ];
    for act in acts {
        let blobs = world.desks[1].memory.documents[&note].clone();
        let (mut document, _) = Document::load(Actor::of(&author, note), &blobs);
        act(&mut document);
        let bytes = document.commit(world.desks[1].now);
        let content = Content::Delta { document: note, draft: true, bytes };
        let change = Change { compartment: name.clone(), content };
        let refused = world.desks[0].merge(&change, author).unwrap_err();
        assert_eq!(refused, MergeError::Document(DocumentError::Unlawful));
    }
    assert_eq!(world.desks[0].draft(client, note).row.note, note);
}

#[test]
fn what_a_newer_version_wrote_is_passed_on_untouched() {
    let mut world = World::new(&[1]);
    let author = world.desks[0].quill.author;
    let content =
        Content::Delta { document: ObjectId::from_bytes([5; 16]), draft: false, bytes: vec![1] };
    let compartment = CompartmentName::Unknown { kind: 900, subject: vec![1] };
    let merged = world.desks[0].merge(&Change { compartment, content }, author).unwrap();
    assert!(merged.unread);
}

/// Puts the checksum that belongs to it before a change's body, so that whoever reads it gets
/// past the frame.
fn resealed(change: &[u8]) -> Vec<u8> {
    let mut hashed = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    hashed.update(&change[8..]);
    let mut resealed = change.to_vec();
    resealed[4..8].copy_from_slice(&hashed.finish().as_ref()[..4]);
    resealed
}

#[test]
fn a_true_change_is_resealed_as_it_was() {
    let (_, change, _) = typed_on_one();
    assert_eq!(resealed(&delta(&change).2), delta(&change).2);
}

fn typed_on_one() -> (World, Change, (ClientId, ObjectId)) {
    let mut world = World::new(&[1, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 7, client, None, NoteFormat::Free);
    world.type_text(0, client, note, "known to both");
    world.sync();
    let splices = vec![
        insert(Part::Text, 5, "some more words"),
        Splice { part: Part::Text, position: 0, deleted: 3, inserted: "new".into() },
    ];
    let (changes, _) = world.desks[0].apply(Edit::ChangeDraft { note, client, splices }).unwrap();
    (world, changes[0].clone(), (client, note))
}

#[test]
fn a_change_with_a_wrong_byte_leaves_the_same_whether_it_came_alone_or_is_loaded() {
    let length = delta(&typed_on_one().1).2.len();
    for (at, byte) in (12..length).flat_map(|at| [(at, 0), (at, 1), (at, 2), (at, 0x7f)]) {
        let (mut world, change, _) = typed_on_one();
        let author = world.desks[0].quill.author;
        let mut bytes = delta(&change).2.to_vec();
        bytes[at] = byte;
        let _ = world.desks[1].merge(&with_bytes(&change, resealed(&bytes)), author);
        assert_eq!(world.desks[1].rebuilt().index(), world.desks[1].index(), "{byte} at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn a_change_of_nonsense_leaves_the_document_readable_and_writable(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (mut world, change, (client, note)) = typed_on_one();
        let author = world.desks[0].quill.author;
        let mut bytes = delta(&change).2;
        for (at, byte) in flips {
            // The frame stays; only what it holds is nonsense.
            let at = 12 + at.index(bytes.len() - 12);
            bytes[at] = byte;
        }
        let _ = world.desks[1].merge(&with_bytes(&change, resealed(&bytes)), author);

        let before = world.desks[1].draft(client, note).parts[0].1.clone();
        let splices = vec![insert(Part::Text, 0, "still here ")];
        world.desks[1].apply(Edit::ChangeDraft { note, client, splices }).unwrap();
        let after = world.desks[1].draft(client, note).parts[0].1.clone();
        prop_assert_eq!(after, format!("still here {before}"));
        prop_assert_eq!(&*world.desks[1].rebuilt().index(), &*world.desks[1].index());
    }
}
