//! Corrections: a signed note that takes the place of another, which stays readable (45 CFR 164.526).
//!
//! What a record says of itself is not believed further than it makes sense: a correction of what is
//! not here, of what only adds to a note, or of what corrects it in turn stands on its own, so that
//! nothing is out of sight because of it. Of several corrections of one note none hides another.

use super::{Chart, Headline, RecordFact};
use crate::id::{ObjectId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Which notes of a chart take the place of which.
#[derive(Debug, Default)]
pub(in super::super) struct Corrections {
    /// What each correction takes the place of.
    of: BTreeMap<RecordId, RecordId>,
    /// The other way round.
    by: BTreeMap<RecordId, BTreeSet<RecordId>>,
}

/// How a note stands among its corrections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) struct Standing {
    /// The note that was signed first.
    pub(in super::super) first: RecordId,
    /// How many other corrections stand beside it, since nobody knew of the other.
    pub(in super::super) beside: u32,
}

impl Corrections {
    /// Returns what a correction takes the place of.
    pub(in super::super) fn before(&self, note: RecordId) -> Option<RecordId> {
        self.of.get(&note).copied()
    }

    /// Returns the corrections that take the place of a note at once.
    pub(in super::super) fn after(&self, note: RecordId) -> impl Iterator<Item = RecordId> {
        self.by.get(&note).into_iter().flatten().copied()
    }

    /// Whether another note stands in the place of this one.
    pub(in super::super) fn is_replaced(&self, note: RecordId) -> bool {
        self.by.contains_key(&note)
    }

    /// Returns a note and all that it takes the place of, the nearest first.
    pub(in super::super) fn back_from(&self, note: RecordId) -> Vec<RecordId> {
        // There are no circles in `of`.
        std::iter::successors(Some(note), |note| self.before(*note)).collect()
    }

    /// Returns the note that was signed first, and all that takes its place at any remove.
    pub(in super::super) fn all_of(&self, note: RecordId) -> BTreeSet<RecordId> {
        let first = self.back_from(note).pop().unwrap_or(note);
        let (mut all, mut next) = (BTreeSet::new(), vec![first]);
        while let Some(note) = next.pop() {
            all.insert(note);
            next.extend(self.after(note));
        }
        all
    }

    /// Returns what stands in the end in the place of a note: itself, if nothing does.
    pub(in super::super) fn ends_of(&self, note: RecordId) -> Vec<RecordId> {
        let (mut ends, mut next) = (Vec::new(), vec![note]);
        while let Some(note) = next.pop() {
            if !self.is_replaced(note) {
                ends.push(note);
            }
            next.extend(self.after(note));
        }
        ends
    }

    /// Returns how a note stands that takes the place of another and that nothing has replaced.
    pub(in super::super) fn standing(&self, note: RecordId) -> Option<Standing> {
        self.before(note).filter(|_| !self.is_replaced(note))?;
        let first = self.back_from(note).pop()?;
        let beside = u32::try_from(self.ends_of(first).len() - 1).unwrap_or(u32::MAX);
        Some(Standing { first, beside })
    }
}

impl Chart {
    /// Returns which notes take the place of which.
    pub(in super::super) fn corrections(&self) -> Corrections {
        self.corrections_among(&self.signed_drafts())
    }

    pub(super) fn corrections_among(&self, signed: &BTreeMap<ObjectId, RecordId>) -> Corrections {
        let stands = |id: RecordId| self.adds_to_among(signed, id).is_none();
        let of = self.records.iter().filter_map(|(id, fact)| match &fact.headline {
            Headline::Note(note) => Some((*id, note.corrects?)),
            _ => None,
        });
        let is_note = |id: &RecordId| {
            matches!(self.records.get(id).map(|fact| &fact.headline), Some(Headline::Note(_)))
        };
        let of = of.filter(|(id, old)| is_note(old) && stands(*old) && stands(*id));
        let of = without_circles(of.collect());
        let mut by: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
        for (new, old) in &of {
            by.entry(*old).or_default().insert(*new);
        }
        Corrections { of, by }
    }

    /// Returns the newest of what stands in the place of a note in the end.
    pub(in super::super) fn newest_of(
        &self,
        corrections: &Corrections,
        note: RecordId,
    ) -> RecordId {
        let ends = corrections.ends_of(note).into_iter();
        let time = |id: &RecordId| self.records.get(id).map(|fact| fact.time);
        ends.max_by_key(|id| (time(id), *id)).unwrap_or(note)
    }

    /// Returns when a note was signed; of a correction, when the first was.
    pub(in super::super) fn first_signed(
        &self,
        corrections: &Corrections,
        note: RecordId,
    ) -> Option<Timestamp> {
        let first = corrections.back_from(note).pop()?;
        self.records.get(&first).map(RecordFact::first_signed)
    }
}

/// Leaves out what corrects itself at some remove: only a device that lies makes that.
fn without_circles(of: BTreeMap<RecordId, RecordId>) -> BTreeMap<RecordId, RecordId> {
    let (mut ends, mut circular) = (BTreeSet::new(), BTreeSet::new());
    for start in of.keys() {
        let (mut path, mut on_path, mut at) = (Vec::new(), BTreeSet::new(), *start);
        while !ends.contains(&at) && on_path.insert(at) {
            path.push(at);
            match of.get(&at) {
                Some(next) => at = *next,
                None => break,
            }
        }
        if !ends.contains(&at) && of.contains_key(&at) {
            // It came back to where it has been: from there on it is a circle.
            circular.extend(path.iter().copied().skip_while(|one| *one != at));
        }
        ends.extend(path);
    }
    of.into_iter().filter(|(new, _)| !circular.contains(new)).collect()
}
