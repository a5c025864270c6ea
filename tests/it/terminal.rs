//! What the terminal is left with, whatever happens to the program; and what it is spared.

mod frames;

use rustix::process::Signal;
use std::time::Duration;
use tacenda_tests::pty::{Ended, Pty};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terminal-under-test");

fn open() -> Pty {
    open_sized(24, 80)
}

fn open_sized(rows: u16, columns: u16) -> Pty {
    let mut pty = Pty::spawn(Pty::command(PROGRAM), rows, columns);
    pty.expect_raw("\x1b[?2026l");
    pty
}

const CTRL_F: &str = "\x06";
const CTRL_L: &str = "\x0c";
const CTRL_Q: &str = "\x11";
const CTRL_X: &str = "\x18";
const CTRL_Z: &str = "\x1a";

/// Fails unless the last bytes took back every mode that the first set.
fn assert_left(pty: &mut Pty) {
    assert!(pty.is_sane(), "the modes are not those of a shell");
    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    for (mode, on, off) in [
        ("alternate screen", "\x1b[?1049h", "\x1b[?1049l"),
        ("bracketed paste", "\x1b[?2004h", "\x1b[?2004l"),
        ("focus events", "\x1b[?1004h", "\x1b[?1004l"),
        ("whole frames", "\x1b[?2026h", "\x1b[?2026l"),
        ("visible cursor", "\x1b[?25l", "\x1b[?25h"),
        ("title", "\x1b[22;2t", "\x1b[23;2t"),
    ] {
        let end = raw.rfind(off).unwrap_or_else(|| panic!("{mode} is not taken back"));
        assert!(raw.rfind(on).is_none_or(|begun| begun < end), "{mode} is left on");
    }
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
}

#[test]
fn quitting_leaves_the_terminal_as_it_was() {
    let mut pty = open();
    pty.expect_sane(false).keys(CTRL_Q);

    assert_eq!(pty.wait(), Ended::Status(0));
    assert_left(&mut pty);
    assert!(pty.contents().contains("left in order, device flushed: true"));
}

#[test]
fn a_signal_to_end_flushes_restores_and_tells_in_the_status() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut pty = open();
        pty.kill(signal);

        assert_eq!(pty.wait(), Ended::Status(status));
        assert_left(&mut pty);
        assert!(pty.contents().contains("device flushed: true"));
    }
}

#[test]
fn a_terminal_that_nobody_reads_does_not_keep_the_program_from_ending() {
    let mut command = Pty::command(PROGRAM);
    command.env("QUIET", "1");
    let mut pty = Pty::spawn(command, 200, 500);
    pty.expect("size 500x200").keys(CTRL_F).wait_unread();
    pty.kill(Signal::TERM);

    assert_eq!(pty.wait_unread_end(), Ended::Status(143));
}

#[test]
fn a_terminal_that_stalls_gets_the_whole_frame_later() {
    let mut pty = open();
    pty.resize(200, 500).expect("size 500x200");
    pty.keys(CTRL_F).wait_unread().keys("=").keys("text");

    pty.expect("> text").expect("open, 6 keys");
    let letters = (0..500).map(|column| char::from(b'a' + ((1 + 199 * 7 + column * 5) % 26) as u8));
    pty.expect(&letters.collect::<String>());
}

#[test]
fn a_fault_restores_the_terminal_and_shows_its_place_but_not_its_text() {
    let mut pty = open();
    pty.keys(CTRL_X);

    assert_eq!(pty.wait(), Ended::Status(101));
    assert_left(&mut pty);
    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    assert!(raw.contains("a fault in the program itself at tests/src/bin/terminal-under-test.rs:"));
    assert!(!raw.contains("text of a client") && !raw.contains("backtrace"));
}

#[test]
fn a_terminal_that_closes_ends_the_program() {
    let mut pty = open();
    pty.hang_up();

    // The last line cannot be printed any more, which is a fault of the program under test.
    assert!(matches!(pty.wait(), Ended::Status(_)));
}

#[test]
fn suspending_gives_the_shell_its_terminal_and_comes_back_locked() {
    let mut shell = Pty::command("sh");
    shell.arg("-i").env("PS1", "prompt> ").env("PROGRAM", PROGRAM);
    let mut pty = Pty::spawn(shell, 24, 80);
    pty.expect("prompt>").keys("\"$PROGRAM\"\r").expect("open, 0 keys");
    pty.keys("abc").expect("open, 3 keys").keys(CTRL_Z);

    pty.expect_gone("key Char").expect_sane(true);
    pty.keys("echo shell $((40 + 2)) answers\r").expect("shell 42 answers");
    assert!(!pty.screen().alternate_screen() && !pty.screen().bracketed_paste());

    pty.keys("fg\r").expect("locked, 4 keys").expect("back").expect_sane(false);
    pty.keys("d").expect("locked, 5 keys").keys(CTRL_Q);
    pty.expect("device flushed: true").keys("exit\r");
    assert_eq!(pty.wait(), Ended::Status(0));
}

#[test]
fn without_a_shell_to_go_back_to_suspending_only_locks() {
    let mut pty = open();
    pty.keys(CTRL_Z).expect("locked, 1 keys").expect("back");
    pty.kill(Signal::TSTP).keys("a").expect("locked, 2 keys");
}

#[test]
fn a_stop_from_outside_is_followed_by_a_whole_frame() {
    let mut pty = open();
    pty.keys("a").expect("open, 1 keys").kill(Signal::STOP).wait_stopped();
    pty.take_raw();

    pty.kill(Signal::CONT).expect("back");

    assert!(pty.take_raw().contains("open, 1 keys"));
}

