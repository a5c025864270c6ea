//! Bad days of the server: what this device holds goes back to a server whose files were lost, and
//! what the refilled server has differently is put in its order here. Which of that is due, the
//! device's half of sync decides; this reads it from the disk, and writes what follows from it.

use super::frames::{Fate, MailFrame, Number, Source};
use super::inbox::{Batch, number_of};
use super::{Courier, Errand};
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use crate::notice::Notice;
use std::collections::BTreeMap;
use tacenda_shared::envelope::{Carried, Envelope, Kind};
use tacenda_shared::id::{
    CompartmentId, DevSeq, DeviceId, Global, Position, PracticeSeq, ServerEpoch, Timestamp,
};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::keys::safe::RowName;
use tacenda_shared::log::OwnHead;
use tacenda_shared::membership::{Action, Signer};
use tacenda_shared::sync::device::{Event, Queued, Wanted};
use tacenda_shared::sync::{
    DeliveredEntry, MAX_GROUP, Message, RefillState, Row, RowKey, VERSIONS, runs_of,
};

/// Old envelopes that are brought at once.
const BROUGHT: usize = 256;

/// How far a server is with being filled again from the devices, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refilling {
    /// Whether this device has given all that it holds.
    pub given: bool,
    /// Names of devices that have not.
    pub missing: Vec<String>,
    /// What nobody has given, though a device knows that it existed; one line each.
    pub lost: Vec<String>,
}

/// An envelope with what the journal says of it.
enum Kept {
    /// Of this device, with what it carries.
    Own(Box<Envelope>, Option<Source>),
    /// Of another.
    Other(Box<Carried>),
}

impl<F: FileSystem> Device<F> {
    /// Returns how far the server is with being refilled; `None` if it is whole, or not linked.
    pub fn refilling(&self) -> Option<Refilling> {
        let courier = self.courier.as_ref().filter(|courier| courier.sync.is_refilling())?;
        let Some(state) = &courier.refill else {
            return Some(Refilling { given: false, missing: Vec::new(), lost: Vec::new() });
        };
        let missing = state.missing.iter().map(|device| self.named(*device)).collect();
        let lost = state.lost.iter().map(|lost| {
            let (from, to) = (lost.from.get(), lost.to.get());
            format!("{}: entries {from} to {to}", self.name_of_log(lost.log))
        });
        Some(Refilling { given: true, missing, lost: lost.collect() })
    }

    /// Proposes that the refilling is over as it stands, without the devices that have not come.
    /// False if this device has not given all yet, or may not say so.
    pub fn finish_refilling(&mut self, now: Timestamp) -> bool {
        let Some(courier) = &mut self.courier else { return false };
        let Some(state) = courier.refill.clone() else { return false };
        propose_end(courier, &self.cabinet, &state, now)
    }

    /// Takes entries of the practice log that another server has given: the way to a server that
    /// another device of the practice has named.
    pub fn take_practice_log(
        &mut self,
        entries: &[DeliveredEntry],
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.take_first_server(entries)?;
        self.attach(now)?;
        self.with_courier(now, |courier| courier.sync.take_delivered(entries, now))?;
        Ok(())
    }

    /// Returns the life that a server has which this device names next.
    pub fn next_server_epoch(&self) -> ServerEpoch {
        let server = self.cabinet.state.server();
        server.map_or(ServerEpoch::ZERO, |known| known.server_epoch).next()
    }

    /// Returns the number of the newest entry of the practice log that is here.
    pub fn practice_head(&self) -> PracticeSeq {
        self.cabinet.state.head().seq
    }

    /// Returns how this device says to a server who it is.
    pub fn hello(&self) -> Message {
        let identity = &self.cabinet.identity;
        let (practice, device) = (identity.practice, identity.author.device);
        Message::Hello { practice, device, versions: VERSIONS }
    }

    fn named(&self, device: DeviceId) -> String {
        let known = self.cabinet.state.devices().get(&device);
        known.map_or_else(|| device.to_string(), |known| self.name_of(device, &known.info))
    }

    fn name_of_log(&self, log: CompartmentId) -> String {
        let known = self.cabinet.store().locations().compartment(log);
        known.map_or_else(
            || "a part that this device cannot read".to_owned(),
            |known| super::status::part_of_practice(&known.name).to_owned(),
        )
    }

