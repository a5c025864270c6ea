//! Where a device keeps its files, and who may touch them.
//!
//! ```text
//! <vault>/vault        keys under the passphrase
//! <vault>/failures     how many passphrases were wrong since the last right one
//! <vault>/place        sealed: on which machine the vault was closed last
//! <vault>/lock         held by the one process that has the vault open
//! <vault>/journal/     sealed frames: the practice itself
//! <vault>/rows/        sealed key rows: a backup class of their own
//! <vault>/run/socket   only where there is no runtime folder
//! ```
//! The device secret lies outside the vault's folder, so that a copy of the one is no copy of
//! the other. No file name says anything about a client.

use super::patience::Failures;
use rustix::fs::{FlockOperation, Mode};
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use tacenda_shared::id::Timestamp;
use tacenda_shared::seal::SecretKey;
use tacenda_shared::suite;
use thiserror::Error;
use zeroize::Zeroizing;

/// The largest vault file that is read; a real one has a few kilobytes.
const VAULT_BYTES_MAX: u64 = 1 << 20;
const FAILURES: &str = "failures";
const PLACE: &str = "place";
/// Where a machine says which it is: systemd, and what was before it.
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// The folders and files of one vault.
#[derive(Clone, Debug)]
pub struct Home {
    vault: PathBuf,
    secrets: PathBuf,
    runtime: Option<PathBuf>,
}

