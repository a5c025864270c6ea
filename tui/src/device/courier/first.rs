//! What a new device fetches before all else, so that today's schedule is there while the rest of
//! the practice is still on its way.

use crate::device::chance::OsRandom;
use crate::device::open::{Device, DeviceError};
use jiff::ToSpan as _;
use tacenda_shared::id::{CompartmentId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::compartment::CompartmentName;
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
        let (calendars, clients) = self.practice.schedule_of(days);
        let mut contacts: Vec<_> = clients.iter().copied().collect();
        let others: Vec<_> =
            index.clients.keys().filter(|client| !clients.contains(client)).copied().collect();
        let random: &mut dyn Random = &mut OsRandom;
        for other in drawn(random, others, clients.len().div_ceil(4)) {
            contacts.push(other);
        }
        let count = contacts.len();
        let contacts = drawn(random, contacts, count).into_iter().map(CompartmentName::Contact);
        let names = std::iter::once(CompartmentName::Practice).chain(calendars).chain(contacts);
        let locations = self.cabinet.store().locations();
        names.flat_map(|name| locations.all_named(&name).collect::<Vec<_>>()).collect()
    }

    /// Fetches these logs before all others, in this order.
    pub(crate) fn fetch_first(
        &mut self,
        logs: &[CompartmentId],
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.attach(now)?;
        if let Some(courier) = &mut self.courier {
            for (log, priority) in logs.iter().zip(0..u8::MAX) {
                courier.sync.set_priority(*log, priority);
            }
        }
        Ok(())
    }
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