    /// Does what the refilling or comparing of a server asks of this device.
    pub(super) fn reseed(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        event: Event,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        match event {
            Event::Give(Wanted::Entries(from)) => {
                courier.trouble = Some(giving());
                let entries = self.entries_from(from)?;
                courier.sync.give_entries(entries, now);
            }
            Event::Give(Wanted::Stretches(wanted)) => {
                courier.trouble = Some(giving());
                self.flush_mail(batch)?;
                let stretches = self.stretches(&wanted)?;
                courier.sync.give_stretches(stretches, now);
            }
            Event::Give(Wanted::Rest) => {
                courier.trouble = Some(giving());
                self.give_rest(courier, now)?;
            }
            Event::NewLife => {
                // What lies unopened stands where the server had it.
                self.open_all(courier, batch, now)?;
                let cursor = MailFrame::Cursor(Global::ZERO);
                batch.frames.push(DeviceFrame::Mail(cursor));
                courier.deposited = false;
                courier.rows_again.owe();
                courier.drop_link = true;
            }
            Event::Refill(state) => self.refilled(courier, state, now),
            Event::Resend(own) => self.resend(courier, batch, own, now)?,
            Event::Rewind { log, position } => {
                self.rewind(courier, batch, (log, position), now)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn refilled(&self, courier: &mut Courier, state: RefillState, now: Timestamp) {
        let whole = state.missing.is_empty() && state.lost.is_empty();
        let names: Vec<String> = state.missing.iter().map(|device| self.named(*device)).collect();
        courier.trouble = Some(waiting_for(&names, state.lost.len()));
        if whole {
            propose_end(courier, &self.cabinet, &state, now);
        }
        courier.refill = Some(state);
    }

    /// Entries of the practice log with the server's word on them. The first ones have none, where
    /// this device was alone when the server came: every server begins with those.
    fn entries_from(&self, from: PracticeSeq) -> Result<Vec<DeliveredEntry>, DeviceError> {
        let store = self.cabinet.store();
        let skip = usize::try_from(from.get()).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        let numbered = (0..).map(PracticeSeq::new).zip(store.locations().entries());
        for (seq, location) in numbered.skip(skip) {
            let Some(receipt) = store.locations().ledger().receipt(seq) else { break };
            let DeviceFrame::Entry(entry) = store.read(*location)? else {
                return Err(StoreError::Altered.into());
            };
            let DeviceFrame::Mail(MailFrame::EntryReceipt(receipt)) = store.read(receipt)? else {
                return Err(StoreError::Altered.into());
            };
            entries.push(DeliveredEntry { entry, receipt });
        }
        Ok(entries)
    }

    /// As many entries of these logs as one push holds.
    fn stretches(
        &self,
        wanted: &[(CompartmentId, Position)],
    ) -> Result<Vec<(CompartmentId, Vec<Carried>)>, DeviceError> {
        let ledger = self.cabinet.store().locations().ledger();
        let mut bytes = 0_usize;
        let mut stretches = Vec::new();
        for (log, after) in wanted {
            let mut carried = Vec::new();
            let mut position = after.next();
            while bytes < MAX_GROUP
                && let Some(entry) = ledger.entry(*log, position)
            {
                let one = self.carried_at(entry.location)?;
                bytes = bytes.saturating_add(one.encode().len());
                carried.push(one);
                position = position.next();
            }
            stretches.push((*log, carried));
            if bytes >= MAX_GROUP {
                break;
            }
        }
        Ok(stretches)
    }

    fn kept_at(&self, location: Location) -> Result<Kept, DeviceError> {
        match self.cabinet.store().read(location)? {
            DeviceFrame::Mail(MailFrame::Entered { carried, .. }) => Ok(Kept::Other(carried)),
            DeviceFrame::Mail(MailFrame::Sent { envelope, source }) => {
                Ok(Kept::Own(envelope, source))
            }
            _ => Err(StoreError::Altered.into()),
        }
    }

    fn carried_at(&self, location: Location) -> Result<Carried, DeviceError> {
        Ok(match self.kept_at(location)? {
            Kept::Other(carried) => *carried,
            Kept::Own(envelope, _) => Carried::Whole(*envelope),
        })
    }

    fn give_rest(&self, courier: &mut Courier, now: Timestamp) -> Result<(), DeviceError> {
        let (mut rows, alone) = self.deposits()?;
        rows.extend(alone);
        for (name, row) in self.cabinet.rows.all() {
            if matches!(RowName::decode(name), Ok(RowName::Slot(_) | RowName::Draft(_))) {
                rows.push(Row { key: RowKey(*name), bytes: row.as_bytes().to_vec() });
            }
        }
        let ledger = self.cabinet.store().locations().ledger();
        let mut refused = Vec::new();
        for location in ledger.refused() {
            if let Kept::Own(envelope, _) = self.kept_at(location)? {
                refused.push(*envelope);
            }
        }
        let places: Vec<_> = ledger.taken_places().collect();
        courier.sync.give_rest(&rows, &refused, &places, now);
        Ok(())
    }

    /// Whether an envelope stood in its log before the server's files were lost, byte for byte.
    pub(super) fn stood_before(&self, envelope: &Envelope) -> Result<bool, DeviceError> {
        let ledger = self.cabinet.store().locations().ledger();
        let Some(placed) = ledger.unplaced().get(&number_of(envelope)) else { return Ok(false) };
        Ok(self.carried_at(placed.location)?.hash() == envelope.hash())
    }

    /// What stood after the position stands nowhere until it comes again.
    fn rewind(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        (log, position): (CompartmentId, Position),
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.flush_mail(batch)?;
        let entries = self.entries_of(log);
        let keep = usize::try_from(position.get()).unwrap_or(usize::MAX).min(entries.len());
        let (stays, goes) = entries.split_at(keep);
        let mut numbers: Vec<Number> = Vec::new();
        for (location, _) in goes {
            let carried = self.carried_at(*location)?;
            let header = carried.header();
            numbers.push((header.author, header.dev_inc, header.dev_seq));
        }
        for (location, fate) in stays {
            let carried = self.carried_at(*location)?;
            courier.sync.take_stored(log, &carried, *fate != Fate::Quarantined);
        }
        batch.frames.push(DeviceFrame::Mail(MailFrame::Rewound { log, position, numbers }));
        self.flush_mail(batch)?;
        courier.sync.rewound(log, now);
        Ok(())
    }

    fn entries_of(&self, log: CompartmentId) -> Vec<(Location, Fate)> {
        let ledger = self.cabinet.store().locations().ledger();
        let entries = ledger.logs().find(|(of, _)| *of == log).map(|(_, entries)| entries);
        entries.into_iter().flatten().map(|entry| (entry.location, entry.fate)).collect()
    }

    /// Own envelopes that the refilled server has not got go out again, as they are.
    fn resend(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        own: OwnHead,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.flush_mail(batch)?;
        let ledger = self.cabinet.store().locations().ledger();
        let placed = ledger.logs().flat_map(|(_, entries)| entries).map(|entry| entry.location);
        let unplaced = ledger.unplaced().values().map(|placed| placed.location);
        let unanswered = ledger.sent().map(|sent| sent.location);
        let all: Vec<Location> =
            placed.chain(unplaced).chain(ledger.beside_logs()).chain(unanswered).collect();
        // One may stand in a log and wait for its answer at once.
        let mut again: BTreeMap<DevSeq, (Location, Option<Source>, Envelope)> = BTreeMap::new();
        for location in all {
            if let Kept::Own(envelope, source) = self.kept_at(location)?
                && envelope.header.dev_inc == own.dev_inc
                && envelope.header.dev_seq > own.dev_seq
            {
                again.entry(envelope.header.dev_seq).or_insert((location, source, *envelope));
            }
        }
        let sent =
            again.iter().map(|(dev_seq, (location, source, _))| (*dev_seq, *location, *source));
        let frame = MailFrame::Resumed { own, sent: sent.collect() };
        batch.frames.push(DeviceFrame::Mail(frame));
        self.flush_mail(batch)?;
        let queued = again.into_values().map(|(_, _, envelope)| {
            let rows = self.cabinet.rows_for(&envelope);
            Queued { envelope, rows }
        });
        let resent = courier.sync.resend(own, queued.collect(), now);
        resent.map_err(|_| StoreError::Altered)?;
        Ok(())
    }

    /// Old envelopes of others, and of earlier incarnations of this device, that the refilled
    /// server has not got, and perhaps nobody else has.
    pub(super) fn bring(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        if std::mem::replace(&mut courier.brought, true) {
            // What comes in while a link stands is shown before it is put on the disk.
            return Ok(());
        }
        self.flush_mail(batch)?;
        let this = self.cabinet.identity.author.device;
        let ledger = self.cabinet.store().locations().ledger();
        // What its present incarnation made goes out again by itself, see `resend`.
        let is_resent = |device, dev_inc| device == this && dev_inc == self.life.own();
        let unplaced = ledger.unplaced().iter();
        let unplaced = unplaced.filter(|((device, dev_inc, _), _)| !is_resent(*device, *dev_inc));
        let taken = ledger.taken_before(self.life.own());
        let old = unplaced.map(|(_, placed)| placed.location).chain(taken);
        // A log takes nothing before its first entry, whoever made that.
        let (mut first, mut later): (Vec<Location>, Vec<Location>) = (Vec::new(), Vec::new());
        for location in old {
            let is_first = self.carried_at(location)?.header().kind == Kind::Genesis;
            if is_first { first.push(location) } else { later.push(location) }
        }
        let mut group: Vec<Carried> = Vec::new();
        let mut bytes = 0_usize;
        for location in first.into_iter().chain(later) {
            let carried = self.carried_at(location)?;
            bytes = bytes.saturating_add(carried.encode().len());
            group.push(carried);
            if bytes >= MAX_GROUP || group.len() >= BROUGHT {
                self.bring_group(courier, &std::mem::take(&mut group), now);
                bytes = 0;
            }
        }
        if !group.is_empty() {
            self.bring_group(courier, &group, now);
        }
        Ok(())
    }

    fn bring_group(&self, courier: &mut Courier, group: &[Carried], now: Timestamp) {
        let runs = runs_of(self.cabinet.identity.practice, group);
        let whole = group.iter().filter_map(|carried| match carried {
            Carried::Whole(envelope) => Some(envelope),
            Carried::Stub(_) => None,
        });
        let rows = whole.flat_map(|envelope| self.cabinet.rows_for(envelope)).collect();
        let ticket = courier.sync.request(Message::Bring { runs, rows }, now);
        courier.errands.insert(ticket, Errand::Bring);
    }
}

/// Signs that the refilling is over as it stands.
fn propose_end<F: FileSystem>(
    courier: &mut Courier,
    cabinet: &crate::device::cabinet::Cabinet<F>,
    state: &RefillState,
    now: Timestamp,
) -> bool {
    let log = courier.sync.state();
    let Some(old) = log.server().map(|server| server.server_epoch) else { return false };
    let action = Action::Reseed {
        old,
        new: state.server_epoch,
        bases: Vec::new(),
        lost: state.lost.clone(),
        missing: state.missing.clone(),
    };
    let signer = Signer::Device(cabinet.identity.author.device);
    let Ok(entry) = log.propose(action, signer, now, &cabinet.keys.sign) else { return false };
    courier.sync.append_entry(&entry, Vec::new(), now).is_ok()
}

const SAFE: &str = "Everything you have written is safe on this device.";

fn giving() -> Notice {
    Notice::new(
        "Your server has lost what it kept. This device gives it back what it holds.",
        SAFE,
        "Nothing: it goes on by itself. Let your other devices connect too.",
    )
}

fn waiting_for(names: &[String], lost: usize) -> Notice {
    let happened = match (names, lost) {
        ([], 0) => "Your server has everything again.".to_owned(),
        ([], _) => "Your server has everything again that your devices still have.".to_owned(),
        (names, _) => format!(
            "Your server has got back what this device holds. It waits for: {}.",
            names.join(", ")
        ),
    };
    let next = match (names, lost) {
        ([], 0) => "Nothing: work goes on by itself in a moment.",
        ([], _) => "`tacenda connect` says what is missing, and goes on without it.",
        _ => {
            "Open Tacenda there and let it connect. If a device is gone for good, `tacenda \
             connect` goes on without it."
        }
    };
    Notice::new(happened, SAFE, next)
}
