//! What a client wrote: the entries of their journal, the newest date first, with how each begins.

use super::parts::who;
use super::parts::written::{self, Line, Rows, Written};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::view::{DraftRow, JournalRow, JournalView, View};

/// A journal, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    rows: Rows<JournalView>,
}

impl Written for JournalView {
    fn drafts(&self) -> &[DraftRow] {
        &self.drafts
    }

    fn signed(&self) -> impl Iterator<Item = (ClientId, RecordId)> {
        self.entries.iter().map(|entry| (self.client.id, entry.record))
    }
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        Self { client, rows: Rows::default() }
    }

    /// Takes the journal, or why there is none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome.map(|view| *view) {
            Ok(View::Journal(journal)) if journal.client.id == self.client => {
                self.rows.take(journal);
            }
            Ok(_) => {}
            Err(notice) => self.rows.refuse(notice),
        }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        match self.rows.line() {
            Some(Line::Draft(client, draft)) => Focused::Draft(client, draft),
            Some(Line::Signed(client, record)) => Focused::Entry(client, record),
            None => Focused::Client(self.client),
        }
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    state.rows.update(act, scene);
    Vec::new()
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let title = format!("Journal   {}", who::client(scene.index, state.client, scene.veil));
    let nothing = "  Nothing yet. n writes down what the client wrote; or tacenda journal add.";
    state.rows.draw(scene, frame, area, (&title, nothing), |view| {
        let stand = view.entries.iter().filter(|entry| !entry.struck).count();
        let words = view.entries.iter().map(|entry| entry_words(entry, scene)).collect();
        (text::counted(stand, "entry", "entries"), words)
    });
}

fn entry_words(entry: &JournalRow, scene: &Scene<'_>) -> String {
    let JournalRow { head, words, begins, struck, .. } = entry;
    let words = text::counted(*words, "word", "words");
    let shared = match (*struck, head.shared) {
        (true, _) => "struck",
        (false, true) => "may share",
        (false, false) => "",
    };
    // What the client wrote may hold a name.
    let begins = if scene.veil { "" } else { begins.as_str() };
    format!("{}   {words:<11} {shared:<9}  {begins}", written::day(head.date))
}
