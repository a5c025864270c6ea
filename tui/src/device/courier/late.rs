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
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::practice::MergeError;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::record::{Record, RecordKind, RelationKind};
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
    /// That files of a client are struck, or are not after all.
    AttachmentMarks,
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

/// What came of taking over a late edit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Adopted {
    /// Whether anything was there to take over.
    pub changed: bool,
    /// How many of its records are not what they say they are, and stay apart.
    pub refused: usize,
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
    /// Records of such a log that say something of an attachment that is there.
    AttachmentMarks,
    Sealed,
}

/// Bytes of records after which a group goes to the disk: far below what one takes, with the next.
const GROUP_BYTES: usize = 4 << 20;
/// Records after which it does.
const GROUP_RECORDS: usize = 256;

/// Where the pieces of a late edit are. Their bytes are read when it is taken over: many files are
/// long.
#[derive(Default)]
struct Pieces {
    /// Each with whether it was taken over.
    places: Vec<(Position, bool)>,
    /// When the first says it was signed, of a record.
    time: Option<Timestamp>,
}

impl Pieces {
    fn adopted(&self) -> bool {
        self.places.iter().all(|(_, adopted)| *adopted)
    }
}

/// Records that were merged and are not on the disk yet.
#[derive(Default)]
struct Group {
    changes: Vec<Change>,
    places: Vec<Position>,
    bytes: usize,
}

impl<F: FileSystem> Device<F> {
    /// Returns what devices wrote that were shut out, beyond where they count.
    pub fn late_edits(&self) -> Result<Vec<LateEdit>, DeviceError> {
        let pieces = self.late_pieces()?;
        Ok(pieces.iter().map(|(key, pieces)| self.late_edit(key, pieces)).collect())
    }

    /// Takes over the late edit of this number, from 0, of [`Device::late_edits`]. A record that is
    /// refused is left out, and the others are taken.
    pub fn adopt_late_edit(
        &mut self,
        number: usize,
        now: Timestamp,
    ) -> Result<Adopted, DeviceError> {
        let chosen = self.late_pieces()?.into_iter().nth(number);
        // What was taken over once would come a second time beside itself.
        let Some((key, pieces)) = chosen.filter(|(_, pieces)| !pieces.adopted()) else {
            return Ok(Adopted::default());
        };
        let known = self.cabinet.store().locations().compartment(key.log);
        let device = self.cabinet.state.devices().get(&key.device);
        let (Some(known), Some(device)) = (known, device) else { return Ok(Adopted::default()) };
        let name = known.name.clone();
        let author = Author { member: device.member, device: key.device, incarnation: key.dev_inc };
        let outcome = match key.what {
            What::Sealed => return Ok(Adopted::default()),
            What::Attachments | What::AttachmentMarks | What::Record(_) => {
                self.take_records((key.log, &name), &pieces, &author, now)
            }
            What::Document(document, _) => {
                self.take_document((key.log, &name), document, &pieces, &author, now)
            }
        };
        let Ok(adopted) = outcome else {
            // What was merged may not be on the disk.
            self.start_over()?;
            return outcome;
        };
        if adopted.changed || adopted.refused == 0 {
            self.trail_late(key.device, now)?;
        }
        Ok(adopted)
    }

    fn take_document(
        &mut self,
        (log, name): (CompartmentId, &CompartmentName),
        document: ObjectId,
        pieces: &Pieces,
        author: &Author,
        now: Timestamp,
    ) -> Result<Adopted, DeviceError> {
        if let Some(client) = name.whose_drafts() {
            self.commit(document, client, now)?;
        }
        let mut blobs = Vec::new();
        for (position, _) in &pieces.places {
            blobs.extend(self.late_bytes(log, *position)?);
        }
        let change = self.with_pending(&[], now, |practice, cx| {
            practice.adopt(name, document, &blobs, author, cx)
        });
        let change = change.map_err(|_| StoreError::Altered)?;
        let changed = change.is_some();
        self.keep(change.into_iter().collect())?;
        let places: Vec<_> = pieces.places.iter().map(|(position, _)| *position).collect();
        self.mark_adopted(log, &places)?;
        Ok(Adopted { changed, refused: 0 })
    }

