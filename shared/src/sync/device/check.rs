//! What a device checks before a byte of an envelope is shown: signature, right, number, chain,
//! slot, in this order. Only what has passed becomes a [`Checked`], and only a `Checked` opens.

use super::replica::Replica;
use crate::envelope::{Carried, Content, ContentError, ControlBody, Envelope, Header, Kind, open};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, MemberId, Position, PracticeSeq, SlotGeneration,
};
use crate::log::OwnHead;
use crate::membership::{NotPermitted, Standing, State};
use crate::suite::Hash;
use std::collections::BTreeMap;
use thiserror::Error;

/// An envelope that has passed every check, and who wrote it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    envelope: Envelope,
    member: MemberId,
    unproven: bool,
}

impl Checked {
    pub(super) fn new(envelope: Envelope, member: MemberId, unproven: bool) -> Self {
        Self { envelope, member, unproven }
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.envelope.header
    }

    /// Returns the envelope, to be kept as it was delivered.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Returns the person.
    pub fn member(&self) -> MemberId {
        self.member
    }

    /// Returns the installation.
    pub fn device(&self) -> DeviceId {
        self.envelope.header.author
    }

    /// Returns the incarnation.
    pub fn dev_inc(&self) -> DevInc {
        self.envelope.header.dev_inc
    }

    /// Returns whether its author has been cut since and the chain up to the cut is not yet
    /// proven: it keeps its state and is marked so.
    pub fn unproven(&self) -> bool {
        self.unproven
    }

    /// Returns the body of a control entry; `None` if sealed, or of a newer version.
    pub fn control(&self) -> Option<ControlBody> {
        self.envelope.control().ok().flatten()
    }

    /// Opens a sealed body. `key` is the slot key, which must match the slot's commitment,
    /// followed by the draft key if the header names a draft.
    pub fn open(&self, key: &[u8]) -> Result<Content, ContentError> {
        open(&self.envelope, key)
    }
}

/// Why an envelope is kept apart and not shown.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Quarantine {
    /// Its author's signature does not hold.
    #[error("its signature does not hold")]
    BadSignature,
    /// Its author's previous envelope is another than the one that it follows.
    #[error("it does not follow its author's previous envelope")]
    BrokenOwnChain,
    /// Another envelope with its number was seen before.
    #[error("another envelope with its number was seen")]
    Equivocation,
    /// Its author had seen another log than this one.
    #[error("its author saw another log")]
    ForkedView,
    /// Its author lost the right, and others have written after knowing that: a late edit.
    #[error("it came after others knew that its author is out")]
    Late,
    /// Its body is not what its kind says.
    #[error("its body is not what its kind says")]
    Malformed,
    /// Its author had no right to it.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// It changes who may do what, without having seen all that came before.
    #[error("it changes access without having seen the whole log")]
    NotAtHead,
    /// It cites an older practice entry than what its author had seen cites.
    #[error("it cites an older practice head than its author had seen")]
    OlderHead,
    /// The very envelope stands at another place already.
    #[error("it stands at another place already")]
    Replayed,
    /// It adds to, or ends, what another device has put together to stand in for sealed content.
    #[error("it is no part of the base that its author made")]
    OtherBase,
    /// Its author had seen more of the log than there is.
    #[error("its author saw more of the log than there is")]
    SeesAhead,
    /// It is sealed under a slot that the log does not announce.
    #[error("it is sealed under a slot that is not announced")]
    UnknownSlot,
}

/// Every number that was seen, of every device, with the own chain there.
pub(super) type Numbers = BTreeMap<(DeviceId, DevInc, DevSeq), Hash>;

/// What the checks came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It counts.
    Valid { member: MemberId, body: Option<Box<ControlBody>>, unproven: Option<OwnHead> },
    /// It must wait for the practice log up to this entry.
    Pending(PracticeSeq),
    /// It is kept apart.
    Quarantined(Quarantine),
}

/// What the checks look at.
pub(super) struct Checker<'a> {
    pub(super) state: &'a State,
    pub(super) numbers: &'a Numbers,
    pub(super) replica: &'a Replica,
}

