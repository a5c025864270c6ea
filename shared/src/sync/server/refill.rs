//! A server whose files were lost or restored: what it takes until a signed `Reseed` says that it
//! is whole, and what devices bring that were not there in time.
//!
//! It takes only what was signed before: entries of the practice log that a server of the practice
//! has acknowledged, and envelopes byte for byte, each at the place that a device's chain gives
//! it. Chains decide, so that two devices can never fill one log differently.

use super::judge::check_erase;
use super::requests::Pushing;
use super::{Decision, Live, Reply, ServerFrame, ServerPractice};
use crate::envelope::{Carried, ControlBody, Envelope, Rights};
use crate::id::{CompartmentId, DeviceId, Position, ServerEpoch, Timestamp};
use crate::log::{LogHead, OwnHead};
use crate::membership::{Action, Entry, LostRange, State};
use crate::sync::refusal::{Refusal, RefusalCode};
use crate::sync::run::Run;
use crate::sync::wire::{
    DeliveredEntry, Entries, MAX_PLACES, Message, PracticeReceipt, RefillState, Row, RowKey,
};
use std::collections::{BTreeMap, BTreeSet};

impl ServerPractice {
    /// Returns whether the files were lost or restored and are being filled again. Until a signed
    /// `Reseed` ends it, nothing new is taken.
    pub fn is_refilling(&self) -> bool {
        self.record.is_refilling(&self.key.verifying())
    }

    /// Begins a new life of files that were restored from a copy: the frame to journal, before
    /// anybody is served.
    pub fn begin_again(&mut self, now: Timestamp) -> ServerFrame {
        let named = self.named_epoch();
        let server_epoch = named.max(self.server_epoch()).next();
        let mut frames = Vec::new();
        let practice = self.practice();
        self.journal(&mut frames, ServerFrame::Life { practice, server_epoch, time: now });
        ServerFrame::Life { practice, server_epoch, time: now }
    }

    /// The life that the practice log names, of whichever server.
    fn named_epoch(&self) -> ServerEpoch {
        let server = self.state().and_then(State::server);
        server.map_or(ServerEpoch::ZERO, |server| server.server_epoch)
    }

    /// Takes old entries of the practice log. Each must follow, and a server of this practice must
    /// have signed that it took it.
    pub(super) fn fill_practice(&mut self, entries: &[DeliveredEntry], now: Timestamp) -> Decision {
        if !self.is_refilling() {
            return Decision::refused(RefusalCode::Conflict);
        }
        let mut frames = Vec::new();
        let mut new = Vec::new();
        let mut refused = None;
        for one in entries {
            match self.old_entry(one) {
                Ok(None) => {}
                Ok(Some(delivered)) => {
                    let g = self.record.g.next();
                    let frame = ServerFrame::Practice { g, delivered: delivered.clone() };
                    self.journal(&mut frames, frame);
                    new.push(delivered);
                }
                Err(refusal) => {
                    refused = Some(refusal);
                    break;
                }
            }
        }
        // The log may tell of lives that these files have not seen: theirs is newer than all.
        let own_key = self.key.verifying();
        let named = self.state().and_then(State::server).filter(|server| server.key == own_key);
        if named.is_some() && !self.is_refilling() {
            let life = self.named_epoch().next();
            let practice = self.practice();
            let frame = ServerFrame::Life { practice, server_epoch: life, time: now };
            self.journal(&mut frames, frame);
        }
        let message = refused.map_or(Message::Taken, Message::Refused);
        let live = self.to_everybody(new);
        Decision { frames, reply: Reply::message(message), live, hold_until: None }
    }

