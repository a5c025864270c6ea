//! Notes: beginning them, opening drafts, reading what is signed.

use super::verbs::{code, edit, start_of, with_row};
use super::{lay, show};
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::parts::when;
use crate::screen::{Focused, Overlay, Screen, chart};
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, RecordId};
use tacenda_shared::practice::edit::{Edit, NoteFormat};
use tacenda_shared::practice::view::NoteState;

/// Opens what was begun for the focus, or asks how a new note is to be divided.
pub(super) fn write(model: &mut Model, focused: Focused, client: Option<ClientId>) -> Vec<Effect> {
    let Some(client) = client else { return Vec::new() };
    if let Focused::Draft(client, note) = focused {
        return open_draft(model, client, note);
    }
    let session = match focused {
        Focused::Appointment(id) => Some(id),
        _ => session_without_note(model, client),
    };
    let state = session.and_then(|id| with_row(model, id, |row| row.note)).unwrap_or_default();
    match state {
        NoteState::Draft(note) => return open_draft(model, client, note),
        NoteState::Signed(record) if session_is_focused(focused) => {
            return open_record(model, client, record);
        }
        NoteState::Missing | NoteState::Signed(_) => {}
    }
    let about = session.and_then(|id| start_of(model, id)).map_or_else(
        || "about no session".to_owned(),
        |start| {
            let (date, time) = (when::day_and_date(start.date()), when::clock(start.time()));
            format!("about the session of {date}, {time}")
        },
    );
    let answers = [
        ("SOAP: subjective, objective, assessment, plan", NoteFormat::Soap),
        ("Free text", NoteFormat::Free),
    ];
    let answers = answers
        .map(|(words, format)| (words.to_owned(), Answer::BeginNote(client, session, format)));
    let title = format!("New note for {}", code(model, client));
    let state = choice::State::new(title, about, answers.to_vec());
    lay(model, Overlay::Choice(state));
    Vec::new()
}

const fn session_is_focused(focused: Focused) -> bool {
    matches!(focused, Focused::Appointment(_))
}

/// The client's latest session that has begun and has no note yet.
fn session_without_note(model: &Model, client: ClientId) -> Option<AppointmentId> {
    let desk = model.desk()?;
    let ids = desk.index.days.range(..=model.now.local.date()).rev().take(14);
    let ids = ids.flat_map(|(_, ids)| ids.iter().rev());
    let rows = ids.filter_map(|id| desk.index.appointments.get(id));
    rows.filter(|row| row.clients.contains(&client) && row.starts <= model.now.time)
        .find(|row| row.note == NoteState::Missing && !row.status.frees_the_slot())
        .map(|row| row.id)
}

/// Begins a draft and opens it, so that typing can start at once.
pub(super) fn begin(
    model: &mut Model,
    client: ClientId,
    session: Option<AppointmentId>,
    format: NoteFormat,
) -> Vec<Effect> {
    let note = ObjectId::from_bytes(model.ids.fresh());
    model.ids.advance();
    let says = format!("began a note for {}", code(model, client));
    let mut effects =
        edit(model, Edit::BeginNote { note, client, session, format }, says, Way::Fresh);
    effects.extend(open_draft(model, client, note));
    effects
}

/// Opens a draft.
pub(super) fn open_draft(model: &mut Model, client: ClientId, _: ObjectId) -> Vec<Effect> {
    show(model, Screen::Chart(chart::State::new(client)))
}

/// Opens a signed note.
pub(super) fn open_record(model: &mut Model, client: ClientId, _: RecordId) -> Vec<Effect> {
    show(model, Screen::Chart(chart::State::new(client)))
}
