//! The member's own psychotherapy notes about a client, the newest day first, while they are open.

use super::parts::written::{self, Line, Rows, Written};
use super::parts::{apart, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::psychotherapy::{PsychotherapyRow, PsychotherapyView};
use tacenda_shared::practice::view::{DraftRow, View};

/// The list, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// About whom.
    pub client: ClientId,
    /// The day that a new one is about.
    pub day: Date,
    rows: Rows<PsychotherapyView>,
}

impl Written for PsychotherapyView {
    fn drafts(&self) -> &[DraftRow] {
        &self.drafts
    }

    fn signed(&self) -> impl Iterator<Item = (ClientId, RecordId)> {
        self.notes.iter().map(|note| (note.client, note.record))
    }
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId, day: Date) -> Self {
        Self { client, day, rows: Rows::default() }
    }

    /// Takes the notes, or why there are none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome.map(|view| *view) {
            Ok(View::Psychotherapy(notes)) => self.rows.take(notes),
            Ok(_) => {}
            Err(notice) => self.rows.refuse(notice),
        }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        match self.rows.line() {
            Some(Line::Draft(client, draft)) => Focused::Draft(client, draft),
            Some(Line::Signed(client, record)) => Focused::Apart(client, record),
            None => Focused::Client(self.client),
        }
    }

    /// Whether a note was struck; `None` of one that is not here.
    pub fn is_struck(&self, record: RecordId) -> Option<bool> {
        let mut notes = self.rows.known()?.notes.iter();
        notes.find(|row| row.record == record).map(|row| row.struck)
    }

    /// The draft that was begun to add to a note.
    pub fn begun_to_add(&self, note: RecordId) -> Option<(ClientId, ObjectId)> {
        let mut drafts = self.rows.known()?.drafts.iter();
        let row = drafts.find(|row| row.addendum_to == Some(note))?;
        Some((row.client, row.note))
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    state.rows.update(act, scene);
    Vec::new()
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let area = apart::frame(frame, scene.look, area);
    let client = who::client(scene.index, state.client, scene.veil);
    let day = when::day_and_date(state.day);
    let nothing = format!("  Nothing yet. n begins one about {day}.");
    state.rows.draw(scene, frame, area, (&client, &nothing), |view| {
        let stand = view.notes.iter().filter(|note| !note.struck).count();
        let words = view.notes.iter().map(|note| note_words(note, scene)).collect();
        (text::counted(stand, "note", "notes"), words)
    });
}

fn note_words(note: &PsychotherapyRow, scene: &Scene<'_>) -> String {
    let words = text::counted(note.words, "word", "words");
    let also = match (note.struck, note.addenda) {
        (true, _) => "struck".to_owned(),
        (false, 0) => String::new(),
        (false, addenda) => format!("+{addenda}"),
    };
    // It may hold a name.
    let begins = if scene.veil { "" } else { note.begins.as_str() };
    format!("{}   {words:<11} {also:<6}  {begins}", written::day(note.date))
}
