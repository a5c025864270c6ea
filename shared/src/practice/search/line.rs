//! The place in a text where something was found, in one line.

use super::query::Query;
use super::texts::WORDS_OF_TEXT_MAX;
use std::ops::Range;

/// So many bytes of a text stand before what was found, and so many from there on.
const BEFORE: usize = 60;
const BEHIND: usize = 200;

/// A line with what was found in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Line {
    /// The text around it, with single spaces.
    pub text: String,
    /// Where in that text the words stand that were looked for, in bytes, in order.
    pub marks: Vec<Range<usize>>,
    /// Whether something stands before it in its part.
    pub goes_before: bool,
    /// Whether something stands behind it.
    pub goes_on: bool,
}

/// Makes the line: of all places the one around which most terms stand, the first of several.
pub(super) fn line(query: &Query, parts: &[String]) -> Option<Line> {
    let mut best: Option<(usize, &str, usize)> = None;
    for part in parts {
        let found = query.find(part, WORDS_OF_TEXT_MAX);
        for (at, (place, _)) in found.iter().enumerate() {
            let near = found.iter().skip(at).take_while(|(p, _)| p.end < place.start + BEHIND);
            // Beyond so many, what stands near is not told apart.
            let near: u32 = near.take(64).fold(0, |near, (_, term)| near | 1 << term);
            let terms = usize::try_from(near.count_ones()).unwrap_or(0);
            if best.is_none_or(|(most, ..)| terms > most) {
                best = Some((terms, part, place.start));
            }
        }
    }
    let (_, part, at) = best?;
    let start = floor(part, at.saturating_sub(BEFORE));
    // It begins with a word.
    let start = match part.get(start..at).and_then(|before| before.find(char::is_whitespace)) {
        Some(space) if start > 0 => start + space,
        _ => start,
    };
    let end = floor(part, at + BEHIND);
    let cut = part.get(start..end).unwrap_or_default();
    let text = cut.split_whitespace().collect::<Vec<_>>().join(" ");
    let marks = query.find(&text, WORDS_OF_TEXT_MAX).into_iter().map(|(place, _)| place).collect();
    let blank = |text: Option<&str>| text.unwrap_or_default().trim().is_empty();
    Some(Line {
        text,
        marks: apart(marks),
        goes_before: !blank(part.get(..start)),
        goes_on: !blank(part.get(end..)),
    })
}

/// Returns places in order, those that touch or overlap as one.
fn apart(marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut apart: Vec<Range<usize>> = Vec::new();
    for mark in marks {
        match apart.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => apart.push(mark),
        }
    }
    apart
}

/// Returns the last place at which a character begins, up to `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(query: &str, text: &str) -> (String, Vec<String>) {
        let line = line(&Query::read(query), &[text.to_owned()]).unwrap();
        let marks = line.marks.iter().map(|mark| line.text[mark.clone()].to_owned()).collect();
        (line.text, marks)
    }

    #[test]
    fn the_line_shows_where_most_of_the_words_stand_together() {
        let text = format!("Sleep.\n{}Diary of  sleep\nkept daily.", "Other words. ".repeat(40));
        let (line, marks) = shown("diary sleep", &text);
        assert!(line.ends_with("Diary of sleep kept daily."), "{line}");
        assert!(line.starts_with("words."), "{line}");
        assert_eq!(marks, ["Diary", "sleep"]);
    }

    #[test]
    fn what_was_found_at_the_beginning_stands_at_the_beginning() {
        let (line, marks) = shown("muller", "Müller called.");
        assert_eq!(
            (line.as_str(), marks.as_slice()),
            ("Müller called.", &["Müller".to_owned()][..])
        );
    }

    proptest! {
        #[test]
        fn any_text_gives_a_short_line_with_marks_that_stand_in_it(text in any::<String>()) {
            let text = format!("{text} needle {text}");
            let line = line(&Query::read("needle"), std::slice::from_ref(&text)).unwrap();
            prop_assert!(line.text.len() <= BEFORE + BEHIND);
            prop_assert!(!line.marks.is_empty());
            for mark in &line.marks {
                prop_assert!(line.text.get(mark.clone()).is_some());
            }
        }
    }
}
