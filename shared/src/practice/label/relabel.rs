//! Labels that are put and taken away, whatever others are there.

use super::Label;
use crate::id::{ClientId, ObjectId};
use std::collections::BTreeSet;

/// What an [`Edit::RelabelDraft`](crate::practice::edit::Edit::RelabelDraft) says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelabelDraft {
    /// Whose chart.
    pub client: ClientId,
    /// The draft.
    pub draft: ObjectId,
    /// What is put and what is taken away.
    pub change: Relabel,
}

/// Labels that are put, and labels that are taken away; every other stays as it is. It undoes what was
/// said of labels: what another device has said of others since is none of its business.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Relabel {
    /// Put.
    pub put: BTreeSet<Label>,
    /// Taken away; of one that is also put, that counts.
    pub taken: BTreeSet<Label>,
}

impl Relabel {
    /// Returns what makes the second of the first.
    pub(in crate::practice) fn between(before: &BTreeSet<Label>, after: &BTreeSet<Label>) -> Self {
        Self { put: after - before, taken: before - after }
    }

    /// Returns what undoes it where it changed something of all that it names.
    pub(in crate::practice) fn inverse(&self) -> Self {
        Self { put: self.taken.clone(), taken: self.put.clone() }
    }

    /// Returns labels as it makes them.
    pub(in crate::practice) fn of(&self, labels: &BTreeSet<Label>) -> BTreeSet<Label> {
        &(labels - &self.taken) | &self.put
    }

    /// Returns the fields that it sets.
    pub(in crate::practice) fn fields(&self) -> Vec<(String, bool)> {
        let taken = self.taken.iter().map(|label| (label.field(), false));
        taken.chain(self.put.iter().map(|label| (label.field(), true))).collect()
    }
}
