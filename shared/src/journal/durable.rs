//! The steps on which durability rests, each in one place, so that a fault can be planted in
//! each and the crash simulation can prove that it would notice.

use super::disk::FileSystem;
use std::io;

/// Whether a test run has named this fault, to prove that its tests would see it. In a program
/// there is none: only what is built for tests asks.
#[cfg(test)]
pub(super) fn is_planted(fault: &str) -> bool {
    static NAMED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "read by tests only")]
    let named = NAMED.get_or_init(|| std::env::var("TACENDA_PLANTED").ok());
    named.as_deref() == Some(fault)
}

/// In a program no fault is planted.
#[cfg(not(test))]
pub(super) const fn is_planted(_fault: &str) -> bool {
    false
}

/// Writes all of `bytes`; short and interrupted writes go on where they stopped.
pub(super) fn write_all<F: FileSystem>(
    fs: &F,
    file: &F::File,
    mut offset: u64,
    mut bytes: &[u8],
) -> io::Result<()> {
    let mut interruptions = 0;
    while !bytes.is_empty() {
        match fs.write_at(file, offset, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => {
                bytes = bytes.get(taken..).unwrap_or_default();
                offset = offset.saturating_add(taken as u64);
            }
            Err(error) if retry(&error, &mut interruptions) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads at most `length` bytes from `offset`; fewer only at the end of the file.
pub(super) fn read_up_to<F: FileSystem>(
    fs: &F,
    file: &F::File,
    offset: u64,
    length: usize,
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.resize(length, 0);
    let mut filled = 0;
    let mut interruptions = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match fs.read_at(file, offset.saturating_add(filled as u64), rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if retry(&error, &mut interruptions) => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Makes the contents of a file durable, once: a second try after an error would succeed without
/// having written anything, because the kernel has forgotten that the pages were not kept.
pub(super) fn sync_file<F: FileSystem>(fs: &F, file: &F::File) -> io::Result<()> {
    if is_planted("no_data_sync") {
        return Ok(());
    }
    let outcome = fs.sync_data(file);
    if is_planted("retry_after_eio") && outcome.is_err() {
        return fs.sync_data(file);
    }
    outcome
}

/// Makes creations, renames and removals durable.
pub(super) fn sync_folder<F: FileSystem>(fs: &F) -> io::Result<()> {
    if is_planted("no_folder_sync") {
        return Ok(());
    }
    fs.sync_folder()
}

/// Why an item is not durable.
pub(super) enum WriteFailure {
    /// There is no room; nothing of the item is left.
    Full,
    /// Nobody knows what of the item is on the disk.
    Unknown(io::Error),
}

impl From<io::Error> for WriteFailure {
    fn from(error: io::Error) -> Self {
        if is_full(&error) { Self::Full } else { Self::Unknown(error) }
    }
}

/// Writes one item at `offset`, the end of the file, and makes it durable.
pub(super) fn write_durably<F: FileSystem>(
    fs: &F,
    file: &F::File,
    offset: u64,
    bytes: &[u8],
) -> Result<(), WriteFailure> {
    let acknowledge_first = is_planted("acknowledge_before_sync");
    if acknowledge_first {
        // Syncs the item before, which was acknowledged long ago.
        sync_file(fs, file).map_err(WriteFailure::Unknown)?;
    }
    if let Err(error) = write_all(fs, file, offset, bytes) {
        if !is_full(&error) {
            return Err(WriteFailure::Unknown(error));
        }
        // The cut has to be durable before anything is written in its place: a footer with the
        // rest of a refused group behind it would pass for damage.
        let cut = fs.set_length(file, offset).and_then(|()| sync_file(fs, file));
        return Err(cut.map_or_else(WriteFailure::Unknown, |()| WriteFailure::Full));
    }
    if acknowledge_first {
        return Ok(());
    }
    sync_file(fs, file).map_err(WriteFailure::Unknown)
}

/// Returns whether an error means that there is no room, and nothing worse.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn retry(error: &io::Error, interruptions: &mut u32) -> bool {
    *interruptions += 1;
    error.kind() == io::ErrorKind::Interrupted && *interruptions <= INTERRUPTIONS
}

/// How often one read or write may be interrupted before it counts as failed.
const INTERRUPTIONS: u32 = 100;
