//! Names in a text, for whoever leaves them out: compared as a search compares words, so that a name is
//! one however it is typed there.

use super::fold::{BETWEEN, each_word, is_apostrophe, stands_alone};
use std::collections::BTreeSet;
use std::ops::Range;

/// Pieces of one word with apostrophes that are looked at; what is beyond is taken for one with them.
const PIECES_MAX: usize = 8;

/// The words of names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    words: BTreeSet<String>,
    /// Those in letters that are words by themselves, as one: a single one of them names nobody.
    runs: BTreeSet<String>,
}

impl Names {
    /// Reads the words of names. A word of one letter is none.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for name in names {
            for word in words_of(name) {
                match word {
                    Word::Run(place) => {
                        let run = name.get(place).unwrap_or_default();
                        if run.chars().nth(1).is_some() {
                            all.runs.insert(run.to_owned());
                        }
                    }
                    Word::Pieces(pieces) => {
                        for piece in pieces.iter().chain(&whole(&pieces)) {
                            all.words.extend(forms_of(name.get(piece.clone()).unwrap_or_default()));
                        }
                    }
                }
            }
        }
        all
    }

    /// Returns where words of names stand in a text, in bytes, in order and apart.
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for word in words_of(text) {
            match word {
                Word::Run(place) => self.in_run(text, place, &mut found),
                Word::Pieces(pieces) => self.in_pieces(text, &pieces, &mut found),
            }
        }
        found
    }

    fn in_run(&self, text: &str, place: Range<usize>, found: &mut Vec<Range<usize>>) {
        let mut at = place.start;
        while let Some(rest) = text.get(at..place.end).filter(|rest| !rest.is_empty()) {
            let names = self.runs.iter().filter(|run| rest.starts_with(run.as_str()));
            let step = match names.map(String::len).max() {
                Some(length) => {
                    found.push(at..at + length);
                    length
                }
                None => rest.chars().next().map_or(1, char::len_utf8),
            };
            at += step;
        }
    }

    /// The longest name that begins at each piece: `O'Brien's` holds `O'Brien`.
    fn in_pieces(&self, text: &str, pieces: &[Range<usize>], found: &mut Vec<Range<usize>>) {
        let mut at = 0;
        while let Some(first) = pieces.get(at) {
            let ends = pieces.iter().enumerate().skip(at).rev();
            let name = ends.map(|(last, end)| (last, first.start..end.end)).find(|(_, place)| {
                let forms = forms_of(text.get(place.clone()).unwrap_or_default());
                forms.iter().any(|form| self.words.contains(form))
            });
            at = match name {
                Some((last, place)) => {
                    found.push(place);
                    last + 1
                }
                None => at + 1,
            };
        }
    }
}

enum Word {
    /// Letters that are words by themselves, side by side.
    Run(Range<usize>),
    /// A word, in what apostrophes leave of it.
    Pieces(Vec<Range<usize>>),
}

fn words_of(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    each_word(text, |place, _| {
        let word = text.get(place.clone()).unwrap_or_default();
        if word.chars().next().is_some_and(stands_alone) {
            match words.last_mut() {
                Some(Word::Run(run)) if run.end == place.start => run.end = place.end,
                _ => words.push(Word::Run(place)),
            }
            return true;
        }
        let mut pieces: Vec<Range<usize>> = Vec::new();
        let mut from = place.start;
        for (at, mark) in word.match_indices(is_apostrophe) {
            if pieces.len() + 1 < PIECES_MAX {
                pieces.push(from..place.start + at);
                from = place.start + at + mark.len();
            }
        }
        pieces.push(from..place.end);
        words.push(Word::Pieces(pieces));
        true
    });
    words
}

fn whole(pieces: &[Range<usize>]) -> Option<Range<usize>> {
    Some(pieces.first()?.start..pieces.last()?.end)
}

/// The forms of one word; none of a single letter.
fn forms_of(word: &str) -> Vec<String> {
    let mut forms = Vec::new();
    if word.chars().nth(1).is_some() {
        each_word(word, |_, form| {
            let mut written = String::new();
            form.write(&mut written);
            forms.extend(written.split(BETWEEN).map(str::to_owned));
            true
        });
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(name: &str, text: &str) -> Vec<String> {
        let names = Names::of([name]);
        names.places(text).into_iter().map(|place| text[place].to_owned()).collect()
    }

    #[test]
    fn a_name_is_one_however_it_is_typed() {
        for (name, text, found) in [
            ("Zoé Groß", "zoe, ZOÉ and Zoe\u{301} GROSS", "zoe|ZOÉ|Zoe\u{301}|GROSS"),
            ("Jörg Müller", "Joerg Mueller, Jorg MULLER", "Joerg|Mueller|Jorg|MULLER"),
            ("İpek Işık", "ipek isik; IPEK IŞIK; ıpek", "ipek|isik|IPEK|IŞIK|ıpek"),
            ("Ann O'Brien", "O\u{2019}Brien's and OBrien, Ann's", "O\u{2019}Brien|OBrien|Ann"),
            ("山田 太郎", "今日山田さんと、太郎。田", "山田|太郎"),
            ("J Ray", "J rays Ray", "Ray"),
        ] {
            assert_eq!(named(name, text).join("|"), found, "{name}");
        }
    }

    proptest! {
        #[test]
        fn places_are_in_order_and_apart_in_any_text(
            name in any::<String>(), text in any::<String>(),
        ) {
            for text in [&text, &name, &format!("{text} {name}'s")] {
                let mut before = 0;
                for place in Names::of([name.as_str()]).places(text) {
                    prop_assert!(before <= place.start && place.start < place.end);
                    prop_assert!(text.get(place.clone()).is_some());
                    before = place.end;
                }
            }
        }
    }
}