/// Why a vault's folder cannot be used.
#[derive(Debug, Error)]
pub enum HomeError {
    /// Neither an option nor the environment says where files may lie.
    #[error("neither HOME nor XDG_DATA_HOME is set")]
    NoHome,
    /// Another process holds the vault.
    #[error("the vault is open in another process")]
    InUse,
    /// A practice lies where a new one was to be put.
    #[error("there is a vault in this folder already")]
    Occupied,
    /// The disk or the operating system refused.
    #[error("the vault's folder cannot be used")]
    Io(#[from] io::Error),
}

/// The lock of a vault: whoever has it is the one process that reads and writes it.
#[derive(Debug)]
pub struct VaultLock {
    // Closing the file gives the lock back.
    _file: File,
}

impl Home {
    /// Uses `dir`, or the default of the XDG base directory specification.
    pub fn new(dir: Option<PathBuf>) -> Result<Self, HomeError> {
        let under_home = |name: &str| {
            env::var_os("HOME")
                .filter(|home| !home.is_empty())
                .map(|home| Path::new(&home).join(name))
        };
        let base = |variable: &str, fallback: &str| {
            env::var_os(variable)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
                .or_else(|| under_home(fallback))
        };
        let vault = match dir {
            Some(dir) => dir,
            None => base("XDG_DATA_HOME", ".local/share")
                .ok_or(HomeError::NoHome)?
                .join("tacenda")
                .join("practice-main"),
        };
        // Without a home the secret lies beside the vault; the vault then protects itself only
        // by the passphrase, as the documentation says.
        let secrets = match base("XDG_CONFIG_HOME", ".config") {
            Some(config) => config.join("tacenda").join("device-secrets"),
            None => vault.join("device-secrets"),
        };
        let runtime = env::var_os("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute() && is_ours(path));
        Ok(Self { vault, secrets, runtime })
    }

    /// Uses `dir` for everything, the device secret included: a throw-away vault.
    pub fn contained_in(dir: &Path) -> Self {
        let vault = dir.join("practice-demo");
        Self { secrets: dir.join("device-secrets"), vault, runtime: None }
    }

    /// Returns the vault's folder.
    pub fn folder(&self) -> &Path {
        &self.vault
    }

    /// Returns the name of the vault's folder, which the lock screen shows.
    pub fn name(&self) -> String {
        let name = self.vault.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Returns the folder of the journal.
    pub fn journal(&self) -> PathBuf {
        self.vault.join("journal")
    }

    /// Returns the folder of the key rows.
    pub fn rows(&self) -> PathBuf {
        self.vault.join("rows")
    }

    /// Returns the file with the device's settings, beside its secrets.
    pub fn settings(&self) -> PathBuf {
        self.secrets.with_file_name("settings")
    }

    /// Returns where the open vault listens for commands.
    pub fn socket(&self) -> PathBuf {
        match &self.runtime {
            // The path of a socket has room for 108 bytes, so the vault's name is hashed.
            Some(runtime) => {
                // However the folder was named, relative or not, it is one vault.
                let path = fs::canonicalize(&self.vault).unwrap_or_else(|_| self.vault.clone());
                let path = path.as_os_str().as_encoded_bytes();
                let hash = suite::hash("tac/socket/v1", &[path]).to_string();
                runtime.join(format!("tacenda-{}", hash.get(..16).unwrap_or_default()))
            }
            None => self.vault.join("run").join("socket"),
        }
    }

    /// Makes the vault's folder, readable by its owner only.
    pub fn make(&self) -> Result<(), HomeError> {
        make_private_folder(&self.vault)?;
        Ok(())
    }

    /// Takes the vault's lock, or says that another process has it.
    pub fn lock(&self) -> Result<VaultLock, HomeError> {
        self.make()?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.vault.join("lock"))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(VaultLock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(HomeError::InUse),
            Err(error) => Err(HomeError::Io(error.into())),
        }
    }

    /// Returns the bytes of the vault file, or `None` when there is none.
    pub fn read_vault(&self) -> Result<Option<Vec<u8>>, HomeError> {
        read_optional(&self.vault.join("vault"), VAULT_BYTES_MAX)
    }

    /// Replaces the vault file: a new file, synced, renamed over the old, the folder synced.
    pub fn write_vault(&self, bytes: &[u8]) -> Result<(), HomeError> {
        self.make()?;
        replace(&self.vault, "vault", bytes)
    }

    /// Returns the wrong passphrases since the last right one; none if that cannot be read.
    pub fn failures(&self) -> Failures {
        let bytes = read_optional(&self.vault.join(FAILURES), 64).ok().flatten();
        bytes.and_then(|bytes| Failures::decode(&bytes).ok()).unwrap_or_default()
    }

    /// Counts a wrong passphrase. A disk that takes nothing must not keep the right one out.
    pub fn count_failure(&self, now: Timestamp) {
        let _uncounted = replace(&self.vault, FAILURES, &self.failures().and_one(now).encode());
    }

    /// Forgets wrong passphrases, once they are in the audit trail.
    pub fn forget_failures(&self) {
        // What stays is written into the trail a second time.
        let _stays = fs::remove_file(self.vault.join(FAILURES));
    }

    /// Puts away what lies in the journal's folders without a vault file: the file may come back
    /// from a backup, and then these are a practice.
    pub fn set_aside(&self) -> Result<(), HomeError> {
        if self.read_vault()?.is_some() {
            return Err(HomeError::Occupied);
        }
        let folders = [self.journal(), self.rows()];
        if folders.iter().all(|folder| is_empty(folder)) {
            return Ok(());
        }
        let aside = (1..u32::MAX)
            .map(|number| self.vault.join(format!("aside-{number}")))
            .find(|aside| fs::symlink_metadata(aside).is_err());
        let aside = aside.ok_or(io::ErrorKind::AlreadyExists).map_err(io::Error::from)?;
        make_private_folder(&aside)?;
        for folder in folders {
            if let (Some(name), true) = (folder.file_name(), folder.exists()) {
                fs::rename(&folder, aside.join(name))?;
            }
        }
        sync_folder(&self.vault)?;
        Ok(())
    }

    /// Removes journals that were being written for a vault that did not come to be. A vault file
    /// makes them a practice, and then they stay.
    pub(super) fn remove_journals(&self) {
        if matches!(self.read_vault(), Ok(None)) {
            for folder in [self.journal(), self.rows()] {
                // What stays is put aside by the next try.
                let _stays = fs::remove_dir_all(folder);
            }
        }
    }

    /// Returns bytes that are others for another vault, machine or folder. A copy of the folder is
    /// another folder; one that was only renamed is the same.
    ///
    /// # Errors
    /// If the folder cannot be looked at.
    pub(super) fn place(&self, vault_id: &[u8; 16]) -> Result<Vec<u8>, HomeError> {
        // Not every system says which machine it is; then the folder tells alone.
        let machine = MACHINE_IDS.iter().find_map(|path| fs::read(path).ok()).unwrap_or_default();
        let machine = suite::hash("tac/place/machine/v1", &[vault_id, machine.trim_ascii()]);
        let inode = fs::metadata(&self.vault)?.ino().to_be_bytes();
        Ok([machine.as_bytes().as_slice(), &inode].concat())
    }

    /// Returns the note that says where the vault was closed last, or `None` when there is none.
    pub(super) fn read_place(&self) -> Result<Option<Vec<u8>>, HomeError> {
        read_optional(&self.vault.join(PLACE), 256)
    }

    /// Replaces that note.
    pub(super) fn write_place(&self, bytes: &[u8]) -> Result<(), HomeError> {
        replace(&self.vault, PLACE, bytes)
    }

    /// Returns the device secret of the vault with this id, or `None` when it is not here.
    pub fn read_secret(&self, vault_id: &[u8; 16]) -> Result<Option<SecretKey>, HomeError> {
        let Some(bytes) = read_optional(&self.secrets.join(hex(vault_id)), 64)? else {
            return Ok(None);
        };
        let bytes = Zeroizing::new(bytes);
        Ok(<[u8; 32]>::try_from(bytes.as_slice()).ok().map(SecretKey::from_bytes))
    }

    /// Stores the device secret of the vault with this id.
    pub fn write_secret(&self, vault_id: &[u8; 16], secret: &SecretKey) -> Result<(), HomeError> {
        make_private_folder(&self.secrets)?;
        replace(&self.secrets, &hex(vault_id), secret.expose())
    }
}

fn hex(bytes: &[u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == rustix::process::getuid().as_raw())
}

pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let made: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    // A folder that was there with wider rights is narrowed, since everything in it is ours.
    rustix::fs::chmod(path, Mode::RWXU)?;
    // A file that was synced is lost all the same if the name of its folder was not.
    for folder in made {
        match folder.parent() {
            Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new("."))?,
            Some(parent) => sync_folder(parent)?,
            None => {}
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let directory = rustix::fs::OFlags::DIRECTORY.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(directory).open(folder)?.sync_all()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

fn read_optional(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, HomeError> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn replace(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
    let temporary = folder.join(format!("{name}.new"));
    match fs::remove_file(&temporary) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    sync_folder(folder)?;
    Ok(())
}
