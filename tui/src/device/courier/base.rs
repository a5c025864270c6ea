//! What is sealed in a log, entry by entry, and what stands in for it once its key is dead: the
//! base, which an erasure of one record leaves of everything else.

use super::frames::{Fate, Number};
use super::ledger::Placed;
use super::parcel::NO_OBJECT;
use crate::device::cabinet::Cabinet;
use crate::device::store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::{self, Carried, Envelope, Kind};
use tacenda_shared::id::{CompartmentId, DeviceId, ObjectId, Position, RecordId, SlotGeneration};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::keys::safe::{self, SlotKey};
use tacenda_shared::plaintext;
use tacenda_shared::sync::Kept;
use tacenda_shared::sync::device::Replica;
use zeroize::Zeroizing;

/// The body of a sealed entry, unfolded.
type Body = Zeroizing<Vec<u8>>;

/// What was read of a base: of one document's entries.
#[derive(Debug)]
pub(in crate::device) struct ReadBase {
    of: (CompartmentId, SlotGeneration, ObjectId),
    kept: BTreeMap<Number, Body>,
}

/// Why the body of an entry cannot be had.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unopened {
    /// It is not what its kind says, or does not open.
    Damaged,
    /// Its key is dead, and nothing stands in for it.
    Erased,
    /// Its key is not here.
    NoKey,
}

/// What one sealed entry of a log says. The name that is sealed in its genesis counts as one.
pub(super) struct Piece {
    pub(super) number: Number,
    pub(super) kind: Kind,
    pub(super) object: ObjectId,
    pub(super) body: Body,
}

impl Piece {
    /// Returns the record that it carries, if it carries one.
    pub(super) fn record(&self) -> Option<RecordId> {
        let id = self.body.first_chunk().filter(|_| self.kind == Kind::Record);
        id.map(|id| RecordId::from_bytes(*id))
    }
}

/// A base as it lies here.
pub(super) struct Base {
    /// What is kept of each entry.
    pub(super) kept: BTreeMap<Number, Body>,
    /// Where its envelopes lie.
    pub(super) parts: Vec<Location>,
}

