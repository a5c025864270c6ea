//! The texts of a note's parts, splices on them, and the difference between two states.

use ropey::Rope;
use std::fmt;
use tacenda_shared::practice::edit::{Part, Splice};

/// The text of each part, in order.
#[derive(Clone, PartialEq)]
pub struct Texts(Vec<(Part, Rope)>);

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The texts are clinical.
        write!(f, "Texts({} parts)", self.0.len())
    }
}

impl Texts {
    /// Takes the texts of a view.
    pub fn of(parts: &[(Part, String)]) -> Self {
        Self(parts.iter().map(|(part, text)| (*part, Rope::from_str(text))).collect())
    }

    /// Takes texts that are ropes already; cloning those is cheap.
    pub fn from_ropes(parts: impl IntoIterator<Item = (Part, Rope)>) -> Self {
        Self(parts.into_iter().collect())
    }

    /// Returns the texts as a view holds them.
    pub fn strings(&self) -> Vec<(Part, String)> {
        self.0.iter().map(|(part, rope)| (*part, rope.to_string())).collect()
    }

    /// Carries out splices, in order. What lies beyond a text is cut off; of a part that is not
    /// there, nothing is done.
    pub fn apply(&mut self, splices: &[Splice]) {
        for splice in splices {
            let Some((_, rope)) = self.0.iter_mut().find(|(part, _)| *part == splice.part) else {
                continue;
            };
            let position = splice.position.min(rope.len_chars());
            let end = splice.position.saturating_add(splice.deleted).min(rope.len_chars());
            rope.remove(position..end.max(position));
            rope.insert(position, &splice.inserted);
        }
    }

    /// Returns what makes `newer` of this: for each part that differs one splice, from the first
    /// letter that differs to the last.
    pub fn difference(&self, newer: &Self) -> Vec<Splice> {
        let mut splices = Vec::new();
        for (part, rope) in &newer.0 {
            let old = self.0.iter().find(|(other, _)| other == part).map(|(_, rope)| rope);
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
            splices.push(Splice {
                part: *part,
                position: start,
                deleted: old.len_chars() - end - start,
                inserted: rope.slice(start..rope.len_chars() - end).to_string(),
            });
        }
        splices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_difference_makes_the_newer_text(older in "[ab]{0,8}", newer in "[ab]{0,8}") {
            let of = |text: String| Texts::of(&[(Part::Plan, text)]);
            let (mut older, newer) = (of(older), of(newer));
            let splices = older.difference(&newer);
            older.apply(&splices);
            prop_assert_eq!(older.strings(), newer.strings());
        }
    }
}
