//! One file of a chart, opened in memory: of a text, the text; of anything else, what is known of
//! it, and how to save it. No program opens it.

use super::parts::{paint, when, who};
use super::{Act, Ask, Focused, Opening, Scene};
use crate::keymap::Verb;
use crate::notice::Notice;
use crate::text;
use crate::widget::editor::Editor;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::{ClientId, RecordId};
use tacenda_shared::practice::edit::{Label, Part};
use tacenda_shared::practice::view::{AttachmentView, Inside, View};

/// Rows of the frame around it: tabs, what was done, and the hints.
const FRAME_ROWS: u16 = 4;
/// Rows above the text.
const HEADER: u16 = 3;

/// A file, as far as it has been opened.
#[derive(Debug)]
pub struct State {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub record: RecordId,
    view: Option<Box<AttachmentView>>,
    shown: Option<Box<Editor>>,
    refusal: Option<Notice>,
    size: (u16, u16),
}

impl State {
    /// Asks for nothing yet; the root opens what [`super::Screen::subject`] names.
    pub fn new(client: ClientId, record: RecordId) -> Self {
        Self { client, record, view: None, shown: None, refusal: None, size: (80, 24) }
    }

    /// Takes the file, or why there is none.
    pub fn opened(&mut self, outcome: Result<Box<View>, Notice>, at: &Opening<'_>) {
        match outcome {
            Ok(view) => {
                if let View::Attachment(view) = *view
                    && (view.client, view.row.record) == (self.client, self.record)
                {
                    // A file never changes: where it is read stays.
                    let before = self.view.as_ref().map(|view| &view.inside);
                    if before != Some(&view.inside) {
                        self.shown = match &view.inside {
                            Inside::Whole(Some(text)) => {
                                let mut shown = Editor::new(Part::Text, text);
                                shown.place_caret(0);
                                Some(Box::new(shown))
                            }
                            _ => None,
                        };
                    }
                    (self.view, self.refusal) = (Some(Box::new(view)), None);
                    self.resize(at.size);
                }
            }
            Err(notice) => (self.view, self.shown, self.refusal) = (None, None, Some(notice)),
        }
    }

    /// Tells how large the terminal is.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        if let Some(shown) = &mut self.shown {
            let (columns, rows) = size;
            let rows = rows.saturating_sub(FRAME_ROWS + HEADER).max(1);
            shown.resize(columns.saturating_sub(2).max(1), rows);
        }
    }

    /// Returns what is in focus.
    pub const fn focused(&self) -> Focused {
        Focused::Attachment(self.client, self.record)
    }

    /// Returns its labels, once they are known.
    pub fn labels(&self) -> Option<&BTreeSet<Label>> {
        self.view.as_ref().map(|view| &view.labels)
    }

    /// Returns whether it is struck, if that is known.
    pub fn is_struck(&self) -> Option<bool> {
        self.view.as_ref().map(|view| view.row.struck)
    }
}

/// Scrolls.
pub fn update(state: &mut State, act: &Act) -> Vec<Ask> {
    if let (Act::Verb(verb), Some(shown)) = (act, &mut state.shown) {
        let (_, rows) = shown.size();
        let page = (rows / 2).max(1);
        match verb {
            Verb::Up => shown.scroll(1, true),
            Verb::Down => shown.scroll(1, false),
            Verb::PageUp => shown.scroll(page, true),
            Verb::PageDown => shown.scroll(page, false),
            Verb::First => shown.scroll(u16::MAX, true),
            Verb::Last => shown.scroll(u16::MAX, false),
            _ => false,
        };
    }
    Vec::new()
}

/// Draws it.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let inside = paint::inset(area, 1);
    let whose = who::client(scene.index, state.client, scene.veil);
    let Some(view) = &state.view else {
        paint::rule(frame, scene.look, area, 0, (&format!("Attachment   {whose}"), ""));
        match &state.refusal {
            Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
            None => paint::text(frame, inside, 2, "opening ...", Style::new()),
        }
        frame.set_cursor_position((inside.x, inside.y + 2));
        return;
    };
    let row = &view.row;
    let title = if scene.veil { "" } else { row.title.as_str() };
    let size = text::bytes(u64::from(row.size));
    let struck = if row.struck { "STRUCK  " } else { "" };
    let end = format!("{struck}{}, {size}", row.media.title());
    paint::rule(frame, scene.look, area, 0, (&format!("Attachment   {whose}   {title}"), &end));
    let local = when::local(row.signed.time, &row.signed.zone);
    let author = row.author.and_then(|member| scene.index.clinicians.get(&member));
    let author = author.map_or("another member", String::as_str);
    let metadata = if row.stripped { "   metadata taken out" } else { "" };
    let date = when::long(local.date());
    let line = format!("Attached by {author}, {date} {}{metadata}", when::clock(local.time()));
    paint::text(frame, inside, 1, &line, Style::new());
    if !view.labels.is_empty() {
        let words = format!("Labels: {}", Label::list(&view.labels));
        let words = safe::truncated(&words, usize::from(inside.width), true);
        paint::text(frame, inside, 2, &words, Style::new());
    }
    let body = paint::lines(inside, HEADER, u16::MAX);
    match (&state.shown, &view.inside) {
        (Some(_), _) if scene.veil => {
            paint::text(frame, body, 0, "Show names to read it (F9).", Style::new());
        }
        (Some(shown), _) => shown.draw(body, frame.buffer_mut(), Style::new(), false),
        (None, Inside::Incomplete) => {
            let words = "Parts of it have not come to this device yet. Nothing is shown of a file \
                         that is not whole; Sync (7) says how much is still on its way.";
            paint::paragraph(frame, body, 0, words, scene.look.waiting());
        }
        (None, Inside::Altered) => {
            let words = "It is not what was attached: its parts do not fit what is said of it. \
                         Nothing of it is shown or saved. x strikes it.";
            paint::paragraph(frame, body, 0, words, scene.look.alarm());
        }
        (None, Inside::Whole(_)) => {
            let words = "It is whole. It is not shown here, and no program opens it from here: E \
                         saves it to a new file, after your passphrase, and that is recorded.";
            let mut line = paint::paragraph(frame, body, 0, words, Style::new());
            for words in hash_lines(view, body.width) {
                line += 1;
                paint::text(frame, body, line, &words, Style::new());
            }
        }
    }
    frame.set_cursor_position((body.x, body.y));
}

/// The hash in one line, or in two where one is too narrow.
fn hash_lines(view: &AttachmentView, columns: u16) -> Vec<String> {
    let Some(hash) = &view.hash else { return Vec::new() };
    let mut lines = vec!["SHA-256, as other programs say it:".to_owned()];
    match hash.split_at_checked(hash.len() / 2) {
        Some((one, two)) if hash.len() > usize::from(columns) => {
            lines.extend([one.to_owned(), two.to_owned()]);
        }
        _ => lines.push(hash.clone()),
    }
    lines
}
