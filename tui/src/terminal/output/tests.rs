//! How many bytes a frame costs, and what they never hold.

use super::*;
use crate::terminal::family::Family;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Wrap};
use ratatui::{Frame, Terminal};

fn profile(term: &str) -> Profile {
    Profile { family: Family::of(term), ascii: false, remote: false }
}

fn terminal(profile: Profile) -> Terminal<Output<Vec<u8>>> {
    Terminal::new(Output::new(Vec::new(), profile, 80, 24)).unwrap()
}

/// Draws and returns the bytes that it took.
fn draw(terminal: &mut Terminal<Output<Vec<u8>>>, view: impl FnOnce(&mut Frame<'_>)) -> String {
    terminal.draw(view).unwrap();
    String::from_utf8(std::mem::take(terminal.backend_mut().sink_mut())).unwrap()
}

/// A screen as Tacenda has it: a title, a bordered note, a hint row, the caret in the note.
fn note(frame: &mut Frame<'_>, text: &str, caret: (u16, u16)) {
    let [width, height] = [frame.area().width, frame.area().height];
    frame.render_widget(Line::styled("1 Today  2 Week", Color::Cyan), Rect::new(0, 0, width, 1));
    let block = Block::bordered().title("Note");
    let area = Rect::new(0, 1, width, height - 2);
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }).block(block), area);
    let hints = Line::styled("Esc back  F8 sign", Style::new().reversed());
    frame.render_widget(hints, Rect::new(0, height - 1, width, 1));
    frame.set_cursor_position((caret.0 + 1, caret.1 + 2));
}

#[test]
fn a_typed_key_costs_fewer_than_30_bytes() {
    for (term, limit) in [("xterm-256color", 30), ("tmux", 30), ("vt100", 30), ("linux", 30)] {
        let mut terminal = terminal(profile(term));
        let prose = "She came late and spoke of her week, of the bus, of sleep that does not come.";
        let mut costs = Vec::new();
        draw(&mut terminal, |frame| note(frame, "", (0, 0)));
        for end in 1..prose.len() {
            let caret = (u16::try_from(end).unwrap(), 0);
            costs.push(draw(&mut terminal, |frame| note(frame, &prose[..end], caret)).len());
        }
        costs.sort_unstable();
        let median = costs[costs.len() / 2];
        println!("{term}: median {median} bytes a typed key, most {}", costs.last().unwrap());
        assert!(median < limit, "{term}: {median}");
    }
}

#[test]
fn a_key_before_other_words_costs_what_one_behind_them_costs_where_the_terminal_can_move_them() {
    let prose = "00000 Said that the week had gone as planned, and that sleep came late.";
    let row = |frame: &mut Frame<'_>, text: &str, caret: u16| {
        let area = frame.area();
        frame.render_widget(Paragraph::new(text), Rect { height: 1, ..area });
        frame.set_cursor_position((caret, 0));
    };
    for (term, limit) in [("xterm-256color", 24), ("tmux", 10), ("linux", 10), ("vt100", 90)] {
        let mut terminal = terminal(profile(term));
        draw(&mut terminal, |frame| row(frame, prose, 6));
        let typed = draw(&mut terminal, |frame| {
            row(frame, &prose.replacen("Said", "XSaid", 1), 7);
        });
        assert!(typed.len() < limit, "{term}: {typed:?}");
        let erased = draw(&mut terminal, |frame| row(frame, prose, 6));
        assert!(erased.len() < limit, "{term}: {erased:?}");
        assert_eq!(typed.contains("\x1b[@"), term != "vt100", "{term}");
    }
    // What stands at the edge stays there, and half a wide character is nowhere.
    let mut terminal = terminal(profile("xterm-256color"));
    draw(&mut terminal, |frame| row(frame, "one 漢字 three four five", 4));
    let typed = draw(&mut terminal, |frame| row(frame, "one X漢字 three four five", 5));
    assert!(!typed.contains("\x1b[@"), "{typed:?}");
}

/// What is tried with rows that move leaves no second copy of what they say.
#[test]
fn no_row_is_left_in_memory_but_those_that_are_shown() {
    let mut terminal = terminal(profile("xterm-256color"));
    let prose = "00000 Said that the week had gone as planned, and that sleep came late.";
    let row = |frame: &mut Frame<'_>, text: &str| {
        let area = frame.area();
        frame.render_widget(Paragraph::new(text), Rect { height: 1, ..area });
        frame.set_cursor_position((6, 0));
    };
    draw(&mut terminal, |frame| row(frame, prose));
    let typed = draw(&mut terminal, |frame| row(frame, &prose.replacen("Said", "XSaid", 1)));
    assert!(typed.contains("\x1b[@"), "{typed:?}");
    draw(&mut terminal, |frame| list(frame, 0));
    let scrolled = draw(&mut terminal, |frame| list(frame, 1));
    assert!(scrolled.contains("\x1b[S"), "{scrolled:?}");
    let output = terminal.backend();
    let kept = [&output.kept_row, &output.kept_all];
    assert_eq!(kept.map(Vec::len), [80, 80 * 24]);
    assert!(kept.into_iter().flatten().all(|cell| *cell == Shown::blank()));
}

