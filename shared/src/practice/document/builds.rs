//! What changes build on.

use crate::practice::chunk::{self, Kind};
use automerge::Change;
use std::panic::catch_unwind;

/// One change of a document, by its hash, and the changes that it was made on.
pub(in crate::practice) struct Built {
    pub(in crate::practice) hash: [u8; 32],
    pub(in crate::practice) on: Vec<[u8; 32]>,
}

/// Returns the changes in a stored blob; what cannot be read is left out.
pub(in crate::practice) fn changes_in(blob: &[u8]) -> Vec<Built> {
    let chunks = chunk::stored(blob).unwrap_or_default();
    let changes = chunks.iter().filter(|chunk| chunk.kind == Kind::Change);
    let read =
        changes.filter_map(|chunk| catch_unwind(|| Change::try_from(chunk.bytes)).ok()?.ok());
    read.map(|change| Built {
        hash: change.hash().0,
        on: change.deps().iter().map(|hash| hash.0).collect(),
    })
    .collect()
}
