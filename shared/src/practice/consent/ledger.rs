//! Which consents of a chart are one family, and what was said of each: kept as records come, so that a
//! new one costs what it names itself, and not all that there is.

use super::{ConsentAct, ConsentFact, ConsentKind, Says};
use crate::id::{DeviceId, RecordId, Timestamp};
use crate::practice::chart::{Headline, RecordFact};
use jiff::civil::Date;
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Records = BTreeMap<RecordId, RecordFact>;

/// What was said against the consents of a family: when, by which record, since which day.
pub(super) type Revocation = (Timestamp, RecordId, Date);

/// The ledger of a chart, which is made anew of all records at most once between one look at it and the
/// next, however many of them come, and in whichever order.
#[derive(Clone, Debug, Default)]
pub(in crate::practice) struct Kept {
    /// Nothing while it is to be made anew.
    ledger: OnceCell<Ledger>,
    /// How many entries those looked at that were made anew since, for tests.
    steps: Cell<usize>,
}

impl Kept {
    /// Returns the ledger of these records.
    pub(super) fn of(&self, records: &Records) -> &Ledger {
        self.ledger.get_or_init(|| Ledger::of(records))
    }

    /// Takes over a record that is new among the others, or leaves that to the next look.
    pub(in crate::practice) fn learn(&mut self, records: &Records, id: RecordId) {
        let learned = self.ledger.get_mut().is_none_or(|ledger| ledger.learn(records, id));
        if !learned {
            self.forget();
        }
    }

    /// Has it made anew by the next look: records that it was made of say something else now.
    pub(in crate::practice) fn forget(&mut self) {
        let steps = self.ledger.take().map_or(0, |ledger| ledger.steps.get());
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    /// Returns how many entries were looked at so far.
    #[cfg(test)]
    pub(in crate::practice) fn steps(&self) -> usize {
        self.steps.get() + self.ledger.get().map_or(0, |ledger| ledger.steps.get())
    }
}

/// It adds nothing to the records of which it is made.
impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

/// Everything that is said of the consents of a chart. It follows from the records.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Which consents belong together, each under one of them: what has no entry is alone.
    under: BTreeMap<RecordId, RecordId>,
    /// By the one that leads nowhere.
    families: BTreeMap<RecordId, Family>,
    /// Those that name a consent as what they renew.
    heirs: BTreeMap<RecordId, BTreeSet<RecordId>>,
    /// What was said last of whether a consent was a mistake, and all that was said of it.
    struck: BTreeMap<RecordId, (Timestamp, RecordId, bool)>,
    struck_by: BTreeMap<RecordId, BTreeSet<RecordId>>,
    taken_back: BTreeSet<RecordId>,
    /// How many entries were looked at, for tests.
    steps: Cell<usize>,
}

/// What is known of a family.
#[derive(Clone, Debug, Default)]
struct Family {
    consents: BTreeSet<RecordId>,
    /// What was said against it, also what was taken back, by the day since when.
    revoked: BTreeSet<(Date, Timestamp, RecordId)>,
    /// What of it was not taken back, the newest last.
    counts: BTreeSet<Revocation>,
    /// What its consents name as said against it.
    seen: BTreeSet<RecordId>,
    /// The records about it, and its consents that say themselves that they were taken back.
    acts: BTreeSet<RecordId>,
    ended: BTreeSet<RecordId>,
}

impl Family {
    fn size(&self) -> usize {
        self.consents.len() + self.revoked.len() + self.seen.len() + self.acts.len()
    }

    fn take(&mut self, other: Self) {
        self.consents.extend(other.consents);
        self.revoked.extend(other.revoked);
        self.counts.extend(other.counts);
        self.seen.extend(other.seen);
        self.acts.extend(other.acts);
        self.ended.extend(other.ended);
    }
}

pub(super) fn consents(records: &Records) -> impl Iterator<Item = (RecordId, &ConsentFact)> {
    records.iter().filter_map(|(id, fact)| match &fact.headline {
        Headline::Consent(consent) => Some((*id, consent)),
        _ => None,
    })
}

pub(super) fn consent(records: &Records, id: RecordId) -> Option<&ConsentFact> {
    match &records.get(&id)?.headline {
        Headline::Consent(consent) => Some(consent),
        _ => None,
    }
}

