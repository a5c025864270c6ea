//! The program `tacenda` as it is shipped, but for what one try at a passphrase costs: the least
//! that the vault accepts, so that tests are quick.

use std::process::ExitCode;
use tacenda_shared::keys::vault::KdfCost;
use tacenda_tui::guard::Wiping;
use tacenda_tui::program::{Setup, run};

/// What is freed is wiped.
#[global_allocator]
static MEMORY: Wiping = Wiping;

fn main() -> ExitCode {
    run(std::env::args_os(), Setup { cost: KdfCost::FLOOR })
}
