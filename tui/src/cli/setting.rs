//! The settings of this device: shown, or set.

use super::args;
use super::print;
use super::request::Request;
use super::run::Failed;
use super::socket;
use crate::device::home::{Home, HomeError};
use crate::device::settings::{AutoLock, Preset, Timing};
use crate::device::words::reason;
use crate::notice::Notice;
use std::io;

/// Shows or sets after how many minutes without a key the practice locks itself.
pub(super) fn auto_lock(home: &Home, asked: &args::AutoLock) -> Result<(), Failed> {
    if let Some(minutes) = asked.minutes.and_then(AutoLock::new) {
        minutes.set(home).map_err(|error| not_set(&error))?;
        if matches!(home.lock(), Err(HomeError::InUse)) {
            print::line("The window that is open takes it when it is started again.");
        }
    }
    print::line(&format!("lock.after.minutes = {}", AutoLock::of(home).minutes()));
    Ok(())
}

/// Shows or sets which keys are used in the text of notes.
pub(super) fn keys(home: &Home, asked: &args::Keys) -> Result<(), Failed> {
    if let Some(preset) = asked.preset.as_deref().and_then(Preset::parse) {
        preset.set(home).map_err(|error| not_set(&error))?;
        if matches!(home.lock(), Err(HomeError::InUse)) {
            print::line("The window that is open takes it when it is started again.");
        }
    }
    print::line(&format!("keys.preset = {}", Preset::of(home).word()));
    Ok(())
}

/// Says that the settings of this device could not be written.
pub(crate) fn not_set(error: &io::Error) -> Notice {
    Notice::new(
        format!("The setting was not written: {}.", reason(error)),
        "Nothing is lost.",
        "Check that you may write into the folder of Tacenda's settings.",
    )
}

/// Shows or sets how soon what is written leaves this device; the process that has the practice
/// open takes it over at once, or when it is unlocked.
pub(super) fn timing(home: &Home, asked: &args::Timing) -> Result<(), Failed> {
    if let Some(timing) = asked.timing.as_deref().and_then(Timing::parse) {
        timing.set(home).map_err(|error| not_set(&error))?;
        if matches!(home.lock(), Err(HomeError::InUse)) {
            // Whoever has it open and locked reads the setting when it is unlocked.
            let _locked = socket::ask(&home.socket(), &Request::Timing, |_| Ok(()));
        }
    }
    print::line(&format!("sync.timing = {}", Timing::of(home).word()));
    Ok(())
}
