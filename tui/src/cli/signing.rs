//! Signatures of commands beside an open window: the passphrase once more, and after how long.

use super::args::Arguments;
use super::request::{Request, Typed};
use super::run::{Failed, beside};
use super::setting::not_set;
use super::{print, prompt};
use crate::device::home::{Home, HomeError};
use crate::device::settings::SignAfter;
use crate::message::Secret;

/// Types the passphrase once more, for the signature that follows.
pub(super) fn confirm(
    home: &Home,
    arguments: &Arguments,
    typed: Option<&Secret>,
) -> Result<(), Failed> {
    let asked;
    let typed = match typed {
        Some(typed) => typed,
        None => {
            asked = prompt::passphrase(arguments.passphrase_fd, "Passphrase, to sign: ")?;
            &asked
        }
    };
    let request = Request::Confirm { passphrase: Typed(typed.0.to_string()) };
    beside(&request, home, &mut |_, _| true)
}

/// Shows or sets after how many minutes a signature asks for the passphrase again.
pub(super) fn set_after(home: &Home, minutes: Option<u8>) -> Result<(), Failed> {
    if let Some(after) = minutes.and_then(SignAfter::new) {
        after.set(home).map_err(|error| not_set(&error))?;
        if matches!(home.lock(), Err(HomeError::InUse)) {
            print::line("The window that is open takes it when it is started again.");
        }
    }
    print::line(&format!("sign.after.minutes = {}", SignAfter::of(home).minutes()));
    Ok(())
}
