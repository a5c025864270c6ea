//! The pages of the first run, drawn from the state alone. Each fits 60 columns by 16 rows.

use super::super::parts::{field::Field, list, paint};
use super::{ASKED, State, Step, WELCOME, zones};
use crate::message::Secret;
use crate::notice::Notice;
use crate::theme::Look;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// Draws the step at which somebody is.
pub fn view(state: &State, look: &Look, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (title, hints) = words(&state.step);
    paint::rule(frame, look, area, 0, ("Tacenda", title));
    let hint_line = area.height.saturating_sub(1);
    paint::text(frame, area, hint_line, &format!(" {hints}"), Style::new());
    let body = paint::lines(paint::inset(area, 3), 1, area.height.saturating_sub(2));
    match &state.step {
        Step::Welcome { focus } => welcome(*focus, look, frame, body),
        Step::Join => join(frame, body),
        Step::Zone { filter, focus } => zone(filter, *focus, look, frame, body),
        Step::Names { second } => names(state, *second, look, frame, body),
        Step::Passphrase { second, offered, refusal, .. } => {
            let said = (offered.as_ref(), refusal.as_ref());
            passphrase(*second, said, look, frame, body);
        }
        Step::Making => busy(frame, body, "Making the keys of your practice. This takes a moment."),
        Step::Sheet { words } => sheet(words, look, frame, body),
        Step::Check { places, fields, focus, refusal, .. } => {
            check((places, fields, *focus), refusal.as_ref(), look, frame, body);
        }
        Step::Checking { .. } => busy(frame, body, "Comparing the words."),
    }
}

const fn words(step: &Step) -> (&'static str, &'static str) {
    match step {
        Step::Welcome { .. } => ("first run", "Enter choose   F10 quit"),
        Step::Join => ("join", "Esc back   F10 quit"),
        Step::Zone { .. } => ("1 of 5: time zone", "type to find   Enter choose   Esc back"),
        Step::Names { .. } => ("2 of 5: names", "Enter next   Tab other field   Esc back"),
        Step::Passphrase { second: true, .. } => {
            ("3 of 5: passphrase", "Enter next   Esc starts the passphrase again")
        }
        Step::Passphrase { .. } => ("3 of 5: passphrase", "Enter next   Tab six words   Esc back"),
        Step::Making => ("3 of 5: passphrase", "one moment"),
        Step::Sheet { .. } => ("4 of 5: recovery sheet", "Enter: I have written it down"),
        Step::Check { .. } => ("5 of 5: type back", "Enter next   Esc shows the sheet again"),
        Step::Checking { .. } => ("5 of 5: type back", "one moment"),
    }
}

fn welcome(focus: usize, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let words = "Your practice lives on your devices. What leaves them is sealed: a server can \
                 keep it and cannot read it.";
    let line = paint::paragraph(frame, area, 1, words, Style::new()) + 1;
    let body = paint::lines(area, line, u16::MAX);
    for (at, words) in WELCOME.iter().enumerate() {
        paint::row(frame, look, body, paint::count(at), (words, Style::new(), at == focus));
    }
}

fn join(frame: &mut Frame<'_>, area: Rect) {
    let words = "Both are started from the shell, so leave here with F10 first.\n\
                 \n\
                 To join a practice:\n\
                 1. On a device that has it, run: tacenda pair\n\
                 2. On this computer, run the command that it shows.\n\
                 3. Type the code that it shows.\n\
                 Without any device, with the recovery sheet:\n\
                 tacenda join --recover --server HOST:PORT\n\
                 \n\
                 To look around in a practice that is made up: tacenda demo";
    paint::paragraph(frame, area, 1, words, Style::new());
    frame.set_cursor_position(Position::new(area.x, area.y));
}

fn zone(filter: &Field, focus: usize, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let words = "In which time zone is the practice? Appointments keep its local time, also when \
                 this computer travels. Type a city.";
    let line = paint::paragraph(frame, area, 0, words, Style::new()) + 1;
    let names = zones(filter.text());
    let body = paint::lines(area, line + 2, u16::MAX);
    let top = list::top(focus, names.len(), body.height.into());
    for (at, name) in names.iter().enumerate().skip(top).take(body.height.into()) {
        let line = paint::count(at - top);
        paint::row(frame, look, body, line, (name, Style::new(), at == focus));
    }
    if names.is_empty() {
        paint::text(frame, body, 0, "  No zone has that name.", Style::new());
    }
    paint::text(frame, area, line, "/", look.title());
    let field = paint::lines(area, line, 1);
    filter.view(frame, look, Rect { x: field.x + 1, width: 40.min(area.width - 1), ..field }, true);
}

