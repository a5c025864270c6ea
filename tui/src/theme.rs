//! How things look: the terminal's own colours, bold, reverse, underline, and three ANSI colours
//! that are never the only sign of anything. It never asks the terminal what it can do.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// What the terminal can show, as found at the start and told by resizes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Look {
    /// Width in cells.
    pub columns: u16,
    /// Height in cells.
    pub rows: u16,
    /// Whether chrome keeps to ASCII. What people wrote is shown as it is.
    pub ascii: bool,
    /// Whether colours are wanted (`NO_COLOR` says no).
    pub colour: bool,
    /// Whether the terminal takes something into its clipboard.
    pub clipboard: bool,
}

impl Look {
    /// Least width at which screens are drawn.
    pub const LEAST_COLUMNS: u16 = 60;
    /// Least height at which screens are drawn.
    pub const LEAST_ROWS: u16 = 16;
    /// From this width on a side pane is shown.
    pub const SIDE_PANE: u16 = 110;

    /// From this width on there is a third pane.
    pub const THIRD_PANE: u16 = 160;

    /// Returns whether the terminal is too small for any screen.
    pub const fn too_small(&self) -> bool {
        self.columns < Self::LEAST_COLUMNS || self.rows < Self::LEAST_ROWS
    }

    /// Returns whether there is room for a side pane.
    pub const fn wide(&self) -> bool {
        self.columns >= Self::SIDE_PANE
    }

    /// Returns whether there is room for a third pane.
    pub const fn very_wide(&self) -> bool {
        self.columns >= Self::THIRD_PANE
    }

    /// Returns the character that rules are made of.
    pub const fn rule(&self) -> char {
        if self.ascii { '-' } else { '─' }
    }

    /// Returns the character between two panes.
    pub const fn bar(&self) -> &'static str {
        if self.ascii { "|" } else { "│" }
    }

    /// Returns the border of popups.
    pub const fn border(&self) -> border::Set<'static> {
        if self.ascii { ASCII_BORDER } else { border::PLAIN }
    }

    /// Returns the border around what is kept apart from the record: another than any other, also
    /// without colour.
    pub const fn border_apart(&self) -> border::Set<'static> {
        if self.ascii { ASCII_APART } else { border::DOUBLE }
    }

    /// Returns the style of that border.
    pub const fn apart(&self) -> Style {
        self.tinted(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Returns the style of the focused row.
    pub const fn focus(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Returns the style of headings.
    pub const fn title(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Returns the style of what can be typed into.
    pub const fn field(&self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// Returns the style of what needs attention now.
    pub const fn alarm(&self) -> Style {
        self.tinted(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Returns the style of what is well.
    pub const fn good(&self) -> Style {
        self.tinted(Color::Green)
    }

    /// Returns the style of what waits for somebody.
    pub const fn waiting(&self) -> Style {
        self.tinted(Color::Magenta)
    }

    const fn tinted(&self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

const ASCII_APART: border::Set<'static> = border::Set {
    top_left: "#",
    top_right: "#",
    bottom_left: "#",
    bottom_right: "#",
    vertical_left: "#",
    vertical_right: "#",
    horizontal_top: "=",
    horizontal_bottom: "=",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_style_has_one() {
        let look = Look { columns: 80, rows: 24, ascii: true, colour: false, clipboard: false };
        let styles =
            [look.focus(), look.title(), look.field(), look.alarm(), look.good(), look.waiting()];
        assert!(styles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
    }
}
