//! The erasure of one record. Its log gets a new content key; the device on which it was ordered
//! puts together, under that key, everything else that was sealed before, and then orders that the
//! older keys die. Each device compares that with what it has itself, seals its own content anew,
//! lets its older keys die and says so in the log.

use super::Courier;
use super::base::{self, Base, Going, Part, Piece, Pieces};
use super::erasing::is_ordered;
use super::frames::{MailFrame, Number, Rebased};
use super::inbox::Batch;
use super::told;
use crate::device::cabinet::Cabinet;
use crate::device::frame::{Compartment, ContentKind, DeviceFrame};
use crate::device::locations::Locations;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use crate::notice::Notice;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tacenda_shared::envelope::{ControlBody, EntryRef, Target};
use tacenda_shared::id::{
    ClientId, CompartmentId, DeviceId, ObjectId, Position, RecordId, SlotGeneration, Timestamp,
};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::RowName;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::view::Index;
#[cfg(test)]
use tacenda_shared::sync::Kept;
use tacenda_shared::sync::device::Replica;

/// How often a base is begun anew for a log while the vault is open: another device may have begun
/// one at the same time, or content may have come in between.
const ATTEMPTS_MAX: u8 = 3;

/// How long a log is left at rest whose server finds that it is too early. Milliseconds.
const EARLY_REST: i64 = 24 * 60 * 60 * 1000;

/// A record that is to die now, in one log.
struct Due {
    request: EntryRef,
    record: RecordId,
}

/// What the courier knows of erasures of single records.
#[derive(Default)]
pub(super) struct Rebasing {
    /// Logs that need another content key first.
    pub(super) slots: BTreeSet<CompartmentId>,
    /// What is to be sealed for bases, in order.
    pub(super) parts: VecDeque<Part>,
    /// Content keys that this device has made for bases.
    pub(super) made: BTreeSet<(CompartmentId, SlotGeneration)>,
    /// How often each base was begun.
    attempts: BTreeMap<CompartmentId, u8>,
    /// Logs in which something else has to come or to leave first, and whether it is a key.
    waits: BTreeMap<CompartmentId, bool>,
    /// Bases that were not believed, or not needed, as a person was told.
    told: BTreeSet<(CompartmentId, SlotGeneration)>,
    /// Logs whose server finds that it is too early, and until when that is left at rest.
    early: BTreeMap<CompartmentId, Timestamp>,
    /// Since when another device has been putting a base together here.
    pub(super) theirs: BTreeMap<(CompartmentId, SlotGeneration), Timestamp>,
}

impl std::fmt::Debug for Rebasing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rebasing").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

impl Rebasing {
    /// The server's days since it was asked are not over: they count from when it was told.
    pub(super) fn rest(&mut self, log: CompartmentId, now: Timestamp) {
        self.parts.retain(|part| part.log != log);
        self.early.insert(log, now.plus_millis(EARLY_REST));
    }

    /// Whether something waits to leave.
    pub(super) fn is_owed(&self) -> bool {
        !self.slots.is_empty() || !self.parts.is_empty()
    }
}

impl<F: FileSystem> Device<F> {
    /// Carries out, acknowledges and brings about the erasure of single records.
    pub(super) fn rebase_due(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        courier.erasing.rebasing.waits.clear();
        let index = self.practice.index();
        self.carry_out_records(courier, batch, &index, now)?;
        self.acknowledge_records(courier);
        let due = self.wish_records(courier, &index, now);
        for (log, due) in due {
            self.put_together(courier, &index, (log, &due), now)?;
        }
        Ok(())
    }

    /// Whether a log that was waited for has come to rest.
    pub(super) fn may_rebase(&self, courier: &Courier) -> bool {
        let waits = &courier.erasing.rebasing.waits;
        waits.iter().any(|(log, for_key)| {
            let replica = courier.sync.replica(*log);
            let late = |replica| self.has_late_words(replica, *log).unwrap_or(true);
            let for_key = *for_key && courier.awaits_rows();
            let waits = for_key || self.is_busy(courier, *log) || self.is_typed_in(*log);
            !waits && !replica.is_some_and(late)
        })
    }

