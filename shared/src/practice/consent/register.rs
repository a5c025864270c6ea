//! What became of each consent of a chart: whether it holds, was renewed, taken back, or struck.

use super::{ConsentAct, ConsentEnd, ConsentFact, ConsentRow, Says};
use crate::id::{RecordId, Timestamp};
use crate::practice::chart::{Headline, RecordFact};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// So many renewals are followed back.
const RENEWALS_FOLLOWED: usize = 64;

/// One consent of a chart, and what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::practice) struct Known {
    pub(in crate::practice) row: ConsentRow,
    pub(in crate::practice) struck: bool,
    pub(in crate::practice) renews: Option<RecordId>,
    /// Where it stands in a timeline.
    pub(in crate::practice) day: Timestamp,
    /// The record that revoked it, where another did, or took that back.
    pub(super) revocation: Option<RecordId>,
}

/// What was said last of each consent.
#[derive(Default)]
struct Last {
    struck: BTreeMap<RecordId, (Timestamp, RecordId, bool)>,
    revoked: BTreeMap<RecordId, (Timestamp, RecordId, Option<Date>)>,
}

impl Last {
    fn of(records: &BTreeMap<RecordId, RecordFact>) -> Self {
        let mut last = Self::default();
        for (id, fact) in records {
            let Headline::ConsentAct(ConsentAct { target, says }) = fact.headline else { continue };
            match says {
                Says::Struck(struck) => {
                    let said = (fact.time, *id, struck);
                    let known = last.struck.entry(target).or_insert(said);
                    *known = (*known).max(said);
                }
                Says::Revoked(date) => {
                    let said = (fact.time, *id, date);
                    let known = last.revoked.entry(target).or_insert(said);
                    *known = (*known).max(said);
                }
            }
        }
        last
    }

    fn is_struck(&self, consent: RecordId) -> bool {
        self.struck.get(&consent).is_some_and(|(_, _, struck)| *struck)
    }
}

/// Returns the consents of a chart, each with what became of it: those that hold first, those that
/// were struck last.
pub(in crate::practice) fn register(records: &BTreeMap<RecordId, RecordFact>) -> Vec<Known> {
    let last = Last::of(records);
    let facts: BTreeMap<RecordId, (Timestamp, ConsentFact)> = records
        .iter()
        .filter_map(|(id, fact)| match fact.headline {
            Headline::Consent(consent) => Some((*id, (fact.time, consent))),
            _ => None,
        })
        .collect();
    // The newest day on which each was renewed.
    let mut renewed: BTreeMap<RecordId, Date> = BTreeMap::new();
    for (id, (_, fact)) in &facts {
        let Some(renews) = fact.renews.filter(|_| !fact.refused && !last.is_struck(*id)) else {
            continue;
        };
        // One of another kind takes the place of none.
        if facts.get(&renews).is_some_and(|(_, earlier)| earlier.kind == fact.kind) {
            let day = renewed.entry(renews).or_insert(fact.given);
            *day = (*day).max(fact.given);
        }
    }
    let mut known: Vec<Known> = facts
        .iter()
        .map(|(id, (time, fact))| {
            let (revoked, revocation) = revoked(*id, (*time, fact), &facts, &last);
            let end = match (fact.refused, revoked, renewed.get(id)) {
                (true, ..) => Some(ConsentEnd::Refused),
                (_, Some(date), _) => Some(ConsentEnd::Revoked(date)),
                (_, None, Some(date)) => Some(ConsentEnd::Renewed(*date)),
                (_, None, None) => None,
            };
            let (kind, given, until) = (fact.kind, fact.given, fact.until);
            let row = ConsentRow { record: *id, kind, given, until, end };
            let (struck, renews, day) = (last.is_struck(*id), fact.renews, fact.day);
            Known { row, struck, renews, day, revocation }
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

/// When a consent was taken back, and by which record. To take one back takes back what renewed it
/// before: whoever wrote that, without knowledge of the other, does not make it hold again.
fn revoked(
    id: RecordId,
    (written, fact): (Timestamp, &ConsentFact),
    facts: &BTreeMap<RecordId, (Timestamp, ConsentFact)>,
    last: &Last,
) -> (Option<Date>, Option<RecordId>) {
    match last.revoked.get(&id) {
        Some((_, record, Some(date))) => return (Some(*date), Some(*record)),
        Some((_, record, None)) => return (None, Some(*record)),
        None if fact.revoked.is_some() => return (fact.revoked, None),
        None => {}
    }
    let mut earlier = fact.renews;
    for _ in 0..RENEWALS_FOLLOWED {
        let Some((id, (_, before))) = earlier.and_then(|id| Some((id, facts.get(&id)?))) else {
            break;
        };
        if let Some((said, record, Some(date))) = last.revoked.get(&id)
            && *said > written
            && !last.is_struck(id)
            && before.kind == fact.kind
        {
            return (Some(*date), Some(*record));
        }
        earlier = before.renews;
    }
    (None, None)
}
