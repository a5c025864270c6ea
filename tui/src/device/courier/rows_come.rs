//! Rows of keys, as the server gives them, and which of them it must have.

use super::inbox::Batch;
use super::{Courier, Errand};
use crate::device::cabinet::Cabinet;
use crate::device::open::Device;
use crate::device::rows::RowChange;
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{Envelope, Slot};
use tacenda_shared::id::{CompartmentId, ObjectId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, DraftName, RowName, SlotKey, SlotName};
use tacenda_shared::sync::{MAX_ITEMS, Message, RowKey};

impl<F: FileSystem> Device<F> {
    /// A key that was missed has come.
    pub(super) fn forget_withheld(&self, courier: &mut Courier) {
        let mut waiting = self.cabinet.store().locations().ledger().waiting();
        if courier.current && waiting.next().is_none() {
            courier.trouble.take_if(|trouble| *trouble == super::withheld());
        }
    }
}

impl Courier {
    /// Takes rows; returns the logs that they are for.
    pub(super) fn take_rows<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        names: Vec<RowName>,
        rows: Vec<Option<Vec<u8>>>,
    ) -> BTreeSet<CompartmentId> {
        let mut logs = BTreeSet::new();
        let mut absent = Vec::new();
        for (name, row) in names.into_iter().zip(rows) {
            self.asked_rows.remove(&name);
            let sized = row.and_then(|row| <[u8; safe::ROW_LENGTH]>::try_from(row).ok());
            let Some(bytes) = sized else {
                absent.push(name);
                continue;
            };
            self.absent.remove(&name);
            self.fetched.insert(name, safe::Row::from_bytes(bytes));
            if let RowName::Slot(SlotName { compartment: log, .. })
            | RowName::Draft(DraftName { compartment: log, .. }) = name
            {
                logs.insert(log);
            }
        }
        let of_drafts = absent.iter().filter(|name| matches!(name, RowName::Draft(_)));
        self.absent.extend(of_drafts);
        for name in &absent {
            if self.must_exist(cabinet, name) {
                self.raise(super::withheld());
            }
        }
        logs
    }

    /// Nothing was said of these rows: they may be asked for again.
    pub(super) fn rows_unanswered(&mut self, names: &[RowName]) {
        for name in names {
            self.asked_rows.remove(name);
        }
    }

    /// Whether the server must have a row. The key of a draft lives until every device has
    /// acknowledged its end, which this one cannot have done before it knows of that; others are
    /// there as long as entries name them.
    fn must_exist<F: FileSystem>(&mut self, cabinet: &Cabinet<F>, name: &RowName) -> bool {
        match name {
            // While not all of the log has come, the order to erase it may be on the way.
            RowName::Slot(name) => {
                self.level && !self.is_ordered_to_die(name.compartment, name.generation)
            }
            RowName::Draft(name) => {
                let replica = self.sync.replica(name.compartment);
                let draft = replica.and_then(|replica| replica.draft(name.draft));
                let left_out = replica.is_some_and(|replica| {
                    cabinet.is_left_out(replica, name.compartment, name.draft)
                });
                // While not all of the log has come, its end may be on the way.
                self.level
                    && !self.is_ordered_to_die(name.compartment, name.generation)
                    && !left_out
                    && draft.is_some_and(|draft| draft.closed.is_none())
                    && !self.may_lie_elsewhere(cabinet, name)
            }
            // Under a former key of the member it goes once there is one under the present.
            RowName::Safe(name) => super::keys::is_in_force(self.sync.state(), name),
            _ => false,
        }
    }

    /// Whether the key of a draft has come under another content key, or may still: it lies under
    /// one of them, and nothing says under which.
    fn may_lie_elsewhere<F: FileSystem>(&mut self, cabinet: &Cabinet<F>, name: &DraftName) -> bool {
        let (log, draft) = (name.compartment, name.draft);
        let announced = self.sync.replica(log).and_then(|replica| replica.slot());
        let newest = cabinet.newest_slot(log).map(|(generation, _)| generation);
        if announced.map(|slot| slot.generation) > newest {
            return true;
        }
        if cabinet.has_draft_row(log, draft) {
            return true;
        }
        let mut may = false;
        for (name, _) in cabinet.draft_names(log, draft) {
            let name = RowName::Draft(name);
            if !self.absent.contains(&name) {
                // A content key that came after the others were asked for.
                self.want(name);
                may = true;
            }
            may |= self.fetched.contains_key(&name)
                || self.asked_rows.contains(&name)
                || self.wanted.contains(&name);
        }
        may
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Returns the content key that a log announces, from the row of a ring that is held here. A
    /// row that does not give the announced key is not kept; one of ours, which lost the race for
    /// its generation, gives way.
    pub(super) fn fetched_slot(
        &self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
        slot: &Slot,
    ) -> Option<SlotKey> {
        for (ring, epoch) in &slot.epochs {
            let held = self.rings.values().find(|held| held.id == *ring);
            let Some(ring_key) = held.and_then(|held| held.key_of(*epoch)) else { continue };
            let (ring, epoch, generation) = (*ring, *epoch, slot.generation);
            let slot_name = SlotName { ring, epoch, compartment: log, generation };
            let open =
                |row: &safe::Row| safe::open_slot(ring_key, &slot_name, &slot.commitment, row).ok();
            let name = RowName::Slot(slot_name);
            let stored = self.rows.row(&name);
            if let Some(key) = stored.and_then(open) {
                return Some(key);
            }
            let Some(row) = courier.fetched.get(&name).copied() else {
                courier.want(name);
                return None;
            };
            let Some(key) = open(&row) else {
                courier.refuse_row(name);
                continue;
            };
            batch.rows.extend(stored.map(|_| RowChange::Delete(name)));
            batch.rows.push(RowChange::Put(name, row));
            return Some(key);
        }
        None
    }

    /// Asks for the row of a draft's key, unless it is here. Under which slot its author sealed
    /// it, nothing says: another slot may have come between.
    pub(super) fn want_draft(&self, courier: &mut Courier, log: CompartmentId, draft: ObjectId) {
        let here = self.drafts.contains_key(&draft) || self.has_draft_row(log, draft);
        if here || courier.is_over(log, draft) {
            return;
        }
        for (name, _) in self.draft_names(log, draft) {
            courier.want(RowName::Draft(name));
        }
    }

    /// Makes sure that the key of a draft is at hand.
    pub(super) fn fetch_draft(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
        draft: ObjectId,
    ) -> Result<bool, StoreError> {
        if self.drafts.contains_key(&draft) {
            return Ok(true);
        }
        let commitment = match batch.commitments.get(&draft) {
            Some(commitment) => Some(*commitment),
            None => self.draft_commitment(log, draft)?,
        };
        let Some(commitment) = commitment else { return Ok(false) };
        let mut found = None;
        for (draft_name, slot) in self.draft_names(log, draft) {
            let name = RowName::Draft(draft_name);
            // A row that the server gives after the end is not taken.
            let given = courier.fetched.get(&name).filter(|_| !courier.is_over(log, draft));
            let row = self.rows.row(&name).or(given).copied();
            let Some(row) = row else { continue };
            match safe::open_draft(slot, &draft_name, &commitment, &row) {
                Ok(key) => {
                    found = Some((name, row, key));
                    break;
                }
                Err(_) => courier.refuse_row(name),
            }
        }
        let Some((name, row, key)) = found else {
            self.want_draft(courier, log, draft);
            return Ok(false);
        };
        batch.rows.push(RowChange::Put(name, row));
        self.drafts.insert(draft, key);
        Ok(true)
    }

    /// Keeps the keys of drafts that have come, also where no words have come yet, or where the key
    /// is here under another content key: the server may lose them.
    pub(super) fn keep_drafts(
        &self,
        courier: &mut Courier,
        batch: &mut Batch,
        logs: Option<&BTreeSet<CompartmentId>>,
    ) -> Result<(), StoreError> {
        let is_of_logs =
            |name: &DraftName| logs.is_none_or(|logs| logs.contains(&name.compartment));
        let come = courier.fetched.iter().filter_map(|(name, row)| match name {
            RowName::Draft(name) if is_of_logs(name) => Some((*name, *row)),
            _ => None,
        });
        for (draft, row) in come.collect::<Vec<_>>() {
            let (log, name) = (draft.compartment, RowName::Draft(draft));
            let kept = self.rows.row(&name).is_some()
                || batch
                    .rows
                    .iter()
                    .any(|one| matches!(one, RowChange::Put(put, _) if *put == name));
            if kept {
                continue;
            }
            let slot = self.slot_key(log, draft.generation);
            let commitment = match batch.commitments.get(&draft.draft) {
                Some(commitment) => Some(*commitment),
                None => self.draft_commitment(log, draft.draft)?,
            };
            let Some((slot, commitment)) = slot.zip(commitment) else {
                courier.absent.insert(name);
                continue;
            };
            if courier.is_over(log, draft.draft) {
                // A row that the server gives after the end is not taken.
                courier.absent.insert(name);
            } else if safe::open_draft(slot, &draft, &commitment, &row).is_ok() {
                batch.rows.push(RowChange::Put(name, row));
            } else {
                courier.refuse_row(name);
            }
        }
        Ok(())
    }
}

