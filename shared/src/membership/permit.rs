//! Whether an envelope counts: who its author was at the practice head that it cites, and where
//! that author's envelopes end. A function of header, access list and practice log alone.

use super::state::{Device, Ring, State};
use crate::envelope::{AccessRule, Header, Kind, Rights};
use crate::id::PracticeSeq;
use crate::log::OwnHead;
use thiserror::Error;

/// Why an envelope does not count.
#[derive(Clone, Copy, Debug, Eq, Error, Ord, PartialEq, PartialOrd)]
pub enum NotPermitted {
    /// It lies beyond the last envelope of its device that counts.
    #[error("beyond the cut of its device")]
    BeyondCut,
    /// Its incarnation had ended.
    #[error("beyond the end of its incarnation")]
    IncarnationEnded,
    /// Its incarnation had not begun at the head that it cites.
    #[error("of an incarnation that had not begun")]
    IncarnationUnknown,
    /// Its member is in no ring of the list with the right that it needs.
    #[error("its author has no right to this here")]
    NoRight,
    /// Its author was no device of the practice at the head that it cites.
    #[error("its author was no device of the practice")]
    NotADevice,
    /// Its author was already revoked at the head that it cites.
    #[error("its author had been revoked")]
    Revoked,
    /// It cites an entry of the practice log that is not there yet: to be asked again later.
    #[error("it cites a practice head that is not known")]
    UnknownHead,
    /// It cites another entry than the one in this practice log: a fork or a forgery.
    #[error("it cites a practice head that is not in this log")]
    WrongHead,
    /// It belongs to another practice.
    #[error("it belongs to another practice")]
    WrongPractice,
}

/// What stands behind an envelope that counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Nothing limits it.
    Free,
    /// Its author has lost the right since. It counts only if its number is proven to lie on the
    /// chain that ends in `end` (when the incarnation is that of the cut), and only below the
    /// first valid envelope of another device in its log that cites `since` or later.
    WithinCut {
        /// The entry that took the right away.
        since: PracticeSeq,
        /// The last envelope that counts.
        end: OwnHead,
    },
}

/// Returns the right that an envelope of this kind needs.
pub fn right_for(kind: Kind) -> Rights {
    match kind {
        Kind::Genesis | Kind::Access => Rights::MANAGE,
        Kind::EraseRequest | Kind::Erase => Rights::ERASE,
        Kind::Acknowledge | Kind::Checkpoint | Kind::Ephemeral => Rights::READ,
        kind if !kind.is_entry() && matches!(kind, Kind::Newer(_)) => Rights::READ,
        _ => Rights::WRITE,
    }
}

impl State {
    /// Returns whether an envelope with this header counts under this access list.
    pub fn permits(&self, header: &Header, rules: &[AccessRule]) -> Result<(), NotPermitted> {
        self.standing(header, rules).map(|_| ())
    }

    /// Returns what stands behind an envelope with this header under this access list.
    pub fn standing(
        &self,
        header: &Header,
        rules: &[AccessRule],
    ) -> Result<Standing, NotPermitted> {
        let device = self.author(header)?;
        let of_device = device_standing(device, header)?;
        let right = right_for(header.kind);
        let mut best = Err(NotPermitted::NoRight);
        for rule in rules.iter().filter(|rule| rule.rights.include(right)) {
            let Some(ring) = self.rings.get(&rule.ring) else { continue };
            best = better(best, ring_standing(ring, device, header));
        }
        best.map(|of_ring| narrower(of_device, of_ring))
    }

    /// Returns whether an envelope that belongs to one ring (a checkpoint) counts.
    pub fn standing_in_ring(
        &self,
        header: &Header,
        ring: crate::id::RingId,
    ) -> Result<Standing, NotPermitted> {
        let rule = AccessRule { ring, rights: Rights::ALL };
        self.standing(header, &[rule])
    }

