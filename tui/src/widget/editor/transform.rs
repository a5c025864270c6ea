//! Moves edits through one another, so that an own edit can be undone after somebody else has
//! changed the text around it.
//!
//! [`rebase`] does the same for splices, between an editor and the document behind it.
//!
//! An [`Op`] is the smallest edit. For two of them that were made on the same text, [`cross`]
//! returns what each becomes after the other: `a` then `b'` gives the same text as `b` then `a'`.

use tacenda_shared::practice::edit::{Part, Splice};

/// Returns `ours` as they are after `theirs`, and `theirs` as they are after `ours`, where both
/// were made on the same text. Where both insert at one place, ours come first if `ours_first`.
///
/// What was inserted by one inside a range that the other deleted stays.
pub fn rebase(ours: &[Splice], theirs: &[Splice], ours_first: bool) -> (Vec<Splice>, Vec<Splice>) {
    let mut ours_after = Vec::with_capacity(ours.len());
    let mut theirs_after = Vec::with_capacity(theirs.len());
    let mut parts: Vec<Part> = ours.iter().chain(theirs).map(|splice| splice.part).collect();
    parts.sort_unstable();
    parts.dedup();
    for part in parts {
        let (ours, theirs) = cross(ops_of(ours, part), ops_of(theirs, part), ours_first);
        ours_after.extend(ours.into_iter().map(|op| op.into_splice(part)));
        theirs_after.extend(theirs.into_iter().map(|op| op.into_splice(part)));
    }
    (ours_after, theirs_after)
}

/// Returns where a place of a part comes to lie after splices. What is inserted exactly there
/// comes behind it.
pub fn moved_by(position: usize, part: Part, splices: &[Splice]) -> usize {
    let of_part = splices.iter().filter(|splice| splice.part == part);
    of_part.fold(position, |position, splice| {
        moved(position, splice.position, splice.deleted, splice.inserted.chars().count())
    })
}

fn ops_of(splices: &[Splice], part: Part) -> Vec<Op> {
    let of_part = splices.iter().filter(|splice| splice.part == part);
    of_part.flat_map(|splice| ops(splice.position, splice.deleted, &splice.inserted)).collect()
}

/// Returns the ops of one replacement.
pub(super) fn ops(position: usize, deleted: usize, inserted: &str) -> Vec<Op> {
    let mut ops = Vec::with_capacity(2);
    if deleted > 0 {
        ops.push(Op::Delete { at: position, count: deleted });
    }
    if !inserted.is_empty() {
        ops.push(Op::Insert { at: position, text: inserted.to_owned() });
    }
    ops
}

/// The smallest edit of a text. Positions and counts are code points.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Op {
    /// Takes away.
    Delete { at: usize, count: usize },
    /// Puts in.
    Insert { at: usize, text: String },
}

impl Op {
    pub(super) fn into_splice(self, part: Part) -> Splice {
        match self {
            Self::Delete { at, count } => {
                Splice { part, position: at, deleted: count, inserted: String::new() }
            }
            Self::Insert { at, text } => Splice { part, position: at, deleted: 0, inserted: text },
        }
    }
}

/// Returns `a` as it is after `b`, and `b` as it is after `a`. Where both insert at one place,
/// the text of `a` comes first if `a_first`.
pub(super) fn cross(a: Vec<Op>, b: Vec<Op>, a_first: bool) -> (Vec<Op>, Vec<Op>) {
    let mut a_after = Vec::with_capacity(a.len());
    let mut b_after = b;
    for op in a {
        let (moved, rest) = cross_one(op, b_after, a_first);
        a_after.extend(moved);
        b_after = rest;
    }
    (a_after, b_after)
}

