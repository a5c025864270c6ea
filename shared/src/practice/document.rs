//! A document that merges: the only file that names the library which does it.
//!
//! Everything from another device is hostile until [`chunk`](super::chunk) has counted it and its
//! author has been compared with the actor that it claims. A load that fails, or panics, leaves
//! the document as it was.

mod builds;
mod columns;
mod lawful;
pub(super) mod quick;
mod rebase;

pub(super) use builds::{Built, changes_in};
use lawful::{is_by, is_lawful};

use super::ShelfError;
use super::change::Author;
use super::chunk::{self, ChunkError, Kind};
use super::edit::{Part, Splice};
use crate::id::{ObjectId as DocumentId, Timestamp};
use crate::suite;
use automerge::legacy::{Key, ObjectId, OpId};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{
    ActorId, AutoCommit, Change, ChangeHash, Cursor, LoadOptions, MoveCursor, ObjId, ObjType,
    PatchAction, Prop, ROOT, ReadDoc, ScalarValue, TextEncoding, Value,
};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use thiserror::Error;

/// Why a change does not become part of a document.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum DocumentError {
    /// The bytes were refused before anything was loaded.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// The change claims to be by somebody else than the one who sent it.
    #[error("a change claims another author than the one who sent it")]
    ForeignAuthor,
    /// The change contradicts what is there, for example a number that was used twice.
    #[error("a change contradicts the document")]
    Contradiction,
    /// The document holds as much as a document may; an honest device stays far below.
    #[error("a document is as large as it may become")]
    Full,
    /// The change does what no honest device does: it deletes a field or puts something else in
    /// the place of a text.
    #[error("a change does what no honest device does")]
    Unlawful,
    /// The library gave up; the document is as it was.
    #[error("a change could not be loaded")]
    Unloadable,
}

/// Sixteen bytes that stand for one incarnation of one device in one document.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Actor([u8; 16]);

impl Actor {
    /// H("tac/actor", device, incarnation, document), cut to 16 bytes (protocol 6).
    pub(super) fn of(author: &Author, document: DocumentId) -> Self {
        let incarnation = author.incarnation.get().to_be_bytes();
        let fields: [&[u8]; 3] = [author.device.as_bytes(), &incarnation, document.as_bytes()];
        Self(suite::hash("tac/actor", &fields).truncated())
    }
}

/// How many operations a document may hold before it takes no more: a quarter of a very busy
/// calendar has some thirty thousand, the longest note a million.
const OPERATIONS_MAX: u64 = 1 << 22;
/// How many changes, likewise.
const CHANGES_MAX: u64 = 1 << 18;

/// A value of one field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Scalar {
    Bytes(Vec<u8>),
    Flag(bool),
    Nothing,
    Number(i64),
    Text(String),
}

impl Scalar {
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// Where a field is: in the root, or in a map of the root.
pub(super) type Place<'a> = Option<&'a str>;

/// What merging a delta did.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Changes that wait for others which have not arrived.
    pub(super) missing: usize,
    /// Why changes of the delta were left out.
    pub(super) refused: Vec<DocumentError>,
    /// The changes that were taken, when others were left out.
    pub(super) kept: Vec<u8>,
}

/// Reads the changes of a delta that `actor` sent: those that are lawful, and why others are not.
fn read_delta(
    delta: &[u8],
    (author, document): (&Author, DocumentId),
) -> Result<(Vec<Change>, Vec<DocumentError>), DocumentError> {
    let mut refused = Vec::new();
    let mut changes = Vec::new();
    for chunk in chunk::delta(delta)? {
        let parsed = catch_unwind(|| Change::try_from(chunk.bytes));
        match parsed {
            // The library does not compare the checksum of a single change.
            Ok(Ok(change)) if chunk.bytes.get(4..8) != change.hash().0.get(..4) => {
                refused.push(DocumentError::Unloadable);
            }
            Ok(Ok(change)) if !is_by(&change, author, document) => {
                refused.push(DocumentError::ForeignAuthor);
            }
            Ok(Ok(change)) if !is_lawful(&change) => refused.push(DocumentError::Unlawful),
            Ok(Ok(change)) => changes.push(change),
            _ => refused.push(DocumentError::Unloadable),
        }
    }
    Ok((changes, refused))
}

/// One document in memory.
pub(super) struct Document {
    inner: AutoCommit,
}

