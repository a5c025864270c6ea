//! Draws the model and nothing else. Row 1 lists the screens, the last row hints at keys, the
//! last but one says what was done; the rest belongs to the screen.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod tests;

use crate::keymap::{self, Context};
use crate::model::{Desk, Model, Stage};
use crate::screen::parts::{paint, when};
use crate::screen::{Screen, demo, handover, lock, setup, sync};
use crate::text;
use crate::theme::Look;
use crate::update::front_desk;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// Draws everything.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let look = Look { columns: area.width, rows: area.height, ..model.look };
    if look.too_small() {
        let least = (Look::LEAST_COLUMNS, Look::LEAST_ROWS);
        let words = format!("need {}x{}, have {}x{}", least.0, least.1, area.width, area.height);
        paint::text(frame, area, 0, &words, Style::new());
        frame.set_cursor_position(Position::new(area.x, area.y));
        return;
    }
    match &model.stage {
        Stage::Locked(state) => lock::view(state, &model.place, &model.now, &look, frame),
        Stage::Open(desk) => match &desk.handed {
            Some(handed) => handover::view(handed, &look, desk.is_warned(&model.now), frame),
            None => open(model, desk, frame),
        },
        Stage::Setup(state) => setup::view(state, &look, frame),
        Stage::Starting => paint::text(frame, area, 0, " Tacenda", look.title()),
    }
}

fn open(model: &Model, desk: &Desk, frame: &mut Frame<'_>) {
    let area = frame.area();
    let scene = model.scene(desk);
    let tall = desk.screens.last().is_some_and(Screen::is_tall);
    let first = if tall { 0 } else { 1 };
    let body = paint::lines(area, first, area.height.saturating_sub(2 + first));
    if !tall {
        tabs(model, desk, frame, paint::lines(area, 0, 1));
    }
    if let Some(screen) = desk.screens.last() {
        match (screen, &model.demo) {
            (Screen::Today(_), Some(demo)) => {
                let (own, card) = demo::room(demo, &scene, body);
                screen.view(&scene, frame, own);
                demo::card(demo, &scene, frame, card);
            }
            (Screen::Note(_), Some(demo)) if demo.split => {
                let width = demo::text_columns(Some(demo), body.width);
                let (text, kept) = paint::side_by_side(frame, &model.look, body, width);
                demo::kept(demo, &scene, frame, kept);
                screen.view(&scene, frame, text);
            }
            _ => screen.view(&scene, frame, body),
        }
    }
    for overlay in desk.overlays.iter().rev() {
        overlay.view(&scene, frame);
    }
    status(model, desk, frame, paint::lines(area, area.height.saturating_sub(2), 1));
    hints(model, desk, frame, paint::lines(area, area.height.saturating_sub(1), 1));
    if !desk.pending.is_empty() {
        which_key(model, desk, frame);
    }
}

fn tabs(model: &Model, desk: &Desk, frame: &mut Frame<'_>, area: Rect) {
    let waiting = desk.digest.unfinished.len();
    let finish =
        if waiting == 0 { "4 To finish".to_owned() } else { format!("4 To finish({waiting})") };
    let conflicts = desk.digest.conflicts.len();
    let sync = if conflicts == 0 { "7 Sync".to_owned() } else { format!("7 Sync({conflicts}!)") };
    let tabs = ["1 Today", "2 Week", "3 Clients", &finish, &sync];
    let shown = desk.screens.first().map(|screen| match screen {
        Screen::Month(_) | Screen::Week(_) => 1,
        Screen::Attachment(_)
        | Screen::Attachments(_)
        | Screen::Chart(_)
        | Screen::Clients(_)
        | Screen::Consents(_)
        | Screen::Crisis(_)
        | Screen::Identity(_)
        | Screen::Journal(_)
        | Screen::Measures(_)
        | Screen::Plan(_)
        | Screen::Psychotherapy(_)
        | Screen::Report(_) => 2,
        Screen::Finish(_) => 3,
        Screen::Sync(_) => 4,
        Screen::Booking(_)
        | Screen::Columns(_)
        | Screen::Note(_)
        | Screen::Read(_)
        | Screen::Today(_)
        | Screen::Waiting(_) => 0,
    });
    let mut column = 1;
    for (at, words) in tabs.iter().enumerate() {
        let rest = Rect { x: area.x + column, width: area.width.saturating_sub(column), ..area };
        let style = if shown == Some(at) {
            model.look.field().patch(model.look.title())
        } else {
            Style::new()
        };
        paint::text(frame, rest, 0, words, style);
        column = column.saturating_add(paint::count(safe::columns(words))).saturating_add(2);
    }
    let time = when::clock(model.now.local.time());
    if column + 6 < area.width {
        paint::right(frame, paint::inset(area, 1), 0, &time, Style::new());
    }
}

