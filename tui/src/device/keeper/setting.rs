//! Settings of this device that the window changes.

use super::Keeper;
use crate::cli::setting::not_set;
use crate::device::settings::Preset;
use crate::notice::Notice;

impl Keeper {
    /// Keeps which keys are used in notes.
    pub(super) fn set_keys(&self, preset: Preset) -> Result<(), Notice> {
        preset.set(&self.settings.home).map_err(|error| not_set(&error))
    }
}
