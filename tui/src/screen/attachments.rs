//! The files in a client's chart: the newest first, with what the clinician calls each.

use super::parts::{list, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::notice::Notice;
use crate::text;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::Label;
use tacenda_shared::practice::view::{AttachmentRow, AttachmentsView, View};

static NONE: BTreeSet<Label> = BTreeSet::new();

/// The list, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    view: Option<Box<AttachmentsView>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What the focus is on, so that a new file above moves nothing.
    anchor: Option<RecordId>,
    /// Whether somebody attaches a file here: the focus goes on to it.
    attaches: bool,
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId) -> Self {
        Self { client, view: None, refusal: None, focus: 0, anchor: None, attaches: false }
    }

    /// Takes the list, or why there is none. A new version keeps the focus.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>) {
        match outcome {
            Ok(view) => {
                if let View::Attachments(view) = *view
                    && view.client.id == self.client
                {
                    let place = |record| view.attachments.iter().position(|r| r.record == record);
                    let last = view.attachments.len().saturating_sub(1);
                    if self.attaches && view.attachments.len() > self.rows().len() {
                        (self.attaches, self.focus, self.anchor) = (false, 0, None);
                    }
                    let stays = self.anchor.and_then(place);
                    self.focus = stays.unwrap_or_else(|| self.focus.min(last));
                    self.anchor = view.attachments.get(self.focus).map(|row| row.record);
                    (self.view, self.refusal) = (Some(Box::new(view)), None);
                }
            }
            Err(notice) => (self.view, self.refusal) = (None, Some(notice)),
        }
    }

    /// Somebody begins to attach a file.
    pub const fn attach(&mut self) {
        self.attaches = true;
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        match self.rows().get(self.focus) {
            Some(row) => Focused::Attachment(self.client, row.record),
            None => Focused::Client(self.client),
        }
    }

    /// Returns whether a file is struck, as far as the list knows.
    pub fn is_struck(&self, record: RecordId) -> Option<bool> {
        self.rows().iter().find(|row| row.record == record).map(|row| row.struck)
    }

    /// Returns the file in focus with its labels.
    pub fn labelled(&self) -> Option<(RecordId, &BTreeSet<Label>)> {
        let record = self.rows().get(self.focus)?.record;
        Some((record, self.view.as_ref()?.labels.get(&record).unwrap_or(&NONE)))
    }

    fn rows(&self) -> &[AttachmentRow] {
        self.view.as_ref().map(|view| view.attachments.as_slice()).unwrap_or_default()
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let page = usize::from(scene.look.rows / 2);
        let length = state.rows().len();
        if list::step(&mut state.focus, *verb, length, page) {
            state.anchor = state.rows().get(state.focus).map(|row| row.record);
        }
    }
    Vec::new()
}

/// Draws the list.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    let title = format!("Attachments   {}", who::client(scene.index, state.client, scene.veil));
    let Some(view) = &state.view else {
        paint::rule(frame, scene.look, area, 0, (&title, ""));
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    let room = format!("{} of 64 MiB", text::bytes(view.bytes));
    paint::rule(frame, scene.look, area, 0, (&title, &room));
    let body = paint::lines(area, 1, u16::MAX);
    let length = view.attachments.len();
    if length == 0 {
        let words = "  Nothing yet. a attaches a file; or tacenda attachment add.";
        paint::text(frame, body, 1, words, Style::new());
        frame.set_cursor_position((body.x, body.y));
        return;
    }
    let top = list::top(state.focus, length, body.height.into());
    let width = usize::from(body.width).saturating_sub(2);
    for (at, row) in view.attachments.iter().enumerate().skip(top) {
        let line = paint::count(at - top);
        if line >= body.height {
            break;
        }
        let words = safe::truncated(&row_words(row, scene), width, true);
        paint::row(frame, scene.look, body, line, (&words, Style::new(), at == state.focus));
    }
}

/// Returns a line: when, what it is called, its type and length, who attached it.
fn row_words(row: &AttachmentRow, scene: &Scene<'_>) -> String {
    let date = when::local(row.signed.time, &scene.index.zone).date();
    // What somebody called it may hold a name.
    let title = if scene.veil { "" } else { row.title.as_str() };
    let kind = format!("{}, {}", row.media.title(), text::bytes(u64::from(row.size)));
    let kind = if row.size == 0 { "does not read".to_owned() } else { kind };
    let struck = if row.struck { "struck" } else { "" };
    let who = match scene.look.wide() {
        true => row.author.and_then(|member| scene.index.clinicians.get(&member)),
        false => None,
    };
    let who = who.map(String::as_str).unwrap_or_default();
    let who = if who.is_empty() { String::new() } else { format!("{who:<24}  ") };
    format!("{} {}   {kind:<27} {struck:<6}  {who}{title}", when::aligned(date), date.year())
}
