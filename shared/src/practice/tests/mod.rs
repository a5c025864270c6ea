//! Tests of the practice as a whole, by what people on several devices would see.

mod arrange;
mod attachment;
mod consent;
mod contact_log;
mod convergence;
mod copying;
mod day;
mod erasure;
mod free;
mod group;
mod hostile;
mod identity;
mod journal;
mod label;
mod measure;
mod measure_import;
mod plan;
mod reach;
mod same;
mod series;
mod signing;
mod stamps;
mod task;
mod timeline;
mod undo;
pub(super) mod world;
