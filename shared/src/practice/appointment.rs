//! Appointments and series as they are booked.

use super::schedule::recur::Rule;
use crate::id::{AppointmentId, ClientId, MemberId, SeriesId};

/// A new appointment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewAppointment {
    /// Drawn by the caller.
    pub id: AppointmentId,
    /// Who comes; empty for supervision and time off.
    pub clients: Vec<ClientId>,
    /// What it is.
    pub kind: AppointmentKind,
    /// When and where.
    pub slot: Slot,
    /// A line for the calendar; never clinical.
    pub memo: Option<String>,
}

/// A new series.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewSeries {
    /// Drawn by the caller.
    pub series: SeriesId,
    /// The first occurrence; its id counts for nothing.
    pub first: NewAppointment,
    /// The rhythm.
    pub rule: Rule,
}

/// When and where an appointment is. One value, so that two moves cannot mix.
///
/// The start is local time in a zone, as it was agreed; instants are derived.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// Local start.
    pub start: jiff::civil::DateTime,
    /// IANA id of the zone in which it was agreed.
    pub zone: String,
    /// Length, 1 to 1440.
    pub minutes: u16,
    /// With whom.
    pub clinician: MemberId,
    /// Which room, if in one.
    pub room: Option<String>,
    /// In which way.
    pub modality: Modality,
}

/// The way in which people meet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Modality {
    /// In the same room.
    InOffice,
    /// By video.
    Video,
    /// By telephone.
    Phone,
}

impl Modality {
    /// Whether the client is somewhere else.
    pub const fn is_remote(self) -> bool {
        matches!(self, Self::Video | Self::Phone)
    }
}

/// What an appointment is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum AppointmentKind {
    /// With one client.
    Individual,
    /// With two partners.
    Couple,
    /// With a family.
    Family,
    /// With a group.
    Group,
    /// A first, longer session.
    Intake,
    /// A consultation.
    Consultation,
    /// Supervision, given or received.
    Supervision,
    /// Not available.
    TimeOff,
}

/// What came of an appointment.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Status {
    /// Booked, nothing heard.
    Booked,
    /// Confirmed by the client.
    Confirmed,
    /// The client is there.
    Arrived,
    /// It took place.
    Held,
    /// The client did not come.
    NoShow,
    /// Cancelled by the client, too late.
    LateCancel,
    /// Cancelled by the client in time.
    CancelledByClient,
    /// Cancelled by the clinician.
    CancelledByClinician,
}
