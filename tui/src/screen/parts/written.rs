//! A list of what was written about or by one client: drafts first, then what was signed; as far as it
//! has been opened. A journal and psychotherapy notes are shown as one.

use super::{list, paint, when};
use crate::notice::Notice;
use crate::screen::{Act, Scene};
use crate::text;
use crate::widget::safe;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{ClientId, ObjectId, RecordId};
use tacenda_shared::practice::view::DraftRow;

/// What a list shows.
pub trait Written {
    /// Returns the drafts, in the order in which they are shown.
    fn drafts(&self) -> &[DraftRow];

    /// Returns what was signed, in the order in which it is shown, and in whose record it lies.
    fn signed(&self) -> impl Iterator<Item = (ClientId, RecordId)>;
}

/// What the focus is on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Line {
    /// A draft.
    Draft(ClientId, ObjectId),
    /// What was signed.
    Signed(ClientId, RecordId),
}

/// The list.
#[derive(Debug)]
pub struct Rows<V> {
    view: Option<Box<V>>,
    refusal: Option<Notice>,
    focus: usize,
    /// What the focus is on, so that something new above moves nothing.
    anchor: Option<Line>,
}

impl<V> Default for Rows<V> {
    fn default() -> Self {
        Self { view: None, refusal: None, focus: 0, anchor: None }
    }
}

impl<V: Written> Rows<V> {
    /// Takes what there is. A new version keeps the focus.
    pub fn take(&mut self, view: V) {
        (self.view, self.refusal) = (Some(Box::new(view)), None);
        let lines = self.lines();
        let stays = self.anchor.and_then(|line| lines.iter().position(|one| *one == line));
        let last = lines.len().saturating_sub(1);
        self.focus = stays.unwrap_or_else(|| self.focus.min(last));
        self.anchor = lines.get(self.focus).copied();
    }

    /// Takes why there is nothing.
    pub fn refuse(&mut self, notice: Notice) {
        (self.view, self.refusal) = (None, Some(notice));
    }

    /// Returns what is shown, once it is open.
    pub fn known(&self) -> Option<&V> {
        self.view.as_deref()
    }

    /// Returns what is in focus.
    pub fn line(&self) -> Option<Line> {
        self.lines().get(self.focus).copied()
    }

    fn lines(&self) -> Vec<Line> {
        let Some(view) = &self.view else { return Vec::new() };
        let drafts = view.drafts().iter().map(|draft| Line::Draft(draft.client, draft.note));
        drafts.chain(view.signed().map(|(client, record)| Line::Signed(client, record))).collect()
    }

    /// Moves the focus.
    pub fn update(&mut self, act: &Act, scene: &Scene<'_>) {
        if let Act::Verb(verb) = act {
            let lines = self.lines();
            let page = usize::from(scene.look.rows / 2);
            if list::step(&mut self.focus, *verb, lines.len(), page) {
                self.anchor = lines.get(self.focus).copied();
            }
        }
    }

    /// Draws the list below its title, or `nothing` where it is empty; `say` gives how many stand, and
    /// what is said of each that was signed.
    pub fn draw(
        &self,
        scene: &Scene<'_>,
        frame: &mut Frame<'_>,
        area: Rect,
        (title, nothing): (&str, &str),
        say: impl Fn(&V) -> (String, Vec<String>),
    ) {
        let inside = paint::inset(area, 1);
        let Some(view) = &self.view else {
            paint::rule(frame, scene.look, area, 0, (title, ""));
            match &self.refusal {
                Some(notice) => drop(paint::notice(frame, scene.look, inside, 2, notice)),
                None => paint::text(frame, inside, 2, "opening ...", Style::new()),
            }
            frame.set_cursor_position((inside.x, inside.y + 2));
            return;
        };
        let (count, signed) = say(view);
        paint::rule(frame, scene.look, area, 0, (title, &count));
        let length = view.drafts().len() + signed.len();
        let body = paint::lines(area, 1, u16::MAX);
        if length == 0 {
            paint::text(frame, body, 1, nothing, Style::new());
            frame.set_cursor_position((body.x, body.y));
            return;
        }
        let drafts = view.drafts().iter().map(|draft| (draft_words(draft), scene.look.waiting()));
        let signed = signed.into_iter().map(|words| (words, Style::new()));
        let top = list::top(self.focus, length, body.height.into());
        let width = usize::from(body.width).saturating_sub(2);
        for (at, (words, style)) in drafts.chain(signed).enumerate().skip(top) {
            let row = paint::count(at - top);
            if row >= body.height {
                break;
            }
            let words = safe::truncated(&words, width, true);
            paint::row(frame, scene.look, body, row, (&words, style, at == self.focus));
        }
    }
}

fn draft_words(draft: &DraftRow) -> String {
    let words = text::counted(draft.words, "word", "words");
    match draft.date {
        Some(date) => format!("{}   DRAFT, {words}", day(date)),
        None => format!("DRAFT to add, {words}"),
    }
}

/// Returns a day as it stands before what was written about it.
pub fn day(date: Date) -> String {
    format!("{} {}", when::aligned(date), date.year())
}
