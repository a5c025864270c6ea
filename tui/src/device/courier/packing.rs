//! Packs for devices that come later: what stands in a log, packed by who wrote its newest entry,
//! while nothing else is to be sent.

use super::frames::MailFrame;
use super::inbox::Batch;
use super::parcel::{NO_OBJECT, SCHEMA};
use super::{Courier, Errand};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{self, Carried, Content, Kind};
use tacenda_shared::id::{CompartmentId, Position, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe;
use tacenda_shared::log::LogHead;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::{DeviceSync, Replica};
use tacenda_shared::sync::pack::{Before, MAX_PACKED, MIN_PACKED, Packable, pack};
use tacenda_shared::sync::{Message, ObjectKey, RefusalCode};

/// Entries that are in no pack yet, before they are put into one.
const TAIL: u64 = 32;
/// Between one pack and the next whoever types is heard, and the server is not asked too often.
const PACE_MILLIS: i64 = 40;
/// After the server has had enough for now.
const PAUSE_MILLIS: i64 = 2000;

/// Which logs may be due for a pack.
#[derive(Debug, Default)]
pub(super) struct Packing {
    /// All logs have been looked at since the link stands.
    begun: bool,
    due: BTreeSet<CompartmentId>,
    /// What is on its way: the log, and the places between which it lies.
    sent: Option<(CompartmentId, Position, Position)>,
    /// Not before this.
    next: Option<Timestamp>,
    /// The server takes no packs; not tried again on this link.
    stopped: bool,
}

impl Packing {
    /// A log has another entry.
    pub(super) fn note(&mut self, log: CompartmentId) {
        self.due.insert(log);
    }

    /// The server has answered; what is to be remembered of it.
    fn answered(&mut self, answer: &Message, now: Timestamp) -> Option<MailFrame> {
        let (log, after, to) = self.sent.take()?;
        let too_often =
            matches!(answer, Message::Refused(why) if why.code == RefusalCode::TooOften);
        let pause = if too_often { PAUSE_MILLIS } else { PACE_MILLIS };
        self.next = Some(now.plus_millis(pause));
        let taken = *answer == Message::Taken;
        self.stopped |=
            matches!(answer, Message::Refused(why) if why.code == RefusalCode::Unsupported);
        if !taken && !too_often {
            // This one is not wanted; the next entry of its log may change that.
            self.due.remove(&log);
        }
        taken.then_some(MailFrame::Packed { log, after, to })
    }

    /// Returns when the next pack may be made, if one is to be.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.next.filter(|_| !self.due.is_empty())
    }
}

/// Between which places the next pack of a log lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    pub(super) after: Position,
    /// What is packed already of it.
    pub(super) known: Position,
    pub(super) to: Position,
}

/// Plans the next pack. `since` is where the content key in force was announced, `last` the pack
/// before, `head` where the log ends.
///
/// A pack that is not full is made anew with what has come since once that is half of it, so that a
/// log is never sent more than about three times, and few packs hold it.
fn plan(since: Position, last: Option<(Position, Position)>, head: Position) -> Option<Plan> {
    let count = |from: Position, to: Position| to.get().saturating_sub(from.get());
    let room = MAX_PACKED as u64;
    let last = last.filter(|(after, _)| *after >= since);
    let (after, known) = match last {
        Some((after, to)) if count(after, to).saturating_add(TAIL) <= room => (after, to),
        Some((_, to)) => (to, to),
        None => (since, since),
    };
    let to = head.min(Position::new(after.get().saturating_add(room)));
    let new = count(known, to);
    let enough = new.saturating_mul(2) >= count(after, known) || count(after, to) == room;
    (new >= TAIL && enough).then_some(Plan { after, known, to })
}

impl<F: FileSystem> Device<F> {
    /// Returns whether packs are being made.
    pub fn is_packing(&self) -> bool {
        self.courier.as_ref().is_some_and(|courier| {
            let Packing { begun, due, sent, stopped, .. } = &courier.packing;
            !stopped && (!begun || sent.is_some() || !due.is_empty())
        })
    }

    /// Whether nothing else is to be done. A pack tells nothing that its entries, which the server has
    /// by then, have not told, so quiet timing does not hold it back.
    pub(super) fn may_pack(&self, courier: &Courier) -> bool {
        let Packing { sent, stopped, .. } = &courier.packing;
        let idle = courier.current && courier.sync.queue_length() == 0 && courier.sync.may_push();
        idle && sent.is_none() && !stopped && !self.life.is_due()
    }

    /// Makes and sends the next pack, if nothing else is to be done.
    pub(super) fn pack_next(
        &mut self,
        courier: &mut Courier,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let early = courier.packing.next.is_some_and(|next| next > now);
        if early || !self.may_pack(courier) || !courier.takes_freight(now) {
            return Ok(());
        }
        if !std::mem::replace(&mut courier.packing.begun, true) {
            let all = courier.sync.replicas().keys().copied().collect();
            courier.packing.due = all;
        }
        while let Some(log) = courier.packing.due.first().copied() {
            let Some((bytes, after, to)) = self.cabinet.make_pack(&courier.sync, log)? else {
                courier.packing.due.remove(&log);
                continue;
            };
            courier.packing.sent = Some((log, after, to));
            let ticket = courier.sync.request(Message::ObjectPut(bytes), now);
            courier.errands.insert(ticket, Errand::Pack);
            return Ok(());
        }
        Ok(())
    }

