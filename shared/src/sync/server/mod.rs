//! The server's half of sync for one practice: requests in, decisions out.
//!
//! It orders, keeps and relays, and refuses what the practice log forbids. It holds no key that
//! opens anything, does no IO and reads no clock: [`ServerPractice::handle`] says which frames to
//! journal as one group; *after* their sync the caller draws the reply and sends the live
//! messages. If the group cannot be journalled the practice must be rebuilt from the journal.

mod dead;
mod entries;
mod judge;
mod mailbox;
mod record;
mod refill;
mod reply;
mod requests;
mod stored;

pub use mailbox::{MAILBOX_MILLIS, MAX_MAILS, Mailboxes};
pub use record::RebuildError;
pub use reply::{Planned, Reply, Stretch};
pub use stored::{FrameError, ServerFrame, Shelf, StoredEnvelope};

use super::refusal::{Refusal, RefusalCode};
use super::wire::{
    DeliveredEntry, Limits, MAX_GROUP, Message, PracticeReceipt, Recover, Row, RowKey, VERSIONS,
};
use crate::id::{
    CompartmentId, DeviceId, Global, MemberId, ObjectId, Position, PracticeId, PracticeSeq,
    ServerEpoch, Timestamp,
};
use crate::membership::{Entry, Signer, State, Wrap};
use crate::suite::{SigningKey, VerifyingKey};
use record::{Log, Record, row_hash};
use std::collections::{BTreeMap, BTreeSet};

/// How long `DeviceHead` holds the appends of the devices that it names.
pub const HOLD_MILLIS: i64 = 2000;
/// Bytes that a device may push in one minute, without the bulk mode.
pub const BYTES_PER_MINUTE: u64 = 20 << 20;
/// So long after a practice has come to a server, or its files were lost, it is being filled: bulk
/// mode.
const BULK_MILLIS: i64 = 24 * 60 * 60_000;

/// A message for the live streams of these devices, after the sync.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Live {
    /// Who gets it, if connected.
    pub to: BTreeSet<DeviceId>,
    /// What.
    pub message: Message,
}

/// What to do about one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// To journal as one group, before anything else.
    pub frames: Vec<ServerFrame>,
    /// To send on the request's stream after the sync.
    pub reply: Reply,
    /// To send on live streams after the sync.
    pub live: Vec<Live>,
    /// If set, nothing was done: hand in the request again at this moment, or as soon as an
    /// entry of the practice log was taken.
    pub hold_until: Option<Timestamp>,
}

impl Decision {
    fn reply(reply: Reply) -> Self {
        Self { frames: Vec::new(), reply, live: Vec::new(), hold_until: None }
    }

    fn refused(code: RefusalCode) -> Self {
        Self::reply(Reply::refused(code))
    }
}

/// One practice, as the server knows it.
#[derive(Debug)]
pub struct ServerPractice {
    record: Record,
    key: SigningKey,
    /// Devices whose appends wait, and until when.
    holds: BTreeMap<DeviceId, Timestamp>,
    /// Bytes pushed since the minute began.
    meters: BTreeMap<DeviceId, (Timestamp, u64)>,
}

impl ServerPractice {
    /// Takes a new practice: its log so far, genesis first, which must name this server. The
    /// frames are its first group.
    pub fn found(
        entries: &[Vec<u8>],
        key: SigningKey,
        now: Timestamp,
    ) -> Result<(Self, Vec<ServerFrame>), Refusal> {
        let refuse = |code| Refusal::new(code);
        let genesis = entries.first().ok_or(refuse(RefusalCode::Malformed))?;
        let genesis = Entry::decode(genesis).map_err(|_| refuse(RefusalCode::Malformed))?;
        let practice = genesis.founded_practice();
        let mut state: Option<State> = None;
        let mut frames = Vec::new();
        let mut g = Global::ZERO;
        for bytes in entries {
            let entry = Entry::decode(bytes).map_err(|_| refuse(RefusalCode::Malformed))?;
            // The clock of this server says nothing about entries that another one took.
            let received = entry.time.min(now);
            let next = match &state {
                None => State::begin(&entry, received),
                Some(state) => state.apply(&entry, received),
            };
            state = Some(next.map_err(|_| refuse(RefusalCode::Invalid))?);
            g = g.next();
            let receipt = PracticeReceipt::sign(practice, entry.head(), received, &key);
            let delivered = DeliveredEntry { entry: bytes.clone(), receipt };
            frames.push(ServerFrame::Practice { g, delivered });
        }
        let server = state.as_ref().and_then(State::server);
        let server = server.filter(|server| server.key == key.verifying());
        let named = server.ok_or(refuse(RefusalCode::NotPermitted))?.server_epoch;
        // A practice that had another server has been written to: its devices fill this one first.
        let was_elsewhere = state.is_some_and(|state| !state.former_servers().is_empty());
        let server_epoch = if was_elsewhere { named.next() } else { named };
        frames.insert(0, ServerFrame::Life { practice, server_epoch, time: now });
        let practice = Self::rebuild(&frames, key).map_err(|_| refuse(RefusalCode::Invalid))?;
        Ok((practice, frames))
    }

