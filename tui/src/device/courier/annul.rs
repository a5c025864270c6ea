//! A cut is learned after what lies beyond it was shown: it counts no more, and the documents are
//! made again without it. It is kept apart as if it had come late, for a person to take over.
//!
//! What another device has built on it in good faith is not orphaned: the late change that it
//! needs is carried, also where it came too late to be shown at all.

use super::frames::{Fate, MailFrame, Number, SKIPPED_MAX, Source};
use super::inbox::{Came, Outcome, number_of};
use super::late::What;
use super::status::part_of_practice;
use super::{Batch, Courier};
use crate::device::frame::{ContentKind, DeviceFrame, Origin};
use crate::device::locations::Place;
use crate::device::open::{Device, DeviceError};
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::{Carried, ControlBody, Envelope, Kind};
use tacenda_shared::id::{CompartmentId, DeviceId, ObjectId, Position, RecordId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::change::{Author, Change, Content};
use tacenda_shared::practice::{carried, made_of};

/// An entry that counted, or waited for its key, and lies beyond a cut.
struct Beyond {
    log: CompartmentId,
    position: Position,
    envelope: Box<Envelope>,
    /// Whether it was among the content here.
    counted: bool,
}

/// A document in one log.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct DocumentKey {
    log: CompartmentId,
    document: ObjectId,
    draft: bool,
}

/// A late change of a document that was not taken over.
struct LateDelta {
    position: Position,
    came: Came,
    bytes: Vec<u8>,
}

impl<F: FileSystem> Device<F> {
    /// Judges again what devices have written that are out.
    pub(super) fn judge_again(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        if courier.sync.state().cut_devices().is_empty() {
            return Ok(());
        }
        self.flush_mail(batch)?;
        let beyond = self.beyond(courier)?;
        if !beyond.is_empty() {
            self.commit_typed(now)?;
            self.put_apart(courier, &beyond)?;
            self.start_over()?;
            batch.changed = true;
            self.tell_apart(courier, &beyond);
        }
        batch.short = true;
        self.carry_late(batch, now)
    }

    fn beyond(&self, courier: &Courier) -> Result<Vec<Beyond>, DeviceError> {
        let (state, ledger) = (courier.sync.state(), self.cabinet.store().locations().ledger());
        let mut found = Vec::new();
        for (log, replica) in courier.sync.replicas() {
            for position in replica.late(state) {
                let Some(entry) = ledger.entry(*log, position) else { continue };
                let counted = entry.fate == Fate::Opened;
                if !counted && entry.fate != Fate::Waiting {
                    continue;
                }
                let frame = self.cabinet.store().read(entry.location)?;
                let DeviceFrame::Mail(MailFrame::Entered { carried, .. }) = frame else { continue };
                let Carried::Whole(envelope) = *carried else { continue };
                // Keys that it has announced stay known; others may have sealed under them.
                if envelope.header.kind.is_sealed() || envelope.header.kind == Kind::Close {
                    let (log, envelope) = (*log, Box::new(envelope));
                    found.push(Beyond { log, position, envelope, counted });
                }
            }
        }
        Ok(found)
    }

    /// Writes down that these count no more, and which content goes with them.
    fn put_apart(&mut self, courier: &mut Courier, beyond: &[Beyond]) -> Result<(), DeviceError> {
        let fate = Fate::Quarantined;
        let judged = beyond.iter().map(|one| {
            let (log, position) = (one.log, one.position);
            DeviceFrame::Mail(MailFrame::Judged { log, position, fate, number: None })
        });
        let sources = self.content_of(beyond)?;
        let annulled = sources.chunks(SKIPPED_MAX);
        let annulled = annulled.map(|some| DeviceFrame::Mail(MailFrame::Annulled(some.to_vec())));
        let frames: Vec<_> = judged.chain(annulled).collect();
        self.cabinet.put_with(&[], frames)?;
        let mut logs: BTreeMap<CompartmentId, BTreeSet<Position>> = BTreeMap::new();
        for one in beyond {
            logs.entry(one.log).or_default().insert(one.position);
        }
        logs.iter().for_each(|(log, late)| courier.sync.annul(*log, late));
        Ok(())
    }

