//! The one loop: what happens becomes a message, the interface decides, one frame is drawn, and
//! what it wants is done or handed to the device.
//!
//! Nothing in here draws on a timer: while nothing happens, nothing wakes.

use crate::guard::{self, Signal, Signals, Tty, TtyError, TtySink};
use crate::input::{Input, Key, KeyCode};
use crate::message::{Clip, DeviceEvent, Effect, Msg};
use crate::notice::Notice;
use crate::terminal::clipboard;
use crate::terminal::decode::{Decoder, ESCAPE_WAIT, ESCAPE_WAIT_REMOTE};
use crate::terminal::output::{Output, OutputError, cover};
use ratatui::{Frame, Terminal};
use rustix::fd::OwnedFd;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tacenda_shared::id::Timestamp;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeroize::Zeroize as _;

mod clock;
pub use clock::{Clock, SystemClock, Zone};

/// What the loop drives.
pub trait App {
    /// Takes what happened; returns what is to be done.
    fn update(&mut self, message: Msg) -> Vec<Effect>;

    /// Draws the whole screen, and puts the cursor on what has the focus.
    fn view(&self, frame: &mut Frame<'_>);

    /// Whether somebody is typing in a field. Then a burst comes line by line, with Enter and Tab
    /// as keys between, and is text; else it comes whole and is to be ignored.
    fn has_caret(&self) -> bool;
}

/// The interface's end of the way to the device.
pub struct Port {
    /// What the device is to do. Closed when the interface leaves: then the device puts all on
    /// disk, drops its keys and its end of `events`.
    pub effects: UnboundedSender<Effect>,
    /// What the device tells. Closed when the device has ended.
    pub events: UnboundedReceiver<DeviceEvent>,
}

/// The device's end.
pub struct DevicePort {
    /// What the device is to do.
    pub effects: UnboundedReceiver<Effect>,
    /// What the device tells.
    pub events: UnboundedSender<DeviceEvent>,
}

impl Port {
    /// Makes both ends.
    pub fn pair() -> (Self, DevicePort) {
        let (effects, effects_out) = unbounded_channel();
        let (events_in, events) = unbounded_channel();
        (Self { effects, events }, DevicePort { effects: effects_out, events: events_in })
    }
}

/// Why the interface left in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Leaving {
    /// The person quit.
    Quit,
    /// A signal asked for it.
    Told(Signal),
}

impl Leaving {
    /// Returns the status that the program ends with.
    pub fn status(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::Told(signal) => signal.status().unwrap_or(1),
        }
    }
}

/// Why the interface could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The terminal cannot be used.
    #[error(transparent)]
    Tty(#[from] TtyError),
    /// The system refused signals, timers or waiting.
    #[error("the system refused what the interface needs")]
    System(#[source] io::Error),
    /// A frame could not be written, and the terminal is not gone.
    #[error("the terminal cannot be written to")]
    Output(#[source] OutputError),
    /// The device ended by itself. What was on disk stays there.
    #[error("the part that holds the practice ended by itself")]
    DeviceEnded,
}

/// How long the device may take to put all on disk before the program ends anyway.
const FAREWELL_WAIT: Duration = Duration::from_secs(2);

/// How long the device may take to drop its keys before the process stops anyway.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// Events of the device that are taken before a frame is drawn.
const EVENTS_PER_FRAME: usize = 1024;

/// Reads of the terminal before a frame is drawn.
const READS_PER_FRAME: usize = 256;

/// Bytes of one read. The line discipline hands out at most 4 KiB.
const READ_SIZE: usize = 4096;

/// Runs the loop on this thread until it leaves.
///
/// # Errors
///
/// [`RuntimeError`].
pub fn start(
    app: impl App,
    port: Port,
    tty: Tty,
    clock: impl Clock,
) -> Result<Leaving, RuntimeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RuntimeError::System)?;
    runtime.block_on(run(app, port, tty, clock))
}

