//! A question with a short list of answers, each of which is something to do. It is how conflicts
//! are settled and how a format is chosen.

use super::parts::{list, paint};
use super::{Act, Ask, Scene};
use crate::device::courier::late::LateEdit;
use crate::keymap::Verb;
use ratatui::Frame;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId, ObjectId, RecordId};
use tacenda_shared::practice::correction::SignOver;
use tacenda_shared::practice::edit::{Edit, NoteFormat, Slot};
use tacenda_shared::practice::group::GroupKind;

/// A question and its answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    title: String,
    words: String,
    answers: Vec<(String, Answer)>,
    focus: usize,
}

/// What an answer does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Takes over what came late from a device that was shut out.
    Adopt(LateEdit),
    /// Begins a couple, a family or a group with a client.
    BeginGroup(GroupKind, ClientId),
    /// Begins an entry of a client's journal, of this day.
    BeginEntry(ClientId, jiff::civil::Date),
    /// Begins a note.
    BeginNote(ClientId, Option<AppointmentId>, NoteFormat),
    /// Changes who belongs to a group.
    ChangeGroup(ClientId),
    /// Divides a draft in another way.
    Divide(ClientId, ObjectId, NoteFormat),
    /// Carries out an edit; the words say what it does.
    Edit(Box<Edit>, String),
    /// Shows what a client has consented to, under whichever entry.
    ConsentsOf(ClientId),
    /// Fills the parts of a draft with a template.
    Fill(ClientId, ObjectId, String),
    /// Shows what a crisis of this client needs.
    Crisis(ClientId),
    /// Lets a server go on without what its devices have not given.
    FinishRefilling,
    /// Logs a contact with this one, or a reminder: what it says, and about what it is.
    LogContact(ClientId, Option<(String, String)>),
    /// Changes nothing.
    Nothing,
    /// Asks for the emergency numbers of a place; of another one, if it has no name.
    Numbers(String),
    /// Asks who else is the same person.
    Merge(ClientId),
    /// Asks to whom a note of this one belongs.
    Misfiled(ClientId, RecordId),
    /// Opens a note that was begun.
    OpenDraft(ClientId, ObjectId),
    /// Opens a signed note.
    OpenNote(ClientId, RecordId),
    /// Parts a client from the one under whom it stands.
    Part(ClientId),
    /// Asks for the words of the sheet that is to be replaced; whether somebody may have read it.
    ReplaceSheet(bool),
    /// Asks why a note is returned to its author.
    ReturnNote(ClientId, RecordId),
    /// Shows psychotherapy notes about this one; a new one is about this day.
    ShowApart(ClientId, jiff::civil::Date),
    /// Shows the files of this entry.
    ShowAttachments(ClientId),
    /// Shows who this entry says that the client is in law.
    ShowIdentity(ClientId),
    /// Shows the journal of this entry.
    ShowJournal(ClientId),
    /// Shows the treatment plan of this entry.
    ShowPlan(ClientId),
    /// Settles where an appointment is.
    Settle(AppointmentId, Slot),
    /// Opens a chart.
    ShowChart(ClientId),
    /// Signs a correction in the place of others, or beside them.
    SignOver(Box<SignOver>),
    /// Writes about a session in one chart.
    WriteAbout(ClientId, AppointmentId),
    /// Shows what this one has consented to.
    ShowConsents(ClientId),
    /// Says that a consent was not taken back after all.
    Unrevoke(ClientId, RecordId),
}

impl State {
    /// Asks a question. The first answer is in focus.
    pub fn new(title: String, words: String, answers: Vec<(String, Answer)>) -> Self {
        Self { title, words, answers, focus: 0 }
    }

    /// Returns the answer in focus.
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.get(self.focus).map(|(_, answer)| answer)
    }
}

/// Moves the focus, or answers.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    match act {
        Act::Verb(Verb::Confirm) => match state.answer() {
            Some(answer) => vec![Ask::Leave, Ask::Answer(answer.clone())],
            None => vec![Ask::Leave],
        },
        Act::Verb(verb) => {
            list::step(&mut state.focus, *verb, state.answers.len(), 5);
            Vec::new()
        }
        Act::Type(_) => Vec::new(),
    }
}

/// Draws the question.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>) {
    let rows = paint::count(state.answers.len()) + 6;
    let footer = "Enter choose  Esc later";
    let inside = paint::popup(frame, scene.look, (66, rows), (&state.title, footer));
    let line = paint::paragraph(frame, inside, 0, &state.words, Style::new()) + 1;
    let body = paint::lines(inside, line, u16::MAX);
    let top = list::top(state.focus, state.answers.len(), body.height.into());
    let shown = state.answers.iter().enumerate().skip(top).take(body.height.into());
    for (at, (words, _)) in shown {
        let focused = at == state.focus;
        let place = paint::count(at - top);
        paint::row(frame, scene.look, body, place, (words, Style::new(), focused));
    }
}
