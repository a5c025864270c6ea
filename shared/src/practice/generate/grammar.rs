//! Expands templates into sentences: `{a|b}` chooses, `<name>` draws from a pool, `#2-9#` draws
//! a number, `%s` and its kin stand for the client.
//!
//! It never fails: what it does not know it writes as it is, and a test sees that nothing is.

use super::themes::{THEMES, Theme};
use super::{sentences, vocabulary, words};
use crate::random::Seeded;
use std::collections::BTreeMap;

/// Every pool, parted into its alternatives once.
pub(super) struct Grammar {
    pools: BTreeMap<&'static str, Vec<&'static str>>,
    themes: Vec<ThemePools>,
}

/// The alternatives of one theme.
struct ThemePools {
    scene: Vec<&'static str>,
    thought: Vec<&'static str>,
    answer: Vec<&'static str>,
    method: Vec<&'static str>,
    task: Vec<&'static str>,
    problem: Vec<&'static str>,
}

/// How a client is spoken of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pronouns {
    /// She, her.
    She,
    /// He, him.
    He,
    /// They, them.
    They,
}

/// Whom and what a text is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Focus {
    /// How the client is spoken of.
    pub(super) pronouns: Pronouns,
    /// Number of the theme in the foreground.
    pub(super) theme: usize,
    /// Where in each pool this client's own words begin.
    pub(super) vocabulary: usize,
    /// The task agreed last time, as the seed that drew it.
    pub(super) last_task: u64,
    /// The task agreed this time, as the seed that draws it.
    pub(super) next_task: u64,
}

/// How many entries of a pool are a client's own.
const OWN_WORDS: usize = 12;
/// How often, in per cent, one of them is taken.
const OWN_PER_CENT: u64 = 25;
/// How often, in per cent, a phrase gets a word that describes it.
const DESCRIBED_PER_CENT: u64 = 55;
/// How often, in per cent, a small word is replaced.
const REWORDED_PER_CENT: u64 = 55;
/// How deep templates may refer to templates.
const DEPTH_MAX: usize = 8;

impl Grammar {
    /// Parts every pool.
    pub(super) fn new() -> Self {
        let all = words::POOLS.iter().chain(vocabulary::POOLS).chain(sentences::POOLS);
        let pools = all.map(|(name, text)| (*name, alternatives(text))).collect();
        let themes = THEMES.iter().map(ThemePools::new).collect();
        Self { pools, themes }
    }

    /// Returns how many sentences the pool `name` has.
    pub(super) fn len(&self, name: &str) -> usize {
        self.pools.get(name).map_or(0, Vec::len)
    }

    /// Writes sentence number `index` of the pool `name`, as a sentence.
    pub(super) fn sentence(
        &self,
        name: &str,
        index: usize,
        focus: &Focus,
        random: &mut Seeded,
    ) -> String {
        let template = self.pools.get(name).and_then(|pool| pool.get(index)).copied();
        let mut raw = String::new();
        self.expand(template.unwrap_or_default(), focus, random, DEPTH_MAX, &mut raw);
        polish(&reword(&raw, random))
    }

    fn expand(
        &self,
        template: &str,
        focus: &Focus,
        random: &mut Seeded,
        depth: usize,
        out: &mut String,
    ) {
        if depth == 0 {
            return;
        }
        let mut rest = template;
        while let Some(at) = rest.find(['{', '<', '#', '%']) {
            let (plain, tail) = rest.split_at(at);
            out.push_str(plain);
            rest = match tail.as_bytes().first() {
                Some(b'{') => self.choice(tail, focus, random, depth, out),
                Some(b'<') => self.draw(tail, focus, random, depth, out),
                Some(b'#') => number(tail, random, out),
                _ => pronoun(tail, focus.pronouns, out),
            };
        }
        out.push_str(rest);
    }

