//! A member's own devices, key and sheet: the member alone decides, except that owners may
//! revoke. The sheet outranks every device.

use super::{Invalid, Step, check_recipients};
use crate::id::{DeviceId, MemberId, PracticeSeq, Timestamp};
use crate::membership::action::{Action, Cut};
use crate::membership::encoding::MAX_DEVICES;
use crate::membership::entry::Signer;
use crate::membership::keys::{NewMemberKey, Recipient, RecoveryKeys, Wrap};
use crate::membership::state::{Incarnation, MemberKey, Recovery, RecoveryRequest, State};
use crate::suite::Hash;
use std::collections::BTreeSet;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Between asking for a new sheet without the old one and getting it.
const RECOVERY_DELAY: i64 = 7 * DAY_MILLIS;
/// Age of the two devices that replace a sheet without the old one.
const RECOVERY_AGE: i64 = 30 * DAY_MILLIS;

impl State {
    pub(super) fn act_on_devices(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        match action {
            Action::AddDevice { member, device, device_info, wraps, member_key } => {
                self.require_self(*member, step)?;
                if self.devices_of(*member).count() >= MAX_DEVICES {
                    return Err(Invalid::Malformed);
                }
                let by = match step.signer {
                    Signer::Device(by) => Some(by),
                    Signer::Recovery(_) => None,
                };
                let new = self.new_device(device, device_info, *member, step, by)?;
                self.devices.insert(device.device, new);
                let recipient = Recipient::Device(device.device);
                self.hand_on_member_key(*member, recipient, wraps, member_key.as_ref())
            }
            Action::RotateMemberKey { member, member_key } => {
                self.require_self(*member, step)?;
                self.take_member_key(*member, member_key)
            }
            Action::RevokeDevice { member, cuts, kept, suspect_since, member_key } => {
                self.check_revocation(*member, cuts, kept, member_key.as_ref(), step)?;
                self.revoke_devices(*member, cuts, *suspect_since, step.seq);
                member_key.as_ref().map_or(Ok(()), |key| self.take_member_key(*member, key))
            }
            Action::Incarnate { end } => {
                let (signer, _) = self.device_member(step)?;
                let device = self.devices.get_mut(&signer).ok_or(Invalid::UnknownSigner)?;
                if end.dev_inc != device.dev_inc() {
                    return Err(Invalid::WrongCounter);
                }
                if let Some(last) = device.incarnations.last_mut() {
                    last.end = Some(*end);
                }
                device.incarnations.push(Incarnation { since: step.seq, end: None });
                Ok(())
            }
            _ => self.act_on_recovery(action, step),
        }
    }

    fn act_on_recovery(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        match action {
            Action::ReplaceRecovery { member, recovery, wraps, member_key } => {
                if step.signer != Signer::Recovery(*member) {
                    return Err(Invalid::NotAllowed);
                }
                let sheet = self.check_sheet(*member, recovery)?;
                self.set_sheet(*member, sheet)?;
                if member_key.is_some() {
                    // Whoever had the old sheet had the keys of these rings.
                    self.make_stale(*member);
                }
                let recipient = Recipient::Recovery(*member);
                self.hand_on_sheet(*member, recipient, wraps, member_key.as_ref())
            }
            Action::RequestRecovery { member, recovery } => {
                let by = self.require_old_device(*member, step)?;
                let sheet = self.check_sheet(*member, recovery)?;
                let request =
                    RecoveryRequest { seq: step.seq, by, recovery: sheet, received: step.received };
                let known = self.member_mut(*member)?;
                if known.request.is_some() {
                    return Err(Invalid::AlreadyExists);
                }
                known.request = Some(request);
                Ok(())
            }
            Action::CompleteRecovery { member, request, wraps } => {
                let sheet = self.check_completion(*member, *request, step)?;
                self.set_sheet(*member, sheet)?;
                let recipient = Recipient::Recovery(*member);
                self.hand_on_sheet(*member, recipient, wraps, None)
            }
            Action::VetoRecovery { member, request } => {
                self.require_self(*member, step)?;
                let known = self.member_mut(*member)?;
                match known.request.take_if(|asked| asked.seq == *request) {
                    Some(_) => Ok(()),
                    None => Err(Invalid::Unknown),
                }
            }
            _ => Err(Invalid::NotAllowed),
        }
    }

    fn require_old_device(&self, member: MemberId, step: Step) -> Result<DeviceId, Invalid> {
        let (device, owner) = self.device_member(step)?;
        if owner != member {
            return Err(Invalid::NotAllowed);
        }
        let known = self.active_device(device).ok_or(Invalid::UnknownSigner)?;
        let age = step.received.millis_since(known.added_at);
        if age >= RECOVERY_AGE { Ok(device) } else { Err(Invalid::TooEarly) }
    }

