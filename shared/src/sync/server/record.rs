//! What the server remembers of a practice, and how each journal frame changes it. Live and after
//! a restart the same function runs, so that the two cannot differ.

use super::reply::Erased;
use super::stored::{ServerFrame, StoredEnvelope};
use crate::envelope::{
    AccessRule, Carried, ControlBody, ERASE_DELAY, EntryRef, Envelope, Header, Kind, Number, Slot,
    Stub, Target,
};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, MemberId, ObjectId, Position, PracticeId,
    ServerEpoch, SlotGeneration, Timestamp,
};
use crate::log::{LogHead, OwnHead};
use crate::membership::{Action, Entry, State};
use crate::suite::{Hash, VerifyingKey};
use crate::sync::base::Bases;
use crate::sync::closing::Closings;
use crate::sync::refusal::RefusalCode;
use crate::sync::wire::{ObjectKey, Row, RowKey};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// One number of a device's own chain: what stands there, and what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Numbered {
    pub(super) hash: Hash,
    /// The own chain before it, as the envelope itself says.
    prev: Hash,
    /// The own chain with it.
    own: Hash,
    pub(super) fate: Fate,
}

/// What became of an envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    Placed(CompartmentId, Position),
    Refused(RefusalCode),
}

/// One incarnation of a device as the server has received it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct OwnChain {
    /// By number. Only files that were lost have holes here, until the device itself comes.
    numbers: BTreeMap<DevSeq, Numbered>,
    /// Up to here there is no hole.
    whole: DevSeq,
    /// What the device signed for the last of these numbers.
    last: Option<Stub>,
}

impl Default for OwnChain {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), whole: DevSeq::ZERO, last: None }
    }
}

impl OwnChain {
    /// Whether an envelope fits between its neighbours, and its number is free.
    fn fits(&self, header: &Header, own: Hash) -> bool {
        let Some(before) = header.dev_seq.get().checked_sub(1).map(DevSeq::new) else {
            return false;
        };
        let prev = match before {
            DevSeq::ZERO => Some(Hash::ZERO),
            before => self.numbers.get(&before).map(|known| known.own),
        };
        let next = self.numbers.get(&header.dev_seq.next()).map(|known| known.prev);
        !self.numbers.contains_key(&header.dev_seq)
            && prev.is_none_or(|prev| prev == header.prev_own)
            && next.is_none_or(|next| next == own)
    }

    fn own_at(&self, dev_seq: DevSeq) -> Hash {
        self.numbers.get(&dev_seq).map_or(Hash::ZERO, |known| known.own)
    }

    /// Hashes after a number, up to the first hole.
    pub(super) fn hashes_after(&self, after: DevSeq) -> impl Iterator<Item = Hash> + '_ {
        let known = self.numbers.range(after.next()..);
        let expected = std::iter::successors(Some(after.next()), |seq| Some(seq.next()));
        known
            .zip(expected)
            .take_while(|((seq, _), expected)| *seq == expected)
            .map(|((_, known), _)| known.hash)
    }
}

/// A request for erasure.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Request {
    pub(super) hash: Hash,
    pub(super) by: MemberId,
    pub(super) received: Timestamp,
    pub(super) target: Target,
    /// Where the records stand that it is about, unless it is about all of the log.
    pub(super) records: Vec<Position>,
}

impl Request {
    /// Whether its days are over.
    pub(super) fn has_waited(&self, now: Timestamp) -> bool {
        now.millis_since(self.received) >= ERASE_DELAY
    }
}

/// One log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Log {
    pub(super) head: LogHead,
    pub(super) g: Global,
    pub(super) rules: Vec<AccessRule>,
    pub(super) slot: Slot,
    /// Where that was announced, and by whom.
    pub(super) slot_from: (Position, DeviceId),
    /// Drafts, and whether each is closed.
    pub(super) drafts: BTreeMap<ObjectId, bool>,
    pub(super) closings: Closings,
    pub(super) requests: BTreeMap<Position, Request>,
    pub(super) erased: Erased,
    pub(super) bases: Bases,
    /// Content keys before this one are dead.
    pub(super) since: SlotGeneration,
}