    fn choice<'t>(
        &self,
        tail: &'t str,
        focus: &Focus,
        random: &mut Seeded,
        depth: usize,
        out: &mut String,
    ) -> &'t str {
        let Some((inner, rest)) = braces(tail) else {
            out.push_str(tail);
            return "";
        };
        let options = alternatives(inner);
        self.expand(pick(&options, random), focus, random, depth - 1, out);
        rest
    }

    fn draw<'t>(
        &self,
        tail: &'t str,
        focus: &Focus,
        random: &mut Seeded,
        depth: usize,
        out: &mut String,
    ) -> &'t str {
        let Some((name, rest)) = tail.get(1..).and_then(|inner| inner.split_once('>')) else {
            out.push_str(tail);
            return "";
        };
        match name {
            "clock" => clock(7, 23, random, out),
            "night" => clock(0, 6, random, out),
            "rise" => clock(5, 10, random, out),
            "bed" => clock(21, 24, random, out),
            "lasttask" | "nexttask" => {
                let seed = if name == "lasttask" { focus.last_task } else { focus.next_task };
                let own = &mut Seeded::new(seed);
                let pool = self.source("task", focus, own);
                self.expand(pick(pool, own), focus, own, depth - 1, out);
            }
            _ => {
                let pool = self.source(name, focus, random);
                let chosen = if PERSONAL.contains(&name) && random.below(100) < OWN_PER_CENT {
                    // A client speaks of the same people and places again.
                    let own = focus.vocabulary + index(random, OWN_WORDS);
                    own.checked_rem(pool.len()).and_then(|at| pool.get(at)).copied()
                } else {
                    Some(pick(pool, random))
                };
                let chosen = chosen.unwrap_or_default();
                self.describe(name, chosen, focus, random, depth, out);
            }
        }
        rest
    }

    /// Returns the pool to draw a phrase of the kind `name` from: whole phrases, or, as often
    /// as [`MADE`] says, one that builds them word by word.
    fn source(&self, name: &str, focus: &Focus, random: &mut Seeded) -> &[&'static str] {
        let made = MADE.iter().find(|(kind, _, _)| *kind == name);
        let made = made.filter(|(_, _, per_cent)| random.below(100) < *per_cent);
        let made = made.and_then(|(_, pool, _)| self.pools.get(pool)).map(Vec::as_slice);
        made.unwrap_or_else(|| self.pool(name, focus))
    }

    /// Expands `chosen`, now and then with a word that describes it.
    fn describe(
        &self,
        name: &str,
        chosen: &str,
        focus: &Focus,
        random: &mut Seeded,
        depth: usize,
        out: &mut String,
    ) {
        let (before, after) = match name {
            "place" => ("<spot> ", ""),
            "object" => ("<plain> ", ""),
            "person" => ("<trait> ", ""),
            "activity" => ("", " <manner>"),
            "bad" | "good" | "body" => ("", " (#1-10#)"),
            _ => ("", ""),
        };
        let described = random.below(100) < DESCRIBED_PER_CENT;
        let (article, noun) = match chosen.split_once(' ') {
            Some((article @ ("a" | "an" | "the"), noun)) => (article, noun),
            _ => ("", chosen),
        };
        if described && !article.is_empty() && !before.is_empty() {
            out.push_str(if article == "the" { "the " } else { "a " });
            self.expand(before, focus, random, depth - 1, out);
            self.expand(noun, focus, random, depth - 1, out);
        } else {
            self.expand(chosen, focus, random, depth - 1, out);
        }
        if described {
            self.expand(after, focus, random, depth - 1, out);
        }
    }

    fn pool(&self, name: &str, focus: &Focus) -> &[&'static str] {
        let theme = self.themes.get(focus.theme % THEMES.len().max(1));
        let own = theme.and_then(|theme| match name {
            // A scene is also a pool of sentences; sentences are asked for by `sentence`.
            "scene" => Some(&theme.scene),
            "thought" => Some(&theme.thought),
            "answer" => Some(&theme.answer),
            "method" => Some(&theme.method),
            "task" => Some(&theme.task),
            "problem" => Some(&theme.problem),
            _ => None,
        });
        own.or_else(|| self.pools.get(name)).map_or(&[], Vec::as_slice)
    }
}