    /// Whether words in a log are in no change yet.
    fn is_typed_in(&self, log: CompartmentId) -> bool {
        let locations = self.cabinet.store().locations();
        let in_log = |draft: &ObjectId| !locations.document(log, *draft).is_empty();
        let mut typed = self.typed.iter();
        locations.keystrokes().any(|(of, ..)| of == log)
            || typed.any(|(draft, typed)| in_log(draft) && !typed.uncommitted().is_empty())
    }

    /// Whether a place is still looked for, for words of others in drafts that were signed: by what a
    /// Close says, or a record that is to die.
    fn has_late_words(&self, replica: &Replica, log: CompartmentId) -> Result<bool, StoreError> {
        let ordered = self.ordered_in(&self.practice.index(), log);
        let dying = match self.going_with(replica, log, ordered) {
            // What does not open now may be what is waited for.
            Err(StoreError::NoKey) => return Ok(true),
            dying => dying?.drafts,
        };
        let mut signed = replica.signed_drafts().chain(dying);
        Ok(signed.any(|draft| {
            self.cabinet.has_draft_row(log, draft) && self.practice.waits_for_late_words(draft)
        }))
    }

    /// Returns these records with the drafts that they sign, and those that hold the text of one of
    /// them to stand in its place.
    fn going_with(
        &self,
        replica: &Replica,
        log: CompartmentId,
        records: BTreeSet<RecordId>,
    ) -> Result<Going, StoreError> {
        let known = self.cabinet.store().locations().compartment(log);
        let client = known.and_then(|known| known.name.client());
        let drafts = client.map(|client| self.practice.drafts_of_versions(client, &records));
        let mut going = self.cabinet.with_drafts(replica, log, records)?;
        let drafts = drafts.into_iter().flatten();
        going.drafts.extend(drafts.filter(|draft| replica.draft(*draft).is_some()));
        Ok(going)
    }

    /// Whether something of a log is still to leave, to be answered for, or to be opened.
    fn is_busy(&self, courier: &Courier, log: CompartmentId) -> bool {
        let ledger = self.cabinet.store().locations().ledger();
        let rebasing = &courier.erasing.rebasing;
        ledger.is_under_way(log)
            || ledger.first_shelved(log).is_some()
            || courier.sync.is_queued(log)
            || rebasing.slots.contains(&log)
            || rebasing.parts.iter().any(|part| part.log == log)
    }

    /// The records that are to die now, of the client whose log it is.
    fn ordered_in(&self, index: &Index, log: CompartmentId) -> BTreeSet<RecordId> {
        let known = self.cabinet.store().locations().compartment(log);
        self.ordered_records(index, known.and_then(|known| known.name.client()))
    }

    /// The records of a client that are to die now, as the practice's settings say.
    fn ordered_records(&self, index: &Index, client: Option<ClientId>) -> BTreeSet<RecordId> {
        let scopes = index.erasures.keys().filter(|scope| Some(scope.client) == client);
        let ordered = scopes.filter(|scope| is_ordered(index, **scope));
        let each = ordered.filter_map(|scope| Some((scope.client, scope.record?)));
        each.flat_map(|(client, record)| self.practice.family_of(client, record)).collect()
    }

