//! The passphrase, typed once more: when that was last, and whether a signature asks for it (decision
//! 38). A wrong one counts as one that was typed at the lock screen.

use super::home::Home;
use super::open::{AUDITED_FAILURES_MAX, Device, DeviceError};
use super::settings::SignAfter;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::passphrase::Passphrase;
use tacenda_shared::practice::AuditKind;

/// So long a passphrase that a command gave is good for the one signature that follows. Milliseconds.
const FOR_ONE: i64 = 60_000;

/// When the passphrase was typed, and what that is good for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmed {
    last: Timestamp,
    /// When it was typed for one signature that has not been given yet.
    for_one: Option<Timestamp>,
    after: SignAfter,
}

impl Confirmed {
    /// It was typed now, at the lock screen.
    pub(super) fn at(now: Timestamp) -> Self {
        Self { last: now, for_one: None, after: SignAfter::default() }
    }
}

impl Device {
    /// Checks the passphrase once more. What was refused before it goes into the audit trail, as at an
    /// unlock.
    ///
    /// # Errors
    /// A wrong passphrase, which counts, or one that comes too soon after several.
    pub fn confirm(&mut self, home: &Home, typed: &str, now: Timestamp) -> Result<(), DeviceError> {
        let Ok(passphrase) = Passphrase::from_text(typed) else {
            // Longer than any that could be right, so it was not even tried.
            home.count_failure(now);
            return Err(DeviceError::PassphraseTooLong);
        };
        Self::check_passphrase(home, &passphrase, now)?;
        self.was_confirmed(home, now)
    }

    /// The passphrase was right.
    pub(super) fn was_confirmed(&mut self, home: &Home, now: Timestamp) -> Result<(), DeviceError> {
        for _ in 0..home.failures().count.min(AUDITED_FAILURES_MAX) {
            self.audit(AuditKind::FailedUnlock, now)?;
        }
        home.forget_failures();
        self.confirmed.last = now;
        Ok(())
    }
}

impl<F: FileSystem> Device<F> {
    /// Sets after how long a signature asks for the passphrase.
    pub fn set_sign_after(&mut self, after: SignAfter) {
        self.confirmed.after = after;
    }

    /// The passphrase that was just typed is meant for the one signature that follows.
    pub fn confirmed_for_one(&mut self, now: Timestamp) {
        self.confirmed.for_one = Some(now);
    }

    /// Whether a command that signs has to ask for the passphrase first. One that was given for it is
    /// used up.
    pub fn asks_to_sign(&mut self, now: Timestamp) -> bool {
        let given = self.confirmed.for_one.take();
        let given = given.is_some_and(|given| (0..FOR_ONE).contains(&now.millis_since(given)));
        !given && self.confirmed.after.is_due(self.confirmed.last, now)
    }
}
