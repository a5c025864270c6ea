//! An instrument as a value: what a person reads, what can be answered, and what follows from it.

mod scored;

use super::score::Quantity;
use crate::suite::{self, Hash};

/// Longest id of a form, in bytes.
pub const ID_BYTES_MAX: usize = 40;
/// Most items of a form.
pub const ITEMS_MAX: usize = 100;

/// One form of an instrument. What exists in two wordings, or with two ranges, is two forms, so that
/// their scores never stand in one row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Form {
    /// For example `phq-9`; of one form of several `k10-us-0-4`.
    pub id: String,
    /// The name in full.
    pub title: String,
    /// The name in use; of one form of several with the form, for example `K10 (us-0-4)`.
    pub abbreviation: String,
    /// Which edition of the wording.
    pub version: String,
    /// Who answers.
    pub respondent: String,
    /// What stands above the items.
    pub instruction: Option<String>,
    /// Examples that belong to the instruction.
    pub examples: Vec<String>,
    /// What each item goes on from.
    pub stem: Option<String>,
    /// In the order in which they are asked.
    pub items: Vec<Item>,
    /// How the answers become numbers.
    pub scoring: Scoring,
    /// Ranges with a name, lowest first within each set.
    pub bands: Vec<Band>,
    /// Thresholds.
    pub cut_offs: Vec<CutOff>,
    /// What counts as a change, each as its source says it.
    pub changes: Vec<Change>,
    /// What follows from the pattern of the answers.
    pub algorithms: Vec<Algorithm>,
    /// Remarks on a total.
    pub remarks: Vec<Remark>,
    /// Answers that somebody looks at, whatever the total.
    pub risks: Vec<Risk>,
    /// What the file says of them, in its words.
    pub risk_rule: String,
    /// Whether they are a mere remark, and nobody has to acknowledge them.
    pub risk_is_optional: bool,
    /// The copyright line, shown with the form.
    pub notice: String,
    /// What the wording comes to: H over all that a person reads and the values of the answers.
    pub wording: Hash,
    /// What the scoring comes to.
    pub scored: Scored,
}

/// What a scoring comes to, twice: what is signed says both, and what was signed by an earlier version
/// says the first alone.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Scored {
    /// H over everything from which a score and what is said of it follow, with its words, in the order
    /// of the file.
    pub whole: Option<Hash>,
    /// H over its numbers alone: a word that is mended, or two bands that change their places in the
    /// file, part no history.
    pub numbers: Option<Hash>,
}

impl Scored {
    /// Whether it is one of this kind: by the numbers where both say these.
    fn is(self, other: Self) -> bool {
        match (self.numbers, other.numbers) {
            (Some(one), Some(other)) => one == other,
            _ => self.whole.zip(other.whole).is_none_or(|(one, other)| one == other),
        }
    }
}

/// One question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// As the form numbers it; a question before the first is 0.
    pub number: u8,
    /// The words.
    pub text: String,
    /// What can be answered, in the order of the form.
    pub choices: Vec<Choice>,
    /// When it is asked.
    pub asked: Asked,
    /// What the form asks further, to be written in the note.
    pub follow_up: Vec<String>,
}

/// What can be answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What is counted.
    pub value: u8,
    /// The words.
    pub label: String,
}

/// When an item is asked. The others are meant by their places in the form, from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asked {
    /// Whatever was answered.
    Always,
    /// If the values of these add up to more.
    Above(Vec<usize>, u32),
    /// If one of these has one of these values.
    Any(Vec<usize>, Vec<u8>),
    /// Unless this one has this value. It may be asked all the same where `optional` says so.
    Unless {
        /// The one before it.
        item: usize,
        /// What it would have.
        value: u8,
        /// Whether it may be asked all the same.
        optional: bool,
        /// What it counts when it is not asked.
        counts: u8,
    },
    /// It may not apply to a person and counts this then.
    MayNotApply(u8),
}

