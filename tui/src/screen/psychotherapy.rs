//! The member's own psychotherapy notes about a client, the newest day first, while they are open.

use super::parts::{apart, list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
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
    view: Option<Box<PsychotherapyView>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What the focus is on, so that a new one above moves nothing.
    anchor: Option<Line>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    Draft(ClientId, ObjectId),
    Note(ClientId, RecordId),
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId, day: Date) -> Self {
        Self { client, day, view: None, refusal: None, focus: 0, anchor: None }
    }

    /// Takes the notes, or why there are none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Psychotherapy(notes) = *view {
                    self.view = Some(Box::new(notes));
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
            Some(Line::Draft(client, draft)) => Focused::Draft(*client, *draft),
            Some(Line::Note(client, record)) => Focused::Apart(*client, *record),
            None => Focused::Client(self.client),
        }
    }

    /// Whether a note was struck; `None` of one that is not here.
    pub fn is_struck(&self, record: RecordId) -> Option<bool> {
        let mut notes = self.view.as_ref()?.notes.iter();
        notes.find(|row| row.record == record).map(|row| row.struck)
    }

    /// The draft that was begun to add to a note.
    pub fn begun_to_add(&self, note: RecordId) -> Option<(ClientId, ObjectId)> {
        let mut drafts = self.view.as_ref()?.drafts.iter();
        let row = drafts.find(|row| row.addendum_to == Some(note))?;
        Some((row.client, row.note))
    }

    fn lines(&self) -> Vec<Line> {
        let Some(view) = &self.view else { return Vec::new() };
        let drafts = view.drafts.iter().map(|draft| Line::Draft(draft.client, draft.note));
        let notes = view.notes.iter().map(|note| Line::Note(note.client, note.record));
        drafts.chain(notes).collect()
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
    let area = apart::frame(frame, scene.look, area);
    let inside = paint::inset(area, 1);
    let client = who::client(scene.index, state.client, scene.veil);
    let Some(view) = &state.view else {
        paint::rule(frame, scene.look, area, 0, (&client, ""));
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    let notes = view.notes.iter().filter(|note| !note.struck);
    let count = text::counted(notes.count(), "note", "notes");
    paint::rule(frame, scene.look, area, 0, (&client, &count));
    let length = view.drafts.len() + view.notes.len();
    let body = paint::lines(area, 1, u16::MAX);
    if length == 0 {
        let day = when::day_and_date(state.day);
        let words = format!("  Nothing yet. n begins one about {day}.");
        paint::text(frame, body, 1, &words, Style::new());
        frame.set_cursor_position((body.x, body.y));
        return;
    }
    let drafts = view.drafts.iter().map(|draft| (draft_words(draft), scene.look.waiting()));
    let notes = view.notes.iter().map(|note| (note_words(note, scene), Style::new()));
    let top = list::top(state.focus, length, body.height.into());
    let width = usize::from(body.width).saturating_sub(2);
    for (at, (words, style)) in drafts.chain(notes).enumerate().skip(top) {
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

fn note_words(note: &PsychotherapyRow, scene: &Scene<'_>) -> String {
    let words = text::counted(note.words, "word", "words");
    let also = match (note.struck, note.addenda) {
        (true, _) => "struck".to_owned(),
        (false, 0) => String::new(),
        (false, addenda) => format!("+{addenda}"),
    };
    // It may hold a name.
    let begins = if scene.veil { "" } else { note.begins.as_str() };
    let date = note.date;
    format!("{} {}   {words:<11} {also:<6}  {begins}", when::aligned(date), date.year())
}
