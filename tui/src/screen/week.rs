//! The week: seven days of ten columns each, in rows of half an hour. A slot can be chosen
//! whether it is free or not; sessions that overlap show how many more there are.

use super::parts::{day, paint, when, who};
use super::{Act, Ask, Focused, Scene};
use crate::keymap::Verb;
use crate::text;
use jiff::civil::{Date, DateTime, Time};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tacenda_shared::practice::edit::{Edit, Slot};
use tacenda_shared::practice::view::AppointmentRow;

/// Minutes of a row.
const ROW: i64 = 30;
/// Rows of a whole day.
const ROWS: i64 = 48;
/// The row at the top, unless the focus is above it: 08:00.
const MORNING: i64 = 16;
/// Columns of the times at the left.
const TIMES: u16 = 8;
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
        let row = i64::from(time.hour()) * 2 + i64::from(time.minute()) / ROW;
        Self { date, row, is_dense: false }
    }

    /// Returns the day in focus.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let rows = covering(scene, self.date, self.row);
        let start = row_start(self.date, self.row);
        rows.first().map_or(Focused::Free(start), |row| Focused::Appointment(row.id))
    }
}

fn row_start(date: Date, row: i64) -> DateTime {
    when::later(date.to_datetime(Time::midnight()), row * ROW)
}

/// Returns appointments that reach into a slot: those that are held first, then cancelled ones.
fn covering<'a>(scene: &Scene<'a>, date: Date, row: i64) -> Vec<&'a AppointmentRow> {
    let (from, to) = (row_start(date, row), row_start(date, row + 1));
    let ids = scene.index.days.get(&date).into_iter().flatten();
    let rows = ids.filter_map(|id| scene.index.appointments.get(id)).map(AsRef::as_ref);
    let mut rows: Vec<&AppointmentRow> = rows
        .filter(|row| {
            let start = day::start(row, scene.index);
            start < to && when::later(start, i64::from(row.slot.minutes)) > from
        })
        .collect();
    rows.sort_by_key(|row| row.status.frees_the_slot());
    rows
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
    let start = when::later(row.slot.start, rows * ROW);
    let start = when::shifted(start.date(), days).to_datetime(start.time());
    let slot = Slot { start, ..row.slot.clone() };
    // The focus goes along, so that the next key moves the same appointment.
    state.go(start.date(), start.time());
    let who = who::comes(scene.index, row, true);
    let at = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
    vec![Ask::Edit(Edit::Move { appointment: id, slot }, format!("moved {who} to {at}"))]
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
        paint::text(frame, column(area, width, day), 1, &words, style);
    }
    let body = paint::lines(area, 2, area.height.saturating_sub(3));
    let top = first_row(state, body);
    for line in 0..body.height {
        let row = top + i64::from(line);
        if row >= ROWS {
            break;
        }
        let time = when::clock(row_start(monday, row).time());
        paint::text(frame, paint::inset(body, 1), line, &time, Style::new());
        for (day, date) in days.iter().copied().enumerate() {
            let cell = column(body, width, day);
            slot(state, scene, frame, (cell, line), (date, row));
        }
    }
    foot(state, scene, frame, paint::lines(area, area.height.saturating_sub(1), 1));
}

/// The row at the top moves by half a page, and starts in the morning.
fn first_row(state: &State, body: Rect) -> i64 {
    let height = i64::from(body.height).max(1);
    if state.row < MORNING {
        return (state.row / (MORNING / 2)) * (MORNING / 2);
    }
    let beyond = (state.row - MORNING + 1 - height).max(0);
    let half = (height / 2).max(1);
    MORNING + (beyond + half - 1) / half * half
}

fn column(area: Rect, width: u16, day: usize) -> Rect {
    let left = paint::count(day) * width + TIMES;
    Rect { x: area.x + left, width: width.min(area.width.saturating_sub(left)), ..area }
}

fn slot(
    state: &State,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    (area, line): (Rect, u16),
    (date, row): (Date, i64),
) {
    let look = scene.look;
    let width = usize::from(area.width).saturating_sub(1);
    let rows = covering(scene, date, row);
    let (mut words, mut style) = (String::new(), Style::new());
    if let Some((first, more)) = rows.split_first() {
        let begins = day::start(first, scene.index) >= row_start(date, row);
        if begins {
            let mark = if first.status.frees_the_slot() { "x " } else { "" };
            words = format!("{mark}{}", who::comes(scene.index, first, scene.veil));
        } else {
            words = look.bar().to_owned();
        }
        if !first.rivals.is_empty() {
            style = look.alarm();
        }
        if !more.is_empty() {
            let count = format!(" +{}", more.len());
            let left = width.saturating_sub(count.len());
            words = format!("{}{count}", paint::cell(&words, left).trim_end());
        }
    }
    let focused = date == state.date && row == state.row;
    if focused {
        let words = paint::cell(&format!(">{words}"), width);
        paint::text(frame, area, line, &words, style.patch(look.focus()));
        frame.set_cursor_position(Position::new(area.x, area.y + line));
    } else {
        paint::text(
            frame,
            Rect { width: area.width.saturating_sub(1), ..area },
            line,
            &words,
            style,
        );
    }
}

fn foot(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let rows = covering(scene, state.date, state.row);
    let words: Vec<String> = rows
        .iter()
        .map(|row| {
            let who = who::comes(scene.index, row, scene.veil);
            let time = when::clock(day::start(row, scene.index).time());
            format!("{time} {}m {who} {}", row.slot.minutes, text::status(row.status))
        })
        .collect();
    let words = if words.is_empty() {
        let start = row_start(state.date, state.row);
        let at = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
        format!("{at} is free: n books it")
    } else {
        words.join("   ")
    };
    paint::text(frame, paint::inset(area, 1), 0, &words, Style::new());
}