    /// Rebuilds a practice from its journal, oldest frame first.
    pub fn rebuild<'a>(
        frames: impl IntoIterator<Item = &'a ServerFrame>,
        key: SigningKey,
    ) -> Result<Self, RebuildError> {
        let mut frames = frames.into_iter();
        let mut practice = match frames.next() {
            Some(first) => Self::begin(first, key)?,
            None => return Err(RebuildError::NoBeginning),
        };
        frames.try_for_each(|frame| practice.take_frame(frame))?;
        Ok(practice)
    }

    /// Begins to rebuild with the first frame; [`ServerPractice::take_frame`] takes the rest, so
    /// that a journal need not lie in memory.
    pub fn begin(first: &ServerFrame, key: SigningKey) -> Result<Self, RebuildError> {
        let ServerFrame::Life { practice, server_epoch, time } = first else {
            return Err(RebuildError::NoBeginning);
        };
        let record = Record::new(*practice, *server_epoch, *time);
        Ok(Self { record, key, holds: BTreeMap::new(), meters: BTreeMap::new() })
    }

    /// Takes the next frame of the journal.
    pub fn take_frame(&mut self, frame: &ServerFrame) -> Result<(), RebuildError> {
        self.record.take(frame)
    }

    /// Returns the practice's id.
    pub fn practice(&self) -> PracticeId {
        self.record.practice
    }

    /// Returns the practice log's state.
    pub fn state(&self) -> Option<&State> {
        self.record.state.as_ref()
    }

    /// Returns the count of everything taken.
    pub fn g(&self) -> Global {
        self.record.g
    }

    /// Returns the life of the files.
    pub fn server_epoch(&self) -> ServerEpoch {
        self.record.server_epoch
    }

    /// Returns the head of a log.
    pub fn log_head(&self, log: CompartmentId) -> Option<crate::log::LogHead> {
        self.record.logs.get(&log).map(|known| known.head)
    }

    /// Returns the packs of a log: the position before the first entry of each, and its last.
    pub fn packs(&self, log: CompartmentId) -> BTreeMap<Position, Position> {
        self.record.packs(log)
    }

    /// Returns the active device that authenticates its link with this key.
    pub fn device_with(&self, tls: &VerifyingKey) -> Option<DeviceId> {
        let state = self.state()?;
        let mut devices = state.devices().iter();
        let found = devices.find(|(_, known)| known.revoked.is_none() && known.tls == *tls);
        found.map(|(device, _)| *device)
    }

    /// Answers Hello on a link whose other end has proven `tls`.
    pub fn hello(
        &self,
        practice: PracticeId,
        device: DeviceId,
        versions: (u8, u8),
        tls: &VerifyingKey,
        now: Timestamp,
    ) -> Result<Message, Refusal> {
        let state = self.state().filter(|_| practice == self.practice());
        let state = state.ok_or(Refusal::new(RefusalCode::UnknownPractice))?;
        let version = versions.1.min(VERSIONS.1);
        if version < versions.0.max(VERSIONS.0) {
            return Err(Refusal::new(RefusalCode::Version));
        }
        let known = state.active_device(device).filter(|known| known.tls == *tls);
        known.ok_or(Refusal::new(RefusalCode::NotADevice))?;
        Ok(Message::Welcome {
            version,
            server_epoch: self.server_epoch(),
            g: self.g(),
            practice_head: state.head(),
            own: self.record.newest_own_head(device),
            limits: self.limits(now),
            refilling: self.is_refilling(),
            time: now,
        })
    }

    /// Answers Recover on a link whose other end has proven `tls`: the member whose sheet it is.
    pub fn recover(
        &self,
        word: &Recover,
        tls: &VerifyingKey,
        now: Timestamp,
    ) -> Result<(MemberId, Message), Refusal> {
        let unknown = Refusal::new(RefusalCode::UnknownPractice);
        let state = self.state().ok_or(unknown)?;
        let mut members = state.members().iter();
        let of_sheet =
            members.find(|(_, known)| known.removed.is_none() && known.recovery.sig == word.sheet);
        let (member, _) = of_sheet.ok_or(unknown)?;
        if !word.holds(tls, &self.key.verifying(), now) {
            return Err(Refusal::new(RefusalCode::BadSignature));
        }
        let welcome = Message::Welcome {
            version: VERSIONS.1,
            server_epoch: self.server_epoch(),
            g: self.g(),
            practice_head: state.head(),
            own: crate::log::OwnHead::start(crate::id::DevInc::new(1)),
            limits: self.limits(now),
            refilling: self.is_refilling(),
            time: now,
        };
        Ok((*member, welcome))
    }

    /// Decides about one request of a sheet.
    ///
    /// `sheet` is the key that it signs with: one that was replaced since its link began has no
    /// more business here.
    pub fn handle_sheet(
        &mut self,
        (member, sheet): (MemberId, &VerifyingKey),
        request: Message,
        now: Timestamp,
    ) -> Decision {
        let known = self.state().and_then(|state| state.active_member(member));
        let in_force = known.is_some_and(|known| known.recovery.sig == *sheet);
        match request {
            _ if !in_force => Decision::refused(RefusalCode::NotADevice),
            Message::PracticeAppend { entry, rows } => {
                self.append_entry(Signer::Recovery(member), entry, rows, now)
            }
            Message::PracticePull { from } => self.practice_from(from),
            Message::RowsGet(keys) => Decision::reply(Reply::Rows(keys.into())),
            // For the cuts of what it revokes.
            Message::DeviceHead(devices) => self.sheet_heads(member, &devices, now),
            _ => Decision::refused(RefusalCode::NotPermitted),
        }
    }

    /// The heads of the member's own devices, and of no other.
    fn sheet_heads(&mut self, member: MemberId, devices: &[DeviceId], now: Timestamp) -> Decision {
        let own = |device: &DeviceId| {
            let known = self.state().and_then(|state| state.devices().get(device));
            known.is_some_and(|known| known.member == member)
        };
        if devices.iter().all(own) {
            self.device_heads(devices, now)
        } else {
            Decision::refused(RefusalCode::NotADevice)
        }
    }

    fn practice_from(&self, from: PracticeSeq) -> Decision {
        let to = self.state().map_or(from, |state| state.head().seq.next());
        Decision::reply(Reply::Practice(from, to))
    }

    /// Returns what devices are allowed now.
    pub fn limits(&self, now: Timestamp) -> Limits {
        let group_bytes = u32::try_from(MAX_GROUP).unwrap_or(u32::MAX);
        let is_new = now.millis_since(self.record.began) < BULK_MILLIS;
        let bulk = is_new || self.is_refilling();
        Limits { group_bytes, bytes_per_minute: BYTES_PER_MINUTE, bulk }
    }

    /// Decides about one request of an authenticated device.
    pub fn handle(&mut self, device: DeviceId, request: Message, now: Timestamp) -> Decision {
        let active = self.state().is_some_and(|state| state.active_device(device).is_some());
        if !active {
            return Decision::refused(RefusalCode::NotADevice);
        }
        match request {
            Message::Push { .. } | Message::ObjectPut(_) | Message::DeviceHead(_)
                if self.is_refilling() =>
            {
                Decision::refused(RefusalCode::Reseeding)
            }
            Message::Push { runs, rows } => self.push(device, &runs, rows, now),
            Message::PracticeAppend { entry, rows } => {
                self.append_entry(Signer::Device(device), entry, rows, now)
            }
            Message::PracticePull { from } => self.practice_from(from),
            Message::DeviceHead(devices) => self.device_heads(&devices, now),
            Message::Changes { since } => self.changes(device, since),
            Message::PullMany(wanted) => self.pull(device, wanted, true),
            Message::PullEntries(wanted) => self.pull(device, wanted, false),
            Message::WantFull { log, positions } => self.full(device, log, positions),
            Message::OwnChain { device: of, after, to } => self.own_chain(of, after, to),
            Message::RowsPut(rows) => self.put_rows(device, rows),
            Message::RowsGet(keys) => Decision::reply(Reply::Rows(keys.into())),
            Message::ObjectPut(bytes) => self.put_object(device, &bytes, now),
            Message::ObjectsGet(compartments) => self.objects(device, &compartments),
            Message::Ephemeral(bytes) => self.relay_ephemeral(device, bytes),
            Message::Seen(seen) => self.relay_seen(device, seen),
            Message::Fill(parts) => self.fill(device, &parts, now),
            Message::FillPractice(entries) => self.fill_practice(&entries, now),
            Message::FillRefused(envelopes) => self.fill_refused(device, &envelopes, now),
            Message::Given(places) => self.given(device, places),
            Message::Bring { runs, rows } => self.bring(device, &runs, rows, now),
            _ => Decision::refused(RefusalCode::Unsupported),
        }
    }

    /// Journals `frame` in this decision, and takes it as a restart would.
    fn journal(&mut self, frames: &mut Vec<ServerFrame>, frame: ServerFrame) {
        let taken = self.record.take(&frame);
        // The frame was made from this very record.
        debug_assert_eq!(taken, Ok(()));
        frames.push(frame);
    }

    fn meter(&mut self, device: DeviceId, bytes: u64, now: Timestamp) -> bool {
        let bulk = self.limits(now).bulk;
        let (began, used) = self.meters.entry(device).or_insert((now, 0));
        if now.millis_since(*began) >= 60_000 {
            (*began, *used) = (now, 0);
        }
        *used = used.saturating_add(bytes);
        bulk || *used <= BYTES_PER_MINUTE
    }
}

