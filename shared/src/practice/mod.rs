//! The practice: the one door to everything clinical.
//!
//! [`Practice::apply`] takes what a person does, [`Practice::merge`] what another device did, and
//! both leave behind the same thing: [`Change`]s for whoever stores and sends them, and an
//! [`Index`] for whoever shows them. Documents merge, records only accumulate; signing turns the
//! one into the other.
//!
//! It never does IO, reads no clock and draws no randomness: a [`Context`] brings all three.

mod apply;
mod appointment;
pub mod attachment;
mod attendance;
mod audit;
mod billing;
mod book;
mod books;
mod calendar;
mod caret;
pub mod change;
mod chart;
mod chunk;
mod client;
pub mod compartment;
pub mod consent;
mod contact;
mod contact_log;
pub mod correction;
pub mod crisis;
pub mod diagnosis;
mod document;
mod draft;
mod drafting;
pub mod edit;
pub mod erasure;
mod facts;
pub mod generate;
pub mod group;
pub mod identity;
mod index;
pub mod interchange;
mod journal;
pub mod label;
mod late;
mod lineage;
pub mod lint;
pub mod measure;
mod merge;
mod misfiled;
mod moved;
mod note;
mod open;
mod parts;
pub mod phrase;
pub mod plan;
pub mod psychotherapy;
pub mod quick_add;
pub mod reach;
pub mod record;
mod refusal;
pub mod release;
pub mod remote;
pub mod report;
pub mod ring;
pub mod same;
pub mod schedule;
pub mod search;
mod sign;
mod subject;
pub mod supervision;
mod task;
pub mod text;
pub mod timeline;
pub mod times;
pub mod view;
mod viewed;
mod ways;
pub mod zone;

pub use apply::Applied;
pub use audit::{AuditEntry, AuditEvent, AuditKind, AuditSubject};
pub use caret::PLACE_BYTES_MAX;
pub use chart::LATE_AFTER_MILLIS;
pub use chunk::{ChunkError, DELTA_BYTES_MAX};
pub use contact_log::NewContact;
pub use document::DocumentError;
pub use draft::{INSERTED_MAX, PART_BYTES_MAX};
pub use facts::{ProjectionError, SCHEMA};
pub use late::{carried, made_of};
pub use merge::{MergeError, Merged, Rebuilt, is_draft, is_fixed};
pub use open::Opened;
pub use refusal::Refusal;

use crate::id::{
    AppointmentId, ClientId, CompartmentId, ObjectId, PracticeId, RecordId, Timestamp,
};
use crate::random::Random;
use crate::suite::{self, Signature, VerifyingKey};
use apply::Undo;
use change::{Author, Change, Content};
use compartment::CompartmentName;
use document::{Actor, Document};
use edit::Splice;
use facts::Facts;
use label::Label;
use reach::Reach;
use record::{Header, Record, RecordKind, Relation, Tags};
use schedule::Derived;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use thiserror::Error;
use view::{Index, NoteState};

/// What was stored, given on demand. The device implements it.
///
/// It holds every change that `apply` returned and that `merge` accepted, and no other. A change
/// must be there before the next call of the practice: documents that nobody shows are dropped
/// and loaded from here again.
pub trait Shelf {
    /// Returns what was stored of a document, in the order in which it came; nothing for a new one.
    fn document(
        &mut self,
        compartment: &CompartmentName,
        document: ObjectId,
    ) -> Result<Vec<Vec<u8>>, ShelfError>;

    /// Returns the canonical bytes of a record.
    fn record(
        &mut self,
        compartment: &CompartmentName,
        record: RecordId,
    ) -> Result<Vec<u8>, ShelfError>;
}

/// Why the shelf gives nothing.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ShelfError {
    /// What is there cannot be read.
    #[error("stored content cannot be read")]
    Damaged,
    /// The key is not here, or no longer.
    #[error("stored content cannot be opened with the keys that are here")]
    Locked,
    /// Nothing of that name was stored.
    #[error("nothing of that name is stored")]
    Missing,
}

/// Who writes. The device implements it.
pub trait Pen {
    /// Returns who signs, on which device.
    fn author(&self) -> Author;

    /// Returns the practice.
    fn practice(&self) -> PracticeId;

    /// Returns the log of a compartment, which comes into being on first use.
    fn log(&mut self, compartment: &CompartmentName) -> CompartmentId;

    /// Signs with the device's key.
    fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature;

    /// Returns the key of the author of a record, as the membership log certifies it. Without it
    /// a record is taken only from the device that made it.
    fn key(&self, author: &Author) -> Option<VerifyingKey> {
        let _ = author;
        None
    }

    /// Whether what names this log may lie in a compartment: not if that is the log of another, as
    /// far as is known here. A compartment may have had several logs, and not all of them are known.
    fn may_lie(&self, log: CompartmentId, compartment: &CompartmentName) -> bool {
        let _ = (log, compartment);
        true
    }

