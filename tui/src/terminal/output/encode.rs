//! The bytes that turn what the terminal shows into the next frame.

use super::super::pen::Pen;
use super::super::travel::{Place, travel};
use super::{Cursor, Output, Shown, Sink, wipe};

/// Blank columns at the end of a row, from which on erasing is shorter than writing.
const ERASE_FROM: usize = 3;

/// Most characters that are written anew instead of jumping over them.
const REWRITE_LIMIT: usize = 8;

/// Frames over this many bytes hide the cursor while they are drawn, if nothing else keeps it
/// from being seen on its way.
const HIDE_OVER: usize = 48;

const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";
const HIDE: &[u8] = b"\x1b[?25l";
const SHOW: &[u8] = b"\x1b[?25h";

impl<S: Sink> Output<S> {
    /// Puts the bytes of the next frame behind those that wait; none if nothing has changed.
    pub(super) fn encode(&mut self) {
        let before = self.cursor;
        let mut body = std::mem::take(&mut self.scratch);
        if self.unknown {
            self.start_anew(&mut body);
            self.encode_rows(&mut body);
        } else {
            self.encode_rows_moved(&mut body);
        }
        let drawn = body.len();
        if let Some(focus) = self.focus {
            body.extend(travel(self.cursor.place, focus, None, &self.profile.family));
            self.cursor.place = Some(focus);
        }
        self.wrap(before, drawn, &mut body);
        wipe(&mut body);
        self.scratch = body;
    }

    /// Adds what goes around the body of a frame: the cursor's hiding, and the marks of DEC 2026.
    fn wrap(&mut self, before: Cursor, drawn: usize, body: &mut Vec<u8>) {
        let family = self.profile.family;
        let show = self.focus.is_some();
        let mut hidden_first = false;
        if family.cursor_hides {
            let known = !std::mem::take(&mut self.unknown);
            if show && !family.synchronized && before.visible && drawn > HIDE_OVER {
                hidden_first = true;
                body.extend_from_slice(SHOW);
            } else if !known || before.visible != show {
                body.extend_from_slice(if show { SHOW } else { HIDE });
            }
            self.cursor.visible = show;
        }
        self.unknown = false;
        if body.is_empty() {
            return;
        }
        self.frames += 1;
        if family.synchronized {
            self.waiting.extend_from_slice(BEGIN_FRAME);
        }
        if hidden_first {
            self.waiting.extend_from_slice(HIDE);
        }
        self.waiting.extend_from_slice(body);
        if family.synchronized {
            self.waiting.extend_from_slice(END_FRAME);
        }
    }

    fn start_anew(&mut self, body: &mut Vec<u8>) {
        body.extend_from_slice(b"\x1b[m\x1b[H\x1b[2J");
        if std::mem::take(&mut self.erase) && self.profile.family.erases_history {
            body.extend_from_slice(b"\x1b[3J");
        }
        self.shown.fill(Shown::blank());
        self.dirty.fill(true);
        self.cursor.place = Some(Place { column: 0, row: 0 });
        self.cursor.pen = Some(Pen::default());
    }

    /// Encodes the rows that may differ.
    pub(super) fn encode_rows(&mut self, body: &mut Vec<u8>) {
        for row in 0..self.rows {
            if std::mem::take(self.dirty.get_mut(usize::from(row)).unwrap_or(&mut false)) {
                self.encode_row(row, body);
            }
        }
    }

    /// Writes the cells of a row that differ.
    pub(super) fn write_row(&mut self, row: u16, body: &mut Vec<u8>) {
        let width = usize::from(self.columns);
        let start = usize::from(row) * width;
        let changed = self.changed_columns(start, width);
        let Some(last_change) = changed.iter().rposition(|&changed| changed) else { return };
        let text_end = self
            .next
            .get(start..start + width)
            .and_then(|cells| cells.iter().rposition(|shown| *shown != Shown::blank()))
            .map_or(0, |last| last + 1);
        let erase = last_change >= text_end
            && changed.iter().skip(text_end).filter(|&&changed| changed).count() > ERASE_FROM;
        let end = if erase { text_end } else { width };

        let mut column = 0;
        while column < end {
            let step = self.next.get(start + column).map_or(1, |shown| usize::from(shown.width));
            if changed.get(column).copied().unwrap_or(false) {
                self.write_cell(row, column, start, body);
            }
            column += step.max(1);
        }
        if erase {
            self.erase_rest(row, text_end, &changed, body);
        }
        let range = start..start + width;
        if let (Some(shown), Some(next)) = (self.shown.get_mut(range.clone()), self.next.get(range))
        {
            shown.clone_from_slice(next);
        }
    }

