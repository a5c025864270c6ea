//! Where everything lies in the journal: the index of a device, in memory only. Pure.
//!
//! It can always be rebuilt from the frames; a checkpoint of it spares reading them all.

use super::courier::frames::{MailFrame, Rebased, Source, read_erased, write_erased};
use super::courier::ledger::Ledger;
use super::frame::{Compartment, ContentKind, DeviceFrame, Origin};
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::id::{ClientId, CompartmentId, ObjectId, RecordId, SlotGeneration};
use tacenda_shared::journal::Location;
use tacenda_shared::practice::compartment::CompartmentName;

/// More entries than any list of a practice has.
pub(super) const ENTRIES_MAX: usize = 1 << 24;
/// The longest encoded compartment.
const COMPARTMENT_BYTES_MAX: usize = 1 << 12;

/// Where a piece of content lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// What it is.
    pub kind: ContentKind,
    /// Where it lies.
    pub location: Location,
}

impl Place {
    /// Returns the record that a draft became, if this says so.
    pub const fn closed_by(&self) -> Option<RecordId> {
        match self.kind {
            ContentKind::Close { record, .. } => Some(record),
            _ => None,
        }
    }
}

/// The index.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Locations {
    compartments: BTreeMap<CompartmentId, Compartment>,
    /// The same under the content keys before the newest.
    older: BTreeMap<(CompartmentId, SlotGeneration), Compartment>,
    names: BTreeMap<CompartmentName, BTreeSet<CompartmentId>>,
    documents: BTreeMap<(CompartmentId, ObjectId), Vec<Place>>,
    records: BTreeMap<(CompartmentId, RecordId), Location>,
    segments: BTreeMap<CompartmentId, Location>,
    keystrokes: BTreeMap<ObjectId, (CompartmentId, Vec<Location>)>,
    entries: Vec<Location>,
    wraps: Vec<Location>,
    /// Segments of the journal with frames that nothing replaces: all but read models, keystrokes
    /// and indexes.
    lasting: BTreeSet<u64>,
    /// Compartments that changed after their segment was written.
    stale: BTreeSet<CompartmentId>,
    /// Logs whose keys are dead, and what they were, as far as that was known here.
    erased: BTreeMap<CompartmentId, Option<CompartmentName>>,
    /// Logs in which single records were erased.
    rebased: BTreeMap<CompartmentId, Rebased>,
    ledger: Ledger,
}

impl Locations {
    /// Takes note of a frame that lies at `location`.
    pub fn add(&mut self, frame: &DeviceFrame, location: Location) {
        self.ledger.add(frame, location);
        if !frame.is_replaced() {
            self.lasting.insert(location.segment);
        }
        match frame {
            DeviceFrame::Mail(MailFrame::Aside(aside)) => self.hide(aside),
            DeviceFrame::Mail(MailFrame::Annulled(sources)) => self.annul(sources),
            DeviceFrame::Mail(MailFrame::Erased { log, name }) => self.bury(*log, name.clone()),
            DeviceFrame::Mail(MailFrame::Rebased { log, rebased, gone }) => {
                self.rebase(*log, rebased.clone(), gone);
            }
            DeviceFrame::Checkpoint { .. } | DeviceFrame::Mail(_) | DeviceFrame::Unknown { .. } => {
            }
            DeviceFrame::Compartment(compartment) => {
                self.add_compartment(compartment.clone());
            }
            DeviceFrame::Content { compartment, kind, instead_of: Some(old), .. } => {
                self.stale.insert(self.first_of_name(*compartment));
                self.replace(*compartment, *kind, (*old, location));
            }
            DeviceFrame::Content { compartment, kind, origin, .. } => {
                self.stale.insert(self.first_of_name(*compartment));
                if *origin == Origin::Here
                    && let ContentKind::Close { draft, .. } | ContentKind::DraftDelta(draft) = kind
                {
                    // What was typed here before is in it; of others it says nothing.
                    self.keystrokes.remove(draft);
                }
                self.add_content(*compartment, *kind, location);
            }
            DeviceFrame::Entry(_) => self.entries.push(location),
            DeviceFrame::Keystrokes { compartment, draft, .. } => {
                let (_, places) =
                    self.keystrokes.entry(*draft).or_insert_with(|| (*compartment, Vec::new()));
                places.push(location);
            }
            DeviceFrame::Segment { compartment, .. } => {
                self.stale.remove(compartment);
                self.segments.insert(*compartment, location);
            }
            DeviceFrame::Wrap(_) => self.wraps.push(location),
        }
    }