    /// An entry as this server keeps it; `None` if it is here already.
    fn old_entry(&self, one: &DeliveredEntry) -> Result<Option<DeliveredEntry>, Refusal> {
        let refuse = |code| Refusal::new(code);
        let state = self.state().ok_or(refuse(RefusalCode::UnknownPractice))?;
        let entry = Entry::decode(&one.entry).map_err(|_| refuse(RefusalCode::Malformed))?;
        let conflict = Refusal { code: RefusalCode::Conflict, head: Some(state.head()) };
        match state.head_at(entry.seq) {
            Some(known) if known == entry.head() => return Ok(None),
            Some(_) => return Err(conflict),
            None => {}
        }
        let received = one.receipt.received;
        let next = state.apply(&entry, received).map_err(|_| conflict)?;
        let servers = next.server().into_iter();
        let former = next.former_servers().iter().map(|former| &former.server);
        let mut keys = servers.chain(former).map(|server| server.key);
        let acknowledged = one.receipt.head == entry.head()
            && keys.any(|key| one.receipt.is_signed_by(state.practice(), &key));
        if !acknowledged {
            return Err(refuse(RefusalCode::NotPermitted));
        }
        let receipt = PracticeReceipt::sign(self.practice(), entry.head(), received, &self.key);
        Ok(Some(DeliveredEntry { entry: one.entry.clone(), receipt }))
    }

    fn to_everybody(&self, entries: Vec<DeliveredEntry>) -> Vec<Live> {
        let Some(state) = self.state().filter(|_| !entries.is_empty()) else { return Vec::new() };
        let active = state.devices().iter().filter(|(_, known)| known.revoked.is_none());
        let to = active.map(|(device, _)| *device).collect();
        vec![Live { to, message: Message::PracticeEntries { entries, more: false } }]
    }

    /// Takes old entries of logs. What does not fit is left: the heads say how far each log is.
    pub(super) fn fill(&mut self, device: DeviceId, parts: &[Entries], now: Timestamp) -> Decision {
        if !self.is_refilling() {
            return Decision::refused(RefusalCode::Conflict);
        }
        let mut filling = Pushing::default();
        for part in parts {
            self.fill_log(device, part, now, &mut filling);
        }
        for (carried, ..) in &filling.placed {
            self.delete_rows(carried, &mut filling.frames);
        }
        let head = |log| self.log_head(log).unwrap_or(LogHead::EMPTY);
        let heads = parts.iter().map(|part| (part.log, head(part.log))).collect();
        let reply = Reply::message(Message::Filled(heads));
        Decision { frames: filling.frames, ..Decision::reply(reply) }
    }

    fn fill_log(
        &mut self,
        device: DeviceId,
        part: &Entries,
        now: Timestamp,
        filling: &mut Pushing,
    ) {
        let before = self.log_head(part.log).unwrap_or(LogHead::EMPTY);
        let Some(carried) = self.restored(&part.runs, Some(part.log)) else { return };
        let end = carried.iter().fold(before, |head, one| head.after(part.log, one.hash()));
        if part.after != before.position || end != part.head {
            return;
        }
        for one in carried {
            if !self.is_old(device, &one) {
                return;
            }
            let own = OwnHead::after(one.header(), one.hash());
            self.place(one, own, now, filling);
        }
    }

    /// The envelopes of runs, of one log if it is named.
    fn restored(&self, runs: &[Run], log: Option<CompartmentId>) -> Option<Vec<Carried>> {
        let practice = self.practice();
        let mut carried = Vec::new();
        for run in runs {
            if log.is_some_and(|log| log != run.log) {
                return None;
            }
            for restored in run.restore(practice) {
                carried.push(restored.ok()?);
            }
        }
        Some(carried)
    }

    /// Whether this may be an old entry, which comes next in its log: signed by a device of the
    /// practice, under a number that is free, in a log that the device that gives it may read.
    /// Whether it counts, devices judge.
    fn is_old(&self, by: DeviceId, carried: &Carried) -> bool {
        let header = carried.header();
        let Some(state) = self.state() else { return false };
        let author = state.devices().get(&header.author);
        let signed = author.is_some_and(|known| carried.is_signed_by(&known.sig));
        let fits = header.kind.is_entry() && self.record.fits(header, carried.hash());
        if header.practice != self.practice() || !signed || !fits {
            return false;
        }
        let body = match carried {
            Carried::Whole(envelope) => match envelope.control() {
                Ok(body) => body,
                Err(_) => return false,
            },
            Carried::Stub(_) => None,
        };
        let member = self.record.member_of(by);
        match (self.record.logs.get(&header.compartment), body) {
            (None, Some(ControlBody::Genesis { rules, .. })) => rules
                .iter()
                .filter(|rule| rule.rights.include(Rights::READ))
                .filter_map(|rule| state.rings().get(&rule.ring))
                .any(|ring| member.is_some_and(|member| ring.stay(member).is_some())),
            (None, _) | (Some(_), Some(ControlBody::Genesis { .. })) => false,
            (Some(log), _) => self.record.may_read(by, log),
        }
    }

