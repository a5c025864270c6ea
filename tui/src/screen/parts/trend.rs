//! Scores over time as a chart: lines where bands begin, each with its name, and what happened below.

use super::when;
use crate::theme::Look;
use jiff::civil::Date;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns of the numbers on the left, and of the names on the right.
const NUMBERS: u16 = 4;
const NAMES: u16 = 22;

/// What is drawn.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trend {
    /// The lowest and the highest score that there is.
    pub range: (u32, u32),
    /// Where bands begin above the lowest score, with their names.
    pub lines: Vec<(u32, String)>,
    /// Each score with its day, oldest first.
    pub points: Vec<(Date, u32)>,
    /// What happened, with the sign that stands for it.
    pub events: Vec<(Date, char)>,
}

impl Trend {
    fn row(&self, score: u32, rows: u16) -> u16 {
        let (low, high) = self.range;
        let wide = u64::from(high.saturating_sub(low).max(1));
        let down = u64::from(high.saturating_sub(score.clamp(low, high)));
        let last = u64::from(rows.saturating_sub(1));
        u16::try_from((down * last * 2 + wide) / (wide * 2)).unwrap_or(0)
    }

    fn days(&self) -> Option<(Date, i64)> {
        let (first, last) = (self.points.first()?.0, self.points.last()?.0);
        Some((first, between(first, last)))
    }

    fn column(&self, date: Date, columns: u16) -> Option<u16> {
        let (first, days) = self.days()?;
        let at = between(first, date);
        let last = i64::from(columns.saturating_sub(1));
        let column = if days == 0 { 0 } else { at * last / days };
        (0..=days).contains(&at).then(|| u16::try_from(column).ok())?
    }
}

fn between(first: Date, last: Date) -> i64 {
    last.since((jiff::Unit::Day, first)).map_or(0, |span| span.get_days().into())
}

/// Draws the chart; nothing where there is no room for one or no score.
pub fn view(trend: &Trend, look: &Look, frame: &mut Frame<'_>, area: Rect) {
    let Some((first, _)) = trend.days().filter(|_| area.height >= 5 && area.width >= 40) else {
        return;
    };
    let rows = area.height - 2;
    let columns = area.width - NUMBERS - NAMES;
    let mut put = |x: u16, y: u16, words: &str, style: Style| {
        if y < area.height && x < area.width {
            let room = usize::from(area.width - x);
            frame.buffer_mut().set_stringn(area.x + x, area.y + y, words, room, style);
        }
    };
    let (line, point, event) = if look.ascii { ('.', '*', '|') } else { ('┄', '●', '│') };
    // Where two begin in one row, the higher one stands there.
    let mut taken = Vec::new();
    for (score, name) in trend.lines.iter().rev() {
        let row = trend.row(*score, rows);
        if taken.contains(&row) {
            continue;
        }
        taken.push(row);
        put(0, row, &format!("{score:>3}"), Style::new());
        put(NUMBERS, row, &line.to_string().repeat(columns.into()), Style::new());
        put(NUMBERS + columns + 1, row, name, Style::new());
    }
    for score in [trend.range.1, trend.range.0] {
        if taken.contains(&trend.row(score, rows)) {
            continue;
        }
        put(0, trend.row(score, rows), &format!("{score:>3}"), Style::new());
    }
    for (date, sign) in &trend.events {
        let sign = if *sign == '|' { event } else { *sign };
        if let Some(column) = trend.column(*date, columns) {
            put(NUMBERS + column, rows, &sign.to_string(), Style::new());
        }
    }
    let mut last = (first, 0);
    for (date, score) in &trend.points {
        if let Some(column) = trend.column(*date, columns) {
            put(NUMBERS + column, trend.row(*score, rows), &point.to_string(), look.title());
        }
        last = (*date, *score);
    }
    put(NUMBERS, rows + 1, &label(first), Style::new());
    if last.0 != first {
        let words = label(last.0);
        let length = u16::try_from(words.len()).unwrap_or(0);
        put(NUMBERS + columns.saturating_sub(length), rows + 1, &words, Style::new());
    }
}

fn label(date: Date) -> String {
    format!("{} {}", when::short(date), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_score_has_a_row_and_every_day_a_column() {
        let trend = Trend {
            range: (0, 27),
            points: vec![(date(2026, 1, 1), 27), (date(2026, 3, 1), 0)],
            ..Trend::default()
        };
        assert_eq!((trend.row(27, 10), trend.row(0, 10), trend.row(99, 10)), (0, 9, 0));
        assert_eq!(trend.column(date(2026, 1, 1), 50), Some(0));
        assert_eq!(trend.column(date(2026, 3, 1), 50), Some(49));
        assert_eq!(trend.column(date(2026, 3, 2), 50), None);
        assert_eq!(trend.column(date(2025, 12, 31), 50), None);
        let one = Trend { points: vec![(date(2026, 1, 1), 3)], range: (0, 0), ..Trend::default() };
        assert_eq!((one.column(date(2026, 1, 1), 50), one.row(3, 1)), (Some(0), 0));
    }
}