impl Record {
    /// The devices that may read a log now.
    fn readers(&self, state: &State, log: &Log) -> BTreeSet<DeviceId> {
        crate::sync::closing::readers(state, &log.rules)
    }

    fn may_read(&self, device: DeviceId, log: &Log) -> bool {
        self.state.as_ref().is_some_and(|state| self.readers(state, log).contains(&device))
    }

    /// Whether the key of a draft is dead.
    fn is_over(&self, log: [u8; 16], draft: [u8; 16]) -> bool {
        let (log, draft) = (CompartmentId::from_bytes(log), ObjectId::from_bytes(draft));
        let known = self.state.as_ref().zip(self.logs.get(&log));
        known.is_some_and(|(state, log)| log.closings.is_over(draft, state, &log.rules))
    }

    /// Whether a row may be kept. The same row again is nothing new and gives `Ok(false)`.
    fn check_row(
        &self,
        row: &Row,
        member: MemberId,
        new_logs: &BTreeSet<CompartmentId>,
    ) -> Result<bool, RefusalCode> {
        if self.gone.contains(&row.key) {
            return Err(RefusalCode::RowErased);
        }
        match self.rows.get(&row.key) {
            Some(known) if *known == row_hash(&row.bytes) => return Ok(false),
            Some(_) => return Err(RefusalCode::RowExists),
            None => {}
        }
        let parts = row.key.parts().map_err(|_| RefusalCode::Malformed)?;
        if parts.table == 4 && self.is_over(parts.holder, parts.id) {
            // It was not here when it was to die, or the server has forgotten that it was.
            return Err(RefusalCode::RowErased);
        }
        let (log, generation) = match parts.table {
            3 => (self.logs.get(&CompartmentId::from_bytes(parts.id)), parts.version),
            4 => (self.logs.get(&CompartmentId::from_bytes(parts.holder)), parts.holder_version),
            _ => (None, 0),
        };
        if log.is_some_and(|log| log.is_erased() || generation < log.since.get()) {
            return Err(RefusalCode::RowErased);
        }
        let known = |log: [u8; 16]| {
            let log = CompartmentId::from_bytes(log);
            self.logs.contains_key(&log) || new_logs.contains(&log)
        };
        let named = match parts.table {
            1 | 2 | 6 => parts.holder == *member.as_bytes(),
            3 => known(parts.id),
            4 => known(parts.holder),
            5 => row.key == RowKey::of_wrap(Wrap::hash_of(&row.bytes)),
            _ => false,
        };
        let sized = parts.table == 5 || row.bytes.len() == ROW_LENGTH;
        if named && sized { Ok(true) } else { Err(RefusalCode::Malformed) }
    }
}

/// Bytes of a sealed key; only wraps are longer.
const ROW_LENGTH: usize = 76;

#[cfg(test)]
mod tests;