    /// Changes that are set aside are no content any more.
    fn hide(&mut self, aside: &[Location]) {
        let sources: Vec<_> =
            self.ledger.aside().filter(|one| aside.contains(&one.location)).collect();
        for source in sources {
            let (ContentKind::Delta(document) | ContentKind::DraftDelta(document)) = source.kind
            else {
                continue;
            };
            let key = (source.compartment, document);
            if let Some(places) = self.documents.get_mut(&key) {
                places.retain(|place| place.location != source.location);
                if places.is_empty() {
                    self.documents.remove(&key);
                }
            }
            self.stale.insert(self.first_of_name(source.compartment));
        }
    }

    /// Content that lies beyond a cut counts no more.
    fn annul(&mut self, sources: &[Source]) {
        for Source { compartment, kind, location } in sources {
            match kind {
                ContentKind::Record(record) => {
                    let key = (*compartment, *record);
                    if self.records.get(&key) == Some(location) {
                        self.records.remove(&key);
                    }
                }
                ContentKind::Close { draft: document, .. }
                | ContentKind::Delta(document)
                | ContentKind::Draft(document)
                | ContentKind::DraftDelta(document)
                | ContentKind::Saved(document) => {
                    let key = (*compartment, *document);
                    if let Some(places) = self.documents.get_mut(&key) {
                        places.retain(|place| place.location != *location);
                        if places.is_empty() {
                            self.documents.remove(&key);
                        }
                    }
                }
            }
            self.stale.insert(self.first_of_name(*compartment));
        }
    }

    /// What lies under dead keys is nothing that could be shown, looked for or sent.
    fn bury(&mut self, log: CompartmentId, name: Option<CompartmentName>) {
        let known = self.compartments.remove(&log).map(|known| known.name);
        self.older.retain(|(id, _), _| *id != log);
        if let Some(known) = &known
            && let Some(named) = self.names.get_mut(known)
        {
            named.remove(&log);
            // Its read model lies with the first of a name, and holds what was in all of them.
            match named.first().copied() {
                None => drop(self.names.remove(known)),
                Some(first) => {
                    self.segments.remove(&first);
                    self.stale.insert(first);
                }
            }
        }
        self.documents.retain(|(id, _), _| *id != log);
        self.records.retain(|(id, _), _| *id != log);
        self.keystrokes.retain(|_, (id, _)| *id != log);
        self.segments.remove(&log);
        self.stale.remove(&log);
        self.erased.insert(log, name.or(known));
    }

    /// The same content lies elsewhere now, under another key.
    fn replace(&mut self, log: CompartmentId, kind: ContentKind, (old, new): (Location, Location)) {
        if let ContentKind::Record(record) = kind {
            if let Some(place) = self.records.get_mut(&(log, record)).filter(|at| **at == old) {
                *place = new;
            }
            return;
        }
        let places = self.documents.get_mut(&(log, kind.document()));
        let mut places = places.into_iter().flatten();
        if let Some(place) = places.find(|place| place.location == old) {
            place.location = new;
        }
    }

