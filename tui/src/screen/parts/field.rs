//! One line of text in a form: the widget, with its look and with the caret on the screen.

use crate::input::Input;
use crate::theme::Look;
use crate::widget::field::{Answer, Field as Line};
use ratatui::Frame;
use ratatui::layout::Rect;

/// A line of text and where the caret stands in it.
#[derive(Clone, Debug, Default)]
pub struct Field(Line);

impl Field {
    /// Starts with `text`, the caret behind it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Line::new(text.as_ref()))
    }

    /// Starts with a text that was not asked for: the first letter typed replaces it.
    pub fn suggestion(text: impl AsRef<str>) -> Self {
        Self(Line::suggestion(text.as_ref()))
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// Returns the text without spaces around it.
    pub fn trimmed(&self) -> &str {
        self.text().trim()
    }

    /// Takes a key or pasted text; returns whether the text is another one.
    pub fn update(&mut self, input: &Input) -> bool {
        self.0.input(input) == Answer::Changed
    }

    /// Draws the line; with the caret, if it has it.
    pub fn view(&self, frame: &mut Frame<'_>, look: &Look, area: Rect, with_caret: bool) {
        let area = Rect { height: 1, ..area }.intersection(frame.area());
        frame.buffer_mut().set_style(area, look.field());
        let caret = self.0.draw(area, frame.buffer_mut(), look.field());
        if let (Some(caret), true) = (caret, with_caret) {
            frame.set_cursor_position(caret);
        }
    }
}