    /// The server has answered for a pack.
    pub(super) fn packed(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        answer: &Message,
        now: Timestamp,
    ) {
        let frame = courier.packing.answered(answer, now).map(DeviceFrame::Mail);
        batch.frames.extend(frame);
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Makes the next pack of a log, if it is this device's turn and there is enough for one.
    fn make_pack(
        &self,
        sync: &DeviceSync,
        log: CompartmentId,
    ) -> Result<Option<(Vec<u8>, Position, Position)>, StoreError> {
        let ours = self.identity.author.device;
        let Some(replica) = sync.replica(log) else { return Ok(None) };
        let stale = replica.rules().iter().any(|rule| sync.state().stale(rule.ring));
        let newest = replica.newest(|_| true);
        let is_ours = newest.is_some() && newest == replica.newest(|author| author == ours);
        if !is_ours
            || stale
            || replica.needs_slot(sync.state())
            || replica.erasing().order().is_some()
        {
            return Ok(None);
        }
        let last = self.store().locations().ledger().last_pack(log);
        let Some(mut plan) = plan(replica.keyed_since(), last, replica.head().position) else {
            return Ok(None);
        };
        loop {
            if let Some(bytes) = self.pack_between(replica, log, plan.after, plan.to)? {
                let sealed = self.seal_pack(sync, replica, log, plan, bytes);
                return Ok(sealed.map(|bytes| (bytes, plan.after, plan.to)));
            }
            // It is too large: half as many, or only what is in none yet.
            let count = plan.to.get().saturating_sub(plan.after.get());
            let half = Position::new(plan.after.get().saturating_add(count / 2));
            if count / 2 >= MIN_PACKED as u64 && half > plan.known {
                plan.to = half;
            } else if plan.after < plan.known {
                plan.after = plan.known;
            } else {
                return Ok(None);
            }
        }
    }

    /// The bytes of a pack; `None` if they are too many.
    fn pack_between(
        &self,
        replica: &Replica,
        log: CompartmentId,
        after: Position,
        to: Position,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut entries = Vec::new();
        let mut position = after.next();
        while position <= to {
            let placed = self.store().locations().ledger().entry(log, position);
            let Some(placed) = placed else { return Ok(None) };
            let carried = self.carried(&placed)?;
            let content = self.packable(log, &carried);
            entries.push(Packable { carried, content });
            position = position.next();
        }
        let Some(chain) = replica.chain_at(after) else { return Ok(None) };
        let chain_at = |position| replica.chain_at(position);
        let before = Before { head: LogHead { position: after, chain }, chain_at: &chain_at };
        Ok(pack(log, &before, &entries))
    }

    /// What is sealed in an entry under the content key alone.
    pub(super) fn packable(&self, log: CompartmentId, carried: &Carried) -> Option<Content> {
        let Carried::Whole(envelope) = carried else { return None };
        let header = &envelope.header;
        if !matches!(header.kind, Kind::Delta | Kind::Record) || header.object != NO_OBJECT {
            return None;
        }
        let slot = self.slot_key(log, header.slot_generation)?;
        envelope::open(envelope, &safe::envelope_key(slot, None)).ok()
    }

    pub(super) fn seal_pack(
        &self,
        sync: &DeviceSync,
        replica: &Replica,
        log: CompartmentId,
        plan: Plan,
        body: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let generation = replica.slot()?.generation;
        let object = ObjectKey::pack_after(plan.after);
        let mut header = sync.next_header(log, Kind::Pack, object, SCHEMA);
        header.slot_generation = generation;
        (header.seen_pos, header.seen_chain) = (plan.to, replica.chain_at(plan.to)?);
        // It is folded already, author by author.
        let content = Content { compression: 0, dictionary: 0, schema: SCHEMA, body };
        let key = safe::envelope_key(self.slot_key(log, generation)?, None);
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let sealed = envelope::seal(header, &key, &content, &self.keys.sign, &mut hedge).ok()?;
        Some(sealed.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u64 = MAX_PACKED as u64;

    fn at(position: u64) -> Position {
        Position::new(position)
    }

    #[test]
    fn a_log_is_packed_after_its_key_and_once_that_is_worth_it() {
        assert_eq!(plan(at(1), None, at(32)), None);
        let first = Plan { after: at(1), known: at(1), to: at(33) };
        assert_eq!(plan(at(1), None, at(33)), Some(first));
        // Under another key another pack begins, whatever there was before.
        assert_eq!(plan(at(40), Some((at(1), at(33))), at(60)), None);
        let next = Plan { after: at(40), known: at(40), to: at(80) };
        assert_eq!(plan(at(40), Some((at(1), at(33))), at(80)), Some(next));
    }

    #[test]
    fn a_log_that_grows_is_sent_about_three_times_and_lies_in_few_packs() {
        let (mut packs, mut sent) = (Vec::<(Position, Position)>::new(), 0);
        let end = 10 * ROOM;
        for head in 2..=end {
            if let Some(Plan { after, to, .. }) = plan(at(1), packs.last().copied(), at(head)) {
                packs.retain(|(begins, _)| *begins != after);
                packs.push((after, to));
                sent += to.get() - after.get();
            }
        }
        assert!(sent <= 3 * end, "{sent} of {end}");
        assert!(packs.len() as u64 <= end / ROOM + 1);
        assert!(packs.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert!(end - packs.last().unwrap().1.get() < ROOM / 3);
    }
}
