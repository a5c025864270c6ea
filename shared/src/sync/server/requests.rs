//! What the server does about each request of a device.

use super::judge::Verdict;
use super::record::Fate;
use super::reply::Stretch;
use super::{Decision, HOLD_MILLIS, Live, Planned, ROW_LENGTH, Reply, ServerFrame, ServerPractice};
use crate::envelope::{Carried, ControlBody, Envelope, EnvelopeError, Header, Kind};
use crate::id::{
    CompartmentId, DevSeq, DeviceId, Global, MemberId, Position, RingEpoch, RingId, Timestamp,
};
use crate::log::{CHANGED, FULL, OwnHead, Placement, Receipt, ReceiptBody, ShortReceipt};
use crate::membership::{NotPermitted, State};
use crate::sync::head::SignedHead;
use crate::sync::refusal::RefusalCode;
use crate::sync::run::{Run, runs_of};
use crate::sync::server::stored::StoredEnvelope;
use crate::sync::wire::{
    Entries, MAX_ENVELOPES, MAX_ITEMS, Message, ObjectKey, Outcome, Row, RowKey, Seen,
};
use std::collections::{BTreeMap, BTreeSet};

/// Second envelopes kept as evidence for one device; one proves as much as a thousand.
const MAX_EVIDENCE: usize = 16;
/// Entries of a pack at least.
const MIN_PACKED: u64 = 16;
/// Bytes of an envelope with a pack at most: padded, it is a thirtieth longer.
const MAX_PACKED_ENVELOPE: usize = 576 * 1024;
/// Envelope hashes in one answer.
const MAX_HASHES: usize = 16_384;

/// A push while it is judged.
#[derive(Default)]
pub(super) struct Pushing {
    pub(super) frames: Vec<ServerFrame>,
    planned: Vec<Planned>,
    pub(super) placed: Vec<(Carried, Receipt, Global)>,
    /// What the author's envelopes announce that had their place already: another device may have
    /// given them to a refilled server, without the rows.
    known: BTreeSet<Announced>,
}

impl ServerPractice {
    pub(super) fn push(
        &mut self,
        device: DeviceId,
        runs: &[Run],
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Decision {
        self.holds.retain(|_, until| *until > now);
        if let Some(until) = self.holds.get(&device) {
            return Decision { hold_until: Some(*until), ..Decision::reply(Reply::Nothing) };
        }
        let envelopes = runs.iter().flat_map(|run| &run.envelopes);
        let (count, bytes) = envelopes.fold((0_usize, 0), |(n, b), e| (n + 1, b + e.len()));
        if count > MAX_ENVELOPES {
            return Decision::refused(RefusalCode::TooLarge);
        }
        if !self.meter(device, u64::try_from(bytes).unwrap_or(u64::MAX), now) {
            return Decision::refused(RefusalCode::TooOften);
        }
        let new_rows = match self.check_rows(device, runs, rows) {
            Ok(rows) => rows,
            Err(code) => return Decision::refused(code),
        };
        let mut pushing = Pushing::default();
        let practice = self.practice();
        'all: for run in runs {
            for restored in run.restore(practice) {
                if !self.push_one(device, restored, now, &mut pushing) {
                    break 'all;
                }
            }
        }
        // A row comes with the entry that announces it, or not at all.
        let announced: BTreeSet<Announced> =
            pushing.placed.iter().filter_map(|(carried, ..)| announced(carried)).collect();
        let mut late = Vec::new();
        for (row, replaces) in new_rows {
            // Its entry is here already: then it fills a gap, and changes nothing that others have.
            let comes_late = !replaces && is_announced(&row, &pushing.known);
            if comes_late || is_announced(&row, &announced) {
                late.extend(comes_late.then_some(row.key));
                self.journal(&mut pushing.frames, ServerFrame::Row(row));
            }
        }
        for (carried, ..) in &pushing.placed {
            self.delete_rows(carried, &mut pushing.frames);
        }
        let mut live = self.live_entries(Some(device), &pushing.placed);
        live.extend(self.live_rows(device, &late));
        let reply = Reply::Pushed(pushing.planned);
        Decision { frames: pushing.frames, reply, live, hold_until: None }
    }