    /// Whether it is known here whose log this is.
    fn knows(&self, log: CompartmentId) -> bool {
        let _ = log;
        true
    }
}

/// What the world lends to one call.
pub struct Context<'a> {
    /// The time, as this device's clock claims it.
    pub now: Timestamp,
    /// Chance.
    pub random: &'a mut dyn Random,
    /// What was stored.
    pub shelf: &'a mut dyn Shelf,
    /// Who writes.
    pub pen: &'a mut dyn Pen,
}

/// A practice in memory. Dropping it forgets everything that was decrypted.
#[derive(Default)]
pub struct Practice {
    facts: Facts,
    index: Arc<Index>,
    /// How far notes are, by session and client, and the same by client.
    sessions: BTreeMap<AppointmentId, BTreeMap<ClientId, NoteState>>,
    sessions_of: BTreeMap<ClientId, BTreeMap<AppointmentId, NoteState>>,
    documents: BTreeMap<ObjectId, Loaded>,
    /// Drafts on a screen, each with what others wrote since it was last looked at.
    shown: BTreeMap<ObjectId, Vec<Splice>>,
    /// Notes on a screen, each with the corrections of which words are shown there.
    compared: BTreeMap<RecordId, BTreeSet<RecordId>>,
    derived: Derived,
    /// Under whom each duplicate stands.
    kept: BTreeMap<ClientId, ClientId>,
    /// The same the other way round: who stands under each.
    twins: BTreeMap<ClientId, Vec<ClientId>>,
    /// To which kinds of compartments this device has keys.
    reach: Reach,
    /// Whether psychotherapy notes are open: somebody has stepped up.
    stepped_up: bool,
    undo: VecDeque<Undo>,
    /// Whether the edit that is carried out is one of many, and which charts are not in the lists yet.
    one_of_many: bool,
    behind: BTreeSet<CompartmentName>,
    unreadable: usize,
    /// What is searched, once somebody has searched.
    search: Option<Box<search::Search>>,
}

struct Loaded {
    document: Document,
    /// Calendars and settings stay; drafts and contacts go when nobody shows them.
    stays: bool,
}

impl Loaded {
    fn new(name: &CompartmentName, document: Document) -> Self {
        let stays = matches!(
            name,
            CompartmentName::Practice
                | CompartmentName::Calendar { .. }
                | CompartmentName::Series(_)
        );
        Self { document, stays }
    }
}

impl Practice {
    /// Begins without anything; [`Practice::restore`], [`Practice::rebuild`] and
    /// [`Practice::merge`] fill it, or [`Practice::found`] does for a new practice.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the read model as it is now.
    pub fn index(&self) -> Arc<Index> {
        Arc::clone(&self.index)
    }

    /// Returns how many stored changes could not be read since this practice was opened. Above
    /// zero, something on this device is damaged.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Returns the projection segment of a compartment: canonical bytes that
    /// [`Practice::restore`] takes. `None` when there is nothing to keep.
    pub fn project(&self, compartment: &CompartmentName) -> Option<Vec<u8>> {
        self.facts.encode(compartment)
    }

    /// Takes a projection segment, without loading any document. On an error nothing changed;
    /// [`Practice::rebuild`] makes the segment again.
    pub fn restore(
        &mut self,
        compartment: &CompartmentName,
        segment: &[u8],
    ) -> Result<(), ProjectionError> {
        let before = self.facts.in_calendar(compartment);
        self.facts.decode(compartment, segment)?;
        for appointment in before {
            self.publish_appointment(appointment);
        }
        self.publish(compartment);
        Ok(())
    }

    /// Takes many segments into a practice that has nothing yet, and makes the read model once;
    /// returns the compartments whose segment does not read, to be made again.
    pub fn restore_all<B: AsRef<[u8]>>(
        &mut self,
        segments: &[(CompartmentName, B)],
    ) -> Vec<CompartmentName> {
        let mut unread = Vec::new();
        for (name, segment) in segments {
            if self.facts.decode(name, segment.as_ref()).is_err() {
                unread.push(name.clone());
            }
        }
        self.search = None;
        self.publish_all();
        unread
    }

