//! Words that somebody wrote offline while somebody else signed: whichever arrives first, on every
//! device the signed note stays the same bytes and the words are a draft of an addendum.

use super::world::{World, insert};
use crate::id::{ClientId, ObjectId, RecordId};
use crate::practice::draft::addendum_id;
use crate::practice::edit::{Edit, NoteFormat, Part, Splice};
use crate::practice::view::{Index, TimelineEntry};
use proptest::prelude::*;
use std::sync::Arc;

const SIGNER: usize = 0;
const WRITERS: [usize; 2] = [1, 2];
/// Sees all of it from outside.
const READER: usize = 3;
const BASE: &str = "Denies any thought of harm.";

/// One thing that a writer does offline.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Adds a word that nobody else uses.
    Add,
    /// Strikes so many letters of what the signer signed.
    Strike(usize),
}

/// What there is in the end on one device.
#[derive(Debug, PartialEq)]
struct Seen {
    signed: Vec<u8>,
    index: Arc<Index>,
    /// Each late draft with its text.
    late: Vec<(ObjectId, String)>,
}

struct Meanwhile {
    world: World,
    client: ClientId,
    note: ObjectId,
    signed: RecordId,
    /// The bytes when they were signed.
    bytes: Vec<u8>,
    words: [Vec<String>; 2],
}

/// Everybody has the draft; the writers write and the signer signs, and nobody hears of it.
fn meanwhile(acts: &[Vec<Act>; 2]) -> Meanwhile {
    let mut world = World::new(&[1, 1, 2, 2]);
    let client = world.client(0, 1);
    let note = world.begin(0, 9, client, None, NoteFormat::Free);
    world.type_text(0, client, note, BASE);
    world.sync();
    let mut words = [Vec::new(), Vec::new()];
    for ((writer, acts), words) in WRITERS.into_iter().zip(acts).zip(&mut words) {
        let (mut length, mut base) = (BASE.chars().count(), BASE.chars().count());
        for (number, act) in acts.iter().enumerate() {
            let splice = match act {
                Act::Add => {
                    let word = format!(" <{writer}.{number}>");
                    let splice = insert(Part::Text, length, &word);
                    length += word.chars().count();
                    words.push(word.trim().to_owned());
                    splice
                }
                Act::Strike(count) => {
                    let deleted = (*count).min(base);
                    (length, base) = (length - deleted, base - deleted);
                    Splice { part: Part::Text, position: 0, deleted, inserted: String::new() }
                }
            };
            world.act(writer, Edit::ChangeDraft { note, client, splices: vec![splice] }).unwrap();
        }
    }
    world.sign(SIGNER, client, note);
    let index = world.desks[SIGNER].index();
    let record = index.timelines[&client].iter().find_map(|row| match row.entry {
        TimelineEntry::Note { record, .. } => Some(record),
        _ => None,
    });
    let signed = record.unwrap();
    let bytes = world.desks[SIGNER].memory.records[&signed].clone();
    Meanwhile { world, client, note, signed, bytes, words }
}

impl Meanwhile {
    /// Lets everything arrive: first, on every device, what these devices sent, in that order.
    fn arrive(&mut self, order: &[usize]) {
        for desk in 0..=READER {
            for from in order {
                self.world.give_of(desk, *from);
            }
        }
        self.world.sync();
    }

    fn seen(&mut self, desk: usize) -> Seen {
        let (client, note) = (self.client, self.note);
        let desk = &mut self.world.desks[desk];
        let index = desk.index();
        let writers = WRITERS.map(|writer| u8::try_from(writer + 1).unwrap());
        let ids = writers.map(|n| addendum_id(note, crate::id::DeviceId::from_bytes([n; 16])));
        let drafts = index.drafts.iter().map(|row| {
            assert!(ids.contains(&row.note), "a draft that nobody's late words are");
            assert_eq!(row.addendum_to, Some(self.signed));
            row.note
        });
        let drafts: Vec<_> = drafts.collect();
        let late = drafts.into_iter().map(|id| (id, desk.draft(client, id).parts[0].1.clone()));
        let late = late.collect();
        Seen { signed: desk.memory.records[&self.signed].clone(), index, late }
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![3 => Just(Act::Add), 1 => (1_usize..9).prop_map(Act::Strike)];
    prop::collection::vec(act, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_before_the_signature_came_is_an_addendum_draft_in_any_order_of_arrival(
        acts in [acts(), acts()],
        order in prop::collection::vec(0..=READER, 0..24),
    ) {
        // Enough turns for all that a device sent before anybody heard of it.
        let all_of = |desk| std::iter::repeat_n(desk, 16);
        let signature_first: Vec<usize> =
            all_of(SIGNER).chain(all_of(WRITERS[0])).chain(all_of(WRITERS[1])).collect();
        let words_first: Vec<usize> =
            all_of(WRITERS[1]).chain(all_of(WRITERS[0])).chain(all_of(SIGNER)).collect();
        let mut before: Option<Seen> = None;
        for order in [signature_first, words_first, order] {
            let mut after = meanwhile(&acts);
            after.arrive(&order);
            let reader = after.seen(READER);
            for desk in 0..READER {
                prop_assert_eq!(&after.seen(desk), &reader, "device {}", desk);
            }
            prop_assert_eq!(&reader.signed, &after.bytes, "the bytes that were signed");
            let shown = after.world.desks[READER].note(after.client, after.signed);
            prop_assert_eq!(shown.parts[0].1.as_str(), BASE);
            for (writer, words) in WRITERS.into_iter().zip(&after.words) {
                let device = after.world.desks[writer].quill.author.device;
                let id = addendum_id(after.note, device);
                let text = reader.late.iter().find(|(late, _)| *late == id).map(|(_, text)| text);
                let wrote = !acts[writer - 1].is_empty();
                prop_assert_eq!(text.is_some(), wrote);
                for word in words {
                    prop_assert!(text.unwrap().contains(word), "{} in {:?}", word, text);
                }
            }
            let mut rebuilt = after.world.desks[READER].rebuilt();
            rebuilt.look_ahead(after.world.desks[READER].now);
            prop_assert_eq!(&*rebuilt.index(), &*reader.index, "after a restart");
            // Whatever came first, it is the same in the end.
            if let Some(before) = before {
                prop_assert_eq!(&before.signed, &reader.signed);
                prop_assert_eq!(&before.late, &reader.late);
            }
            before = Some(reader);
        }
    }
}