    fn check_rows(
        &self,
        device: DeviceId,
        runs: &[Run],
        rows: Vec<Row>,
    ) -> Result<Vec<(Row, bool)>, RefusalCode> {
        let member = self.record.member_of(device).ok_or(RefusalCode::NotADevice)?;
        let logs: BTreeSet<CompartmentId> = runs.iter().map(|run| run.log).collect();
        let mut new = Vec::new();
        let mut names = BTreeSet::new();
        for row in rows {
            let (fresh, replaces) = match self.record.check_row(&row, member, &logs) {
                // If its entry is taken, the row is as its author says, whatever lies there.
                Err(RefusalCode::RowExists) if !runs.is_empty() && is_of_log(&row) => (true, true),
                // A key that is destroyed stays so, and keeps back nothing else that its author
                // sends again.
                Err(RefusalCode::RowErased) if !runs.is_empty() => (false, false),
                checked => (checked?, false),
            };
            if fresh {
                if !names.insert(row.key) {
                    return Err(RefusalCode::RowExists);
                }
                new.push((row, replaces));
            }
        }
        Ok(new)
    }

    /// Judges one envelope; false ends the push.
    fn push_one(
        &mut self,
        device: DeviceId,
        restored: Result<Carried, EnvelopeError>,
        now: Timestamp,
        pushing: &mut Pushing,
    ) -> bool {
        let envelope = match restored {
            Ok(Carried::Whole(envelope)) if envelope.header.author == device => envelope,
            Ok(_) => return self.reject(device, None, RefusalCode::NotPermitted, pushing),
            Err(why) => {
                let code = match why {
                    EnvelopeError::TooLarge => RefusalCode::TooLarge,
                    EnvelopeError::UnknownSuite => RefusalCode::Unsupported,
                    EnvelopeError::Malformed(_) => RefusalCode::Malformed,
                };
                return self.reject(device, None, code, pushing);
            }
        };
        let own = OwnHead::after(&envelope.header, envelope.hash());
        match self.record.judge(&envelope, now) {
            Verdict::Known(Fate::Placed(log, position)) => {
                pushing.known.extend(announced(&Carried::Whole(envelope)));
                pushing.planned.push(Planned::Original(log, position));
            }
            Verdict::Known(Fate::Refused(code)) => {
                let receipt = self.receipt(device, own, None, now);
                let receipt = ShortReceipt::of(&receipt, &envelope.header, envelope.hash());
                pushing.planned.push(Planned::known(Outcome::Refused { code, receipt }));
            }
            Verdict::Equivocation => {
                let kept = self.record.evidence.get(&device).copied().unwrap_or_default();
                let header = envelope.header.clone();
                if kept < MAX_EVIDENCE {
                    let frame = ServerFrame::Evidence(Box::new(envelope));
                    self.journal(&mut pushing.frames, frame);
                }
                let code = RefusalCode::Equivocation;
                return self.reject(device, Some(header.dev_inc), code, pushing);
            }
            Verdict::Place => self.place(Carried::Whole(envelope), own, now, pushing),
            Verdict::Refuse(code) => {
                let receipt = self.receipt(device, own, None, now);
                let short = ShortReceipt::of(&receipt, &envelope.header, envelope.hash());
                let frame = ServerFrame::Refused { code, receipt, envelope: Box::new(envelope) };
                self.journal(&mut pushing.frames, frame);
                let receipt = short;
                pushing.planned.push(Planned::known(Outcome::Refused { code, receipt }));
            }
            Verdict::Reject(code) => {
                return self.reject(device, Some(envelope.header.dev_inc), code, pushing);
            }
        }
        true
    }

    fn reject(
        &self,
        device: DeviceId,
        dev_inc: Option<crate::id::DevInc>,
        code: RefusalCode,
        pushing: &mut Pushing,
    ) -> bool {
        let have = match dev_inc {
            Some(dev_inc) => self.record.own_head(device, dev_inc),
            None => self.record.newest_own_head(device),
        };
        pushing.planned.push(Planned::known(Outcome::Rejected { code, have }));
        false
    }