    /// What lay under dead keys and was not taken along is nothing that could be shown, looked for
    /// or sent.
    fn rebase(&mut self, log: CompartmentId, rebased: Rebased, gone: &[Location]) {
        let gone: BTreeSet<Location> = gone.iter().copied().collect();
        self.older.retain(|(id, generation), _| *id != log || *generation >= rebased.since);
        self.records.retain(|(id, record), at| {
            *id != log || !(rebased.records.contains(record) || gone.contains(at))
        });
        for ((id, _), places) in &mut self.documents {
            if *id == log {
                places.retain(|place| !gone.contains(&place.location));
            }
        }
        self.documents.retain(|_, places| !places.is_empty());
        self.stale.insert(self.first_of_name(log));
        let before = self.rebased.remove(&log).map(|before| before.records);
        let mut rebased = rebased;
        rebased.records.extend(before.into_iter().flatten());
        self.rebased.insert(log, rebased);
    }

    fn add_compartment(&mut self, compartment: Compartment) {
        let id = compartment.id;
        if self.is_dead(id, compartment.generation) {
            return;
        }
        let named = self.names.entry(compartment.name.clone()).or_default();
        if named.insert(id) && named.len() > 1 {
            // Two of one name, made apart, are shown as one, with one read model.
            self.stale.extend(named.first());
        }
        let newest = self.compartments.get(&id).map(|known| known.generation);
        if newest.is_some_and(|newest| compartment.generation < newest) {
            self.older.insert((id, compartment.generation), compartment);
            return;
        }
        let generation = compartment.generation;
        let before = self.compartments.insert(id, compartment);
        if let Some(before) = before.filter(|before| before.generation < generation) {
            self.older.insert((id, before.generation), before);
        }
    }

    /// Returns the compartment under whose id the read model of this one lies.
    fn first_of_name(&self, id: CompartmentId) -> CompartmentId {
        let name = self.compartments.get(&id).map(|known| &known.name);
        let named = name.and_then(|name| self.names.get(name)?.first());
        named.copied().unwrap_or(id)
    }

    fn add_content(&mut self, compartment: CompartmentId, kind: ContentKind, location: Location) {
        match kind {
            ContentKind::Close { draft, .. } => {
                self.documents
                    .entry((compartment, draft))
                    .or_default()
                    .push(Place { kind, location });
            }
            ContentKind::Delta(document)
            | ContentKind::Draft(document)
            | ContentKind::DraftDelta(document) => {
                self.documents
                    .entry((compartment, document))
                    .or_default()
                    .push(Place { kind, location });
            }
            ContentKind::Record(record) => {
                let rebased = self.rebased.get(&compartment);
                if !rebased.is_some_and(|one| one.records.contains(&record)) {
                    self.records.entry((compartment, record)).or_insert(location);
                }
            }
            ContentKind::Saved(document) => {
                self.documents.insert((compartment, document), vec![Place { kind, location }]);
            }
        }
    }

    /// Forgets that keystrokes of a draft wait: a change of another document holds them. Returns
    /// whether any did.
    pub fn forget_keystrokes(&mut self, draft: ObjectId) -> bool {
        self.keystrokes.remove(&draft).is_some()
    }

    /// Returns the compartment of this name that new writing goes to.
    pub fn named(&self, name: &CompartmentName) -> Option<&Compartment> {
        self.compartments.get(self.names.get(name)?.first()?)
    }

