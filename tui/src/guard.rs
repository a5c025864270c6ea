//! The one place that asks the operating system about this process and its terminal: modes,
//! signals, faults, and what must never be dumped or readable by others.
//!
//! It prints nothing that came from a client, a key or a panic's text.

#![expect(
    unsafe_code,
    reason = "no_new_privs has no safe call among the features in use, nor has watching a \
              descriptor; an allocator is unsafe by its nature"
)]

use crate::terminal::family::{Kind, Profile};
use crate::terminal::output::Sink;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, Rlimit, Signal as Number};
use rustix::termios::{OptionalActions, QueueSelector, Termios};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What [`harden`] could bring about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hardened {
    /// No core file is written.
    pub no_core: bool,
    /// Other processes of the same person cannot read the memory.
    pub not_dumpable: bool,
    /// No program that is started gains rights.
    pub no_new_rights: bool,
}

/// Makes the process keep its memory and files to itself. To be called before any thread starts.
pub fn harden() -> Hardened {
    rustix::process::umask(Mode::from_raw_mode(0o077));
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let no_core = rustix::process::setrlimit(Resource::Core, none).is_ok();
    let (not_dumpable, no_new_rights) = keep_to_itself();
    Hardened { no_core, not_dumpable, no_new_rights }
}

/// The system's allocator, which wipes what is given back.
///
/// Names and notes pass through many values on their way: a vector that grows, a message that is
/// moved, a document of the library underneath. None of them can be asked to wipe itself, so
/// everything is: once the practice is locked and its values are dropped, their text is gone too.
/// It costs one pass over the bytes that are freed. What lies on a stack is out of its reach, see
/// [`sweep_stack`], and so is what a library in C allocates for itself.
#[derive(Clone, Copy, Debug)]
pub struct Wiping;

// SAFETY: memory comes from the system's allocator and goes back to it, with the same layout.
// `realloc` stays the trait's own: allocate, copy, give back, so that a move leaves nothing.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the same promises to us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller gives back a whole block of this layout that nobody uses any more.
        unsafe {
            block.write_bytes(0, layout.size());
            // Or the compiler sees that nobody reads the zeroes, and leaves them out.
            zeroize::optimization_barrier(&*block);
            System.dealloc(block, layout);
        }
    }
}

/// Overwrites what earlier calls have left below this one on the stack of this thread. Called once
/// a practice is locked: a piece of a text may have been moved through there.
#[inline(never)]
pub fn sweep_stack() {
    let clean = [0_u8; SWEPT_BYTES];
    zeroize::optimization_barrier(&clean);
}

/// Far more than the deepest call that handles text has been seen to use.
const SWEPT_BYTES: usize = 256 << 10;

#[cfg(target_os = "linux")]
fn keep_to_itself() -> (bool, bool) {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    unsafe extern "C" {
        fn prctl(option: i32, ...) -> i32;
    }
    const PR_SET_NO_NEW_PRIVS: i32 = 38;
    let (yes, unused): (u64, u64) = (1, 0);
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    // SAFETY: prctl(2) with this option takes one number and three zeroes, and touches no memory
    // of the process.
    let status = unsafe { prctl(PR_SET_NO_NEW_PRIVS, yes, unused, unused, unused) };
    (hidden, status == 0)
}

#[cfg(not(target_os = "linux"))]
fn keep_to_itself() -> (bool, bool) {
    (false, false)
}

/// Whether the process has the rights of root, under which files are no secret from it.
pub fn runs_as_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Why there is no terminal to run on. The program ends with status 2.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TtyError {
    /// Standard input or output is a file or a pipe.
    #[error("the interface needs a terminal, and standard input and output are not both one")]
    NotATerminal,
    /// TERM says that the cursor cannot be placed.
    #[error("the interface needs a terminal that can place its cursor, and TERM says it cannot")]
    Dumb,
    /// The terminal went away meanwhile, or refuses its modes.
    #[error("the terminal does not let its modes be set")]
    Refused,
}

/// The terminal that the interface runs on. Left as it was found when dropped.
pub struct Tty {
    input: Arc<OwnedFd>,
    output: Arc<OwnedFd>,
    profile: Profile,
}

/// The writing end of a [`Tty`].
pub struct TtySink(Arc<OwnedFd>);