fn act(records: &Records, id: RecordId) -> Option<&ConsentAct> {
    match &records.get(&id)?.headline {
        Headline::ConsentAct(act) => Some(act),
        _ => None,
    }
}

pub(super) fn kind(records: &Records, id: RecordId) -> Option<ConsentKind> {
    consent(records, id).map(|fact| fact.kind)
}

impl Ledger {
    /// Makes it of all records.
    pub(super) fn of(records: &Records) -> Self {
        let mut ledger = Self::default();
        records.iter().for_each(|(id, fact)| ledger.take(records, *id, fact));
        ledger
    }

    /// Takes over a record that is new among the others; `false` if it is to be made anew instead.
    fn learn(&mut self, records: &Records, id: RecordId) -> bool {
        let Some(fact) = records.get(&id) else { return true };
        let heirs = self.heirs.get(&id).into_iter().flatten();
        // One of another kind renews nothing: what was joined through what is known only now is not.
        let parts = match &fact.headline {
            Headline::Consent(consent) => {
                heirs.into_iter().any(|heir| kind(records, *heir) != Some(consent.kind))
            }
            _ => false,
        };
        if !parts {
            self.take(records, id, fact);
        }
        !parts
    }

    fn take(&mut self, records: &Records, id: RecordId, fact: &RecordFact) {
        match &fact.headline {
            Headline::Consent(consent) => self.take_consent(records, id, (fact.time, consent)),
            Headline::ConsentAct(act) => self.take_act(records, id, (fact.time, act)),
            _ => {}
        }
    }

    fn take_consent(
        &mut self,
        records: &Records,
        id: RecordId,
        (time, fact): (Timestamp, &ConsentFact),
    ) {
        for earlier in &fact.renews {
            self.step();
            self.heirs.entry(*earlier).or_default().insert(id);
            // One of another kind renews nothing; one that is not there any more still joins its heirs.
            if kind(records, *earlier).is_none_or(|kind| kind == fact.kind) {
                self.join(id, *earlier);
            }
        }
        let stands = !self.taken_back.contains(&id);
        let family = self.family_mut(id);
        family.consents.insert(id);
        family.seen.extend(&fact.seen);
        if let Some(date) = fact.revoked {
            family.revoked.insert((date, time, id));
            family.ended.insert(id);
            if stands {
                family.counts.insert((time, id, date));
            }
        }
    }

    fn take_act(&mut self, records: &Records, id: RecordId, (time, act): (Timestamp, &ConsentAct)) {
        for target in &act.targets {
            self.step();
            match act.says {
                Says::Struck(says) => {
                    let said = (time, id, says);
                    let known = self.struck.entry(*target).or_insert(said);
                    *known = (*known).max(said);
                    self.struck_by.entry(*target).or_default().insert(id);
                }
                Says::Revoked(date) => {
                    let stands = !self.taken_back.contains(&id);
                    let family = self.family_mut(*target);
                    family.acts.insert(id);
                    family.revoked.insert((date, time, id));
                    if stands {
                        family.counts.insert((time, id, date));
                    }
                }
                Says::Unrevoked => {
                    self.family_mut(*target).acts.insert(id);
                    self.taken_back.insert(*target);
                }
            }
        }
        if act.says == Says::Unrevoked {
            act.targets.iter().for_each(|target| self.lift(records, *target));
        }
    }

    /// Something that was said against families counts no more.
    fn lift(&mut self, records: &Records, id: RecordId) {
        let Some(fact) = records.get(&id) else { return };
        let (of, date) = match &fact.headline {
            Headline::ConsentAct(ConsentAct { targets, says: Says::Revoked(date), .. }) => {
                (targets.as_slice(), *date)
            }
            Headline::Consent(ConsentFact { revoked: Some(date), .. }) => {
                (std::slice::from_ref(&id), *date)
            }
            _ => return,
        };
        for one in of {
            self.step();
            self.family_mut(*one).counts.remove(&(fact.time, id, date));
        }
    }

    fn step(&self) {
        self.steps.set(self.steps.get().saturating_add(1));
    }

    pub(super) fn root(&self, id: RecordId) -> RecordId {
        let mut root = id;
        while let Some(next) = self.under.get(&root) {
            root = *next;
            self.step();
        }
        root
    }

