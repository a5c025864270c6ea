//! What is done with appointments: booking, moving, and what came of them.

use super::verbs::{edit, whose, with_row};
use super::{act, lay, say, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::parts::when;
use crate::screen::prompt::{self, Question};
use crate::screen::{Act, Focused, Overlay, Screen, booking};
use crate::text;
use jiff::civil::DateTime;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::{Edit, Status};

/// The next quarter of an hour, on a date if one is shown.
pub(super) fn next_quarter(now: DateTime, date: Option<jiff::civil::Date>) -> DateTime {
    let minutes = i64::from(now.minute());
    let next = when::later(now, 15 - minutes % 15);
    let time = jiff::civil::Time::constant(next.hour(), next.minute(), 0, 0);
    date.unwrap_or_else(|| next.date()).to_datetime(time)
}

pub(super) fn book(model: &mut Model, start: DateTime, client: Option<ClientId>) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scene = model.scene(desk);
    let whose = match desk.screens.last() {
        Some(Screen::Columns(columns)) => columns.clinician(&scene),
        _ => None,
    };
    match booking::State::new(start, client, &scene).map(|state| state.with(whose)) {
        Some(state) => show(model, Screen::Booking(Box::new(state))),
        None => {
            lay(model, Overlay::Notice(text::no_clinician()));
            Vec::new()
        }
    }
}

pub(super) fn move_appointment(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let (Focused::Appointment(id) | Focused::Conflict(id)) = focused else { return Vec::new() };
    match with_row(model, id, booking::State::moving) {
        Some(state) => show(model, Screen::Booking(Box::new(state))),
        None => Vec::new(),
    }
}

/// Lays the form where the focus is on an appointment, and goes on to the next free slot.
pub(super) fn move_it(model: &mut Model, focused: Focused, verb: Verb) -> Vec<Effect> {
    let mut effects = move_appointment(model, focused);
    if verb == Verb::NextFree {
        effects.extend(act(model, &Act::Verb(verb)));
    }
    effects
}

pub(super) fn set_status(model: &mut Model, focused: Focused, status: Status) -> Vec<Effect> {
    let Focused::Appointment(appointment) = focused else { return Vec::new() };
    let whose = whose(model, appointment);
    if status.frees_the_slot() {
        let question = Question::Reason(appointment, status, whose);
        lay(model, Overlay::Prompt(prompt::State::new(question)));
        return Vec::new();
    }
    let ended = with_row(model, appointment, |row| row.stamps.ended.is_some()).unwrap_or(false);
    if ended && status == Status::Arrived {
        say(model, &format!("{whose}: it has ended (b), so it was held."));
        return Vec::new();
    }
    let says = format!("{whose}: {}", status.word());
    edit(model, Edit::SetStatus { appointment, status, reason: None }, says, Way::Fresh)
}