fn names(state: &State, second: bool, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let fields = [
        ("Your name", "as colleagues know it", &state.clinician, !second),
        ("This computer", "for example laptop", &state.device, second),
    ];
    let mut line = 1;
    for (label, words, field, focused) in fields {
        paint::text(frame, area, line, label, look.title());
        let row = paint::lines(area, line, 1);
        let row = Rect { x: row.x + 16, width: 34.min(row.width.saturating_sub(16)), ..row };
        field.view(frame, look, row, focused);
        paint::text(frame, Rect { x: row.x, ..area }, line + 1, words, Style::new());
        line += 3;
    }
}

fn passphrase(
    second: bool,
    (offered, refusal): (Option<&Secret>, Option<&Notice>),
    look: &Look,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let words = "At least 15 characters. A sentence that nobody says, or six random words, is \
                 easier to keep than symbols. Nobody can reset it.";
    let mut line = paint::paragraph(frame, area, 0, words, Style::new()) + 1;
    let label = if second { "The same again" } else { "Passphrase" };
    paint::text(frame, area, line, label, look.title());
    let field = Rect { x: area.x + 16, y: area.y + line, width: 34, height: 1 };
    let blank = " ".repeat(34.min(usize::from(area.width.saturating_sub(16))));
    frame.buffer_mut().set_stringn(field.x, field.y, blank, 34, look.field());
    let quiet = Rect { x: field.x, width: area.width.saturating_sub(16), ..area };
    paint::text(frame, quiet, line + 1, "(nothing is echoed, not even length)", Style::new());
    line += 3;
    if let Some(words) = offered {
        let lead = "Chance has chosen these. Enter takes them and asks for them once more.";
        line = paint::paragraph(frame, area, line, lead, Style::new()) + 1;
        line = paint::paragraph(frame, area, line, &words.0, look.title()) + 1;
    } else if !second {
        let lead = "Tab chooses six words by chance.";
        line = paint::paragraph(frame, area, line, lead, Style::new()) + 1;
    }
    if let Some(notice) = refusal {
        paint::notice(frame, look, area, line, notice);
    }
    frame.set_cursor_position(Position::new(field.x, field.y));
}

fn busy(frame: &mut Frame<'_>, area: Rect, words: &str) {
    paint::paragraph(frame, area, 2, words, Style::new());
    frame.set_cursor_position(Position::new(area.x, area.y + 2));
}

/// Four columns of six words.
fn sheet(words: &Secret, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let lead = "Write these words on paper, in order, and keep it where only you can reach it.";
    let line = paint::paragraph(frame, area, 0, lead, look.title()) + 1;
    let all: Vec<&str> = words.0.split_whitespace().collect();
    let rows = all.len().div_ceil(4).max(1);
    for (at, word) in all.iter().enumerate() {
        let column = paint::count(at / rows) * 13;
        let cell = Rect {
            x: area.x + column.min(area.width),
            width: 12.min(area.width.saturating_sub(column)),
            ..area
        };
        let words = format!("{:>2} {word}", at + 1);
        paint::text(frame, cell, line + paint::count(at % rows), &words, Style::new());
    }
    let line = line + paint::count(rows) + 1;
    let truth = "The sheet alone brings nothing back: it opens a server's copy or a backup. Until \
                 you have one of them, this computer holds the only copy.";
    paint::paragraph(frame, area, line, truth, Style::new());
    frame.set_cursor_position(Position::new(area.x, area.y));
}

fn check(
    (places, fields, focus): (&[usize; ASKED], &[Field; ASKED], usize),
    refusal: Option<&Notice>,
    look: &Look,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let lead = "Type these words from your paper.";
    let mut line = paint::paragraph(frame, area, 0, lead, Style::new()) + 1;
    for (at, (place, field)) in places.iter().zip(fields).enumerate() {
        paint::text(frame, area, line, &format!("Word {place}"), look.title());
        let row = paint::lines(area, line, 1);
        let row = Rect { x: row.x + 10, width: 20.min(row.width.saturating_sub(10)), ..row };
        field.view(frame, look, row, at == focus);
        line += 1;
    }
    if let Some(notice) = refusal {
        paint::notice(frame, look, area, line + 1, notice);
    }
}
