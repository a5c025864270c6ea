//! Soft wrap of the part of a text that is looked at.
//!
//! A text is cut into blocks: a paragraph, or a piece of a long one. Rows are made for one block
//! at a time, so that a key in a text of any length costs what is visible, not what is there.

use super::boundary;
use crate::widget::safe;
use ropey::Rope;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// A paragraph of more code points than this is laid out in pieces, each of which begins a row.
const BLOCK: usize = 2048;

/// How far before the end of a piece a blank is looked for, so that no word is cut.
const BLOCK_SLACK: usize = 64;

/// Columns between two tab stops.
const TAB: usize = 4;

/// A row on the screen. Positions are code points of the whole text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Row {
    pub(super) start: usize,
    /// The first position that is not in the row; before the line feed, if there is one.
    pub(super) end: usize,
    /// Whether the paragraph goes on in the next row: then `end` is that row's start.
    pub(super) soft: bool,
}

/// A paragraph, or a piece of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Block {
    start: usize,
    end: usize,
    /// End of the paragraph, before its line feed.
    paragraph_end: usize,
}

/// Stands on one row and walks to its neighbours.
#[derive(Clone, Debug)]
pub(super) struct Walker<'a> {
    rope: &'a Rope,
    width: usize,
    block: Block,
    rows: Vec<Row>,
    index: usize,
}

impl<'a> Walker<'a> {
    /// Stands on the row that shows the caret when it is at `position`.
    pub(super) fn at(rope: &'a Rope, position: usize, width: usize) -> Self {
        let block = block_at(rope, position.min(rope.len_chars()));
        let rows = rows(rope, block, width);
        let index = rows.partition_point(|row| row.start <= position).saturating_sub(1);
        Self { rope, width, block, rows, index }
    }

    /// Returns the row.
    pub(super) fn row(&self) -> Row {
        let whole = Row { start: self.block.start, end: self.block.end, soft: false };
        self.rows.get(self.index).copied().unwrap_or(whole)
    }

    /// Goes one row down; `false` at the end of the text.
    pub(super) fn down(&mut self) -> bool {
        if self.index + 1 < self.rows.len() {
            self.index += 1;
            return true;
        }
        let next = if self.block.end < self.block.paragraph_end {
            self.block.end
        } else {
            let line = self.rope.char_to_line(self.block.start) + 1;
            if line >= self.rope.len_lines() {
                return false;
            }
            self.rope.line_to_char(line)
        };
        *self = Self::at(self.rope, next, self.width);
        self.index = 0;
        true
    }

    /// Goes one row up; `false` at the start of the text.
    pub(super) fn up(&mut self) -> bool {
        if self.index > 0 {
            self.index -= 1;
            return true;
        }
        let Some(last) = self.block.start.checked_sub(1) else { return false };
        *self = Self::at(self.rope, last, self.width);
        self.index = self.rows.len().saturating_sub(1);
        true
    }
}

/// One cluster on its place in a row.
#[derive(Clone, Debug)]
pub(super) struct Placed<'a> {
    /// Position of its first code point.
    pub(super) position: usize,
    /// Column of its first cell, from the row's start.
    pub(super) column: usize,
    /// Cells.
    pub(super) columns: usize,
    /// What it is, not yet harmless.
    pub(super) cluster: &'a str,
}

/// Walks through the clusters of a row's text, which is `text`.
pub(super) fn place<'a>(text: &'a str, start: usize) -> impl Iterator<Item = Placed<'a>> {
    let mut position = start;
    let mut column = 0;
    clusters(text).map(move |cluster| {
        count(1);
        let columns = width_at(cluster, column);
        let placed = Placed { position, column, columns, cluster };
        position += code_points(cluster);
        column += columns;
        placed
    })
}

/// Returns the text of a row.
pub(super) fn text_of(rope: &Rope, row: Row) -> Cow<'_, str> {
    rope.slice(row.start..row.end.max(row.start)).into()
}

