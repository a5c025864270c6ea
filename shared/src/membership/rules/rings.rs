//! Rings: who manages them, and when their keys change.

use super::{Invalid, Step, check_recipients};
use crate::id::{MemberId, RingEpoch, RingId};
use crate::membership::action::{Action, Cut, History, NewRing, RingMember};
use crate::membership::encoding::MAX_RINGS;
use crate::membership::keys::{Recipient, Wrap};
use crate::membership::state::{Ring, RingCut, State, Stay};
use std::collections::{BTreeMap, BTreeSet};

impl State {
    pub(super) fn act_on_rings(&mut self, action: &Action, step: Step) -> Result<(), Invalid> {
        let (_, signer) = self.device_member(step)?;
        match action {
            Action::RingCreate(ring) => self.create_ring(ring, signer, step),
            Action::RingAdd { ring, member, history, wraps } => {
                self.require_manager(*ring, signer)?;
                self.add_to_ring(*ring, *member, *history, wraps, step)
            }
            Action::RingRemove { ring, member, cuts } => {
                self.require_manager(*ring, signer)?;
                self.remove_from_ring(*ring, *member, cuts, step)
            }
            Action::Rekey { ring, epoch, commitment, wraps } => {
                let known = self.rings.get(ring).ok_or(Invalid::Unknown)?;
                // With the same set, less those who were revoked, anybody in it may.
                if known.stay(signer).is_none() {
                    self.require_manager(*ring, signer)?;
                }
                if *epoch != known.epoch().next() {
                    return Err(Invalid::WrongCounter);
                }
                check_recipients(wraps, self.recipients(*ring))?;
                let known = self.rings.get_mut(ring).ok_or(Invalid::Unknown)?;
                known.commitments.push(*commitment);
                known.stale = false;
                Ok(())
            }
            Action::Rewrap { ring, epochs, wraps } => {
                self.check_rewrap(*ring, epochs, wraps, signer)
            }
            _ => Err(Invalid::NotAllowed),
        }
    }

    pub(super) fn create_ring(
        &mut self,
        new: &NewRing,
        creator: MemberId,
        step: Step,
    ) -> Result<(), Invalid> {
        if self.rings.contains_key(&new.ring) {
            return Err(Invalid::AlreadyExists);
        }
        if self.rings.len() >= MAX_RINGS {
            return Err(Invalid::Malformed);
        }
        let managed = new.members.contains(&RingMember { member: creator, manager: true });
        if !managed || (new.sole && new.members.len() != 1) {
            return Err(Invalid::NotAllowed);
        }
        if new.members.iter().any(|member| self.active_member(member.member).is_none()) {
            return Err(Invalid::Unknown);
        }
        let recipients = new.members.iter().flat_map(|member| self.recipients_of(member.member));
        check_recipients(&new.wraps, recipients)?;
        let first = RingEpoch::new(1);
        let stay = Stay { since: step.seq, until: None, oldest_epoch: first };
        let managers = new.members.iter().filter(|member| member.manager);
        let ring = Ring {
            sole: new.sole,
            name: new.name.clone(),
            commitments: vec![new.commitment],
            stays: new.members.iter().map(|member| (member.member, vec![stay])).collect(),
            managers: managers.map(|member| member.member).collect(),
            stale: false,
            cuts: BTreeMap::new(),
        };
        self.rings.insert(new.ring, ring);
        Ok(())
    }

    /// A manager, or an owner in any ring that is not one member's alone.
    fn require_manager(&self, ring: RingId, signer: MemberId) -> Result<(), Invalid> {
        let known = self.rings.get(&ring).ok_or(Invalid::Unknown)?;
        let manager = known.managers.contains(&signer) || (!known.sole && self.is_owner(signer));
        if manager { Ok(()) } else { Err(Invalid::NotAllowed) }
    }

    fn add_to_ring(
        &mut self,
        ring: RingId,
        new: RingMember,
        history: History,
        wraps: &[Wrap],
        step: Step,
    ) -> Result<(), Invalid> {
        self.active_member(new.member).ok_or(Invalid::Unknown)?;
        let recipients = self.recipients_of(new.member);
        let known = self.rings.get_mut(&ring).ok_or(Invalid::Unknown)?;
        if known.sole {
            return Err(Invalid::NotAllowed);
        }
        if known.stay(new.member).is_some() {
            return Err(Invalid::AlreadyExists);
        }
        let oldest_epoch = match history {
            History::All => RingEpoch::new(1),
            History::From(epoch) if epoch == known.epoch() && epoch > RingEpoch::new(1) => epoch,
            // "From here on" needs a key that sealed nothing before.
            History::From(_) => return Err(Invalid::WrongCounter),
        };
        check_recipients(wraps, recipients)?;
        let stay = Stay { since: step.seq, until: None, oldest_epoch };
        known.stays.entry(new.member).or_default().push(stay);
        if new.manager {
            known.managers.insert(new.member);
        }
        Ok(())
    }

    fn remove_from_ring(
        &mut self,
        ring: RingId,
        member: MemberId,
        cuts: &[Cut],
        step: Step,
    ) -> Result<(), Invalid> {
        self.check_all_cut(member, cuts)?;
        let known = self.rings.get_mut(&ring).ok_or(Invalid::Unknown)?;
        let stays = known.stays.get_mut(&member).ok_or(Invalid::Unknown)?;
        let stay = stays.last_mut().filter(|stay| stay.until.is_none());
        stay.ok_or(Invalid::Unknown)?.until = Some(step.seq);
        known.managers.remove(&member);
        let new = cuts.iter().map(|c| (c.device, RingCut { seq: step.seq, head: c.head }));
        known.cuts.extend(new);
        known.stale = true;
        if known.members().next().is_none() { Err(Invalid::LeavesNobody) } else { Ok(()) }
    }

    fn check_rewrap(
        &self,
        ring: RingId,
        epochs: &[RingEpoch],
        wraps: &[Wrap],
        signer: MemberId,
    ) -> Result<(), Invalid> {
        let known = self.rings.get(&ring).ok_or(Invalid::Unknown)?;
        let mine = known.stay(signer).ok_or(Invalid::NotAllowed)?.oldest_epoch;
        let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else {
            return Err(Invalid::WrongCounter);
        };
        if *first < mine || *last > known.epoch() || wraps.is_empty() {
            return Err(Invalid::WrongCounter);
        }
        let entitled = known
            .members()
            .filter(|member| known.stay(*member).is_some_and(|stay| stay.oldest_epoch <= *first));
        let entitled: BTreeSet<Recipient> =
            entitled.flat_map(|member| self.recipients_of(member)).collect();
        let all = wraps.iter().all(|wrap| entitled.contains(&wrap.recipient));
        if all { Ok(()) } else { Err(Invalid::WrongRecipients) }
    }
}
