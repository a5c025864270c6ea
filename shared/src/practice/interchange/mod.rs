//! The whole practice as JSON Lines, out and in, and the shapes that commands print.
//!
//! The schema has a version and is described in `docs/interchange.md`. Psychotherapy notes
//! (45 CFR 164.501) never appear: there is no line for them, and whoever collects the items
//! passes what lies in charts only. Nothing here opens, decides who may, or writes a file:
//! every byte that leaves the vault goes through the gate for releases.

pub mod base64;
mod collect;
mod export;
mod import;
pub mod json;
mod lines;
mod measures;
mod series;
mod tasks;

pub use export::{ChartItem, export_lines, export_lines_without};
pub use import::{Cause, Counts, ImportError, ImportStep, Importer};

/// Version of the schema of export files.
pub const VERSION: u32 = 1;

/// Longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 2 * 1024 * 1024;

#[cfg(test)]
mod tests;
