//! The server's Ed25519 key: devices know the server by it and by nothing else, and it signs
//! every receipt. It is made once; where there is data and no key, the server does not start.

use crate::chance::SystemRandom;
use crate::folder::{Folder, read_small, write_new};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use tacenda_shared::hex;
use tacenda_shared::random::Random;
use tacenda_shared::suite::{SigningKey, VerifyingKey};
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

/// The first word of the key's file.
const MAGIC: &str = "tacenda-server-key-1";

/// Why there is no key to work with.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The operating system refused.
    #[error("the server's key cannot be read")]
    Disk(#[from] io::Error),
    /// The file holds something else.
    #[error("server.key is not a key of this program; put the one from a backup in its place")]
    Malformed,
    /// There is data, and no key.
    #[error(
        "server.key is missing, but there are practices in this folder. Every device knows the \
         server by that key, so none would connect to a new one. Put server.key from a backup \
         in its place and start again. If there is no backup: make a new folder with \
         `tacenda-server init`, and let each practice move to it from one of its devices"
    )]
    Missing,
    /// Others could read the key.
    #[error("server.key can be read by others; chmod 600 it, and think about who has read it")]
    Open,
}

/// The server's key. Its secret half shows nowhere and is wiped.
pub struct Identity {
    seed: Zeroizing<[u8; 32]>,
}

impl Identity {
    /// Draws a key and writes it to the folder, which must have none.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn create(folder: &Folder) -> Result<Self, IdentityError> {
        let mut seed = Zeroizing::new([0; 32]);
        SystemRandom.fill(seed.as_mut());
        let mut text = format!("{MAGIC} {}\n", hex::encode(seed.as_ref()));
        let written = write_new(&folder.key(), text.as_bytes());
        text.zeroize();
        written?;
        folder.adopt(&folder.key())?;
        Ok(Self { seed })
    }

    /// Reads the key of the folder.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn load(folder: &Folder) -> Result<Self, IdentityError> {
        let path = folder.key();
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let has_data = !folder.list_practices()?.is_empty();
                let missing = if has_data { IdentityError::Missing } else { error.into() };
                return Err(missing);
            }
            Err(error) => return Err(error.into()),
        };
        if !metadata.is_file() {
            return Err(IdentityError::Malformed);
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(IdentityError::Open);
        }
        let bytes = Zeroizing::new(read_small(&path)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| IdentityError::Malformed)?;
        let digits = text.trim_end().strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(' '));
        let seed = digits.and_then(hex::decode::<32>).ok_or(IdentityError::Malformed)?;
        Ok(Self { seed: Zeroizing::new(seed) })
    }

    /// Returns the secret half for one more signer.
    pub fn signing(&self) -> SigningKey {
        SigningKey::from_seed(*self.seed)
    }

    /// Returns the pin by which devices know this server.
    pub fn pin(&self) -> VerifyingKey {
        self.signing().verifying()
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}
