//! What this device signs in the practice log stands in the audit trail, too: who came, who went,
//! and what became of the recovery sheet.

use super::{Batch, Courier};
use crate::device::open::{Device, DeviceError};
use tacenda_shared::id::{DeviceId, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::membership::{Action, Entry, Signer};
use tacenda_shared::practice::change::Change;
use tacenda_shared::practice::{AuditEvent, AuditKind, AuditSubject};

impl<F: FileSystem> Device<F> {
    /// Writes into the trail what was done here, once the practice log has it; what other devices
    /// did stands in theirs.
    pub(super) fn trail_entry(
        &mut self,
        courier: &Courier,
        batch: &mut Batch,
        entry: &[u8],
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let author = self.cabinet.identity.author;
        let Ok(entry) = Entry::decode(entry) else { return Ok(()) };
        let here = match entry.signer {
            Signer::Device(device) => device == author.device,
            // The words were typed wherever the entry was proposed.
            Signer::Recovery(member) => member == author.member && courier.proposal.is_some(),
        };
        for event in events_of(&entry.action).into_iter().filter(|_| here) {
            let changes = self.trail(&event, now)?;
            batch.own.extend(changes);
        }
        Ok(())
    }

    /// The same in a practice without a server.
    pub(super) fn trail_here(&mut self, entry: &Entry, now: Timestamp) -> Result<(), DeviceError> {
        let mut changes = Vec::new();
        for event in events_of(&entry.action) {
            changes.extend(self.trail(&event, now)?);
        }
        self.keep(changes)
    }

    /// Writes into the trail that something of this device, which is out, was taken over.
    pub(super) fn trail_late(
        &mut self,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        let event = AuditEvent::new(AuditKind::LateTaken).about(AuditSubject::Device(device));
        let changes = self.trail(&event, now)?;
        self.keep(changes)
    }

    fn trail(&mut self, event: &AuditEvent, now: Timestamp) -> Result<Vec<Change>, DeviceError> {
        self.with_pending(&[], now, |practice, cx| Ok(practice.audit(event, cx)))
    }
}

fn events_of(action: &Action) -> Vec<AuditEvent> {
    let about = |kind, device| AuditEvent::new(kind).about(AuditSubject::Device(device));
    match action {
        Action::AddDevice { device, .. } => vec![about(AuditKind::Pair, device.device)],
        Action::RevokeDevice { cuts, .. } => {
            cuts.iter().map(|cut| about(AuditKind::Revoke, cut.device)).collect()
        }
        Action::ReplaceRecovery { .. } | Action::CompleteRecovery { .. } => {
            vec![AuditEvent::new(AuditKind::SheetReplaced)]
        }
        Action::RequestRecovery { .. } => vec![AuditEvent::new(AuditKind::SheetRequested)],
        Action::VetoRecovery { .. } => vec![AuditEvent::new(AuditKind::SheetVetoed)],
        _ => Vec::new(),
    }
}