/// How to leave a terminal that was entered. There is one terminal to a process.
struct Entered {
    input: Arc<OwnedFd>,
    output: Arc<OwnedFd>,
    modes: Termios,
    farewell: Vec<u8>,
}

static ENTERED: Mutex<Option<Entered>> = Mutex::new(None);

impl Tty {
    /// Takes standard input and output.
    ///
    /// # Errors
    ///
    /// [`TtyError`], if they are no terminal or one that cannot show the interface.
    pub fn open(profile: Profile) -> Result<Self, TtyError> {
        let copy = |fd: rustix::fd::BorrowedFd<'static>| {
            if !rustix::termios::isatty(fd) {
                return Err(TtyError::NotATerminal);
            }
            fd.try_clone_to_owned().map(Arc::new).map_err(|_| TtyError::Refused)
        };
        let input = copy(rustix::stdio::stdin())?;
        let output = copy(rustix::stdio::stdout())?;
        let output = reopen(&output).map_or(output, Arc::new);
        if profile.family.kind == Kind::Dumb {
            return Err(TtyError::Dumb);
        }
        Ok(Self { input, output, profile })
    }

    /// Returns what the terminal can do.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Returns columns and rows; 80 and 24 if the terminal does not know.
    pub fn size(&self) -> (u16, u16) {
        match rustix::termios::tcgetwinsize(&self.output) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            _ => (80, 24),
        }
    }

    /// Sets raw mode, the screen of its own, brackets around pastes, focus events and the title.
    ///
    /// # Errors
    ///
    /// [`TtyError::Refused`].
    pub fn enter(&self) -> Result<(), TtyError> {
        let mut entered = ENTERED.lock().unwrap_or_else(PoisonError::into_inner);
        let (modes, again) = match entered.take() {
            // Stopped by somebody else it was not left, and the shell has set its own modes.
            Some(before) => (before.modes, true),
            None => {
                let modes = rustix::termios::tcgetattr(&self.input);
                (modes.map_err(|_| TtyError::Refused)?, false)
            }
        };
        let mut raw = modes.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(&self.input, OptionalActions::Now, &raw)
            .map_err(|_| TtyError::Refused)?;
        *entered = Some(Entered {
            input: Arc::clone(&self.input),
            output: Arc::clone(&self.output),
            modes,
            farewell: farewell(&self.profile),
        });
        drop(entered);
        write_whole(&self.output, &greeting(&self.profile, again));
        Ok(())
    }

    /// Leaves the terminal as it was found. Does nothing if it was left already.
    pub fn leave(&self) {
        leave();
    }

    /// Returns the writing end, for the screen.
    pub fn sink(&self) -> TtySink {
        TtySink(Arc::clone(&self.output))
    }

    /// Returns the reading end, to wait on.
    pub(crate) fn input(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.input)
    }

    /// Returns the writing end, to wait on.
    pub(crate) fn output(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.output)
    }

    /// Reads what is there without waiting: nothing if nothing is.
    ///
    /// # Errors
    ///
    /// Those of `read(2)`; the end of input is [`io::ErrorKind::UnexpectedEof`].
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if !is_ready(&self.input, PollFlags::IN) {
            return Ok(None);
        }
        match rustix::io::read(&self.input, buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(Some(count)),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the terminal takes a frame now.
    pub(crate) fn takes_output(&self) -> bool {
        is_ready(&self.output, PollFlags::OUT)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        leave();
        if std::thread::panicking() {
            report_faults();
        }
    }
}

impl Sink for TtySink {
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }
}

/// Opens the terminal once more, so that writes to it need not wait: to set that on the shell's
/// own descriptor would change it for the shell too.
fn reopen(terminal: &OwnedFd) -> Option<OwnedFd> {
    let name = rustix::termios::ttyname(terminal, Vec::new()).ok()?;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open(name, flags, Mode::empty()).ok()
}

/// The title that every terminal shows, whatever is on the screen.
const TITLE: &str = "Tacenda";

/// What sets the terminal up; `again` leaves out what it keeps on a stack.
fn greeting(profile: &Profile, again: bool) -> Vec<u8> {
    let family = &profile.family;
    let mut text = String::new();
    if family.title && !again {
        text.push_str("\x1b[22;2t\x1b]2;");
        text.push_str(TITLE);
        text.push('\x07');
    }
    for (has, sequence) in [
        (family.alternate_screen, "\x1b[?1049h"),
        (family.bracketed_paste, "\x1b[?2004h"),
        (family.focus_events, "\x1b[?1004h"),
    ] {
        text.push_str(if has { sequence } else { "" });
    }
    text.into_bytes()
}

