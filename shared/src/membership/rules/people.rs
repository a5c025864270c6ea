//! Founding, and what owners do about people.

use super::{Invalid, Step, check_recipients};
use crate::id::{DeviceId, MemberId, MemberKeyGeneration, PracticeId};
use crate::membership::action::{Action, Roles};
use crate::membership::encoding::{MAX_MEMBERS, MAX_RINGS};
use crate::membership::entry::Signer;
use crate::membership::keys::{DeviceKeys, NewMemberKey, Recipient, RecoveryKeys};
use crate::membership::state::{Member, MemberKey, Recovery, RingCut, State};

/// A person's beginning, as Found and AddMember both carry it.
struct Beginning<'a> {
    member: MemberId,
    roles: Roles,
    profile: &'a [u8],
    device: &'a DeviceKeys,
    device_info: &'a [u8],
    recovery: &'a RecoveryKeys,
    member_key: &'a NewMemberKey,
}

impl State {
    pub(super) fn found(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        let Action::Found {
            member,
            roles,
            profile,
            device,
            device_info,
            recovery,
            member_key,
            rings,
            server,
        } = action
        else {
            return Err(Invalid::NotNext);
        };
        if step.signer != Signer::Device(device.device) || !roles.include(Roles::OWNER) {
            return Err(Invalid::NotAllowed);
        }
        if rings.len() > MAX_RINGS {
            return Err(Invalid::Malformed);
        }
        let beginning = Beginning {
            member: *member,
            roles: *roles,
            profile,
            device,
            device_info,
            recovery,
            member_key,
        };
        self.begin_member(&beginning, step, None)?;
        for ring in rings {
            self.create_ring(ring, *member, step)?;
        }
        self.server.clone_from(server);
        Ok(())
    }

    pub(super) fn act_on_people(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        self.require_owner(step)?;
        match action {
            Action::AddMember {
                member,
                roles,
                profile,
                device,
                device_info,
                recovery,
                member_key,
            } => {
                if self.members.len() >= MAX_MEMBERS {
                    return Err(Invalid::Malformed);
                }
                let by = self.device_member(step)?.0;
                let beginning = Beginning {
                    member: *member,
                    roles: *roles,
                    profile,
                    device,
                    device_info,
                    recovery,
                    member_key,
                };
                self.begin_member(&beginning, step, Some(by))
            }
            Action::SetRoles { member, roles } => {
                self.member_mut(*member)?.roles = *roles;
                if self.has_owner() { Ok(()) } else { Err(Invalid::LeavesNobody) }
            }
            Action::RemoveMember { member, cuts } => {
                self.active_member(*member).ok_or(Invalid::Unknown)?;
                self.check_all_cut(*member, cuts)?;
                self.remove_member(*member, cuts, step);
                if self.has_owner() { Ok(()) } else { Err(Invalid::LeavesNobody) }
            }
            _ => Err(Invalid::NotAllowed),
        }
    }

    /// Takes everything from a member: devices, rings, roles.
    pub(super) fn remove_member(
        &mut self,
        member: MemberId,
        cuts: &[crate::membership::action::Cut],
        step: Step,
    ) {
        self.make_stale(member);
        for ring in self.rings.values_mut() {
            let Some(stay) = ring.stays.get_mut(&member).and_then(|stays| stays.last_mut()) else {
                continue;
            };
            if stay.until.is_none() {
                stay.until = Some(step.seq);
                ring.managers.remove(&member);
                let ring_cuts =
                    cuts.iter().map(|cut| (cut.device, RingCut { seq: step.seq, head: cut.head }));
                ring.cuts.extend(ring_cuts);
            }
        }
        for cut in cuts {
            self.revoke(cut, step.seq, None);
        }
        if let Some(known) = self.members.get_mut(&member) {
            known.removed = Some(step.seq);
            known.key.retired = true;
            known.request = None;
        }
    }

    fn begin_member(
        &mut self,
        beginning: &Beginning<'_>,
        step: Step,
        added_by: Option<DeviceId>,
    ) -> Result<(), Invalid> {
        let Beginning { member, roles, profile, device, device_info, recovery, member_key } =
            *beginning;
        if self.members.contains_key(&member) {
            return Err(Invalid::AlreadyExists);
        }
        // A colleague's first device is not "added by" the owner's: revoking that one does not
        // take this one along.
        let by = added_by.filter(|by| self.devices.get(by).is_some_and(|k| k.member == member));
        let practice: PracticeId = self.practice;
        let first_device = device.digest(practice, member);
        if !recovery.proven(practice, member, first_device) {
            return Err(Invalid::Unproven);
        }
        let new = self.new_device(device, device_info, member, step, by)?;
        if member_key.generation != MemberKeyGeneration::new(1) {
            return Err(Invalid::WrongCounter);
        }
        let recipients = [Recipient::Device(device.device), Recipient::Recovery(member)];
        check_recipients(&member_key.wraps, recipients)?;
        self.devices.insert(device.device, new);
        let known = Member {
            roles,
            profile: profile.to_vec(),
            joined: step.seq,
            removed: None,
            key: MemberKey {
                generation: member_key.generation,
                kem: member_key.kem.clone(),
                retired: false,
                safe: member_key.safe,
            },
            recovery: Recovery { sig: recovery.sig, kem: recovery.kem.clone() },
            request: None,
        };
        self.members.insert(member, known);
        Ok(())
    }
}
