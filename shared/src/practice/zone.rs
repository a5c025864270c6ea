//! Local times, zones, and the instants that follow from them.
//!
//! The zone rules are those that the program carries, so that every device derives the same
//! instant whatever its system knows.

use crate::id::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::cell::RefCell;
use std::sync::LazyLock;

/// The longest IANA id that is taken.
pub(super) const ZONE_BYTES_MAX: usize = 64;

/// A moment at which something was said to have happened, and the zone it was said in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// As the author's clock claimed it.
    pub time: Timestamp,
    /// IANA id of the practice's zone.
    pub zone: String,
}

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

thread_local! {
    /// The zone that was asked for last: a practice has one or two, and thousands of times in it.
    static LAST: RefCell<Option<(String, TimeZone)>> = const { RefCell::new(None) };
}

/// Returns the zone of this name; an unknown one is read as UTC.
pub(super) fn named(zone: &str) -> TimeZone {
    LAST.with_borrow_mut(|last| match last {
        Some((name, known)) if name == zone => known.clone(),
        _ => {
            let found = ZONES.get(zone).unwrap_or(TimeZone::UTC);
            *last = Some((zone.to_owned(), found.clone()));
            found
        }
    })
}

/// Returns whether `zone` is an IANA id that this version knows.
pub fn is_known(zone: &str) -> bool {
    zone.len() <= ZONE_BYTES_MAX && ZONES.get(zone).is_ok()
}

/// Returns the instant of a local time. In the gap of a change to summer time it is the later
/// reading, in the fold the earlier, as people mean it (RFC 5545 3.3.5). An unknown zone, from a
/// newer version's rules, is read as UTC rather than losing the appointment.
pub fn instant(local: DateTime, zone: &str) -> Timestamp {
    let zone = named(zone);
    let instant = zone.to_ambiguous_timestamp(local).compatible();
    // Only the last days of year 9999 have no instant; they sort after everything else.
    Timestamp::from_millis(instant.map_or(i64::MAX, jiff::Timestamp::as_millisecond))
}

/// Returns the local time of an instant.
pub fn local(time: Timestamp, zone: &str) -> DateTime {
    let zone = named(zone);
    let clamped = jiff::Timestamp::from_millisecond(time.as_millis());
    zone.to_datetime(clamped.unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

/// Returns the local date of an instant.
pub fn date(time: Timestamp, zone: &str) -> Date {
    local(time, zone).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn a_time_that_summer_time_skips_is_read_as_the_later_one() {
        let skipped = instant(day(2026, 3, 29).at(2, 30, 0, 0), "Europe/Vienna");
        assert_eq!(local(skipped, "Europe/Vienna"), day(2026, 3, 29).at(3, 30, 0, 0));
    }

    #[test]
    fn a_time_that_comes_twice_is_the_earlier_one() {
        let twice = instant(day(2026, 10, 25).at(2, 30, 0, 0), "Europe/Vienna");
        let after = instant(day(2026, 10, 25).at(3, 0, 0, 0), "Europe/Vienna");
        assert_eq!(after.millis_since(twice), 90 * 60_000);
    }

    #[test]
    fn only_names_of_the_zone_database_are_known() {
        assert!(is_known("America/Los_Angeles"));
        assert!(!is_known("Middle/Earth"));
        assert!(!is_known(""));
    }
}
