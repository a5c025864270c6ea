//! Which keys are used in notes.

use clap::Args;

/// Options of `keys`.
#[derive(Args, Debug)]
pub struct Keys {
    /// default: letters type, always. vim: commands and typing are two modes, as in vim.
    #[arg(value_parser = ["default", "vim"])]
    pub preset: Option<String>,
}
