//! What a client wrote: the entries of their journal, the newest date first, with how each begins.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::view::{DraftRow, JournalRow, JournalView, View};

/// A journal, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    view: Option<Box<JournalView>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What the focus is on, so that a new entry above moves nothing.
    anchor: Option<Line>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    Draft(ObjectId),
    Entry(RecordId),
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        Self { client, view: None, refusal: None, focus: 0, anchor: None }
    }

    /// Takes the journal, or why there is none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Journal(journal) = *view
                    && journal.client.id == self.client
                {
                    self.view = Some(Box::new(journal));
                    self.refusal = None;
                    let lines = self.lines();
                    let stays =
                        self.anchor.and_then(|line| lines.iter().position(|one| *one == line));
                    let last = lines.len().saturating_sub(1);
                    self.focus = stays.unwrap_or_else(|| self.focus.min(last));
                    self.anchor = lines.get(self.focus).copied();
                }
            }
            Err(notice) => {
                self.view = None;
                self.refusal = Some(notice);
            }
        }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        match self.lines().get(self.focus) {
            Some(Line::Draft(draft)) => Focused::Draft(self.client, *draft),
            Some(Line::Entry(record)) => Focused::Entry(self.client, *record),
            None => Focused::Client(self.client),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let Some(view) = &self.view else { return Vec::new() };
        let drafts = view.drafts.iter().map(|draft| Line::Draft(draft.note));
        drafts.chain(view.entries.iter().map(|entry| Line::Entry(entry.record))).collect()
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let lines = state.lines();
        let page = usize::from(scene.look.rows / 2);
        if list::step(&mut state.focus, *verb, lines.len(), page) {
            state.anchor = lines.get(state.focus).copied();
        }
    }
    Vec::new()
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    let title = format!("Journal   {}", who::client(scene.index, state.client, scene.veil));
    let Some(view) = &state.view else {
        paint::rule(frame, scene.look, area, 0, (&title, ""));
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    let entries = view.entries.iter().filter(|entry| !entry.struck);
    let count = text::counted(entries.count(), "entry", "entries");
    paint::rule(frame, scene.look, area, 0, (&title, &count));
    let length = view.drafts.len() + view.entries.len();
    let body = paint::lines(area, 1, u16::MAX);
    if length == 0 {
        let words = "  Nothing yet. n writes down what the client wrote; or tacenda journal add.";
        paint::text(frame, body, 1, words, Style::new());
        frame.set_cursor_position((body.x, body.y));
        return;
    }
    let drafts = view.drafts.iter().map(|draft| (draft_words(draft), scene.look.waiting()));
    let entries = view.entries.iter().map(|entry| (entry_words(entry, scene), Style::new()));
    let top = list::top(state.focus, length, body.height.into());
    let width = usize::from(body.width).saturating_sub(2);
    for (at, (words, style)) in drafts.chain(entries).enumerate().skip(top) {
        let row = paint::count(at - top);
        if row >= body.height {
            break;
        }
        let words = safe::truncated(&words, width, true);
        paint::row(frame, scene.look, body, row, (&words, style, at == state.focus));
    }
}

fn draft_words(draft: &DraftRow) -> String {
    let words = text::counted(draft.words, "word", "words");
    match draft.date {
        Some(date) => format!("{} {}   DRAFT, {words}", when::aligned(date), date.year()),
        None => format!("DRAFT to add, {words}"),
    }
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
    let date = head.date;
    format!("{} {}   {words:<11} {shared:<9}  {begins}", when::aligned(date), date.year())
}
