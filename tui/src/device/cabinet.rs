//! The cabinet: keys and sealed content of the open practice. It opens what was stored and seals
//! what is to be stored; what it means is the practice's matter.

use super::chance::OsRandom;
use super::desk::{Reader, Writer};
use super::founding::Standing;
use super::frame::{Compartment, ContentKind, DeviceFrame, Origin};
use super::locations::Place;
use super::rows::{RowChange, Rows};
use super::store::{Store, StoreError};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tacenda_shared::id::{CompartmentId, ObjectId, PracticeId, RingEpoch, RingId, SlotGeneration};
use tacenda_shared::journal::{AppendError, FileSystem};
use tacenda_shared::keys::safe::{self, DraftKey, DraftName, RingKey, RowName, SlotKey, SlotName};
use tacenda_shared::keys::vault::DeviceSecrets;
use tacenda_shared::membership::State;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::{self, Hedge, SecretKey};
use tacenda_shared::suite::Hash;
use zeroize::Zeroizing;

pub(super) const CONTENT_LABEL: &str = "tac/content/v1";

/// A ring whose key is here.
#[derive(Debug)]
pub(super) struct HeldRing {
    /// Which.
    pub(super) id: RingId,
    /// The epoch of the key.
    pub(super) epoch: RingEpoch,
    /// The key.
    pub(super) key: RingKey,
}

/// Whose device this is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    /// The practice.
    pub(super) practice: PracticeId,
    /// Person, installation and incarnation.
    pub(super) author: Author,
}

/// Everything sealed, and the keys to it.
pub(super) struct Cabinet<F: FileSystem> {
    /// Who writes.
    pub(super) identity: Identity,
    /// The practice log up to its head here.
    pub(super) state: State,
    pub(super) store: Store<F>,
    pub(super) rows: Rows<F>,
    pub(super) keys: DeviceSecrets,
    pub(super) rings: BTreeMap<RingPurpose, HeldRing>,
    pub(super) slots: BTreeMap<CompartmentId, SlotKey>,
    pub(super) drafts: BTreeMap<ObjectId, DraftKey>,
    /// Compartments that a pen has named, since a signature says in which log it stands, and that
    /// no change on the disk has filled yet.
    named: RefCell<BTreeMap<CompartmentName, CompartmentId>>,
    /// Pieces that should be there and could not be read.
    unreadable: Cell<usize>,
}

impl<F: FileSystem> Cabinet<F> {
    /// Takes over stores and keys, and opens every slot key that the rings give.
    pub(super) fn new(
        identity: Identity,
        store: Store<F>,
        rows: Rows<F>,
        keys: DeviceSecrets,
        standing: Standing,
    ) -> Self {
        let mut cabinet = Self {
            identity,
            state: standing.state,
            store,
            rows,
            keys,
            rings: standing.rings,
            slots: BTreeMap::new(),
            drafts: BTreeMap::new(),
            named: RefCell::default(),
            unreadable: Cell::new(0),
        };
        let compartments: Vec<_> = cabinet.store.locations().compartments().cloned().collect();
        for compartment in compartments {
            if let Some(key) = cabinet.open_slot(&compartment) {
                cabinet.slots.insert(compartment.id, key);
            } else if cabinet.rings.values().any(|held| compartment.rings.contains(&held.id)) {
                // The ring is here and the row is not, or does not open.
                cabinet.miss();
            }
        }
        cabinet
    }

    pub(super) fn miss(&self) {
        self.unreadable.set(self.unreadable.get().saturating_add(1));
    }

    /// Returns how many pieces should be there and could not be read so far.
    pub(super) fn unreadable(&self) -> usize {
        self.unreadable.get()
    }

    /// Returns whether nothing is written, because something that is stored does not read: what
    /// would be written now could rest on what is missing.
    pub(super) fn is_read_only(&self) -> bool {
        self.store.is_read_only() || self.rows.is_read_only() || self.unreadable() > 0
    }

    fn open_slot(&self, compartment: &Compartment) -> Option<SlotKey> {
        self.rings.values().filter(|held| compartment.rings.contains(&held.id)).find_map(|held| {
            let name = SlotName {
                ring: held.id,
                epoch: held.epoch,
                compartment: compartment.id,
                generation: compartment.generation,
            };
            let row = self.rows.row(&RowName::Slot(name))?;
            safe::open_slot(&held.key, &name, &compartment.commitment, row).ok()
        })
    }

    /// Returns the store, to ask where things lie.
    pub(super) fn store(&self) -> &Store<F> {
        &self.store
    }

