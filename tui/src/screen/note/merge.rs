//! Brings together what is typed here and what the document says.
//!
//! The editors are always ahead of the document: keys are on their way to it. When a newer view
//! of the draft comes, this finds out how much of what was sent it already contains, and moves
//! the changes of others behind the rest. Nothing that was typed here is ever taken away by a
//! view that did not know of it yet.

use crate::widget::editor::rebase;
use ropey::Rope;
use tacenda_shared::practice::edit::{Part, Splice};
use tacenda_shared::practice::view::DraftView;

/// How many places are tried when a view does not say what has changed.
const GUESSES: usize = 256;

/// The document as the last view showed it, and what was typed since.
#[derive(Clone)]
pub(super) struct Shadow {
    parts: Vec<(Part, Rope)>,
    /// In order; the first is made on `parts`.
    sent: Vec<Splice>,
}

impl std::fmt::Debug for Shadow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shadow({} splices ahead)", self.sent.len())
    }
}

impl Shadow {
    pub(super) fn new(view: &DraftView) -> Self {
        Self { parts: ropes(view), sent: Vec::new() }
    }

    /// Takes note of what was typed.
    pub(super) fn typed(&mut self, splices: &[Splice]) {
        self.sent.extend_from_slice(splices);
    }

    /// Takes a newer view. Returns what has to be applied to the editors, in order.
    pub(super) fn receive(&mut self, view: &DraftView) -> Vec<Splice> {
        let newer = ropes(view);
        let (known, remote) =
            self.exact(&newer, &view.remote).unwrap_or_else(|| self.guess(&newer));
        let ahead = self.sent.get(known..).unwrap_or_default();
        let (sent, remote) = rebase(ahead, &remote, true);
        self.parts = newer;
        self.sent = sent;
        remote
    }

    /// Finds how much of what was sent the view contains, if its splices explain the rest.
    fn exact(&self, newer: &[(Part, Rope)], remote: &[Splice]) -> Option<(usize, Vec<Splice>)> {
        let mut parts = self.parts.clone();
        let mut sent = self.sent.iter();
        let mut known = 0;
        loop {
            let mut tried = parts.clone();
            remote.iter().for_each(|splice| apply(&mut tried, splice));
            if tried == newer {
                return Some((known, remote.to_vec()));
            }
            apply(&mut parts, sent.next()?);
            known += 1;
        }
    }

    /// Takes the least difference between the view and the document at any point of what was
    /// sent as the change of others.
    fn guess(&self, newer: &[(Part, Rope)]) -> (usize, Vec<Splice>) {
        let stride = self.sent.len() / GUESSES + 1;
        let mut parts = self.parts.clone();
        let mut best = (0, difference(&parts, newer));
        for (index, splice) in self.sent.iter().enumerate() {
            apply(&mut parts, splice);
            let known = index + 1;
            if known % stride != 0 && known != self.sent.len() {
                continue;
            }
            let found = difference(&parts, newer);
            if size(&found) <= size(&best.1) {
                best = (known, found);
            }
        }
        best
    }
}

fn ropes(view: &DraftView) -> Vec<(Part, Rope)> {
    view.parts.iter().map(|(part, text)| (*part, Rope::from_str(text))).collect()
}

fn apply(parts: &mut [(Part, Rope)], splice: &Splice) {
    if let Some((_, rope)) = parts.iter_mut().find(|(part, _)| *part == splice.part) {
        let position = splice.position.min(rope.len_chars());
        let end = splice.position.saturating_add(splice.deleted).min(rope.len_chars());
        rope.remove(position..end.max(position));
        rope.insert(position, &splice.inserted);
    }
}

