//! Draws the note screen from its state alone.

use super::find::{Finding, Step};
use super::{Look, State};
use crate::text;
use crate::widget::editor::Editor;
use crate::widget::field::Field;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use tacenda_shared::practice::edit::Label;

/// Rows above the parts: what note this is, and what state it is in.
const HEADER: u16 = 2;

/// Whose note it is, as the veil allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heading<'a> {
    /// What is written: `Note` or `Addendum`.
    pub kind: &'a str,
    /// Code or name of the client.
    pub client: &'a str,
    /// Which session it is about, or when it was begun; for example `Sun 22 Nov 09:00-09:50`.
    pub session: &'a str,
}

/// Draws the screen into `area`, which should have the size that [`State::resize`] was told, and
/// puts the terminal's cursor on the caret.
pub fn view(state: &State, heading: &Heading<'_>, frame: &mut Frame<'_>, area: Rect, look: &Look) {
    let buffer = frame.buffer_mut();
    header(state, heading, area, buffer, *look);
    let cursor = match &state.review {
        Some(review) => {
            let page = below(area, 1);
            review.draw(page, buffer, *look)
        }
        None => parts(state, area, buffer, *look),
    };
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
}

/// Returns how many rows of text all parts have together.
pub(super) fn body_rows(rows: u16, parts: usize) -> u16 {
    let headings = u16::try_from(parts).unwrap_or(u16::MAX);
    rows.saturating_sub(HEADER).saturating_sub(headings)
}

/// Divides `rows` among the parts: one for each, then what the focused one needs, then the others.
pub(super) fn shares(needs: &[u16], focus: usize, rows: u16) -> Vec<u16> {
    let mut shares = vec![0_u16; needs.len()];
    let mut left = rows;
    let order = std::iter::once(focus).chain((0..needs.len()).filter(|part| *part != focus));
    for least in [true, false] {
        for part in order.clone() {
            let (Some(share), Some(need)) = (shares.get_mut(part), needs.get(part)) else {
                continue;
            };
            let wanted = if least { 1 } else { need.saturating_sub(*share) };
            let given = wanted.min(left);
            *share += given;
            left -= given;
        }
    }
    shares
}

/// Draws one row of harmless text, cut to the area.
pub(crate) fn line(
    buffer: &mut Buffer,
    area: Rect,
    row: u16,
    text: &str,
    style: Style,
    look: Look,
) {
    if row < area.height {
        let text = safe::truncated(text, usize::from(area.width), look.ascii);
        let area = area.intersection(buffer.area);
        buffer.set_stringn(area.x, area.y + row, text, usize::from(area.width), style);
    }
}

