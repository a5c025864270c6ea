//! When the key of a draft that was signed may die. Server and devices judge alike, by the log and
//! the practice log alone.
//!
//! A Close counts as carried out by its author. Everybody else that can read the log acknowledges
//! it once nothing of the draft is left to be put elsewhere. Devices that were added after the
//! Close was signed are not waited for, unless they had written in the log before it: nothing of
//! theirs can be in the draft. Who acknowledges a second time orders the end, because others have
//! not been heard of for [`END_AFTER`]; the server takes that from nobody before.

use crate::envelope::{AccessRule, ControlBody, EntryRef, Header, Rights};
use crate::id::{DeviceId, MemberId, ObjectId, Position, PracticeSeq, Timestamp};
use crate::membership::{Ring, State};
use crate::suite::Hash;
use std::collections::{BTreeMap, BTreeSet};

/// How long devices that are not heard of are waited for, from the receipt of the Close on.
/// Milliseconds.
pub const END_AFTER: i64 = 30 * 24 * 60 * 60 * 1000;

/// A Close, and who has carried it out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Closing {
    at: EntryRef,
    /// The practice entry that it cites.
    cited: PracticeSeq,
    /// When the server took it; unknown to devices.
    received: Option<Timestamp>,
    done: BTreeSet<DeviceId>,
    /// Somebody has ordered the end.
    ordered: bool,
}

impl Closing {
    /// Whether a device has carried it out.
    pub(crate) fn is_done_by(&self, device: DeviceId) -> bool {
        self.done.contains(&device)
    }

    /// Whether the server may take the order to end it.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.received.is_some_and(|received| now.millis_since(received) >= END_AFTER)
    }

    /// Where it stands.
    #[cfg(feature = "device")]
    pub(crate) const fn at(&self) -> EntryRef {
        self.at
    }
}

/// All Closes of one log.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Closings {
    /// Where each device wrote first.
    first: BTreeMap<DeviceId, Position>,
    /// The Close of each draft that counts, which is the first.
    closings: BTreeMap<ObjectId, Closing>,
    /// The draft that an acknowledgement means. Positions may change when a server is filled again.
    of: BTreeMap<Hash, ObjectId>,
}

impl Closings {
    /// Takes the next entry of the log.
    pub(crate) fn take(
        &mut self,
        header: &Header,
        at: EntryRef,
        body: Option<&ControlBody>,
        received: Option<Timestamp>,
    ) {
        self.first.entry(header.author).or_insert(at.position);
        match body {
            Some(ControlBody::Close { object, .. }) if !self.closings.contains_key(object) => {
                self.of.insert(at.hash, *object);
                let closing = Closing {
                    at,
                    cited: header.practice_head.seq,
                    received,
                    done: BTreeSet::from([header.author]),
                    ordered: false,
                };
                self.closings.insert(*object, closing);
            }
            Some(ControlBody::Acknowledge(of)) => {
                let object = self.of.get(&of.hash);
                if let Some(closing) = object.and_then(|object| self.closings.get_mut(object)) {
                    closing.ordered |= !closing.done.insert(header.author);
                }
            }
            _ => {}
        }
    }

    /// The draft whose Close an acknowledgement cites.
    pub(crate) fn cited(&self, of: &EntryRef) -> Option<(ObjectId, &Closing)> {
        let object = *self.of.get(&of.hash)?;
        Some((object, self.closings.get(&object)?))
    }

    /// The Close of a draft.
    #[cfg(feature = "device")]
    pub(crate) fn of_draft(&self, object: ObjectId) -> Option<&Closing> {
        self.closings.get(&object)
    }

    /// The drafts whose keys may die, as far as the log goes.
    pub(crate) fn over(&self, state: &State, rules: &[AccessRule]) -> Vec<ObjectId> {
        let readers = readers(state, rules);
        let over =
            self.closings.iter().filter(|(_, closing)| self.is_met(closing, state, &readers));
        over.map(|(object, _)| *object).collect()
    }

    /// Whether the key of a draft may die, as far as the log goes.
    pub(crate) fn is_over(&self, object: ObjectId, state: &State, rules: &[AccessRule]) -> bool {
        let closing = self.closings.get(&object);
        closing.is_some_and(|closing| self.is_met(closing, state, &readers(state, rules)))
    }

    /// Whether a device has to carry out a Close.
    pub(crate) fn awaits(&self, closing: &Closing, state: &State, device: DeviceId) -> bool {
        let added = state.devices().get(&device).is_some_and(|known| known.added <= closing.cited);
        added || self.first.get(&device).is_some_and(|first| *first < closing.at.position)
    }

    fn is_met(&self, closing: &Closing, state: &State, readers: &BTreeSet<DeviceId>) -> bool {
        let mut awaited = readers.iter().filter(|device| self.awaits(closing, state, **device));
        closing.ordered || awaited.all(|device| closing.done.contains(device))
    }
}

/// The devices that may read a log now.
pub(crate) fn readers(state: &State, rules: &[AccessRule]) -> BTreeSet<DeviceId> {
    let rings = rules.iter().filter(|rule| rule.rights.include(Rights::READ));
    let members: BTreeSet<MemberId> =
        rings.filter_map(|rule| state.rings().get(&rule.ring)).flat_map(Ring::members).collect();
    let devices = state.devices().iter();
    devices
        .filter(|(_, known)| known.revoked.is_none() && members.contains(&known.member))
        .map(|(device, _)| *device)
        .collect()
}
