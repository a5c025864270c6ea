//! Late edits: what a device wrote that was shut out, and that the server let through or another
//! device had. Nothing of it counts; it is kept, listed, and taken over by hand as a change of
//! this device, records with their author's own bytes and signature.

use super::base::Unopened;
use super::frames::{Fate, MailFrame};
use super::parcel;
use crate::device::chance::OsRandom;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use std::collections::BTreeMap;
use tacenda_shared::envelope::{Carried, Envelope};
use tacenda_shared::id::{
    ClientId, CompartmentId, DevInc, DeviceId, ObjectId, Position, RecordId, Timestamp,
};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::Record;
use tacenda_shared::seal::Hedge;

/// What a late edit is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LateKind {
    /// Appointments.
    Appointments,
    /// A client's contact.
    Contact,
    /// Files in a client's chart.
    Attachments,
    /// Words in a draft.
    Draft,
    /// Who a client is in law.
    Identity,
    /// Who belongs to a couple, a family or a group.
    Group,
    /// A treatment plan.
    Plan,
    /// A signed record: a note, a measure, an entry of the trail.
    Record,
    /// Something else that opens.
    Other,
    /// Its key is not here.
    Sealed,
}

/// One late edit: everything that one device wrote late in one document, or one record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LateEdit {
    /// The device that wrote it.
    pub device: DeviceId,
    /// The device's name.
    pub name: String,
    /// What it is about.
    pub kind: LateKind,
    /// Whose, if of one client.
    pub client: Option<ClientId>,
    /// When its author says it was signed; only records say.
    pub time: Option<Timestamp>,
    /// Whether it was taken over already.
    pub adopted: bool,
}

/// What belongs together: all of one device in one document, one record, or its attachments of one
/// client, of which no part is anything alone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key {
    log: CompartmentId,
    device: DeviceId,
    dev_inc: DevInc,
    what: What,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum What {
    /// Changes of a document, and whether it is a draft.
    Document(ObjectId, bool),
    Record(RecordId),
    /// Records of a log of attachments.
    Attachments,
    Sealed,
}

/// Records that are kept in one group: each has 64 KiB at most where there are many.
const GROUP_RECORDS: usize = 64;

#[derive(Default)]
struct Pieces {
    bytes: Vec<Vec<u8>>,
    places: Vec<Position>,
    adopted: bool,
}

impl<F: FileSystem> Device<F> {
    /// Returns what devices wrote that were shut out, beyond where they count.
    pub fn late_edits(&self) -> Result<Vec<LateEdit>, DeviceError> {
        let pieces = self.late_pieces()?;
        Ok(pieces.iter().map(|(key, pieces)| self.late_edit(key, pieces)).collect())
    }

    /// Takes over the late edit of this number, from 0, of [`Device::late_edits`]. Returns whether
    /// anything was there to take over.
    pub fn adopt_late_edit(&mut self, number: usize, now: Timestamp) -> Result<bool, DeviceError> {
        let chosen = self.late_pieces()?.into_iter().nth(number);
        // What was taken over once would come a second time beside itself.
        let Some((key, pieces)) = chosen.filter(|(_, pieces)| !pieces.adopted) else {
            return Ok(false);
        };
        let known = self.cabinet.store().locations().compartment(key.log);
        let device = self.cabinet.state.devices().get(&key.device);
        let (Some(known), Some(device)) = (known, device) else { return Ok(false) };
        let name = known.name.clone();
        let author = Author { member: device.member, device: key.device, incarnation: key.dev_inc };
        let changes: Vec<Change> = match key.what {
            What::Sealed => return Ok(false),
            What::Record(record) => {
                let Some(bytes) = pieces.bytes.into_iter().next() else { return Ok(false) };
                let content = Content::Record { record, bytes };
                let change = Change { compartment: name, content };
                let merged = self
                    .with_pending(&[], now, |practice, cx| practice.merge(&change, &author, cx));
                let merged = merged.map_err(|_| StoreError::Altered)?;
                std::iter::once(change).chain(merged.changes).collect()
            }
            What::Attachments => {
                let records = pieces.bytes.into_iter();
                self.take_records(&name, records, &author, now)?
            }
            What::Document(document, _) => {
                if let Some(client) = name.whose_drafts() {
                    self.commit(document, client, now)?;
                }
                let adopted = self.with_pending(&[], now, |practice, cx| {
                    practice.adopt(&name, document, &pieces.bytes, &author, cx)
                });
                adopted.map_err(|_| StoreError::Altered)?.into_iter().collect()
            }
        };
        let changed = !changes.is_empty();
        // Several files are more than one group takes.
        for group in changes.chunks(GROUP_RECORDS) {
            self.keep(group.to_vec())?;
        }
        self.mark_adopted(key.log, &pieces.places)?;
        self.trail_late(key.device, now)?;
        Ok(changed)
    }