/// Returns the column of `position` in its row.
pub(super) fn column_of(rope: &Rope, row: Row, position: usize) -> usize {
    let text = text_of(rope, row);
    place(&text, row.start)
        .take_while(|placed| placed.position < position)
        .last()
        .map_or(0, |placed| placed.column + placed.columns)
}

/// Returns the position in `row` that is nearest to `column` from the left, and is shown in it.
pub(super) fn position_at(rope: &Rope, row: Row, column: usize) -> usize {
    let text = text_of(rope, row);
    let mut last = row.start;
    for placed in place(&text, row.start) {
        if placed.column + placed.columns > column {
            return placed.position;
        }
        last = placed.position;
    }
    // The end of a soft row is the start of the next one.
    if row.soft { last } else { row.end }
}

fn code_points(cluster: &str) -> usize {
    if cluster.len() == 1 { 1 } else { cluster.chars().count() }
}

/// Walks through grapheme clusters; in ASCII each byte of a row is one.
fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let plain = if text.is_ascii() { text } else { "" };
    let other = if plain.is_empty() { text } else { "" };
    let letters = (0..plain.len()).filter_map(move |at| plain.get(at..=at));
    letters.chain(other.graphemes(true))
}

/// Returns the width of a cluster that begins in `column`.
fn width_at(cluster: &str, column: usize) -> usize {
    match cluster {
        "\t" => TAB - column % TAB,
        _ => safe::shown_columns(cluster),
    }
}

fn block_at(rope: &Rope, position: usize) -> Block {
    let line = rope.char_to_line(position);
    let start = rope.line_to_char(line);
    let paragraph_end = paragraph_end(rope, line, start);
    if paragraph_end - start <= BLOCK {
        return Block { start, end: paragraph_end, paragraph_end };
    }
    let mut piece = (position.min(paragraph_end) - start) / BLOCK;
    let mut from = cut(rope, start, piece, paragraph_end);
    let mut end = cut(rope, start, piece + 1, paragraph_end);
    // A cut lies before its round number, so the position can be in the piece behind.
    if position >= end && end < paragraph_end {
        piece += 1;
        (from, end) = (end, cut(rope, start, piece + 1, paragraph_end));
    }
    Block { start: from, end, paragraph_end }
}

/// Returns where the piece of that number begins.
fn cut(rope: &Rope, start: usize, piece: usize, paragraph_end: usize) -> usize {
    let round = start + piece * BLOCK;
    if piece == 0 || round >= paragraph_end {
        return round.min(paragraph_end);
    }
    let mut place = round;
    for letter in rope.chars_at(round).reversed().take(BLOCK_SLACK) {
        if matches!(letter, ' ' | '\t') {
            break;
        }
        place -= 1;
    }
    let blank_found = place > round - BLOCK_SLACK;
    let whole = boundary::floor(rope, if blank_found { place } else { round });
    // A cluster as long as half a block is cut rather than followed.
    if whole + BLOCK / 2 > round { whole } else { round }
}

/// Returns the end of a paragraph without what ends it.
pub(super) fn paragraph_end(rope: &Rope, line: usize, start: usize) -> usize {
    let next = if line + 1 < rope.len_lines() {
        rope.line_to_char(line + 1)
    } else {
        return rope.len_chars();
    };
    let last = next.saturating_sub(1);
    let pair =
        last > start && rope.get_char(last) == Some('\n') && rope.get_char(last - 1) == Some('\r');
    if pair { last - 1 } else { last }
}

/// Cuts a block into rows of at most `width` columns, at blanks and beside wide characters if
/// possible. One blank may hang over the end of a row.
fn rows(rope: &Rope, block: Block, width: usize) -> Vec<Row> {
    let text: Cow<'_, str> = rope.slice(block.start..block.end).into();
    let mut rows = Vec::new();
    let mut start = block.start;
    let mut position = block.start;
    let mut column = 0;
    // The last place at which the row may end, and its column.
    let mut chance: Option<(usize, usize)> = None;
    for cluster in clusters(&text) {
        count(1);
        let blank = matches!(cluster, " " | "\t" | "\u{3000}");
        let mut columns = width_at(cluster, column);
        if columns == 2 && !blank && position > start {
            chance = Some((position, column));
        }
        let hangs = blank && column <= width;
        if column + columns > width && !hangs && position > start {
            let (end, at) = chance.filter(|(end, _)| *end > start).unwrap_or((position, column));
            rows.push(Row { start, end, soft: true });
            start = end;
            column -= at;
            chance = None;
            columns = width_at(cluster, column);
        }
        column += columns;
        position += code_points(cluster);
        if blank || columns == 2 {
            chance = Some((position, column));
        }
    }
    rows.push(Row { start, end: block.end, soft: block.end < block.paragraph_end });
    rows
}

