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
use tacenda_shared::id::{ClientId, CompartmentId, DeviceId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{DraftName, RowName, SlotName};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::erasure::{Erasure, Stage};
use tacenda_shared::practice::view::{ErasureRow, Index};
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::Event;

/// What people wish: whose record is to go, and whose has to stay.
type Wishes = (BTreeMap<ClientId, ErasureRow>, BTreeSet<ClientId>);

/// What the courier knows of erasures.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    /// Something has changed that may have to be carried out.
    due: bool,
    /// What was wished when this was looked at last.
    seen: Wishes,
    /// Which requests were signed since the practice was opened, and which orders since the link
    /// stands. What the server refuses is tried again with the next.
    asked: BTreeSet<(CompartmentId, u32)>,
    ordered: BTreeSet<CompartmentId>,
    acknowledged: BTreeSet<CompartmentId>,
    /// What is to be signed, as soon as it may leave.
    owed: Vec<(CompartmentId, ControlBody)>,
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
            Event::Connected { .. } => self.ordered.clear(),
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
    /// The devices that have not said so yet.
    pub missing: Vec<DeviceId>,
}

impl<F: FileSystem> Device<F> {
    /// Looks what is to be asked for, ordered, carried out and acknowledged.
    pub(super) fn erase_due(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let index = self.practice.index();
        let erasing = &courier.erasing;
        let changed = erasing.seen.0 != index.erasures || erasing.seen.1 != index.holds;
        if !(erasing.due || changed) || !courier.sync.may_push() || self.cabinet.is_read_only() {
            return Ok(());
        }
        courier.erasing.due = false;
        courier.erasing.seen = (index.erasures.clone(), index.holds.clone());
        let dead = self.ordered_to_die(courier, &index);
        self.wish(courier, &index);
        if dead.is_empty() {
            return Ok(());
        }
        self.flush_mail(batch)?;
        self.carry_out(&dead)?;
        batch.changed = true;
        self.retry(courier, Some(&dead), batch, now)?;
        // Now it can be acknowledged.
        courier.erasing.due = true;
        self.erase_due(courier, batch, now)
    }

    /// Returns the logs whose keys must die here. What died already is acknowledged.
    fn ordered_to_die(&self, courier: &mut Courier, index: &Index) -> BTreeSet<CompartmentId> {
        let locations = self.cabinet.store().locations();
        let here = self.cabinet.identity.author.device;
        let mut dead = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for (log, replica) in courier.sync.replicas() {
            let Some(order) = replica.erasing().order() else { continue };
            if locations.is_erased(*log) {
                let done = replica.erasing().done().contains(&here);
                let said = done || courier.sync.is_acknowledging(order);
                if !said && courier.erasing.acknowledged.insert(*log) {
                    courier.erasing.owed.push((*log, ControlBody::Acknowledge(order)));
                }
                continue;
            }
            let client = locations.compartment(*log).and_then(|known| known.name.client());
            match client.filter(|client| index.holds.contains(client)) {
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

    /// Brings what people wish into the logs of the record.
    fn wish(&self, courier: &mut Courier, index: &Index) {
        if index.erasures.is_empty() {
            return;
        }
        let locations = self.cabinet.store().locations();
        for known in locations.compartments() {
            let Some(client) = known.name.client() else { continue };
            let Some(ErasureRow { erasure, .. }) = index.erasures.get(&client) else { continue };
            let Some(replica) = courier.sync.replica(known.id) else { continue };
            let (erasing, log) = (replica.erasing(), known.id);
            if erasing.order().is_some() {
                continue;
            }
            let asked = u32::try_from(erasing.requests().len()).unwrap_or(u32::MAX);
            let owed = &mut courier.erasing.owed;
            if asked < erasure.times {
                if courier.erasing.asked.insert((log, erasure.times)) {
                    owed.push((log, ControlBody::EraseRequest(Target::Compartment)));
                }
            } else if let (Stage::Ordered(_), false, Some(request)) =
                (erasure.stage, index.holds.contains(&client), erasing.requests().last())
                && courier.erasing.ordered.insert(log)
            {
                let order = ControlBody::Erase { request: *request, base: None };
                owed.push((log, order));
            }
        }
    }

    /// Carries out what was ordered of logs that never left this device: nobody else is asked.
    ///
    /// # Errors
    /// As for any change.
    pub fn erase_unsent(&mut self) -> Result<(), DeviceError> {
        let index = self.practice.index();
        let locations = self.cabinet.store().locations();
        let ordered = |client: &ClientId| {
            let row = index.erasures.get(client);
            let row = row.filter(|row| matches!(row.erasure.stage, Stage::Ordered(_)));
            row.is_some() && !index.holds.contains(client)
        };
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
        self.typed.retain(|_, typed| !clients.contains(&typed.client));
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
        let mut missing = BTreeSet::new();
        let logs = locations.erased_of(client);
        let replicas = self.courier.as_ref().map(|courier| courier.sync.replicas());
        for replica in logs.filter_map(|log| replicas?.get(&log)) {
            let devices = self.cabinet.state.devices().iter();
            let active = devices.filter(|(_, known)| known.revoked.is_none()).map(|(id, _)| *id);
            missing.extend(active.filter(|device| !replica.erasing().done().contains(device)));
        }
        ErasureStatus {
            client,
            code: row.code.clone(),
            erasure: row.erasure,
            held: index.holds.contains(&client),
            gone: !left,
            missing: missing.into_iter().collect(),
        }
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Deletes the keys of what was erased, also where a crash came between, and puts the tables
    /// into new files without them.
    pub(in crate::device) fn bury_erased(&mut self) -> Result<(), StoreError> {
        let locations = self.store.locations();
        let is_dead = |name: &RowName| match name {
            RowName::Slot(SlotName { compartment, .. })
            | RowName::Draft(DraftName { compartment, .. }) => locations.is_erased(*compartment),
            _ => false,
        };
        let names = self.rows.all().filter_map(|(name, _)| RowName::decode(name).ok());
        let dead: Vec<RowName> = names.filter(is_dead).collect();
        if dead.is_empty() {
            return Ok(());
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
        self.rows.collect()
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
        for (log, body) in std::mem::take(&mut courier.erasing.owed) {
            let Some(replica) = courier.sync.replica(log) else { continue };
            let stale = replica.rules().iter().any(|rule| state.stale(rule.ring));
            if stale || packed.is_full() {
                later.push((log, body));
                continue;
            }
            self.control(&courier.sync, log, &body, None, &mut own, packed)?;
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

fn draft_of(name: &RowName) -> Option<tacenda_shared::id::ObjectId> {
    match name {
        RowName::Draft(DraftName { draft, .. }) => Some(*draft),
        _ => None,
    }
}

fn kept_here() -> Notice {
    Notice::new(
        "A record was ordered to be erased, and a legal hold stands on it here.",
        "This device keeps it, out of sight. The server and other devices may have erased it.",
        "Look with `tacenda erase list`. If the hold has ended, take it away: \
         `tacenda erase hold --off`.",
    )
}

/// What a log's order to erase says, if this version carries it out.
pub(super) const fn understands(body: &ControlBody) -> bool {
    matches!(
        body,
        ControlBody::EraseRequest(Target::Compartment) | ControlBody::Erase { base: None, .. }
    )
}
