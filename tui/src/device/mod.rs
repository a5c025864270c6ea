//! The open practice of one device: vault, journal, keys and the practice over them.

mod cabinet;
pub mod chance;
pub mod courier;
mod desk;
pub mod founding;
pub mod frame;
pub mod home;
pub mod keeper;
pub mod locations;
pub mod memory;
pub mod open;
pub mod rows;
pub mod setup;
pub mod store;
pub mod typed;
pub(crate) mod words;

#[cfg(test)]
mod tests;
