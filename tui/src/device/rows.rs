//! The key tables of a device: sealed rows in a journal of their own.
//!
//! They lie apart from the content because deleting a row is what erases, and because they are a
//! backup class of their own. All rows are in memory while the vault is open; without the keys
//! above them they tell nothing.

use std::collections::BTreeMap;
use std::convert::Infallible;
use tacenda_shared::codec::{CodecError, Reader, Writer};
use tacenda_shared::journal::{
    AppendError, Config, Fate, FileSystem, FrameRef, Journal, OpenError,
};
use tacenda_shared::keys::safe::{DraftName, ROW_LENGTH, ROW_NAME_LENGTH, Row, RowName};
use tacenda_shared::random::Random;
use tacenda_shared::seal::{self, Hedge, SALT_LENGTH, SecretKey};
use zeroize::Zeroizing;

use super::store::StoreError;

const CLASS: [u8; 8] = *b"tac-rows";
const LABEL: &str = "tac/row-frame/v1";
const SEGMENT_BYTES: u64 = 4 << 20;
const SEALED_FRAME: u8 = 1;
/// The first byte of the names of rows of drafts.
const DRAFT_TABLE: u8 = 4;

/// The rows of one device.
pub struct Rows<F: FileSystem> {
    journal: Journal<F>,
    key: SecretKey,
    rows: BTreeMap<[u8; ROW_NAME_LENGTH], Row>,
    /// Rows that were taken away and still lie in the journal.
    deleted: usize,
    /// Whether frames were found that do not read; nothing is written then.
    damaged: bool,
}

/// A change of the tables.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RowChange {
    /// Takes a row away.
    Delete(RowName),
    /// Puts a row that was not there. Rows are written once.
    Put(RowName, Row),
}

