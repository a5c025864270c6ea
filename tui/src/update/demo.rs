//! The acts of the demo: what each key does on the stage, and what the card learns of it. In a
//! practice that is no demo nothing of this happens.

use super::{notes, say};
use crate::acts::{Cheat, Cue, Report};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::Model;
use crate::screen::demo::{Server, State};
use crate::screen::{Focused, Screen, demo, writing};
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::NoteFormat;

/// Does one act, if this is a demo.
pub(super) fn run(model: &mut Model, verb: Verb) -> Vec<Effect> {
    let Some(demo) = &mut model.demo else { return Vec::new() };
    let (effect, words) = match verb {
        Verb::DemoCard => {
            demo.away = !demo.away;
            let words = if demo.away { "The card is put away; 0 brings it back." } else { "" };
            (None, words)
        }
        Verb::DemoCable => cable(demo),
        Verb::DemoCheat => cheat(demo),
        Verb::DemoOther => {
            let works = !demo.other.is_some_and(|other| other.works);
            let words = if works { "The other device works." } else { "The other device stops." };
            (Some(Cue::OtherDevice(works)), words)
        }
        _ => return sees(model),
    };
    say(model, words);
    effect.map(Effect::Demo).into_iter().collect()
}

fn cable(demo: &mut State) -> (Option<Cue>, &'static str) {
    if demo.pulled.take().is_some() {
        return (Some(Cue::Cable(true)), "The cable is in again: what waits goes out.");
    }
    demo.pulled = Some(demo.other.unwrap_or_default());
    (Some(Cue::Cable(false)), "The cable is out. Go on: book, move, write. 8 puts it back.")
}

fn cheat(demo: &mut State) -> (Option<Cue>, &'static str) {
    let (next, server, words) = match demo.server {
        Server::Honest | Server::HonestAgain => (
            Cheat::Alter,
            Server::Asked(Cheat::Alter),
            "The server changes the next entry of the other device on its way to you.",
        ),
        Server::Noticed(Cheat::Alter, _)
        | Server::Asked(Cheat::Alter)
        | Server::Done(Cheat::Alter) => (
            Cheat::Withhold,
            Server::Asked(Cheat::Withhold),
            "The server keeps the next entry of the other device from you.",
        ),
        _ => (Cheat::Honest, Server::HonestAgain, "The server is honest again."),
    };
    demo.server = server;
    (Some(Cue::Cheat(next)), words)
}

/// Shows a note beside what the server keeps of it, or ends that.
fn sees(model: &mut Model) -> Vec<Effect> {
    let in_note =
        model.desk().is_some_and(|desk| matches!(desk.screens.last(), Some(Screen::Note(_))));
    let Some(demo) = &mut model.demo else { return Vec::new() };
    let was_split = demo.split;
    demo.split = !(in_note && was_split);
    let (split, begun) = (demo.split, demo.note);
    let mut effects = vec![Effect::Demo(Cue::Watch(split))];
    if split && !in_note {
        effects.extend(write(model, begun));
    }
    resize(model);
    effects
}

fn write(
    model: &mut Model,
    begun: Option<(ClientId, tacenda_shared::id::ObjectId)>,
) -> Vec<Effect> {
    if let Some(desk) = model.desk_mut() {
        desk.overlays.clear();
    }
    let Some(desk) = model.desk() else { return Vec::new() };
    let there = |note| desk.index.drafts.iter().any(|draft| draft.note == note);
    if let Some((client, note)) = begun.filter(|(_, note)| there(*note)) {
        return notes::open_draft(model, client, note);
    }
    let situation = model.situation(desk);
    let focused = situation.client();
    let first = || desk.index.clients.values().find(|row| !row.archived).map(|row| row.id);
    let Some(client) = focused.or_else(first) else {
        say(model, "There is no client yet to write about: 3, then n adds one.");
        return Vec::new();
    };
    let session = match situation.focused {
        Focused::Appointment(id) => Some(id),
        _ => None,
    };
    let effects = notes::begin(model, client, session, NoteFormat::Free);
    let note = model.desk().and_then(|desk| match desk.screens.last() {
        Some(Screen::Note(writing)) => Some((writing.client, writing.note)),
        _ => None,
    });
    if let Some(demo) = &mut model.demo {
        demo.note = note;
    }
    effects
}

/// Tells every screen how much room it has.
pub(super) fn resize(model: &mut Model) {
    let size = size(model);
    if let Some(desk) = model.desk_mut() {
        for screen in &mut desk.screens {
            writing::resize(screen, size);
        }
    }
}

/// The size that notes have.
pub(super) fn size(model: &Model) -> (u16, u16) {
    (demo::text_columns(model.demo.as_ref(), model.look.columns), model.look.rows)
}

/// Takes what happened on the stage.
pub(super) fn report(model: &mut Model, report: Report) {
    let demo = model.demo.get_or_insert_with(State::default);
    match report {
        Report::Began(device) => demo.this = Some(device),
        Report::Cheated(cheat) => {
            if demo.server == Server::Asked(cheat) {
                demo.server = Server::Done(cheat);
            }
        }
        Report::Kept(kept) => demo.keep(kept),
        Report::OtherDevice(other) => demo.other = Some(other),
    }
}