impl Checker<'_> {
    /// Returns whether the signature holds, of whoever the header names, active or not.
    pub(super) fn is_signed(state: &State, carried: &Carried) -> bool {
        let author = state.devices().get(&carried.header().author);
        author.is_some_and(|known| carried.is_signed_by(&known.sig))
    }

    /// Checks the entry that follows the replica's head; `signed` if its signature was checked.
    pub(super) fn check(&self, carried: &Carried, signed: bool) -> Verdict {
        let header = carried.header();
        let cited = header.practice_head.seq;
        if cited > self.state.head().seq {
            // Its author may be somebody whom only that entry lets in.
            return Verdict::Pending(cited);
        }
        match self.try_check(carried, signed) {
            Ok(verdict) => verdict,
            Err(why) => Verdict::Quarantined(why),
        }
    }

    fn try_check(&self, carried: &Carried, signed: bool) -> Result<Verdict, Quarantine> {
        let header = carried.header();
        if !signed && !Self::is_signed(self.state, carried) {
            return Err(Quarantine::BadSignature);
        }
        let body = match carried {
            Carried::Whole(envelope) => envelope.control().map_err(|_| Quarantine::Malformed)?,
            Carried::Stub(_) => None,
        };
        let position = self.replica.head().position.next();
        let first = position == Position::new(1);
        let rules = match &body {
            Some(ControlBody::Genesis { rules, .. }) if first => rules,
            // A log begins with its genesis, and only there; the same one again is a replay.
            Some(ControlBody::Genesis { .. }) => {
                self.check_number(carried)?;
                return Err(Quarantine::Malformed);
            }
            _ if first => return Err(Quarantine::Malformed),
            _ => self.replica.rules(),
        };
        let standing = self.state.standing(header, rules)?;
        self.check_view(header)?;
        if header.kind == Kind::Access && header.seen_pos.next() != position {
            return Err(Quarantine::NotAtHead);
        }
        let unproven = self.check_number(carried)?;
        let unproven = match standing {
            Standing::Free => None,
            Standing::WithinCut { since, end } => {
                if self.replica.cites_before(position, since, header.author) {
                    return Err(Quarantine::Late);
                }
                self.unproven(header, unproven, end)
            }
        };
        self.check_slot(header, body.as_ref())?;
        self.check_base(header, body.as_ref())?;
        let member = self.state.author(header)?.member;
        Ok(Verdict::Valid { member, body: body.map(Box::new), unproven })
    }

    fn check_view(&self, header: &Header) -> Result<(), Quarantine> {
        // Places are meant in the life of the server's files at the head that is cited.
        let of_former_life =
            self.state.life_since().is_some_and(|since| header.practice_head.seq < since);
        match self.replica.chain_at(header.seen_pos) {
            Some(chain) if chain == header.seen_chain => {}
            _ if of_former_life => return Ok(()),
            None => return Err(Quarantine::SeesAhead),
            Some(_) => return Err(Quarantine::ForkedView),
        }
        let newest = self.replica.newest_cited(header.seen_pos);
        if header.practice_head.seq < newest { Err(Quarantine::OlderHead) } else { Ok(()) }
    }

    fn check_number(&self, carried: &Carried) -> Result<OwnHead, Quarantine> {
        let header = carried.header();
        let own = OwnHead::after(header, carried.hash());
        let at = |seq: DevSeq| self.numbers.get(&(header.author, header.dev_inc, seq));
        match at(header.dev_seq) {
            Some(known) if *known == own.own => return Err(Quarantine::Replayed),
            Some(_) => return Err(Quarantine::Equivocation),
            None => {}
        }
        let before = header.dev_seq.get().checked_sub(1).and_then(|seq| at(DevSeq::new(seq)));
        if before.is_some_and(|known| *known != header.prev_own) {
            return Err(Quarantine::BrokenOwnChain);
        }
        Ok(own)
    }

    /// Where the proof has to begin, if what is known does not prove the chain up to the cut.
    fn unproven(&self, header: &Header, own: OwnHead, end: OwnHead) -> Option<OwnHead> {
        // An older incarnation ends at its own `end`, which its device has signed.
        if end.dev_inc != header.dev_inc || own == end {
            return None;
        }
        Some(own)
    }

    fn check_slot(&self, header: &Header, body: Option<&ControlBody>) -> Result<(), Quarantine> {
        let newest = self.replica.slot().map_or(SlotGeneration::ZERO, |slot| slot.generation);
        let announced = match body {
            Some(ControlBody::Slot(slot) | ControlBody::Access { slot: Some(slot), .. }) => {
                slot.generation == newest.next()
            }
            _ if header.kind.is_sealed() => self.replica.slot_of(header.slot_generation).is_some(),
            _ => true,
        };
        if announced { Ok(()) } else { Err(Quarantine::UnknownSlot) }
    }

    /// Checks something beside the logs, of a ring or of a log that the device follows.
    pub(super) fn check_beside(
        state: &State,
        rules: Option<&[crate::envelope::AccessRule]>,
        envelope: &Envelope,
    ) -> Result<MemberId, Quarantine> {
        let header = &envelope.header;
        if header.kind.is_entry() {
            return Err(Quarantine::Malformed);
        }
        let known = state.active_device(header.author).ok_or(NotPermitted::NotADevice)?;
        if !envelope.is_signed_by(&known.sig) {
            return Err(Quarantine::BadSignature);
        }
        match rules {
            Some(rules) => state.standing(header, rules)?,
            None if header.kind == Kind::Checkpoint => {
                let ring = crate::id::RingId::from_bytes(*header.compartment.as_bytes());
                state.standing_in_ring(header, ring)?
            }
            None => return Err(NotPermitted::NoRight.into()),
        };
        Ok(known.member)
    }
}