/// Everything that the server remembers of one practice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Record {
    pub(super) practice: PracticeId,
    pub(super) server_epoch: ServerEpoch,
    pub(super) g: Global,
    /// `None` only until genesis.
    pub(super) state: Option<State>,
    /// When this life of the files began.
    pub(super) began: Timestamp,
    /// The count at each entry of the practice log.
    pub(super) entry_g: Vec<Global>,
    pub(super) logs: BTreeMap<CompartmentId, Log>,
    pub(super) chains: BTreeMap<(DeviceId, DevInc), OwnChain>,
    pub(super) rows: BTreeMap<RowKey, Hash>,
    /// The rows of safes themselves, to check a whole safe against its hash.
    pub(super) safes: BTreeMap<RowKey, Vec<u8>>,
    pub(super) gone: BTreeSet<RowKey>,
    /// Objects beside logs and, of a pack, where it ends.
    pub(super) objects: BTreeMap<ObjectKey, Position>,
    /// How many second envelopes are kept as evidence, by device.
    pub(super) evidence: BTreeMap<DeviceId, usize>,
    /// Who has given what it holds since these files were lost, and what it knows of beyond.
    pub(super) given: BTreeMap<DeviceId, Vec<(CompartmentId, Position)>>,
}

/// Why frames do not make a practice: the journal is damaged, or was written by a newer version.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum RebuildError {
    /// The first frame of a practice is missing.
    #[error("the journal of a practice has no beginning")]
    NoBeginning,
    /// A frame does not follow from those before it.
    #[error("a journal frame does not follow from those before it")]
    Inconsistent,
    /// The practice log was written by a newer version.
    #[error("the journal needs a newer version of the program")]
    UpdateNeeded,
}

impl Record {
    pub(super) fn new(practice: PracticeId, server_epoch: ServerEpoch, began: Timestamp) -> Self {
        Self {
            practice,
            server_epoch,
            g: Global::ZERO,
            state: None,
            began,
            entry_g: Vec::new(),
            logs: BTreeMap::new(),
            chains: BTreeMap::new(),
            rows: BTreeMap::new(),
            safes: BTreeMap::new(),
            gone: BTreeSet::new(),
            objects: BTreeMap::new(),
            evidence: BTreeMap::new(),
            given: BTreeMap::new(),
        }
    }

    /// Takes one frame.
    pub(super) fn take(&mut self, frame: &ServerFrame) -> Result<(), RebuildError> {
        match frame {
            ServerFrame::Life { practice, server_epoch, time } => {
                if *practice != self.practice {
                    return Err(RebuildError::Inconsistent);
                }
                (self.server_epoch, self.began) = (*server_epoch, *time);
                self.given.clear();
            }
            ServerFrame::Practice { g, delivered } => {
                self.count(*g)?;
                self.take_entry(&delivered.entry, delivered.receipt.received)?;
                self.entry_g.push(*g);
            }
            ServerFrame::Envelope(stored) => self.take_envelope(stored)?,
            ServerFrame::Refused { code, receipt: _, envelope } => {
                self.take_number(envelope.to_stub(), Fate::Refused(*code))?;
            }
            ServerFrame::Row(Row { key, bytes }) => {
                self.rows.insert(*key, row_hash(bytes));
                if matches!(key.0.first(), Some(1 | 2)) {
                    self.safes.insert(*key, bytes.clone());
                }
            }
            ServerFrame::RowGone(key) => {
                self.rows.remove(key);
                self.safes.remove(key);
                self.gone.insert(*key);
            }
            // Objects are replaced and their old frames collected, so that they do not count.
            ServerFrame::Object { key, envelope, .. } => {
                self.objects.insert(*key, envelope.header.seen_pos);
            }
            ServerFrame::Evidence(envelope) => {
                *self.evidence.entry(envelope.header.author).or_default() += 1;
            }
            ServerFrame::Given { device, places } => {
                self.given.insert(*device, places.clone());
            }
        }
        Ok(())
    }

    /// Entries and envelopes count without a gap: a frame that is missing shows.
    fn count(&mut self, g: Global) -> Result<(), RebuildError> {
        if g != self.g.next() {
            return Err(RebuildError::Inconsistent);
        }
        self.g = g;
        Ok(())
    }

    fn take_entry(&mut self, bytes: &[u8], received: Timestamp) -> Result<(), RebuildError> {
        let entry = Entry::decode(bytes).map_err(|_| RebuildError::Inconsistent)?;
        let next = match &self.state {
            None => State::begin(&entry, received),
            Some(state) => state.apply(&entry, received),
        };
        let next = next.map_err(|why| match why {
            crate::membership::Invalid::UpdateNeeded => RebuildError::UpdateNeeded,
            _ => RebuildError::Inconsistent,
        })?;
        if next.practice() != self.practice {
            return Err(RebuildError::Inconsistent);
        }
        self.state = Some(next);
        if matches!(entry.action, Action::Reseed { .. }) {
            self.given.clear();
        }
        Ok(())
    }

