//! How a note is divided: which formats a new one offers, in which order, and changing it in a draft.

use super::verbs::{code, edit};
use super::{lay, say};
use crate::keymap::Verb;
use crate::message::Effect;
use crate::model::{Desk, Model, Stage, Way};
use crate::screen::choice::{self, Answer};
use crate::screen::writing::Writing;
use crate::screen::{Act, Overlay, Screen, phrases, rules};
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId};
use tacenda_shared::practice::edit::{AppointmentKind, Edit, NoteFormat};
use tacenda_shared::practice::phrase::{Known, Phrase, PhraseKind};
use tacenda_shared::practice::view::{TimelineEntry, TimelineRow};

/// Runs a verb that is about how notes are written; `None` for another.
pub(super) fn run(model: &mut Model, verb: Verb) -> Option<Vec<Effect>> {
    let listed =
        matches!(model.desk().and_then(|desk| desk.overlays.first()), Some(Overlay::Phrases(_)));
    match verb {
        Verb::New | Verb::NewTemplate | Verb::Cancel if listed => {
            return Some(super::act(model, &Act::Verb(verb)));
        }
        Verb::ShowPhrases => lay(model, Overlay::Phrases(phrases::State::default())),
        Verb::ShowRules => lay(model, Overlay::Rules(rules::State::default())),
        Verb::ChangeFormat | Verb::FillTemplate => choose(model, verb),
        _ => return None,
    }
    Some(Vec::new())
}

/// Leaves the form of a snippet, if one is open.
pub(super) fn left(model: &mut Model) -> bool {
    match model.desk_mut().and_then(|desk| desk.overlays.first_mut()) {
        Some(Overlay::Phrases(state)) => state.step_out(),
        _ => false,
    }
}

/// Asks how the note in front is to be divided, or with what it is to be filled.
fn choose(model: &mut Model, verb: Verb) {
    let Some(desk) = model.desk() else { return };
    let Some(Screen::Note(writing)) = desk.screens.last() else { return };
    let Some(state) = &writing.state else { return };
    if writing.is_one_text() {
        return say(model, "This is one text and stays so.");
    }
    let (client, note, now) = (state.client(), state.note(), state.format());
    let mut answers = Vec::new();
    if verb == Verb::FillTemplate {
        let scene = model.scene(desk);
        let mut known = scene.index.phrases(PhraseKind::Template, scene.member());
        // Those that fit the note as it is come first.
        known.sort_by_key(|one| format_of(one) != Some(now));
        answers.extend(known.into_iter().map(|one| {
            let title = format_of(&one).map(NoteFormat::title).unwrap_or_default();
            let words = format!("Fill in: {} ({title})", one.name);
            (words, Answer::Fill(client, note, one.name))
        }));
    }
    let others = NoteFormat::ALL.iter().filter(|format| **format != now);
    let divide = |format: &NoteFormat| {
        (
            format!("Divide as {}: {}", format.title(), format.about()),
            Answer::Divide(client, note, *format),
        )
    };
    answers.extend(others.map(divide));
    let about = format!(
        "It is divided as {} now. Every word is kept: what has no part of its own in another \
         format goes into the nearest one, and the line below says which.",
        now.title()
    );
    let title = "Template and format".to_owned();
    lay(model, Overlay::Choice(choice::State::new(title, about, answers)));
}

const fn format_of(one: &Known) -> Option<NoteFormat> {
    match one.phrase {
        Phrase::Template(format, _) => Some(format),
        Phrase::Snippet(_) => None,
    }
}

/// Fills the note in front with a template, and divides it like that.
pub(super) fn fill(
    model: &mut Model,
    client: ClientId,
    (note, name): (ObjectId, &str),
) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let scene = model.scene(desk);
    let known = scene.index.phrases(PhraseKind::Template, scene.member());
    let known = known.into_iter().find(|one| one.name == name);
    let Some(Known { phrase: Phrase::Template(format, parts), .. }) = known else {
        return Vec::new();
    };
    let Model { now, stage: Stage::Open(desk), .. } = model else { return Vec::new() };
    let Some(Screen::Note(Writing { state: Some(state), note: shown, .. })) =
        desk.screens.last_mut()
    else {
        return Vec::new();
    };
    if *shown != note {
        return Vec::new();
    }
    let divided = state.format() == format;
    let outcome = state.fill((format, parts), now);
    let mut effects = super::notes::take(model, outcome);
    if !divided {
        effects.extend(divide(model, client, (note, format)));
    }
    effects
}

/// Divides the note in front in another way.
pub(super) fn divide(
    model: &mut Model,
    client: ClientId,
    (note, format): (ObjectId, NoteFormat),
) -> Vec<Effect> {
    if let Some(Screen::Note(Writing { state: Some(state), note: shown, .. })) =
        model.desk_mut().and_then(|desk| desk.screens.last_mut())
        && *shown == note
    {
        state.expect(format);
    }
    let says = format!("divided a note of {} as {}", code(model, client), format.title());
    edit(model, Edit::DivideDraft { note, client, format }, says, Way::Fresh)
}

/// The words for a format where one is chosen.
pub(super) fn words(format: NoteFormat) -> String {
    format!("{:<12}{}", format.title(), format.about())
}

/// The formats in the order in which a new note offers them. The first is what a session of that kind
/// is for, or else what was signed last for this client, or else last for any such session.
pub(super) fn offered(
    desk: &Desk,
    client: ClientId,
    session: Option<AppointmentId>,
) -> Vec<NoteFormat> {
    let index = &desk.index;
    let kind = session.and_then(|id| index.appointments.get(&id)).map(|row| row.kind);
    let by_kind = match kind {
        Some(AppointmentKind::Group) => Some(NoteFormat::Group),
        Some(AppointmentKind::Intake) => Some(NoteFormat::Intake),
        _ => None,
    };
    // What is written once in a treatment is not what the next session is about.
    let usual = |format: NoteFormat| {
        !matches!(format, NoteFormat::Intake | NoteFormat::Risk | NoteFormat::Discharge)
    };
    let of_row = |row: &TimelineRow| match row.entry {
        TimelineEntry::Note { format, session, .. } if usual(format) => {
            Some((row.time, format, session))
        }
        _ => None,
    };
    let rows = index.timelines.get(&client).into_iter().flat_map(|rows| rows.iter());
    let of_client = || rows.filter_map(of_row).map(|(_, format, _)| format).next();
    let of_all = || {
        let newest = index.timelines.values().filter_map(|rows| {
            let alike = |session: Option<AppointmentId>| {
                session.and_then(|id| index.appointments.get(&id)).map(|row| row.kind) == kind
            };
            rows.iter().filter_map(of_row).find(|(_, _, session)| alike(*session))
        });
        newest.max_by_key(|(time, ..)| *time).map(|(_, format, _)| format)
    };
    let first = by_kind.or_else(of_client).or_else(of_all).unwrap_or(NoteFormat::Soap);
    let others = NoteFormat::ALL.iter().copied().filter(|format| *format != first);
    std::iter::once(first).chain(others).collect()
}
