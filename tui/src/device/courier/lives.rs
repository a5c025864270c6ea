//! What arrives, where this device may have lived twice: an entry that it did not make itself is
//! content like any other's, and an incarnation is its own only if it asked for it.

use super::frames::MailFrame;
use super::inbox::number_of;
use super::{Batch, Courier};
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use tacenda_shared::id::{CompartmentId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::sync::DeliveredEntry;
use tacenda_shared::sync::device::Checked;

impl<F: FileSystem> Device<F> {
    /// Takes the next entry of a log: new, of this device, or one that stood elsewhere before.
    pub(super) fn entered(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        (log, checked): (CompartmentId, &Checked),
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let header = checked.header();
        let frame = if self.stood_before(checked.envelope())? {
            let number = number_of(checked.envelope());
            MailFrame::EnteredAgain { log, number }
        } else if header.author == self.cabinet.identity.author.device
            && self.is_of_this_life(checked.envelope())?
        {
            self.arrive_own(courier, batch, checked.envelope());
            let (dev_inc, dev_seq) = (header.dev_inc, header.dev_seq);
            MailFrame::EnteredOwn { log, dev_inc, dev_seq }
        } else {
            return self.arrive(courier, batch, checked.envelope(), now);
        };
        batch.frames.push(DeviceFrame::Mail(frame));
        Ok(())
    }

    /// Takes an entry of the practice log, and begins the incarnation that this life has asked for.
    pub(super) fn practice_changed(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        delivered: DeliveredEntry,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.entry_arrived(courier, &delivered.entry, now);
        let begun = self.reborn(courier, &delivered);
        self.trail_entry(courier, batch, &delivered.entry, now)?;
        batch.frames.push(DeviceFrame::Mail(MailFrame::EntryReceipt(delivered.receipt)));
        batch.frames.push(DeviceFrame::Entry(delivered.entry));
        if let Some(begun) = begun {
            // In the same group: the entry alone would be another life's.
            batch.frames.push(DeviceFrame::Mail(MailFrame::Incarnated(begun)));
            self.flush_mail(batch)?;
            self.live_on(courier, begun);
        }
        batch.changed = true;
        Ok(())
    }
}