impl ThemePools {
    fn new(theme: &'static Theme) -> Self {
        Self {
            scene: alternatives(theme.scene),
            thought: alternatives(theme.thought),
            answer: alternatives(theme.answer),
            method: alternatives(theme.method),
            task: alternatives(theme.task),
            problem: alternatives(theme.problem),
        }
    }
}

/// Pools of which each client has a part that returns more often.
const PERSONAL: &[&str] = &["person", "topic", "place", "activity", "object", "cause", "body"];

/// Kinds of phrases that can also be built word by word, the pools for it, and how often, in
/// per cent, that is done.
const MADE: &[(&str, &str, u64)] = &[
    ("activity", "made.activity", 75),
    ("answer", "made.answer", 75),
    ("cause", "made.cause", 75),
    ("coped", "made.coped", 75),
    ("event", "made.event", 75),
    ("learned", "made.learned", 75),
    ("metaphor", "made.metaphor", 75),
    ("method", "made.method", 60),
    ("object", "made.object", 75),
    ("person", "made.person", 12),
    ("place", "made.place", 35),
    ("scene", "made.scene", 75),
    ("task", "made.task", 75),
    ("thought", "made.thought", 75),
    ("topic", "made.topic", 75),
];

/// Returns one of `options`, or nothing when there is none.
pub(super) fn pick<'p>(options: &[&'p str], random: &mut Seeded) -> &'p str {
    options.get(index(random, options.len())).copied().unwrap_or_default()
}

/// Draws an index below `bound`, 0 when `bound` is 0.
pub(super) fn index(random: &mut Seeded, bound: usize) -> usize {
    let drawn = random.below(u64::try_from(bound).unwrap_or(u64::MAX));
    usize::try_from(drawn).unwrap_or_default()
}

/// Parts `text` at every `|` that is not inside braces.
fn alternatives(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'|' if depth == 0 => {
                parts.extend(text.get(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(from..));
    parts
}

/// Splits `{inner}rest`.
fn braces(tail: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, byte) in tail.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some((tail.get(1..at)?, tail.get(at + 1..)?)),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Writes the number for `#low-high#rest` and returns the rest.
fn number<'t>(tail: &'t str, random: &mut Seeded, out: &mut String) -> &'t str {
    let parsed = tail.get(1..).and_then(|inner| inner.split_once('#')).and_then(|(range, rest)| {
        let (low, high) = range.split_once('-')?;
        Some((low.parse::<u64>().ok()?, high.parse::<u64>().ok()?, rest))
    });
    let Some((low, high, rest)) = parsed else {
        out.push_str(tail);
        return "";
    };
    out.push_str(&(low + random.below(high.saturating_sub(low) + 1)).to_string());
    rest
}

/// Writes a time of day from the hour `from` to before the hour `to`.
fn clock(from: u64, to: u64, random: &mut Seeded, out: &mut String) {
    let (hour, minute) = (from + random.below(to.saturating_sub(from)), random.below(12) * 5);
    out.push_str(&format!("{hour}:{minute:02}"));
}

/// Writes the pronoun for `%s`, `%o`, `%p` or `%r` and returns the rest.
fn pronoun<'t>(tail: &'t str, pronouns: Pronouns, out: &mut String) -> &'t str {
    let words = match pronouns {
        Pronouns::She => ["she", "her", "her", "herself"],
        Pronouns::He => ["he", "him", "his", "himself"],
        Pronouns::They => ["they", "them", "their", "themself"],
    };
    let [subject, object, possessive, reflexive] = words;
    let word = match tail.as_bytes().get(1) {
        Some(b's') => subject,
        Some(b'o') => object,
        Some(b'p') => possessive,
        Some(b'r') => reflexive,
        _ => {
            out.push_str(tail);
            return "";
        }
    };
    out.push_str(word);
    tail.get(2..).unwrap_or_default()
}

