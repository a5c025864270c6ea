//! Days as a grid: rows of half an hour from midnight, and in each slot what reaches into it.

use super::{day, paint, when, who};
use crate::screen::Scene;
use crate::text;
use jiff::civil::{Date, DateTime, Time};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tacenda_shared::id::MemberId;
use tacenda_shared::practice::edit::Slot;
use tacenda_shared::practice::view::AppointmentRow;

/// Minutes of a row.
pub const ROW: i64 = 30;
/// Rows of a whole day.
pub const ROWS: i64 = 48;
/// The row at the top, unless the focus is above it: 08:00.
pub const MORNING: i64 = 16;
/// Columns of the times at the left.
pub const TIMES: u16 = 8;

/// Returns the row that holds a time.
pub fn row_of(time: Time) -> i64 {
    i64::from(time.hour()) * 2 + i64::from(time.minute()) / ROW
}

/// Returns when a row begins.
pub fn row_start(date: Date, row: i64) -> DateTime {
    when::later(date.to_datetime(Time::midnight()), row * ROW)
}

/// Returns appointments that reach into a slot, of one clinician if one is given: those that are
/// held first, then cancelled ones.
pub fn covering<'a>(
    scene: &Scene<'a>,
    (date, row): (Date, i64),
    clinician: Option<MemberId>,
) -> Vec<&'a AppointmentRow> {
    let (from, to) = (row_start(date, row), row_start(date, row + 1));
    let ids = scene.index.days.get(&date).into_iter().flatten();
    let rows = ids.filter_map(|id| scene.index.appointments.get(id)).map(AsRef::as_ref);
    let mut rows: Vec<&AppointmentRow> = rows
        .filter(|row| clinician.is_none_or(|member| row.slot.clinician == member))
        .filter(|row| {
            let start = day::start(row, scene.index);
            start < to && when::later(start, i64::from(row.slot.minutes)) > from
        })
        .collect();
    rows.sort_by_key(|row| row.status.frees_the_slot());
    rows
}

/// Returns where an appointment goes that is moved by rows and days, and says so.
pub fn nudged(row: &AppointmentRow, rows: i64, days: i64, scene: &Scene<'_>) -> (Slot, String) {
    let start = when::later(row.slot.start, rows * ROW);
    let start = when::shifted(start.date(), days).to_datetime(start.time());
    let who = who::comes(scene.index, row, true);
    let at = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
    (Slot { start, ..row.slot.clone() }, format!("moved {who} to {at}"))
}

/// The row at the top moves by half a page, and starts in the morning.
pub fn first_row(row: i64, body: Rect) -> i64 {
    let height = i64::from(body.height).max(1);
    if row < MORNING {
        return (row / (MORNING / 2)) * (MORNING / 2);
    }
    let beyond = (row - MORNING + 1 - height).max(0);
    let half = (height / 2).max(1);
    MORNING + (beyond + half - 1) / half * half
}

/// Returns the place of a column.
pub fn column(area: Rect, width: u16, nth: usize) -> Rect {
    let left = paint::count(nth) * width + TIMES;
    Rect { x: area.x + left, width: width.min(area.width.saturating_sub(left)), ..area }
}

/// Draws a slot: who it is as it begins, a bar as it goes on, how many more there are; `empty` where
/// nothing is.
pub fn slot(
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    (area, line): (Rect, u16),
    (at, rows): ((Date, i64), &[&AppointmentRow]),
    (focused, empty): (bool, &str),
) {
    let look = scene.look;
    let width = usize::from(area.width).saturating_sub(1);
    let (mut words, mut style) = (empty.to_owned(), Style::new());
    if let Some((first, more)) = rows.split_first() {
        let begins = day::start(first, scene.index) >= row_start(at.0, at.1);
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
    if focused {
        let words = paint::cell(&format!(">{words}"), width);
        paint::text(frame, area, line, &words, style.patch(look.focus()));
        frame.set_cursor_position(Position::new(area.x, area.y + line));
    } else {
        let area = Rect { width: area.width.saturating_sub(1), ..area };
        paint::text(frame, area, line, &words, style);
    }
}

/// Draws below the grid what is in focus: each appointment there, or that it is free.
pub fn foot(
    scene: &Scene<'_>,
    frame: &mut Frame<'_>,
    area: Rect,
    ((date, row), rows): ((Date, i64), &[&AppointmentRow]),
) {
    let words: Vec<String> = rows
        .iter()
        .map(|row| {
            let who = who::comes(scene.index, row, scene.veil);
            let time = when::clock(day::start(row, scene.index).time());
            format!("{time} {}m {who} {}", row.slot.minutes, text::status(row.status))
        })
        .collect();
    let words = if words.is_empty() {
        let start = row_start(date, row);
        let at = format!("{} {}", when::day_and_date(start.date()), when::clock(start.time()));
        format!("{at} is free: n books it")
    } else {
        words.join("   ")
    };
    paint::text(frame, paint::inset(area, 1), 0, &words, Style::new());
}
