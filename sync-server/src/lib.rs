//! The server of a practice: it orders and keeps sealed envelopes, and understands nothing.
//!
//! A thin shell around `tacenda_shared::sync::server`, which decides. Nothing here can open an
//! envelope: the crate is built without the part of `tacenda_shared` that could.
//!
//! ```text
//! cli · print             what an operator types and reads
//! folder · identity       what lies on the disk, and whose it is
//! config · admission      settings, invites
//! server                  a running server: bound, serving, stopped
//! endpoint · tls          the socket; the only file that names quinn; raw keys, one suite
//! gate · link · outbox    who may come in; one link; what waits to go out on it
//! queue · store           one thread with all journals and decisions
//! backup · verify         copies, and proofs that nothing was changed
//! log                     one line for each event
//! tamper · mischief       how tests and the demo make a server misbehave; absent in service
//! ```
#![forbid(unsafe_code)]

mod admission;
mod backup;
mod chance;
mod cli;
mod config;
mod endpoint;
mod folder;
mod gate;
mod identity;
mod link;
mod log;
pub mod mischief;
mod outbox;
mod print;
mod queue;
mod restore;
#[cfg(test)]
mod scratch;
mod server;
mod store;
pub mod tamper;
pub mod tls;
mod verify;

pub use admission::INVITE_MILLIS;
pub use cli::{Conduct, run, run_with};
pub use config::{Config, ConfigError, Limits, PORT};
pub use folder::{Folder, FolderError};
pub use identity::{Identity, IdentityError};
pub use server::{BindError, Options, RunError, Server};
