//! Notes: beginning them, opening drafts, reading what is signed.

use super::verbs::{self, code, edit, start_of};
use super::{close, corrections, formats, front_desk, groups, lay, leave, psychotherapy, show};
use crate::device::settings::Preset;
use crate::input::Input;
use crate::keymap::{Places, Verb};
use crate::message::{Effect, Order};
use crate::model::{Desk, Model, Stage, Way};
use crate::notice::Notice;
use crate::screen::choice::{self, Answer};
use crate::screen::note::Outcome;
use crate::screen::parts::digest::What;
use crate::screen::parts::when;
use crate::screen::writing::{self, Reading, Writing};
use crate::screen::{Focused, Overlay, Screen};
use crate::text;
use std::sync::Arc;
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, RecordId};
use tacenda_shared::practice::edit::{Edit, NoteFormat};
use tacenda_shared::practice::view::{AppointmentRow, DraftRow, NoteState, TimelineEntry};

/// Opens what was begun for the focus, or asks how a new note is to be divided.
pub(super) fn write(model: &mut Model, focused: Focused, client: Option<ClientId>) -> Vec<Effect> {
    let Some(client) = client else { return Vec::new() };
    if let Focused::Draft(client, note) = focused {
        return open_draft(model, client, note);
    }
    if let Some(words) = front_desk::no_key(model) {
        super::say(model, words);
        return Vec::new();
    }
    if let Some(effects) = groups::about_whom(model, focused) {
        return effects;
    }
    match focused {
        Focused::Appointment(id) => write_about(model, client, Some(id)),
        _ => write_about(model, client, None),
    }
}

/// The same about one client, of a session if one is named.
pub(super) fn write_about(
    model: &mut Model,
    client: ClientId,
    named: Option<AppointmentId>,
) -> Vec<Effect> {
    let session = named.or_else(|| session_without_note(model, client));
    let state = session.map(|id| note_of(model, client, id)).unwrap_or_default();
    match state {
        NoteState::Draft(note) => {
            let whose = whose_draft(model, note).unwrap_or(client);
            return open_draft(model, whose, note);
        }
        NoteState::Signed(record) if named.is_some() => {
            let whose = whose_record(model, client, record);
            return open_record(model, whose, record);
        }
        NoteState::Missing | NoteState::Signed(_) | NoteState::Unread => {}
    }
    let about = session.and_then(|id| start_of(model, id)).map_or_else(
        || "about no session".to_owned(),
        |start| {
            let (date, time) = (when::day_and_date(start.date()), when::clock(start.time()));
            format!("about the session of {date}, {time}")
        },
    );
    let answers = model.desk().map(|desk| formats::offered(desk, client, session));
    let fresh = answers.into_iter().flatten();
    let fresh =
        fresh.map(|format| (formats::words(format), Answer::BeginNote(client, session, format)));
    // Whoever has begun one most likely means that one.
    let mut answers = if named.is_some() { Vec::new() } else { begun(model, client) };
    answers.extend(fresh);
    let title = format!("New note for {}", code(model, client));
    let state = choice::State::new(title, about, answers);
    lay(model, Overlay::Choice(state));
    Vec::new()
}

/// In whose chart a draft lies.
fn whose_draft(model: &Model, note: ObjectId) -> Option<ClientId> {
    let drafts = &model.desk()?.index.drafts;
    drafts.iter().find(|row| row.note == note).map(|row| row.client)
}

/// In whose chart a signed note of a client lies: it may have been written under a duplicate.
fn whose_record(model: &Model, client: ClientId, record: RecordId) -> ClientId {
    let rows = model.desk().and_then(|desk| desk.index.timelines.get(&client));
    let row = rows.and_then(|rows| rows.iter().find(|row| row.entry.record() == record));
    row.map_or(client, |row| row.client)
}

/// The client's notes that were begun and not signed, newest first.
fn begun(model: &Model, client: ClientId) -> Vec<(String, Answer)> {
    let Some(index) = model.desk().map(|desk| &desk.index) else { return Vec::new() };
    let drafts = index.drafts.iter().rev();
    let drafts = drafts.filter(|row| {
        let alone = row.addendum_to.is_none() && row.corrects.is_none();
        index.kept(row.client) == client && alone && !row.journal
    });
    let words = |row: &DraftRow| {
        let date = when::short(when::local(row.begun, &index.zone).date());
        format!("Go on with the draft of {date}, {}", text::counted(row.words, "word", "words"))
    };
    drafts.map(|row| (words(row), Answer::OpenDraft(row.client, row.note))).collect()
}

