//! The conversation between a screen that shows a draft and the document behind it. Pure.
//!
//! Both go on without waiting for each other: keys are on their way to the document while changes
//! of others are on their way to the screen. Each side counts what it has heard of the other, and
//! what crosses on the way is moved through what it did not know of. So no key lands where its
//! writer did not put it, and both come to the same text.

use crate::widget::editor::{Texts, moved_by, rebase};
use std::collections::VecDeque;
use tacenda_shared::practice::edit::{Part, Splice};
use tacenda_shared::practice::view::{DraftView, Standing};

/// The document's end of the conversation about one draft.
#[derive(Debug)]
pub(super) struct Conversation {
    /// The document with everything that was typed, as it was last told.
    texts: Texts,
    /// Splices that came from the screen.
    heard: u64,
    /// Changes of others that were told.
    told: u64,
    /// Those which the screen may not have seen yet, on a text that holds all that it typed.
    unseen: VecDeque<(u64, Vec<Splice>)>,
    /// Where the screen's caret is, in `texts`.
    caret: Option<(Part, usize)>,
}

impl Conversation {
    /// Begins with what the screen was shown first.
    pub(super) fn begun(view: &DraftView) -> Self {
        Self {
            texts: Texts::of(&view.parts),
            heard: 0,
            told: 0,
            unseen: VecDeque::new(),
            caret: None,
        }
    }

    /// Takes what was typed when the screen had seen the first `seen` changes of others. Returns
    /// it as it is after all of them.
    pub(super) fn typed(&mut self, splices: Vec<Splice>, seen: u64) -> Vec<Splice> {
        let count = u64::try_from(splices.len()).unwrap_or(u64::MAX);
        self.heard = self.heard.saturating_add(count);
        self.saw(seen);
        let mut ours = splices;
        for (_, theirs) in &mut self.unseen {
            (ours, *theirs) = rebase(&ours, theirs, true);
        }
        self.texts.apply(&ours);
        if let Some((part, position)) = &mut self.caret {
            *position = moved_by(*position, *part, &ours);
        }
        ours
    }

    /// Takes where the caret is on the screen that had seen so many changes of others. Returns
    /// whether it is elsewhere than before.
    pub(super) fn look(&mut self, part: Part, position: usize, seen: u64) -> bool {
        self.saw(seen);
        let over = |position, (_, theirs): &(u64, Vec<Splice>)| moved_by(position, part, theirs);
        let caret = Some((part, self.unseen.iter().fold(position, over)));
        std::mem::replace(&mut self.caret, caret) != caret
    }

    /// Returns where the screen's caret is in the text, if the screen has said.
    pub(super) const fn caret(&self) -> Option<(Part, usize)> {
        self.caret
    }

    /// Finishes a view of the document for the screen. `ahead` was typed and is no change of the
    /// document yet; `remote` is what others did to the text that holds it.
    pub(super) fn tell(&mut self, view: &mut DraftView, ahead: &[Splice], mut remote: Vec<Splice>) {
        let mut texts = Texts::of(&view.parts);
        texts.apply(ahead);
        self.texts.apply(&remote);
        // What was written here by a command, or read anew from the disk, has no splices.
        if self.texts != texts {
            remote.extend(self.texts.difference(&texts));
        }
        if !ahead.is_empty() {
            view.parts = texts.strings();
        }
        self.texts = texts;
        if let Some((part, position)) = &mut self.caret {
            *position = moved_by(*position, *part, &remote);
        }
        if !remote.is_empty() {
            self.told = self.told.saturating_add(1);
            self.unseen.push_back((self.told, remote.clone()));
        }
        view.remote = remote;
        view.standing = Standing { heard: self.heard, told: self.told };
    }

    fn saw(&mut self, seen: u64) {
        while self.unseen.front().is_some_and(|(number, _)| *number <= seen) {
            self.unseen.pop_front();
        }
    }
}
