//! What is sealed in a log, entry by entry, and what stands in for it once its key is dead: the
//! base, which an erasure of one record leaves of everything else.

use super::frames::{Fate, Number};
use super::ledger::Placed;
use super::parcel::NO_OBJECT;
use crate::device::cabinet::Cabinet;
use crate::device::locations::Locations;
use crate::device::store::StoreError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tacenda_shared::envelope::{self, Carried, Envelope, Kind};
use tacenda_shared::id::{CompartmentId, DeviceId, ObjectId, Position, RecordId, SlotGeneration};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::keys::safe::{self, DraftName, RowName, SlotKey};
use tacenda_shared::plaintext;
use tacenda_shared::sync::Kept;
use tacenda_shared::sync::device::Replica;
use zeroize::Zeroizing;

/// The body of a sealed entry, unfolded.
type Body = Zeroizing<Vec<u8>>;

/// Bytes of a base that are held open at most, or one part of it if that is longer: enough for all of
/// a chart, and of a client's files a few parts.
const HELD_BYTES_MAX: usize = 2 << 20;

/// What was read of a base: of one document's entries.
#[derive(Debug)]
pub(in crate::device) struct ReadBase {
    of: (CompartmentId, SlotGeneration, ObjectId),
    /// In which part each entry is kept.
    places: BTreeMap<Number, Location>,
    held: Held,
}

/// Parts of a base that are open, the newest last.
#[derive(Debug, Default)]
struct Held {
    parts: VecDeque<(Location, BTreeMap<Number, Body>)>,
    bytes: usize,
}

impl Held {
    /// Holds another part, and of the others as many as have room, the newest.
    fn keep(&mut self, location: Location, part: Vec<(Number, Body)>) {
        let length = |body: &Body| body.len();
        self.bytes += part.iter().map(|(_, body)| length(body)).sum::<usize>();
        self.parts.push_back((location, part.into_iter().collect()));
        while self.bytes > HELD_BYTES_MAX && self.parts.len() > 1 {
            let gone = self.parts.pop_front();
            let gone = gone.iter().flat_map(|(_, part)| part.values());
            self.bytes -= gone.map(length).sum::<usize>();
        }
    }

    fn part(&self, location: Location) -> Option<&BTreeMap<Number, Body>> {
        let mut parts = self.parts.iter();
        parts.find(|(at, _)| *at == location).map(|(_, part)| part)
    }
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
    /// Whether it counts: not what a device wrote after it was shut out.
    pub(super) counts: bool,
}

/// What is to die of a log: single records, and the drafts that they sign.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Going {
    pub(super) records: BTreeSet<RecordId>,
    pub(super) drafts: BTreeSet<ObjectId>,
}

impl Going {
    /// Whether a piece is of it.
    pub(super) fn has(&self, piece: &Piece) -> bool {
        piece.record().is_some_and(|record| self.records.contains(&record))
            || (piece.kind == Kind::Delta
                && piece.object != NO_OBJECT
                && self.drafts.contains(&piece.object))
    }
}

/// What is sealed in a log, as far as it can be told.
pub(super) enum Pieces {
    All(Vec<Piece>),
    /// An entry has not come, or is of a kind that this version does not read.
    Unknown,
    /// An entry that counts waits for its key.
    Locked,
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
    /// The drafts whose keys it has brought along.
    pub(super) drafts: BTreeSet<ObjectId>,
    /// Where its envelopes lie.
    pub(super) parts: Vec<Location>,
}

