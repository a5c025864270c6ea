//! A server from a copy of its folder. A copy is older than what devices have seen, however little:
//! its files begin a new life, which tells every device to give what is missing, and until that is
//! done nothing new is taken. It never changes what was acknowledged, and never the copy.

use crate::backup::{copy, copy_segments};
use crate::chance::now;
use crate::folder::{Folder, FolderError, make_private};
use crate::identity::{Identity, IdentityError};
use crate::store::{CommitError, Kept, RealDisk, Unusable};
use crate::tamper::Watch;
use std::io;
use tacenda_shared::id::{PracticeId, ServerEpoch};
use tacenda_shared::journal::index::Index;
use thiserror::Error;

/// Why no server came of a copy.
#[derive(Debug, Error)]
pub(crate) enum RestoreError {
    #[error("a file cannot be copied")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the journal of a practice is {0}; nothing was changed in it")]
    Unusable(#[from] Unusable),
    #[error("a new life cannot be written")]
    Write(#[from] CommitError),
}

/// A practice whose files began a new life.
pub(crate) struct Renewed {
    pub(crate) practice: PracticeId,
    pub(crate) server_epoch: ServerEpoch,
}

/// Copies a backup to where no server is yet, and begins a new life there.
pub(crate) fn restore(from: &Folder, to: &Folder) -> Result<Vec<Renewed>, RestoreError> {
    let _whole = Identity::load(from)?;
    to.create()?;
    copy(&from.key(), &to.key())?;
    make_private(&to.practices())?;
    for practice in from.list_practices()? {
        copy_segments(&from.practice(practice), &to.practice(practice))?;
    }
    let renewed = renew(to)?;
    // The settings come last: what is half copied, or goes on with the old life, cannot be served.
    copy(&from.config(), &to.config())?;
    Ok(renewed)
}

/// Begins a new life of the practices in a folder that was copied back by hand.
pub(crate) fn renew(folder: &Folder) -> Result<Vec<Renewed>, RestoreError> {
    let _lock = folder.lock()?;
    let identity = Identity::load(folder)?;
    let disk = RealDisk::new(folder.clone());
    let watch = Watch::default();
    let mut renewed = Vec::new();
    for practice in folder.list_practices()? {
        let mut index = Index::in_memory();
        let (kept, _) = Kept::open(&disk, practice, identity.signing(), &mut index, &watch)?;
        let Some(mut kept) = kept else { continue };
        let frame = kept.decisions.begin_again(now());
        kept.commit(&[frame], &mut index)?;
        kept.end()?;
        renewed.push(Renewed { practice, server_epoch: kept.decisions.server_epoch() });
    }
    Ok(renewed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn what_has_not_begun_a_new_life_cannot_be_served() {
        let scratch = Scratch::new("restore");
        let at = |name: &str| Folder::at(&scratch.path().join(name));
        let (from, to) = (at("copy"), at("server"));
        from.create().unwrap();
        Identity::create(&from).unwrap();
        std::fs::write(from.config(), "").unwrap();
        let practice = PracticeId::from_bytes([7; 16]);
        std::fs::create_dir_all(from.practice(practice)).unwrap();
        let segment = from.practice(practice).join("0000000000000001.seg");
        std::fs::write(segment, [7; 200]).unwrap();

        let refused = restore(&from, &to);

        assert!(matches!(refused, Err(RestoreError::Unusable(_))), "{:?}", refused.err());
        assert!(to.practice(practice).exists());
        assert!(!to.config().exists());
    }
}
