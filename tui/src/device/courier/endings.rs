//! The end of drafts that were signed: this device acknowledges a Close once nothing of the draft
//! is left here to be put elsewhere, and destroys the draft's key once every device that is waited
//! for has done the same. After that, what was deleted while drafting opens nowhere.

use super::Courier;
use super::base::Going;
use super::inbox::Batch;
use super::outbox::Packed;
use super::parcel::NO_OBJECT;
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::ContentKind;
use crate::device::locations::Place;
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{ControlBody, EntryRef, Kind};
use tacenda_shared::id::{ClientId, CompartmentId, DeviceId, ObjectId, RecordId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{DraftName, RowName};
use tacenda_shared::practice::record::{Record, RelationKind};
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::END_AFTER;
use tacenda_shared::sync::device::{DeviceSync, Ending, Event, Replica};

/// Some drafts of one log.
type Drafts = BTreeSet<ObjectId>;

/// What the courier knows of drafts that end.
#[derive(Debug, Default)]
pub(super) struct Endings {
    /// Something has changed that may end a draft.
    due: bool,
    /// Something has come after which late words may have to be taken over.
    pub(super) late: bool,
    /// A signed draft is waited for here: something of it is still to be sent, or to be put
    /// elsewhere.
    waits: bool,
    /// What is to be acknowledged, as soon as it may leave.
    owed: BTreeSet<(CompartmentId, EntryRef)>,
    /// The server's clock when the link was opened.
    time: Option<Timestamp>,
}

impl Endings {
    /// Takes note of what may end a draft.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Received { checked, .. } => {
                self.due |= matches!(checked.header().kind, Kind::Acknowledge | Kind::Close);
            }
            Event::CaughtUp(_) | Event::PracticeChanged(_) => {
                (self.due, self.late) = (true, true);
            }
            Event::Refused { .. } => self.due = true,
            Event::Connected { time } => self.time = Some(*time),
            _ => {}
        }
    }

    /// Keys have come, or something else that may have been waited for.
    pub(super) fn look_again(&mut self) {
        self.due = true;
    }

    /// Whether an acknowledgement waits to leave.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_empty()
    }
}

/// What is to be done about one draft.
enum Turn {
    Acknowledge,
    Destroy,
    Later,
    Nothing,
}

impl<F: FileSystem> Device<F> {
    /// Looks which drafts end: what is to be acknowledged is noted, keys that may die are
    /// destroyed.
    pub(super) fn end_drafts(&mut self, courier: &mut Courier) -> Result<(), DeviceError> {
        let endings = &courier.endings;
        // While not all has come and opened, words may be on their way that its key has to open.
        let settled = courier.current && courier.sync.may_push() && !courier.awaits_rows();
        if !(endings.due || endings.waits) || !settled {
            return Ok(());
        }
        let mut next = Endings { time: endings.time, late: endings.late, ..Endings::default() };
        let mut dead = Vec::new();
        for (log, draft) in self.cabinet.drafts_with_rows() {
            let Some(ending) = courier.sync.ending(log, draft) else { continue };
            if self.cabinet.newest_slot(log).is_none() {
                // It is closed: whether it was signed is seen once somebody steps up.
                continue;
            }
            match self.turn_of(&courier.sync, (log, draft), &ending, next.time)? {
                Turn::Acknowledge => {
                    next.owed.insert((log, ending.close));
                }
                Turn::Destroy => dead.push((log, draft)),
                Turn::Later => next.waits = true,
                Turn::Nothing => {}
            }
        }
        courier.endings = next;
        Ok(self.cabinet.destroy_drafts(&dead)?)
    }