    /// Which columns have to be written: those that differ, and those that a wide or an
    /// uncertain glyph to the left takes along when it goes or comes.
    fn changed_columns(&self, start: usize, width: usize) -> Vec<bool> {
        let mut changed = vec![false; width];
        let mut spill = 0;
        for (column, mark) in changed.iter_mut().enumerate() {
            let (Some(shown), Some(next)) =
                (self.shown.get(start + column), self.next.get(start + column))
            else {
                break;
            };
            let differs = shown != next;
            *mark = differs || spill > 0;
            spill = usize::saturating_sub(spill, 1);
            if differs {
                for glyph in [shown, next] {
                    let reach = usize::from(glyph.width.saturating_sub(1));
                    let uncertain = usize::from(glyph.width > 0 && !glyph.glyph.is_certain());
                    spill = spill.max(reach + uncertain);
                }
            }
        }
        changed
    }

    fn write_cell(&mut self, row: u16, column: usize, start: usize, body: &mut Vec<u8>) {
        let Some(cell) = self.next.get(start + column).cloned() else { return };
        if cell.width == 0 {
            return;
        }
        self.go(row, column, start, body);
        if !self.suits(&cell) {
            self.take_pen(cell.pen, body);
        }
        let here = u16::try_from(column).unwrap_or(u16::MAX);
        if cell.glyph.is_certain() {
            body.extend_from_slice(cell.glyph.to_string().as_bytes());
            let after = here + cell.width;
            // Behind the last column terminals differ on where the cursor is.
            self.cursor.place = (after < self.columns).then_some(Place { column: after, row });
            return;
        }
        if cell.width > 1 {
            // A terminal that takes it for narrower must not leave an old half beside it.
            body.extend(std::iter::repeat_n(b' ', usize::from(cell.width)));
            self.cursor.place = None;
            self.go(row, column, start, body);
        }
        body.extend_from_slice(cell.glyph.to_string().as_bytes());
        self.cursor.place = None;
    }

    /// Erases from the first changed column at or after `from` to the end of the row.
    fn erase_rest(&mut self, row: u16, from: usize, changed: &[bool], body: &mut Vec<u8>) {
        let start = usize::from(row) * usize::from(self.columns);
        let first = changed.iter().skip(from).position(|&changed| changed).unwrap_or(0);
        self.go(row, from + first, start, body);
        if !self.cursor.pen.is_some_and(Pen::erases_plainly) {
            self.take_pen(Pen::default(), body);
        }
        body.extend_from_slice(b"\x1b[K");
    }

    pub(super) fn go(&mut self, row: u16, column: usize, start: usize, body: &mut Vec<u8>) {
        let to = Place { column: u16::try_from(column).unwrap_or(u16::MAX), row };
        let between = self.rewritable(to, start);
        body.extend(travel(self.cursor.place, to, between.as_deref(), &self.profile.family));
        self.cursor.place = Some(to);
    }

    /// The characters between the cursor and a place in the same row, if they stand there already,
    /// are few, and are written with the pen at hand.
    fn rewritable(&self, to: Place, start: usize) -> Option<Vec<u8>> {
        let from = self.cursor.place.filter(|from| from.row == to.row)?;
        let gap = usize::from(to.column.checked_sub(from.column)?);
        if gap > REWRITE_LIMIT {
            return None;
        }
        let cells = self.next.get(start + usize::from(from.column)..)?.get(..gap)?;
        cells.iter().map(|shown| shown.glyph.ascii().filter(|_| self.suits(shown))).collect()
    }

    /// Whether the pen at hand writes this cell as it is to look.
    fn suits(&self, cell: &Shown) -> bool {
        self.cursor.pen.is_some_and(|pen| {
            pen == cell.pen || (cell.glyph.is_blank() && pen.is_alike_on_blank(cell.pen))
        })
    }

    fn take_pen(&mut self, pen: Pen, body: &mut Vec<u8>) {
        pen.take_over(self.cursor.pen, &self.profile.family, body);
        self.cursor.pen = Some(pen);
    }
}
