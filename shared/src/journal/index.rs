//! Where the entries of a server's logs lie in its journal: a cache, kept in sled.
//!
//! No decision is ever taken from it. sled 0.34 may lose what it flushed, may come back older
//! than the journal, and may refuse to open; so every hit is checked against its frame
//! ([`Index::fetch`]), a miss below a log's head means "rebuild", and what does not open is moved
//! aside. Only this file names sled.

use super::durable::is_planted;
use super::{FileSystem, Frame, Journal, Location, ReadError};
use crate::codec::{Reader, Writer};
use crate::id::Position;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Maps (log, position) to a place in the journal.
pub struct Index {
    store: Store,
}

enum Store {
    Memory(BTreeMap<[u8; KEY_BYTES], [u8; VALUE_BYTES]>),
    Sled(Option<sled::Db>),
}

/// What an opened index can be expected to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// It is new and empty.
    Created,
    /// It is the one of before: any age, any holes.
    Kept,
    /// None could be opened on disk, or somebody has it open; it is empty and lives in memory.
    Memory,
    /// The one of before did not open and was moved aside; this one is empty.
    Rebuilt,
}

/// The index failed and is empty now, in memory: it has to be filled from the journal.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the index over the journal failed and has to be rebuilt")]
pub struct IndexLost;

/// What [`Index::fetch`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fetched {
    /// The entry itself.
    Frame(Frame),
    /// The index knows nothing of it; below the log's head this means "rebuild".
    Missing,
    /// The index names a place that holds something else; it is older than the journal.
    Stale,
}

impl Index {
    /// Opens or creates the index in `folder`. Whatever happens, there is an index afterwards,
    /// at worst an empty one in memory, as on a full disk.
    pub fn open(folder: &Path) -> (Self, Origin) {
        let mut origin = Origin::Created;
        let mut opened = open_sled(folder);
        if matches!(opened, Err(Refusal::Broken)) && move_aside(folder).is_ok() {
            origin = Origin::Rebuilt;
            opened = open_sled(folder);
        }
        match opened {
            Ok(db) => {
                let origin = if db.was_recovered() { Origin::Kept } else { origin };
                (Self { store: Store::Sled(Some(db)) }, origin)
            }
            Err(Refusal::Broken | Refusal::Held) => (Self::in_memory(), Origin::Memory),
        }
    }

    /// Starts with an empty index in memory.
    pub fn in_memory() -> Self {
        Self { store: Store::Memory(BTreeMap::new()) }
    }

