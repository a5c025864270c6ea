//! The server, floors, and what mends bad days.

use super::{Invalid, Step};
use crate::id::{DeviceId, MemberId, ServerEpoch, Timestamp};
use crate::log::{OwnHead, Receipt};
use crate::membership::action::{Action, Cut, Server};
use crate::membership::entry::Signer;
use crate::membership::state::{FormerServer, State};
use std::collections::BTreeSet;

impl State {
    pub(super) fn act_on_practice(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        match action {
            Action::SetServer { server, old_key_compromised_since } => {
                self.require_owner(step)?;
                self.set_server(server, *old_key_compromised_since, step)
            }
            Action::SetSuite(suite) => {
                self.require_owner(step)?;
                raise(&mut self.suite, *suite)
            }
            Action::SetMinimumWriter(version) => {
                self.require_owner(step)?;
                raise(&mut self.minimum_writer, *version)
            }
            Action::ExtendCut { cut, receipts } => self.extend_cut(cut, receipts, step),
            Action::Reseed { old, new, lost, missing, .. } => {
                let whole = lost.is_empty() && missing.is_empty();
                if whole {
                    self.device_member(step)?;
                } else {
                    self.require_owner(step)?;
                }
                self.reseed(*old, *new, step)
            }
            Action::Abandon { from, revoked, removed, .. } => {
                if *from > self.head().seq {
                    return Err(Invalid::Unknown);
                }
                self.abandon(revoked, removed, step)
            }
            // Custodians are enrolled by a newer version only.
            _ => Err(Invalid::NotAllowed),
        }
    }

    fn set_server(
        &mut self,
        new: &Server,
        compromised_since: Option<Timestamp>,
        step: Step,
    ) -> Result<(), Invalid> {
        if let Some(old) = self.server.take() {
            let same_key = old.key == new.key;
            let onward = if same_key {
                new.server_epoch == old.server_epoch
            } else {
                new.server_epoch > old.server_epoch
            };
            if !onward || (same_key && compromised_since.is_some()) {
                return Err(Invalid::WrongCounter);
            }
            if !same_key {
                self.former_servers.push(FormerServer { server: old, compromised_since });
                self.life_since = Some(step.seq);
            }
        }
        self.server = Some(new.clone());
        Ok(())
    }

    fn reseed(&mut self, old: ServerEpoch, new: ServerEpoch, step: Step) -> Result<(), Invalid> {
        let server = self.server.as_mut().ok_or(Invalid::Unknown)?;
        if server.server_epoch != old || new <= old {
            return Err(Invalid::WrongCounter);
        }
        server.server_epoch = new;
        self.life_since = Some(step.seq);
        Ok(())
    }

    fn extend_cut(&mut self, cut: &Cut, receipts: &[Receipt], step: Step) -> Result<(), Invalid> {
        let device = self.devices.get(&cut.device).ok_or(Invalid::Unknown)?;
        if self.require_self(device.member, step).is_err() {
            self.require_owner(step)?;
        }
        if step.signer == Signer::Device(cut.device) {
            return Err(Invalid::NotAllowed);
        }
        if device.incarnation(cut.head.dev_inc).is_none() {
            return Err(Invalid::BadCuts);
        }
        if !receipts.iter().any(|receipt| self.supports(receipt, cut)) {
            return Err(Invalid::NotReceipted);
        }
        let mut longer = false;
        if let Some(revoked) =
            self.devices.get_mut(&cut.device).and_then(|known| known.revoked.as_mut())
        {
            longer |= lengthen(&mut revoked.cut, cut.head);
        }
        for ring in self.rings.values_mut() {
            if let Some(known) = ring.cuts.get_mut(&cut.device) {
                longer |= lengthen(&mut known.head, cut.head);
            }
        }
        if longer { Ok(()) } else { Err(Invalid::NotLonger) }
    }

    /// Whether a receipt of a server of this practice is about the very end of the cut, and from
    /// before that server's key was compromised.
    fn supports(&self, receipt: &Receipt, cut: &Cut) -> bool {
        let about = receipt.body.practice == self.practice
            && receipt.body.device == cut.device
            && receipt.body.own == cut.head;
        let current = self.server.iter().map(|server| (server.key, None));
        let former = self.former_servers.iter().map(|f| (f.server.key, f.compromised_since));
        about
            && current.chain(former).any(|(key, since)| {
                since.is_none_or(|since| receipt.body.time < since) && receipt.is_signed_by(&key)
            })
    }

    fn abandon(
        &mut self,
        revoked: &[Cut],
        removed: &[MemberId],
        step: Step,
    ) -> Result<(), Invalid> {
        let owner = match step.signer {
            Signer::Recovery(member) => member,
            Signer::Device(_) => self.device_member(step)?.1,
        };
        // Whom either branch has revoked speaks for neither.
        let out: BTreeSet<DeviceId> = revoked.iter().map(|cut| cut.device).collect();
        let spoken = matches!(step.signer, Signer::Device(device) if out.contains(&device));
        if !self.is_owner(owner) || spoken || removed.contains(&owner) {
            return Err(Invalid::NotAllowed);
        }
        for member in removed {
            if self.active_member(*member).is_some() {
                let of_member: BTreeSet<_> = self.devices_of(*member).collect();
                let cuts = revoked.iter().filter(|cut| of_member.contains(&cut.device));
                let cuts: Vec<Cut> = cuts.copied().collect();
                self.check_all_cut(*member, &cuts)?;
                self.remove_member(*member, &cuts, step);
            }
        }
        for cut in revoked {
            // Devices that only the other branch knew are nobody here.
            let Some(known) = self.devices.get(&cut.device) else { continue };
            let member = known.member;
            if known.revoked.is_some() {
                continue;
            }
            self.check_cut(member, cut)?;
            self.revoke(cut, step.seq, None);
            self.make_stale(member);
            self.member_mut(member)?.key.retired = true;
        }
        Ok(())
    }
}

/// Floors only rise.
fn raise<T: Copy + PartialOrd>(floor: &mut T, to: T) -> Result<(), Invalid> {
    if to <= *floor {
        return Err(Invalid::WrongCounter);
    }
    *floor = to;
    Ok(())
}

fn lengthen(known: &mut OwnHead, to: OwnHead) -> bool {
    let longer = (to.dev_inc, to.dev_seq) > (known.dev_inc, known.dev_seq);
    if longer {
        *known = to;
    }
    longer
}
