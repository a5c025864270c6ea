//! Looks through a document's bytes before they are believed: framing, limits, and who wrote
//! them. The library that merges documents expands what it is given, so a megabyte could ask
//! for gigabytes; nothing reaches it that was not counted here.
//!
//! It never decompresses and it allocates nothing that grows with what the bytes claim.

use thiserror::Error;

/// The longest delta, in bytes.
pub const DELTA_BYTES_MAX: usize = 1 << 20;
/// The longest stored blob, in bytes: a snapshot of a whole document.
const BLOB_BYTES_MAX: usize = 64 << 20;
/// How many operations one change, or one stored document, may hold.
const OPERATIONS_MAX: u64 = 1 << 18;
const STORED_OPERATIONS_MAX: u64 = 1 << 22;
const DEPENDENCIES_MAX: u64 = 256;
const ACTORS_MAX: u64 = 4096;
const COLUMNS_MAX: u64 = 64;
const KEY_BYTES_MAX: u64 = 256;
/// Counters of operations are kept in 32 bits; a change must not start where they could wrap.
const START_MAX: u64 = 1 << 30;

/// Why bytes are not taken for a document.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum ChunkError {
    /// A chunk is compressed; an honest device never sends one.
    #[error("a chunk is compressed")]
    Compressed,
    /// The bytes do not have the form of changes.
    #[error("the bytes are no document changes")]
    Malformed,
    /// There are more bytes than a delta may have.
    #[error("a delta is longer than its limit")]
    TooLong,
    /// A change depends on more others than it may.
    #[error("a change depends on too many others")]
    TooManyDependencies,
    /// A chunk expands to more operations than it may.
    #[error("a chunk holds too many operations")]
    TooManyOperations,
    /// A chunk of a kind that has no place here.
    #[error("a chunk is of an unexpected kind")]
    UnexpectedKind,
}

/// What a chunk is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// One change.
    Change,
    /// A whole document, as saving one gives it.
    Document,
}

/// A chunk that was looked through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) kind: Kind,
    /// With its frame.
    pub(super) bytes: &'a [u8],
}

/// Splits a delta into its changes. Only plain changes may be in it.
pub(super) fn delta(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, ChunkError> {
    if bytes.len() > DELTA_BYTES_MAX {
        return Err(ChunkError::TooLong);
    }
    let chunks = split(bytes, OPERATIONS_MAX)?;
    if chunks.iter().any(|chunk| chunk.kind == Kind::Document) {
        return Err(ChunkError::UnexpectedKind);
    }
    Ok(chunks)
}

/// Splits what this device or a backup stored: changes and whole documents.
pub(super) fn stored(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, ChunkError> {
    if bytes.len() > BLOB_BYTES_MAX {
        return Err(ChunkError::TooLong);
    }
    split(bytes, STORED_OPERATIONS_MAX)
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];

fn split(bytes: &[u8], operations: u64) -> Result<Vec<Chunk<'_>>, ChunkError> {
    let mut chunks = Vec::new();
    let mut budget = operations;
    let mut cursor = Cursor { rest: bytes };
    while !cursor.rest.is_empty() {
        let whole = cursor.rest;
        if cursor.take(4)? != MAGIC {
            return Err(ChunkError::Malformed);
        }
        cursor.take(4)?;
        let kind = match cursor.take(1)? {
            [0] => Kind::Document,
            [1] => Kind::Change,
            [2] => return Err(ChunkError::Compressed),
            _ => return Err(ChunkError::UnexpectedKind),
        };
        let length = cursor.unsigned()?;
        let body = Cursor { rest: cursor.take(to_usize(length)?)? };
        budget = match kind {
            Kind::Change => change(body, budget)?,
            Kind::Document => document(body, budget)?,
        };
        let length = whole.len() - cursor.rest.len();
        chunks.push(Chunk { kind, bytes: whole.get(..length).ok_or(ChunkError::Malformed)? });
    }
    Ok(chunks)
}

/// Looks through the body of a change; returns what is left of the budget of operations.
fn change(mut body: Cursor<'_>, budget: u64) -> Result<u64, ChunkError> {
    let dependencies = body.unsigned()?;
    if dependencies > DEPENDENCIES_MAX {
        return Err(ChunkError::TooManyDependencies);
    }
    body.take(to_usize(dependencies)? * 32)?;
    body.prefixed()?; // actor
    body.unsigned()?; // sequence number
    let start = body.unsigned()?;
    if start == 0 || start > START_MAX {
        return Err(ChunkError::Malformed);
    }
    body.signed()?; // time
    body.prefixed()?; // message
    let others = body.unsigned()?;
    if others > ACTORS_MAX {
        return Err(ChunkError::Malformed);
    }
    for _ in 0..others {
        body.prefixed()?;
    }
    let columns = body.columns()?;
    columns_rows(&mut body, &columns, budget)
}

/// A change that was looked through, in its pieces.
pub(super) struct Pieces<'a> {
    /// The hashes of those that it was built on, one behind the other.
    pub(super) dependencies: &'a [u8],
    /// Which of its author's changes it is, from 1.
    pub(super) sequence: u64,
    /// The number of its first operation.
    pub(super) start: u64,
    /// Who wrote it, then the others whom it names.
    pub(super) actors: Vec<&'a [u8]>,
    /// Its columns, each with what it is.
    pub(super) columns: Vec<(u64, &'a [u8])>,
}

/// Takes a change apart that was looked through; `None` of anything else.
pub(super) fn change_of(bytes: &[u8]) -> Option<Pieces<'_>> {
    let mut frame = Cursor { rest: bytes.get(8..)? };
    if frame.take(1).ok()? != [1] {
        return None;
    }
    let mut body = Cursor { rest: frame.prefixed().ok()? };
    let dependencies = to_usize(body.unsigned().ok()?).ok()?.checked_mul(32)?;
    let dependencies = body.take(dependencies).ok()?;
    let mut actors = vec![body.prefixed().ok()?];
    let sequence = body.unsigned().ok()?;
    let start = body.unsigned().ok()?;
    body.signed().ok()?;
    body.prefixed().ok()?;
    for _ in 0..body.unsigned().ok()? {
        actors.push(body.prefixed().ok()?);
    }
    let mut columns = Vec::new();
    for (specification, length) in body.columns().ok()? {
        columns.push((specification, body.take(length).ok()?));
    }
    Some(Pieces { dependencies, sequence, start, actors, columns })
}