    /// Whether these files were lost or restored and are being filled again: their life is newer
    /// than the one that the practice log names.
    pub(super) fn is_refilling(&self, key: &VerifyingKey) -> bool {
        let server = self.state.as_ref().and_then(State::server);
        server.is_some_and(|named| named.key == *key && self.server_epoch > named.server_epoch)
    }

    fn take_number(&mut self, stub: Stub, fate: Fate) -> Result<(), RebuildError> {
        let (header, hash) = (&stub.header, stub.hash());
        let chain = self.chains.entry((header.author, header.dev_inc)).or_default();
        let own = OwnHead::after(header, hash).own;
        if !chain.fits(header, own) {
            return Err(RebuildError::Inconsistent);
        }
        chain.numbers.insert(header.dev_seq, Numbered { hash, prev: header.prev_own, own, fate });
        while chain.numbers.contains_key(&chain.whole.next()) {
            chain.whole = chain.whole.next();
        }
        if chain.last.as_ref().is_none_or(|last| last.header.dev_seq < header.dev_seq) {
            chain.last = Some(stub);
        }
        Ok(())
    }

    /// The packs of a log: the position before the first entry of each, and its last.
    pub(super) fn packs(&self, log: CompartmentId) -> BTreeMap<Position, Position> {
        let key = |object, device| ObjectKey {
            compartment: log,
            kind: Kind::Pack,
            object: ObjectId::from_bytes(object),
            device: DeviceId::from_bytes(device),
        };
        let range = key([0; 16], [0; 16])..=key([u8::MAX; 16], [u8::MAX; 16]);
        let packs = self.objects.range(range);
        let ends = packs.filter_map(|(key, to)| {
            let after = ObjectKey::after_of_pack(key.object)?;
            Some((after, *to))
        });
        ends.collect()
    }

    /// Whether an envelope's number is free and its own chain fits what is known around it.
    pub(super) fn fits(&self, header: &Header, hash: Hash) -> bool {
        let own = OwnHead::after(header, hash).own;
        let chain = self.chains.get(&(header.author, header.dev_inc));
        chain.map_or_else(|| OwnChain::default().fits(header, own), |chain| chain.fits(header, own))
    }

    fn take_envelope(&mut self, stored: &StoredEnvelope) -> Result<(), RebuildError> {
        let header = stored.carried.header();
        let hash = stored.carried.hash();
        let log = header.compartment;
        let before = self.logs.get(&log).map_or(LogHead::EMPTY, |known| known.head);
        let head = before.after(log, hash);
        let placement = stored.receipt.body.placement.ok_or(RebuildError::Inconsistent)?;
        if placement.log != log || placement.head != head {
            return Err(RebuildError::Inconsistent);
        }
        self.count(stored.g)?;
        self.take_number(stored.carried.to_stub(), Fate::Placed(log, head.position))?;
        if let Carried::Whole(envelope) = &stored.carried {
            self.take_control(envelope, EntryRef { position: head.position, hash }, stored)?;
        }
        let known = self.logs.get_mut(&log).ok_or(RebuildError::Inconsistent)?;
        let body = match &stored.carried {
            Carried::Whole(envelope) => envelope.control().ok().flatten(),
            Carried::Stub(_) => None,
        };
        let received = Some(stored.receipt.body.time);
        let at = EntryRef { position: head.position, hash };
        known.closings.take(header, at, body.as_ref(), received);
        known.bases.take(header, head.position, body.as_ref());
        known.head = head;
        known.g = stored.g;
        Ok(())
    }

    fn take_control(
        &mut self,
        envelope: &Envelope,
        at: EntryRef,
        stored: &StoredEnvelope,
    ) -> Result<(), RebuildError> {
        let header = &envelope.header;
        if header.kind.is_sealed() {
            return Ok(());
        }
        let body = envelope.control().map_err(|_| RebuildError::Inconsistent)?;
        let Some(body) = body else { return Ok(()) };
        if let ControlBody::Genesis { rules, slot, .. } = body {
            let log = Log {
                head: LogHead::EMPTY,
                g: Global::ZERO,
                rules,
                slot,
                slot_from: (at.position, header.author),
                drafts: BTreeMap::new(),
                closings: Closings::default(),
                requests: BTreeMap::new(),
                erased: Erased::default(),
                bases: Bases::default(),
                since: SlotGeneration::ZERO,
            };
            self.logs.insert(header.compartment, log);
            return Ok(());
        }
        let member = self.member_of(header.author).ok_or(RebuildError::Inconsistent)?;
        let records = match &body {
            ControlBody::EraseRequest(target) => {
                target.numbers().filter_map(|one| self.place_of(header.compartment, one)).collect()
            }
            _ => Vec::new(),
        };
        let log = self.logs.get_mut(&header.compartment).ok_or(RebuildError::Inconsistent)?;
        if matches!(body, ControlBody::Slot(_) | ControlBody::Access { slot: Some(_), .. }) {
            log.slot_from = (at.position, header.author);
        }
        log.take_body(body, member, at, stored.receipt.body.time, records);
        if header.kind == Kind::Erase {
            // Whatever was packed may hold what is erased.
            self.objects.retain(|key, _| key.compartment != header.compartment);
        }
        Ok(())
    }

