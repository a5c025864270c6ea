//! Parts of screens that are drawn from values alone. Nothing in here asks a clock, a disk or
//! the terminal.

pub mod editor;
pub mod field;
pub mod safe;