impl Document {
    pub(super) fn new(actor: Actor) -> Self {
        let inner = AutoCommit::new_with_encoding(TextEncoding::UnicodeCodePoint)
            .with_actor(ActorId::from(actor.0.as_slice()));
        Self { inner }
    }

    /// Loads what was stored. A blob that cannot be read costs itself only; the second value says
    /// how many were left out.
    pub(super) fn load(actor: Actor, blobs: &[Vec<u8>]) -> (Self, usize) {
        let mut document = Self::new(actor);
        let mut refused = 0;
        let mut changes = Vec::new();
        for blob in blobs {
            let Ok(chunks) = chunk::stored(blob) else {
                refused += 1;
                continue;
            };
            for chunk in chunks {
                let taken = match chunk.kind {
                    Kind::Change => Change::try_from(chunk.bytes).map(|c| changes.push(c)).is_ok(),
                    Kind::Document => document.load_whole(chunk.bytes, actor),
                };
                refused += usize::from(!taken);
            }
        }
        refused += document.absorb(&changes);
        (document, refused)
    }

    fn load_whole(&mut self, bytes: &[u8], actor: Actor) -> bool {
        let options = LoadOptions::new().text_encoding(TextEncoding::UnicodeCodePoint);
        let loaded =
            catch_unwind(AssertUnwindSafe(|| AutoCommit::load_with_options(bytes, options)));
        let Ok(Ok(mut other)) = loaded else { return false };
        if self.inner.is_empty() {
            self.inner = other.with_actor(ActorId::from(actor.0.as_slice()));
            return true;
        }
        let mut merged = self.inner.clone();
        let outcome = catch_unwind(AssertUnwindSafe(|| merged.merge(&mut other)));
        let good = matches!(outcome, Ok(Ok(_)));
        if good {
            self.inner = merged;
        }
        good
    }

    /// Takes over deltas of one document at once, each with who sent it. Changes that cannot be
    /// taken are left out one by one; the good ones stay. An error means that nothing of that
    /// delta was taken. `again` gives the document as it was before, should the library leave it
    /// in pieces.
    pub(super) fn merge(
        &mut self,
        deltas: &[(&[u8], &Author)],
        document: DocumentId,
        again: &mut dyn FnMut() -> Result<Self, ShelfError>,
    ) -> Result<Vec<Result<Taken, DocumentError>>, ShelfError> {
        let held = self.inner.document().stats();
        if held.num_ops > OPERATIONS_MAX || held.num_changes > CHANGES_MAX {
            return Ok(deltas.iter().map(|_| Err(DocumentError::Full)).collect());
        }
        let mut read = Vec::with_capacity(deltas.len());
        let mut all = Vec::new();
        for (delta, author) in deltas {
            let outcome = read_delta(delta, (author, document));
            if let Ok((changes, _)) = &outcome {
                all.extend(changes.iter().cloned());
            }
            read.push(outcome);
        }
        // All at once is fast; if that fails, one at a time finds the culprit.
        let at_once = all.is_empty() || self.apply(all).is_ok();
        if !at_once {
            *self = again()?;
        }
        let mut outcomes = Vec::with_capacity(read.len());
        for outcome in read {
            outcomes.push(outcome.and_then(|(changes, mut refused)| {
                let mut taken = changes;
                if !at_once {
                    taken.retain(|change| match self.attempt(change) {
                        Ok(()) => true,
                        Err(error) => {
                            refused.push(error);
                            false
                        }
                    });
                }
                if let (true, Some(first)) = (taken.is_empty(), refused.first()) {
                    return Err(*first);
                }
                let kept = taken.iter().flat_map(Change::raw_bytes).copied().collect();
                Ok(Taken { missing: 0, refused, kept })
            }));
        }
        let missing = self.inner.get_missing_deps(&[]).len();
        for taken in outcomes.iter_mut().flatten() {
            taken.missing = missing;
        }
        Ok(outcomes)
    }

    /// Applies what was stored: all at once, or one at a time if that fails. Returns how many
    /// changes were left out.
    fn absorb(&mut self, changes: &[Change]) -> usize {
        if changes.is_empty() {
            return 0;
        }
        let before = self.inner.clone();
        if self.apply(changes.to_vec()).is_ok() {
            return 0;
        }
        self.inner = before;
        changes.iter().filter(|change| self.attempt(change).is_err()).count()
    }

    /// Applies one change, or leaves the document as it was.
    fn attempt(&mut self, change: &Change) -> Result<(), DocumentError> {
        let before = self.inner.clone();
        let outcome = self.apply(vec![change.clone()]);
        if outcome.is_err() {
            self.inner = before;
        }
        outcome
    }

