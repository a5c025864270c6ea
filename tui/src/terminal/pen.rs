//! Colours and attributes, reduced to what Tacenda uses, and the shortest way from one to another.

use super::family::Family;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use std::io::Write as _;

/// How the next character is written.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Pen {
    foreground: Hue,
    background: Hue,
    attributes: u8,
}

/// The terminal's own colour (0), one of red to cyan (1 to 6), or a bright one of these (9 to 14).
///
/// Black, white and the greys are not there: on somebody's theme they cannot be read.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
struct Hue(u8);

const BOLD: u8 = 1;
const DIM: u8 = 2;
const ITALIC: u8 = 4;
const UNDERLINED: u8 = 8;
const REVERSED: u8 = 16;
const STRUCK: u8 = 32;

/// Each attribute: its bit, the number that begins it, the number that ends it.
const ATTRIBUTES: [(u8, u8, u8); 6] = [
    (BOLD, 1, 22),
    (DIM, 2, 22),
    (ITALIC, 3, 23),
    (UNDERLINED, 4, 24),
    (REVERSED, 7, 27),
    (STRUCK, 9, 29),
];

impl Pen {
    /// The pen of a cell, as far as the family can follow; of a blank, only what shows on it.
    pub(super) fn of(cell: &Cell, blank: bool, family: &Family) -> Self {
        let mut attributes = 0;
        for (modifier, bit) in [
            (Modifier::BOLD, BOLD),
            (Modifier::DIM, DIM),
            (Modifier::ITALIC, ITALIC),
            (Modifier::UNDERLINED, UNDERLINED),
            (Modifier::REVERSED, REVERSED),
            (Modifier::CROSSED_OUT, STRUCK),
        ] {
            if cell.modifier.contains(modifier) {
                attributes |= bit;
            }
        }
        if !family.rich_text {
            attributes &= !(DIM | ITALIC | STRUCK);
        }
        let mut pen = Self {
            foreground: Hue::of(cell.fg, family.colours),
            background: Hue::of(cell.bg, family.colours),
            attributes,
        };
        if blank {
            pen.attributes &= UNDERLINED | REVERSED | STRUCK;
            if pen.attributes == 0 {
                pen.foreground = Hue::default();
            }
        }
        pen
    }

    /// Whether what is erased with this pen is plainly blank on every terminal.
    pub(super) fn erases_plainly(self) -> bool {
        self.background == Hue::default() && self.attributes & (UNDERLINED | REVERSED | STRUCK) == 0
    }

    /// Whether a blank looks the same with either.
    pub(super) fn is_alike_on_blank(self, other: Self) -> bool {
        const SEEN: u8 = UNDERLINED | REVERSED | STRUCK;
        let attributes = self.attributes & SEEN;
        self.background == other.background
            && attributes == other.attributes & SEEN
            && (attributes == 0 || self.foreground == other.foreground)
    }

    /// Writes the shortest sequence that changes `from` (nothing if it is not known) into `self`.
    pub(super) fn take_over(self, from: Option<Self>, family: &Family, out: &mut Vec<u8>) {
        if from == Some(self) {
            return;
        }
        let mut fresh = vec![0];
        self.numbers_since(Self::default(), &mut fresh);
        let mut numbers = fresh;
        if let Some(from) = from {
            let mut step = Vec::new();
            if self.ends_since(from, family, &mut step) {
                let left = from.attributes & !Self::cleared(from.attributes & !self.attributes);
                let base = Self { attributes: left & self.attributes, ..from };
                self.numbers_since(base, &mut step);
                if text(&step).len() < text(&numbers).len() {
                    numbers = step;
                }
            }
        }
        out.extend_from_slice(&text(&numbers));
    }

    /// The attributes that are gone after those in `ended` were ended: 22 ends two.
    fn cleared(ended: u8) -> u8 {
        if ended & (BOLD | DIM) != 0 { ended | BOLD | DIM } else { ended }
    }

    /// Adds the numbers that end what `self` has no more; tells whether the family knows them.
    fn ends_since(self, from: Self, family: &Family, numbers: &mut Vec<u8>) -> bool {
        let ended = from.attributes & !self.attributes;
        for (bit, _, end) in ATTRIBUTES {
            if ended & bit != 0 && !numbers.contains(&end) {
                numbers.push(end);
            }
        }
        numbers.is_empty() || family.attributes_end
    }

