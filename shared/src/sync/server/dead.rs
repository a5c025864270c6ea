//! Rows of keys that die: which they are, by what a signed entry says.

use super::record::Log;
use super::{ServerFrame, ServerPractice};
use crate::envelope::{Carried, ControlBody};
use crate::id::{CompartmentId, ObjectId};
use crate::sync::wire::{ROW_NAME_LENGTH, RowKey};
use std::collections::BTreeSet;

impl ServerPractice {
    /// Deletes what a signed entry orders: the keys of an erased compartment, of what came before
    /// an erased record, of a draft that everybody has given up.
    pub(super) fn delete_rows(&mut self, carried: &Carried, frames: &mut Vec<ServerFrame>) {
        let Carried::Whole(envelope) = carried else { return };
        let log = envelope.header.compartment;
        let Ok(Some(body)) = envelope.control() else { return };
        let Some(known) = self.record.logs.get(&log) else { return };
        let gone: Vec<RowKey> = match body {
            ControlBody::Erase { since: None, .. } => self.rows_of(log, |_, _| true),
            ControlBody::Erase { since: Some(since), .. } => {
                self.rows_of(log, |version, _| version < since.get())
            }
            ControlBody::Close { object, .. } => self.dead_rows(log, known, object),
            ControlBody::Acknowledge(of) => match known.closings.cited(&of) {
                Some((object, _)) => self.dead_rows(log, known, object),
                None => return,
            },
            _ => return,
        };
        for key in gone {
            self.journal(frames, ServerFrame::RowGone(key));
        }
    }

    /// The rows of a draft, if its key may die.
    fn dead_rows(&self, id: CompartmentId, log: &Log, object: ObjectId) -> Vec<RowKey> {
        let state = self.state().filter(|state| log.closings.is_over(object, state, &log.rules));
        state.map_or_else(Vec::new, |_| {
            let of_draft = self.draft_rows(id).filter(|(_, draft)| *draft == object);
            of_draft.map(|(key, _)| key).collect()
        })
    }

    /// The rows of a log's drafts.
    fn draft_rows(&self, log: CompartmentId) -> impl Iterator<Item = (RowKey, ObjectId)> + '_ {
        let (mut first, mut last) = ([0; ROW_NAME_LENGTH], [u8::MAX; ROW_NAME_LENGTH]);
        for end in [&mut first, &mut last] {
            let name = [4].into_iter().chain(*log.as_bytes());
            end.iter_mut().zip(name).for_each(|(to, from)| *to = from);
        }
        let rows = self.record.rows.range(RowKey(first)..=RowKey(last)).map(|(key, _)| *key);
        rows.filter_map(|key| Some((key, ObjectId::from_bytes(key.parts().ok()?.id))))
    }

    /// The rows of all drafts whose keys may die now that fewer devices are waited for.
    pub(super) fn rows_of_the_dead(&self) -> Vec<RowKey> {
        let Some(state) = self.state() else { return Vec::new() };
        let mut gone = Vec::new();
        for (id, log) in &self.record.logs {
            let over: BTreeSet<ObjectId> =
                log.closings.over(state, &log.rules).into_iter().collect();
            let dead = self.draft_rows(*id).filter(|(_, draft)| over.contains(draft));
            gone.extend(dead.map(|(key, _)| key));
        }
        gone
    }

    /// Slot and draft rows of a log for which `which(generation, draft)` holds.
    fn rows_of(
        &self,
        log: CompartmentId,
        which: impl Fn(u32, Option<ObjectId>) -> bool,
    ) -> Vec<RowKey> {
        let chosen = |key: &&RowKey| {
            let Ok(parts) = key.parts() else { return false };
            match parts.table {
                3 => parts.id == *log.as_bytes() && which(parts.version, None),
                4 => {
                    let draft = Some(ObjectId::from_bytes(parts.id));
                    parts.holder == *log.as_bytes() && which(parts.holder_version, draft)
                }
                _ => false,
            }
        };
        self.record.rows.keys().filter(chosen).copied().collect()
    }
}
