//! What changed between two texts, word by word.
//!
//! The shortest way from the one to the other by the algorithm of Myers (An O(ND) Difference Algorithm
//! and Its Variations, 1986), up to a number of changes; of texts that differ more, all between their
//! common beginning and end is one change.

/// So many words may go or come before a text counts as another one: what is kept of the way grows with
/// the square of it.
const CHANGES_MAX: usize = 600;

/// A stretch of text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// It stands in both texts.
    Kept(String),
    /// It stands in the earlier text only.
    Out(String),
    /// It stands in the later text only.
    In(String),
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Mark {
    Kept,
    Out,
    In,
}

/// Returns the pieces of which two texts are made: without what came in it is the earlier text, without
/// what went out the later. What went out stands before what came in its place.
pub fn between(earlier: &str, later: &str) -> Vec<Piece> {
    let (before, after) = (words(earlier), words(later));
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let rest = (before.get(start..).unwrap_or_default(), after.get(start..).unwrap_or_default());
    let pairs = rest.0.iter().rev().zip(rest.1.iter().rev());
    let end = pairs.take_while(|(one, other)| one == other).count();
    let middle = (
        rest.0.get(..rest.0.len() - end).unwrap_or_default(),
        rest.1.get(..rest.1.len() - end).unwrap_or_default(),
    );
    let kept = |words: &[&str]| words.concat();
    let mut marked = vec![(Mark::Kept, kept(before.get(..start).unwrap_or_default()))];
    marked.extend(shortest(middle.0, middle.1).into_iter().map(|(mark, word)| (mark, word.into())));
    marked.push((Mark::Kept, kept(rest.0.get(rest.0.len() - end..).unwrap_or_default())));
    gathered(marked)
}

/// Words, and what stands between them, in turn.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let blank = first.is_whitespace();
        let end = rest.find(|letter: char| letter.is_whitespace() != blank);
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word);
        rest = after;
    }
    words
}

/// The shortest list of what goes and comes; all goes and comes where there is none that is short.
fn shortest<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<(Mark, &'a str)> {
    match way(before, after) {
        Some(way) => way,
        None => {
            let out = before.iter().map(|word| (Mark::Out, *word));
            out.chain(after.iter().map(|word| (Mark::In, *word))).collect()
        }
    }
}

/// For each number of changes, how far each diagonal reaches; then the way back.
fn way<'a>(before: &[&'a str], after: &[&'a str]) -> Option<Vec<(Mark, &'a str)>> {
    let most = CHANGES_MAX.min(before.len() + after.len());
    let same = |x: usize, y: usize| before.get(x).is_some_and(|word| after.get(y) == Some(word));
    let mut reached: Vec<Vec<usize>> = Vec::new();
    for changes in 0..=most {
        // Diagonal k = x - y lies at (k + changes) / 2 of its row.
        let row: Vec<usize> = (0..=changes)
            .map(|place| {
                let (mut x, mut y) = step(&reached, changes, place);
                while same(x, y) {
                    (x, y) = (x + 1, y + 1);
                }
                x
            })
            .collect();
        let over = (0..=changes).find(|place| {
            let x = row.get(*place).copied().unwrap_or(0);
            // y = x - k, k = 2 * place - changes
            x >= before.len() && x + changes >= 2 * place + after.len()
        });
        reached.push(row);
        if let Some(place) = over {
            return Some(back(before, after, &reached, place));
        }
    }
    None
}

/// Where a diagonal begins with one more change: from the one below a word came in, from the one above
/// a word went out.
fn step(reached: &[Vec<usize>], changes: usize, place: usize) -> (usize, usize) {
    let Some(last) = changes.checked_sub(1).and_then(|row| reached.get(row)) else {
        return (0, 0);
    };
    let above = last.get(place).copied();
    let below = place.checked_sub(1).and_then(|place| last.get(place)).map(|x| x + 1);
    let x = match (below, above) {
        (Some(below), Some(above)) => below.max(above),
        (Some(x), None) | (None, Some(x)) => x,
        (None, None) => 0,
    };
    (x, (x + changes).saturating_sub(2 * place))
}

