//! What the texts of a draft say, read from its changes without loading them: the library takes some
//! microseconds for each letter, and who opens a long draft waits for that.
//!
//! Only what one after another wrote is read here, each knowing all that was there: then a letter stands
//! right behind the one that it names, and nothing is weighed against anything. Of every other draft,
//! and of whatever is not as an honest device writes it, this says nothing, and the library reads it.

use super::super::chunk;
use super::columns::{Columns, Target};
use crate::suite;
use std::collections::{BTreeMap, BTreeSet};

/// Where no letter follows.
const END: u32 = u32::MAX;

/// What the fields and texts of a draft say.
#[derive(Debug, Default)]
pub(in crate::practice) struct Read {
    texts: BTreeMap<String, String>,
    fields: Vec<String>,
}

impl Read {
    /// Returns a text of the root; `None` if there is none of that name.
    pub(in crate::practice) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// Returns the names of fields of the root that hold a value, in no order, some more than once.
    pub(in crate::practice) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }
}

/// One operation, under its number.
#[derive(Clone, Copy)]
struct Node {
    /// The number of the text that it is a letter of; 0 for any other operation.
    text: u32,
    /// The letter that follows.
    next: u32,
    letter: char,
    author: u16,
    gone: bool,
}

#[derive(Default)]
struct Reader<'a> {
    /// Those that have written, by the order in which they began.
    authors: Vec<&'a [u8]>,
    /// How many changes each has made.
    made: Vec<u64>,
    /// Operations by their numbers, from 1 on.
    nodes: Vec<Node>,
    /// The first letter of each text, and its name, by its number.
    texts: BTreeMap<u32, (&'a str, u32)>,
    fields: Vec<String>,
    /// The changes that were read, and the last of them.
    changes: BTreeSet<[u8; 32]>,
    head: Option<[u8; 32]>,
}

/// Reads what was stored of a draft, in the order in which it came.
pub(in crate::practice) fn read(blobs: &[Vec<u8>]) -> Option<Read> {
    let mut reader = Reader::default();
    // Numbers begin at 1.
    reader.nodes.push(Node { text: 0, next: END, letter: ' ', author: 0, gone: true });
    for blob in blobs {
        for chunk in chunk::stored(blob).ok()? {
            reader.change(chunk.bytes)?;
        }
    }
    reader.finish()
}

impl<'a> Reader<'a> {
    fn change(&mut self, bytes: &'a [u8]) -> Option<()> {
        // Its name is the hash of all but the magic bytes and the checksum.
        let hash = *suite::sha256(bytes.get(8..)?).as_bytes();
        if bytes.get(4..8)? != hash.get(..4)? {
            return None;
        }
        let change = chunk::change_of(bytes)?;
        // It is built on the last, and so on all; it may name its author's own last one, too.
        let bases = change.dependencies.chunks(32).map(|base| base.try_into().ok());
        let built: Option<BTreeSet<[u8; 32]>> = bases.collect();
        let built = built.filter(|built| built.is_subset(&self.changes))?;
        let start = usize::try_from(change.start).ok()?;
        if self.head.is_some_and(|head| !built.contains(&head)) || start != self.nodes.len() {
            return None;
        }
        self.head = Some(hash);
        if !self.changes.insert(hash) {
            return None;
        }
        let mut known = Vec::with_capacity(change.actors.len());
        for actor in &change.actors {
            known.push(self.author(actor)?);
        }
        self.follows(*known.first()?, change.sequence)?;
        let mut columns = Columns::of(&change.columns)?;
        while let Some(operation) = columns.next(&known)? {
            let number = u32::try_from(self.nodes.len()).ok()?;
            let author = *known.first()?;
            let node = Node { text: 0, next: END, letter: ' ', author, gone: true };
            self.nodes.push(node);
            let makes = operation.inserts || operation.action == MAKE_TEXT;
            // What is made takes the place of nothing.
            if makes && !operation.before.is_empty() {
                return None;
            }
            match operation.target {
                Target::Field(name) => self.field(number, name, operation.action)?,
                Target::First(text) if operation.inserts => {
                    self.named(text)?;
                    self.insert(number, text.0, None, operation.letter?)?;
                }
                Target::Behind(text, letter) if operation.inserts => {
                    self.named(text)?;
                    self.named(letter)?;
                    self.insert(number, text.0, Some(letter.0), operation.letter?)?;
                }
                Target::Behind(text, letter) => {
                    self.named(text)?;
                    let deletes = operation.action == DELETE && operation.before == [letter];
                    self.named(letter).filter(|()| deletes)?;
                    let node = self.node(letter.0).filter(|node| node.text == text.0)?;
                    node.gone = true;
                }
                Target::First(_) => return None,
            }
            if operation.inserts && operation.action != PUT {
                return None;
            }
        }
        Some(())
    }

