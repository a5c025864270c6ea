//! Whatever is drawn, a terminal that obeys the bytes shows just that.

use proptest::prelude::*;
use tacenda_tui::terminal::family::{Family, Profile};
use tacenda_tui::terminal::output::{Output, cover};
use tacenda_tui::terminal::ratatui::Terminal;
use tacenda_tui::terminal::ratatui::buffer::Buffer;
use tacenda_tui::terminal::ratatui::style::{Color, Modifier, Style};

const ROWS: u16 = 10;
const COLUMNS: u16 = 24;

/// A piece of styled text somewhere.
#[derive(Clone, Debug)]
struct Piece {
    column: u16,
    row: u16,
    text: String,
    style: Style,
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let text = prop_oneof![
        "[a-z ]{1,20}",
        "[漢字한국ä ]{1,6}",
        Just("─│┼".to_owned()),
        Just("e\u{301}x".to_owned()),
        Just(" ".repeat(20)),
    ];
    let style = prop_oneof![
        3 => Just(Style::new()),
        1 => Just(Style::new().add_modifier(Modifier::REVERSED)),
        1 => Just(Style::new().add_modifier(Modifier::BOLD).fg(Color::Red)),
        1 => Just(Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD)),
        1 => Just(Style::new().bg(Color::Blue)),
    ];
    let piece = (0..COLUMNS, 0..ROWS, text, style).prop_map(|(column, row, text, style)| Piece {
        column,
        row,
        text,
        style,
    });
    prop::collection::vec(piece, 0..12)
}

fn paint(pieces: &[Piece], buffer: &mut Buffer) {
    for piece in pieces {
        let room = usize::from(COLUMNS - piece.column);
        buffer.set_stringn(piece.column, piece.row, &piece.text, room, piece.style);
    }
}

/// What a terminal shows, cell by cell: text, then what it is written with.
fn shown(screen: &vt100::Screen) -> Vec<String> {
    let mut cells = Vec::new();
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let cell = screen.cell(row, column).unwrap();
            let text = if cell.has_contents() { cell.contents() } else { " " };
            let bold = cell.bold() && text != " ";
            let look = (bold, cell.underline(), cell.inverse(), cell.bgcolor());
            let fg = (text != " ").then(|| cell.fgcolor());
            cells.push(format!("{text}{look:?}{fg:?}{}", cell.is_wide_continuation()));
        }
    }
    cells
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_frame_shows_what_drawing_it_alone_would_show(
        pool in prop::collection::vec(pieces(), 2),
        frames in prop::collection::vec((0..2_usize, 0..4_u16), 1..8),
        term in terms(),
    ) {
        let frames = frames.iter().map(|(which, shift)| moved(&pool[*which], *shift)).collect();
        compare(frames, term)?;
    }

    #[test]
    fn rows_that_scroll_between_rows_that_stay_are_shown_right(
        lines in prop::collection::vec(("[a-z ]{6,24}", 0..8_usize), 30),
        offsets in prop::collection::vec(0..20_usize, 2..6),
        head in 0..3_usize,
        foot in 0..3_usize,
        term in terms(),
    ) {
        let frame = |offset: usize| -> Vec<Piece> {
            (0..usize::from(ROWS))
                .map(|row| {
                    let fixed = row < head || row + foot >= usize::from(ROWS);
                    let (text, look) = &lines[if fixed { row } else { row + offset }];
                    let style = if *look == 0 { Style::new().bg(Color::Blue) } else { Style::new() };
                    Piece { column: 0, row: u16::try_from(row).unwrap(), text: text.clone(), style }
                })
                .collect()
        };
        compare(offsets.iter().map(|offset| frame(*offset)).collect(), term)?;
    }

    #[test]
    fn the_rest_of_a_row_that_moves_is_shown_right(
        lines in prop::collection::vec(("[a-z ]{8,24}|[a-z漢]{4,12}", 0..4_usize), 10),
        keys in prop::collection::vec((0..10_usize, 0..24_usize, 0..6_usize, "[a-z ]{0,5}"), 1..8),
        edge in any::<bool>(),
        term in terms(),
    ) {
        let mut lines = lines;
        let mut frames = Vec::new();
        for (row, at, erased, typed) in keys {
            let letters: Vec<char> = lines[row].0.chars().collect();
            let at = at.min(letters.len());
            let end = (at + erased).min(letters.len());
            let (before, behind) = (&letters[..at], &letters[end..]);
            lines[row].0 = before.iter().copied().chain(typed.chars()).chain(behind.iter().copied()).collect();
            let mut frame = Vec::new();
            for (row, (text, look)) in (0..).zip(&lines) {
                let style = match look {
                    0 => Style::new().bg(Color::Blue),
                    1 => Style::new().add_modifier(Modifier::REVERSED),
                    _ => Style::new(),
                };
                frame.push(Piece { column: 0, row, text: text.clone(), style });
                if edge {
                    let text = "│".to_owned();
                    frame.push(Piece { column: COLUMNS - 1, row, text, style: Style::new() });
                }
            }
            frames.push(frame);
        }
        compare(frames, term)?;
    }
}