impl Courier {
    /// A row will be asked for, unless it was already.
    pub(super) fn want(&mut self, name: RowName) {
        let here = self.fetched.contains_key(&name) || self.asked_rows.contains(&name);
        // It would come as it was.
        if !here && !self.refused_rows.contains(&name) {
            self.wanted.insert(name);
        }
    }

    /// Asks for these rows where that was not done; returns whether one may still come.
    pub(super) fn may_come(&mut self, names: &[RowName]) -> bool {
        for name in names {
            if !self.absent.contains(name) {
                self.want(*name);
            }
        }
        names.iter().any(|name| self.wanted.contains(name) || self.asked_rows.contains(name))
    }

    /// What was looked for in vain may be there now: it comes with an entry.
    pub(super) fn comes_with(&mut self, envelope: &Envelope) {
        let header = &envelope.header;
        let (compartment, generation) = (header.compartment, header.slot_generation);
        let name = RowName::Draft(DraftName { compartment, generation, draft: header.object });
        self.absent.remove(&name);
        self.refused_rows.remove(&name);
    }

    /// Whether rows are on their way, or are to be asked for.
    pub(super) fn awaits_rows(&self) -> bool {
        !self.wanted.is_empty() || !self.asked_rows.is_empty()
    }

    /// The server gave a key that is not the announced one.
    pub(super) fn refuse_row(&mut self, name: RowName) {
        self.fetched.remove(&name);
        self.refused_rows.insert(name);
        if let RowName::Draft(_) = name {
            self.absent.insert(name);
        }
        self.raise(super::withheld());
    }

    /// Asks for the rows that are wanted.
    pub(super) fn ask_rows(&mut self, now: Timestamp) {
        // What a server lacks that is being refilled, it does not withhold.
        while self.sync.is_open() && !self.sync.is_refilling() && !self.wanted.is_empty() {
            let names: Vec<RowName> = self.wanted.iter().take(MAX_ITEMS).copied().collect();
            names.iter().for_each(|name| {
                self.wanted.remove(name);
            });
            self.asked_rows.extend(&names);
            let keys = names.iter().map(|name| RowKey(name.encode())).collect();
            let ticket = self.sync.request(Message::RowsGet(keys), now);
            self.errands.insert(ticket, Errand::Rows(names));
        }
    }
}
