//! The passphrase once more: for a signature, and for psychotherapy notes.

use super::orders::{Running, Then};
use super::{Keeper, Practice, locked};
use crate::cli::pair;
use crate::device::settling::Settling;
use crate::message::{Carried, DeviceEvent, Secret};
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::keys::safe::SecondSecret;

impl Keeper {
    /// Says whether this is the passphrase.
    pub(super) fn confirm(&mut self, passphrase: &Secret, now: Timestamp) {
        let home = self.settings.home.clone();
        let outcome = self.with_device(|device| device.confirm(&home, &passphrase.0, now));
        self.carried(Carried::Confirmed(outcome));
    }

    /// Opens psychotherapy notes.
    pub(super) fn step_up(&mut self, passphrase: &Secret, now: Timestamp) {
        let outcome = self.open_apart(passphrase, now);
        let opened = outcome.is_ok();
        self.carried(Carried::SteppedUp(outcome.map(drop)));
        if opened {
            self.tell_sync();
        }
    }

    fn open_apart(&mut self, passphrase: &Secret, now: Timestamp) -> Result<(), Notice> {
        let home = self.settings.home.clone();
        let second = pair::step_up(&home, passphrase, now)?.ok_or_else(no_keys)?;
        let Practice::Open { device, .. } = &mut self.practice else { return Err(locked()) };
        let noted = device.was_confirmed(&home, now);
        noted.map_err(|error| Notice::from(&error))?;
        let here = device.step_up_for(&second).map_err(|error| Notice::from(&error))?;
        let attached = device.is_attached();
        if !here && !attached {
            device.step_down(now).map_err(|error| Notice::from(&error))?;
            return Err(no_keys());
        }
        self.bring_up_to_date(second, attached);
        Ok(())
    }

    /// Fetches what is still missing of their keys, and renews those that a lost device may know,
    /// beside everything else, if nothing else is being done.
    fn bring_up_to_date(&mut self, second: SecondSecret, attached: bool) {
        if attached && self.be_free().is_ok() {
            self.running = Some(Running::Settling(second, Settling::default(), Then::Opened));
        }
    }

    /// Closes psychotherapy notes.
    pub(super) fn step_down(&mut self, now: Timestamp) {
        self.running.take_if(|running| running.is_aside());
        let Practice::Open { device, .. } = &mut self.practice else { return };
        self.shown.retain(|subject| !device.is_psychotherapy(*subject));
        match device.step_down(now) {
            Ok(0) => {}
            Ok(_) => self.said(Ok(KEPT_BACK.to_owned())),
            Err(error) => self.tell(DeviceEvent::Alarm(Notice::from(&error))),
        }
        crate::guard::sweep_stack();
    }
}

const KEPT_BACK: &str = "Closed. What you wrote there has not left this device yet: it does when they \
                         are open and there is a link.";

fn no_keys() -> Notice {
    Notice::new(
        "This device has no key to psychotherapy notes.",
        "Nothing has been changed, and none are lost.",
        "Open them on the device on which you wrote them, or connect to your server and try again.",
    )
}
