//! The one door to the disk: a small file-system trait, and the real thing behind it.
//!
//! Everything happens in one folder. It never follows a symbolic link to a file, never opens a
//! file that others may read, and never decides what to do about an error.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What the journal asks of a folder. Names are plain file names inside it.
///
/// All methods take `&self`: files are shared by nature, and the journal is the one writer.
pub trait FileSystem {
    /// An open file.
    type File;

    /// Creates a file that must not exist yet, for reading and writing.
    fn create_new(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file that exists, for reading and writing.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Returns the length of a file in bytes.
    fn length(&self, file: &Self::File) -> io::Result<u64>;

    /// Reads at an offset; returns how many bytes were there, 0 at the end.
    fn read_at(&self, file: &Self::File, offset: u64, out: &mut [u8]) -> io::Result<usize>;

    /// Writes at an offset; returns how many bytes were taken, which may be fewer.
    fn write_at(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Returns when everything written to the file would survive a power cut. After an error
    /// nobody knows what was kept, and asking again would only hide it.
    fn sync_data(&self, file: &Self::File) -> io::Result<()>;

    /// Sets the length of a file.
    fn set_length(&self, file: &Self::File, length: u64) -> io::Result<()>;

    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Returns the names of all files in the folder, in no order that means anything.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Returns when creations, renames and removals would survive a power cut.
    fn sync_folder(&self) -> io::Result<()>;
}

/// A folder on a real disk: mode 0700, its files 0600.
#[derive(Debug)]
pub struct DiskFs {
    folder: PathBuf,
    handle: File,
}

impl DiskFs {
    /// Opens a folder; makes it first if it is not there, and closes it to others if it was open
    /// to them.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        if !folder.is_dir() {
            DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder)?;
            if let Some(parent) = folder.parent().filter(|parent| parent.is_dir()) {
                OpenOptions::new().read(true).open(parent)?.sync_all()?;
            }
        }
        let handle = OpenOptions::new().read(true).open(folder)?;
        let metadata = handle.metadata()?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        if metadata.permissions().mode() & OTHERS != 0 {
            handle.set_permissions(Permissions::from_mode(PRIVATE_FOLDER))?;
        }
        Ok(Self { folder: folder.to_owned(), handle })
    }

    /// Opens a folder that is not ours alone, such as one on a stick: it must be there, and its
    /// rights stay as they are. Files that are made in it are still their owner's alone.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn beside(folder: &Path) -> io::Result<Self> {
        let handle = OpenOptions::new().read(true).open(folder)?;
        if !handle.metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { folder: folder.to_owned(), handle })
    }

    fn path(&self, name: &str) -> io::Result<PathBuf> {
        if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(self.folder.join(name))
    }
}

impl FileSystem for DiskFs {
    type File = File;

    fn create_new(&self, name: &str) -> io::Result<File> {
        // `create_new` is O_EXCL, which refuses a symbolic link, dangling or not.
        OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(PRIVATE_FILE)
            .open(self.path(name)?)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let path = self.path(name)?;
        let expected = fs::symlink_metadata(&path)?;
        if !expected.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        // O_NOFOLLOW has another value on each system; comparing what was looked at with what
        // was opened needs none, and leaves no moment in between.
        let opened = file.metadata()?;
        if (opened.dev(), opened.ino()) != (expected.dev(), expected.ino()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(file)
    }

    fn length(&self, file: &File) -> io::Result<u64> {
        file.metadata().map(|metadata| metadata.len())
    }

    fn read_at(&self, file: &File, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        FileExt::read_at(file, out, offset)
    }

    fn write_at(&self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        FileExt::write_at(file, bytes, offset)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn set_length(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from)?, self.path(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name)?)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            // A name that is not UTF-8 is not ours.
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.handle.sync_all()
    }
}

/// Owner only, with entry.
const PRIVATE_FOLDER: u32 = 0o700;
/// Owner only.
const PRIVATE_FILE: u32 = 0o600;
/// Group and everybody else.
const OTHERS: u32 = 0o077;
