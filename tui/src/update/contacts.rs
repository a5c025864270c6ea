//! What is asked about a client: a contact, a task, that somebody died, and who waits for a time.

use super::{lay, show};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::Model;
use crate::screen::choice::{self, Answer};
use crate::screen::parts::who;
use crate::screen::prompt::{self, Question};
use crate::screen::{Focused, Overlay, Screen, booking, contact_log, waiting};
use tacenda_shared::id::ClientId;

/// Asks what there was with a client, or what is to be done.
pub(super) fn ask_about(model: &mut Model, client: Option<ClientId>, verb: Verb) {
    let Some(client) = client else { return };
    let died = model.desk().and_then(|desk| desk.index.client(client)?.death());
    let overlay = match verb {
        Verb::NoteDeath => {
            let known = died.map(|date| date.to_string()).unwrap_or_default();
            Overlay::Prompt(prompt::State::answered(Question::Death(client), known))
        }
        Verb::NewTask => Overlay::Prompt(prompt::State::new(Question::Task(client))),
        _ => return log_contact(model, client),
    };
    lay(model, overlay);
}

/// With a couple or a family, asks with whom of them it was.
fn log_contact(model: &mut Model, client: ClientId) {
    let Some(desk) = model.desk() else { return };
    let several = match model.situation(desk).focused {
        Focused::Appointment(id) | Focused::Conflict(id) => {
            desk.index.appointments.get(&id).map(|row| row.clients.clone()).unwrap_or_default()
        }
        _ => match desk.index.groups.get(&client) {
            Some(group) => group.present().collect(),
            None => Vec::new(),
        },
    };
    let client = match several.as_slice() {
        [only] => *only,
        _ => client,
    };
    if several.len() < 2 {
        return lay(model, Overlay::ContactLog(Box::new(contact_log::State::new(client))));
    }
    let answers = several.iter().map(|client| {
        let whose = who::client(&desk.index, *client, true);
        (whose, Answer::LogContact(*client, None))
    });
    let words = "Each has a safe contact and a log of their own.".to_owned();
    let asked = choice::State::new("A contact with whom?".to_owned(), words, answers.collect());
    lay(model, Overlay::Choice(asked));
}

/// Asks what a client waits for.
pub(super) fn wait(model: &mut Model, client: Option<ClientId>) {
    let Some(desk) = model.desk() else { return };
    let row = client.and_then(|id| desk.index.clients.get(&id));
    let Some(row) = row else { return };
    let words = row.waits().map(|known| known.wish.words(&desk.index.clinicians));
    let question = Question::Wait(row.id, row.waits().cloned());
    let state = prompt::State::answered(question, words.unwrap_or_default());
    lay(model, Overlay::Prompt(state));
}

/// Lays the waiting list for the time in focus.
pub(super) fn waiting_for(model: &mut Model, focused: Focused) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scene = model.scene(desk);
    let slot = match focused {
        Focused::Appointment(id) => scene.appointment(id).map(|row| row.slot.clone()),
        Focused::Free(start) => {
            booking::State::new(start, None, &scene).and_then(|state| state.slot(&scene))
        }
        _ => None,
    };
    show(model, Screen::Waiting(waiting::State::new(slot)))
}

/// Books the time that is offered for who is in focus on the waiting list.
pub(super) fn offer(model: &mut Model, focused: Focused) -> Option<Vec<Effect>> {
    let desk = model.desk()?;
    let (Some(Screen::Waiting(list)), Focused::Client(client)) = (desk.screens.last(), focused)
    else {
        return None;
    };
    let scene = model.scene(desk);
    let state = booking::State::offering(list.slot.as_ref()?, client, &scene)?;
    Some(show(model, Screen::Booking(Box::new(state))))
}
