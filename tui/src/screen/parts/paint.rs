//! Puts lines, rules, rows and boxes on the screen. Whatever is drawn through here has been made
//! harmless, so no screen can forget it.

use crate::notice::Notice;
use crate::theme::Look;
use crate::widget::safe;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear};

/// Draws one line of text at `line` of `area`, cut to its width.
pub fn text(frame: &mut Frame<'_>, area: Rect, line: u16, content: &str, style: Style) {
    if line >= area.height {
        return;
    }
    let width = usize::from(area.width);
    let content = safe::truncated(content, width, true);
    frame.buffer_mut().set_stringn(area.x, area.y + line, content, width, style);
}

/// Gives an area a style, and leaves what is written there.
pub fn fill(frame: &mut Frame<'_>, area: Rect, style: Style) {
    let area = area.intersection(frame.area());
    frame.buffer_mut().set_style(area, style);
}

/// Draws one line that ends at the right edge of `area`.
pub fn right(frame: &mut Frame<'_>, area: Rect, line: u16, content: &str, style: Style) {
    let width = u16::try_from(safe::columns(content)).unwrap_or(u16::MAX).min(area.width);
    let area = Rect { x: area.x + area.width - width, width, ..area };
    text(frame, area, line, content, style);
}

/// Draws a rule with words in it: `-- left --------- right --`.
pub fn rule(frame: &mut Frame<'_>, look: &Look, area: Rect, line: u16, (left, end): (&str, &str)) {
    let width = usize::from(area.width);
    let dash = look.rule().to_string();
    text(frame, area, line, &dash.repeat(width), Style::new());
    let used = if end.is_empty() { 0 } else { safe::columns(end) + 4 };
    if !left.is_empty() {
        let inner = inset(area, 2);
        let left = safe::truncated(left, width.saturating_sub(6 + used), true);
        text(frame, inner, line, &format!(" {left} "), look.title());
    }
    if !end.is_empty() {
        right(
            frame,
            Rect { width: area.width.saturating_sub(2), ..area },
            line,
            &format!(" {end} "),
            Style::new(),
        );
    }
}

/// Draws a row of a list. The focused one has `>`, is reversed, and bears the real cursor.
pub fn row(
    frame: &mut Frame<'_>,
    look: &Look,
    area: Rect,
    line: u16,
    (content, style, focused): (&str, Style, bool),
) {
    if line >= area.height {
        return;
    }
    let width = usize::from(area.width);
    if focused {
        let filled = cell(&format!("> {content}"), width);
        text(frame, area, line, &filled, style.patch(look.focus()));
        frame.set_cursor_position(Position::new(area.x, area.y + line));
    } else {
        text(frame, area, line, &format!("  {content}"), style);
    }
}

/// Returns `content` cut or filled to exactly `width` columns.
pub fn cell(content: &str, width: usize) -> String {
    let content = safe::truncated(content, width, true);
    let left = width.saturating_sub(safe::columns(&content));
    format!("{content}{}", " ".repeat(left))
}

/// Empties a box of at most `columns` by `rows` in the middle of `area`, draws its border and
/// returns its inside.
pub fn popup(
    frame: &mut Frame<'_>,
    look: &Look,
    (columns, rows): (u16, u16),
    (title, footer): (&str, &str),
) -> Rect {
    // The last two rows say what was done and what can be done; nothing may cover them.
    let whole = frame.area();
    let area = Rect { height: whole.height.saturating_sub(2), ..whole };
    let width = columns.min(area.width.saturating_sub(2));
    let height = rows.min(area.height);
    let outer = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, outer);
    let block = Block::bordered().border_set(look.border());
    let inner = block.inner(outer);
    frame.render_widget(block, outer);
    let edge = inset(Rect { height: 1, ..outer }, 2);
    text(frame, edge, 0, &format!(" {title} "), look.title());
    let edge = Rect { y: outer.y + outer.height.saturating_sub(1), ..edge };
    if !footer.is_empty() {
        right(frame, Rect { width: edge.width, ..edge }, 0, &format!(" {footer} "), Style::new());
    }
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Draws a paragraph from `line` on, folded between words; returns the first line below it.
pub fn paragraph(frame: &mut Frame<'_>, area: Rect, line: u16, content: &str, style: Style) -> u16 {
    let mut line = line;
    for part in folded(content, usize::from(area.width)) {
        text(frame, area, line, &part, style);
        line += 1;
    }
    line
}

/// Draws the three sentences of a notice, each on lines of its own; returns the line below.
pub fn notice(frame: &mut Frame<'_>, look: &Look, area: Rect, line: u16, notice: &Notice) -> u16 {
    let line = paragraph(frame, area, line, &notice.happened, look.alarm());
    let line = paragraph(frame, area, line, &notice.safe, Style::new());
    paragraph(frame, area, line, &notice.next, Style::new())
}

/// Folds text between words into lines of at most `width` columns.
pub fn folded(content: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in content.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let needed = safe::columns(&line) + 1 + safe::columns(word);
            if !line.is_empty() && needed > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            if safe::columns(word) <= width {
                line.push_str(word);
                continue;
            }
            // A word that is longer than a line goes on in the next.
            for letter in word.chars() {
                line.push(letter);
                if safe::columns(&line) > width && line.chars().nth(1).is_some() {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(letter);
                }
            }
        }
        lines.push(line);
    }
    lines
}

/// Returns `area` without `by` columns on either side.
pub fn inset(area: Rect, by: u16) -> Rect {
    let by = by.min(area.width / 2);
    Rect { x: area.x + by, width: area.width - 2 * by, ..area }
}

/// Returns `area` from `line` on, at most `height` high.
pub fn lines(area: Rect, line: u16, height: u16) -> Rect {
    let line = line.min(area.height);
    Rect { y: area.y + line, height: height.min(area.height - line), ..area }
}

/// Splits `area` into a left part of `width` columns, a bar, and the rest.
pub fn side_by_side(frame: &mut Frame<'_>, look: &Look, area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width.saturating_sub(2));
    let left = Rect { width, ..area };
    let bar = area.x + width;
    for line in 0..area.height {
        frame.buffer_mut().set_stringn(bar, area.y + line, look.bar(), 1, Style::new());
    }
    (left, Rect { x: bar + 2, width: area.width - width - 2, ..area })
}

/// Splits a side pane once more where the terminal is wide enough for a third.
pub fn third(frame: &mut Frame<'_>, look: &Look, area: Rect) -> (Rect, Option<Rect>) {
    if !look.very_wide() {
        return (area, None);
    }
    let (left, right) = side_by_side(frame, look, area, area.width / 2);
    // Text that is folded must not touch the bar.
    (Rect { width: left.width.saturating_sub(1), ..left }, Some(right))
}

/// Returns a count as lines of the screen.
pub fn count(rows: usize) -> u16 {
    u16::try_from(rows).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_between_words_and_no_letter_of_a_long_word_is_left_out() {
        assert_eq!(folded("a few words", 5), ["a few", "words"]);
        assert_eq!(folded("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(folded("one\n\ntwo", 9), ["one", "", "two"]);
        assert_eq!(folded("見本見本", 5), ["見本", "見本"]);
        assert_eq!(folded("ab", 0), ["a", "b"]);
    }
}