    /// Asks in the logs for what people have asked; returns what is to die now.
    fn wish_records(
        &self,
        courier: &mut Courier,
        index: &Index,
        now: Timestamp,
    ) -> BTreeMap<CompartmentId, Vec<Due>> {
        let mut due: BTreeMap<CompartmentId, Vec<Due>> = BTreeMap::new();
        let locations = self.cabinet.store().locations();
        for (scope, row) in &index.erasures {
            let Some(record) = scope.record else { continue };
            let family = self.practice.family_of(scope.client, record);
            for known in locations.compartments() {
                let (log, theirs) = (known.id, known.name.client() == Some(scope.client));
                let Some(replica) = courier.sync.replica(log).filter(|_| theirs) else { continue };
                if replica.erasing().order().is_some() {
                    continue;
                }
                let (all, held) = carriers(locations, (log, replica), &family);
                let mut unasked = BTreeSet::new();
                for (number, record) in held {
                    let of = (row.erasure.times, number);
                    match replica.erasing().request_of(of, |one| all.contains(&one)) {
                        None => drop(unasked.insert(number)),
                        Some(request) if is_ordered(index, *scope) => {
                            let ordered = replica.erasing().records();
                            let from = self.acts_from(*scope, &row.erasure);
                            if from > now {
                                courier.erasing.look_at(from);
                            } else if !ordered.iter().any(|order| order.number == number) {
                                let one = Due { request, record };
                                due.entry(log).or_default().push(one);
                            }
                        }
                        Some(_) => {}
                    }
                }
                for target in Target::of_records(row.erasure.times, &unasked) {
                    courier.erasing.owe(log, ControlBody::EraseRequest(target));
                }
            }
        }
        due
    }

    /// Takes the next step towards the order: another content key, the base under it, and then the
    /// order itself. Each is told from the log, so that whatever stops on the way goes on.
    fn put_together(
        &self,
        courier: &mut Courier,
        index: &Index,
        (log, due): (CompartmentId, &[Due]),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let late = courier.sync.replica(log).map(|replica| self.has_late_words(replica, log));
        if self.is_busy(courier, log) || late.transpose()?.unwrap_or(false) {
            courier.erasing.rebasing.waits.insert(log, false);
            return Ok(());
        }
        let until = courier.erasing.rebasing.early.get(&log).copied();
        if let Some(until) = until.filter(|until| *until > now) {
            courier.erasing.look_at(until);
            return Ok(());
        }
        let state = courier.sync.state();
        let Some(replica) = courier.sync.replica(log) else { return Ok(()) };
        let Some(since) = replica.slot().map(|slot| slot.generation) else { return Ok(()) };
        if replica.rules().iter().any(|rule| state.stale(rule.ring)) {
            return Ok(());
        }
        let cabinet = &self.cabinet;
        let mut after = false;
        for one in due {
            after |= cabinet.is_carried_since(replica, (log, one.record), since)?;
        }
        let ours = cabinet.identity.author.device;
        let begun = replica.base_under(since);
        let by = begun.map(|(by, _)| by);
        // Under a key that others gave out, read models may lie that hold what is to die.
        let fresh = by.is_some() || courier.erasing.rebasing.made.contains(&(log, since));
        let theirs = begun.is_some_and(|(by, ended)| by != ours && !ended);
        if theirs && courier.erasing.leaves_to_others((log, since), now) {
            return Ok(());
        }
        if after || !fresh || replica.needs_slot(state) || by.is_some_and(|by| by != ours) {
            courier.erasing.rebasing.begin(log);
            return Ok(());
        }
        self.seal_or_order(courier, index, (log, due), (since, by.is_some()))
    }