    /// Seals changes and puts them on the disk as one group: first the rows of new keys, which
    /// nothing refers to yet, then everything else.
    pub(super) fn put(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut random = OsRandom;
        let mut frames = Vec::with_capacity(changes.len());
        let mut rows = Vec::new();
        let mut new = NewKeys::default();
        for change in changes {
            let id = match self.home_of(change, &new) {
                Some(id) => id,
                None => self.place(&change.compartment, &mut new, &mut frames, &mut rows)?,
            };
            let frame = self.seal_change(id, &change.content, &mut new, &mut rows)?;
            frames.push(frame);
        }
        // Also when the disk refuses: the next try draws other ids, so that it never meets a row
        // of this one.
        self.named.borrow_mut().clear();
        if self.is_read_only() {
            return Err(AppendError::ReadOnly.into());
        }
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&rows, &mut hedge)?;
        self.store.append(&frames, &mut hedge)?;
        self.slots.extend(new.slots);
        self.drafts.extend(new.drafts);
        Ok(())
    }

    /// Returns where a draft that exists already lies: of two compartments of one name, in the one
    /// that has its key.
    fn home_of(&self, change: &Change, new: &NewKeys) -> Option<CompartmentId> {
        let (Content::Close { document, .. } | Content::Delta { document, draft: true, .. }) =
            &change.content
        else {
            return None;
        };
        if new.drafts.contains_key(document) {
            return None;
        }
        let locations = self.store.locations();
        let mut named = locations.all_named(&change.compartment);
        named.find(|id| !locations.document(*id, *document).is_empty())
    }

    /// Returns the id of the compartment of this name, drawing one on first use.
    pub(super) fn log_of(&self, name: &CompartmentName) -> CompartmentId {
        if let Some(known) = self.store.locations().named(name) {
            return known.id;
        }
        let drawn = || CompartmentId::random(&mut OsRandom);
        *self.named.borrow_mut().entry(name.clone()).or_insert_with(drawn)
    }

    /// Finds the compartment of this name or makes it.
    fn place(
        &self,
        name: &CompartmentName,
        new: &mut NewKeys,
        frames: &mut Vec<DeviceFrame>,
        rows: &mut Vec<RowChange>,
    ) -> Result<CompartmentId, StoreError> {
        if let Some(known) = self.store.locations().named(name) {
            return Ok(known.id);
        }
        let mut random = OsRandom;
        let id = self.log_of(name);
        if new.slots.contains_key(&id) {
            return Ok(id);
        }
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let slot = SlotKey::generate(&mut hedge, id.as_bytes());
        let generation = SlotGeneration::ZERO.next();
        let mut rings = Vec::new();
        for purpose in RingPurpose::of_compartment(name, self.identity.author.member) {
            let Some(held) = self.rings.get(&purpose) else { continue };
            let row = SlotName { ring: held.id, epoch: held.epoch, compartment: id, generation };
            let sealed = safe::seal_slot(&held.key, &row, &slot, &mut hedge)
                .map_err(|_| StoreError::Altered)?;
            rows.push(RowChange::Put(RowName::Slot(row), sealed));
            rings.push(held.id);
        }
        if rings.is_empty() {
            // Nobody could ever open it again, this device included.
            return Err(StoreError::NoKey);
        }
        let (name, commitment) = (name.clone(), slot.commitment());
        let compartment = Compartment { id, name, generation, commitment, rings };
        frames.push(DeviceFrame::Compartment(compartment));
        new.slots.insert(id, slot);
        Ok(id)
    }

    fn seal_change(
        &self,
        compartment: CompartmentId,
        content: &Content,
        new: &mut NewKeys,
        rows: &mut Vec<RowChange>,
    ) -> Result<DeviceFrame, StoreError> {
        let slot = new.slots.get(&compartment).or_else(|| self.slots.get(&compartment));
        let slot = slot.ok_or(StoreError::NoKey)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let (kind, bytes): (ContentKind, &[u8]) = match content {
            Content::Close { document, record } => {
                (ContentKind::Close { draft: *document, record: *record }, &[])
            }
            Content::Delta { document, draft: false, bytes } => {
                (ContentKind::Delta(*document), bytes)
            }
            Content::Delta { document, draft: true, bytes } => {
                (ContentKind::DraftDelta(*document), bytes)
            }
            Content::Draft { document } => {
                let key = DraftKey::generate(&mut hedge, document.as_bytes());
                let commitment = key.commitment();
                let name = self.draft_name(compartment, *document);
                if !self.store.locations().document(compartment, *document).is_empty() {
                    return Err(StoreError::Altered);
                }
                if self.rows.row(&RowName::Draft(name)).is_some() {
                    // Left by a try that the disk refused; rows of one name are written once.
                    rows.push(RowChange::Delete(RowName::Draft(name)));
                }
                let row = safe::seal_draft(slot, &name, &key, &mut hedge)
                    .map_err(|_| StoreError::Altered)?;
                rows.push(RowChange::Put(RowName::Draft(name), row));
                new.drafts.insert(*document, key);
                let kind = ContentKind::Draft(*document);
                return seal_content(
                    &safe::local_key(slot, None),
                    compartment,
                    kind,
                    commitment.as_bytes(),
                    Origin::Here,
                    &mut hedge,
                );
            }
            Content::Record { record, bytes } => (ContentKind::Record(*record), bytes),
        };
        let key = match kind.draft() {
            None => safe::local_key(slot, None),
            Some(draft) => match new.drafts.get(&draft) {
                Some(key) => safe::local_key(slot, Some(key)),
                None => self.content_key(compartment, Some(draft))?,
            },
        };
        seal_content(&key, compartment, kind, bytes, Origin::Here, &mut hedge)
    }

    pub(super) fn draft_name(&self, compartment: CompartmentId, draft: ObjectId) -> DraftName {
        let known = self.store.locations().compartment(compartment);
        let generation = known.map_or(SlotGeneration::ZERO.next(), |known| known.generation);
        DraftName { compartment, generation, draft }
    }

    /// Returns the key of a compartment's content, or of a draft's.
    pub(super) fn content_key(
        &self,
        compartment: CompartmentId,
        draft: Option<ObjectId>,
    ) -> Result<SecretKey, StoreError> {
        let slot = self.slots.get(&compartment).ok_or(StoreError::NoKey)?;
        let Some(draft) = draft else { return Ok(safe::local_key(slot, None)) };
        match self.drafts.get(&draft) {
            Some(key) => Ok(safe::local_key(slot, Some(key))),
            None => Ok(safe::local_key(slot, Some(&self.open_draft(slot, compartment, draft)?))),
        }
    }

    /// Opens the key of a draft, if it still exists.
    pub(super) fn open_draft(
        &self,
        slot: &SlotKey,
        compartment: CompartmentId,
        draft: ObjectId,
    ) -> Result<DraftKey, StoreError> {
        let commitment = self.draft_commitment(compartment, draft)?.ok_or(StoreError::NoKey)?;
        let name = self.draft_name(compartment, draft);
        let row = self.rows.row(&RowName::Draft(name)).ok_or(StoreError::NoKey)?;
        safe::open_draft(slot, &name, &commitment, row).map_err(|_| StoreError::Altered)
    }

    /// Returns what the key of a draft commits to, if the draft is known here.
    pub(super) fn draft_commitment(
        &self,
        compartment: CompartmentId,
        draft: ObjectId,
    ) -> Result<Option<Hash>, StoreError> {
        let places = self.store.locations().document(compartment, draft);
        let place = places.iter().find(|place| matches!(place.kind, ContentKind::Draft(_)));
        let Some(place) = place else { return Ok(None) };
        let commitment = self.open_content(compartment, *place)?;
        let commitment = commitment.as_slice().try_into().map_err(|_| StoreError::Altered)?;
        Ok(Some(Hash::from_bytes(commitment)))
    }

    /// Opens one piece of content.
    pub(super) fn open_content(
        &self,
        compartment: CompartmentId,
        place: Place,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let DeviceFrame::Content { sealed, kind, .. } = self.store.read(place.location)? else {
            return Err(StoreError::Altered);
        };
        let key = self.content_key(compartment, kind.draft())?;
        let context = kind.context(compartment);
        seal::open(key.expose(), CONTENT_LABEL, &context, &sealed.salt, &sealed.ciphertext)
            .map_err(|_| StoreError::Altered)
    }

    /// Returns the read model of a compartment, if it is up to date.
    pub(super) fn segment(&self, compartment: CompartmentId) -> Option<Zeroizing<Vec<u8>>> {
        let location = self.store.locations().segment(compartment)?;
        let DeviceFrame::Segment { sealed, .. } = self.store.read(location).ok()? else {
            return None;
        };
        let key = safe::projection_key(self.slots.get(&compartment)?);
        let context = compartment.as_bytes();
        seal::open(key.expose(), CONTENT_LABEL, context, &sealed.salt, &sealed.ciphertext).ok()
    }

    /// Puts read models on the disk, and an index over everything, so that the next unlock is
    /// quick.
    pub(super) fn checkpoint(
        &mut self,
        segments: &[(CompartmentId, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let mut frames = Vec::new();
        for (compartment, bytes) in segments {
            let Some(slot) = self.slots.get(compartment) else { continue };
            let key = safe::projection_key(slot);
            let context = compartment.as_bytes();
            let sealed = seal::seal(key.expose(), CONTENT_LABEL, context, bytes, &mut hedge)
                .map_err(|_| StoreError::Altered)?;
            frames.push(DeviceFrame::Segment { compartment: *compartment, sealed });
        }
        self.store.append_apart(frames, &mut hedge)?;
        self.store.checkpoint(&mut hedge)
    }

    /// Destroys the keys of drafts that were signed, so that a sentence which was deleted while
    /// drafting opens nowhere any more.
    pub(super) fn destroy_closed_drafts(&mut self) -> Result<(), StoreError> {
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let mut gone = Vec::new();
        for compartment in self.store.locations().compartments() {
            let closed = self.store.locations().closed_drafts(compartment.id);
            // Others may still have words to add to a draft that they know.
            let known = self.store.locations().ledger();
            for draft in closed.into_iter().filter(|draft| !known.knows_draft(*draft)) {
                let name = RowName::Draft(DraftName {
                    compartment: compartment.id,
                    generation: compartment.generation,
                    draft,
                });
                if self.rows.row(&name).is_some() {
                    gone.push(RowChange::Delete(name));
                    self.drafts.remove(&draft);
                }
            }
        }
        self.rows.change(&gone, &mut hedge)?;
        self.rows.collect()
    }

    /// Returns what a compartment holds, in the order in which it came. What lies under a key that
    /// was destroyed, as the deltas of a signed draft do, is left out.
    pub(super) fn contents(&self, name: &CompartmentName) -> Vec<Content> {
        let locations = self.store.locations();
        let mut places: Vec<(CompartmentId, Place)> = Vec::new();
        for compartment in locations.all_named(name) {
            let documents = locations.documents(compartment);
            let changes = documents.flat_map(|document| locations.document(compartment, document));
            places.extend(changes.map(|place| (compartment, *place)));
            places.extend(locations.records(compartment).into_iter().map(|(record, location)| {
                (compartment, Place { kind: ContentKind::Record(record), location })
            }));
        }
        places.sort_by_key(|(_, place)| place.location);
        let mut contents = Vec::with_capacity(places.len());
        for (compartment, place) in places {
            match self.content(compartment, place) {
                Ok(content) => contents.push(content),
                Err(StoreError::NoKey) => {}
                // One piece that does not read must not hide all the others.
                Err(_) => self.miss(),
            }
        }
        contents
    }

    fn content(&self, compartment: CompartmentId, place: Place) -> Result<Content, StoreError> {
        let bytes = || self.open_content(compartment, place).map(|bytes| bytes.to_vec());
        Ok(match place.kind {
            ContentKind::Close { draft, record } => Content::Close { document: draft, record },
            ContentKind::Delta(document) | ContentKind::Saved(document) => {
                Content::Delta { document, draft: false, bytes: bytes()? }
            }
            ContentKind::Draft(document) => Content::Draft { document },
            ContentKind::DraftDelta(document) => {
                Content::Delta { document, draft: true, bytes: bytes()? }
            }
            ContentKind::Record(record) => Content::Record { record, bytes: bytes()? },
        })
    }

    /// Splits into a reader and a pen. The reader also gives what `pending` holds: changes that
    /// are made and not yet on the disk.
    pub(super) fn desk<'a>(&'a self, pending: &'a [Change]) -> (Reader<'a, F>, Writer<'a, F>) {
        (Reader::new(self, pending), Writer::new(self))
    }

    /// Closes both journals in order.
    pub(super) fn close(self) -> Result<(), StoreError> {
        self.rows.close()?;
        self.store.close()
    }
}

/// Keys that exist only once their group is on the disk.
#[derive(Default)]
struct NewKeys {
    slots: BTreeMap<CompartmentId, SlotKey>,
    drafts: BTreeMap<ObjectId, DraftKey>,
}

pub(super) fn seal_content(
    key: &SecretKey,
    compartment: CompartmentId,
    kind: ContentKind,
    bytes: &[u8],
    origin: Origin,
    hedge: &mut Hedge<'_>,
) -> Result<DeviceFrame, StoreError> {
    let context = kind.context(compartment);
    let sealed = seal::seal(key.expose(), CONTENT_LABEL, &context, bytes, hedge)
        .map_err(|_| StoreError::Altered)?;
    Ok(DeviceFrame::Content { compartment, kind, sealed, origin })
}