fn back<'a>(
    before: &[&'a str],
    after: &[&'a str],
    reached: &[Vec<usize>],
    end: usize,
) -> Vec<(Mark, &'a str)> {
    let (mut place, mut marks) = (end, Vec::new());
    let (mut x, mut y) = (before.len(), after.len());
    for changes in (0..reached.len()).rev() {
        let (start, _) = step(reached, changes, place);
        while x > start {
            (x, y) = (x - 1, y.saturating_sub(1));
            marks.extend(before.get(x).map(|word| (Mark::Kept, *word)));
        }
        if changes == 0 {
            break;
        }
        let last = reached.get(changes - 1);
        let above = last.and_then(|row| row.get(place)).copied();
        let below =
            place.checked_sub(1).and_then(|place| last?.get(place)).map(|reached| reached + 1);
        if below.is_some_and(|below| above.is_none_or(|above| below >= above)) {
            x = x.saturating_sub(1);
            marks.extend(before.get(x).map(|word| (Mark::Out, *word)));
            place -= 1;
        } else {
            y = y.saturating_sub(1);
            marks.extend(after.get(y).map(|word| (Mark::In, *word)));
        }
    }
    marks.reverse();
    marks
}

/// Joins what belongs together: a blank between two changes is no place to stop reading.
fn gathered(mut marked: Vec<(Mark, String)>) -> Vec<Piece> {
    marked.retain(|(_, text)| !text.is_empty());
    let changed = |at: Option<&(Mark, String)>| at.is_some_and(|(mark, _)| *mark != Mark::Kept);
    let joins = |at: usize| {
        let (before, after) = (at.checked_sub(1).and_then(|at| marked.get(at)), marked.get(at + 1));
        marked.get(at).is_some_and(|(_, text)| text == " ") && changed(before) && changed(after)
    };
    let joins: Vec<bool> = (0..marked.len()).map(joins).collect();
    let (mut pieces, mut out, mut new) = (Vec::new(), String::new(), String::new());
    let close = |out: &mut String, new: &mut String, pieces: &mut Vec<Piece>| {
        if !out.is_empty() {
            pieces.push(Piece::Out(std::mem::take(out)));
        }
        if !new.is_empty() {
            pieces.push(Piece::In(std::mem::take(new)));
        }
    };
    for ((mark, text), joins) in marked.into_iter().zip(joins) {
        match mark {
            Mark::Out => out.push_str(&text),
            Mark::In => new.push_str(&text),
            Mark::Kept if joins => {
                out.push_str(&text);
                new.push_str(&text);
            }
            Mark::Kept => {
                close(&mut out, &mut new, &mut pieces);
                match pieces.last_mut() {
                    Some(Piece::Kept(before)) => before.push_str(&text),
                    _ => pieces.push(Piece::Kept(text)),
                }
            }
        }
    }
    close(&mut out, &mut new, &mut pieces);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(earlier: &str, later: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Kept(text) => text.clone(),
            Piece::Out(text) => format!("[-{text}-]"),
            Piece::In(text) => format!("{{+{text}+}}"),
        };
        between(earlier, later).iter().map(piece).collect()
    }

    #[test]
    fn what_went_out_and_what_came_in_is_marked_by_the_word() {
        assert_eq!(said("Slept badly.", "Slept badly."), "Slept badly.");
        assert_eq!(
            said("Slept badly again.", "Slept well again."),
            "Slept [-badly-]{+well+} again."
        );
        assert_eq!(said("", "All new."), "{+All new.+}");
        assert_eq!(said("All gone.", ""), "[-All gone.-]");
        assert_eq!(said("a b c", "x y c"), "[-a b-]{+x y+} c");
        assert_eq!(said("one\ntwo", "one\nand two"), "one\n{+and +}two");
        assert_eq!(said("with her brother today", "with her today"), "with her [-brother -]today");
    }

    #[test]
    fn of_a_text_that_is_another_one_all_goes_and_comes_in_bounded_time() {
        let number = |from: u32| (from..from + 40_000).map(|n| format!("{n} ")).collect::<String>();
        let (before, after) = (number(0), number(1_000_000));
        let pieces = between(&before, &after);
        let [Piece::Out(out), Piece::In(new), Piece::Kept(last)] = pieces.as_slice() else {
            panic!("one change")
        };
        assert_eq!((format!("{out} "), format!("{new} "), last.as_str()), (before, after, " "));
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_what_changed(
            before in "[ab \n]{0,40}",
            after in "[ab \n]{0,40}",
        ) {
            let (mut earlier, mut later) = (String::new(), String::new());
            for piece in between(&before, &after) {
                match piece {
                    Piece::Kept(text) => {
                        earlier.push_str(&text);
                        later.push_str(&text);
                    }
                    Piece::Out(text) => earlier.push_str(&text),
                    Piece::In(text) => later.push_str(&text),
                }
            }
            prop_assert_eq!((earlier, later), (before, after));
        }
    }
}
