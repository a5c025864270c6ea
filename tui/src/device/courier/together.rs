//! Entries that come many at a time are merged together: a document takes all that is its own in
//! one piece, and a read model is made once. It comes to the same as one after the other.

use super::frames::{Fate, MailFrame};
use super::inbox::{Batch, Came};
use super::parcel::NO_OBJECT;
use super::{Courier, Outcome};
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use std::convert::Infallible;
use tacenda_shared::envelope::{Carried, Envelope};
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::practice::change::{Author, Change};
use tacenda_shared::sync::device::{Checked, Event};

/// Entries that are merged together at most.
const TOGETHER: usize = 128;

/// An entry of another device that was opened and is not merged yet.
pub(super) struct Ahead {
    envelope: Envelope,
    change: Change,
    author: Author,
}

impl<F: FileSystem> Device<F> {
    /// Takes what has happened, like [`Self::take_events`], but merges together what can be.
    pub(super) fn take_events_together(
        &mut self,
        courier: &mut Courier,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let mut ahead = Vec::new();
        while let Some(event) = courier.sync.poll_event().filter(|_| !courier.outlived) {
            courier.endings.note(&event);
            courier.erasing.note(&event);
            let opened = match &event {
                Event::Received { checked, .. } => self.open_ahead(batch, checked)?,
                _ => None,
            };
            match opened {
                Some(opened) => {
                    self.received(courier, opened.envelope.header.compartment, now);
                    ahead.push(opened);
                }
                None => {
                    self.merge_together(batch, &mut ahead, now)?;
                    self.happened(courier, batch, event, now)?;
                }
            }
            if ahead.len() >= TOGETHER {
                self.merge_together(batch, &mut ahead, now)?;
            }
        }
        self.merge_together(batch, &mut ahead, now)
    }

    /// Opens a record, or a change of a document that is no draft, by another device, if nothing
    /// has to be seen to first.
    fn open_ahead(&self, batch: &Batch, checked: &Checked) -> Result<Option<Ahead>, DeviceError> {
        let envelope = checked.envelope();
        let header = &envelope.header;
        let log = header.compartment;
        let plain = header.kind.is_entry() && header.kind.is_sealed() && header.object == NO_OBJECT;
        let own = header.author == self.cabinet.identity.author.device;
        if !plain || own || self.cabinet.store().locations().is_erased(log) {
            return Ok(None);
        }
        if self.stood_before(envelope)?
            || self.cabinet.slot_key(log, header.slot_generation).is_none()
        {
            return Ok(None);
        }
        Ok(match self.open_sealed(batch, envelope) {
            Ok((change, author)) => Some(Ahead { envelope: envelope.clone(), change, author }),
            // One by one it is said why not.
            Err(_) => None,
        })
    }

    fn merge_together(
        &mut self,
        batch: &mut Batch,
        ahead: &mut Vec<Ahead>,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let ahead = std::mem::take(ahead);
        if ahead.is_empty() {
            return Ok(());
        }
        let given: Vec<_> = ahead.iter().map(|one| (&one.change, &one.author)).collect();
        let Ok(merged) = self.with_pending(&batch.pending, now, |practice, cx| {
            Ok::<_, Infallible>(practice.merge_all(&given, cx))
        });
        for (Ahead { envelope, change, .. }, merged) in ahead.into_iter().zip(merged) {
            let log = envelope.header.compartment;
            // The entry's frame comes before its content's.
            let at = batch.frames.len();
            let outcome = match merged {
                Ok(merged) => self.merged(batch, Came::of(&envelope), change, merged)?,
                Err(_) => Outcome::Quarantined,
            };
            let (fate, record) = match outcome {
                Outcome::Opened(record) => (Fate::Opened, record),
                _ => (Fate::Quarantined, None),
            };
            let carried = Box::new(Carried::Whole(envelope));
            let frame = DeviceFrame::Mail(MailFrame::Entered { log, fate, record, carried });
            batch.frames.insert(at, frame);
        }
        self.carry_late(batch, now)?;
        self.flush_if_full(batch)
    }
}
