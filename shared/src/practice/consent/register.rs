//! What became of each consent of a chart: whether it holds, was renewed, taken back, or struck.
//!
//! A consent and what renews it are a family. To take one back ends all of them, for good: what is
//! struck or erased later lets nothing hold again, and a renewal holds only if it names all that was
//! said against its family before, which proves that its writer knew. No clock decides that.

use super::ledger::{Ledger, Records, consent, consents};
use super::{ConsentAct, ConsentEnd, ConsentFact, ConsentRow, Says};
use crate::id::{DeviceId, RecordId, Timestamp};
use crate::practice::chart::{Chart, Headline};
use std::collections::BTreeSet;

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

impl Chart {
    /// Returns its consents, each with what became of it: those that hold first, those that were struck
    /// last.
    pub(in crate::practice) fn register(&self) -> Vec<Known> {
        register(&self.records, self.said())
    }

    /// Returns one of them.
    pub(super) fn consent(&self, id: RecordId) -> Option<Known> {
        known(&self.records, self.said(), id, consent(&self.records, id)?)
    }

    /// Returns what was said of its consents.
    pub(super) fn said(&self) -> &Ledger {
        self.consents.of(&self.records)
    }

    /// Returns the consents of the families of these, without those that were refused, the newest first.
    pub(super) fn families_of(&self, these: &BTreeSet<RecordId>) -> Vec<RecordId> {
        let roots: BTreeSet<_> = these.iter().map(|id| self.said().root(*id)).collect();
        let all = roots.iter().flat_map(|root| self.said().consents_of(*root));
        let given = |id: &RecordId| consent(&self.records, *id).is_some_and(|fact| !fact.refused);
        let time = |id: RecordId| (self.records.get(&id).map(|fact| fact.time), id);
        let mut all: Vec<_> = all.filter(given).map(time).collect();
        all.sort_unstable();
        all.into_iter().rev().map(|(_, id)| id).collect()
    }

    /// Returns a consent, and those that it renewed, the nearest first.
    pub(super) fn renewed_by(&self, one: RecordId) -> Vec<RecordId> {
        let fact = consent(&self.records, one);
        let renews = fact.into_iter().flat_map(|fact| &fact.renews).copied();
        std::iter::once(one).chain(renews.filter(|id| *id != one)).collect()
    }

    /// Returns what ends a consent.
    pub(super) fn against(&self, one: RecordId) -> Vec<RecordId> {
        let Some(fact) = consent(&self.records, one) else { return Vec::new() };
        self.said().against(one, fact).map(|(_, id, _)| id).collect()
    }
}

fn known(records: &Records, said: &Ledger, id: RecordId, fact: &ConsentFact) -> Option<Known> {
    let last = said.against(id, fact).next();
    // It was not taken back before it was given.
    let date = last.map(|(_, _, date)| date.max(fact.given));
    let end = match (fact.refused, date) {
        (true, _) => Some(ConsentEnd::Refused),
        (_, Some(date)) => Some(ConsentEnd::Revoked(date)),
        (_, None) => said.renewed(records, id).map(ConsentEnd::Renewed),
    };
    let (kind, given, until) = (fact.kind, fact.given, fact.until);
    let row = ConsentRow { record: id, kind, given, until, end };
    let (struck, renews) = (said.is_struck(id), fact.renews.first().copied());
    let revocation = last.map(|(_, record, _)| record);
    Some(Known { row, struck, renews, day: fact.day, revocation })
}

fn register(records: &Records, said: &Ledger) -> Vec<Known> {
    let all = consents(records).filter_map(|(id, fact)| known(records, said, id, fact));
    let mut all: Vec<Known> = all.collect();
    all.sort_by_key(|one| {
        let rank = match (one.struck, one.row.end) {
            (true, _) => 3,
            (_, None) => 0,
            (_, Some(ConsentEnd::Refused)) => 1,
            (_, Some(_)) => 2,
        };
        let row = &one.row;
        (rank, row.kind.number(), std::cmp::Reverse(row.given), row.record)
    });
    all
}