#[test]
fn typing_in_the_middle_of_a_line_costs_little_more_than_the_rest_of_the_line() {
    let mut terminal = terminal(profile("xterm-256color"));
    draw(&mut terminal, |frame| note(frame, "one two three", (4, 0)));
    draw(&mut terminal, |frame| note(frame, "one Xtwo three", (4, 0)));

    let bytes = draw(&mut terminal, |frame| note(frame, "one YXtwo three", (6, 0)));

    assert_eq!(bytes, "\x1b[?2026hYXtwo three\x1b[9D\x1b[?2026l");
}

/// A list that fills the screen below its title, scrolled so far, the focus on its last row.
fn list(frame: &mut Frame<'_>, first: usize) {
    let area = frame.area();
    frame.render_widget(Line::styled("3 Clients", Color::Cyan), Rect { height: 1, ..area });
    for row in 1..area.height - 1 {
        let number = first + usize::from(row);
        let text =
            format!("  XX-{number:03}  mon 09:00  since Mar 2026  session {}", number * 7 % 23);
        let focus = row == area.height - 2;
        let style = if focus { Style::new().reversed() } else { Style::new() };
        frame.render_widget(Line::styled(text, style), Rect { y: row, height: 1, ..area });
    }
    let hints = Line::raw("Enter open  n new  / find");
    frame.render_widget(hints, Rect { y: area.height - 1, height: 1, ..area });
    frame.set_cursor_position((0, area.height - 2));
}

#[test]
fn a_list_that_scrolls_costs_two_rows_and_not_all() {
    for (term, limit) in [("xterm-256color", 250), ("tmux", 900)] {
        let mut terminal = terminal(profile(term));
        draw(&mut terminal, |frame| list(frame, 0));

        let down = draw(&mut terminal, |frame| list(frame, 1)).len();
        let half_page = draw(&mut terminal, |frame| list(frame, 12)).len();
        let up = draw(&mut terminal, |frame| list(frame, 11)).len();

        println!("{term}: down {down}, half a page {half_page}, up {up} bytes");
        assert!(down < limit && up < limit, "{term}: {down} {up}");
    }
}

#[test]
fn an_enter_in_a_note_moves_the_lines_below_it() {
    let mut terminal = terminal(profile("xterm-256color"));
    let lines: Vec<String> =
        (0..18).map(|n| format!("line {n} of a note with some text in it")).collect();
    draw(&mut terminal, |frame| note(frame, &lines.join("\n"), (0, 3)));

    let mut broken = lines.clone();
    broken.insert(3, String::new());
    let bytes = draw(&mut terminal, |frame| note(frame, &broken.join("\n"), (0, 4)));

    println!("enter in a note: {} bytes", bytes.len());
    assert!(bytes.contains("\x1b[T") && bytes.len() < 120, "{bytes:?}");
}

#[test]
fn nothing_new_writes_nothing() {
    let mut terminal = terminal(profile("xterm-256color"));
    assert!(!draw(&mut terminal, |frame| note(frame, "text", (4, 0))).is_empty());

    for _ in 0..3 {
        assert_eq!(draw(&mut terminal, |frame| note(frame, "text", (4, 0))), "");
    }
    assert_eq!(terminal.backend().frames(), 1);
}

#[test]
fn only_the_cursor_moves_when_only_the_focus_does() {
    let mut terminal = terminal(profile("tmux"));
    draw(&mut terminal, |frame| note(frame, "text", (4, 0)));

    assert_eq!(draw(&mut terminal, |frame| note(frame, "text", (3, 0))), "\x08");
}

#[test]
fn the_cursor_is_hidden_only_where_nothing_has_the_focus() {
    let mut terminal = terminal(profile("tmux"));
    draw(&mut terminal, |frame| note(frame, "text", (4, 0)));

    assert_eq!(
        draw(&mut terminal, |frame| frame.render_widget("", frame.area()))
            .matches("\x1b[?25l")
            .count(),
        1
    );
    assert!(draw(&mut terminal, |frame| note(frame, "text", (4, 0))).ends_with("\x1b[?25h"));
}

#[test]
fn frames_are_marked_only_for_terminals_that_show_them_at_once() {
    let first = |term| draw(&mut terminal(profile(term)), |frame| note(frame, "text", (0, 0)));

    let xterm = first("xterm-256color");
    assert!(xterm.starts_with("\x1b[?2026h") && xterm.ends_with("\x1b[?2026l"));
    for term in ["tmux", "screen", "linux", "vt100"] {
        assert!(!first(term).contains("2026"), "{term}");
    }
}

