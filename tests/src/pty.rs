//! A terminal for a program under test: a pty whose other end is a VT parser.
//!
//! It never sleeps: it waits in `poll(2)` for bytes or for the end of the program, up to a limit
//! that only a hanging program reaches.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitOptions, WaitStatus};
use rustix::pty::OpenptFlags;
use rustix::termios::{LocalModes, OutputModes, Winsize};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a wait may last before the test fails. Generous: it is reached only by a fault.
const LIMIT: Duration = Duration::from_secs(30);

/// A program on a terminal of its own.
pub struct Pty {
    /// Our end; none once the terminal was closed.
    master: Option<OwnedFd>,
    child: Child,
    ended: OwnedFd,
    parser: vt100::Parser,
    raw: Vec<u8>,
    rows: u16,
    columns: u16,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl Pty {
    /// Starts a command in a session of its own, on a terminal of this size.
    pub fn spawn(mut command: Command, rows: u16, columns: u16) -> Self {
        let master =
            rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
                .expect("a pty");
        rustix::pty::grantpt(&master).expect("the right to the pty");
        rustix::pty::unlockpt(&master).expect("an unlocked pty");
        let name = rustix::pty::ptsname(&master, Vec::new()).expect("the name of the pty");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, Mode::empty()).expect("the other end");
        set_size(&master, rows, columns);
        let copy = || Stdio::from(slave.try_clone().expect("a copy of the other end"));
        command.stdin(copy()).stdout(copy()).stderr(copy());
        in_own_session(&mut command);
        let child = command.spawn().expect("the program under test");
        let ended = rustix::process::pidfd_open(Pid::from_child(&child), PidfdFlags::empty())
            .expect("a descriptor of the program");
        let parser = vt100::Parser::new(rows, columns, 0);
        Self { master: Some(master), child, ended, parser, raw: Vec::new(), rows, columns }
    }

    /// Returns a command with a known environment: nothing of the caller's but PATH.
    pub fn command(program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        command
    }