    /// Applies changes. After an error the document is not to be used any more.
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), DocumentError> {
        let inner = &mut self.inner;
        match catch_unwind(AssertUnwindSafe(|| inner.apply_changes(changes))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(DocumentError::Contradiction),
            Err(_) => Err(DocumentError::Unloadable),
        }
    }

    /// Returns another one like it.
    pub(super) fn copy(&self) -> Self {
        Self { inner: self.inner.clone() }
    }

    /// Goes on writing as another actor, when the device has begun a new incarnation.
    pub(super) fn write_as(&mut self, actor: Actor) {
        if self.inner.get_actor().to_bytes() != actor.0 {
            self.inner.set_actor(ActorId::from(actor.0.as_slice()));
        }
    }

    /// Returns the fields of the root.
    pub(super) fn keys(&self) -> Vec<String> {
        self.inner.keys(ROOT).collect()
    }

    /// Returns the fields of a map of the root, each once.
    pub(super) fn keys_in(&self, name: &str) -> Vec<String> {
        let maps = self.maps(Some(name)).into_iter();
        let all: BTreeSet<String> = maps.flat_map(|map| self.inner.keys(map)).collect();
        all.into_iter().collect()
    }

    /// Returns the value that counts, if the field has one.
    pub(super) fn value(&self, place: Place<'_>, field: &str) -> Option<Scalar> {
        let first = |map| {
            let (value, _) = self.inner.get(map, field).ok().flatten()?;
            scalar(&value)
        };
        self.maps(place).into_iter().find_map(first)
    }

    /// Returns all values that were written without knowledge of each other, the one that counts
    /// first, each with the actor that wrote it.
    pub(super) fn values(&self, place: Place<'_>, field: &str) -> Vec<(Scalar, Actor)> {
        let mut values = Vec::new();
        for map in self.maps(place) {
            // The library lists them from the oldest operation to the one that wins.
            let all = self.inner.get_all(map, field).unwrap_or_default().into_iter().rev();
            values.extend(all.filter_map(|(value, id)| Some((scalar(&value)?, actor_of(&id)?))));
        }
        values
    }

    /// Writes a field, in every map of that name so that nothing stays behind in another.
    pub(super) fn put(&mut self, place: Place<'_>, field: &str, value: Scalar) {
        let value = match value {
            Scalar::Bytes(bytes) => ScalarValue::Bytes(bytes),
            Scalar::Flag(flag) => ScalarValue::Boolean(flag),
            Scalar::Nothing => ScalarValue::Null,
            Scalar::Number(number) => ScalarValue::Int(number),
            Scalar::Text(text) => ScalarValue::Str(text.into()),
        };
        for map in self.maps(place) {
            if let Some(other) = self.none_of(&map, field) {
                // To settle for a value that is there, the library would delete the others, and
                // a deletion is what nobody may send.
                let put = self.inner.put(&map, field, other);
                debug_assert!(put.is_ok());
            }
            let put = self.inner.put(&map, field, value.clone());
            debug_assert!(put.is_ok());
        }
    }

    /// Where a field has several values, returns a value that is none of them.
    fn none_of(&self, map: &ObjId, field: &str) -> Option<ScalarValue> {
        let held = self.inner.get_all(map, field).unwrap_or_default();
        let numbers = (0..).map(ScalarValue::Int);
        let mut others = std::iter::once(ScalarValue::Null).chain(numbers);
        let is_held = |other: &ScalarValue| {
            held.iter().any(|(value, _)| value.as_scalar().is_some_and(|held| held == other))
        };
        (held.len() > 1).then(|| others.find(|other| !is_held(other))).flatten()
    }

    /// Makes a map in the root, whose name must be new: two maps of one name would not merge.
    pub(super) fn put_map(&mut self, name: &str) {
        let made = self.inner.put_object(ROOT, name, ObjType::Map);
        debug_assert!(made.is_ok());
    }

    /// Makes a text in the root, whose name must be new.
    pub(super) fn put_text(&mut self, name: &str) {
        let made = self.inner.put_object(ROOT, name, ObjType::Text);
        debug_assert!(made.is_ok());
    }

    /// Returns a text of the root. Should there be several of one name, which no honest device
    /// makes, all are shown.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let all = self.inner.get_all(ROOT, name).ok()?.into_iter().rev();
        let texts = all.filter(|(value, _)| *value == Value::Object(ObjType::Text));
        let texts: Vec<_> = texts.filter_map(|(_, id)| self.inner.text(id).ok()).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Returns how many code points a text has.
    pub(super) fn text_length(&self, name: &str) -> Option<usize> {
        Some(self.inner.length(self.child(name, ObjType::Text)?))
    }

    /// Changes a text; `false` when there is no such text or place.
    pub(super) fn splice(&mut self, name: &str, at: usize, deleted: usize, text: &str) -> bool {
        let Some(object) = self.child(name, ObjType::Text) else { return false };
        let length = self.inner.length(&object);
        if at > length || deleted > length - at {
            return false;
        }
        let Ok(deleted) = isize::try_from(deleted) else { return false };
        self.inner.splice_text(&object, at, deleted, text).is_ok()
    }

    /// Names the place behind the first `at` code points of a text, by the letter before it.
    pub(super) fn name_place(&self, name: &str, at: usize) -> Option<Vec<u8>> {
        let object = self.child(name, ObjType::Text)?;
        let Some(left) = at.checked_sub(1) else { return Some(Cursor::Start.to_bytes()) };
        let cursor = self.inner.get_cursor_moving(&object, left, None, MoveCursor::Before);
        cursor.ok().map(|cursor| cursor.to_bytes())
    }

    /// Returns where a place is now that another device may have named.
    pub(super) fn find_place(&self, name: &str, place: &[u8]) -> Option<usize> {
        let object = self.child(name, ObjType::Text)?;
        let found = catch_unwind(AssertUnwindSafe(|| {
            let cursor = Cursor::try_from(place).ok()?;
            let left = self.inner.get_cursor_position(&object, &cursor, None).ok()?;
            Some(if cursor == Cursor::Start { left } else { left.saturating_add(1) })
        }));
        Some(found.ok()??.min(self.inner.length(&object)))
    }

    /// Returns the fields of a map of the root; `None` if there is no such map.
    pub(super) fn fields(&self, name: &str) -> Option<Vec<String>> {
        let map = self.child(name, ObjType::Map)?;
        Some(self.inner.keys(map).collect())
    }

    /// Returns the fields of all maps of one name.
    pub(super) fn all_fields(&self, name: &str) -> BTreeSet<String> {
        let maps = self.maps(Some(name)).into_iter();
        maps.flat_map(|map| self.inner.keys(map).collect::<Vec<_>>()).collect()
    }

    /// Makes one change of everything that was written since the last; empty if nothing was.
    pub(super) fn commit(&mut self, time: Timestamp) -> Vec<u8> {
        let seconds = time.as_millis().div_euclid(1000);
        let hash = self.inner.commit_with(CommitOptions::default().with_time(seconds));
        let change = hash.and_then(|hash| self.inner.get_change_by_hash(&hash));
        change.map(|change| change.raw_bytes().to_vec()).unwrap_or_default()
    }

    /// Forgets what was written since the last commit.
    pub(super) fn rollback(&mut self) {
        self.inner.rollback();
    }

    /// Returns the whole document, not compressed: whoever stores it does that, within bounds.
    pub(super) fn save(&mut self) -> Vec<u8> {
        self.inner.save_nocompress()
    }

    /// Returns the changes that nothing was built on, in order.
    pub(super) fn heads(&mut self) -> Vec<[u8; 32]> {
        let mut heads: Vec<_> = self.inner.get_heads().into_iter().map(|head| head.0).collect();
        heads.sort_unstable();
        heads
    }

    /// Returns the newest change of each actor that has changes which `heads` do not cover;
    /// `None` when a head is not here yet, so that nobody can tell.
    pub(super) fn beyond(&mut self, heads: &[[u8; 32]]) -> Option<BTreeMap<Actor, [u8; 32]>> {
        if self.heads() == heads {
            return Some(BTreeMap::new());
        }
        let heads: Vec<_> = heads.iter().map(|head| ChangeHash(*head)).collect();
        for head in &heads {
            self.inner.get_change_meta_by_hash(head)?;
        }
        let mut newest: BTreeMap<Actor, (u64, [u8; 32])> = BTreeMap::new();
        for change in self.inner.get_changes(&heads) {
            let Ok(actor) = change.actor_id().to_bytes().try_into().map(Actor) else { continue };
            let entry = newest.entry(actor).or_default();
            if change.seq() > entry.0 {
                *entry = (change.seq(), change.hash().0);
            }
        }
        Some(newest.into_iter().map(|(actor, (_, hash))| (actor, hash)).collect())
    }

    /// Returns a text as it was at `heads`.
    pub(super) fn text_at(&self, name: &str, heads: &[[u8; 32]]) -> Option<String> {
        let heads: Vec<_> = heads.iter().map(|head| ChangeHash(*head)).collect();
        self.inner.text_at(self.child(name, ObjType::Text)?, &heads).ok()
    }

    /// Returns what changed in texts from one state to another, in order.
    pub(super) fn splices_between(
        &mut self,
        before: &[[u8; 32]],
        after: &[[u8; 32]],
    ) -> Vec<Splice> {
        let hashes = |heads: &[[u8; 32]]| heads.iter().copied().map(ChangeHash).collect::<Vec<_>>();
        let patches = self.inner.diff(&hashes(before), &hashes(after));
        patches.iter().filter_map(|patch| splice_of(&patch.path, &patch.action)).collect()
    }

    /// Returns the fields of the root under which something was written since `before`; `None`
    /// when nobody can tell. Patches do not tell: a value that loses against two others already
    /// there makes none.
    pub(super) fn touched_since(&mut self, before: &[[u8; 32]]) -> Option<BTreeSet<String>> {
        let before: Vec<_> = before.iter().copied().map(ChangeHash).collect();
        let mut touched = BTreeSet::new();
        for change in self.inner.get_changes(&before) {
            let decoded = catch_unwind(AssertUnwindSafe(|| change.decode())).ok()?;
            for operation in decoded.operations {
                let field = match operation.obj {
                    ObjectId::Root => match operation.key {
                        Key::Map(name) => name.to_string(),
                        Key::Seq(_) => continue,
                    },
                    ObjectId::Id(OpId(counter, actor)) => {
                        let path = self.inner.parents(ObjId::Id(counter, actor, 0)).ok()?.path();
                        match path.into_iter().next() {
                            Some((_, Prop::Map(name))) => name,
                            _ => continue,
                        }
                    }
                };
                touched.insert(field);
            }
        }
        Some(touched)
    }

    /// Returns the maps of one name, the one that counts first. There are several only when
    /// devices made the same one unseen by each other.
    fn maps(&self, place: Place<'_>) -> Vec<ObjId> {
        let Some(name) = place else { return vec![ROOT] };
        let all = self.inner.get_all(ROOT, name).unwrap_or_default();
        let maps = all.into_iter().filter(|(value, _)| *value == Value::Object(ObjType::Map));
        maps.map(|(_, id)| id).rev().collect()
    }

    fn child(&self, name: &str, wanted: ObjType) -> Option<ObjId> {
        let (value, id) = self.inner.get(ROOT, name).ok().flatten()?;
        (value == Value::Object(wanted)).then_some(id)
    }
}