    pub(super) fn place(
        &mut self,
        carried: Carried,
        own: OwnHead,
        now: Timestamp,
        pushing: &mut Pushing,
    ) {
        let log = carried.header().compartment;
        let before = self.log_head(log).unwrap_or(crate::log::LogHead::EMPTY);
        let head = before.after(log, carried.hash());
        let author = carried.header().author;
        let receipt = self.receipt(author, own, Some(Placement { log, head }), now);
        let g = self.record.g.next();
        let stored = StoredEnvelope { g, receipt, carried: carried.clone() };
        pushing.planned.push(Planned::known(stored.outcome()));
        self.journal(&mut pushing.frames, ServerFrame::Envelope(Box::new(stored)));
        pushing.placed.push((carried, receipt, g));
    }

    pub(super) fn receipt(
        &self,
        device: DeviceId,
        own: OwnHead,
        placement: Option<Placement>,
        time: Timestamp,
    ) -> Receipt {
        let practice_head = self.state().map_or_else(
            || crate::envelope::PracticeHead {
                seq: crate::id::PracticeSeq::ZERO,
                hash: crate::suite::Hash::ZERO,
            },
            State::head,
        );
        ReceiptBody {
            practice: self.practice(),
            server_epoch: self.server_epoch(),
            practice_head,
            placement,
            device,
            own,
            time,
        }
        .sign(&self.key)
    }

    /// One message for each stretch of one log. The author needs none: its receipts say as much.
    pub(super) fn live_entries(
        &self,
        author: Option<DeviceId>,
        placed: &[(Carried, Receipt, Global)],
    ) -> Vec<Live> {
        let mut live = Vec::new();
        for stretch in
            placed.chunk_by(|(a, _, _), (b, _, _)| a.header().compartment == b.header().compartment)
        {
            let Some((_, last, g)) = stretch.last() else { continue };
            let Some(place) = last.body.placement else { continue };
            let (Some(state), Some(log)) = (self.state(), self.record.logs.get(&place.log)) else {
                continue;
            };
            let mut to = self.record.readers(state, log);
            author.map(|author| to.remove(&author));
            if to.is_empty() {
                continue;
            }
            let count = u64::try_from(stretch.len()).unwrap_or(u64::MAX);
            let after = Position::new(place.head.position.get().saturating_sub(count));
            let runs = runs_of(self.practice(), stretch.iter().map(|(carried, _, _)| carried));
            let entries = Entries { log: place.log, after, runs, head: place.head, g: *g };
            live.push(Live { to, message: Message::Entries(entries) });
        }
        live
    }

    pub(super) fn device_heads(&mut self, devices: &[DeviceId], now: Timestamp) -> Decision {
        let mut heads = Vec::new();
        for device in devices {
            let known = self.state().is_some_and(|state| state.devices().contains_key(device));
            if !known {
                return Decision::refused(RefusalCode::NotADevice);
            }
            self.holds.insert(*device, now.plus_millis(HOLD_MILLIS));
            let (own, last) = self.record.last_own_head(*device);
            heads.push(SignedHead { receipt: self.receipt(*device, own, None, now), last });
        }
        Decision::reply(Reply::message(Message::DeviceHeads(heads)))
    }

    pub(super) fn changes(&self, device: DeviceId, since: Global) -> Decision {
        let Some(state) = self.state() else {
            return Decision::refused(RefusalCode::UnknownPractice);
        };
        let member = self.record.member_of(device);
        // A log is news too if what let the member in is.
        let let_in = |rule: &crate::envelope::AccessRule| {
            let ring = state.rings().get(&rule.ring)?;
            let stay = ring.stay(member?)?;
            let index = usize::try_from(stay.since.get()).ok()?;
            self.record.entry_g.get(index).copied()
        };
        let mut logs = Vec::new();
        for (id, log) in &self.record.logs {
            let newest = log.rules.iter().filter_map(let_in).chain([log.g]).max();
            let news = newest.is_some_and(|g| g > since);
            if news && self.record.may_read(device, log) {
                logs.push((*id, log.head));
            }
        }
        let g = self.g();
        let parts = logs.chunks(MAX_ITEMS).map(<[_]>::to_vec);
        let parts = if logs.is_empty() { vec![Vec::new()] } else { parts.collect() };
        let last = parts.len().saturating_sub(1);
        let messages = parts.into_iter().enumerate();
        let messages =
            messages.map(|(index, logs)| Message::Changed { g, logs, more: index < last });
        Decision::reply(Reply::Messages(messages.collect()))
    }

