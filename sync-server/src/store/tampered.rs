//! What is read from the disk, and what is durable, as a tamper has it. Not used in service.

use crate::tamper::{Stored, Tamper, Watch};
use tacenda_shared::envelope::Envelope;
use tacenda_shared::id::{CompartmentId, Position, PracticeId, PracticeSeq};
use tacenda_shared::membership::Signer;
use tacenda_shared::sync::server::{ServerFrame, Shelf, StoredEnvelope};
use tacenda_shared::sync::{DeliveredEntry, ObjectKey, RowKey};

/// A shelf of which everything that is taken passes a tamper.
pub(super) struct TamperedShelf<'a> {
    pub(super) shelf: &'a dyn Shelf,
    pub(super) tamper: &'a dyn Tamper,
    pub(super) practice: PracticeId,
    pub(super) reader: Signer,
}

impl TamperedShelf<'_> {
    fn pass(&self, object: Stored) -> Option<Stored> {
        self.tamper.stored(self.practice, self.reader, object)
    }
}

impl Shelf for TamperedShelf<'_> {
    fn entry(&self, seq: PracticeSeq) -> Option<DeliveredEntry> {
        match self.pass(Stored::Entry(self.shelf.entry(seq)?))? {
            Stored::Entry(entry) => Some(entry),
            _ => None,
        }
    }

    fn envelope(&self, log: CompartmentId, position: Position) -> Option<StoredEnvelope> {
        match self.pass(Stored::Envelope(Box::new(self.shelf.envelope(log, position)?)))? {
            Stored::Envelope(envelope) => Some(*envelope),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Vec<u8>> {
        match self.pass(Stored::Row(*key, self.shelf.row(key)?))? {
            Stored::Row(_, bytes) => Some(bytes),
            _ => None,
        }
    }

    fn object(&self, key: &ObjectKey) -> Option<Envelope> {
        match self.pass(Stored::Object(*key, Box::new(self.shelf.object(key)?)))? {
            Stored::Object(_, envelope) => Some(*envelope),
            _ => None,
        }
    }
}

/// Shows what has become durable.
pub(super) fn show(watch: &Watch, practice: PracticeId, frames: &[ServerFrame]) {
    if let Some(tamper) = watch.tamper() {
        frames.iter().for_each(|frame| tamper.kept(practice, frame));
    }
}
