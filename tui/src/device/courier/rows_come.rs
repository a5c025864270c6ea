//! Rows of keys, as the server gives them, and which of them it must have.

use super::Courier;
use crate::device::cabinet::Cabinet;
use crate::device::open::Device;
use std::collections::BTreeSet;
use tacenda_shared::id::CompartmentId;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{self, DraftName, RowName, SlotName};

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
            RowName::Slot(name) => self.level && !self.is_ordered_to_die(name.compartment),
            RowName::Draft(name) => {
                let replica = self.sync.replica(name.compartment);
                let draft = replica.and_then(|replica| replica.draft(name.draft));
                // While not all of the log has come, its end may be on the way.
                self.level
                    && !self.is_ordered_to_die(name.compartment)
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