    /// Seals the base under the key that was made for it; once it is there, orders.
    fn seal_or_order(
        &self,
        courier: &mut Courier,
        index: &Index,
        (log, due): (CompartmentId, &[Due]),
        (since, begun): (SlotGeneration, bool),
    ) -> Result<(), StoreError> {
        let cabinet = &self.cabinet;
        let Some(pieces) = courier.pieces_of(cabinet, log, since)? else { return Ok(()) };
        let Some(replica) = courier.sync.replica(log) else { return Ok(()) };
        if cabinet.signed_in(replica, log).is_none() {
            courier.tell_once((log, since), told::unsigned());
            return Ok(());
        }
        // What was ordered otherwise only in the settings can still be taken back.
        let locations = cabinet.store().locations();
        let may_go = self.ordered_in(index, log);
        let mut must_go = base::held_orders(replica, log, locations);
        must_go.retain(|record| may_go.contains(record));
        must_go.extend(due.iter().map(|one| one.record));
        let may_go = self.going_with(replica, log, may_go)?;
        let must_go = self.going_with(replica, log, must_go)?;
        if !begun {
            let stays = replica.open_drafts().filter(|draft| !must_go.drafts.contains(draft));
            let (open, mut keyless): (Vec<_>, Vec<_>) =
                stays.partition(|draft| cabinet.open_draft(log, *draft).is_ok());
            // Not what somebody else calls a draft.
            keyless.retain(|draft| {
                cabinet.draft_commitment(log, *draft).is_ok_and(|known| known.is_some())
            });
            let names = keyless.iter().flat_map(|draft| cabinet.draft_names(log, *draft));
            let names: Vec<_> = names.map(|(name, _)| RowName::Draft(name)).collect();
            if courier.may_come(&names) {
                // Whoever begins with the base takes a draft without a part for one that is gone.
                courier.erasing.rebasing.waits.insert(log, true);
                return Ok(());
            }
            let mut kept = base::kept_of(open.into_iter(), &pieces, &must_go);
            cabinet.tamper(&mut kept);
            courier.erasing.rebasing.parts.extend(base::parts_of(log, since, &kept));
            return Ok(());
        }
        let ours = cabinet.identity.author.device;
        let base = cabinet.base_by(replica, log, (since, ours))?;
        let stays = cabinet.drafts_before(replica, log, since);
        let going = (&may_go, &must_go);
        let whole =
            base.is_some_and(|base| cabinet.compared(&base, &pieces, &stays, going).is_some());
        if !whole {
            courier.erasing.rebasing.begin(log);
            return Ok(());
        }
        courier.erasing.rebasing.attempts.remove(&log);
        // One order carries out all that its request names.
        let requests: BTreeSet<EntryRef> = due.iter().map(|one| one.request).collect();
        for request in requests {
            let since = Some(since);
            courier.erasing.owe(log, ControlBody::Erase { request, since });
        }
        Ok(())
    }

    /// Carries out what logs order.
    fn carry_out_records(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        index: &Index,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let mut rebased = BTreeSet::new();
        for log in self.to_rebase(courier, true) {
            if self.carry_out_in(courier, index, log, now)? {
                rebased.insert(log);
            }
        }
        rebased.extend(self.to_rebase(courier, false));
        if rebased.is_empty() {
            return Ok(());
        }
        batch.changed = true;
        courier.shelf.look_again();
        self.retry(courier, Some(&rebased), batch, now)?;
        self.flush_mail(batch)
    }

    /// The logs in which an order is not carried out, of those that open here, or of the others.
    fn to_rebase(&self, courier: &Courier, opened: bool) -> Vec<CompartmentId> {
        let locations = self.cabinet.store().locations();
        let is_undone = |(log, replica): &(&CompartmentId, &Replica)| {
            let here = locations.rebased(**log).map_or(SlotGeneration::ZERO, |one| one.since);
            let last = replica.erasing().last_of_records();
            let whole = locations.is_erased(**log) || replica.erasing().order().is_some();
            let known = locations.compartment(**log).is_some();
            known == opened && !whole && last.is_some_and(|last| last.since > here)
        };
        let undone = courier.sync.replicas().iter().filter(is_undone);
        undone.map(|(log, _)| *log).collect()
    }

    /// Begins with the base in logs that came too late for their older keys.
    pub(super) fn begin_from_bases(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        logs: Option<&BTreeSet<CompartmentId>>,
    ) -> Result<(), DeviceError> {
        let unopened = self.to_rebase(courier, false).into_iter();
        for log in unopened.filter(|log| logs.is_none_or(|logs| logs.contains(log))) {
            if self.begin_from_base(courier, batch, log)? {
                courier.erasing.look_again();
                batch.changed = true;
            }
        }
        Ok(())
    }

