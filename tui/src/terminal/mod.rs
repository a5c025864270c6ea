//! The terminal: what its bytes mean, and the fewest bytes that make it show a frame.
//!
//! Everything in here is a function of its arguments; only [`output`] writes, to the sink it was
//! given. No query is ever sent to the terminal, so no answer is ever waited for.

pub mod clipboard;
pub mod decode;
pub mod family;
mod glyph;
mod keys;
pub mod output;
mod pen;
mod travel;

/// The library of widgets, for programs that draw through [`output`] without naming it.
pub use ratatui;