fn farewell(profile: &Profile) -> Vec<u8> {
    let family = &profile.family;
    let mut text = String::new();
    for (has, sequence) in [
        (family.synchronized, "\x1b[?2026l"),
        (true, "\x1b[m\x1b[H\x1b[2J"),
        (family.focus_events, "\x1b[?1004l"),
        (family.bracketed_paste, "\x1b[?2004l"),
        (family.alternate_screen, "\x1b[?1049l"),
        (family.cursor_hides, "\x1b[?25h"),
        (family.title, "\x1b[23;2t"),
    ] {
        text.push_str(if has { sequence } else { "" });
    }
    text.into_bytes()
}

fn leave() {
    let entered = match ENTERED.try_lock() {
        Ok(mut entered) => entered.take(),
        Err(TryLockError::Poisoned(error)) => error.into_inner().take(),
        // Whoever holds it is entering or leaving.
        Err(TryLockError::WouldBlock) => None,
    };
    let Some(entered) = entered else { return };
    // From the background the terminal belongs to somebody else, and touching it would stop us.
    if !is_foreground(&entered.input) {
        return;
    }
    write_whole(&entered.output, &entered.farewell);
    // Keys that were meant for us must not become commands of the shell.
    let _ = rustix::termios::tcflush(&entered.input, QueueSelector::IFlush);
    let _ = rustix::termios::tcsetattr(&entered.input, OptionalActions::Now, &entered.modes);
}

fn is_foreground(terminal: &OwnedFd) -> bool {
    rustix::termios::tcgetpgrp(terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Writes all of it, unless the terminal is gone or takes nothing for a tenth of a second.
fn write_whole(terminal: &OwnedFd, bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        if !is_ready_within(terminal, PollFlags::OUT, Duration::from_millis(100)) {
            return;
        }
        match rustix::io::write(terminal, rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => return,
        }
    }
}

fn is_ready(fd: &OwnedFd, flags: PollFlags) -> bool {
    is_ready_within(fd, flags, Duration::ZERO)
}

fn is_ready_within(fd: &OwnedFd, flags: PollFlags, limit: Duration) -> bool {
    let limit = rustix::time::Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    };
    let fd = fd.as_fd();
    let mut wanted = [PollFd::new(&fd, flags)];
    // A hang-up counts: the call that follows tells of it.
    poll(&mut wanted, Some(&limit)).is_ok_and(|ready| ready > 0)
}

/// Whether there is a shell to go back to: a program that a terminal was opened for has none, and
/// nobody would ever continue it.
pub(crate) fn has_shell() -> bool {
    rustix::process::getsid(None).is_ok_and(|session| session != rustix::process::getpgrp())
}

/// Stops the whole process group until somebody continues it; says whether it could.
pub(crate) fn stop() -> bool {
    rustix::process::kill_current_process_group(Number::STOP).is_ok()
}

/// Registers a descriptor with tokio, to wait until it can be read or written.
pub(crate) fn watch(fd: Arc<OwnedFd>, interest: Interest) -> io::Result<AsyncFd<Arc<OwnedFd>>> {
    // SAFETY: the descriptor is owned by the value that tokio keeps, so it stays open and the
    // same for as long as it is registered.
    unsafe { AsyncFd::register_with_interest(fd, interest) }.map_err(io::Error::from)
}

/// A signal that concerns the interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Signal {
    /// CONT: it runs again.
    Continue,
    /// HUP: the terminal is gone.
    HangUp,
    /// INT: somebody else than the keyboard asks it to stop.
    Interrupt,
    /// USR1: a screen locker asks it to lock.
    Lock,
    /// WINCH: the terminal has another size.
    Resize,
    /// TSTP: it is to go into the background.
    Stop,
    /// TERM: it is to end.
    Terminate,
}

impl Signal {
    /// Returns the status of a program that ends because of it, if it ends one.
    pub fn status(self) -> Option<u8> {
        let number = match self {
            Self::HangUp => Number::HUP,
            Self::Interrupt => Number::INT,
            Self::Terminate => Number::TERM,
            Self::Continue | Self::Lock | Self::Resize | Self::Stop => return None,
        };
        u8::try_from(128 + number.as_raw()).ok()
    }
}