impl Base {
    /// Compares it with what this device has itself: everything is there as it is here, and the keys
    /// of the drafts that stay, but for the records that may be missing. Returns those that are;
    /// `None` if something else differs, or if one is there that must not be.
    pub(super) fn compare(
        &self,
        pieces: &[Piece],
        stays: &BTreeSet<ObjectId>,
        (may_go, must_go): (&Going, &Going),
    ) -> Option<BTreeSet<RecordId>> {
        // In a draft of which there are no words yet somebody may still write.
        let mut without = stays.difference(&self.drafts);
        if !without.all(|draft| may_go.drafts.contains(draft)) {
            return None;
        }
        let (mut gone, mut there) = (must_go.records.clone(), BTreeSet::new());
        for piece in pieces {
            let record = piece.record();
            match self.kept.get(&piece.number) {
                Some(kept) if *kept == piece.body && !must_go.has(piece) => there.extend(record),
                None if may_go.has(piece) => gone.extend(record),
                // Which of its keys reached whom before it was shut out is chance.
                None if !piece.counts && piece.object != NO_OBJECT => {}
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
            *known = Some(self.read_base(of, &rebased.parts)?);
        }
        let ReadBase { places, held, .. } = known.as_mut().ok_or(Unopened::Erased)?;
        let place = *places.get(&number).ok_or(Unopened::Erased)?;
        if held.part(place).is_none() {
            let part = self.envelope_at(place).map_err(|_| Unopened::Damaged)?;
            held.keep(place, self.read_part(&part.ok_or(Unopened::Erased)?)?);
        }
        let body = held.part(place).and_then(|part| part.get(&number));
        body.cloned().ok_or(Unopened::Erased)
    }

    /// Reads where each entry of one document is kept in a base, part by part.
    fn read_base(
        &self,
        of: (CompartmentId, SlotGeneration, ObjectId),
        parts: &[Location],
    ) -> Result<ReadBase, Unopened> {
        let (mut places, mut held) = (BTreeMap::new(), Held::default());
        for location in parts {
            let part = self.envelope_at(*location).map_err(|_| Unopened::Damaged)?;
            let Some(part) = part.filter(|part| part.header.object == of.2) else { continue };
            let part = self.read_part(&part)?;
            places.extend(part.iter().map(|(number, _)| (*number, *location)));
            held.keep(*location, part);
        }
        Ok(ReadBase { of, places, held })
    }

    /// Opens one envelope of a base.
    fn read_part(&self, part: &Envelope) -> Result<Vec<(Number, Body)>, Unopened> {
        let header = &part.header;
        let slot = self.slot_key(header.compartment, header.slot_generation);
        let body = self.open_body(part, slot.ok_or(Unopened::NoKey)?)?;
        let kept = Kept::read(&body).map_err(|_| Unopened::Damaged)?;
        Ok(kept.into_iter().map(|one| (one.number, Zeroizing::new(one.body))).collect())
    }

    /// Returns whether a base, with which this device goes on, has left a draft out: it was of a
    /// record that was erased, and its key is dead.
    pub(super) fn is_left_out(
        &self,
        replica: &Replica,
        log: CompartmentId,
        draft: ObjectId,
    ) -> bool {
        let Some(rebased) = self.store().locations().rebased(log) else { return false };
        let is_part = |location: &Location| {
            let part = self.envelope_at(*location).ok().flatten();
            part.is_none_or(|part| part.header.object == draft)
        };
        let open = replica.draft(draft).is_some_and(|known| known.closed.is_none());
        open && replica.is_before_base(draft, rebased.since)
            && !self.has_draft_row(log, draft)
            && !rebased.parts.iter().any(is_part)
    }

    fn envelope_at(&self, location: Location) -> Result<Option<Envelope>, StoreError> {
        match self.carried(&Placed { location, fate: Fate::Opened })? {
            Carried::Whole(envelope) => Ok(Some(envelope)),
            Carried::Stub(_) => Ok(None),
        }
    }

    /// Returns what is sealed in a log under content keys before this one and is still needed: drafts
    /// that were signed are not.
    pub(super) fn sealed_before(
        &self,
        replica: &Replica,
        log: CompartmentId,
        since: SlotGeneration,
    ) -> Result<Pieces, StoreError> {
        let locations = self.store().locations();
        let mut pieces = Vec::new();
        let all = std::iter::successors(Some(Position::new(1)), |at| Some(at.next()));
        for position in all.take_while(|at| *at <= replica.head().position) {
            let Some(entry) = locations.ledger().entry(log, position) else {
                return Ok(Pieces::Unknown);
            };
            let Some(envelope) = self.envelope_at(entry.location)? else { continue };
            let header = &envelope.header;
            if header.slot_generation >= since {
                continue;
            }
            let signed = header.object != NO_OBJECT
                && replica.draft(header.object).is_some_and(|draft| draft.closed.is_some());
            let counts = replica.counts(position) && entry.fate != Fate::Quarantined;
            let body = match header.kind {
                Kind::Genesis => {
                    let Some(known) = locations.compartment(log) else {
                        return Ok(Pieces::Unknown);
                    };
                    Ok(Zeroizing::new(known.name.encode()))
                }
                Kind::Delta if signed => continue,
                // What came too late is kept for a person to take over, where it opens.
                Kind::Delta | Kind::Record => self.body_of(&envelope),
                // What a newer version has sealed here is not for this one to destroy.
                Kind::Newer(_) if header.kind.is_sealed() && header.kind.is_entry() => {
                    return Ok(Pieces::Unknown);
                }
                _ => continue,
            };
            let body = match body {
                Ok(body) => body,
                Err(Unopened::NoKey) if counts => return Ok(Pieces::Locked),
                Err(_) => continue,
            };
            let number = (header.author, header.dev_inc, header.dev_seq);
            pieces.push(Piece { number, kind: header.kind, object: header.object, body, counts });
        }
        Ok(Pieces::All(pieces))
    }

    /// Returns the drafts that were announced before a content key, were not signed, and open here: a
    /// base under that key brings their keys along.
    pub(super) fn drafts_before(
        &self,
        replica: &Replica,
        log: CompartmentId,
        since: SlotGeneration,
    ) -> BTreeSet<ObjectId> {
        let drafts = replica.open_drafts().filter(|draft| {
            let known = replica.draft(*draft);
            // Which keys reached whom before a device was shut out is chance.
            known.is_some_and(|known| replica.counts(known.announced))
                && replica.is_before_base(*draft, since)
                && self.open_draft(log, *draft).is_ok()
        });
        drafts.collect()
    }

    /// Returns under which names the keys of these drafts are not here that a base under a content key
    /// has brought along: whoever comes later opens them with those alone.
    pub(super) fn keys_to_see<'a>(
        &self,
        compartment: CompartmentId,
        generation: SlotGeneration,
        drafts: impl Iterator<Item = &'a ObjectId>,
    ) -> Vec<RowName> {
        let names = drafts.map(|draft| DraftName { compartment, generation, draft: *draft });
        names.map(RowName::Draft).filter(|name| self.rows.row(name).is_none()).collect()
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
        let mut base = Base { kept: BTreeMap::new(), drafts: BTreeSet::new(), parts: Vec::new() };
        for position in replica.entries_of(Kind::Kept, by) {
            let Some(entry) = ledger.entry(log, position) else { return Ok(None) };
            let Some(part) = self.envelope_at(entry.location)? else { return Ok(None) };
            if part.header.slot_generation != since {
                continue;
            }
            base.parts.push(entry.location);
            base.drafts.insert(part.header.object);
            match self.read_part(&part) {
                Ok(kept) => base.kept.extend(kept),
                Err(Unopened::NoKey) if part.header.object != NO_OBJECT => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(base))
    }
}

/// Part of a base that is to be sealed.
pub(super) struct Part {
    pub(super) log: CompartmentId,
    pub(super) generation: SlotGeneration,
    pub(super) object: ObjectId,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// The records in a log of which it orders that they die, as far as they are here.
pub(super) fn held_orders(
    replica: &Replica,
    log: CompartmentId,
    locations: &Locations,
) -> BTreeSet<RecordId> {
    let orders = replica.erasing().records().iter();
    let ordered = orders.filter_map(|order| locations.ledger().record(order.number));
    ordered.filter(|record| locations.record(log, *record).is_some()).collect()
}

/// What is kept, by draft and by author.
pub(super) type KeptBy = BTreeMap<(ObjectId, Option<DeviceId>), Vec<Kept>>;

/// What is kept: all but what is to go, of each device and each draft on its own, so that no length
/// tells one author's words from another's. A draft's key goes with its part.
pub(super) fn kept_of(
    open: impl Iterator<Item = ObjectId>,
    pieces: &[Piece],
    must_go: &Going,
) -> KeptBy {
    let mut by: KeptBy = open.map(|draft| ((draft, None), Vec::new())).collect();
    for piece in pieces.iter().filter(|piece| !must_go.has(piece)) {
        let kept = Kept { number: piece.number, body: piece.body.to_vec() };
        by.entry((piece.object, Some(piece.number.0))).or_default().push(kept);
    }
    by
}

/// What is to be sealed for a base.
pub(super) fn parts_of(log: CompartmentId, generation: SlotGeneration, by: &KeptBy) -> Vec<Part> {
    let parts = by.iter().flat_map(|((object, _), kept)| {
        Kept::parts(kept).into_iter().map(|body| (*object, Zeroizing::new(body)))
    });
    parts.map(|(object, body)| Part { log, generation, object, body }).collect()
}

impl<F: FileSystem> Cabinet<F> {
    /// Returns which records a base leaves out, if that is all that it does.
    pub(super) fn compared(
        &self,
        base: &Base,
        pieces: &[Piece],
        stays: &BTreeSet<ObjectId>,
        going: (&Going, &Going),
    ) -> Option<BTreeSet<RecordId>> {
        #[cfg(test)]
        if self.tampers.get().is_some() {
            return Some(going.1.records.clone());
        }
        base.compare(pieces, stays, going)
    }

