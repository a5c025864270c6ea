//! Work that was set aside comes back: as it was where that fits, and else written again with the
//! same operations by another actor, since another life of this device has used its numbers.

use super::{Actor, Document};
use crate::practice::chunk;
use automerge::legacy::{ElementId, Key, ObjectId, OpId};
use automerge::{ActorId, Change, ChangeHash};
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Document {
    /// Takes up again what this device wrote and had set aside. What has come by another way is
    /// there already; what still fits is taken as it is; the rest is written again as `actor`,
    /// with the same operations. Returns the changes that were taken.
    pub(in crate::practice) fn rebase(&mut self, blobs: &[Vec<u8>], actor: Actor) -> Vec<u8> {
        let mut kept = Vec::new();
        let mut moved = Moved::default();
        for chunk in blobs.iter().flat_map(|blob| chunk::stored(blob).unwrap_or_default()) {
            let Ok(change) = Change::try_from(chunk.bytes) else { continue };
            if self.inner.get_change_by_hash(&change.hash()).is_some() {
                continue;
            }
            let follows = change.deps().iter().any(|dep| moved.changes.contains(dep));
            let fits = !follows && self.attempt(&change).is_ok();
            let taken =
                if fits { Some(change) } else { self.write_again(&change, actor, &mut moved) };
            kept.extend(taken.iter().flat_map(Change::raw_bytes));
        }
        kept
    }

    /// Writes a change again, after everything that is here.
    fn write_again(&mut self, change: &Change, actor: Actor, moved: &mut Moved) -> Option<Change> {
        let actor = ActorId::from(actor.0.as_slice());
        let before = self.inner.get_changes(&[]);
        let top = before.iter().map(Change::max_op).max().unwrap_or(0);
        let own = before.iter().filter(|known| *known.actor_id() == actor).map(Change::seq).max();
        let mut again = catch_unwind(AssertUnwindSafe(|| change.decode())).ok()?;
        moved.changes.insert(change.hash());
        let count = u64::try_from(again.operations.len()).ok()?;
        moved.operations.push((again.start_op.get()..again.start_op.get() + count, top + 1));
        let from = again.actor_id.clone();
        for operation in &mut again.operations {
            if let ObjectId::Id(id) = &mut operation.obj {
                moved.follow(id, &from, &actor);
            }
            if let Key::Seq(ElementId::Id(id)) = &mut operation.key {
                moved.follow(id, &from, &actor);
            }
            let replaced = operation.pred.iter().cloned().map(|mut id| {
                moved.follow(&mut id, &from, &actor);
                id
            });
            let replaced: Vec<_> = replaced.collect();
            operation.pred = replaced.into();
        }
        again.actor_id = actor;
        again.seq = own.unwrap_or(0) + 1;
        again.start_op = NonZeroU64::new(top + 1)?;
        again.deps = self.inner.get_heads();
        again.hash = None;
        let again = catch_unwind(AssertUnwindSafe(|| Change::from(again))).ok()?;
        self.attempt(&again).ok()?;
        Some(again)
    }
}

/// Operations that were written again, and where they are now.
#[derive(Default)]
struct Moved {
    changes: BTreeSet<ChangeHash>,
    /// Numbers that they had, and the first number that they have.
    operations: Vec<(Range<u64>, u64)>,
}

impl Moved {
    /// Lets a reference follow an operation that was written again.
    fn follow(&self, id: &mut OpId, from: &ActorId, to: &ActorId) {
        let OpId(counter, actor) = id;
        let newest = self.operations.iter().rev();
        let moved = newest.filter(|_| *actor == *from).find(|(range, _)| range.contains(counter));
        if let Some((range, first)) = moved {
            *id = OpId(first + (*counter - range.start), to.clone());
        }
    }
}