    /// Compares the base with what is here, and lets the older keys die; returns whether it has.
    fn carry_out_in(
        &mut self,
        courier: &mut Courier,
        index: &Index,
        log: CompartmentId,
        now: Timestamp,
    ) -> Result<bool, DeviceError> {
        let locations = self.cabinet.store().locations();
        let Some(replica) = courier.sync.replica(log) else { return Ok(false) };
        let Some(last) = replica.erasing().last_of_records().cloned() else { return Ok(false) };
        if self.is_busy(courier, log) || self.has_late_words(replica, log)? {
            courier.erasing.rebasing.waits.insert(log, false);
            return Ok(false);
        }
        let may_go = self.ordered_in(index, log);
        let must_go = base::held_orders(replica, log, locations);
        if !must_go.is_subset(&may_go) {
            courier.tell_once((log, last.since), told::kept_here());
            return Ok(false);
        }
        let cabinet = &self.cabinet;
        let Some(pieces) = courier.pieces_of(cabinet, log, last.since)? else { return Ok(false) };
        let Some(replica) = courier.sync.replica(log) else { return Ok(false) };
        let Some(mut signed) = cabinet.signed_in(replica, log) else {
            courier.tell_once((log, last.since), told::unsigned());
            return Ok(false);
        };
        let may_go = self.going_with(replica, log, may_go)?;
        let must_go = self.going_with(replica, log, must_go)?;
        let base = cabinet.base_by(replica, log, (last.since, last.by))?;
        if cabinet.slot_key(log, last.since).is_none() {
            match courier.awaits_rows() {
                true => drop(courier.erasing.rebasing.waits.insert(log, true)),
                false => courier.tell_once((log, last.since), told::locked()),
            }
            return Ok(false);
        }
        let stays = cabinet.drafts_before(replica, log, last.since);
        let unseen = cabinet.keys_to_see(log, last.since, stays.difference(&may_go.drafts));
        if courier.may_come(&unseen) {
            courier.erasing.rebasing.waits.insert(log, true);
            return Ok(false);
        }
        let Some(replica) = courier.sync.replica(log) else { return Ok(false) };
        let base = base.filter(|_| unseen.is_empty());
        let compared = base.and_then(|base| {
            let records = cabinet.compared(&base, &pieces, &stays, (&may_go, &must_go))?;
            Some((records, base))
        });
        let Some((records, Base { parts, .. })) = compared else {
            courier.tell_once((log, last.since), told::differs());
            return Ok(false);
        };
        drop(pieces);
        let Going { records, drafts } = self.going_with(replica, log, records)?;
        signed.extend(drafts);
        if self.is_typed_in(log) {
            courier.erasing.rebasing.waits.insert(log, false);
            self.commit_typed(now)?;
            return Ok(false);
        }
        let rebased = Rebased { since: last.since, records, parts };
        self.rebase(log, rebased, &signed)?;
        Ok(true)
    }

