//! The whole practice as JSON Lines, out and in, and the shapes that commands print.
//!
//! The schema has a version and is described in `docs/interchange.md`. Psychotherapy notes
//! (45 CFR 164.501) never appear: there is no line for them, and whoever collects the items
//! passes what lies in charts only. Nothing here opens, decides who may, or writes a file:
//! every byte that leaves the vault goes through the gate for releases.

pub mod base64;
mod collect;
mod crisis;
mod export;
mod import;
pub mod json;
mod lines;
mod measures;
mod phrases;
mod series;
mod tasks;
mod times;

pub use export::{ChartItem, export_lines, export_lines_without};
pub use import::{Cause, Counts, ImportError, ImportStep, Importer};

/// Version of the schema of export files.
pub const VERSION: u32 = 1;

/// Longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// Longest file that is taken in, in bytes; no longer one is written.
pub const FILE_BYTES_MAX: usize = 384 << 20;

/// Most bytes of a file as it goes from one process to another, where each `"` and `\\` has another
/// before it.
pub const ESCAPED_BYTES_MAX: usize = 508 << 20;

/// Returns whether a file that is written is one that can be taken in again.
pub fn can_be_read(bytes: &[u8]) -> bool {
    fits(bytes, FILE_BYTES_MAX, ESCAPED_BYTES_MAX)
}

fn fits(bytes: &[u8], most: usize, most_escaped: usize) -> bool {
    // A line of a list is set in quotes, with a comma.
    let further = |byte: &u8| match byte {
        b'"' | b'\\' => 1,
        b'\n' => 2,
        _ => 0,
    };
    bytes.len() <= most && bytes.len() + bytes.iter().map(further).sum::<usize>() <= most_escaped
}

#[cfg(test)]
mod tests;