    pub(super) fn member_of(&self, device: DeviceId) -> Option<MemberId> {
        Some(self.state.as_ref()?.devices().get(&device)?.member)
    }

    /// How far one incarnation of a device has come, without a hole.
    pub(super) fn own_head(&self, device: DeviceId, dev_inc: DevInc) -> OwnHead {
        let Some(chain) = self.chains.get(&(device, dev_inc)) else {
            return OwnHead::start(dev_inc);
        };
        OwnHead { dev_inc, dev_seq: chain.whole, own: chain.own_at(chain.whole) }
    }

    /// The last envelope of a device that is here, whatever is missing before it, and what the
    /// device signed for it.
    pub(super) fn last_own_head(&self, device: DeviceId) -> (OwnHead, Option<Vec<u8>>) {
        let newest = self.newest_own_head(device);
        let chain = self.chains.get(&(device, newest.dev_inc));
        match chain.and_then(|chain| chain.last.clone()) {
            Some(last) => {
                let own = OwnHead::after(&last.header, last.hash());
                (own, Some(Carried::Stub(last).encode()))
            }
            None => (newest, None),
        }
    }

    /// How far the newest incarnation that the server has seen of a device has come, without a
    /// hole.
    pub(super) fn newest_own_head(&self, device: DeviceId) -> OwnHead {
        let range = (device, DevInc::ZERO)..=(device, DevInc::new(u32::MAX));
        let newest = self.chains.range(range).next_back().map(|((_, dev_inc), _)| *dev_inc);
        let known = self.state.as_ref().and_then(|state| state.devices().get(&device));
        let current = known.map_or(DevInc::new(1), crate::membership::Device::dev_inc);
        self.own_head(device, newest.map_or(current, |newest| newest.max(current)))
    }

    /// Where in a log the envelope with this number stands.
    pub(super) fn place_of(
        &self,
        log: CompartmentId,
        (device, dev_inc, dev_seq): Number,
    ) -> Option<Position> {
        match self.chains.get(&(device, dev_inc))?.numbers.get(&dev_seq)?.fate {
            Fate::Placed(of, position) if of == log => Some(position),
            _ => None,
        }
    }

    /// What stands at a number of a device, if anything.
    pub(super) fn numbered(&self, header: &Header) -> Option<&Numbered> {
        let chain = self.chains.get(&(header.author, header.dev_inc))?;
        chain.numbers.get(&header.dev_seq)
    }
}

impl Log {
    /// Whether all of it was erased: from then on it takes acknowledgements only.
    pub(super) fn is_erased(&self) -> bool {
        self.erased.below > Position::ZERO
    }

    fn take_body(
        &mut self,
        body: ControlBody,
        member: MemberId,
        at: EntryRef,
        received: Timestamp,
        records: Vec<Position>,
    ) {
        match body {
            ControlBody::Acknowledge(_) | ControlBody::Genesis { .. } => {}
            ControlBody::Access { rules, slot } => {
                self.rules = rules;
                if let Some(slot) = slot {
                    self.slot = slot;
                }
            }
            ControlBody::Slot(slot) => self.slot = slot,
            ControlBody::Draft { object, .. } => {
                self.drafts.insert(object, false);
            }
            ControlBody::Close { object, .. } => {
                self.drafts.insert(object, true);
            }
            ControlBody::EraseRequest(target) => {
                let request = Request { hash: at.hash, by: member, received, target, records };
                self.requests.insert(at.position, request);
            }
            ControlBody::Erase { request, since } => {
                let asked = self.requests.get(&request.position);
                match since {
                    Some(since) => {
                        self.since = self.since.max(since);
                        self.erased.single.extend(asked.into_iter().flat_map(|one| &one.records));
                    }
                    None => self.erased.below = at.position,
                }
            }
        }
    }
}

/// The hash by which a row is recognised when it comes again.
pub(super) fn row_hash(bytes: &[u8]) -> Hash {
    crate::suite::hash("tac/server/row/v1", &[bytes])
}
