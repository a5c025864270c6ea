//! A new practice at the window: the sheet is shown, its words are typed back, and only then is
//! anything written.

use super::{Keeper, Practice};
use crate::device::setup::{Founding, SetUp};
use crate::message::{DeviceEvent, Secret, SetupEvent, VaultState};
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;

impl Keeper {
    pub(super) fn found(&mut self, founding: Founding, passphrase: &Secret, now: Timestamp) {
        if !matches!(self.practice, Practice::Absent | Practice::SettingUp(_)) {
            return;
        }
        let event = match SetUp::begin(founding, passphrase, now) {
            Ok((set_up, sheet)) => {
                self.practice = Practice::SettingUp(Box::new(set_up));
                SetupEvent::Sheet(sheet)
            }
            Err(notice) => SetupEvent::PassphraseRefused(notice),
        };
        self.tell(DeviceEvent::Setup(event));
    }

    pub(super) fn check_sheet(&mut self, words: &[(usize, String)], now: Timestamp) {
        let Practice::SettingUp(set_up) = &self.practice else { return };
        if let Err(notice) = set_up.check_words(words) {
            self.tell(DeviceEvent::Setup(SetupEvent::WordsRefused(notice)));
            return;
        }
        if let Err(notice) = self.take_lock() {
            self.tell(DeviceEvent::State(VaultState::Broken(notice)));
            return;
        }
        let Practice::SettingUp(set_up) = std::mem::replace(&mut self.practice, Practice::Absent)
        else {
            return;
        };
        match set_up.finish(&self.settings.home, now) {
            Ok(device) => {
                let done = |index| DeviceEvent::Setup(SetupEvent::Done(index));
                self.opened(Box::new(device), done);
            }
            Err(error) => self.tell(DeviceEvent::State(VaultState::Broken(Notice::from(&error)))),
        }
    }
}
