//! The part of the courier that tells others where this device is, and takes what they tell: over
//! the link and never over the disk. In quiet timing it says nothing.

use super::Errand;
use super::interest::Interest;
use super::parcel::SCHEMA;
use super::presence::{Caret, Word};
use crate::device::cabinet::Cabinet;
use crate::device::chance::OsRandom;
use crate::device::open::Device;
use crate::device::settings::Timing;
use crate::device::typed::Typed;
use std::collections::BTreeSet;
use tacenda_shared::envelope::{self, Kind};
use tacenda_shared::id::{ClientId, CompartmentId, DeviceId, ObjectId, Position, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe;
use tacenda_shared::plaintext;
use tacenda_shared::practice::change::Change;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::{Part, Splice, Subject};
use tacenda_shared::practice::view::Beside;
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::device::{Checked, DeviceSync};
use tacenda_shared::sync::{Message, Seen};

impl<F: FileSystem> Device<F> {
    /// Lets `look` see what was merged and is not on the disk yet.
    pub(in crate::device) fn with_unstored<T>(
        &mut self,
        look: impl FnOnce(&mut Self, &[Change]) -> T,
    ) -> T {
        let unstored = self.courier.as_mut().map(|c| std::mem::take(&mut c.unstored.pending));
        let unstored = unstored.unwrap_or_default();
        let seen = look(self, &unstored);
        if let Some(courier) = &mut self.courier {
            courier.unstored.pending = unstored;
        }
        seen
    }

    /// Takes where the caret is on a screen that had seen so many changes of others.
    pub fn look(&mut self, note: ObjectId, (part, position): (Part, usize), seen: u64) {
        let conversation = self.conversations.get_mut(&note);
        if conversation.is_some_and(|conversation| conversation.look(part, position, seen)) {
            self.presence.stir(note);
        }
    }

    /// Says what is due of where this device is and what it has shown; forgets who is gone.
    pub fn keep_company(&mut self, now: Timestamp) {
        self.presence.expire(now);
        if !self.has_company() {
            return;
        }
        let mut presence = std::mem::take(&mut self.presence);
        let words = presence.speak(|draft| self.caret(draft), now);
        self.presence = presence;
        for word in words {
            self.say(&word, now);
        }
        for (log, position) in self.unsaid() {
            if self.presence.seen_due(log, position).is_some_and(|due| due <= now) {
                self.say_seen(log, now);
            }
        }
    }

    /// Returns when [`Device::keep_company`] has something to do.
    pub fn company_due(&self) -> Option<Timestamp> {
        if !self.has_company() {
            return None;
        }
        let unsaid = self.unsaid().into_iter();
        let seen = unsaid.filter_map(|(log, position)| self.presence.seen_due(log, position));
        self.presence.due().into_iter().chain(seen).min()
    }

    /// Returns, once, whether what screens show of other devices has changed.
    pub fn take_company_change(&mut self) -> bool {
        self.presence.take_change()
    }

    /// Whether anybody could hear.
    fn has_company(&self) -> bool {
        let devices = self.cabinet.state.devices().values();
        let open = self.courier.as_ref().is_some_and(|courier| courier.sync.is_open());
        open && self.timing == Timing::Live && devices.filter(|d| d.revoked.is_none()).count() > 1
    }

    /// The log that a draft lies in: the chart's, or the journal's.
    pub(in crate::device) fn log_of(
        &self,
        client: ClientId,
        draft: ObjectId,
    ) -> Option<CompartmentId> {
        self.log_named(&self.practice.home_of(client, draft))
    }

    fn log_named(&self, name: &CompartmentName) -> Option<CompartmentId> {
        self.cabinet.store().locations().named(name).map(|known| known.id)
    }

    /// The place of this device's caret in a draft, in the text that others have too.
    fn caret(&self, draft: ObjectId) -> Option<Caret> {
        let (part, position) = self.conversations.get(&draft)?.caret()?;
        let typed = self.typed.get(&draft).map(Typed::uncommitted).unwrap_or_default();
        let position = before(position, part, typed);
        Some((part, self.practice.name_place(draft, part, position)?))
    }

    /// Takes back what was said of a draft.
    pub(in crate::device) fn take_leave(&mut self, draft: ObjectId, now: Timestamp) {
        if let Some(word) = self.presence.leave(draft, now)
            && self.has_company()
        {
            self.say(&word, now);
        }
    }

    fn say(&mut self, word: &Word, now: Timestamp) {
        let Some(courier) = &mut self.courier else { return };
        if let Some(bytes) = self.cabinet.ephemeral(&courier.sync, word) {
            let ticket = courier.sync.request(Message::Ephemeral(bytes), now);
            courier.errands.insert(ticket, Errand::Company);
        }
    }

    /// The logs that a screen shows with entries of others that nothing was said of yet.
    fn unsaid(&self) -> Vec<(CompartmentId, Position)> {
        let Some(courier) = &self.courier else { return Vec::new() };
        let this = self.cabinet.identity.author.device;
        let clients: BTreeSet<ClientId> =
            self.shown.iter().map(|subject| client_of(*subject)).collect();
        let books = clients
            .into_iter()
            .flat_map(|client| [self.practice.chart_of(client), CompartmentName::Journal(client)]);
        let logs = books.filter_map(|name| self.log_named(&name));
        let waiting = self.cabinet.store().locations().ledger();
        let newest = logs.filter_map(|log| {
            let newest = courier.sync.replica(log)?.newest(|author| author != this)?;
            // An entry that waits for its key is not shown.
            let waits = waiting.waiting().any(|(other, _)| other == log);
            (!waits).then_some((log, newest))
        });
        newest.collect()
    }

    fn say_seen(&mut self, log: CompartmentId, now: Timestamp) {
        let Some(courier) = &mut self.courier else { return };
        let Some(replica) = courier.sync.replica(log) else { return };
        let head = replica.head();
        let device = self.cabinet.identity.author.device;
        let seen = Seen::sign(device, log, head, now, &self.cabinet.keys.sign);
        let ticket = courier.sync.request(Message::Seen(seen), now);
        courier.errands.insert(ticket, Errand::Company);
        self.presence.say_seen(log, head.position, now);
    }

    /// Takes the word of another device, which is believed if it opens.
    pub(super) fn attend(&mut self, checked: &Checked, now: Timestamp) {
        let header = checked.header();
        let place = (header.compartment, header.object);
        if header.kind == Kind::Ephemeral
            && let Some(interest) = self.cabinet.open_interest(checked)
        {
            self.presence.take(checked.device(), place, interest, now);
        }
    }

    /// Takes the signed word that a device has shown a log so far.
    pub(super) fn attend_seen(&mut self, seen: &Seen, now: Timestamp) {
        self.presence.take_seen(seen.device, seen.log, seen.head.position, now);
    }

    /// Returns who else has a draft open. `ahead` was typed here and is no change yet.
    pub(in crate::device) fn beside(&self, draft: ObjectId, ahead: &[Splice]) -> Vec<Beside> {
        let here = self.presence.beside(draft).filter_map(|(device, peer)| {
            let caret = peer.caret.as_ref().and_then(|(part, place)| {
                let position = self.practice.find_place(draft, *part, place)?;
                let position = crate::widget::editor::moved_by(position, *part, ahead);
                Some((*part, position))
            });
            Some(Beside { device, name: self.active_name(device)?, caret })
        });
        here.collect()
    }

    /// Returns the names of the devices that have shown all that this one wrote into a draft's
    /// chart; of none while some of it has not arrived.
    pub(in crate::device) fn seen_by(&self, client: ClientId, draft: ObjectId) -> Vec<String> {
        let Some(log) = self.log_of(client, draft) else { return Vec::new() };
        let Some(courier) = &self.courier else { return Vec::new() };
        let this = self.cabinet.identity.author.device;
        let newest = courier.sync.replica(log).and_then(|replica| replica.newest(|a| a == this));
        let ledger = self.cabinet.store().locations().ledger();
        let is_ahead = self.typed.get(&draft).is_some_and(|typed| !typed.uncommitted().is_empty())
            || ledger.unsent().any(|source| source.compartment == log)
            || ledger.sent().any(|sent| sent.source.is_some_and(|s| s.compartment == log));
        let Some(newest) = newest.filter(|_| !is_ahead) else { return Vec::new() };
        let devices = self.presence.seen_by(log, newest).into_iter();
        devices.filter_map(|device| self.active_name(device)).collect()
    }

    fn active_name(&self, device: DeviceId) -> Option<String> {
        let known = self.cabinet.state.active_device(device)?;
        Some(self.name_of(device, &known.info))
    }

    /// Returns in which draft a device is.
    pub(super) fn whereabouts(&self, device: DeviceId) -> Option<(ClientId, ObjectId)> {
        let peer = self.presence.whereabouts(device)?;
        let known = self.cabinet.store().locations().compartment(peer.log)?;
        Some((known.name.whose_drafts()?, peer.draft))
    }
}

impl<F: FileSystem> Cabinet<F> {
    /// Seals a word under the draft's key; `None` while others could not open it, or before this
    /// device may seal in that log.
    fn ephemeral(&self, sync: &DeviceSync, word: &Word) -> Option<Vec<u8>> {
        let replica = sync.replica(word.log)?;
        replica.draft(word.draft)?;
        let stale = replica.rules().iter().any(|rule| sync.state().stale(rule.ring));
        if stale || replica.needs_slot(sync.state()) {
            return None;
        }
        let generation = replica.slot()?.generation;
        let mut header = sync.next_header(word.log, Kind::Ephemeral, word.draft, SCHEMA);
        header.slot_generation = generation;
        let body = word.interest.encode();
        let content = plaintext::pack(Kind::Ephemeral, SCHEMA, &body).ok()?;
        let slot = self.slot_key(word.log, generation)?;
        let draft = self.open_draft(word.log, word.draft).ok()?;
        let key = safe::envelope_key(slot, Some(&draft));
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &self.keys.hedge, random: &mut random };
        let sealed = envelope::seal(header, &key, &content, &self.keys.sign, &mut hedge).ok()?;
        Some(sealed.encode())
    }

    fn open_interest(&self, checked: &Checked) -> Option<Interest> {
        let header = checked.header();
        let slot = self.slot_key(header.compartment, header.slot_generation)?;
        let draft = self.open_draft(header.compartment, header.object).ok()?;
        let content = checked.open(&safe::envelope_key(slot, Some(&draft))).ok()?;
        let body = plaintext::unpack(Kind::Ephemeral, &content).ok()?;
        Interest::decode(&body).ok()
    }
}

const fn client_of(subject: Subject) -> ClientId {
    match subject {
        Subject::Attachment(client, _)
        | Subject::Attachments(client)
        | Subject::Chart(client)
        | Subject::Consents(client)
        | Subject::Crisis(client)
        | Subject::Measures(client)
        | Subject::Draft(client, _)
        | Subject::Note(client, _)
        | Subject::Plan(client)
        | Subject::Psychotherapy(client)
        | Subject::Report(client, ..)
        | Subject::Identity(client)
        | Subject::Journal(client) => client,
    }
}

/// Returns where a place was before splices were made. What lay inside an insertion comes to lie
/// before it.
fn before(position: usize, part: Part, splices: &[Splice]) -> usize {
    let of_part = splices.iter().rev().filter(|splice| splice.part == part);
    of_part.fold(position, |position, splice| {
        let end = splice.position.saturating_add(splice.inserted.chars().count());
        if position >= end && position > splice.position {
            position - (end - splice.position) + splice.deleted
        } else {
            position.min(splice.position)
        }
    })
}
