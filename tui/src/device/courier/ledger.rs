//! The ledger: what is still to be sent, what was sent and what became of it, and what each log
//! holds. An index over frames, in memory only, like the one over content. Pure.

use crate::device::courier::frames::{Fate, MailFrame, Number, Source, read_source, write_source};
use crate::device::frame::{ContentKind, DeviceFrame, Origin};
use crate::device::locations::{ENTRIES_MAX, read_location, write_location};
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::envelope::{Carried, ControlBody, Envelope};
use tacenda_shared::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, ObjectId, Position, PracticeSeq, RecordId,
};
use tacenda_shared::journal::Location;
use tacenda_shared::log::OwnHead;

/// An envelope of this device that the server has not yet answered for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sent {
    /// Where it lies.
    pub location: Location,
    /// What it carries; nothing for a genesis.
    pub source: Option<Source>,
}

/// One entry of a log, in the order of positions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Placed {
    /// Where the envelope lies.
    pub location: Location,
    /// What became of it.
    pub fate: Fate,
}

/// The index.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ledger {
    unsent: BTreeMap<Location, (CompartmentId, ContentKind)>,
    /// Own envelopes without an answer.
    sent: BTreeMap<(DevInc, DevSeq), Sent>,
    /// Own envelopes that were taken and whose turn in their log has not come here yet.
    taken: BTreeMap<(DevInc, DevSeq), Location>,
    settled: Option<OwnHead>,
    begun: BTreeSet<CompartmentId>,
    drafts: BTreeSet<ObjectId>,
    logs: BTreeMap<CompartmentId, Vec<Placed>>,
    waiting: BTreeSet<(CompartmentId, Position)>,
    numbers: BTreeMap<Number, RecordId>,
    cursor: Global,
    receipts: BTreeMap<PracticeSeq, Location>,
}

impl Ledger {
    /// Takes note of a frame.
    pub fn add(&mut self, frame: &DeviceFrame, location: Location) {
        match frame {
            DeviceFrame::Content { kind: ContentKind::Saved(_), .. } => {}
            DeviceFrame::Content { compartment, kind, origin: Origin::Here, .. } => {
                self.unsent.insert(location, (*compartment, *kind));
            }
            DeviceFrame::Mail(frame) => self.add_mail(frame, location),
            _ => {}
        }
    }

    fn add_mail(&mut self, frame: &MailFrame, location: Location) {
        match frame {
            MailFrame::Cursor(cursor) => self.cursor = *cursor,
            MailFrame::EntryReceipt(receipt) => {
                self.receipts.insert(receipt.head.seq, location);
            }
            MailFrame::Entered { log, fate, carried, record } => {
                if let Carried::Whole(envelope) = &**carried {
                    self.learn_envelope(envelope, *record);
                }
                self.enter(*log, Placed { location, fate: *fate });
            }
            MailFrame::EnteredOwn { log, dev_inc, dev_seq } => {
                if let Some(location) = self.taken.remove(&(*dev_inc, *dev_seq)) {
                    self.enter(*log, Placed { location, fate: Fate::Opened });
                }
            }
            MailFrame::Judged { log, position, fate, number } => {
                self.judge(*log, *position, *fate);
                if let Some((number, record)) = number {
                    self.numbers.insert(*number, *record);
                }
            }
            MailFrame::Sent { source, envelope } => self.send(*source, envelope, location),
            MailFrame::Settled { again, receipt } => {
                let own = receipt.body.own;
                let key = (own.dev_inc, own.dev_seq);
                self.settled = Some(own);
                let Some(sent) = self.sent.remove(&key) else { return };
                if receipt.body.placement.is_some() {
                    self.taken.insert(key, sent.location);
                } else if let Some(source) = sent.source.filter(|_| *again) {
                    self.unsent.insert(source.location, (source.compartment, source.kind));
                    self.numbers.remove(&(receipt.body.device, own.dev_inc, own.dev_seq));
                }
            }
            MailFrame::Skipped(skipped) => {
                skipped.iter().for_each(|location| {
                    self.unsent.remove(location);
                });
            }
        }
    }

    fn send(&mut self, source: Option<Source>, envelope: &Envelope, location: Location) {
        let header = &envelope.header;
        let record = source.and_then(|source| match source.kind {
            ContentKind::Record(record) => Some(record),
            _ => None,
        });
        self.learn_envelope(envelope, record);
        if let Some(source) = source {
            self.unsent.remove(&source.location);
        }
        self.sent.insert((header.dev_inc, header.dev_seq), Sent { location, source });
    }