    /// Returns whether the index lives in memory only.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.store, Store::Memory(_))
    }

    /// Notes where entries lie, replacing what was known of them. To be called after the
    /// journal's sync.
    ///
    /// # Errors
    /// [`IndexLost`]: nothing acknowledged is in danger, but the index is empty.
    pub fn insert(&mut self, entries: &[([u8; 16], Position, Location)]) -> Result<(), IndexLost> {
        match &mut self.store {
            Store::Memory(map) => {
                map.extend(entries.iter().map(|(l, p, place)| (key(l, *p), value(*place))));
                Ok(())
            }
            Store::Sled(db) => {
                let mut batch = sled::Batch::default();
                for (log, position, place) in entries {
                    batch.insert(&key(log, *position), &value(*place));
                }
                let done = db.as_ref().and_then(|db| attempt(|| db.apply_batch(batch)));
                done.ok_or_else(|| self.give_up())
            }
        }
    }

    /// Forgets a whole log, as when it is erased.
    ///
    /// # Errors
    /// [`IndexLost`]: the index is empty.
    pub fn remove_log(&mut self, log: &[u8; 16]) -> Result<(), IndexLost> {
        match &mut self.store {
            Store::Memory(map) => {
                map.retain(|key, _| !key.starts_with(log));
                Ok(())
            }
            Store::Sled(db) => {
                let done = db.as_ref().and_then(|db| attempt(|| remove_prefix(db, log)));
                done.ok_or_else(|| self.give_up())
            }
        }
    }

    /// Forgets everything, before it is filled from the journal.
    ///
    /// # Errors
    /// [`IndexLost`]: the index is empty, but lives in memory now.
    pub fn clear(&mut self) -> Result<(), IndexLost> {
        match &mut self.store {
            Store::Memory(map) => {
                map.clear();
                Ok(())
            }
            Store::Sled(db) => {
                let done = db.as_ref().and_then(|db| attempt(|| db.clear()));
                done.ok_or_else(|| self.give_up())
            }
        }
    }

    /// Returns where an entry is said to lie. To be believed only after a look at the frame.
    pub fn locate(&self, log: &[u8; 16], position: Position) -> Option<Location> {
        let key = key(log, position);
        match &self.store {
            Store::Memory(map) => map.get(&key).and_then(|value| parse_value(value)),
            Store::Sled(db) => {
                let db = db.as_ref()?;
                attempt(|| db.get(key)).flatten().and_then(|value| parse_value(&value))
            }
        }
    }

    /// Returns where the entries of a log from `first` on are said to lie, by position, at most
    /// `limit` of them.
    pub fn locate_from(
        &self,
        log: &[u8; 16],
        first: Position,
        limit: usize,
    ) -> Vec<(Position, Location)> {
        let range = key(log, first)..=key(log, Position::new(u64::MAX));
        let parse = |key: &[u8], value: &[u8]| Some((parse_key(key)?, parse_value(value)?));
        match &self.store {
            Store::Memory(map) => {
                let range = map.range(range);
                range.filter_map(|(key, value)| parse(key, value)).take(limit).collect()
            }
            Store::Sled(db) => {
                let found = db.as_ref().and_then(|db| {
                    attempt(|| db.range(range).take(limit).collect::<sled::Result<Vec<_>>>())
                });
                let found = found.unwrap_or_default();
                found.iter().filter_map(|(key, value)| parse(key, value)).collect()
            }
        }
    }

    /// Reads an entry. `is_entry` looks into the frame and says whether it is that entry: the
    /// index is never taken at its word.
    ///
    /// # Errors
    /// Only what the disk says; a place that does not hold the entry is [`Fetched::Stale`].
    pub fn fetch<F: FileSystem>(
        &self,
        journal: &Journal<F>,
        log: &[u8; 16],
        position: Position,
        is_entry: impl FnOnce(&Frame) -> bool,
    ) -> Result<Fetched, io::Error> {
        let Some(location) = self.locate(log, position) else {
            return Ok(Fetched::Missing);
        };
        match journal.read(location) {
            Ok(frame) if is_planted("decision_from_sled") || is_entry(&frame) => {
                Ok(Fetched::Frame(frame))
            }
            Ok(_) | Err(ReadError::Damaged { .. } | ReadError::Nowhere) => Ok(Fetched::Stale),
            Err(ReadError::Disk(error)) => Err(error),
        }
    }

    /// Hands what was noted to the disk, so that less has to be noted again after a restart.
    /// Nothing depends on it; a failure is no reason to worry.
    pub fn flush(&self) {
        if let Store::Sled(Some(db)) = &self.store {
            attempt(|| db.flush());
        }
    }

    fn give_up(&mut self) -> IndexLost {
        *self = Self::in_memory();
        IndexLost
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // sled 0.34 unwraps the result of its last sync.
        if let Store::Sled(db) = &mut self.store {
            let db = db.take();
            drop(catch_unwind(AssertUnwindSafe(|| drop(db))));
        }
    }
}

/// Does something with sled; an error and a panic are the same to us.
fn attempt<T>(work: impl FnOnce() -> sled::Result<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()?.ok()
}

/// Why sled did not open.
enum Refusal {
    Broken,
    /// Another process has it open, or a thread of sled's has not let go of it yet: closing is
    /// not finished when `drop` returns.
    Held,
}

fn open_sled(folder: &Path) -> Result<sled::Db, Refusal> {
    if !folder.is_dir() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|_| Refusal::Broken)?;
    }
    let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let db = match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => db,
        // sled has no variant for it.
        Ok(Err(sled::Error::Io(error))) if error.to_string().contains("acquire lock") => {
            return Err(Refusal::Held);
        }
        Ok(Err(_)) | Err(_) => return Err(Refusal::Broken),
    };
    if db.was_recovered() {
        // A first look: some damage shows only when pages are read.
        attempt(|| db.first()).ok_or(Refusal::Broken)?;
    } else {
        sync_created(folder).map_err(|_| Refusal::Broken)?;
    }
    Ok(db)
}

