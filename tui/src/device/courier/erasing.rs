//! Erasing a client's record. What a person asks and orders stands in the practice's settings; from
//! there it goes into each log of the record, signed. What a log orders is carried out here: its
//! keys die, and then the device says so in the log. Of single records, see `rebasing`.

use super::inbox::Batch;
use super::outbox::Packed;
use super::rebasing::Rebasing;
use super::{Courier, MailFrame};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::rows::RowChange;
use crate::device::store::StoreError;
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::{ControlBody, Kind, Target};
use tacenda_shared::id::{ClientId, CompartmentId, DeviceId, ObjectId, SlotGeneration, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{DraftName, RowName, SlotName};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::erasure::{Erasure, Scope, Stage};
use tacenda_shared::practice::view::{ErasureRow, Index};
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::{Event, Replica};

/// So long a device leaves it to the one on which it was ordered to put an order into the logs: it
/// may be taken back, and the two may come one after the other. Milliseconds.
const LEFT_TO_OTHERS: i64 = 60 * 60 * 1000;

/// What people wish: whose record is to go, and whose has to stay.
type Wishes = (BTreeMap<Scope, ErasureRow>, BTreeSet<ClientId>);

/// What the courier knows of erasures.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    /// Something has changed that may have to be carried out.
    due: bool,
    /// When to look again, because an order is left to another device until then.
    later: Option<Timestamp>,
    /// What was wished when this was looked at last.
    seen: Wishes,
    /// What is to be signed now, as soon as it may leave: made anew whenever something changes, so
    /// that what was taken back meanwhile does not leave.
    owed: Vec<(CompartmentId, ControlBody)>,
    /// What was signed since the link stands: in which log, and what, as bytes.
    signed: BTreeSet<(CompartmentId, Vec<u8>)>,
    /// Records that stay here although they were ordered to go, as a person was told.
    told: BTreeSet<ClientId>,
    pub(super) rebasing: Rebasing,
}

impl Erasures {
    /// Takes note of what may have to be carried out.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Received { checked, .. } => {
                let kind = checked.header().kind;
                self.due |=
                    matches!(kind, Kind::EraseRequest | Kind::Erase | Kind::Kept | Kind::Slot);
            }
            Event::CaughtUp(_) => self.due = true,
            // What the server has refused is tried again with each link.
            Event::Connected { .. } => self.signed.clear(),
            _ => {}
        }
    }

    /// Whether something waits to leave.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_empty() || self.rebasing.is_owed()
    }

    /// Keys have come, or something else that may have been waited for.
    pub(super) fn look_again(&mut self) {
        self.due = true;
    }

    /// Something is to be looked at again at this time.
    pub(super) fn look_at(&mut self, from: Timestamp) {
        self.later = Some(self.later.map_or(from, |later| later.min(from)));
    }

    /// This is to be signed, unless it was since the link stands.
    pub(super) fn owe(&mut self, log: CompartmentId, body: ControlBody) {
        if !self.signed.contains(&(log, signature_of(&body))) {
            self.owed.push((log, body));
        }
    }
}

/// How far an erasure is, on this device and on the others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErasureStatus {
    /// What.
    pub scope: Scope,
    /// The client's code, as long as it can be read.
    pub code: String,
    /// What was asked and ordered.
    pub erasure: Erasure,
    /// Whether a legal hold keeps the record.
    pub held: bool,
    /// Whether its keys are dead here.
    pub gone: bool,
    /// The devices that have not said so yet; nothing if this device cannot tell, because it has no
    /// link or never had the record.
    pub missing: Option<Vec<DeviceId>>,
    /// The devices that still have to make drafts of words in signed notes of the chart, which they or
    /// devices that were shut out have written: until then one record of it does not die.
    pub waits: BTreeSet<DeviceId>,
}

