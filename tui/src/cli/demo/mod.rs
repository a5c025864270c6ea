//! The demo: a synthetic practice of realistic size in a throw-away folder, a real server, and a
//! second device that works. Nothing in it is about a real person, and leaving removes it.

mod adopt;
mod other;
mod relay;
mod server;
mod stage;

use super::args::{Arguments, Demo};
use super::connect::connect;
use super::print;
use crate::acts::Prompter;
use crate::device::chance::OsRandom;
use crate::device::home::{Home, HomeError, make_private_folder};
use crate::device::keeper;
use crate::device::open::{Device, DeviceError};
use crate::device::setup::{Founding, SetUp};
use crate::message::Secret;
use crate::notice::Notice;
use crate::program::{self, Opened, Setup};
use adopt::{Newcomer, admit};
use relay::Cable;
use server::DemoServer;
use stage::Stage;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::{self, JoinHandle};
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase::{self, Passphrase};
use tacenda_shared::keys::vault::KdfCost;
use tacenda_shared::practice::generate::{Size, entered, generate};
use tacenda_shared::random::Random;
use zeroize::Zeroizing;

const PREFIX: &str = "tacenda-demo-";
/// The folder of the device for the second terminal.
const SECOND: &str = "second";
/// The folder of the device that works beside the first.
const OTHER: &str = "other";
/// Where the second terminal finds the passphrase.
const PASSPHRASE_FILE: &str = "passphrase-of-the-demo";
const CLINICIAN: &str = "Dr. Quill Sampleton";

/// Builds the practice, starts a server, opens the interface, and removes everything afterwards.
pub fn run(demo: &Demo, arguments: &Arguments, setup: Setup) -> u8 {
    if demo.join {
        return join(arguments, setup);
    }
    remove_stale();
    let folder = match Folder::make(demo.keep.as_deref()) {
        Ok(folder) => folder,
        Err(cause) => return program::refuse(&no_folder(&cause)),
    };
    print::line(
        "Writing a synthetic practice: 41 clients, two years, 2,400 notes. Nobody in it is real.",
    );
    let size = if demo.small { Size::SMALL } else { Size::DEMO };
    match build(demo.seed, size, &folder.path) {
        Ok(Built { home, mut opened, passphrase, server }) => {
            if folder.kept {
                print::line(&format!("Its passphrase: {}", passphrase.0.as_str()));
            }
            let playing = match set(&folder, &mut opened, passphrase, server) {
                Ok(playing) => playing,
                Err(cause) => return program::refuse(&Notice::from(&DeviceError::from(cause))),
            };
            let status = program::interface(home, arguments, setup, Some(opened));
            // The folder goes when nobody writes into it any more.
            let _played = playing.join();
            status
        }
        Err(notice) => program::refuse(&notice),
    }
}

/// The server's program, as a demo runs it.
pub fn serve(arguments: Vec<OsString>) -> ExitCode {
    server::serve(arguments)
}

/// The program of the device that works beside the first.
pub fn work(folder: &Path) -> u8 {
    other::run(folder)
}

/// Sets the stage: from now on it plays until the interface is gone.
fn set(
    folder: &Folder,
    opened: &mut Opened,
    passphrase: Secret,
    server: DemoServer,
) -> io::Result<JoinHandle<()>> {
    let cable = Cable::lay(&server.address)?;
    let (heard, asks, prompter) = Prompter::pair();
    opened.stage = Some(keeper::Stage { prompter, route: cable.address.clone() });
    let stage = Stage {
        server,
        cable,
        other: (folder.path.join(OTHER), passphrase),
        device: opened.device.pairing_keys().invitation.inviter,
        is_kept: folder.kept,
    };
    stage.play(heard, asks)
}

/// Opens the second device of the demo that runs.
fn join(arguments: &Arguments, setup: Setup) -> u8 {
    let Some(folder) = running() else {
        return program::refuse(&Notice::new(
            "No demo is running.",
            "Nothing has been changed.",
            "Start `tacenda demo` in another terminal first.",
        ));
    };
    let home = Home::contained_in(&folder.join(SECOND));
    let opened = || -> Result<Opened, Notice> {
        let lock = home.lock().map_err(|error| Notice::from(&error))?;
        let typed = fs::read_to_string(folder.join(PASSPHRASE_FILE))
            .map_err(|cause| Notice::from(&DeviceError::from(cause)))?;
        let passphrase = Secret(Zeroizing::new(typed));
        let entered = Passphrase::from_text(&passphrase.0)
            .map_err(|_| Notice::from(&DeviceError::PassphraseTooLong))?;
        let device =
            Device::unlock(&home, &entered, 0, now()).map_err(|error| Notice::from(&error))?;
        Ok(Opened { device, lock, shown: Some(passphrase), stage: None })
    };
    match opened() {
        Ok(opened) => program::interface(home.clone(), arguments, setup, Some(opened)),
        Err(notice) => program::refuse(&notice),
    }
}

struct Built {
    home: Home,
    opened: Opened,
    passphrase: Secret,
    server: DemoServer,
}

