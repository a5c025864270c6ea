//! The cabinet: keys and sealed content of the open practice. It opens what was stored and seals
//! what is to be stored; what it means is the practice's matter.

use super::chance::OsRandom;
use super::courier::ReadBase;
use super::desk::{Reader, Writer};
use super::founding::{FoundingError, Standing};
use super::frame::{Compartment, ContentKind, DeviceFrame, Origin};
use super::held::{self, HeldSlots, MemberKeys, Rings};
use super::locations::Place;
use super::rows::{RowChange, Rows};
use super::store::{Store, StoreError};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use tacenda_shared::id::{CompartmentId, ObjectId, PracticeId, SlotGeneration};
use tacenda_shared::journal::{AppendError, FileSystem, Location};
use tacenda_shared::keys::safe::{self, DraftKey, DraftName, RowName, SlotKey, SlotName};
use tacenda_shared::keys::vault::DeviceSecrets;
use tacenda_shared::keys::wrap::{Wrap, WrapInfo};
use tacenda_shared::membership::State;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::ring::RingPurpose;
use tacenda_shared::seal::{self, Hedge, SecretKey};
use tacenda_shared::suite::Hash;
use zeroize::Zeroizing;

pub(super) const CONTENT_LABEL: &str = "tac/content/v1";
/// The generation of a compartment's first content key.
pub(super) const FIRST_SLOT: SlotGeneration = SlotGeneration::new(1);

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
    pub(super) rings: Rings,
    pub(super) slots: BTreeMap<CompartmentId, HeldSlots>,
    pub(super) drafts: BTreeMap<ObjectId, DraftKey>,
    /// Compartments that a pen has named, since a signature says in which log it stands, and that
    /// no change on the disk has filled yet.
    named: RefCell<BTreeMap<CompartmentName, CompartmentId>>,
    /// Pieces that should be there and could not be read.
    unreadable: Cell<usize>,
    /// What was read last of a base.
    pub(super) base: RefCell<Option<ReadBase>>,
    /// What a hostile device makes of a base before it is sealed.
    #[cfg(test)]
    pub(super) tampers: Cell<Option<super::courier::Tamper>>,
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
            base: RefCell::default(),
            #[cfg(test)]
            tampers: Cell::new(None),
        };
        let missing = cabinet.open_slots();
        for _ in 0..missing {
            cabinet.miss();
        }
        cabinet
    }

    /// Opens the content keys that are not open yet; returns how many rows should be here, since
    /// their ring is, and are not, or do not open.
    pub(super) fn open_slots(&mut self) -> usize {
        let mut missing = 0;
        let slots: Vec<_> = self.store.locations().slots().cloned().collect();
        for slot in slots {
            if self.slot_key(slot.id, slot.generation).is_some() {
                continue;
            }
            if let Some(key) = self.open_slot(&slot) {
                self.hold_slot(slot.id, slot.generation, key);
            } else if self.rings.values().any(|held| slot.rings.contains(&held.id)) {
                missing += 1;
            }
        }
        missing
    }

    /// Opens again what the keys on the disk open, after new ones came.
    pub(super) fn reopen(&mut self) -> Result<(), FoundingError> {
        let author = self.identity.author;
        let (member_keys, wraps) = self.member_keys()?;
        let rings =
            held::rings(&self.keys, &author, &self.state, &member_keys, &wraps, &self.rows)?;
        let behind = std::mem::replace(&mut self.rings, rings);
        // What step-up has opened stays open until it is closed.
        self.rings.extend(behind.into_iter().filter(|(p, _)| p.is_behind_second_secret()));
        self.open_slots();
        Ok(())
    }

    /// Opens the member's keys, and returns the wraps that they came in.
    pub(super) fn member_keys(&self) -> Result<(MemberKeys, Vec<(WrapInfo, Wrap)>), FoundingError> {
        let entries = held::entries(&self.store)?;
        let wraps = held::wraps(self.identity.practice, &self.store)?;
        let author = self.identity.author;
        Ok((held::member_keys(&self.keys, &author, &entries, &wraps), wraps))
    }

    /// Returns the content key of one generation.
    pub(super) fn slot_key(
        &self,
        compartment: CompartmentId,
        generation: SlotGeneration,
    ) -> Option<&SlotKey> {
        self.slots.get(&compartment)?.key_of(generation)
    }

    /// Returns the newest content key that is here.
    pub(super) fn newest_slot(
        &self,
        compartment: CompartmentId,
    ) -> Option<(SlotGeneration, &SlotKey)> {
        self.slots.get(&compartment)?.keys().next()
    }

    /// Takes a content key.
    pub(super) fn hold_slot(
        &mut self,
        compartment: CompartmentId,
        generation: SlotGeneration,
        key: SlotKey,
    ) {
        match self.slots.get_mut(&compartment) {
            Some(held) => held.hold(generation, key),
            None => drop(self.slots.insert(compartment, HeldSlots::new(generation, key))),
        }
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
        let (id, generation) = (compartment.id, compartment.generation);
        let held = self.rings.values().filter(|held| compartment.rings.contains(&held.id));
        let mut keys = held.flat_map(|held| held.keys().map(|(epoch, key)| (held.id, epoch, key)));
        keys.find_map(|(ring, epoch, key)| {
            let name = SlotName { ring, epoch, compartment: id, generation };
            let row = self.rows.row(&RowName::Slot(name))?;
            safe::open_slot(key, &name, &compartment.commitment, row).ok()
        })
    }

    /// Returns the store, to ask where things lie.
    pub(super) fn store(&self) -> &Store<F> {
        &self.store
    }

    /// Seals changes and puts them on the disk as one group: first the rows of new keys, which
    /// nothing refers to yet, then everything else.
    pub(super) fn put(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.put_with(changes, Vec::new())
    }

    /// The same, with frames that belong into the group.
    pub(super) fn put_with(
        &mut self,
        changes: &[Change],
        others: Vec<DeviceFrame>,
    ) -> Result<(), StoreError> {
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
        frames.extend(others);
        // Also when the disk refuses: the next try draws other ids, so that it never meets a row
        // of this one.
        self.named.borrow_mut().clear();
        if self.is_read_only() {
            return Err(AppendError::ReadOnly.into());
        }
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&rows, &mut hedge)?;
        self.store.append(&frames, &mut hedge)?;
        for (id, key) in new.slots {
            self.hold_slot(id, FIRST_SLOT, key);
        }
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
        let generation = FIRST_SLOT;
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
        let begun = new.slots.get(&compartment).map(|key| (FIRST_SLOT, key));
        let newest = begun.or_else(|| self.newest_slot(compartment));
        let (generation, slot) = newest.ok_or(StoreError::NoKey)?;
        let seal = Sealing { compartment, generation, origin: Origin::Here, instead_of: None };
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
                let name = DraftName { compartment, generation, draft: *document };
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
                let key = safe::local_key(slot, None);
                return seal.content(&key, kind, commitment.as_bytes(), &mut hedge);
            }
            Content::Record { record, bytes } => (ContentKind::Record(*record), bytes),
        };
        let key = match kind.draft() {
            None => safe::local_key(slot, None),
            Some(draft) => match new.drafts.get(&draft) {
                Some(key) => safe::local_key(slot, Some(key)),
                None => self.content_key(compartment, generation, Some(draft))?,
            },
        };
        seal.content(&key, kind, bytes, &mut hedge)
    }

    /// Returns under which names the row of a draft's key may lie, the newest slot first.
    pub(super) fn draft_names(
        &self,
        compartment: CompartmentId,
        draft: ObjectId,
    ) -> impl Iterator<Item = (DraftName, &SlotKey)> {
        let slots = self.slots.get(&compartment).into_iter().flat_map(HeldSlots::keys);
        slots.map(move |(generation, key)| (DraftName { compartment, generation, draft }, key))
    }

    /// Returns whether the row of a draft's key is here.
    pub(super) fn has_draft_row(&self, compartment: CompartmentId, draft: ObjectId) -> bool {
        let mut names = self.draft_names(compartment, draft);
        names.any(|(name, _)| self.rows.row(&RowName::Draft(name)).is_some())
    }

    /// Returns the key of a compartment's content of one generation, or of a draft's.
    pub(super) fn content_key(
        &self,
        compartment: CompartmentId,
        generation: SlotGeneration,
        draft: Option<ObjectId>,
    ) -> Result<SecretKey, StoreError> {
        let slot = self.slot_key(compartment, generation).ok_or(StoreError::NoKey)?;
        let Some(draft) = draft else { return Ok(safe::local_key(slot, None)) };
        match self.drafts.get(&draft) {
            Some(key) => Ok(safe::local_key(slot, Some(key))),
            None => Ok(safe::local_key(slot, Some(&self.open_draft(compartment, draft)?))),
        }
    }

    /// Opens the key of a draft, if it still exists.
    pub(super) fn open_draft(
        &self,
        compartment: CompartmentId,
        draft: ObjectId,
    ) -> Result<DraftKey, StoreError> {
        let commitment = self.draft_commitment(compartment, draft)?.ok_or(StoreError::NoKey)?;
        let mut found = Err(StoreError::NoKey);
        for (name, slot) in self.draft_names(compartment, draft) {
            let Some(row) = self.rows.row(&RowName::Draft(name)) else { continue };
            match safe::open_draft(slot, &name, &commitment, row) {
                Ok(key) => return Ok(key),
                Err(_) => found = Err(StoreError::Altered),
            }
        }
        found
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
        let frame = self.store.read(place.location)?;
        let DeviceFrame::Content { sealed, kind, generation, .. } = frame else {
            return Err(StoreError::Altered);
        };
        let key = self.content_key(compartment, generation, kind.draft())?;
        let context = kind.context(compartment);
        seal::open(key.expose(), CONTENT_LABEL, &context, &sealed.salt, &sealed.ciphertext)
            .map_err(|_| StoreError::Altered)
    }

    /// Returns the read model of a compartment, if it is up to date.
    pub(super) fn segment(&self, compartment: CompartmentId) -> Option<Zeroizing<Vec<u8>>> {
        let location = self.store.locations().segment(compartment)?;
        let frame = self.store.read(location).ok()?;
        let DeviceFrame::Segment { sealed, generation, .. } = frame else { return None };
        let key = safe::projection_key(self.slot_key(compartment, generation)?);
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
            let Some((generation, slot)) = self.newest_slot(*compartment) else { continue };
            let key = safe::projection_key(slot);
            let context = compartment.as_bytes();
            let sealed = seal::seal(key.expose(), CONTENT_LABEL, context, bytes, &mut hedge)
                .map_err(|_| StoreError::Altered)?;
            frames.push(DeviceFrame::Segment { compartment: *compartment, generation, sealed });
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
                let names = self.draft_names(compartment.id, draft);
                let names = names.map(|(name, _)| RowName::Draft(name));
                let rows: Vec<_> = names.filter(|name| self.rows.row(name).is_some()).collect();
                if !rows.is_empty() {
                    gone.extend(rows.into_iter().map(RowChange::Delete));
                    self.drafts.remove(&draft);
                }
            }
        }
        self.rows.change(&gone, &mut hedge)?;
        self.rows.collect()
    }

    /// Returns what a compartment holds, in the order in which it came. What lies under a key that
    /// was destroyed, as the deltas of a signed draft do, is left out.
    #[cfg(test)]
    pub(super) fn contents(&self, name: &CompartmentName) -> Vec<Content> {
        self.contents_with(name, |_| true)
    }

    /// The same, of what is wanted alone: anything else is in memory one piece at a time.
    pub(super) fn contents_with(
        &self,
        name: &CompartmentName,
        wanted: impl Fn(&Content) -> bool,
    ) -> Vec<Content> {
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
        let mut contents = Vec::new();
        for (compartment, place) in places {
            match self.content(compartment, place) {
                Ok(content) if wanted(&content) => contents.push(content),
                Ok(_) | Err(StoreError::NoKey) => {}
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

/// Where content is sealed for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealing {
    /// Its compartment.
    pub(super) compartment: CompartmentId,
    /// The generation of the key.
    pub(super) generation: SlotGeneration,
    /// Where it was made.
    pub(super) origin: Origin,
    /// In whose place it is put.
    pub(super) instead_of: Option<Location>,
}

impl Sealing {
    /// Seals one piece of content.
    pub(super) fn content(
        self,
        key: &SecretKey,
        kind: ContentKind,
        bytes: &[u8],
        hedge: &mut Hedge<'_>,
    ) -> Result<DeviceFrame, StoreError> {
        let Self { compartment, generation, origin, instead_of } = self;
        let context = kind.context(compartment);
        let sealed = seal::seal(key.expose(), CONTENT_LABEL, &context, bytes, hedge)
            .map_err(|_| StoreError::Altered)?;
        Ok(DeviceFrame::Content { compartment, kind, generation, sealed, origin, instead_of })
    }
}
