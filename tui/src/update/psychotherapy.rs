//! Psychotherapy notes: opened with the passphrase, closed by a key, after a time, and with every lock.

use super::verbs::{code, edit, start_of};
use super::{close, front_desk, lay, notes, say, show, signing};
use crate::keymap::Verb;
use crate::message::{Effect, Order};
use crate::model::{Model, Way};
use crate::notice::Notice;
use crate::screen::choice::{self, Answer};
use crate::screen::confirm::{self, Held};
use crate::screen::parts::who;
use crate::screen::{Focused, Overlay, Screen, psychotherapy};
use crate::widget::editor::Register;
use jiff::civil::Date;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::edit::{Edit, PsychotherapyEdit};
use tacenda_shared::practice::view::DraftRow;

/// So long they stay open after the last key that was pressed among them. Milliseconds.
const OPEN: i64 = 5 * 60_000;

/// Shows the member's own notes about whom the focus is on; asks who, where several come.
pub(super) fn show_for(
    model: &mut Model,
    (focused, client): (Focused, Option<ClientId>),
) -> Vec<Effect> {
    let Some(client) = client else { return Vec::new() };
    if let Some(words) = front_desk::no_key(model) {
        say(model, words);
        return Vec::new();
    }
    let day = match focused {
        Focused::Appointment(id) | Focused::Conflict(id) => start_of(model, id),
        _ => None,
    };
    let day = day.map_or(model.now.local.date(), jiff::civil::DateTime::date);
    let Some(desk) = model.desk() else { return Vec::new() };
    let several = match focused {
        Focused::Appointment(id) | Focused::Conflict(id) => {
            desk.index.appointments.get(&id).map(|row| row.clients.clone()).unwrap_or_default()
        }
        _ => match desk.index.groups.get(&client) {
            Some(group) => group.present().collect(),
            None => Vec::new(),
        },
    };
    match several.as_slice() {
        [] => ask(model, client, day),
        [only] => ask(model, *only, day),
        [..] => {
            let answer = |client: &ClientId| {
                let name = who::client(&desk.index, *client, true);
                (name, Answer::ShowApart(*client, day))
            };
            let answers = several.iter().map(answer).collect();
            let words = "Notes are about one person.".to_owned();
            let title = "Psychotherapy notes about whom?".to_owned();
            lay(model, Overlay::Choice(choice::State::new(title, words, answers)));
            Vec::new()
        }
    }
}

/// Shows them if they are open, and else asks for the passphrase.
pub(super) fn ask(model: &mut Model, client: ClientId, day: Date) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let client = desk.index.kept(client);
    if desk.apart.is_some() {
        return show_list(model, client, day);
    }
    lay(model, Overlay::Confirm(Box::new(confirm::State::new(Held::Apart(client, day)))));
    Vec::new()
}

fn show_list(model: &mut Model, client: ClientId, day: Date) -> Vec<Effect> {
    let state = psychotherapy::State::new(client, day);
    touch(model);
    show(model, Screen::Psychotherapy(state))
}

/// The passphrase was right, and their keys are here; or was not.
pub(super) fn stepped_up(model: &mut Model, outcome: Result<(), Notice>) -> Vec<Effect> {
    if let Err(notice) = outcome {
        signing::refused(model, &notice);
        return Vec::new();
    }
    model.confirmed = model.now.time;
    match signing::taken(model, |state| !state.signs() && state.is_checking()) {
        Some(Held::Apart(client, day)) => {
            let now = model.now.time;
            if let Some(desk) = model.desk_mut() {
                desk.apart = Some(now);
            }
            show_list(model, client, day)
        }
        // Nobody waits for them any more.
        _ if model.desk().is_some_and(|desk| desk.apart.is_none()) => {
            vec![Effect::Order(Order::StepDown)]
        }
        _ => Vec::new(),
    }
}

/// A key was pressed: among them it keeps them open.
pub(super) fn touch(model: &mut Model) {
    let until = model.now.time.plus_millis(OPEN);
    if let Some(desk) = model.desk_mut()
        && desk.apart.is_some()
    {
        desk.apart = Some(until);
    }
}

/// Closes them once nobody has pressed a key there for a while.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let now = model.now.time;
    let due = model.desk().and_then(|desk| desk.apart).is_some_and(|until| until <= now);
    if due {
        close_all(model, "Psychotherapy notes were closed: no key was pressed there.")
    } else {
        Vec::new()
    }
}