    /// Takes the device's own envelopes that had been refused: its chain goes through them.
    pub(super) fn fill_refused(
        &mut self,
        device: DeviceId,
        envelopes: &[Vec<u8>],
        now: Timestamp,
    ) -> Decision {
        if !self.is_refilling() {
            return Decision::refused(RefusalCode::Conflict);
        }
        let key = self.state().and_then(|state| state.active_device(device)).map(|known| known.sig);
        let mut frames = Vec::new();
        for bytes in envelopes {
            let Ok(envelope) = Envelope::decode(bytes) else { continue };
            let header = &envelope.header;
            let own = header.author == device && header.practice == self.practice();
            let signed = key.is_some_and(|key| envelope.is_signed_by(&key));
            let hash = envelope.hash();
            if own && signed && header.kind.is_entry() && self.record.fits(header, hash) {
                let receipt = self.receipt(device, OwnHead::after(header, hash), None, now);
                let code = RefusalCode::Conflict;
                let envelope = Box::new(envelope);
                self.journal(&mut frames, ServerFrame::Refused { code, receipt, envelope });
            }
        }
        Decision { frames, ..Decision::reply(Reply::message(Message::Taken)) }
    }

    /// The rows that may be kept: one that does not fit must not keep the others back.
    pub(super) fn fitting(&self, device: DeviceId, rows: Vec<Row>) -> Vec<Row> {
        let Some(member) = self.record.member_of(device) else { return Vec::new() };
        let mut named = BTreeSet::new();
        rows.into_iter()
            .filter(|row| self.record.check_row(row, member, &BTreeSet::new()) == Ok(true))
            .filter(|row| named.insert(row.key))
            .collect()
    }

    /// Rows came for entries that others have had for a while: whoever waits for them asks again.
    pub(super) fn live_rows(&self, from: DeviceId, rows: &[RowKey]) -> Option<Live> {
        let state = self.state()?;
        let mut to = BTreeSet::new();
        for parts in rows.iter().filter_map(|row| row.parts().ok()) {
            let log = match parts.table {
                3 => parts.id,
                4 => parts.holder,
                _ => continue,
            };
            let log = self.record.logs.get(&CompartmentId::from_bytes(log));
            to.extend(log.into_iter().flat_map(|log| self.record.readers(state, log)));
        }
        to.remove(&from);
        (!to.is_empty()).then_some(Live { to, message: Message::Behind })
    }

    /// A device has given all that it holds.
    pub(super) fn given(
        &mut self,
        device: DeviceId,
        places: Vec<(CompartmentId, Position)>,
    ) -> Decision {
        if !self.is_refilling() {
            return Decision::refused(RefusalCode::Conflict);
        }
        let mut frames = Vec::new();
        if self.record.given.get(&device) != Some(&places) {
            self.journal(&mut frames, ServerFrame::Given { device, places });
        }
        let reply = Reply::message(Message::Refill(self.refill_state()));
        Decision { frames, ..Decision::reply(reply) }
    }