/// How far the note about a session is, in the chart of one of those who came.
fn note_of(model: &Model, client: ClientId, session: AppointmentId) -> NoteState {
    let Some(desk) = model.desk() else { return NoteState::Missing };
    let index = &desk.index;
    let Some(row) = index.appointments.get(&session) else { return NoteState::Missing };
    if row.clients.len() < 2 && index.group_of(row).is_none() {
        return row.note;
    }
    let rows = index.timelines.get(&client).map(|rows| rows.as_slice()).unwrap_or_default();
    let signed = rows.iter().find_map(|row| match row.entry {
        TimelineEntry::Note { record, session: Some(of), .. } if of == session => Some(record),
        _ => None,
    });
    let mut drafts = index.drafts.iter().filter(|row| index.kept(row.client) == client);
    let begun = drafts.find(|row| {
        let alone = row.addendum_to.is_none() && row.corrects.is_none();
        row.session == Some(session) && alone
    });
    match (signed, begun) {
        (Some(record), _) => NoteState::Signed(record),
        (None, Some(row)) => NoteState::Draft(row.note),
        (None, None) => NoteState::Missing,
    }
}

/// The client's latest session that has begun and has no note yet.
fn session_without_note(model: &Model, client: ClientId) -> Option<AppointmentId> {
    let desk = model.desk()?;
    let ids = desk.index.days.range(..=model.now.local.date()).rev().take(14);
    let ids = ids.flat_map(|(_, ids)| ids.iter().rev());
    let rows = ids.filter_map(|id| desk.index.appointments.get(id));
    let theirs = |row: &&Arc<AppointmentRow>| match desk.index.group_of(row) {
        // What a couple or a family shares lies with them.
        Some(group) => group == client,
        None => row.clients.contains(&client),
    };
    rows.filter(theirs)
        .filter(|row| row.starts <= model.now.time)
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
pub(super) fn open_draft(model: &mut Model, client: ClientId, note: ObjectId) -> Vec<Effect> {
    show(model, Screen::Note(Writing::new(client, note)))
}

/// Opens the draft in focus at the page on which it is signed.
pub(super) fn sign_draft(model: &mut Model) -> Vec<Effect> {
    if let Some(desk) = model.desk_mut() {
        desk.overlays.retain(|overlay| !overlay.is_passing());
    }
    let focused = model.desk().map(|desk| model.situation(desk).focused);
    match focused {
        Some(Focused::Draft(client, note)) => {
            let sweep = drafts_after(model, note);
            show(model, Screen::Note(Writing::to_sign(client, note, sweep)))
        }
        _ => Vec::new(),
    }
}

/// The drafts below one in the list of what is unfinished, where that list is on the screen.
fn drafts_after(model: &Model, note: ObjectId) -> Vec<(ClientId, ObjectId)> {
    let Some(desk) = model.desk() else { return Vec::new() };
    if !matches!(desk.screens.last(), Some(Screen::Finish(_) | Screen::Today(_))) {
        return Vec::new();
    }
    let drafts = desk.digest.unfinished.iter().filter_map(|entry| match &entry.what {
        What::Draft(draft) => Some((draft.client, draft.note)),
        What::Answer(..)
        | What::Risk(..)
        | What::Clash(..)
        | What::Consent(..)
        | What::Fee(_)
        | What::NoteMissing(_)
        | What::PlanReview(_)
        | What::StatusMissing(_)
        | What::Stray(_)
        | What::Supervision(_)
        | What::Task(..) => None,
    });
    drafts.skip_while(|(_, other)| *other != note).skip(1).collect()
}

/// Goes on with the next draft of a sweep that still is one.
fn sweep_on(model: &mut Model, mut sweep: Vec<(ClientId, ObjectId)>) -> Vec<Effect> {
    let Some(desk) = model.desk() else { return Vec::new() };
    let is_draft = |note| desk.index.drafts.iter().any(|draft| draft.note == note);
    sweep.retain(|(_, note)| is_draft(*note));
    if sweep.is_empty() || !desk.overlays.is_empty() {
        return Vec::new();
    }
    let (client, note) = sweep.remove(0);
    show(model, Screen::Note(Writing::to_sign(client, note, sweep)))
}

/// Opens a signed note.
pub(super) fn open_record(model: &mut Model, client: ClientId, record: RecordId) -> Vec<Effect> {
    show(model, Screen::Read(Reading::new(client, record)))
}

/// Goes on with the addendum to a signed note that was begun, or begins one.
fn add_to(model: &mut Model, client: ClientId, record: RecordId) -> Vec<Effect> {
    let begun = model.desk().and_then(|desk| {
        let mut drafts = desk.index.drafts.iter().rev();
        drafts.find(|row| row.client == client && row.addendum_to == Some(record))
    });
    if let Some(row) = begun {
        let note = row.note;
        return open_draft(model, client, note);
    }
    if let Some((client, note)) = psychotherapy::begun_to_add(model, record) {
        return open_draft(model, client, note);
    }
    let draft = ObjectId::from_bytes(model.ids.fresh());
    model.ids.advance();
    let apart = model.desk().and_then(|desk| desk.screens.last()).is_some_and(Screen::is_apart);
    let to = if apart { "a psychotherapy note about" } else { "a note of" };
    let says = format!("began an addendum to {to} {}", code(model, client));
    let begin = Edit::BeginAddendum { draft, client, note: record };
    let mut effects = edit(model, begin, says, Way::Fresh);
    effects.extend(open_draft(model, client, draft));
    effects
}

/// Lets a note in front take an input; `None` if there is none in front, or if the input means
/// nothing to it.
pub(super) fn input(model: &mut Model, input: &Input) -> Option<Vec<Effect>> {
    let Model { now, stage: Stage::Open(desk), .. } = model else { return None };
    if !desk.overlays.is_empty() {
        return None;
    }
    let Desk { screens, register, .. } = &mut **desk;
    let outcome = writing::input(screens.last_mut()?, input, now, register)?;
    outcome.taken.then(|| take(model, outcome))
}

/// Lets a note in front do something that no key of its own asks for; `None` if there is none in
/// front, or if the verb means nothing to it.
pub(super) fn run(model: &mut Model, verb: Verb) -> Option<Vec<Effect>> {
    let Model { now, stage: Stage::Open(desk), .. } = model else { return None };
    let Desk { screens, register, overlays, .. } = &mut **desk;
    let Some(Screen::Note(Writing { state: Some(state), .. })) = screens.last_mut() else {
        return None;
    };
    if !overlays.is_empty() || state.is_reviewed() {
        return None;
    }
    state.lend(register);
    let outcome = match verb {
        Verb::InText(deed) => Some(state.deed(deed, now)),
        Verb::Places(Places::Replace) => Some(state.begin_replacing()),
        // In a mode the key of it means something else.
        Verb::Undo | Verb::Redo if state.has_modes() => {
            Some(state.travel(verb == Verb::Undo, 1, now))
        }
        _ => None,
    };
    state.lend(register);
    outcome.map(|outcome| take(model, outcome))
}

/// Lets letters be what this preset makes of them in all notes, and keeps that for the device.
pub(super) fn use_keys(model: &mut Model, preset: Preset) -> Vec<Effect> {
    model.preset = preset;
    if let Some(desk) = model.desk_mut() {
        for screen in &mut desk.screens {
            if let Screen::Note(note) = screen {
                note.use_keys(preset);
            }
        }
    }
    super::say(
        model,
        match preset {
            Preset::Default => "Letters type in notes, always.",
            Preset::Vim => "Keys in notes are as in vim now.",
        },
    );
    vec![Effect::Order(Order::SetKeys(preset))]
}

/// Does what a note wants.
pub(super) fn take(model: &mut Model, outcome: Outcome) -> Vec<Effect> {
    let mut effects = outcome.effects;
    let ticket = outcome.edit.map(|act| {
        let says = match model.desk().and_then(|desk| desk.screens.last()) {
            Some(Screen::Note(note)) if note.is_apart() => {
                format!("signed a psychotherapy note about {}", code(model, note.client))
            }
            Some(Screen::Note(note)) if note.is_journal() => {
                format!("put into the journal of {}", code(model, note.client))
            }
            Some(Screen::Note(note)) if note.is_addendum() => {
                format!("added to a note of {}", code(model, note.client))
            }
            Some(Screen::Note(note)) if note.is_correction() => {
                format!("corrected a note of {}", code(model, note.client))
            }
            Some(Screen::Note(note)) => {
                format!("signed a note of {}", code(model, note.client))
            }
            _ => "signed".to_owned(),
        };
        effects.extend(edit(model, act, says, Way::Fresh));
        model.desk().map_or(0, |desk| desk.history.last_ticket)
    });
    if let Some(say) = outcome.say {
        super::say(model, &say);
    }
    if let Some(because) = outcome.settle {
        corrections::ask_over(model, &because);
    }
    let read = match model.desk_mut().and_then(|desk| desk.screens.last_mut()) {
        Some(Screen::Note(note)) => {
            note.wake = outcome.wake;
            note.signing = ticket.or(note.signing);
            None
        }
        Some(Screen::Read(note)) => Some((note.client, note.record)),
        _ => None,
    };
    if let Some((client, record)) = read.filter(|_| outcome.add) {
        effects.extend(add_to(model, client, record));
    }
    if outcome.leave {
        effects.extend(leave(model));
    }
    if let Some(verb) = outcome.run {
        effects.extend(verbs::run(model, verb));
    }
    effects
}

/// Tells the note whose signature it was how it went. A signed draft is left for what lies below.
pub(super) fn signed(model: &mut Model, ticket: u64, refusal: Option<&Notice>) -> Vec<Effect> {
    let Some(desk) = model.desk_mut() else { return Vec::new() };
    for (at, screen) in desk.screens.iter_mut().enumerate() {
        match (screen, refusal) {
            (Screen::Note(note), None) if note.signing == Some(ticket) => {
                let sweep = std::mem::take(&mut note.sweep);
                let (client, corrects) = (note.client, note.is_correction());
                let in_front = at + 1 == desk.screens.len();
                let left = desk.screens.remove(at);
                let mut effects = close(desk, left);
                // What was read below is replaced by now.
                let below = at.checked_sub(1).filter(|_| corrects);
                let replaced = below.filter(|below| {
                    matches!(desk.screens.get(*below), Some(Screen::Read(read)) if read.client == client)
                });
                if let Some(below) = replaced {
                    let left = desk.screens.remove(below);
                    effects.extend(close(desk, left));
                }
                if in_front {
                    effects.extend(sweep_on(model, sweep));
                }
                return effects;
            }
            (Screen::Note(note), Some(notice)) if note.signing == Some(ticket) => {
                note.signing = None;
                if let Some(state) = &mut note.state {
                    state.refused(notice);
                }
            }
            _ => {}
        }
    }
    Vec::new()
}

/// Tells the note whose signature it was that it was not given after all.
pub(super) fn unsigned(model: &mut Model, ticket: u64) {
    let screens = model.desk_mut().map(|desk| desk.screens.as_mut_slice());
    for screen in screens.into_iter().flatten() {
        if let Screen::Note(note) = screen
            && note.signing.take_if(|signing| *signing == ticket).is_some()
            && let Some(state) = &mut note.state
        {
            state.unsigned();
        }
    }
}

/// Tells notes in the stack that a moment has come for which they wanted to be woken.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let Model { now, stage: Stage::Open(desk), .. } = model else { return Vec::new() };
    let mut effects = Vec::new();
    for screen in &mut desk.screens {
        if let Screen::Note(Writing { state: Some(state), wake, .. }) = screen
            && wake.is_some_and(|wake| wake <= now.time)
        {
            let outcome = state.tick(now);
            *wake = outcome.wake;
            effects.extend(outcome.effects);
        }
    }
    effects
}

/// Tells a draft how many of its keys are on disk.
pub(super) fn journalled(model: &mut Model, note: ObjectId, splices: u64) {
    let Model { now, stage: Stage::Open(desk), .. } = model else { return };
    for screen in &mut desk.screens {
        if let Screen::Note(Writing { note: shown, state: Some(state), wake, .. }) = screen
            && *shown == note
        {
            *wake = state.journalled(splices, now).wake;
        }
    }
}
