//! `tacenda sheet`: another recovery sheet in the place of the old. The new words are shown and
//! partly typed back before anything is signed.

use super::behind;
use super::connect::Driven;
use super::pair;
use crate::device::chance::OsRandom;
use crate::device::courier::sheet::{SheetAction, SheetError};
use crate::device::open::Device;
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::recovery::{RecoverySheet, words_to_type_back};
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::sync::RefusalCode;

/// How often somebody else may be first.
const TRIES: usize = 5;

/// What a person is shown and asked.
pub trait Dialogue {
    /// Says how far it is.
    fn say(&mut self, line: &str);
    /// Shows the words, once, to be written down.
    fn write_down(&mut self, words: &[&str]);
    /// Asks for the word at a place, counted from 1.
    fn word(&mut self, place: usize) -> Option<String>;
}

/// Replaces the sheet with the old one at hand. `compromised`: somebody may have read it, so that
/// the keys that it opened are replaced too.
pub fn replace(
    device: &mut Device,
    old: &RecoverySheet,
    second: Option<&SecondSecret>,
    compromised: bool,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    let new = device.draw_sheet();
    let action = SheetAction::Replace { old, new: &new, second, compromised };
    write_down(device, action, &new, dialogue, now)?;
    place(device, action, second.filter(|_| compromised), dialogue, now)
}

/// Asks for a new sheet without the old one. Another device completes it after seven days.
pub fn request(
    device: &mut Device,
    second: Option<&SecondSecret>,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    let new = device.draw_sheet();
    let action = SheetAction::Request { new: &new, second };
    write_down(device, action, &new, dialogue, now)?;
    place(device, action, None, dialogue, now)
}

/// Brings into force what another device asked for.
pub fn complete(
    device: &mut Device,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    place(device, SheetAction::Complete, None, dialogue, now)
}

/// Refuses what any device has asked for.
pub fn veto(
    device: &mut Device,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    place(device, SheetAction::Veto, None, dialogue, now)
}

/// Shows the words and has three of them typed back, unless the rules forbid the order anyway.
fn write_down(
    device: &Device,
    action: SheetAction<'_>,
    new: &RecoverySheet,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    device.sheet_order(action, now()).map_err(|error| behind::of(&error))?;
    show_and_check(new, dialogue)
}

/// Shows the words and has three of them typed back.
pub fn show_and_check(new: &RecoverySheet, dialogue: &mut dyn Dialogue) -> Result<(), Notice> {
    dialogue.write_down(&new.words());
    for place in words_to_type_back(&mut OsRandom) {
        let typed = dialogue.word(place);
        if !typed.is_some_and(|typed| new.is_word(place, &typed)) {
            return Err(Notice::new(
                format!("Word {place} does not match what was shown."),
                "Nothing has been changed: the sheet that you have is still good.",
                "Throw the new words away and begin again.",
            ));
        }
    }
    Ok(())
}

/// Places an order, and waits until the server has taken it.
fn place(
    device: &mut Device,
    action: SheetAction<'_>,
    rekey: Option<&SecondSecret>,
    dialogue: &mut dyn Dialogue,
    now: fn() -> Timestamp,
) -> Result<(), Notice> {
    let told = |error: SheetError| behind::of(&error);
    if !device.is_attached() {
        let order = device.sheet_order(action, now()).map_err(told)?;
        device.place_sheet_order(order, now()).map_err(told)?;
        if let Some(second) = rekey {
            device.settle_behind(second, now()).map_err(told)?;
        }
        return Ok(());
    }
    let mut driven = Driven::start(device, now)?;
    for _ in 0..TRIES {
        driven.until_current(&mut |line| dialogue.say(line))?;
        let order = driven.device().sheet_order(action, now()).map_err(told)?;
        driven.device().place_sheet_order(order, now()).map_err(told)?;
        let mut outcome = None;
        driven.until(&mut |line| dialogue.say(line), |device| {
            outcome = device.poll_proposed();
            outcome.is_some()
        })?;
        match outcome {
            Some(Err(RefusalCode::Conflict)) => {}
            Some(Err(code)) => return Err(pair::refused(code)),
            Some(Ok(())) | None => {
                driven.until(&mut |line| dialogue.say(line), |device| !device.is_rekeying())?;
                if let Some(second) = rekey {
                    behind::settle(&mut driven, second, &mut |line| dialogue.say(line))?;
                }
                return driven.until_current(&mut |line| dialogue.say(line));
            }
        }
    }
    Err(pair::refused(RefusalCode::Conflict))
}