    fn check_completion(
        &self,
        member: MemberId,
        request: PracticeSeq,
        step: Step,
    ) -> Result<Recovery, Invalid> {
        let second = self.require_old_device(member, step)?;
        let known = self.active_member(member).ok_or(Invalid::Unknown)?;
        let asked = known.request.as_ref().filter(|asked| asked.seq == request);
        let asked = asked.ok_or(Invalid::Unknown)?;
        let first = BTreeSet::from([asked.by]);
        let kin = self.added_by(&first).contains(&second)
            || self.added_by(&BTreeSet::from([second])).contains(&asked.by);
        if second == asked.by || kin {
            return Err(Invalid::NotAllowed);
        }
        if step.received.millis_since(asked.received) < RECOVERY_DELAY {
            return Err(Invalid::TooEarly);
        }
        Ok(asked.recovery.clone())
    }

    fn check_sheet(&self, member: MemberId, keys: &RecoveryKeys) -> Result<Recovery, Invalid> {
        self.active_member(member).ok_or(Invalid::Unknown)?;
        if !keys.proven(self.practice, member, Hash::ZERO) {
            return Err(Invalid::Unproven);
        }
        Ok(Recovery { sig: keys.sig, kem: keys.kem.clone() })
    }

    fn set_sheet(&mut self, member: MemberId, sheet: Recovery) -> Result<(), Invalid> {
        let known = self.member_mut(member)?;
        known.recovery = sheet;
        known.request = None;
        Ok(())
    }

    /// A newcomer gets the member key as it is, or everybody gets the next one.
    fn hand_on_member_key(
        &mut self,
        member: MemberId,
        newcomer: Recipient,
        wraps: &[Wrap],
        new: Option<&NewMemberKey>,
    ) -> Result<(), Invalid> {
        let retired = self.active_member(member).ok_or(Invalid::Unknown)?.key.retired;
        match new {
            Some(key) => {
                check_recipients(wraps, [])?;
                self.take_member_key(member, key)
            }
            None if retired => Err(Invalid::NeedsNewKey),
            None => check_recipients(wraps, [newcomer]),
        }
    }

    /// As above, but a sheet may be replaced while the key is retired: it gets the next one.
    fn hand_on_sheet(
        &mut self,
        member: MemberId,
        sheet: Recipient,
        wraps: &[Wrap],
        new: Option<&NewMemberKey>,
    ) -> Result<(), Invalid> {
        let retired = self.active_member(member).ok_or(Invalid::Unknown)?.key.retired;
        if new.is_none() && retired {
            return check_recipients(wraps, []);
        }
        self.hand_on_member_key(member, sheet, wraps, new)
    }

    fn take_member_key(&mut self, member: MemberId, key: &NewMemberKey) -> Result<(), Invalid> {
        let devices = self.devices_of(member).map(Recipient::Device);
        let recipients: Vec<_> = devices.chain([Recipient::Recovery(member)]).collect();
        check_recipients(&key.wraps, recipients)?;
        let known = self.member_mut(member)?;
        if key.generation != known.key.generation.next() {
            return Err(Invalid::WrongCounter);
        }
        known.key = MemberKey {
            generation: key.generation,
            kem: key.kem.clone(),
            retired: false,
            safe: key.safe,
        };
        Ok(())
    }

    fn check_revocation(
        &self,
        member: MemberId,
        cuts: &[Cut],
        kept: &[DeviceId],
        member_key: Option<&NewMemberKey>,
        step: Step,
    ) -> Result<(), Invalid> {
        self.active_member(member).ok_or(Invalid::Unknown)?;
        if cuts.is_empty() {
            return Err(Invalid::BadCuts);
        }
        cuts.iter().try_for_each(|cut| self.check_cut(member, cut))?;
        let out: BTreeSet<_> = cuts.iter().map(|cut| cut.device).collect();
        if self.require_self(member, step).is_ok() {
            // The member's own remaining device knows every key of the safe and leaves no gap.
            let remains = matches!(step.signer, Signer::Device(by) if !out.contains(&by));
            if remains && member_key.is_none() {
                return Err(Invalid::NeedsNewKey);
            }
        } else {
            self.require_owner(step)?;
            if member_key.is_some() {
                return Err(Invalid::NotAllowed);
            }
        }
        // What a thief has added goes with the stolen device, unless it is said otherwise.
        let kept: BTreeSet<_> = kept.iter().copied().collect();
        let descendants = self.added_by(&out);
        if kept == descendants { Ok(()) } else { Err(Invalid::BadCuts) }
    }

    fn revoke_devices(
        &mut self,
        member: MemberId,
        cuts: &[Cut],
        suspect_since: Option<Timestamp>,
        seq: PracticeSeq,
    ) {
        for cut in cuts {
            self.revoke(cut, seq, suspect_since);
        }
        if let Some(known) = self.members.get_mut(&member) {
            known.key.retired = true;
        }
        self.make_stale(member);
    }
}