    fn learn_envelope(&mut self, envelope: &Envelope, record: Option<RecordId>) {
        let header = &envelope.header;
        if let Some(record) = record {
            self.numbers.insert((header.author, header.dev_inc, header.dev_seq), record);
        }
        match envelope.control() {
            Ok(Some(ControlBody::Genesis { .. })) => {
                self.begun.insert(header.compartment);
            }
            Ok(Some(ControlBody::Draft { object, .. })) => {
                self.drafts.insert(object);
            }
            _ => {}
        }
    }

    fn enter(&mut self, log: CompartmentId, placed: Placed) {
        let entries = self.logs.entry(log).or_default();
        entries.push(placed);
        if placed.fate == Fate::Waiting {
            let position = u64::try_from(entries.len()).unwrap_or(u64::MAX);
            self.waiting.insert((log, Position::new(position)));
        }
    }

    fn judge(&mut self, log: CompartmentId, position: Position, fate: Fate) {
        if fate != Fate::Waiting {
            self.waiting.remove(&(log, position));
        }
        let index = position.get().checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let entries = self.logs.get_mut(&log);
        if let Some(entry) = index.zip(entries).and_then(|(index, all)| all.get_mut(index)) {
            entry.fate = fate;
        }
    }

    /// Returns what this device made and no envelope carries yet, in the order of making.
    pub fn unsent(&self) -> impl Iterator<Item = Source> + '_ {
        self.unsent.iter().map(|(location, (compartment, kind))| Source {
            compartment: *compartment,
            kind: *kind,
            location: *location,
        })
    }

    /// Returns how many pieces of content no envelope carries yet.
    pub fn unsent_count(&self) -> usize {
        self.unsent.len()
    }

    /// Returns own envelopes without an answer, in the order of their numbers.
    pub fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.sent.values()
    }

    /// Returns whether the server has not yet answered for this own envelope.
    pub fn is_unanswered(&self, dev_inc: DevInc, dev_seq: DevSeq) -> bool {
        self.sent.contains_key(&(dev_inc, dev_seq))
    }

    /// Returns where the own chain stood with the last answered envelope.
    pub fn settled(&self) -> Option<OwnHead> {
        self.settled
    }

    /// Returns whether the compartment's genesis was sealed or has come.
    pub fn has_begun(&self, compartment: CompartmentId) -> bool {
        self.begun.contains(&compartment)
    }

    /// Returns whether others may know of this draft.
    pub fn knows_draft(&self, draft: ObjectId) -> bool {
        self.drafts.contains(&draft)
    }

    /// Returns the logs with their entries.
    pub fn logs(&self) -> impl Iterator<Item = (CompartmentId, &[Placed])> {
        self.logs.iter().map(|(log, entries)| (*log, entries.as_slice()))
    }

    /// Returns one entry of a log.
    pub fn entry(&self, log: CompartmentId, position: Position) -> Option<Placed> {
        let index = usize::try_from(position.get().checked_sub(1)?).ok()?;
        self.logs.get(&log)?.get(index).copied()
    }

    /// Returns the entries that wait for a key, by log and position.
    pub fn waiting(&self) -> impl Iterator<Item = (CompartmentId, Position)> + '_ {
        self.waiting.iter().copied()
    }

    /// Returns the record that the envelope with this number carried.
    pub fn record(&self, number: Number) -> Option<RecordId> {
        self.numbers.get(&number).copied()
    }

    /// Returns the number of the newest envelope of `device` that carries a record.
    pub fn number_of(&self, device: DeviceId, record: RecordId) -> Option<Number> {
        let first = (device, DevInc::ZERO, DevSeq::ZERO);
        let last = (device, DevInc::new(u32::MAX), DevSeq::new(u64::MAX));
        let mut own = self.numbers.range(first..=last).rev();
        own.find(|(_, known)| **known == record).map(|(number, _)| *number)
    }

    /// Returns up to which of the server's counts everything is on this disk.
    pub fn cursor(&self) -> Global {
        self.cursor
    }

    /// Returns where the server's word on an entry of the practice log lies.
    pub fn receipt(&self, seq: PracticeSeq) -> Option<Location> {
        self.receipts.get(&seq).copied()
    }

    pub(in crate::device) fn write(&self, w: &mut Writer) {
        let unsent: Vec<_> = self.unsent().collect();
        w.list(&unsent, |w, source| write_source(w, *source));
        let sent: Vec<_> = self.sent.iter().collect();
        w.list(&sent, |w, ((dev_inc, dev_seq), sent)| {
            w.u32(dev_inc.get()).u64(dev_seq.get());
            write_location(w, sent.location);
            w.option(sent.source, write_source);
        });
        let taken: Vec<_> = self.taken.iter().collect();
        w.list(&taken, |w, ((dev_inc, dev_seq), location)| {
            w.u32(dev_inc.get()).u64(dev_seq.get());
            write_location(w, **location);
        });
        w.option(self.settled.as_ref(), |w, own| own.write(w));
        let begun: Vec<_> = self.begun.iter().collect();
        w.list(&begun, |w, id| {
            w.fixed(id.as_bytes());
        });
        let drafts: Vec<_> = self.drafts.iter().collect();
        w.list(&drafts, |w, id| {
            w.fixed(id.as_bytes());
        });
        let logs: Vec<_> = self.logs.iter().collect();
        w.list(&logs, |w, (log, entries)| {
            w.fixed(log.as_bytes());
            w.list(entries, |w, entry| {
                write_location(w, entry.location);
                w.u8(entry.fate.number());
            });
        });
        let numbers: Vec<_> = self.numbers.iter().collect();
        w.list(&numbers, |w, ((device, dev_inc, dev_seq), record)| {
            w.fixed(device.as_bytes()).u32(dev_inc.get()).u64(dev_seq.get());
            w.fixed(record.as_bytes());
        });
        w.u64(self.cursor.get());
        let receipts: Vec<_> = self.receipts.iter().collect();
        w.list(&receipts, |w, (seq, location)| {
            w.u32(seq.get());
            write_location(w, **location);
        });
    }

    pub(in crate::device) fn read(r: &mut Reader<'_>) -> Result<Self, CodecError> {
        let number = |r: &mut Reader<'_>| Ok((DevInc::new(r.u32()?), DevSeq::new(r.u64()?)));
        let unsent = r.list(ENTRIES_MAX, read_source)?;
        let unsent = unsent.into_iter().map(|one| (one.location, (one.compartment, one.kind)));
        let mut ledger = Self { unsent: unsent.collect(), ..Self::default() };
        let sent = r.list(ENTRIES_MAX, |r| {
            let key = number(r)?;
            Ok((key, Sent { location: read_location(r)?, source: r.option(read_source)? }))
        })?;
        ledger.sent = sent.into_iter().collect();
        let taken = r.list(ENTRIES_MAX, |r| Ok((number(r)?, read_location(r)?)))?;
        ledger.taken = taken.into_iter().collect();
        ledger.settled = r.option(OwnHead::read)?;
        let begun = r.list(ENTRIES_MAX, |r| r.fixed().map(CompartmentId::from_bytes))?;
        ledger.begun = begun.into_iter().collect();
        let drafts = r.list(ENTRIES_MAX, |r| r.fixed().map(ObjectId::from_bytes))?;
        ledger.drafts = drafts.into_iter().collect();
        let logs = r.list(ENTRIES_MAX, |r| {
            let log = CompartmentId::from_bytes(r.fixed()?);
            let entries = r.list(ENTRIES_MAX, |r| {
                Ok(Placed { location: read_location(r)?, fate: Fate::from_number(r.u8()?)? })
            })?;
            Ok((log, entries))
        })?;
        for (log, entries) in logs {
            entries.into_iter().for_each(|entry| ledger.enter(log, entry));
        }
        let numbers = r.list(ENTRIES_MAX, |r| {
            let device = DeviceId::from_bytes(r.fixed()?);
            let (dev_inc, dev_seq) = number(r)?;
            Ok(((device, dev_inc, dev_seq), RecordId::from_bytes(r.fixed()?)))
        })?;
        ledger.numbers = numbers.into_iter().collect();
        ledger.cursor = Global::new(r.u64()?);
        let receipts =
            r.list(ENTRIES_MAX, |r| Ok((PracticeSeq::new(r.u32()?), read_location(r)?)))?;
        ledger.receipts = receipts.into_iter().collect();
        Ok(ledger)
    }
}