/// How answers become numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scoring {
    /// In which way.
    pub way: Way,
    /// The items that count.
    pub items: Vec<usize>,
    /// Those without which nothing is said.
    pub required: Vec<usize>,
    /// Those that count the other way round: `reverse_from` minus the answer.
    pub reverse: Vec<usize>,
    /// What they are taken from.
    pub reverse_from: u8,
    /// By what a sum is multiplied.
    pub multiplier: u8,
    /// The lowest and the highest total.
    pub range: (u32, u32),
    /// Whether a higher score is a worse one.
    pub higher_is_worse: bool,
    /// Scores of some of the items.
    pub subscales: Vec<Subscale>,
    /// How many items have a value.
    pub counts: Vec<Count>,
}

/// In which way answers become a score.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Way {
    /// A point for each of these that was answered 1, and for each of those that was answered 0.
    Keyed {
        /// A point for 1.
        yes: Vec<usize>,
        /// A point for 0.
        no: Vec<usize>,
    },
    /// No score: one answer of these values is enough, and one item says how acute it is.
    Screen {
        /// The values.
        positive: Vec<u8>,
        /// The item.
        acuity: usize,
        /// What is said when nothing was positive.
        negative: String,
        /// When something was, and the item was answered 0.
        non_acute: String,
        /// When something was, and the item was answered 1.
        acute: String,
        /// When something was, and the item was not answered, or refused.
        unknown: String,
    },
    /// The sum.
    Sum,
    /// A sum for each subscale, and none for all.
    SumPerSubscale,
}

/// A score of some of the items.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subscale {
    /// How other parts of the form call it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its items.
    pub items: Vec<usize>,
    /// By what its sum is multiplied.
    pub multiplier: u8,
    /// The lowest and the highest score.
    pub range: (u32, u32),
}

/// How many items have a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Count {
    /// How other parts of the form call it.
    pub id: String,
    /// The items.
    pub items: Vec<usize>,
    /// The value.
    pub value: u8,
}

/// A range with a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Band {
    /// Bands of one set do not overlap and leave no gap.
    pub set: String,
    /// Of what.
    pub of: Quantity,
    /// The lowest score in it.
    pub from: u32,
    /// The highest.
    pub to: u32,
    /// Its name.
    pub label: String,
    /// Who says so.
    pub source: String,
}

/// How a score is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Op {
    /// At least.
    AtLeast,
    /// More than.
    Above,
    /// At most.
    AtMost,
    /// Less than.
    Below,
}

impl Op {
    /// Whether a score fulfils it.
    pub const fn holds(self, score: u32, value: u32) -> bool {
        match self {
            Self::AtLeast => score >= value,
            Self::Above => score > value,
            Self::AtMost => score <= value,
            Self::Below => score < value,
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        match word {
            ">=" => Some(Self::AtLeast),
            ">" => Some(Self::Above),
            "<=" => Some(Self::AtMost),
            "<" => Some(Self::Below),
            _ => None,
        }
    }

    /// Whether lower scores fulfil it.
    pub const fn looks_down(self) -> bool {
        matches!(self, Self::AtMost | Self::Below)
    }
}

/// A threshold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CutOff {
    /// Its id within the form.
    pub id: String,
    /// Of what.
    pub of: Quantity,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub value: u32,
    /// What is so then.
    pub label: String,
    /// Who says so.
    pub source: String,
}

/// What counts as a change of the total.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Its id within the form.
    pub id: String,
    /// How much.
    pub much: Much,
    /// What it is called.
    pub label: String,
    /// Who says so.
    pub source: String,
}

/// How much a total must change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Much {
    /// By so many points, in either direction.
    Points(u32),
    /// Down by so many percent.
    PercentDrop(u32),
    /// From this or above to below it.
    Below(u32),
}

/// What follows from the pattern of answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Algorithm {
    /// Its id within the form.
    pub id: String,
    /// The rule in words.
    pub words: String,
    /// The rule.
    pub rule: Rule,
    /// What is said when nothing else is.
    pub otherwise: String,
    /// Who says so.
    pub source: String,
}

/// The rule of an algorithm. An item counts from a value on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Rule {
    /// So many of each subscale.
    Clusters {
        /// From which value on an item counts.
        at_least: u8,
        /// Subscale, by its place, and how many of its items must count.
        clusters: Vec<(usize, u32)>,
        /// What is said when all do.
        met: String,
    },
    /// How many count, and so many of a core among them.
    CountWithCore {
        /// Each item and from which value on it counts.
        items: Vec<(usize, u8)>,
        /// Items of the core.
        core: Vec<usize>,
        /// How many of them must count.
        needed: u32,
        /// From how many to how many, and what is said then.
        results: Vec<(u32, u32, String)>,
    },
}

