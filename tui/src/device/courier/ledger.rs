//! The ledger: what is still to be sent, what was sent and what became of it, and what each log
//! holds. An index over frames, in memory only, like the one over content. Pure.

use crate::device::courier::frames::{Fate, MailFrame, Number, Source};
use crate::device::courier::watch::Notebook;
use crate::device::frame::{ContentKind, DeviceFrame, Origin};
use std::collections::{BTreeMap, BTreeSet};
use tacenda_shared::envelope::{Carried, ControlBody, EntryRef, Envelope};
use tacenda_shared::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, Global, ObjectId, Position, PracticeSeq, RecordId,
    Timestamp,
};
use tacenda_shared::journal::Location;
use tacenda_shared::log::{OwnHead, Receipt};
use tacenda_shared::suite::Hash;

/// An envelope of this device that the server has not yet answered for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sent {
    /// Where it lies.
    pub location: Location,
    /// What it carries; nothing for a genesis.
    pub source: Option<Source>,
}

/// An own envelope that was taken and whose turn in its log has not come here yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Taken {
    location: Location,
    /// Where it stands, as the server has signed.
    place: (CompartmentId, Position),
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
    taken: BTreeMap<(DevInc, DevSeq), Taken>,
    /// Own envelopes that were refused; the own chain goes through them.
    refused: BTreeMap<(DevInc, DevSeq), Location>,
    /// Envelopes that stood in a log before the server's files were lost, and stand nowhere now.
    unplaced: BTreeMap<Number, Placed>,
    settled: Option<OwnHead>,
    begun: BTreeSet<CompartmentId>,
    drafts: BTreeSet<ObjectId>,
    logs: BTreeMap<CompartmentId, Vec<Placed>>,
    waiting: BTreeSet<(CompartmentId, Position)>,
    numbers: BTreeMap<Number, RecordId>,
    cursor: Global,
    receipts: BTreeMap<PracticeSeq, Location>,
    incarnation: Option<DevInc>,
    aside: BTreeMap<Location, (CompartmentId, ContentKind)>,
    /// Own envelopes without an answer that end a draft here: the hash of the Close.
    ending: BTreeMap<(DevInc, DevSeq), Hash>,
    /// When the server took this device's word that a Close is carried out here.
    acknowledged: BTreeMap<Hash, Timestamp>,
    noted: Notebook,
    /// What lies unopened of each log, in order, and up to which position.
    shelf: BTreeMap<CompartmentId, Vec<(Location, Position)>>,
    /// The last pack of each log that the server has: the position before it, and its last.
    packs: BTreeMap<CompartmentId, (Position, Position)>,
    /// Logs whose keys are dead; kept with the rest of what is known of them.
    dead: BTreeSet<CompartmentId>,
    /// Where content of this device lies that was sealed anew.
    moved: BTreeMap<Location, Location>,
}

impl Ledger {
    /// Takes note of a frame.
    pub fn add(&mut self, frame: &DeviceFrame, location: Location) {
        match frame {
            DeviceFrame::Content { kind: ContentKind::Saved(_), instead_of: None, .. } => {}
            DeviceFrame::Content { instead_of: Some(old), origin, .. } => {
                self.replace(*old, location, *origin);
            }
            DeviceFrame::Content { compartment, kind, origin: Origin::Here, .. } => {
                self.unsent.insert(location, (*compartment, *kind));
            }
            DeviceFrame::Mail(frame) => self.add_mail(frame, location),
            _ => {}
        }
    }

