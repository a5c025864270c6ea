//! Leaves out what was signed for another compartment than it lies in, once it is known whose it is.

use super::inbox::Batch;
use crate::device::open::{Device, DeviceError};
use std::convert::Infallible;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;

impl<F: FileSystem> Device<F> {
    /// Makes those read models anew that hold such a record. Everything that came is on the disk.
    pub(super) fn leave_out_strays(
        &mut self,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let Ok(moved) =
            self.with_context(now, |practice, cx| Ok::<_, Infallible>(practice.moved(cx)));
        for name in moved {
            let owed = self.rebuild(&name, now);
            self.keep(owed)?;
            batch.changed = true;
        }
        Ok(())
    }
}