#[test]
fn locking_erases_the_screen_and_what_scrolled_off_it() {
    let mut pty = open();
    pty.keys("=").expect_gone("browse").keys("a client's name").expect("a client's name");
    pty.keys("\r").expect("browse");
    pty.keys(CTRL_L).expect("locked").expect("keys are gone");

    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    let erased = raw.rfind("\x1b[2J\x1b[3J").unwrap();
    assert!(!raw[erased..].contains("client"));
}

#[test]
fn a_screen_locker_can_lock_by_a_signal() {
    let mut pty = open();
    pty.kill(Signal::USR1).expect("locked, 0 keys").expect("back");
}

#[test]
fn any_size_is_drawn_and_the_last_one_is_right() {
    let mut pty = open();
    for (rows, columns) in [(1, 1), (50, 200), (1, 500), (200, 1), (200, 500), (24, 80)] {
        pty.resize(rows, columns);
        pty.keys("a");
        if columns > 20 && rows > 2 {
            pty.expect(&format!("size {columns}x{rows}"));
        }
    }
    pty.expect("open, 6 keys");
}

#[test]
fn a_storm_of_sizes_loses_no_key() {
    let mut pty = open();
    pty.keys("=").expect_gone("browse");
    let mut state = 7_u32;
    for _ in 0..300 {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let rows = u16::try_from(state >> 16 & 63).unwrap() + 1;
        let columns = u16::try_from(state >> 24 & 127).unwrap() + 1;
        pty.resize(rows, columns).keys("a");
    }
    pty.resize(24, 80).expect("open, 301 keys").expect("size 80x24").expect("> aaa");
}

#[test]
fn a_paste_in_brackets_arrives_as_one_and_whole() {
    let text = "line of a letter\r\n".repeat(300);
    let sum = text.bytes().fold(0_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into()));
    let mut pty = open();

    pty.keys(&format!("\x1b[200~{text}\x1b[201~"));

    pty.expect(&format!("paste of {} bytes, sum {sum}", text.len())).expect("open, 0 keys");
}

#[test]
fn a_paste_without_brackets_is_text_in_a_field_and_nothing_in_a_list() {
    let mut pty = open();
    pty.keys("delete everything\n").expect("burst of 18 bytes ignored").expect("open, 0 keys");

    pty.keys("=").expect_gone("browse").keys("typed at one go\nand what follows");
    pty.expect("burst of 16 bytes ignored").expect("> browse").expect("open, 17 keys");
}

#[test]
fn a_lone_escape_is_told_from_an_arrow() {
    let mut pty = open();
    pty.keys("\x1b").expect("key Esc").keys("\x1b[A").expect("key Up").expect("open, 2 keys");
}

#[test]
fn late_answers_are_not_typed_however_they_come() {
    let mut pty = open();
    pty.keys("=\x1b]11;rgb:1e1e/1e1e").keys("/1e1e\x07\x1b[?62;22c\x1bP>|XTerm\x1b\\ok");
    pty.expect("> ok").expect("open, 3 keys");
}

#[test]
fn nothing_but_the_constant_title_is_told_to_the_window() {
    let mut pty = open();
    pty.keys("=text").expect("> text").keys("\x1b").expect("> browse").keys(CTRL_Q);
    pty.wait();

    let raw = String::from_utf8_lossy(pty.raw()).into_owned();
    let told: Vec<&str> =
        raw.split("\x1b]").skip(1).filter_map(|s| s.split('\x07').next()).collect();
    assert_eq!(told, ["2;Tacenda"]);
    assert!(!raw.contains("\x1b[6n") && !raw.contains("\x1b[c"), "a question was asked");
}

#[test]
fn an_idle_screen_writes_nothing() {
    let mut pty = open();
    pty.keys("a").expect("open, 1 keys");
    pty.take_raw();

    assert_eq!(pty.bytes_within(Duration::from_secs(1)), 0);
}

#[test]
fn an_idle_program_does_not_wake() {
    let mut pty = open();
    pty.keys("a").expect("open, 1 keys");
    let switches = |pty: &Pty| {
        let path = format!("/proc/{}/status", pty.pid().as_raw_nonzero());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt")).unwrap();
        line.split_whitespace().last().unwrap().parse::<u64>().unwrap()
    };
    pty.bytes_within(Duration::from_millis(300));
    let before = switches(&pty);

    pty.bytes_within(Duration::from_secs(1));

    assert_eq!(switches(&pty), before);
}

#[test]
fn the_cursor_stands_on_the_caret() {
    let mut pty = open();
    pty.keys("=abc").expect("> abc");
    pty.wait_for("the cursor behind the text", |_| true);
    assert_eq!(pty.cursor(), Some((0, 5)));
}

#[test]
fn without_a_terminal_it_says_so_and_ends_with_2() {
    let output =
        std::process::Command::new(PROGRAM).stdin(std::process::Stdio::null()).output().unwrap();

    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("needs a terminal"));
    assert!(output.stdout.is_empty());
}

#[test]
fn a_terminal_without_a_cursor_is_refused_with_2() {
    let mut command = Pty::command(PROGRAM);
    command.env("TERM", "dumb");
    let mut pty = Pty::spawn(command, 24, 80);

    assert_eq!(pty.wait(), Ended::Status(2));
    assert!(!String::from_utf8_lossy(pty.raw()).contains('\x1b'));
}

#[test]
fn no_core_is_written_and_memory_is_not_to_be_read() {
    let pty = open();
    let proc = format!("/proc/{}", pty.pid().as_raw_nonzero());
    let limits = std::fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    let status = std::fs::read_to_string(format!("{proc}/status")).unwrap();
    assert!(status.contains("NoNewPrivs:\t1"));
    assert!(status.contains("Umask:\t0077"));
}