    pub(super) fn roots(&self, ids: &[RecordId]) -> BTreeSet<RecordId> {
        ids.iter().map(|id| self.root(*id)).collect()
    }

    /// The smaller family goes under the larger: no way to a root is long, and nothing is moved often.
    fn join(&mut self, one: RecordId, other: RecordId) {
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return;
        }
        let size = |root| self.families.get(&root).map_or(0, Family::size);
        let (small, large) = if size(one) <= size(other) { (one, other) } else { (other, one) };
        self.under.insert(small, large);
        let moved = self.families.remove(&small).unwrap_or_default();
        self.steps.set(self.steps.get() + moved.size());
        self.families.entry(large).or_default().take(moved);
    }

    fn family_mut(&mut self, id: RecordId) -> &mut Family {
        let root = self.root(id);
        self.families.entry(root).or_default()
    }

    fn family(&self, id: RecordId) -> Option<&Family> {
        self.families.get(&self.root(id))
    }

    pub(super) fn is_struck(&self, consent: RecordId) -> bool {
        self.struck.get(&consent).is_some_and(|(_, _, struck)| *struck)
    }

    /// What ends a consent, the newest first. To find the first, no more is looked at than the
    /// consent itself names.
    pub(super) fn against<'a>(
        &'a self,
        id: RecordId,
        fact: &'a ConsentFact,
    ) -> impl Iterator<Item = Revocation> + 'a {
        let counts = self.family(id).map(|family| &family.counts);
        let counts = counts.filter(|counts| !counts.is_empty());
        let seen: BTreeSet<RecordId> = match counts {
            None => BTreeSet::new(),
            Some(_) => fact.seen.iter().copied().collect(),
        };
        self.steps.set(self.steps.get() + seen.len());
        let all = counts.into_iter().flat_map(|counts| counts.iter().rev());
        let all = all.inspect(|_| self.step()).copied();
        all.filter(move |(_, act, _)| *act == id || !seen.contains(act))
    }

    /// The newest day on which a consent was renewed.
    pub(super) fn renewed(&self, records: &Records, id: RecordId) -> Option<Date> {
        let own = kind(records, id)?;
        let heirs = self.heirs.get(&id)?.iter().inspect(|_| self.step());
        // One of another kind takes the place of none.
        let days = heirs.filter_map(|heir| {
            let fact = consent(records, *heir)?;
            let renews = !fact.refused && fact.kind == own && !self.is_struck(*heir);
            renews.then_some(fact.given)
        });
        days.max()
    }

    /// Returns the consents of a family.
    pub(super) fn consents_of(&self, id: RecordId) -> impl Iterator<Item = RecordId> + '_ {
        self.family(id).into_iter().flat_map(|family| family.consents.iter().copied())
    }

    /// Returns what was said against a family since a day no later than this one, or is named as that
    /// by one of it: what still counts first, and of that the newest first.
    pub(super) fn said_against(&self, id: RecordId, until: Date) -> Vec<RecordId> {
        let Some(family) = self.family(id) else { return Vec::new() };
        let early = family.revoked.iter().take_while(|(date, ..)| *date <= until);
        let early = early.inspect(|_| self.step());
        let mut said: Vec<_> =
            early.map(|(_, time, act)| (!self.taken_back.contains(act), *time, *act)).collect();
        said.sort_unstable();
        let mut acts: Vec<RecordId> = said.into_iter().rev().map(|(.., act)| act).collect();
        // What is known of them says by itself since when.
        let known = |id: &&RecordId| family.acts.contains(*id) || family.ended.contains(*id);
        acts.extend(family.seen.iter().inspect(|_| self.step()).filter(|id| !known(id)));
        acts
    }

    /// Returns what other devices said of a consent or of its family, and the consents of that which
    /// say themselves that they were taken back.
    pub(super) fn heard_of(
        &self,
        records: &Records,
        consent: RecordId,
        own: DeviceId,
    ) -> BTreeSet<RecordId> {
        let family = self.family(consent);
        let acts = family.into_iter().flat_map(|family| &family.acts);
        let acts = acts.chain(self.struck_by.get(&consent).into_iter().flatten());
        let theirs = acts
            .inspect(|_| self.step())
            .filter(|id| act(records, **id).is_some_and(|act| act.device != own));
        let ended = family.into_iter().flat_map(|family| &family.ended);
        theirs.chain(ended).copied().collect()
    }
}
