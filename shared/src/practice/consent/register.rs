//! What became of each consent of a chart: whether it holds, was renewed, taken back, or struck.
//!
//! A consent and what renews it are a family. To take one back ends all of them, for good: what is
//! struck or erased later lets nothing hold again, and a renewal holds only if it names all that was
//! said against its family before, which proves that its writer knew. No clock decides that.

use super::{ConsentAct, ConsentEnd, ConsentFact, ConsentRow, Says};
use crate::id::{DeviceId, RecordId, Timestamp};
use crate::practice::chart::{Headline, RecordFact};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

type Records = BTreeMap<RecordId, RecordFact>;

/// One consent of a chart, and what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::practice) struct Known {
    pub(in crate::practice) row: ConsentRow,
    pub(in crate::practice) struck: bool,
    pub(in crate::practice) renews: Option<RecordId>,
    /// Where it stands in a timeline.
    pub(in crate::practice) day: Timestamp,
    /// The record that revoked it.
    pub(super) revocation: Option<RecordId>,
}

/// Which consents belong together, each under one of them: what has no entry is alone.
#[derive(Default)]
struct Families {
    under: BTreeMap<RecordId, RecordId>,
    /// How many steps it took to find out, for tests.
    steps: usize,
}

impl Families {
    /// One of another kind renews nothing; one that is not there any more still joins its heirs.
    fn of(records: &Records) -> Self {
        let mut families = Self::default();
        for (id, fact) in consents(records) {
            for earlier in &fact.renews {
                if kind(records, *earlier).is_none_or(|kind| kind == fact.kind) {
                    let (one, other) = (families.root(id), families.root(*earlier));
                    // Only what leads nowhere is led on: there is no circle.
                    if one != other {
                        families.under.insert(one, other);
                    }
                }
            }
        }
        families
    }

    fn root(&mut self, id: RecordId) -> RecordId {
        let mut root = id;
        while let Some(next) = self.under.get(&root) {
            root = *next;
            self.steps += 1;
        }
        let mut at = id;
        while let Some(next) = self.under.get(&at).copied().filter(|_| at != root) {
            self.under.insert(at, root);
            at = next;
        }
        root
    }

    fn roots(&mut self, ids: &[RecordId]) -> BTreeSet<RecordId> {
        ids.iter().map(|id| self.root(*id)).collect()
    }
}

fn consents(records: &Records) -> impl Iterator<Item = (RecordId, &ConsentFact)> {
    records.iter().filter_map(|(id, fact)| match &fact.headline {
        Headline::Consent(consent) => Some((*id, consent)),
        _ => None,
    })
}

fn acts(records: &Records) -> impl Iterator<Item = (RecordId, Timestamp, &ConsentAct)> {
    records.iter().filter_map(|(id, fact)| match &fact.headline {
        Headline::ConsentAct(act) => Some((*id, fact.time, act)),
        _ => None,
    })
}

fn kind(records: &Records, id: RecordId) -> Option<super::ConsentKind> {
    match &records.get(&id)?.headline {
        Headline::Consent(consent) => Some(consent.kind),
        _ => None,
    }
}

/// What was said against the consents of a family: when, by which record, since which day.
type Revocation = (Timestamp, RecordId, Date);

/// Everything that is said of the consents of a chart.
struct Said {
    families: Families,
    struck: BTreeMap<RecordId, (Timestamp, RecordId, bool)>,
    /// By the root of a family; also what was taken back.
    revoked: BTreeMap<RecordId, BTreeSet<Revocation>>,
    taken_back: BTreeSet<RecordId>,
    /// What of it was not taken back, the newest last.
    counts: BTreeMap<RecordId, Vec<Revocation>>,
}

impl Said {
    fn of(records: &Records) -> Self {
        let mut families = Families::of(records);
        let mut struck = BTreeMap::new();
        let mut revoked: BTreeMap<RecordId, BTreeSet<Revocation>> = BTreeMap::new();
        let mut taken_back = BTreeSet::new();
        for (id, time, act) in acts(records) {
            match act.says {
                Says::Struck(says) => {
                    for target in &act.targets {
                        let said = (time, id, says);
                        let known = struck.entry(*target).or_insert(said);
                        *known = (*known).max(said);
                    }
                }
                Says::Revoked(date) => {
                    for root in families.roots(&act.targets) {
                        revoked.entry(root).or_default().insert((time, id, date));
                    }
                }
                Says::Unrevoked => taken_back.extend(act.targets.iter().copied()),
            }
        }
        for (id, fact) in consents(records) {
            if let (Some(date), Some(known)) = (fact.revoked, records.get(&id)) {
                let root = families.root(id);
                revoked.entry(root).or_default().insert((known.time, id, date));
            }
        }
        let standing = |all: &BTreeSet<Revocation>| {
            all.iter().filter(|(_, act, _)| !taken_back.contains(act)).copied().collect()
        };
        let counts = revoked.iter().map(|(root, all)| (*root, standing(all))).collect();
        Self { families, struck, revoked, taken_back, counts }
    }

