//! When, how and with whom a session took place, as its signed note says it: what payers look for beside
//! what was said (domain 3.9).

use super::appointment::Modality;
use super::calendar::{CLIENTS_MAX, modality_number, modality_of};
use super::group::is_subject;
use super::record::Tags;
use super::view::AppointmentRow;
use crate::id::{ClientId, Timestamp};

const BEGAN: u16 = 240;
const ENDED: u16 = 241;
pub(super) const ATTENDEES: u16 = 242;
const WAY: u16 = 243;
/// All fields of a record that say it.
pub(super) const TAGS: [u16; 4] = [BEGAN, ENDED, ATTENDEES, WAY];

/// When a session began and ended, by its stamps, how people met, and who of a group was there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Times {
    /// When it began; `None` if nobody stamped it.
    pub began: Option<Timestamp>,
    /// When it ended; `None` if nobody stamped it.
    pub ended: Option<Timestamp>,
    /// In which way people met.
    pub modality: Option<Modality>,
    /// In the record of a couple, a family or a group: who was there. In the record of one client it is
    /// that client, and nobody else is named.
    pub attendees: Vec<ClientId>,
}

impl Times {
    /// What is known of a session, for the record of `client`.
    pub fn of(session: &AppointmentRow, client: ClientId) -> Self {
        let attendees = if is_subject(client) { session.as_written().to_vec() } else { Vec::new() };
        Self {
            began: session.stamps.began,
            ended: session.stamps.ended,
            modality: Some(session.slot.modality),
            attendees,
        }
    }

    /// How many minutes it took, if both stamps stand.
    pub fn minutes(&self) -> Option<i64> {
        self.held().map(|(began, ended)| ended.millis_since(began).div_euclid(60_000))
    }

    /// From when to when it was, if both stamps stand.
    pub fn held(&self) -> Option<(Timestamp, Timestamp)> {
        self.began.zip(self.ended)
    }

    /// Returns the word for the way in which people met.
    pub const fn way(&self) -> &'static str {
        match self.modality {
            Some(Modality::InOffice) => "at the office",
            Some(Modality::Video) => "by video",
            Some(Modality::Phone) => "by telephone",
            None => "",
        }
    }

    pub(super) fn write(&self, body: &mut Tags) {
        for (tag, stamp) in [(BEGAN, self.began), (ENDED, self.ended)] {
            if let Some(stamp) = stamp {
                body.set(tag, stamp.as_millis().to_be_bytes());
            }
        }
        if let Some(modality) = self.modality {
            body.set(WAY, [modality_number(modality)]);
        }
        if !self.attendees.is_empty() {
            let ids = self.attendees.iter().take(CLIENTS_MAX).map(|id| *id.as_bytes());
            body.set(ATTENDEES, ids.collect::<Vec<_>>().concat());
        }
    }

    /// Says in a record from when to when it was, whatever stood there.
    pub(super) fn write_held(body: &mut Tags, (began, ended): (Timestamp, Timestamp)) {
        for (tag, stamp) in [(BEGAN, began), (ENDED, ended)] {
            body.set(tag, stamp.as_millis().to_be_bytes());
        }
    }

    /// Reads what a record says; what does not read counts as not said.
    pub(super) fn read(body: &Tags) -> Self {
        let stamp = |tag| body.fixed(tag).map(i64::from_be_bytes).map(Timestamp::from_millis);
        let ids = body.bytes(ATTENDEES).unwrap_or_default().as_chunks::<16>().0;
        Self {
            began: stamp(BEGAN),
            ended: stamp(ENDED),
            modality: body.fixed(WAY).and_then(|[number]| modality_of(number)),
            attendees: ids.iter().take(CLIENTS_MAX).copied().map(ClientId::from_bytes).collect(),
        }
    }
}
