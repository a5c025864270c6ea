//! Erasing a client's record. What a person asks and orders stands in the practice's settings; from
//! there it goes into each log of the record, signed. What a log orders is carried out here: its
//! keys die, and then the device says so in the log.

use super::inbox::Batch;
use super::outbox::Packed;
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
use tacenda_shared::id::{ClientId, CompartmentId, DeviceId, ObjectId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{DraftName, RowName, SlotName};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::erasure::{Erasure, Stage};
use tacenda_shared::practice::view::{ErasureRow, Index};
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::{Event, Replica};

/// So long a device leaves it to the one on which it was ordered to put an order into the logs: it
/// may be taken back, and the two may come one after the other. Milliseconds.
const LEFT_TO_OTHERS: i64 = 60 * 60 * 1000;

/// What people wish: whose record is to go, and whose has to stay.
type Wishes = (BTreeMap<ClientId, ErasureRow>, BTreeSet<ClientId>);

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
    owed: Vec<(CompartmentId, ControlBody, u32)>,
    /// What was signed since the link stands: what, of which log, for which asking.
    signed: BTreeSet<(CompartmentId, Kind, u32)>,
    /// Records that stay here although they were ordered to go, as a person was told.
    told: BTreeSet<ClientId>,
}

impl Erasures {
    /// Takes note of what may have to be carried out.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Received { checked, .. } => {
                let kind = checked.header().kind;
                self.due |= matches!(kind, Kind::EraseRequest | Kind::Erase);
            }
            Event::CaughtUp(_) => self.due = true,
            // What the server has refused is tried again with each link.
            Event::Connected { .. } => self.signed.clear(),
            _ => {}
        }
    }

    /// Whether something waits to leave.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_empty()
    }
}

/// How far an erasure is, on this device and on the others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ErasureStatus {
    /// Whose.
    pub client: ClientId,
    /// The code, as long as it can be read.
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
        if !(erasing.due || changed || later) || !ready {
            return Ok(());
        }
        (courier.erasing.due, courier.erasing.later) = (false, None);
        courier.erasing.seen = (index.erasures.clone(), index.holds.clone());
        self.flush_mail(batch)?;
        self.erase_unsent()?;
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
        Ok(())
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
            match client.filter(|client| !is_ordered(index, *client)) {
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
        for (log, replica) in courier.sync.replicas() {
            let Some(order) = replica.erasing().order() else { continue };
            let done = replica.erasing().done().contains(&here);
            let said = done || courier.sync.is_acknowledging(order);
            let signed = courier.erasing.signed.contains(&(*log, Kind::Acknowledge, 0));
            if locations.is_erased(*log) && !said && !signed {
                courier.erasing.owed.push((*log, ControlBody::Acknowledge(order), 0));
            }
        }
    }

    /// Brings what people wish into the logs of the record.
    fn wish(&self, courier: &mut Courier, index: &Index, now: Timestamp) {
        if index.erasures.is_empty() {
            return;
        }
        let locations = self.cabinet.store().locations();
        for known in locations.compartments() {
            let Some(client) = known.name.client() else { continue };
            let Some(ErasureRow { erasure, .. }) = index.erasures.get(&client) else { continue };
            let Some(replica) = courier.sync.replica(known.id) else { continue };
            let (erasing, log) = (replica.erasing(), known.id);
            let body = match (erasing.order(), erasing.request(erasure.times)) {
                (None, None) => ControlBody::EraseRequest(Target::Compartment(erasure.times)),
                (None, Some(request)) if is_ordered(index, client) => {
                    let from = self.acts_from(client, erasure);
                    if from > now {
                        let later = courier.erasing.later.map_or(from, |later| later.min(from));
                        courier.erasing.later = Some(later);
                        continue;
                    }
                    ControlBody::Erase { request, base: None }
                }
                _ => continue,
            };
            if !courier.erasing.signed.contains(&(log, body.kind(), erasure.times)) {
                courier.erasing.owed.push((log, body, erasure.times));
            }
        }
    }

    /// From when on this device puts an order into the logs.
    fn acts_from(&self, client: ClientId, erasure: &Erasure) -> Timestamp {
        match erasure.stage {
            Stage::Ordered(at) if !self.ordered.contains(&client) => at.plus_millis(LEFT_TO_OTHERS),
            _ => erasure.asked,
        }
    }

    /// Carries out what was ordered of logs that never left this device: nobody else is asked.
    ///
    /// # Errors
    /// As for any change.
    pub fn erase_unsent(&mut self) -> Result<(), DeviceError> {
        let index = self.practice.index();
        let locations = self.cabinet.store().locations();
        let ordered = |client: &ClientId| is_ordered(&index, *client);
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
        all.map(|(client, row)| self.erasure_status(&index, *client, row)).collect()
    }

    fn erasure_status(&self, index: &Index, client: ClientId, row: &ErasureRow) -> ErasureStatus {
        let locations = self.cabinet.store().locations();
        let left = locations.compartments().any(|known| known.name.client() == Some(client));
        let mut logs = locations.erased_of(client).peekable();
        let replicas = self.courier.as_ref().map(|courier| courier.sync.replicas());
        let missing = replicas.filter(|_| logs.peek().is_some()).map(|replicas| {
            let devices = self.cabinet.state.devices().iter();
            let active: Vec<_> =
                devices.filter(|(_, known)| known.revoked.is_none()).map(|(id, _)| *id).collect();
            let erasing = logs.filter_map(|log| replicas.get(&log)).map(Replica::erasing);
            let missing: BTreeSet<_> = erasing
                .flat_map(|erasing| active.iter().filter(|id| !erasing.done().contains(id)))
                .copied()
                .collect();
            missing.into_iter().collect()
        });
        ErasureStatus {
            client,
            code: row.code.clone(),
            erasure: row.erasure,
            held: index.holds.contains(&client),
            gone: !left,
            missing,
        }
    }

    /// Whether something of a client's record has died here, so that nothing brings it back.
    pub(in crate::device) fn has_erased(&self, client: ClientId) -> bool {
        self.cabinet.store().locations().erased_of(client).next().is_some()
    }
}