    fn is_struck(&self, consent: RecordId) -> bool {
        self.struck.get(&consent).is_some_and(|(_, _, struck)| *struck)
    }

    /// What ends a consent, the newest first. To find the first, no more is looked at than the
    /// consent itself names.
    fn against<'a>(
        &'a mut self,
        id: RecordId,
        fact: &'a ConsentFact,
    ) -> impl Iterator<Item = Revocation> {
        let root = self.families.root(id);
        let Self { families: Families { steps, .. }, counts, .. } = self;
        let counts = counts.get(&root).map(Vec::as_slice).unwrap_or_default();
        let seen: BTreeSet<RecordId> = match counts {
            [] => BTreeSet::new(),
            _ => fact.seen.iter().copied().collect(),
        };
        *steps += seen.len();
        let all = counts.iter().rev().inspect(|_| *steps += 1).copied();
        all.filter(move |(_, act, _)| *act == id || !seen.contains(act))
    }
}

/// Returns the consents of a chart, each with what became of it: those that hold first, those that
/// were struck last.
pub(in crate::practice) fn register(records: &Records) -> Vec<Known> {
    register_by(&mut Said::of(records), records)
}

fn register_by(said: &mut Said, records: &Records) -> Vec<Known> {
    // The newest day on which each was renewed.
    let mut renewed: BTreeMap<RecordId, Date> = BTreeMap::new();
    for (_, fact) in consents(records).filter(|(id, fact)| !fact.refused && !said.is_struck(*id)) {
        // One of another kind takes the place of none.
        let same = |earlier: &&RecordId| kind(records, **earlier) == Some(fact.kind);
        for earlier in fact.renews.iter().filter(same) {
            let day = renewed.entry(*earlier).or_insert(fact.given);
            *day = (*day).max(fact.given);
        }
    }
    let mut known: Vec<Known> = consents(records)
        .map(|(id, fact)| {
            let last = said.against(id, fact).next();
            // It was not taken back before it was given.
            let date = last.map(|(_, _, date)| date.max(fact.given));
            let end = match (fact.refused, date, renewed.get(&id)) {
                (true, ..) => Some(ConsentEnd::Refused),
                (_, Some(date), _) => Some(ConsentEnd::Revoked(date)),
                (_, None, Some(date)) => Some(ConsentEnd::Renewed(*date)),
                (_, None, None) => None,
            };
            let (kind, given, until) = (fact.kind, fact.given, fact.until);
            let row = ConsentRow { record: id, kind, given, until, end };
            let (struck, renews) = (said.is_struck(id), fact.renews.first().copied());
            let revocation = last.map(|(_, record, _)| record);
            Known { row, struck, renews, day: fact.day, revocation }
        })
        .collect();
    known.sort_by_key(|one| {
        let rank = match (one.struck, one.row.end) {
            (true, _) => 3,
            (_, None) => 0,
            (_, Some(ConsentEnd::Refused)) => 1,
            (_, Some(_)) => 2,
        };
        let row = &one.row;
        (rank, row.kind.number(), std::cmp::Reverse(row.given), row.record)
    });
    known
}

/// What a new record about a family has to name.
#[derive(Default)]
pub(super) struct Family {
    /// Its consents without those that were refused, the newest first.
    pub(super) consents: Vec<RecordId>,
    /// Those that one of them renewed, the nearest first, and itself before them.
    pub(super) before: Vec<RecordId>,
    /// What was said against it, or is named as that by one of it, and since which day: what still
    /// counts first, and of that the newest first.
    pub(super) acts: Vec<(RecordId, Option<Date>)>,
    /// What ends that one.
    pub(super) against: Vec<RecordId>,
}

impl Family {
    pub(super) fn of(records: &Records, one: RecordId) -> Self {
        let mut said = Said::of(records);
        let Some(Headline::Consent(fact)) = records.get(&one).map(|known| &known.headline) else {
            return Self::default();
        };
        let root = said.families.root(one);
        let mut members = Vec::new();
        for (id, fact) in consents(records) {
            if said.families.root(id) == root
                && let Some(known) = records.get(&id)
            {
                members.push((known.time, id, fact));
            }
        }
        members.sort_unstable_by_key(|(time, id, _)| std::cmp::Reverse((*time, *id)));
        let mut before = vec![one];
        before.extend(fact.renews.iter().filter(|id| **id != one));
        let all = said.revoked.get(&root).into_iter().flatten().rev();
        let (gone, mut acts): (Vec<_>, Vec<_>) = all
            .map(|(_, id, date)| (*id, Some(*date)))
            .partition(|(id, _)| said.taken_back.contains(id));
        acts.extend(gone);
        let mut known: BTreeSet<RecordId> = acts.iter().map(|(id, _)| *id).collect();
        let seen = members.iter().flat_map(|(_, _, fact)| &fact.seen);
        acts.extend(seen.filter(|id| known.insert(**id)).map(|id| (*id, None)));
        let given = members.iter().filter(|(_, _, fact)| !fact.refused);
        let against = said.against(one, fact).map(|(_, id, _)| id).collect();
        Self { consents: given.map(|(_, id, _)| *id).collect(), before, acts, against }
    }
}