fn document(mut body: Cursor<'_>, budget: u64) -> Result<u64, ChunkError> {
    let actors = body.unsigned()?;
    if actors > ACTORS_MAX {
        return Err(ChunkError::Malformed);
    }
    for _ in 0..actors {
        body.prefixed()?;
    }
    let heads = body.unsigned()?;
    if heads > DEPENDENCIES_MAX {
        return Err(ChunkError::TooManyDependencies);
    }
    body.take(to_usize(heads)? * 32)?;
    let changes = body.columns()?;
    let operations = body.columns()?;
    let budget = columns_rows(&mut body, &changes, budget)?;
    columns_rows(&mut body, &operations, budget)
}

/// Counts the rows of every column; the longest column is the number of operations.
fn columns_rows(
    body: &mut Cursor<'_>,
    columns: &[(u64, usize)],
    budget: u64,
) -> Result<u64, ChunkError> {
    let mut most = 0;
    for &(specification, length) in columns {
        let data = Cursor { rest: body.take(length)? };
        most = most.max(rows(specification & 7, data, budget)?);
    }
    budget.checked_sub(most).ok_or(ChunkError::TooManyOperations)
}

/// Counts the rows of a column of one type, and of a group column what its rows expand to.
fn rows(column_type: u64, mut data: Cursor<'_>, budget: u64) -> Result<u64, ChunkError> {
    const GROUP: u64 = 0;
    const DELTA: u64 = 3;
    const BOOLEAN: u64 = 4;
    const STRING: u64 = 5;
    const RAW: u64 = 7;

    let mut total: u64 = 0;
    let mut add = |count: u64| {
        total = total.saturating_add(count);
        if total > budget { Err(ChunkError::TooManyOperations) } else { Ok(()) }
    };
    let value = |data: &mut Cursor<'_>| match column_type {
        DELTA => data.signed().map(|_| 0),
        STRING => data.key().map(|()| 0),
        _ => data.unsigned(),
    };
    if column_type == RAW {
        return Ok(0);
    }
    while !data.rest.is_empty() {
        if column_type == BOOLEAN {
            add(data.unsigned()?)?;
            continue;
        }
        let run = data.signed()?;
        match run {
            0 => add(data.unsigned()?)?,
            1.. => {
                let each = value(&mut data)?;
                add(run.unsigned_abs())?;
                if column_type == GROUP {
                    add(run.unsigned_abs().saturating_mul(each))?;
                }
            }
            _ => {
                for _ in 0..run.unsigned_abs() {
                    let each = value(&mut data)?;
                    add(if column_type == GROUP { each.saturating_add(1) } else { 1 })?;
                }
            }
        }
    }
    Ok(total)
}

