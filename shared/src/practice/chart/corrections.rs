//! Corrections: a signed note that takes the place of another, which stays readable (45 CFR 164.526).
//!
//! What a record says of itself is not believed further than it makes sense: a correction of what is
//! not here, of what only adds to a note, or of what corrects it in turn stands on its own, so that
//! nothing is out of sight because of it. Of several corrections of one note none hides another, until
//! one is signed that names them all: it is believed of those that lead back to the same note, and are
//! nearer to that than the first which it names.
//!
//! All that is asked of them is worked out in one go, each record being looked at once.

use super::{Chart, Headline, RecordFact};
use crate::id::{ObjectId, RecordId, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// So many versions behind one are looked through for what was added, where several were replaced at once.
const BEHIND_MAX: usize = 256;

/// Which notes of a chart take the place of which.
#[derive(Debug, Default)]
pub(in super::super) struct Corrections {
    /// What each correction takes the place of, the first that it names first.
    of: BTreeMap<RecordId, Vec<RecordId>>,
    /// The other way round.
    by: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// Of each version the note that was signed first, and how many corrections lie between the two.
    from: BTreeMap<RecordId, (RecordId, u32)>,
    /// The newest of what stands in the place of each in the end.
    newest: BTreeMap<RecordId, RecordId>,
    /// How many stand in the place of what was signed first, in the end.
    ends: BTreeMap<RecordId, u32>,
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
    pub(in super::super) fn before(&self, note: RecordId) -> impl Iterator<Item = RecordId> {
        self.of.get(&note).into_iter().flatten().copied()
    }

    /// Returns the corrections that take the place of a note at once.
    pub(in super::super) fn after(&self, note: RecordId) -> impl Iterator<Item = RecordId> {
        self.by.get(&note).into_iter().flatten().copied()
    }

    /// Whether another note stands in the place of this one.
    pub(in super::super) fn is_replaced(&self, note: RecordId) -> bool {
        self.by.contains_key(&note)
    }

    /// Returns the note that was signed first.
    pub(in super::super) fn first_of(&self, note: RecordId) -> RecordId {
        self.from.get(&note).map_or(note, |(first, _)| *first)
    }

    /// How many corrections lie between a version and the note that was signed first.
    fn depth(&self, note: RecordId) -> u32 {
        self.from.get(&note).map_or(0, |(_, depth)| *depth)
    }

    /// Returns a note and all that it takes the place of: itself first, and each before what it replaces.
    pub(in super::super) fn back_from(&self, note: RecordId) -> Vec<RecordId> {
        self.behind(note, usize::MAX)
    }

    /// The same, of so many at most.
    pub(in super::super) fn behind(&self, note: RecordId, most: usize) -> Vec<RecordId> {
        let (mut back, mut next) = (BTreeSet::new(), BTreeSet::from([(self.depth(note), note)]));
        while let Some((depth, one)) = next.pop_last().filter(|_| back.len() < most) {
            steps::one();
            if back.insert((Reverse(depth), one)) {
                next.extend(self.before(one).map(|one| (self.depth(one), one)));
            }
        }
        back.into_iter().map(|(_, one)| one).collect()
    }

    /// Returns the note that was signed first, and all that takes its place at any remove.
    pub(in super::super) fn all_of(&self, note: RecordId) -> BTreeSet<RecordId> {
        self.beyond(&BTreeSet::from([self.first_of(note)]))
    }

    /// Returns these, and all that takes their place at any remove.
    fn beyond(&self, notes: &BTreeSet<RecordId>) -> BTreeSet<RecordId> {
        let (mut all, mut next) = (BTreeSet::new(), Vec::from_iter(notes.iter().copied()));
        while let Some(note) = next.pop() {
            steps::one();
            if all.insert(note) {
                next.extend(self.after(note));
            }
        }
        all
    }

    /// Returns what stands in the end in the place of these notes: themselves, if nothing does.
    pub(in super::super) fn ends_of(&self, notes: &BTreeSet<RecordId>) -> BTreeSet<RecordId> {
        let mut ends = self.beyond(notes);
        ends.retain(|note| !self.is_replaced(*note));
        ends
    }

    /// Returns the newest of what stands in the place of a note in the end.
    pub(in super::super) fn newest_of(&self, note: RecordId) -> RecordId {
        steps::one();
        self.newest.get(&note).copied().unwrap_or(note)
    }

    /// Returns how a note stands that takes the place of another and that nothing has replaced.
    pub(in super::super) fn standing(&self, note: RecordId) -> Option<Standing> {
        steps::one();
        self.before(note).next().filter(|_| !self.is_replaced(note))?;
        let first = self.first_of(note);
        let beside = self.ends.get(&first).map_or(0, |ends| ends.saturating_sub(1));
        Some(Standing { first, beside })
    }

    /// Puts first what leads back to the note that was signed first over the most corrections: so it is
    /// believed of all of these, if one correction names them.
    pub(in super::super) fn in_order(&self, notes: &BTreeSet<RecordId>) -> Vec<RecordId> {
        let mut notes = Vec::from_iter(notes.iter().copied());
        notes.sort_by_key(|note| (Reverse(self.depth(*note)), *note));
        notes
    }

    /// Sums up for each version what is said of it and of all that it takes the place of.
    pub(super) fn summed(&self, of: &BTreeMap<RecordId, u32>) -> BTreeMap<RecordId, u32> {
        let own = |note: &RecordId| of.get(note).copied().unwrap_or_default();
        let mut sums = of.clone();
        let mut order: Vec<_> =
            self.from.iter().map(|(note, (_, depth))| (*depth, *note)).collect();
        order.sort_unstable();
        for (_, note) in order {
            steps::one();
            let before = self.of.get(&note).map(Vec::as_slice).unwrap_or_default();
            let sum: u32 = match before {
                [] => own(&note),
                [one] => own(&note).saturating_add(sums.get(one).copied().unwrap_or_default()),
                _ => self.behind(note, BEHIND_MAX).iter().map(own).sum(),
            };
            sums.insert(note, sum);
        }
        sums
    }
}

impl Chart {
    /// Returns which notes take the place of which.
    pub(in super::super) fn corrections(&self) -> Corrections {
        self.corrections_among(&self.signed_drafts())
    }

    pub(in super::super) fn corrections_among(
        &self,
        signed: &BTreeMap<ObjectId, RecordId>,
    ) -> Corrections {
        let stands = |id: &RecordId| {
            matches!(self.records.get(id).map(|fact| &fact.headline), Some(Headline::Note(_)))
                && self.adds_to_among(signed, *id).is_none()
        };
        let mut named: BTreeMap<RecordId, &[RecordId]> = BTreeMap::new();
        for (id, fact) in &self.records {
            steps::one();
            if let Headline::Note(note) = &fact.headline
                && !note.corrects.is_empty()
                && stands(id)
            {
                named.insert(*id, &note.corrects);
            }
        }
        let first = named.iter().filter_map(|(id, old)| Some((*id, *old.first()?)));
        let first = without_circles(first.filter(|(_, old)| stands(old)).collect());
        let from = places(&first);
        let mut of: BTreeMap<RecordId, Vec<RecordId>> = BTreeMap::new();
        for (new, old) in first {
            let place = from.get(&new);
            // What is nearer to the same first note closes no circle.
            let nearer = |one: &RecordId| match (from.get(one), place) {
                (Some((other, depth)), Some((own, below))) => other == own && depth < below,
                _ => false,
            };
            let others = named.get(&new).into_iter().flat_map(|old| old.iter().skip(1));
            let others = others.copied().filter(|one| *one != old && nearer(one));
            of.insert(new, std::iter::once(old).chain(others).collect());
        }
        let mut by: BTreeMap<RecordId, BTreeSet<RecordId>> = BTreeMap::new();
        for (new, old) in of.iter().flat_map(|(new, all)| all.iter().map(move |old| (new, old))) {
            by.entry(*old).or_default().insert(*new);
        }
        let mut corrections = Corrections { of, by, from, ..Corrections::default() };
        corrections.find_ends(|note| self.records.get(&note).map(|fact| fact.time));
        corrections
    }

    /// Returns when a note was signed; of a correction, when the first was.
    pub(in super::super) fn first_signed(
        &self,
        corrections: &Corrections,
        note: RecordId,
    ) -> Option<Timestamp> {
        self.records.get(&corrections.first_of(note)).map(RecordFact::first_signed)
    }
}

impl Corrections {
    /// Finds out what stands in the place of each in the end: of the farthest from the first note first.
    fn find_ends(&mut self, time: impl Fn(RecordId) -> Option<Timestamp>) {
        let mut order: Vec<_> =
            self.from.iter().map(|(note, (first, depth))| (*depth, *note, *first)).collect();
        order.sort_unstable();
        for (_, note, first) in order.into_iter().rev() {
            steps::one();
            let ends = self.after(note).filter_map(|one| self.newest.get(&one).copied());
            match ends.max_by_key(|one| (time(*one), *one)) {
                Some(newest) => drop(self.newest.insert(note, newest)),
                None => {
                    self.newest.insert(note, note);
                    *self.ends.entry(first).or_default() += 1;
                }
            }
        }
    }
}

/// Leaves out what corrects itself at some remove: only a device that lies makes that.
fn without_circles(of: BTreeMap<RecordId, RecordId>) -> BTreeMap<RecordId, RecordId> {
    let (mut ends, mut circular) = (BTreeSet::new(), BTreeSet::new());
    for start in of.keys() {
        let (mut path, mut on_path, mut at) = (Vec::new(), BTreeSet::new(), *start);
        while !ends.contains(&at) && on_path.insert(at) {
            steps::one();
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

/// Where each version stands: the note that was signed first, and the corrections between the two. There
/// are no circles in `of`.
fn places(of: &BTreeMap<RecordId, RecordId>) -> BTreeMap<RecordId, (RecordId, u32)> {
    let mut places: BTreeMap<RecordId, (RecordId, u32)> = BTreeMap::new();
    for start in of.keys() {
        let (mut path, mut at) = (Vec::new(), *start);
        let (first, mut depth) = loop {
            steps::one();
            if let Some((first, depth)) = places.get(&at) {
                break (*first, depth + 1);
            }
            path.push(at);
            match of.get(&at) {
                Some(before) => at = *before,
                None => break (at, 0),
            }
        };
        for one in path.into_iter().rev() {
            places.insert(one, (first, depth));
            depth += 1;
        }
    }
    places
}

/// Counts how often a record is looked at, for a test that compares a few with many.
pub(in super::super) mod steps {
    #[cfg(test)]
    thread_local! {
        static TAKEN: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }

    #[cfg_attr(not(test), expect(clippy::missing_const_for_fn, reason = "tests count"))]
    pub(in super::super::super) fn one() {
        #[cfg(test)]
        TAKEN.with(|taken| taken.set(taken.get() + 1));
    }

    /// Returns how many steps `act` takes.
    #[cfg(test)]
    pub(in super::super::super) fn of<T>(act: impl FnOnce() -> T) -> u64 {
        let before = TAKEN.with(std::cell::Cell::get);
        act();
        TAKEN.with(std::cell::Cell::get) - before
    }
}
