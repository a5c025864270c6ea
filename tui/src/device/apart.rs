//! Psychotherapy notes while they are open, and what of them is left while they are not: sealed bytes and
//! nothing else. Their keys are held only between a step-up and a close, a lock or the end.

use super::cabinet::Cabinet;
use super::open::{Device, DeviceError};
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, CompartmentId, ObjectId, RingId, Timestamp};
use tacenda_shared::journal::{FileSystem, Location};
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::edit::Subject;
use tacenda_shared::practice::ring::RingPurpose;

/// How psychotherapy notes stand.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Whether the person at the keyboard has them open.
    pub(super) stepped_up: bool,
    /// What cannot leave this device until they are opened.
    pub(super) kept_back: BTreeSet<Location>,
}

impl<F: FileSystem> Device<F> {
    /// Opens psychotherapy notes for the person at the keyboard, who has just typed the passphrase.
    /// Returns whether any key to them is here.
    ///
    /// # Errors
    /// What the disk says.
    pub fn step_up_for(&mut self, second: &SecondSecret) -> Result<bool, DeviceError> {
        self.apart.stepped_up = true;
        let any = self.open_behind(second)?;
        // Also where nothing was written yet: a first one can be begun.
        self.practice.step_up();
        Ok(any)
    }

    /// Whether psychotherapy notes are open for the person at the keyboard.
    pub const fn is_stepped_up(&self) -> bool {
        self.apart.stepped_up
    }

    /// Whether what somebody looks at lies among psychotherapy notes.
    pub fn is_psychotherapy(&self, subject: Subject) -> bool {
        self.practice.is_psychotherapy(subject)
    }

    /// Closes psychotherapy notes: what was typed is kept, then keys and texts are dropped. Every step
    /// is tried; the first failure is told. Returns how many changes leave this device only once they
    /// are opened again.
    ///
    /// # Errors
    /// What the disk says.
    pub fn step_down(&mut self, now: Timestamp) -> Result<usize, DeviceError> {
        if !self.apart.stepped_up {
            return Ok(0);
        }
        let drafts = self.practice.psychotherapy_drafts();
        let mut outcome = self.flush(now).map(drop);
        for (client, draft) in drafts {
            outcome = outcome.and(self.commit(draft, client, now));
            self.take_leave(draft, now);
        }
        outcome = outcome.and(self.flush(now).map(drop));
        outcome = outcome.and(self.cabinet.destroy_closed_drafts().map_err(DeviceError::from));
        if !self.cabinet.is_read_only() {
            outcome = outcome.and(self.checkpoint());
        }
        self.apart.stepped_up = false;
        self.drop_behind();
        outcome?;
        Ok(self.apart.kept_back.len())
    }

    /// Drops the keys of rings behind step-up, of what they open, and what was known of that.
    pub(super) fn drop_behind(&mut self) {
        let drafts = self.practice.step_down();
        let cabinet = &mut self.cabinet;
        let behind: BTreeSet<RingId> = cabinet
            .rings
            .iter()
            .filter(|(purpose, _)| purpose.is_behind_second_secret())
            .map(|(_, ring)| ring.id)
            .collect();
        cabinet.rings.retain(|purpose, _| !purpose.is_behind_second_secret());
        let slots = cabinet.store.locations().slots();
        let closed: Vec<CompartmentId> = slots
            .filter(|slot| slot.rings.iter().all(|ring| behind.contains(ring)))
            .map(|slot| slot.id)
            .collect();
        for id in closed {
            cabinet.slots.remove(&id);
        }
        cabinet.drafts.retain(|draft, _| !drafts.contains(draft));
        cabinet.base.replace(None);
        self.typed.retain(|draft, _| !drafts.contains(draft));
        self.conversations.retain(|draft, _| !drafts.contains(draft));
        let of_them = |subject: &Subject| match subject {
            Subject::Draft(_, draft) => drafts.contains(draft),
            Subject::Psychotherapy(_) => true,
            _ => false,
        };
        self.shown.retain(|subject| !of_them(subject));
        self.keep_back();
    }

