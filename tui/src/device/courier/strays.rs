//! What is looked at once another log has become known: leaves out what was signed for another
//! compartment than it lies in, once it is known whose it is, and has files fetched last.

use super::Courier;
use super::inbox::Batch;
use crate::device::open::{Device, DeviceError};
use std::convert::Infallible;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;

impl<F: FileSystem> Device<F> {
    /// Makes those read models anew that hold such a record. Everything that came is on the disk. It is
    /// looked at once for each log that becomes known, however many are named that nobody knows.
    pub(super) fn look_at_known_logs(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let locations = self.cabinet.store().locations();
        let known = Some(locations.ever_known());
        if std::mem::replace(&mut courier.known_logs, known) == known {
            return Ok(());
        }
        courier.fetch_freight_last(locations);
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