    /// A device to which the log came too late for the older keys begins with the base.
    fn begin_from_base(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        log: CompartmentId,
    ) -> Result<bool, DeviceError> {
        let ledger = self.cabinet.store().locations().ledger();
        let Some(replica) = courier.sync.replica(log) else { return Ok(false) };
        let Some(last) = replica.erasing().last_of_records().cloned() else { return Ok(false) };
        let slot = replica.slot_of(last.since).cloned();
        let genesis = ledger.entry(log, Position::new(1));
        let (Some(slot), Some(genesis)) = (slot, genesis) else { return Ok(false) };
        let genesis = self.cabinet.carried(&genesis)?.header().clone();
        let Some(key) = self.cabinet.fetched_slot(courier, batch, log, &slot) else {
            return Ok(false);
        };
        self.cabinet.hold_slot(log, last.since, key);
        let Some(replica) = courier.sync.replica(log) else { return Ok(false) };
        let base = self.cabinet.base_by(replica, log, (last.since, last.by))?;
        let named = base.and_then(|base| {
            let number = (genesis.author, genesis.dev_inc, genesis.dev_seq);
            let name = CompartmentName::decode(base.kept.get(&number)?).ok()?;
            Some((name, base.parts))
        });
        let Some((name, parts)) = named else {
            courier.tell_once((log, last.since), told::differs());
            return Ok(false);
        };
        let rings = slot.epochs.iter().map(|(ring, _)| *ring).collect();
        let (generation, commitment) = (slot.generation, slot.commitment);
        let known = Compartment { id: log, name, generation, commitment, rings };
        let rebased = Rebased { since: last.since, records: BTreeSet::new(), parts };
        let gone = Vec::new();
        batch.frames.push(DeviceFrame::Compartment(known));
        batch.frames.push(DeviceFrame::Mail(MailFrame::Rebased { log, rebased, gone }));
        self.flush_mail(batch)?;
        Ok(true)
    }

    /// Seals everything that stays under the key that stays, and lets the older ones die.
    fn rebase(
        &mut self,
        log: CompartmentId,
        rebased: Rebased,
        signed: &BTreeSet<ObjectId>,
    ) -> Result<(), DeviceError> {
        let since = rebased.since;
        let stays = |kind: ContentKind| match kind {
            ContentKind::Record(record) => !rebased.records.contains(&record),
            // A document that is no draft stays, whatever somebody says was signed.
            ContentKind::Delta(_) | ContentKind::Saved(_) => true,
            kind => !signed.contains(&kind.document()),
        };
        self.typed.retain(|draft, _| !signed.contains(draft));
        self.cabinet.reseal_drafts(log, since, signed)?;
        let gone = self.cabinet.seal_anew(log, since, stays)?;
        let frame = MailFrame::Rebased { log, rebased, gone };
        self.cabinet.put_with(&[], vec![DeviceFrame::Mail(frame)])?;
        self.cabinet.bury_erased()?;
        self.start_over()
    }

    /// Carries out what was ordered of records in logs that never left this device.
    pub(super) fn rebase_unsent(&mut self, now: Timestamp) -> Result<(), DeviceError> {
        let index = self.practice.index();
        let scopes: BTreeSet<ClientId> = index.erasures.keys().map(|scope| scope.client).collect();
        let mut due = Vec::new();
        let locations = self.cabinet.store().locations();
        for client in scopes {
            let records = self.ordered_records(&index, Some(client));
            for known in locations.compartments().filter(|one| one.name.client() == Some(client)) {
                let held = |record: &&RecordId| locations.record(known.id, **record).is_some();
                let here: BTreeSet<RecordId> = records.iter().filter(held).copied().collect();
                if !here.is_empty() && !locations.ledger().has_begun(known.id) {
                    due.push((known.clone(), here));
                }
            }
        }
        if due.is_empty() || self.cabinet.is_read_only() {
            return Ok(());
        }
        self.commit_typed(now)?;
        for (known, records) in due {
            let (log, known_client) = (known.id, known.name.client());
            let locations = self.cabinet.store().locations();
            let signed: BTreeSet<ObjectId> = locations.closed_drafts(log).into_iter().collect();
            if locations.keystrokes().any(|(of, draft, _)| of == log && !signed.contains(&draft)) {
                continue;
            }
            let since = self.cabinet.renew_unsent(known)?;
            let client = known_client;
            let mut signed = signed;
            signed.extend(
                client
                    .into_iter()
                    .flat_map(|client| self.practice.drafts_of_versions(client, &records)),
            );
            self.rebase(log, Rebased { since, records, parts: Vec::new() }, &signed)?;
        }
        Ok(())
    }

