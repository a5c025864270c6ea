//! One device of a practice: the terminal, the vault on disk, the link to the server.
//!
//! The frame is the Elm architecture: [`input`] becomes a `Msg`, `update` decides, `view` draws
//! from the model alone, and the runtime does what the effects ask.

pub mod input;
pub mod message;
pub mod notice;
pub mod terminal;
pub mod widget;