    /// Adds the numbers that begin what `base` has not yet, colours included.
    fn numbers_since(self, base: Self, numbers: &mut Vec<u8>) {
        for (bit, begin, _) in ATTRIBUTES {
            if self.attributes & !base.attributes & bit != 0 {
                numbers.push(begin);
            }
        }
        if self.foreground != base.foreground {
            numbers.push(self.foreground.number(30));
        }
        if self.background != base.background {
            numbers.push(self.background.number(40));
        }
    }
}

impl Hue {
    fn of(color: Color, colours: u8) -> Self {
        let (hue, bright) = match color {
            Color::Red | Color::Indexed(1) => (1, false),
            Color::Green | Color::Indexed(2) => (2, false),
            Color::Yellow | Color::Indexed(3) => (3, false),
            Color::Blue | Color::Indexed(4) => (4, false),
            Color::Magenta | Color::Indexed(5) => (5, false),
            Color::Cyan | Color::Indexed(6) => (6, false),
            Color::LightRed | Color::Indexed(9) => (1, true),
            Color::LightGreen | Color::Indexed(10) => (2, true),
            Color::LightYellow | Color::Indexed(11) => (3, true),
            Color::LightBlue | Color::Indexed(12) => (4, true),
            Color::LightMagenta | Color::Indexed(13) => (5, true),
            Color::LightCyan | Color::Indexed(14) => (6, true),
            _ => return Self(0),
        };
        match colours {
            0..8 => Self(0),
            8..16 => Self(hue),
            _ => Self(if bright { hue + 8 } else { hue }),
        }
    }

    fn number(self, base: u8) -> u8 {
        match self.0 {
            0 => base + 9,
            hue @ 1..8 => base + hue,
            hue => base + 52 + hue,
        }
    }
}

/// The sequence of these numbers; a reset alone needs none.
fn text(numbers: &[u8]) -> Vec<u8> {
    let mut out = b"\x1b[".to_vec();
    if numbers != [0] {
        for (place, number) in numbers.iter().enumerate() {
            let separator = if place == 0 { "" } else { ";" };
            // Writing into memory does not fail.
            let _ = write!(out, "{separator}{number}");
        }
    }
    out.push(b'm');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: &Cell, to: &Cell, term: &str) -> String {
        let family = Family::of(term);
        let (from, to) = (Pen::of(from, false, &family), Pen::of(to, false, &family));
        let mut out = Vec::new();
        to.take_over(Some(from), &family, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn cell(fg: Color, modifier: Modifier) -> Cell {
        let mut cell = Cell::new("x");
        cell.fg = fg;
        cell.modifier = modifier;
        cell
    }

    #[test]
    fn the_shortest_change_is_written() {
        let plain = cell(Color::Reset, Modifier::empty());
        let bold = cell(Color::Reset, Modifier::BOLD);
        let alarm = cell(Color::Red, Modifier::BOLD | Modifier::UNDERLINED);

        assert_eq!(change(&plain, &plain, "xterm"), "");
        assert_eq!(change(&plain, &bold, "xterm"), "\x1b[1m");
        assert_eq!(change(&bold, &plain, "xterm"), "\x1b[m");
        assert_eq!(change(&alarm, &bold, "xterm"), "\x1b[0;1m");
        assert_eq!(change(&bold, &alarm, "xterm"), "\x1b[4;31m");
    }

    #[test]
    fn bold_survives_the_end_of_dim() {
        let both = cell(Color::Red, Modifier::BOLD | Modifier::DIM);
        let bold = cell(Color::Red, Modifier::BOLD);

        assert_eq!(change(&both, &bold, "xterm"), "\x1b[22;1m");
    }

    #[test]
    fn eight_colours_get_no_bright_ones_and_a_vt100_gets_none() {
        let plain = cell(Color::Reset, Modifier::empty());
        let bright = cell(Color::LightRed, Modifier::empty());

        assert_eq!(change(&plain, &bright, "xterm-256color"), "\x1b[91m");
        assert_eq!(change(&plain, &bright, "xterm"), "\x1b[31m");
        assert_eq!(change(&plain, &bright, "vt100"), "");
    }

    #[test]
    fn only_six_colours_exist() {
        let plain = cell(Color::Reset, Modifier::empty());
        for color in
            [Color::Black, Color::White, Color::Gray, Color::Rgb(1, 2, 3), Color::Indexed(99)]
        {
            assert_eq!(change(&plain, &cell(color, Modifier::empty()), "xterm-256color"), "");
        }
    }

    #[test]
    fn a_vt100_ends_attributes_by_a_reset() {
        let both = cell(Color::Reset, Modifier::BOLD | Modifier::REVERSED);
        let bold = cell(Color::Reset, Modifier::BOLD);

        assert_eq!(change(&both, &bold, "vt100"), "\x1b[0;1m");
    }
}
