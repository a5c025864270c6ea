//! How long a record is kept, and what belongs to one.

use crate::id::{ClientId, Timestamp};
use crate::practice::compartment::CompartmentName;
use crate::practice::edit::Status;
use crate::practice::group::subject_of;
use crate::practice::view::Index;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// For how many years after the last service a record is kept, where nothing longer applies.
/// American Psychological Association, Record Keeping Guidelines (2007), guideline 7: seven years
/// after the last service, for minors until three years after majority if that is later. Several
/// states and countries demand more.
pub const KEPT_YEARS: i16 = 7;

/// Returns until when a record is kept at least whose last service was on this day, for a client
/// of age: see [`KEPT_YEARS`].
pub fn kept_until(last_service: Date) -> Date {
    last_service.saturating_add(KEPT_YEARS.years())
}

/// Returns the local date of a client's last appointment that was not cancelled and is past.
pub fn last_service(index: &Index, client: ClientId, now: Timestamp) -> Option<Date> {
    let group = index.groups.get(&client);
    let served = index.appointments.values().filter(|row| {
        let took_place = matches!(
            row.status,
            Status::Booked | Status::Confirmed | Status::Arrived | Status::Held
        );
        let with_group =
            || group.is_some_and(|group| group.fits(row.kind, &row.clients, |one| index.kept(one)));
        took_place && row.starts <= now && (row.is_with(client) || with_group())
    });
    served.map(|row| row.slot.start.date()).max()
}

impl CompartmentName {
    /// Returns the client whose record this is a part of: what an erasure of it takes along.
    pub fn client(&self) -> Option<ClientId> {
        match self {
            Self::Group(group) => Some(subject_of(*group)),
            Self::Contact(client)
            | Self::Identity(client)
            | Self::Chart(client)
            | Self::Psychotherapy { client, .. }
            | Self::SubstanceUse(client)
            | Self::Journal(client)
            | Self::Attachments(client)
            | Self::Billing(client) => Some(*client),
            Self::Practice
            | Self::Calendar { .. }
            | Self::Series(_)
            | Self::Audit(_)
            | Self::Personal(_)
            | Self::Unknown { .. } => None,
        }
    }
}
