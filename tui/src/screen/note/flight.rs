//! What is on its way between the screen and the document.
//!
//! The editors are always ahead of the document: keys are on their way to it. A view of the draft
//! says how many of them it holds; changes of others are moved over the rest, and the rest over
//! them. Nothing that was typed here is ever taken away by a view that did not know of it yet.

use crate::widget::editor::{moved_by, rebase};
use std::collections::VecDeque;
use tacenda_shared::practice::edit::{Part, Splice};
use tacenda_shared::practice::view::{DraftView, Standing};

/// The screen's end of the conversation about a draft.
#[derive(Clone)]
pub(super) struct Flight {
    /// Splices that were typed since the draft was opened.
    typed: u64,
    /// Changes of others that are on the screen.
    seen: u64,
    /// What no view has held yet, each with the count after it. The first is made on the text
    /// of the last view.
    ahead: VecDeque<(u64, Vec<Splice>)>,
}

impl std::fmt::Debug for Flight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flight({} ahead)", self.ahead.len())
    }
}

impl Flight {
    /// Begins with the first view.
    pub(super) const fn new(view: &DraftView) -> Self {
        let Standing { heard, told } = view.standing;
        Self { typed: heard, seen: told, ahead: VecDeque::new() }
    }

    /// Takes note of what was typed.
    pub(super) fn typed(&mut self, splices: &[Splice]) {
        let count = u64::try_from(splices.len()).unwrap_or(u64::MAX);
        self.typed = self.typed.saturating_add(count);
        self.ahead.push_back((self.typed, splices.to_vec()));
    }

    /// Returns how many changes of others are on the screen.
    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// Returns whether the last view held everything that was typed.
    pub(super) fn has_landed(&self) -> bool {
        self.ahead.is_empty()
    }

    /// Takes a newer view. Returns what has to be applied to the editors, in order.
    pub(super) fn receive(&mut self, view: &DraftView) -> Vec<Splice> {
        let Standing { heard, told } = view.standing;
        while self.ahead.front().is_some_and(|(count, _)| *count <= heard) {
            self.ahead.pop_front();
        }
        self.seen = told;
        let mut theirs = view.remote.clone();
        for (_, ours) in &mut self.ahead {
            (*ours, theirs) = rebase(ours, &theirs, true);
        }
        theirs
    }

    /// Returns where a place in the last view's text is on the screen.
    pub(super) fn place(&self, part: Part, position: usize) -> usize {
        let over = |position, (_, ours): &(u64, Vec<Splice>)| moved_by(position, part, ours);
        self.ahead.iter().fold(position, over)
    }
}
