//! The waiting list. For a time that has come free it says whom that suits best; without one, who
//! has waited longest.

use super::parts::{aside, list, paint, when, who};
use super::{Act, Ask, Focused, Scene, clients};
use crate::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::ClientId;
use tacenda_shared::practice::edit::Slot;
use tacenda_shared::practice::schedule::waiting::{Fit, Opening, ranked};
use tacenda_shared::practice::view::ClientRow;

/// The list as it stands.
#[derive(Debug, Default)]
pub struct State {
    /// The time that is offered, as it would be booked.
    pub slot: Option<Slot>,
    focus: usize,
    anchor: Option<ClientId>,
}

impl State {
    /// Opens for a time, or for none.
    pub fn new(slot: Option<Slot>) -> Self {
        Self { slot, ..Self::default() }
    }

    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let rows = self.rows(scene);
        rows.get(self.at(&rows)).map_or(Focused::Nothing, |(row, _)| Focused::Client(row.id))
    }

    fn opening(&self, scene: &Scene<'_>) -> Option<Opening> {
        self.slot.as_ref().map(|slot| Opening {
            clinician: slot.clinician,
            start: when::local(when::moment(slot.start, &slot.zone), &scene.index.zone),
            minutes: slot.minutes,
            // In which way is said when it is booked.
            modality: None,
        })
    }

    fn rows<'a>(&self, scene: &Scene<'a>) -> Vec<(&'a ClientRow, Option<Fit>)> {
        ranked(scene.index, self.opening(scene).as_ref())
    }

    fn at(&self, rows: &[(&ClientRow, Option<Fit>)]) -> usize {
        let anchored = rows.iter().position(|(row, _)| Some(row.id) == self.anchor);
        anchored.unwrap_or_else(|| self.focus.min(rows.len().saturating_sub(1)))
    }
}

/// Moves the focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    if let Act::Verb(verb) = act {
        let rows = state.rows(scene);
        let mut at = state.at(&rows);
        if list::step(&mut at, *verb, rows.len(), usize::from(scene.look.rows / 2)) {
            state.focus = at;
            state.anchor = rows.get(at).map(|(row, _)| row.id);
        }
    }
    Vec::new()
}

/// Draws the list, and who is in focus where there is room.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let rows = state.rows(scene);
    let at = state.at(&rows);
    let mut area = area;
    if scene.look.wide() {
        let (left, right) = paint::side_by_side(frame, scene.look, area, (area.width / 2).max(78));
        let (right, third) = paint::third(frame, scene.look, right);
        if let Some((row, _)) = rows.get(at) {
            clients::side(row, scene, frame, right);
            if let Some(third) = third {
                aside::appointments(row.id, scene, frame, third);
            }
        }
        area = left;
    }
    let title = state.opening(scene).map_or_else(
        || "Waiting list, longest first".to_owned(),
        |opening| {
            let day = when::day_and_date(opening.start.date());
            let time = when::clock(opening.start.time());
            format!("Waiting list for {day} {time}, {} min", opening.minutes)
        },
    );
    let count = text::counted(rows.len(), "client", "clients");
    paint::rule(frame, scene.look, area, 0, (&title, &count));
    let body = paint::lines(area, 1, u16::MAX);
    if rows.is_empty() {
        let words = "  Nobody waits. W on a client puts them here.";
        paint::text(frame, body, 1, words, Style::new());
        frame.set_cursor_position((body.x, body.y + 1));
    }
    let top = list::top(at, rows.len(), body.height.into());
    for (place, (row, fit)) in rows.iter().enumerate().skip(top).take(body.height.into()) {
        let (words, style) = row_words(row, *fit, scene, body.width.saturating_sub(2).into());
        let line = paint::count(place - top);
        paint::row(frame, scene.look, body, line, (&words, style, place == at));
    }
}

fn row_words(
    row: &ClientRow,
    fit: Option<Fit>,
    scene: &Scene<'_>,
    width: usize,
) -> (String, Style) {
    let Some(waiting) = row.waits() else { return (String::new(), Style::new()) };
    let since = when::local(waiting.since, &scene.index.zone).date();
    let wish = waiting.wish.words(&scene.index.clinicians);
    let wish = if wish.is_empty() { "any time".to_owned() } else { wish };
    let mark = fit.map_or("", reason);
    let wide = width.saturating_sub(20 + 13 + 19).max(20);
    let words = format!(
        "{} since {} {} {mark}",
        paint::cell(&who::client(scene.index, row.id, scene.veil), 20),
        when::aligned(since),
        paint::cell(&wish, wide),
    );
    let suits = fit.is_none_or(|fit| fit.suits());
    (words, if suits { Style::new() } else { scene.look.waiting() })
}

/// Returns what speaks against an opening first, or that nothing does.
fn reason(fit: Fit) -> &'static str {
    match fit {
        Fit { clinician: Some(false), .. } => "another clinician",
        Fit { day: false, .. } => "another day",
        Fit { time: false, .. } => "another time",
        Fit { modality: false, .. } => "another way",
        Fit { .. } => "suits",
    }
}
