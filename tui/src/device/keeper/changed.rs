//! What the interface is shown when something has changed: the index, every view on the screen, and
//! that a view is to go.

use super::{Keeper, Practice};
use crate::cli::answer;
use crate::device::open::DeviceError;
use crate::message::DeviceEvent;
use crate::notice::Notice;
use std::sync::Arc;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::Refusal;
use tacenda_shared::practice::edit::Subject;

impl Keeper {
    /// Shows what has changed: the index, and every view that is on the screen.
    pub(super) fn changed(&mut self, now: Timestamp) {
        let Practice::Open { device, .. } = &mut self.practice else { return };
        let index = device.index();
        let views: Vec<_> = self
            .shown
            .iter()
            .filter_map(|subject| device.refresh(*subject, now).map(|view| (*subject, view)))
            .collect();
        let hidden: Vec<_> = self.shown.iter().copied().filter(|s| device.hides(*s)).collect();
        self.tell(DeviceEvent::Changed(Arc::clone(&index)));
        for subject in hidden {
            // What is on a screen goes from it, too.
            let notice = Notice::from(&DeviceError::Refused(Refusal::ToBeErased));
            self.tell(DeviceEvent::Opened { subject, outcome: Err(notice) });
        }
        for (subject, view) in views {
            self.tell(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
        }
        if !self.watchers.is_empty() {
            let line = answer::changed_line(&index, now);
            self.watchers.retain(|watcher| watcher.send(line.clone()).is_ok());
        }
    }

    /// No longer shown.
    pub(super) fn close_view(&mut self, subject: Subject, now: Timestamp) {
        self.shown.remove(&subject);
        if let Practice::Open { device, .. } = &mut self.practice {
            device.close_view(subject, now);
        }
    }

    /// Shows where other devices are, if that has changed.
    pub(super) fn show_company(&mut self) {
        let now = (self.settings.now)();
        let Practice::Open { device, .. } = &mut self.practice else { return };
        if !device.take_company_change() {
            return;
        }
        let drafts = self.shown.iter().filter(|subject| matches!(subject, Subject::Draft(..)));
        let views: Vec<_> =
            drafts.filter_map(|subject| Some((*subject, device.refresh(*subject, now)?))).collect();
        for (subject, view) in views {
            self.tell(DeviceEvent::Opened { subject, outcome: Ok(Box::new(view)) });
        }
        self.tell_sync();
    }
}
