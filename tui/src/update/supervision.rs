//! A signed note and the second person: it is handed over, taken back, co-signed or returned.

use super::{lay, say};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::Model;
use crate::screen::choice::{self, Answer};
use crate::screen::prompt::{self, Question};
use crate::screen::{Overlay, Screen};
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::{Edit, RemoteSetting};
use tacenda_shared::practice::supervision::{Step, Supervision};

/// Does what a verb of supervision says; `None` if it is another's.
pub(super) fn run(model: &mut Model, verb: Verb) -> Option<Vec<Effect>> {
    match verb {
        Verb::SetSupervised => ask_whether(model),
        Verb::Supervise => ask(model),
        _ => return None,
    }
    Some(Vec::new())
}

/// Asks what is to be done with the note that is open.
fn ask(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let note = match desk.screens.last() {
        Some(Screen::Read(note)) => note.state.as_ref().filter(|state| !state.is_journal()),
        _ => None,
    };
    let (Some(note), Some(me)) = (note, scene.member()) else {
        say(model, "Open a signed note first.");
        return;
    };
    let (client, record) = (note.client(), note.record());
    let code = scene.code(client);
    let edit = |words: &str, step: Step, says: &str| {
        let edit = Edit::Supervise { client, note: record, step };
        (words.to_owned(), Answer::Edit(Box::new(edit), format!("{says} a note of {code}")))
    };
    let state = note.supervision().map(|view| view.state);
    let answers = match (note.author() == me, state) {
        (true, Some(Supervision::Waiting)) => {
            vec![edit("take it back", Step::TakeBack, "took back")]
        }
        (true, _) => vec![edit("hand it to a second person", Step::Submit, "handed over")],
        (false, Some(_)) => vec![
            edit("co-sign it: your name stands under it too", Step::CoSign, "co-signed"),
            ("return it, and say why".to_owned(), Answer::ReturnNote(client, record)),
        ],
        (false, None) => {
            say(model, "Nobody has handed this note over: its author does.");
            return;
        }
    };
    let words = "The note itself does not change, whatever is answered.".to_owned();
    let title = "Supervision".to_owned();
    lay(model, Overlay::Choice(choice::State::new(title, words, answers)));
}

/// Asks why a note is returned.
pub(super) fn ask_why(model: &mut Model, client: ClientId, note: RecordId) -> Vec<Effect> {
    let question = Question::Return(client, note);
    lay(model, Overlay::Prompt(prompt::State::new(question)));
    Vec::new()
}

/// Asks whether what is signed at this keyboard goes to a second person.
fn ask_whether(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let Some(member) = scene.member() else { return };
    let key = (member, RemoteSetting::Supervised);
    let now = scene.index.remote.contains_key(&key);
    let answer = |words: &str, yes: bool, says: &str| {
        let mark = if yes == now { "   (as it is)" } else { "" };
        let text = if yes { "yes".to_owned() } else { String::new() };
        let edit = Edit::SetRemote { member, setting: RemoteSetting::Supervised, text };
        (format!("{words}{mark}"), Answer::Edit(Box::new(edit), says.to_owned()))
    };
    let answers = vec![
        answer("no: you hand over what you choose", false, "supervision: what you choose"),
        answer("yes: each note, as you sign it", true, "supervision: each note"),
    ];
    let title = "Do your notes go to a second person?".to_owned();
    let words = "Somebody else of the practice reads them, and co-signs or returns them.";
    lay(model, Overlay::Choice(choice::State::new(title, words.to_owned(), answers)));
}