    /// Nothing, but on a device that a test makes hostile.
    #[cfg(not(test))]
    pub(super) const fn tamper(&self, _: &mut KeptBy) {}

    #[cfg(test)]
    pub(super) fn tamper(&self, kept: &mut KeptBy) {
        let first = kept.values_mut().find(|kept| kept.len() > 1);
        if let (Some(tamper), Some(kept)) = (self.tampers.get(), first) {
            tamper(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacenda_shared::id::{DevInc, DevSeq};

    const DRAFT: ObjectId = ObjectId::from_bytes([5; 16]);
    const WRONG: RecordId = RecordId::from_bytes([6; 16]);

    fn piece(seq: u64, kind: Kind, object: ObjectId, body: &[u8]) -> Piece {
        let number = (DeviceId::from_bytes([1; 16]), DevInc::new(1), DevSeq::new(seq));
        Piece { number, kind, object, body: Zeroizing::new(body.to_vec()), counts: true }
    }

    /// A document's delta, words of a draft, and the record that signs it.
    fn pieces() -> Vec<Piece> {
        let record = [WRONG.as_bytes().as_slice(), b"signed"].concat();
        vec![
            piece(1, Kind::Delta, NO_OBJECT, b"document"),
            piece(2, Kind::Delta, DRAFT, b"words"),
            piece(3, Kind::Record, NO_OBJECT, &record),
        ]
    }

    #[test]
    fn of_a_long_base_a_few_parts_are_open_at_once_and_one_however_long_it_is() {
        let number = |seq| (DeviceId::from_bytes([1; 16]), DevInc::new(1), DevSeq::new(seq));
        let at = |offset| Location { segment: 1, offset };
        let mut held = Held::default();
        for seq in 0..64 {
            held.keep(at(seq), vec![(number(seq), Zeroizing::new(vec![7; 256 << 10]))]);
            assert!(held.bytes <= HELD_BYTES_MAX, "{} bytes", held.bytes);
            assert!(held.part(at(seq)).is_some_and(|part| part.contains_key(&number(seq))));
        }
        assert_eq!((held.bytes, held.parts.len()), (HELD_BYTES_MAX, 8));
        assert!(held.part(at(55)).is_none() && held.part(at(56)).is_some());
        held.keep(at(99), vec![(number(99), Zeroizing::new(vec![7; HELD_BYTES_MAX + 1]))]);
        assert_eq!((held.bytes, held.parts.len()), (HELD_BYTES_MAX + 1, 1));
    }

    /// A record can claim to sign whatever its author writes there.
    #[test]
    fn a_record_that_claims_to_sign_nothing_takes_nothing_along() {
        let pieces = pieces();
        let claims = Going { drafts: BTreeSet::from([NO_OBJECT]), ..of_wrong() };
        let taken: Vec<bool> = pieces.iter().map(|piece| claims.has(piece)).collect();
        assert_eq!(taken, [false, false, true], "the record itself alone");
        let base = without(&pieces, &[0, 1, 2]);
        assert!(base.compare(&pieces, &BTreeSet::new(), (&claims, &claims)).is_none());
    }

    fn of_wrong() -> Going {
        Going { records: BTreeSet::from([WRONG]), drafts: BTreeSet::from([DRAFT]) }
    }

    /// A base of these pieces without some.
    fn without(pieces: &[Piece], left_out: &[usize]) -> Base {
        let all = pieces.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
        let kept = all.map(|(_, piece)| (piece.number, piece.body.clone())).collect();
        Base { kept, drafts: BTreeSet::from([NO_OBJECT, DRAFT]), parts: Vec::new() }
    }

    #[test]
    fn a_base_may_leave_out_what_was_ordered_with_its_draft_and_nothing_else() {
        let (pieces, wrong, none) = (pieces(), of_wrong(), Going::default());
        let cases: [(&[usize], &Going, &Going, bool); 9] = [
            (&[], &none, &none, true),
            (&[0], &none, &none, false),
            (&[0, 1, 2], &wrong, &wrong, false),
            (&[1, 2], &wrong, &wrong, true),
            (&[1, 2], &wrong, &none, true),
            (&[1, 2], &none, &none, false),
            // One of them there that must not be.
            (&[2], &wrong, &wrong, false),
            (&[1], &wrong, &wrong, false),
            (&[], &wrong, &none, true),
        ];
        for (left_out, may_go, must_go, agrees) in cases {
            let base = without(&pieces, left_out);
            let compared = base.compare(&pieces, &BTreeSet::new(), (may_go, must_go));
            assert_eq!(compared.is_some(), agrees, "{left_out:?} {may_go:?} {must_go:?}");
            let gone = compared.is_some_and(|gone| gone.contains(&WRONG));
            assert_eq!(gone, agrees && left_out.contains(&2));
        }
    }

    #[test]
    fn late_words_whose_key_reached_only_some_may_be_left_out_and_never_altered() {
        let none = Going::default();
        let mut pieces = pieces();
        pieces[1].counts = false;
        let agrees = |base: &Base, pieces: &[Piece]| {
            base.compare(pieces, &BTreeSet::new(), (&none, &none)).is_some()
        };
        assert!(agrees(&without(&pieces, &[1]), &pieces));
        let mut altered = without(&pieces, &[]);
        altered.kept.insert(pieces[1].number, Zeroizing::new(b"other".to_vec()));
        assert!(!agrees(&altered, &pieces));
        // What lies under the content key alone opens for everybody who can compare.
        pieces[0].counts = false;
        assert!(!agrees(&without(&pieces, &[0]), &pieces));
    }

    #[test]
    fn a_base_brings_the_key_of_each_draft_that_stays_also_of_one_without_words() {
        let (pieces, wrong, none) = (pieces(), of_wrong(), Going::default());
        let empty = ObjectId::from_bytes([7; 16]);
        let stays = BTreeSet::from([DRAFT, empty]);
        let mut base = without(&pieces, &[]);
        assert!(base.compare(&pieces, &stays, (&none, &none)).is_none());
        base.drafts.insert(empty);
        assert!(base.compare(&pieces, &stays, (&none, &none)).is_some());
        let mut base = without(&pieces, &[1, 2]);
        base.drafts = BTreeSet::from([NO_OBJECT, empty]);
        assert!(base.compare(&pieces, &stays, (&wrong, &wrong)).is_some());
        assert!(base.compare(&pieces, &stays, (&none, &none)).is_none());
    }
}