    /// Finds the content that came with these entries.
    fn content_of(&self, beyond: &[Beyond]) -> Result<Vec<Source>, DeviceError> {
        let mut documents: BTreeMap<(CompartmentId, ObjectId), Vec<Vec<u8>>> = BTreeMap::new();
        let mut sources = Vec::new();
        let gone: BTreeSet<Number> = beyond.iter().map(|one| number_of(&one.envelope)).collect();
        for one in beyond.iter().filter(|one| one.counted) {
            if let Ok(Some(ControlBody::Close { object, dev_inc, dev_seq })) =
                one.envelope.control()
            {
                let number = (one.envelope.header.author, dev_inc, dev_seq);
                let record = self.cabinet.store().locations().ledger().record(number);
                sources.extend(self.close_of(one.log, object, record)?);
                continue;
            }
            match self.late_content(&one.envelope) {
                Some((What::Document(document, _), bytes)) => {
                    documents.entry((one.log, document)).or_default().push(bytes);
                }
                Some((What::Record(record), _)) => {
                    sources.extend(self.record_of(one.log, record, &gone)?);
                }
                // Attachments are put together only where they are listed.
                Some((What::Attachments | What::AttachmentMarks | What::Sealed, _)) | None => {}
            }
        }
        for ((log, document), late) in documents {
            let (places, blobs) = self.deltas_of(log, document)?;
            let only_late = made_of(&blobs, &late);
            let late = places.iter().zip(only_late).filter(|(_, late)| *late);
            sources.extend(late.map(|(place, _)| source(log, place)));
        }
        Ok(sources)
    }

    fn close_of(
        &self,
        log: CompartmentId,
        draft: ObjectId,
        record: Option<RecordId>,
    ) -> Result<Option<Source>, DeviceError> {
        for place in self.cabinet.store().locations().document(log, draft) {
            let ContentKind::Close { record: of, .. } = place.kind else { continue };
            if record == Some(of) && self.is_from_elsewhere(place)? {
                return Ok(Some(source(log, place)));
            }
        }
        Ok(None)
    }

    /// A record counts on if another envelope carries it, too.
    fn record_of(
        &self,
        log: CompartmentId,
        record: RecordId,
        gone: &BTreeSet<Number>,
    ) -> Result<Option<Source>, DeviceError> {
        let locations = self.cabinet.store().locations();
        if locations.ledger().carriers(record).any(|number| !gone.contains(&number)) {
            return Ok(None);
        }
        let Some(location) = locations.record(log, record) else { return Ok(None) };
        let place = Place { kind: ContentKind::Record(record), location };
        Ok(self.is_from_elsewhere(&place)?.then(|| source(log, &place)))
    }

    fn is_from_elsewhere(&self, place: &Place) -> Result<bool, DeviceError> {
        let frame = self.cabinet.store().read(place.location)?;
        Ok(matches!(frame, DeviceFrame::Content { origin: Origin::Elsewhere, .. }))
    }

    /// Returns where the changes of a document lie, and what they are.
    fn deltas_of(
        &self,
        log: CompartmentId,
        document: ObjectId,
    ) -> Result<(Vec<Place>, Vec<Vec<u8>>), DeviceError> {
        let places = self.cabinet.store().locations().document(log, document).iter().copied();
        let is_delta = |place: &Place| {
            matches!(place.kind, ContentKind::Delta(_) | ContentKind::DraftDelta(_))
        };
        let places: Vec<_> = places.filter(is_delta).collect();
        let open =
            |place: &Place| self.cabinet.open_content(log, *place).map(|bytes| bytes.to_vec());
        let blobs: Result<Vec<_>, _> = places.iter().map(open).collect();
        Ok((places, blobs?))
    }

