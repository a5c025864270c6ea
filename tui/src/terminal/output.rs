//! Shows frames: keeps what the terminal shows, and writes the fewest bytes that change it into
//! the next frame, in one write.
//!
//! It never writes a character that `glyph` refuses, never asks the terminal anything,
//! and writes nothing at all when nothing has changed.

use super::family::Profile;
use super::glyph::{self, Glyph, Measured};
use super::pen::Pen;
use super::travel::Place;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellWidth as _};
use ratatui::layout::{Position, Size};
use std::io;
use zeroize::Zeroize as _;

mod encode;
mod scroll;
mod shift;

/// A sink that says how many bytes it took, as `write(2)` does.
pub trait Sink {
    /// Takes some of the bytes, at least one unless it fails.
    ///
    /// # Errors
    ///
    /// Those of `write(2)`.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

impl Sink for Vec<u8> {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }
}

/// Why a frame did not reach the terminal.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The terminal is gone: closed, or at the end of a link that broke.
    #[error("the terminal is closed")]
    Closed,
    /// The system refused for another reason.
    #[error("the terminal cannot be written to")]
    Refused(#[source] io::Error),
}

/// Takes out of a frame what lies under the other half of a wide character. To be called when all is
/// drawn: ratatui compares cells, and would leave out what lay there already when the wide one goes.
pub fn cover(buffer: &mut Buffer) {
    let columns = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks_mut(columns) {
        let mut column = 0;
        while column < row.len() {
            let width = row.get(column).map_or(1, |cell| usize::from(cell.cell_width().max(1)));
            for cell in row.iter_mut().skip(column + 1).take(width - 1) {
                cell.set_symbol("");
            }
            column += width;
        }
    }
}

/// One cell as the terminal shows it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Shown {
    glyph: Glyph,
    width: u16,
    pen: Pen,
}

impl Shown {
    fn blank() -> Self {
        Self { glyph: Glyph::Char(' '), width: 1, pen: Pen::default() }
    }
}

/// The screen of one terminal.
pub struct Output<S> {
    sink: S,
    profile: Profile,
    /// The size that the terminal has; that of the cells follows when they are cleared.
    size: Size,
    columns: u16,
    rows: u16,
    /// What the terminal shows once all bytes of `waiting` have gone out.
    shown: Vec<Shown>,
    /// What it is to show.
    next: Vec<Shown>,
    /// Which rows of the two may differ.
    dirty: Vec<bool>,
    /// Where cells are kept while a way is tried: a row, and all. Wiped after each.
    kept_row: Vec<Shown>,
    kept_all: Vec<Shown>,
    /// Where the cursor is to stand; nowhere is hidden.
    focus: Option<Place>,
    cursor: Cursor,
    /// Nothing is known of what the terminal shows.
    unknown: bool,
    /// What scrolled off is to be erased too.
    erase: bool,
    /// Bytes of frames; those before `sent` the terminal has taken. Wiped once all have gone.
    waiting: Vec<u8>,
    sent: usize,
    /// Where a frame is put together. Wiped after each.
    scratch: Vec<u8>,
    written: u64,
    frames: u64,
}

/// What is known of the terminal's cursor.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    place: Option<Place>,
    pen: Option<Pen>,
    visible: bool,
}

impl<S: Sink> Output<S> {
    /// Makes the screen of a terminal of this size, of which nothing is known yet.
    pub fn new(sink: S, profile: Profile, columns: u16, rows: u16) -> Self {
        let mut output = Self {
            sink,
            profile,
            size: Size::new(columns, rows),
            columns: 0,
            rows: 0,
            shown: Vec::new(),
            next: Vec::new(),
            dirty: Vec::new(),
            kept_row: Vec::new(),
            kept_all: Vec::new(),
            focus: None,
            cursor: Cursor { place: None, pen: None, visible: true },
            unknown: true,
            erase: false,
            waiting: Vec::new(),
            sent: 0,
            scratch: Vec::new(),
            written: 0,
            frames: 0,
        };
        output.adopt_size();
        output
    }

