//! A signed note that is corrected: the draft that begins with its text, and the way to what stood there
//! before.

use super::notes::{self, open_draft, open_record};
use super::verbs::edit;
use super::{close, lay, say};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Model, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::parts::when;
use crate::screen::writing::Writing;
use crate::screen::{Overlay, Screen, misfiled};
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::correction::{Correcting, Other, SignOver, Version};
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

/// Asks what becomes of other corrections of the note that the draft in front is to correct.
pub(super) fn ask_over(model: &mut Model, because: &str) {
    let Some(desk) = model.desk() else { return };
    let scene = model.scene(desk);
    let Some(Screen::Note(Writing { client, note, state: Some(state), .. })) = desk.screens.last()
    else {
        return;
    };
    let Some(known) = state.meanwhile() else { return };
    let who = |other: &Other| {
        let name = scene.index.clinicians.get(&other.author);
        let at = when::local(other.signed, &scene.index.zone);
        let name = name.map_or("another member", String::as_str);
        format!("{name}, {} {}", when::short(at.date()), when::clock(at.time()))
    };
    let (title, place, beside) = match (known.is_replaced, known.others.as_slice()) {
        (true, [_]) => ("The note was corrected meanwhile", "its place", "it: both stay"),
        (true, _) => ("The note was corrected meanwhile", "their place", "them: all stay"),
        (false, [_]) => ("Another correction stands there", "the place of both", "it: both stay"),
        (false, _) => ("Other corrections stand there", "the place of all", "them: all stay"),
    };
    let sign = |replaces| {
        let (draft, client, because) = (*note, *client, because.to_owned());
        Answer::SignOver(Box::new(SignOver { draft, client, because, replaces }))
    };
    let look = known.others.iter().map(|other| {
        (format!("Look first: by {}", who(other)), Answer::OpenNote(*client, other.record))
    });
    let mut answers: Vec<_> = look.collect();
    answers.push((format!("Sign this in {place}"), sign(known.standing())));
    answers.push((format!("Sign this beside {beside} in the chart"), sign(BTreeSet::new())));
    answers.push(("Back to the page".to_owned(), Answer::Nothing));
    let words = "What it says is not in your draft. Nothing is lost: what is replaced can be read.";
    let state = choice::State::new(title.to_owned(), words.to_owned(), answers);
    lay(model, Overlay::Choice(state));
}

/// Signs the correction in front as somebody has answered.
pub(super) fn sign_over(model: &mut Model, sign: SignOver) -> Vec<Effect> {
    let front = model.desk_mut().and_then(|desk| desk.screens.last_mut());
    let Some(Screen::Note(Writing { note, state: Some(state), .. })) = front else {
        return Vec::new();
    };
    if *note != sign.draft || !state.is_reviewed() {
        return Vec::new();
    }
    let outcome = state.sign(Edit::SignOver(sign));
    notes::take(model, outcome)
}

/// Goes from a note that is open to what it stands in the place of, and from the first to the newest.
fn earlier(model: &mut Model) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scene = model.scene(desk);
    let Some(Screen::Read(reading)) = desk.screens.last() else { return Vec::new() };
    let client = reading.client;
    let versions = reading.state.as_ref().and_then(|state| state.versions());
    let before = versions.map(|versions| versions.before.as_slice()).unwrap_or_default();
    let newest = versions.and_then(|versions| versions.newest);
    let target = match before {
        [] => newest,
        [one] => Some(one.record),
        several => {
            let by = |one: &Version| {
                let name = scene.index.clinicians.get(&one.author);
                let name = name.map_or("another member", String::as_str);
                let at = when::local(one.signed.time, &scene.index.zone);
                let at = format!("{} {}", when::short(at.date()), when::clock(at.time()));
                (format!("By {name}, {at}"), Answer::OpenNote(client, one.record))
            };
            let answers = several.iter().map(by).collect();
            let (title, words) = ("What stood there before?", "It stands in the place of these.");
            let state = choice::State::new(title.to_owned(), words.to_owned(), answers);
            lay(model, Overlay::Choice(state));
            return Vec::new();
        }
    };
    match target {
        Some(record) => go_to(model, client, record),
        None => {
            say(model, "Nothing stood there before: it was signed like this.");
            Vec::new()
        }
    }
}

/// Opens a version of a note; one that lies open below is gone back to.
fn go_to(model: &mut Model, client: ClientId, record: RecordId) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    let below = desk.screens.iter().rposition(
        |screen| matches!(screen, Screen::Read(read) if read.client == client && read.record == record),
    );
    let Some(below) = below else { return open_record(model, client, record) };
    let left: Vec<Screen> = desk.screens.drain(below + 1..).collect();
    left.into_iter().rev().flat_map(|screen| close(desk, screen)).collect()
}