fn build(seed: u64, size: Size, folder: &Path) -> Result<Built, Notice> {
    let home = Home::contained_in(folder);
    let lock = home.lock().map_err(|error| Notice::from(&error))?;
    let server_folder = folder.join("server");
    let server = DemoServer::start(&server_folder)?;
    let passphrase = words();
    let zoned = jiff::Zoned::now();
    let zone = zoned.time_zone().iana_name().unwrap_or("Etc/UTC").to_owned();
    let founding = Founding {
        zone: zone.clone(),
        clinician: CLINICIAN.into(),
        device: "demo-laptop".into(),
        // Nobody's secrets are in here, and two vaults are made: the floor is enough.
        cost: KdfCost::FLOOR,
    };
    let (set_up, _sheet) = SetUp::begin(founding, &passphrase, now())?;
    let mut device = set_up.finish(&home, now()).map_err(|error| Notice::from(&error))?;
    connect(&mut device, &server.invite(&server_folder)?, now())?;
    // The others are added while there is little to fetch; the rest reaches them by sync. They
    // settle while the practice is being written, so that nobody waits for them.
    let newcomers = admit(&mut device, &["demo-terminal", "demo-other"], now)?;
    let settling = settle(newcomers, folder, &passphrase);
    write_secret_file(&folder.join(PASSPHRASE_FILE), &passphrase)
        .map_err(|cause| Notice::from(&DeviceError::from(cause)))?;
    fill(&mut device, (seed, size), &zoned, &zone).map_err(|error| Notice::from(&error))?;
    for one in settling? {
        one.join().unwrap_or_else(|_| Err(not_settled()))?;
    }
    let opened = Opened { device, lock, shown: Some(passphrase.clone()), stage: None };
    Ok(Built { home, opened, passphrase, server })
}

type Settling = JoinHandle<Result<(), Notice>>;

/// Lets each device settle on a thread of its own.
fn settle(
    newcomers: Vec<Newcomer>,
    folder: &Path,
    passphrase: &Secret,
) -> Result<Vec<Settling>, Notice> {
    let mut settling = Vec::new();
    for (newcomer, name) in newcomers.into_iter().zip([SECOND, OTHER]) {
        let home = Home::contained_in(&folder.join(name));
        let passphrase = passphrase.clone();
        let thread = thread::Builder::new().name(name.into());
        let settled = thread.spawn(move || newcomer.settle(&home, &passphrase, now));
        settling.push(settled.map_err(|cause| Notice::from(&DeviceError::from(cause)))?);
    }
    Ok(settling)
}

fn not_settled() -> Notice {
    Notice::new(
        "A device of the demo could not begin.",
        "Nothing has been changed.",
        "Start the demo again.",
    )
}

/// The passphrase of a throw-away practice, for the second terminal of the same person.
fn write_secret_file(path: &Path, passphrase: &Secret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(passphrase.0.as_bytes())
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

fn fill(
    device: &mut Device,
    (seed, size): (u64, Size),
    now: &jiff::Zoned,
    zone: &str,
) -> Result<(), DeviceError> {
    let Some(clinician) = device.index().clinicians.keys().next().copied() else { return Ok(()) };
    let history = generate(seed, size, now.date(), clinician, zone);
    let latest = Timestamp::from_millis(now.timestamp().as_millisecond());
    let dated = entered(history.filter_map(|dated| dated.by(latest)));
    device.apply_all(dated.map(|dated| (dated.at, dated.edit)))?;
    device.checkpoint()
}

fn words() -> Secret {
    let drawn = passphrase::generate_words(&mut OsRandom).words();
    Secret(Zeroizing::new(drawn.join(" ")))
}

/// A folder that goes when it is dropped, unless it is to be kept.
struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    fn make(keep: Option<&Path>) -> io::Result<Self> {
        if let Some(path) = keep {
            if path.exists() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            make_private_folder(path)?;
            return Ok(Self { path: path.to_owned(), kept: true });
        }
        let random: &mut dyn Random = &mut OsRandom;
        let name: String = random.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
        let path = std::env::temp_dir().join(format!("{PREFIX}{name}"));
        make_private_folder(&path)?;
        Ok(Self { path, kept: false })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is removed by the next demo.
            let _left = fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether a folder is this person's alone. Everybody may write into the folder for temporary
/// files, and a demo of somebody else's making would lead to a server of theirs.
fn is_ours_alone(path: &Path) -> bool {
    let meta = fs::symlink_metadata(path);
    let user = rustix::process::geteuid().as_raw();
    meta.is_ok_and(|meta| meta.is_dir() && meta.uid() == user && meta.mode() & 0o077 == 0)
}

/// Returns the folder of a demo that runs: its lock is held.
fn running() -> Option<PathBuf> {
    let entries = fs::read_dir(std::env::temp_dir()).ok()?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_ours_alone(path) && path.join(PASSPHRASE_FILE).is_file())
        .find(|path| matches!(Home::contained_in(path).lock(), Err(HomeError::InUse)))
}

/// Removes what demos that were killed left behind: folders of ours whose lock is free.
fn remove_stale() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if ours && is_ours_alone(&entry.path()) && Home::contained_in(&entry.path()).lock().is_ok()
        {
            let _left = fs::remove_dir_all(entry.path());
        }
    }
}

fn no_folder(cause: &io::Error) -> Notice {
    let happened = if cause.kind() == io::ErrorKind::AlreadyExists {
        "The folder for the demo is there already."
    } else {
        "The folder for the demo could not be made."
    };
    Notice::new(happened, "Nothing has been changed.", "Name a new folder with --keep.")
}
