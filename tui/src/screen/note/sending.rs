//! What was typed, on its way to the document: splices at once, a change of the document at pauses.

use super::State;
use crate::message::{Effect, Now};
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::edit::Splice;

/// A pause in typing after which a document change is made. Milliseconds.
const PAUSE: i64 = 3_000;

/// The same while another device has this draft open, so that it is seen there live.
const LIVE_PAUSE: i64 = 300;

/// The longest time that typing goes on without a document change. Milliseconds.
const LONGEST: i64 = 30_000;

/// At most so many code points are inserted between two commits: a change has a limit.
pub(super) const COMMIT_LIMIT: usize = 100_000;

/// At most so many code points in one splice; half of [`COMMIT_LIMIT`].
const SPLICE_LIMIT: usize = 50_000;

impl State {
    /// Hands splices on, in pieces that fit into one document change each.
    pub(super) fn send(&mut self, splices: Vec<Splice>, now: &Now, effects: &mut Vec<Effect>) {
        self.last_key = now.time;
        self.counters.stale = true;
        let mut batch = Vec::new();
        for splice in splices.into_iter().flat_map(pieces) {
            let count = splice.inserted.chars().count();
            if self.inserted + count > COMMIT_LIMIT {
                self.type_batch(std::mem::take(&mut batch), effects);
                self.commit(effects);
            }
            self.inserted += count;
            self.uncommitted.get_or_insert(now.time);
            batch.push(splice);
        }
        self.type_batch(batch, effects);
    }

    fn type_batch(&mut self, splices: Vec<Splice>, effects: &mut Vec<Effect>) {
        if splices.is_empty() {
            return;
        }
        self.flight.typed(&splices);
        self.seen_by.clear();
        self.typed += splices.len() as u64;
        let seen = self.flight.seen();
        effects.push(Effect::Type { note: self.note, client: self.client, splices, seen });
    }

    pub(super) fn commit(&mut self, effects: &mut Vec<Effect>) {
        if self.uncommitted.take().is_some() {
            self.inserted = 0;
            effects.push(Effect::Commit { note: self.note, client: self.client });
        }
    }

    pub(super) fn commit_due(&self) -> Option<Timestamp> {
        let first = self.uncommitted?;
        let pause = if self.beside.is_empty() { PAUSE } else { LIVE_PAUSE };
        let pause = self.last_key.plus_millis(pause);
        Some(pause.min(first.plus_millis(LONGEST)))
    }
}

/// Cuts a splice that inserts very much into several that follow each other.
fn pieces(splice: Splice) -> Vec<Splice> {
    let letters: Vec<char> = splice.inserted.chars().collect();
    if letters.len() <= SPLICE_LIMIT {
        return vec![splice];
    }
    let chunks = letters.chunks(SPLICE_LIMIT).enumerate();
    let piece = |(index, chunk): (usize, &[char])| Splice {
        part: splice.part,
        position: splice.position + index * SPLICE_LIMIT,
        deleted: if index == 0 { splice.deleted } else { 0 },
        inserted: chunk.iter().collect(),
    };
    chunks.map(piece).collect()
}
