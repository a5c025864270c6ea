//! Settings of this device.

use clap::Args;

/// Options of `auto-lock`.
#[derive(Args, Debug)]
pub struct AutoLock {
    /// 1 to 30. It counts from the next start of the window on.
    #[arg(value_parser = clap::value_parser!(u8).range(1..=30))]
    pub minutes: Option<u8>,
}

/// Options of `sign-after`.
#[derive(Args, Debug)]
pub struct SignAfter {
    /// 0 to 60; 0 asks each time. It counts from the next start of the window on.
    #[arg(value_parser = clap::value_parser!(u8).range(0..=60))]
    pub minutes: Option<u8>,
}
