//! A copy of a server's folder that can be started: key, settings, journals. It may be made while
//! the server runs, because segments only ever grow at their end; whatever half of a group the
//! copy caught is cut, as after a power cut. The copy is then verified in full.
//!
//! `MANIFEST` lists SHA-256 and path of every file, as `sha256sum --check` reads it.

use crate::folder::{Folder, FolderError, make_private};
use crate::identity::{Identity, IdentityError};
use crate::verify::{Findings, VerifyError, verify};
use aws_lc_rs::digest;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tacenda_shared::hex;
use tacenda_shared::id::PracticeId;
use thiserror::Error;

/// The list of files in a backup.
const MANIFEST: &str = "MANIFEST";
/// Bytes that are copied at once.
const CHUNK: usize = 64 * 1024;

/// Why there is no backup.
#[derive(Debug, Error)]
pub(crate) enum BackupError {
    #[error("a file cannot be copied")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("the copy has no key: {0}")]
    Identity(#[from] IdentityError),
    /// The target is inside the folder, or the other way round.
    #[error("the backup must lie outside of the server's folder")]
    Inside,
    #[error("the copy does not verify")]
    Verify(#[from] VerifyError),
}

/// Copies `from` to `to`, which may hold an older backup of it, and verifies the copy.
pub(crate) fn backup(
    from: &Folder,
    to: &Folder,
) -> Result<BTreeMap<PracticeId, Findings>, BackupError> {
    make_private(to.root())?;
    let (source, target) = (from.root().canonicalize()?, to.root().canonicalize()?);
    if source.starts_with(&target) || target.starts_with(&source) {
        return Err(BackupError::Inside);
    }
    copy(&from.key(), &to.key())?;
    copy(&from.config(), &to.config())?;
    let _lock = to.lock()?;
    make_private(&to.practices())?;
    for practice in from.list_practices()? {
        copy_segments(&from.practice(practice), &to.practice(practice))?;
    }
    let findings = verify(to, &Identity::load(to)?)?;
    write_manifest(to)?;
    Ok(findings)
}

/// Copies the segments of one journal. Those that are full never change again. What the journal has
/// replaced is removed last: until the new is here, the copy needs the old.
pub(crate) fn copy_segments(from: &Path, to: &Path) -> io::Result<()> {
    make_private(to)?;
    let names = segments(from)?;
    let newest = names.last();
    for name in &names {
        let (source, target) = (from.join(name), to.join(name));
        let is_there = target.metadata().map(|metadata| metadata.len()).ok();
        let is_whole = is_there == Some(source.metadata()?.len()) && Some(name) != newest;
        if !is_whole {
            copy(&source, &target)?;
        }
    }
    File::open(to)?.sync_all()?;
    for stale in segments(to)?.difference(&names) {
        fs::remove_file(to.join(stale))?;
    }
    File::open(to)?.sync_all()
}

fn segments(folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().into_string();
        names.extend(name.ok().filter(|name| name.ends_with(".seg")));
    }
    Ok(names)
}

/// Copies one file, 0600, durably, and never leaves half of it under its name.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut out =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    io::copy(&mut File::open(from)?, &mut out)?;
    out.sync_all()?;
    fs::rename(&part, to)
}

fn write_manifest(folder: &Folder) -> io::Result<()> {
    let mut paths = vec![folder.key(), folder.config()];
    for practice in folder.list_practices()? {
        let home = folder.practice(practice);
        paths.extend(segments(&home)?.into_iter().map(|name| home.join(name)));
    }
    let mut text = String::new();
    for path in paths {
        let name = path.strip_prefix(folder.root()).unwrap_or(&path).display().to_string();
        text.push_str(&format!("{}  {name}\n", sha256(&path)?));
    }
    let path = folder.root().join(MANIFEST);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    File::open(folder.root())?.sync_all()
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        match chunk.get(..read).filter(|read| !read.is_empty()) {
            Some(bytes) => context.update(bytes),
            None => return Ok(hex::encode(context.finish().as_ref())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_copy_that_fails_half_way_still_has_all_that_it_had() {
        let scratch = Scratch::new("backup");
        let (from, to) = (scratch.path().join("from"), scratch.path().join("to"));
        fs::create_dir_all(&from).unwrap();
        for name in ["1.seg", "2.seg"] {
            fs::write(from.join(name), name).unwrap();
        }
        copy_segments(&from, &to).unwrap();
        let whole = segments(&to).unwrap();

        // The journal has replaced its first segment, and what took its place cannot be copied.
        fs::remove_file(from.join("1.seg")).unwrap();
        fs::create_dir(from.join("3.seg")).unwrap();
        copy_segments(&from, &to).unwrap_err();
        assert_eq!(segments(&to).unwrap(), whole);

        fs::remove_dir(from.join("3.seg")).unwrap();
        fs::write(from.join("3.seg"), "3").unwrap();
        copy_segments(&from, &to).unwrap();
        assert_eq!(segments(&to).unwrap(), segments(&from).unwrap());
    }
}
