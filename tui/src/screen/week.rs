//! The week: seven days of ten columns each, in rows of half an hour. A slot can be chosen
//! whether it is free or not; sessions that overlap show how many more there are.

use super::parts::grid::{self, MORNING, ROWS, TIMES};
use super::parts::{paint, when};
use super::{Act, Ask, Focused, Scene};
use crate::keymap::Verb;
use jiff::civil::{Date, Time};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::practice::edit::Edit;

/// Most columns of a day.
const WIDEST: u16 = 24;
/// Days from one end of the grid to the other.
const DAYS: i64 = 7;

/// A slot of half an hour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State {
    /// The day in focus; its week is shown.
    date: Date,
    /// The row in focus, from midnight.
    row: i64,
    /// Whether days without appointments are left out.
    is_dense: bool,
}

impl State {
    /// Shows the week of a day, with the slot in focus that holds `time`.
    pub fn new(date: Date, time: Time) -> Self {
        Self { date, row: grid::row_of(time), is_dense: false }
    }

    /// Returns the day in focus.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let rows = grid::covering(scene, (self.date, self.row), None);
        let start = grid::row_start(self.date, self.row);
        rows.first().map_or(Focused::Free(start), |row| Focused::Appointment(row.id))
    }
}

/// Moves the slot in focus, the week, or the appointment in focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let Act::Verb(verb) = *act else { return Vec::new() };
    match verb {
        Verb::Up => state.row = (state.row - 1).max(0),
        Verb::Down => state.row = (state.row + 1).min(ROWS - 1),
        Verb::PageUp => state.row = (state.row - 8).max(0),
        Verb::PageDown => state.row = (state.row + 8).min(ROWS - 1),
        Verb::First => state.row = MORNING,
        Verb::Last => state.row = ROWS - 12,
        Verb::Left => state.date = state.neighbour(scene, -1),
        Verb::Right => state.date = state.neighbour(scene, 1),
        Verb::HideEmptyDays => state.is_dense = !state.is_dense,
        Verb::Earlier => state.date = when::shifted(state.date, -DAYS),
        Verb::Later => state.date = when::shifted(state.date, DAYS),
        Verb::GoToday => state.go(scene.today(), scene.now.local.time()),
        Verb::NudgeUp => return nudge(state, scene, -1, 0),
        Verb::NudgeDown => return nudge(state, scene, 1, 0),
        Verb::NudgeBack => return nudge(state, scene, 0, -1),
        Verb::NudgeForth => return nudge(state, scene, 0, 1),
        _ => {}
    }
    Vec::new()
}

fn nudge(state: &mut State, scene: &Scene<'_>, rows: i64, days: i64) -> Vec<Ask> {
    let Focused::Appointment(id) = state.focused(scene) else { return Vec::new() };
    let Some(row) = scene.appointment(id) else { return Vec::new() };
    let (slot, says) = grid::nudged(row, rows, days, scene);
    // The focus goes along, so that the next key moves the same appointment.
    state.go(slot.start.date(), slot.start.time());
    vec![Ask::Edit(Edit::Move { appointment: id, slot }, says)]
}

impl State {
    fn go(&mut self, date: Date, time: Time) {
        *self = Self { is_dense: self.is_dense, ..Self::new(date, time) };
    }

    /// Returns whether a day has a column: the one in focus and today always have.
    fn is_shown(&self, date: Date, scene: &Scene<'_>) -> bool {
        let is_empty = scene.index.days.get(&date).is_none_or(Vec::is_empty);
        !self.is_dense || !is_empty || date == self.date || date == scene.today()
    }

    /// Returns the days that have a column.
    fn days(&self, scene: &Scene<'_>) -> Vec<Date> {
        let monday = when::monday(self.date);
        let days = (0..DAYS).map(|day| when::shifted(monday, day));
        days.filter(|date| self.is_shown(*date, scene)).collect()
    }

    /// Returns the next day that has a column, or the very next one if none has for a week.
    fn neighbour(&self, scene: &Scene<'_>, by: i64) -> Date {
        let days = (1..=DAYS).map(|step| when::shifted(self.date, by * step));
        let mut shown = days.filter(|date| self.is_shown(*date, scene));
        shown.next().unwrap_or_else(|| when::shifted(self.date, by))
    }
}

/// Draws the week.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let monday = when::monday(state.date);
    let sunday = when::shifted(monday, DAYS - 1);
    let week = monday.iso_week_date().week();
    let title = format!("Week {week}   {} - {}", when::short(monday), when::long(sunday));
    let right = if state.is_dense { "z shows all days" } else { "[ and ] week   t today" };
    paint::rule(frame, look, area, 0, (title.trim(), right));
    let days = state.days(scene);
    let width = (area.width.saturating_sub(TIMES) / paint::count(days.len()).max(1)).min(WIDEST);
    for (day, date) in days.iter().copied().enumerate() {
        let today = if date == scene.today() { "*" } else { "" };
        let words = format!("{} {}{today}", when::day(date), date.day());
        let style = if date == state.date { look.title() } else { Style::new() };
        paint::text(frame, grid::column(area, width, day), 1, &words, style);
    }
    let body = paint::lines(area, 2, area.height.saturating_sub(3));
    let top = grid::first_row(state.row, body);
    for line in 0..body.height {
        let row = top + i64::from(line);
        if row >= ROWS {
            break;
        }
        let time = when::clock(grid::row_start(monday, row).time());
        paint::text(frame, paint::inset(body, 1), line, &time, Style::new());
        for (day, date) in days.iter().copied().enumerate() {
            let cell = grid::column(body, width, day);
            let rows = grid::covering(scene, (date, row), None);
            let focused = date == state.date && row == state.row;
            let at = ((date, row), rows.as_slice());
            grid::slot(scene, frame, (cell, line), at, (focused, ""));
        }
    }
    let at = (state.date, state.row);
    let rows = grid::covering(scene, at, None);
    let last = paint::lines(area, area.height.saturating_sub(1), 1);
    grid::foot(scene, frame, last, (at, &rows));
}
