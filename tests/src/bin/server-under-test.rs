//! The server's program, built where the tests of this package can start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    tacenda_sync_server::run(std::env::args_os())
}
