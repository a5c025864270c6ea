//! Side panes for wide terminals: the days to come, a client's appointments, and who a note is
//! about. They show headlines only, hold no focus, and never read a chart.

use super::super::{Scene, clients, today};
use super::{day, list, paint, when};
use crate::text;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tacenda_shared::id::{AppointmentId, ClientId};

/// Days with appointments that are looked at for the days to come.
const DAYS: usize = 14;
/// Appointments of a client that have passed and are listed.
const PASSED: usize = 12;
/// From this width on the margin of a note is two panes.
const TWO_PANES: u16 = 80;

/// Draws the days after `date` that have appointments, as far as there is room.
pub fn days_after(date: Date, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let next = when::shifted(date, 1);
    let mut line = 0;
    for (date, ids) in scene.index.days.range(next..).take(DAYS) {
        if line + 1 >= area.height {
            break;
        }
        let title = when::long(*date);
        paint::rule(frame, scene.look, area, line, (&title, &held(ids, scene)));
        line += 1;
        for row in ids.iter().filter_map(|id| scene.appointment(*id)) {
            let (words, style) = today::appointment_words(row, scene, area.width.into());
            paint::text(frame, area, line, &words, style);
            line += 1;
        }
        line += 1;
    }
    if line == 0 {
        paint::rule(frame, scene.look, area, 0, ("Later", ""));
        paint::text(frame, area, 1, "Nothing is booked after this day.", Style::new());
    }
}

fn held(ids: &[AppointmentId], scene: &Scene<'_>) -> String {
    let rows = ids.iter().filter_map(|id| scene.appointment(*id));
    rows.filter(|row| !row.status.frees_the_slot()).count().to_string()
}

/// Draws the appointments of a client: what is to come first, then what has passed, newest first.
pub fn appointments(client: ClientId, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let rows = scene.index.appointments.values().filter(|row| row.is_with(client));
    let (mut coming, mut passed): (Vec<_>, Vec<_>) =
        rows.partition(|row| row.starts > scene.now.time);
    coming.sort_by_key(|row| row.starts);
    passed.sort_by_key(|row| std::cmp::Reverse(row.starts));
    let half = usize::from(area.height / 2);
    let mut line = 0;
    for (title, rows, most) in [("To come", coming, half), ("Before", passed, PASSED)] {
        paint::rule(frame, scene.look, area, line, (title, &rows.len().to_string()));
        line += 1;
        for row in rows.iter().take(most) {
            let start = day::start(row, scene.index);
            let (date, time) = (when::day_and_date(start.date()), when::clock(start.time()));
            let words = format!(
                "{} {time} {:>4}m  {}",
                paint::cell(&date, 10),
                row.slot.minutes,
                text::status(row.status),
            );
            paint::text(frame, area, line, &words, Style::new());
            line += 1;
        }
        line += 1;
    }
}

/// Draws beside a note who it is about, and beside that the day, if there is room for both.
pub fn beside_note(client: ClientId, scene: &Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Some(row) = scene.index.client(client) else { return };
    if area.width < TWO_PANES {
        clients::side(row, scene, frame, area);
        return;
    }
    let (left, right) = paint::side_by_side(frame, scene.look, area, area.width / 2 - 1);
    clients::side(row, scene, frame, left);
    let today = scene.today();
    let lines = day::lines(scene.index, scene.clinician(), today);
    let height = paint::count(lines.len()).min(area.height / 2);
    paint::rule(frame, scene.look, right, 0, (&when::long(today), ""));
    let body = paint::lines(right, 1, height);
    let top = list::top(0, lines.len(), body.height.into());
    for (at, line) in lines.iter().enumerate().skip(top).take(body.height.into()) {
        let (words, style) = today::line_words(line, scene, body.width.into());
        paint::text(frame, body, paint::count(at), &words, style);
    }
    appointments(client, scene, frame, paint::lines(right, height + 2, u16::MAX));
}