    /// Makes drafts of late words whose writers were shut out before they had made any. Not before all
    /// has opened that can: what the writer made itself, or has written besides, may be among it.
    pub(super) fn take_over_late(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        // What has opened just now may be late words.
        courier.endings.late |= batch.changed;
        let settled = courier.current && courier.sync.may_push() && !courier.awaits_rows();
        if !courier.endings.late || !settled || self.cabinet.is_read_only() {
            return Ok(());
        }
        courier.endings.late = false;
        let here = Some(self.cabinet.identity.author.device);
        let waiting = self.practice.late_writers().into_iter();
        let ours: Vec<_> = waiting.filter(|(.., writer)| self.heir_of(*writer) == here).collect();
        let locations = self.cabinet.store().locations();
        let is_whole = |client: ClientId, draft| {
            let mut logs = locations.all_named(&self.practice.home_of(client, draft));
            !logs.any(|log| locations.ledger().first_shelved(log).is_some())
        };
        let (ours, later): (Vec<_>, Vec<_>) =
            ours.into_iter().partition(|(client, draft, _)| is_whole(*client, *draft));
        courier.endings.late = !later.is_empty();
        if ours.is_empty() {
            return Ok(());
        }
        // The draft that they were in may end now.
        courier.endings.due = true;
        self.flush_mail(batch)?;
        for (client, draft, _) in ours {
            let taken = self
                .with_pending(&[], now, |practice, cx| practice.take_over_late(client, draft, cx));
            // What is refused can still be read where it is.
            if let Ok(changes) = taken {
                self.keep(changes)?;
                batch.changed = true;
            }
        }
        Ok(())
    }

    /// Returns who makes a draft of the late words of a device that was shut out: the first of its
    /// member's devices that are left.
    pub(super) fn heir_of(&self, writer: DeviceId) -> Option<DeviceId> {
        let state = &self.cabinet.state;
        let out = state.devices().get(&writer).filter(|known| known.revoked.is_some())?;
        state.devices_of(out.member).next()
    }

    fn turn_of(
        &self,
        sync: &DeviceSync,
        (log, draft): (CompartmentId, ObjectId),
        ending: &Ending,
        time: Option<Timestamp>,
    ) -> Result<Turn, StoreError> {
        if !self.cabinet.is_signed(log, draft)? {
            // What the Close names has not come yet, or is no signature of this draft.
            return Ok(Turn::Nothing);
        }
        let ledger = self.cabinet.store().locations().ledger();
        let since = ledger.acknowledged(ending.close);
        let due = time.zip(since).is_some_and(|(now, since)| now.millis_since(since) >= END_AFTER);
        let typed = self.typed.get(&draft).is_some_and(|typed| !typed.uncommitted().is_empty());
        let shelved = ledger.first_shelved(log).is_some();
        let queued = shelved
            || ledger.unsent().chain(ledger.aside()).any(|source| source.compartment == log)
            || ledger.sent().any(|sent| sent.source.is_some_and(|s| s.compartment == log));
        if typed || queued {
            return Ok(Turn::Later);
        }
        if self.practice.waits_for_late_words(draft) && !due {
            return Ok(Turn::Nothing);
        }
        Ok(match ending {
            Ending { over: true, .. } => Turn::Destroy,
            _ if sync.is_acknowledging(ending.close) => Turn::Nothing,
            Ending { awaited: true, .. } => Turn::Acknowledge,
            // Others were not heard of for so long that they are not waited for any more.
            Ending { acknowledged: true, .. } if due => Turn::Acknowledge,
            _ => Turn::Nothing,
        })
    }
}

