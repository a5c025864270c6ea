//! The program `tacenda`.

use std::process::ExitCode;
use tacenda_tui::guard::Wiping;
use tacenda_tui::program::{Setup, run};

/// What is freed is wiped.
#[global_allocator]
static MEMORY: Wiping = Wiping;

fn main() -> ExitCode {
    run(std::env::args_os(), Setup::shipped())
}
