//! What a new device fetches before all else, so that today's schedule is there while the rest of
//! the practice is still on its way; and what it fetches last: files, which are long.

use crate::device::chance::OsRandom;
use crate::device::open::{Device, DeviceError};
use jiff::ToSpan as _;
use jiff::civil::Date;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, CompartmentId, LogMark, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::compartment::CompartmentName;
use tacenda_shared::practice::view::Index;
use tacenda_shared::practice::zone;
use tacenda_shared::random::Random;

/// How many days the first screen may be asked for: today and the week that follows.
const DAYS: i64 = 8;

impl<F: FileSystem> Device<F> {
    /// Returns the logs that the schedule of this week is read from, soonest first. Among the
    /// contacts stand some of other clients, by chance: the order in which a device fetches does
    /// not tell the server exactly who comes this week.
    pub(super) fn first_logs(&self, now: Timestamp) -> Vec<CompartmentId> {
        let index = self.index();
        let today = zone::date(now, &index.zone);
        let days = (0..DAYS).filter_map(|day| today.checked_add(day.days()).ok());
        let days: Vec<_> = days.collect();
        let (calendars, clients) = self.practice.schedule_of(days.iter().copied());
        let mut contacts: Vec<_> = clients.iter().copied().collect();
        let is_other =
            |client: &&ClientId| !clients.contains(client) && !index.groups.contains_key(client);
        let others: Vec<_> = index.clients.keys().filter(is_other).copied().collect();
        let random: &mut dyn Random = &mut OsRandom;
        for other in drawn(random, others, clients.len().div_ceil(4)) {
            contacts.push(other);
        }
        let count = contacts.len();
        let contacts = drawn(random, contacts, count).into_iter().map(CompartmentName::Contact);
        let groups = groups_of(&index, &days, random);
        let names = std::iter::once(CompartmentName::Practice)
            .chain(calendars)
            .chain(contacts)
            .chain(groups);
        let locations = self.cabinet.store().locations();
        names.flat_map(|name| locations.all_named(&name).collect::<Vec<_>>()).collect()
    }

    /// Returns the logs of files, those with the most in them first.
    pub(super) fn last_logs(&self) -> Vec<CompartmentId> {
        let locations = self.cabinet.store().locations();
        let entries = |log| locations.ledger().entries_after(log, 0).len();
        let mut logs: Vec<_> =
            locations.freight().map(|log| (Reverse(entries(log)), log)).collect();
        logs.sort_unstable();
        logs.into_iter().map(|(_, log)| log).collect()
    }

    /// Fetches the first of these logs before all others, in this order, and the last after them.
    pub(crate) fn fetch_in_order(
        &mut self,
        first: &[CompartmentId],
        last: &[LogMark],
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.attach(now)?;
        if let Some(courier) = &mut self.courier {
            for (log, priority) in first.iter().zip(0..u8::MAX) {
                courier.sync.set_priority(*log, priority);
            }
            last.iter().for_each(|log| courier.sync.fetch_last(*log));
        }
        Ok(())
    }
}

/// The couples, families and groups that come on these days, and by chance one that does not.
fn groups_of(index: &Index, days: &[Date], random: &mut dyn Random) -> Vec<CompartmentName> {
    let ids = days.iter().filter_map(|day| index.days.get(day)).flatten();
    let rows = ids.filter_map(|id| index.appointments.get(id));
    let come: BTreeSet<ClientId> = rows.filter_map(|row| index.group_of(row)).collect();
    let others = index.groups.keys().filter(|group| !come.contains(group)).copied().collect();
    let mut groups: Vec<ClientId> = come.into_iter().collect();
    groups.extend(drawn(random, others, 1));
    let count = groups.len();
    let groups = drawn(random, groups, count).into_iter();
    groups.filter_map(|group| Some(CompartmentName::Group(index.groups.get(&group)?.id))).collect()
}

/// Draws so many of these, in an order by chance.
fn drawn<T>(random: &mut dyn Random, mut from: Vec<T>, count: usize) -> Vec<T> {
    let mut drawn = Vec::new();
    while drawn.len() < count && !from.is_empty() {
        let chance = u64::from_le_bytes(random.bytes());
        // The remainder of a length fits into what a length fits into.
        let at = usize::try_from(chance % from.len() as u64).unwrap_or_default();
        drawn.push(from.swap_remove(at));
    }
    drawn
}