/// The clock was set back: they close no later because of that.
pub(super) fn set_back(model: &mut Model) {
    let latest = model.now.time.plus_millis(OPEN);
    if let Some(desk) = model.desk_mut() {
        desk.apart = desk.apart.map(|until| until.min(latest));
    }
}

/// Closes them: what was typed is kept, and nothing of them stays on the screen or in mind.
pub(super) fn close_all(model: &mut Model, words: &str) -> Vec<Effect> {
    if model.desk_mut().and_then(|desk| desk.apart.take()).is_none() {
        return Vec::new();
    }
    let apart = model.desk().and_then(|desk| desk.screens.last()).is_some_and(Screen::is_apart);
    // What waits for a passphrase there is not signed.
    let mut effects = if apart { signing::left(model).unwrap_or_default() } else { Vec::new() };
    let Some(desk) = model.desk_mut() else { return effects };
    // What was cut or copied there goes nowhere else.
    desk.register = Register::default();
    if desk.screens.last().is_some_and(Screen::is_apart) {
        desk.overlays.clear();
        desk.pending.clear();
    }
    let screens = std::mem::take(&mut desk.screens);
    for screen in screens {
        match screen.is_apart() {
            true => effects.extend(close(desk, screen)),
            false => desk.screens.push(screen),
        }
    }
    let history = &mut desk.history;
    for acts in [&mut history.undo, &mut history.redo] {
        acts.retain(|act| !act.apart);
    }
    effects.push(Effect::Order(Order::StepDown));
    say(model, words);
    effects
}

/// Whether an edit that somebody makes now is made to one of them.
pub(super) fn is_of_them(model: &Model, edit: &Edit) -> bool {
    let Some(desk) = model.desk() else { return false };
    let in_front = desk.screens.last().is_some_and(Screen::is_apart);
    match edit {
        Edit::Psychotherapy(_) => true,
        Edit::BeginAddendum { .. } => in_front,
        Edit::DiscardDraft { note, .. } | Edit::Sign { note, .. } => {
            let listed = |row: &DraftRow| row.note == *note && row.psychotherapy;
            in_front || desk.index.drafts.iter().any(listed)
        }
        _ => false,
    }
}

/// Does among them what a verb says; `None` if it means the same there as elsewhere.
pub(super) fn run(model: &mut Model, verb: Verb, focused: Focused) -> Option<Vec<Effect>> {
    if verb == Verb::CloseApart {
        return Some(close_all(model, "Psychotherapy notes are closed."));
    }
    let (whose, day) = match model.desk()?.screens.last()? {
        Screen::Psychotherapy(state) => (state.client, state.day),
        _ => return None,
    };
    match (verb, focused) {
        (Verb::New, _) => Some(begin(model, whose, day)),
        (Verb::Open, Focused::Apart(client, record)) => {
            Some(notes::open_record(model, client, record))
        }
        (Verb::Cancel, Focused::Apart(client, record)) => strike(model, client, record),
        (Verb::Cancel, Focused::Draft(client, note)) => {
            let says = format!("discarded a psychotherapy note about {}", code(model, client));
            let act = Edit::DiscardDraft { note, client, discarded: true };
            Some(edit(model, act, says, Way::Fresh))
        }
        _ => None,
    }
}

/// Begins one and opens it, so that typing can start at once.
fn begin(model: &mut Model, client: ClientId, date: Date) -> Vec<Effect> {
    let draft = ObjectId::from_bytes(model.ids.fresh());
    model.ids.advance();
    let says = format!("began a psychotherapy note about {}", code(model, client));
    let act = Edit::Psychotherapy(PsychotherapyEdit::Begin { draft, client, date });
    let mut effects = edit(model, act, says, Way::Fresh);
    effects.extend(notes::open_draft(model, client, draft));
    effects
}

fn strike(model: &mut Model, client: ClientId, record: RecordId) -> Option<Vec<Effect>> {
    let Screen::Psychotherapy(state) = model.desk()?.screens.last()? else { return None };
    let struck = !state.is_struck(record)?;
    let verb = if struck { "struck" } else { "brought back" };
    let says = format!("{verb} a psychotherapy note about {}", code(model, client));
    let act = Edit::Psychotherapy(PsychotherapyEdit::Strike { client, record, struck });
    Some(edit(model, act, says, Way::Fresh))
}

/// The draft that was begun to add to a note, as the list below says.
pub(super) fn begun_to_add(model: &Model, note: RecordId) -> Option<(ClientId, ObjectId)> {
    model.desk()?.screens.iter().rev().find_map(|screen| match screen {
        Screen::Psychotherapy(state) => state.begun_to_add(note),
        _ => None,
    })
}
