//! The open practice of one device: vault, journal, keys and the practice over them.

mod apart;
pub mod backup;
mod cabinet;
pub mod chance;
mod confirm;
mod conversation;
pub mod courier;
mod desk;
pub mod files;
pub mod founding;
pub mod frame;
mod held;
pub mod home;
mod incarnation;
pub mod keeper;
pub mod keyring;
mod keystrokes;
pub mod letting_out;
mod locations;
mod looked;
pub mod memory;
pub mod naming;
pub mod online;
pub mod open;
pub mod patience;
pub mod replacing;
mod reserve;
pub mod restore;
pub mod rows;
mod search;
pub mod settings;
pub mod settling;
pub mod setup;
pub mod step_up;
pub mod store;
pub mod typed;
mod typing;
mod views;
pub(crate) mod words;

#[cfg(test)]
mod bad_days;
#[cfg(test)]
mod tests;
