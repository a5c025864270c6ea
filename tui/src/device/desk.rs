//! What the practice reads through and what it signs with, lent to it for one call.

use super::cabinet::Cabinet;
use super::frame::ContentKind;
use super::locations::Place;
use super::store::StoreError;
use tacenda_shared::id::{CompartmentId, ObjectId, PracticeId, RecordId};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::{Pen, Shelf, ShelfError, is_draft};
use tacenda_shared::suite::{Signature, VerifyingKey};

/// What the practice reads through.
pub(super) struct Reader<'a, F: FileSystem> {
    cabinet: &'a Cabinet<F>,
    pending: &'a [Change],
}

impl<'a, F: FileSystem> Reader<'a, F> {
    /// Reads what is stored, and `pending` as if it were.
    pub(super) const fn new(cabinet: &'a Cabinet<F>, pending: &'a [Change]) -> Self {
        Self { cabinet, pending }
    }
}

impl<F: FileSystem> Shelf for Reader<'_, F> {
    fn document(
        &mut self,
        compartment: &CompartmentName,
        document: ObjectId,
    ) -> Result<Vec<Vec<u8>>, ShelfError> {
        let locations = self.cabinet.store().locations();
        let mut places: Vec<(CompartmentId, Place)> = Vec::new();
        for id in locations.all_named(compartment) {
            places.extend(locations.document(id, document).iter().map(|place| (id, *place)));
        }
        places.sort_by_key(|(_, place)| place.location);
        let is_draft = is_draft(compartment, document);
        let mut blobs = Vec::new();
        for (id, place) in places {
            // What another device has put down as the other kind was checked as that one.
            let is_of_it = match place.kind {
                ContentKind::Delta(_) | ContentKind::Saved(_) => !is_draft,
                ContentKind::DraftDelta(_) => is_draft,
                ContentKind::Close { .. } | ContentKind::Draft(_) | ContentKind::Record(_) => false,
            };
            if is_of_it {
                let opened = self.cabinet.open_content(id, place);
                blobs.push(opened.map_err(shelf_error)?.to_vec());
            }
        }
        for change in self.pending.iter().filter(|change| change.compartment == *compartment) {
            if let Content::Delta { document: id, draft, bytes } = &change.content
                && (*id, *draft) == (document, is_draft)
            {
                blobs.push(bytes.clone());
            }
        }
        Ok(blobs)
    }

    fn record(
        &mut self,
        compartment: &CompartmentName,
        record: RecordId,
    ) -> Result<Vec<u8>, ShelfError> {
        for change in self.pending {
            if let Content::Record { record: id, bytes } = &change.content
                && *id == record
            {
                return Ok(bytes.clone());
            }
        }
        let locations = self.cabinet.store().locations();
        let mut found = locations.all_named(compartment).filter_map(|id| {
            let location = locations.record(id, record)?;
            Some((id, Place { kind: ContentKind::Record(record), location }))
        });
        let (id, place) = found.next().ok_or(ShelfError::Missing)?;
        Ok(self.cabinet.open_content(id, place).map_err(shelf_error)?.to_vec())
    }
}

fn shelf_error(error: StoreError) -> ShelfError {
    match error {
        StoreError::NoKey => ShelfError::Locked,
        StoreError::Altered
        | StoreError::Append(_)
        | StoreError::Malformed(_)
        | StoreError::Open(_)
        | StoreError::Read(_) => ShelfError::Damaged,
    }
}

/// What the practice signs with.
pub(super) struct Writer<'a, F: FileSystem> {
    cabinet: &'a Cabinet<F>,
}

impl<'a, F: FileSystem> Writer<'a, F> {
    /// Signs as this device.
    pub(super) const fn new(cabinet: &'a Cabinet<F>) -> Self {
        Self { cabinet }
    }
}

impl<F: FileSystem> Pen for Writer<'_, F> {
    fn author(&self) -> Author {
        self.cabinet.identity.author
    }

    fn practice(&self) -> PracticeId {
        self.cabinet.identity.practice
    }

    fn log(&mut self, compartment: &CompartmentName) -> CompartmentId {
        self.cabinet.log_of(compartment)
    }

    fn sign(&self, label: &str, fields: &[&[u8]]) -> Signature {
        self.cabinet.keys.sign.sign(label, fields)
    }

    fn key(&self, author: &Author) -> Option<VerifyingKey> {
        let known = self.cabinet.state.devices().get(&author.device);
        known.filter(|known| known.member == author.member).map(|known| known.sig)
    }

    fn may_lie(&self, log: CompartmentId, compartment: &CompartmentName) -> bool {
        let known = self.cabinet.store().locations().compartment(log);
        known.is_none_or(|known| known.name == *compartment)
    }

    fn knows(&self, log: CompartmentId) -> bool {
        self.cabinet.store().locations().compartment(log).is_some()
    }
}