    /// Returns a whole document in one piece, not compressed, to be stored in place of its changes
    /// or sent as a snapshot. The shelf gives it back like any other blob.
    pub fn snapshot(
        &mut self,
        compartment: &CompartmentName,
        document: ObjectId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<u8>, ShelfError> {
        let bytes = self.document(compartment, document, cx)?.save();
        self.tidy();
        Ok(bytes)
    }

    /// Returns the document of one name, from memory or from the shelf.
    fn document(
        &mut self,
        name: &CompartmentName,
        object: ObjectId,
        cx: &mut Context<'_>,
    ) -> Result<&mut Document, ShelfError> {
        let actor = Actor::of(&cx.pen.author(), object);
        match self.documents.entry(object) {
            Entry::Occupied(entry) => {
                let document = &mut entry.into_mut().document;
                document.write_as(actor);
                Ok(document)
            }
            Entry::Vacant(entry) => {
                let blobs = cx.shelf.document(name, object)?;
                let (document, unreadable) = Document::load(actor, &blobs);
                self.unreadable += unreadable;
                Ok(&mut entry.insert(Loaded::new(name, document)).document)
            }
        }
    }

    /// Puts a document into memory that is not there yet, from what was stored of it.
    fn load(
        &mut self,
        name: &CompartmentName,
        object: ObjectId,
        blobs: &[Vec<u8>],
        cx: &mut Context<'_>,
    ) {
        let (document, unreadable) = Document::load(Actor::of(&cx.pen.author(), object), blobs);
        self.unreadable += unreadable;
        self.documents.insert(object, Loaded::new(name, document));
    }

    /// Lets `write` change a document and makes one change of it; none when nothing was written.
    fn change(
        &mut self,
        name: &CompartmentName,
        object: ObjectId,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Document),
    ) -> Result<Option<Change>, ShelfError> {
        let now = cx.now;
        let document = self.document(name, object, cx)?;
        write(document);
        let bytes = document.commit(now);
        let draft = is_draft(name, object);
        let content = Content::Delta { document: object, draft, bytes };
        let empty = matches!(&content, Content::Delta { bytes, .. } if bytes.is_empty());
        Ok((!empty).then(|| Change { compartment: name.clone(), content }))
    }

    /// Makes, signs and takes over a record.
    fn write_record(
        &mut self,
        name: &CompartmentName,
        kind: RecordKind,
        relations: Vec<Relation>,
        body: Tags,
        cx: &mut Context<'_>,
    ) -> (RecordId, Change) {
        let id = RecordId::random(cx.random);
        (id, self.write_record_as(id, name, (kind, relations), body, cx))
    }

    /// The same under an id that the caller has drawn, and that nothing has yet.
    fn write_record_as(
        &mut self,
        id: RecordId,
        name: &CompartmentName,
        (kind, relations): (RecordKind, Vec<Relation>),
        body: Tags,
        cx: &mut Context<'_>,
    ) -> Change {
        self.write_labelled(id, name, (kind, relations, &BTreeSet::new()), body, cx)
    }

    /// Writes a record that takes the place of what was said before. It bears a later time than that,
    /// also where a clock was ahead: of two the newest counts, and its writer knew of the other.
    fn write_after(
        &mut self,
        said: Option<Timestamp>,
        name: &CompartmentName,
        (kind, relations): (RecordKind, Vec<Relation>),
        body: Tags,
        cx: &mut Context<'_>,
    ) -> Change {
        let now = cx.now;
        cx.now = said.map_or(now, |said| now.max(said.plus_millis(1)));
        let (_, change) = self.write_record(name, kind, relations, body, cx);
        cx.now = now;
        change
    }

    /// Writes a record with labels, under an id that nothing has yet.
    fn write_labelled(
        &mut self,
        id: RecordId,
        name: &CompartmentName,
        (kind, relations, labels): (RecordKind, Vec<Relation>, &BTreeSet<Label>),
        body: Tags,
        cx: &mut Context<'_>,
    ) -> Change {
        let header = Header {
            id,
            kind,
            practice: cx.pen.practice(),
            log: cx.pen.log(name),
            author: cx.pen.author(),
            on_behalf_of: None,
            time: cx.now,
            zone: self.facts.settings.zone.clone(),
            labels: labels.iter().copied().map(Label::number).collect(),
            relations,
            further: Tags::new(),
        };
        let salt = cx.random.bytes();
        let record = Record::new(header, salt, body, |label, fields| cx.pen.sign(label, fields));
        self.facts.learn_record(name, &record);
        let content = Content::Record { record: id, bytes: record.encode() };
        Change { compartment: name.clone(), content }
    }

    /// Reads a record from the shelf.
    fn stored_record(
        name: &CompartmentName,
        id: RecordId,
        cx: &mut Context<'_>,
    ) -> Result<Record, ShelfError> {
        let bytes = cx.shelf.record(name, id)?;
        let record = Record::decode(&bytes).map_err(|_| ShelfError::Damaged)?;
        if record.header.id == id { Ok(record) } else { Err(ShelfError::Damaged) }
    }

    /// Returns the record that a change writes.
    fn written_in(change: &Change) -> Option<Record> {
        match &change.content {
            Content::Record { bytes, .. } => Record::decode(bytes).ok(),
            Content::Close { .. } | Content::Delta { .. } | Content::Draft { .. } => None,
        }
    }

    /// Drops the documents that nobody shows and that are quick to load again.
    fn tidy(&mut self) {
        let shown = &self.shown;
        self.documents.retain(|object, loaded| loaded.stays || shown.contains_key(object));
    }
}

/// Returns the id of the one document that a compartment of a fixed kind has:
/// H("tac/object", kind and subject).
fn document_of(name: &CompartmentName) -> ObjectId {
    ObjectId::from_bytes(suite::hash("tac/object", &[&name.encode()]).truncated())
}

#[cfg(test)]
mod tests;