    /// Whether a change is the next of its author's.
    fn follows(&mut self, author: u16, sequence: u64) -> Option<()> {
        let made = self.made.get_mut(usize::from(author))?;
        *made += 1;
        (*made == sequence).then_some(())
    }

    fn author(&mut self, actor: &'a [u8]) -> Option<u16> {
        let known = self.authors.iter().position(|known| *known == actor);
        let at = known.unwrap_or_else(|| {
            self.authors.push(actor);
            self.made.push(0);
            self.authors.len() - 1
        });
        u16::try_from(at).ok()
    }

    fn node(&mut self, number: u32) -> Option<&mut Node> {
        self.nodes.get_mut(usize::try_from(number).ok()?)
    }

    /// Whether an operation of this number is by the author that is named with it.
    fn named(&mut self, (number, author): (u32, u16)) -> Option<()> {
        (self.node(number)?.author == author).then_some(())
    }

    fn field(&mut self, number: u32, name: &'a str, action: u64) -> Option<()> {
        match action {
            MAKE_TEXT if self.texts.values().all(|(other, _)| *other != name) => {
                self.texts.insert(number, (name, END));
            }
            // A value in the place of a text is none that an honest device writes.
            PUT if self.texts.values().all(|(other, _)| *other != name) => {
                self.fields.push(name.to_owned());
            }
            _ => return None,
        }
        Some(())
    }

    fn insert(&mut self, number: u32, text: u32, behind: Option<u32>, letter: char) -> Option<()> {
        let next = match behind {
            None => std::mem::replace(&mut self.texts.get_mut(&text)?.1, number),
            Some(behind) => {
                let before = self.node(behind).filter(|node| node.text == text)?;
                std::mem::replace(&mut before.next, number)
            }
        };
        let node = self.node(number)?;
        (node.text, node.next, node.letter, node.gone) = (text, next, letter, false);
        Some(())
    }

    fn finish(self) -> Option<Read> {
        let mut texts = BTreeMap::new();
        for (name, first) in self.texts.values() {
            let (mut text, mut at) = (String::new(), *first);
            while at != END {
                let node = self.nodes.get(usize::try_from(at).ok()?)?;
                text.extend((!node.gone).then_some(node.letter));
                at = node.next;
            }
            texts.insert((*name).to_owned(), text);
        }
        Some(Read { texts, fields: self.fields })
    }
}

const PUT: u64 = 1;
const DELETE: u64 = 3;
const MAKE_TEXT: u64 = 4;

#[cfg(test)]
mod tests {
    use super::super::{Actor, Document, Scalar};
    use super::*;
    use crate::id::Timestamp;
    use proptest::prelude::*;

    const fn actor(number: u8) -> Actor {
        Actor([number; 16])
    }

    /// What several devices do to a draft with two texts, each with all that was there; or, with
    /// `apart`, without what the others wrote last.
    fn written(acts: &[(u8, bool, usize, usize, String)], apart: bool) -> (Vec<Vec<u8>>, Document) {
        let mut document = Document::new(actor(0));
        document.put(None, "format", Scalar::Number(1));
        for name in ["text", "plan"] {
            document.put_text(name);
        }
        let mut blobs = vec![document.commit(Timestamp::from_millis(0))];
        let mut before = document.copy();
        for (who, plan, at, deleted, inserted) in acts {
            let name = if *plan { "plan" } else { "text" };
            let base = if apart { before.copy() } else { document.copy() };
            before = document.copy();
            let mut own = base;
            own.write_as(actor(*who));
            let length = own.text_length(name).unwrap();
            let at = at % (length + 1);
            own.splice(name, at, *deleted.min(&(length - at)), inserted);
            own.put(None, &format!("seen/{who}"), Scalar::Flag(true));
            let bytes = own.commit(Timestamp::from_millis(1000));
            if bytes.is_empty() {
                continue;
            }
            let changes = [automerge::Change::try_from(bytes.as_slice()).unwrap()];
            document.absorb(&changes);
            blobs.push(bytes);
        }
        (blobs, document)
    }