/// Returns the consents of all families of these, without those that were refused, the newest first.
pub(super) fn families_of(records: &Records, these: &BTreeSet<RecordId>) -> Vec<RecordId> {
    let mut families = Families::of(records);
    let roots: BTreeSet<RecordId> = these.iter().map(|id| families.root(*id)).collect();
    let given = consents(records).filter(|(_, fact)| !fact.refused);
    let of = given.filter(|(id, _)| roots.contains(&families.root(*id)));
    let mut of: Vec<_> = of.map(|(id, _)| (records.get(&id).map(|fact| fact.time), id)).collect();
    of.sort_unstable();
    of.into_iter().rev().map(|(_, id)| id).collect()
}

/// Returns what goes when a consent is erased, while `gone` are to go as well: that it was struck,
/// and what was said against its family once no other one of that is left.
pub(in crate::practice) fn going_with(
    records: &Records,
    consent: RecordId,
    gone: &BTreeSet<RecordId>,
) -> Vec<RecordId> {
    if acts(records).next().is_none() {
        return Vec::new();
    }
    let mut families = Families::of(records);
    let own = families.root(consent);
    let left = consents(records).filter(|(id, _)| *id != consent && !gone.contains(id));
    let left: BTreeSet<RecordId> = left.map(|(id, _)| families.root(id)).collect();
    let mut goes = |act: &ConsentAct| match act.says {
        Says::Struck(_) => act.targets.contains(&consent),
        Says::Revoked(_) | Says::Unrevoked => {
            let roots = families.roots(&act.targets);
            roots.contains(&own) && roots.is_disjoint(&left)
        }
    };
    acts(records).filter(|(_, _, act)| goes(act)).map(|(id, ..)| id).collect()
}

/// Returns what other devices said of a consent or of its family, and the consents of that which say
/// themselves that they were taken back: whoever undoes a revocation lifts no other.
pub(in crate::practice) fn heard_of(
    records: &Records,
    consent: RecordId,
    own: DeviceId,
) -> BTreeSet<RecordId> {
    let mut families = Families::of(records);
    let root = families.root(consent);
    let mut about = |act: &ConsentAct| match act.says {
        Says::Struck(_) => act.targets.contains(&consent),
        Says::Revoked(_) | Says::Unrevoked => families.roots(&act.targets).contains(&root),
    };
    let theirs = acts(records).filter(|(_, _, act)| act.device != own && about(act));
    let mut heard: BTreeSet<RecordId> = theirs.map(|(id, ..)| id).collect();
    let ended = consents(records).filter(|(_, fact)| fact.revoked.is_some());
    heard.extend(ended.map(|(id, _)| id).filter(|id| families.root(*id) == root));
    heard
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::consent::ConsentKind;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 1);

    fn id(number: u128) -> RecordId {
        RecordId::from_bytes(number.to_be_bytes())
    }

    fn fact(number: u128, headline: Headline) -> RecordFact {
        RecordFact { time: Timestamp::from_millis(i64::try_from(number).unwrap()), headline }
    }

    /// So many consents, each a renewal of the one before, each taken back so many times, and each
    /// naming what was said last before it.
    fn chart(consents: u128, acts: u128) -> Records {
        let mut records = Records::new();
        for one in 0..consents {
            let at = one * (acts + 1);
            let renews = if one > 0 { vec![id(at - acts - 1)] } else { Vec::new() };
            let seen: Vec<_> = (1..=acts.min(at)).map(|back| id(at - back)).collect();
            let (day, kind) = (Timestamp::default(), ConsentKind::Telehealth);
            let (until, refused, revoked) = (None, false, None);
            let consent =
                ConsentFact { kind, given: DAY, until, refused, revoked, renews, seen, day };
            records.insert(id(at), fact(at, Headline::Consent(consent)));
            for act in 1..=acts {
                let (targets, device) = (vec![id(at)], DeviceId::from_bytes([1; 16]));
                let act_of = ConsentAct { targets, says: Says::Revoked(DAY), device };
                records.insert(id(at + act), fact(at + act, Headline::ConsentAct(act_of)));
            }
        }
        records
    }

    fn steps(records: &Records) -> usize {
        let mut said = Said::of(records);
        let known = register_by(&mut said, records);
        assert!(known.iter().all(|one| matches!(one.row.end, Some(ConsentEnd::Revoked(_)))));
        said.families.steps
    }

    #[test]
    fn twice_as_many_consents_and_revocations_cost_twice_as_much() {
        let [once, twice] = [chart(200, 60), chart(400, 60)].map(|records| steps(&records));
        assert!(twice <= once * 5 / 2, "{once}, {twice}");
        assert!(twice < 10 * 400 * 61, "{twice}");
    }
}
