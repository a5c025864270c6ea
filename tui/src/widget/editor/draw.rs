//! Draws the visible part of a text into cells. Nothing that a terminal would obey is drawn.

use super::Editor;
use super::layout::{Placed, Row, Walker, column_of, place, text_of};
use crate::widget::safe;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

impl Editor {
    /// Draws into `area`, which should have the size that [`Editor::resize`] was told. The
    /// selection is reversed if the editor has the focus, carets of others are underlined
    /// and named at the end of their row.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, style: Style, focused: bool) {
        let area = area.intersection(buffer.area);
        let selection = self.selection().filter(|_| focused);
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        for y in area.top()..area.bottom() {
            self.draw_row(walker.row(), Rect { y, height: 1, ..area }, buffer, style, selection);
            if !walker.down() {
                break;
            }
        }
    }

    /// Returns the cell for the terminal's cursor, if the caret is inside `area`.
    pub fn caret_cell(&self, area: Rect) -> Option<Position> {
        let wanted = Walker::at(&self.rope, self.caret, self.wrap()).row();
        let mut walker = Walker::at(&self.rope, self.top, self.wrap());
        for y in area.top()..area.bottom() {
            if walker.row().start == wanted.start {
                let last = area.width.checked_sub(1)?;
                let column = column_of(&self.rope, wanted, self.caret).min(usize::from(last));
                return Some(Position { x: area.x + u16::try_from(column).ok()?, y });
            }
            if !walker.down() {
                break;
            }
        }
        None
    }

    fn draw_row(
        &self,
        row: Row,
        area: Rect,
        buffer: &mut Buffer,
        style: Style,
        selection: Option<(usize, usize)>,
    ) {
        let selected =
            |position| selection.is_some_and(|(from, to)| from <= position && position < to);
        let text = text_of(&self.rope, row);
        let mut column = 0;
        for placed in place(&text, row.start) {
            let mut style = style;
            if selected(placed.position) {
                style = style.add_modifier(Modifier::REVERSED);
            }
            if self.is_marked(placed.position) {
                style = style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
            }
            draw_cluster(&placed, area, buffer, style);
            column = placed.column + placed.columns;
        }
        self.label(row, column, area, buffer, style);
        if row.soft {
            return;
        }
        // The end of a paragraph shows that it is selected, or that somebody stands there.
        let mut end = style;
        if selected(row.end) {
            end = end.add_modifier(Modifier::REVERSED);
        }
        if self.is_marked(row.end) {
            end = end.add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
        }
        if end != style {
            paint(" ", column, area, buffer, end);
        }
    }

    fn is_marked(&self, position: usize) -> bool {
        self.marks.iter().any(|mark| mark.position == position)
    }

    /// Names at the end of a row those whose carets are in it, where the row leaves room. The
    /// names stand above the text as well, so that nothing hangs on this.
    fn label(&self, row: Row, used: usize, area: Rect, buffer: &mut Buffer, style: Style) {
        let here = |position| {
            row.start <= position && (position < row.end || (position == row.end && !row.soft))
        };
        let names = self.marks.iter().filter(|mark| here(mark.position)).map(|mark| &mark.name);
        let names = names.map(|name| safe::truncated(name, LABEL_COLUMNS, true));
        let label = names.collect::<Vec<_>>().join(", ");
        let width = safe::columns(&label) + 2;
        let room = usize::from(area.width).saturating_sub(used + 2);
        if label.is_empty() || width > room {
            return;
        }
        let style = style.add_modifier(Modifier::BOLD);
        let start = usize::from(area.width) - width;
        let mut column = start;
        for piece in format!("< {label}").graphemes(true) {
            paint(piece, column, area, buffer, style);
            column += piece.width();
        }
    }
}

/// Columns of one name beside a row.
const LABEL_COLUMNS: usize = 16;

fn draw_cluster(placed: &Placed<'_>, area: Rect, buffer: &mut Buffer, style: Style) {
    if placed.cluster == "\t" {
        for column in placed.column..placed.column + placed.columns {
            paint(" ", column, area, buffer, style);
        }
        return;
    }
    let shown = safe::shown(placed.cluster);
    let mut column = placed.column;
    for piece in shown.graphemes(true) {
        paint(piece, column, area, buffer, style);
        column += piece.width();
    }
}

/// Paints one harmless cluster; a wide one that would stick out is left away.
fn paint(symbol: &str, column: usize, area: Rect, buffer: &mut Buffer, style: Style) {
    let width = symbol.width();
    if column + width > usize::from(area.width) {
        return;
    }
    let Ok(column) = u16::try_from(column) else { return };
    if let Some(cell) = buffer.cell_mut((area.x + column, area.y)) {
        cell.set_symbol(symbol).set_style(style);
    }
    for hidden in 1..u16::try_from(width).unwrap_or(1) {
        if let Some(cell) = buffer.cell_mut((area.x + column + hidden, area.y)) {
            cell.reset();
        }
    }
}