    pub(super) fn pull(
        &self,
        device: DeviceId,
        wanted: Vec<(CompartmentId, Position)>,
        packed: bool,
    ) -> Decision {
        let mut stretches = std::collections::VecDeque::new();
        for (log, after) in wanted {
            let Some(known) = self.record.logs.get(&log) else {
                return Decision::refused(RefusalCode::UnknownLog);
            };
            if !self.record.may_read(device, known) {
                return Decision::refused(RefusalCode::UnknownLog);
            }
            let (to, erased) = (known.head.position, known.erased.clone());
            let packs = if packed { self.record.packs(log) } else { BTreeMap::new() };
            stretches.push_back(Stretch { log, after, to, packs, erased });
        }
        Decision::reply(Reply::Pull(stretches))
    }

    pub(super) fn full(
        &self,
        device: DeviceId,
        log: CompartmentId,
        positions: Vec<Position>,
    ) -> Decision {
        match self.record.logs.get(&log) {
            Some(known) if self.record.may_read(device, known) => {
                Decision::reply(Reply::Full(log, positions, known.erased.clone()))
            }
            _ => Decision::refused(RefusalCode::UnknownLog),
        }
    }

    pub(super) fn own_chain(&self, of: DeviceId, after: OwnHead, to: DevSeq) -> Decision {
        let Some(chain) = self.record.chains.get(&(of, after.dev_inc)) else {
            return Decision::refused(RefusalCode::Gap);
        };
        let count = to.get().saturating_sub(after.dev_seq.get());
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(MAX_HASHES);
        let hashes = chain.hashes_after(after.dev_seq).take(count);
        Decision::reply(Reply::message(Message::OwnHashes(hashes.collect())))
    }

    /// Whether this is the name of a ring's key in a safe that no entry has announced yet: such a
    /// row comes with its entry.
    fn is_ahead(&self, key: &RowKey) -> bool {
        let Some((state, parts)) = self.state().zip(key.parts().ok()) else { return false };
        if !matches!(parts.table, 1 | 2) {
            return false;
        }
        let member = state.members().get(&MemberId::from_bytes(parts.holder));
        let newest = member.map_or(0, |member| member.key.generation.get());
        let epoch = state.current_epoch(RingId::from_bytes(parts.id)).map_or(0, RingEpoch::get);
        parts.holder_version > newest || parts.version > epoch
    }

    pub(super) fn put_rows(&mut self, device: DeviceId, rows: Vec<Row>) -> Decision {
        let rows = if self.is_refilling() { self.fitting(device, rows) } else { rows };
        if rows.iter().any(|row| self.is_ahead(&row.key)) {
            return Decision::refused(RefusalCode::NotPermitted);
        }
        let new = match self.check_rows(device, &[], rows) {
            Ok(new) => new,
            Err(code) => return Decision::refused(code),
        };
        let mut frames = Vec::new();
        for (row, _) in new {
            self.journal(&mut frames, ServerFrame::Row(row));
        }
        Decision { frames, ..Decision::reply(Reply::message(Message::Taken)) }
    }

    /// Why a pack is not kept: as many entries as make it worth its place, of this very log, and
    /// not more packs than these could fill.
    fn refuse_pack(
        &mut self,
        device: DeviceId,
        header: &Header,
        length: usize,
        now: Timestamp,
    ) -> Option<RefusalCode> {
        let Some(log) = self.record.logs.get(&header.compartment) else {
            return Some(RefusalCode::UnknownLog);
        };
        let Some(after) = ObjectKey::after_of_pack(header.object) else {
            return Some(RefusalCode::Malformed);
        };
        let (to, head) = (header.seen_pos, log.head);
        let worth = to.get().saturating_sub(after.get()) >= MIN_PACKED;
        let of_head = to < head.position || header.seen_chain == head.chain;
        if log.is_erased() || !worth || to > head.position || !of_head {
            return Some(RefusalCode::Malformed);
        }
        if header.slot_generation != log.slot.generation {
            return Some(RefusalCode::Stale);
        }
        let packs = self.record.packs(header.compartment);
        let most = head.position.get() / MIN_PACKED;
        let one_more = !packs.contains_key(&after) && packs.len() as u64 >= most;
        if length > MAX_PACKED_ENVELOPE || one_more {
            return Some(RefusalCode::TooLarge);
        }
        let bytes = u64::try_from(length).unwrap_or(u64::MAX);
        (!self.meter(device, bytes, now)).then_some(RefusalCode::TooOften)
    }