fn difference(older: &[(Part, Rope)], newer: &[(Part, Rope)]) -> Vec<Splice> {
    let mut out = Vec::new();
    for (part, rope) in newer {
        let old = older.iter().find(|(other, _)| other == part).map(|(_, rope)| rope);
        let empty = Rope::new();
        let old = old.unwrap_or(&empty);
        if old == rope {
            continue;
        }
        let shorter = old.len_chars().min(rope.len_chars());
        let start = old.chars().zip(rope.chars()).take_while(|(a, b)| a == b).count();
        let ends = old.chars_at(old.len_chars()).reversed();
        let ends = ends.zip(rope.chars_at(rope.len_chars()).reversed());
        let end = ends.take(shorter - start).take_while(|(a, b)| a == b).count();
        out.push(Splice {
            part: *part,
            position: start,
            deleted: old.len_chars() - end - start,
            inserted: rope.slice(start..rope.len_chars() - end).to_string(),
        });
    }
    out
}

fn size(splices: &[Splice]) -> usize {
    splices.iter().map(|splice| splice.deleted + splice.inserted.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::note::tests::draft;
    use proptest::prelude::*;

    fn splice(position: usize, deleted: usize, inserted: &str) -> Splice {
        Splice { part: Part::Text, position, deleted, inserted: inserted.to_owned() }
    }

    fn texts(parts: &[(Part, Rope)], splices: &[Splice]) -> String {
        let mut parts = parts.to_vec();
        splices.iter().for_each(|splice| apply(&mut parts, splice));
        parts[0].1.to_string()
    }

    #[test]
    fn a_view_that_knows_half_of_what_was_typed_keeps_the_other_half() {
        let mut shadow = Shadow::new(&draft(&[(Part::Text, "mood")], &[]));
        shadow.typed(&[splice(4, 0, " low"), splice(8, 0, " today")]);

        let remote = [splice(0, 0, "Client: ")];
        let applied = shadow.receive(&draft(&[(Part::Text, "Client: mood low")], &remote));

        assert_eq!(applied, [splice(0, 0, "Client: ")]);
        assert_eq!(texts(&shadow.parts, &shadow.sent), "Client: mood low today");
    }

    #[test]
    fn a_view_without_splices_is_compared_and_loses_nothing() {
        let mut shadow = Shadow::new(&draft(&[(Part::Text, "mood")], &[]));
        shadow.typed(&[splice(4, 0, " low"), splice(8, 0, " today")]);

        let applied = shadow.receive(&draft(&[(Part::Text, "good mood low")], &[]));

        assert_eq!(applied, [splice(0, 0, "good ")]);
        assert_eq!(texts(&shadow.parts, &shadow.sent), "good mood low today");
    }

    proptest! {
        #[test]
        fn the_editor_always_shows_the_document_and_what_is_ahead_of_it(
            start in "[a-c ]{0,12}",
            rounds in proptest::collection::vec(
                (
                    proptest::collection::vec((0_usize..30, 0_usize..4, "[d-f]{0,3}"), 0..6),
                    0_usize..8,
                    proptest::collection::vec((0_usize..30, 0_usize..4, "[X-Z]{0,3}"), 0..4),
                    any::<bool>(),
                ),
                0..6,
            ),
        ) {
            let mut shadow = Shadow::new(&draft(&[(Part::Text, &start)], &[]));
            let mut editor = crate::widget::editor::Editor::new(Part::Text, &start);
            for (keys, known, remote, told) in rounds {
                for (position, deleted, text) in keys {
                    let made = editor.replace(position, deleted, &text);
                    shadow.typed(made.as_slice());
                }
                // A device that has heard the first `known` splices, then somebody else.
                let known = known.min(shadow.sent.len());
                let mut document = shadow.parts.clone();
                shadow.sent[..known].iter().for_each(|splice| apply(&mut document, splice));
                let mut made = Vec::new();
                for (position, deleted, text) in remote {
                    let length = document[0].1.len_chars();
                    let position = position % (length + 1);
                    made.push(splice(position, deleted.min(length - position), &text));
                    apply(&mut document, &made[made.len() - 1]);
                }
                let text = document[0].1.to_string();
                let said = if told { made } else { Vec::new() };
                let applied = shadow.receive(&draft(&[(Part::Text, &text)], &said));
                editor.apply_remote(&applied);

                prop_assert_eq!(editor.text(), texts(&shadow.parts, &shadow.sent));
                prop_assert_eq!(shadow.parts[0].1.to_string(), text);
            }
        }
    }
}