#[cfg(not(test))]
const fn count(_clusters: usize) {}

#[cfg(test)]
pub(super) use counting::{count, counted};

/// Counts clusters that were laid out, so that a test can tell the cost of a key.
#[cfg(test)]
mod counting {
    use std::cell::Cell;

    thread_local!(static CLUSTERS: Cell<usize> = const { Cell::new(0) });

    pub(crate) fn count(clusters: usize) {
        CLUSTERS.with(|all| all.set(all.get() + clusters));
    }

    /// Returns the count since it was last asked for.
    pub(crate) fn counted() -> usize {
        CLUSTERS.with(|all| all.replace(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all_rows(text: &str, width: usize) -> Vec<String> {
        let rope = Rope::from_str(text);
        let mut walker = Walker::at(&rope, 0, width);
        let mut out = vec![text_of(&rope, walker.row()).into_owned()];
        while walker.down() {
            out.push(text_of(&rope, walker.row()).into_owned());
        }
        out
    }

    #[test]
    fn rows_end_at_words_and_wide_characters_stay_whole() {
        assert_eq!(all_rows("one two three", 8), ["one two ", "three"]);
        assert_eq!(all_rows("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(all_rows("a漢字漢字", 4), ["a漢", "字漢", "字"]);
        assert_eq!(all_rows("one\n\ntwo\n", 9), ["one", "", "two", ""]);
        assert_eq!(all_rows("漢", 1), ["漢"]);
        assert_eq!(all_rows("one\r\ntwo", 9), ["one", "two"]);
    }

    proptest! {
        #[test]
        fn rows_hold_the_whole_text_and_fit(
            text in "([a-c]{1,9}|[ \t]|\n|漢|👩|e\u{301}|\u{202e}|\u{2028}){0,60}", width in 2_usize..20,
        ) {
            let rope = Rope::from_str(&text);
            let mut walker = Walker::at(&rope, 0, width);
            let mut down = vec![walker.row()];
            while walker.down() {
                down.push(walker.row());
            }
            let mut up = vec![walker.row()];
            while walker.up() {
                up.push(walker.row());
            }
            up.reverse();
            prop_assert_eq!(&down, &up);

            for pair in down.windows(2) {
                let gap = pair[1].start - pair[0].end;
                prop_assert!(gap == usize::from(!pair[0].soft), "gap {gap}");
            }
            prop_assert_eq!(down[down.len() - 1].end, rope.len_chars());
            for row in &down {
                let content = text_of(&rope, *row);
                let drawn = content.strip_suffix([' ', '\t']).unwrap_or(&content);
                let used: usize = place(drawn, 0).map(|placed| placed.columns).sum();
                prop_assert!(used <= width, "{used} > {width}: {content:?}");
            }
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn a_paragraph_of_any_length_is_walked_in_pieces(
            words in proptest::collection::vec("[a-z]{1,80}", 200..300), width in 20_usize..100,
        ) {
            let text = words.join(" ");
            let rope = Rope::from_str(&text);
            let mut walker = Walker::at(&rope, 0, width);
            let mut place = walker.row().end;
            while walker.down() {
                prop_assert_eq!(walker.row().start, place);
                prop_assert!(walker.row().end > place);
                place = walker.row().end;
            }
            prop_assert_eq!(place, rope.len_chars());
            for position in (0..rope.len_chars()).step_by(397) {
                let row = Walker::at(&rope, position, width).row();
                prop_assert!(row.start <= position && position < row.end.max(row.start + 1));
            }
        }
    }
}
