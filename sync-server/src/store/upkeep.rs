//! What keeps the store in order: marks, collection, and rebuilding from journals.

use super::disk::Disk;
use super::kept::{Kept, Unusable};
use super::{COLLECT_MILLIS, Store, StoreError};
use crate::log::Event;
use tacenda_shared::id::{PracticeId, Timestamp};
use tacenda_shared::journal::{AppendError, CollectError};

impl<D: Disk> Store<D> {
    /// Removes deleted rows from the journals, once a day and at the start.
    pub(crate) fn collect(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.collected.is_some_and(|before| now.millis_since(before) < COLLECT_MILLIS) {
            return Ok(());
        }
        self.collected = Some(now);
        let due =
            self.practices.iter().filter(|(_, kept)| kept.as_ref().is_some_and(Kept::has_deleted));
        let due: Vec<PracticeId> = due.map(|(practice, _)| *practice).collect();
        for practice in due {
            let Some(Some(kept)) = self.practices.get_mut(&practice) else { continue };
            match kept.collect() {
                Ok(()) => self.log.note(Event::Collected { practice }),
                Err(CollectError::Write(AppendError::Full)) => self.note_room(false),
                Err(CollectError::Write(error)) => {
                    self.log.note(Event::DiskFailed);
                    return Err(StoreError::Disk(error));
                }
                Err(CollectError::Damaged { .. } | CollectError::Disk(_)) => {
                    self.log.note(Event::Unusable { practice, cause: "damaged" });
                }
            }
            if self.reopen(practice) {
                self.reopen_all();
            }
        }
        Ok(())
    }

    /// Writes a mark into every journal that has been appended to since the last.
    pub(super) fn mark(&mut self) -> Result<(), StoreError> {
        for kept in self.practices.values_mut().flatten().filter(|kept| !kept.is_marked) {
            match kept.journal.mark() {
                Ok(()) | Err(AppendError::Full) => kept.is_marked = true,
                Err(error) => {
                    self.log.note(Event::DiskFailed);
                    return Err(StoreError::Disk(error));
                }
            }
        }
        Ok(())
    }

    /// The index is empty and in memory now, where it cannot fail again.
    pub(super) fn refill_index(&mut self) {
        self.log.note(Event::IndexRebuilt { cause: "lost" });
        self.reopen_all();
    }

    /// Rebuilds all practices from their journals.
    pub(super) fn reopen_all(&mut self) {
        let practices: Vec<PracticeId> = self.practices.keys().copied().collect();
        let mut again = false;
        for practice in &practices {
            again |= self.reopen(*practice);
        }
        if again {
            practices.iter().for_each(|practice| {
                self.reopen(*practice);
            });
        }
    }

    /// Rebuilds one practice from its journal; returns whether the index was lost on the way.
    pub(super) fn reopen(&mut self, practice: PracticeId) -> bool {
        let before = self.practices.remove(&practice).flatten();
        let subscribers = before.map(|kept| kept.subscribers).unwrap_or_default();
        let mut opened = Kept::open(&self.disk, practice, self.key(), &mut self.index, &self.watch);
        let lost = matches!(opened, Err(Unusable::Index(_)));
        if lost {
            opened = Kept::open(&self.disk, practice, self.key(), &mut self.index, &self.watch);
        }
        match opened {
            Ok((Some(mut kept), found)) => {
                if found.torn.is_some() {
                    self.log.note(Event::TailCut { practice });
                }
                kept.subscribers = subscribers;
                self.practices.insert(practice, Some(kept));
            }
            // A folder in which nothing was ever acknowledged.
            Ok((None, _)) => {}
            Err(why) => {
                self.log.note(Event::Unusable { practice, cause: &why.to_string() });
                subscribers.into_values().flatten().for_each(|one| one.outbox.end());
                self.practices.insert(practice, None);
            }
        }
        lost
    }
}
