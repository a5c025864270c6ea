//! Appointments that went from one clinician to another: which of them lives, and what two
//! devices decided at once about it.
//!
//! A change of clinician ends an appointment and begins another that remembers where it came
//! from. Devices that do not see each other can hand over the same appointment to two people; it
//! is still one appointment, and the other slot is shown as a rival until somebody settles it.

use super::calendar::Booking;
use super::facts::Facts;
use super::view::Rival;
use crate::id::AppointmentId;
use std::collections::BTreeSet;

/// How many changes of clinician are followed. More than that no appointment survives.
const FOLLOWED: usize = 16;
/// How many appointments may come from one.
const FAMILY_MAX: usize = 256;

impl Facts {
    /// Returns everything that came from the same first appointment, including `id`.
    pub(super) fn family(&self, id: AppointmentId) -> BTreeSet<AppointmentId> {
        let mut family = BTreeSet::from([id]);
        let from = self.booking(id).and_then(|(_, booking)| booking.from);
        if from.is_none() && !self.heirs.contains_key(&id) {
            // Nearly always.
            return family;
        }
        let mut waiting = vec![self.root(id)];
        let mut walked = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            if walked.len() < FAMILY_MAX && walked.insert(next) {
                family.insert(next);
                waiting.extend(self.heirs.get(&next).into_iter().flatten());
            }
        }
        family
    }

    fn root(&self, id: AppointmentId) -> AppointmentId {
        let mut root = id;
        for _ in 0..FOLLOWED {
            let from = self.booking(root).and_then(|(_, booking)| booking.from);
            let Some(from) = from.filter(|from| self.booking(*from).is_some()) else { break };
            root = from;
        }
        root
    }

    /// Returns the one of an appointment's family that counts: the one that did not go to
    /// somebody else, and that the one before it went to. Where contradictory decisions leave
    /// none, the first counts, so that no appointment is ever lost.
    pub(super) fn living(&self, family: &BTreeSet<AppointmentId>) -> Option<AppointmentId> {
        let lives = |member: &AppointmentId| {
            self.booking(*member).is_some_and(|(_, booking)| {
                booking.moved.is_none() && self.is_claimed(*member, booking)
            })
        };
        let known = |member: &AppointmentId| self.booking(*member).is_some();
        let root = || family.first().map(|first| self.root(*first)).filter(known);
        family.iter().copied().find(lives).or_else(root)
    }

    /// Returns whether an appointment is the one of its family that counts.
    pub(super) fn is_living(&self, id: AppointmentId) -> bool {
        self.living(&self.family(id)) == Some(id)
    }

    fn is_claimed(&self, id: AppointmentId, booking: &Booking) -> bool {
        let (mut id, mut from) = (id, booking.from);
        for _ in 0..FOLLOWED {
            let Some(earlier) = from else { return true };
            // Where it came from may be in a calendar that cannot be read here.
            let Some((_, origin)) = self.booking(earlier) else { return true };
            if origin.moved != Some(id) {
                return false;
            }
            (id, from) = (earlier, origin.from);
        }
        false
    }

    /// Returns the slots that devices gave a living appointment without knowing of each other.
    pub(super) fn rivals(
        &self,
        id: AppointmentId,
        booking: &Booking,
        family: &BTreeSet<AppointmentId>,
    ) -> Vec<Rival> {
        let mut rivals = booking.rivals.clone();
        for member in self.disputed(family) {
            let Some((_, origin)) = self.booking(member) else { continue };
            for claim in origin.moved.iter().chain(&origin.moved_also) {
                let end = self.end(*claim);
                let Some((_, other)) = self.booking(end).filter(|_| end != id) else { continue };
                let rival =
                    Rival { slot: other.slot.clone(), device: other.device, time: other.time };
                if rival.slot != booking.slot && !rivals.contains(&rival) {
                    rivals.push(rival);
                }
            }
        }
        rivals
    }

    /// Returns the members of a family that were handed over to several people at once.
    pub(super) fn disputed(&self, family: &BTreeSet<AppointmentId>) -> Vec<AppointmentId> {
        let disputed = |member: &AppointmentId| {
            self.booking(*member).is_some_and(|(_, booking)| !booking.moved_also.is_empty())
        };
        family.iter().copied().filter(disputed).collect()
    }

    /// Returns where an appointment went in the end.
    fn end(&self, id: AppointmentId) -> AppointmentId {
        let mut end = id;
        for _ in 0..FOLLOWED {
            let Some(next) = self.booking(end).and_then(|(_, booking)| booking.moved) else {
                break;
            };
            end = next;
        }
        end
    }
}
