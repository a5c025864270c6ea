//! Backups: everything on this device's disk, sealed so that the recovery sheet opens it.
//!
//! A backup is two files. `FILE` holds the journal's bytes and only ever grows; `FILE.keys` holds
//! the key tables and is written anew each time, so that a key which was destroyed is gone with
//! the old one. The second is also what commits a run: it says up to where the first counts, so
//! that whatever stops a run, both together are the last one that was finished. Neither is ever
//! written over a file that is not a backup of this device.

pub(super) mod format;
mod read;
#[cfg(test)]
mod tests;
mod words;
mod write;

pub use read::{Checked, check};

pub(super) use read::{Found, Items, load, tables_of};

use super::open::DeviceError;
use std::io;
use tacenda_shared::codec::CodecError;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::recovery::RecoveryError;
use tacenda_shared::practice::view::{Index, TimelineEntry};
use thiserror::Error;

/// Why there is no backup, or nothing comes back from one.
#[derive(Debug, Error)]
pub enum BackupError {
    /// Bytes are not what was written.
    #[error("the backup is damaged")]
    Damaged,
    /// The practice.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The file and this practice have gone different ways since they were one.
    #[error("the backup holds what this practice does not")]
    Diverged,
    /// Another device or another practice wrote it.
    #[error("the backup is of another device")]
    Foreign,
    /// The sheet is not the one that it was sealed to.
    #[error("the recovery sheet is not the one of this backup")]
    ForeignSheet,
    /// There is no room where the backup is to be.
    #[error("the disk of the backup is full")]
    Full,
    /// The disk or the operating system refused.
    #[error("the backup cannot be read or written")]
    Io(#[source] io::Error),
    /// The file of keys is not beside it.
    #[error("the key tables of the backup are missing")]
    MissingKeys,
    /// A newer version wrote it.
    #[error("the backup was written by a newer version")]
    NewerVersion,
    /// The file is something else.
    #[error("the file is no backup")]
    NotABackup,
    /// Every byte is as it was written, yet what came back does not read as a whole practice.
    #[error("what the backup gives back is no whole practice")]
    NotWhole,
    /// The words are no sheet.
    #[error(transparent)]
    Words(#[from] RecoveryError),
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

impl From<CodecError> for BackupError {
    fn from(_: CodecError) -> Self {
        Self::Damaged
    }
}

/// How much a practice holds, for a person to compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Holdings {
    /// Clients, those in the archive included.
    pub clients: usize,
    /// Appointments.
    pub appointments: usize,
    /// Signed notes and addenda.
    pub notes: usize,
}

impl Holdings {
    /// Counts what an index shows.
    pub fn of(index: &Index) -> Self {
        let rows = index.timelines.values().flat_map(|rows| rows.iter());
        let is_note = |entry: &TimelineEntry| {
            matches!(entry, TimelineEntry::Note { .. } | TimelineEntry::Addendum { .. })
        };
        Self {
            clients: index.clients.len(),
            appointments: index.appointments.len(),
            notes: rows.filter(|row| is_note(&row.entry)).count(),
        }
    }
}

/// What a run has written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackedUp {
    /// The number of this run, from 1; 1 if the file was begun anew.
    pub run: u32,
    /// When.
    pub time: Timestamp,
    /// How many bytes of the journal were not in the file before.
    pub new_bytes: u64,
    /// How long the file is now, in bytes.
    pub bytes: u64,
    /// How long the file of keys is, in bytes.
    pub keys_bytes: u64,
    /// What the practice holds.
    pub holdings: Holdings,
}
