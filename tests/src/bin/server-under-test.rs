//! The server's program, built where the tests of this package can start it. While it serves it
//! takes orders to misbehave as lines on its standard input; see `tacenda_sync_server::mischief`.

use std::process::ExitCode;
use tacenda_sync_server::mischief::conduct;
use tacenda_sync_server::run_with;

fn main() -> ExitCode {
    run_with(std::env::args_os(), conduct)
}
