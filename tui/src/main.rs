//! The program `tacenda`.

fn main() {}