    fn acts() -> impl Strategy<Value = Vec<(u8, bool, usize, usize, String)>> {
        let act = (0..3_u8, any::<bool>(), 0..60_usize, 0..6_usize, "[a-cé漢👩\n]{0,8}");
        proptest::collection::vec(act, 0..12)
    }

    proptest! {
        #[test]
        fn texts_are_what_the_library_reads(acts in acts()) {
            let (blobs, document) = written(&acts, false);
            let read = read(&blobs).expect("one after another");
            for name in ["text", "plan"] {
                prop_assert_eq!(read.text(name).map(str::to_owned), document.text(name));
            }
            prop_assert_eq!(read.text("other"), None);
            let fields: Vec<String> = read.fields().map(str::to_owned).collect();
            for key in document.keys() {
                prop_assert!(fields.contains(&key) || read.text(&key).is_some());
            }
            // All in one piece is the same.
            let whole = super::read(&[blobs.concat()]).expect("one after another");
            prop_assert_eq!(whole.texts, read.texts);
        }

        #[test]
        fn what_was_written_at_once_is_read_right_or_not_at_all(acts in acts()) {
            let (blobs, document) = written(&acts, true);
            if let Some(read) = read(&blobs) {
                for name in ["text", "plan"] {
                    prop_assert_eq!(read.text(name).map(str::to_owned), document.text(name));
                }
            }
        }

        #[test]
        fn a_byte_that_differs_is_no_text(acts in acts(), at in any::<usize>(), bit in 0..8_u8) {
            let (mut blobs, _) = written(&acts, false);
            let number = at % blobs.len();
            let place = at % blobs[number].len();
            blobs[number][place] ^= 1 << bit;
            prop_assert!(read(&blobs).is_none());
        }
    }

    /// What becomes of a column of a change.
    #[derive(Clone, Debug)]
    enum Harm {
        /// A byte differs.
        Flip(usize, u8),
        /// It goes on.
        Extend(Vec<u8>),
        /// It ends before.
        Cut(usize),
        /// A part of it stands twice.
        Twice(usize, usize),
    }

    fn harm() -> impl Strategy<Value = Harm> {
        let small = prop_oneof![0..4_u8, 0x7c..0x84_u8, any::<u8>()];
        prop_oneof![
            (any::<usize>(), 1..=255_u8).prop_map(|(at, bits)| Harm::Flip(at, bits)),
            proptest::collection::vec(small, 1..4).prop_map(Harm::Extend),
            (1..4_usize).prop_map(Harm::Cut),
            (any::<usize>(), 1..4_usize).prop_map(|(at, count)| Harm::Twice(at, count)),
        ]
    }

    fn harmed(column: &[u8], harm: &Harm) -> Vec<u8> {
        let mut column = column.to_vec();
        match harm {
            Harm::Flip(at, bits) if !column.is_empty() => {
                let at = at % column.len();
                column[at] ^= bits;
            }
            Harm::Flip(..) => {}
            Harm::Extend(more) => column.extend(more),
            Harm::Cut(count) => column.truncate(column.len().saturating_sub(*count)),
            Harm::Twice(at, count) => {
                let at = at % (column.len() + 1);
                let part = column[at..(at + count).min(column.len())].to_vec();
                drop(column.splice(at..at, part));
            }
        }
        column
    }

