//! Composes a synthetic SOAP note of sentences that fit the client and the week.

use super::grammar::{Focus, Grammar, Pronouns, index};
use super::themes::THEMES;
use crate::practice::edit::Part;
use crate::random::Seeded;

/// What a client's notes have in common.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// How the client is spoken of.
    pub(super) pronouns: Pronouns,
    /// Three themes, the first the main one.
    pub(super) themes: [usize; 3],
    /// Where in each pool the client's own words begin.
    pub(super) vocabulary: usize,
    /// Root of everything drawn for this client.
    pub(super) seed: u64,
}

/// The shortest and the longest note, in characters over all parts.
const CHARACTERS_MIN: usize = 1_200;
const CHARACTERS_MAX: usize = 2_800;

impl Voice {
    /// Draws a voice.
    pub(super) fn new(pronouns: Pronouns, random: &mut Seeded) -> Self {
        let first = index(random, THEMES.len());
        let second = first + 1 + index(random, THEMES.len() / 2);
        let third = second + 1 + index(random, THEMES.len() / 3);
        Self {
            pronouns,
            themes: [first, second % THEMES.len(), third % THEMES.len()],
            vocabulary: index(random, 60),
            seed: random.next_u64(),
        }
    }

    /// Returns the id of the instrument that follows the main theme.
    pub(super) fn instrument(&self) -> &'static str {
        let [main, ..] = self.themes;
        THEMES.get(main).map_or("k6", |theme| theme.instrument)
    }

    /// Writes note number `number` of this client. `ease` runs from 0, badly off, to 1, well.
    pub(super) fn note(&self, grammar: &Grammar, number: u32, ease: f64) -> Vec<(Part, String)> {
        let number = u64::from(number);
        let mut random = Seeded::new(self.seed ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let [first, second, third] = self.themes;
        let theme = match random.below(10) {
            0..=5 => first,
            6..=8 => second,
            _ => third,
        };
        let task = |number: u64| self.seed.wrapping_add(number.wrapping_mul(97));
        let focus = Focus {
            pronouns: self.pronouns,
            theme,
            vocabulary: self.vocabulary,
            last_task: task(number),
            next_task: task(number + 1),
        };
        let mut note = Note { grammar, focus, random, used: Vec::new(), characters: 0 };
        let subjective = note.subjective(number, ease, second);
        let objective = note.objective();
        let assessment = note.assessment();
        let plan = note.plan();
        vec![
            (Part::Subjective, subjective),
            (Part::Objective, objective),
            (Part::Assessment, assessment),
            (Part::Plan, plan),
        ]
    }
}

/// A note while it is written.
struct Note<'g> {
    grammar: &'g Grammar,
    focus: Focus,
    random: Seeded,
    used: Vec<(&'static str, usize)>,
    characters: usize,
}

impl Note<'_> {
    fn subjective(&mut self, number: u64, ease: f64, other_theme: usize) -> String {
        let mut text = String::new();
        let week = ease + (self.share() - 0.5) * 0.7;
        let (open, sleep) = match week {
            w if w > 0.62 => ("open.better", "sleep.better"),
            w if w > 0.38 => {
                ("open.same", if self.one_in(2) { "sleep.better" } else { "sleep.worse" })
            }
            _ => ("open.worse", "sleep.worse"),
        };
        self.add(open, &mut text);
        self.add("scene", &mut text);
        if number > 0 {
            let kept = self.share() < 0.35 + ease * 0.5;
            self.add(if kept { "home.done" } else { "home.open" }, &mut text);
        }
        self.add("thought", &mut text);
        let theme = self.focus.theme;
        self.focus.theme = other_theme;
        self.add("scene", &mut text);
        self.focus.theme = theme;
        self.add("image", &mut text);
        self.add("log", &mut text);
        if self.one_in(2) {
            self.add(sleep, &mut text);
        }
        if self.one_in(2) {
            self.add("people", &mut text);
        }
        while self.one_in(3) && self.characters < 1_000 {
            self.add("scene", &mut text);
        }
        if self.one_in(3) {
            self.add("quote", &mut text);
        }
        text
    }

    fn objective(&mut self) -> String {
        let mut text = String::new();
        self.add("look", &mut text);
        self.add("affect", &mut text);
        if self.one_in(2) {
            self.add("speech", &mut text);
        }
        self.add("did", &mut text);
        self.add("log", &mut text);
        if self.one_in(2) {
            self.add("did", &mut text);
        }
        if self.one_in(2) {
            self.add("risk", &mut text);
        }
        text
    }

    fn assessment(&mut self) -> String {
        let mut text = String::new();
        self.add("course", &mut text);
        self.add("formulation", &mut text);
        if self.one_in(2) {
            self.add("formulation", &mut text);
        }
        if self.one_in(3) {
            self.add("judge", &mut text);
        }
        text
    }

    fn plan(&mut self) -> String {
        let mut text = String::new();
        self.add("task", &mut text);
        self.add("next", &mut text);
        if self.one_in(2) {
            self.add("log", &mut text);
        }
        while self.characters < CHARACTERS_MIN || (self.one_in(2) && self.characters < 2_100) {
            self.add("next", &mut text);
        }
        text
    }

    /// Adds a sentence of the pool `name` that this note does not have yet.
    fn add(&mut self, name: &'static str, text: &mut String) {
        let count = self.grammar.len(name);
        let start = index(&mut self.random, count);
        let fresh = (0..count).map(|step| (start + step) % count.max(1));
        let at = fresh.into_iter().find(|at| !self.used.contains(&(name, *at))).unwrap_or(start);
        self.used.push((name, at));
        let sentence = self.grammar.sentence(name, at, &self.focus, &mut self.random);
        let characters = sentence.chars().count() + 1;
        if self.characters + characters > CHARACTERS_MAX {
            return;
        }
        self.characters += characters;
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&sentence);
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.random.below(bound) == 0
    }

    /// Draws a number from 0 to 1.
    fn share(&mut self) -> f64 {
        f64::from(u16::try_from(self.random.below(1_000)).unwrap_or_default()) / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_notes_of_a_client_are_alike_and_none_says_a_sentence_twice() {
        let grammar = Grammar::new();
        let voice = Voice::new(Pronouns::They, &mut Seeded::new(11));
        let mut notes = BTreeSet::new();
        for number in 0..80 {
            let parts = voice.note(&grammar, number, 0.5);
            let text: String = parts.iter().map(|(_, text)| text.as_str()).collect();
            let sentences: Vec<&str> = text.split(". ").collect();
            let distinct: BTreeSet<&str> = sentences.iter().copied().collect();
            assert_eq!(distinct.len(), sentences.len(), "{text}");
            assert!(notes.insert(text));
        }
    }
}