    /// Takes note of what cannot leave this device because its keys are dropped.
    pub(super) fn keep_back(&mut self) {
        self.apart.kept_back = self.cabinet.unsent_behind();
    }

    /// Opens the content keys that rings behind step-up give, and shows the practice what they open.
    pub(super) fn open_slots_behind(&mut self) -> Result<(), DeviceError> {
        let before = self.cabinet.open_behind_names();
        self.cabinet.open_slots();
        let open = self.cabinet.open_behind_names();
        self.apart.kept_back = self.cabinet.unsent_behind();
        let new: BTreeSet<CompartmentName> = open.difference(&before).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        self.practice.step_up();
        let (now, mut owed) = (self.unlocked, Vec::new());
        for name in &new {
            let known = self.cabinet.store().locations().named(name).map(|known| known.id);
            let segment = known.and_then(|id| self.cabinet.segment(id));
            let restored =
                segment.is_some_and(|segment| self.practice.restore(name, &segment).is_ok());
            if !restored {
                owed.extend(self.rebuild(name, now));
            }
        }
        if !owed.is_empty() && !self.cabinet.is_read_only() {
            self.cabinet.put(&owed)?;
        }
        self.recover_keystrokes_in(now, |name| new.contains(name));
        Ok(())
    }

    /// Whether a draft lies among psychotherapy notes that are closed, whatever a screen still says of it.
    pub(super) fn is_closed(&self, client: ClientId, draft: ObjectId) -> bool {
        let author = self.cabinet.identity.author.member;
        let locations = self.cabinet.store().locations();
        let mut logs = locations.all_named(&CompartmentName::Psychotherapy { client, author });
        !self.practice.is_stepped_up() && logs.any(|id| !locations.document(id, draft).is_empty())
    }
}

/// Whether it lies behind step-up.
pub(super) const fn is_behind(name: &CompartmentName) -> bool {
    matches!(name, CompartmentName::Psychotherapy { .. })
}

impl<F: FileSystem> Cabinet<F> {
    /// The names of compartments behind step-up of which a key is here.
    fn open_behind_names(&self) -> BTreeSet<CompartmentName> {
        let locations = self.store.locations();
        let names = locations.names().filter(|name| is_behind(name));
        let open = names.filter(|name| {
            let mut logs = locations.all_named(name);
            logs.any(|id| self.newest_slot(id).is_some())
        });
        open.cloned().collect()
    }

    /// Whether none of its content can be opened now.
    pub(super) fn is_closed_behind(&self, name: &CompartmentName) -> bool {
        let mut logs = self.store.locations().all_named(name);
        is_behind(name) && !logs.any(|id| self.newest_slot(id).is_some())
    }

    /// What was made in compartments that are closed now and has not left.
    fn unsent_behind(&self) -> BTreeSet<Location> {
        let locations = self.store.locations();
        let names = locations.names().filter(|name| is_behind(name));
        let logs: BTreeSet<CompartmentId> = names
            .flat_map(|name| locations.all_named(name))
            .filter(|id| self.newest_slot(*id).is_none())
            .collect();
        if logs.is_empty() {
            return BTreeSet::new();
        }
        let ledger = locations.ledger();
        let made = ledger.unsent().chain(ledger.aside());
        made.filter(|source| logs.contains(&source.compartment)).map(|one| one.location).collect()
    }

    /// Whether a log may bear the name of psychotherapy notes: those of this member, for the one ring
    /// that only the second secret opens. What another member says lies there would be read by others.
    pub(super) fn may_be_apart(
        &self,
        name: &CompartmentName,
        mut rings: impl Iterator<Item = RingId>,
    ) -> bool {
        let CompartmentName::Psychotherapy { author, .. } = name else { return true };
        let own = self.rings.get(&RingPurpose::Psychotherapy(*author)).map(|held| held.id);
        *author == self.identity.author.member
            && own.is_some()
            && rings.next() == own
            && rings.next().is_none()
    }
}