#[test]
fn a_vt100_gets_only_what_a_vt100_knows() {
    let mut terminal = terminal(profile("vt100"));
    let mut bytes = draw(&mut terminal, |frame| note(frame, "one", (3, 0)));
    bytes += &draw(&mut terminal, |frame| note(frame, "one two", (7, 0)));
    bytes += &draw(&mut terminal, |frame| note(frame, "", (0, 0)));

    for sequence in bytes.split('\x1b').skip(1) {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        let last = sequence.chars().nth(end).unwrap();
        assert!("HABCDJKm".contains(last), "{sequence:?}");
        assert!(!sequence.contains('?'), "{sequence:?}");
        if last == 'm' {
            let numbers = sequence[1..end].split(';').map(|n| n.parse().unwrap_or(0));
            assert!(numbers.clone().all(|n: u8| [0, 1, 4, 7].contains(&n)), "{sequence:?}");
        }
    }
}

#[test]
fn without_colours_no_colour_is_written_and_attributes_stay() {
    let mut plain = profile("xterm-256color");
    plain.family.colours = 0;
    let bytes = draw(&mut terminal(plain), |frame| note(frame, "text", (0, 0)));

    assert!(!bytes.contains("\x1b[36m"), "{bytes:?}");
    assert!(bytes.contains("\x1b[7m"));
    let coloured = profile("xterm-256color");
    assert!(draw(&mut terminal(coloured), |frame| note(frame, "", (0, 0))).contains("\x1b[36m"));
}

#[test]
fn without_a_locale_the_chrome_is_ascii() {
    let ascii = Profile { ascii: true, ..profile("xterm") };
    let bytes = draw(&mut terminal(ascii), |frame| note(frame, "Ünal", (0, 0)));

    assert_eq!(bytes.chars().filter(|c| !c.is_ascii()).collect::<String>(), "Ü");
    assert!(bytes.contains("+Note---"));
}

#[test]
fn text_that_would_steer_the_terminal_is_shown_as_question_marks() {
    let mut terminal = terminal(profile("xterm"));
    let symbols = ["a\u{202e}", "\u{e000}", "\u{9b}", "\x1b]0;x\x07"];
    let bytes = draw(&mut terminal, |frame| {
        for (column, symbol) in (0..).zip(symbols) {
            frame.buffer_mut()[(column, 3)].set_symbol(symbol);
        }
    });

    assert!(bytes.contains("????"), "{bytes:?}");
    assert!(!bytes.contains('\u{202e}') && !bytes.contains("\x1b]") && !bytes.contains('\u{9b}'));
}

#[test]
fn erasing_takes_the_screen_and_what_scrolled_off_it() {
    let mut terminal = terminal(profile("xterm"));
    draw(&mut terminal, |frame| note(frame, "text of a client", (0, 0)));

    terminal.backend_mut().erase();
    let bytes = draw(&mut terminal, |frame| frame.render_widget("locked", frame.area()));

    assert!(bytes.contains("\x1b[2J\x1b[3J"));
    assert!(!bytes.contains("client") && bytes.contains("locked"));
}

#[test]
fn a_frame_that_is_forgotten_is_drawn_whole() {
    let mut terminal = terminal(profile("xterm"));
    let first = draw(&mut terminal, |frame| note(frame, "text", (4, 0)));

    terminal.backend_mut().forget();

    assert_eq!(draw(&mut terminal, |frame| note(frame, "text", (4, 0))), first);
}

#[test]
fn a_size_that_comes_back_before_the_next_frame_loses_nothing() {
    let mut terminal = terminal(profile("xterm"));
    let first = draw(&mut terminal, |frame| note(frame, "text", (4, 0)));

    terminal.backend_mut().resize(10, 5);
    terminal.backend_mut().resize(80, 24);

    assert_eq!(draw(&mut terminal, |frame| note(frame, "text", (4, 0))), first);
}

#[test]
fn a_terminal_that_takes_nothing_for_a_while_gets_every_byte_later() {
    let mut terminal =
        Terminal::new(Output::new(Slow::default(), profile("tmux"), 80, 24)).unwrap();
    let mut reference = self::terminal(profile("tmux"));
    let expected = draw(&mut reference, |frame| note(frame, "text", (4, 0)));

    terminal.draw(|frame| note(frame, "text", (4, 0))).unwrap();
    let mut turns = 0;
    while terminal.backend().is_waiting() {
        terminal.backend_mut().resume().unwrap();
        turns += 1;
    }

    assert!(turns > 3);
    assert_eq!(
        String::from_utf8(terminal.backend_mut().sink_mut().taken.clone()).unwrap(),
        expected
    );
}

#[test]
fn a_closed_terminal_is_told_from_a_full_disk() {
    for (number, closed) in [(5, true), (32, true), (9, true), (28, false)] {
        let error = OutputError::from(io::Error::from_raw_os_error(number));
        assert_eq!(matches!(error, OutputError::Closed), closed, "{number}");
    }
}

/// Takes 100 bytes, then refuses once.
#[derive(Default)]
struct Slow {
    taken: Vec<u8>,
    refuses: bool,
}

impl Sink for Slow {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.refuses = !self.refuses;
        if !self.refuses {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = bytes.len().min(100);
        self.taken.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}