    /// Returns every compartment of this name: two devices may have made one each, apart.
    pub fn all_named(&self, name: &CompartmentName) -> impl Iterator<Item = CompartmentId> + '_ {
        self.names.get(name).into_iter().flatten().copied()
    }

    /// Returns every name that a compartment has.
    pub fn names(&self) -> impl Iterator<Item = &CompartmentName> {
        self.names.keys()
    }

    /// Returns what was sent and what came.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the compartment with this id.
    pub fn compartment(&self, id: CompartmentId) -> Option<&Compartment> {
        self.compartments.get(&id)
    }

    /// Returns every compartment as each of its slots left it, the newest of each last.
    pub fn slots(&self) -> impl Iterator<Item = &Compartment> {
        self.older.values().chain(self.compartments.values())
    }

    /// Returns a compartment as one of its slots left it.
    pub fn slot(&self, id: CompartmentId, generation: SlotGeneration) -> Option<&Compartment> {
        let newest = self.compartments.get(&id).filter(|known| known.generation == generation);
        newest.or_else(|| self.older.get(&(id, generation)))
    }

    /// Returns every compartment, by id.
    pub fn compartments(&self) -> impl Iterator<Item = &Compartment> {
        self.compartments.values()
    }

    /// Returns how many logs have become known so far; those whose keys are dead by now count, too.
    pub fn ever_known(&self) -> usize {
        self.compartments.len() + self.erased.len()
    }

    /// Returns whether the keys of a log are dead.
    pub fn is_erased(&self, log: CompartmentId) -> bool {
        self.erased.contains_key(&log)
    }

    /// Returns what became of a log in which single records were erased.
    pub fn rebased(&self, log: CompartmentId) -> Option<&Rebased> {
        self.rebased.get(&log)
    }

    /// Returns whether a content key of a log is dead.
    pub fn is_dead(&self, log: CompartmentId, generation: SlotGeneration) -> bool {
        // A log that was rebased before it left this device begins with earlier keys of its own.
        let begun_after = |one: &Rebased| one.parts.is_empty() && self.ledger.has_begun(log);
        let dead = |one: &Rebased| generation < one.since && !begun_after(one);
        self.is_erased(log) || self.rebased.get(&log).is_some_and(dead)
    }

    /// Returns the logs of a client's record whose keys are dead.
    pub fn erased_of(&self, client: ClientId) -> impl Iterator<Item = CompartmentId> + '_ {
        let theirs = move |name: &Option<CompartmentName>| {
            name.as_ref().is_some_and(|name| name.client() == Some(client))
        };
        self.erased.iter().filter(move |(_, name)| theirs(name)).map(|(log, _)| *log)
    }

    /// Returns where a document's content lies, in order.
    pub fn document(&self, compartment: CompartmentId, document: ObjectId) -> &[Place] {
        self.documents.get(&(compartment, document)).map_or(&[], Vec::as_slice)
    }

    /// Returns the ids of a compartment's documents, drafts included.
    pub fn documents(&self, compartment: CompartmentId) -> impl Iterator<Item = ObjectId> {
        let from = (compartment, ObjectId::from_bytes([0; 16]));
        let to = (compartment, ObjectId::from_bytes([u8::MAX; 16]));
        self.documents.range(from..=to).map(|((_, document), _)| *document)
    }

    /// Returns the drafts of a compartment that were signed.
    pub fn closed_drafts(&self, compartment: CompartmentId) -> Vec<ObjectId> {
        let closed = |document: &ObjectId| {
            let places = self.document(compartment, *document);
            places.iter().any(|place| matches!(place.kind, ContentKind::Close { .. }))
        };
        self.documents(compartment).filter(closed).collect()
    }

    /// Returns where a record lies.
    pub fn record(&self, compartment: CompartmentId, record: RecordId) -> Option<Location> {
        self.records.get(&(compartment, record)).copied()
    }

    /// Returns where a record lies, as content.
    pub fn record_place(&self, compartment: CompartmentId, record: RecordId) -> Option<Place> {
        let location = self.record(compartment, record)?;
        Some(Place { kind: ContentKind::Record(record), location })
    }

    /// Returns a compartment's records in the order in which they lie in the journal.
    pub fn records(&self, compartment: CompartmentId) -> Vec<(RecordId, Location)> {
        let from = (compartment, RecordId::from_bytes([0; 16]));
        let to = (compartment, RecordId::from_bytes([u8::MAX; 16]));
        let mut found: Vec<_> =
            self.records.range(from..=to).map(|((_, id), place)| (*id, *place)).collect();
        found.sort_by_key(|(_, place)| *place);
        found
    }

    /// Returns where the read model of a compartment lies, unless the compartment has changed
    /// since it was written.
    pub fn segment(&self, compartment: CompartmentId) -> Option<Location> {
        if self.stale.contains(&compartment) {
            return None;
        }
        self.segments.get(&compartment).copied()
    }

    /// Returns the compartments whose read model must be written anew.
    pub fn stale(&self) -> Vec<CompartmentId> {
        self.stale.iter().copied().collect()
    }

    /// Returns drafts with keystrokes that no change holds yet, and where those lie.
    pub fn keystrokes(&self) -> impl Iterator<Item = (CompartmentId, ObjectId, &[Location])> {
        self.keystrokes
            .iter()
            .map(|(draft, (compartment, places))| (*compartment, *draft, places.as_slice()))
    }

    /// Returns the segments of the journal in which something lies that is still needed; indexes
    /// apart.
    pub fn needed_segments(&self) -> BTreeSet<u64> {
        let mut needed = self.lasting.clone();
        needed.extend(self.segments.values().map(|location| location.segment));
        let typed = self.keystrokes.values().flat_map(|(_, places)| places);
        needed.extend(typed.map(|location| location.segment));
        needed.extend(self.ledger.shelved().map(|location| location.segment));
        needed
    }

    /// Returns where the entries of the practice log lie, in order.
    pub fn entries(&self) -> &[Location] {
        &self.entries
    }

    /// Returns where wrapped keys lie.
    pub fn wraps(&self) -> &[Location] {
        &self.wraps
    }

    /// Returns the canonical bytes of the whole index.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let compartments: Vec<_> = self.slots().collect();
        writer.list(&compartments, |writer, compartment| {
            let mut inner = Writer::new();
            compartment.write(&mut inner);
            writer.bytes(inner.as_slice());
        });
        let documents: Vec<_> = self.documents.iter().collect();
        writer.list(&documents, |writer, ((compartment, document), places)| {
            writer.fixed(compartment.as_bytes()).fixed(document.as_bytes());
            writer.list(places, |writer, place| {
                place.kind.write(writer);
                write_location(writer, place.location);
            });
        });
        let records: Vec<_> = self.records.iter().collect();
        writer.list(&records, |writer, ((compartment, record), location)| {
            writer.fixed(compartment.as_bytes()).fixed(record.as_bytes());
            write_location(writer, **location);
        });
        let segments: Vec<_> = self.segments.iter().collect();
        writer.list(&segments, |writer, (compartment, location)| {
            writer.fixed(compartment.as_bytes());
            write_location(writer, **location);
        });
        let keystrokes: Vec<_> = self.keystrokes.iter().collect();
        writer.list(&keystrokes, |writer, (draft, (compartment, places))| {
            writer.fixed(draft.as_bytes()).fixed(compartment.as_bytes());
            writer.list(places, |writer, location| write_location(writer, *location));
        });
        writer.list(&self.entries, |writer, location| write_location(writer, *location));
        writer.list(&self.wraps, |writer, location| write_location(writer, *location));
        let stale: Vec<_> = self.stale.iter().collect();
        writer.list(&stale, |writer, compartment| {
            writer.fixed(compartment.as_bytes());
        });
        let lasting: Vec<_> = self.lasting.iter().collect();
        writer.list(&lasting, |writer, segment| {
            writer.u64(**segment);
        });
        let erased: Vec<_> = self.erased.iter().collect();
        writer.list(&erased, |writer, (log, name)| write_erased(writer, **log, name.as_ref()));
        let rebased: Vec<_> = self.rebased.iter().collect();
        writer.list(&rebased, |writer, (log, rebased)| {
            rebased.write(writer.fixed(log.as_bytes()));
        });
        self.ledger.write(&mut writer);
        writer.into_bytes()
    }

    /// Reads the canonical bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let mut index = Self::default();
        for compartment in reader.list(ENTRIES_MAX, |reader| {
            let mut inner = Reader::new(reader.bytes(COMPARTMENT_BYTES_MAX)?);
            let compartment = Compartment::read(&mut inner)?;
            inner.finish()?;
            Ok(compartment)
        })? {
            index.add_compartment(compartment);
        }
        index.documents = reader
            .list(ENTRIES_MAX, |reader| {
                let key = (
                    CompartmentId::from_bytes(reader.fixed()?),
                    ObjectId::from_bytes(reader.fixed()?),
                );
                let places = reader.list(ENTRIES_MAX, |reader| {
                    let kind = ContentKind::read(reader)?;
                    Ok(Place { kind, location: read_location(reader)? })
                })?;
                Ok((key, places))
            })?
            .into_iter()
            .collect();
        index.records = reader
            .list(ENTRIES_MAX, |reader| {
                let key = (
                    CompartmentId::from_bytes(reader.fixed()?),
                    RecordId::from_bytes(reader.fixed()?),
                );
                Ok((key, read_location(reader)?))
            })?
            .into_iter()
            .collect();
        index.decode_rest(&mut reader)?;
        reader.finish()?;
        Ok(index)
    }

    fn decode_rest(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        self.segments = reader
            .list(ENTRIES_MAX, |reader| {
                Ok((CompartmentId::from_bytes(reader.fixed()?), read_location(reader)?))
            })?
            .into_iter()
            .collect();
        self.keystrokes = reader
            .list(ENTRIES_MAX, |reader| {
                let draft = ObjectId::from_bytes(reader.fixed()?);
                let compartment = CompartmentId::from_bytes(reader.fixed()?);
                Ok((draft, (compartment, reader.list(ENTRIES_MAX, read_location)?)))
            })?
            .into_iter()
            .collect();
        self.entries = reader.list(ENTRIES_MAX, read_location)?;
        self.wraps = reader.list(ENTRIES_MAX, read_location)?;
        self.stale = reader
            .list(ENTRIES_MAX, |reader| reader.fixed().map(CompartmentId::from_bytes))?
            .into_iter()
            .collect();
        self.lasting = reader.list(ENTRIES_MAX, Reader::u64)?.into_iter().collect();
        self.erased = reader.list(ENTRIES_MAX, read_erased)?.into_iter().collect();
        let rebased = reader.list(ENTRIES_MAX, |reader| {
            Ok((CompartmentId::from_bytes(reader.fixed()?), Rebased::read(reader)?))
        })?;
        self.rebased = rebased.into_iter().collect();
        self.ledger = Ledger::read(reader)?;
        self.erased.keys().for_each(|log| self.ledger.bury(*log));
        Ok(())
    }
}