impl<F: FileSystem> Device<F> {
    /// Looks what is to be asked for, ordered, carried out and acknowledged; not before all has come
    /// that the server had, since what was taken back or is held may be among it.
    pub(super) fn erase_due(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let index = self.practice.index();
        let erasing = &courier.erasing;
        let changed = erasing.seen.0 != index.erasures || erasing.seen.1 != index.holds;
        let ready = courier.level && courier.sync.may_push() && !self.cabinet.is_read_only();
        let later = erasing.later.is_some_and(|later| later <= now);
        let rests = self.may_rebase(courier);
        if !(erasing.due || changed || later || rests) || !ready {
            return Ok(());
        }
        (courier.erasing.due, courier.erasing.later) = (false, None);
        courier.erasing.seen = (index.erasures.clone(), index.holds.clone());
        self.flush_mail(batch)?;
        self.erase_unsent(now)?;
        let dead = self.ordered_to_die(courier, &index);
        if !dead.is_empty() {
            self.carry_out(&dead)?;
            courier.shelf.look_again();
            batch.changed = true;
            self.retry(courier, Some(&dead), batch, now)?;
        }
        // A crash, or a full disk, may have come between the word and the deed.
        if self.cabinet.bury_erased()? {
            self.start_over()?;
        }
        courier.erasing.owed.clear();
        self.acknowledge_dead(courier);
        self.wish(courier, &index, now);
        self.rebase_due(courier, batch, now)
    }

    /// Returns the logs whose keys must die here: those that were ordered, and that the practice's
    /// settings say the same of. Of a log that never opened here nothing is lost.
    fn ordered_to_die(&self, courier: &mut Courier, index: &Index) -> BTreeSet<CompartmentId> {
        let locations = self.cabinet.store().locations();
        let mut dead = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for (log, replica) in courier.sync.replicas() {
            if replica.erasing().order().is_none() || locations.is_erased(*log) {
                continue;
            }
            let client = locations.compartment(*log).and_then(|known| known.name.client());
            match client.filter(|client| !is_ordered(index, (*client).into())) {
                None => drop(dead.insert(*log)),
                Some(client) => drop(kept.insert(client)),
            }
        }
        for client in kept {
            if courier.erasing.told.insert(client) {
                courier.alarms.push(kept_here());
            }
        }
        dead
    }

    /// Says of what has died here that it has.
    fn acknowledge_dead(&self, courier: &mut Courier) {
        let here = self.cabinet.identity.author.device;
        let locations = self.cabinet.store().locations();
        let mut owed = Vec::new();
        for (log, replica) in courier.sync.replicas() {
            let Some(order) = replica.erasing().order() else { continue };
            let done = replica.erasing().done().contains(&here);
            let said = done || courier.sync.is_acknowledging(order);
            if locations.is_erased(*log) && !said {
                owed.push((*log, ControlBody::Acknowledge(order)));
            }
        }
        owed.into_iter().for_each(|(log, body)| courier.erasing.owe(log, body));
    }

    /// Brings what people wish into the logs of the record.
    fn wish(&self, courier: &mut Courier, index: &Index, now: Timestamp) {
        if index.erasures.is_empty() {
            return;
        }
        let locations = self.cabinet.store().locations();
        for known in locations.compartments() {
            let Some(client) = known.name.client() else { continue };
            let scope = Scope::from(client);
            let Some(ErasureRow { erasure, .. }) = index.erasures.get(&scope) else { continue };
            let Some(replica) = courier.sync.replica(known.id) else { continue };
            let (erasing, log) = (replica.erasing(), known.id);
            let target = Target::Compartment(erasure.times);
            let body = match (erasing.order(), erasing.request(target)) {
                (None, None) => ControlBody::EraseRequest(target),
                (None, Some(request)) if is_ordered(index, scope) => {
                    let from = self.acts_from(scope, erasure);
                    if from > now {
                        courier.erasing.look_at(from);
                        continue;
                    }
                    ControlBody::Erase { request, since: None }
                }
                _ => continue,
            };
            courier.erasing.owe(log, body);
        }
    }

    /// From when on this device puts an order into the logs.
    pub(super) fn acts_from(&self, scope: Scope, erasure: &Erasure) -> Timestamp {
        match erasure.stage {
            Stage::Ordered(at) if !self.ordered.contains(&scope) => at.plus_millis(LEFT_TO_OTHERS),
            _ => erasure.asked,
        }
    }

    /// Carries out what was ordered of logs that never left this device: nobody else is asked.
    ///
    /// # Errors
    /// As for any change.
    pub fn erase_unsent(&mut self, now: Timestamp) -> Result<(), DeviceError> {
        self.rebase_unsent(now)?;
        let index = self.practice.index();
        let locations = self.cabinet.store().locations();
        let ordered = |client: &ClientId| is_ordered(&index, (*client).into());
        let unsent = locations.compartments().filter(|known| {
            let theirs = known.name.client().as_ref().is_some_and(ordered);
            theirs && !locations.ledger().has_begun(known.id)
        });
        let dead: BTreeSet<CompartmentId> = unsent.map(|known| known.id).collect();
        if dead.is_empty() || self.cabinet.is_read_only() {
            return Ok(());
        }
        self.carry_out(&dead)
    }