    /// Types these characters, as one write.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.bytes(keys.as_bytes())
    }

    /// Sends these bytes, as one write if the terminal takes them at once.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let deadline = Instant::now() + LIMIT;
        let mut rest = bytes;
        while !rest.is_empty() {
            let master = self.master.as_ref().expect("an open terminal");
            let fd = master.as_fd();
            let mut wanted = [PollFd::new(&fd, PollFlags::OUT | PollFlags::IN)];
            poll(&mut wanted, Some(&left(deadline))).expect("a poll");
            let events = wanted[0].revents();
            if events.contains(PollFlags::OUT) {
                // At most what the line discipline holds, so that the write cannot block.
                let piece = &rest[..rest.len().min(1024)];
                rest = &rest[rustix::io::write(master, piece).expect("a write")..];
            } else if events.is_empty() {
                panic!("the program takes no input\n{}", self.dump());
            }
            if events.contains(PollFlags::IN) {
                self.read();
            }
        }
        self
    }

    /// Waits until the screen holds this text in one row.
    pub fn expect(&mut self, text: &str) -> &mut Self {
        self.expect_screen(&format!("{text:?} on the screen"), |screen| {
            screen.contents().contains(text)
        })
    }

    /// Waits until the screen does not hold this text in any row.
    pub fn expect_gone(&mut self, text: &str) -> &mut Self {
        self.expect_screen(&format!("{text:?} gone from the screen"), |screen| {
            !screen.contents().contains(text)
        })
    }

    /// Fails if the screen holds this text now, with all that the program has written so far.
    pub fn expect_not(&mut self, text: &str) -> &mut Self {
        self.take_pending();
        assert!(!self.contents().contains(text), "{text:?} is on the screen\n{}", self.dump());
        self
    }

    /// Waits until the condition holds for the screen; `what` is told if it never does.
    pub fn expect_screen(
        &mut self,
        what: &str,
        holds: impl Fn(&vt100::Screen) -> bool,
    ) -> &mut Self {
        self.wait_for(what, |pty| holds(pty.parser.screen()))
    }

    /// Waits until the program has written these bytes, anywhere since the start.
    pub fn expect_raw(&mut self, bytes: &str) -> &mut Self {
        self.wait_for(&format!("the bytes {bytes:?}"), |pty| contains(&pty.raw, bytes.as_bytes()))
    }

    /// Waits until the terminal's modes are those of a shell (`true`) or of a program that reads
    /// single keys.
    pub fn expect_sane(&mut self, sane: bool) -> &mut Self {
        // Modes change without a byte, so this asks again and again, a little apart.
        let deadline = Instant::now() + LIMIT;
        while self.is_sane() != sane {
            assert!(Instant::now() < deadline, "sane is not {sane}\n{}", self.dump());
            self.poll(Instant::now() + Duration::from_millis(5));
        }
        self
    }

    /// Waits until the condition holds, reading what the program writes.
    pub fn wait_for(&mut self, what: &str, holds: impl Fn(&Self) -> bool) -> &mut Self {
        let deadline = Instant::now() + LIMIT;
        self.take_pending();
        while !holds(self) {
            assert!(
                self.poll(deadline) != Poll::Nothing,
                "no {what} within {LIMIT:?}\n{}",
                self.dump()
            );
            assert!(!self.has_ended() || holds(self), "no {what} before the end\n{}", self.dump());
        }
        self
    }

    /// Returns how many bytes the program writes within this time.
    pub fn bytes_within(&mut self, time: Duration) -> usize {
        let before = self.raw.len();
        let deadline = Instant::now() + time;
        while self.poll(deadline) != Poll::Nothing && !self.has_ended() {}
        self.raw.len() - before
    }

    /// Returns all bytes that the program has written so far.
    pub fn raw(&mut self) -> &[u8] {
        self.take_pending();
        &self.raw
    }

    /// Returns all bytes so far as text, and forgets them; the screen stays.
    pub fn take_raw(&mut self) -> String {
        self.take_pending();
        String::from_utf8_lossy(&std::mem::take(&mut self.raw)).into_owned()
    }

    /// Returns the screen as the parser sees it.
    pub fn screen(&mut self) -> &vt100::Screen {
        self.take_pending();
        self.parser.screen()
    }

    /// Returns the text of the screen, row by row.
    pub fn contents(&self) -> String {
        self.parser.screen().contents()
    }

    /// Returns (row, column) of the cursor, counted from 0, or nothing if it is hidden.
    pub fn cursor(&mut self) -> Option<(u16, u16)> {
        let screen = self.screen();
        (!screen.hide_cursor()).then(|| screen.cursor_position())
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, rows: u16, columns: u16) -> &mut Self {
        (self.rows, self.columns) = (rows, columns);
        self.parser.screen_mut().set_size(rows, columns);
        set_size(self.master.as_ref().expect("an open terminal"), rows, columns);
        self
    }

    /// Sends the program a signal.
    pub fn kill(&mut self, signal: Signal) -> &mut Self {
        rustix::process::kill_process(self.pid(), signal).expect("a running program");
        self
    }

    /// Returns the number of the program's process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Closes the terminal under the program, as a closed window or a broken link does.
    pub fn hang_up(&mut self) -> &mut Self {
        self.take_pending();
        self.master = None;
        self
    }

    /// Waits until the program has ended, reading the last that it writes; says how it ended.
    pub fn wait(&mut self) -> Ended {
        let deadline = Instant::now() + LIMIT;
        while !self.has_ended() {
            assert!(self.poll(deadline) != Poll::Nothing, "it does not end\n{}", self.dump());
        }
        self.take_pending();
        let status = self.child.wait().expect("the status");
        use std::os::unix::process::ExitStatusExt as _;
        match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Status(code),
            (None, signal) => Ended::Signal(signal.unwrap_or(0)),
        }
    }

    /// Waits, without reading, until what the program has written and nobody has read grows no
    /// more: it is done, or the terminal is full.
    pub fn wait_unread(&mut self) -> &mut Self {
        let unread = |pty: &Self| {
            rustix::io::ioctl_fionread(pty.master.as_ref().expect("an open terminal"))
                .expect("a count")
        };
        let mut before = None;
        while before != Some(unread(self)) || before == Some(0) {
            before = Some(unread(self));
            self.poll_end(Instant::now() + Duration::from_millis(50));
        }
        self
    }

    /// Waits until the program has ended, without reading what it writes; says how it ended.
    pub fn wait_unread_end(&mut self) -> Ended {
        self.poll_end(Instant::now() + LIMIT);
        assert!(self.has_ended(), "it does not end while nobody reads");
        self.wait()
    }

    /// Waits until the program is stopped by a signal.
    pub fn wait_stopped(&mut self) -> &mut Self {
        let pid = self.pid();
        let status: Option<(Pid, WaitStatus)> =
            rustix::process::waitpid(Some(pid), WaitOptions::UNTRACED).expect("a wait");
        assert!(status.is_some_and(|(_, status)| status.stopped()), "{status:?}");
        self
    }

    /// Whether the terminal's modes are those that a shell wants: lines, echo, signals.
    pub fn is_sane(&self) -> bool {
        let master = self.master.as_ref().expect("an open terminal");
        let modes = rustix::termios::tcgetattr(master).expect("the modes");
        let local = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        modes.local_modes.contains(local) && modes.output_modes.contains(OutputModes::OPOST)
    }

    fn has_ended(&self) -> bool {
        let options = rustix::process::WaitIdOptions::EXITED
            | rustix::process::WaitIdOptions::NOHANG
            | rustix::process::WaitIdOptions::NOWAIT;
        let id = WaitId::PidFd(self.ended.as_fd());
        // Somebody who has waited for it already knows that it ended.
        rustix::process::waitid(id, options).map_or(true, |status| status.is_some())
    }

    fn take_pending(&mut self) {
        while self.poll(Instant::now()) == Poll::Bytes {}
    }

    /// Waits for bytes or the end, and takes the bytes.
    fn poll(&mut self, deadline: Instant) -> Poll {
        let limit = left(deadline);
        let ended = self.ended.as_fd();
        let Some(master) = &self.master else {
            let mut wanted = [PollFd::new(&ended, PollFlags::IN)];
            let ready = poll(&mut wanted, Some(&limit)).expect("a poll");
            return if ready > 0 { Poll::Ended } else { Poll::Nothing };
        };
        let fd = master.as_fd();
        let mut wanted = [PollFd::new(&fd, PollFlags::IN), PollFd::new(&ended, PollFlags::IN)];
        let ready = poll(&mut wanted, Some(&limit)).expect("a poll");
        let (bytes, end) = (wanted[0].revents(), wanted[1].revents());
        if ready == 0 {
            Poll::Nothing
        } else if bytes.contains(PollFlags::IN) && self.read() > 0 {
            Poll::Bytes
        } else if end.is_empty() {
            // Nobody has the other end open, and the program runs on: its end is all to wait for.
            self.poll_end(deadline);
            Poll::Ended
        } else {
            Poll::Ended
        }
    }

    fn poll_end(&self, deadline: Instant) {
        let ended = self.ended.as_fd();
        poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&left(deadline))).expect("a poll");
    }

    fn read(&mut self) -> usize {
        let mut buffer = [0; 65536];
        let Some(master) = &self.master else { return 0 };
        // EIO: the program has closed its end.
        let count = rustix::io::read(master, &mut buffer).unwrap_or(0);
        self.raw.extend_from_slice(&buffer[..count]);
        self.parser.process(&buffer[..count]);
        count
    }

    fn dump(&self) -> String {
        let tail = &self.raw[self.raw.len().saturating_sub(600)..];
        format!("--- screen ---\n{}\n--- last bytes ---\n{}", self.contents(), tail.escape_ascii())
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Poll {
    Bytes,
    Ended,
    Nothing,
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn left(deadline: Instant) -> Timespec {
    let left = deadline.saturating_duration_since(Instant::now());
    Timespec {
        tv_sec: i64::try_from(left.as_secs()).expect("a short time"),
        tv_nsec: left.subsec_nanos().into(),
    }
}

fn set_size(master: &OwnedFd, rows: u16, columns: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(master, size).expect("a size");
}

/// Makes the command the head of a session with its standard input as terminal.
fn in_own_session(command: &mut Command) {
    let begin = || {
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        Ok(())
    };
    // SAFETY: between fork and exec only two system calls are made; neither allocates nor takes
    // a lock.
    unsafe {
        command.pre_exec(begin);
    }
}