pub(super) fn write_location(writer: &mut Writer, location: Location) {
    writer.u64(location.segment).u64(location.offset);
}

pub(super) fn read_location(reader: &mut Reader<'_>) -> Result<Location, CodecError> {
    Ok(Location { segment: reader.u64()?, offset: reader.u64()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::seal::{SALT_LENGTH, Sealed};

    #[test]
    fn what_another_device_wrote_does_not_make_keystrokes_here_forgotten() {
        let (compartment, draft) =
            (CompartmentId::from_bytes([1; 16]), ObjectId::from_bytes([2; 16]));
        let sealed = Sealed { salt: [0; SALT_LENGTH], ciphertext: Vec::new() };
        let at = |offset| Location { segment: 1, offset };
        let kind = ContentKind::DraftDelta(draft);
        let generation = SlotGeneration::new(1);
        let delta = |origin| {
            let sealed = sealed.clone();
            DeviceFrame::Content { compartment, kind, generation, sealed, origin, instead_of: None }
        };
        let mut index = Locations::default();
        let sealed = sealed.clone();
        index.add(&DeviceFrame::Keystrokes { compartment, draft, generation, sealed }, at(1));

        index.add(&delta(Origin::Elsewhere), at(2));
        assert_eq!(index.keystrokes().count(), 1);
        index.add(&delta(Origin::Here), at(3));
        assert_eq!(index.keystrokes().count(), 0);
        assert_eq!(index.document(compartment, draft).len(), 2);
    }
}
