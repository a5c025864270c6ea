//! The demo: a synthetic practice of realistic size in a throw-away folder. Nothing in it is about
//! a real person, and leaving removes it.

use super::args::{Arguments, Demo};
use super::print;
use crate::device::chance::OsRandom;
use crate::device::home::{Home, make_private_folder};
use crate::device::open::{Device, DeviceError};
use crate::device::setup::{Founding, SetUp};
use crate::message::Secret;
use crate::notice::Notice;
use crate::program::{self, Opened, Setup};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::passphrase;
use tacenda_shared::practice::generate::{Size, entered, generate};
use tacenda_shared::random::Random;
use zeroize::Zeroizing;

const PREFIX: &str = "tacenda-demo-";
const CLINICIAN: &str = "Dr. Quill Sampleton";

/// Builds the practice, opens the interface, and removes everything afterwards.
pub fn run(demo: &Demo, arguments: &Arguments, setup: Setup) -> u8 {
    remove_stale();
    let folder = match Folder::make(demo.keep.as_deref()) {
        Ok(folder) => folder,
        Err(cause) => return program::refuse(&no_folder(&cause)),
    };
    print::line(
        "Writing a synthetic practice: 41 clients, two years, 2,400 notes. Nobody in it is real.",
    );
    match build(demo.seed, &folder.path, setup) {
        Ok((home, opened)) => {
            if folder.kept {
                print::line(&format!("Its passphrase: {}", opened.passphrase.0.as_str()));
            }
            program::interface(home, arguments, setup, Some(opened))
        }
        Err(notice) => program::refuse(&notice),
    }
}

fn build(seed: u64, folder: &Path, setup: Setup) -> Result<(Home, Opened), Notice> {
    let home = Home::contained_in(folder);
    let lock = home.lock().map_err(|error| Notice::from(&error))?;
    let passphrase = words();
    let zoned = jiff::Zoned::now();
    let zone = zoned.time_zone().iana_name().unwrap_or("Etc/UTC").to_owned();
    let now = Timestamp::from_millis(zoned.timestamp().as_millisecond());
    let founding = Founding {
        zone: zone.clone(),
        clinician: CLINICIAN.into(),
        device: "demo-laptop".into(),
        cost: setup.cost,
    };
    let (set_up, _sheet) = SetUp::begin(founding, &passphrase, now)?;
    let mut device = set_up.finish(&home, now).map_err(|error| Notice::from(&error))?;
    fill(&mut device, seed, &zoned, &zone).map_err(|error| Notice::from(&error))?;
    Ok((home, Opened { device, lock, passphrase }))
}

fn fill(device: &mut Device, seed: u64, now: &jiff::Zoned, zone: &str) -> Result<(), DeviceError> {
    let Some(clinician) = device.index().clinicians.keys().next().copied() else { return Ok(()) };
    let history = generate(seed, Size::DEMO, now.date(), clinician, zone);
    let latest = Timestamp::from_millis(now.timestamp().as_millisecond());
    let dated = entered(history).map(|dated| dated.no_later_than(latest));
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

/// Removes what demos that were killed left behind: folders of ours whose lock is free.
fn remove_stale() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if ours && is_folder && Home::contained_in(&entry.path()).lock().is_ok() {
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