/// Draws a rule with a title on it.
pub(crate) fn rule(buffer: &mut Buffer, area: Rect, row: u16, title: &str, look: Look) {
    let dash = if look.ascii { "-" } else { "─" };
    let used = safe::columns(title) + 4;
    let rest = usize::from(area.width).saturating_sub(used);
    let text = format!("{} {title} {}", dash.repeat(2), dash.repeat(rest));
    line(buffer, area, row, &text, Style::new().add_modifier(Modifier::BOLD), look);
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// The kind of a heading over what a client wrote.
pub(crate) const JOURNAL: &str = "Journal";

/// The kind of a heading over a psychotherapy note, and over what is added to one.
pub(crate) const APART: &str = "Psychotherapy note";
pub(crate) const ADDED_APART: &str = "Addendum to a psychotherapy note";

fn header(state: &State, heading: &Heading<'_>, area: Rect, buffer: &mut Buffer, look: Look) {
    let format = match (state.format, heading.kind) {
        // What a client wrote is divided in no way.
        (_, JOURNAL | APART | ADDED_APART) => "",
        (format, _) => format.title(),
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let left = format!("{}  {}  {}   {format}", heading.kind, heading.client, heading.session);
    let right = format!("DRAFT  {}", text::counted(state.counters.words, "word", "words"));
    both(buffer, area, 0, (&left, &right), bold, look);
    if state.review.is_some() {
        return;
    }
    let saved = match state.counters.saved {
        Some(time) => format!(
            "saved {:02}:{:02}:{:02}, {}",
            time.hour(),
            time.minute(),
            time.second(),
            unsaved(state.counters.unsaved)
        ),
        None => unsaved(state.counters.unsaved),
    };
    let hint = tabs(state);
    let company = company(state);
    let said = [Label::list(&state.labels), company];
    let said: Vec<_> = said.into_iter().filter(|words| !words.is_empty()).collect();
    let left = if said.is_empty() { hint } else { said.join("   ") };
    both(buffer, area, 1, (&left, &saved), Style::new(), look);
}

/// The letters of the parts, and how to come to the next.
fn tabs(state: &State) -> String {
    if state.editors.len() < 2 {
        return String::new();
    }
    let letters = state.editors.iter().map(|editor| editor.part().letter());
    let letters: Vec<_> = letters.filter(|letter| !letter.is_empty()).collect();
    format!("{}   [Tab] next part", letters.join("  "))
}

/// Who else has this note open, and who has seen what was written; empty if nobody.
fn company(state: &State) -> String {
    let mut words = Vec::new();
    let names: Vec<&str> = state.beside.iter().map(|beside| beside.name.as_str()).collect();
    match names.as_slice() {
        [] => {}
        [name] => words.push(format!("{} is in this note", name_words(name))),
        [..] => words.push(format!("{} devices are in this note", names.len())),
    }
    let seen: Vec<String> = state.seen_by.iter().map(|name| name_words(name)).collect();
    if !seen.is_empty() {
        words.push(format!("seen by {}", seen.join(", ")));
    }
    words.join("   ")
}

/// A name that another device gave itself, bounded.
fn name_words(name: &str) -> String {
    safe::truncated(name, NAME_COLUMNS, true)
}

/// Columns of a device's name.
const NAME_COLUMNS: usize = 16;

fn unsaved(keys: u64) -> String {
    match keys {
        1 => "1 key unsaved".to_owned(),
        keys => format!("{keys} keys unsaved"),
    }
}

/// Draws one text at the left and one at the right; the right one is whole.
fn both(
    buffer: &mut Buffer,
    area: Rect,
    row: u16,
    (left, right): (&str, &str),
    style: Style,
    look: Look,
) {
    let width = u16::try_from(safe::columns(right)).unwrap_or(u16::MAX).min(area.width);
    let room = area.width - width;
    line(buffer, Rect { width: room.saturating_sub(1), ..area }, row, left, style, look);
    line(buffer, Rect { x: area.x + room, width, ..area }, row, right, style, look);
}

fn parts(state: &State, area: Rect, buffer: &mut Buffer, look: Look) -> Option<Position> {
    let mut rest = below(area, HEADER);
    let mut cursor = None;
    for (index, editor) in state.editors.iter().enumerate() {
        let focused = index == state.focus;
        rule(buffer, rest, 0, &title(editor, focused), look);
        rest = below(rest, 1);
        let (_, rows) = editor.size();
        let text = Rect { height: rows.min(rest.height), ..rest };
        editor.draw(text, buffer, Style::new(), focused);
        if focused {
            cursor = editor.caret_cell(text);
        }
        rest = below(rest, rows);
    }
    let picking = state.draw_pane(area, buffer, look);
    match (&state.finding, &state.asking) {
        (Some(finding), _) => find_row(state, finding, area, buffer, look).or(cursor),
        (None, Some(field)) => prompt(":", Some(field), "", area, buffer, look),
        (None, None) => {
            state.draw_popup(cursor, area, buffer, look);
            picking.or(cursor)
        }
    }
}

fn title(editor: &Editor, focused: bool) -> String {
    let letter = match editor.part().letter() {
        "" => String::new(),
        letter => format!("{letter}  "),
    };
    let more = match editor.hidden() {
        (false, false) => "",
        (false, true) => "  (more below)",
        (true, false) => "  (more above)",
        (true, true) => "  (more above and below)",
    };
    let mark = if focused { "> " } else { "" };
    let names: Vec<String> = editor.names_here().map(name_words).collect();
    let here =
        if names.is_empty() { String::new() } else { format!("  ({} here)", names.join(", ")) };
    format!("{mark}{letter}{}{more}{here}", editor.part().title())
}

/// The prompt in the row below the text. While each place is asked about, the cursor stays there.
fn find_row(
    state: &State,
    finding: &Finding,
    area: Rect,
    buffer: &mut Buffer,
    look: Look,
) -> Option<Position> {
    let quoted = |field: &Field| {
        let words = safe::truncated(field.text(), QUOTED_COLUMNS, look.ascii);
        format!("\"{words}\"")
    };
    let count = match (finding.number, finding.all) {
        (_, 0) => String::new(),
        (Some(number), all) => format!("{number} of {all}"),
        (None, all) => format!("{all} here"),
    };
    let needle = &state.needle;
    match finding.step() {
        Step::Needle => {
            let none = finding.all == 0 && !needle.is_empty();
            let label = if none { "Find (not in this note): " } else { "Find: " };
            prompt(label, Some(needle), &count, area, buffer, look)
        }
        Step::Replacement => {
            let label = format!("Replace {} with: ", quoted(needle));
            prompt(&label, Some(&state.replacement), &count, area, buffer, look)
        }
        Step::Asking => {
            let (old, new) = (quoted(needle), quoted(&state.replacement));
            let part = format!("{count}, {} in this part", finding.here);
            let label = format!("Replace {old} with {new}?");
            prompt(&label, None, &part, area, buffer, look)
        }
    }
}

/// Columns of a text that is quoted in a prompt.
const QUOTED_COLUMNS: usize = 16;

/// Draws a prompt into the last row: what is asked, the field, and at the right what is known.
fn prompt(
    label: &str,
    field: Option<&Field>,
    right: &str,
    area: Rect,
    buffer: &mut Buffer,
    look: Look,
) -> Option<Position> {
    let row = Rect { y: area.y + area.height.checked_sub(1)?, height: 1, ..area };
    let style = Style::new().add_modifier(Modifier::REVERSED);
    line(buffer, row, 0, &" ".repeat(usize::from(area.width)), style, look);
    line(buffer, row, 0, label, style, look);
    let used = u16::try_from(safe::columns(label)).unwrap_or(0).min(row.width);
    let told = u16::try_from(safe::columns(right)).unwrap_or(0);
    let room = (row.width - used).saturating_sub(told + 1);
    if !right.is_empty() && room > 0 {
        let place = Rect { x: row.x + row.width - told, width: told, ..row };
        line(buffer, place, 0, right, style, look);
    }
    field?.draw(Rect { x: row.x + used, width: room.max(1), ..row }, buffer, style)
}