/// Reads bytes from the front.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    /// What is left.
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], ChunkError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(ChunkError::Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn prefixed(&mut self) -> Result<&'a [u8], ChunkError> {
        let length = self.unsigned()?;
        self.take(to_usize(length)?)
    }

    fn key(&mut self) -> Result<(), ChunkError> {
        let length = self.unsigned()?;
        if length > KEY_BYTES_MAX {
            return Err(ChunkError::Malformed);
        }
        self.take(to_usize(length)?).map(|_| ())
    }

    /// Reads column metadata: type and length of each.
    fn columns(&mut self) -> Result<Vec<(u64, usize)>, ChunkError> {
        const DEFLATED: u64 = 8;
        let count = self.unsigned()?;
        if count > COLUMNS_MAX {
            return Err(ChunkError::Malformed);
        }
        let mut columns = Vec::new();
        for _ in 0..count {
            let specification = self.unsigned()?;
            if specification & DEFLATED != 0 {
                return Err(ChunkError::Compressed);
            }
            let length = self.unsigned()?;
            columns.push((specification, to_usize(length)?));
        }
        Ok(columns)
    }

    /// LEB128, at most 64 bits.
    pub(super) fn unsigned(&mut self) -> Result<u64, ChunkError> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let &[byte] = self.take(1)? else { return Err(ChunkError::Malformed) };
            if shift == 63 && byte > 1 {
                return Err(ChunkError::Malformed);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ChunkError::Malformed)
    }

    /// Signed LEB128, at most 64 bits.
    pub(super) fn signed(&mut self) -> Result<i64, ChunkError> {
        let mut value: i64 = 0;
        for shift in (0..64).step_by(7) {
            let &[byte] = self.take(1)? else { return Err(ChunkError::Malformed) };
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let sign = byte & 0x40 != 0 && shift + 7 < 64;
                return Ok(if sign { value | (-1_i64 << (shift + 7)) } else { value });
            }
        }
        Err(ChunkError::Malformed)
    }
}

fn to_usize(length: u64) -> Result<usize, ChunkError> {
    // Anything beyond 32 bits is longer than what is there.
    u32::try_from(length).map(|length| length as usize).map_err(|_| ChunkError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; 4]);
        bytes.push(kind);
        let mut length = body.len();
        while length >= 0x80 {
            bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        bytes.push(u8::try_from(length).unwrap());
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_compressed_chunk_and_a_deflated_column_are_refused() {
        assert_eq!(delta(&frame(2, &vec![0; 1 << 19])).unwrap_err(), ChunkError::Compressed);
        // No actors, no heads, one column whose deflate bit is set.
        let deflated = frame(0, &[0, 0, 1, 0x08 | 0x42, 0, 0]);
        assert_eq!(stored(&deflated).unwrap_err(), ChunkError::Compressed);
    }

    #[test]
    fn a_few_bytes_that_claim_a_billion_operations_are_refused() {
        // No dependencies, actor of one byte, seq 1, start 1, time 0, no message, no others,
        // one column of integers: a run of 2^30 times the value 1.
        let mut body = vec![0, 1, 7, 1, 1, 0, 0, 0, 1, 0x42, 6];
        body.extend([0x80, 0x80, 0x80, 0x80, 0x04, 1]);
        assert_eq!(delta(&frame(1, &body)).unwrap_err(), ChunkError::TooManyOperations);
    }

    #[test]
    fn a_document_has_no_place_in_a_delta() {
        let document = frame(0, &[0, 0, 0, 0]);
        assert_eq!(delta(&document).unwrap_err(), ChunkError::UnexpectedKind);
        assert_eq!(stored(&document).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_through_without_a_panic(bytes in any::<Vec<u8>>()) {
            let _ = delta(&bytes);
            let _ = delta(&frame(1, &bytes));
            let _ = stored(&frame(0, &bytes));
        }
    }
}
