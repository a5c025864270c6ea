//! Freight: what is long and nobody waits for, the files of charts and the bases of erasures. It is
//! sealed only when nothing else is left to send and a little at a time, so that a note that is
//! written meanwhile goes before all of it but the group that is on its way. Of what others have sent,
//! files are asked for last.

use super::Courier;
use crate::device::cabinet::Cabinet;
use crate::device::frame::ContentKind;
use crate::device::locations::Locations;
use crate::device::open::Device;
use crate::message::FilesUnderWay;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::id::{ClientId, CompartmentId, LogMark, RecordId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::view::TimelineEntry;
use tacenda_shared::sync::MAX_GROUP;

/// How what is made here goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Load {
    /// When nothing else does.
    Freight,
    /// At once.
    Light,
}

impl Load {
    /// Returns how what is in a compartment goes out.
    pub(super) const fn of(name: &CompartmentName) -> Self {
        match name {
            CompartmentName::Attachments(_) => Self::Freight,
            _ => Self::Light,
        }
    }
}

impl Courier {
    /// Whether nothing else is on its way, and the server grants another group.
    pub(super) fn takes_freight(&mut self, now: Timestamp) -> bool {
        self.sync.queue_length() == 0 && self.sync.may_send_bulk(MAX_GROUP, now)
    }

    /// Has logs that are known to be of files fetched after all others.
    pub(super) fn fetch_freight_last(&mut self, locations: &Locations) {
        locations.freight().for_each(|log| self.sync.fetch_last(LogMark::of(log)));
    }
}

impl Locations {
    /// Returns the logs of files.
    pub(super) fn freight(&self) -> impl Iterator<Item = CompartmentId> + '_ {
        let all = self.compartments().filter(|known| Load::of(&known.name) == Load::Freight);
        all.map(|known| known.id)
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Whether anything of it is still to be sealed.
    pub(super) fn has_freight(&self) -> bool {
        let locations = self.store.locations();
        let mut unsent = locations.ledger().unsent();
        unsent.any(|source| {
            let known = locations.compartment(source.compartment);
            known.is_some_and(|known| Load::of(&known.name) == Load::Freight)
        })
    }
}

impl<F: FileSystem> Device<F> {
    /// Returns which files are not wholly on the server, by what the lists know of them.
    pub(super) fn files_under_way(&self) -> Option<FilesUnderWay> {
        if !self.is_attached() {
            return None;
        }
        let mut waiting: BTreeMap<ClientId, BTreeSet<RecordId>> = BTreeMap::new();
        let locations = self.cabinet.store().locations();
        let ledger = locations.ledger();
        for source in ledger.unsent().chain(ledger.sent().filter_map(|sent| sent.source)) {
            let known = locations.compartment(source.compartment);
            if let Some(CompartmentName::Attachments(client)) = known.map(|known| &known.name)
                && let ContentKind::Record(record) = source.kind
            {
                waiting.entry(*client).or_default().insert(record);
            }
        }
        if waiting.is_empty() {
            return None;
        }
        let index = self.practice.index();
        let mut under_way = FilesUnderWay { count: 0, sent: 0, bytes: 0 };
        for (client, waiting) in waiting {
            let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
            for row in rows {
                let TimelineEntry::Attachment { record, size, .. } = &row.entry else { continue };
                let family = self.practice.family_of(client, *record);
                let (all, left) = (family.len(), family.intersection(&waiting).count());
                if left > 0 {
                    let (size, share) = (u64::from(*size), (all - left) as u64);
                    under_way.count += 1;
                    under_way.bytes = under_way.bytes.saturating_add(size);
                    let sent = size.saturating_mul(share) / (all as u64).max(1);
                    under_way.sent = under_way.sent.saturating_add(sent);
                }
            }
        }
        (under_way.count > 0).then_some(under_way)
    }
}