impl Checker<'_> {
    /// Of what stands in for sealed content, each base is one device's, and only that device ends it.
    fn check_base(&self, header: &Header, body: Option<&ControlBody>) -> Result<(), Quarantine> {
        let bases = self.replica.bases();
        let fits = match body {
            Some(ControlBody::Erase { since: Some(since), .. }) => {
                bases.is_whole(*since, header.author)
            }
            _ => header.kind != Kind::Kept || bases.takes(header),
        };
        if fits { Ok(()) } else { Err(Quarantine::OtherBase) }
    }
}

/// One thing that does not fit what a device knows, and cannot be an accident of an honest server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Alarm {
    /// What.
    pub kind: AlarmKind,
    /// In which log, if in one.
    pub log: Option<CompartmentId>,
    /// Where, if at one place.
    pub position: Option<Position>,
    /// Whose envelope or word shows it, if one does.
    pub device: Option<DeviceId>,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, Eq, Error, Ord, PartialEq, PartialOrd)]
pub enum AlarmKind {
    /// The server's word carries no signature of the server in force.
    #[error("a receipt is not signed by the practice's server")]
    BadReceipt,
    /// Bytes arrived that no envelope has, also in full form.
    #[error("an entry is damaged")]
    Damaged,
    /// A device has signed two envelopes for one number.
    #[error("a device has signed two envelopes for one number")]
    Equivocation,
    /// Somebody was shown another log than this device.
    #[error("two devices were shown different logs")]
    Fork,
    /// An envelope carries no signature of its author.
    #[error("an entry is not by the device that it names")]
    Forged,
    /// An envelope of a device that was cut is not on the chain that the cut ends.
    #[error("an entry is not on the chain of the device that was cut")]
    NotOnChain,
    /// Two practice logs exist.
    #[error("two practice logs exist")]
    PracticeFork,
    /// An entry of the practice log breaks its rules.
    #[error("the server holds an entry that the practice's rules forbid")]
    PracticeInvalid,
    /// An envelope is served at a second place.
    #[error("an entry is served at a second place")]
    Replay,
    /// The server has less than it had.
    #[error("the server has less than it had")]
    Rollback,
    /// The server's files began a new life that the practice log does not name.
    #[error("the server's files began a new life")]
    ServerEpoch,
    /// Something that exists is not handed out.
    #[error("the server holds something back")]
    Withheld,
}

impl AlarmKind {
    /// Returns the alarm that a quarantine amounts to, if it is more than a late edit.
    pub(super) fn of(why: Quarantine) -> Option<Self> {
        match why {
            Quarantine::BadSignature => Some(Self::Forged),
            Quarantine::BrokenOwnChain | Quarantine::ForkedView => Some(Self::Fork),
            Quarantine::Equivocation => Some(Self::Equivocation),
            Quarantine::NotPermitted(NotPermitted::WrongHead) => Some(Self::PracticeFork),
            Quarantine::Replayed => Some(Self::Replay),
            Quarantine::SeesAhead => Some(Self::Withheld),
            Quarantine::Late
            | Quarantine::Malformed
            | Quarantine::NotAtHead
            | Quarantine::NotPermitted(_)
            | Quarantine::OlderHead
            | Quarantine::OtherBase
            | Quarantine::UnknownSlot => None,
        }
    }
}