    /// The terminal has this size now; the next frame is drawn from nothing.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.size = Size::new(columns, rows);
        self.forget();
    }

    /// Lays out the cells anew. Not before ratatui asks for it by clearing: it leaves out what it
    /// believes to be in them.
    fn adopt_size(&mut self) {
        let Size { width: columns, height: rows } = self.size;
        (self.columns, self.rows) = (columns, rows);
        let cells = usize::from(columns) * usize::from(rows);
        for (kept, length) in [
            (&mut self.shown, cells),
            (&mut self.next, cells),
            (&mut self.kept_row, usize::from(columns)),
            (&mut self.kept_all, cells),
        ] {
            wipe_cells(kept);
            *kept = vec![Shown::blank(); length];
        }
        self.dirty = vec![true; usize::from(rows)];
        // Enough for most whole frames, so that growing leaves no copies of text behind.
        self.scratch.reserve(2 * cells + 1024);
        self.waiting.reserve(2 * cells + 1024);
        self.forget();
    }

    /// Nothing is known any more of what the terminal shows: the next frame draws all of it.
    pub fn forget(&mut self) {
        self.unknown = true;
        self.cursor = Cursor { place: None, pen: None, visible: true };
    }

    /// The next frame erases the screen and what scrolled off it, then draws all.
    pub fn erase(&mut self) {
        self.erase = true;
        self.forget();
    }

    /// Whether bytes wait for a terminal that takes none at the moment.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes a sequence that shows nothing, after all frames that wait.
    ///
    /// # Errors
    ///
    /// [`OutputError`]; what waited is dropped.
    pub fn say(&mut self, sequence: &[u8]) -> Result<(), OutputError> {
        self.waiting.extend_from_slice(sequence);
        self.resume()
    }

    /// Writes what waits, as far as the terminal takes it.
    ///
    /// # Errors
    ///
    /// [`OutputError`]; what waited is dropped.
    pub fn resume(&mut self) -> Result<(), OutputError> {
        let outcome = loop {
            let Some(rest) = self.waiting.get(self.sent..).filter(|rest| !rest.is_empty()) else {
                break Ok(());
            };
            match self.sink.take(rest) {
                Ok(0) => break Err(OutputError::Closed),
                Ok(count) => {
                    self.sent += count;
                    self.written += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => break Err(OutputError::from(error)),
            }
        };
        wipe(&mut self.waiting);
        self.sent = 0;
        if outcome.is_err() {
            self.forget();
        }
        outcome
    }

    /// Returns how many bytes were written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Returns how many frames had something to write so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Returns the sink.
    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    fn index(&self, column: u16, row: u16) -> Option<usize> {
        (column < self.columns && row < self.rows)
            .then(|| usize::from(row) * usize::from(self.columns) + usize::from(column))
    }

    fn put(&mut self, column: u16, row: u16, cell: &Cell) {
        let Some(index) = self.index(column, row) else { return };
        let left = if column == 0 { None } else { self.next.get(index - 1) };
        let covered = left.is_some_and(|left| left.width > 1 || left.glyph == Glyph::Covered)
            && self.head_reaches(column, index);
        if covered {
            return;
        }
        let Measured { glyph, own, width } = glyph::measure(cell.symbol(), self.profile.ascii);
        let width = width.min(self.columns - column);
        // Half a wide character is not shown at the edge.
        let (glyph, own) = if own > width { (Glyph::Char(' '), 1) } else { (glyph, own) };
        let pen = Pen::of(cell, glyph.is_blank(), &self.profile.family);
        let rest = Pen::of(cell, true, &self.profile.family);
        for offset in 0..width {
            self.uncover(index + usize::from(offset), column + offset);
        }
        let slots = self.next.iter_mut().skip(index).take(usize::from(width));
        for (offset, slot) in (0..).zip(slots) {
            *slot = if offset == 0 {
                Shown { glyph: glyph.clone(), width: own, pen }
            } else if offset < own {
                Shown { glyph: Glyph::Covered, width: 0, pen }
            } else {
                // What is shown is narrower than what was laid out.
                Shown { pen: rest, ..Shown::blank() }
            };
        }
        if let Some(dirty) = self.dirty.get_mut(usize::from(row)) {
            *dirty = true;
        }
    }

    /// Whether the nearest glyph to the left is wide enough to cover this column.
    fn head_reaches(&self, column: u16, index: usize) -> bool {
        let mut distance = 1;
        while distance <= column {
            match self.next.get(index - usize::from(distance)) {
                Some(shown) if shown.glyph == Glyph::Covered => distance += 1,
                Some(shown) => return shown.width > distance,
                None => return false,
            }
        }
        false
    }

    /// The wide glyph that stands here goes: what it covered is blank.
    fn uncover(&mut self, index: usize, column: u16) {
        let Some(width) = self.next.get(index).map(|shown| shown.width) else { return };
        let reach = usize::from(width.min(self.columns - column));
        for slot in self.next.iter_mut().skip(index).take(reach.max(1)) {
            *slot = Shown::blank();
        }
    }

    fn blank(&mut self, cells: std::ops::Range<usize>) {
        for slot in self.next.iter_mut().take(cells.end).skip(cells.start) {
            *slot = Shown::blank();
        }
        self.dirty.fill(true);
    }
}