impl<F: FileSystem> Rows<F> {
    /// Opens the tables under `key`. Tables that are damaged give the rows that are whole and take
    /// no more: see [`Self::is_read_only`].
    pub fn open(files: F, key: SecretKey, random: &mut dyn Random) -> Result<Self, StoreError> {
        let config =
            Config { segment_bytes: SEGMENT_BYTES, new_segment_on_open: true, class: CLASS };
        let mut rows = BTreeMap::new();
        let mut deleted = 0;
        let mut damaged = false;
        let mut visit = |frame: FrameRef<'_>| {
            match open_change(&key, frame) {
                Ok(RowChange::Delete(name)) => {
                    rows.remove(&name.encode());
                    deleted += 1;
                }
                Ok(RowChange::Put(name, row)) => {
                    rows.entry(name.encode()).or_insert(row);
                }
                Err(_) => damaged = true,
            }
            Ok::<(), Infallible>(())
        };
        let (journal, opened) = Journal::open(files, config, random, &mut visit)
            .map_err(|error: OpenError<Infallible>| StoreError::Open(Box::new(error)))?;
        damaged |= !opened.damage.is_empty();
        Ok(Self { journal, key, rows, deleted, damaged })
    }

    /// Returns whether the tables are damaged: what reads is there, and nothing new is taken.
    pub fn is_read_only(&self) -> bool {
        self.damaged
    }

    /// Returns a row.
    pub fn row(&self, name: &RowName) -> Option<&Row> {
        self.rows.get(&name.encode())
    }

    /// Returns every row, for a backup.
    pub fn all(&self) -> impl Iterator<Item = (&[u8; ROW_NAME_LENGTH], &Row)> {
        self.rows.iter()
    }

    /// Returns the names of the rows of drafts.
    pub fn drafts(&self) -> impl Iterator<Item = DraftName> + '_ {
        let (mut first, mut last) = ([0; ROW_NAME_LENGTH], [u8::MAX; ROW_NAME_LENGTH]);
        (first[0], last[0]) = (DRAFT_TABLE, DRAFT_TABLE);
        self.rows.range(first..=last).filter_map(|(name, _)| match RowName::decode(name) {
            Ok(RowName::Draft(name)) => Some(name),
            _ => None,
        })
    }

    /// Returns the rows of the member's safes and sheet, which other devices of the member, and the
    /// sheet, need.
    pub fn safe(&self) -> impl Iterator<Item = (&[u8; ROW_NAME_LENGTH], &Row)> {
        let safe = |name: &RowName| {
            matches!(name, RowName::Safe(_) | RowName::SecondSafe(_) | RowName::Sheet(_))
        };
        self.rows.iter().filter(move |(name, _)| RowName::decode(*name).as_ref().is_ok_and(safe))
    }

    /// Carries out changes as one group: on the disk when this returns.
    pub fn change(
        &mut self,
        changes: &[RowChange],
        hedge: &mut Hedge<'_>,
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        if self.damaged {
            return Err(AppendError::ReadOnly.into());
        }
        let mut lsn = self.journal.next_lsn();
        let mut payloads = Vec::with_capacity(changes.len());
        for change in changes {
            let plain = Zeroizing::new(change.encode());
            let context = lsn.get().to_be_bytes();
            let sealed = seal::seal(self.key.expose(), LABEL, &context, &plain, hedge)
                .map_err(|_| StoreError::Altered)?;
            let mut payload = sealed.salt.to_vec();
            payload.extend_from_slice(&sealed.ciphertext);
            payloads.push(payload);
            lsn = lsn.next();
        }
        let group: Vec<_> =
            payloads.iter().map(|payload| (SEALED_FRAME, payload.as_slice())).collect();
        self.journal.append(&group)?;
        for change in changes {
            match change {
                RowChange::Delete(name) => {
                    self.rows.remove(&name.encode());
                    self.deleted += 1;
                }
                RowChange::Put(name, row) => {
                    self.rows.entry(name.encode()).or_insert(*row);
                }
            }
        }
        Ok(())
    }

    /// Returns how many rows were deleted and still lie in the journal's files.
    pub fn deleted(&self) -> usize {
        self.deleted
    }

    /// Writes the rows that are left into new files and removes the old ones, so that what was
    /// deleted is no longer on the disk.
    pub fn collect(&mut self) -> Result<(), StoreError> {
        if self.deleted == 0 || self.damaged {
            return Ok(());
        }
        // A row that was made and deleted since the last opening lies in the active segment.
        self.journal.seal_active()?;
        let (key, rows) = (&self.key, &self.rows);
        let mut fate = |frame: &FrameRef<'_>| match open_change(key, *frame) {
            // Of two rows of one name only the one in force counts.
            Ok(RowChange::Put(name, row)) if rows.get(&name.encode()) == Some(&row) => Fate::Live,
            // A deleted key must go, however much else its file holds.
            Ok(RowChange::Put(..)) => Fate::Erased,
            // A deletion has nothing left to delete once its row is gone from every file, and
            // files are collected from the oldest on.
            Ok(RowChange::Delete(_)) => Fate::Dead,
            Err(_) => Fate::Live,
        };
        loop {
            let collected = self.journal.collect(&mut fate);
            let collected = collected.map_err(|error| StoreError::Open(Box::new(error)))?;
            if collected.moved.is_empty() && collected.freed == 0 {
                break;
            }
        }
        self.deleted = 0;
        Ok(())
    }

    /// Closes the journal in order.
    pub fn close(self) -> Result<(), StoreError> {
        Ok(self.journal.close()?)
    }
}

/// Why a frame of the tables is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum RowFrameError {
    #[error("a frame of the key tables does not open")]
    Altered,
    #[error("a frame of the key tables does not read")]
    Malformed(#[from] CodecError),
}

fn open_change(key: &SecretKey, frame: FrameRef<'_>) -> Result<RowChange, RowFrameError> {
    let (salt, ciphertext) =
        frame.payload.split_first_chunk::<SALT_LENGTH>().ok_or(RowFrameError::Altered)?;
    let context = frame.lsn.get().to_be_bytes();
    let plain = seal::open(key.expose(), LABEL, &context, salt, ciphertext)
        .map_err(|_| RowFrameError::Altered)?;
    Ok(RowChange::decode(&plain)?)
}

impl RowChange {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        match self {
            Self::Put(name, row) => writer.u8(1).fixed(&name.encode()).fixed(row.as_bytes()),
            Self::Delete(name) => writer.u8(2).fixed(&name.encode()),
        };
        writer.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8()?;
        let name = RowName::decode(&reader.fixed::<ROW_NAME_LENGTH>()?)?;
        let change = match kind {
            1 => Self::Put(name, Row::from_bytes(reader.fixed::<ROW_LENGTH>()?)),
            2 => Self::Delete(name),
            _ => return Err(CodecError::Unknown),
        };
        reader.finish()?;
        Ok(change)
    }
}