    /// Takes over records of one log as what another device did; returns what is to be stored.
    fn take_records(
        &mut self,
        name: &CompartmentName,
        records: impl Iterator<Item = Vec<u8>>,
        author: &Author,
        now: Timestamp,
    ) -> Result<Vec<Change>, DeviceError> {
        let mut changes = Vec::new();
        for bytes in records {
            let record = Record::decode(&bytes).map_err(|_| StoreError::Altered)?.header.id;
            let content = Content::Record { record, bytes };
            let change = Change { compartment: name.clone(), content };
            let merged = self
                .with_pending(&changes, now, |practice, cx| practice.merge(&change, author, cx));
            let merged = merged.map_err(|_| StoreError::Altered)?;
            changes.push(change);
            changes.extend(merged.changes);
        }
        Ok(changes)
    }

    fn mark_adopted(&mut self, log: CompartmentId, places: &[Position]) -> Result<(), StoreError> {
        let judged = places.iter().map(|position| {
            let (position, fate) = (*position, Fate::Adopted);
            DeviceFrame::Mail(MailFrame::Judged { log, position, fate, number: None })
        });
        let frames: Vec<_> = judged.collect();
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.cabinet.keys.hedge, random: &mut random };
        self.cabinet.store.append(&frames, &mut hedge)
    }

    fn late_edit(&self, key: &Key, pieces: &Pieces) -> LateEdit {
        let known = self.cabinet.state.devices().get(&key.device);
        let compartment = self.cabinet.store().locations().compartment(key.log);
        let compartment = compartment.map(|known| &known.name);
        let record = match key.what {
            What::Record(_) => pieces.bytes.first().and_then(|bytes| Record::decode(bytes).ok()),
            What::Attachments | What::Document(..) | What::Sealed => None,
        };
        let kind = match (key.what, compartment) {
            (What::Sealed, _) => LateKind::Sealed,
            (What::Attachments, _) => LateKind::Attachments,
            (What::Record(_), _) => LateKind::Record,
            (What::Document(_, true), _) => LateKind::Draft,
            (_, Some(CompartmentName::Calendar { .. })) => LateKind::Appointments,
            (_, Some(CompartmentName::Contact(_))) => LateKind::Contact,
            // The one document of a chart that is no draft.
            (_, Some(CompartmentName::Chart(_))) => LateKind::Plan,
            (_, Some(CompartmentName::Group(_))) => LateKind::Group,
            (_, Some(CompartmentName::Identity(_))) => LateKind::Identity,
            (What::Document(..), _) => LateKind::Other,
        };
        LateEdit {
            device: key.device,
            name: known.map_or_else(String::new, |known| self.name_of(key.device, &known.info)),
            kind,
            client: compartment.and_then(CompartmentName::client),
            time: record.map(|record| record.header.time),
            adopted: pieces.adopted,
        }
    }

    /// Reads what is kept apart of devices that are out, in the order of logs.
    fn late_pieces(&self) -> Result<BTreeMap<Key, Pieces>, DeviceError> {
        let mut found: BTreeMap<Key, Pieces> = BTreeMap::new();
        let ledger = self.cabinet.store().locations().ledger();
        for (log, entries) in ledger.logs() {
            for (position, entry) in (1..).map(Position::new).zip(entries) {
                if !matches!(entry.fate, Fate::Quarantined | Fate::Adopted) {
                    continue;
                }
                let frame = self.cabinet.store().read(entry.location)?;
                let DeviceFrame::Mail(MailFrame::Entered { carried, .. }) = frame else { continue };
                let Carried::Whole(envelope) = *carried else { continue };
                let Some((what, bytes)) = self.late_content(&envelope) else { continue };
                let known = self.cabinet.store().locations().compartment(log);
                let of_files = known
                    .is_some_and(|known| matches!(known.name, CompartmentName::Attachments(_)));
                let what = match what {
                    What::Record(_) if of_files => What::Attachments,
                    other => other,
                };
                let header = &envelope.header;
                let (device, dev_inc) = (header.author, header.dev_inc);
                let pieces = found.entry(Key { log, device, dev_inc, what }).or_default();
                pieces.bytes.push(bytes);
                pieces.places.push(position);
                let first = pieces.places.len() == 1;
                pieces.adopted = (first || pieces.adopted) && entry.fate == Fate::Adopted;
            }
        }
        Ok(found)
    }

    /// Opens a late envelope; `None` if it is none: of a device that is in, not by the device that
    /// it names, or an entry without content.
    pub(super) fn late_content(&self, envelope: &Envelope) -> Option<(What, Vec<u8>)> {
        let header = &envelope.header;
        let state = &self.cabinet.state;
        let author = state.devices().get(&header.author)?;
        if !state.cut_devices().contains(&header.author)
            || !header.kind.is_sealed()
            || !envelope.is_signed_by(&author.sig)
        {
            return None;
        }
        let body = match self.cabinet.body_of(envelope) {
            Ok(body) => body,
            Err(Unopened::NoKey | Unopened::Erased) => return Some((What::Sealed, Vec::new())),
            Err(Unopened::Damaged) => return None,
        };
        match parcel::unparcel(header, &body).ok()?? {
            Content::Delta { document, draft, bytes } => {
                Some((What::Document(document, draft), bytes))
            }
            Content::Record { record, bytes } => Some((What::Record(record), bytes)),
            Content::Draft { .. } | Content::Close { .. } => None,
        }
    }
}