/// Runs the loop until it leaves. The terminal is left as it was found, whatever happens.
///
/// # Errors
///
/// [`RuntimeError`].
pub async fn run(
    app: impl App,
    port: Port,
    tty: Tty,
    clock: impl Clock,
) -> Result<Leaving, RuntimeError> {
    let mut signals = Signals::new().map_err(RuntimeError::System)?;
    let input = guard::watch(tty.input(), Interest::READABLE).map_err(RuntimeError::System)?;
    tty.enter()?;
    let (columns, rows) = tty.size();
    let output = Output::new(tty.sink(), tty.profile(), columns, rows);
    let terminal = Terminal::new(output).map_err(RuntimeError::Output)?;
    let wait = if tty.profile().remote { ESCAPE_WAIT_REMOTE } else { ESCAPE_WAIT };
    let mut desk = Desk {
        app,
        port,
        tty,
        clock,
        terminal,
        decoder: Decoder::new(wait),
        wake: None,
        leaving: None,
        suspends: false,
        lock_is_due: false,
        away: false,
        undrawn: false,
        unread: false,
    };
    desk.tell_time();
    desk.resized(columns, rows);
    let outcome = desk.work(&mut signals, &input).await;
    desk.tty.leave();
    guard::report_faults();
    desk.part().await;
    outcome
}

/// What woke the loop.
enum Woken {
    Signal(Signal),
    Readable,
    Event(Option<Box<DeviceEvent>>),
    Deadline,
    Writable,
}

/// All that the loop works with.
struct Desk<A, C> {
    app: A,
    port: Port,
    tty: Tty,
    clock: C,
    terminal: Terminal<Output<TtySink>>,
    decoder: Decoder,
    wake: Option<Timestamp>,
    leaving: Option<Leaving>,
    suspends: bool,
    /// A lock was asked for and the device has not said that the keys are gone.
    lock_is_due: bool,
    /// The terminal is left; nothing is read or drawn.
    away: bool,
    /// A frame is due that the terminal did not take.
    undrawn: bool,
    /// The terminal has more to read than was taken.
    unread: bool,
}

impl<A: App, C: Clock> Desk<A, C> {
    async fn work(
        &mut self,
        signals: &mut Signals,
        input: &AsyncFd<Arc<OwnedFd>>,
    ) -> Result<Leaving, RuntimeError> {
        loop {
            self.draw()?;
            let woken = self.wait(signals, input).await?;
            self.tell_time();
            self.take(woken)?;
            self.drain();
            if self.suspends {
                self.suspend().await?;
            }
            if let Some(leaving) = self.leaving {
                return Ok(leaving);
            }
        }
    }

    async fn wait(
        &mut self,
        signals: &mut Signals,
        input: &AsyncFd<Arc<OwnedFd>>,
    ) -> Result<Woken, RuntimeError> {
        let blocked = self.undrawn;
        let tty = &self.tty;
        let woken = tokio::select! {
            biased;
            signal = signals.next() => Woken::Signal(signal),
            ready = input.readable() => {
                let mut ready = ready.map_err(RuntimeError::System)?;
                // The edge is used up unless more is there: what is left is read by `drain`.
                ready.clear_ready();
                Woken::Readable
            }
            event = self.port.events.recv() => Woken::Event(event.map(Box::new)),
            () = until(self.decoder.deadline()) => Woken::Deadline,
            () = self.clock.reached(self.wake) => Woken::Deadline,
            () = std::future::ready(()), if self.unread => Woken::Readable,
            writable = writable(tty), if blocked => {
                writable.map_err(RuntimeError::System)?;
                Woken::Writable
            }
        };
        Ok(woken)
    }

    /// Says what time it is before anything else is said, and locks after the machine has slept.
    fn tell_time(&mut self) {
        let slept = self.clock.slept();
        let now = self.clock.now();
        // A wait that ended early, since the clock was set, goes on.
        self.wake = self.wake.filter(|moment| *moment > now.time);
        self.tell(Msg::Clock(now));
        if slept {
            self.lock_and_return();
        }
    }

    fn take(&mut self, woken: Woken) -> Result<(), RuntimeError> {
        match woken {
            Woken::Signal(signal) => self.take_signal(signal)?,
            Woken::Event(Some(event)) => self.take_event(*event),
            Woken::Event(None) => return Err(RuntimeError::DeviceEnded),
            Woken::Deadline => {
                let inputs = self.decoder.timeout(Instant::now());
                self.take_inputs(inputs);
            }
            Woken::Readable => {}
            Woken::Writable => self.flushed(Output::resume)?,
        }
        Ok(())
    }