    /// Returns what a `Reseed` would have to say now.
    pub fn refill_state(&self) -> RefillState {
        let devices = self.state().into_iter().flat_map(|state| state.devices().iter());
        let active = devices.filter(|(_, known)| known.revoked.is_none());
        let given = |device: &DeviceId| self.record.given.contains_key(device);
        let missing = active.map(|(device, _)| *device).filter(|device| !given(device));
        let mut known: BTreeMap<CompartmentId, BTreeSet<Position>> = BTreeMap::new();
        for (log, position) in self.record.given.values().flatten() {
            known.entry(*log).or_default().insert(*position);
        }
        let mut lost = Vec::new();
        for (log, places) in known {
            let mut next = self.log_head(log).unwrap_or(LogHead::EMPTY).position.next();
            for place in places {
                if place > next && lost.len() < MAX_PLACES {
                    let to = Position::new(place.get().saturating_sub(1));
                    lost.push(LostRange { log, from: next, to });
                }
                next = next.max(place.next());
            }
        }
        RefillState { server_epoch: self.server_epoch(), lost, missing: missing.collect() }
    }

    /// While files are being filled, the practice log takes what ends that, or the way to another
    /// server; at any other time it takes no `Reseed`.
    pub(super) fn check_refill(&self, action: &Action) -> Result<(), RefusalCode> {
        match (self.is_refilling(), action) {
            (true, Action::Reseed { new, lost, missing, .. }) => {
                let stands = self.refill_state();
                let whole = *new == stands.server_epoch && *lost == stands.lost;
                if whole && *missing == stands.missing {
                    Ok(())
                } else {
                    Err(RefusalCode::Conflict)
                }
            }
            (true, Action::SetServer { .. }) => Ok(()),
            (true, _) => Err(RefusalCode::Reseeding),
            (false, Action::Reseed { .. }) => Err(RefusalCode::Invalid),
            (false, _) => Ok(()),
        }
    }

    /// Takes old envelopes, also of others, that a refilled server did not get in time: each at
    /// the end of its log, once.
    pub(super) fn bring(
        &mut self,
        device: DeviceId,
        runs: &[Run],
        rows: Vec<Row>,
        now: Timestamp,
    ) -> Decision {
        if self.is_refilling() {
            return Decision::refused(RefusalCode::Reseeding);
        }
        let Some(carried) = self.restored(runs, None) else {
            return Decision::refused(RefusalCode::Malformed);
        };
        let mut bringing = Pushing::default();
        for one in carried {
            let rules = self.record.logs.get(&one.header().compartment).map(|log| &log.rules);
            let permitted = match (self.state(), rules, &one) {
                (Some(state), Some(rules), _) => state.standing(one.header(), rules).is_ok(),
                (Some(state), None, Carried::Whole(envelope)) => match envelope.control() {
                    Ok(Some(ControlBody::Genesis { rules, .. })) => {
                        state.standing(one.header(), &rules).is_ok()
                    }
                    _ => false,
                },
                _ => false,
            };
            if permitted && self.is_due(&one, now) && self.is_old(device, &one) {
                let own = OwnHead::after(one.header(), one.hash());
                self.place(one, own, now, &mut bringing);
            }
        }
        for (carried, ..) in &bringing.placed {
            self.delete_rows(carried, &mut bringing.frames);
        }
        let mut come = Vec::new();
        for row in self.fitting(device, rows) {
            come.push(row.key);
            self.journal(&mut bringing.frames, ServerFrame::Row(row));
        }
        // Whoever brings it needs to hear where it stands now.
        let mut live = self.live_entries(None, &bringing.placed);
        live.extend(self.live_rows(device, &come));
        let reply = Reply::message(Message::Taken);
        Decision { frames: bringing.frames, reply, live, hold_until: None }
    }
}

