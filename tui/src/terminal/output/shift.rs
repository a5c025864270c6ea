//! Finds out where the rest of a row moves by a few columns, as where somebody types before other words,
//! so that the terminal can move it by itself.

use super::super::pen::Pen;
use super::{Output, Shown, Sink, wipe, wipe_cells};
use std::io::Write as _;
use std::ops::Range;

/// Cells that moving must spare to be worth a try.
const CELLS_FROM: usize = 8;

/// How far the rest of a row is moved at the most, in columns.
const DISTANCE_MAX: usize = 4;

/// The rest of a row that moves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Shift {
    /// The column from which on it moves.
    from: usize,
    distance: usize,
    /// Whether cells are taken out, and it moves to the left.
    out: bool,
}

impl<S: Sink> Output<S> {
    /// Encodes a row that may differ, and lets the terminal move the rest of it first where that takes
    /// fewer bytes.
    pub(super) fn encode_row(&mut self, row: u16, body: &mut Vec<u8>) {
        let width = usize::from(self.columns);
        let start = usize::from(row) * width;
        let cells = start..start + width;
        let wanted = self.profile.family.shifts;
        let Some(best) = wanted.then(|| self.best_shift(cells.clone())).flatten() else {
            return self.write_row(row, body);
        };
        let before = self.cursor;
        if let Some(shown) = self.shown.get(cells.clone()) {
            self.kept_row.clone_from_slice(shown);
        }
        let mut moved = Vec::with_capacity(4 * width);
        self.go(row, best.from, start, &mut moved);
        self.shift(best, cells.clone(), &mut moved);
        self.write_row(row, &mut moved);
        let after = self.cursor;
        if let Some(shown) = self.shown.get_mut(cells) {
            shown.swap_with_slice(&mut self.kept_row);
        }
        wipe_cells(&mut self.kept_row);
        self.cursor = before;
        let mut plain = Vec::with_capacity(4 * width);
        self.write_row(row, &mut plain);
        // Either way the cells are those of the next frame.
        if moved.len() < plain.len() {
            self.cursor = after;
            body.extend_from_slice(&moved);
        } else {
            body.extend_from_slice(&plain);
        }
        wipe(&mut moved);
        wipe(&mut plain);
    }

    /// Moves cells of the row in which the cursor stands, from its place on.
    fn shift(&mut self, best: Shift, cells: Range<usize>, body: &mut Vec<u8>) {
        if !self.cursor.pen.is_some_and(Pen::erases_plainly) {
            // Cells that come in are filled with the pen's colour.
            Pen::default().take_over(self.cursor.pen, &self.profile.family, body);
            self.cursor.pen = Some(Pen::default());
        }
        let count = if best.distance == 1 { String::new() } else { best.distance.to_string() };
        let last = if best.out { 'P' } else { '@' };
        // Writing into memory does not fail.
        let _ = write!(body, "\x1b[{count}{last}");
        if let Some(shown) = self.shown.get_mut(cells).and_then(|row| row.get_mut(best.from..)) {
            moved(shown, best);
        }
    }

    /// The way that leaves the fewest cells to write.
    fn best_shift(&self, cells: Range<usize>) -> Option<Shift> {
        let (shown, next) = (self.shown.get(cells.clone())?, self.next.get(cells)?);
        let differ = |shown: &[Shown], next: &[Shown]| {
            shown.iter().zip(next).filter(|(shown, next)| shown != next).count()
        };
        let all = differ(shown, next);
        if all < CELLS_FROM {
            return None;
        }
        let from = shown.iter().zip(next).position(|(shown, next)| shown != next)?;
        let rest = shown.get(from..)?;
        // Terminals do not agree on what becomes of half a wide character.
        if !rest.iter().all(|shown| shown.width == 1 && shown.glyph.is_certain()) {
            return None;
        }
        let ways = (1..=DISTANCE_MAX.min(rest.len()))
            .flat_map(|distance| [false, true].map(|out| Shift { from, distance, out }));
        let next = next.get(from..).unwrap_or_default();
        let tried = ways.map(|way| (left_by(rest, next, way), way));
        let (left, best) = tried.min_by_key(|(left, _)| *left)?;
        (left + CELLS_FROM <= all).then_some(best)
    }
}

/// How many cells of the rest of a row are still to be written once it has moved.
fn left_by(rest: &[Shown], next: &[Shown], way: Shift) -> usize {
    let distance = way.distance.min(rest.len());
    let (kept, blank) = (rest.len() - distance, Shown::blank());
    let (from, to, comes) =
        if way.out { (distance, 0, kept..rest.len()) } else { (0, distance, 0..distance) };
    let stay = rest.iter().skip(from).take(kept).zip(next.iter().skip(to));
    let come = next.get(comes).unwrap_or_default().iter();
    stay.filter(|(shown, next)| shown != next).count() + come.filter(|next| **next != blank).count()
}

/// Does to the rest of a row what the terminal does.
fn moved(rest: &mut [Shown], way: Shift) {
    let distance = way.distance.min(rest.len());
    let kept = rest.len() - distance;
    if way.out {
        rest.rotate_left(distance);
        rest.iter_mut().skip(kept).for_each(|cell| *cell = Shown::blank());
    } else {
        rest.rotate_right(distance);
        rest.iter_mut().take(distance).for_each(|cell| *cell = Shown::blank());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Glyph;
    use super::*;
    use proptest::prelude::*;

    fn row(letters: &[char]) -> Vec<Shown> {
        let cell = |letter: &char| Shown { glyph: Glyph::Char(*letter), ..Shown::blank() };
        letters.iter().map(cell).collect()
    }

    proptest! {
        #[test]
        fn what_is_left_is_counted_as_if_the_cells_had_moved(
            letters in proptest::collection::vec(
                prop_oneof![Just(('a', 'b')), Just((' ', 'a')), Just(('b', ' ')), Just(('a', 'a'))],
                1..12,
            ),
            distance in 1..6_usize,
            out in any::<bool>(),
        ) {
            let (rest, next): (Vec<char>, Vec<char>) = letters.into_iter().unzip();
            let (rest, next) = (row(&rest), row(&next));
            let way = Shift { from: 0, distance: distance.min(rest.len()), out };
            let counted = left_by(&rest, &next, way);
            let mut done = rest;
            moved(&mut done, way);
            prop_assert_eq!(counted, done.iter().zip(&next).filter(|(a, b)| a != b).count());
        }
    }
}
