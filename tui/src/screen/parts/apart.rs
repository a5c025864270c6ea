//! The frame around psychotherapy notes: a border that nothing else has, and words that say what it is
//! all the time, so that nobody takes it for the record, nor the record for it.

use crate::theme::Look;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Block;

/// What stands in the border.
pub const TITLE: &str = " PSYCHOTHERAPY NOTES ";
const BELOW: &str = " yours alone: apart from the record, in no export ";
/// Columns, and rows, that the frame takes.
pub const TAKEN: u16 = 2;

/// Draws the frame; returns what is inside.
pub fn frame(frame: &mut Frame<'_>, look: &Look, area: Rect) -> Rect {
    let block = Block::bordered()
        .border_set(look.border_apart())
        .border_style(look.apart())
        .title_top(TITLE)
        .title_bottom(BELOW);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}