impl ServerPractice {
    /// An order to erase waits as long, whoever brings it, since its request came to these files.
    fn is_due(&self, one: &Carried, now: Timestamp) -> bool {
        let Carried::Whole(envelope) = one else { return true };
        let Ok(Some(ControlBody::Erase { request, since })) = envelope.control() else {
            return true;
        };
        let log = self.record.logs.get(&envelope.header.compartment);
        let member = self.record.member_of(envelope.header.author);
        let known = self.state().zip(log).zip(member);
        known.is_some_and(|((state, log), member)| {
            check_erase(state, log, &request, member, since, now).is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Global;
    use crate::membership::fixture::World;
    use crate::membership::{Server, Signer, SoloRing};
    use crate::suite::SigningKey;
    use crate::sync::fixture::{LOG, Pen, TestServer};
    use crate::sync::run::runs_of;
    use crate::sync::wire::Outcome;

    /// A practice with two devices, whose server is lost and replaced by an empty one, and the
    /// envelopes that the old one had: a genesis and two deltas.
    fn lost() -> (World, TestServer, Pen, Vec<Envelope>) {
        let mut world = World::found();
        world.add_device(Signer::Device(world.first), world.founder).unwrap();
        let mut server = TestServer::new(&world);
        let mut pen = Pen::new(world.first);
        let genesis = pen.genesis(&world, &[world.rings[&SoloRing::Caseload]]);
        let old = vec![genesis, pen.delta(&world, 1), pen.delta(&world, 2)];
        assert!(matches!(server.push(world.first, &old)[..], [Outcome::Placed(_), ..]));
        let key = SigningKey::from_seed([9; 32]);
        let named = Server {
            addresses: vec!["localhost:4441".to_owned()],
            key: key.verifying(),
            server_epoch: world.state.server().unwrap().server_epoch.next(),
        };
        let move_there = Action::SetServer { server: named, old_key_compromised_since: None };
        world.by_first(move_there).unwrap();
        world.server = key;
        let empty = TestServer::new(&world);
        (world, empty, pen, old)
    }

    fn stretch(world: &World, after: LogHead, envelopes: &[Envelope]) -> Entries {
        let carried: Vec<Carried> = envelopes.iter().cloned().map(Carried::Whole).collect();
        let head = carried.iter().fold(after, |head, one| head.after(LOG, one.hash()));
        let runs = runs_of(world.state.practice(), &carried);
        Entries { log: LOG, after: after.position, runs, head, g: Global::ZERO }
    }

    fn filled(server: &mut TestServer, by: DeviceId, part: Entries) -> Position {
        match server.ask(by, Message::Fill(vec![part])).as_slice() {
            [Message::Filled(heads)] => heads[0].1.position,
            other => panic!("{other:?}"),
        }
    }

    fn refused(answers: &[Message]) -> RefusalCode {
        match answers {
            [Message::Refused(refusal)] => refusal.code,
            other => panic!("{other:?}"),
        }
    }

    fn end(world: &World, state: &RefillState) -> Message {
        let old = world.state.server().unwrap().server_epoch;
        let action = Action::Reseed {
            old,
            new: state.server_epoch,
            bases: vec![],
            lost: state.lost.clone(),
            missing: state.missing.clone(),
        };
        let (signer, key) = (Signer::Device(world.first), &world.keys[&world.first]);
        let entry = world.state.propose(action, signer, world.now, key).unwrap();
        Message::PracticeAppend { entry: entry.encode(), rows: vec![] }
    }

    #[test]
    fn what_was_there_comes_to_the_same_places_and_a_restart_knows_how_far() {
        let (world, mut server, _, old) = lost();
        assert_eq!(
            filled(&mut server, world.first, stretch(&world, LogHead::EMPTY, &old[..1])),
            Position::new(1)
        );
        server.practice = server.restarted(&world);
        assert!(server.practice.is_refilling());
        let first = server.practice.log_head(LOG).unwrap();
        assert_eq!(
            filled(&mut server, world.first, stretch(&world, first, &old[1..])),
            Position::new(3)
        );

        server.ask(world.first, Message::Given(vec![]));
        let state = server.practice.refill_state();
        assert_eq!(state.missing.len(), 1, "the second device has not come");
        let answer = server.ask(world.first, end(&world, &state));

        assert!(matches!(answer[..], [Message::PracticeAppended(_)]), "{answer:?}");
        assert!(!server.practice.is_refilling());
        server.practice = server.restarted(&world);
        assert!(!server.practice.is_refilling());
    }

    #[test]
    fn nothing_new_is_taken_while_files_are_filled() {
        let (world, mut server, mut pen, old) = lost();
        let first = world.first;
        let push = Message::Push {
            runs: crate::sync::fixture::run_of(&world, &pen.delta(&world, 3)),
            rows: vec![],
        };
        assert_eq!(refused(&server.ask(first, push)), RefusalCode::Reseeding);
        let key = &world.keys[&first];
        let floor = Action::SetMinimumWriter(1);
        let entry = world.state.propose(floor, Signer::Device(first), world.now, key).unwrap();
        let append = Message::PracticeAppend { entry: entry.encode(), rows: vec![] };
        assert_eq!(refused(&server.ask(first, append)), RefusalCode::Reseeding);
        // Nor is an end that leaves out what is known to be missing.
        server.ask(first, Message::Given(vec![(LOG, Position::new(3))]));
        let stands = server.practice.refill_state();
        let lost = LostRange { log: LOG, from: Position::new(1), to: Position::new(2) };
        assert_eq!(stands.lost, [lost]);
        let hidden = RefillState { lost: vec![], ..stands };
        assert_eq!(refused(&server.ask(first, end(&world, &hidden))), RefusalCode::Conflict);
        assert_eq!(
            filled(&mut server, first, stretch(&world, LogHead::EMPTY, &old)),
            Position::new(3)
        );
        assert!(server.practice.refill_state().lost.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_keeps_nothing_else_back() {
        let (world, mut server, _, old) = lost();
        let first = world.first;
        // Nobody has signed this one.
        let mut forged = old.clone();
        forged[2].body[0] ^= 1;
        assert_eq!(
            filled(&mut server, first, stretch(&world, LogHead::EMPTY, &forged)),
            Position::new(2)
        );
        // A head to which these entries do not lead.
        let head = server.practice.log_head(LOG).unwrap();
        let mut elsewhere = stretch(&world, head, &old[2..]);
        elsewhere.head.chain = crate::suite::Hash::ZERO;
        assert_eq!(filled(&mut server, first, elsewhere), Position::new(2));
        // The same envelope at a second place.
        assert_eq!(filled(&mut server, first, stretch(&world, head, &old[1..2])), Position::new(2));
        assert_eq!(filled(&mut server, first, stretch(&world, head, &old[2..])), Position::new(3));
    }

    #[test]
    fn an_entry_that_no_server_has_acknowledged_does_not_come_in_as_an_old_one() {
        let (mut world, mut server, _, _) = lost();
        world.by_first(Action::SetMinimumWriter(1)).unwrap();
        let (entry, received) = world.entries.last().unwrap();
        let old_key = SigningKey::from_seed([33; 32]);
        let practice = world.state.practice();
        let delivered = |key: &SigningKey| DeliveredEntry {
            entry: entry.encode(),
            receipt: PracticeReceipt::sign(practice, entry.head(), *received, key),
        };
        let own = delivered(&world.server);
        let fill = |one: DeliveredEntry| Message::FillPractice(vec![one]);
        let answer = server.ask(world.first, fill(delivered(&old_key)));
        assert_eq!(refused(&answer), RefusalCode::NotPermitted);
        assert_eq!(server.ask(world.first, fill(own)), [Message::Taken]);
        assert_eq!(server.practice.state().unwrap().head(), entry.head());
    }

    #[test]
    fn when_all_is_there_old_envelopes_still_come_to_the_end_of_their_log_once() {
        let (mut world, mut server, _, old) = lost();
        let first = world.first;
        filled(&mut server, first, stretch(&world, LogHead::EMPTY, &old[..1]));
        server.ask(first, Message::Given(vec![]));
        let state = server.practice.refill_state();
        server.ask(first, end(&world, &state));
        world.now = world.now.plus_millis(1);
        let second = *world.state.devices().keys().find(|device| **device != first).unwrap();
        let runs = runs_of(world.state.practice(), &[Carried::Whole(old[2].clone())]);
        let bring = Message::Bring { runs, rows: vec![] };

        assert_eq!(server.ask(second, bring.clone()), [Message::Taken]);
        assert_eq!(server.ask(second, bring), [Message::Taken]);

        assert_eq!(server.practice.log_head(LOG).unwrap().position, Position::new(2));
        assert!(server.live.last().unwrap().to.contains(&second), "it hears where it stands");
    }
}
