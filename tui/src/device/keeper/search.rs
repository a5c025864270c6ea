//! Search as the window asks for it. Texts are looked through between other asks, a part at a time, so
//! that nothing waits long for it.

use super::{Keeper, Practice};
use crate::message::{Asked, DeviceEvent, Secret, Told};
use crate::notice::Notice;
use tacenda_shared::id::Timestamp;
use tacenda_shared::practice::search::Sitting;

/// Texts that are looked through before something else gets its turn.
const STEP: usize = 512;

/// What the window looks for.
#[derive(Default)]
pub(super) struct Searching {
    /// Words that not all texts were looked through for.
    words: Option<Secret>,
    sitting: Sitting,
}

impl Searching {
    /// Whether there are texts left to look through for somebody.
    pub(super) const fn is_on(&self) -> bool {
        self.words.is_some()
    }
}

impl Keeper {
    /// Does what the window asks of the search.
    pub(super) fn search(&mut self, asked: Asked, now: Timestamp) {
        match asked {
            Asked::For(words) => {
                self.searching.words = Some(words);
                self.search_on(now);
            }
            Asked::Lines { words, matches, total } => {
                let sitting = &mut self.searching.sitting;
                let outcome = match &mut self.practice {
                    Practice::Open { device, .. } => {
                        let found = (matches.as_slice(), total);
                        let lines = device.show_found(&words.0, found, sitting, now);
                        lines.map_err(|error| Notice::from(&error))
                    }
                    _ => Err(super::locked()),
                };
                if outcome.is_err() {
                    // What was not written down is written with the next look.
                    self.searching.sitting = Sitting::default();
                }
                self.tell(DeviceEvent::Found(Told::Lines(words, outcome)));
            }
            Asked::Nothing => self.searching = Searching::default(),
        }
    }

    /// Looks through the next texts, and tells what was found so far.
    pub(super) fn search_on(&mut self, now: Timestamp) {
        let Some(words) = self.searching.words.take() else { return };
        let Practice::Open { device, .. } = &mut self.practice else { return };
        let is_whole = device.prepare_search(STEP, now);
        let found = device.search(&words.0);
        if !is_whole {
            self.searching.words = Some(words.clone());
        }
        self.tell(DeviceEvent::Found(Told::Found(words, found)));
    }
}
