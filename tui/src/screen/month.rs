//! The month: six weeks of days, each with how much is booked on it. Enter opens a day.

use super::parts::{paint, when};
use super::{Act, Ask, Focused, Scene};
use crate::keymap::Verb;
use crate::text;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tacenda_shared::practice::view::AppointmentRow;

/// Where a booking begins on a day that is chosen here.
const MORNING: Time = Time::constant(9, 0, 0, 0);
const DAYS: u16 = 7;
/// Most columns of a day.
const WIDEST: u16 = 22;

/// The day in focus; its month is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State {
    /// Which.
    pub date: Date,
}

/// What is on a day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Counts {
    /// Sessions that take place, or took place.
    sessions: usize,
    /// Meetings, time off and what came from other calendars.
    others: usize,
    cancelled: usize,
}

impl State {
    /// Shows the month of a day.
    pub const fn new(date: Date) -> Self {
        Self { date }
    }

    /// Returns what is in focus.
    pub fn focused(&self) -> Focused {
        Focused::Free(self.date.to_datetime(MORNING))
    }

    /// Returns the Mondays of the weeks that the month touches.
    fn weeks(&self) -> Vec<Date> {
        let first = when::monday(self.date.first_of_month());
        let last = self.date.last_of_month();
        let mondays = (0..6).map(|week| when::shifted(first, week * i64::from(DAYS)));
        mondays.take_while(|monday| *monday <= last).collect()
    }
}

/// Moves the day in focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let Act::Verb(verb) = *act else { return Vec::new() };
    let by = |days: i64| when::shifted(state.date, days);
    state.date = match verb {
        Verb::Left => by(-1),
        Verb::Right => by(1),
        Verb::Up => by(-i64::from(DAYS)),
        Verb::Down => by(i64::from(DAYS)),
        Verb::First => state.date.first_of_month(),
        Verb::Last => state.date.last_of_month(),
        Verb::Earlier | Verb::PageUp => state.date.saturating_sub(1.months()),
        Verb::Later | Verb::PageDown => state.date.saturating_add(1.months()),
        Verb::GoToday => scene.today(),
        _ => state.date,
    };
    Vec::new()
}

fn counts(scene: &Scene<'_>, date: Date) -> Counts {
    let ids = scene.index.days.get(&date).into_iter().flatten();
    let rows = ids.filter_map(|id| scene.index.appointments.get(id)).map(AsRef::as_ref);
    rows.fold(Counts::default(), |mut counts, row: &AppointmentRow| {
        match (row.status.frees_the_slot(), row.clients.is_empty()) {
            (true, _) => counts.cancelled += 1,
            (false, true) => counts.others += 1,
            (false, false) => counts.sessions += 1,
        }
        counts
    })
}

/// Draws the month.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let weeks = state.weeks();
    let days = 0..i64::from(state.date.days_in_month());
    let first = state.date.first_of_month();
    let all: usize = days.map(|day| counts(scene, when::shifted(first, day)).sessions).sum();
    let title = format!("{} {}", when::month(state.date), state.date.year());
    let sessions = text::counted(all, "session", "sessions");
    paint::rule(frame, look, area, 0, (&title, &sessions));
    let width = (area.width.saturating_sub(1) / DAYS).min(WIDEST);
    for day in 0..DAYS {
        let monday = weeks.first().copied().unwrap_or(state.date);
        let words = when::day(when::shifted(monday, i64::from(day)));
        paint::text(frame, cell(area, width, (day, 1)), 0, words, Style::new());
    }
    let body = paint::lines(area, 2, u16::MAX);
    let height = (body.height / paint::count(weeks.len()).max(1)).clamp(1, 4);
    for (week, monday) in weeks.iter().enumerate() {
        for day in 0..DAYS {
            let date = when::shifted(*monday, i64::from(day));
            if date.month() != state.date.month() {
                continue;
            }
            let place = cell(body, width, (day, paint::count(week) * height));
            draw(state, scene, frame, (place, height), date);
        }
    }
}

fn cell(area: Rect, width: u16, (day, line): (u16, u16)) -> Rect {
    let left = (1 + day * width).min(area.width);
    let lines = paint::lines(area, line, u16::MAX);
    Rect { x: area.x + left, width: width.min(area.width - left), ..lines }
}

fn draw(
    state: &State,
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    (area, height): (Rect, u16),
    date: Date,
) {
    if area.height == 0 {
        return;
    }
    let look = scene.look;
    let width = usize::from(area.width.saturating_sub(1));
    let counts = counts(scene, date);
    let today = if date == scene.today() { "*" } else { "" };
    let focused = date == state.date;
    let number = format!("{}{today}", date.day());
    let sessions = match (height, counts.sessions) {
        (1, 0) | (2.., _) => String::new(),
        (_, count) => format!(" {count}"),
    };
    let mark = if focused { ">" } else { " " };
    let words = paint::cell(&format!("{mark}{number}{sessions}"), width);
    let style = if focused { look.focus() } else { look.title() };
    paint::text(frame, area, 0, &words, style);
    if focused {
        frame.set_cursor_position(Position::new(area.x, area.y));
    }
    let mut lines = Vec::new();
    if counts.sessions > 0 {
        lines.push(format!("{} booked", counts.sessions));
    }
    if counts.others > 0 {
        lines.push(text::counted(counts.others, "other", "others"));
    }
    if counts.cancelled > 0 {
        let word = if width > 12 { "cancelled" } else { "x" };
        lines.push(format!("{} {word}", counts.cancelled));
    }
    for (line, words) in lines.iter().enumerate().take(usize::from(height.saturating_sub(1))) {
        let words = paint::cell(&format!(" {words}"), width);
        paint::text(frame, area, paint::count(line) + 1, &words, Style::new());
    }
}
