//! What a command is told of the recovery sheet.

use super::{Refused, Say, say_line};
use crate::cli::request::SheetWish;
use crate::cli::{behind, paper, recover};
use crate::device::courier::sheet::SheetAction;
use crate::device::open::Device;
use crate::device::replacing::Wish;
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;

pub(super) fn status(device: &Device, say: Say<'_>) -> Result<bool, Refused> {
    let standing = device.sheet_standing();
    let standing = standing.map_err(|error| Refused::Notice(behind::of(&error)))?;
    say_line(say, paper::standing(&standing, device.is_attached()), "");
    Ok(false)
}

/// Draws new words for what is wished, unless the rules forbid it anyway.
pub(super) fn draw(
    device: &Device,
    wish: &SheetWish,
    now: Timestamp,
    say: Say<'_>,
) -> Result<bool, Refused> {
    let old = match wish {
        SheetWish::Replace { old, .. } => Some(old.0.as_str()),
        SheetWish::Complete | SheetWish::Request { .. } | SheetWish::Veto => None,
    };
    let words = drawn(device, old, now).map_err(Refused::Notice)?;
    let json = serde_json::json!({ "words": words, "server": device.is_attached() });
    say_line(say, json, "");
    Ok(false)
}

/// The words of a sheet that can take the place of the old one, or be asked for without it.
pub(crate) fn drawn(device: &Device, old: Option<&str>, now: Timestamp) -> Result<String, Notice> {
    let new = device.draw_sheet();
    let old = old.map(recover::read_words).transpose()?;
    let action = match &old {
        None => SheetAction::Request { new: &new, second: None },
        Some(old) => SheetAction::Replace { old, new: &new, second: None, compromised: false },
    };
    device.sheet_order(action, now).map_err(|error| behind::of(&error))?;
    Ok(new.words().join(" "))
}

/// Reads what a command wishes.
pub(crate) fn wish(of: &SheetWish) -> Result<Wish, Notice> {
    Ok(match of {
        SheetWish::Complete => Wish::Complete,
        SheetWish::Replace { old, new, compromised } => {
            let (old, new) = (recover::read_words(&old.0)?, recover::read_words(&new.0)?);
            Wish::Replace { old, new, compromised: *compromised }
        }
        SheetWish::Request { new } => Wish::Request(recover::read_words(&new.0)?),
        SheetWish::Veto => Wish::Veto,
    })
}