impl<S: Sink> Backend for Output<S> {
    type Error = OutputError;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), OutputError>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (column, row, cell) in content {
            self.put(column, row, cell);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), OutputError> {
        self.focus = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, OutputError> {
        let place = self.focus.unwrap_or(Place { column: 0, row: 0 });
        Ok(Position { x: place.column, y: place.row })
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), OutputError> {
        let Position { x, y } = position.into();
        self.focus = Some(Place {
            column: x.min(self.columns.saturating_sub(1)),
            row: y.min(self.rows.saturating_sub(1)),
        });
        Ok(())
    }

    fn clear(&mut self) -> Result<(), OutputError> {
        self.adopt_size();
        Ok(())
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), OutputError> {
        let place = self.focus.unwrap_or(Place { column: 0, row: 0 });
        let here = self.index(place.column, place.row).unwrap_or(0);
        let start = self.index(0, place.row).unwrap_or(0);
        let end = start + usize::from(self.columns);
        match clear_type {
            ClearType::All => return self.clear(),
            ClearType::AfterCursor => self.blank(here..self.next.len()),
            ClearType::BeforeCursor => self.blank(0..here + 1),
            ClearType::CurrentLine => self.blank(start..end),
            ClearType::UntilNewLine => self.blank(here..end),
        }
        Ok(())
    }

    fn size(&self) -> Result<Size, OutputError> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, OutputError> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::new(0, 0) })
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        self.encode();
        self.resume()
    }
}

impl<S> Drop for Output<S> {
    fn drop(&mut self) {
        for cells in [&mut self.shown, &mut self.next, &mut self.kept_row, &mut self.kept_all] {
            wipe_cells(cells);
        }
        wipe(&mut self.waiting);
        wipe(&mut self.scratch);
    }
}

/// Makes all of them blank and leaves nothing of what they showed in memory.
fn wipe_cells(cells: &mut [Shown]) {
    for cell in cells {
        cell.glyph.wipe();
        *cell = Shown::blank();
    }
}

/// Empties it and leaves no copy of the text behind.
fn wipe(bytes: &mut Vec<u8>) {
    bytes.as_mut_slice().zeroize();
    bytes.clear();
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        const EIO: i32 = 5;
        const ENXIO: i32 = 6;
        const EBADF: i32 = 9;
        match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::BrokenPipe, _) | (_, Some(EIO | ENXIO | EBADF)) => Self::Closed,
            _ => Self::Refused(error),
        }
    }
}

#[cfg(test)]
mod tests;
