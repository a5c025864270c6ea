//! The program `tacenda-server`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    tacenda_sync_server::run(std::env::args_os())
}
