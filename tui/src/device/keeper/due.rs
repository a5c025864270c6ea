//! What is due, and when.

use super::{Keeper, Practice};
use crate::message::DeviceEvent;
use crate::notice::Notice;
use std::time::Duration;

impl Keeper {
    /// Returns how long this may wait for what is asked next; `None` for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        let Practice::Open { device, .. } = &self.practice else { return None };
        let opens = self.online.is_some() && device.has_shelf();
        if device.has_unchecked() || device.is_attaching() || opens || self.searching.is_on() {
            return Some(Duration::ZERO);
        }
        let now = (self.settings.now)();
        let due = [device.link_due(), device.grid_due(), device.company_due(), self.waiting.due()];
        let waits = due.into_iter().flatten().map(|due| due.millis_since(now));
        let wait = waits.chain(device.flush_wait(now)).min()?;
        Some(Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
    }

    /// Puts keystrokes that are due onto the disk.
    pub(super) fn flush(&mut self) {
        let now = (self.settings.now)();
        let Practice::Open { device, .. } = &mut self.practice else { return };
        if device.flush_wait(now).is_none_or(|wait| wait > 0) {
            return;
        }
        match device.flush(now) {
            Ok(counts) => {
                for (note, splices) in counts {
                    self.tell(DeviceEvent::Journalled { note, splices });
                }
            }
            Err(error) => self.tell(DeviceEvent::Alarm(Notice::from(&error))),
        }
    }

    /// Puts all keystrokes onto the disk, due or not.
    pub(super) fn flush_at_once(&mut self) {
        let now = (self.settings.now)();
        if let Practice::Open { device, .. } = &mut self.practice {
            // Nobody is left who could be told.
            let _refused = device.flush(now);
        }
    }
}