/// The signals, taken from their usual effect.
pub struct Signals {
    streams: [(Signal, Stream); 7],
}

impl Signals {
    /// Takes over the signals. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// If the system refuses one.
    pub fn new() -> io::Result<Self> {
        let stream = |kind: SignalKind, meaning: Signal| Ok((meaning, signal(kind)?));
        let raw = |number: Number| SignalKind::from_raw(number.as_raw());
        let streams: [io::Result<(Signal, Stream)>; 7] = [
            stream(SignalKind::hangup(), Signal::HangUp),
            stream(SignalKind::terminate(), Signal::Terminate),
            stream(SignalKind::interrupt(), Signal::Interrupt),
            stream(raw(Number::TSTP), Signal::Stop),
            stream(raw(Number::CONT), Signal::Continue),
            stream(SignalKind::user_defined1(), Signal::Lock),
            stream(SignalKind::window_change(), Signal::Resize),
        ];
        let [a, b, c, d, e, f, g] = streams;
        Ok(Self { streams: [a?, b?, c?, d?, e?, f?, g?] })
    }

    /// Waits for the next signal; several of one kind are one.
    pub async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (meaning, stream) in &mut self.streams {
                if stream.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*meaning);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

/// Places of faults, oldest first; file and line of our own source, nothing else.
static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Most places that are kept.
const FAULT_LIMIT: usize = 16;

/// Takes over what happens at a panic: its place is noted, its text is never shown, and the
/// terminal is left as it was found if the program cannot go on.
///
/// A panic that unwinds leaves the terminal by dropping [`Tty`]; one that is caught (a damaged
/// document) leaves it alone.
pub fn note_faults() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| {
            let file = place.file().rsplit_once(".cargo/").map_or(place.file(), |(_, end)| end);
            format!("{file}:{}", place.line())
        });
        match FAULTS.try_lock() {
            Ok(mut faults) if faults.len() < FAULT_LIMIT => faults.push(place),
            _ => {}
        }
        if cannot_unwind(panic) {
            leave();
            report_faults();
        }
    }));
}

/// Whether the process ends with this panic: the standard library says so by its own words.
fn cannot_unwind(panic: &std::panic::PanicHookInfo<'_>) -> bool {
    panic.payload().downcast_ref::<&str>().is_some_and(|text| {
        *text == "panic in a destructor during cleanup"
            || *text == "panic in a function that cannot unwind"
    })
}

/// Writes the places of faults since the last call to standard error, once the terminal is left.
pub fn report_faults() {
    let Ok(mut faults) = FAULTS.try_lock() else { return };
    for place in faults.drain(..) {
        let line = format!("tacenda: a fault in the program itself at {place}\r\n");
        let _ = rustix::io::write(rustix::stdio::stderr(), line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::family::Family;

    fn profile(term: &str) -> Profile {
        Profile { family: Family::of(term), ascii: false, remote: false }
    }

    #[test]
    fn the_farewell_takes_back_each_mode_of_the_greeting() {
        for term in ["xterm-256color", "tmux", "screen", "linux", "vt100", "something-new"] {
            let greeting = String::from_utf8(greeting(&profile(term), false)).unwrap();
            let farewell = String::from_utf8(farewell(&profile(term))).unwrap();
            for mode in ["1049", "2004", "1004"] {
                let begun = greeting.contains(&format!("\x1b[?{mode}h"));
                assert_eq!(farewell.contains(&format!("\x1b[?{mode}l")), begun, "{term} {mode}");
            }
            let titled = greeting.contains("\x1b]2;Tacenda\x07");
            assert_eq!(titled, greeting.contains("\x1b]"), "{term}");
            assert_eq!(titled, farewell.contains("\x1b[23;2t"), "{term}");
        }
    }

    #[test]
    fn a_signal_that_ends_the_program_says_so_in_its_status() {
        assert_eq!(Signal::HangUp.status(), Some(129));
        assert_eq!(Signal::Interrupt.status(), Some(130));
        assert_eq!(Signal::Terminate.status(), Some(143));
        assert_eq!(Signal::Resize.status(), None);
    }
}
