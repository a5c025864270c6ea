//! One device of a practice: the terminal, the vault on disk, the link to the server.
//!
//! The frame is the Elm architecture: [`input`] becomes a `Msg`, `update` decides, `view` draws
//! from the model alone, and the runtime does what the effects ask.

pub mod acts;
pub mod cli;
pub mod device;
pub mod guard;
pub mod input;
pub mod keymap;
pub mod link;
pub mod message;
pub mod model;
pub mod notice;
pub mod program;
pub mod report;
pub mod runtime;
pub mod screen;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod update;
pub mod view;
pub mod widget;
