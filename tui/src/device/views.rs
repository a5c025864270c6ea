//! What screens show, from when it was opened until it is closed: kept up to date, and told to
//! other devices where it is a draft.

use super::conversation::Conversation;
use super::open::{Device, DeviceError};
use super::typed::Typed;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::edit::Subject;
use tacenda_shared::practice::view::View;

impl<F: FileSystem> Device<F> {
    /// A screen shows what [`Device::open`] gave, until [`Device::close_view`].
    pub fn shows(&mut self, subject: Subject, view: &View) {
        self.shown.insert(subject);
        if let (Subject::Draft(client, note), View::Draft(draft)) = (subject, view) {
            self.conversations.insert(note, Conversation::begun(draft));
            if let Some(log) = self.log_of(client, note) {
                self.presence.enter(log, note);
            }
        }
    }

    /// Shows what is open as it is now.
    pub fn refresh(&mut self, subject: Subject, now: Timestamp) -> Option<View> {
        let refreshed = self.with_unstored(|device, unstored| {
            device.with_pending(unstored, now, |practice, cx| {
                Ok::<_, DeviceError>(practice.refresh(subject, cx))
            })
        });
        let mut view = refreshed.ok().flatten()?;
        if let (Subject::Draft(_, note), View::Draft(draft)) = (subject, &mut view) {
            self.converse(note, draft, now);
        }
        Some(view)
    }

    /// Returns whether a view is to go from the screen, because it is to be erased.
    pub fn hides(&self, subject: Subject) -> bool {
        self.practice.hides(subject)
    }

    /// No longer shown.
    pub fn close_view(&mut self, subject: Subject, now: Timestamp) {
        self.practice.close(subject);
        self.shown.remove(&subject);
        if let Subject::Draft(_, note) = subject {
            self.take_leave(note, now);
            self.conversations.remove(&note);
            let committed = |typed: &Typed| typed.uncommitted().is_empty();
            if self.typed.get(&note).is_some_and(committed) {
                self.typed.remove(&note);
            }
        }
    }
}
