//! The day by clinician: one column for each whose calendar can be read here, time downwards in rows
//! of half an hour. What is free of their hours says so, and can be booked for whom it is.

use super::parts::day::{self, Line};
use super::parts::grid::{self, MORNING, ROWS, TIMES};
use super::parts::{paint, when};
use super::{Act, Ask, Focused, Scene};
use crate::keymap::Verb;
use jiff::civil::{Date, Time};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeSet;
use tacenda_shared::id::MemberId;
use tacenda_shared::practice::edit::Edit;

/// Fewest and most columns of the terminal that a clinician takes.
const NARROWEST: u16 = 16;
const WIDEST: u16 = 44;

/// A slot of half an hour of one clinician.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State {
    /// The day.
    date: Date,
    /// The row in focus, from midnight.
    row: i64,
    /// Whose column is in focus; without one, that of who is at the keyboard.
    clinician: Option<MemberId>,
}

impl State {
    /// Shows a day, with the slot in focus that holds `time`.
    pub fn new(date: Date, time: Time, clinician: Option<MemberId>) -> Self {
        Self { date, row: grid::row_of(time), clinician }
    }

    /// Returns the day.
    pub const fn date(&self) -> Date {
        self.date
    }

    /// Returns whose column is in focus.
    pub fn clinician(&self, scene: &Scene<'_>) -> Option<MemberId> {
        let all = clinicians(scene);
        let known = self.clinician.or_else(|| scene.clinician());
        known.filter(|member| all.contains(member)).or_else(|| all.first().copied())
    }

    /// Returns what is in focus.
    pub fn focused(&self, scene: &Scene<'_>) -> Focused {
        let rows = grid::covering(scene, (self.date, self.row), self.clinician(scene));
        let start = grid::row_start(self.date, self.row);
        rows.first().map_or(Focused::Free(start), |row| Focused::Appointment(row.id))
    }

    /// Goes on to the next column.
    fn step(&mut self, scene: &Scene<'_>, forth: bool) {
        let all = clinicians(scene);
        let at = self.clinician(scene).and_then(|now| all.iter().position(|other| *other == now));
        let at = at.unwrap_or(0);
        let next = if forth { at + 1 } else { at.saturating_sub(1) };
        self.clinician = all.get(next.min(all.len().saturating_sub(1))).copied();
    }

    /// Moves the appointment in focus; the focus goes along.
    fn nudge(&mut self, scene: &Scene<'_>, rows: i64, days: i64) -> Vec<Ask> {
        let Focused::Appointment(id) = self.focused(scene) else { return Vec::new() };
        let Some(row) = scene.appointment(id) else { return Vec::new() };
        let (slot, says) = grid::nudged(row, rows, days, scene);
        *self = Self::new(slot.start.date(), slot.start.time(), Some(slot.clinician));
        vec![Ask::Edit(Edit::Move { appointment: id, slot }, says)]
    }
}

/// Everybody whose calendar can be read here: who has an appointment that is known, and who is at the
/// keyboard. By name, so that the order is the same every day.
fn clinicians(scene: &Scene<'_>) -> Vec<MemberId> {
    let rows = scene.index.appointments.values();
    let mut all: BTreeSet<MemberId> = rows.map(|row| row.slot.clinician).collect();
    all.extend(scene.clinician());
    let name = |member: &MemberId| scene.index.clinicians.get(member).map(String::as_str);
    let mut all: Vec<MemberId> = all.into_iter().collect();
    all.sort_by_key(|member| (name(member).is_none(), name(member), *member));
    all
}