    /// Takes over records of one log as what another device did, group by group. What was taken
    /// over already is left, and so is what is refused: one bad record must not hold back a file.
    fn take_records(
        &mut self,
        (log, name): (CompartmentId, &CompartmentName),
        pieces: &Pieces,
        author: &Author,
        now: Timestamp,
    ) -> Result<Adopted, DeviceError> {
        let mut adopted = Adopted::default();
        let mut group = Group::default();
        for (position, _) in pieces.places.iter().filter(|(_, adopted)| !adopted) {
            let bytes = self.late_bytes(log, *position)?.unwrap_or_default();
            let Ok(Record { header, .. }) = Record::decode(&bytes) else {
                adopted.refused += 1;
                continue;
            };
            group.bytes += bytes.len();
            let content = Content::Record { record: header.id, bytes };
            let change = Change { compartment: name.clone(), content };
            let merged = self.with_pending(&group.changes, now, |practice, cx| {
                practice.merge(&change, author, cx)
            });
            match merged {
                Ok(merged) => {
                    group.changes.push(change);
                    group.changes.extend(merged.changes);
                    group.places.push(*position);
                    adopted.changed = true;
                }
                Err(MergeError::Shelf(_)) => return Err(StoreError::Altered.into()),
                Err(MergeError::Document(_) | MergeError::Record(_)) => adopted.refused += 1,
            }
            if group.bytes >= GROUP_BYTES || group.places.len() >= GROUP_RECORDS {
                self.keep_group(log, std::mem::take(&mut group))?;
            }
        }
        self.keep_group(log, group)?;
        Ok(adopted)
    }

    fn keep_group(&mut self, log: CompartmentId, group: Group) -> Result<(), DeviceError> {
        if group.places.is_empty() {
            return Ok(());
        }
        self.keep(group.changes)?;
        Ok(self.mark_adopted(log, &group.places)?)
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
        let kind = match (key.what, compartment) {
            (What::Sealed, _) => LateKind::Sealed,
            (What::Attachments, _) => LateKind::Attachments,
            (What::AttachmentMarks, _) => LateKind::AttachmentMarks,
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
            time: pieces.time,
            adopted: pieces.adopted(),
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
                let Some(envelope) = self.late_envelope(entry.location)? else { continue };
                let Some((what, bytes)) = self.late_content(&envelope) else { continue };
                let known = self.cabinet.store().locations().compartment(log);
                let of_files = known
                    .is_some_and(|known| matches!(known.name, CompartmentName::Attachments(_)));
                let record = match what {
                    What::Record(_) => Record::decode(&bytes).ok(),
                    _ => None,
                };
                let what = match (what, &record) {
                    (What::Record(_), Some(record)) if of_files && is_mark(record) => {
                        What::AttachmentMarks
                    }
                    (What::Record(_), _) if of_files => What::Attachments,
                    (other, _) => other,
                };
                let header = &envelope.header;
                let (device, dev_inc) = (header.author, header.dev_inc);
                let pieces = found.entry(Key { log, device, dev_inc, what }).or_default();
                let alone = matches!(what, What::Record(_)) && pieces.places.is_empty();
                if let (true, Some(record)) = (alone, &record) {
                    pieces.time = Some(record.header.time);
                }
                pieces.places.push((position, entry.fate == Fate::Adopted));
            }
        }
        Ok(found)
    }

    fn late_envelope(&self, location: Location) -> Result<Option<Envelope>, StoreError> {
        let DeviceFrame::Mail(MailFrame::Entered { carried, .. }) =
            self.cabinet.store().read(location)?
        else {
            return Ok(None);
        };
        match *carried {
            Carried::Whole(envelope) => Ok(Some(envelope)),
            _ => Ok(None),
        }
    }

    /// Reads again what a piece says.
    fn late_bytes(
        &self,
        log: CompartmentId,
        position: Position,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let ledger = self.cabinet.store().locations().ledger();
        let Some(entry) = ledger.entry(log, position) else { return Ok(None) };
        let envelope = self.late_envelope(entry.location)?;
        Ok(envelope.and_then(|envelope| self.late_content(&envelope)).map(|(_, bytes)| bytes))
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

/// Whether a record of a log of attachments says something of one that is there.
fn is_mark(record: &Record) -> bool {
    record.header.kind == RecordKind::Attachment
        && record.relation(RelationKind::Corrects).is_some()
}
