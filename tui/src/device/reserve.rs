//! Room that is kept for a full disk. A lock does not wait, so what was typed and what the trail
//! must say have to find a place when nothing else does.

use super::home::Home;
use super::open::{Device, DeviceError};
use super::store::StoreError;
use crate::notice::Notice;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use tacenda_shared::journal::{AppendError, FileSystem};

/// How much room is kept.
const RESERVE_BYTES: u64 = 2 << 20;
/// How much of it is given at a time: what an unlock and a lock write, and a few pages of text.
const STEP_BYTES: u64 = 256 << 10;
/// So much must be free beside it before it is put back.
const AMPLE_BYTES: u64 = 8 * RESERVE_BYTES;

/// A file that holds nothing but room.
#[derive(Debug)]
pub(super) struct Reserve(PathBuf);

impl Reserve {
    pub(super) fn of(home: &Home) -> Self {
        Self(home.folder().join("reserve"))
    }

    /// Puts back what was given, where there is ample room. That it cannot be kept is no reason to
    /// keep anybody from their records.
    pub(super) fn keep(&self) {
        if self.size() < RESERVE_BYTES && self.free_bytes().is_some_and(|free| free > AMPLE_BYTES) {
            let _without = self.fill();
        }
    }

    /// Gives some room, if there is none beside it.
    pub(super) fn make_room(&self) {
        if self.free_bytes().is_some_and(|free| free < STEP_BYTES) {
            self.give();
        }
    }

    /// Gives some room; false where there is none left to give.
    fn give(&self) -> bool {
        let size = self.size();
        let file = OpenOptions::new().write(true).open(&self.0);
        let shrunk = file.and_then(|file| {
            file.set_len(size.saturating_sub(STEP_BYTES))?;
            file.sync_all()
        });
        size > 0 && shrunk.is_ok()
    }

    fn fill(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&self.0)?;
        fallocate(&file, FallocateFlags::empty(), 0, RESERVE_BYTES)?;
        file.sync_all()
    }

    fn size(&self) -> u64 {
        self.0.symlink_metadata().map_or(0, |meta| meta.len())
    }

    fn free_bytes(&self) -> Option<u64> {
        let disk = statvfs(self.0.parent()?).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
}

impl DeviceError {
    /// Returns what must be heard if a lock failed: nothing stays on a screen after it.
    pub(super) fn at_lock(&self) -> Notice {
        if !self.is_full_disk() {
            return Notice::from(self);
        }
        Notice::new(
            "The disk is full, and not all of what was typed last could be kept by the lock.",
            "Everything saved before is safe.",
            "Free some space, then unlock and look at your drafts.",
        )
    }

    fn is_full_disk(&self) -> bool {
        matches!(self, Self::Store(StoreError::Append(AppendError::Full)))
    }
}

impl<F: FileSystem> Device<F> {
    /// Does what cannot wait for room on the disk.
    pub(super) fn with_room(
        &mut self,
        mut act: impl FnMut(&mut Self) -> Result<(), DeviceError>,
    ) -> Result<(), DeviceError> {
        loop {
            match act(self) {
                Err(error) if error.is_full_disk() => {
                    if !self.reserve.as_ref().is_some_and(Reserve::give) {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }
}
