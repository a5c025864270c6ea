//! The program `tacenda-server`.
#![forbid(unsafe_code)]

fn main() {}