/// Returns what goes when a consent is erased, while `gone` are to go as well: that it was struck,
/// and what was said against its family once no other one of that is left.
pub(in crate::practice) fn going_with(
    chart: &Chart,
    consent: RecordId,
    gone: &BTreeSet<RecordId>,
) -> Vec<RecordId> {
    let (records, said) = (&chart.records, chart.said());
    let acts = records.iter().filter_map(|(id, fact)| match &fact.headline {
        Headline::ConsentAct(act) => Some((*id, act)),
        _ => None,
    });
    let own = said.root(consent);
    let mut left: Option<BTreeSet<RecordId>> = None;
    let mut goes = |act: &ConsentAct| match act.says {
        Says::Struck(_) => act.targets.contains(&consent),
        Says::Revoked(_) | Says::Unrevoked => {
            let left = left.get_or_insert_with(|| {
                let left = consents(records).map(|(id, _)| id);
                let left = left.filter(|id| *id != consent && !gone.contains(id));
                left.map(|id| said.root(id)).collect()
            });
            let roots = said.roots(&act.targets);
            roots.contains(&own) && roots.is_disjoint(left)
        }
    };
    acts.filter(|(_, act)| goes(act)).map(|(id, _)| id).collect()
}

/// Returns what other devices said of a consent or of its family, and the consents of that which say
/// themselves that they were taken back: whoever undoes a revocation lifts no other.
pub(in crate::practice) fn heard_of(
    chart: &Chart,
    consent: RecordId,
    own: DeviceId,
) -> BTreeSet<RecordId> {
    chart.said().heard_of(&chart.records, consent, own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::chart::RecordFact;
    use crate::practice::consent::{ConsentKind, Kept};
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    const DAY: Date = date(2026, 11, 1);

    fn id(number: u128) -> RecordId {
        RecordId::from_bytes(number.to_be_bytes())
    }

    fn fact(number: u128, headline: Headline) -> RecordFact {
        let time = Timestamp::from_millis(i64::try_from(number).unwrap());
        RecordFact { time, author: crate::id::MemberId::from_bytes([1; 16]), headline }
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
        let said = Kept::default();
        let known = register(records, said.of(records));
        assert!(known.iter().all(|one| matches!(one.row.end, Some(ConsentEnd::Revoked(_)))));
        said.steps()
    }

    #[test]
    fn twice_as_many_consents_and_revocations_cost_twice_as_much() {
        let [once, twice] = [chart(200, 60), chart(400, 60)].map(|records| steps(&records));
        assert!(twice <= once * 5 / 2, "{once}, {twice}");
        assert!(twice < 10 * 400 * 61, "{twice}");
    }

    fn consent_fact(kind: ConsentKind, renews: Vec<RecordId>, seen: Vec<RecordId>) -> Headline {
        let (day, until) = (Timestamp::default(), None);
        let (refused, revoked) = (false, None);
        Headline::Consent(ConsentFact {
            kind,
            given: DAY,
            until,
            refused,
            revoked,
            renews,
            seen,
            day,
        })
    }

    /// Records as any device may write them: what renews, ends, lifts and strikes what.
    fn said() -> impl Strategy<Value = Headline> {
        let ids = || prop::collection::vec((0_u128..12).prop_map(id), 0..4);
        let device = DeviceId::from_bytes([1; 16]);
        let says = prop_oneof![
            (1_i8..28).prop_map(|day| Says::Revoked(date(2026, 11, day))),
            Just(Says::Unrevoked),
            any::<bool>().prop_map(Says::Struck),
        ];
        let kind = prop_oneof![
            4 => Just(ConsentKind::Telehealth),
            1 => Just(ConsentKind::Ai)
        ];
        prop_oneof![
            2 => (kind, ids(), ids(), any::<bool>(), any::<bool>()).prop_map(
                |(kind, renews, seen, refused, is_revoked)| {
                    let mut headline = consent_fact(kind, renews, seen);
                    if let Headline::Consent(fact) = &mut headline {
                        fact.refused = refused && !is_revoked;
                        fact.revoked = is_revoked.then_some(DAY);
                    }
                    headline
                }
            ),
            1 => (ids(), says).prop_map(move |(targets, says)| {
                Headline::ConsentAct(ConsentAct { targets, says, device })
            }),
        ]
    }

    proptest! {
        /// What is kept as records come is what follows from all of them, in whichever order they come.
        #[test]
        fn records_come_to_the_same_in_every_order(
            all in prop::collection::vec(said(), 1..12),
            order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
            looks in prop::collection::vec(prop::bool::weighted(0.8), 12),
        ) {
            let mut chart = Chart::default();
            for at in order.into_iter().filter(|at| *at < all.len()) {
                // What nobody has looked at is made of all that is there then.
                if looks[at] {
                    chart.register();
                }
                let number = u128::try_from(at).unwrap();
                chart.records.insert(id(number), fact(number, all[at].clone()));
                chart.consents.learn(&chart.records, id(number));
            }
            let whole = Ledger::of(&chart.records);
            prop_assert_eq!(register(&chart.records, &whole), chart.register());
            for number in (0..12).map(id) {
                let of = |said: &Ledger| {
                    let mut against = said.said_against(number, DAY);
                    against.sort_unstable();
                    let consents: BTreeSet<RecordId> = said.consents_of(number).collect();
                    let other = DeviceId::from_bytes([2; 16]);
                    (against, consents, said.heard_of(&chart.records, number, other))
                };
                prop_assert_eq!(of(&whole), of(chart.said()));
            }
        }
    }

    /// Heirs that come before what they renew, which then turns out to be of another kind: each parts
    /// a family that was thought to be one.
    #[test]
    fn an_order_that_parts_families_again_and_again_costs_twice_as_much_for_twice_as_many() {
        let cost = |many: u128| {
            let mut chart = Chart::default();
            let take = |chart: &mut Chart, number: u128, kind, renews| {
                let headline = consent_fact(kind, renews, Vec::new());
                chart.records.insert(id(number), fact(number, headline));
                chart.consents.learn(&chart.records, id(number));
            };
            for number in 0..many {
                take(&mut chart, 2 * number + 1, ConsentKind::Telehealth, vec![id(2 * number)]);
            }
            assert_eq!(u128::try_from(chart.register().len()).unwrap(), many);
            for number in 0..many {
                take(&mut chart, 2 * number, ConsentKind::Ai, Vec::new());
            }
            assert_eq!(u128::try_from(chart.register().len()).unwrap(), 2 * many);
            assert_eq!(chart.register(), register(&chart.records, &Ledger::of(&chart.records)));
            chart.consents.steps()
        };
        let [once, twice] = [cost(200), cost(400)];
        assert!(twice < once * 5 / 2 && twice < 400 * 16, "{once}, {twice}");
    }

    #[test]
    fn a_renewal_costs_what_it_names_however_many_there_are() {
        let cost = |many: u128| {
            let mut chart = Chart::default();
            let mut take = |number: u128| {
                let renews = (1..=24.min(number)).map(|back| id(number - back)).collect();
                let headline = consent_fact(ConsentKind::Telehealth, renews, Vec::new());
                chart.records.insert(id(number), fact(number, headline));
                chart.consents.learn(&chart.records, id(number));
                // What a renewal of it asks.
                assert!(chart.consent(id(number)).is_some());
                assert!(chart.said().said_against(id(number), DAY).is_empty());
                chart.consents.steps()
            };
            (0..many).map(&mut take).last().unwrap()
        };
        let [once, twice] = [cost(1000), cost(2000)];
        assert!(twice < once * 9 / 4 && twice < 2000 * 24 * 8, "{once}, {twice}");
    }
}