/// Replaces small words by others of the same meaning, as nobody writes them always the same.
fn reword(raw: &str, random: &mut Seeded) -> String {
    let mut reworded = String::with_capacity(raw.len());
    for word in raw.split_whitespace() {
        let others =
            SMALL_WORDS.iter().find(|(small, _)| *small == word).map(|(_, others)| *others);
        let chosen = match others {
            Some(others) if random.below(100) < REWORDED_PER_CENT => pick(others, random),
            _ => word,
        };
        reworded.push_str(chosen);
        reworded.push(' ');
    }
    reworded
}

/// Small words, and what can stand in their place in every sentence here.
const SMALL_WORDS: &[(&str, &[&str])] = &[
    ("afterwards", &["later", "then", "in the end", "soon after", "by evening"]),
    ("again", &["once more", "anew", "as before", "yet again"]),
    ("later", &["afterwards", "then", "in time", "by night"]),
    ("mood", &["spirits", "state of mind", "general mood", "frame of mind"]),
    ("over", &["about", "on account of", "because of", "around", "concerning"]),
    ("then", &["next", "after that", "and soon", "presently", "in turn"]),
    ("when", &["whenever", "as", "once", "just when", "after"]),
];

/// Makes a sentence of `raw`: single spaces, `an` before vowels, a capital, a full stop.
fn polish(raw: &str) -> String {
    let mut sentence = String::with_capacity(raw.len() + 1);
    let mut words = raw.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let vowel = word == "a" && words.peek().is_some_and(|next| sounds_like_a_vowel(next));
        sentence.push_str(if vowel { "an" } else { word });
        // A choice may leave a comma that stands alone; it belongs to the word before it.
        if words.peek().is_some_and(|next| !next.starts_with(',')) {
            sentence.push(' ');
        }
    }
    let mut letters = sentence.chars();
    let mut polished: String = match letters.next() {
        // A sentence that opens with a quotation has its capital inside.
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    };
    if polished.ends_with('"') {
        // American typography: the stop stands inside the quotation.
        polished.pop();
        polished.push_str(".\"");
    } else if !polished.ends_with('.') {
        polished.push('.');
    }
    polished
}

/// Returns whether `an` stands before `word`.
fn sounds_like_a_vowel(word: &str) -> bool {
    let consonant = ["one", "once", "eu", "uni", "use", "usu", "uti"];
    word.starts_with(['a', 'e', 'i', 'o', 'u']) && !consonant.iter().any(|c| word.starts_with(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(text: &str) -> Vec<String> {
        text.split('<').skip(1).filter_map(|t| t.split_once('>')).map(|t| t.0.into()).collect()
    }

    #[test]
    fn every_name_that_a_template_asks_for_exists() {
        let grammar = Grammar::new();
        let focus =
            Focus { pronouns: Pronouns::They, theme: 0, vocabulary: 0, last_task: 1, next_task: 2 };
        let tables = words::POOLS.iter().chain(vocabulary::POOLS).chain(sentences::POOLS);
        let tables = tables.map(|(_, text)| *text);
        let themes =
            THEMES.iter().flat_map(|t| [t.scene, t.thought, t.answer, t.method, t.task, t.problem]);
        for text in tables.chain(themes) {
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
            assert_eq!(text.matches('#').count() % 2, 0, "{text}");
            for name in references(text) {
                let special = ["clock", "night", "rise", "bed", "lasttask", "nexttask"]
                    .contains(&name.as_str());
                assert!(special || !grammar.pool(&name, &focus).is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn no_sign_of_a_template_is_left_in_a_sentence() {
        let grammar = Grammar::new();
        let mut random = Seeded::new(7);
        for (name, _) in sentences::POOLS {
            for at in 0..grammar.len(name) {
                for theme in 0..THEMES.len() {
                    let focus = Focus {
                        pronouns: Pronouns::She,
                        theme,
                        vocabulary: 3,
                        last_task: 1,
                        next_task: 2,
                    };
                    let text = grammar.sentence(name, at, &focus, &mut random);
                    assert!(!text.contains(['{', '}', '<', '>', '#', '%', '|']), "{text}");
                    assert!(!text.contains("  ") && !text.contains(" ,"), "{text}");
                    assert!(text.ends_with('.') || text.ends_with(".\""), "{text}");
                }
            }
        }
    }
}