    /// Lets the keys of these logs die, and everything in memory that they had opened.
    fn carry_out(&mut self, dead: &BTreeSet<CompartmentId>) -> Result<(), DeviceError> {
        let locations = self.cabinet.store().locations();
        let name = |log| locations.compartment(log).map(|known| known.name.clone());
        let named: Vec<(CompartmentId, Option<CompartmentName>)> =
            dead.iter().map(|log| (*log, name(*log))).collect();
        let clients: BTreeSet<ClientId> =
            named.iter().filter_map(|(_, name)| name.as_ref()?.client()).collect();
        let drafts: BTreeSet<ObjectId> =
            dead.iter().flat_map(|log| locations.documents(*log)).collect();
        self.typed.retain(|_, typed| !clients.contains(&typed.client));
        self.conversations.retain(|draft, _| !drafts.contains(draft));
        self.touched.retain(|name| name.client().is_none_or(|client| !clients.contains(&client)));
        let erased = named.into_iter().map(|(log, name)| MailFrame::Erased { log, name });
        self.cabinet.put_with(&[], erased.map(DeviceFrame::Mail).collect())?;
        self.cabinet.bury_erased()?;
        self.start_over()
    }

    /// Returns how far every erasure is that was asked for and not taken back.
    pub fn erasures(&self) -> Vec<ErasureStatus> {
        let index = self.practice.index();
        let all = index.erasures.iter();
        all.map(|(scope, row)| self.erasure_status(&index, *scope, row)).collect()
    }

    fn erasure_status(&self, index: &Index, scope: Scope, row: &ErasureRow) -> ErasureStatus {
        let locations = self.cabinet.store().locations();
        let devices = self.cabinet.state.devices().iter();
        let active: Vec<DeviceId> =
            devices.filter(|(_, known)| known.revoked.is_none()).map(|(id, _)| *id).collect();
        let mut theirs =
            locations.compartments().filter(|known| known.name.client() == Some(scope.client));
        let courier = self.courier.as_ref();
        let (left, missing) = match scope.record {
            None => (theirs.next().is_some(), self.missing_of_logs(scope.client, &active)),
            Some(record) => {
                let left = theirs.any(|known| locations.record(known.id, record).is_some());
                let missing = courier.and_then(|one| self.missing_of_record(one, record, &active));
                (left, missing)
            }
        };
        let late = self.practice.late_writers().into_iter();
        let of_record =
            late.filter(|(client, ..)| *client == scope.client && scope.record.is_some() && left);
        ErasureStatus {
            waits: of_record.map(|(.., writer)| self.heir_of(writer).unwrap_or(writer)).collect(),
            scope,
            code: row.code.clone(),
            erasure: row.erasure,
            held: index.holds.contains(&scope.client),
            gone: !left,
            missing: missing.map(|missing| missing.into_iter().collect()),
        }
    }

    /// Which devices have not said that a client's logs have died there.
    fn missing_of_logs(&self, client: ClientId, active: &[DeviceId]) -> Option<BTreeSet<DeviceId>> {
        let mut logs = self.cabinet.store().locations().erased_of(client).peekable();
        let replicas = self.courier.as_ref()?.sync.replicas();
        logs.peek()?;
        let erasing = logs.filter_map(|log| replicas.get(&log)).map(Replica::erasing);
        let missing =
            erasing.flat_map(|erasing| active.iter().filter(|id| !erasing.done().contains(id)));
        Some(missing.copied().collect())
    }

    /// Whether something of it has died here, so that nothing brings it back.
    pub(in crate::device) fn has_erased(&self, scope: Scope) -> bool {
        let locations = self.cabinet.store().locations();
        let Scope { client, record } = scope;
        let logs = || locations.compartments().filter(|one| one.name.client() == Some(client));
        let rebased = logs().any(|known| locations.rebased(known.id).is_some());
        // Whoever came later never knew it.
        let gone = record.is_some_and(|record| {
            rebased && !logs().any(|known| locations.record(known.id, record).is_some())
        });
        gone || locations.erased_of(client).next().is_some()
    }
}

/// What tells one thing to sign from another.
fn signature_of(body: &ControlBody) -> Vec<u8> {
    let mut bytes = vec![body.kind().number()];
    bytes.extend(body.encode());
    bytes
}