fn terms() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["xterm-256color", "tmux", "linux", "vt100", "screen"])
}

fn moved(pieces: &[Piece], shift: u16) -> Vec<Piece> {
    let moved = |piece: &Piece| Piece { row: (piece.row + shift) % ROWS, ..piece.clone() };
    pieces.iter().map(moved).collect()
}

/// Draws the frames one after the other on one terminal, and each alone on a fresh one.
fn compare(frames: Vec<Vec<Piece>>, term: &str) -> Result<(), TestCaseError> {
    let profile = Profile { family: Family::of(term), ascii: false, remote: false };
    let open = || Terminal::new(Output::new(Vec::new(), profile, COLUMNS, ROWS)).unwrap();
    let mut steady = open();
    let mut steady_parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    for (number, pieces) in frames.iter().enumerate() {
        let focus = (u16::try_from(number).unwrap(), 1);
        let mut alone = open();
        for terminal in [&mut steady, &mut alone] {
            let draw = terminal.draw(|frame| {
                paint(pieces, frame.buffer_mut());
                cover(frame.buffer_mut());
                frame.set_cursor_position(focus);
            });
            draw.unwrap();
        }
        let mut alone_parser = vt100::Parser::new(ROWS, COLUMNS, 0);
        alone_parser.process(alone.backend_mut().sink_mut());
        steady_parser.process(&std::mem::take(steady.backend_mut().sink_mut()));

        let (steady, alone) = (steady_parser.screen(), alone_parser.screen());
        prop_assert_eq!(shown(steady), shown(alone));
        prop_assert_eq!(steady.cursor_position(), (focus.1, focus.0));
        let rows = alone.rows(0, COLUMNS).map(|row| row.trim_end().to_owned());
        prop_assert_eq!(rows.collect::<Vec<_>>(), expected_rows(pieces));
    }
    Ok(())
}

/// The text of a frame as the widgets laid it out.
fn expected_rows(pieces: &[Piece]) -> Vec<String> {
    use tacenda_tui::terminal::ratatui::buffer::CellWidth as _;
    let area = tacenda_tui::terminal::ratatui::layout::Rect::new(0, 0, COLUMNS, ROWS);
    let mut buffer = Buffer::empty(area);
    paint(pieces, &mut buffer);
    let mut rows = Vec::new();
    for row in 0..ROWS {
        let (mut text, mut column) = (String::new(), 0);
        while column < COLUMNS {
            let cell = &buffer[(column, row)];
            text.push_str(cell.symbol());
            column += cell.cell_width().max(1);
        }
        rows.push(text.trim_end().to_owned());
    }
    rows
}
