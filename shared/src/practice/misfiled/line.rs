//! What the lines of a chart say of notes that were entered in error, and what is out of sight because
//! of them.

use super::super::chart::{Chart, Headline, RecordFact};
use super::super::record::{RELATIONS_MAX, Record, RelationKind};
use super::{SIGNED_FIRST, TAKEN_BACK, WHY, WRONG_CLIENT};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{MemberId, RecordId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The line that stands where a note was, or what takes such a line back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::practice) struct InError {
    /// Who says so.
    pub(in crate::practice) by: MemberId,
    /// The note with all of its versions, what was added to it and what was said of its labels; or the
    /// line that is taken back.
    pub(in crate::practice) of: Vec<RecordId>,
    /// Whether it takes a line back.
    pub(in crate::practice) back: bool,
}

impl InError {
    /// Reads it; `None` if it says it for a reason that only a newer version knows.
    pub(in crate::practice) fn of(record: &Record) -> Option<Self> {
        let [why] = record.body()?.fixed(WHY)?;
        let named = record.header.relations.iter();
        let named = named.filter(|relation| relation.kind == RelationKind::EnteredInError);
        let of: Vec<_> = named.map(|relation| RecordId::from_bytes(relation.target)).collect();
        let known = matches!(why, WRONG_CLIENT | TAKEN_BACK) && !of.is_empty();
        let (by, back) = (record.header.author.member, why == TAKEN_BACK);
        known.then_some(Self { by, of, back })
    }

    pub(in crate::practice) fn encode(&self, writer: &mut Writer) {
        writer.fixed(self.by.as_bytes()).u8(u8::from(self.back));
        writer.list(&self.of, |w, one| {
            w.fixed(one.as_bytes());
        });
    }

    pub(in crate::practice) fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let by = MemberId::from_bytes(reader.fixed()?);
        let back = reader.u8()? == 1;
        let of = reader.list(RELATIONS_MAX, |r| r.fixed().map(RecordId::from_bytes))?;
        Ok(Self { by, of, back })
    }
}

/// Who says of which record that it was entered in error.
pub(in crate::practice) type Said = BTreeMap<RecordId, BTreeSet<MemberId>>;

/// Returns when a note was signed in the chart from which it was moved.
pub(in crate::practice) fn signed_first(record: &Record) -> Option<Timestamp> {
    let said = record.body()?.fixed(SIGNED_FIRST);
    said.map(i64::from_be_bytes).map(Timestamp::from_millis)
}

/// Returns what the lines of a chart say that nobody has taken back.
pub(in crate::practice) fn said(records: &BTreeMap<RecordId, RecordFact>) -> Said {
    let mut all = Said::new();
    for (_, line) in lines(records) {
        for one in &line.of {
            all.entry(*one).or_default().insert(line.by);
        }
    }
    all
}

/// The lines that stand: who wrote one takes it back, and nobody else.
pub(super) fn lines(
    records: &BTreeMap<RecordId, RecordFact>,
) -> impl Iterator<Item = (RecordId, &InError)> {
    let all = records.iter().filter_map(|(id, fact)| match &fact.headline {
        Headline::InError(line) => Some((*id, line)),
        _ => None,
    });
    let back = all.clone().filter(|(_, line)| line.back);
    let back = back.flat_map(|(_, line)| line.of.iter().map(|of| (*of, line.by)));
    let back: BTreeSet<(RecordId, MemberId)> = back.collect();
    all.filter(move |(id, line)| !line.back && !back.contains(&(*id, line.by)))
}

impl Chart {
    /// Takes in what one record says that is known by now.
    pub(in crate::practice) fn learn_in_error(&mut self, id: RecordId) {
        match self.records.get(&id).map(|fact| &fact.headline) {
            Some(Headline::InError(line)) if !line.back => {
                let taken_back = self.records.values().any(|fact| match &fact.headline {
                    Headline::InError(back) => {
                        back.back && back.by == line.by && back.of.contains(&id)
                    }
                    _ => false,
                });
                for one in line.of.iter().filter(|_| !taken_back) {
                    self.in_error.entry(*one).or_default().insert(line.by);
                }
            }
            Some(Headline::InError(_)) => self.in_error = said(&self.records),
            _ => {}
        }
    }

    /// Returns the lines of a member that name a record, and were not taken back.
    pub(super) fn lines_naming(&self, record: RecordId, by: MemberId) -> Vec<(RecordId, &InError)> {
        let naming = lines(&self.records);
        naming.filter(|(_, line)| line.by == by && line.of.contains(&record)).collect()
    }

    /// Returns the lines that stand in lists: none that is taken back, or takes one back.
    pub(in crate::practice) fn standing_lines(&self) -> BTreeSet<RecordId> {
        lines(&self.records).map(|(id, _)| id).collect()
    }

    /// Whether the author of a note, or of what was added to one, has said that it belongs to another
    /// client, also once its words were destroyed. Nobody else can.
    pub(in crate::practice) fn is_misfiled(&self, record: RecordId) -> bool {
        match (self.in_error.get(&record), self.records.get(&record)) {
            (Some(by), Some(fact)) => by.contains(&fact.author) && fact.headline.can_be_misfiled(),
            _ => false,
        }
    }

    /// Returns what is out of sight since it belongs to another client: what its author has named, and
    /// what was said about that.
    pub(in crate::practice) fn misfiled(&self) -> BTreeSet<RecordId> {
        let named = self.in_error.keys().copied().filter(|record| self.is_misfiled(*record));
        self.with_what_is_said_of(named.collect())
    }

    /// The same of one note and what its author has named with it.
    pub(in crate::practice) fn misfiled_with(&self, note: RecordId) -> BTreeSet<RecordId> {
        let Some(author) = self.records.get(&note).map(|fact| fact.author) else {
            return BTreeSet::from([note]);
        };
        let lines = lines(&self.records).filter(|(_, line)| line.by == author);
        let naming = lines.filter(|(_, line)| line.of.contains(&note));
        let named = naming.flat_map(|(_, line)| line.of.iter().copied());
        self.with_what_is_said_of(named.filter(|record| self.is_misfiled(*record)).collect())
    }

    fn with_what_is_said_of(&self, mut records: BTreeSet<RecordId>) -> BTreeSet<RecordId> {
        if records.is_empty() {
            return records;
        }
        let of_labels: Vec<_> = self.labellings(&records).map(|(_, id, _)| id).collect();
        let acts: Vec<_> = self.acts_about(&records).collect();
        records.extend(of_labels.into_iter().chain(acts));
        records
    }

    /// Derives again what records say of one another, once one of them has lost its body.
    pub(in crate::practice) fn lost_body(&mut self, before: &Headline) {
        match before {
            Headline::Consent(_) | Headline::ConsentAct(_) => self.consents.forget(),
            Headline::InError(_) => self.in_error = said(&self.records),
            _ => {}
        }
    }
}
