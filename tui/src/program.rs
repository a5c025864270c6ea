//! The program: from arguments to an exit status. Everything that differs between the shipped
//! binary and the one under test is an argument.

use crate::cli::args::Arguments;
#[cfg(feature = "demo")]
use crate::cli::args::Command;
use crate::cli::{self, print};
use crate::device::chance::OsRandom;
use crate::device::home::{Home, VaultLock};
use crate::device::keeper::{Keeper, Settings, Stage as DemoStage};
use crate::device::memory;
use crate::device::open::Device;
use crate::device::settings::{AutoLock, Preset, SignAfter};
use crate::guard::{self, Tty, TtyError};
use crate::message::{Effect, Msg, Secret};
use crate::model::{Look, Model, Stage};
use crate::notice::Notice;
use crate::runtime::{self, App, Clock as _, Port, RuntimeError, SystemClock, Zone};
use crate::terminal::family::Profile;
use clap::Parser as _;
use ratatui::Frame;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::vault::KdfCost;
use tacenda_shared::practice::quick_add::Locale;
use tacenda_shared::random::Random;
use tokio::runtime::Builder;

/// Done.
pub const DONE: u8 = 0;
/// Refused or failed; a notice is on standard error.
pub const REFUSED: u8 = 1;
/// The arguments make no sense, or there is no terminal.
pub const USAGE: u8 = 2;
/// The vault is locked.
pub const LOCKED: u8 = 3;

/// What a program is run with, besides its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// What one try at a new passphrase costs; the shipped program chooses by the free memory.
    pub cost: KdfCost,
}

impl Setup {
    /// The shipped program's: a quarter of the free memory, between 64 and 256 MiB.
    pub fn shipped() -> Self {
        Self { cost: KdfCost::for_available(memory::available_bytes()) }
    }
}

/// Runs the program and returns its exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>, setup: Setup) -> ExitCode {
    guard::harden();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are asked for; everything else is an error of usage.
            let status = if error.use_stderr() { USAGE } else { DONE };
            print::usage(&error);
            return ExitCode::from(status);
        }
    };
    #[cfg(feature = "demo")]
    if let Some(Command::DemoServer(server)) = arguments.command {
        return cli::demo::serve(server.arguments);
    }
    let status = match Home::new(arguments.dir.clone()) {
        Err(error) => refuse(&Notice::from(&error)),
        Ok(home) => match &arguments.command {
            None => interface(home, &arguments, setup, None),
            Some(command) => match cli::run(command, &home, &arguments, setup) {
                DONE if print::is_cut_short() => REFUSED,
                status => status,
            },
        },
    };
    ExitCode::from(status)
}

/// Prints a notice on standard error.
pub fn refuse(notice: &Notice) -> u8 {
    print::notice(notice);
    REFUSED
}

/// A practice that is open before the interface starts: a demo's, or one that was just joined.
pub struct Opened {
    /// The practice.
    pub device: Device,
    /// Its lock.
    pub lock: VaultLock,
    /// What the lock screen shows, of a demo alone: its passphrase.
    pub shown: Option<Secret>,
    /// Its stage; the second terminal of a demo has none.
    pub stage: Option<DemoStage>,
}

/// Opens the interface.
pub fn interface(home: Home, arguments: &Arguments, setup: Setup, opened: Option<Opened>) -> u8 {
    let variable = |name: &str| std::env::var(name).ok();
    let profile = Profile::from_environment(variable, arguments.ascii);
    let tty = match Tty::open(profile) {
        Ok(tty) => tty,
        Err(error) => {
            print::notice(&Notice::from(&error));
            return USAGE;
        }
    };
    let Ok(executor) = Builder::new_current_thread().enable_all().build() else {
        return refuse(&no_system());
    };
    let zone = Zone::system();
    let clock = SystemClock::new(zone.clone());
    let (columns, rows) = tty.size();
    let colour = profile.family.colours > 0;
    let clipboard = profile.family.clipboard;
    let look = Look { columns, rows, ascii: profile.ascii, colour, clipboard };
    let random: &mut dyn Random = &mut OsRandom;
    let mut model = Model::new(clock.now(), look, random.bytes());
    let mut named = ["LC_ALL", "LC_TIME", "LANG"].into_iter().filter_map(variable);
    let named = named.find(|name| !name.is_empty()).unwrap_or_default();
    model.locale = Locale::of_environment(&named);
    model.auto_lock = AutoLock::of(&home);
    model.preset = Preset::of(&home);
    model.sign_after = SignAfter::of(&home);
    let (port, device_port) = Port::pair();
    let (opened, demo_passphrase, stage) = match opened {
        Some(Opened { device, lock, shown, stage }) => (Some((device, lock)), shown, stage),
        None => (None, None, None),
    };
    if let Some(stage) = &stage {
        stage.prompter.begin(device_port.events.clone());
    }
    let settings = Settings { home, cost: setup.cost, demo_passphrase, zone, stage, now };
    guard::note_faults();
    let Ok(keeper) = Keeper::start(settings, opened, device_port) else {
        return refuse(&no_system());
    };
    let run = runtime::run(Interface { model }, port, tty, clock);
    let left = catch_unwind(AssertUnwindSafe(|| executor.block_on(run)));
    // The keeper ends once the interface has left; what it still writes must be on the disk, also
    // where the interface left by a fault.
    let kept = keeper.join().is_ok();
    let left = left.unwrap_or_else(|fault| resume_unwind(fault));
    guard::report_faults();
    match left {
        Ok(leaving) if kept => leaving.status(),
        Ok(_) => REFUSED,
        Err(error) => refuse(&Notice::from(&error)),
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

fn no_system() -> Notice {
    Notice::new(
        "The system did not give Tacenda what it needs to start.",
        "Nothing has been changed.",
        "Close other programs and try again.",
    )
}

impl From<&TtyError> for Notice {
    fn from(error: &TtyError) -> Self {
        Self::new(
            format!("Tacenda did not start: {error}."),
            "Nothing has been changed.",
            "Start it in a terminal; for scripts there are commands, see `tacenda --help`.",
        )
    }
}

impl From<&RuntimeError> for Notice {
    fn from(error: &RuntimeError) -> Self {
        Self::new(
            format!("Tacenda left: {error}."),
            "Everything that was confirmed is on the disk.",
            "Start it again.",
        )
    }
}

/// The interface as the loop drives it.
struct Interface {
    model: Model,
}

impl App for Interface {
    fn update(&mut self, message: Msg) -> Vec<Effect> {
        crate::update::update(&mut self.model, message)
    }

    fn view(&self, frame: &mut Frame<'_>) {
        crate::view::view(&self.model, frame);
    }

    fn has_caret(&self) -> bool {
        match &self.model.stage {
            Stage::Open(desk) => desk.is_typing(),
            Stage::Locked(_) | Stage::Setup(_) => true,
            Stage::Starting => false,
        }
    }
}
