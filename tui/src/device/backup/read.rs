//! Reading a backup: as far as possible without a key, and item by item with one.

use super::BackupError;
use super::format::{
    HEADER_BYTES_MAX, Header, ITEM_HEAD, ITEM_TAIL, KEYS_BYTES_MAX, KeysHead, Mark, SealedPart,
    Tables, item_length, read_item,
};
use std::io;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::seal::SecretKey;

/// What the two files say without being opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checked {
    /// When the last whole run was.
    pub time: Timestamp,
    /// Its number.
    pub run: u32,
    /// How many bytes of the file it covers.
    pub bytes: u64,
    /// How many bytes follow, of a run that was not finished.
    pub unfinished: u64,
}

/// A backup as it was found.
pub(in crate::device) struct Found<File> {
    pub(in crate::device) file: File,
    pub(in crate::device) header: Header,
    /// After the header.
    pub(in crate::device) start: Mark,
    /// How long the file is.
    pub(in crate::device) length: u64,
    /// The file of keys, if there is one that belongs to it.
    pub(in crate::device) keys: Option<Keys>,
}

/// A file of keys that belongs to the backup.
pub(in crate::device) struct Keys {
    pub(in crate::device) head: KeysHead,
    bytes: Vec<u8>,
    /// Whether it still has the name under which it was written.
    pub(in crate::device) unnamed: bool,
}

/// Returns the name of the file of keys.
pub(in crate::device) fn keys_name(name: &str) -> String {
    format!("{name}.keys")
}

/// Returns the name under which a file is written before it takes the place of the old one.
pub(in crate::device) fn new_name(name: &str) -> String {
    format!("{name}.new")
}

/// Finds a backup; `None` if there is no such file.
pub(in crate::device) fn load<F: FileSystem>(
    files: &F,
    name: &str,
) -> Result<Option<Found<F::File>>, BackupError> {
    let Some(file) = open(files, name)? else { return Ok(None) };
    let length = files.length(&file)?;
    let (header, start) = Header::decode(&read(files, &file, 0, HEADER_BYTES_MAX)?)?;
    let named = read_keys(files, &keys_name(name), &header);
    let keys = match named {
        Ok(Some(keys)) => Some(keys),
        // A new backup took the place of an older one, and its keys were about to.
        Ok(None) | Err(BackupError::Damaged) => {
            let unnamed = read_keys(files, &new_name(&keys_name(name)), &header).ok().flatten();
            match (unnamed, named) {
                (Some(keys), _) => Some(Keys { unnamed: true, ..keys }),
                (None, named) => named?,
            }
        }
        Err(error) => return Err(error),
    };
    Ok(Some(Found { file, header, start, length, keys }))
}

fn read_keys<F: FileSystem>(
    files: &F,
    name: &str,
    header: &Header,
) -> Result<Option<Keys>, BackupError> {
    let Some(file) = open(files, name)? else { return Ok(None) };
    let bytes = read(files, &file, 0, KEYS_BYTES_MAX)?;
    let (head, _) = KeysHead::decode(&bytes)?;
    Ok((head.backup == header.backup).then_some(Keys { head, bytes, unnamed: false }))
}

/// Opens the tables of a file of keys.
pub(in crate::device) fn tables_of(keys: &Keys, key: &SecretKey) -> Result<Tables, BackupError> {
    let (head, part) = KeysHead::decode(&keys.bytes)?;
    head.open(key, &part)
}

/// The items of a file, one after the other. Each is checked against the chain.
pub(in crate::device) struct Items<'a, F: FileSystem> {
    files: &'a F,
    file: &'a F::File,
    mark: Mark,
    end: u64,
    bytes: Vec<u8>,
}

impl<'a, F: FileSystem> Items<'a, F> {
    /// Begins after the header; nothing from `end` on is read.
    pub(in crate::device) fn new(files: &'a F, file: &'a F::File, start: Mark, end: u64) -> Self {
        Self { files, file, mark: start, end, bytes: Vec::new() }
    }

    /// Returns how far it has come.
    pub(in crate::device) fn mark(&self) -> Mark {
        self.mark
    }

    /// Returns the next item with its number.
    pub(in crate::device) fn next(&mut self) -> Result<Option<(u64, SealedPart<'_>)>, BackupError> {
        if self.mark.length >= self.end {
            return Ok(None);
        }
        let head = read(self.files, self.file, self.mark.length, ITEM_HEAD)?;
        let length = ITEM_HEAD + item_length(&head)? + ITEM_TAIL;
        self.bytes = read(self.files, self.file, self.mark.length, length)?;
        if self.bytes.len() < length {
            return Err(BackupError::Damaged);
        }
        let number = self.mark.items;
        let part = read_item(&self.bytes, &mut self.mark)?;
        Ok(Some((number, part)))
    }
}

/// Checks both files as far as that goes without a key: that they belong together, and that no
/// byte has changed by accident. Whether the sheet opens them, only the sheet can say.
pub fn check<F: FileSystem>(files: &F, name: &str) -> Result<Checked, BackupError> {
    let found = load(files, name)?.ok_or(io::ErrorKind::NotFound).map_err(io::Error::from)?;
    let keys = found.keys.as_ref().ok_or(BackupError::MissingKeys)?;
    let KeysHead { run, time, mark, .. } = keys.head;
    let mut items = Items::new(files, &found.file, found.start, mark.length);
    while items.next()?.is_some() {}
    if items.mark() != mark {
        return Err(BackupError::Damaged);
    }
    let unfinished = found.length.saturating_sub(mark.length);
    Ok(Checked { time, run, bytes: mark.length, unfinished })
}

fn open<F: FileSystem>(files: &F, name: &str) -> Result<Option<F::File>, BackupError> {
    match files.open(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads up to `length` bytes, fewer at the end of the file.
fn read<F: FileSystem>(
    files: &F,
    file: &F::File,
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, BackupError> {
    let left = usize::try_from(files.length(file)?.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(left)];
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
        match files.read_at(file, at, rest) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}
