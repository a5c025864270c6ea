//! Commands that sign in a practice that is open: some time after the passphrase was typed last they ask
//! for it once more.

use super::Refused;
use crate::cli::correction::Mend;
use crate::cli::measure::MeasureWish;
use crate::cli::request::{ConsentWish, Request, Typed};
use crate::device::home::Home;
use crate::device::open::Device;
use tacenda_shared::id::Timestamp;

/// Whether somebody puts their name under something with it.
pub(super) const fn signs(request: &Request) -> bool {
    matches!(
        request,
        Request::NoteSign { .. }
            | Request::NoteMend(Mend::Restore(_) | Mend::Strike(_))
            | Request::PlanSign { .. }
            | Request::JournalAdd(_)
            | Request::Consent { wish: ConsentWish::Add(_), .. }
            | Request::Measure { wish: MeasureWish::Add { .. } | MeasureWish::Score { .. }, .. }
    )
}

/// Takes the passphrase, for the one signature that follows.
pub(super) fn confirm(
    device: &mut Device,
    home: &Home,
    passphrase: &Typed,
    now: Timestamp,
) -> Result<bool, Refused> {
    device.confirm(home, &passphrase.0, now)?;
    device.confirmed_for_one(now);
    Ok(false)
}
