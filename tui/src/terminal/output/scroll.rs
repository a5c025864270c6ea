//! Finds out where the next frame is the shown one moved up or down, so that the terminal can
//! move the rows by itself.

use super::super::pen::Pen;
use super::super::travel::Place;
use super::{Output, Shown, Sink, wipe, wipe_cells};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;

/// Fewer rows than this that have changed are written anew without looking further.
const ROWS_FROM: usize = 3;

/// Cells that moving must spare to be worth a try.
const CELLS_FROM: usize = 32;

/// Rows that move together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Move {
    /// The first row of the region.
    top: usize,
    /// The row behind its last.
    bottom: usize,
    /// How far rows move.
    distance: usize,
    /// Whether they move up.
    up: bool,
}

impl<S: Sink> Output<S> {
    /// Encodes all rows, and lets the terminal move some first where that takes fewer bytes.
    pub(super) fn encode_rows_moved(&mut self, body: &mut Vec<u8>) {
        let wanted = self.profile.family.scrolls && self.columns > 0;
        let Some(best) = wanted.then(|| self.best_move()).flatten() else {
            return self.encode_rows(body);
        };
        let before = (self.dirty.clone(), self.cursor);
        self.kept_all.clone_from_slice(&self.shown);
        let mut moved = Vec::with_capacity(body.capacity());
        self.scroll(best, &mut moved);
        self.encode_rows(&mut moved);
        let after = self.cursor;
        self.shown.swap_with_slice(&mut self.kept_all);
        wipe_cells(&mut self.kept_all);
        (self.dirty, self.cursor) = before;
        self.encode_rows(body);
        // Either way the cells are those of the next frame.
        if moved.len() < body.len() {
            wipe(body);
            body.extend_from_slice(&moved);
            self.cursor = after;
        }
        wipe(&mut moved);
    }

    fn scroll(&mut self, best: Move, body: &mut Vec<u8>) {
        if !self.cursor.pen.is_some_and(Pen::erases_plainly) {
            // Rows that come in are filled with the pen's colour.
            Pen::default().take_over(self.cursor.pen, &self.profile.family, body);
            self.cursor.pen = Some(Pen::default());
        }
        let count = if best.distance == 1 { String::new() } else { best.distance.to_string() };
        let last = if best.up { 'S' } else { 'T' };
        // Writing into memory does not fail.
        let _ = write!(body, "\x1b[{};{}r\x1b[{count}{last}\x1b[r", best.top + 1, best.bottom);
        self.cursor.place = Some(Place { column: 0, row: 0 });
        self.moved(best);
    }

    /// Does to the shown cells what the terminal does.
    fn moved(&mut self, done: Move) {
        let width = usize::from(self.columns);
        let region = done.top * width..done.bottom * width;
        let distance = done.distance * width;
        let Some(cells) = self.shown.get_mut(region.clone()) else { return };
        let kept = cells.len().saturating_sub(distance);
        if done.up {
            cells.rotate_left(distance);
            cells.iter_mut().skip(kept).for_each(|cell| *cell = Shown::blank());
        } else {
            cells.rotate_right(distance);
            cells.iter_mut().take(distance).for_each(|cell| *cell = Shown::blank());
        }
        self.dirty.iter_mut().take(done.bottom).skip(done.top).for_each(|dirty| *dirty = true);
    }

    fn best_move(&self) -> Option<Move> {
        let rows = usize::from(self.rows);
        let changes: Vec<usize> = (0..rows).map(|row| self.changes(row)).collect();
        if changes.iter().filter(|&&count| count > 0).count() < ROWS_FROM {
            return None;
        }
        let (shown, next) = (self.hashes(&self.shown), self.hashes(&self.next));
        let mut best = None;
        let mut spared = CELLS_FROM;
        for distance in 1..rows {
            for up in [true, false] {
                for candidate in runs(&shown, &next, distance, up) {
                    let gain = Self::gain(candidate, &changes);
                    if gain > spared && self.holds(candidate) {
                        (best, spared) = (Some(candidate), gain);
                    }
                }
            }
        }
        best
    }

    /// How many cells of a row would be written; none if nothing was drawn there.
    fn changes(&self, row: usize) -> usize {
        if !self.dirty.get(row).copied().unwrap_or(false) {
            return 0;
        }
        self.row(&self.shown, row)
            .iter()
            .zip(self.row(&self.next, row))
            .filter(|(a, b)| a != b)
            .count()
    }

    /// Cells that need not be written since their rows arrive by moving.
    fn gain(candidate: Move, changes: &[usize]) -> usize {
        let Move { top, bottom, distance, up } = candidate;
        let arriving = if up { top..bottom - distance } else { top + distance..bottom };
        changes.get(arriving).unwrap_or_default().iter().sum()
    }

    /// Whether the rows are the same, not only their hashes.
    fn holds(&self, candidate: Move) -> bool {
        let Move { top, bottom, distance, up } = candidate;
        (top..bottom - distance).all(|row| {
            let (from, to) = if up { (row + distance, row) } else { (row, row + distance) };
            self.row(&self.shown, from) == self.row(&self.next, to)
        })
    }

    fn row<'a>(&self, cells: &'a [Shown], row: usize) -> &'a [Shown] {
        let width = usize::from(self.columns);
        cells.get(row * width..(row + 1) * width).unwrap_or_default()
    }

    fn hashes(&self, cells: &[Shown]) -> Vec<u64> {
        cells
            .chunks(usize::from(self.columns))
            .map(|row| {
                let mut hasher = DefaultHasher::new();
                row.hash(&mut hasher);
                hasher.finish()
            })
            .collect()
    }
}

/// All regions in which the rows, moved this far, are those of the next frame.
fn runs(shown: &[u64], next: &[u64], distance: usize, up: bool) -> Vec<Move> {
    let (from, to) = if up { (distance, 0) } else { (0, distance) };
    let pairs = shown.iter().skip(from).zip(next.iter().skip(to));
    let mut found = Vec::new();
    let mut begun = None;
    let mut end = |begun: &mut Option<usize>, row: usize| {
        if let Some(top) = begun.take() {
            found.push(Move { top, bottom: row + distance, distance, up });
        }
    };
    let mut length = 0;
    for (row, (shown, next)) in pairs.enumerate() {
        length = row + 1;
        if shown == next {
            begun.get_or_insert(row);
        } else {
            end(&mut begun, row);
        }
    }
    end(&mut begun, length);
    found
}