    /// Returns the author's device, active at the cited head, which is in this very log.
    pub fn author(&self, header: &Header) -> Result<&Device, NotPermitted> {
        if header.practice != self.practice() {
            return Err(NotPermitted::WrongPractice);
        }
        let cited = header.practice_head;
        match self.head_at(cited.seq) {
            None => return Err(NotPermitted::UnknownHead),
            Some(ours) if ours != cited => return Err(NotPermitted::WrongHead),
            Some(_) => {}
        }
        let known = self.devices().get(&header.author).ok_or(NotPermitted::NotADevice)?;
        if known.added > cited.seq {
            return Err(NotPermitted::NotADevice);
        }
        self.device_at(header.author, cited.seq).ok_or(NotPermitted::Revoked)
    }

    /// Returns the end up to which the own chain that this envelope stands in must be proven.
    pub fn bound(&self, header: &Header) -> Option<OwnHead> {
        let device = self.devices().get(&header.author)?;
        let ended = device.incarnation(header.dev_inc)?.end;
        let cut = device.revoked.map(|revoked| revoked.cut);
        let cut = cut.filter(|cut| cut.dev_inc == header.dev_inc);
        let ends = [ended, cut].into_iter().flatten();
        ends.filter(|end| end.dev_seq >= header.dev_seq).min_by_key(|end| end.dev_seq)
    }
}

/// Whether the envelope lies after `end`: a later number, or a later incarnation. Objects beside
/// the log have no number; for them only the cited head counts.
fn beyond(header: &Header, end: &OwnHead) -> bool {
    if !header.kind.is_entry() {
        return header.dev_inc > end.dev_inc;
    }
    (header.dev_inc, header.dev_seq) > (end.dev_inc, end.dev_seq)
}

fn device_standing(device: &Device, header: &Header) -> Result<Standing, NotPermitted> {
    let incarnation = device.incarnation(header.dev_inc);
    let incarnation = incarnation.filter(|known| known.since <= header.practice_head.seq);
    let incarnation = incarnation.ok_or(NotPermitted::IncarnationUnknown)?;
    if incarnation.end.is_some_and(|end| beyond(header, &end)) {
        return Err(NotPermitted::IncarnationEnded);
    }
    match device.revoked {
        None => Ok(Standing::Free),
        Some(revoked) if beyond(header, &revoked.cut) => Err(NotPermitted::BeyondCut),
        Some(revoked) => Ok(Standing::WithinCut { since: revoked.seq, end: revoked.cut }),
    }
}

fn ring_standing(ring: &Ring, device: &Device, header: &Header) -> Result<Standing, NotPermitted> {
    let stay = ring.stay_at(device.member, header.practice_head.seq);
    let stay = stay.ok_or(NotPermitted::NoRight)?;
    match ring.cuts.get(&header.author) {
        // A later RingAdd, cited or followed, opens the ring again.
        Some(cut) if stay.since > cut.seq => Ok(Standing::Free),
        Some(cut) if beyond(header, &cut.head) => Err(NotPermitted::BeyondCut),
        Some(cut) => Ok(Standing::WithinCut { since: cut.seq, end: cut.head }),
        None => Ok(Standing::Free),
    }
}

/// One ring suffices, so the most generous counts.
fn better(
    a: Result<Standing, NotPermitted>,
    b: Result<Standing, NotPermitted>,
) -> Result<Standing, NotPermitted> {
    match (a, b) {
        (Ok(Standing::Free), _) | (_, Ok(Standing::Free)) => Ok(Standing::Free),
        (
            Ok(Standing::WithinCut { since, end }),
            Ok(Standing::WithinCut { since: other_since, end: other_end }),
        ) => Ok(if since >= other_since {
            Standing::WithinCut { since, end }
        } else {
            Standing::WithinCut { since: other_since, end: other_end }
        }),
        (Ok(standing), Err(_)) | (Err(_), Ok(standing)) => Ok(standing),
        (Err(a), Err(b)) => Err(a.min(b)),
    }
}

/// Device and ring must both let it pass, so the earliest loss counts.
fn narrower(a: Standing, b: Standing) -> Standing {
    match (a, b) {
        (Standing::Free, other) | (other, Standing::Free) => other,
        (
            Standing::WithinCut { since, end },
            Standing::WithinCut { since: other_since, end: other_end },
        ) => {
            if since <= other_since {
                Standing::WithinCut { since, end }
            } else {
                Standing::WithinCut { since: other_since, end: other_end }
            }
        }
    }
}
