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

/// What somebody says of sessions elsewhere, as a title.
pub const fn title(setting: RemoteSetting) -> &'static str {
    match setting {
        RemoteSetting::Licences => "Where you may practise",
        RemoteSetting::Link => "The link of your video room",
        RemoteSetting::Copying => "Whether links may be copied",
        RemoteSetting::Supervised => "Whether notes go to a second person",
    }
}

/// What it is good for, and how it was understood.
pub fn words(setting: RemoteSetting, typed: &str) -> String {
    match setting {
        RemoteSetting::Licences => "States or countries: CA, NV. Booking and beginning a session \
                                    elsewhere warns. Empty: nothing is said."
            .to_owned(),
        RemoteSetting::Link if typed.is_empty() || remote::is_link(typed) => {
            "https://video.example.org/{room}: each appointment has a room of its own, which stands \
             in its reminder. Empty: none."
                .to_owned()
        }
        RemoteSetting::Copying => "never, ask or always".to_owned(),
        RemoteSetting::Supervised => "yes, or nothing".to_owned(),
        RemoteSetting::Link => "not yet: it begins with https:// and has {room} in it".to_owned(),
    }
}