/// The name under which a part's text lies in a draft's document.
pub(super) const fn part_field(part: Part) -> &'static str {
    part.field()
}

fn part_of(field: &str) -> Option<Part> {
    Part::ALL.iter().copied().find(|part| part.field() == field)
}

fn splice_of(path: &[(ObjId, Prop)], action: &PatchAction) -> Option<Splice> {
    let Some((_, Prop::Map(field))) = path.first() else { return None };
    let part = part_of(field)?;
    match action {
        PatchAction::SpliceText { index, value, .. } => {
            Some(Splice { part, position: *index, deleted: 0, inserted: value.make_string() })
        }
        PatchAction::DeleteSeq { index, length } => {
            Some(Splice { part, position: *index, deleted: *length, inserted: String::new() })
        }
        _ => None,
    }
}

fn scalar(value: &Value<'_>) -> Option<Scalar> {
    let Value::Scalar(value) = value else { return None };
    match value.as_ref() {
        ScalarValue::Boolean(flag) => Some(Scalar::Flag(*flag)),
        ScalarValue::Bytes(bytes) => Some(Scalar::Bytes(bytes.clone())),
        ScalarValue::Int(number) => Some(Scalar::Number(*number)),
        ScalarValue::Null => Some(Scalar::Nothing),
        ScalarValue::Str(text) => Some(Scalar::Text(text.to_string())),
        _ => None,
    }
}

fn actor_of(id: &ObjId) -> Option<Actor> {
    match id {
        ObjId::Root => None,
        ObjId::Id(_, actor, _) => actor.to_bytes().try_into().ok().map(Actor),
    }
}