    fn add_mail(&mut self, frame: &MailFrame, location: Location) {
        match frame {
            MailFrame::Aside(aside) => aside.iter().for_each(|location| self.put_aside(*location)),
            // Content is indexed elsewhere.
            MailFrame::Annulled(_) => {}
            MailFrame::Noted { ring, device, noted } => self.noted.add(*ring, *device, *noted),
            MailFrame::Cursor(cursor) => self.come_to(*cursor),
            MailFrame::Packed { log, after, to } => {
                self.packs.insert(*log, (*after, *to));
            }
            MailFrame::Shelved { log, .. } if self.dead.contains(log) => {}
            MailFrame::Shelved { log, to, .. } => {
                self.shelf.entry(*log).or_default().push((location, *to));
            }
            MailFrame::Unshelved { log, to } => self.unshelve(*log, *to),
            MailFrame::Erased { log, .. } => self.bury(*log),
            MailFrame::Rebased { log, gone, .. } => self.rebase(*log, gone),
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
                let key = (*dev_inc, *dev_seq);
                let taken = self.taken.remove(&key).map(|taken| taken.location);
                // Another life of this device may have had the answer.
                let sent = || self.sent.remove(&key).map(|sent| sent.location);
                if let Some(location) = taken.or_else(sent) {
                    self.enter(*log, Placed { location, fate: Fate::Opened });
                }
            }
            MailFrame::Incarnated(dev_inc) => self.begin_anew(*dev_inc),
            MailFrame::Judged { log, position, fate, number } => {
                self.judge(*log, *position, *fate);
                if let Some((number, record)) = number {
                    self.numbers.insert(*number, *record);
                }
            }
            MailFrame::Sent { source, envelope } => self.send(*source, envelope, location),
            MailFrame::Settled { again, receipt } => self.settle(*again, receipt),
            MailFrame::EnteredAgain { log, number } => {
                if let Some(placed) = self.unplaced.remove(number) {
                    self.enter(*log, placed);
                }
            }
            MailFrame::Resumed { own, sent } => self.resume(*own, sent),
            MailFrame::Rewound { log, position, numbers } => {
                self.rewind(*log, *position, numbers);
            }
            MailFrame::Skipped(skipped) => {
                skipped.iter().for_each(|location| {
                    self.unsent.remove(location);
                    self.aside.remove(location);
                });
            }
        }
    }

    /// What was not taken along goes out no more.
    fn rebase(&mut self, log: CompartmentId, gone: &[Location]) {
        self.packs.remove(&log);
        let gone: BTreeSet<_> = gone.iter().collect();
        self.unsent.retain(|at, _| !gone.contains(at));
        self.aside.retain(|at, _| !gone.contains(at));
    }

    /// The same content lies elsewhere now.
    fn replace(&mut self, old: Location, new: Location, origin: Origin) {
        if origin != Origin::Here {
            return;
        }
        for all in [&mut self.unsent, &mut self.aside] {
            if let Some(what) = all.remove(&old) {
                all.insert(new, what);
            }
        }
        for source in self.sent.values_mut().filter_map(|sent| sent.source.as_mut()) {
            if source.location == old {
                source.location = new;
            }
        }
        self.moved.insert(old, new);
    }

    /// A frame on the disk may still say where content lay before.
    fn found(&self, mut source: Source) -> Source {
        while let Some(new) = self.moved.get(&source.location) {
            source.location = *new;
        }
        source
    }

    fn settle(&mut self, again: bool, receipt: &Receipt) {
        let own = receipt.body.own;
        let key = (own.dev_inc, own.dev_seq);
        self.settled = Some(own);
        let ending = self.ending.remove(&key).filter(|_| receipt.body.placement.is_some());
        if let Some(close) = ending {
            // The last word counts: who orders an end does it once.
            self.acknowledged.insert(close, receipt.body.time);
        }
        let Some(sent) = self.sent.remove(&key) else { return };
        let Some(place) = receipt.body.placement else {
            self.refused.insert(key, sent.location);
            let alive = |source: &Source| !self.dead.contains(&source.compartment);
            if let Some(source) = sent.source.filter(|source| again && alive(source)) {
                self.unsent.insert(source.location, (source.compartment, source.kind));
                self.numbers.remove(&(receipt.body.device, own.dev_inc, own.dev_seq));
            }
            return;
        };
        let place = (place.log, place.head.position);
        // It went out again, and had been there all the time.
        if self.entry(place.0, place.1).is_none_or(|entry| entry.location != sent.location) {
            self.taken.insert(key, Taken { location: sent.location, place });
        }
    }

    fn resume(&mut self, own: OwnHead, sent: &[(DevSeq, Location, Option<Source>)]) {
        self.settled = Some(own);
        for (dev_seq, location, source) in sent {
            let key = (own.dev_inc, *dev_seq);
            self.taken.remove(&key);
            self.refused.remove(&key);
            self.unplaced.retain(|_, placed| placed.location != *location);
            let source = source.map(|source| self.found(source));
            self.sent.insert(key, Sent { location: *location, source });
        }
    }

    fn come_to(&mut self, cursor: Global) {
        self.cursor = cursor;
        if cursor == Global::ZERO {
            // Another server, or another life of its files, has no packs.
            self.packs.clear();
        }
    }

    fn unshelve(&mut self, log: CompartmentId, to: Position) {
        if let Some(items) = self.shelf.get_mut(&log) {
            items.retain(|(_, last)| *last > to);
            if items.is_empty() {
                self.shelf.remove(&log);
            }
        }
    }

    fn rewind(&mut self, log: CompartmentId, position: Position, numbers: &[Number]) {
        let keep = usize::try_from(position.get()).unwrap_or(usize::MAX);
        let Some(entries) = self.logs.get_mut(&log) else { return };
        let gone = entries.split_off(keep.min(entries.len()));
        self.unplaced.extend(numbers.iter().copied().zip(gone));
        self.waiting.retain(|(of, at)| *of != log || *at <= position);
        self.packs.remove(&log);
    }

    /// Nothing of a log goes out any more, also if it is given back later as never sent.
    pub(in crate::device) fn bury(&mut self, log: CompartmentId) {
        self.dead.insert(log);
        self.shelf.remove(&log);
        self.packs.remove(&log);
        self.unsent.retain(|_, (of, _)| *of != log);
        self.aside.retain(|_, (of, _)| *of != log);
    }

    fn put_aside(&mut self, location: Location) {
        let sent = || {
            let sources = self.sent.values().filter_map(|sent| sent.source);
            sources.map(|one| (one.location, (one.compartment, one.kind)))
        };
        let known = self.unsent.remove(&location);
        let known = known.or_else(|| sent().find(|(at, _)| *at == location).map(|(_, what)| what));
        if let Some(what) = known {
            self.aside.insert(location, what);
        }
    }

    /// What the server has not answered for goes out again, as the content that it was. What it
    /// has taken all the same is there twice, and counts once.
    fn begin_anew(&mut self, dev_inc: DevInc) {
        self.incarnation = Some(dev_inc);
        let unanswered = std::mem::take(&mut self.sent);
        self.ending.clear();
        for sent in unanswered.into_values() {
            match sent.source {
                Some(source)
                    if self.aside.contains_key(&source.location)
                        || self.dead.contains(&source.compartment) => {}
                Some(source) => {
                    self.unsent.insert(source.location, (source.compartment, source.kind));
                }
                // A genesis is made again with the first content that goes out.
                None => self.begun.retain(|id| self.logs.contains_key(id)),
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
        let close = match envelope.control() {
            Ok(Some(ControlBody::Acknowledge(of))) => Some(of.hash),
            Ok(Some(ControlBody::Close { .. })) => Some(envelope.hash()),
            _ => None,
        };
        if let Some(close) = close {
            self.ending.insert((header.dev_inc, header.dev_seq), close);
        }
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

    /// Returns what is known of checkpoints.
    pub fn noted(&self) -> &Notebook {
        &self.noted
    }

    /// Returns what this device made and no envelope carries yet, in the order of making.
    pub fn unsent(&self) -> impl Iterator<Item = Source> + '_ {
        self.unsent.iter().map(|(location, (compartment, kind))| Source {
            compartment: *compartment,
            kind: *kind,
            location: *location,
        })
    }

    /// Returns changes of documents that are set aside, in the order of making.
    pub fn aside(&self) -> impl Iterator<Item = Source> + '_ {
        self.aside.iter().map(|(location, (compartment, kind))| Source {
            compartment: *compartment,
            kind: *kind,
            location: *location,
        })
    }

    /// Returns whether content of a log is still to go out or to be answered for, or an own
    /// envelope's turn in it has not come.
    pub fn is_under_way(&self, log: CompartmentId) -> bool {
        let sent = self.sent.values().filter_map(|sent| sent.source);
        let made = self.unsent().chain(self.aside()).chain(sent);
        made.map(|source| source.compartment).any(|of| of == log)
            || self.taken_places().any(|(of, _)| of == log)
    }

    /// Returns how many pieces of content no envelope carries yet.
    pub fn unsent_count(&self) -> usize {
        self.unsent.len() + self.aside.len()
    }

    /// Returns where lies what was made first of all that the server has not answered for, but for some.
    pub fn oldest_queued(&self, but: &BTreeSet<Location>) -> Option<Location> {
        self.queued().filter(|made| !but.contains(made)).min()
    }

    /// Returns where lies what was made last of all that the server has not answered for.
    pub fn newest_queued(&self) -> Option<Location> {
        self.queued().max()
    }

    fn queued(&self) -> impl Iterator<Item = Location> + '_ {
        let made = |sent: &Sent| sent.source.map_or(sent.location, |source| source.location);
        self.unsent.keys().chain(self.aside.keys()).copied().chain(self.sent.values().map(made))
    }

    /// Returns the numbers of the envelopes that carry a record.
    pub fn carriers(&self, record: RecordId) -> impl Iterator<Item = Number> + '_ {
        self.numbers.iter().filter(move |(_, of)| **of == record).map(|(number, _)| *number)
    }

    /// Returns the same of several records, each with what it carries.
    pub fn carriers_among<'a>(
        &'a self,
        records: &'a BTreeSet<RecordId>,
    ) -> impl Iterator<Item = (Number, RecordId)> + 'a {
        let all = self.numbers.iter().map(|(number, record)| (*number, *record));
        all.filter(|(_, record)| records.contains(record))
    }

    /// Returns own envelopes without an answer, in the order of their numbers.
    pub fn sent(&self) -> impl Iterator<Item = &Sent> {
        self.sent.values()
    }

    /// Returns whether the server has not yet answered for this own envelope.
    pub fn is_unanswered(&self, dev_inc: DevInc, dev_seq: DevSeq) -> bool {
        self.sent.contains_key(&(dev_inc, dev_seq))
    }

    /// Returns whether this life of the device has made the own envelope with this number.
    pub fn is_own(&self, dev_inc: DevInc, dev_seq: DevSeq) -> bool {
        self.is_unanswered(dev_inc, dev_seq) || self.taken.contains_key(&(dev_inc, dev_seq))
    }

    /// Returns where an own envelope lies that has no answer yet.
    pub fn unanswered(&self, dev_inc: DevInc, dev_seq: DevSeq) -> Option<Location> {
        self.sent.get(&(dev_inc, dev_seq)).map(|sent| sent.location)
    }

    /// Returns the incarnation that this life of the device has begun, if it is not the first.
    pub fn incarnation(&self) -> Option<DevInc> {
        self.incarnation
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

    /// Returns where own envelopes lie that were refused, in the order of their numbers.
    pub fn refused(&self) -> impl Iterator<Item = Location> + '_ {
        self.refused.values().copied()
    }

    /// Returns where own envelopes stand that were taken, and whose turn here has not come.
    pub fn taken_places(&self) -> impl Iterator<Item = (CompartmentId, Position)> + '_ {
        self.taken.values().map(|taken| taken.place)
    }

    /// Returns where own envelopes lie that were taken from incarnations before this one, and whose
    /// turn in their log has not come here.
    pub fn taken_before(&self, dev_inc: DevInc) -> impl Iterator<Item = Location> + '_ {
        let first = (dev_inc, DevSeq::ZERO);
        self.taken.range(..first).map(|(_, taken)| taken.location)
    }

    /// Returns where own envelopes lie that stand in no log here: taken, or refused.
    pub fn beside_logs(&self) -> impl Iterator<Item = Location> + '_ {
        self.taken.values().map(|taken| taken.location).chain(self.refused.values().copied())
    }

    /// Returns the envelopes that stood in a log before the server's files were lost.
    pub fn unplaced(&self) -> &BTreeMap<Number, Placed> {
        &self.unplaced
    }

    /// Returns where the first of what lies unopened of a log is, and up to which position it goes.
    pub fn first_shelved(&self, log: CompartmentId) -> Option<(Location, Position)> {
        self.shelf.get(&log)?.first().copied()
    }

    /// Returns up to which position a log lies unopened, of each log of which something does.
    pub fn shelves(&self) -> impl Iterator<Item = (CompartmentId, Position)> + '_ {
        self.shelf.iter().filter_map(|(log, items)| Some((*log, items.last()?.1)))
    }

    /// Returns where everything lies that is unopened.
    pub fn shelved(&self) -> impl Iterator<Item = Location> + '_ {
        self.shelf.values().flatten().map(|(location, _)| *location)
    }

    /// Returns the last pack of a log that the server has: the position before it, and its last.
    pub fn last_pack(&self, log: CompartmentId) -> Option<(Position, Position)> {
        self.packs.get(&log).copied()
    }

    /// Returns the entries of a log but the first `count`.
    pub fn entries_after(&self, log: CompartmentId, count: usize) -> &[Placed] {
        self.logs.get(&log).and_then(|entries| entries.get(count..)).unwrap_or_default()
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

    /// Returns when the server took this device's word that a Close is carried out here.
    pub fn acknowledged(&self, close: EntryRef) -> Option<Timestamp> {
        self.acknowledged.get(&close.hash).copied()
    }

    /// Returns up to which of the server's counts everything is on this disk.
    pub fn cursor(&self) -> Global {
        self.cursor
    }

    /// Returns where the server's word on an entry of the practice log lies.
    pub fn receipt(&self, seq: PracticeSeq) -> Option<Location> {
        self.receipts.get(&seq).copied()
    }
}

mod written;