/// A remark on a score that some items have no part in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remark {
    /// Its id within the form.
    pub id: String,
    /// In words.
    pub words: String,
    /// Of what.
    pub of: Quantity,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub value: u32,
    /// The items that must have 0.
    pub zero: Vec<usize>,
    /// Who says so.
    pub source: String,
}

/// An answer that somebody looks at, whatever the total.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Risk {
    /// The item.
    pub item: usize,
    /// Its values.
    pub values: Vec<u8>,
    /// What it raises.
    pub flag: String,
}

impl Form {
    /// Returns whether something was answered to this very form: in its words, and with its scoring.
    /// What was signed before a scoring was named says only in which words.
    pub fn is_form(&self, wording: Option<Hash>, scored: Option<Scored>) -> bool {
        wording == Some(self.wording) && scored.is_none_or(|scored| scored.is(self.scored))
    }

    /// Returns the choices of an item, by its place.
    pub fn choices(&self, item: usize) -> &[Choice] {
        self.items.get(item).map(|item| item.choices.as_slice()).unwrap_or_default()
    }

    /// Returns the lowest and the highest that a score can be.
    pub fn range(&self, of: &Quantity) -> (u32, u32) {
        let scoring = &self.scoring;
        match of {
            Quantity::Total => scoring.range,
            Quantity::Subscale(at) => {
                scoring.subscales.get(*at).map_or((0, 0), |subscale| subscale.range)
            }
            Quantity::Count(at) => {
                let items = scoring.counts.get(*at).map_or(0, |count| count.items.len());
                (0, u32::try_from(items).unwrap_or(u32::MAX))
            }
        }
    }

    /// Returns the bands of the total, as sets, each from the lowest to the highest.
    pub fn bands_of_total(&self) -> Vec<Vec<&Band>> {
        let mut sets: Vec<Vec<&Band>> = Vec::new();
        for band in self.bands.iter().filter(|band| band.of == Quantity::Total) {
            match sets.iter_mut().find(|set| set.iter().all(|one| one.set == band.set)) {
                Some(set) => set.push(band),
                None => sets.push(vec![band]),
            }
        }
        sets.iter_mut().for_each(|set| set.sort_by_key(|band| band.from));
        sets
    }

    /// H over everything that a person reads of the form and over what each answer counts.
    pub(super) fn wording_of(&self) -> Hash {
        let mut said: Vec<String> = vec![self.id.clone(), self.version.clone()];
        said.extend(self.instruction.clone());
        said.push(self.examples.join("\n"));
        said.extend(self.stem.clone());
        for item in &self.items {
            said.push(format!("{}", item.number));
            said.push(item.text.clone());
            said.extend(item.choices.iter().map(|one| format!("{} {}", one.value, one.label)));
        }
        let fields: Vec<&[u8]> = said.iter().map(String::as_bytes).collect();
        suite::hash("tac/wording", &fields)
    }
}

impl Item {
    /// Returns the digit that stands for a choice: its value, or its place where two choices have
    /// the same value. `None` if it has none and is chosen by the arrows.
    pub fn digit(&self, choice: usize) -> Option<u8> {
        let value = self.choices.get(choice)?.value;
        let unique =
            |one: &Choice| self.choices.iter().filter(|two| two.value == one.value).count() == 1;
        let digit =
            if self.choices.iter().all(unique) { value } else { u8::try_from(choice).ok()? };
        (digit <= 9).then_some(digit)
    }

    /// Returns the choice that a digit stands for.
    pub fn of_digit(&self, digit: u8) -> Option<usize> {
        (0..self.choices.len()).find(|choice| self.digit(*choice) == Some(digit))
    }

    /// Returns the first choice of a value.
    pub fn of_value(&self, value: u8) -> Option<usize> {
        self.choices.iter().position(|choice| choice.value == value)
    }

    /// Whether the value of each choice tells which it is.
    pub fn values_are_unique(&self) -> bool {
        (0..self.choices.len())
            .all(|at| self.choices.get(at).and_then(|one| self.of_value(one.value)) == Some(at))
    }
}