/// Whether the practice's settings say that a record is to die now.
pub(super) fn is_ordered(index: &Index, scope: Scope) -> bool {
    let row = index.erasures.get(&scope);
    let ordered = row.is_some_and(|row| matches!(row.erasure.stage, Stage::Ordered(_)));
    ordered && !index.holds.contains(&scope.client)
}

impl<F: FileSystem> Cabinet<F> {
    /// Deletes the keys of what was erased, also where a crash came between, and puts the tables
    /// into new files without them. Returns whether any were left.
    pub(in crate::device) fn bury_erased(&mut self) -> Result<bool, StoreError> {
        let locations = self.store.locations();
        let is_dead = |name: &RowName| match name {
            RowName::Slot(SlotName { compartment, generation, .. })
            | RowName::Draft(DraftName { compartment, generation, .. }) => {
                locations.is_dead(*compartment, *generation)
            }
            _ => false,
        };
        let names = self.rows.all().filter_map(|(name, _)| RowName::decode(name).ok());
        let dead: Vec<RowName> = names.filter(is_dead).collect();
        if dead.is_empty() {
            if self.rows.deleted() > 0 {
                self.rows.collect()?;
            }
            return Ok(false);
        }
        let drafts: Vec<_> = dead.iter().filter_map(draft_of).collect();
        let gone: Vec<_> = dead.iter().copied().map(RowChange::Delete).collect();
        let logs: Vec<_> =
            self.slots.keys().copied().filter(|log| locations.is_erased(*log)).collect();
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        self.rows.change(&gone, &mut hedge)?;
        logs.iter().for_each(|log| drop(self.slots.remove(log)));
        self.forget_dead_slots();
        drafts.iter().for_each(|draft| drop(self.drafts.remove(draft)));
        self.rows.collect()?;
        Ok(true)
    }

    /// Signs what is owed, after what is packed already.
    pub(super) fn pack_erasures(
        &self,
        courier: &mut Courier,
        packed: &mut Packed,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut own = packed.own_after(courier.sync.own());
        let mut later = Vec::new();
        self.pack_bases(courier, &mut own, packed, now)?;
        let state = courier.sync.state();
        for (log, body) in std::mem::take(&mut courier.erasing.owed) {
            let Some(replica) = courier.sync.replica(log) else { continue };
            let stale = replica.rules().iter().any(|rule| state.stale(rule.ring));
            if stale || packed.is_full() {
                later.push((log, body));
                continue;
            }
            self.control(&courier.sync, log, &body, None, &mut own, packed)?;
            courier.erasing.signed.insert((log, signature_of(&body)));
        }
        courier.erasing.owed = later;
        Ok(())
    }
}

impl Courier {
    /// Whether a log was ordered to be erased: its keys are nowhere, and nobody withholds them.
    pub(super) fn is_ordered_to_die(&self, log: CompartmentId, generation: SlotGeneration) -> bool {
        let erasing = self.sync.replica(log).map(Replica::erasing);
        erasing.is_some_and(|erasing| {
            let last = erasing.last_of_records();
            erasing.order().is_some() || last.is_some_and(|last| generation < last.since)
        })
    }

    /// Whether a draft was signed, as far as the log goes.
    pub(super) fn is_closed(&self, log: CompartmentId, draft: ObjectId) -> bool {
        let known = self.sync.replica(log).and_then(|replica| replica.draft(draft));
        known.is_some_and(|known| known.closed.is_some())
    }
}

fn draft_of(name: &RowName) -> Option<ObjectId> {
    match name {
        RowName::Draft(DraftName { draft, .. }) => Some(*draft),
        _ => None,
    }
}

impl Erasures {
    /// Whether another device still has time to end the base that it began.
    pub(super) fn leaves_to_others(
        &mut self,
        base: (CompartmentId, SlotGeneration),
        now: Timestamp,
    ) -> bool {
        let first = *self.rebasing.theirs.entry(base).or_insert(now);
        let from = first.plus_millis(LEFT_TO_OTHERS);
        if from > now {
            self.look_at(from);
        }
        from > now
    }
}

fn kept_here() -> Notice {
    Notice::new(
        "A record was ordered to be erased that a legal hold keeps, or that was taken back.",
        "This device keeps it. The server and other devices may have erased it, and what you write \
         in it stays here.",
        "Look with `tacenda erase list`, and export it if you need it (`tacenda export`).",
    )
}