    /// Says of what has died here that it has.
    fn acknowledge_records(&self, courier: &mut Courier) {
        let here = self.cabinet.identity.author.device;
        let locations = self.cabinet.store().locations();
        let mut owed = Vec::new();
        for (log, replica) in courier.sync.replicas() {
            let Some(rebased) = locations.rebased(*log) else { continue };
            // Whether all that an order names is gone.
            let mut orders: BTreeMap<EntryRef, bool> = BTreeMap::new();
            for order in replica.erasing().records() {
                let said = order.done.contains(&here) || courier.sync.is_acknowledging(order.order);
                let record = locations.ledger().record(order.number);
                let held = record.is_some_and(|record| locations.record(*log, record).is_some());
                if order.since <= rebased.since && !said {
                    *orders.entry(order.order).or_insert(true) &= !held;
                }
            }
            let gone = orders.into_iter().filter(|(_, gone)| *gone);
            owed.extend(gone.map(|(order, _)| (*log, ControlBody::Acknowledge(order))));
        }
        for (log, body) in owed {
            courier.erasing.owe(log, body);
        }
    }

    /// Which devices have not said that one record has died there; `None` if it is in no log's
    /// order.
    pub(super) fn missing_of_record(
        &self,
        courier: &Courier,
        record: RecordId,
        active: &[DeviceId],
    ) -> Option<BTreeSet<DeviceId>> {
        let ledger = self.cabinet.store().locations().ledger();
        let carriers: BTreeSet<Number> = ledger.carriers(record).collect();
        let orders = courier.sync.replicas().values().flat_map(|one| one.erasing().records());
        let mut orders = orders.filter(|order| carriers.contains(&order.number)).peekable();
        orders.peek()?;
        let missing = orders.flat_map(|order| active.iter().filter(|id| !order.done.contains(id)));
        Some(missing.copied().collect())
    }
}

/// The envelopes that carry these records in a log, and of each of those that are here the first.
fn carriers(
    locations: &Locations,
    (log, replica): (CompartmentId, &Replica),
    records: &BTreeSet<RecordId>,
) -> (BTreeSet<Number>, BTreeMap<Number, RecordId>) {
    let (mut all, mut first, mut seen) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
    for (number, record) in locations.ledger().carriers_among(records) {
        if replica.place_of(number).is_none() {
            continue;
        }
        all.insert(number);
        if locations.record(log, record).is_some() && seen.insert(record) {
            first.insert(number, record);
        }
    }
    (all, first)
}

/// What a hostile device makes of what it keeps.
#[cfg(test)]
pub(in crate::device) type Tamper = fn(&mut Vec<Kept>);

impl Rebasing {
    /// A base of a log has to begin under another content key.
    fn begin(&mut self, log: CompartmentId) {
        let attempts = self.attempts.entry(log).or_default();
        if *attempts < ATTEMPTS_MAX {
            *attempts += 1;
            self.slots.insert(log);
        }
    }
}

impl Courier {
    fn tell_once(&mut self, base: (CompartmentId, SlotGeneration), notice: Notice) {
        if self.erasing.rebasing.told.insert(base) {
            self.alarms.push(notice);
        }
    }

    /// Returns what is sealed in a log under the keys that are to die; `None` while that cannot be
    /// told. Of a key that does not come any more a person is told.
    fn pieces_of<F: FileSystem>(
        &mut self,
        cabinet: &Cabinet<F>,
        log: CompartmentId,
        since: SlotGeneration,
    ) -> Result<Option<Vec<Piece>>, StoreError> {
        let Some(replica) = self.sync.replica(log) else { return Ok(None) };
        match cabinet.sealed_before(replica, log, since)? {
            Pieces::All(pieces) => return Ok(Some(pieces)),
            Pieces::Locked if !self.awaits_rows() => {
                self.tell_once((log, since), told::locked());
            }
            Pieces::Locked | Pieces::Unknown => {}
        }
        Ok(None)
    }
}