    pub(super) fn put_object(
        &mut self,
        device: DeviceId,
        bytes: &[u8],
        now: Timestamp,
    ) -> Decision {
        let envelope = match self.check_beside(device, bytes) {
            Ok(envelope) if envelope.header.kind != Kind::Ephemeral => envelope,
            Ok(_) => return Decision::refused(RefusalCode::Malformed),
            Err(code) => return Decision::refused(code),
        };
        let header = &envelope.header;
        let checkpoint = header.kind == Kind::Checkpoint;
        let refusal = match header.kind {
            // Two of each device and ring are kept, not as many as it likes.
            Kind::Checkpoint => {
                let known = [CHANGED, FULL].contains(&header.object);
                (!known).then_some(RefusalCode::Malformed)
            }
            Kind::Pack => self.refuse_pack(device, header, bytes.len(), now),
            _ => Some(RefusalCode::Unsupported),
        };
        if let Some(code) = refusal {
            return Decision::refused(code);
        }
        let key = ObjectKey {
            compartment: header.compartment,
            kind: header.kind,
            object: header.object,
            device: if checkpoint { device } else { DeviceId::from_bytes([0; 16]) },
        };
        let mut to = self.readers_beside(&envelope);
        to.remove(&device);
        let message = Message::Objects(vec![bytes.to_vec()]);
        // Peers compare checkpoints at once; other objects are fetched when they are needed.
        let live = if checkpoint { vec![Live { to, message }] } else { Vec::new() };
        let mut frames = Vec::new();
        let g = self.record.g;
        let frame = ServerFrame::Object { g, key, envelope: Box::new(envelope) };
        self.journal(&mut frames, frame);
        let reply = Reply::message(Message::Taken);
        Decision { frames, reply, live, hold_until: None }
    }

    pub(super) fn objects(&self, device: DeviceId, compartments: &[CompartmentId]) -> Decision {
        let wanted: BTreeSet<_> = compartments.iter().copied().collect();
        let keys =
            self.record.objects.keys().filter(|key| {
                wanted.contains(&key.compartment) && self.may_read_beside(device, key)
            });
        Decision::reply(Reply::Objects(keys.copied().collect()))
    }

    fn may_read_beside(&self, device: DeviceId, key: &ObjectKey) -> bool {
        match self.record.logs.get(&key.compartment) {
            Some(log) => self.record.may_read(device, log),
            None => self.ring_devices(key.compartment).contains(&device),
        }
    }

    fn readers_beside(&self, envelope: &Envelope) -> BTreeSet<DeviceId> {
        let compartment = envelope.header.compartment;
        match (self.state(), self.record.logs.get(&compartment)) {
            (Some(state), Some(log)) => self.record.readers(state, log),
            _ => self.ring_devices(compartment),
        }
    }

    /// The active devices of a ring's members; a checkpoint names its ring as compartment.
    fn ring_devices(&self, ring: CompartmentId) -> BTreeSet<DeviceId> {
        let Some(state) = self.state() else { return BTreeSet::new() };
        let ring = state.rings().get(&RingId::from_bytes(*ring.as_bytes()));
        let members = ring.into_iter().flat_map(crate::membership::Ring::members);
        members.flat_map(|member| state.devices_of(member).collect::<Vec<_>>()).collect()
    }

