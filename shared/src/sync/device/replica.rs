//! What a device knows of one log: its chain, who said what in it, who may, and under which slot.

use super::erasing::Erasing;
use crate::envelope::{
    AccessRule, ControlBody, EntryRef, Header, Kind, Number, PracticeHead, Slot,
};
use crate::id::{
    CompartmentId, DevInc, DevSeq, DeviceId, ObjectId, Position, PracticeSeq, RingId,
    SlotGeneration,
};
use crate::log::LogHead;
use crate::membership::{Standing, State};
use crate::suite::{Hash, SUITE_1};
use crate::sync::base::Bases;
use crate::sync::closing::Closings;
use std::collections::{BTreeMap, BTreeSet};

/// A draft as its log tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Draft {
    /// Commitment to its key.
    pub commitment: Hash,
    /// Where it was announced.
    pub announced: Position,
    /// The position of the first valid Close.
    pub closed: Option<Position>,
    /// The envelope of the record that it became, as that Close says.
    pub became: Option<Number>,
}

/// How far the end of a draft is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ending {
    /// The first valid Close.
    pub close: EntryRef,
    /// The device that asks has carried it out.
    pub acknowledged: bool,
    /// It has not, and is waited for.
    pub awaited: bool,
    /// Nobody is waited for: the draft's key may die.
    pub over: bool,
}

/// What is remembered of one entry: enough to judge it again when a cut is learned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Mark {
    author: DeviceId,
    dev_inc: DevInc,
    dev_seq: DevSeq,
    cited: PracticeSeq,
    kind: Kind,
    /// Whether it passed every check when it came.
    valid: bool,
    /// The newest practice entry that valid entries up to this one cite.
    newest: PracticeSeq,
}

/// One log, as far as it was received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replica {
    log: CompartmentId,
    /// By position, the first at index 0.
    chains: Vec<Hash>,
    marks: Vec<Mark>,
    /// The access list from each position on.
    rules: Vec<(Position, Vec<AccessRule>)>,
    slots: BTreeMap<SlotGeneration, Slot>,
    /// Where each slot was announced.
    slots_at: BTreeMap<SlotGeneration, Position>,
    drafts: BTreeMap<ObjectId, Draft>,
    closings: Closings,
    erasing: Erasing,
    bases: Bases,
}

impl Replica {
    pub(super) fn new(log: CompartmentId) -> Self {
        Self {
            log,
            chains: Vec::new(),
            marks: Vec::new(),
            rules: Vec::new(),
            slots: BTreeMap::new(),
            slots_at: BTreeMap::new(),
            drafts: BTreeMap::new(),
            closings: Closings::default(),
            erasing: Erasing::default(),
            bases: Bases::default(),
        }
    }

    /// Returns the head.
    pub fn head(&self) -> LogHead {
        let position = Position::new(u64::try_from(self.chains.len()).unwrap_or(u64::MAX));
        LogHead { position, chain: self.chains.last().copied().unwrap_or(Hash::ZERO) }
    }

    /// Returns the chain at a position: zero at 0, `None` beyond the head.
    pub fn chain_at(&self, position: Position) -> Option<Hash> {
        match position.get().checked_sub(1) {
            None => Some(Hash::ZERO),
            Some(index) => self.chains.get(usize::try_from(index).ok()?).copied(),
        }
    }

    /// Returns the newest position whose author is one of these. An acknowledgement shows nothing
    /// to anybody.
    pub fn newest(&self, is_author: impl Fn(DeviceId) -> bool) -> Option<Position> {
        let shown = |mark: &Mark| mark.kind != Kind::Acknowledge && is_author(mark.author);
        let index = self.marks.iter().rposition(shown)?;
        u64::try_from(index).ok().map(|index| Position::new(index.saturating_add(1)))
    }

    /// Returns the access list in force at the head.
    pub fn rules(&self) -> &[AccessRule] {
        self.rules.last().map_or(&[], |(_, rules)| rules.as_slice())
    }

    /// Returns whether one of these rings has, or ever had, a right to it.
    pub(super) fn was_ever_of(&self, rings: &BTreeSet<RingId>) -> bool {
        let ever = self.rules.iter().flat_map(|(_, rules)| rules);
        ever.into_iter().any(|rule| rings.contains(&rule.ring))
    }

    /// Returns the newest slot.
    pub fn slot(&self) -> Option<&Slot> {
        self.slots.values().next_back()
    }

    /// Returns where the content key in force was announced: whoever has come so far can open what
    /// is sealed under it.
    pub fn keyed_since(&self) -> Position {
        let announces = |mark: &Mark| {
            mark.valid && matches!(mark.kind, Kind::Genesis | Kind::Access | Kind::Slot)
        };
        let index = self.marks.iter().rposition(announces);
        let position = index.and_then(|index| u64::try_from(index).ok());
        position.map_or(Position::ZERO, |index| Position::new(index.saturating_add(1)))
    }

    /// Returns the slot of one generation, whose commitment its key must match.
    pub fn slot_of(&self, generation: SlotGeneration) -> Option<&Slot> {
        self.slots.get(&generation)
    }