impl Base {
    /// Compares it with what this device has itself: everything is there as it is here, but the
    /// records that may be missing. Returns those that are; `None` if something else differs, or
    /// if one is there that must not be.
    pub(super) fn compare(
        &self,
        pieces: &[Piece],
        may_go: &BTreeSet<RecordId>,
        must_go: &BTreeSet<RecordId>,
    ) -> Option<BTreeSet<RecordId>> {
        let (mut gone, mut there) = (must_go.clone(), BTreeSet::new());
        for piece in pieces {
            match (self.kept.get(&piece.number), piece.record()) {
                (Some(kept), record) if *kept == piece.body => there.extend(record),
                (None, Some(record)) if may_go.contains(&record) => drop(gone.insert(record)),
                _ => return None,
            }
        }
        gone.is_disjoint(&there).then_some(gone)
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Opens what is sealed in a delta or a record; what lay under a dead key, from the base.
    pub(super) fn body_of(&self, envelope: &Envelope) -> Result<Body, Unopened> {
        let (log, generation) = (envelope.header.compartment, envelope.header.slot_generation);
        if self.store().locations().is_dead(log, generation) {
            return self.body_in_base(envelope);
        }
        let slot = self.slot_key(log, generation).ok_or(Unopened::NoKey)?;
        self.open_body(envelope, slot)
    }

    fn open_body(&self, envelope: &Envelope, slot: &SlotKey) -> Result<Body, Unopened> {
        let header = &envelope.header;
        let opened;
        let draft = match (header.object, self.drafts.get(&header.object)) {
            (NO_OBJECT, _) => None,
            (_, Some(known)) => Some(known),
            (object, None) => {
                let key = self.open_draft(header.compartment, object);
                opened = key.map_err(|_| Unopened::NoKey)?;
                Some(&opened)
            }
        };
        let key = safe::envelope_key(slot, draft);
        let content = envelope::open(envelope, &key).map_err(|_| Unopened::Damaged)?;
        plaintext::unpack(header.kind, &content).map_err(|_| Unopened::Damaged)
    }

    fn body_in_base(&self, envelope: &Envelope) -> Result<Body, Unopened> {
        let (log, object) = (envelope.header.compartment, envelope.header.object);
        let header = &envelope.header;
        let number = (header.author, header.dev_inc, header.dev_seq);
        let rebased = self.store().locations().rebased(log).ok_or(Unopened::Erased)?;
        let of = (log, rebased.since, object);
        let mut known = self.base.borrow_mut();
        if known.as_ref().is_none_or(|known| known.of != of) {
            let mut kept = BTreeMap::new();
            for location in &rebased.parts {
                let part = self.envelope_at(*location).map_err(|_| Unopened::Damaged)?;
                if part.as_ref().is_some_and(|part| part.header.object != object) {
                    continue;
                }
                kept.extend(
                    part.map(|part| self.read_part(&part)).transpose()?.into_iter().flatten(),
                );
            }
            *known = Some(ReadBase { of, kept });
        }
        let body = known.as_ref().and_then(|known| known.kept.get(&number));
        body.cloned().ok_or(Unopened::Erased)
    }

    /// Opens one envelope of a base.
    fn read_part(&self, part: &Envelope) -> Result<Vec<(Number, Body)>, Unopened> {
        let header = &part.header;
        let slot = self.slot_key(header.compartment, header.slot_generation);
        let body = self.open_body(part, slot.ok_or(Unopened::NoKey)?)?;
        let kept = Kept::read(&body).map_err(|_| Unopened::Damaged)?;
        Ok(kept.into_iter().map(|one| (one.number, Zeroizing::new(one.body))).collect())
    }

    fn envelope_at(&self, location: Location) -> Result<Option<Envelope>, StoreError> {
        match self.carried(&Placed { location, fate: Fate::Opened })? {
            Carried::Whole(envelope) => Ok(Some(envelope)),
            Carried::Stub(_) => Ok(None),
        }
    }

    /// Returns what is sealed in a log under content keys before this one and is still needed: drafts
    /// that were signed are not. `None` while an entry has not come, or waits for its key.
    pub(super) fn sealed_before(
        &self,
        replica: &Replica,
        log: CompartmentId,
        since: SlotGeneration,
    ) -> Result<Option<Vec<Piece>>, StoreError> {
        let locations = self.store().locations();
        let mut pieces = Vec::new();
        let all = std::iter::successors(Some(Position::new(1)), |at| Some(at.next()));
        for position in all.take_while(|at| *at <= replica.head().position) {
            let Some(entry) = locations.ledger().entry(log, position) else { return Ok(None) };
            let Some(envelope) = self.envelope_at(entry.location)? else { continue };
            let header = &envelope.header;
            if header.slot_generation >= since {
                continue;
            }
            let signed = replica.draft(header.object).is_some_and(|draft| draft.closed.is_some());
            let shown = replica.counts(position) && entry.fate != Fate::Quarantined;
            let body = match header.kind {
                Kind::Genesis => {
                    let Some(known) = locations.compartment(log) else { return Ok(None) };
                    Ok(Zeroizing::new(known.name.encode()))
                }
                Kind::Delta if signed => continue,
                // What came too late is kept for a person to take over, where it opens.
                Kind::Delta | Kind::Record => self.body_of(&envelope),
                // What a newer version has sealed here is not for this one to destroy.
                Kind::Newer(_) if header.kind.is_sealed() && header.kind.is_entry() => {
                    return Ok(None);
                }
                _ => continue,
            };
            let body = match body {
                Ok(body) => body,
                Err(Unopened::NoKey) if shown => return Ok(None),
                Err(_) => continue,
            };
            let number = (header.author, header.dev_inc, header.dev_seq);
            pieces.push(Piece { number, kind: header.kind, object: header.object, body });
        }
        Ok(Some(pieces))
    }

    /// Returns whether a record is carried under a content key from this one on.
    pub(super) fn is_carried_since(
        &self,
        replica: &Replica,
        (log, record): (CompartmentId, RecordId),
        since: SlotGeneration,
    ) -> Result<bool, StoreError> {
        let ledger = self.store().locations().ledger();
        for number in ledger.carriers(record) {
            let place = replica.place_of(number);
            let entry = place.and_then(|position| ledger.entry(log, position));
            let Some(entry) = entry else { continue };
            let envelope = self.envelope_at(entry.location)?;
            if envelope.is_some_and(|one| one.header.slot_generation >= since) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the base that a device has put together under a content key; `None` if a part of it
    /// does not read. Parts of drafts whose keys are dead here are passed over.
    pub(super) fn base_by(
        &self,
        replica: &Replica,
        log: CompartmentId,
        (since, by): (SlotGeneration, DeviceId),
    ) -> Result<Option<Base>, StoreError> {
        let ledger = self.store().locations().ledger();
        let mut base = Base { kept: BTreeMap::new(), parts: Vec::new() };
        for position in replica.entries_of(Kind::Kept, by) {
            let Some(entry) = ledger.entry(log, position) else { return Ok(None) };
            let Some(part) = self.envelope_at(entry.location)? else { return Ok(None) };
            if part.header.slot_generation != since {
                continue;
            }
            base.parts.push(entry.location);
            match self.read_part(&part) {
                Ok(kept) => base.kept.extend(kept),
                Err(Unopened::NoKey) if part.header.object != NO_OBJECT => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(base))
    }
}
