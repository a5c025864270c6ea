//! Files that somebody names: one is read whole, or written where nothing is yet.

use rustix::fs::OFlags;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// If it is no file but a folder, a device, a pipe or a link, none of which is waited for; or if it
/// is longer: `FileTooLarge`, before more than that is read.
pub fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    if about.len() <= most {
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    // It may have grown since its length was asked for.
    if about.len() > most || bytes.len() > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Writes bytes to a new file that only its owner can read; they are on the disk when it returns.
///
/// # Errors
/// If there is something of that name, also a link to nowhere; or if writing fails: then no file
/// is left, since half of one must not look like all.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _left = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A folder of this test's own, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("tacenda-files-{}-{next}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _left = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let folder = Folder::new();
        let at = |name: &str| folder.0.join(name);
        write_new(&at("file"), b"here").unwrap();
        symlink(at("file"), at("link")).unwrap();
        let (mode, dev) = (rustix::fs::Mode::RWXU, 0);
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, mode, dev)
            .unwrap();
        assert_eq!(read(&at("file"), 4).unwrap(), b"here");
        let kind = |path: &Path, limit| read(path, limit).unwrap_err().kind();
        assert_eq!(kind(&at("file"), 3), io::ErrorKind::FileTooLarge);
        assert_eq!(kind(&at("pipe"), 4), io::ErrorKind::InvalidInput);
        assert_eq!(kind(&folder.0, 4), io::ErrorKind::InvalidInput);
        assert_eq!(kind(Path::new("/dev/zero"), 4), io::ErrorKind::InvalidInput);
        assert!(read(&at("link"), 4).is_err());
        assert_eq!(kind(&at("nothing"), 4), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_written_for_its_owner_only_and_over_nothing() {
        let folder = Folder::new();
        let at = |name: &str| folder.0.join(name);
        write_new(&at("new"), b"bytes").unwrap();
        assert_eq!(fs::read(at("new")).unwrap(), b"bytes");
        assert_eq!(fs::metadata(at("new")).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(at("elsewhere"), at("link")).unwrap();
        for name in ["new", "link"] {
            let refused = write_new(&at(name), b"other").unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        }
        assert!(!at("elsewhere").exists());
        assert_eq!(fs::read(at("new")).unwrap(), b"bytes");
    }
}