/// Whether the practice's settings say that a record is to die now.
fn is_ordered(index: &Index, client: ClientId) -> bool {
    let row = index.erasures.get(&client);
    let ordered = row.is_some_and(|row| matches!(row.erasure.stage, Stage::Ordered(_)));
    ordered && !index.holds.contains(&client)
}

impl<F: FileSystem> Cabinet<F> {
    /// Deletes the keys of what was erased, also where a crash came between, and puts the tables
    /// into new files without them. Returns whether any were left.
    pub(in crate::device) fn bury_erased(&mut self) -> Result<bool, StoreError> {
        let locations = self.store.locations();
        let is_dead = |name: &RowName| match name {
            RowName::Slot(SlotName { compartment, .. })
            | RowName::Draft(DraftName { compartment, .. }) => locations.is_erased(*compartment),
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
        drafts.iter().for_each(|draft| drop(self.drafts.remove(draft)));
        self.rows.collect()?;
        Ok(true)
    }

    /// Signs what is owed, after what is packed already.
    pub(super) fn pack_erasures(
        &self,
        courier: &mut Courier,
        packed: &mut Packed,
    ) -> Result<(), StoreError> {
        let mut own = packed.own_after(courier.sync.own());
        let state = courier.sync.state();
        let mut later = Vec::new();
        for (log, body, times) in std::mem::take(&mut courier.erasing.owed) {
            let Some(replica) = courier.sync.replica(log) else { continue };
            let stale = replica.rules().iter().any(|rule| state.stale(rule.ring));
            if stale || packed.is_full() {
                later.push((log, body, times));
                continue;
            }
            self.control(&courier.sync, log, &body, None, &mut own, packed)?;
            courier.erasing.signed.insert((log, body.kind(), times));
        }
        courier.erasing.owed = later;
        Ok(())
    }
}

impl Courier {
    /// Whether a log was ordered to be erased: its keys are nowhere, and nobody withholds them.
    pub(super) fn is_ordered_to_die(&self, log: CompartmentId) -> bool {
        let replica = self.sync.replica(log);
        replica.is_some_and(|replica| replica.erasing().order().is_some())
    }
}

fn draft_of(name: &RowName) -> Option<ObjectId> {
    match name {
        RowName::Draft(DraftName { draft, .. }) => Some(*draft),
        _ => None,
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

/// What a log's order to erase says, if this version carries it out.
pub(super) const fn understands(body: &ControlBody) -> bool {
    matches!(
        body,
        ControlBody::EraseRequest(Target::Compartment(_)) | ControlBody::Erase { base: None, .. }
    )
}