    /// Checks an object beside the log: caps, signature, author, right.
    fn check_beside(&self, device: DeviceId, bytes: &[u8]) -> Result<Envelope, RefusalCode> {
        let state = self.state().ok_or(RefusalCode::UnknownPractice)?;
        let envelope = Envelope::decode(bytes).map_err(|why| match why {
            EnvelopeError::TooLarge => RefusalCode::TooLarge,
            _ => RefusalCode::Malformed,
        })?;
        let header = &envelope.header;
        if header.kind.is_entry() || header.author != device {
            return Err(RefusalCode::Malformed);
        }
        let known = state.active_device(device).ok_or(RefusalCode::NotADevice)?;
        if !envelope.is_signed_by(&known.sig) {
            return Err(RefusalCode::BadSignature);
        }
        let standing = match self.record.logs.get(&header.compartment) {
            Some(log) => state.standing(header, &log.rules),
            None => {
                let ring = RingId::from_bytes(*header.compartment.as_bytes());
                state.standing_in_ring(header, ring)
            }
        };
        match standing {
            Ok(_) => Ok(envelope),
            Err(NotPermitted::UnknownHead | NotPermitted::WrongHead) => {
                Err(RefusalCode::UnknownHead)
            }
            Err(_) => Err(RefusalCode::NotPermitted),
        }
    }

    pub(super) fn relay_ephemeral(&self, device: DeviceId, bytes: Vec<u8>) -> Decision {
        let envelope = match self.check_beside(device, &bytes) {
            Ok(envelope) if envelope.header.kind == Kind::Ephemeral => envelope,
            Ok(_) => return Decision::refused(RefusalCode::Malformed),
            Err(code) => return Decision::refused(code),
        };
        let mut to = self.readers_beside(&envelope);
        to.remove(&device);
        let live = vec![Live { to, message: Message::Ephemeral(bytes) }];
        Decision { live, ..Decision::reply(Reply::message(Message::Taken)) }
    }

    pub(super) fn relay_seen(&self, device: DeviceId, seen: Seen) -> Decision {
        let (Some(state), Some(log)) = (self.state(), self.record.logs.get(&seen.log)) else {
            return Decision::refused(RefusalCode::UnknownLog);
        };
        let mut to = self.record.readers(state, log);
        if seen.device != device || !to.remove(&device) {
            return Decision::refused(RefusalCode::NotPermitted);
        }
        let live = vec![Live { to, message: Message::Seen(seen) }];
        Decision { live, ..Decision::reply(Reply::message(Message::Taken)) }
    }
}

/// What rows an entry announces: those of a slot, or that of a draft.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Announced {
    Draft([u8; 16], [u8; 16]),
    /// That of a draft under one content key.
    Kept([u8; 16], [u8; 16], u32),
    Slot([u8; 16], u32),
}

fn announced(carried: &Carried) -> Option<Announced> {
    let Carried::Whole(envelope) = carried else { return None };
    let log = *envelope.header.compartment.as_bytes();
    if envelope.header.kind == Kind::Kept {
        // What is kept of a draft goes with the draft's key under the new content key.
        let generation = envelope.header.slot_generation.get();
        return Some(Announced::Kept(log, *envelope.header.object.as_bytes(), generation));
    }
    match envelope.control().ok()?? {
        ControlBody::Genesis { slot, .. }
        | ControlBody::Slot(slot)
        | ControlBody::Access { slot: Some(slot), .. } => {
            Some(Announced::Slot(log, slot.generation.get()))
        }
        ControlBody::Draft { object, .. } => Some(Announced::Draft(log, *object.as_bytes())),
        _ => None,
    }
}

fn is_announced(row: &Row, announced: &BTreeSet<Announced>) -> bool {
    let Ok(parts) = row.key.parts() else { return false };
    match parts.table {
        3 => announced.contains(&Announced::Slot(parts.id, parts.version)),
        4 => {
            let kept = Announced::Kept(parts.holder, parts.id, parts.holder_version);
            announced.contains(&Announced::Draft(parts.holder, parts.id))
                || announced.contains(&kept)
        }
        _ => true,
    }
}

/// Whether a row is the key of a log or of a draft, which an entry announces.
fn is_of_log(row: &Row) -> bool {
    let known = row.key.parts().is_ok_and(|parts| matches!(parts.table, 3 | 4));
    known && row.bytes.len() == ROW_LENGTH
}
