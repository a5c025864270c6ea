//! The practice: the one door to everything clinical.

pub mod change;
pub mod compartment;
pub mod edit;
pub mod generate;
pub mod quick_add;
pub mod view;
