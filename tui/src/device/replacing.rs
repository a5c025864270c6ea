//! Puts another recovery sheet in the place of the old, beside everything else that an open
//! practice does: one step each time that something has arrived. It never waits.

use super::open::Device;
use super::settling::Settling;
use crate::cli::{behind, pair};
use crate::device::courier::sheet::{SheetAction, SheetError};
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::recovery::RecoverySheet;
use tacenda_shared::keys::safe::SecondSecret;
use tacenda_shared::sync::RefusalCode;

/// How often somebody else may be first.
const TRIES: usize = 5;

/// What is wished about the sheet.
pub enum Wish {
    /// Another sheet in the place of this one; `compromised`: somebody may have read the old one.
    Replace {
        /// The one in force.
        old: RecoverySheet,
        /// The other one.
        new: RecoverySheet,
        /// Whether everything that the old one opened gets new keys.
        compromised: bool,
    },
    /// This sheet, without the old one: another device completes it after a week.
    Request(RecoverySheet),
    /// What another device asked for comes into force.
    Complete,
    /// What was asked for is refused.
    Veto,
}

/// How far it is.
pub struct Replacing {
    wish: Wish,
    second: Option<SecondSecret>,
    tries: usize,
    wait: Wait,
}

enum Wait {
    /// The entry is still to be made.
    Nothing,
    /// It is on its way.
    Entry,
    /// It was taken; rings get their next keys.
    Rings,
    /// What lies behind step-up gets its next keys.
    Behind(Settling),
}

impl Replacing {
    /// Begins. `second` is what lies behind step-up.
    pub const fn begin(wish: Wish, second: Option<SecondSecret>) -> Self {
        Self { wish, second, tries: 0, wait: Wait::Nothing }
    }

    /// Goes on as far as it can. Returns what came of it, once that is known; until then it is to
    /// be called again when something has arrived.
    pub fn work(&mut self, device: &mut Device, now: Timestamp) -> Option<Result<(), Notice>> {
        if !device.is_attached() {
            return Some(self.work_alone(device, now).map_err(|error| behind::of(&error)));
        }
        if !device.sync_status().connected {
            // Whether the entry was taken shows on the next link.
            if matches!(self.wait, Wait::Entry) {
                self.wait = Wait::Nothing;
            }
            return None;
        }
        loop {
            let (is_in_force, rekeys) = (self.is_in_force(device), self.rekeys());
            match &mut self.wait {
                Wait::Nothing if !device.is_current() => return None,
                Wait::Nothing if is_in_force => self.wait = Wait::Rings,
                Wait::Nothing => {
                    if let Err(error) = self.place(device, now) {
                        return Some(Err(behind::of(&error)));
                    }
                }
                Wait::Entry => match device.poll_proposed()? {
                    Ok(()) => self.wait = Wait::Rings,
                    Err(RefusalCode::Conflict) if self.tries < TRIES => self.wait = Wait::Nothing,
                    Err(code) => return Some(Err(pair::refused(code))),
                },
                Wait::Rings if device.is_rekeying() || !device.is_current() => return None,
                Wait::Rings if rekeys => self.wait = Wait::Behind(Settling::default()),
                Wait::Rings => return Some(Ok(())),
                Wait::Behind(settling) => {
                    let Some(second) = &self.second else { return Some(Ok(())) };
                    let settled = settling.work(device, second, now)?;
                    device.close_behind();
                    return Some(settled);
                }
            }
        }
    }

    fn work_alone(&self, device: &mut Device, now: Timestamp) -> Result<(), SheetError> {
        let order = device.sheet_order(self.action(), now)?;
        device.place_sheet_order(order, now)?;
        if let Some(second) = self.second.as_ref().filter(|_| self.rekeys()) {
            device.settle_behind(second, now)?;
            device.close_behind();
        }
        Ok(())
    }

    fn place(&mut self, device: &mut Device, now: Timestamp) -> Result<(), SheetError> {
        let order = device.sheet_order(self.action(), now)?;
        device.place_sheet_order(order, now)?;
        self.tries += 1;
        self.wait = Wait::Entry;
        Ok(())
    }

    fn action(&self) -> SheetAction<'_> {
        let second = self.second.as_ref();
        match &self.wish {
            Wish::Replace { old, new, compromised } => {
                SheetAction::Replace { old, new, second, compromised: *compromised }
            }
            Wish::Request(new) => SheetAction::Request { new, second },
            Wish::Complete => SheetAction::Complete,
            Wish::Veto => SheetAction::Veto,
        }
    }

    /// Whether the new sheet is in force already: its entry was taken on a link that broke.
    fn is_in_force(&self, device: &Device) -> bool {
        matches!(&self.wish, Wish::Replace { new, .. } if device.has_sheet(new))
    }

    fn rekeys(&self) -> bool {
        matches!(self.wish, Wish::Replace { compromised: true, .. }) && self.second.is_some()
    }
}
