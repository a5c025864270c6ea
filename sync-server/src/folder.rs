//! The server's folder: what lies where, who may read it, and the lock that keeps a second
//! server out. It never follows a link to a secret and never leaves one open to others.
//!
//! ```text
//! server.toml         settings
//! server.key          the server's key, 0600; part of every backup
//! lock                held while a program works with the folder
//! invites/            one small file for each invite that is still open
//! practices/<id>/     the journal of one practice
//! index/              where entries lie in the journals; may be lost at any time
//! ```

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};
use tacenda_shared::id::PracticeId;
use thiserror::Error;

/// Settings longer than this are not ours.
const MAX_SMALL_FILE: u64 = 64 * 1024;

/// File systems that are no place for a server's folder, by their number in statfs(2).
#[cfg(target_os = "linux")]
const FLEETING: [(u64, &str); 4] =
    [(0x0102_1994, "tmpfs"), (0x794c_7630, "overlay"), (0x6969, "nfs"), (0x8584_58f6, "ramfs")];

/// Why the folder cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// There is no such folder, or it has no settings.
    #[error("{0} is not a server's folder; `tacenda-server init` makes one")]
    Absent(PathBuf),
    /// Somebody else works with it.
    #[error("another tacenda-server has this folder open; stop it first")]
    InUse,
    /// The operating system refused.
    #[error("the folder cannot be used")]
    Disk(#[from] io::Error),
    /// It is a server's folder already.
    #[error("{0} is a server's folder already; nothing was changed")]
    Present(PathBuf),
}

/// Paths inside one server's folder.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// Held while a program works with the folder; the lock goes with the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Folder {
    /// Names a folder, whether or not it is there.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Makes the folder, 0700, unless it is a server's already.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn create(&self) -> Result<(), FolderError> {
        if self.config().exists() || self.key().exists() || self.practices().exists() {
            return Err(FolderError::Present(self.root.clone()));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.root)?;
        Ok(())
    }

    /// Takes the lock, without waiting.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn lock(&self) -> Result<Lock, FolderError> {
        if !self.config().is_file() && !self.practices().is_dir() {
            return Err(FolderError::Absent(self.root.clone()));
        }
        let path = self.root.join("lock");
        let file =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        self.adopt(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(FolderError::InUse),
            Err(error) => Err(FolderError::Disk(error.into())),
        }
    }

    /// Gives something that was made here to whoever owns the folder: `sudo tacenda-server
    /// invite` must not leave files that the server cannot read.
    pub(crate) fn adopt(&self, made: &Path) -> io::Result<()> {
        let (owner, file) = (fs::metadata(&self.root)?, fs::metadata(made)?);
        if (owner.uid(), owner.gid()) == (file.uid(), file.gid()) {
            return Ok(());
        }
        chown(made, Some(owner.uid()), Some(owner.gid()))
    }

    /// Names the kind of file system if it keeps nothing over a restart, or syncs to nowhere.
    pub(crate) fn loses_data(&self) -> Option<&'static str> {
        #[cfg(target_os = "linux")]
        {
            let kind = rustix::fs::statfs(&self.root).ok()?.f_type;
            let known = FLEETING.iter().find(|(number, _)| u64::try_from(kind) == Ok(*number));
            known.map(|(_, name)| *name)
        }
        #[cfg(not(target_os = "linux"))]
        None
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings.
    pub fn config(&self) -> PathBuf {
        self.root.join("server.toml")
    }

    /// The server's key.
    pub fn key(&self) -> PathBuf {
        self.root.join("server.key")
    }

    /// Open invites.
    pub fn invites(&self) -> PathBuf {
        self.root.join("invites")
    }

    /// The index over all journals.
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// The folder of all practices.
    pub fn practices(&self) -> PathBuf {
        self.root.join("practices")
    }

    /// The journal of one practice.
    pub fn practice(&self, practice: PracticeId) -> PathBuf {
        self.practices().join(practice.to_string())
    }

    /// Returns the practices that have a folder, ascending. Other names are not ours.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn list_practices(&self) -> io::Result<Vec<PracticeId>> {
        if !self.practices().is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(self.practices())? {
            let name = entry?.file_name();
            found.extend(name.to_str().and_then(PracticeId::parse));
        }
        found.sort();
        Ok(found)
    }
}

/// Writes a new file, 0600, durably, or says that it exists.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes a folder, 0700, if it is not there.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Reads a small file of ours, and never more than a small file.
pub(crate) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SMALL_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SMALL_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}
