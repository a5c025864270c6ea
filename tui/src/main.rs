//! The program `tacenda`.

use std::process::ExitCode;
use tacenda_tui::program::{Setup, run};

fn main() -> ExitCode {
    run(std::env::args_os(), Setup::shipped())
}