/// Moves the slot in focus, the day, or the appointment in focus.
pub fn update(state: &mut State, act: &Act, scene: &Scene<'_>) -> Vec<Ask> {
    let Act::Verb(verb) = *act else { return Vec::new() };
    match verb {
        Verb::Up => state.row = (state.row - 1).max(0),
        Verb::Down => state.row = (state.row + 1).min(ROWS - 1),
        Verb::PageUp => state.row = (state.row - 8).max(0),
        Verb::PageDown => state.row = (state.row + 8).min(ROWS - 1),
        Verb::First => state.row = MORNING,
        Verb::Last => state.row = ROWS - 12,
        Verb::Left => state.step(scene, false),
        Verb::Right => state.step(scene, true),
        Verb::Earlier => state.date = when::shifted(state.date, -1),
        Verb::Later => state.date = when::shifted(state.date, 1),
        Verb::GoToday => {
            *state = State::new(scene.today(), scene.now.local.time(), state.clinician);
        }
        Verb::NudgeUp => return state.nudge(scene, -1, 0),
        Verb::NudgeDown => return state.nudge(scene, 1, 0),
        Verb::NudgeBack => return state.nudge(scene, 0, -1),
        Verb::NudgeForth => return state.nudge(scene, 0, 1),
        _ => {}
    }
    Vec::new()
}

/// What stands in a slot in which nothing is booked: where free time begins how long it is, then a
/// point; nothing outside the hours of the clinician.
fn free_words(lines: &[Line], at: (Date, i64)) -> String {
    let (from, to) = (grid::row_start(at.0, at.1), grid::row_start(at.0, at.1 + 1));
    let within = lines.iter().find_map(|line| match line {
        Line::Free { start, minutes } if *start < to && when::later(*start, *minutes) > from => {
            Some((*start, *minutes))
        }
        _ => None,
    });
    match within {
        // Where it begins within a row, that one may be taken.
        Some((start, minutes)) if start <= from && when::later(start, grid::ROW) > from => {
            format!("free {}", when::length(minutes))
        }
        Some(_) => ".".to_owned(),
        None => String::new(),
    }
}

/// Draws the day.
pub fn view(state: &State, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let look = scene.look;
    let all = clinicians(scene);
    let today = if state.date == scene.today() { "" } else { "   (t today)" };
    let title = format!("{} by clinician{today}", when::long(state.date));
    paint::rule(frame, look, area, 0, (&title, "[ and ] day   1 list"));
    let room = area.width.saturating_sub(TIMES);
    let fit = usize::from((room / NARROWEST).max(1));
    let focus = state.clinician(scene);
    let at = all.iter().position(|member| Some(*member) == focus).unwrap_or(0);
    // Where there are more than fit, those around the focus are shown.
    let first = (at + 1).saturating_sub(fit);
    let shown: Vec<MemberId> = all.iter().skip(first).take(fit).copied().collect();
    let width = (room / paint::count(shown.len()).max(1)).min(WIDEST);
    let lines: Vec<Vec<Line>> =
        shown.iter().map(|member| day::lines(scene.index, Some(*member), state.date)).collect();
    for (nth, member) in shown.iter().enumerate() {
        let name = scene.index.clinicians.get(member).map_or("somebody", String::as_str);
        let style = if Some(*member) == focus { look.title() } else { Style::new() };
        let left = if nth == 0 && first > 0 { "< " } else { "" };
        let beyond = first + shown.len() < all.len() && nth + 1 == shown.len();
        let right = if beyond { " >" } else { "" };
        let room = usize::from(width).saturating_sub(1 + left.len() + right.len());
        let words = format!("{left}{}{right}", paint::cell(name, room).trim_end());
        paint::text(frame, grid::column(area, width, nth), 1, &words, style);
    }
    let body = paint::lines(area, 2, area.height.saturating_sub(3));
    let top = grid::first_row(state.row, body);
    for line in 0..body.height {
        let row = top + i64::from(line);
        if row >= ROWS {
            break;
        }
        let here = (state.date, row);
        let time = when::clock(grid::row_start(state.date, row).time());
        paint::text(frame, paint::inset(body, 1), line, &time, Style::new());
        for ((nth, member), lines) in shown.iter().enumerate().zip(&lines) {
            let rows = grid::covering(scene, here, Some(*member));
            let focused = Some(*member) == focus && row == state.row;
            let empty = free_words(lines, here);
            let cell = grid::column(body, width, nth);
            grid::slot(scene, frame, (cell, line), (here, &rows), (focused, &empty));
        }
    }
    let here = (state.date, state.row);
    let rows = grid::covering(scene, here, focus);
    let last = paint::lines(area, area.height.saturating_sub(1), 1);
    grid::foot(scene, frame, last, (here, &rows));
}
