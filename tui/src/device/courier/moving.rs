//! The way to a server: named in memory, asked whether it takes the practice, and only then
//! followed. A server that refuses, or a crash before its answer, leaves the old one in force.

use super::enrol::EnrolError;
use super::frames::MailFrame;
use crate::device::chance::OsRandom;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use tacenda_shared::id::{Global, Timestamp};
use tacenda_shared::journal::FileSystem;
use tacenda_shared::membership::{Action, Entry, Server, Signer};
use tacenda_shared::seal::Hedge;
use tacenda_shared::sync::DeliveredEntry;

impl<F: FileSystem> Device<F> {
    /// Makes the entry that names the server of the practice: the first, or another one. Nothing
    /// changes until [`Device::follow_server`].
    pub fn name_server(&self, server: Server, now: Timestamp) -> Result<Entry, EnrolError> {
        let action = Action::SetServer { server, old_key_compromised_since: None };
        let cabinet = &self.cabinet;
        let signer = Signer::Device(cabinet.identity.author.device);
        Ok(cabinet.state.propose(action, signer, now, &cabinet.keys.sign)?)
    }

    /// Follows an entry that names the server, and that this server has taken. On the disk when
    /// this returns. What the former server had counted means nothing to another one.
    pub fn follow_server(&mut self, entry: &Entry) -> Result<(), EnrolError> {
        let cabinet = &mut self.cabinet;
        let state = cabinet.state.apply(entry, entry.time)?;
        let mut random = OsRandom;
        let mut hedge = Hedge { key: &cabinet.keys.hedge, random: &mut random };
        let frame = DeviceFrame::Entry(entry.encode());
        let cursor = DeviceFrame::Mail(MailFrame::Cursor(Global::ZERO));
        cabinet.store.append(&[frame, cursor], &mut hedge).map_err(DeviceError::from)?;
        cabinet.state = state;
        self.courier = None;
        Ok(())
    }

    /// Names a server and follows it at once.
    pub fn set_server(&mut self, server: Server, now: Timestamp) -> Result<(), EnrolError> {
        let entry = self.name_server(server, now)?;
        self.follow_server(&entry)
    }

    /// Takes the entry with which this device has named its first server, if it was taken there
    /// and the device ended before it was written down here.
    pub(super) fn take_first_server(
        &mut self,
        entries: &[DeliveredEntry],
    ) -> Result<(), DeviceError> {
        let Some(one) = entries.first().filter(|_| !self.is_attached()) else { return Ok(()) };
        let Ok(entry) = Entry::decode(&one.entry) else { return Ok(()) };
        let own = entry.signer == Signer::Device(self.cabinet.identity.author.device);
        let Action::SetServer { server, .. } = &entry.action else { return Ok(()) };
        let receipt = &one.receipt;
        let practice = self.cabinet.state.practice();
        let taken = receipt.head == entry.head() && receipt.is_signed_by(practice, &server.key);
        if !own || !taken {
            return Ok(());
        }
        match self.follow_server(&entry) {
            Err(EnrolError::Device(error)) => Err(error),
            // What does not follow here leads nowhere; the caller sees that no server is named.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