/// sled syncs neither its `conf` nor the folder, and does not open without the one.
fn sync_created(folder: &Path) -> io::Result<()> {
    for path in [folder.join("conf"), folder.join("db"), folder.to_owned()] {
        OpenOptions::new().read(true).open(path)?.sync_all()?;
    }
    match folder.parent().filter(|parent| parent.is_dir()) {
        Some(parent) => OpenOptions::new().read(true).open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Keeps the last index that did not open, for whoever wants to know why.
fn move_aside(folder: &Path) -> io::Result<()> {
    let mut aside = folder.as_os_str().to_owned();
    aside.push(".damaged");
    let aside = PathBuf::from(aside);
    if aside.is_dir() {
        fs::remove_dir_all(&aside)?;
    }
    fs::rename(folder, &aside)
}

fn remove_prefix(db: &sled::Db, log: &[u8; 16]) -> sled::Result<()> {
    let mut batch = sled::Batch::default();
    for key in db.scan_prefix(log).keys() {
        batch.remove(key?);
    }
    db.apply_batch(batch)
}

fn key(log: &[u8; 16], position: Position) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    let bytes = log.iter().copied().chain(position.get().to_be_bytes());
    key.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    key
}

fn parse_key(key: &[u8]) -> Option<Position> {
    let (_, position) = key.split_first_chunk::<16>()?;
    position.try_into().ok().map(u64::from_be_bytes).map(Position::new)
}

fn value(location: Location) -> [u8; VALUE_BYTES] {
    let mut writer = Writer::new();
    writer.u64(location.segment).u64(location.offset);
    let mut value = [0; VALUE_BYTES];
    value.copy_from_slice(writer.as_slice());
    value
}

fn parse_value(value: &[u8]) -> Option<Location> {
    let mut reader = Reader::new(value);
    let location = Location { segment: reader.u64().ok()?, offset: reader.u64().ok()? };
    reader.finish().ok().map(|()| location)
}

/// Log and position.
const KEY_BYTES: usize = 24;
/// Segment and offset.
const VALUE_BYTES: usize = 16;
/// What sled may keep in memory.
const CACHE_BYTES: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::{Folder, open_plain};
    use crate::random::Seeded;
    use proptest::prelude::*;

    const LOG: [u8; 16] = [7; 16];

    #[derive(Clone, Debug)]
    enum Step {
        Clear,
        Insert(u8, u64, u64),
        RemoveLog(u8),
        Reopen,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            1 => Just(Step::Clear),
            12 => (0..3_u8, 0..20_u64, any::<u64>()).prop_map(|(l, p, o)| Step::Insert(l, p, o)),
            1 => (0..3_u8).prop_map(Step::RemoveLog),
            1 => Just(Step::Reopen),
        ];
        proptest::collection::vec(step, 0..40)
    }

    fn place(offset: u64) -> Location {
        Location { segment: 1, offset }
    }

    /// Opens an index that was just closed, once sled's threads have let go of it.
    fn open_released(path: &Path) -> (Index, Origin) {
        loop {
            let (index, origin) = Index::open(path);
            if origin != Origin::Memory {
                return (index, origin);
            }
            std::thread::yield_now();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn both_indexes_answer_like_one_model(steps in steps()) {
            let folder = Folder::new();
            let path = folder.path().join("index");
            let mut indexes = [Index::open(&path).0, Index::in_memory()];
            let mut model: BTreeMap<(u8, u64), u64> = BTreeMap::new();
            prop_assert!(!indexes[0].is_in_memory());

            for step in steps {
                match step {
                    Step::Clear => model.clear(),
                    Step::Insert(log, position, offset) => {
                        model.insert((log, position), offset);
                    }
                    Step::RemoveLog(log) => model.retain(|(of, _), _| *of != log),
                    Step::Reopen => {
                        indexes[0] = Index::in_memory();
                        let (index, origin) = open_released(&path);
                        prop_assert_eq!(origin, Origin::Kept);
                        indexes[0] = index;
                        continue;
                    }
                }
                for index in &mut indexes {
                    let done = match step {
                        Step::Clear => index.clear(),
                        Step::Insert(log, position, offset) => {
                            let entry = ([log; 16], Position::new(position), place(offset));
                            index.insert(&[entry])
                        }
                        Step::RemoveLog(log) => index.remove_log(&[log; 16]),
                        Step::Reopen => Ok(()),
                    };
                    prop_assert_eq!(done, Ok(()));
                }
            }

            for index in &indexes {
                for log in 0..3 {
                    for position in 0..20 {
                        let expected = model.get(&(log, position)).copied().map(place);
                        let found = index.locate(&[log; 16], Position::new(position));
                        prop_assert_eq!(found, expected);
                    }
                    let expected: Vec<_> = model
                        .range((log, 5)..=(log, u64::MAX))
                        .map(|((_, position), offset)| (Position::new(*position), place(*offset)))
                        .take(4)
                        .collect();
                    let found = index.locate_from(&[log; 16], Position::new(5), 4);
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }

    #[test]
    fn an_index_that_does_not_open_is_moved_aside_and_empty() {
        let folder = Folder::new();
        let path = folder.path().join("index");
        let (mut index, origin) = Index::open(&path);
        assert_eq!(origin, Origin::Created);
        index.insert(&[(LOG, Position::new(1), place(64))]).unwrap();
        drop(index);
        folder.overwrite("index/conf", b"not what sled wrote");

        let (mut index, origin) = open_released(&path);

        assert_eq!(origin, Origin::Rebuilt);
        assert_eq!(index.locate(&LOG, Position::new(1)), None);
        assert!(folder.path().join("index.damaged").is_dir());
        index.insert(&[(LOG, Position::new(1), place(65))]).unwrap();
        assert_eq!(index.locate(&LOG, Position::new(1)), Some(place(65)));
    }

    #[test]
    fn an_index_that_is_open_elsewhere_is_left_alone() {
        let folder = Folder::new();
        let path = folder.path().join("index");
        let (mut index, _) = Index::open(&path);
        index.insert(&[(LOG, Position::new(1), place(64))]).unwrap();

        let (other, origin) = Index::open(&path);

        assert_eq!(origin, Origin::Memory);
        assert_eq!(other.locate(&LOG, Position::new(1)), None);
        assert!(!folder.path().join("index.damaged").exists());
        drop((index, other));
        let (index, origin) = open_released(&path);
        assert_eq!(origin, Origin::Kept);
        assert_eq!(index.locate(&LOG, Position::new(1)), Some(place(64)));
    }

    #[test]
    fn an_index_of_any_garbage_opens_empty_or_with_what_was_there() {
        for seed in 0..12 {
            let folder = Folder::new();
            let path = folder.path().join("index");
            let (mut index, _) = Index::open(&path);
            for position in 0..50 {
                index.insert(&[(LOG, Position::new(position), place(position))]).unwrap();
            }
            drop(index);
            let mut random = Seeded::new(seed);
            folder.spoil("index/db", &mut random);

            let (mut index, _) = open_released(&path);

            for position in 0..50 {
                index.locate(&LOG, Position::new(position));
            }
            let entry = (LOG, Position::new(99), place(99));
            if index.insert(&[entry]) == Err(IndexLost) {
                assert!(index.is_in_memory());
                index.insert(&[entry]).unwrap();
            }
            assert_eq!(index.locate(&LOG, Position::new(99)), Some(place(99)));
        }
    }

    #[test]
    fn where_sled_cannot_live_an_index_in_memory_serves() {
        let folder = Folder::new();
        folder.overwrite("file", b"a file, so that no folder can be made in it");

        let (mut index, origin) = Index::open(&folder.path().join("file/index"));

        assert_eq!(origin, Origin::Memory);
        index.insert(&[(LOG, Position::new(1), place(64))]).unwrap();
        assert_eq!(index.locate(&LOG, Position::new(1)), Some(place(64)));
    }

    #[test]
    fn an_old_index_under_a_newer_journal_hands_out_no_wrong_entry() {
        let (_fs, mut journal) = open_plain(1 << 20);
        let places = journal.append(&[(1, b"first entry"), (1, b"other entry")]).unwrap();
        let mut index = Index::in_memory();
        index.insert(&[(LOG, Position::new(1), places[1])]).unwrap();
        index.insert(&[(LOG, Position::new(2), place(9999))]).unwrap();

        let is_first = |frame: &Frame| frame.payload == b"first entry";
        let wrong = index.fetch(&journal, &LOG, Position::new(1), is_first).unwrap();
        let nowhere = index.fetch(&journal, &LOG, Position::new(2), is_first).unwrap();
        let missing = index.fetch(&journal, &LOG, Position::new(3), is_first).unwrap();
        index.insert(&[(LOG, Position::new(1), places[0])]).unwrap();
        let right = index.fetch(&journal, &LOG, Position::new(1), is_first).unwrap();

        assert_eq!((wrong, nowhere), (Fetched::Stale, Fetched::Stale));
        assert_eq!(missing, Fetched::Missing);
        assert!(matches!(right, Fetched::Frame(frame) if frame.payload == b"first entry"));
    }
}