    /// Takes late changes of documents on which something builds that counts, if what has come
    /// builds on what is not here.
    pub(super) fn carry_late(
        &mut self,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let short = std::mem::take(&mut batch.short);
        if !short || self.cabinet.state.cut_devices().is_empty() {
            return Ok(());
        }
        self.flush_mail(batch)?;
        for (key, late) in self.late_deltas()? {
            let bytes: Vec<_> = late.iter().map(|one| one.bytes.clone()).collect();
            let (_, kept) = self.deltas_of(key.log, key.document)?;
            let wanted = late.into_iter().zip(carried(&kept, &bytes)).filter(|(_, wanted)| *wanted);
            for (one, _) in wanted.collect::<Vec<_>>() {
                self.carry(batch, key, one, now)?;
            }
        }
        batch.short = false;
        self.flush_mail(batch)
    }

    fn carry(
        &mut self,
        batch: &mut Batch,
        DocumentKey { log, document, draft }: DocumentKey,
        late: LateDelta,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let LateDelta { position, came, bytes } = late;
        let (device, incarnation, _) = came.number;
        let known = self.cabinet.store().locations().compartment(log);
        let author = self.cabinet.state.devices().get(&device);
        let (Some(known), Some(author)) = (known, author) else { return Ok(()) };
        let author = Author { member: author.member, device, incarnation };
        let content = Content::Delta { document, draft, bytes };
        let change = Change { compartment: known.name.clone(), content };
        let merged = self.merge(batch, came, change, &author, now)?;
        if matches!(merged, Outcome::Opened(_)) {
            let fate = Fate::Adopted;
            let judged = MailFrame::Judged { log, position, fate, number: None };
            batch.frames.push(DeviceFrame::Mail(judged));
        }
        Ok(())
    }

    /// Reads the late changes of documents that were not taken over, in the order of logs.
    fn late_deltas(&self) -> Result<BTreeMap<DocumentKey, Vec<LateDelta>>, DeviceError> {
        let mut found: BTreeMap<DocumentKey, Vec<LateDelta>> = BTreeMap::new();
        for (log, entries) in self.cabinet.store().locations().ledger().logs() {
            let numbered = (1..).map(Position::new).zip(entries);
            for (position, entry) in numbered.filter(|(_, one)| one.fate == Fate::Quarantined) {
                let frame = self.cabinet.store().read(entry.location)?;
                let DeviceFrame::Mail(MailFrame::Entered { carried, .. }) = frame else { continue };
                let Carried::Whole(envelope) = *carried else { continue };
                let Some((What::Document(document, draft), bytes)) = self.late_content(&envelope)
                else {
                    continue;
                };
                let one = LateDelta { position, came: Came::of(&envelope), bytes };
                let key = DocumentKey { log, document, draft };
                found.entry(key).or_default().push(one);
            }
        }
        Ok(found)
    }

    /// Says how much of which device counted here until now.
    fn tell_apart(&self, courier: &mut Courier, beyond: &[Beyond]) {
        let mut found: BTreeMap<DeviceId, BTreeMap<&'static str, usize>> = BTreeMap::new();
        for one in beyond.iter().filter(|one| one.counted && one.envelope.header.kind.is_sealed()) {
            let known = self.cabinet.store().locations().compartment(one.log);
            let part = known.map_or("something else", |known| part_of_practice(&known.name));
            *found.entry(one.envelope.header.author).or_default().entry(part).or_default() += 1;
        }
        for (device, parts) in found {
            let info = self.cabinet.state.devices().get(&device).map(|known| known.info.clone());
            let name = info.map_or_else(String::new, |info| self.name_of(device, &info));
            courier.alarms.push(counted_too_long(&name, &parts));
        }
    }
}

const fn source(compartment: CompartmentId, place: &Place) -> Source {
    Source { compartment, kind: place.kind, location: place.location }
}

fn counted_too_long(name: &str, parts: &BTreeMap<&'static str, usize>) -> Notice {
    let count: usize = parts.values().sum();
    let listed: Vec<String> = parts.iter().map(|(part, n)| format!("{part} ({n})")).collect();
    let changes = if count == 1 { "change" } else { "changes" };
    Notice::new(
        format!(
            "This device showed {count} {changes} of \"{name}\" before it learned that \"{name}\" \
             was shut out: in {}.",
            listed.join(", ")
        ),
        "They are kept apart now, as late edits. Nothing of yours is lost, and what you have \
         written on top of them stays.",
        "Look at them on the Sync screen with i, or with `tacenda device late`, and take over what \
         is true.",
    )
}