fn cross_one(op: Op, others: Vec<Op>, op_first: bool) -> (Vec<Op>, Vec<Op>) {
    let mut pieces = vec![op];
    let mut others_after = Vec::with_capacity(others.len());
    for other in others {
        if let [piece] = pieces.as_slice() {
            let moved = over(piece, &other, op_first);
            others_after.extend(over(&other, piece, !op_first));
            pieces = moved;
        } else {
            let (moved, rest) = cross(pieces, vec![other], op_first);
            pieces = moved;
            others_after.extend(rest);
        }
    }
    (pieces, others_after)
}

/// Returns where a position comes to lie after `op`. What is inserted exactly there comes behind
/// it, so that a caret keeps the character at its left.
pub(super) const fn moved(position: usize, op_at: usize, deleted: usize, inserted: usize) -> usize {
    let position = if position <= op_at {
        position
    } else if position >= op_at + deleted {
        position - deleted
    } else {
        op_at
    };
    if op_at < position { position + inserted } else { position }
}

/// Returns `op` as it is after `other`.
fn over(op: &Op, other: &Op, op_first: bool) -> Vec<Op> {
    match (op, other) {
        (Op::Insert { at, text }, Op::Insert { at: place, text: new }) => {
            let shifts = place < at || (place == at && !op_first);
            let at = if shifts { at + new.chars().count() } else { *at };
            vec![Op::Insert { at, text: text.clone() }]
        }
        (Op::Insert { at, text }, Op::Delete { at: place, count }) => {
            vec![Op::Insert { at: moved(*at, *place, *count, 0), text: text.clone() }]
        }
        (Op::Delete { at, count }, Op::Insert { at: place, text }) => {
            delete_over_insert(*at, *count, *place, text.chars().count())
        }
        (Op::Delete { at, count }, Op::Delete { at: place, count: gone }) => {
            let before = place.saturating_sub(*at).min(*count);
            let after = (at + count).saturating_sub(place + gone).min(*count);
            match before + after {
                0 => Vec::new(),
                count => vec![Op::Delete { at: moved(*at, *place, *gone, 0), count }],
            }
        }
    }
}

/// What was inserted inside the deleted range stays: the deletion goes around it.
fn delete_over_insert(at: usize, count: usize, place: usize, new: usize) -> Vec<Op> {
    if place <= at {
        vec![Op::Delete { at: at + new, count }]
    } else if place >= at + count {
        vec![Op::Delete { at, count }]
    } else {
        let left = place - at;
        vec![Op::Delete { at, count: left }, Op::Delete { at: at + new, count: count - left }]
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Applies to a plain text, by the letter.
    pub(crate) fn apply(text: &mut Vec<char>, ops: &[Op]) {
        for op in ops {
            match op {
                Op::Delete { at, count } => drop(text.drain(*at..at + count)),
                Op::Insert { at, text: new } => drop(text.splice(*at..*at, new.chars())),
            }
        }
    }

    /// Ops that fit a text of `length`, from raw numbers.
    fn fitted(mut length: usize, raw: &[(usize, usize, String)]) -> Vec<Op> {
        let mut ops = Vec::new();
        for (at, count, text) in raw {
            let at = at % (length + 1);
            let count = count % (length - at + 1);
            if count > 0 && text.len() % 2 == 0 {
                ops.push(Op::Delete { at, count });
                length -= count;
            } else {
                ops.push(Op::Insert { at, text: text.clone() });
                length += text.chars().count();
            }
        }
        ops
    }

    fn raw() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
        proptest::collection::vec((0_usize..40, 0_usize..12, "[a-zé]{1,4}"), 0..6)
    }

    proptest! {
        #[test]
        fn both_orders_give_the_same_text(start in "[A-Z]{0,20}", a in raw(), b in raw()) {
            let start: Vec<char> = start.chars().collect();
            let (a, b) = (fitted(start.len(), &a), fitted(start.len(), &b));
            let (a_after, b_after) = cross(a.clone(), b.clone(), true);

            let (mut left, mut right) = (start.clone(), start);
            apply(&mut left, &a);
            apply(&mut left, &b_after);
            apply(&mut right, &b);
            apply(&mut right, &a_after);

            prop_assert_eq!(left, right);
        }
    }
}