    /// Returns a draft.
    pub fn draft(&self, object: ObjectId) -> Option<&Draft> {
        self.drafts.get(&object)
    }

    /// Returns what the log says of its erasure.
    pub const fn erasing(&self) -> &Erasing {
        &self.erasing
    }

    pub(super) const fn bases(&self) -> &Bases {
        &self.bases
    }

    /// Returns who has begun to put together, under a content key, what stays of what was sealed
    /// before it, and whether an order counts on it; `None` if nobody has begun.
    pub fn base_under(&self, since: SlotGeneration) -> Option<(DeviceId, bool)> {
        self.bases.begun(since)
    }

    fn take_slot(&mut self, slot: &Slot, position: Position) {
        self.slots.insert(slot.generation, slot.clone());
        self.slots_at.insert(slot.generation, position);
    }

    /// Returns whether a draft was announced before a content key, whose base has what stays of it.
    /// What was announced after the key lies under it already, and needs no base.
    pub fn is_before_base(&self, draft: ObjectId, since: SlotGeneration) -> bool {
        let announced = self.drafts.get(&draft).map(|draft| draft.announced);
        let slot = self.slots_at.get(&since).copied();
        announced.zip(slot).is_some_and(|(draft, slot)| draft < slot)
    }

    /// Returns the places of the entries of one kind that count, by one device.
    pub fn entries_of(&self, kind: Kind, author: DeviceId) -> impl Iterator<Item = Position> + '_ {
        let numbered = (1..).map(Position::new).zip(&self.marks);
        let chosen = numbered
            .filter(move |(_, mark)| mark.valid && mark.kind == kind && mark.author == author);
        chosen.map(|(position, _)| position)
    }

    /// Returns where the envelope with this number stands.
    pub fn place_of(&self, number: Number) -> Option<Position> {
        let is_it = |mark: &Mark| (mark.author, mark.dev_inc, mark.dev_seq) == number;
        let index = self.marks.iter().position(is_it)?;
        u64::try_from(index).ok().map(|index| Position::new(index.saturating_add(1)))
    }

    /// Returns the drafts that were not signed.
    pub fn open_drafts(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let open = self.drafts.iter().filter(|(_, draft)| draft.closed.is_none());
        open.map(|(object, _)| *object)
    }

    /// Returns the drafts that were signed.
    pub fn signed_drafts(&self) -> impl Iterator<Item = ObjectId> + '_ {
        let signed = self.drafts.iter().filter(|(_, draft)| draft.closed.is_some());
        signed.map(|(object, _)| *object)
    }

    /// Returns whether the entry at a position counts.
    pub fn counts(&self, position: Position) -> bool {
        let index = position.get().checked_sub(1).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.marks.get(index)).is_some_and(|mark| mark.valid)
    }

    /// Returns how far the end of a draft is that was signed; `None` while it is open.
    pub fn ending(&self, object: ObjectId, state: &State, device: DeviceId) -> Option<Ending> {
        let closing = self.closings.of_draft(object)?;
        let acknowledged = closing.is_done_by(device);
        Some(Ending {
            close: closing.at(),
            acknowledged,
            awaited: !acknowledged && self.closings.awaits(closing, state, device),
            over: self.closings.is_over(object, state, self.rules()),
        })
    }

    /// Returns whether a device must append a slot before it seals here: an epoch of the newest
    /// slot is older than its ring's.
    pub fn needs_slot(&self, state: &State) -> bool {
        self.slot().is_none_or(|slot| {
            slot.epochs.iter().any(|(ring, epoch)| state.current_epoch(*ring) != Some(*epoch))
        })
    }

    /// Returns the newest practice entry that valid entries up to `seen` cite.
    pub(super) fn newest_cited(&self, seen: Position) -> PracticeSeq {
        let index = seen.get().checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let mark = index.and_then(|index| self.marks.get(index));
        mark.map_or(PracticeSeq::ZERO, |mark| mark.newest)
    }

    /// Returns whether a valid entry of another device, before `position`, cites `since`.
    pub(super) fn cites_before(
        &self,
        position: Position,
        since: PracticeSeq,
        not: DeviceId,
    ) -> bool {
        let count = usize::try_from(position.get().saturating_sub(1)).unwrap_or(usize::MAX);
        let mut before = self.marks.iter().take(count);
        before.any(|mark| mark.valid && mark.author != not && mark.cited >= since)
    }

    /// Returns the numbers of the entries after a position.
    pub(super) fn numbers_after(
        &self,
        position: Position,
    ) -> impl Iterator<Item = (DeviceId, DevInc, DevSeq)> + '_ {
        let skip = usize::try_from(position.get()).unwrap_or(usize::MAX);
        self.marks.iter().skip(skip).map(|mark| (mark.author, mark.dev_inc, mark.dev_seq))
    }

    /// Takes the next entry: its chain always, what it says only if it is valid.
    pub(super) fn take(
        &mut self,
        header: &Header,
        hash: Hash,
        body: Option<&ControlBody>,
        valid: bool,
    ) {
        let head = self.head().after(self.log, hash);
        let before = self.marks.last().map_or(PracticeSeq::ZERO, |mark| mark.newest);
        let cited = header.practice_head.seq;
        self.chains.push(head.chain);
        self.marks.push(Mark {
            author: header.author,
            dev_inc: header.dev_inc,
            dev_seq: header.dev_seq,
            cited,
            kind: header.kind,
            valid,
            newest: if valid { before.max(cited) } else { before },
        });
        if valid {
            let at = EntryRef { position: head.position, hash };
            self.closings.take(header, at, body, None);
            self.erasing.take(header, at, body);
            self.bases.take(header, at.position, body);
        }
        if let Some(body) = body.filter(|_| valid) {
            self.take_body(header.author, head.position, body);
        }
    }

    fn take_body(&mut self, author: DeviceId, position: Position, body: &ControlBody) {
        match body {
            ControlBody::Genesis { rules, slot, .. } => {
                self.rules.push((position, rules.clone()));
                self.take_slot(slot, position);
            }
            ControlBody::Access { rules, slot } => {
                self.rules.push((position, rules.clone()));
                if let Some(slot) = slot {
                    self.take_slot(slot, position);
                }
            }
            ControlBody::Slot(slot) => {
                self.take_slot(slot, position);
            }
            ControlBody::Draft { object, commitment } => {
                let (commitment, announced) = (*commitment, position);
                let draft = Draft { commitment, announced, closed: None, became: None };
                self.drafts.entry(*object).or_insert(draft);
            }
            ControlBody::Close { object, dev_inc, dev_seq } => {
                if let Some(draft) = self.drafts.get_mut(object)
                    && draft.closed.is_none()
                {
                    draft.closed = Some(position);
                    draft.became = Some((author, *dev_inc, *dev_seq));
                }
            }
            ControlBody::Acknowledge(_)
            | ControlBody::Erase { .. }
            | ControlBody::EraseRequest(_) => {}
        }
    }

    /// Returns the entries that counted when they came and no longer do, because a cut was learned
    /// since. A function of the log and the practice log alone.
    pub fn late(&self, state: &State) -> BTreeSet<Position> {
        let mut late = BTreeSet::new();
        let out = state.cut_devices();
        if !self.marks.iter().any(|mark| out.contains(&mark.author)) {
            return late;
        }
        // The newest practice entry that valid entries of each device have cited so far.
        let mut cited: BTreeMap<DeviceId, PracticeSeq> = BTreeMap::new();
        let numbered = (1..).map(Position::new).zip(&self.marks);
        for (position, mark) in numbered.filter(|(_, mark)| mark.valid) {
            let rules = self.rules.iter().take_while(|(from, _)| *from <= position);
            // An access entry is judged by the list before it, a genesis by its own.
            let rules = match mark.kind {
                Kind::Access => rules.take_while(|(from, _)| *from < position).last(),
                _ => rules.last(),
            };
            let rules = rules.map_or(&[][..], |(_, rules)| rules.as_slice());
            let counts = match state.standing(&self.header_of(mark, state), rules) {
                Err(_) => false,
                Ok(Standing::Free) => true,
                Ok(Standing::WithinCut { since, .. }) => {
                    !cited.iter().any(|(device, seq)| *device != mark.author && *seq >= since)
                }
            };
            if counts {
                let newest = cited.entry(mark.author).or_default();
                *newest = (*newest).max(mark.cited);
            } else {
                late.insert(position);
            }
        }
        late
    }

    /// These entries count no more.
    pub(super) fn annul(&mut self, late: &BTreeSet<Position>) {
        let mut newest = PracticeSeq::ZERO;
        for (position, mark) in (1..).map(Position::new).zip(&mut self.marks) {
            mark.valid &= !late.contains(&position);
            newest = if mark.valid { newest.max(mark.cited) } else { newest };
            mark.newest = newest;
        }
        for draft in self.drafts.values_mut() {
            draft.closed = draft.closed.filter(|closed| !late.contains(closed));
            draft.became = draft.became.filter(|_| draft.closed.is_some());
        }
        self.erasing.annul(late);
        self.bases.annul(late);
    }

    /// The header of an entry as far as its right to be here depends on it.
    fn header_of(&self, mark: &Mark, state: &State) -> Header {
        let hash = state.head_at(mark.cited).map_or(Hash::ZERO, |head| head.hash);
        Header {
            suite: SUITE_1,
            kind: mark.kind,
            flags: 0,
            practice: state.practice(),
            compartment: self.log,
            author: mark.author,
            dev_inc: mark.dev_inc,
            dev_seq: mark.dev_seq,
            prev_own: Hash::ZERO,
            practice_head: PracticeHead { seq: mark.cited, hash },
            slot_generation: SlotGeneration::ZERO,
            object: ObjectId::from_bytes([0; 16]),
            schema: 0,
            seen_pos: Position::ZERO,
            seen_chain: Hash::ZERO,
            salt: [0; 24],
            length: 0,
        }
    }
}
