//! Brings what lies behind step-up up to date, while the second secret is at hand: commands that
//! have asked for the passphrase do it in passing.

use super::connect::{Driven, Progress};
use crate::device::courier::sheet::SheetError;
use crate::device::step_up::Behind;
use crate::link::Trouble;
use crate::notice::Notice;
use tacenda_shared::keys::safe::{RowName, SecondSecret};
use tacenda_shared::sync::{Message, RefusalCode, RowKey};

/// Steps that it takes at most: one for each ring, and again when somebody else was first.
const STEPS: usize = 32;

/// Works until the rings behind step-up are up to date here and on the server.
pub fn settle(
    driven: &mut Driven<'_>,
    second: &SecondSecret,
    progress: Progress<'_>,
) -> Result<(), Notice> {
    let mut asked = false;
    for _ in 0..STEPS {
        driven.until_current(progress)?;
        let now = driven.now();
        let device = driven.device();
        let next = if asked {
            device.settle_behind_with_what_is_here(second, now)
        } else {
            device.settle_behind(second, now)
        };
        match next.map_err(|error| of(&error))? {
            Behind::Settled => return driven.until_current(progress),
            Behind::Wants(names) => {
                fetch(driven, second, names, progress)?;
                asked = true;
            }
            Behind::Proposed => {
                let mut outcome = None;
                driven.until(progress, |device| {
                    outcome = device.poll_proposed();
                    outcome.is_some()
                })?;
                if let Some(Err(code)) = outcome
                    && code != RefusalCode::Conflict
                {
                    return Err(super::pair::refused(code));
                }
            }
        }
    }
    Err(Trouble::Unreachable.into())
}

fn fetch(
    driven: &mut Driven<'_>,
    second: &SecondSecret,
    names: Vec<RowName>,
    progress: Progress<'_>,
) -> Result<(), Notice> {
    let now = driven.now();
    let keys = names.iter().map(|name| RowKey(name.encode())).collect();
    let ticket = driven.device().ask(Message::RowsGet(keys), now).ok_or(Trouble::Unreachable)?;
    let mut rows = Vec::new();
    driven.until(progress, |device| {
        while let Some((of, answer)) = device.poll_answer() {
            match answer {
                Some(Message::Rows(part)) if of == ticket => rows.extend(part),
                _ if of == ticket => return true,
                _ => {}
            }
        }
        rows.len() >= names.len()
    })?;
    let rows = names.into_iter().zip(rows).collect();
    driven.device().give_behind(second, rows).map_err(|error| Notice::from(&error))
}

/// Says why what lies behind step-up, or the sheet, stays as it is.
pub fn of(error: &SheetError) -> Notice {
    use tacenda_shared::membership::Invalid;
    let (safe, next) = match error {
        SheetError::AnotherSheet => (
            "Nothing has been changed.",
            "Look for the sheet with the newest date. Without it: tacenda sheet request",
        ),
        SheetError::NotAsked => {
            ("Nothing has been changed.", "Look how it stands: tacenda sheet status")
        }
        SheetError::Offline => {
            ("Nothing has been changed.", "Try again when the server can be reached.")
        }
        SheetError::Rule(Invalid::TooEarly) => (
            "Nothing has been changed, and the sheet that you have is still good.",
            "Both devices must be thirty days old, and seven days must pass between the two.",
        ),
        SheetError::Rule(Invalid::AlreadyExists) => {
            ("Nothing has been changed.", "One was asked for already: tacenda sheet status")
        }
        SheetError::Rule(Invalid::NotAllowed) => (
            "Nothing has been changed.",
            "It takes a second device, which the first has not added and was not added by.",
        ),
        SheetError::Rule(_) | SheetError::Keys(_) => {
            ("Nothing has been changed.", "Let this device connect once more, then try again.")
        }
        SheetError::Device(error) => {
            let told = Notice::from(error);
            return told;
        }
    };
    Notice::new(format!("The sheet stays as it is: {error}."), safe, next)
}