fn status(model: &Model, desk: &Desk, frame: &mut Frame<'_>, area: Rect) {
    let look = &model.look;
    let scene = model.scene(desk);
    let names = if model.veil { "names hidden (F9)" } else { "names shown (F9)" };
    let line = match (desk.whole.is_some(), desk.line.as_str()) {
        (false, "") => names.to_owned(),
        (false, line) => line.to_owned(),
        // Whatever else is said, so that nobody takes it for all that there is.
        (true, "") => format!("{}   {names}", front_desk::WORDS),
        (true, line) => format!("{}: {line}", front_desk::WORDS),
    };
    let mode = match (desk.overlays.is_empty(), desk.screens.last()) {
        (true, Some(Screen::Note(note))) => note.mode_words(),
        _ => None,
    };
    let line = mode.map_or_else(|| line.clone(), |mode| format!("{mode}   {line}"));
    let saved = match desk.history.waiting.len() {
        0 => "saved".to_owned(),
        count => format!("saving {count}"),
    };
    let right = format!("{saved}  {}", sync::link_words(&scene));
    let right_width = paint::count(safe::columns(&right)) + 1;
    let inside = paint::inset(area, 1);
    // What was just done, or why it was not, is worth more than the state of the link.
    if !desk.is_warned(&model.now)
        && !desk.line.is_empty()
        && safe::columns(&line) + usize::from(right_width) + 1 > usize::from(inside.width)
    {
        return paint::text(frame, inside, 0, &line, Style::new());
    }
    let left = Rect { width: inside.width.saturating_sub(right_width + 1), ..inside };
    if desk.is_warned(&model.now) {
        paint::text(frame, left, 0, text::LOCKS_SOON, look.alarm());
    } else {
        paint::text(frame, left, 0, &line, Style::new());
    }
    paint::right(frame, inside, 0, &right, Style::new());
}

fn hints(model: &Model, desk: &Desk, frame: &mut Frame<'_>, area: Rect) {
    let situation = model.situation(desk);
    let rows = keymap::hints(desk.contexts(), &situation);
    let end = ways_out(desk);
    let end_width = safe::columns(&end) + 2;
    let mut words = String::new();
    for row in rows.iter().filter(|row| !matches!(row.hint, "quit" | "help")).take(8) {
        let hint = format!("{} {}  ", row.hint_key(), row.hint);
        let width = usize::from(area.width).saturating_sub(end_width + 1);
        if safe::columns(&words) + safe::columns(&hint) > width {
            break;
        }
        words.push_str(&hint);
    }
    words.push_str(&end);
    paint::text(frame, paint::inset(area, 1), 0, &words, Style::new());
}

/// How a layer is left, and where all commands are.
fn ways_out(desk: &Desk) -> String {
    let holds = |context| desk.contexts().contains(&context);
    let out = if holds(Context::Note) && has_modes(desk) {
        ":q back (text is kept)"
    } else if holds(Context::Note) {
        "Esc back (text is kept)"
    } else if holds(Context::Review) {
        "Esc go on writing"
    } else {
        "Esc back"
    };
    let commands = if desk.is_typing() { "Ctrl+K commands" } else { ": commands" };
    if desk.is_typing() || desk.screens.len() > 1 || !desk.overlays.is_empty() {
        format!("{out}  {commands}")
    } else {
        "q quit  ? help".to_owned()
    }
}

/// Whether Esc does not lead out of the note in front.
fn has_modes(desk: &Desk) -> bool {
    matches!(desk.screens.last(), Some(Screen::Note(note)) if note.mode_words().is_some())
}

/// Shows at once what can follow a prefix.
fn which_key(model: &Model, desk: &Desk, frame: &mut Frame<'_>) {
    let situation = model.situation(desk);
    let rows = keymap::after(desk.contexts(), &desk.pending);
    let prefix = keymap::strokes_words(&desk.pending);
    let height = paint::count(rows.len()) + 2;
    let title = format!("{prefix} ...");
    let inside = paint::popup(frame, &model.look, (48, height), (&title, "Esc back"));
    for (line, (key, row)) in rows.iter().enumerate() {
        let reason = (row.when)(&situation).map(|reason| format!("   ({reason})"));
        let key = keymap::strokes_words(&[*key]);
        let words = format!("{key:<4}{}{}", row.help, reason.unwrap_or_default());
        paint::text(frame, inside, paint::count(line), &words, Style::new());
    }
    frame.set_cursor_position(Position::new(inside.x, inside.y));
}
