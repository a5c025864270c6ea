//! Sessions by video or telephone: where clients were, and whether that is where one may practise.

use tacenda_shared::id::{ClientId, MemberId, Timestamp};
use tacenda_shared::practice::edit::{RemoteSetting, Whereabouts};
use tacenda_shared::practice::remote;
use tacenda_shared::practice::view::{AppointmentRow, Index};

/// Returns where these clients were during the last session before a moment of which that was said.
pub fn last<'i>(
    index: &'i Index,
    clients: &[ClientId],
    before: Timestamp,
) -> Option<&'i Whereabouts> {
    // What one of a couple said alone is not for the other to see.
    let of_them = |row: &&AppointmentRow| {
        row.whereabouts.is_whole() && row.starts < before && row.clients == clients
    };
    let known = index.appointments.values().map(AsRef::as_ref).filter(of_them);
    known.max_by_key(|row| row.starts).map(|row| &row.whereabouts)
}

/// Returns where a clinician may practise, if a place is not there as far as both are said.
pub fn unlicensed<'i>(index: &'i Index, clinician: MemberId, place: &str) -> Option<&'i str> {
    let licences = index.remote.get(&(clinician, RemoteSetting::Licences))?;
    let outside = remote::is_licensed(licences, place) == Some(false);
    outside.then_some(licences.as_str())
}

/// Returns the link of the room for an appointment by video, if its clinician has one.
pub fn link(index: &Index, row: &AppointmentRow) -> Option<String> {
    let template = index.remote.get(&(row.slot.clinician, RemoteSetting::Link))?;
    remote::link(template, row.id)
}