impl Courier {
    /// Whether the key of a draft is dead, or may die.
    pub(super) fn is_over(&self, log: CompartmentId, draft: ObjectId) -> bool {
        self.sync.ending(log, draft).is_some_and(|ending| ending.over)
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Returns the drafts whose keys are here.
    fn drafts_with_rows(&self) -> BTreeSet<(CompartmentId, ObjectId)> {
        self.rows.drafts().map(|name| (name.compartment, name.draft)).collect()
    }

    /// Returns the drafts of a log that were signed. `None` if a Close only says so of one that still
    /// opens here: its words may be nowhere else.
    pub(super) fn signed_in(&self, replica: &Replica, log: CompartmentId) -> Option<Drafts> {
        let signed: Drafts = replica.signed_drafts().collect();
        let is_sure = |draft: &ObjectId| {
            let places = self.store.locations().document(log, *draft);
            let written = places.iter().any(|one| matches!(one.kind, ContentKind::DraftDelta(_)));
            let opens = written && self.has_draft_row(log, *draft);
            !opens || self.is_signed(log, *draft).unwrap_or(false)
        };
        signed.iter().all(is_sure).then_some(signed)
    }

    /// Whether a Close stands here whose record signs the draft.
    fn is_signed(&self, log: CompartmentId, draft: ObjectId) -> Result<bool, StoreError> {
        let places = self.store.locations().document(log, draft);
        let records: Vec<RecordId> = places.iter().filter_map(Place::closed_by).collect();
        for record in records {
            if self.signs(log, record, draft)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn signs(
        &self,
        log: CompartmentId,
        record: RecordId,
        draft: ObjectId,
    ) -> Result<bool, StoreError> {
        Ok(self.signed_by(log, record)? == Some(draft))
    }

    /// Returns the draft that a record signs, in whichever log of this name it lies.
    fn signed_by(
        &self,
        log: CompartmentId,
        record: RecordId,
    ) -> Result<Option<ObjectId>, StoreError> {
        let locations = self.store.locations();
        let Some(known) = locations.compartment(log) else { return Ok(None) };
        for id in locations.all_named(&known.name) {
            let Some(place) = locations.record_place(id, record) else { continue };
            let bytes = self.open_content(id, place)?;
            let record = Record::decode(&bytes).map_err(|_| StoreError::Altered)?;
            let signed = record.relation(RelationKind::Signs);
            return Ok(signed.map(|signed| ObjectId::from_bytes(signed.target)));
        }
        Ok(None)
    }

    /// Returns these records with the drafts that they sign, whether or not a Close has said so: it
    /// may have stayed on a device that is lost, and the words are the same.
    ///
    /// What a record claims to sign is its author's word alone: it counts only for a draft of this
    /// log, never for anything else that lies here.
    pub(super) fn with_drafts(
        &self,
        replica: &Replica,
        log: CompartmentId,
        records: BTreeSet<RecordId>,
    ) -> Result<Going, StoreError> {
        let mut drafts = Drafts::new();
        for record in &records {
            let signed = self.signed_by(log, *record)?;
            drafts.extend(
                signed.filter(|draft| *draft != NO_OBJECT && replica.draft(*draft).is_some()),
            );
        }
        Ok(Going { records, drafts })
    }

    /// Destroys the keys of drafts, under whatever slots they lie.
    fn destroy_drafts(&mut self, dead: &[(CompartmentId, ObjectId)]) -> Result<(), StoreError> {
        let of_dead = |name: &DraftName| dead.contains(&(name.compartment, name.draft));
        let names: Vec<_> = self.rows.drafts().filter(of_dead).collect();
        let gone: Vec<_> =
            names.into_iter().map(|name| RowChange::Delete(RowName::Draft(name))).collect();
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&gone, &mut hedge)?;
        for (_, draft) in dead {
            self.drafts.remove(draft);
        }
        Ok(())
    }

    /// Signs the acknowledgements that are owed, after what is packed already.
    pub(super) fn pack_acknowledgements(
        &self,
        courier: &mut Courier,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut own = packed.own_after(courier.sync.own());
        let state = courier.sync.state();
        let mut later = BTreeSet::new();
        for (log, close) in std::mem::take(&mut courier.endings.owed) {
            let Some(replica) = courier.sync.replica(log) else { continue };
            let stale = replica.rules().iter().any(|rule| state.stale(rule.ring));
            if stale || packed.is_full() {
                later.insert((log, close));
                continue;
            }
            let body = ControlBody::Acknowledge(close);
            self.control(&courier.sync, log, &body, None, &mut own, packed)?;
        }
        courier.endings.owed = later;
        Ok(())
    }
}
