//! Search in notes and records, from the list of clients: what is asked, and where a result opens.

use super::verbs::code;
use super::{calendars, consents, crisis, front_desk, plan, say, show};
use crate::keymap::Verb;
use crate::message::{Asked, Effect, Secret, Told};
use crate::model::{Desk, Model, Stage};
use crate::screen::writing::{Reading, Writing};
use crate::screen::{Scene, Screen, attachment, chart, clients, measures};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::search::{Hit, Place};

/// Asks for what stands in the filter, if that is something else than before.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let looking = front_desk::is_looking(model);
    let Some(state) = clients_of(model) else { return Vec::new() };
    // Who looks as the front desk does sees no texts.
    let words = if looking { String::new() } else { state.wanted().to_owned() };
    if !state.found.ask(&words) {
        return Vec::new();
    }
    let asked = if words.is_empty() { Asked::Nothing } else { Asked::For(Secret(words.into())) };
    vec![Effect::Search(asked)]
}

/// Something has changed in the practice: what is on the screen is looked for again.
pub(super) fn again(model: &mut Model) -> Option<Effect> {
    let state = clients_of(model)?;
    let words = state.found.words().clone();
    (!words.0.is_empty()).then(|| Effect::Search(Asked::For(words)))
}

/// Takes what was found.
pub(super) fn told(model: &mut Model, told: Told) -> Vec<Effect> {
    let looking = front_desk::is_looking(model);
    let now = model.now.time;
    let Some(desk) = model.desk_mut().filter(|_| !looking) else { return Vec::new() };
    let Desk { screens, index, .. } = desk;
    let state = screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Clients(state) => Some(&mut state.found),
        _ => None,
    });
    let Some(state) = state else { return Vec::new() };
    match told {
        Told::Found(words, found) => state.take(&words, found, index, now),
        Told::Lines(words, Ok(lines)) => state.show(&words, lines),
        Told::Lines(words, Err(notice)) => {
            state.failed(&words);
            say(model, &notice.happened);
        }
    }
    Vec::new()
}

/// When the list of clients wants to be woken.
pub(super) fn wake(desk: &Desk) -> Option<Timestamp> {
    match desk.screens.last() {
        Some(Screen::Clients(state)) => state.found.wake,
        _ => None,
    }
}

/// Opens the lines in sight, once somebody has stopped typing.
pub(super) fn tick(model: &mut Model) -> Option<Effect> {
    let now = model.now.time;
    let size = super::demo::size(model);
    let Model { now: clock, look, veil, locale, sync, ids, stage: Stage::Open(desk), .. } = model
    else {
        return None;
    };
    let Desk { index, digest, screens, .. } = &mut **desk;
    let fresh = ids.fresh();
    let scene =
        Scene { now: clock, index, digest, sync, look, veil: *veil, locale: *locale, fresh };
    let Some(Screen::Clients(state)) = screens.last_mut() else { return None };
    let seen = clients::seen(state, &scene, size);
    let (matches, total) = state.found.due(seen, now)?;
    let words = state.found.words().clone();
    Some(Effect::Search(Asked::Lines { words, matches, total }))
}

/// Opens what a result stands for, at the place in its text.
pub(super) fn open(model: &mut Model, hit: Hit) -> Vec<Effect> {
    let needle = clients_of(model).and_then(|state| state.found.needle(&hit));
    if let Place::Appointment(id) = hit.place {
        return calendars::show_day(model, id);
    }
    let Some(client) = hit.client else { return Vec::new() };
    match hit.place {
        Place::Addendum { to: record, .. }
        | Place::Journal(record)
        | Place::Note(record)
        | Place::PlanVersion(record) => {
            show(model, Screen::Read(Reading::new(client, record).looking_for(needle)))
        }
        Place::Draft(note) => {
            show(model, Screen::Note(Writing::new(client, note).looking_for(needle)))
        }
        Place::Attachment(record) => {
            let state = attachment::State::new(client, record);
            show(model, Screen::Attachment(Box::new(state)))
        }
        Place::Consent(record) => consents::open(model, client, Some(record)),
        Place::Crisis(record) => crisis::open(model, client, None, Some(record)),
        Place::Measure(record) => {
            show(model, Screen::Measures(measures::State::new(client, Some(record))))
        }
        Place::Plan => plan::show_plan(model, Some(client)),
        Place::Appointment(_) | Place::Contact(_) | Place::Details | Place::Task(_) => {
            let effects = show(model, Screen::Chart(chart::State::new(client)));
            let code = code(model, client);
            say(model, &format!("Found in what is listed of {code}."));
            effects
        }
    }
}

/// Opens the result in focus; `None` if it is none.
pub(super) fn run(model: &mut Model, verb: Verb) -> Option<Vec<Effect>> {
    let desk = model.desk()?;
    let scene = model.scene(desk);
    let hit = match desk.screens.last()? {
        Screen::Clients(state) if verb == Verb::Open => state.hit(&scene)?,
        _ => return None,
    };
    Some(open(model, hit))
}

fn clients_of(model: &mut Model) -> Option<&mut clients::State> {
    match model.desk_mut()?.screens.last_mut()? {
        Screen::Clients(state) => Some(state),
        _ => None,
    }
}
