//! Where journals lie: a folder for each practice on a real disk, or one in memory for tests.

use crate::folder::{Folder, make_private};
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use tacenda_shared::id::PracticeId;
use tacenda_shared::journal::{DiskFs, FileSystem};

/// Bytes that must be had after the disk was full, before it counts as having room again.
const PROBE_BYTES: u64 = 4 << 20;

/// What the store asks of the machine.
pub(crate) trait Disk {
    /// A folder.
    type Fs: FileSystem;

    /// Opens the folder of one practice, made if it is not there.
    fn open(&self, practice: PracticeId) -> io::Result<Self::Fs>;

    /// Returns whether new data may be taken: more than `reserve` bytes are free and, if the disk
    /// `was_full`, room can be had.
    fn has_room(&self, reserve: u64, was_full: bool) -> bool;
}

/// The server's folder.
#[derive(Debug)]
pub(crate) struct RealDisk {
    folder: Folder,
}

impl RealDisk {
    pub(crate) fn new(folder: Folder) -> Self {
        Self { folder }
    }

    /// A quota shows in no figure of the file system; taking room does.
    fn can_take_room(&self) -> bool {
        let path = self.folder.root().join("probe");
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let has_room = match file {
            Ok(file) => match fallocate(&file, FallocateFlags::empty(), 0, PROBE_BYTES) {
                Ok(()) => true,
                // Not every file system can; then only an append tells.
                Err(error) => error == rustix::io::Errno::OPNOTSUPP,
            },
            Err(_) => false,
        };
        let _left = std::fs::remove_file(path);
        has_room
    }
}

impl Disk for RealDisk {
    type Fs = DiskFs;

    fn open(&self, practice: PracticeId) -> io::Result<DiskFs> {
        make_private(&self.folder.practices())?;
        DiskFs::open(&self.folder.practice(practice))
    }

    fn has_room(&self, reserve: u64, was_full: bool) -> bool {
        let free = statvfs(self.folder.root())
            .map_or(u64::MAX, |figures| figures.f_bavail.saturating_mul(figures.f_frsize));
        free > reserve && (!was_full || self.can_take_room())
    }
}