    fn leb(mut number: usize, to: &mut Vec<u8>) {
        while number >= 0x80 {
            to.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        to.push(u8::try_from(number).unwrap());
    }

    /// The change with other columns, framed and hashed as a device that lies would.
    fn with_columns(bytes: &[u8], columns: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut frame = chunk::Cursor { rest: &bytes[9..] };
        let whole = frame.prefixed().unwrap();
        let mut body = chunk::Cursor { rest: whole };
        let dependencies = body.unsigned().unwrap();
        body.take(usize::try_from(dependencies).unwrap() * 32).unwrap();
        body.prefixed().unwrap();
        body.unsigned().unwrap();
        body.unsigned().unwrap();
        body.signed().unwrap();
        body.prefixed().unwrap();
        for _ in 0..body.unsigned().unwrap() {
            body.prefixed().unwrap();
        }
        let mut made = whole[..whole.len() - body.rest.len()].to_vec();
        leb(columns.len(), &mut made);
        for (specification, data) in columns {
            leb(usize::try_from(*specification).unwrap(), &mut made);
            leb(data.len(), &mut made);
        }
        columns.iter().for_each(|(_, data)| made.extend(data));
        framed(bytes, &made)
    }

    /// A change whose body is this, under the magic bytes of another.
    fn framed(bytes: &[u8], made: &[u8]) -> Vec<u8> {
        let mut hashed = vec![1];
        leb(made.len(), &mut hashed);
        hashed.extend(made);
        let sum = suite::sha256(&hashed);
        [&bytes[..4], &sum.as_bytes()[..4], &hashed].concat()
    }

    #[test]
    fn a_change_that_is_framed_anew_is_the_same() {
        let (blobs, _) = written(&[(1, true, 0, 0, "words".to_owned())], false);
        for blob in &blobs {
            let pieces = chunk::change_of(blob).unwrap();
            let columns: Vec<_> =
                pieces.columns.iter().map(|(kind, data)| (*kind, data.to_vec())).collect();
            assert_eq!(with_columns(blob, &columns), *blob);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// Whatever is done to the columns of the last change: it is read as the library reads it, or
        /// not at all.
        #[test]
        fn columns_that_were_tampered_with_give_what_the_library_gives_or_nothing(
            acts in acts(),
            which in any::<proptest::sample::Index>(),
            harms in proptest::collection::vec((any::<proptest::sample::Index>(), harm()), 1..3),
            left_out in proptest::option::weighted(0.1, any::<proptest::sample::Index>()),
            beside in proptest::option::weighted(0.3, harm()),
        ) {
            let (mut blobs, _) = written(&acts, false);
            // All that is built on it goes with it.
            blobs.truncate(which.index(blobs.len()) + 1);
            let last = blobs.pop().unwrap();
            let pieces = chunk::change_of(&last).unwrap();
            let mut columns: Vec<_> =
                pieces.columns.iter().map(|(kind, data)| (*kind, data.to_vec())).collect();
            for (at, harm) in &harms {
                let at = at.index(columns.len());
                columns[at].1 = harmed(&columns[at].1, harm);
            }
            if let Some(at) = left_out {
                columns.remove(at.index(columns.len()));
            }
            let mut made = with_columns(&last, &columns);
            if let Some(harm) = beside {
                let body = chunk::Cursor { rest: &made[9..] }.prefixed().unwrap();
                made = framed(&made, &harmed(body, &harm));
            }
            blobs.push(made);
            if let Some(read) = read(&blobs) {
                let (document, _) = Document::load(actor(0), &blobs);
                for name in ["text", "plan"] {
                    prop_assert_eq!(read.text(name).map(str::to_owned), document.text(name));
                }
                for key in document.keys() {
                    prop_assert!(read.fields().any(|of| of == key) || read.text(&key).is_some());
                }
            }
        }
    }

    #[test]
    fn what_is_missing_or_comes_in_another_order_is_left_to_the_library() {
        let act = |who, text: &str| (who, false, 0, 0, text.to_owned());
        let (blobs, mut document) = written(&[act(0, "one"), act(1, "two")], false);
        assert!(read(&blobs).is_some());
        assert!(read(&[blobs[0].clone(), blobs[2].clone()]).is_none());
        assert!(read(&[blobs[0].clone(), blobs[2].clone(), blobs[1].clone()]).is_none());
        assert!(read(&[blobs.clone(), vec![blobs[2].clone()]].concat()).is_none());
        assert!(read(&[document.save()]).is_none());
    }
}
