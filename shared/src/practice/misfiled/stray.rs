//! What was written elsewhere about a note while its author moved it to another chart: it was not carried
//! over, so that it stays in sight, and the author is told.

use super::super::Practice;
use super::super::chart::{Chart, Headline};
use super::super::journal::Book;
use super::line::lines;
use crate::id::{ClientId, MemberId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A chart in which something is left of a note that was moved.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Stray {
    /// Since when.
    pub since: Timestamp,
    /// Whose chart.
    pub client: ClientId,
    /// Who has moved it.
    pub by: MemberId,
}

impl Chart {
    /// Returns who has moved a note of which something is left here, or was signed anew twice, and since
    /// when: an addition, a correction or labels that came from elsewhere, or a draft of one of these.
    fn strays(&self, hidden: &BTreeSet<RecordId>) -> BTreeMap<MemberId, Timestamp> {
        let mut strays: BTreeMap<MemberId, Timestamp> = BTreeMap::new();
        if self.in_error.is_empty() {
            return strays;
        }
        let moved = |record: &RecordId| {
            let fact = self.records.get(record).filter(|fact| fact.headline.is_note())?;
            self.is_misfiled(*record).then_some(fact.author)
        };
        let mut tell = |by: MemberId, time: Timestamp| {
            let known = strays.entry(by).or_insert(time);
            *known = (*known).max(time);
        };
        let drafts: BTreeMap<_, _> = self
            .in_error
            .keys()
            .filter_map(|note| Some((self.records.get(note)?.headline.draft()?, note)))
            .collect();
        for (id, fact) in &self.records {
            let out = hidden.contains(id) || self.is_misfiled(*id);
            let left = match &fact.headline {
                Headline::Addendum { note, .. } => Some(note).filter(|_| !out),
                Headline::Note(note) => {
                    // Or it was signed elsewhere under the same draft.
                    let second = note.draft.and_then(|draft| drafts.get(&draft).copied());
                    let mut of = note.corrects.iter().chain(second).filter(|_| !out);
                    of.find(|one| moved(one).is_some())
                }
                Headline::Labels(said) => Some(&said.target).filter(|target| {
                    let author = self.records.get(target).map(|fact| fact.author);
                    !self.in_error.get(id).zip(author).is_some_and(|(by, one)| by.contains(&one))
                }),
                _ => None,
            };
            if let Some(by) = left.and_then(moved) {
                tell(by, fact.time);
            }
        }
        let signed = self.signed_drafts();
        for (id, fact) in &self.drafts {
            let of = fact.addendum_to.or(fact.corrects);
            let open = !fact.discarded && !signed.contains_key(id);
            if let Some(by) = of.filter(|_| open).as_ref().and_then(moved) {
                tell(by, fact.begun);
            }
        }
        let mut named = BTreeSet::new();
        for (id, line) in lines(&self.records) {
            let again =
                line.of.iter().any(|one| !named.insert((*one, line.by)) && moved(one).is_some());
            if let Some(fact) = self.records.get(&id).filter(|_| again) {
                tell(line.by, fact.time);
            }
        }
        strays
    }
}

impl Practice {
    /// Returns what is left in a chart of notes that were moved.
    pub(in super::super) fn strays_of(&self, client: ClientId) -> Vec<Stray> {
        let chart = self.facts.book(client, Book::Chart).filter(|_| !self.is_hidden(client));
        let chart = chart.filter(|chart| !chart.in_error.is_empty());
        let hidden = chart.map(|_| self.hidden_records(client)).unwrap_or_default();
        let strays = chart.map(|chart| chart.strays(&hidden)).unwrap_or_default();
        strays.into_iter().map(|(by, since)| Stray { since, client, by }).collect()
    }
}