    fn take_signal(&mut self, signal: Signal) -> Result<(), RuntimeError> {
        match signal {
            Signal::HangUp | Signal::Interrupt | Signal::Terminate => {
                self.leave(Leaving::Told(signal));
            }
            Signal::Stop => self.suspends = true,
            Signal::Lock => self.lock_and_return(),
            Signal::Continue => self.come_back()?,
            Signal::Resize => {
                let (columns, rows) = self.tty.size();
                self.resized(columns, rows);
            }
        }
        Ok(())
    }

    fn take_event(&mut self, event: DeviceEvent) {
        let locked = matches!(event, DeviceEvent::Locked);
        if locked {
            self.lock_is_due = false;
            self.terminal.backend_mut().erase();
        }
        self.tell(Msg::Device(event));
        if locked {
            guard::sweep_stack();
        }
    }

    /// Takes all that is there, so that one frame shows all of it.
    fn drain(&mut self) {
        for _ in 0..EVENTS_PER_FRAME {
            let Ok(event) = self.port.events.try_recv() else { break };
            self.take_event(event);
        }
        self.read();
    }

    fn read(&mut self) {
        let mut buffer = [0; READ_SIZE];
        self.unread = true;
        for _ in 0..READS_PER_FRAME {
            if self.leaving.is_some() || self.suspends || self.away {
                self.unread = false;
                break;
            }
            match self.tty.read(&mut buffer) {
                Ok(None) => {
                    self.unread = false;
                    break;
                }
                Ok(Some(count)) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    let inputs = self.decoder.feed(bytes, Instant::now());
                    self.take_inputs(inputs);
                }
                // A terminal that cannot be read is gone; asking again would spin.
                Err(_) => self.leave(Leaving::Told(Signal::HangUp)),
            }
        }
        buffer.zeroize();
    }

    fn take_inputs(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            match input {
                Input::Burst(text) => self.take_burst(&text),
                input => self.tell(Msg::Input(input)),
            }
        }
        let dropped = self.decoder.take_dropped();
        if dropped > 0 {
            self.tell(Msg::Device(DeviceEvent::Alarm(paste_was_cut(dropped))));
        }
    }

    /// Types a burst line by line for as long as a caret is there; hands over what is left of it
    /// as one.
    fn take_burst(&mut self, text: &str) {
        let mut rest = text;
        while self.app.has_caret() {
            let line = rest.find(['\n', '\t']).unwrap_or(rest.len());
            let (input, taken) = match (line, rest.chars().next()) {
                (_, None) => return,
                (0, Some(letter)) => {
                    let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Tab };
                    (Input::Key(Key::plain(code)), 1)
                }
                (line, _) => (Input::Burst(rest.get(..line).unwrap_or_default().to_owned()), line),
            };
            self.tell(Msg::Input(input));
            rest = rest.get(taken..).unwrap_or_default();
        }
        if !rest.is_empty() {
            self.tell(Msg::Input(Input::Burst(rest.to_owned())));
        }
    }

    fn resized(&mut self, columns: u16, rows: u16) {
        self.terminal.backend_mut().resize(columns, rows);
        self.tell(Msg::Input(Input::Resize { columns, rows }));
    }

    /// Lets the interface decide, and does what it wants.
    fn tell(&mut self, message: Msg) {
        for effect in self.app.update(message) {
            self.perform(effect);
        }
    }

    /// Does what concerns the terminal, and hands the rest to the device.
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Wake(moment) => self.wake = Some(moment),
            Effect::Redraw => self.terminal.backend_mut().forget(),
            Effect::Suspend => self.suspends = true,
            Effect::Quit => self.leave(Leaving::Quit),
            Effect::Clipboard(clip) => self.clip(&clip),
            effect => {
                if matches!(effect, Effect::Lock) {
                    self.lock_is_due = true;
                    self.terminal.backend_mut().erase();
                }
                // A device that has ended is noticed by its events.
                let _ = self.port.effects.send(effect);
            }
        }
    }

    /// Puts something into the terminal's clipboard, or a blank in its place.
    fn clip(&mut self, clip: &Clip) {
        if !self.tty.profile().family.clipboard {
            return;
        }
        let sequence = match clip {
            Clip::Put(released) => clipboard::put(released.bytes()),
            Clip::Overwrite => Some(clipboard::overwrite()),
        };
        // A terminal that is gone is noticed by the next frame.
        let _ = sequence.map(|sequence| self.terminal.backend_mut().say(&sequence));
    }

    fn leave(&mut self, leaving: Leaving) {
        if self.leaving.is_none() {
            self.leaving = Some(leaving);
            self.tell(Msg::Leave);
        }
    }

    /// Lets the interface put its things away and the device drop its keys, without ending.
    fn lock(&mut self) {
        // An interface that takes every leaving for the last one is not taken at its word.
        let leaving = self.leaving.replace(Leaving::Quit);
        self.tell(Msg::Leave);
        self.leaving = leaving;
        if !self.lock_is_due {
            self.perform(Effect::Lock);
        }
    }

    fn lock_and_return(&mut self) {
        self.lock();
        self.tell(Msg::Back);
    }

    /// Locks, leaves the terminal and stops until continued; only locks where no shell would do so.
    async fn suspend(&mut self) -> Result<(), RuntimeError> {
        self.suspends = false;
        if !guard::has_shell() {
            self.lock_and_return();
            self.unread = true;
            return Ok(());
        }
        self.lock();
        self.away = true;
        self.tty.leave();
        // A stopped process drops no keys, so they go first.
        let locked = async {
            while self.lock_is_due {
                let Some(event) = self.port.events.recv().await else { break };
                self.take_event(event);
            }
        };
        let _ = tokio::time::timeout(LOCK_WAIT, locked).await;
        if !guard::stop() {
            self.come_back()?;
        }
        Ok(())
    }

    fn come_back(&mut self) -> Result<(), RuntimeError> {
        self.tty.enter()?;
        self.away = false;
        // What came meanwhile has used up its edge.
        self.unread = true;
        let (columns, rows) = self.tty.size();
        self.resized(columns, rows);
        self.tell(Msg::Back);
        Ok(())
    }

    /// Draws what has changed, unless the terminal takes nothing at the moment.
    fn draw(&mut self) -> Result<(), RuntimeError> {
        if self.away {
            return Ok(());
        }
        self.undrawn = self.terminal.backend().is_waiting() || !self.tty.takes_output();
        if self.undrawn {
            return Ok(());
        }
        let app = &self.app;
        let draw = |frame: &mut Frame<'_>| {
            app.view(frame);
            cover(frame.buffer_mut());
        };
        match self.terminal.draw(draw) {
            Ok(_) => {
                self.undrawn = self.terminal.backend().is_waiting();
                Ok(())
            }
            Err(error) => self.failed(error),
        }
    }

    fn flushed(
        &mut self,
        write: impl FnOnce(&mut Output<TtySink>) -> Result<(), OutputError>,
    ) -> Result<(), RuntimeError> {
        match write(self.terminal.backend_mut()) {
            Ok(()) => Ok(()),
            Err(error) => self.failed(error),
        }
    }

    fn failed(&mut self, error: OutputError) -> Result<(), RuntimeError> {
        match error {
            OutputError::Closed => {
                self.leave(Leaving::Told(Signal::HangUp));
                Ok(())
            }
            error => Err(RuntimeError::Output(error)),
        }
    }

    /// Closes the way to the device and lets it put all on disk.
    async fn part(self) {
        let Port { effects, mut events } = self.port;
        drop(effects);
        let ended = async { while events.recv().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL_WAIT, ended).await;
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits until the terminal takes bytes again. Watched only then: each frame would wake us else.
async fn writable(tty: &Tty) -> io::Result<()> {
    let output = guard::watch(tty.output(), Interest::WRITABLE)?;
    output.writable().await?.retain_ready();
    Ok(())
}

fn paste_was_cut(dropped: u64) -> Notice {
    Notice::new(
        format!("What you pasted was longer than 8 MiB; the last {dropped} bytes were left out."),
        "Your records are safe.",
        "Paste the rest in a second piece, or attach it as a file.",
    )
}
