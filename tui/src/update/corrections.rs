//! A signed note that is corrected: the draft that begins with its text, and the way to what stood there
//! before.

use super::notes::{open_draft, open_record};
use super::verbs::edit;
use super::{lay, say};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::{Overlay, Screen, misfiled};
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::correction::Correcting;
use tacenda_shared::practice::edit::Edit;

/// Does what a verb of corrections says; `None` if it is another's.
pub(super) fn run(model: &mut Model, verb: Verb) -> Option<Vec<Effect>> {
    match verb {
        Verb::CorrectNote => Some(correct(model)),
        Verb::EarlierVersion => Some(earlier(model)),
        Verb::StrikeNote => {
            strike(model);
            Some(Vec::new())
        }
        _ => None,
    }
}

/// Goes on with the correction of the note that is open, or begins one.
fn correct(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scene = model.scene(desk);
    let Some(Screen::Read(reading)) = desk.screens.last() else {
        say(model, "Open a signed note first.");
        return Vec::new();
    };
    let (client, note) = (reading.client, reading.record);
    let state = reading.state.as_ref();
    let Some((state, versions)) = state.and_then(|state| Some((state, state.versions()?))) else {
        say(model, "Only a signed note is corrected. To this you can add: n.");
        return Vec::new();
    };
    if !versions.after.is_empty() {
        say(model, "It was corrected already: go back, and correct the note that stands there.");
        return Vec::new();
    }
    // A name is said as colleagues say it; a client's is not.
    let signed_by = scene.index.clinicians.get(&state.author()).cloned();
    let theirs = scene.member().is_some_and(|me| me != state.author());
    let begun = desk.index.drafts.iter().rev();
    let begun = begun.filter(|row| row.corrects == Some(note)).map(|row| (row.client, row.note));
    if let Some((client, draft)) = begun.collect::<Vec<_>>().first().copied() {
        return open_draft(model, client, draft);
    }
    let code = scene.code(client);
    let draft = ObjectId::from_bytes(model.ids.fresh());
    model.ids.advance();
    let says = format!("began to correct a note of {code}");
    let begin = Edit::BeginCorrection(Correcting { draft, client, note, blank: None });
    let mut effects = edit(model, begin, says, Way::Fresh);
    effects.extend(open_draft(model, client, draft));
    if theirs {
        let who = signed_by.unwrap_or_else(|| "another member".to_owned());
        say(model, &format!("The note is {who}'s: its correction will bear your name."));
    }
    effects
}

/// Asks why the note that is open is struck.
fn strike(model: &mut Model) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let reading = match desk.screens.last() {
        Some(Screen::Read(reading)) => reading.state.as_ref(),
        _ => None,
    };
    let signed = reading.and_then(|state| Some((state, state.versions()?)));
    let words = match signed {
        None => "Only a signed note is struck like this: open one first.",
        Some((_, versions)) if !versions.after.is_empty() => {
            "It was corrected: go back, and strike the note that stands there."
        }
        Some((state, _)) if scene.member() != Some(state.author()) => {
            "Who signed it strikes it: it needs their name in the other chart."
        }
        Some((state, _)) => {
            let (client, note) = (state.client(), state.record());
            let answers = vec![
                ("It belongs to another client ...".to_owned(), Answer::Misfiled(client, note)),
                ("Leave it as it is (e corrects it, n adds to it)".to_owned(), Answer::Nothing),
            ];
            let title = format!("Strike a note of {}: why?", scene.code(client));
            let words = "A signed note is struck only if it lies in the wrong chart.".to_owned();
            lay(model, Overlay::Choice(choice::State::new(title, words, answers)));
            return;
        }
    };
    say(model, words);
}

/// Asks to whom a note belongs.
pub(super) fn ask_whose(model: &mut Model, client: ClientId, note: RecordId) -> Vec<Effect> {
    lay(model, Overlay::Misfiled(Box::new(misfiled::State::new(client, note))));
    Vec::new()
}

/// Opens what the note that is open stands in the place of.
fn earlier(model: &mut Model) -> Vec<Effect> {
    let reading = match model.desk().and_then(|desk| desk.screens.last()) {
        Some(Screen::Read(reading)) => reading.state.as_ref().map(|state| (reading.client, state)),
        _ => None,
    };
    let before = reading.and_then(|(client, state)| {
        let before = state.versions()?.before.as_ref()?;
        Some((client, before.record))
    });
    match before {
        Some((client, record)) => open_record(model, client, record),
        None => {
            say(model, "Nothing stood there before: it was signed like this.");
            Vec::new()
        }
    }
}
